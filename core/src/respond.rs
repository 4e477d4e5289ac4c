//! An event in, an answer out: bad properties, a panic and the time's end are answered too.

use crate::cloudformation::answer::{Answer, FailureKind};
use crate::cloudformation::event::Event;
use crate::cloudformation::physical_id::PhysicalId;
use crate::cloudformation::request::{self, Origin, Request};
use crate::cloudformation::sent::Sent;
use crate::iot::JobTemplates;
use crate::properties::Finding;
use crate::reconcile::{Create, Failure, Made, Outcome, Progress, Reconciler, physical_id_after_failure};
use crate::retry::{Calls, Pace};
use futures_util::FutureExt;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
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
    pub sent: &'a Sent,
}

/// When what has to be over.
pub struct Deadlines {
    /// The work on IoT. What is left after it is for the answer: a fifth of the time, at most five seconds.
    pub work: Instant,
    /// The answer.
    pub answer: Instant,
}

impl Deadlines {
    /// The earlier of Lambda's, which leaves the invocation so much time, and CloudFormation's. Once CloudFormation waits no
    /// more, only Lambda's counts.
    pub fn of(started: Instant, time_left: Duration, sent: &Sent) -> Deadlines {
        const MOST_FOR_ANSWER: Duration = Duration::from_secs(5);
        const MOST_FOR_THE_END: Duration = Duration::from_millis(200);
        // Clocks can differ. An answer that may come too late is better than none.
        const LEAST: Duration = Duration::from_secs(1);
        let total = match sent.left {
            Duration::ZERO => time_left.max(LEAST),
            patience => time_left.max(LEAST).min(patience),
        };
        Deadlines {
            work: started + total - (total / 5).min(MOST_FOR_ANSWER),
            answer: started + total - (total / 20).min(MOST_FOR_THE_END),
        }
    }
}

impl<I: JobTemplates> Means<'_, I> {
    /// Works out the answer to an event, and does what it asks for.
    pub async fn respond(&self, event: &Event) -> Answer {
        let origin = Origin::of(event, self.sent.clone());
        let (request, warnings) = match catch_unwind(|| request::read(event)) {
            Ok(Ok(read)) => read,
            Ok(Err(reason)) => return failed_unread(event, &origin, FailureKind::BadRequest, reason),
            Err(_panic) => {
                let reason = vec![self.panicked("reading the request")];
                return failed_unread(event, &origin, FailureKind::Panic, reason);
            }
        };
        if origin.sent.left.is_zero() && !matches!(request, Request::Delete { .. }) {
            // What is made after CloudFormation has given up is what no stack holds.
            let reason =
                "CloudFormation sent this request so long ago that it waits no more; nothing was done".to_owned();
            let physical_id = physical_id_after_failure(&origin, &request, Create::Unclear);
            return failed(physical_id.as_ref(), &origin, FailureKind::OutOfTime, vec![reason]);
        }
        let progress = RefCell::new(Progress::default());
        let calls = Calls::new(self.iot, self.pace, self.deadline);
        let reconciler = Reconciler {
            calls: &calls,
            origin: &origin,
            arn_of: &|id| template_arn(self.function_arn, id),
            progress: &progress,
        };
        // Boxed: a future this deep is more than the compiler takes in one piece.
        let work = AssertUnwindSafe(Box::pin(reconciler.reconcile(&request))).catch_unwind();
        let failed = |failure: Failure, more: Option<&str>| {
            let physical_id = physical_id_after_failure(&origin, &request, progress.borrow().create);
            let reason = [failure.why].into_iter().chain(more.map(str::to_owned)).collect();
            failed(physical_id.as_ref(), &origin, failure.kind, reason)
        };
        let interrupted = |kind, why| failed(Failure { kind, why }, Some(progress.borrow().left_behind_in_words()));
        let answer = match timeout_at(self.deadline, work).await {
            Ok(Ok(Outcome::Made { made, warning })) => answer_made(made, warning),
            Ok(Ok(Outcome::Gone { warning })) => answer_gone(event, &origin, warning),
            Ok(Ok(Outcome::Failed(failure))) => failed(failure, None),
            Ok(Err(_panic)) => {
                let doing = format!("trying to {}", progress.borrow().doing);
                interrupted(FailureKind::Panic, self.panicked(&doing))
            }
            Err(_elapsed) => {
                let doing = &progress.borrow().doing;
                let fault = calls.last_fault_in_words();
                let why = format!("timed out while trying to {doing}{fault}");
                interrupted(FailureKind::OutOfTime, why)
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
            "internal error in this provider while {doing}; the function's log has more under the request id {}",
            self.invocation_id
        )
    }
}

fn answer_made(made: Made, warning: Option<String>) -> Answer {
    Answer {
        physical_id: made.id.clone(),
        data: HashMap::from([("Arn".to_owned(), made.arn), ("JobTemplateId".to_owned(), made.id)]),
        warnings: warning.into_iter().map(Finding::of_no_member).collect(),
        ..Answer::default()
    }
}

fn answer_gone(event: &Event, origin: &Origin, warning: Option<String>) -> Answer {
    // Where there is no physical id, something has to be named.
    let physical_id = event.physical_resource_id.clone();
    Answer {
        physical_id: physical_id.unwrap_or_else(|| PhysicalId::NothingAsked.write(&origin.owner)),
        reason: warning.iter().cloned().collect(),
        warnings: warning.into_iter().map(Finding::of_no_member).collect(),
        ..Answer::default()
    }
}

/// The answer to a request that could not even be read: nothing was made, and an id that there was stays.
fn failed_unread(event: &Event, origin: &Origin, kind: FailureKind, reason: Vec<String>) -> Answer {
    let physical_id = event.physical_resource_id.clone().map(PhysicalId::Template);
    failed(physical_id.as_ref(), origin, kind, reason)
}

fn failed(physical_id: Option<&PhysicalId>, origin: &Origin, kind: FailureKind, reason: Vec<String>) -> Answer {
    Answer {
        failed: Some(kind),
        physical_id: physical_id.unwrap_or(&PhysicalId::NothingAsked).write(&origin.owner),
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
