//! The job document.

use super::*;

fn document(written: Value) -> String {
    desired(with(json!({"Document": written}))).content.document.unwrap()
}

#[test]
fn a_document_that_is_text_is_kept_byte_for_byte() {
    for text in [
        "{}",
        "{ \"b\" : 1,\n \"a\": 1.0 }",
        "[1,2]",
        "\"ä\\u00e4\"",
        "7",
        " true ",
        "{\"a\":1,\"a\":2}",
    ] {
        assert_eq!(document(json!(text)), text);
    }
}

#[test]
fn a_document_that_is_a_map_or_list_of_texts_is_the_same_text_in_whatever_order_its_keys_come() {
    for written in [
        r#"{"z": "a\"b", "a": ["x", {}, [], "1.2.3", "10:30", "yes", ""], "m": {"b": "v", "B": {"é": "v", "y": "v"}}}"#,
        r#"{"m": {"B": {"y": "v", "é": "v"}, "b": "v"}, "a": ["x", {}, [], "1.2.3", "10:30", "yes", ""], "z": "a\"b"}"#,
    ] {
        let properties = format!(r#"{{"Description": "d", "Document": {written}}}"#);
        let read = read(&serde_json::from_str(&properties).unwrap()).unwrap();

        assert_eq!(
            read.desired.content.document.unwrap(),
            r#"{"a":["x",{},[],"1.2.3","10:30","yes",""],"m":{"B":{"y":"v","é":"v"},"b":"v"},"z":"a\"b"}"#
        );
    }
}

#[test]
fn a_document_with_real_numbers_and_booleans_is_lossless_and_taken() {
    let written = json!({"a": [1, 2.5, -3], "b": true, "c": null});

    assert_eq!(document(written), r#"{"a":[1,2.5,-3],"b":true,"c":null}"#);
}

#[test]
fn a_leaf_that_could_have_been_something_else_than_text_is_named() {
    for leaf in [
        "1", "-1", "+1", "1.5", ".5", "5.", "007", "1e3", "true", "false", "null", "True", "FALSE", "Null",
    ] {
        assert_eq!(
            messages(&with(json!({"Document": {"steps": [{"retry count": leaf}]}}))),
            [
                "Document.steps[0][\"retry count\"]: CloudFormation turns numbers, true, false and null into text, and this could \
              have been one (give the whole Document as a string of JSON, or with Fn::ToJsonString)"
            ]
        );
    }
}

#[test]
fn many_such_leaves_are_one_problem_with_all_their_paths() {
    assert_eq!(
        messages(&with(json!({"Document": ["1", "x", {"b": "true", "a": "null"}]}))),
        [
            "Document: CloudFormation turns numbers, true, false and null into text, and these 3 could have been some: \
             Document[0], Document[2].a, Document[2].b (give the whole Document as a string of JSON, or with \
             Fn::ToJsonString)"
        ]
    );
}

#[test]
fn of_more_leaves_than_fit_the_answer_as_many_are_named_as_fit() {
    let steps = |count: usize| -> Value {
        let step = json!({"action": "install", "retries": "3"});
        json!({"steps": vec![step; count]})
    };

    let thirty = messages(&with(json!({"Document": steps(30)})));
    assert_eq!(thirty.len(), 1);
    assert!(
        thirty[0].contains("these 30 ") && !thirty[0].contains("more"),
        "{thirty:?}"
    );
    assert_eq!(thirty[0].matches("].retries").count(), 30);

    let thousand = messages(&with(json!({"Document": steps(1000)})));
    assert_eq!(thousand.len(), 1);
    let named = thousand[0].matches("].retries").count();
    let more = format!("and {} more (give the whole", 1000 - named);
    assert!(named > 50 && thousand[0].contains(&more), "{thousand:?}");
    assert!(thousand[0].len() < 2500, "{}", thousand[0].len());
}

#[test]
fn a_leaf_as_deep_as_can_be_is_named_by_the_end_of_its_path() {
    let name = "\"".repeat(64);
    let deep = (0..120).fold(json!(["1", "2"]), |inner, _| json!({&name: inner}));

    let problems = messages(&with(json!({"Document": deep})));

    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("these 2 could have been some: …"), "{problems:?}");
    assert!(problems[0].contains("[0]"), "{problems:?}");
    assert!(serde_json::to_string(&problems[0]).unwrap().len() < 2500);
    let one = (0..120).fold(json!("1"), |inner, _| json!({&name: inner}));
    let one = messages(&with(json!({"Document": one})));
    assert!(serde_json::to_string(&one).unwrap().len() < 2500, "{one:?}");
}

#[test]
fn a_document_that_is_not_json_is_refused_with_the_place_and_without_its_content() {
    for (document, place) in [
        ("{\"secret\": }", "line 1 column 12"),
        ("{\n  \"secret\": 1,\n}", "line 3 column 1"),
        ("secret", "line 1 column 1"),
        ("{} {}", "line 1 column 4"),
        ("[\"secret", "line 1 column 8"),
        ("NaN", "line 1 column 1"),
        ("  ", "line 1 column 2"),
    ] {
        let problems = messages(&with(json!({"Document": document})));
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("Document: is not JSON: "), "{problems:?}");
        assert!(problems[0].ends_with(place), "{problems:?}");
        assert!(!problems[0].contains("secret"));
    }
}

#[test]
fn a_document_is_nested_at_most_1000_deep() {
    let deep = |levels: usize| json!("[".repeat(levels) + &"]".repeat(levels));
    good(&with(json!({"Document": deep(1000)})));
    // What is in a string is no nesting.
    good(&with(json!({"Document": format!("[\"\\\"{}\"]", "[".repeat(2000))})));

    assert_eq!(
        messages(&with(json!({"Document": deep(1001)}))),
        ["Document: is nested 1001 deep (IoT takes at most 1000)"]
    );
}

#[test]
fn a_placeholder_for_a_presigned_url_needs_a_role_unless_a_job_may_have_it() {
    for placeholder in ["${aws:iot:s3-presigned-url:", "${aws:iot:s3-presigned-url-v2:"] {
        let document = format!("{{\"url\": \"{placeholder}https://s3.amazonaws.com/b/k}}\"}}");
        let role = json!({"RoleArn": "arn:aws:iam::123456789012:role/x"});
        good(&json!({"Description": "d", "Document": document, "PresignedUrlConfig": role}));
        good(&json!({"Description": "d", "Document": document, "JobArn": "job"}));

        for config in [json!(null), json!({"ExpiresInSec": 60})] {
            assert_eq!(
                messages(&json!({"Description": "d", "Document": document, "PresignedUrlConfig": config})),
                [format!(
                    "PresignedUrlConfig.RoleArn: missing, and the Document has a placeholder {placeholder}…}}, which needs a role"
                )]
            );
        }
        let wrong = json!({"Description": "d", "Document": document, "PresignedUrlConfig": {"RoleArn": "short"}});
        assert_eq!(
            messages(&wrong).len(),
            1,
            "nothing more is said of a config that is wrong already"
        );
    }
    // What is not known to need one is left to IoT.
    good(&with(
        json!({"Document": "\"${aws:iot:s3-presigned-url-upload:https://s3.amazonaws.com/b/k}\""}),
    ));
}
