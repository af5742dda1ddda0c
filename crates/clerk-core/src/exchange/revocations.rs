//! Ends sessions on the server that the user signed out of on this device.
//!
//! Signing out is complete on this device before FAPI knows of it. The sessions to end are stored, and sent until FAPI itself
//! says that they have ended: a response of something in between (a captive portal, a gateway) never names the client. Sessions
//! are ended one by one, so that a new session, which the user may begin in the meantime, is never among them.

use std::time::Duration;

use crate::{
    clerk::Clerk,
    error::Result,
    exchange::{connection::is_same_client, requests::get_client},
    fapi::{
        pipeline::{Credentials, Reply},
        request::{Method, Request, path},
        wire::Wire,
    },
    models::Client,
    ports::TokenUpdate,
    state::revocation_queue::Revocation,
};

/// The delays between attempts begin with this one and double.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long other requests wait for an attempt, which ends with another client token.
const ATTEMPT_PATIENCE: Duration = Duration::from_secs(5);
/// A session that could not be ended for this long is left to its own expiry; the default lifetime is a week.
const MAX_AGE_MS: i64 = 60 * 24 * 60 * 60 * 1000;

impl Clerk {
    /// Sends the queue until it is empty, in the background; what is left when the last handle is dropped is stored for the next
    /// run. Does nothing if a task does that already.
    pub(crate) fn send_revocations(&self) {
        let queue = self.0.revocations.clone();
        queue.wake.notify_one();
        if queue.is_empty() || !queue.begin() {
            return;
        }
        queue.set_attempting(true);
        let (mut clerk, mut background) = (self.clone(), self.in_background());
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                // Consumes a wish from before this attempt.
                let _ = futures_util::FutureExt::now_or_never(queue.wake.notified());
                queue.set_attempting(true);
                let is_reachable = clerk.send_revocations_once().await;
                queue.set_attempting(false);
                if queue.end() {
                    return;
                }
                queue.set_waiting(!is_reachable);
                drop(clerk);
                let woken = tokio::time::timeout(pause, queue.wake.notified());
                let Some((again, woken)) = background.after(woken).await else { return };
                if woken.is_err() {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                again.wait_for_load().await;
                clerk = again;
            }
        });
    }

    /// Waits for an attempt to end sessions that is under way, but not for long: an unreachable FAPI delays the request anyway.
    /// A request that is sent with the token of before would belong to another client.
    pub(crate) async fn wait_for_revocations(&self) {
        let _ = tokio::time::timeout(ATTEMPT_PATIENCE, self.0.revocations.attempted()).await;
    }

    /// Waits for a load that is being retried, for the same reason: its first response may wake this task.
    async fn wait_for_load(&self) {
        let _ = tokio::time::timeout(ATTEMPT_PATIENCE, self.0.turns.load()).await;
    }

    /// Sends the queue once. Returns whether FAPI could be reached.
    pub(super) async fn send_revocations_once(&self) -> bool {
        let (mut finished, mut is_reachable) = (false, true);
        for revocation in self.0.revocations.pending() {
            let is_over = match self.revoke(&revocation).await {
                Ok(ended) => ended || self.is_too_old(&revocation),
                Err(error) => {
                    tracing::debug!(code = error.code(), "a session could not be ended on the server yet");
                    is_reachable = false;
                    break;
                }
            };
            if is_over {
                self.0.revocations.finish(&revocation.session);
                finished = true;
            }
        }
        if finished {
            // Stores what is left of the queue.
            self.update_stored(|_| {}).await;
        }
        is_reachable
    }

    /// Whether to give up a revocation after another attempt. The wall clock may have been wrong when the user signed out, so
    /// age alone is no reason.
    fn is_too_old(&self, revocation: &Revocation) -> bool {
        let is_too_old = self.0.setup.clock.now_ms().saturating_sub(revocation.queued_at_ms) > MAX_AGE_MS;
        if is_too_old {
            tracing::warn!("a session could not be ended on the server for {} days", MAX_AGE_MS / 86_400_000);
        }
        is_too_old
    }

    /// Ends a session on the server. Returns whether FAPI said that it has ended.
    ///
    /// # Errors
    /// `network_error`: FAPI can't be reached.
    async fn revoke(&self, revocation: &Revocation) -> Result<bool> {
        let remove = Request::new(Method::Post, path(&["client", "sessions", revocation.session.as_str(), "remove"]));
        if self.send_revocation(&remove, revocation).await? == Some(true) {
            return Ok(true);
        }
        // The response did not name the client, e.g. because FAPI does not know the session any more.
        Ok(self.send_revocation(&get_client(), revocation).await? == Some(true))
    }

    /// Sends a request with the credentials of the client that the session belongs to. Returns whether the session has ended
    /// according to the client in the response, or `None` without that client.
    async fn send_revocation(&self, request: &Request, revocation: &Revocation) -> Result<Option<bool>> {
        if self.is_client(revocation) {
            let (reply, in_flight) = self.send(request).await?;
            let ended = has_ended(&reply, revocation);
            // An error says nothing more than the missing client.
            let _ = self.absorb(reply, in_flight).await;
            return Ok(ended);
        }
        let Some(fapi) = self.0.connection.fapi() else { return Ok(None) };
        let credentials = Credentials { client_token: revocation.token.clone(), session_id: None };
        let reply = fapi.send(request, &credentials).await?;
        // FAPI makes another client when it refuses a token.
        if let (Some(old), TokenUpdate::Set(new)) = (&revocation.token, &reply.token)
            && is_same_client(old, new)
        {
            self.0.revocations.renew_token(old, new);
        }
        Ok(has_ended(&reply, revocation))
    }

    /// Whether this device is still the client that the session belongs to.
    fn is_client(&self, revocation: &Revocation) -> bool {
        let snapshot = self.snapshot();
        let client = snapshot.client.as_ref().map(|client| &client.id).filter(|id| !id.as_str().is_empty());
        client.is_none_or(|id| *id == revocation.client) || self.0.connection.client_token() == revocation.token
    }
}

fn has_ended(reply: &Reply, revocation: &Revocation) -> Option<bool> {
    let client = Client::read(reply.client.as_ref()?.expose())?;
    (client.id == revocation.client && !client.id.as_str().is_empty())
        .then(|| client.signed_in_session(&revocation.session).is_none())
}
