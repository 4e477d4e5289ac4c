//! A model of CloudFormation: stacks with custom resources, and the requests that it sends for them, by
//! facts of its documentation and its users' reports:
//!
//! - A FAILED Create is followed by a Delete of whatever id its answer gave; one that went unanswered, or was not waited
//!   for, by a Delete of an id that CloudFormation makes up.
//! - An Update answered with another id is a replacement: once the whole update has succeeded, the old id is deleted,
//!   with the old properties.
//! - A failed update is rolled back by Updates with old and new properties swapped, also for the resource that failed.
//!   Their physical id is the one last answered. Whether a FAILED answer counts there is not documented, so both are
//!   modelled.
//! - A rollback that fails can be continued; a Delete that fails can be repeated.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What the function is to CloudFormation.
pub trait Function {
    /// Sends an event, again where Lambda would, and gives the answer; `None` if all deliveries went unanswered.
    fn send(&mut self, event: &Value) -> Option<Reply>;

    /// Sends a Create, and a Delete so much later, whether the Create is over or not. Gives the Delete's answer.
    fn cancel(&mut self, create: &Value, after: Duration, delete: &Value) -> Option<Reply>;

    /// All faults are over.
    fn heal(&mut self);
}

/// The answer, as far as CloudFormation cares.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub succeeded: bool,
    pub physical_id: String,
    pub reason: String,
}

/// The stacks that there are, by name.
pub struct Stacks {
    stacks: BTreeMap<&'static str, Stack>,
    incarnations: u32,
    variant: Variant,
    /// What clean-ups gave up: stack, resource and physical id; no id where a rollback did, which is whatever it left.
    pub abandoned: Vec<(String, String, String)>,
}

/// What is not documented, or not always the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variant {
    /// Whether a FAILED answer to an Update changes the physical id that CloudFormation holds.
    pub failures_count: bool,
    pub made_up: MadeUp,
}

/// The id of a Delete for a Create that CloudFormation did not wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MadeUp {
    /// Capital letters and digits, as in 2016.
    #[default]
    Capitals,
    /// Letters of both cases and digits, as names for functions and roles end today.
    BothCases,
    /// The same, and both names shortened at their ends.
    Shortened,
    /// None at all, as emulators have it.
    Missing,
}

impl Stacks {
    pub fn new(failures_count: bool) -> Stacks {
        Stacks::of(Variant {
            failures_count,
            ..Variant::default()
        })
    }

    pub fn of(variant: Variant) -> Stacks {
        Stacks {
            stacks: BTreeMap::new(),
            incarnations: 0,
            variant,
            abandoned: Vec::new(),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Stack> {
        self.stacks.values()
    }

    pub fn get(&self, name: &str) -> Option<&Stack> {
        self.stacks.get(name)
    }

    /// Whether any other resource has the template of this id.
    pub fn is_held_by_another(&self, id: &str, stack_id: &str, logical_id: &str) -> bool {
        self.all().any(|stack| {
            let is_other = |other: &str| (&*stack.id, other) != (stack_id, logical_id);
            stack
                .resources
                .iter()
                .any(|(other, held)| is_other(other) && held.physical_id == id)
        })
    }

    /// Creates or updates a stack. One whose creation fails is not there afterwards.
    pub fn deploy(&mut self, name: &'static str, change: &Change, function: &mut impl Function) -> Ended {
        let there = self.stacks.remove(name);
        let is_new = there.is_none();
        let mut stack = there.unwrap_or_else(|| {
            self.incarnations += 1;
            Stack::new(name, self.incarnations, self.variant)
        });
        let ended = stack.deploy(change, function);
        self.abandoned.append(&mut stack.abandoned);
        if !is_new || ended == Ended::Complete {
            self.stacks.insert(name, stack);
        }
        ended
    }

    /// The event of an Update of a resource that is there, for tests that send their own.
    pub fn update_of(&mut self, name: &str, logical_id: &str, new: &Value, old: &Value) -> Value {
        let stack = self.stacks.get_mut(name).expect("a stack of this name");
        let physical_id = stack.resources[logical_id].physical_id.clone();
        stack.update_event(logical_id, &physical_id, new, old)
    }

    /// A Delete of what a Create that nobody waited for may have made.
    pub fn delete_of_a_made_up_id(&mut self, name: &str, logical_id: &str, properties: &Value) -> Value {
        let stack = self.stacks.get_mut(name).expect("a stack of this name");
        let physical_id = stack.made_up_id(logical_id);
        stack.delete_event(logical_id, &physical_id, properties)
    }

    /// Deletes a stack, if it is there. Whether each Delete succeeded the first time.
    pub fn delete(&mut self, name: &str, function: &mut impl Function) -> bool {
        match self.stacks.remove(name) {
            Some(mut stack) => stack.delete(function),
            None => true,
        }
    }
}

pub struct Stack {
    pub id: String,
    pub resources: BTreeMap<String, Resource>,
    variant: Variant,
    abandoned: Vec<(String, String, String)>,
    /// What was replaced before a failure that was preserved: deleted when the stack next comes to an end of an operation.
    pub replaced: Vec<(String, Resource)>,
    requests: usize,
    name: String,
    incarnation: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    pub physical_id: String,
    pub properties: Value,
    /// A rollback gave it up, or its failure was preserved: nobody can say what is there.
    pub lost: bool,
}

/// What one operation on a stack is to change.
#[derive(Clone, Debug)]
pub struct Change {
    /// What each resource is to be; `None` removes it.
    pub resources: Vec<(String, Option<Value>)>,
    /// Another resource of the stack fails after so many of these.
    pub sibling_fails_after: Option<usize>,
    /// That failure cancels the Create then under way, so long after it was sent.
    pub cancels_after: Option<Duration>,
    /// What fails stays as it is, and is not rolled back.
    pub preserves_failures: bool,
    /// A clean-up Delete that failed three times is given up, and the update is complete all the same.
    pub gives_up_cleaning: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Complete,
    RolledBack,
    /// Rolled back but for resources that could not be, and were skipped.
    RolledBackInPart,
    /// Failed, and left so.
    Preserved,
}

impl Stack {
    pub fn new(name: &str, incarnation: u32, variant: Variant) -> Stack {
        Stack {
            id: format!("arn:aws:cloudformation:eu-central-1:123456789012:stack/{name}/{incarnation:08}"),
            resources: BTreeMap::new(),
            variant,
            abandoned: Vec::new(),
            replaced: Vec::new(),
            requests: 0,
            name: name.to_owned(),
            incarnation,
        }
    }

    pub fn event(&mut self, kind: &str, logical_id: &str, properties: &Value) -> Value {
        self.requests += 1;
        json!({
            "RequestType": kind,
            "RequestId": format!("{}-{}-{}", self.name, self.incarnation, self.requests),
            "StackId": self.id,
            "LogicalResourceId": logical_id,
            "ResourceType": "Custom::IoTJobTemplate",
            "ResponseURL": "https://example.com/",
            "ResourceProperties": properties,
        })
    }

    pub fn update_event(&mut self, logical_id: &str, physical_id: &str, new: &Value, old: &Value) -> Value {
        let mut event = self.event("Update", logical_id, new);
        event["PhysicalResourceId"] = physical_id.into();
        event["OldResourceProperties"] = old.clone();
        event
    }

    fn delete_event(&mut self, logical_id: &str, physical_id: &str, properties: &Value) -> Value {
        let mut event = self.event("Delete", logical_id, properties);
        // The empty one stands for none at all.
        if !physical_id.is_empty() {
            event["PhysicalResourceId"] = physical_id.into();
        }
        event
    }

    fn made_up_id(&self, logical_id: &str) -> String {
        let name = &self.name;
        match self.variant.made_up {
            MadeUp::Capitals => format!("{name}-{logical_id}-1M4DEUP0RAND0"),
            MadeUp::BothCases => format!("{name}-{logical_id}-tRSbQA45HplA"),
            MadeUp::Shortened => format!("{}-{}-tRSbQA45Hp", &name[..3], &logical_id[..4]),
            MadeUp::Missing => String::new(),
        }
    }

    fn deploy(&mut self, change: &Change, function: &mut impl Function) -> Ended {
        let before = self.resources.clone();
        let mut touched = Vec::new();
        let mut replaced = std::mem::take(&mut self.replaced);
        let mut failed = false;
        for (number, (logical_id, wanted)) in change.resources.iter().enumerate() {
            let sibling_fails = change.sibling_fails_after == Some(number);
            if sibling_fails && change.cancels_after.is_none() {
                failed = true;
                break;
            }
            let Some(wanted) = wanted else { continue };
            match self.resources.get(logical_id).cloned() {
                Some(there) if there.properties == *wanted => {}
                Some(there) => {
                    touched.push(logical_id.clone());
                    failed = !self.update(logical_id, &there, wanted, &mut replaced, function);
                }
                None if sibling_fails => {
                    let after = change.cancels_after.unwrap_or_default();
                    self.cancel_create(logical_id, wanted, after, function);
                    failed = true;
                }
                None => {
                    touched.push(logical_id.clone());
                    failed = !self.create(logical_id, wanted, function);
                }
            }
            if failed {
                break;
            }
        }
        failed |= change
            .sibling_fails_after
            .is_some_and(|after| after >= change.resources.len());
        let all_were_there = touched.iter().all(|logical_id| before.contains_key(logical_id));
        if failed && change.preserves_failures && all_were_there {
            self.replaced = replaced;
            return Ended::Preserved;
        }
        if failed {
            return self.roll_back(&before, &touched, replaced, change, function);
        }
        for (logical_id, wanted) in &change.resources {
            if wanted.is_none()
                && let Some(removed) = self.resources.remove(logical_id)
            {
                replaced.push((logical_id.clone(), removed));
            }
        }
        if change.gives_up_cleaning {
            self.clean_up_or_give_up(replaced, function);
        } else {
            self.clean_up(replaced, function);
        }
        Ended::Complete
    }

    fn delete(&mut self, function: &mut impl Function) -> bool {
        let mut resources = std::mem::take(&mut self.replaced);
        resources.extend(std::mem::take(&mut self.resources));
        self.clean_up(resources, function)
    }

    fn create(&mut self, logical_id: &str, properties: &Value, function: &mut impl Function) -> bool {
        let event = self.event("Create", logical_id, properties);
        let answer = function.send(&event);
        let made_up = self.made_up_id(logical_id);
        let resource = Resource {
            physical_id: answer.as_ref().map_or(made_up, |answer| answer.physical_id.clone()),
            properties: properties.clone(),
            lost: false,
        };
        self.resources.insert(logical_id.to_owned(), resource);
        answer.is_some_and(|answer| answer.succeeded)
    }

    fn cancel_create(&mut self, logical_id: &str, properties: &Value, after: Duration, function: &mut impl Function) {
        let create = self.event("Create", logical_id, properties);
        let delete = self.delete_event(logical_id, &self.made_up_id(logical_id), properties);
        if !function
            .cancel(&create, after, &delete)
            .is_some_and(|answer| answer.succeeded)
        {
            let cancelled = Resource {
                physical_id: self.made_up_id(logical_id),
                properties: properties.clone(),
                lost: false,
            };
            self.clean_up(vec![(logical_id.to_owned(), cancelled)], function);
        }
    }

    /// Whether the resource is updated. What it was before is added to the `replaced`, if it is another now.
    fn update(
        &mut self,
        logical_id: &str,
        there: &Resource,
        wanted: &Value,
        replaced: &mut Vec<(String, Resource)>,
        function: &mut impl Function,
    ) -> bool {
        let event = self.update_event(logical_id, &there.physical_id, wanted, &there.properties);
        let mut now = there.clone();
        let succeeded = match function.send(&event) {
            Some(answer) if answer.succeeded => {
                if answer.physical_id != there.physical_id {
                    replaced.push((logical_id.to_owned(), there.clone()));
                }
                now.physical_id = answer.physical_id;
                now.lost = false;
                true
            }
            Some(answer) if self.variant.failures_count => {
                now.physical_id = answer.physical_id;
                false
            }
            _ => false,
        };
        now.lost |= !succeeded;
        now.properties = wanted.clone();
        self.resources.insert(logical_id.to_owned(), now);
        succeeded
    }

    fn roll_back(
        &mut self,
        before: &BTreeMap<String, Resource>,
        touched: &[String],
        mut to_delete: Vec<(String, Resource)>,
        change: &Change,
        function: &mut impl Function,
    ) -> Ended {
        const CONTINUATIONS: usize = 3;
        let mut ended = Ended::RolledBack;
        for logical_id in touched {
            let Some(old) = before.get(logical_id) else {
                let made = self.resources.remove(logical_id).expect("it was created");
                to_delete.push((logical_id.clone(), made));
                continue;
            };
            let forward = change.resources.iter().find(|(id, _)| id == logical_id);
            let bad = forward.and_then(|(_, wanted)| wanted.clone()).unwrap_or_default();
            let mut tries = 0;
            loop {
                let now = self.resources[logical_id].clone();
                let there = Resource {
                    properties: bad.clone(),
                    ..now
                };
                if self.update(logical_id, &there, &old.properties, &mut to_delete, function) {
                    break;
                }
                tries += 1;
                if tries > CONTINUATIONS {
                    ended = Ended::RolledBackInPart;
                    self.abandoned
                        .push((self.id.clone(), logical_id.clone(), String::new()));
                    break;
                }
                function.heal();
            }
        }
        self.clean_up(to_delete, function);
        ended
    }

    /// What was replaced and is back under its id is no longer to be deleted.
    fn not_held(&self, mut resources: Vec<(String, Resource)>) -> Vec<(String, Resource)> {
        let is_held = |logical_id: &String, resource: &Resource| {
            let held = self.resources.get(logical_id);
            held.is_some_and(|held| held.physical_id == resource.physical_id)
        };
        resources.retain(|(logical_id, resource)| !is_held(logical_id, resource));
        resources
    }

    /// Whether a resource of this name has the template of this id, or had it and it is still to be deleted.
    pub fn has(&self, logical_id: &str, id: &str) -> bool {
        let held = self.resources.get(logical_id);
        let replaced = self.replaced.iter().filter(|(of, _)| of == logical_id);
        let mut all = held.into_iter().chain(replaced.map(|(_, resource)| resource));
        all.any(|resource| resource.physical_id == id)
    }

    /// Deletes, and gives up what cannot be.
    fn clean_up_or_give_up(&mut self, resources: Vec<(String, Resource)>, function: &mut impl Function) {
        for (logical_id, resource) in self.not_held(resources) {
            let deleted = (0..3).any(|_| {
                let event = self.delete_event(&logical_id, &resource.physical_id, &resource.properties);
                function.send(&event).is_some_and(|answer| answer.succeeded)
            });
            if !deleted {
                self.abandoned.push((self.id.clone(), logical_id, resource.physical_id));
            }
        }
    }

    /// Deletes, and repeats until that succeeds: it must, at the latest when all faults are over. Whether each succeeded
    /// the first time.
    fn clean_up(&mut self, resources: Vec<(String, Resource)>, function: &mut impl Function) -> bool {
        let mut at_once = true;
        for (logical_id, resource) in self.not_held(resources) {
            let event = self.delete_event(&logical_id, &resource.physical_id, &resource.properties);
            if !function.send(&event).is_some_and(|answer| answer.succeeded) {
                at_once = false;
                function.heal();
                let event = self.delete_event(&logical_id, &resource.physical_id, &resource.properties);
                let answer = function.send(&event);
                assert!(
                    answer.as_ref().is_some_and(|answer| answer.succeeded),
                    "not deletable: a Delete without a fault must succeed: {event} was answered {answer:?}"
                );
            }
        }
        at_once
    }
}
