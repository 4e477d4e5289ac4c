//! Numbers 1 to 9: refusals, strangers, jobs.

use super::*;
use crate::history::{self, Hand, IDS, Kind, Repeat};
use crate::iot::Maker;
use crate::mishap::Deed;
use crate::tell::{
    GENERATED, PLAIN, by_hand, content, delete, deploy, each_twice, meeting, of_kind, preserved, repeating,
};

/// Number 1.
#[test]
fn a_create_that_was_refused_once_and_made_it_when_delivered_again_leaves_no_orphan() {
    for refusal in [REFUSED, DENIED] {
        for repeat in [Repeat::Before(1), Repeat::Together(1)] {
            let op = meeting(deploy(&PLAIN), &[(0, refusal)]);
            histories(&[repeating(op, 1, repeat)]);
        }
    }
    // A refusal that is over when it is delivered again, before the Delete.
    let mut simulation = told(Variant::default());
    let refused = [
        (0, Mishap::Refused { lasting: true }),
        (3, Mishap::Killed { done: true }),
    ];
    simulation.step(&repeating(meeting(deploy(&PLAIN), &refused), 1, Repeat::Before(1)));
    simulation.end();
}

/// Number 2.
#[test]
fn a_create_that_is_denied_everything_after_a_call_that_was_carried_out_leaves_no_orphan() {
    histories(&[meeting(deploy(&PLAIN), &[(0, DONE), (1, DENIED)])]);
    histories(&[meeting(deploy(&GENERATED), &[(0, DONE), (1, DENIED)])]);
}

/// Number 3.
#[test]
fn a_delete_that_was_carried_out_is_not_repeated_onto_what_a_stranger_made_since() {
    for lost in [DONE, Mishap::Hangs { done: true }, Mishap::AnswerLost { done: true }] {
        for at in 1..3 {
            for deed in [Deed::Make, Deed::MakeForAStack] {
                let met = [(at, lost), (at + 1, Mishap::Before(deed))];
                let deletes = meeting(delete(), &met);
                histories(&[deploy(&PLAIN), deletes]);
                histories(&[
                    deploy(&PLAIN),
                    meeting(deploy(&content(1)), &[(at + 1, lost), (at + 2, Mishap::Before(deed))]),
                ]);
            }
        }
    }
}

/// Number 3, too.
#[test]
fn tags_that_could_not_be_set_are_not_set_on_what_a_stranger_made_since() {
    let tagged = changed(|props| props.tags = 3);
    for at in 1..4 {
        let met = [(at, NOT_DONE), (at + 1, Mishap::Before(Deed::Make))];
        histories(&[deploy(&PLAIN), meeting(deploy(&tagged), &met)]);
    }
}

/// Number 4.
#[test]
fn a_service_that_throttles_leaves_no_time_between_look_and_touch() {
    let throttled: Vec<_> = (0..2).map(|at| (at, Mishap::Throttled)).collect();
    histories(&[deploy(&PLAIN), meeting(delete(), &throttled)]);
    histories(&[deploy(&PLAIN), meeting(deploy(&content(1)), &throttled)]);
    histories(&[
        deploy(&PLAIN),
        meeting(deploy(&changed(|props| props.tags = 3)), &throttled),
    ]);
}

/// Number 5.
#[test]
fn two_deliveries_of_one_update_at_once_end_with_the_new_template() {
    for throttled in 2..8 {
        for refused in throttled + 1..14 {
            let update = repeating(deploy(&content(1)), 0, Repeat::Together(0));
            let met = [(throttled, Mishap::Throttled), (refused, REFUSED)];
            let simulation = after(&[deploy(&PLAIN), meeting(update, &met)]);
            let held = &simulation.stacks.get("fleet").expect("the stack").resources["Reboot"].properties;
            let account = simulation.function.account.borrow();
            let there = account.templates[IDS[0]].content.document.as_deref();
            assert_eq!(there, held["Document"].as_str(), "{met:?}: {:#?}", account.record.lines);
        }
    }
}

/// Number 6.
#[test]
fn an_update_of_the_revision_delivered_again_makes_nothing_anew() {
    histories(&[deploy(&PLAIN), each_twice(deploy(&revised(1)))]);
    let simulation = after(&[deploy(&PLAIN), deploy(&revised(1))]);
    let first = delivered_by(&simulation, IDS[0]);
    let mut simulation = simulation;
    crate::repeatable::repeat_alone(&mut simulation.function, 1);
    simulation.check();
    assert_eq!(delivered_by(&simulation, IDS[0]), first);
}

/// Number 7. The contract's last list lets the content come back from the text; but the rollback has to come to an end.
#[test]
fn a_rollback_for_a_job_that_is_gone_ends_with_the_old_text() {
    for failures_count in [false, true] {
        let mut simulation = told(Variant {
            failures_count,
            made_up: MadeUp::Capitals,
        });
        simulation.step(&deploy(&of_kind(Kind::Job(0))));
        simulation.step(&by_hand(Hand::RemoveJob { job: 0 }));
        simulation.step(&by_hand(Hand::RemoveJob { job: 1 }));
        simulation.step(&deploy(&of_kind(Kind::Job(1))));

        assert!(simulation.stacks.abandoned.is_empty(), "it could not be rolled back");
        let account = simulation.function.account.borrow();
        let document = account.templates[IDS[0]].content.document.clone();
        assert_eq!(document, Some(history::job_document("j1")));
    }
}

/// Number 8.
#[test]
fn a_persons_template_is_not_taken_for_one_that_was_made_from_a_job() {
    for next in [
        delete(),
        deploy(&changed(|props| (props.content, props.tags) = (Kind::Job(0), 3))),
    ] {
        let mut simulation = after(&[deploy(&of_kind(Kind::Job(0)))]);
        simulation.step(&by_hand(Hand::Make { id: 0 }));
        if let Some(template) = simulation.function.account.borrow_mut().templates.get_mut(IDS[0]) {
            template.content.description = "A job".into();
        }
        simulation.step(&next);

        let account = simulation.function.account.borrow();
        assert_eq!(account.templates[IDS[0]].maker, Maker::Person);
        assert!(account.templates[IDS[0]].tags.is_empty());
    }
}

/// Number 9.
#[test]
fn what_failed_and_was_left_so_is_not_taken_for_done_when_it_is_tried_again() {
    let to_j2 = of_kind(Kind::Job(1));
    let mut simulation = after(&[deploy(&of_kind(Kind::Job(0)))]);
    simulation.step(&by_hand(Hand::RemoveJob { job: 1 }));
    simulation.step(&preserved(deploy(&to_j2)));
    simulation.step(&by_hand(Hand::PutJob { job: 1 }));
    // CloudFormation's old properties are the failed ones; another tag makes it send anything at all.
    simulation.step(&deploy(&Props { tags: 3, ..to_j2 }));

    let account = simulation.function.account.borrow();
    let document = account.templates[IDS[0]].content.document.clone();
    assert_eq!(document, Some(history::job_document("j2")));
}
