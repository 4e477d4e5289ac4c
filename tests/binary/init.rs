//! What the function does before its first event: it may help, and never harm.

use crate::stand_ins::{Event, FakeLambda, Fault, Function, Operation::*, Outcome, Stack, Testbed, When, bootstrap};
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

fn create(properties: Value) -> Event {
    Stack::named("fleet").create("Reboot", properties)
}

fn reboot() -> Value {
    json!({"JobTemplateId": "reboot", "Description": "Reboot", "Document": "{}"})
}

#[test]
fn the_first_create_is_one_call_over_the_connection_made_before_it() {
    let bed = Testbed::new();
    bed.lambda.init();
    assert_eq!(bed.iot.connections_made(), 1);
    assert_eq!(bed.iot.operations(), []);

    let answer = bed.send(create(reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(bed.iot.connections_made(), 1);
    assert_eq!(bed.iot.operations(), [CreateJobTemplate]);
}

#[test]
fn the_answer_goes_over_one_connection() {
    let bed = Testbed::new();

    bed.send(create(reboot()));

    assert_eq!(bed.bucket.connections_made(), 1);
    assert_eq!(bed.bucket.operations(), [PutAnswer]);
}

#[test]
fn nothing_is_sent_over_the_connection_before_there_is_an_event() {
    let iot = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", iot.local_addr().unwrap());
    let lambda = FakeLambda::new(Function::new(bootstrap()).env("AWS_ENDPOINT_URL", &url));

    lambda.init();

    let (connection, _) = iot.accept().unwrap();
    connection.set_nonblocking(true).unwrap();
    let nothing = connection.peek(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connection_that_iot_has_closed_meanwhile_costs_no_call() {
    let bed = Testbed::new();
    bed.lambda.init();
    bed.iot.close_idle_connections();

    let answer = bed.send(create(reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(bed.iot.operations(), [CreateJobTemplate]);
}

#[test]
fn an_iot_that_cannot_be_reached_at_first_is_no_error() {
    for fault in [
        Fault::TlsFailure,
        Fault::Refused {
            lasting: Duration::from_secs(60),
        },
    ] {
        let bed = Testbed::new();
        bed.iot.fault(When::Always, fault.clone());
        bed.lambda.init();
        bed.iot.heal();

        let answer = bed.send(create(reboot()));

        assert!(answer.succeeded(), "{fault:?}: {answer:?}");
        assert_eq!(bed.iot.operations(), [CreateJobTemplate], "{fault:?}");
    }
}

#[test]
fn what_needs_no_iot_is_answered_although_iot_hangs() {
    // Connections to it are made, and then nothing happens.
    let hanging = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}", hanging.local_addr().unwrap());
    let bed = Testbed::with(|function| function.env("AWS_ENDPOINT_URL_IOT", &url));

    let answer = bed.send(create(json!({"NoSuchProperty": 1})));

    assert!(answer.reason().contains("NoSuchProperty"), "{answer:?}");
}

#[test]
fn without_credentials_or_region_the_function_comes_up_silently() {
    for variable in ["AWS_ACCESS_KEY_ID", "AWS_REGION"] {
        let bed = Testbed::with(|function| function.without_env(variable));

        bed.lambda.init();

        assert_eq!(bed.lambda.log(), Vec::<String>::new(), "without {variable}");
    }
}

#[test]
fn a_runtime_api_that_goes_away_is_the_end_and_no_error() {
    for has_served in [false, true] {
        let bed = Testbed::new();
        bed.lambda.init();
        if has_served {
            bed.send(create(reboot()));
        }

        let (outcome, log) = bed.lambda.go_away();

        assert_eq!(outcome, Outcome::Exited { code: 0 }, "{log:?}");
        assert!(log.iter().all(|line| line.contains("INFO")), "{log:?}");
    }
}

#[test]
fn a_runtime_api_that_never_was_there_is_an_error() {
    // A port that is bound and does not listen.
    let nobody = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    nobody
        .bind(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
        .unwrap();
    let address = nobody.local_addr().unwrap().as_socket().unwrap();
    let script = format!("AWS_LAMBDA_RUNTIME_API={address} exec {}", bootstrap());
    let lambda = FakeLambda::new(Function::new("/bin/sh").argument("-c").argument(&script));

    let invocation = lambda.invoke("{}", Duration::from_secs(20));

    assert_eq!(invocation.outcome, Outcome::Exited { code: 1 });
    assert!(
        invocation
            .log
            .iter()
            .any(|line| line.contains("the function cannot run")),
        "{invocation:?}"
    );
}
