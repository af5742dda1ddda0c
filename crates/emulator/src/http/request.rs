//! Decoding a request.

use axum::http::{HeaderMap, request::Parts};

use crate::ops::params::Params;

/// A request, decoded.
pub(crate) struct Incoming {
    /// The method that is meant: `_method` of the query or the form, else the verb.
    pub(crate) method: String,
    /// Path without a trailing slash.
    pub(crate) path: String,
    pub(crate) query: Params,
    pub(crate) form: Params,
    pub(crate) body: Vec<u8>,
    /// Whether there is a body that is no form.
    pub(crate) has_other_body: bool,
    headers: HeaderMap,
}

impl Incoming {
    pub(crate) fn read(parts: &Parts, body: &[u8]) -> Self {
        let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        let form = if is_form { Params::parse(body) } else { Params::default() };
        let method = query.given("_method").or(form.given("_method")).unwrap_or(parts.method.as_str()).to_uppercase();
        let path = parts.uri.path();
        Self {
            method,
            path: if path == "/" { path } else { path.trim_end_matches('/') }.to_owned(),
            form,
            query,
            body: body.to_vec(),
            has_other_body: !is_form && !body.is_empty(),
            headers: parts.headers.clone(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether a header is there more than once.
    pub(crate) fn repeats(&self, name: &str) -> bool {
        self.headers.get_all(name).iter().count() > 1
    }

    /// A page elsewhere could have its host name resolve to loopback; such requests are refused.
    pub(crate) fn host_is_local(&self) -> bool {
        let host = self.header("host").unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        matches!(name, "127.0.0.1" | "localhost" | "[::1]") || name.ends_with(".localhost")
    }
}
