//! Sign-in and sign-up attempts.

use serde::{Deserialize, Serialize};

use crate::models::{SessionId, SignIn, SignInId, SignUp, SignUpId};

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
}
