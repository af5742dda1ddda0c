//! Identifiers and names of users.

use serde::{Deserialize, Serialize};

/// Whether an attribute of a user is off, optional or required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Off.
    Off,
    /// Optional.
    Optional,
    /// Required.
    Required,
}

impl Presence {
    /// Whether the attribute is optional or required.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}

/// Identifiers of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Identifiers {
    /// E-mail addresses.
    pub email: Presence,
    /// How an address is verified: `email_code`, `email_link`; empty for no verification.
    pub email_verification: Vec<String>,
    /// Whether a verified address is a first factor.
    pub email_first_factor: bool,
    /// Phone numbers.
    pub phone: Presence,
    /// Channels for codes to a phone: `sms`, `whatsapp`.
    pub phone_channels: Vec<String>,
    /// Usernames.
    pub username: Presence,
    /// Minimum length of a username, in characters.
    pub username_min_length: usize,
    /// Maximum length of a username, in characters.
    pub username_max_length: usize,
    /// Wallets: `metamask`, `base`, `coinbase_wallet`, `okx_wallet`, `solana`.
    pub web3: Vec<String>,
    /// Attributes that users can't change.
    pub immutable: Vec<String>,
}

impl Default for Identifiers {
    fn default() -> Self {
        Self {
            email: Presence::Required,
            email_verification: vec!["email_code".to_owned()],
            email_first_factor: true,
            phone: Presence::Off,
            phone_channels: vec!["sms".to_owned()],
            username: Presence::Off,
            username_min_length: 4,
            username_max_length: 64,
            web3: Vec::new(),
            immutable: Vec::new(),
        }
    }
}

/// Names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Profile {
    /// First name.
    pub first_name: Presence,
    /// Last name.
    pub last_name: Presence,
}

impl Default for Profile {
    fn default() -> Self {
        Self { first_name: Presence::Optional, last_name: Presence::Optional }
    }
}
