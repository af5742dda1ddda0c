//! What other programs do on behalf of users: API keys, and applications that sign in with this instance.

use serde::{Deserialize, Serialize};

/// API keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ApiKeys {
    /// Whether users can have keys.
    pub users: bool,
    /// Whether organizations can have keys.
    pub organizations: bool,
}

impl ApiKeys {
    /// Whether users or organizations can have keys.
    pub(crate) fn is_on(self) -> bool {
        self.users || self.organizations
    }
}

/// An OAuth application: a program that users sign in to with their account of this instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct OAuthApplication {
    /// Client ID.
    pub client_id: String,
    /// Name.
    pub name: String,
    /// Home page.
    pub url: Option<String>,
    /// Logo.
    pub logo_url: Option<String>,
    /// Scopes that it may ask for, e.g. `profile`.
    pub scopes: Vec<String>,
    /// Registered redirect URIs.
    pub redirect_uris: Vec<String>,
}

impl OAuthApplication {
    /// Creates an application with these scopes.
    pub fn new(client_id: impl Into<String>, name: impl Into<String>, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Self { client_id: client_id.into(), name: name.into(), scopes, ..Self::default() }
    }
}
