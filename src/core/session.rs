//! The calls of a session that are no flow of their own.

use super::Clerk;
use crate::{
    error::Result,
    fapi::session::{TouchIntent, touch},
    models::{OrganizationId, Session, SessionId},
};

impl Clerk {
    /// Makes a session and its organization the active ones on the server.
    pub(super) async fn touch_session(
        &self,
        id: &SessionId,
        organization: Option<&OrganizationId>,
        intent: TouchIntent,
    ) -> Result<Session> {
        self.call(&touch(id, organization, intent)).await
    }
}
