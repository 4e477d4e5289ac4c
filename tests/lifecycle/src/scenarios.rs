//! Small worlds, searched exhaustively: every mishap, and every pair of them, at every call of each kind of operation.
//! And the histories that once failed, by name.

use crate::cloudformation::Stack;
use crate::history::{Hand, Kind, Op, Props, RESOURCES, STACKS, World, desired};
use crate::iot::{Maker, Mishap};
use iot_job_template_core::cloudformation::owner::Owner;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

const PLAIN: Props = Props {
    id: Some(0),
    content: Kind::Document(0),
    tags: 1,
    revision: 0,
};

const GENERATED: Props = Props { id: None, ..PLAIN };

const MISHAPS: [Mishap; 15] = [
    Mishap::Refused,
    Mishap::Throttled,
    Mishap::NotSent,
    Mishap::Failed { done: false },
    Mishap::Failed { done: true },
    Mishap::AnswerLost { done: false },
    Mishap::AnswerLost { done: true },
    Mishap::Slow,
    Mishap::Hangs { done: false },
    Mishap::Hangs { done: true },
    Mishap::Outage,
    Mishap::Killed { done: false },
    Mishap::Killed { done: true },
    Mishap::Lingers { shown: false },
    Mishap::Lingers { shown: true },
];

fn deploy(props: &Props) -> Op {
    deploy_with(props, &[], false)
}

fn deploy_with(props: &Props, mishaps: &[(usize, Mishap)], sibling_fails: bool) -> Op {
    Op::Deploy {
        stack: 0,
        resources: BTreeMap::from([(0, Some(props.clone()))]),
        sibling_fails_after: sibling_fails.then_some(1),
        cancels_after: None,
        mishaps: mishaps.to_vec(),
        twice: false,
    }
}

fn delete_with(mishaps: &[(usize, Mishap)]) -> Op {
    Op::Delete {
        stack: 0,
        mishaps: mishaps.to_vec(),
        twice: false,
    }
}

/// Runs the operation from the state that the others lead to, with one mishap wherever it can be; and, if
/// `LIFECYCLE_PAIRS` is set, with two.
fn with_every_mishap(before: &[Op], op: impl Fn(&[(usize, Mishap)]) -> Op) {
    let pairs = std::env::var_os("LIFECYCLE_PAIRS").is_some();
    // Whether all the mishaps came to pass: the operation made so many calls.
    let all_happen = |mishaps: &[(usize, Mishap)]| {
        let mut history = before.to_vec();
        history.push(op(mishaps));
        [false, true].map(|failures_count| run(failures_count, &history) >= mishaps.len()) != [false, false]
    };
    let at_every_call = |from: usize, earlier: &[(usize, Mishap)]| {
        for call in from.. {
            let mut happened = false;
            for mishap in MISHAPS {
                happened |= all_happen(&[earlier, &[(call, mishap)]].concat());
            }
            if !happened {
                return call;
            }
        }
        unreachable!("an operation ends")
    };
    let calls = at_every_call(0, &[]);
    if pairs {
        for first in 0..calls {
            for mishap in MISHAPS {
                at_every_call(first + 1, &[(first, mishap)]);
            }
        }
    }
}

/// Runs a history. Gives the number of mishaps that came to pass in its last operation.
fn run(failures_count: bool, history: &[Op]) -> usize {
    let mut world = World::new(failures_count);
    let iot = world.function.iot.clone();
    let run = catch_unwind(AssertUnwindSafe(|| {
        history.iter().for_each(|op| world.step(op));
        let happened = world.function.iot.borrow().happened;
        world.end();
        happened
    }));
    run.unwrap_or_else(|panic| {
        eprintln!("{}", iot.borrow().trace.join("\n"));
        resume_unwind(panic)
    })
}

fn changed(change: impl Fn(&mut Props)) -> Props {
    let mut props = PLAIN;
    change(&mut props);
    props
}

macro_rules! every_fault_at_every_call {
    ($($name:ident: $before:expr, $op:expr;)*) => {$(
        #[test]
        fn $name() {
            with_every_mishap(&$before, $op);
        }
    )*};
}

mod every_fault_at_every_call_of {
    use super::*;

    every_fault_at_every_call! {
        a_create: [], |m| deploy_with(&PLAIN, m, false);
        a_create_with_a_generated_id: [], |m| deploy_with(&GENERATED, m, false);
        a_create_that_a_siblings_failure_takes_back: [], |m| deploy_with(&PLAIN, m, true);
        a_create_that_iot_refuses: [], |m| deploy_with(&changed(|p| p.content = Kind::Bad), m, false);
        a_create_from_a_source: [], |m| deploy_with(&changed(|p| p.content = Kind::Source), m, false);
        a_change_of_tags: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.tags = 3), m, false);
        a_change_of_nearly_all_tags_there_can_be: [deploy(&changed(|p| p.tags = 4))], |m| deploy_with(&changed(|p| p.tags = 3), m, false);
        a_change_of_tags_that_is_taken_back: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.tags = 3), m, true);
        a_recreation: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.content = Kind::Document(1)), m, false);
        a_recreation_that_is_taken_back: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.content = Kind::Document(1)), m, true);
        a_recreation_that_iot_refuses: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.content = Kind::Bad), m, false);
        a_recreation_for_a_revision: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.revision = 1), m, false);
        a_recreation_from_a_source: [deploy(&changed(|p| p.content = Kind::Source))], |m| deploy_with(&PLAIN, m, true);
        a_replacement_of_a_given_id: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.id = Some(1)), m, false);
        a_replacement_that_is_taken_back: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.id = Some(1)), m, true);
        a_replacement_of_a_generated_id: [deploy(&GENERATED)], |m| deploy_with(&Props { revision: 1, ..GENERATED }, m, false);
        a_replacement_of_a_generated_id_that_is_taken_back: [deploy(&GENERATED)], |m| deploy_with(&Props { revision: 1, ..GENERATED }, m, true);
        a_replacement_that_iot_refuses: [deploy(&GENERATED)], |m| deploy_with(&Props { content: Kind::Bad, ..GENERATED }, m, false);
        an_update_that_cannot_be_read: [deploy(&PLAIN)], |m| deploy_with(&changed(|p| p.content = Kind::Unreadable), m, false);
        a_delete: [deploy(&PLAIN)], delete_with;
    }
}

/// Histories that the model found to fail, or that reading the code did.
mod once {
    use super::*;

    /// The first delivery made it; the second must not say that nothing was made only because its own calls failed.
    #[test]
    fn a_create_that_was_killed_after_it_was_done_is_not_forgotten_by_the_next_delivery() {
        for mishap in [Mishap::Outage, Mishap::Refused, Mishap::Hangs { done: false }] {
            run(
                false,
                &[deploy_with(
                    &PLAIN,
                    &[(0, Mishap::Killed { done: true }), (1, mishap)],
                    false,
                )],
            );
        }
    }

    /// What an earlier delivery made is looked for before a refusal counts, for it may be in the way of nothing but us.
    #[test]
    fn a_create_that_is_refused_after_it_was_done_succeeds() {
        let mut world = World::new(false);
        let mishaps = [(0, Mishap::Killed { done: true }), (1, Mishap::Refused)];
        world.step(&deploy_with(&PLAIN, &mishaps, false));

        let iot = world.function.iot.borrow();
        assert!(iot.templates.contains_key("shared-a"), "{:#?}", iot.trace);
    }

    #[test]
    fn a_create_that_finds_its_own_template_and_fails_at_changing_it_leaves_no_orphan() {
        let owner = Owner {
            stack_id: Stack::new(STACKS[0], 1, false).id,
            logical_id: RESOURCES[0].into(),
        };
        // Its tags are to be changed, or it is to be made anew.
        for found in [PLAIN, changed(|p| p.content = Kind::Document(1))] {
            let mut world = World::new(false);
            let made = world.function.iot.borrow_mut().create(
                "shared-a",
                &desired(&found.json()).content,
                &owner.tags(),
                Maker::Resource {
                    stack: owner.stack_id.clone(),
                    logical_id: owner.logical_id.clone(),
                },
            );
            made.expect("nothing is in the way");
            // After CreateJobTemplate, DescribeJobTemplate and ListTagsForResource.
            world.step(&deploy_with(&PLAIN, &[(3, Mishap::Refused)], false));

            assert!(world.function.iot.borrow().templates.is_empty());
        }
    }

    /// The look between two creates says that nothing is there; the second create may change that.
    #[test]
    fn a_create_that_went_unanswered_after_a_look_is_not_said_to_have_made_nothing() {
        let mut world = World::new(false);
        world.step(&Op::ByHand(Hand::Make { id: 0 }));
        let mishaps = [
            (1, Mishap::DeletedByHand),
            (2, Mishap::AnswerLost { done: true }),
            (3, Mishap::Outage),
        ];
        world.step(&deploy_with(&PLAIN, &mishaps, false));

        assert!(world.function.iot.borrow().templates.is_empty());
    }

    /// It cannot be told from what that Create would have made, so the Delete must not be about it at all.
    #[test]
    fn a_persons_template_with_the_very_content_survives_a_failed_create_and_its_delete() {
        let mut world = World::new(false);
        world.step(&Op::ByHand(Hand::Make { id: 0 }));
        let iot = world.function.iot.clone();
        let content = desired(&PLAIN.json()).content;
        iot.borrow_mut()
            .templates
            .entry("shared-a".into())
            .and_modify(|it| it.content = content);
        world.step(&deploy(&PLAIN));

        assert!(iot.borrow().templates.contains_key("shared-a"));
    }

    /// Nobody answered it, so CloudFormation knows of the old id only.
    #[test]
    fn a_replacement_that_was_made_and_never_answered_is_deleted_by_its_rollback() {
        let killed = [0, 1, 2, 3, 4, 5, 6].map(|call| (call, Mishap::Killed { done: true }));
        run(
            false,
            &[
                deploy(&PLAIN),
                deploy_with(&changed(|p| p.id = Some(1)), &killed[..3], false),
            ],
        );
    }

    /// If it named what it may have made, the update that rolls it back would look like a replacement of just that.
    #[test]
    fn an_update_of_unknown_outcome_keeps_its_id() {
        let mishaps = [
            (2, Mishap::Killed { done: true }),
            (4, Mishap::AnswerLost { done: true }),
            (5, Mishap::Outage),
        ];
        let recreated = changed(|p| p.content = Kind::Document(1));
        run(true, &[deploy(&PLAIN), deploy_with(&recreated, &mishaps, false)]);
    }

    /// A revision is not seen in the template, and the old one, just deleted, may still be shown.
    #[test]
    fn a_template_that_lingers_after_its_deletion_is_not_taken_for_the_new_one() {
        let revised = changed(|p| p.revision = 1);
        for shown in [false, true] {
            run(
                false,
                &[
                    deploy(&PLAIN),
                    deploy_with(&revised, &[(2, Mishap::Lingers { shown })], false),
                ],
            );
        }
    }

    /// The rollback follows at once, and must not take what was deleted for what is there.
    #[test]
    fn a_template_that_lingers_and_could_not_be_restored_is_made_again_by_the_rollback() {
        let mishaps = [(2, Mishap::Lingers { shown: true }), (4, Mishap::Refused)];
        let refused = changed(|p| p.content = Kind::Bad);
        run(false, &[deploy(&PLAIN), deploy_with(&refused, &mishaps, false)]);
    }

    /// What lingers is gone by then: Lambda waits before it delivers again what was killed.
    #[test]
    fn a_template_that_lingers_when_the_function_is_killed_is_not_lost_though_the_next_delivery_is_refused() {
        let mishaps = [
            (2, Mishap::Lingers { shown: true }),
            (3, Mishap::Killed { done: false }),
            (5, Mishap::Refused),
        ];
        let recreated = changed(|p| p.content = Kind::Document(1));
        run(false, &[deploy(&PLAIN), deploy_with(&recreated, &mishaps, false)]);
    }

    /// The update before never touched this template: what it had changed is not in it.
    #[test]
    fn the_rollback_of_a_replacement_leaves_the_old_template_untouched() {
        let mut world = World::new(false);
        world.step(&deploy(&Props {
            revision: 1,
            ..GENERATED
        }));
        let made = world.function.iot.borrow().templates.clone();
        world.step(&deploy(&Props {
            content: Kind::Bad,
            revision: 2,
            ..GENERATED
        }));

        let iot = world.function.iot.borrow();
        assert_eq!(iot.templates, made);
        let deleted = iot.trace.iter().any(|line| line.contains("DeleteJobTemplate"));
        assert!(!deleted, "{:#?}", iot.trace);
    }

    #[test]
    fn tags_that_somebody_else_put_on_survive_a_recreation_and_a_restoration() {
        for content in [Kind::Document(1), Kind::Bad] {
            let mut world = World::new(false);
            world.step(&deploy(&PLAIN));
            world.step(&Op::ByHand(Hand::AddTag { template: 0 }));
            world.step(&deploy(&changed(|p| p.content = content)));

            let iot = world.function.iot.borrow();
            assert_eq!(iot.templates["shared-a"].tags["by"], "hand", "{content:?}");
        }
    }

    #[test]
    fn a_template_that_somebody_made_in_the_gap_of_a_recreation_is_left_to_them() {
        let recreated = changed(|p| p.content = Kind::Document(1));
        let mut world = World::new(false);
        world.step(&deploy(&PLAIN));
        world.step(&deploy_with(&recreated, &[(2, Mishap::TakenByHand)], false));

        let iot = world.function.iot.borrow();
        assert_eq!(iot.templates["shared-a"].content.description, "by hand");
    }

    #[test]
    fn a_create_cancelled_while_it_is_slow_leaves_no_orphan() {
        for after in [0, 30, 1000, 2990, 3030] {
            run(
                false,
                &[Op::Deploy {
                    stack: 0,
                    resources: BTreeMap::from([(0, Some(PLAIN))]),
                    sibling_fails_after: Some(0),
                    cancels_after: Some(Duration::from_millis(after)),
                    mishaps: vec![(0, Mishap::Slow)],
                    twice: false,
                }],
            );
        }
    }

    #[test]
    fn a_source_that_is_gone_does_not_keep_the_old_template_from_being_restored() {
        let sourced = changed(|p| p.content = Kind::Source);
        let mut world = World::new(false);
        world.step(&deploy(&sourced));
        world.step(&Op::ByHand(Hand::RemoveObject));
        world.step(&deploy(&changed(|p| p.content = Kind::Bad)));

        let iot = world.function.iot.borrow();
        assert_eq!(iot.templates["shared-a"].content.document.as_deref(), Some("{}"));
    }
}
