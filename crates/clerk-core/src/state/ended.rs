//! Sessions that ended although the user did not end them on this device.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use serde::Serialize;

use crate::{
    fapi::wire::open_enum,
    models::{SessionId, UserId},
    outside,
    state::{
        listeners::{ListenerHandle, Remove},
        snapshot::Snapshot,
    },
    sync::lock,
};

/// How many ended sessions are remembered, for windows that open later.
const MAX_RECENT: usize = 16;

open_enum! {
    /// Why a session ended, as far as FAPI says so.
    pub enum SessionEndReason {
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

/// A session that ended although the user did not end it on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionEnded {
    /// Counts the sessions that ended during this run of the app.
    pub sequence: u32,
    /// The session.
    pub session_id: SessionId,
    /// Its user.
    pub user_id: Option<UserId>,
    /// Why it ended.
    pub reason: SessionEndReason,
}

/// A session that has ended, before it gets its number.
pub(crate) struct Ended {
    session_id: SessionId,
    user_id: Option<UserId>,
    reason: SessionEndReason,
}

impl Snapshot {
    /// Returns the sessions of this state that are not signed in any more according to `next`, the state after a response of
    /// FAPI, and that the user did not sign out of.
    pub(crate) fn ended_in(&self, next: &Self) -> Vec<Ended> {
        let (Some(before), Some(after)) = (&self.client, &next.client) else { return Vec::new() };
        let ended = before
            .signed_in_sessions()
            .filter(|session| after.signed_in_session(&session.id).is_none() && !next.signed_out.contains(&session.id));
        ended
            .map(|session| Ended {
                session_id: session.id.clone(),
                user_id: session.user.as_ref().map(|user| user.id.clone()),
                reason: match after.sessions.iter().find(|listed| listed.id == session.id) {
                    Some(listed) => SessionEndReason::from(listed.status.as_str()),
                    None if before.id == after.id => SessionEndReason::Removed,
                    None => SessionEndReason::ClientRemoved,
                },
            })
            .collect()
    }
}

/// Called with each session that ends.
pub(crate) type EndedCallback = Arc<dyn Fn(&SessionEnded) + Send + Sync>;

/// The sessions that ended during this run, and who is told.
#[derive(Default)]
pub(crate) struct EndedSessions {
    recent: Mutex<VecDeque<SessionEnded>>,
    listeners: Arc<Mutex<Registry>>,
}

#[derive(Default)]
struct Registry {
    last_id: u64,
    callbacks: Vec<(u64, EndedCallback)>,
}

impl Remove for Mutex<Registry> {
    fn remove(&self, id: u64) {
        lock(self).callbacks.retain(|(listener, _)| *listener != id);
    }
}

impl EndedSessions {
    pub(crate) fn recent(&self) -> Vec<SessionEnded> {
        lock(&self.recent).iter().cloned().collect()
    }

    pub(crate) fn on_ended(&self, callback: EndedCallback) -> ListenerHandle {
        let mut registry = lock(&self.listeners);
        registry.last_id += 1;
        let id = registry.last_id;
        registry.callbacks.push((id, callback));
        let listeners: Arc<dyn Remove> = self.listeners.clone();
        ListenerHandle::new(id, Arc::downgrade(&listeners))
    }

    /// Remembers a session that ended, and notifies the listeners.
    pub(crate) fn add(&self, Ended { session_id, user_id, reason }: Ended) {
        let ended = {
            let mut recent = lock(&self.recent);
            let sequence = recent.back().map_or(0, |last| last.sequence) + 1;
            let ended = SessionEnded { sequence, session_id, user_id, reason };
            if recent.len() == MAX_RECENT {
                recent.pop_front();
            }
            recent.push_back(ended.clone());
            ended
        };
        tracing::info!(session = %ended.session_id, reason = ended.reason.as_str(), "a session ended");
        // Copied first, so that callbacks may end subscriptions.
        let callbacks = lock(&self.listeners).callbacks.clone();
        for (_, callback) in callbacks {
            outside::call("a listener of ended sessions", || callback(&ended));
        }
    }
}
