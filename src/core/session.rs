//! The calls of a session that are no flow of their own.

use super::{Clerk, clerk::is_signed_out};
use crate::{
    error::Result,
    fapi::session::{TouchIntent, touch},
    models::{OrganizationId, Session, SessionId},
};

impl Clerk {
    /// Makes a session and its organization the active ones on the server. The client is read again when FAPI does not take
    /// the session for signed in any more.
    pub(super) async fn touch_session(
        &self,
        id: &SessionId,
        organization: Option<&OrganizationId>,
        intent: TouchIntent,
    ) -> Result<Session> {
        let touched = self.call(&touch(id, organization, intent)).await;
        if let Err(error) = &touched
            && is_signed_out(error)
            // Reading it again after this one is what every call does.
            && error.status() != Some(401)
        {
            self.settle_unauthenticated().await;
        }
        touched
    }
}
