//! Sign-ins and sign-ups.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Kind, PasswordHash, Verification};
use crate::config::Identity;

#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    pub(crate) id: String,
    pub(crate) status: SignInStatus,
    pub(crate) identifier: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) first_factor: Option<Verification>,
    pub(crate) second_factor: Option<Verification>,
    /// The identification that the first factor was sent to.
    pub(crate) factor_id: Option<String>,
    /// The identity at the provider: for a transfer, or pending until its address is verified.
    pub(crate) identity: Option<Identity>,
    /// Whether an unknown identifier becomes a sign-up.
    pub(crate) sign_up_if_missing: bool,
    /// Whether second factors are skipped.
    pub(crate) skip_mfa: bool,
    /// Whether the account's password must be replaced.
    pub(crate) new_password: bool,
    pub(crate) actor: Option<Value>,
    /// Anti-fraud checks that are left.
    pub(crate) protect_checks: u32,
    pub(crate) created_session_id: Option<String>,
    pub(crate) abandon_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInStatus {
    NeedsIdentifier,
    NeedsFirstFactor,
    NeedsSecondFactor,
    NeedsClientTrust,
    NeedsNewPassword,
    Complete,
}

impl SignInStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NeedsIdentifier => "needs_identifier",
            Self::NeedsFirstFactor => "needs_first_factor",
            Self::NeedsSecondFactor => "needs_second_factor",
            Self::NeedsClientTrust => "needs_client_trust",
            Self::NeedsNewPassword => "needs_new_password",
            Self::Complete => "complete",
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct SignUp {
    pub(crate) id: String,
    pub(crate) complete: bool,
    /// Identifiers with their verifications.
    pub(crate) identifiers: BTreeMap<Kind, (String, Option<Verification>)>,
    pub(crate) username: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) unsafe_metadata: Map<String, Value>,
    pub(crate) legal_accepted_at: Option<i64>,
    pub(crate) external_account: Option<Verification>,
    pub(crate) identity: Option<Identity>,
    /// ID of the enterprise connection that the identity came from.
    pub(crate) connection_id: Option<String>,
    pub(crate) ticket: Option<String>,
    /// Anti-fraud checks that are left.
    pub(crate) protect_checks: u32,
    pub(crate) created_session_id: Option<String>,
    pub(crate) created_user_id: Option<String>,
    pub(crate) abandon_at: i64,
}

/// The token of an attempt's next anti-fraud check; none if all were passed.
pub(crate) fn protect_token(id: &str, left: u32) -> Option<String> {
    (left > 0).then(|| format!("check_{left}_of_{id}"))
}

impl SignUp {
    pub(crate) fn value(&self, kind: Kind) -> Option<&str> {
        self.identifiers.get(&kind).map(|(value, _)| value.as_str())
    }

    pub(crate) fn verification(&self, kind: Kind) -> Option<&Verification> {
        self.identifiers.get(&kind).and_then(|(_, verification)| verification.as_ref())
    }
}
