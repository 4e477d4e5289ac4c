//! Reads JSON by the table in `spec.rs`: keys in any spelling, scalars in any form; every problem reported at its path.

use super::fields::{Fields, Read};
use super::kinds::{Kind, ListSpec, MapSpec, Member, Need};
use super::report::{Path, Report, quoted};
use super::scalars::{self, nearest, wrong};
use super::{document, shorthand, tags};
use crate::json::Json;
use serde_json::Value;
use std::collections::HashSet;

pub fn read(kind: &Kind, json: &Json, path: &Path, report: &mut Report) -> Read {
    match (kind, json) {
        (Kind::Ignored, _) | (_, Json::Null) => Read::LeftOut,
        (_, Json::String(text)) if text.is_empty() => Read::LeftOut,
        (_, Json::Object(entries)) if entries.is_empty() => Read::LeftOut,
        (Kind::Text { min, max, class }, _) => scalars::text(*min, *max, *class, json, path, report),
        (Kind::Integer { min, max }, _) => scalars::integer(*min, *max, json, path, report),
        (Kind::Decimal { bound }, _) => scalars::decimal(*bound, json, path, report),
        (Kind::Choice { of, also }, _) => scalars::choice(of, also, json, path, report),
        (Kind::Map(spec), Json::Object(entries)) => {
            let problems = report.problems.len();
            let fields = read_members(spec, entries, path, report);
            if fields.is_empty() && report.problems.len() == problems {
                Read::LeftOut
            } else {
                settle(spec, fields, path, report)
            }
        }
        // What CloudFormation makes of an empty CommaDelimitedList.
        (
            Kind::List(ListSpec {
                of: Kind::Text { .. }, ..
            }),
            Json::Array(items),
        ) if is_one_empty_text(items) => Read::LeftOut,
        (Kind::List(spec), Json::Array(items)) => read_list(spec, items, path, report),
        (Kind::Document { max }, _) => document::read(*max, json, path, report),
        (Kind::Tags, _) => tags::read(json, path, report),
        (Kind::Scalar, _) => match json.scalar_text() {
            Some(text) => Read::Good(text.into()),
            None => wrong(kind, json, path, report),
        },
        (Kind::Map(_) | Kind::List(_), _) => wrong(kind, json, path, report),
    }
}

fn is_one_empty_text(items: &[Json]) -> bool {
    matches!(items, [Json::String(text)] if text.is_empty())
}

/// Reads the properties themselves: as a map, but one that cannot be left out.
pub fn read_properties(spec: &MapSpec, json: &Json, report: &mut Report) -> Option<Value> {
    let path = Path::default();
    let entries: &[_] = match json {
        Json::Object(entries) => entries,
        _ => {
            report.problem(&path, format!("the properties are {}, not a map", json.noun()));
            return None;
        }
    };
    let fields = read_members(spec, entries, &path, report);
    match settle(spec, fields, &path, report) {
        Read::Good(value) if report.problems.is_empty() => Some(value),
        _ => None,
    }
}

/// It takes time to find what may have been meant, and an event can hold a hundred thousand unknown keys.
const MOST_HINTS: usize = 1000;

fn read_members(spec: &MapSpec, entries: &[(String, Json)], path: &Path, report: &mut Report) -> Fields {
    let mut fields = Fields::default();
    let mut perhaps_meant = Vec::new();
    for (key, json) in entries {
        let Some(member) = spec.member(key) else {
            if report.problems.len() >= MOST_HINTS {
                report.problem(path, format!("unknown key {}", quoted(key)));
                continue;
            }
            if let Some(hint) = spec.hint_for_others(key) {
                report.problem(path, format!("unknown key {} ({hint})", quoted(key)));
                continue;
            }
            let nearest = nearest(key, spec.members.iter().flat_map(Member::names));
            report.problem(path, unknown_key(key, nearest, spec));
            perhaps_meant.extend(nearest.and_then(|name| spec.member(name)));
            continue;
        };
        let path = path.member(member.name);
        let value = match (read(&member.kind, json, &path, report), &member.kind) {
            // Where there has to be a map, one with nothing in it is one.
            (Read::LeftOut, Kind::Map(spec)) if member.need == Need::Required && matches!(json, Json::Object(_)) => {
                settle(spec, Fields::default(), &path, report)
            }
            (read, _) => read,
        };
        let is_second = fields.has(member.name);
        match value {
            Read::LeftOut => continue,
            Read::Wrong => fields.set_wrong(member.name),
            Read::Good(value) => fields.set(member.name, value),
        }
        if is_second {
            report.problem(&path, format!("given twice (the second time as {key})"));
            fields.set_wrong(member.name);
        }
    }
    // Whoever is told of a misspelt key need not be told that the member is missing too.
    for member in perhaps_meant {
        if !fields.has(member.name) {
            fields.set_wrong(member.name);
        }
    }
    fields
}

/// Says which members are missing that others need.
fn require_needed(spec: &MapSpec, fields: &mut Fields, path: &Path, report: &mut Report) {
    for member in spec.members {
        let needing = spec
            .members
            .iter()
            .find(|other| other.needs == Some(member.name) && fields.has(other.name));
        if let Some(needing) = needing
            && !fields.has(member.name)
        {
            report.problem(
                &path.member(member.name),
                format!(
                    "missing, and {} needs it (it takes {})",
                    needing.name,
                    member.kind.accepts()
                ),
            );
            fields.set_wrong(member.name);
        }
    }
}

fn settle(spec: &MapSpec, mut fields: Fields, path: &Path, report: &mut Report) -> Read {
    require_needed(spec, &mut fields, path, report);
    let given: Vec<_> = spec
        .members
        .iter()
        .map(|member| member.name)
        .filter(|name| fields.has(name))
        .collect();
    let too_many = spec.one_only && given.len() > 1;
    if too_many {
        report.problem(path, format!("has {} (it takes one of them)", given.join(" and ")));
    }
    shorthand::settle(spec.rule, &mut fields, path, report);
    for member in spec.members {
        if member.need == Need::Required && !fields.has(member.name) {
            report.problem(
                &path.member(member.name),
                format!("missing (it takes {})", member.kind.accepts()),
            );
            fields.set_wrong(member.name);
        }
    }
    match fields.into_value() {
        Some(value) if !too_many => Read::Good(value),
        _ => Read::Wrong,
    }
}

fn unknown_key(key: &str, nearest: Option<&str>, spec: &MapSpec) -> String {
    let hint = match nearest {
        Some(name) => format!("did you mean {name}?"),
        None => {
            let known = spec
                .members
                .iter()
                .filter(|member| !matches!(member.kind, Kind::Ignored))
                .map(|member| member.name);
            format!("known are {}", known.collect::<Vec<_>>().join(", "))
        }
    };
    format!("unknown key {} ({hint})", quoted(key))
}

fn read_list(spec: &ListSpec, items: &[Json], path: &Path, report: &mut Report) -> Read {
    let problems = report.problems.len();
    if items.len() < spec.min || items.len() > spec.max {
        report.problem(path, format!("has {} items (it takes {})", items.len(), spec.accepts()));
    }
    let mut good = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = path.item(index);
        match read(spec.of, item, &path, report) {
            Read::Good(value) => good.push(value),
            Read::Wrong => {}
            Read::LeftOut => {
                report.problem(&path, format!("empty (it takes {})", spec.of.accepts()));
            }
        }
    }
    report_repeats(spec, items, path, report);
    if report.problems.len() == problems {
        Read::Good(good.into())
    } else {
        Read::Wrong
    }
}

/// Looks at what was written, so that a repeat shows beside whatever else is wrong with an item.
fn report_repeats(spec: &ListSpec, items: &[Json], path: &Path, report: &mut Report) {
    let (Some(name), Kind::Map(item_spec)) = (spec.distinct, spec.of) else {
        return;
    };
    let mut seen = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let Json::Object(entries) = item else {
            continue;
        };
        let written = entries
            .iter()
            .find(|(key, _)| item_spec.member(key).is_some_and(|m| m.name == name))
            .and_then(|(_, value)| value.scalar_text())
            .filter(|text| !text.is_empty());
        if let Some(text) = written
            && !seen.insert(text.clone())
        {
            report.problem(
                &path.item(index).member(name),
                format!("{} is there already (it takes each once)", quoted(&text)),
            );
        }
    }
}
