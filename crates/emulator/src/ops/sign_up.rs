//! Sign-up: fields, verifications, a user and a session.

use serde_json::Value;

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, params::Params, sign_in::is_email},
    state::{Attempt, Client, SignUp, Verification, VerificationStatus, World},
};

/// How long an attempt may be left lying.
const ATTEMPT_MS: i64 = 24 * 60 * 60 * 1000;

/// Parameters that are no fields of the user.
const OTHER_PARAMS: &[&str] = &[
    "strategy",
    "redirect_url",
    "action_complete_redirect_url",
    "transfer",
    "locale",
    "timezone",
    "legal_accepted",
    "captcha_token",
    "captcha_error",
    "captcha_widget_type",
    "oidc_prompt",
    "oidc_login_hint",
    "_method",
];

/// Fields that every sign-up of this instance has to give.
pub(crate) fn required_fields(world: &World) -> Vec<&'static str> {
    if world.config.password { vec!["email_address", "password"] } else { vec!["email_address"] }
}

/// Required fields that are not given. With a provider no password is asked for.
pub(crate) fn missing_fields(world: &World, attempt: &SignUp) -> Vec<&'static str> {
    required_fields(world)
        .into_iter()
        .filter(|field| match *field {
            "password" => attempt.password.is_none() && attempt.identity.is_none(),
            _ => attempt.email_address.is_none(),
        })
        .collect()
}

/// Given fields that are not verified.
pub(crate) fn unverified_fields(attempt: &SignUp) -> Vec<&'static str> {
    let verified = attempt.email.as_ref().is_some_and(|one| one.status == VerificationStatus::Verified);
    if attempt.email_address.is_some() && !verified { vec!["email_address"] } else { Vec::new() }
}

impl World {
    /// Starts a sign-up, replacing the one in progress. An empty create only resets.
    pub(crate) fn create_sign_up(&mut self, caller: &mut Caller, params: &Params) -> Result<(Client, SignUp)> {
        let mut client = self.client_or_new(caller)?;
        if !params.is_empty() {
            self.refuse_closed_sign_up()?;
            if !self.config.multi_session
                && let Some(session) = client.any_active_session()
            {
                return Err(Refusal::new(400, "session_exists").meta("session_id", session.id.clone().into()));
            }
        }
        let mut attempt = SignUp {
            id: self.ids.id("sua"),
            complete: false,
            email_address: None,
            first_name: None,
            last_name: None,
            password: None,
            unsafe_metadata: serde_json::Map::new(),
            email: None,
            external_account: None,
            identity: None,
            created_session_id: None,
            created_user_id: None,
            abandon_at: self.now_ms() + ATTEMPT_MS,
        };
        if params.is_true("transfer") {
            let invalid = || Refusal::new(400, "account_transfer_invalid");
            let sign_in = client.sign_in.take().ok_or_else(invalid)?;
            let transferable = sign_in.first_factor.filter(|one| one.status == VerificationStatus::Transferable);
            attempt.external_account = Some(Verification::verified(&transferable.ok_or_else(invalid)?.strategy));
            attempt.take_identity(sign_in.identity.ok_or_else(invalid)?);
        }
        self.fill(&client, &mut attempt, params)?;
        self.settle_sign_up(caller, client, attempt)
    }

    /// Refuses what the instance's sign-up mode does not allow.
    pub(crate) fn refuse_closed_sign_up(&self) -> Result<()> {
        match self.config.sign_up_mode.as_str() {
            "restricted" => Err(Refusal::new(403, "sign_up_mode_restricted")),
            "waitlist" => Err(Refusal::new(403, "sign_up_restricted_waitlist")),
            _ => Ok(()),
        }
    }

    /// Takes the given fields over.
    fn fill(&mut self, client: &Client, attempt: &mut SignUp, params: &Params) -> Result<()> {
        for (key, value) in params.iter() {
            match key {
                "email_address" => self.fill_email(attempt, value)?,
                "password" => attempt.password = Some(self.accept_password(value, "password")?),
                "first_name" => attempt.first_name = Some(value.to_owned()),
                "last_name" => attempt.last_name = Some(value.to_owned()),
                "unsafe_metadata" => match serde_json::from_str(value) {
                    Ok(Value::Object(metadata)) => attempt.unsafe_metadata = metadata,
                    _ => return Err(Refusal::new(422, "form_param_value_invalid").param(key)),
                },
                key if OTHER_PARAMS.contains(&key) || key.starts_with("__clerk_protect_") => {}
                key => return Err(Refusal::new(422, "form_param_unknown").param(key)),
            }
        }
        if let Some(strategy) = params.given("strategy").filter(|strategy| strategy.starts_with("oauth_")) {
            let page = self.begin_round_trip(&client.id, Attempt::SignUp(attempt.id.clone()), strategy, params)?;
            attempt.external_account =
                Some(Verification::waiting_for_provider(strategy, page, self.verification_end()));
        }
        Ok(())
    }

    fn fill_email(&self, attempt: &mut SignUp, address: &str) -> Result<()> {
        if !is_email(address) {
            return Err(Refusal::new(422, "form_param_format_invalid").param("email_address"));
        }
        if self.user_by_email(address).is_some() {
            return Err(Refusal::new(422, "form_identifier_exists").param("email_address"));
        }
        if attempt.email_address.as_deref() != Some(address) {
            attempt.email = None;
        }
        attempt.email_address = Some(address.to_owned());
        Ok(())
    }

    /// The caller's sign-up with this id.
    pub(crate) fn sign_up_of(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, SignUp)> {
        let client = self.client_of(caller)?;
        match &client.sign_up {
            Some(attempt) if attempt.id == id && attempt.abandon_at > self.now_ms() => {
                Ok((client.clone(), attempt.clone()))
            }
            _ => Err(Refusal::new(404, "resource_not_found")),
        }
    }

    /// Adds or changes fields.
    pub(crate) fn update_sign_up(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Client, SignUp)> {
        let (client, mut attempt) = self.sign_up_of(caller, id)?;
        if attempt.complete {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        self.fill(&client, &mut attempt, params)?;
        self.settle_sign_up(caller, client, attempt)
    }

    /// Sends the code for the e-mail address.
    pub(crate) fn prepare_verification(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Client, SignUp)> {
        let (mut client, mut attempt) = self.sign_up_of(caller, id)?;
        if params.required("strategy")? != "email_code" {
            return Err(Refusal::new(400, "verification_strategy_invalid"));
        }
        let address = attempt.email_address.clone().ok_or_else(|| Refusal::new(400, "verification_missing"))?;
        attempt.email = Some(self.send_code("email_code", "sign_up_code", &address, &attempt.id));
        client.sign_up = Some(attempt.clone());
        Ok((self.save_client(client), attempt))
    }

    /// Takes the code for the e-mail address.
    pub(crate) fn attempt_verification(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Client, SignUp)> {
        let (mut client, mut attempt) = self.sign_up_of(caller, id)?;
        let strategy = params.required("strategy")?.to_owned();
        let (now, max) = (self.now_ms(), self.config.max_attempts);
        let verification = attempt.email.as_mut().ok_or_else(|| Refusal::new(400, "verification_missing"))?;
        if let Err(refusal) = verification.attempt(&strategy, params, now, max) {
            client.sign_up = Some(attempt);
            self.save_client(client);
            return Err(refusal);
        }
        self.settle_sign_up(caller, client, attempt)
    }

    /// Keeps the sign-up, or completes it when nothing is missing.
    fn settle_sign_up(&mut self, caller: &mut Caller, mut client: Client, attempt: SignUp) -> Result<(Client, SignUp)> {
        let attempt = self.complete_sign_up(&mut client, attempt)?;
        // A sign-up that was completed by a call of the app itself leaves the client.
        client.sign_up = (!attempt.complete).then(|| attempt.clone());
        let client = self.save_client(client);
        if attempt.complete {
            self.rotate(caller, &client.id)?;
        }
        Ok((client, attempt))
    }

    /// Makes the user and the session when nothing is missing.
    pub(crate) fn complete_sign_up(&mut self, client: &mut Client, mut attempt: SignUp) -> Result<SignUp> {
        let waits_for_provider = attempt.external_account.is_some() && attempt.identity.is_none();
        if waits_for_provider || !missing_fields(self, &attempt).is_empty() || !unverified_fields(&attempt).is_empty() {
            return Ok(attempt);
        }
        if attempt.email_address.as_deref().is_some_and(|address| self.user_by_email(address).is_some()) {
            return Err(Refusal::new(400, "identification_claimed"));
        }
        let user_id = self.create_user(&attempt);
        let strategy = attempt.identity.as_ref().map_or("email_code", |identity| identity.strategy.as_str()).to_owned();
        attempt.created_session_id = Some(self.start_session(client, &user_id, &strategy));
        attempt.created_user_id = Some(user_id);
        attempt.complete = true;
        Ok(attempt)
    }
}

impl SignUp {
    /// Takes over what a provider says of somebody.
    pub(crate) fn take_identity(&mut self, identity: crate::config::Identity) {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.first_name = self.first_name.take().or_else(|| text(&identity.first_name));
        self.last_name = self.last_name.take().or_else(|| text(&identity.last_name));
        if let Some(address) = text(&identity.email) {
            self.email = identity.verified.then(|| Verification::verified(&format!("from_{}", identity.strategy)));
            self.email_address = Some(address);
        }
        self.identity = Some(identity);
    }
}
