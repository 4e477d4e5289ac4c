//! The language, point by point: what is written, and what it is or is not.

mod adopt;
mod bounds;
mod document;
mod errors;
mod pasted;
mod shorthand;
mod spelling;
mod tags;

pub use bounds::bounds;

use super::{Properties, read};
use crate::job_template::Desired;
use crate::json::Json;
use serde_json::{Value, json};

pub fn json_of(value: &Value) -> Json {
    serde_json::from_str(&value.to_string()).unwrap()
}

fn good(value: &Value) -> Properties {
    read(&json_of(value)).unwrap_or_else(|problems| panic!("{value}: {problems:?}"))
}

fn desired(value: Value) -> Desired {
    good(&value).desired
}

pub fn messages(value: &Value) -> Vec<String> {
    match read(&json_of(value)) {
        Ok(properties) => panic!("{value} was read as {properties:?}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

fn warnings(value: &Value) -> Vec<String> {
    let warnings = good(value).warnings;
    warnings.iter().map(ToString::to_string).collect()
}

/// The least that a template needs, and these members.
fn with(members: Value) -> Value {
    let mut properties = json!({"Description": "d", "Document": "{\"a\":1}"});
    properties
        .as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    properties
}

/// Properties in which only the value at `path` is of interest: all around it is there and good.
pub fn with_at(path: &str, value: Value) -> Value {
    let (member, rest) = path.split_once('.').unwrap_or((path, ""));
    let inner = match (member, rest) {
        (_, "") => value,
        ("JobExecutionsRolloutConfig", "MinimumPerMinute") => {
            json!({"MinimumPerMinute": value, "MaximumPerMinute": 2000})
        }
        ("JobExecutionsRolloutConfig", rate) if rate.contains('.') => {
            let mut rate_config = json!({"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {}});
            match rate.split('.').collect::<Vec<_>>()[..] {
                [_, criteria, member] => rate_config[criteria] = json!({member: value}),
                [_, member] => rate_config[member] = value,
                _ => unreachable!(),
            }
            json!({"MaximumPerMinute": 2000, "ExponentialRolloutRate": rate_config})
        }
        ("AbortConfig", rest) => {
            let mut criterion = json!({"FailureType": "ALL", "Action": "CANCEL",
                "ThresholdPercentage": 50, "MinNumberOfExecutedThings": 2});
            criterion[rest.rsplit('.').next().unwrap()] = value;
            json!({"CriteriaList": [criterion]})
        }
        ("JobExecutionsRetryConfig", rest) if rest != "RetryAttempts" => {
            let mut criterion = json!({"FailureType": "ALL", "NumberOfRetries": 1});
            criterion[rest.rsplit('.').next().unwrap()] = value;
            json!({"RetryCriteriaList": [criterion]})
        }
        ("MaintenanceWindows[0]", rest) => {
            let mut window = json!({"StartTime": "cron(0 0 1 1 ? 2030)", "DurationInMinutes": 60});
            window[rest] = value;
            return with(json!({"MaintenanceWindows": [window]}));
        }
        ("Tags[0]", rest) => {
            let mut tag = json!({"Key": "k", "Value": "v"});
            tag[rest] = value;
            return with(json!({"Tags": [tag]}));
        }
        (_, rest) => json!({rest: value}),
    };
    with(json!({member: inner}))
}

const ABORT: &str = "AbortConfig.CriteriaList[0]";
const RETRY: &str = "JobExecutionsRetryConfig.RetryCriteriaList[0]";
const RATE: &str = "JobExecutionsRolloutConfig.ExponentialRolloutRate";
