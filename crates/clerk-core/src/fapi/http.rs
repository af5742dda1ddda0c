//! HTTP with reqwest.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};

use crate::{
    fapi::{instance::is_loopback, json},
    ports::{BoxFuture, HttpMethod, HttpRequest, HttpResponse, TokenUpdate, Transport, TransportError},
};

/// The timeout of a request, from connecting to the last byte of the response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The default [`Transport`]: no redirects, no cookies, no `Origin`, no `Referer`.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// For servers on this computer, which are never reached through a proxy: it would get the client token in clear.
    loopback: reqwest::Client,
}

impl HttpTransport {
    /// Creates the HTTP client.
    ///
    /// # Errors
    /// If TLS is not available on this machine.
    pub fn new() -> Result<Self, TransportError> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .timeout(REQUEST_TIMEOUT)
                .connect_timeout(CONNECT_TIMEOUT)
        };
        let client = builder().build().map_err(transport_error)?;
        let loopback = builder()
            .no_proxy()
            .resolve_to_addrs("localhost", &[(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()])
            .build()
            .map_err(transport_error)?;
        Ok(Self { client, loopback })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let client = if is_loopback(&request.url) { &self.loopback } else { &self.client };
        let mut builder = match request.method {
            HttpMethod::Get => client.get(request.url),
            HttpMethod::Post(body) => {
                client.post(request.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
            }
        };
        builder = builder.header(ACCEPT, "application/json").header(USER_AGENT, request.user_agent);
        if let Some(token) = request.authorization {
            let mut value = HeaderValue::from_str(token.expose())
                .map_err(|_| TransportError { reason: "the client token can't be sent in a header".into() })?;
            // Hides the value in the HTTP libraries' own `Debug` output.
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        let mut response = builder.send().await.map_err(transport_error)?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let token = TokenUpdate::from_header(header(AUTHORIZATION));
        let retry_after = header(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
        let status = response.status().as_u16();
        Ok(HttpResponse { status, token, retry_after, body: read_body(&mut response).await? })
    }
}

/// Reads a body of at most [`json::MAX_BYTES`] bytes.
async fn read_body(response: &mut reqwest::Response) -> Result<Vec<u8>, TransportError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport_error)? {
        if body.len() + chunk.len() > json::MAX_BYTES {
            return Err(TransportError {
                reason: "the response is larger than any response of the Frontend API".into(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// Converts an error to its innermost cause, e.g. "connection refused", without the URL: queries may contain nonces.
fn transport_error(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_timeout() {
        return TransportError { reason: "the request timed out".into() };
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    TransportError { reason: cause.to_string() }
}
