//! What time alone changes: sessions end, verifications age. Pure: the moment is passed in.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use crate::{
    models::{Session, SessionId, SessionStatus, UnixMillis},
    secret::Secret,
    state::{
        snapshot::{ActiveSession, Entitlements, Snapshot},
        transition::Transition,
    },
    time::Moment,
};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// How long a session counts as signed in that FAPI has just sent as signed in, although our clock is past its end. Then our
/// clock is wrong, so nobody knows when it ends.
const CONTRADICTED_LIFETIME_MS: i64 = HOUR_MS;

impl Snapshot {
    /// Returns the sessions that count as signed in and have ended by `now`, with what they have become.
    fn ended_sessions(&self, now: Moment) -> impl Iterator<Item = (&Session, SessionStatus)> {
        self.session_ends(now)
            .filter(|(.., remaining_ms)| *remaining_ms <= 0)
            .map(|(session, status, _)| (session, status))
    }

    /// Whether a session that counts as signed in has ended by `now`.
    pub(crate) fn has_ended_session(&self, now: Moment) -> bool {
        self.ended_sessions(now).next().is_some()
    }

    /// As [`has_ended_session`](Self::has_ended_session), for the current state: without a look at the sessions.
    pub(crate) fn has_ended(&self, now: Moment) -> bool {
        self.received.elapsed_ms(now) >= self.lifetime_ms
    }

    /// Returns this state as the current one.
    pub(crate) fn into_current(self) -> Self {
        Self { lifetime_ms: self.next_end_ms(self.received).unwrap_or(i64::MAX), ..self }
    }

    /// Returns the milliseconds until the next session ends; `None` if there is no signed-in session.
    pub(crate) fn next_end_ms(&self, now: Moment) -> Option<i64> {
        self.session_ends(now).map(|(.., remaining_ms)| remaining_ms).min()
    }

    /// Returns the signed-in sessions with what they will become, and the milliseconds until then.
    fn session_ends(&self, now: Moment) -> impl Iterator<Item = (&Session, SessionStatus, i64)> {
        let client = self.client.as_deref();
        let elapsed_ms = self.received.elapsed_ms(now);
        // The server's time at the receipt, as far as it is known.
        let received_ms = client.map_or(0, |client| client.newest_timestamp().0).max(self.received.wall_ms);
        let lifetime_ms = move |end: UnixMillis| match end.0.saturating_sub(received_ms) {
            lifetime_ms if lifetime_ms > 0 || self.restored => lifetime_ms,
            _ => CONTRADICTED_LIFETIME_MS,
        };
        let confirmed_ms = self.confirmed_at_ms.unwrap_or(self.received.wall_ms);
        let unconfirmed_ms =
            self.max_offline_age_ms.saturating_sub(self.received.wall_ms.saturating_sub(confirmed_ms).max(0));
        client.into_iter().flat_map(|client| client.signed_in_sessions()).map(move |session| {
            let expires = Some(session.expire_at).filter(|at| at.0 > 0).map_or(unconfirmed_ms, lifetime_ms);
            let abandoned = Some(session.abandon_at).filter(|at| at.0 > 0).map_or(i64::MAX, lifetime_ms);
            let status = if abandoned < expires { SessionStatus::Abandoned } else { SessionStatus::Expired };
            (session, status, expires.min(abandoned).saturating_sub(elapsed_ms))
        })
    }

    /// Whether FAPI has just sent a session as signed in that has ended by our clock. Then our clock is wrong, and windows have to
    /// hear each time that the session goes on.
    pub(super) fn has_contradicted_session(&self) -> bool {
        let Some(client) = &self.client else { return false };
        let received_ms = client.newest_timestamp().0.max(self.received.wall_ms);
        let is_past = |end: UnixMillis| end.0 > 0 && end.0 <= received_ms;
        client.signed_in_sessions().any(|session| is_past(session.expire_at) || is_past(session.abandon_at))
    }

    /// Returns this state at `now`: the same, unless a session has ended since. Its revision is the same too, because the
    /// change has yet to be applied and announced.
    pub(crate) fn aged(self: Arc<Self>, now: Moment) -> Arc<Self> {
        if !self.has_ended_session(now) {
            return self;
        }
        let present = Self { at: now, ..(*self).clone() };
        Arc::new(Self { revision: self.revision, ..present.after(Transition::Aged) })
    }

    /// Marks the sessions that have ended by now, as FAPI does.
    pub(super) fn end_sessions(&mut self) {
        let ended: Vec<(SessionId, SessionStatus)> =
            self.ended_sessions(self.at).map(|(session, status)| (session.id.clone(), status)).collect();
        if let Some(raw) = self.raw_client.as_mut().filter(|_| !ended.is_empty()) {
            *raw = Arc::new(Secret::new(raw.expose().changed(|tree| {
                let sessions = tree.get_mut("sessions").and_then(Value::as_array_mut).into_iter().flatten();
                for session in sessions {
                    if let Some((_, status)) = ended.iter().find(|(id, _)| session["id"] == id.as_str()) {
                        session["status"] = status.as_str().into();
                    }
                }
            })));
        }
        for (id, status) in ended {
            let sessions = self.client.iter_mut().flat_map(|client| &mut Arc::make_mut(client).sessions);
            sessions.filter(|session| session.id == id).for_each(|session| session.status = status.clone());
            if self.active_session == (ActiveSession::Session { session_id: id.clone() }) {
                self.timed_out = Some(id);
            }
        }
        self.drop_vanished_session();
    }

    /// Returns how many minutes ago the factors of `session` were verified: what FAPI said, and the time since then.
    pub(crate) fn verification_age(&self, session: &Session, now: Moment) -> Option<Vec<i64>> {
        let minutes = self.received.elapsed_ms(now) / 60_000;
        let aged = |age: i64| if age < 0 { age } else { age.saturating_add(minutes) };
        session.factor_verification_age.as_ref().map(|ages| ages.iter().copied().map(aged).collect())
    }

    /// Returns this state with what the session tokens grant at `now`.
    pub(crate) fn with_entitlements(mut self: Arc<Self>, now: Moment) -> Arc<Self> {
        let granted = self.session_tokens.iter().filter_map(|(session, token)| {
            let remaining_ms = token.remaining_ms(now);
            let is_granted = remaining_ms > 0 && token.grants_something();
            let [features, plans] = token.grants();
            is_granted.then(|| (session.clone(), Entitlements { features, plans, remaining_ms }))
        });
        let entitlements: BTreeMap<_, _> = granted.collect();
        if entitlements != self.entitlements {
            Arc::make_mut(&mut self).entitlements = entitlements;
        }
        self
    }

    /// Returns this state with the verification ages of `now`.
    pub(crate) fn with_verification_ages(mut self: Arc<Self>, now: Moment) -> Arc<Self> {
        let changed = |session: &Session| self.verification_age(session, now) != session.factor_verification_age;
        if let Some(client) = self.client.clone().filter(|client| client.sessions.iter().any(changed)) {
            let mut client = (*client).clone();
            for session in &mut client.sessions {
                session.factor_verification_age = self.verification_age(session, now);
            }
            Arc::make_mut(&mut self).client = Some(Arc::new(client));
        }
        self
    }
}
