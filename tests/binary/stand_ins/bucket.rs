//! The S3 bucket that takes a custom resource's answer.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::Value;

use super::{
    REGION, URL_SIGNATURE, assert_discreet,
    event::Event,
    http::{Request, Response},
    server::{Handler, Operation, Server},
    tls::Authority,
};

/// For so long CloudFormation's URLs are good.
const EXPIRES: Duration = Duration::from_secs(7200);

/// Takes PUTs to presigned URLs, one for each token, and keeps the bodies. Like S3 it refuses a
/// query that it did not sign or that has expired, and any content type (403), for CloudFormation
/// signs without one, and a body of unknown length (501). A [`Server`], so it can fail like one.
pub struct FakeBucket {
    server: Server,
    objects: Arc<Objects>,
}

/// An answer as the bucket took it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceivedAnswer {
    /// The body, byte for byte.
    pub body: Vec<u8>,
    pub json: Value,
}

impl FakeBucket {
    pub fn http() -> Self {
        Self::start(None)
    }

    pub fn https(authority: &Authority) -> Self {
        Self::start(Some(authority))
    }

    fn start(tls: Option<&Authority>) -> Self {
        let objects = Arc::new(Objects::default());
        Self {
            server: Server::start(tls, objects.clone()),
            objects,
        }
    }

    /// The presigned URL for this token, as CloudFormation has it made for its events. Its query is a secret.
    pub fn presigned_url(&self, token: &str, signed_at: SystemTime) -> String {
        let date = amz_date(signed_at);
        let day = &date[..8];
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host&X-Amz-Expires={}\
             &X-Amz-Credential=AKIA6L7Q4OWTEXAMPLE0%2F{day}%2F{REGION}%2Fs3%2Faws4_request\
             &X-Amz-Signature={URL_SIGNATURE}",
            EXPIRES.as_secs()
        );
        self.signed_url(token, query, Some(signed_at + EXPIRES))
    }

    /// A URL that does not say when it was made, as no CloudFormation makes one.
    pub fn undated_url(&self, token: &str) -> String {
        let query = format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={URL_SIGNATURE}");
        self.signed_url(token, query, None)
    }

    fn signed_url(&self, token: &str, query: String, expires: Option<SystemTime>) -> String {
        let url = format!("{}/{token}?{query}", self.url());
        let target = format!("{token}?{query}");
        self.objects.state().signed.insert(target, expires);
        url
    }

    /// What was put for the event, in order. Panics if a secret is in it.
    pub fn answers(&self, event: &Event) -> Vec<ReceivedAnswer> {
        let put = self.objects.state().put.get(&event.request_id()).cloned();
        let bodies = put.unwrap_or_default();
        bodies.into_iter().map(ReceivedAnswer::read).collect()
    }

    /// What was put for the event, which is one answer or the test fails.
    pub fn only_answer(&self, event: &Event) -> ReceivedAnswer {
        let mut answers = self.answers(event);
        assert_eq!(answers.len(), 1, "answers to one event: {answers:?}");
        answers.remove(0)
    }
}

/// Faults and calls: see [`Server`].
impl Deref for FakeBucket {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl ReceivedAnswer {
    fn read(body: Vec<u8>) -> Self {
        let text = std::str::from_utf8(&body).expect("an answer is UTF-8");
        assert_discreet(text);
        let json = serde_json::from_str(text).expect("an answer is JSON");
        Self { body, json }
    }

    /// SUCCESS or FAILED.
    pub fn status(&self) -> &str {
        self.text("Status")
    }

    pub fn succeeded(&self) -> bool {
        self.status() == "SUCCESS"
    }

    /// Empty if there is none.
    pub fn reason(&self) -> &str {
        self.text("Reason")
    }

    pub fn physical_id(&self) -> &str {
        self.text("PhysicalResourceId")
    }

    /// What `Fn::GetAtt` reads.
    pub fn attribute(&self, name: &str) -> &Value {
        &self.json["Data"][name]
    }

    fn text(&self, member: &str) -> &str {
        self.json[member].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
struct Objects(Mutex<State>);

#[derive(Default)]
struct State {
    /// Token and query of each URL, and when it expires.
    signed: HashMap<String, Option<SystemTime>>,
    /// The bodies put, by token.
    put: HashMap<String, Vec<Vec<u8>>>,
}

impl Objects {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

fn token(request: &Request) -> &str {
    request.path.trim_start_matches('/')
}

impl Handler for Objects {
    fn call(&self, request: &Request) -> Option<(Operation, String)> {
        Some((Operation::PutAnswer, token(request).to_owned()))
    }

    fn carry_out(&self, request: &Request) -> Option<Response> {
        let mut state = self.state();
        let signed = state.signed.get(&format!("{}?{}", token(request), request.query));
        let typed = request.header("content-type").is_some_and(|t| !t.is_empty());
        Some(match signed {
            Some(Some(expires)) if *expires < SystemTime::now() => refusal(403, "AccessDenied"),
            Some(_) if request.method == "PUT" && !typed => {
                if request.is_chunked() {
                    return Some(refusal(501, "NotImplemented"));
                }
                let bodies = state.put.entry(token(request).to_owned()).or_default();
                bodies.push(request.body.clone());
                Response::new(200, "")
            }
            _ => refusal(403, "SignatureDoesNotMatch"),
        })
    }
}

fn refusal(status: u16, code: &str) -> Response {
    Response::new(status, format!("<Error><Code>{code}</Code></Error>")).header("content-type", "application/xml")
}

/// As SigV4 writes a date: `YYYYMMDDTHHMMSSZ`, in UTC.
fn amz_date(at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let date = DateTime::from_secs(seconds as i64).fmt(Format::DateTime).unwrap();
    date.replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_ins::{Fault, Operation::PutAnswer, Stack, When, client::Client};
    use serde_json::json;

    const SUCCESS: &[u8] = br#"{"Status":"SUCCESS","PhysicalResourceId":"one","Data":{"Arn":"a"}}"#;

    fn create() -> Event {
        Stack::named("fleet").create("Reboot", json!({}))
    }

    fn url(event: &Event) -> &str {
        event.json["ResponseURL"].as_str().unwrap()
    }

    /// PUTs to the event's URL, with these headers. Gives the status.
    fn put(bucket: &FakeBucket, event: &Event, headers: &[(&str, &str)], body: &[u8]) -> u16 {
        let target = url(event).strip_prefix(&bucket.url()).unwrap();
        Client::new(bucket).call("PUT", target, headers, body).unwrap().status
    }

    #[test]
    fn a_url_says_as_cloudformations_does_when_it_was_made_and_for_how_long_it_is_good() {
        let bucket = FakeBucket::http();
        let sent_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);

        let event = create().sent_at(sent_at).answered_at(&bucket);

        let (_, query) = url(&event).split_once('?').unwrap();
        let members: Vec<_> = query.split('&').map(|member| member.split_once('=').unwrap()).collect();
        assert_eq!(
            members,
            [
                ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                ("X-Amz-Date", "20260921T141320Z"),
                ("X-Amz-SignedHeaders", "host"),
                ("X-Amz-Expires", "7200"),
                (
                    "X-Amz-Credential",
                    "AKIA6L7Q4OWTEXAMPLE0%2F20260921%2Feu-central-1%2Fs3%2Faws4_request"
                ),
                ("X-Amz-Signature", URL_SIGNATURE),
            ]
        );
    }

    #[test]
    fn an_event_is_sent_now_unless_it_says_otherwise() {
        let bucket = FakeBucket::http();
        let before = amz_date(SystemTime::now());

        let (now, undated) = (create().answered_at(&bucket), create().undated().answered_at(&bucket));

        let (_, date) = url(&now).split_once("X-Amz-Date=").unwrap();
        assert!(
            (&*before..=&amz_date(SystemTime::now())).contains(&&date[..16]),
            "{date}"
        );
        assert!(!url(&undated).contains("X-Amz-Date"));
        assert_eq!(put(&bucket, &undated, &[], SUCCESS), 200);
    }

    #[test]
    fn each_events_answers_are_kept_apart() {
        let bucket = FakeBucket::http();
        let (one, two) = (create().answered_at(&bucket), create().answered_at(&bucket));

        assert_eq!(put(&bucket, &one, &[], SUCCESS), 200);

        let answer = bucket.only_answer(&one);
        assert!(answer.succeeded());
        assert_eq!(answer.physical_id(), "one");
        assert_eq!(answer.attribute("Arn"), "a");
        assert_eq!(bucket.answers(&two), []);
    }

    #[test]
    fn a_content_type_is_refused_unless_it_is_empty() {
        let bucket = FakeBucket::http();
        let event = create().answered_at(&bucket);

        assert_eq!(
            put(&bucket, &event, &[("content-type", "application/json")], SUCCESS),
            403
        );
        assert_eq!(bucket.answers(&event), []);
        assert_eq!(put(&bucket, &event, &[("content-type", "")], SUCCESS), 200);
    }

    #[test]
    fn what_was_not_signed_or_has_expired_is_refused() {
        let bucket = FakeBucket::http();
        let event = create().answered_at(&bucket);
        let target = url(&event).strip_prefix(&bucket.url()).unwrap();
        let mut client = Client::new(&bucket);
        let mut status = |method, target: &str| client.call(method, target, &[], SUCCESS).unwrap().status;
        let long_ago = SystemTime::now() - EXPIRES - Duration::from_secs(60);

        assert_eq!(status("POST", target), 403);
        assert_eq!(status("PUT", &target[..target.len() - 1]), 403);
        let expired = create().sent_at(long_ago).answered_at(&bucket);
        assert_eq!(put(&bucket, &expired, &[], SUCCESS), 403);
    }

    #[test]
    #[should_panic(expected = "given away")]
    fn an_answer_that_tells_a_secret_fails_the_test() {
        let bucket = FakeBucket::http();
        let event = create().answered_at(&bucket);
        let body = json!({"Status": "FAILED", "Reason": event.json["ResponseURL"]}).to_string();
        put(&bucket, &event, &[], body.as_bytes());

        bucket.answers(&event);
    }

    #[test]
    fn it_fails_like_any_server() {
        let bucket = FakeBucket::http();
        let event = create().answered_at(&bucket);
        bucket.fault(When::Call(1), Fault::unavailable());

        let statuses = [(); 2].map(|()| put(&bucket, &event, &[], SUCCESS));

        assert_eq!(statuses, [503, 200]);
        assert_eq!(bucket.answers(&event).len(), 1);
        assert_eq!(bucket.count(PutAnswer), 2);
    }
}
