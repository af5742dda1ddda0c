//! Stores the state for the next run whenever it changes.

use std::time::Duration;

use crate::{clerk::Clerk, state::sealed::CachedState};

/// How often the state is stored even if it is the same, so that the time of its confirmation is not forgotten.
const MAX_AGE_OF_FILE: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause before a write that failed is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(5 * 60);

impl Clerk {
    /// Stores the client and the environment whenever they change, for as long as the app runs. The plugin runs this by
    /// itself. Without a keyring or without [`ClerkSetup::cache`](crate::ClerkSetup::cache), nothing is stored.
    pub async fn keep_cache(&self) {
        if self.0.setup.cache.is_none() || !self.0.setup.keep_state {
            return;
        }
        let mut state = self.subscribe();
        // The state so far is stored too.
        state.mark_changed();
        let mut stored: Option<CachedState> = None;
        let mut has_failed = false;
        loop {
            let changed = match has_failed {
                true => tokio::time::timeout(RETRY_PAUSE, state.changed()).await.unwrap_or(Ok(())),
                false => state.changed().await,
            };
            if changed.is_err() {
                return;
            }
            has_failed = false;
            let snapshot = state.borrow_and_update().clone();
            // The restored state is stored already.
            if snapshot.restored {
                continue;
            }
            let Some(current) = CachedState::of(&snapshot) else { continue };
            let is_stored = stored.as_ref().is_some_and(|stored| {
                stored.is_same(&current) && stored.is_recent(current.confirmed_at_ms, MAX_AGE_OF_FILE)
            });
            // What is written is the state at the time of writing, which may be newer.
            if !is_stored {
                has_failed = !self.update_stored(|_| {}).await;
                stored = Some(current).filter(|_| !has_failed).or(stored);
            }
        }
    }
}
