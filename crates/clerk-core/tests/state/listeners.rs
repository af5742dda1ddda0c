//! Listeners and streams of the state.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use clerk_core::{LoadOptions, SetActiveParams, Status};
use clerk_testkit::{
    ScriptedApp,
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
