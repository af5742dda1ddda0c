//! Pictures: uploaded ones, and ones made of initials.

use axum::response::Response;

use super::html::escape;
use crate::{
    http::reply::{bytes, text},
    state::World,
};

/// Returns an uploaded picture.
pub(super) fn picture(world: &World, id: &str) -> Response {
    let pictures = world.users.values().map(|user| &user.picture);
    let logos = world.organizations.values().map(|one| &one.logo);
    match pictures.chain(logos).flatten().find(|picture| picture.id == id) {
        Some(picture) => bytes(200, &picture.content_type, picture.bytes.clone()),
        None => text(404, "text/plain", "picture not found"),
    }
}

/// Returns an avatar with initials; the colour depends on them.
pub(super) fn avatar(initials: &str) -> Response {
    let initials: String = initials.chars().take(2).collect::<String>().to_uppercase();
    let hue = initials.bytes().fold(200_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 96 96\"><rect width=\"96\" height=\"96\" fill=\"hsl({hue} 45% 46%)\"/>\
         <text x=\"48\" y=\"50\" fill=\"#fff\" font-family=\"sans-serif\" font-size=\"38\" text-anchor=\"middle\" dominant-baseline=\"central\">{}</text></svg>",
        escape(&initials)
    );
    text(200, "image/svg+xml", svg)
}
