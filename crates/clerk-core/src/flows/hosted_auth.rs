//! Sign-in on Clerk's hosted pages: the Account Portal in the system browser, with PKCE.

use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    fapi::{
        form::Form,
        request::{Method, Request},
    },
    flows::{
        attempt::AttemptKind,
        callback_link::Claim,
        callback_params::RedirectCallbackParams,
        deep_link::Verdict,
        next_step::{Destinations, activate},
        outcome::RedirectOutcome,
        pending::{FlowId, PendingFlow, Returned, Signals},
        round_trip::Pkce,
    },
    models::SessionId,
    navigation::callback_url::CallbackUrl,
    random::random_text,
    secret::{CodeVerifier, RotatingTokenNonce, Secret},
};

impl Clerk {
    /// Signs in or up on Clerk's hosted pages: opens them in the system browser, waits for the callback link, and
    /// activates the session. A newer flow supersedes one that is still waiting.
    ///
    /// # Errors
    /// - `hosted_auth_failed`: the callback link is incomplete, or its session is not signed in on this device.
    /// - `oauth_flow_superseded`, `oauth_flow_cancelled`, `oauth_flow_timed_out`: the flow ended without a callback.
    /// - `redirect_url_invalid`, `callback_port_unavailable`, `url_not_allowed`, `browser_unavailable`, `not_loaded`, `network_error`, or
    ///   `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/hosted_auth`; `startHostedAuth` of Clerk's native SDKs.
    pub async fn start_hosted_auth(&self, mode: AttemptKind) -> Result<RedirectOutcome> {
        self.start_hosted_auth_with(mode, RedirectCallbackParams::default()).await
    }

    /// As [`start_hosted_auth`](Self::start_hosted_auth), with redirect URLs.
    ///
    /// # Errors
    /// As [`start_hosted_auth`](Self::start_hosted_auth).
    pub async fn start_hosted_auth_with(
        &self,
        mode: AttemptKind,
        callback: RedirectCallbackParams,
    ) -> Result<RedirectOutcome> {
        self.loaded().await?;
        let redirect = self.0.setup.callback.clone()?;
        if redirect.own_scheme().is_none() && !redirect.is_loopback() {
            return Err(ErrorCode::RedirectUrlInvalid
                .error("hosted sign-in requires a callback URL with the app's own scheme, such as my-app://callback"));
        }
        let (flow, signal) = self.0.flows.begin();
        let result = self.run_hosted_auth(flow, signal, mode, callback, &redirect).await;
        self.end_flow(flow, &result).await;
        result
    }

    async fn run_hosted_auth(
        &self,
        flow: FlowId,
        signal: Signals,
        mode: AttemptKind,
        callback: RedirectCallbackParams,
        redirect: &CallbackUrl,
    ) -> Result<RedirectOutcome> {
        let started_at_ms = self.0.setup.clock.now_ms();
        let (pkce, state) = (Pkce::new(), Secret::new(random_text(16)));
        let request = begin_hosted_auth(redirect, &pkce.challenge, state.expose(), mode);
        let response = match self.exchange(&request).await {
            // Without the token that it refused, FAPI takes this device for a new one.
            Err(error) if error.is_unauthenticated() => {
                self.settle_unauthenticated().await;
                self.exchange(&request).await?
            }
            response => response?,
        };
        let page = response.field::<String>("url").and_then(|url| Url::parse(&url).ok());
        let page = page.filter(|url| url.username().is_empty() && url.password().is_none());
        let page = page.ok_or_else(|| failed("Clerk returned no page to open"))?;
        let code_verifier = Secret::new(pkce.verifier.expose().to_owned());
        let callback = Box::new(callback.with_redirects_of(self.own_options()));
        // Another window may use the record, so the app's own list decides what is stored.
        let stored = Box::new(self.of_app().allowed_callback((*callback).clone()));
        let hosted = PendingFlow::HostedAuth { state, code_verifier, mode, callback: stored };
        let record = self.record(flow, started_at_ms, hosted);
        match self.round_trip(flow, signal, record, &page, self.0.setup.browser_timeout).await? {
            Returned::Session(session) => self.finish_hosted_auth(session, mode, &callback).await,
            Returned::Attempt(attempt) => self.route_callback(*callback, Some(attempt)).await,
            Returned::Account => Ok(RedirectOutcome::default()),
        }
    }

    /// Judges the callback link from the hosted page, which has the flow's state.
    pub(super) async fn judge_hosted_auth(&self, claim: Claim, verifier: &CodeVerifier) -> Verdict {
        let Claim::Hosted { nonce, session } = claim else {
            return Verdict::Proved(Err(failed("the callback link is incomplete")));
        };
        match self.request(&redeem(&nonce, verifier)).await {
            Err(error) if error.is_transient() => Verdict::Unproved("Clerk could not be reached"),
            Err(error) => Verdict::Proved(Err(error)),
            Ok(_) => {
                let known = self.client().is_some_and(|client| client.signed_in_session(&session).is_some());
                let missing = || failed("the session of the callback link is not signed in on this device");
                Verdict::Proved(known.then_some(Returned::Session(session)).ok_or_else(missing))
            }
        }
    }

    /// Activates the session of a hosted page.
    pub(super) async fn finish_hosted_auth(
        &self,
        session: SessionId,
        mode: AttemptKind,
        callback: &RedirectCallbackParams,
    ) -> Result<RedirectOutcome> {
        let callback = self.allowed_callback(callback.clone());
        let snapshot = self.snapshot();
        let here = self.page(callback.location.as_deref());
        let to = Destinations { params: &callback, urls: self.urls(&snapshot, &here) };
        self.carry_out(activate(&session, AttemptKind::SignIn, to.after(mode)), &to).await
    }
}

/// `POST /v1/client/hosted_auth`: requests the URL of the hosted sign-in or sign-up.
fn begin_hosted_auth(redirect: &CallbackUrl, code_challenge: &str, state: &str, mode: AttemptKind) -> Request {
    let form = Form::default()
        .with("redirect_url", redirect.as_str())
        .with("code_challenge", code_challenge)
        .with("state", state)
        .with("mode", mode.hosted_mode());
    Request::new(Method::Post, "/client/hosted_auth").form(form)
}

/// `POST /v1/client` with `_method=GET` in the body, so that secrets are not part of the URL: returns the client of the
/// user who signed in on a hosted page, and a new client token.
fn redeem(nonce: &RotatingTokenNonce, code_verifier: &CodeVerifier) -> Request {
    let form = Form::default()
        .with("_method", "GET")
        .with("rotating_token_nonce", nonce.expose())
        .with("code_verifier", code_verifier.expose());
    Request::new(Method::Post, "/client").form(form).responds_with_client().redeems()
}

fn failed(why: &str) -> Error {
    ErrorCode::HostedAuthFailed.error(format!("the hosted sign-in failed: {why}; try again"))
}
