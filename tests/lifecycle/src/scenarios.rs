//! Histories that once failed, by name.

use crate::cloudformation::{Function, MadeUp, Reply, Stack, Variant};
use crate::history::{Hand, Kind, Op, Props};
use crate::mishap::{Deed, Mishap};
use crate::simulation::Simulation;
use crate::tell::{GENERATED, PLAIN, cancelled, changed, deploy, deploy_with, meeting};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

/// Runs a history to its end.
pub fn run(variant: Variant, history: &[Op]) {
    let mut simulation = told(variant);
    let account = simulation.function.account.clone();
    let run = catch_unwind(AssertUnwindSafe(|| {
        history.iter().for_each(|op| simulation.step(op));
        simulation.end();
    }));
    run.unwrap_or_else(|panic| {
        eprintln!("{}", account.borrow().record.lines.join("\n"));
        resume_unwind(panic)
    })
}

/// A world that keeps its trace.
pub fn told(variant: Variant) -> Simulation {
    let simulation = Simulation::new(variant);
    simulation.function.account.borrow_mut().record.tracing = true;
    simulation
}

const REFUSED: Mishap = Mishap::Refused { lasting: false };
const FAILURES_COUNT: Variant = Variant {
    failures_count: true,
    made_up: MadeUp::Capitals,
};

/// Histories that the model found to fail, or that reading the code did.
mod once {
    use super::*;

    /// The first delivery made it; the second must not say that nothing was made only because its own calls failed.
    /// The next delivery meets a conflict, and cannot see whose the template is: it may be its own.
    #[test]
    fn a_create_that_was_killed_after_it_was_done_is_found_though_its_next_delivery_may_not_look() {
        for mishap in [
            REFUSED,
            Mishap::Denied {
                all: true,
                seconds: 1_000_000,
            },
        ] {
            let mishaps = [(0, Mishap::Killed { done: true }), (2, mishap), (3, mishap)];
            run(Variant::default(), &[deploy_with(&PLAIN, &mishaps, false)]);
        }
    }

    #[test]
    fn a_create_that_was_killed_after_it_was_done_is_not_forgotten_by_the_next_delivery() {
        for mishap in [Mishap::Outage, REFUSED, Mishap::Hangs { done: false }] {
            run(
                Variant::default(),
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
        let mut world = told(Variant::default());
        let mishaps = [(0, Mishap::Killed { done: true }), (1, REFUSED)];
        world.step(&deploy_with(&PLAIN, &mishaps, false));

        let iot = world.function.account.borrow();
        assert!(iot.templates.contains_key("shared-a"), "{:#?}", iot.record.lines);
    }

    /// The look between two creates says that nothing is there; the second create may change that.
    #[test]
    fn a_create_that_went_unanswered_after_a_look_is_not_said_to_have_made_nothing() {
        let mut world = told(Variant::default());
        world.step(&Op::ByHand(Hand::Make { id: 0 }));
        let mishaps = [
            (1, Mishap::Before(Deed::Delete)),
            (2, Mishap::AnswerLost { done: true }),
            (3, Mishap::Outage),
        ];
        world.step(&deploy_with(&PLAIN, &mishaps, false));

        assert!(world.function.account.borrow().templates.is_empty());
    }

    /// It cannot be told from what that Create would have made, so the Delete must not be about it at all.
    #[test]
    fn a_persons_template_with_the_very_content_survives_a_failed_create_and_its_delete() {
        let mut world = told(Variant::default());
        world.step(&Op::ByHand(Hand::Make { id: 0 }));
        let iot = world.function.account.clone();
        let content = crate::history::desired(&PLAIN.json()).content;
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
            Variant::default(),
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
        run(
            FAILURES_COUNT,
            &[deploy(&PLAIN), deploy_with(&recreated, &mishaps, false)],
        );
    }

    /// A revision is not seen in the template, and the old one, just deleted, may still be shown.
    #[test]
    fn a_template_that_lingers_after_its_deletion_is_not_taken_for_the_new_one() {
        let revised = changed(|p| p.revision = 1);
        for shown in [false, true] {
            run(
                Variant::default(),
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
        let mishaps = [(2, Mishap::Lingers { shown: true }), (4, REFUSED)];
        let refused = changed(|p| p.content = Kind::Bad);
        run(
            Variant::default(),
            &[deploy(&PLAIN), deploy_with(&refused, &mishaps, false)],
        );
    }

    /// What lingers is gone by then: Lambda waits before it delivers again what was killed.
    #[test]
    fn a_template_that_lingers_when_the_function_is_killed_is_not_lost_though_the_next_delivery_is_refused() {
        let mishaps = [
            (2, Mishap::Lingers { shown: true }),
            (3, Mishap::Killed { done: false }),
            (5, REFUSED),
        ];
        let recreated = changed(|p| p.content = Kind::Document(1));
        run(
            Variant::default(),
            &[deploy(&PLAIN), deploy_with(&recreated, &mishaps, false)],
        );
    }

    /// The update before never touched this template: what it had changed is not in it.
    #[test]
    fn the_rollback_of_a_replacement_leaves_the_old_template_untouched() {
        let mut world = told(Variant::default());
        world.step(&deploy(&Props {
            revision: 1,
            ..GENERATED
        }));
        let made = world.function.account.borrow().templates.clone();
        world.step(&deploy(&Props {
            content: Kind::Bad,
            revision: 2,
            ..GENERATED
        }));

        let iot = world.function.account.borrow();
        let by = |templates: &std::collections::BTreeMap<String, crate::iot::StoredTemplate>| {
            let by = templates.iter().map(|(id, template)| (id.clone(), template.made_by));
            by.collect::<Vec<_>>()
        };
        assert_eq!(by(&iot.templates), by(&made));
        let deleted = iot.record.lines.iter().any(|line| line.contains("DeleteJobTemplate"));
        assert!(!deleted, "{:#?}", iot.record.lines);
    }

    #[test]
    fn tags_that_somebody_else_put_on_survive_a_recreation_and_a_restoration() {
        for content in [Kind::Document(1), Kind::Bad] {
            let mut world = told(Variant::default());
            world.step(&deploy(&PLAIN));
            world.step(&Op::ByHand(Hand::AddTag { template: 0 }));
            world.step(&deploy(&changed(|p| p.content = content)));

            let iot = world.function.account.borrow();
            assert_eq!(iot.templates["shared-a"].tags["by"], "hand", "{content:?}");
        }
    }

    #[test]
    fn a_recreation_is_not_begun_without_time_for_all_of_it() {
        let mut world = told(Variant::default());
        world.step(&deploy(&PLAIN));
        let hurried = changed(|p| (p.content, p.timeout) = (Kind::Document(1), Some(5)));
        world.step(&deploy_with(&hurried, &[(0, Mishap::Slow), (1, Mishap::Slow)], false));

        let iot = world.function.account.borrow();
        let update = iot.record.requests[1].reply.as_ref().expect("an answer");
        assert!(
            update.reason.contains("too little time left"),
            "{update:?} {:#?}",
            iot.record.lines
        );
        assert_eq!(iot.templates["shared-a"].made_by, Some(0));
    }

    #[test]
    fn what_a_delete_that_went_unanswered_made_room_for_is_put_back_with_the_tags_of_others() {
        let mut world = told(Variant::default());
        world.step(&deploy(&PLAIN));
        world.step(&Op::ByHand(Hand::AddTag { template: 0 }));
        let refused = changed(|p| p.content = Kind::Bad);
        world.step(&deploy_with(&refused, &[(2, Mishap::AnswerLost { done: true })], false));

        let iot = world.function.account.borrow();
        assert_eq!(iot.templates["shared-a"].tags["by"], "hand");
    }

    /// The next try at deleting it was clearly not carried out; the first may be, all the same.
    #[test]
    fn what_the_first_of_two_deletes_made_room_for_is_created_with_the_tags_of_others() {
        let mut world = told(Variant::default());
        world.step(&deploy(&PLAIN));
        world.step(&Op::ByHand(Hand::AddTag { template: 0 }));
        let denied = Mishap::Denied { all: true, seconds: 3 };
        let mishaps = [(2, Mishap::Later { seconds: 2 }), (5, denied)];
        world.step(&deploy_with(
            &changed(|p| p.content = Kind::Document(1)),
            &mishaps,
            false,
        ));

        let iot = world.function.account.borrow();
        let lines = &iot.record.lines;
        assert!(
            lines
                .iter()
                .any(|line| line.contains("DeleteJobTemplate shared-a Denied")),
            "{lines:#?}"
        );
        assert_eq!(
            iot.templates["shared-a"].tags.get("by").map(String::as_str),
            Some("hand"),
            "{lines:#?}"
        );
    }

    /// The job or the source that it was made from may be gone, or a permission; it is there all the same.
    #[test]
    fn a_rollback_to_a_template_that_is_there_succeeds_though_it_could_not_be_created() {
        let mut world = told(Variant::default());
        world.step(&deploy(&GENERATED));
        let other = Props {
            content: Kind::Document(1),
            ..GENERATED
        };
        let refused = Mishap::Refused { lasting: true };
        world.step(&deploy_with(&other, &[(3, refused)], true));

        let iot = world.function.account.borrow();
        let lines = &iot.record.lines;
        assert!(
            lines
                .iter()
                .any(|line| line.contains("CreateJobTemplate") && line.contains("Refused")),
            "{lines:#?}"
        );
        let updates = iot
            .record
            .requests
            .iter()
            .filter(|request| request.kind == crate::record::Kind::Update);
        assert_eq!(updates.count(), 2, "{lines:#?}");
    }

    #[test]
    fn a_create_that_was_refused_can_be_deleted_though_no_tags_can_be_had() {
        for down in [Mishap::Down, Mishap::Outage, Mishap::Hangs { done: false }] {
            let mut world = told(Variant::default());
            world.step(&deploy_with(&PLAIN, &[(0, REFUSED), (2, down)], false));

            let iot = world.function.account.borrow();
            assert_eq!(iot.record.requests.len(), 2, "{down:?}: {:#?}", iot.record.lines);
        }
    }

    /// A Create without a clear answer that made its template, and an Update of the id that it gave, which meets these.
    fn updated_after_an_unclear_create(mishaps: &[(usize, Mishap)]) -> (Simulation, Reply) {
        let mut world = told(Variant::default());
        let mut stack = Stack::new("fleet", 1, Variant::default());
        let mut send = |event: &Value, mishaps: &[(usize, Mishap)]| {
            world.function.account.borrow_mut().arm(mishaps);
            world.function.send(event).expect("an answer")
        };
        let unanswered = [(0, Mishap::AnswerLost { done: true }), (1, Mishap::Outage)];
        let created = send(&stack.event("Create", "Reboot", &PLAIN.json()), &unanswered);
        assert!(created.physical_id.starts_with("unclear:"), "{created:?}");
        let update = stack.update_event("Reboot", &created.physical_id, &PLAIN.json(), &PLAIN.json());
        let updated = send(&update, mishaps);
        (world, updated)
    }

    /// An Update of what a failed Create left is as a Create, and its answer takes the place of what named that one.
    #[test]
    fn what_an_unclear_create_made_is_not_forgotten_by_an_update_that_is_refused() {
        let (world, updated) = updated_after_an_unclear_create(&[(0, REFUSED), (1, REFUSED)]);

        let iot = world.function.account.borrow();
        assert!(!updated.succeeded, "{updated:?}");
        assert!(iot.templates.is_empty(), "{:#?}", iot.record.lines);
    }

    /// CloudFormation deletes what the Create made, as the id is another one now.
    #[test]
    fn an_update_that_cannot_say_that_what_a_failed_create_left_is_its_own_fails() {
        let (world, updated) = updated_after_an_unclear_create(&[(2, Mishap::Refused { lasting: true })]);

        let lines = &world.function.account.borrow().record.lines;
        assert!(lines.iter().any(|line| line.contains("TagResource")), "{lines:#?}");
        assert!(!updated.succeeded, "{lines:#?}");
    }

    #[test]
    fn a_template_that_somebody_made_in_the_gap_of_a_recreation_is_left_to_them() {
        let recreated = changed(|p| p.content = Kind::Document(1));
        let mut world = told(Variant::default());
        world.step(&deploy(&PLAIN));
        world.step(&deploy_with(&recreated, &[(2, Mishap::After(Deed::Make))], false));

        let iot = world.function.account.borrow();
        assert_eq!(iot.templates["shared-a"].content.description, "by hand");
    }

    #[test]
    fn a_create_cancelled_while_it_is_slow_leaves_no_orphan() {
        for after in [0, 30, 1000, 2990, 3030] {
            let op = cancelled(&PLAIN, Duration::from_millis(after));
            run(Variant::default(), &[meeting(op, &[(0, Mishap::Slow)])]);
        }
    }

    #[test]
    fn a_source_that_is_gone_does_not_keep_the_old_template_from_being_restored() {
        let sourced = changed(|p| p.content = Kind::Source);
        let mut world = told(Variant::default());
        world.step(&deploy(&sourced));
        world.step(&Op::ByHand(Hand::RemoveObject));
        world.step(&deploy(&changed(|p| p.content = Kind::Bad)));

        let iot = world.function.account.borrow();
        assert_eq!(iot.templates["shared-a"].content.document.as_deref(), Some("{}"));
    }
}
