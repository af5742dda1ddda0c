//! The lifecycle of verifications.

use crate::{
    error::{Refusal, Result},
    ops::{identifiers::is_test, params::Params},
    state::{Channel, Message, Verification, VerificationStatus, World},
};

/// The code of test recipients.
const TEST_CODE: &str = "424242";

/// A message with a code or a link.
pub(crate) struct Outgoing<'a> {
    pub(crate) strategy: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) to: &'a str,
    pub(crate) channel: Channel,
    /// ID of the attempt or identification that it belongs to.
    pub(crate) attempt: &'a str,
    /// The verification that it replaces.
    pub(crate) previous: Option<&'a Verification>,
}

impl Verification {
    pub(crate) fn new(strategy: &str, status: VerificationStatus) -> Self {
        Self {
            id: String::new(),
            strategy: strategy.to_owned(),
            status,
            attempts: 0,
            prepared_at: 0,
            expire_at: None,
            code: None,
            nonce: None,
            message: None,
            channel: None,
            redirect_url: None,
            verified_at_client: None,
            error: None,
        }
    }

    /// Creates a verified verification.
    pub(crate) fn verified(strategy: &str) -> Self {
        Self { attempts: 1, ..Self::new(strategy, VerificationStatus::Verified) }
    }

    /// Creates a verification that waits for a provider's page.
    pub(crate) fn waiting_for_provider(strategy: &str, page: String, expire_at: i64) -> Self {
        Self {
            redirect_url: Some(page),
            expire_at: Some(expire_at),
            ..Self::new(strategy, VerificationStatus::Unverified)
        }
    }

    /// Ends the verification with an error.
    pub(crate) fn fail(&mut self, status: VerificationStatus, error: Refusal) {
        self.status = status;
        self.error = Some(error);
    }

    /// Returns the status at a time, which includes expiry.
    pub(crate) fn status_at(&self, now_ms: i64) -> VerificationStatus {
        match self.status {
            VerificationStatus::Unverified if self.expire_at.is_some_and(|end| end <= now_ms) => {
                VerificationStatus::Expired
            }
            status => status,
        }
    }

    /// Checks that the verification can be attempted with this strategy.
    ///
    /// Refusals: `verification_strategy_invalid`, `verification_already_verified`, `verification_failed`,
    /// `verification_expired`.
    pub(crate) fn check_open(&mut self, strategy: &str, now_ms: i64) -> Result<()> {
        if self.strategy != strategy {
            return Err(Refusal::new(400, "verification_strategy_invalid"));
        }
        self.status = self.status_at(now_ms);
        let code = match self.status {
            VerificationStatus::Verified => "verification_already_verified",
            VerificationStatus::Failed => "verification_failed",
            VerificationStatus::Expired => "verification_expired",
            VerificationStatus::Unverified | VerificationStatus::Transferable => return Ok(()),
        };
        Err(Refusal::new(400, code))
    }

    /// Counts an attempt.
    ///
    /// Refusals: `wrong`, and `verification_failed` for the last wrong one.
    pub(crate) fn count(&mut self, right: bool, max_attempts: u32, wrong: Refusal) -> Result<()> {
        self.attempts += 1;
        if right {
            self.status = VerificationStatus::Verified;
            return Ok(());
        }
        if self.attempts >= max_attempts {
            self.status = VerificationStatus::Failed;
            return Err(Refusal::new(400, "verification_failed").of_wrong_secret());
        }
        Err(wrong.of_wrong_secret())
    }

    /// Checks `code` and counts the attempt.
    pub(crate) fn attempt(&mut self, strategy: &str, params: &Params, now_ms: i64, max_attempts: u32) -> Result<()> {
        self.check_open(strategy, now_ms)?;
        let code = params.required("code")?;
        let right = self.code.as_deref() == Some(code);
        self.count(right, max_attempts, wrong_code())
    }
}

/// Returns the refusal of a wrong code.
pub(crate) fn wrong_code() -> Refusal {
    Refusal::new(422, "form_code_incorrect").param("code").of_wrong_secret()
}

impl World {
    /// Sends a code, which replaces the previous one. A repeated request within `dedupe_s` sends no new message.
    ///
    /// Refusal: `verification_code_too_many_requests` with `rate_limits`.
    pub(crate) fn send_code(&mut self, outgoing: &Outgoing<'_>) -> Result<Verification> {
        if let Some(same) = self.same_as_before(outgoing)? {
            return Ok(same);
        }
        let test = is_test(&self.config, outgoing.to);
        let code = if test { TEST_CODE.to_owned() } else { self.ids.code() };
        let subject = format!("{code} is your code for {}", self.config.application_name);
        self.send_message(outgoing, subject, Some(code.clone()), None);
        let channel = match outgoing.channel {
            Channel::Email => None,
            Channel::Sms => Some("sms".to_owned()),
            Channel::Whatsapp => Some("whatsapp".to_owned()),
        };
        Ok(Verification { code: Some(code), channel, ..self.new_verification(outgoing.strategy) })
    }

    /// Creates a verification that starts now.
    pub(crate) fn new_verification(&mut self, strategy: &str) -> Verification {
        Verification {
            id: self.ids.id("ver"),
            prepared_at: self.now_ms(),
            expire_at: Some(self.verification_end()),
            ..Verification::new(strategy, VerificationStatus::Unverified)
        }
    }

    /// Creates the verification of a provider.
    pub(crate) fn provider_verification(&self, strategy: &str) -> Verification {
        Verification { expire_at: Some(self.verification_end()), ..Verification::verified(strategy) }
    }

    /// Returns the previous verification if this request repeats it.
    pub(crate) fn same_as_before(&self, outgoing: &Outgoing<'_>) -> Result<Option<Verification>> {
        let Some(previous) = outgoing.previous else { return Ok(None) };
        let age = self.now_ms() - previous.prepared_at;
        let settings = &self.config.verification;
        let untouched = previous.status == VerificationStatus::Unverified && previous.attempts == 0;
        if previous.strategy == outgoing.strategy && untouched && age < settings.dedupe_s * 1000 {
            return Ok(Some(previous.clone()));
        }
        let resent = self.config.rate_limits && !is_test(&self.config, outgoing.to);
        if resent && previous.prepared_at > 0 && age < settings.resend_s * 1000 {
            let wait = settings.resend_s - age / 1000;
            return Err(Refusal::wait("verification_code_too_many_requests", wait));
        }
        Ok(None)
    }

    /// Adds a message to the inbox.
    pub(crate) fn send_message(
        &mut self,
        outgoing: &Outgoing<'_>,
        subject: String,
        code: Option<String>,
        link: Option<String>,
    ) {
        let message = Message {
            id: self.ids.id("msg"),
            at: self.now_ms(),
            channel: outgoing.channel,
            to: outgoing.to.to_owned(),
            kind: outgoing.kind,
            subject,
            code,
            link,
            attempt: outgoing.attempt.to_owned(),
            test: is_test(&self.config, outgoing.to),
        };
        self.messages.push(message);
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
    fn verification_attempt_accepts_a_right_code_once() {
        let mut verification = waiting();
        assert_eq!(attempt(&mut verification, "code=123456", 0), Ok(()));
        assert_eq!(attempt(&mut verification, "code=123456", 0), Err("verification_already_verified".into()));
    }

    #[test]
    fn verification_attempt_fails_for_good_after_max_attempts() {
        let mut verification = waiting();
        for expected in ["form_code_incorrect", "form_code_incorrect", "verification_failed"] {
            assert_eq!(attempt(&mut verification, "code=000000", 0), Err(expected.into()));
        }
        assert_eq!(attempt(&mut verification, "code=123456", 0), Err("verification_failed".into()));
    }

    #[test]
    fn verification_attempt_distinguishes_expired_and_missing_codes() {
        assert_eq!(attempt(&mut waiting(), "code=123456", 1_000), Err("verification_expired".into()));
        assert_eq!(attempt(&mut waiting(), "", 0), Err("form_param_missing".into()));
        assert_eq!(attempt(&mut waiting(), "code=", 0), Err("form_param_nil".into()));
        let other = waiting().attempt("password", &Params::default(), 0, 3).unwrap_err();
        assert_eq!(other.code, "verification_strategy_invalid");
    }
}
