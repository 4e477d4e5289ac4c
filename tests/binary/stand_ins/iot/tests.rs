//! What was measured on the service, and what the function's tests rely on.

use std::io::Write;

use serde_json::{Value, json};

use crate::stand_ins::{
    FakeIot,
    Operation::{CreateJobTemplate, DescribeJobTemplate, ListTagsForResource, TagResource},
    StoredTemplate, TagsOfAbsent,
    client::Client,
};

#[test]
fn an_absent_template_is_not_found() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    for method in ["GET", "DELETE"] {
        let reply = client.iot(method, "/job-templates/nope", &json!({})).unwrap();
        assert_eq!(reply.status, 404);
        assert_eq!(reply.error_code(), "ResourceNotFoundException");
        assert_eq!(reply.json()["message"], "Job Template nope cannot be found.");
        assert!(reply.header("x-amzn-requestid").is_some());
    }
}

#[test]
fn an_id_that_exists_is_a_conflict() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let reply = client.create("one").unwrap();
    let arn = "arn:aws:iot:eu-central-1:123456789012:jobtemplate/one";
    assert_eq!(reply.json(), json!({"jobTemplateId": "one", "jobTemplateArn": arn}));
    let reply = client.create("one").unwrap();
    assert_eq!((reply.status, reply.error_code()), (409, "ConflictException"));
}

#[test]
fn what_is_absent_is_described_as_nulls_or_objects_of_nulls() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    client.create("one").unwrap();
    let mut described = client.describe("one").unwrap().json();
    assert!(described["createdAt"].take().is_f64());
    assert_eq!(
        described,
        json!({
            "jobTemplateArn": FakeIot::arn("one"),
            "jobTemplateId": "one",
            "createdAt": null,
            "description": "d",
            "document": "{}",
            "documentSource": null,
            "presignedUrlConfig": {"roleArn": null, "expiresInSec": null},
            "jobExecutionsRolloutConfig": {"exponentialRate": null, "maximumPerMinute": null},
            "abortConfig": null,
            "timeoutConfig": {"inProgressTimeoutInMinutes": null},
            "jobExecutionsRetryConfig": null,
            "maintenanceWindows": null,
            "destinationPackageVersions": null,
        })
    );
}

#[test]
fn doubles_are_described_as_floats() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let request = json!({
        "description": "d",
        "document": "{}",
        "abortConfig": {"criteriaList": [{
            "failureType": "ALL", "action": "CANCEL",
            "thresholdPercentage": 25, "minNumberOfExecutedThings": 1
        }]},
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 100, "exponentialRate": {
            "baseRatePerMinute": 10, "incrementFactor": 2,
            "rateIncreaseCriteria": {"numberOfSucceededThings": 3}
        }},
    });
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    let text = String::from_utf8(client.describe("one").unwrap().body).unwrap();
    assert!(text.contains(r#""thresholdPercentage":25.0"#), "{text}");
    assert!(text.contains(r#""incrementFactor":2.0"#), "{text}");
    assert!(text.contains(r#""baseRatePerMinute":10,"#), "{text}");
    assert!(text.contains(r#""numberOfNotifiedThings":null"#), "{text}");
}

#[test]
fn a_document_source_is_read_once_at_creation() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let source = "https://bucket.s3.amazonaws.com/job.json";
    let request = json!({"description": "d", "documentSource": source});
    let refused = client.iot("PUT", "/job-templates/one", &request).unwrap();
    assert_eq!(refused.error_code(), "InvalidRequestException");

    iot.put_object(source, r#"{"v":1}"#);
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    iot.put_object(source, r#"{"v":2}"#);
    let described = client.describe("one").unwrap().json();
    assert_eq!(described["documentSource"], source);
    assert_eq!(described["document"], r#"{"v":1}"#);
}

#[test]
fn a_job_lends_its_document_and_configuration() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let arn = "arn:aws:iot:eu-central-1:123456789012:job/update";
    let timeout = json!({"inProgressTimeoutInMinutes": 5});
    iot.put_job(arn, json!({"document": "[1]", "timeoutConfig": timeout}));
    let request = json!({"description": "d", "jobArn": arn});
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    let described = client.describe("one").unwrap().json();
    assert_eq!(described["document"], "[1]");
    assert_eq!(described["timeoutConfig"], timeout);
}

#[test]
fn what_the_service_refuses_is_refused_in_its_words() {
    let criterion = |failure, threshold: f64| {
        json!({
            "failureType": failure, "action": "CANCEL",
            "thresholdPercentage": threshold, "minNumberOfExecutedThings": 1
        })
    };
    let abort = |criteria: Value| json!({"document": "{}", "abortConfig": {"criteriaList": criteria}});
    let deep = |n| json!({"document": "[".repeat(n) + &"]".repeat(n)});
    let tags = |n| -> Value { (0..n).map(|i| json!({"Key": i.to_string(), "Value": ""})).collect() };
    let rollout = |maximum: Value, criteria: Value| {
        let rate = json!({"baseRatePerMinute": 10, "incrementFactor": 2, "rateIncreaseCriteria": criteria});
        json!({"document": "{}", "jobExecutionsRolloutConfig": {"maximumPerMinute": maximum, "exponentialRate": rate}})
    };
    let no_json = "Job document located at request input is an invalid JSON document.";
    let cases = [
        (json!({}), "Neither job document nor job document source is specified."),
        (
            json!({"document": "{}", "documentSource": "https://b.s3.amazonaws.com/k"}),
            "Job document and job document source cannot be specified at the same time.",
        ),
        (json!({"document": "{"}), no_json),
        (deep(1001), no_json),
        (
            json!({"document": r#"{"u":"${aws:iot:s3-presigned-url:https://b.s3.amazonaws.com/k}"}"#}),
            "Role must be provided for pre-sign S3 urls in job document of job one.",
        ),
        (
            json!({"document": r#"{"u":"${aws:iot:s3-presigned-url-v2:https://b.s3.amazonaws.com/k}"}"#}),
            "presignedUrlConfig role ARN is required to generate an S3 presigned url in job document.",
        ),
        (
            rollout(Value::Null, json!({"numberOfNotifiedThings": 1})),
            "Provide MaximumPerMinute value when ExponentialRate is defined",
        ),
        (
            rollout(
                json!(9),
                json!({"numberOfNotifiedThings": 1, "numberOfSucceededThings": 1}),
            ),
            "Provide only one of NumberOfNotifiedThings or NumberOfSucceededThings when RateIncreaseCriteria is defined",
        ),
        (
            json!({"document": "{}", "timeoutConfig": {"inProgressTimeoutInMinutes": 10081}}),
            "Provide valid timeout value, inProgressTimeoutInMinutes cannot be 10081.",
        ),
        (
            abort(json!([criterion("ALL", 1.0), criterion("ALL", 2.0)])),
            "Multiple AbortCriteria cannot have the same failure type",
        ),
        (
            abort(json!([criterion("ALL", 0.0)])),
            "ThresholdPercentage value 0.0 for AbortCriteria must have value greater than 0",
        ),
        (
            abort(json!([criterion("ALL", 0.125)])),
            "Abort thresholdPercentage must have two or less decimal digits",
        ),
        (
            json!({"document": "{}", "tags": [{"Key": "aws:x", "Value": ""}]}),
            "Tags cannot begin with \"aws:\", offending tag: aws:x",
        ),
        (
            json!({"document": "{}", "tags": tags(51)}),
            "Too many tags provided in the request. Please check the input.",
        ),
    ];
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    for (mut request, message) in cases {
        request["description"] = json!("d");
        let reply = client.iot("PUT", "/job-templates/one", &request).unwrap();
        assert_eq!((reply.status, reply.error_code()), (400, "InvalidRequestException"));
        assert_eq!(reply.json()["message"], message);
    }
    for mut accepted in [
        deep(1000),
        rollout(json!(9), json!({"numberOfNotifiedThings": 1})),
        abort(json!([criterion("ALL", 0.07), criterion("FAILED", 99.99)])),
    ] {
        accepted["description"] = json!("d");
        let reply = client.iot("PUT", "/job-templates/one", &accepted).unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        iot.by_hand(|templates| templates.clear());
    }
}

#[test]
fn what_the_model_forbids_is_a_validation_error() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let mut refusal = |id: &str, request: Value| {
        let reply = client.iot("PUT", &format!("/job-templates/{id}"), &request).unwrap();
        reply.json()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refusal("one", json!({"document": "{}"})),
        "1 validation error detected: Value null at 'description' failed to satisfy constraint: \
         Member must not be null"
    );
    assert_eq!(
        refusal("o%2Ee", json!({"description": "d", "document": "{}"})),
        "1 validation error detected: Value 'o.e' at 'jobTemplateId' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"
    );
}

#[test]
fn tags_come_with_the_template_change_in_place_and_go_with_it() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let arn = FakeIot::arn("one");
    let list = format!("/tags?resourceArn={}", arn.replace(':', "%3A").replace('/', "%2F"));
    let tags = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
    let request = json!({"description": "d", "document": "{}", "tags": tags});
    client.iot("PUT", "/job-templates/one", &request).unwrap();
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().json()["tags"], tags);

    let change = json!({"resourceArn": arn, "tags": [{"Key": "b", "Value": "3"}]});
    client.iot("POST", "/tags", &change).unwrap();
    let removal = json!({"resourceArn": arn, "tagKeys": ["a", "unknown"]});
    assert_eq!(client.iot("POST", "/untag", &removal).unwrap().status, 200);
    let tags = json!([{"Key": "b", "Value": "3"}]);
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().json()["tags"], tags);

    client.iot("DELETE", "/job-templates/one", &json!({})).unwrap();
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().status, 404);
    iot.lists_tags_of_absent(TagsOfAbsent::Empty);
    assert_eq!(client.iot("GET", &list, &json!({})).unwrap().json()["tags"], json!([]));
}

#[test]
fn tags_are_listed_in_pages() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let template = StoredTemplate::new(json!({}))
        .tagged("a", "")
        .tagged("b", "")
        .tagged("c", "");
    iot.by_hand(|templates| templates.insert("one".into(), template));
    iot.lists_tags_in_pages_of(2);
    let list = format!("/tags?resourceArn={}", FakeIot::arn("one"));
    let first = client.iot("GET", &list, &json!({})).unwrap().json();
    assert_eq!(first["tags"].as_array().unwrap().len(), 2);
    let token = first["nextToken"].as_str().unwrap();
    let rest = client
        .iot("GET", &format!("{list}&nextToken={token}"), &json!({}))
        .unwrap()
        .json();
    assert_eq!(rest, json!({"tags": [{"Key": "c", "Value": ""}], "nextToken": null}));
}

#[test]
fn a_fifty_first_tag_is_refused_and_changes_nothing() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let template = (0..50).fold(StoredTemplate::new(json!({})), |t, i| t.tagged(&i.to_string(), ""));
    iot.by_hand(|templates| templates.insert("one".into(), template.clone()));
    let change = json!({"resourceArn": FakeIot::arn("one"), "tags": [
        {"Key": "0", "Value": "changed"}, {"Key": "new", "Value": ""}
    ]});
    assert_eq!(client.iot("POST", "/tags", &change).unwrap().status, 400);
    assert_eq!(iot.template("one"), Some(template));
}

#[test]
fn an_unsigned_call_is_refused() {
    let iot = FakeIot::http();
    let reply = Client::new(&iot).call("GET", "/job-templates/one", &[], b"").unwrap();
    assert_eq!(reply.status, 403);
}

#[test]
fn each_operation_is_throttled_beyond_its_own_rate() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    iot.limit_rate(0.0, 2.0);
    let status: Vec<_> = (0..3).map(|_| client.describe("one").unwrap().status).collect();
    assert_eq!(status, [404, 404, 429]);
    assert_eq!(client.create("one").unwrap().status, 200);
    assert_eq!(iot.throttled(), 1);
}

#[test]
fn calls_are_recorded_in_order() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    client.create("one").unwrap();
    client.describe("two").unwrap();
    client
        .iot("GET", &format!("/tags?resourceArn={}", FakeIot::arn("one")), &json!({}))
        .unwrap();
    client
        .iot(
            "POST",
            "/tags",
            &json!({"resourceArn": FakeIot::arn("two"), "tags": []}),
        )
        .unwrap();
    let calls: Vec<_> = iot.calls().into_iter().map(|c| (c.operation, c.id, c.status)).collect();
    let expected = [
        (CreateJobTemplate, "one", 200),
        (DescribeJobTemplate, "two", 404),
        (ListTagsForResource, "one", 200),
        (TagResource, "two", 404),
    ];
    assert_eq!(
        calls,
        expected.map(|(op, id, status)| (op, id.to_owned(), Some(status)))
    );
}

#[test]
fn a_chunked_body_is_read() {
    let iot = FakeIot::http();
    let mut client = Client::new(&iot);
    let request = concat!(
        "PUT /job-templates/one HTTP/1.1\r\ntransfer-encoding: chunked\r\n",
        "authorization: AWS4-HMAC-SHA256 Credential=A/1/eu-central-1/iot/aws4_request\r\n\r\n",
        "11\r\n{\"description\":\"d\r\n15\r\n\",\"document\":\"[1,2]\"}\r\n0\r\n\r\n"
    );
    client.tcp.write_all(request.as_bytes()).unwrap();
    assert_eq!(client.receive().unwrap().status, 200);
    assert_eq!(iot.template("one").unwrap().content["document"], "[1,2]");
}
