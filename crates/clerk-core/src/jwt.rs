//! Reads the claims of session tokens. Signatures are not verified, because the tokens come from FAPI itself.

use base64::Engine;
use serde_json::Value;

use crate::{models::OrganizationId, secret::SessionToken};

/// The claims of a session token that the cache needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    /// `iat`, in seconds.
    pub(crate) issued_at: i64,
    /// `exp`, in seconds.
    pub(crate) expires_at: i64,
    /// `oiat` of the header, in seconds.
    pub(crate) origin_issued_at: Option<i64>,
    pub(crate) organization: Option<OrganizationId>,
}

impl Claims {
    /// Reads the claims; `None` if `jwt` is not a session token.
    pub(crate) fn read(jwt: &str) -> Option<Self> {
        let header = part(jwt, 0)?;
        let payload = payload(jwt)?;
        Some(Self {
            issued_at: payload["iat"].as_i64()?,
            expires_at: payload["exp"].as_i64()?,
            origin_issued_at: header["oiat"].as_i64(),
            organization: payload["o"]["id"].as_str().or_else(|| payload["org_id"].as_str()).map(Into::into),
        })
    }

    /// Whether a token with these claims replaces one with the claims of `held`, because it was issued later at its
    /// origin.
    pub(crate) fn replace(&self, held: &Self) -> bool {
        match (self.origin_issued_at, held.origin_issued_at) {
            (None | Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(new), Some(old)) if new != old => new > old,
            _ => self.issued_at >= held.issued_at,
        }
    }
}

/// Decodes a part of a JWT as JSON.
fn part(jwt: &str, index: usize) -> Option<Value> {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwt.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Returns all claims of a token.
pub(crate) fn payload(jwt: &str) -> Option<Value> {
    part(jwt, 1)
}

/// Whether `token` replaces `held`: it was issued later at its origin, or is for another organization.
pub(crate) fn is_fresher(token: &SessionToken, held: Option<&SessionToken>) -> bool {
    let read = |token: &SessionToken| Claims::read(token.expose());
    match (read(token), held.and_then(read)) {
        (Some(token), Some(held)) => token.organization != held.organization || token.replace(&held),
        _ => true,
    }
}
