//! Sessions, their tokens and reverification.

use serde_json::json;

use super::route::{Call, NOTHING, Route, RouteResponse, route};
use crate::{
    error::Result,
    json as resources,
    state::{Session, World},
};

const PREPARE: &[&str] = &[
    "strategy",
    "email_address_id",
    "phone_number_id",
    "proof_token",
    "redirect_url",
    "enterprise_connection_id",
    "channel",
    "default",
];
const ATTEMPT_FIRST: &[&str] = &["strategy", "code", "password", "public_key_credential"];
const ATTEMPT_SECOND: &[&str] = &["strategy", "code"];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/client/sessions/{}", "getSession", NOTHING, |world, call| {
        let (_, session) = world.session_of(&mut call.caller, &call.arguments[0])?;
        Ok(RouteResponse::Resource(resources::session(world, &session)?))
    }),
    route("POST", "/v1/client/sessions/{}/touch", "touchSession", &["active_organization_id", "intent"], touch),
    route("POST", "/v1/client/sessions/{}/end", "endSession", NOTHING, |world, call| session_step(world, call, true)),
    route("POST", "/v1/client/sessions/{}/remove", "removeSession", NOTHING, |world, call| {
        session_step(world, call, false)
    }),
    route(
        "POST",
        "/v1/client/sessions/{}/tokens",
        "createSessionToken",
        &["organization_id", "tab_state", "token", "force_origin"],
        |world, call| {
            let jwt = world.mint(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            Ok(RouteResponse::Bare(json!({ "object": "token", "jwt": jwt })))
        },
    ),
    route(
        "POST",
        "/v1/client/sessions/{}/tokens/{}",
        "createSessionTokenWithTemplate",
        &["tab_state", "token", "force_origin"],
        |world, call| {
            let jwt = world.mint_from_template(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
            Ok(RouteResponse::Bare(json!({ "object": "token", "jwt": jwt })))
        },
    ),
    route("POST", "/v1/client/sessions/{}/verify", "startSessionReverification", &["level"], |world, call| {
        let session = world.start_reverification(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        reverify(world, &session)
    }),
    route(
        "POST",
        "/v1/client/sessions/{}/verify/prepare_first_factor",
        "prepareSessionReverificationFirstFactor",
        PREPARE,
        |world, call| {
            let session =
                world.prepare_reverification(&mut call.caller, &call.arguments[0], false, &call.incoming.form)?;
            reverify(world, &session)
        },
    ),
    route(
        "POST",
        "/v1/client/sessions/{}/verify/attempt_first_factor",
        "attemptSessionReverificationFirstFactor",
        ATTEMPT_FIRST,
        |world, call| {
            let session =
                world.attempt_reverification(&mut call.caller, &call.arguments[0], false, &call.incoming.form)?;
            reverify(world, &session)
        },
    ),
    route(
        "POST",
        "/v1/client/sessions/{}/verify/prepare_second_factor",
        "prepareSessionReverificationSecondFactor",
        PREPARE,
        |world, call| {
            let session =
                world.prepare_reverification(&mut call.caller, &call.arguments[0], true, &call.incoming.form)?;
            reverify(world, &session)
        },
    ),
    route(
        "POST",
        "/v1/client/sessions/{}/verify/attempt_second_factor",
        "attemptSessionReverificationSecondFactor",
        ATTEMPT_SECOND,
        |world, call| {
            let session =
                world.attempt_reverification(&mut call.caller, &call.arguments[0], true, &call.incoming.form)?;
            reverify(world, &session)
        },
    ),
];

fn session_step(world: &mut World, call: &mut Call<'_>, keep: bool) -> Result<RouteResponse> {
    let session = world.leave_session(&mut call.caller, &call.arguments[0], keep)?;
    Ok(RouteResponse::Resource(resources::session(world, &session)?))
}

/// `POST /v1/client/sessions/{id}/touch`; the response omits the client if only the focus changed.
fn touch(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let session = world.touch(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
    let json = resources::session(world, &session)?;
    Ok(if call.form().get("intent") == Some("focus") {
        RouteResponse::WithoutClient(json)
    } else {
        RouteResponse::Resource(json)
    })
}

fn reverify(world: &World, session: &Session) -> Result<RouteResponse> {
    Ok(RouteResponse::Resource(resources::reverification(world, session)))
}
