//! Templates that change hands.

use super::*;
use crate::history::{Hand, Kind, Props};
use crate::iot::Maker;
use crate::mishap::Deed;
use crate::tell::{
    FLEETS, PLAIN, adopting, by_hand, delete, deploy, deploy_all, meeting, of_kind, preserved, taken_back,
};

/// Found as a twin's describe went unanswered for so long that meanwhile another stack had taken the template over.
#[test]
fn whether_a_template_is_free_is_looked_at_again_after_a_describe_that_was_not_answered_at_once() {
    let met = [(3, NOT_DONE), (4, Mishap::Before(Deed::MakeForAStack))];
    histories(&[by_hand(Hand::Make { id: 0 }), meeting(deploy(&adopting("true")), &met)]);
}

/// Found as the pace of a throttled describe put a pause between the last look at the tags and that at the content.
#[test]
fn no_pause_is_between_the_last_looks_at_what_is_taken_over() {
    let met = [(1, Mishap::Throttled), (4, Mishap::Before(Deed::MakeForAStack))];
    for _ in 0..20 {
        histories(&[by_hand(Hand::Make { id: 0 }), meeting(deploy(&adopting("true")), &met)]);
    }
}

/// Found as a re-create that no longer said `Adopt` was killed in its gap: what it made anew had lost the marks, and its
/// rollback did not know that it had been adopted.
#[test]
fn what_an_update_that_dropped_adopt_made_anew_is_to_be_given_back_once_that_is_taken_back() {
    let killed_in_the_gap = meeting(deploy(&PLAIN), &[(2, Mishap::Killed { done: true })]);
    histories(&[
        by_hand(Hand::Make { id: 0 }),
        deploy(&adopting("true")),
        taken_back(killed_in_the_gap),
        delete(),
    ]);
}

/// CloudFormation's clean-up sends the properties of the update before, which here are of one that failed.
#[test]
fn what_was_adopted_outlives_an_update_to_another_id_that_failed_and_was_left_so() {
    let refused = Props {
        id: Some(1),
        ..of_kind(Kind::Bad)
    };
    histories(&[
        by_hand(Hand::Make { id: 0 }),
        deploy(&adopting("true")),
        preserved(deploy(&refused)),
        deploy(&other_id()),
    ]);
}

/// IoT may refuse to create it before it says that it is there: its job may be gone, or a permission.
#[test]
fn what_is_to_be_taken_over_is_not_tried_to_be_created_first() {
    let simulation = after(&[by_hand(Hand::Make { id: 0 }), deploy(&adopting("true"))]);
    let account = simulation.function.account.borrow();

    let lines = &account.record.lines;
    assert!(
        !lines.iter().any(|line| line.contains("CreateJobTemplate")),
        "{lines:#?}"
    );
    assert_ne!(*account.templates["shared-a"].holder(), Maker::Person);
}

/// No request of that stack knows of the template any more. It is not lost, and the error of whoever meets it says how to
/// take it over.
#[test]
fn what_a_failed_update_took_over_is_there_after_its_stack_is_deleted_and_can_be_taken_over() {
    let takes_over_and_sees_nothing = meeting(deploy(&adopting("true")), &[(6, Mishap::Refused { lasting: true })]);
    let mut simulation = after(&[
        by_hand(Hand::Make { id: 0 }),
        deploy(&other_id()),
        preserved(takes_over_and_sees_nothing),
        delete(),
    ]);
    let holder = |simulation: &Simulation| {
        simulation.function.account.borrow().templates["shared-a"]
            .holder()
            .clone()
    };
    let stack_of = |holder| match holder {
        Maker::Resource { stack, .. } => stack,
        Maker::Person => String::new(),
    };
    assert!(stack_of(holder(&simulation)).contains("/fleet/"));

    simulation.step(&deploy_all(1, &[(0, Some(&adopting(FLEETS)))]));
    assert!(stack_of(holder(&simulation)).contains("/yard/"));
    simulation.end();
}

/// One request takes over once at the most, and not what came in the place of its own: so it says at once that it is in the
/// way, and does not try to create until its time is over.
#[test]
fn what_a_stranger_made_in_the_gap_of_a_recreation_is_left_to_them_at_once_though_adopt_would_take_it() {
    let made = changed(|props| (props.tags, props.adopt) = (0, Some("true")));
    let simulation = after(&[
        deploy(&made),
        meeting(deploy(&adopting("true")), &[(2, Mishap::After(Deed::Make))]),
    ]);
    let account = simulation.function.account.borrow();

    let update = account.record.requests[1].reply.as_ref().expect("an answer");
    assert!(update.reason.contains("exists and no stack owns it"), "{update:?}");
    assert_eq!(*account.templates["shared-a"].holder(), Maker::Person);
}

/// A twin of this delivery may have taken it over.
#[test]
fn what_could_not_be_looked_at_is_not_said_to_be_untouched() {
    let simulation = after(&[
        by_hand(Hand::Make { id: 0 }),
        meeting(deploy(&adopting("true")), &[(0, Mishap::Down)]),
    ]);
    let account = simulation.function.account.borrow();

    let create = account.record.requests[0].reply.as_ref().expect("an answer");
    assert!(create.physical_id.starts_with("unclear:"), "{create:?}");
}

/// The first call may be carried out yet, and that is for the Delete that follows to find.
#[test]
fn what_was_not_seen_to_be_taken_over_is_not_taken_over_once_more() {
    let unanswered = meeting(deploy(&adopting("true")), &[(4, Mishap::AnswerLost { done: false })]);
    let simulation = after(&[by_hand(Hand::Make { id: 0 }), unanswered]);
    let account = simulation.function.account.borrow();

    let create = account.record.requests[0].reply.as_ref().expect("an answer");
    assert!(create.physical_id.starts_with("unclear:"), "{create:?}");
}
