//! Small worlds, searched exhaustively: one resource, two ids, some contents, one stranger; everything that can happen, at
//! every call and around every request, on the real code.
//!
//! What happens within a request, or between several that overlap, is tried by replaying choices; the function has no
//! memory, so between requests the world is all there is, and a world that was seen before is not continued twice.
//!
//! `SMALL_WORLD` says how many things may happen in one story: 1 if it is not set; 2 is any pair, in half an hour on two cores. A
//! story that breaks a promise breaks it with as few as it can, and is told in as few requests.

mod moves;
mod stories;

use crate::cloudformation::Variant;
use crate::fates::{Choices, Fates};
use crate::history::Op;
use crate::lambda::Lambda;
use crate::simulation::Simulation;
use crate::snapshot::{Snapshot, Stop};
use crate::{is_forgiven, setting, silently, told};
use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

pub struct Story {
    pub variant: Variant,
    pub absent_has_no_tags: bool,
    pub ops: Vec<Op>,
}

/// Requests are sent in slots of so many seconds: worlds that differ by less are one.
const SLOT: u64 = 5;
/// How often one of two that are at work at once is overtaken.
const DELAYS: usize = 2;

/// A world that was reached: from which, and by which choices.
struct Node {
    parent: Option<usize>,
    choices: Vec<u16>,
}

enum End {
    /// There is more to come from here.
    Stopped(Box<Snapshot>),
    Over,
    Broken(String),
}

#[derive(Default)]
struct Counts {
    states: usize,
    executions: usize,
    forgiven: usize,
}

/// Tells a story in every way there is; panics with the shortest that breaks a promise.
pub fn explore(name: &str, story: &Story) {
    let most = setting("SMALL_WORLD").unwrap_or(1);
    let began = Instant::now();
    let mut counts = Counts::default();
    // With fewer first, so that what is found is small.
    for deviations in 0..=most {
        let deviations = deviations.try_into().expect("so many");
        counts = search(story, deviations).unwrap_or_else(|trace| panic!("{name}, with {deviations}: {trace}"));
    }
    let Counts {
        states,
        executions,
        forgiven,
    } = counts;
    let took = began.elapsed();
    let forgiven = if forgiven > 0 {
        format!(", {forgiven} FORGIVEN")
    } else {
        String::new()
    };
    println!("{name}: {states} states, {executions} executions, {took:.1?}{forgiven}");
}

fn search(story: &Story, deviations: usize) -> Result<Counts, String> {
    let mut counts = Counts::default();
    let mut seen = HashSet::new();
    let mut nodes = vec![Node {
        parent: None,
        choices: Vec::new(),
    }];
    let mut frontier = VecDeque::from([(0, None)]);
    while let Some((node, from)) = frontier.pop_front() {
        counts.states += 1;
        let mut given = Some(Vec::new());
        while let Some(choices) = given {
            let (end, made, _) = execute(story, from.as_deref(), &choices, deviations, false);
            counts.executions += 1;
            let chosen = || made.made.iter().map(|(chosen, _)| *chosen).collect();
            match end {
                End::Stopped(snapshot) => {
                    if seen.insert(snapshot.key(SLOT)) {
                        nodes.push(Node {
                            parent: Some(node),
                            choices: chosen(),
                        });
                        frontier.push_back((nodes.len() - 1, Some(snapshot)));
                    }
                }
                End::Over => {}
                End::Broken(why) if is_forgiven(&why) => counts.forgiven += 1,
                End::Broken(why) => {
                    nodes.push(Node {
                        parent: Some(node),
                        choices: chosen(),
                    });
                    return Err(format!("{why}\n{}", tell(story, &nodes, deviations)));
                }
            }
            given = made.next();
        }
    }
    Ok(counts)
}

/// One execution, from a world on, up to the next request that CloudFormation sends while nothing is at work.
fn execute(
    story: &Story,
    from: Option<&Snapshot>,
    given: &[u16],
    deviations: usize,
    tracing: bool,
) -> (End, Choices, Vec<String>) {
    let mut simulation = match from {
        None => Simulation::new(story.variant),
        Some(snapshot) => {
            let mut function = Lambda::new(snapshot.account.clone(), snapshot.now);
            function.queue.borrow_mut().clone_from(&snapshot.queue);
            function.known = snapshot.replies.iter().cloned().collect();
            function.live = false;
            Simulation::within(function, story.variant)
        }
    };
    simulation.function.slot = SLOT;
    {
        let account = &mut *simulation.function.account.borrow_mut();
        account.absent_has_no_tags = story.absent_has_no_tags;
        account.record.tracing = tracing;
        let mut choices = match account.fates.choices() {
            Some(choices) => Choices::new(given.to_vec(), choices.deviations_left, choices.delays_left),
            None => Choices::new(given.to_vec(), deviations, DELAYS),
        };
        choices.quiet = account.fates.choices().is_some_and(|choices| choices.quiet);
        account.fates = Fates::Searched(choices);
    }
    let run = silently(|| {
        catch_unwind(AssertUnwindSafe(|| {
            story.ops.iter().for_each(|op| simulation.step(op));
            simulation.end();
        }))
    });
    let end = match run {
        Ok(()) => End::Over,
        Err(stop) if stop.is::<Stop>() => {
            End::Stopped(simulation.function.stopped.take().expect("it was stopped for that"))
        }
        Err(panic) => End::Broken(told(&*panic)),
    };
    let account = &mut *simulation.function.account.borrow_mut();
    let choices = account.fates.choices().expect("a search").clone();
    (end, choices, std::mem::take(&mut account.record.lines))
}

/// The way to the last node, told again from the start.
fn tell(story: &Story, nodes: &[Node], deviations: usize) -> String {
    let mut way = Vec::new();
    let mut at = nodes.last();
    while let Some(node) = at {
        way.push(&node.choices);
        at = node.parent.map(|parent| &nodes[parent]);
    }
    let mut from: Option<Box<Snapshot>> = None;
    let mut lines = Vec::new();
    // The first node is where all begins; no choice leads there.
    for choices in way.iter().rev().skip(1) {
        let (end, _, told) = execute(story, from.as_deref(), choices, deviations, true);
        lines.extend(told);
        if let End::Stopped(mut snapshot) = end {
            snapshot.account.record.lines.clear();
            from = Some(snapshot);
        }
    }
    lines.join("\n")
}
