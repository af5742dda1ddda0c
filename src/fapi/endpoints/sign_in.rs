use serde::Serialize;

use crate::{
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::SignInId,
    secret::RotatingTokenNonce,
};

/// `POST /v1/client/sign_ins`: starts a sign-in, replacing the one in progress.
pub(crate) fn create(params: &impl Serialize) -> Result<Request> {
    Ok(Request::new(Method::Post, "/client/sign_ins").form(Form::of(params)?))
}

/// `GET /v1/client/sign_ins/{id}`. With a nonce from a callback URL it also brings the rotated client token.
pub(crate) fn get(id: &SignInId, nonce: Option<&RotatingTokenNonce>) -> Request {
    Request::new(Method::Get, path(&["client", "sign_ins", id.as_str()])).nonce(nonce).reload()
}

/// What can be asked of a sign-in: `POST /v1/client/sign_ins/{id}/<step>`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    PrepareFirstFactor,
    AttemptFirstFactor,
    PrepareSecondFactor,
    AttemptSecondFactor,
    ResetPassword,
}

/// `POST /v1/client/sign_ins/{id}/<step>`.
pub(crate) fn step(id: &SignInId, step: Step, params: &impl Serialize) -> Result<Request> {
    let action = match step {
        Step::PrepareFirstFactor => "prepare_first_factor",
        Step::AttemptFirstFactor => "attempt_first_factor",
        Step::PrepareSecondFactor => "prepare_second_factor",
        Step::AttemptSecondFactor => "attempt_second_factor",
        Step::ResetPassword => "reset_password",
    };
    Ok(Request::new(Method::Post, path(&["client", "sign_ins", id.as_str(), action])).form(Form::of(params)?))
}
