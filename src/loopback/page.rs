//! Responses to a browser.

use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::Bytes,
    header::{self, HeaderValue},
};

/// Returns a page, with its content security policy. Nothing stores it, and no other site learns its address.
pub(crate) fn html(status: StatusCode, page: String, policy: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    no_sniff(response)
}

/// Returns a response without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    no_sniff(response)
}

pub(crate) fn no_sniff(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Escapes a text for HTML, and braces, which mark the places of a template.
pub(crate) fn escape_html(text: &str) -> String {
    let escaped = |character: char| match character {
        '&' | '<' | '>' | '"' | '\'' | '{' | '}' => format!("&#{};", u32::from(character)),
        other => other.to_string(),
    };
    text.chars().map(escaped).collect()
}
