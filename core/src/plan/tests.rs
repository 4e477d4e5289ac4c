//! The table of what each request does, a test for each row; then what else the plan promises, and laws that hold for all
//! properties.

use super::*;
use crate::cloudformation::former::former_tags;
use crate::cloudformation::owner::PROVIDER_TAGS;
use crate::cloudformation::physical_id::MadeBy;
use crate::cloudformation::request::Request;
use crate::cloudformation::sent::Sent;
use crate::job_template::Content;
use crate::memory::{Moment, REQUEST_TAG, Which};
use crate::properties::generators::request;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

const STACK: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/1-2-3";

fn owner(stack_id: &str, logical_id: &str) -> Owner {
    Owner {
        stack_id: stack_id.into(),
        logical_id: logical_id.into(),
    }
}

fn us() -> Owner {
    owner(STACK, "Reboot")
}

/// Another stack's resource, and another resource of this stack.
fn others() -> [Owner; 2] {
    [owner(&format!("{STACK}-4"), "Reboot"), owner(STACK, "Restart")]
}

fn moment(time: &str) -> Moment {
    Moment::read(&format!("20261126T{time}Z")).unwrap()
}

/// A request of ours, sent at this time.
fn sent(time: &str, request_id: &str) -> Origin {
    Origin {
        owner: us(),
        sent: Sent {
            when: Some(moment(time)),
            which: Which::of(request_id),
            latest: moment("235959"),
            left: Duration::from_secs(3600),
            is_perhaps_repeated: false,
        },
    }
}

/// The request that the tests are about.
fn now() -> Origin {
    sent("101500", "this")
}

/// One that was sent before.
fn before() -> Origin {
    sent("101000", "before")
}

fn words(origin: &Origin, properties: &Desired) -> (String, String) {
    let words = Words {
        when: origin.sent.when,
        which: origin.sent.which.clone(),
        fingerprint: Fingerprint::of(properties),
    };
    (REQUEST_TAG.to_owned(), words.write())
}

fn content(json: Value) -> Content {
    serde_json::from_value(json).unwrap()
}

fn tags<const N: usize>(tags: [(&str, &str); N]) -> Tags {
    tags.map(|(key, value)| (key.into(), value.into())).into()
}

/// The properties that most tests are about, under the fixed id `reboot`.
fn reboot() -> Desired {
    Desired {
        job_template_id: Some("reboot".into()),
        content: content(json!({"Description": "Reboot", "Document": "{}"})),
        tags: tags([("team", "fleet")]),
        ..Desired::default()
    }
}

fn reboot_with(change: impl FnOnce(&mut Desired)) -> Desired {
    let mut properties = reboot();
    change(&mut properties);
    properties
}

fn renamed() -> Desired {
    reboot_with(|it| it.job_template_id = Some("restart".into()))
}

fn reworded() -> Desired {
    reboot_with(|it| it.content.description = "Restart".into())
}

fn revised() -> Desired {
    reboot_with(|it| it.revision = Some("2".into()))
}

fn unnamed() -> Desired {
    reboot_with(|it| it.job_template_id = None)
}

/// The tags of a template that `origin` sees to, where nothing was before.
fn tags_of(origin: &Origin, properties: &Desired) -> Tags {
    let mut tags = properties.tags.clone();
    tags.extend(origin.owner.tags());
    tags.extend([words(origin, properties)]);
    tags
}

/// A template with these properties, as an earlier request of `owner` would have made it.
fn made_by(owner: &Owner, properties: &Desired) -> Template {
    let origin = Origin {
        owner: owner.clone(),
        ..before()
    };
    Template {
        tags: tags_of(&origin, properties),
        ..free(properties)
    }
}

/// The same, and somebody took its words off.
fn wordless(properties: &Desired) -> Template {
    let mut template = made_by(&us(), properties);
    template.tags.remove(REQUEST_TAG);
    template
}

/// A template with these properties that names no owner.
fn free(properties: &Desired) -> Template {
    Template {
        arn: "arn".into(),
        content: Some(properties.content.clone()),
        tags: properties.tags.clone(),
    }
}

fn id_of(properties: &Desired) -> PhysicalId {
    PhysicalId::Template(physical_id::template_id(&us(), properties))
}

/// What CloudFormation makes up for a Create that it did not wait for.
fn made_up() -> PhysicalId {
    PhysicalId::Template("fleet-Reboot-1ABCDEFGHIJK2".into())
}

/// What a Create with these properties answers where it does not know its outcome.
fn unclear(properties: &Desired) -> PhysicalId {
    PhysicalId::Unclear(MadeBy {
        which: before().sent.which,
        template_id: physical_id::template_id(&us(), properties),
    })
}

fn create(new: &Desired, there: Option<&Template>) -> Plan {
    plan(&now(), &ToMake::of(&us(), new, None), there)
}

/// What an Update of the old properties' template asks for.
fn update(old: &Desired, new: &Desired, there: Option<&Template>) -> Plan {
    update_of(&id_of(old), Some(old), new, there)
}

fn update_of(held: &PhysicalId, old: Option<&Desired>, new: &Desired, there: Option<&Template>) -> Plan {
    plan(&now(), &ToMake::of(&us(), new, Some((held, old))), there)
}

fn delete(held: &PhysicalId, properties: Option<&Desired>, there: Option<&Template>) -> DeletePlan {
    let to_delete = named_by(held).expect("something to look for");
    plan_delete(&now(), &to_delete, properties, there)
}

/// Sets these tags, and leaves the words of this request.
fn retag<const N: usize>(properties: &Desired, set: [(&str, &str); N]) -> Plan {
    let mut set = tags(set);
    set.extend([words(&now(), properties)]);
    Plan::Retag {
        set,
        remove: Vec::new(),
        warning: None,
    }
}

fn only_words(properties: &Desired) -> Plan {
    retag(properties, [])
}

fn nothing_to_do() -> Plan {
    Plan::Retag {
        set: Tags::new(),
        remove: Vec::new(),
        warning: None,
    }
}

fn recreate(tags: Tags) -> Plan {
    Plan::Recreate { tags, warning: None }
}

fn is_recreate(plan: &Plan) -> bool {
    matches!(plan, Plan::Recreate { .. })
}

fn refusal(plan: Plan) -> String {
    match plan {
        Plan::Refuse { why, .. } => why,
        plan => panic!("{plan:?}"),
    }
}

/// Nothing is touched.
fn is_hands_off(plan: &Plan) -> bool {
    matches!(plan, Plan::Refuse { .. } | Plan::LeaveAsDeclared { .. })
}

fn is_not_yet(plan: &DeletePlan) -> bool {
    matches!(plan, DeletePlan::NotYet { .. })
}

fn is_left_alone(plan: &DeletePlan) -> bool {
    matches!(plan, DeletePlan::LeaveAlone { .. })
}

// Create

#[test]
fn a_create_where_nothing_is_makes_it_with_its_tags_and_ours() {
    let mut tags = us().tags();
    tags.insert("team".into(), "fleet".into());
    tags.insert(
        "cloudformation:request".into(),
        format!("20261126T101500Z {} {}", Which::of("this"), Fingerprint::of(&reboot())),
    );

    assert_eq!(create(&reboot(), None), Plan::Create { tags });
}

#[test]
fn a_create_where_ours_has_the_same_content_sets_its_tags_only() {
    let there = made_by(&us(), &reboot());
    let retagged = reboot_with(|it| it.tags = tags([("team", "yard")]));

    assert_eq!(create(&reboot(), Some(&there)), only_words(&reboot()));
    assert_eq!(create(&retagged, Some(&there)), retag(&retagged, [("team", "yard")]));
}

#[test]
fn a_create_where_ours_has_other_content_makes_it_anew() {
    let there = made_by(&us(), &reworded());

    assert_eq!(create(&reboot(), Some(&there)), recreate(tags_of(&now(), &reboot())));
}

#[test]
fn a_create_where_a_free_template_is_does_not_take_it_even_with_the_same_content() {
    for properties in [reboot(), unnamed()] {
        let why = refusal(create(&properties, Some(&free(&properties))));

        assert!(why.contains("no stack owns it"), "{why}");
    }
}

#[test]
fn a_create_where_anothers_template_is_fails_and_names_the_owner() {
    let [stack, resource] = others();

    for (owner, named) in [
        (&stack, format!("Reboot of the stack {}", stack.stack_id)),
        (&resource, "Restart of this stack".to_owned()),
    ] {
        let why = refusal(create(&reboot(), Some(&made_by(owner, &reboot()))));

        assert!(why.contains(&named), "{why}");
    }
}

// Update

#[test]
fn an_update_of_the_same_id_where_nothing_is_makes_it() {
    assert_eq!(
        update(&reworded(), &reboot(), None),
        Plan::Create {
            tags: tags_of(&now(), &reboot())
        }
    );
}

#[test]
fn an_update_of_the_same_id_where_ours_has_the_same_content_changes_tags_by_what_changed() {
    let old = reboot_with(|it| it.tags = tags([("kept", "1"), ("changed", "1"), ("gone", "1")]));
    let new = reboot_with(|it| it.tags = tags([("kept", "1"), ("changed", "2"), ("new", "1")]));
    let mut there = made_by(&us(), &old);
    there.tags.extend(tags([("by", "hand")]));

    assert_eq!(
        update(&old, &new, Some(&there)),
        Plan::Retag {
            set: [tags([("changed", "2"), ("new", "1")]), [words(&now(), &new)].into()]
                .into_iter()
                .flatten()
                .collect(),
            remove: vec!["gone".into()],
            warning: None,
        }
    );
}

#[test]
fn an_update_of_the_same_id_where_ours_has_other_content_makes_it_anew() {
    let there = made_by(&us(), &reboot());

    assert_eq!(
        update(&reboot(), &reworded(), Some(&there)),
        recreate(tags_of(&now(), &reworded()))
    );
}

#[test]
fn an_update_of_the_same_id_where_a_free_or_anothers_template_is_fails_as_a_create_does() {
    let somebodys = reboot_with(|it| it.content.description = "Somebody's".into());
    let [stack, resource] = others();

    for there in [
        free(&somebodys),
        made_by(&stack, &somebodys),
        made_by(&resource, &reboot()),
    ] {
        let plan = update(&reboot(), &reworded(), Some(&there));

        assert_eq!(refusal(plan), refusal(create(&reworded(), Some(&there))));
    }
}

#[test]
fn an_update_to_another_id_asks_for_what_a_create_of_that_id_asks_for() {
    let [stack, resource] = others();
    let same = renamed();

    for there in [
        None,
        Some(made_by(&us(), &same)),
        Some(made_by(&us(), &reworded())),
        Some(free(&same)),
        Some(free(&reworded())),
        Some(made_by(&stack, &same)),
        Some(made_by(&resource, &same)),
    ] {
        assert_eq!(
            update(&reboot(), &renamed(), there.as_ref()),
            create(&renamed(), there.as_ref())
        );
    }
}

// Delete

#[test]
fn a_delete_of_what_was_never_made_looks_for_nothing() {
    assert_eq!(named_by(&PhysicalId::NothingAsked), None);
}

#[test]
fn a_delete_of_an_unknown_outcome_deletes_the_candidate_if_its_tags_are_ours() {
    let there = made_by(&us(), &reboot());

    assert_eq!(named_by(&unclear(&reboot())).unwrap().id, "reboot");
    assert_eq!(
        delete(&unclear(&reboot()), Some(&reboot()), Some(&there)),
        DeletePlan::Delete
    );
}

#[test]
fn a_delete_of_an_unknown_outcome_leaves_alone_what_only_looks_like_the_candidate() {
    for properties in [reboot(), unnamed()] {
        let there = free(&properties);
        let plan = delete(&unclear(&properties), Some(&properties), Some(&there));

        assert!(is_not_yet(&plan));
    }
}

#[test]
fn a_delete_where_nothing_is_has_nothing_to_do() {
    for held in [id_of(&reboot()), unclear(&reboot())] {
        assert_eq!(delete(&held, Some(&reboot()), None), DeletePlan::Nothing);
    }
}

#[test]
fn a_delete_of_a_made_up_id_where_nothing_is_looks_for_what_the_create_would_have_made() {
    for properties in [reboot(), unnamed()] {
        assert_eq!(
            cancelled_create(&us(), Some(&made_up()), Some(&properties)),
            Some(ToDelete {
                id: physical_id::template_id(&us(), &properties),
                known: Known::Cancelled
            })
        );
    }
}

#[test]
fn a_delete_of_a_made_up_id_deletes_what_it_looked_for_only_if_its_tags_are_ours() {
    let looked_for = cancelled_create(&us(), Some(&made_up()), Some(&unnamed())).unwrap();
    let plan = |there: &Template| plan_delete(&now(), &looked_for, Some(&unnamed()), Some(there));

    assert_eq!(plan(&made_by(&us(), &unnamed())), DeletePlan::Delete);
    assert!(is_not_yet(&plan(&free(&unnamed()))));
}

#[test]
fn a_delete_where_ours_is_deletes_it_whatever_its_content() {
    let there = made_by(&us(), &reworded());

    for properties in [Some(&reboot()), None] {
        assert_eq!(delete(&id_of(&reboot()), properties, Some(&there)), DeletePlan::Delete);
    }
}

#[test]
fn a_delete_where_a_free_template_is_leaves_it_alone() {
    let there = free(&reworded());

    // Only its content could make it known, and the properties say something else, or cannot be read.
    for properties in [Some(&reboot()), None] {
        let plan = delete(&id_of(&reboot()), properties, Some(&there));

        assert!(is_left_alone(&plan));
    }
}

#[test]
fn a_delete_where_anothers_template_is_leaves_it_alone_and_names_the_owner() {
    for other in others() {
        let there = made_by(&other, &reboot());

        match delete(&id_of(&reboot()), Some(&reboot()), Some(&there)) {
            DeletePlan::LeaveAlone { why } => assert!(why.contains(&other.logical_id), "{why}"),
            plan => panic!("{plan:?}"),
        }
    }
}

// Tags that somebody stripped

#[test]
fn an_update_where_somebody_stripped_the_tags_knows_the_template_by_its_new_or_old_content() {
    let stripped = |properties: Desired| Template {
        tags: Tags::new(),
        ..free(&properties)
    };
    let as_the_old = update(&reboot(), &reworded(), Some(&stripped(reboot())));
    let as_the_new = update(&reboot(), &reworded(), Some(&stripped(reworded())));
    let tags = tags_of(&now(), &reworded());

    assert_eq!(as_the_old, recreate(tags.clone()));
    assert_eq!(
        as_the_new,
        Plan::Retag {
            set: tags,
            remove: Vec::new(),
            warning: None,
        }
    );
}

#[test]
fn a_template_with_stripped_tags_is_known_by_an_id_generated_for_us_whatever_its_content() {
    let there = free(&reworded());

    assert!(is_recreate(&update(&unnamed(), &unnamed(), Some(&there))));
    assert_eq!(delete(&id_of(&unnamed()), None, Some(&there)), DeletePlan::Delete);
}

#[test]
fn a_delete_where_somebody_stripped_the_tags_knows_the_template_by_its_content() {
    assert_eq!(
        delete(&id_of(&reboot()), Some(&reboot()), Some(&free(&reboot()))),
        DeletePlan::Delete
    );
}

#[test]
fn what_was_made_from_a_job_is_not_recognised_by_its_content() {
    let from_job = reboot_with(|it| it.content.job_arn = Some("arn:job".into()));

    refusal(update(&from_job, &from_job, Some(&free(&from_job))));
    assert!(is_left_alone(&delete(
        &id_of(&from_job),
        Some(&from_job),
        Some(&free(&from_job))
    )));
}

// The memory

#[test]
fn a_template_is_what_its_fingerprint_says_whatever_iot_shows() {
    let mut there = made_by(&us(), &reboot());
    there.content = Some(Content::default());

    assert_eq!(update(&reboot(), &reboot(), Some(&there)), only_words(&reboot()));
}

#[test]
fn an_update_of_tags_needs_no_look_at_the_content() {
    let there = tags_only(made_by(&us(), &reboot()));
    let retagged = reboot_with(|it| it.tags = tags([("team", "yard")]));

    assert_eq!(
        update(&reboot(), &retagged, Some(&there)),
        retag(&retagged, [("team", "yard")])
    );
    assert_eq!(update(&reboot(), &reworded(), Some(&there)), Plan::Describe);
}

#[test]
fn without_a_fingerprint_the_content_has_to_be_looked_at() {
    let there = tags_only(wordless(&reboot()));

    assert_eq!(update(&reboot(), &reboot(), Some(&there)), Plan::Describe);
}

/// A second delivery of a request that is done, also of one whose change IoT does not show.
#[test]
fn a_request_that_is_delivered_again_finds_nothing_to_do() {
    for new in [reboot(), revised()] {
        let there = Template {
            tags: tags_of(&now(), &new),
            ..free(&new)
        };

        assert_eq!(update(&reboot(), &new, Some(&there)), nothing_to_do());
        assert_eq!(create(&new, Some(&there)), nothing_to_do());
    }
}

#[test]
fn a_create_or_an_update_does_nothing_to_what_a_later_request_has_seen_to() {
    let there = seen_to_by(&sent("101501", "later"));

    for plan in [
        create(&reboot(), Some(&there)),
        update(&reboot(), &reboot(), Some(&there)),
        update(&reboot(), &reworded(), Some(&there)),
    ] {
        assert!(
            matches!(
                &plan,
                Plan::Refuse {
                    kind: FailureKind::Overtaken,
                    ..
                }
            ),
            "{plan:?}"
        );
    }
}

#[test]
fn a_delete_leaves_alone_what_a_later_request_has_seen_to() {
    let there = seen_to_by(&sent("101501", "later"));

    assert!(is_left_alone(&delete(&id_of(&reboot()), Some(&reboot()), Some(&there))));
}

/// Its words are there still, whoever took the others away.
#[test]
fn a_delete_leaves_alone_what_a_later_request_has_seen_to_though_it_is_known_by_its_content_only() {
    let mut there = seen_to_by(&sent("101501", "later"));
    us().tags().keys().for_each(|key| _ = there.tags.remove(key));

    assert!(is_left_alone(&delete(&id_of(&reboot()), Some(&reboot()), Some(&there))));
}

#[test]
fn the_same_second_is_not_later_and_a_request_is_not_overtaken_by_itself() {
    for origin in [sent("101500", "other"), sent("101501", "this")] {
        let there = seen_to_by(&origin);

        assert!(!matches!(
            update(&reboot(), &reboot(), Some(&there)),
            Plan::Refuse { .. }
        ));
        assert_eq!(
            delete(&id_of(&reboot()), Some(&reboot()), Some(&there)),
            DeletePlan::Delete
        );
    }
}

#[test]
fn a_request_without_a_date_concludes_nothing_and_keeps_the_moment_that_is_there() {
    let mut dateless = now();
    dateless.sent.when = None;
    let there = seen_to_by(&sent("101501", "later"));
    let to_make = reboot();
    let to_make = ToMake::of(&us(), &to_make, None);

    let Plan::Retag { set, .. } = plan(&dateless, &to_make, Some(&there)) else {
        panic!("refused");
    };
    assert!(set[REQUEST_TAG].starts_with(&format!("20261126T101501Z {} ", dateless.sent.which)));
    let to_delete = named_by(&id_of(&reboot())).unwrap();
    assert_eq!(
        plan_delete(&dateless, &to_delete, None, Some(&there)),
        DeletePlan::Delete
    );
}

#[test]
fn a_request_tag_that_is_nonsense_is_put_right() {
    let mut there = made_by(&us(), &reboot());
    there.tags.insert(REQUEST_TAG.into(), "nonsense".into());

    assert_eq!(update(&reboot(), &reboot(), Some(&there)), only_words(&reboot()));
    assert_eq!(delete(&id_of(&reboot()), None, Some(&there)), DeletePlan::Delete);
}

#[test]
fn an_update_to_another_id_is_overtaken_by_what_saw_to_the_held_template() {
    let there = seen_to_by(&sent("101501", "later"));

    assert!(is_overtaken_there(&now(), "reboot", &there.tags).is_some());
    for tags in [
        made_by(&us(), &reboot()).tags,
        tags_of(
            &Origin {
                owner: others()[0].clone(),
                ..sent("101501", "later")
            },
            &reboot(),
        ),
        Tags::new(),
    ] {
        assert_eq!(is_overtaken_there(&now(), "reboot", &tags), None);
    }
}

#[test]
fn words_are_left_on_what_is_ours_with_the_fingerprint_that_it_has() {
    let there = made_by(&us(), &reboot());

    assert_eq!(
        words_to_leave(&now(), &there.tags),
        Some(Tags::from([words(&now(), &reboot())]))
    );
    for tags in [
        seen_to_by(&sent("101501", "later")).tags,
        seen_to_by(&now()).tags,
        wordless(&reboot()).tags,
        made_by(&others()[0], &reboot()).tags,
    ] {
        assert_eq!(words_to_leave(&now(), &tags), None);
    }
}

/// Reboot's template, last seen to by this request.
fn seen_to_by(origin: &Origin) -> Template {
    Template {
        tags: tags_of(origin, &reboot()),
        ..free(&reboot())
    }
}

fn tags_only(template: Template) -> Template {
    Template {
        content: None,
        ..template
    }
}

#[test]
fn an_update_where_anothers_template_is_just_as_declared_succeeds_with_a_warning() {
    for other in others() {
        let there = made_by(&other, &reboot());

        let plan = update(&reworded(), &reboot(), Some(&there));

        assert!(
            matches!(&plan, Plan::LeaveAsDeclared { warning } if warning.contains(&other.logical_id)),
            "{plan:?}"
        );
        refusal(create(&reboot(), Some(&there)));
        let retagged = reboot_with(|it| it.tags = tags([("team", "yard")]));
        refusal(update(&reworded(), &retagged, Some(&there)));
    }
}

// Supposed templates

#[test]
fn the_delete_of_a_failed_create_takes_only_what_names_that_request() {
    let held = unclear(&reboot());
    let other = seen_to_by(&sent("100000", "another"));

    assert_eq!(delete(&held, None, Some(&seen_to_by(&before()))), DeletePlan::Delete);
    for there in [other, wordless(&reboot())] {
        assert!(is_left_alone(&delete(&held, None, Some(&there))));
    }
}

#[test]
fn what_a_failed_update_left_is_what_has_the_fingerprint_of_what_it_asked_for() {
    let rollback = update_request(&id_of(&reboot()), &reboot(), Some(&renamed()));
    let left = left_by(&rollback).unwrap();
    let plan = |there: &Template| plan_delete(&now(), &left, Some(&renamed()), Some(there));

    assert_eq!(left.id, "restart");
    assert_eq!(plan(&made_by(&us(), &renamed())), DeletePlan::Delete);
    assert_eq!(plan(&wordless(&renamed())), DeletePlan::Delete);
    assert!(is_left_alone(&plan(&made_by(&us(), &reworded()))));
}

#[test]
fn a_delete_without_an_id_looks_for_what_the_create_would_have_made() {
    assert_eq!(
        cancelled_create(&us(), None, Some(&reboot())),
        Some(ToDelete {
            id: "reboot".into(),
            known: Known::Cancelled
        })
    );
    assert_eq!(cancelled_create(&us(), None, None), None);
}

// Taking over and giving back

/// Reboot's properties with this `Adopt`.
fn adopting(adopt: &str) -> Desired {
    reboot_with(|it| it.adopt = Adopt::read(adopt).unwrap())
}

fn adopted_from(former: &Former) -> Plan {
    let mut tags = us().tags();
    tags.extend([words(&now(), &reboot())]);
    tags.extend(former_tags(former));
    Plan::Adopt { tags }
}

/// `Adopt` as our errors name this owner.
fn named(owner: &Owner) -> String {
    owner.as_adopted_by(&us()).to_string()
}

/// Reboot's template, taken over from `former` by a request before this one.
fn taken_over(former: &Former) -> Template {
    let mut template = made_by(&us(), &reboot());
    template.tags.extend(former_tags(former));
    template
}

#[test]
fn a_free_template_is_taken_over_with_our_tags_and_that_nobody_owned_it() {
    for adopt in ["true", "Other", "arn:aws:cloudformation:r:a:stack/s/1/Other"] {
        let plan = create(&adopting(adopt), Some(&free(&reboot())));

        assert_eq!(plan, adopted_from(&None));
    }
    refusal(create(&adopting("false"), Some(&free(&reboot()))));
}

#[test]
fn the_template_of_a_named_owner_is_taken_over_from_it_and_from_no_other() {
    let [stack, resource] = others();
    for (owner, other) in [(&stack, &resource), (&resource, &stack)] {
        let there = made_by(owner, &reboot());

        assert_eq!(
            create(&adopting(&named(owner)), Some(&there)),
            adopted_from(&Some(owner.clone()))
        );
        assert_eq!(
            update(&renamed(), &adopting(&named(owner)), Some(&there)),
            adopted_from(&Some(owner.clone()))
        );
        for adopt in [&named(other), "true", "false"] {
            refusal(create(&adopting(adopt), Some(&there)));
        }
    }
}

#[test]
fn errors_name_the_adopt_that_would_take_it() {
    let [stack, resource] = others();
    let free = free(&reboot());

    assert!(refusal(create(&reboot(), Some(&free))).contains("\"Adopt: true\""));
    for (owner, line) in [
        (&resource, "\"Adopt: Restart\"".to_owned()),
        (&stack, format!("\"Adopt: {STACK}-4/Reboot\"")),
    ] {
        let why = refusal(create(&reboot(), Some(&made_by(owner, &reboot()))));

        assert!(why.contains(&line), "{why}");
    }
}

#[test]
fn what_is_not_as_declared_is_not_taken_over_and_each_difference_is_told_by_its_path() {
    let declared = reboot_with(|it| {
        it.adopt = Adopt::Free;
        it.content = content(json!({
            "Description": "Reboot",
            "Document": "{\"steps\": [{\"do\": \"reboot\"}, {\"do\": \"secret\"}]}",
            "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
        }));
        it.tags = tags([("team", "fleet"), ("cost", "1")]);
    });
    let there = free(&reboot_with(|it| {
        it.content = content(json!({
            "Description": "Restart",
            "Document": "{\"steps\": [{\"do\": \"reboot\"}, {\"do\": \"other\"}]}",
            "PresignedUrlConfig": {"RoleArn": "arn:r"},
        }));
        it.tags = tags([("team", "yard")]);
    }));

    let why = refusal(create(&declared, Some(&there)));

    for part in [
        "Description is \"Restart\" there and \"Reboot\" here",
        "Document.steps[1].do is other there than here",
        "TimeoutConfig is not there and {\"InProgressTimeoutInMinutes\":60} here",
        "PresignedUrlConfig is {\"ExpiresInSec\":null,\"RoleArn\":\"arn:r\"} there and not here",
        "Tags[\"team\"] is \"yard\" there and \"fleet\" here",
        "Tags[\"cost\"] is not there and \"1\" here",
    ] {
        assert!(why.contains(part), "{part} in {why}");
    }
    assert!(!why.contains("secret"), "{why}");
}

#[test]
fn a_document_is_compared_as_json_also_where_it_was_made_from_a_source() {
    let declared = reboot_with(|it| {
        it.adopt = Adopt::Free;
        it.content.document = Some("{\"a\": 1, \"b\": 2}".into());
    });
    let there = free(&reboot_with(|it| {
        it.content.document = Some("{\"b\":2,\"a\":1}".into());
        it.content.document_source = Some("https://s/k".into());
    }));

    assert!(matches!(create(&declared, Some(&there)), Plan::Adopt { .. }));
}

#[test]
fn what_has_a_fingerprint_is_compared_by_it_without_a_look_at_the_content() {
    let [stack, _] = others();
    let adopting_it = |it: Desired| Desired {
        adopt: stack.as_adopted_by(&us()),
        ..it
    };
    let there = tags_only(made_by(&stack, &revised()));

    assert!(matches!(
        create(&adopting_it(revised()), Some(&there)),
        Plan::Adopt { .. }
    ));
    assert_eq!(create(&adopting_it(reboot()), Some(&there)), Plan::Describe);
}

#[test]
fn what_only_the_fingerprint_tells_apart_is_told_too() {
    let [stack, _] = others();
    let why = |there: &Desired| {
        let adopting_it = Desired {
            adopt: stack.as_adopted_by(&us()),
            ..reboot()
        };
        refusal(create(&adopting_it, Some(&made_by(&stack, there))))
    };
    let spaced = reboot_with(|it| it.content.document = Some("{ }".into()));
    let from_source = reboot_with(|it| it.content.document_source = Some("https://s/k".into()));

    for (there, part) in [
        (revised(), "another JobArn or Revision"),
        (spaced, "Document says the same there, and is written otherwise"),
        (from_source, "made from a DocumentSource, and here is none"),
    ] {
        assert!(why(&there).contains(part), "{}", why(&there));
    }
}

#[test]
fn a_request_takes_over_once_at_the_most_and_not_what_a_later_one_has_seen_to() {
    let desired = adopting("true");
    let to_make = ToMake {
        may_adopt: false,
        ..ToMake::of(&us(), &desired, None)
    };
    let mut seen_to = free(&reboot());
    seen_to.tags.extend([words(&sent("101501", "later"), &reboot())]);

    refusal(plan(&now(), &to_make, Some(&free(&reboot()))));
    refusal(create(&desired, Some(&seen_to)));
}

#[test]
fn what_would_have_more_than_fifty_tags_is_not_taken_over() {
    let with_tags = |count: usize| {
        let mut there = free(&reboot());
        there
            .tags
            .extend((1..count).map(|n| (format!("other-{n}"), String::new())));
        there
    };

    assert!(matches!(
        create(&adopting("true"), Some(&with_tags(45))),
        Plan::Adopt { .. }
    ));
    refusal(create(&adopting("true"), Some(&with_tags(46))));
}

#[test]
fn with_adopt_and_nothing_there_it_is_created_like_any_other_unless_it_is_held() {
    let desired = adopting("true");
    let tags = tags_of(&now(), &reboot());

    assert_eq!(create(&desired, None), Plan::Create { tags: tags.clone() });
    let to_be_given_back: Tags = tags.into_iter().chain(former_tags(&None)).collect();
    for (old, new) in [(&desired, &desired), (&desired, &reboot()), (&reboot(), &desired)] {
        assert_eq!(
            update(old, new, None),
            Plan::Create {
                tags: to_be_given_back.clone()
            }
        );
    }
}

/// Found as a rollback that was refused for a fifty-first tag.
#[test]
fn where_there_is_no_room_for_the_former_tags_it_was_not_adopted_and_is_created_without() {
    let desired = Desired {
        tags: (0..46).map(|number| (format!("tag-{number}"), String::new())).collect(),
        ..adopting("true")
    };
    let Plan::Create { tags } = update(&desired, &desired, None) else {
        panic!("not created");
    };
    assert_eq!(tags.len(), 49);
}

#[test]
fn a_create_never_makes_anew_what_was_taken_over_and_an_update_carries_the_marks_along() {
    let there = taken_over(&None);
    let changed = Desired {
        adopt: Adopt::Free,
        ..reworded()
    };

    refusal(create(&changed, Some(&there)));
    let Plan::Recreate { tags, .. } = update(&adopting("true"), &changed, Some(&there)) else {
        panic!("not made anew");
    };
    assert!(former::is_adopted(&tags));
    assert_eq!(former::former(&tags), None);
}

#[test]
fn the_delete_of_what_was_taken_over_from_nobody_removes_our_tags() {
    for properties in [Some(&adopting("true")), None] {
        let DeletePlan::GiveBack(Handover::Remove(remove)) =
            delete(&id_of(&reboot()), properties, Some(&taken_over(&None)))
        else {
            panic!("not given back");
        };
        assert_eq!(remove, PROVIDER_TAGS);
    }
}

#[test]
fn the_delete_of_what_was_taken_over_from_an_owner_sets_its_tags_and_this_requests_words() {
    for owner in others() {
        let there = taken_over(&Some(owner.clone()));
        let mut set = owner.tags();
        set.extend(former_tags(&None));
        set.extend([words(&now(), &reboot())]);

        assert_eq!(
            delete(&id_of(&reboot()), Some(&adopting(&named(&owner))), Some(&there)),
            DeletePlan::GiveBack(Handover::Set(set))
        );
    }
}

#[test]
fn without_adopt_in_its_properties_what_was_taken_over_is_the_stacks_own() {
    assert_eq!(
        delete(&id_of(&reboot()), Some(&reboot()), Some(&taken_over(&None))),
        DeletePlan::Delete
    );
}

/// No Create makes what carries the marks: it was taken over by another request of this resource, which came late.
#[test]
fn what_was_taken_over_is_given_back_by_the_delete_of_a_failed_create_without_adopt() {
    let there = taken_over(&None);
    for to_delete in [
        named_by(&unclear(&reboot())).unwrap(),
        cancelled_create(&us(), Some(&made_up()), Some(&reboot())).unwrap(),
    ] {
        assert!(matches!(
            plan_delete(&now(), &to_delete, Some(&reboot()), Some(&there)),
            DeletePlan::GiveBack(Handover::Remove(_))
        ));
    }
}

#[test]
fn the_delete_of_the_former_owner_takes_only_the_tags_that_name_it() {
    let mut there = made_by(&others()[0], &reboot());
    there.tags.extend(former_tags(&Some(us())));

    assert_eq!(
        delete(&id_of(&reboot()), Some(&reboot()), Some(&there)),
        DeletePlan::LetGo(Handover::Remove(vec![
            "cloudformation:former-stack-id".into(),
            "cloudformation:former-logical-id".into()
        ]))
    );
}

/// It may be one that this resource had under the same id before, long delivered and now once more.
#[test]
fn a_delete_that_was_sent_before_the_template_was_taken_over_does_not_complete_the_move() {
    let mut there = made_by(&others()[0], &reboot());
    there.tags.extend(former_tags(&Some(us())));
    let to_delete = named_by(&id_of(&reboot())).unwrap();

    assert!(matches!(
        plan_delete(
            &sent("100500", "long before"),
            &to_delete,
            Some(&reboot()),
            Some(&there)
        ),
        DeletePlan::LeaveAlone { .. }
    ));
}

/// A template that we had from `former`, taken over from us by another stack's resource.
fn taken_on(former: &Former) -> (Owner, Template) {
    let [stack, _] = others();
    let adopter = Origin {
        owner: stack.clone(),
        ..now()
    };
    let desired = adopting(&format!("{}/{}", us().stack_id, us().logical_id));
    let mut there = taken_over(former);
    let Plan::Adopt { tags } = plan(&adopter, &ToMake::of(&stack, &desired, None), Some(&there)) else {
        panic!("not taken over");
    };
    there.tags.extend(tags);
    (stack, there)
}

#[test]
fn a_completed_move_does_not_forget_from_whom_the_template_was_before() {
    let [_, resource] = others();
    for (former, adopt) in [(None, "true".to_owned()), (Some(resource.clone()), named(&resource))] {
        let (_, there) = taken_on(&former);
        let delete = |properties: Option<&Desired>| delete(&id_of(&reboot()), properties, Some(&there));

        assert_eq!(
            delete(Some(&adopting(&adopt))),
            DeletePlan::LetGo(Handover::Set(former_tags(&former)))
        );
        // Who it was cannot be read.
        assert_eq!(delete(None), DeletePlan::LetGo(Handover::Set(former_tags(&None))));
        // We had made it our own.
        assert!(matches!(
            delete(Some(&reboot())),
            DeletePlan::LetGo(Handover::Remove(_))
        ));
    }
}

#[test]
fn what_was_taken_back_from_whom_had_taken_it_over_is_its_own_again() {
    let [stack, _] = others();
    let (_, there) = taken_on(&Some(stack.clone()));

    assert!(matches!(
        delete(&id_of(&reboot()), Some(&adopting(&named(&stack))), Some(&there)),
        DeletePlan::LetGo(Handover::Remove(_))
    ));
}

#[test]
fn what_is_let_go_of_is_not_to_be_given_back_to_whom_has_it() {
    let [_, resource] = others();
    let (stack, there) = taken_on(&Some(resource));

    assert_eq!(
        delete(&id_of(&reboot()), Some(&adopting(&named(&stack))), Some(&there)),
        DeletePlan::LetGo(Handover::Set(former_tags(&None)))
    );
}

#[test]
fn what_its_former_owner_has_back_and_had_adopted_goes_to_nobody_then() {
    let [_, resource] = others();
    let (stack, mut there) = taken_on(&Some(resource.clone()));
    let adopter = Origin { owner: stack, ..now() };
    let to_delete = named_by(&id_of(&reboot())).unwrap();
    let DeletePlan::GiveBack(Handover::Set(set)) = plan_delete(&adopter, &to_delete, None, Some(&there)) else {
        panic!("not given back");
    };
    there.tags.extend(set);

    assert!(matches!(
        delete(&id_of(&reboot()), Some(&adopting(&named(&resource))), Some(&there)),
        DeletePlan::GiveBack(Handover::Remove(_))
    ));
}

fn of_another_id() -> Desired {
    Desired {
        job_template_id: Some("another".into()),
        ..reboot()
    }
}

/// It may have been adopted.
#[test]
fn properties_for_another_id_recognise_nothing_that_shows_no_owner() {
    assert!(matches!(
        delete(&id_of(&reboot()), Some(&of_another_id()), Some(&free(&reboot()))),
        DeletePlan::LeaveAlone { .. }
    ));
}

/// After an update to another id that failed and was not rolled back, CloudFormation sends what that asked for.
#[test]
fn properties_for_another_id_do_not_say_that_adopt_was_dropped() {
    assert!(matches!(
        delete(&id_of(&reboot()), Some(&of_another_id()), Some(&taken_over(&None))),
        DeletePlan::GiveBack(Handover::Remove(_))
    ));
    let (_, there) = taken_on(&None);
    assert!(matches!(
        delete(&id_of(&reboot()), Some(&of_another_id()), Some(&there)),
        DeletePlan::LetGo(Handover::Set(_))
    ));
}

#[test]
fn what_was_adopted_and_lost_its_tags_is_left_alone_by_a_delete_and_adopted_anew_by_an_update() {
    let there = free(&reboot());
    let desired = adopting("true");

    assert!(is_left_alone(&delete(&id_of(&desired), Some(&desired), Some(&there))));
    assert_eq!(update(&desired, &desired, Some(&there)), adopted_from(&None));
    refusal(update(&desired, &reboot(), Some(&there)));
}

#[test]
fn what_a_cancelled_create_was_to_take_over_may_be_about_to_change_hands() {
    let [stack, _] = others();
    let desired = adopting(&named(&stack));
    let looked_for = cancelled_create(&us(), Some(&made_up()), Some(&desired)).unwrap();
    let plan =
        |properties: &Desired| plan_delete(&now(), &looked_for, Some(properties), Some(&made_by(&stack, &reboot())));

    assert!(is_not_yet(&plan(&desired)));
    assert!(is_left_alone(&plan(&reboot())));
}

// Ids

#[test]
fn a_delete_never_guesses_a_name_for_an_id_that_was_not_made_up_for_this_resource() {
    for held in [
        PhysicalId::NothingAsked,
        unclear(&renamed()),
        id_of(&renamed()),
        id_of(&unnamed()),
        PhysicalId::Template("fleet-Restart-1ABCDEFGHIJK2".into()),
        PhysicalId::Template("yard-Reboot-1ABCDEFGHIJK2".into()),
    ] {
        assert_eq!(cancelled_create(&us(), Some(&held), Some(&reboot())), None, "{held:?}");
    }
}

#[test]
fn a_delete_of_a_made_up_id_without_readable_properties_guesses_nothing() {
    assert_eq!(cancelled_create(&us(), Some(&made_up()), None), None);
}

#[test]
fn a_delete_of_an_id_that_no_template_can_have_looks_for_nothing() {
    for id in ["2026/11/23/[$LATEST]0123", "", &"x".repeat(65)] {
        assert_eq!(named_by(&PhysicalId::Template(id.into())), None, "{id}");
    }
}

#[test]
fn the_rollback_of_an_update_to_another_id_looks_for_what_that_may_have_made() {
    let request = update_request(&id_of(&reboot()), &reboot(), Some(&renamed()));

    assert_eq!(left_by(&request).unwrap().id, "restart");
}

#[test]
fn an_update_looks_for_nothing_that_cloudformation_knows_of() {
    let held = id_of(&reboot());

    for request in [
        // The old template, which CloudFormation deletes when the new one is there for good.
        update_request(&held, &renamed(), Some(&reboot())),
        update_request(&held, &reworded(), Some(&reboot())),
        update_request(&held, &reboot(), None),
        // The rollback of a replacement that was answered.
        update_request(&id_of(&renamed()), &reboot(), Some(&renamed())),
        Request::Create { properties: reboot() },
    ] {
        assert_eq!(left_by(&request), None, "{request:?}");
    }
}

fn update_request(held: &PhysicalId, new: &Desired, old: Option<&Desired>) -> Request {
    Request::Update {
        physical_id: held.clone(),
        properties: new.clone(),
        old_properties: old.cloned().map(Box::new),
    }
}

fn left_by(request: &Request) -> Option<ToDelete> {
    let to_make = match request {
        Request::Create { properties } => ToMake::of(&us(), properties, None),
        Request::Update {
            physical_id,
            properties,
            old_properties,
        } => ToMake::of(&us(), properties, Some((physical_id, old_properties.as_deref()))),
        Request::Delete { .. } => unreachable!("a Delete wants no template"),
    };
    left_by_failed_update(&us(), &to_make, request)
}

// What counts as the same content

#[test]
fn content_is_the_same_however_iot_gives_it_back() {
    let criterion = |failure_type, threshold| json!({"FailureType": failure_type, "Action": "CANCEL", "ThresholdPercentage": threshold, "MinNumberOfExecutedThings": 1});
    let retry = |failure_type| json!({"FailureType": failure_type, "NumberOfRetries": 1});
    let window = |start| json!({"StartTime": start, "DurationInMinutes": 60});

    for (to_make, shown) in [
        (
            json!({"AbortConfig": {"CriteriaList": [criterion("ALL", json!(25)), criterion("FAILED", json!(50))]}}),
            json!({"AbortConfig": {"CriteriaList": [criterion("FAILED", json!(50.0)), criterion("ALL", json!(25.0))]}}),
        ),
        (
            json!({"JobExecutionsRetryConfig": {"RetryCriteriaList": [retry("FAILED"), retry("TIMED_OUT")]}}),
            json!({"JobExecutionsRetryConfig": {"RetryCriteriaList": [retry("TIMED_OUT"), retry("FAILED")]}}),
        ),
        (
            json!({"MaintenanceWindows": [window("cron(0 1 ? * MON *)"), window("cron(0 1 ? * FRI *)")]}),
            json!({"MaintenanceWindows": [window("cron(0 1 ? * FRI *)"), window("cron(0 1 ? * MON *)")]}),
        ),
        (
            json!({"DestinationPackageVersions": ["arn:b", "arn:a"]}),
            json!({"DestinationPackageVersions": ["arn:a", "arn:b"]}),
        ),
        (
            json!({"PresignedUrlConfig": {"RoleArn": "arn:r"}}),
            json!({"PresignedUrlConfig": {"RoleArn": "arn:r", "ExpiresInSec": 3600}}),
        ),
        (
            json!({"Document": null, "DocumentSource": "https://s/k"}),
            json!({"DocumentSource": "https://s/k"}),
        ),
        // A template from a job has whatever the job had.
        (
            json!({"Document": null, "JobArn": "arn:j"}),
            json!({"TimeoutConfig": {"InProgressTimeoutInMinutes": 60}}),
        ),
    ] {
        assert!(is_same(&to_make, &shown), "{to_make} and {shown}");
    }
}

#[test]
fn content_is_other_where_anything_that_iot_gives_back_differs() {
    for (to_make, shown) in [
        (json!({"Document": "{\"a\":1}"}), json!({"Document": "{\"a\": 1}"})),
        (json!({}), json!({"DocumentSource": "https://s/k"})),
        (
            json!({"Document": null, "DocumentSource": "https://s/k"}),
            json!({"DocumentSource": "https://s/other"}),
        ),
        (
            json!({"PresignedUrlConfig": {"RoleArn": "arn:r", "ExpiresInSec": 60}}),
            json!({"PresignedUrlConfig": {"RoleArn": "arn:r", "ExpiresInSec": 3600}}),
        ),
        // Not what IoT fills in.
        (
            json!({"PresignedUrlConfig": {"RoleArn": "arn:r"}}),
            json!({"PresignedUrlConfig": {"RoleArn": "arn:r", "ExpiresInSec": 600}}),
        ),
        (json!({}), json!({"TimeoutConfig": {"InProgressTimeoutInMinutes": 60}})),
        (
            json!({"JobExecutionsRolloutConfig": {"MaximumPerMinute": 1}}),
            json!({"JobExecutionsRolloutConfig": {"MaximumPerMinute": 2}}),
        ),
        (
            json!({"Document": null, "JobArn": "arn:j", "TimeoutConfig": {"InProgressTimeoutInMinutes": 1}}),
            json!({"TimeoutConfig": {"InProgressTimeoutInMinutes": 60}}),
        ),
    ] {
        assert!(!is_same(&to_make, &shown), "{to_make} and {shown}");
    }
}

/// Whether a template of ours is taken for what is wanted; each is given by how it differs from [`reboot`].
fn is_same(to_make: &Value, shown: &Value) -> bool {
    let [to_make, shown] = [to_make, shown].map(|members| {
        let mut json = json!({"Description": "Reboot", "Document": "{}"});
        json.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        reboot_with(|it| it.content = content(json))
    });
    create(&to_make, Some(&wordless(&shown))) == only_words(&to_make)
}

/// Properties with each thing that a template does not show, and what there is of all of them.
fn unseen() -> ([Desired; 3], Template) {
    let from_job = |job: &str| {
        reboot_with(|it| {
            it.content = content(json!({"Description": "Reboot", "JobArn": job}));
        })
    };
    let properties = [
        from_job("arn:first"),
        from_job("arn:second"),
        Desired {
            revision: Some("2".into()),
            ..from_job("arn:first")
        },
    ];
    (properties, wordless(&reboot()))
}

#[test]
fn what_cannot_be_read_back_makes_the_template_anew_where_old_and_new_properties_differ() {
    let ([first, second, revised], there) = unseen();

    for new in [&second, &revised] {
        assert!(is_recreate(&update(&first, new, Some(&there))));
        assert_eq!(update(new, new, Some(&there)), only_words(new));
    }
}

#[test]
fn what_cannot_be_read_back_counts_as_the_same_where_there_is_nothing_to_compare_it_with() {
    let (properties, there) = unseen();

    for new in &properties {
        let there = Some(&there);
        assert_eq!(create(new, there), only_words(new));
        assert_eq!(update_of(&id_of(new), None, new, there), only_words(new));
    }
}

/// In the rollback of an Update to another id, the old properties are those of that other template.
#[test]
fn old_properties_of_another_id_say_nothing_of_this_template() {
    let old = Desired {
        tags: tags([("team", "fleet"), ("cost", "1")]),
        ..Desired {
            job_template_id: renamed().job_template_id,
            ..revised()
        }
    };
    let mut there = made_by(&us(), &reboot());
    there.tags.insert("cost".into(), "by hand".into());

    assert_eq!(
        update_of(&id_of(&reboot()), Some(&old), &reboot(), Some(&there)),
        only_words(&reboot())
    );
}

// Tags

#[test]
fn a_tag_of_ours_that_is_gone_is_put_back() {
    let mut there = made_by(&us(), &reboot());
    there.tags.remove("team");

    assert_eq!(
        update(&reboot(), &reboot(), Some(&there)),
        retag(&reboot(), [("team", "fleet")])
    );
}

/// The old properties may be those of an Update that failed and was left so: they are not what the template has.
#[test]
fn a_declared_tag_is_set_where_it_is_other_there_though_the_properties_did_not_change() {
    let failed = reboot_with(|it| it.tags = tags([("team", "yard")]));
    let there = made_by(&us(), &reboot());

    assert_eq!(
        update(&failed, &failed, Some(&there)),
        retag(&failed, [("team", "yard")])
    );
}

#[test]
fn a_tag_that_is_gone_from_properties_and_template_is_not_removed_again() {
    let there = made_by(&us(), &reboot());
    let old = reboot_with(|it| it.tags.extend(tags([("cost", "1")])));

    assert_eq!(update(&old, &reboot(), Some(&there)), only_words(&reboot()));
}

#[test]
fn a_repeated_create_sets_its_tags_and_removes_none() {
    let mut there = made_by(&us(), &reboot());
    there.tags.extend(tags([("team", "yard"), ("by", "hand")]));

    assert_eq!(create(&reboot(), Some(&there)), retag(&reboot(), [("team", "fleet")]));
}

#[test]
fn a_template_made_anew_keeps_the_tags_of_others_but_for_awss_own() {
    let old = reboot_with(|it| it.tags.extend(tags([("cost", "1")])));
    let mut there = made_by(&us(), &old);
    there
        .tags
        .extend(tags([("by", "hand"), ("aws:x", "1"), ("AWS:y", "1")]));
    let mut tags = tags_of(&now(), &reworded());
    tags.insert("by".into(), "hand".into());

    assert_eq!(update(&old, &reworded(), Some(&there)), recreate(tags));
}

/// A template with this many tags, its own and AWS's among them.
fn with_tags(count: usize) -> Template {
    let mut there = made_by(&us(), &reboot());
    let own = there.tags.len();
    there
        .tags
        .extend((own..count).map(|n| (format!("other-{n}"), String::new())));
    there.tags.insert("aws:x".into(), String::new());
    there
}

#[test]
fn fifty_tags_are_taken_and_a_request_that_adds_a_fifty_first_is_refused() {
    for change in [reboot(), reworded()] {
        let new = Desired {
            tags: tags([("team", "fleet"), ("new", "1")]),
            ..change
        };

        assert!(!matches!(
            update(&reboot(), &new, Some(&with_tags(49))),
            Plan::Refuse { .. }
        ));
        let why = refusal(update(&reboot(), &new, Some(&with_tags(50))));
        assert!(why.contains("would have 51 tags"), "{why}");
    }
}

#[test]
fn where_only_the_words_would_be_the_fifty_first_tag_they_are_left_out_with_a_warning() {
    let mut there = with_tags(50);
    there.tags.remove(REQUEST_TAG);
    there.tags.insert("other".into(), String::new());

    for new in [reboot(), reworded()] {
        let plan = update(&reboot(), &new, Some(&there));

        let (Plan::Retag { set: tags, warning, .. } | Plan::Recreate { tags, warning }) = plan else {
            panic!("{plan:?}");
        };
        assert!(!tags.contains_key(REQUEST_TAG));
        let warning = warning.unwrap_or_default();
        assert!(warning.contains("no room for cloudformation:request"), "{warning}");
    }
}

// Laws

fn any_other() -> impl Strategy<Value = Owner> {
    proptest::sample::select(others().to_vec())
}

proptest! {
    #[test]
    fn a_template_that_names_another_owner_is_not_touched_whatever_is_asked(
        other in any_other(), old in request(), new in request(), theirs in request(),
    ) {
        let there = [&old, &new, &theirs].map(|properties| made_by(&other, properties));

        for there in there.iter().map(Some) {
            for plan in [
                create(&new, there),
                update(&old, &new, there),
                update_of(&id_of(&new), Some(&old), &new, there),
            ] {
                prop_assert!(is_hands_off(&plan), "{:?}", plan);
            }
            for held in [id_of(&new), unclear(&new)] {
                prop_assert!(is_left_alone(&delete(&held, Some(&new), there)));
            }
        }
    }

    #[test]
    fn a_free_template_is_not_touched_where_cloudformation_does_not_hold_its_id(
        old in request(), new in request(),
    ) {
        prop_assume!(id_of(&old) != id_of(&new));
        let there = free(&new);

        for plan in [create(&new, Some(&there)), update(&old, &new, Some(&there))] {
            prop_assert!(matches!(plan, Plan::Refuse { .. }), "{:?}", plan);
        }
        prop_assert!(is_not_yet(&delete(&unclear(&new), Some(&new), Some(&there))));
    }

    #[test]
    fn once_a_plan_is_carried_out_there_is_nothing_to_do(
        old in request(), new in request(), theirs in request(), situation in 0..4,
    ) {
        // What cannot be read back is a difference for as long as the request says so.
        let mut old = Desired { job_template_id: new.job_template_id.clone(), revision: new.revision.clone(), ..old };
        old.content.job_arn.clone_from(&new.content.job_arn);
        // Nobody can know a template that came from a job and names no owner.
        prop_assume!(situation != 2 || new.content.job_arn.is_none());
        let there = match situation {
            0 => None,
            1 => Some(made_by(&us(), &old)),
            2 => Some(Template { tags: theirs.tags, ..free(&new) }),
            _ => Some(made_by(&us(), &theirs)),
        };
        let ask = |there: Option<&Template>| update_of(&id_of(&new), Some(&old), &new, there);

        let after = carried_out(ask(there.as_ref()), &new, there);

        prop_assert_eq!(ask(Some(&after)), nothing_to_do());
    }

    #[test]
    fn the_delete_of_a_replaced_id_does_not_reach_the_template_that_replaced_it(
        old in request(), new in request(),
    ) {
        let held = id_of(&old);

        prop_assert_eq!(PhysicalId::Template(named_by(&held).unwrap().id), held.clone());
        for properties in [&old, &new] {
            prop_assert_eq!(cancelled_create(&us(), Some(&held), Some(properties)), None);
        }
    }
}

/// What IoT shows when a plan is carried out.
fn carried_out(plan: Plan, new: &Desired, there: Option<Template>) -> Template {
    match (plan, there) {
        (Plan::Retag { set, remove, .. }, Some(there)) => Template {
            tags: apply(&there.tags, &set, &remove),
            ..there
        },
        (Plan::Create { tags } | Plan::Recreate { tags, .. }, _) => {
            let text = new.content.document.clone();
            Template {
                arn: "arn".into(),
                content: Some(Content {
                    document: text.or_else(|| Some("{}".into())),
                    job_arn: None,
                    ..new.content.clone()
                }),
                tags,
            }
        }
        (plan, _) => panic!("{plan:?}"),
    }
}
