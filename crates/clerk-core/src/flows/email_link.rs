//! E-mail links: a link in the user's mailbox that signs this device in.
//!
//! The native kind leads back to the app with an approval, which only the device that asked (PKCE) can redeem. Where an
//! instance does not know it, the kind for browsers is used: the link verifies the attempt wherever it is opened, and
//! leads back to the app when that is on the same device.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    exchange::requests::get_client,
    fapi::{
        form::Form,
        request::{Method, Request},
        wire::Wire,
    },
    flows::{
        attempt::{Attempt, AttemptKind, AttemptResource},
        callback_params::RedirectCallbackParams,
        next_step::{Destinations, activate},
        outcome::RedirectOutcome,
        pending::{FlowId, PendingFlow, RECORD_LIFETIME, Signals},
        round_trip::{Pkce, parameter},
        set_active::SetActiveParams,
    },
    models::{SessionId, SignIn, SignInId, SignInStatus, SignUp, SignUpId, SignUpStatus, VerificationStatus},
    navigation::callback_url::CallbackUrl,
    resources::{
        sign_in::{PrepareFactorParams, SignInCreateParams},
        sign_up::PrepareVerificationParams,
    },
    secret::CodeVerifier,
};

/// How often an attempt is read again while its link may be opened on another device.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Parameters of [`Clerk::handle_email_link_verification`].
///
/// Source: `HandleEmailLinkVerificationParams` of Clerk's documentation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EmailLinkVerificationParams {
    /// Where to go when nothing is left to do.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url_complete: Option<String>,
    /// Where to go when more is required, e.g. a second factor.
    #[serde(default)]
    #[specta(optional)]
    pub redirect_url: Option<String>,
}

/// What a verified e-mail link led to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EmailLinkOutcome {
    /// Where the app should go now.
    pub navigate_to: Option<String>,
    /// The session that is active now.
    pub created_session_id: Option<SessionId>,
    /// Whether the link was opened for another device, or for somebody who has to sign up first.
    pub verified_on_other_device: bool,
}

impl Clerk {
    /// Goes on after an e-mail link for browsers led back to the app. `link` is the address that it led to, with
    /// `__clerk_status` and `__clerk_created_session`.
    ///
    /// The client is read again first, unless it knows the session, because the link may have been opened by another program
    /// of this device.
    ///
    /// # Errors
    /// `email_link_expired`, `email_link_client_mismatch`, `email_link_failed` (in the webview `EmailLinkError` with the
    /// codes `expired`, `client_mismatch`, `failed`), `not_loaded`, `network_error`, or `api_response_error`.
    ///
    /// # Source
    /// `Clerk.handleEmailLinkVerification()`.
    pub async fn handle_email_link_verification(
        &self,
        link: &Url,
        params: EmailLinkVerificationParams,
    ) -> Result<EmailLinkOutcome> {
        self.loaded_snapshot()?;
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

    /// Sends an e-mail link for a sign-in, and waits until it was opened. The sign-in that is returned is `complete`, or
    /// needs a second factor; give its `created_session_id` to [`set_active`](Self::set_active).
    ///
    /// `email_address_id` is the address; the first one that the sign-in offers when absent.
    ///
    /// # Errors
    /// `email_link_expired`, `email_link_failed`, `oauth_flow_cancelled` (see
    /// [`cancel_authentication`](Self::cancel_authentication)), `oauth_flow_superseded`, `oauth_flow_timed_out` after ten
    /// minutes, `redirect_url_invalid`, `not_loaded`, `network_error`, or `api_response_error`.
    ///
    /// # Source
    /// FAPI `…/prepare_first_factor` and `POST /v1/client/magic_links/complete`; `SignIn.createEmailLinkFlow()`.
    pub async fn sign_in_with_email_link(&self, id: &SignInId, email_address_id: Option<String>) -> Result<SignIn> {
        let attempt = Attempt::SignIn(id.clone());
        match self.run_email_link(&attempt, email_address_id).await? {
            AttemptResource::SignIn(sign_in) => Ok(*sign_in),
            AttemptResource::SignUp(_) => Err(failed("Clerk answered with a sign-up")),
        }
    }

    /// Sends an e-mail link for a sign-up, and waits until it was opened; see
    /// [`sign_in_with_email_link`](Self::sign_in_with_email_link).
    ///
    /// # Errors
    /// As there.
    ///
    /// # Source
    /// FAPI `…/prepare_verification` and `POST /v1/client/magic_links/complete`; `SignUp.createEmailLinkFlow()`.
    pub async fn sign_up_with_email_link(&self, id: &SignUpId) -> Result<SignUp> {
        let attempt = Attempt::SignUp(id.clone());
        match self.run_email_link(&attempt, None).await? {
            AttemptResource::SignUp(sign_up) => Ok(*sign_up),
            AttemptResource::SignIn(_) => Err(failed("Clerk answered with a sign-in")),
        }
    }

    async fn run_email_link(&self, attempt: &Attempt, address: Option<String>) -> Result<AttemptResource> {
        self.loaded_snapshot()?;
        let callback = self.0.setup.callback.clone()?;
        let (flow, signal) = self.0.flows.begin();
        let result = self.wait_for_email_link(flow, signal, attempt, address, &callback).await;
        self.0.flows.end(flow);
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
        let code_verifier = pkce.verifier.expose().to_owned();
        let record =
            self.record(flow, started_at_ms, PendingFlow::EmailLink { attempt: attempt.clone(), code_verifier });
        // Before the message is sent: the link may be opened before FAPI's response to the request arrives here.
        self.arm(flow, &mut signal, &record).await?;
        if let Err(error) = self.prepare_email_link(attempt, address, callback, &pkce).await {
            self.forget_record(flow).await;
            return Err(error);
        }
        let link = tokio::select! {
            link = self.wait_for_link(flow, signal, RECORD_LIFETIME) => link?,
            verified = self.poll_email_link(attempt) => {
                self.forget_record(flow).await;
                return verified;
            }
        };
        self.complete_email_link(&link, attempt, &pkce.verifier).await
    }

    /// Has the link sent: the native kind, or the one for browsers where the instance does not take that.
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
        let strategy = "email_link".to_owned();
        match attempt {
            Attempt::SignIn(id) => {
                let sign_in = self.client().and_then(|client| client.sign_in.clone());
                let factors = sign_in.iter().flat_map(|sign_in| sign_in.supported_first_factors.iter().flatten());
                let offered = factors.filter(|factor| factor.strategy == strategy);
                let email_address_id =
                    address.or_else(|| offered.filter_map(|one| one.email_address_id.clone()).next());
                let params =
                    PrepareFactorParams { strategy, email_address_id, redirect_url, extra, ..Default::default() };
                self.prepare_sign_in_first_factor(id, params).await.map(|_| ())
            }
            Attempt::SignUp(id) => {
                let params = PrepareVerificationParams { strategy, redirect_url, extra, ..Default::default() };
                self.prepare_sign_up_verification(id, params).await.map(|_| ())
            }
        }
    }

    /// Reads the attempt again and again, until its link was opened somewhere.
    async fn poll_email_link(&self, attempt: &Attempt) -> Result<AttemptResource> {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let reloaded = match self.reload_attempt(attempt, None).await {
                // Offline for a moment; the link may still lead back.
                Err(error) if error.is(ErrorCode::NetworkError) => continue,
                reloaded => reloaded?,
            };
            let status = match &reloaded {
                AttemptResource::SignIn(sign_in) => {
                    sign_in.first_factor_verification.as_ref().and_then(|verification| verification.status.as_ref())
                }
                AttemptResource::SignUp(sign_up) => {
                    let verification = sign_up.verifications.email_address.as_ref();
                    verification.and_then(|verification| verification.status.as_ref())
                }
            };
            match status {
                Some(VerificationStatus::Verified | VerificationStatus::Transferable) => return Ok(reloaded),
                Some(VerificationStatus::Expired) => {
                    return Err(ErrorCode::EmailLinkExpired.error("the link expired; have another one sent"));
                }
                _ => {}
            }
        }
    }

    /// Goes on with the link that led back to the app.
    async fn complete_email_link(
        &self,
        link: &Url,
        attempt: &Attempt,
        verifier: &CodeVerifier,
    ) -> Result<AttemptResource> {
        let (Some(flow_id), Some(approval)) = (parameter(link, "flow_id"), parameter(link, "approval_token")) else {
            // The kind for browsers: the link says how it went, and the attempt knows the rest.
            link_status(link)?;
            return self.reload_attempt(attempt, None).await;
        };
        if flow_id != attempt.id() {
            return Err(failed("the link belongs to another sign-in"));
        }
        let answer = self.request(&complete_magic_link(&flow_id, &approval, verifier)).await;
        let answer = answer.map_err(|error| match error.has_api_code("approval_token_expired") {
            true => ErrorCode::EmailLinkExpired.error("the link expired; have another one sent"),
            false => error,
        })?;
        match (attempt, answer["ticket"].as_str()) {
            (Attempt::SignIn(_), Some(ticket)) => {
                let params = SignInCreateParams {
                    strategy: Some("ticket".to_owned()),
                    ticket: Some(ticket.to_owned()),
                    ..Default::default()
                };
                self.create_sign_in(params).await.map(Box::new).map(AttemptResource::SignIn)
            }
            (Attempt::SignIn(_), None) => Err(failed("Clerk sent no ticket")),
            (Attempt::SignUp(_), _) => {
                let sign_up = SignUp::read(&answer).ok_or_else(|| failed("Clerk sent no sign-up"))?;
                Ok(AttemptResource::SignUp(Box::new(sign_up)))
            }
        }
    }

    /// Finishes an e-mail link that was asked for before the app was started anew: nobody waits, so the session becomes
    /// the active one here.
    pub(super) async fn resume_email_link(
        &self,
        link: &Url,
        attempt: &Attempt,
        verifier: &CodeVerifier,
    ) -> Result<RedirectOutcome> {
        let returned = self.complete_email_link(link, attempt, verifier).await?;
        let callback = RedirectCallbackParams::default();
        let Some(session) = returned.created_session_id() else {
            // A second factor or missing fields: the decision table knows where that is.
            return self.route_callback(callback, Some(returned)).await;
        };
        let (snapshot, here) = (self.snapshot(), self.page(None));
        let to = Destinations { params: &callback, urls: self.urls(&snapshot, &here) };
        self.carry_out(activate(session, AttemptKind::SignIn, to.after(returned.kind())), &to).await
    }

    /// Whether an attempt of this device asked for an e-mail link.
    fn waits_for_email_link(&self) -> bool {
        let Some(client) = self.client().filter(|_| self.loaded_snapshot().is_ok()) else { return false };
        let sign_in = client.sign_in.as_ref().and_then(|attempt| attempt.first_factor_verification.as_ref());
        let sign_up = client.sign_up.as_ref().and_then(|attempt| attempt.verifications.email_address.as_ref());
        [sign_in.and_then(|one| one.strategy.as_deref()), sign_up.and_then(|one| one.strategy.as_deref())]
            .contains(&Some("email_link"))
    }

    /// Whether a link, which no flow of this run waits for, ends an e-mail link of this device: it names the session of an
    /// attempt that this client made. Anything else might sign the user in as somebody else.
    pub(super) async fn finish_unawaited_email_link(&self, link: &Url) -> Option<Result<RedirectOutcome>> {
        parameter(link, "__clerk_status")?;
        let created = SessionId::from(parameter(link, "__clerk_created_session")?);
        if parameter(link, "rotating_token_nonce").is_some() || !self.waits_for_email_link() {
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
        }))
    }
}

/// `POST /v1/client/magic_links/complete`: turns the approval of an e-mail link into a ticket or a sign-up.
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

/// How an e-mail link for browsers says that it went.
fn link_status(link: &Url) -> Result<LinkStatus> {
    match parameter(link, "__clerk_status").as_deref() {
        Some("verified") => Ok(LinkStatus::Verified),
        Some("transferable") => Ok(LinkStatus::Transferable),
        Some("expired") => Err(ErrorCode::EmailLinkExpired.error("the link expired; have another one sent")),
        Some("client_mismatch") => {
            Err(ErrorCode::EmailLinkClientMismatch
                .error("the link has to be opened on the device where it was asked for"))
        }
        _ => Err(failed("Clerk could not verify it")),
    }
}

fn failed(why: &str) -> Error {
    ErrorCode::EmailLinkFailed.error(format!("the e-mail link failed: {why}"))
}

/// Whether an instance does not know the parameters of native e-mail links.
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
