//! Requests that FAPI asked not to repeat before some time (`Retry-After`).
//!
//! The core's own requests, which include those for session tokens, are not sent before that time: their callers get the
//! same error again, with the time that is left. A request on behalf of the user is always sent, because FAPI alone knows
//! whether another attempt is one too many.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::{
    error::{Error, Result},
    fapi::request::{Effect, Request},
    sync::lock,
};

/// The key for all requests, after a 503.
const EVERYTHING: &str = "";

/// What must not be sent yet.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Wait>>);

struct Wait {
    until: Instant,
    error: Error,
}

impl Throttle {
    /// # Errors
    /// The error with which FAPI asked to wait, if `request` must not be sent yet.
    pub(super) fn check(&self, request: &Request) -> Result<()> {
        if request.effect() != Effect::Background {
            return Ok(());
        }
        let mut waits = lock(&self.0);
        let now = Instant::now();
        waits.retain(|_, wait| wait.until > now);
        let limit = request.rate_limit();
        match [EVERYTHING, &limit].into_iter().filter_map(|key| waits.get(key)).max_by_key(|wait| wait.until) {
            Some(wait) => Err(wait.error.clone().with_retry_after(Some(seconds(wait.until - now)))),
            None => Ok(()),
        }
    }

    /// Notes what FAPI asked for in the response to `request`.
    pub(super) fn note(&self, request: &Request, error: &Error) {
        let Some(seconds) = error.retry_after().filter(|seconds| *seconds > 0) else { return };
        let key = if error.status() == Some(429) { request.rate_limit() } else { EVERYTHING.to_owned() };
        let until = Instant::now() + Duration::from_secs(seconds);
        tracing::debug!(seconds, limit = key, "FAPI asked to wait");
        lock(&self.0).insert(key, Wait { until, error: error.clone() });
    }
}

/// Rounds up.
fn seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}
