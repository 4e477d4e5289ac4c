//! Many requests: a big stack at once, a long life one after the other, and a freeze in between.
//!
//! LOAD=1 creates and deletes the big stack through the real binary, too, in some real minutes: `LOAD=1 cargo test --test
//! binary a_big_stack -- --nocapture`. Without it only the model of it runs, in virtual time.
//!
//! SOAK=20000 sets how many events one process handles in a row; without it 1000. `SOAK=20000 cargo test --test
//! binary a_long_life -- --nocapture` said: 15584 KiB after 100, 40 KiB more at the end.

use crate::situations::fleet;
use crate::stand_ins::{self, DOCUMENT_TEXT, FakeIot, FakeLambda, Operation::*, Rate, Stack, Testbed, TokenBucket};
use futures_util::future::join_all;
use iot_job_template_core::cloudformation::event::Event;
use iot_job_template_core::cloudformation::sent::Sent;
use iot_job_template_core::iot::{self, CallError, Cause, JobTemplates};
use iot_job_template_core::job_template::{Content, Tags};
use iot_job_template_core::respond::Means;
use iot_job_template_core::retry::Pace;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
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

// A big stack: so many job templates, over so many environments, against an IoT that takes 10 calls a second of each
// operation.
const TEMPLATES: usize = 500;
const ENVIRONMENTS: usize = 50;
const RATE: f64 = 10.0;
/// For each template, throttled calls included. A Create is one call at the least, a Delete a look and a touch.
const MOST_CALLS_TO_CREATE: f64 = 1.35;
const MOST_CALLS_TO_DELETE: f64 = 3.0;

fn create(number: usize) -> stand_ins::Event {
    fleet().create(&format!("Reboot{number}"), properties(60))
}

/// The Delete of what a Create made.
fn delete(number: usize, physical_id: &str) -> stand_ins::Event {
    fleet().delete(&format!("Reboot{number}"), physical_id, properties(60))
}

#[test]
fn a_big_stack_is_created_and_deleted_with_few_calls_for_nothing() {
    if std::env::var_os("LOAD").is_none() {
        return;
    }
    let bed = Testbed::new();
    bed.iot.limit_rate(RATE, RATE);
    let ids = Mutex::new(BTreeMap::new());

    let creating = in_environments(&bed, |lambda, number| {
        let answer = bed.send_to(lambda, create(number), TIMEOUT);
        assert!(answer.succeeded(), "{}", answer.json);
        ids.lock().unwrap().insert(number, answer.physical_id().to_owned());
    });
    let made = bed.iot.templates().len();
    let ids = ids.into_inner().unwrap();
    let deleting = in_environments(&bed, |lambda, number| {
        let answer = bed.send_to(lambda, delete(number, &ids[&number]), TIMEOUT);
        assert!(answer.succeeded(), "{}", answer.json);
    });

    assert_eq!((made, bed.iot.templates().len()), (TEMPLATES, 0));
    assert!(creating <= MOST_CALLS_TO_CREATE, "{creating} calls each");
    assert!(deleting <= MOST_CALLS_TO_DELETE, "{deleting} calls each");
}

/// Does something for each template, in so many environments, each of which begins anew. Says how long it took; gives the
/// calls that it took for each template.
fn in_environments(bed: &Testbed, each: impl Fn(&FakeLambda, usize) + Sync) -> f64 {
    bed.iot.forget_calls();
    let started = Instant::now();
    let queue = Mutex::new(1..=TEMPLATES);
    thread::scope(|scope| {
        for _ in 0..ENVIRONMENTS {
            scope.spawn(|| {
                let lambda = FakeLambda::new(bed.function());
                while let Some(number) = { queue.lock().unwrap().next() } {
                    each(&lambda, number);
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
    calls as f64 / TEMPLATES as f64
}

/// The same, of the core alone: each environment with its own pace, which none of the others knows.
#[test]
fn a_big_stack_is_created_and_deleted_with_few_calls_for_nothing_and_in_time_in_virtual_time() {
    // The pauses are random, and the same each time.
    fastrand::seed(1);
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();

    runtime.block_on(async {
        let iot = LimitedIot::default();
        let (creating, seconds) = in_virtual_environments(&iot, create).await;
        let ids = iot.ids_by_number();
        assert_eq!(ids.len(), TEMPLATES);
        assert!(creating <= MOST_CALLS_TO_CREATE, "{creating} calls each");
        // 50 is the least.
        assert!(seconds <= 75.0, "{seconds} s");

        let (deleting, seconds) = in_virtual_environments(&iot, |number| delete(number, &ids[&number])).await;
        assert_eq!(iot.templates.borrow().len(), 0);
        assert!(deleting <= MOST_CALLS_TO_DELETE, "{deleting} calls each");
        assert!(seconds <= 90.0, "{seconds} s");
    });
}

/// How many calls each event took, and how many seconds all of them.
async fn in_virtual_environments(iot: &LimitedIot, event: impl Fn(usize) -> stand_ins::Event) -> (f64, f64) {
    iot.calls.set(0);
    let started = tokio::time::Instant::now();
    let queue = RefCell::new(1..=TEMPLATES);
    join_all((0..ENVIRONMENTS).map(|_| environment(iot, &queue, &event))).await;
    let calls = iot.calls.get() as f64 / TEMPLATES as f64;
    (calls, started.elapsed().as_secs_f64())
}

async fn environment(
    iot: &LimitedIot,
    queue: &RefCell<RangeInclusive<usize>>,
    event: &impl Fn(usize) -> stand_ins::Event,
) {
    let pace = Pace::default();
    while let Some(number) = { queue.borrow_mut().next() } {
        // Nobody is answered here, but without a ResponseURL it is no event.
        let event = event(number).with("ResponseURL", json!("https://localhost"));
        let event = Event::read(&event.json.to_string()).unwrap();
        let sent = Sent::read(&event, SystemTime::now());
        let means = Means {
            iot,
            pace: &pace,
            invocation_id: "invocation",
            function_arn: "arn:aws:lambda:eu-central-1:123456789012:function:iot-job-template",
            deadline: tokio::time::Instant::now() + TIMEOUT,
            sent: &sent,
        };
        let answer = means.respond(&event).await;
        assert!(answer.failed.is_none(), "{:?}", answer.reason);
    }
}

/// An IoT that takes 10 calls a second of each operation, and 10 at once.
#[derive(Default)]
struct LimitedIot {
    templates: RefCell<BTreeMap<String, Tags>>,
    calls: Cell<usize>,
    buckets: RefCell<HashMap<&'static str, TokenBucket>>,
}

impl LimitedIot {
    /// One call, which takes as long as calls do.
    async fn call(&self, operation: iot::Operation) -> Result<(), CallError> {
        self.calls.set(self.calls.get() + 1);
        sleep(Duration::from_millis(20)).await;
        let rate = Rate {
            per_second: RATE,
            burst: RATE,
        };
        let now = tokio::time::Instant::now().into_std();
        let mut buckets = self.buckets.borrow_mut();
        let bucket = buckets.entry(operation.name());
        match bucket.or_insert_with(|| TokenBucket::full(rate, now)).take(now) {
            true => Ok(()),
            false => Err(CallError {
                operation: operation.name(),
                cause: Cause::Throttled,
                detail: "ThrottlingException".to_owned(),
                retry_after: None,
            }),
        }
    }

    fn ids_by_number(&self) -> BTreeMap<usize, String> {
        let templates = self.templates.borrow();
        let number = |tags: &Tags| tags["cloudformation:logical-id"]["Reboot".len()..].parse().unwrap();
        templates.iter().map(|(id, tags)| (number(tags), id.clone())).collect()
    }
}

impl JobTemplates for LimitedIot {
    async fn create(&self, id: &str, _: &Content, tags: &Tags) -> Result<String, CallError> {
        self.call(iot::Operation::Create).await?;
        self.templates.borrow_mut().insert(id.to_owned(), tags.clone());
        Ok(FakeIot::arn(id))
    }
    async fn delete(&self, id: &str) -> Result<(), CallError> {
        self.call(iot::Operation::Delete).await?;
        self.templates.borrow_mut().remove(id);
        Ok(())
    }
    async fn tags(&self, arn: &str) -> Result<Tags, CallError> {
        self.call(iot::Operation::ListTags).await?;
        let id = arn.rsplit('/').next().unwrap();
        Ok(self.templates.borrow()[id].clone())
    }
    async fn describe(&self, id: &str) -> Result<(String, Content), CallError> {
        self.call(iot::Operation::Describe).await?;
        Ok((FakeIot::arn(id), Content::default()))
    }
    async fn tag(&self, _: &str, _: &Tags) -> Result<(), CallError> {
        unreachable!("nothing is changed")
    }
    async fn untag(&self, _: &str, _: &[String]) -> Result<(), CallError> {
        unreachable!("nothing is changed")
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
