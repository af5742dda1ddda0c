//! One process per app on Linux and Windows, where a link starts a second one.

#![cfg(any(target_os = "linux", target_os = "windows"))]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tauri::{AppHandle, Manager, Runtime, plugin::Plugin};

use super::{deep_link, windows};

/// Creates the single-instance plugin: a second process passes its link to the first one, which focuses its window.
///
/// ## Platform-specific
///
/// - **Linux**: uses the D-Bus name `<identifier>.clerk.SingleInstance`, which no other plugin uses, so an app may also
///   register single-instance itself.
/// - **Windows**: there is one name per app. A second registration in the same process would find the first one, treat
///   its own process as the second one, and exit without a message. If the app registers its own first, its lock is in
///   Tauri's resource table; see [`is_registered`]. If the app registers its own later, the callback runs before a window
///   exists, which no real second process can cause; the app then exits with a message.
pub(crate) fn plugin<R: Runtime>(identifier: &str, running: Arc<AtomicBool>) -> Box<dyn Plugin<R>> {
    let on_second_instance = move |app: &AppHandle<R>, arguments: Vec<String>, _directory: String| {
        if cfg!(target_os = "windows") && !running.load(Ordering::Acquire) {
            refuse_double_registration();
        }
        windows::focus(app);
        deep_link::handle_arguments(app, &arguments);
    };
    let builder = tauri_plugin_single_instance::Builder::new()
        .dbus_id(format!("{identifier}.clerk"))
        .callback(on_second_instance);
    Box::new(builder.build())
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
