//! Stories of templates that change hands: taken over, given back, moved; alone and in chains.

use super::{Story, explore};
use crate::cloudformation::{MadeUp, Variant};
use crate::history::{Hand, Kind, Op, Props};
use crate::tell::{
    FLEETS, PLAIN, STRANGERS, adopting, by_hand, cancelled, changed, delete, deploy, deploy_all, of_kind, preserved,
    taken_back,
};
use std::time::Duration;

fn story(ops: Vec<Op>) -> Story {
    Story {
        variant: Variant::default(),
        absent_has_no_tags: true,
        ops,
    }
}

fn failures_count(story: Story) -> Story {
    Story {
        variant: Variant {
            failures_count: true,
            made_up: MadeUp::BothCases,
        },
        absent_has_no_tags: false,
        ..story
    }
}

fn plain_from(adopt: &'static str) -> Props {
    changed(|props| props.adopt = Some(adopt))
}

fn a_persons() -> Op {
    by_hand(Hand::Make { id: 0 })
}

fn another_stacks() -> Op {
    by_hand(Hand::MakeForAStack { id: 0 })
}

fn own() -> Props {
    Props {
        adopt: None,
        ..adopting("true")
    }
}

fn elsewhere() -> Props {
    changed(|props| props.id = Some(1))
}

macro_rules! moves {
    ($($name:ident: $story:expr;)*) => {$(
        #[test]
        fn $name() {
            explore(stringify!($name), &$story);
        }
    )*};
}

moves! {
    adopted_from_nobody_and_given_back: story(vec![a_persons(), deploy(&adopting("true"))]);
    adopted_from_a_stack_and_given_back: failures_count(story(vec![another_stacks(), deploy(&adopting(STRANGERS))]));
    adopted_and_taken_back: story(vec![a_persons(), taken_back(deploy(&adopting("true")))]);
    adopted_from_a_stack_and_taken_back: story(vec![another_stacks(), taken_back(deploy(&adopting(STRANGERS)))]);
    adopted_by_a_create_that_is_cancelled:
        failures_count(story(vec![a_persons(), cancelled(&adopting("true"), Duration::from_millis(25))]));
    not_adopted_without_being_told: story(vec![a_persons(), deploy(&own())]);
    not_adopted_from_another_than_was_named: story(vec![another_stacks(), deploy(&adopting("true"))]);
    not_adopted_where_it_is_not_as_declared: story(vec![a_persons(), deploy(&plain_from("true"))]);
    adopted_where_there_is_nothing: story(vec![deploy(&adopting("true"))]);
    adopted_and_made_ones_own: story(vec![a_persons(), deploy(&adopting("true")), deploy(&own())]);
    adopted_and_changed: story(vec![a_persons(), deploy(&adopting("true")), deploy(&plain_from("true"))]);
    adopted_and_changed_and_taken_back:
        failures_count(story(vec![a_persons(), deploy(&adopting("true")), taken_back(deploy(&plain_from("true")))]));
    adopted_and_changed_as_iot_refuses_it: story(vec![
        a_persons(),
        deploy(&adopting("true")),
        deploy(&Props { adopt: Some("true"), ..of_kind(Kind::Bad) }),
    ]);
    adopted_by_an_update_to_its_id: story(vec![a_persons(), deploy(&elsewhere()), deploy(&adopting("true"))]);
    adopted_by_an_update_to_its_id_and_taken_back:
        story(vec![a_persons(), deploy(&elsewhere()), taken_back(deploy(&adopting("true")))]);
    adopted_by_an_update_that_fails_and_is_left_so:
        failures_count(story(vec![another_stacks(), deploy(&elsewhere()), preserved(deploy(&adopting(STRANGERS))), delete()]));
    renamed: story(vec![deploy(&PLAIN), deploy_all(0, &[(0, None), (1, Some(&plain_from("Reboot")))])]);
    renamed_and_taken_back:
        story(vec![deploy(&PLAIN), renaming_fails()]);
    renamed_what_was_nobodys: story(vec![
        a_persons(),
        deploy(&adopting("true")),
        deploy_all(0, &[(0, None), (1, Some(&adopting("Reboot")))]),
    ]);
    renamed_and_renamed_again: story(vec![
        deploy(&PLAIN),
        deploy_all(0, &[(0, None), (1, Some(&plain_from("Reboot")))]),
        deploy_all(0, &[(1, None), (2, Some(&plain_from("Rotate")))]),
    ]);
    renamed_in_the_middle_of_a_move: story(vec![
        deploy(&PLAIN),
        deploy_all(1, &[(0, Some(&plain_from(FLEETS)))]),
        deploy_all(1, &[(0, None), (1, Some(&plain_from("Reboot")))]),
        delete(),
    ]);
    renamed_in_the_middle_of_a_move_that_is_taken_back: story(vec![
        deploy(&PLAIN),
        deploy_all(1, &[(0, Some(&plain_from(FLEETS)))]),
        deploy_all(1, &[(0, None), (1, Some(&plain_from("Reboot")))]),
        Op::Delete { stack: 1, mishaps: Vec::new(), twice: false, repeats: Vec::new() },
    ]);
    renamed_in_the_middle_of_a_move_and_taken_back: story(vec![
        deploy(&PLAIN),
        deploy_all(1, &[(0, Some(&plain_from(FLEETS)))]),
        taken_back(deploy_all(1, &[(1, Some(&plain_from("Reboot"))), (2, None)])),
        delete(),
    ]);
    moved_to_another_stack:
        story(vec![deploy(&PLAIN), deploy_all(1, &[(0, Some(&plain_from(FLEETS)))]), delete()]);
    moved_to_another_stack_that_fails:
        story(vec![deploy(&PLAIN), taken_back(deploy_all(1, &[(0, Some(&plain_from(FLEETS)))]))]);
    adopted_by_two_at_once: story(vec![
        a_persons(),
        deploy_all(0, &[(0, Some(&adopting("true"))), (1, Some(&adopting("true")))]),
    ]);
    a_chain_of_two_that_is_taken_back: story(vec![
        a_persons(),
        deploy(&adopting("true")),
        taken_back(deploy_all(1, &[(0, Some(&adopting(FLEETS)))])),
    ]);
}

fn renaming_fails() -> Op {
    taken_back(deploy_all(0, &[(1, Some(&plain_from("Reboot"))), (2, None)]))
}
