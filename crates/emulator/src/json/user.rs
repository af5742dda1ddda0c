//! Users and their resources.

use serde_json::{Value, json};

use super::{organization::membership, verification::verification};
use crate::{
    images::{initials_url, user_image},
    state::{EnterpriseAccount, ExternalAccount, Identification, Kind, Passkey, User, World},
};

/// A user.
pub(crate) fn user(world: &World, user: &User) -> Value {
    let of_kind = |kind: Kind| -> Vec<Value> { user.of_kind(kind).map(|one| identification(world, one)).collect() };
    let config = &world.config;
    let lockout = &config.attack_protection.lockout;
    let locked_for = world.lockout_left(&user.id);
    let memberships = world.memberships_of(&user.id);
    json!({
        "object": "user",
        "id": user.id,
        "external_id": null,
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "image_url": user_image(world, user),
        "has_image": user.picture.is_some(),
        "primary_email_address_id": user.primary.get(&Kind::Email),
        "primary_phone_number_id": user.primary.get(&Kind::Phone),
        "primary_web3_wallet_id": user.primary.get(&Kind::Wallet),
        "password_enabled": user.password.is_some(),
        "two_factor_enabled": user.has_second_factor(),
        "totp_enabled": user.totp.as_ref().is_some_and(|totp| totp.verified),
        "backup_code_enabled": !user.backup_codes.is_empty(),
        "email_addresses": of_kind(Kind::Email),
        "phone_numbers": of_kind(Kind::Phone),
        "web3_wallets": of_kind(Kind::Wallet),
        "passkeys": user.passkeys.iter().filter(|key| key.credential.is_some()).map(|key| passkey(world, key)).collect::<Vec<_>>(),
        "external_accounts": user.external_accounts.iter().map(|account| external_account(world, account)).collect::<Vec<_>>(),
        "saml_accounts": user.enterprise_accounts.iter().filter_map(|account| saml_account(world, account)).collect::<Vec<_>>(),
        "enterprise_accounts": user.enterprise_accounts.iter().map(|account| enterprise_account(world, account)).collect::<Vec<_>>(),
        "organization_memberships": memberships.into_iter().map(|(organization, member)| membership(world, organization, member, false)).collect::<Vec<_>>(),
        "public_metadata": user.public_metadata,
        "unsafe_metadata": user.unsafe_metadata,
        "last_sign_in_at": user.last_sign_in_at,
        "last_active_at": user.last_sign_in_at.map(|at| at - at.rem_euclid(24 * 60 * 60 * 1000)),
        "banned": user.banned,
        "locked": locked_for.is_some(),
        "lockout_expires_in_seconds": locked_for,
        "verification_attempts_remaining": lockout.enabled.then(|| lockout.max_attempts.saturating_sub(user.failed_attempts)),
        "delete_self_enabled": config.actions.delete_self,
        "create_organization_enabled": config.actions.create_organization,
        "create_organizations_limit": config.actions.organizations_limit.unwrap_or(0),
        "password_last_updated_at": user.password_updated_at,
        "mfa_enabled_at": user.mfa_enabled_at,
        "mfa_disabled_at": user.mfa_disabled_at,
        "legal_accepted_at": user.legal_accepted_at,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    })
}

/// An e-mail address, phone number or wallet.
pub(crate) fn identification(world: &World, one: &Identification) -> Value {
    let verification = one.verification.as_ref().map(|one| verification(world, one));
    match one.kind {
        Kind::Phone => json!({
            "object": "phone_number", "id": one.id, "phone_number": one.value,
            "reserved_for_second_factor": one.second_factor, "default_second_factor": one.default_second_factor,
            "reserved": false, "verification": verification, "linked_to": linked_to(one), "backup_codes": null,
            "created_at": one.created_at, "updated_at": one.updated_at,
        }),
        Kind::Wallet => json!({
            "object": "web3_wallet", "id": one.id, "web3_wallet": one.value, "verification": verification,
            "created_at": one.created_at, "updated_at": one.updated_at,
        }),
        Kind::Email | Kind::Username => json!({
            "object": "email_address", "id": one.id, "email_address": one.value, "reserved": false,
            "verification": verification, "linked_to": linked_to(one), "matches_sso_connection": false,
            "created_at": one.created_at, "updated_at": one.updated_at,
        }),
    }
}

fn linked_to(one: &Identification) -> Vec<Value> {
    one.linked_to.iter().map(|(kind, id)| json!({ "type": kind, "id": id })).collect()
}

/// An account at an enterprise identity provider.
fn enterprise_account(world: &World, account: &EnterpriseAccount) -> Value {
    let identity = &account.identity;
    let connection = world.config.connection(&account.connection_id);
    let protocol = connection.map_or("saml", |one| one.protocol.as_str());
    json!({
        "object": "enterprise_account", "id": account.id, "protocol": protocol, "provider": format!("{protocol}_custom"),
        "active": connection.is_some(), "email_address": identity.email, "first_name": identity.first_name,
        "last_name": identity.last_name, "provider_user_id": identity.id(), "public_metadata": {},
        "verification": verification(world, &account.verification),
        "last_authenticated_at": account.last_authenticated_at, "enterprise_connection_id": account.connection_id,
        "enterprise_connection": connection.map(|one| json!({
            "id": one.id, "name": one.name, "active": true, "protocol": protocol, "provider": format!("{protocol}_custom"),
            "domain": one.domains.first(), "logo_public_url": null, "allow_idp_initiated": false,
            "allow_subdomains": false, "disable_additional_identifications": false, "sync_user_attributes": true,
            "allow_organization_account_linking": false, "created_at": account.last_authenticated_at,
            "updated_at": account.last_authenticated_at,
        })),
    })
}

/// An enterprise account in the older form, which only SAML has.
fn saml_account(world: &World, account: &EnterpriseAccount) -> Option<Value> {
    let identity = &account.identity;
    let connection = world.config.connection(&account.connection_id).filter(|one| one.protocol == "saml")?;
    Some(json!({
        "object": "saml_account", "id": account.id, "provider": "saml_custom", "active": true,
        "email_address": identity.email, "first_name": identity.first_name, "last_name": identity.last_name,
        "provider_user_id": identity.id(), "public_metadata": {}, "enterprise_connection_id": account.connection_id,
        "last_authenticated_at": account.last_authenticated_at,
        "verification": verification(world, &account.verification),
        "saml_connection": {
            "id": connection.id, "name": connection.name, "domains": connection.domains, "active": true,
            "provider": "saml_custom", "sync_user_attributes": true, "created_at": account.last_authenticated_at,
            "updated_at": account.last_authenticated_at,
        },
    }))
}

/// An account at a provider.
pub(crate) fn external_account(world: &World, account: &ExternalAccount) -> Value {
    let identity = &account.identity;
    let name = format!("{} {}", identity.first_name, identity.last_name);
    let given = Some(identity.provider_user_id.clone()).filter(|id| !id.is_empty());
    let provider_user_id = given.unwrap_or_else(|| identity.id());
    json!({
        "object": "external_account", "id": account.id, "provider": identity.strategy,
        "identification_id": account.identification_id, "provider_user_id": provider_user_id,
        "approved_scopes": account.scopes, "email_address": identity.email, "email_address_verified": identity.verified,
        "first_name": identity.first_name, "last_name": identity.last_name,
        "image_url": initials_url(world, "avatar", &name), "avatar_url": initials_url(world, "avatar", &name),
        "username": null, "phone_number": null, "label": null, "public_metadata": {},
        "verification": verification(world, &account.verification),
        "created_at": account.created_at, "updated_at": account.updated_at,
    })
}

/// A passkey.
pub(crate) fn passkey(world: &World, key: &Passkey) -> Value {
    json!({
        "object": "passkey", "id": key.id, "name": key.name, "last_used_at": key.last_used_at,
        "verification": verification(world, &key.verification),
        "created_at": key.created_at, "updated_at": key.updated_at,
    })
}
