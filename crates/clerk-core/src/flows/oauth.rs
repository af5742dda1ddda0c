//! Sign-in through the system browser: OAuth and enterprise SSO.
//!
//! Identity providers reject embedded webviews, so the page opens in the system browser. It returns to the app's
//! callback URL with a nonce. FAPI exchanges that nonce, together with the client token that only this device has, for
//! the authenticated client.

use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    fapi::{json::Json, pipeline::Reply, request::Request},
    flows::{
        attempt::{Attempt, AttemptKind, AttemptResource, Progress},
        callback_params::RedirectCallbackParams,
        deep_link::{Failure, Verdict},
        outcome::RedirectOutcome,
        pending::{FlowId, PendingFlow, Returned, Signals},
    },
    models::{SignIn, SignUp, Verification},
    navigation::callback_url::CallbackUrl,
    outside,
    ports::{BoxFuture, TokenUpdate},
    resources::{
        params::params,
        sign_in::{PrepareFactorParams, SignInCreateParams, read_sign_in},
        sign_up::{SignUpParams, read_sign_up},
    },
    secret::RotatingTokenNonce,
};

params! {
    /// Parameters of [`Clerk::authenticate_with_redirect`].
    ///
    /// The redirect URL is not a parameter: it is always the app's callback URL, which is on the instance's allowlist.
    ///
    /// Source: `AuthenticateWithRedirectParams` of Clerk's documentation.
    pub struct AuthenticateWithRedirectParams {
        required {
            /// Whether it is a sign-in or a sign-up.
            resource: AttemptKind,
            /// The strategy, e.g. `oauth_google`, `oauth_custom_acme`, `enterprise_sso`.
            strategy: String,
        }
        optional {
            /// The e-mail address, with `enterprise_sso`.
            identifier: String,
            /// The e-mail address of a sign-up.
            email_address: String,
            /// Whether the user accepted the terms, for a sign-up.
            legal_accepted: bool,
            /// Metadata of a sign-up.
            unsafe_metadata: serde_json::Value,
            /// OpenID Connect `prompt`.
            oidc_prompt: String,
            /// OpenID Connect `login_hint`.
            oidc_login_hint: String,
            /// The connection, with `enterprise_sso`.
            enterprise_connection_id: String,
            /// Whether to continue the sign-in in progress.
            continue_sign_in: bool,
            /// Whether to continue the sign-up in progress.
            continue_sign_up: bool,
            /// The parameters of the callback.
            callback: RedirectCallbackParams,
        }
    }
}

impl Clerk {
    /// Signs in or up through the system browser: opens the provider's page, waits for the callback link, and completes
    /// the flow. A newer call supersedes one that is still waiting.
    ///
    /// # Errors
    /// - `oauth_access_denied`: the user denied access at the provider.
    /// - `oauth_callback_failed`: the provider or FAPI reported another failure.
    /// - `oauth_flow_superseded`, `oauth_flow_cancelled`, `oauth_flow_timed_out`: the flow ended without a callback.
    /// - `redirect_url_invalid`: the app has no callback URL. `callback_port_unavailable`: it is one on this computer, and the app
    ///   can't listen there.
    /// - `oauth_transport_missing_verification_url`, `browser_unavailable`: no page could be opened.
    /// - `not_loaded`, `network_error`, `redirect_callback_incomplete`, or `api_response_error`, e.g. with
    ///   `resource_missmatch` (Clerk's spelling) when the callback URL is not on the instance's allowlist.
    ///
    /// After any of these errors, a new attempt can start at once.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sign_ins` or `…/sign_ups`, and `GET …/{id}` for the link that came back ("OAuth from a native app");
    /// `SignIn.authenticateWithRedirect()`, `SignUp.authenticateWithRedirect()`.
    pub async fn authenticate_with_redirect(
        &self,
        mut params: AuthenticateWithRedirectParams,
    ) -> Result<RedirectOutcome> {
        // Only the app's callback URL returns to the app, so these parameters of Clerk's SDKs are ignored.
        for name in ["redirectUrl", "redirectUrlComplete", "actionCompleteRedirectUrl"] {
            params.extra.remove(name);
        }
        let callback = self.0.setup.callback.clone()?;
        let (flow, signal) = self.0.flows.begin();
        let result = self.run_browser_flow(flow, signal, params, &callback).await;
        self.end_flow(flow, &result).await;
        result
    }

    /// Cancels the flow that is waiting for the user to return. No link can finish it from then on, also not after a restart.
    /// Returns false if there is none.
    pub async fn cancel_authentication(&self) -> bool {
        let Some(flow) = self.0.flows.cancel() else { return false };
        self.forget_record(flow).await;
        true
    }

    async fn run_browser_flow(
        &self,
        flow: FlowId,
        signal: Signals,
        params: AuthenticateWithRedirectParams,
        callback: &CallbackUrl,
    ) -> Result<RedirectOutcome> {
        let started_at_ms = self.0.setup.clock.now_ms();
        let (attempt, page) = match params.resource {
            AttemptKind::SignIn => self.start_sign_in(&params, callback).await?,
            AttemptKind::SignUp => self.start_sign_up(&params, callback).await?,
        };
        let callback = Box::new(params.callback.unwrap_or_default().with_redirects_of(self.own_options()));
        // Another window may use the record, so the app's own list decides what is stored.
        let stored = Box::new(self.of_app().allowed_callback((*callback).clone()));
        let record = self.record(flow, started_at_ms, PendingFlow::Redirect { attempt, callback: stored });
        match self.round_trip(flow, signal, record, &page, self.0.setup.browser_timeout).await? {
            Returned::Attempt(attempt) => self.route_callback(*callback, Some(attempt)).await,
            Returned::Session(session) => self.finish_hosted_auth(session, AttemptKind::SignIn, &callback).await,
            Returned::Account => Ok(RedirectOutcome::default()),
        }
    }

    async fn start_sign_in(
        &self,
        params: &AuthenticateWithRedirectParams,
        callback: &CallbackUrl,
    ) -> Result<(Attempt, Url)> {
        let existing =
            self.client().and_then(|client| client.sign_in.clone()).filter(|_| params.continue_sign_in == Some(true));
        let sign_in = match existing {
            Some(sign_in) if params.strategy == "enterprise_sso" => sign_in,
            _ => {
                self.create_sign_in(SignInCreateParams {
                    strategy: Some(params.strategy.clone()),
                    identifier: params.identifier.clone(),
                    redirect_url: Some(callback.as_str().to_owned()),
                    action_complete_redirect_url: Some(callback.as_str().to_owned()),
                    oidc_prompt: params.oidc_prompt.clone(),
                    oidc_login_hint: params.oidc_login_hint.clone(),
                    extra: params.extra.clone(),
                    ..SignInCreateParams::default()
                })
                .await?
            }
        };
        let sign_in = if params.strategy == "enterprise_sso" {
            self.prepare_enterprise_sso(&sign_in, params, callback).await?
        } else {
            sign_in
        };
        let page = verification_page(sign_in.first_factor_verification.as_ref())?;
        Ok((Attempt::SignIn(sign_in.id), page))
    }

    async fn prepare_enterprise_sso(
        &self,
        sign_in: &SignIn,
        params: &AuthenticateWithRedirectParams,
        callback: &CallbackUrl,
    ) -> Result<SignIn> {
        self.prepare_sign_in_first_factor(
            &sign_in.id,
            PrepareFactorParams {
                redirect_url: Some(callback.as_str().to_owned()),
                action_complete_redirect_url: Some(callback.as_str().to_owned()),
                oidc_prompt: params.oidc_prompt.clone(),
                enterprise_connection_id: params.enterprise_connection_id.clone(),
                ..PrepareFactorParams::new(params.strategy.as_str())
            },
        )
        .await
    }

    async fn start_sign_up(
        &self,
        params: &AuthenticateWithRedirectParams,
        callback: &CallbackUrl,
    ) -> Result<(Attempt, Url)> {
        let existing =
            self.client().and_then(|client| client.sign_up.clone()).filter(|_| params.continue_sign_up == Some(true));
        let fields = SignUpParams {
            strategy: Some(params.strategy.clone()),
            email_address: params.email_address.clone(),
            legal_accepted: params.legal_accepted,
            unsafe_metadata: params.unsafe_metadata.clone(),
            redirect_url: Some(callback.as_str().to_owned()),
            action_complete_redirect_url: Some(callback.as_str().to_owned()),
            oidc_prompt: params.oidc_prompt.clone(),
            oidc_login_hint: params.oidc_login_hint.clone(),
            enterprise_connection_id: params.enterprise_connection_id.clone(),
            extra: params.extra.clone(),
            ..SignUpParams::default()
        };
        let sign_up: SignUp = match existing {
            Some(sign_up) => self.update_sign_up(&sign_up.id, fields).await?,
            None => self.create_sign_up(fields).await?,
        };
        let page = verification_page(sign_up.verifications.external_account.as_ref())?;
        Ok((Attempt::SignUp(sign_up.id), page))
    }

    /// Judges a callback link from the provider by what FAPI says about the attempt: whether it failed, and whether it is
    /// still open, is never taken from the link.
    pub(super) fn judge_redirect<'a>(
        &'a self,
        attempt: &'a Attempt,
        nonce: Option<&'a RotatingTokenNonce>,
        on_failure: Failure,
    ) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let (returned, new_token) = match self.read_attempt(attempt, nonce).await {
                Ok(answer) => answer,
                Err(error) => {
                    tracing::debug!(code = error.code(), "the attempt of a callback link could not be read");
                    return Verdict::Unproved("the attempt could not be read");
                }
            };
            if returned.id() != attempt.id() {
                return Verdict::Unproved("the attempt is not that of the flow");
            }
            match returned.progress() {
                // FAPI accepts a nonce by a new client token. The user may have to prove an address before the provider's
                // verification counts.
                Progress::Open if nonce.is_some() && new_token && returned.needs_first_factor() => {
                    Verdict::Proved(Ok(Returned::Attempt(returned)))
                }
                Progress::Open => Verdict::Unproved("its attempt is still open"),
                // The genuine link is still to come: without its nonce, the app would keep a client token that was superseded.
                Progress::Over if nonce.is_none() => Verdict::Unproved("it has no nonce"),
                Progress::Over | Progress::Transferable => Verdict::Proved(Ok(Returned::Attempt(returned))),
                Progress::Failed(code) => {
                    let error = match on_failure {
                        Failure::Ends { says_failed } => failure(code.as_deref(), says_failed),
                        Failure::IsPassedOn => None,
                    };
                    match error {
                        Some(error) => {
                            self.reset(attempt).await;
                            Verdict::Proved(Err(error))
                        }
                        None => Verdict::Proved(Ok(Returned::Attempt(returned))),
                    }
                }
            }
        })
    }

    /// Reads an attempt for a link that proves nothing yet, so a refusal has no consequences: a server without a grace period
    /// refuses all requests but the redemption of the nonce once the provider's page was approved. Returns also whether FAPI
    /// sent a new client token.
    pub(super) async fn read_attempt(
        &self,
        attempt: &Attempt,
        nonce: Option<&RotatingTokenNonce>,
    ) -> Result<(AttemptResource, bool)> {
        let request = match attempt {
            Attempt::SignIn(id) => read_sign_in(id),
            Attempt::SignUp(id) => read_sign_up(id),
        };
        let (json, new_token) = self.read_for_link(request.nonce(nonce).reload()).await?;
        let resource = match attempt {
            Attempt::SignIn(_) => json.read::<SignIn>().map(Box::new).map(AttemptResource::SignIn),
            Attempt::SignUp(_) => json.read::<SignUp>().map(Box::new).map(AttemptResource::SignUp),
        };
        let resource = resource.ok_or_else(|| ErrorCode::DecodeError.error("the response is not the attempt"))?;
        Ok((resource, new_token))
    }

    /// Sends a request for a link that proves nothing yet; see [`read_attempt`](Self::read_attempt).
    pub(super) async fn read_for_link(&self, request: Request) -> Result<(Json, bool)> {
        let clerk = self.clone();
        // A nonce is redeemed once, whether or not the caller is still waiting.
        outside::to_the_end(async move {
            let (reply, in_flight) = clerk.send(&request).await?;
            let reply = Reply { outcome: Ok(reply.outcome?), ..reply };
            let new_token = matches!(reply.token, TokenUpdate::Set(_));
            Ok((clerk.absorb(reply, in_flight).await?, new_token))
        })
        .await
    }

    /// Reloads an attempt, with the nonce of a callback link if there is one.
    pub(super) async fn reload_attempt(
        &self,
        attempt: &Attempt,
        nonce: Option<&RotatingTokenNonce>,
    ) -> Result<AttemptResource> {
        match attempt {
            Attempt::SignIn(id) => self.reload_sign_in(id, nonce).await.map(Box::new).map(AttemptResource::SignIn),
            Attempt::SignUp(id) => self.reload_sign_up(id, nonce).await.map(Box::new).map(AttemptResource::SignUp),
        }
    }

    /// Resets a failed attempt on the server; otherwise it would be part of every later client. Does nothing if a newer
    /// attempt replaced it.
    async fn reset(&self, attempt: &Attempt) {
        let client = self.client().unwrap_or_default();
        let current = match attempt {
            Attempt::SignIn(id) => client.sign_in.as_ref().is_some_and(|current| current.id == *id),
            Attempt::SignUp(id) => client.sign_up.as_ref().is_some_and(|current| current.id == *id),
        };
        if !current {
            return;
        }
        let reset = match attempt {
            Attempt::SignIn(_) => self.create_sign_in(SignInCreateParams::default()).await.map(|_| ()),
            Attempt::SignUp(_) => self.create_sign_up(SignUpParams::default()).await.map(|_| ()),
        };
        if let Err(error) = reset {
            tracing::debug!(code = error.code(), "the failed attempt could not be reset");
        }
    }
}

/// Returns the provider's page.
fn verification_page(verification: Option<&Verification>) -> Result<Url> {
    verification
        .and_then(|verification| verification.external_verification_redirect_url.as_deref())
        .and_then(|url| Url::parse(url).ok())
        .ok_or_else(|| {
            ErrorCode::OauthVerificationUrlMissing
                .error("Clerk returned no page to open for this strategy; enable it for sign-in in Clerk's dashboard")
        })
}

/// Returns how to report that a flow failed, with the code of FAPI. `None` leaves it to the decision table, which knows what to
/// do about these codes, and shows the others on a page of the app.
fn failure(code: Option<&str>, says_failed: bool) -> Option<Error> {
    match code {
        Some("oauth_access_denied") => {
            Some(ErrorCode::OauthAccessDenied.error("the user denied access at the provider; try again"))
        }
        Some("identifier_already_signed_in" | "user_locked") => None,
        _ if !says_failed => None,
        _ => Some(ErrorCode::OauthCallbackFailed.error("the sign-in through the browser failed; try again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_is_what_fapi_says() {
        for (code, says_failed, expected) in [
            (Some("oauth_access_denied"), false, Some("oauth_access_denied")),
            (Some("oauth_access_denied"), true, Some("oauth_access_denied")),
            (Some("identifier_already_signed_in"), true, None),
            (Some("not_allowed_to_sign_up"), false, None),
            (Some("not_allowed_to_sign_up"), true, Some("oauth_callback_failed")),
            (None, true, Some("oauth_callback_failed")),
        ] {
            assert_eq!(failure(code, says_failed).as_ref().map(Error::code), expected, "{code:?} {says_failed}");
        }
    }
}
