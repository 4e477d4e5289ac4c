//! One Create, with the AWS SDK and reqwest as they come.

use aws_sdk_iot::types::{Tag, TimeoutConfig};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let iot = aws_sdk_iot::Client::new(&aws_config::load_from_env().await);
    let http = reqwest::Client::new();
    let create = |event: LambdaEvent<Value>| create(&http, &iot, event.payload);
    lambda_runtime::run(service_fn(create)).await
}

async fn create(
    http: &reqwest::Client,
    iot: &aws_sdk_iot::Client,
    event: Value,
) -> Result<(), Error> {
    let properties = &event["ResourceProperties"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let minutes = text(&properties["TimeoutConfig"]["InProgressTimeoutInMinutes"]).parse()?;
    let tags = properties["Tags"].as_array().into_iter().flatten();
    let tags = tags
        .map(|tag| {
            Tag::builder()
                .key(text(&tag["Key"]))
                .value(text(&tag["Value"]))
                .build()
        })
        .collect::<Result<_, _>>()?;
    let created = iot
        .create_job_template()
        .job_template_id(text(&properties["JobTemplateId"]))
        .description(text(&properties["Description"]))
        .document(text(&properties["Document"]))
        .timeout_config(
            TimeoutConfig::builder()
                .in_progress_timeout_in_minutes(minutes)
                .build(),
        )
        .set_tags(Some(tags))
        .send()
        .await?;

    let answer = json!({
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": created.job_template_id(),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Arn": created.job_template_arn()},
    });
    http.put(text(&event["ResponseURL"]))
        .body(answer.to_string())
        .send()
        .await?
        .error_for_status()?;
    Ok(())
}
