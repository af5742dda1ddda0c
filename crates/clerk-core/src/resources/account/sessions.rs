//! The user's sessions on all devices.

use super::handle::Account;
use crate::{
    error::Result,
    fapi::request::{Method, Request, path},
    models::{SessionId, SessionWithActivities},
};

impl Account {
    /// Reads the active sessions of the user on all devices.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `GET /v1/me/sessions/active`; `User.getSessions()`.
    pub async fn sessions(&self) -> Result<Vec<SessionWithActivities>> {
        // The list has no envelope.
        self.send(Request::new(Method::Get, "/me/sessions/active").raw()).await
    }

    /// Ends a session on another device. To sign out here, use [`sign_out`](crate::Clerk::sign_out).
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `resource_not_found`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/sessions/{id}/revoke`; `SessionWithActivities.revoke()`.
    pub async fn revoke_session(&self, id: &SessionId) -> Result<SessionWithActivities> {
        self.send(Request::new(Method::Post, path(&["me", "sessions", id.as_str(), "revoke"]))).await
    }
}
