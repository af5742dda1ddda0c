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
    /// Requirements for passwords.
    pub rules: PasswordRules,
    /// Whether new passwords are checked against `breached`.
    pub breach_check: bool,
    /// Whether passwords are also checked at sign-in.
    pub breach_check_on_sign_in: bool,
    /// Passwords that count as breached.
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

/// Requirements for passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PasswordRules {
    /// Minimum length, in characters.
    pub min_length: usize,
    /// Maximum length, in characters.
    pub max_length: usize,
    /// Requires a special character.
    pub special: bool,
    /// Requires a digit.
    pub numbers: bool,
    /// Requires an upper-case letter.
    pub uppercase: bool,
    /// Requires a lower-case letter.
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
    /// Whether passkeys are enabled.
    pub enabled: bool,
    /// Whether the identifier field offers passkeys.
    pub autofill: bool,
    /// Whether the sign-in card has a passkey button.
    pub button: bool,
    /// ID of the relying party; default: the host of the request's `Origin`.
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
    /// Whether every user needs a second factor.
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
    /// Number of wrong codes after which a verification fails.
    pub max_attempts: u32,
    /// Seconds until another code can be requested, with `rate_limits`.
    pub resend_s: i64,
    /// Seconds in which a repeated request sends no new message.
    pub dedupe_s: i64,
}

impl Default for VerificationSettings {
    fn default() -> Self {
        Self { max_attempts: 5, resend_s: 30, dedupe_s: 2 }
    }
}
