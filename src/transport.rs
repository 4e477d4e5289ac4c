//! The one HTTP client, for AWS IoT and for the answer alike: one pool of connections, one TLS set-up.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How to reach the world.
#[derive(Clone, Debug, Default)]
pub struct TransportSettings {
    /// A PEM file of roots to trust instead of those compiled in.
    pub ca_bundle: Option<String>,
    /// Plain http, which only a local endpoint speaks.
    pub allow_http: bool,
}

/// Builds the client.
///
/// # Errors
/// The CA bundle cannot be read, or has no certificate in it.
pub fn client(settings: &TransportSettings) -> Result<reqwest::Client, Box<dyn Error + Send + Sync>> {
    const LONGEST_CONNECT: Duration = Duration::from_secs(5);
    // Longer idle connections are likely to have been closed at the other end.
    const LONGEST_IDLE: Duration = Duration::from_secs(20);

    // ring, and not aws-lc, whose start-up entropy costs 40 ms of CPU in a cold start and can abort the process
    // (aws-lc-rs issues 899 and 1140).
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(settings.ca_bundle.as_deref())?)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(!settings.allow_http)
        // A presigned URL is good for one place only.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(LONGEST_CONNECT)
        .pool_idle_timeout(LONGEST_IDLE)
        .build()?;
    Ok(client)
}

/// The roots compiled in cost no parsing at a cold start; a bundle is read only where the environment names one.
fn roots(ca_bundle: Option<&str>) -> Result<RootCertStore, Box<dyn Error + Send + Sync>> {
    let Some(path) = ca_bundle else {
        return Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());
    };
    let mut roots = RootCertStore::empty();
    let unreadable = |error: &dyn std::fmt::Display| format!("the CA bundle {path}: {error}");
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        roots.add(certificate.map_err(|error| unreadable(&error))?)?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"no certificate in it").into());
    }
    Ok(roots)
}

/// Lets the AWS SDK use the client.
pub fn for_sdk(client: reqwest::Client) -> SharedHttpClient {
    http_client(move |request| {
        let client = client.clone();
        async move {
            let request = to_reqwest(request).map_err(ConnectorError::user)?;
            let response = client.execute(request).await.map_err(connector_error)?;
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let body = response.bytes().await.map_err(connector_error)?;

            let mut answer = answer(status, SdkBody::from(body))?;
            for (name, value) in &headers {
                if let Ok(value) = value.to_str() {
                    answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
                }
            }
            Ok(answer)
        }
    })
}

/// In place of [`for_sdk`]: sends nothing, and answers `{}`.
pub fn for_rehearsal() -> SharedHttpClient {
    http_client(|_| std::future::ready(answer(200, SdkBody::from("{}"))))
}

/// An HTTP client of the SDK, from a function.
pub(crate) fn http_client<Answer>(
    call: impl Fn(HttpRequest) -> Answer + Clone + Send + Sync + 'static,
) -> SharedHttpClient
where
    Answer: Future<Output = Result<HttpResponse, ConnectorError>> + Send + 'static,
{
    #[derive(Clone)]
    struct Connector<F>(F);

    impl<F> fmt::Debug for Connector<F> {
        fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str("Connector")
        }
    }

    impl<F, Answer> HttpConnector for Connector<F>
    where
        F: Fn(HttpRequest) -> Answer + Send + Sync,
        Answer: Future<Output = Result<HttpResponse, ConnectorError>> + Send + 'static,
    {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            HttpConnectorFuture::new((self.0)(request))
        }
    }

    let connector = Connector(call);
    http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone()))
}

pub(crate) fn answer(status: u16, body: SdkBody) -> Result<HttpResponse, ConnectorError> {
    match status.try_into() {
        Ok(status) => Ok(HttpResponse::new(status, body)),
        Err(error) => Err(ConnectorError::other(Box::new(error), None)),
    }
}

/// Leaves a connection to that server in the pool, its TLS handshake done, for a request to come. Where that fails, the
/// request will find out.
pub async fn connect(client: &reqwest::Client, url: reqwest::Url) {
    let mut request = reqwest::Request::new(reqwest::Method::HEAD, url);
    // The client speaks HTTP/1.1 only. It sees that a request is for HTTP/2 once it has a connection for it; it then
    // sends nothing and keeps the connection.
    *request.version_mut() = reqwest::Version::HTTP_2;
    let _ = client.execute(request).await;
}

fn to_reqwest(request: HttpRequest) -> Result<reqwest::Request, Box<dyn Error + Send + Sync>> {
    // The six operations have their bodies in memory; none is a stream.
    let request = request
        .try_into_http1x()?
        .map(|body| body.bytes().unwrap_or_default().to_vec());
    Ok(reqwest::Request::try_from(request)?)
}

/// A request that never left is an error of the user's in the SDK's terms: nothing was sent. All else is ambiguous.
fn connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_connect() || error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

/// The last of an error's causes, which says what really happened; the ones before it name layers.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
