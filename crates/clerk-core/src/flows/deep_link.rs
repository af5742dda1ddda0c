//! Deep links: links that the operating system passes to the app.

use std::sync::Arc;

use url::Url;

use crate::{
    clerk::Clerk,
    events::Status,
    flows::{
        outcome::RedirectOutcome,
        pending::{PendingRecord, RECORD_LIFETIME},
    },
    state::snapshot::Snapshot,
};

/// The result of handling a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOutcome {
    /// It is not the app's callback URL; the app may handle it otherwise.
    NotOurs,
    /// It was delivered to a waiting flow of this process.
    Delivered,
    /// It finished a flow of an earlier run of the app.
    Resumed,
    /// No flow requested it, so nothing was changed.
    Refused,
}

impl Clerk {
    /// Whether the link is the app's callback URL, and so a matter of [`handle_deep_link`](Self::handle_deep_link).
    #[must_use]
    pub fn is_callback_link(&self, link: &Url) -> bool {
        self.0.setup.callback.as_ref().is_ok_and(|callback| callback.matches(link))
    }

    /// Handles a link that the operating system passed to the app.
    ///
    /// If no flow of this process is waiting for it, waits for [`load`](Self::load) and checks whether an earlier run
    /// of the app began a flow in the last ten minutes.
    pub async fn handle_deep_link(&self, link: &Url) -> LinkOutcome {
        if !self.is_callback_link(link) {
            return LinkOutcome::NotOurs;
        }
        if self.0.flows.deliver(link) {
            return LinkOutcome::Delivered;
        }
        let finished = match self.take_record().await {
            Some(record) => Some(self.complete(link, record.flow).await),
            None => self.finish_unawaited_email_link(link).await,
        };
        match finished {
            Some(Ok(outcome)) => self.hand_to_window(outcome),
            Some(Err(error)) => {
                // Windows without permissions receive notices too, so Clerk's own message is only logged.
                tracing::warn!(code = error.code(), "a sign-in that no caller was waiting for failed: {error}");
                let message = format!("a sign-in that no caller was waiting for failed ({})", error.code());
                self.notice("redirect_failed", message);
            }
            None => {
                tracing::warn!(
                    code = "deep_link_refused",
                    "a callback link was refused: no flow of this app requested it"
                );
                return LinkOutcome::Refused;
            }
        }
        LinkOutcome::Resumed
    }

    /// Takes the record of a flow that an earlier run began, if it is fresh. The record is deleted.
    async fn take_record(&self) -> Option<PendingRecord> {
        // A failed load may be retried as long as a record may exist. Offline, no flow can be finished.
        let mut state = self.subscribe();
        let ready = |snapshot: &Arc<Snapshot>| snapshot.status == Status::Ready;
        let loaded = tokio::time::timeout(RECORD_LIFETIME, state.wait_for(ready)).await;
        drop(loaded.ok()?.ok()?);
        let _turn = self.0.flows.record.lock().await;
        let record = self.read_record().await.filter(|record| record.run != self.0.flows.run)?;
        self.delete_record().await;
        record.is_fresh(self.0.setup.clock.now_ms()).then_some(record)
    }

    /// Takes the outcome of a browser flow that no caller was waiting for, e.g. because the callback link started the
    /// app. Returns it once.
    #[must_use]
    pub fn take_redirect_outcome(&self) -> Option<RedirectOutcome> {
        self.0.flows.take_outcome()
    }
}
