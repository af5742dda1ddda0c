use crate::{
    fapi::wire::resource,
    models::{OrganizationId, PublicUserData, UnixMillis},
};

resource! {
    /// An organization.
    pub struct Organization {
        /// Identifier.
        pub id: OrganizationId,
        /// Name.
        pub name: String,
        /// The name in URLs.
        pub slug: Option<String>,
        /// Logo.
        pub image_url: String,
        /// Whether a logo was uploaded.
        pub has_image: bool,
        /// Number of members.
        pub members_count: i64,
        /// Number of open invitations.
        pub pending_invitations_count: i64,
        /// The maximum number of members; 0 for no limit.
        pub max_allowed_memberships: i64,
        /// Whether its admins may delete it.
        pub admin_delete_enabled: bool,
        /// Metadata that only the backend writes.
        pub public_metadata: serde_json::Value,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// A user's membership of an organization.
    pub struct OrganizationMembership {
        /// Identifier.
        pub id: String,
        /// The role's key, e.g. `org:admin`.
        pub role: String,
        /// The role's name.
        pub role_name: String,
        /// The permissions that the role grants.
        pub permissions: Vec<String>,
        /// Metadata that only the backend writes.
        pub public_metadata: serde_json::Value,
        /// The organization.
        pub organization: Organization,
        /// The user's data that other members can see.
        pub public_user_data: Option<PublicUserData>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}
