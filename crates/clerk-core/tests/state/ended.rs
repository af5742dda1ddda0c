//! Sessions that end although the user did not end them on this device.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{LoadOptions, SessionEnded, SignOutOptions, ports::Event, storage::MemoryStore};
use clerk_testkit::{Response, ScriptedApp, client, environment, json_response, session, text_response, wait_until};
use serde_json::{Value, json};

/// What FAPI says about the client, and about everything else.
type Says = Arc<Mutex<Option<Response>>>;

fn says(status: u16, body: &Value) -> Option<Response> {
    json_response(status, body)
}

fn script(says: Says) -> impl Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync + 'static {
    move |_, path, _| {
        if path == "/environment" {
            return json_response(200, &environment());
        }
        let mut response = says.lock().unwrap().clone()?;
        response.token = (response.status == 200).then_some("a-token");
        Some(response)
    }
}

/// An app whose user has the sessions `sess_1` and `sess_2`; `sess_1` is active.
async fn signed_in() -> (ScriptedApp, Says, Arc<Mutex<Vec<SessionEnded>>>) {
    let now = Says::default();
    *now.lock().unwrap() = says(200, &json!({ "response": client(1, &[session("sess_1"), session("sess_2")]) }));
    let app = ScriptedApp::with_tokens(script(now.clone()), Arc::new(MemoryStore::default()), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let heard = Arc::<Mutex<Vec<SessionEnded>>>::default();
    let log = heard.clone();
    app.clerk.on_session_ended(move |ended| log.lock().unwrap().push(ended.clone()));
    (app, now, heard)
}

fn with_status(status: &str) -> Value {
    let mut ended = session("sess_1");
    ended["status"] = status.into();
    json!({ "response": client(2, &[ended, session("sess_2")]) })
}

fn hints(app: &ScriptedApp) -> usize {
    app.events.0.lock().unwrap().iter().filter(|event| **event == Event::SessionEnded).count()
}

#[tokio::test(start_paused = true)]
async fn session_ended_has_the_reason_that_fapi_gives() {
    let other = json!({ "response": { "object": "client", "id": "client_2", "sessions": [], "updated_at": 9 } });
    let unknown = json!({ "errors": [{ "code": "signed_out", "message": "You are signed out" }] });
    for (status, body, reasons) in [
        (200, with_status("expired"), &["expired"][..]),
        (200, with_status("abandoned"), &["abandoned"]),
        (200, with_status("revoked"), &["revoked"]),
        (200, with_status("replaced"), &["replaced"]),
        (200, with_status("ended"), &["ended"]),
        (200, with_status("frozen_by_policy"), &["frozen_by_policy"]),
        (200, json!({ "response": client(2, &[session("sess_2")]) }), &["removed"]),
        (200, json!({ "response": client(2, &[]) }), &["removed", "removed"]),
        (200, json!({ "response": null }), &["client_removed", "client_removed"]),
        (200, other, &["client_removed", "client_removed"]),
        (401, unknown, &["client_removed", "client_removed"]),
    ] {
        let (app, now, heard) = signed_in().await;
        *now.lock().unwrap() = says(status, &body);
        app.clerk.handle_unauthenticated().await.unwrap();
        let ended = heard.lock().unwrap().clone();
        assert_eq!(ended.iter().map(|ended| ended.reason.as_str()).collect::<Vec<_>>(), reasons, "{body}");
        let first = &ended[0];
        let user = first.user_id.as_ref().map(|id| id.as_str());
        assert_eq!((first.session_id.as_str(), user), ("sess_1", Some("user_of_sess_1")));
        assert_eq!(app.clerk.ended_sessions(), ended);
        assert_eq!(hints(&app), reasons.len());
        // It ends once.
        let _ = app.clerk.handle_unauthenticated().await;
        app.clerk.touch().await.ok();
        assert_eq!(heard.lock().unwrap().len(), reasons.len());
    }
}

#[tokio::test(start_paused = true)]
async fn session_ended_is_emitted_by_a_poll_that_fapi_answers() {
    let (app, now, heard) = signed_in().await;
    let clerk = app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    *now.lock().unwrap() = says(200, &with_status("revoked"));
    wait_until("the session to end", || !heard.lock().unwrap().is_empty()).await;
    assert_eq!(heard.lock().unwrap()[0].reason.as_str(), "revoked");
    polling.abort();
}

#[tokio::test(start_paused = true)]
async fn session_ended_is_not_emitted_by_polls_that_fail_or_are_refused() {
    let (app, now, heard) = signed_in().await;
    let clerk = app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    let polls = AtomicUsize::new(app.count("GET", "/client"));
    for response in [
        None,
        text_response(401, "<html>Wi-Fi</html>"),
        text_response(200, "<html>Wi-Fi</html>"),
        text_response(404, ""),
        says(403, &json!({ "errors": [{ "code": "forbidden" }] })),
        says(429, &json!({ "errors": [{ "code": "too_many_requests" }] })),
        says(500, &json!({ "errors": [{ "code": "internal" }] })),
        says(401, &json!({ "error": "unauthorized" })),
    ] {
        *now.lock().unwrap() = response;
        let before = polls.load(Ordering::Relaxed);
        wait_until("a poll", || app.count("GET", "/client") > before).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        polls.store(app.count("GET", "/client"), Ordering::Relaxed);
        assert!(app.clerk.is_signed_in());
    }
    polling.abort();
    assert_eq!(*heard.lock().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn session_ended_is_not_emitted_for_a_session_that_the_user_signed_out_of() {
    let (app, now, heard) = signed_in().await;
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_1".into()), ..Default::default() }).await.unwrap();
    *now.lock().unwrap() = says(200, &json!({ "response": client(2, &[session("sess_2")]) }));
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    *now.lock().unwrap() = says(200, &json!({ "response": client(3, &[]) }));
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!((heard.lock().unwrap().len(), hints(&app)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn session_ended_listener_can_be_removed_and_may_panic() {
    let (app, now, heard) = signed_in().await;
    app.clerk.on_session_ended(|_| panic!("a faulty listener"));
    let removed = Arc::<AtomicUsize>::default();
    let count = removed.clone();
    app.clerk
        .on_session_ended(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .remove();
    *now.lock().unwrap() = says(200, &with_status("expired"));
    app.clerk.handle_unauthenticated().await.unwrap();
    assert_eq!((heard.lock().unwrap().len(), removed.load(Ordering::Relaxed)), (1, 0));
}
