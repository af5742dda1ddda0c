//! Browser flows: how they end, and which links are refused.

use std::sync::Arc;

use clerk_core::{
    AuthenticateWithRedirectParams, LinkOutcome, LoadOptions, RedirectOutcome, ports::Event, storage::MemoryStore,
};
use clerk_testkit::{Response, ScriptedApp, client, environment, join, json_response, session, wait_until};
use serde_json::{Value, json};
use url::Url;

const PROVIDER: &str = "https://provider.example.test/authorize?state=s";

/// FAPI's side of a sign-in with Google that succeeds.
fn google(method: &str, path: &str) -> Option<Response> {
    let attempt = |status: &str, session: Option<&str>| {
        json!({ "object": "sign_in_attempt", "id": "sia_1", "status": status, "created_session_id": session,
            "first_factor_verification": { "status": "unverified", "strategy": "oauth_google", "external_verification_redirect_url": PROVIDER } })
    };
    let with_attempt = |updated_at: i64, sign_in: Value, sessions: &[Value]| {
        let mut client = client(updated_at, sessions);
        client["sign_in"] = sign_in;
        client
    };
    match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => json_response(200, &json!({ "response": null, "client": null })),
        ("POST", "/client/sign_ins") => {
            let sign_in = attempt("needs_identifier", None);
            json_response(200, &json!({ "response": sign_in, "client": with_attempt(1, sign_in.clone(), &[]) }))
        }
        ("GET", "/client/sign_ins/sia_1") => {
            let sign_in = attempt("complete", Some("sess_1"));
            json_response(
                200,
                &json!({ "response": sign_in, "client": with_attempt(2, sign_in.clone(), &[session("sess_1")]) }),
            )
        }
        ("POST", "/client/sessions/sess_1/touch") => {
            json_response(200, &json!({ "response": session("sess_1"), "client": client(3, &[session("sess_1")]) }))
        }
        ("POST", "/client/sessions/sess_1/tokens") => json_response(200, &json!({ "jwt": "header.payload.signature" })),
        other => panic!("unexpected request {other:?}"),
    }
}

fn with_google() -> AuthenticateWithRedirectParams {
    AuthenticateWithRedirectParams { strategy: "oauth_google".to_owned(), ..Default::default() }
}

fn link(query: &str) -> Url {
    Url::parse(&format!("my-app://callback{query}")).unwrap()
}

type Flow = tokio::task::JoinHandle<clerk_core::Result<RedirectOutcome>>;

/// Begins a flow and waits until its page is open.
async fn begin(app: &ScriptedApp) -> Flow {
    let already_open = app.browser.0.lock().unwrap().len();
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(with_google()).await });
    wait_until("the page to be opened", || app.browser.0.lock().unwrap().len() > already_open).await;
    flow
}

async fn loaded() -> ScriptedApp {
    let app = ScriptedApp::new(google);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}

#[tokio::test]
async fn the_way_through_the_browser_signs_in() {
    let app = loaded().await;
    let flow = begin(&app).await;
    assert_eq!(app.browser.0.lock().unwrap()[0].as_str(), PROVIDER);
    assert_eq!(app.clerk.handle_deep_link(&link("?rotating_token_nonce=n")).await, LinkOutcome::Delivered);
    let outcome = join(flow).await.unwrap();
    assert_eq!(outcome.created_session_id, Some("sess_1".into()));
    assert!(app.clerk.is_signed_in());
    let created = &app.fapi.requests.lock().unwrap()[2];
    assert_eq!(
        created.2,
        "strategy=oauth_google&redirect_url=my-app%3A%2F%2Fcallback&action_complete_redirect_url=my-app%3A%2F%2Fcallback"
    );
}

#[tokio::test]
async fn a_refusal_at_the_provider_is_named_and_the_attempt_reset() {
    let app = loaded().await;
    let flow = begin(&app).await;
    app.clerk.handle_deep_link(&link("?__clerk_status=failed&__clerk_error_code=oauth_access_denied")).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_access_denied");
    assert_eq!(app.count("POST", "/client/sign_ins"), 2, "the create and the reset");
    assert_eq!(app.count("GET", "/client/sign_ins/sia_1"), 0);
    let again = begin(&app).await;
    app.clerk.handle_deep_link(&link("?rotating_token_nonce=n")).await;
    join(again).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn a_second_click_supersedes_the_first() {
    let app = loaded().await;
    let first = begin(&app).await;
    let second = begin(&app).await;
    assert_eq!(join(first).await.unwrap_err().code(), "oauth_flow_superseded");
    assert_eq!(app.clerk.handle_deep_link(&link("?rotating_token_nonce=n")).await, LinkOutcome::Delivered);
    join(second).await.unwrap();
}

#[tokio::test]
async fn cancelling_ends_the_wait() {
    let app = loaded().await;
    let flow = begin(&app).await;
    assert!(app.clerk.cancel_authentication());
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled");
    assert_eq!(app.clerk.handle_deep_link(&link("?rotating_token_nonce=n")).await, LinkOutcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_never_comes_back_is_waited_for_in_vain() {
    let app = loaded().await;
    let flow = begin(&app).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_timed_out");
    assert_eq!(app.clerk.handle_deep_link(&link("?rotating_token_nonce=n")).await, LinkOutcome::Refused);
}

#[tokio::test]
async fn a_link_that_no_flow_asked_for_changes_nothing() {
    let app = loaded().await;
    let (before, asked) = (app.clerk.snapshot().revision, app.fapi.requests.lock().unwrap().len());
    for query in ["", "?rotating_token_nonce=n", "?__clerk_status=verified&__clerk_created_session=sess_9"] {
        assert_eq!(app.clerk.handle_deep_link(&link(query)).await, LinkOutcome::Refused);
    }
    assert_eq!((app.clerk.snapshot().revision, app.fapi.requests.lock().unwrap().len()), (before, asked));
}

#[tokio::test]
async fn other_links_are_left_to_the_app() {
    let app = loaded().await;
    let flow = begin(&app).await;
    for other in ["my-app://documents/1", "my-app://callback/deeper", "other-app://callback"] {
        assert_eq!(app.clerk.handle_deep_link(&Url::parse(other).unwrap()).await, LinkOutcome::NotOurs);
    }
    app.clerk.handle_deep_link(&link("?rotating_token_nonce=n")).await;
    join(flow).await.unwrap();
}

#[tokio::test]
async fn a_restarted_app_finishes_the_flow_that_it_had_begun() {
    let store = Arc::new(MemoryStore::default());
    let first = ScriptedApp::with(google, store.clone(), |_| {});
    first.clerk.load(LoadOptions::default()).await.unwrap();
    begin(&first).await.abort();
    // The attempt is known to FAPI; the process that began it is gone.
    let second = ScriptedApp::with(google, store.clone(), |_| {});
    let (link, clerk) = (link("?rotating_token_nonce=n"), second.clerk.clone());
    let arrived = tokio::spawn(async move { clerk.handle_deep_link(&link).await });
    second.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(join(arrived).await, LinkOutcome::Resumed);
    assert!(second.clerk.is_signed_in());
    assert_eq!(second.clerk.take_redirect_outcome().unwrap().created_session_id, Some("sess_1".into()));
    assert_eq!(second.clerk.take_redirect_outcome(), None, "it is given out once");
    assert!(second.events.0.lock().unwrap().contains(&Event::RedirectFinished));
    // The record is used up: the same link does nothing in a third run.
    let third = ScriptedApp::with(google, store, |_| {});
    third.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(
        third.clerk.handle_deep_link(&Url::parse("my-app://callback?rotating_token_nonce=n").unwrap()).await,
        LinkOutcome::Refused
    );
}

#[tokio::test]
async fn an_app_without_a_scheme_is_told_so() {
    let app = ScriptedApp::with(google, Arc::new(MemoryStore::default()), |setup| {
        setup.callback = clerk_core::CallbackUrl::parse("");
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let error = app.clerk.authenticate_with_redirect(with_google()).await.unwrap_err();
    assert_eq!((error.code(), app.browser.0.lock().unwrap().len()), ("redirect_url_invalid", 0));
}

#[tokio::test]
async fn a_page_that_is_no_web_page_is_not_opened() {
    let app = ScriptedApp::new(|method, path| {
        let response = google(method, path)?;
        Some(Response { body: response.body.replace(PROVIDER, "file:///etc/passwd"), ..response })
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let error = app.clerk.authenticate_with_redirect(with_google()).await.unwrap_err();
    assert_eq!((error.code(), app.browser.0.lock().unwrap().len()), ("url_not_allowed", 0));
}

/// FAPI may have forgotten the attempt by the time it is complete: what counts is the response that brought it back.
#[tokio::test]
async fn an_attempt_that_the_client_does_not_hold_any_more_signs_in() {
    let app = ScriptedApp::new(|method, path| match (method, path) {
        ("GET", "/client/sign_ins/sia_1") => {
            let sign_in = json!({ "object": "sign_in_attempt", "id": "sia_1", "status": "complete", "created_session_id": "sess_1" });
            json_response(200, &json!({ "response": sign_in, "client": client(2, &[session("sess_1")]) }))
        }
        _ => google(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let flow = begin(&app).await;
    app.clerk.handle_deep_link(&link("?rotating_token_nonce=n")).await;
    assert_eq!(join(flow).await.unwrap().created_session_id, Some("sess_1".into()));
    assert!(app.clerk.is_signed_in());
}

/// Code that was written for the web names its own pages; only the app's callback URL leads back to the app.
#[tokio::test]
async fn redirect_urls_of_the_caller_have_no_say() {
    let app = loaded().await;
    let params: AuthenticateWithRedirectParams = serde_json::from_value(json!({
        "resource": "signIn", "strategy": "oauth_google", "redirectUrl": "https://example.com/sso-callback",
        "redirectUrlComplete": "/home", "actionCompleteRedirectUrl": "https://example.com/", "somethingNew": "x",
    }))
    .unwrap();
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(params).await });
    wait_until("the page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
    flow.abort();
    let created = app.fapi.requests.lock().unwrap()[2].2.clone();
    let callback = "my-app%3A%2F%2Fcallback";
    assert_eq!(
        created,
        format!(
            "strategy=oauth_google&redirect_url={callback}&action_complete_redirect_url={callback}&something_new=x"
        )
    );
}

/// The system may hand the same link over twice; the flow is over by then, and its record is for later runs only.
#[tokio::test]
async fn a_link_that_comes_twice_counts_once() {
    let app = loaded().await;
    let flow = begin(&app).await;
    let link = link("?rotating_token_nonce=n");
    let (first, second) = tokio::join!(app.clerk.handle_deep_link(&link), app.clerk.handle_deep_link(&link));
    assert_eq!((first, second), (LinkOutcome::Delivered, LinkOutcome::Refused));
    join(flow).await.unwrap();
    assert_eq!(app.count("GET", "/client/sign_ins/sia_1"), 1);
}

/// The link that starts the app may come while there is no way to Clerk.
#[tokio::test]
async fn a_link_waits_for_a_load_that_is_tried_again() {
    let store = Arc::new(MemoryStore::default());
    let first = ScriptedApp::with(google, store.clone(), |_| {});
    first.clerk.load(LoadOptions::default()).await.unwrap();
    begin(&first).await.abort();
    let online = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_online = online.clone();
    let script = move |method: &str, path: &str| match is_online.load(std::sync::atomic::Ordering::Relaxed) {
        true => google(method, path),
        false => json_response(500, &json!({})),
    };
    let second = ScriptedApp::with(script, store, |_| {});
    let (link, clerk) = (link("?rotating_token_nonce=n"), second.clerk.clone());
    let arrived = tokio::spawn(async move { clerk.handle_deep_link(&link).await });
    second.clerk.load(LoadOptions::default()).await.unwrap_err();
    online.store(true, std::sync::atomic::Ordering::Relaxed);
    second.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(join(arrived).await, LinkOutcome::Resumed);
    assert!(second.clerk.is_signed_in());
}
