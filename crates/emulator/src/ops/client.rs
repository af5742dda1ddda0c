//! Clients: devices, their credentials, and the nonces that bring a rotated token home.

use crate::{
    error::{Refusal, Result},
    state::{Client, DevBrowser, Nonce, Session, SessionStatus, SignInStatus, World},
    tokens::{self, Presented},
};

/// Who is asking.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// Whether the request comes from a native client.
    pub(crate) native: bool,
    /// The client in the presented credential, whether or not it exists.
    pub(crate) client_id: Option<String>,
    /// The development browser that the request names.
    pub(crate) dev_browser: Option<String>,
    /// The token to answer with, if the caller needs a new one.
    pub(crate) new_token: Option<NewToken>,
    /// Whether a token was presented that is not of this instance.
    pub(crate) garbage: bool,
    /// The session that the caller names.
    pub(crate) session_id: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) user_agent: Option<String>,
}

/// What an answer says about the client token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NewToken {
    /// Use this one from now on.
    Set(String),
    /// Forget the one you have.
    Clear,
}

impl World {
    /// Reads a client token.
    pub(crate) fn read_token(&self, caller: &mut Caller, token: &str) -> Result<()> {
        match tokens::read_client_token(token)? {
            Presented::Client { id, rotating_token } if self.is_current(&id, &rotating_token) => {
                caller.client_id = Some(id);
            }
            // The client is gone, or the token was superseded; the caller begins anew.
            Presented::Client { .. } => {}
            Presented::Garbage => caller.garbage = true,
        }
        Ok(())
    }

    /// Whether a client token can be used. An older one of a live client can, for as long as the instance allows.
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

    /// The caller's client, for calls that don't create one.
    pub(crate) fn client_of(&mut self, caller: &mut Caller) -> Result<Client> {
        let known = caller.client_id.clone().filter(|id| self.clients.contains_key(id));
        match known {
            Some(id) => {
                self.expire_sessions(&id);
                self.clients.get(&id).cloned().ok_or_else(|| Refusal::new(401, "signed_out"))
            }
            None if caller.garbage => Err(Refusal::new(401, "authentication_invalid")),
            None => {
                self.promise_client(caller)?;
                Err(Refusal::new(401, "signed_out"))
            }
        }
    }

    /// The caller's client, which is created when there is none.
    pub(crate) fn client_or_new(&mut self, caller: &mut Caller) -> Result<Client> {
        if caller.client_id.as_ref().is_some_and(|id| self.clients.contains_key(id)) {
            return self.client_of(caller);
        }
        let known = caller.client_id.clone();
        let now = self.now_ms();
        let client = Client {
            id: known.clone().unwrap_or_else(|| self.ids.id("client")),
            rotating_token: self.ids.rotating_token(),
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

    /// Gives a caller without a client the token of one that is written later.
    pub(crate) fn promise_client(&mut self, caller: &mut Caller) -> Result<()> {
        let id = self.ids.id("client");
        let rotating_token = self.ids.rotating_token();
        self.hand_out(caller, tokens::client_token(&id, &rotating_token)?);
        Ok(())
    }

    /// Gives the caller's client a new token.
    pub(crate) fn rotate(&mut self, caller: &mut Caller, client_id: &str) -> Result<()> {
        let rotating_token = self.ids.rotating_token();
        let now = self.now_ms();
        let Some(client) = self.clients.get_mut(client_id) else { return Ok(()) };
        client.rotating_token = rotating_token;
        client.rotated_at = now;
        let client = client.clone();
        self.issue_token(caller, &client)
    }

    fn issue_token(&mut self, caller: &mut Caller, client: &Client) -> Result<()> {
        self.hand_out(caller, tokens::client_token(&client.id, &client.rotating_token)?);
        Ok(())
    }

    fn hand_out(&mut self, caller: &mut Caller, token: String) {
        self.issued_tokens.push(token.clone());
        caller.new_token = Some(NewToken::Set(token));
    }

    /// Writes a changed client back. Its `updated_at` grows with each change.
    pub(crate) fn save_client(&mut self, mut client: Client) -> Client {
        let before = self.clients.get(&client.id).map_or(0, |client| client.updated_at);
        self.note_past_attempts(&mut client);
        client.updated_at = self.now_ms().max(before + 1);
        self.sweep_sessions(&mut client);
        self.clients.insert(client.id.clone(), client.clone());
        client
    }

    /// Remembers the attempts that the client has no more.
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

    /// Changes one of the caller's clients in place.
    pub(crate) fn change_client(&mut self, id: &str, change: impl FnOnce(&mut Client)) {
        if let Some(mut client) = self.clients.get(id).cloned() {
            change(&mut client);
            self.save_client(client);
        }
    }

    /// Ends all sessions; the client stays. `DELETE /v1/client/sessions`.
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

    /// Ends all sessions and forgets the client. `DELETE /v1/client`.
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

    /// Makes a nonce with which this client picks its rotated token up.
    pub(crate) fn make_nonce(&mut self, client_id: &str) -> String {
        let nonce = self.ids.nonce();
        let expire_at = self.verification_end();
        self.nonces.insert(nonce.clone(), Nonce { client_id: client_id.to_owned(), expire_at });
        nonce
    }

    /// Redeems a nonce: it is used up and the token rotates. A nonce that is unknown, used, too old or another client's
    /// is passed over.
    pub(crate) fn redeem_nonce(&mut self, caller: &mut Caller, nonce: Option<&str>) -> Result<()> {
        let Some(nonce) = nonce else { return Ok(()) };
        let good = self.nonces.get(nonce).is_some_and(|record| {
            Some(&record.client_id) == caller.client_id.as_ref() && record.expire_at > self.now_ms()
        });
        if !good {
            tracing::info!("a rotating_token_nonce was rejected");
            return Ok(());
        }
        match self.nonces.remove(nonce) {
            Some(record) => self.rotate(caller, &record.client_id),
            None => Ok(()),
        }
    }

    /// Marks the sessions of a client that are past their end.
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

/// A token without the scheme that some clients put before it.
pub(crate) fn without_bearer(value: &str) -> &str {
    let value = value.trim();
    match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => value[7..].trim(),
        _ if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    }
}
