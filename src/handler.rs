//! One invocation: from the event's bytes to the answer that was PUT. Whatever happens in between, there is an answer.

use crate::answer::{self, Answer};
use crate::backoff::Pace;
use crate::event::Event;
use crate::iot::JobTemplates;
use crate::log::{self, Level, Log};
use crate::metrics::{Ending, Metrics, Why};
use crate::ownership::Owner;
use crate::physical_id::PhysicalId;
use crate::properties::Finding;
use crate::reconcile::{Outcome, Progress, Reconciler, physical_id_after_failure};
use crate::request;
use crate::response_url::ResponseUrl;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What lasts from invocation to invocation.
pub struct Handler<I> {
    pub iot: I,
    pub http: reqwest::Client,
    pub log: Log,
    pub pace: Pace,
    /// Plain http, which only a local response URL has.
    pub allow_http: bool,
}

/// What Lambda says of an invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub request_id: String,
    pub function_arn: String,
    /// How long until Lambda ends it.
    pub time_left: Duration,
}

/// An invocation that could not be answered. Lambda is told, so that it delivers the event again.
#[derive(Debug)]
pub struct Unanswered(pub String);

impl<I: JobTemplates> Handler<I> {
    pub async fn handle(&self, body: &str, invocation: &Invocation) -> Result<(), Unanswered> {
        let started = Instant::now();
        let log = self.log.about([("requestId", &invocation.request_id)]);
        let handled = self.handle_event(body, invocation, started, &log).await;
        log.metrics(&Metrics {
            function_name: function_name(&invocation.function_arn).to_owned(),
            ending: *handled.as_ref().unwrap_or(&Ending::Unanswered),
            duration: started.elapsed(),
            throttles: self.pace.take_throttles(),
        });
        handled.map(drop)
    }

    async fn handle_event(
        &self,
        body: &str,
        invocation: &Invocation,
        started: Instant,
        log: &Log,
    ) -> Result<Ending, Unanswered> {
        const LONGEST_HANDSHAKE: Duration = Duration::from_secs(1);
        let event = Event::read(body).map_err(|why| unanswered(log, why.to_string()))?;
        // What is made after CloudFormation has given up is what no stack holds.
        let patience = event.service_timeout().unwrap_or(Duration::MAX);
        let deadlines = Deadlines::of(started, invocation.time_left.min(patience));
        let response_url =
            ResponseUrl::read(&event.response_url, self.allow_http).map_err(|why| unanswered(log, why))?;
        let log = log.about([
            ("requestType", &event.request_type),
            ("stackId", &event.stack_id),
            ("logicalResourceId", &event.logical_resource_id),
            ("cloudFormationRequestId", &event.request_id),
        ]);
        log.line(
            Level::Info,
            "request",
            [
                ("physicalResourceId", event.physical_resource_id.as_deref().into()),
                ("responseHost", response_url.host().into()),
            ],
        );

        let progress = RefCell::new(Progress::default());
        let answer = self.answer(&event, invocation, deadlines.work, &progress, &log);
        // The handshake with the bucket takes place while IoT is at work.
        let handshake = response_url.connect(&self.http);
        let answer = match select(pin!(answer), pin!(handshake)).await {
            Either::Left((answer, handshake)) => {
                // Nearly done: a PUT that did not wait would begin one of its own. But one that hangs is not waited for.
                let end = deadlines.work.min(Instant::now() + LONGEST_HANDSHAKE);
                let _ = timeout_at(end, handshake).await;
                answer
            }
            Either::Right(((), answer)) => answer.await,
        };
        let answered = response_url
            .put(&self.http, answer.body(&event), deadlines.answer)
            .await;
        log_answer(&log, &answer, progress.borrow().plan, started.elapsed());
        match answered {
            Ok(()) => Ok(answer.failed.map_or(Ending::Succeeded, Ending::Failed)),
            Err(why) => Err(unanswered(&log, why)),
        }
    }

    /// Works out the answer, without sending it; a panic is answered too, and so is the time's end.
    pub async fn answer(
        &self,
        event: &Event,
        invocation: &Invocation,
        deadline: Instant,
        progress: &RefCell<Progress>,
        log: &Log,
    ) -> Answer {
        let request = match catch_unwind(|| request::read(event)) {
            Ok(Ok((request, warnings))) => {
                log_warnings(log, &warnings);
                request
            }
            Ok(Err(reason)) => return failed_unread(event, Why::BadRequest, reason),
            Err(_) => {
                let reason = vec![panicked("reading the request", invocation)];
                return failed_unread(event, Why::Panic, reason);
            }
        };
        let owner = owner(event);
        let reconciler = Reconciler {
            iot: &self.iot,
            owner: &owner,
            arn_of: &|id| template_arn(&invocation.function_arn, id),
            deadline,
            pace: &self.pace,
            progress,
        };
        // Boxed: a future this deep is more than the compiler takes in one piece.
        let work = AssertUnwindSafe(Box::pin(reconciler.reconcile(&request))).catch_unwind();
        let interrupted = |why, reason: String| {
            let progress = progress.borrow();
            let physical_id = physical_id_after_failure(&owner, &request, progress.leaves);
            failed(
                &physical_id.write(&owner),
                why,
                vec![reason, progress.leaves.in_words().to_owned()],
            )
        };
        match timeout_at(deadline, work).await {
            Ok(Ok(outcome)) => answer_to(outcome, event, &owner, log),
            Ok(Err(_panic)) => {
                let doing = progress.borrow().doing.clone();
                let reason = panicked(&format!("trying to {doing}"), invocation);
                interrupted(Why::Panic, reason)
            }
            Err(_elapsed) => {
                let reason = format!(
                    "the function's time was over while it tried to {}{}",
                    progress.borrow().doing,
                    progress.borrow().last_fault_in_words()
                );
                interrupted(Why::OutOfTime, reason)
            }
        }
    }
}

/// The resource that the event is about.
fn owner(event: &Event) -> Owner {
    Owner {
        stack_id: event.stack_id.clone(),
        logical_id: event.logical_resource_id.clone(),
    }
}

/// When what has to be over.
struct Deadlines {
    /// The work on IoT. What is left after it is for the answer: a fifth of the time, at most five seconds.
    work: Instant,
    /// The answer.
    answer: Instant,
}

impl Deadlines {
    fn of(started: Instant, time_left: Duration) -> Deadlines {
        const MOST_FOR_ANSWER: Duration = Duration::from_secs(5);
        const MOST_FOR_THE_END: Duration = Duration::from_millis(200);
        // Clocks can differ. An answer that may come too late is better than none.
        const LEAST: Duration = Duration::from_secs(1);
        let total = time_left.max(LEAST);
        Deadlines {
            work: started + total - (total / 5).min(MOST_FOR_ANSWER),
            answer: started + total - (total / 20).min(MOST_FOR_THE_END),
        }
    }
}

fn unanswered(log: &Log, why: String) -> Unanswered {
    log.line(Level::Error, &why, []);
    Unanswered(why)
}

/// The line at a request's end. A reason too long for one line is in several.
fn log_answer(log: &Log, answer: &Answer, plan: &str, duration: Duration) {
    let (level, status) = match answer.failed {
        None => (Level::Info, "SUCCESS"),
        Some(_) => (Level::Error, "FAILED"),
    };
    let mut reason = log::in_lines(&answer.reason, answer::SEPARATOR);
    let last = reason.pop();
    for part in reason {
        log.line(level, "reason", [("reason", part.into())]);
    }
    log.line(
        level,
        "answer",
        [
            ("status", status.into()),
            ("physicalResourceId", answer.physical_id.as_str().into()),
            ("plan", (!plan.is_empty()).then_some(plan).into()),
            ("reason", last.into()),
            ("durationMs", (duration.as_micros() as f64 / 1000.0).into()),
        ],
    );
}

fn log_warnings(log: &Log, warnings: &[Finding]) {
    for warning in warnings {
        let path = warning.path.as_str().into();
        log.line(Level::Warn, &warning.to_string(), [("path", path)]);
    }
}

fn answer_to(outcome: Outcome, event: &Event, owner: &Owner, log: &Log) -> Answer {
    match outcome {
        Outcome::Made(made) => Answer {
            failed: None,
            physical_id: made.id.clone(),
            reason: Vec::new(),
            data: HashMap::from([("Arn".to_owned(), made.arn), ("JobTemplateId".to_owned(), made.id)]),
        },
        Outcome::Gone { warning } => {
            if let Some(warning) = &warning {
                log.line(Level::Warn, warning, []);
            }
            Answer {
                failed: None,
                physical_id: event.physical_resource_id.clone().unwrap_or_default(),
                reason: warning.into_iter().collect(),
                data: HashMap::new(),
            }
        }
        Outcome::Failed { physical_id, why } => failed(&physical_id.write(owner), Why::Refused, vec![why]),
    }
}

/// The answer to a request that could not even be read: nothing was made, and an id that there was stays.
fn failed_unread(event: &Event, why: Why, reason: Vec<String>) -> Answer {
    match &event.physical_resource_id {
        Some(physical_id) => failed(physical_id, why, reason),
        None => failed(&PhysicalId::NothingMade.write(&owner(event)), why, reason),
    }
}

fn failed(physical_id: &str, why: Why, reason: Vec<String>) -> Answer {
    Answer {
        failed: Some(why),
        physical_id: physical_id.to_owned(),
        reason,
        data: HashMap::new(),
    }
}

fn panicked(doing: &str, invocation: &Invocation) -> String {
    format!(
        "a mistake in this provider ended it while {doing}; the function's log has more under the request id {}",
        invocation.request_id
    )
}

fn function_name(function_arn: &str) -> &str {
    function_arn.split(':').nth(6).unwrap_or_default()
}

/// The ARN of a template in the function's own account and region.
fn template_arn(function_arn: &str, id: &str) -> Option<String> {
    let mut parts = function_arn.split(':');
    let (arn, partition, _lambda) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account) = (parts.next()?, parts.next()?);
    (arn == "arn").then(|| format!("arn:{partition}:iot:{region}:{account}:jobtemplate/{id}"))
}
