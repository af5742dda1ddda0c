//! Factors of a sign-in: listing, preparing and attempting them.

use serde_json::{Value, json};

use crate::{
    error::{Refusal, Result},
    ops::{
        client::Caller,
        crypto,
        identifiers::{kind_of, masked},
        params::Params,
        verification::{Outgoing, wrong_code},
    },
    state::{
        Channel, Client, Identification, Kind, Purpose, SignIn, SignInStatus, User, Verification, VerificationStatus,
        World,
    },
};

/// The recipient of a code or link.
struct Recipient {
    id: Option<String>,
    value: String,
}

impl World {
    /// Returns the first factors of an attempt as JSON.
    pub(crate) fn first_factors(&self, attempt: &SignIn) -> Option<Vec<Value>> {
        let identifier = attempt.identifier.as_deref()?;
        let connections: Vec<Value> = self
            .config
            .connections_for(identifier)
            .map(|connection| {
                json!({
                    "strategy": "enterprise_sso", "enterprise_connection_id": connection.id,
                    "enterprise_connection_name": connection.name,
                })
            })
            .collect();
        if !connections.is_empty() {
            return Some(connections);
        }
        match attempt.user_id.as_ref().and_then(|id| self.users.get(id)) {
            // The provider has not verified the address, so only proving the address helps.
            Some(user) if attempt.identity.is_some() => Some(self.address_factors(user, attempt)),
            Some(user) => Some(self.factors_of(user, attempt)),
            None => Some(self.factors_of_nobody(attempt, identifier)),
        }
    }

    /// Returns the factors shown for an unknown identifier.
    fn factors_of_nobody(&self, attempt: &SignIn, identifier: &str) -> Vec<Value> {
        let codes = match kind_of(&self.config, identifier) {
            Some(Kind::Phone) => vec!["phone_code".to_owned()],
            Some(Kind::Wallet) => self.config.wallet_strategies(),
            Some(Kind::Email | Kind::Username) | None => self.config.identifiers.email_verification.clone(),
        };
        let mut factors: Vec<Value> = codes
            .iter()
            .map(|strategy| json!({ "strategy": strategy, "safe_identifier": masked(identifier) }))
            .collect();
        if !attempt.sign_up_if_missing && self.config.password.mode.is_on() {
            factors.insert(0, json!({ "strategy": "password" }));
        }
        factors
    }

    /// Returns the factors that prove the address of a pending identity.
    fn address_factors(&self, user: &User, attempt: &SignIn) -> Vec<Value> {
        let mut factors = Vec::new();
        for email in addressed(user, attempt, Kind::Email) {
            let primary = user.primary.get(&Kind::Email) == Some(&email.id);
            for strategy in &self.config.identifiers.email_verification {
                factors.push(json!({
                    "strategy": strategy, "email_address_id": email.id, "safe_identifier": masked(&email.value),
                    "primary": primary,
                }));
            }
        }
        factors
    }

    fn factors_of(&self, user: &User, attempt: &SignIn) -> Vec<Value> {
        let mut factors = Vec::new();
        if self.config.passkeys.enabled && user.passkeys.iter().any(|key| key.credential.is_some()) {
            factors.push(json!({ "strategy": "passkey" }));
        }
        let with_password = user.password.is_some() && self.config.password.mode.is_on();
        if with_password {
            factors.push(json!({ "strategy": "password" }));
        }
        let emails = addressed(user, attempt, Kind::Email);
        let phones = addressed(user, attempt, Kind::Phone);
        let by = |strategy: &str, one: &Identification, key: &str| {
            let primary = user.primary.get(&one.kind) == Some(&one.id);
            json!({ "strategy": strategy, key: one.id, "safe_identifier": masked(&one.value), "primary": primary })
        };
        let email_codes = self.config.identifiers.email_first_factor && self.config.identifiers.email.is_on();
        for email in emails.iter().filter(|_| email_codes) {
            for strategy in &self.config.identifiers.email_verification {
                factors.push(by(strategy, email, "email_address_id"));
            }
        }
        for phone in phones.iter().filter(|_| self.config.identifiers.phone.is_on()) {
            factors.push(by("phone_code", phone, "phone_number_id"));
        }
        for wallet in addressed(user, attempt, Kind::Wallet) {
            for strategy in self.config.wallet_strategies() {
                factors.push(by(&strategy, wallet, "web3_wallet_id"));
            }
        }
        for account in user.external_accounts.iter().filter(|account| account.verification.is_verified()) {
            let provider = self.config.provider(&account.identity.strategy);
            if provider.is_some_and(|provider| provider.authenticatable) {
                factors.push(json!({ "strategy": account.identity.strategy }));
            }
        }
        if self.config.password.mode.is_on() {
            factors.extend(emails.iter().map(|one| by("reset_password_email_code", one, "email_address_id")));
            if self.config.identifiers.phone.is_on() {
                factors.extend(phones.iter().map(|one| by("reset_password_phone_code", one, "phone_number_id")));
            }
        }
        factors
    }

    /// Returns the second factors of an attempt as JSON.
    pub(crate) fn second_factors(&self, attempt: &SignIn) -> Option<Vec<Value>> {
        let user = attempt.user_id.as_ref().and_then(|id| self.users.get(id))?;
        match attempt.status {
            SignInStatus::NeedsSecondFactor => Some(self.second_factors_of(user)),
            SignInStatus::NeedsClientTrust => Some(self.trust_factors_of(user)),
            _ => None,
        }
    }

    pub(crate) fn second_factors_of(&self, user: &User) -> Vec<Value> {
        let mut factors = Vec::new();
        if user.totp.as_ref().is_some_and(|totp| totp.verified) {
            factors.push(json!({ "strategy": "totp" }));
        }
        for phone in user.of_kind(Kind::Phone).filter(|phone| phone.second_factor && phone.is_verified()) {
            factors.push(json!({
                "strategy": "phone_code", "phone_number_id": phone.id, "safe_identifier": masked(&phone.value),
                "default": phone.default_second_factor,
            }));
        }
        if self.config.mfa.email_code {
            for email in user.of_kind(Kind::Email).filter(|email| email.is_verified()) {
                factors.push(json!({
                    "strategy": "email_code", "email_address_id": email.id, "safe_identifier": masked(&email.value),
                }));
            }
        }
        if !user.backup_codes.is_empty() && !factors.is_empty() {
            factors.push(json!({ "strategy": "backup_code" }));
        }
        factors
    }

    fn trust_factors_of(&self, user: &User) -> Vec<Value> {
        let emails = user.of_kind(Kind::Email).filter(|email| email.is_verified());
        let codes = emails.flat_map(|email| {
            self.config.identifiers.email_verification.iter().map(|strategy| {
                json!({
                    "strategy": strategy, "email_address_id": email.id, "safe_identifier": masked(&email.value),
                })
            })
        });
        codes.collect()
    }

    /// Sends the code or link of a first factor, or creates its challenge.
    pub(crate) fn prepare_first_factor(
        &mut self,
        caller: &mut Caller,
        id: &str,
        strategy: &str,
        params: &Params,
    ) -> Result<SignIn> {
        let (client, mut attempt) = self.sign_in_of(caller, id)?;
        if strategy.starts_with("oauth_") {
            let identifier = attempt.identifier.as_deref().unwrap_or_default();
            if self.config.connections_for(identifier).next().is_some() {
                return Err(Refusal::new(400, "strategy_for_user_invalid").param("strategy"));
            }
            let purpose = Purpose::SignIn(attempt.id.clone());
            attempt.first_factor = Some(self.begin_provider_flow(caller, purpose, strategy, params)?);
            return Ok(self.save_sign_in(&client.id, attempt));
        }
        if matches!(strategy, "enterprise_sso" | "saml") {
            return self.start_enterprise_sign_in(caller, attempt, params);
        }
        if attempt.status != SignInStatus::NeedsFirstFactor {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        self.check_offered(&attempt, strategy)?;
        attempt.first_factor = Some(match strategy {
            "email_code" => self.send_factor(&mut attempt, strategy, "sign_in_code", params)?,
            "phone_code" => self.send_factor(&mut attempt, strategy, "sign_in_code", params)?,
            "reset_password_email_code" | "reset_password_phone_code" => {
                self.send_factor(&mut attempt, strategy, "reset_password_code", params)?
            }
            "email_link" => {
                let recipient = self.recipient(&attempt, Kind::Email, params)?;
                attempt.factor_id = recipient.id;
                let purpose = Purpose::SignIn(attempt.id.clone());
                self.send_link(caller, purpose, "sign_in_link", &recipient.value, params)?
            }
            "passkey" => self.passkey_challenge(caller, attempt.user_id.as_deref()),
            strategy if strategy.starts_with("web3_") => {
                let recipient = self.recipient(&attempt, Kind::Wallet, params)?;
                attempt.factor_id = recipient.id;
                self.wallet_challenge(strategy, &recipient.value)
            }
            _ => return Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        });
        Ok(self.save_sign_in(&client.id, attempt))
    }

    /// Refuses a strategy that is not a first factor of the instance or the user.
    fn check_offered(&self, attempt: &SignIn, strategy: &str) -> Result<()> {
        let factors = self.first_factors(attempt).unwrap_or_default();
        if offers(&factors, strategy) {
            return Ok(());
        }
        self.check_strategy(strategy)?;
        let user = attempt.user_id.as_ref().and_then(|id| self.users.get(id));
        let unknown = user.is_none() && attempt.sign_up_if_missing;
        let identified = attempt.identifier.as_deref().unwrap_or_default();
        let managed = self.config.connections_for(identified).next().is_some();
        Err(match strategy {
            "password" if unknown && !managed => Refusal::new(404, "sign_up_if_missing_transfer"),
            "password" if !managed && user.is_some_and(|user| user.password.is_none()) => {
                Refusal::new(400, "no_password_set")
            }
            _ => Refusal::new(400, "strategy_for_user_invalid").param("strategy"),
        })
    }

    /// Refuses a strategy that is not a second factor.
    fn check_second_offered(factors: &[Value], strategy: &str) -> Result<()> {
        if offers(factors, strategy) {
            return Ok(());
        }
        let known = ["totp", "phone_code", "email_code", "email_link", "backup_code"].contains(&strategy);
        Err(match known {
            true if factors.is_empty() => Refusal::new(400, "no_second_factors"),
            true => Refusal::new(400, "strategy_for_user_invalid").param("strategy"),
            false => Refusal::new(422, "form_param_value_invalid").param("strategy"),
        })
    }

    fn send_factor(
        &mut self,
        attempt: &mut SignIn,
        strategy: &str,
        kind: &'static str,
        params: &Params,
    ) -> Result<Verification> {
        let by_phone = strategy.ends_with("phone_code");
        let recipient = self.recipient(attempt, if by_phone { Kind::Phone } else { Kind::Email }, params)?;
        attempt.factor_id = recipient.id;
        if attempt.user_id.is_none() && !attempt.sign_up_if_missing {
            // The address has no owner, and the response must not reveal that.
            return Ok(self.new_verification(strategy));
        }
        self.send_code(&Outgoing {
            strategy,
            kind,
            to: &recipient.value,
            channel: channel(by_phone, params),
            attempt: &attempt.id.clone(),
            previous: attempt.first_factor.as_ref(),
        })
    }

    /// Returns the identification named by a parameter, else the entered one, else the primary one.
    fn recipient(&self, attempt: &SignIn, kind: Kind, params: &Params) -> Result<Recipient> {
        let Some(user) = attempt.user_id.as_ref().and_then(|id| self.users.get(id)) else {
            return Ok(Recipient { id: None, value: attempt.identifier.clone().unwrap_or_default() });
        };
        let param = match kind {
            Kind::Phone => "phone_number_id",
            Kind::Wallet => "web3_wallet_id",
            Kind::Email | Kind::Username => "email_address_id",
        };
        let found = match params.given(param) {
            Some(id) => addressed(user, attempt, kind).into_iter().find(|one| one.id == id),
            None => addressed(user, attempt, kind).into_iter().next(),
        };
        match found {
            Some(one) => Ok(Recipient { id: Some(one.id.clone()), value: one.value.clone() }),
            None => Err(Refusal::new(404, "resource_not_found").param(param)),
        }
    }

    /// Creates a challenge for a wallet to sign.
    pub(crate) fn wallet_challenge(&mut self, strategy: &str, address: &str) -> Verification {
        let nonce = self.ids.nonce();
        let host = self.base_url.trim_start_matches("http://").to_owned();
        let message = format!(
            "{host} asks you to prove that this wallet is yours:\n{address}\n\nNonce: {nonce}\nTime: {}",
            self.now_ms()
        );
        Verification { nonce: Some(nonce), message: Some(message), ..self.new_verification(strategy) }
    }

    /// Attempts the first factor.
    pub(crate) fn attempt_first_factor(
        &mut self,
        caller: &mut Caller,
        id: &str,
        strategy: &str,
        params: &Params,
    ) -> Result<SignIn> {
        let (mut client, mut attempt) = self.sign_in_of(caller, id)?;
        let discoverable = strategy == "passkey" && attempt.status == SignInStatus::NeedsIdentifier;
        if attempt.status != SignInStatus::NeedsFirstFactor && !discoverable {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        if !discoverable {
            self.check_offered(&attempt, strategy)?;
        }
        if let Some(user_id) = &attempt.user_id {
            self.refuse_barred(&user_id.clone())?;
        }
        let result = self.prove_first_factor(&mut attempt, strategy, params);
        if let Some(user_id) = &attempt.user_id {
            self.note_proof(&user_id.clone(), &result);
        }
        if let Err(refusal) = result {
            self.save_sign_in(&client.id, attempt);
            return Err(refusal);
        }
        if attempt.user_id.is_none() {
            if let Some(verification) = &mut attempt.first_factor {
                verification.status = VerificationStatus::Transferable;
            }
            return Ok(self.save_sign_in(&client.id, attempt));
        }
        let with_new_password = strategy.starts_with("reset_password_") && params.given("password").is_some();
        if with_new_password {
            return self.set_password_and_go_on(caller, client, attempt, params);
        }
        let attempt = self.after_first_factor(caller, &mut client, attempt, strategy)?;
        self.settle_sign_in(caller, client, attempt)
    }

    fn prove_first_factor(&mut self, attempt: &mut SignIn, strategy: &str, params: &Params) -> Result<()> {
        let (now, max) = (self.now_ms(), self.config.verification.max_attempts);
        match strategy {
            "password" => {
                self.check_password(attempt.user_id.as_deref(), params)?;
                attempt.first_factor = Some(Verification::verified("password"));
                Ok(())
            }
            "passkey" => self.prove_passkey(attempt, params),
            strategy if strategy.starts_with("web3_") => {
                let signature = params.required("signature")?;
                let address = self.wallet_of(attempt)?;
                let verification = prepared(attempt.first_factor.as_mut())?;
                prove_wallet(verification, strategy, &address, signature, now, max)
            }
            "email_code" | "phone_code" | "reset_password_email_code" | "reset_password_phone_code" => {
                prepared(attempt.first_factor.as_mut())?.attempt(strategy, params, now, max)
            }
            _ => Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        }
    }

    fn wallet_of(&self, attempt: &SignIn) -> Result<String> {
        let user = attempt.user_id.as_ref().and_then(|id| self.users.get(id));
        let wallet = user.and_then(|user| user.identification(attempt.factor_id.as_deref()?));
        wallet.map(|wallet| wallet.value.clone()).ok_or_else(|| Refusal::new(400, "verification_missing"))
    }

    /// Checks a password.
    pub(crate) fn check_password(&mut self, user_id: Option<&str>, params: &Params) -> Result<()> {
        let password = params.required("password")?;
        let code = match self.config.attack_protection.enumeration {
            true => "form_password_or_identifier_incorrect",
            false => "form_password_incorrect",
        };
        let wrong = || Refusal::new(422, code).param("password").of_wrong_secret();
        let Some(user) = user_id.and_then(|id| self.users.get(id)) else { return Err(wrong()) };
        let hash = user.password.as_ref().ok_or_else(|| Refusal::new(400, "no_password_set"))?;
        if !hash.is(password) {
            return Err(wrong());
        }
        if user.password_compromised {
            return Err(Refusal::new(422, "form_password_compromised").param("password"));
        }
        let settings = &self.config.password;
        if settings.breach_check && settings.breach_check_on_sign_in && self.is_breached(password) {
            return Err(Refusal::new(422, "form_password_pwned").param("password"));
        }
        Ok(())
    }

    /// Sends the code of a second factor.
    pub(crate) fn prepare_second_factor(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignIn> {
        let (client, mut attempt) = self.sign_in_of(caller, id)?;
        let kind = match attempt.status {
            SignInStatus::NeedsSecondFactor => "second_factor_code",
            SignInStatus::NeedsClientTrust => "client_trust_code",
            _ => return Err(Refusal::new(400, "client_state_invalid")),
        };
        let strategy = params.required("strategy")?;
        Self::check_second_offered(&self.second_factors(&attempt).unwrap_or_default(), strategy)?;
        let by_phone = strategy == "phone_code";
        let recipient = self.second_recipient(&attempt, by_phone, params)?;
        attempt.second_factor = Some(match strategy {
            "phone_code" | "email_code" => self.send_code(&Outgoing {
                strategy,
                kind,
                to: &recipient.value,
                channel: channel(by_phone, params),
                attempt: &attempt.id,
                previous: attempt.second_factor.as_ref(),
            })?,
            "email_link" => {
                let purpose = Purpose::SecondFactor(attempt.id.clone());
                self.send_link(caller, purpose, "sign_in_link", &recipient.value, params)?
            }
            _ => return Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        });
        Ok(self.save_sign_in(&client.id, attempt))
    }

    fn second_recipient(&self, attempt: &SignIn, by_phone: bool, params: &Params) -> Result<Recipient> {
        let user = self.usable_user(attempt.user_id.as_deref().unwrap_or_default())?;
        let (kind, param) = if by_phone { (Kind::Phone, "phone_number_id") } else { (Kind::Email, "email_address_id") };
        let mut candidates = user.of_kind(kind).filter(|one| one.is_verified() && (one.second_factor || !by_phone));
        let found = match params.given(param) {
            Some(id) => candidates.find(|one| one.id == id),
            None => candidates.max_by_key(|one| one.default_second_factor),
        };
        match found {
            Some(one) => Ok(Recipient { id: Some(one.id.clone()), value: one.value.clone() }),
            None => Err(Refusal::new(404, "resource_not_found").param(param)),
        }
    }

    /// Attempts the second factor.
    pub(crate) fn attempt_second_factor(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<SignIn> {
        let (mut client, mut attempt) = self.sign_in_of(caller, id)?;
        if !matches!(attempt.status, SignInStatus::NeedsSecondFactor | SignInStatus::NeedsClientTrust) {
            return Err(Refusal::new(400, "client_state_invalid"));
        }
        let user_id = attempt.user_id.clone().unwrap_or_default();
        self.refuse_barred(&user_id)?;
        let strategy = params.required("strategy")?.to_owned();
        Self::check_second_offered(&self.second_factors(&attempt).unwrap_or_default(), &strategy)?;
        let result = self.prove_second_factor(&user_id, &mut attempt.second_factor, &strategy, params);
        self.note_proof(&user_id, &result);
        if let Err(refusal) = result {
            self.save_sign_in(&client.id, attempt);
            return Err(refusal);
        }
        let strategy = attempt.first_factor.as_ref().map_or(strategy, |first| first.strategy.clone());
        let attempt = self.complete_sign_in(caller, &mut client, attempt, &strategy);
        self.settle_sign_in(caller, client, attempt)
    }

    /// Checks an authenticator code, a backup code or a code that was sent.
    pub(crate) fn prove_second_factor(
        &mut self,
        user_id: &str,
        verification: &mut Option<Verification>,
        strategy: &str,
        params: &Params,
    ) -> Result<()> {
        let (now, max) = (self.now_ms(), self.config.verification.max_attempts);
        match strategy {
            "totp" => {
                let code = params.required("code")?;
                let mut user = self.usable_user(user_id)?.clone();
                let totp = user.totp.as_mut().filter(|totp| totp.verified);
                let totp = totp.ok_or_else(|| Refusal::new(400, "no_second_factors"))?;
                let step = crypto::totp_match(&totp.secret, code, now.div_euclid(1000));
                let step = step.filter(|step| totp.last_step.is_none_or(|last| *step > last)).ok_or_else(wrong_code)?;
                totp.last_step = Some(step);
                self.save_user(user);
                *verification = Some(Verification::verified("totp"));
                Ok(())
            }
            "backup_code" => {
                let code = params.required("code")?;
                let mut user = self.usable_user(user_id)?.clone();
                let place = user.backup_codes.iter().position(|one| one == code).ok_or_else(wrong_code)?;
                user.backup_codes.remove(place);
                self.save_user(user);
                *verification = Some(Verification::verified("backup_code"));
                Ok(())
            }
            "phone_code" | "email_code" => prepared(verification.as_mut())?.attempt(strategy, params, now, max),
            _ => Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        }
    }

    /// Continues a sign-in whose link was opened. Returns the ID of the created session.
    pub(crate) fn sign_in_link_opened(
        &mut self,
        client: &mut Client,
        mut attempt: SignIn,
        second: bool,
    ) -> Result<Option<String>> {
        let caller = Caller { native: true, ..Caller::default() };
        if second {
            let strategy = attempt.first_factor.as_ref().map_or("email_link", |one| one.strategy.as_str()).to_owned();
            attempt = self.complete_sign_in(&caller, client, attempt, &strategy);
        } else {
            attempt = self.after_first_factor(&mut caller.clone(), client, attempt, "email_link")?;
        }
        Ok(attempt.created_session_id)
    }
}

/// Whether a strategy is among the factors.
pub(crate) fn offers(factors: &[Value], strategy: &str) -> bool {
    factors.iter().any(|factor| factor["strategy"] == strategy)
}

/// Returns the verified identifications of a kind: the entered one, else all with the primary one first. For a pending
/// identity only its address, verified or not.
fn addressed<'a>(user: &'a User, attempt: &SignIn, kind: Kind) -> Vec<&'a Identification> {
    if attempt.identity.is_some() {
        return user.of_kind(kind).filter(|one| World::is_identifier(attempt, kind, &one.value)).collect();
    }
    let mut all: Vec<_> = user.of_kind(kind).filter(|one| one.is_verified()).collect();
    if let Some(typed) = all.iter().find(|one| World::is_identifier(attempt, kind, &one.value)) {
        return vec![typed];
    }
    all.sort_by_key(|one| user.primary.get(&kind) != Some(&one.id));
    all
}

pub(crate) fn channel(by_phone: bool, params: &Params) -> Channel {
    match params.given("channel") {
        _ if !by_phone => Channel::Email,
        Some("whatsapp") => Channel::Whatsapp,
        _ => Channel::Sms,
    }
}

/// Returns the prepared verification.
pub(crate) fn prepared(verification: Option<&mut Verification>) -> Result<&mut Verification> {
    verification.ok_or_else(|| Refusal::new(400, "verification_missing"))
}

/// Verifies a wallet's signature of its challenge.
pub(crate) fn prove_wallet(
    verification: &mut Verification,
    strategy: &str,
    address: &str,
    signature: &str,
    now_ms: i64,
    max_attempts: u32,
) -> Result<()> {
    verification.check_open(strategy, now_ms)?;
    let message = verification.message.clone().unwrap_or_default();
    let right = crypto::wallet_signed(address, &message, signature);
    let wrong = Refusal::new(422, "form_incorrect_signature").param("signature");
    verification.count(right, max_attempts, wrong)
}
