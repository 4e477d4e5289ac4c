//! What must hold for any bytes given as an event. The fuzz target checks it, and a test replays the corpus with it.

use crate::answer::{Answer, MOST_BYTES};
use crate::event::Event;
use crate::metrics::Why;
use crate::ownership::Owner;
use crate::physical_id::PhysicalId;
use crate::request;
use serde_json::Value;
use std::collections::HashMap;

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let event = Event::read(&text);
    // What any reader of JSON can find the URL in can be answered.
    if let Ok(Value::Object(members)) = serde_json::from_str(&text)
        && let Some(url) = members.get("ResponseURL").and_then(Value::as_str)
        && !url.is_empty()
    {
        assert_eq!(event.as_ref().expect("an event").response_url, url);
    }
    let event = match event {
        Ok(event) => event,
        Err(why) => {
            // It is for the log, and says what is wrong without a word of the event, which may be a secret.
            assert!(why.to_string().len() < 150, "{why}");
            return;
        }
    };
    event.service_timeout();
    let reason = match request::read(&event) {
        Ok(_) => Vec::new(),
        Err(reason) => {
            assert!(!reason.is_empty(), "refused, and no reason given");
            reason
        }
    };
    let owner = Owner {
        stack_id: event.stack_id.clone(),
        logical_id: event.logical_resource_id.clone(),
    };
    let answer = Answer {
        failed: (!reason.is_empty()).then_some(Why::BadRequest),
        physical_id: PhysicalId::NothingMade.write(&owner),
        reason,
        data: HashMap::new(),
    };
    let body = answer.body(&event);
    assert!(body.len() <= MOST_BYTES, "{} bytes", body.len());
    let body: Value = serde_json::from_slice(&body).expect("an answer is JSON");
    assert_ne!(body["PhysicalResourceId"], "");
}
