//! What an event asks for: its envelope and its properties, read into a request that can be planned.

use crate::cloudformation::event::Event;
use crate::cloudformation::owner::Owner;
use crate::cloudformation::physical_id::PhysicalId;
use crate::cloudformation::sent::Sent;
use crate::job_template::Desired;
use crate::json::Json;
use crate::properties::{self, Finding};

/// Where a request comes from: the resource that it is for, and when it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub owner: Owner,
    pub sent: Sent,
}

impl Origin {
    pub fn of(event: &Event, sent: Sent) -> Origin {
        Origin {
            owner: Owner {
                stack_id: event.stack_id.clone(),
                logical_id: event.logical_resource_id.clone(),
            },
            sent,
        }
    }
}

/// CloudFormation's request, with the properties read. Old properties are only ever a hint, and so are those of a
/// Delete: `None` where they could not be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Create {
        properties: Desired,
    },
    Update {
        physical_id: PhysicalId,
        properties: Desired,
        old_properties: Option<Box<Desired>>,
    },
    Delete {
        /// `None` where CloudFormation, or what stands in for it, gives none.
        physical_id: Option<PhysicalId>,
        properties: Option<Desired>,
    },
}

/// Reads what the event asks for. With it come warnings, one for each shorthand used.
///
/// # Errors
/// Everything that is wrong with it, for the answer.
pub fn read(event: &Event) -> Result<(Request, Vec<Finding>), Vec<String>> {
    for (name, value) in [
        ("StackId", &event.stack_id),
        ("LogicalResourceId", &event.logical_resource_id),
    ] {
        if value.is_empty() {
            return Err(vec![format!(
                "the event has no {name}, which says whose the job template is"
            )]);
        }
    }
    let physical_id = event.physical_resource_id.as_deref().map(PhysicalId::read);
    match event.request_type.as_str() {
        "Create" => {
            let (properties, warnings) = wanted_properties(event)?;
            Ok((Request::Create { properties }, warnings))
        }
        "Update" => {
            let physical_id = physical_id.ok_or_else(|| vec!["the event has no PhysicalResourceId".to_owned()])?;
            let (properties, warnings) = wanted_properties(event)?;
            let old_properties = hinted_properties(event.old_properties()).map(Box::new);
            let request = Request::Update {
                physical_id,
                properties,
                old_properties,
            };
            Ok((request, warnings))
        }
        "Delete" => {
            let request = Request::Delete {
                physical_id,
                properties: hinted_properties(event.properties()),
            };
            Ok((request, Vec::new()))
        }
        other => {
            let other: String = other.chars().take(100).collect();
            Err(vec![format!(
                "the RequestType is {other:?}; known are Create, Update and Delete"
            )])
        }
    }
}

/// More problems than this help nobody, and an event could hold a hundred thousand.
const MOST_PROBLEMS: usize = 1000;

fn wanted_properties(event: &Event) -> Result<(Desired, Vec<Finding>), Vec<String>> {
    let json = event
        .properties()
        .map_err(|error| vec![format!("the properties could not be read: {error}")])?;
    match properties::read(&json) {
        Ok(properties) => Ok((properties.desired, properties.warnings)),
        Err(problems) => {
            let mut told: Vec<_> = problems.iter().take(MOST_PROBLEMS).map(Finding::to_string).collect();
            if problems.len() > MOST_PROBLEMS {
                told.push(format!("and {} more", problems.len() - MOST_PROBLEMS));
            }
            Err(told)
        }
    }
}

/// Properties that are only a hint: what does not read as properties is no hint.
fn hinted_properties(json: Result<Json, String>) -> Option<Desired> {
    properties::read(&json.ok()?).ok().map(|properties| properties.desired)
}
