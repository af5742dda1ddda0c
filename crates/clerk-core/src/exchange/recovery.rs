//! Whether FAPI can be reached, and how the core finds out that it can be reached again.

use std::{sync::Arc, time::Duration};

use crate::{
    clerk::{Clerk, not_loaded},
    error::{Error, Result},
    events::Status,
    exchange::{contact::Backoff, requests::get_client},
    ports::BoxFuture,
    state::{snapshot::Snapshot, transition::Transition},
    task,
};

/// How long a call waits for a load that is running or being retried.
const WAIT_FOR_LOAD: Duration = Duration::from_secs(25);

impl Clerk {
    /// Tells Clerk that the user is back, e.g. when a window gets the focus or the computer wakes up: looks at the clocks,
    /// and retries at once what is waiting for the network. The plugin calls it when a window gets the focus.
    pub fn resume(&self) {
        self.0.upkeep.wake();
        self.0.contact.retry_now();
        let vault = &self.0.vault;
        if (vault.unfinished().is_some() || vault.token_is_withheld()) && tokio::runtime::Handle::try_current().is_ok()
        {
            let clerk = self.clone();
            task::spawn(async move { clerk.renew_key().await });
        }
    }

    /// Returns the state once it is loaded. If a load is running, waits for it. If the last one failed because FAPI could not be
    /// reached, it is retried at once.
    ///
    /// # Errors
    /// `not_loaded` if no load was begun, or if it was refused; the error of the retry.
    pub(crate) fn loaded(&self) -> BoxFuture<'_, Result<Arc<Snapshot>>> {
        Box::pin(async move {
            let mut attempts = self.0.contact.attempts();
            let mut state = self.subscribe();
            let snapshot = self.snapshot();
            if snapshot.is_loaded() {
                return Ok(snapshot);
            }
            let begun = snapshot.publishable_key.is_some();
            if !begun || (snapshot.status == Status::Error && !self.0.contact.is_retrying()) {
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
        })
    }

    /// Records that FAPI can't be reached any more, and tries to reach it again in the background.
    pub(super) async fn lose_contact(&self, error: Error) {
        if self.snapshot().status != Status::Ready {
            return;
        }
        tracing::warn!(code = error.code(), "Clerk can't be reached; the state is what it said last: {error}");
        self.commit([Transition::Degraded(error.clone())]).await;
        self.regain_contact(error);
    }

    /// Tries to reach FAPI again until it responds or the last handle is dropped.
    fn regain_contact(&self, mut error: Error) {
        let Some(retrying) = self.0.contact.begin_retrying() else { return };
        let mut background = self.in_background();
        task::spawn(async move {
            let mut backoff = Backoff::default();
            while let Some((clerk, ())) = background.after(retrying.wait(&mut backoff, &error)).await {
                if clerk.snapshot().status != Status::Degraded {
                    return;
                }
                match clerk.exchange(&get_client().background()).await {
                    Err(failure) if failure.is_transient() => error = failure,
                    // Any other response came from FAPI as well.
                    _ => {
                        clerk.commit([Transition::Loaded]).await;
                        return;
                    }
                }
            }
        });
    }
}
