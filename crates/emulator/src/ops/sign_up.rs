//! Sign-up: fields, verifications, user and session.

use serde_json::Value;

use crate::{
    config::{Identity, Presence},
    error::{Refusal, Result},
    ops::{
        client::Caller,
        identifiers::{check_form, check_username, is_enabled, normal_form},
        params::{Params, is_protect},
        session::NewSession,
        sign_in::after_proof,
        sign_in_factors::{channel, prepared, prove_wallet},
        verification::Outgoing,
    },
    state::{Client, Kind, Purpose, SignUp, Verification, VerificationStatus, World},
};

/// Kinds of identifiers that sign-up verifies.
const VERIFIABLE: [Kind; 3] = [Kind::Email, Kind::Phone, Kind::Wallet];

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 256;
/// Maximum size of metadata, in bytes.
pub(crate) const MAX_METADATA: usize = 8 * 1024;

impl World {
    fn attributes(&self) -> Vec<(String, Presence)> {
        let identifiers = &self.config.identifiers;
        let wallet = if identifiers.web3.is_empty() { Presence::Off } else { Presence::Optional };
        let consent = if self.config.sign_up.legal_consent { Presence::Required } else { Presence::Off };
        let mut attributes: Vec<(String, Presence)> = [
            ("email_address", identifiers.email),
            ("phone_number", identifiers.phone),
            ("username", identifiers.username),
            ("web3_wallet", wallet),
            ("password", self.config.password.mode),
            ("first_name", self.config.profile.first_name),
            ("last_name", self.config.profile.last_name),
            ("legal_accepted", consent),
        ]
        .map(|(name, presence)| (name.to_owned(), presence))
        .to_vec();
        for provider in self.config.social.iter().filter(|provider| provider.required) {
            attributes.push((provider.strategy.clone(), Presence::Required));
        }
        attributes
    }

    /// Returns the required fields of a sign-up.
    pub(crate) fn required_fields(&self) -> Vec<String> {
        self.fields(Presence::Required)
    }

    /// Returns the optional fields of a sign-up.
    pub(crate) fn optional_fields(&self) -> Vec<String> {
        self.fields(Presence::Optional)
    }

    fn fields(&self, presence: Presence) -> Vec<String> {
        self.attributes().into_iter().filter(|(_, one)| *one == presence).map(|(name, _)| name).collect()
    }

    /// Returns the required fields that are missing. With a provider or a wallet no password is required.
    pub(crate) fn missing_fields(&self, attempt: &SignUp) -> Vec<String> {
        let given = |field: &str| match field {
            "email_address" => attempt.value(Kind::Email).is_some(),
            "phone_number" => attempt.value(Kind::Phone).is_some(),
            "web3_wallet" => attempt.value(Kind::Wallet).is_some(),
            "username" => attempt.username.is_some(),
            "password" => {
                attempt.password.is_some()
                    || attempt.external_account.is_some()
                    || attempt.value(Kind::Wallet).is_some()
            }
            "first_name" => attempt.first_name.is_some(),
            "last_name" => attempt.last_name.is_some(),
            "legal_accepted" => attempt.legal_accepted_at.is_some(),
            strategy => attempt.identity.as_ref().is_some_and(|identity| identity.strategy == strategy),
        };
        let mut missing: Vec<String> = self.required_fields().into_iter().filter(|field| !given(field)).collect();
        // A user needs at least one identifier.
        let identified = !attempt.identifiers.is_empty() || attempt.username.is_some() || attempt.identity.is_some();
        if missing.is_empty() && !identified {
            missing.push("email_address".to_owned());
        }
        missing.extend((attempt.protect_checks > 0).then(|| "protect_check".to_owned()));
        missing
    }

    /// Returns the unverified identifiers.
    pub(crate) fn unverified_fields(&self, attempt: &SignUp) -> Vec<&'static str> {
        let open = |kind: &Kind| {
            let verified = attempt.verification(*kind).is_some_and(Verification::is_verified);
            attempt.value(*kind).is_some() && !self.verification_strategies(*kind).is_empty() && !verified
        };
        VERIFIABLE.into_iter().filter(open).map(Kind::as_str).collect()
    }

    /// Returns the strategies that verify an identifier at sign-up.
    pub(crate) fn verification_strategies(&self, kind: Kind) -> Vec<String> {
        match kind {
            Kind::Email => self.config.identifiers.email_verification.clone(),
            Kind::Phone => vec!["phone_code".to_owned()],
            Kind::Wallet => self.config.wallet_strategies(),
            Kind::Username => Vec::new(),
        }
    }

    /// Creates a sign-up, replacing the one in progress. Without parameters it only resets.
    pub(crate) fn create_sign_up(&mut self, caller: &mut Caller, params: &Params) -> Result<SignUp> {
        let client = self.client_or_new(caller)?;
        let mut attempt = SignUp { id: self.ids.id("sua"), abandon_at: self.attempt_end(), ..SignUp::default() };
        attempt.protect_checks = if params.is_empty() { 0 } else { self.config.attack_protection.protect_checks };
        if !params.is_empty() {
            if let Some(ticket) = params.given("ticket") {
                self.sign_up_with_ticket(&mut attempt, ticket)?;
            } else {
                self.refuse_closed_sign_up()?;
            }
            self.refuse_second_session(&client)?;
        }
        if params.is_true("transfer") {
            self.transfer_to_sign_up(&client, &mut attempt)?;
        }
        self.fill(caller, &mut attempt, params)?;
        let mut client = self.client_of(caller)?;
        if params.is_true("transfer") {
            // Consume the transfer only now that nothing was refused.
            client.sign_in = None;
        }
        self.settle_sign_up(caller, client, attempt)
    }

    /// `PATCH /v1/client/sign_ups/{id}/protect_check`.
    pub(crate) fn pass_sign_up_check(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignUp> {
        let (client, mut attempt) = self.sign_up_of(caller, id)?;
        attempt.protect_checks = after_proof(&attempt.id, attempt.protect_checks, params)?;
        self.settle_sign_up(caller, client, attempt)
    }

    /// Transfers the identity or identifier of a sign-in that found no account.
    fn transfer_to_sign_up(&mut self, client: &Client, attempt: &mut SignUp) -> Result<()> {
        let invalid = || Refusal::new(400, "account_transfer_invalid");
        let sign_in = client.sign_in.clone().ok_or_else(invalid)?;
        let transferable = sign_in.first_factor.filter(|one| one.status == VerificationStatus::Transferable);
        let transferable = transferable.ok_or_else(invalid)?;
        if let Some(identity) = sign_in.identity {
            attempt.external_account = Some(self.provider_verification(&transferable.strategy));
            self.take_identity(attempt, identity);
        } else {
            let identifier = sign_in.identifier.ok_or_else(invalid)?;
            let kind = if identifier.contains('@') { Kind::Email } else { Kind::Phone };
            let verification = Verification { status: VerificationStatus::Verified, ..transferable };
            attempt.identifiers.insert(kind, (identifier, Some(verification)));
        }
        Ok(())
    }

    /// Refuses a sign-up by the instance's mode.
    pub(crate) fn refuse_closed_sign_up(&self) -> Result<()> {
        match self.config.sign_up.mode.as_str() {
            "restricted" => Err(Refusal::new(403, "sign_up_mode_restricted")),
            "waitlist" => Err(Refusal::new(403, "sign_up_restricted_waitlist")),
            _ => Ok(()),
        }
    }

    /// Applies the given fields.
    fn fill(&mut self, caller: &mut Caller, attempt: &mut SignUp, params: &Params) -> Result<()> {
        // Users of an enterprise connection must sign up with it.
        let address = params.given("email_address").or(params.given("email_address_or_phone_number"));
        let by_enterprise = matches!(params.given("strategy"), Some("enterprise_sso" | "saml"));
        if !by_enterprise && address.is_some_and(|one| self.config.connections_for(one.trim()).next().is_some()) {
            return Err(Refusal::new(422, "saml_email_address_domain_reserved").param("email_address"));
        }
        for (key, value) in params.iter() {
            match key {
                "email_address" => self.fill_identifier(attempt, Kind::Email, value)?,
                "phone_number" => self.fill_identifier(attempt, Kind::Phone, value)?,
                "web3_wallet" => self.fill_identifier(attempt, Kind::Wallet, value)?,
                "email_address_or_phone_number" => {
                    let kind = if value.contains('@') { Kind::Email } else { Kind::Phone };
                    self.fill_identifier(attempt, kind, value)?;
                }
                "username" => self.fill_username(attempt, value)?,
                "password" => self.fill_password(attempt, value)?,
                "first_name" => attempt.first_name = name(key, value)?,
                "last_name" => attempt.last_name = name(key, value)?,
                "legal_accepted" => self.fill_consent(attempt, params)?,
                "unsafe_metadata" => attempt.unsafe_metadata = metadata(value)?,
                _ if is_protect(key) => {}
                // Unknown fields are refused before.
                _ => {}
            }
        }
        self.begin_verification(caller, attempt, params)
    }

    /// Prepares the strategy that a create or update names.
    fn begin_verification(&mut self, caller: &mut Caller, attempt: &mut SignUp, params: &Params) -> Result<()> {
        let Some(strategy) = params.given("strategy") else { return Ok(()) };
        match strategy {
            "ticket" => {
                params.required("ticket")?;
                Ok(())
            }
            "enterprise_sso" | "saml" => {
                let address = attempt.value(Kind::Email).map(str::to_owned);
                let address = address.ok_or_else(|| Refusal::new(422, "form_param_missing").param("email_address"))?;
                let missing = || Refusal::new(422, "enterprise_sso_sign_up_connection_missing").param("email_address");
                let connection = self.choose_connection(&address, params, missing)?;
                let purpose = Purpose::SignUp(attempt.id.clone());
                attempt.external_account = Some(self.begin_enterprise_flow(caller, purpose, connection, params)?);
                Ok(())
            }
            strategy if strategy.starts_with("oauth_") => {
                let purpose = Purpose::SignUp(attempt.id.clone());
                attempt.external_account = Some(self.begin_provider_flow(caller, purpose, strategy, params)?);
                Ok(())
            }
            strategy => self.prepare_field(caller, attempt, strategy, params),
        }
    }

    fn fill_identifier(&mut self, attempt: &mut SignUp, kind: Kind, value: &str) -> Result<()> {
        let param = kind.as_str();
        if !is_enabled(&self.config, kind) {
            return Err(Refusal::new(422, "form_param_unknown").param(param));
        }
        if value.is_empty() {
            return Err(Refusal::new(422, "form_param_nil").param(param));
        }
        let value = check_form(kind, value)?;
        self.refuse_taken(kind, &value)?;
        self.refuse_restricted(&value, param)?;
        let same = attempt.value(kind).is_some_and(|before| normal_form(kind, before) == normal_form(kind, &value));
        if !same {
            attempt.identifiers.insert(kind, (value, None));
        }
        Ok(())
    }

    fn fill_username(&self, attempt: &mut SignUp, value: &str) -> Result<()> {
        if !self.config.identifiers.username.is_on() {
            return Err(Refusal::new(422, "form_param_unknown").param("username"));
        }
        check_username(&self.config, value)?;
        self.refuse_taken(Kind::Username, value)?;
        attempt.username = Some(value.to_owned());
        Ok(())
    }

    fn fill_password(&mut self, attempt: &mut SignUp, value: &str) -> Result<()> {
        if !self.config.password.mode.is_on() {
            return Err(Refusal::new(422, "form_param_unknown").param("password"));
        }
        let identifiers: Vec<String> = attempt.identifiers.values().map(|(value, _)| value.clone()).collect();
        let identifiers = identifiers.iter().map(String::as_str);
        attempt.password = Some(self.accept_password(value, "password", identifiers)?);
        Ok(())
    }

    fn fill_consent(&self, attempt: &mut SignUp, params: &Params) -> Result<()> {
        match params.flag("legal_accepted")? {
            Some(true) => attempt.legal_accepted_at = Some(self.now_ms()),
            Some(false) => return Err(Refusal::new(422, "legal_not_accepted").param("legal_accepted")),
            None => {}
        }
        Ok(())
    }

    /// Returns the caller's sign-up with this ID.
    pub(crate) fn sign_up_of(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, SignUp)> {
        let client = self.client_of(caller)?;
        match &client.sign_up {
            Some(attempt) if attempt.id == id && attempt.abandon_at > self.now_ms() => {
                Ok((client.clone(), attempt.clone()))
            }
            Some(attempt) if attempt.id == id => Err(Refusal::new(404, "resource_not_found")),
            _ => {
                let elsewhere = |other: &Client| other.sign_up.as_ref().is_some_and(|one| one.id == id);
                Err(match self.clients.values().any(elsewhere) {
                    true => Refusal::new(403, "resource_forbidden"),
                    false => client.refuse_attempt(id),
                })
            }
        }
    }

    fn open_sign_up(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, SignUp)> {
        let (client, attempt) = self.sign_up_of(caller, id)?;
        if attempt.complete {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        Ok((client, attempt))
    }

    /// Adds or changes fields.
    pub(crate) fn update_sign_up(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignUp> {
        let (_, mut attempt) = self.open_sign_up(caller, id)?;
        self.fill(caller, &mut attempt, params)?;
        let client = self.client_of(caller)?;
        self.settle_sign_up(caller, client, attempt)
    }

    /// Sends the code or link for an identifier, or starts a provider flow.
    pub(crate) fn prepare_verification(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignUp> {
        let (_, mut attempt) = self.open_sign_up(caller, id)?;
        params.required("strategy")?;
        self.begin_verification(caller, &mut attempt, params)?;
        let client = self.client_of(caller)?;
        self.settle_sign_up(caller, client, attempt)
    }

    fn prepare_field(
        &mut self,
        caller: &mut Caller,
        attempt: &mut SignUp,
        strategy: &str,
        params: &Params,
    ) -> Result<()> {
        let kind = match strategy {
            "email_code" | "email_link" => Kind::Email,
            "phone_code" => Kind::Phone,
            strategy if strategy.starts_with("web3_") => Kind::Wallet,
            _ => return Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        };
        if !self.verification_strategies(kind).iter().any(|one| one == strategy) {
            return Err(Refusal::new(400, "verification_strategy_invalid"));
        }
        let (value, previous) =
            attempt.identifiers.get(&kind).cloned().ok_or_else(|| Refusal::new(400, "verification_missing"))?;
        if previous.as_ref().is_some_and(Verification::is_verified) {
            return Err(Refusal::new(400, "verification_already_verified"));
        }
        let verification = match strategy {
            "email_link" => {
                let purpose = Purpose::SignUp(attempt.id.clone());
                self.send_link(caller, purpose, "sign_up_link", &value, params)?
            }
            "email_code" | "phone_code" => self.send_code(&Outgoing {
                strategy,
                kind: "sign_up_code",
                to: &value,
                channel: channel(kind == Kind::Phone, params),
                attempt: &attempt.id,
                previous: previous.as_ref(),
            })?,
            _ => self.wallet_challenge(strategy, &value),
        };
        attempt.identifiers.insert(kind, (value, Some(verification)));
        Ok(())
    }

    /// Attempts the verification of an identifier.
    pub(crate) fn attempt_verification(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignUp> {
        let (mut client, mut attempt) = self.open_sign_up(caller, id)?;
        let strategy = params.required("strategy")?.to_owned();
        let kind = match strategy.as_str() {
            "email_code" => Kind::Email,
            "phone_code" => Kind::Phone,
            strategy if strategy.starts_with("web3_") => Kind::Wallet,
            _ => return Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        };
        let (now, max) = (self.now_ms(), self.config.verification.max_attempts);
        let Some((value, verification)) = attempt.identifiers.get_mut(&kind) else {
            return Err(Refusal::new(400, "verification_missing"));
        };
        let verification = prepared(verification.as_mut())?;
        let result = match kind {
            Kind::Wallet => match params.required("signature") {
                Ok(signature) => prove_wallet(verification, &strategy, value, signature, now, max),
                Err(refusal) => Err(refusal),
            },
            _ => verification.attempt(&strategy, params, now, max),
        };
        if let Err(refusal) = result {
            client.sign_up = Some(attempt);
            self.save_client(client);
            return Err(refusal);
        }
        self.settle_sign_up(caller, client, attempt)
    }

    /// Saves the sign-up, or completes it if nothing is missing.
    pub(crate) fn settle_sign_up(
        &mut self,
        caller: &mut Caller,
        mut client: Client,
        attempt: SignUp,
    ) -> Result<SignUp> {
        let attempt = self.complete_sign_up(caller, &mut client, attempt)?;
        // A sign-up that the app itself completed leaves the client.
        if attempt.complete {
            client.attempt_over(attempt.id.clone(), true);
        }
        client.sign_up = (!attempt.complete).then(|| attempt.clone());
        let client = self.save_client(client);
        if attempt.complete {
            self.rotate(caller, &client.id)?;
        }
        Ok(attempt)
    }

    /// Creates the user and the session if nothing is missing.
    pub(crate) fn complete_sign_up(
        &mut self,
        caller: &Caller,
        client: &mut Client,
        mut attempt: SignUp,
    ) -> Result<SignUp> {
        let waits = attempt.external_account.as_ref().is_some_and(|one| !one.is_verified());
        let begun = !attempt.identifiers.is_empty() || attempt.identity.is_some() || attempt.username.is_some();
        if !begun || waits || !self.missing_fields(&attempt).is_empty() || !self.unverified_fields(&attempt).is_empty()
        {
            return Ok(attempt);
        }
        for (kind, (value, _)) in &attempt.identifiers {
            if self.owner_of(*kind, value).is_some() {
                return Err(Refusal::new(400, "identification_claimed").param(kind.as_str()));
            }
        }
        let user_id = self.create_user(&attempt);
        self.use_sign_up_ticket(&attempt, &user_id);
        let strategy = self.strategy_of(&attempt);
        let new = NewSession {
            id: None,
            user_id: &user_id,
            strategy: &strategy,
            second_factor: false,
            actor: None,
            user_agent: caller.user_agent.clone(),
        };
        attempt.created_session_id = Some(self.start_session(client, new));
        attempt.created_user_id = Some(user_id);
        attempt.complete = true;
        Ok(attempt)
    }

    /// Returns the strategy of the session.
    fn strategy_of(&self, attempt: &SignUp) -> String {
        if let Some(identity) = &attempt.identity {
            return identity.strategy.clone();
        }
        let verified = VERIFIABLE.into_iter().find_map(|kind| attempt.verification(kind));
        verified.map_or_else(|| "password".to_owned(), |verification| verification.strategy.clone())
    }

    /// Applies the profile that a provider returned.
    pub(crate) fn take_identity(&self, attempt: &mut SignUp, identity: Identity) {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        if self.config.profile.first_name.is_on() {
            attempt.first_name = attempt.first_name.take().or_else(|| text(&identity.first_name));
        }
        if self.config.profile.last_name.is_on() {
            attempt.last_name = attempt.last_name.take().or_else(|| text(&identity.last_name));
        }
        if let Some(address) = text(&identity.email).filter(|_| self.config.identifiers.email.is_on()) {
            let from = match identity.strategy.as_str() {
                "enterprise_sso" => "saml".to_owned(),
                strategy => format!("from_{strategy}"),
            };
            let verification = identity.verified.then(|| Verification::verified(&from));
            attempt.identifiers.insert(Kind::Email, (address, verification));
        }
        attempt.identity = Some(identity);
    }
}

/// Checks a name, which may be empty.
pub(crate) fn name(param: &str, value: &str) -> Result<Option<String>> {
    if value.chars().count() > MAX_NAME {
        return Err(Refusal::new(422, "form_param_max_length_exceeded").param(param));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// Parses metadata: a JSON object in a string.
pub(crate) fn metadata(text: &str) -> Result<serde_json::Map<String, Value>> {
    if text.len() > MAX_METADATA {
        return Err(Refusal::new(422, "form_param_exceeds_allowed_size").param("unsafe_metadata"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(metadata)) => Ok(metadata),
        _ => Err(Refusal::new(422, "form_param_value_invalid").param("unsafe_metadata")),
    }
}
