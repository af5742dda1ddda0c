//! The auth state at one point in time: immutable, shared by reference.
//!
//! Session, user and organization are looked up in the client, so there is no second copy that could become stale.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use serde::Serialize;

use crate::{
    error::ErrorPayload,
    events::Status,
    fapi::{InstanceType, json::Json},
    jwt::ReceivedToken,
    models::{Client, Environment, Organization, Session, SessionId, SessionStatus, User},
    options::{ClerkOptions, SdkMetadata},
    secret::Secret,
    state::signed_out::SignedOut,
    time::Moment,
};

/// After this time, even an unchanged response makes a revision, so that the stored confirmation time stays recent.
const LONGEST_SILENCE_MS: i64 = 12 * 60 * 60 * 1000;

/// The active session of this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ActiveSession {
    /// Not known yet, or changing.
    Unknown,
    /// Signed out.
    None,
    /// A session is active.
    Session {
        /// The id of the session.
        session_id: SessionId,
    },
}

/// The features and plans that the newest session token of a session grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entitlements {
    /// The claim `fea`, e.g. `o:reports,u:notes`.
    pub features: String,
    /// The claim `pla`, e.g. `u:pro`.
    pub plans: String,
    /// For how many milliseconds the token grants them from now on.
    #[specta(type = u32)]
    pub remaining_ms: i64,
}

/// The auth state at one point in time.
#[derive(Clone, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Snapshot {
    /// Incremented with each change.
    #[specta(type = u32)]
    pub revision: u64,
    /// The loading status.
    pub status: Status,
    /// Why the status is `error` or `degraded`.
    pub error: Option<ErrorPayload>,
    /// The publishable key in use.
    pub publishable_key: Option<String>,
    /// The host of the Frontend API, as named by the key.
    pub frontend_api: Option<String>,
    /// The type of the instance.
    pub instance_type: Option<InstanceType>,
    /// The domain in use; empty if none is configured.
    pub domain: String,
    /// The proxy in use; empty if none is configured.
    pub proxy_url: String,
    /// The SDK that the app uses.
    pub sdk_metadata: SdkMetadata,
    /// Version of this crate.
    pub version: &'static str,
    /// The options in effect.
    pub options: Arc<ClerkOptions>,
    /// This device's sessions and attempts; absent until they are loaded.
    pub client: Option<Arc<Client>>,
    /// The active session.
    pub active_session: ActiveSession,
    /// The instance's settings; absent until they are loaded.
    pub environment: Option<Arc<Environment>>,
    /// For windows, which may not have session tokens: what the tokens grant. In Rust, it is empty; use
    /// [`Clerk::check_authorization`](crate::Clerk::check_authorization).
    pub entitlements: BTreeMap<SessionId, Entitlements>,
    /// The client as FAPI sent it, including fields without a typed counterpart, but without session tokens.
    #[serde(skip)]
    pub(crate) raw_client: Option<Arc<Secret<Json>>>,
    /// The environment as FAPI sent it.
    #[serde(skip)]
    pub(crate) raw_environment: Option<Arc<Json>>,
    /// The freshest session token of each session.
    #[serde(skip)]
    pub(crate) session_tokens: Arc<BTreeMap<SessionId, ReceivedToken>>,
    /// How long a session without `expire_at` counts as signed in without a word from FAPI.
    #[serde(skip)]
    pub(crate) max_offline_age_ms: i64,
    /// When the client was received.
    #[serde(skip)]
    pub(crate) received: Moment,
    /// How many milliseconds after `received` the next session ends. Of the current state only, see [`Self::has_ended`].
    #[serde(skip)]
    pub(crate) lifetime_ms: i64,
    /// The session that was active until it ended by our clock. It is active again if FAPI says that it goes on.
    #[serde(skip)]
    pub(crate) timed_out: Option<SessionId>,
    /// When this state was made.
    #[serde(skip)]
    pub(crate) at: Moment,
    /// When this revision was made.
    #[serde(skip)]
    pub(crate) revised: Moment,
    /// Whether the client was restored from an earlier run and FAPI has not sent a newer one.
    #[serde(skip)]
    pub(crate) restored: bool,
    /// When FAPI confirmed the client of an earlier run; absent if it sent one in this run.
    #[serde(skip)]
    pub(crate) confirmed_at_ms: Option<i64>,
    /// Sessions that were signed out on this device. FAPI may not know that yet.
    #[serde(skip)]
    pub(crate) signed_out: Arc<SignedOut>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("revision", &self.revision)
            .field("status", &self.status)
            .field("active_session", &self.active_session)
            .finish_non_exhaustive()
    }
}

/// Whether two parts of a state are equal. Those that did not change are shared.
fn is_equal<T: PartialEq>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Whether two texts say the same. Those that did not change are shared.
fn says_the_same(one: Option<&Json>, other: Option<&Json>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => std::ptr::eq(one, other) || one.says_the_same_as(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl Snapshot {
    pub(crate) fn initial(sdk_metadata: SdkMetadata, options: ClerkOptions) -> Self {
        let start = Moment { wall_ms: 0, monotonic: Instant::now() };
        Self {
            revision: 0,
            status: Status::Loading,
            error: None,
            publishable_key: None,
            frontend_api: None,
            instance_type: None,
            domain: String::new(),
            proxy_url: String::new(),
            sdk_metadata: options.sdk_metadata.clone().unwrap_or(sdk_metadata),
            version: env!("CARGO_PKG_VERSION"),
            options: Arc::new(options),
            client: None,
            active_session: ActiveSession::Unknown,
            environment: None,
            entitlements: BTreeMap::new(),
            raw_client: None,
            raw_environment: None,
            session_tokens: Arc::default(),
            max_offline_age_ms: i64::MAX,
            received: start,
            lifetime_ms: i64::MAX,
            timed_out: None,
            at: start,
            revised: start,
            restored: false,
            confirmed_at_ms: None,
            signed_out: Arc::default(),
        }
    }

    /// Returns this state with the revision and the data of `before` if nothing changed, so that windows and listeners are not
    /// notified and nothing is written.
    pub(crate) fn unless_same_as(self, before: &Self) -> Self {
        if self.revision == before.revision {
            return self;
        }
        let is_same = self.shows_the_same_as(before)
            && !self.has_contradicted_session()
            && self.ages_are_the_same_as(before)
            && before.revised.elapsed_ms(self.at) < LONGEST_SILENCE_MS;
        if !is_same {
            return Self { revised: self.at, ..self };
        }
        Self {
            revision: before.revision,
            options: before.options.clone(),
            client: before.client.clone(),
            raw_client: before.raw_client.clone(),
            environment: before.environment.clone(),
            raw_environment: before.raw_environment.clone(),
            ..self
        }
    }

    /// Whether everything is equal that windows, listeners, and the next run see.
    fn shows_the_same_as(&self, other: &Self) -> bool {
        self.status == other.status
            && self.error == other.error
            && self.active_session == other.active_session
            && self.restored == other.restored
            // Calls for a session wait for the end of that session.
            && self.signed_out == other.signed_out
            && (&self.publishable_key, &self.frontend_api, &self.domain, &self.proxy_url)
                == (&other.publishable_key, &other.frontend_api, &other.domain, &other.proxy_url)
            && (self.instance_type, &self.sdk_metadata) == (other.instance_type, &other.sdk_metadata)
            && is_equal(Some(&self.options), Some(&other.options))
            && is_equal(self.client.as_ref(), other.client.as_ref())
            && is_equal(self.environment.as_ref(), other.environment.as_ref())
            // What FAPI sent says the same as the types, but for what they do not know. Comparing it may take longer.
            && says_the_same(self.raw_client.as_deref().map(Secret::expose), other.raw_client.as_deref().map(Secret::expose))
            && says_the_same(self.raw_environment.as_deref(), other.raw_environment.as_deref())
            && self.grants_the_same_as(other)
    }

    /// Whether the session tokens are the same, but for those that neither grant nor granted features or plans.
    fn grants_the_same_as(&self, other: &Self) -> bool {
        let is_same = |session: &SessionId| {
            let (new, held) = (self.session_token(session), other.session_token(session));
            new.map(|token| &token.token) == held.map(|token| &token.token)
                || ![new, held].into_iter().flatten().any(ReceivedToken::grants_something)
        };
        Arc::ptr_eq(&self.session_tokens, &other.session_tokens)
            || self.session_tokens.keys().chain(other.session_tokens.keys()).all(is_same)
    }

    /// Whether the verifications are as old as in `other`, by now.
    fn ages_are_the_same_as(&self, other: &Self) -> bool {
        let sessions = self.client.iter().flat_map(|client| &client.sessions);
        let age = |of: &Self, session: &Session| of.verification_age(session, self.at);
        sessions.into_iter().all(|session| age(self, session) == age(other, session))
    }

    /// Returns the same state with other options.
    pub(crate) fn with_options(&self, options: ClerkOptions) -> Self {
        let sdk_metadata = options.sdk_metadata.clone().unwrap_or_else(|| self.sdk_metadata.clone());
        Self { options: Arc::new(options), sdk_metadata, ..self.clone() }
    }

    /// Returns this state without what windows never get, so that it can be kept for them.
    pub(crate) fn without_raw(self: Arc<Self>) -> Arc<Self> {
        let state = Arc::unwrap_or_clone(self);
        Arc::new(Self { raw_client: None, raw_environment: None, session_tokens: Arc::default(), ..state })
    }

    /// Whether a window gets the same, whichever of the two states it is.
    #[doc(hidden)]
    #[must_use]
    pub fn is_the_same_for_windows(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.revision == other.revision
                && self.entitlements == other.entitlements
                && self.shows_the_same_as(other))
    }

    /// Returns both states without the large parts that are equal in them.
    #[doc(hidden)]
    #[must_use]
    pub fn different_parts(old: &Arc<Self>, new: &Arc<Self>) -> (Self, Self) {
        let (mut old, mut new) = ((**old).clone(), (**new).clone());
        if is_equal(old.client.as_ref(), new.client.as_ref()) {
            (old.client, new.client) = (None, None);
        }
        if is_equal(old.environment.as_ref(), new.environment.as_ref()) {
            (old.environment, new.environment) = (None, None);
        }
        if is_equal(Some(&old.options), Some(&new.options)) {
            (old.options, new.options) = Default::default();
        }
        (old, new)
    }

    /// Whether Clerk can be used: the status is `ready` or `degraded`.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        matches!(self.status, Status::Ready | Status::Degraded)
    }

    /// Returns the active session: `active`, or `pending` while tasks are pending.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.active_session {
            ActiveSession::Session { session_id } => self.client.as_deref()?.signed_in_session(session_id),
            ActiveSession::Unknown | ActiveSession::None => None,
        }
    }

    /// Whether the client has this session, whatever its status.
    pub(crate) fn lists_session(&self, id: &SessionId) -> bool {
        self.client.as_deref().is_some_and(|client| client.sessions.iter().any(|session| session.id == *id))
    }

    /// Returns the client as FAPI sent it.
    pub(crate) fn client_tree(&self) -> Option<Secret<serde_json::Value>> {
        self.raw_client.as_deref()?.expose().tree().ok().map(Secret::new)
    }

    /// Returns the user of the active session.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.session()?.user.as_deref()
    }

    /// Returns the active organization of the active session.
    #[must_use]
    pub fn organization(&self) -> Option<&Organization> {
        Some(&self.session()?.active_membership()?.organization)
    }

    /// Whether an incoming client may select the active session: it is the first client, or the restored session no
    /// longer exists.
    pub(crate) fn may_select_session(&self, incoming: &Client) -> bool {
        let still_there = || self.session().is_some_and(|session| incoming.signed_in_session(&session.id).is_some());
        self.client.is_none() || (self.restored && !still_there())
    }

    /// Whether this state shows a user or a session that `next` does not show any more. A state without a client, as while
    /// loading, says nothing about who is signed in.
    pub(crate) fn shows_somebody_else_than(&self, next: &Self) -> bool {
        let (Some(client), Some(next_client)) = (&self.client, &next.client) else { return false };
        let user = |state: &Self| state.user().map(|user| user.id.clone());
        client.signed_in_sessions().any(|session| next_client.signed_in_session(&session.id).is_none())
            || (self.session().is_some() && user(self) != user(next))
    }

    /// Whether a user is signed in without pending tasks; false for a `pending` session.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.session().is_some_and(|session| session.status != SessionStatus::Pending)
    }

    /// Returns the freshest known token of a session, when it was received, and when it expires.
    pub(crate) fn session_token(&self, session: &SessionId) -> Option<&ReceivedToken> {
        self.session_tokens.get(session)
    }

    /// Returns the freshest known token of a session for its active organization.
    pub(crate) fn last_active_token(&self, session: &SessionId) -> Option<&str> {
        self.session_token(session).map(|received| received.token.expose())
    }
}
