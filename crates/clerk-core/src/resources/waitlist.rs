//! Requests for the waitlist.

use serde::Deserialize;

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request},
    },
    models::Waitlist,
};

/// Parameters of [`Clerk::join_waitlist`].
#[derive(Debug, Clone, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct JoinWaitlistParams {
    /// E-mail address.
    pub email_address: String,
}

impl JoinWaitlistParams {
    /// Creates parameters with this e-mail address.
    #[must_use]
    pub fn new(email_address: impl Into<String>) -> Self {
        Self { email_address: email_address.into() }
    }
}

impl Clerk {
    /// Adds an e-mail address to the waitlist of an instance whose sign-up mode is "Waitlist".
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`, e.g. with `form_param_format_invalid`.
    ///
    /// # Source
    /// FAPI `POST /v1/waitlist`; `Clerk.joinWaitlist()`.
    pub async fn join_waitlist(&self, params: JoinWaitlistParams) -> Result<Waitlist> {
        let form = Form::default().with("email_address", params.email_address);
        self.call(&Request::new(Method::Post, "/waitlist").form(form)).await
    }
}
