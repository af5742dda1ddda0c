//! Passwords, passkeys, second factors and codes.

use serde::{Deserialize, Serialize};

use super::identifiers::Presence;

/// Passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Passwords {
    /// Whether passwords are in use.
    pub mode: Presence,
    /// What a password has to be like.
    pub rules: PasswordRules,
    /// Whether new passwords are looked up in `breached`.
    pub breach_check: bool,
    /// Whether passwords are looked up at sign-in as well.
    pub breach_check_on_sign_in: bool,
    /// Passwords that count as known from a breach.
    pub breached: Vec<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            mode: Presence::Required,
            rules: PasswordRules::default(),
            breach_check: true,
            breach_check_on_sign_in: true,
            breached: ["password", "12345678", "qwerty123"].map(str::to_owned).to_vec(),
        }
    }
}

/// What a password has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PasswordRules {
    /// Shortest password, in characters.
    pub min_length: usize,
    /// Longest password, in characters.
    pub max_length: usize,
    /// Needs a special character.
    pub special: bool,
    /// Needs a digit.
    pub numbers: bool,
    /// Needs an upper-case letter.
    pub uppercase: bool,
    /// Needs a lower-case letter.
    pub lowercase: bool,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { min_length: 8, max_length: 72, special: false, numbers: false, uppercase: false, lowercase: false }
    }
}

/// Passkeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Passkeys {
    /// Whether they are in use.
    pub enabled: bool,
    /// Whether the identifier field offers them.
    pub autofill: bool,
    /// Whether the sign-in card has a button for them.
    pub button: bool,
    /// Relying party; the host of the request's `Origin` when absent.
    pub rp_id: Option<String>,
}

impl Default for Passkeys {
    fn default() -> Self {
        Self { enabled: false, autofill: true, button: true, rp_id: None }
    }
}

/// Second factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Mfa {
    /// Authenticator apps.
    pub totp: bool,
    /// Backup codes.
    pub backup_code: bool,
    /// Codes by SMS.
    pub phone_code: bool,
    /// Codes by e-mail.
    pub email_code: bool,
    /// Whether everybody needs a second factor.
    pub required: bool,
}

impl Default for Mfa {
    fn default() -> Self {
        Self { totp: true, backup_code: true, phone_code: false, email_code: false, required: false }
    }
}

/// Codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct VerificationSettings {
    /// Wrong codes until a verification fails.
    pub max_attempts: u32,
    /// Seconds until a code can be asked for again, with `rate_limits`.
    pub resend_s: i64,
    /// Seconds in which the same request is answered without a new message.
    pub dedupe_s: i64,
}

impl Default for VerificationSettings {
    fn default() -> Self {
        Self { max_attempts: 5, resend_s: 30, dedupe_s: 2 }
    }
}
