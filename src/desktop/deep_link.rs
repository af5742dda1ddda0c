//! Links from the operating system.

use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_deep_link::DeepLinkExt;
use url::Url;

use super::windows;
use crate::core::{Clerk, LinkOutcome};

/// Passes links to Clerk, which handles callback links. Links count only when they came from the operating system:
/// tauri-plugin-deep-link announces them by an event, which every window with `core:default` may emit as well.
///
/// `own_single_instance` says whether Clerk registered single-instance, whose callback has the arguments of the second process;
/// see [`handle_arguments`].
pub(crate) fn listen<R: Runtime>(app: &AppHandle<R>, own_single_instance: bool) {
    if !own_single_instance {
        let handle = app.clone();
        app.deep_link().on_open_url(move |event| {
            let (handle, urls) = (handle.clone(), event.urls());
            // In a task of its own: the plugin emits the event while it holds the lock of its links.
            tauri::async_runtime::spawn(async move {
                // The event only says when to look: the plugin itself holds the links that the system handed over.
                let genuine = current(&handle);
                for url in urls {
                    if genuine.contains(&url) {
                        handle_link(&handle, url);
                    } else {
                        tracing::warn!(
                            code = "deep_link_refused",
                            "ignored a deep link that the system did not hand over"
                        );
                    }
                }
            });
        });
    }
    // The link that started the app arrived before this listener was added.
    for url in current(app) {
        handle_link(app, url);
    }
}

/// The links that the operating system handed over last.
fn current<R: Runtime>(app: &AppHandle<R>) -> Vec<Url> {
    match app.deep_link().get_current() {
        Ok(urls) => urls.unwrap_or_default(),
        Err(error) => {
            tracing::warn!(%error, "the links from the system could not be read");
            Vec::new()
        }
    }
}

/// Handles the arguments of a second process: a link is the only argument beside the name of the program.
#[cfg(any(target_os = "linux", target_os = "windows"))]
pub(crate) fn handle_arguments<R: Runtime>(app: &AppHandle<R>, arguments: &[String]) {
    if let [_, argument] = arguments
        && let Ok(link) = Url::parse(argument)
    {
        handle_link(app, link);
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
