//! What to do after a browser flow came back: Clerk's `handleRedirectCallback`.
//!
//! [`decide`] is the decision table, pure and in the order in which Clerk's SDKs evaluate it; the first row that fits
//! wins. [`Clerk::handle_redirect_callback`] carries the decision out.

use super::{
    oauth::{RedirectOutcome, RedirectResource},
    pending::AttemptResource,
};
use crate::{
    core::{
        Clerk, RedirectOptions, SetActiveParams, SignInCreateParams, SignUpParams, Snapshot,
        params::params,
        urls::{After, Urls, with_hash},
    },
    error::{ErrorCode, Result},
    models::{
        Session, SessionId, SignIn, SignInId, SignInStatus, SignUp, SignUpId, SignUpStatus, Verification,
        VerificationStatus,
    },
};

params! {
    /// Where to go on from the callback of a browser flow; every URL may be relative to the app.
    ///
    /// Source: `HandleOAuthCallbackParams` of Clerk's documentation.
    pub struct RedirectCallbackParams {
        required {}
        optional {
            /// Where the sign-in is.
            sign_in_url: String,
            /// Where the sign-up is.
            sign_up_url: String,
            /// Where the first factor is asked for.
            first_factor_url: String,
            /// Where the second factor is asked for.
            second_factor_url: String,
            /// Where a new password is asked for.
            reset_password_url: String,
            /// Where missing fields of a sign-up are asked for.
            continue_sign_up_url: String,
            /// Where the code for the e-mail address is asked for.
            verify_email_address_url: String,
            /// Where the code for the phone number is asked for.
            verify_phone_number_url: String,
            /// Where an anti-fraud check of a sign-in is made.
            sign_in_protect_check_url: String,
            /// Where an anti-fraud check of a sign-up is made.
            sign_up_protect_check_url: String,
            /// Where to go after every sign-in.
            sign_in_force_redirect_url: String,
            /// Where to go after a sign-in when nothing else says so.
            sign_in_fallback_redirect_url: String,
            /// Where to go after every sign-up.
            sign_up_force_redirect_url: String,
            /// Where to go after a sign-up when nothing else says so.
            sign_up_fallback_redirect_url: String,
            /// Whether a sign-in of somebody unknown becomes a sign-up; it does unless this says otherwise.
            transferable: bool,
            /// Metadata for such a sign-up.
            unsafe_metadata: serde_json::Value,
            /// `signIn` or `signUp`: reads that attempt again first.
            reload_resource: String,
            /// `transfer_to_sign_up`: goes on with that transfer after an anti-fraud check interrupted it.
            continuation: String,
            /// Address of the page that asks, which relative URLs are read against; the app's start page by default.
            location: String,
        }
    }
}

impl RedirectCallbackParams {
    /// Where they say to go afterwards.
    pub(super) fn redirects(&self) -> RedirectOptions {
        RedirectOptions {
            sign_in_force_redirect_url: self.sign_in_force_redirect_url.clone(),
            sign_in_fallback_redirect_url: self.sign_in_fallback_redirect_url.clone(),
            sign_up_force_redirect_url: self.sign_up_force_redirect_url.clone(),
            sign_up_fallback_redirect_url: self.sign_up_fallback_redirect_url.clone(),
            ..RedirectOptions::default()
        }
    }

    /// The callback of a flow that begins at a page with these options.
    pub(crate) fn after_page(options: &RedirectOptions) -> Self {
        let fallback = |own: &Option<String>| given(&options.redirect_url).or(given(own)).map(str::to_owned);
        Self {
            sign_in_force_redirect_url: options.sign_in_force_redirect_url.clone(),
            sign_in_fallback_redirect_url: fallback(&options.sign_in_fallback_redirect_url),
            sign_up_force_redirect_url: options.sign_up_force_redirect_url.clone(),
            sign_up_fallback_redirect_url: fallback(&options.sign_up_fallback_redirect_url),
            ..Self::default()
        }
    }
}

/// The page that the tasks of a session hang off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    SignIn,
    SignUp,
}

/// What a row of the table says to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Make the session active, then go to the URL, or to its task below `base`.
    Activate { session: SessionId, base: Base, url: String },
    /// Go to the URL.
    Navigate(String),
    /// The account exists: turn the sign-up into a sign-in.
    TransferToSignIn,
    /// There is no account: turn the sign-in into a sign-up.
    TransferToSignUp,
    /// Nothing is left to do.
    Stay,
}

/// The destinations of the table, with the defaults filled in.
struct Destinations<'a> {
    params: &'a RedirectCallbackParams,
    urls: Urls<'a>,
}

impl Destinations<'_> {
    /// Where the sign-in is. A page of the app comes before the hosted one, whose browser could not go on with an
    /// attempt of this device.
    fn sign_in(&self) -> String {
        given(&self.params.sign_in_url).map_or_else(|| self.sign_in_base(), str::to_owned)
    }

    fn sign_up(&self) -> String {
        given(&self.params.sign_up_url).map_or_else(|| self.sign_up_base(), str::to_owned)
    }

    fn sign_in_base(&self) -> String {
        self.urls.sign_in_page()
    }

    fn sign_up_base(&self) -> String {
        self.urls.sign_up_page()
    }

    fn sign_in_step(&self, param: &Option<String>, path: &str) -> String {
        given(param).map_or_else(|| with_hash(&self.sign_in_base(), path, &[]), str::to_owned)
    }

    fn sign_up_step(&self, param: &Option<String>, path: &str) -> String {
        given(param).map_or_else(|| with_hash(&self.sign_up_base(), path, &[]), str::to_owned)
    }

    fn factor_one(&self) -> String {
        self.sign_in_step(&self.params.first_factor_url, "factor-one")
    }

    fn factor_two(&self) -> String {
        self.sign_in_step(&self.params.second_factor_url, "factor-two")
    }

    fn reset_password(&self) -> String {
        self.sign_in_step(&self.params.reset_password_url, "reset-password")
    }

    fn sign_in_protect_check(&self) -> String {
        self.sign_in_step(&self.params.sign_in_protect_check_url, "protect-check")
    }

    fn sign_up_protect_check(&self) -> String {
        self.sign_up_step(&self.params.sign_up_protect_check_url, "protect-check")
    }

    /// Where to go after a sign-in or sign-up; the same that `buildAfterSignInUrl` would say.
    fn after(&self, after: After) -> String {
        self.urls.in_app(&self.urls.after(after, &self.params.redirects(), &[]))
    }
}

fn given(param: &Option<String>) -> Option<&str> {
    param.as_deref().filter(|url| !url.is_empty())
}

fn activate(session: &SessionId, base: Base, url: String) -> Step {
    Step::Activate { session: session.clone(), base, url }
}

/// The decision table. `returned` is the attempt that a flow just brought back; it stands in for the client's, which may
/// not hold it any more.
fn decide(snapshot: &Snapshot, returned: Option<&AttemptResource>, to: &Destinations<'_>) -> Step {
    let client = snapshot.client.as_deref();
    let (no_sign_in, no_sign_up) = (SignIn::default(), SignUp::default());
    let mut sign_in = client.and_then(|client| client.sign_in.as_ref()).unwrap_or(&no_sign_in);
    let mut sign_up = client.and_then(|client| client.sign_up.as_ref()).unwrap_or(&no_sign_up);
    // An old check of the other attempt must not stand in the way of the one that this is about.
    let about = match returned {
        Some(AttemptResource::SignIn(attempt)) => {
            sign_in = attempt;
            Some("signIn")
        }
        Some(AttemptResource::SignUp(attempt)) => {
            sign_up = attempt;
            Some("signUp")
        }
        None => to.params.reload_resource.as_deref(),
    };
    let resuming = to.params.continuation.is_some();
    let first_factor = sign_in.first_factor_verification.as_ref();
    let external = sign_up.verifications.external_account.as_ref();
    let code =
        |verification: Option<&Verification>, code: &str| verification.and_then(Verification::error_code) == Some(code);
    let is =
        |verification: Option<&Verification>, status| verification.is_some_and(|verification| verification.is(&status));

    // 1
    if sign_in.is(&SignInStatus::Complete)
        && let Some(session) = &sign_in.created_session_id
    {
        return activate(session, Base::SignIn, to.after(After::SignIn));
    }
    // 2
    if !resuming && about != Some("signUp") && needs_protect_check(sign_in) {
        return Step::Navigate(to.sign_in_protect_check());
    }
    // 3
    if !resuming && about != Some("signIn") && sign_up.protect_check.is_some() {
        return Step::Navigate(to.sign_up_protect_check());
    }
    // 4
    if is(external, VerificationStatus::Transferable) && code(external, "external_account_exists") {
        return Step::TransferToSignIn;
    }
    // 5
    if code(external, "user_locked") {
        return Step::Navigate(to.sign_up());
    }
    // 6
    if code(first_factor, "user_locked") {
        return Step::Navigate(to.sign_in());
    }
    // 7
    if sign_in.is(&SignInStatus::NeedsFirstFactor) && !only_enterprise_sso(sign_in) {
        return Step::Navigate(to.factor_one());
    }
    // 8
    if sign_in.is(&SignInStatus::NeedsNewPassword) {
        return Step::Navigate(to.reset_password());
    }
    // 9
    if is(first_factor, VerificationStatus::Transferable)
        || to.params.continuation.as_deref() == Some("transfer_to_sign_up")
    {
        return if to.params.transferable == Some(false) {
            Step::Navigate(to.sign_in())
        } else {
            Step::TransferToSignUp
        };
    }
    // 10
    if sign_up.is(&SignUpStatus::Complete)
        && let Some(session) = &sign_up.created_session_id
    {
        return activate(session, Base::SignUp, to.after(After::SignUp));
    }
    // 11
    if sign_in.is(&SignInStatus::NeedsSecondFactor) {
        return Step::Navigate(to.factor_two());
    }
    // 12
    let unfinished = is(external, VerificationStatus::Failed) || is(external, VerificationStatus::Unverified);
    let by_sign_in = first_factor.filter(|_| is(first_factor, VerificationStatus::Failed)).and_then(signed_in_already);
    let by_sign_up = external.filter(|_| unfinished).and_then(signed_in_already);
    if let Some(session) = by_sign_in.or(by_sign_up.clone()) {
        let base = if by_sign_up.is_some() { Base::SignUp } else { Base::SignIn };
        return activate(&session, base, to.after(After::SignIn));
    }
    // 13
    if external.is_some_and(|verification| verification.error.is_some()) {
        return Step::Navigate(to.sign_up());
    }
    // 14
    if is(external, VerificationStatus::Verified) && sign_up.is(&SignUpStatus::MissingRequirements) {
        return next_sign_up_step(sign_up, to);
    }
    // 15
    if let Some(task) = snapshot.session().and_then(Session::current_task) {
        let redirect = RedirectOptions { redirect_url: Some(to.urls.after_sign_in(&[])), ..RedirectOptions::default() };
        return Step::Navigate(to.urls.in_app(&to.urls.task(Some(task), &redirect)));
    }
    // 16
    Step::Navigate(to.sign_in())
}

pub(super) fn needs_protect_check(sign_in: &SignIn) -> bool {
    sign_in.protect_check.is_some() || sign_in.is(&SignInStatus::NeedsProtectCheck)
}

/// A missing list counts as "other factors too", an empty one as "only".
fn only_enterprise_sso(sign_in: &SignIn) -> bool {
    sign_in
        .supported_first_factors
        .as_ref()
        .is_some_and(|factors| factors.iter().all(|factor| factor.strategy == "enterprise_sso"))
}

/// The session of the user who turned out to be signed in already.
fn signed_in_already(verification: &Verification) -> Option<SessionId> {
    let error = verification.error.as_ref().filter(|error| error.code == "identifier_already_signed_in")?;
    error.meta.get("sessionId")?.as_str().map(Into::into)
}

/// What a sign-up that is not complete needs next.
fn next_sign_up_step(sign_up: &SignUp, to: &Destinations<'_>) -> Step {
    let unverified = |field: &str| sign_up.unverified_fields.iter().any(|name| name == field);
    let gate = sign_up.protect_check.is_some() || sign_up.missing_fields.iter().any(|name| name == "protect_check");
    if gate {
        Step::Navigate(to.sign_up_protect_check())
    } else if !sign_up.missing_fields.is_empty() {
        Step::Navigate(to.sign_up_step(&to.params.continue_sign_up_url, "continue"))
    } else if unverified("email_address") {
        Step::Navigate(to.sign_up_step(&to.params.verify_email_address_url, "verify-email-address"))
    } else if unverified("phone_number") {
        Step::Navigate(to.sign_up_step(&to.params.verify_phone_number_url, "verify-phone-number"))
    } else {
        Step::Stay
    }
}

/// After a sign-up was turned into a sign-in.
fn after_transfer_to_sign_in(sign_in: &SignIn, to: &Destinations<'_>) -> Result<Step> {
    if needs_protect_check(sign_in) {
        return Ok(Step::Navigate(to.sign_in_protect_check()));
    }
    match (&sign_in.status, &sign_in.created_session_id) {
        (Some(SignInStatus::Complete), Some(session)) => Ok(activate(session, Base::SignUp, to.after(After::SignIn))),
        (Some(SignInStatus::NeedsFirstFactor), _) => Ok(Step::Navigate(to.factor_one())),
        (Some(SignInStatus::NeedsSecondFactor), _) => Ok(Step::Navigate(to.factor_two())),
        (Some(SignInStatus::NeedsNewPassword), _) => Ok(Step::Navigate(to.reset_password())),
        _ => Err(incomplete("sign-in")),
    }
}

/// After a sign-in was turned into a sign-up.
fn after_transfer_to_sign_up(sign_up: &SignUp, to: &Destinations<'_>) -> Result<Step> {
    match (&sign_up.status, &sign_up.created_session_id) {
        (Some(SignUpStatus::Complete), Some(session)) => Ok(activate(session, Base::SignUp, to.after(After::SignUp))),
        (Some(SignUpStatus::MissingRequirements), _) => Ok(next_sign_up_step(sign_up, to)),
        _ => Err(incomplete("sign-up")),
    }
}

fn incomplete(what: &str) -> crate::Error {
    ErrorCode::RedirectCallbackIncomplete.error(format!(
        "the {what} came back from the browser in a state that this version can't continue; start it again"
    ))
}

impl Clerk {
    /// Goes on after a browser flow came back: activates the session, turns a sign-in into a sign-up or the other way
    /// round, or says where the next step is.
    ///
    /// [`authenticate_with_redirect`](Self::authenticate_with_redirect) does this by itself.
    ///
    /// # Errors
    /// `not_loaded`, `redirect_callback_incomplete`, `network_error`, or `api_response_error`.
    ///
    /// # Source
    /// `Clerk.handleRedirectCallback()`.
    pub async fn handle_redirect_callback(&self, params: RedirectCallbackParams) -> Result<RedirectOutcome> {
        self.loaded()?;
        self.reload_before_callback(&params).await;
        self.route_callback(params, None).await
    }

    /// [`handle_redirect_callback`](Self::handle_redirect_callback) for the attempt that a flow brought back.
    pub(super) async fn route_callback(
        &self,
        params: RedirectCallbackParams,
        returned: Option<AttemptResource>,
    ) -> Result<RedirectOutcome> {
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
    }

    async fn carry_out(&self, step: Step, to: &Destinations<'_>) -> Result<RedirectOutcome> {
        match step {
            Step::Activate { session, base, url } => {
                self.activate(&SetActiveParams::session(session.clone())).await?;
                let base = if base == Base::SignIn { to.sign_in() } else { to.sign_up() };
                let task = to.urls.task_on(self.snapshot().session(), &base);
                Ok(RedirectOutcome { navigate_to: Some(task.unwrap_or(url)), created_session_id: Some(session) })
            }
            Step::Navigate(url) => Ok(RedirectOutcome { navigate_to: Some(url), created_session_id: None }),
            Step::Stay | Step::TransferToSignIn | Step::TransferToSignUp => Ok(RedirectOutcome::default()),
        }
    }

    /// Reads the attempt again that `reload_resource` names. A failure is not the caller's concern: the table then
    /// works on what is known.
    async fn reload_before_callback(&self, params: &RedirectCallbackParams) {
        let Some(client) = self.client() else { return };
        let resource = match params.reload_resource.as_deref() {
            Some("signIn") => client.sign_in.as_ref().map(|attempt| (RedirectResource::SignIn, attempt.id.to_string())),
            Some("signUp") => client.sign_up.as_ref().map(|attempt| (RedirectResource::SignUp, attempt.id.to_string())),
            _ => None,
        };
        let reloaded = match resource {
            Some((RedirectResource::SignIn, id)) => self.reload_sign_in(&SignInId::from(id), None).await.map(|_| ()),
            Some((RedirectResource::SignUp, id)) => self.reload_sign_up(&SignUpId::from(id), None).await.map(|_| ()),
            None => Ok(()),
        };
        if let Err(error) = reloaded {
            tracing::debug!(code = error.code(), "the attempt could not be read again before the callback");
        }
    }
}
