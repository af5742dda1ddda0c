//! Two apps that differ in the plugin only, for `cargo xtask bench --apps`. The environment says what they show; they print what
//! they measure on the standard output, as one line of JSON each.

#![allow(clippy::print_stdout, reason = "it is read by the benchmark")]

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tauri::{App, Builder, WebviewUrl, WebviewWindowBuilder, Wry};

/// Milliseconds since the process was started, which `BENCH_START` has in milliseconds since 1970.
fn since_start() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |now| now.as_secs_f64() * 1e3);
    now - variable("BENCH_START").parse::<f64>().unwrap_or(now)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Prints a figure.
pub fn print(name: &str, value: &Value) {
    println!("{}", json!({ "name": name, "ms": since_start(), "value": value }));
}

#[tauri::command]
fn report(name: &str, value: Value) {
    print(name, &value);
}

/// A command that does nothing but return a text of this length.
#[tauri::command]
fn constant(length: usize) -> String {
    "x".repeat(length)
}

/// What a page needs that calls Clerk itself.
#[tauri::command]
fn settings() -> Value {
    json!({
        "key": variable("CLERK_PUBLISHABLE_KEY"),
        "proxyUrl": variable("CLERK_PROXY_URL"),
        "token": variable("BENCH_CLIENT_TOKEN"),
    })
}

/// The commands of both apps.
pub fn commands(builder: Builder<Wry>) -> Builder<Wry> {
    builder.invoke_handler(tauri::generate_handler![report, constant, settings, seen])
}

/// Tells the measurement of changes what a window has seen, if there is one.
#[tauri::command]
fn seen(what: String, windows: tauri::State<'_, Windows>) {
    windows.seen(what);
}

/// What the windows have seen.
#[derive(Debug, Default)]
pub struct Windows(std::sync::Mutex<Option<std::sync::mpsc::Sender<String>>>);

impl Windows {
    fn seen(&self, what: String) {
        if let Ok(sender) = self.0.lock()
            && let Some(sender) = &*sender
        {
            // The measurement may have ended.
            let _ = sender.send(what);
        }
    }

    /// Returns what the windows see from now on.
    pub fn watch(&self) -> std::sync::mpsc::Receiver<String> {
        let (sender, receiver) = std::sync::mpsc::channel();
        if let Ok(mut current) = self.0.lock() {
            *current = Some(sender);
        }
        receiver
    }
}

/// Opens the windows: `BENCH_WINDOWS` of the page `BENCH_PAGE`.
///
/// # Errors
/// If a window can't be created.
pub fn open_windows(app: &App) -> tauri::Result<usize> {
    let (page, count) = (variable("BENCH_PAGE"), variable("BENCH_WINDOWS").parse::<usize>().unwrap_or(1));
    if page.is_empty() {
        return Ok(0);
    }
    for number in 0..count {
        let url = WebviewUrl::App(format!("{page}.html").into());
        WebviewWindowBuilder::new(app, format!("window-{number}"), url).inner_size(320.0, 200.0).build()?;
    }
    Ok(count)
}
