//! Tags.

use super::*;
use crate::cloudformation::owner::PROVIDER_TAGS;
use crate::job_template::Tags;

#[test]
fn tags_may_be_a_list_of_pairs_or_a_map_and_a_missing_value_is_empty() {
    for written in [
        json!([{"Key": "a", "Value": "1"}, {"Key": "b"}]),
        json!([{"value": 1, "key": "a"}, {"key": "b", "value": null}]),
        json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]),
        json!({"a": "1", "b": null}),
        json!({"a": 1, "b": ""}),
    ] {
        let tags = desired(with(json!({"Tags": written}))).tags;
        assert_eq!(
            tags,
            Tags::from([("a".into(), "1".into()), ("b".into(), String::new())])
        );
    }
}

#[test]
fn no_tags_in_whatever_form_are_none() {
    for written in [json!([]), json!({}), json!(null), json!("")] {
        assert_eq!(desired(with(json!({"Tags": written}))).tags, Tags::new());
    }
}

#[test]
fn tags_that_iot_refuses_and_those_that_only_this_provider_sets_are_refused() {
    for (tags, problem) in [
        (
            json!({"aws:x": "1"}),
            "Tags[\"aws:x\"]: the tag \"aws:x\" begins with aws:, which IoT refuses",
        ),
        (
            json!([{"Key": "cloudformation:stack-id"}]),
            "Tags[0]: the tag cloudformation:stack-id is one that only this provider sets",
        ),
        (
            json!({"": "x"}),
            "Tags[\"\"]: an empty key (it takes text of 1 to 128 characters out of letters, digits, spaces and _.:/=+-@)",
        ),
        (
            json!(["a=b"]),
            "Tags[0]: \"a=b\" is not accepted (it takes a map of Key, Value)",
        ),
        (json!([{}]), "Tags[0]: empty (it takes a map of Key, Value)"),
        (
            json!("a=b"),
            "Tags: \"a=b\" is not accepted (it takes a list of Key/Value pairs, or a map)",
        ),
        (
            json!({"a": ["x"]}),
            "Tags.a: a list is not accepted (it takes text of at most 256 characters)",
        ),
    ] {
        assert_eq!(messages(&with(json!({"Tags": tags}))), [problem]);
    }
    for key in PROVIDER_TAGS {
        let problem = format!("Tags[\"{key}\"]: the tag {key} is one that only this provider sets");
        assert_eq!(messages(&with(json!({"Tags": {key: "x"}}))), [problem]);
    }
    good(&with(
        json!({"Tags": {"AWS": "x", "xaws:": "x", "cloudformation:x": "x"}}),
    ));
}

#[test]
fn iots_fifty_tags_less_the_providers_three_are_taken() {
    let tags = |count: usize| -> Value { (0..count).map(|n| (n.to_string(), json!("x"))).collect() };
    good(&with(json!({"Tags": tags(47)})));

    assert_eq!(
        messages(&with(json!({"Tags": tags(48)}))),
        ["Tags: has 48 tags (it takes 47: IoT's 50, less the three that this provider sets)"]
    );
}

#[test]
fn a_map_of_just_key_and_value_is_refused_with_the_list_that_it_was_meant_to_be() {
    for (tags, meant) in [
        (
            json!({"Key": "team", "Value": "fleet"}),
            r#"[{"Key": "team", "Value": "fleet"}]"#,
        ),
        (json!({"value": 7, "key": "a\"b"}), r#"[{"Key": "a\"b", "Value": "7"}]"#),
        (
            json!({"Key": "team", "Value": null}),
            r#"[{"Key": "team", "Value": ""}]"#,
        ),
    ] {
        assert_eq!(
            messages(&with(json!({"Tags": tags}))),
            [format!(
                "Tags: a map of Key and Value would be two tags of these names (the list {meant} is one tag)"
            )]
        );
    }
    for tags in [
        json!({"Key": "x"}),
        json!({"Value": "x"}),
        json!({"Key": "x", "Value": "y", "team": "z"}),
    ] {
        good(&with(json!({"Tags": tags})));
    }
    // Whoever wants the two writes a list.
    good(&with(
        json!({"Tags": [{"Key": "Key", "Value": "x"}, {"Key": "Value", "Value": "y"}]}),
    ));
}
