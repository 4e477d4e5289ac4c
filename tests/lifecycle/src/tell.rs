//! Histories in few words, for scenarios and stories.

use crate::history::{Hand, Kind, Op, Props, Repeat};
use crate::mishap::Mishap;
use std::time::Duration;

pub const PLAIN: Props = Props {
    id: Some(0),
    content: Kind::Document(0),
    tags: 1,
    revision: 0,
    timeout: None,
    adopt: None,
};

pub const GENERATED: Props = Props { id: None, ..PLAIN };

pub fn changed(change: impl Fn(&mut Props)) -> Props {
    let mut props = PLAIN;
    change(&mut props);
    props
}

/// The stranger's stack and resource, as errors name them.
pub const STRANGERS: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/stranger/1/Reboot";
/// The first incarnation of the first stack.
pub const FLEETS: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/00000001/Reboot";

/// What people and other stacks make here, as it is, taken over.
pub fn adopting(adopt: &'static str) -> Props {
    changed(|props| (props.content, props.tags, props.adopt) = (Kind::ByHand, 0, Some(adopt)))
}

pub fn content(number: usize) -> Props {
    changed(|props| props.content = Kind::Document(number))
}

pub fn of_kind(kind: Kind) -> Props {
    changed(|props| props.content = kind)
}

/// The first stack, with one resource.
pub fn deploy(props: &Props) -> Op {
    deploy_all(0, &[(0, Some(props))])
}

/// Any stack, and any of its resources; `None` removes one.
pub fn deploy_all(stack: usize, resources: &[(usize, Option<&Props>)]) -> Op {
    Op::Deploy {
        stack,
        resources: resources.iter().map(|(name, props)| (*name, props.cloned())).collect(),
        sibling_fails_after: None,
        cancels_after: None,
        preserves_failures: false,
        gives_up_cleaning: false,
        mishaps: Vec::new(),
        twice: false,
        repeats: Vec::new(),
    }
}

pub fn deploy_with(props: &Props, met: &[(usize, Mishap)], sibling_fails: bool) -> Op {
    let op = meeting(deploy(props), met);
    if sibling_fails { taken_back(op) } else { op }
}

pub fn delete() -> Op {
    Op::Delete {
        stack: 0,
        mishaps: Vec::new(),
        twice: false,
        repeats: Vec::new(),
    }
}

/// Another resource of the stack fails afterwards.
pub fn taken_back(mut op: Op) -> Op {
    if let Op::Deploy {
        sibling_fails_after, ..
    } = &mut op
    {
        *sibling_fails_after = Some(1);
    }
    op
}

/// The Create is not waited for.
pub fn cancelled(props: &Props, after: Duration) -> Op {
    let mut op = deploy(props);
    if let Op::Deploy {
        sibling_fails_after,
        cancels_after,
        ..
    } = &mut op
    {
        *sibling_fails_after = Some(0);
        *cancels_after = Some(after);
    }
    op
}

/// A failure is not rolled back.
pub fn preserved(mut op: Op) -> Op {
    if let Op::Deploy { preserves_failures, .. } = &mut op {
        *preserves_failures = true;
    }
    op
}

/// What cannot be cleaned up is left.
pub fn given_up(mut op: Op) -> Op {
    if let Op::Deploy { gives_up_cleaning, .. } = &mut op {
        *gives_up_cleaning = true;
    }
    op
}

/// With mishaps at these calls, counted from 0.
pub fn meeting(mut op: Op, met: &[(usize, Mishap)]) -> Op {
    if let Op::Deploy { mishaps, .. } | Op::Delete { mishaps, .. } = &mut op {
        *mishaps = met.to_vec();
    }
    op
}

/// With a duplicate around the so-manieth request of the operation.
pub fn repeating(mut op: Op, at: usize, repeat: Repeat) -> Op {
    if let Op::Deploy { repeats, .. } | Op::Delete { repeats, .. } = &mut op {
        repeats.push((at, repeat));
    }
    op
}

/// Each event that succeeds is delivered once more.
pub fn each_twice(mut op: Op) -> Op {
    if let Op::Deploy { twice, .. } | Op::Delete { twice, .. } = &mut op {
        *twice = true;
    }
    op
}

pub fn by_hand(hand: Hand) -> Op {
    Op::ByHand(hand)
}
