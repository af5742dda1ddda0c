//! The common part of all flows that leave the app: a record that survives a restart, the wait, the callback link.

use std::time::Duration;

use base64::Engine;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    flows::{
        outcome::RedirectOutcome,
        pending::{FlowId, PendingFlow, PendingRecord, Signal, Signals},
    },
    random::random_text,
    secret::CodeVerifier,
};

/// A PKCE pair (RFC 7636), which proves at the end of a flow that this device began it.
pub(super) struct Pkce {
    pub(super) verifier: CodeVerifier,
    /// S256.
    pub(super) challenge: String,
}

impl Pkce {
    pub(super) fn new() -> Self {
        let verifier = random_text(32);
        let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self { verifier: CodeVerifier::new(verifier), challenge }
    }
}

/// Returns the first non-empty value of a query parameter.
pub(super) fn parameter(link: &Url, name: &str) -> Option<String> {
    let mut values = link.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    values.next().filter(|value| !value.is_empty())
}

impl Clerk {
    /// Opens the page and waits for the callback link.
    pub(super) async fn round_trip(
        &self,
        flow: FlowId,
        mut signal: Signals,
        record: &PendingRecord,
        page: &Url,
        timeout: Duration,
    ) -> Result<Url> {
        self.arm(flow, &mut signal, record).await?;
        if let Err(error) = self.open_external(page.as_str()) {
            self.forget_record(flow).await;
            return Err(error);
        }
        self.wait_for_link(flow, signal, timeout).await
    }

    /// Stores the record and accepts callback links for the flow from now on. Must be called before anything that can
    /// make the user return: an earlier link is refused.
    pub(super) async fn arm(&self, flow: FlowId, signal: &mut Signals, record: &PendingRecord) -> Result<()> {
        // Cancelled or superseded while a request was in flight: open no page and send no message.
        if let Ok(ended) = signal.try_recv() {
            return Err(ended_early(&ended));
        }
        self.store_record(flow, record).await;
        if self.0.flows.arm(flow) { Ok(()) } else { Err(ended_early(&signal.try_recv().unwrap_or(Signal::Superseded))) }
    }

    /// Waits for the callback link of an armed flow.
    pub(super) async fn wait_for_link(&self, flow: FlowId, signal: Signals, timeout: Duration) -> Result<Url> {
        let result = match tokio::time::timeout(timeout, signal).await {
            Ok(Ok(Signal::Returned(link))) => Ok(link),
            Ok(Ok(Signal::Superseded) | Err(_)) => Err(ended_early(&Signal::Superseded)),
            Ok(Ok(Signal::Cancelled)) => Err(ended_early(&Signal::Cancelled)),
            Err(_) => Err(ErrorCode::OauthFlowTimedOut
                .error("the user did not return from the browser before the timeout; try again")),
        };
        self.forget_record(flow).await;
        result
    }

    /// Creates the record of a flow of this run.
    pub(super) fn record(&self, id: FlowId, started_at_ms: i64, flow: PendingFlow) -> PendingRecord {
        PendingRecord { started_at_ms, run: self.0.flows.run.clone(), id: id.0, flow }
    }

    /// Completes a flow with its callback link.
    pub(super) async fn complete(&self, link: &Url, flow: PendingFlow) -> Result<RedirectOutcome> {
        match flow {
            PendingFlow::Redirect { attempt, callback } => self.complete_redirect(link, &attempt, *callback).await,
            PendingFlow::HostedAuth { state, code_verifier, mode, callback } => {
                self.complete_hosted_auth(link, &state, &CodeVerifier::new(code_verifier), mode, &callback).await
            }
            PendingFlow::EmailLink { attempt, code_verifier } => {
                self.resume_email_link(link, &attempt, &CodeVerifier::new(code_verifier)).await
            }
        }
    }

    /// Stores what a restarted app needs to finish the flow. Without a keyring the flow does not survive a restart;
    /// that has been reported when the client token could not be stored.
    async fn store_record(&self, flow: FlowId, record: &PendingRecord) {
        let Ok(json) = serde_json::to_value(record) else { return };
        let _turn = self.0.flows.record.lock().await;
        if self.0.flows.is_newest(flow) && !self.update_stored(|content| content.flow = Some(json)).await {
            tracing::debug!("the flow will not survive a restart of the app");
        }
    }

    /// Deletes the record of this flow, but not that of a newer one.
    pub(super) async fn forget_record(&self, flow: FlowId) {
        let _turn = self.0.flows.record.lock().await;
        if self.read_record().await.is_some_and(|record| record.run == self.0.flows.run && record.id == flow.0) {
            self.delete_record().await;
        }
    }

    /// Reads the stored record of any flow.
    pub(super) async fn read_record(&self) -> Option<PendingRecord> {
        serde_json::from_value(self.read_stored().await?.flow?).ok()
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
