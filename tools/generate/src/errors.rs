//! Properties with mistakes in them, and what is said of those.

use iot_job_template_core::properties;
use serde_json::{Value, json};

pub fn samples() -> String {
    let samples = [
        json!({
            "Descripton": "Reboot",
            "TimeoutConfig": {"InProgressTimeoutInMinutes": "20160"},
            "AbortConfig": {"CriteriaList": [{"FailureType": "timed_out", "Action": "CANCEL", "ThresholdPercentage": "12.345"}]}
        }),
        json!({
            "Description": "Reboot",
            "Document": {"operation": "reboot", "delay": "30"},
            "JobExecutionsRetryConfig": {"RetryAttempts": "3", "RetryCriteriaList": [{"FailureType": "ALL", "NumberOfRetries": "3"}]}
        }),
        json!({
            "Description": "Reboot",
            "Document": "{\"operation\": \"reboot\",}",
            "MaintenanceWindows": [{"StartTime": "2026-10-01T02:00:30Z", "EndTime": "2026-10-01T04:00:00Z"}],
            "Tags": {"aws:team": "fleet"}
        }),
    ];
    samples
        .iter()
        .map(|properties| {
            format!(
                "```json\n{properties:#}\n```\n\n```text\n{}\n```\n",
                messages(properties).join("; ")
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// All that is wrong with properties.
fn messages(properties: &Value) -> Vec<String> {
    serde_json::from_value(properties.clone())
        .ok()
        .and_then(|json| properties::read(&json).err())
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_shows_errors_as_they_look() {
        let readme = include_str!("../../../README.md");
        let words: Vec<_> = readme.split_whitespace().collect();

        let shown = messages(&json!({
            "TimeoutConfig": {"InProgressTimeoutInMinutes": "0"},
            "Documnt": "{}"
        }));

        assert_eq!(shown.len(), 3);
        for message in shown {
            assert!(words.join(" ").contains(&message), "{message}");
        }
    }
}
