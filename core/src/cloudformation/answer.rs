//! The answer to CloudFormation: at most 4096 bytes of JSON, PUT to the presigned ResponseURL.

use crate::cloudformation::event::Event;
use crate::properties::Finding;
use aws_lambda_events::cloudformation::{
    CloudFormationCustomResourceResponse as Response, CloudFormationCustomResourceResponseStatus as Status,
};
use std::collections::HashMap;

/// What is to be answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// `None` if the request succeeded.
    pub failed: Option<FailureKind>,
    /// Not empty, and at most 1 KB.
    pub physical_id: String,
    /// The parts of the reason, most important first. What does not fit is cut at a part's end.
    pub reason: Vec<String>,
    /// What `Fn::GetAtt` gives.
    pub data: HashMap<String, String>,
    /// For the log: each shorthand used, and what a Delete left alone.
    pub warnings: Vec<Finding>,
    /// For the log: what was carried out.
    pub plan: &'static str,
}

/// What kind of failure it was. A metric and a member of the log's `answer` line say so, and alarms hang on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The request or its properties could not be read.
    BadRequest,
    /// IoT refused, or the template is not this stack's.
    Refused,
    /// A request sent later has seen to the template; this one, which comes late, did nothing.
    Overtaken,
    /// The time was over before IoT did what was asked.
    OutOfTime,
    /// A mistake in this provider.
    Panic,
}

impl FailureKind {
    pub const ALL: [FailureKind; 5] = [
        FailureKind::BadRequest,
        FailureKind::Refused,
        FailureKind::Overtaken,
        FailureKind::OutOfTime,
        FailureKind::Panic,
    ];

    pub fn name(self) -> &'static str {
        match self {
            FailureKind::BadRequest => "BadRequest",
            FailureKind::Refused => "Refused",
            FailureKind::Overtaken => "Overtaken",
            FailureKind::OutOfTime => "OutOfTime",
            FailureKind::Panic => "Panic",
        }
    }
}

/// CloudFormation takes no more.
pub const MOST_BYTES: usize = 4096;

impl Answer {
    /// The body of the PUT.
    pub fn body(&self, event: &Event) -> Vec<u8> {
        let mut response = Response::default();
        response.status = match self.failed {
            None => Status::Success,
            Some(_) => Status::Failed,
        };
        // The ids are copied verbatim. CloudFormation's own are far below these bounds; an event may hold anything.
        response.physical_resource_id = cut(&self.physical_id, 1024);
        response.stack_id = cut(&event.stack_id, 800);
        response.request_id = cut(&event.request_id, 400);
        response.logical_resource_id = cut(&event.logical_resource_id, 400);
        response.data = self.data.clone();
        response.reason = Some(String::new());

        let room = MOST_BYTES.saturating_sub(written(&response).len());
        response.reason = Some(fit(&self.reason, room));
        written(&response)
    }
}

fn written(response: &Response) -> Vec<u8> {
    // Strings and a map of strings: writing them cannot fail.
    serde_json::to_vec(response).unwrap_or_default()
}

/// As many of the parts as fit into `room` bytes of JSON, and a count of the rest.
fn fit(parts: &[String], room: usize) -> String {
    let all = parts.join(SEPARATOR);
    if json_length(&all) <= room {
        return all;
    }
    let for_parts = room.saturating_sub(json_length(&rest(parts.len())));
    let mut kept = 0;
    let mut length = 0;
    for part in parts {
        length += json_length(part) + SEPARATOR.len();
        if length > for_parts {
            break;
        }
        kept += 1;
    }
    match kept {
        // Not even the first fits: there is nothing for it but to cut that.
        0 => cut(&all, room.saturating_sub(json_length(CUT))) + CUT,
        kept => parts.get(..kept).unwrap_or_default().join(SEPARATOR) + &rest(parts.len() - kept),
    }
}

/// Between the parts of a reason.
pub const SEPARATOR: &str = "; ";
const CUT: &str = "… (the whole is in the function's log)";

fn rest(count: usize) -> String {
    format!("; and {count} more, which are in the function's log")
}

/// As much of a text as takes at most `most` bytes in JSON, without its quotes.
fn cut(text: &str, most: usize) -> String {
    let mut length = 0;
    text.chars()
        .take_while(|character| {
            length += json_length(character.encode_utf8(&mut [0; 4]));
            length <= most
        })
        .collect()
}

fn json_length(text: &str) -> usize {
    text.chars()
        .map(|character| match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            character if character < ' ' => 6,
            character => character.len_utf8(),
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event() -> Event {
        event_with(
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/1",
            "request",
            "Reboot",
        )
    }

    fn event_with(stack_id: &str, request_id: &str, logical_resource_id: &str) -> Event {
        let event = serde_json::json!({
            "ResponseURL": "https://bucket",
            "StackId": stack_id,
            "RequestId": request_id,
            "LogicalResourceId": logical_resource_id,
        });
        Event::read(&event.to_string()).unwrap()
    }

    fn failed(reason: Vec<String>) -> Answer {
        Answer {
            failed: Some(FailureKind::Refused),
            physical_id: "nothing-asked:Reboot".into(),
            reason,
            ..Answer::default()
        }
    }

    fn reason(body: &[u8]) -> String {
        serde_json::from_slice::<Response>(body).unwrap().reason.unwrap()
    }

    #[test]
    fn ids_are_copied_verbatim() {
        let body = failed(vec!["no".into()]).body(&event());

        let response: Response = serde_json::from_slice(&body).unwrap();
        assert_eq!(response.stack_id, event().stack_id);
        assert_eq!(response.request_id, event().request_id);
        assert_eq!(response.logical_resource_id, event().logical_resource_id);
        assert_eq!(response.physical_resource_id, "nothing-asked:Reboot");
    }

    #[test]
    fn what_fits_is_said_whole() {
        let body = failed(vec!["one".into(), "two".into()]).body(&event());

        assert_eq!(reason(&body), "one; two");
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_parts_end_with_a_count_of_the_rest() {
        let parts: Vec<_> = (0..100).map(|n| format!("{n:-<99}")).collect();

        let body = failed(parts.clone()).body(&event());

        let reason = reason(&body);
        let (kept, rest) = reason.split_once("; and ").unwrap();
        let kept: Vec<_> = kept.split("; ").collect();
        assert_eq!(kept, parts[..kept.len()]);
        assert_eq!(
            rest,
            format!("{} more, which are in the function's log", 100 - kept.len())
        );
        assert!(body.len() > MOST_BYTES - 200, "{} bytes used", body.len());
    }

    #[test]
    fn a_single_part_that_does_not_fit_is_cut_in_itself() {
        let body = failed(vec!["ä".repeat(5000)]).body(&event());

        assert!(reason(&body).ends_with(CUT));
    }

    proptest! {
        #[test]
        fn an_answer_is_always_at_most_4096_bytes_of_json(
            parts in prop::collection::vec(".{0,2000}", 0..20),
            ids in prop::array::uniform4(".{0,2000}"),
            failed: bool,
        ) {
            let [physical_id, stack_id, request_id, logical_id] = ids;
            let event = event_with(&stack_id, &request_id, &logical_id);
            let failed = failed.then_some(FailureKind::Refused);
            let answer = Answer { failed, physical_id, reason: parts, ..Answer::default() };

            let body = answer.body(&event);

            prop_assert!(body.len() <= MOST_BYTES);
            prop_assert!(serde_json::from_slice::<Response>(&body).is_ok());
        }
    }
}
