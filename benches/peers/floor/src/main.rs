//! One Create, with as little as a Rust program can do it with.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::env;
use std::sync::Arc;

const UNSIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=none/20260101/eu-central-1/iot/aws4_request, Signature=none";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(env::var("AWS_CA_BUNDLE")?)? {
        roots.add(certificate?)?;
    }
    let tls =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .build()?;
    let iot = env::var("AWS_ENDPOINT_URL_IOT")?;
    let create = |event: LambdaEvent<Value>| create(&http, &iot, event.payload);
    lambda_runtime::run(service_fn(create)).await
}

async fn create(http: &reqwest::Client, iot: &str, event: Value) -> Result<(), Error> {
    let properties = &event["ResourceProperties"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = text(&properties["JobTemplateId"]);
    let minutes: i64 = text(&properties["TimeoutConfig"]["InProgressTimeoutInMinutes"]).parse()?;
    let template = json!({
        "description": properties["Description"],
        "document": properties["Document"],
        "timeoutConfig": {"inProgressTimeoutInMinutes": minutes},
        "tags": properties["Tags"],
    });
    let created = http
        .put(format!("{iot}/job-templates/{id}"))
        // Not signed: no signature is checked here.
        .header("authorization", UNSIGNED)
        .body(template.to_string())
        .send()
        .await?
        .error_for_status()?;
    let created: Value = serde_json::from_slice(&created.bytes().await?)?;

    let answer = json!({
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": id,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Arn": created["jobTemplateArn"]},
    });
    http.put(text(&event["ResponseURL"]))
        .body(answer.to_string())
        .send()
        .await?
        .error_for_status()?;
    Ok(())
}
