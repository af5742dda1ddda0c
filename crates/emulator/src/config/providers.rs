//! OAuth providers and enterprise connections.

use serde::{Deserialize, Serialize};

/// An OAuth provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SocialProvider {
    /// The strategy, e.g. `oauth_google` or `oauth_custom_acme`.
    pub strategy: String,
    /// Display name.
    #[serde(default)]
    pub name: String,
    /// Whether the provider can be used to sign in; otherwise only to connect an account.
    #[serde(default = "yes")]
    pub authenticatable: bool,
    /// Whether sign-up requires an account at the provider.
    #[serde(default)]
    pub required: bool,
    /// Logo of a custom provider.
    #[serde(default)]
    pub logo_url: Option<String>,
}

impl SocialProvider {
    /// Creates an enabled provider.
    pub fn new(strategy: impl Into<String>, name: impl Into<String>) -> Self {
        Self { strategy: strategy.into(), name: name.into(), authenticatable: true, required: false, logo_url: None }
    }
}

/// Enterprise connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EnterpriseSso {
    /// The connections.
    pub connections: Vec<EnterpriseConnection>,
}

/// A connection to a company's identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EnterpriseConnection {
    /// ID.
    pub id: String,
    /// Name.
    pub name: String,
    /// Domains of the e-mail addresses that belong to the connection.
    pub domains: Vec<String>,
    /// `saml` or `oauth`.
    #[serde(default = "saml")]
    pub protocol: String,
    /// Whether unknown users get an account at their first sign-in (just-in-time provisioning).
    #[serde(default = "yes")]
    pub jit: bool,
    /// Organization (ID, slug or name) whose member every user of the connection becomes.
    #[serde(default)]
    pub organization: Option<String>,
}

impl EnterpriseConnection {
    /// Whether an address belongs to the connection.
    pub(crate) fn has(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
        domain.is_some_and(|domain| self.domains.iter().any(|one| one.eq_ignore_ascii_case(&domain)))
    }

    /// Creates a connection for one domain.
    pub fn new(id: impl Into<String>, name: impl Into<String>, domain: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            domains: vec![domain.into()],
            protocol: saml(),
            jit: true,
            organization: None,
        }
    }
}

fn yes() -> bool {
    true
}

fn saml() -> String {
    "saml".to_owned()
}
