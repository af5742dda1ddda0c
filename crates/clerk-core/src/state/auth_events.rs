//! Named events for what apps react to: somebody signed in or out, the active session changed.
//!
//! They are read off the change of the state, wherever it came from, so that no path can forget one.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use serde::Serialize;

use crate::{
    fapi::wire::open_enum,
    models::{OrganizationId, Session, SessionId, UserId},
    outside,
    state::{
        listeners::{ListenerHandle, Remove},
        snapshot::{ActiveSession, Snapshot},
    },
    sync::lock,
};

/// How many events are remembered, for windows that ask later.
const MAX_RECENT: usize = 32;

open_enum! {
    /// Why a session is not signed in on this device any more.
    pub enum SignOutReason {
        /// The user signed out on this device.
        SignedOut = "signed_out",
        /// It reached its maximum lifetime.
        Expired = "expired",
        /// It was not used for too long.
        Abandoned = "abandoned",
        /// The application ended it, or the user did on another device.
        Revoked = "revoked",
        /// It was ended, and is still listed on the client.
        Ended = "ended",
        /// It is not part of the client any more: revoked, or removed by another process of the app.
        Removed = "removed",
        /// Another session took its place.
        Replaced = "replaced",
        /// FAPI does not know the client any more, or the device is another client now.
        ClientRemoved = "client_removed",
    }
}

/// Something that happened to the sessions of this device. Requests that fail or are refused cause no event, and neither does a
/// load that is refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum AuthEvent {
    /// A session is signed in on this device: a sign-in or a sign-up is complete, or Clerk says that a session goes on which had
    /// ended by the clock of this device. Not emitted for the sessions with which an app starts, as far as
    /// they were stored.
    SignedIn {
        /// The session. It is not necessarily the active one.
        session_id: SessionId,
        /// Its user.
        user_id: Option<UserId>,
    },
    /// A session is not signed in on this device any more.
    SignedOut {
        /// The session.
        session_id: SessionId,
        /// Its user.
        user_id: Option<UserId>,
        /// Why.
        reason: SignOutReason,
    },
    /// Another session, another organization, or none became the active one. Not emitted for the one with which an app starts, unless
    /// a window chooses another.
    SessionChanged {
        /// The active session; absent if there is none.
        session_id: Option<SessionId>,
        /// Its user.
        user_id: Option<UserId>,
        /// Its active organization; absent for the personal account.
        organization_id: Option<OrganizationId>,
    },
    /// The user deleted the account on this device. Their sessions end with it, each with an event of its own.
    AccountDeleted {
        /// The user.
        user_id: Option<UserId>,
    },
    /// A session has a newer session token for its active organization. The event does not contain it.
    TokenRefreshed {
        /// The session.
        session_id: SessionId,
    },
}

/// An event with its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NumberedAuthEvent {
    /// Counts the events of this run of the app, from 1.
    pub sequence: u32,
    /// The event.
    #[serde(flatten)]
    pub event: AuthEvent,
}

impl Snapshot {
    /// Returns what happened between this state and `next`, in the order in which it is emitted.
    pub(crate) fn events_until(&self, next: &Self) -> Vec<AuthEvent> {
        let mut events = Vec::new();
        if let (Some(before), Some(after)) = (&self.client, &next.client)
            && !Arc::ptr_eq(before, after)
        {
            let ended = before.signed_in_sessions().filter(|session| after.signed_in_session(&session.id).is_none());
            events.extend(ended.map(|session| AuthEvent::SignedOut {
                session_id: session.id.clone(),
                user_id: user_of(session),
                reason: match after.sessions.iter().find(|listed| listed.id == session.id) {
                    _ if next.signed_out.contains(&session.id) => SignOutReason::SignedOut,
                    Some(listed) => SignOutReason::from(listed.status.as_str()),
                    None if before.id == after.id => SignOutReason::Removed,
                    None => SignOutReason::ClientRemoved,
                },
            }));
            let begun = after.signed_in_sessions().filter(|session| before.signed_in_session(&session.id).is_none());
            // FAPI says for the first time in this run who is signed in here.
            let is_start = before.id.as_str().is_empty() && !self.is_loaded();
            events.extend(
                begun
                    .filter(|_| !is_start)
                    .map(|session| AuthEvent::SignedIn { session_id: session.id.clone(), user_id: user_of(session) }),
            );
        }
        let active = |state: &Self| {
            let session =
                state.session().map(|session| (session.id.clone(), session.last_active_organization_id.clone()));
            (state.active_session != ActiveSession::Unknown).then_some(session)
        };
        if let (Some(before), Some(after)) = (active(self), active(next))
            && before != after
        {
            let (session_id, organization_id) = after.unzip();
            let user_id = next.session().and_then(user_of);
            events.push(AuthEvent::SessionChanged { session_id, user_id, organization_id: organization_id.flatten() });
        }
        if !Arc::ptr_eq(&self.session_tokens, &next.session_tokens) {
            let refreshed = next.session_tokens.keys().filter(|session| {
                let earlier = self.last_active_token(session);
                earlier.is_some() && next.last_active_token(session) != earlier
            });
            events.extend(refreshed.map(|session| AuthEvent::TokenRefreshed { session_id: session.clone() }));
        }
        events
    }
}

fn user_of(session: &Session) -> Option<UserId> {
    session.user.as_ref().map(|user| user.id.clone())
}

/// Called with each event.
type AuthEventCallback = Arc<dyn Fn(&AuthEvent) + Send + Sync>;

/// The last events of this run, and who is told.
#[derive(Default)]
pub(crate) struct AuthEvents {
    recent: Mutex<Recent>,
    listeners: Arc<Mutex<Registry>>,
}

#[derive(Default)]
struct Recent {
    last: u32,
    events: VecDeque<NumberedAuthEvent>,
}

#[derive(Default)]
struct Registry {
    last_id: u64,
    callbacks: Vec<(u64, AuthEventCallback)>,
}

impl Remove for Mutex<Registry> {
    fn remove(&self, id: u64) {
        lock(self).callbacks.retain(|(listener, _)| *listener != id);
    }
}

impl AuthEvents {
    pub(crate) fn recent(&self) -> Vec<NumberedAuthEvent> {
        lock(&self.recent).events.iter().cloned().collect()
    }

    pub(crate) fn add_listener(&self, callback: impl Fn(&AuthEvent) + Send + Sync + 'static) -> ListenerHandle {
        let mut registry = lock(&self.listeners);
        registry.last_id += 1;
        let id = registry.last_id;
        registry.callbacks.push((id, Arc::new(callback)));
        let listeners: Arc<dyn Remove> = self.listeners.clone();
        ListenerHandle::new(id, Arc::downgrade(&listeners))
    }

    /// Remembers an event, and notifies the listeners.
    pub(crate) fn add(&self, event: &AuthEvent) {
        match event {
            AuthEvent::TokenRefreshed { .. } => {}
            event => tracing::info!(?event, "auth event"),
        }
        {
            let mut recent = lock(&self.recent);
            recent.last = recent.last.wrapping_add(1);
            let numbered = NumberedAuthEvent { sequence: recent.last, event: event.clone() };
            // Tokens are refreshed every minute, which must not push out the other events.
            if matches!(event, AuthEvent::TokenRefreshed { .. }) {
                recent.events.retain(|held| held.event != *event);
            }
            if recent.events.len() == MAX_RECENT {
                recent.events.pop_front();
            }
            recent.events.push_back(numbered);
        }
        // Copied first, so that callbacks may end subscriptions.
        let callbacks = lock(&self.listeners).callbacks.clone();
        for (_, callback) in callbacks {
            outside::call("a listener of auth events", || callback(event));
        }
    }
}
