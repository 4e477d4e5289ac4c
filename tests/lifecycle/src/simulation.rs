//! A world: stacks, the function, an account; and what must hold in it after every step.

use crate::adoption;
use crate::cloudformation::{Change, Ended, Resource, Stacks, Variant};
use crate::history::{self, Hand, History, IDS, JOBS, Op, Props, SOURCE, STACKS};
use crate::iot::{Account, Maker, StoredTemplate};
use crate::lambda::Lambda;
use crate::mishap::{Deed, Mishap};
use crate::moving::{self, Declared};
use crate::obstacles;
use crate::record::Delivery;
use crate::truth;
use iot_job_template_core::job_template::Desired;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

pub struct Simulation {
    pub function: Lambda,
    pub stacks: Stacks,
    declared: Declared,
}

/// What an operation on a stack began with.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Whether nothing is in its way but what will be an excuse.
    must_succeed: bool,
    /// Templates by their id: when each was made. Without those that are not what their properties say.
    made_at: BTreeMap<String, Duration>,
    /// How much strangers had done.
    deeds: usize,
}

impl Simulation {
    pub fn new(variant: Variant) -> Simulation {
        let mut account = Account::new();
        account.objects.insert(SOURCE.into(), "{}".into());
        for (number, job) in JOBS.into_iter().enumerate() {
            account
                .jobs
                .insert(history::job_arn(number), history::job_document(job));
        }
        Simulation::within(Lambda::new(account, Duration::ZERO), variant)
    }

    pub fn within(function: Lambda, variant: Variant) -> Simulation {
        Simulation {
            function,
            stacks: Stacks::of(variant),
            declared: Declared::new(),
        }
    }

    pub fn of(history: &History) -> Simulation {
        let mut simulation = Simulation::new(history.variant);
        simulation.function.builds = history.builds;
        simulation.function.account.borrow_mut().absent_has_no_tags = history.absent_has_no_tags;
        simulation
    }

    /// Runs a history, and ends it.
    pub fn run(mut self, ops: &[Op]) {
        for op in ops {
            self.step(op);
        }
        self.end();
    }

    /// Without faults all stacks are deleted, and all that is at work comes to its end.
    pub fn end(&mut self) {
        for (stack, name) in STACKS.iter().enumerate() {
            let is_there = self.stacks.get(name).is_some();
            if is_there {
                self.step(&Op::Delete {
                    stack,
                    mishaps: Vec::new(),
                    twice: false,
                    repeats: Vec::new(),
                });
            }
        }
        if let Some(choices) = self.function.account.borrow_mut().fates.choices() {
            choices.quiet = true;
        }
        self.step(&Op::Wait(Duration::ZERO));
    }

    pub fn step(&mut self, op: &Op) {
        if self.function.live {
            self.function.account.borrow_mut().record.trace(|| format!("{op:?}"));
            let until = self.function.now() + Duration::from_secs(10);
            self.function.pass(until, |_| false);
            self.check();
        }
        match op {
            Op::Deploy {
                stack,
                resources,
                sibling_fails_after,
                cancels_after,
                preserves_failures,
                gives_up_cleaning,
                mishaps,
                twice,
                repeats,
            } => {
                let resources = &self.resolved(STACKS[*stack], resources);
                let change = Change {
                    preserves_failures: *preserves_failures,
                    gives_up_cleaning: *gives_up_cleaning,
                    ..history::change(resources, *sibling_fails_after, *cancels_after)
                };
                self.arm(mishaps, *twice);
                self.function.repeats.clone_from(repeats);
                self.deploy(STACKS[*stack], &change, resources);
            }
            Op::Delete {
                stack,
                mishaps,
                twice,
                repeats,
            } => {
                self.arm(mishaps, *twice);
                self.function.repeats.clone_from(repeats);
                let at_once = self.stacks.delete(STACKS[*stack], &mut self.function);
                assert!(
                    at_once || !self.function.live || self.function.account.borrow().excused,
                    "not deletable: nothing was in the way of a Delete, and it failed"
                );
            }
            Op::ByHand(hand) => {
                if self.function.live {
                    self.by_hand(*hand);
                }
            }
            Op::Wait(time) => {
                if self.function.live {
                    let until = self.function.now() + *time;
                    self.function.pass(until, |_| false);
                    self.function.settle();
                }
            }
        }
        if self.function.live {
            self.check();
        }
    }

    fn resolved(&mut self, stack: &str, resources: &BTreeMap<usize, Option<Props>>) -> BTreeMap<usize, Option<Props>> {
        let account = self.function.account.borrow();
        moving::resolved(resources, stack, &self.stacks, &account, &mut self.declared)
    }

    fn arm(&mut self, mishaps: &[(usize, Mishap)], twice: bool) {
        self.function.sends = 0;
        self.function.twice = twice;
        if self.function.live {
            self.function.account.borrow_mut().arm(mishaps);
        }
    }

    fn deploy(&mut self, name: &'static str, change: &Change, resources: &BTreeMap<usize, Option<Props>>) {
        if self.function.live {
            // What is at work still may get in the way.
            let must_succeed = change.sibling_fails_after.is_none()
                && self.function.is_quiet()
                && obstacles::nothing_is_in_the_way(&self.function.account.borrow(), &self.stacks, name, resources);
            let mut account = self.function.account.borrow_mut();
            let made_at = account
                .templates
                .iter()
                .filter(|(_, template)| !truth::was_overtaken(template, &account.record))
                .map(|(id, template)| (id.clone(), template.made_at));
            account.before = Before {
                must_succeed,
                made_at: made_at.collect(),
                deeds: account.deeds.len(),
            };
        }
        let held = self
            .stacks
            .get(name)
            .map(|stack| stack.resources.clone())
            .unwrap_or_default();
        let stack_id = self.stacks.get(name).map(|stack| stack.id.clone()).unwrap_or_default();
        let before_it = self.function.account.borrow().record.deliveries.len();

        let ended = self.stacks.deploy(name, change, &mut self.function);

        if !self.function.live {
            return;
        }
        let account = self.function.account.borrow();
        // What a stranger deleted, another resource of the stack may have made for itself.
        let met_anothers = |logical_id: &String, held: &Resource| {
            let is_of = |delivery: &Delivery| {
                let request = &account.record.requests[delivery.request];
                (&*request.stack, &*request.logical_id) == (&*stack_id, &**logical_id)
            };
            account.record.deliveries[before_it..]
                .iter()
                .any(|delivery| is_of(delivery) && delivery.met.contains(&held.physical_id))
        };
        // What failed and was left so is no state to go back to; and neither is what has to be made anew from a job or a source
        // that is gone.
        let is_as_before =
            |id: &String, template: &StoredTemplate| account.before.made_at.get(id) == Some(&template.made_at);
        let can_go_back = held.iter().all(|(logical_id, held)| {
            let template = account.templates.get(&held.physical_id);
            let is_its = |(other, _): &&(String, Option<Value>)| other == logical_id;
            let update = change
                .resources
                .iter()
                .find(is_its)
                .and_then(|(_, update)| update.clone());
            let update = update.unwrap_or_default();
            !held.lost
                && template.is_none_or(|template| obstacles::has_room_back(template, &held.properties, &update))
                && !met_anothers(logical_id, held)
                && (template.is_some_and(|template| is_as_before(&held.physical_id, template))
                    || !["JobArn", "DocumentSource"].iter().any(|member| {
                        let source = held.properties[*member].as_str();
                        source.is_some_and(|source| account.changed_sources.contains(source))
                    }))
        });
        let before = &account.before;
        assert!(
            ended == Ended::Complete || !before.must_succeed || account.excused,
            "refused for nothing: nothing was in the way, and it {ended:?}"
        );
        assert!(
            ended != Ended::RolledBackInPart || account.any_drifted() || !can_go_back,
            "lost: a rollback without a fault must succeed"
        );
        let Some(stack) = self.stacks.get(name).filter(|_| ended == Ended::Complete) else {
            return;
        };
        for (logical_id, resource) in &stack.resources {
            let Some(held) = held.get(logical_id) else { continue };
            let id = &resource.physical_id;
            let needs_no_new_one = made_from(&held.properties) == made_from(&resource.properties);
            if held.lost
                || held.physical_id != *id
                || !needs_no_new_one
                || account.has_drifted_for(&stack.id, logical_id, id)
            {
                continue;
            }
            let template = account.templates.get(id);
            let is_anothers_doing = account.deeds.iter().skip(before.deeds).any(|(of, _)| of == id);
            let us = Maker::of(&stack.id, logical_id);
            let has_changed_hands =
                template.is_some_and(|template| *template.holder() != us) || account.taken.contains(&(id.clone(), us));
            let now = template.map(|template| template.made_at);
            let then = before.made_at.get(id).copied();
            assert!(
                then.is_none() || now == then || has_changed_hands || is_anothers_doing,
                "destroyed for nothing: {id} was made anew, and only its tags had changed"
            );
        }
    }

    fn by_hand(&mut self, hand: Hand) {
        let now = self.function.now();
        let account = &mut *self.function.account.borrow_mut();
        let nth = |account: &Account, n: usize| {
            let ids: Vec<_> = account.templates.keys().cloned().collect();
            (!ids.is_empty()).then(|| ids[n % ids.len()].clone())
        };
        match hand {
            Hand::Make { id } => account.befall(IDS[id], Deed::Make, now),
            Hand::MakeForAStack { id } => account.befall(IDS[id], Deed::MakeForAStack, now),
            Hand::Delete { template } => {
                if let Some(id) = nth(account, template) {
                    account.befall(&id, Deed::Delete, now);
                }
            }
            Hand::StripTags { template } => {
                if let Some(id) = nth(account, template) {
                    account.befall(&id, Deed::Strip, now);
                }
            }
            Hand::AddTag { template } => {
                if let Some(id) = nth(account, template) {
                    let template = account.templates.get_mut(&id).expect("it is there");
                    template.tags.insert("by".into(), "hand".into());
                }
            }
            Hand::PutObject => _ = account.objects.insert(SOURCE.into(), "{}".into()),
            Hand::RemoveObject => {
                account.changed_sources.insert(SOURCE.into());
                account.objects.remove(SOURCE);
            }
            Hand::PutJob { job } => {
                account
                    .jobs
                    .insert(history::job_arn(job), history::job_document(JOBS[job]));
            }
            Hand::RemoveJob { job } => {
                account.changed_sources.insert(history::job_arn(job));
                account.jobs.remove(&history::job_arn(job));
            }
        }
    }

    pub fn check_wrongs(&self) {
        let account = &mut *self.function.account.borrow_mut();
        account.wrongs.retain(|wrong| !crate::is_forgiven(wrong));
        assert!(account.wrongs.is_empty(), "{}", account.wrongs.join("\n"));
    }

    /// What must hold after every step.
    pub fn check(&mut self) {
        self.check_wrongs();
        let quiet = self.function.is_quiet();
        let now = self.function.now();
        let account = &mut *self.function.account.borrow_mut();
        account.catch_up(now);
        // What is at work still may yet delete it, or put it back.
        if !quiet {
            return;
        }
        {
            for (id, template) in &account.templates {
                if let Some(why) = truth::orphaned(id, template, account, &self.stacks) {
                    panic!("orphaned: {why}");
                }
            }
        }
        if let Some(why) = adoption::lost(account) {
            panic!("lost: {why}");
        }
        for stack in self.stacks.all() {
            for (logical_id, resource) in &stack.resources {
                let id = &resource.physical_id;
                if resource.lost || account.has_drifted_for(&stack.id, logical_id, id) {
                    continue;
                }
                let us = Maker::of(&stack.id, logical_id);
                // As told: our own Delete is still to come.
                let template = account.templates.get(id);
                if account.taken.contains(&(id.clone(), us.clone())) || account.forgotten.contains(id) {
                    continue;
                }
                let desired = history::desired(&resource.properties);
                let Some(template) = template else {
                    panic!("lost: {id}, which is {logical_id} of {}", stack.id);
                };
                // "a Create or Update delivered or still at work after the Delete that followed it", or "a call that IoT carries
                // out after it gave no answer", made it: where it is as declared, ours succeeds all the same.
                let is_ours = *template.holder() == us;
                let came_late =
                    template.made_late && (!is_ours || truth::was_the_last_to_act(template, &account.record));
                if account.leftovers.contains(template.holder()) || came_late {
                    continue;
                }
                assert!(is_ours, "lost: {id} is of {:?}", template.holder());
                assert!(
                    template.mistaken || has_content(template, &desired, account),
                    "lost: {id} has the content {:?} of {:?}",
                    template.content,
                    template.from_job
                );
                let mut wanted = desired.tags.clone();
                wanted.extend([
                    ("cloudformation:stack-id".to_owned(), stack.id.clone()),
                    ("cloudformation:logical-id".to_owned(), logical_id.clone()),
                ]);
                let is_told = |key: &str| key != "by" && !adoption::is_internal(key);
                let tags: BTreeMap<_, _> = template.tags.iter().filter(|(key, _)| is_told(key)).collect();
                let is_right = wanted.iter().all(|(key, value)| tags.get(key) == Some(&value))
                    && tags
                        .keys()
                        .filter(|key| !wanted.contains_key(**key))
                        .all(|key| truth::may_have_stayed(key, id, &us, account));
                assert!(is_right, "lost: {id} has the tags {tags:?}, and not {wanted:?}");
            }
        }
    }
}

/// All that a template is made from, the tags aside.
fn made_from(properties: &Value) -> Value {
    let mut properties = properties.clone();
    for irrelevant in ["Tags", "ServiceTimeout", "Adopt"] {
        properties.as_object_mut().expect("properties").remove(irrelevant);
    }
    properties
}

fn has_content(template: &StoredTemplate, desired: &Desired, account: &Account) -> bool {
    let (there, wanted) = (&template.content, &desired.content);
    // "JobArn or DocumentSource changed, then rolled back when job or source are gone or other: it comes back as they are
    // now, or from the text while it is known".
    let is_other_now = |source: &String| account.changed_sources.contains(source);
    there.description == wanted.description
        && match (&wanted.document, &wanted.document_source, &wanted.job_arn) {
            (_, _, Some(job)) => {
                let name = job.rsplit('/').next().unwrap_or_default();
                // "JobArn and Revision that cannot be compared do not count".
                let was_taken_over = template.adopted.is_some() || template.moved.is_some();
                is_other_now(job)
                    || was_taken_over && (template.from_job.is_none() || template.stripped)
                    || there.document.as_deref() == Some(&*history::job_document(name))
            }
            (_, Some(source), _) => is_other_now(source) || there.document_source.as_ref() == Some(source),
            (document, None, None) => there.document == *document && there.document_source.is_none(),
        }
}
