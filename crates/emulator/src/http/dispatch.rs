//! Dispatches every request by its path.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{extract::Request, http::HeaderValue, response::Response};
use serde_json::json;

use super::{
    fapi, npm,
    reply::{json, redirect, text},
    request::{Incoming, is_local_origin},
};
use crate::{control, error::Refusal, pages, shared::Shared};

/// Maximum size of a body; pictures may have 10 MB.
const MAX_BODY: usize = 11 * 1024 * 1024;
/// Maximum size of a form.
const MAX_FORM: usize = 1024 * 1024;

pub(crate) async fn dispatch(shared: &Arc<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return too_large();
    };
    let is_head = parts.method == axum::http::Method::HEAD;
    let incoming = Incoming::read(&parts, body).await;
    if !incoming.host_is_local() {
        return text(403, "text/plain", "the emulator serves loopback hosts only");
    }
    let form_too_large = incoming.file.is_none() && incoming.body.len() > MAX_FORM;
    let page = |make: &dyn Fn() -> Response| fapi::guarded(AssertUnwindSafe(make)).unwrap_or_else(internal_error);
    let mut response = match incoming.path.strip_prefix("/__emulator") {
        Some(path) => page(&|| emulator_routes(shared, &incoming, path)),
        None if form_too_large => too_large(),
        None if incoming.path == "/" => redirect("/__emulator/"),
        // Link previews send HEAD before the user clicks.
        None if is_head && matches!(incoming.path.as_str(), "/v1/verify" | "/v1/tickets/accept") => {
            text(200, "text/html", "")
        }
        None if incoming.path.starts_with("/portal/") => page(&|| pages::portal::portal_page(shared, &incoming)),
        None if incoming.path.starts_with("/npm/") => {
            let folder = shared.world().config.npm_dir.clone();
            npm::package_file(folder.as_deref(), &incoming.path)
        }
        None => fapi::handle_request(shared, &incoming).await,
    };
    // Pages of other origins may show pictures, but must not use the control API.
    if !incoming.path.starts_with("/__emulator") || incoming.path.starts_with("/__emulator/img/") {
        let requested = incoming.header("access-control-request-headers");
        set_cors_headers(&mut response, incoming.header("origin"), requested);
    }
    response
}

/// Responds in place of a page or control request that panicked.
fn internal_error(message: String) -> Response {
    tracing::error!(message, "a page panicked");
    let error = Refusal::new(500, "internal_clerk_error");
    json(500, &json!({ "errors": [error.to_json()] }))
}

fn too_large() -> Response {
    let error = Refusal::new(413, "request_body_too_large");
    json(413, &json!({ "errors": [error.to_json()] }))
}

/// Serves the emulator's own pages and its control API.
fn emulator_routes(shared: &Shared, incoming: &Incoming, path: &str) -> Response {
    let mut world = shared.world();
    if let Some(path) = path.strip_prefix("/v1/") {
        let origin = incoming.header("origin");
        if origin.is_some_and(|origin| origin != world.base_url) {
            return text(403, "text/plain", "the control API refuses requests from other origins");
        }
        let response = control::handle(shared, &mut world, &incoming.method, path, &incoming.query, &incoming.body);
        return json(response.status, &response.body);
    }
    // A HEAD request checks whether the emulator is up.
    let method = if incoming.method == "HEAD" { "GET" } else { incoming.method.as_str() };
    pages::emulator_page(&mut world, method, path, &incoming.query, &incoming.form)
}

/// Sets the CORS headers for pages of local origins.
fn set_cors_headers(response: &mut Response, origin: Option<&str>, requested: Option<&str>) {
    let Some(origin) = origin.filter(|origin| is_local_origin(origin)) else { return };
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("access-control-allow-origin", origin);
    set("access-control-allow-credentials", "true");
    set("access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
    set("access-control-allow-headers", requested.unwrap_or("authorization, content-type"));
    set(
        "access-control-expose-headers",
        "Authorization, Clerk-Db-Jwt, Retry-After, X-RateLimit-Reset, X-Country, Date, X-Clerk-Trace-Id",
    );
    set("access-control-max-age", "600");
    set("access-control-allow-private-network", "true");
    set("vary", "Origin");
}
