//! Histories of stacks: what people do to them, and what happens meanwhile.

use crate::cloudformation::{Change, MadeUp, Variant};
use crate::mishap::{Deed, FOR_GOOD, Mishap};
use iot_job_template_core::cloudformation::owner::Owner;
use iot_job_template_core::cloudformation::physical_id;
use iot_job_template_core::job_template::Desired;
use iot_job_template_core::json::Json;
use iot_job_template_core::properties;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub const STACKS: [&str; 2] = ["fleet", "yard"];
pub const RESOURCES: [&str; 3] = ["Reboot", "Rotate", "Update"];
pub const IDS: [&str; 2] = ["shared-a", "shared-b"];
/// The description of what people make, whose document is `{}`.
pub const BY_HAND: &str = "by hand";
/// A stack that is none of the model's.
pub const OTHER_STACK: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/stranger/1";
/// The description that IoT refuses, well-formed as it is.
pub const REFUSED: &str = "Refused by IoT";
pub const JOBS: [&str; 2] = ["j1", "j2"];
pub const SOURCE: &str = "https://bucket.s3.amazonaws.com/document";

/// A resource's properties, as far as histories vary them.
#[derive(Clone, Debug, PartialEq)]
pub struct Props {
    /// One of [`IDS`], or one that is generated.
    pub id: Option<usize>,
    pub content: Kind,
    pub tags: usize,
    pub revision: usize,
    /// CloudFormation's ServiceTimeout, in seconds.
    pub timeout: Option<u32>,
    /// What it may take over.
    pub adopt: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Document(usize),
    Source,
    /// What people make by hand.
    ByHand,
    /// Made from a job.
    Job(usize),
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
        preserves_failures: bool,
        gives_up_cleaning: bool,
        mishaps: Vec<(usize, Mishap)>,
        twice: bool,
        /// By the number of the request in this operation.
        repeats: Vec<(usize, Repeat)>,
    },
    Delete {
        stack: usize,
        mishaps: Vec<(usize, Mishap)>,
        twice: bool,
        repeats: Vec<(usize, Repeat)>,
    },
    ByHand(Hand),
    /// Time passes, and what is at work comes to its end.
    Wait(Duration),
}

/// A duplicate of an earlier request, that many requests back from the one that is about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Delivered, and worked off, before it. The last request is 1 back.
    Before(usize),
    /// Delivered together with it. 0 back is that request itself.
    Together(usize),
}

/// What somebody else does between two operations. A template is named by its place among all there are.
#[derive(Clone, Copy, Debug)]
pub enum Hand {
    Make { id: usize },
    MakeForAStack { id: usize },
    Delete { template: usize },
    StripTags { template: usize },
    AddTag { template: usize },
    PutObject,
    RemoveObject,
    PutJob { job: usize },
    RemoveJob { job: usize },
}

impl Props {
    pub fn json(&self) -> Value {
        let mut json = json!({"ServiceToken": "arn:aws:lambda:eu-central-1:123456789012:function:f"});
        if let Some(id) = self.id {
            json["JobTemplateId"] = IDS[id].into();
        }
        json["Description"] = match self.content {
            Kind::Bad => REFUSED.into(),
            Kind::ByHand => BY_HAND.into(),
            _ => "A job".into(),
        };
        match self.content {
            Kind::Document(number) => json["Document"] = format!("{{\"n\": {number}}}").into(),
            Kind::Source => json["DocumentSource"] = SOURCE.into(),
            Kind::Job(number) => json["JobArn"] = job_arn(number).into(),
            Kind::Bad | Kind::ByHand => json["Document"] = "{}".into(),
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
        if let Some(adopt) = self.adopt {
            json["Adopt"] = adopt.into();
        }
        if let Some(seconds) = self.timeout {
            json["ServiceTimeout"] = seconds.to_string().into();
        }
        json
    }
}

pub fn job_arn(number: usize) -> String {
    format!("arn:aws:iot:eu-central-1:123456789012:job/{}", JOBS[number])
}

/// The document of a job.
pub fn job_document(job: &str) -> String {
    format!("{{\"of\": \"{job}\"}}")
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
        preserves_failures: false,
        gives_up_cleaning: false,
    }
}

pub fn desired(properties: &Value) -> Desired {
    let mut properties = properties.clone();
    // How it came to be is nothing that the template shows.
    properties.as_object_mut().expect("properties").remove("Adopt");
    let json: Json = serde_json::from_value(properties).expect("JSON");
    properties::read(&json).expect("good properties").desired
}

/// Whether the function can read them.
pub fn is_readable(properties: &Value) -> bool {
    properties["Documents"].is_null()
}

/// The id that the template with these properties has.
pub fn template_id(properties: &Value, stack_id: &str, logical_id: &str) -> String {
    let owner = Owner {
        stack_id: stack_id.to_owned(),
        logical_id: logical_id.to_owned(),
    };
    physical_id::template_id(&owner, &desired(properties))
}

/// A whole history, and the kind of world that it happens in.
#[derive(Clone, Debug)]
pub struct History {
    pub variant: Variant,
    /// Which build of the function gets which delivery.
    pub builds: u64,
    pub absent_has_no_tags: bool,
    pub ops: Vec<Op>,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![12 => plain_mishap(), 12 => wild_mishap()]
}

/// Those that the real binary can meet too.
fn plain_mishap() -> impl Strategy<Value = Mishap> {
    let done = any::<bool>();
    prop_oneof![
        3 => Just(Mishap::Refused { lasting: false }),
        1 => Just(Mishap::Throttled),
        1 => Just(Mishap::NotSent),
        1 => Just(Mishap::Slow),
        2 => Just(Mishap::Outage),
        2 => done.prop_map(|done| Mishap::Failed { done }),
        3 => done.prop_map(|done| Mishap::AnswerLost { done }),
        2 => done.prop_map(|done| Mishap::Hangs { done }),
        5 => done.prop_map(|done| Mishap::Killed { done }),
    ]
}

fn wild_mishap() -> impl Strategy<Value = Mishap> {
    let deed = prop_oneof![
        Just(Deed::Delete),
        Just(Deed::Make),
        Just(Deed::MakeForAStack),
        Just(Deed::Strip)
    ];
    prop_oneof![
        2 => any::<bool>().prop_map(|shown| Mishap::Lingers { shown }),
        2 => deed.clone().prop_map(Mishap::Before),
        1 => deed.prop_map(Mishap::After),
        1 => Just(Mishap::Refused { lasting: true }),
        1 => Just(Mishap::Down),
        2 => (any::<bool>(), prop_oneof![Just(4u64), Just(15), Just(FOR_GOOD)])
            .prop_map(|(all, seconds)| Mishap::Denied { all, seconds }),
        3 => prop_oneof![Just(1u64), Just(3), Just(8), Just(30), Just(200)].prop_map(|seconds| Mishap::Later { seconds }),
        2 => (1..8u64).prop_map(|seconds| Mishap::ShownLate { seconds }),
    ]
}

fn mishaps(mishap: BoxedStrategy<Mishap>) -> impl Strategy<Value = Vec<(usize, Mishap)>> {
    prop_oneof![
        2 => Just(Vec::new()),
        3 => vec((0..12usize, mishap), 1..6),
    ]
}

fn repeats() -> impl Strategy<Value = Vec<(usize, Repeat)>> {
    let repeat = prop_oneof![
        3 => (1..6usize).prop_map(Repeat::Before),
        2 => (0..4usize).prop_map(Repeat::Together),
    ];
    prop_oneof![2 => Just(Vec::new()), 1 => vec((0..5usize, repeat), 1..4)]
}

pub fn props(wild: bool) -> impl Strategy<Value = Props> {
    let kind = prop_oneof![
        8 => (0..3usize).prop_map(Kind::Document),
        2 => Just(Kind::Source),
        2 => Just(Kind::Bad),
        1 => Just(Kind::Unreadable),
        // The stand-ins of the real binary have no jobs.
        if wild { 2 } else { 0 } => (0..JOBS.len()).prop_map(Kind::Job),
    ];
    let timeout = match wild {
        true => option::weighted(0.1, prop_oneof![Just(2u32), Just(20), Just(100)]).boxed(),
        false => Just(None).boxed(),
    };
    (option::of(0..IDS.len()), kind, 0..5usize, 0..3usize, timeout).prop_map(
        |(id, content, tags, revision, timeout)| Props {
            id,
            content,
            tags,
            revision,
            timeout,
            adopt: None,
        },
    )
}

pub fn op(wild: bool) -> impl Strategy<Value = Op> {
    let mishap = if wild { mishap().boxed() } else { plain_mishap().boxed() };
    let resource = option::weighted(0.85, props(wild));
    let rarely = match wild {
        true => proptest::bool::weighted(0.15).boxed(),
        false => Just(false).boxed(),
    };
    let deploy = (
        0..STACKS.len(),
        btree_map(0..RESOURCES.len(), resource, 1..4),
        option::weighted(0.25, 0..4usize),
        option::weighted(0.4, (0..4000u64).prop_map(Duration::from_millis)),
        mishaps(mishap.clone()),
        any::<bool>(),
        if wild {
            repeats().boxed()
        } else {
            Just(Vec::new()).boxed()
        },
        (rarely.clone(), rarely),
    );
    let repeats = if wild {
        repeats().boxed()
    } else {
        Just(Vec::new()).boxed()
    };
    let delete = (0..STACKS.len(), mishaps(mishap), any::<bool>(), repeats);
    prop_oneof![
        8 => deploy.prop_map(|(stack, resources, sibling_fails_after, cancels_after, mishaps, twice, repeats, rare)| {
            let (preserves_failures, gives_up_cleaning) = rare;
            Op::Deploy {
                stack, resources, sibling_fails_after, cancels_after, preserves_failures, gives_up_cleaning, mishaps,
                twice, repeats
            }
        }),
        2 => delete.prop_map(|(stack, mishaps, twice, repeats)| Op::Delete { stack, mishaps, twice, repeats }),
        1 => hand().prop_map(Op::ByHand),
        u32::from(wild) => (1..9000u64).prop_map(|seconds| Op::Wait(Duration::from_secs(seconds))),
    ]
}

fn hand() -> impl Strategy<Value = Hand> {
    prop_oneof![
        (0..IDS.len()).prop_map(|id| Hand::Make { id }),
        (0..IDS.len()).prop_map(|id| Hand::MakeForAStack { id }),
        (0..9usize).prop_map(|template| Hand::Delete { template }),
        (0..9usize).prop_map(|template| Hand::StripTags { template }),
        (0..9usize).prop_map(|template| Hand::AddTag { template }),
        Just(Hand::PutObject),
        Just(Hand::RemoveObject),
        (0..JOBS.len()).prop_map(|job| Hand::PutJob { job }),
        (0..JOBS.len()).prop_map(|job| Hand::RemoveJob { job }),
    ]
}

/// For the real binary: whether failures count, and what happens.
pub fn plain_history() -> impl Strategy<Value = (bool, Vec<Op>)> {
    (any::<bool>(), vec(op(false), 1..10))
}

pub fn history() -> impl Strategy<Value = History> {
    history_of(vec(op(true), 1..10).boxed())
}

pub fn history_of(ops: BoxedStrategy<Vec<Op>>) -> impl Strategy<Value = History> {
    let made_up = prop_oneof![
        Just(MadeUp::Capitals),
        Just(MadeUp::BothCases),
        Just(MadeUp::Shortened),
        Just(MadeUp::Missing)
    ];
    (any::<bool>(), made_up, any::<u64>(), any::<bool>(), ops).prop_map(
        |(failures_count, made_up, builds, absent_has_no_tags, ops)| History {
            variant: Variant {
                failures_count,
                made_up,
            },
            builds,
            absent_has_no_tags,
            ops,
        },
    )
}
