//! The outcome of browser flows.

use serde::Serialize;

use crate::{
    flows::attempt::AttemptKind,
    models::{SessionId, SessionTask, SignIn, SignUp, Verification},
};

/// The outcome of a browser flow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct RedirectOutcome {
    /// Where the app should navigate to. `None` if the flow leads nowhere, or if the app has no page for what is required next.
    pub navigate_to: Option<String>,
    /// The session that the flow created, which is now active.
    pub created_session_id: Option<SessionId>,
    /// What is required next. A browser could not continue an attempt of this device, so the app has to.
    pub requirements: Option<Requirements>,
}

/// What is required before the user is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Requirements {
    /// Whether a sign-in or a sign-up requires more. `None` if it is the session, which has a task.
    pub attempt: Option<AttemptKind>,
    /// The status of the attempt, e.g. `needs_second_factor`, `needs_new_password` or `missing_requirements`.
    pub status: Option<String>,
    /// The fields that the sign-up still requires.
    pub missing_fields: Vec<String>,
    /// The fields of the sign-up that must be verified.
    pub unverified_fields: Vec<String>,
    /// The code of the error with which the provider's verification ended, e.g. `user_locked`.
    pub error_code: Option<String>,
    /// The key of the session's task, e.g. `choose-organization`.
    pub task: Option<String>,
}

impl Requirements {
    pub(crate) fn of_sign_in(sign_in: &SignIn) -> Self {
        Self {
            attempt: Some(AttemptKind::SignIn),
            status: sign_in.status.as_ref().map(|status| status.as_str().to_owned()),
            error_code: error_code(sign_in.first_factor_verification.as_ref()),
            ..Self::default()
        }
    }

    pub(crate) fn of_sign_up(sign_up: &SignUp) -> Self {
        Self {
            attempt: Some(AttemptKind::SignUp),
            status: sign_up.status.as_ref().map(|status| status.as_str().to_owned()),
            missing_fields: sign_up.missing_fields.clone(),
            unverified_fields: sign_up.unverified_fields.clone(),
            error_code: error_code(sign_up.verifications.external_account.as_ref()),
            task: None,
        }
    }

    pub(crate) fn of_task(task: &SessionTask) -> Self {
        Self { task: Some(task.key.clone()), ..Self::default() }
    }
}

fn error_code(verification: Option<&Verification>) -> Option<String> {
    verification.and_then(Verification::error_code).map(str::to_owned)
}

impl RedirectOutcome {
    /// Creates an outcome that only navigates.
    pub(crate) fn navigate(to: String) -> Self {
        Self { navigate_to: Some(to), ..Self::default() }
    }
}
