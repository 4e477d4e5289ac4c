//! What cannot be promised, each sentence of the contract's list a predicate here, and no wider. Judged is by what really
//! happened, which the record has.

use crate::cloudformation::Stacks;
use crate::iot::{Maker, StoredTemplate};
use crate::record::{Delivery, Kind, Record, Sent};
use serde_json::Value;
use std::time::Duration;

/// How long a Delete looks for what may yet be made.
const LOOKS_FOR_UNCLEAR: Duration = Duration::from_secs(10);
const LOOKS_FOR_MADE_UP: Duration = Duration::from_secs(40);
/// The model's own small times: one call, a timer.
const SLACK: Duration = Duration::from_millis(100);

/// Why a template is an orphan; `None` if it is none, or cannot be helped.
pub fn orphaned(id: &str, template: &StoredTemplate, record: &Record, stacks: &Stacks) -> Option<String> {
    // What is adopted is not deleted with its stack: it has to be given back.
    let Maker::Resource { stack, logical_id } = template.holder() else {
        return None;
    };
    let held = stacks
        .all()
        .find(|held| held.id == *stack)
        .and_then(|held| held.resources.get(logical_id));
    let is_held = held.is_some_and(|resource| resource.physical_id == *id);
    if let Some(adopted) = template.adopted.as_ref().filter(|_| !is_held) {
        let (request, taken) = (
            record.deliveries[adopted.delivery].request,
            StoredTemplate {
                made_at: adopted.at,
                ..template.clone()
            },
        );
        let mut later = record.later(request);
        let helpless = later.any(|(number, later)| came_after(id, &taken, adopted.delivery, number, later, record));
        return (!helpless).then(|| format!("{id}, which {logical_id} of {stack} adopted and did not give back"));
    }
    let made_by = template.made_by.filter(|_| !is_held)?;
    let helpless = was_given_up(id, template, stacks)
        || is_unrecognisable(id, template, record)
        || record
            .later(record.deliveries[made_by].request)
            .any(|(number, later)| came_after(id, template, made_by, number, later, record));
    (!helpless).then(|| {
        format!(
            "{id}, which {logical_id} of {stack} made at {:?} in delivery {made_by}, of request {}",
            template.made_at, record.deliveries[made_by].request
        )
    })
}

/// Whether it was made when the request that had to delete it was over already.
fn came_after(
    id: &str,
    template: &StoredTemplate,
    made_by: usize,
    number: usize,
    later: &Sent,
    record: &Record,
) -> bool {
    if !later.reply.as_ref().is_some_and(|reply| reply.succeeded) {
        return false;
    }
    let answered = record
        .deliveries
        .iter()
        .find(|delivery| delivery.request == number && delivery.reply.is_some());
    let Some((answered, ended)) = answered.and_then(|answered| Some((answered, answered.ended?))) else {
        return false;
    };
    let by = &record.deliveries[made_by];
    let looked = looked_long_enough(later, answered, id, was_unclear(by.request, record));
    let was_over = answered.acted <= template.made_at && looked;
    let request = record.request_of(made_by);
    match later.kind {
        Kind::Delete if !is_about(later, number, id, record) => false,
        Kind::Delete => {
            was_over && (is_late(template) || is_within_patience(template, request))
                || is_shown_later_than(template, ended) && looked
        }
        Kind::Update if request.kind == Kind::Update => {
            was_over && (is_late(template) || was_between_look_and_touch(template, by, ended))
                || is_shown_later_than(template, ended) && looked
        }
        _ => false,
    }
}

/// Whether the Delete is that which followed what was made: of its id, of what a Create may have made, or the last of all.
fn is_about(delete: &Sent, number: usize, id: &str, record: &Record) -> bool {
    let is_last = record.later(number).next().is_none();
    match &delete.physical_id {
        None => true,
        Some(physical_id) => physical_id == id || is_marker(physical_id) || is_made_up(physical_id) || is_last,
    }
}

/// "a Create or Update delivered or still at work after the Delete that followed it: to the end of patience".
fn is_within_patience(template: &StoredTemplate, request: &Sent) -> bool {
    template.made_at <= request.given_up() + SLACK
}

/// "a cancelled Create that acts after its Delete stopped looking: after 10 or 40 seconds".
fn looked_long_enough(delete: &Sent, delivery: &Delivery, id: &str, was_unclear: bool) -> bool {
    let looked = delivery.ended.unwrap_or_default() - delivery.started + SLACK;
    let found_it = delivery.deleted.iter().any(|deleted| deleted == id);
    match (delete.kind, &delete.physical_id) {
        // What a failed Update left is looked for like the unclear.
        (Kind::Update, _) => looked >= LOOKS_FOR_UNCLEAR,
        (_, None) => found_it || looked >= LOOKS_FOR_MADE_UP,
        (_, Some(physical_id)) if is_marker(physical_id) => !was_unclear || looked >= LOOKS_FOR_UNCLEAR,
        (_, Some(physical_id)) if is_made_up(physical_id) => found_it || looked >= LOOKS_FOR_MADE_UP,
        _ => true,
    }
}

/// "a call that IoT carries out after it gave no answer: as long as IoT delays it".
fn is_late(template: &StoredTemplate) -> bool {
    template.made_late
}

/// "somebody, or a cancelled request of ours, between look and touch: milliseconds, or as long as that one call takes".
fn was_between_look_and_touch(template: &StoredTemplate, by: &Delivery, other_ended: Duration) -> bool {
    by.started < other_ended && template.made_at <= other_ended + SLACK
}

/// "tags that IoT shows late: as long as it does".
fn is_shown_later_than(template: &StoredTemplate, time: Duration) -> bool {
    template.shown.as_ref().is_some_and(|(until, _)| *until >= time)
}

/// "a clean-up Delete that fails for good, `continue-update-rollback` with resources to skip: what they should have deleted
/// stays".
fn was_given_up(id: &str, template: &StoredTemplate, stacks: &Stacks) -> bool {
    let Maker::Resource { stack, logical_id } = &template.maker else {
        return false;
    };
    stacks.abandoned.iter().any(|(of, resource, physical_id)| {
        (of, resource) == (stack, logical_id) && (physical_id.is_empty() || physical_id.ends_with(id))
    })
}

/// Somebody stripped its tags, and no Delete of its id can have known it by its content: "what was made from a JobArn cannot
/// be recognised", and what is only supposed to be ours is judged by its tags.
fn is_unrecognisable(id: &str, template: &StoredTemplate, record: &Record) -> bool {
    let is_generated = !id.starts_with("shared-");
    let is_known_to = |request: &Sent| {
        if request.sent < template.changed_at
            || request.kind != Kind::Delete
            || request.physical_id.as_deref() != Some(id)
        {
            return false;
        }
        let event: Value = serde_json::from_str(&request.event).expect("an event");
        let properties = &event["ResourceProperties"];
        let text = |member: &str| properties[member].as_str();
        let content = &template.content;
        // "nothing is recognised so where any of the request's properties has `Adopt`".
        if !properties["Adopt"].is_null() {
            return false;
        }
        is_generated
            || text("Description") == Some(&*content.description)
                && text("JobArn").is_none()
                && text("DocumentSource") == content.document_source.as_deref()
                && (content.document_source.is_some() || text("Document") == content.document.as_deref())
    };
    template.stripped && !record.requests.iter().any(is_known_to)
}

/// Ids that no template can have.
fn is_marker(physical_id: &str) -> bool {
    !physical_id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Whether a request was answered by a delivery that did not know what became of its create.
fn was_unclear(request: usize, record: &Record) -> bool {
    let answered = |delivery: &&Delivery| delivery.request == request && delivery.reply.is_some();
    record
        .deliveries
        .iter()
        .find(answered)
        .is_some_and(|delivery| delivery.unclear > 0)
}

fn is_made_up(physical_id: &str) -> bool {
    ["1M4DEUP0RAND0", "tRSbQA45HplA", "tRSbQA45Hp"]
        .iter()
        .any(|random| physical_id.ends_with(random))
}
