//! Clients: devices, their tokens, and the nonces for a rotated token.

use crate::{
    error::{Refusal, Result},
    state::{Client, DevBrowser, Nonce, Session, SessionStatus, SignInStatus, World},
    tokens::{self, PresentedToken},
};

/// Who sends a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// Whether the request comes from a native client.
    pub(crate) native: bool,
    /// ID of the client in the presented token, whether or not it exists.
    pub(crate) client_id: Option<String>,
    /// The rotating part of the presented token, which the client gets if it is created now.
    pub(crate) presented_rotating_token: Option<String>,
    /// ID of the client whose superseded token was presented; it can still redeem a nonce.
    pub(crate) superseded_client_id: Option<String>,
    /// The development browser named by the request.
    pub(crate) dev_browser: Option<String>,
    /// The new client token for the response, if any.
    pub(crate) new_token: Option<NewToken>,
    /// Whether an invalid token was presented.
    pub(crate) invalid_token: bool,
    /// The session named by the request.
    pub(crate) session_id: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) user_agent: Option<String>,
}

/// What a response says about the client token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NewToken {
    /// Replace the client token.
    Set(String),
    /// Delete the client token.
    Clear,
}

impl World {
    /// Reads the presented client token.
    pub(crate) fn read_token(&self, caller: &mut Caller, token: &str) -> Result<()> {
        match tokens::read_client_token(token)? {
            PresentedToken::Client { id, rotating_token } if self.is_current(&id, &rotating_token) => {
                caller.client_id = Some(id);
                caller.presented_rotating_token = Some(rotating_token);
            }
            // The client is gone, or the token was superseded: the caller starts without a client.
            PresentedToken::Client { id, .. } => {
                caller.superseded_client_id = Some(id).filter(|id| self.clients.contains_key(id));
            }
            PresentedToken::Invalid => caller.invalid_token = true,
        }
        Ok(())
    }

    /// Whether a client token is accepted. A superseded token of an existing client is, within the grace period.
    fn is_current(&self, id: &str, rotating_token: &str) -> bool {
        if self.deleted_clients.contains_key(id) {
            return false;
        }
        match (self.clients.get(id), self.config.rotation_grace_s) {
            (Some(client), Some(grace)) if client.rotating_token != rotating_token => {
                self.now_ms() - client.rotated_at < grace.saturating_mul(1000)
            }
            _ => true,
        }
    }

    /// Returns the caller's client, for operations that don't create one.
    pub(crate) fn client_of(&mut self, caller: &mut Caller) -> Result<Client> {
        let known = caller.client_id.clone().filter(|id| self.clients.contains_key(id));
        match known {
            Some(id) => {
                self.expire_sessions(&id);
                self.clients.get(&id).cloned().ok_or_else(|| Refusal::new(401, "signed_out"))
            }
            None if caller.invalid_token => Err(Refusal::new(401, "authentication_invalid")),
            None => {
                self.promise_client(caller)?;
                Err(Refusal::new(401, "signed_out"))
            }
        }
    }

    /// Returns the caller's client, or creates one.
    pub(crate) fn client_or_new(&mut self, caller: &mut Caller) -> Result<Client> {
        if caller.client_id.as_ref().is_some_and(|id| self.clients.contains_key(id)) {
            return self.client_of(caller);
        }
        let known = caller.client_id.clone();
        let now = self.now_ms();
        let issued = caller.presented_rotating_token.take().filter(|_| known.is_some());
        let client = Client {
            id: known.clone().unwrap_or_else(|| self.ids.id("client")),
            // The caller keeps the token that was issued before the client was created.
            rotating_token: issued.unwrap_or_else(|| self.ids.rotating_token()),
            sessions: Vec::new(),
            sign_in: None,
            sign_up: None,
            last_active_session_id: None,
            last_authentication_strategy: None,
            past_attempts: std::collections::VecDeque::new(),
            rotated_at: now,
            known_users: Vec::new(),
            captcha_bypass: false,
            created_at: now,
            updated_at: now,
        };
        self.clients.insert(client.id.clone(), client.clone());
        caller.client_id = Some(client.id.clone());
        if let Some(browser) = &caller.dev_browser {
            let browser_of = DevBrowser { client_id: Some(client.id.clone()), made_at: now };
            self.dev_browsers.insert(browser.clone(), browser_of);
        }
        if known.is_none() {
            self.issue_token(caller, &client)?;
        }
        Ok(client)
    }

    /// Issues the token of a client that is created later.
    pub(crate) fn promise_client(&mut self, caller: &mut Caller) -> Result<()> {
        let id = self.ids.id("client");
        let rotating_token = self.ids.rotating_token();
        self.hand_out(caller, tokens::client_token(&id, &rotating_token)?);
        Ok(())
    }

    /// Rotates the client token.
    pub(crate) fn rotate(&mut self, caller: &mut Caller, client_id: &str) -> Result<()> {
        match self.supersede_token(client_id) {
            Some(client) => self.issue_token(caller, &client),
            None => Ok(()),
        }
    }

    /// Rotates the client token, and leaves the new one for whoever redeems the nonce: an app whose user has authenticated in
    /// the system browser.
    pub(crate) fn supersede_token(&mut self, client_id: &str) -> Option<Client> {
        let rotating_token = self.ids.rotating_token();
        let now = self.now_ms();
        let client = self.clients.get_mut(client_id)?;
        client.rotating_token = rotating_token;
        client.rotated_at = now;
        Some(client.clone())
    }

    fn issue_token(&mut self, caller: &mut Caller, client: &Client) -> Result<()> {
        self.hand_out(caller, tokens::client_token(&client.id, &client.rotating_token)?);
        Ok(())
    }

    fn hand_out(&mut self, caller: &mut Caller, token: String) {
        self.issued_tokens.push(token.clone());
        caller.new_token = Some(NewToken::Set(token));
    }

    /// Saves a client. Its `updated_at` grows with each change.
    pub(crate) fn save_client(&mut self, mut client: Client) -> Client {
        let before = self.clients.get(&client.id).map_or(0, |client| client.updated_at);
        self.note_past_attempts(&mut client);
        client.updated_at = self.now_ms().max(before + 1);
        self.sweep_sessions(&mut client);
        self.clients.insert(client.id.clone(), client.clone());
        client
    }

    /// Records the attempts that the client no longer has.
    fn note_past_attempts(&self, client: &mut Client) {
        let Some(before) = self.clients.get(&client.id) else { return };
        let sign_in = before.sign_in.as_ref().map(|one| (one.id.clone(), one.status == SignInStatus::Complete));
        let sign_up = before.sign_up.as_ref().map(|one| (one.id.clone(), one.complete));
        let gone_in = sign_in.filter(|(id, _)| client.sign_in.as_ref().is_none_or(|one| one.id != *id));
        let gone_up = sign_up.filter(|(id, _)| client.sign_up.as_ref().is_none_or(|one| one.id != *id));
        for (id, complete) in gone_in.into_iter().chain(gone_up) {
            if !client.past_attempts.iter().any(|(past, _)| *past == id) {
                client.attempt_over(id, complete);
            }
        }
    }

    /// Changes a client in place.
    pub(crate) fn change_client(&mut self, id: &str, change: impl FnOnce(&mut Client)) {
        if let Some(mut client) = self.clients.get(id).cloned() {
            change(&mut client);
            self.save_client(client);
        }
    }

    /// `DELETE /v1/client/sessions`: removes all sessions and keeps the client.
    pub(crate) fn remove_sessions(&mut self, caller: &mut Caller) -> Result<Client> {
        let mut client = self.client_of(caller)?;
        let had_sessions = !client.sessions.is_empty();
        for session in &client.sessions {
            self.session_clients.remove(&session.id);
        }
        client.sessions.clear();
        client.last_active_session_id = None;
        client.sign_in = None;
        client.sign_up = None;
        let client = self.save_client(client);
        if had_sessions {
            self.rotate(caller, &client.id)?;
        }
        Ok(client)
    }

    /// `DELETE /v1/client`: removes all sessions and the client.
    pub(crate) fn delete_client(&mut self, caller: &mut Caller) -> Result<()> {
        let client = self.client_of(caller)?;
        for session in &client.sessions {
            self.session_clients.remove(&session.id);
        }
        self.clients.remove(&client.id);
        self.deleted_clients.insert(client.id, self.now_ms());
        caller.new_token = Some(NewToken::Clear);
        Ok(())
    }

    /// Creates a nonce for fetching the client's rotated token.
    pub(crate) fn make_nonce(&mut self, client_id: &str) -> String {
        let nonce = self.ids.nonce();
        let expire_at = self.verification_end();
        self.nonces.insert(nonce.clone(), Nonce { client_id: client_id.to_owned(), expire_at });
        nonce
    }

    /// Redeems a nonce once and rotates the token; the caller may have the token from before the round trip. An unknown,
    /// used or expired nonce, or one of another client, is ignored.
    pub(crate) fn redeem_nonce(&mut self, caller: &mut Caller, nonce: Option<&str>) -> Result<()> {
        let Some(nonce) = nonce else { return Ok(()) };
        let presented = caller.client_id.as_ref().or(caller.superseded_client_id.as_ref());
        let good = self
            .nonces
            .get(nonce)
            .is_some_and(|record| Some(&record.client_id) == presented && record.expire_at > self.now_ms());
        if !good {
            tracing::info!("a rotating_token_nonce was rejected");
            return Ok(());
        }
        match self.nonces.remove(nonce) {
            Some(record) => {
                self.rotate(caller, &record.client_id)?;
                caller.client_id = Some(record.client_id);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Marks the client's expired sessions.
    pub(crate) fn expire_sessions(&mut self, client_id: &str) {
        let now = self.now_ms();
        let ended = |session: &Session| session.status == SessionStatus::Active && session.expire_at <= now;
        let Some(client) = self.clients.get(client_id) else { return };
        if !client.sessions.iter().any(ended) {
            return;
        }
        self.change_client(client_id, |client| {
            for session in client.sessions.iter_mut().filter(|session| ended(session)) {
                session.status =
                    if session.abandon_at <= now { SessionStatus::Abandoned } else { SessionStatus::Expired };
            }
        });
    }
}

/// Strips the `Bearer` scheme that some clients send.
pub(crate) fn without_bearer(value: &str) -> &str {
    let value = value.trim();
    match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => value[7..].trim(),
        _ if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    }
}
