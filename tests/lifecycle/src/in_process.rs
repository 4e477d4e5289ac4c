//! The function as a value: each delivery is answered by the core, over the model of IoT, in time that passes by itself.

use crate::cloudformation::{Answer, Function};
use crate::iot::{Client, Iot, Maker, Mishap};
use iot_job_template_core::cloudformation::event::Event;
use iot_job_template_core::respond::Means;
use iot_job_template_core::retry::Pace;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// What Lambda leaves of a minute's timeout for the work, when the answer's share is taken.
const TIME_TO_WORK: Duration = Duration::from_secs(55);
/// Lambda delivers an event that failed two more times.
const DELIVERIES: usize = 3;
/// How long it waits before that, at the least.
const BEFORE_REDELIVERY: Duration = Duration::from_secs(60);

pub struct InProcess {
    pub iot: Rc<RefCell<Iot>>,
    /// Each event is delivered once more after it was answered.
    pub twice: bool,
    runtime: Runtime,
}

impl InProcess {
    pub fn new() -> InProcess {
        InProcess {
            iot: Rc::new(RefCell::new(Iot::new())),
            twice: false,
            runtime: Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime"),
        }
    }

    /// What lingered is gone when the next operation on a stack begins.
    pub fn let_time_pass(&self) {
        self.runtime.block_on(async { sleep(Duration::from_secs(10)).await });
    }

    fn note(&self, text: String) {
        self.iot.borrow_mut().trace.push(text);
    }

    fn send_once(&self, event: &Value) -> Option<Answer> {
        self.note(format!("  {event}"));
        let answer = (0..DELIVERIES).find_map(|delivery| {
            self.runtime.block_on(async {
                if delivery > 0 {
                    sleep(BEFORE_REDELIVERY).await;
                }
                deliver(&self.iot, event).await
            })
        });
        self.note(format!("  -> {answer:?}"));
        answer
    }
}

/// One delivery; `None` if the function was killed.
async fn deliver(iot: &Rc<RefCell<Iot>>, event: &Value) -> Option<Answer> {
    let text = |member: &str| event[member].as_str().unwrap_or_default().to_owned();
    let killed = Rc::new(Notify::new());
    let client = Client {
        iot: iot.clone(),
        caller: Maker::Resource {
            stack: text("StackId"),
            logical_id: text("LogicalResourceId"),
        },
        killed: killed.clone(),
        outage: Rc::new(Cell::new(false)),
    };
    let means = Means {
        iot: &client,
        pace: &Pace::default(),
        invocation_id: "invocation",
        function_arn: "arn:aws:lambda:eu-central-1:123456789012:function:iot-job-template",
        deadline: Instant::now() + TIME_TO_WORK,
        received: std::time::SystemTime::now(),
    };
    let event = Event::read(&event.to_string()).expect("an event");
    tokio::select! {
        biased;
        () = killed.notified() => None,
        answer = means.respond(&event) => Some(Answer {
            succeeded: answer.failed.is_none(),
            physical_id: answer.physical_id,
            reason: answer.reason.join("; "),
        }),
    }
}

impl Function for InProcess {
    fn send(&mut self, event: &Value) -> Option<Answer> {
        let answer = self.send_once(event)?;
        if self.twice && answer.succeeded {
            self.iot.borrow_mut().arm(&[]);
            let again = self.send_once(event).expect("nothing kills it");
            assert_eq!(
                (again.succeeded, &again.physical_id),
                (answer.succeeded, &answer.physical_id),
                "the same event was answered in another way"
            );
        }
        Some(answer)
    }

    fn cancel(&mut self, create: &Value, after: Duration, delete: &Value) -> Option<Answer> {
        self.note(format!("  {create}\n  and {after:?} later {delete}"));
        // A Create that has to repeat itself can outlast any Delete: what then remains cannot be helped (docs/semantics.md).
        let can_be_helped = |mishap| matches!(mishap, Mishap::Slow | Mishap::Refused);
        self.iot.borrow_mut().arm_only(can_be_helped);
        self.runtime.block_on(async {
            let create = deliver(&self.iot, create);
            let delete = async {
                sleep(after).await;
                deliver(&self.iot, delete).await
            };
            tokio::join!(create, delete).1
        })
    }

    fn heal(&mut self) {
        self.iot.borrow_mut().arm(&[]);
    }
}
