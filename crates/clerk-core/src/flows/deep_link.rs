//! Deep links: links that the operating system passes to the app.

use std::sync::Arc;

use url::Url;

use crate::{
    clerk::Clerk,
    error::Result,
    events::Status,
    flows::{
        callback_link::{CallbackLink, Claim},
        outcome::RedirectOutcome,
        pending::{Finished, PendingFlow, PendingRecord, RECORD_LIFETIME, Returned},
    },
    navigation::callback_url::LinkOutcome,
    ports::BoxFuture,
    resources::session::TouchIntent,
    secret::{CodeVerifier, Secret},
    state::snapshot::Snapshot,
};

/// What FAPI says about a link.
pub(super) enum Verdict {
    /// The link belongs to the flow, which is over.
    Proved(Result<Returned>),
    /// The link proves nothing, so the flow goes on.
    Unproved(&'static str),
}

/// What becomes of an attempt that the provider refused.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    /// The flow ends with an error. `says_failed` is whether the link says so too.
    Ends { says_failed: bool },
    /// The caller shows the failed attempt.
    IsPassedOn,
}

/// What remains to be done once the next link may be handled.
enum Handled {
    Delivered,
    Unawaited(Result<Returned>, Arc<PendingRecord>),
    Finished(Result<RedirectOutcome>),
    Refused(&'static str),
    /// Its nonce was redeemed, but another user signed in meanwhile.
    RefusedForUser,
}

impl Clerk {
    /// Whether the link is the app's callback URL, and so a matter of [`handle_deep_link`](Self::handle_deep_link).
    #[must_use]
    pub fn is_callback_link(&self, link: &Url) -> bool {
        self.0.setup.callback.as_ref().is_ok_and(|callback| callback.matches(link))
    }

    /// Handles a link that the operating system passed to the app.
    ///
    /// Any program can open such a link. It ends a flow only if it proves that it belongs to it: an e-mail link with the id of
    /// the attempt and an approval that FAPI accepts, a link from a hosted page with the flow's state, a link from a provider
    /// with a nonce that FAPI accepts, or any link once FAPI says that the attempt failed or must be transferred. All other links
    /// are logged, and the flow goes on. Links are handled one after the other.
    ///
    /// A flow can be finished for ten minutes from its start, also after its caller stopped waiting and after a restart of the
    /// app; in the latter case, this waits for [`load`](Self::load).
    pub async fn handle_deep_link(&self, link: &Url) -> LinkOutcome {
        if !self.is_callback_link(link) {
            return LinkOutcome::NotOurs;
        }
        let Some(content) = CallbackLink::read(link) else { return refuse("it is too long") };
        if let Some(flow) = self.0.flows.redeemable(self.0.setup.clock.now_ms())
            && let Err(why) = content.claim(&flow.record.flow)
        {
            // Such links need not wait for their turn.
            return refuse(why);
        }
        let expected = self.0.flows.expected(self.0.setup.clock.now_ms());
        let names_flow = |key: &Secret<String>| {
            expected.as_ref().is_some_and(|record| CallbackLink::of_key(key).names(&record.flow))
        };
        let Some(turn) = self.0.flows.links.turn_of_link(content.key(), names_flow).await else {
            return refuse("it is one of many");
        };
        let handled = self.handle_in_turn(link, &content).await;
        drop(turn);
        let finished = match handled {
            Handled::Delivered => return LinkOutcome::Delivered,
            Handled::Refused(why) => return refuse(why),
            Handled::RefusedForUser => {
                self.keep_active_session().await;
                return refuse(OTHER_USER);
            }
            Handled::Finished(finished) => finished,
            Handled::Unawaited(Ok(returned), record) => self.continue_unawaited(returned, &record.flow).await,
            Handled::Unawaited(Err(error), _) => Err(error),
        };
        match finished {
            Ok(outcome) => self.hand_to_window(outcome),
            Err(error) => {
                // Windows without permissions receive notices too, so Clerk's own message is only logged.
                tracing::warn!(code = error.code(), "a sign-in that no caller was waiting for failed: {error}");
                self.notice_redirect_failed(error.code());
            }
        }
        LinkOutcome::Resumed
    }

    async fn handle_in_turn(&self, link: &Url, content: &CallbackLink) -> Handled {
        if !self.wait_until_links_can_be_checked().await {
            return Handled::Refused("Clerk was not loaded in time");
        }
        if let Some(flow) = self.0.flows.redeemable(self.0.setup.clock.now_ms()) {
            let other_user = self.someone_else_signed_in(&flow.record);
            let returned = match self.verdict(content, &flow.record.flow, other_user && !flow.awaited).await {
                Verdict::Unproved(why) => return Handled::Refused(why),
                Verdict::Proved(returned) => returned,
            };
            let finished = self.0.flows.finish(flow.id, returned);
            self.forget_record(flow.id).await;
            return match finished {
                Finished::Delivered => Handled::Delivered,
                Finished::Unawaited(_) if other_user => Handled::RefusedForUser,
                Finished::Unawaited(returned) => Handled::Unawaited(returned, flow.record),
                Finished::Gone => Handled::Refused("its flow was cancelled or superseded"),
            };
        }
        if let Some(record) = self.stored_record().await {
            let replaces_user = self.someone_else_signed_in(&record);
            return match self.verdict(content, &record.flow, replaces_user).await {
                Verdict::Unproved(why) => Handled::Refused(why),
                Verdict::Proved(returned) => {
                    self.delete_stored_record(&record).await;
                    match replaces_user {
                        true => Handled::RefusedForUser,
                        false => Handled::Unawaited(returned, Arc::new(record)),
                    }
                }
            };
        }
        match self.finish_unawaited_email_link(link).await {
            Some(finished) => Handled::Finished(finished),
            None => Handled::Refused("no flow of this app requested it"),
        }
    }

    /// Waits until a flow accepts links, or FAPI can be asked about one of an earlier run. A failed load may be retried as
    /// long as a record may exist.
    async fn wait_until_links_can_be_checked(&self) -> bool {
        let mut armed = self.0.flows.armed();
        if self.0.flows.redeemable(self.0.setup.clock.now_ms()).is_some() {
            return true;
        }
        let mut state = self.subscribe();
        let ready = |snapshot: &Arc<Snapshot>| snapshot.status == Status::Ready;
        tokio::select! {
            loaded = tokio::time::timeout(RECORD_LIFETIME, state.wait_for(ready)) => loaded.is_ok_and(|found| found.is_ok()),
            armed = armed.changed() => armed.is_ok(),
        }
    }

    /// Asks FAPI whether a link belongs to a flow. A nonce is redeemed, but no session is activated.
    fn verdict<'a>(
        &'a self,
        link: &'a CallbackLink,
        flow: &'a PendingFlow,
        replaces_user: bool,
    ) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let claim = match link.claim(flow) {
                Ok(claim) => claim,
                Err(why) => return Verdict::Unproved(why),
            };
            match flow {
                PendingFlow::Redirect { attempt, .. } => {
                    self.judge_redirect(attempt, claim.nonce(), Failure::Ends { says_failed: link.says_failed() }).await
                }
                PendingFlow::Component { attempt, .. } => {
                    self.judge_redirect(attempt, claim.nonce(), Failure::IsPassedOn).await
                }
                PendingFlow::Account { account } => self.judge_account(account, claim.nonce()).await,
                // The approval of an e-mail link would sign in another user, and the browser has not rotated the client token.
                PendingFlow::EmailLink { .. } if replaces_user => Verdict::Unproved(OTHER_USER),
                PendingFlow::EmailLink { attempt, code_verifier } => {
                    let approval =
                        if let Claim::Approval(approval) = &claim { Some(approval.expose().as_str()) } else { None };
                    self.judge_email_link(attempt, approval, &CodeVerifier::new(code_verifier.expose().as_str())).await
                }
                PendingFlow::HostedAuth { code_verifier, .. } => {
                    self.judge_hosted_auth(claim, &CodeVerifier::new(code_verifier.expose().as_str())).await
                }
            }
        })
    }

    /// Tells FAPI which session is active. Signing in through the browser made another one the last active session of the
    /// client, and the next start of the app would show its user.
    async fn keep_active_session(&self) {
        if let Some(session) = self.snapshot().session()
            && let Err(error) = self
                .touch_session(&session.id, session.last_active_organization_id.as_ref(), TouchIntent::SelectSession)
                .await
        {
            tracing::debug!(code = error.code(), "the active session could not be touched");
        }
    }

    /// Whether another user than at the start of the flow is signed in. A late link must not replace them.
    fn someone_else_signed_in(&self, record: &PendingRecord) -> bool {
        let snapshot = self.snapshot();
        let user = snapshot.user().map(|user| &user.id);
        user.is_some() && user != record.user.as_ref()
    }

    /// Reads the record of a flow that an earlier run began, if it is fresh.
    async fn stored_record(&self) -> Option<PendingRecord> {
        let record = {
            let _turn = self.0.flows.record.lock().await;
            self.read_record().await.filter(|record| record.run != self.0.flows.run)?
        };
        if record.is_fresh(self.0.setup.clock.now_ms()) {
            return Some(record);
        }
        self.delete_stored_record(&record).await;
        None
    }

    /// Deletes the record of an earlier run, but not that of a flow that began meanwhile.
    async fn delete_stored_record(&self, record: &PendingRecord) {
        let _turn = self.0.flows.record.lock().await;
        if self.read_record().await.is_some_and(|found| found.run == record.run && found.id == record.id) {
            self.delete_record().await;
            self.0.flows.set_earlier(None);
        }
    }

    /// Takes the outcome of a browser flow that no caller was waiting for, e.g. because the callback link started the
    /// app. Returns it once.
    #[must_use]
    pub fn take_redirect_outcome(&self) -> Option<RedirectOutcome> {
        self.0.flows.take_outcome()
    }
}

const OTHER_USER: &str = "another user signed in meanwhile";

fn refuse(why: &'static str) -> LinkOutcome {
    tracing::warn!(code = "deep_link_refused", "a callback link was refused: {why}");
    LinkOutcome::Refused
}
