//! The pending flow through the browser or mailbox. There is at most one.
//!
//! A new flow supersedes the old one, so that a closed tab never blocks the next attempt. A callback that no flow
//! requested is refused: the sender of such a link could otherwise sign the user in to another account (login CSRF).

use std::{sync::Mutex, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use url::Url;

use crate::{
    flows::{
        attempt::{Attempt, AttemptKind},
        callback_params::RedirectCallbackParams,
        outcome::RedirectOutcome,
    },
    random::random_text,
    sync::lock,
};

/// The end of the wait for the browser.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The user returned with this link.
    Returned(Url),
    /// A newer flow began.
    Superseded,
    /// The app cancelled the flow.
    Cancelled,
}

/// Identifies a flow within this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlowId(pub(crate) u64);

struct Pending {
    id: FlowId,
    /// Whether the browser was opened; before that no link can belong to the flow.
    armed: bool,
    signal: oneshot::Sender<Signal>,
}

#[derive(Default)]
struct Registry {
    last_id: u64,
    current: Option<Pending>,
}

/// Receives the signal of a flow.
pub(crate) type Signals = oneshot::Receiver<Signal>;

/// The flows that leave the app.
pub(crate) struct Flows {
    pending: Mutex<Registry>,
    /// Held while the record of the pending flow is written or deleted. Its holder takes no other lock.
    pub(super) record: tokio::sync::Mutex<()>,
    /// Identifies this run of the app.
    pub(super) run: String,
    /// The outcome of a flow that no caller was waiting for.
    unclaimed_outcome: Mutex<Option<RedirectOutcome>>,
}

impl Flows {
    pub(crate) fn new() -> Self {
        Self {
            pending: Mutex::default(),
            record: tokio::sync::Mutex::default(),
            run: random_text(16),
            unclaimed_outcome: Mutex::default(),
        }
    }

    /// Stores an outcome until it is taken.
    pub(crate) fn store_outcome(&self, outcome: RedirectOutcome) {
        *lock(&self.unclaimed_outcome) = Some(outcome);
    }

    /// Takes the stored outcome.
    pub(crate) fn take_outcome(&self) -> Option<RedirectOutcome> {
        lock(&self.unclaimed_outcome).take()
    }

    /// Begins a flow and ends the pending one as superseded.
    pub(crate) fn begin(&self) -> (FlowId, Signals) {
        let (signal, receiver) = oneshot::channel();
        let mut registry = lock(&self.pending);
        registry.last_id += 1;
        let id = FlowId(registry.last_id);
        if let Some(old) = registry.current.replace(Pending { id, armed: false, signal }) {
            // The receiver is gone if the old flow has just ended by itself.
            let _ = old.signal.send(Signal::Superseded);
        }
        (id, receiver)
    }

    /// Lets the flow accept callback links from now on. Returns false if it is no longer the current one.
    pub(crate) fn arm(&self, id: FlowId) -> bool {
        match &mut lock(&self.pending).current {
            Some(pending) if pending.id == id => {
                pending.armed = true;
                true
            }
            _ => false,
        }
    }

    /// Delivers a callback link to the waiting flow. Returns false if there is none.
    pub(crate) fn deliver(&self, link: &Url) -> bool {
        let armed = lock(&self.pending).current.take_if(|pending| pending.armed);
        armed.is_some_and(|pending| pending.signal.send(Signal::Returned(link.clone())).is_ok())
    }

    /// Cancels the pending flow. Returns false if there is none.
    pub(crate) fn cancel(&self) -> bool {
        lock(&self.pending).current.take().is_some_and(|pending| pending.signal.send(Signal::Cancelled).is_ok())
    }

    /// Whether no newer flow has begun.
    pub(crate) fn is_newest(&self, id: FlowId) -> bool {
        lock(&self.pending).last_id == id.0
    }

    /// Ends the flow if it is still the current one.
    pub(crate) fn end(&self, id: FlowId) {
        lock(&self.pending).current.take_if(|pending| pending.id == id);
    }
}

/// How long after its start a flow can be finished by a link that starts the app.
pub(crate) const RECORD_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The stored record of a flow, with which a restarted app can finish it.
#[derive(Serialize, Deserialize)]
pub(crate) struct PendingRecord {
    pub(crate) started_at_ms: i64,
    /// The run of the app that began the flow. Only later runs use the record: within the same run, a link belongs to a
    /// waiting flow or is refused.
    pub(crate) run: String,
    /// Identifies the flow within that run.
    pub(crate) id: u64,
    pub(crate) flow: PendingFlow,
}

/// What is needed to complete a link.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum PendingFlow {
    /// OAuth or enterprise SSO.
    Redirect { attempt: Attempt, callback: Box<RedirectCallbackParams> },
    /// An e-mail link.
    EmailLink { attempt: Attempt, code_verifier: String },
    /// A hosted sign-in or sign-up.
    HostedAuth { state: String, code_verifier: String, mode: AttemptKind, callback: Box<RedirectCallbackParams> },
}

impl PendingRecord {
    pub(crate) fn is_fresh(&self, now_ms: i64) -> bool {
        u64::try_from(now_ms.saturating_sub(self.started_at_ms))
            .is_ok_and(|age_ms| Duration::from_millis(age_ms) < RECORD_LIFETIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Url {
        Url::parse("my-app://callback").unwrap()
    }

    #[test]
    fn begin_supersedes_the_pending_flow() {
        let flows = Flows::new();
        let (old, mut old_signal) = flows.begin();
        assert!(flows.arm(old));
        let (new, mut new_signal) = flows.begin();
        assert_eq!(old_signal.try_recv(), Ok(Signal::Superseded));
        assert!(!flows.arm(old) && flows.arm(new));
        flows.end(old);
        assert!(flows.deliver(&link()));
        assert_eq!(new_signal.try_recv(), Ok(Signal::Returned(link())));
    }

    #[test]
    fn deliver_sends_a_link_to_the_armed_flow_once() {
        let flows = Flows::new();
        assert!(!flows.deliver(&link()));
        let (flow, _signal) = flows.begin();
        assert!(!flows.deliver(&link()));
        assert!(flows.arm(flow));
        assert!(flows.deliver(&link()));
        assert!(!flows.deliver(&link()));
    }

    #[test]
    fn deliver_refuses_a_link_without_a_waiting_flow() {
        let flows = Flows::new();
        let (flow, signal) = flows.begin();
        flows.arm(flow);
        drop(signal);
        assert!(!flows.deliver(&link()));
    }

    #[test]
    fn cancel_ends_the_pending_flow() {
        let flows = Flows::new();
        assert!(!flows.cancel());
        let (_, mut signal) = flows.begin();
        assert!(flows.cancel());
        assert_eq!(signal.try_recv(), Ok(Signal::Cancelled));
        assert!(!flows.cancel());
    }

    #[test]
    fn pending_record_is_fresh_until_its_lifetime_ends() {
        let record = PendingRecord {
            started_at_ms: 1_000,
            run: String::new(),
            id: 1,
            flow: PendingFlow::EmailLink { attempt: Attempt::SignIn("sia_1".into()), code_verifier: String::new() },
        };
        assert!(record.is_fresh(1_000) && record.is_fresh(600_000));
        assert!(!record.is_fresh(601_000) && !record.is_fresh(0));
    }
}
