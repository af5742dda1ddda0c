//! Organizations: members, invitations and membership requests.

use serde_json::{Value, json};

use super::route::{Call, FILE, NOTHING, Route, RouteResponse, deleted, has_status, off, paged, picture, route};
use crate::{error::Result, json as resources, state::World};

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/v1/organizations", "createOrganization", &["name", "slug"], |world, call| {
        let one = world.create_organization(&mut call.caller, &call.incoming.form)?;
        Ok(RouteResponse::Resource(resources::organization(world, &one)))
    }),
    route("GET", "/v1/organizations/{}", "getOrganization", NOTHING, |world, call| {
        let (_, _, one) = world.organization_for(&mut call.caller, &call.arguments[0], None)?;
        Ok(RouteResponse::Resource(resources::organization(world, &one)))
    }),
    route("PATCH", "/v1/organizations/{}", "updateOrganization", &["name", "slug"], |world, call| {
        let one = world.update_organization(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
        Ok(RouteResponse::Resource(resources::organization(world, &one)))
    }),
    route("DELETE", "/v1/organizations/{}", "deleteOrganization", NOTHING, |world, call| {
        let one = world.delete_organization(&mut call.caller, &call.arguments[0])?;
        deleted("organization", &one.id)
    }),
    route("PUT", "/v1/organizations/{}/logo", "updateOrganizationLogo", FILE, |world, call| {
        let picture = picture(world, call)?;
        let one = world.set_logo(&mut call.caller, &call.arguments[0], Some(picture))?;
        Ok(RouteResponse::Resource(resources::organization(world, &one)))
    }),
    route("DELETE", "/v1/organizations/{}/logo", "deleteOrganizationLogo", NOTHING, |world, call| {
        let one = world.set_logo(&mut call.caller, &call.arguments[0], None)?;
        Ok(RouteResponse::Resource(resources::organization(world, &one)))
    }),
    route("GET", "/v1/organizations/{}/roles", "ListOrganizationRoles", NOTHING, |world, call| {
        world.organization_for(&mut call.caller, &call.arguments[0], Some("org:sys_memberships:read"))?;
        let all: Vec<Value> = world.roles().iter().map(|one| resources::role(world, one)).collect();
        let RouteResponse::Resource(mut page) = paged(call, all, true)? else {
            return off(500, "internal_clerk_error");
        };
        page["has_role_set_migration"] = json!(false);
        Ok(RouteResponse::Resource(page))
    }),
    route("GET", "/v1/organizations/{}/memberships", "ListOrganizationMemberships", NOTHING, members),
    route(
        "POST",
        "/v1/organizations/{}/memberships",
        "CreateOrganizationMembership",
        &["user_id", "role"],
        |world, call| {
            let (of, member) = world.create_membership(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
            Ok(RouteResponse::Resource(resources::membership(world, &of, &member, true)))
        },
    ),
    route("PATCH", "/v1/organizations/{}/memberships/{}", "UpdateOrganizationMembership", &["role"], |world, call| {
        let (of, member) =
            world.update_membership(&mut call.caller, &call.arguments[0], &call.arguments[1], &call.incoming.form)?;
        Ok(RouteResponse::Resource(resources::membership(world, &of, &member, true)))
    }),
    route("DELETE", "/v1/organizations/{}/memberships/{}", "removeOrganizationMember", NOTHING, |world, call| {
        let (of, member) = world.remove_membership(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
        Ok(RouteResponse::Resource(resources::membership(world, &of, &member, true)))
    }),
    route("GET", "/v1/organizations/{}/invitations", "getOrganizationInvitations", NOTHING, |world, call| {
        invitations(world, call, false)
    }),
    route(
        "POST",
        "/v1/organizations/{}/invitations",
        "createOrganizationInvitations",
        &["email_address", "role", "notify", "redirect_url"],
        invite,
    ),
    route(
        "POST",
        "/v1/organizations/{}/invitations/bulk",
        "bulkCreateOrganizationInvitations",
        &["email_address", "role", "notify", "redirect_url"],
        invite,
    ),
    route(
        "GET",
        "/v1/organizations/{}/invitations/pending",
        "getAllPendingOrganizationInvitations",
        NOTHING,
        |world, call| invitations(world, call, true),
    ),
    route(
        "POST",
        "/v1/organizations/{}/invitations/{}/revoke",
        "revokePendingOrganizationInvitation",
        NOTHING,
        |world, call| {
            let (of, one) = world.revoke_invitation(&mut call.caller, &call.arguments[0], &call.arguments[1])?;
            Ok(RouteResponse::Resource(resources::invitation(world, &of, &one, false)))
        },
    ),
    route(
        "GET",
        "/v1/organizations/{}/membership_requests",
        "listOrganizationMembershipRequests",
        NOTHING,
        |world, call| {
            let (_, _, one) =
                world.organization_for(&mut call.caller, &call.arguments[0], Some("org:sys_memberships:manage"))?;
            let all = one.requests.iter().map(|request| resources::request(world, &one, request));
            let all = all.filter(|json| has_status(call, json)).collect();
            paged(call, all, true)
        },
    ),
    route(
        "POST",
        "/v1/organizations/{}/membership_requests/{}/accept",
        "acceptOrganizationMembershipRequest",
        NOTHING,
        |world, call| decide_request(world, call, true),
    ),
    route(
        "POST",
        "/v1/organizations/{}/membership_requests/{}/reject",
        "rejectOrganizationMembershipRequest",
        NOTHING,
        |world, call| decide_request(world, call, false),
    ),
];

fn members(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let id = call.argument(0);
    let (_, _, one) = world.organization_for(&mut call.caller, &id, Some("org:sys_memberships:read"))?;
    let roles: Vec<&str> = call.query().all("role").collect();
    let query = call.query().given("query").map(str::to_lowercase);
    let matches = |user_id: &str| {
        let Some(query) = &query else { return true };
        world.users.get(user_id).is_some_and(|user| {
            let facts =
                [user.id.clone(), user.identifier(), user.full_name(), user.username.clone().unwrap_or_default()];
            facts.iter().any(|fact| fact.to_lowercase().contains(query))
        })
    };
    let all = one
        .members
        .iter()
        .filter(|member| (roles.is_empty() || roles.contains(&member.role.as_str())) && matches(&member.user_id))
        .map(|member| resources::membership(world, &one, member, true))
        .collect();
    paged(call, all, false)
}

fn invitations(world: &mut World, call: &mut Call<'_>, only_pending: bool) -> Result<RouteResponse> {
    let id = call.argument(0);
    let (_, _, one) = world.organization_for(&mut call.caller, &id, Some("org:sys_memberships:manage"))?;
    let all = one.invitations.iter().map(|invitation| resources::invitation(world, &one, invitation, false));
    let fits = |json: &Value| if only_pending { json["status"] == "pending" } else { has_status(call, json) };
    let all = all.filter(fits).collect();
    paged(call, all, true)
}

fn invite(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let (organization, made) = world.create_invitations(&mut call.caller, &call.arguments[0], &call.incoming.form)?;
    let all: Vec<Value> = made.iter().map(|one| resources::invitation(world, &organization, one, false)).collect();
    let bulk = call.incoming.path.ends_with("/bulk");
    Ok(RouteResponse::Resource(if bulk { Value::Array(all) } else { all.into_iter().next().unwrap_or_default() }))
}

fn decide_request(world: &mut World, call: &mut Call<'_>, accept: bool) -> Result<RouteResponse> {
    let (id, request) = (call.argument(0), call.argument(1));
    let (organization, request) = world.decide_request(&mut call.caller, &id, &request, accept)?;
    Ok(RouteResponse::Resource(resources::request(world, &organization, &request)))
}
