use crate::fapi::request::{Method, Request};

/// `GET /v1/environment`: the instance's settings.
pub(crate) fn get() -> Request {
    Request::new(Method::Get, "/environment")
}
