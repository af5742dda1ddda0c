//! Clients and their sessions.

use std::collections::VecDeque;

use serde_json::Value;

use super::{SignIn, SignUp, Verification};
use crate::error::Refusal;

/// A client: a device.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) rotating_token: String,
    pub(crate) sessions: Vec<Session>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) sign_up: Option<SignUp>,
    pub(crate) last_active_session_id: Option<String>,
    pub(crate) last_authentication_strategy: Option<String>,
    /// IDs of past sign-ins and sign-ups, and whether each was completed or replaced.
    pub(crate) past_attempts: VecDeque<(String, bool)>,
    /// Time of the last rotation of the token.
    pub(crate) rotated_at: i64,
    /// IDs of users who were signed in on this client.
    pub(crate) known_users: Vec<String>,
    pub(crate) captcha_bypass: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) status: SessionStatus,
    pub(crate) organization_id: Option<String>,
    pub(crate) actor: Option<Value>,
    /// Time of the last verification of each factor.
    pub(crate) first_factor_at: i64,
    pub(crate) second_factor_at: Option<i64>,
    pub(crate) reverification: Option<Reverification>,
    pub(crate) user_agent: Option<String>,
    pub(crate) expire_at: i64,
    pub(crate) abandon_at: i64,
    pub(crate) last_active_at: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A reverification.
#[derive(Debug, Clone)]
pub(crate) struct Reverification {
    pub(crate) level: String,
    /// `needs_first_factor`, `needs_second_factor` or `complete`.
    pub(crate) status: &'static str,
    pub(crate) first_factor: Option<Verification>,
    pub(crate) second_factor: Option<Verification>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    /// Signed in; displayed as `pending` while tasks are left.
    Active,
    Ended,
    Expired,
    Abandoned,
    Removed,
    Replaced,
    Revoked,
}

impl SessionStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::Abandoned => "abandoned",
            Self::Removed => "removed",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }
}

impl Client {
    /// Records a past attempt.
    pub(crate) fn attempt_over(&mut self, id: String, complete: bool) {
        const KEPT: usize = 20;
        self.past_attempts.push_back((id, complete));
        if self.past_attempts.len() > KEPT {
            self.past_attempts.pop_front();
        }
    }

    /// Returns why an attempt other than the current one can't be used: it was completed or replaced, or is unknown.
    pub(crate) fn refuse_attempt(&self, id: &str) -> Refusal {
        match self.past_attempts.iter().rev().find(|(past, _)| past == id) {
            Some((_, true)) => Refusal::new(400, "client_state_invalid"),
            Some((_, false)) => Refusal::new(403, "resource_forbidden"),
            None => Refusal::new(404, "resource_not_found"),
        }
    }

    /// Returns the active session with this ID.
    pub(crate) fn active_session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id && session.status == SessionStatus::Active)
    }

    pub(crate) fn any_active_session(&self) -> Option<&Session> {
        self.sessions.iter().find(|session| session.status == SessionStatus::Active)
    }

    /// Returns the active session of a user.
    pub(crate) fn session_of_user(&self, user_id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.user_id == user_id && session.status == SessionStatus::Active)
    }

    pub(crate) fn session_mut(&mut self, id: &str) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == id)
    }
}
