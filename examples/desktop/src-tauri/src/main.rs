//! A desktop app that signs users in with Clerk. An app needs only `.plugin(clerk::init())`; the rest is for the demo.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use clerk::ClerkExt;
use tauri::{AppHandle, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_deep_link::DeepLinkExt;

fn main() {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    if let Err(error) = run() {
        tracing::error!("the app failed to start: {error}");
        std::process::exit(1);
    }
}

fn run() -> tauri::Result<()> {
    // Like a tray app: it starts without a window, and closing the last window does not exit the app.
    let in_background = std::env::args().any(|argument| argument == "--background");
    let app = tauri::Builder::default()
        .plugin(clerk())
        .invoke_handler(tauri::generate_handler![open_second_window, greeting])
        .setup(move |app| {
            // Rust is notified of every change, with or without a window.
            app.clerk().add_listener(|state| {
                let user = state.user().map_or("nobody".to_owned(), |user| user.full_name().unwrap_or_default());
                tracing::info!(revision = state.revision, user, "auth state");
            });
            if !in_background && let Some(window) = app.config().app.windows.first() {
                WebviewWindowBuilder::from_config(app.handle(), window)?.build()?;
            }
            // The listener also receives Clerk's callback links, which the app ignores.
            app.deep_link().on_open_url(|event| {
                for url in event.urls() {
                    if !(url.host_str() == Some("callback") && matches!(url.path(), "" | "/")) {
                        tracing::info!("app deep link: {url}");
                    }
                }
            });
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(move |_, event| {
        if let RunEvent::ExitRequested { code: None, api, .. } = event
            && in_background
        {
            api.prevent_exit();
        }
    });
    Ok(())
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
    if let Ok(url) = std::env::var("CLERK_REDIRECT_URL") {
        builder = builder.redirect_url(url);
    }
    builder.build()
}

/// Opens a second window, which shows the same state as the first.
#[tauri::command]
async fn open_second_window(app: AppHandle) -> Result<(), String> {
    if let Some(window) = app.get_webview_window("second") {
        return window.set_focus().map_err(|error| error.to_string());
    }
    WebviewWindowBuilder::new(&app, "second", WebviewUrl::App("index.html?window=second".into()))
        .title("Second window")
        .inner_size(480.0, 560.0)
        .build()
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// Shows how a command of the app uses the signed-in user.
#[tauri::command]
async fn greeting(clerk: tauri::State<'_, clerk::Clerk>) -> Result<String, String> {
    let user = clerk.user().ok_or("not signed in")?;
    Ok(format!("Rust says hello to {}", user.full_name().unwrap_or_else(|| user.id.to_string())))
}
