//! Reading, touching and ending a session.

use super::{
    handle::{Sessions, signed_in, unknown},
    touch::TouchIntent,
};
use crate::{
    error::Result,
    fapi::request::{Method, Request, path},
    flows::sign_out::SignOutOptions,
    models::{Session, SessionId},
    secret::SessionToken,
};

impl Sessions {
    /// Reads a session of this device again, in whatever status it is.
    ///
    /// # Errors
    /// See [`Clerk::sessions`](crate::Clerk::sessions).
    ///
    /// # Source
    /// FAPI `GET /v1/client/sessions/{id}`; `Session.reload()`.
    pub async fn get(&self, id: &SessionId) -> Result<Session> {
        if !self.0.loaded().await?.lists_session(id) {
            return Err(unknown());
        }
        self.0.call(&Request::new(Method::Get, path(&["client", "sessions", id.as_str()])).reload()).await
    }

    /// Reports to FAPI that the session is in use, with its active organization. It does not become the active session.
    /// A window does this on focus, by [`Clerk::touch`](crate::Clerk::touch); unlike that, this ignores the option
    /// `touchSession`.
    ///
    /// # Errors
    /// See [`Clerk::sessions`](crate::Clerk::sessions).
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/touch`; `Session.touch()`.
    pub async fn touch(&self, id: &SessionId) -> Result<Session> {
        let snapshot = self.state_with(id).await?;
        let organization = signed_in(&snapshot, id).and_then(|session| session.last_active_organization_id.as_ref());
        self.0.touch_session(id, organization, TouchIntent::Unspecified).await
    }

    /// Signs out of a session. As [`Clerk::sign_out`](crate::Clerk::sign_out) with this session, it completes on this
    /// device at once, also without a network, and FAPI ends the session as soon as it can be reached; but it does not
    /// navigate. No other session becomes active. Does nothing if the user signed out of the session before.
    ///
    /// FAPI lists a session that [ended](crate::models::SessionStatus::Ended) until it is removed. This device does not
    /// show it any more, so it is removed at once: this and [`remove`](Self::remove) are the same.
    ///
    /// # Errors
    /// `not_loaded`, or `no_active_session` for a session that is not one of this device.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/remove`; `Session.end()`.
    pub async fn end(&self, id: &SessionId) -> Result<()> {
        self.remove(id).await
    }

    /// Signs out of a session; see [`end`](Self::end).
    ///
    /// # Errors
    /// `not_loaded`, or `no_active_session` for a session that is not one of this device.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/remove`; `Session.remove()`.
    pub async fn remove(&self, id: &SessionId) -> Result<()> {
        let snapshot = self.0.loaded_snapshot()?;
        // To `end_sessions`, an unknown session stands for the only one.
        if !snapshot.lists_session(id) && !snapshot.signed_out.contains(id) {
            return Err(unknown());
        }
        let options = SignOutOptions { session_id: Some(id.clone()), ..SignOutOptions::default() };
        self.0.end_sessions(options).await.map(|_| ())
    }

    /// Returns the newest token of a session that is known here, without a request. It may have expired, so use
    /// [`Clerk::get_token`](crate::Clerk::get_token) for requests; this is for reading its claims. `None` if no token
    /// is known or the session is not signed in on this device.
    ///
    /// # Source
    /// `Session.lastActiveToken`.
    #[must_use]
    pub fn last_active_token(&self, id: &SessionId) -> Option<SessionToken> {
        let snapshot = self.0.snapshot();
        signed_in(&snapshot, id)?;
        Some(snapshot.session_token(id)?.token.clone())
    }
}
