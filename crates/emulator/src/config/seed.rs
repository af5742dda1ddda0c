//! The initial users and organizations of an instance.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An account at an OAuth provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Strategy of the provider; in a seed file also called `provider`.
    #[serde(alias = "provider")]
    pub strategy: String,
    /// E-mail address; may be empty.
    pub email: String,
    /// Whether the provider has verified the address.
    pub verified: bool,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// ID at the provider; default: derived from the address or the name.
    pub provider_user_id: String,
}

impl Identity {
    /// Creates an identity with a verified e-mail address.
    pub fn new(strategy: impl Into<String>, email: impl Into<String>) -> Self {
        Self { strategy: strategy.into(), email: email.into(), verified: true, ..Self::default() }
    }

    /// Returns the key that distinguishes the identities of a provider.
    pub(crate) fn subject(&self) -> String {
        match (self.provider_user_id.as_str(), self.email.as_str()) {
            ("", "") => format!("name:{}:{} {}", self.first_name.len(), self.first_name, self.last_name),
            ("", email) => format!("email:{}", email.to_lowercase()),
            (id, _) => format!("id:{id}"),
        }
    }

    /// Returns a name for elements of the provider's page; two identities may share it.
    pub(crate) fn id(&self) -> String {
        let name =
            if self.email.is_empty() { format!("{} {}", self.first_name, self.last_name) } else { self.email.clone() };
        name.chars()
            .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' })
            .collect()
    }
}

/// An e-mail address of a user: the address alone, or with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum NewEmail {
    /// A verified address.
    Address(String),
    /// An address with its state.
    Full {
        /// The address.
        email: String,
        /// Whether the address is verified; default: `true`.
        #[serde(default = "yes")]
        verified: bool,
    },
}

impl From<&str> for NewEmail {
    fn from(address: &str) -> Self {
        Self::Address(address.to_owned())
    }
}

/// A verified phone number of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewPhone {
    /// The number, e.g. `+12015550100`.
    pub number: String,
    /// Whether the number is a second factor.
    pub second_factor: bool,
}

fn phones<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<NewPhone>, D::Error> {
    let phone = |value: Value| match value {
        Value::String(number) => Ok(NewPhone { number, second_factor: false }),
        other => serde_json::from_value(other).map_err(serde::de::Error::custom),
    };
    Vec::<Value>::deserialize(deserializer)?.into_iter().map(phone).collect()
}

/// A user who exists from the start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewUser {
    /// E-mail addresses; the first one is primary.
    pub email_addresses: Vec<NewEmail>,
    /// Phone numbers; in a file, a string with the number is enough.
    #[serde(deserialize_with = "phones")]
    pub phone_numbers: Vec<NewPhone>,
    /// Wallet addresses.
    pub web3_wallets: Vec<String>,
    /// Username.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Whether the password counts as compromised.
    pub password_compromised: bool,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Secret of an authenticator app, in base32.
    pub totp_secret: Option<String>,
    /// Backup codes.
    pub backup_codes: Vec<String>,
    /// Accounts at providers.
    pub external_accounts: Vec<Identity>,
    /// Public metadata.
    pub public_metadata: Map<String, Value>,
    /// Unsafe metadata.
    pub unsafe_metadata: Map<String, Value>,
    /// Whether the account is banned.
    pub banned: bool,
    /// Name of an organization to create with the user as its admin.
    pub organization: Option<String>,
}

impl NewUser {
    /// Creates a user with a verified e-mail address.
    pub fn with_email(email_address: &str) -> Self {
        Self { email_addresses: vec![email_address.into()], ..Self::default() }
    }

    /// Creates a user with a verified e-mail address and a password.
    pub fn with_password(email_address: &str, password: impl Into<String>) -> Self {
        Self { password: Some(password.into()), ..Self::with_email(email_address) }
    }
}

/// An organization that exists from the start.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewOrganization {
    /// Name.
    pub name: String,
    /// Slug; default: derived from the name.
    pub slug: Option<String>,
    /// E-mail address or ID of the user who is its admin.
    pub creator: Option<String>,
    /// Members.
    pub members: Vec<NewMember>,
    /// Domains.
    pub domains: Vec<NewDomain>,
    /// Public metadata.
    pub public_metadata: Map<String, Value>,
}

/// A member of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// E-mail address or ID of the user.
    pub user: String,
    /// Role, e.g. `org:member`.
    pub role: String,
}

/// A domain of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDomain {
    /// Name, e.g. `acme.test`.
    pub name: String,
    /// Whether the domain is verified.
    #[serde(default)]
    pub verified: bool,
    /// Enrollment mode.
    #[serde(default = "by_hand")]
    pub enrollment_mode: String,
}

fn yes() -> bool {
    true
}

fn by_hand() -> String {
    "manual_invitation".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_subject_distinguishes_identities() {
        let of = |email: &str, id: &str| {
            Identity { provider_user_id: id.to_owned(), ..Identity::new("oauth_google", email) }.subject()
        };
        assert_ne!(of("a.b@c.test", ""), of("a-b@c.test", ""));
        assert_ne!(of("", "1"), of("", "2"));
        assert_ne!(of("x", ""), of("", "x"));
        assert_eq!(of("Ada@c.test", ""), of("ada@c.test", ""));
        assert_eq!(of("old@c.test", "1"), of("new@c.test", "1"), "the provider's id is what counts");
    }
}
