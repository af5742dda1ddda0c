//! Reads the claims of session tokens. Signatures are not verified, because the tokens come from FAPI itself.

use base64::Engine;
use serde_json::Value;

use crate::{models::OrganizationId, secret::SessionToken, time::Moment};

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

/// A session token, and when this device received it.
///
/// The server's clock and ours may differ, so `iat` and `exp` are never compared with our time: the token lives for
/// `exp - iat` from its receipt on.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedToken {
    pub(crate) token: SessionToken,
    /// Absent if it can't be read as a session token; such a token has no remaining lifetime.
    pub(crate) claims: Option<Claims>,
    received: Moment,
    /// How old it was when it was received.
    age_ms: i64,
}

impl ReceivedToken {
    /// Returns the features and plans that it grants, which windows show.
    pub(crate) fn grants(&self) -> [String; 2] {
        let claims = payload(self.token.expose()).unwrap_or_default();
        ["fea", "pla"].map(|name| claims[name].as_str().unwrap_or_default().to_owned())
    }

    /// Whether it grants features or plans.
    pub(crate) fn grants_something(&self) -> bool {
        self.grants().iter().any(|text| !text.is_empty())
    }

    /// A token that was minted for this request.
    pub(crate) fn minted(token: SessionToken, received: Moment) -> Self {
        Self { claims: Claims::read(token.expose()), token, received, age_ms: 0 }
    }

    /// A token that came with a client, so it may have been minted some time ago. `server_ms` is a time that the server's
    /// clock had reached. Our own clock may only make the token older: a token that looks expired may be a new one while our
    /// clock is fast, but then one request settles it.
    pub(crate) fn of_client(token: SessionToken, received: Moment, server_ms: i64) -> Self {
        let minted = Self::minted(token, received);
        let issued_ms = minted.claims.as_ref().map_or(0, |claims| claims.issued_at.saturating_mul(1000));
        let age = |now_ms: i64| now_ms.saturating_sub(issued_ms).max(0);
        Self { age_ms: age(received.wall_ms).max(age(server_ms)), ..minted }
    }

    pub(crate) fn is_received_after(&self, moment: Moment) -> bool {
        self.received.monotonic > moment.monotonic
    }

    /// Returns the remaining lifetime in milliseconds; 0 or less for an expired token.
    pub(crate) fn remaining_ms(&self, now: Moment) -> i64 {
        let Some(claims) = &self.claims else { return 0 };
        let lifetime = claims.expires_at.saturating_sub(claims.issued_at).saturating_mul(1000);
        lifetime.saturating_sub(self.age_ms).saturating_sub(self.received.elapsed_ms(now))
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;

    fn token() -> SessionToken {
        let part = |json: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
        SessionToken::new(format!("{}.{}.x", part(json!({})), part(json!({ "iat": 1_000, "exp": 1_060 }))))
    }

    fn moment(wall_ms: i64) -> Moment {
        Moment { wall_ms, monotonic: Instant::now() }
    }

    #[test]
    fn remaining_ms_counts_from_the_receipt() {
        // The wall clock may say anything when the token arrives.
        for wall_ms in [1_000_000, 1_600_000, 400_000, 0, i64::MIN, i64::MAX] {
            let received = moment(wall_ms);
            let token = ReceivedToken::minted(token(), received);
            let later = |ms: u64| Moment { monotonic: received.monotonic + Duration::from_millis(ms), ..received };
            assert_eq!(token.remaining_ms(received), 60_000);
            assert_eq!(token.remaining_ms(later(43_000)), 17_000);
            assert_eq!(token.remaining_ms(later(61_000)), -1_000);
        }
    }

    #[test]
    fn remaining_ms_of_a_token_in_a_client_considers_its_age() {
        for (wall_ms, server_ms, expected) in [
            (1_000_000, 0, 60_000),
            (1_020_000, 0, 40_000),
            // Our clock is behind.
            (400_000, 0, 60_000),
            (400_000, 1_050_000, 10_000),
            // Our clock is ahead, or the token has expired.
            (1_600_000, 1_000_000, -540_000),
        ] {
            let received = moment(wall_ms);
            assert_eq!(ReceivedToken::of_client(token(), received, server_ms).remaining_ms(received), expected);
        }
    }

    #[test]
    fn remaining_ms_of_an_unreadable_token_is_zero() {
        for text in ["", "a.b.c", "e30.e30.x", "e30", "é.é.é"] {
            let received = moment(0);
            assert_eq!(ReceivedToken::minted(SessionToken::new(text), received).remaining_ms(received), 0, "{text}");
        }
    }
}
