//! E-mail links: a link in the user's mailbox that signs this device in.
//!
//! A native link returns to the app with an approval that only the requesting device can redeem (PKCE). Instances that
//! do not support it use browser links: these verify the attempt wherever they are opened, and return to the app if
//! they are opened on the same device.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    exchange::requests::get_client,
    fapi::{
        form::Form,
        json::Json,
        request::{Method, Request},
    },
    flows::{
        attempt::{Attempt, AttemptKind, AttemptResource},
        callback_link::parameter,
        callback_params::RedirectCallbackParams,
        deep_link::Verdict,
        next_step::{Destinations, activate},
        outcome::RedirectOutcome,
        pending::{FlowId, PendingFlow, RECORD_LIFETIME, Returned, Signals},
        round_trip::Pkce,
        set_active::SetActiveParams,
    },
    models::{SessionId, SignIn, SignInId, SignInStatus, SignUp, SignUpId, SignUpStatus, VerificationStatus},
    navigation::callback_url::CallbackUrl,
    resources::{
        sign_in::{PrepareFactorParams, SignInCreateParams},
        sign_up::PrepareVerificationParams,
    },
    secret::{CodeVerifier, Secret},
};

/// The interval at which an attempt is reloaded while its link may be opened on another device.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Parameters of [`Clerk::handle_email_link_verification`].
///
/// Source: `HandleEmailLinkVerificationParams` of Clerk's documentation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EmailLinkVerificationParams {
    /// Where to navigate when the sign-in or sign-up is complete.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url_complete: Option<String>,
    /// Where to navigate when more is required, e.g. a second factor.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url: Option<String>,
}

/// The outcome of a verified e-mail link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EmailLinkOutcome {
    /// Where the app should navigate to.
    pub navigate_to: Option<String>,
    /// The session that is now active.
    pub created_session_id: Option<SessionId>,
    /// Whether the link was opened for another device, or for a user who has to sign up first.
    pub verified_on_other_device: bool,
}

impl Clerk {
    /// Continues after an e-mail link for browsers returned to the app. `link` is the URL that it returned to, with
    /// `__clerk_status` and `__clerk_created_session`.
    ///
    /// Reloads the client first unless it contains the session, because another program on this device may have opened
    /// the link.
    ///
    /// # Errors
    /// `email_link_expired`, `email_link_client_mismatch`, `email_link_failed` (in the webview `EmailLinkError` with
    /// the codes `expired`, `client_mismatch`, `failed`), `not_loaded`, `network_error`, or `api_response_error`.
    ///
    /// # Source
    /// `Clerk.handleEmailLinkVerification()`.
    pub async fn handle_email_link_verification(
        &self,
        link: &Url,
        params: EmailLinkVerificationParams,
    ) -> Result<EmailLinkOutcome> {
        self.loaded().await?;
        let elsewhere = EmailLinkOutcome { verified_on_other_device: true, ..EmailLinkOutcome::default() };
        if link_status(link)? == LinkStatus::Transferable {
            return Ok(elsewhere);
        }
        let created = parameter(link, "__clerk_created_session").map(SessionId::from);
        if created.as_ref().is_none_or(|id| !self.knows_session(id)) {
            self.request(&get_client()).await?;
        }
        if let Some(id) = created.filter(|id| self.knows_session(id)) {
            self.choose(&SetActiveParams::session(id.clone())).await?;
            let task = self.own_task_url(params.redirect_url_complete.as_deref());
            return Ok(EmailLinkOutcome {
                navigate_to: task.or(params.redirect_url_complete),
                created_session_id: Some(id),
                verified_on_other_device: false,
            });
        }
        let client = self.client().unwrap_or_default();
        let unfinished = client.sign_in.as_ref().is_some_and(|attempt| attempt.is(&SignInStatus::NeedsSecondFactor))
            || client.sign_up.as_ref().is_some_and(|attempt| attempt.is(&SignUpStatus::MissingRequirements));
        if unfinished {
            return Ok(EmailLinkOutcome { navigate_to: params.redirect_url, ..EmailLinkOutcome::default() });
        }
        Ok(elsewhere)
    }

    fn knows_session(&self, id: &SessionId) -> bool {
        self.client().is_some_and(|client| client.sessions.iter().any(|session| session.id == *id))
    }

    /// Sends an e-mail link for a sign-in and waits until it is opened. The returned sign-in is `complete` or needs a
    /// second factor; pass its `created_session_id` to [`set_active`](Self::set_active).
    ///
    /// `email_address_id` selects the address. Default: the first one that the sign-in offers.
    ///
    /// # Errors
    /// `email_link_expired`, `email_link_failed`, `oauth_flow_cancelled` (see
    /// [`cancel_authentication`](Self::cancel_authentication)), `oauth_flow_superseded`, `oauth_flow_timed_out` after
    /// ten minutes, `redirect_url_invalid`, `callback_port_unavailable`, `not_loaded`, `network_error`, or `api_response_error`.
    ///
    /// # Source
    /// FAPI `…/prepare_first_factor` and `POST /v1/client/magic_links/complete`; `SignIn.createEmailLinkFlow()`.
    pub async fn sign_in_with_email_link(&self, id: &SignInId, email_address_id: Option<String>) -> Result<SignIn> {
        let attempt = Attempt::SignIn(id.clone());
        match self.run_email_link(&attempt, email_address_id).await? {
            AttemptResource::SignIn(sign_in) => Ok(*sign_in),
            AttemptResource::SignUp(_) => Err(failed("Clerk responded with a sign-up instead of a sign-in")),
        }
    }

    /// Sends an e-mail link for a sign-up and waits until it is opened; see
    /// [`sign_in_with_email_link`](Self::sign_in_with_email_link).
    ///
    /// # Errors
    /// As [`sign_in_with_email_link`](Self::sign_in_with_email_link).
    ///
    /// # Source
    /// FAPI `…/prepare_verification` and `POST /v1/client/magic_links/complete`; `SignUp.createEmailLinkFlow()`.
    pub async fn sign_up_with_email_link(&self, id: &SignUpId) -> Result<SignUp> {
        let attempt = Attempt::SignUp(id.clone());
        match self.run_email_link(&attempt, None).await? {
            AttemptResource::SignUp(sign_up) => Ok(*sign_up),
            AttemptResource::SignIn(_) => Err(failed("Clerk responded with a sign-in instead of a sign-up")),
        }
    }

    async fn run_email_link(&self, attempt: &Attempt, address: Option<String>) -> Result<AttemptResource> {
        self.loaded().await?;
        let callback = self.0.setup.callback.clone()?;
        let (flow, signal) = self.0.flows.begin();
        let result = self.wait_for_email_link(flow, signal, attempt, address, &callback).await;
        self.end_flow(flow, &result).await;
        result
    }

    async fn wait_for_email_link(
        &self,
        flow: FlowId,
        mut signal: Signals,
        attempt: &Attempt,
        address: Option<String>,
        callback: &CallbackUrl,
    ) -> Result<AttemptResource> {
        let started_at_ms = self.0.setup.clock.now_ms();
        let pkce = Pkce::new();
        let code_verifier = Secret::new(pkce.verifier.expose().to_owned());
        let record =
            self.record(flow, started_at_ms, PendingFlow::EmailLink { attempt: attempt.clone(), code_verifier });
        // Armed before the message is sent: the link may be opened before FAPI's response arrives here.
        self.arm(flow, &mut signal, record).await?;
        self.prepare_email_link(attempt, address, callback, &pkce).await?;
        let returned = tokio::select! {
            // A link that is being redeemed ends the wait before its attempt is polled again.
            biased;
            returned = self.wait_for_link(flow, signal, RECORD_LIFETIME) => returned?,
            verified = self.poll_email_link(attempt) => {
                self.0.flows.end(flow);
                self.forget_record(flow).await;
                return verified;
            }
        };
        match returned {
            Returned::Attempt(attempt) => Ok(attempt),
            Returned::Session(_) | Returned::Account => Err(failed("the link of another flow arrived")),
        }
    }

    /// Sends the link: a native one, or one for browsers if the instance does not support native links.
    async fn prepare_email_link(
        &self,
        attempt: &Attempt,
        address: Option<String>,
        callback: &CallbackUrl,
        pkce: &Pkce,
    ) -> Result<()> {
        let native = serde_json::Map::from_iter([
            ("redirectUri".to_owned(), callback.as_str().into()),
            ("codeChallenge".to_owned(), pkce.challenge.clone().into()),
            ("codeChallengeMethod".to_owned(), "S256".into()),
        ]);
        match self.send_email_link(attempt, address.clone(), None, native).await {
            Err(error) if is_unknown_parameter(&error) => {
                let redirect_url = Some(callback.as_str().to_owned());
                self.send_email_link(attempt, address, redirect_url, serde_json::Map::new()).await
            }
            sent => sent,
        }
    }

    async fn send_email_link(
        &self,
        attempt: &Attempt,
        address: Option<String>,
        redirect_url: Option<String>,
        extra: serde_json::Map<String, serde_json::Value>,
    ) -> Result<()> {
        let strategy = "email_link";
        match attempt {
            Attempt::SignIn(id) => {
                let sign_in = self.client().and_then(|client| client.sign_in.clone());
                let factors = sign_in.iter().flat_map(|sign_in| sign_in.supported_first_factors.iter().flatten());
                let mut offered = factors.filter(|factor| factor.strategy == strategy);
                let email_address_id = address.or_else(|| offered.find_map(|one| one.email_address_id.clone()));
                let params =
                    PrepareFactorParams { email_address_id, redirect_url, extra, ..PrepareFactorParams::new(strategy) };
                self.prepare_sign_in_first_factor(id, params).await.map(|_| ())
            }
            Attempt::SignUp(id) => {
                let params =
                    PrepareVerificationParams { redirect_url, extra, ..PrepareVerificationParams::new(strategy) };
                self.prepare_sign_up_verification(id, params).await.map(|_| ())
            }
        }
    }

    /// Polls the attempt until its link is opened somewhere.
    async fn poll_email_link(&self, attempt: &Attempt) -> Result<AttemptResource> {
        loop {
            let reload = async || {
                // While a link is redeemed, the attempt may be replaced.
                let _turn = self.0.flows.links.turn_of_poll().await;
                self.reload_attempt(attempt, None).await
            };
            let Some(reloaded) = next_poll(reload).await? else { continue };
            match link_progress(&reloaded) {
                LinkProgress::Unopened => {}
                LinkProgress::Opened => return Ok(reloaded),
                LinkProgress::Expired => return Err(expired()),
            }
        }
    }

    /// Judges a link that returned to the app: a native one by its approval, one for browsers by what FAPI says about the
    /// attempt.
    pub(super) async fn judge_email_link(
        &self,
        attempt: &Attempt,
        approval: Option<&str>,
        verifier: &CodeVerifier,
    ) -> Verdict {
        let Some(approval) = approval else {
            return match self.read_attempt(attempt, None).await {
                Ok((reloaded, _)) if reloaded.id() == attempt.id() => match link_progress(&reloaded) {
                    LinkProgress::Unopened => Verdict::Unproved("its attempt is still open"),
                    LinkProgress::Opened => Verdict::Proved(Ok(Returned::Attempt(reloaded))),
                    LinkProgress::Expired => Verdict::Proved(Err(expired())),
                },
                _ => Verdict::Unproved("the attempt could not be read"),
            };
        };
        match self.request(&complete_magic_link(attempt.id(), approval, verifier)).await {
            // It may be an earlier link of the same attempt. Polling notices when the newest one expires.
            Err(error) => {
                tracing::debug!(code = error.code(), "the approval of an e-mail link was not accepted");
                Verdict::Unproved("its approval was not accepted")
            }
            Ok(response) => {
                // It contains a ticket.
                let response = Secret::new(response);
                Verdict::Proved(self.approved(attempt, response.expose()).await.map(Returned::Attempt))
            }
        }
    }

    /// Continues with FAPI's response to an approval.
    async fn approved(&self, attempt: &Attempt, response: &Json) -> Result<AttemptResource> {
        match (attempt, response.field::<String>("ticket")) {
            (Attempt::SignIn(_), Some(ticket)) => {
                let params = SignInCreateParams {
                    strategy: Some("ticket".to_owned()),
                    ticket: Some(ticket),
                    ..Default::default()
                };
                self.create_sign_in(params).await.map(Box::new).map(AttemptResource::SignIn)
            }
            (Attempt::SignIn(_), None) => Err(failed("the response of Clerk contains no ticket")),
            (Attempt::SignUp(_), _) => {
                let sign_up =
                    response.read::<SignUp>().ok_or_else(|| failed("the response of Clerk contains no sign-up"))?;
                Ok(AttemptResource::SignUp(Box::new(sign_up)))
            }
        }
    }

    /// Finishes an e-mail link that no caller is waiting for, so this activates the session.
    pub(super) async fn finish_email_link(&self, returned: AttemptResource) -> Result<RedirectOutcome> {
        let callback = RedirectCallbackParams::default();
        let Some(session) = returned.created_session_id() else {
            // A second factor or missing fields: the decision table determines the page.
            return self.route_callback(callback, Some(returned)).await;
        };
        let (snapshot, here) = (self.snapshot(), self.page(None));
        let to = Destinations { params: &callback, urls: self.urls(&snapshot, &here) };
        self.carry_out(activate(session, AttemptKind::SignIn, to.after(returned.kind())), &to).await
    }

    /// Whether an attempt of this device requested an e-mail link.
    fn waits_for_email_link(&self) -> bool {
        let Some(client) = self.client().filter(|_| self.loaded_snapshot().is_ok()) else { return false };
        let sign_in = client.sign_in.as_ref().and_then(|attempt| attempt.first_factor_verification.as_ref());
        let sign_up = client.sign_up.as_ref().and_then(|attempt| attempt.verifications.email_address.as_ref());
        [sign_in.and_then(|one| one.strategy.as_deref()), sign_up.and_then(|one| one.strategy.as_deref())]
            .contains(&Some("email_link"))
    }

    /// Finishes an e-mail link that no flow of this run is waiting for, if it names the session of an attempt that this
    /// client made. Any other link might sign the user in to another account.
    pub(super) async fn finish_unawaited_email_link(&self, link: &Url) -> Option<Result<RedirectOutcome>> {
        parameter(link, "__clerk_status")?;
        let created = SessionId::from(parameter(link, "__clerk_created_session")?);
        if parameter(link, "rotating_token_nonce").is_some() || !self.waits_for_email_link() {
            return None;
        }
        // A late link must not replace a user who signed in meanwhile.
        if self.snapshot().session().is_some_and(|active| active.id != created) {
            return None;
        }
        if let Err(error) = self.request(&get_client()).await {
            return Some(Err(error));
        }
        let client = self.client()?;
        let attempts = [
            client.sign_in.as_ref().and_then(|attempt| attempt.created_session_id.as_ref()),
            client.sign_up.as_ref().and_then(|attempt| attempt.created_session_id.as_ref()),
        ];
        if !attempts.contains(&Some(&created)) {
            return None;
        }
        let params = EmailLinkVerificationParams {
            redirect_url_complete: Some(self.build_after_sign_in_url(&[])),
            redirect_url: None,
        };
        Some(self.handle_email_link_verification(link, params).await.map(|outcome| RedirectOutcome {
            navigate_to: outcome.navigate_to,
            created_session_id: outcome.created_session_id,
            requirements: None,
        }))
    }
}

/// `POST /v1/client/magic_links/complete`: exchanges the approval of an e-mail link for a ticket or a sign-up.
fn complete_magic_link(flow_id: &str, approval_token: &str, code_verifier: &CodeVerifier) -> Request {
    let form = Form::default()
        .with("flow_id", flow_id)
        .with("approval_token", approval_token)
        .with("code_verifier", code_verifier.expose());
    Request::new(Method::Post, "/client/magic_links/complete").form(form)
}

#[derive(Debug, PartialEq, Eq)]
enum LinkStatus {
    Verified,
    Transferable,
}

/// Reads the status of an e-mail link for browsers.
fn link_status(link: &Url) -> Result<LinkStatus> {
    match parameter(link, "__clerk_status").as_deref() {
        Some("verified") => Ok(LinkStatus::Verified),
        Some("transferable") => Ok(LinkStatus::Transferable),
        Some("expired") => Err(expired()),
        Some("client_mismatch") => {
            Err(ErrorCode::EmailLinkClientMismatch.error("the link must be opened on the device that requested it"))
        }
        _ => Err(failed("Clerk could not verify the link; request a new one")),
    }
}

/// Reads what a link changes once more, after a while. `None` if that failed and may succeed later: the link may still be opened.
pub(super) async fn next_poll<T>(read: impl AsyncFnOnce() -> Result<T>) -> Result<Option<T>> {
    tokio::time::sleep(POLL_INTERVAL).await;
    match read().await {
        Err(error) if error.is_transient() => {
            tokio::time::sleep(Duration::from_secs(error.retry_after().unwrap_or_default())).await;
            Ok(None)
        }
        read => read.map(Some),
    }
}

pub(super) fn expired() -> Error {
    ErrorCode::EmailLinkExpired.error("the link expired; request a new one")
}

enum LinkProgress {
    Unopened,
    Opened,
    Expired,
}

/// Whether the link of an attempt was opened somewhere.
fn link_progress(attempt: &AttemptResource) -> LinkProgress {
    let status = match attempt {
        AttemptResource::SignIn(sign_in) => {
            sign_in.first_factor_verification.as_ref().and_then(|verification| verification.status.as_ref())
        }
        AttemptResource::SignUp(sign_up) => {
            sign_up.verifications.email_address.as_ref().and_then(|verification| verification.status.as_ref())
        }
    };
    match status {
        Some(VerificationStatus::Verified | VerificationStatus::Transferable) => LinkProgress::Opened,
        Some(VerificationStatus::Expired) => LinkProgress::Expired,
        _ => LinkProgress::Unopened,
    }
}

fn failed(why: &str) -> Error {
    ErrorCode::EmailLinkFailed.error(format!("the e-mail link failed: {why}"))
}

/// Whether the instance does not support the parameters of native e-mail links.
fn is_unknown_parameter(error: &Error) -> bool {
    let Error::Api(error) = error else { return false };
    let native = ["redirect_uri", "code_challenge", "code_challenge_method"];
    error.errors.iter().any(|item| {
        let named =
            item.meta.get("paramName").and_then(|name| name.as_str()).is_some_and(|name| native.contains(&name));
        named
            || (item.code == "form_param_missing"
                && item.meta.get("paramName").is_some_and(|name| name == "redirect_url"))
    })
}
