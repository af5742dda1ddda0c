//! The events that windows receive. Permissions do not cover events, so events carry nothing confidential: a window reads
//! the state by a permitted command.

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Emitter, Manager, Runtime};

use crate::{
    commands::WindowStates,
    core::Notice,
    ports::{Event, EventSink},
};

/// An event of the plugin.
pub(crate) trait WindowEvent: Serialize + Clone {
    /// Its name; the bindings for TypeScript have the same.
    const NAME: &str;

    /// Emits the event to all windows.
    fn emit<R: Runtime>(self, app: &AppHandle<R>) -> tauri::Result<()> {
        app.emit(Self::NAME, self)
    }
}

/// The state changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type, tauri_specta::Event))]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateChanged {
    /// The new revision.
    #[cfg_attr(feature = "bindings", specta(type = u32))]
    pub(crate) revision: u64,
    /// The new status.
    pub(crate) status: String,
}

impl WindowEvent for StateChanged {
    const NAME: &str = "plugin:clerk:state-changed";
}

/// A browser flow finished while no caller was waiting for it; its outcome can be taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type, tauri_specta::Event))]
pub(crate) struct RedirectFinished {}

impl WindowEvent for RedirectFinished {
    const NAME: &str = "plugin:clerk:redirect-finished";
}

/// Somebody signed in or out, for example. What happened is read by a permitted command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type, tauri_specta::Event))]
#[cfg_attr(feature = "bindings", tauri_specta(event_name = "auth-event"))]
pub(crate) struct AuthEventHint {}

impl WindowEvent for AuthEventHint {
    const NAME: &str = "plugin:clerk:auth-event";
}

/// A non-fatal diagnostic for developers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type, tauri_specta::Event))]
#[serde(transparent)]
#[cfg_attr(feature = "bindings", tauri_specta(event_name = "notice"))]
pub(crate) struct NoticeGiven(pub(crate) Notice);

impl WindowEvent for NoticeGiven {
    const NAME: &str = "plugin:clerk:notice";
}

/// Emits events to all windows.
pub(crate) struct WindowEvents<R: Runtime>(pub(crate) AppHandle<R>);

impl<R: Runtime> EventSink for WindowEvents<R> {
    fn emit(&self, event: Event) {
        let emitted = match event {
            Event::StateChanged { revision, status } => {
                if let Some(states) = self.0.try_state::<WindowStates>() {
                    states.changed();
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The bindings, which the guest library listens with.
    const BINDINGS: &str = include_str!("../../guest-js/bindings.ts");

    #[test]
    fn names_of_events_are_those_of_the_bindings() {
        for name in [StateChanged::NAME, RedirectFinished::NAME, AuthEventHint::NAME, NoticeGiven::NAME] {
            assert!(BINDINGS.contains(&format!(": \"{name}\",")), "{name}");
        }
    }
}
