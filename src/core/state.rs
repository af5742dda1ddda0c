//! The auth state, and the only code that changes it.
//!
//! A [`Snapshot`] is immutable; a [`Transition`] makes the next one. Applying is pure: no I/O, no clock, no locks.
//! Session, user and organization are looked up in the client; there is no second copy that could go stale.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use serde_json::Value;

use super::{ClerkOptions, SdkMetadata, session_token};
use crate::{
    error::{Error, ErrorPayload},
    fapi::{Instance, InstanceType},
    models::{Client, Environment, Organization, OrganizationId, Session, SessionId, SessionStatus, User},
    secret::SessionToken,
};

/// How far Clerk is.
///
/// Source: `Clerk.status` of Clerk's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Not loaded yet.
    Loading,
    /// Fully operational.
    Ready,
    /// Operational on what was kept from an earlier run.
    Degraded,
    /// Loading failed; see [`Snapshot::error`].
    Error,
}

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
            version: crate::VERSION,
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

/// The session tokens that FAPI sent along with the sessions of a client.
fn tokens_of(raw_client: &Value) -> impl Iterator<Item = (SessionId, SessionToken)> + '_ {
    raw_client["sessions"].as_array().into_iter().flatten().filter_map(|session| {
        let jwt = session["last_active_token"]["jwt"].as_str().filter(|jwt| !jwt.is_empty())?;
        Some((SessionId::from(session["id"].as_str()?), SessionToken::new(jwt)))
    })
}

/// Every change of the state is one of these.
#[derive(Debug)]
pub(crate) enum Transition {
    /// Loading begins, for this instance.
    Loading(Box<Instance>),
    /// Loading failed.
    LoadFailed(Error),
    /// Loading succeeded.
    Loaded,
    /// FAPI gives no answer, so what an earlier run knew stays.
    Degraded(Error),
    /// Options were given.
    Options(Box<ClerkOptions>),
    /// The instance's settings arrived.
    Environment { typed: Box<Environment>, raw: Value },
    /// A client arrived.
    Client { typed: Box<Client>, raw: Value },
    /// The client and the environment of an earlier run stand in for what FAPI has not said yet; `active` is the session to
    /// begin with.
    Restored { client: (Box<Client>, Value), environment: (Box<Environment>, Value), active: Option<SessionId> },
    /// The active session is another one, or none.
    Activate(Option<SessionId>),
    /// A session token was minted for a session and its active organization. Nobody hears of it: tokens are not in what
    /// windows and listeners are shown.
    TokenMinted { session: SessionId, token: SessionToken },
    /// The active organization of a session is another one, as an answer without a client said.
    SelectOrganization { session: SessionId, organization: Option<OrganizationId> },
}

impl Snapshot {
    /// The state after `transition`.
    pub(crate) fn after(&self, transition: Transition) -> Self {
        let mut next = self.clone();
        next.revision += u64::from(!matches!(transition, Transition::TokenMinted { .. }));
        match transition {
            Transition::Loading(instance) => {
                next.forget();
                next.status = Status::Loading;
                next.error = None;
                next.publishable_key = Some(instance.key().as_str().to_owned());
                next.frontend_api = Some(instance.key().frontend_api().to_owned());
                next.instance_type = Some(instance.key().instance_type());
                instance.domain().clone_into(&mut next.domain);
                next.proxy_url = instance.proxy_url().map(ToString::to_string).unwrap_or_default();
            }
            Transition::LoadFailed(error) => {
                next.forget();
                next.status = Status::Error;
                next.error = Some(ErrorPayload::from(error));
            }
            Transition::Loaded => {
                next.status = Status::Ready;
                next.error = None;
            }
            Transition::Options(options) => {
                if let Some(metadata) = &options.sdk_metadata {
                    metadata.clone_into(&mut next.sdk_metadata);
                }
                next.options = Arc::from(options);
            }
            Transition::Degraded(error) => {
                next.status = Status::Degraded;
                next.error = Some(ErrorPayload::from(error));
            }
            Transition::Environment { typed, raw } => {
                next.environment = Some(Arc::from(typed));
                next.raw_environment = Some(Arc::new(raw));
            }
            Transition::Client { typed, raw } => next.take_client(*typed, raw),
            Transition::Restored { client, environment, active } => {
                next.environment = Some(Arc::from(environment.0));
                next.raw_environment = Some(Arc::new(environment.1));
                next.take_client(*client.0, client.1);
                next.activate(active);
                next.restored = true;
                next.status = Status::Degraded;
            }
            Transition::Activate(session) => {
                next.activate(session);
                next.restored = false;
            }
            Transition::TokenMinted { session, token } => {
                if session_token::is_fresher(&token, next.session_tokens.get(&session)) {
                    Arc::make_mut(&mut next.session_tokens).insert(session, token);
                }
            }
            Transition::SelectOrganization { session, organization } => {
                if let Some(client) = &mut next.client
                    && let Some(session) =
                        Arc::make_mut(client).sessions.iter_mut().find(|candidate| candidate.id == session)
                {
                    session.last_active_organization_id.clone_from(&organization);
                }
                if let Some(sessions) =
                    next.raw_client.as_mut().and_then(|raw| Arc::make_mut(raw).get_mut("sessions")?.as_array_mut())
                {
                    let same = sessions.iter_mut().filter(|raw| raw["id"] == session.as_str());
                    same.for_each(|raw| raw["last_active_organization_id"] = serde_json::json!(organization));
                }
            }
        }
        next
    }

    /// Forgets what is known of this device and of the instance.
    fn forget(&mut self) {
        (self.client, self.raw_client, self.session_tokens) = (None, None, Arc::default());
        (self.environment, self.raw_environment) = (None, None);
        (self.active_session, self.restored) = (ActiveSession::Unknown, false);
    }

    fn activate(&mut self, session: Option<SessionId>) {
        self.active_session = match session {
            Some(session_id) => ActiveSession::Session { session_id },
            None => ActiveSession::None,
        };
        self.drop_vanished_session();
    }

    /// The first client brings the initial session along; later ones can only take the active session away. Somebody
    /// who signed in becomes active by `set_active` and not by the arrival of a session.
    fn take_client(&mut self, typed: Client, raw: Value) {
        let choose = self.lets_choose(&typed);
        self.restored = false;
        if choose {
            self.active_session = match typed.default_session() {
                Some(session) => ActiveSession::Session { session_id: session.id.clone() },
                None => ActiveSession::None,
            };
        }
        // A client that was under way while a token was minted must not bring the old one back.
        let tokens = tokens_of(&raw).map(|(session, token)| {
            let held = self.session_tokens.get(&session).filter(|held| !session_token::is_fresher(&token, Some(held)));
            let token = held.cloned().unwrap_or(token);
            (session, token)
        });
        self.session_tokens = Arc::new(tokens.collect());
        self.client = Some(Arc::new(typed));
        self.raw_client = Some(Arc::new(raw));
        self.drop_vanished_session();
    }

    fn drop_vanished_session(&mut self) {
        if matches!(self.active_session, ActiveSession::Session { .. }) && self.session().is_none() {
            self.active_session = ActiveSession::None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::wire::Wire;
    use serde_json::json;

    fn initial() -> Snapshot {
        Snapshot::initial(SdkMetadata::default(), ClerkOptions::default())
    }

    fn client(json: Value) -> Transition {
        Transition::Client { typed: Box::new(Client::read(&json).unwrap()), raw: json }
    }

    fn session(id: &str, status: &str) -> Value {
        json!({ "id": id, "status": status, "user": { "id": "user_1" }, "last_active_token": { "jwt": "a.b.c" } })
    }

    fn active_id(snapshot: &Snapshot) -> Option<&str> {
        snapshot.session().map(|session| session.id.as_str())
    }

    #[test]
    fn the_first_client_brings_the_last_active_session_along() {
        let sessions = [session("sess_1", "active"), session("sess_2", "active"), session("sess_3", "ended")];
        for (last_active, expected) in [("sess_2", "sess_2"), ("sess_3", "sess_1"), ("sess_9", "sess_1")] {
            let state = initial().after(client(json!({ "sessions": sessions, "last_active_session_id": last_active })));
            assert_eq!(active_id(&state), Some(expected));
        }
    }

    #[test]
    fn a_session_that_arrives_later_is_not_adopted() {
        let state = initial().after(client(json!({ "sessions": [] })));
        assert_eq!(state.active_session, ActiveSession::None);
        let state = state.after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert_eq!(state.active_session, ActiveSession::None);
        assert_eq!(active_id(&state.after(Transition::Activate(Some("sess_1".into())))), Some("sess_1"));
    }

    #[test]
    fn a_session_that_vanishes_signs_out() {
        let signed_in = initial().after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert!(signed_in.is_signed_in());
        for sessions in [json!([]), json!([session("sess_1", "ended")]), json!([session("sess_2", "active")])] {
            let state = signed_in.after(client(json!({ "sessions": sessions })));
            assert_eq!((state.active_session.clone(), state.user().is_none()), (ActiveSession::None, true));
        }
    }

    #[test]
    fn a_pending_session_has_a_user_and_is_not_signed_in() {
        let state = initial().after(client(json!({ "sessions": [session("sess_1", "pending")] })));
        assert!(state.session().is_some() && state.user().is_some() && !state.is_signed_in());
    }

    #[test]
    fn an_unknown_session_can_not_be_activated() {
        let state = initial().after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert_eq!(state.after(Transition::Activate(Some("sess_9".into()))).active_session, ActiveSession::None);
    }

    #[test]
    fn each_transition_is_a_new_revision_and_leaves_the_old_state_alone() {
        let before = initial();
        let after = before.after(Transition::Loaded);
        assert_eq!(
            (before.revision, before.status, after.revision, after.status),
            (0, Status::Loading, 1, Status::Ready)
        );
    }

    #[test]
    fn the_fresher_session_token_stays() {
        use base64::Engine;
        let jwt = |iat: i64, organization: &str| {
            let part = |json: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
            format!("{}.{}.x", part(json!({})), part(json!({ "iat": iat, "exp": iat + 60, "org_id": organization })))
        };
        let with_oiat = |iat: i64, organization: &str| {
            let token = jwt(iat, organization);
            let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({ "oiat": iat }).to_string());
            token.replacen(token.split('.').next().unwrap(), &header, 1)
        };
        let arriving = |token: &str| {
            let mut signed_in = session("sess_1", "active");
            signed_in["last_active_token"]["jwt"] = token.into();
            client(json!({ "sessions": [signed_in] }))
        };
        let (old, new, elsewhere) = (with_oiat(10, "org_1"), with_oiat(20, "org_1"), with_oiat(5, "org_2"));
        let known = |state: &Snapshot| state.last_active_token(&"sess_1".into()).map(str::to_owned);
        let minted =
            |token: &str| Transition::TokenMinted { session: "sess_1".into(), token: SessionToken::new(token) };
        let state = initial().after(arriving(&old)).after(minted(&new));
        assert_eq!(known(&state), Some(new.clone()));
        assert_eq!(known(&state.after(minted(&old))), Some(new.clone()), "a late answer");
        assert_eq!(known(&state.after(arriving(&old))), Some(new), "a late client");
        assert_eq!(known(&state.after(arriving(&elsewhere))), Some(elsewhere), "another organization");
        let without = client(json!({ "sessions": [{ "id": "sess_1", "status": "active" }] }));
        assert_eq!(known(&state.after(without)), None, "a session without one");
    }

    #[test]
    fn the_webview_gets_no_session_token() {
        let state = initial().after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert_eq!(state.last_active_token(&"sess_1".into()), Some("a.b.c"));
        assert!(!serde_json::to_string(&state).unwrap().contains("a.b.c"));
        assert!(!format!("{state:?}").contains("a.b.c"));
    }
}
