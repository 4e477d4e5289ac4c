//! The real binary, a request at a time: what each does to IoT, and what CloudFormation is told.

mod support;

use serde_json::{Value, json};
use support::{FakeIot, Operation::*, Stack, World};

fn fleet() -> Stack {
    Stack::named("fleet")
}

fn reboot() -> Value {
    json!({"JobTemplateId": "reboot", "Description": "Reboot", "Document": "{\"operation\":\"reboot\"}"})
}

fn reboot_with(member: &str, value: Value) -> Value {
    let mut properties = reboot();
    properties[member] = value;
    properties
}

#[test]
fn a_create_makes_the_template_in_one_call_and_tells_its_id_and_arn() {
    let world = World::new();

    let answer = world.send(fleet().create("Reboot", reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(answer.physical_id(), "reboot");
    assert_eq!(answer.attribute("JobTemplateId"), "reboot");
    assert_eq!(*answer.attribute("Arn"), json!(FakeIot::arn("reboot")));
    assert_eq!(world.calls(), [CreateJobTemplate]);
    let tags = world.iot.template("reboot").unwrap().tags;
    assert_eq!(tags["cloudformation:logical-id"], "Reboot");
}

#[test]
fn a_repeated_create_gives_the_same_answer_and_changes_nothing() {
    let world = World::new();
    let first = world.send(fleet().create("Reboot", reboot()));

    let second = world.send(fleet().create("Reboot", reboot()));

    assert_eq!(first.physical_id(), second.physical_id());
    assert_eq!(
        world.calls()[1..],
        [CreateJobTemplate, DescribeJobTemplate, ListTagsForResource]
    );
}

#[test]
fn a_changed_tag_is_set_in_place() {
    let world = World::new();
    world.send(fleet().create("Reboot", reboot()));
    world.calls();
    let tagged = reboot_with("Tags", json!({"team": "fleet"}));

    let answer = world.send(fleet().update("Reboot", "reboot", tagged, reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(
        world.calls(),
        [DescribeJobTemplate, ListTagsForResource, TagResource]
    );
    assert_eq!(world.iot.template("reboot").unwrap().tags["team"], "fleet");
}

#[test]
fn a_changed_timeout_under_a_fixed_id_makes_the_template_anew() {
    let world = World::new();
    world.send(fleet().create("Reboot", reboot()));
    world.calls();
    let new = reboot_with("TimeoutConfig", json!({"InProgressTimeoutInMinutes": 60}));

    let answer = world.send(fleet().update("Reboot", "reboot", new, reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(answer.physical_id(), "reboot");
    assert_eq!(
        world.calls(),
        [
            DescribeJobTemplate,
            ListTagsForResource,
            DeleteJobTemplate,
            CreateJobTemplate
        ]
    );
    assert_eq!(
        world.iot.template("reboot").unwrap().content["timeoutConfig"]["inProgressTimeoutInMinutes"],
        60
    );
}

#[test]
fn a_delete_of_what_is_ours_deletes_it() {
    let world = World::new();
    world.send(fleet().create("Reboot", reboot()));
    world.calls();

    let answer = world.send(fleet().delete("Reboot", "reboot", reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(world.calls(), [ListTagsForResource, DeleteJobTemplate]);
    assert!(world.iot.template("reboot").is_none());
}

#[test]
fn bad_properties_are_refused_all_at_once_and_the_delete_that_follows_succeeds() {
    let world = World::new();
    let bad =
        json!({"JobTemplateId": "no good", "TimeoutConfig": {"InProgressTimeoutInMinutes": 0}});

    let refused = world.send(fleet().create("Reboot", bad.clone()));
    let deleted = world.send(fleet().delete("Reboot", refused.physical_id(), bad));

    assert!(!refused.succeeded());
    for path in [
        "JobTemplateId: ",
        "Description: ",
        "TimeoutConfig.InProgressTimeoutInMinutes: ",
    ] {
        assert!(refused.reason().contains(path), "{}", refused.reason());
    }
    assert!(deleted.succeeded(), "{deleted:?}");
    assert_eq!(world.calls(), []);
}
