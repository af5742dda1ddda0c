//! Links that the system hands to the app.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clerk_core::{LinkOutcome, LoadOptions, RedirectResource, ports::Event, storage::MemoryStore};
use clerk_emulator::Decision;
use clerk_testkit::{
    ScriptedApp,
    app::{App, config, google_params, grace},
    google::{callback_link, google_script, load_app, start_flow},
    join, json_response, with_timeout,
};
use serde_json::json;
use url::Url;

#[tokio::test]
async fn handle_deep_link_refuses_a_link_without_a_flow() {
    let app = load_app().await;
    let (revision, requests) = (app.clerk.snapshot().revision, app.fapi.requests.lock().unwrap().len());
    for query in ["", "?rotating_token_nonce=n", "?__clerk_status=verified&__clerk_created_session=sess_9"] {
        assert_eq!(app.clerk.handle_deep_link(&callback_link(query)).await, LinkOutcome::Refused);
    }
    assert_eq!((app.clerk.snapshot().revision, app.fapi.requests.lock().unwrap().len()), (revision, requests));
}

#[tokio::test]
async fn handle_deep_link_ignores_other_links() {
    let app = load_app().await;
    let flow = start_flow(&app).await;
    for other in ["my-app://documents/1", "my-app://callback/deeper", "other-app://callback"] {
        assert_eq!(app.clerk.handle_deep_link(&Url::parse(other).unwrap()).await, LinkOutcome::NotOurs);
    }
    app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await;
    join(flow).await.unwrap();
}

#[tokio::test]
async fn handle_deep_link_resumes_a_flow_after_a_restart() {
    let store = Arc::new(MemoryStore::default());
    let first = ScriptedApp::with(google_script, store.clone(), |_| {});
    first.clerk.load(LoadOptions::default()).await.unwrap();
    start_flow(&first).await.abort();
    // FAPI knows the attempt, but the process that started it is gone.
    let second = ScriptedApp::with(google_script, store.clone(), |_| {});
    let (link, clerk) = (callback_link("?rotating_token_nonce=n"), second.clerk.clone());
    let arrived = tokio::spawn(async move { clerk.handle_deep_link(&link).await });
    second.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(join(arrived).await, LinkOutcome::Resumed);
    assert!(second.clerk.is_signed_in());
    assert_eq!(second.clerk.take_redirect_outcome().unwrap().created_session_id, Some("sess_1".into()));
    assert_eq!(second.clerk.take_redirect_outcome(), None, "it is returned once");
    assert!(second.events.0.lock().unwrap().contains(&Event::RedirectFinished));
    // The record is deleted: the same link is refused in a third run.
    let third = ScriptedApp::with(google_script, store, |_| {});
    third.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(
        third.clerk.handle_deep_link(&Url::parse("my-app://callback?rotating_token_nonce=n").unwrap()).await,
        LinkOutcome::Refused
    );
}

/// The system may deliver the same link twice. The flow is over by then, and its record is for later runs only.
#[tokio::test]
async fn handle_deep_link_accepts_a_link_once() {
    let app = load_app().await;
    let flow = start_flow(&app).await;
    let link = callback_link("?rotating_token_nonce=n");
    let both = async { tokio::join!(app.clerk.handle_deep_link(&link), app.clerk.handle_deep_link(&link)) };
    let (first, second) = with_timeout("both links to be handled", Box::pin(both)).await;
    assert_eq!((first, second), (LinkOutcome::Delivered, LinkOutcome::Refused));
    join(flow).await.unwrap();
    assert_eq!(app.count("GET", "/client/sign_ins/sia_1"), 1);
}

/// The link that starts the app may arrive while FAPI is unreachable.
#[tokio::test]
async fn handle_deep_link_waits_for_a_retried_load() {
    let store = Arc::new(MemoryStore::default());
    let first = ScriptedApp::with(google_script, store.clone(), |_| {});
    first.clerk.load(LoadOptions::default()).await.unwrap();
    start_flow(&first).await.abort();
    let online = Arc::new(AtomicBool::new(false));
    let is_online = online.clone();
    let script = move |method: &str, path: &str| match is_online.load(Ordering::Relaxed) {
        true => google_script(method, path),
        false => json_response(500, &json!({})),
    };
    let second = ScriptedApp::with(script, store, |_| {});
    let (link, clerk) = (callback_link("?rotating_token_nonce=n"), second.clerk.clone());
    let arrived = tokio::spawn(async move { clerk.handle_deep_link(&link).await });
    second.clerk.load(LoadOptions::default()).await.unwrap_err();
    online.store(true, Ordering::Relaxed);
    second.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(join(arrived).await, LinkOutcome::Resumed);
    assert!(second.clerk.is_signed_in());
}

#[tokio::test]
async fn handle_deep_link_resumes_a_flow_on_the_emulator_after_a_restart() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    flow.abort();
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    let again = app.restart().await;
    assert_eq!(again.clerk.handle_deep_link(&link).await, LinkOutcome::Resumed);
    assert_eq!(again.user_name().as_deref(), Some("Grace Hopper"));
    assert_eq!(again.clerk.handle_deep_link(&link).await, LinkOutcome::Refused);
}
