//! The real binary, a request at a time: what each does to IoT, and what CloudFormation is told.

use crate::situations::{fleet, situations};
use crate::stand_ins::{Event, FakeIot, Operation::*, StoredTemplate, TagsOfAbsent, Testbed};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

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

fn without_words(mut template: StoredTemplate) -> StoredTemplate {
    template.tags.remove("cloudformation:request");
    template
}

/// Reboot's template, without the words of a request.
fn stored() -> StoredTemplate {
    StoredTemplate::new(json!({"description": "Reboot", "document": "{\"operation\":\"reboot\"}"}))
        .tagged("cloudformation:stack-id", &fleet().id)
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
    let made = bed.iot.template("reboot").unwrap();
    assert_eq!(made.tags.len(), 3);
    assert_eq!(without_words(made), stored());
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

/// As where the ServiceToken is an SNS topic, of this account and region or another.
#[test]
fn a_request_in_a_message_of_sns_is_answered_where_the_request_says() {
    let bed = Testbed::new();
    let create = fleet().create("Reboot", reboot()).answered_at(&bed.bucket);
    let delivered = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": create.json.to_string()}}]});

    let invocation = bed.lambda.invoke(&Event::of(delivered), Duration::from_secs(20));

    assert!(invocation.responded(), "{invocation:?}");
    let answer = bed.bucket.only_answer(&create);
    assert_eq!(answer.physical_id(), "reboot");
    assert_eq!(without_words(bed.iot.template("reboot").unwrap()), stored());
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

/// SAM's emulator says that it runs in an account that it makes up, with the credentials of another.
#[test]
fn under_sam_the_arn_of_a_template_is_asked_for() {
    let bed = Testbed::with(|function| function.env("AWS_SAM_LOCAL", "true"));
    bed.send(fleet().create("Reboot", reboot()));
    bed.iot.forget_calls();

    bed.send(fleet().update("Reboot", "reboot", reboot(), reboot()));

    assert_eq!(
        bed.iot.operations(),
        [DescribeJobTemplate, ListTagsForResource, TagResource]
    );
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

#[test]
fn tags_that_come_in_several_pages_are_all_known() {
    let bed = Testbed::new();
    let tags = |numbers: std::ops::Range<usize>| -> Value {
        numbers
            .map(|number| json!({"Key": format!("tag-{number:02}"), "Value": ""}))
            .collect()
    };
    let (many, fewer) = (reboot_with("Tags", tags(0..20)), reboot_with("Tags", tags(0..10)));
    bed.send(fleet().create("Reboot", many.clone()));
    bed.iot.lists_tags_in_pages_of(5);
    bed.calls();

    let answer = bed.send(fleet().update("Reboot", "reboot", fewer, many));

    assert!(answer.succeeded(), "{answer:?}");
    // 23 tags with the provider's, and 13 once ten of them are gone.
    let look = [ListTagsForResource; 5];
    let calls = [&look[..], &[UntagResource], &look[..3], &[TagResource]].concat();
    assert_eq!(bed.calls(), calls);
    assert_eq!(bed.iot.template("reboot").unwrap().tags.len(), 13);
}

/// The service's model says ResourceNotFoundException, MiniStack answers with an empty list.
#[test]
fn a_delete_of_what_is_not_there_succeeds_whatever_iot_says_of_its_tags() {
    for listed in [TagsOfAbsent::NotFound, TagsOfAbsent::Empty] {
        let bed = Testbed::new();
        bed.iot.lists_tags_of_absent(listed);

        let refused = "refused:6b86b273ff34fce1:reboot";
        for id in ["reboot", refused, &fleet().made_up_id("Reboot")] {
            let answer = bed.send_soon(fleet().delete("Reboot", id, reboot()));

            assert!(answer.succeeded(), "{listed:?}, {id}: {answer:?}");
        }
        let moved = reboot_with("JobTemplateId", json!("restart"));
        let back = bed.send_soon(fleet().update("Reboot", "reboot", reboot(), moved));
        assert!(back.succeeded(), "{listed:?}, rolled back: {back:?}");
        assert_eq!(
            without_words(bed.iot.template("reboot").unwrap()),
            stored(),
            "{listed:?}"
        );
    }
}

/// What a job lends is not in the properties, and no reason to make the template anew.
#[test]
fn a_template_of_a_job_is_found_again_as_it_was_made() {
    const JOB: &str = "arn:aws:iot:eu-central-1:123456789012:job/update";
    let bed = Testbed::new();
    let lent = json!({"document": "[1]", "timeoutConfig": {"inProgressTimeoutInMinutes": 5}});
    bed.iot.put_job(JOB, lent);
    let properties = json!({"JobTemplateId": "reboot", "Description": "Reboot", "JobArn": JOB});
    bed.send(fleet().create("Reboot", properties.clone()));
    let made = bed.iot.template("reboot").unwrap();
    bed.calls();

    let answer = bed.send(fleet().create("Reboot", properties));

    assert!(answer.succeeded(), "{answer:?}");
    assert_eq!(made.content["document"], "[1]");
    assert_eq!(without_words(bed.iot.template("reboot").unwrap()), without_words(made));
    assert_eq!(bed.calls(), [CreateJobTemplate, ListTagsForResource, TagResource]);
}

#[test]
fn every_situation_takes_the_fewest_calls_and_comes_to_its_plan() {
    let bed = Testbed::new();
    let mut wrong = Vec::new();
    for situation in situations() {
        bed.iot.by_hand(|templates| *templates = situation.templates.clone());
        let event = situation.event.clone().answered_at(&bed.bucket);

        // One of them waits for half of the time.
        let log = bed.lambda.invoke(&event, Duration::from_secs(5)).json_log();

        let end = log.iter().find(|line| line["message"] == "answer").unwrap();
        let (mut calls, plan) = (bed.calls(), end["plan"].as_str().unwrap_or_default());
        while situation.waits && calls.len() > situation.calls.len() && calls.last() == situation.calls.last() {
            calls.pop();
        }
        if calls != situation.calls || plan != situation.plan {
            wrong.push(format!("{situation:?}: {calls:?}, {plan:?}"));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_plans_are_those_that_the_documentation_names() {
    let documentation = include_str!("../../docs/operations.md");
    let plans = documentation.lines().find(|line| line.starts_with("| plan |"));
    let documented: BTreeSet<_> = plans.unwrap().split('`').skip(1).step_by(2).collect();

    let come_to = situations().into_iter().map(|situation| situation.plan);

    assert_eq!(
        come_to.filter(|plan| !plan.is_empty()).collect::<BTreeSet<_>>(),
        documented
    );
}
