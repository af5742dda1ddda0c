//! The page that approves a native magic link.

use axum::response::Response;

use super::{
    ending::{error, return_to_app},
    html::{Page, escape},
};
use crate::{ops::params::Params, state::World};

/// Asks for the approval of a sign-in.
pub(super) fn page(world: &World) -> Response {
    Page::new("Sign in?")
        .paragraph(&format!("Approve to sign in to <strong>{}</strong>.", escape(&world.config.application_name)))
        .raw("<form method=\"post\"><div class=\"row\"><button class=\"primary\" id=\"approve\" data-testid=\"approve\">Approve</button></div></form>")
        .render(200)
}

pub(super) fn approve(world: &mut World, query: &Params) -> Response {
    match world.approve_magic(query.get("token").unwrap_or_default()) {
        Ok(target) => return_to_app(world, &target),
        Err(refusal) => error(world, &refusal),
    }
}
