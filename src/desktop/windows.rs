//! The app's windows.

use tauri::{AppHandle, Manager, Runtime};

/// Focuses the window with this label. If it does not exist, focuses the window `main`, or else any other one.
pub(crate) fn focus<R: Runtime>(app: &AppHandle<R>, label: Option<&str>) {
    let windows = app.webview_windows();
    let named = label.and_then(|label| windows.get(label));
    let Some(window) = named.or_else(|| windows.get("main")).or_else(|| windows.values().next()) else { return };
    for result in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = result {
            tracing::debug!(%error, "the window could not be focused");
        }
    }
}
