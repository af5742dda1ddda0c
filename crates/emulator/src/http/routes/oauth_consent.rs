//! What users consent to when they sign in to an OAuth application. The emulator carries no such sign-in out.

use serde_json::{Value, json};

use super::route::{ANYTHING, Call, NOTHING, Route, RouteResponse, not_played, route};
use crate::{
    config::OAuthApplication,
    error::{Refusal, Result},
    state::World,
};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/me/oauth/consent/{}", "getOAuthConsent", NOTHING, consent),
    route("POST", "/v1/me/oauth/consent/{}", "submitOAuthConsent", ANYTHING, |world, call| {
        application(world, call)?;
        not_played(world, call)
    }),
];

/// Returns the application that the path names.
fn application(world: &World, call: &Call<'_>) -> Result<OAuthApplication> {
    let found = world.config.oauth_applications.iter().find(|one| one.client_id == call.arguments[0]);
    found.cloned().ok_or_else(|| Refusal::new(404, "resource_not_found"))
}

fn consent(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let application = application(world, call)?;
    world.current(&mut call.caller)?;
    let wanted: Option<Vec<&str>> = call.query().given("scope").map(|scopes| scopes.split(' ').collect());
    let scopes = application.scopes.iter().filter(|one| wanted.as_ref().is_none_or(|all| all.contains(&one.as_str())));
    let redirect =
        call.query().given("redirect_uri").filter(|uri| application.redirect_uris.iter().any(|one| one == uri));
    Ok(RouteResponse::Bare(json!({
        "oauth_application_name": application.name, "oauth_application_logo_url": application.logo_url,
        "oauth_application_url": application.url, "client_id": application.client_id,
        "redirect_domain": redirect.and_then(domain), "scopes": scopes.map(|one| scope(one)).collect::<Value>(),
    })))
}

fn scope(name: &str) -> Value {
    let description = match name {
        "openid" => Some("Know who you are"),
        "profile" => Some("View your profile"),
        "email" => Some("View your e-mail address"),
        "public_metadata" => Some("View your public metadata"),
        "private_metadata" => Some("View your private metadata"),
        "offline_access" => Some("Keep access while you are away"),
        "user:org:read" => Some("View your organizations"),
        _ => None,
    };
    json!({ "scope": name, "description": description, "requires_consent": true })
}

/// Returns the domain to show for a redirect URI: the last two labels of its host.
fn domain(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri).ok()?;
    match url.host()? {
        url::Host::Domain(name) => {
            let labels: Vec<&str> = name.rsplit('.').take(2).collect();
            Some(labels.into_iter().rev().collect::<Vec<_>>().join("."))
        }
        address => Some(address.to_string()),
    }
}
