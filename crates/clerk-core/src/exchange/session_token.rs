//! Session tokens: concurrent callers share one request, and tokens are refreshed before they expire.

use std::time::Duration;

use crate::fapi::json::Json;
use tokio::time::Instant;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    exchange::token_cache::{Minting, TokenId},
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    jwt::ReceivedToken,
    models::{OrganizationId, Session, SessionId},
    ports::BoxFuture,
    resources::params::Change,
    secret::{Secret, SessionToken},
    state::{snapshot::Snapshot, transition::Transition},
    task,
    time::Moment,
};

/// A token with at most this much remaining lifetime is not returned any more.
const HARD_THRESHOLD_MS: i64 = 5_000;
/// A token with at most this much remaining lifetime is returned while a new one is fetched in the background: the 15
/// seconds of leeway for backends in clerk-js, and 2 seconds for the request itself.
pub(super) const REFRESH_THRESHOLD_MS: i64 = 17_000;
/// The delays between attempts to mint a token if FAPI can't be reached: 3 s, growing by the factor 1.55.
const MINT_RETRY_DELAYS: [Duration; 3] =
    [Duration::from_secs(3), Duration::from_millis(4_650), Duration::from_millis(7_208)];
/// No attempt begins after this time: a network that swallows requests makes each of them as long as its timeout.
const MINT_RETRY_TIME: Duration = Duration::from_secs(15);

/// Parameters of [`Clerk::get_token`].
#[derive(Debug, Clone, serde::Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct GetTokenParams {
    /// The session.
    pub session_id: SessionId,
    /// The name of a JWT template.
    #[serde(default)]
    #[specta(optional)]
    pub template: Option<String>,
    /// The organization. Default: the session's active one; `null` selects the personal account.
    #[serde(default)]
    #[specta(type = Option<String>, optional)]
    pub organization_id: Change<OrganizationId>,
    /// Whether to mint a new token even if a valid one is cached.
    #[serde(default)]
    #[specta(optional)]
    pub skip_cache: bool,
}

impl GetTokenParams {
    /// Creates parameters for the token of `session_id` with its active organization, from the cache if possible.
    #[must_use]
    pub fn new(session_id: impl Into<SessionId>) -> Self {
        Self { session_id: session_id.into(), template: None, organization_id: Change::Keep, skip_cache: false }
    }

    /// Returns the organization that the token is for; `None` for the personal account.
    fn organization<'a>(&'a self, session: &'a Session) -> Option<&'a OrganizationId> {
        match &self.organization_id {
            Change::Keep => session.last_active_organization_id.as_ref(),
            Change::Clear => None,
            Change::Set(id) => Some(id).filter(|id| !id.as_str().is_empty()),
        }
    }
}

impl Clerk {
    /// Returns a session token: the short-lived JWT that proves to the app's backend who is signed in.
    ///
    /// Returns the cached token while more than 5 seconds of its lifetime remain, and fetches the next one in the
    /// background when 17 seconds remain; concurrent calls share one request. If FAPI returns tokens with less lifetime than that, the
    /// refresh waits for 5 seconds, then twice as long each time, but not longer than until the token expires. Returns `None` if the
    /// session has no user. If FAPI can't be reached, retries for about 15 seconds; a request that gets no response ends with the
    /// timeout of the transport, and is not sent again.
    ///
    /// If FAPI asks to wait (`Retry-After`), no request for a token is sent before that time, ten minutes at most. Until then
    /// callers get the cached token while it is valid, and the error with [`retry_after`](Error::retry_after) afterwards.
    ///
    /// # Errors
    /// `not_loaded`, `no_active_session` if the session is not signed in on this device, `clerk_offline` if FAPI did
    /// not respond, or `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/tokens[/{template}]`; `Session.getToken()`.
    pub async fn get_token(&self, params: GetTokenParams) -> Result<Option<SessionToken>> {
        let cached = |snapshot: &Snapshot, now| {
            let session = snapshot.client.as_deref()?.signed_in_session(&params.session_id)?;
            self.cached_token(snapshot, session, params.template.as_deref(), params.organization(session), now)
        };
        if !params.skip_cache
            && let Some(token) = self.read_current(cached).flatten()
        {
            return Ok(Some(token));
        }
        self.find_or_mint_unless_signed_out(params).await
    }

    /// In a box: what a cached token does not need would make the futures of its callers large, and moving them slow.
    fn find_or_mint_unless_signed_out(&self, params: GetTokenParams) -> BoxFuture<'_, Result<Option<SessionToken>>> {
        Box::pin(async move {
            let session = params.session_id.clone();
            // Nobody waits for the token of a session that the user signs out of.
            self.unless_signed_out(Some(&session), self.find_or_mint(params)).await
        })
    }

    /// Reads the current state in place; `None` if a session in it has ended by now.
    fn read_current<T>(&self, read: impl FnOnce(&Snapshot, Moment) -> T) -> Option<T> {
        let now = self.now();
        self.0.store.with_current(|snapshot| (!snapshot.has_ended(now)).then(|| read(snapshot, now)))
    }

    /// Returns a token that is not due for a refresh, without an allocation.
    fn cached_token(
        &self,
        snapshot: &Snapshot,
        session: &Session,
        template: Option<&str>,
        organization: Option<&OrganizationId>,
        now: Moment,
    ) -> Option<SessionToken> {
        if !snapshot.is_loaded() || session.user.is_none() {
            return None;
        }
        self.0.store.tokens.fresh((&session.id, template, organization), now, REFRESH_THRESHOLD_MS)
    }

    async fn find_or_mint(&self, params: GetTokenParams) -> Result<Option<SessionToken>> {
        let snapshot = self.loaded().await?;
        let session = snapshot
            .client
            .as_deref()
            .and_then(|client| client.signed_in_session(&params.session_id))
            .ok_or_else(|| {
                ErrorCode::NoActiveSession.error("the session is not signed in on this device; sign in to get a token")
            })?;
        if session.user.is_none() {
            return Ok(None);
        }
        let organization = params.organization(session).cloned();
        let id = TokenId { session: session.id.clone(), template: params.template, organization };
        if params.skip_cache {
            return self.mint(id, true).await.map(Some).map_err(offline);
        }
        let cache = &self.0.store.tokens;
        let now = self.now();
        match cache.get(&id).map(|cached| (cached.remaining_ms(now), cached)) {
            Some((remaining, cached)) if remaining > REFRESH_THRESHOLD_MS => Ok(Some(cached.token)),
            // FAPI returns none with a longer remaining lifetime.
            Some((remaining, cached)) if remaining > 0 && !cache.may_refresh(&id, now) => Ok(Some(cached.token)),
            Some((remaining, cached)) if remaining > HARD_THRESHOLD_MS => {
                let refresh = self.shared_mint(id);
                task::spawn(async move {
                    if let Err(error) = refresh.await {
                        tracing::debug!(code = error.code(), "a session token could not be refreshed ahead of time");
                    }
                });
                Ok(Some(cached.token))
            }
            _ => self.shared_mint(id).await.map(Some).map_err(offline),
        }
    }

    /// Returns the session token of the active session, or `None` if signed out.
    ///
    /// # Errors
    /// As [`get_token`](Self::get_token).
    pub async fn session_token(&self) -> Result<Option<SessionToken>> {
        let cached = |snapshot: &Snapshot, now| {
            let session = snapshot.session()?;
            self.cached_token(snapshot, session, None, session.last_active_organization_id.as_ref(), now)
        };
        if let Some(token) = self.read_current(cached).flatten() {
            return Ok(Some(token));
        }
        let snapshot = self.snapshot_at(self.now());
        let Some(session) = snapshot.session() else { return Ok(None) };
        self.find_or_mint_unless_signed_out(GetTokenParams::new(session.id.clone())).await
    }

    /// Mints the token with one request for all concurrent callers.
    pub(super) fn shared_mint(&self, id: TokenId) -> Minting {
        self.0.store.tokens.minting(&id.clone(), || {
            let clerk = self.clone();
            // In a task of its own, so that it goes on when its callers are cancelled.
            let minted = task::spawn(async move {
                let result = clerk.mint(id.clone(), false).await;
                clerk.0.store.tokens.finish_minting(&id);
                result
            });
            let failed = |_| Err(ErrorCode::NetworkError.error("the session token could not be minted; try again"));
            Box::pin(async move { minted.await.unwrap_or_else(failed) })
        })
    }

    async fn mint(&self, id: TokenId, skip_cache: bool) -> Result<SessionToken> {
        let generation = self.0.store.tokens.generation();
        let mut delays = MINT_RETRY_DELAYS.iter();
        let started = Instant::now();
        let token = loop {
            match self.mint_once(&id, skip_cache).await {
                // A wait that FAPI asks for is longer than a caller waits.
                Err(error) if error.is_transient() && error.retry_after().is_none() => match delays.next() {
                    Some(delay) if started.elapsed() < MINT_RETRY_TIME => tokio::time::sleep(*delay).await,
                    _ => return Err(error),
                },
                other => break other?,
            }
        };
        let now = self.now();
        let received = ReceivedToken::minted(token.clone(), now);
        if !self.0.store.tokens.put(id.clone(), received.clone(), generation) {
            return Ok(token);
        }
        // The one that is held may be newer at its origin.
        let held = self.0.store.tokens.get(&id).map_or(0, |held| held.remaining_ms(now));
        self.0.store.tokens.note_minted(&id, now, held <= REFRESH_THRESHOLD_MS);
        // A token of a template, or for another organization, does not describe the session's current state.
        let snapshot = self.snapshot();
        let session = snapshot.client.as_deref().and_then(|client| client.signed_in_session(&id.session));
        let is_of_session = id.template.is_none()
            && session.is_some_and(|session| session.last_active_organization_id == id.organization)
            && snapshot.last_active_token(&id.session) != Some(token.expose());
        if is_of_session {
            self.commit([Transition::TokenMinted { session: id.session, token: received }]).await;
            self.0.upkeep.wake();
        }
        Ok(token)
    }

    async fn mint_once(&self, id: &TokenId, skip_cache: bool) -> Result<SessionToken> {
        let json = Secret::new(match &id.template {
            Some(template) => self.request(&create_template_token(&id.session, template, skip_cache)).await?,
            None => self.mint_session_token(id, skip_cache).await?,
        });
        match json.expose().field::<SessionToken>("jwt") {
            Some(token) if !token.expose().is_empty() => Ok(token),
            _ => Err(ErrorCode::NetworkError.error("the Frontend API returned an empty session token")),
        }
    }

    async fn mint_session_token(&self, id: &TokenId, skip_cache: bool) -> Result<Json> {
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

/// Converts the error after the last retry: FAPI did not respond, so this device is offline.
fn offline(error: Error) -> Error {
    if error.is(ErrorCode::NetworkError) {
        ErrorCode::Offline
            .error("this device seems to be offline, so no session token can be minted; the session stays signed in, try again later")
    } else {
        error
    }
}

/// `POST /v1/client/sessions/{id}/tokens`: mints a session token for the organization, or for the personal account.
fn create_token(id: &SessionId, organization: Option<&OrganizationId>, mint: &Mint) -> Request {
    let mut form = Form::default().with("organization_id", organization.map_or("", OrganizationId::as_str));
    if let Some(previous) = &mint.minter_token {
        form = form.with("token", previous.expose());
    }
    if mint.force_origin {
        form = form.with("force_origin", "true");
    }
    let mut request =
        Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "tokens"])).form(form).background();
    if mint.skip_cache {
        request = request.query("debug", "skip_cache");
    }
    if let Some(expired) = &mint.expired_token {
        request = request.query("expired_token", expired.expose());
    }
    request
}

/// `POST /v1/client/sessions/{id}/tokens/{template}`: mints a token from a JWT template.
fn create_template_token(id: &SessionId, template: &str, skip_cache: bool) -> Request {
    let request =
        Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "tokens", template])).background();
    if skip_cache { request.query("debug", "skip_cache") } else { request }
}

/// Details of a session token request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mint {
    /// Whether to bypass caches on the way.
    pub(crate) skip_cache: bool,
    /// Whether the token must come from its origin, for instances with `auth_config.session_minter`.
    pub(crate) force_origin: bool,
    /// The previous token, for instances with `auth_config.session_minter`.
    pub(crate) minter_token: Option<SessionToken>,
    /// The previous token, if FAPI requested it with `missing_expired_token`.
    pub(crate) expired_token: Option<SessionToken>,
}
