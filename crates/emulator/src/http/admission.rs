//! Admission of requests: native clients by `Authorization`, browsers by cookie or development browser.

use super::request::{Incoming, is_local_origin};
use crate::{
    error::{Refusal, Result},
    ops::client::{Caller, without_bearer},
    state::World,
};

/// Checks the headers of a request and reads its credential.
pub(crate) fn admit(world: &World, incoming: &Incoming) -> Result<Caller> {
    for header in ["authorization", "origin"] {
        if incoming.repeats(header) {
            return Err(Refusal::new(400, &format!("multiple_{header}_header_values_forbidden")));
        }
    }
    let authorization = incoming.header("authorization");
    let origin = incoming.header("origin");
    let dev_browser = incoming
        .query
        .given("__clerk_db_jwt")
        .or(incoming.query.given("__dev_session"))
        .or(incoming.cookie("__clerk_db_jwt"));
    let cookie = incoming.cookie("__client");
    let marked = matches!(incoming.query.get("_is_native"), Some("1" | "true"));
    let native = marked || (authorization.is_some() && dev_browser.is_none() && cookie.is_none());
    let mut caller = Caller {
        native,
        session_id: incoming.query.given("_clerk_session_id").map(str::to_owned),
        origin: origin.map(str::to_owned),
        user_agent: incoming.header("user-agent").map(str::to_owned),
        ..Caller::default()
    };
    if is_for_browsers(&incoming.path) {
        if let Some(token) = cookie {
            world.read_token(&mut caller, token)?;
        }
        return Ok(caller);
    }
    if native && !world.config.native_api.enabled {
        return Err(Refusal::new(400, "native_api_disabled"));
    }
    let token = authorization.map(without_bearer).unwrap_or_default();
    if let Some(origin) = origin {
        if !token.is_empty() && !may_bring_both(world, origin) {
            return Err(Refusal::new(400, "origin_authorization_headers_conflict"));
        }
        if !is_local_origin(origin) {
            return Err(Refusal::new(400, "origin_invalid"));
        }
    }
    if native {
        if !token.is_empty() {
            world.read_token(&mut caller, token)?;
        }
        return Ok(caller);
    }
    if let Some(browser) = dev_browser {
        match world.dev_browsers.get(browser) {
            Some(browser) => caller.client_id.clone_from(&browser.client_id),
            None => return Err(Refusal::new(401, "dev_browser_unauthenticated")),
        }
        caller.dev_browser = Some(browser.to_owned());
    } else if let Some(token) = cookie {
        world.read_token(&mut caller, token)?;
    } else if origin.is_none() {
        return Err(Refusal::new(400, "request_header_missing"));
    }
    Ok(caller)
}

/// Whether a page of this origin may send the client token.
fn may_bring_both(world: &World, origin: &str) -> bool {
    let allowed = &world.config.native_api.allowed_origins;
    allowed.iter().any(|one| one == origin || (one == "loopback" && is_local_origin(origin)))
}

/// Whether a path is opened by browsers, or needs no credential.
fn is_for_browsers(path: &str) -> bool {
    matches!(
        path,
        "/v1/oauth_callback"
            | "/v1/verify"
            | "/v1/tickets/accept"
            | "/v1/health"
            | "/v1/proxy-health"
            | "/v1/account_portal"
            | "/v1/redirect"
            | "/v1/clear-site-data"
            | "/v1/client/touch"
            | "/v1/client/handshake"
            | "/v1/client/sync"
            | "/v1/client/link"
            | "/v1/dev_browser"
            | "/v1/dev_browser/init"
            | "/v1/agents/tasks"
    ) || path.starts_with("/.well-known/")
        || path.starts_with("/oauth/")
        || path.starts_with("/v1/saml/")
        || path.starts_with("/v1/enterprise_connections/")
        || path.starts_with("/api_keys")
}
