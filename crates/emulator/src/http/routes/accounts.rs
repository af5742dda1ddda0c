//! The accounts of a user at OAuth and enterprise providers.

use super::route::{NOTHING, Route, RouteResponse, deleted, route};
use crate::json as resources;

const REDIRECT: &[&str] = &[
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "additional_scope",
    "oidc_prompt",
    "oidc_login_hint",
    "enterprise_connection_id",
    "code",
    "token",
];
const REAUTHORIZE: &[&str] =
    &["redirect_url", "action_complete_redirect_url", "additional_scope", "oidc_login_hint", "oidc_prompt"];

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/v1/me/external_accounts", "postOAuthAccounts", REDIRECT, |world, call| {
        let account = world.connect_account(&mut call.caller, &call.incoming.form)?;
        Ok(RouteResponse::Resource(resources::external_account(world, &account)))
    }),
    route(
        "PATCH",
        "/v1/me/external_accounts/{}/reauthorize",
        "reauthorizeExternalAccount",
        REAUTHORIZE,
        |world, call| {
            let account = world.reauthorize_account(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            Ok(RouteResponse::Resource(resources::external_account(world, &account)))
        },
    ),
    route("DELETE", "/v1/me/external_accounts/{}", "deleteExternalAccount", NOTHING, |world, call| {
        let id = world.disconnect_account(&mut call.caller, &call.arguments[0])?;
        deleted("external_account", &id)
    }),
    route("DELETE", "/v1/me/external_accounts/{}/tokens", "revokeExternalAccountTokens", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        Ok(RouteResponse::Resource(resources::user(world, &me)))
    }),
    route("DELETE", "/v1/me/enterprise_accounts/{}", "deleteEnterpriseAccount", NOTHING, |world, call| {
        let id = world.delete_enterprise_account(&mut call.caller, &call.arguments[0])?;
        deleted("enterprise_account", &id)
    }),
];
