//! HTTP with reqwest.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use reqwest::{
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue, RETRY_AFTER, USER_AGENT},
    multipart::{Form, Part},
};
use tokio::sync::OnceCell;
use url::Url;

use crate::{
    fapi::{instance::is_loopback, json},
    ports::{BoxFuture, HttpMethod, HttpRequest, HttpResponse, TokenUpdate, Transport, TransportError, UploadPart},
    secret::{Secret, SessionToken},
};

/// The default timeout of a request, from connecting to the last byte of the response.
pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The default [`Transport`]: no redirects, no cookies, no `Origin`, no `Referer`.
#[derive(Debug, Clone)]
pub struct HttpTransport(Clients);

/// The HTTP clients: no redirects, no cookies, no `Origin`, no `Referer`.
///
/// Each is created for its first request: reading the certificates of the system takes milliseconds, and most apps never connect to
/// a server on this computer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients(Arc<Created>);

#[derive(Debug, Default)]
struct Created {
    /// The timeout of a request, if it has one.
    timeout: Option<Duration>,
    other: OnceCell<reqwest::Client>,
    /// For servers on this computer, which are never reached through a proxy: it would get tokens in clear.
    loopback: OnceCell<reqwest::Client>,
}

impl Clients {
    /// Creates clients whose requests have a timeout, from connecting to the last byte of the response.
    pub(crate) fn with_timeout(timeout: Duration) -> Self {
        Self(Arc::new(Created { timeout: Some(timeout), ..Created::default() }))
    }

    /// Returns the client for a URL.
    ///
    /// # Errors
    /// If TLS is not available on this machine. The next request tries again.
    pub(crate) async fn for_url(&self, url: &Url) -> Result<&reqwest::Client, TransportError> {
        let Created { timeout, other, loopback } = &*self.0;
        let (client, is_loopback, timeout) =
            if is_loopback(url) { (loopback, true, *timeout) } else { (other, false, *timeout) };
        let create = || async move {
            let created = tokio::task::spawn_blocking(move || create(timeout, is_loopback));
            let created = tokio::time::timeout(CONNECT_TIMEOUT, created).await;
            let created = created.map_err(|_| TransportError {
                reason: "the certificates of the system could not be read in time".into(),
            })?;
            created.map_err(|error| TransportError { reason: error.to_string() })?
        };
        client.get_or_try_init(create).await
    }
}

fn connect_timeout(timeout: Option<Duration>) -> Duration {
    CONNECT_TIMEOUT.min(timeout.unwrap_or(CONNECT_TIMEOUT))
}

fn create(timeout: Option<Duration>, is_loopback: bool) -> Result<reqwest::Client, TransportError> {
    let mut builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).referer(false);
    builder = builder.connect_timeout(connect_timeout(timeout));
    if let Some(timeout) = timeout {
        builder = builder.timeout(timeout);
    }
    if is_loopback {
        builder = builder
            .no_proxy()
            .resolve_to_addrs("localhost", &[(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()]);
    }
    builder.build().map_err(transport_error)
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::with_timeout(DEFAULT_REQUEST_TIMEOUT)
    }
}

impl HttpTransport {
    /// Creates a transport with the default timeout.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a transport with another timeout of a request, from connecting to the last byte of the response.
    #[must_use]
    pub fn with_timeout(timeout: Duration) -> Self {
        Self(Clients::with_timeout(timeout))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let client = self.0.for_url(&request.url).await?;
        let mut builder = match request.method {
            HttpMethod::Get => client.get(request.url),
            HttpMethod::Post(body) => client
                .post(request.url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(wiped(body.expose())),
            HttpMethod::Upload(parts) => client.post(request.url).multipart(multipart(parts)?),
            HttpMethod::Json(body) => {
                client.post(request.url).header(CONTENT_TYPE, "application/json").body(wiped(body.expose()))
            }
        };
        builder = builder.header(ACCEPT, "application/json").header(USER_AGENT, request.user_agent);
        if let Some(token) = request.session_token {
            builder = builder.header(AUTHORIZATION, bearer(&token)?);
        } else if let Some(token) = request.authorization {
            builder = builder.header(AUTHORIZATION, credential(token.expose())?);
        }
        let mut response = builder.send().await.map_err(transport_error)?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let token = TokenUpdate::from_header(header(AUTHORIZATION));
        let retry_after = header(RETRY_AFTER).and_then(|value| retry_after(value, header(DATE), SystemTime::now()));
        let status = response.status().as_u16();
        Ok(HttpResponse { status, token, retry_after, body: read_body(&mut response).await? })
    }
}

/// Makes the value of `Authorization` for a session token.
pub(crate) fn bearer(token: &SessionToken) -> Result<HeaderValue, TransportError> {
    credential(Secret::new(format!("Bearer {}", token.expose())).expose())
}

/// Makes the value of `Authorization`.
fn credential(text: &str) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::from_maybe_shared(wiped(text))
        .map_err(|_| TransportError { reason: "the token can't be sent in a header".into() })?;
    // Hides the value in the HTTP libraries' own `Debug` output.
    value.set_sensitive(true);
    Ok(value)
}

/// Makes a multipart body. The content is wiped when it was sent, as in [`wiped`].
fn multipart(parts: Vec<UploadPart>) -> Result<Form, TransportError> {
    let mut form = Form::new();
    for UploadPart { name, file, content } in parts {
        let length = content.expose().len() as u64;
        let mut part = Part::stream_with_length(Bytes::from_owner(Owner(content)), length);
        if let Some((file_name, media_type)) = file {
            part = part
                .file_name(file_name)
                .mime_str(&media_type)
                .map_err(|_| TransportError { reason: format!("the media type of the field {name} is not valid") })?;
        }
        form = form.part(name, part);
    }
    Ok(form)
}

/// Wipes its content.
struct Owner(Secret<Vec<u8>>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

/// Copies a secret for the HTTP libraries, which share the copy. It is wiped when they drop it; what they write to the network
/// passes through their own buffers.
fn wiped(secret: &str) -> Bytes {
    Bytes::from_owner(Owner(Secret::new(secret.as_bytes().to_vec())))
}

/// Reads a body of at most [`json::MAX_BYTES`] bytes.
async fn read_body(response: &mut reqwest::Response) -> Result<Vec<u8>, TransportError> {
    // A body that grows would leave copies of its beginning in memory.
    let length = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut body = Vec::with_capacity(length.min(json::MAX_BYTES));
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

/// Reads `Retry-After`, a number of seconds or a date. A date is compared with the `Date` of the response, because our own
/// clock, `now`, may be wrong.
fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that is too large is a long time.
        return Some(value.parse().unwrap_or(u64::MAX));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let sent = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(sent).unwrap_or_default().as_secs())
}

/// Converts an error to its innermost cause, e.g. "connection refused", without the URL: queries may contain nonces.
pub(crate) fn transport_error(error: reqwest::Error) -> TransportError {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        let now = httpdate::parse_http_date("Thu, 26 Nov 2026 12:00:00 GMT").unwrap();
        let date = Some("Thu, 26 Nov 2026 11:50:00 GMT");
        for (value, date, expected) in [
            ("60", None, Some(60)),
            (" 0 ", date, Some(0)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            ("Thu, 26 Nov 2026 12:01:30 GMT", None, Some(90)),
            // Our clock is ten minutes fast.
            ("Thu, 26 Nov 2026 11:51:30 GMT", date, Some(90)),
            ("Thu, 26 Nov 2026 12:01:30 GMT", Some("yesterday"), Some(90)),
            // Over already.
            ("Thu, 26 Nov 2026 11:00:00 GMT", date, Some(0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None, Some(0)),
            ("-5", None, None),
            ("1.5", None, None),
            ("+7", None, None),
            ("soon", None, None),
            ("", None, None),
            ("é", None, None),
        ] {
            assert_eq!(retry_after(value, date, now), expected, "{value}");
        }
    }

    #[tokio::test]
    async fn send_ends_after_the_timeout() {
        // Accepts connections into its backlog, and never responds.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let request = HttpRequest {
            method: HttpMethod::Get,
            url: format!("http://{}/v1/client", silent.local_addr().unwrap()).parse().unwrap(),
            authorization: None,
            session_token: None,
            user_agent: "Test/1.0".to_owned(),
        };
        let transport = HttpTransport::with_timeout(Duration::from_millis(20));
        assert_eq!(transport.send(request).await.unwrap_err().reason, "the request timed out");
    }
}
