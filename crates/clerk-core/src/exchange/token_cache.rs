//! The cache of session tokens, and the token requests in flight.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex},
};

use futures_util::{FutureExt, future::Shared};

use crate::{
    error::Result,
    jwt::ReceivedToken,
    models::{OrganizationId, SessionId},
    ports::BoxFuture,
    secret::SessionToken,
    state::snapshot::Snapshot,
    sync::lock,
    time::Moment,
};

/// Identifies a token by its purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenId {
    pub(super) session: SessionId,
    pub(super) template: Option<String>,
    pub(super) organization: Option<OrganizationId>,
}

/// What identifies a token, borrowed: session, template, organization.
pub(super) type TokenKey<'a> = (&'a SessionId, Option<&'a str>, Option<&'a OrganizationId>);

/// A [`TokenId`], or what one would be made of: looking up a token allocates nothing.
trait AsTokenKey {
    fn key(&self) -> TokenKey<'_>;
}

impl AsTokenKey for TokenId {
    fn key(&self) -> TokenKey<'_> {
        (&self.session, self.template.as_deref(), self.organization.as_ref())
    }
}

impl AsTokenKey for TokenKey<'_> {
    fn key(&self) -> TokenKey<'_> {
        *self
    }
}

impl Hash for TokenId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Hash for dyn AsTokenKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl PartialEq for dyn AsTokenKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for dyn AsTokenKey + '_ {}

impl<'a> Borrow<dyn AsTokenKey + 'a> for Arc<TokenId> {
    fn borrow(&self) -> &(dyn AsTokenKey + 'a) {
        self.as_ref()
    }
}

/// A token request in flight, shared by its callers.
pub(super) type Minting = Shared<BoxFuture<'static, Result<SessionToken>>>;

/// The cached tokens.
#[derive(Default)]
pub(crate) struct TokenCache {
    entries: Mutex<Entries>,
    minting: Mutex<HashMap<TokenId, Minting>>,
}

/// How long a background refresh waits after FAPI returned a token that was already due for a refresh. The pause doubles with each
/// such token.
const FIRST_PAUSE_MS: i64 = 5_000;
const LONGEST_PAUSE_MS: i64 = 60_000;

/// A pause before the next background refresh of a token.
#[derive(Clone, Copy)]
struct Pause {
    since: Moment,
    ms: i64,
}

#[derive(Default)]
struct Entries {
    tokens: HashMap<Arc<TokenId>, Arc<ReceivedToken>, foldhash::fast::RandomState>,
    pauses: HashMap<TokenId, Pause>,
    /// The token that was asked for last: looking it up needs no hash.
    recent: Option<(Arc<TokenId>, Arc<ReceivedToken>)>,
    /// Incremented when the cache is cleared, so that tokens requested earlier are not cached.
    generation: u64,
    /// Tokens of the state are cached only if they were received after this moment.
    discarded: Option<Moment>,
}

impl TokenCache {
    /// Caches the tokens that FAPI sent with the sessions of a client, and removes those of sessions that have ended.
    pub(crate) fn seed(&self, snapshot: &Snapshot) {
        let Some(client) = &snapshot.client else { return };
        let mut entries = lock(&self.entries);
        let Entries { tokens, pauses, recent, .. } = &mut *entries;
        *recent = None;
        tokens.retain(|id, _| client.signed_in_session(&id.session).is_some());
        pauses.retain(|id, _| client.signed_in_session(&id.session).is_some());
        for session in client.signed_in_sessions() {
            let Some(token) = snapshot.session_tokens.get(&session.id) else { continue };
            let Some(claims) = &token.claims else { continue };
            if entries.discarded.is_some_and(|discarded| !token.is_received_after(discarded)) {
                continue;
            }
            let organization = claims.organization.clone();
            entries.put(TokenId { session: session.id.clone(), template: None, organization }, token.clone());
        }
    }

    /// Removes all tokens and requests in flight.
    pub(crate) fn clear(&self) {
        self.remove_all(|_| {});
    }

    /// Removes all tokens and requests in flight for good: the tokens that the state has are not cached again.
    pub(crate) fn discard(&self, now: Moment) {
        self.remove_all(|entries| entries.discarded = Some(now));
    }

    fn remove_all(&self, change: impl FnOnce(&mut Entries)) {
        let mut entries = lock(&self.entries);
        entries.generation += 1;
        entries.tokens.clear();
        entries.recent = None;
        entries.pauses.clear();
        change(&mut entries);
        drop(entries);
        lock(&self.minting).clear();
    }

    /// Returns how often the cache was cleared: a token requested before that is not cached.
    pub(super) fn generation(&self) -> u64 {
        lock(&self.entries).generation
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

    pub(super) fn get(&self, id: &TokenId) -> Option<ReceivedToken> {
        lock(&self.entries).tokens.get(id as &dyn AsTokenKey).map(|held| ReceivedToken::clone(held))
    }

    /// Returns a token that lives for longer than `threshold_ms`.
    pub(super) fn fresh(&self, key: TokenKey<'_>, now: Moment, threshold_ms: i64) -> Option<SessionToken> {
        let mut entries = lock(&self.entries);
        let Entries { tokens, recent, .. } = &mut *entries;
        if recent.as_ref().is_none_or(|(id, _)| id.key() != key) {
            let (id, token) = tokens.get_key_value(&key as &dyn AsTokenKey)?;
            *recent = Some((id.clone(), token.clone()));
        }
        let (_, held) = recent.as_ref()?;
        (held.remaining_ms(now) > threshold_ms).then(|| held.token.clone())
    }

    /// Whether this token may be refreshed in the background now.
    pub(super) fn may_refresh(&self, id: &TokenId, now: Moment) -> bool {
        lock(&self.entries).pauses.get(id).is_none_or(|pause| pause.since.elapsed_ms(now) >= pause.ms)
    }

    /// Records that a token was minted. If it `is_due` for a refresh at once, the next one probably is too, so refreshes pause.
    pub(super) fn note_minted(&self, id: &TokenId, now: Moment, is_due: bool) {
        let pauses = &mut lock(&self.entries).pauses;
        if is_due {
            let ms = pauses.get(id).map_or(FIRST_PAUSE_MS, |pause| (pause.ms * 2).min(LONGEST_PAUSE_MS));
            pauses.insert(id.clone(), Pause { since: now, ms });
        } else {
            pauses.remove(id);
        }
    }

    /// Caches a token that was requested in this [`generation`](Self::generation). Returns false if the cache was
    /// cleared since.
    pub(super) fn put(&self, id: TokenId, token: ReceivedToken, generation: u64) -> bool {
        let mut entries = lock(&self.entries);
        let is_current = entries.generation == generation;
        if is_current {
            entries.put(id, token);
        }
        is_current
    }
}

impl Entries {
    /// Caches a token unless the same or a fresher one is cached: the first receipt tells when it expires.
    fn put(&mut self, id: TokenId, token: ReceivedToken) {
        let replaces = match self.tokens.get(&id as &dyn AsTokenKey) {
            Some(held) if held.token == token.token => false,
            Some(held) => match (&token.claims, &held.claims) {
                (Some(new), Some(held)) => new.replace(held),
                (new, held) => new.is_some() || held.is_none(),
            },
            None => token.claims.is_some(),
        };
        if replaces {
            self.recent = None;
            self.tokens.insert(Arc::new(id), Arc::new(token));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        jwt::Claims,
        options::{ClerkOptions, SdkMetadata},
        state::transition::Transition,
    };
    use base64::Engine;
    use serde_json::{Value, json};

    fn jwt(header: &Value, payload: &Value) -> String {
        let encode = |json: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
        format!("{}.{}.sig", encode(header), encode(payload))
    }

    fn claims(oiat: Option<i64>, iat: i64) -> Claims {
        let header = oiat.map_or(json!({}), |oiat| json!({ "oiat": oiat }));
        Claims::read(&jwt(&header, &json!({ "iat": iat, "exp": iat + 60 }))).unwrap()
    }

    #[test]
    fn seed_removes_the_tokens_of_sessions_that_ended() {
        let with_session = |id: &str| {
            let raw = json!({ "id": "client_1", "sessions": [{ "id": id, "status": "active" }] });
            Snapshot::initial(SdkMetadata::default(), ClerkOptions::default()).after(Transition::client(&raw))
        };
        let cache = TokenCache::default();
        for number in 0..100 {
            let state = with_session(&format!("sess_{number}"));
            cache.seed(&state);
            for template in [None, Some("backend".to_owned())] {
                let id = TokenId { session: format!("sess_{number}").into(), template, organization: None };
                let token = SessionToken::new(jwt(&json!({}), &json!({ "iat": 10, "exp": 70 })));
                assert!(cache.put(id.clone(), ReceivedToken::minted(token, state.at), cache.generation()));
                assert!(cache.get(&id).is_some());
            }
            assert_eq!(lock(&cache.entries).tokens.len(), 2);
        }
    }

    #[test]
    fn discard_removes_the_tokens_of_the_state_and_those_in_flight() {
        let id = TokenId { session: "sess_1".into(), template: None, organization: None };
        let raw = |iat: i64| {
            let token = jwt(&json!({}), &json!({ "iat": iat, "exp": iat + 60 }));
            json!({ "id": "client_1", "sessions": [
                { "id": "sess_1", "status": "active", "last_active_token": { "jwt": token } },
            ] })
        };
        let arriving = |state: &Snapshot, iat: i64, at: Moment| {
            Snapshot { at, ..state.clone() }.after(Transition::client(&raw(iat)))
        };
        let start = Snapshot::initial(SdkMetadata::default(), ClerkOptions::default());
        let later =
            |ms: u64| Moment { monotonic: start.at.monotonic + std::time::Duration::from_millis(ms), ..start.at };
        let (cache, state) = (TokenCache::default(), arriving(&start, 10, later(1)));
        cache.seed(&state);
        assert!(cache.get(&id).is_some());
        let generation = cache.generation();
        cache.clear();
        cache.seed(&state);
        assert!(cache.get(&id).is_some(), "the state still has it");

        cache.discard(later(2));
        let in_flight =
            ReceivedToken::minted(SessionToken::new(jwt(&json!({}), &json!({ "iat": 10, "exp": 70 }))), later(3));
        assert!(!cache.put(id.clone(), in_flight, generation));
        cache.seed(&state);
        cache.seed(&arriving(&state, 10, later(3)));
        assert!(cache.get(&id).is_none(), "the same token is no newer when it comes again");
        cache.seed(&arriving(&state, 11, later(3)));
        assert!(cache.get(&id).is_some());
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
                claims(incoming.0, incoming.1).replace(&claims(held.0, held.1)),
                replaces,
                "{held:?} {incoming:?}"
            );
        }
    }
}
