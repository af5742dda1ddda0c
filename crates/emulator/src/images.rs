//! The addresses of pictures: uploaded ones, and ones made of initials.

use crate::state::{Organization, Picture, User, World};

/// Returns the address of a user's picture.
pub(crate) fn user_image(world: &World, user: &User) -> String {
    match &user.picture {
        Some(picture) => uploaded_url(world, picture),
        None => initials_url(world, "avatar", &user.display_name()),
    }
}

/// Returns the address of an organization's logo.
pub(crate) fn organization_logo(world: &World, organization: &Organization) -> String {
    match &organization.logo {
        Some(picture) => uploaded_url(world, picture),
        None => initials_url(world, "logo", &organization.name),
    }
}

/// Returns the address of a picture made of initials; `kind` is `avatar` or `logo`.
pub(crate) fn initials_url(world: &World, kind: &str, name: &str) -> String {
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("t", &initials).finish();
    format!("{}/__emulator/img/{kind}?{query}", world.base_url)
}

fn uploaded_url(world: &World, picture: &Picture) -> String {
    format!("{}/__emulator/img/file/{}", world.base_url, picture.id)
}
