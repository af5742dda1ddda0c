//! Sign-ins, sign-ups and reverifications.

use serde_json::{Map, Value, json};

use super::{session::plain_session, verification::verification};
use crate::{
    images::user_image,
    state::{Kind, Session, SignIn, SignUp, User, Verification, VerificationStatus, World, protect_token},
};

fn supported_identifiers(world: &World) -> Vec<&'static str> {
    let identifiers = &world.config.identifiers;
    [
        ("email_address", identifiers.email.is_on()),
        ("phone_number", identifiers.phone.is_on()),
        ("username", identifiers.username.is_on()),
        ("web3_wallet", !identifiers.web3.is_empty()),
        ("passkey", world.config.passkeys.enabled),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect()
}

fn user_data(world: &World, user: &User) -> Value {
    json!({
        "first_name": user.first_name, "last_name": user.last_name, "image_url": user_image(world, user),
        "has_image": user.picture.is_some(),
    })
}

/// Adds the anti-fraud check that an attempt must pass next. The published description does not have it.
fn with_protect_check(mut attempt: Value, id: &str, left: u32) -> Value {
    if let Some(token) = protect_token(id, left) {
        let sdk_url = "https://protect.example.test/sdk.js";
        attempt["protect_check"] = json!({ "status": "pending", "token": token, "sdk_url": sdk_url });
    }
    attempt
}

/// A sign-in attempt.
pub(crate) fn sign_in(world: &World, attempt: &SignIn) -> Value {
    let user = attempt.user_id.as_ref().and_then(|id| world.users.get(id));
    let is_new = matches!(attempt.status, crate::state::SignInStatus::NeedsClientTrust);
    let json = json!({
        "object": "sign_in_attempt",
        "id": attempt.id,
        "status": if attempt.protect_checks > 0 { "needs_protect_check" } else { attempt.status.as_str() },
        "supported_identifiers": supported_identifiers(world),
        "supported_first_factors": world.first_factors(attempt),
        "supported_second_factors": world.second_factors(attempt),
        "first_factor_verification": attempt.first_factor.as_ref().map(|one| verification(world, one)),
        "second_factor_verification": attempt.second_factor.as_ref().map(|one| verification(world, one)),
        "identifier": attempt.identifier,
        "user_data": user.map(|user| user_data(world, user)),
        "created_session_id": attempt.created_session_id,
        "abandon_at": attempt.abandon_at,
        "client_trust_state": if is_new { "new" } else { "known" },
    });
    with_protect_check(json, &attempt.id, attempt.protect_checks)
}

/// A sign-up attempt.
pub(crate) fn sign_up(world: &World, attempt: &SignUp) -> Value {
    let field = |kind: Kind| attempt.value(kind).map(|_| field_verification(world, attempt, kind));
    let missing = world.missing_fields(attempt);
    let json = json!({
        "object": "sign_up_attempt",
        "id": attempt.id,
        "status": if attempt.complete { "complete" } else { "missing_requirements" },
        "required_fields": world.required_fields(),
        "optional_fields": world.optional_fields(),
        "missing_fields": missing,
        "unverified_fields": world.unverified_fields(attempt),
        "verifications": {
            "email_address": field(Kind::Email),
            "phone_number": field(Kind::Phone),
            "web3_wallet": field(Kind::Wallet),
            "external_account": attempt.external_account.as_ref().map(|one| verification(world, one)),
        },
        "username": attempt.username,
        "email_address": attempt.value(Kind::Email),
        "phone_number": attempt.value(Kind::Phone),
        "web3_wallet": attempt.value(Kind::Wallet),
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
        "legal_accepted_at": attempt.legal_accepted_at,
        "external_account": null,
        "external_account_strategy": null,
        "locale": null,
    });
    with_protect_check(json, &attempt.id, attempt.protect_checks)
}

fn field_verification(world: &World, attempt: &SignUp, kind: Kind) -> Value {
    let strategies = world.verification_strategies(kind);
    let mut json = match attempt.verification(kind) {
        Some(one) => verification(world, one),
        // Clerk's components send a code only if no strategy is named yet.
        None => json!({
            "object": "verification_otp", "status": "unverified",
            "strategy": null, "attempts": null, "expire_at": attempt.abandon_at,
        }),
    };
    let status = attempt.verification(kind).map(|one: &Verification| one.status_at(world.now_ms()));
    json["next_action"] = json!(match status {
        Some(VerificationStatus::Verified) => "",
        Some(VerificationStatus::Unverified) => "needs_attempt",
        _ => "needs_prepare",
    });
    json["supported_strategies"] = json!(strategies);
    json
}

/// A reverification.
pub(crate) fn reverification(world: &World, session: &Session) -> Value {
    let Some(running) = &session.reverification else { return Value::Object(Map::new()) };
    let user = world.users.get(&session.user_id);
    let factors = user.map(|user| world.reverification_factors(user));
    let second = user.map(|user| world.second_factors_of(user)).filter(|factors| !factors.is_empty());
    json!({
        "object": "session_reverification",
        "status": running.status,
        "level": running.level,
        "supported_first_factors": factors,
        "supported_second_factors": second,
        "first_factor_verification": running.first_factor.as_ref().map(|one| verification(world, one)),
        "second_factor_verification": running.second_factor.as_ref().map(|one| verification(world, one)),
        "session": plain_session(world, session),
    })
}
