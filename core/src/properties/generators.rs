//! Generators for property tests: any request that the service's model allows, and the ways that people write one.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "nothing but tests runs it")]

use crate::job_template::{
    AbortConfig, AbortCriteria, Content, Desired, ExponentialRolloutRate, JobExecutionsRetryConfig,
    JobExecutionsRolloutConfig, MaintenanceWindow, PresignedUrlConfig, RateIncreaseCriteria, RetryCriteria, Tags,
    TimeoutConfig,
};
use crate::json::Json;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::strategy::Union;
use serde_json::Value;

/// Any request that the model allows and that no measured answer refuses.
pub fn request() -> impl Strategy<Value = Desired> {
    let configs = (
        of(timeout()),
        of(rollout()),
        of(retries()),
        of(abort()),
        of(presigned()),
        vec(window(), 0..3),
        vec("arn:[!-~]{1,40}", 0..3),
    );
    (
        of("[a-zA-Z0-9_-]{1,64}"),
        text(1, 40),
        source(),
        configs,
        of(text(1, 20)),
        tags(),
    )
        .prop_map(
            |(job_template_id, description, (document, document_source, job_arn), configs, revision, tags)| {
                let (timeout, rollout, retries, abort, presigned, windows, packages) = configs;
                Desired {
                    job_template_id,
                    content: Content {
                        description,
                        document,
                        document_source,
                        job_arn,
                        presigned_url_config: presigned,
                        job_executions_rollout_config: rollout,
                        abort_config: abort,
                        timeout_config: timeout,
                        job_executions_retry_config: retries,
                        maintenance_windows: windows,
                        destination_package_versions: packages,
                    },
                    revision,
                    tags,
                    ..Desired::default()
                }
            },
        )
}

/// Characters of one, two, three and four bytes, none of them of Unicode's category C.
fn text(min: usize, max: usize) -> impl Strategy<Value = String> {
    let character = Union::new([
        proptest::char::range(' ', '~').boxed(),
        select(vec!['ä', '\u{a0}', '√', '語', '\u{2028}', '😀']).boxed(),
    ]);
    vec(character, min..=max).prop_map(String::from_iter)
}

/// Document, source and job: not none of them, and not both of the first two.
fn source() -> impl Strategy<Value = (Option<String>, Option<String>, Option<String>)> {
    let document = select(vec!["{}", "{ \"a\" : [1.0, true, null] }", "[]", "7", "\"ä\\u00e4\""]);
    let document = document.prop_map(str::to_owned);
    let source = "https://[a-z]{1,20}/k";
    let job = "arn:aws:iot:[a-z]{1,9}:job/j";
    prop_oneof![
        document.clone().prop_map(|document| (Some(document), None, None)),
        source.prop_map(|source| (None, Some(source), None)),
        job.prop_map(|job| (None, None, Some(job))),
        (document, job).prop_map(|(document, job)| (Some(document), None, Some(job))),
    ]
}

fn timeout() -> impl Strategy<Value = TimeoutConfig> {
    (1..=10080i64).prop_map(|minutes| TimeoutConfig {
        in_progress_timeout_in_minutes: Some(minutes),
    })
}

fn rollout() -> impl Strategy<Value = JobExecutionsRolloutConfig> {
    let at_least_one = || 1..=i32::MAX;
    let criteria = (of(at_least_one()), any::<bool>()).prop_map(|(count, notified)| RateIncreaseCriteria {
        number_of_notified_things: count.filter(|_| notified),
        number_of_succeeded_things: count.filter(|_| !notified),
    });
    let rate = (1..=1000i32, 110..=500i32, criteria).prop_map(|(base, hundredths, criteria)| ExponentialRolloutRate {
        base_rate_per_minute: base,
        increment_factor: f64::from(hundredths) / 100.0,
        rate_increase_criteria: criteria,
    });
    (at_least_one(), of(rate)).prop_map(|(maximum, rate)| JobExecutionsRolloutConfig {
        maximum_per_minute: Some(maximum),
        exponential_rollout_rate: rate,
    })
}

fn retries() -> impl Strategy<Value = JobExecutionsRetryConfig> {
    let criterion =
        (select(vec!["FAILED", "TIMED_OUT", "ALL"]), 0..=10i32).prop_map(|(failure_type, number_of_retries)| {
            RetryCriteria {
                failure_type: failure_type.to_owned(),
                number_of_retries,
            }
        });
    vec(criterion, 1..=2).prop_map(|retry_criteria_list| JobExecutionsRetryConfig { retry_criteria_list })
}

fn abort() -> impl Strategy<Value = AbortConfig> {
    let failure_types = subsequence(vec!["FAILED", "REJECTED", "TIMED_OUT", "ALL"], 1..=4);
    let numbers = vec((1..=10000i32, 1..=i32::MAX), 4);
    (failure_types, numbers).prop_map(|(failure_types, numbers)| AbortConfig {
        criteria_list: failure_types
            .into_iter()
            .zip(numbers)
            .map(|(failure_type, (hundredths, executed))| AbortCriteria {
                failure_type: failure_type.to_owned(),
                action: "CANCEL".to_owned(),
                threshold_percentage: f64::from(hundredths) / 100.0,
                min_number_of_executed_things: executed,
            })
            .collect(),
    })
}

fn presigned() -> impl Strategy<Value = PresignedUrlConfig> {
    (of("arn:aws:iam::[0-9]{12}:role/r"), of(60..=3600i64))
        .prop_filter("an empty config is as if it were left out", |(role, expires)| {
            role.is_some() || expires.is_some()
        })
        .prop_map(|(role_arn, expires_in_sec)| PresignedUrlConfig {
            role_arn,
            expires_in_sec,
        })
}

fn window() -> impl Strategy<Value = MaintenanceWindow> {
    (0..60u8, 1..=1430i32).prop_map(|(minute, duration_in_minutes)| MaintenanceWindow {
        start_time: format!("cron({minute} 1 ? * MON *)"),
        duration_in_minutes,
    })
}

fn tags() -> impl Strategy<Value = Tags> {
    proptest::collection::btree_map("[a-z ä_.:/=+@-]{1,12}", text(0, 12), 0..4)
        .prop_filter("AWS's own", |tags| !tags.keys().any(|key| key.starts_with("aws:")))
}

/// Decides, one after the other, how each thing is written.
pub struct Hand {
    decisions: Vec<Index>,
    next: usize,
}

/// A hand that writes as it likes.
pub fn hand() -> impl Strategy<Value = Hand> {
    vec(any::<Index>(), 64).prop_map(|decisions| Hand { decisions, next: 0 })
}

impl std::fmt::Debug for Hand {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str("Hand")
    }
}

impl Hand {
    fn choose<T: Clone>(&mut self, from: &[T]) -> T {
        let decision = self.decisions[self.next % self.decisions.len()];
        self.next += 1;
        from[decision.index(from.len())].clone()
    }

    /// Writes what is wanted, given in its canonical form, with keys and scalars as people write them.
    pub fn write(&mut self, desired: &Desired) -> Json {
        let canonical = serde_json::to_value(desired).unwrap();
        let Value::Object(members) = canonical else {
            unreachable!("what is wanted is a map")
        };
        let entries = members
            .into_iter()
            .filter_map(|(name, value)| match name.as_str() {
                "Tags" => self.write_tags(value),
                // Text that is JSON itself.
                "Document" => self.write_entry(&name, value, Hand::write_text),
                _ => self.write_entry(&name, value, Hand::write_value),
            })
            .collect();
        self.write_map(entries)
    }

    /// In some order.
    fn write_map(&mut self, mut entries: Vec<(String, Json)>) -> Json {
        let places: Vec<_> = (0..entries.len()).collect();
        if let [_, ..] = places[..] {
            entries.rotate_left(self.choose(&places));
        }
        Json::Object(entries)
    }

    fn write_entry(&mut self, name: &str, value: Value, write: fn(&mut Hand, Value) -> Json) -> Option<(String, Json)> {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let json = if empty {
            match self.choose(&[0, 1, 2, 3]) {
                0 => return None,
                1 => Json::Null,
                2 => Json::String(String::new()),
                _ => Json::Object(Vec::new()),
            }
        } else {
            write(self, value)
        };
        Some((self.write_key(name), json))
    }

    fn write_key(&mut self, name: &str) -> String {
        let name = match name {
            "ExponentialRolloutRate" => self.choose(&["ExponentialRolloutRate", "ExponentialRate"]),
            "RetryCriteriaList" => self.choose(&["RetryCriteriaList", "CriteriaList"]),
            _ => name,
        };
        let (first, rest) = name.split_at(1);
        match self.choose(&[true, false]) {
            true => name.to_owned(),
            false => first.to_lowercase() + rest,
        }
    }

    fn write_text(&mut self, value: Value) -> Json {
        Json::String(value.as_str().unwrap().to_owned())
    }

    fn write_value(&mut self, value: Value) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Number(number) => self.write_number(number),
            Value::String(text) => self.write_scalar(text),
            Value::Array(items) => Json::Array(items.into_iter().map(|item| self.write_value(item)).collect()),
            Value::Object(members) => {
                let entries = members
                    .into_iter()
                    .filter_map(|(name, value)| self.write_entry(&name, value, Hand::write_value))
                    .collect();
                self.write_map(entries)
            }
        }
    }

    fn write_number(&mut self, number: serde_json::Number) -> Json {
        match self.choose(&[0, 1, 2]) {
            0 => Json::Number(number),
            1 => Json::String(number.to_string()),
            _ => Json::String(format!("+{number}")),
        }
    }

    /// Text that another scalar has too may be written as that.
    fn write_scalar(&mut self, text: String) -> Json {
        let scalar = serde_json::from_str(&text)
            .ok()
            .filter(|json: &Json| json.scalar_text().as_ref() == Some(&text));
        match (scalar, self.choose(&[true, false])) {
            (Some(scalar), true) => scalar,
            _ => Json::String(text),
        }
    }

    fn write_tags(&mut self, tags: Value) -> Option<(String, Json)> {
        let Value::Object(tags) = tags else {
            return None;
        };
        let as_map = self.choose(&[true, false]);
        let mut pairs = Vec::new();
        let mut entries = Vec::new();
        for (key, value) in tags {
            let value = match value.as_str() {
                Some("") => self.choose(&[None, Some(Json::Null), Some(Json::String(String::new()))]),
                _ => Some(self.write_value(value)),
            };
            entries.push((key.clone(), value.clone().unwrap_or(Json::Null)));
            let key = (self.write_key("Key"), Json::String(key));
            let value = value.map(|value| (self.write_key("Value"), value));
            pairs.push(Json::Object([key].into_iter().chain(value).collect()));
        }
        let json = if as_map {
            Json::Object(entries)
        } else {
            Json::Array(pairs)
        };
        Some((self.write_key("Tags"), json))
    }
}

/// Texts that could have been a number, true, false or null.
pub const AMBIGUOUS: [&str; 8] = ["1", "-2.5e3", "+7", ".5", "007", "true", "False", "null"];

/// A document as a map or list, as CloudFormation hands it over: with nothing but text in it.
pub fn document_of_text() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        8 => "[a-z \\PC]{0,6}".prop_filter("ambiguous", |text| text.parse::<f64>().is_err()),
        2 => select(vec!["1.2.3", "10:30", "0x1f", "1_000", "yes", "nan", "{}"]).prop_map(str::to_owned),
        1 => select(AMBIGUOUS.to_vec()).prop_map(str::to_owned),
    ];
    let tree = leaf
        .prop_map(Value::from)
        .prop_recursive(3, 24, 5, |inner| nested(inner).boxed());
    nested(tree)
}

fn nested(inner: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> {
    prop_oneof![
        vec(inner.clone(), 0..4).prop_map(Value::from),
        proptest::collection::btree_map(".{0,6}", inner, 0..4).prop_map(|members| members.into_iter().collect()),
    ]
}

/// Any JSON, of which much is nearly right.
pub fn nearly_properties() -> impl Strategy<Value = Value> {
    let key = Union::new([
        select(vec![
            "Description",
            "description",
            "Document",
            "Tags",
            "Key",
            "Value",
            "AbortConfig",
            "CriteriaList",
            "RetryAttempts",
            "JobExecutionsRetryConfig",
            "MaintenanceWindows",
            "StartTime",
            "EndTime",
            "JobExecutionsRolloutConfig",
            "MinimumPerMinute",
            "MaximumPerMinute",
            "ExponentialRate",
            "DestinationPackageVersions",
            "TimeoutConfig",
            "InProgressTimeoutInMinutes",
            "Revision",
        ])
        .prop_map(str::to_owned)
        .boxed(),
        ".{0,8}".boxed(),
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec![
            "",
            "1",
            "1e999",
            "2023-10-01T00:00:00Z",
            "9999-12-31T23:59:00-23:59",
            "0000-01-01T00:00:00+23:59",
            "CANCEL",
            "ABORT",
            "{}",
            "arn:",
            "aws:"
        ])
        .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}
