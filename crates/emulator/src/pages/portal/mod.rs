//! A stand-in for the Account Portal: pages that sign users in with the rules of FAPI, in process.

mod account;
mod finish;
mod forms;
mod sign_in;
mod sign_up;
mod visit;

use axum::response::Response;

use super::{
    ending::{error, return_to_app},
    html::{Page, escape},
};
use crate::{error::Result, http::request::Incoming, ops::client::Caller, shared::Shared, state::World};
use account::{choose, create_organization, organization, user, waitlist};
use sign_in::sign_in;
use sign_up::sign_up;
use visit::{Visit, identify, set_cookie};

pub(crate) fn portal_page(shared: &Shared, incoming: &Incoming) -> Response {
    let mut world = shared.world();
    let path = incoming.path.trim_start_matches("/portal/");
    let segments: Vec<&str> = path.split('/').collect();
    let hosted_id = match segments.as_slice() {
        ["hosted", id] => Some((*id).to_owned()),
        _ => None,
    };
    let mut visit = Visit { incoming, caller: Caller::default(), hosted: hosted_id };
    identify(&world, &mut visit);
    let posted = incoming.method == "POST";
    let result = match segments.as_slice() {
        ["sign-in" | "sso-callback" | "verify"] => sign_in(&mut world, &mut visit, posted),
        ["sign-up"] => sign_up(&mut world, &mut visit, posted),
        ["hosted", _] => hosted(&mut world, &mut visit, posted),
        ["sign-in", "choose"] => choose(&mut world, &mut visit),
        ["user"] => user(&mut world, &mut visit, posted),
        ["organization"] => organization(&mut world, &mut visit, posted),
        ["create-organization"] => create_organization(&mut world, &mut visit, posted),
        ["waitlist"] => waitlist(&mut world, &visit, posted),
        [page @ ("terms" | "privacy")] => Ok(legal(&world, page)),
        ["default-redirect"] => Ok(Page::new("You are signed in")
            .paragraph("You can close this window and go back to the app.")
            .raw("<p><a href=\"/portal/user\">Your account</a></p>")
            .render(200)),
        ["unauthorized-sign-in"] => Ok(Page::new("Not for you")
            .paragraph("This sign-in was not started by you. Nothing was changed.")
            .render(200)),
        _ => Ok(Page::new("Not found").paragraph("There is no such page here.").render(404)),
    };
    let mut response = result.unwrap_or_else(|refusal| error(&world, &refusal));
    set_cookie(&visit, &mut response);
    response
}

fn hosted(world: &mut World, visit: &mut Visit<'_>, posted: bool) -> Result<Response> {
    let id = visit.hosted.clone().unwrap_or_default();
    let wants_sign_up = world.open_hosted(&id)?.sign_up;
    if posted && visit.form().get("action") == Some("cancel") {
        let target = world.cancel_hosted(&id)?;
        return Ok(return_to_app(world, &target));
    }
    let wants_sign_up = match visit.incoming.query.given("mode") {
        Some(mode) => mode == "sign-up",
        None => wants_sign_up,
    };
    if wants_sign_up { sign_up(world, visit, posted) } else { sign_in(world, visit, posted) }
}

/// Shows the terms or the privacy policy.
fn legal(world: &World, page: &str) -> Response {
    let title = if page == "terms" { "Terms of service" } else { "Privacy policy" };
    Page::new(title)
        .paragraph(&format!("{} has none: it runs on an emulator.", escape(&world.config.application_name)))
        .render(200)
}
