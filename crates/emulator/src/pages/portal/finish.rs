//! The end of a sign-in or sign-up on the portal.

use axum::response::Response;

use super::{forms::submit, visit::Visit};
use crate::{
    error::{Refusal, Result},
    http::reply::redirect,
    ops::client::NewToken,
    pages::{
        ending::return_to_app,
        html::{Page, escape},
    },
    state::{Client, Session, User, World},
};

/// Redirects to the app or page that started the flow, or home.
pub(super) fn finish(world: &mut World, visit: &mut Visit<'_>, client: &Client) -> Result<Response> {
    let session = client.last_active_session_id.as_ref().and_then(|id| client.active_session(id));
    let session = session.cloned().ok_or_else(|| Refusal::new(401, "signed_out"))?;
    if let Some(hosted) = &visit.hosted {
        // A GET may come from a link preview or a provider's redirect: it must not complete the sign-in.
        if visit.incoming.method != "POST" {
            return Ok(hosted_consent(world, &session));
        }
        let strategy = client.last_authentication_strategy.clone().unwrap_or_else(|| "password".to_owned());
        let target = world.finish_hosted(hosted, &session, strategy)?;
        // The browser stays signed out: its client was only for this page.
        world.clients.remove(&client.id);
        world.session_clients.remove(&session.id);
        visit.caller.new_token = Some(NewToken::Clear);
        return Ok(return_to_app(world, &target));
    }
    let wanted = ["redirect_url", "sign_in_force_redirect_url", "sign_in_fallback_redirect_url", "after_sign_in_url"];
    let wanted = wanted.into_iter().find_map(|name| visit.incoming.query.given(name));
    match wanted.and_then(|url| world.allowed_redirect(url, "redirect_url").ok()) {
        Some(url) => match url::Url::parse(&url) {
            Ok(url) => Ok(return_to_app(world, &url)),
            Err(_) => Ok(redirect("/portal/default-redirect")),
        },
        None => Ok(redirect("/portal/default-redirect")),
    }
}

/// Asks for consent to give the session to the app.
fn hosted_consent(world: &World, session: &Session) -> Response {
    let name = world.users.get(&session.user_id).map(User::display_name).unwrap_or_default();
    Page::new("Continue to the app?")
        .paragraph(&format!(
            "You are signed in as <strong>{}</strong>. Continue to <strong>{}</strong>.",
            escape(&name),
            escape(&world.config.application_name)
        ))
        .raw(&format!("<form method=\"post\">{}</form>", submit("continue", "Continue")))
        .render(200)
}
