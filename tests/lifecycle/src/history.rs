//! Histories of stacks, and what must hold in them.

use crate::cloudformation::{Change, Ended, Stacks};
use crate::in_process::InProcess;
use crate::iot::{Iot, Maker, Mishap, REFUSED};
use iot_job_template_core::cloudformation::owner::Owner;
use iot_job_template_core::job_template::Desired;
use iot_job_template_core::json::Json;
use iot_job_template_core::properties;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub const STACKS: [&str; 2] = ["fleet", "yard"];
pub const RESOURCES: [&str; 3] = ["Reboot", "Rotate", "Update"];
pub const IDS: [&str; 2] = ["shared-a", "shared-b"];
pub const SOURCE: &str = "https://bucket.s3.amazonaws.com/document";

/// A resource's properties, as far as histories vary them.
#[derive(Clone, Debug, PartialEq)]
pub struct Props {
    /// One of [`IDS`], or one that is generated.
    pub id: Option<usize>,
    pub content: Kind,
    pub tags: usize,
    pub revision: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Document(usize),
    Source,
    /// IoT refuses it.
    Bad,
    /// The function refuses it.
    Unreadable,
}

#[derive(Clone, Debug)]
pub enum Op {
    Deploy {
        stack: usize,
        resources: BTreeMap<usize, Option<Props>>,
        sibling_fails_after: Option<usize>,
        cancels_after: Option<Duration>,
        mishaps: Vec<(usize, Mishap)>,
        twice: bool,
    },
    Delete {
        stack: usize,
        mishaps: Vec<(usize, Mishap)>,
        twice: bool,
    },
    ByHand(Hand),
}

/// What somebody else does between two operations. A template is named by its place among all there are.
#[derive(Clone, Copy, Debug)]
pub enum Hand {
    Make { id: usize },
    Delete { template: usize },
    StripTags { template: usize },
    AddTag { template: usize },
    PutObject,
    RemoveObject,
}

impl Props {
    pub fn json(&self) -> Value {
        let mut json = json!({"ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:f"});
        if let Some(id) = self.id {
            json["JobTemplateId"] = IDS[id].into();
        }
        json["Description"] = match self.content {
            Kind::Bad => REFUSED.into(),
            _ => "A job".into(),
        };
        match self.content {
            Kind::Document(number) => json["Document"] = format!("{{\"n\": {number}}}").into(),
            Kind::Source => json["DocumentSource"] = SOURCE.into(),
            Kind::Bad => json["Document"] = "{}".into(),
            Kind::Unreadable => json["Documents"] = "{}".into(),
        }
        json["Tags"] = match self.tags {
            0 => json!({}),
            1 => json!({"team": "fleet"}),
            2 => json!({"team": "yard"}),
            3 => json!({"team": "fleet", "cost": "1"}),
            // All that the function takes: one by hand beside these, and it is too many.
            _ => (0..47).map(|n| (format!("tag-{n}"), json!("x"))).collect(),
        };
        if self.revision > 0 {
            json["Revision"] = self.revision.to_string().into();
        }
        json
    }
}

pub fn change(
    resources: &BTreeMap<usize, Option<Props>>,
    sibling_fails_after: Option<usize>,
    cancels_after: Option<Duration>,
) -> Change {
    let json = |(name, props): (&usize, &Option<Props>)| (RESOURCES[*name].to_owned(), props.as_ref().map(Props::json));
    Change {
        resources: resources.iter().map(json).collect(),
        sibling_fails_after,
        cancels_after,
    }
}

pub fn desired(properties: &Value) -> Desired {
    let json: Json = serde_json::from_value(properties.clone()).expect("JSON");
    properties::read(&json).expect("good properties").desired
}

/// A world, and what happened in it.
pub struct World {
    pub function: InProcess,
    stacks: Stacks,
    /// Ids whose template a person made, deleted or changed since a request for it last succeeded.
    drifted: BTreeSet<String>,
    /// Stack and resource of templates that a rollback gave up.
    given_up: BTreeSet<(String, String)>,
    /// Whether a person or the bucket ever got in the way.
    meddled: bool,
}

impl World {
    pub fn new(failures_count: bool) -> World {
        // Backoff has jitter; with it a history would not be the same twice.
        fastrand::seed(0);
        let function = InProcess::new();
        let text = ("{}".to_owned(), SOURCE.to_owned());
        function.iot.borrow_mut().objects.insert(text.1, text.0);
        World {
            function,
            stacks: Stacks::new(failures_count),
            drifted: BTreeSet::new(),
            given_up: BTreeSet::new(),
            meddled: false,
        }
    }

    /// Runs a history, and ends it.
    pub fn run(mut self, ops: &[Op]) {
        for op in ops {
            self.step(op);
        }
        self.end();
    }

    /// Without faults all stacks are deleted.
    pub fn end(&mut self) {
        for stack in 0..STACKS.len() {
            self.step(&Op::Delete {
                stack,
                mishaps: Vec::new(),
                twice: false,
            });
        }
    }

    pub fn step(&mut self, op: &Op) {
        self.function.iot.borrow_mut().trace.push(format!("{op:?}"));
        self.function.let_time_pass();
        match op {
            Op::Deploy {
                stack,
                resources,
                sibling_fails_after,
                cancels_after,
                mishaps,
                twice,
            } => {
                let change = change(resources, *sibling_fails_after, *cancels_after);
                self.arm(mishaps, *twice);
                self.deploy(STACKS[*stack], &change, resources);
            }
            Op::Delete { stack, mishaps, twice } => {
                self.arm(mishaps, *twice);
                let at_once = self.stacks.delete(STACKS[*stack], &mut self.function);
                assert!(
                    at_once || self.function.iot.borrow().excused,
                    "nothing was in the way of a Delete, and it failed"
                );
            }
            Op::ByHand(hand) => self.by_hand(*hand),
        }
        self.check();
    }

    fn arm(&mut self, mishaps: &[(usize, Mishap)], twice: bool) {
        let mut iot = self.function.iot.borrow_mut();
        iot.arm(mishaps);
        iot.happened = 0;
        iot.excused = false;
        drop(iot);
        self.function.twice = twice;
    }

    fn deploy(&mut self, name: &'static str, change: &Change, resources: &BTreeMap<usize, Option<Props>>) {
        let before = self.stacks.get(name).map(|stack| stack.resources.clone());
        let must_succeed = change.sibling_fails_after.is_none()
            && !self.meddled
            && self.given_up.is_empty()
            && self.is_unrivalled(name, resources);

        let ended = self.stacks.deploy(name, change, &mut self.function);

        let excused = self.function.iot.borrow().excused;
        self.meddled |= self.function.iot.borrow().meddled;
        assert!(
            ended == Ended::Complete || !must_succeed || excused || self.meddled,
            "nothing was in the way of this, and it {ended:?}"
        );
        assert!(
            ended != Ended::RolledBackInPart || self.meddled,
            "a rollback without a fault must succeed"
        );
        let Some(stack) = self.stacks.get(name) else {
            return;
        };
        let before = before.unwrap_or_default();
        for (logical_id, resource) in &stack.resources {
            if resource.lost {
                self.given_up.insert((stack.id.clone(), logical_id.clone()));
            }
            if ended == Ended::Complete && before.get(logical_id) != Some(resource) {
                self.drifted.remove(&resource.physical_id);
            }
        }
    }

    /// Whether each of these is good, and nobody else has, or wants, its id.
    fn is_unrivalled(&self, stack: &str, resources: &BTreeMap<usize, Option<Props>>) -> bool {
        let iot = self.function.iot.borrow();
        let there = self.stacks.get(stack);
        let mut ids = BTreeSet::new();
        resources.iter().all(|(name, props)| {
            let Some(props) = props else { return true };
            let held = there.and_then(|stack| stack.resources.get(RESOURCES[*name]));
            let is_free = |id: &str| !iot.templates.contains_key(id) || held.is_some_and(|held| held.physical_id == id);
            matches!(props.content, Kind::Document(_) | Kind::Source)
                && props.id.is_none_or(|id| ids.insert(id) && is_free(IDS[id]))
        })
    }

    fn by_hand(&mut self, hand: Hand) {
        let mut iot = self.function.iot.borrow_mut();
        let nth = |iot: &Iot, n: usize| {
            let ids: Vec<_> = iot.templates.keys().cloned().collect();
            (!ids.is_empty()).then(|| ids[n % ids.len()].clone())
        };
        let mut changed = None;
        match hand {
            Hand::Make { id } => {
                iot.make_by_hand(IDS[id]);
                changed = Some(IDS[id].to_owned());
            }
            Hand::Delete { template } => {
                if let Some(id) = nth(&iot, template) {
                    iot.delete_by_hand(&id);
                    changed = Some(id);
                }
            }
            Hand::StripTags { template } => {
                if let Some(id) = nth(&iot, template) {
                    let template = iot.templates.get_mut(&id).expect("it is there");
                    template.tags.clear();
                    template.by_hand = true;
                    changed = Some(id);
                }
            }
            Hand::AddTag { template } => {
                if let Some(id) = nth(&iot, template) {
                    let template = iot.templates.get_mut(&id).expect("it is there");
                    template.tags.insert("by".into(), "hand".into());
                    // Too many tags now, perhaps.
                    changed = (template.tags.len() > 50).then_some(id);
                }
            }
            Hand::PutObject => {
                iot.objects.insert(SOURCE.into(), "{}".into());
            }
            Hand::RemoveObject => {
                iot.objects.remove(SOURCE);
            }
        }
        self.meddled = true;
        self.drifted.extend(changed);
    }

    /// What must hold after every step.
    fn check(&mut self) {
        let iot = self.function.iot.borrow();
        assert!(iot.wrongs.is_empty(), "stolen: {:?}", iot.wrongs);
        let taken_meanwhile = iot
            .templates
            .iter()
            .filter(|(_, template)| template.maker == Maker::Person)
            .map(|(id, _)| id.clone());
        self.drifted.extend(taken_meanwhile);

        for (id, template) in &iot.templates {
            let Maker::Resource { stack, logical_id } = &template.maker else {
                continue;
            };
            let owner = self.stacks.all().find(|s| s.id == *stack);
            let held = owner
                .and_then(|stack| stack.resources.get(logical_id))
                .is_some_and(|resource| resource.physical_id == *id);
            let given_up = self.given_up.contains(&(stack.clone(), logical_id.clone()));
            assert!(
                held || template.by_hand || given_up,
                "orphaned: {id}, which {logical_id} of {stack} made"
            );
        }
        for stack in self.stacks.all() {
            for (logical_id, resource) in &stack.resources {
                let id = &resource.physical_id;
                if self.given_up.contains(&(stack.id.clone(), logical_id.clone()))
                    || self.drifted.contains(id)
                    || iot.meddled
                {
                    continue;
                }
                let desired = desired(&resource.properties);
                let Some(template) = iot.templates.get(id) else {
                    panic!("lost: {id}, which is {logical_id} of {}", stack.id);
                };
                assert!(
                    desired.content.is_given_by(&template.content),
                    "{id} has the content {:?}",
                    template.content
                );
                let mut tags = template.tags.clone();
                tags.remove("by");
                let owner = Owner {
                    stack_id: stack.id.clone(),
                    logical_id: logical_id.clone(),
                };
                let mut wanted = desired.tags.clone();
                wanted.extend(owner.tags());
                assert_eq!(tags, wanted, "the tags of {id}");
            }
        }
    }
}

pub fn mishap() -> impl Strategy<Value = Mishap> {
    let done = any::<bool>();
    prop_oneof![
        3 => Just(Mishap::Refused),
        1 => Just(Mishap::Throttled),
        1 => Just(Mishap::NotSent),
        1 => Just(Mishap::Slow),
        2 => Just(Mishap::Outage),
        1 => Just(Mishap::DeletedByHand),
        1 => Just(Mishap::TakenByHand),
        2 => done.prop_map(|done| Mishap::Failed { done }),
        3 => done.prop_map(|done| Mishap::AnswerLost { done }),
        2 => done.prop_map(|done| Mishap::Hangs { done }),
        5 => done.prop_map(|done| Mishap::Killed { done }),
        2 => done.prop_map(|shown| Mishap::Lingers { shown }),
    ]
}

fn mishaps() -> impl Strategy<Value = Vec<(usize, Mishap)>> {
    prop_oneof![
        2 => Just(Vec::new()),
        3 => vec((0..12usize, mishap()), 1..6),
    ]
}

pub fn props() -> impl Strategy<Value = Props> {
    let kind = prop_oneof![
        8 => (0..3usize).prop_map(Kind::Document),
        2 => Just(Kind::Source),
        2 => Just(Kind::Bad),
        1 => Just(Kind::Unreadable),
    ];
    (option::of(0..IDS.len()), kind, 0..5usize, 0..3usize).prop_map(|(id, content, tags, revision)| Props {
        id,
        content,
        tags,
        revision,
    })
}

fn op() -> impl Strategy<Value = Op> {
    let resource = option::weighted(0.85, props());
    let deploy = (
        0..STACKS.len(),
        btree_map(0..RESOURCES.len(), resource, 1..4),
        option::weighted(0.25, 0..4usize),
        option::weighted(0.4, (0..4000u64).prop_map(Duration::from_millis)),
        mishaps(),
        any::<bool>(),
    );
    let delete = (0..STACKS.len(), mishaps(), any::<bool>());
    let hand = prop_oneof![
        (0..IDS.len()).prop_map(|id| Hand::Make { id }),
        (0..9usize).prop_map(|template| Hand::Delete { template }),
        (0..9usize).prop_map(|template| Hand::StripTags { template }),
        (0..9usize).prop_map(|template| Hand::AddTag { template }),
        Just(Hand::PutObject),
        Just(Hand::RemoveObject),
    ];
    prop_oneof![
        8 => deploy.prop_map(|(stack, resources, sibling_fails_after, cancels_after, mishaps, twice)| Op::Deploy {
            stack, resources, sibling_fails_after, cancels_after, mishaps, twice
        }),
        2 => delete.prop_map(|(stack, mishaps, twice)| Op::Delete { stack, mishaps, twice }),
        1 => hand.prop_map(Op::ByHand),
    ]
}

pub fn history() -> impl Strategy<Value = (bool, Vec<Op>)> {
    (any::<bool>(), vec(op(), 1..10))
}
