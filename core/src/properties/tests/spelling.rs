//! Keys, scalars, and what is as good as left out.

use super::*;
use crate::job_template::RateIncreaseCriteria;

#[test]
fn a_key_matches_whatever_the_case_of_its_first_letter_and_other_names_mean_the_same() {
    let canonical = with(json!({
        "AbortConfig": {"CriteriaList": [{"FailureType": "ALL", "Action": "CANCEL", "ThresholdPercentage": 1, "MinNumberOfExecutedThings": 1}]},
        "JobExecutionsRolloutConfig": {"MaximumPerMinute": 9, "ExponentialRolloutRate": {"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {"NumberOfNotifiedThings": 1}}},
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 1}]},
        "Tags": [{"Key": "k", "Value": "v"}]
    }));
    let api = json!({
        "description": "d", "document": "{\"a\":1}",
        "abortConfig": {"criteriaList": [{"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 1, "minNumberOfExecutedThings": 1}]},
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 9, "exponentialRate": {"baseRatePerMinute": 1, "incrementFactor": 2, "rateIncreaseCriteria": {"numberOfNotifiedThings": 1}}},
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 1}]},
        "tags": [{"key": "k", "value": "v"}]
    });

    assert_eq!(desired(api), desired(canonical));
}

#[test]
fn a_key_of_another_spelling_is_unknown_and_the_nearest_is_named() {
    for (properties, problem) in [
        (
            json!({"Descripton": "x"}),
            "unknown key \"Descripton\" (did you mean Description?)",
        ),
        (
            json!({"DESCRIPTION": "x"}),
            "unknown key \"DESCRIPTION\" (did you mean Description?)",
        ),
        (
            json!({"jobtemplateid": "x"}),
            "unknown key \"jobtemplateid\" (did you mean JobTemplateId?)",
        ),
        (
            json!({"Name": "x"}),
            "unknown key \"Name\" (known are JobTemplateId, Description, Document, DocumentSource, JobArn, TimeoutConfig, \
             JobExecutionsRolloutConfig, JobExecutionsRetryConfig, AbortConfig, PresignedUrlConfig, MaintenanceWindows, \
             DestinationPackageVersions, Tags, Revision",
        ),
        (
            json!({"TimeoutConfig": {"InProgressTimeoutMinutes": 5}}),
            "TimeoutConfig: unknown key \"InProgressTimeoutMinutes\" (did you mean InProgressTimeoutInMinutes?)",
        ),
        (
            json!({"Tags": [{"Key": "k", "Valeu": "v"}]}),
            "Tags[0]: unknown key \"Valeu\" (did you mean Value?)",
        ),
        (json!({"": "x"}), "unknown key \"\" (known are"),
        (json!({"é": "x"}), "unknown key \"é\" (known are"),
        (json!({"x\n\"y": "x"}), "unknown key \"x\\n\\\"y\" (known are"),
    ] {
        let problems = messages(&with(properties));
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with(problem), "{problems:?}");
    }
}

#[test]
fn a_member_whose_key_is_misspelt_is_not_said_to_be_missing_as_well() {
    let properties = json!({"Descripton": "d", "AbortConfig": {"criterialist": []}});

    assert_eq!(
        messages(&properties),
        [
            "AbortConfig: unknown key \"criterialist\" (did you mean CriteriaList?)",
            "unknown key \"Descripton\" (did you mean Description?)",
        ]
    );
}

#[test]
fn a_choice_of_another_spelling_is_refused_and_the_nearest_is_named() {
    let properties = with_at(&format!("{ABORT}.FailureType"), json!("timed-out"));

    assert_eq!(
        messages(&properties),
        [
            "AbortConfig.CriteriaList[0].FailureType: \"timed-out\" is not accepted (it takes FAILED, REJECTED, TIMED_OUT \
          or ALL; did you mean TIMED_OUT?)"
        ]
    );
}

#[test]
fn a_member_given_twice_is_refused_in_whatever_spellings() {
    for (written, problem) in [
        (
            r#"{"Description": "a", "Description": "a"}"#,
            "Description: given twice (the second time as Description)",
        ),
        (
            r#"{"Description": "a", "description": "b"}"#,
            "Description: given twice (the second time as description)",
        ),
        (
            r#"{"Description": "a", "JobExecutionsRetryConfig": {"CriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 1}],
             "retryCriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 1}]}}"#,
            "JobExecutionsRetryConfig.RetryCriteriaList: given twice (the second time as retryCriteriaList)",
        ),
        (
            r#"{"Description": "a", "Tags": [{"Key": "k"}, {"Key": "k"}]}"#,
            "Tags[1]: the tag \"k\" is given twice",
        ),
        (
            r#"{"Description": "a", "Tags": {"k": "1", "k": "2"}}"#,
            "Tags.k: the tag \"k\" is given twice",
        ),
        (
            r#"{"Description": "a", "Document": {"k": "x", "k": "y"}}"#,
            "Document.k: given twice",
        ),
    ] {
        let problems = read(&serde_json::from_str(written).unwrap()).unwrap_err();
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [problem]);
    }
}

#[test]
fn a_number_may_be_text_that_reads_as_one() {
    for written in [
        json!(60),
        json!("60"),
        json!(60.0),
        json!("60.0"),
        json!("6e1"),
        json!("+60"),
        json!(" 60 "),
        json!("60."),
    ] {
        let read = desired(with_at("TimeoutConfig.InProgressTimeoutInMinutes", written.clone()));
        let minutes = read.content.timeout_config.unwrap().in_progress_timeout_in_minutes;
        assert_eq!(minutes, Some(60), "{written}");
    }
    for written in [json!(0.5), json!("0.5"), json!(".5"), json!("5e-1"), json!("0.50")] {
        let read = desired(with_at(&format!("{ABORT}.ThresholdPercentage"), written.clone()));
        assert_eq!(
            read.content.abort_config.unwrap().criteria_list[0].threshold_percentage,
            0.5,
            "{written}"
        );
    }
    for written in [
        "060",
        "0x3c",
        "6_0",
        "60s",
        "sixty",
        "inf",
        "NaN",
        "1e999",
        "--60",
        "+-60",
        "6 0",
        ".",
        "e1",
        "99999999999999999999",
    ] {
        messages(&with_at("TimeoutConfig.InProgressTimeoutInMinutes", json!(written)));
    }
}

#[test]
fn text_may_be_any_scalar() {
    for (written, text) in [
        (json!("x"), "x"),
        (json!(7), "7"),
        (json!(2.5), "2.5"),
        (json!(true), "true"),
        (json!(false), "false"),
    ] {
        assert_eq!(desired(with(json!({"Description": written}))).content.description, text);
        assert_eq!(
            desired(with(json!({"Revision": written}))).revision.as_deref(),
            Some(text)
        );
        assert_eq!(desired(with(json!({"Tags": {"k": written}}))).tags["k"], text);
    }
}

#[test]
fn null_and_empty_for_an_optional_member_are_as_if_it_were_left_out() {
    let members = [
        "JobTemplateId",
        "DocumentSource",
        "JobArn",
        "TimeoutConfig",
        "JobExecutionsRolloutConfig",
        "JobExecutionsRetryConfig",
        "AbortConfig",
        "PresignedUrlConfig",
        "MaintenanceWindows",
        "DestinationPackageVersions",
        "Tags",
        "Revision",
    ];
    for member in members {
        for empty in [json!(null), json!(""), json!({})] {
            assert_eq!(
                desired(with(json!({member: empty}))),
                desired(with(json!({}))),
                "{member}: {empty}"
            );
        }
    }
    for path in [
        "TimeoutConfig.InProgressTimeoutInMinutes",
        "PresignedUrlConfig.RoleArn",
        "PresignedUrlConfig.ExpiresInSec",
        "JobExecutionsRolloutConfig.MaximumPerMinute",
    ] {
        for empty in [json!(null), json!(""), json!({})] {
            assert_eq!(
                desired(with_at(path, empty.clone())),
                desired(with(json!({}))),
                "{path}: {empty}"
            );
        }
    }
}

#[test]
fn objects_of_nulls_as_iot_shows_what_is_absent_are_left_out() {
    let nulls = json!({
        "presignedUrlConfig": {"expiresInSec": null, "roleArn": null},
        "jobExecutionsRolloutConfig": {"exponentialRate": null, "maximumPerMinute": null},
        "abortConfig": {"criteriaList": null}, "timeoutConfig": {"inProgressTimeoutInMinutes": null},
        "jobExecutionsRetryConfig": {"criteriaList": null}, "maintenanceWindows": null
    });

    assert_eq!(desired(with(nulls)), desired(with(json!({}))));
}

#[test]
fn null_and_empty_for_a_required_member_are_missing() {
    for empty in [json!(null), json!(""), json!({})] {
        assert_eq!(
            messages(&with(json!({"Description": empty}))),
            [
                "Description: missing (it takes text of 1 to 2028 characters without control characters or the U+200D of joined emoji)"
            ]
        );
    }
    for (properties, problem) in [
        (
            json!({"AbortConfig": {"CriteriaList": [{"Action": "CANCEL"}]}}),
            "AbortConfig.CriteriaList[0].FailureType: missing (it takes FAILED, REJECTED, TIMED_OUT or ALL)",
        ),
        (
            json!({"JobExecutionsRolloutConfig": {"MaximumPerMinute": 9, "ExponentialRolloutRate": {"BaseRatePerMinute": 1, "IncrementFactor": 2}}}),
            "JobExecutionsRolloutConfig.ExponentialRolloutRate.RateIncreaseCriteria: missing (it takes a map of \
             NumberOfNotifiedThings or NumberOfSucceededThings)",
        ),
        (
            json!({"Tags": [{"Value": "v"}]}),
            "Tags[0].Key: missing (it takes text of 1 to 128 characters out of letters, digits, spaces and _.:/=+-@)",
        ),
        (
            json!({"MaintenanceWindows": [{"StartTime": "cron(0 0 1 1 ? 2030)"}]}),
            "MaintenanceWindows[0].DurationInMinutes: missing (it takes an integer from 1 to 1430)",
        ),
    ] {
        assert_eq!(messages(&with(properties)), [problem]);
    }
}

#[test]
fn a_required_map_whose_members_are_all_optional_may_be_empty() {
    for empty in [json!({}), json!({"numberOfNotifiedThings": null})] {
        let rate = json!({"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": empty});
        let read = desired(with(
            json!({"JobExecutionsRolloutConfig": {"MaximumPerMinute": 9, "ExponentialRolloutRate": rate}}),
        ));
        let rate = read
            .content
            .job_executions_rollout_config
            .unwrap()
            .exponential_rollout_rate
            .unwrap();
        assert_eq!(rate.rate_increase_criteria, RateIncreaseCriteria::default());
    }
}

#[test]
fn properties_that_are_no_map_are_refused() {
    for (properties, noun) in [
        (json!([]), "a list"),
        (json!("x"), "text"),
        (json!(7), "a number"),
        (json!(null), "null"),
        (json!(true), "a boolean"),
    ] {
        assert_eq!(messages(&properties), [format!("the properties are {noun}, not a map")]);
    }
}

#[test]
fn criteria_without_a_failure_type_do_not_share_one() {
    let criterion = json!({"FailureType": "", "Action": "CANCEL"});

    let messages = messages(&with(json!({"AbortConfig": {"CriteriaList": [criterion, criterion]}})));

    assert_eq!(messages.len(), 2);
    assert!(
        messages.iter().all(|message| message.contains("FailureType: missing")),
        "{messages:?}"
    );
}

/// What CloudFormation makes of a CommaDelimitedList parameter that is empty.
#[test]
fn a_list_of_one_empty_text_is_as_if_an_optional_list_of_text_were_left_out() {
    assert_eq!(
        desired(with(json!({"DestinationPackageVersions": [""]}))),
        desired(with(json!({})))
    );
    for (written, problem) in [
        (
            json!({"DestinationPackageVersions": ["", "arn:x"]}),
            "DestinationPackageVersions[0]: empty (it takes text of 1 to 1600 characters that is an ARN)",
        ),
        (
            json!({"MaintenanceWindows": [""]}),
            "MaintenanceWindows[0]: empty (it takes a map of StartTime, DurationInMinutes, EndTime)",
        ),
        (json!({"Tags": [""]}), "Tags[0]: empty (it takes a map of Key, Value)"),
    ] {
        assert_eq!(messages(&with(written)), [problem]);
    }
}

#[test]
fn a_key_of_another_operation_says_so_and_no_nearest_name() {
    for (key, hint) in [
        ("TargetSelection", "it belongs to a job, not to its template: drop it"),
        ("targets", "it belongs to a job, not to its template: drop it"),
        ("jobId", "it belongs to a job, not to its template: drop it"),
        (
            "DocumentParameters",
            "it belongs to a job, not to its template: drop it",
        ),
        (
            "schedulingConfig",
            "it belongs to a job, not to its template: drop it; its windows are MaintenanceWindows here",
        ),
        ("jobTemplateArn", "it is what IoT reports: drop it"),
        ("createdAt", "it is what IoT reports: drop it"),
        ("Arn", "it is what IoT reports: drop it"),
    ] {
        assert_eq!(
            messages(&with(json!({key: "x"}))),
            [format!("unknown key \"{key}\" ({hint})")]
        );
    }
    // Where there can be no such key, it is one like any other.
    assert_eq!(
        messages(&with(json!({"TimeoutConfig": {"Targets": 1}}))),
        ["TimeoutConfig: unknown key \"Targets\" (known are InProgressTimeoutInMinutes)"]
    );
}

#[test]
fn where_only_one_word_is_taken_it_is_named_once() {
    for written in ["cancel", "abort", "STOP"] {
        assert_eq!(
            messages(&with_at(&format!("{ABORT}.Action"), json!(written))),
            [format!(
                "AbortConfig.CriteriaList[0].Action: \"{written}\" is not accepted (it takes CANCEL)"
            )]
        );
    }
}
