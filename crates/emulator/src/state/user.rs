//! Users.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Verification;
use crate::config::Identity;

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) picture: Option<Picture>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) password_compromised: bool,
    pub(crate) password_updated_at: Option<i64>,
    pub(crate) identifications: Vec<Identification>,
    /// The primary identification of each kind.
    pub(crate) primary: BTreeMap<Kind, String>,
    pub(crate) external_accounts: Vec<ExternalAccount>,
    pub(crate) enterprise_accounts: Vec<EnterpriseAccount>,
    pub(crate) passkeys: Vec<Passkey>,
    pub(crate) totp: Option<Totp>,
    pub(crate) backup_codes: Vec<String>,
    pub(crate) public_metadata: Map<String, Value>,
    pub(crate) unsafe_metadata: Map<String, Value>,
    pub(crate) banned: bool,
    pub(crate) locked_until: Option<i64>,
    pub(crate) failed_attempts: u32,
    pub(crate) legal_accepted_at: Option<i64>,
    pub(crate) mfa_enabled_at: Option<i64>,
    pub(crate) mfa_disabled_at: Option<i64>,
    pub(crate) last_sign_in_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// An uploaded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) id: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Vec<u8>,
}

/// A salted hash of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash {
    pub(crate) salt: String,
    pub(crate) hash: Vec<u8>,
}

/// The kind of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Email,
    Phone,
    Wallet,
    Username,
}

#[derive(Debug, Clone)]
pub(crate) struct Identification {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) value: String,
    pub(crate) verification: Option<Verification>,
    /// Strategy and identification ID of the accounts that vouch for it.
    pub(crate) linked_to: Vec<(String, String)>,
    pub(crate) second_factor: bool,
    pub(crate) default_second_factor: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct ExternalAccount {
    pub(crate) id: String,
    pub(crate) identification_id: String,
    pub(crate) identity: Identity,
    pub(crate) verification: Verification,
    pub(crate) scopes: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// An account at an enterprise identity provider.
#[derive(Debug, Clone)]
pub(crate) struct EnterpriseAccount {
    pub(crate) id: String,
    pub(crate) connection_id: String,
    pub(crate) identity: Identity,
    pub(crate) verification: Verification,
    pub(crate) last_authenticated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Passkey {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) verification: Verification,
    /// The credential's ID and its public key, once registered.
    pub(crate) credential: Option<(String, Vec<u8>)>,
    /// The authenticator's signature counter; 0 without one.
    pub(crate) counter: u32,
    pub(crate) last_used_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Totp {
    pub(crate) id: String,
    /// Base32.
    pub(crate) secret: String,
    pub(crate) verified: bool,
    /// The newest accepted time step; each code is accepted once.
    pub(crate) last_step: Option<u64>,
    pub(crate) created_at: i64,
}

impl User {
    pub(crate) fn full_name(&self) -> String {
        [&self.first_name, &self.last_name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Identification> {
        self.identifications.iter().filter(move |one| one.kind == kind)
    }

    pub(crate) fn identification(&self, id: &str) -> Option<&Identification> {
        self.identifications.iter().find(|one| one.id == id)
    }

    pub(crate) fn primary_value(&self, kind: Kind) -> Option<&str> {
        self.primary.get(&kind).and_then(|id| self.identification(id)).map(|one| one.value.as_str())
    }

    pub(crate) fn primary_address(&self) -> Option<&str> {
        self.primary_value(Kind::Email)
    }

    /// Returns the identifier to display.
    pub(crate) fn identifier(&self) -> String {
        let values = [self.primary_address(), self.username.as_deref(), self.primary_value(Kind::Phone)];
        values.into_iter().flatten().next().or(self.primary_value(Kind::Wallet)).unwrap_or_default().to_owned()
    }

    pub(crate) fn display_name(&self) -> String {
        let name = self.full_name();
        if name.is_empty() { self.identifier() } else { name }
    }

    /// Whether sign-in requires a second factor.
    pub(crate) fn has_second_factor(&self) -> bool {
        self.totp.as_ref().is_some_and(|totp| totp.verified)
            || self.of_kind(Kind::Phone).any(|phone| phone.second_factor && phone.is_verified())
    }
}

impl Identification {
    pub(crate) fn is_verified(&self) -> bool {
        self.verification.as_ref().is_some_and(Verification::is_verified)
    }
}

impl Kind {
    /// Returns the name of the attribute.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email_address",
            Self::Phone => "phone_number",
            Self::Wallet => "web3_wallet",
            Self::Username => "username",
        }
    }
}
