//! Sign-in.

use super::route::{NOTHING, Route, RouteResponse, gone, route};
use crate::{
    error::Result,
    json as resources,
    state::{SignIn, World},
};

const CREATE: &[&str] = &[
    "strategy",
    "identifier",
    "password",
    "ticket",
    "redirect_url",
    "action_complete_redirect_url",
    "transfer",
    "code",
    "token",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "trusted_device_id",
    "sign_up_if_missing",
    "enterprise_connection_id",
    "locale",
    "timezone",
    "captcha_token",
    "captcha_widget_type",
    "captcha_error",
    "channel",
];
/// In addition to the published fields: what clerk-js sends for phones and enterprise connections, and the fields of
/// native magic links.
const PREPARE: &[&str] = &[
    "strategy",
    "email_address_id",
    "phone_number_id",
    "web3_wallet_id",
    "passkey_id",
    "trusted_device_id",
    "redirect_url",
    "action_complete_redirect_url",
    "oidc_login_hint",
    "oidc_prompt",
    "proof_token",
    "enterprise_connection_id",
    "channel",
    "default",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
];
const PREPARE_SECOND: &[&str] =
    &["strategy", "email_address_id", "phone_number_id", "redirect_url", "proof_token", "channel", "default"];
const ATTEMPT: &[&str] = &[
    "strategy",
    "code",
    "password",
    "signature",
    "token",
    "public_key_credential",
    "trusted_device_id",
    "client_data",
    "algorithm",
    "ticket",
];
const ATTEMPT_SECOND: &[&str] = &["strategy", "code"];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/v1/client/sign_ins", "createSignIn", CREATE, |world, call| {
        let attempt = world.create_sign_in(&mut call.caller, &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("GET", "/v1/client/sign_ins/{}", "getSignIn", NOTHING, |world, call| {
        world.redeem_nonce(&mut call.caller, call.incoming.query.given("rotating_token_nonce"))?;
        let (_, attempt) = world.sign_in_of(&mut call.caller, &call.arguments[0]).map_err(gone)?;
        sign_in(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ins/{}/prepare_first_factor", "prepareSignInFactorOne", PREPARE, |world, call| {
        let strategy = call.form().required("strategy")?.to_owned();
        let attempt =
            world.prepare_first_factor(&mut call.caller, &call.arguments[0], &strategy, &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route("POST", "/v1/client/sign_ins/{}/attempt_first_factor", "attemptSignInFactorOne", ATTEMPT, |world, call| {
        let strategy = call.form().required("strategy")?.to_owned();
        let attempt =
            world.attempt_first_factor(&mut call.caller, &call.arguments[0], &strategy, &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
    route(
        "POST",
        "/v1/client/sign_ins/{}/prepare_second_factor",
        "prepareSignInFactorTwo",
        PREPARE_SECOND,
        |world, call| {
            let attempt = world.prepare_second_factor(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            sign_in(world, &attempt)
        },
    ),
    route(
        "POST",
        "/v1/client/sign_ins/{}/attempt_second_factor",
        "attemptSignInFactorTwo",
        ATTEMPT_SECOND,
        |world, call| {
            let attempt = world.attempt_second_factor(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            sign_in(world, &attempt)
        },
    ),
    route(
        "POST",
        "/v1/client/sign_ins/{}/reset_password",
        "resetPassword",
        &["password", "sign_out_of_other_sessions"],
        |world, call| {
            let attempt = world.reset_password(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            sign_in(world, &attempt)
        },
    ),
    route("PATCH", "/v1/client/sign_ins/{}/protect_check", "protectCheckSignIn", &["proof_token"], |world, call| {
        let attempt = world.pass_sign_in_check(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        sign_in(world, &attempt)
    }),
];

fn sign_in(world: &World, attempt: &SignIn) -> Result<RouteResponse> {
    Ok(RouteResponse::Resource(resources::sign_in(world, attempt)))
}
