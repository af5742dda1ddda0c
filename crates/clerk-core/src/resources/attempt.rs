//! What sign-ins and sign-ups have in common: how they begin.

use crate::{
    clerk::Clerk,
    error::{Error, Result},
    fapi::{request::Request, wire::Wire},
};

/// A field that is not in FAPI's published description. clerk-js sends it.
const TIME_ZONE: &str = "timezone";

impl Clerk {
    /// Sends the request that begins an attempt. A server that does not know the time zone gets it without.
    pub(super) async fn begin_attempt<T: Wire>(&self, request: Request) -> Result<T> {
        match self.call(&request).await {
            Err(error) if is_unknown(&error, TIME_ZONE) => self.call(&request.without(TIME_ZONE)).await,
            begun => begun,
        }
    }
}

/// Whether FAPI does not know a parameter of the request.
fn is_unknown(error: &Error, name: &str) -> bool {
    let Error::Api(error) = error else { return false };
    error.errors.iter().any(|item| {
        item.code == "form_param_unknown" && item.meta.get("paramName").is_some_and(|unknown| unknown == name)
    })
}
