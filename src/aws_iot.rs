//! The six operations over aws-sdk-iot: the core's types in, the API's out, and back.

mod errors;
mod permissions;
mod translate;

use self::errors::{call_error, incomplete, no_arn, without_document};
use self::translate::{
    from_description, non_empty, to_abort_config, to_maintenance_window, to_presigned_url_config, to_retry_config,
    to_rollout_config, to_tags, to_timeout_config,
};
use crate::transport;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, error::CredentialsError, future};
use aws_sdk_iot::Client;
use aws_sdk_iot::config::endpoint::{self, DefaultResolver, ResolveEndpoint};
use aws_sdk_iot::config::retry::RetryConfig;
use aws_sdk_iot::config::timeout::TimeoutConfig;
use aws_sdk_iot::config::{BehaviorVersion, IdentityCache, Region, StalledStreamProtectionConfig};
use iot_job_template_core::iot::{CallError, JobTemplates, Operation};
use iot_job_template_core::job_template::{Content, Tags};

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
        const OPERATION: Operation = Operation::Create;
        let incomplete = |error| incomplete(OPERATION, &error);
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
        const OPERATION: Operation = Operation::Describe;
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
            .map_err(|error| call_error(Operation::Delete, error))?;
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
                .map_err(|error| call_error(Operation::ListTags, error))?;
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
        let tags = to_tags(tags).map_err(|error| incomplete(Operation::Tag, &error))?;
        self.client
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(tags))
            .send()
            .await
            .map_err(|error| call_error(Operation::Tag, error))?;
        Ok(())
    }

    async fn untag(&self, arn: &str, keys: &[String]) -> Result<(), CallError> {
        self.client
            .untag_resource()
            .resource_arn(arn)
            .set_tag_keys(Some(keys.to_vec()))
            .send()
            .await
            .map_err(|error| call_error(Operation::Untag, error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
