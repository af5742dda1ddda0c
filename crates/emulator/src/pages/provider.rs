//! The page of the OAuth provider: choose or enter an identity, approve, deny.

use axum::response::Response;

use super::{
    ending::error,
    html::{Page, escape},
};
use crate::{
    config::Identity,
    error::Refusal,
    http::reply::redirect,
    ops::params::Params,
    state::{Decision, World},
};

/// Error codes that a provider, or FAPI on its behalf, can end with.
const FAILURES: &[&str] = &[
    "oauth_token_exchange_error",
    "oauth_fetch_user_error",
    "misconfigured_oauth_provider",
    "enterprise_sso_email_address_domain_mismatch",
    "saml_user_attribute_missing",
];

pub(super) fn page(world: &World, strategy: &str, query: &Params) -> Response {
    let state = query.get("state").unwrap_or_default();
    let connection = match world.open_provider_flow(state) {
        Ok(flow) if flow.strategy == strategy => flow.connection_id.as_deref(),
        Ok(_) => return error(world, &Refusal::new(400, "oauth_callback_invalid")),
        Err(refusal) => return error(world, &refusal),
    };
    let company = connection.and_then(|id| world.config.connection(id)).map(|one| one.name.as_str());
    let name = world.config.provider(strategy).map_or(company.unwrap_or(strategy), |provider| provider.name.as_str());
    let application = escape(&world.config.application_name);
    let page = Page::new(&format!("Sign in with {name}"))
        .raw(&format!("<p>to continue to <strong>{application}</strong></p>"))
        .raw(&format!("<p class=\"quiet\">This page plays {}. No account of yours is involved.</p>", escape(name)))
        .raw(&identities(world, strategy))
        .raw(
            "<h2>Another identity</h2><form method=\"post\">\
             <label for=\"email\">E-mail address</label><input id=\"email\" name=\"email\" type=\"email\" data-testid=\"email\">\
             <div class=\"row\"><div><label for=\"first_name\">First name</label><input id=\"first_name\" name=\"first_name\" data-testid=\"first-name\"></div>\
             <div><label for=\"last_name\">Last name</label><input id=\"last_name\" name=\"last_name\" data-testid=\"last-name\"></div></div>\
             <label for=\"verified\"><input id=\"verified\" name=\"verified\" type=\"checkbox\" value=\"true\" checked data-testid=\"verified\">The provider vouches for the address</label>\
             <div class=\"row\"><button class=\"primary\" id=\"approve-new\" name=\"decision\" value=\"new\" data-testid=\"approve-new\">Approve</button></div></form>",
        )
        .raw(&ways_out());
    page.render(200)
}

fn identities(world: &World, strategy: &str) -> String {
    let mut rows = String::new();
    for identity in world.identities.iter().filter(|identity| identity.strategy == strategy) {
        let (id, name) =
            (escape(&identity.id()), escape(format!("{} {}", identity.first_name, identity.last_name).trim()));
        let verified = if identity.verified { "" } else { " · not verified" };
        rows.push_str(&format!(
            "<li><span><strong>{name}</strong><span class=\"quiet\">{}{verified}</span></span>\
             <form method=\"post\"><input type=\"hidden\" name=\"identity\" value=\"{}\">\
             <button class=\"primary\" id=\"approve-{id}\" name=\"decision\" value=\"approve\" data-testid=\"approve-{id}\" aria-label=\"Approve as {name}\">Approve</button></form></li>",
            escape(&identity.email),
            escape(&identity.subject())
        ));
    }
    if rows.is_empty() { String::new() } else { format!("<ul class=\"choices\">{rows}</ul>") }
}

fn ways_out() -> String {
    let failures: String = FAILURES.iter().map(|code| format!("<option>{code}</option>")).collect();
    format!(
        "<form method=\"post\"><div class=\"row\"><button class=\"danger\" id=\"deny\" name=\"decision\" value=\"deny\" data-testid=\"deny\">Deny</button></div></form>\
         <details><summary>Let it fail</summary><form method=\"post\"><label for=\"code\">Error</label><select id=\"code\" name=\"code\" data-testid=\"failure\">{failures}</select>\
         <div class=\"row\"><button id=\"fail\" name=\"decision\" value=\"fail\" data-testid=\"fail\">Fail</button></div></form></details>"
    )
}

pub(super) fn decide(world: &mut World, strategy: &str, query: &Params, form: &Params) -> Response {
    let state = query.get("state").unwrap_or_default();
    let decision = read_decision(world, strategy, form);
    match decision.and_then(|decision| world.decide(state, decision)) {
        Ok(callback) => redirect(&callback),
        Err(refusal) => error(world, &refusal),
    }
}

fn read_decision(world: &World, strategy: &str, form: &Params) -> Result<Decision, Refusal> {
    let text = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
    match form.get("decision") {
        Some("approve") => {
            let id = text("identity");
            let identity =
                world.identities.iter().find(|identity| identity.strategy == strategy && identity.subject() == id);
            identity.cloned().map(Decision::Approve).ok_or_else(|| Refusal::new(404, "resource_not_found"))
        }
        Some("new") => Ok(Decision::Approve(Identity {
            strategy: strategy.to_owned(),
            email: text("email"),
            verified: form.is_true("verified"),
            first_name: text("first_name"),
            last_name: text("last_name"),
            provider_user_id: String::new(),
        })),
        Some("fail") => Ok(Decision::Fail(form.required("code")?.to_owned())),
        Some("deny") => Ok(Decision::Deny),
        _ => Err(Refusal::new(400, "malformed_request_parameters")),
    }
}
