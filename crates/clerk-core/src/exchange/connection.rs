//! Who this device is to FAPI, and which responses may change that.
//!
//! The client token rotates: FAPI may replace it with any response, and may refuse the previous one from then on. Requests
//! overlap, so a response says something about the identity of this device only together with the token that its request was
//! sent with:
//!
//! - A response to a request with a superseded token never replaces a newer token, and never ends a session.
//! - A new token is adopted for the same client, or from a request that may change the client ([`Effect::ChangesClient`]). A
//!   refusal brings the token of another client, and may only mean that FAPI has rotated the token for another request.
//! - A response that would end the active session on the side, such as that of a background request or a refusal, only raises
//!   a doubt. [`Clerk::verify_identity`](crate::Clerk) settles it once no request is in flight that may rotate the token.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{OwnedMutexGuard, watch};

use crate::{
    exchange::ordering::{OrderGate, Stamp},
    fapi::{
        Instance,
        pipeline::{Fapi, Reply},
        request::{Effect, Request},
    },
    jwt,
    models::{Client, SessionId},
    ports::TokenUpdate,
    secret::ClientToken,
    sync::lock,
};

/// The FAPI of the instance, and the identity of this device there.
pub(crate) struct Connection {
    fapi: Mutex<Option<Arc<Fapi>>>,
    identity: Mutex<Identity>,
    /// The instance that the app's own code named with `load`.
    instance_of_app: Mutex<Option<Instance>>,
    /// Requests in flight that may rotate the token.
    rotating: watch::Sender<usize>,
    /// Held by the request that makes FAPI create the client, so that concurrent requests do not create two.
    pub(super) first_contact: tokio::sync::Mutex<()>,
    /// Whether the identity is being verified: concurrent doubts share one verification.
    verifying: watch::Sender<bool>,
    /// Whether the stored token could not be read: what is stored is unknown, and must not be overwritten unseen.
    store_is_unknown: AtomicBool,
    /// Whether the client token could not be stored.
    token_is_unsaved: AtomicBool,
    /// Held by the task that tries to reach the store again.
    recovery: Arc<tokio::sync::Mutex<()>>,
    /// Whether the user signed out of all sessions while what is stored was unknown.
    signed_out: AtomicBool,
    /// Whether a response raised a doubt that no verification has settled yet.
    in_doubt: AtomicBool,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            fapi: Mutex::default(),
            identity: Mutex::default(),
            instance_of_app: Mutex::default(),
            rotating: watch::Sender::new(0),
            first_contact: tokio::sync::Mutex::default(),
            verifying: watch::Sender::new(false),
            store_is_unknown: AtomicBool::default(),
            token_is_unsaved: AtomicBool::default(),
            recovery: Arc::default(),
            signed_out: AtomicBool::default(),
            in_doubt: AtomicBool::default(),
        }
    }
}

#[derive(Default)]
struct Identity {
    gate: OrderGate,
    token: Option<ClientToken>,
    /// Counts the tokens; a request was sent with a superseded one if its number is smaller.
    generation: u64,
    /// Counts the requests that may rotate the token.
    rotations: u64,
}

/// A request that is in flight, or whose response is being applied.
pub(crate) struct InFlight {
    stamp: Stamp,
    generation: u64,
    pub(super) had_token: bool,
    /// The client of the token that it was sent with, if it can be read.
    client: Option<String>,
    effect: Effect,
    /// Whether it redeems a nonce, which may be anybody's.
    pub(super) redeems_nonce: bool,
    rotating: Option<Rotating>,
}

/// The right to verify the identity; one task has it at a time.
pub(super) struct Verification<'a>(&'a Connection);

impl Drop for Verification<'_> {
    fn drop(&mut self) {
        self.0.verifying.send_replace(false);
    }
}

/// Counts a request that may rotate the token, until its response was applied.
struct Rotating(watch::Sender<usize>);

impl Drop for Rotating {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// What a response means for the client token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenVerdict {
    /// Nothing changes.
    Keep,
    /// It is the token from now on; `None` forgets it.
    Adopt(Option<ClientToken>),
    /// It may be the token of another client.
    Doubt,
}

/// What a response means for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientVerdict {
    /// It is older than what is known, or belongs to a superseded identity.
    Ignore,
    /// It is the client from now on.
    Adopt,
    /// It would end the active session, which this response alone may not.
    Doubt,
}

impl Connection {
    pub(crate) fn fapi(&self) -> Option<Arc<Fapi>> {
        lock(&self.fapi).clone()
    }

    /// Records the instance that the app's own code named with `load`.
    pub(crate) fn set_instance_of_app(&self, instance: Instance) {
        *lock(&self.instance_of_app) = Some(instance);
    }

    /// Returns the instance that the app's own code named with `load`.
    pub(crate) fn instance_of_app(&self) -> Option<Instance> {
        lock(&self.instance_of_app).clone()
    }

    /// Whether the instance in use is the one that the app's own code named with `load`.
    pub(crate) fn uses_instance_of_app(&self) -> bool {
        let instance = self.instance_of_app();
        self.fapi().is_some_and(|fapi| instance.as_ref() == Some(fapi.instance()))
    }

    pub(crate) fn set_fapi(&self, fapi: Fapi) {
        *lock(&self.fapi) = Some(Arc::new(fapi));
    }

    /// The name under which secrets are stored; see [`Instance::secret_name`](crate::fapi::Instance::secret_name).
    pub(crate) fn secret_name(&self) -> Option<String> {
        Some(self.fapi()?.instance().secret_name())
    }

    /// Starts over with `token`: responses to earlier requests are ignored.
    pub(crate) fn reset_token(&self, token: Option<ClientToken>) {
        let mut identity = lock(&self.identity);
        identity.gate.begin_epoch();
        identity.generation += 1;
        identity.token = token;
    }

    pub(crate) fn client_token(&self) -> Option<ClientToken> {
        lock(&self.identity).token.clone()
    }

    pub(crate) fn has_client_token(&self) -> bool {
        lock(&self.identity).token.is_some()
    }

    /// Changes with every new token.
    pub(super) fn generation(&self) -> u64 {
        lock(&self.identity).generation
    }

    /// The client token for a request that is about to be sent.
    pub(super) fn begin_request(&self, request: &Request) -> (Option<ClientToken>, InFlight) {
        let mut identity = lock(&self.identity);
        let effect = request.effect();
        let rotating = request.may_rotate().then(|| {
            identity.rotations += 1;
            self.mark_rotating()
        });
        let in_flight = InFlight {
            stamp: identity.gate.stamp(),
            generation: identity.generation,
            had_token: identity.token.is_some(),
            client: identity.token.as_ref().and_then(client_id),
            effect,
            redeems_nonce: request.redeems_nonce(),
            rotating,
        };
        (identity.token.clone(), in_flight)
    }

    /// Whether the token that the request was sent with was replaced meanwhile.
    pub(super) fn is_superseded(&self, request: &InFlight) -> bool {
        lock(&self.identity).generation != request.generation
    }

    /// Whether FAPI made another client for a request, although it was sent with a token.
    pub(super) fn made_another_client(&self, request: &InFlight, reply: &Reply) -> bool {
        match (&request.client, &reply.token) {
            (Some(client), TokenUpdate::Set(token)) => client_id(token).is_some_and(|new| new != *client),
            _ => false,
        }
    }

    /// Waits until no other request is in flight that may rotate the token. Returns whether one of them did, so that the token of
    /// this request is superseded.
    pub(super) async fn was_superseded_by_another(&self, request: &mut InFlight) -> bool {
        // Another request may wait for this one.
        request.rotating = None;
        self.no_rotation_in_flight().await;
        if self.is_superseded(request) {
            return true;
        }
        // Its response is still to be applied.
        request.rotating = Some(self.mark_rotating());
        false
    }

    fn mark_rotating(&self) -> Rotating {
        self.rotating.send_modify(|count| *count += 1);
        Rotating(self.rotating.clone())
    }

    /// Waits until no request is in flight that may rotate the token. Returns the number of such requests so far.
    pub(super) async fn no_rotation_in_flight(&self) -> u64 {
        // The sender lives as long as `self`.
        let _ = self.rotating.subscribe().wait_for(|count| *count == 0).await;
        self.rotations()
    }

    /// Whether a request beside this one is in flight that may rotate the token: a step of an attempt, for example.
    pub(super) fn is_other_rotating(&self, request: &InFlight) -> bool {
        *self.rotating.borrow() > usize::from(request.rotating.is_some())
    }

    pub(super) fn rotations(&self) -> u64 {
        lock(&self.identity).rotations
    }

    /// Begins a verification. If another task is verifying, waits for it to finish and returns `None`.
    pub(super) async fn begin_verification(&self) -> Option<Verification<'_>> {
        let begun = self.verifying.send_if_modified(|verifying| !std::mem::replace(verifying, true));
        if begun {
            return Some(Verification(self));
        }
        // The sender lives as long as `self`.
        let _ = self.verifying.subscribe().wait_for(|verifying| !verifying).await;
        None
    }

    pub(crate) fn store_is_unknown(&self) -> bool {
        self.store_is_unknown.load(Ordering::Acquire)
    }

    /// Whether the user signed out of all sessions while what is stored was unknown: then nobody comes back from there.
    pub(crate) fn was_signed_out(&self) -> bool {
        self.signed_out.load(Ordering::Acquire)
    }

    pub(crate) fn set_signed_out(&self) {
        self.signed_out.store(self.store_is_unknown(), Ordering::Release);
    }

    pub(crate) fn set_store_is_unknown(&self, unknown: bool) {
        self.store_is_unknown.store(unknown, Ordering::Release);
    }

    /// Whether something is left to do as soon as the store is available again: to read it, or to store the client token.
    pub(crate) fn needs_store(&self) -> bool {
        self.store_is_unknown() || self.token_is_unsaved.load(Ordering::Acquire)
    }

    pub(crate) fn set_token_is_unsaved(&self, unsaved: bool) {
        self.token_is_unsaved.store(unsaved, Ordering::Release);
    }

    /// Returns the right to try to reach the store again, unless another task has it.
    pub(super) fn begin_recovery(&self) -> Option<OwnedMutexGuard<()>> {
        self.recovery.clone().try_lock_owned().ok()
    }

    pub(super) fn raise_doubt(&self) {
        self.in_doubt.store(true, Ordering::Release);
    }

    /// Returns whether there is a doubt, and clears it.
    pub(super) fn take_doubt(&self) -> bool {
        self.in_doubt.swap(false, Ordering::AcqRel)
    }

    /// Decides what the token of a response means. `signed_in` says whether there is a session that could be lost, `refused`
    /// whether FAPI does not know the token that the request was sent with.
    pub(super) fn judge_token(
        &self,
        request: &mut InFlight,
        new: Option<ClientToken>,
        signed_in: bool,
        refused: bool,
    ) -> TokenVerdict {
        let mut identity = lock(&self.identity);
        if identity.token == new {
            // The response belongs to the present identity, whatever its request was sent with.
            request.generation = identity.generation;
            return TokenVerdict::Keep;
        }
        if identity.generation != request.generation {
            return TokenVerdict::Keep;
        }
        let may_change_client = request.effect == Effect::ChangesClient || !request.had_token || !signed_in;
        let same_client = match (&identity.token, &new) {
            (Some(held), Some(new)) => is_same_client(held, new),
            _ => false,
        };
        // FAPI may have refused the token because it has rotated it for another request, whose response is on its way.
        let may_be_superseded = refused && self.is_other_rotating(request);
        if !same_client && (!may_change_client || may_be_superseded) {
            return TokenVerdict::Doubt;
        }
        if !identity.gate.admit_token(request.stamp) {
            return TokenVerdict::Keep;
        }
        identity.generation += 1;
        request.generation = identity.generation;
        identity.token.clone_from(&new);
        TokenVerdict::Adopt(new)
    }

    /// Decides what the client of a response means. `refused` says whether the response is an error, `lists_sessions` whether the
    /// client says which sessions it has, `active` is the session that could be lost.
    pub(super) fn judge_client(
        &self,
        request: &InFlight,
        held: Option<&Client>,
        incoming: &Client,
        active: Option<&SessionId>,
        refused: bool,
        lists_sessions: bool,
    ) -> ClientVerdict {
        let mut identity = lock(&self.identity);
        let same_client = held.is_some_and(|held| held.id == incoming.id);
        let ends_session = active.is_some_and(|active| incoming.signed_in_session(active).is_none());
        let superseded = identity.generation != request.generation;
        if superseded && held.is_some() {
            let newer = held.is_some_and(|held| incoming.updated_at > held.updated_at);
            if !(same_client && newer) || ends_session {
                return ClientVerdict::Ignore;
            }
        }
        let authoritative = match request.effect {
            Effect::ChangesClient => true,
            Effect::Foreground => !refused && (same_client || active.is_none()),
            Effect::Background => false,
        };
        let other_client = !same_client && held.is_some_and(|held| !held.id.as_str().is_empty());
        if (ends_session || other_client) && !(authoritative && lists_sessions) {
            return ClientVerdict::Doubt;
        }
        if identity.gate.admit_client(request.stamp, held, incoming) {
            ClientVerdict::Adopt
        } else {
            ClientVerdict::Ignore
        }
    }
}

/// Whether the token `new` belongs to the client of `held`. If `held` can't be read, any token is taken to be of its client.
pub(crate) fn is_same_client(held: &ClientToken, new: &ClientToken) -> bool {
    client_id(held).is_none_or(|held| client_id(new) == Some(held))
}

/// Returns the client that a client token belongs to, if it can be read.
pub(crate) fn client_id(token: &ClientToken) -> Option<String> {
    jwt::payload(token.expose())?["id"].as_str().map(str::to_owned)
}
