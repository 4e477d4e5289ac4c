//! What was sent, delivered and answered: the truth that promises are held against, and a trace for people.

use crate::cloudformation::Reply;
use crate::iot::Maker;
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

#[derive(Clone, Debug, Default)]
pub struct Record {
    pub requests: Vec<Sent>,
    pub deliveries: Vec<Delivery>,
    /// Whether lines are kept: they cost more than all the rest.
    pub tracing: bool,
    pub lines: Vec<String>,
}

/// A request of CloudFormation's.
#[derive(Clone, Debug)]
pub struct Sent {
    pub kind: Kind,
    pub stack: Rc<str>,
    pub logical_id: Rc<str>,
    pub physical_id: Option<String>,
    /// Whether its properties have `Adopt`.
    pub adopts: bool,
    pub is_readable: bool,
    /// Whether its properties give another id than the physical one.
    pub is_of_another_id: bool,
    pub event: Rc<str>,
    pub sent: Duration,
    /// How long CloudFormation waits.
    pub patience: Duration,
    /// The first answer: CloudFormation takes no other.
    pub reply: Option<Reply>,
    /// Whether the template was the resource's own when that was given: another's that is as declared is a success, too.
    pub has_it: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Create,
    Update,
    Delete,
}

/// One delivery of a request to the function.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub request: usize,
    pub started: Duration,
    pub ended: Option<Duration>,
    /// When IoT got its last call.
    pub acted: Duration,
    /// When IoT answered its last look.
    pub seen: Duration,
    /// Whether any of its looks was answered.
    pub could_look: bool,
    pub reply: Option<Reply>,
    /// The look that ended last, if no other call began since.
    pub look: Option<Look>,
    /// What it had deleted or given back.
    pub deleted: Vec<String>,
    /// Ids under which a look showed it another's template.
    pub met: Vec<String>,
    /// How many of its creates gave no answer.
    pub unclear: usize,
    /// Templates whose tags it tried to set, or to look at for that, and did not learn that it had.
    pub words_failed: BTreeSet<String>,
}

#[derive(Clone, Debug)]
pub struct Look {
    pub id: String,
    /// When IoT answered it: what is done to the template after that, it cannot show.
    pub seen: Duration,
    /// The same, of the look at its tags that was right before a look at its content.
    pub since: Duration,
    pub of_tags: bool,
    pub ended: Duration,
}

/// ServiceTimeout where nothing is set, and how long a ResponseURL is good.
const AN_HOUR: Duration = Duration::from_secs(3600);
const URL_EXPIRES: Duration = Duration::from_secs(7200);

impl Record {
    /// Notes a request that is sent now. Its ResponseURL says when.
    pub fn send(&mut self, event: &Value, sent: Duration) -> usize {
        let mut event = event.clone();
        event["ResponseURL"] = crate::clock::response_url(sent).into();
        let text = |member: &str| event[member].as_str().map(str::to_owned);
        let properties = &event["ResourceProperties"];
        let timeout = properties["ServiceTimeout"]
            .as_str()
            .and_then(|seconds| seconds.parse().ok());
        self.trace(|| {
            let [kind, request, physical_id] = ["RequestType", "RequestId", "PhysicalResourceId"].map(text);
            let (old, new) = (&event["OldResourceProperties"], without_token(properties));
            let [kind, request] = [kind, request].map(Option::unwrap_or_default);
            let was = if old.is_null() {
                String::new()
            } else {
                format!(", was {}", without_token(old))
            };
            format!("  {sent:?} {kind} ({request}) of {physical_id:?}: {new}{was}")
        });
        self.requests.push(Sent {
            kind: match event["RequestType"].as_str() {
                Some("Create") => Kind::Create,
                Some("Update") => Kind::Update,
                _ => Kind::Delete,
            },
            stack: text("StackId").unwrap_or_default().into(),
            logical_id: text("LogicalResourceId").unwrap_or_default().into(),
            physical_id: text("PhysicalResourceId"),
            adopts: has_adopt(properties),
            is_readable: properties["Documents"].is_null(),
            is_of_another_id: properties["JobTemplateId"].as_str() != event["PhysicalResourceId"].as_str(),
            event: event.to_string().into(),
            sent,
            patience: timeout.map_or(AN_HOUR, Duration::from_secs).min(URL_EXPIRES),
            reply: None,
            has_it: false,
        });
        self.requests.len() - 1
    }

    pub fn begin(&mut self, request: usize, started: Duration) -> usize {
        let (number, id) = (self.deliveries.len(), self.requests[request].kind);
        self.trace(|| format!("  {started:?} [{number}] is delivered: request {request}, a {id:?}"));
        self.deliveries.push(Delivery {
            request,
            started,
            ended: None,
            acted: started,
            seen: started,
            could_look: false,
            reply: None,
            look: None,
            deleted: Vec::new(),
            met: Vec::new(),
            unclear: 0,
            words_failed: BTreeSet::new(),
        });
        self.deliveries.len() - 1
    }

    /// Notes a delivery's end. `has_it`: see [`Sent::has_it`].
    pub fn end(&mut self, delivery: usize, reply: Option<Reply>, has_it: bool, now: Duration) {
        let request = self.deliveries[delivery].request;
        self.trace(|| match &reply {
            Some(reply) => format!("  {now:?} [{delivery}] answers {reply:?}"),
            None => format!("  {now:?} [{delivery}] is killed"),
        });
        let first = &mut self.requests[request].reply;
        if first.is_none() {
            first.clone_from(&reply);
            self.requests[request].has_it = has_it;
        }
        self.deliveries[delivery].ended = Some(now);
        self.deliveries[delivery].reply = reply;
    }

    pub fn request_of(&self, delivery: usize) -> &Sent {
        &self.requests[self.deliveries[delivery].request]
    }

    /// The delivery whose answer CloudFormation took.
    pub fn answered(&self, request: usize) -> Option<&Delivery> {
        let answered = |delivery: &&Delivery| delivery.request == request && delivery.reply.is_some();
        self.deliveries
            .iter()
            .filter(answered)
            .min_by_key(|delivery| delivery.ended)
    }

    /// Who makes what this delivery makes.
    pub fn maker(&self, delivery: usize) -> Maker {
        self.maker_of(self.deliveries[delivery].request)
    }

    /// Who makes what this request makes.
    pub fn maker_of(&self, request: usize) -> Maker {
        let request = &self.requests[request];
        Maker::of(&request.stack, &request.logical_id)
    }

    /// The requests of the same resource that were sent after this one.
    pub fn later(&self, request: usize) -> impl Iterator<Item = (usize, &Sent)> {
        let this = &self.requests[request];
        self.requests
            .iter()
            .enumerate()
            .skip(request + 1)
            .filter(|(_, other)| (&other.stack, &other.logical_id) == (&this.stack, &this.logical_id))
    }

    pub fn trace(&mut self, line: impl FnOnce() -> String) {
        if self.tracing {
            self.lines.push(line());
        }
    }
}

impl Sent {
    /// Its event, read.
    pub fn members(&self) -> Value {
        serde_json::from_str(&self.event).expect("an event")
    }

    /// When CloudFormation no longer waits.
    pub fn given_up(&self) -> Duration {
        self.sent + self.patience
    }

    /// "A Delete … whose own properties have `Adopt` or cannot be read": those for another id are not its own.
    pub fn gives_back(&self) -> bool {
        self.adopts || !self.is_readable || self.is_of_another_id
    }

    /// Whether it is an Update or a Delete of this very id.
    pub fn is_of_held(&self, id: &str) -> bool {
        self.kind != Kind::Create && self.physical_id.as_deref() == Some(id)
    }
}

/// Whether these properties have `Adopt`, and not just to say no.
pub fn has_adopt(properties: &Value) -> bool {
    properties["Adopt"].as_str().is_some_and(|adopt| adopt != "false")
}

fn without_token(properties: &Value) -> Value {
    let mut properties = properties.clone();
    if let Some(members) = properties.as_object_mut() {
        members.remove("ServiceToken");
    }
    properties
}
