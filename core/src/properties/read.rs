//! Reads JSON by the table in `spec.rs`: keys in any spelling, scalars in any form; every problem reported at its path.

use super::report::{Path, Report, quoted};
use super::spec::{Class, DecimalBound, Kind, ListSpec, MapSpec, Member, NO_MAX, Need};
use super::{document, tags};
use crate::json::Json;
use serde_json::{Number, Value};
use std::collections::{BTreeMap, HashSet};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// What came of reading a value.
pub enum Read {
    /// Null, the empty text, or a map with nothing in it: for an optional member the same as leaving it out.
    LeftOut,
    /// The report says what is wrong.
    Wrong,
    Good(Value),
}

/// The members of one map that were given, by CloudFormation's name. One that was given and is wrong is there as `None`,
/// so that nothing further is said of it.
#[derive(Default)]
pub struct Fields(BTreeMap<&'static str, Option<Value>>);

impl Fields {
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)?.as_ref()
    }

    /// Removes the member; `None` if it was left out, or is wrong.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)?
    }

    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.insert(name, Some(value.into()));
    }

    pub fn set_wrong(&mut self, name: &'static str) {
        self.0.insert(name, None);
    }

    fn into_value(self) -> Option<Value> {
        let members: Option<serde_json::Map<_, _>> = self
            .0
            .into_iter()
            .map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        members.map(Value::Object)
    }
}

pub fn read(kind: &Kind, json: &Json, path: &Path, report: &mut Report) -> Read {
    match (kind, json) {
        (Kind::Ignored, _) | (_, Json::Null) => Read::LeftOut,
        (_, Json::String(text)) if text.is_empty() => Read::LeftOut,
        (_, Json::Object(entries)) if entries.is_empty() => Read::LeftOut,
        (Kind::Text { min, max, class }, _) => read_text(*min, *max, *class, json, path, report),
        (Kind::Integer { min, max }, _) => read_integer(*min, *max, json, path, report),
        (Kind::Decimal { bound }, _) => read_decimal(*bound, json, path, report),
        (Kind::Choice { of, also }, _) => read_choice(of, also, json, path, report),
        (Kind::Map(spec), Json::Object(entries)) => {
            let problems = report.problems.len();
            let fields = read_members(spec, entries, path, report);
            if fields.0.is_empty() && report.problems.len() == problems {
                Read::LeftOut
            } else {
                settle(spec, fields, path, report)
            }
        }
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
        let value = match value {
            Read::LeftOut => continue,
            Read::Wrong => None,
            Read::Good(value) => Some(value),
        };
        if fields.0.insert(member.name, value).is_some() {
            report.problem(&path, format!("given twice (the second time as {key})"));
            fields.set_wrong(member.name);
        }
    }
    // Whoever is told of a misspelt key need not be told that the member is missing too.
    for member in perhaps_meant {
        fields.0.entry(member.name).or_insert(None);
    }
    fields
}

fn settle(spec: &MapSpec, mut fields: Fields, path: &Path, report: &mut Report) -> Read {
    (spec.settle)(&mut fields, path, report);
    for member in spec.members {
        if member.need == Need::Required && !fields.has(member.name) {
            report.problem(
                &path.member(member.name),
                format!("missing (it takes {})", member.kind.accepts()),
            );
            fields.set_wrong(member.name);
        }
    }
    fields.into_value().map_or(Read::Wrong, Read::Good)
}

impl MapSpec {
    /// The member that `key` is a way to write.
    fn member(&self, key: &str) -> Option<&'static Member> {
        self.members.iter().find(|member| member.is_written(key))
    }
}

impl Member {
    /// Whether `key` is a way to write this member's name.
    fn is_written(&self, key: &str) -> bool {
        self.names().any(|name| same_but_for_first_case(name, key))
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

fn same_but_for_first_case(a: &str, b: &str) -> bool {
    match (a.split_at_checked(1), b.split_at_checked(1)) {
        (Some((a_first, a_rest)), Some((b_first, b_rest))) => a_rest == b_rest && a_first.eq_ignore_ascii_case(b_first),
        _ => false,
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

/// The name nearest to what was written, if one is near: less than half of it would have to change.
fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let length = written.chars().count();
    names
        // Comparing takes as long as both are long, and a key may be very long.
        .filter(|name| name.len().abs_diff(length) <= name.len() / 2)
        .map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance * 2 < name.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn read_text(min: usize, max: usize, class: Class, json: &Json, path: &Path, report: &mut Report) -> Read {
    let kind = Kind::Text { min, max, class };
    let Some(text) = json.scalar_text() else {
        return wrong(&kind, json, path, report);
    };
    let length = text.chars().count();
    if length < min || length > max {
        report.problem(
            path,
            format!(
                "{} has {length} characters (it takes {})",
                quoted(&text),
                kind.accepts()
            ),
        );
        return Read::Wrong;
    }
    if let Some(stranger) = class.first_stranger(&text) {
        report.problem(
            path,
            format!("{} {} (it takes {})", quoted(&text), stranger, kind.accepts()),
        );
        return Read::Wrong;
    }
    Read::Good(text.into())
}

fn read_integer(min: i64, max: i64, json: &Json, path: &Path, report: &mut Report) -> Read {
    let whole = number(json).and_then(|number| {
        number.as_i64().or_else(|| {
            // 60.0 and 6e1 are whole numbers too; up to here a double is exact.
            const EXACT: f64 = 9_007_199_254_740_992.0;
            number
                .as_f64()
                .filter(|value| value.fract() == 0.0 && value.abs() <= EXACT)
                .map(|value| value as i64)
        })
    });
    match whole {
        Some(value) if (min..=max).contains(&value) => Read::Good(value.into()),
        _ => wrong(&Kind::Integer { min, max }, json, path, report),
    }
}

fn read_decimal(bound: DecimalBound, json: &Json, path: &Path, report: &mut Report) -> Read {
    let good = number(json)
        .and_then(|number| number.as_f64())
        .filter(|value| match bound {
            DecimalBound::Between(min, max) => (min..=max).contains(value),
            DecimalBound::Percentage(max) => *value > 0.0 && *value <= max && has_two_decimals_at_most(*value),
        });
    match good {
        Some(value) => Read::Good(value.into()),
        None => wrong(&Kind::Decimal { bound }, json, path, report),
    }
}

fn has_two_decimals_at_most(value: f64) -> bool {
    // The shortest text that reads as this number has its digits, without a double's noise.
    let text = value.to_string();
    text.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 2)
}

/// A number, or text that reads as one: as JSON writes it or YAML does (`+5`, `.5`, `5.`). Not `010`, which YAML takes for
/// eight.
fn number(json: &Json) -> Option<Number> {
    match json {
        Json::Number(number) => Some(number.clone()),
        Json::String(text) => {
            let text = text.trim();
            let digits = text.trim_start_matches(['+', '-']).as_bytes();
            let is_octal = matches!(digits, [b'0', b'0'..=b'9', ..]);
            match text.parse::<i64>() {
                _ if is_octal || !is_numeric(text) => None,
                Ok(whole) => Some(whole.into()),
                Err(_) => Number::from_f64(text.parse().ok()?),
            }
        }
        _ => None,
    }
}

/// Whether text is a number, as somebody may have written it without quotes.
pub fn is_numeric(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) && text.parse::<f64>().is_ok()
}

fn read_choice(
    of: &'static [&'static str],
    also: &'static [&'static str],
    json: &Json,
    path: &Path,
    report: &mut Report,
) -> Read {
    let text = json.scalar_text();
    match text {
        Some(text) if of.contains(&text.as_str()) || also.contains(&text.as_str()) => Read::Good(text.into()),
        _ => wrong(&Kind::Choice { of, also }, json, path, report),
    }
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

pub fn wrong(kind: &Kind, json: &Json, path: &Path, report: &mut Report) -> Read {
    let written = match json.scalar_text() {
        Some(text) => quoted(&text),
        None => json.noun().to_owned(),
    };
    let hint = match (kind, json.scalar_text()) {
        (Kind::Choice { of, .. }, Some(text)) => nearest(&text, of.iter().copied())
            .map(|name| format!("; did you mean {name}?"))
            .unwrap_or_default(),
        _ => String::new(),
    };
    report.problem(
        path,
        format!("{written} is not accepted (it takes {}{hint})", kind.accepts()),
    );
    Read::Wrong
}

impl Kind {
    /// What is accepted, in words: "an integer from 1 to 10080".
    pub fn accepts(&self) -> String {
        match self {
            Kind::Text { min, max, class } => {
                let length = match (min, max) {
                    (_, &NO_MAX) => "text".to_owned(),
                    (0, max) => format!("text of at most {max} characters"),
                    (min, max) => format!("text of {min} to {max} characters"),
                };
                format!("{length}{}", class.in_words())
            }
            Kind::Integer { min, max } => format!("an integer from {min} to {max}"),
            Kind::Decimal {
                bound: DecimalBound::Between(min, max),
            } => format!("a number from {min} to {max}"),
            Kind::Decimal {
                bound: DecimalBound::Percentage(max),
            } => format!("a number over 0 up to {max}, with at most two decimals"),
            Kind::Choice { of, .. } => match of {
                [only] => (*only).to_owned(),
                [most @ .., last] => format!("{} or {last}", most.join(", ")),
                [] => "nothing".to_owned(),
            },
            Kind::Map(spec) => {
                let names: Vec<_> = spec.members.iter().map(|member| member.name).collect();
                format!("a map of {}", names.join(", "))
            }
            Kind::List(spec) => spec.accepts(),
            Kind::Document { max } => format!("JSON of at most {max} characters"),
            Kind::Tags => "a list of Key/Value pairs, or a map".to_owned(),
            Kind::Scalar => "text, a number, true or false".to_owned(),
            Kind::Ignored => "anything".to_owned(),
        }
    }
}

impl ListSpec {
    pub fn accepts(&self) -> String {
        self.accepts_of(&match self.of {
            Kind::Map(spec) => {
                let names: Vec<_> = spec.members.iter().map(|member| member.name).collect();
                format!("maps of {}", names.join(", "))
            }
            kind => format!("items, each {}", kind.accepts()),
        })
    }

    /// The same, with the items in other words.
    pub fn accepts_of(&self, items: &str) -> String {
        match (self.min, self.max) {
            (0, NO_MAX) => format!("a list of {items}"),
            (min, NO_MAX) => format!("a list of {min} or more {items}"),
            (min, max) => format!("a list of {min} to {max} {items}"),
        }
    }
}

impl Class {
    /// What text that does not belong has, or has not, in words.
    fn first_stranger(self, text: &str) -> Option<String> {
        let rest = match self {
            Class::Arn => match text.strip_prefix("arn:") {
                None => return Some("has no arn: in front".to_owned()),
                Some("") => return Some("has nothing after arn:".to_owned()),
                Some(rest) => rest,
            },
            _ => text,
        };
        rest.chars()
            .find(|character| !self.allows(*character))
            .map(|character| match character.general_category_group() {
                GeneralCategoryGroup::Other => {
                    format!("has the character U+{:04X} in it", character as u32)
                }
                _ => format!("has the character {character:?} in it"),
            })
    }

    fn allows(self, character: char) -> bool {
        use GeneralCategoryGroup::{Letter, Number, Other, Separator};
        match self {
            Class::Any => true,
            Class::Id => character.is_ascii_alphanumeric() || "_-".contains(character),
            Class::Arn => character.is_ascii_graphic(),
            Class::NoControl => character.general_category_group() != Other,
            Class::TagKey => {
                "_.:/=+-@".contains(character)
                    || matches!(character.general_category_group(), Letter | Separator | Number)
            }
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Class::Any => "",
            Class::Id => " out of a-z, A-Z, 0-9, _ and -",
            Class::NoControl => " without control characters",
            Class::Arn => " that is an ARN",
            Class::TagKey => " out of letters, digits, spaces and _.:/=+-@",
        }
    }
}
