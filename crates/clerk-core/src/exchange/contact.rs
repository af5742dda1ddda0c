//! The one task that tries to reach FAPI again, and who waits for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};

use crate::error::Error;

/// The delays between retries: they begin with this one and double.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

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
pub(crate) struct Retrying(Arc<Contact>);

impl Drop for Retrying {
    fn drop(&mut self) {
        self.0.retrying.store(false, Ordering::Release);
    }
}

impl Retrying {
    /// Waits until it is time for the next retry. [`retry_now`](Contact::retry_now) ends the wait, but not before the time that
    /// FAPI asked for with `error`.
    pub(crate) async fn wait(&self, backoff: &mut Backoff, error: &Error) {
        let asked_for = error.retry_after().map(Duration::from_secs).unwrap_or_default();
        tokio::time::sleep(asked_for).await;
        let pause = backoff.next().saturating_sub(asked_for);
        // Either way it is time to retry.
        let _ = tokio::time::timeout(pause, self.0.retry_now.notified()).await;
    }
}

impl Contact {
    /// Returns the right to retry, unless another task has it.
    pub(crate) fn begin_retrying(self: &Arc<Self>) -> Option<Retrying> {
        (!self.retrying.swap(true, Ordering::AcqRel)).then(|| Retrying(self.clone()))
    }

    /// Ends the pause between two retries.
    pub(crate) fn retry_now(&self) {
        if self.is_retrying() {
            self.retry_now.notify_one();
        }
    }

    /// Records the outcome of an attempt to load.
    pub(crate) fn attempted(&self, error: Option<&Error>) {
        self.attempts.send_modify(|(count, last)| (*count, *last) = (*count + 1, error.cloned()));
    }

    pub(super) fn is_retrying(&self) -> bool {
        self.retrying.load(Ordering::Acquire)
    }

    /// Returns a receiver that changes with each attempt.
    pub(super) fn attempts(&self) -> watch::Receiver<(u64, Option<Error>)> {
        self.attempts.subscribe()
    }
}
