//! Links from the operating system.

use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_deep_link::DeepLinkExt;
use url::Url;

use super::windows;
use crate::core::{Clerk, LinkOutcome};

/// Passes every link to Clerk, which handles callback links. The app's own listeners receive every link too.
pub(crate) fn listen<R: Runtime>(app: &AppHandle<R>) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            handle_link(&handle, url);
        }
    });
    // The link that started the app arrived before this listener was added.
    match app.deep_link().get_current() {
        Ok(urls) => urls.into_iter().flatten().for_each(|url| handle_link(app, url)),
        Err(error) => tracing::warn!(%error, "the link that started the app could not be read"),
    }
}

fn handle_link<R: Runtime>(app: &AppHandle<R>, link: Url) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let outcome = app.state::<Clerk>().inner().clone().handle_deep_link(&link).await;
        tracing::debug!(?outcome, "handled a deep link");
        if matches!(outcome, LinkOutcome::Delivered | LinkOutcome::Resumed) {
            windows::focus(&app);
        }
    });
}

/// Registers the app for its URL schemes.
///
/// ## Platform-specific
///
/// - **Linux, Windows**: done at each start, because there may have been no installer (AppImage, `cargo run`), and because
///   launcher entries without `%u` lose the link.
/// - **macOS**: does nothing; the bundle declares the schemes.
pub(crate) fn register<R: Runtime>(app: &AppHandle<R>) {
    if !cfg!(any(target_os = "linux", target_os = "windows")) {
        return;
    }
    let app = app.clone();
    // Registering starts a few small programs; the window should not wait for them.
    std::thread::spawn(move || {
        if let Err(error) = app.deep_link().register_all() {
            tracing::error!(
                %error,
                "the app could not be registered for its deep-link schemes, so sign-in through the browser cannot return to it"
            );
        }
    });
}
