//! Requests for sign-ins.

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::request::{Method, Request, path},
    models::{SignIn, SignInId},
    resources::params::params,
    secret::RotatingTokenNonce,
};

params! {
    /// Parameters of [`Clerk::create_sign_in`]; the valid combinations depend on the strategy.
    ///
    /// Source: FAPI `createSignIn`; `SignIn.create()` of Clerk's documentation.
    pub struct SignInCreateParams {
        required {}
        optional {
            /// First factor to start with, e.g. `password`, `email_code`, `oauth_google`, `ticket`.
            strategy: String,
            /// E-mail address, phone number, username or wallet address.
            identifier: String,
            /// Password, with strategy `password`.
            password: String,
            /// Ticket, with strategy `ticket`.
            ticket: String,
            /// ID token, with strategies such as `google_one_tap`.
            token: String,
            /// Grant code of an ID-token strategy.
            code: String,
            /// The URL that an e-mail link or a provider returns to.
            redirect_url: String,
            /// The URL that a provider returns to if the sign-in is complete.
            action_complete_redirect_url: String,
            /// Transfers a sign-up whose account already exists to a sign-in.
            transfer: bool,
            /// Whether to continue as a sign-up if no user has the identifier.
            sign_up_if_missing: bool,
            /// OpenID Connect `prompt`.
            oidc_prompt: String,
            /// OpenID Connect `login_hint`.
            oidc_login_hint: String,
            /// Language of messages, e.g. `en-US`.
            locale: String,
            /// Time zone of the user, e.g. `Europe/Athens`.
            timezone: String,
        }
    }
}

params! {
    /// Parameters of [`Clerk::prepare_sign_in_first_factor`] and [`Clerk::prepare_sign_in_second_factor`].
    pub struct PrepareFactorParams {
        required {
            /// The strategy to prepare, e.g. `email_code`.
            strategy: String,
        }
        optional {
            /// With `email_code`, `email_link`, `reset_password_email_code`.
            email_address_id: String,
            /// With `phone_code`, `reset_password_phone_code`.
            phone_number_id: String,
            /// With `web3_*_signature`.
            web3_wallet_id: String,
            /// With `passkey`.
            passkey_id: String,
            /// With `email_link` and `enterprise_sso`.
            redirect_url: String,
            /// With `enterprise_sso`.
            action_complete_redirect_url: String,
            /// With `enterprise_sso`.
            oidc_prompt: String,
            /// With `enterprise_sso`.
            enterprise_connection_id: String,
            /// `sms` or `whatsapp`, with `phone_code`.
            channel: String,
            /// Marks the number as the default second factor.
            default: bool,
        }
    }
}

params! {
    /// Parameters of [`Clerk::attempt_sign_in_first_factor`] and [`Clerk::attempt_sign_in_second_factor`].
    pub struct AttemptFactorParams {
        required {
            /// The strategy to attempt.
            strategy: String,
        }
        optional {
            /// The code that was sent, or of the authenticator app.
            code: String,
            /// The password.
            password: String,
            /// The wallet's signature.
            signature: String,
            /// An ID token.
            token: String,
            /// A ticket.
            ticket: String,
            /// The passkey's response as a JSON string.
            public_key_credential: String,
        }
    }
}

params! {
    /// Parameters of [`Clerk::reset_sign_in_password`].
    pub struct ResetPasswordParams {
        required {
            /// The new password.
            password: String,
        }
        optional {
            /// Whether the user's other sessions end. Default: `true`.
            sign_out_of_other_sessions: bool,
        }
    }
}

impl Clerk {
    /// Starts a sign-in, replacing the one in progress.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, `decode_error`, or `api_response_error` with Clerk's codes, e.g.
    /// `form_identifier_not_found`, `form_password_incorrect`, `session_exists`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sign_ins`; `SignIn.create()`.
    pub async fn create_sign_in(&self, mut params: SignInCreateParams) -> Result<SignIn> {
        params.locale = params.locale.or_else(|| self.0.setup.locale.clone());
        params.timezone = params.timezone.or_else(|| self.0.setup.timezone.clone());
        self.begin_attempt(Request::new(Method::Post, "/client/sign_ins").params(params)?).await
    }

    /// Sends a code or link for the first factor, or starts its challenge. Equal calls at the same time share one request.
    ///
    /// # Errors
    /// As [`create_sign_in`](Self::create_sign_in).
    ///
    /// # Source
    /// FAPI `…/prepare_first_factor`; `SignIn.prepareFirstFactor()`.
    pub async fn prepare_sign_in_first_factor(&self, id: &SignInId, params: PrepareFactorParams) -> Result<SignIn> {
        self.prepare_attempt(sign_in_step(id, "prepare_first_factor").params(params)?).await
    }

    /// Attempts the first factor. A complete sign-in has a `created_session_id`; pass it to
    /// [`set_active`](Self::set_active).
    ///
    /// # Errors
    /// As [`create_sign_in`](Self::create_sign_in); a wrong code is `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `…/attempt_first_factor`; `SignIn.attemptFirstFactor()`.
    pub async fn attempt_sign_in_first_factor(&self, id: &SignInId, params: AttemptFactorParams) -> Result<SignIn> {
        self.call(&sign_in_step(id, "attempt_first_factor").params(params)?).await
    }

    /// Sends a code for the second factor. Equal calls at the same time share one request.
    ///
    /// # Errors
    /// As [`create_sign_in`](Self::create_sign_in).
    ///
    /// # Source
    /// FAPI `…/prepare_second_factor`; `SignIn.prepareSecondFactor()`.
    pub async fn prepare_sign_in_second_factor(&self, id: &SignInId, params: PrepareFactorParams) -> Result<SignIn> {
        self.prepare_attempt(sign_in_step(id, "prepare_second_factor").params(params)?).await
    }

    /// Attempts the second factor.
    ///
    /// # Errors
    /// As [`create_sign_in`](Self::create_sign_in); a wrong code is `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `…/attempt_second_factor`; `SignIn.attemptSecondFactor()`.
    pub async fn attempt_sign_in_second_factor(&self, id: &SignInId, params: AttemptFactorParams) -> Result<SignIn> {
        self.call(&sign_in_step(id, "attempt_second_factor").params(params)?).await
    }

    /// Sets a new password in a sign-in that needs one.
    ///
    /// # Errors
    /// As [`create_sign_in`](Self::create_sign_in); the `form_password_*` codes describe problems with the password.
    ///
    /// # Source
    /// FAPI `…/reset_password`; `SignIn.resetPassword()`.
    pub async fn reset_sign_in_password(&self, id: &SignInId, params: ResetPasswordParams) -> Result<SignIn> {
        self.call(&sign_in_step(id, "reset_password").params(params)?).await
    }

    /// Passes the anti-fraud check of a sign-in with the proof that its SDK made. The response may have another check.
    ///
    /// # Errors
    /// As [`create_sign_in`](Self::create_sign_in).
    ///
    /// # Source
    /// FAPI `PATCH /v1/client/sign_ins/{id}/protect_check`; `SignIn.submitProtectCheck()`.
    pub async fn submit_sign_in_protect_check(&self, id: &SignInId, proof_token: &str) -> Result<SignIn> {
        let request = Request::new(Method::Patch, path(&["client", "sign_ins", id.as_str(), "protect_check"]));
        self.call(&request.field("proof_token", proof_token)).await
    }

    /// Reloads the sign-in. With the nonce of a callback URL, also fetches the rotated client token.
    ///
    /// # Errors
    /// As [`create_sign_in`](Self::create_sign_in).
    ///
    /// # Source
    /// FAPI `GET /v1/client/sign_ins/{id}`; `SignIn.reload()`.
    pub async fn reload_sign_in(&self, id: &SignInId, nonce: Option<&RotatingTokenNonce>) -> Result<SignIn> {
        self.call(&read_sign_in(id).nonce(nonce).reload()).await
    }
}

/// `POST /v1/client/sign_ins/{id}/<step>`.
fn sign_in_step(id: &SignInId, step: &str) -> Request {
    Request::new(Method::Post, path(&["client", "sign_ins", id.as_str(), step]))
}

/// `GET /v1/client/sign_ins/{id}`.
pub(crate) fn read_sign_in(id: &SignInId) -> Request {
    Request::new(Method::Get, path(&["client", "sign_ins", id.as_str()]))
}
