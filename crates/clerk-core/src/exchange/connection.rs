//! The connection to FAPI, and this device's identity there.

use std::sync::{Arc, Mutex, atomic::AtomicBool};

use crate::{
    exchange::ordering::{OrderGate, Stamp},
    fapi::pipeline::Fapi,
    models::Client,
    secret::ClientToken,
    sync::lock,
};

/// The FAPI of the instance, and this device's identity there.
#[derive(Default)]
pub(crate) struct Connection {
    fapi: Mutex<Option<Arc<Fapi>>>,
    identity: Mutex<Identity>,
    /// Held by the request that makes FAPI create the client, so that concurrent requests do not create two.
    pub(super) first_contact: tokio::sync::Mutex<()>,
    /// Whether the client is being reloaded after a 401: concurrent 401s share one reload.
    pub(super) settling: AtomicBool,
}

#[derive(Default)]
struct Identity {
    gate: OrderGate,
    token: Option<ClientToken>,
}

impl Connection {
    pub(crate) fn fapi(&self) -> Option<Arc<Fapi>> {
        lock(&self.fapi).clone()
    }

    pub(crate) fn set_fapi(&self, fapi: Fapi) {
        *lock(&self.fapi) = Some(Arc::new(fapi));
    }

    /// Returns the name under which secrets are stored; see
    /// [`Instance::secret_name`](crate::fapi::Instance::secret_name).
    pub(crate) fn secret_name(&self) -> Option<String> {
        Some(self.fapi()?.instance().secret_name())
    }

    /// Starts over with `token`: responses to earlier requests are ignored.
    pub(crate) fn reset_token(&self, token: Option<ClientToken>) {
        let mut identity = lock(&self.identity);
        identity.gate.begin_epoch();
        identity.token = token;
    }

    pub(crate) fn client_token(&self) -> Option<ClientToken> {
        lock(&self.identity).token.clone()
    }

    pub(crate) fn has_client_token(&self) -> bool {
        lock(&self.identity).token.is_some()
    }

    /// Returns the client token for a request that is about to be sent, and the request's place in the order.
    pub(super) fn begin_request(&self) -> (Option<ClientToken>, Stamp) {
        let mut identity = lock(&self.identity);
        (identity.token.clone(), identity.gate.stamp())
    }

    pub(super) fn set_client_token(&self, token: Option<ClientToken>) {
        lock(&self.identity).token = token;
    }

    pub(super) fn admit_token(&self, stamp: Stamp) -> bool {
        lock(&self.identity).gate.admit_token(stamp)
    }

    pub(super) fn admit_client(&self, stamp: Stamp, held: Option<&Client>, incoming: &Client) -> bool {
        lock(&self.identity).gate.admit_client(stamp, held, incoming)
    }
}
