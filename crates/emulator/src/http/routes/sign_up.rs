//! Sign-up and the waitlist.

use serde_json::json;

use super::route::{NOTHING, Route, RouteResponse, gone, route};
use crate::{
    error::Result,
    json as resources,
    state::{Kind, SignUp, World},
};

/// Fields for creating and updating a sign-up.
const SIGN_UP_FIELDS: [&str; 22] = [
    "password",
    "first_name",
    "last_name",
    "username",
    "email_address",
    "phone_number",
    "email_address_or_phone_number",
    "unsafe_metadata",
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "ticket",
    "web3_wallet",
    "token",
    "code",
    "legal_accepted",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "enterprise_connection_id",
    "locale",
    "channel",
];
/// Fields for creating only.
const CREATION_FIELDS: [&str; 5] = ["transfer", "captcha_token", "captcha_error", "captcha_widget_type", "timezone"];
const CREATE: &[&str] = &joined::<22, 5, 27>(SIGN_UP_FIELDS, CREATION_FIELDS);
const UPDATE: &[&str] = &SIGN_UP_FIELDS;
const PREPARE: &[&str] = &[
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "enterprise_connection_id",
    "channel",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
];
const ATTEMPT: &[&str] = &["strategy", "code", "signature", "token"];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/v1/client/sign_ups", "createSignUps", CREATE, |world, call| {
        let attempt = world.create_sign_up(&mut call.caller, &call.incoming.form)?;
        sign_up(world, &attempt)
    }),
    route("GET", "/v1/client/sign_ups/{}", "getSignUps", NOTHING, |world, call| {
        world.redeem_nonce(&mut call.caller, call.incoming.query.given("rotating_token_nonce"))?;
        let (_, attempt) = world.sign_up_of(&mut call.caller, &call.arguments[0]).map_err(gone)?;
        sign_up(world, &attempt)
    }),
    route("PATCH", "/v1/client/sign_ups/{}", "updateSignUps", UPDATE, |world, call| {
        let attempt = world.update_sign_up(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_up(world, &attempt)
    }),
    route(
        "POST",
        "/v1/client/sign_ups/{}/prepare_verification",
        "prepareSignUpsVerification",
        PREPARE,
        |world, call| {
            let attempt = world.prepare_verification(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            sign_up(world, &attempt)
        },
    ),
    route(
        "POST",
        "/v1/client/sign_ups/{}/attempt_verification",
        "attemptSignUpsVerification",
        ATTEMPT,
        |world, call| {
            let attempt = world.attempt_verification(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            sign_up(world, &attempt)
        },
    ),
    route("PATCH", "/v1/client/sign_ups/{}/protect_check", "protectCheckSignUp", &["proof_token"], |world, call| {
        let attempt = world.pass_sign_up_check(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_up(world, &attempt)
    }),
    route(
        "GET",
        "/v1/client/sign_ups/{}/enterprise_connections",
        "getSignUpEnterpriseConnections",
        NOTHING,
        |world, call| {
            let (_, attempt) = world.sign_up_of(&mut call.caller, &call.arguments[0])?;
            let address = attempt.value(Kind::Email).unwrap_or_default().to_owned();
            let connections =
                world.config.connections_for(&address).map(|one| json!({ "id": one.id, "name": one.name }));
            Ok(RouteResponse::Resource(connections.collect()))
        },
    ),
    route("POST", "/v1/waitlist", "joinWaitlist", &["email_address"], |world, call| {
        let entry = world.join_waitlist(&call.incoming.form)?;
        let mut json = json!({ "object": "waitlist_entry", "id": entry.id });
        if !world.config.strict_schema {
            json["created_at"] = json!(entry.created_at);
            json["updated_at"] = json!(entry.created_at);
        }
        Ok(RouteResponse::Bare(json))
    }),
];

fn sign_up(world: &World, attempt: &SignUp) -> Result<RouteResponse> {
    Ok(RouteResponse::Resource(resources::sign_up(world, attempt)))
}

const fn joined<const A: usize, const B: usize, const N: usize>(
    first: [&'static str; A],
    second: [&'static str; B],
) -> [&'static str; N] {
    assert!(A + B == N);
    let mut all = [""; N];
    let mut place = 0;
    while place < N {
        all[place] = if place < A { first[place] } else { second[place - A] };
        place += 1;
    }
    all
}
