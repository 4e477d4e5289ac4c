//! Random histories in which templates change hands: taken over from nobody, from a stranger's stack, from another resource
//! or stack of the model's; renamed, moved, given back.

use crate::cloudformation::Stacks;
use crate::history::{self, Hand, History, IDS, Kind, Op, Props, RESOURCES};
use crate::iot::{Account, Maker};
use crate::tell::{STRANGERS, by_hand};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// An `Adopt` that stands for what somebody writes who looked first: whatever is under the id, just as it is, from whoever
/// has it.
pub const AS_IT_IS: &str = "as it is";

/// All properties that were ever deployed, by what CloudFormation sends.
pub type Declared = BTreeMap<String, Props>;

/// With each `Adopt` as it is to be written now.
pub fn resolved(
    resources: &BTreeMap<usize, Option<Props>>,
    stack: &str,
    stacks: &Stacks,
    account: &Account,
    declared: &mut Declared,
) -> BTreeMap<usize, Option<Props>> {
    let mut resources = resources.clone();
    for (resource, props) in &mut resources {
        let Some(props) = props else { continue };
        if props.adopt == Some(AS_IT_IS) {
            *props = as_it_is(props, stack, RESOURCES[*resource], stacks, account, declared);
        }
        declared.insert(props.json().to_string(), props.clone());
    }
    resources
}

fn as_it_is(
    props: &Props,
    stack: &str,
    resource: &str,
    stacks: &Stacks,
    account: &Account,
    declared: &Declared,
) -> Props {
    let id = props.id.map_or("", |id| IDS[id]);
    let own_stack = stacks.get(stack).map(|stack| &*stack.id);
    let of_a_person = |adopt: &'static str| Props {
        content: Kind::ByHand,
        tags: 0,
        revision: 0,
        adopt: Some(adopt),
        ..props.clone()
    };
    let Some(template) = account.templates.get(id) else {
        return of_a_person("true");
    };
    let (stack_id, logical_id) = match template.holder() {
        Maker::Resource { stack, logical_id } => (stack, logical_id),
        Maker::Person if template.tags.contains_key("cloudformation:stack-id") => return of_a_person(STRANGERS),
        Maker::Person => return of_a_person("true"),
    };
    let held = stacks
        .all()
        .find(|stack| stack.id == *stack_id)
        .and_then(|stack| stack.resources.get(logical_id));
    let as_declared = held.and_then(|held| declared.get(&held.properties.to_string()));
    let adopt = match own_stack == Some(&**stack_id) {
        // Its own already.
        true if logical_id == resource => return as_declared.unwrap_or(&of_a_person("true")).clone(),
        true => logical_id.clone(),
        false => format!("{stack_id}/{logical_id}"),
    };
    Props {
        adopt: Some(kept(adopt)),
        timeout: props.timeout,
        ..as_declared.unwrap_or(props).clone()
    }
}

/// There are few of them, and many histories.
fn kept(adopt: String) -> &'static str {
    thread_local! {
        static KEPT: std::cell::RefCell<BTreeMap<String, &'static str>> = const { std::cell::RefCell::new(BTreeMap::new()) };
    }
    KEPT.with_borrow_mut(|kept| *kept.entry(adopt).or_insert_with_key(|adopt| adopt.clone().leak()))
}

/// What takes over.
fn taking(id: usize) -> impl Strategy<Value = Props> {
    let adopt = prop_oneof![
        8 => Just(AS_IT_IS),
        2 => Just("true"),
        1 => Just(STRANGERS),
        1 => Just("false"),
        1 => (0..RESOURCES.len()).prop_map(|resource| RESOURCES[resource]),
    ];
    (adopt, history::props(true)).prop_map(move |(adopt, props)| match adopt {
        "true" | STRANGERS => Props {
            content: Kind::ByHand,
            tags: 0,
            revision: 0,
            ..Props {
                id: Some(id),
                adopt: Some(adopt),
                ..props
            }
        },
        adopt => Props {
            id: Some(id),
            adopt: Some(adopt),
            ..props
        },
    })
}

fn resource() -> impl Strategy<Value = Option<Props>> {
    prop_oneof![
        4 => (0..IDS.len()).prop_flat_map(taking).prop_map(Some),
        3 => history::props(true).prop_map(Some),
        1 => Just(None),
    ]
}

/// Mostly a deployment, of these resources.
fn deploying(resources: impl Strategy<Value = BTreeMap<usize, Option<Props>>>) -> impl Strategy<Value = Op> {
    (history::op(true), resources).prop_map(|(mut op, wanted)| {
        if let Op::Deploy { resources, .. } = &mut op {
            *resources = wanted;
        }
        op
    })
}

/// One resource goes and another takes its place, in one update.
fn renaming() -> impl Strategy<Value = BTreeMap<usize, Option<Props>>> {
    (0..RESOURCES.len(), 0..RESOURCES.len(), 0..IDS.len()).prop_flat_map(|(old, new, id)| {
        taking(id).prop_map(move |props| BTreeMap::from([(old, None), (new, Some(props))]))
    })
}

fn op() -> impl Strategy<Value = Op> {
    let made = prop_oneof![
        2 => (0..IDS.len()).prop_map(|id| by_hand(Hand::Make { id })),
        1 => (0..IDS.len()).prop_map(|id| by_hand(Hand::MakeForAStack { id })),
    ];
    prop_oneof![
        6 => deploying(btree_map(0..RESOURCES.len(), resource(), 1..3)),
        2 => deploying(renaming()),
        3 => history::op(true),
        2 => made,
    ]
}

fn history() -> impl Strategy<Value = History> {
    history::history_of(vec(op(), 1..9).boxed())
}

#[test]
fn whatever_changes_hands_is_there_and_whose_it_is_is_known() {
    crate::hold_histories(&history());
}
