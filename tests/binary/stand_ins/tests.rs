//! The test support does what it says, seen through a small client of its own.

use std::{
    env,
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    panic,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::stand_ins::{
    Operation::{CreateJobTemplate, DescribeJobTemplate, ListTagsForResource, PutAnswer, TagResource},
    *,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};

// ---- The client ----

const SIGNED: (&str, &str) = (
    "authorization",
    "AWS4-HMAC-SHA256 Credential=A/20261005/eu-central-1/iot/aws4_request",
);

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A connection to a server, kept alive.
struct Client {
    stream: BufReader<Box<dyn Stream>>,
    tcp: TcpStream,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines();
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v)
    }

    fn error_code(&self) -> &str {
        self.header("x-amzn-errortype").unwrap_or_default()
    }
}

impl Client {
    fn new(server: &Server) -> Self {
        Self::try_new(server, None).expect("a connection")
    }

    fn try_new(server: &Server, authority: Option<&Authority>) -> io::Result<Self> {
        let tcp = TcpStream::connect(server.address())?;
        let stream: Box<dyn Stream> = match authority {
            None => Box::new(tcp.try_clone()?),
            Some(authority) => Box::new(Self::tls(tcp.try_clone()?, authority)?),
        };
        Ok(Self {
            stream: BufReader::new(stream),
            tcp,
        })
    }

    fn tls(mut tcp: TcpStream, authority: &Authority) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority.bundle()).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let mut session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut tcp)?;
        }
        Ok(StreamOwned::new(session, tcp))
    }

    fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: x\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat())?;
        stream.flush()
    }

    fn receive(&mut self) -> io::Result<Reply> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let mut reply = Reply {
            status: head[9..12].parse().unwrap(),
            head,
            body: Vec::new(),
        };
        let length = reply.header("content-length").unwrap_or("0").parse().unwrap();
        reply.body.resize(length, 0);
        self.stream.read_exact(&mut reply.body)?;
        Ok(reply)
    }

    fn call(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        self.send(method, target, headers, body)?;
        self.receive()
    }

    /// A signed call to IoT.
    fn iot(&mut self, method: &str, target: &str, body: &Value) -> io::Result<Reply> {
        self.call(method, target, &[SIGNED], body.to_string().as_bytes())
    }

    fn create(&mut self, id: &str) -> io::Result<Reply> {
        self.iot(
            "PUT",
            &format!("/job-templates/{id}"),
            &json!({"description": "d", "document": "{}"}),
        )
    }

    fn describe(&mut self, id: &str) -> io::Result<Reply> {
        self.iot("GET", &format!("/job-templates/{id}"), &json!({}))
    }
}

/// Waits for a condition that will come true.
fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        thread::sleep(Duration::from_millis(1));
    }
}

const LONG: Duration = Duration::from_secs(60);

// ---- IoT ----

#[test]
fn an_absent_template_is_not_found() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    for method in ["GET", "DELETE"] {
        let reply = client.iot(method, "/job-templates/nope", &json!({})).unwrap();
        assert_eq!(reply.status, 404);
        assert_eq!(reply.error_code(), "ResourceNotFoundException");
        assert_eq!(reply.json()["message"], "Job Template nope cannot be found.");
        assert!(reply.header("x-amzn-requestid").is_some());
    }
}

#[test]
fn an_id_that_exists_is_a_conflict() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let reply = client.create("one").unwrap();
    let arn = "arn:aws:iot:eu-central-1:123456789012:jobtemplate/one";
    assert_eq!(reply.json(), json!({"jobTemplateId": "one", "jobTemplateArn": arn}));
    let reply = client.create("one").unwrap();
    assert_eq!((reply.status, reply.error_code()), (409, "ConflictException"));
}

#[test]
fn what_is_absent_is_described_as_nulls_or_objects_of_nulls() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    client.create("one").unwrap();
    let mut described = client.describe("one").unwrap().json();
    assert!(described["createdAt"].take().is_f64());
    assert_eq!(
        described,
        json!({
            "jobTemplateArn": FakeIot::arn("one"),
            "jobTemplateId": "one",
            "createdAt": null,
            "description": "d",
            "document": "{}",
            "documentSource": null,
            "presignedUrlConfig": {"roleArn": null, "expiresInSec": null},
            "jobExecutionsRolloutConfig": {"exponentialRate": null, "maximumPerMinute": null},
            "abortConfig": null,
            "timeoutConfig": {"inProgressTimeoutInMinutes": null},
            "jobExecutionsRetryConfig": null,
            "maintenanceWindows": null,
            "destinationPackageVersions": null,
        })
    );
}

#[test]
fn doubles_are_described_as_floats() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let request = json!({
        "description": "d",
        "document": "{}",
        "abortConfig": {"criteriaList": [{
            "failureType": "ALL", "action": "CANCEL",
            "thresholdPercentage": 25, "minNumberOfExecutedThings": 1
        }]},
        "jobExecutionsRolloutConfig": {"exponentialRate": {
            "baseRatePerMinute": 10, "incrementFactor": 2,
            "rateIncreaseCriteria": {"numberOfSucceededThings": 3}
        }},
    });
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    let text = String::from_utf8(client.describe("one").unwrap().body).unwrap();
    assert!(text.contains(r#""thresholdPercentage":25.0"#), "{text}");
    assert!(text.contains(r#""incrementFactor":2.0"#), "{text}");
    assert!(text.contains(r#""baseRatePerMinute":10,"#), "{text}");
    assert!(text.contains(r#""numberOfNotifiedThings":null"#), "{text}");
}

#[test]
fn a_document_source_is_read_once_at_creation() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let source = "https://bucket.s3.amazonaws.com/job.json";
    let request = json!({"description": "d", "documentSource": source});
    let refused = client.iot("PUT", "/job-templates/one", &request).unwrap();
    assert_eq!(refused.error_code(), "InvalidRequestException");

    iot.put_object(source, r#"{"v":1}"#);
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    iot.put_object(source, r#"{"v":2}"#);
    let described = client.describe("one").unwrap().json();
    assert_eq!(described["documentSource"], source);
    assert_eq!(described["document"], r#"{"v":1}"#);
}

#[test]
fn a_job_lends_its_document_and_configuration() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let arn = "arn:aws:iot:eu-central-1:123456789012:job/update";
    let timeout = json!({"inProgressTimeoutInMinutes": 5});
    iot.put_job(arn, json!({"document": "[1]", "timeoutConfig": timeout}));
    let request = json!({"description": "d", "jobArn": arn});
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    let described = client.describe("one").unwrap().json();
    assert_eq!(described["document"], "[1]");
    assert_eq!(described["timeoutConfig"], timeout);
}

#[test]
fn what_the_service_refuses_is_refused_in_its_words() {
    let criterion = |failure, threshold: f64| {
        json!({
            "failureType": failure, "action": "CANCEL",
            "thresholdPercentage": threshold, "minNumberOfExecutedThings": 1
        })
    };
    let abort = |criteria: Value| json!({"document": "{}", "abortConfig": {"criteriaList": criteria}});
    let deep = |n| json!({"document": "[".repeat(n) + &"]".repeat(n)});
    let tags = |n| -> Value { (0..n).map(|i| json!({"Key": i.to_string(), "Value": ""})).collect() };
    let no_json = "Job document located at request input is an invalid JSON document.";
    let cases = [
        (json!({}), "Neither job document nor job document source is specified."),
        (
            json!({"document": "{}", "documentSource": "https://b.s3.amazonaws.com/k"}),
            "Job document and job document source cannot be specified at the same time.",
        ),
        (json!({"document": "{"}), no_json),
        (deep(1001), no_json),
        (
            json!({"document": r#"{"u":"${aws:iot:s3-presigned-url:https://b.s3.amazonaws.com/k}"}"#}),
            "Role must be provided for pre-sign S3 urls in job document of job one.",
        ),
        (
            json!({"document": "{}", "timeoutConfig": {"inProgressTimeoutInMinutes": 10081}}),
            "Provide valid timeout value, inProgressTimeoutInMinutes cannot be 10081.",
        ),
        (
            abort(json!([criterion("ALL", 1.0), criterion("ALL", 2.0)])),
            "Multiple AbortCriteria cannot have the same failure type",
        ),
        (
            abort(json!([criterion("ALL", 0.0)])),
            "ThresholdPercentage value 0.0 for AbortCriteria must have value greater than 0",
        ),
        (
            abort(json!([criterion("ALL", 0.125)])),
            "Abort thresholdPercentage must have two or less decimal digits",
        ),
        (
            json!({"document": "{}", "tags": [{"Key": "aws:x", "Value": ""}]}),
            "Tags cannot begin with \"aws:\", offending tag: aws:x",
        ),
        (
            json!({"document": "{}", "tags": tags(51)}),
            "Too many tags provided in the request. Please check the input.",
        ),
    ];
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    for (mut request, message) in cases {
        request["description"] = json!("d");
        let reply = client.iot("PUT", "/job-templates/one", &request).unwrap();
        assert_eq!((reply.status, reply.error_code()), (400, "InvalidRequestException"));
        assert_eq!(reply.json()["message"], message);
    }
    for mut accepted in [
        deep(1000),
        abort(json!([criterion("ALL", 0.07), criterion("FAILED", 99.99)])),
    ] {
        accepted["description"] = json!("d");
        let reply = client.iot("PUT", "/job-templates/one", &accepted).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        iot.by_hand(|templates| templates.clear());
    }
}

#[test]
fn what_the_model_forbids_is_a_validation_error() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let mut refusal = |id: &str, request: Value| {
        let reply = client.iot("PUT", &format!("/job-templates/{id}"), &request).unwrap();
        reply.json()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refusal("one", json!({"document": "{}"})),
        "1 validation error detected: Value null at 'description' failed to satisfy constraint: \
         Member must not be null"
    );
    assert_eq!(
        refusal("o%2Ee", json!({"description": "d", "document": "{}"})),
        "1 validation error detected: Value 'o.e' at 'jobTemplateId' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"
    );
}

#[test]
fn tags_come_with_the_template_change_in_place_and_go_with_it() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let arn = FakeIot::arn("one");
    let list = format!("/tags?resourceArn={}", arn.replace(':', "%3A").replace('/', "%2F"));
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    let request = json!({"description": "d", "document": "{}", "tags": tags});
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().json()["tags"], tags);

    let change = json!({"resourceArn": arn, "tags": [{"Key": "b", "Value": "3"}]});
    client.iot("POST", "/tags", &change).unwrap();
    let removal = json!({"resourceArn": arn, "tagKeys": ["a", "unknown"]});
    assert_eq!(client.iot("POST", "/untag", &removal).unwrap().status, 200);
    let tags = json!([{"Key": "b", "Value": "3"}]);
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().json()["tags"], tags);

    client.iot("DELETE", "/job-templates/one", &json!({})).unwrap();
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().status, 404);
    iot.lists_tags_of_absent(TagsOfAbsent::Empty);
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().json()["tags"], json!([]));
}

#[test]
fn tags_are_listed_in_pages() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let template = Template::new(json!({})).tagged("a", "").tagged("b", "").tagged("c", "");
    iot.by_hand(|templates| templates.insert("one".into(), template));
    iot.lists_tags_in_pages_of(2);
    let list = format!("/tags?resourceArn={}", FakeIot::arn("one"));
    let first = client.iot("GET", &list, &json!({})).unwrap().json();
    assert_eq!(first["tags"].as_array().unwrap().len(), 2);
    let token = first["nextToken"].as_str().unwrap();
    let rest = client
        .iot("GET", &format!("{list}&nextToken={token}"), &json!({}))
        .unwrap()
        .json();
    assert_eq!(rest, json!({"tags": [{"Key": "c", "Value": ""}], "nextToken": null}));
}

#[test]
fn a_fifty_first_tag_is_refused_and_changes_nothing() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let template = (0..50).fold(Template::new(json!({})), |t, i| t.tagged(&i.to_string(), ""));
    iot.by_hand(|templates| templates.insert("one".into(), template.clone()));
    let change = json!({"resourceArn": FakeIot::arn("one"), "tags": [
        {"Key": "0", "Value": "changed"}, {"Key": "new", "Value": ""}
    ]});
    assert_eq!(client.iot("POST", "/tags", &change).unwrap().status, 400);
    assert_eq!(iot.template("one"), Some(template));
}

#[test]
fn an_unsigned_call_is_refused() {
    let iot = FakeIot::http();
    let reply = Client::new(&iot).call("GET", "/job-templates/one", &[], b"").unwrap();
    assert_eq!(reply.status, 403);
}

#[test]
fn each_operation_is_throttled_beyond_its_own_rate() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    iot.limit_rate(0.0, 2.0);
    let status: Vec<_> = (0..3).map(|_| client.describe("one").unwrap().status).collect();
    assert_eq!(status, [404, 404, 429]);
    assert_eq!(client.create("one").unwrap().status, 200);
    assert_eq!(iot.throttled(), 1);
}

#[test]
fn calls_are_recorded_in_order() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    client.create("one").unwrap();
    client.describe("two").unwrap();
    client
        .iot("GET", &format!("/tags?resourceArn={}", FakeIot::arn("one")), &json!({}))
        .unwrap();
    client
        .iot(
            "POST",
            "/tags",
            &json!({"resourceArn": FakeIot::arn("two"), "tags": []}),
        )
        .unwrap();
    let calls: Vec<_> = iot.calls().into_iter().map(|c| (c.operation, c.id, c.status)).collect();
    let expected = [
        (CreateJobTemplate, "one", 200),
        (DescribeJobTemplate, "two", 404),
        (ListTagsForResource, "one", 200),
        (TagResource, "two", 404),
    ];
    assert_eq!(
        calls,
        expected.map(|(op, id, status)| (op, id.to_owned(), Some(status)))
    );
}

#[test]
fn a_chunked_body_is_read() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let request = concat!(
        "PUT /job-templates/one HTTP/1.1\r\ntransfer-encoding: chunked\r\n",
        "authorization: AWS4-HMAC-SHA256 Credential=A/1/eu-central-1/iot/aws4_request\r\n\r\n",
        "11\r\n{\"description\":\"d\r\n15\r\n\",\"document\":\"[1,2]\"}\r\n0\r\n\r\n"
    );
    client.tcp.write_all(request.as_bytes()).unwrap();
    assert_eq!(client.receive().unwrap().status, 200);
    assert_eq!(iot.template("one").unwrap().content["document"], "[1,2]");
}

// ---- The bucket ----

fn event(bucket: &FakeBucket) -> Event {
    Stack::named("fleet").create("Reboot", json!({})).answered_at(bucket)
}

/// The presigned URL without scheme and authority.
fn target(bucket: &FakeBucket, event: &Event) -> String {
    let url = event.json["ResponseURL"].as_str().unwrap();
    url.strip_prefix(&bucket.url()).unwrap().to_owned()
}

const SUCCESS: &[u8] = br#"{"Status":"SUCCESS","PhysicalResourceId":"one","Data":{"Arn":"a"}}"#;

#[test]
fn the_bucket_keeps_each_events_answers_apart() {
    let bucket = FakeBucket::http();
    let mut client = Client::new(&bucket);
    let (one, two) = (event(&bucket), event(&bucket));
    assert_eq!(
        client.call("PUT", &target(&bucket, &one), &[], SUCCESS).unwrap().status,
        200
    );
    let answer = bucket.only_answer(&one);
    assert!(answer.succeeded());
    assert_eq!(answer.physical_id(), "one");
    assert_eq!(answer.attribute("Arn"), "a");
    assert_eq!(bucket.answers(&two), []);
}

#[test]
fn the_bucket_refuses_a_content_type_unless_it_is_empty() {
    let bucket = FakeBucket::http();
    let mut client = Client::new(&bucket);
    let event = event(&bucket);
    let target = target(&bucket, &event);
    let mut put = |content_type| {
        let headers = [("content-type", content_type)];
        client.call("PUT", &target, &headers, SUCCESS).unwrap().status
    };
    assert_eq!(put("application/json"), 403);
    assert_eq!(bucket.answers(&event), []);
    assert_eq!(put(""), 200);
}

#[test]
fn the_bucket_refuses_what_it_did_not_sign() {
    let bucket = FakeBucket::http();
    let mut client = Client::new(&bucket);
    let target = target(&bucket, &event(&bucket));
    assert_eq!(client.call("POST", &target, &[], SUCCESS).unwrap().status, 403);
    assert_eq!(
        client
            .call("PUT", &target[..target.len() - 1], &[], SUCCESS)
            .unwrap()
            .status,
        403
    );
}

#[test]
#[should_panic(expected = "given away")]
fn an_answer_that_tells_a_secret_fails_the_test() {
    let bucket = FakeBucket::http();
    let event = event(&bucket);
    let body = json!({"Status": "FAILED", "Reason": event.json["ResponseURL"]}).to_string();
    Client::new(&bucket)
        .call("PUT", &target(&bucket, &event), &[], body.as_bytes())
        .unwrap();
    bucket.answers(&event);
}

// ---- Requests ----

#[test]
fn properties_arrive_as_strings_at_every_depth_with_the_service_token() {
    let event = Stack::named("fleet").create("Reboot", json!({"a": 60, "b": [true, {"c": 0.5}]}));
    let properties = &event.json["ResourceProperties"];
    assert_eq!(properties["a"], "60");
    assert_eq!(properties["b"], json!(["true", {"c": "0.5"}]));
    assert_eq!(properties["ServiceToken"], event.json["ServiceToken"]);
}

#[test]
fn update_and_delete_carry_what_they_are_about() {
    let stack = Stack::named("fleet");
    let update = stack.update("Reboot", "one", json!({"a": 2}), json!({"a": 1}));
    assert_eq!(update.json["PhysicalResourceId"], "one");
    assert_eq!(update.json["ResourceProperties"]["a"], "2");
    assert_eq!(update.json["OldResourceProperties"]["a"], "1");
    let delete = stack.delete("Reboot", "one", json!({}));
    assert_eq!(delete.json["PhysicalResourceId"], "one");
    assert_ne!(update.request_id(), delete.request_id());
}

// ---- Faults, as a client sees them ----

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
fn the_bucket_fails_like_any_server() {
    let bucket = FakeBucket::http();
    let event = event(&bucket);
    bucket.fault(When::Call(1), Fault::unavailable());
    let mut client = Client::new(&bucket);
    let mut put = || {
        client
            .call("PUT", &target(&bucket, &event), &[], SUCCESS)
            .unwrap()
            .status
    };
    assert_eq!((put(), put()), (503, 200));
    assert_eq!(bucket.answers(&event).len(), 1);
    assert_eq!(bucket.count(PutAnswer), 2);
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

// ---- Lambda ----

/// Not a test: the program that the tests below run as their function. What it does is in the
/// event.
#[test]
#[ignore = "a program for other tests"]
fn stand_in() {
    let variable = |name| env::var(name).unwrap_or_default();
    let connect = |address: &str| {
        let tcp = TcpStream::connect(address).unwrap();
        let stream: Box<dyn Stream> = Box::new(tcp.try_clone().unwrap());
        Client {
            stream: BufReader::new(stream),
            tcp,
        }
    };
    let mut runtime = connect(&variable("AWS_LAMBDA_RUNTIME_API"));
    loop {
        let next = runtime
            .call("GET", "/2018-06-01/runtime/invocation/next", &[], b"")
            .unwrap();
        let event = next.json();
        let invocation = format!(
            "/2018-06-01/runtime/invocation/{}",
            next.header("lambda-runtime-aws-request-id").unwrap()
        );
        let (way, body) = match event["do"].as_str().unwrap() {
            "exit" => std::process::exit(3),
            "fail" => ("error", json!({"errorType": "Kind", "errorMessage": "why"})),
            "create" => {
                let iot = variable("AWS_ENDPOINT_URL_IOT");
                let reply = connect(iot.strip_prefix("http://").unwrap()).create("one");
                ("response", json!(reply.map(|reply| reply.status).ok()))
            }
            "log" => {
                println!("{}", event["line"].as_str().unwrap());
                ("response", json!(null))
            }
            "environment" => {
                let all: Vec<_> = env::vars().map(|(name, _)| name).collect();
                ("response", json!({"all": all, "region": variable("AWS_REGION")}))
            }
            other => panic!("what is {other}?"),
        };
        let body = body.to_string();
        runtime
            .call("POST", &format!("{invocation}/{way}"), &[], body.as_bytes())
            .unwrap();
    }
}

fn function() -> Function {
    Function::new(env::current_exe().unwrap())
        .argument("stand_in")
        .argument("--exact")
        .argument("--ignored")
        .argument("--nocapture")
}

fn order(what: &str) -> Vec<u8> {
    json!({"do": what}).to_string().into_bytes()
}

#[test]
fn a_function_responds_fails_or_exits() {
    let lambda = FakeLambda::new(function());
    assert!(lambda.invoke(order("environment"), LONG).responded());
    let failed = lambda.invoke(order("fail"), LONG).outcome;
    assert_eq!(
        failed,
        Outcome::Errored {
            kind: "Kind".into(),
            message: "why".into()
        }
    );
    assert_eq!(lambda.invoke(order("exit"), LONG).outcome, Outcome::Exited { code: 3 });
}

#[test]
fn the_environment_is_lambdas_and_nothing_else() {
    let lambda = FakeLambda::new(function().without_env("LANG"));
    let Outcome::Responded(environment) = lambda.invoke(order("environment"), LONG).outcome else {
        panic!("no response");
    };
    assert_eq!(environment["region"], REGION);
    let all = environment["all"].as_array().unwrap();
    assert!(all.contains(&json!("AWS_LAMBDA_FUNCTION_NAME")));
    assert!(!all.contains(&json!("LANG")));
    assert!(!all.contains(&json!("CARGO_MANIFEST_DIR")));
}

#[test]
fn an_event_that_fails_is_delivered_up_to_three_times() {
    let lambda = FakeLambda::new(function());
    let deliveries = lambda.deliver(order("fail"), LONG);
    assert_eq!(deliveries.len(), 3);
    assert_eq!(deliveries[0].request_id, deliveries[2].request_id);
}

#[test]
fn an_event_is_delivered_until_it_is_responded_to() {
    let iot = FakeIot::http();
    let lambda = FakeLambda::new(function().calling(&iot));
    iot.fault(When::Call(1), Fault::KillAfter(lambda.killer()));
    let deliveries = lambda.deliver(order("create"), LONG);
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries[1].responded());
}

#[test]
fn a_process_serves_one_event_after_the_other_and_a_dead_one_is_replaced() {
    let lambda = FakeLambda::new(function());
    lambda.invoke(order("environment"), LONG);
    let first = lambda.pid();
    lambda.invoke(order("environment"), LONG);
    assert_eq!(lambda.pid(), first);
    lambda.invoke(order("exit"), LONG);
    assert!(lambda.invoke(order("environment"), LONG).responded());
    assert_ne!(lambda.pid(), first);
}

#[test]
fn a_function_that_misses_its_deadline_is_killed() {
    let iot = iot_with(When::Always, Fault::Silence { done: false });
    let lambda = FakeLambda::new(function().calling(&iot));
    let invocation = lambda.invoke(order("create"), Duration::from_millis(200));
    assert_eq!(invocation.outcome, Outcome::TimedOut);
    iot.heal();
    assert!(lambda.invoke(order("create"), LONG).responded());
}

#[test]
fn a_kill_strikes_just_before_or_just_after_a_call() {
    let iot = FakeIot::http();
    let lambda = FakeLambda::new(function().calling(&iot));
    iot.fault(When::Call(1), Fault::KillBefore(lambda.killer()));
    assert!(lambda.invoke(order("create"), LONG).was_killed());
    assert_eq!(iot.template("one"), None);
    iot.fault(When::Call(2), Fault::KillAfter(lambda.killer()));
    assert!(lambda.invoke(order("create"), LONG).was_killed());
    assert!(iot.template("one").is_some());
    assert_eq!(
        lambda.invoke(order("create"), LONG).outcome,
        Outcome::Responded(json!(409))
    );
}

#[test]
fn a_log_line_belongs_to_the_event_that_wrote_it() {
    let lambda = FakeLambda::new(function());
    lambda.init();
    let log = |line: &str| {
        let event = json!({"do": "log", "line": line}).to_string();
        lambda.invoke(event, LONG)
    };
    assert_eq!(log(r#"{"one":1}"#).json_log(), [json!({"one": 1})]);
    assert_eq!(log("two").log, ["two"]);
    assert_eq!(lambda.log().last().unwrap(), "two");
}

#[test]
fn a_log_that_tells_a_secret_fails_the_test() {
    let told = panic::catch_unwind(|| {
        let lambda = FakeLambda::new(function());
        let event = json!({"do": "log", "line": format!("token={SESSION_TOKEN}")}).to_string();
        lambda.invoke(event, LONG)
    });
    let message = *told.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("given away"), "{message}");
}

#[test]
fn a_frozen_process_stands_still_and_goes_on_when_thawed() {
    let lambda = FakeLambda::new(function());
    lambda.init();
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", lambda.pid())).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    };
    lambda.freeze();
    assert_eq!(state(), 'T');
    lambda.thaw();
    assert!(lambda.invoke(order("environment"), LONG).responded());
}

#[test]
fn memory_and_open_files_can_be_read() {
    let lambda = FakeLambda::new(function());
    lambda.init();
    let memory = lambda.memory();
    assert!(memory.peak >= memory.resident && memory.resident > 0);
    // stdin, stdout and stderr, and the connection to the runtime API.
    assert!(lambda.open_files() >= 4);
}

#[test]
fn a_dropped_lambda_leaves_no_process() {
    let lambda = FakeLambda::new(function());
    lambda.init();
    let process = format!("/proc/{}", lambda.pid());
    drop(lambda);
    assert!(!std::path::Path::new(&process).exists());
}

#[test]
fn fifty_functions_run_at_once() {
    let iot = FakeIot::http();
    let statuses = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let lambda = FakeLambda::new(function().calling(&iot));
                let outcome = lambda.invoke(order("create"), LONG).outcome;
                statuses.lock().unwrap().push(outcome);
            });
        }
    });
    let statuses = statuses.into_inner().unwrap();
    let count = |status| {
        statuses
            .iter()
            .filter(|s| **s == Outcome::Responded(json!(status)))
            .count()
    };
    assert_eq!((count(200), count(409)), (1, 49));
    assert_eq!(iot.count(CreateJobTemplate), 50);
}
