//! Which tags a template is to have: those of its properties, the provider's own, and those that others put on it.

use super::ToMake;
use crate::cloudformation::former::{FORMER_TAGS, former_tags};
use crate::cloudformation::owner::{Ownership, PROVIDER_TAGS};
use crate::cloudformation::request::Origin;
use crate::job_template::{Adopt, Desired, Tags};
use crate::memory::{Fingerprint, REQUEST_TAG, Words};

/// The tags to set on a template that is ours, and the keys of those to remove.
///
/// What is declared is compared with what is there, and not with the old properties: those are not what the template has
/// where they are of an Update that failed and was not rolled back. They only say which tags to remove, for others put
/// theirs on the template, and those stay.
pub(super) fn tag_changes(
    origin: &Origin,
    to_make: &ToMake,
    observed: &Tags,
    words: Option<&Words>,
) -> (Tags, Vec<String>) {
    let mut set = declared_tags(origin, to_make, words);
    let old = to_make.old_properties().map(|old| &old.tags);
    let remove = old
        .into_iter()
        .flatten()
        .map(|(key, _)| key)
        .filter(|key| !set.contains_key(*key) && observed.contains_key(*key))
        .cloned()
        .collect();
    set.retain(|key, value| observed.get(key) != Some(value));
    (set, remove)
}

/// IoT's limit on one resource; AWS's own tags do not count.
pub(super) const MAX_TAGS: usize = 50;

/// The tags to set, so that there are not too many of them. Only what the properties add is refused for that; of the
/// provider's own, those that there is no room for are left out, with a warning.
pub(super) fn within_limit(
    id: &str,
    there: &Tags,
    mut set: Tags,
    remove: &[String],
) -> Result<(Tags, Option<String>), String> {
    let count = |set: &Tags| apply(&settable(there), set, remove).len();
    let is_new = |key: &String| !there.contains_key(key);
    let is_providers = |key: &String| PROVIDER_TAGS.contains(&key.as_str());
    if count(&set) <= MAX_TAGS {
        return Ok((set, None));
    }
    if set.keys().any(|key| is_new(key) && !is_providers(key)) {
        return Err(format!(
            "the job template {id} would have {} tags, those that others put on it among them; IoT takes {MAX_TAGS}",
            count(&set)
        ));
    }
    let left_out: Vec<_> = set.keys().filter(|key| is_new(key)).cloned().collect();
    set.retain(|key, _| !is_new(key));
    let warning = format!(
        "the job template {id} has no room for {}, by which this provider knows it: IoT takes {MAX_TAGS} tags, those that others put \
         on it among them",
        left_out.join(", ")
    );
    Ok((set, Some(warning)))
}

/// The tags that can be set again on a template made anew: all but AWS's own, which begin with `aws:`.
pub fn settable(tags: &Tags) -> Tags {
    let mut tags = tags.clone();
    tags.retain(|key, _| !key.to_ascii_lowercase().starts_with("aws:"));
    tags
}

/// Those with which a template is put back: what we make has our tags, also where somebody had removed them.
pub fn tags_to_restore(origin: &Origin, there: &Tags) -> Tags {
    let there = settable(there);
    let mut tags = origin.owner.tags();
    tags.extend(there.clone());
    if tags.len() > MAX_TAGS { there } else { tags }
}

/// A template that was adopted and is gone is made anew as one that is to be given back; also by an update that drops `Adopt`,
/// for that may be taken back. What leaves no room for the tags that say so was never adopted.
pub(super) fn tags_to_create(origin: &Origin, to_make: &ToMake) -> Tags {
    let mut tags = declared_tags(origin, to_make, None);
    let has_adopt = |properties: &Desired| properties.adopt != Adopt::No;
    let was_perhaps_adopted =
        to_make.is_held() && (has_adopt(to_make.properties) || to_make.old_properties().is_some_and(has_adopt));
    if was_perhaps_adopted && tags.len() + FORMER_TAGS.len() <= MAX_TAGS {
        tags.extend(former_tags(&None));
    }
    tags
}

/// The properties' tags and the provider's. `there` are the words that the template has now.
pub(super) fn declared_tags(origin: &Origin, to_make: &ToMake, there: Option<&Words>) -> Tags {
    let mut tags = to_make.properties.tags.clone();
    tags.extend(origin.owner.tags());
    tags.insert(REQUEST_TAG.to_owned(), words_of(origin, there, &to_make.fingerprint));
    tags
}

/// The words that this request leaves on a template. `there` are those that it has now.
pub(super) fn words_of(origin: &Origin, there: Option<&Words>, fingerprint: &Fingerprint) -> String {
    let words = Words {
        // Never an earlier moment in place of a later one.
        when: origin.sent.when.max(there.and_then(|there| there.when)),
        which: origin.sent.which.clone(),
        fingerprint: fingerprint.clone(),
    };
    words.write()
}

pub(super) fn apply(tags: &Tags, set: &Tags, remove: &[String]) -> Tags {
    let mut tags = tags.clone();
    tags.retain(|key, _| !remove.contains(key));
    tags.extend(set.clone());
    tags
}

/// The words to leave on the template that CloudFormation holds, where this request does nothing else to it: then those of
/// a request that it takes back, should that come late, are known to be overtaken. `None` where there is nothing to leave.
pub fn words_to_leave(origin: &Origin, tags: &Tags) -> Option<Tags> {
    let there = Words::read(tags, origin.sent.latest)?;
    let is_ours = origin.owner.ownership(tags) == Ownership::Ours;
    if !is_ours || origin.sent.when.is_none() || there.when >= origin.sent.when {
        return None;
    }
    let words = words_of(origin, Some(&there), &there.fingerprint);
    Some(Tags::from([(REQUEST_TAG.to_owned(), words)]))
}
