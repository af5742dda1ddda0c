//! The handle of the sessions.

use std::sync::Arc;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    models::{Session, SessionId},
    state::snapshot::Snapshot,
};

/// The sessions of this device; see [`Clerk::sessions`].
#[derive(Clone)]
pub struct Sessions(pub(super) Clerk);

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sessions").finish()
    }
}

impl Clerk {
    /// Returns the sessions of this device, to read, touch, verify or end one of them. The sessions themselves are in
    /// [`client`](Self::client), and the active one is [`session`](Self::session). Those on other devices are in
    /// [`Account::sessions`](crate::Account::sessions).
    ///
    /// # Errors
    /// Each method returns `not_loaded` before the first load, `no_active_session` for a session that is not signed in
    /// on this device, `network_error`, or `api_response_error`.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(clerk: &clerk_core::Clerk) -> clerk_core::Result<()> {
    /// let Some(client) = clerk.client() else { return Ok(()) };
    /// for session in client.signed_in_sessions() {
    ///     let session = clerk.sessions().get(&session.id).await?;
    ///     println!("last used at {}", session.last_active_at.0);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sessions(&self) -> Sessions {
        Sessions(self.clone())
    }
}

impl Sessions {
    /// Returns the state, in which the session is signed in.
    ///
    /// # Errors
    /// `no_active_session`: it is not signed in on this device.
    pub(super) async fn state_with(&self, id: &SessionId) -> Result<Arc<Snapshot>> {
        let snapshot = self.0.loaded().await?;
        match signed_in(&snapshot, id) {
            Some(_) => Ok(snapshot),
            None => Err(unknown()),
        }
    }
}

/// Returns a session that is signed in on this device.
pub(super) fn signed_in<'a>(snapshot: &'a Snapshot, id: &SessionId) -> Option<&'a Session> {
    snapshot.client.as_deref()?.signed_in_session(id)
}

pub(super) fn unknown() -> Error {
    ErrorCode::NoActiveSession.error("the session is not signed in on this device; pass one of the client's sessions")
}
