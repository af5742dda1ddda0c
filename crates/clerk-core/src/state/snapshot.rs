//! The auth state at one moment: immutable, shared by reference.
//!
//! Session, user and organization are looked up in the client; there is no second copy that could go stale.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::Value;

use crate::{
    error::ErrorPayload,
    events::Status,
    fapi::InstanceType,
    models::{Client, Environment, Organization, Session, SessionId, SessionStatus, User},
    options::{ClerkOptions, SdkMetadata},
    secret::SessionToken,
};

/// Which session is the active one on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ActiveSession {
    /// Not known yet, or changing.
    Unknown,
    /// Nobody is signed in.
    None,
    /// This one.
    Session {
        /// Its id.
        session_id: SessionId,
    },
}

/// The auth state at one moment.
#[derive(Clone, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Snapshot {
    /// Grows by one with each change.
    #[specta(type = u32)]
    pub revision: u64,
    /// How far Clerk is.
    pub status: Status,
    /// Why the status is `error` or `degraded`.
    pub error: Option<ErrorPayload>,
    /// The publishable key in use.
    pub publishable_key: Option<String>,
    /// Host of the Frontend API that the key names.
    pub frontend_api: Option<String>,
    /// Development or production.
    pub instance_type: Option<InstanceType>,
    /// The domain in use; empty when none is configured.
    pub domain: String,
    /// The proxy in use; empty when none is configured.
    pub proxy_url: String,
    /// The SDK that the app uses.
    pub sdk_metadata: SdkMetadata,
    /// Version of this crate.
    pub version: &'static str,
    /// The options in force.
    pub options: Arc<ClerkOptions>,
    /// This device's sessions and attempts; absent until it was loaded.
    pub client: Option<Arc<Client>>,
    /// Which session is active.
    pub active_session: ActiveSession,
    /// The instance's settings; absent until they were loaded.
    pub environment: Option<Arc<Environment>>,
    /// The client as FAPI sent it, with what the typed view leaves out. It holds session tokens.
    #[serde(skip)]
    pub(crate) raw_client: Option<Arc<Value>>,
    /// The environment as FAPI sent it.
    #[serde(skip)]
    pub(crate) raw_environment: Option<Arc<Value>>,
    /// The freshest session token of each session that has one.
    #[serde(skip)]
    pub(crate) session_tokens: Arc<BTreeMap<SessionId, SessionToken>>,
    /// Whether the client is what an earlier run knew, and FAPI has not said anything of it yet.
    #[serde(skip)]
    pub(crate) restored: bool,
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

impl Snapshot {
    pub(crate) fn initial(sdk_metadata: SdkMetadata, options: ClerkOptions) -> Self {
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
            raw_client: None,
            raw_environment: None,
            session_tokens: Arc::default(),
            restored: false,
        }
    }

    /// The same state with other options.
    pub(crate) fn with_options(&self, options: ClerkOptions) -> Self {
        let sdk_metadata = options.sdk_metadata.clone().unwrap_or_else(|| self.sdk_metadata.clone());
        Self { options: Arc::new(options), sdk_metadata, ..self.clone() }
    }

    /// Whether Clerk can be used: the status is `ready` or `degraded`.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        matches!(self.status, Status::Ready | Status::Degraded)
    }

    /// The active session: `active`, or `pending` while tasks are left to do.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.active_session {
            ActiveSession::Session { session_id } => self.client.as_deref()?.signed_in_session(session_id),
            ActiveSession::Unknown | ActiveSession::None => None,
        }
    }

    /// The user of the active session.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.session()?.user.as_ref()
    }

    /// The active organization of the active session.
    #[must_use]
    pub fn organization(&self) -> Option<&Organization> {
        Some(&self.session()?.active_membership()?.organization)
    }

    /// Whether a client that FAPI sends may still choose who is active: it is the first one, or what was restored is not
    /// true any more.
    pub(crate) fn lets_choose(&self, incoming: &Client) -> bool {
        let still_there = || self.session().is_some_and(|session| incoming.signed_in_session(&session.id).is_some());
        self.client.is_none() || (self.restored && !still_there())
    }

    /// Whether somebody is signed in with nothing left to do: false for a `pending` session.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.session().is_some_and(|session| session.status != SessionStatus::Pending)
    }

    /// The freshest session token that is known of a session, for its active organization.
    pub(crate) fn last_active_token(&self, session: &SessionId) -> Option<&str> {
        self.session_tokens.get(session).map(SessionToken::expose)
    }
}
