//! The events of the core: state changes, finished flows, diagnostics.

use serde::{Deserialize, Serialize};

/// The loading state of Clerk.
///
/// Source: `Clerk.status` of Clerk's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, specta::Type)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Not loaded yet.
    Loading,
    /// Fully operational.
    Ready,
    /// Operational, but FAPI can't be reached: the state is that of an earlier run, or what FAPI said last.
    Degraded,
    /// Loading failed; see [`Snapshot::error`](crate::Snapshot::error).
    Error,
}

impl Status {
    /// Returns the status as the webview sees it, e.g. `ready`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Error => "error",
        }
    }
}

/// What an [`EventSink`](crate::ports::EventSink) receives. Events carry neither tokens nor personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    StateChanged {
        /// The new revision.
        revision: u64,
        /// The new status.
        status: Status,
    },
    /// A browser flow finished and no caller was waiting for it, e.g. after a restart.
    RedirectFinished,
    /// Somebody signed in or out, for example; [`Clerk::auth_events`](crate::Clerk::auth_events) says what happened.
    AuthEvent,
    /// A non-fatal diagnostic for developers.
    Notice {
        /// A stable code.
        code: &'static str,
        /// What went wrong and what to do.
        message: String,
    },
}

/// A non-fatal diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// A stable code, e.g. `storage_unavailable`.
    pub code: String,
    /// What went wrong and what to do.
    pub message: String,
}
