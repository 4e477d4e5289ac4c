//! Reads one value that is not a map or a list: text, a number, one of a few words.

use super::fields::Read;
use super::kinds::{Class, DecimalBound, Kind};
use super::report::{Path, Report, quoted};
use crate::json::Json;
use serde_json::Number;

pub fn text(min: usize, max: usize, class: Class, json: &Json, path: &Path, report: &mut Report) -> Read {
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

pub fn integer(min: i64, max: i64, json: &Json, path: &Path, report: &mut Report) -> Read {
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

pub fn decimal(bound: DecimalBound, json: &Json, path: &Path, report: &mut Report) -> Read {
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

pub fn choice(
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

/// Reports that a value is not of the kind that belongs there.
pub fn wrong(kind: &Kind, json: &Json, path: &Path, report: &mut Report) -> Read {
    let written = match json.scalar_text() {
        Some(text) => quoted(&text),
        None => json.noun().to_owned(),
    };
    let hint = match (kind, json.scalar_text()) {
        (Kind::Choice { of, .. }, Some(text)) if of.len() > 1 => nearest(&text, of.iter().copied())
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

/// The name nearest to what was written, if one is near: less than half of it would have to change.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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
