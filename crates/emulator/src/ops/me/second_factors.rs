//! Authenticator apps and backup codes.

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, crypto, params::Params, verification::wrong_code},
    state::{Session, Totp, User, World},
};

impl World {
    /// `POST /v1/me/totp`: creates a secret for an authenticator app.
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

    /// `POST /v1/me/totp/attempt_verification`. The first second factor creates backup codes.
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

    pub(super) fn first_backup_codes(&mut self, user: &mut User) -> Option<Vec<String>> {
        user.mfa_enabled_at.get_or_insert(self.clock.now_ms());
        if !self.config.mfa.backup_code || !user.backup_codes.is_empty() {
            return None;
        }
        user.backup_codes = self.ids.backup_codes();
        Some(user.backup_codes.clone())
    }

    /// Marks the second factor of the session as verified: enrolling one proves it.
    pub(super) fn second_factor_added(&mut self, session: &Session) {
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

    pub(super) fn second_factor_gone(&self, user: &mut User) -> Result<()> {
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

    /// `POST /v1/me/backup_codes`: replaces the backup codes by ten new ones.
    pub(crate) fn create_backup_codes(&mut self, caller: &mut Caller) -> Result<Vec<String>> {
        let (_, mut user) = self.current_verified(caller)?;
        if !self.config.mfa.backup_code || !user.has_second_factor() {
            return Err(Refusal::new(400, "backup_codes_not_available"));
        }
        user.backup_codes = self.ids.backup_codes();
        self.save_user(user.clone());
        Ok(user.backup_codes)
    }
}
