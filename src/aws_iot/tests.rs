//! What goes over the wire is what is wanted, and what comes back is read as that.

use super::AwsIot;
use crate::transport::{self, TransportSettings};
use aws_credential_types::Credentials;
use aws_sdk_iot::Client;
use aws_sdk_iot::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use iot_job_template_core::iot::JobTemplates;
use iot_job_template_core::job_template::{Content, Desired};
use iot_job_template_core::properties::generators::request;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};

/// A service that keeps the body of the last PUT, and describes just that.
#[derive(Clone, Debug, Default)]
struct Echo(Arc<Mutex<Value>>);

impl Echo {
    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut created = self.0.lock().unwrap();
        if request.method() == "PUT" {
            *created = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        }
        transport::answer(200, SdkBody::from(described(&created).to_string()))
    }
}

/// As the service describes it: with what is absent as null, or as an object of nulls.
fn described(created: &Value) -> Value {
    let mut described = json!({
        "jobTemplateArn": "arn",
        "documentSource": null,
        "presignedUrlConfig": {"expiresInSec": null, "roleArn": null},
        "jobExecutionsRolloutConfig": {"exponentialRate": null, "maximumPerMinute": null},
        "abortConfig": null,
        "timeoutConfig": {"inProgressTimeoutInMinutes": null},
        "jobExecutionsRetryConfig": null,
        "maintenanceWindows": null
    });
    for (name, value) in created.as_object().into_iter().flatten() {
        described[name] = value.clone();
    }
    described
}

fn run<T>(echo: &Echo, call: impl AsyncFnOnce(AwsIot) -> T) -> T {
    let service = echo.clone();
    let config = aws_sdk_iot::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(transport::http_client(move |request| {
            std::future::ready(service.answer(&request))
        }))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .region(Region::from_static("eu-central-1"));
    let iot = AwsIot {
        client: Client::from_conf(config.build()),
        http: transport::client(&TransportSettings::default()).unwrap(),
        endpoint_url: None,
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(call(iot))
}

/// The body of CreateJobTemplate, from nothing but the names.
fn body_of(desired: &Desired) -> Value {
    let mut members = serde_json::to_value(desired).unwrap();
    for name in ["JobTemplateId", "Revision", "Tags"] {
        members.as_object_mut().unwrap().remove(name);
    }
    let mut body = in_the_apis_words(members);
    if !desired.tags.is_empty() {
        let pairs = desired.tags.iter();
        let pairs = pairs.map(|(key, value)| json!({"Key": key, "Value": value}));
        body["tags"] = pairs.collect();
    }
    body
}

fn in_the_apis_words(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let present = members
                .into_iter()
                .filter(|(_, value)| !value.is_null() && *value != json!([]));
            let renamed = present.map(|(name, value)| {
                let name = match name.as_str() {
                    "ExponentialRolloutRate" => "exponentialRate".to_owned(),
                    "RetryCriteriaList" => "criteriaList".to_owned(),
                    name => {
                        let (first, rest) = name.split_at(1);
                        first.to_lowercase() + rest
                    }
                };
                (name, in_the_apis_words(value))
            });
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(in_the_apis_words).collect(),
        scalar => scalar,
    }
}

proptest! {
    // Each case makes two calls with the whole of the SDK.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn the_request_says_what_is_wanted_and_its_description_is_read_as_that(desired in request()) {
        let echo = Echo::default();
        let content = &desired.content;

        let read = run(&echo, async |iot| {
            iot.create("id", content, &desired.tags).await.unwrap();
            iot.describe("id").await.unwrap().1
        });

        prop_assert_eq!(&*echo.0.lock().unwrap(), &body_of(&desired));
        prop_assert_eq!(read, Content { job_arn: None, ..content.clone() });
    }
}
