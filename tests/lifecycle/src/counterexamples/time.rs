//! Numbers 10 to 22: what comes late, too often or not at all.

use super::*;
use crate::cloudformation::{Function, Reply};
use crate::history::{Hand, IDS, Repeat};
use crate::tell::{
    GENERATED, PLAIN, by_hand, cancelled, content, delete, deploy, deploy_with, meeting, preserved, repeating,
    taken_back,
};
use std::time::Duration;

/// Number 10: a request, and the one that follows it while it is still at work.
fn overtaken(
    simulation: &mut Simulation,
    first: &serde_json::Value,
    after: Duration,
    second: &serde_json::Value,
) -> Reply {
    let reply = simulation.function.cancel(first, after, second).expect("an answer");
    simulation.function.settle();
    simulation.check_wrongs();
    reply
}

const SLOW_LOOKS: [&str; 2] = ["DescribeJobTemplate shared-a Slow", "ListTagsForResource shared-a Slow"];

#[test]
fn an_update_that_its_own_rollback_overtakes_changes_nothing_afterwards() {
    for at in 0..6 {
        let mut simulation = after(&[deploy(&PLAIN)]);
        let (old, new) = (PLAIN.json(), content(1).json());
        simulation.function.account.borrow_mut().arm(&[(at, Mishap::Slow)]);
        let forward = simulation.stacks.update_of("fleet", "Reboot", &new, &old);
        let back = simulation.stacks.update_of("fleet", "Reboot", &old, &new);
        overtaken(&mut simulation, &forward, Duration::from_millis(1500), &back);

        let account = simulation.function.account.borrow();
        // Between look and touch, a call takes as long as it takes: only a slow look is held to it.
        let was_a_look = |line: &String| SLOW_LOOKS.iter().any(|look| line.contains(look));
        if !account.record.lines.iter().any(was_a_look) {
            continue;
        }
        let there = account
            .templates
            .get(IDS[0])
            .and_then(|template| template.content.document.as_deref());
        assert_eq!(there, old["Document"].as_str(), "call {at} was slow");
    }
}

/// Number 11.
#[test]
fn a_duplicate_of_an_old_request_after_a_later_one_touches_nothing() {
    for back in 1..6 {
        // There and back: the first Create, the Update, and the clean-up Delete of the first id among the earlier ones.
        let away_and_back = [deploy(&PLAIN), deploy(&other_id()), deploy(&PLAIN), deploy(&content(1))];
        histories(
            &[
                &away_and_back[..],
                &[repeating(deploy(&content(2)), 0, Repeat::Before(back))],
            ]
            .concat(),
        );
        let there_and_back = [deploy(&PLAIN), deploy(&content(1)), deploy(&PLAIN)];
        histories(
            &[
                &there_and_back[..],
                &[repeating(deploy(&content(2)), 0, Repeat::Before(back))],
            ]
            .concat(),
        );
    }
    // A rollback is a later request, too.
    let rolled_back = [deploy(&PLAIN), taken_back(deploy(&content(1)))];
    histories(
        &[
            &rolled_back[..],
            &[repeating(deploy(&content(2)), 0, Repeat::Before(2))],
        ]
        .concat(),
    );
}

/// Number 12.
#[test]
fn a_create_is_not_carried_out_once_cloudformation_has_given_up() {
    let hasty = changed(|props| props.timeout = Some(2));
    histories(&[meeting(deploy(&hasty), &[(0, Mishap::Killed { done: true })])]);
    // Hours later: its URL has expired.
    let mut simulation = after(&[deploy(&PLAIN), delete(), Op::Wait(Duration::from_secs(4 * 3600))]);
    simulation.function.deliver_alone(0);
    simulation.check();
    assert!(simulation.function.account.borrow().templates.is_empty());
}

/// Number 13.
#[test]
fn what_an_unclear_create_makes_some_seconds_later_is_found_by_its_delete() {
    for seconds in [1, 4, 8] {
        for lost in [Mishap::Outage, DENIED] {
            histories(&[meeting(deploy(&PLAIN), &[(0, Mishap::Later { seconds }), (1, lost)])]);
        }
    }
}

/// Number 13, too. The first call that asks for another id looks at the held one.
#[test]
fn what_a_failed_update_to_another_id_makes_some_seconds_later_is_found_by_its_rollback() {
    for at in 0..3 {
        for seconds in [1, 4, 8] {
            let met = [(at, Mishap::Later { seconds }), (at + 1, DENIED)];
            histories(&[deploy(&PLAIN), meeting(deploy(&other_id()), &met)]);
        }
    }
}

/// Number 14. The second call of the Create is a repetition, and meets its own template.
#[test]
fn what_shows_its_tags_late_is_ours_all_the_same() {
    let late = Mishap::ShownLate { seconds: 4 };
    histories(&[meeting(deploy(&PLAIN), &[(0, late)])]);
    histories(&[repeating(meeting(deploy(&PLAIN), &[(0, late)]), 0, Repeat::Together(0))]);
    for made_up in [MadeUp::Capitals, MadeUp::BothCases] {
        let cancelled = meeting(cancelled(&PLAIN, Duration::from_millis(500)), &[(0, late)]);
        run(
            Variant {
                made_up,
                failures_count: false,
            },
            &[cancelled],
        );
    }
}

/// Not at the speed of the network, where nothing but this operation is throttled. The least that a pace waits is a random part of
/// three seconds.
#[test]
fn a_touch_that_is_throttled_waits_for_its_turn_before_the_look() {
    for tags in [1, 4] {
        let mut simulation = after(&[deploy(&changed(|props| props.tags = 3))]);
        let tagged = changed(|props| props.tags = tags);
        let throttled = [1, 3, 5].map(|at| (at, Mishap::Throttled));
        simulation.step(&meeting(deploy(&tagged), &throttled));

        let account = simulation.function.account.borrow();
        let update = &account.record.deliveries[1];
        let took = update.ended.expect("an end") - update.started;
        assert!(took > Duration::from_secs(1), "{took:?}: {:#?}", account.record.lines);
    }
}

/// Number 15.
#[test]
fn a_delete_of_what_is_gone_succeeds_though_its_tags_cannot_be_had() {
    let no_tags = Mishap::Denied {
        all: false,
        seconds: FOR_GOOD,
    };
    for down in [no_tags, Mishap::Refused { lasting: true }, Mishap::Down] {
        let mut simulation = after(&[deploy(&PLAIN), by_hand(Hand::Delete { template: 0 })]);
        simulation.function.account.borrow_mut().excused = false;
        simulation.step(&meeting(delete(), &[(0, down)]));
        assert_eq!(
            simulation.function.account.borrow().record.requests.len(),
            2,
            "one Delete is enough: {down:?}"
        );
    }
}

/// Number 15, too.
#[test]
fn a_create_that_was_refused_can_be_deleted_though_describe_is_denied() {
    let mut simulation = told(Variant::default());
    simulation
        .function
        .account
        .borrow_mut()
        .always_denied
        .push("DescribeJobTemplate");
    simulation.step(&meeting(deploy(&PLAIN), &[(0, REFUSED)]));
    simulation.end();
}

/// Number 16.
#[test]
fn a_restoration_that_is_refused_is_tried_again() {
    for refusals in 1..5 {
        // After some looks and the delete, the create and as many restorations are refused.
        let met: Vec<_> = (3..4 + refusals).map(|at| (at, REFUSED)).collect();
        let mut simulation = after(&[deploy(&PLAIN)]);
        simulation.step(&meeting(preserved(deploy(&content(1))), &met));
        let account = simulation.function.account.borrow();
        assert!(
            account.templates.contains_key(IDS[0]),
            "after {refusals} refusals: {:#?}",
            account.record.lines
        );
    }
}

/// Number 17.
#[test]
fn a_role_whose_policy_is_seconds_late_is_waited_for() {
    for seconds in [4, 20] {
        let late = Mishap::Denied { all: true, seconds };
        let simulation = after(&[meeting(deploy(&PLAIN), &[(0, late)])]);
        assert!(simulation.stacks.get("fleet").is_some(), "{seconds} s");
        let simulation = after(&[deploy(&PLAIN), meeting(deploy(&content(1)), &[(0, late)])]);
        let account = simulation.function.account.borrow();
        let document = account.templates[IDS[0]].content.document.clone();
        assert_eq!(document.as_deref(), Some("{\"n\": 1}"), "{seconds} s");
    }
}

/// Number 18.
#[test]
fn a_cancelled_create_leaves_no_orphan_whatever_id_its_delete_has() {
    for made_up in [MadeUp::Capitals, MadeUp::BothCases, MadeUp::Shortened] {
        for props in [PLAIN, GENERATED] {
            for after in [0, 30, 2990] {
                let op = cancelled(&props, Duration::from_millis(after));
                run(
                    Variant {
                        made_up,
                        failures_count: false,
                    },
                    &[op],
                );
            }
        }
    }
}

/// Number 19.
#[test]
fn a_delete_without_an_id_finds_what_its_create_made() {
    let missing = Variant {
        made_up: MadeUp::Missing,
        failures_count: false,
    };
    for props in [PLAIN, GENERATED] {
        run(missing, &[cancelled(&props, Duration::from_millis(500))]);
        run(
            missing,
            &[meeting(cancelled(&props, Duration::ZERO), &[(0, Mishap::Slow)])],
        );
    }
}

/// What cannot be promised: the clean-up of a preserved failure cannot tell what another Create of the same id made since.
#[test]
fn what_the_clean_up_of_a_preserved_create_takes_is_there_again_after_the_next_update() {
    let mut simulation = after(&[deploy(&PLAIN)]);
    let clean_up = simulation
        .stacks
        .delete_of_a_made_up_id("fleet", "Reboot", &PLAIN.json());
    simulation.function.send(&clean_up);
    let is_there = |simulation: &Simulation| simulation.function.account.borrow().templates.contains_key(IDS[0]);
    assert!(!is_there(&simulation));

    let tagged = changed(|props| props.tags = 3).json();
    let update = simulation.stacks.update_of("fleet", "Reboot", &tagged, &PLAIN.json());
    simulation.function.send(&update);

    assert!(is_there(&simulation));
}

/// Number 22.
#[test]
fn a_template_that_is_shown_otherwise_than_it_was_written_is_not_made_anew_for_a_tag() {
    let mut simulation = after(&[deploy(&PLAIN)]);
    simulation.function.account.borrow_mut().shows_otherwise = true;
    simulation.step(&deploy(&changed(|props| props.tags = 3)));
    simulation.end();
}

/// Two at once, at every distance from each other: nothing is lost, and nothing is left.
#[test]
fn two_deliveries_of_any_request_at_once_end_like_one() {
    for props in [PLAIN, GENERATED] {
        histories(&[repeating(deploy(&props), 0, Repeat::Together(0))]);
        histories(&[deploy(&props), repeating(delete(), 0, Repeat::Together(0))]);
        let tagged = Props {
            tags: 3,
            ..props.clone()
        };
        histories(&[deploy(&props), repeating(deploy(&tagged), 0, Repeat::Together(0))]);
    }
    histories(&[deploy(&PLAIN), repeating(deploy(&other_id()), 0, Repeat::Together(0))]);
    histories(&[
        deploy(&PLAIN),
        repeating(deploy_with(&content(1), &[], true), 0, Repeat::Together(0)),
    ]);
}
