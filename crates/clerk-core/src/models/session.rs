use crate::{
    fapi::wire::{open_enum, resource},
    models::{OrganizationId, OrganizationMembership, PublicUserData, SessionId, UnixMillis, User},
};

open_enum! {
    /// Where a session is in its life.
    pub enum SessionStatus {
        /// Signed in.
        Active = "active",
        /// Authenticated, with tasks left to do.
        Pending = "pending",
        /// The user signed out; the session stays listed.
        Ended = "ended",
        /// The user signed out; the session left the client.
        Removed = "removed",
        /// Past its end.
        Expired = "expired",
        /// Left unused for too long.
        Abandoned = "abandoned",
        /// Ended by the application or from another device.
        Revoked = "revoked",
        /// Another session took its place.
        Replaced = "replaced",
    }
}

impl SessionStatus {
    /// Whether a session of this status counts as signed in for a client.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        matches!(self, Self::Active | Self::Pending)
    }
}

resource! {
    /// A signed-in user's session on this client.
    ///
    /// The session token is not part of it: it comes from [`Clerk::get_token`](crate::Clerk::get_token), which has a
    /// permission of its own.
    pub struct Session {
        /// Identifier.
        pub id: SessionId,
        /// Status.
        pub status: SessionStatus,
        /// Absolute end.
        pub expire_at: UnixMillis,
        /// When it ends for lack of use.
        pub abandon_at: UnixMillis,
        /// Last use.
        pub last_active_at: UnixMillis,
        /// The active organization, or none for the personal account.
        pub last_active_organization_id: Option<OrganizationId>,
        /// Who impersonates the user, if anybody.
        pub actor: serde_json::Value,
        /// What is left to do while the session is `pending`; the first task is the current one.
        pub tasks: Vec<SessionTask>,
        /// Minutes since the first and the second factor were verified; -1 for a factor that is not enrolled.
        pub factor_verification_age: Option<Vec<i64>>,
        /// The signed-in user.
        pub user: Option<User>,
        /// What others may know of the user.
        pub public_user_data: Option<PublicUserData>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

impl Session {
    /// The membership of the active organization.
    #[must_use]
    pub fn active_membership(&self) -> Option<&OrganizationMembership> {
        let active = self.last_active_organization_id.as_ref()?;
        self.user.as_ref()?.organization_memberships.iter().find(|membership| membership.organization.id == *active)
    }

    /// The task to do next.
    #[must_use]
    pub fn current_task(&self) -> Option<&SessionTask> {
        self.tasks.first()
    }
}

resource! {
    /// Something that a user has to do before the session becomes `active`.
    pub struct SessionTask {
        /// `choose-organization`, `reset-password`, `setup-mfa`, or a key that Clerk adds later.
        pub key: String,
    }
}
