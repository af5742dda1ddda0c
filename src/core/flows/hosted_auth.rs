//! Signing in on Clerk's hosted pages: the Account Portal in the system browser, with PKCE.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    oauth::RedirectOutcome,
    pending::{FlowId, PendingFlow},
    redirect_callback::RedirectCallbackParams,
    round_trip::{Pkce, Signals, parameter, random_text},
};
use crate::{
    core::{CallbackUrl, Clerk, SetActiveParams, urls::After},
    error::{Error, ErrorCode, Result},
    fapi,
    models::SessionId,
    secret::{CodeVerifier, RotatingTokenNonce},
};

/// Which hosted page is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HostedAuthMode {
    /// Sign-in.
    #[default]
    SignIn,
    /// Sign-up.
    SignUp,
}

impl HostedAuthMode {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
        }
    }
}

impl Clerk {
    /// Signs in or up on Clerk's hosted pages: opens them in the system browser, waits for the link that leads back,
    /// and activates the session. A newer flow supersedes one that is still waiting.
    ///
    /// # Errors
    /// - `hosted_auth_failed`: the link that came back does not belong to this flow or lacks something.
    /// - `oauth_flow_superseded`, `oauth_flow_cancelled`, `oauth_flow_timed_out`: the wait ended another way.
    /// - `redirect_url_invalid`, `url_not_allowed`, `browser_unavailable`, `not_loaded`, `network_error`, or
    ///   `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/hosted_auth`; `startHostedAuth` of Clerk's native SDKs.
    pub async fn start_hosted_auth(&self, mode: HostedAuthMode) -> Result<RedirectOutcome> {
        self.start_hosted_auth_with(mode, RedirectCallbackParams::default()).await
    }

    /// [`start_hosted_auth`](Self::start_hosted_auth), with where to go afterwards.
    ///
    /// # Errors
    /// As there.
    pub async fn start_hosted_auth_with(
        &self,
        mode: HostedAuthMode,
        callback: RedirectCallbackParams,
    ) -> Result<RedirectOutcome> {
        self.loaded()?;
        let redirect = self.0.setup.callback.clone()?;
        if redirect.is_of_the_web() {
            return Err(ErrorCode::RedirectUrlInvalid
                .error("hosted sign-in comes back by a scheme of the app's own, such as my-app://callback"));
        }
        let (flow, signal) = self.0.pending.begin();
        let result = self.run_hosted_auth(flow, signal, mode, callback, &redirect).await;
        self.0.pending.end(flow);
        result
    }

    async fn run_hosted_auth(
        &self,
        flow: FlowId,
        signal: Signals,
        mode: HostedAuthMode,
        callback: RedirectCallbackParams,
        redirect: &CallbackUrl,
    ) -> Result<RedirectOutcome> {
        let started_at_ms = self.0.setup.clock.now_ms();
        let (pkce, state) = (Pkce::new(), random_text(16));
        let request = fapi::client::hosted_auth(redirect.as_str(), &pkce.challenge, &state, mode.as_str());
        let answer = match self.exchange(&request).await {
            // A client whose session ended gets a new token with the refusal.
            Err(error) if error.status() == Some(401) && error.has_api_code("signed_out") => {
                self.exchange(&request).await?
            }
            answer => answer?,
        };
        let page = answer["url"].as_str().and_then(|url| Url::parse(url).ok());
        let page = page.filter(|url| url.username().is_empty() && url.password().is_none());
        let page = page.ok_or_else(|| failed("Clerk named no page to open"))?;
        let code_verifier = pkce.verifier.expose().to_owned();
        let callback = Box::new(callback);
        let record = self.record(flow, started_at_ms, PendingFlow::HostedAuth { state, code_verifier, mode, callback });
        let link = self.round_trip(flow, signal, &record, &page, self.0.setup.oauth_timeout).await?;
        self.complete(&link, record.flow).await
    }

    /// Goes on with the link that led back from the hosted page.
    pub(super) async fn complete_hosted_auth(
        &self,
        link: &Url,
        state: &str,
        verifier: &CodeVerifier,
        mode: HostedAuthMode,
        callback: &RedirectCallbackParams,
    ) -> Result<RedirectOutcome> {
        let [answered, nonce, session] = ["state", "rotating_token_nonce", "created_session_id"].map(|name| {
            let once = link.query_pairs().filter(|(key, _)| key == name).count() == 1;
            parameter(link, name).filter(|_| once)
        });
        if answered.as_deref() != Some(state) {
            return Err(failed("the link that came back belongs to another flow"));
        }
        let (Some(nonce), Some(session)) = (nonce, session) else {
            return Err(failed("the link that came back is not complete"));
        };
        let session = SessionId::from(session);
        self.request(&fapi::client::redeem(&RotatingTokenNonce::new(nonce), verifier.expose())).await?;
        let known = self.client().and_then(|client| client.signed_in_session(&session).map(|_| ()));
        known.ok_or_else(|| failed("the session that came back is not signed in on this device"))?;
        self.activate(&SetActiveParams::session(session.clone())).await?;
        let snapshot = self.snapshot();
        let here = self.page(callback.location.as_deref());
        let urls = self.urls(&snapshot, &here);
        let after = match mode {
            HostedAuthMode::SignIn => After::SignIn,
            HostedAuthMode::SignUp => After::SignUp,
        };
        let task = urls.task_on_sign_in(snapshot.session());
        let url = task.unwrap_or_else(|| urls.in_app(&urls.after(after, &callback.redirects(), &[])));
        Ok(RedirectOutcome { navigate_to: Some(url), created_session_id: Some(session) })
    }
}

fn failed(why: &str) -> Error {
    ErrorCode::HostedAuthFailed.error(format!("the hosted sign-in failed: {why}; try again"))
}
