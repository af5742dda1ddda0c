//! The client.

use serde_json::{Value, json};

use super::route::{ANYTHING, Call, NOTHING, Route, RouteResponse, feature_off, off, redirect_to, route};
use crate::{
    error::{Refusal, Result},
    json as resources,
    ops::links::MagicOutcome,
    state::World,
};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/client", "getClient", &["rotating_token_nonce", "code_verifier"], read_client),
    route("PUT", "/v1/client", "putClient", NOTHING, write_client),
    route("POST", "/v1/client", "postClient", NOTHING, write_client),
    route("DELETE", "/v1/client", "deleteClientSessions", NOTHING, |world, call| {
        world.delete_client(&mut call.caller)?;
        Ok(RouteResponse::WithoutClient(Value::Null))
    }),
    route("DELETE", "/v1/client/sessions", "removeClientSessionsAndRetainCookie", NOTHING, |world, call| {
        let client = world.remove_sessions(&mut call.caller)?;
        Ok(RouteResponse::WithoutClient(resources::client(world, &client)?))
    }),
    route("GET", "/v1/client/touch", "touchClient", NOTHING, redirect_to),
    route("GET", "/v1/client/handshake", "handshakeClient", NOTHING, redirect_to),
    route("GET", "/v1/client/sync", "syncClient", NOTHING, no_satellite),
    route("GET", "/v1/client/link", "linkClient", NOTHING, no_satellite),
    route("POST", "/v1/client/verify", "verifyClient", ANYTHING, write_client),
    route("POST", "/v1/client/trusted_devices/validate", "validateTrustedDevice", ANYTHING, feature_off),
    route(
        "POST",
        "/v1/client/hosted_auth",
        "hostedAuth",
        &["redirect_url", "code_challenge", "state", "mode"],
        |world, call| {
            let url = world.begin_hosted_auth(&mut call.caller, &call.incoming.form)?;
            Ok(RouteResponse::Resource(json!({ "object": "hosted_auth", "url": url })))
        },
    ),
    route(
        "POST",
        "/v1/client/magic_links/complete",
        "completeMagicLink",
        &["flow_id", "approval_token", "code_verifier", "attestation"],
        magic_link,
    ),
];

/// `GET /v1/client`: null if the device has no client yet; a native device then gets a token for a future one. With a
/// `code_verifier` it redeems a hosted sign-in.
fn read_client(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    if call.form().get("code_verifier").is_some() {
        let client = world.redeem_hosted(&mut call.caller, &call.incoming.form)?;
        return Ok(RouteResponse::WithoutClient(resources::client(world, &client)?));
    }
    world.redeem_nonce(&mut call.caller, call.incoming.query.given("rotating_token_nonce"))?;
    let caller = &mut call.caller;
    let known = caller.client_id.clone().filter(|id| world.clients.contains_key(id));
    let Some(id) = known else {
        let wants_token = caller.invalid_token || world.config.token_on_first_get;
        if caller.native && caller.client_id.is_none() && wants_token {
            world.promise_client(caller)?;
        }
        return Ok(RouteResponse::WithoutClient(Value::Null));
    };
    world.expire_sessions(&id);
    let client = world.clients.get(&id).cloned().ok_or_else(|| Refusal::new(401, "signed_out"))?;
    Ok(RouteResponse::WithoutClient(resources::client(world, &client)?))
}

fn write_client(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let client = world.client_or_new(&mut call.caller)?;
    Ok(RouteResponse::Resource(resources::client(world, &client)?))
}

fn magic_link(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let form = call.incoming.form.clone();
    match world.complete_magic_link(&mut call.caller, &form)? {
        MagicOutcome::Ticket(ticket) => Ok(RouteResponse::Resource(ticket)),
        MagicOutcome::SignUp(attempt) => Ok(RouteResponse::Resource(resources::sign_up(world, &attempt))),
    }
}

fn no_satellite(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(403, "operation_not_allowed_on_satellite_domain")
}
