//! Tags: a list of Key/Value pairs, or a map.

use super::fields::Read;
use super::kinds::Kind;
use super::read::read as read_kind;
use super::report::{Path, Report, quoted};
use super::scalars::wrong;
use super::spec::{MAX_TAGS, TAG, TAG_KEY, TAG_VALUE};
use crate::cloudformation::owner::PROVIDER_TAGS;
use crate::json::Json;
use serde_json::{Map, Value};

/// Reads tags into a map of them. A missing value is the empty text.
pub fn read(json: &Json, path: &Path, report: &mut Report) -> Read {
    let problems = report.problems.len();
    if let Some(pair) = one_pair(json) {
        report.problem(
            path,
            format!("a map of Key and Value would be two tags of these names (the list [{pair}] is one tag)"),
        );
        return Read::Wrong;
    }
    let pairs: Vec<(Path, String, String)> = match json {
        Json::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| read_pair(item, path.item(index), report))
            .collect(),
        Json::Object(entries) => entries
            .iter()
            .filter_map(|(key, value)| read_entry(key, value, path.member(key), report))
            .collect(),
        _ => return wrong(&Kind::Tags, json, path, report),
    };

    let mut tags = Map::new();
    for (path, key, value) in pairs {
        check_key(&key, &path, report);
        if tags.insert(key.clone(), value.into()).is_some() {
            report.problem(&path, format!("the tag {} is given twice", quoted(&key)));
        }
    }
    if tags.len() > MAX_TAGS {
        report.problem(
            path,
            format!(
                "has {} tags (it takes {MAX_TAGS}: IoT's 50, less the three that this provider sets)",
                tags.len()
            ),
        );
    }
    match (report.problems.len() == problems, tags.is_empty()) {
        (false, _) => Read::Wrong,
        (true, true) => Read::LeftOut,
        (true, false) => Read::Good(Value::Object(tags)),
    }
}

/// The pair that a map of just Key and Value was probably meant to be.
fn one_pair(json: &Json) -> Option<String> {
    let Json::Object(entries) = json else {
        return None;
    };
    let value_of = |name: &str| {
        let (_, value) = entries
            .iter()
            .find(|(key, _)| TAG.member(key).is_some_and(|member| member.name == name))?;
        Some(quoted(&value.scalar_text().unwrap_or_default()))
    };
    let (key, value) = (value_of("Key")?, value_of("Value")?);
    (entries.len() == 2).then(|| format!("{{\"Key\": {key}, \"Value\": {value}}}"))
}

fn read_pair(json: &Json, path: Path, report: &mut Report) -> Option<(Path, String, String)> {
    match read_kind(&Kind::Map(&TAG), json, &path, report) {
        Read::Good(pair) => Some((path, text_of(pair.get("Key")), text_of(pair.get("Value")))),
        Read::Wrong => None,
        Read::LeftOut => {
            report.problem(&path, "empty (it takes a map of Key, Value)");
            None
        }
    }
}

fn read_entry(key: &str, value: &Json, path: Path, report: &mut Report) -> Option<(Path, String, String)> {
    let key = match read_kind(&TAG_KEY, &Json::String(key.to_owned()), &path, report) {
        Read::Good(key) => text_of(Some(&key)),
        Read::Wrong => return None,
        Read::LeftOut => {
            report.problem(&path, format!("an empty key (it takes {})", TAG_KEY.accepts()));
            return None;
        }
    };
    let value = match read_kind(&TAG_VALUE, value, &path, report) {
        Read::Good(value) => text_of(Some(&value)),
        Read::LeftOut => String::new(),
        Read::Wrong => return None,
    };
    Some((path, key, value))
}

fn text_of(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn check_key(key: &str, path: &Path, report: &mut Report) {
    if PROVIDER_TAGS.contains(&key) {
        report.problem(path, format!("the tag {key} is one that only this provider sets"));
    } else if key.starts_with("aws:") {
        report.problem(
            path,
            format!("the tag {} begins with aws:, which IoT refuses", quoted(key)),
        );
    }
}
