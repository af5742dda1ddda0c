//! Listeners and streams of the state.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{Clerk, LoadOptions, SetActiveParams, SignOutOptions, Snapshot, Status};
use clerk_testkit::{
    Response, ScriptedApp,
    sessions::{one_session, two_sessions},
    with_timeout,
};
use futures_util::StreamExt;

#[tokio::test]
async fn listeners_see_the_environment_with_the_first_client() {
    let app = ScriptedApp::new(one_session);
    let heard = Arc::<Mutex<Vec<bool>>>::default();
    let log = heard.clone();
    app.clerk.add_listener(move |snapshot| log.lock().unwrap().push(snapshot.environment.is_some()));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(!heard.is_empty() && heard.iter().all(|known| *known), "{heard:?}");
}

#[tokio::test]
async fn listeners_are_notified_once_per_change() {
    let app = ScriptedApp::new(two_sessions);
    let (heard, statuses) = (Arc::<Mutex<Vec<Option<String>>>>::default(), Arc::<Mutex<Vec<Status>>>::default());
    app.clerk.add_listener(|_| panic!("a panic does not affect other listeners"));
    let log = heard.clone();
    let listener = app.clerk.add_listener(move |snapshot| {
        log.lock().unwrap().push(snapshot.session().map(|session| session.id.to_string()));
    });
    let log = statuses.clone();
    app.clerk.on_status(move |status| log.lock().unwrap().push(status), true);
    assert!(heard.lock().unwrap().is_empty(), "there is no client yet");
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(*statuses.lock().unwrap(), [Status::Loading, Status::Ready]);
    heard.lock().unwrap().clear();

    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [Some("sess_2".to_owned())]);
    let late = Arc::new(AtomicUsize::new(0));
    let count = late.clone();
    app.clerk.add_listener(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(late.load(Ordering::Relaxed), 1, "a new listener is notified at once");
    listener.remove();
    listener.remove();
    app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
    assert_eq!((heard.lock().unwrap().len(), late.load(Ordering::Relaxed)), (1, 2));
}

#[tokio::test]
async fn changes_yields_the_current_state_then_the_latest() {
    let app = ScriptedApp::new(two_sessions);
    let mut changes = Box::pin(app.clerk.changes());
    assert_eq!(with_timeout("the current state", changes.next()).await.unwrap().status, Status::Loading);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(with_timeout("the next state", changes.next()).await.unwrap().status, Status::Ready);
}

/// A client with two sessions, which FAPI can't be reached to end.
fn until_removed(method: &str, path: &str) -> Option<Response> {
    if path.ends_with("/remove") { None } else { two_sessions(method, path) }
}

/// Signs out, and waits for that as code without an executor does.
fn sign_out_and_wait(clerk: &Clerk) -> bool {
    let (clerk, runtime) = (clerk.clone(), tokio::runtime::Handle::current());
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(runtime.block_on(clerk.sign_out(SignOutOptions::default()))));
    // Far longer than needed: a listener that waits for ever could not be ended.
    matches!(end.recv_timeout(Duration::from_secs(60)), Ok(Ok(())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn listener_may_change_the_state_and_wait() {
    let app = ScriptedApp::new(until_removed);
    let heard = Arc::<Mutex<Vec<(&str, Option<String>)>>>::default();
    let session = |snapshot: &Snapshot| snapshot.session().map(|session| session.id.to_string());
    let (log, clerk, waited) = (heard.clone(), app.clerk.clone(), Arc::<AtomicUsize>::default());
    let done = waited.clone();
    app.clerk.add_listener(move |snapshot| {
        log.lock().unwrap().push(("first", session(snapshot)));
        if snapshot.is_loaded() && session(snapshot).is_some() && sign_out_and_wait(&clerk) {
            done.fetch_add(1, Ordering::SeqCst);
        }
    });
    let log = heard.clone();
    app.clerk.add_listener(move |snapshot| log.lock().unwrap().push(("second", session(snapshot))));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(waited.load(Ordering::SeqCst), 1);
    assert!(!app.clerk.is_signed_in());
    let mut heard = heard.lock().unwrap().clone();
    heard.retain(|(listener, _)| *listener == "second");
    heard.dedup();
    assert_eq!(heard, [("second", Some("sess_1".to_owned())), ("second", None)], "in the order of the changes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn new_listener_may_change_the_state_and_wait() {
    let app = ScriptedApp::new(until_removed);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let (clerk, waited) = (app.clerk.clone(), Arc::<AtomicUsize>::default());
    let done = waited.clone();
    app.clerk.add_listener(move |snapshot| {
        if snapshot.is_signed_in() && sign_out_and_wait(&clerk) {
            done.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert_eq!(waited.load(Ordering::SeqCst), 1);
    assert!(!app.clerk.is_signed_in());
}
