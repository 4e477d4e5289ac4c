//! What people paste.

use super::*;
use crate::job_template::{
    AbortConfig, AbortCriteria, Content, ExponentialRolloutRate, JobExecutionsRetryConfig, JobExecutionsRolloutConfig,
    MaintenanceWindow, PresignedUrlConfig, RateIncreaseCriteria, RetryCriteria, Tags, TimeoutConfig,
};

#[test]
fn every_member_of_create_job_template_is_read() {
    let properties = json!({
        "JobTemplateId": "id", "Description": "d", "Document": "{}", "JobArn": "job",
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
        "JobExecutionsRolloutConfig": {"MaximumPerMinute": 100, "ExponentialRolloutRate": {
            "BaseRatePerMinute": 5, "IncrementFactor": 1.5,
            "RateIncreaseCriteria": {"NumberOfNotifiedThings": 7}}},
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
                            number_of_succeeded_things: None,
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
            ..Desired::default()
        }
    );
}

#[test]
fn the_four_examples_full_of_shorthand_work_as_written() {
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
        presigned.desired.content.presigned_url_config.unwrap().expires_in_sec,
        Some(3600)
    );
    let rollout = desired(rollout).content;
    assert_eq!(
        rollout.job_executions_retry_config.unwrap().retry_criteria_list[0].number_of_retries,
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
