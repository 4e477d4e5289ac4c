//! Every bound, at both ends and one beyond.

use super::*;

fn text(length: usize) -> Value {
    "a".repeat(length).into()
}

fn arn(length: usize) -> Value {
    format!("arn:{}", "a".repeat(length - 4)).into()
}

/// Each bound: the path, what is taken at either end, what is refused beyond, and the words for what is accepted.
pub fn bounds() -> Vec<(String, Vec<Value>, Vec<Value>, &'static str)> {
    let at = |parent: &str, member: &str| format!("{parent}.{member}");
    let top = str::to_owned;
    vec![
        (
            top("JobTemplateId"),
            vec![text(1), text(64), json!("aZ09_-")],
            vec![text(65), json!("a b"), json!("ä"), json!("a:b")],
            "text of 1 to 64 characters out of a-z, A-Z, 0-9, _ and -",
        ),
        (
            top("Description"),
            vec![text(1), text(2028), json!("ä😀 \u{2028}"), json!("😀".repeat(2028))],
            vec![
                text(2029),
                json!("a\nb"),
                json!("a\u{0}"),
                json!("👩\u{200d}🔧"),
                json!("\u{ad}"),
                json!("\u{e000}"),
            ],
            "text of 1 to 2028 characters without control characters or the U+200D of joined emoji",
        ),
        (
            top("Document"),
            vec![format!("\"{}\"", "a".repeat(32766)).into()],
            vec![format!("\"{}\"", "a".repeat(32767)).into()],
            "at most 32768",
        ),
        (
            top("DocumentSource"),
            vec![text(1), text(1350)],
            vec![text(1351), json!(["a"])],
            "text of 1 to 1350 characters",
        ),
        (top("JobArn"), vec![text(1), text(100_000)], vec![json!(["a"])], "text"),
        (
            top("Revision"),
            vec![text(1), json!(7), json!(true), text(100_000)],
            vec![json!([1]), json!({"a": 1})],
            "text, a number, true or false",
        ),
        (
            top("TimeoutConfig.InProgressTimeoutInMinutes"),
            vec![json!(1), json!(10080)],
            vec![
                json!(0),
                json!(-1),
                json!(10081),
                json!(1.5),
                json!("x"),
                json!(true),
                json!([1]),
            ],
            "an integer from 1 to 10080",
        ),
        (
            top("PresignedUrlConfig.RoleArn"),
            vec![text(20), text(2048)],
            vec![text(19), text(2049)],
            "text of 20 to 2048 characters",
        ),
        (
            top("PresignedUrlConfig.ExpiresInSec"),
            vec![json!(60), json!(3600)],
            vec![json!(59), json!(3601)],
            "an integer from 60 to 3600",
        ),
        (
            top("JobExecutionsRolloutConfig.MaximumPerMinute"),
            vec![json!(1), json!(i32::MAX)],
            vec![json!(0), json!(i64::from(i32::MAX) + 1)],
            "an integer from 1 to 2147483647",
        ),
        (
            top("JobExecutionsRolloutConfig.MinimumPerMinute"),
            vec![json!(1), json!(1000), json!(2000)],
            vec![json!(0), json!(1001)],
            "an integer from 1 to",
        ),
        (
            at(RATE, "BaseRatePerMinute"),
            vec![json!(1), json!(1000)],
            vec![json!(0), json!(1001)],
            "an integer from 1 to 1000",
        ),
        (
            at(RATE, "IncrementFactor"),
            vec![json!(1.1), json!(5), json!(2.345)],
            vec![json!(1.09), json!(5.01), json!("1e999")],
            "a number from 1.1 to 5",
        ),
        (
            at(RATE, "RateIncreaseCriteria.NumberOfNotifiedThings"),
            vec![json!(1), json!(i32::MAX)],
            vec![json!(0), json!(i64::from(i32::MAX) + 1)],
            "an integer from 1 to 2147483647",
        ),
        (
            at(RATE, "RateIncreaseCriteria.NumberOfSucceededThings"),
            vec![json!(1), json!(i32::MAX)],
            vec![json!(0), json!(i64::from(i32::MAX) + 1)],
            "an integer from 1 to 2147483647",
        ),
        (
            at(ABORT, "FailureType"),
            vec![json!("FAILED"), json!("REJECTED"), json!("TIMED_OUT"), json!("ALL")],
            vec![json!("failed"), json!("NONE")],
            "FAILED, REJECTED, TIMED_OUT or ALL",
        ),
        (
            at(ABORT, "Action"),
            vec![json!("CANCEL")],
            vec![json!("cancel"), json!("STOP")],
            "it takes CANCEL",
        ),
        (
            at(ABORT, "ThresholdPercentage"),
            vec![json!(0.01), json!(100), json!(12.34), json!("25.000")],
            vec![json!(0), json!(-1), json!(0.001), json!(12.345), json!(100.01)],
            "a number over 0 up to 100, with at most two decimals",
        ),
        (
            at(ABORT, "MinNumberOfExecutedThings"),
            vec![json!(1), json!(i32::MAX)],
            vec![json!(0), json!(i64::from(i32::MAX) + 1)],
            "an integer from 1 to 2147483647",
        ),
        (
            at(RETRY, "FailureType"),
            vec![json!("FAILED"), json!("TIMED_OUT"), json!("ALL")],
            vec![json!("REJECTED")],
            "FAILED, TIMED_OUT or ALL",
        ),
        (
            at(RETRY, "NumberOfRetries"),
            vec![json!(0), json!(10)],
            vec![json!(-1), json!(11)],
            "an integer from 0 to 10",
        ),
        (
            top("JobExecutionsRetryConfig.RetryAttempts"),
            vec![],
            vec![json!(11)],
            "an integer from 0 to 10",
        ),
        (
            top("MaintenanceWindows[0].StartTime"),
            vec![text(1), text(256)],
            vec![text(257)],
            "text of 1 to 256 characters",
        ),
        (
            top("MaintenanceWindows[0].DurationInMinutes"),
            vec![json!(1), json!(1430)],
            vec![json!(0), json!(1431)],
            "an integer from 1 to 1430",
        ),
        (
            top("Tags[0].Key"),
            vec![text(1), text(128), json!("ä Ⅷ_.:/=+-@")],
            vec![text(129), json!("a!"), json!("a\tb")],
            "text of 1 to 128 characters out of letters, digits, spaces and _.:/=+-@",
        ),
        (
            top("Tags[0].Value"),
            vec![text(1), text(256), json!("anything!\n")],
            vec![text(257)],
            "text of at most 256 characters",
        ),
    ]
}

#[test]
fn each_bound_is_taken_at_its_ends_and_refused_one_beyond_at_its_path() {
    for (path, taken, refused, accepted) in bounds() {
        for value in taken {
            good(&with_at(&path, value));
        }
        for value in refused {
            let properties = with_at(&path, value);
            let problems = messages(&properties);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].starts_with(&format!("{path}: ")), "{problems:?} at {path}");
            assert!(problems[0].contains(accepted), "{problems:?} with {accepted}");
        }
    }
}

#[test]
fn each_bound_on_a_lists_length_is_held() {
    let windows = |count| {
        json!(vec![
            json!({"StartTime": "cron(0 0 1 1 ? 2030)", "DurationInMinutes": 60});
            count
        ])
    };
    let abort = |types: &[&str]| {
        json!(types.iter().map(|t| json!({"FailureType": t, "Action": "CANCEL", "ThresholdPercentage": 1, "MinNumberOfExecutedThings": 1})).collect::<Vec<_>>())
    };
    let retries = |count| json!(vec![json!({"FailureType": "ALL", "NumberOfRetries": 1}); count]);
    good(&with(json!({"MaintenanceWindows": windows(0)})));
    good(&with(json!({"MaintenanceWindows": windows(100)})));
    good(&with(json!({"DestinationPackageVersions": []})));
    good(&with(json!({"DestinationPackageVersions": [arn(5), arn(1600)]})));
    good(&with(
        json!({"AbortConfig": {"CriteriaList": abort(&["FAILED", "REJECTED", "TIMED_OUT", "ALL"])}}),
    ));
    good(&with(json!({"JobExecutionsRetryConfig": {"CriteriaList": retries(1)}})));
    // Two with one failure type are refused in the abort config only.
    good(&with(json!({"JobExecutionsRetryConfig": {"CriteriaList": retries(2)}})));

    for (properties, problem) in [
        (
            json!({"AbortConfig": {"CriteriaList": []}}),
            "AbortConfig.CriteriaList: has 0 items (it takes a list of 1 or more maps of FailureType, Action, ThresholdPercentage, MinNumberOfExecutedThings)",
        ),
        (
            json!({"JobExecutionsRetryConfig": {"RetryCriteriaList": []}}),
            "JobExecutionsRetryConfig.RetryCriteriaList: has 0 items (it takes a list of 1 to 2 maps of FailureType, NumberOfRetries)",
        ),
        (
            json!({"JobExecutionsRetryConfig": {"RetryCriteriaList": retries(3)}}),
            "JobExecutionsRetryConfig.RetryCriteriaList: has 3 items (it takes a list of 1 to 2 maps of FailureType, NumberOfRetries)",
        ),
        (
            json!({"AbortConfig": {"CriteriaList": abort(&["ALL", "FAILED", "ALL"])}}),
            "AbortConfig.CriteriaList[2].FailureType: \"ALL\" is there already (it takes each once)",
        ),
        (
            json!({"DestinationPackageVersions": ["x"]}),
            "DestinationPackageVersions[0]: \"x\" has no arn: in front (it takes text of 1 to 1600 characters that is an ARN)",
        ),
        (
            json!({"DestinationPackageVersions": ["arn:"]}),
            "DestinationPackageVersions[0]: \"arn:\" has nothing after arn: (it takes text of 1 to 1600 characters that is an ARN)",
        ),
        (
            json!({"DestinationPackageVersions": ["arn:a b"]}),
            "DestinationPackageVersions[0]: \"arn:a b\" has the character ' ' in it (it takes text of 1 to 1600 characters that is an ARN)",
        ),
        (
            json!({"DestinationPackageVersions": [null]}),
            "DestinationPackageVersions[0]: empty (it takes text of 1 to 1600 characters that is an ARN)",
        ),
        (
            json!({"MaintenanceWindows": [{}]}),
            "MaintenanceWindows[0]: empty (it takes a map of StartTime, DurationInMinutes, EndTime)",
        ),
        (
            json!({"MaintenanceWindows": {"StartTime": "x"}}),
            "MaintenanceWindows: a map is not accepted (it takes a list of maps of StartTime, DurationInMinutes, EndTime)",
        ),
    ] {
        assert_eq!(messages(&with(properties)), [problem]);
    }
}

#[test]
fn a_rate_that_grows_needs_the_maximum_that_it_grows_to() {
    let rate = json!({"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {}});
    for (config, needing) in [
        (json!({"ExponentialRolloutRate": rate}), "ExponentialRolloutRate"),
        (
            json!({"exponentialRate": rate, "maximumPerMinute": null}),
            "ExponentialRolloutRate",
        ),
        (json!({"MinimumPerMinute": 1}), "MinimumPerMinute"),
    ] {
        assert_eq!(
            messages(&with(json!({"JobExecutionsRolloutConfig": config}))),
            [format!(
                "JobExecutionsRolloutConfig.MaximumPerMinute: missing, and {needing} needs it (it takes an integer from 1 \
                 to 2147483647)"
            )]
        );
    }
    let misspelt = json!({"ExponentialRolloutRate": rate, "MaximumPerMinut": 9});
    let problems = messages(&with(json!({"JobExecutionsRolloutConfig": misspelt})));
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_rate_grows_after_one_of_two_counts_or_neither() {
    let criteria = |criteria: Value| with_at(&format!("{RATE}.RateIncreaseCriteria"), criteria);
    good(&criteria(json!({"NumberOfNotifiedThings": 1})));
    good(&criteria(
        json!({"NumberOfNotifiedThings": null, "NumberOfSucceededThings": 1}),
    ));
    // Whether IoT takes neither was not measured.
    good(&criteria(json!({})));

    assert_eq!(
        messages(&criteria(
            json!({"numberOfNotifiedThings": 1, "numberOfSucceededThings": "2"})
        )),
        [
            "JobExecutionsRolloutConfig.ExponentialRolloutRate.RateIncreaseCriteria: has NumberOfNotifiedThings and \
             NumberOfSucceededThings (it takes one of them)"
        ]
    );
}
