//! Taking over a template that is in use and cannot be made anew, and giving it back: exact inverses, each one call that
//! sets or removes the provider's tags and nothing else.

use super::tags::{MAX_TAGS, apply, declared_tags, settable, words_of};
use super::{Plan, ToMake, is_overtaken, overtaken, refuse};
use crate::cloudformation::former::{self, Before, FORMER_TAGS, Former, former_tags};
use crate::cloudformation::owner::{Owner, Ownership, PROVIDER_TAGS};
use crate::cloudformation::request::Origin;
use crate::job_template::{Adopt, Content, Desired, Tags, Template};
use crate::memory::{REQUEST_TAG, Words};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Whether a resource with these properties takes over what belongs to `former`.
pub(super) fn takes(adopter: &Owner, adopt: &Adopt, former: &Former) -> bool {
    match former {
        None => *adopt != Adopt::No,
        Some(_) => former::named(adopt, adopter) == *former,
    }
}

/// Takes over a template only if it is just as declared: otherwise it would be changed, or not be what the stack says.
pub(super) fn plan(origin: &Origin, to_make: &ToMake, template: &Template, former: &Former) -> Plan {
    let id = &to_make.id;
    let words = Words::read(&template.tags, origin.sent.latest);
    if is_overtaken(origin, words.as_ref()) {
        return overtaken(id);
    }
    let Some(differences) = differences(to_make, template, words.as_ref()) else {
        return Plan::Describe;
    };
    if !differences.is_empty() {
        return refuse(format!(
            "the job template {id} is not taken over, for it is not as declared: {}. Declare it as it is, deploy, and change \
             it then",
            differences.join(", ")
        ));
    }
    let mut tags = declared_tags(origin, to_make, words.as_ref());
    tags.retain(|key, _| PROVIDER_TAGS.contains(&key.as_str()));
    tags.extend(former::tags_of_adoption(&origin.owner, former, &template.tags));
    let count = apply(&settable(&template.tags), &tags, &[]).len();
    if count > MAX_TAGS {
        return refuse(format!(
            "the job template {id} is not taken over, for with the five tags of this provider it would have {count}, and IoT \
             takes {MAX_TAGS}"
        ));
    }
    Plan::Adopt { tags }
}

/// Where the template is not as declared; `None` where its content has to be known for that.
fn differences(to_make: &ToMake, template: &Template, words: Option<&Words>) -> Option<Vec<String>> {
    let mut differences = Vec::new();
    if words.is_none_or(|words| words.fingerprint != to_make.fingerprint) {
        let (here, there) = (&to_make.properties.content, template.content.as_ref()?);
        differences = content_differences(here, there);
        if differences.is_empty() && words.is_some() {
            differences.push(by_the_fingerprint(here, there).to_owned());
        }
    }
    for (key, here) in &to_make.properties.tags {
        match template.tags.get(key) {
            Some(there) if there == here => {}
            there => differences.push(format!(
                "Tags[{key:?}] is {} there and {here:?} here",
                there.map_or_else(|| "not".to_owned(), |there| format!("{there:?}"))
            )),
        }
    }
    Some(differences)
}

/// What the fingerprint tells apart, and what IoT shows does not.
fn by_the_fingerprint(here: &Content, there: &Content) -> &'static str {
    let is_written_there = there.document_source.is_none() && here.document.is_some();
    match (&here.document_source, &there.document_source) {
        (None, Some(_)) if here.job_arn.is_none() => "it was made from a DocumentSource, and here is none",
        _ if is_written_there && here.document != there.document => {
            "Document says the same there, and is written otherwise: other spaces, or another order of keys"
        }
        _ => "by its fingerprint it was made from another JobArn or Revision, which IoT does not show",
    }
}

/// What can be compared, each difference with its path. What a template from a job does not declare is the job's.
fn content_differences(here: &Content, there: &Content) -> Vec<String> {
    let mut found = Vec::new();
    match (&here.document, &here.document_source) {
        (_, Some(source)) if there.document_source.as_ref() != Some(source) => found.push(format!(
            "DocumentSource is {} there and {source:?} here",
            there
                .document_source
                .as_ref()
                .map_or_else(|| "not".to_owned(), |there| format!("{there:?}"))
        )),
        (Some(document), None) => {
            let there = there.document.as_deref().unwrap_or_default();
            if let Some(path) = first_difference(document, there) {
                found.push(format!("{path} is other there than here"));
            }
        }
        _ => {}
    }
    let members = |content: &Content| {
        let content = Content {
            document: None,
            document_source: None,
            job_arn: None,
            ..content.clone().canonical()
        };
        serde_json::to_value(content).unwrap_or_default()
    };
    let is_from_job = here.job_arn.is_some();
    let mut there = there.clone();
    here.forgive_what_iot_fills_in(&mut there);
    compare("", &members(&there), &members(here), is_from_job, &mut found);
    found
}

fn compare(path: &str, there: &Value, here: &Value, is_from_job: bool, found: &mut Vec<String>) {
    let left_out = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    let shown = |value: &Value| match left_out(value) {
        true => "not".to_owned(),
        false => value.to_string(),
    };
    match (there, here) {
        (there, here) if there == here || left_out(there) && left_out(here) => {}
        (_, here) if is_from_job && left_out(here) => {}
        (Value::Object(there), Value::Object(here)) => {
            let keys: BTreeSet<_> = there.keys().chain(here.keys()).collect();
            for key in keys {
                let at = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                let value = |members: &Map<String, Value>| members.get(key).cloned().unwrap_or_default();
                compare(&at, &value(there), &value(here), is_from_job, found);
            }
        }
        (Value::Array(there), Value::Array(here)) if there.len() == here.len() => {
            for (index, (there, here)) in there.iter().zip(here).enumerate() {
                compare(&format!("{path}[{index}]"), there, here, is_from_job, found);
            }
        }
        (there, here) => found.push(format!("{path} is {} there and {} here", shown(there), shown(here))),
    }
}

/// Where two documents first differ, compared as JSON; nothing of what they say. `None` if they do not.
fn first_difference(here: &str, there: &str) -> Option<String> {
    if here == there {
        return None;
    }
    match (serde_json::from_str(here), serde_json::from_str(there)) {
        (Ok(here), Ok(there)) => first_different("Document", &here, &there),
        _ => Some("Document".to_owned()),
    }
}

fn first_different(path: &str, here: &Value, there: &Value) -> Option<String> {
    match (here, there) {
        (Value::Object(here), Value::Object(there)) => {
            let keys: BTreeSet<_> = here.keys().chain(there.keys()).collect();
            keys.into_iter().find_map(|key| match (here.get(key), there.get(key)) {
                (Some(here), Some(there)) => first_different(&format!("{path}.{key}"), here, there),
                _ => Some(path.to_owned()),
            })
        }
        (Value::Array(here), Value::Array(there)) if here.len() == there.len() => here
            .iter()
            .zip(there)
            .enumerate()
            .find_map(|(index, (here, there))| first_different(&format!("{path}[{index}]"), here, there)),
        _ => (here != there).then(|| path.to_owned()),
    }
}

/// The one call that makes a template another's, or nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    Set(Tags),
    Remove(Vec<String>),
}

/// How to give the template with these tags back, where a Delete does that instead of deleting it: it was adopted, and its
/// own properties still say `Adopt`, or cannot be read.
pub(super) fn give_back(origin: &Origin, properties: Option<&Desired>, tags: &Tags) -> Option<Handover> {
    if properties.is_some_and(|properties| properties.adopt == Adopt::No) || !former::is_adopted(tags) {
        return None;
    }
    Some(match former::former(tags) {
        None => Handover::Remove(present(tags, &PROVIDER_TAGS)),
        Some(owner) => {
            let mut set = owner.tags();
            set.extend(former_tags(&None));
            if let Some(there) = Words::read(tags, origin.sent.latest) {
                set.insert(
                    REQUEST_TAG.to_owned(),
                    words_of(origin, Some(&there), &there.fingerprint),
                );
            }
            Handover::Set(set)
        }
    })
}

/// How the Delete of the former owner lets go of the template with these tags, which completes a move; `properties` are the former
/// owner's for that template, if they can be read. It is the new owner's own then; but if the former owner had adopted it, and
/// was to give it back, now the new one is.
///
/// One that was sent before whoever has it now saw to it is perhaps a repetition from before the move, and completes none.
pub(super) fn let_go(origin: &Origin, properties: Option<&Desired>, tags: &Tags) -> Option<Handover> {
    let owner = &origin.owner;
    let words = Words::read(tags, origin.sent.latest);
    if former::former(tags).as_ref() != Some(owner) || is_overtaken(origin, words.as_ref()) {
        return None;
    }
    let is_own = properties.is_some_and(|properties| properties.adopt == Adopt::No);
    let before = match former::before_former(tags).filter(|_| !is_own) {
        None => return Some(Handover::Remove(present(tags, &FORMER_TAGS))),
        Some(Before::FromNobody) => None,
        Some(Before::FromAnOwner) => properties.and_then(|properties| former::named(&properties.adopt, owner)),
    };
    // Of what the new owner took back, nobody is left to give it to.
    let before = before.filter(|before| before.ownership(tags) != Ownership::Ours);
    Some(Handover::Set(former_tags(&before)))
}

fn present(tags: &Tags, keys: &[&str]) -> Vec<String> {
    keys.iter()
        .filter(|key| tags.contains_key(**key))
        .map(|key| (*key).to_owned())
        .collect()
}
