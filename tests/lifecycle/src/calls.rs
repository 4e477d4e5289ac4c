//! The calls that the model of IoT gets, and what it answers.

use iot_job_template_core::job_template::{Content, Tags};
use std::time::Duration;

/// One call, as the service gets it.
#[allow(clippy::large_enum_variant)] // There is one at a time.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    Create { id: String, content: Content, tags: Tags },
    Describe { id: String },
    Delete { id: String },
    ListTags { id: String },
    Tag { id: String, tags: Tags },
    Untag { id: String, keys: Vec<String> },
}

impl Work {
    pub fn operation(&self) -> &'static str {
        match self {
            Work::Create { .. } => "CreateJobTemplate",
            Work::Describe { .. } => "DescribeJobTemplate",
            Work::Delete { .. } => "DeleteJobTemplate",
            Work::ListTags { .. } => "ListTagsForResource",
            Work::Tag { .. } => "TagResource",
            Work::Untag { .. } => "UntagResource",
        }
    }

    pub fn id(&self) -> &str {
        match self {
            Work::Create { id, .. }
            | Work::Describe { id }
            | Work::Delete { id }
            | Work::ListTags { id }
            | Work::Tag { id, .. }
            | Work::Untag { id, .. } => id,
        }
    }

    pub fn is_look(&self) -> bool {
        matches!(self, Work::Describe { .. } | Work::ListTags { .. })
    }

    /// Whether it changes or deletes what is there.
    pub fn is_touch(&self) -> bool {
        matches!(self, Work::Delete { .. } | Work::Tag { .. } | Work::Untag { .. })
    }
}

/// What the service answers.
#[allow(clippy::large_enum_variant)]
pub enum Done {
    Nothing,
    Arn(String),
    Described(String, Content),
    Tags(Tags),
}

/// A call that gave no answer and is carried out all the same, later.
#[derive(Clone, Debug)]
pub struct LateCall {
    /// What the look that precedes it shows, it shows of this moment.
    pub looked: Duration,
    pub due: Duration,
    pub delivery: usize,
    pub work: Work,
}

pub fn arn(id: &str) -> String {
    format!("arn:aws:iot:eu-central-1:123456789012:jobtemplate/{id}")
}

pub fn id_in(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}
