//! The six operations over aws-sdk-iot: this crate's types in, the API's out, and back.

mod permissions;

use crate::transport::{self, innermost};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, error::CredentialsError, future};
use aws_sdk_iot::Client;
use aws_sdk_iot::config::endpoint::{self, DefaultResolver, ResolveEndpoint};
use aws_sdk_iot::config::retry::RetryConfig;
use aws_sdk_iot::config::timeout::TimeoutConfig;
use aws_sdk_iot::config::{BehaviorVersion, IdentityCache, Region, StalledStreamProtectionConfig};
use aws_sdk_iot::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_iot::operation::RequestId;
use aws_sdk_iot::operation::describe_job_template::DescribeJobTemplateOutput;
use aws_sdk_iot::types;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use iot_job_template_core::iot::{CallError, Cause, JobTemplates};
use iot_job_template_core::job_template::{self as ours, Content, Tags};
use iot_job_template_core::retry::retry_after;

/// AWS IoT, or what stands in for it.
#[derive(Clone, Debug)]
pub struct AwsIot {
    client: Client,
    http: reqwest::Client,
    endpoint_url: Option<String>,
}

impl AwsIot {
    pub fn new(http: reqwest::Client, region: Option<String>, endpoint_url: Option<String>) -> AwsIot {
        let mut config = aws_sdk_iot::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(transport::for_sdk(http.clone()))
            .credentials_provider(LambdaEnvironment)
            .identity_cache(IdentityCache::no_cache())
            // Retries and time limits follow the invocation's deadline, which only the caller knows.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_region(region.map(Region::new));
        config.set_endpoint_url(endpoint_url.clone());
        AwsIot {
            client: Client::from_conf(config.build()),
            http,
            endpoint_url,
        }
    }

    /// Leaves a connection to IoT in the pool. If something is wrong, the first call will find out.
    pub async fn connect(&self) {
        let region = self.client.config().region().map(ToString::to_string);
        let params = endpoint::Params::builder()
            .set_region(region)
            .set_endpoint(self.endpoint_url.clone())
            .build();
        if let Ok(params) = params
            && let Ok(endpoint) = DefaultResolver::new().resolve_endpoint(&params).await
            && let Ok(url) = endpoint.url().parse()
        {
            transport::connect(&self.http, url).await;
        }
    }

    /// Goes through a CreateJobTemplate with everything but the sending: what the SDK does only once is done after it,
    /// and its code is in memory.
    pub async fn rehearse(&self) {
        let unsent = aws_sdk_iot::Config::builder().http_client(transport::for_rehearsal());
        let _ = self
            .client
            .create_job_template()
            .job_template_id("rehearsal")
            .description("rehearsal")
            .customize()
            .config_override(unsent)
            .send()
            .await;
    }
}

/// Credentials as Lambda gives them: in the environment, read afresh for each call.
#[derive(Debug)]
struct LambdaEnvironment;

impl ProvideCredentials for LambdaEnvironment {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(credentials_from_environment())
    }
}

fn credentials_from_environment() -> provider::Result {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        (Some(key), Some(secret)) => Ok(Credentials::new(
            key,
            secret,
            variable("AWS_SESSION_TOKEN"),
            None,
            "LambdaEnvironment",
        )),
        _ => Err(CredentialsError::not_loaded(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
        )),
    }
}

impl JobTemplates for AwsIot {
    async fn create(&self, id: &str, content: &Content, tags: &Tags) -> Result<String, CallError> {
        const OPERATION: &str = "CreateJobTemplate";
        let incomplete = |error: BuildError| CallError {
            operation: OPERATION,
            cause: Cause::Refused,
            detail: error.to_string(),
            retry_after: None,
        };
        let output = self
            .client
            .create_job_template()
            .job_template_id(id)
            .description(&content.description)
            .set_document(content.document.clone())
            .set_document_source(content.document_source.clone())
            .set_job_arn(content.job_arn.clone())
            .set_presigned_url_config(content.presigned_url_config.as_ref().map(to_presigned_url_config))
            .set_job_executions_rollout_config(
                content
                    .job_executions_rollout_config
                    .as_ref()
                    .map(to_rollout_config)
                    .transpose()
                    .map_err(incomplete)?,
            )
            .set_abort_config(
                content
                    .abort_config
                    .as_ref()
                    .map(to_abort_config)
                    .transpose()
                    .map_err(incomplete)?,
            )
            .set_timeout_config(content.timeout_config.as_ref().map(to_timeout_config))
            .set_job_executions_retry_config(
                content
                    .job_executions_retry_config
                    .as_ref()
                    .map(to_retry_config)
                    .transpose()
                    .map_err(incomplete)?,
            )
            .set_maintenance_windows(non_empty(
                content
                    .maintenance_windows
                    .iter()
                    .map(to_maintenance_window)
                    .collect::<Result<_, _>>()
                    .map_err(incomplete)?,
            ))
            .set_destination_package_versions(non_empty(content.destination_package_versions.clone()))
            .set_tags(non_empty(to_tags(tags).map_err(incomplete)?))
            .send()
            .await
            .map_err(|error| without_document(call_error(OPERATION, error), content))?;
        output.job_template_arn.ok_or_else(|| no_arn(OPERATION))
    }

    async fn describe(&self, id: &str) -> Result<(String, Content), CallError> {
        const OPERATION: &str = "DescribeJobTemplate";
        let output = self
            .client
            .describe_job_template()
            .job_template_id(id)
            .send()
            .await
            .map_err(|error| call_error(OPERATION, error))?;
        let arn = output.job_template_arn.clone();
        Ok((arn.ok_or_else(|| no_arn(OPERATION))?, from_description(output)))
    }

    async fn delete(&self, id: &str) -> Result<(), CallError> {
        self.client
            .delete_job_template()
            .job_template_id(id)
            .send()
            .await
            .map_err(|error| call_error("DeleteJobTemplate", error))?;
        Ok(())
    }

    async fn tags(&self, arn: &str) -> Result<Tags, CallError> {
        let mut tags = Tags::new();
        let mut next_token = None;
        loop {
            let page = self
                .client
                .list_tags_for_resource()
                .resource_arn(arn)
                .set_next_token(next_token)
                .send()
                .await
                .map_err(|error| call_error("ListTagsForResource", error))?;
            tags.extend(
                page.tags
                    .unwrap_or_default()
                    .into_iter()
                    .map(|tag| (tag.key, tag.value.unwrap_or_default())),
            );
            next_token = page.next_token.filter(|token| !token.is_empty());
            if next_token.is_none() {
                return Ok(tags);
            }
        }
    }

    async fn tag(&self, arn: &str, tags: &Tags) -> Result<(), CallError> {
        const OPERATION: &str = "TagResource";
        let tags = to_tags(tags).map_err(|error| CallError {
            operation: OPERATION,
            cause: Cause::Refused,
            detail: error.to_string(),
            retry_after: None,
        })?;
        self.client
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(tags))
            .send()
            .await
            .map_err(|error| call_error(OPERATION, error))?;
        Ok(())
    }

    async fn untag(&self, arn: &str, keys: &[String]) -> Result<(), CallError> {
        self.client
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(keys.to_vec()))
            .send()
            .await
            .map_err(|error| call_error("UntagResource", error))?;
        Ok(())
    }
}

fn call_error<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let retry_after = error
        .raw_response()
        .and_then(|response| retry_after(response.headers().get("retry-after")?));
    let request_id = error
        .raw_response()
        .and_then(|response| response.request_id().map(str::to_owned));
    let mut hint = None;
    let unreadable = || (Cause::Unclear, "the answer could not be read".to_owned());
    let (cause, said) = match &error {
        // What the SDK calls an error of the service is, with a 2xx, an answer that is not the service's.
        SdkError::ServiceError(refusal) if refusal.raw().status().is_success() => unreadable(),
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let code = refusal.err().code().unwrap_or_default();
            let said = match refusal.err().message() {
                Some(message) => {
                    format!("{} (HTTP {status}): {message}", or(code, "no error code"))
                }
                None => format!("{} (HTTP {status})", or(code, "no error code")),
            };
            let message = refusal.err().message().unwrap_or_default();
            hint = permissions::hint(operation, code, message);
            (cause(status, code), said)
        }
        SdkError::ResponseError(_) => unreadable(),
        SdkError::DispatchFailure(failure) => {
            let cause = match failure {
                _ if failure.is_user() => Cause::NotSent,
                _ if failure.is_io() || failure.is_timeout() => Cause::Unclear,
                // Not the transport's: no credentials, say.
                _ => Cause::Refused,
            };
            let why = failure
                .as_connector_error()
                .map(|error| innermost(error))
                .unwrap_or_default();
            (cause, format!("IoT could not be reached: {why}"))
        }
        SdkError::ConstructionFailure(_) => (
            Cause::Refused,
            format!("the request could not be made: {}", innermost(&error)),
        ),
        _ => (Cause::Unclear, "no answer in time".to_owned()),
    };
    let request_id = request_id.map(|id| format!(" (request id {id})"));
    let hint = hint.map(|hint| format!(". {hint}"));
    let detail = said + &request_id.unwrap_or_default() + &hint.unwrap_or_default();
    CallError {
        operation,
        cause,
        detail,
        retry_after,
    }
}

/// A body that is JSON but not IoT's: something between us and the service wrote it.
fn no_arn(operation: &'static str) -> CallError {
    CallError {
        operation,
        cause: Cause::Unclear,
        detail: "the answer names no ARN".to_owned(),
        retry_after: None,
    }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn cause(status: u16, code: &str) -> Cause {
    match (status, code) {
        (429, _) | (_, "ThrottlingException" | "Throttling" | "TooManyRequestsException") => Cause::Throttled,
        (_, "ResourceNotFoundException") => Cause::NotFound,
        (_, "ConflictException" | "ResourceAlreadyExistsException") => Cause::Conflict,
        (403, _) => Cause::Denied,
        (408 | 500.., _) | (_, "InternalFailureException" | "ServiceUnavailableException") => Cause::Unclear,
        _ => Cause::Refused,
    }
}

/// A service's message may quote what it refuses. A document's content belongs in no answer and no log.
fn without_document(mut error: CallError, content: &Content) -> CallError {
    if let Some(document) = content.document.as_deref().filter(|document| document.len() > 2) {
        error.detail = error.detail.replace(document, "(the document)");
    }
    error
}

fn non_empty<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn to_tags(tags: &Tags) -> Result<Vec<types::Tag>, BuildError> {
    tags.iter()
        .map(|(key, value)| types::Tag::builder().key(key).value(value).build())
        .collect()
}

fn to_presigned_url_config(config: &ours::PresignedUrlConfig) -> types::PresignedUrlConfig {
    types::PresignedUrlConfig::builder()
        .set_role_arn(config.role_arn.clone())
        .set_expires_in_sec(config.expires_in_sec)
        .build()
}

fn to_rollout_config(
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

fn to_abort_config(config: &ours::AbortConfig) -> Result<types::AbortConfig, BuildError> {
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

fn to_timeout_config(config: &ours::TimeoutConfig) -> types::TimeoutConfig {
    types::TimeoutConfig::builder()
        .set_in_progress_timeout_in_minutes(config.in_progress_timeout_in_minutes)
        .build()
}

fn to_retry_config(config: &ours::JobExecutionsRetryConfig) -> Result<types::JobExecutionsRetryConfig, BuildError> {
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

fn to_maintenance_window(window: &ours::MaintenanceWindow) -> Result<types::MaintenanceWindow, BuildError> {
    types::MaintenanceWindow::builder()
        .start_time(&window.start_time)
        .duration_in_minutes(window.duration_in_minutes)
        .build()
}

/// IoT shows what is absent as an object of nulls, or as an empty list; here it is absent.
fn from_description(output: DescribeJobTemplateOutput) -> Content {
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

#[cfg(test)]
mod tests;
