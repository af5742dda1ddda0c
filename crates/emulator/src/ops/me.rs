//! What users do with their own account: `/v1/me`.

use crate::{
    error::{Refusal, Result},
    merge::merge_object,
    ops::{
        client::Caller,
        crypto,
        identifiers::{check_form, check_username, is_enabled, normal},
        params::Params,
        sign_in_factors::{channel, prove_wallet},
        sign_up::{MAX_METADATA, metadata, name},
        verification::{Outgoing, wrong_code},
    },
    state::{ExternalAccount, Identification, Kind, Picture, Purpose, Session, Totp, User, World},
};

/// Most unverified identifications of one kind.
const UNVERIFIED_QUOTA: usize = 5;

impl World {
    /// `PATCH /v1/me`.
    pub(crate) fn update_me(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let gated = params.iter().any(|(key, _)| key == "username" || key.starts_with("primary_"));
        let (_, mut user) = if gated { self.current_verified(caller)? } else { self.current(caller)? };
        for (key, value) in params.iter() {
            self.refuse_immutable(key)?;
            match key {
                "first_name" => user.first_name = name(key, value)?,
                "last_name" => user.last_name = name(key, value)?,
                "username" => user.username = self.new_username(&user, value)?,
                "primary_email_address_id" => set_primary(&mut user, Kind::Email, key, value)?,
                "primary_phone_number_id" => set_primary(&mut user, Kind::Phone, key, value)?,
                "primary_web3_wallet_id" => set_primary(&mut user, Kind::Wallet, key, value)?,
                _ => {}
            }
        }
        self.save_user(user.clone());
        Ok(user)
    }

    fn refuse_immutable(&self, attribute: &str) -> Result<()> {
        if self.config.identifiers.immutable.iter().any(|one| one == attribute) {
            return Err(Refusal::new(403, "immutable_attribute_modification_not_allowed").param(attribute));
        }
        Ok(())
    }

    fn new_username(&self, user: &User, value: &str) -> Result<Option<String>> {
        if !self.config.identifiers.username.is_on() {
            return Err(Refusal::new(422, "form_param_unknown").param("username"));
        }
        if value.is_empty() {
            return match self.config.identifiers.username {
                crate::config::Presence::Required => Err(Refusal::new(422, "form_param_nil").param("username")),
                _ => Ok(None),
            };
        }
        check_username(&self.config, value)?;
        if self.owner_of(Kind::Username, value).is_some_and(|owner| owner.id != user.id) {
            return Err(Refusal::new(422, "form_identifier_exists").param("username"));
        }
        Ok(Some(value.to_owned()))
    }

    /// `PATCH /v1/me/metadata`: a deep merge, in which null removes.
    pub(crate) fn update_metadata(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let (_, mut user) = self.current(caller)?;
        let patch = metadata(params.required("unsafe_metadata")?)?;
        merge_object(&mut user.unsafe_metadata, &patch);
        if serde_json::to_string(&user.unsafe_metadata).is_ok_and(|text| text.len() > MAX_METADATA) {
            return Err(Refusal::new(422, "form_param_exceeds_allowed_size").param("unsafe_metadata"));
        }
        self.save_user(user.clone());
        Ok(user)
    }

    /// `DELETE /v1/me`.
    pub(crate) fn delete_me(&mut self, caller: &mut Caller) -> Result<String> {
        let (_, user) = self.current_verified(caller)?;
        if !self.config.actions.delete_self {
            return Err(Refusal::new(403, "user_delete_self_not_enabled"));
        }
        self.delete_user(&user.id);
        Ok(user.id)
    }

    /// Sets or removes the profile image.
    pub(crate) fn set_picture(&mut self, caller: &mut Caller, picture: Option<Picture>) -> Result<User> {
        let (_, mut user) = self.current(caller)?;
        user.picture = picture;
        self.save_user(user.clone());
        Ok(user)
    }

    /// `POST /v1/me/change_password`.
    pub(crate) fn change_password(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let (session, mut user) = self.current_verified(caller)?;
        let new = params.required("new_password")?;
        if let Some(hash) = user.password.as_ref().filter(|_| !user.password_compromised) {
            let current = params.required("current_password")?;
            if !hash.is(current) {
                return Err(Refusal::new(422, "form_password_incorrect").param("current_password"));
            }
        }
        user.password = Some(self.accept_new_password(&user, new, "new_password")?);
        user.password_compromised = false;
        user.password_updated_at = Some(self.now_ms());
        self.save_user(user.clone());
        if params.is_true("sign_out_of_other_sessions") {
            self.revoke_other_sessions(&user.id, Some(&session.id));
        }
        Ok(user)
    }

    /// `POST /v1/me/remove_password`.
    pub(crate) fn remove_password(&mut self, caller: &mut Caller, params: &Params) -> Result<User> {
        let (_, mut user) = self.current_verified(caller)?;
        let hash = user.password.as_ref().ok_or_else(|| Refusal::new(400, "no_password_set"))?;
        if self.config.password.mode == crate::config::Presence::Required {
            return Err(Refusal::new(400, "password_required"));
        }
        if !hash.is(params.required("current_password")?) {
            return Err(Refusal::new(422, "form_password_incorrect").param("current_password"));
        }
        user.password = None;
        user.password_updated_at = Some(self.now_ms());
        self.save_user(user.clone());
        Ok(user)
    }

    /// `POST /v1/me/totp`: a secret for an authenticator app.
    pub(crate) fn create_totp(&mut self, caller: &mut Caller) -> Result<(Totp, String)> {
        let (_, mut user) = self.current_verified(caller)?;
        if user.totp.as_ref().is_some_and(|totp| totp.verified) {
            return Err(Refusal::new(400, "totp_already_enabled"));
        }
        let totp = Totp {
            id: self.ids.id("totp"),
            secret: self.ids.totp_secret(),
            verified: false,
            last_step: None,
            created_at: self.now_ms(),
        };
        user.totp = Some(totp.clone());
        let mut uri = url::Url::parse("otpauth://totp/").map_err(|_| Refusal::new(500, "internal_clerk_error"))?;
        uri.set_path(&format!("{}:{}", self.config.application_name, user.identifier()));
        uri.query_pairs_mut()
            .append_pair("secret", &totp.secret)
            .append_pair("issuer", &self.config.application_name)
            .append_pair("algorithm", "SHA1")
            .append_pair("digits", "6")
            .append_pair("period", "30");
        self.save_user(user);
        Ok((totp, uri.into()))
    }

    /// `POST /v1/me/totp/attempt_verification`. The first second factor brings backup codes with it.
    pub(crate) fn verify_totp(&mut self, caller: &mut Caller, params: &Params) -> Result<(Totp, Option<Vec<String>>)> {
        let (session, mut user) = self.current_verified(caller)?;
        let now = self.now_ms();
        let totp = user.totp.as_mut().ok_or_else(|| Refusal::new(400, "verification_missing"))?;
        if totp.verified {
            return Err(Refusal::new(400, "totp_already_enabled"));
        }
        let step = crypto::totp_match(&totp.secret, params.required("code")?, now.div_euclid(1000));
        totp.last_step = Some(step.ok_or_else(wrong_code)?);
        totp.verified = true;
        let totp = totp.clone();
        let codes = self.first_backup_codes(&mut user);
        self.save_user(user);
        self.second_factor_added(&session);
        Ok((totp, codes))
    }

    fn first_backup_codes(&mut self, user: &mut User) -> Option<Vec<String>> {
        user.mfa_enabled_at.get_or_insert(self.clock.now_ms());
        if !self.config.mfa.backup_code || !user.backup_codes.is_empty() {
            return None;
        }
        user.backup_codes = self.ids.backup_codes();
        Some(user.backup_codes.clone())
    }

    /// Enrolling a second factor proves it for this session.
    fn second_factor_added(&mut self, session: &Session) {
        let now = self.now_ms();
        if let Some(client_id) = self.session_clients.get(&session.id).cloned() {
            self.change_client(&client_id, |client| {
                if let Some(session) = client.session_mut(&session.id) {
                    session.second_factor_at = Some(now);
                }
            });
        }
    }

    /// `DELETE /v1/me/totp`.
    pub(crate) fn delete_totp(&mut self, caller: &mut Caller) -> Result<String> {
        let (_, mut user) = self.current_verified(caller)?;
        let totp = user.totp.take().ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        self.second_factor_gone(&mut user)?;
        self.save_user(user);
        Ok(totp.id)
    }

    fn second_factor_gone(&self, user: &mut User) -> Result<()> {
        if user.has_second_factor() {
            return Ok(());
        }
        if self.config.mfa.required {
            return Err(Refusal::new(400, "second_factor_deletion_not_allowed"));
        }
        user.backup_codes.clear();
        user.mfa_disabled_at = Some(self.now_ms());
        Ok(())
    }

    /// `POST /v1/me/backup_codes`: ten new codes; the older ones are dead.
    pub(crate) fn create_backup_codes(&mut self, caller: &mut Caller) -> Result<Vec<String>> {
        let (_, mut user) = self.current_verified(caller)?;
        if !self.config.mfa.backup_code || !user.has_second_factor() {
            return Err(Refusal::new(400, "backup_codes_not_available"));
        }
        user.backup_codes = self.ids.backup_codes();
        self.save_user(user.clone());
        Ok(user.backup_codes)
    }

    /// `POST /v1/me/email_addresses`, `/phone_numbers` and `/web3_wallets`.
    pub(crate) fn add_identification(
        &mut self,
        caller: &mut Caller,
        kind: Kind,
        params: &Params,
    ) -> Result<Identification> {
        let (_, mut user) = self.current_verified(caller)?;
        let param = kind.as_str();
        if !is_enabled(&self.config, kind) {
            return Err(Refusal::new(422, "form_param_unknown").param(param));
        }
        self.refuse_immutable(param)?;
        let value = check_form(kind, params.required(param)?)?;
        let own = user.of_kind(kind).any(|one| one.value.eq_ignore_ascii_case(&value));
        if own {
            return Err(Refusal::new(422, "form_identifier_exists").param(param));
        }
        self.refuse_taken(kind, &value)?;
        if user.of_kind(kind).filter(|one| !one.is_verified()).count() >= UNVERIFIED_QUOTA {
            return Err(Refusal::new(400, "too_many_unverified_identifications"));
        }
        let mut identification = self.identification(kind, &value, None);
        identification.second_factor = params.is_true("reserved_for_second_factor");
        user.identifications.push(identification.clone());
        self.save_user(user);
        Ok(identification)
    }

    /// One of the current user's identifications.
    pub(crate) fn my_identification(
        &mut self,
        caller: &mut Caller,
        kind: Kind,
        id: &str,
    ) -> Result<(User, Identification)> {
        let (_, user) = self.current(caller)?;
        let found = user.of_kind(kind).find(|one| one.id == id).cloned();
        found.map(|one| (user, one)).ok_or_else(|| Refusal::new(404, "resource_not_found"))
    }

    /// `POST …/prepare_verification` of an identification.
    pub(crate) fn prepare_identification(
        &mut self,
        caller: &mut Caller,
        kind: Kind,
        id: &str,
        params: &Params,
    ) -> Result<Identification> {
        let (mut user, mut one) = self.my_identification(caller, kind, id)?;
        let strategy = params.required("strategy")?;
        if one.is_verified() {
            return Err(Refusal::new(400, "verification_already_verified"));
        }
        let fits = match kind {
            Kind::Email => matches!(strategy, "email_code" | "email_link"),
            Kind::Phone => strategy == "phone_code",
            Kind::Wallet => self.config.wallet_strategies().iter().any(|one| one == strategy),
            Kind::Username => false,
        };
        if !fits {
            return Err(Refusal::new(422, "form_param_value_invalid").param("strategy"));
        }
        one.verification = Some(match strategy {
            "email_link" => {
                let purpose = Purpose::Identification { user_id: user.id.clone(), id: one.id.clone() };
                self.send_link(caller, purpose, "identification_link", &one.value, params)?
            }
            "email_code" | "phone_code" => self.send_code(&Outgoing {
                strategy,
                kind: "identification_code",
                to: &one.value,
                channel: channel(kind == Kind::Phone, params),
                attempt: &one.id,
                previous: one.verification.as_ref(),
            })?,
            _ => self.wallet_challenge(strategy, &one.value),
        });
        replace(&mut user, &one);
        self.save_user(user);
        Ok(one)
    }

    /// `POST …/attempt_verification` of an identification.
    pub(crate) fn attempt_identification(
        &mut self,
        caller: &mut Caller,
        kind: Kind,
        id: &str,
        params: &Params,
    ) -> Result<Identification> {
        let (mut user, mut one) = self.my_identification(caller, kind, id)?;
        let (now, max) = (self.now_ms(), self.config.verification.max_attempts);
        let verification = one.verification.as_mut().ok_or_else(|| Refusal::new(400, "verification_not_sent"))?;
        let strategy = verification.strategy.clone();
        let result = match kind {
            Kind::Wallet => match params.required("signature") {
                Ok(signature) => prove_wallet(verification, &strategy, &one.value, signature, now, max),
                Err(refusal) => Err(refusal),
            },
            _ => verification.attempt(&strategy, params, now, max),
        };
        replace(&mut user, &one);
        match result {
            Ok(()) => {
                self.refuse_taken(kind, &one.value)?;
                self.identification_verified(user, id);
                self.my_identification(caller, kind, id).map(|(_, one)| one)
            }
            Err(refusal) => {
                self.save_user(user);
                Err(refusal)
            }
        }
    }

    /// A newly verified identification becomes the primary one where there is none, and its other claimants lose it.
    pub(crate) fn identification_verified(&mut self, mut user: User, id: &str) {
        if let Some(one) = user.identification(id).cloned() {
            user.primary.entry(one.kind).or_insert_with(|| one.id.clone());
            self.take_from_claimants(&user.id, &one);
        }
        let user_id = user.id.clone();
        self.save_user(user);
        self.enroll_by_domain(&user_id);
    }

    /// Whoever else gave this identifier and did not verify it has it no more.
    pub(crate) fn take_from_claimants(&mut self, owner_id: &str, one: &Identification) {
        let wanted = normal(one.kind, &one.value);
        let same = |theirs: &Identification| {
            theirs.kind == one.kind && !theirs.is_verified() && normal(one.kind, &theirs.value) == wanted
        };
        let claims = |other: &&User| other.id != owner_id && other.identifications.iter().any(same);
        for mut claimant in self.users.values().filter(claims).cloned().collect::<Vec<_>>() {
            claimant.identifications.retain(|theirs| !same(theirs));
            let left: Vec<String> = claimant.identifications.iter().map(|one| one.id.clone()).collect();
            claimant.primary.retain(|_, id| left.contains(id));
            self.save_user(claimant);
        }
    }

    /// `DELETE` of an identification.
    pub(crate) fn delete_identification(&mut self, caller: &mut Caller, kind: Kind, id: &str) -> Result<String> {
        let (_, mut user) = self.current_verified(caller)?;
        let one = user.of_kind(kind).find(|one| one.id == id).cloned();
        let one = one.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        if one.is_verified() {
            let verified = user.identifications.iter().filter(|one| one.is_verified()).count();
            if verified == 1 && user.username.is_none() && user.external_accounts.is_empty() {
                return Err(Refusal::new(400, "identification_deletion_failed"));
            }
            let required = self.required_fields().iter().any(|field| field == kind.as_str());
            if required && user.of_kind(kind).filter(|one| one.is_verified()).count() == 1 {
                return Err(Refusal::new(400, "last_required_identification_deletion_failed"));
            }
        }
        if !one.linked_to.is_empty() {
            return Err(Refusal::new(400, "delete_linked_identification_disallowed"));
        }
        user.identifications.retain(|one| one.id != id);
        if one.second_factor {
            self.second_factor_gone(&mut user)?;
        }
        if user.primary.get(&kind).is_some_and(|primary| primary == id) {
            user.primary.remove(&kind);
            let next = user.of_kind(kind).find(|one| one.is_verified()).map(|one| one.id.clone());
            user.primary.extend(next.map(|next| (kind, next)));
        }
        self.save_user(user);
        Ok(one.id)
    }

    /// `PATCH /v1/me/phone_numbers/{id}`: whether it is a second factor.
    pub(crate) fn update_phone(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Identification, Option<Vec<String>>)> {
        let (session, mut user) = self.current_verified(caller)?;
        let mut one = user
            .of_kind(Kind::Phone)
            .find(|one| one.id == id)
            .cloned()
            .ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let mut codes = None;
        if let Some(reserved) = params.flag("reserved_for_second_factor")? {
            if reserved && !one.is_verified() {
                return Err(Refusal::new(400, "identification_update_second_factor_unverified"));
            }
            one.second_factor = reserved;
            one.default_second_factor &= reserved;
            replace(&mut user, &one);
            if reserved {
                codes = self.first_backup_codes(&mut user);
                self.second_factor_added(&session);
            } else {
                self.second_factor_gone(&mut user)?;
            }
        }
        match params.flag("default_second_factor")? {
            Some(true) => {
                for other in user.identifications.iter_mut().filter(|other| other.kind == Kind::Phone) {
                    other.default_second_factor = other.id == one.id;
                }
                one.default_second_factor = true;
            }
            Some(false) if one.default_second_factor => {
                let code = "form_disable_default_second_factor_not_allowed";
                return Err(Refusal::new(422, code).param("default_second_factor"));
            }
            _ => {}
        }
        one.updated_at = self.now_ms();
        replace(&mut user, &one);
        self.save_user(user);
        Ok((one, codes))
    }

    /// `POST /v1/me/external_accounts`: begins connecting an account.
    pub(crate) fn connect_account(&mut self, caller: &mut Caller, params: &Params) -> Result<ExternalAccount> {
        let (_, mut user) = self.current_verified(caller)?;
        let strategy = params.required("strategy")?;
        let same = |account: &&ExternalAccount| account.identity.strategy == strategy;
        if user.external_accounts.iter().filter(same).any(|account| account.verification.is_verified()) {
            return Err(Refusal::new(400, "oauth_account_already_connected").param("strategy"));
        }
        let account_id = self.ids.id("eac");
        let purpose = Purpose::Connect { user_id: user.id.clone(), account_id: account_id.clone() };
        let verification = self.begin_round_trip(caller, purpose, strategy, params)?;
        let now = self.now_ms();
        let scopes = ["email", "profile"].into_iter().chain(params.all("additional_scope")).collect::<Vec<_>>();
        let account = ExternalAccount {
            id: account_id,
            identification_id: self.ids.id("idn"),
            identity: crate::config::Identity { strategy: strategy.to_owned(), ..Default::default() },
            verification,
            scopes: scopes.join(" "),
            created_at: now,
            updated_at: now,
        };
        // An attempt that was never finished makes room for this one.
        user.external_accounts.retain(|one| one.identity.strategy != strategy || one.verification.is_verified());
        user.external_accounts.push(account.clone());
        self.save_user(user);
        Ok(account)
    }

    /// `PATCH /v1/me/external_accounts/{id}/reauthorize`.
    pub(crate) fn reauthorize_account(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<ExternalAccount> {
        let (_, mut user) = self.current(caller)?;
        let place = user.external_accounts.iter().position(|one| one.id == id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let strategy = user.external_accounts[place].identity.strategy.clone();
        let purpose = Purpose::Connect { user_id: user.id.clone(), account_id: id.to_owned() };
        let verification = self.begin_round_trip(caller, purpose, &strategy, params)?;
        let account = &mut user.external_accounts[place];
        for scope in params.all("additional_scope") {
            account.scopes = format!("{} {scope}", account.scopes);
        }
        let answer = ExternalAccount { verification, ..account.clone() };
        self.save_user(user);
        Ok(answer)
    }

    /// `DELETE /v1/me/external_accounts/{id}`.
    pub(crate) fn disconnect_account(&mut self, caller: &mut Caller, id: &str) -> Result<String> {
        let (_, mut user) = self.current_verified(caller)?;
        let place = user.external_accounts.iter().position(|one| one.id == id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let account = user.external_accounts.remove(place);
        for one in &mut user.identifications {
            one.linked_to.retain(|(_, linked)| *linked != account.identification_id);
        }
        self.connected.remove(&(account.identity.strategy.clone(), account.identity.subject()));
        self.save_user(user);
        Ok(account.id)
    }
}

fn replace(user: &mut User, one: &Identification) {
    if let Some(place) = user.identifications.iter_mut().find(|other| other.id == one.id) {
        *place = one.clone();
    }
}

fn set_primary(user: &mut User, kind: Kind, param: &str, id: &str) -> Result<()> {
    let one = user.of_kind(kind).find(|one| one.id == id);
    let one = one.ok_or_else(|| Refusal::new(404, "resource_not_found").param(param))?;
    if !one.is_verified() {
        return Err(Refusal::new(422, "form_verification_needed").param(param));
    }
    user.primary.insert(kind, id.to_owned());
    Ok(())
}
