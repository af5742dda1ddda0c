//! The outcome of flows.

use serde::Serialize;

use crate::models::SessionId;

/// How a browser flow ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct RedirectOutcome {
    /// Where the app should navigate to now.
    pub navigate_to: Option<String>,
    /// The session that the flow created and that is active now.
    pub created_session_id: Option<SessionId>,
}

impl RedirectOutcome {
    /// An outcome without a session.
    pub(crate) fn navigate(to: String) -> Self {
        Self { navigate_to: Some(to), created_session_id: None }
    }
}
