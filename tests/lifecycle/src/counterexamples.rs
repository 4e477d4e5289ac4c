//! The counterexamples that broke the first version, each named after what must hold. Their numbers are those of the list
//! that issue 11 speaks of. The small world and the random histories hold the kind; these are the cases. What the random
//! histories found since has no number.
//!
//! Calls are counted from 0 in each operation on a stack.

mod adoption;
mod random;
mod strangers;
mod time;

use crate::cloudformation::{MadeUp, Variant};
use crate::history::{Op, Props};
use crate::mishap::{FOR_GOOD, Mishap};
use crate::scenarios::{run, told};
use crate::simulation::Simulation;
use crate::tell::changed;

const REFUSED: Mishap = Mishap::Refused { lasting: false };
const DONE: Mishap = Mishap::Failed { done: true };
const NOT_DONE: Mishap = Mishap::Failed { done: false };
const DENIED: Mishap = Mishap::Denied {
    all: true,
    seconds: FOR_GOOD,
};

fn histories(ops: &[Op]) {
    for failures_count in [false, true] {
        run(
            Variant {
                failures_count,
                made_up: MadeUp::Capitals,
            },
            ops,
        );
    }
}

/// A world after these.
fn after(ops: &[Op]) -> Simulation {
    let mut simulation = told(Variant::default());
    ops.iter().for_each(|op| simulation.step(op));
    simulation
}

fn other_id() -> Props {
    changed(|props| props.id = Some(1))
}

fn revised(revision: usize) -> Props {
    changed(|props| props.revision = revision)
}

/// Whether the template is there that the world began with.
fn delivered_by(simulation: &Simulation, id: &str) -> Option<usize> {
    simulation.function.account.borrow().templates[id].made_by
}
