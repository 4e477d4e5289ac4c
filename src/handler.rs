//! One invocation: from the event's bytes to the answer that was PUT. Whatever happens in between, there is an answer.

use crate::log::{self, Level, Log};
use crate::metrics::{Ending, Metrics};
use crate::response_url::ResponseUrl;
use futures_util::future::{Either, select};
use iot_job_template_core::cloudformation::answer::{self, Answer};
use iot_job_template_core::cloudformation::event::Event;
use iot_job_template_core::cloudformation::sent::Sent;
use iot_job_template_core::iot::JobTemplates;
use iot_job_template_core::respond::{Deadlines, Means};
use iot_job_template_core::retry::Pace;
use std::pin::pin;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout_at};

/// What lasts from invocation to invocation.
pub struct Handler<I> {
    pub iot: I,
    pub http: reqwest::Client,
    pub log: Log,
    pub pace: Pace,
    /// Plain http, which only a local response URL has.
    pub allow_http: bool,
    /// The account that the function's ARN names is made up, as SAM's emulator does: templates' ARNs are asked for.
    pub is_emulated: bool,
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
        let sent = Sent::read(&event, SystemTime::now());
        let deadlines = Deadlines::of(started, invocation.time_left, &sent);
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

        let means = Means {
            iot: &self.iot,
            pace: &self.pace,
            invocation_id: &invocation.request_id,
            function_arn: if self.is_emulated { "" } else { &invocation.function_arn },
            deadline: deadlines.work,
            sent: &sent,
        };
        // The handshake with the bucket takes place while IoT is at work.
        let handshake = response_url.connect(&self.http);
        let answer = match select(pin!(means.respond(&event)), pin!(handshake)).await {
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
        log_answer(&log, &answer, started.elapsed());
        match answered {
            Ok(()) => Ok(answer.failed.map_or(Ending::Succeeded, Ending::Failed)),
            Err(why) => Err(unanswered(&log, why)),
        }
    }
}

fn unanswered(log: &Log, why: String) -> Unanswered {
    log.line(Level::Error, &why, []);
    Unanswered(why)
}

/// The lines at a request's end. A reason too long for one line is in several.
fn log_answer(log: &Log, answer: &Answer, duration: Duration) {
    for warning in &answer.warnings {
        let path = Some(warning.path.as_str()).filter(|path| !path.is_empty());
        log.line(Level::Warn, &warning.to_string(), [("path", path.into())]);
    }
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
            ("failure", answer.failed.map(|kind| kind.name()).into()),
            ("physicalResourceId", answer.physical_id.as_str().into()),
            ("plan", (!answer.plan.is_empty()).then_some(answer.plan).into()),
            ("reason", last.into()),
            ("durationMs", (duration.as_micros() as f64 / 1000.0).into()),
            ("version", env!("CARGO_PKG_VERSION").into()),
        ],
    );
}

fn function_name(function_arn: &str) -> &str {
    function_arn.split(':').nth(6).unwrap_or_default()
}
