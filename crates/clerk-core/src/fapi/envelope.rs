//! Reads FAPI's responses: the envelope, the piggybacked client, errors.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    error::{ApiError, Error, ErrorCode, RawErrors},
    fapi::{
        json,
        wire::{Wire, field},
    },
    models::ApiErrorItem,
    ports::HttpResponse,
    secret::Secret,
};

/// Keys of FAPI's responses without an envelope: resources, session tokens, the environment.
const BARE: [&str; 5] = ["object", "id", "jwt", "display_config", "auth_config"];

/// The maximum of `Retry-After`, in seconds: ten minutes.
const MAX_RETRY_AFTER: u64 = 600;

/// A response, extracted from its envelope.
pub(super) struct Opened {
    /// The resource, or the error.
    pub(super) outcome: Result<Value, Error>,
    /// The piggybacked client.
    pub(super) client: Option<Secret<Value>>,
    /// Whether this is a response of FAPI, and not one of something in between, such as a captive portal or a gateway. Only
    /// then does its client token count.
    pub(super) recognized: bool,
    /// Whether the resource was in an envelope.
    pub(super) enveloped: bool,
}

impl Default for Opened {
    fn default() -> Self {
        Self { outcome: Ok(Value::Null), client: None, recognized: false, enveloped: false }
    }
}

impl Opened {
    /// Whether this can be the response to a request for the client: a client, FAPI's word that there is none, or an error.
    pub(super) fn is_client_or_error(&self) -> bool {
        match &self.outcome {
            Ok(Value::Null) => self.recognized,
            Ok(json) => self.recognized && has_sessions(json),
            Err(_) => true,
        }
    }
}

/// Whether a client says which sessions it has. A missing list is not an empty one.
pub(crate) fn has_sessions(client: &Value) -> bool {
    client["sessions"].is_array()
}

/// Opens the envelope of `response` to a request for `path`. With `any_json`, JSON of any shape is a resource, but not
/// recognized as FAPI's.
pub(super) fn open(response: &HttpResponse, path: &str, any_json: bool) -> Opened {
    let only = |outcome, recognized| Opened { outcome, recognized, ..Opened::default() };
    // FAPI always sends a body, so this may be anybody's response.
    if response.status == 204 {
        return only(Ok(Value::Null), false);
    }
    // FAPI never redirects, so a redirect comes from a captive portal.
    let Some(mut json) = json::read(&response.body).ok().filter(|_| !is_redirect(response)) else {
        return only(Err(not_json(response, path)), false);
    };
    if response.status >= 400 {
        return match api_error(response, &json) {
            Some(error) => Opened {
                outcome: Err(Error::Api(error)),
                client: json.pointer_mut("/meta/client").map(Value::take).filter(Value::is_object).map(Secret::new),
                recognized: true,
                enveloped: true,
            },
            None => only(Err(not_json(response, path)), false),
        };
    }
    match json {
        Value::Object(mut object) if object.contains_key("response") => Opened {
            outcome: Ok(object.remove("response").unwrap_or_default()),
            client: object.remove("client").filter(Value::is_object).map(Secret::new),
            recognized: true,
            enveloped: true,
        },
        other if BARE.iter().any(|key| other.get(key).is_some()) => only(Ok(other), true),
        other if any_json => only(Ok(other), false),
        _ => only(Err(not_json(response, path)), false),
    }
}

fn is_redirect(response: &HttpResponse) -> bool {
    (300..400).contains(&response.status)
}

fn api_error(response: &HttpResponse, json: &Value) -> Option<ApiError> {
    let object = json.as_object()?;
    let errors: Vec<ApiErrorItem> = field(object, "errors", "errors");
    // Gateways have lists of errors too.
    if errors.iter().all(|error| error.code.is_empty()) {
        return None;
    }
    Some(ApiError {
        status: response.status,
        errors,
        clerk_trace_id: object.get("clerk_trace_id").and_then(String::read),
        retry_after: retry_after(response),
        raw: RawErrors(Arc::new(object.get("errors").cloned().unwrap_or_default())),
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
    use serde_json::json;

    fn response(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, token: TokenUpdate::Absent, retry_after: Some(7), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn open_reads_enveloped_and_bare_bodies() {
        let opened = open(&response(200, r#"{"response":{"id":"sia_1"},"client":{"id":"client_1"}}"#), "/x", false);
        assert_eq!(opened.outcome.unwrap(), json!({ "id": "sia_1" }));
        assert_eq!(*opened.client.unwrap().expose(), json!({ "id": "client_1" }));
        assert_eq!(open(&response(200, r#"{"jwt":"a"}"#), "/x", false).outcome.unwrap(), json!({ "jwt": "a" }));
        assert_eq!(open(&response(204, ""), "/x", false).outcome.unwrap(), Value::Null);
    }

    #[test]
    fn open_returns_all_errors_and_the_client() {
        let body = r#"{"errors":[{"code":"a","long_message":"A."},{"code":"b"}],"meta":{"client":{"id":"client_1"}},"clerk_trace_id":"t"}"#;
        let opened = open(&response(429, body), "/x", false);
        let Err(Error::Api(error)) = opened.outcome else { panic!("an API error") };
        assert_eq!((error.errors.len(), error.retry_after, error.clerk_trace_id.as_deref()), (2, Some(7), Some("t")));
        assert_eq!(opened.client.unwrap().expose()["id"], "client_1");
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
