//! Links from the operating system.

use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_deep_link::DeepLinkExt;
use url::Url;

use super::windows;
use crate::core::{Clerk, LinkOutcome};

/// Hands the app's callback links to Clerk. The app's own listeners hear of every link as well.
pub(crate) fn listen<R: Runtime>(app: &AppHandle<R>) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            take(&handle, url);
        }
    });
    // The link that started the app came before anybody could listen.
    match app.deep_link().get_current() {
        Ok(urls) => urls.into_iter().flatten().for_each(|url| take(app, url)),
        Err(error) => tracing::warn!(%error, "the link that started the app can't be read"),
    }
}

fn take<R: Runtime>(app: &AppHandle<R>, link: Url) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let outcome = app.state::<Clerk>().inner().clone().handle_deep_link(&link).await;
        tracing::debug!(?outcome, "a deep link came in");
        if matches!(outcome, LinkOutcome::Delivered | LinkOutcome::Resumed) {
            windows::focus(&app);
        }
    });
}

/// Registers the app for its schemes.
///
/// ## Platform-specific
///
/// - **Linux, Windows**: done at each start, because an installer may have been skipped (AppImage, `cargo run`), and
///   because launcher entries without `%u` lose the link.
/// - **macOS**: the bundle declares the schemes; there is nothing to do at run time.
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
                "the app could not be registered for its deep-link schemes, so sign-in through the browser can't come back"
            );
        }
    });
}
