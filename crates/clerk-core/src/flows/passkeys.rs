//! Passkeys through a port, e.g. those of the operating system. Without one, the webview's WebAuthn is used by the guest library.
//!
//! The user is asked only by these calls, and only with options that FAPI sent.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    flows::pending::{Signal, Signals},
    models::{Passkey, SessionId, SessionVerification, SignIn, SignInId, Verification},
    outside,
    ports::{BoxFuture, PasskeyError, Passkeys},
    resources::{
        session::{SessionVerifyAttemptFirstFactorParams, SessionVerifyPrepareFirstFactorParams},
        sign_in::{AttemptFactorParams, PrepareFactorParams, SignInCreateParams},
    },
};

const STRATEGY: &str = "passkey";

/// What the user is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ceremony {
    /// An existing passkey.
    Retrieval,
    /// A new one.
    Registration,
}

impl Clerk {
    /// Whether the app has a port for passkeys; see [`ClerkSetup::passkeys`](crate::ClerkSetup::passkeys).
    #[must_use]
    pub fn has_passkeys(&self) -> bool {
        self.0.setup.passkeys.is_some()
    }

    /// Signs in with any passkey of this instance that the user chooses. A complete sign-in has a `created_session_id`; pass it to
    /// [`set_active`](Self::set_active).
    ///
    /// A newer flow, or [`cancel_authentication`](Self::cancel_authentication), ends the wait for the user.
    ///
    /// # Errors
    /// - `passkey_not_supported`: the app has no port for passkeys, or the system has no passkeys.
    /// - `passkey_retrieval_cancelled`: the user closed the dialog. `passkey_operation_aborted`: the user did not respond within the
    ///   [browser timeout](crate::ClerkSetup::browser_timeout), or another flow took the place of this one.
    /// - `passkey_invalid_rpID_or_domain`: the system does not accept the domain of the instance for this app.
    /// - `passkey_retrieval_failed`, `missing_public_key_options`, `not_loaded`, `network_error`, or `api_response_error`, e.g. with
    ///   `passkey_not_registered`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sign_ins` and `…/attempt_first_factor`; `SignIn.authenticateWithPasskey({ flow: 'discoverable' })`.
    pub async fn sign_in_with_passkey(&self) -> Result<SignIn> {
        self.with_passkeys(async |mut prompt| {
            let params = SignInCreateParams { strategy: Some(STRATEGY.to_owned()), ..SignInCreateParams::default() };
            let sign_in = self.create_sign_in(params).await?;
            let verification = sign_in.first_factor_verification.as_ref();
            let credential = prompt.ask(Ceremony::Retrieval, verification).await?;
            self.attempt_sign_in_first_factor(&sign_in.id, attempt(credential)).await
        })
        .await
    }

    /// Completes the first or second factor of a sign-in with a passkey.
    ///
    /// # Errors
    /// As [`sign_in_with_passkey`](Self::sign_in_with_passkey).
    ///
    /// # Source
    /// FAPI `…/prepare_first_factor`, `…/prepare_second_factor` and their attempts; `SignIn.authenticateWithPasskey()`.
    pub async fn attempt_sign_in_with_passkey(&self, id: &SignInId, is_second_factor: bool) -> Result<SignIn> {
        self.with_passkeys(async |mut prompt| {
            let prepare = PrepareFactorParams::new(STRATEGY);
            if is_second_factor {
                let prepared = self.prepare_sign_in_second_factor(id, prepare).await?;
                let verification = prepared.second_factor_verification.as_ref();
                let credential = prompt.ask(Ceremony::Retrieval, verification).await?;
                return self.attempt_sign_in_second_factor(id, attempt(credential)).await;
            }
            let prepared = self.prepare_sign_in_first_factor(id, prepare).await?;
            let verification = prepared.first_factor_verification.as_ref();
            let credential = prompt.ask(Ceremony::Retrieval, verification).await?;
            self.attempt_sign_in_first_factor(id, attempt(credential)).await
        })
        .await
    }

    /// Verifies the user of a session again with a passkey, as the first factor of a verification in progress; see
    /// [`Sessions::start_verification`](crate::Sessions::start_verification).
    ///
    /// # Errors
    /// As [`sign_in_with_passkey`](Self::sign_in_with_passkey), and those of [`sessions`](Self::sessions).
    ///
    /// # Source
    /// FAPI `…/verify/prepare_first_factor` and `…/verify/attempt_first_factor`; `Session.verifyWithPasskey()`.
    pub async fn verify_session_with_passkey(&self, id: &SessionId) -> Result<SessionVerification> {
        self.with_passkeys(async |mut prompt| {
            let prepare = SessionVerifyPrepareFirstFactorParams::new(STRATEGY);
            let prepared = self.sessions().prepare_first_factor_verification(id, prepare).await?;
            let verification = prepared.first_factor_verification.as_ref();
            let credential = prompt.ask(Ceremony::Retrieval, verification).await?;
            let params = SessionVerifyAttemptFirstFactorParams {
                public_key_credential: Some(credential),
                ..SessionVerifyAttemptFirstFactorParams::new(STRATEGY)
            };
            self.sessions().attempt_first_factor_verification(id, params).await
        })
        .await
    }

    /// Creates a passkey of the signed-in user.
    ///
    /// # Errors
    /// As [`sign_in_with_passkey`](Self::sign_in_with_passkey), with `passkey_registration_cancelled` and
    /// `passkey_registration_failed`, and those of [`account`](Self::account), e.g. `passkey_quota_exceeded`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/passkeys` and `…/attempt_verification`; `User.createPasskey()`.
    pub async fn register_passkey(&self) -> Result<Passkey> {
        self.with_passkeys(async |mut prompt| {
            let begun = self.account().create_passkey().await?;
            let credential = prompt.ask(Ceremony::Registration, begun.verification.as_ref()).await?;
            self.account().attempt_passkey_verification(&begun.id, &credential).await
        })
        .await
    }

    /// Begins a flow that asks the user. It supersedes one that is waiting.
    async fn with_passkeys<T>(&self, run: impl AsyncFnOnce(Prompt) -> Result<T>) -> Result<T> {
        self.loaded().await?;
        let passkeys = self.0.setup.passkeys.clone().ok_or_else(|| {
            ErrorCode::PasskeyNotSupported.error(
                "this app has no passkeys of the operating system: offer another strategy, or the sign-in page of Clerk in the system \
                 browser",
            )
        })?;
        let (flow, signal) = self.0.flows.begin();
        let result = Box::pin(run(Prompt { passkeys, signal, timeout: self.0.setup.browser_timeout })).await;
        self.end_flow(flow, &result).await;
        result
    }
}

/// Asks the user, once.
struct Prompt {
    passkeys: Arc<dyn Passkeys>,
    signal: Signals,
    timeout: Duration,
}

impl Prompt {
    /// Asks the user for a passkey, with the options that FAPI sent as the nonce of the verification. Returns the credential as JSON.
    async fn ask(&mut self, ceremony: Ceremony, verification: Option<&Verification>) -> Result<String> {
        let options = verification.and_then(|verification| verification.nonce.as_deref()).unwrap_or_default();
        if !is_object(options) {
            return Err(ErrorCode::MissingPublicKeyOptions.error("Clerk sent no options for the passkey"));
        }
        let call = || -> BoxFuture<'_, std::result::Result<String, PasskeyError>> {
            match ceremony {
                Ceremony::Retrieval => self.passkeys.get(options),
                Ceremony::Registration => self.passkeys.create(options),
            }
        };
        let asked = tokio::time::timeout(self.timeout, outside::wait("the passkeys", call));
        let credential = tokio::select! {
            // A flow that has ended opens no dialog.
            biased;
            ended = &mut self.signal => Err(PasskeyError::Aborted(match ended {
                Ok(Signal::Cancelled) => "it was cancelled".to_owned(),
                _ => "another flow took its place".to_owned(),
            })),
            asked = asked => match asked {
                Ok(Some(Ok(credential))) if !is_object(&credential) => {
                    Err(PasskeyError::Failed("it returned no credential as JSON".to_owned()))
                }
                Ok(Some(credential)) => credential,
                Ok(None) => Err(PasskeyError::Failed("it panicked".to_owned())),
                Err(_) => Err(PasskeyError::Aborted("the user did not respond in time".to_owned())),
            },
        };
        credential.map_err(|error| error_of(ceremony, &error))
    }
}

fn is_object(json: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(json).is_ok()
}

fn attempt(credential: String) -> AttemptFactorParams {
    AttemptFactorParams { public_key_credential: Some(credential), ..AttemptFactorParams::new(STRATEGY) }
}

fn error_of(ceremony: Ceremony, error: &PasskeyError) -> Error {
    let code = match (error, ceremony) {
        (PasskeyError::NotSupported(_), _) => ErrorCode::PasskeyNotSupported,
        (PasskeyError::InvalidRpId(_), _) => ErrorCode::PasskeyInvalidRpId,
        (PasskeyError::Aborted(_), _) => ErrorCode::PasskeyOperationAborted,
        (PasskeyError::Cancelled, Ceremony::Retrieval) => ErrorCode::PasskeyRetrievalCancelled,
        (PasskeyError::Cancelled, Ceremony::Registration) => ErrorCode::PasskeyRegistrationCancelled,
        (PasskeyError::Failed(_), Ceremony::Retrieval) => ErrorCode::PasskeyRetrievalFailed,
        (PasskeyError::Failed(_), Ceremony::Registration) => ErrorCode::PasskeyRegistrationFailed,
    };
    code.error(error.to_string())
}
