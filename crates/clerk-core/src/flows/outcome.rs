//! The outcome of browser flows.

use serde::Serialize;

use crate::models::SessionId;

/// The outcome of a browser flow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct RedirectOutcome {
    /// Where the app should navigate to.
    pub navigate_to: Option<String>,
    /// The session that the flow created, which is now active.
    pub created_session_id: Option<SessionId>,
}

impl RedirectOutcome {
    /// Creates an outcome without a session.
    pub(crate) fn navigate(to: String) -> Self {
        Self { navigate_to: Some(to), created_session_id: None }
    }
}
