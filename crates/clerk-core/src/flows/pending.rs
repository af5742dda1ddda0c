//! The pending flow through the browser or mailbox. There is at most one.
//!
//! A new flow supersedes the old one, so that a closed tab never blocks the next attempt. A flow ends only by a callback link
//! that proves that it belongs to it: the sender of any other link could otherwise end the wait, or sign the user in to
//! another account (login CSRF). The caller's wait may end earlier; the flow then stays redeemable for [`RECORD_LIFETIME`].

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use url::Url;

use crate::{
    error::Result,
    flows::{
        attempt::{Attempt, AttemptKind, AttemptResource},
        callback_params::RedirectCallbackParams,
        link_queue::LinkQueue,
        named_pages::{NamedPage, NamedPages, Subject},
        outcome::RedirectOutcome,
    },
    models::{SessionId, UserId},
    ports::Listening,
    random::random_text,
    secret::Secret,
    sync::lock,
};

/// What a flow returned with.
#[derive(Debug)]
pub(crate) enum Returned {
    /// The attempt, which is no longer open.
    Attempt(AttemptResource),
    /// The session that a hosted page created.
    Session(SessionId),
    /// An account of the user at a provider, which was verified or refused.
    Account,
}

/// The end of the wait for the browser.
#[derive(Debug)]
pub(crate) enum Signal {
    /// A link proved that it belongs to the flow.
    Returned(Result<Returned>),
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
    started: Instant,
    /// Absent until the browser is about to be opened; before that no link can belong to the flow.
    record: Option<Arc<PendingRecord>>,
    signal: oneshot::Sender<Signal>,
    /// Listens at the callback URL, if it is one on this computer.
    listening: Option<Listening>,
}

/// A flow that a link may end.
pub(crate) struct Redeemable {
    pub(crate) id: FlowId,
    pub(crate) record: Arc<PendingRecord>,
    /// Whether a caller is waiting for it.
    pub(crate) awaited: bool,
}

/// What became of the result of a flow.
pub(crate) enum Finished {
    /// The waiting caller has it.
    Delivered,
    /// No caller is waiting any more.
    Unawaited(Result<Returned>),
    /// The flow was cancelled or superseded meanwhile.
    Gone,
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
    /// Changes when a flow begins to accept links.
    armed: watch::Sender<()>,
    /// The callback links that are waiting to be handled.
    pub(super) links: LinkQueue,
    /// Held while the record of the pending flow is written or deleted. Its holder takes no other lock.
    pub(super) record: tokio::sync::Mutex<()>,
    /// Identifies this run of the app.
    pub(super) run: String,
    /// The outcome of a flow that no caller was waiting for.
    unclaimed_outcome: Mutex<Option<RedirectOutcome>>,
    /// The flow of an earlier run, which a link may end.
    earlier: Mutex<Option<Arc<PendingRecord>>>,
    /// The pages that FAPI named for verifications.
    named_pages: Mutex<NamedPages>,
}

impl Flows {
    pub(crate) fn new() -> Self {
        Self {
            pending: Mutex::default(),
            armed: watch::Sender::default(),
            links: LinkQueue::default(),
            record: tokio::sync::Mutex::default(),
            run: random_text(16),
            unclaimed_outcome: Mutex::default(),
            earlier: Mutex::default(),
            named_pages: Mutex::default(),
        }
    }

    /// Remembers the flow of an earlier run, or forgets it.
    pub(crate) fn set_earlier(&self, record: Option<PendingRecord>) {
        *lock(&self.earlier) = record.filter(|record| record.run != self.run).map(Arc::new);
    }

    /// Returns the flow of an earlier run that a link may end.
    fn earlier(&self, now_ms: i64) -> Option<Arc<PendingRecord>> {
        lock(&self.earlier).clone().filter(|record| record.is_fresh(now_ms))
    }

    /// Returns the flow that a link may end: the pending one, or one of an earlier run.
    pub(super) fn expected(&self, now_ms: i64) -> Option<Arc<PendingRecord>> {
        self.redeemable(now_ms).map(|flow| flow.record).or_else(|| self.earlier(now_ms))
    }

    /// Whether a link with a nonce may come: one that ends the pending flow, or one of an earlier run.
    pub(crate) fn expects_nonce(&self, now_ms: i64) -> bool {
        let returns_with_nonce = |record: &PendingRecord| record.flow.returns_with_nonce();
        self.earlier(now_ms).is_some_and(|record| returns_with_nonce(&record))
            || self.redeemable(now_ms).is_some_and(|flow| returns_with_nonce(&flow.record))
    }

    /// Stores an outcome until it is taken.
    pub(crate) fn store_outcome(&self, outcome: RedirectOutcome) {
        *lock(&self.unclaimed_outcome) = Some(outcome);
    }

    /// Takes the stored outcome.
    pub(crate) fn take_outcome(&self) -> Option<RedirectOutcome> {
        lock(&self.unclaimed_outcome).take()
    }

    /// Remembers pages that FAPI named for verifications.
    pub(crate) fn note_pages(&self, pages: Vec<NamedPage>) {
        lock(&self.named_pages).add(pages);
    }

    /// Returns what a page verifies, if FAPI named it.
    pub(crate) fn subject_of_page(&self, page: &Url) -> Option<Subject> {
        lock(&self.named_pages).subject(page).cloned()
    }

    /// Begins a flow and ends the pending one as superseded.
    pub(crate) fn begin(&self) -> (FlowId, Signals) {
        self.set_earlier(None);
        let (signal, receiver) = oneshot::channel();
        let mut registry = lock(&self.pending);
        registry.last_id += 1;
        let id = FlowId(registry.last_id);
        let pending = Pending { id, started: Instant::now(), record: None, signal, listening: None };
        let old = registry.current.replace(pending);
        drop(registry);
        if let Some(old) = old {
            // The receiver is gone if nobody waits for the old flow any more.
            let _ = old.signal.send(Signal::Superseded);
        }
        (id, receiver)
    }

    /// Lets the flow keep what listens at the callback URL, until it ends. Returns false if it is no longer the current one.
    pub(crate) fn keep_listening(&self, id: FlowId, listening: Listening) -> bool {
        match &mut lock(&self.pending).current {
            Some(pending) if pending.id == id => pending.listening = Some(listening),
            // Dropped when the lock is released.
            _ => return false,
        }
        true
    }

    /// Lets the flow accept callback links from now on. Returns false if it is no longer the current one.
    pub(crate) fn arm(&self, id: FlowId, record: Arc<PendingRecord>) -> bool {
        match &mut lock(&self.pending).current {
            Some(pending) if pending.id == id => pending.record = Some(record),
            _ => return false,
        }
        self.armed.send_replace(());
        true
    }

    /// Observes when flows begin to accept links.
    pub(crate) fn armed(&self) -> watch::Receiver<()> {
        self.armed.subscribe()
    }

    /// Returns the flow that a link may end: a caller is waiting for it, or it began less than [`RECORD_LIFETIME`] ago.
    pub(crate) fn redeemable(&self, now_ms: i64) -> Option<Redeemable> {
        let registry = lock(&self.pending);
        let pending = registry.current.as_ref()?;
        let record = pending.record.clone()?;
        let awaited = !pending.signal.is_closed();
        let is_fresh = || pending.started.elapsed() < RECORD_LIFETIME && record.is_young(now_ms);
        (awaited || is_fresh()).then(|| Redeemable { id: pending.id, record, awaited })
    }

    /// Ends the flow with what it returned with.
    pub(crate) fn finish(&self, id: FlowId, returned: Result<Returned>) -> Finished {
        let pending = lock(&self.pending).current.take_if(|pending| pending.id == id);
        match pending.map(|pending| pending.signal.send(Signal::Returned(returned))) {
            None => Finished::Gone,
            Some(Ok(())) => Finished::Delivered,
            Some(Err(Signal::Returned(returned))) => Finished::Unawaited(returned),
            Some(Err(Signal::Superseded | Signal::Cancelled)) => Finished::Gone,
        }
    }

    /// Cancels the pending flow. Returns it, or `None` if there is none.
    pub(crate) fn cancel(&self) -> Option<FlowId> {
        let pending = lock(&self.pending).current.take()?;
        // The receiver is gone if nobody waits for the flow any more.
        let _ = pending.signal.send(Signal::Cancelled);
        Some(pending.id)
    }

    /// Whether the flow was neither ended nor superseded.
    pub(crate) fn is_current(&self, id: FlowId) -> bool {
        lock(&self.pending).current.as_ref().is_some_and(|pending| pending.id == id)
    }

    /// Ends the flow if it is still the current one.
    pub(crate) fn end(&self, id: FlowId) {
        // Its listener is dropped when the lock is released.
        let ended = lock(&self.pending).current.take_if(|pending| pending.id == id);
        drop(ended);
    }
}

/// How long after its start a flow can be finished, whether or not a caller is waiting or the app was restarted.
pub(crate) const RECORD_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The stored record of a flow, with which a restarted app can finish it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PendingRecord {
    pub(crate) started_at_ms: i64,
    /// The run of the app that began the flow. Only later runs read the stored record: the run itself knows its flow.
    pub(crate) run: String,
    /// Identifies the flow within that run.
    pub(crate) id: u64,
    /// The user who was signed in when the flow began.
    #[serde(default)]
    pub(crate) user: Option<UserId>,
    pub(crate) flow: PendingFlow,
}

/// What is needed to complete a link.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum PendingFlow {
    /// OAuth or enterprise SSO.
    Redirect { attempt: Attempt, callback: Box<RedirectCallbackParams> },
    /// The same for one of Clerk's own components, which continues the attempt itself.
    Component { attempt: Attempt, callback: Box<RedirectCallbackParams> },
    /// The connection of an account at a provider, by its id, to a user.
    Account { account: String },
    /// An e-mail link.
    EmailLink { attempt: Attempt, code_verifier: Secret<String> },
    /// A hosted sign-in or sign-up.
    HostedAuth {
        state: Secret<String>,
        code_verifier: Secret<String>,
        mode: AttemptKind,
        callback: Box<RedirectCallbackParams>,
    },
}

impl PendingFlow {
    /// Whether its link has a nonce, with which the app fetches a client token that was made in the browser.
    fn returns_with_nonce(&self) -> bool {
        !matches!(self, Self::EmailLink { .. })
    }
}

impl PendingRecord {
    /// Whether less than [`RECORD_LIFETIME`] has passed by the wall clock. It may have been set back since.
    fn is_young(&self, now_ms: i64) -> bool {
        let age_ms = u64::try_from(now_ms.saturating_sub(self.started_at_ms)).unwrap_or_default();
        Duration::from_millis(age_ms) < RECORD_LIFETIME
    }

    /// Whether the record of an earlier run is fresh. There is no other clock than the wall clock, which may have been set
    /// back a little.
    pub(crate) fn is_fresh(&self, now_ms: i64) -> bool {
        is_fresh(self.started_at_ms, now_ms)
    }
}

fn is_fresh(started_at_ms: i64, now_ms: i64) -> bool {
    Duration::from_millis(now_ms.saturating_sub(started_at_ms).unsigned_abs()) < RECORD_LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Arc<PendingRecord> {
        let flow =
            PendingFlow::EmailLink { attempt: Attempt::SignIn("sia_1".into()), code_verifier: Secret::default() };
        Arc::new(PendingRecord { started_at_ms: 1_000, run: String::new(), id: 1, user: None, flow })
    }

    fn returned() -> Result<Returned> {
        Ok(Returned::Session("sess_1".into()))
    }

    #[test]
    fn begin_supersedes_the_pending_flow() {
        let flows = Flows::new();
        let (old, mut old_signal) = flows.begin();
        assert!(flows.arm(old, record()));
        let (new, mut new_signal) = flows.begin();
        assert!(matches!(old_signal.try_recv(), Ok(Signal::Superseded)));
        assert!(!flows.arm(old, record()) && flows.arm(new, record()));
        flows.end(old);
        assert!(matches!(flows.finish(old, returned()), Finished::Gone));
        assert!(matches!(flows.finish(new, returned()), Finished::Delivered));
        assert!(matches!(new_signal.try_recv(), Ok(Signal::Returned(Ok(Returned::Session(_))))));
        assert!(matches!(flows.finish(new, returned()), Finished::Gone));
    }

    #[test]
    fn redeemable_is_the_armed_flow() {
        let flows = Flows::new();
        assert!(flows.redeemable(1_000).is_none());
        let (flow, _signal) = flows.begin();
        assert!(flows.redeemable(1_000).is_none());
        assert!(flows.arm(flow, record()));
        assert!(flows.redeemable(1_000).is_some_and(|found| found.id == flow && found.awaited));
        assert!(flows.redeemable(9_000_000).is_some(), "a caller is waiting");
    }

    #[tokio::test(start_paused = true)]
    async fn redeemable_outlasts_the_wait_of_the_caller_until_the_record_is_stale() {
        let flows = Flows::new();
        let (flow, signal) = flows.begin();
        flows.arm(flow, record());
        drop(signal);
        assert!(flows.redeemable(1_000).is_some_and(|found| !found.awaited));
        assert!(flows.redeemable(601_000).is_none(), "by the clock");
        tokio::time::advance(RECORD_LIFETIME).await;
        assert!(flows.redeemable(1_000).is_none(), "by the monotonic clock");
        assert!(matches!(flows.finish(flow, returned()), Finished::Unawaited(Ok(_))));
    }

    #[test]
    fn cancel_ends_the_pending_flow() {
        let flows = Flows::new();
        assert_eq!(flows.cancel(), None);
        let (flow, mut signal) = flows.begin();
        assert_eq!(flows.cancel(), Some(flow));
        assert!(matches!(signal.try_recv(), Ok(Signal::Cancelled)));
        assert_eq!(flows.cancel(), None);
    }

    #[test]
    fn pending_record_is_fresh_until_its_lifetime_ends() {
        let record = PendingRecord {
            started_at_ms: 1_000_000,
            run: String::new(),
            id: 1,
            user: None,
            flow: PendingFlow::EmailLink { attempt: Attempt::SignIn("sia_1".into()), code_verifier: Secret::default() },
        };
        assert!(record.is_fresh(1_000_000) && record.is_fresh(1_599_999) && record.is_young(1_599_999));
        assert!(!record.is_fresh(1_600_000) && !record.is_young(1_600_000));
        // The clock was set back.
        assert!(record.is_fresh(400_001) && !record.is_fresh(400_000) && record.is_young(i64::MIN));
    }
}
