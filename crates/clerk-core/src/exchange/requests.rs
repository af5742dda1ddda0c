//! The requests of the exchange itself.

use crate::fapi::request::{Method, Request};

/// `GET /v1/client`: this device's client, or null if it has none.
pub(crate) fn get_client() -> Request {
    Request::new(Method::Get, "/client").responds_with_client()
}

/// `GET /v1/environment`: the settings of the instance.
pub(crate) fn get_environment() -> Request {
    Request::new(Method::Get, "/environment")
}
