//! All problems, at once.

use super::*;

#[test]
fn all_that_is_wrong_is_said_at_once_each_at_its_path() {
    let properties = json!({
        "Descripton": "x",
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 0, "Retries": 1},
        "AbortConfig": {"CriteriaList": [
            {"FailureType": "FAILED", "Action": "STOP", "ThresholdPercentage": 101},
            {"FailureType": "FAILED", "Action": "CANCEL", "MinNumberOfExecutedThings": 0}
        ]},
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{}, {"FailureType": "ALL"}, {}]},
        "JobExecutionsRolloutConfig": {"MinimumPerMinute": 2, "MaximumPerMinute": 1},
        "Tags": {"aws:a": "1", "b": ["x"]}
    });

    let problems = messages(&properties);
    let paths: Vec<_> = problems
        .iter()
        .map(|problem| problem.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "AbortConfig.CriteriaList[0].Action",
            "AbortConfig.CriteriaList[0].ThresholdPercentage",
            "AbortConfig.CriteriaList[1].MinNumberOfExecutedThings",
            "AbortConfig.CriteriaList[1].FailureType",
            "unknown key \"Descripton\" (did you mean Description?)",
            "JobExecutionsRetryConfig.RetryCriteriaList",
            "JobExecutionsRetryConfig.RetryCriteriaList[0]",
            "JobExecutionsRetryConfig.RetryCriteriaList[1].NumberOfRetries",
            "JobExecutionsRetryConfig.RetryCriteriaList[2]",
            "JobExecutionsRolloutConfig.MinimumPerMinute",
            "Tags.b",
            "Tags[\"aws:a\"]",
            "TimeoutConfig.InProgressTimeoutInMinutes",
            "TimeoutConfig",
        ],
        "{problems:#?}"
    );
}

#[test]
fn what_was_written_is_shown_on_one_line_and_not_at_length() {
    let long = "x".repeat(1000);
    let problems = messages(&with(
        json!({"JobTemplateId": format!("a\n{long}"), "TimeoutConfig": {&long: 1}, "Document": {&long: "1"}}),
    ));

    assert_eq!(problems.len(), 3);
    assert!(
        problems.iter().any(|problem| problem.contains("\"a\\nxxx")),
        "{problems:?}"
    );
    assert!(
        problems
            .iter()
            .all(|problem| problem.len() < 300 && problem.contains('…')),
        "{problems:?}"
    );
}
