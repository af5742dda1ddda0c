//! Named events: who signed in or out and why, and which session is the active one.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    AuthEvent, Change, Clerk, CreateOrganizationParams, GetTokenParams, LoadOptions, SetActiveParams, SignOutOptions,
    models::UserId, ports::Event, storage::MemoryStore,
};
use clerk_testkit::{
    Response, ScriptedApp,
    app::{App, config},
    client, environment, json_response, session, text_response, wait_until,
};
use serde_json::{Value, json};

/// What FAPI says about the client, and about everything else.
type Says = Arc<Mutex<Option<Response>>>;

/// What the listener heard, except for the changes of the active session.
type Heard = Arc<Mutex<Vec<AuthEvent>>>;

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
async fn signed_in() -> (ScriptedApp, Says, Heard) {
    let now = Says::default();
    *now.lock().unwrap() = says(200, &json!({ "response": client(1, &[session("sess_1"), session("sess_2")]) }));
    let app = ScriptedApp::with_tokens(script(now.clone()), Arc::new(MemoryStore::default()), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let heard = Heard::default();
    let log = heard.clone();
    app.clerk.on_auth_event(move |event| {
        if !matches!(event, AuthEvent::SessionChanged { .. }) {
            log.lock().unwrap().push(event.clone());
        }
    });
    (app, now, heard)
}

fn with_status(status: &str) -> Value {
    let mut ended = session("sess_1");
    ended["status"] = status.into();
    json!({ "response": client(2, &[ended, session("sess_2")]) })
}

/// How often windows were told that there is an event.
fn hints(app: &ScriptedApp) -> usize {
    app.events.0.lock().unwrap().iter().filter(|event| **event == Event::AuthEvent).count()
}

/// Describes an event in a line.
fn described(event: &AuthEvent) -> String {
    match event {
        AuthEvent::SignedIn { session_id, .. } => format!("{session_id} signed in"),
        AuthEvent::SignedOut { session_id, reason, .. } => format!("{session_id} signed out: {}", reason.as_str()),
        AuthEvent::SessionChanged { session_id, organization_id, .. } => match (session_id, organization_id) {
            (Some(session), Some(organization)) => format!("{session} in {organization}"),
            (Some(session), None) => format!("{session} alone"),
            _ => "no session".to_owned(),
        },
        AuthEvent::AccountDeleted { user_id } => format!("{} deleted", user_id.clone().unwrap()),
        AuthEvent::TokenRefreshed { session_id } => format!("token of {session_id}"),
        other => format!("{other:?}"),
    }
}

/// The events of a run so far.
fn all(clerk: &Clerk) -> Vec<String> {
    clerk.auth_events().iter().map(|numbered| described(&numbered.event)).collect()
}

fn reasons(heard: &Heard) -> Vec<String> {
    let heard = heard.lock().unwrap();
    let reason = |event: &AuthEvent| match event {
        AuthEvent::SignedOut { reason, .. } => reason.as_str().to_owned(),
        other => described(other),
    };
    heard.iter().map(reason).collect()
}

#[tokio::test(start_paused = true)]
async fn signed_out_has_the_reason_that_fapi_gives() {
    let other = json!({ "response": { "object": "client", "id": "client_2", "sessions": [], "updated_at": 9 } });
    let unknown = json!({ "errors": [{ "code": "signed_out", "message": "You are signed out" }] });
    for (status, body, expected) in [
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
        assert_eq!(reasons(&heard), expected, "{body}");
        let AuthEvent::SignedOut { session_id, user_id, .. } = heard.lock().unwrap()[0].clone() else { panic!() };
        assert_eq!((session_id.as_str(), user_id.as_ref().map(UserId::as_str)), ("sess_1", Some("user_of_sess_1")));
        assert_eq!(hints(&app), app.clerk.auth_events().len());
        // It ends once.
        let _ = app.clerk.handle_unauthenticated().await;
        app.clerk.touch().await.ok();
        assert_eq!(heard.lock().unwrap().len(), expected.len());
    }
}

#[tokio::test(start_paused = true)]
async fn signed_out_is_emitted_by_a_poll_that_fapi_answers() {
    let (app, now, heard) = signed_in().await;
    let clerk = app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    *now.lock().unwrap() = says(200, &with_status("revoked"));
    wait_until("the session to end", || !heard.lock().unwrap().is_empty()).await;
    assert_eq!(reasons(&heard), ["revoked"]);
    polling.abort();
}

#[tokio::test(start_paused = true)]
async fn signed_out_is_not_emitted_by_polls_that_fail_or_are_refused() {
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
async fn signed_out_is_emitted_once_for_a_session_that_the_user_signed_out_of() {
    let (app, now, heard) = signed_in().await;
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_1".into()), ..Default::default() }).await.unwrap();
    assert_eq!(reasons(&heard), ["signed_out"]);
    *now.lock().unwrap() = says(200, &json!({ "response": client(2, &[session("sess_2")]) }));
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    *now.lock().unwrap() = says(200, &json!({ "response": client(3, &[]) }));
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(reasons(&heard), ["signed_out", "signed_out"]);
    assert_eq!(hints(&app), app.clerk.auth_events().len());
}

#[tokio::test(start_paused = true)]
async fn on_auth_event_listener_can_be_removed_and_may_panic() {
    let (app, now, heard) = signed_in().await;
    app.clerk.on_auth_event(|_| panic!("a faulty listener"));
    let removed = Arc::<AtomicUsize>::default();
    let count = removed.clone();
    app.clerk
        .on_auth_event(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .remove();
    *now.lock().unwrap() = says(200, &with_status("expired"));
    app.clerk.handle_unauthenticated().await.unwrap();
    assert_eq!((heard.lock().unwrap().len(), removed.load(Ordering::Relaxed)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn auth_events_are_not_emitted_for_the_sessions_of_a_start() {
    let (app, _, heard) = signed_in().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((all(&app.clerk), heard.lock().unwrap().len(), hints(&app)), (Vec::<String>::new(), 0, 0));
}

/// A life with an account, on the emulator.
#[tokio::test]
async fn auth_events_tell_who_signs_in_switches_deletes_the_account_and_signs_out() {
    let app = App::start(config()).await;
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(all(&app.clerk), Vec::<String>::new());
    let session = app.sign_in_with_password().await;
    let user = app.clerk.user().unwrap().id.clone();
    let organization = app.clerk.create_organization(CreateOrganizationParams::new("Acme")).await.unwrap().id;
    app.clerk
        .set_active(SetActiveParams {
            organization: Change::Set(organization.as_str().into()),
            ..SetActiveParams::default()
        })
        .await
        .unwrap();
    let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new(session.clone()) };
    app.clerk.get_token(params.clone()).await.unwrap();
    app.clerk.get_token(params).await.unwrap();
    app.clerk.account().delete().await.unwrap();
    let tokens = format!("token of {session}");
    let mut events = all(&app.clerk);
    assert_eq!(
        events.iter().filter(|event| **event == tokens).count(),
        1,
        "only the last one is remembered: {events:?}"
    );
    events.retain(|event| *event != tokens);
    let expected = [
        format!("{session} signed in"),
        format!("{session} alone"),
        format!("{session} in {organization}"),
        format!("{user} deleted"),
        format!("{session} signed out: removed"),
        "no session".to_owned(),
    ];
    assert_eq!(events, expected);
    let numbers: Vec<_> = app.clerk.auth_events().iter().map(|event| event.sequence).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}
