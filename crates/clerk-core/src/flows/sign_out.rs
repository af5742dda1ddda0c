//! Signing out.

use serde::{Deserialize, Serialize};

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::request::{Method, Request, path},
    models::SessionId,
    state::{snapshot::ActiveSession, transition::Transition},
};

/// Parameters of [`Clerk::sign_out`].
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SignOutOptions {
    /// The session to sign out of. Default: all sessions.
    #[serde(default)]
    #[specta(optional)]
    pub session_id: Option<SessionId>,
    /// Where to navigate if the active session ended. Default: the option `afterSignOutUrl`.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url: Option<String>,
    /// The URL of the calling page, against which relative URLs are resolved. Default: the app's start page.
    #[serde(default)]
    #[specta(optional)]
    pub location: Option<String>,
}

/// The outcome of [`Clerk::end_sessions`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignOutOutcome {
    /// Whether the active session ended.
    pub active_session_ended: bool,
    /// Where to navigate if the active session ended: the redirect URL, else the option `afterSignOutUrl`, else `/`.
    pub navigate_to: Option<String>,
}

impl Clerk {
    /// Signs out of one session or all of them. Does nothing if there is no session to sign out of.
    ///
    /// The client itself stays, so that Clerk recognises the device at the next sign-in. Signing out of the active
    /// session does not activate another one. All cached session tokens are deleted.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`; the state is then unchanged. `browser_unavailable` if
    /// `redirect_url` is on another site.
    ///
    /// # Source
    /// FAPI `DELETE /v1/client/sessions`, `POST /v1/client/sessions/{id}/remove`; `Clerk.signOut()`.
    pub async fn sign_out(&self, options: SignOutOptions) -> Result<()> {
        // Without a redirect URL or option, code without a window has no page to navigate from.
        let leads_somewhere = options.redirect_url.is_some() || self.snapshot().options.after_sign_out_url.is_some();
        let outcome = self.end_sessions(options).await?;
        self.navigate(outcome.navigate_to.filter(|_| leads_somewhere).as_deref().unwrap_or_default())
    }

    /// As [`sign_out`](Self::sign_out), for callers that navigate themselves.
    ///
    /// # Errors
    /// As [`sign_out`](Self::sign_out), without `browser_unavailable`.
    pub async fn end_sessions(&self, options: SignOutOptions) -> Result<SignOutOutcome> {
        if !self.end(options.session_id).await? {
            return Ok(SignOutOutcome::default());
        }
        let (snapshot, here) = (self.snapshot(), self.page(options.location.as_deref()));
        let navigate_to = options.redirect_url.unwrap_or_else(|| self.urls(&snapshot, &here).after_sign_out());
        Ok(SignOutOutcome { active_session_ended: true, navigate_to: Some(navigate_to) })
    }

    /// Ends sessions. Returns false if the active session is still there.
    async fn end(&self, session_id: Option<SessionId>) -> Result<bool> {
        let _turn = self.0.turns.switch().await;
        let snapshot = self.loaded_snapshot()?;
        self.0.turns.session_was_chosen();
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
                self.0.store.tokens.clear();
                let request = Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "remove"]));
                self.end_on_server(&request.changes_client()).await?;
                self.0.store.tokens.clear();
                if !is_active(&id) {
                    return Ok(false);
                }
            }
            _ => {
                self.0.store.tokens.clear();
                let request = Request::new(Method::Delete, "/client/sessions").responds_with_client().changes_client();
                self.end_on_server(&request).await?;
                // Tokens in the response belong to signed-out sessions.
                self.0.store.tokens.clear();
            }
        }
        // If the response contained a client, the listeners have been notified already.
        if self.snapshot().active_session != ActiveSession::None {
            self.commit([Transition::Activate(None)]).await;
        }
        Ok(true)
    }

    /// Ends sessions on the server. A server that does not know the client any more has nothing to end.
    async fn end_on_server(&self, request: &Request) -> Result<()> {
        match self.exchange(request).await {
            Err(error) if error.status() == Some(401) || error.status() == Some(404) => {
                tracing::debug!(code = error.code(), "the sessions had ended on the server already");
                Ok(())
            }
            result => result.map(|_| ()),
        }
    }
}
