//! Session tokens: a cache, one request for all who ask at the same time, and a refresh before the token expires.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::Engine;
use futures_util::{FutureExt, future::Shared};
use serde_json::Value;

use super::{
    Clerk,
    clerk::lock,
    params::Change,
    state::{Snapshot, Transition},
};
use crate::{
    error::{Error, ErrorCode, Result},
    fapi::session::{Mint, create_template_token, create_token},
    models::{OrganizationId, SessionId},
    ports::BoxFuture,
    secret::SessionToken,
};

/// A token with this much life left, or less, is not given out any more.
const HARD_THRESHOLD_MS: i64 = 5_000;
/// A token with this much life left, or less, is given out while a new one is fetched in the background: the 15
/// seconds that clerk-js allows backends, and 2 seconds for the request itself.
const REFRESH_THRESHOLD_MS: i64 = 17_000;
/// Waits between the tries to mint a token when FAPI can't be reached: 3 s, growing by the factor 1.55.
const MINT_RETRY_DELAYS: [Duration; 3] =
    [Duration::from_millis(3_000), Duration::from_millis(4_650), Duration::from_millis(7_208)];

/// Parameters of [`Clerk::get_token`].
#[derive(Debug, Clone, Default, serde::Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct GetTokenParams {
    /// The session.
    pub session_id: SessionId,
    /// Name of a JWT template.
    #[serde(default)]
    #[specta(optional)]
    pub template: Option<String>,
    /// The organization: the session's active one when kept, the personal account when cleared.
    #[serde(default)]
    #[specta(type = Option<String>, optional)]
    pub organization_id: Change<OrganizationId>,
    /// Whether to mint a new token although a good one is at hand.
    #[serde(default)]
    #[specta(optional)]
    pub skip_cache: bool,
}

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TokenId {
    session: SessionId,
    template: Option<String>,
    organization: Option<OrganizationId>,
}

type Minting = Shared<BoxFuture<'static, Result<SessionToken>>>;

/// Tokens by what they are for.
#[derive(Default)]
pub(super) struct TokenCache {
    entries: Mutex<HashMap<TokenId, CachedToken>>,
    minting: Mutex<HashMap<TokenId, Minting>>,
    /// Grows when the cache is cleared, so that what was under way is not put back.
    generation: AtomicU64,
}

#[derive(Debug, Clone)]
struct CachedToken {
    token: SessionToken,
    claims: Claims,
    received_ms: i64,
}

impl CachedToken {
    fn read(token: &str, received_ms: i64) -> Option<Self> {
        Some(Self { token: SessionToken::new(token), claims: Claims::read(token)?, received_ms })
    }

    /// Milliseconds of life left. The server's clock and ours may differ, so the shorter reading counts.
    fn remaining_ms(&self, now_ms: i64) -> i64 {
        let by_our_clock = self.claims.expires_at.saturating_mul(1000).saturating_sub(now_ms);
        let lifetime = self.claims.expires_at.saturating_sub(self.claims.issued_at).saturating_mul(1000);
        by_our_clock.min(lifetime.saturating_sub(now_ms.saturating_sub(self.received_ms)))
    }

    /// Whether this token takes the place of `held`: the one issued later at its origin wins.
    fn replaces(&self, held: &Self) -> bool {
        match (self.claims.origin_issued_at, held.claims.origin_issued_at) {
            (None, None) | (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(new), Some(old)) if new != old => new > old,
            _ => self.claims.issued_at >= held.claims.issued_at,
        }
    }
}

/// The claims of a session token that matter here. Its signature is not checked: it came from FAPI itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claims {
    /// Seconds.
    issued_at: i64,
    /// Seconds.
    expires_at: i64,
    /// Seconds; `oiat` of the header.
    origin_issued_at: Option<i64>,
    organization: Option<OrganizationId>,
}

/// A part of a JWT, as JSON. Its signature is not checked.
fn part(jwt: &str, place: usize) -> Option<Value> {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwt.split('.').nth(place)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Whether `token` takes the place of `held`: the one issued later at its origin does, and one for another organization
/// always does.
pub(super) fn is_fresher(token: &SessionToken, held: Option<&SessionToken>) -> bool {
    let read = |token: &SessionToken| CachedToken::read(token.expose(), 0);
    match (read(token), held.and_then(read)) {
        (Some(token), Some(held)) => token.claims.organization != held.claims.organization || token.replaces(&held),
        _ => true,
    }
}

/// The claims of a session token.
pub(super) fn claims(jwt: &str) -> Option<Value> {
    part(jwt, 1)
}

impl Claims {
    fn read(jwt: &str) -> Option<Self> {
        let header = part(jwt, 0)?;
        let payload = claims(jwt)?;
        Some(Self {
            issued_at: payload["iat"].as_i64()?,
            expires_at: payload["exp"].as_i64()?,
            origin_issued_at: header["oiat"].as_i64(),
            organization: payload["o"]["id"].as_str().or_else(|| payload["org_id"].as_str()).map(Into::into),
        })
    }
}

impl TokenCache {
    /// Takes the tokens that FAPI sent along with the sessions of a client.
    pub(super) fn seed(&self, snapshot: &Snapshot, now_ms: i64) {
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
            // The same token comes with every client; only its first arrival says when it was received.
            if lock(&self.entries).get(&id).is_none_or(|held| held.token != token.token) {
                self.put(id, token);
            }
        }
    }

    /// Forgets everything, also what is under way.
    pub(super) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        lock(&self.entries).clear();
        lock(&self.minting).clear();
    }

    fn get(&self, id: &TokenId) -> Option<CachedToken> {
        lock(&self.entries).get(id).cloned()
    }

    fn put(&self, id: TokenId, token: CachedToken) {
        let mut entries = lock(&self.entries);
        if entries.get(&id).is_none_or(|held| token.replaces(held)) {
            entries.insert(id, token);
        }
    }
}

impl Clerk {
    /// Returns a session token: the short-lived JWT that proves to the app's backend who is signed in.
    ///
    /// Gives out the cached token while more than 5 seconds of its life remain, and fetches the next one in the
    /// background from 17 seconds on; calls at the same time share one request. Returns `None` when the session has no
    /// user. When FAPI can't be reached it tries again for about 15 seconds.
    ///
    /// # Errors
    /// `not_loaded`, `no_active_session` when the session is not signed in on this device, `clerk_offline` when no answer
    /// came, or `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/tokens[/{template}]`; `Session.getToken()`.
    pub async fn get_token(&self, params: GetTokenParams) -> Result<Option<SessionToken>> {
        let snapshot = self.snapshot();
        if !snapshot.is_loaded() {
            return Err(ErrorCode::NotLoaded.error("Clerk is not loaded: await load() before anything else"));
        }
        let session =
            snapshot.client.as_deref().and_then(|client| client.signed_in_session(&params.session_id)).ok_or_else(
                || {
                    ErrorCode::NoActiveSession
                        .error("the session is not signed in on this device, so there is no token for it")
                },
            )?;
        if session.user.is_none() {
            return Ok(None);
        }
        let organization = match params.organization_id {
            Change::Keep => session.last_active_organization_id.clone(),
            Change::Clear => None,
            Change::Set(id) => Some(id).filter(|id| !id.as_str().is_empty()),
        };
        let id = TokenId { session: session.id.clone(), template: params.template, organization };
        if params.skip_cache {
            return self.mint(id, true).await.map(Some).map_err(offline);
        }
        let cache = &self.0.tokens;
        match cache.get(&id).map(|cached| (cached.remaining_ms(self.0.setup.clock.now_ms()), cached)) {
            Some((remaining, cached)) if remaining > REFRESH_THRESHOLD_MS => Ok(Some(cached.token)),
            Some((remaining, cached)) if remaining > HARD_THRESHOLD_MS => {
                let refresh = self.shared_mint(id);
                tokio::spawn(async move {
                    if let Err(error) = refresh.await {
                        tracing::debug!(code = error.code(), "a session token could not be refreshed ahead of time");
                    }
                });
                Ok(Some(cached.token))
            }
            _ => self.shared_mint(id).await.map(Some).map_err(offline),
        }
    }

    /// The session token of the active session, or `None` when nobody is signed in.
    ///
    /// # Errors
    /// As [`get_token`](Self::get_token).
    pub async fn session_token(&self) -> Result<Option<SessionToken>> {
        let Some(session) = self.session() else { return Ok(None) };
        self.get_token(GetTokenParams { session_id: session.id, ..GetTokenParams::default() }).await
    }

    /// One request for everybody who wants this token now.
    fn shared_mint(&self, id: TokenId) -> Minting {
        let mut minting = lock(&self.0.tokens.minting);
        if let Some(under_way) = minting.get(&id) {
            return under_way.clone();
        }
        let clerk = self.clone();
        let token_id = id.clone();
        let future: BoxFuture<'static, Result<SessionToken>> = Box::pin(async move {
            let result = clerk.mint(token_id.clone(), false).await;
            lock(&clerk.0.tokens.minting).remove(&token_id);
            result
        });
        let shared = future.shared();
        minting.insert(id, shared.clone());
        shared
    }

    async fn mint(&self, id: TokenId, skip_cache: bool) -> Result<SessionToken> {
        let generation = self.0.tokens.generation.load(Ordering::Acquire);
        let mut delays = MINT_RETRY_DELAYS.iter();
        let token = loop {
            match self.mint_once(&id, skip_cache).await {
                Err(error) if is_transient(&error) => match delays.next() {
                    Some(delay) => tokio::time::sleep(*delay).await,
                    None => return Err(error),
                },
                other => break other?,
            }
        };
        if self.0.tokens.generation.load(Ordering::Acquire) != generation {
            return Ok(token);
        }
        if let Some(cached) = CachedToken::read(token.expose(), self.0.setup.clock.now_ms()) {
            self.0.tokens.put(id.clone(), cached);
        }
        // A token of a template, or for another organization, says nothing of the session as it is.
        let snapshot = self.snapshot();
        let session = snapshot.client.as_deref().and_then(|client| client.signed_in_session(&id.session));
        let is_of_session = id.template.is_none()
            && session.is_some_and(|session| session.last_active_organization_id == id.organization)
            && snapshot.last_active_token(&id.session) != Some(token.expose());
        if is_of_session {
            self.commit([Transition::TokenMinted { session: id.session, token: token.clone() }]).await;
        }
        Ok(token)
    }

    async fn mint_once(&self, id: &TokenId, skip_cache: bool) -> Result<SessionToken> {
        let json = match &id.template {
            Some(template) => self.request(&create_template_token(&id.session, template, skip_cache)).await?,
            None => self.mint_session_token(id, skip_cache).await?,
        };
        match json["jwt"].as_str() {
            Some(jwt) if !jwt.is_empty() => Ok(SessionToken::new(jwt)),
            _ => Err(ErrorCode::NetworkError.error("the Frontend API answered with an empty session token")),
        }
    }

    async fn mint_session_token(&self, id: &TokenId, skip_cache: bool) -> Result<Value> {
        let snapshot = self.snapshot();
        let previous = || snapshot.last_active_token(&id.session).map(SessionToken::new);
        let session_minter =
            snapshot.environment.as_ref().is_some_and(|environment| environment.auth_config.session_minter);
        let mint = Mint {
            skip_cache,
            force_origin: session_minter && skip_cache,
            minter_token: session_minter.then(previous).flatten(),
            expired_token: None,
        };
        let organization = id.organization.as_ref();
        match self.request(&create_token(&id.session, organization, &mint)).await {
            Err(error)
                if !session_minter && error.status() == Some(422) && error.has_api_code("missing_expired_token") =>
            {
                let Some(expired) = previous() else { return Err(error) };
                self.request(&create_token(&id.session, organization, &Mint { expired_token: Some(expired), ..mint }))
                    .await
            }
            other => other,
        }
    }
}

/// After all tries: there was no answer, so this device has no way to Clerk.
fn offline(error: Error) -> Error {
    if error.is(ErrorCode::NetworkError) {
        ErrorCode::Offline
            .error("this device seems to be offline, so there is no session token; the session itself stays signed in")
    } else {
        error
    }
}

/// Whether the same request may succeed a little later.
fn is_transient(error: &Error) -> bool {
    match error.status() {
        Some(status) => status == 429 || status >= 500,
        None => error.is(ErrorCode::NetworkError) || error.is(ErrorCode::DecodeError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn jwt(header: &Value, payload: &Value) -> String {
        let encode = |json: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
        format!("{}.{}.sig", encode(header), encode(payload))
    }

    fn cached(oiat: Option<i64>, iat: i64, received_ms: i64) -> CachedToken {
        let header = oiat.map_or(json!({}), |oiat| json!({ "oiat": oiat }));
        CachedToken::read(&jwt(&header, &json!({ "iat": iat, "exp": iat + 60 })), received_ms).unwrap()
    }

    #[test]
    fn what_is_no_jwt_is_no_token() {
        for text in ["", "a.b.c", "e30.e30.x", "e30", "é.é.é"] {
            assert!(CachedToken::read(text, 0).is_none(), "{text}");
        }
    }

    #[test]
    fn the_shorter_reading_of_the_remaining_life_counts() {
        let token = cached(None, 1000, 1_000_000);
        assert_eq!(token.remaining_ms(1_000_000), 60_000);
        assert_eq!(token.remaining_ms(1_043_000), 17_000);
        // Our clock is ten minutes behind the server's: what counts is the time since the token came.
        let token = cached(None, 1600, 1_000_000);
        assert_eq!(token.remaining_ms(1_030_000), 30_000);
        // Our clock is ten minutes ahead: the token looks expired, and a new one is fetched.
        let token = cached(None, 400, 1_000_000);
        assert!(token.remaining_ms(1_000_000) < 0);
    }

    #[test]
    fn the_fresher_token_keeps_its_place() {
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
                cached(incoming.0, incoming.1, 0).replaces(&cached(held.0, held.1, 0)),
                replaces,
                "{held:?} {incoming:?}"
            );
        }
    }
}
