//! Session reverification.

use serde_json::Value;

use crate::{
    error::{Refusal, Result},
    ops::{
        client::Caller,
        params::Params,
        sign_in_factors::{channel, offers, prepared},
        verification::Outgoing,
    },
    state::{Kind, Reverification, Session, User, Verification, World},
};

/// Strategies for reverification.
const USABLE: &[&str] = &["password", "email_code", "phone_code", "passkey", "enterprise_sso"];

impl World {
    /// `POST …/verify`: starts a reverification.
    pub(crate) fn start_reverification(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<Session> {
        let (_, session) = self.signed_in_session(caller, id)?;
        let level = params.required("level")?;
        if !matches!(level, "first_factor" | "second_factor" | "multi_factor") {
            return Err(Refusal::new(422, "form_param_value_invalid").param("level"));
        }
        let user = self.usable_user(&session.user_id)?;
        let only_second = level == "second_factor" && user.has_second_factor();
        let reverification = Reverification {
            level: level.to_owned(),
            status: if only_second { "needs_second_factor" } else { "needs_first_factor" },
            first_factor: None,
            second_factor: None,
        };
        Ok(self.save_reverification(session, Some(reverification)))
    }

    fn save_reverification(&mut self, mut session: Session, reverification: Option<Reverification>) -> Session {
        session.reverification = reverification;
        if let Some(client_id) = self.session_clients.get(&session.id).cloned() {
            self.change_client(&client_id, |client| crate::ops::session::replace_session(client, &session));
        }
        session
    }

    fn running(&mut self, caller: &mut Caller, id: &str) -> Result<(Session, User, Reverification)> {
        let (_, session) = self.signed_in_session(caller, id)?;
        let running = session.reverification.clone();
        let running = running.ok_or_else(|| Refusal::new(400, "session_reverification_missing"))?;
        if running.status == "complete" {
            return Err(Refusal::new(400, "invalid_action_for_session_reverification"));
        }
        let user = self.usable_user(&session.user_id)?.clone();
        Ok((session, user, running))
    }

    /// `…/verify/prepare_first_factor` and `…/prepare_second_factor`.
    pub(crate) fn prepare_reverification(
        &mut self,
        caller: &mut Caller,
        id: &str,
        second: bool,
        params: &Params,
    ) -> Result<Session> {
        let (session, user, mut running) = self.running(caller, id)?;
        expect_step(&running, second)?;
        let strategy = params.required("strategy")?;
        self.check_reverification_offered(&user, second, strategy)?;
        let (kind, param) = match strategy {
            "phone_code" => (Kind::Phone, "phone_number_id"),
            "email_code" => (Kind::Email, "email_address_id"),
            "passkey" if !second => {
                running.first_factor = Some(self.passkey_challenge(caller, Some(&user.id)));
                return Ok(self.save_reverification(session, Some(running)));
            }
            _ => return Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        };
        let mut candidates =
            user.of_kind(kind).filter(|one| one.is_verified() && (one.second_factor || !second || kind == Kind::Email));
        let recipient = match params.given(param) {
            Some(id) => candidates.find(|one| one.id == id),
            None => candidates.next(),
        };
        let recipient = recipient.ok_or_else(|| Refusal::new(404, "resource_not_found").param(param))?;
        let slot = if second { &mut running.second_factor } else { &mut running.first_factor };
        *slot = Some(self.send_code(&Outgoing {
            strategy,
            kind: "reverification_code",
            to: &recipient.value,
            channel: channel(kind == Kind::Phone, params),
            attempt: &session.id,
            previous: slot.as_ref(),
        })?);
        Ok(self.save_reverification(session, Some(running)))
    }

    /// `…/verify/attempt_first_factor` and `…/attempt_second_factor`.
    pub(crate) fn attempt_reverification(
        &mut self,
        caller: &mut Caller,
        id: &str,
        second: bool,
        params: &Params,
    ) -> Result<Session> {
        let (mut session, user, mut running) = self.running(caller, id)?;
        expect_step(&running, second)?;
        self.refuse_barred(&user.id)?;
        let strategy = params.required("strategy")?.to_owned();
        self.check_reverification_offered(&user, second, &strategy)?;
        let result = if second {
            self.prove_second_factor(&user.id, &mut running.second_factor, &strategy, params)
        } else {
            self.prove_again(&user, &mut running, &strategy, params)
        };
        self.note_proof(&user.id, &result);
        if let Err(refusal) = result {
            self.save_reverification(session, Some(running));
            return Err(refusal);
        }
        let now = self.now_ms();
        if second {
            session.second_factor_at = Some(now);
        } else {
            session.first_factor_at = now;
        }
        let more = !second && running.level == "multi_factor" && user.has_second_factor();
        running.status = if more { "needs_second_factor" } else { "complete" };
        if running.status == "complete" && !user.has_second_factor() {
            session.second_factor_at = None;
        }
        Ok(self.save_reverification(session, Some(running)))
    }

    fn prove_again(
        &mut self,
        user: &User,
        running: &mut Reverification,
        strategy: &str,
        params: &Params,
    ) -> Result<()> {
        let (now, max) = (self.now_ms(), self.config.verification.max_attempts);
        match strategy {
            "password" => {
                self.check_password(Some(&user.id), params)?;
                running.first_factor = Some(Verification::verified("password"));
                Ok(())
            }
            "email_code" | "phone_code" => prepared(running.first_factor.as_mut())?.attempt(strategy, params, now, max),
            "passkey" => {
                let verification = prepared(running.first_factor.as_mut())?;
                self.prove_passkey_of(verification, Some(&user.id), params).map(|_| ())
            }
            _ => Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
        }
    }

    /// Refuses a strategy that is not a factor of this step.
    fn check_reverification_offered(&self, user: &User, second: bool, strategy: &str) -> Result<()> {
        let factors = if second { self.second_factors_of(user) } else { self.reverification_factors(user) };
        let known = if second { &["totp", "phone_code", "email_code", "backup_code"][..] } else { USABLE };
        match strategy {
            _ if offers(&factors, strategy) => Ok(()),
            _ if !known.contains(&strategy) => Err(Refusal::new(422, "form_param_value_invalid").param("strategy")),
            "password" if user.password.is_none() => Err(Refusal::new(400, "no_password_set")),
            _ => Err(Refusal::new(400, "strategy_for_user_invalid").param("strategy")),
        }
    }

    /// Returns the first factors for reverification.
    pub(crate) fn reverification_factors(&self, user: &User) -> Vec<Value> {
        let attempt = crate::state::SignIn {
            id: String::new(),
            status: crate::state::SignInStatus::NeedsFirstFactor,
            identifier: Some(user.identifier()),
            user_id: Some(user.id.clone()),
            first_factor: None,
            second_factor: None,
            factor_id: None,
            identity: None,
            sign_up_if_missing: false,
            skip_mfa: false,
            new_password: false,
            actor: None,
            protect_checks: 0,
            created_session_id: None,
            abandon_at: 0,
        };
        let usable = |factor: &Value| {
            let strategy = factor["strategy"].as_str().unwrap_or_default();
            USABLE.contains(&strategy)
        };
        self.first_factors(&attempt).unwrap_or_default().into_iter().filter(usable).collect()
    }
}

fn expect_step(running: &Reverification, second: bool) -> Result<()> {
    let expected = if second { "needs_second_factor" } else { "needs_first_factor" };
    if running.status == expected {
        Ok(())
    } else {
        Err(Refusal::new(400, "invalid_action_for_session_reverification"))
    }
}
