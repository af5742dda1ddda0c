//! Building responses.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::Value;

/// Marks a response that is not sent: the connection ends instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disconnect {
    /// The connection is closed.
    Close,
    /// The connection is reset (TCP RST).
    Reset,
}

/// Creates a text response.
pub(crate) fn text(status: u16, content_type: &'static str, body: impl Into<String>) -> Response {
    bytes(status, content_type, body.into().into_bytes())
}

/// Creates a response with raw bytes.
pub(crate) fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Creates a JSON response.
pub(crate) fn json(status: u16, body: &Value) -> Response {
    text(status, "application/json", body.to_string())
}

/// Redirects the browser.
pub(crate) fn redirect(target: &str) -> Response {
    let mut response = text(303, "text/plain", "");
    match HeaderValue::from_str(target) {
        Ok(location) => {
            response.headers_mut().insert(header::LOCATION, location);
            response
        }
        Err(_) => text(500, "text/plain", "the redirect URL is not a valid header value"),
    }
}
