use crate::{
    fapi::{
        form::Form,
        request::{Method, Request},
    },
    secret::RotatingTokenNonce,
};

/// `GET /v1/client`: this device's client, or null when there is none yet.
pub(crate) fn get() -> Request {
    Request::new(Method::Get, "/client").answers_with_client()
}

/// `DELETE /v1/client/sessions`: signs out of all sessions and keeps the client.
pub(crate) fn remove_sessions() -> Request {
    Request::new(Method::Delete, "/client/sessions").answers_with_client()
}

/// `POST /v1/client/hosted_auth`: asks for the address of Clerk's hosted sign-in or sign-up.
pub(crate) fn hosted_auth(redirect_url: &str, code_challenge: &str, state: &str, mode: &str) -> Request {
    let form = Form::default()
        .with("redirect_url", redirect_url)
        .with("code_challenge", code_challenge)
        .with("state", state)
        .with("mode", mode);
    Request::new(Method::Post, "/client/hosted_auth").form(form)
}

/// `POST /v1/client` with `_method=GET` in the body, which keeps secrets out of the URL: the client of somebody who came
/// back from a hosted page, and a new client token.
pub(crate) fn redeem(nonce: &RotatingTokenNonce, code_verifier: &str) -> Request {
    let form = Form::default()
        .with("_method", "GET")
        .with("rotating_token_nonce", nonce.expose())
        .with("code_verifier", code_verifier);
    Request::new(Method::Post, "/client").form(form).answers_with_client()
}

/// `POST /v1/client/magic_links/complete`: turns the approval of an e-mail link into a ticket or a sign-up.
pub(crate) fn complete_magic_link(flow_id: &str, approval_token: &str, code_verifier: &str) -> Request {
    let form = Form::default()
        .with("flow_id", flow_id)
        .with("approval_token", approval_token)
        .with("code_verifier", code_verifier);
    Request::new(Method::Post, "/client/magic_links/complete").form(form)
}
