//! What the service refuses beyond its model, in the words that were measured (docs/facts.md).

use std::collections::{BTreeMap, HashSet};

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::invalid;
use crate::stand_ins::http::Response;

/// JSON, and nested at most 1000 deep.
pub fn is_accepted_json(text: &str) -> bool {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest <= 1000 && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

pub fn check_timeout(content: &Map<String, Value>) -> Result<(), Response> {
    let Some(minutes) = content
        .get("timeoutConfig")
        .and_then(|c| c.get("inProgressTimeoutInMinutes"))
    else {
        return Ok(());
    };
    if minutes.as_i64().is_some_and(|m| (1..=10080).contains(&m)) {
        return Ok(());
    }
    Err(invalid(&format!(
        "Provide valid timeout value, inProgressTimeoutInMinutes cannot be {minutes}."
    )))
}

pub fn check_rollout(content: &Map<String, Value>) -> Result<(), Response> {
    let rollout = content.get("jobExecutionsRolloutConfig").unwrap_or(&Value::Null);
    let rate = &rollout["exponentialRate"];
    let criteria = &rate["rateIncreaseCriteria"];
    if !rate.is_null() && rollout["maximumPerMinute"].is_null() {
        return Err(invalid(
            "Provide MaximumPerMinute value when ExponentialRate is defined",
        ));
    }
    if !criteria["numberOfNotifiedThings"].is_null() && !criteria["numberOfSucceededThings"].is_null() {
        return Err(invalid(
            "Provide only one of NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria is defined",
        ));
    }
    Ok(())
}

pub fn check_abort_criteria(content: &Map<String, Value>) -> Result<(), Response> {
    let criteria = content.get("abortConfig").and_then(|c| c["criteriaList"].as_array());
    let mut seen = HashSet::new();
    for criterion in criteria.into_iter().flatten() {
        let threshold = criterion["thresholdPercentage"].as_f64().unwrap_or(100.0);
        if !seen.insert(criterion["failureType"].to_string()) {
            return Err(invalid("Multiple AbortCriteria cannot have the same failure type"));
        }
        if threshold <= 0.0 {
            return Err(invalid(&format!(
                "ThresholdPercentage value {threshold:?} for AbortCriteria must have value greater than 0"
            )));
        }
        if (threshold * 100.0).round() / 100.0 != threshold {
            return Err(invalid(
                "Abort thresholdPercentage must have two or less decimal digits",
            ));
        }
    }
    Ok(())
}

pub fn check_presigning(id: &str, content: &Map<String, Value>) -> Result<(), Response> {
    let document = content.get("document").and_then(Value::as_str).unwrap_or_default();
    let role = content
        .get("presignedUrlConfig")
        .map_or(&Value::Null, |c| &c["roleArn"]);
    if role.is_null() && document.contains("${aws:iot:s3-presigned-url:") {
        return Err(invalid(&format!(
            "Role must be provided for pre-sign S3 urls in job document of job {id}."
        )));
    }
    if role.is_null() && document.contains("${aws:iot:s3-presigned-url-v2:") {
        return Err(invalid(
            "presignedUrlConfig role ARN is required to generate an S3 presigned url in job document.",
        ));
    }
    Ok(())
}

pub const MOST_TAGS: usize = 50;

pub fn checked_tags(tags: &Value) -> Result<BTreeMap<String, String>, Response> {
    let mut checked = BTreeMap::new();
    for tag in tags.as_array().into_iter().flatten() {
        let (Some(key), Some(value)) = (tag["Key"].as_str(), tag["Value"].as_str()) else {
            return Err(invalid("Invalid tag parameter exception. Please check the input."));
        };
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid(&format!(
                "Tags cannot begin with \"aws:\", offending tag: {key}"
            )));
        }
        checked.insert(key.to_owned(), value.to_owned());
    }
    if checked.len() > MOST_TAGS {
        return Err(too_many_tags());
    }
    Ok(checked)
}

pub fn too_many_tags() -> Response {
    invalid("Too many tags provided in the request. Please check the input.")
}
