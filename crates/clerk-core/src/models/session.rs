use std::sync::Arc;

use crate::{
    fapi::wire::{open_enum, resource},
    models::{OrganizationId, OrganizationMembership, PublicUserData, SessionId, UnixMillis, User},
};

open_enum! {
    /// The status of a session.
    pub enum SessionStatus {
        /// Signed in.
        Active = "active",
        /// Authenticated, with pending tasks.
        Pending = "pending",
        /// Ended by a sign-out; still listed on the client.
        Ended = "ended",
        /// Ended by a sign-out; no longer part of the client.
        Removed = "removed",
        /// Reached its maximum lifetime.
        Expired = "expired",
        /// Unused for too long.
        Abandoned = "abandoned",
        /// Ended by the application or from another device.
        Revoked = "revoked",
        /// Replaced by another session.
        Replaced = "replaced",
    }
}

impl SessionStatus {
    /// Whether a session with this status counts as signed in.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        matches!(self, Self::Active | Self::Pending)
    }
}

resource! {
    /// A signed-in user's session on this client.
    ///
    /// The session token is not part of it: [`Clerk::get_token`](crate::Clerk::get_token) returns it and has its own
    /// permission.
    pub struct Session {
        /// Identifier.
        pub id: SessionId,
        /// Status.
        pub status: SessionStatus,
        /// When it expires.
        pub expire_at: UnixMillis,
        /// When it expires if it is not used.
        pub abandon_at: UnixMillis,
        /// When it was last used.
        pub last_active_at: UnixMillis,
        /// The active organization; absent for the personal account.
        pub last_active_organization_id: Option<OrganizationId>,
        /// The impersonator of the user, or null.
        pub actor: serde_json::Value,
        /// The pending tasks while the session is `pending`; the first one is the current task.
        pub tasks: Vec<SessionTask>,
        /// Minutes since the first and the second factor were verified; -1 for a factor that is not set up.
        pub factor_verification_age: Option<Vec<i64>>,
        /// The signed-in user.
        pub user: Option<Arc<User>>,
        /// The user's data that others can see.
        pub public_user_data: Option<PublicUserData>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

impl Session {
    /// Returns the membership of the active organization.
    #[must_use]
    pub fn active_membership(&self) -> Option<&OrganizationMembership> {
        let active = self.last_active_organization_id.as_ref()?;
        self.user.as_ref()?.organization_memberships.iter().find(|membership| membership.organization.id == *active)
    }

    /// Returns the impersonator of the user if it is an agent, and not a person.
    #[must_use]
    pub fn agent(&self) -> Option<&serde_json::Value> {
        Some(&self.actor).filter(|actor| actor["type"] == "agent")
    }

    /// Returns the next pending task.
    #[must_use]
    pub fn current_task(&self) -> Option<&SessionTask> {
        self.tasks.first()
    }
}

resource! {
    /// A task that the user must complete before the session becomes `active`.
    pub struct SessionTask {
        /// `choose-organization`, `reset-password`, `setup-mfa`, or a key that Clerk adds later.
        pub key: String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fapi::wire::Wire;
    use serde_json::json;

    #[test]
    fn agent_is_an_actor_of_that_type() {
        let with = |actor: serde_json::Value| Session::read(&json!({ "id": "sess_1", "actor": actor })).unwrap();
        let agent = json!({ "sub": "agent_1", "type": "agent" });
        assert_eq!(with(agent.clone()).agent(), Some(&agent));
        for other in [json!(null), json!({ "sub": "user_1" }), json!({ "sub": "user_1", "type": "user" }), json!("x")] {
            assert_eq!(with(other.clone()).agent(), None, "{other}");
        }
    }
}
