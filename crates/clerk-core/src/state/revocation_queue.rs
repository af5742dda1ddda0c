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

/// What is to be ended on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Session(SessionId),
    /// All sessions of the client that this device did not know when somebody signed out of everything. The text tells one
    /// sign-out from another.
    Unknown(String),
}

/// Sessions to end on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revocation {
    pub(crate) target: Target,
    /// The client that the session belongs to.
    pub(crate) client: ClientId,
    /// The client token at the time of signing out, in case that this device is another client by then.
    pub(crate) token: Option<ClientToken>,
    /// When the user signed out.
    pub(crate) queued_at_ms: i64,
    /// How often FAPI said, one time after the other, that the token is none of this client.
    pub(crate) refusals: u8,
}

#[derive(Serialize, Deserialize)]
struct Text {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    session: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    client: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Secret<String>>,
    queued_at_ms: i64,
    #[serde(default)]
    refusals: u8,
}

impl Revocation {
    /// Returns the session to end, if it is known.
    pub(crate) fn session(&self) -> Option<&SessionId> {
        match &self.target {
            Target::Session(session) => Some(session),
            Target::Unknown(_) => None,
        }
    }
}

impl Serialize for Revocation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (session, unknown) = match &self.target {
            Target::Session(session) => (session.to_string(), None),
            Target::Unknown(sign_out) => (String::new(), Some(sign_out.clone())),
        };
        Text {
            session,
            unknown,
            client: self.client.to_string(),
            token: self.token.as_ref().map(|token| Secret::new(token.expose().to_owned())),
            queued_at_ms: self.queued_at_ms,
            refusals: self.refusals,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Revocation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Ok(Self {
            target: text.unknown.map_or_else(|| Target::Session(text.session.as_str().into()), Target::Unknown),
            client: text.client.as_str().into(),
            token: text.token.map(|token| ClientToken::new(token.expose())),
            queued_at_ms: text.queued_at_ms,
            refusals: text.refusals,
        })
    }
}

/// The revocations of this process, and those that it found stored.
#[derive(Default)]
pub(crate) struct RevocationQueue {
    pending: Mutex<Vec<Revocation>>,
    /// The last ones that FAPI confirmed, or that were too old. Another process may still have them. One that is forgotten is
    /// confirmed once more.
    done: Mutex<VecDeque<Target>>,
    /// The sign-outs of unknown sessions that are stored, as far as this process knows.
    stored: Mutex<Vec<Target>>,
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
        let pending = lock(&self.pending);
        pending.iter().filter_map(Revocation::session).cloned().collect()
    }

    pub(crate) fn contains(&self, target: &Target) -> bool {
        lock(&self.pending).iter().any(|held| held.target == *target)
    }

    /// Returns what stands for the sessions of a client that this device did not know when somebody signed out of everything.
    pub(crate) fn unknown_of(&self, client: &ClientId) -> Vec<Revocation> {
        let is_of_client = |held: &&Revocation| {
            matches!(held.target, Target::Unknown(_)) && (held.client == *client || held.client.as_str().is_empty())
        };
        lock(&self.pending).iter().filter(is_of_client).cloned().collect()
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
            if !pending.iter().any(|held| held.target == revocation.target) {
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
    pub(crate) fn finish(&self, target: &Target) {
        {
            let mut done = lock(&self.done);
            if !done.contains(target) {
                done.truncate(MAX_ENDED - 1);
                done.push_front(target.clone());
            }
        }
        lock(&self.pending).retain(|held| held.target != *target);
    }

    /// Notes whether FAPI took the token for that of no client, or of another one. Returns how often it has said so.
    pub(crate) fn note_refusal(&self, target: &Target, refused: bool) -> u8 {
        let mut pending = lock(&self.pending);
        let Some(held) = pending.iter_mut().find(|held| held.target == *target) else { return 0 };
        held.refusals = if refused { held.refusals.saturating_add(1) } else { 0 };
        held.refusals
    }

    /// Adds what an earlier run stored.
    pub(crate) fn restore(&self, stored: Vec<Revocation>) {
        self.note_stored(&stored);
        self.add(self.not_done(stored));
    }

    /// Adds the sessions that are stored, possibly by another process, and returns everything that is to be stored.
    pub(crate) fn merge(&self, stored: Vec<Revocation>) -> Vec<Revocation> {
        let (sessions, unknown): (Vec<_>, Vec<_>) =
            self.not_done(stored).into_iter().partition(|revocation| revocation.session().is_some());
        self.add(sessions);
        // Which sessions another process did not know, only that one can tell.
        let others = unknown.into_iter().filter(|revocation| !self.contains(&revocation.target)).collect::<Vec<_>>();
        self.pending().into_iter().chain(others).collect()
    }

    pub(crate) fn has_unknown(&self) -> bool {
        lock(&self.pending).iter().any(|held| held.session().is_none())
    }

    /// Notes what was stored.
    pub(crate) fn note_stored(&self, stored: &[Revocation]) {
        let unknown = stored.iter().filter(|revocation| revocation.session().is_none());
        *lock(&self.stored) = unknown.map(|revocation| revocation.target.clone()).collect();
    }

    /// Forgets the sign-outs of unknown sessions that another process has settled: they are not stored any more.
    pub(crate) fn forget_settled(&self, stored: &[Revocation]) {
        let was_stored = lock(&self.stored).clone();
        let is_settled = |target: &Target| {
            was_stored.contains(target) && !stored.iter().any(|revocation| revocation.target == *target)
        };
        lock(&self.pending).retain(|held| !is_settled(&held.target));
    }

    fn not_done(&self, stored: Vec<Revocation>) -> Vec<Revocation> {
        let done = lock(&self.done);
        stored.into_iter().filter(|revocation| !done.contains(&revocation.target)).collect()
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
        let target = Target::Session(SessionId::from(format!("sess_{number}")));
        Revocation { target, client: ClientId::from("client_1"), token: None, queued_at_ms: 0, refusals: 0 }
    }

    fn unknown(sign_out: &str) -> Revocation {
        Revocation { target: Target::Unknown(sign_out.to_owned()), ..revocation(0) }
    }

    #[test]
    fn merge_keeps_what_only_another_process_can_tell() {
        let queue = RevocationQueue::default();
        queue.add([unknown("own")]);
        let stored = queue.merge(vec![unknown("own"), unknown("other's"), revocation(1)]);
        assert_eq!(stored, [unknown("own"), revocation(1), unknown("other's")]);
        assert_eq!(queue.pending(), [unknown("own"), revocation(1)]);
        queue.finish(&unknown("own").target);
        assert_eq!(queue.merge(stored), [revocation(1), unknown("other's")]);
        queue.add([unknown("own too")]);
        queue.forget_settled(&[]);
        assert!(queue.has_unknown(), "it is not stored yet");
        queue.note_stored(&[unknown("own too"), revocation(1)]);
        queue.forget_settled(&[unknown("own too")]);
        assert!(queue.has_unknown());
        queue.forget_settled(&[]);
        assert!(!queue.has_unknown(), "another process has settled it");
        assert_eq!(queue.pending(), [revocation(1)]);
        let next_run = RevocationQueue::default();
        next_run.restore(vec![unknown("other's")]);
        assert_eq!(next_run.unknown_of(&ClientId::from("client_1")), [unknown("other's")]);
        assert_eq!(next_run.unknown_of(&ClientId::from("client_2")), []);
    }

    #[test]
    fn revocation_survives_being_stored() {
        for stored in [revocation(1), unknown("x"), Revocation { refusals: 3, ..revocation(2) }] {
            let text = serde_json::to_string(&stored).unwrap();
            assert_eq!(serde_json::from_str::<Revocation>(&text).unwrap(), stored);
        }
        let earlier = r#"{"session":"sess_1","client":"client_1","queued_at_ms":0}"#;
        assert_eq!(serde_json::from_str::<Revocation>(earlier).unwrap(), revocation(1), "of an earlier version");
    }

    #[test]
    fn finish_remembers_the_last_sessions_only() {
        let queue = RevocationQueue::default();
        for number in 0..1_000 {
            queue.add([revocation(number)]);
            queue.finish(&revocation(number).target);
            assert!(queue.merge(vec![revocation(number)]).is_empty(), "what another process still has");
        }
        assert!(queue.is_empty());
        assert_eq!(lock(&queue.done).len(), MAX_ENDED);
        let oldest_remembered = 1_000 - MAX_ENDED;
        assert!(queue.merge(vec![revocation(oldest_remembered)]).is_empty());
        assert_eq!(queue.merge(vec![revocation(oldest_remembered - 1)]).len(), 1, "is confirmed once more");
    }
}
