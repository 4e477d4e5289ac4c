//! Every event that can be answered is answered, whatever it holds and whatever the response bucket does.

use crate::situations::fleet;
use crate::stand_ins::{
    DOCUMENT_TEXT, Event, FakeBucket, FakeIot, FakeLambda, Fault, Function, Operation::*, Outcome, ReceivedAnswer,
    Server, Stack, Testbed, When, bootstrap,
};
use iot_job_template::handler::{Handler, Invocation};
use iot_job_template::log::Log;
use iot_job_template::transport::{self, TransportSettings};
use iot_job_template_core::iot::{CallError, JobTemplates};
use iot_job_template_core::job_template::{Content, Tags};
use iot_job_template_core::retry::Pace;
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime};

const DEADLINE: Duration = Duration::from_secs(10);

/// Sends an event byte for byte, in which {URL} stands for the ResponseURL. Gives the answer.
fn send_raw(bed: &Testbed, event: impl AsRef<[u8]>) -> ReceivedAnswer {
    let marker = Event::of(json!({"RequestId": "raw"}));
    let url = bed.bucket.presigned_url("raw", SystemTime::now());
    let event = replaced(event.as_ref(), b"{URL}", url.as_bytes());
    // The biggest take seconds where all cores are busy.
    let invocation = bed.lambda.invoke(event, 6 * DEADLINE);
    assert!(invocation.responded(), "{:?}", invocation.outcome);
    bed.bucket.answers(&marker).pop().unwrap()
}

fn replaced(bytes: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let at = bytes.windows(what.len()).position(|window| window == what).unwrap();
    [&bytes[..at], with, &bytes[at + what.len()..]].concat()
}

fn reboot() -> Value {
    json!({
        "JobTemplateId": "reboot",
        "Description": "Reboot",
        "Document": format!("{{\"operation\":\"{DOCUMENT_TEXT}\"}}"),
    })
}

/// The request that most tests send.
fn create_answered_at(bucket: &FakeBucket) -> Event {
    fleet().create("Reboot", reboot()).answered_at(bucket)
}

// ---- The response bucket ----

fn ways_to_fail() -> [Fault; 9] {
    [
        Fault::TlsFailure,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::internal_failure(),
        Fault::unavailable(),
        Fault::unavailable().retry_after(1),
        Fault::unavailable().retry_after(3600),
        Fault::Silence { done: false },
        Fault::Trickle,
    ]
}

/// The answer to a create while the bucket fails like that at first.
fn answer_despite(bed: &Testbed, fault: &Fault) -> ReceivedAnswer {
    bed.bucket.fault(When::Call(1), fault.clone());
    let create = create_answered_at(&bed.bucket);
    let invocation = bed.lambda.invoke(&create, DEADLINE);
    assert!(invocation.responded(), "{fault:?}: {invocation:?}");
    bed.bucket.answers(&create).pop().unwrap()
}

#[test]
fn a_bucket_that_fails_once_is_tried_again() {
    let refused = Fault::Refused {
        lasting: Duration::from_millis(300),
    };
    let faults = ways_to_fail().into_iter().chain([refused]);
    // All at once: some hang for half of the time.
    thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || {
                let answer = answer_despite(&Testbed::new(), &fault);

                assert!(answer.succeeded(), "{fault:?}: {}", answer.json);
            });
        }
    });
}

#[test]
fn the_time_kept_for_the_answer_is_enough_for_a_bucket_that_fails_once() {
    // All at once: each takes the time that IoT has.
    thread::scope(|scope| {
        for fault in ways_to_fail() {
            scope.spawn(move || {
                let bed = Testbed::new();
                bed.iot.fault(When::Always, Fault::Silence { done: false });

                let answer = answer_despite(&bed, &fault);

                assert!(answer.reason().contains("timed out"), "{fault:?}: {}", answer.json);
            });
        }
    });
}

#[test]
fn a_bucket_that_hangs_at_the_first_handshake_gets_the_answer_over_another_connection() {
    let bed = Testbed::new();
    let relay = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}", relay.local_addr().unwrap());
    let mut create = create_answered_at(&bed.bucket);
    let direct = create.json["ResponseURL"].as_str().unwrap();
    create.json["ResponseURL"] = json!(direct.replace(&bed.bucket.url(), &url));
    let bucket = bed.bucket.address();
    thread::spawn(move || {
        let _hanging = relay.accept().unwrap();
        let (function, _) = relay.accept().unwrap();
        let bucket = TcpStream::connect(bucket).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| io::copy(&mut &function, &mut &bucket));
            scope.spawn(|| io::copy(&mut &bucket, &mut &function));
        });
    });

    // Less than a connection may take that is needed.
    let invocation = bed.lambda.invoke(&create, Duration::from_secs(4));

    assert!(invocation.responded(), "{invocation:?}");
    assert!(bed.bucket.only_answer(&create).succeeded());
}

#[test]
fn if_the_bucket_never_takes_the_answer_the_invocation_fails_so_that_lambda_repeats_it() {
    let refused = Fault::Refused {
        lasting: Duration::from_secs(3600),
    };
    let faults = ways_to_fail().into_iter().chain([refused]);
    // All at once: each takes its whole time.
    thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || {
                let bed = Testbed::new();
                bed.bucket.fault(When::Always, fault.clone());
                let create = create_answered_at(&bed.bucket);

                let invocation = bed.lambda.invoke(&create, Duration::from_secs(5));

                let Outcome::Errored { kind, message } = &invocation.outcome else {
                    panic!("{fault:?}: {invocation:?}");
                };
                assert_eq!(kind, "Unanswered");
                assert!(message.contains("could not be PUT to 127.0.0.1: "), "{message}");
            });
        }
    });
}

#[test]
fn a_url_that_was_refused_is_not_tried_again() {
    let bed = Testbed::new();
    bed.bucket
        .fault(When::Always, Fault::refusal(403, "AccessDenied", "Request has expired"));
    let create = create_answered_at(&bed.bucket);

    let invocation = bed.lambda.invoke(&create, DEADLINE);

    assert!(matches!(invocation.outcome, Outcome::Errored { .. }), "{invocation:?}");
    assert_eq!(bed.bucket.count(PutAnswer), 1);
}

#[test]
fn an_answer_that_was_taken_is_not_put_again_whatever_comes_back() {
    for fault in [Fault::CutShort, Fault::Garbage] {
        let bed = Testbed::new();

        let answer = answer_despite(&bed, &fault);

        assert!(answer.succeeded(), "{fault:?}: {}", answer.json);
        assert_eq!(bed.bucket.count(PutAnswer), 1, "{fault:?}");
    }
}

#[test]
fn what_lambda_delivers_again_is_answered_as_if_it_came_for_the_first_time() {
    let bed = Testbed::new();
    bed.bucket.fault_by(|call| (call.number <= 1).then(Fault::throttled));
    let create = create_answered_at(&bed.bucket);

    let deliveries = bed.lambda.deliver(&create, DEADLINE);

    assert_eq!(deliveries.len(), 2);
    let answer = bed.bucket.only_answer(&create);
    assert!(answer.succeeded(), "{}", answer.json);
    assert_eq!(answer.physical_id(), "reboot");
}

// ---- Retry-After ----

#[test]
fn a_service_that_asks_for_a_pause_is_left_alone_for_so_long() {
    type Service = fn(&Testbed) -> &Server;
    // More than the function would wait by itself.
    const SECONDS: u64 = 4;
    let refusals: [(Service, Fault); 3] = [
        (|bed| &bed.iot, Fault::throttled()),
        (|bed| &bed.iot, Fault::unavailable()),
        (|bed| &bed.bucket, Fault::unavailable()),
    ];
    thread::scope(|scope| {
        for (service, refusal) in refusals {
            scope.spawn(move || {
                let bed = Testbed::new();
                let refusal = refusal.retry_after(SECONDS);
                service(&bed).fault(When::Call(1), refusal.clone());

                let answer = bed.send(fleet().create("Reboot", reboot()));

                assert!(answer.succeeded(), "{refusal:?}: {}", answer.json);
                let [refused, repeated] = &service(&bed).calls()[..] else {
                    panic!("{:#?}", service(&bed).calls());
                };
                let pause = repeated.at - refused.at;
                assert!(pause >= Duration::from_secs(SECONDS), "{refusal:?}");
            });
        }
    });
}

#[test]
fn a_pause_longer_than_there_is_time_for_is_answered_in_time() {
    let bed = Testbed::new();
    bed.iot.fault(When::Always, Fault::throttled().retry_after(u64::MAX));
    let create = fleet().create("Reboot", reboot());

    let answer = bed.send_to(&bed.lambda, create, Duration::from_secs(3));

    assert!(answer.reason().contains("timed out"), "{}", answer.json);
    assert_eq!(bed.iot.calls().len(), 1);
}

// ---- Hostile events ----

const MEGABYTE: usize = 1 << 20;
/// What Lambda gives the function in template.yaml, in KiB.
const MEMORY: usize = 128 << 10;

#[test]
fn an_event_of_any_shape_is_answered() {
    let bed = Testbed::new();
    for (what, properties) in [
        ("no map", r#""text""#.to_owned()),
        ("null", "null".to_owned()),
        ("a number beyond any", r#"{"Description": 1e999}"#.to_owned()),
        ("a lone surrogate", r#"{"Description": "\ud800"}"#.to_owned()),
        ("a lone surrogate in a key", r#"{"\udc00": 1}"#.to_owned()),
        ("a key twice", r#"{"Description": "a", "Description": "b"}"#.to_owned()),
        ("10,000 deep", "[".repeat(10_000) + &"]".repeat(10_000)),
        (
            "10,000 deep, of maps",
            r#"{"a":"#.repeat(10_000) + "1" + &"}".repeat(10_000),
        ),
        (
            "10,000 deep in the document",
            format!(r#"{{"Document": {}{}}}"#, "[".repeat(10_000), "]".repeat(10_000)),
        ),
        (
            "6 MB of text",
            format!(r#"{{"Description": "{}"}}"#, "a".repeat(6 * MEGABYTE)),
        ),
        (
            "6 MB of document",
            format!(r#"{{"Document": "{}"}}"#, "a".repeat(6 * MEGABYTE)),
        ),
        ("a million keys", object(1_000_000)),
        ("as many keys as CloudFormation can send", object(100_000)),
        (
            "a million members of a list",
            format!(r#"{{"Tags": [{}1]}}"#, "1,".repeat(1_000_000)),
        ),
    ] {
        let event = format!(
            r#"{{"RequestType": "Create", "StackId": "{}", "LogicalResourceId": "Reboot", "RequestId": "raw",
                "ResponseURL": "{{URL}}", "ResourceProperties": {properties}}}"#,
            fleet().id
        );

        let answer = send_raw(&bed, event);

        assert_eq!(answer.status(), "FAILED", "{what}");
        assert!(!answer.reason().is_empty(), "{what}");
        println!("{what}: {} KiB at most", bed.lambda.memory().peak);
    }
    assert!(bed.lambda.memory().peak < MEMORY, "{:?}", bed.lambda.memory());
    assert_eq!(bed.iot.calls().len(), 0);
}

/// An object of so many members, as short as they can be.
fn object(members: usize) -> String {
    let members: Vec<_> = (0..members).map(|n| format!("\"{n:x}\":0")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn an_envelope_of_any_shape_is_answered() {
    let bed = Testbed::new();
    for event in [
        br#"{"ResponseURL": "{URL}"}"#.to_vec(),
        br#"{"ResponseURL": "{URL}", "RequestType": "Recreate", "StackId": "s", "LogicalResourceId": "l"}"#.to_vec(),
        br#"{"ResponseURL": "{URL}", "RequestType": 1e999, "StackId": [[]], "LogicalResourceId": {"a": null}}"#
            .to_vec(),
        br#"{"ResponseURL": "", "ResponseURL": "{URL}", "\ud800": 1e999}"#.to_vec(),
        br#"{"ResponseURL": "{URL}", "RequestType": "Update", "StackId": "s", "LogicalResourceId": "l"}"#.to_vec(),
        b"{\"ResponseURL\": \"{URL}\", \"StackId\": \"\xff\xfe\", \"\xc0\": \"\xed\xa0\x80\"}".to_vec(),
        [
            br#"{"ResponseURL": "{URL}", "x": "#.to_vec(),
            vec![b'['; 10_000],
            vec![b']'; 10_000],
            b"}".to_vec(),
        ]
        .concat(),
        [
            br#"{"ResponseURL": "{URL}", "StackId": ""#.to_vec(),
            vec![b'a'; 6 * MEGABYTE],
            b"\"}".to_vec(),
        ]
        .concat(),
    ] {
        let answer = send_raw(&bed, &event);

        let start = String::from_utf8_lossy(&event[..event.len().min(200)]).into_owned();
        assert_eq!(answer.status(), "FAILED", "{start}");
        assert!(!answer.physical_id().is_empty(), "{start}");
        assert!(!answer.reason().is_empty(), "{start}");
    }
}

#[test]
fn a_delete_of_unreadable_properties_succeeds() {
    let bed = Testbed::new();
    let answer = send_raw(
        &bed,
        format!(
            r#"{{"RequestType": "Delete", "StackId": "{}", "LogicalResourceId": "Reboot", "RequestId": "raw",
            "PhysicalResourceId": "reboot", "ResponseURL": "{{URL}}", "ResourceProperties": {{"Description": 1e999}}}}"#,
            fleet().id
        ),
    );

    assert!(answer.succeeded(), "{}", answer.json);
}

#[test]
fn an_event_that_nobody_can_be_answered_for_fails_and_the_next_one_goes_well() {
    let bed = Testbed::new();
    let sent = create_answered_at(&bed.bucket);
    // The log, searched for secrets, must not quote it.
    let encoded_twice = json!(sent.json.to_string()).to_string();
    for event in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"ResponseURL": "ftp://x"}"#,
        r#"{"ResponseURL": "nonsense"}"#,
        &encoded_twice,
    ] {
        let invocation = bed.lambda.invoke(event, DEADLINE);
        assert!(
            matches!(invocation.outcome, Outcome::Errored { .. }),
            "{event}: {invocation:?}"
        );
    }

    assert!(bed.send(fleet().create("Reboot", reboot())).succeeded());
}

#[test]
fn an_answer_goes_over_plain_http_only_where_iot_is_called_so_too() {
    let bucket = FakeBucket::http();
    let create = create_answered_at(&bucket);
    let bed = Testbed::new();
    let iot = FakeIot::http();
    let local = FakeLambda::new(Function::new(bootstrap()).calling(&iot));

    let refused = bed.lambda.invoke(&create, DEADLINE);
    let answered = local.invoke(&create, DEADLINE);

    assert!(
        matches!(&refused.outcome, Outcome::Errored { message, .. } if message.contains("not https")),
        "{refused:?}"
    );
    assert!(answered.responded(), "{answered:?}");
}

// ---- Panics ----

/// An IoT client with a mistake in it.
struct Mistaken;

impl JobTemplates for Mistaken {
    async fn create(&self, _: &str, _: &Content, _: &Tags) -> Result<String, CallError> {
        panic!("{DOCUMENT_TEXT}")
    }
    async fn describe(&self, _: &str) -> Result<(String, Content), CallError> {
        panic!("{DOCUMENT_TEXT}")
    }
    async fn delete(&self, _: &str) -> Result<(), CallError> {
        panic!("{DOCUMENT_TEXT}")
    }
    async fn tags(&self, _: &str) -> Result<Tags, CallError> {
        panic!("{DOCUMENT_TEXT}")
    }
    async fn tag(&self, _: &str, _: &Tags) -> Result<(), CallError> {
        panic!("{DOCUMENT_TEXT}")
    }
    async fn untag(&self, _: &str, _: &[String]) -> Result<(), CallError> {
        panic!("{DOCUMENT_TEXT}")
    }
}

#[test]
fn a_panic_is_answered_with_where_to_look_in_the_log_and_what_state_it_leaves() {
    let bucket = FakeBucket::http();
    let settings = TransportSettings {
        allow_http: true,
        ..TransportSettings::default()
    };
    let handler = Handler {
        iot: Mistaken,
        http: transport::client(&settings).unwrap(),
        log: Log::from_environment(),
        pace: Pace::default(),
        allow_http: true,
        is_emulated: false,
    };
    let invocation = Invocation {
        request_id: "the-invocation".to_owned(),
        function_arn: "arn:aws:lambda:eu-central-1:123456789012:function:provider".to_owned(),
        time_left: DEADLINE,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let create = fleet().create("Reboot", reboot());
    let update = fleet().update("Reboot", "reboot", reboot(), reboot());
    let delete = fleet().delete("Reboot", "reboot", reboot());
    for (event, doing, physical_id) in [
        (create, "create the job template", "unclear:"),
        (update, "look at the job template", "reboot"),
        (delete, "look at the job template", "reboot"),
    ] {
        let event = event.answered_at(&bucket);
        let body = event.json.to_string();

        let handled = runtime.block_on(handler.handle(&body, &invocation));

        assert!(handled.is_ok(), "{handled:?}");
        let answer = bucket.only_answer(&event);
        assert_eq!(answer.status(), "FAILED");
        for part in [doing, "the-invocation"] {
            assert!(answer.reason().contains(part), "{}", answer.reason());
        }
        assert!(answer.physical_id().starts_with(physical_id), "{}", answer.json);
    }
}

// ---- The log ----

#[test]
fn a_document_that_is_refused_is_not_quoted() {
    let bed = Testbed::new();
    let with = |member: &str, document: Value| json!({"Description": "Reboot", member: document});
    let map = json!({"operation": DOCUMENT_TEXT, "retries": 3});
    for properties in [
        with("Document", json!(DOCUMENT_TEXT)),
        with("Document", json!(map.to_string().trim_end_matches('}'))),
        with("Document", json!(DOCUMENT_TEXT.repeat(2000))),
        with("Document", map.clone()),
        with("Dokument", map),
        json!(reboot().to_string()),
    ] {
        // The answer and the log, which are searched for it.
        let answer = bed.send(fleet().create("Reboot", properties));

        assert_eq!(answer.status(), "FAILED");
    }
}

#[test]
fn what_iot_quotes_of_a_document_is_left_out() {
    let bed = Testbed::new();
    let message = format!("Bad document: {}", reboot()["Document"].as_str().unwrap());
    bed.iot
        .fault(When::Always, Fault::refusal(400, "InvalidRequestException", &message));

    let answer = bed.send(fleet().create("Reboot", reboot()));

    assert!(answer.reason().contains("Bad document: …"), "{}", answer.reason());
}

#[test]
fn a_shorthand_and_what_is_left_alone_are_warnings() {
    let bed = Testbed::new();
    let create = fleet().create("Reboot", json!({"JobTemplateId": "reboot", "Description": "Reboot"}));
    let delete = Stack::named("factory").delete("Reboot", "reboot", reboot());
    for (event, part) in [(create, "Document"), (delete, "belongs to the resource")] {
        let event = event.answered_at(&bed.bucket);

        let log = bed.lambda.invoke(&event, DEADLINE).json_log();

        let [start, warning, end, _metrics] = &log[..] else {
            panic!("{log:#?}");
        };
        assert_eq!(warning["level"], "WARN");
        assert!(warning["message"].as_str().unwrap().contains(part), "{warning}");
        assert_eq!(warning["requestId"], start["requestId"]);
        assert_eq!(end["status"], "SUCCESS");
    }
}

#[test]
fn a_log_that_cannot_be_written_keeps_nobody_from_an_answer() {
    let program = format!("exec {} >/dev/full 2>&1", bootstrap());
    let bed = Testbed::with(|function| function.program("/bin/sh").argument("-c").argument(&program));

    let answer = bed.send(fleet().create("Reboot", reboot()));

    assert!(answer.succeeded(), "{}", answer.json);
}

#[test]
fn a_request_is_logged_at_its_start_and_its_end_and_counted() {
    let bed = Testbed::new();
    let create = create_answered_at(&bed.bucket);

    let invocation = bed.lambda.invoke(&create, DEADLINE);

    let [start, end, metrics] = &invocation.json_log()[..] else {
        panic!("{:#?}", invocation.log);
    };
    for line in [start, end] {
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["requestId"], invocation.request_id);
        assert_eq!(line["cloudFormationRequestId"], create.request_id());
        assert_eq!(line["requestType"], "Create");
        assert_eq!(line["stackId"], fleet().id);
        assert_eq!(line["logicalResourceId"], "Reboot");
    }
    assert_eq!(start["message"], "request");
    assert_eq!(end["message"], "answer");
    assert_eq!(end["status"], "SUCCESS");
    assert_eq!(end["plan"], "create");
    assert_eq!(end["physicalResourceId"], "reboot");
    assert!(end["durationMs"].is_number());
    assert_eq!(end["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(metrics["Succeeded"], 1);
    assert_eq!(metrics["FunctionName"], "iot-job-template");
}

/// What queries in CloudWatch Logs go by (docs/operations.md).
#[test]
fn the_lines_of_a_request_have_these_members_and_no_others() {
    let bed = Testbed::new();
    let names = |line: &Value| -> Vec<String> {
        let mut names: Vec<_> = line.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let request = |event: Event| {
        let event = event.answered_at(&bed.bucket);
        let log = bed.lambda.invoke(&event, DEADLINE).json_log();
        let line = |message: &str| log.iter().find(|line| line["message"] == message).unwrap().clone();
        (line("request"), line("answer"))
    };
    let always = [
        "cloudFormationRequestId",
        "level",
        "logicalResourceId",
        "message",
        "requestId",
        "requestType",
        "stackId",
        "timestamp",
    ];
    let and = |more: &[&'static str]| {
        let mut names = [&always[..], more].concat();
        names.sort();
        names
    };

    let (create, created) = request(fleet().create("Reboot", reboot()));
    assert_eq!(names(&create), and(&["responseHost"]));
    assert_eq!(
        names(&created),
        and(&[
            "durationMs",
            "physicalResourceId",
            "plan",
            "reason",
            "status",
            "version"
        ])
    );

    let (update, refused) = request(fleet().update("Reboot", "reboot", json!({}), reboot()));
    assert_eq!(names(&update), and(&["physicalResourceId", "responseHost"]));
    let failed = [
        "durationMs",
        "failure",
        "physicalResourceId",
        "reason",
        "status",
        "version",
    ];
    assert_eq!(names(&refused), and(&failed));
    assert_eq!(refused["failure"], "BadRequest");

    bed.iot
        .fault(When::Always, Fault::refusal(400, "InvalidRequestException", "No."));
    let (_, failed_at_iot) = request(fleet().create("Other", reboot()));
    assert_eq!(names(&failed_at_iot), and(&[&failed[..], &["plan"]].concat()));
    assert_eq!(failed_at_iot["failure"], "Refused");
}

#[test]
fn lambdas_own_settings_say_how_much_is_logged_and_in_which_form() {
    let log = |level: &str, format: &str| {
        let bed = Testbed::with(|function| {
            function
                .env("AWS_LAMBDA_LOG_LEVEL", level)
                .env("AWS_LAMBDA_LOG_FORMAT", format)
        });
        bed.send(fleet().create("Reboot", reboot()));
        bed.lambda.log()
    };

    let quiet = log("ERROR", "JSON");
    let text = log("INFO", "Text");

    assert_eq!(quiet.len(), 1, "only the metrics: {quiet:#?}");
    assert!(quiet[0].contains(r#""Succeeded":1"#), "{quiet:#?}");
    let lines: Vec<_> = text.iter().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(lines.len(), 2, "{text:#?}");
    assert!(lines[1].contains(" INFO answer "), "{text:#?}");
}

#[test]
fn metrics_are_written_at_every_level_and_lambda_which_filters_by_level_lets_them_through() {
    const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    for (place, setting) in LEVELS.into_iter().enumerate() {
        let bed = Testbed::with(|function| function.env("AWS_LAMBDA_LOG_LEVEL", setting));
        let create = create_answered_at(&bed.bucket);

        let invocation = bed.lambda.invoke(&create, DEADLINE);

        let metrics = invocation.json_log().pop().unwrap();
        assert_eq!(metrics["Succeeded"], 1, "{setting}: {metrics}");
        let level = metrics["level"].as_str().unwrap();
        assert!(LEVELS[place..].contains(&level), "{setting}: {metrics}");
    }
}

#[test]
fn an_unfinished_request_names_the_fault_it_met_last() {
    let bed = Testbed::new();
    bed.iot.fault(When::Always, Fault::throttled());
    let create = create_answered_at(&bed.bucket);

    let invocation = bed.lambda.invoke(&create, Duration::from_secs(3));

    let answer = bed.bucket.only_answer(&create);
    for part in [
        "timed out while trying to create the job template reboot",
        "ThrottlingException (HTTP 429): Rate exceeded",
    ] {
        assert!(answer.reason().contains(part), "{}", answer.reason());
    }
    let [.., end, metrics] = &invocation.json_log()[..] else {
        panic!("{invocation:#?}");
    };
    assert_eq!(end["failure"], "OutOfTime");
    assert_eq!(metrics["FailedOutOfTime"], 1);
}

#[test]
fn a_request_is_answered_while_cloudformation_waits_for_it() {
    let bed = Testbed::new();
    bed.iot.fault(When::Always, Fault::throttled());
    let mut properties = reboot();
    properties["ServiceTimeout"] = json!(2);
    let create = fleet().create("Reboot", properties).answered_at(&bed.bucket);

    let invocation = bed.lambda.invoke(&create, DEADLINE);

    let waited = bed.bucket.calls()[0].at - invocation.taken.unwrap();
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    assert_eq!(bed.bucket.only_answer(&create).status(), "FAILED");
}

#[test]
fn throttled_calls_are_counted() {
    let bed = Testbed::new();
    for call in [1, 2] {
        bed.iot.fault(When::Call(call), Fault::throttled());
    }

    let answer = bed.send(fleet().create("Reboot", reboot()));

    assert!(answer.succeeded(), "{}", answer.json);
    let metrics = bed.lambda.log().pop().unwrap();
    assert!(metrics.contains(r#""Throttles":2"#), "{metrics}");
}

#[test]
fn what_iot_refuses_is_told_with_what_was_tried_and_iots_code_message_and_request_id() {
    let bed = Testbed::new();
    let mut properties = reboot();
    properties.as_object_mut().unwrap().remove("Document");
    properties["DocumentSource"] = json!("https://s3.amazonaws.com/my-bucket/gone.json");

    let answer = bed.send(fleet().create("Reboot", properties));

    for part in [
        "CreateJobTemplate: InvalidRequestException (HTTP 400): Job document located at ",
        "gone.json is not found. (request id 10700000-",
    ] {
        assert!(answer.reason().contains(part), "{}", answer.reason());
    }
}

#[test]
fn a_missing_permission_is_told_with_what_grants_it() {
    let bed = Testbed::new();
    let message = "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: iam:PassRole on \
                   resource: arn:aws:iam::123456789012:role/IoTJobRole";
    bed.iot
        .fault(When::Always, Fault::refusal(403, "AccessDeniedException", message));

    let answer = bed.send(fleet().create("Reboot", reboot()));

    for part in [
        "CreateJobTemplate: AccessDeniedException (HTTP 403): User: ",
        "lacks iam:PassRole on ",
        "PresignedUrlRoleArns",
    ] {
        assert!(answer.reason().contains(part), "{}", answer.reason());
    }
}
