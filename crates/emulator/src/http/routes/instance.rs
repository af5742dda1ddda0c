//! The instance: environment, keys, and development browsers.

use serde_json::{Value, json};

use super::route::{ANYTHING, Call, NOTHING, Route, RouteResponse, not_found, redirect_to, route};
use crate::{
    environment,
    error::Result,
    state::{DevBrowser, World},
    tokens,
};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/environment", "getEnvironment", NOTHING, |world, _| {
        Ok(RouteResponse::Bare(environment::environment(world)))
    }),
    route("PATCH", "/v1/environment", "updateEnvironment", NOTHING, |world, _| {
        Ok(RouteResponse::Bare(environment::environment(world)))
    }),
    route("GET", "/v1/health", "getHealth", NOTHING, |_, _| Ok(RouteResponse::Bare(json!({ "status": "healthy" })))),
    route("GET", "/v1/proxy-health", "getProxyHealth", NOTHING, |_, _| {
        Ok(RouteResponse::Bare(json!({ "status": "healthy", "x_forwarded_for": "" })))
    }),
    route("GET", "/v1/account_portal", "getAccountPortal", NOTHING, account_portal),
    route("GET", "/.well-known/jwks.json", "getJWKS", NOTHING, |_, _| Ok(RouteResponse::Bare(tokens::jwks()?))),
    route("GET", "/.well-known/openid-configuration", "getOpenIDConfiguration", NOTHING, openid_configuration),
    route(
        "GET",
        "/.well-known/oauth-authorization-server",
        "getOAuth2AuthorizationServerMetadata",
        NOTHING,
        openid_configuration,
    ),
    route("GET", "/.well-known/apple-app-site-association", "getAppleAppSiteAssociation", NOTHING, |_, _| {
        Ok(RouteResponse::Bare(json!({ "webcredentials": { "apps": [] } })))
    }),
    route("GET", "/.well-known/assetlinks.json", "getAndroidAssetLinks", NOTHING, |_, _| {
        Ok(RouteResponse::Bare(json!([])))
    }),
    route("GET", "/.well-known/webauthn", "getWebAuthnRelatedOrigins", NOTHING, not_found),
    route("POST", "/v1/dev_browser", "createDevBrowser", ANYTHING, new_dev_browser),
    route("GET", "/v1/dev_browser/init", "getDevBrowserInit", NOTHING, new_dev_browser),
    route("POST", "/v1/dev_browser/set_first_party_cookie", "postDevBrowserInitSetCookie", ANYTHING, |_, _| {
        Ok(RouteResponse::Bare(json!({})))
    }),
    route("GET", "/v1/clear-site-data", "clearSiteData", NOTHING, |_, _| Ok(RouteResponse::Bare(Value::Null))),
    route("GET", "/v1/redirect", "redirectToUrl", NOTHING, redirect_to),
    route("PATCH", "/v1/dev_tools/enable_environment_setting", "enableEnvironmentSetting", ANYTHING, |world, _| {
        world.config.organizations.enabled = true;
        Ok(RouteResponse::Bare(environment::environment(world)))
    }),
];

fn new_dev_browser(world: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    let id = world.ids.id("dvb");
    let browser = DevBrowser { client_id: None, made_at: world.now_ms() };
    world.dev_browsers.insert(id.clone(), browser);
    Ok(RouteResponse::Bare(json!({ "object": "dev_browser", "id": id, "instance_id": tokens::INSTANCE_ID })))
}

fn account_portal(world: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    let home = format!("{}/portal/default-redirect", world.base_url);
    Ok(RouteResponse::Bare(json!({
        "object": "account_portal", "allowed": true, "enabled": true, "internal_linking": true,
        "after_sign_in_url": home, "after_sign_up_url": home, "after_join_waitlist_url": home,
        "after_create_organization_url": home, "after_leave_organization_url": home, "logo_link_url": home,
        "customization": {
            "appearance": null, "background_color_dark": null, "background_color_light": null,
            "primary_color_dark": null, "primary_color_light": null,
        },
    })))
}

fn openid_configuration(world: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    let base = &world.base_url;
    Ok(RouteResponse::Bare(json!({
        "issuer": base, "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "authorization_endpoint": format!("{base}/oauth/authorize"), "token_endpoint": format!("{base}/oauth/token"),
        "userinfo_endpoint": format!("{base}/oauth/userinfo"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
    })))
}
