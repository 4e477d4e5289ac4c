//! The S3 bucket that takes a custom resource's answer.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use super::{
    URL_SIGNATURE, assert_discreet,
    event::Event,
    http::{Request, Response},
    server::{Handler, Operation, Server},
    tls::Authority,
};

const SIGNED_QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=7200&X-Amz-Signature=";

/// Takes PUTs to presigned URLs, one for each token, and keeps the bodies. Like S3 it refuses a
/// query that it did not sign and any content type (403), for CloudFormation signs without one, and
/// a body of unknown length (501). A [`Server`], so it can fail like one.
pub struct FakeBucket {
    server: Server,
    objects: Arc<Objects>,
}

/// An answer as the bucket took it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
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

    /// The presigned URL for this token. Its query is a secret.
    pub fn presigned_url(&self, token: &str) -> String {
        format!("{}/{token}?{SIGNED_QUERY}{URL_SIGNATURE}", self.url())
    }

    /// What was put for the event, in order. Panics if a secret is in it.
    pub fn answers(&self, event: &Event) -> Vec<Answer> {
        let bodies = self.objects.0.lock().unwrap();
        let bodies = bodies.get(&event.request_id()).cloned().unwrap_or_default();
        bodies.into_iter().map(Answer::read).collect()
    }

    /// What was put for the event, which is one answer or the test fails.
    pub fn only_answer(&self, event: &Event) -> Answer {
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

impl Answer {
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

/// The bodies put, by token.
#[derive(Default)]
struct Objects(Mutex<HashMap<String, Vec<Vec<u8>>>>);

fn token(request: &Request) -> &str {
    request.path.trim_start_matches('/')
}

impl Handler for Objects {
    fn call(&self, request: &Request) -> Option<(Operation, String)> {
        Some((Operation::PutAnswer, token(request).to_owned()))
    }

    fn carry_out(&self, request: &Request) -> Option<Response> {
        let signed = request.query.strip_prefix(SIGNED_QUERY) == Some(URL_SIGNATURE);
        let typed = request.header("content-type").is_some_and(|t| !t.is_empty());
        Some(if request.method != "PUT" || !signed || typed {
            refusal(403, "SignatureDoesNotMatch")
        } else if request.is_chunked() {
            refusal(501, "NotImplemented")
        } else {
            let mut objects = self.0.lock().unwrap();
            let bodies = objects.entry(token(request).to_owned()).or_default();
            bodies.push(request.body.clone());
            Response::new(200, "")
        })
    }
}

fn refusal(status: u16, code: &str) -> Response {
    Response::new(status, format!("<Error><Code>{code}</Code></Error>")).header("content-type", "application/xml")
}
