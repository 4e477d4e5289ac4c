//! What a failed call tells us, and how it is told: with IoT's code, message and request id, without a word of a document.

use super::permissions;
use crate::transport::innermost;
use aws_sdk_iot::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_iot::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use iot_job_template_core::iot::{CallError, Cause, Operation};
use iot_job_template_core::job_template::Content;
use iot_job_template_core::retry::retry_after;
use std::collections::HashSet;

pub(super) fn call_error<E>(operation: Operation, error: SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let retry_after = error
        .raw_response()
        .and_then(|response| retry_after(response.headers().get("retry-after")?));
    let request_id = error
        .raw_response()
        .and_then(|response| response.request_id().map(str::to_owned));
    let mut hint = None;
    let unreadable = || (Cause::Unclear, "the answer could not be read".to_owned());
    let (cause, said) = match &error {
        // What the SDK calls an error of the service is, with a 2xx, an answer that is not the service's.
        SdkError::ServiceError(refusal) if refusal.raw().status().is_success() => unreadable(),
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let code = refusal.err().code().unwrap_or_default();
            let said = match refusal.err().message() {
                Some(message) => {
                    format!("{} (HTTP {status}): {message}", or(code, "no error code"))
                }
                None => format!("{} (HTTP {status})", or(code, "no error code")),
            };
            let message = refusal.err().message().unwrap_or_default();
            hint = permissions::hint(operation.name(), code, message);
            (cause(status, code), said)
        }
        SdkError::ResponseError(_) => unreadable(),
        SdkError::DispatchFailure(failure) => {
            let cause = match failure {
                _ if failure.is_user() => Cause::NotSent,
                _ if failure.is_io() || failure.is_timeout() => Cause::Unclear,
                // Not the transport's: no credentials, say.
                _ => Cause::Refused,
            };
            let why = failure
                .as_connector_error()
                .map(|error| innermost(error))
                .unwrap_or_default();
            (cause, format!("IoT could not be reached: {why}"))
        }
        SdkError::ConstructionFailure(_) => (
            Cause::Refused,
            format!("the request could not be made: {}", innermost(&error)),
        ),
        _ => (Cause::Unclear, "no answer in time".to_owned()),
    };
    let request_id = request_id.map(|id| format!(" (request id {id})"));
    let hint = hint.map(|hint| format!(". {hint}"));
    let detail = said + &request_id.unwrap_or_default() + &hint.unwrap_or_default();
    CallError {
        operation: operation.name(),
        cause,
        detail,
        retry_after,
    }
}

/// A body that is JSON but not IoT's: something between us and the service wrote it.
pub(super) fn no_arn(operation: Operation) -> CallError {
    CallError {
        operation: operation.name(),
        cause: Cause::Unclear,
        detail: "the answer names no ARN".to_owned(),
        retry_after: None,
    }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn cause(status: u16, code: &str) -> Cause {
    match (status, code) {
        (429, _) | (_, "ThrottlingException" | "Throttling" | "TooManyRequestsException") => Cause::Throttled,
        (_, "ResourceNotFoundException") => Cause::NotFound,
        (_, "ConflictException" | "ResourceAlreadyExistsException") => Cause::Conflict,
        (403, _) => Cause::Denied,
        (408 | 500.., _) | (_, "InternalFailureException" | "ServiceUnavailableException") => Cause::Unclear,
        _ => Cause::Refused,
    }
}

/// The SDK would not make a request of it.
pub(super) fn incomplete(operation: Operation, error: &BuildError) -> CallError {
    CallError {
        operation: operation.name(),
        cause: Cause::Refused,
        detail: error.to_string(),
        retry_after: None,
    }
}

/// A service's message may quote what it refuses, whole, in parts, or escaped. A document's content belongs in no answer
/// and no log: every run of it that says something is left out.
pub(super) fn without_document(mut error: CallError, content: &Content) -> CallError {
    if let Some(document) = &content.document {
        let escaped = serde_json::Value::from(document.as_str()).to_string();
        error.detail = without_runs_of(&error.detail, &[document, &escaped]);
    }
    error
}

/// A run of fewer characters says nothing.
const SHORTEST_RUN: usize = 6;

/// What IoT says of documents, whatever is in them (measured): a run that stands here says nothing of the document.
const SAID_OF_ANY_DOCUMENT: &str = "Neither job document nor job document source is specified. Job document and job \
    document source cannot be specified at the same time. Job document located at request input is an invalid JSON \
    document. Role must be provided for pre-sign S3 urls in job document of job ID. InvalidRequestException (HTTP 400): \
    (request id ";

fn without_runs_of(text: &str, secrets: &[&str]) -> String {
    let said: Vec<char> = SAID_OF_ANY_DOCUMENT.chars().collect();
    let harmless: HashSet<&[char]> = said.windows(SHORTEST_RUN).collect();
    let secrets: Vec<Vec<char>> = secrets.iter().map(|secret| secret.chars().collect()).collect();
    let runs: HashSet<&[char]> = secrets
        .iter()
        .flat_map(|secret| secret.windows(SHORTEST_RUN))
        .filter(|run| !harmless.contains(run))
        .collect();
    let text: Vec<char> = text.chars().collect();
    let mut shown = String::new();
    let mut secret_until = 0;
    for (at, character) in text.iter().enumerate() {
        if text.get(at..at + SHORTEST_RUN).is_some_and(|run| runs.contains(run)) {
            if at >= secret_until {
                shown.push('…');
            }
            secret_until = at + SHORTEST_RUN;
        }
        if at >= secret_until {
            shown.push(*character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DOCUMENT: &str = "{\"document\": \"hunter22\", \"path\": \"C:\\\\keys\\\\master\"}";

    fn shown(detail: &str) -> String {
        let content = Content {
            document: Some(DOCUMENT.to_owned()),
            ..Content::default()
        };
        let error = CallError {
            operation: Operation::Create.name(),
            cause: Cause::Refused,
            detail: detail.to_owned(),
            retry_after: None,
        };
        without_document(error, &content).detail
    }

    #[test]
    fn a_document_is_not_quoted_whole_in_parts_or_escaped() {
        let escaped = serde_json::Value::from(DOCUMENT).to_string();

        assert_eq!(shown(&format!("Bad: {DOCUMENT}")), "Bad: …");
        assert_eq!(shown(&format!("Bad: {escaped}.")), "Bad: ….");
        assert_eq!(shown("Unexpected token hunter22 at 14"), "Unexpected token … at 14");
        assert_eq!(shown("near keys\\\\master"), "near …");
    }

    #[test]
    fn what_iot_says_of_any_document_is_told_whatever_is_in_it() {
        let message = "Job document located at request input is an invalid JSON document.";

        assert_eq!(shown(message), message);
    }

    proptest! {
        #[test]
        fn no_run_of_a_document_that_says_something_is_left(
            document in "[a-zé\"\\\\ ]{0,40}", before in ".{0,20}", after in ".{0,20}", from in 0..40usize, length in 0..40usize,
        ) {
            let quoted: String = document.chars().skip(from).take(length).collect();
            let shown: Vec<char> = without_runs_of(&format!("{before}{quoted}{after}"), &[&document]).chars().collect();
            let document: Vec<char> = document.chars().collect();
            let said: Vec<char> = SAID_OF_ANY_DOCUMENT.chars().collect();

            for run in document.windows(SHORTEST_RUN) {
                let is_left = shown.windows(SHORTEST_RUN).any(|window| window == run);
                prop_assert!(!is_left || said.windows(SHORTEST_RUN).any(|window| window == run));
            }
        }
    }
}
