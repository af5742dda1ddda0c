//! The transitions of the state. Applying one is pure: no I/O, no clock, no locks.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};

use crate::{
    error::{Error, ErrorPayload},
    events::Status,
    fapi::{
        Instance,
        json::Json,
        received_client::{ReceivedClient, drop_sessions},
    },
    jwt::{ReceivedToken, is_fresher},
    models::{Client, Environment, OrganizationId, SessionId},
    options::ClerkOptions,
    secret::Secret,
    state::snapshot::{ActiveSession, Snapshot},
};

/// A change of the state.
#[derive(Debug)]
pub(crate) enum Transition {
    /// Loading begins, for this instance.
    Loading(Box<Instance>),
    /// Loading failed.
    LoadFailed(Error),
    /// Loading succeeded.
    Loaded,
    /// FAPI does not respond, so the restored state stays.
    Degraded(Error),
    /// The options changed.
    Options(Box<ClerkOptions>),
    /// The instance's settings arrived.
    Environment { typed: Box<Environment>, raw: Json },
    /// A client arrived.
    Client(Box<ReceivedClient>),
    /// The client and the environment of an earlier run were restored, until FAPI responds; `active` is the initial
    /// session.
    Restored {
        client: Box<ReceivedClient>,
        environment: (Box<Environment>, Json),
        active: Option<SessionId>,
        confirmed_at_ms: i64,
    },
    /// Sessions ended because their time has come.
    Aged,
    /// The user signed out of these sessions. They are not shown again, whatever a later response contains. Those in `pending`
    /// have not been ended by FAPI yet, so they are never forgotten.
    SignedOut { sessions: Vec<SessionId>, pending: BTreeSet<SessionId> },
    /// The active session changed.
    Activate(Option<SessionId>),
    /// A session token was minted for a session and its active organization. Listeners are not notified, unless the token grants
    /// something: tokens are not part of what windows and listeners see.
    TokenMinted { session: SessionId, token: ReceivedToken },
    /// The active organization of a session changed, according to a response without a client.
    SelectOrganization { session: SessionId, organization: Option<OrganizationId> },
}

impl Transition {
    /// Nothing is known of this device's client.
    pub(crate) fn unknown_client() -> Self {
        Self::Client(Box::new(ReceivedClient::unknown()))
    }

    /// A client arrives.
    #[cfg(test)]
    pub(crate) fn client(json: &Value) -> Self {
        Self::Client(Box::new(ReceivedClient::read(&json.to_string()).expect("an object")))
    }
}

impl Snapshot {
    /// Returns the state after `transition`.
    pub(crate) fn after(&self, transition: Transition) -> Self {
        let mut next = self.clone();
        next.revision += u64::from(match &transition {
            Transition::TokenMinted { session, token } => {
                token.grants_something() || self.session_token(session).is_some_and(ReceivedToken::grants_something)
            }
            _ => true,
        });
        match transition {
            Transition::Loading(instance) => {
                next.reset();
                next.status = Status::Loading;
                next.error = None;
                next.publishable_key = Some(instance.key().as_str().to_owned());
                next.frontend_api = Some(instance.key().frontend_api().to_owned());
                next.instance_type = Some(instance.key().instance_type());
                instance.domain().clone_into(&mut next.domain);
                next.proxy_url = instance.proxy_url().map(ToString::to_string).unwrap_or_default();
            }
            Transition::LoadFailed(error) => {
                next.reset();
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
            Transition::Client(client) => {
                let timed_out = next.timed_out.take();
                next.apply_client(*client);
                (next.confirmed_at_ms, next.received) = (None, self.at);
                // FAPI says that the session goes on, so our clock is wrong.
                if next.active_session == ActiveSession::None && timed_out.is_some() {
                    next.activate(timed_out);
                }
            }
            Transition::Aged => next.end_sessions(),
            Transition::Restored { client, environment, active, confirmed_at_ms } => {
                next.environment = Some(Arc::from(environment.0));
                next.raw_environment = Some(Arc::new(environment.1));
                next.apply_client(*client);
                next.activate(active);
                next.restored = true;
                (next.confirmed_at_ms, next.received) = (Some(confirmed_at_ms), self.at);
                next.status = Status::Degraded;
                next.end_sessions();
            }
            Transition::Activate(session) => {
                next.activate(session);
                next.timed_out = None;
                next.restored = false;
            }
            Transition::SignedOut { sessions, pending } => {
                Arc::make_mut(&mut next.signed_out).add(sessions, &pending);
                // Signing out does not activate another session.
                next.restored = false;
                if let (Some(client), Some(raw)) = (&self.client, &self.raw_client) {
                    next.set_client((**client).clone(), (**raw).clone());
                }
                let signed_out = next.signed_out.clone();
                Arc::make_mut(&mut next.session_tokens).retain(|session, _| !signed_out.contains(session));
            }
            Transition::TokenMinted { session, token } => {
                if !self.signed_out.contains(&session)
                    && is_fresher(&token.token, next.session_tokens.get(&session).map(|held| &held.token))
                {
                    Arc::make_mut(&mut next.session_tokens).insert(session, token);
                }
            }
            Transition::SelectOrganization { session, organization } => {
                if let Some(client) = &mut next.client
                    && let Some(typed) =
                        Arc::make_mut(client).sessions.iter_mut().find(|candidate| candidate.id == session)
                {
                    typed.last_active_organization_id.clone_from(&organization);
                }
                if let Some(raw) = &mut next.raw_client {
                    *raw = Arc::new(Secret::new(raw.expose().changed(|tree| {
                        let sessions = tree.get_mut("sessions").and_then(Value::as_array_mut).into_iter().flatten();
                        let same = sessions.filter(|raw| raw["id"] == session.as_str());
                        same.for_each(|raw| raw["last_active_organization_id"] = json!(organization));
                    })));
                }
            }
        }
        next
    }

    /// Clears the state of this device and of the instance.
    fn reset(&mut self) {
        (self.client, self.raw_client, self.session_tokens) = (None, None, Arc::default());
        (self.environment, self.raw_environment) = (None, None);
        (self.active_session, self.restored, self.timed_out) = (ActiveSession::Unknown, false, None);
        self.confirmed_at_ms = None;
    }

    fn activate(&mut self, session: Option<SessionId>) {
        self.active_session = match session {
            Some(session_id) => ActiveSession::Session { session_id },
            None => ActiveSession::None,
        };
        self.drop_vanished_session();
    }

    /// Applies a client that arrived, with its session tokens.
    fn apply_client(&mut self, client: ReceivedClient) {
        let ReceivedClient { typed, raw, tokens, .. } = client;
        // A client that was in flight while a token was minted must not bring the old token back.
        let server_ms = typed.newest_timestamp().0;
        let arrived = tokens.into_iter().filter(|(session, _)| !self.signed_out.contains(session));
        let tokens = arrived.map(|(session, token)| {
            // The same token comes with every client; only its first arrival tells when it was received.
            let held = self
                .session_tokens
                .get(&session)
                .filter(|held| held.token == token || !is_fresher(&token, Some(&held.token)));
            let received = || ReceivedToken::of_client(token.clone(), self.at, server_ms);
            let token = held.cloned().unwrap_or_else(received);
            (session, token)
        });
        self.session_tokens = Arc::new(tokens.collect());
        self.set_client(typed, raw);
    }

    /// Sets the client. The first client selects the initial session; later ones can only remove the active session. After
    /// a sign-in, `set_active` activates the new session, not its arrival.
    fn set_client(&mut self, mut typed: Client, mut raw: Secret<Json>) {
        // The client may be older than their end, or FAPI may not know it yet.
        drop_sessions(&mut typed, &mut raw, |session| self.signed_out.contains(session));
        let select = self.may_select_session(&typed);
        self.restored = false;
        if select {
            self.active_session = match typed.default_session() {
                Some(session) => ActiveSession::Session { session_id: session.id.clone() },
                None => ActiveSession::None,
            };
        }
        self.client = Some(Arc::new(typed));
        self.raw_client = Some(Arc::new(raw));
        self.drop_vanished_session();
    }

    pub(super) fn drop_vanished_session(&mut self) {
        if matches!(self.active_session, ActiveSession::Session { .. }) && self.session().is_none() {
            self.active_session = ActiveSession::None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{options::SdkMetadata, secret::SessionToken};

    fn initial() -> Snapshot {
        Snapshot::initial(SdkMetadata::default(), ClerkOptions::default())
    }

    fn client(json: Value) -> Transition {
        Transition::client(&json)
    }

    fn session(id: &str, status: &str) -> Value {
        json!({ "id": id, "status": status, "user": { "id": "user_1" }, "last_active_token": { "jwt": "a.b.c" } })
    }

    fn active_id(snapshot: &Snapshot) -> Option<&str> {
        snapshot.session().map(|session| session.id.as_str())
    }

    #[test]
    fn first_client_activates_the_last_active_session() {
        let sessions = [session("sess_1", "active"), session("sess_2", "active"), session("sess_3", "ended")];
        for (last_active, expected) in [("sess_2", "sess_2"), ("sess_3", "sess_1"), ("sess_9", "sess_1")] {
            let state = initial().after(client(json!({ "sessions": sessions, "last_active_session_id": last_active })));
            assert_eq!(active_id(&state), Some(expected));
        }
    }

    #[test]
    fn later_client_does_not_activate_a_session() {
        let state = initial().after(client(json!({ "sessions": [] })));
        assert_eq!(state.active_session, ActiveSession::None);
        let state = state.after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert_eq!(state.active_session, ActiveSession::None);
        assert_eq!(active_id(&state.after(Transition::Activate(Some("sess_1".into())))), Some("sess_1"));
    }

    #[test]
    fn later_client_without_the_active_session_signs_out() {
        let signed_in = initial().after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert!(signed_in.is_signed_in());
        for sessions in [json!([]), json!([session("sess_1", "ended")]), json!([session("sess_2", "active")])] {
            let state = signed_in.after(client(json!({ "sessions": sessions })));
            assert_eq!((state.active_session.clone(), state.user().is_none()), (ActiveSession::None, true));
        }
    }

    #[test]
    fn pending_session_has_a_user_but_is_not_signed_in() {
        let state = initial().after(client(json!({ "sessions": [session("sess_1", "pending")] })));
        assert!(state.session().is_some() && state.user().is_some() && !state.is_signed_in());
    }

    #[test]
    fn activate_ignores_unknown_session() {
        let state = initial().after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert_eq!(state.after(Transition::Activate(Some("sess_9".into()))).active_session, ActiveSession::None);
    }

    #[test]
    fn after_increments_the_revision_of_a_copy() {
        let before = initial();
        let after = before.after(Transition::Loaded);
        assert_eq!(
            (before.revision, before.status, after.revision, after.status),
            (0, Status::Loading, 1, Status::Ready)
        );
    }

    #[test]
    fn fresher_session_token_is_not_replaced() {
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
        let minted = |token: &str| Transition::TokenMinted {
            session: "sess_1".into(),
            token: ReceivedToken::minted(SessionToken::new(token), initial().at),
        };
        let state = initial().after(arriving(&old)).after(minted(&new));
        assert_eq!(known(&state), Some(new.clone()));
        assert_eq!(known(&state.after(minted(&old))), Some(new.clone()), "a late response");
        assert_eq!(known(&state.after(arriving(&old))), Some(new), "a late client");
        assert_eq!(known(&state.after(arriving(&elsewhere))), Some(elsewhere), "another organization");
        let without = client(json!({ "sessions": [{ "id": "sess_1", "status": "active" }] }));
        assert_eq!(known(&state.after(without)), None, "a session without one");
    }

    #[test]
    fn session_that_was_signed_out_is_not_shown_again_until_fapi_ended_many_others() {
        let signed_out = |id: String, pending: &[&str]| Transition::SignedOut {
            sessions: vec![SessionId::from(id)],
            pending: pending.iter().map(|id| SessionId::from(*id)).collect(),
        };
        let sessions = json!([session("first", "active"), session("second", "active"), session("third", "active")]);
        let shown = |state: &Snapshot| {
            let state = state.after(client(json!({ "sessions": sessions })));
            let ids = state.client.as_ref().unwrap().sessions.iter().map(|session| session.id.to_string());
            ids.collect::<Vec<_>>()
        };
        let mut state = initial();
        for id in ["first", "second"] {
            state = state.after(signed_out(id.to_owned(), &["first", "second"]));
        }
        for number in 0..1_000 {
            assert_eq!(shown(&state), ["third"]);
            state = state.after(signed_out(format!("later {number}"), &["first", "second"]));
        }
        assert_eq!(shown(&state), ["third"], "FAPI has not ended them");
        assert!(state.signed_out.len() < 100);
        state = state.after(signed_out("last".to_owned(), &["second"]));
        assert_eq!(shown(&state), ["first", "third"], "FAPI ended the first one long ago, so what it says is new");
    }

    #[test]
    fn snapshot_serializes_no_session_token() {
        let state = initial().after(client(json!({ "sessions": [session("sess_1", "active")] })));
        assert_eq!(state.last_active_token(&"sess_1".into()), Some("a.b.c"));
        assert!(!serde_json::to_string(&state).unwrap().contains("a.b.c"));
        assert!(!format!("{state:?}").contains("a.b.c"));
    }

    #[test]
    fn client_is_kept_without_session_tokens() {
        let two = json!({ "sessions": [session("sess_1", "active"), session("sess_2", "active")] });
        let state = initial().after(client(two));
        let raw = |state: &Snapshot| state.raw_client.as_deref().unwrap().expose().text().to_owned();
        assert!(!raw(&state).contains("a.b.c") && raw(&state).contains("sess_2"), "{}", raw(&state));
        let state = state.after(Transition::SignedOut { sessions: vec!["sess_1".into()], pending: BTreeSet::new() });
        assert_eq!(state.last_active_token(&"sess_1".into()), None);
        assert_eq!(state.last_active_token(&"sess_2".into()), Some("a.b.c"), "the other session is still signed in");
    }
}
