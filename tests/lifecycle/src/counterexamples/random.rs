//! What the random histories found, made small.

use super::*;
use crate::history::{IDS, Kind};
use crate::tell::{GENERATED, PLAIN, deploy, meeting, preserved};

#[test]
fn a_create_that_was_killed_and_is_denied_everything_when_it_is_delivered_again_leaves_no_orphan() {
    let killed = Mishap::Killed { done: true };
    for props in [PLAIN, GENERATED] {
        histories(&[meeting(deploy(&props), &[(0, killed), (1, DENIED)])]);
    }
}

/// CloudFormation's old properties are those that failed. Of the tags that they do not name, nobody can say whose they are.
#[test]
fn a_declared_tag_is_as_declared_after_a_failure_that_was_left_so() {
    let tagged = |props: Props| Props { tags: 2, ..props };
    let simulation = after(&[
        deploy(&PLAIN),
        preserved(deploy(&tagged(changed(|props| props.content = Kind::Bad)))),
        deploy(&tagged(PLAIN)),
    ]);
    let account = simulation.function.account.borrow();
    assert_eq!(account.templates[IDS[0]].tags["team"], "yard");
}
