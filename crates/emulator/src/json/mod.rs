//! Resources as FAPI writes them: snake_case, every key that the published description requires.

mod attempt;
mod organization;
mod user;

use serde_json::{Value, json};

use crate::{
    error::Result,
    state::{Client, Session, SessionStatus, Verification, VerificationStatus, World},
    tokens,
};

pub(crate) use attempt::{reverification, sign_in, sign_up};
pub(crate) use organization::{domain, invitation, membership, organization, request, role, suggestion};
pub(crate) use user::{external_account, identification, passkey, public_user_data, user, user_image};

/// The client with all that belongs to it. Sessions carry a fresh session token.
pub(crate) fn client(world: &mut World, client: &Client) -> Result<Value> {
    let shown = client.sessions.iter().filter(|session| session.status != SessionStatus::Revoked).cloned();
    let sessions: Vec<Session> = shown.collect();
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
        "captcha_bypass": client.captcha_bypass,
        "created_at": client.created_at,
        "updated_at": client.updated_at,
    }))
}

/// A session with its user and a token.
pub(crate) fn session(world: &mut World, session: &Session) -> Result<Value> {
    let owner = world.users.get(&session.user_id).cloned();
    let token = match &owner {
        Some(owner) if session.status == SessionStatus::Active => {
            let jwt = tokens::session_token(world, session, owner, session.organization_id.as_deref(), None)?;
            json!({ "object": "token", "jwt": jwt })
        }
        _ => Value::Null,
    };
    let mut json = plain_session(world, session);
    json["last_active_token"] = token;
    json["user"] = json!(owner.as_ref().map(|owner| user(world, owner)));
    Ok(json)
}

/// A session without its user.
pub(crate) fn plain_session(world: &World, session: &Session) -> Value {
    let owner = world.users.get(&session.user_id);
    let tasks: Vec<Value> = match session.status {
        SessionStatus::Active => world.tasks(session).into_iter().map(|task| json!({ "key": task })).collect(),
        _ => Vec::new(),
    };
    json!({
        "object": "session",
        "id": session.id,
        "status": world.session_status(session),
        "expire_at": session.expire_at,
        "abandon_at": session.abandon_at,
        "last_active_at": session.last_active_at,
        "last_active_organization_id": session.organization_id,
        "actor": session.actor,
        "tasks": (!tasks.is_empty()).then_some(tasks),
        "factor_verification_age": world.factor_ages(session),
        "public_user_data": owner.map(|owner| public_user_data(world, owner)),
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    })
}

/// A session of a list of devices.
pub(crate) fn session_with_activity(world: &World, session: &Session) -> Value {
    let mut json = plain_session(world, session);
    json["latest_activity"] = world.activity(session);
    json["user"] = Value::Null;
    json["last_active_token"] = Value::Null;
    json
}

/// What is left of something that was deleted.
pub(crate) fn deleted(object: &str, id: &str) -> Value {
    json!({ "object": object, "id": id, "deleted": true })
}

/// A page of a list.
pub(crate) fn page(all: &[Value], limit: usize, offset: usize) -> Value {
    let data: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    json!({ "data": data, "total_count": all.len() })
}

/// The address of a picture made of initials.
pub(crate) fn initials_url(world: &World, kind: &str, name: &str) -> String {
    let initials: String = name.split_whitespace().filter_map(|word| word.chars().next()).take(2).collect();
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("t", &initials).finish();
    format!("{}/__emulator/img/{kind}?{query}", world.base_url)
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

/// A verification.
pub(crate) fn verification(world: &World, verification: &Verification) -> Value {
    let kind = match verification.strategy.as_str() {
        strategy if strategy.starts_with("oauth_") => "verification_oauth",
        strategy if strategy.starts_with("from_oauth_") => "verification_from_oauth",
        strategy if strategy.starts_with("web3_") => "verification_web3",
        "enterprise_sso" | "saml" => "verification_saml",
        "password" => "verification_password",
        "totp" => "verification_totp",
        "backup_code" => "verification_backup_code",
        "email_link" => "verification_email_link",
        "passkey" => "verification_passkey",
        "ticket" => "verification_ticket",
        "admin" => "verification_admin",
        _ => "verification_otp",
    };
    let counted = !matches!(
        kind,
        "verification_oauth"
            | "verification_saml"
            | "verification_email_link"
            | "verification_passkey"
            | "verification_ticket"
    );
    let mut json = json!({
        "object": kind,
        "status": verification.status_at(world.now_ms()).as_str(),
        "strategy": verification.strategy,
        "attempts": counted.then_some(verification.attempts),
        "expire_at": verification.expire_at,
    });
    match kind {
        "verification_oauth" | "verification_saml" => {
            if let Some(url) = &verification.redirect_url {
                json["external_verification_redirect_url"] = json!(url);
            }
        }
        "verification_email_link" => {
            if let Some(client) = &verification.verified_at_client {
                json["verified_at_client"] = json!(client);
            }
        }
        "verification_web3" => {
            json["nonce"] = json!(verification.nonce);
            json["message"] = json!(verification.message);
        }
        "verification_passkey" => json["nonce"] = json!(verification.nonce),
        "verification_otp" => {
            if let Some(channel) = verification.channel.as_ref().filter(|_| !world.config.strict_schema) {
                json["channel"] = json!(channel);
            }
        }
        _ => {}
    }
    if let Some(error) = &verification.error {
        json["error"] = error.to_json();
    }
    json
}
