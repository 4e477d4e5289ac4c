//! What the random histories found, made small.

use super::*;
use crate::cloudformation::Function;
use crate::history::{Hand, IDS, Kind, Repeat};
use crate::iot::Maker;
use crate::mishap::Deed;
use crate::tell::{
    GENERATED, PLAIN, by_hand, cancelled, delete, deploy, meeting, of_kind, preserved, repeating, taken_back,
};
use std::collections::BTreeMap;
use std::time::Duration;

#[test]
fn a_create_that_was_killed_and_is_denied_everything_when_it_is_delivered_again_leaves_no_orphan() {
    let killed = Mishap::Killed { done: true };
    for props in [PLAIN, GENERATED] {
        histories(&[meeting(deploy(&props), &[(0, killed), (1, DENIED)])]);
    }
}

/// The tags there after a failure that was left so, and an Update that succeeded. Each of these has so many tags.
fn tags_after(first: usize, failed: usize, last: usize) -> BTreeMap<String, String> {
    let tagged = |props: Props, tags| Props { tags, ..props };
    let simulation = after(&[
        deploy(&tagged(PLAIN, first)),
        preserved(deploy(&tagged(of_kind(Kind::Bad), failed))),
        deploy(&tagged(PLAIN, last)),
    ]);
    let account = simulation.function.account.borrow();
    let tags = account.templates[IDS[0]].tags.clone();
    tags.into_iter().filter(|(key, _)| !key.contains(':')).collect()
}

fn tags<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// CloudFormation's old properties are those that failed.
#[test]
fn a_declared_tag_is_as_declared_after_a_failure_that_was_left_so() {
    assert_eq!(tags_after(1, 2, 2), tags([("team", "yard")]));
}

#[test]
fn of_the_tags_after_a_failure_that_was_left_so_only_those_stay_that_no_properties_name() {
    let (team, cost) = (("team", "yard"), ("cost", "1"));
    assert_eq!(tags_after(3, 2, 2), tags([team, cost]));
    assert_eq!(tags_after(3, 3, 2), tags([team]));
}

/// An Update that is at work still, and its rollback.
fn overtaken_by_its_rollback(simulation: &mut Simulation, to: &Props, met: &[(usize, Mishap)]) {
    let (old, new) = (PLAIN.json(), to.json());
    simulation.function.account.borrow_mut().arm(met);
    let forward = simulation.stacks.update_of("fleet", "Reboot", &new, &old);
    let back = simulation.stacks.update_of("fleet", "Reboot", &old, &new);
    let reply = simulation.function.cancel(&forward, Duration::from_millis(1500), &back);
    assert!(reply.is_some_and(|reply| reply.succeeded));
    simulation.function.settle();
    simulation.check_wrongs();
}

const DENIED_FOR_A_WHILE: Mishap = Mishap::Denied {
    all: false,
    seconds: 15,
};

#[test]
fn an_update_to_another_id_that_its_own_rollback_overtakes_makes_nothing_afterwards() {
    let mut simulation = after(&[deploy(&PLAIN)]);
    overtaken_by_its_rollback(&mut simulation, &other_id(), &[(1, DENIED_FOR_A_WHILE)]);

    let account = simulation.function.account.borrow();
    assert!(!account.templates.contains_key(IDS[1]), "{:#?}", account.record.lines);
}

#[test]
fn an_update_to_another_id_that_its_own_rollback_overtakes_adopts_nothing_afterwards() {
    for at in 2..7 {
        let mut simulation = after(&[deploy(&PLAIN), by_hand(Hand::Make { id: 1 })]);
        let adopting = changed(|props| {
            (props.id, props.content, props.tags, props.adopt) = (Some(1), Kind::ByHand, 0, Some("true"));
        });
        overtaken_by_its_rollback(&mut simulation, &adopting, &[(at, DENIED_FOR_A_WHILE)]);

        let account = simulation.function.account.borrow();
        let holder = account.templates[IDS[1]].holder();
        assert_eq!(*holder, Maker::Person, "{at}: {:#?}", account.record.lines);
    }
}

/// Each template that we make has our tags, also one that is put back.
#[test]
fn what_was_stripped_and_could_not_be_made_anew_is_put_back_as_ours() {
    histories(&[
        deploy(&PLAIN),
        by_hand(Hand::StripTags { template: 0 }),
        preserved(deploy(&of_kind(Kind::Bad))),
        delete(),
    ]);
}

/// The tags are shown some seconds late, and the last look at the content hangs: what they are is not known any more.
#[test]
fn a_delete_judges_by_tags_that_it_has_just_seen() {
    let met = [
        (0, Mishap::ShownLate { seconds: 3 }),
        (4, Mishap::Hangs { done: false }),
    ];
    let simulation = after(&[meeting(taken_back(deploy(&of_kind(Kind::Job(0)))), &met)]);
    assert!(simulation.function.account.borrow().templates.is_empty());
}

/// A stranger deletes what the Delete has found, and the Create that hangs makes it again.
#[test]
fn what_a_cancelled_create_makes_again_after_a_stranger_deleted_it_is_found_by_its_delete() {
    let met = [(0, Mishap::Hangs { done: true }), (4, Mishap::Before(Deed::Delete))];
    histories(&[meeting(cancelled(&GENERATED, Duration::ZERO), &met)]);
}

/// It made what was asked for; all that is left to do is to leave its words, and to look for what the failed one may have made.
#[test]
fn what_an_update_made_that_could_not_look_for_what_another_left_is_said_and_found_by_its_rollback() {
    let mut simulation = after(&[
        deploy(&PLAIN),
        preserved(deploy(&Props {
            content: Kind::Bad,
            ..other_id()
        })),
    ]);
    simulation.step(&meeting(deploy(&GENERATED), &[(3, Mishap::Outage)]));
    let account = simulation.function.account.borrow();
    let reasons = account
        .record
        .deliveries
        .iter()
        .filter_map(|delivery| delivery.reply.as_ref());
    assert!(
        reasons
            .clone()
            .any(|reply| reply.reason.contains("is there beside the old one")),
        "{:#?}",
        account.record.lines
    );
}

/// A source that is there was refused for something else.
#[test]
fn a_template_from_a_source_is_put_back_from_it_though_that_is_refused_once() {
    let met = [(4, REFUSED)];
    let simulation = after(&[
        deploy(&of_kind(Kind::Source)),
        meeting(preserved(deploy(&of_kind(Kind::Bad))), &met),
    ]);
    let account = simulation.function.account.borrow();
    assert!(
        account.templates[IDS[0]].content.document_source.is_some(),
        "{:#?}",
        account.record.lines
    );
}

#[test]
fn the_delete_of_a_refused_create_that_has_seen_its_template_does_not_take_it_for_never_made() {
    let met = [(0, REFUSED), (4, DENIED)];
    let op = meeting(deploy(&PLAIN), &met);
    histories(&[repeating(op, 1, Repeat::Before(1))]);
}
