//! Adopt.

use super::*;
use crate::job_template::Adopt;

const STACK: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/fleet/5ac00000-0000-4000-8000-000000000001";

fn adopting(adopt: Value) -> Value {
    with(json!({"JobTemplateId": "reboot", "Adopt": adopt}))
}

#[test]
fn adopt_is_false_true_or_an_owner_as_errors_name_it() {
    let of = |stack_id: Option<&str>| Adopt::Of {
        stack_id: stack_id.map(str::to_owned),
        logical_id: "Reboot".into(),
    };
    for (written, adopt) in [
        (json!(null), Adopt::No),
        (json!(""), Adopt::No),
        (json!(false), Adopt::No),
        (json!("false"), Adopt::No),
        (json!(true), Adopt::Free),
        (json!("true"), Adopt::Free),
        (json!("True"), Adopt::Free),
        (json!("Reboot"), of(None)),
        (json!(format!("{STACK}/Reboot")), of(Some(STACK))),
    ] {
        assert_eq!(desired(adopting(written.clone())).adopt, adopt, "{written}");
    }
}

#[test]
fn what_names_no_owner_is_refused_with_what_is_accepted() {
    for written in [
        "Re boot",
        "arn:aws:x:stack/fleet/5-6",
        "fleet/Reboot",
        "arn:aws:iot:r:a:thing/x/R",
        "yes!",
    ] {
        assert_eq!(
            messages(&adopting(json!(written))),
            [format!(
                "Adopt: {written:?} is neither true, false nor an owner (it takes text of 1 to 2048 characters: true, \
                 false, LOGICALID or STACK-ARN/LOGICALID)"
            )]
        );
    }
}

#[test]
fn adopt_without_a_job_template_id_is_refused_and_says_why() {
    assert_eq!(
        messages(&with(json!({"Adopt": "true"}))),
        [
            "Adopt: needs a JobTemplateId, which says what is taken over: an id that is generated is always this \
             resource's own"
        ]
    );
    assert!(desired(with(json!({"Adopt": false}))).adopt.is_no());
}

#[test]
fn what_is_taken_over_leaves_room_for_45_tags() {
    let with_tags = |count: usize| {
        let tags: Value = (0..count).map(|n| (format!("tag-{n}"), json!("x"))).collect();
        let mut properties = adopting(json!("true"));
        properties["Tags"] = tags;
        properties
    };

    assert_eq!(desired(with_tags(45)).tags.len(), 45);
    assert_eq!(
        messages(&with_tags(46)),
        ["Tags: 46 tags are more than the 45 that IoT's 50 leave to a template that is taken over"]
    );
}

#[test]
fn adopt_is_no_part_of_what_a_template_is_made_from() {
    use crate::memory::Fingerprint;

    assert_eq!(
        Fingerprint::of(&desired(adopting(json!("true")))),
        Fingerprint::of(&desired(adopting(json!("false"))))
    );
}
