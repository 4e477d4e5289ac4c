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
            let mut lossy = LossyLeaves::default();
            write_lossless(json, path, report, &mut lossy, &mut text);
            lossy.tell(path, report);
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

/// The leaves of a map or list that could have been something else than text.
#[derive(Default)]
struct LossyLeaves {
    count: usize,
    /// The paths of as many as fit the answer, each as long as fits it.
    paths: Vec<String>,
    /// What the paths take of the answer, in bytes.
    length: usize,
}

/// Of an answer's 4096 bytes, what all these paths may take.
const MOST_BYTES_OF_PATHS: usize = 2000;

impl LossyLeaves {
    fn add(&mut self, path: &Path) {
        let is_full = self.paths.len() < self.count;
        self.count += 1;
        if is_full {
            return;
        }
        let path = path.to_string();
        let path = match &self.paths[..] {
            [] => end_of(path, MOST_BYTES_OF_PATHS),
            _ => path,
        };
        self.length += length_in_answer(&path) + ", ".len();
        if self.paths.is_empty() || self.length <= MOST_BYTES_OF_PATHS {
            self.paths.push(path);
        }
    }

    /// One problem for all of them.
    fn tell(self, document: &Path, report: &mut Report) {
        const WHY: &str = "CloudFormation turns numbers, true, false and null into text, and";
        const WAYS_OUT: &str = "(give the whole Document as a string of JSON, or with Fn::ToJsonString)";
        match (&self.paths[..], self.count - self.paths.len()) {
            ([], _) => {}
            ([path], 0) => report.problem(
                &Path::from(path.clone()),
                format!("{WHY} this could have been one {WAYS_OUT}"),
            ),
            (paths, more) => {
                let more = match more {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let (count, paths) = (self.count, paths.join(", "));
                report.problem(
                    document,
                    format!("{WHY} these {count} could have been some: {paths}{more} {WAYS_OUT}"),
                );
            }
        }
    }
}

/// The end of a path that is longer than `most` bytes of an answer: the leaf is there.
fn end_of(path: String, most: usize) -> String {
    let mut length = length_in_answer(&path);
    if length <= most {
        return path;
    }
    let end: String = path
        .chars()
        .skip_while(|character| {
            let cut = length + "…".len() > most;
            length -= length_in_answer(character.encode_utf8(&mut [0; 4]));
            cut
        })
        .collect();
    format!("…{end}")
}

/// The bytes that a text takes in the answer's JSON.
fn length_in_answer(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len() - "\"\"".len()
}

/// Writes what was given as a map or list back as JSON text, the keys of each map sorted: CloudFormation does not keep
/// their order, and the same properties must always give the same text.
///
/// CloudFormation turned every scalar into text on the way here. So text that reads as a number, true, false or null may
/// have been one; types are never guessed.
fn write_lossless(json: &Json, path: &Path, report: &mut Report, lossy: &mut LossyLeaves, text: &mut String) {
    match json {
        Json::Null => text.push_str("null"),
        Json::Bool(value) => text.push_str(&value.to_string()),
        Json::Number(value) => text.push_str(&value.to_string()),
        Json::String(value) => {
            if may_have_been_no_text(value) {
                lossy.add(path);
            }
            write_string(value, text);
        }
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_lossless(item, &path.item(index), report, lossy, text);
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
                write_lossless(value, &path, report, lossy, text);
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
