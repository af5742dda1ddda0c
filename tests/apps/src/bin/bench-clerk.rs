//! The app with the plugin.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use clerk::{
    Clerk, ClerkExt,
    core::{Change, LoadOptions, SetActiveParams, SignInCreateParams, UpdateUserParams},
};
use clerk_bench_apps::{Windows, commands, open_windows, print};
use serde_json::json;
use tauri::{AppHandle, Emitter, Manager, async_runtime::block_on};

/// How often a change is made and an event is sent.
const ROUNDS: usize = 15;
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> tauri::Result<()> {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let plugin = clerk::Builder::new()
        .publishable_key(variable("CLERK_PUBLISHABLE_KEY"))
        .proxy_url(variable("CLERK_PROXY_URL"))
        .build();
    let page = variable("BENCH_PAGE");
    commands(tauri::Builder::default())
        .manage(Windows::default())
        .plugin(plugin)
        .setup(move |app| {
            let seen = app.state::<Windows>().watch();
            let (windows, app) = (open_windows(app)?, app.handle().clone());
            match page.as_str() {
                "" => drop(std::thread::spawn(move || sign_in(&app))),
                "changes" => drop(std::thread::spawn(move || changes(&app, windows, &seen))),
                _ => {}
            }
            Ok(())
        })
        .run(tauri::generate_context!())
}

/// Signs in, for the starts that follow.
fn sign_in(app: &AppHandle) {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let clerk = app.clerk().clone();
    let params = SignInCreateParams {
        identifier: Some(variable("BENCH_USER")),
        password: Some(variable("BENCH_PASSWORD")),
        ..SignInCreateParams::default()
    };
    let result = block_on(async move {
        clerk.load(LoadOptions::default()).await?;
        let sign_in = clerk.create_sign_in(params).await?;
        match sign_in.created_session_id {
            Some(session) => clerk.set_active(SetActiveParams::session(session)).await,
            None => Ok(()),
        }
    });
    print("signed-in", &json!(result.map_err(|error| error.to_string())));
}

/// Measures how long a change of the state takes to reach all windows, from the revision in Rust, and an event of the same size.
fn changes(app: &AppHandle, windows: usize, seen: &Receiver<String>) {
    let result = (0..windows).try_for_each(|_| wait_for("ready", seen));
    let result = result.and_then(|()| measure_changes(app, windows, seen));
    print("done", &json!(result));
}

fn measure_changes(app: &AppHandle, windows: usize, seen: &Receiver<String>) -> Result<(), String> {
    let (sender, revisions) = std::sync::mpsc::channel();
    let _listener = app.clerk().add_listener(move |snapshot| {
        let name = snapshot.user().and_then(|user| user.first_name.clone());
        // The measurement may have ended.
        let _ = sender.send((name, Instant::now()));
    });
    let (mut of_changes, mut of_events) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let name = format!("Ada {round}");
        change_name(app.clerk(), &name)?;
        let revision_at = loop {
            let (shown, at) = revisions.recv_timeout(LIMIT).map_err(|error| error.to_string())?;
            if shown.as_deref() == Some(&name) {
                break at;
            }
        };
        (0..windows).try_for_each(|_| wait_for(&name, seen))?;
        of_changes.push(revision_at.elapsed().as_secs_f64() * 1e3);
        // What a window reads of such a change.
        let payload = json!({ "name": format!("event {round}"), "user": "x".repeat(600) });
        let sent = Instant::now();
        app.emit("bench", payload).map_err(|error| error.to_string())?;
        (0..windows).try_for_each(|_| wait_for(&format!("event {round}"), seen))?;
        of_events.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    print("changes", &json!({ "change": of_changes, "event": of_events }));
    Ok(())
}

fn change_name(clerk: &Clerk, name: &str) -> Result<(), String> {
    let params = UpdateUserParams { first_name: Change::Set(name.to_owned()), ..UpdateUserParams::default() };
    block_on(clerk.account().update(params)).map(|_| ()).map_err(|error| error.to_string())
}

/// Waits until a window has seen something.
fn wait_for(what: &str, seen: &Receiver<String>) -> Result<(), String> {
    let deadline = Instant::now() + LIMIT;
    loop {
        match seen.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(seen) if seen == what => return Ok(()),
            // Of another round.
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(format!("no window has seen {what}"));
            }
        }
    }
}
