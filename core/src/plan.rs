//! What a request asks for, worked out from the request and from what is there. No network, no clock.
//!
//! Level-triggered, like a controller: it does not matter how things came to be as they are, or how often the same
//! request was delivered before.

use crate::cloudformation::owner::{Owner, Ownership};
use crate::cloudformation::physical_id::{self, PhysicalId};
use crate::cloudformation::request::Request;
use crate::job_template::{Desired, Tags, Template};

/// The template that a Create or an Update is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted<'a> {
    pub id: String,
    pub properties: &'a Desired,
    /// What CloudFormation holds `id` for: an Update of this very id, and not a Create or the Update of another.
    pub held: Held<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Held<'a> {
    No,
    Yes {
        /// Those that the template under this id had; `None` too where they are another's, as in the rollback of an
        /// Update to another id.
        old_properties: Option<&'a Desired>,
    },
}

/// What is to be done for a Create or an Update.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Create the template, with these tags.
    Create { tags: Tags },
    /// Leave the template as it is, but for these tags. Both may be empty.
    Retag { set: Tags, remove: Vec<String> },
    /// Delete the template, and create it anew with these tags. If that fails, restore what was there.
    Recreate { tags: Tags },
    /// Do nothing, and say why.
    Refuse { why: String },
}

/// What is to be done for a Delete. It always succeeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeletePlan {
    Delete,
    /// There is nothing to delete.
    Nothing,
    /// There is something that is not ours: leave it alone, with a warning.
    LeaveAlone {
        why: String,
    },
}

/// Which template a Create or an Update is about.
pub fn wanted<'a>(
    owner: &Owner,
    properties: &'a Desired,
    update_of: Option<(&PhysicalId, Option<&'a Desired>)>,
) -> Wanted<'a> {
    let id = physical_id::template_id(owner, properties);
    let held = match update_of {
        Some((PhysicalId::Template(held), old_properties)) if *held == id => Held::Yes {
            old_properties: old_properties.filter(|old| physical_id::template_id(owner, old) == id),
        },
        _ => Held::No,
    };
    Wanted { id, properties, held }
}

/// What to do so that the template is as wanted. `observed` is what there is under its id.
pub fn plan(owner: &Owner, wanted: &Wanted, observed: Option<&Template>) -> Plan {
    let Some(template) = observed else {
        return Plan::Create {
            tags: tags_to_create(owner, wanted.properties),
        };
    };
    if let Some(why) = not_ours(owner, wanted, template) {
        return Plan::Refuse { why };
    }
    let (set, remove) = tag_changes(owner, wanted, &template.tags);
    let tags = apply(&settable(&template.tags), &set, &remove);
    if tags.len() > MAX_TAGS {
        return Plan::Refuse {
            why: format!(
                "the job template {} would have {} tags, those that others put on it among them; IoT takes {MAX_TAGS}",
                wanted.id,
                tags.len()
            ),
        };
    }
    if needs_new_template(wanted, template) {
        Plan::Recreate { tags }
    } else {
        Plan::Retag { set, remove }
    }
}

/// Whether a template that is there is ours, as far as the request can tell.
pub fn is_ours(owner: &Owner, wanted: &Wanted, template: &Template) -> bool {
    not_ours(owner, wanted, template).is_none()
}

/// Whether a template that is ours is there just as wanted, but for its tags.
pub fn is_as_wanted(wanted: &Wanted, template: &Template) -> bool {
    !needs_new_template(wanted, template)
}

/// IoT's limit on one resource; AWS's own tags do not count.
const MAX_TAGS: usize = 50;

/// The tags that can be set again on a template made anew: all but AWS's own, which begin with `aws:`.
pub fn settable(tags: &Tags) -> Tags {
    let mut tags = tags.clone();
    tags.retain(|key, _| !key.to_ascii_lowercase().starts_with("aws:"));
    tags
}

fn tags_to_create(owner: &Owner, properties: &Desired) -> Tags {
    let mut tags = properties.tags.clone();
    tags.extend(owner.tags());
    tags
}

/// Why a template that exists is not ours to change; `None` if it is ours.
fn not_ours(owner: &Owner, wanted: &Wanted, template: &Template) -> Option<String> {
    let id = &wanted.id;
    match owner.ownership(&template.tags) {
        Ownership::Ours => None,
        Ownership::Anothers { stack_id, logical_id } => {
            Some(belongs_to(owner, id, stack_id.as_deref(), logical_id.as_deref()))
        }
        Ownership::Unclaimed => {
            let lost_its_tags = match &wanted.held {
                Held::No => false,
                Held::Yes { old_properties } => {
                    let candidates = [Some(wanted.properties), *old_properties];
                    is_recognised(owner, id, &candidates, template)
                }
            };
            (!lost_its_tags).then(|| {
                format!(
                    "a job template {id} exists and no stack owns it; what this stack did not make, it does not take. \
                     Give another JobTemplateId, or delete that template first"
                )
            })
        }
    }
}

/// Whether an unclaimed template, under an id that CloudFormation holds for us, is the one that we made: somebody
/// stripped its tags. Known by its content, or by an id that nobody else would choose.
fn is_recognised(owner: &Owner, id: &str, candidates: &[Option<&Desired>], template: &Template) -> bool {
    physical_id::is_generated_for(owner, id)
        || candidates
            .iter()
            .flatten()
            .any(|properties| properties.content.is_given_by(&template.content))
}

fn belongs_to(owner: &Owner, id: &str, stack_id: Option<&str>, logical_id: Option<&str>) -> String {
    match (stack_id, logical_id) {
        (Some(stack_id), Some(logical_id)) if stack_id == owner.stack_id => format!(
            "the job template {id} belongs to the resource {logical_id} of this stack. Two resources cannot own one \
             template; to give it to {}, give that a JobTemplateId of its own, or remove {logical_id} in an update of \
             its own first",
            owner.logical_id
        ),
        _ => format!(
            "the job template {id} belongs to the resource {} of the stack {}; give another JobTemplateId",
            logical_id.unwrap_or("(unnamed)"),
            stack_id.unwrap_or("(unnamed)"),
        ),
    }
}

/// Whether the template's content is not what is wanted.
///
/// What cannot be read back (the job it was taken from, the revision) is compared between old and new properties; where
/// there are none to compare, it counts as the same.
fn needs_new_template(wanted: &Wanted, template: &Template) -> bool {
    let new = wanted.properties;
    let changed_unseen = match &wanted.held {
        Held::Yes {
            old_properties: Some(old),
        } => old.content.job_arn != new.content.job_arn || old.revision != new.revision,
        _ => false,
    };
    changed_unseen || !new.content.is_given_by(&template.content)
}

/// The tags to set on a template that is ours, and the keys of those to remove.
///
/// Only what changed in the properties is touched, so that tags which others put on the template, or changed, stay. A
/// tag of ours that is gone altogether is put back.
fn tag_changes(owner: &Owner, wanted: &Wanted, observed: &Tags) -> (Tags, Vec<String>) {
    let new = tags_to_create(owner, wanted.properties);
    let old = match &wanted.held {
        Held::Yes {
            old_properties: Some(old),
        } => Some(&old.tags),
        _ => None,
    };
    let remove = old
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
        .filter(|key| !new.contains_key(*key) && observed.contains_key(*key))
        .cloned()
        .collect();
    let unchanged = |key: &String, value: &String| old.is_some_and(|old| old.get(key) == Some(value));
    let set = new
        .into_iter()
        .filter(|(key, value)| match observed.get(key) {
            None => true,
            Some(there) => there != value && !unchanged(key, value),
        })
        .collect();
    (set, remove)
}

fn apply(tags: &Tags, set: &Tags, remove: &[String]) -> Tags {
    let mut tags = tags.clone();
    tags.retain(|key, _| !remove.contains(key));
    tags.extend(set.clone());
    tags
}

/// The template that a Delete is about, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub id: String,
    /// Whether CloudFormation holds this very id for us; otherwise it is an id that we only suppose.
    pub held: bool,
}

/// The template that a Delete is about first; `None` where there can be none: for the id of nothing made, and for an id
/// that IoT would not take, which some other provider may have left.
pub fn subject(physical_id: &PhysicalId) -> Option<Subject> {
    let (id, held) = match physical_id {
        PhysicalId::NothingMade => return None,
        PhysicalId::Template(id) => (id, true),
        PhysicalId::OutcomeUnknown { candidate } => (candidate, false),
    };
    physical_id::can_be_a_templates(id).then(|| Subject { id: id.clone(), held })
}

/// What an Update that failed, and that this one takes back, may have left behind: the template that the old properties
/// are for, where that is neither the one wanted now nor the one that CloudFormation holds for us.
///
/// CloudFormation never learned of that template, and sends no Delete for it.
pub fn abandoned(owner: &Owner, wanted: &Wanted, request: &Request) -> Option<Subject> {
    let Request::Update {
        physical_id,
        old_properties: Some(old),
        ..
    } = request
    else {
        return None;
    };
    let id = physical_id::template_id(owner, old);
    let is_known = id == wanted.id || *physical_id == PhysicalId::Template(id.clone());
    (!is_known).then_some(Subject { id, held: false })
}

/// Where nothing is under an id that CloudFormation made up, for a Create that it did not wait for: what that Create
/// would have made.
///
/// `None` in any other case: the Delete of a replaced id must not reach the template that replaced it.
pub fn cancelled_create(owner: &Owner, physical_id: &PhysicalId, properties: Option<&Desired>) -> Option<Subject> {
    match physical_id {
        PhysicalId::Template(made_up) if physical_id::is_made_up(owner, made_up) => {
            let id = physical_id::template_id(owner, properties?);
            (id != *made_up).then_some(Subject { id, held: false })
        }
        _ => None,
    }
}

/// What to do about a Delete's subject where its tags alone decide it.
pub fn plan_delete_by_tags(owner: &Owner, subject: &Subject, tags: &Tags) -> Option<DeletePlan> {
    match owner.ownership(tags) {
        Ownership::Ours => Some(DeletePlan::Delete),
        Ownership::Anothers { stack_id, logical_id } => Some(DeletePlan::LeaveAlone {
            why: belongs_to(owner, &subject.id, stack_id.as_deref(), logical_id.as_deref()),
        }),
        Ownership::Unclaimed => None,
    }
}

/// What to do about a Delete's subject.
pub fn plan_delete(
    owner: &Owner,
    subject: &Subject,
    properties: Option<&Desired>,
    observed: Option<&Template>,
) -> DeletePlan {
    let Some(template) = observed else {
        return DeletePlan::Nothing;
    };
    if let Some(plan) = plan_delete_by_tags(owner, subject, &template.tags) {
        return plan;
    }
    if subject.held && is_recognised(owner, &subject.id, &[properties], template) {
        DeletePlan::Delete
    } else {
        DeletePlan::LeaveAlone {
            why: format!(
                "the job template {} has no tags that name its owner, and is not what this stack made; it was left alone",
                subject.id
            ),
        }
    }
}

#[cfg(test)]
mod tests;
