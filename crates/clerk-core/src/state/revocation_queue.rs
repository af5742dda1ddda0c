//! The sessions that were signed out here and that FAPI has not ended yet.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::{
    exchange::connection::{client_id, is_same_client},
    models::{ClientId, SessionId},
    secret::{ClientToken, Secret},
    state::signed_out::MAX_ENDED,
    sync::lock,
};

/// A session to end on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revocation {
    pub(crate) session: SessionId,
    /// The client that the session belongs to.
    pub(crate) client: ClientId,
    /// The client token at the time of signing out, in case that this device is another client by then.
    pub(crate) token: Option<ClientToken>,
    /// When the user signed out.
    pub(crate) queued_at_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Text {
    session: String,
    client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Secret<String>>,
    queued_at_ms: i64,
}

impl Serialize for Revocation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Text {
            session: self.session.to_string(),
            client: self.client.to_string(),
            token: self.token.as_ref().map(|token| Secret::new(token.expose().to_owned())),
            queued_at_ms: self.queued_at_ms,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Revocation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Ok(Self {
            session: text.session.as_str().into(),
            client: text.client.as_str().into(),
            token: text.token.map(|token| ClientToken::new(token.expose())),
            queued_at_ms: text.queued_at_ms,
        })
    }
}

/// The revocations of this process, and those that it found stored.
#[derive(Default)]
pub(crate) struct RevocationQueue {
    pending: Mutex<Vec<Revocation>>,
    /// The last ones that FAPI confirmed, or that were too old. Another process may still have them. One that is forgotten is
    /// confirmed once more.
    done: Mutex<VecDeque<SessionId>>,
    /// Whether a task sends them.
    sending: AtomicBool,
    /// Whether the last attempt did not get through.
    waiting: AtomicBool,
    /// Whether an attempt is under way. FAPI rotates the client token when it ends a session.
    attempting: watch::Sender<bool>,
    /// Wakes the task before its pause is over.
    pub(crate) wake: Notify,
}

impl RevocationQueue {
    pub(crate) fn pending(&self) -> Vec<Revocation> {
        lock(&self.pending).clone()
    }

    /// Returns the sessions that are to be ended.
    pub(crate) fn sessions(&self) -> BTreeSet<SessionId> {
        lock(&self.pending).iter().map(|held| held.session.clone()).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.pending).is_empty()
    }

    /// Forgets everything: it belongs to another instance.
    pub(crate) fn clear(&self) {
        lock(&self.pending).clear();
    }

    pub(crate) fn add(&self, revocations: impl IntoIterator<Item = Revocation>) {
        let mut pending = lock(&self.pending);
        for revocation in revocations {
            if !pending.iter().any(|held| held.session == revocation.session) {
                pending.push(revocation);
            }
        }
    }

    /// Takes over the newest token of a client, because FAPI may refuse older ones. `new` has replaced `old`. If it belongs to
    /// another client, `old` was the newest one of the former.
    pub(crate) fn renew_token(&self, old: &ClientToken, new: &ClientToken) {
        let newest = if is_same_client(old, new) { new } else { old };
        for held in lock(&self.pending).iter_mut() {
            let is_older = |token: &ClientToken| {
                token == old || (client_id(token).is_some() && client_id(token) == client_id(newest))
            };
            if held.token.as_ref().is_some_and(is_older) {
                held.token = Some(newest.clone());
            }
        }
    }

    /// Removes a revocation for good.
    pub(crate) fn finish(&self, session: &SessionId) {
        {
            let mut done = lock(&self.done);
            if !done.contains(session) {
                done.truncate(MAX_ENDED - 1);
                done.push_front(session.clone());
            }
        }
        lock(&self.pending).retain(|held| held.session != *session);
    }

    /// Adds what is stored, possibly by another process, and returns everything that is to be stored.
    pub(crate) fn merge(&self, stored: Vec<Revocation>) -> Vec<Revocation> {
        let stored = {
            let done = lock(&self.done);
            stored.into_iter().filter(|revocation| !done.contains(&revocation.session)).collect::<Vec<_>>()
        };
        self.add(stored);
        self.pending()
    }

    /// Marks the begin and the end of an attempt.
    pub(crate) fn set_attempting(&self, attempting: bool) {
        self.attempting.send_replace(attempting);
    }

    /// Waits until no attempt is under way.
    pub(crate) async fn attempted(&self) {
        // The sender is in `self`, so it is not dropped.
        let _ = self.attempting.subscribe().wait_for(|attempting| !attempting).await;
    }

    /// Begins sending; false if a task is sending already.
    pub(crate) fn begin(&self) -> bool {
        !self.sending.swap(true, Ordering::AcqRel)
    }

    /// Ends sending, unless there is something to send again.
    pub(crate) fn end(&self) -> bool {
        let pending = lock(&self.pending);
        if pending.is_empty() {
            self.sending.store(false, Ordering::Release);
        }
        pending.is_empty()
    }

    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Release);
    }

    /// Sends the queue now if an earlier attempt did not get through: FAPI has responded to another request.
    pub(crate) fn fapi_responded(&self) {
        if self.waiting.swap(false, Ordering::AcqRel) {
            self.wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revocation(number: usize) -> Revocation {
        let session = SessionId::from(format!("sess_{number}"));
        Revocation { session, client: ClientId::from("client_1"), token: None, queued_at_ms: 0 }
    }

    #[test]
    fn finish_remembers_the_last_sessions_only() {
        let queue = RevocationQueue::default();
        for number in 0..1_000 {
            queue.add([revocation(number)]);
            queue.finish(&revocation(number).session);
            assert!(queue.merge(vec![revocation(number)]).is_empty(), "what another process still has");
        }
        assert!(queue.is_empty());
        assert_eq!(lock(&queue.done).len(), MAX_ENDED);
        let oldest_remembered = 1_000 - MAX_ENDED;
        assert!(queue.merge(vec![revocation(oldest_remembered)]).is_empty());
        assert_eq!(queue.merge(vec![revocation(oldest_remembered - 1)]).len(), 1, "is confirmed once more");
    }
}
