//! A request to the app's own backend.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use crate::{
    error::{ErrorCode, Result},
    models::OrganizationId,
    resources::params::Change,
    secret::Secret,
};

/// The default of [`FetchRequest::idle_timeout`]: one minute.
pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const IDLE_TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(600);

/// The most headers of a request.
const MOST_HEADERS: usize = 100;
/// The size of all headers of a request or response, in bytes.
pub(super) const MAX_HEADERS: usize = 64 * 1024;

/// Headers that the SDK or the HTTP library sets, beside those that begin with `proxy-` or `sec-`.
const RESERVED_HEADERS: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Methods that browsers do not send either.
const REFUSED_METHODS: &[&str] = &["CONNECT", "TRACE", "TRACK"];

/// A request to the app's own backend, for [`Clerk::fetch`](crate::Clerk::fetch).
///
/// ```
/// # use clerk_core::{Clerk, FetchRequest};
/// # use serde_json::json;
/// # async fn example(clerk: Clerk) -> clerk_core::Result<()> {
/// let note = json!({ "text": "Buy milk" });
/// let request = FetchRequest::post("https://api.example.com/v1/notes").header("x-request-id", "7").json(&note)?;
/// let response = clerk.fetch(request).await?;
/// assert_eq!(response.status(), 201);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a request is sent by `Clerk::fetch`"]
pub struct FetchRequest {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Arc<Secret<Vec<u8>>>>,
    pub(super) organization_id: Change<OrganizationId>,
    pub(super) template: Option<String>,
    pub(super) follow_redirects: bool,
    pub(super) idle_timeout: Duration,
}

/// Prints only the method: the rest is the app's.
impl std::fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FetchRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

impl FetchRequest {
    /// Creates a request with any method.
    pub fn new(method: impl AsRef<str>, url: impl Into<String>) -> Self {
        Self {
            method: method.as_ref().to_ascii_uppercase(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            organization_id: Change::Keep,
            template: None,
            follow_redirects: true,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
        }
    }

    /// Creates a GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Creates a POST request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Creates a PUT request.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// Creates a PATCH request.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    /// Creates a DELETE request.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header. `Authorization`, `Cookie`, `Host`, `Origin`, `Referer` and the headers of the connection are refused when the
    /// request is sent.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.headers.push((name.as_ref().to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body. The type of the content is a header: `content-type`.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(Arc::new(Secret::new(body.into())));
        self
    }

    /// Sets a JSON body, and `content-type`, unless the request has one.
    ///
    /// # Errors
    /// `option_invalid` if `value` can't be serialized.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Result<Self> {
        let body = serde_json::to_vec(value)
            .map_err(|_| ErrorCode::OptionInvalid.error("the body of the request can't be serialized to JSON"))?;
        let has_type = self.headers.iter().any(|(name, _)| name == "content-type");
        let request = if has_type { self } else { self.header("content-type", "application/json") };
        Ok(request.body(body))
    }

    /// Sends a token for this organization. Default: the active one of the session; [`Change::Clear`] is the personal account.
    pub fn organization_id(mut self, organization: Change<OrganizationId>) -> Self {
        self.organization_id = organization;
        self
    }

    /// Sends a token of this JWT template.
    pub fn template(mut self, name: impl Into<String>) -> Self {
        self.template = Some(name.into());
        self
    }

    /// Whether redirects are followed, to the same origin only. Default: `true`. Otherwise the redirect is the response.
    pub fn follow_redirects(mut self, follow: bool) -> Self {
        self.follow_redirects = follow;
        self
    }

    /// Sets how long to wait for the headers of the response, and for each part of its body: one second to ten minutes. Default:
    /// [`DEFAULT_IDLE_TIMEOUT`]. The headers may come later by one second for each 32 KB of the request's body.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Checks everything but the URL.
    ///
    /// # Errors
    /// `option_invalid`.
    pub(super) fn check(&self) -> Result<()> {
        let invalid = |why: String| Err(ErrorCode::OptionInvalid.error(why));
        if !is_token(&self.method) || REFUSED_METHODS.contains(&self.method.as_str()) {
            return invalid("the method of the request is not valid; use e.g. GET or POST".to_owned());
        }
        if self.body.is_some() && matches!(self.method.as_str(), "GET" | "HEAD") {
            return invalid(format!("a {} request has no body; use e.g. POST", self.method));
        }
        if !IDLE_TIMEOUTS.contains(&self.idle_timeout) {
            return invalid("the idle timeout of a request must be between one second and ten minutes".to_owned());
        }
        let size: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if self.headers.len() > MOST_HEADERS || size > MAX_HEADERS {
            return invalid("the request has too many headers, or they are too long".to_owned());
        }
        for (name, value) in &self.headers {
            if !is_token(name) {
                return invalid("the name of a header is not valid".to_owned());
            }
            if is_reserved(name) {
                return invalid(format!("the header {name} is set by the SDK; remove it from the request"));
            }
            if !is_header_value(value) {
                return invalid(format!("the value of the header {name} contains characters that headers can't have"));
            }
        }
        Ok(())
    }
}

fn is_reserved(name: &str) -> bool {
    RESERVED_HEADERS.contains(&name) || name.starts_with("proxy-") || name.starts_with("sec-")
}

/// Whether a text is a token of HTTP, as methods and names of headers are.
fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// Whether each character is a byte that may be in a header.
fn is_header_value(value: &str) -> bool {
    value.chars().all(|one| one == '\t' || (u32::from(one) <= 0xFF && !matches!(one, '\0'..='\x1F' | '\x7F')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_refuses_reserved_headers_by_name() {
        for name in [
            "Authorization",
            "AUTHORIZATION",
            "cookie",
            "Host",
            "Origin",
            "Referer",
            "Connection",
            "Keep-Alive",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Proxy-Authorization",
            "Proxy-Connection",
            "Content-Length",
            "Sec-Fetch-Site",
            "Expect",
        ] {
            let error = FetchRequest::get("https://a.example").header(name, "x").check().unwrap_err();
            assert_eq!(error.code(), "option_invalid", "{name}");
            assert!(error.to_string().contains(&name.to_ascii_lowercase()), "{error}");
        }
        for name in ["Accept", "Content-Type", "X-Authorization", "Idempotency-Key", "If-None-Match", "User-Agent"] {
            assert!(FetchRequest::get("https://a.example").header(name, "x").check().is_ok(), "{name}");
        }
    }

    #[test]
    fn check_refuses_what_http_can_not_carry() {
        let get = || FetchRequest::get("https://a.example");
        for request in [
            FetchRequest::new("", "https://a.example"),
            FetchRequest::new("GET /admin HTTP/1.1\r\nx:", "https://a.example"),
            FetchRequest::new("trace", "https://a.example"),
            FetchRequest::new("CONNECT", "https://a.example"),
            get().body("x"),
            FetchRequest::new("head", "https://a.example").body(""),
            get().header("", "x"),
            get().header("x y", "x"),
            get().header("x:", "x"),
            get().header("x", "a\r\nAuthorization: b"),
            get().header("x", "\u{100}"),
            get().header("x", "\0"),
            get().header("x", "x".repeat(MAX_HEADERS)),
            (0..=MOST_HEADERS).fold(get(), |request, _| request.header("x", "x")),
            get().idle_timeout(Duration::from_millis(999)),
            get().idle_timeout(Duration::from_secs(601)),
        ] {
            assert_eq!(request.check().unwrap_err().code(), "option_invalid", "{request:?}");
        }
        assert!(FetchRequest::new("purge", "https://a.example").body("x").header("x", "é\t!").check().is_ok());
    }

    #[test]
    fn json_sets_the_type_unless_there_is_one() {
        let types = |request: FetchRequest| request.json(&7).unwrap().headers;
        let own = [("content-type".to_owned(), "application/ld+json".to_owned())];
        assert_eq!(types(FetchRequest::post("")), [("content-type".to_owned(), "application/json".to_owned())]);
        assert_eq!(types(FetchRequest::post("").header("Content-Type", "application/ld+json")), own);
    }
}
