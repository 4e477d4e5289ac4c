//! What a Delete asks for, and what is to be done about a template that is only supposed to be ours.

use super::{Handover, adopt, belongs_to, is_overtaken, is_recognised};
use crate::cloudformation::owner::{Owner, Ownership};
use crate::cloudformation::physical_id::{self, PhysicalId};
use crate::cloudformation::request::{Origin, Request};
use crate::job_template::{Desired, Tags, Template};
use crate::memory::{Fingerprint, Which, Words};
use crate::plan::ToMake;

/// What is to be done for a Delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeletePlan {
    Delete,
    /// It was adopted: give it back to its former owner, or to nobody.
    GiveBack(Handover),
    /// It was taken over from us: the tags that say so go, or say to whom it is to be given back now.
    LetGo(Handover),
    /// Its tags alone do not tell: look at its content too.
    Describe,
    /// There is nothing to delete.
    Nothing,
    /// It is only supposed to be ours, and shows no owner: it may be about to. Otherwise it is left alone.
    NotYet {
        why: String,
    },
    /// There is something that is not ours: leave it alone, with a warning.
    LeaveAlone {
        why: String,
    },
}

/// A template that a request is about without wanting it: one to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToDelete {
    pub id: String,
    pub known: Known,
}

/// Why a template is thought to be ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// CloudFormation holds this very id for us.
    Held,
    /// A failed Create may have made it: with its tags it names that request.
    MadeBy(Which),
    /// A Create that CloudFormation did not wait for may have made it.
    Cancelled,
    /// An Update that failed may have made it, or taken it over: then it has the fingerprint of what that asked for.
    LeftByFailedUpdate(Fingerprint),
}

/// The template that the Delete of this physical id, or an Update of it that fails, is to delete first; `None` where there can
/// be none: for the id of nothing asked, and for an id that IoT would not take, which some other provider may have left.
pub fn named_by(physical_id: &PhysicalId) -> Option<ToDelete> {
    let (id, known) = match physical_id {
        PhysicalId::NothingAsked => return None,
        PhysicalId::Template(id) => (id, Known::Held),
        PhysicalId::Refused(made_by) | PhysicalId::Unclear(made_by) => {
            (&made_by.template_id, Known::MadeBy(made_by.which.clone()))
        }
    };
    physical_id::can_be_a_templates(id).then(|| ToDelete { id: id.clone(), known })
}

/// What a Create that CloudFormation did not wait for would have made: looked for where nothing is under an id that
/// CloudFormation made up, or where there is no id at all.
///
/// `None` in any other case: the Delete of a replaced id must not reach the template that replaced it.
pub fn cancelled_create(
    owner: &Owner,
    physical_id: Option<&PhysicalId>,
    properties: Option<&Desired>,
) -> Option<ToDelete> {
    let id = physical_id::template_id(owner, properties?);
    let may_be = match physical_id {
        None => true,
        Some(PhysicalId::Template(made_up)) => physical_id::is_made_up(owner, made_up) && id != *made_up,
        Some(_) => false,
    };
    may_be.then_some(ToDelete {
        id,
        known: Known::Cancelled,
    })
}

/// The template that an Update that failed, and that this one takes back, may have left: under the id of the old properties,
/// where that is neither the one wanted now nor the one that CloudFormation holds for us.
///
/// CloudFormation never learned of that template, and sends no Delete for it.
pub fn left_by_failed_update(owner: &Owner, to_make: &ToMake, request: &Request) -> Option<ToDelete> {
    let Request::Update {
        physical_id: PhysicalId::Template(held),
        old_properties: Some(old),
        ..
    } = request
    else {
        return None;
    };
    let id = physical_id::template_id(owner, old);
    (id != to_make.id && id != *held).then(|| ToDelete {
        id,
        known: Known::LeftByFailedUpdate(Fingerprint::of(old)),
    })
}

/// What to do about a template to delete. Whoever only supposes it (all but [`Known::Held`]) judges by its tags alone.
pub fn plan_delete(
    origin: &Origin,
    to_delete: &ToDelete,
    properties: Option<&Desired>,
    observed: Option<&Template>,
) -> DeletePlan {
    let Some(template) = observed else {
        return DeletePlan::Nothing;
    };
    let id = &to_delete.id;
    let leave_alone = |why: String| DeletePlan::LeaveAlone { why };
    let words = Words::read(&template.tags, origin.sent.latest);
    let is_held = to_delete.known == Known::Held;
    // After an update that failed and was not rolled back, CloudFormation sends its properties, which may be for another id:
    // they say nothing about this one.
    let its_own = properties.filter(|properties| physical_id::template_id(&origin.owner, properties) == *id);
    let ownership = match origin.owner.ownership(&template.tags) {
        Ownership::Free if is_held => match is_recognised(&origin.owner, id, &[its_own], template) {
            None => return DeletePlan::Describe,
            Some(true) => Ownership::Ours,
            Some(false) => Ownership::Free,
        },
        ownership => ownership,
    };
    match ownership {
        Ownership::Ours if is_overtaken(origin, words.as_ref()) => leave_alone(format!(
            "a later request has seen to the job template {id}; it was left alone"
        )),
        Ownership::Ours if is_of_another_request(&to_delete.known, words.as_ref()) => leave_alone(format!(
            "the job template {id} was not made by the request that is taken back; it was left alone"
        )),
        // What is only supposed to be ours was not made by the Create that is taken back, if it carries the marks.
        Ownership::Ours => match adopt::give_back(origin, its_own.filter(|_| is_held), &template.tags) {
            Some(give_back) => DeletePlan::GiveBack(give_back),
            None => DeletePlan::Delete,
        },
        Ownership::Anothers { stack_id, logical_id } => {
            plan_for_anothers(origin, to_delete, its_own, &template.tags, (stack_id, logical_id))
        }
        Ownership::Free => {
            let why = format!(
                "the job template {id} has no tags that name its owner, and is not what this stack made; it was left alone"
            );
            match is_held {
                true => leave_alone(why),
                false => DeletePlan::NotYet { why },
            }
        }
    }
}

fn plan_for_anothers(
    origin: &Origin,
    to_delete: &ToDelete,
    properties: Option<&Desired>,
    tags: &Tags,
    (stack_id, logical_id): (Option<String>, Option<String>),
) -> DeletePlan {
    let why = belongs_to(
        &origin.owner,
        &to_delete.id,
        (stack_id.as_deref(), logical_id.as_deref()),
    );
    if to_delete.known == Known::Held {
        return match adopt::let_go(origin, properties, tags) {
            Some(let_go) => DeletePlan::LetGo(let_go),
            None => DeletePlan::LeaveAlone { why },
        };
    }
    // What a Create was to take over may be about to change hands.
    if let (Some(stack_id), Some(logical_id), Some(properties)) = (stack_id, logical_id, properties)
        && adopt::takes(&origin.owner, &properties.adopt, &Some(Owner { stack_id, logical_id }))
    {
        return DeletePlan::NotYet { why };
    }
    DeletePlan::LeaveAlone { why }
}

fn is_of_another_request(known: &Known, words: Option<&Words>) -> bool {
    match known {
        Known::Held | Known::Cancelled => false,
        Known::MadeBy(which) => words.is_none_or(|words| words.which != *which),
        Known::LeftByFailedUpdate(fingerprint) => words.is_some_and(|words| words.fingerprint != *fingerprint),
    }
}
