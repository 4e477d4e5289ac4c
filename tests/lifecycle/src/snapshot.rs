//! A world between two requests: what a search continues from, and what makes two of them the same.

use crate::cloudformation::Reply;
use crate::iot::Account;
use crate::lambda::{Lambda, Pending};
use crate::record::Kind;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::iter::successors;
use std::time::Duration;

/// Thrown to end an execution at a boundary.
pub struct Stop;

pub struct Snapshot {
    pub account: Account,
    pub queue: Vec<Pending>,
    pub now: Duration,
    /// All that CloudFormation knows.
    pub replies: Vec<Option<Reply>>,
}

impl Snapshot {
    pub fn of(lambda: &Lambda) -> Snapshot {
        Snapshot {
            account: lambda.account.borrow().clone(),
            queue: lambda.queue.borrow().clone(),
            now: lambda.now(),
            replies: lambda.replies.clone(),
        }
    }

    /// Equal for worlds from which the same can follow. Points in time count only as far as requests can tell them
    /// apart: CloudFormation sends in slots.
    pub fn key(&self, slot: u64) -> u64 {
        let slot_of = |time: Duration| time.as_secs().div_ceil(slot);
        let mut hasher = DefaultHasher::new();
        let to = &mut hasher;
        for reply in &self.replies {
            reply
                .as_ref()
                .map(|reply| (reply.succeeded, &reply.physical_id))
                .hash(to);
        }
        slot_of(self.now).hash(to);
        for pending in &self.queue {
            (slot_of(pending.due), pending.request, pending.attempt).hash(to);
        }
        let account = &self.account;
        for (id, template) in &account.templates {
            let content = &template.content;
            (
                id,
                &template.tags,
                &template.maker,
                &template.from_job,
                template.stripped,
                template.mistaken,
                &template.came_with,
            )
                .hash(to);
            for adopted in successors(template.adopted.as_ref(), |adopted| adopted.before.as_deref()) {
                (&adopted.by, &adopted.from, adopted.delivery, adopted.was_made_by).hash(to);
                (adopted.late, slot_of(adopted.at)).hash(to);
            }
            let moved = template.moved.map(|(at, late)| (slot_of(at), late));
            (moved, slot_of(template.changed_at)).hash(to);
            (&content.description, &content.document, &content.document_source).hash(to);
            let request = template
                .made_by
                .map(|delivery| account.record.deliveries[delivery].request);
            (request, template.made_late, slot_of(template.made_at)).hash(to);
            if let Some((until, tags)) = template.shown.as_ref().filter(|(until, _)| *until > self.now) {
                (slot_of(*until), tags).hash(to);
            }
        }
        (account.objects.len(), account.jobs.len(), account.excused).hash(to);
        for happened in [&account.deeds, &account.takings] {
            let when: BTreeSet<_> = happened.iter().map(|(id, time)| (id, slot_of(*time))).collect();
            when.hash(to);
        }
        for (id, time) in &account.created_late {
            (id, slot_of(*time)).hash(to);
        }
        for late in &account.late {
            (slot_of(late.due), late.work.operation(), late.work.id(), late.delivery).hash(to);
        }
        (&account.denied, &account.refused, &account.down).hash(to);
        (&account.taken, &account.forgotten, &account.left_by_others).hash(to);
        for request in &account.record.requests {
            (request.sent, request.reply.is_some(), request.has_it).hash(to);
        }
        for delivery in &account.record.deliveries {
            let is_delete = account.record.requests[delivery.request].kind == Kind::Delete;
            let ended = delivery.ended.filter(|_| is_delete);
            (
                delivery.request,
                ended.map(slot_of),
                &delivery.words_failed,
                delivery.unclear,
            )
                .hash(to);
            (&delivery.met, &delivery.deleted, delivery.could_look).hash(to);
        }
        if let crate::fates::Fates::Searched(choices) = &account.fates {
            (choices.deviations_left, choices.delays_left, choices.quiet).hash(to);
        }
        hasher.finish()
    }
}
