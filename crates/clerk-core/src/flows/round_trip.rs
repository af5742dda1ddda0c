//! The common part of all flows that leave the app: a record that survives a restart, the wait, the callback link.

use std::{sync::Arc, time::Duration};

use base64::Engine;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    flows::{
        attempt::AttemptKind,
        callback_params::RedirectCallbackParams,
        outcome::RedirectOutcome,
        pending::{FlowId, PendingFlow, PendingRecord, RECORD_LIFETIME, Returned, Signal, Signals},
    },
    navigation::callback_url::LinkOutcome,
    outside,
    ports::HandleCallback,
    random::random_text,
    secret::{CodeVerifier, Secret},
};

/// Time to begin to listen at the callback URL.
const LISTEN_TIMEOUT: Duration = Duration::from_secs(5);

/// A PKCE pair (RFC 7636), which proves at the end of a flow that this device began it.
#[derive(Debug)]
pub(crate) struct Pkce {
    pub(crate) verifier: CodeVerifier,
    /// S256.
    pub(crate) challenge: String,
}

impl Pkce {
    pub(super) fn new() -> Self {
        let verifier = random_text(32);
        let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self { verifier: CodeVerifier::new(verifier), challenge }
    }
}

impl Clerk {
    /// Opens the page and waits until a link ends the flow.
    pub(super) async fn round_trip(
        &self,
        flow: FlowId,
        mut signal: Signals,
        record: PendingRecord,
        page: &Url,
        timeout: Duration,
    ) -> Result<Returned> {
        self.arm(flow, &mut signal, record).await?;
        self.open_page(page)?;
        self.wait_for_link(flow, signal, timeout).await
    }

    /// Stores the record and accepts callback links for the flow from now on. Must be called before anything that can
    /// make the user return: an earlier link is refused.
    pub(super) async fn arm(&self, flow: FlowId, signal: &mut Signals, record: PendingRecord) -> Result<()> {
        // Cancelled or superseded while a request was in flight: open no page and send no message.
        if let Ok(ended) = signal.try_recv() {
            return Err(ended_early(&ended));
        }
        self.listen(flow, signal).await?;
        self.store_record(flow, &record).await;
        if self.0.flows.arm(flow, Arc::new(record)) {
            Ok(())
        } else {
            Err(ended_early(&signal.try_recv().unwrap_or(Signal::Superseded)))
        }
    }

    /// Listens at the callback URL until the flow ends, if it is one on this computer.
    pub(super) async fn listen(&self, flow: FlowId, signal: &mut Signals) -> Result<()> {
        let Some(listener) = &self.0.setup.callback_listener else { return Ok(()) };
        // Not a handle: what listens must not keep the state alive that it belongs to.
        let inner = Arc::downgrade(&self.0);
        let handle: HandleCallback = Arc::new(move |link| {
            let clerk = inner.upgrade().map(Self::of_inner);
            Box::pin(async move {
                match clerk {
                    Some(clerk) => clerk.handle_deep_link(&link).await,
                    None => LinkOutcome::Refused,
                }
            })
        });
        let lifetime = RECORD_LIFETIME.max(self.0.setup.browser_timeout);
        let listening = outside::wait("the callback listener", || listener.listen(lifetime, handle));
        let listening = match tokio::time::timeout(LISTEN_TIMEOUT, listening).await {
            Ok(Some(listening)) => listening,
            Ok(None) => Err("the listener failed".to_owned()),
            Err(_) => Err("it took too long".to_owned()),
        };
        let listening = listening.map_err(|why| {
            let url = self.0.setup.callback.as_ref().map(|callback| callback.as_str().to_owned()).unwrap_or_default();
            ErrorCode::CallbackPortUnavailable.error(format!(
                "the app can't listen at the callback URL {url}: {why}. End the program that uses the port and try again, or choose \
                 another port with redirectUrl"
            ))
        })?;
        match self.0.flows.keep_listening(flow, listening) {
            true => Ok(()),
            false => Err(ended_early(&signal.try_recv().unwrap_or(Signal::Superseded))),
        }
    }

    /// Waits until a link ends an armed flow. After a timeout, only the wait is over: the flow stays redeemable while its
    /// record is fresh.
    pub(super) async fn wait_for_link(&self, flow: FlowId, signal: Signals, timeout: Duration) -> Result<Returned> {
        match tokio::time::timeout(timeout, signal).await {
            Ok(Ok(Signal::Returned(returned))) => returned,
            Ok(Ok(Signal::Cancelled)) => Err(ended_early(&Signal::Cancelled)),
            Ok(Ok(Signal::Superseded) | Err(_)) => {
                self.forget_record(flow).await;
                Err(ended_early(&Signal::Superseded))
            }
            Err(_) => Err(ErrorCode::OauthFlowTimedOut
                .error("the user did not return from the browser before the timeout; try again")),
        }
    }

    /// Ends a flow whose caller has its result. A flow whose caller only stopped waiting goes on.
    pub(super) async fn end_flow<T>(&self, flow: FlowId, result: &Result<T>) {
        match result {
            Err(error) if error.is(ErrorCode::OauthFlowTimedOut) => {}
            Err(_) => {
                self.0.flows.end(flow);
                // The record of a flow that this one superseded.
                self.forget_record(flow).await;
            }
            Ok(_) => self.0.flows.end(flow),
        }
    }

    /// Creates the record of a flow of this run.
    pub(super) fn record(&self, id: FlowId, started_at_ms: i64, flow: PendingFlow) -> PendingRecord {
        let user = self.snapshot().user().map(|user| user.id.clone());
        PendingRecord { started_at_ms, run: self.0.flows.run.clone(), id: id.0, user, flow }
    }

    /// Continues a flow that no caller is waiting for.
    pub(super) async fn continue_unawaited(&self, returned: Returned, flow: &PendingFlow) -> Result<RedirectOutcome> {
        let default = RedirectCallbackParams::default();
        let (callback, mode) = match flow {
            PendingFlow::Redirect { callback, .. } | PendingFlow::Component { callback, .. } => {
                (callback.as_ref(), AttemptKind::SignIn)
            }
            PendingFlow::HostedAuth { callback, mode, .. } => (callback.as_ref(), *mode),
            PendingFlow::EmailLink { .. } | PendingFlow::Account { .. } => (&default, AttemptKind::SignIn),
        };
        match (returned, flow) {
            (Returned::Account, _) => Ok(RedirectOutcome::default()),
            (Returned::Session(session), _) => self.finish_hosted_auth(session, mode, callback).await,
            (Returned::Attempt(attempt), PendingFlow::EmailLink { .. }) => self.finish_email_link(attempt).await,
            (Returned::Attempt(attempt), _) => self.route_callback(callback.clone(), Some(attempt)).await,
        }
    }

    /// Stores what a restarted app needs to finish the flow. Without a keyring the flow does not survive a restart;
    /// that has been reported when the client token could not be stored.
    async fn store_record(&self, flow: FlowId, record: &PendingRecord) {
        let Ok(json) = serde_json::to_value(record).map(Secret::new) else { return };
        let _turn = self.0.flows.record.lock().await;
        // Ended while this waited: its record was deleted already.
        if self.0.flows.is_current(flow) && !self.update_stored(|content| content.flow = Some(json)).await {
            tracing::debug!("the flow will not survive a restart of the app");
            // Without a keyring, that was said; without a file, the record may be too long for an entry.
            if self.0.setup.cache.is_none() && self.0.vault.known().is_some() {
                self.notice(
                    ErrorCode::StorageUnavailable.as_str(),
                    "the sign-in in the browser can't be finished after a restart of the app, because the keyring did not take its \
                     record; a folder for the app's data would"
                        .to_owned(),
                );
            }
        }
    }

    /// Deletes the record of this flow or of an earlier one of this run, but not that of a newer one.
    pub(super) async fn forget_record(&self, flow: FlowId) {
        let _turn = self.0.flows.record.lock().await;
        if self.read_record().await.is_some_and(|record| record.run == self.0.flows.run && record.id <= flow.0) {
            self.delete_record().await;
        }
    }

    /// Whether a callback link may still bring a nonce, which FAPI accepts only together with the present client token.
    pub(crate) fn expects_nonce(&self) -> bool {
        self.0.flows.expects_nonce(self.0.setup.clock.now_ms())
    }

    /// Reads the stored record of any flow.
    pub(super) async fn read_record(&self) -> Option<PendingRecord> {
        PendingRecord::deserialize(self.read_stored().await?.flow?.expose()).ok()
    }

    /// Deletes the stored record of any flow.
    pub(super) async fn delete_record(&self) {
        if !self.update_stored(|content| content.flow = None).await {
            tracing::debug!("the record of a finished flow could not be deleted");
        }
    }
}

pub(super) fn ended_early(signal: &Signal) -> Error {
    match signal {
        Signal::Cancelled => ErrorCode::OauthFlowCancelled.error("the flow was cancelled"),
        Signal::Superseded | Signal::Returned(_) => {
            ErrorCode::OauthFlowSuperseded.error("a newer sign-in superseded this one")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_challenge_matches_and_is_unique() {
        let (one, other) = (Pkce::new(), Pkce::new());
        assert_ne!(one.verifier, other.verifier);
        let digest = Sha256::digest(one.verifier.expose().as_bytes());
        assert_eq!(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&one.challenge).unwrap(), digest.as_slice());
        assert_eq!((one.verifier.expose().len(), one.challenge.len()), (43, 43));
    }
}
