//! The changes of the state. Applying one is pure: no I/O, no clock, no locks.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    error::{Error, ErrorPayload},
    events::Status,
    fapi::Instance,
    jwt::is_fresher,
    models::{Client, Environment, OrganizationId, SessionId},
    options::ClerkOptions,
    secret::SessionToken,
    state::snapshot::{ActiveSession, Snapshot},
};

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
                if is_fresher(&token, next.session_tokens.get(&session)) {
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
            let held = self.session_tokens.get(&session).filter(|held| !is_fresher(&token, Some(held)));
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
    use crate::{fapi::wire::Wire, options::SdkMetadata};
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
