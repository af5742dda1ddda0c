//! Requests to backends with reqwest.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};

use crate::{
    fapi::http::{Clients, bearer, transport_error},
    ports::{BackendRequest, BackendResponse, BackendTransport, BoxFuture, TransportError},
    secret::Secret,
};

/// The default [`BackendTransport`]: no redirects, no cookies, no `Origin`, no `Referer`. Connecting may take ten seconds; the
/// other limits are those of the request: a body may take as long as it likes, as long as something arrives.
#[derive(Debug, Clone, Default)]
pub struct HttpBackendTransport(Clients);

impl HttpBackendTransport {
    /// Creates a transport.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    async fn exchange(&self, request: BackendRequest) -> Result<BackendResponse, TransportError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| TransportError { reason: "the method is not valid".into() })?;
        let mut builder = self.0.for_url(&request.url).await?.request(method, request.url);
        for (name, value) in request.headers {
            builder = builder.header(header_name(&name)?, header_value(&value)?);
        }
        builder = builder.header(AUTHORIZATION, bearer(&request.session_token)?);
        if let Some(body) = request.body {
            builder = builder.body(Bytes::from_owner(Body(body)));
        }
        let response = builder.send().await.map_err(transport_error)?;
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let status = response.status().as_u16();
        let body = stream::try_unfold(response, |mut response| async move {
            let chunk = response.chunk().await.map_err(transport_error)?;
            Ok(chunk.map(|chunk| (Vec::from(chunk), response)))
        });
        Ok(BackendResponse { status, headers, body: Box::pin(body) })
    }
}

impl BackendTransport for HttpBackendTransport {
    fn send(&self, request: BackendRequest) -> BoxFuture<'_, Result<BackendResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// A body that the HTTP library shares.
struct Body(Arc<Secret<Vec<u8>>>);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

fn header_name(name: &str) -> Result<HeaderName, TransportError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| TransportError { reason: "a header is not valid".into() })
}

/// Makes the value of a header, each character of which is a byte.
fn header_value(value: &str) -> Result<HeaderValue, TransportError> {
    let bytes: Option<Vec<u8>> = value.chars().map(|one| u8::try_from(one).ok()).collect();
    let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
    value.ok_or_else(|| TransportError { reason: "a header is not valid".into() })
}

fn text(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}
