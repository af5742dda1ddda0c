//! Links that are opened in a browser.

use super::route::{ANYTHING, NOTHING, Route, RouteResponse, not_found, route};
use crate::{error::Result, http::reply::redirect, ops::redirects::OpenedLink, pages, state::World};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/oauth_callback", "getOauthCallback", NOTHING, |world, call| {
        Ok(RouteResponse::Browser(match world.oauth_callback(&call.incoming.query) {
            Ok(target) => pages::return_to_app(world, &target),
            Err(refusal) => pages::error(world, &refusal),
        }))
    }),
    route("POST", "/v1/oauth_callback", "postOauthCallback", ANYTHING, |_, call| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(call.form().iter()).finish();
        Ok(RouteResponse::Browser(redirect(&format!("/v1/oauth_callback?{query}"))))
    }),
    route("GET", "/v1/verify", "verify", NOTHING, |world, call| {
        let token = call.query().get("token").unwrap_or_default().to_owned();
        let result = world.open_link(&token, call.caller.client_id.as_deref());
        opened(world, result)
    }),
    route("GET", "/v1/tickets/accept", "acceptTicket", NOTHING, |world, call| {
        let ticket = call.query().get("ticket").unwrap_or_default().to_owned();
        let result = world.accept_ticket(&ticket);
        opened(world, result)
    }),
    route("GET", "/v1/agents/tasks", "createAgentTask", NOTHING, not_found),
];

fn opened(world: &World, opened: Result<OpenedLink>) -> Result<RouteResponse> {
    Ok(RouteResponse::Browser(match opened {
        Ok(OpenedLink::Redirect(target)) => pages::return_to_app(world, &target),
        Ok(OpenedLink::Page(status, code)) => pages::link_opened(world, &status, code),
        Err(refusal) => pages::error(world, &refusal),
    }))
}
