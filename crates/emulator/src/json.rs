//! Resources as FAPI writes them: snake_case, every key that the published description requires.

use serde_json::{Value, json};

use crate::{
    config::Identity,
    error::Result,
    state::{
        Client, Email, ExternalAccount, Membership, Session, SessionStatus, SignIn, SignInStatus, SignUp, User,
        Verification, VerificationStatus, World,
    },
    tokens,
};

/// The client with all that belongs to it. Sessions carry a fresh session token.
pub(crate) fn client(world: &mut World, client: &Client) -> Result<Value> {
    let sessions: Vec<Session> = client.sessions.clone();
    let sessions = sessions.iter().map(|one| session(world, one)).collect::<Result<Vec<_>>>()?;
    Ok(json!({
        "object": "client",
        "id": client.id,
        "sessions": sessions,
        "sign_in": client.sign_in.as_ref().map(|attempt| sign_in(world, attempt)),
        "sign_up": client.sign_up.as_ref().map(|attempt| sign_up(world, attempt)),
        "last_active_session_id": client.last_active_session_id,
        "last_authentication_strategy": client.last_authentication_strategy,
        "cookie_expires_at": null,
        "captcha_bypass": false,
        "created_at": client.created_at,
        "updated_at": client.updated_at,
    }))
}

/// A session with its user.
pub(crate) fn session(world: &mut World, session: &Session) -> Result<Value> {
    let owner = world.users.get(&session.user_id).cloned();
    let token = match &owner {
        Some(owner) if session.status == SessionStatus::Active => {
            let jwt = tokens::session_token(world, session, owner, session.organization_id.as_deref())?;
            json!({ "object": "token", "jwt": jwt })
        }
        _ => Value::Null,
    };
    Ok(json!({
        "object": "session",
        "id": session.id,
        "status": session.status.as_str(),
        "expire_at": session.expire_at,
        "abandon_at": session.created_at + 30 * 24 * 60 * 60 * 1000,
        "last_active_at": session.last_active_at,
        "last_active_organization_id": session.organization_id,
        "last_active_token": token,
        "actor": null,
        "tasks": null,
        "factor_verification_age": [(world.now_ms() - session.created_at) / 60_000, -1],
        "user": owner.as_ref().map(|owner| user(world, owner)),
        "public_user_data": owner.as_ref().map(|owner| public_user_data(world, owner)),
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    }))
}

fn avatar(world: &World, name: &str) -> String {
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("t", &initials).finish();
    format!("{}/__emulator/img/avatar?{query}", world.base_url)
}

fn display_name(user: &User) -> String {
    let name = user.full_name();
    if name.is_empty() { user.primary_address().unwrap_or("?").to_owned() } else { name }
}

fn public_user_data(world: &World, user: &User) -> Value {
    json!({
        "first_name": user.first_name, "last_name": user.last_name, "image_url": avatar(world, &display_name(user)),
        "has_image": false, "identifier": user.primary_address().unwrap_or_default(), "user_id": user.id,
        "username": null, "banned": user.banned,
    })
}

/// A user.
pub(crate) fn user(world: &World, user: &User) -> Value {
    json!({
        "object": "user",
        "id": user.id,
        "external_id": null,
        "username": null,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "image_url": avatar(world, &display_name(user)),
        "has_image": false,
        "primary_email_address_id": user.primary_email,
        "primary_phone_number_id": null,
        "primary_web3_wallet_id": null,
        "password_enabled": user.password.is_some(),
        "two_factor_enabled": false,
        "totp_enabled": false,
        "backup_code_enabled": false,
        "email_addresses": user.emails.iter().map(|email| email_address(world, email)).collect::<Vec<_>>(),
        "phone_numbers": [],
        "web3_wallets": [],
        "passkeys": [],
        "external_accounts": user.external_accounts.iter().map(|account| external_account(world, account)).collect::<Vec<_>>(),
        "saml_accounts": [],
        "enterprise_accounts": [],
        "organization_memberships": user.memberships.iter().map(|one| membership(world, one)).collect::<Vec<_>>(),
        "public_metadata": {},
        "unsafe_metadata": user.unsafe_metadata,
        "last_sign_in_at": user.last_sign_in_at,
        "last_active_at": user.last_sign_in_at,
        "banned": user.banned,
        "locked": false,
        "lockout_expires_in_seconds": null,
        "verification_attempts_remaining": null,
        "delete_self_enabled": true,
        "create_organization_enabled": true,
        "create_organizations_limit": 0,
        "password_last_updated_at": null,
        "mfa_enabled_at": null,
        "mfa_disabled_at": null,
        "legal_accepted_at": null,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    })
}

fn email_address(world: &World, email: &Email) -> Value {
    json!({
        "object": "email_address", "id": email.id, "email_address": email.address, "reserved": false,
        "verification": verification(world, &email.verification),
        "linked_to": email.linked_to.iter().map(|(kind, id)| json!({ "type": kind, "id": id })).collect::<Vec<_>>(),
        "matches_sso_connection": false, "created_at": email.created_at, "updated_at": email.created_at,
    })
}

fn external_account(world: &World, account: &ExternalAccount) -> Value {
    let Identity { strategy, email, verified, first_name, last_name } = &account.identity;
    json!({
        "object": "external_account", "id": account.id, "provider": strategy, "identification_id": account.identification_id,
        "provider_user_id": account.identity.id(), "approved_scopes": "email profile", "email_address": email,
        "email_address_verified": verified, "first_name": first_name, "last_name": last_name,
        "image_url": avatar(world, &format!("{first_name} {last_name}")), "username": null, "phone_number": null, "label": null,
        "public_metadata": {},
        "verification": { "object": "verification_oauth", "status": "verified", "strategy": strategy, "attempts": null, "expire_at": null },
        "created_at": account.created_at, "updated_at": account.created_at,
    })
}

fn membership(world: &World, membership: &Membership) -> Value {
    let created_at = membership.created_at;
    json!({
        "object": "organization_membership", "id": membership.id, "role": "org:admin", "role_name": "Admin",
        "permissions": ["org:sys_profile:manage", "org:sys_profile:delete", "org:sys_memberships:read", "org:sys_memberships:manage"],
        "public_metadata": {}, "created_at": created_at, "updated_at": created_at,
        "organization": {
            "object": "organization", "id": membership.organization_id, "name": membership.organization_name,
            "slug": membership.organization_slug, "image_url": avatar(world, &membership.organization_name), "has_image": false,
            "members_count": 1, "pending_invitations_count": 0, "max_allowed_memberships": 5, "admin_delete_enabled": true,
            "public_metadata": {}, "created_at": created_at, "updated_at": created_at,
        },
    })
}

impl VerificationStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Transferable => "transferable",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

fn verification(world: &World, verification: &Verification) -> Value {
    let kind = match verification.strategy.as_str() {
        strategy if strategy.starts_with("oauth_") => "verification_oauth",
        strategy if strategy.starts_with("from_oauth_") => "verification_from_oauth",
        "password" => "verification_password",
        "admin" => "verification_admin",
        _ => "verification_otp",
    };
    let expired = verification.status == VerificationStatus::Unverified
        && verification.expire_at.is_some_and(|end| end <= world.now_ms());
    let status = if expired { VerificationStatus::Expired } else { verification.status };
    let mut json = json!({
        "object": kind,
        "status": status.as_str(),
        "strategy": verification.strategy,
        "attempts": (kind != "verification_oauth").then_some(verification.attempts),
        "expire_at": verification.expire_at,
    });
    if kind == "verification_oauth" {
        json["external_verification_redirect_url"] = json!(verification.redirect_url);
    }
    if let Some(error) = &verification.error {
        json["error"] = error.to_json();
    }
    json
}

/// An e-mail address with most of its local part hidden.
fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}{}@{domain}", "*".repeat(local.chars().count().saturating_sub(1).max(2)))
        }
        None => address.to_owned(),
    }
}

/// A sign-in attempt.
pub(crate) fn sign_in(world: &World, attempt: &SignIn) -> Value {
    let user = attempt.user_id.as_ref().and_then(|id| world.users.get(id));
    let status = match attempt.status {
        SignInStatus::NeedsIdentifier => "needs_identifier",
        SignInStatus::NeedsFirstFactor => "needs_first_factor",
        SignInStatus::NeedsNewPassword => "needs_new_password",
        SignInStatus::Complete => "complete",
    };
    json!({
        "object": "sign_in_attempt",
        "id": attempt.id,
        "status": status,
        "supported_identifiers": ["email_address"],
        "supported_first_factors": user.filter(|_| attempt.identifier.is_some()).map(|user| first_factors(world, attempt, user)),
        "supported_second_factors": null,
        "first_factor_verification": attempt.first_factor.as_ref().map(|one| verification(world, one)),
        "second_factor_verification": null,
        "identifier": attempt.identifier,
        "user_data": user.map(|user| json!({
            "first_name": user.first_name, "last_name": user.last_name,
            "image_url": avatar(world, &display_name(user)), "has_image": false,
        })),
        "created_session_id": attempt.created_session_id,
        "abandon_at": attempt.abandon_at,
        "client_trust_state": "known",
    })
}

fn first_factors(world: &World, attempt: &SignIn, user: &User) -> Value {
    let mut factors = Vec::new();
    if user.password.is_some() && world.config.password {
        factors.push(json!({ "strategy": "password" }));
    }
    let same =
        |email: &&Email| attempt.identifier.as_deref().is_some_and(|given| given.eq_ignore_ascii_case(&email.address));
    if let Some(email) = user.emails.iter().find(same) {
        let primary = user.primary_email.as_ref() == Some(&email.id);
        let mut by_email = |strategy: &str| {
            factors.push(json!({
                "strategy": strategy, "email_address_id": email.id, "safe_identifier": masked(&email.address), "primary": primary,
            }));
        };
        by_email("email_code");
        if world.config.password {
            by_email("reset_password_email_code");
        }
    }
    for account in &user.external_accounts {
        if world.config.provider(&account.identity.strategy).is_some() {
            factors.push(json!({ "strategy": account.identity.strategy }));
        }
    }
    Value::Array(factors)
}

/// A sign-up attempt.
pub(crate) fn sign_up(world: &World, attempt: &SignUp) -> Value {
    let mut email = attempt.email.as_ref().map_or_else(
        || json!({ "status": "unverified", "strategy": "email_code", "attempts": null, "expire_at": null }),
        |one| verification(world, one),
    );
    let status = email["status"].as_str().map(str::to_owned);
    email["next_action"] = json!(match (attempt.email.as_ref(), status.as_deref()) {
        (Some(_), Some("verified")) => "",
        (Some(_), Some("unverified")) => "needs_attempt",
        _ => "needs_prepare",
    });
    email["supported_strategies"] = json!(["email_code"]);
    let required = crate::ops::sign_up::required_fields(world);
    json!({
        "object": "sign_up_attempt",
        "id": attempt.id,
        "status": if attempt.complete { "complete" } else { "missing_requirements" },
        "required_fields": required,
        "optional_fields": ["first_name", "last_name"],
        "missing_fields": crate::ops::sign_up::missing_fields(world, attempt),
        "unverified_fields": crate::ops::sign_up::unverified_fields(attempt),
        "verifications": {
            "email_address": attempt.email_address.as_ref().map(|_| email),
            "phone_number": null,
            "web3_wallet": null,
            "external_account": attempt.external_account.as_ref().map(|one| verification(world, one)),
        },
        "username": null,
        "email_address": attempt.email_address,
        "phone_number": null,
        "web3_wallet": null,
        "first_name": attempt.first_name,
        "last_name": attempt.last_name,
        "password_enabled": attempt.password.is_some(),
        "has_password": attempt.password.is_some(),
        "unsafe_metadata": attempt.unsafe_metadata,
        "public_metadata": {},
        "custom_action": false,
        "external_id": null,
        "created_session_id": attempt.created_session_id,
        "created_user_id": attempt.created_user_id,
        "abandon_at": attempt.abandon_at,
        "legal_accepted_at": null,
        "external_account": null,
        "external_account_strategy": null,
        "locale": null,
    })
}
