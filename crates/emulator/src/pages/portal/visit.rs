//! The visitor of a page, and the cookie that holds the visitor's client.

use axum::{
    http::{HeaderValue, header},
    response::Response,
};

use crate::{
    http::{reply::redirect, request::Incoming},
    ops::{
        client::{Caller, NewToken},
        params::Params,
    },
    state::{User, World},
    tokens,
};

/// The cookie with the portal's own client token. A hosted sign-in has its own client in its own cookie, so that it is
/// independent of the browser's sign-in.
const COOKIE: &str = "__emulator_portal";
const HOSTED_COOKIE: &str = "__emulator_hosted";

/// A request to a page.
pub(super) struct Visit<'a> {
    pub(super) incoming: &'a Incoming,
    pub(super) caller: Caller,
    /// ID of the hosted sign-in, if any.
    pub(super) hosted: Option<String>,
}

impl Visit<'_> {
    pub(super) fn form(&self) -> &Params {
        &self.incoming.form
    }

    /// Returns the path with the query of the request.
    pub(super) fn here(&self, path: &str) -> String {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.incoming.query.iter()).finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// Identifies the visitor: a development browser named by the link, or the portal's own client.
pub(super) fn identify(world: &World, visit: &mut Visit<'_>) {
    visit.caller.user_agent = visit.incoming.header("user-agent").map(str::to_owned);
    if visit.hosted.is_none()
        && let Some(browser) = visit.incoming.query.given("__clerk_db_jwt")
        && let Some(known) = world.dev_browsers.get(browser)
    {
        visit.caller.dev_browser = Some(browser.to_owned());
        visit.caller.client_id.clone_from(&known.client_id);
        return;
    }
    let cookie = if visit.hosted.is_some() { HOSTED_COOKIE } else { COOKIE };
    if let Some(token) = visit.incoming.cookie(cookie)
        && let Ok(tokens::PresentedToken::Client { id, .. }) = tokens::read_client_token(token)
        && world.clients.contains_key(&id)
    {
        visit.caller.client_id = Some(id);
    }
}

/// Sets the cookie for the portal's client.
pub(super) fn set_cookie(visit: &Visit<'_>, response: &mut Response) {
    let (name, path) = match &visit.hosted {
        Some(_) => (HOSTED_COOKIE, visit.incoming.path.as_str()),
        None => (COOKIE, "/portal"),
    };
    let cookie = match &visit.caller.new_token {
        Some(NewToken::Set(token)) => format!("{name}={token}; Path={path}; HttpOnly; SameSite=Lax"),
        Some(NewToken::Clear) => format!("{name}=; Path={path}; HttpOnly; Max-Age=0"),
        None => return,
    };
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

pub(super) fn current(world: &mut World, visit: &mut Visit<'_>) -> Option<User> {
    world.current(&mut visit.caller).ok().map(|(_, user)| user)
}

pub(super) fn to_sign_in(visit: &Visit<'_>) -> Response {
    redirect(&visit.here("/portal/sign-in"))
}
