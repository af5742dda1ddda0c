//! Pages for people and scripted browsers. Rendered on the server, without external assets.

mod dashboard;
mod ending;
mod html;
mod images;
mod inbox;
mod magic_link;
pub(crate) mod portal;
mod provider;

use axum::response::Response;

use crate::{ops::params::Params, state::World};

pub(crate) use ending::{error, link_opened, return_to_app};

/// Serves a page of the emulator. `path` is the part after `/__emulator`.
pub(crate) fn emulator_page(world: &mut World, method: &str, path: &str, query: &Params, form: &Params) -> Response {
    match (method, path.trim_matches('/').split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", [""]) => dashboard::page(world),
        ("GET", ["inbox"]) => inbox::page(world),
        ("GET", ["inbox", id]) => inbox::message(world, id),
        ("GET", ["img", "avatar" | "logo"]) => images::avatar(query.get("t").unwrap_or_default()),
        ("GET", ["img", "file", id]) => images::picture(world, id),
        ("GET", ["magic", _]) => magic_link::page(world),
        ("POST", ["magic", _]) => magic_link::approve(world, query),
        ("GET", ["oauth", strategy]) => provider::page(world, strategy, query),
        ("POST", ["oauth", strategy]) => provider::decide(world, strategy, query, form),
        _ => html::Page::new("Not found").paragraph("There is no such page here.").render(404),
    }
}
