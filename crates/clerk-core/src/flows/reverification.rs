//! Repeating a call after the user was verified again.

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    models::Reverification,
};

/// An error that may say that the user must be verified again; see [`Clerk::with_reverification`].
///
/// [`Error`] implements it for refusals by FAPI. An app implements it for its own error type if its backend refuses
/// requests in this way; see [`Reverification::from_hint`].
pub trait RequiresReverification {
    /// Returns which verification is required; `None` if this is another error.
    fn reverification(&self) -> Option<Reverification>;
}

impl RequiresReverification for Error {
    fn reverification(&self) -> Option<Reverification> {
        Self::reverification(self)
    }
}

impl Clerk {
    /// Makes a call that FAPI, or the app's backend, may refuse until the user is verified again. Then it calls
    /// `verify`, which shows a dialog, say, and returns whether the user is verified; and it repeats the call, once.
    /// What the repeated call returns is the result. No session token from before the verification is used for it.
    ///
    /// # Errors
    /// Those of `call` and `verify`. `reverification_cancelled` if `verify` returns false. `no_active_session` if
    /// another session, or none, is active after the verification: the call is not repeated for another user.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn ask_for_password() -> Option<String> { None }
    /// # async fn example(clerk: &clerk_core::Clerk) -> clerk_core::Result<()> {
    /// use clerk_core::{Reverification, SessionVerifyAttemptFirstFactorParams, models::SessionVerificationStatus};
    ///
    /// let verify = |required: Reverification| async move {
    ///     let (sessions, Some(session)) = (clerk.sessions(), clerk.session()) else { return Ok(false) };
    ///     sessions.start_verification(&session.id, required.level()).await?;
    ///     let Some(password) = ask_for_password().await else { return Ok(false) };
    ///     let attempt = SessionVerifyAttemptFirstFactorParams {
    ///         password: Some(password),
    ///         ..SessionVerifyAttemptFirstFactorParams::new("password")
    ///     };
    ///     let verification = sessions.attempt_first_factor_verification(&session.id, attempt).await?;
    ///     Ok(verification.is(&SessionVerificationStatus::Complete))
    /// };
    /// let add = || async { clerk.account().create_email_address("ada@example.com").await };
    /// clerk.with_reverification(add, verify).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Source
    /// `useReverification()`.
    pub async fn with_reverification<T, E, Call, Verify>(
        &self,
        call: impl Fn() -> Call,
        verify: impl FnOnce(Reverification) -> Verify,
    ) -> Result<T, E>
    where
        E: RequiresReverification + From<Error>,
        // Async closures would do, but whether what they return is `Send`, as a task of its own requires, is not known yet.
        Call: Future<Output = Result<T, E>>,
        Verify: Future<Output = Result<bool, E>>,
    {
        let active = || self.snapshot().session().map(|session| session.id.clone());
        let before = active();
        let refusal = match call().await {
            Err(error) => error,
            done => return done,
        };
        let Some(required) = refusal.reverification() else { return Err(refusal) };
        if !verify(required).await? {
            let message = "the user was not verified again, so the request was not repeated";
            return Err(ErrorCode::ReverificationCancelled.error(message).into());
        }
        if active() != before {
            let message = "another session became active during the verification, so the request was not repeated";
            return Err(ErrorCode::NoActiveSession.error(message).into());
        }
        // The verification may have happened where this device does not see it.
        self.0.store.tokens.discard(self.now());
        call().await
    }
}
