//! The task that applies what time alone changes, and keeps claims valid that would expire.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use crate::{
    clerk::{Clerk, Inner},
    exchange::{requests::get_client, session_token::REFRESH_THRESHOLD_MS, token_cache::TokenId},
    jwt::payload,
    state::{snapshot::Snapshot, transition::Transition},
    task,
    time::Moment,
};

/// The longest pause while something is due later: timers stand still while the computer sleeps, so the wall clock is looked
/// at after waking up.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The pause after a refresh that failed.
const PAUSE_AFTER_REFRESH: Duration = Duration::from_secs(30);

impl Clerk {
    /// Starts the task, unless it runs already. It ends with the last handle.
    pub(crate) fn start_upkeep(&self) {
        if self.0.upkeep.start() {
            task::spawn(keep_up(Arc::downgrade(&self.0)));
        }
    }

    /// Applies what is due, and returns the time until something is due again.
    async fn keep_up_once(&self) -> Option<Duration> {
        let snapshot = self.0.store.snapshot();
        let now = self.now();
        if snapshot.has_ended_session(now) {
            self.end_aged_sessions().await;
        }
        let refresh_in = token_to_refresh(&snapshot, now).map(|(id, due_ms)| {
            if due_ms > 0 {
                return due_ms;
            }
            if !self.0.store.tokens.may_refresh(&id, now) {
                return millis(PAUSE_AFTER_REFRESH);
            }
            let refresh = self.shared_mint(id);
            task::spawn(async move {
                if let Err(error) = refresh.await {
                    tracing::debug!(code = error.code(), "the claims of the session token could not be refreshed");
                }
            });
            millis(PAUSE_AFTER_REFRESH)
        });
        let end_in = self.0.store.snapshot().next_end_ms(now);
        let due_ms = [refresh_in, end_in].into_iter().flatten().min()?;
        Some(Duration::from_millis(due_ms.clamp(1, millis(LONGEST_PAUSE)).unsigned_abs()))
    }

    /// Ends the sessions whose time has come, and asks FAPI, because our clock may be wrong.
    async fn end_aged_sessions(&self) {
        let writer = self.0.store.writer(&self.0.setup).await;
        let before = self.0.store.snapshot();
        if !before.has_ended_session(self.now()) {
            return;
        }
        writer.apply([Transition::Aged]);
        let now = self.0.store.snapshot();
        drop(writer);
        if before.shows_somebody_else_than(&now) {
            self.renew_key().await;
        }
        let clerk = self.clone();
        task::spawn(async move {
            if let Err(error) = clerk.exchange(&get_client().background()).await {
                tracing::debug!(code = error.code(), "FAPI could not be asked about a session that ended here");
            }
        });
    }
}

/// Runs until the last handle is dropped.
async fn keep_up(inner: Weak<Inner>) {
    let Some((mut state, woken)) = inner.upgrade().map(|inner| (inner.store.subscribe(), inner.upkeep.woken())) else {
        return;
    };
    loop {
        let pause = match inner.upgrade() {
            Some(inner) => Clerk::of(inner).keep_up_once().await,
            None => return,
        };
        let due = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = woken.notified() => {}
            changed = state.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}

/// Returns the token of the active session and the milliseconds until it should be refreshed, if it grants a feature or a
/// plan. Others are minted when they are needed.
fn token_to_refresh(snapshot: &Snapshot, now: Moment) -> Option<(TokenId, i64)> {
    let session = snapshot.session().filter(|_| snapshot.is_loaded())?;
    let token = snapshot.session_token(&session.id)?;
    let claims = payload(token.token.expose())?;
    let grants = |claim: &str| claims[claim].as_str().is_some_and(|text| !text.is_empty());
    if !grants("fea") && !grants("pla") {
        return None;
    }
    let id = TokenId {
        session: session.id.clone(),
        template: None,
        organization: session.last_active_organization_id.clone(),
    };
    Some((id, token.remaining_ms(now).saturating_sub(REFRESH_THRESHOLD_MS)))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
