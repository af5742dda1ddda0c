//! Organizations.

use serde_json::{Value, json};

use super::{
    public::{public_organization, public_user_data},
    verification::verification,
};
use crate::{
    config::Role,
    images::organization_logo,
    state::{Domain, Invitation, Member, MembershipRequest, Organization, Suggestion, World},
};

/// An organization.
pub(crate) fn organization(world: &World, one: &Organization) -> Value {
    json!({
        "object": "organization", "id": one.id, "name": one.name, "slug": one.slug, "image_url": organization_logo(world, one),
        "has_image": one.logo.is_some(), "members_count": one.members.len(),
        "pending_invitations_count": one.pending_invitations(world.now_ms()),
        "max_allowed_memberships": world.config.organizations.max_memberships,
        "admin_delete_enabled": world.config.organizations.admin_delete, "self_serve_sso_enabled": false,
        "public_metadata": one.public_metadata, "created_at": one.created_at, "updated_at": one.updated_at,
    })
}

/// Returns a membership; in lists of an organization with the member's public data.
pub(crate) fn membership(world: &World, organization_of: &Organization, member: &Member, with_user: bool) -> Value {
    let role = world.role(&member.role);
    let mut json = json!({
        "object": "organization_membership", "id": member.id, "role": member.role,
        "role_name": role.map_or_else(|| member.role.clone(), |role| role.name),
        "permissions": world.permissions_of(&member.role), "public_metadata": {},
        "organization": organization(world, organization_of),
        "created_at": member.created_at, "updated_at": member.updated_at,
    });
    if with_user {
        json["public_user_data"] = json!(world.users.get(&member.user_id).map(|user| public_user_data(world, user)));
    }
    json
}

/// Returns an invitation; for the invited user with the organization's public data.
pub(crate) fn invitation(world: &World, of: &Organization, one: &Invitation, for_guest: bool) -> Value {
    let role = world.role(&one.role);
    let mut json = json!({
        "object": "organization_invitation", "id": one.id, "email_address": one.email_address, "role": one.role,
        "role_name": role.map_or_else(|| one.role.clone(), |role| role.name), "organization_id": of.id,
        "status": one.status_at(world.now_ms()).as_str(), "public_metadata": {}, "url": one.url,
        "expires_at": one.expire_at, "created_at": one.created_at, "updated_at": one.updated_at,
    });
    if for_guest {
        json["public_organization_data"] = public_organization(world, of);
    }
    json
}

/// A membership request.
pub(crate) fn request(world: &World, of: &Organization, one: &MembershipRequest) -> Value {
    json!({
        "object": "organization_membership_request", "id": one.id, "organization_id": of.id,
        "status": one.status.as_str(),
        "public_user_data": world.users.get(&one.user_id).map(|user| public_user_data(world, user)),
        "created_at": one.created_at, "updated_at": one.updated_at,
    })
}

/// A suggestion.
pub(crate) fn suggestion(world: &World, of: &Organization, one: &Suggestion) -> Value {
    json!({
        "object": "organization_suggestion", "id": one.id, "public_organization_data": public_organization(world, of),
        "status": one.status.as_str(), "created_at": one.created_at, "updated_at": one.updated_at,
    })
}

/// Returns a role with its permissions.
pub(crate) fn role(world: &World, role: &Role) -> Value {
    let permissions: Vec<Value> = world
        .permissions_of(&role.key)
        .iter()
        .map(|key| {
            let system = key.starts_with("org:sys_");
            json!({
                "object": "permission", "id": format!("perm_{}", key.replace(':', "_")), "key": key,
                "name": key.rsplit(':').next(), "description": "", "type": if system { "system" } else { "user" },
                "created_at": 0, "updated_at": 0,
            })
        })
        .collect();
    json!({
        "object": "role", "id": format!("role_{}", role.key.replace(':', "_")), "key": role.key, "name": role.name,
        "description": "", "is_creator_eligible": role.key == "org:admin", "permissions": permissions,
        "created_at": 0, "updated_at": 0,
    })
}

/// A domain.
pub(crate) fn domain(world: &World, of: &Organization, one: &Domain) -> Value {
    let affiliation = one.affiliation.as_ref().map(|proof| {
        let proof = verification(world, proof);
        let mut json = json!({
            "status": proof["status"], "strategy": "email_code", "attempts": proof["attempts"],
            "expire_at": proof["expire_at"], "verified_at": one.verified_at,
        });
        if !world.config.strict_schema {
            json["expires_at"] = proof["expire_at"].clone();
        }
        json
    });
    let of_domain = |invitation: &&Invitation| invitation.domain_id.as_ref() == Some(&one.id);
    let pending = |status: &str| status == "pending";
    json!({
        "object": "organization_domain", "id": one.id, "organization_id": of.id, "name": one.name,
        "enrollment_mode": one.enrollment_mode, "affiliation_email_address": one.affiliation_email,
        "affiliation_verification": affiliation, "verification": affiliation, "ownership_verification": null,
        "total_pending_invitations": of.invitations.iter().filter(of_domain).filter(|one| pending(one.status.as_str())).count(),
        "total_pending_suggestions": of.suggestions.iter().filter(|other| other.domain_id == one.id && pending(other.status.as_str())).count(),
        "created_at": one.created_at, "updated_at": one.updated_at,
    })
}
