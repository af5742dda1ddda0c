//! Signing out.

use serde::Deserialize;

use crate::{
    core::{
        Clerk,
        state::{ActiveSession, Transition},
    },
    error::Result,
    fapi,
    models::SessionId,
};

/// Parameters of [`Clerk::sign_out`].
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SignOutOptions {
    /// The session to sign out of; all of them when absent.
    #[serde(default)]
    #[specta(optional)]
    pub session_id: Option<SessionId>,
    /// Where to go afterwards, when it was the active session that ended; the option `afterSignOutUrl` by default.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url: Option<String>,
}

impl Clerk {
    /// Signs out of one session, or of all of them. Does nothing when there is nothing to sign out of.
    ///
    /// The client itself stays, so that Clerk recognises the device at the next sign-in. Signing out of the active
    /// session activates no other one. All cached session tokens are forgotten.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`; then everything stays as it was. `browser_unavailable` when
    /// `redirect_url` leads to another site.
    ///
    /// # Source
    /// FAPI `DELETE /v1/client/sessions`, `POST /v1/client/sessions/{id}/remove`; `Clerk.signOut()`.
    pub async fn sign_out(&self, options: SignOutOptions) -> Result<()> {
        if !self.end_sessions(options.session_id).await? {
            return Ok(());
        }
        let configured = self.snapshot().options.after_sign_out_url.clone();
        self.navigate(options.redirect_url.or(configured).as_deref().unwrap_or_default())
    }

    /// [`sign_out`](Self::sign_out) for callers that know themselves where to go. False when the active session, if there is
    /// one, is still there.
    pub(crate) async fn end_sessions(&self, session_id: Option<SessionId>) -> Result<bool> {
        let _turn = self.0.switching.lock().await;
        let snapshot = self.loaded()?;
        self.session_was_chosen();
        let client = snapshot.client.clone().unwrap_or_default();
        if client.sessions.is_empty() {
            return Ok(false);
        }
        let everything = session_id.is_none() || client.signed_in_sessions().count() == 1;
        let is_active = |id: &SessionId| snapshot.session().is_some_and(|session| session.id == *id);
        match session_id {
            Some(id) if !everything => {
                if client.signed_in_session(&id).is_none() {
                    return Ok(false);
                }
                self.0.tokens.clear();
                self.request(&fapi::session::remove(&id)).await?;
                self.0.tokens.clear();
                if !is_active(&id) {
                    return Ok(false);
                }
            }
            _ => {
                self.0.tokens.clear();
                self.request(&fapi::client::remove_sessions()).await?;
                // Tokens that came along with the answer belong to sessions that are signed out.
                self.0.tokens.clear();
            }
        }
        // The answer's client has told everybody already, when it brought one.
        if self.snapshot().active_session != ActiveSession::None {
            self.commit([Transition::Activate(None)]).await;
        }
        Ok(true)
    }
}
