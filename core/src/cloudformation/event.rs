//! CloudFormation's request as it arrives: its envelope read leniently, its properties left for later.
//!
//! An event that fails to deserialise before its handler runs is never answered, and its stack waits for an hour. So no
//! shape of the properties, and nothing else in the event, keeps the envelope from being read: what
//! `aws_lambda_events` has for requests, and for SNS, wants every member to be there and of its type, and is not used here.

use crate::json::Json;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// A request from CloudFormation. Members that are missing are empty.
#[derive(Debug, Default)]
pub struct Event {
    /// Where to PUT the answer: a presigned URL, and so a secret.
    pub response_url: String,
    pub request_type: String,
    pub request_id: String,
    pub stack_id: String,
    pub logical_resource_id: String,
    pub physical_resource_id: Option<String>,
    resource_properties: Option<Box<RawValue>>,
    old_resource_properties: Option<Box<RawValue>>,
}

/// Why an event cannot be answered at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswerable {
    NotAnObject(String),
    NoResponseUrl,
}

impl fmt::Display for Unanswerable {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Unanswerable::NotAnObject(why) => {
                write!(formatter, "the event is not a JSON object: {why}")
            }
            Unanswerable::NoResponseUrl => formatter
                .write_str("neither the event nor a message of SNS in it has a ResponseURL, so nobody can be answered"),
        }
    }
}

impl Event {
    /// Reads the envelope. Bytes that are not UTF-8 are replaced, so that the answer can still be made.
    ///
    /// Where the ServiceToken is an SNS topic, the request is the text of the message that SNS delivers.
    pub fn read(body: &str) -> Result<Event, Unanswerable> {
        let members: Members = serde_json::from_str(body).map_err(|error| {
            Unanswerable::NotAnObject(match error.classify() {
                // Of a value of another type serde's message quotes all there is, the URL with it.
                Category::Data => "it is another value".to_owned(),
                _ => error.to_string(),
            })
        })?;
        Event::of(&members).or_else(|why| {
            let message = members.message_of_sns().ok_or(why)?;
            Event::of(&serde_json::from_str(&message).map_err(|_| Unanswerable::NoResponseUrl)?)
        })
    }

    fn of(members: &Members) -> Result<Event, Unanswerable> {
        let text = |name: &str| members.0.get(name.as_bytes()).map(|raw| text_of(raw));
        let raw = |name: &str| members.0.get(name.as_bytes()).map(|raw| (*raw).to_owned());
        Ok(Event {
            response_url: text("ResponseURL")
                .filter(|url| !url.is_empty())
                .ok_or(Unanswerable::NoResponseUrl)?,
            request_type: text("RequestType").unwrap_or_default(),
            request_id: text("RequestId").unwrap_or_default(),
            stack_id: text("StackId").unwrap_or_default(),
            logical_resource_id: text("LogicalResourceId").unwrap_or_default(),
            physical_resource_id: text("PhysicalResourceId").filter(|id| !id.is_empty()),
            resource_properties: raw("ResourceProperties"),
            old_resource_properties: raw("OldResourceProperties"),
        })
    }

    /// The properties.
    ///
    /// # Errors
    /// Where and why they are no JSON that this provider can hold: nested deeper than 127 levels, say.
    pub fn properties(&self) -> Result<Json, String> {
        parse(self.resource_properties.as_deref())
    }

    /// How long CloudFormation waits for the answer, where the template says so: its own `ServiceTimeout`, 1 to 3600
    /// seconds. Text that is no such number was no such number to CloudFormation either.
    pub fn service_timeout(&self) -> Option<Duration> {
        let properties = self.resource_properties.as_deref()?;
        let members: Members = serde_json::from_str(properties.get()).ok()?;
        let seconds = text_of(members.0.get(b"ServiceTimeout".as_slice())?);
        let seconds = seconds.parse().ok()?;
        (1..=3600).contains(&seconds).then(|| Duration::from_secs(seconds))
    }

    /// The properties before an Update.
    pub fn old_properties(&self) -> Result<Json, String> {
        parse(self.old_resource_properties.as_deref())
    }
}

/// Lambda takes no more than this for an asynchronous invocation. Whoever invokes the function directly could send six
/// times as much, of which a million members would take more memory than there is.
const MOST_BYTES: usize = 1 << 20;

fn parse(raw: Option<&RawValue>) -> Result<Json, String> {
    match raw {
        None => Ok(Json::Object(Vec::new())),
        Some(raw) if raw.get().len() > MOST_BYTES => Err(format!(
            "{} bytes are more than CloudFormation can send",
            raw.get().len()
        )),
        Some(raw) => serde_json::from_str(raw.get()).map_err(|error| error.to_string()),
    }
}

/// A string's text; of anything else the JSON, as it is.
fn text_of(raw: &RawValue) -> String {
    match raw.get() {
        "null" => String::new(),
        json => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
    }
}

/// The members of an object, none of them looked into. Of two with one key the last counts.
struct Members<'a>(HashMap<Vec<u8>, &'a RawValue>);

impl Members<'_> {
    /// `Records[0].Sns.Message`. An event of SNS has one record.
    fn message_of_sns(&self) -> Option<String> {
        let First(record) = serde_json::from_str(self.0.get(b"Records".as_slice())?.get()).ok()?;
        let record: Members = serde_json::from_str(record?.get()).ok()?;
        let sns: Members = serde_json::from_str(record.0.get(b"Sns".as_slice())?.get()).ok()?;
        Some(text_of(sns.0.get(b"Message".as_slice())?))
    }
}

/// The first item of a list, if there is one. An event can have a million.
struct First<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor;

        impl<'de> Visitor<'de> for FirstVisitor {
            type Value = First<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a JSON list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let first = items.next_element()?;
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }

        deserializer.deserialize_seq(FirstVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut members = HashMap::new();
                while let Some(Key(key)) = entries.next_key()? {
                    if KNOWN.iter().any(|known| known.as_bytes() == key) {
                        members.insert(key, entries.next_value()?);
                    } else {
                        entries.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Of the envelope, of the properties, and of what SNS wraps around them.
const KNOWN: [&str; 12] = [
    "ResponseURL",
    "RequestType",
    "RequestId",
    "StackId",
    "LogicalResourceId",
    "PhysicalResourceId",
    "ResourceProperties",
    "OldResourceProperties",
    "ServiceTimeout",
    "Records",
    "Sns",
    "Message",
];

/// A key as bytes, for JSON can escape what is no Unicode text (a lone surrogate).
struct Key(Vec<u8>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a key")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Key, E> {
                Ok(Key(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_read_whatever_the_properties_are() {
        for properties in ["null", "[1,2]", "\"text\"", "{\"\\ud800\": 1e999}", &deep(100_000)] {
            let event = Event::read(&format!(
                r#"{{"ResourceProperties": {properties}, "RequestType": "Create", "ResponseURL": "https://x"}}"#
            ))
            .unwrap();

            assert_eq!(event.request_type, "Create", "{properties}");
        }
    }

    fn deep(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn keys_that_are_no_text_and_keys_that_come_twice_do_no_harm() {
        let event =
            Event::read(r#"{"\ud800": 1, "RequestId": "1", "RequestId": "2", "ResponseURL": "https://x"}"#).unwrap();

        assert_eq!(event.request_id, "2");
    }

    #[test]
    fn a_member_that_is_no_string_is_taken_as_its_json() {
        let event = Event::read(r#"{"RequestId": 7, "StackId": null, "ResponseURL": "https://x"}"#).unwrap();

        assert_eq!(event.request_id, "7");
        assert_eq!(event.stack_id, "");
    }

    #[test]
    fn what_is_no_object_cannot_be_answered() {
        for body in ["", "[]", "7", "{", "{\"ResponseURL\": \"https://x\"", "nonsense"] {
            assert!(matches!(Event::read(body), Err(Unanswerable::NotAnObject(_))), "{body}");
        }
    }

    #[test]
    fn without_a_response_url_nobody_can_be_answered() {
        for body in [
            "{}",
            r#"{"ResponseURL": ""}"#,
            r#"{"ResponseURL": null}"#,
            r#"{"Records": []}"#,
            r#"{"Records": {}}"#,
            r#"{"Records": [7]}"#,
            r#"{"Records": [{"Sns": "text"}]}"#,
            r#"{"Records": [{"Sns": {"Message": null}}]}"#,
            r#"{"Records": [{"Sns": {"Message": "hello"}}]}"#,
            r#"{"Records": [{"Sns": {"Message": "{}"}}]}"#,
            &in_sns(&in_sns(r#"{"ResponseURL": "https://x"}"#)),
        ] {
            assert_eq!(Event::read(body).unwrap_err(), Unanswerable::NoResponseUrl, "{body}");
        }
    }

    fn in_sns(message: &str) -> String {
        serde_json::json!({"Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "Sns": {"Type": "Notification", "Subject": "AWS CloudFormation custom resource request", "Message": message},
        }]})
        .to_string()
    }

    #[test]
    fn a_request_in_a_message_of_sns_is_that_request() {
        let properties = deep(1000);
        let request = format!(
            r#"{{"RequestType": "Delete", "PhysicalResourceId": "reboot", "ResponseURL": "https://x", "ResourceProperties": {properties}}}"#
        );

        let event = Event::read(&in_sns(&request)).unwrap();

        assert_eq!(event.request_type, "Delete");
        assert_eq!(event.physical_resource_id.as_deref(), Some("reboot"));
        assert!(event.properties().unwrap_err().contains("line 1 column 12"));
    }

    #[test]
    fn a_request_is_found_in_a_message_of_sns_whatever_is_around_it() {
        for body in [
            r#"{"Records": [{"Sns": {"Message": {"ResponseURL": "https://x"}}}]}"#.to_owned(),
            r#"{"ResponseURL": null, "Records": [{"Sns": {"Message": "{\"ResponseURL\": \"https://x\"}"}}, 7, {}]}"#
                .to_owned(),
            r#"{"ResponseURL": "https://x", "Records": "text"}"#.to_owned(),
            in_sns(r#"{"ResponseURL": "https://x", "ResourceProperties": {"\ud800": 1e999}}"#),
        ] {
            assert_eq!(Event::read(&body).unwrap().response_url, "https://x", "{body}");
        }
    }

    #[test]
    fn cloudformations_patience_is_read_whatever_else_the_properties_are() {
        for (properties, seconds) in [
            (r#"{"ServiceTimeout": "60"}"#, Some(60)),
            (r#"{"ServiceTimeout": 3600, "\ud800": 1e999}"#, Some(3600)),
            (r#"{"ServiceTimeout": "0"}"#, None),
            (r#"{"ServiceTimeout": "soon"}"#, None),
            (r#"{}"#, None),
            ("null", None),
        ] {
            let event = Event::read(&format!(
                r#"{{"ResourceProperties": {properties}, "ResponseURL": "https://x"}}"#
            ))
            .unwrap();

            assert_eq!(
                event.service_timeout(),
                seconds.map(Duration::from_secs),
                "{properties}"
            );
        }
    }

    #[test]
    fn properties_that_cannot_be_held_are_an_error_that_says_where() {
        let event = Event::read(&format!(
            r#"{{"ResourceProperties": {}, "ResponseURL": "https://x"}}"#,
            deep(1000)
        ))
        .unwrap();

        assert!(event.properties().unwrap_err().contains("line 1 column 12"));
    }
}
