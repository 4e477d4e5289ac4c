//! What a request asks for, worked out from the request and from what is there. No network, no clock.
//!
//! Level-triggered, like a controller: it does not matter how things came to be as they are, or how often the same
//! request was delivered before.

mod adopt;
mod delete;
mod tags;

pub use self::adopt::Handover;
pub use self::delete::{DeletePlan, Known, ToDelete, cancelled_create, left_by_failed_update, named_by, plan_delete};
pub use self::tags::{settable, tags_to_restore, words_to_leave};

use self::tags::{apply, tag_changes, tags_to_create, within_limit};
use crate::cloudformation::answer::FailureKind;
use crate::cloudformation::former::{self, Former};
use crate::cloudformation::owner::{Owner, Ownership};
use crate::cloudformation::physical_id::{self, PhysicalId};
use crate::cloudformation::request::Origin;
use crate::job_template::{Adopt, Desired, Tags, Template};
use crate::memory::{Fingerprint, Words};

/// The template that a Create or an Update is about.
#[derive(Clone, Debug, PartialEq)]
pub struct ToMake<'a> {
    pub id: String,
    pub properties: &'a Desired,
    pub fingerprint: Fingerprint,
    /// What CloudFormation holds `id` for: an Update of this very id, and not a Create or the Update of another.
    pub held: Held<'a>,
    /// The resource's other templates, of an Update to another id: the one under the old properties', and the one that
    /// CloudFormation holds. Their words can say, too, that this request comes late.
    pub others: Vec<String>,
    /// An Update of what a failed Create left: CloudFormation then sends a Delete for what that Create made, which the words of
    /// this request keep from being deleted.
    pub words_must_be_left: bool,
    /// Whether this request may take over what is not ours, if its properties say so: it does that once at the most.
    pub may_adopt: bool,
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
    /// Its tags alone do not tell: look at its content too.
    Describe,
    /// Leave the template as it is, but for these tags. Where both are empty, all is as wanted.
    Retag {
        set: Tags,
        remove: Vec<String>,
        warning: Option<String>,
    },
    /// Delete the template, and create it anew with these tags. If that fails, put back what was there.
    Recreate { tags: Tags, warning: Option<String> },
    /// Take over a template that is not ours, by setting these tags and nothing else.
    Adopt { tags: Tags },
    /// Do nothing and succeed, with a warning: it is another's, and just as declared.
    LeaveAsDeclared { warning: String },
    /// Do nothing, and say why.
    Refuse { kind: FailureKind, why: String },
}

impl<'a> ToMake<'a> {
    /// Which template a Create or an Update is about.
    pub fn of(
        owner: &Owner,
        properties: &'a Desired,
        update_of: Option<(&PhysicalId, Option<&'a Desired>)>,
    ) -> ToMake<'a> {
        let id = physical_id::template_id(owner, properties);
        let (held, others) = match update_of {
            Some((PhysicalId::Template(held), old_properties)) => {
                let id_of_old = old_properties.map(|old| physical_id::template_id(owner, old));
                if *held == id {
                    let old_properties = old_properties.filter(|_| id_of_old.as_ref() == Some(&id));
                    (Held::Yes { old_properties }, Vec::new())
                } else {
                    let others = id_of_old.into_iter().filter(|old| *old != id && old != held);
                    let held = Some(held.clone()).filter(|held| physical_id::can_be_a_templates(held));
                    (Held::No, others.chain(held).collect())
                }
            }
            _ => (Held::No, Vec::new()),
        };
        ToMake {
            id,
            properties,
            fingerprint: Fingerprint::of(properties),
            held,
            others,
            words_must_be_left: update_of.is_some_and(|(of, _)| !matches!(of, PhysicalId::Template(_))),
            may_adopt: true,
        }
    }

    pub fn is_held(&self) -> bool {
        self.held != Held::No
    }

    fn old_properties(&self) -> Option<&'a Desired> {
        match self.held {
            Held::No => None,
            Held::Yes { old_properties } => old_properties,
        }
    }

    /// Whether the template will most likely have to be made anew: then its content has to be known.
    pub fn is_changed(&self) -> bool {
        self.old_properties()
            .is_some_and(|old| Fingerprint::of(old) != self.fingerprint)
    }
}

/// What to do so that the template is as wanted. `observed` is what there is under its id.
pub fn plan(origin: &Origin, to_make: &ToMake, observed: Option<&Template>) -> Plan {
    let Some(template) = observed else {
        return Plan::Create {
            tags: tags_to_create(origin, to_make),
        };
    };
    let words = Words::read(&template.tags, origin.sent.latest);
    match origin.owner.ownership(&template.tags) {
        Ownership::Ours => {}
        Ownership::Anothers { stack_id, logical_id } => {
            return plan_for_anothers(origin, to_make, template, words.as_ref(), (stack_id, logical_id));
        }
        Ownership::Free => match is_recognised_as_wanted(origin, to_make, template) {
            None => return Plan::Describe,
            Some(true) => {}
            Some(false) if says_to_adopt(origin, to_make, &None) => {
                return adopt::plan(origin, to_make, template, &None);
            }
            Some(false) => return refuse(exists_and_is_free(&to_make.id)),
        },
    }
    if is_overtaken(origin, words.as_ref()) {
        return overtaken(&to_make.id);
    }
    let Some(is_as_wanted) = is_as_wanted(to_make, template, words.as_ref()) else {
        return Plan::Describe;
    };
    let (set, remove) = tag_changes(origin, to_make, &template.tags, words.as_ref());
    let (set, warning) = match within_limit(&to_make.id, &template.tags, set, &remove) {
        Ok(within) => within,
        Err(why) => return refuse(why),
    };
    if !is_as_wanted && !to_make.is_held() && former::is_adopted(&template.tags) {
        return refuse(format!(
            "the job template {} was taken over by this resource, and is not as declared. What was taken over is not made \
             anew by a Create: declare it as it is, deploy, and change it then",
            to_make.id
        ));
    }
    match (is_as_wanted, &template.content) {
        (true, _) => Plan::Retag { set, remove, warning },
        // What is deleted has to be known, so that it can be put back.
        (false, None) => Plan::Describe,
        (false, Some(_)) => Plan::Recreate {
            tags: apply(&settable(&template.tags), &set, &remove),
            warning,
        },
    }
}

fn refuse(why: String) -> Plan {
    Plan::Refuse {
        kind: FailureKind::Refused,
        why,
    }
}

fn exists_and_is_free(id: &str) -> String {
    format!(
        "a job template {id} exists and no stack owns it; this provider never takes over a template that it did not create, \
         unless Adopt says so. Give another JobTemplateId; or, to take that template over just as it is, \"Adopt: true\""
    )
}

/// Whether the properties say to take over what belongs to `former`.
fn says_to_adopt(origin: &Origin, to_make: &ToMake, former: &Former) -> bool {
    to_make.may_adopt && adopt::takes(&origin.owner, &to_make.properties.adopt, former)
}

/// Another's is not touched, unless the properties say so. But where an Update finds all that it wants, there is nothing to
/// be done: a rollback must not get stuck for it.
fn plan_for_anothers(
    origin: &Origin,
    to_make: &ToMake,
    template: &Template,
    words: Option<&Words>,
    (stack_id, logical_id): (Option<String>, Option<String>),
) -> Plan {
    let why = belongs_to(&origin.owner, &to_make.id, (stack_id.as_deref(), logical_id.as_deref()));
    if let (Some(stack_id), Some(logical_id)) = (stack_id, logical_id) {
        let former = Some(Owner { stack_id, logical_id });
        if says_to_adopt(origin, to_make, &former) {
            return adopt::plan(origin, to_make, template, &former);
        }
    }
    let tags = &to_make.properties.tags;
    if !to_make.is_held() || tags.iter().any(|(key, value)| template.tags.get(key) != Some(value)) {
        return refuse(why);
    }
    match is_as_wanted(to_make, template, words) {
        None => Plan::Describe,
        Some(false) => refuse(why),
        Some(true) => Plan::LeaveAsDeclared {
            warning: format!("{why}. It is just as declared, so there is nothing to be done, and nothing was touched"),
        },
    }
}

/// Whether a request sent later than this one has seen to the template.
pub fn is_overtaken(origin: &Origin, words: Option<&Words>) -> bool {
    let sent = &origin.sent;
    words.is_some_and(|words| {
        let is_later = matches!((words.when, sent.when), (Some(there), Some(own)) if there > own);
        is_later && words.which != sent.which
    })
}

fn overtaken(id: &str) -> Plan {
    Plan::Refuse {
        kind: FailureKind::Overtaken,
        why: format!("a later request has seen to the job template {id}, so this one, which comes late, does nothing"),
    }
}

/// Whether a look at another template of the resource's, the one that CloudFormation holds or the old properties', says
/// that this request comes late.
pub fn is_overtaken_there(origin: &Origin, id: &str, tags: &Tags) -> Option<Plan> {
    let words = Words::read(tags, origin.sent.latest);
    let is_ours = origin.owner.ownership(tags) == Ownership::Ours;
    (is_ours && is_overtaken(origin, words.as_ref())).then(|| overtaken(id))
}

/// Whether a free template under an id that CloudFormation holds for us is the one that we made: somebody stripped its
/// tags. `None` where its content has to be known for that.
fn is_recognised_as_wanted(origin: &Origin, to_make: &ToMake, template: &Template) -> Option<bool> {
    match to_make.held {
        Held::No => Some(false),
        Held::Yes { old_properties } => {
            let candidates = [Some(to_make.properties), old_properties];
            is_recognised(&origin.owner, &to_make.id, &candidates, template)
        }
    }
}

/// Known by its content, or by an id that nobody else would choose. What was made from a job has the job's content, which
/// nobody here knows.
fn is_recognised(owner: &Owner, id: &str, candidates: &[Option<&Desired>], template: &Template) -> Option<bool> {
    // What was adopted was not made by us, and without its tags it is nobody's.
    if candidates
        .iter()
        .flatten()
        .any(|properties| properties.adopt != Adopt::No)
    {
        return Some(false);
    }
    if physical_id::is_generated_for(owner, id) {
        return Some(true);
    }
    let content = template.content.as_ref()?;
    let mut known = candidates.iter().flatten().map(|properties| &properties.content);
    Some(known.any(|known| known.job_arn.is_none() && known.is_given_by(content)))
}

fn belongs_to(owner: &Owner, id: &str, names: (Option<&str>, Option<&str>)) -> String {
    let (Some(stack_id), Some(logical_id)) = names else {
        let (stack_id, logical_id) = (names.0.unwrap_or("(unnamed)"), names.1.unwrap_or("(unnamed)"));
        return format!(
            "the job template {id} belongs to the resource {logical_id} of the stack {stack_id}, and one of its two tags \
             that say so is missing. Give another JobTemplateId; or, if nothing owns it any more, remove the other tag too"
        );
    };
    let named = Owner {
        stack_id: stack_id.to_owned(),
        logical_id: logical_id.to_owned(),
    };
    let adopt = named.as_adopted_by(owner);
    if stack_id == owner.stack_id {
        format!(
            "the job template {id} belongs to the resource {logical_id} of this stack. Two resources cannot own one \
             template: give {} a JobTemplateId of its own; or, if it takes the place of {logical_id}, \"Adopt: {adopt}\" \
             takes the template over just as it is",
            owner.logical_id
        )
    } else {
        format!(
            "the job template {id} belongs to the resource {logical_id} of the stack {stack_id}. Give another \
             JobTemplateId; or, if that stack is gone, or gives it away, \"Adopt: {adopt}\" takes the template over just as \
             it is"
        )
    }
}

/// Whether the template's content is what is wanted; `None` where its content has to be known for that.
///
/// IoT never changes a content, so a template is what its fingerprint says. Where that is lost, content is compared with
/// what IoT shows; what IoT does not show (the job it was taken from, the revision) between old and new properties, and
/// where there are none to compare, it counts as the same.
fn is_as_wanted(to_make: &ToMake, template: &Template, words: Option<&Words>) -> Option<bool> {
    if let Some(words) = words {
        return Some(words.fingerprint == to_make.fingerprint);
    }
    let new = to_make.properties;
    let changed_unseen = to_make
        .old_properties()
        .is_some_and(|old| old.content.job_arn != new.content.job_arn || old.revision != new.revision);
    let content = template.content.as_ref()?;
    Some(!changed_unseen && new.content.is_given_by(content))
}

#[cfg(test)]
mod tests;
