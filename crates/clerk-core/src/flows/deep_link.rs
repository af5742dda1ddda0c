//! Links that the operating system hands to the app.

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

/// What became of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkOutcome {
    /// It is not the app's callback URL; the app may do with it what it wants.
    NotOurs,
    /// A flow of this process was waiting for it.
    Delivered,
    /// It finished a flow of an earlier run of the app.
    Resumed,
    /// No flow asked for it, so nothing was changed.
    Refused,
}

impl Clerk {
    /// Takes a link that the operating system handed to the app.
    ///
    /// When no flow of this process waits for it, this waits for [`load`](Self::load) and looks whether an earlier run
    /// of the app began a flow in the last ten minutes.
    pub async fn handle_deep_link(&self, link: &Url) -> LinkOutcome {
        match &self.0.setup.callback {
            Ok(callback) if callback.matches(link) => {}
            _ => return LinkOutcome::NotOurs,
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
                // Windows without permissions hear notices too, so Clerk's own words are for the log.
                tracing::warn!(code = error.code(), "a sign-in that nobody waited for any more failed: {error}");
                let message = format!("a sign-in that nobody waited for any more failed ({})", error.code());
                self.notice("redirect_failed", message);
            }
            None => {
                tracing::warn!(
                    code = "deep_link_refused",
                    "a callback link was refused: no flow of this app asked for it"
                );
                return LinkOutcome::Refused;
            }
        }
        LinkOutcome::Resumed
    }

    /// The record of a flow that an earlier run began, if it is fresh and the client still knows its attempt. It is
    /// used up by this.
    async fn take_record(&self) -> Option<PendingRecord> {
        // A load that fails may be tried again, as long as there may be a record; offline nothing can be finished.
        let mut state = self.subscribe();
        let ready = |snapshot: &Arc<Snapshot>| snapshot.status == Status::Ready;
        let loaded = tokio::time::timeout(RECORD_LIFETIME, state.wait_for(ready)).await;
        drop(loaded.ok()?.ok()?);
        let _turn = self.0.flows.record.lock().await;
        let record = self.read_record().await.filter(|record| record.run != self.0.flows.run)?;
        self.delete_record().await;
        record.is_fresh(self.0.setup.clock.now_ms()).then_some(record)
    }

    /// Takes the outcome of a browser flow that no caller was waiting for, e.g. because the callback link started the app. It
    /// is returned once.
    #[must_use]
    pub fn take_redirect_outcome(&self) -> Option<RedirectOutcome> {
        self.0.flows.take_outcome()
    }
}
