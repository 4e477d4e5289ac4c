//! The core's types into the API's, and back.

use aws_sdk_iot::error::BuildError;
use aws_sdk_iot::operation::describe_job_template::DescribeJobTemplateOutput;
use aws_sdk_iot::types;
use iot_job_template_core::job_template::{self as ours, Content, Tags};

pub(super) fn non_empty<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

pub(super) fn to_tags(tags: &Tags) -> Result<Vec<types::Tag>, BuildError> {
    tags.iter()
        .map(|(key, value)| types::Tag::builder().key(key).value(value).build())
        .collect()
}

pub(super) fn to_presigned_url_config(config: &ours::PresignedUrlConfig) -> types::PresignedUrlConfig {
    types::PresignedUrlConfig::builder()
        .set_role_arn(config.role_arn.clone())
        .set_expires_in_sec(config.expires_in_sec)
        .build()
}

pub(super) fn to_rollout_config(
    config: &ours::JobExecutionsRolloutConfig,
) -> Result<types::JobExecutionsRolloutConfig, BuildError> {
    let rate = config.exponential_rollout_rate.as_ref().map(|rate| {
        let criteria = types::RateIncreaseCriteria::builder()
            .set_number_of_notified_things(rate.rate_increase_criteria.number_of_notified_things)
            .set_number_of_succeeded_things(rate.rate_increase_criteria.number_of_succeeded_things)
            .build();
        types::ExponentialRolloutRate::builder()
            .base_rate_per_minute(rate.base_rate_per_minute)
            .increment_factor(rate.increment_factor)
            .rate_increase_criteria(criteria)
            .build()
    });
    Ok(types::JobExecutionsRolloutConfig::builder()
        .set_maximum_per_minute(config.maximum_per_minute)
        .set_exponential_rate(rate.transpose()?)
        .build())
}

pub(super) fn to_abort_config(config: &ours::AbortConfig) -> Result<types::AbortConfig, BuildError> {
    let criteria = config
        .criteria_list
        .iter()
        .map(|criterion| {
            types::AbortCriteria::builder()
                .failure_type(criterion.failure_type.as_str().into())
                .action(criterion.action.as_str().into())
                .threshold_percentage(criterion.threshold_percentage)
                .min_number_of_executed_things(criterion.min_number_of_executed_things)
                .build()
        })
        .collect::<Result<_, _>>()?;
    types::AbortConfig::builder().set_criteria_list(Some(criteria)).build()
}

pub(super) fn to_timeout_config(config: &ours::TimeoutConfig) -> types::TimeoutConfig {
    types::TimeoutConfig::builder()
        .set_in_progress_timeout_in_minutes(config.in_progress_timeout_in_minutes)
        .build()
}

pub(super) fn to_retry_config(
    config: &ours::JobExecutionsRetryConfig,
) -> Result<types::JobExecutionsRetryConfig, BuildError> {
    let criteria = config
        .retry_criteria_list
        .iter()
        .map(|criterion| {
            types::RetryCriteria::builder()
                .failure_type(criterion.failure_type.as_str().into())
                .number_of_retries(criterion.number_of_retries)
                .build()
        })
        .collect::<Result<_, _>>()?;
    types::JobExecutionsRetryConfig::builder()
        .set_criteria_list(Some(criteria))
        .build()
}

pub(super) fn to_maintenance_window(window: &ours::MaintenanceWindow) -> Result<types::MaintenanceWindow, BuildError> {
    types::MaintenanceWindow::builder()
        .start_time(&window.start_time)
        .duration_in_minutes(window.duration_in_minutes)
        .build()
}

/// IoT shows what is absent as an object of nulls, or as an empty list; here it is absent.
pub(super) fn from_description(output: DescribeJobTemplateOutput) -> Content {
    Content {
        description: output.description.unwrap_or_default(),
        document: output.document,
        document_source: output.document_source,
        job_arn: None,
        presigned_url_config: present(output.presigned_url_config.map(|config| ours::PresignedUrlConfig {
            role_arn: config.role_arn,
            expires_in_sec: config.expires_in_sec,
        })),
        job_executions_rollout_config: present(output.job_executions_rollout_config.map(|config| {
            ours::JobExecutionsRolloutConfig {
                maximum_per_minute: config.maximum_per_minute,
                exponential_rollout_rate: config.exponential_rate.map(from_exponential_rate),
            }
        })),
        abort_config: output
            .abort_config
            .filter(|config| !config.criteria_list.is_empty())
            .map(from_abort_config),
        timeout_config: present(output.timeout_config.map(|config| ours::TimeoutConfig {
            in_progress_timeout_in_minutes: config.in_progress_timeout_in_minutes,
        })),
        job_executions_retry_config: output
            .job_executions_retry_config
            .filter(|config| !config.criteria_list.is_empty())
            .map(from_retry_config),
        maintenance_windows: output
            .maintenance_windows
            .unwrap_or_default()
            .into_iter()
            .map(|window| ours::MaintenanceWindow {
                start_time: window.start_time,
                duration_in_minutes: window.duration_in_minutes,
            })
            .collect(),
        destination_package_versions: output.destination_package_versions.unwrap_or_default(),
    }
}

fn present<T: Default + PartialEq>(config: Option<T>) -> Option<T> {
    config.filter(|config| *config != T::default())
}

fn from_exponential_rate(rate: types::ExponentialRolloutRate) -> ours::ExponentialRolloutRate {
    let criteria = rate.rate_increase_criteria;
    ours::ExponentialRolloutRate {
        base_rate_per_minute: rate.base_rate_per_minute,
        increment_factor: rate.increment_factor,
        rate_increase_criteria: criteria
            .map(|criteria| ours::RateIncreaseCriteria {
                number_of_notified_things: criteria.number_of_notified_things,
                number_of_succeeded_things: criteria.number_of_succeeded_things,
            })
            .unwrap_or_default(),
    }
}

fn from_abort_config(config: types::AbortConfig) -> ours::AbortConfig {
    ours::AbortConfig {
        criteria_list: config
            .criteria_list
            .into_iter()
            .map(|criterion| ours::AbortCriteria {
                failure_type: criterion.failure_type.as_str().to_owned(),
                action: criterion.action.as_str().to_owned(),
                threshold_percentage: criterion.threshold_percentage,
                min_number_of_executed_things: criterion.min_number_of_executed_things,
            })
            .collect(),
    }
}

fn from_retry_config(config: types::JobExecutionsRetryConfig) -> ours::JobExecutionsRetryConfig {
    ours::JobExecutionsRetryConfig {
        retry_criteria_list: config
            .criteria_list
            .into_iter()
            .map(|criterion| ours::RetryCriteria {
                failure_type: criterion.failure_type.as_str().to_owned(),
                number_of_retries: criterion.number_of_retries,
            })
            .collect(),
    }
}
