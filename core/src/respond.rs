//! An event in, an answer out: bad properties, a panic and the time's end are answered too.

use crate::cloudformation::answer::{Answer, FailureKind};
use crate::cloudformation::event::Event;
use crate::cloudformation::owner::Owner;
use crate::cloudformation::physical_id::PhysicalId;
use crate::cloudformation::request;
use crate::iot::JobTemplates;
use crate::properties::Finding;
use crate::reconcile::{Outcome, Progress, Reconciler, physical_id_after_failure};
use crate::retry::Pace;
use futures_util::FutureExt;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::time::{Instant, timeout_at};

/// What an answer is worked out with.
pub struct Means<'a, I> {
    pub iot: &'a I,
    pub pace: &'a Pace,
    /// Lambda's id of the invocation, under which the log has more.
    pub invocation_id: &'a str,
    /// Of the function; in its account and region the templates are.
    pub function_arn: &'a str,
    /// When the work on IoT has to be over.
    pub deadline: Instant,
}

impl<I: JobTemplates> Means<'_, I> {
    /// Works out the answer to an event, and does what it asks for.
    pub async fn respond(&self, event: &Event) -> Answer {
        let (request, warnings) = match catch_unwind(|| request::read(event)) {
            Ok(Ok(read)) => read,
            Ok(Err(reason)) => return failed_unread(event, FailureKind::BadRequest, reason),
            Err(_panic) => {
                let reason = vec![self.panicked("reading the request")];
                return failed_unread(event, FailureKind::Panic, reason);
            }
        };
        let owner = owner(event);
        let progress = RefCell::new(Progress::default());
        let reconciler = Reconciler {
            iot: self.iot,
            owner: &owner,
            arn_of: &|id| template_arn(self.function_arn, id),
            deadline: self.deadline,
            pace: self.pace,
            progress: &progress,
        };
        // Boxed: a future this deep is more than the compiler takes in one piece.
        let work = AssertUnwindSafe(Box::pin(reconciler.reconcile(&request))).catch_unwind();
        let interrupted = |kind, reason: String| {
            let progress = progress.borrow();
            let physical_id = physical_id_after_failure(&owner, &request, progress.leaves);
            let reason = vec![reason, progress.leaves.in_words().to_owned()];
            failed(physical_id.write(&owner), kind, reason)
        };
        let answer = match timeout_at(self.deadline, work).await {
            Ok(Ok(outcome)) => answer_to(outcome, event, &owner),
            Ok(Err(_panic)) => {
                let doing = progress.borrow().doing.clone();
                interrupted(FailureKind::Panic, self.panicked(&format!("trying to {doing}")))
            }
            Err(_elapsed) => {
                let reason = format!(
                    "the function's time was over while it tried to {}{}",
                    progress.borrow().doing,
                    progress.borrow().last_fault_in_words()
                );
                interrupted(FailureKind::OutOfTime, reason)
            }
        };
        Answer {
            plan: progress.borrow().plan,
            warnings: [warnings, answer.warnings].concat(),
            ..answer
        }
    }

    fn panicked(&self, doing: &str) -> String {
        format!(
            "a mistake in this provider ended it while {doing}; the function's log has more under the request id {}",
            self.invocation_id
        )
    }
}

/// The resource that the event is about.
fn owner(event: &Event) -> Owner {
    Owner {
        stack_id: event.stack_id.clone(),
        logical_id: event.logical_resource_id.clone(),
    }
}

fn answer_to(outcome: Outcome, event: &Event, owner: &Owner) -> Answer {
    match outcome {
        Outcome::Made(made) => Answer {
            physical_id: made.id.clone(),
            data: HashMap::from([("Arn".to_owned(), made.arn), ("JobTemplateId".to_owned(), made.id)]),
            ..Answer::default()
        },
        Outcome::Gone { warning } => Answer {
            physical_id: event.physical_resource_id.clone().unwrap_or_default(),
            reason: warning.iter().cloned().collect(),
            warnings: warning.into_iter().map(Finding::of_no_member).collect(),
            ..Answer::default()
        },
        Outcome::Failed { physical_id, why } => failed(physical_id.write(owner), FailureKind::Refused, vec![why]),
    }
}

/// The answer to a request that could not even be read: nothing was made, and an id that there was stays.
fn failed_unread(event: &Event, kind: FailureKind, reason: Vec<String>) -> Answer {
    let physical_id = event.physical_resource_id.clone();
    let nothing_made = || PhysicalId::NothingMade.write(&owner(event));
    failed(physical_id.unwrap_or_else(nothing_made), kind, reason)
}

fn failed(physical_id: String, kind: FailureKind, reason: Vec<String>) -> Answer {
    Answer {
        failed: Some(kind),
        physical_id,
        reason,
        ..Answer::default()
    }
}

/// The ARN of a template in the function's own account and region.
fn template_arn(function_arn: &str, id: &str) -> Option<String> {
    let mut parts = function_arn.split(':');
    let (arn, partition, _lambda) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account) = (parts.next()?, parts.next()?);
    (arn == "arn").then(|| format!("arn:{partition}:iot:{region}:{account}:jobtemplate/{id}"))
}
