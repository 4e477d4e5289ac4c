//! The life of a template, proved under faults: CloudFormation and Lambda on one side of the real core, AWS IoT on the other,
//! all three modelled, in time that passes by itself.
//!
//! - [`cloudformation`]: what CloudFormation sends, and what it makes of the answers: replacement, rollback, cancellation,
//!   clean-up.
//! - `lambda`: deliveries, duplicates and repetitions of killed ones, in two builds of the function that take turns.
//! - `iot`, `calls`, `client`: an account, and the function's way to it, with a [`mishap`] at any call.
//! - `obstacles`: what may be in the way of an operation, so that it need not succeed.
//! - `record`: what really happened. `simulation` holds every promise against it after every step, `repeatable` and
//!   `adoption` some of their own; `truth` has what cannot be promised, a predicate for each sentence of the contract's list.
//! - [`history`]: what people do with stacks, at random or told (`tell`); `moving`: the same where templates change hands.
//! - `small_world`: stories in which everything that can happen is tried. `fates` chooses, `snapshot` remembers.
//! - `scenarios`, `counterexamples`: histories that failed once, by name.
//!
//! Plain proptest, and neither proptest-state-machine nor stateright. CloudFormation's next request depends on the answer to
//! the last, so a history cannot be written down in requests before it is run, as proptest-state-machine would have it; it
//! is written in operations on stacks, each of which means something in every state, so that any part of a history is a
//! history and shrinking is simple. Stateright explores states that it can copy, and the state here is a future half way
//! through; so the search replays choices within a request, and copies the world between requests, where there is no future.
//!
//! | setting | says |
//! | --- | --- |
//! | `LIFECYCLE_HISTORIES` | how many random histories to run |
//! | `LIFECYCLE_BINARY_HISTORIES` | how many through the real binary |
//! | `LIFECYCLE_SEED` | which of them: 1 if it is not set, so that a run can be repeated; for long runs take others |
//! | `LIFECYCLE_SHRINKS` | how often to try to make a failure smaller |
//! | `SMALL_WORLD` | how many things may happen in one story of the small world: 1 if it is not set |
//! | `LIFECYCLE_FORGIVES` | beginnings, with commas between them, of what is not to be told: `orphaned,touched unseen` |
//!
//! `cargo test --release -p iot-job-template-lifecycle small_world -- --nocapture --test-threads 1` prints each story's states.

#[cfg(test)]
mod adoption;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod client;
#[cfg(test)]
mod clock;
pub mod cloudformation;
#[cfg(test)]
mod counterexamples;
#[cfg(test)]
mod fates;
pub mod history;
#[cfg(test)]
mod iot;
#[cfg(test)]
mod lambda;
pub mod mishap;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod obstacles;
#[cfg(test)]
mod record;
#[cfg(test)]
mod repeatable;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod small_world;
#[cfg(test)]
mod snapshot;
#[cfg(test)]
mod tell;
#[cfg(test)]
mod truth;

use history::Op;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// Runs so many histories that the real binary can live through, each as a function that panics if something does not
/// hold and returns what happened before it did.
pub fn run_histories(histories: u64, run: impl Fn(bool, &[Op]) -> Result<(), Trace>) {
    run_all(histories, &history::plain_history(), |(failures_count, ops)| {
        run(*failures_count, ops)
    });
}

/// Runs so many of whatever the strategy gives.
pub fn run_all<T: Debug>(histories: u64, strategy: &impl Strategy<Value = T>, run: impl Fn(&T) -> Result<(), Trace>) {
    let seed = setting("LIFECYCLE_SEED").unwrap_or(1);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: histories.try_into().expect("so many histories"),
        failure_persistence: None,
        max_shrink_iters: setting("LIFECYCLE_SHRINKS")
            .map_or(20_000, |most| most.try_into().expect("so many attempts")),
        // Of use for the slow real binary.
        max_shrink_time: 120_000,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let outcome = runner.run(strategy, |history| {
        run(&history).map_err(|Trace(trace)| TestCaseError::fail(trace))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, history)) => {
            panic!("LIFECYCLE_SEED={seed}: {why}\nthe history was {history:#?}")
        }
        Err(TestError::Abort(why)) => panic!("LIFECYCLE_SEED={seed}: {why}"),
    }
}

/// What did not hold, and what had happened.
pub struct Trace(String);

/// Runs something that panics if what must hold does not.
pub fn holding(run: impl FnOnce(), trace: impl FnOnce() -> String) -> Result<(), Trace> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| Trace(format!("{}\n{}", told(&*panic), trace())))
}

/// What a panic says.
fn told(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default()
}

#[cfg(test)]
thread_local! {
    static SILENT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// What panics meanwhile is told by whoever caught it.
#[cfg(test)]
fn silently<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !SILENT.get() {
                loud(panic);
            }
        }));
    });
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            SILENT.set(false);
        }
    }
    SILENT.set(true);
    let _loud = Loud;
    work()
}

/// To see what is behind a promise that is known to be broken.
#[cfg(test)]
fn is_forgiven(why: &str) -> bool {
    static FORGIVEN: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    let forgiven = FORGIVEN.get_or_init(|| {
        let forgiven = std::env::var("LIFECYCLE_FORGIVES").unwrap_or_default();
        forgiven
            .split(',')
            .filter(|start| !start.is_empty())
            .map(str::to_owned)
            .collect()
    });
    forgiven.iter().any(|start| why.starts_with(start))
}

#[cfg(test)]
#[test]
fn whatever_happens_nothing_is_stolen_lost_or_orphaned() {
    hold_histories(&history::history());
}

#[cfg(test)]
fn hold_histories(strategy: &impl Strategy<Value = history::History>) {
    let histories = setting("LIFECYCLE_HISTORIES").unwrap_or(500);
    run_all(histories, strategy, |history| {
        let run = |tracing| {
            let simulation = simulation::Simulation::of(history);
            let account = simulation.function.account.clone();
            account.borrow_mut().record.tracing = tracing;
            holding(
                || silently(|| simulation.run(&history.ops)),
                || account.borrow().record.lines.join("\n"),
            )
        };
        // Lines cost more than all the rest: only of what fails.
        run(false)
            .or_else(|_| run(true))
            .or_else(|Trace(why)| if is_forgiven(&why) { Ok(()) } else { Err(Trace(why)) })
    });
}
