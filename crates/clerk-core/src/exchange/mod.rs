//! The path of every request, from a method of [`Clerk`] to FAPI and back into the state.
//!
//! Each layer calls the next one; a caller uses the highest one that fits:
//!
//! | layer | for |
//! | --- | --- |
//! | [`Clerk::call`] | methods of resources: sends a request on behalf of a caller and reads the resource in the response |
//! | [`Clerk::request`] | the same for flows that need the raw JSON; a 401 makes it verify the identity |
//! | [`Clerk::exchange`] | requests of the core itself (load, poll, recovery): applies the response, does not react to a 401 |
//! | [`Clerk::send`], [`Clerk::absorb`] | load, which applies two responses in a fixed order, and the verification |
//!
//! [`Clerk::absorb`] is the only place where a response changes the state or the client token; [`connection`] has the rules.

mod aging;
pub(crate) mod connection;
pub(crate) mod contact;
mod focus;
pub(crate) mod ordering;
mod recovery;
pub(crate) mod requests;
mod revocations;
mod session_request;
pub(crate) mod session_token;
pub(crate) mod throttle;
pub(crate) mod token_cache;
pub(crate) mod upkeep;

use std::collections::BTreeSet;

use crate::{
    clerk::{Clerk, not_loaded},
    error::{Error, ErrorCode, Result},
    exchange::{
        connection::{ClientVerdict, InFlight, TokenVerdict, client_id},
        requests::get_client,
    },
    fapi::{
        json::Json,
        pipeline::{Credentials, Reply},
        request::Request,
        wire::Wire,
    },
    models::UserId,
    outside,
    ports::{BoxFuture, StoreError, TokenUpdate},
    secret::ClientToken,
    state::{
        auth_events::AuthEvent,
        revocation_queue::{Revocation, Target},
        transition::Transition,
    },
    task,
};

/// How often a verification is repeated when the token changes meanwhile.
const MAX_VERIFICATIONS: usize = 5;

/// Reads the resource in a response.
pub(crate) fn read_resource<T: Wire>(response: &Json) -> Result<T> {
    response.read().ok_or_else(not_a_resource)
}

/// The error of a response that can't be read as what was requested.
pub(crate) fn not_a_resource() -> Error {
    ErrorCode::DecodeError.error("the Frontend API responded with another kind of resource than requested")
}

impl Clerk {
    /// Sends a request on behalf of a caller and reads the resource in the response.
    pub(crate) async fn call<T: Wire>(&self, request: &Request) -> Result<T> {
        read_resource(&self.request(request).await?)
    }

    /// Sends a request on behalf of the user who is signed in now, and reads the resource in the response.
    pub(crate) async fn call_for_user<T: Wire>(&self, request: Request) -> Result<T> {
        read_resource(&self.request_for_user(request).await?)
    }

    fn request_for_user(&self, request: Request) -> BoxFuture<'_, Result<Json>> {
        Box::pin(async move {
            let session = self.loaded().await?.session().map(|session| session.id.clone());
            let session =
                session.ok_or_else(|| ErrorCode::NoActiveSession.error("no user is signed in; sign in first"))?;
            self.request(&request.session(Some(session))).await
        })
    }

    /// Sends a request on behalf of a caller. A 401 may mean that the session has ended, so the identity is verified. A refusal
    /// that says that the user is signed in already makes that session the active one.
    pub(crate) fn request<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Json>> {
        Box::pin(async move {
            let session = self.loaded().await?.session().map(|session| session.id.clone());
            let generation = self.0.connection.generation();
            let mut result = self.exchange(request).await;
            if let Err(error) = &result
                && error.is_unauthenticated()
            {
                if request.begins_attempt() {
                    self.verify(Patience::None).await;
                } else {
                    self.settle_unauthenticated().await;
                }
                // With another token: of the same session, which FAPI had rotated for another request, or of a new device.
                let is_same_session = self.snapshot().session().map(|session| &session.id) == session.as_ref();
                let may_repeat = request.begins_attempt() || (is_same_session && !request.redeems_nonce());
                if may_repeat && self.0.connection.generation() != generation {
                    result = self.exchange(request).await;
                }
            }
            if let Err(error) = &result
                && is_signed_in_already(error)
            {
                self.adopt_existing_session(error).await;
            }
            result
        })
    }

    /// Reads the client again after FAPI did not recognise the session, and signs out here when the session has ended. All
    /// windows see that at once. Does nothing when signed out.
    ///
    /// # Errors
    /// `network_error` or `api_response_error` when the client can't be read; then the state is unchanged, unless FAPI
    /// responded with 403 or 500: that ends the session here, without an error.
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
            Err(error) if error.is_unauthenticated() => {
                self.verify_identity().await;
                if self.snapshot().session().is_none() { Ok(()) } else { Err(error) }
            }
            Err(error) => Err(error),
            Ok(_) => {
                // A response that would end the session raised a doubt, which is settled before this returns.
                self.verify_identity_if_in_doubt().await;
                Ok(())
            }
        }
    }

    /// Verifies the identity beside another error, which is the one to report.
    pub(crate) async fn settle_unauthenticated(&self) {
        if self.snapshot().session().is_some() || self.0.connection.has_client_token() {
            self.verify_identity().await;
        }
    }

    /// Finds out who this device is to FAPI, after a response that could be read as the end of the session. Only this ends a
    /// session that the user did not end. Concurrent doubts share one verification.
    pub(crate) async fn verify_identity(&self) {
        self.verify(Patience::ForNonce).await;
    }

    fn verify(&self, patience: Patience) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let connection = &self.0.connection;
            let Some(_verification) = connection.begin_verification().await else { return };
            for left in (0..MAX_VERIFICATIONS).rev() {
                connection.take_doubt();
                match self.verify_once(left > 0, patience).await {
                    Ok(true) if !connection.take_doubt() => return,
                    // The token changed meanwhile, so the response says nothing; or there is a new doubt.
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(code = error.code(), "the identity of this device could not be verified");
                        return;
                    }
                }
            }
        })
    }

    async fn verify_identity_if_in_doubt(&self) {
        if self.0.connection.take_doubt() {
            self.verify_identity().await;
        }
    }

    /// Reads the client with the present token, and applies the response unless the token was rotated meanwhile. Returns
    /// whether that settles the doubt. With `may_go_on`, a refusal that brings another token does not.
    async fn verify_once(&self, may_go_on: bool, patience: Patience) -> Result<bool> {
        let connection = &self.0.connection;
        let rotations = connection.no_rotation_in_flight().await;
        // Another process of the app may have rotated the token.
        if let Some(theirs) = self.token_of_another_process().await {
            connection.reset_token(Some(theirs));
        }
        let (reply, in_flight) = self.send(&get_client().changes_client()).await?;
        if connection.is_superseded(&in_flight) || connection.rotations() != rotations {
            return Ok(false);
        }
        let had_token = connection.has_client_token();
        let generation = connection.generation();
        match self.absorb(reply, in_flight).await {
            // FAPI gave another token, which says who this device is.
            Err(error)
                if error.is_unauthenticated()
                    && may_go_on
                    && connection.has_client_token()
                    && connection.generation() != generation =>
            {
                Ok(false)
            }
            // FAPI does not know the token, and gave no other one: this device has no client any more.
            Err(error) if error.is_unauthenticated() => {
                let is_needed = patience == Patience::ForNonce && self.expects_nonce();
                if had_token && !is_needed && connection.rotations() == rotations {
                    self.forget_client().await;
                }
                Ok(true)
            }
            result => result.map(|_| true),
        }
    }

    /// Forgets the client of this device, which FAPI does not know any more.
    pub(crate) fn forget_client(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // With the token, FAPI would refuse the next sign-in too.
            self.0.connection.reset_token(None);
            self.commit([Transition::unknown_client(), Transition::Activate(None)]).await;
            self.store_token(None).await;
        })
    }

    /// Makes the session active that FAPI names in a refusal, so that an app whose sign-in succeeded without its knowledge (a
    /// lost response) converges without a restart.
    async fn adopt_existing_session(&self, error: &Error) {
        if self.snapshot().session().is_some() {
            return;
        }
        if let Err(error) = self.exchange(&get_client()).await {
            tracing::debug!(code = error.code(), "the client of the existing session could not be read");
            return;
        }
        let client = self.client().unwrap_or_default();
        let named = error.api_meta("sessionId").map(Into::into);
        let session = named.filter(|id| client.signed_in_session(id).is_some());
        let session = session.or_else(|| client.default_session().map(|session| session.id.clone()));
        if session.is_some() && self.snapshot().session().is_none() {
            self.commit([Transition::Activate(session)]).await;
        }
    }

    /// Sends a request and applies the response. A request that FAPI refused because its token was superseded meanwhile is sent
    /// once more; so is one of a device that got its first usable token with the refusal.
    pub(crate) fn exchange<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Json>> {
        Box::pin(async move {
            self.wait_for_revocations().await;
            let generation = self.0.connection.generation();
            let was_revoking = !self.0.revocations.is_empty();
            let result = self.exchange_once(request).await;
            match &result {
                Err(error)
                    if error.is_unauthenticated()
                        && !request.redeems_nonce()
                        && self.0.connection.has_client_token()
                        && self.0.connection.generation() != generation =>
                {
                    self.exchange_once(request).await
                }
                // For FAPI, the user is signed in until it has ended the session that the user signed out of.
                Err(error) if was_revoking && is_signed_in_already(error) => {
                    self.send_revocations_once().await;
                    self.exchange_once(request).await
                }
                _ => result,
            }
        })
    }

    async fn exchange_once(&self, request: &Request) -> Result<Json> {
        if !request.may_rotate() {
            return self.send_and_absorb(request).await;
        }
        // FAPI rotates the token whether or not the caller is still waiting.
        let (clerk, request) = (self.clone(), request.clone());
        outside::to_the_end(async move { clerk.send_and_absorb(&request).await }).await
    }

    fn send_and_absorb<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Json>> {
        Box::pin(async move {
            let connection = &self.0.connection;
            let first_contact = request.may_create_client() && !connection.has_client_token();
            let _first = if first_contact { Some(connection.first_contact.lock().await) } else { None };
            let user_id = self.user_of(request);
            let (mut reply, mut in_flight) = self.send(request).await?;
            if request.begins_attempt()
                && connection.made_another_client(&in_flight, &reply)
                && connection.was_superseded_by_another(&mut in_flight).await
            {
                // This device is still the client that it was, with a newer token.
                self.end_stray_session(&reply);
                (reply, in_flight) = self.send(request).await?;
            }
            if request.deletes_account() && reply.said.is_deleted {
                // Before the response ends the sessions.
                self.0.store.emit(&self.0.setup, AuthEvent::AccountDeleted { user_id });
            }
            let is_complete = reply.said.is_complete;
            let outcome = match request.may_rotate() {
                // This runs to its end already.
                true => self.absorb_now(reply, in_flight).await?,
                false => self.absorb(reply, in_flight).await?,
            };
            if request.is_reverification() && is_complete {
                // The tokens say when the user was verified.
                self.0.store.tokens.discard(self.now());
            }
            Ok(outcome)
        })
    }

    /// Ends the session on a client that FAPI created for a request with a superseded token. Nobody uses that client.
    fn end_stray_session(&self, reply: &Reply) {
        let TokenUpdate::Set(token) = &reply.token else { return };
        let (Some(session), Some(client)) = (reply.said.created_session.clone(), client_id(token)) else { return };
        tracing::debug!("FAPI made another client for a request with a superseded token");
        self.0.revocations.add([Revocation {
            target: Target::Session(session),
            client: client.as_str().into(),
            token: Some(token.clone()),
            queued_at_ms: self.0.setup.clock.now_ms(),
            refusals: 0,
        }]);
        self.send_revocations();
    }

    /// Returns the user on whose behalf a request is sent.
    fn user_of(&self, request: &Request) -> Option<UserId> {
        let snapshot = self.snapshot();
        let session = match (&request.session, &snapshot.client) {
            (Some(id), Some(client)) => client.signed_in_session(id),
            _ => snapshot.session(),
        };
        session?.user.as_ref().map(|user| user.id.clone())
    }

    /// Sends a request; the response is not applied yet.
    pub(crate) fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<(Reply, InFlight)>> {
        Box::pin(async move {
            let fapi = self.0.connection.fapi().ok_or_else(not_loaded)?;
            self.0.throttle.check(request)?;
            let active = || self.snapshot().session().map(|session| session.id.clone());
            let session_id = request.session.clone().or_else(active);
            let (client_token, in_flight) = self.0.connection.begin_request(request);
            let reply = fapi.send(request, &Credentials { client_token, session_id, ..Credentials::default() }).await?;
            if let Err(error) = &reply.outcome {
                self.0.throttle.note(request, error);
            }
            Ok((reply, in_flight))
        })
    }

    /// Applies the client token and the client of a response, unless a newer response came first. Runs in its own task so
    /// that a cancelled caller cannot drop a token that the server has already rotated.
    pub(crate) async fn absorb(&self, reply: Reply, in_flight: InFlight) -> Result<Json> {
        let clerk = self.clone();
        outside::to_the_end(async move { clerk.absorb_now(reply, in_flight).await }).await
    }

    fn absorb_now(&self, reply: Reply, mut in_flight: InFlight) -> BoxFuture<'_, Result<Json>> {
        Box::pin(async move {
            // The nonce may come from a stranger's link. The genuine one works only with the present client token.
            if in_flight.redeems_nonce && reply.outcome.is_err() {
                return reply.outcome;
            }
            // FAPI may refuse the present client token until the nonce is redeemed, which works only with that token.
            if in_flight.had_token && knows_no_client(&reply) && self.expects_nonce() {
                return reply.outcome;
            }
            // Another process may know by now what was unknown here.
            if self.0.revocations.has_unknown()
                && let Some(stored) = self.read_stored().await
            {
                self.0.revocations.forget_settled(&stored.revocations);
            }
            let connection = &self.0.connection;
            let mut doubt = false;
            let mut renew = false;
            let mut new_token = None;
            let mut has_settled = false;
            let writer = self.0.store.writer(&self.0.setup).await;
            let snapshot = self.0.store.snapshot();
            let active = snapshot.session().map(|session| session.id.clone());
            let refused = knows_no_client(&reply);
            let update = match reply.token {
                TokenUpdate::Absent => None,
                TokenUpdate::Clear => Some(None),
                TokenUpdate::Set(token) => Some(Some(token)),
            };
            if let Some(token) = update {
                let old = connection.client_token();
                match connection.judge_token(&mut in_flight, token, active.is_some(), refused) {
                    TokenVerdict::Keep => {}
                    TokenVerdict::Adopt(token) => {
                        if let (Some(old), Some(new)) = (&old, &token) {
                            self.0.revocations.renew_token(old, new);
                        }
                        new_token = Some(token);
                    }
                    TokenVerdict::Doubt => doubt = true,
                }
            }
            if let Some(mut client) = reply.client {
                client.drop_sessions(|session| snapshot.signed_out.contains(session));
                let created = reply.said.created_session;
                // A nonce may come from a page that created a session; the link says which one.
                let unknown = match in_flight.redeems_nonce && created.is_none() {
                    true => Vec::new(),
                    false => self.unknown_sessions(&snapshot, &client.typed, created.as_ref()),
                };
                let unknown_ids: BTreeSet<_> = unknown.iter().filter_map(Revocation::session).cloned().collect();
                client.drop_sessions(|session| unknown_ids.contains(session));
                // A restored client is no measure of which response is newer.
                let held = snapshot.client.as_deref().filter(|_| !snapshot.restored);
                let (refused, lists_sessions) = (reply.outcome.is_err(), client.lists_sessions);
                match connection.judge_client(&in_flight, held, &client.typed, active.as_ref(), refused, lists_sessions)
                {
                    ClientVerdict::Adopt => {
                        // The app's own choice of the initial session replaces the default one.
                        let chooses =
                            self.0.setup.select_initial_session.is_some() && snapshot.may_select_session(&client.typed);
                        let chosen = chooses.then(|| Transition::Activate(self.0.setup.initial_session(&client.typed)));
                        // While the user may be signing in, what is unknown may be theirs.
                        let settles = !self.expects_nonce() && !connection.is_other_rotating(&in_flight);
                        let settled = settles.then(|| self.settle_sign_outs(&client.typed.id, unknown)).flatten();
                        has_settled = settled.is_some();
                        writer.apply(settled.into_iter().chain([Transition::Client(client)]).chain(chosen));
                        let now = self.0.store.snapshot();
                        renew = snapshot.shows_somebody_else_than(&now);
                    }
                    ClientVerdict::Doubt => doubt = true,
                    ClientVerdict::Ignore => {
                        tracing::debug!("the client of an overtaken or superseded response was ignored");
                    }
                }
            }
            drop(writer);
            if let Some(token) = new_token {
                self.store_token(token).await;
            }
            if renew {
                self.renew_key().await;
            }
            self.0.revocations.fapi_responded();
            if has_settled {
                let clerk = self.clone();
                task::spawn(async move {
                    clerk.update_stored(|_| {}).await;
                    clerk.send_revocations();
                });
            }
            if doubt {
                self.doubt_identity();
            }
            reply.outcome
        })
    }

    /// Has the identity verified, without waiting for it.
    pub(crate) fn doubt_identity(&self) {
        self.0.connection.raise_doubt();
        let clerk = self.clone();
        task::spawn(async move { clerk.verify_identity_if_in_doubt().await });
    }

    /// Stores a new client token. If storing fails, it is used in memory only, and stored as soon as that is possible: FAPI may
    /// refuse the older one that is stored. If another process stored a newer one, that is used instead.
    pub(crate) fn store_token(&self, token: Option<ClientToken>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let needed_store = self.0.connection.needs_store();
            match self.save_token(token.as_ref()).await {
                Ok(None) => {}
                Ok(Some(theirs)) => self.adopt_stored_token(theirs).await,
                Err(error) => {
                    self.0.connection.set_token_is_unsaved(true);
                    self.recover_store();
                    match error {
                        // That was reported.
                        StoreError::Unavailable(why) if needed_store => {
                            tracing::debug!("the keyring is still not available: {why}");
                        }
                        error => self.report_store_error(&error),
                    }
                }
            }
        })
    }

    /// Becomes the device of a stored token: that of an earlier run, which could not be read until now, or of another process.
    pub(crate) fn adopt_stored_token(&self, token: ClientToken) -> BoxFuture<'static, ()> {
        let clerk = self.clone();
        // Boxed, because applying a response may lead here again.
        Box::pin(async move {
            let before = clerk.0.store.snapshot().session().map(|session| session.id.clone());
            if let Some(old) = clerk.0.connection.client_token() {
                clerk.0.revocations.renew_token(&old, &token);
            }
            clerk.0.connection.reset_token(Some(token));
            if let Err(error) = clerk.exchange_once(&get_client().changes_client()).await {
                tracing::debug!(code = error.code(), "the client of the stored token could not be read");
            }
            // Nobody becomes active after the user signed out, or chose to have no active session.
            if clerk.0.store.snapshot().session().is_some() || (before.is_none() && clerk.0.turns.was_session_chosen())
            {
                return;
            }
            let client = clerk.client().unwrap_or_default();
            let session = before.filter(|id| client.signed_in_session(id).is_some());
            let session = session.or_else(|| client.default_session().map(|session| session.id.clone()));
            if session.is_some() {
                clerk.commit([Transition::Activate(session)]).await;
            }
        })
    }

    /// Tries to reach the store again, with growing pauses, until that is not needed any more or the last handle is dropped. A
    /// read may ask the user to unlock the keyring, so the pauses are long. Does nothing if a task does that already.
    pub(crate) fn recover_store(&self) {
        let Some(recovery) = self.0.connection.begin_recovery() else { return };
        let mut background = self.in_background();
        task::spawn(async move {
            let _recovery = recovery;
            for minutes in [1, 5, 15, 30].into_iter().chain(std::iter::repeat(60)) {
                let pause = tokio::time::sleep(std::time::Duration::from_secs(minutes * 60));
                let Some((clerk, ())) = background.after(pause).await else { return };
                if clerk.0.connection.needs_store() {
                    clerk.store_token(clerk.0.connection.client_token()).await;
                }
                if clerk.0.vault.token_is_withheld() {
                    clerk.renew_key().await;
                }
                if !clerk.0.connection.needs_store() && !clerk.0.vault.token_is_withheld() {
                    return;
                }
            }
        });
    }

    /// Gives notice that secrets can't be stored or read. The details, which may name files or accounts, are for the log only:
    /// every window may hear notices.
    pub(crate) fn report_store_error(&self, error: &StoreError) {
        tracing::warn!(%error, "a secret could not be stored or read");
        let (code, message) = match error {
            StoreError::Unavailable(_) => (
                ErrorCode::StorageUnavailable,
                "the keyring is not available, so the user has to sign in again after a restart; the log says why",
            ),
            StoreError::Corrupt(_) => (
                ErrorCode::StorageCorrupt,
                "the keyring contains an invalid value, which is ignored; the log says which",
            ),
        };
        self.notice(code.as_str(), message.to_owned());
    }
}

/// Whether FAPI may refuse the client token for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// As long as a callback link may bring a nonce to redeem with it.
    ForNonce,
    /// No: the user begins a new attempt instead.
    None,
}

/// Whether FAPI does not know the client of the token that the request was sent with.
pub(crate) fn knows_no_client(reply: &Reply) -> bool {
    match &reply.outcome {
        Ok(resource) => resource.is_null() && reply.client.is_some(),
        Err(error) => error.is_unauthenticated(),
    }
}

/// Whether FAPI refused a sign-in because the user is signed in already.
fn is_signed_in_already(error: &Error) -> bool {
    error.has_api_code("session_exists") || error.has_api_code("identifier_already_signed_in")
}
