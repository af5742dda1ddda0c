//! The commands and events of the plugin with their types, for TypeScript.

pub(crate) mod export;

use tauri::Runtime;
use tauri_specta::{Builder, ErrorHandlingMode, collect_events};

use crate::{
    commands,
    config::PLUGIN_NAME,
    desktop::events::{AuthEventHint, NoticeGiven, RedirectFinished, StateChanged},
};

/// Collects commands and events, with their types.
#[must_use]
pub(crate) fn builder<R: Runtime>() -> Builder<R> {
    Builder::new()
        .plugin_name(PLUGIN_NAME)
        .commands(commands::signatures::commands())
        .events(collect_events![StateChanged, RedirectFinished, AuthEventHint, NoticeGiven])
        .error_handling(ErrorHandlingMode::Throw)
        .disable_serde_phases()
        .dangerously_cast_bigints_to_number()
}
