//! One process per app on Linux and Windows, where a link starts a second one.

#![cfg(any(target_os = "linux", target_os = "windows"))]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tauri::{AppHandle, Manager, Runtime, plugin::Plugin};

use super::deep_link::Links;

/// Creates the single-instance plugin: a second process passes its arguments to the first one.
///
/// Clerk does without the plugin's feature `deep-link`, with which it announces every link to all windows. Cargo unifies features,
/// so another crate of the app may enable it. Links are then announced before the callback runs; [`Links`] does not announce them
/// again.
///
/// ## Platform-specific
///
/// - **Linux**: uses a D-Bus name of its own (see [`unique_name`](super::names::unique_name)), so an app may also register
///   single-instance itself.
/// - **Windows**: there is one name per app. A second registration in the same process would find the first one, treat
///   its own process as the second one, and exit without a message. If the app registers its own first, its lock is in
///   Tauri's resource table; see [`is_registered`]. If the app registers its own later with `tauri::Builder::plugin`, the callback
///   runs before the first webview is made, when nothing delivers what a real second process hands over; the app then exits with a
///   message. If the app registers it when windows exist, e.g. in `setup`, the app exits without one.
pub(crate) fn plugin<R: Runtime>(
    identifier: &str,
    running: Arc<AtomicBool>,
    links: Arc<Links<R>>,
) -> Box<dyn Plugin<R>> {
    let on_second_instance = move |app: &AppHandle<R>, arguments: Vec<String>, _directory: String| {
        if cfg!(target_os = "windows") && !running.load(Ordering::Acquire) {
            refuse_double_registration();
        }
        links.second_process(app, &arguments);
    };
    let builder = tauri_plugin_single_instance::Builder::new();
    #[cfg(target_os = "linux")]
    let builder = builder.dbus_id(super::names::unique_name(identifier));
    #[cfg(not(target_os = "linux"))]
    let _ = identifier;
    Box::new(builder.callback(on_second_instance).build())
}

/// Whether the app registered single-instance itself, before Clerk.
pub(crate) fn is_registered<R: Runtime>(app: &AppHandle<R>) -> bool {
    app.resources_table().names().any(|(_, name)| name.contains("tauri_plugin_single_instance"))
}

#[allow(clippy::print_stderr, reason = "the process ends here, and loggers may not be set up yet")]
fn refuse_double_registration() {
    eprintln!(
        "tauri-plugin-single-instance is registered twice, by the app and by clerk. \
         Remove it from the app, or use clerk::Builder::new().single_instance(false)"
    );
    std::process::exit(1);
}
