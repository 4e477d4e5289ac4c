//! The same histories through the real binary: its own process, HTTP and TLS, real time, and SIGKILL. Nothing is done by
//! hand here, so that all must hold that is promised.

use crate::stand_ins::{self, Authority, Event, FakeBucket, FakeIot, FakeLambda, Fault, StoredTemplate, When};
use iot_job_template_core::memory::REQUEST_TAG;
use iot_job_template_lifecycle::cloudformation::{Ended, Function as ToCloudFormation, Reply, Stacks};
use iot_job_template_lifecycle::history::{self, Op, RESOURCES, SOURCE, STACKS};
use iot_job_template_lifecycle::mishap::Mishap;
use iot_job_template_lifecycle::{holding, run_histories, setting};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Short, for some faults last until it is over.
const DEADLINE: Duration = Duration::from_secs(4);

pub struct Binary {
    iot: FakeIot,
    bucket: FakeBucket,
    /// Two environments, for requests that overlap.
    lambdas: [FakeLambda; 2],
    _authority: Arc<Authority>,
    twice: bool,
    pub trace: Rc<RefCell<Vec<String>>>,
}

impl Binary {
    fn new() -> Binary {
        let bed = stand_ins::Testbed::new();
        bed.iot.put_object(SOURCE, "{}");
        Binary {
            lambdas: [bed.function(), bed.function()].map(FakeLambda::new),
            iot: bed.iot,
            bucket: bed.bucket,
            _authority: bed.authority,
            twice: false,
            trace: Rc::default(),
        }
    }

    fn arm(&self, mishaps: &[(usize, Mishap)]) {
        self.iot.heal();
        self.iot.forget_calls();
        for (call, mishap) in mishaps {
            for (later, fault) in self.faults(*mishap).into_iter().enumerate() {
                self.iot.fault(When::Call(call + later + 1), fault);
            }
        }
    }

    /// What befalls a call, and the ones after it. Nothing for what is done by hand, or is IoT's own.
    fn faults(&self, mishap: Mishap) -> Vec<Fault> {
        let killer = self.lambdas[0].killer();
        vec![match mishap {
            Mishap::Refused { .. } => Fault::refusal(410, "LimitExceededException", "Too many."),
            Mishap::Throttled => Fault::throttled(),
            Mishap::Outage => {
                return (0..12).map(|_| Fault::unavailable()).collect();
            }
            Mishap::NotSent | Mishap::AnswerLost { done: false } => Fault::ResetBefore,
            Mishap::AnswerLost { done: true } => Fault::ResetAfter,
            Mishap::Failed { done: false } => Fault::internal_failure(),
            Mishap::Failed { done: true } => Fault::internal_failure().but_done(),
            Mishap::Slow => Fault::Slow(Duration::from_millis(300)),
            Mishap::Hangs { done } => Fault::Silence { done },
            Mishap::Killed { done: false } => Fault::KillBefore(killer),
            Mishap::Killed { done: true } => Fault::KillAfter(killer),
            // The histories for the real binary have no others.
            _ => return vec![],
        }]
    }

    fn answerable(&self, event: &Value) -> Event {
        Event::of(event.clone()).answered_at(&self.bucket)
    }

    fn send_once(&self, event: &Value) -> Option<Reply> {
        let event = self.answerable(event);
        let before = self.bucket.answers(&event).len();
        self.lambdas[0].deliver(&event, DEADLINE);
        self.note(&event, before)
    }

    /// The first answer that was put since; CloudFormation takes no other.
    fn note(&self, event: &Event, before: usize) -> Option<Reply> {
        let put = self.bucket.answers(event).into_iter().nth(before);
        let answer = put.map(|answer| Reply {
            succeeded: answer.succeeded(),
            physical_id: answer.physical_id().to_owned(),
            reason: answer.reason().to_owned(),
        });
        let line = format!("  {}\n  -> {answer:?}", event.json);
        self.trace.borrow_mut().push(line);
        answer
    }
}

impl ToCloudFormation for Binary {
    fn send(&mut self, event: &Value) -> Option<Reply> {
        let answer = self.send_once(event)?;
        if self.twice && answer.succeeded {
            self.heal();
            let again = self.send_once(event).expect("nothing kills it");
            // A success's reason is a warning, and that may have gone with the fault that it was for.
            let said = |reply: &Reply| (reply.succeeded, reply.physical_id.clone());
            assert_eq!(
                said(&again),
                said(&answer),
                "the same event was answered in another way"
            );
        }
        Some(answer)
    }

    fn cancel(&mut self, create: &Value, after: Duration, delete: &Value) -> Option<Reply> {
        self.arm(&[(0, Mishap::Slow)]);
        let [create, delete] = [create, delete].map(|event| self.answerable(event));
        let [one, other] = &self.lambdas;
        thread::scope(|scope| {
            scope.spawn(|| one.invoke(&create, DEADLINE));
            thread::sleep(after / 10);
            other.invoke(&delete, DEADLINE);
        });
        self.note(&delete, 0)
    }

    fn heal(&mut self) {
        self.iot.heal();
    }
}

/// Stacks and what the function made for them.
pub struct Account {
    pub function: Binary,
    stacks: Stacks,
}

impl Account {
    pub fn new(failures_count: bool) -> Account {
        Account {
            function: Binary::new(),
            stacks: Stacks::new(failures_count),
        }
    }

    pub fn run(&mut self, ops: &[Op]) {
        for op in ops {
            self.step(op);
        }
        self.function.arm(&[]);
        for stack in STACKS {
            self.stacks.delete(stack, &mut self.function);
        }
        self.check();
    }

    fn step(&mut self, op: &Op) {
        self.function.trace.borrow_mut().push(format!("{op:?}"));
        match op {
            Op::Deploy {
                stack,
                resources,
                sibling_fails_after,
                cancels_after,
                mishaps,
                twice,
                ..
            } => {
                let change = history::change(resources, *sibling_fails_after, *cancels_after);
                self.function.arm(mishaps);
                self.function.twice = *twice;
                let stack = STACKS[*stack];
                let ended = self.stacks.deploy(stack, &change, &mut self.function);
                assert_ne!(ended, Ended::RolledBackInPart, "a rollback must succeed");
            }
            Op::Delete {
                stack, mishaps, twice, ..
            } => {
                self.function.arm(mishaps);
                self.function.twice = *twice;
                self.stacks.delete(STACKS[*stack], &mut self.function);
            }
            Op::ByHand(_) | Op::Wait(_) => {}
        }
        self.check();
    }

    /// There is exactly what the stacks hold, with their content and tags.
    fn check(&self) {
        let there = self.function.iot.templates();
        let mut wanted = BTreeSet::new();
        for stack in self.stacks.all() {
            for (logical_id, resource) in &stack.resources {
                let id = &resource.physical_id;
                let template = there.get(id);
                let template = template.unwrap_or_else(|| panic!("lost: {id} of {logical_id}"));
                assert_is(template, &resource.properties, &stack.id, logical_id);
                wanted.insert(id.clone());
            }
        }
        let there: BTreeSet<_> = there.into_keys().collect();
        assert_eq!(there, wanted, "what is there, and what stacks hold");
    }
}

fn assert_is(template: &StoredTemplate, properties: &Value, stack_id: &str, logical_id: &str) {
    assert!(RESOURCES.contains(&logical_id));
    let desired = history::desired(properties);
    let text = |member: &str| template.content.get(member).and_then(Value::as_str);
    assert_eq!(text("description"), Some(&*desired.content.description));
    assert_eq!(text("documentSource"), desired.content.document_source.as_deref());
    if desired.content.document_source.is_none() {
        assert_eq!(text("document"), desired.content.document.as_deref());
    }
    let mut tags: BTreeMap<String, String> = desired.tags;
    tags.insert("cloudformation:stack-id".into(), stack_id.into());
    tags.insert("cloudformation:logical-id".into(), logical_id.into());
    let mut there = template.tags.clone();
    assert!(there.remove(REQUEST_TAG).is_some(), "no words on {logical_id}");
    assert_eq!(there, tags);
}

#[test]
fn whatever_happens_to_the_real_binary_nothing_is_lost_or_orphaned() {
    let histories = setting("LIFECYCLE_BINARY_HISTORIES").unwrap_or(8);
    run_histories(histories, |failures_count, ops| {
        let mut account = Account::new(failures_count);
        let trace = account.function.trace.clone();
        holding(|| account.run(ops), || trace.borrow().join("\n"))
    });
}
