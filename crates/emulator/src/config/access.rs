//! Who may sign up, sign in and use the instance.

use serde::{Deserialize, Serialize};

/// Who may sign up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SignUpSettings {
    /// `public`, `restricted` or `waitlist`.
    pub mode: String,
    /// Whether users must accept the terms.
    pub legal_consent: bool,
}

impl Default for SignUpSettings {
    fn default() -> Self {
        Self { mode: "public".to_owned(), legal_consent: false }
    }
}

/// Which identifiers are accepted: addresses, numbers, or `*@domain`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Restrictions {
    /// If not empty, only these are accepted.
    pub allowlist: Vec<String>,
    /// These are rejected.
    pub blocklist: Vec<String>,
    /// Rejects a `+` in the local part of addresses.
    pub block_subaddresses: bool,
}

/// What users may do on their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Actions {
    /// Delete their account.
    pub delete_self: bool,
    /// Create organizations.
    pub create_organization: bool,
    /// Maximum number of organizations per user; `None` for no limit.
    pub organizations_limit: Option<usize>,
}

impl Default for Actions {
    fn default() -> Self {
        Self { delete_self: true, create_organization: true, organizations_limit: None }
    }
}

/// Protection against attacks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AttackProtection {
    /// Lockout.
    pub lockout: Lockout,
    /// Whether responses for unknown identifiers look like those for known ones.
    pub enumeration: bool,
    /// Whether e-mail links must be opened on the client that requested them.
    pub email_link_same_client: bool,
    /// How many anti-fraud checks an attempt must pass, one after the other. The proof of a check is `proof:` and its token.
    pub protect_checks: u32,
}

/// Lockout after failed attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Lockout {
    /// Whether it is on.
    pub enabled: bool,
    /// Failed attempts until an account is locked.
    pub max_attempts: u32,
    /// How long an account stays locked, in minutes; 0 until it is unlocked by an administrator.
    pub minutes: u32,
}

impl Default for Lockout {
    fn default() -> Self {
        Self { enabled: true, max_attempts: 10, minutes: 60 }
    }
}

/// Native clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct NativeApi {
    /// Whether native clients may use the instance.
    pub enabled: bool,
    /// Origins that may be sent together with `Authorization`; `loopback` matches every loopback origin.
    pub allowed_origins: Vec<String>,
}

impl Default for NativeApi {
    fn default() -> Self {
        Self { enabled: true, allowed_origins: Vec::new() }
    }
}
