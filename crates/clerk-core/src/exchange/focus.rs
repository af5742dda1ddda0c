//! Synchronization with the server while the app runs: touch on focus, and polling.

use std::time::Duration;

use crate::{clerk::Clerk, error::Result, exchange::requests::get_client, resources::session::TouchIntent};

/// The interval that Clerk's documentation states for `polling`.
const POLLING_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// The status is `degraded` after this many failed polls.
const TOLERATED_FAILURES: u32 = 2;

impl Clerk {
    /// Reloads the client and reports the user's activity to the server, as a window does on focus. Does nothing if
    /// signed out, or with the option `touchSession: false`.
    ///
    /// # Errors
    /// `network_error` or `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/touch`; `ClerkOptions.touchSession`.
    pub async fn touch(&self) -> Result<()> {
        self.resume();
        let snapshot = self.snapshot();
        let Some(session) = snapshot.session().filter(|_| snapshot.options.touch_session != Some(false)) else {
            return Ok(());
        };
        let organization = session.last_active_organization_id.as_ref();
        self.touch_session(&session.id, organization, TouchIntent::Focus).await.map(|_| ())
    }

    /// Reads the client every five minutes for as long as the app runs, so that e.g. a revoked session is noticed.
    /// Skipped with the option `polling: false`. The plugin runs this.
    ///
    /// After two failed polls, about ten minutes, the status is `degraded` until FAPI responds again.
    ///
    /// # Source
    /// `ClerkOptions.polling`.
    pub async fn poll(&self) {
        let mut failures = 0;
        loop {
            tokio::time::sleep(POLLING_INTERVAL).await;
            let snapshot = self.snapshot();
            if !snapshot.is_loaded() || snapshot.options.polling == Some(false) {
                failures = 0;
                continue;
            }
            match self.exchange(&get_client().background()).await {
                Ok(_) => failures = 0,
                Err(error) if error.is_unauthenticated() => self.settle_unauthenticated().await,
                Err(error) => {
                    tracing::debug!(code = error.code(), "the client could not be reloaded");
                    // FAPI can be reached if it says that there were too many requests.
                    failures += u32::from(error.is_transient() && error.status() != Some(429));
                    if failures >= TOLERATED_FAILURES {
                        failures = 0;
                        self.lose_contact(error).await;
                    }
                }
            }
        }
    }
}
