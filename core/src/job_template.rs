//! An AWS IoT job template, as far as this provider is concerned: its content, and the tags on it.
//!
//! The names are CloudFormation's; whoever calls the API translates.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The tags on a template, by key.
pub type Tags = BTreeMap<String, String>;

/// Everything in a template that only a new template can change. AWS IoT has no UpdateJobTemplate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Content {
    pub description: String,
    pub document: Option<String>,
    /// Read by IoT once, at creation. A described template has this *and* the document's text.
    pub document_source: Option<String>,
    /// The job to take the template from. DescribeJobTemplate does not give it back.
    pub job_arn: Option<String>,
    pub presigned_url_config: Option<PresignedUrlConfig>,
    pub job_executions_rollout_config: Option<JobExecutionsRolloutConfig>,
    pub abort_config: Option<AbortConfig>,
    pub timeout_config: Option<TimeoutConfig>,
    pub job_executions_retry_config: Option<JobExecutionsRetryConfig>,
    pub maintenance_windows: Vec<MaintenanceWindow>,
    pub destination_package_versions: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PresignedUrlConfig {
    pub role_arn: Option<String>,
    pub expires_in_sec: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobExecutionsRolloutConfig {
    pub maximum_per_minute: Option<i32>,
    pub exponential_rollout_rate: Option<ExponentialRolloutRate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExponentialRolloutRate {
    pub base_rate_per_minute: i32,
    pub increment_factor: f64,
    pub rate_increase_criteria: RateIncreaseCriteria,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RateIncreaseCriteria {
    pub number_of_notified_things: Option<i32>,
    pub number_of_succeeded_things: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AbortConfig {
    pub criteria_list: Vec<AbortCriteria>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AbortCriteria {
    pub failure_type: String,
    pub action: String,
    pub threshold_percentage: f64,
    pub min_number_of_executed_things: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TimeoutConfig {
    pub in_progress_timeout_in_minutes: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct JobExecutionsRetryConfig {
    pub retry_criteria_list: Vec<RetryCriteria>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetryCriteria {
    pub failure_type: String,
    pub number_of_retries: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MaintenanceWindow {
    pub start_time: String,
    pub duration_in_minutes: i32,
}

/// What a stack wants: the properties of one `Custom::IoTJobTemplate`, read and found good.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Desired {
    pub job_template_id: Option<String>,
    #[serde(flatten)]
    pub content: Content,
    /// A change to it asks for a new template, so that the document source is read again.
    pub revision: Option<String>,
    /// The stack's own tags; the provider's are not among them.
    pub tags: Tags,
    #[serde(skip_serializing_if = "Adopt::is_no")]
    pub adopt: Adopt,
}

/// Which template that is not this resource's it takes over, where that is just as declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Adopt {
    #[default]
    No,
    /// One that names no owner.
    Free,
    /// One of this owner, or one that names none.
    Of {
        /// `None` for this stack's own.
        stack_id: Option<String>,
        logical_id: String,
    },
}

impl Adopt {
    pub fn is_no(&self) -> bool {
        *self == Adopt::No
    }

    /// `true`, `false`, `LOGICALID` or `STACK-ARN/LOGICALID`; `None` for anything else.
    pub fn read(text: &str) -> Option<Adopt> {
        match text {
            "true" | "True" => return Some(Adopt::Free),
            "false" | "False" => return Some(Adopt::No),
            _ => {}
        }
        let (stack_id, logical_id) = match text.rsplit_once('/') {
            Some((stack_id, logical_id)) => (Some(stack_id), logical_id),
            None => (None, text),
        };
        let is_logical_id =
            (1..=255).contains(&logical_id.len()) && logical_id.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_stack = stack_id.is_none_or(|id| id.starts_with("arn:") && id.contains(":stack/"));
        (is_logical_id && is_stack).then(|| Adopt::Of {
            stack_id: stack_id.map(str::to_owned),
            logical_id: logical_id.to_owned(),
        })
    }
}

impl fmt::Display for Adopt {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Adopt::No => formatter.write_str("false"),
            Adopt::Free => formatter.write_str("true"),
            Adopt::Of {
                stack_id: Some(stack_id),
                logical_id,
            } => write!(formatter, "{stack_id}/{logical_id}"),
            Adopt::Of {
                stack_id: None,
                logical_id,
            } => formatter.write_str(logical_id),
        }
    }
}

impl Serialize for Adopt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Adopt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Adopt::read(&text).ok_or_else(|| D::Error::custom("no owner"))
    }
}

/// A template as IoT shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    pub arn: String,
    pub tags: Tags,
    /// `None` where only its tags were looked at.
    pub content: Option<Content>,
}

impl Template {
    pub fn of_tags(arn: String, tags: Tags) -> Template {
        Template {
            arn,
            tags,
            content: None,
        }
    }
}

impl Content {
    /// The one form that all ways of writing the same content share: lists whose order means nothing are sorted.
    pub fn canonical(mut self) -> Content {
        if let Some(config) = &mut self.abort_config {
            config
                .criteria_list
                .sort_by(|a, b| (&a.failure_type, &a.action).cmp(&(&b.failure_type, &b.action)));
        }
        if let Some(config) = &mut self.job_executions_retry_config {
            config
                .retry_criteria_list
                .sort_by(|a, b| (&a.failure_type, a.number_of_retries).cmp(&(&b.failure_type, b.number_of_retries)));
        }
        self.maintenance_windows
            .sort_by(|a, b| (&a.start_time, a.duration_in_minutes).cmp(&(&b.start_time, b.duration_in_minutes)));
        self.destination_package_versions.sort();
        self
    }

    /// IoT presigns for 3600 seconds where the request does not say, and may show that or nothing.
    pub fn forgive_what_iot_fills_in(&self, observed: &mut Content) {
        const FILLED_IN: i64 = 3600;
        if let (Some(observed), Some(wanted)) = (&mut observed.presigned_url_config, &self.presigned_url_config)
            && wanted.expires_in_sec.is_none()
            && observed.expires_in_sec == Some(FILLED_IN)
        {
            observed.expires_in_sec = None;
        }
    }

    /// Whether a template with the content `observed` is what a request for this content would make.
    ///
    /// Compared is what can be read back: of a template from a document source the source's text (IoT read the document
    /// once, at creation), of any other the document's bytes. A template taken from a job has whatever the job had, so
    /// there only what was asked for beside the job counts.
    pub fn is_given_by(&self, observed: &Content) -> bool {
        let wanted = self.clone().canonical();
        let mut observed = observed.clone().canonical();
        let from_job = wanted.job_arn.is_some();

        let same_document = match (&wanted.document, &wanted.document_source) {
            (_, Some(source)) => observed.document_source.as_ref() == Some(source),
            (Some(document), None) => {
                observed.document.as_ref() == Some(document) && observed.document_source.is_none()
            }
            (None, None) => from_job,
        };
        wanted.forgive_what_iot_fills_in(&mut observed);
        let agrees = |left_out: bool, same: bool| same || (from_job && left_out);

        same_document
            && wanted.description == observed.description
            && agrees(
                wanted.presigned_url_config.is_none(),
                wanted.presigned_url_config == observed.presigned_url_config,
            )
            && agrees(
                wanted.job_executions_rollout_config.is_none(),
                wanted.job_executions_rollout_config == observed.job_executions_rollout_config,
            )
            && agrees(
                wanted.abort_config.is_none(),
                wanted.abort_config == observed.abort_config,
            )
            && agrees(
                wanted.timeout_config.is_none(),
                wanted.timeout_config == observed.timeout_config,
            )
            && agrees(
                wanted.job_executions_retry_config.is_none(),
                wanted.job_executions_retry_config == observed.job_executions_retry_config,
            )
            && agrees(
                wanted.maintenance_windows.is_empty(),
                wanted.maintenance_windows == observed.maintenance_windows,
            )
            && agrees(
                wanted.destination_package_versions.is_empty(),
                wanted.destination_package_versions == observed.destination_package_versions,
            )
    }
}
