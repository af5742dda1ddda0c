//! Continuing after a browser flow: Clerk's `handleRedirectCallback`.

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    flows::{
        attempt::{Attempt, AttemptKind, AttemptResource},
        callback_params::RedirectCallbackParams,
        next_step::{Destinations, Step, after_transfer_to_sign_in, after_transfer_to_sign_up, decide},
        outcome::{RedirectOutcome, Requirements},
        set_active::SetActiveParams,
    },
    models::Session,
    ports::BoxFuture,
    resources::{sign_in::SignInCreateParams, sign_up::SignUpParams},
};

impl Clerk {
    /// Continues after a browser flow: activates the session, transfers a sign-in to a sign-up or vice versa, or
    /// returns what is required next, and the app's page for it if there is one. Clerk's hosted pages are none: a browser
    /// could not continue an attempt of this device.
    ///
    /// [`authenticate_with_redirect`](Self::authenticate_with_redirect) does this by itself.
    ///
    /// # Errors
    /// `not_loaded`, `redirect_callback_incomplete`, `network_error`, or `api_response_error`.
    ///
    /// # Source
    /// `Clerk.handleRedirectCallback()`.
    pub async fn handle_redirect_callback(&self, params: RedirectCallbackParams) -> Result<RedirectOutcome> {
        self.loaded().await?;
        self.reload_before_callback(&params).await;
        self.route_callback(params, None).await
    }

    /// As [`handle_redirect_callback`](Self::handle_redirect_callback), for the attempt that a flow returned with.
    pub(super) fn route_callback(
        &self,
        params: RedirectCallbackParams,
        returned: Option<AttemptResource>,
    ) -> BoxFuture<'_, Result<RedirectOutcome>> {
        Box::pin(async move {
            let params = self.allowed_callback(params);
            let snapshot = self.snapshot();
            let here = self.page(params.location.as_deref());
            let to = Destinations { params: &params, urls: self.urls(&snapshot, &here) };
            let step = match decide(&snapshot, returned.as_ref(), &to) {
                Step::TransferToSignIn => {
                    let transfer = SignInCreateParams { transfer: Some(true), ..SignInCreateParams::default() };
                    after_transfer_to_sign_in(&self.create_sign_in(transfer).await?, &to)?
                }
                Step::TransferToSignUp => {
                    let unsafe_metadata = params.unsafe_metadata.clone();
                    let transfer = SignUpParams { transfer: Some(true), unsafe_metadata, ..SignUpParams::default() };
                    after_transfer_to_sign_up(&self.create_sign_up(transfer).await?, &to)?
                }
                step => step,
            };
            self.carry_out(step, &to).await
        })
    }

    /// Carries out a step and returns where to navigate.
    pub(super) fn carry_out<'a>(
        &'a self,
        step: Step,
        to: &'a Destinations<'_>,
    ) -> BoxFuture<'a, Result<RedirectOutcome>> {
        Box::pin(async move {
            match step {
                Step::Activate { session, base, url } => {
                    self.choose(&SetActiveParams::session(session.clone())).await?;
                    if self.snapshot().session().is_none_or(|active| active.id != session) {
                        return Err(ErrorCode::RedirectCallbackIncomplete.error(
                            "the session that the flow created is not signed in on this device; start it again",
                        ));
                    }
                    let snapshot = self.snapshot();
                    let Some(task) = snapshot.session().and_then(Session::current_task) else {
                        return Ok(RedirectOutcome {
                            navigate_to: Some(url),
                            created_session_id: Some(session),
                            requirements: None,
                        });
                    };
                    let base = match base {
                        AttemptKind::SignIn => to.sign_in(),
                        AttemptKind::SignUp => to.sign_up(),
                    };
                    Ok(RedirectOutcome {
                        navigate_to: to.urls.task_on(task, base.as_deref()),
                        created_session_id: Some(session),
                        requirements: Some(Requirements::of_task(task)),
                    })
                }
                Step::Require { page, requirements } => Ok(RedirectOutcome {
                    navigate_to: page,
                    created_session_id: None,
                    requirements: Some(requirements),
                }),
                Step::TransferToSignIn | Step::TransferToSignUp => Ok(RedirectOutcome::default()),
            }
        })
    }

    /// Reloads the attempt that `reload_resource` names. A failure is only logged: the decision then uses the known
    /// state.
    async fn reload_before_callback(&self, params: &RedirectCallbackParams) {
        let Some(client) = self.client() else { return };
        let attempt = match params.reload_resource {
            Some(AttemptKind::SignIn) => client.sign_in.as_ref().map(|attempt| Attempt::SignIn(attempt.id.clone())),
            Some(AttemptKind::SignUp) => client.sign_up.as_ref().map(|attempt| Attempt::SignUp(attempt.id.clone())),
            None => None,
        };
        let Some(attempt) = attempt else { return };
        if let Err(error) = self.reload_attempt(&attempt, None).await {
            tracing::debug!(code = error.code(), "the attempt could not be reloaded before the callback");
        }
    }
}
