//! Each fault as a client sees it: a fault that does not strike would let every test of faults pass.

use std::{
    io::{self, Read},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::stand_ins::{
    Authority, FakeIot, Fault,
    Operation::{CreateJobTemplate, DescribeJobTemplate},
    When,
    client::{Client, SIGNED, eventually},
};

const LONG: Duration = Duration::from_secs(60);

fn iot_with(when: When, fault: Fault) -> FakeIot {
    let iot = FakeIot::http();
    iot.fault(when, fault);
    iot
}

#[test]
fn a_reset_before_is_not_done_and_a_reset_after_is() {
    for (fault, done) in [(Fault::ResetBefore, false), (Fault::ResetAfter, true)] {
        let iot = iot_with(When::Call(1), fault);
        let error = Client::new(&iot).create("one").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(iot.template("one").is_some(), done);
        assert_eq!(iot.calls()[0].status, None);
    }
}

#[test]
fn a_refusal_names_code_message_and_when_to_come_back() {
    let fault = Fault::refusal(403, "AccessDeniedException", "no").retry_after(7);
    let iot = iot_with(When::Always, fault);
    let reply = Client::new(&iot).create("one").unwrap();
    assert_eq!((reply.status, reply.error_code()), (403, "AccessDeniedException"));
    assert_eq!(reply.json()["message"], "no");
    assert_eq!(reply.header("retry-after"), Some("7"));
    assert_eq!(iot.template("one"), None);
}

#[test]
fn an_internal_failure_may_be_done_all_the_same() {
    let iot = iot_with(When::Always, Fault::internal_failure().but_done());
    assert_eq!(Client::new(&iot).create("one").unwrap().status, 500);
    assert!(iot.template("one").is_some());
}

#[test]
fn a_body_cut_short_ends_before_its_length() {
    let iot = iot_with(When::Always, Fault::CutShort);
    let error = Client::new(&iot).create("one").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(iot.template("one").is_some());
}

#[test]
fn garbage_is_a_200_that_is_no_json() {
    let iot = iot_with(When::Always, Fault::Garbage);
    let reply = Client::new(&iot).create("one").unwrap();
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());
}

#[test]
fn silence_lasts_and_is_done_or_not() {
    for done in [false, true] {
        let iot = iot_with(When::Always, Fault::Silence { done });
        let mut client = Client::new(&iot);
        client.tcp.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert_eq!(client.create("one").unwrap_err().kind(), io::ErrorKind::WouldBlock);
        if done {
            eventually(|| iot.template("one").is_some());
        } else {
            assert_eq!(iot.template("one"), None);
        }
    }
}

#[test]
fn a_trickle_begins_but_does_not_come_to_an_end() {
    let iot = iot_with(When::Always, Fault::Trickle);
    let mut client = Client::new(&iot);
    client.send("GET", "/job-templates/one", &[SIGNED], b"").unwrap();
    let mut first = [0; 2];
    client.tcp.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HT");
    client.tcp.set_nonblocking(true).unwrap();
    let more = client.tcp.read(&mut [0; 4096]).unwrap_or(0);
    assert!(more < 60, "{more} more bytes at once");
}

#[test]
fn a_slow_answer_arrives_whole() {
    let iot = iot_with(When::Always, Fault::Slow(Duration::from_millis(20)));
    assert_eq!(Client::new(&iot).create("one").unwrap().status, 200);
}

#[test]
fn connections_are_refused_from_the_call_before_until_the_server_heals() {
    let iot = iot_with(When::Call(2), Fault::Refused { lasting: LONG });
    let mut client = Client::new(&iot);
    let mut idle = Client::new(&iot);
    assert_eq!(client.create("one").unwrap().header("connection"), Some("close"));
    let error = Client::try_new(&iot, None).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert!(idle.describe("one").is_err());
    iot.heal();
    assert_eq!(Client::new(&iot).describe("one").unwrap().status, 200);
    assert_eq!(iot.calls().len(), 2);
}

#[test]
fn connections_are_refused_for_the_time_given() {
    let iot = FakeIot::http();
    let open = Client::new(&iot);
    iot.fault(
        When::Call(1),
        Fault::Refused {
            lasting: Duration::from_millis(20),
        },
    );
    drop(open);
    eventually(|| Client::try_new(&iot, None).is_ok());
    assert_eq!(Client::new(&iot).create("one").unwrap().status, 200);
}

#[test]
fn a_tls_handshake_fails_for_its_call_only() {
    let authority = Authority::new();
    let iot = FakeIot::https(&authority);
    iot.fault(When::Call(2), Fault::TlsFailure);
    let mut client = Client::try_new(&iot, Some(&authority)).unwrap();
    assert_eq!(client.create("one").unwrap().header("connection"), Some("close"));
    let error = Client::try_new(&iot, Some(&authority)).err().unwrap();
    assert!(error.to_string().contains("HandshakeFailure"), "{error}");
    let mut client = Client::try_new(&iot, Some(&authority)).unwrap();
    assert_eq!(client.describe("one").unwrap().status, 200);
}

#[test]
fn tls_works_with_every_fault_that_breaks_an_answer() {
    let authority = Authority::new();
    let iot = FakeIot::https(&authority);
    let mut client = Client::try_new(&iot, Some(&authority)).unwrap();
    assert_eq!(client.create("one").unwrap().status, 200);
    assert_eq!(client.describe("one").unwrap().status, 200);
    iot.fault(When::Call(3), Fault::CutShort);
    assert_eq!(client.describe("one").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    iot.fault(When::Call(4), Fault::ResetAfter);
    let mut client = Client::try_new(&iot, Some(&authority)).unwrap();
    assert_eq!(
        client.describe("one").unwrap_err().kind(),
        io::ErrorKind::ConnectionReset
    );
}

#[test]
fn an_authority_is_not_trusted_for_anothers_server() {
    let iot = FakeIot::https(&Authority::new());
    assert!(Client::try_new(&iot, Some(&Authority::new())).is_err());
}

#[test]
fn an_idle_connection_is_closed_after_the_keep_alive() {
    let iot = FakeIot::http();
    iot.keep_alive(Duration::from_millis(20));
    let mut client = Client::new(&iot);
    client.create("one").unwrap();
    assert_eq!(client.tcp.read(&mut [0]).unwrap(), 0);
}

#[test]
fn idle_connections_close_on_demand() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    client.create("one").unwrap();
    iot.close_idle_connections();
    assert_eq!(client.tcp.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_fault_meets_the_calls_it_is_for() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    iot.fault(When::Nth(DescribeJobTemplate, 2), Fault::throttled());
    iot.fault(When::Every(CreateJobTemplate), Fault::unavailable());
    iot.fault_by(|call| (call.id == "bad").then(Fault::internal_failure));
    let mut status = vec![client.create("one").unwrap().status];
    for id in ["one", "one", "one", "bad"] {
        status.push(client.describe(id).unwrap().status);
    }
    assert_eq!(status, [503, 404, 429, 404, 500]);
}

#[test]
fn forgotten_calls_make_the_count_start_anew() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    client.describe("one").unwrap();
    iot.forget_calls();
    iot.fault(When::Nth(DescribeJobTemplate, 1), Fault::throttled());
    assert_eq!(client.describe("one").unwrap().status, 429);
    assert_eq!(iot.count(DescribeJobTemplate), 1);
}

#[test]
fn somebody_can_act_just_before_a_call() {
    let iot = Arc::new(FakeIot::http());
    let hand = Arc::downgrade(&iot);
    let delete = move || {
        let iot = hand.upgrade().unwrap();
        iot.by_hand(|templates| templates.remove("one"));
    };
    iot.fault(When::Nth(DescribeJobTemplate, 1), Fault::Meanwhile(Arc::new(delete)));
    let mut client = Client::new(&iot);
    client.create("one").unwrap();
    assert_eq!(client.describe("one").unwrap().status, 404);
}

#[test]
fn a_dropped_server_is_gone_with_its_connections() {
    let iot = FakeIot::http();
    let address = iot.address();
    let mut client = Client::new(&iot);
    client.describe("one").unwrap();
    drop(iot);
    assert_eq!(client.tcp.read(&mut [0]).unwrap(), 0);
    assert!(TcpStream::connect(address).is_err());
}
