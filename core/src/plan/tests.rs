//! The table of what each request does, a test for each row; then what else the plan promises, and laws that hold for all
//! properties.

use super::*;
use crate::job_template::Content;
use crate::properties::generators::request;
use proptest::prelude::*;
use serde_json::{Value, json};

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

/// A template with these properties, as `owner` would have made it.
fn made_by(owner: &Owner, properties: &Desired) -> Template {
    Template {
        content: properties.content.clone(),
        tags: tags_to_create(owner, properties),
    }
}

/// A template with these properties that names no owner.
fn free(properties: &Desired) -> Template {
    Template {
        content: properties.content.clone(),
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
fn unknown(properties: &Desired) -> PhysicalId {
    PhysicalId::OutcomeUnknown {
        candidate: physical_id::template_id(&us(), properties),
    }
}

fn create(new: &Desired, there: Option<&Template>) -> Plan {
    plan(&us(), &wanted(&us(), new, None), there)
}

/// What an Update of the old properties' template asks for.
fn update(old: &Desired, new: &Desired, there: Option<&Template>) -> Plan {
    update_of(&id_of(old), Some(old), new, there)
}

fn update_of(held: &PhysicalId, old: Option<&Desired>, new: &Desired, there: Option<&Template>) -> Plan {
    plan(&us(), &wanted(&us(), new, Some((held, old))), there)
}

fn delete(held: &PhysicalId, properties: Option<&Desired>, there: Option<&Template>) -> DeletePlan {
    let subject = subject(held).expect("something to look for");
    plan_delete(&us(), &subject, properties, there)
}

fn retag<const N: usize>(set: [(&str, &str); N]) -> Plan {
    Plan::Retag {
        set: tags(set),
        remove: Vec::new(),
    }
}

fn nothing_to_do() -> Plan {
    retag([])
}

fn is_recreate(plan: &Plan) -> bool {
    matches!(plan, Plan::Recreate { .. })
}

fn refusal(plan: Plan) -> String {
    match plan {
        Plan::Refuse { why } => why,
        plan => panic!("{plan:?}"),
    }
}

fn is_left_alone(plan: &DeletePlan) -> bool {
    matches!(plan, DeletePlan::LeaveAlone { .. })
}

// Create

#[test]
fn a_create_where_nothing_is_makes_it_with_its_tags_and_ours() {
    let mut tags = us().tags();
    tags.insert("team".into(), "fleet".into());

    assert_eq!(create(&reboot(), None), Plan::Create { tags });
}

#[test]
fn a_create_where_ours_has_the_same_content_sets_its_tags_only() {
    let there = made_by(&us(), &reboot());
    let retagged = reboot_with(|it| it.tags = tags([("team", "yard")]));

    assert_eq!(create(&reboot(), Some(&there)), nothing_to_do());
    assert_eq!(create(&retagged, Some(&there)), retag([("team", "yard")]));
}

#[test]
fn a_create_where_ours_has_other_content_makes_it_anew() {
    let there = made_by(&us(), &reworded());

    assert_eq!(
        create(&reboot(), Some(&there)),
        Plan::Recreate {
            tags: tags_to_create(&us(), &reboot())
        }
    );
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
            tags: tags_to_create(&us(), &reboot())
        }
    );
}

#[test]
fn an_update_of_the_same_id_where_ours_has_the_same_content_changes_tags_by_what_changed() {
    let old = reboot_with(|it| it.tags = tags([("kept", "1"), ("changed", "1"), ("gone", "1")]));
    let new = reboot_with(|it| it.tags = tags([("kept", "1"), ("changed", "2"), ("new", "1")]));
    let mut there = made_by(&us(), &old);
    there.tags.extend(tags([("kept", "by hand"), ("by", "hand")]));

    assert_eq!(
        update(&old, &new, Some(&there)),
        Plan::Retag {
            set: tags([("changed", "2"), ("new", "1")]),
            remove: vec!["gone".into()]
        }
    );
}

#[test]
fn an_update_of_the_same_id_where_ours_has_other_content_makes_it_anew() {
    let there = made_by(&us(), &reboot());

    assert_eq!(
        update(&reboot(), &reworded(), Some(&there)),
        Plan::Recreate {
            tags: tags_to_create(&us(), &reworded())
        }
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
    assert_eq!(subject(&PhysicalId::NothingMade), None);
}

#[test]
fn a_delete_of_an_unknown_outcome_deletes_the_candidate_if_its_tags_are_ours() {
    let there = made_by(&us(), &reboot());

    assert_eq!(subject(&unknown(&reboot())).unwrap().id, "reboot");
    assert_eq!(
        delete(&unknown(&reboot()), Some(&reboot()), Some(&there)),
        DeletePlan::Delete
    );
}

#[test]
fn a_delete_of_an_unknown_outcome_leaves_alone_what_only_looks_like_the_candidate() {
    for properties in [reboot(), unnamed()] {
        let there = free(&properties);
        let plan = delete(&unknown(&properties), Some(&properties), Some(&there));

        assert!(is_left_alone(&plan));
    }
}

#[test]
fn a_delete_where_nothing_is_has_nothing_to_do() {
    for held in [id_of(&reboot()), unknown(&reboot())] {
        assert_eq!(delete(&held, Some(&reboot()), None), DeletePlan::Nothing);
    }
}

#[test]
fn a_delete_of_a_made_up_id_where_nothing_is_looks_for_what_the_create_would_have_made() {
    for properties in [reboot(), unnamed()] {
        assert_eq!(
            cancelled_create(&us(), &made_up(), Some(&properties)),
            Some(Subject {
                id: physical_id::template_id(&us(), &properties),
                held: false
            })
        );
    }
}

#[test]
fn a_delete_of_a_made_up_id_deletes_what_it_looked_for_only_if_its_tags_are_ours() {
    let looked_for = cancelled_create(&us(), &made_up(), Some(&unnamed())).unwrap();
    let plan = |there: &Template| plan_delete(&us(), &looked_for, Some(&unnamed()), Some(there));

    assert_eq!(plan(&made_by(&us(), &unnamed())), DeletePlan::Delete);
    assert!(is_left_alone(&plan(&free(&unnamed()))));
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
        content: properties.content,
        tags: Tags::new(),
    };
    let as_the_old = update(&reboot(), &reworded(), Some(&stripped(reboot())));
    let as_the_new = update(&reboot(), &reworded(), Some(&stripped(reworded())));
    let tags = tags_to_create(&us(), &reworded());

    assert_eq!(as_the_old, Plan::Recreate { tags: tags.clone() });
    assert_eq!(
        as_the_new,
        Plan::Retag {
            set: tags,
            remove: Vec::new()
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

// Ids

#[test]
fn a_delete_never_guesses_a_name_for_an_id_that_was_not_made_up_for_this_resource() {
    for held in [
        PhysicalId::NothingMade,
        unknown(&renamed()),
        id_of(&renamed()),
        id_of(&unnamed()),
        PhysicalId::Template("fleet-Restart-1ABCDEFGHIJK2".into()),
        PhysicalId::Template("yard-Reboot-1ABCDEFGHIJK2".into()),
    ] {
        assert_eq!(cancelled_create(&us(), &held, Some(&reboot())), None, "{held:?}");
    }
}

#[test]
fn a_delete_of_a_made_up_id_without_readable_properties_guesses_nothing() {
    assert_eq!(cancelled_create(&us(), &made_up(), None), None);
}

#[test]
fn a_delete_of_an_id_that_no_template_can_have_looks_for_nothing() {
    for id in ["2026/11/23/[$LATEST]0123", "", &"x".repeat(65)] {
        let candidate = PhysicalId::OutcomeUnknown { candidate: id.into() };

        assert_eq!(subject(&PhysicalId::Template(id.into())), None, "{id}");
        assert_eq!(subject(&candidate), None, "{id}");
    }
}

#[test]
fn the_rollback_of_an_update_to_another_id_looks_for_what_that_may_have_made() {
    let request = update_request(&id_of(&reboot()), &reboot(), Some(&renamed()));

    assert_eq!(
        abandoned_by(&request),
        Some(Subject {
            id: "restart".into(),
            held: false
        })
    );
}

#[test]
fn an_update_abandons_nothing_that_cloudformation_knows_of() {
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
        assert_eq!(abandoned_by(&request), None, "{request:?}");
    }
}

fn update_request(held: &PhysicalId, new: &Desired, old: Option<&Desired>) -> Request {
    Request::Update {
        physical_id: held.clone(),
        properties: new.clone(),
        old_properties: old.cloned().map(Box::new),
    }
}

fn abandoned_by(request: &Request) -> Option<Subject> {
    let wanted = match request {
        Request::Create { properties } => wanted(&us(), properties, None),
        Request::Update {
            physical_id,
            properties,
            old_properties,
        } => wanted(&us(), properties, Some((physical_id, old_properties.as_deref()))),
        Request::Delete { .. } => unreachable!("a Delete wants no template"),
    };
    abandoned(&us(), &wanted, request)
}

// What counts as the same content

#[test]
fn content_is_the_same_however_iot_gives_it_back() {
    let criterion = |failure_type, threshold| json!({"FailureType": failure_type, "Action": "CANCEL", "ThresholdPercentage": threshold, "MinNumberOfExecutedThings": 1});
    let retry = |failure_type| json!({"FailureType": failure_type, "NumberOfRetries": 1});
    let window = |start| json!({"StartTime": start, "DurationInMinutes": 60});

    for (wanted, shown) in [
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
        assert!(is_same(&wanted, &shown), "{wanted} and {shown}");
    }
}

#[test]
fn content_is_other_where_anything_that_iot_gives_back_differs() {
    for (wanted, shown) in [
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
        assert!(!is_same(&wanted, &shown), "{wanted} and {shown}");
    }
}

/// Whether a template of ours is taken for what is wanted; each is given by how it differs from [`reboot`].
fn is_same(wanted: &Value, shown: &Value) -> bool {
    let [wanted, shown] = [wanted, shown].map(|members| {
        let mut json = json!({"Description": "Reboot", "Document": "{}"});
        json.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        reboot_with(|it| it.content = content(json))
    });
    create(&wanted, Some(&made_by(&us(), &shown))) == nothing_to_do()
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
    (properties, made_by(&us(), &reboot()))
}

#[test]
fn what_cannot_be_read_back_makes_the_template_anew_where_old_and_new_properties_differ() {
    let ([first, second, revised], there) = unseen();

    for new in [&second, &revised] {
        assert!(is_recreate(&update(&first, new, Some(&there))));
        assert_eq!(update(new, new, Some(&there)), nothing_to_do());
    }
}

#[test]
fn what_cannot_be_read_back_counts_as_the_same_where_there_is_nothing_to_compare_it_with() {
    let (properties, there) = unseen();

    for new in &properties {
        let there = Some(&there);
        assert_eq!(create(new, there), nothing_to_do());
        assert_eq!(update_of(&id_of(new), None, new, there), nothing_to_do());
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
        nothing_to_do()
    );
}

// Tags

#[test]
fn a_tag_of_ours_that_is_gone_is_put_back() {
    let mut there = made_by(&us(), &reboot());
    there.tags.remove("team");

    assert_eq!(update(&reboot(), &reboot(), Some(&there)), retag([("team", "fleet")]));
}

#[test]
fn a_tag_that_is_gone_from_properties_and_template_is_not_removed_again() {
    let there = made_by(&us(), &reboot());
    let old = reboot_with(|it| it.tags.extend(tags([("cost", "1")])));

    assert_eq!(update(&old, &reboot(), Some(&there)), nothing_to_do());
}

#[test]
fn a_repeated_create_sets_its_tags_and_removes_none() {
    let mut there = made_by(&us(), &reboot());
    there.tags.extend(tags([("team", "yard"), ("by", "hand")]));

    assert_eq!(create(&reboot(), Some(&there)), retag([("team", "fleet")]));
}

#[test]
fn a_template_made_anew_keeps_the_tags_of_others_but_for_awss_own() {
    let old = reboot_with(|it| it.tags.extend(tags([("cost", "1")])));
    let mut there = made_by(&us(), &old);
    there
        .tags
        .extend(tags([("by", "hand"), ("aws:x", "1"), ("AWS:y", "1")]));
    let mut tags = tags_to_create(&us(), &reworded());
    tags.insert("by".into(), "hand".into());

    assert_eq!(update(&old, &reworded(), Some(&there)), Plan::Recreate { tags });
}

#[test]
fn fifty_tags_are_taken_and_no_more_those_of_others_among_them_and_awss_own_not() {
    let ours = tags_to_create(&us(), &reboot()).len();
    let with_others = |others: usize| {
        let mut there = made_by(&us(), &reboot());
        let others = (0..others).map(|n| (format!("other-{n}"), String::new()));
        there.tags.extend(others);
        there.tags.insert("aws:x".into(), String::new());
        there
    };
    let (most, too_many) = (with_others(50 - ours), with_others(51 - ours));

    for new in [reboot(), reworded()] {
        assert!(!matches!(update(&reboot(), &new, Some(&most)), Plan::Refuse { .. }));
        let why = refusal(update(&reboot(), &new, Some(&too_many)));
        assert!(why.contains("would have 51 tags"), "{why}");
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
                prop_assert!(matches!(plan, Plan::Refuse { .. }), "{:?}", plan);
            }
            for held in [id_of(&new), unknown(&new)] {
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
        prop_assert!(is_left_alone(&delete(&unknown(&new), Some(&new), Some(&there))));
    }

    #[test]
    fn once_a_plan_is_carried_out_there_is_nothing_to_do(
        old in request(), new in request(), theirs in request(), situation in 0..4,
    ) {
        // What cannot be read back is a difference for as long as the request says so.
        let mut old = Desired { job_template_id: new.job_template_id.clone(), revision: new.revision.clone(), ..old };
        old.content.job_arn.clone_from(&new.content.job_arn);
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

        prop_assert_eq!(PhysicalId::Template(subject(&held).unwrap().id), held.clone());
        for properties in [&old, &new] {
            prop_assert_eq!(cancelled_create(&us(), &held, Some(properties)), None);
        }
    }
}

/// What IoT shows when a plan is carried out.
fn carried_out(plan: Plan, new: &Desired, there: Option<Template>) -> Template {
    match (plan, there) {
        (Plan::Retag { set, remove }, Some(there)) => Template {
            tags: apply(&there.tags, &set, &remove),
            ..there
        },
        (Plan::Create { tags } | Plan::Recreate { tags }, _) => {
            let text = new.content.document.clone();
            Template {
                content: Content {
                    document: text.or_else(|| Some("{}".into())),
                    job_arn: None,
                    ..new.content.clone()
                },
                tags,
            }
        }
        (plan, _) => panic!("{plan:?}"),
    }
}
