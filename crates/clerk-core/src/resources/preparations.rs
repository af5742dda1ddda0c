//! The requests for codes and links in flight.

use std::sync::Mutex;

use futures_util::{FutureExt, future::Shared};

use crate::{
    error::Result,
    fapi::{json::Json, request::Request},
    ports::BoxFuture,
    sync::lock,
};

/// The requests for codes and links in flight, with their responses. A user who clicks twice gets one message.
#[derive(Default)]
pub(crate) struct Preparations(Mutex<Vec<(Request, Response)>>);

/// A response that several callers wait for.
pub(super) type Response = Shared<BoxFuture<'static, Result<Json>>>;

impl Preparations {
    /// Returns the response to an equal request in flight, or that of a new one.
    pub(super) fn share(
        &self,
        request: &Request,
        start: impl FnOnce() -> BoxFuture<'static, Result<Json>>,
    ) -> Response {
        let mut in_flight = lock(&self.0);
        if let Some((_, response)) = in_flight.iter().find(|(known, _)| known.is_same(request)) {
            return response.clone();
        }
        let response = start().shared();
        in_flight.push((request.clone(), response.clone()));
        response
    }

    pub(super) fn finish(&self, request: &Request) {
        lock(&self.0).retain(|(known, _)| !known.is_same(request));
    }
}
