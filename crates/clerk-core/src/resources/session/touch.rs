//! Activating a session on the server, and reporting activity.

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::{OrganizationId, Session, SessionId},
};

/// The reason for touching a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TouchIntent {
    /// Another session becomes active.
    SelectSession,
    /// Another organization becomes active.
    SelectOrganization,
    /// A window got the focus.
    Focus,
    /// None is sent.
    Unspecified,
}

impl TouchIntent {
    fn as_str(self) -> Option<&'static str> {
        match self {
            Self::SelectSession => Some("select_session"),
            Self::SelectOrganization => Some("select_org"),
            Self::Focus => Some("focus"),
            Self::Unspecified => None,
        }
    }
}

impl Clerk {
    /// Activates a session and its organization on the server. If FAPI no longer considers the session signed in, the
    /// client is reloaded.
    ///
    /// `organization` is sent on every touch: without one, FAPI switches to the personal account.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/touch`.
    pub(crate) async fn touch_session(
        &self,
        id: &SessionId,
        organization: Option<&OrganizationId>,
        intent: TouchIntent,
    ) -> Result<Session> {
        let form = Form::default().with("active_organization_id", organization.map_or("", OrganizationId::as_str));
        let form = match intent.as_str() {
            Some(intent) => form.with("intent", intent),
            None => form,
        };
        let request = Request::new(Method::Post, path(&["client", "sessions", id.as_str(), "touch"])).form(form);
        let request = if intent == TouchIntent::Focus { request.background() } else { request };
        let touched = self.call(&request).await;
        if let Err(error) = &touched
            && error.is_signed_out()
            // After a 401 every request reloads the client anyway.
            && error.status() != Some(401)
        {
            self.settle_unauthenticated().await;
        }
        touched
    }
}
