//! What the random histories found, made small.

use super::*;
use crate::cloudformation::Function;
use crate::history::{Hand, IDS, Kind, Repeat};
use crate::iot::Maker;
use crate::mishap::Deed;
use crate::tell::{
    GENERATED, PLAIN, by_hand, cancelled, delete, deploy, deploy_all, each_twice, meeting, of_kind, preserved,
    repeating, taken_back,
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

/// What an Update to another id leaves on the held one "where only that fails, it is a warning": a repetition leaves it after all.
#[test]
fn words_that_could_not_be_left_for_want_of_a_look_are_left_by_a_repetition() {
    let failed = preserved(deploy(&generated(Kind::Bad, 0)));
    let next = meeting(deploy(&generated(Kind::Document(0), 1)), &[(3, REFUSED)]);
    histories(&[deploy(&GENERATED), failed, each_twice(next)]);
}

fn generated(content: Kind, revision: usize) -> Props {
    Props {
        content,
        revision,
        ..GENERATED
    }
}

/// An Update to another id that failed at once, and was taken back.
fn failed_and_taken_back() -> [Op; 2] {
    [deploy(&PLAIN), meeting(deploy(&GENERATED), &[(0, REFUSED)])]
}

/// Another stack's request, and before it, or together with it, the failed Update of the first one again.
fn repeated_by_the_way(repeat: Repeat) -> Op {
    repeating(deploy_all(1, &[(0, Some(&GENERATED))]), 0, repeat)
}

/// What remembers that it was taken back is gone: before the failed Update is delivered again, or while it is at work.
#[test]
fn an_update_that_was_taken_back_makes_anew_what_nothing_remembers_any_more() {
    let ops = failed_and_taken_back();
    let deleted = meeting(
        repeated_by_the_way(Repeat::Together(2)),
        &[(1, Mishap::Before(Deed::Delete))],
    );
    histories(&[&ops[..], &[deleted]].concat());

    // It is not the last deed that counts.
    let strip = || by_hand(Hand::StripTags { template: 0 });
    histories(&[&ops[..], &[strip(), repeated_by_the_way(Repeat::Before(2)), strip()]].concat());
}

/// What a call made that IoT carried out after its Delete is made anew with the tags that nobody declares any more.
#[test]
fn the_tags_of_what_was_made_late_stay() {
    let twice_the_same_id = deploy_all(0, &[(0, Some(&PLAIN)), (1, Some(&PLAIN))]);
    let late = meeting(twice_the_same_id, &[(0, Mishap::Later { seconds: 3 })]);
    let next = Props {
        tags: 0,
        ..of_kind(Kind::Job(0))
    };
    // With nothing in it: a stack whose creation fails would be another one the next time.
    let empty = deploy_all(0, &[(0, None)]);
    histories(&[empty, late, deploy(&next)]);
}

/// An Update that failed and was left so, or whose rollback could not leave its words, and one to another id since: the held
/// template remembers neither, until the clean-up deletes it.
#[test]
fn an_update_that_failed_is_carried_out_between_one_to_another_id_and_its_clean_up() {
    let failed = preserved(deploy(&of_kind(Kind::Bad)));
    histories(&[
        deploy(&PLAIN),
        failed,
        repeating(deploy(&GENERATED), 1, Repeat::Before(2)),
    ]);
    let met = [(0, REFUSED), (2, REFUSED)];
    histories(&[
        deploy(&GENERATED),
        meeting(deploy(&generated(Kind::Document(2), 0)), &met),
        repeating(deploy(&generated(Kind::Document(0), 1)), 1, Repeat::Before(3)),
    ]);
}

/// Killed three times, it deletes when it is delivered for a fourth.
#[test]
fn a_delete_that_went_unanswered_is_carried_out_when_it_is_delivered_again() {
    let killed = Mishap::Killed { done: false };
    let deleted = meeting(delete(), &[(0, killed), (1, killed), (2, killed)]);
    histories(&[deploy(&PLAIN), repeating(deleted, 1, Repeat::Before(1))]);
}

/// It has less time the second time it is delivered, and IoT carries the Create out when that is over.
#[test]
fn what_the_delete_of_a_cancelled_create_looks_for_is_looked_for_within_cloudformations_patience() {
    let hasty = Props {
        timeout: Some(100),
        ..GENERATED
    };
    let met = [(0, Mishap::Later { seconds: 200 }), (5, Mishap::Killed { done: true })];
    histories(&[meeting(cancelled(&hasty, Duration::ZERO), &met)]);
}

/// The Update fails for the tags, and its rollback has nothing to set but its words: for those it does not fail. When the
/// Update is delivered again, nothing says that it comes late.
#[test]
fn an_update_of_tags_whose_rollback_could_not_say_so_is_carried_out_when_it_is_delivered_again() {
    let tagged = Props { tags: 2, ..PLAIN };
    let refused = Mishap::Refused { lasting: true };
    histories(&[
        deploy(&PLAIN),
        meeting(deploy(&tagged), &[(1, refused)]),
        repeated_by_the_way(Repeat::Before(2)),
    ]);
}

/// A repetition of the Create is delivered in the gap of the re-create: what it makes there has the content that is wanted, and the
/// Create's tags and words. "Every Create and Update leaves its words on the template."
#[test]
fn what_a_repetition_makes_in_the_gap_gets_the_tags_and_words_of_the_update() {
    let tagged = |revision| Props {
        tags: 2,
        revision,
        ..PLAIN
    };
    let killed = meeting(repeating(deploy(&tagged(0)), 0, Repeat::Before(1)), &[(0, KILLED)]);
    let mut simulation = after(&[deploy(&PLAIN), killed, deploy(&tagged(1))]);
    // Two minutes after it was killed it is delivered again.
    let again = simulation.function.queue.borrow()[0].due;
    let until = again - simulation.function.now() - Duration::from_secs(11);
    let until = Duration::from_secs(until.as_secs());
    simulation.function.pass(simulation.function.now() + until, |_| false);
    simulation.step(&meeting(deploy(&tagged(0)), &[(3, Mishap::Slow)]));
    simulation.function.settle();
    simulation.check();
    let account = simulation.function.account.borrow();
    let template = &account.templates[IDS[0]];
    let request = template
        .made_by
        .map(|delivery| account.record.deliveries[delivery].request);
    assert_eq!(request, Some(0), "{:#?}", account.record.lines);
    assert!(template.tags["cloudformation:request"].starts_with("20261126T1002"));
}

const KILLED: Mishap = Mishap::Killed { done: false };
