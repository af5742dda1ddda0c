//! What sign-ins and sign-ups have in common: how they begin, and how they send codes and links.

use crate::{
    clerk::Clerk,
    error::{Error, Result},
    exchange::read_resource,
    fapi::{request::Request, wire::Wire},
    outside,
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

    /// Sends a request for a code or a link. It ends with its timeout at the latest, so it does not keep later ones from being
    /// sent.
    pub(super) async fn prepare_attempt<T: Wire>(&self, request: Request) -> Result<T> {
        let response = self.0.preparations.share(&request, || {
            let sending = Sending { clerk: self.clone(), request: request.clone() };
            // In a task of its own, so that it goes on when its callers are cancelled.
            Box::pin(outside::to_the_end(async move { sending.clerk.request(&sending.request).await }))
        });
        read_resource(&response.await?)
    }
}

/// A request in flight, which later ones are not equal to once it has ended.
struct Sending {
    clerk: Clerk,
    request: Request,
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.clerk.0.preparations.finish(&self.request);
    }
}

/// Whether FAPI does not know a parameter of the request.
fn is_unknown(error: &Error, name: &str) -> bool {
    let Error::Api(error) = error else { return false };
    error.errors.iter().any(|item| {
        item.code == "form_param_unknown" && item.meta.get("paramName").is_some_and(|unknown| unknown == name)
    })
}
