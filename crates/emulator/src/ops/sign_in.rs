//! Sign-in: an identifier, a first factor, a session.

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, params::Params},
    state::{Attempt, Client, SignIn, SignInStatus, Verification, VerificationStatus, World},
};

/// How long an attempt may be left lying.
const ATTEMPT_MS: i64 = 24 * 60 * 60 * 1000;

impl World {
    /// Starts a sign-in, replacing the one in progress. An empty create only resets.
    pub(crate) fn create_sign_in(&mut self, caller: &mut Caller, params: &Params) -> Result<(Client, SignIn)> {
        let client = self.client_or_new(caller)?;
        if !params.is_empty()
            && !self.config.multi_session
            && let Some(session) = client.any_active_session()
        {
            return Err(Refusal::new(400, "session_exists").meta("session_id", session.id.clone().into()));
        }
        let attempt = SignIn {
            id: self.ids.id("sia"),
            status: SignInStatus::NeedsIdentifier,
            identifier: None,
            user_id: None,
            first_factor: None,
            email_id: None,
            identity: None,
            created_session_id: None,
            abandon_at: self.now_ms() + ATTEMPT_MS,
        };
        if params.is_true("transfer") {
            return self.transfer_to_sign_in(caller, client, attempt);
        }
        match params.given("strategy") {
            Some(strategy) if strategy.starts_with("oauth_") => {
                self.start_oauth_sign_in(client, attempt, strategy, params)
            }
            None if params.is_empty() => Ok(self.save_sign_in(client, attempt)),
            strategy => self.identify(caller, client, attempt, strategy.map(str::to_owned), params),
        }
    }

    fn save_sign_in(&mut self, mut client: Client, attempt: SignIn) -> (Client, SignIn) {
        client.sign_in = Some(attempt.clone());
        (self.save_client(client), attempt)
    }

    fn start_oauth_sign_in(
        &mut self,
        client: Client,
        mut attempt: SignIn,
        strategy: &str,
        params: &Params,
    ) -> Result<(Client, SignIn)> {
        let page = self.begin_round_trip(&client.id, Attempt::SignIn(attempt.id.clone()), strategy, params)?;
        attempt.first_factor = Some(Verification::waiting_for_provider(strategy, page, self.verification_end()));
        Ok(self.save_sign_in(client, attempt))
    }

    /// Looks the identifier up, and goes on at once when a password or a strategy came along.
    fn identify(
        &mut self,
        caller: &mut Caller,
        client: Client,
        mut attempt: SignIn,
        strategy: Option<String>,
        params: &Params,
    ) -> Result<(Client, SignIn)> {
        if let Some(strategy) = &strategy
            && !matches!(strategy.as_str(), "password" | "email_code" | "reset_password_email_code")
        {
            return Err(Refusal::new(422, "form_param_value_invalid").param("strategy"));
        }
        if params.given("password").is_some() && params.given("identifier").is_none() {
            return Err(Refusal::new(422, "form_conditional_param_missing").param("identifier"));
        }
        let identifier = params.required("identifier")?.trim().to_owned();
        if !is_email(&identifier) {
            return Err(Refusal::new(422, "form_param_format_invalid").param("identifier"));
        }
        let user = self
            .user_by_email(&identifier)
            .ok_or_else(|| Refusal::new(422, "form_identifier_not_found").param("identifier"))?;
        let (user_id, banned) = (user.id.clone(), user.banned);
        let signed_in = client
            .sessions
            .iter()
            .find(|session| session.user_id == user_id && session.status == crate::state::SessionStatus::Active);
        if let Some(session) = signed_in {
            return Err(Refusal::new(400, "identifier_already_signed_in").meta("session_id", session.id.clone().into()));
        }
        if banned {
            return Err(Refusal::new(403, "user_banned"));
        }
        attempt.status = SignInStatus::NeedsFirstFactor;
        attempt.identifier = Some(identifier);
        attempt.user_id = Some(user_id);
        let (_, attempt) = self.save_sign_in(client, attempt);
        if params.given("password").is_some() {
            return self.attempt_first_factor(caller, &attempt.id, "password", params);
        }
        match strategy.as_deref() {
            Some("password") => {
                Err(params.required("password").err().unwrap_or_else(|| Refusal::new(422, "form_param_missing")))
            }
            Some(strategy) => self.prepare_first_factor(caller, &attempt.id, strategy, params),
            None => {
                let client = self.client_of(caller)?;
                Ok((client, attempt))
            }
        }
    }

    /// The caller's sign-in with this id.
    pub(crate) fn sign_in_of(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, SignIn)> {
        let client = self.client_of(caller)?;
        match &client.sign_in {
            Some(attempt) if attempt.id == id && attempt.abandon_at > self.now_ms() => {
                Ok((client.clone(), attempt.clone()))
            }
            _ => Err(Refusal::new(404, "resource_not_found")),
        }
    }

    /// Sends the code of a first factor.
    pub(crate) fn prepare_first_factor(
        &mut self,
        caller: &mut Caller,
        id: &str,
        strategy: &str,
        params: &Params,
    ) -> Result<(Client, SignIn)> {
        let (client, mut attempt) = self.sign_in_of(caller, id)?;
        let kind = match strategy {
            "email_code" => "sign_in_code",
            "reset_password_email_code" => "reset_password_code",
            strategy if strategy.starts_with("oauth_") => {
                return self.start_oauth_sign_in(client, attempt, strategy, params);
            }
            _ => return Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        };
        if attempt.status != SignInStatus::NeedsFirstFactor {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        let user = self.usable_user(attempt.user_id.as_deref().unwrap_or_default())?;
        let wanted = params.given("email_address_id");
        let identifier = attempt.identifier.as_deref().unwrap_or_default();
        let email = user.emails.iter().find(|email| match wanted {
            Some(id) => email.id == id,
            None => email.address.eq_ignore_ascii_case(identifier),
        });
        let Some((email_id, address)) = email.map(|email| (email.id.clone(), email.address.clone())) else {
            return Err(Refusal::new(404, "resource_not_found").param("email_address_id"));
        };
        attempt.first_factor = Some(self.send_code(strategy, kind, &address, &attempt.id));
        attempt.email_id = Some(email_id);
        Ok(self.save_sign_in(client, attempt))
    }

    /// Answers the first factor.
    pub(crate) fn attempt_first_factor(
        &mut self,
        caller: &mut Caller,
        id: &str,
        strategy: &str,
        params: &Params,
    ) -> Result<(Client, SignIn)> {
        let (client, mut attempt) = self.sign_in_of(caller, id)?;
        if attempt.status != SignInStatus::NeedsFirstFactor {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        let user = self.usable_user(attempt.user_id.as_deref().unwrap_or_default())?;
        if strategy == "password" {
            let password = params.required("password")?;
            let hash = user.password.as_ref().ok_or_else(|| Refusal::new(400, "no_password_set"))?;
            if !hash.is(password) {
                return Err(Refusal::new(422, "form_password_incorrect").param("password"));
            }
            attempt.first_factor = Some(Verification::verified("password"));
        } else {
            let (now, max) = (self.now_ms(), self.config.max_attempts);
            let Some(verification) = &mut attempt.first_factor else {
                return Err(Refusal::new(400, "verification_missing"));
            };
            let result = verification.attempt(strategy, params, now, max);
            if let Err(refusal) = result {
                self.save_sign_in(client, attempt);
                return Err(refusal);
            }
            if strategy == "reset_password_email_code" {
                attempt.status = SignInStatus::NeedsNewPassword;
                return Ok(self.save_sign_in(client, attempt));
            }
        }
        self.finish_sign_in(caller, client, attempt, strategy)
    }

    /// Sets a new password in a sign-in that needs one.
    pub(crate) fn reset_password(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Client, SignIn)> {
        let (client, attempt) = self.sign_in_of(caller, id)?;
        if attempt.status != SignInStatus::NeedsNewPassword {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        let hash = self.accept_password(params.required("password")?, "password")?;
        if let Some(user) = attempt.user_id.as_ref().and_then(|id| self.users.get_mut(id)) {
            user.password = Some(hash);
        }
        self.finish_sign_in(caller, client, attempt, "reset_password_email_code")
    }

    /// Completes a sign-in by a call of the app itself: the attempt leaves the client.
    fn finish_sign_in(
        &mut self,
        caller: &mut Caller,
        mut client: Client,
        attempt: SignIn,
        strategy: &str,
    ) -> Result<(Client, SignIn)> {
        let attempt = self.complete_sign_in(&mut client, attempt, strategy);
        client.sign_in = None;
        let client = self.save_client(client);
        self.rotate(caller, &client.id)?;
        Ok((client, attempt))
    }

    /// Makes the session of a sign-in with nothing left to do.
    pub(crate) fn complete_sign_in(&mut self, client: &mut Client, mut attempt: SignIn, strategy: &str) -> SignIn {
        let user_id = attempt.user_id.clone().unwrap_or_default();
        attempt.created_session_id = Some(self.start_session(client, &user_id, strategy));
        attempt.status = SignInStatus::Complete;
        attempt
    }

    /// Turns a sign-up whose account exists already into a sign-in.
    fn transfer_to_sign_in(
        &mut self,
        caller: &mut Caller,
        mut client: Client,
        mut attempt: SignIn,
    ) -> Result<(Client, SignIn)> {
        let invalid = || Refusal::new(400, "account_transfer_invalid");
        let sign_up = client.sign_up.take().ok_or_else(invalid)?;
        let verification = sign_up
            .external_account
            .filter(|one| one.status == VerificationStatus::Transferable)
            .ok_or_else(invalid)?;
        let identity = sign_up.identity.ok_or_else(invalid)?;
        let user =
            self.user_by_identity(&identity).or_else(|| self.user_by_email(&identity.email)).ok_or_else(invalid)?;
        let mut user = user.clone();
        attempt.user_id = Some(user.id.clone());
        if self.user_by_identity(&identity).is_none() {
            self.connect(&mut user, &identity);
            self.users.insert(user.id.clone(), user);
        }
        attempt.first_factor = Some(Verification::verified(&verification.strategy));
        self.finish_sign_in(caller, client, attempt, &verification.strategy)
    }
}

/// One `@` with something before it and a domain with a dot behind it.
pub(crate) fn is_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.contains('@')
                && domain.split('.').count() > 1
                && domain.split('.').all(|label| !label.is_empty())
                && !text.contains(char::is_whitespace)
        }
        None => false,
    }
}
