//! Clients: devices, their tokens, and the nonces that bring a rotated token home.

use crate::{
    error::{Refusal, Result},
    state::{Client, Nonce, SessionStatus, World},
    tokens::{self, Presented},
};

/// Who is asking.
#[derive(Debug, Clone, Default)]
pub(crate) struct Caller {
    /// The client in the presented token, whether or not it exists.
    pub(crate) client_id: Option<String>,
    /// The token to answer with, if the caller needs a new one.
    pub(crate) new_token: Option<NewToken>,
    /// Whether a token was presented that is not of this instance.
    pub(crate) garbage: bool,
    /// The session that the caller names.
    pub(crate) session_id: Option<String>,
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
    /// Reads the credential of a native request.
    pub(crate) fn caller(&mut self, authorization: Option<&str>, session_id: Option<String>) -> Result<Caller> {
        let token = authorization.map(without_bearer).unwrap_or_default();
        let mut caller = Caller { session_id, ..Caller::default() };
        if token.is_empty() {
            return Ok(caller);
        }
        match tokens::read_client_token(token)? {
            // An older token of a live client is accepted; rotation only moves forward.
            Presented::Client(id) => caller.client_id = Some(id),
            Presented::Garbage => caller.garbage = true,
        }
        Ok(caller)
    }

    /// The caller's client, for calls that don't create one.
    pub(crate) fn client_of(&mut self, caller: &mut Caller) -> Result<Client> {
        match caller.client_id.as_ref().and_then(|id| self.clients.get(id)) {
            Some(client) => Ok(client.clone()),
            None if caller.garbage => Err(Refusal::new(401, "authentication_invalid")),
            None => {
                self.promise_client(caller)?;
                Err(Refusal::new(401, "signed_out"))
            }
        }
    }

    /// The caller's client, which is created when there is none.
    pub(crate) fn client_or_new(&mut self, caller: &mut Caller) -> Result<Client> {
        if let Some(client) = caller.client_id.as_ref().and_then(|id| self.clients.get(id)) {
            return Ok(client.clone());
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
            created_at: now,
            updated_at: now,
        };
        self.clients.insert(client.id.clone(), client.clone());
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
        let Some(client) = self.clients.get_mut(client_id) else { return Ok(()) };
        client.rotating_token = rotating_token;
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
        client.updated_at = self.now_ms().max(before + 1);
        self.clients.insert(client.id.clone(), client.clone());
        client
    }

    /// Ends all sessions; the client stays. `DELETE /v1/client/sessions`.
    pub(crate) fn remove_sessions(&mut self, caller: &mut Caller) -> Result<Client> {
        let mut client = self.client_of(caller)?;
        let had_sessions = !client.sessions.is_empty();
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
        self.clients.remove(&client.id);
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

    /// Marks sessions that are past their end.
    pub(crate) fn expire_sessions(&mut self) {
        let now = self.now_ms();
        for client in self.clients.values_mut() {
            for session in &mut client.sessions {
                if session.status == SessionStatus::Active && session.expire_at <= now {
                    session.status = SessionStatus::Expired;
                }
            }
        }
    }
}

fn without_bearer(value: &str) -> &str {
    let value = value.trim();
    match value.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => value[7..].trim(),
        _ if value.eq_ignore_ascii_case("bearer") => "",
        _ => value,
    }
}
