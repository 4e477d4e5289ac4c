//! What must hold for any bytes, each as a function that panics if it does not.
#![allow(clippy::expect_used, clippy::indexing_slicing)]

use iot_job_template_core::cloudformation::answer::{Answer, FailureKind, MOST_BYTES};
use iot_job_template_core::cloudformation::event::Event;
use iot_job_template_core::cloudformation::owner::Owner;
use iot_job_template_core::cloudformation::physical_id::PhysicalId;
use iot_job_template_core::cloudformation::request;
use iot_job_template_core::cloudformation::sent::Sent;
use iot_job_template_core::json::Json;
use iot_job_template_core::properties;
use serde_json::Value;
use std::time::UNIX_EPOCH;

/// Never a panic, and an answer whenever there is a ResponseURL.
pub fn event(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let event = Event::read(&text);
    // What any reader of JSON can find the URL in can be answered.
    if let Ok(json) = serde_json::from_str::<Value>(&text)
        && let Some(url) = response_url(&json).or_else(|| {
            let record = json.get("Records")?.as_array()?.first()?;
            let message = record.get("Sns")?.get("Message")?.as_str()?;
            response_url(&serde_json::from_str(message).ok()?)
        })
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
    Sent::read(&event, UNIX_EPOCH);
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
        failed: (!reason.is_empty()).then_some(FailureKind::BadRequest),
        physical_id: PhysicalId::NothingAsked.write(&owner),
        reason,
        ..Answer::default()
    };
    let body = answer.body(&event);
    assert!(body.len() <= MOST_BYTES, "{} bytes", body.len());
    let body: Value = serde_json::from_slice(&body).expect("an answer is JSON");
    assert_ne!(body["PhysicalResourceId"], "");
}

fn response_url(request: &Value) -> Option<String> {
    let url = request.get("ResponseURL")?.as_str()?;
    (!url.is_empty()).then(|| url.to_owned())
}

/// Read or refused; and what is read prints, and reads the same again.
pub fn properties(data: &[u8]) {
    let Ok(json) = serde_json::from_slice::<Json>(data) else {
        return;
    };
    match properties::read(&json) {
        Ok(read) => {
            let printed = serde_json::to_string(&read.desired).expect("can be printed");
            let json = serde_json::from_str(&printed).expect("is JSON");
            let again = properties::read(&json).expect("what is wanted can be asked for again");
            assert_eq!(again.desired, read.desired, "{printed}");
            assert_eq!(again.warnings, [], "{printed}");
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(!problem.text.starts_with("could not be taken over"), "{problem}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    fn replay(target: &str, check: impl Fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let mut count = 0;
        for entry in std::fs::read_dir(corpus).unwrap() {
            let file = entry.unwrap().path();
            println!("{}", file.display());
            check(&std::fs::read(file).unwrap());
            count += 1;
        }
        assert!(count > 0);
    }

    #[test]
    fn any_bytes_as_an_event_are_answered_if_they_say_where() {
        replay("event", super::event);
    }

    #[test]
    fn properties_are_read_or_refused_and_what_is_read_prints_and_reads_the_same() {
        replay("properties", super::properties);
    }
}
