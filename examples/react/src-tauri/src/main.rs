//! Clerk's React components in a desktop app. An app needs only `.plugin(clerk::init())`; the rest is for the demo.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use clerk::ClerkExt;
use serde::Serialize;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder, plugin::TauriPlugin};

fn main() {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    if let Err(error) = run() {
        tracing::error!("the app failed to start: {error}");
        std::process::exit(1);
    }
}

fn run() -> tauri::Result<()> {
    tauri::Builder::default()
        .plugin(clerk())
        .plugin(test_script())
        .invoke_handler(tauri::generate_handler![open_window, whoami])
        .setup(|app| {
            // Rust is notified of every change, whichever window made it.
            app.clerk().add_listener(|state| {
                let user = state.user().map_or("nobody".to_owned(), |user| user.full_name().unwrap_or_default());
                tracing::info!(revision = state.revision, user, "auth state");
            });
            Ok(())
        })
        .run(tauri::generate_context!())
}

/// Creates the plugin. Other apps have their key in `tauri.conf.json` and use `clerk::init()`; the demo takes the key from
/// the environment, so that it runs on the emulator and on any instance.
fn clerk<R: tauri::Runtime>() -> clerk::ClerkPlugin<R> {
    let mut builder = clerk::Builder::new();
    if let Ok(key) = std::env::var("CLERK_PUBLISHABLE_KEY") {
        builder = builder.publishable_key(key);
    }
    if let Ok(url) = std::env::var("CLERK_PROXY_URL") {
        builder = builder.proxy_url(url);
    }
    builder.build()
}

/// Runs the script of the file `CLERK_EXAMPLE_SCRIPT` in every page before the page's own scripts, for the end-to-end tests. Not in a
/// release build.
fn test_script<R: tauri::Runtime>() -> TauriPlugin<R> {
    let file = std::env::var_os("CLERK_EXAMPLE_SCRIPT").filter(|_| cfg!(debug_assertions));
    let script = file.map(|file| std::fs::read_to_string(file).unwrap_or_default()).unwrap_or_default();
    tauri::plugin::Builder::new("test-script").js_init_script(script).build()
}

/// Opens the window with this name, or brings it to the front. Each has a capability of its own.
#[tauri::command]
async fn open_window(app: AppHandle, name: String) -> Result<(), String> {
    let (page, title, width, height) = match name.as_str() {
        "inspector" => ("inspector.html", "Inspector", 520.0, 460.0),
        "components" => ("components.html", "Components", 960.0, 720.0),
        _ => return Err(format!("there is no window {name:?}")),
    };
    if let Some(window) = app.get_webview_window(&name) {
        return window.set_focus().map_err(|error| error.to_string());
    }
    WebviewWindowBuilder::new(&app, name, WebviewUrl::App(page.into()))
        .title(title)
        .inner_size(width, height)
        .min_inner_size(420.0, 420.0)
        .build()
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Who is signed in, as Rust knows it.
#[derive(Serialize)]
struct WhoAmI {
    user: Option<String>,
    session: Option<String>,
    organization: Option<String>,
}

/// Shows how a command of the app uses the signed-in user.
#[tauri::command]
async fn whoami(clerk: tauri::State<'_, clerk::Clerk>) -> Result<WhoAmI, String> {
    let state = clerk.snapshot();
    Ok(WhoAmI {
        user: state.user().map(|user| user.full_name().unwrap_or_else(|| user.id.to_string())),
        session: state.session().map(|session| session.id.to_string()),
        organization: state.organization().map(|organization| organization.name.clone()),
    })
}
