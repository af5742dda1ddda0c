//! The user: profile, password, sessions and memberships.

use serde_json::json;

use super::route::{FILE, NOTHING, Route, RouteResponse, deleted, has_status, paged, picture, route};
use crate::{
    error::Result,
    images::user_image,
    json as resources,
    state::{SessionStatus, User, World},
};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/v1/me", "getUser", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        user(world, &me)
    }),
    route(
        "PATCH",
        "/v1/me",
        "patchUser",
        &[
            "username",
            "first_name",
            "last_name",
            "primary_email_address_id",
            "primary_phone_number_id",
            "primary_web3_wallet_id",
        ],
        |world, call| {
            let me = world.update_me(&mut call.caller, &call.incoming.form)?;
            user(world, &me)
        },
    ),
    route("DELETE", "/v1/me", "deleteUser", NOTHING, |world, call| {
        let id = world.delete_me(&mut call.caller)?;
        deleted("user", &id)
    }),
    route("PATCH", "/v1/me/metadata", "patchUserMetadata", &["unsafe_metadata"], |world, call| {
        let me = world.update_metadata(&mut call.caller, &call.incoming.form)?;
        user(world, &me)
    }),
    route("POST", "/v1/me/tokens", "createServiceToken", &["service"], |world, call| {
        let (session, _) = world.current(&mut call.caller)?;
        let template = format!("integration_{}", call.form().required("service")?);
        let jwt = world.mint_from_template(&mut call.caller, &session.id, &template)?;
        Ok(RouteResponse::Bare(json!({ "object": "token", "jwt": jwt })))
    }),
    route("POST", "/v1/me/profile_image", "updateProfileImage", FILE, |world, call| {
        let picture = picture(world, call)?;
        let id = picture.id.clone();
        let me = world.set_picture(&mut call.caller, Some(picture))?;
        Ok(RouteResponse::Resource(
            json!({ "object": "image", "id": id, "name": "", "public_url": user_image(world, &me) }),
        ))
    }),
    route("DELETE", "/v1/me/profile_image", "deleteProfileImage", NOTHING, |world, call| {
        let me = world.set_picture(&mut call.caller, None)?;
        deleted("image", &me.id)
    }),
    route(
        "POST",
        "/v1/me/change_password",
        "changePassword",
        &["current_password", "new_password", "sign_out_of_other_sessions"],
        |world, call| {
            let me = world.change_password(&mut call.caller, &call.incoming.form)?;
            user(world, &me)
        },
    ),
    route("POST", "/v1/me/remove_password", "removePassword", &["current_password"], |world, call| {
        let me = world.remove_password(&mut call.caller, &call.incoming.form)?;
        user(world, &me)
    }),
    route("GET", "/v1/me/sessions", "getUsersSessions", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.sessions_of_user(&me.id);
        Ok(RouteResponse::Bare(all.iter().map(|session| resources::plain_session(world, session)).collect()))
    }),
    route("GET", "/v1/me/sessions/active", "getSessions", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.sessions_of_user(&me.id);
        let active = all.iter().filter(|session| session.status == SessionStatus::Active);
        Ok(RouteResponse::Bare(active.map(|session| resources::session_with_activity(world, session)).collect()))
    }),
    route("POST", "/v1/me/sessions/{}/revoke", "revokeSession", NOTHING, |world, call| {
        let session = world.revoke_own_session(&mut call.caller, &call.arguments[0])?;
        Ok(RouteResponse::Resource(resources::session_with_activity(world, &session)))
    }),
    route("GET", "/v1/me/organization_memberships", "getOrganizationMemberships", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.memberships_of(&me.id);
        let all = all.into_iter().map(|(one, member)| resources::membership(world, one, member, true)).collect();
        paged(call, all, false)
    }),
    route("DELETE", "/v1/me/organization_memberships/{}", "deleteOrganizationMemberships", NOTHING, |world, call| {
        let organization = world.leave_organization(&mut call.caller, &call.arguments[0])?;
        deleted("organization_membership", &organization.id)
    }),
    route("GET", "/v1/me/organization_invitations", "getUsersOrganizationInvitations", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.invitations_of(&me).into_iter().map(|(of, one)| resources::invitation(world, of, one, true));
        let all = all.filter(|json| has_status(call, json)).collect();
        paged(call, all, true)
    }),
    route(
        "POST",
        "/v1/me/organization_invitations/{}/accept",
        "acceptOrganizationInvitation",
        NOTHING,
        |world, call| {
            let (of, one) = world.accept_invitation(&mut call.caller, &call.arguments[0])?;
            Ok(RouteResponse::Resource(resources::invitation(world, &of, &one, true)))
        },
    ),
    route("GET", "/v1/me/organization_suggestions", "getOrganizationSuggestions", NOTHING, |world, call| {
        let (_, me) = world.current(&mut call.caller)?;
        let all = world.suggestions_of(&me.id).into_iter().map(|(of, one)| resources::suggestion(world, of, one));
        let all = all.filter(|json| has_status(call, json)).collect();
        paged(call, all, true)
    }),
    route(
        "POST",
        "/v1/me/organization_suggestions/{}/accept",
        "acceptOrganizationSuggestion",
        NOTHING,
        |world, call| {
            let (of, one) = world.accept_suggestion(&mut call.caller, &call.arguments[0])?;
            Ok(RouteResponse::Resource(resources::suggestion(world, &of, &one)))
        },
    ),
    route("GET", "/v1/me/organization_creation_defaults", "getOrganizationCreationDefaults", NOTHING, |world, call| {
        world.current(&mut call.caller)?;
        Ok(RouteResponse::Resource(
            json!({ "advisory": null, "form": { "name": "", "slug": "", "logo": null, "blur_hash": null } }),
        ))
    }),
];

fn user(world: &World, user: &User) -> Result<RouteResponse> {
    Ok(RouteResponse::Resource(resources::user(world, user)))
}
