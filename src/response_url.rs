//! The presigned URL that the answer is PUT to. Whoever has it can answer for the resource: its query is a secret, and
//! nothing here shows it.

use crate::backoff::Backoff;
use reqwest::Url;
use tokio::time::{Instant, sleep, timeout_at};

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
                "the ResponseURL is {scheme}, not https (http is taken only while AWS_ENDPOINT_URL or \
                 AWS_ENDPOINT_URL_IOT is set)"
            )),
        }
    }

    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// PUTs the answer. Transport faults and 5xx are tried again until the deadline; 4xx means that the URL will never
    /// work. The URL was signed without a content type, so none is sent.
    ///
    /// # Errors
    /// It could not be PUT, and why.
    pub async fn put(
        &self,
        http: &reqwest::Client,
        body: Vec<u8>,
        deadline: Instant,
    ) -> Result<(), String> {
        let mut last_fault = "there was no time for it".to_owned();
        let attempts = async {
            let mut backoff = Backoff::default();
            loop {
                // Without the URL: an error would show it.
                let sent = http.put(self.0.clone()).body(body.clone()).send().await;
                match sent.map_err(reqwest::Error::without_url) {
                    Ok(response) if response.status().is_success() => return Ok(()),
                    Ok(response) if !response.status().is_server_error() => {
                        return Err(format!("HTTP {}", response.status().as_u16()));
                    }
                    Ok(response) => last_fault = format!("HTTP {}", response.status().as_u16()),
                    Err(error) => last_fault = innermost(&error),
                }
                sleep(backoff.pause()).await;
            }
        };
        let outcome = timeout_at(deadline, attempts)
            .await
            .unwrap_or_else(|_| Err(String::new()));
        outcome.map_err(|why| {
            let why = if why.is_empty() { &last_fault } else { &why };
            format!("the answer could not be PUT to {}: {why}", self.host())
        })
    }
}

/// The last of an error's causes, which says what really happened; the ones before it name layers.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
