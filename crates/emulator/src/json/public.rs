//! Public data of users and organizations.

use serde_json::{Value, json};

use crate::{
    images::{organization_logo, user_image},
    state::{Organization, User, World},
};

/// Returns the public data of a user.
pub(crate) fn public_user_data(world: &World, user: &User) -> Value {
    json!({
        "first_name": user.first_name, "last_name": user.last_name, "image_url": user_image(world, user),
        "has_image": user.picture.is_some(), "identifier": user.identifier(), "user_id": user.id,
        "username": user.username, "banned": user.banned,
    })
}

/// Returns the public data of an organization.
pub(crate) fn public_organization(world: &World, one: &Organization) -> Value {
    json!({
        "id": one.id, "name": one.name, "slug": one.slug, "image_url": organization_logo(world, one), "has_image": one.logo.is_some(),
    })
}
