//! Signing out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    exchange::connection::is_same_client,
    fapi::request::{Method, Request},
    models::{Session, SessionId, SessionStatus},
    random::random_text,
    state::{
        revocation_queue::{Revocation, Target},
        snapshot::Snapshot,
        transition::Transition,
    },
    task,
};

/// How long signing out waits for the stores.
const STORE_TIMEOUT: Duration = Duration::from_secs(15);

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
    /// This device is signed out at once, also without a network: the sessions, their tokens and the stored state are gone
    /// when this returns. FAPI ends the sessions as soon as it can be reached, if need be after a restart of the app.
    ///
    /// The client itself stays, so that Clerk recognises the device at the next sign-in. Signing out of the active
    /// session does not activate another one. All cached session tokens are deleted.
    ///
    /// # Errors
    /// `not_loaded`. `browser_unavailable` if `redirect_url` is on another site.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/remove`; `Clerk.signOut()`.
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

    /// Signs out of all sessions, as [`end_sessions`](Self::end_sessions), and has FAPI delete the client of this
    /// device: to FAPI, whoever signs in next does so on a new device. Signing out alone keeps the client.
    ///
    /// Signing out completes on this device at once, also without a network. Deleting the client does not.
    ///
    /// # Errors
    /// `not_loaded`. `network_error` or `api_response_error` if the client could not be deleted; then the user is
    /// signed out nevertheless, and another call tries again.
    ///
    /// # Source
    /// FAPI `DELETE /v1/client`; `Client.destroy()`. `Client.removeSessions()` is [`end_sessions`](Self::end_sessions)
    /// without a session.
    pub async fn destroy_client(&self) -> Result<()> {
        self.end_sessions(SignOutOptions::default()).await?;
        let connection = &self.0.connection;
        let (client, Some(token)) = (self.client().unwrap_or_default(), connection.client_token()) else {
            return Ok(());
        };
        let delete = Request::new(Method::Delete, "/client").responds_with_client().changes_client();
        match self.exchange(&delete).await {
            Ok(_) => {
                let revocations = self.0.revocations.pending();
                for revocation in revocations.iter().filter(|one| one.client == client.id) {
                    self.0.revocations.finish(&revocation.target);
                }
                // Somebody may have begun to sign in meanwhile, which makes another client.
                if connection.client_token().is_some_and(|now| is_same_client(&token, &now)) {
                    self.forget_client().await;
                }
                self.update_stored(|_| {}).await;
                Ok(())
            }
            Err(error) if error.is_unauthenticated() => {
                self.settle_unauthenticated().await;
                let is_there = self.client().is_some_and(|client| !client.id.as_str().is_empty());
                if is_there { Err(error) } else { Ok(()) }
            }
            Err(error) => Err(error),
        }
    }

    /// Ends sessions. Returns false if the active session is still there. Does not wait for other changes of the active session:
    /// a session that is signed out can't become active any more, and whoever waits for it is told so.
    async fn end(&self, session_id: Option<SessionId>) -> Result<bool> {
        let snapshot = self.loaded_snapshot()?;
        self.0.turns.session_was_chosen();
        let client = snapshot.client.clone().unwrap_or_default();
        let is_named = |session: &Session| session_id.as_ref().is_none_or(|id| session.id == *id);
        let was_signed_out = session_id.as_ref().is_some_and(|id| snapshot.signed_out.contains(id));
        let everything = if session_id.is_none() {
            true
        } else if was_signed_out || client.sessions.iter().any(is_named) {
            // The sessions that have ended already go with the last one.
            !was_signed_out && client.signed_in_sessions().all(is_named)
        } else {
            // As in Clerk's SDKs, an unknown session stands for the only one.
            client.signed_in_sessions().count() == 1
        };
        let ended: Vec<&Session> = client.sessions.iter().filter(|session| everything || is_named(session)).collect();
        // FAPI may know sessions of an earlier run that this device does not know.
        let is_unconfirmed = snapshot.confirmed_at_ms.is_some() && session_id.is_none();
        if ended.is_empty() && !is_unconfirmed {
            return Ok(false);
        }
        let active = snapshot.session().map(|session| session.id.clone());
        let active_ended =
            (everything && !ended.is_empty()) || ended.iter().any(|session| Some(&session.id) == active.as_ref());
        let token = self.0.connection.client_token();
        let now_ms = self.0.setup.clock.now_ms();
        let revocation = |target| Revocation {
            target,
            client: client.id.clone(),
            token: token.clone(),
            queued_at_ms: now_ms,
            refusals: 0,
        };
        let known = ended.iter().filter(|session| may_be_signed_in(session)).map(|session| session.id.clone());
        let unknown = everything.then(|| Target::Unknown(random_text(16)));
        self.0.revocations.add(known.map(Target::Session).chain(unknown).map(revocation));
        if everything {
            self.0.connection.set_signed_out();
        }
        self.0.store.tokens.clear();
        let sessions = ended.iter().map(|session| session.id.clone()).collect();
        let no_session = everything.then_some(Transition::Activate(None));
        let signed_out = Transition::SignedOut { sessions, pending: self.0.revocations.sessions() };
        self.apply([signed_out].into_iter().chain(no_session)).await;
        self.0.store.tokens.clear();
        // In a task of its own, because a caller may be cancelled, and a store may hang.
        let clerk = self.clone();
        let stored = task::spawn(async move {
            let is_stored = clerk.renew_key().await;
            if !is_stored && clerk.would_restore_signed_out_user() {
                let message = "neither the keyring nor the disk could store that the user signed out, so a restart of the app may \
                               show them again until Clerk responds; the log says why";
                clerk.notice(ErrorCode::SignOutNotStored.as_str(), message.to_owned());
            }
            clerk.send_revocations();
        });
        if tokio::time::timeout(STORE_TIMEOUT, stored).await.is_err() {
            tracing::warn!("the stores do not respond; the stored state will be replaced as soon as they do");
        }
        Ok(active_ended)
    }

    /// Waits for `action`, but no longer than until the user signs out of the session.
    pub(crate) async fn unless_signed_out<T>(
        &self,
        session: Option<&SessionId>,
        action: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let is_signed_out = |snapshot: &Snapshot| session.is_some_and(|id| snapshot.signed_out.contains(id));
        if is_signed_out(&self.snapshot()) {
            return action.await;
        }
        let mut state = self.subscribe();
        tokio::select! {
            biased;
            Ok(_) = state.wait_for(|snapshot| is_signed_out(snapshot)) => {
                Err(ErrorCode::NoActiveSession.error("the user signed out of the session meanwhile"))
            }
            result = action => result,
        }
    }
}

/// Whether FAPI may know the session as signed in: it may have ended by our clock only, which may be wrong.
fn may_be_signed_in(session: &Session) -> bool {
    session.status.is_signed_in() || matches!(session.status, SessionStatus::Expired | SessionStatus::Abandoned)
}
