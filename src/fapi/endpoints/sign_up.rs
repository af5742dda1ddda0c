use serde::Serialize;

use crate::{
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::SignUpId,
    secret::RotatingTokenNonce,
};

/// `POST /v1/client/sign_ups`: starts a sign-up, replacing the one in progress.
pub(crate) fn create(params: &impl Serialize) -> Result<Request> {
    Ok(Request::new(Method::Post, "/client/sign_ups").form(Form::of(params)?))
}

/// `PATCH /v1/client/sign_ups/{id}`: adds or changes fields.
pub(crate) fn update(id: &SignUpId, params: &impl Serialize) -> Result<Request> {
    Ok(Request::new(Method::Patch, path(&["client", "sign_ups", id.as_str()])).form(Form::of(params)?))
}

/// `GET /v1/client/sign_ups/{id}`. With a nonce from a callback URL it also brings the rotated client token.
pub(crate) fn get(id: &SignUpId, nonce: Option<&RotatingTokenNonce>) -> Request {
    Request::new(Method::Get, path(&["client", "sign_ups", id.as_str()])).nonce(nonce).reload()
}

/// `POST /v1/client/sign_ups/{id}/prepare_verification`: sends a code or a link, or starts a provider's flow.
pub(crate) fn prepare_verification(id: &SignUpId, params: &impl Serialize) -> Result<Request> {
    Ok(Request::new(Method::Post, path(&["client", "sign_ups", id.as_str(), "prepare_verification"]))
        .form(Form::of(params)?))
}

/// `POST /v1/client/sign_ups/{id}/attempt_verification`: answers with the code or the signature.
pub(crate) fn attempt_verification(id: &SignUpId, params: &impl Serialize) -> Result<Request> {
    Ok(Request::new(Method::Post, path(&["client", "sign_ups", id.as_str(), "attempt_verification"]))
        .form(Form::of(params)?))
}
