//! The path of every request, from a method of [`Clerk`] to FAPI and back into the state.
//!
//! Each layer calls the next one; a caller uses the highest one that fits:
//!
//! | layer | for |
//! | --- | --- |
//! | [`Clerk::call`] | methods of resources: sends a request for a caller and reads the resource in the response |
//! | [`Clerk::request`] | the same for flows that need the raw JSON; a 401 makes it read the client again |
//! | [`Clerk::exchange`] | requests of the core (load, poll, recovery): applies the response, ignores a 401 |
//! | [`Clerk::send`], [`Clerk::absorb`] | load, which applies two responses in a fixed order |
//!
//! [`Clerk::absorb`] is the only place where a response changes the state or the client token.

pub(crate) mod connection;
mod focus;
pub(crate) mod ordering;
pub(crate) mod requests;
pub(crate) mod session_token;
pub(crate) mod token_cache;

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::{
    clerk::{Clerk, not_loaded},
    error::{ErrorCode, Result},
    exchange::{ordering::Stamp, requests::get_client},
    fapi::{
        pipeline::{Credentials, Reply},
        request::Request,
        wire::Wire,
    },
    models::Client,
    ports::{SecretKey, StoreError, TokenUpdate},
    secret::StoredSecret,
    state::transition::Transition,
};

impl Clerk {
    /// Sends a request on behalf of a caller and reads the resource in the response.
    pub(crate) async fn call<T: Wire>(&self, request: &Request) -> Result<T> {
        let json = self.request(request).await?;
        T::read(&json).ok_or_else(|| {
            ErrorCode::DecodeError.error("the Frontend API responded with another kind of resource than requested")
        })
    }

    /// Sends a request on behalf of a caller. A 401 may mean that the session has ended, so the client is reloaded.
    pub(crate) async fn request(&self, request: &Request) -> Result<Value> {
        self.loaded_snapshot()?;
        let result = self.exchange(request).await;
        if let Err(error) = &result
            && error.status() == Some(401)
            // These two codes do not concern the session.
            && !error.has_api_code("requires_captcha")
            && !error.has_api_code("dev_browser_unauthenticated")
        {
            self.settle_unauthenticated().await;
        }
        result
    }

    /// Reloads the client after FAPI did not recognise the session, and signs out if the session has ended. All windows
    /// are notified immediately. Does nothing if signed out.
    ///
    /// # Errors
    /// `network_error` or `api_response_error` if the client can't be read; the state is then unchanged. A response
    /// with 403 or 500 ends the session without an error.
    ///
    /// # Source
    /// `Clerk.handleUnauthenticated()`.
    pub async fn handle_unauthenticated(&self) -> Result<()> {
        if self.snapshot().session().is_none() {
            return Ok(());
        }
        match self.exchange(&get_client()).await {
            Err(error) if matches!(error.status(), Some(403 | 500)) => {
                self.commit([Transition::Activate(None)]).await;
                Ok(())
            }
            read => read.map(|_| ()),
        }
    }

    /// As [`handle_unauthenticated`](Self::handle_unauthenticated), but only logs an error: the caller reports the
    /// original one.
    pub(crate) async fn settle_unauthenticated(&self) {
        let settling = &self.0.connection.settling;
        if settling.swap(true, Ordering::AcqRel) {
            return;
        }
        let settling = Settling(settling);
        if let Err(error) = self.handle_unauthenticated().await {
            tracing::debug!(code = error.code(), "the client could not be reloaded after a 401");
        }
        drop(settling);
    }

    /// Sends a request and applies the response.
    pub(crate) async fn exchange(&self, request: &Request) -> Result<Value> {
        let connection = &self.0.connection;
        let first_contact = request.may_create_client() && !connection.has_client_token();
        let _first = if first_contact { Some(connection.first_contact.lock().await) } else { None };
        let (reply, stamp) = self.send(request).await?;
        self.absorb(reply, stamp).await
    }

    /// Sends a request without applying the response.
    pub(crate) async fn send(&self, request: &Request) -> Result<(Reply, Stamp)> {
        let fapi = self.0.connection.fapi().ok_or_else(not_loaded)?;
        let session_id = self.snapshot().session().map(|session| session.id.clone());
        let (client_token, stamp) = self.0.connection.begin_request();
        Ok((fapi.send(request, &Credentials { client_token, session_id }).await?, stamp))
    }

    /// Applies the client token and the client of a response, unless a newer response has been applied. Runs in its own
    /// task so that a cancelled caller cannot drop a token that the server has already rotated.
    pub(crate) async fn absorb(&self, reply: Reply, stamp: Stamp) -> Result<Value> {
        let clerk = self.clone();
        let absorbed = tokio::spawn(async move { clerk.absorb_now(reply, stamp).await }).await;
        absorbed.unwrap_or_else(|_| {
            Err(ErrorCode::DecodeError.error("the response of the Frontend API could not be applied; try again"))
        })
    }

    async fn absorb_now(&self, reply: Reply, stamp: Stamp) -> Result<Value> {
        let connection = &self.0.connection;
        let writer = self.0.store.writer().await;
        if reply.token != TokenUpdate::Absent && connection.admit_token(stamp) {
            self.store_token(reply.token).await;
        }
        if let Some(raw) = reply.client
            && let Some(typed) = Client::read(&raw)
        {
            let snapshot = self.snapshot();
            // A restored client does not tell which response is newer.
            let held = snapshot.client.as_deref().filter(|_| !snapshot.restored);
            if connection.admit_client(stamp, held, &typed) {
                // The app's own choice of the initial session replaces the default one.
                let selected =
                    self.0.setup.select_initial_session.as_ref().filter(|_| snapshot.may_select_session(&typed));
                let selected = selected.map(|select| Transition::Activate(select(&typed)));
                let transition = Transition::Client { typed: Box::new(typed), raw };
                writer.apply(&self.0.setup, [transition].into_iter().chain(selected));
            } else {
                tracing::debug!("the client of an outdated response was ignored");
            }
        }
        reply.outcome
    }

    /// Stores a new client token, then uses it. If storing fails, it is used in memory only.
    async fn store_token(&self, update: TokenUpdate) {
        let token = match update {
            TokenUpdate::Set(token) => Some(token),
            TokenUpdate::Clear | TokenUpdate::Absent => None,
        };
        let connection = &self.0.connection;
        if connection.client_token() == token {
            return;
        }
        if let Some(name) = connection.secret_name() {
            let key = SecretKey::ClientToken(name);
            let stored = match &token {
                Some(token) => self.0.setup.secrets.write(&key, StoredSecret::new(token.expose())).await,
                None => self.0.setup.secrets.delete(&key).await,
            };
            if let Err(error) = stored {
                self.report_store_error(&error);
            }
        }
        connection.set_client_token(token);
    }

    pub(crate) fn report_store_error(&self, error: &StoreError) {
        let (code, message) = match error {
            StoreError::Unavailable(why) => (
                ErrorCode::StorageUnavailable,
                format!("the keyring is not available, so the user has to sign in again after a restart: {why}"),
            ),
            StoreError::Corrupt(why) => {
                (ErrorCode::StorageCorrupt, format!("the keyring contains an invalid value, which is ignored: {why}"))
            }
        };
        self.notice(code.as_str(), message);
    }
}

/// Ends settling on every exit path.
struct Settling<'a>(&'a AtomicBool);

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
