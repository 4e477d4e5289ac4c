//! Each shorthand, and the one meaning it has.

use super::*;

/// What is written, what it means, and the warning for each shorthand used.
fn shorthands() -> Vec<(Value, Value, Vec<&'static str>)> {
    let abort = |criterion: Value| with(json!({"AbortConfig": {"CriteriaList": [criterion]}}));
    let rollout = |config: Value| with(json!({"JobExecutionsRolloutConfig": config}));
    let window = |window: Value| with(json!({"MaintenanceWindows": [window]}));
    vec![
        (
            json!({"Description": "d"}),
            json!({"Description": "d", "Document": "{}"}),
            vec!["Document: became {}, since there is no Document, DocumentSource or JobArn"],
        ),
        (
            with(json!({"DocumentSource": "https://s3"})),
            with(json!({})),
            vec!["DocumentSource: left out, since there is a Document"],
        ),
        (
            with(json!({"JobExecutionsRetryConfig": {"retryAttempts": "3"}})),
            with(
                json!({"JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 3}]}}),
            ),
            vec![
                "JobExecutionsRetryConfig.RetryAttempts: became RetryCriteriaList: FailureType ALL, NumberOfRetries 3",
            ],
        ),
        (
            abort(
                json!({"FailureType": "FAILED", "Action": "ABORT", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 2}),
            ),
            abort(
                json!({"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 2}),
            ),
            vec!["AbortConfig.CriteriaList[0].Action: ABORT became CANCEL"],
        ),
        (
            abort(json!({"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 5})),
            abort(
                json!({"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": 5, "MinNumberOfExecutedThings": 1}),
            ),
            vec!["AbortConfig.CriteriaList[0].MinNumberOfExecutedThings: left out, became 1"],
        ),
        (
            abort(json!({"FailureType": "FAILED", "Action": "CANCEL", "MinNumberOfExecutedThings": 2})),
            abort(
                json!({"FailureType": "FAILED", "Action": "CANCEL", "MinNumberOfExecutedThings": 2, "ThresholdPercentage": 0.01}),
            ),
            vec![
                "AbortConfig.CriteriaList[0].ThresholdPercentage: left out, became 0.01: abort practically on the first failure",
            ],
        ),
        (
            window(json!({"StartTime": "2023-10-01T00:00:00Z", "DurationInMinutes": 5})),
            window(json!({"StartTime": "cron(0 0 1 10 ? 2023)", "DurationInMinutes": 5})),
            vec!["MaintenanceWindows[0].StartTime: became cron(0 0 1 10 ? 2023)"],
        ),
        (
            window(json!({"StartTime": "2023-12-31T23:59:00-00:30", "EndTime": "2024-01-01T01:30:00+00:00"})),
            window(json!({"StartTime": "cron(29 0 1 1 ? 2024)", "DurationInMinutes": 61})),
            vec![
                "MaintenanceWindows[0].StartTime: became cron(29 0 1 1 ? 2024)",
                "MaintenanceWindows[0].EndTime: became DurationInMinutes 61",
            ],
        ),
        (
            rollout(json!({"MinimumPerMinute": 1, "MaximumPerMinute": 10})),
            rollout(
                json!({"MaximumPerMinute": 10, "ExponentialRolloutRate": {"BaseRatePerMinute": 1, "IncrementFactor": 2,
                "RateIncreaseCriteria": {"NumberOfSucceededThings": 1}}}),
            ),
            vec![
                "JobExecutionsRolloutConfig.MinimumPerMinute: became ExponentialRolloutRate: BaseRatePerMinute 1, \
                  IncrementFactor 2, RateIncreaseCriteria NumberOfSucceededThings 1",
            ],
        ),
        (
            rollout(json!({"MinimumPerMinute": 10, "MaximumPerMinute": 10})),
            rollout(json!({"MaximumPerMinute": 10})),
            vec!["JobExecutionsRolloutConfig.MinimumPerMinute: became MaximumPerMinute 10 alone"],
        ),
    ]
}

#[test]
fn each_shorthand_has_its_one_meaning_and_a_warning_that_names_it() {
    for (shorthand, meaning, said) in shorthands() {
        assert_eq!(good(&shorthand).desired, good(&meaning).desired, "{shorthand}");
        assert_eq!(warnings(&shorthand), said);
        assert_eq!(warnings(&meaning), [] as [&str; 0]);
    }
}

#[test]
fn a_shorthand_beside_what_it_stands_for_or_without_what_it_needs_is_refused() {
    let criteria = json!([{"FailureType": "ALL", "NumberOfRetries": 1}]);
    let rate = json!({"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {}});
    for (properties, problem) in [
        (
            json!({"JobExecutionsRetryConfig": {"RetryAttempts": 1, "CriteriaList": criteria}}),
            "JobExecutionsRetryConfig.RetryAttempts: stands for a RetryCriteriaList, and there is one (give one of the two)",
        ),
        (
            json!({"JobExecutionsRolloutConfig": {"MinimumPerMinute": 1, "MaximumPerMinute": 2, "ExponentialRate": rate}}),
            "JobExecutionsRolloutConfig.MinimumPerMinute: stands for an ExponentialRolloutRate, and there is one (give one of the two)",
        ),
        (
            json!({"JobExecutionsRolloutConfig": {"MinimumPerMinute": 1}}),
            "JobExecutionsRolloutConfig.MaximumPerMinute: missing, and MinimumPerMinute needs it (it takes an integer from 1 to 2147483647)",
        ),
        (
            json!({"JobExecutionsRolloutConfig": {"MinimumPerMinute": 3, "MaximumPerMinute": 2}}),
            "JobExecutionsRolloutConfig.MinimumPerMinute: 3 is more than MaximumPerMinute, which is 2",
        ),
        (
            json!({"JobExecutionsRolloutConfig": {"MinimumPerMinute": 1001, "MaximumPerMinute": 2000}}),
            "JobExecutionsRolloutConfig.MinimumPerMinute: 1001 is not accepted (it becomes the BaseRatePerMinute, an integer from 1 to 1000)",
        ),
        (
            json!({"MaintenanceWindows": [{"StartTime": "2023-10-01T00:00:00Z", "EndTime": "2023-10-01T02:00:00Z", "DurationInMinutes": 120}]}),
            "MaintenanceWindows[0].EndTime: stands for DurationInMinutes, and there is one (give one of the two)",
        ),
        (
            json!({"MaintenanceWindows": [{"StartTime": "cron(0 0 1 1 ? 2030)", "EndTime": "2023-10-01T02:00:00Z"}]}),
            "MaintenanceWindows[0].EndTime: goes with a StartTime that is an RFC 3339 moment (beside a cron expression give DurationInMinutes)",
        ),
        (
            json!({"MaintenanceWindows": [{"StartTime": "2023-10-01T00:00:00Z", "EndTime": "2023-10-01T00:00:00Z"}]}),
            "MaintenanceWindows[0].EndTime: is 0 minutes after StartTime (it takes 1 to 1430)",
        ),
        (
            json!({"MaintenanceWindows": [{"StartTime": "2023-10-01T00:00:00Z", "EndTime": "2023-10-01T23:51:00Z"}]}),
            "MaintenanceWindows[0].EndTime: is 1431 minutes after StartTime (it takes 1 to 1430)",
        ),
        (
            json!({"MaintenanceWindows": [{"StartTime": "2023-10-01T00:00:30Z", "DurationInMinutes": 1}]}),
            "MaintenanceWindows[0].StartTime: \"2023-10-01T00:00:30Z\" is not on the minute (a window's seconds must be zero)",
        ),
        (
            json!({"MaintenanceWindows": [{"StartTime": "2023-10-01T00:00:00Z", "EndTime": "soon"}]}),
            "MaintenanceWindows[0].EndTime: \"soon\" is no RFC 3339 moment, such as 2026-10-01T02:00:00Z",
        ),
    ] {
        assert_eq!(messages(&with(properties)), [problem]);
    }
}

#[test]
fn a_start_time_that_begins_like_a_date_must_be_an_rfc_3339_moment() {
    let start = |written: &str| with(json!({"MaintenanceWindows": [{"StartTime": written, "DurationInMinutes": 1}]}));
    for (written, cron) in [
        ("2024-02-29T12:05:00Z", "cron(5 12 29 2 ? 2024)"),
        ("2024-02-29t12:05:00z", "cron(5 12 29 2 ? 2024)"),
        ("2024-02-29T12:05:00.000Z", "cron(5 12 29 2 ? 2024)"),
        ("2024-03-01T01:05:00+13:00", "cron(5 12 29 2 ? 2024)"),
        ("cron(0 1 ? * MON *)", "cron(0 1 ? * MON *)"),
    ] {
        assert_eq!(desired(start(written)).content.maintenance_windows[0].start_time, cron);
    }
    for written in [
        "2023-10-01",
        "2023-10-01T00:00:00",
        "2023-02-29T00:00:00Z",
        "2023-10-01T24:00:00Z",
        "0000-01-01T00:00:00+01:00",
        "9999-12-31T23:59:00-01:00",
        "2023-10-01T00:00:00.5Z",
        "2023-10-01T00:00Z",
    ] {
        messages(&start(written));
    }
}
