//! Sessions, lifetimes and JWT templates.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Sessions of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Sessions {
    /// `single` or `multi`.
    pub mode: String,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { mode: "single".to_owned() }
    }
}

/// Lifetimes, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Session tokens.
    pub session_token_s: i64,
    /// Sessions.
    pub session_s: i64,
    /// Sign-in and sign-up attempts.
    pub attempt_s: i64,
    /// Codes, links, provider flows, nonces and approvals.
    pub verification_s: i64,
    /// Invitations and tickets.
    pub invitation_s: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: i64 = 24 * 60 * 60;
        Self { session_token_s: 60, session_s: 7 * DAY, attempt_s: DAY, verification_s: 600, invitation_s: 30 * DAY }
    }
}

/// A template for tokens with custom claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct JwtTemplate {
    /// Name.
    pub name: String,
    /// Claims; shortcodes such as `{{user.id}}` are replaced.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Lifetime, in seconds.
    #[serde(default = "a_minute")]
    pub lifetime_s: i64,
}

impl JwtTemplate {
    /// Creates a template with these claims.
    pub fn new(name: impl Into<String>, claims: Map<String, Value>) -> Self {
        Self { name: name.into(), claims, lifetime_s: a_minute() }
    }
}

fn a_minute() -> i64 {
    60
}
