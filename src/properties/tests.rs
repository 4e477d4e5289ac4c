//! The language, point by point: what is written, and what it is or is not.

use super::{Properties, read};
use crate::job_template::{
    AbortConfig, AbortCriteria, Content, Desired, ExponentialRolloutRate, JobExecutionsRetryConfig,
    JobExecutionsRolloutConfig, MaintenanceWindow, PresignedUrlConfig, RateIncreaseCriteria,
    RetryCriteria, Tags, TimeoutConfig,
};
use crate::json::Json;
use serde_json::{Value, json};

fn json_of(value: &Value) -> Json {
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
        ("JobExecutionsRolloutConfig", rate) if rate.contains('.') => {
            let mut rate_config =
                json!({"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {}});
            match rate.split('.').collect::<Vec<_>>()[..] {
                [_, criteria, member] => rate_config[criteria] = json!({member: value}),
                [_, member] => rate_config[member] = value,
                _ => unreachable!(),
            }
            json!({"ExponentialRolloutRate": rate_config})
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

fn text(length: usize) -> Value {
    "a".repeat(length).into()
}

fn arn(length: usize) -> Value {
    format!("arn:{}", "a".repeat(length - 4)).into()
}

const ABORT: &str = "AbortConfig.CriteriaList[0]";
const RETRY: &str = "JobExecutionsRetryConfig.RetryCriteriaList[0]";
const RATE: &str = "JobExecutionsRolloutConfig.ExponentialRolloutRate";

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
            vec![
                text(1),
                text(2028),
                json!("ä😀 \u{2028}"),
                json!("😀".repeat(2028)),
            ],
            vec![
                text(2029),
                json!("a\nb"),
                json!("a\u{0}"),
                json!("\u{ad}"),
                json!("\u{e000}"),
            ],
            "text of 1 to 2028 characters without control characters",
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
        (
            top("JobArn"),
            vec![text(1), text(100_000)],
            vec![json!(["a"])],
            "text",
        ),
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
            vec![
                json!("FAILED"),
                json!("REJECTED"),
                json!("TIMED_OUT"),
                json!("ALL"),
            ],
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
            vec![
                json!(0),
                json!(-1),
                json!(0.001),
                json!(12.345),
                json!(100.01),
            ],
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
            assert!(
                problems[0].starts_with(&format!("{path}: ")),
                "{problems:?} at {path}"
            );
            assert!(
                problems[0].contains(accepted),
                "{problems:?} with {accepted}"
            );
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
    let retries = |count| {
        json!(vec![
            json!({"FailureType": "ALL", "NumberOfRetries": 1});
            count
        ])
    };
    good(&with(json!({"MaintenanceWindows": windows(0)})));
    good(&with(json!({"MaintenanceWindows": windows(100)})));
    good(&with(json!({"DestinationPackageVersions": []})));
    good(&with(
        json!({"DestinationPackageVersions": [arn(5), arn(1600)]}),
    ));
    good(&with(
        json!({"AbortConfig": {"CriteriaList": abort(&["FAILED", "REJECTED", "TIMED_OUT", "ALL"])}}),
    ));
    good(&with(
        json!({"JobExecutionsRetryConfig": {"CriteriaList": retries(1)}}),
    ));
    // Two with one failure type are refused in the abort config only.
    good(&with(
        json!({"JobExecutionsRetryConfig": {"CriteriaList": retries(2)}}),
    ));

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
fn every_member_of_create_job_template_is_read() {
    let properties = json!({
        "JobTemplateId": "id", "Description": "d", "Document": "{}", "JobArn": "job",
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
        "JobExecutionsRolloutConfig": {"MaximumPerMinute": 100, "ExponentialRolloutRate": {
            "BaseRatePerMinute": 5, "IncrementFactor": 1.5,
            "RateIncreaseCriteria": {"NumberOfNotifiedThings": 7, "NumberOfSucceededThings": 8}}},
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "FAILED", "NumberOfRetries": 0}]},
        "AbortConfig": {"CriteriaList": [{"FailureType": "REJECTED", "Action": "CANCEL",
            "ThresholdPercentage": 25, "MinNumberOfExecutedThings": 3}]},
        "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/x", "ExpiresInSec": 61},
        "MaintenanceWindows": [{"StartTime": "cron(0 1 ? * MON *)", "DurationInMinutes": 90}],
        "DestinationPackageVersions": ["arn:aws:iot:::package/a/version/1"],
        "Tags": [{"Key": "k", "Value": "v"}],
        "Revision": "2",
        "ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:f", "ServiceTimeout": "60"
    });

    assert_eq!(warnings(&properties), [] as [&str; 0]);
    assert_eq!(
        desired(properties),
        Desired {
            job_template_id: Some("id".into()),
            content: Content {
                description: "d".into(),
                document: Some("{}".into()),
                document_source: None,
                job_arn: Some("job".into()),
                presigned_url_config: Some(PresignedUrlConfig {
                    role_arn: Some("arn:aws:iam::123456789012:role/x".into()),
                    expires_in_sec: Some(61),
                }),
                job_executions_rollout_config: Some(JobExecutionsRolloutConfig {
                    maximum_per_minute: Some(100),
                    exponential_rollout_rate: Some(ExponentialRolloutRate {
                        base_rate_per_minute: 5,
                        increment_factor: 1.5,
                        rate_increase_criteria: RateIncreaseCriteria {
                            number_of_notified_things: Some(7),
                            number_of_succeeded_things: Some(8),
                        },
                    }),
                }),
                abort_config: Some(AbortConfig {
                    criteria_list: vec![AbortCriteria {
                        failure_type: "REJECTED".into(),
                        action: "CANCEL".into(),
                        threshold_percentage: 25.0,
                        min_number_of_executed_things: 3,
                    }],
                }),
                timeout_config: Some(TimeoutConfig {
                    in_progress_timeout_in_minutes: Some(60),
                }),
                job_executions_retry_config: Some(JobExecutionsRetryConfig {
                    retry_criteria_list: vec![RetryCriteria {
                        failure_type: "FAILED".into(),
                        number_of_retries: 0,
                    }],
                }),
                maintenance_windows: vec![MaintenanceWindow {
                    start_time: "cron(0 1 ? * MON *)".into(),
                    duration_in_minutes: 90,
                }],
                destination_package_versions: vec!["arn:aws:iot:::package/a/version/1".into()],
            },
            revision: Some("2".into()),
            tags: Tags::from([("k".into(), "v".into())]),
        }
    );
}

#[test]
fn a_key_matches_whatever_the_case_of_its_first_letter_and_other_names_mean_the_same() {
    let canonical = with(json!({
        "AbortConfig": {"CriteriaList": [{"FailureType": "ALL", "Action": "CANCEL", "ThresholdPercentage": 1, "MinNumberOfExecutedThings": 1}]},
        "JobExecutionsRolloutConfig": {"ExponentialRolloutRate": {"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": {"NumberOfNotifiedThings": 1}}},
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "ALL", "NumberOfRetries": 1}]},
        "Tags": [{"Key": "k", "Value": "v"}]
    }));
    let api = json!({
        "description": "d", "document": "{\"a\":1}",
        "abortConfig": {"criteriaList": [{"failureType": "ALL", "action": "CANCEL", "thresholdPercentage": 1, "minNumberOfExecutedThings": 1}]},
        "jobExecutionsRolloutConfig": {"exponentialRate": {"baseRatePerMinute": 1, "incrementFactor": 2, "rateIncreaseCriteria": {"numberOfNotifiedThings": 1}}},
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
        (
            json!({"x\n\"y": "x"}),
            "unknown key \"x\\n\\\"y\" (known are",
        ),
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
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [problem]
        );
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
        let read = desired(with_at(
            "TimeoutConfig.InProgressTimeoutInMinutes",
            written.clone(),
        ));
        let minutes = read
            .content
            .timeout_config
            .unwrap()
            .in_progress_timeout_in_minutes;
        assert_eq!(minutes, Some(60), "{written}");
    }
    for written in [
        json!(0.5),
        json!("0.5"),
        json!(".5"),
        json!("5e-1"),
        json!("0.50"),
    ] {
        let read = desired(with_at(
            &format!("{ABORT}.ThresholdPercentage"),
            written.clone(),
        ));
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
        messages(&with_at(
            "TimeoutConfig.InProgressTimeoutInMinutes",
            json!(written),
        ));
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
        assert_eq!(
            desired(with(json!({"Description": written})))
                .content
                .description,
            text
        );
        assert_eq!(
            desired(with(json!({"Revision": written})))
                .revision
                .as_deref(),
            Some(text)
        );
        assert_eq!(
            desired(with(json!({"Tags": {"k": written}}))).tags["k"],
            text
        );
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
                "Description: missing (it takes text of 1 to 2028 characters without control characters)"
            ]
        );
    }
    for (properties, problem) in [
        (
            json!({"AbortConfig": {"CriteriaList": [{"Action": "CANCEL"}]}}),
            "AbortConfig.CriteriaList[0].FailureType: missing (it takes FAILED, REJECTED, TIMED_OUT or ALL)",
        ),
        (
            json!({"JobExecutionsRolloutConfig": {"ExponentialRolloutRate": {"BaseRatePerMinute": 1, "IncrementFactor": 2}}}),
            "JobExecutionsRolloutConfig.ExponentialRolloutRate.RateIncreaseCriteria: missing (it takes a map of \
             NumberOfNotifiedThings, NumberOfSucceededThings)",
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
        let rate =
            json!({"BaseRatePerMinute": 1, "IncrementFactor": 2, "RateIncreaseCriteria": empty});
        let read = desired(with(
            json!({"JobExecutionsRolloutConfig": {"ExponentialRolloutRate": rate}}),
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
        assert_eq!(
            messages(&properties),
            [format!("the properties are {noun}, not a map")]
        );
    }
}

// The document.

fn document(written: Value) -> String {
    desired(with(json!({"Document": written})))
        .content
        .document
        .unwrap()
}

#[test]
fn a_document_that_is_text_is_kept_byte_for_byte() {
    for text in [
        "{}",
        "{ \"b\" : 1,\n \"a\": 1.0 }",
        "[1,2]",
        "\"ä\\u00e4\"",
        "7",
        " true ",
        "{\"a\":1,\"a\":2}",
    ] {
        assert_eq!(document(json!(text)), text);
    }
}

#[test]
fn a_document_that_is_a_map_or_list_of_texts_is_written_in_the_order_given() {
    let written: Json = serde_json::from_str(
        r#"{"Description": "d", "Document": {"z": "a\"b", "a": ["x", {}, [], "1.2.3", "10:30", "yes", ""], "m": {"k": "v"}}}"#,
    )
    .unwrap();

    assert_eq!(
        read(&written).unwrap().desired.content.document.unwrap(),
        r#"{"z":"a\"b","a":["x",{},[],"1.2.3","10:30","yes",""],"m":{"k":"v"}}"#
    );
}

#[test]
fn a_document_with_real_numbers_and_booleans_is_lossless_and_taken() {
    let written = json!({"a": [1, 2.5, -3], "b": true, "c": null});

    assert_eq!(document(written), r#"{"a":[1,2.5,-3],"b":true,"c":null}"#);
}

#[test]
fn a_leaf_that_could_have_been_something_else_than_text_is_named() {
    for leaf in [
        "1", "-1", "+1", "1.5", ".5", "5.", "007", "1e3", "true", "false", "null", "True", "FALSE",
        "Null",
    ] {
        assert_eq!(
            messages(&with(
                json!({"Document": {"steps": [{"retry count": leaf}]}})
            )),
            [
                "Document.steps[0][\"retry count\"]: CloudFormation turns numbers, true, false and null into text, and this could \
              have been one (give the whole Document as a string of JSON, or with Fn::ToJsonString)"
            ]
        );
    }
}

#[test]
fn every_such_leaf_is_named() {
    let problems = messages(&with(
        json!({"Document": ["1", "x", {"a": "true", "b": "null"}]}),
    ));

    let paths: Vec<_> = problems
        .iter()
        .map(|p| p.split(": ").next().unwrap())
        .collect();
    assert_eq!(paths, ["Document[0]", "Document[2].a", "Document[2].b"]);
}

#[test]
fn a_document_that_is_not_json_is_refused_with_the_place_and_without_its_content() {
    for (document, place) in [
        ("{\"secret\": }", "line 1 column 12"),
        ("{\n  \"secret\": 1,\n}", "line 3 column 1"),
        ("secret", "line 1 column 1"),
        ("{} {}", "line 1 column 4"),
        ("[\"secret", "line 1 column 8"),
        ("NaN", "line 1 column 1"),
        ("  ", "line 1 column 2"),
    ] {
        let problems = messages(&with(json!({"Document": document})));
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].starts_with("Document: is not JSON: "),
            "{problems:?}"
        );
        assert!(problems[0].ends_with(place), "{problems:?}");
        assert!(!problems[0].contains("secret"));
    }
}

#[test]
fn a_document_is_nested_at_most_1000_deep() {
    let deep = |levels: usize| json!("[".repeat(levels) + &"]".repeat(levels));
    good(&with(json!({"Document": deep(1000)})));
    good(&with(
        json!({"Document": format!("[\"{}\\\"[\"]", "[".repeat(2000))}),
    ));

    assert_eq!(
        messages(&with(json!({"Document": deep(1001)}))),
        ["Document: is nested 1001 deep (IoT takes at most 1000)"]
    );
}

#[test]
fn a_placeholder_for_a_presigned_url_needs_a_role_unless_a_job_may_have_it() {
    let document = "{\"url\": \"${aws:iot:s3-presigned-url:https://s3.amazonaws.com/b/k}\"}";
    let role = json!({"RoleArn": "arn:aws:iam::123456789012:role/x"});
    good(&json!({"Description": "d", "Document": document, "PresignedUrlConfig": role}));
    good(&json!({"Description": "d", "Document": document, "JobArn": "job"}));

    for config in [json!(null), json!({"ExpiresInSec": 60})] {
        assert_eq!(
            messages(
                &json!({"Description": "d", "Document": document, "PresignedUrlConfig": config})
            ),
            [
                "PresignedUrlConfig.RoleArn: missing, and the Document has a placeholder ${aws:iot:s3-presigned-url:…}, which needs a role"
            ]
        );
    }
    let wrong = json!({"Description": "d", "Document": document, "PresignedUrlConfig": {"RoleArn": "short"}});
    assert_eq!(
        messages(&wrong).len(),
        1,
        "nothing more is said of a config that is wrong already"
    );
}

// Tags.

#[test]
fn tags_may_be_a_list_of_pairs_or_a_map_and_a_missing_value_is_empty() {
    for written in [
        json!([{"Key": "a", "Value": "1"}, {"Key": "b"}]),
        json!([{"value": 1, "key": "a"}, {"key": "b", "value": null}]),
        json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]),
        json!({"a": "1", "b": null}),
        json!({"a": 1, "b": ""}),
    ] {
        let tags = desired(with(json!({"Tags": written}))).tags;
        assert_eq!(
            tags,
            Tags::from([("a".into(), "1".into()), ("b".into(), String::new())])
        );
    }
}

#[test]
fn no_tags_in_whatever_form_are_none() {
    for written in [json!([]), json!({}), json!(null), json!("")] {
        assert_eq!(desired(with(json!({"Tags": written}))).tags, Tags::new());
    }
}

#[test]
fn tags_that_iot_refuses_and_those_that_mark_the_owner_are_refused() {
    for (tags, problem) in [
        (
            json!({"aws:x": "1"}),
            "Tags[\"aws:x\"]: the tag \"aws:x\" begins with aws:, which IoT refuses",
        ),
        (
            json!([{"Key": "cloudformation:stack-id"}]),
            "Tags[0]: the tag cloudformation:stack-id marks the template's owner, and only this provider sets it",
        ),
        (
            json!({"": "x"}),
            "Tags[\"\"]: an empty key (it takes text of 1 to 128 characters out of letters, digits, spaces and _.:/=+-@)",
        ),
        (
            json!(["a=b"]),
            "Tags[0]: \"a=b\" is not accepted (it takes a map of Key, Value)",
        ),
        (json!([{}]), "Tags[0]: empty (it takes a map of Key, Value)"),
        (
            json!("a=b"),
            "Tags: \"a=b\" is not accepted (it takes a list of Key/Value pairs, or a map)",
        ),
        (
            json!({"a": ["x"]}),
            "Tags.a: a list is not accepted (it takes text of at most 256 characters)",
        ),
    ] {
        assert_eq!(messages(&with(json!({"Tags": tags}))), [problem]);
    }
    good(&with(
        json!({"Tags": {"AWS": "x", "xaws:": "x", "cloudformation:x": "x"}}),
    ));
}

#[test]
fn iots_fifty_tags_less_the_owners_two_are_taken() {
    let tags =
        |count: usize| -> Value { (0..count).map(|n| (n.to_string(), json!("x"))).collect() };
    good(&with(json!({"Tags": tags(48)})));

    assert_eq!(
        messages(&with(json!({"Tags": tags(49)}))),
        ["Tags: has 49 tags (it takes 48: IoT's 50, less the two that mark the owner)"]
    );
}

// Shorthand.

/// What is written, what it means, and the warning for each shorthand used.
pub fn shorthands() -> Vec<(Value, Value, Vec<&'static str>)> {
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
            abort(
                json!({"FailureType": "FAILED", "Action": "CANCEL", "MinNumberOfExecutedThings": 2}),
            ),
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
            window(
                json!({"StartTime": "2023-12-31T23:59:00-00:30", "EndTime": "2024-01-01T01:30:00+00:00"}),
            ),
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
        assert_eq!(
            good(&shorthand).desired,
            good(&meaning).desired,
            "{shorthand}"
        );
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
            "JobExecutionsRolloutConfig.MinimumPerMinute: goes with MaximumPerMinute (give both, or an ExponentialRolloutRate)",
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
    let start = |written: &str| {
        with(json!({"MaintenanceWindows": [{"StartTime": written, "DurationInMinutes": 1}]}))
    };
    for (written, cron) in [
        ("2024-02-29T12:05:00Z", "cron(5 12 29 2 ? 2024)"),
        ("2024-02-29t12:05:00z", "cron(5 12 29 2 ? 2024)"),
        ("2024-02-29T12:05:00.000Z", "cron(5 12 29 2 ? 2024)"),
        ("2024-03-01T01:05:00+13:00", "cron(5 12 29 2 ? 2024)"),
        ("cron(0 1 ? * MON *)", "cron(0 1 ? * MON *)"),
    ] {
        assert_eq!(
            desired(start(written)).content.maintenance_windows[0].start_time,
            cron
        );
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

// What people paste.

#[test]
fn the_seeds_four_examples_work_as_written() {
    let basic = json!({
        "Description": "Basic job template for device updates", "JobTemplateId": "device-update-template",
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
        "Tags": [{"Key": "Environment", "Value": "Production"}]
    });
    let advanced = json!({
        "Description": "Advanced job template for device maintenance", "JobTemplateId": "maintenance-job-template",
        "Document": "{\"operation\":\"updateFirmware\",\"version\":\"1.2.3\"}",
        "DocumentSource": "https://my-bucket.s3.amazonaws.com/job-documents/updateFirmware.json",
        "JobExecutionsRetryConfig": {"RetryAttempts": 3},
        "AbortConfig": {"CriteriaList": [{"FailureType": "FAILED", "Action": "ABORT"}]},
        "MaintenanceWindows": [{"StartTime": "2023-10-01T00:00:00Z", "EndTime": "2023-10-01T02:00:00Z"}]
    });
    let presigned = json!({
        "Description": "Job template with presigned URL for document access", "JobTemplateId": "presigned-url-job-template",
        "DocumentSource": "https://my-bucket.s3.amazonaws.com/job-documents/updateFirmware.json",
        "PresignedUrlConfig": {"ExpiresInSec": 3600, "RoleArn": "arn:aws:iam::123456789012:role/service-role/IoTJobRole"}
    });
    let rollout = json!({
        "Description": "Job template with rollout configuration", "JobTemplateId": "rollout-job-template",
        "JobExecutionsRolloutConfig": {"MaximumPerMinute": 10, "MinimumPerMinute": 1},
        "JobExecutionsRetryConfig": {"RetryAttempts": 5}
    });

    let basic = desired(basic);
    assert_eq!(basic.content.document.as_deref(), Some("{}"));
    assert_eq!(basic.tags["Environment"], "Production");
    let advanced = desired(advanced).content;
    assert_eq!(
        advanced.document.as_deref(),
        Some("{\"operation\":\"updateFirmware\",\"version\":\"1.2.3\"}")
    );
    assert_eq!(advanced.document_source, None);
    assert_eq!(
        advanced.abort_config.unwrap().criteria_list,
        [AbortCriteria {
            failure_type: "FAILED".into(),
            action: "CANCEL".into(),
            threshold_percentage: 0.01,
            min_number_of_executed_things: 1,
        }]
    );
    assert_eq!(
        advanced.maintenance_windows,
        [MaintenanceWindow {
            start_time: "cron(0 0 1 10 ? 2023)".into(),
            duration_in_minutes: 120
        }]
    );
    let presigned = good(&presigned);
    assert_eq!(presigned.warnings, [], "nothing in it is shorthand");
    assert_eq!(
        presigned
            .desired
            .content
            .presigned_url_config
            .unwrap()
            .expires_in_sec,
        Some(3600)
    );
    let rollout = desired(rollout).content;
    assert_eq!(
        rollout
            .job_executions_retry_config
            .unwrap()
            .retry_criteria_list[0]
            .number_of_retries,
        5
    );
    let rate = rollout
        .job_executions_rollout_config
        .unwrap()
        .exponential_rollout_rate
        .unwrap();
    assert_eq!((rate.base_rate_per_minute, rate.increment_factor), (1, 2.0));
}

/// One template, in the form that each tool prints or takes it.
#[test]
fn what_the_cli_prints_the_cdk_synthesises_and_cloudformations_own_type_takes_can_be_pasted() {
    // `aws iot describe-job-template`, its configuration members.
    let cli = json!({
        "jobTemplateId": "reboot",
        "description": "Reboot",
        "documentSource": "https://bucket.s3.amazonaws.com/reboot.json",
        "presignedUrlConfig": {"roleArn": "arn:aws:iam::123456789012:role/x", "expiresInSec": 3600},
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 50, "exponentialRate": {"baseRatePerMinute": 5, "incrementFactor": 2.0,
            "rateIncreaseCriteria": {"numberOfSucceededThings": 5}}},
        "abortConfig": {"criteriaList": [{"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 25.0, "minNumberOfExecutedThings": 4}]},
        "timeoutConfig": {"inProgressTimeoutInMinutes": 60},
        "jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 3}]},
        "maintenanceWindows": [{"startTime": "cron(0 1 ? * MON *)", "durationInMinutes": 60}],
        "destinationPackageVersions": ["arn:aws:iot:eu-central-1:123456789012:package/p/version/1"]
    });
    // The CDK's CfnJobTemplate: nested keys in camelCase, under CloudFormation's names; scalars as they are.
    let cdk = json!({
        "JobTemplateId": "reboot",
        "Description": "Reboot",
        "DocumentSource": "https://bucket.s3.amazonaws.com/reboot.json",
        "PresignedUrlConfig": {"roleArn": "arn:aws:iam::123456789012:role/x", "expiresInSec": 3600},
        "JobExecutionsRolloutConfig": {"maximumPerMinute": 50, "exponentialRolloutRate": {"baseRatePerMinute": 5, "incrementFactor": 2,
            "rateIncreaseCriteria": {"numberOfSucceededThings": 5}}},
        "AbortConfig": {"criteriaList": [{"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 25, "minNumberOfExecutedThings": 4}]},
        "TimeoutConfig": {"inProgressTimeoutInMinutes": 60},
        "JobExecutionsRetryConfig": {"retryCriteriaList": [{"failureType": "ALL", "numberOfRetries": 3}]},
        "MaintenanceWindows": [{"startTime": "cron(0 1 ? * MON *)", "durationInMinutes": 60}],
        "DestinationPackageVersions": ["arn:aws:iot:eu-central-1:123456789012:package/p/version/1"]
    });
    // AWS::IoT::JobTemplate, as a custom resource gets it: every scalar as text.
    let cloudformation = json!({
        "JobTemplateId": "reboot",
        "Description": "Reboot",
        "DocumentSource": "https://bucket.s3.amazonaws.com/reboot.json",
        "PresignedUrlConfig": {"RoleArn": "arn:aws:iam::123456789012:role/x", "ExpiresInSec": "3600"},
        "JobExecutionsRolloutConfig": {"MaximumPerMinute": "50", "ExponentialRolloutRate": {"BaseRatePerMinute": "5", "IncrementFactor": "2",
            "RateIncreaseCriteria": {"NumberOfSucceededThings": "5"}}},
        "AbortConfig": {"CriteriaList": [{"FailureType": "FAILED", "Action": "CANCEL", "ThresholdPercentage": "25", "MinNumberOfExecutedThings": "4"}]},
        "TimeoutConfig": {"InProgressTimeoutInMinutes": "60"},
        "JobExecutionsRetryConfig": {"RetryCriteriaList": [{"FailureType": "ALL", "NumberOfRetries": "3"}]},
        "MaintenanceWindows": [{"StartTime": "cron(0 1 ? * MON *)", "DurationInMinutes": "60"}],
        "DestinationPackageVersions": ["arn:aws:iot:eu-central-1:123456789012:package/p/version/1"]
    });

    let pasted = [cli, cdk, cloudformation].map(|properties| {
        assert_eq!(warnings(&properties), [] as [&str; 0]);
        desired(properties)
    });
    assert_eq!(pasted[0], pasted[1]);
    assert_eq!(pasted[0], pasted[2]);
    assert_eq!(
        pasted[0]
            .content
            .timeout_config
            .as_ref()
            .unwrap()
            .in_progress_timeout_in_minutes,
        Some(60)
    );
}

// Errors.

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
        json!({"JobTemplateId": format!("a\n{long}"), "TimeoutConfig": {long: 1}}),
    ));

    assert!(problems[0].contains("\"a\\nxxx"), "{problems:?}");
    assert!(
        problems
            .iter()
            .all(|problem| problem.len() < 300 && problem.contains('…')),
        "{problems:?}"
    );
}
