//! Requests for sign-ups.

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::request::{Method, Request, path},
    models::{SignUp, SignUpId},
    resources::params::params,
    secret::RotatingTokenNonce,
};

params! {
    /// Parameters of [`Clerk::create_sign_up`] and [`Clerk::update_sign_up`].
    ///
    /// Source: FAPI `createSignUp`, `updateSignUp`; `SignUp.create()` of Clerk's documentation.
    pub struct SignUpParams {
        required {}
        optional {
            /// E-mail address.
            email_address: String,
            /// Phone number.
            phone_number: String,
            /// Username.
            username: String,
            /// Password.
            password: String,
            /// First name.
            first_name: String,
            /// Last name.
            last_name: String,
            /// Wallet address.
            web3_wallet: String,
            /// Verification to start with, e.g. `email_code`, `oauth_google`, `ticket`.
            strategy: String,
            /// The URL that an e-mail link or a provider returns to.
            redirect_url: String,
            /// The URL that a provider returns to if the sign-up is complete.
            action_complete_redirect_url: String,
            /// Ticket of an invitation.
            ticket: String,
            /// ID token, with strategies such as `google_one_tap`.
            token: String,
            /// Grant code of an ID-token strategy.
            code: String,
            /// Transfers a sign-in whose account does not exist yet to a sign-up.
            transfer: bool,
            /// Metadata that the user may write; a JSON object.
            unsafe_metadata: serde_json::Value,
            /// Whether the user accepted the terms.
            legal_accepted: bool,
            /// OpenID Connect `prompt`.
            oidc_prompt: String,
            /// OpenID Connect `login_hint`.
            oidc_login_hint: String,
            /// With `enterprise_sso`.
            enterprise_connection_id: String,
            /// Language of messages, e.g. `en-US`.
            locale: String,
            /// Time zone of the user, e.g. `Europe/Athens`.
            timezone: String,
            /// `sms` or `whatsapp`, with `phone_code`.
            channel: String,
        }
    }
}

params! {
    /// Parameters of [`Clerk::prepare_sign_up_verification`].
    pub struct PrepareVerificationParams {
        required {
            /// The strategy to prepare, e.g. `email_code`.
            strategy: String,
        }
        optional {
            /// With `email_link`, `oauth_*` and `enterprise_sso`.
            redirect_url: String,
            /// With `oauth_*` and `enterprise_sso`.
            action_complete_redirect_url: String,
            /// `sms` or `whatsapp`, with `phone_code`.
            channel: String,
            /// With `oauth_*` and `enterprise_sso`.
            oidc_prompt: String,
        }
    }
}

params! {
    /// Parameters of [`Clerk::attempt_sign_up_verification`].
    pub struct AttemptVerificationParams {
        required {
            /// The strategy to attempt.
            strategy: String,
        }
        optional {
            /// The code that was sent.
            code: String,
            /// The wallet's signature.
            signature: String,
            /// An ID token.
            token: String,
        }
    }
}

impl Clerk {
    /// Starts a sign-up, replacing the one in progress.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, `decode_error`, or `api_response_error` with Clerk's codes, e.g.
    /// `form_identifier_exists`, `form_password_length_too_short`, `sign_up_mode_restricted`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sign_ups`; `SignUp.create()`.
    pub async fn create_sign_up(&self, mut params: SignUpParams) -> Result<SignUp> {
        params.locale = params.locale.or_else(|| self.0.setup.locale.clone());
        params.timezone = params.timezone.or_else(|| self.0.setup.timezone.clone());
        self.begin_attempt(Request::new(Method::Post, "/client/sign_ups").params(params)?).await
    }

    /// Adds or changes the fields of a sign-up.
    ///
    /// # Errors
    /// As [`create_sign_up`](Self::create_sign_up).
    ///
    /// # Source
    /// FAPI `PATCH /v1/client/sign_ups/{id}`; `SignUp.update()`.
    pub async fn update_sign_up(&self, id: &SignUpId, params: SignUpParams) -> Result<SignUp> {
        let request = Request::new(Method::Patch, path(&["client", "sign_ups", id.as_str()]));
        self.call(&request.params(params)?).await
    }

    /// Sends a code or link, or starts another verification. Equal calls at the same time share one request.
    ///
    /// # Errors
    /// As [`create_sign_up`](Self::create_sign_up).
    ///
    /// # Source
    /// FAPI `…/prepare_verification`; `SignUp.prepareVerification()`.
    pub async fn prepare_sign_up_verification(
        &self,
        id: &SignUpId,
        params: PrepareVerificationParams,
    ) -> Result<SignUp> {
        let request = Request::new(Method::Post, path(&["client", "sign_ups", id.as_str(), "prepare_verification"]));
        self.prepare_attempt(request.params(params)?).await
    }

    /// Attempts a verification. A complete sign-up has a `created_session_id`; pass it to
    /// [`set_active`](Self::set_active).
    ///
    /// # Errors
    /// As [`create_sign_up`](Self::create_sign_up); a wrong code is `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `…/attempt_verification`; `SignUp.attemptVerification()`.
    pub async fn attempt_sign_up_verification(
        &self,
        id: &SignUpId,
        params: AttemptVerificationParams,
    ) -> Result<SignUp> {
        let request = Request::new(Method::Post, path(&["client", "sign_ups", id.as_str(), "attempt_verification"]));
        self.call(&request.params(params)?).await
    }

    /// Passes the anti-fraud check of a sign-up with the proof that its SDK made. The response may have another check.
    ///
    /// # Errors
    /// As [`create_sign_up`](Self::create_sign_up).
    ///
    /// # Source
    /// FAPI `PATCH /v1/client/sign_ups/{id}/protect_check`; `SignUp.submitProtectCheck()`.
    pub async fn submit_sign_up_protect_check(&self, id: &SignUpId, proof_token: &str) -> Result<SignUp> {
        let request = Request::new(Method::Patch, path(&["client", "sign_ups", id.as_str(), "protect_check"]));
        self.call(&request.field("proof_token", proof_token)).await
    }

    /// Reloads the sign-up. With the nonce of a callback URL, also fetches the rotated client token.
    ///
    /// # Errors
    /// As [`create_sign_up`](Self::create_sign_up).
    ///
    /// # Source
    /// FAPI `GET /v1/client/sign_ups/{id}`; `SignUp.reload()`.
    pub async fn reload_sign_up(&self, id: &SignUpId, nonce: Option<&RotatingTokenNonce>) -> Result<SignUp> {
        self.call(&read_sign_up(id).nonce(nonce).reload()).await
    }
}

/// `GET /v1/client/sign_ups/{id}`.
pub(crate) fn read_sign_up(id: &SignUpId) -> Request {
    Request::new(Method::Get, path(&["client", "sign_ups", id.as_str()]))
}
