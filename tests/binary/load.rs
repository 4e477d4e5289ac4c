//! Many requests: a big stack at once, a long life one after the other, and a freeze in between.
//!
//! SOAK=20000 sets how many events one process handles in a row; without it a tenth of that. `SOAK=20000 cargo test --test
//! load a_long_life -- --nocapture` said: 15584 KiB after 100, 40 KiB more at the end.

use crate::stand_ins::{DOCUMENT_TEXT, FakeLambda, Operation::*, Stack, Testbed};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// The default of template.yaml.
const TIMEOUT: Duration = Duration::from_secs(300);

fn fleet() -> Stack {
    Stack::named("fleet")
}

fn properties(timeout: usize) -> Value {
    json!({
        "Description": "Reboot",
        "Document": format!("{{\"operation\":\"{DOCUMENT_TEXT}\"}}"),
        "TimeoutConfig": {"InProgressTimeoutInMinutes": timeout},
    })
}

/// 500 job templates over 50 environments, against an IoT that takes 10 calls a second of each operation.
#[test]
fn a_big_stack_is_created_with_few_calls_for_nothing() {
    const TEMPLATES: usize = 500;
    const ENVIRONMENTS: usize = 50;
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
    assert!(calls <= TEMPLATES * 3 / 2, "{calls} calls");
}

#[test]
fn a_long_life_costs_no_memory_and_no_file_descriptors() {
    const WARM_UP: usize = 100;
    let events = std::env::var("SOAK").map_or(2000, |events| events.parse().unwrap());
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
    assert!(grown <= 1024, "{grown} KiB more");
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
