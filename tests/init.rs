//! What the function does before its first event: it may help, and never harm.

mod support;

use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;
use support::{
    Answer, Authority, FakeBucket, FakeIot, FakeLambda, Fault, Function, Operation::*, Stack, When,
};

struct World {
    authority: Authority,
    iot: FakeIot,
    bucket: FakeBucket,
}

impl World {
    fn new() -> World {
        let authority = Authority::new();
        World {
            iot: FakeIot::https(&authority),
            bucket: FakeBucket::https(&authority),
            authority,
        }
    }

    fn function(&self) -> Function {
        Function::new(env!("CARGO_BIN_EXE_bootstrap"))
            .calling(&self.iot)
            .trusting(&self.authority)
    }

    fn create(&self, lambda: &FakeLambda, properties: Value) -> Answer {
        let event = Stack::named("fleet")
            .create("Reboot", properties)
            .answered_at(&self.bucket);
        let invocation = lambda.invoke(&event, Duration::from_secs(20));
        assert!(invocation.responded(), "{invocation:?}");
        self.bucket.only_answer(&event)
    }
}

fn reboot() -> Value {
    json!({"JobTemplateId": "reboot", "Description": "Reboot", "Document": "{}"})
}

#[test]
fn the_first_create_is_one_call_over_the_connection_made_before_it() {
    let world = World::new();
    let lambda = FakeLambda::new(world.function());
    lambda.init();
    assert_eq!(world.iot.connections_made(), 1);
    assert_eq!(world.iot.operations(), []);

    let answer = world.create(&lambda, reboot());

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(world.iot.connections_made(), 1);
    assert_eq!(world.iot.operations(), [CreateJobTemplate]);
}

#[test]
fn the_answer_goes_over_one_connection() {
    let world = World::new();
    let lambda = FakeLambda::new(world.function());

    world.create(&lambda, reboot());

    assert_eq!(world.bucket.connections_made(), 1);
    assert_eq!(world.bucket.operations(), [PutAnswer]);
}

#[test]
fn nothing_is_sent_over_the_connection_before_there_is_an_event() {
    let iot = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", iot.local_addr().unwrap());
    let function = Function::new(env!("CARGO_BIN_EXE_bootstrap")).env("AWS_ENDPOINT_URL", &url);
    let lambda = FakeLambda::new(function);

    lambda.init();

    let (connection, _) = iot.accept().unwrap();
    connection.set_nonblocking(true).unwrap();
    let nothing = connection.peek(&mut [0]).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connection_that_iot_has_closed_meanwhile_costs_no_call() {
    let world = World::new();
    let lambda = FakeLambda::new(world.function());
    lambda.init();
    world.iot.close_idle_connections();

    let answer = world.create(&lambda, reboot());

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(world.iot.operations(), [CreateJobTemplate]);
}

#[test]
fn an_iot_that_cannot_be_reached_at_first_is_no_error() {
    for fault in [
        Fault::TlsFailure,
        Fault::Refused {
            lasting: Duration::from_secs(60),
        },
    ] {
        let world = World::new();
        world.iot.fault(When::Always, fault.clone());
        let lambda = FakeLambda::new(world.function());
        lambda.init();
        world.iot.heal();

        let answer = world.create(&lambda, reboot());

        assert!(answer.succeeded(), "{fault:?}: {answer:?}");
        assert_eq!(world.iot.operations(), [CreateJobTemplate], "{fault:?}");
    }
}

#[test]
fn what_needs_no_iot_is_answered_although_iot_hangs() {
    let world = World::new();
    // Connections to it are made, and then nothing happens.
    let hanging = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}", hanging.local_addr().unwrap());
    let lambda = FakeLambda::new(world.function().env("AWS_ENDPOINT_URL_IOT", &url));

    let answer = world.create(&lambda, json!({"NoSuchProperty": 1}));

    assert!(answer.reason().contains("NoSuchProperty"), "{answer:?}");
}

#[test]
fn without_credentials_or_region_the_function_comes_up_silently() {
    for variable in ["AWS_ACCESS_KEY_ID", "AWS_REGION"] {
        let world = World::new();
        let lambda = FakeLambda::new(world.function().without_env(variable));

        lambda.init();

        assert_eq!(lambda.log(), Vec::<String>::new(), "without {variable}");
    }
}
