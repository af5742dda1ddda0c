//! Sign-in and sign-up attempts.

use serde::{Deserialize, Serialize};

use crate::{
    models::{SessionId, SignIn, SignInId, SignInStatus, SignUp, SignUpId, SignUpStatus, VerificationStatus},
    secret::Wipe,
};

/// The kind of an attempt: sign-in or sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum AttemptKind {
    /// A sign-in.
    #[default]
    SignIn,
    /// A sign-up.
    SignUp,
}

/// It is no secret.
impl Wipe for AttemptKind {
    fn wipe(&mut self) {}
}

impl AttemptKind {
    /// Returns the `mode` of `POST /v1/client/hosted_auth`.
    pub(crate) fn hosted_mode(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignUp => "sign-up",
        }
    }
}

/// The attempt that a flow belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Attempt {
    SignIn(SignInId),
    SignUp(SignUpId),
}

impl Attempt {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::SignIn(id) => id.as_str(),
            Self::SignUp(id) => id.as_str(),
        }
    }
}

/// An attempt as FAPI sent it. Once complete, it is no longer part of the client.
#[derive(Debug, Clone)]
pub(crate) enum AttemptResource {
    SignIn(Box<SignIn>),
    SignUp(Box<SignUp>),
}

impl AttemptResource {
    pub(crate) fn kind(&self) -> AttemptKind {
        match self {
            Self::SignIn(_) => AttemptKind::SignIn,
            Self::SignUp(_) => AttemptKind::SignUp,
        }
    }

    pub(crate) fn created_session_id(&self) -> Option<&SessionId> {
        match self {
            Self::SignIn(attempt) => attempt.created_session_id.as_ref(),
            Self::SignUp(attempt) => attempt.created_session_id.as_ref(),
        }
    }
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::SignIn(attempt) => attempt.id.as_str(),
            Self::SignUp(attempt) => attempt.id.as_str(),
        }
    }

    pub(crate) fn needs_first_factor(&self) -> bool {
        matches!(self, Self::SignIn(attempt) if attempt.is(&SignInStatus::NeedsFirstFactor))
    }

    /// Returns how far an attempt is that left the app to a provider.
    pub(crate) fn progress(&self) -> Progress {
        let (goes_on, verification) = match self {
            Self::SignIn(attempt) => {
                let is_new = attempt.protect_check.is_none()
                    && matches!(
                        attempt.status,
                        None | Some(SignInStatus::NeedsIdentifier | SignInStatus::NeedsFirstFactor)
                    );
                (!is_new, attempt.first_factor_verification.as_ref())
            }
            Self::SignUp(attempt) => {
                let is_new = !attempt.needs_protect_check()
                    && matches!(attempt.status, None | Some(SignUpStatus::MissingRequirements));
                (!is_new, attempt.verifications.external_account.as_ref())
            }
        };
        let status = verification.and_then(|one| one.status.as_ref());
        let error = verification.and_then(|one| one.error.as_ref());
        match status {
            _ if goes_on => Progress::Over,
            Some(VerificationStatus::Failed | VerificationStatus::Expired) => {
                Progress::Failed(error.map(|error| error.code.clone()))
            }
            None | Some(VerificationStatus::Unverified) => match error {
                Some(error) => Progress::Failed(Some(error.code.clone())),
                None => Progress::Open,
            },
            Some(VerificationStatus::Transferable) => Progress::Transferable,
            Some(_) => Progress::Over,
        }
    }
}

/// How far an attempt is that left the app.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing happened yet.
    Open,
    /// The app can continue it.
    Over,
    /// The app can continue it, by a transfer: the user is known to the provider only, or has an account already.
    Transferable,
    /// The verification failed, with the code of FAPI.
    Failed(Option<String>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fapi::wire::Wire;
    use serde_json::{Value, json};

    #[test]
    fn progress_is_open_until_fapi_says_otherwise() {
        let sign_in = |json: Value| AttemptResource::SignIn(Box::new(SignIn::read(&json).unwrap()));
        let sign_up = |json: Value| AttemptResource::SignUp(Box::new(SignUp::read(&json).unwrap()));
        let failed = |code: &str| Progress::Failed(Some(code.to_owned()));
        let verified_by = |status: &str, code: Option<&str>| json!({ "status": status, "error": code.map(|code| json!({ "code": code })) });
        for (status, verification, expected) in [
            ("needs_identifier", Value::Null, Progress::Open),
            ("needs_identifier", verified_by("unverified", None), Progress::Open),
            ("needs_first_factor", verified_by("unverified", None), Progress::Open),
            ("needs_first_factor", verified_by("verified", None), Progress::Over),
            (
                "needs_identifier",
                verified_by("transferable", Some("external_account_not_found")),
                Progress::Transferable,
            ),
            ("needs_identifier", verified_by("failed", Some("oauth_access_denied")), failed("oauth_access_denied")),
            ("needs_identifier", verified_by("unverified", Some("oauth_access_denied")), failed("oauth_access_denied")),
            ("needs_identifier", verified_by("expired", None), Progress::Failed(None)),
            ("needs_second_factor", verified_by("verified", None), Progress::Over),
            ("complete", Value::Null, Progress::Over),
            ("needs_telepathy", Value::Null, Progress::Over),
        ] {
            let attempt = sign_in(
                json!({ "object": "sign_in_attempt", "id": "sia_1", "status": status, "first_factor_verification": verification }),
            );
            assert_eq!(attempt.progress(), expected, "{status} {verification}");
        }
        for (status, verification, expected) in [
            ("missing_requirements", Value::Null, Progress::Open),
            ("missing_requirements", verified_by("unverified", None), Progress::Open),
            ("missing_requirements", verified_by("verified", None), Progress::Over),
            (
                "missing_requirements",
                verified_by("transferable", Some("external_account_exists")),
                Progress::Transferable,
            ),
            ("missing_requirements", verified_by("unverified", Some("x")), failed("x")),
            ("complete", Value::Null, Progress::Over),
        ] {
            let attempt = sign_up(
                json!({ "object": "sign_up_attempt", "id": "sua_1", "status": status, "verifications": { "external_account": verification } }),
            );
            assert_eq!(attempt.progress(), expected, "{status} {verification}");
        }
    }
}
