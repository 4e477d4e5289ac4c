//! Properties, good and bad, and what the parser says of each: the construct library's check has to say the same.
//!
//! Whatever is in the table is tried at its bounds and just beyond them, so a new member brings its cases along.

use iot_job_template_core::properties;
use iot_job_template_core::properties::kinds::{
    Class, DecimalBound, Kind, ListSpec, MAX_INTEGER, MapSpec, NO_MAX, Need,
};
use iot_job_template_core::properties::spec::PROPERTIES;
use serde_json::{Map, Value, json};

pub fn cases() -> String {
    let cases: Vec<_> = tried_by_the_table()
        .into_iter()
        .chain(of_several_members())
        .map(|properties| format!("  {}", json!({"errors": errors(&properties), "properties": properties})))
        .collect();
    format!("[\n{}\n]\n", cases.join(",\n"))
}

fn errors(properties: &Value) -> Vec<String> {
    let json = serde_json::from_value(in_full(properties)).ok();
    let errors = json.and_then(|json| properties::read(&json).err()).unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

/// A long text, which the file has in short.
fn long(text: &str, times: usize) -> Value {
    json!({"long": text, "times": times})
}

fn in_full(value: &Value) -> Value {
    match value {
        Value::Object(members) => match (members.get("long"), members.get("times")) {
            (Some(text), Some(times)) => {
                let times = times.as_u64().unwrap_or_default() as usize;
                text.as_str().unwrap_or_default().repeat(times).into()
            }
            _ => members
                .iter()
                .map(|(name, value)| (name.clone(), in_full(value)))
                .collect(),
        },
        Value::Array(items) => items.iter().map(in_full).collect(),
        other => other.clone(),
    }
}

fn tried_by_the_table() -> Vec<Value> {
    tried_map(&PROPERTIES)
}

/// The least that a map takes.
fn least(spec: &MapSpec) -> Map<String, Value> {
    let required = spec.members.iter().filter(|member| member.need == Need::Required);
    required
        .map(|member| (member.name.to_owned(), good(&member.kind)))
        .collect()
}

fn good(kind: &Kind) -> Value {
    match kind {
        Kind::Text { class: Class::Arn, .. } => "arn:aws:iot:::package/p/version/1".into(),
        Kind::Text { min, .. } => "x".repeat(*min.max(&1)).into(),
        Kind::Integer { min, .. } => (*min).into(),
        Kind::Decimal {
            bound: DecimalBound::Between(min, _),
        } => json!(min),
        Kind::Decimal { .. } => json!(0.01),
        Kind::Choice { of, .. } => of.first().copied().unwrap_or_default().into(),
        Kind::Map(spec) => least(spec).into(),
        Kind::List(list) => vec![good(list.of); list.min.max(1)].into(),
        Kind::Document { .. } => "{}".into(),
        Kind::Tags => json!([{"Key": "team", "Value": "fleet"}]),
        Kind::Scalar | Kind::Ignored => "7".into(),
    }
}

/// Each member of a map at its bounds and beyond; then each required one left out; then all at once.
fn tried_map(spec: &MapSpec) -> Vec<Value> {
    let mut maps = vec![Value::from(least(spec))];
    for member in spec.members {
        for value in tried(&member.kind) {
            let mut map = least(spec);
            map.insert(member.name.to_owned(), value);
            maps.push(map.into());
        }
        if member.need == Need::Required {
            let mut map = least(spec);
            map.remove(member.name);
            maps.push(map.into());
        }
    }
    let all: Map<_, _> = spec
        .members
        .iter()
        .map(|member| (member.name.to_owned(), good(&member.kind)))
        .collect();
    maps.push(all.into());
    maps
}

fn tried(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Text { min, max, class } => {
            let one = if *class == Class::Arn { "arn:x" } else { "x" };
            let mut texts: Vec<Value> = vec!["a b".into(), "tab\there".into(), "it's \"é\"".into()];
            if *min > 1 {
                texts.push("x".repeat(min - 1).into());
            }
            if *max != NO_MAX {
                texts.extend([long("x", *max), long("x", max + 1), long(one, max / one.len() + 1)]);
            }
            texts
        }
        Kind::Integer { min, max } => {
            let beyond = (*max < MAX_INTEGER).then_some(max + 1);
            let whole = [Some(*min), Some(*max), Some(min - 1), beyond];
            let mut numbers: Vec<Value> = whole.into_iter().flatten().map(Value::from).collect();
            numbers.push(json!(*min as f64 + 0.5));
            numbers
        }
        Kind::Decimal { bound } => match bound {
            DecimalBound::Between(min, max) => vec![json!(min), json!(max), json!(min - 0.5), json!(max + 0.5)],
            DecimalBound::Percentage(max) => {
                vec![
                    json!(0.01),
                    json!(max),
                    json!(0),
                    json!(max + 0.5),
                    json!(12.345),
                    json!(0.000_000_1),
                ]
            }
        },
        Kind::Choice { of, also } => {
            let mut words: Vec<Value> = of.iter().chain(also.iter()).map(|word| (*word).into()).collect();
            words.push("failed".into());
            words
        }
        Kind::Map(spec) => tried_map(spec),
        Kind::List(list) => tried_list(list),
        Kind::Document { max } => vec![
            "{\"operation\": \"reboot\"}".into(),
            "[1, true, null]".into(),
            "{\"operation\": \"reboot\",}".into(),
            long("1", *max),
            long("1", max + 1),
            long("[", 1001),
        ],
        Kind::Tags => vec![
            json!([{"Key": "a b_.:/=+-@é", "Value": ""}]),
            json!([{"Key": "a,b", "Value": "c"}]),
            json!([{"Key": "aws:team", "Value": "fleet"}]),
            json!([{"Key": "cloudformation:stack-id", "Value": "fleet"}]),
            json!([{"Key": "team", "Value": "fleet"}, {"Key": "team", "Value": "other"}]),
            json!([{"Key": long("x", 129), "Value": long("y", 257)}]),
            tags(47),
            tags(48),
        ],
        Kind::Scalar => vec!["any".into()],
        Kind::Ignored => vec![],
    }
}

fn tags(count: usize) -> Value {
    (0..count)
        .map(|number| json!({"Key": format!("key-{number}"), "Value": "x"}))
        .collect()
}

fn tried_list(list: &ListSpec) -> Vec<Value> {
    let item = good(list.of);
    let lengths = [0, 1, list.min.saturating_sub(1), list.min, 2, 3];
    let mut lists: Vec<Value> = lengths.map(|length| vec![item.clone(); length].into()).to_vec();
    lists.extend(tried(list.of).into_iter().map(|item| json!([item])));
    lists.dedup();
    lists
}

/// What the table does not say of each member alone.
fn of_several_members() -> Vec<Value> {
    let with = |members: Value| {
        let mut properties = json!({"Description": "d", "Document": "{}"});
        if let (Some(properties), Value::Object(members)) = (properties.as_object_mut(), members) {
            properties.extend(members);
        }
        properties
    };
    let window = |window: Value| with(json!({"MaintenanceWindows": [window]}));
    let rollout = |config: Value| with(json!({"JobExecutionsRolloutConfig": config}));
    let start = "2026-10-01T02:00:00Z";
    let placeholder = "{\"url\": \"${aws:iot:s3-presigned-url:https://s3/b/k}\"}";
    let placeholder_v2 = "{\"url\": \"${aws:iot:s3-presigned-url-v2:https://s3/b/k}\"}";
    let role = "arn:aws:iam::123456789012:role/Presign";
    vec![
        rollout(json!({"MinimumPerMinute": 2, "MaximumPerMinute": 1})),
        rollout(json!({"MinimumPerMinute": 2, "MaximumPerMinute": 2})),
        rollout(json!({"MinimumPerMinute": 1, "MaximumPerMinute": 2})),
        rollout(json!({"MinimumPerMinute": 2000, "MaximumPerMinute": 3000})),
        rollout(json!({"MinimumPerMinute": 0, "MaximumPerMinute": 0})),
        rollout(
            json!({"MinimumPerMinute": 1, "MaximumPerMinute": 2, "ExponentialRolloutRate": {
            "BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {"NumberOfSucceededThings": 1}}}),
        ),
        rollout(json!({"ExponentialRolloutRate": {
            "BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {"NumberOfSucceededThings": 1}}})),
        with(json!({"JobExecutionsRetryConfig": {"RetryAttempts": 3}})),
        with(json!({"JobExecutionsRetryConfig": {"RetryAttempts": 11}})),
        with(json!({"JobExecutionsRetryConfig": {}})),
        with(json!({"AbortConfig": {"CriteriaList": [
            {"FailureType": "ALL", "Action": "CANCEL", "ThresholdPercentage": 101, "MinNumberOfExecutedThings": 0},
            {"FailureType": "FAILED", "Action": "CANCEL"},
            {"FailureType": "ALL", "Action": "ABORT"}]}})),
        window(json!({"StartTime": start, "DurationInMinutes": 5})),
        window(json!({"StartTime": start, "EndTime": "2026-10-01T04:00:00Z"})),
        window(json!({"StartTime": start, "EndTime": "2026-10-01T03:00:00+01:00"})),
        window(json!({"StartTime": start, "EndTime": "2026-10-02T02:00:00Z"})),
        window(json!({"StartTime": start, "EndTime": "tomorrow"})),
        window(json!({"StartTime": start, "EndTime": "2026-10-01T04:00:00Z", "DurationInMinutes": 5})),
        window(json!({"StartTime": start})),
        window(json!({"StartTime": "cron(0 2 ? * SUN *)", "DurationInMinutes": 5})),
        window(json!({"StartTime": "cron(0 2 ? * SUN *)", "EndTime": "2026-10-01T04:00:00Z"})),
        window(json!({"StartTime": "2026-10-01T02:00:30Z", "EndTime": "2026-10-01T04:00:00.5Z"})),
        window(json!({"StartTime": "2026-02-29T02:00:00Z", "DurationInMinutes": 5})),
        window(json!({"StartTime": "2026-10-01", "DurationInMinutes": 5})),
        window(json!({"StartTime": "2026-10-01t24:00:00z", "DurationInMinutes": 5})),
        with(json!({"Document": placeholder})),
        with(json!({"Document": placeholder_v2, "PresignedUrlConfig": {"ExpiresInSec": 60}})),
        with(json!({"Document": placeholder, "PresignedUrlConfig": {"ExpiresInSec": 1}})),
        with(json!({"Document": placeholder, "PresignedUrlConfig": {"RoleArn": role}})),
        with(json!({"Document": placeholder, "JobArn": "arn:aws:iot:eu-central-1:123456789012:job/j"})),
        with(json!({"Adopt": "true"})),
        with(json!({"Adopt": "false"})),
        with(json!({"Adopt": "true", "JobTemplateId": "reboot"})),
        with(json!({"Adopt": "Other", "JobTemplateId": "reboot", "Tags": tags(46)})),
        with(json!({"Adopt": "arn:aws:cloudformation:eu-central-1:1:stack/s/1/Reboot", "JobTemplateId": "reboot"})),
        with(json!({"Adopt": "arn:aws:cloudformation:eu-central-1:1:Reboot/Reboot", "JobTemplateId": "reboot"})),
        with(json!({"Adopt": "whoever", "JobTemplateId": ""})),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_good_ones_and_bad_ones() {
        let all: Vec<_> = tried_by_the_table().into_iter().chain(of_several_members()).collect();
        let bad = all.iter().filter(|properties| !errors(properties).is_empty()).count();

        assert!(bad > 50 && all.len() - bad > 50, "{bad} of {} are bad", all.len());
    }
}
