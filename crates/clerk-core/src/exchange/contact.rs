//! Whether FAPI can be reached, and how the core finds out that it can be reached again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};

use crate::{
    clerk::{Clerk, not_loaded},
    error::{Error, Result},
    events::Status,
    exchange::requests::get_client,
    state::{snapshot::Snapshot, transition::Transition},
};

/// The delays between retries: they begin with this one and double.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a call waits for a load that is running or being retried.
const WAIT_FOR_LOAD: Duration = Duration::from_secs(25);

/// The delays between retries, with jitter, so that the apps of many users do not come back in the same second.
pub(crate) struct Backoff(Duration);

impl Default for Backoff {
    fn default() -> Self {
        Self(FIRST_PAUSE)
    }
}

impl Backoff {
    /// Returns the next delay.
    fn next(&mut self) -> Duration {
        let pause = self.0.mul_f64(rand::random_range(0.5..1.0));
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
        pause
    }
}

/// The one task that tries to reach FAPI again.
pub(crate) struct Contact {
    retrying: AtomicBool,
    retry_now: Notify,
    /// The number of attempts to load so far, and why the last one failed.
    attempts: watch::Sender<(u64, Option<Error>)>,
}

impl Default for Contact {
    fn default() -> Self {
        Self { retrying: AtomicBool::default(), retry_now: Notify::default(), attempts: watch::Sender::new((0, None)) }
    }
}

/// The right to retry; one task has it at a time.
pub(crate) struct Retrying<'a>(&'a Contact);

impl Drop for Retrying<'_> {
    fn drop(&mut self) {
        self.0.retrying.store(false, Ordering::Release);
    }
}

impl Contact {
    /// Returns the right to retry, unless another task has it.
    pub(crate) fn begin_retrying(&self) -> Option<Retrying<'_>> {
        (!self.retrying.swap(true, Ordering::AcqRel)).then_some(Retrying(self))
    }

    /// Waits until it is time for the next retry. [`retry_now`](Self::retry_now) ends the wait, but not before the time that
    /// FAPI asked for with `error`.
    pub(crate) async fn wait(&self, backoff: &mut Backoff, error: &Error) {
        let asked_for = error.retry_after().map(Duration::from_secs).unwrap_or_default();
        tokio::time::sleep(asked_for).await;
        let pause = backoff.next().saturating_sub(asked_for);
        // Either way it is time to retry.
        let _ = tokio::time::timeout(pause, self.retry_now.notified()).await;
    }

    /// Ends the pause between two retries.
    pub(crate) fn retry_now(&self) {
        if self.retrying.load(Ordering::Acquire) {
            self.retry_now.notify_one();
        }
    }

    /// Records the outcome of an attempt to load.
    pub(crate) fn attempted(&self, error: Option<&Error>) {
        self.attempts.send_modify(|(count, last)| (*count, *last) = (*count + 1, error.cloned()));
    }
}

impl Clerk {
    /// Tells Clerk that the user is back, e.g. when a window gets the focus or the computer wakes up: looks at the clocks,
    /// and retries at once what is waiting for the network. The plugin calls it when a window gets the focus.
    pub fn resume(&self) {
        self.0.upkeep.wake();
        self.0.contact.retry_now();
    }

    /// Returns the state once it is loaded. If a load is running, waits for it. If the last one failed because FAPI could not be
    /// reached, it is retried at once.
    ///
    /// # Errors
    /// `not_loaded` if no load was begun, or if it was refused; the error of the retry.
    pub(crate) async fn loaded(&self) -> Result<Arc<Snapshot>> {
        let mut attempts = self.0.contact.attempts.subscribe();
        let mut state = self.subscribe();
        let snapshot = self.snapshot();
        if snapshot.is_loaded() {
            return Ok(snapshot);
        }
        let retries = || self.0.contact.retrying.load(Ordering::Acquire);
        let begun = snapshot.publishable_key.is_some();
        if !begun || (snapshot.status == Status::Error && !retries()) {
            return Err(not_loaded());
        }
        self.0.contact.retry_now();
        let outcome = async {
            tokio::select! {
                biased;
                _ = state.wait_for(|state| state.is_loaded()) => {}
                _ = attempts.changed() => {}
            }
        };
        // Without an outcome, the state has the last error.
        let _ = tokio::time::timeout(WAIT_FOR_LOAD, outcome).await;
        let snapshot = self.snapshot();
        let error = attempts.borrow().1.clone().filter(Error::is_transient);
        if snapshot.is_loaded() { Ok(snapshot) } else { Err(error.unwrap_or_else(not_loaded)) }
    }

    /// Records that FAPI can't be reached any more, and tries to reach it again in the background.
    pub(super) async fn lose_contact(&self, error: Error) {
        if self.snapshot().status != Status::Ready {
            return;
        }
        tracing::warn!(code = error.code(), "Clerk can't be reached; the state is what it said last: {error}");
        self.commit([Transition::Degraded(error.clone())]).await;
        let clerk = self.clone();
        tokio::spawn(async move { clerk.regain_contact(error).await });
    }

    async fn regain_contact(&self, mut error: Error) {
        let Some(_retrying) = self.0.contact.begin_retrying() else { return };
        let mut backoff = Backoff::default();
        loop {
            self.0.contact.wait(&mut backoff, &error).await;
            if self.snapshot().status != Status::Degraded {
                return;
            }
            match self.exchange(&get_client().background()).await {
                Err(failure) if failure.is_transient() => error = failure,
                // Any other response came from FAPI as well.
                _ => {
                    self.commit([Transition::Loaded]).await;
                    return;
                }
            }
        }
    }
}
