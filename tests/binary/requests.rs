//! The real binary, a request at a time: what each does to IoT, and what CloudFormation is told.

use crate::stand_ins::{FakeIot, Operation::*, Stack, StoredTemplate, Testbed};
use serde_json::{Value, json};
use std::time::Duration;

fn fleet() -> Stack {
    Stack::named("fleet")
}

fn reboot() -> Value {
    json!({"JobTemplateId": "reboot", "Description": "Reboot", "Document": "{\"operation\":\"reboot\"}"})
}

fn with_timeout() -> Value {
    reboot_with("TimeoutConfig", json!({"InProgressTimeoutInMinutes": 60}))
}

fn reboot_with(member: &str, value: Value) -> Value {
    let mut properties = reboot();
    properties[member] = value;
    properties
}

/// Reboot's template, without the tags that say whose it is.
fn free() -> StoredTemplate {
    StoredTemplate::new(json!({"description": "Reboot", "document": "{\"operation\":\"reboot\"}"}))
}

fn owned_by(stack: Stack) -> StoredTemplate {
    free()
        .tagged("cloudformation:stack-id", &stack.id)
        .tagged("cloudformation:logical-id", "Reboot")
}

#[test]
fn a_create_makes_the_template_and_tells_its_id_and_arn() {
    let bed = Testbed::new();

    let answer = bed.send(fleet().create("Reboot", reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(answer.physical_id(), "reboot");
    assert_eq!(answer.attribute("JobTemplateId"), "reboot");
    assert_eq!(*answer.attribute("Arn"), json!(FakeIot::arn("reboot")));
    assert_eq!(bed.iot.template("reboot"), Some(owned_by(fleet())));
}

#[test]
fn a_create_that_is_delivered_twice_is_answered_alike() {
    let bed = Testbed::new();
    let create = fleet().create("Reboot", reboot()).answered_at(&bed.bucket);

    for _ in 0..2 {
        bed.lambda.invoke(&create, Duration::from_secs(20));
    }

    let [first, second] = &bed.bucket.answers(&create)[..] else {
        panic!("not two answers");
    };
    assert_eq!(first.json, second.json);
}

#[test]
fn a_changed_tag_is_set_in_place() {
    let bed = Testbed::new();
    bed.send(fleet().create("Reboot", reboot()));
    let tagged = reboot_with("Tags", json!({"team": "fleet"}));

    let answer = bed.send(fleet().update("Reboot", "reboot", tagged, reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(bed.iot.template("reboot").unwrap().tags["team"], "fleet");
}

#[test]
fn a_changed_timeout_under_a_fixed_id_makes_the_template_anew() {
    let bed = Testbed::new();
    bed.send(fleet().create("Reboot", reboot()));

    let answer = bed.send(fleet().update("Reboot", "reboot", with_timeout(), reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(answer.physical_id(), "reboot");
    assert_eq!(
        bed.iot.template("reboot").unwrap().content["timeoutConfig"]["inProgressTimeoutInMinutes"],
        60
    );
}

#[test]
fn a_delete_of_what_is_ours_deletes_it() {
    let bed = Testbed::new();
    bed.send(fleet().create("Reboot", reboot()));

    let answer = bed.send(fleet().delete("Reboot", "reboot", reboot()));

    assert!(answer.succeeded(), "{answer:?}");
    assert!(bed.iot.template("reboot").is_none());
}

#[test]
fn bad_properties_are_refused_all_at_once_and_the_delete_that_follows_succeeds() {
    let bed = Testbed::new();
    let bad = json!({"JobTemplateId": "no good", "TimeoutConfig": {"InProgressTimeoutInMinutes": 0}});

    let refused = bed.send(fleet().create("Reboot", bad.clone()));
    let deleted = bed.send(fleet().delete("Reboot", refused.physical_id(), bad));

    assert!(!refused.succeeded());
    for path in [
        "JobTemplateId: ",
        "Description: ",
        "TimeoutConfig.InProgressTimeoutInMinutes: ",
    ] {
        assert!(refused.reason().contains(path), "{}", refused.reason());
    }
    assert!(deleted.succeeded(), "{deleted:?}");
}

/// A Create, and an Update to another id, look by trying. What is to be changed must have been seen before; of what is to
/// be deleted, the tags mostly say enough.
#[test]
fn every_plan_takes_the_fewest_calls() {
    let create = |properties| fleet().create("Reboot", properties);
    let update = |new, old| fleet().update("Reboot", "reboot", new, old);
    let delete = |id: &str| fleet().delete("Reboot", id, reboot());
    let (free, ours, anothers) = (
        Some(free()),
        Some(owned_by(fleet())),
        Some(owned_by(Stack::named("factory"))),
    );
    let tagged = reboot_with("Tags", json!({"team": "fleet"}));
    let ours_tagged = ours.clone().map(|ours| ours.tagged("team", "fleet"));
    let renamed = reboot_with("JobTemplateId", json!("restart"));
    let made_up = fleet().made_up_id("Reboot");
    let look = [DescribeJobTemplate, ListTagsForResource];
    let try_and_look = [CreateJobTemplate, DescribeJobTemplate, ListTagsForResource];
    let make_anew = [DeleteJobTemplate, CreateJobTemplate];
    let bed = Testbed::new();

    for (plan, there, event, calls) in [
        ("create", &None, create(reboot()), vec![CreateJobTemplate]),
        ("create, repeated", &ours, create(reboot()), try_and_look.to_vec()),
        (
            "create, ours, other tags",
            &ours,
            create(tagged.clone()),
            [&try_and_look[..], &[TagResource]].concat(),
        ),
        (
            "create, ours, other content",
            &ours,
            create(with_timeout()),
            [&try_and_look[..], &make_anew].concat(),
        ),
        ("create, free", &free, create(reboot()), try_and_look.to_vec()),
        ("create, another's", &anothers, create(reboot()), try_and_look.to_vec()),
        ("create, bad properties", &None, create(json!({})), vec![]),
        (
            "update, absent",
            &None,
            update(reboot(), reboot()),
            vec![DescribeJobTemplate, CreateJobTemplate],
        ),
        ("update, nothing", &ours, update(reboot(), reboot()), look.to_vec()),
        (
            "update, a tag set",
            &ours,
            update(tagged.clone(), reboot()),
            [&look[..], &[TagResource]].concat(),
        ),
        (
            "update, a tag removed",
            &ours_tagged,
            update(reboot(), tagged),
            [&look[..], &[UntagResource]].concat(),
        ),
        (
            "update, other content",
            &ours,
            update(with_timeout(), reboot()),
            [look, make_anew].concat(),
        ),
        (
            "update, another's",
            &anothers,
            update(with_timeout(), reboot()),
            look.to_vec(),
        ),
        (
            "update, other id",
            &ours,
            update(renamed.clone(), reboot()),
            vec![CreateJobTemplate],
        ),
        (
            "update, rolled back",
            &ours,
            update(reboot(), renamed),
            [&look[..], &[ListTagsForResource, DescribeJobTemplate]].concat(),
        ),
        (
            "delete, ours",
            &ours,
            delete("reboot"),
            vec![ListTagsForResource, DeleteJobTemplate],
        ),
        (
            "delete, another's",
            &anothers,
            delete("reboot"),
            vec![ListTagsForResource],
        ),
        (
            "delete, absent",
            &None,
            delete("reboot"),
            vec![ListTagsForResource, DescribeJobTemplate],
        ),
        (
            "delete, unknown outcome",
            &ours,
            delete("outcome-unknown:reboot"),
            vec![ListTagsForResource, DeleteJobTemplate],
        ),
        ("delete, nothing made", &ours, delete("nothing-made:Reboot"), vec![]),
        (
            "delete, made-up id",
            &ours,
            delete(&made_up),
            vec![
                ListTagsForResource,
                DescribeJobTemplate,
                ListTagsForResource,
                DeleteJobTemplate,
            ],
        ),
    ] {
        bed.iot.by_hand(|templates| {
            *templates = there.iter().map(|there| ("reboot".to_owned(), there.clone())).collect();
        });

        bed.send(event);

        assert_eq!(bed.calls(), calls, "{plan}");
    }
}
