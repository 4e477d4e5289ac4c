//! The presigned URL that the answer is PUT to. Whoever has it can answer for the resource: its query is a secret, and
//! nothing here shows it.

use crate::transport;
use iot_job_template_core::retry::{Backoff, retry_after};
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, Url};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub struct ResponseUrl(Url);

impl ResponseUrl {
    /// # Errors
    /// It is no URL, or not https while that is required.
    pub fn read(url: &str, allow_http: bool) -> Result<ResponseUrl, String> {
        let url = Url::parse(url).map_err(|error| format!("the ResponseURL is no URL: {error}"))?;
        match url.scheme() {
            "https" => Ok(ResponseUrl(url)),
            "http" if allow_http => Ok(ResponseUrl(url)),
            scheme => Err(format!(
                "the ResponseURL is {scheme}, not https (http is taken only while AWS_ENDPOINT_URL_IOT or \
                 AWS_ENDPOINT_URL is itself http)"
            )),
        }
    }

    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Makes the connection for the PUT ahead.
    pub async fn connect(&self, http: &reqwest::Client) {
        transport::connect(http, self.0.clone()).await;
    }

    /// PUTs the answer. Transport faults and 5xx are tried again until the deadline; 4xx means that the URL will never
    /// work. The URL was signed without a content type, so none is sent.
    ///
    /// # Errors
    /// It could not be PUT, and why.
    pub async fn put(&self, http: &reqwest::Client, body: Vec<u8>, deadline: Instant) -> Result<(), String> {
        const LONGEST_ATTEMPT: Duration = Duration::from_secs(10);
        const SHORTEST: Duration = Duration::from_millis(100);
        let mut last_fault = "there was no time for it".to_owned();
        let attempts = async {
            let mut backoff = Backoff::default();
            loop {
                // An attempt that hangs leaves half of the time to the next one; so does a pause, however long a one the
                // bucket asks for.
                let half = || (deadline.saturating_duration_since(Instant::now()) / 2).max(SHORTEST);
                let patience = half().min(LONGEST_ATTEMPT);
                let attempt = http.put(self.0.clone()).body(body.clone()).send();
                let asked = match timeout(patience, attempt).await {
                    Ok(Ok(response)) if response.status().is_success() => return Ok(()),
                    Ok(Ok(response)) => {
                        let fault = format!("HTTP {}", response.status().as_u16());
                        if !response.status().is_server_error() {
                            return Err(fault);
                        }
                        last_fault = fault;
                        asked_pause(&response)
                    }
                    Ok(Err(error)) => {
                        // An error shows the URL.
                        last_fault = transport::innermost(&error.without_url());
                        Duration::ZERO
                    }
                    Err(_) => {
                        last_fault = format!("no answer in {:.1} s", patience.as_secs_f64());
                        Duration::ZERO
                    }
                };
                sleep(backoff.pause().max(asked).min(half())).await;
            }
        };
        let outcome = timeout_at(deadline, attempts).await;
        outcome
            .unwrap_or(Err(last_fault))
            .map_err(|why| format!("the answer could not be PUT to {}: {why}", self.host()))
    }
}

fn asked_pause(response: &Response) -> Duration {
    let header = response.headers().get(RETRY_AFTER);
    header
        .and_then(|value| retry_after(value.to_str().ok()?))
        .unwrap_or_default()
}
