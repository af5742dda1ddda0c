//! The server: every request comes in here and is told apart by its path.

mod fapi;
mod request;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use crate::{control, handle::Shared, pages};
use request::Incoming;

/// Larger bodies are refused.
const MAX_BODY: usize = 1024 * 1024;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return text(413, "text/plain", "the body is too large");
    };
    let incoming = Incoming::read(&parts, &body);
    if !incoming.host_is_local() {
        return text(403, "text/plain", "the emulator answers loopback hosts only");
    }
    let mut response = match incoming.path.strip_prefix("/__emulator") {
        Some(path) => own(&shared, &incoming, path),
        None if incoming.path == "/" => redirect("/__emulator/"),
        None if incoming.path.starts_with("/portal/") => pages::portal(&incoming.path),
        None => fapi::serve(&shared, &incoming).await,
    };
    let origin = incoming.header("origin").and_then(|origin| HeaderValue::from_str(origin).ok());
    if let Some(origin) = origin.filter(|_| !incoming.path.starts_with("/__emulator")) {
        allow_origin(&mut response, origin);
    }
    response
}

/// The emulator's own pages and its control API.
fn own(shared: &Shared, incoming: &Incoming, path: &str) -> Response {
    let mut world = shared.world();
    if let Some(path) = path.strip_prefix("/v1/") {
        let origin = incoming.header("origin");
        if origin.is_some_and(|origin| origin != world.base_url) {
            return text(403, "text/plain", "the control API is not for other origins");
        }
        let answer = control::handle(&mut world, &incoming.method, path, &incoming.query, &incoming.body);
        return json(answer.status, &answer.body);
    }
    pages::serve(&mut world, incoming.method.as_str(), path, &incoming.query, &incoming.form)
}

fn allow_origin(response: &mut Response, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    );
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Authorization, Retry-After, X-Clerk-Trace-Id"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
}

/// A response with this body.
pub(crate) fn text(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(crate) fn json(status: u16, body: &serde_json::Value) -> Response {
    text(status, "application/json", body.to_string())
}

/// 303 to `target`.
pub(crate) fn redirect(target: &str) -> Response {
    let mut response = text(303, "text/plain", "");
    if let Ok(target) = HeaderValue::from_str(target) {
        response.headers_mut().insert(header::LOCATION, target);
    }
    response
}
