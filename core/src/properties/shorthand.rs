//! Shorthand: forms that IoT refuses and that people write all the same, each with one documented meaning. And the checks
//! that concern more than one member.
//!
//! A shorthand beside the member that it stands for is an error. Each one used is a warning that names what it became.

use super::fields::Fields;
use super::kinds::Rule;
use super::report::{Path, Report, quoted};
use super::spec::MAX_TAGS;
use crate::job_template::Adopt;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Replaces shorthand by what it stands for, and checks what concerns more than one member.
pub fn settle(rule: Rule, fields: &mut Fields, path: &Path, report: &mut Report) {
    match rule {
        Rule::AsWritten => {}
        Rule::Properties => settle_properties(fields, path, report),
        Rule::Rollout => settle_rollout(fields, path, report),
        Rule::Retry => settle_retry(fields, path, report),
        Rule::AbortCriteria => settle_abort_criteria(fields, path, report),
        Rule::MaintenanceWindow => settle_maintenance_window(fields, path, report),
    }
}

fn settle_properties(fields: &mut Fields, path: &Path, report: &mut Report) {
    if fields.has("Document") && fields.has("DocumentSource") {
        fields.take("DocumentSource");
        report.warning(&path.member("DocumentSource"), "left out, since there is a Document");
    }
    let sources = ["Document", "DocumentSource", "JobArn"];
    if !sources.iter().any(|source| fields.has(source)) {
        fields.set("Document", "{}");
        report.warning(
            &path.member("Document"),
            "became {}, since there is no Document, DocumentSource or JobArn",
        );
    }
    require_role_for_placeholders(fields, path, report);
    check_adopt(fields, path, report);
}

/// What an adopted template carries beside the provider's other tags: from whom it was adopted.
const FORMER_TAGS: usize = 2;

fn check_adopt(fields: &mut Fields, path: &Path, report: &mut Report) {
    let adopts = fields
        .get("Adopt")
        .and_then(Value::as_str)
        .is_some_and(|text| Adopt::read(text) != Some(Adopt::No));
    if !adopts {
        return;
    }
    if !fields.has("JobTemplateId") {
        report.problem(
            &path.member("Adopt"),
            "needs a JobTemplateId, which says what is taken over: an id that is generated is always this resource's own",
        );
    }
    let tags = fields
        .get("Tags")
        .and_then(Value::as_object)
        .map_or(0, |tags| tags.len());
    let most = MAX_TAGS - FORMER_TAGS;
    if tags > most {
        report.problem(
            &path.member("Tags"),
            format!("{tags} tags are more than the {most} that IoT's 50 leave to a template that is taken over"),
        );
    }
}

/// The service refuses placeholders for presigned URLs without a role (measured). A template from a job may have the
/// job's.
fn require_role_for_placeholders(fields: &mut Fields, path: &Path, report: &mut Report) {
    let document = fields.get("Document").and_then(Value::as_str).unwrap_or_default();
    let placeholder = ["${aws:iot:s3-presigned-url:", "${aws:iot:s3-presigned-url-v2:"]
        .into_iter()
        .find(|placeholder| document.contains(placeholder));
    let config_is_wrong = fields.has("PresignedUrlConfig") && fields.get("PresignedUrlConfig").is_none();
    let has_role = fields
        .get("PresignedUrlConfig")
        .is_some_and(|config| config.get("RoleArn").is_some());
    if let Some(placeholder) = placeholder
        && !has_role
        && !config_is_wrong
        && !fields.has("JobArn")
    {
        report.problem(
            &path.member("PresignedUrlConfig").member("RoleArn"),
            format!("missing, and the Document has a placeholder {placeholder}…}}, which needs a role"),
        );
    }
}

fn settle_rollout(fields: &mut Fields, path: &Path, report: &mut Report) {
    if !fields.has("MinimumPerMinute") {
        return;
    }
    let at = path.member("MinimumPerMinute");
    let minimum = fields.take("MinimumPerMinute").and_then(|value| value.as_i64());
    if fields.has("ExponentialRolloutRate") {
        report.problem(
            &at,
            "stands for an ExponentialRolloutRate, and there is one (give one of the two)",
        );
        fields.set_wrong("ExponentialRolloutRate");
        return;
    }
    let maximum = fields.get("MaximumPerMinute").and_then(Value::as_i64);
    let (Some(minimum), Some(maximum)) = (minimum, maximum) else {
        fields.set_wrong("ExponentialRolloutRate");
        return;
    };
    if minimum == maximum {
        report.warning(&at, format!("became MaximumPerMinute {maximum} alone"));
    } else if minimum > maximum {
        report.problem(
            &at,
            format!("{minimum} is more than MaximumPerMinute, which is {maximum}"),
        );
        fields.set_wrong("ExponentialRolloutRate");
    } else if minimum > 1000 {
        report.problem(
            &at,
            format!("{minimum} is not accepted (it becomes the BaseRatePerMinute, an integer from 1 to 1000)"),
        );
        fields.set_wrong("ExponentialRolloutRate");
    } else {
        fields.set(
            "ExponentialRolloutRate",
            json!({
                "BaseRatePerMinute": minimum,
                "IncrementFactor": 2.0,
                "RateIncreaseCriteria": {"NumberOfSucceededThings": minimum},
            }),
        );
        report.warning(
            &at,
            format!(
                "became ExponentialRolloutRate: BaseRatePerMinute {minimum}, IncrementFactor 2, \
                 RateIncreaseCriteria NumberOfSucceededThings {minimum}"
            ),
        );
    }
}

fn settle_retry(fields: &mut Fields, path: &Path, report: &mut Report) {
    if !fields.has("RetryAttempts") {
        return;
    }
    let at = path.member("RetryAttempts");
    let attempts = fields.take("RetryAttempts");
    if fields.has("RetryCriteriaList") {
        report.problem(
            &at,
            "stands for a RetryCriteriaList, and there is one (give one of the two)",
        );
        fields.set_wrong("RetryCriteriaList");
        return;
    }
    let Some(attempts) = attempts else {
        fields.set_wrong("RetryCriteriaList");
        return;
    };
    report.warning(
        &at,
        format!("became RetryCriteriaList: FailureType ALL, NumberOfRetries {attempts}"),
    );
    fields.set(
        "RetryCriteriaList",
        json!([{"FailureType": "ALL", "NumberOfRetries": attempts}]),
    );
}

fn settle_abort_criteria(fields: &mut Fields, path: &Path, report: &mut Report) {
    if fields.get("Action").and_then(Value::as_str) == Some("ABORT") {
        fields.set("Action", "CANCEL");
        report.warning(&path.member("Action"), "ABORT became CANCEL");
    }
    if !fields.has("MinNumberOfExecutedThings") {
        fields.set("MinNumberOfExecutedThings", 1);
        report.warning(&path.member("MinNumberOfExecutedThings"), "left out, became 1");
    }
    if !fields.has("ThresholdPercentage") {
        fields.set("ThresholdPercentage", 0.01);
        report.warning(
            &path.member("ThresholdPercentage"),
            "left out, became 0.01: abort practically on the first failure",
        );
    }
}

fn settle_maintenance_window(fields: &mut Fields, path: &Path, report: &mut Report) {
    let start = settle_start(fields, path, report);
    settle_end(start, fields, path, report);
}

/// What StartTime turned out to be.
enum Start {
    Moment(OffsetDateTime),
    Cron,
    Unknown,
}

fn settle_start(fields: &mut Fields, path: &Path, report: &mut Report) -> Start {
    let Some(written) = fields.get("StartTime").and_then(Value::as_str) else {
        return Start::Unknown;
    };
    if !looks_like_date(written) {
        return Start::Cron;
    }
    let at = path.member("StartTime");
    match whole_minute(written) {
        Ok(moment) => {
            let cron = cron(moment);
            report.warning(&at, format!("became {cron}"));
            fields.set("StartTime", cron);
            Start::Moment(moment)
        }
        Err(why) => {
            report.problem(&at, why);
            fields.set_wrong("StartTime");
            Start::Unknown
        }
    }
}

fn settle_end(start: Start, fields: &mut Fields, path: &Path, report: &mut Report) {
    if !fields.has("EndTime") {
        return;
    }
    let at = path.member("EndTime");
    let written = fields.take("EndTime");
    if fields.has("DurationInMinutes") {
        report.problem(
            &at,
            "stands for DurationInMinutes, and there is one (give one of the two)",
        );
        fields.set_wrong("DurationInMinutes");
        return;
    }
    fields.set_wrong("DurationInMinutes");
    let Some(end) = written.as_ref().and_then(Value::as_str).map(whole_minute) else {
        return;
    };
    match (start, end) {
        (_, Err(why)) => report.problem(&at, why),
        (Start::Unknown, _) => {}
        (Start::Cron, _) => report.problem(
            &at,
            "goes with a StartTime that is an RFC 3339 moment (beside a cron expression give DurationInMinutes)",
        ),
        (Start::Moment(start), Ok(end)) => {
            let minutes = (end - start).whole_minutes();
            if (1..=1430).contains(&minutes) {
                report.warning(&at, format!("became DurationInMinutes {minutes}"));
                fields.set("DurationInMinutes", minutes);
            } else {
                report.problem(
                    &at,
                    format!("is {minutes} minutes after StartTime (it takes 1 to 1430)"),
                );
            }
        }
    }
}

/// A cron expression begins with `cron(`; four digits and a hyphen begin a date.
fn looks_like_date(text: &str) -> bool {
    matches!(text.as_bytes(), [a, b, c, d, b'-', ..] if [a, b, c, d].iter().all(|b| b.is_ascii_digit()))
}

fn whole_minute(written: &str) -> Result<OffsetDateTime, String> {
    let shown = quoted(written);
    let moment = OffsetDateTime::parse(written, &Rfc3339)
        .ok()
        .and_then(|moment| moment.checked_to_offset(UtcOffset::UTC))
        .filter(|moment| moment.year() >= 0)
        .ok_or_else(|| format!("{shown} is no RFC 3339 moment, such as 2026-10-01T02:00:00Z"))?;
    if moment.second() != 0 || moment.nanosecond() != 0 {
        return Err(format!(
            "{shown} is not on the minute (a window's seconds must be zero)"
        ));
    }
    Ok(moment)
}

/// The six-field AWS cron expression that names one moment, given in UTC.
fn cron(moment: OffsetDateTime) -> String {
    format!(
        "cron({} {} {} {} ? {})",
        moment.minute(),
        moment.hour(),
        moment.day(),
        u8::from(moment.month()),
        moment.year()
    )
}
