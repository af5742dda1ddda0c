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

resource! {
    /// What others see of an organization.
    pub struct PublicOrganizationData {
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
    }
}

resource! {
    /// An invitation of the signed-in user to an organization.
    ///
    /// Source: `UserOrganizationInvitation` of Clerk's documentation.
    pub struct UserOrganizationInvitation {
        /// Identifier.
        pub id: String,
        /// The address that was invited.
        pub email_address: String,
        /// The role that it grants, e.g. `org:member`.
        pub role: String,
        /// The role's name.
        pub role_name: Option<String>,
        /// `pending`, `accepted`, `revoked`, `expired`.
        pub status: String,
        /// The organization.
        pub public_organization_data: Option<PublicOrganizationData>,
        /// Metadata that only the backend writes.
        pub public_metadata: serde_json::Value,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// An organization that the signed-in user may ask to join, because of the domain of an e-mail address.
    pub struct OrganizationSuggestion {
        /// Identifier.
        pub id: String,
        /// `pending` or `accepted`.
        pub status: String,
        /// The organization.
        pub public_organization_data: Option<PublicOrganizationData>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// An invitation to an organization, as its members see it.
    ///
    /// Source: `OrganizationInvitation` of Clerk's documentation.
    pub struct OrganizationInvitation {
        /// Identifier.
        pub id: String,
        /// The organization.
        pub organization_id: Option<OrganizationId>,
        /// The address that was invited.
        pub email_address: String,
        /// The role that it grants, e.g. `org:member`.
        pub role: String,
        /// The role's name.
        pub role_name: Option<String>,
        /// `pending`, `accepted`, `revoked`, `expired`.
        pub status: String,
        /// Metadata that only the backend writes.
        pub public_metadata: serde_json::Value,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// A user's request to become a member.
    pub struct OrganizationMembershipRequest {
        /// Identifier.
        pub id: String,
        /// The organization.
        pub organization_id: OrganizationId,
        /// `pending`, `accepted`, `rejected`, …
        pub status: String,
        /// The user's data that others can see.
        pub public_user_data: Option<PublicUserData>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// A domain of an organization, whose users may be invited to it.
    pub struct OrganizationDomain {
        /// Identifier.
        pub id: String,
        /// The organization.
        pub organization_id: OrganizationId,
        /// The name, e.g. `example.com`.
        pub name: String,
        /// `manual_invitation`, `automatic_invitation`, `automatic_suggestion`, `enterprise_sso`.
        pub enrollment_mode: String,
        /// The address to which a code was sent, to verify the domain.
        pub affiliation_email_address: Option<String>,
        /// The verification by a code to an address of the domain.
        pub affiliation_verification: Option<DomainVerification>,
        /// The verification by a DNS record.
        pub ownership_verification: Option<DomainVerification>,
        /// Number of open invitations to users of the domain.
        pub total_pending_invitations: i64,
        /// Number of open suggestions to users of the domain.
        pub total_pending_suggestions: i64,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// The verification of a domain.
    pub struct DomainVerification {
        /// `unverified`, `verified`, `failed`, `expired`.
        pub status: Option<String>,
        /// `email_code`, `txt`, …
        pub strategy: Option<String>,
        /// The number of attempts so far.
        pub attempts: Option<i64>,
        /// When it expires.
        pub expire_at: Option<UnixMillis>,
        /// When the domain was verified.
        pub verified_at: Option<UnixMillis>,
        /// The name of the DNS record to add.
        pub txt_record_name: Option<String>,
        /// The value of the DNS record to add.
        pub txt_record_value: Option<String>,
    }
}

resource! {
    /// A role in an organization.
    pub struct Role {
        /// Identifier.
        pub id: String,
        /// Key, e.g. `org:admin`.
        pub key: String,
        /// Name.
        pub name: String,
        /// Description.
        pub description: String,
        /// What members with the role may do.
        pub permissions: Vec<Permission>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// A permission in an organization.
    pub struct Permission {
        /// Identifier.
        pub id: String,
        /// Key, e.g. `org:sys_memberships:manage`.
        pub key: String,
        /// Name.
        pub name: String,
        /// Description.
        pub description: String,
        /// `system` or `user`.
        pub r#type: String = "type",
    }
}
