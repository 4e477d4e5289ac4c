//! What cannot be promised, each sentence of the contract's list a predicate here, and no wider. Judged is by what really
//! happened, which the record has.

use crate::adoption::{self, Adopted};
use crate::cloudformation::Stacks;
use crate::history;
use crate::iot::{Account, Maker, StoredTemplate};
use crate::record::{Delivery, Kind, Record, Sent, has_adopt};
use iot_job_template_core::job_template::Tags;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a Delete looks for what may yet be made.
const LOOKS_FOR_UNCLEAR: Duration = Duration::from_secs(10);
const LOOKS_FOR_MADE_UP: Duration = Duration::from_secs(40);
/// The model's own small times: one call, a timer.
const SLACK: Duration = Duration::from_millis(100);

/// Why a template is an orphan; `None` if it is none, or cannot be helped.
pub fn orphaned(id: &str, template: &StoredTemplate, account: &Account, stacks: &Stacks) -> Option<String> {
    let record = &account.record;
    // What is adopted is not deleted with its stack: it has to be given back.
    let Maker::Resource { stack, logical_id } = template.holder() else {
        return None;
    };
    if stacks.all().any(|held| held.id == *stack && held.has(logical_id, id)) {
        return None;
    }
    // What was adopted may have been made anew since.
    let is_anew = |adopted: &Adopted| template.made_by.is_some() && adopted.at < template.made_at;
    let (by, did, (since, late)) = match &template.adopted {
        Some(adopted) if !is_anew(adopted) => (
            adopted.delivery,
            "adopted and did not give back",
            template.came_to_its_holder(),
        ),
        Some(_) => (template.made_by?, "made anew", (template.made_at, template.made_late)),
        None => (template.made_by?, "made", template.came_to_its_holder()),
    };
    let is_gone = was_given_back_to_what_is_gone(template, record);
    let template = &StoredTemplate {
        made_at: since,
        made_late: late,
        ..template.clone()
    };
    let request = record.deliveries[by].request;
    let is_left_over = account.leftovers.contains(template.holder()) || account.created_late.contains_key(id);
    let helpless = was_given_up(id, template, stacks)
        || is_unrecognisable(id, template, record)
        || is_taken_back_by_nobody(id, request, record)
        || was_forgotten(&record.deliveries[by], template.made_at, account)
        || was_let_go_of_too_early(id, template, record)
        // "Of three or more who took a template over from one another in turn, with no move completed, the last two are known."
        || account.forgotten.contains(id)
        // "somebody, or a cancelled request of ours, between look and touch"; "a call that IoT carries out after it gave no answer".
        || template.mistaken
        || is_gone
        || is_left_over && was_put_back(template, &record.requests[request])
        || record
            .later(request)
            .any(|(number, later)| came_after(id, template, by, number, later, record));
    (!helpless).then(|| {
        format!("{id}, which {logical_id} of {stack} {did}, at {since:?} in delivery {by}, of request {request}")
    })
}

/// "Of several who took a template over from one another in turn, with no move completed, the first is deleted first": its own
/// Delete found somebody's who had not taken it over from it, or gave back what it had taken back from such a one. So did the
/// Update that takes back one that failed.
fn was_let_go_of_too_early(id: &str, template: &StoredTemplate, record: &Record) -> bool {
    record.requests.iter().enumerate().any(|(number, request)| {
        let lets_go = match request.kind {
            Kind::Delete => request.is_of_held(id),
            Kind::Update => {
                !request.is_of_held(id) && request.members()["OldResourceProperties"]["JobTemplateId"] == id
            }
            Kind::Create => false,
        };
        lets_go
            && record.maker_of(number) == *template.holder()
            && request.sent > template.made_at
            && record
                .answered(number)
                .is_some_and(|answered| answered.met.iter().chain(&answered.deleted).any(|met| met == id))
    })
}

/// It was taken over from a resource that was gone by then, and given back: as an orphan of that one it was judged before.
fn was_given_back_to_what_is_gone(template: &StoredTemplate, record: &Record) -> bool {
    let Some(adopted) = &template.adopted else {
        return false;
    };
    record.requests.iter().enumerate().any(|(number, request)| {
        request.kind == Kind::Delete
            && record.maker_of(number) == adopted.by
            && request.reply.as_ref().is_some_and(|reply| reply.succeeded)
            && record
                .answered(number)
                .is_some_and(|answered| answered.ended.is_some_and(|ended| ended <= adopted.at))
    })
}

/// Whether a re-create that failed put it back: it is what was there before, and not what the request asked for.
fn was_put_back(template: &StoredTemplate, request: &Sent) -> bool {
    !adoption::is_as_declared(template, &request.members()["ResourceProperties"])
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
    let Some((answered, ended)) = record
        .answered(number)
        .and_then(|answered| Some((answered, answered.ended?)))
    else {
        return false;
    };
    let by = &record.deliveries[made_by];
    // What is delivered once the Delete is over, no looking finds.
    let looked = by.started >= ended || looked_long_enough(later, answered, id, was_unclear(by.request, record));
    let acted = match &answered.look {
        Some(look) if look.id == id => look.since,
        _ => answered.acted,
    };
    let was_over = acted <= template.made_at && looked;
    // "somebody, or a cancelled request of ours, between look and touch": it gave back, or let go of, what it had seen before.
    let handed_over_another = answered.deleted.iter().any(|deleted| deleted == id)
        && (answered.seen..=answered.acted).contains(&template.made_at);
    let request = record.request_of(made_by);
    match later.kind {
        Kind::Delete if !is_about(later, number, id, request, record) => false,
        Kind::Delete => {
            was_over && (is_late(template) || is_within_patience(template, request))
                || handed_over_another
                || could_not_look(later, answered) && was_made_after_the_answer(template, by, record)
                || is_shown_later_than(template, acted) && looked
        }
        Kind::Update if request.kind == Kind::Update => {
            was_over && (is_late(template) || was_between_look_and_touch(template, by, ended))
                || is_shown_later_than(template, acted) && looked
        }
        _ => false,
    }
}

/// Whether the Delete is that which followed what was made by a request: of its id, of what a Create may have made, of what an
/// Update to another id left, or the last of all.
fn is_about(delete: &Sent, number: usize, id: &str, made_by: &Sent, record: &Record) -> bool {
    let is_last = record.later(number).next().is_none();
    match &delete.physical_id {
        None => true,
        Some(physical_id) => {
            let is_supposed = is_marker(physical_id) || is_made_up(physical_id);
            physical_id == id || delete.physical_id == made_by.physical_id || is_supposed || is_last
        }
    }
}

/// "a Create or Update delivered or still at work after the Delete that followed it: to the end of patience".
fn is_within_patience(template: &StoredTemplate, request: &Sent) -> bool {
    template.made_at <= request.given_up() + SLACK
}

/// "a cancelled Create that acts after its Delete stopped looking: after 10 or 40 seconds".
///
/// "Answered before … CloudFormation's patience": a good half of what is left of that, where it is less. Once it is over, a
/// Delete takes the time that the function has.
fn looked_long_enough(delete: &Sent, delivery: &Delivery, id: &str, was_unclear: bool) -> bool {
    let looked = delivery.ended.unwrap_or_default() - delivery.started + SLACK;
    // Where it finds another's, there is nothing to wait for.
    let found_it = delivery.deleted.iter().chain(&delivery.met).any(|found| found == id);
    let left = delete.given_up().saturating_sub(delivery.started);
    let within = |longest: Duration| match left.is_zero() {
        true => longest,
        false => longest.min(left.mul_f64(0.55)),
    };
    match (delete.kind, &delete.physical_id) {
        // What a failed Update left is looked for like the unclear.
        (Kind::Update, _) => looked >= within(LOOKS_FOR_UNCLEAR),
        (_, None) => found_it || looked >= within(LOOKS_FOR_MADE_UP),
        (_, Some(physical_id)) if is_marker(physical_id) => !was_unclear || looked >= within(LOOKS_FOR_UNCLEAR),
        (_, Some(physical_id)) if is_made_up(physical_id) => found_it || looked >= within(LOOKS_FOR_MADE_UP),
        _ => true,
    }
}

/// "Where they cannot be had at all, a *refused* one is taken for never made."
pub fn could_not_look(delete: &Sent, delivery: &Delivery) -> bool {
    let is_refused = delete
        .physical_id
        .as_deref()
        .is_some_and(|id| id.starts_with("refused:"));
    is_refused && !delivery.could_look
}

/// Then only a repetition of the Create can have made it, or another delivery that was at work at once.
fn was_made_after_the_answer(template: &StoredTemplate, by: &Delivery, record: &Record) -> bool {
    let Some(answered) = record.answered(by.request) else {
        return false;
    };
    let is_a_twin = !std::ptr::eq(by, answered) && by.ended > Some(answered.started);
    answered.ended.is_some_and(|ended| template.made_at >= ended) || is_a_twin
}

/// "a Create or Update delivered or still at work after the Delete that followed it", where a stranger deleted, or stripped,
/// the template that remembers the request which followed an Update to another id, or another resource took it over, or it is
/// not there for a re-create that failed; or where that could not leave its words there: "where only that fails, it is a warning".
fn was_forgotten(by: &Delivery, made_at: Duration, account: &Account) -> bool {
    let record = &account.record;
    let request = &record.requests[by.request];
    let held = request.physical_id.as_deref().unwrap_or_default();
    let is_stripped = account.has_forgotten(held, request.sent, made_at);
    let was_followed = record.later(by.request).any(|(number, later)| {
        later.sent <= made_at
            && later.reply.as_ref().is_some_and(|reply| reply.succeeded)
            && (is_stripped || !later.has_it || words_failed(record, number).contains(held))
    });
    // One that deleted it and could not make it anew, or was killed before it did.
    let left_a_gap = |number: usize| {
        let mut deliveries = record.deliveries.iter();
        deliveries.any(|it| it.request == number && it.started <= made_at && it.deleted.iter().any(|id| id == held))
    };
    let is_gone = record.later(by.request).any(|(number, _)| left_a_gap(number));
    request.kind == Kind::Update && (was_followed || is_gone)
}

/// "What an Update that failed may have made or adopted under another id is deleted, or given back, by the Update that takes it
/// back." Where the failure is preserved there may be none that succeeds, and no other request knows of it; docs/semantics.md
/// has it among what cannot be promised.
fn is_taken_back_by_nobody(id: &str, request: usize, record: &Record) -> bool {
    let this = &record.requests[request];
    let failed = this.reply.as_ref().is_none_or(|reply| !reply.succeeded);
    if this.kind != Kind::Update || !failed || this.physical_id.as_deref() == Some(id) {
        return false;
    }
    let wanted = this.members()["ResourceProperties"].take();
    let takes_it_back = |later: &Sent| {
        later.kind == Kind::Update
            && later.reply.as_ref().is_some_and(|reply| reply.succeeded)
            && later.members()["OldResourceProperties"] == wanted
    };
    !record.later(request).any(|(_, later)| takes_it_back(later))
}

/// "a call that IoT carries out after it gave no answer: as long as IoT delays it".
fn is_late(template: &StoredTemplate) -> bool {
    template.made_late
}

/// Whether its maker had asked for something since when it was made: "somebody, or a cancelled request of ours, between look and
/// touch".
pub fn was_overtaken(template: &StoredTemplate, record: &Record) -> bool {
    template.made_by.is_some_and(|made_by| {
        let mut later = record.later(record.deliveries[made_by].request);
        later.any(|(_, later)| later.sent < template.made_at)
    })
}

/// Whether whatever its maker asked for since was over when it was made.
pub fn was_the_last_to_act(template: &StoredTemplate, record: &Record) -> bool {
    let Some(made_by) = template.made_by else {
        return false;
    };
    let mut later = record.later(record.deliveries[made_by].request).peekable();
    let is_over = |number: usize| record.answered(number).and_then(|answered| answered.ended) <= Some(template.made_at);
    later.peek().is_some() && later.all(|(number, _)| is_over(number))
}

/// "somebody, or a cancelled request of ours, between look and touch: milliseconds, or as long as that one call takes".
fn was_between_look_and_touch(template: &StoredTemplate, by: &Delivery, other_ended: Duration) -> bool {
    by.started < other_ended && template.made_at <= other_ended + SLACK
}

/// The same, and other tags were shown until then.
pub fn was_shown_otherwise(template: &StoredTemplate, time: Duration) -> bool {
    let otherwise = |(_, shown): &(Duration, Tags)| *shown != template.tags;
    is_shown_later_than(template, time) && template.shown.as_ref().is_some_and(otherwise)
}

/// "tags that IoT shows late: as long as it does".
fn is_shown_later_than(template: &StoredTemplate, time: Duration) -> bool {
    template.shown.as_ref().is_some_and(|(until, _)| *until >= time)
}

/// "a clean-up Delete that fails for good, `continue-update-rollback` with resources to skip: what they should have deleted
/// stays".
fn was_given_up(id: &str, template: &StoredTemplate, stacks: &Stacks) -> bool {
    let Maker::Resource { stack, logical_id } = template.holder() else {
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
        let event = request.members();
        let properties = &event["ResourceProperties"];
        let text = |member: &str| properties[member].as_str();
        let content = &template.content;
        let is_of_another_id = !is_generated && text("JobTemplateId") != Some(id);
        // "nothing is recognised so where any of the request's properties has `Adopt`".
        if is_of_another_id || has_adopt(properties) {
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

/// Whether a tag that is not declared may be there all the same. Which tags go, the old properties say, and those are not what
/// the template has where they are of an Update that failed and was not rolled back, or of another id.
pub fn may_have_stayed(key: &str, id: &str, owner: &Maker, account: &Account) -> bool {
    let Maker::Resource { stack, logical_id } = owner else {
        return false;
    };
    let record = &account.record;
    let template = account.templates.get(id);
    let came_with_it = template.is_some_and(|template| template.came_with.contains_key(key));
    let since = template
        .map(|template| template.came_to_its_holder().0)
        .unwrap_or_default();
    let declares = |(number, request): (usize, &Sent)| {
        request.sent > since
            && request.kind != Kind::Delete
            && record.maker_of(number) == *owner
            && !request.members()["ResourceProperties"]["Tags"][key].is_null()
    };
    // Adopting "sets or removes our tags and nothing else".
    if came_with_it && !record.requests.iter().enumerate().any(declares) {
        return true;
    }
    if account.left_by_others.contains(&(id.to_owned(), key.to_owned())) {
        return true;
    }
    // "somebody, or a cancelled request of ours, between look and touch" may have put it back.
    let drifted = account.last_deed(id);
    // "a call that IoT carries out after it gave no answer: as long as IoT delays it": what a Delete removed is there again.
    let created_late = account.created_late.get(id).copied();
    let is_last = |sent: Duration| drifted.max(created_late).is_none_or(|at| sent > at);
    let mut may_be_there = false;
    // A repetition can be at work still when the Delete that followed is over.
    let mut deliveries: Vec<_> = record.deliveries.iter().collect();
    deliveries.sort_by_key(|delivery| (delivery.ended.is_none(), delivery.ended));
    for delivery in deliveries {
        let request = &record.requests[delivery.request];
        if (&*request.stack, &*request.logical_id) != (stack, logical_id) {
            continue;
        }
        let is_answer = record.answered(delivery.request).map(|answered| answered.started) == Some(delivery.started);
        let succeeded = delivery.reply.as_ref().map(|reply| reply.succeeded);
        let is_held = request.physical_id.as_deref() == Some(id);
        let removes = is_held && is_answer && succeeded == Some(true) && request.has_it && is_last(request.sent);
        if request.kind == Kind::Delete {
            may_be_there &= !removes;
            continue;
        }
        let event = request.members();
        let is_about = |properties: &Value| {
            history::is_readable(properties) && history::template_id(properties, stack, logical_id) == id
        };
        let [old, new] = ["OldResourceProperties", "ResourceProperties"].map(|member| &event[member]);
        if is_about(new) {
            let was_declared = !old.is_null() && is_about(old) && !old["Tags"][key].is_null();
            may_be_there &= !(removes && was_declared);
            // A repetition that fails is one that is overtaken.
            may_be_there |= !new["Tags"][key].is_null() && (is_answer || succeeded != Some(false));
        }
    }
    may_be_there
}

/// "Every Create and Update leaves its words on the template ...; where only that fails, it is a warning": the templates on
/// which the answered delivery could not leave them, or change any tags.
pub fn words_failed(record: &Record, request: usize) -> BTreeSet<String> {
    let answered = record.answered(request);
    answered
        .map(|delivery| delivery.words_failed.clone())
        .unwrap_or_default()
}

/// The same of what came after a request: others have seen to the template since, and none of them could say so on it. Then that
/// request, delivered again or at work still, does not know that it comes late.
pub fn was_followed_in_silence(record: &Record, delivery: usize, id: &str) -> bool {
    let saw_to_it = |later: &Sent| {
        let reply = later.reply.as_ref().filter(|_| later.kind != Kind::Delete);
        reply.is_some_and(|reply| reply.succeeded && reply.physical_id == id)
    };
    let mut later = record
        .later(record.deliveries[delivery].request)
        .filter(|(_, later)| saw_to_it(later))
        .map(|(number, _)| words_failed(record, number).contains(id))
        .peekable();
    later.peek().is_some() && later.all(|failed| failed)
}

/// Ids that no template can have.
fn is_marker(physical_id: &str) -> bool {
    !physical_id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Whether a request was answered by a delivery that did not know what became of its create.
fn was_unclear(request: usize, record: &Record) -> bool {
    record.answered(request).is_some_and(|delivery| delivery.unclear > 0)
}

pub fn is_made_up(physical_id: &str) -> bool {
    ["1M4DEUP0RAND0", "tRSbQA45HplA", "tRSbQA45Hp"]
        .iter()
        .any(|random| physical_id.ends_with(random))
}
