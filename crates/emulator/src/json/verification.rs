//! Verifications.

use serde_json::{Value, json};

use crate::state::{Verification, VerificationStatus, World};

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
