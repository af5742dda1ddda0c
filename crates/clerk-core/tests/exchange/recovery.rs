//! Tasks that retry in the background.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clerk_core::{LoadOptions, SignOutOptions, Status, ports::SecretStore, storage::MemoryStore};
use clerk_testkit::{ScriptedApp, UnavailableStore, sessions::two_sessions, wait_until};
use tokio::{runtime::Handle, time::Instant};

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Returns an app that can be taken offline.
fn app(store: Arc<dyn SecretStore>) -> (ScriptedApp, Arc<AtomicBool>) {
    let online = Arc::new(AtomicBool::new(true));
    let is_online = online.clone();
    let script =
        move |method: &str, path: &str| is_online.load(Ordering::Relaxed).then(|| two_sessions(method, path)).flatten();
    let app = ScriptedApp::with(script, store, |_| {});
    (app, online)
}

/// Drops the app, and waits until its tasks have ended, which must not take until their next retry.
async fn drop_and_wait(app: ScriptedApp, what: &str) {
    assert!(tasks() > 0, "{what}");
    let dropped = Instant::now();
    drop(app);
    wait_until(what, || tasks() == 0).await;
    assert!(dropped.elapsed() < Duration::from_secs(1), "{what}");
}

#[tokio::test(start_paused = true)]
async fn clerk_that_is_dropped_leaves_no_task() {
    let (first_load_failed, online) = app(Arc::new(MemoryStore::default()));
    online.store(false, Ordering::Relaxed);
    first_load_failed.clerk.load(LoadOptions::default()).await.unwrap_err();
    drop_and_wait(first_load_failed, "the first load is retried").await;

    let (locked, _) = app(Arc::new(UnavailableStore));
    locked.clerk.load(LoadOptions::default()).await.unwrap();
    drop_and_wait(locked, "the keyring is read again").await;

    let (lost, online) = app(Arc::new(MemoryStore::default()));
    lost.clerk.load(LoadOptions::default()).await.unwrap();
    let polling = lost.clerk.clone();
    let polling = tokio::spawn(async move { polling.poll().await });
    online.store(false, Ordering::Relaxed);
    let mut state = lost.clerk.subscribe();
    state.wait_for(|state| state.status == Status::Degraded).await.unwrap();
    polling.abort();
    drop((polling, state));
    drop_and_wait(lost, "FAPI is reached for again").await;

    let (signed_out, online) = app(Arc::new(MemoryStore::default()));
    signed_out.clerk.load(LoadOptions::default()).await.unwrap();
    online.store(false, Ordering::Relaxed);
    signed_out.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    drop_and_wait(signed_out, "sessions are ended on the server").await;
}

#[tokio::test(start_paused = true)]
async fn load_that_is_repeated_does_not_add_tasks() {
    let (app, online) = app(Arc::new(UnavailableStore));
    online.store(false, Ordering::Relaxed);
    app.clerk.load(LoadOptions::default()).await.unwrap_err();
    let first = tasks();
    for _ in 0..10 {
        app.clerk.load(LoadOptions::default()).await.unwrap_err();
    }
    assert_eq!(tasks(), first);
}
