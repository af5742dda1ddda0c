//! The requests that the exchange itself makes.

use crate::fapi::request::{Method, Request};

/// `GET /v1/client`: this device's client, or null when it has none yet.
pub(crate) fn get_client() -> Request {
    Request::new(Method::Get, "/client").responds_with_client()
}

/// `GET /v1/environment`: the settings of the instance.
pub(crate) fn get_environment() -> Request {
    Request::new(Method::Get, "/environment")
}
