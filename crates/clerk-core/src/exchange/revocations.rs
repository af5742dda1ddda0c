//! Ends sessions on the server that the user signed out of on this device.
//!
//! Signing out is complete on this device before FAPI knows of it. The sessions to end are stored, and sent until FAPI itself
//! says that they have ended: a response of something in between (a captive portal, a gateway) never names the client. Sessions
//! are ended one by one, so that a new session, which the user may begin in the meantime, is never among them.

use std::time::Duration;

use crate::{
    clerk::Clerk,
    error::Result,
    exchange::{
        connection::{client_id, is_same_client},
        requests::get_client,
    },
    fapi::{
        pipeline::{Credentials, Reply},
        request::{Method, Request, path},
    },
    models::{Client, ClientId, Session, SessionId},
    ports::{BoxFuture, TokenUpdate},
    secret::ClientToken,
    state::{
        revocation_queue::{Revocation, Target},
        snapshot::Snapshot,
        transition::Transition,
    },
    task,
};

/// The delays between attempts begin with this one and double.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long other requests wait for an attempt, which ends with another client token.
const ATTEMPT_PATIENCE: Duration = Duration::from_secs(5);
/// A session that could not be ended for this long is left to its own expiry; the default lifetime is a week.
const MAX_AGE_MS: i64 = 60 * 24 * 60 * 60 * 1000;
/// How often FAPI has to say that a token is none of the client, until the session is left to its own expiry. With each of these
/// requests FAPI makes a client that nobody needs; their pauses take ten minutes altogether.
const MAX_REFUSALS: u8 = 8;

/// What a response says about the session to end.
enum Said {
    /// The session has ended.
    Ended,
    /// The client still has it.
    SignedIn,
    /// The token is that of no client, or of another one.
    UnknownToken,
    /// Nothing, e.g. because it is not a response of FAPI.
    Nothing,
}

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
        task::spawn(async move {
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
    pub(super) fn send_revocations_once(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let queue = &self.0.revocations;
            let before = queue.pending();
            let mut is_reachable = true;
            for revocation in &before {
                // What is unknown may have become known meanwhile.
                if !queue.contains(&revocation.target) {
                    continue;
                }
                let is_over = match self.revoke(revocation).await {
                    Ok(Said::Ended) => true,
                    Ok(Said::UnknownToken) => self.is_given_up(revocation) || self.is_too_old(revocation),
                    Ok(Said::SignedIn) => {
                        queue.note_refusal(&revocation.target, false);
                        self.is_too_old(revocation)
                    }
                    Ok(Said::Nothing) => self.is_too_old(revocation),
                    Err(error) => {
                        tracing::debug!(code = error.code(), "a session could not be ended on the server yet");
                        is_reachable = false;
                        break;
                    }
                };
                if is_over {
                    queue.finish(&revocation.target);
                }
            }
            if queue.pending() != before {
                // Stores what is left of the queue.
                self.update_stored(|_| {}).await;
            }
            is_reachable
        })
    }

    /// Notes that FAPI does not know the client of a revocation. Returns whether to give it up: one word is not enough, because
    /// a token that was superseded in the browser may be accepted later, for the nonce that comes back from there.
    fn is_given_up(&self, revocation: &Revocation) -> bool {
        let refused = !self.expects_nonce();
        let is_given_up = self.0.revocations.note_refusal(&revocation.target, refused) >= MAX_REFUSALS;
        if is_given_up {
            tracing::warn!(
                "a session is not ended on the server, which does not know the client of the session any more"
            );
        }
        is_given_up
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

    /// Ends a session on the server. Returns what FAPI said about it.
    ///
    /// # Errors
    /// `network_error`: FAPI can't be reached.
    async fn revoke(&self, revocation: &Revocation) -> Result<Said> {
        if let Some(session) = revocation.session() {
            let remove = Request::new(Method::Post, path(&["client", "sessions", session.as_str(), "remove"]));
            if matches!(self.send_revocation(&remove, revocation).await?, Said::Ended) {
                return Ok(Said::Ended);
            }
        }
        // The response did not name the client, e.g. because FAPI does not know the session any more.
        self.send_revocation(&get_client(), revocation).await
    }

    /// Sends a request with the credentials of the client that the session belongs to. Returns what the response says.
    fn send_revocation<'a>(&'a self, request: &'a Request, revocation: &'a Revocation) -> BoxFuture<'a, Result<Said>> {
        Box::pin(async move {
            if self.is_client(revocation) {
                let token = self.0.connection.client_token();
                let (reply, in_flight) = self.send(request).await?;
                let said = said(&reply, revocation, token.as_ref());
                // Applying the response makes the sessions known. An error says nothing more than the missing client.
                let _ = self.absorb(reply, in_flight).await;
                let is_known = revocation.session().is_none() && !self.0.revocations.contains(&revocation.target);
                return Ok(if is_known { Said::Ended } else { said });
            }
            let Some(fapi) = self.0.connection.fapi() else { return Ok(Said::Nothing) };
            let credentials = Credentials { client_token: revocation.token.clone(), ..Credentials::default() };
            let reply = fapi.send(request, &credentials).await?;
            // FAPI makes another client when it refuses a token.
            if let (Some(old), TokenUpdate::Set(new)) = (&revocation.token, &reply.token)
                && is_same_client(old, new)
            {
                self.0.revocations.renew_token(old, new);
            }
            let said = said(&reply, revocation, revocation.token.as_ref());
            if revocation.session().is_none()
                && matches!(said, Said::SignedIn)
                && let Some(client) = reply.client.as_ref().map(|client| &client.typed)
            {
                // Nobody signs in to that client any more.
                self.0.revocations.add(client.signed_in_sessions().map(|session| Revocation {
                    target: Target::Session(session.id.clone()),
                    refusals: 0,
                    ..revocation.clone()
                }));
                return Ok(Said::Ended);
            }
            Ok(said)
        })
    }

    /// Returns the sessions of a client that the user signed out of without knowing them, because this device did not: those that
    /// are neither in the present state nor the one that was just `created`.
    pub(super) fn unknown_sessions(
        &self,
        snapshot: &Snapshot,
        client: &Client,
        created: Option<&SessionId>,
    ) -> Vec<Revocation> {
        let unknown = self.0.revocations.unknown_of(&client.id);
        let Some(sign_out) = unknown.first() else { return Vec::new() };
        let is_unknown = |session: &&Session| {
            created != Some(&session.id)
                && !snapshot.lists_session(&session.id)
                && !snapshot.signed_out.contains(&session.id)
        };
        let sessions = client.signed_in_sessions().filter(is_unknown);
        sessions
            .map(|session| Revocation { target: Target::Session(session.id.clone()), refusals: 0, ..sign_out.clone() })
            .collect()
    }

    /// Ends the sign-outs of sessions that were unknown: these are the sessions. Returns the change of the state, or `None` if there
    /// is no such sign-out.
    pub(super) fn settle_sign_outs(&self, client: &ClientId, sessions: Vec<Revocation>) -> Option<Transition> {
        let queue = &self.0.revocations;
        let sign_outs = queue.unknown_of(client);
        if sign_outs.is_empty() {
            return None;
        }
        let ids = sessions.iter().filter_map(Revocation::session).cloned().collect();
        queue.add(sessions);
        for sign_out in sign_outs {
            queue.finish(&sign_out.target);
        }
        Some(Transition::SignedOut { sessions: ids, pending: queue.sessions() })
    }

    /// Whether this device is still the client that the session belongs to.
    fn is_client(&self, revocation: &Revocation) -> bool {
        let snapshot = self.snapshot();
        let client = snapshot.client.as_ref().map(|client| &client.id).filter(|id| !id.as_str().is_empty());
        client.is_none_or(|id| *id == revocation.client) || self.0.connection.client_token() == revocation.token
    }
}

/// Returns what a response to a request with `token` says about a session.
fn said(reply: &Reply, revocation: &Revocation, token: Option<&ClientToken>) -> Said {
    let client = reply.client.as_ref().map(|client| &client.typed);
    let named = client.filter(|client| !client.id.as_str().is_empty());
    let is_own = |client: &&Client| client.id == revocation.client || revocation.client.as_str().is_empty();
    if let Some(client) = named.filter(is_own) {
        let is_over = match revocation.session() {
            Some(session) => client.signed_in_session(session).is_none(),
            None => client.signed_in_sessions().next().is_none(),
        };
        return if is_over { Said::Ended } else { Said::SignedIn };
    }
    let gives_other_token = match (token, &reply.token) {
        (Some(old), TokenUpdate::Set(new)) => client_id(new).is_some() && !is_same_client(old, new),
        _ => false,
    };
    let has_no_client = matches!(&reply.outcome, Ok(resource) if resource.is_null()) && reply.client.is_some();
    if gives_other_token || named.is_some() || has_no_client { Said::UnknownToken } else { Said::Nothing }
}
