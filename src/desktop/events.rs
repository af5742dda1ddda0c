//! The events that windows receive. Permissions do not cover events, so events carry nothing confidential: a window reads
//! the state by a permitted command.

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Runtime};
use tauri_specta::Event as _;

use crate::{
    core::Notice,
    ports::{Event, EventSink},
};

/// The state changed.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateChanged {
    /// The new revision.
    #[specta(type = u32)]
    pub(crate) revision: u64,
    /// The new status.
    pub(crate) status: String,
}

/// A browser flow finished while no caller was waiting for it; its outcome can be taken.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
pub(crate) struct RedirectFinished {}

/// Somebody signed in or out, for example. What happened is read by a permitted command.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
#[tauri_specta(event_name = "auth-event")]
pub(crate) struct AuthEventHint {}

/// A non-fatal diagnostic for developers.
#[derive(Debug, Clone, Serialize, Deserialize, specta::Type, tauri_specta::Event)]
#[serde(transparent)]
#[tauri_specta(event_name = "notice")]
pub(crate) struct NoticeGiven(pub(crate) Notice);

/// Emits events to all windows.
pub(crate) struct WindowEvents<R: Runtime>(pub(crate) AppHandle<R>);

impl<R: Runtime> EventSink for WindowEvents<R> {
    fn emit(&self, event: Event) {
        let emitted = match event {
            Event::StateChanged { revision, status } => {
                StateChanged { revision, status: status.as_str().to_owned() }.emit(&self.0)
            }
            Event::RedirectFinished => RedirectFinished {}.emit(&self.0),
            Event::AuthEvent => AuthEventHint {}.emit(&self.0),
            Event::Notice { code, message } => NoticeGiven(Notice { code: code.to_owned(), message }).emit(&self.0),
            // An event that this version of the plugin does not know.
            _ => Ok(()),
        };
        if let Err(error) = emitted {
            tracing::warn!(%error, "an event could not be sent to the windows");
        }
    }
}
