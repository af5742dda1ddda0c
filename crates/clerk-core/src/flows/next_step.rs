//! Decides the next step of a sign-in or sign-up attempt. Pure: no I/O.

use crate::{
    error::{Error, ErrorCode, Result},
    flows::{
        attempt::{AttemptKind, AttemptResource},
        callback_params::{Continuation, RedirectCallbackParams},
        outcome::Requirements,
    },
    models::{Session, SessionId, SignIn, SignInStatus, SignUp, SignUpStatus, Verification, VerificationStatus},
    navigation::urls::{RedirectOptions, Urls, non_empty, with_hash},
    state::snapshot::Snapshot,
};

/// The next step of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Activate the session, then navigate to the page of its pending task, or to `url`. Without an own page, the task
    /// is done below the page of `base`.
    Activate { session: SessionId, base: AttemptKind, url: String },
    /// More is required of the user. `page` is the app's page for it; without one, the app stays where it is.
    Require { page: Option<String>, requirements: Requirements },
    /// The account exists: transfer the sign-up to a sign-in.
    TransferToSignIn,
    /// The account does not exist: transfer the sign-in to a sign-up.
    TransferToSignUp,
}

/// The app's pages for the steps.
pub(super) struct Destinations<'a> {
    pub(super) params: &'a RedirectCallbackParams,
    pub(super) urls: Urls<'a>,
}

impl Destinations<'_> {
    /// Returns the app's sign-in page.
    pub(super) fn sign_in(&self) -> Option<String> {
        non_empty(&self.params.sign_in_url).or(self.urls.own_sign_in()).map(str::to_owned)
    }

    /// Returns the app's sign-up page.
    pub(super) fn sign_up(&self) -> Option<String> {
        non_empty(&self.params.sign_up_url).map(str::to_owned).or_else(|| self.urls.own_sign_up())
    }

    fn sign_in_step(&self, param: &Option<String>, path: &str) -> Option<String> {
        let below = || self.urls.own_sign_in().map(|page| with_hash(page, path, &[]));
        non_empty(param).map(str::to_owned).or_else(below)
    }

    fn sign_up_step(&self, param: &Option<String>, path: &str) -> Option<String> {
        let below = || self.urls.own_sign_up().map(|page| with_hash(&page, path, &[]));
        non_empty(param).map(str::to_owned).or_else(below)
    }

    fn factor_one(&self) -> Option<String> {
        self.sign_in_step(&self.params.first_factor_url, "factor-one")
    }

    fn factor_two(&self) -> Option<String> {
        self.sign_in_step(&self.params.second_factor_url, "factor-two")
    }

    fn reset_password(&self) -> Option<String> {
        self.sign_in_step(&self.params.reset_password_url, "reset-password")
    }

    fn sign_in_protect_check(&self) -> Option<String> {
        self.sign_in_step(&self.params.sign_in_protect_check_url, "protect-check")
    }

    fn sign_up_protect_check(&self) -> Option<String> {
        self.sign_up_step(&self.params.sign_up_protect_check_url, "protect-check")
    }

    /// Returns where to navigate after a sign-in or sign-up, as `buildAfterSignInUrl` does.
    pub(super) fn after(&self, after: AttemptKind) -> String {
        self.urls.in_app(&self.urls.after(after, &self.params.redirects(), &[]))
    }
}

/// What a sign-in requires.
fn for_sign_in(sign_in: &SignIn, page: Option<String>) -> Step {
    Step::Require { page, requirements: Requirements::of_sign_in(sign_in) }
}

/// What a sign-up requires.
fn for_sign_up(sign_up: &SignUp, page: Option<String>) -> Step {
    Step::Require { page, requirements: Requirements::of_sign_up(sign_up) }
}

pub(super) fn activate(session: &SessionId, base: AttemptKind, url: String) -> Step {
    Step::Activate { session: session.clone(), base, url }
}

/// Decides the step after a browser flow. The order and conditions are those of Clerk's SDKs; the first matching row
/// applies. `returned` is the attempt that the flow returned with; it replaces the client's, which may no longer
/// contain it.
///
/// | row | condition | step |
/// | --- | --- | --- |
/// | 1 | sign-in complete | activate its session |
/// | 2 | sign-in needs a protect check | its protect check |
/// | 3 | sign-up needs a protect check | its protect check |
/// | 4 | external account of the sign-up exists already | transfer to a sign-in |
/// | 5 | external account of the sign-up: user locked | sign-up |
/// | 6 | first factor of the sign-in: user locked | sign-in |
/// | 7 | sign-in needs a first factor other than enterprise SSO | first factor |
/// | 8 | sign-in needs a new password | reset password |
/// | 9 | first factor transferable, or continuing such a transfer | transfer to a sign-up, or sign-in if not `transferable` |
/// | 10 | sign-up complete | activate its session |
/// | 11 | sign-in needs a second factor | second factor |
/// | 12 | the user is signed in already | activate that session |
/// | 13 | external account of the sign-up failed otherwise | sign-up |
/// | 14 | external account verified, sign-up has missing requirements | the first missing requirement |
/// | 15 | the active session has a pending task | the task |
/// | 16 | otherwise | sign-in |
///
/// Rows 2 and 3 apply only to the attempt of the callback, and not while it continues a transfer.
pub(super) fn decide(snapshot: &Snapshot, returned: Option<&AttemptResource>, to: &Destinations<'_>) -> Step {
    let client = snapshot.client.as_deref();
    let (no_sign_in, no_sign_up) = (SignIn::default(), SignUp::default());
    let mut sign_in = client.and_then(|client| client.sign_in.as_ref()).unwrap_or(&no_sign_in);
    let mut sign_up = client.and_then(|client| client.sign_up.as_ref()).unwrap_or(&no_sign_up);
    match returned {
        Some(AttemptResource::SignIn(attempt)) => sign_in = attempt,
        Some(AttemptResource::SignUp(attempt)) => sign_up = attempt,
        None => {}
    }
    // An old check of the other attempt must not block the attempt of this callback.
    let about = returned.map(AttemptResource::kind).or(to.params.reload_resource);
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
        return activate(session, AttemptKind::SignIn, to.after(AttemptKind::SignIn));
    }
    // 2
    if !resuming && about != Some(AttemptKind::SignUp) && sign_in.needs_protect_check() {
        return for_sign_in(sign_in, to.sign_in_protect_check());
    }
    // 3
    if !resuming && about != Some(AttemptKind::SignIn) && sign_up.protect_check.is_some() {
        return for_sign_up(sign_up, to.sign_up_protect_check());
    }
    // 4
    if is(external, VerificationStatus::Transferable) && code(external, "external_account_exists") {
        return Step::TransferToSignIn;
    }
    // 5
    if code(external, "user_locked") {
        return for_sign_up(sign_up, to.sign_up());
    }
    // 6
    if code(first_factor, "user_locked") {
        return for_sign_in(sign_in, to.sign_in());
    }
    // 7
    if sign_in.is(&SignInStatus::NeedsFirstFactor) && !only_enterprise_sso(sign_in) {
        return for_sign_in(sign_in, to.factor_one());
    }
    // 8
    if sign_in.is(&SignInStatus::NeedsNewPassword) {
        return for_sign_in(sign_in, to.reset_password());
    }
    // 9
    if is(first_factor, VerificationStatus::Transferable)
        || matches!(to.params.continuation, Some(Continuation::TransferToSignUp))
    {
        return if to.params.transferable == Some(false) {
            for_sign_in(sign_in, to.sign_in())
        } else {
            Step::TransferToSignUp
        };
    }
    // 10
    if sign_up.is(&SignUpStatus::Complete)
        && let Some(session) = &sign_up.created_session_id
    {
        return activate(session, AttemptKind::SignUp, to.after(AttemptKind::SignUp));
    }
    // 11
    if sign_in.is(&SignInStatus::NeedsSecondFactor) {
        return for_sign_in(sign_in, to.factor_two());
    }
    // 12
    let unfinished = is(external, VerificationStatus::Failed) || is(external, VerificationStatus::Unverified);
    let by_sign_in = first_factor.filter(|_| is(first_factor, VerificationStatus::Failed)).and_then(signed_in_already);
    let by_sign_up = external.filter(|_| unfinished).and_then(signed_in_already);
    if let Some(session) = by_sign_in.or(by_sign_up.clone()) {
        let base = if by_sign_up.is_some() { AttemptKind::SignUp } else { AttemptKind::SignIn };
        return activate(&session, base, to.after(AttemptKind::SignIn));
    }
    // 13
    if external.is_some_and(|verification| verification.error.is_some()) {
        return for_sign_up(sign_up, to.sign_up());
    }
    // 14
    if is(external, VerificationStatus::Verified) && sign_up.is(&SignUpStatus::MissingRequirements) {
        return next_sign_up_step(sign_up, to);
    }
    // 15
    if let Some(task) = snapshot.session().and_then(Session::current_task) {
        let redirect = RedirectOptions { redirect_url: Some(to.urls.after_sign_in(&[])), ..RedirectOptions::default() };
        let has_page = to.urls.own_task_page(task).is_some() || to.urls.own_sign_in().is_some();
        let page = has_page.then(|| to.urls.in_app(&to.urls.task(Some(task), &redirect)));
        return Step::Require { page, requirements: Requirements::of_task(task) };
    }
    // 16
    for_sign_in(sign_in, to.sign_in())
}

/// A missing list counts as having other factors, an empty one as having none.
fn only_enterprise_sso(sign_in: &SignIn) -> bool {
    sign_in
        .supported_first_factors
        .as_ref()
        .is_some_and(|factors| factors.iter().all(|factor| factor.strategy == "enterprise_sso"))
}

/// Returns the session of the user who is already signed in.
fn signed_in_already(verification: &Verification) -> Option<SessionId> {
    let error = verification.error.as_ref().filter(|error| error.code == "identifier_already_signed_in")?;
    error.meta.get("sessionId")?.as_str().map(Into::into)
}

/// Returns the next step of an incomplete sign-up.
fn next_sign_up_step(sign_up: &SignUp, to: &Destinations<'_>) -> Step {
    let unverified = |field: &str| sign_up.unverified_fields.iter().any(|name| name == field);
    if sign_up.needs_protect_check() {
        for_sign_up(sign_up, to.sign_up_protect_check())
    } else if !sign_up.missing_fields.is_empty() {
        for_sign_up(sign_up, to.sign_up_step(&to.params.continue_sign_up_url, "continue"))
    } else if unverified("email_address") {
        for_sign_up(sign_up, to.sign_up_step(&to.params.verify_email_address_url, "verify-email-address"))
    } else if unverified("phone_number") {
        for_sign_up(sign_up, to.sign_up_step(&to.params.verify_phone_number_url, "verify-phone-number"))
    } else {
        for_sign_up(sign_up, None)
    }
}

/// Decides the step after a sign-up was transferred to a sign-in.
pub(super) fn after_transfer_to_sign_in(sign_in: &SignIn, to: &Destinations<'_>) -> Result<Step> {
    if sign_in.needs_protect_check() {
        return Ok(for_sign_in(sign_in, to.sign_in_protect_check()));
    }
    match (&sign_in.status, &sign_in.created_session_id) {
        (Some(SignInStatus::Complete), Some(session)) => {
            Ok(activate(session, AttemptKind::SignUp, to.after(AttemptKind::SignIn)))
        }
        (Some(SignInStatus::NeedsFirstFactor), _) => Ok(for_sign_in(sign_in, to.factor_one())),
        (Some(SignInStatus::NeedsSecondFactor), _) => Ok(for_sign_in(sign_in, to.factor_two())),
        (Some(SignInStatus::NeedsNewPassword), _) => Ok(for_sign_in(sign_in, to.reset_password())),
        _ => Err(incomplete("sign-in")),
    }
}

/// Decides the step after a sign-in was transferred to a sign-up.
pub(super) fn after_transfer_to_sign_up(sign_up: &SignUp, to: &Destinations<'_>) -> Result<Step> {
    match (&sign_up.status, &sign_up.created_session_id) {
        (Some(SignUpStatus::Complete), Some(session)) => {
            Ok(activate(session, AttemptKind::SignUp, to.after(AttemptKind::SignUp)))
        }
        (Some(SignUpStatus::MissingRequirements), _) => Ok(next_sign_up_step(sign_up, to)),
        _ => Err(incomplete("sign-up")),
    }
}

fn incomplete(what: &str) -> Error {
    ErrorCode::RedirectCallbackIncomplete.error(format!(
        "the {what} returned from the browser in a state that this version can't continue; start it again"
    ))
}

/// Decides the step after a wallet's signature. An incomplete sign-up stays on the page, unless the caller names a page
/// for it.
pub(super) fn after_signature(signed: &AttemptResource, to: &Destinations<'_>) -> Step {
    let (complete, incomplete) = match signed {
        AttemptResource::SignIn(sign_in) => {
            let page = if sign_in.needs_protect_check() {
                to.sign_in_protect_check()
            } else if sign_in.is(&SignInStatus::NeedsSecondFactor) {
                to.factor_two()
            } else {
                None
            };
            (sign_in.is(&SignInStatus::Complete) && !sign_in.needs_protect_check(), for_sign_in(sign_in, page))
        }
        AttemptResource::SignUp(sign_up) => {
            let verification = sign_up.verifications.web3_wallet.as_ref();
            let verified = verification.is_some_and(|one| one.status == Some(VerificationStatus::Verified));
            let page = if sign_up.needs_protect_check() {
                to.sign_up_protect_check()
            } else if sign_up.is(&SignUpStatus::MissingRequirements) && verified {
                non_empty(&to.params.continue_sign_up_url).map(str::to_owned)
            } else {
                None
            };
            (sign_up.is(&SignUpStatus::Complete) && !sign_up.needs_protect_check(), for_sign_up(sign_up, page))
        }
    };
    match signed.created_session_id().filter(|_| complete) {
        Some(session) => activate(session, AttemptKind::SignIn, to.after(AttemptKind::SignIn)),
        None => incomplete,
    }
}
