//! The app's windows.

use tauri::{AppHandle, Manager, Runtime};

/// Focuses the window `main`, or any other one if it does not exist.
pub(crate) fn focus<R: Runtime>(app: &AppHandle<R>) {
    let windows = app.webview_windows();
    let Some(window) = windows.get("main").or_else(|| windows.values().next()) else { return };
    for result in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = result {
            tracing::debug!(%error, "the window could not be focused");
        }
    }
}
