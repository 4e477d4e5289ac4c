//! CloudFormation's requests.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

use serde_json::{Value, json};

use super::{ACCOUNT, REGION, bucket::FakeBucket};

const SERVICE_TOKEN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:iot-job-template";

/// A stack, which sends requests for its resources.
#[derive(Clone, Debug)]
pub struct Stack {
    pub name: String,
    /// The stack's ARN.
    pub id: String,
}

/// A request of CloudFormation. Sent again it is the same request: at-least-once delivery.
#[derive(Clone, Debug)]
pub struct Event {
    pub json: Value,
    sent: Sent,
}

/// When an event was sent, which its ResponseURL says: that is signed at that moment.
#[derive(Clone, Copy, Debug)]
enum Sent {
    Now,
    At(SystemTime),
    /// Its ResponseURL does not say.
    Undated,
}

impl Stack {
    /// A stack with this name; two made with one name are one stack.
    pub fn named(name: &str) -> Self {
        Self::incarnation(name, 0)
    }

    /// The nth stack that has had this name: the name is the same, the id another.
    pub fn incarnation(name: &str, n: u32) -> Self {
        let id = format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/5ac00000-0000-4000-8000-{n:012}");
        Self {
            name: name.to_owned(),
            id,
        }
    }

    pub fn create(&self, logical_id: &str, properties: Value) -> Event {
        self.request("Create", logical_id, properties)
    }

    pub fn update(&self, logical_id: &str, physical_id: &str, new: Value, old: Value) -> Event {
        self.request("Update", logical_id, new)
            .with("PhysicalResourceId", json!(physical_id))
            .with("OldResourceProperties", as_sent(old))
    }

    pub fn delete(&self, logical_id: &str, physical_id: &str, properties: Value) -> Event {
        self.request("Delete", logical_id, properties)
            .with("PhysicalResourceId", json!(physical_id))
    }

    /// A physical id as CloudFormation makes one up when it cancels a create.
    pub fn made_up_id(&self, logical_id: &str) -> String {
        format!("{}-{logical_id}-1M4DEUP0RAND0", self.name)
    }

    fn request(&self, kind: &str, logical_id: &str, properties: Value) -> Event {
        Event::of(json!({
            "RequestType": kind,
            "RequestId": new_request_id(),
            "StackId": self.id,
            "LogicalResourceId": logical_id,
            "ResourceType": "Custom::IoTJobTemplate",
            "ServiceToken": SERVICE_TOKEN,
            "ResourceProperties": as_sent(properties),
        }))
    }
}

fn new_request_id() -> String {
    static MADE: AtomicU32 = AtomicU32::new(1);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    format!("00000000-0000-4000-8000-{number:012}")
}

impl Event {
    /// An event with just these members.
    pub fn of(json: Value) -> Self {
        Self { json, sent: Sent::Now }
    }

    /// CloudFormation sent it then, rather than just now.
    pub fn sent_at(mut self, at: SystemTime) -> Self {
        self.sent = Sent::At(at);
        self
    }

    /// Nothing in it says when it was sent.
    pub fn undated(mut self) -> Self {
        self.sent = Sent::Undated;
        self
    }

    /// With the bucket's presigned URL for this request as its ResponseURL.
    pub fn answered_at(self, bucket: &FakeBucket) -> Self {
        let token = self.request_id();
        let url = match self.sent {
            Sent::Now => bucket.presigned_url(&token, SystemTime::now()),
            Sent::At(at) => bucket.presigned_url(&token, at),
            Sent::Undated => bucket.undated_url(&token),
        };
        self.with("ResponseURL", json!(url))
    }

    /// The same asked for once more, in a request of its own.
    pub fn again(&self) -> Self {
        self.clone().with("RequestId", json!(new_request_id()))
    }

    /// With this member set, or replaced.
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.json[member] = value;
        self
    }

    pub fn without(mut self, member: &str) -> Self {
        self.json.as_object_mut().unwrap().remove(member);
        self
    }

    pub fn request_id(&self) -> String {
        self.json["RequestId"].as_str().unwrap_or_default().to_owned()
    }
}

impl From<&Event> for Vec<u8> {
    fn from(event: &Event) -> Self {
        event.json.to_string().into_bytes()
    }
}

/// The properties as CloudFormation sends them: every scalar is a string, at every depth, and the
/// ServiceToken comes along.
fn as_sent(properties: Value) -> Value {
    let mut sent = with_scalars_as_strings(properties);
    if let Some(members) = sent.as_object_mut() {
        members.insert("ServiceToken".to_owned(), json!(SERVICE_TOKEN));
    }
    sent
}

fn with_scalars_as_strings(value: Value) -> Value {
    match value {
        Value::Bool(b) => b.to_string().into(),
        Value::Number(n) => n.to_string().into(),
        Value::Array(items) => items.into_iter().map(with_scalars_as_strings).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, with_scalars_as_strings(value)))
            .collect(),
        string_or_null => string_or_null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
