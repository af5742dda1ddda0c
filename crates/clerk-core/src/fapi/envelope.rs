//! Reads FAPI's responses: the envelope, the piggybacked client, errors.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::{
    error::{ApiError, Error, ErrorCode, RawErrors},
    fapi::json::{self, Json},
    models::ApiErrorItem,
    ports::HttpResponse,
};

/// The fields of an envelope, and those that tell FAPI's responses without one: resources, session tokens, the environment.
const FIELDS: [&str; 10] =
    ["response", "client", "errors", "meta", "clerk_trace_id", "object", "id", "jwt", "display_config", "auth_config"];

/// The maximum of `Retry-After`, in seconds: ten minutes.
const MAX_RETRY_AFTER: u64 = 600;

/// The maximum size of a list of errors, in bytes. Those of FAPI have less than a kilobyte.
const MAX_ERRORS: usize = 1024 * 1024;

/// A response, extracted from its envelope.
pub(super) struct Opened<'a> {
    /// The text of the resource, or the error.
    pub(super) outcome: Result<&'a str, Error>,
    /// The text of the piggybacked client, which is an object.
    pub(super) client: Option<&'a str>,
    /// Whether this is a response of FAPI, and not one of something in between, such as a captive portal or a gateway. Only
    /// then does its client token count.
    pub(super) recognized: bool,
    /// Whether the resource was in an envelope.
    pub(super) enveloped: bool,
}

impl Opened<'_> {
    fn only(outcome: Result<&str, Error>, recognized: bool) -> Opened<'_> {
        Opened { outcome, client: None, recognized, enveloped: false }
    }
}

/// Opens the envelope of `response` to a request for `path`. With `any_json`, JSON of any shape is a resource, but not
/// recognized as FAPI's.
pub(super) fn open<'a>(response: &'a HttpResponse, path: &str, any_json: bool) -> Opened<'a> {
    let refused = || Opened::only(Err(not_json(response, path)), false);
    // FAPI always sends a body, so this may be anybody's response.
    if response.status == 204 {
        return Opened::only(Ok("null"), false);
    }
    // FAPI never redirects, so a redirect comes from a captive portal.
    if (300..400).contains(&response.status) {
        return refused();
    }
    let Ok(text) = json::text(&response.body) else { return refused() };
    let Some([resource, client, errors, meta, trace, bare @ ..]) = json::fields(text, FIELDS) else {
        return match any_json && response.status < 400 && json::is_valid(text) {
            true => Opened::only(Ok(text), false),
            false => refused(),
        };
    };
    let object = |raw: &'a RawValue| Some(raw.get()).filter(|text| text.starts_with('{'));
    if response.status >= 400 {
        return match errors.and_then(|errors| api_error(response, errors, trace)) {
            Some(error) => {
                let client = meta.and_then(|meta| json::fields(meta.get(), ["client"])).and_then(|[client]| client);
                let client = client.and_then(object);
                Opened { outcome: Err(Error::Api(error)), client, recognized: true, enveloped: true }
            }
            None => refused(),
        };
    }
    if let Some(resource) = resource {
        let client = client.and_then(object);
        return Opened { outcome: Ok(resource.get()), client, recognized: true, enveloped: true };
    }
    let is_bare = bare.iter().any(Option::is_some);
    match is_bare || any_json {
        true => Opened::only(Ok(text), is_bare),
        false => refused(),
    }
}

fn api_error(response: &HttpResponse, errors: &RawValue, trace: Option<&RawValue>) -> Option<ApiError> {
    if errors.get().len() > MAX_ERRORS {
        return None;
    }
    let errors = Json::from(errors);
    let items: Vec<ApiErrorItem> = errors.read().unwrap_or_default();
    // Gateways have lists of errors too.
    if items.iter().all(|error| error.code.is_empty()) {
        return None;
    }
    Some(ApiError {
        status: response.status,
        errors: items,
        clerk_trace_id: trace.and_then(|trace| Json::from(trace).read()),
        retry_after: retry_after(response),
        raw: RawErrors(Arc::new(errors.tree().unwrap_or_default())),
    })
}

/// Returns how many seconds to wait. A proxy may send anything, so there is a maximum.
fn retry_after(response: &HttpResponse) -> Option<u64> {
    let seconds = response.retry_after.filter(|_| matches!(response.status, 429 | 503));
    seconds.map(|seconds| seconds.min(MAX_RETRY_AFTER))
}

/// The error of a response that is not what FAPI responds to a request for `path`.
pub(super) fn not_json(response: &HttpResponse, path: &str) -> Error {
    let what = match response.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => "an empty body",
        Some(b'<') => "an HTML page",
        Some(_) => "a body that is not the expected JSON",
    };
    ErrorCode::DecodeError.error(format!(
        "the Frontend API responded to {path} with {what} (status {}); check for a captive portal or a wrong proxyUrl",
        response.status
    ))
    .with_retry_after(retry_after(response))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::TokenUpdate;

    fn response(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, token: TokenUpdate::Absent, retry_after: Some(7), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn open_reads_enveloped_and_bare_bodies() {
        let enveloped = response(200, r#"{"response":{"id":"sia_1"},"client":{"id":"client_1"}}"#);
        let opened = open(&enveloped, "/x", false);
        assert_eq!(opened.outcome.unwrap(), r#"{"id":"sia_1"}"#);
        assert_eq!(opened.client.unwrap(), r#"{"id":"client_1"}"#);
        assert_eq!(open(&response(200, r#"{"jwt":"a"}"#), "/x", false).outcome.unwrap(), r#"{"jwt":"a"}"#);
        assert_eq!(open(&response(204, ""), "/x", false).outcome.unwrap(), "null");
    }

    #[test]
    fn open_returns_all_errors_and_the_client() {
        let body = r#"{"errors":[{"code":"a","long_message":"A."},{"code":"b"}],"meta":{"client":{"id":"client_1"}},"clerk_trace_id":"t"}"#;
        let refusal = response(429, body);
        let opened = open(&refusal, "/x", false);
        let Err(Error::Api(error)) = opened.outcome else { panic!("an API error") };
        assert_eq!((error.errors.len(), error.retry_after, error.clerk_trace_id.as_deref()), (2, Some(7), Some("t")));
        assert_eq!(opened.client, Some(r#"{"id":"client_1"}"#));
    }

    #[test]
    fn open_reports_html_and_invalid_json() {
        for (status, body) in [
            (200, "<!doctype html>"),
            (502, "<html>"),
            (200, "{\"response\":"),
            (500, "{}"),
            (404, ""),
            (400, "[]"),
            (200, ""),
            (302, ""),
            (302, "{}"),
        ] {
            let error = open(&response(status, body), "/x", false).outcome.unwrap_err();
            assert_eq!(error.code(), "decode_error", "{status} {body}");
        }
    }
}
