//! Who may sign up, sign in and do what.

use serde::{Deserialize, Serialize};

/// Who may sign up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SignUpSettings {
    /// `public`, `restricted` or `waitlist`.
    pub mode: String,
    /// Whether the terms have to be accepted.
    pub legal_consent: bool,
}

impl Default for SignUpSettings {
    fn default() -> Self {
        Self { mode: "public".to_owned(), legal_consent: false }
    }
}

/// Which identifiers are let in: addresses, numbers, or `*@domain`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Restrictions {
    /// Only these, when there are any.
    pub allowlist: Vec<String>,
    /// Not these.
    pub blocklist: Vec<String>,
    /// No `+` in the local part of addresses.
    pub block_subaddresses: bool,
}

/// What users may do by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Actions {
    /// Delete their account.
    pub delete_self: bool,
    /// Create organizations.
    pub create_organization: bool,
    /// How many organizations; no limit when absent.
    pub organizations_limit: Option<usize>,
}

impl Default for Actions {
    fn default() -> Self {
        Self { delete_self: true, create_organization: true, organizations_limit: None }
    }
}

/// Lock-out and the like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AttackProtection {
    /// Lock-out.
    pub lockout: Lockout,
    /// Whether unknown identifiers look like known ones.
    pub enumeration: bool,
    /// Whether e-mail links have to be opened where they were asked for.
    pub email_link_same_client: bool,
}

/// Lock-out after failed attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Lockout {
    /// Whether it is on.
    pub enabled: bool,
    /// Failed attempts until an account is locked.
    pub max_attempts: u32,
    /// How long it stays locked; 0 is until somebody unlocks it.
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
    /// Origins that may come together with `Authorization`; `loopback` stands for every loopback origin.
    pub allowed_origins: Vec<String>,
}

impl Default for NativeApi {
    fn default() -> Self {
        Self { enabled: true, allowed_origins: Vec::new() }
    }
}
