//! Many requests: a big stack at once, a long life one after the other, and a freeze in between.
//!
//! LOAD=1 creates the big stack through the real binary, too, in a real minute: `LOAD=1 cargo test --test binary a_big_stack --
//! --nocapture`. Without it only the model of it runs, in virtual time.
//!
//! SOAK=20000 sets how many events one process handles in a row; without it 1000. `SOAK=20000 cargo test --test
//! binary a_long_life -- --nocapture` said: 15584 KiB after 100, 40 KiB more at the end.

use crate::situations::fleet;
use crate::stand_ins::{DOCUMENT_TEXT, FakeIot, FakeLambda, Operation::*, Stack, Testbed};
use futures_util::future::join_all;
use iot_job_template_core::cloudformation::event::Event;
use iot_job_template_core::iot::{CallError, Cause, JobTemplates};
use iot_job_template_core::job_template::{Content, Tags};
use iot_job_template_core::respond::Means;
use iot_job_template_core::retry::Pace;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Builder;
use tokio::time::sleep;

/// The default of template.yaml.
const TIMEOUT: Duration = Duration::from_secs(300);

fn properties(timeout: usize) -> Value {
    json!({
        "Description": "Reboot",
        "Document": format!("{{\"operation\":\"{DOCUMENT_TEXT}\"}}"),
        "TimeoutConfig": {"InProgressTimeoutInMinutes": timeout},
    })
}

/// A big stack: so many job templates, over so many environments, against an IoT that takes 10 calls a second of each
/// operation.
const TEMPLATES: usize = 500;
const ENVIRONMENTS: usize = 50;
const MOST_CALLS: usize = TEMPLATES * 3 / 2;

#[test]
fn a_big_stack_is_created_with_few_calls_for_nothing() {
    if std::env::var_os("LOAD").is_none() {
        return;
    }
    let bed = Testbed::new();
    bed.iot.limit_rate(10.0, 10.0);
    let started = Instant::now();
    let queue = Mutex::new(1..=TEMPLATES);

    thread::scope(|scope| {
        for _ in 0..ENVIRONMENTS {
            scope.spawn(|| {
                let lambda = FakeLambda::new(bed.function());
                while let Some(number) = { queue.lock().unwrap().next() } {
                    let create = fleet().create(&format!("Reboot{number}"), properties(60));
                    let answer = bed.send_to(&lambda, create, TIMEOUT);
                    assert!(answer.succeeded(), "{}", answer.json);
                }
            });
        }
    });

    let calls = bed.iot.calls().len();
    println!(
        "{TEMPLATES} templates, {ENVIRONMENTS} environments: {calls} calls, {} of them throttled, in {:?}",
        bed.iot.throttled(),
        started.elapsed()
    );
    assert_eq!(bed.iot.templates().len(), TEMPLATES);
    assert!(calls <= MOST_CALLS, "{calls} calls");
}

/// The same, of the core alone: each environment with its own pace, which none of the others knows.
#[test]
fn a_big_stack_is_created_with_few_calls_for_nothing_in_virtual_time() {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();

    let iot = runtime.block_on(async {
        let iot = LimitedIot::new();
        let queue = RefCell::new(1..=TEMPLATES);
        join_all((0..ENVIRONMENTS).map(|_| environment(&iot, &queue))).await;
        iot
    });

    assert_eq!(iot.made.borrow().len(), TEMPLATES);
    assert!(iot.calls.get() <= MOST_CALLS, "{} calls", iot.calls.get());
}

async fn environment(iot: &LimitedIot, queue: &RefCell<RangeInclusive<usize>>) {
    let pace = Pace::default();
    while let Some(number) = { queue.borrow_mut().next() } {
        let create = fleet().create(&format!("Reboot{number}"), properties(60));
        // Nobody is answered here, but without a ResponseURL it is no event.
        let create = create.with("ResponseURL", json!("https://localhost"));
        let means = Means {
            iot,
            pace: &pace,
            invocation_id: "invocation",
            function_arn: "arn:aws:lambda:eu-central-1:123456789012:function:iot-job-template",
            deadline: tokio::time::Instant::now() + TIMEOUT,
            received: SystemTime::now(),
        };
        let answer = means.respond(&Event::read(&create.json.to_string()).unwrap()).await;
        assert!(answer.failed.is_none(), "{:?}", answer.reason);
    }
}

/// An IoT that takes 10 creates a second, and 10 at once, and does nothing but create.
struct LimitedIot {
    made: RefCell<BTreeSet<String>>,
    calls: Cell<usize>,
    tokens: Cell<f64>,
    filled: Cell<tokio::time::Instant>,
}

impl LimitedIot {
    const RATE: f64 = 10.0;

    fn new() -> Self {
        Self {
            made: RefCell::default(),
            calls: Cell::new(0),
            tokens: Cell::new(Self::RATE),
            filled: Cell::new(tokio::time::Instant::now()),
        }
    }

    fn admits(&self) -> bool {
        let now = tokio::time::Instant::now();
        let earned = (now - self.filled.replace(now)).as_secs_f64() * Self::RATE;
        let tokens = (self.tokens.get() + earned).min(Self::RATE);
        let admitted = tokens >= 1.0;
        self.tokens.set(if admitted { tokens - 1.0 } else { tokens });
        admitted
    }
}

impl JobTemplates for LimitedIot {
    async fn create(&self, id: &str, _: &Content, _: &Tags) -> Result<String, CallError> {
        self.calls.set(self.calls.get() + 1);
        // As long as a call takes.
        sleep(Duration::from_millis(20)).await;
        if self.admits() {
            self.made.borrow_mut().insert(id.to_owned());
            return Ok(FakeIot::arn(id));
        }
        Err(CallError {
            operation: "CreateJobTemplate",
            cause: Cause::Throttled,
            detail: "ThrottlingException".to_owned(),
            retry_after: None,
        })
    }
    async fn describe(&self, _: &str) -> Result<(String, Content), CallError> {
        unreachable!("a create that was only throttled")
    }
    async fn delete(&self, _: &str) -> Result<(), CallError> {
        unreachable!("a create that was only throttled")
    }
    async fn tags(&self, _: &str) -> Result<Tags, CallError> {
        unreachable!("a create that was only throttled")
    }
    async fn tag(&self, _: &str, _: &Tags) -> Result<(), CallError> {
        unreachable!("a create that was only throttled")
    }
    async fn untag(&self, _: &str, _: &[String]) -> Result<(), CallError> {
        unreachable!("a create that was only throttled")
    }
}

#[test]
fn a_long_life_costs_no_memory_and_no_file_descriptors() {
    const WARM_UP: usize = 100;
    let events = std::env::var("SOAK").map_or(1000, |events| events.parse().unwrap());
    let bed = Testbed::new();
    let lambda = &bed.lambda;
    // A life of a resource: created, retagged, made anew, refused, deleted.
    let life = |number: usize| {
        let stack = Stack::named(&format!("fleet{number}"));
        let with = |member: &str, value: Value| {
            let mut properties = properties(60);
            properties["JobTemplateId"] = json!("reboot");
            properties[member] = value;
            properties
        };
        let old = with("Tags", json!({}));
        let tagged = with("Tags", json!({"number": number}));
        let changed = with("Description", json!(number));
        [
            stack.create("Reboot", old.clone()),
            stack.update("Reboot", "reboot", tagged.clone(), old),
            stack.update("Reboot", "reboot", changed.clone(), tagged),
            stack.create("Bad", json!({"Dokument": number})),
            stack.delete("Reboot", "reboot", changed),
        ]
    };
    let mut all = (0..).flat_map(life).take(events);
    let mut handle = |count: usize| {
        for event in all.by_ref().take(count) {
            let bad = event.json["LogicalResourceId"] == "Bad";
            let answer = bed.send(event);
            assert_eq!(answer.succeeded(), !bad, "{}", answer.json);
            bed.iot.forget_calls();
        }
    };

    handle(WARM_UP);
    let (memory, files) = (lambda.memory().resident, lambda.open_files());
    handle(events - WARM_UP);

    let grown = lambda.memory().resident.saturating_sub(memory);
    println!("{events} events: {memory} KiB after {WARM_UP}, {grown} KiB more at the end");
    assert!(grown <= 512, "{grown} KiB more");
    assert_eq!(lambda.open_files(), files);
}

#[test]
fn after_a_freeze_longer_than_the_servers_keep_alive_no_call_fails() {
    let bed = Testbed::new();
    let keep_alive = Duration::from_millis(50);
    bed.iot.keep_alive(keep_alive);
    bed.bucket.keep_alive(keep_alive);
    let lambda = &bed.lambda;
    // From here on it has a connection to IoT.
    lambda.init();
    for round in 0..20 {
        lambda.freeze();
        // The servers close what is idle for that long, which nobody notices who is frozen.
        thread::sleep(keep_alive * 4);
        lambda.thaw();
        let create = fleet().create(&format!("Reboot{round}"), properties(60));
        bed.send(create);
    }

    let log = lambda.log();
    assert_eq!(bed.iot.operations(), vec![CreateJobTemplate; 20], "{log:#?}");
    assert_eq!(bed.bucket.operations(), vec![PutAnswer; 20], "{log:#?}");
}
