//! What is published of the language, the schema and the reference, is what the table and the parser say.
//!
//! To bring it up to date: `WRITE_PUBLISHED=1 cargo test -p iot-job-template-core published`.

use super::reference::{attributes_table, maps, properties_table};
use super::schema::json_schema;
use super::tests::{json_of, messages, shorthands};
use crate::cloudformation::owner::Owner;
use crate::cloudformation::physical_id::template_id;
use crate::properties::reference::Change;
use crate::properties::spec::PROPERTIES;
use serde_json::{Value, json};
use std::path::PathBuf;

const SCHEMA: &str = "schema/custom-iotjobtemplate.json";
const REFERENCE: &str = "docs/properties.md";

/// Panics unless the file is what `current` makes of it; or makes it so, where that is asked for.
fn hold(file: &str, current: impl Fn(&str) -> String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let current = current(&committed);
    if std::env::var_os("WRITE_PUBLISHED").is_some() {
        std::fs::write(&path, &current).unwrap();
    } else {
        assert!(
            current == committed,
            "{file} is not up to date; WRITE_PUBLISHED=1 cargo test -p iot-job-template-core published"
        );
    }
}

/// Holds what is between the marks of a section.
fn hold_section(name: &str, section: &str) {
    hold(REFERENCE, |committed| {
        let (begin, end) = (format!("<!-- generated: {name} -->\n"), "<!-- end -->");
        let (before, rest) = committed.split_once(&begin).expect("the section's begin");
        let (_, after) = rest.split_once(end).expect("the section's end");
        format!("{before}{begin}{section}{end}{after}")
    });
}

#[test]
fn the_schema_is_that_of_the_table() {
    hold(SCHEMA, |_| format!("{:#}\n", json_schema()));
}

/// One test, since the sections share a file.
#[test]
fn the_reference_is_that_of_the_table_and_the_parser() {
    hold_section("properties", &properties_table());
    hold_section("attributes", &attributes_table());
    hold_section("shorthand", &shorthand_table());
    hold_section("errors", &error_samples());
    hold_section("maps", &maps());
}

fn shorthand_table() -> String {
    let mut table = "| Written | Means | Warning in the log |\n| --- | --- | --- |\n".to_owned();
    for (written, means, warnings) in shorthands() {
        let (written, means) = (without_the_least(written), without_the_least(means));
        table += &format!("| `{written}` | `{means}` | {} |\n", warnings.join("<br>"));
    }
    table
}

/// Without what every example has, so that only what it is about is left.
fn without_the_least(mut properties: Value) -> Value {
    let members = properties.as_object_mut().unwrap();
    members.remove("Description");
    if members
        .keys()
        .any(|name| name != "Document" && name != "DocumentSource")
    {
        members.remove("Document");
    }
    properties
}

fn error_samples() -> String {
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

#[test]
fn the_readme_shows_errors_as_they_look() {
    let readme = include_str!("../../../README.md");
    let words: Vec<_> = readme.split_whitespace().collect();

    let shown = messages(&json!({
        "TimeoutConfig": {"InProgressTimeoutInMinutes": "0"},
        "Documnt": "{}"
    }));

    for message in shown {
        assert!(words.join(" ").contains(&message), "{message}");
    }
}

#[test]
fn what_the_reference_says_of_a_change_is_what_the_id_does() {
    let owner = Owner {
        stack_id: "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/1".into(),
        logical_id: "Reboot".into(),
    };
    let id =
        |properties: Value| -> String { template_id(&owner, &super::read(&json_of(&properties)).unwrap().desired) };
    let least = || json!({"Description": "d"});
    for member in PROPERTIES.members {
        let mut changed = least();
        changed[member.name] = match member.name {
            "Document" => json!("[]"),
            "TimeoutConfig" => json!({"InProgressTimeoutInMinutes": 1}),
            "JobExecutionsRolloutConfig" => json!({"MaximumPerMinute": 1}),
            "JobExecutionsRetryConfig" => json!({"RetryAttempts": 1}),
            "AbortConfig" => json!({"CriteriaList": [{"FailureType": "ALL", "Action": "CANCEL"}]}),
            "PresignedUrlConfig" => json!({"ExpiresInSec": 60}),
            "MaintenanceWindows" => json!([{"StartTime": "x", "DurationInMinutes": 1}]),
            "DestinationPackageVersions" => json!(["arn:x"]),
            "Tags" => json!({"a": "b"}),
            _ => json!("changed"),
        };
        let stays = matches!(Change::of(member), Change::Nothing | Change::InPlace);
        assert_eq!(id(changed) == id(least()), stays, "{}", member.name);
    }
}
