use crate::fapi::request::{Method, Request};

/// `GET /v1/client`: this device's client, or null when there is none yet.
pub(crate) fn get() -> Request {
    Request::new(Method::Get, "/client").answers_with_client()
}

/// `DELETE /v1/client/sessions`: signs out of all sessions and keeps the client.
pub(crate) fn remove_sessions() -> Request {
    Request::new(Method::Delete, "/client/sessions").answers_with_client()
}
