//! The same event again, by itself: it has to end in the same state and the same answer, or touch nothing where a later
//! request has seen to it.

use crate::history;
use crate::iot::{Account, Maker, StoredTemplate};
use crate::lambda::Lambda;
use crate::record::{Delivery, Kind, Record, Sent};
use crate::truth;
use iot_job_template_core::memory::REQUEST_TAG;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Delivers a request once more, and holds the delivery to that.
pub fn repeat_alone(lambda: &mut Lambda, request: usize) {
    // What is at work, will be, or happens to this delivery cannot be told from what it does: the promise is of the event.
    let alone = lambda.is_quiet();
    let before = lambda.account.borrow().clone();
    let delivery = lambda.deliver_alone(request);
    let account = &mut *lambda.account.borrow_mut();
    let undisturbed = account.happened == before.happened && account.late.is_empty();
    if !alone
        || !undisturbed
        || is_touched_by_leftovers(account, &before.templates, request)
        || !account.denied.is_empty()
        || !account.refused.is_empty()
        || !account.down.is_empty()
    {
        return;
    }
    let record = &account.record;
    // Of one that went unanswered, the answer to this delivery is the first: that is none to be repeated.
    let known = &before.record;
    let first = &known.requests[request];
    let again = &record.deliveries[delivery].reply;
    // What a stranger did to its template, another resource may have put right for itself.
    let is_drifted_for_it = first
        .reply
        .as_ref()
        .is_some_and(|reply| before.has_drifted_for(&first.stack, &first.logical_id, &reply.physical_id));
    // The template that remembers what followed it may be another's now.
    let held = first.physical_id.as_deref().unwrap_or_default();
    let is_forgotten = first.kind == Kind::Update && before.has_forgotten(held, first.sent, Duration::MAX)
        || first
            .reply
            .as_ref()
            .is_some_and(|reply| before.forgotten.contains(&reply.physical_id));
    let any_drifted = before.any_drifted() || is_drifted_for_it || is_forgotten;
    let must_be_the_same = match successor(known, &before.templates, request) {
        _ if was_given_back_since(known, request) => true,
        Successor::None => match &first.reply {
            Some(reply) if reply.succeeded && !is_too_late(record, request, delivery) => {
                let same = again
                    .as_ref()
                    .is_some_and(|again| (again.succeeded, &again.physical_id) == (true, &reply.physical_id));
                let changed_hands = before
                    .templates
                    .get(&reply.physical_id)
                    .is_some_and(|template| *template.holder() != record.maker(delivery));
                if !same && !changed_hands && !any_drifted {
                    let wrong = format!("not repeatable: answered {reply:?}, and again {again:?}");
                    account.wrongs.push(wrong);
                }
                true
            }
            // What failed may succeed now.
            _ => false,
        },
        Successor::SawToIt => true,
        Successor::LeftNothing => false,
    };
    let words_failed = truth::words_failed(known, request);
    let (mut templates, mut after) = (before.templates.clone(), account.templates.clone());
    if first.kind == Kind::Delete {
        // What came to the resource when its Delete was over already, or what that could not see, a repetition of it may delete
        // or give back; and it completes a move that another's Delete left to it then.
        let maker = record.maker_of(request);
        let answered = record.answered(request);
        let over = answered.and_then(|answered| answered.ended).unwrap_or_default();
        let could_not_look = answered.is_some_and(|answered| truth::could_not_look(first, answered));
        let let_go_since = |id: &String| {
            let lets_go = |it: &Delivery| it.ended > Some(over) && it.deleted.contains(id);
            record
                .deliveries
                .iter()
                .any(|it| lets_go(it) && record.maker_of(it.request) != maker)
        };
        let came_later = |id: &String, template: &StoredTemplate| {
            let is_former = template.adopted.as_ref().is_some_and(|adopted| adopted.from == maker);
            let is_later = could_not_look || template.came_to_its_holder().0 >= over;
            *template.holder() == maker && is_later || is_former && let_go_since(id)
        };
        after.retain(|id, _| {
            !before
                .templates
                .get(id)
                .is_some_and(|template| came_later(id, template))
        });
        templates.retain(|id, template| !came_later(id, template));
    }
    if must_be_the_same && !any_drifted && !are_equal(&templates, &after, &words_failed) {
        let [before, after] = [&before.templates, &account.templates].map(in_short);
        let wrong = format!("not repeatable: request {request}, delivered again, made of{before}\nthis{after}");
        account.wrongs.push(wrong);
    }
}

/// Whether what this is about may be, or may be hidden by, what a repetition left behind: "a Create or Update delivered or still
/// at work after the Delete that followed it".
fn is_touched_by_leftovers(account: &Account, templates: &BTreeMap<String, StoredTemplate>, request: usize) -> bool {
    let record = &account.record;
    let is_left = |maker: &Maker| account.leftovers.contains(maker);
    let reply = record.requests[request].reply.as_ref();
    let there = reply.and_then(|reply| templates.get(&reply.physical_id));
    is_left(&record.maker_of(request)) || there.is_some_and(|template| is_left(template.holder()))
}

/// Whether a repetition of this may make what its Delete is gone by for: "a Create or Update delivered or still at work
/// after the Delete that followed it".
pub fn may_leave_something(account: &Account, request: usize) -> bool {
    let record = &account.record;
    let is_delete = record.requests[request].kind == Kind::Delete;
    !is_delete && matches!(successor(record, &account.templates, request), Successor::LeftNothing)
}

/// Whether another resource took over what the request's answer names, and gave it back: then that one's Delete has seen
/// to it, and its words are there.
fn was_given_back_since(record: &Record, request: usize) -> bool {
    let Some(reply) = &record.requests[request].reply else {
        return false;
    };
    let maker = record.maker_of(request);
    record.deliveries.iter().any(|delivery| {
        delivery.request > request
            && record.maker_of(delivery.request) != maker
            && delivery.deleted.contains(&reply.physical_id)
    })
}

enum Successor {
    None,
    SawToIt,
    LeftNothing,
}

/// What came after a request, for the same resource.
fn successor(record: &Record, there: &BTreeMap<String, StoredTemplate>, request: usize) -> Successor {
    let about = record.requests[request]
        .reply
        .as_ref()
        .map(|reply| reply.physical_id.clone());
    let own_kind = record.requests[request].kind;
    // The clean-up of what this request replaced is not about what it made.
    let is_about = |id: &Option<String>| id.is_some() && *id == about;
    let deletes_it = |later: &Sent| {
        let id = &later.physical_id;
        later.kind == Kind::Delete && (is_about(id) || id.as_deref().is_none_or(truth::is_made_up))
    };
    // A Delete that succeeded has nothing left to do. One that failed has what it was to delete, until a later request for
    // that has seen to it.
    let own_reply = record.requests[request].reply.as_ref();
    let failed_delete = own_kind == Kind::Delete && !own_reply.is_some_and(|reply| reply.succeeded);
    let counts = |later: &Sent| match later.kind {
        Kind::Delete => deletes_it(later) || own_kind == Kind::Delete && !failed_delete,
        _ => !failed_delete || is_about(&later.reply.as_ref().map(|reply| reply.physical_id.clone())),
    };
    let later: Vec<_> = record.later(request).filter(|(_, later)| counts(later)).collect();
    let deleted = later.iter().rposition(|(_, later)| deletes_it(later));
    // Whatever was seen to since was another template.
    let was_remade = |deleted: usize| {
        later[deleted..].iter().any(|(_, later)| {
            let reply = later.reply.as_ref().filter(|_| later.kind != Kind::Delete);
            reply.is_some_and(|reply| is_about(&Some(reply.physical_id.clone())))
        })
    };
    if own_kind != Kind::Delete && deleted.is_some_and(|deleted| !was_remade(deleted)) {
        return Successor::LeftNothing;
    }
    match later.last() {
        None => Successor::None,
        Some((_, last)) if last.kind == Kind::Delete && own_kind != Kind::Delete => Successor::LeftNothing,
        Some((number, last)) => match &last.reply {
            Some(reply) if reply.succeeded && truth::words_failed(record, *number).is_empty() => {
                // What it did itself, it finds done, where that is there still.
                let did_it = own_reply.is_some_and(|reply| reply.succeeded && there.contains_key(&reply.physical_id));
                match own_kind == Kind::Delete || did_it || can_be_seen_to_be_overtaken(record, request) {
                    true => Successor::SawToIt,
                    false => Successor::LeftNothing,
                }
            }
            _ => Successor::LeftNothing,
        },
    }
}

/// "A request is overtaken if a template's tag names a later moment ...; for an Update to another id, also if the template under
/// the held id or under the old properties' does." An Update to another id leaves its words on that, and on the held one only
/// where it takes back what a failed Update may have left: where it replaces what that failed to change, nothing says so.
fn can_be_seen_to_be_overtaken(record: &Record, request: usize) -> bool {
    let looked_at = Ids::of(&record.requests[request]).all();
    record.later(request).any(|(number, later)| {
        let ids = Ids::of(later);
        let is_left =
            |id: &String| ids.left_words_on().contains(id) && !truth::words_failed(record, number).contains(id);
        let is_there = |id: &&String| {
            !record
                .later(number)
                .any(|(_, delete)| delete.kind == Kind::Delete && delete.physical_id.as_ref() == Some(*id))
        };
        later.kind != Kind::Delete
            && later.reply.as_ref().is_some_and(|reply| reply.succeeded)
            && looked_at.iter().filter(is_there).any(is_left)
    })
}

/// The templates that a Create or an Update has to do with.
struct Ids {
    wanted: Option<String>,
    held: Option<String>,
    of_old: Option<String>,
}

impl Ids {
    fn of(request: &Sent) -> Ids {
        let event = request.members();
        let id_of = |member: &str| {
            let properties = &event[member];
            let is_there = !properties.is_null() && history::is_readable(properties);
            is_there.then(|| history::template_id(properties, &request.stack, &request.logical_id))
        };
        Ids {
            wanted: id_of("ResourceProperties"),
            held: request.physical_id.clone(),
            of_old: id_of("OldResourceProperties"),
        }
    }

    fn left_words_on(&self) -> BTreeSet<String> {
        let takes_back = self.of_old.is_some() && self.of_old != self.wanted && self.of_old != self.held;
        let held = self.held.iter().filter(|_| takes_back);
        self.wanted.iter().chain(held).cloned().collect()
    }

    fn all(self) -> BTreeSet<String> {
        [self.wanted, self.held, self.of_old].into_iter().flatten().collect()
    }
}

fn is_too_late(record: &Record, request: usize, delivery: usize) -> bool {
    let request = &record.requests[request];
    request.kind != Kind::Delete && record.deliveries[delivery].started >= request.given_up()
}

/// A repetition may leave words after all where they could not be left.
fn are_equal(
    before: &BTreeMap<String, StoredTemplate>,
    after: &BTreeMap<String, StoredTemplate>,
    words_failed: &BTreeSet<String>,
) -> bool {
    let tags = |id: &String, template: &StoredTemplate| {
        let mut tags = template.tags.clone();
        if words_failed.contains(id) {
            tags.remove(REQUEST_TAG);
        }
        tags
    };
    before.len() == after.len()
        && before.iter().all(|(id, before)| {
            after.get(id).is_some_and(|after| {
                (&before.content, before.made_by) == (&after.content, after.made_by)
                    && tags(id, before) == tags(id, after)
            })
        })
}

fn in_short(templates: &BTreeMap<String, StoredTemplate>) -> String {
    let line = |(id, template): (&String, &StoredTemplate)| {
        let (document, tags, by) = (&template.content.document, &template.tags, template.made_by);
        format!("\n    {id}: {document:?}, {tags:?}, made in delivery {by:?}")
    };
    templates.iter().map(line).collect()
}
