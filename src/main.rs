//! The Lambda function's `bootstrap`: reads the environment, wires the parts together, and runs.

#![forbid(unsafe_code)]

use iot_job_template::aws_iot::AwsIot;
use iot_job_template::handler::{Handler, Invocation, Unanswered};
use iot_job_template::log::{Level, Log};
use iot_job_template::raw_event::RawEventLayer;
use iot_job_template::transport::{self, TransportSettings};
use iot_job_template_core::retry::Pace;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, Runtime, service_fn};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One thread: the function does one thing at a time, on a fraction of a core.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if variable("AWS_LAMBDA_RUNTIME_API").is_none() {
        eprintln!(
            "This is the Lambda function of Custom::IoTJobTemplate, which Lambda starts; to try it here, run examples/demo."
        );
        return ExitCode::from(2);
    }
    let log = Log::from_environment();
    match run(log.clone()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.line(Level::Error, &format!("the function cannot run: {error}"), []);
            ExitCode::FAILURE
        }
    }
}

async fn run(log: Log) -> Result<(), Error> {
    let endpoint_url = variable("AWS_ENDPOINT_URL_IOT").or_else(|| variable("AWS_ENDPOINT_URL"));
    // A FIPS or a VPC endpoint may be named too: that is AWS all the same.
    let allow_http = endpoint_url.as_ref().is_some_and(|url| url.starts_with("http:"));
    let http = transport::client(&TransportSettings {
        ca_bundle: variable("AWS_CA_BUNDLE").or_else(|| variable("SSL_CERT_FILE")),
        allow_http,
    })?;
    let handler = Handler {
        iot: AwsIot::new(http.clone(), variable("AWS_REGION"), endpoint_url),
        http,
        log,
        pace: Pace::default(),
        allow_http,
        is_emulated: variable("AWS_SAM_LOCAL").is_some(),
    };
    prepare(handler.iot.clone()).await;
    let (handler, served) = (&handler, &AtomicBool::new(false));
    let handle = service_fn(|event: LambdaEvent<String>| async move {
        served.store(true, Ordering::Relaxed);
        log_panics(handler.log.about([("requestId", &event.context.request_id)]));
        let invocation = Invocation {
            request_id: event.context.request_id,
            function_arn: event.context.invoked_function_arn,
            time_left: time_until(event.context.deadline),
        };
        handler
            .handle(&event.payload, &invocation)
            .await
            .map_err(|Unanswered(why)| Diagnostic {
                error_type: "Unanswered".to_owned(),
                error_message: why,
            })
    });
    match Runtime::new(handle).layer(RawEventLayer).run().await {
        Err(error) if went_away(&error, served.load(Ordering::Relaxed)) => {
            handler.log.line(Level::Info, "the runtime API is gone", []);
            Ok(())
        }
        ended => ended,
    }
}

/// Whether this is the end of a runtime API that was there, as when `sam local invoke` has what it asked for: it gave an
/// event before, or at least let us ask for one.
fn went_away(error: &Error, served: bool) -> bool {
    error
        .downcast_ref::<hyper_util::client::legacy::Error>()
        .is_some_and(|error| served || !error.is_connect())
}

/// Does ahead what can be done before there is an event. Lambda gives a whole core until the first event is asked for;
/// from then on it gives 128 MB a fourteenth of one.
///
/// A network that is not there, or slow, is no error: what is not done in time goes on beside the first event, whose calls
/// need the same connection.
async fn prepare(iot: AwsIot) {
    const LONGEST: Duration = Duration::from_millis(250);
    // After so many turns of the runtime, TLS's first message is on its way to whoever is near. Its answer takes about as
    // long as the rehearsal.
    const TURNS: usize = 3;
    let connecting = tokio::spawn({
        let iot = iot.clone();
        async move { iot.connect().await }
    });
    let rehearsal = tokio::spawn(async move {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        iot.rehearse().await;
    });
    let _ = rehearsal.await;
    let _ = tokio::time::timeout(LONGEST, connecting).await;
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `deadline` in milliseconds since 1970, as Lambda gives it.
fn time_until(deadline: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_millis(deadline).saturating_sub(now)
}

/// A panic is answered where it is caught; here it is logged. Its place, and not its message, which may quote anything.
fn log_panics(log: Log) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log.line(Level::Error, "panic", [("at", place.into())]);
    }));
}
