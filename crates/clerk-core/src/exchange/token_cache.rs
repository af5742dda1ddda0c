//! The cache of session tokens, and the token requests in flight.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{FutureExt, future::Shared};

use crate::{
    error::Result,
    jwt::Claims,
    models::{OrganizationId, SessionId},
    ports::BoxFuture,
    secret::SessionToken,
    state::snapshot::Snapshot,
    sync::lock,
};

/// Identifies a token by its purpose.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TokenId {
    pub(super) session: SessionId,
    pub(super) template: Option<String>,
    pub(super) organization: Option<OrganizationId>,
}

/// A token request in flight, shared by its callers.
pub(super) type Minting = Shared<BoxFuture<'static, Result<SessionToken>>>;

/// The cached tokens.
#[derive(Default)]
pub(crate) struct TokenCache {
    entries: Mutex<HashMap<TokenId, CachedToken>>,
    minting: Mutex<HashMap<TokenId, Minting>>,
    /// Incremented when the cache is cleared, so that tokens requested earlier are not cached.
    generation: AtomicU64,
}

#[derive(Debug, Clone)]
pub(super) struct CachedToken {
    pub(super) token: SessionToken,
    claims: Claims,
    received_ms: i64,
}

impl CachedToken {
    pub(super) fn read(token: &str, received_ms: i64) -> Option<Self> {
        Some(Self { token: SessionToken::new(token), claims: Claims::read(token)?, received_ms })
    }

    /// Returns the remaining lifetime in milliseconds. The server's clock may differ from ours, so the shorter result
    /// is used.
    pub(super) fn remaining_ms(&self, now_ms: i64) -> i64 {
        let by_our_clock = self.claims.expires_at.saturating_mul(1000).saturating_sub(now_ms);
        let lifetime = self.claims.expires_at.saturating_sub(self.claims.issued_at).saturating_mul(1000);
        by_our_clock.min(lifetime.saturating_sub(now_ms.saturating_sub(self.received_ms)))
    }
}

impl TokenCache {
    /// Caches the tokens that FAPI sent with the sessions of a client.
    pub(crate) fn seed(&self, snapshot: &Snapshot, now_ms: i64) {
        for session in snapshot.client.iter().flat_map(|client| client.signed_in_sessions()) {
            let Some(token) = snapshot.last_active_token(&session.id).and_then(|jwt| CachedToken::read(jwt, now_ms))
            else {
                continue;
            };
            let id = TokenId {
                session: session.id.clone(),
                template: None,
                organization: token.claims.organization.clone(),
            };
            // The same token comes with every client; only its first arrival tells when it was received.
            if lock(&self.entries).get(&id).is_none_or(|held| held.token != token.token) {
                self.put(id, token);
            }
        }
    }

    /// Removes all tokens and requests in flight.
    pub(crate) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        lock(&self.entries).clear();
        lock(&self.minting).clear();
    }

    /// Returns how often the cache was cleared: a token requested before that is not cached.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns the request in flight for this token, or a new one.
    pub(super) fn minting(
        &self,
        id: &TokenId,
        start: impl FnOnce() -> BoxFuture<'static, Result<SessionToken>>,
    ) -> Minting {
        lock(&self.minting).entry(id.clone()).or_insert_with(|| start().shared()).clone()
    }

    /// Removes the request for this token after its response has arrived.
    pub(super) fn finish_minting(&self, id: &TokenId) {
        lock(&self.minting).remove(id);
    }

    pub(super) fn get(&self, id: &TokenId) -> Option<CachedToken> {
        lock(&self.entries).get(id).cloned()
    }

    /// Caches a token unless a fresher one is cached.
    pub(super) fn put(&self, id: TokenId, token: CachedToken) {
        let mut entries = lock(&self.entries);
        if entries.get(&id).is_none_or(|held| token.claims.replace(&held.claims)) {
            entries.insert(id, token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use serde_json::{Value, json};

    fn jwt(header: &Value, payload: &Value) -> String {
        let encode = |json: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
        format!("{}.{}.sig", encode(header), encode(payload))
    }

    fn cached(oiat: Option<i64>, iat: i64, received_ms: i64) -> CachedToken {
        let header = oiat.map_or(json!({}), |oiat| json!({ "oiat": oiat }));
        CachedToken::read(&jwt(&header, &json!({ "iat": iat, "exp": iat + 60 })), received_ms).unwrap()
    }

    #[test]
    fn cached_token_read_rejects_invalid_jwts() {
        for text in ["", "a.b.c", "e30.e30.x", "e30", "é.é.é"] {
            assert!(CachedToken::read(text, 0).is_none(), "{text}");
        }
    }

    #[test]
    fn remaining_ms_uses_the_shorter_lifetime() {
        let token = cached(None, 1000, 1_000_000);
        assert_eq!(token.remaining_ms(1_000_000), 60_000);
        assert_eq!(token.remaining_ms(1_043_000), 17_000);
        // Our clock is ten minutes behind the server's: the time since the token arrived decides.
        let token = cached(None, 1600, 1_000_000);
        assert_eq!(token.remaining_ms(1_030_000), 30_000);
        // Our clock is ten minutes ahead: the token looks expired, and a new one is fetched.
        let token = cached(None, 400, 1_000_000);
        assert!(token.remaining_ms(1_000_000) < 0);
    }

    #[test]
    fn put_does_not_replace_a_fresher_token() {
        for (held, incoming, replaces) in [
            ((None, 10), (None, 5), true),
            ((None, 10), (Some(1), 5), true),
            ((Some(1), 10), (None, 20), false),
            ((Some(1), 10), (Some(2), 5), true),
            ((Some(2), 10), (Some(1), 20), false),
            ((Some(2), 10), (Some(2), 9), false),
            ((Some(2), 10), (Some(2), 10), true),
        ] {
            assert_eq!(
                cached(incoming.0, incoming.1, 0).claims.replace(&cached(held.0, held.1, 0).claims),
                replaces,
                "{held:?} {incoming:?}"
            );
        }
    }
}
