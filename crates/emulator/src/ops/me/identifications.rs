//! E-mail addresses, phone numbers and wallets.

use crate::{
    error::{Refusal, Result},
    ops::{
        client::Caller,
        identifiers::{check_form, is_enabled, normal_form},
        params::Params,
        sign_in_factors::{channel, prove_wallet},
        verification::Outgoing,
    },
    state::{Identification, Kind, Purpose, User, World},
};

/// Maximum number of unverified identifications of one kind.
const UNVERIFIED_QUOTA: usize = 5;

impl World {
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

    pub(super) fn refuse_immutable(&self, attribute: &str) -> Result<()> {
        if self.config.identifiers.immutable.iter().any(|one| one == attribute) {
            return Err(Refusal::new(403, "immutable_attribute_modification_not_allowed").param(attribute));
        }
        Ok(())
    }

    /// Returns one of the current user's identifications.
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

    /// Makes a newly verified identification primary if there is none, and removes it from other users who claim it.
    pub(crate) fn identification_verified(&mut self, mut user: User, id: &str) {
        if let Some(one) = user.identification(id).cloned() {
            user.primary.entry(one.kind).or_insert_with(|| one.id.clone());
            self.take_from_claimants(&user.id, &one);
        }
        let user_id = user.id.clone();
        self.save_user(user);
        self.enroll_by_domain(&user_id);
    }

    /// Removes an identifier from the other users who did not verify it.
    pub(crate) fn take_from_claimants(&mut self, owner_id: &str, one: &Identification) {
        let wanted = normal_form(one.kind, &one.value);
        let same = |theirs: &Identification| {
            theirs.kind == one.kind && !theirs.is_verified() && normal_form(one.kind, &theirs.value) == wanted
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

    /// `PATCH /v1/me/phone_numbers/{id}`: sets whether the number is a second factor.
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
}

fn replace(user: &mut User, one: &Identification) {
    if let Some(place) = user.identifications.iter_mut().find(|other| other.id == one.id) {
        *place = one.clone();
    }
}
