//! What may be in the way of an operation on a stack, so that it need not succeed.

use crate::adoption;
use crate::cloudformation::Stacks;
use crate::history::{self, Kind, Props, RESOURCES, SOURCE};
use crate::iot::{Account, Maker, StoredTemplate};
use iot_job_template_core::memory::REQUEST_TAG;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether each of these is good, nobody else has, or wants, its id, no stranger has been at it, and there is room for
/// its tags.
pub fn nothing_is_in_the_way(
    account: &Account,
    stacks: &Stacks,
    name: &str,
    resources: &BTreeMap<usize, Option<Props>>,
) -> bool {
    let there = stacks.get(name);
    let stack_id = there.map(|stack| &*stack.id).unwrap_or_default();
    let mut ids = BTreeSet::new();
    resources.iter().all(|(name, props)| {
        let Some(props) = props else { return true };
        let logical_id = RESOURCES[*name];
        let held = there.and_then(|stack| stack.resources.get(logical_id));
        let source_is_there = match props.content {
            Kind::Document(_) | Kind::ByHand => true,
            Kind::Source => account.objects.contains_key(SOURCE),
            Kind::Job(job) => account.jobs.contains_key(&history::job_arn(job)),
            Kind::Bad | Kind::Unreadable => false,
        };
        // As short as a ServiceTimeout is here, any fault is in the way.
        if !source_is_there
            || props.timeout.is_some()
            // Adopt needs a JobTemplateId, and leaves less room for tags.
            || props.adopt.is_some() && (props.id.is_none() || props.tags > 3)
            || held.is_some_and(|held| held.lost || account.has_drifted_for(stack_id, logical_id, &held.physical_id))
        {
            return false;
        }
        let id = history::template_id(&props.json(), stack_id, logical_id);
        let is_free = match account.templates.get(&id) {
            Some(template) if adoption::is_told_to(template, &props.json(), stack_id) => {
                template.tags.keys().filter(|key| !adoption::is_ours(key)).count() + 5 <= 50
            }
            _ if account.has_drifted(&id) => false,
            Some(template) => {
                let old = held.filter(|held| held.physical_id == id).map(|held| &held.properties);
                // What is not held is known by its tags alone.
                let is_known = adoption::names(&template.tags, &Maker::of(stack_id, logical_id));
                account.is_not_anothers(&id, stack_id, logical_id)
                    && (old.is_some() || is_known && template.adopted.is_none())
                    && has_room(template, &props.json(), old)
            }
            // A repeated request of whoever holds it may make it again.
            None => !stacks.is_held_by_another(&id, stack_id, logical_id),
        };
        is_free && ids.insert(id)
    })
}

/// "Only a request that itself adds tags is refused for a fifty-first."
fn has_room(template: &StoredTemplate, properties: &Value, old_properties: Option<&Value>) -> bool {
    let tags_of = |properties: &Value| history::desired(properties).tags;
    let removed = old_properties.map(tags_of).unwrap_or_default();
    let declared = tags_of(properties);
    let mut tags: BTreeSet<_> = template.tags.keys().filter(|key| !removed.contains_key(*key)).collect();
    tags.extend(declared.keys());
    let providers = ["cloudformation:stack-id", "cloudformation:logical-id", REQUEST_TAG].map(str::to_owned);
    tags.extend(&providers);
    tags.len() <= 50
}

/// The same for a rollback, which removes all that the update declared.
pub fn has_room_back(template: &StoredTemplate, held: &Value, update: &Value) -> bool {
    let mut others = template.clone();
    others.tags.retain(|key, _| update["Tags"][key].is_null());
    has_room(&others, held, None)
}
