//! Reverification: the user of a session proves again who they are.

use serde::Serialize;

use super::handle::Sessions;
use crate::{
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::{SessionId, SessionVerification},
    resources::params::params,
    secret::Wipe,
};

params! {
    /// Parameters of [`Sessions::prepare_first_factor_verification`].
    pub struct SessionVerifyPrepareFirstFactorParams {
        required {
            /// `email_code`, `phone_code`, `passkey` or `enterprise_sso`.
            strategy: String,
        }
        optional {
            /// With `email_code` and `enterprise_sso`.
            email_address_id: String,
            /// With `phone_code`.
            phone_number_id: String,
            /// With `enterprise_sso`.
            enterprise_connection_id: String,
            /// The URL that the provider returns to, with `enterprise_sso`. Default: the app's callback URL.
            redirect_url: String,
            /// Whether the number is the preferred one, with `phone_code`.
            default: bool,
        }
    }
}

params! {
    /// Parameters of [`Sessions::attempt_first_factor_verification`].
    pub struct SessionVerifyAttemptFirstFactorParams {
        required {
            /// `password`, `email_code`, `phone_code` or `passkey`.
            strategy: String,
        }
        optional {
            /// The code that was sent.
            code: String,
            /// The password.
            password: String,
            /// The passkey's response as a JSON string.
            public_key_credential: String,
        }
    }
}

params! {
    /// Parameters of [`Sessions::prepare_second_factor_verification`].
    pub struct SessionVerifyPrepareSecondFactorParams {
        required {
            /// `phone_code`.
            strategy: String,
        }
        optional {
            /// The number. Default: the preferred one.
            phone_number_id: String,
        }
    }
}

params! {
    /// Parameters of [`Sessions::attempt_second_factor_verification`].
    pub struct SessionVerifyAttemptSecondFactorParams {
        required {
            /// `phone_code`, `totp` or `backup_code`.
            strategy: String,
        }
        optional {
            /// The code that was sent, or of the authenticator app, or a backup code.
            code: String,
        }
    }
}

/// A complete verification renews the session's `factor_verification_age`. All session tokens that this device has are
/// discarded with it, so the next [`get_token`](crate::Clerk::get_token) mints one whose `fva` claim is new.
impl Sessions {
    /// Begins to verify the user of a session again, e.g. because FAPI refused a request with
    /// `session_reverification_required`; see [`Clerk::with_reverification`](crate::Clerk::with_reverification).
    /// `level` is `first_factor`, `second_factor` or `multi_factor`. The response says which factors the user has.
    ///
    /// # Errors
    /// See [`Clerk::sessions`](crate::Clerk::sessions).
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/verify`; `Session.startVerification()`.
    pub async fn start_verification(&self, id: &SessionId, level: &str) -> Result<SessionVerification> {
        self.verify(id, &["verify"], |request| Ok(request.form(Form::default().with("level", level)))).await
    }

    /// Sends a code for the first factor, or begins the verification with a passkey or an enterprise connection. With
    /// `enterprise_sso`, `first_factor_verification` has the page to open in the system browser.
    ///
    /// # Errors
    /// See [`Clerk::sessions`](crate::Clerk::sessions); `redirect_url_invalid` with `enterprise_sso` if the app has no
    /// callback URL.
    ///
    /// # Source
    /// FAPI `POST …/verify/prepare_first_factor`; `Session.prepareFirstFactorVerification()`.
    pub async fn prepare_first_factor_verification(
        &self,
        id: &SessionId,
        mut params: SessionVerifyPrepareFirstFactorParams,
    ) -> Result<SessionVerification> {
        if params.strategy == "enterprise_sso" && params.redirect_url.is_none() {
            params.redirect_url = Some(self.0.0.setup.callback.clone()?.as_str().to_owned());
        }
        self.step(id, "prepare_first_factor", params).await
    }

    /// Verifies the first factor. The status of the response says whether a second one is required.
    ///
    /// # Errors
    /// See [`Clerk::sessions`](crate::Clerk::sessions); e.g. `form_code_incorrect` or `form_password_incorrect`.
    ///
    /// # Source
    /// FAPI `POST …/verify/attempt_first_factor`; `Session.attemptFirstFactorVerification()`.
    pub async fn attempt_first_factor_verification(
        &self,
        id: &SessionId,
        params: SessionVerifyAttemptFirstFactorParams,
    ) -> Result<SessionVerification> {
        self.step(id, "attempt_first_factor", params).await
    }

    /// Sends a code for the second factor.
    ///
    /// # Errors
    /// See [`Clerk::sessions`](crate::Clerk::sessions).
    ///
    /// # Source
    /// FAPI `POST …/verify/prepare_second_factor`; `Session.prepareSecondFactorVerification()`.
    pub async fn prepare_second_factor_verification(
        &self,
        id: &SessionId,
        params: SessionVerifyPrepareSecondFactorParams,
    ) -> Result<SessionVerification> {
        self.step(id, "prepare_second_factor", params).await
    }

    /// Verifies the second factor.
    ///
    /// # Errors
    /// See [`Clerk::sessions`](crate::Clerk::sessions); e.g. `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `POST …/verify/attempt_second_factor`; `Session.attemptSecondFactorVerification()`.
    pub async fn attempt_second_factor_verification(
        &self,
        id: &SessionId,
        params: SessionVerifyAttemptSecondFactorParams,
    ) -> Result<SessionVerification> {
        self.step(id, "attempt_second_factor", params).await
    }

    async fn step(&self, id: &SessionId, step: &str, params: impl Serialize + Wipe) -> Result<SessionVerification> {
        self.verify(id, &["verify", step], |request| request.params(params)).await
    }

    /// Sends a request for the verification of a session that is signed in on this device.
    async fn verify(
        &self,
        id: &SessionId,
        rest: &[&str],
        fill: impl FnOnce(Request) -> Result<Request>,
    ) -> Result<SessionVerification> {
        self.state_with(id).await?;
        let request = Request::new(Method::Post, path(&[&["client", "sessions", id.as_str()], rest].concat()));
        self.0.call(&fill(request)?).await
    }
}
