//! The job document: a string goes to IoT byte for byte; a map or list only where nothing can have been lost.

use super::fields::Read;
use super::kinds::Kind;
use super::report::{Path, Report};
use super::scalars::{is_numeric, wrong};
use crate::json::Json;
use serde::de::IgnoredAny;

/// Deeper documents are refused by the service (measured).
const MAX_DEPTH: usize = 1000;

/// Reads a document of at most `max` characters. No problem says anything of its content but where it is.
pub fn read(max: usize, json: &Json, path: &Path, report: &mut Report) -> Read {
    let text = match json {
        Json::Array(_) | Json::Object(_) => {
            let problems = report.problems.len();
            let mut text = String::new();
            write_lossless(json, path, report, &mut text);
            if report.problems.len() > problems {
                return Read::Wrong;
            }
            text
        }
        _ => match json.scalar_text() {
            Some(text) => text,
            None => return wrong(&Kind::Document { max }, json, path, report),
        },
    };
    let length = text.chars().count();
    if length > max {
        report.problem(path, format!("has {length} characters (it takes at most {max})"));
        return Read::Wrong;
    }
    // Skips over the values without recursion, so that no depth is too much for it.
    if let Err(error) = serde_json::from_str::<IgnoredAny>(&text) {
        report.problem(path, format!("is not JSON: {error}"));
        return Read::Wrong;
    }
    let depth = depth(&text);
    if depth > MAX_DEPTH {
        report.problem(path, format!("is nested {depth} deep (IoT takes at most {MAX_DEPTH})"));
        return Read::Wrong;
    }
    Read::Good(text.into())
}

/// Writes what was given as a map or list back as JSON text, the keys of each map sorted: CloudFormation does not keep
/// their order, and the same properties must always give the same text.
///
/// CloudFormation turned every scalar into text on the way here. So text that reads as a number, true, false or null may
/// have been one; types are never guessed.
fn write_lossless(json: &Json, path: &Path, report: &mut Report, text: &mut String) {
    match json {
        Json::Null => text.push_str("null"),
        Json::Bool(value) => text.push_str(&value.to_string()),
        Json::Number(value) => text.push_str(&value.to_string()),
        Json::String(value) => {
            if may_have_been_no_text(value) {
                report.problem(
                    path,
                    "CloudFormation turns numbers, true, false and null into text, and this could have been one \
                     (give the whole Document as a string of JSON, or with Fn::ToJsonString)",
                );
            }
            write_string(value, text);
        }
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_lossless(item, &path.item(index), report, text);
            }
            text.push(']');
        }
        Json::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key);
            let mut last = None;
            text.push('{');
            for (key, value) in entries {
                if last.is_some() {
                    text.push(',');
                }
                let path = path.member(key);
                if last.replace(key) == Some(key) {
                    report.problem(&path, "given twice");
                }
                write_string(key, text);
                text.push(':');
                write_lossless(value, &path, report, text);
            }
            text.push('}');
        }
    }
}

fn write_string(value: &str, text: &mut String) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

/// Whether text can be what CloudFormation makes of something else.
fn may_have_been_no_text(text: &str) -> bool {
    is_numeric(text)
        || ["true", "false", "null"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// How deep arrays and objects are nested in a text that is known to be JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
