use crate::fapi::{
    form::Form,
    request::{Method, Request},
};

/// `POST /v1/waitlist`: puts an e-mail address on the waitlist.
pub(crate) fn join(email_address: &str) -> Request {
    Request::new(Method::Post, "/waitlist").form(Form::default().with("email_address", email_address))
}
