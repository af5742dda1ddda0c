//! Organizations and their roles.

use serde::{Deserialize, Serialize};

/// Organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Organizations {
    /// Whether organizations are enabled.
    pub enabled: bool,
    /// Maximum number of members and pending invitations; 0 for no limit.
    pub max_memberships: usize,
    /// Whether admins may delete an organization.
    pub admin_delete: bool,
    /// Whether every session needs an active organization.
    pub force_selection: bool,
    /// Whether slugs are enabled.
    pub slug: bool,
    /// Whether verified domains are enabled.
    pub domains: bool,
    /// Allowed enrollment modes of verified domains.
    pub enrollment_modes: Vec<String>,
    /// Custom roles, in addition to `org:admin` and `org:member`.
    pub roles: Vec<Role>,
}

impl Default for Organizations {
    fn default() -> Self {
        Self {
            enabled: true,
            max_memberships: 5,
            admin_delete: true,
            force_selection: false,
            slug: false,
            domains: true,
            enrollment_modes: ["manual_invitation", "automatic_invitation", "automatic_suggestion"]
                .map(str::to_owned)
                .to_vec(),
            roles: Vec::new(),
        }
    }
}

/// A role in organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Role {
    /// Key, e.g. `org:billing`.
    pub key: String,
    /// Name.
    pub name: String,
    /// Permissions, e.g. `org:invoices:create`.
    #[serde(default)]
    pub permissions: Vec<String>,
}

impl Role {
    /// Creates a role with these permissions.
    pub fn new(key: impl Into<String>, name: impl Into<String>, permissions: &[&str]) -> Self {
        let permissions = permissions.iter().map(|permission| (*permission).to_owned()).collect();
        Self { key: key.into(), name: name.into(), permissions }
    }
}
