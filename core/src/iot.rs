//! The six operations of AWS IoT that this provider needs, and how a call can end.

use crate::job_template::{Content, Tags};
use std::fmt;
use std::time::Duration;

/// AWS IoT's job templates. One attempt a call: retries, backoff and deadlines are the caller's.
#[allow(async_fn_in_trait)] // Everything runs on one thread; no future needs to be Send.
pub trait JobTemplates {
    /// CreateJobTemplate. Gives the template's ARN.
    async fn create(&self, id: &str, content: &Content, tags: &Tags) -> Result<String, CallError>;
    /// DescribeJobTemplate. Gives the template's ARN and content.
    async fn describe(&self, id: &str) -> Result<(String, Content), CallError>;
    /// DeleteJobTemplate.
    async fn delete(&self, id: &str) -> Result<(), CallError>;
    /// ListTagsForResource, all pages. Of an ARN that names nothing the service gives no tags rather than an error.
    async fn tags(&self, arn: &str) -> Result<Tags, CallError>;
    /// TagResource.
    async fn tag(&self, arn: &str, tags: &Tags) -> Result<(), CallError>;
    /// UntagResource.
    async fn untag(&self, arn: &str, keys: &[String]) -> Result<(), CallError>;
}

/// The six operations. IoT throttles each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Describe,
    Delete,
    ListTags,
    Tag,
    Untag,
}

impl Operation {
    /// The operation's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Create => "CreateJobTemplate",
            Operation::Describe => "DescribeJobTemplate",
            Operation::Delete => "DeleteJobTemplate",
            Operation::ListTags => "ListTagsForResource",
            Operation::Tag => "TagResource",
            Operation::Untag => "UntagResource",
        }
    }
}

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The operation's name in the API, such as CreateJobTemplate.
    pub operation: &'static str,
    pub cause: Cause,
    /// IoT's code, message and request id, or what went wrong on the way.
    pub detail: String,
    /// How long the service asked us to wait.
    pub retry_after: Option<Duration>,
}

/// What a failed call tells us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such template (404).
    NotFound,
    /// There is one already (409).
    Conflict,
    /// The service will not do this, however often it is asked.
    Refused,
    /// The function may not ask this of the service: its role is in the way. Nothing was done.
    Denied,
    /// Not now (429). Nothing was done.
    Throttled,
    /// The request never left. Nothing was done.
    NotSent,
    /// No answer, or none that can be read, or 5xx: it may have been done.
    Unclear,
}

impl CallError {
    /// Whether asking again can help.
    pub fn is_transient(&self) -> bool {
        matches!(self.cause, Cause::Throttled | Cause::NotSent | Cause::Unclear)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}: {}", self.operation, self.detail)
    }
}
