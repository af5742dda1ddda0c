//! One process per app on Linux and Windows, where a link starts a second one.

#![cfg(any(target_os = "linux", target_os = "windows"))]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tauri::{AppHandle, Manager, Runtime, plugin::Plugin};

use super::windows;

/// The single-instance plugin, set up so that it hands links over and focuses the app.
///
/// ## Platform-specific
///
/// - **Linux**: it takes the D-Bus name `<identifier>.clerk.SingleInstance`, which no other plugin takes. An app that
///   registers single-instance itself therefore does no harm.
/// - **Windows**: there is one name per app, so a second registration in the same process would find the first one,
///   take itself for a second process and exit without a word. When the app's own comes first it has left its lock in
///   Tauri's table, see [`is_registered`]. When it comes later that moment is recognisable, because links of real second
///   processes are only heard once windows are made; it ends the app with a message instead.
pub(crate) fn plugin<R: Runtime>(identifier: &str, running: Arc<AtomicBool>) -> Box<dyn Plugin<R>> {
    let on_second_instance = move |app: &AppHandle<R>, _arguments: Vec<String>, _directory: String| {
        if cfg!(target_os = "windows") && !running.load(Ordering::Acquire) {
            refuse_double_registration();
        }
        windows::focus(app);
    };
    let builder = tauri_plugin_single_instance::Builder::new()
        .dbus_id(format!("{identifier}.clerk"))
        .callback(on_second_instance);
    Box::new(builder.build())
}

/// Whether the app has registered single-instance itself, before Clerk.
pub(crate) fn is_registered<R: Runtime>(app: &AppHandle<R>) -> bool {
    app.resources_table().names().any(|(_, name)| name.contains("tauri_plugin_single_instance"))
}

#[allow(clippy::print_stderr, reason = "the process ends here, and loggers may not be set up yet")]
fn refuse_double_registration() {
    eprintln!(
        "tauri-plugin-single-instance is registered twice, by the app and by clerk. \
         Remove it from the app, or tell clerk: clerk::Builder::new().single_instance(false)"
    );
    std::process::exit(1);
}
