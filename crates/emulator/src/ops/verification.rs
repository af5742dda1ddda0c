//! The life of a verification.

use crate::{
    error::{Refusal, Result},
    ops::params::Params,
    state::{Channel, Message, Verification, VerificationStatus, World},
};

/// The code that test addresses take.
const TEST_CODE: &str = "424242";

impl Verification {
    fn new(strategy: &str, status: VerificationStatus) -> Self {
        Self {
            strategy: strategy.to_owned(),
            status,
            attempts: 0,
            expire_at: None,
            code: None,
            redirect_url: None,
            error: None,
        }
    }

    /// One that is done.
    pub(crate) fn verified(strategy: &str) -> Self {
        Self { attempts: 1, ..Self::new(strategy, VerificationStatus::Verified) }
    }

    /// One that waits for a provider's page.
    pub(crate) fn waiting_for_provider(strategy: &str, page: String, expire_at: i64) -> Self {
        Self {
            redirect_url: Some(page),
            expire_at: Some(expire_at),
            ..Self::new(strategy, VerificationStatus::Unverified)
        }
    }

    /// Ends it with an error.
    pub(crate) fn fail(&mut self, status: VerificationStatus, error: Refusal) {
        self.status = status;
        self.error = Some(error);
    }

    /// Checks `code` and counts the attempt.
    ///
    /// Refusals: `verification_already_verified`, `verification_failed`, `verification_expired`, `form_code_incorrect`.
    pub(crate) fn attempt(&mut self, strategy: &str, params: &Params, now_ms: i64, max_attempts: u32) -> Result<()> {
        if self.strategy != strategy {
            return Err(Refusal::new(400, "verification_strategy_invalid"));
        }
        match self.status {
            VerificationStatus::Verified => return Err(Refusal::new(400, "verification_already_verified")),
            VerificationStatus::Failed => return Err(Refusal::new(400, "verification_failed")),
            VerificationStatus::Expired => return Err(Refusal::new(400, "verification_expired")),
            VerificationStatus::Unverified | VerificationStatus::Transferable => {}
        }
        if self.expire_at.is_some_and(|end| end <= now_ms) {
            self.status = VerificationStatus::Expired;
            return Err(Refusal::new(400, "verification_expired"));
        }
        let code = params.required("code")?;
        self.attempts += 1;
        if self.code.as_deref() == Some(code) {
            self.status = VerificationStatus::Verified;
            return Ok(());
        }
        if self.attempts >= max_attempts {
            self.status = VerificationStatus::Failed;
            return Err(Refusal::new(400, "verification_failed"));
        }
        Err(Refusal::new(422, "form_code_incorrect").param("code"))
    }
}

impl World {
    /// Sends a code to an address. The older code, if there is one, is dead.
    pub(crate) fn send_code(&mut self, strategy: &str, kind: &'static str, to: &str, attempt: &str) -> Verification {
        let is_test = self.config.test_mode && to.split('@').next().is_some_and(|local| local.contains("+clerk_test"));
        let code = if is_test { TEST_CODE.to_owned() } else { self.ids.code() };
        self.messages.push(Message {
            id: self.ids.id("msg"),
            at: self.now_ms(),
            channel: Channel::Email,
            to: to.to_owned(),
            kind,
            subject: format!("{code} is your code for {}", self.config.application_name),
            code: Some(code.clone()),
            attempt: attempt.to_owned(),
        });
        Verification {
            code: Some(code),
            expire_at: Some(self.verification_end()),
            ..Verification::new(strategy, VerificationStatus::Unverified)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting() -> Verification {
        Verification {
            code: Some("123456".to_owned()),
            expire_at: Some(1_000),
            ..Verification::new("email_code", VerificationStatus::Unverified)
        }
    }

    fn attempt(verification: &mut Verification, form: &str, now_ms: i64) -> std::result::Result<(), String> {
        let params = Params::parse(form.as_bytes());
        verification.attempt("email_code", &params, now_ms, 3).map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_right_code_verifies_once() {
        let mut verification = waiting();
        assert_eq!(attempt(&mut verification, "code=123456", 0), Ok(()));
        assert_eq!(attempt(&mut verification, "code=123456", 0), Err("verification_already_verified".into()));
    }

    #[test]
    fn wrong_codes_are_counted_and_the_last_one_fails_for_good() {
        let mut verification = waiting();
        for expected in ["form_code_incorrect", "form_code_incorrect", "verification_failed"] {
            assert_eq!(attempt(&mut verification, "code=000000", 0), Err(expected.into()));
        }
        assert_eq!(attempt(&mut verification, "code=123456", 0), Err("verification_failed".into()));
    }

    #[test]
    fn a_late_code_and_a_missing_code_are_told_apart() {
        assert_eq!(attempt(&mut waiting(), "code=123456", 1_000), Err("verification_expired".into()));
        assert_eq!(attempt(&mut waiting(), "", 0), Err("form_param_missing".into()));
        assert_eq!(attempt(&mut waiting(), "code=", 0), Err("form_param_nil".into()));
        let other = waiting().attempt("password", &Params::default(), 0, 3).unwrap_err();
        assert_eq!(other.code, "verification_strategy_invalid");
    }
}
