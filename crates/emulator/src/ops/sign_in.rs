//! Sign-in: identifier, factors, session.

use crate::{
    environment::is_known_provider,
    error::{Refusal, Result},
    ops::{
        client::Caller,
        identifiers::{kind_of, normal_form, stored_form},
        params::Params,
        provider_flow::{IdentityOwner, wait_for_address},
        session::NewSession,
    },
    state::{
        Client, Identification, Kind, Purpose, SignIn, SignInStatus, Verification, VerificationStatus, World,
        protect_token,
    },
};

impl World {
    /// Creates a sign-in, replacing the one in progress. Without parameters it only resets.
    pub(crate) fn create_sign_in(&mut self, caller: &mut Caller, params: &Params) -> Result<SignIn> {
        let client = self.client_or_new(caller)?;
        if !params.is_empty() {
            self.refuse_second_session(&client)?;
        }
        let attempt = SignIn {
            id: self.ids.id("sia"),
            status: SignInStatus::NeedsIdentifier,
            identifier: None,
            user_id: None,
            first_factor: None,
            second_factor: None,
            factor_id: None,
            identity: None,
            sign_up_if_missing: params.is_true("sign_up_if_missing"),
            skip_mfa: false,
            new_password: false,
            actor: None,
            protect_checks: if params.is_empty() { 0 } else { self.config.attack_protection.protect_checks },
            created_session_id: None,
            abandon_at: self.attempt_end(),
        };
        if params.is_true("transfer") {
            return self.transfer_to_sign_in(caller, client, attempt);
        }
        match params.given("strategy") {
            None if params.is_empty() => Ok(self.save_sign_in(&client.id, attempt)),
            Some(strategy) if strategy.starts_with("oauth_") => {
                self.start_oauth_sign_in(caller, attempt, strategy, params)
            }
            Some("enterprise_sso" | "saml") => self.start_enterprise_sign_in(caller, attempt, params),
            Some("ticket") => self.sign_in_with_ticket(caller, attempt, params),
            Some("passkey") if params.given("identifier").is_none() => self.start_passkey_sign_in(caller, attempt),
            strategy => self.identify(caller, &client, attempt, strategy.map(str::to_owned), params),
        }
    }

    /// Refuses a second session in single-session mode.
    pub(crate) fn refuse_second_session(&self, client: &Client) -> Result<()> {
        if let Some(session) = client
            .sessions
            .iter()
            .find(|session| session.actor.is_some() && client.active_session(&session.id).is_some())
        {
            let refusal = Refusal::new(409, "session_creation_not_allowed");
            return Err(refusal.meta("session_id", session.id.clone().into()));
        }
        match client.any_active_session() {
            Some(session) if !self.config.is_multi_session() => {
                Err(Refusal::new(400, "session_exists").meta("session_id", session.id.clone().into()))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn save_sign_in(&mut self, client_id: &str, attempt: SignIn) -> SignIn {
        self.change_client(client_id, |client| client.sign_in = Some(attempt.clone()));
        attempt
    }

    /// Returns the caller's sign-in with this ID.
    pub(crate) fn sign_in_of(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, SignIn)> {
        let client = self.client_of(caller)?;
        match &client.sign_in {
            Some(attempt) if attempt.id == id && attempt.abandon_at > self.now_ms() => {
                Ok((client.clone(), attempt.clone()))
            }
            Some(attempt) if attempt.id == id => Err(Refusal::new(404, "resource_not_found")),
            _ => Err(client.refuse_attempt(id)),
        }
    }

    fn start_oauth_sign_in(
        &mut self,
        caller: &Caller,
        mut attempt: SignIn,
        strategy: &str,
        params: &Params,
    ) -> Result<SignIn> {
        let purpose = Purpose::SignIn(attempt.id.clone());
        attempt.first_factor = Some(self.begin_provider_flow(caller, purpose, strategy, params)?);
        let client_id = caller.client_id.clone().unwrap_or_default();
        Ok(self.save_sign_in(&client_id, attempt))
    }

    /// Starts a sign-in with an enterprise connection, chosen by the domain of the address.
    pub(crate) fn start_enterprise_sign_in(
        &mut self,
        caller: &Caller,
        mut attempt: SignIn,
        params: &Params,
    ) -> Result<SignIn> {
        let identifier = match &attempt.identifier {
            Some(identifier) => identifier.clone(),
            None => params.required("identifier")?.trim().to_owned(),
        };
        let missing = || Refusal::new(422, "enterprise_sso_sign_in_connection_missing").param("identifier");
        let connection = self.choose_connection(&identifier, params, missing)?;
        let purpose = Purpose::SignIn(attempt.id.clone());
        attempt.first_factor = Some(self.begin_enterprise_flow(caller, purpose, connection, params)?);
        attempt.identifier = Some(identifier);
        let client_id = caller.client_id.clone().unwrap_or_default();
        Ok(self.save_sign_in(&client_id, attempt))
    }

    /// Sets the identifier, and continues if a password or strategy was sent as well.
    fn identify(
        &mut self,
        caller: &mut Caller,
        client: &Client,
        mut attempt: SignIn,
        strategy: Option<String>,
        params: &Params,
    ) -> Result<SignIn> {
        if let Some(strategy) = &strategy {
            self.check_strategy(strategy)?;
        }
        if params.given("password").is_some() && params.given("identifier").is_none() {
            return Err(Refusal::new(422, "form_conditional_param_missing").param("identifier"));
        }
        let identifier = params.required("identifier")?.trim().to_owned();
        let kind = kind_of(&self.config, &identifier)
            .ok_or_else(|| Refusal::new(422, "form_param_format_invalid").param("identifier"))?;
        let identifier = stored_form(kind, &identifier);
        let owner = self.owner_of(kind, &identifier).map(|user| user.id.clone());
        if owner.is_none() && self.config.connections_for(&identifier).next().is_none() {
            self.admit_unknown(&attempt)?;
        }
        self.refuse_restricted(&identifier, "identifier")?;
        if let Some(user_id) = &owner {
            if let Some(session) = client.session_of_user(user_id) {
                let refusal = Refusal::new(400, "identifier_already_signed_in");
                return Err(refusal.meta("session_id", session.id.clone().into()));
            }
            self.refuse_barred(user_id)?;
        }
        attempt.status = SignInStatus::NeedsFirstFactor;
        attempt.identifier = Some(identifier.clone());
        attempt.user_id = owner;
        if self.config.connections_for(&identifier).next().is_some() && params.get("password").is_some() {
            let code = "sign_in_must_use_enterprise_connection_identifier";
            return Err(Refusal::new(422, code).param("identifier"));
        }
        let attempt = self.save_sign_in(&client.id, attempt);
        if attempt.protect_checks > 0 {
            return Ok(attempt);
        }
        if params.given("password").is_some() {
            return self.attempt_first_factor(caller, &attempt.id, "password", params);
        }
        match strategy.as_deref() {
            Some("password") => {
                params.required("password")?;
                Ok(attempt)
            }
            Some(strategy) => self.prepare_first_factor(caller, &attempt.id, strategy, params),
            None => Ok(attempt),
        }
    }

    /// Handles an identifier without an owner.
    fn admit_unknown(&self, attempt: &SignIn) -> Result<()> {
        if attempt.sign_up_if_missing || self.config.attack_protection.enumeration {
            return Ok(());
        }
        Err(Refusal::new(422, "form_identifier_not_found").param("identifier"))
    }

    /// Refuses an unknown or disabled strategy.
    pub(crate) fn check_strategy(&self, strategy: &str) -> Result<()> {
        let by_address = self.config.identifiers.email.is_on();
        let by_phone = self.config.identifiers.phone.is_on();
        let on = match strategy {
            "password" => self.config.password.mode.is_on(),
            "email_code" | "email_link" => {
                by_address && self.config.identifiers.email_verification.iter().any(|one| one == strategy)
            }
            "phone_code" => by_phone,
            "reset_password_email_code" => by_address && self.config.password.mode.is_on(),
            "reset_password_phone_code" => by_phone && self.config.password.mode.is_on(),
            "passkey" => self.config.passkeys.enabled,
            wallet => self.config.wallet_strategies().iter().any(|one| one == wallet),
        };
        if on { Ok(()) } else { Err(Refusal::new(422, "form_param_value_invalid").param("strategy")) }
    }

    /// Refuses an OAuth provider that is unknown, disabled, or for connecting only.
    pub(crate) fn check_provider(&self, strategy: &str, to_sign_in: bool) -> Result<()> {
        match self.config.provider(strategy) {
            Some(provider) if to_sign_in && !provider.authenticatable => {
                Err(Refusal::new(400, "oauth_non_authenticatable_provider"))
            }
            Some(_) => Ok(()),
            None if is_known_provider(strategy) => Err(Refusal::new(400, "oauth_provider_not_enabled")),
            None => Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        }
    }

    /// Continues after a verified first factor.
    pub(crate) fn after_first_factor(
        &mut self,
        caller: &mut Caller,
        client: &mut Client,
        mut attempt: SignIn,
        strategy: &str,
    ) -> Result<SignIn> {
        let Some(user_id) = attempt.user_id.clone() else {
            return Err(Refusal::new(400, "client_state_invalid"));
        };
        self.refuse_barred(&user_id)?;
        self.link_waiting_identity(&mut attempt, &user_id);
        if attempt.new_password || strategy.starts_with("reset_password_") {
            attempt.status = SignInStatus::NeedsNewPassword;
            client.sign_in = Some(attempt.clone());
            return Ok(attempt);
        }
        self.after_password(caller, client, attempt, strategy)
    }

    /// Links the pending identity, whose address is now verified. If the address was unverified before, the user must
    /// set a new password, because another person may have set the old one.
    fn link_waiting_identity(&mut self, attempt: &mut SignIn, user_id: &str) {
        let Some(identity) = attempt.identity.take() else { return };
        let Some(mut user) = self.users.get(user_id).cloned() else { return };
        let address = normal_form(Kind::Email, &identity.email);
        let same =
            |one: &&mut Identification| one.kind == Kind::Email && normal_form(Kind::Email, &one.value) == address;
        let proof = attempt.first_factor.clone().filter(Verification::is_verified);
        if let Some(one) = user.identifications.iter_mut().find(same).filter(|one| !one.is_verified()) {
            one.verification = proof;
            let id = one.id.clone();
            attempt.new_password = user.password.is_some();
            self.identification_verified(user, &id);
            let Some(changed) = self.users.get(user_id).cloned() else { return };
            user = changed;
        }
        self.connect(&mut user, &identity);
        self.save_user(user);
    }

    /// Requires a second factor, or completes the sign-in.
    pub(crate) fn after_password(
        &mut self,
        caller: &mut Caller,
        client: &mut Client,
        mut attempt: SignIn,
        strategy: &str,
    ) -> Result<SignIn> {
        let user_id = attempt.user_id.clone().unwrap_or_default();
        let user = self.usable_user(&user_id)?;
        let second = user.has_second_factor() && !attempt.skip_mfa;
        let by_email = self.config.mfa.email_code && user.primary.contains_key(&Kind::Email) && !attempt.skip_mfa;
        let known = client.known_users.contains(&user_id);
        let distrusted = self.config.client_trust && strategy == "password" && !known && !user.has_second_factor();
        if second || (by_email && user.has_second_factor()) {
            attempt.status = SignInStatus::NeedsSecondFactor;
        } else if distrusted {
            attempt.status = SignInStatus::NeedsClientTrust;
        } else {
            attempt = self.complete_sign_in(caller, client, attempt, strategy);
            return Ok(attempt);
        }
        client.sign_in = Some(attempt.clone());
        Ok(attempt)
    }

    /// Creates the session of a finished sign-in.
    pub(crate) fn complete_sign_in(
        &mut self,
        caller: &Caller,
        client: &mut Client,
        mut attempt: SignIn,
        strategy: &str,
    ) -> SignIn {
        let user_id = attempt.user_id.clone().unwrap_or_default();
        let second_factor = attempt.second_factor.as_ref().is_some_and(Verification::is_verified);
        let new = NewSession {
            id: None,
            user_id: &user_id,
            strategy,
            second_factor,
            actor: attempt.actor.clone(),
            user_agent: caller.user_agent.clone(),
        };
        attempt.created_session_id = Some(self.start_session(client, new));
        attempt.status = SignInStatus::Complete;
        client.sign_in = Some(attempt.clone());
        attempt
    }

    /// Saves the sign-in. A complete one leaves the client, and the token rotates.
    pub(crate) fn settle_sign_in(
        &mut self,
        caller: &mut Caller,
        mut client: Client,
        attempt: SignIn,
    ) -> Result<SignIn> {
        let complete = attempt.status == SignInStatus::Complete;
        if complete {
            client.attempt_over(attempt.id.clone(), true);
        }
        client.sign_in = (!complete).then(|| attempt.clone());
        let client = self.save_client(client);
        if complete {
            self.rotate(caller, &client.id)?;
        }
        Ok(attempt)
    }

    /// `PATCH /v1/client/sign_ins/{id}/protect_check`.
    pub(crate) fn pass_sign_in_check(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignIn> {
        let (client, mut attempt) = self.sign_in_of(caller, id)?;
        attempt.protect_checks = after_proof(&attempt.id, attempt.protect_checks, params)?;
        Ok(self.save_sign_in(&client.id, attempt))
    }

    /// Sets the new password that a sign-in requires.
    pub(crate) fn reset_password(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignIn> {
        let (client, attempt) = self.sign_in_of(caller, id)?;
        if attempt.status != SignInStatus::NeedsNewPassword {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        self.set_password_and_go_on(caller, client, attempt, params)
    }

    pub(crate) fn set_password_and_go_on(
        &mut self,
        caller: &mut Caller,
        mut client: Client,
        mut attempt: SignIn,
        params: &Params,
    ) -> Result<SignIn> {
        let password = params.required("password")?;
        let mut user = self.usable_user(attempt.user_id.as_deref().unwrap_or_default())?.clone();
        user.password = Some(self.accept_new_password(&user, password, "password")?);
        user.password_compromised = false;
        user.password_updated_at = Some(self.now_ms());
        let user_id = user.id.clone();
        self.save_user(user);
        attempt.new_password = false;
        if params.is_true("sign_out_of_other_sessions") {
            self.revoke_other_sessions(&user_id, None);
            client = self.client_of(caller)?;
        }
        let strategy = attempt.first_factor.as_ref().map_or("password", |one| one.strategy.as_str()).to_owned();
        let attempt = self.after_password(caller, &mut client, attempt, &strategy)?;
        self.settle_sign_in(caller, client, attempt)
    }

    /// Turns a sign-up whose account already exists into a sign-in.
    fn transfer_to_sign_in(&mut self, caller: &mut Caller, mut client: Client, mut attempt: SignIn) -> Result<SignIn> {
        let invalid = || Refusal::new(400, "account_transfer_invalid");
        let sign_up = client.sign_up.take().ok_or_else(invalid)?;
        let verification = sign_up
            .external_account
            .filter(|one| one.status == VerificationStatus::Transferable)
            .ok_or_else(invalid)?;
        let identity = sign_up.identity.ok_or_else(invalid)?;
        let owner = self.identity_owner(&identity);
        attempt.user_id = match owner.clone() {
            IdentityOwner::Connected(user_id) | IdentityOwner::Vouched(user_id) => {
                if let Some(session) = client.session_of_user(&user_id) {
                    let refusal = Refusal::new(400, "identifier_already_signed_in");
                    return Err(refusal.meta("session_id", session.id.clone().into()));
                }
                Some(user_id)
            }
            IdentityOwner::Claimed(user_id) => {
                // The provider has not verified the address: it must be proven first.
                wait_for_address(&mut attempt, user_id, &identity);
                attempt.first_factor = Some(Verification::new(&verification.strategy, VerificationStatus::Unverified));
                return self.settle_sign_in(caller, client, attempt);
            }
            IdentityOwner::Unproven(_) | IdentityOwner::Unknown => return Err(invalid()),
        };
        if matches!(owner, IdentityOwner::Vouched(_)) {
            attempt.identity = Some(identity);
        }
        attempt.first_factor = Some(self.provider_verification(&verification.strategy));
        let attempt = self.after_first_factor(caller, &mut client, attempt, &verification.strategy)?;
        self.settle_sign_in(caller, client, attempt)
    }

    /// Whether an identifier belongs to the attempt's user.
    pub(crate) fn is_identifier(attempt: &SignIn, kind: Kind, value: &str) -> bool {
        attempt.identifier.as_deref().is_some_and(|given| normal_form(kind, given) == normal_form(kind, value))
    }
}

/// Returns how many anti-fraud checks are left after the proof of the next one.
pub(crate) fn after_proof(id: &str, left: u32, params: &Params) -> Result<u32> {
    let token = protect_token(id, left).ok_or_else(|| Refusal::new(400, "protect_check_already_resolved"))?;
    if params.required("proof_token")? != format!("proof:{token}") {
        return Err(Refusal::new(422, "form_param_value_invalid").param("proof_token"));
    }
    Ok(left - 1)
}
