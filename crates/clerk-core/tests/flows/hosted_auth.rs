//! Clerk's hosted pages in the system browser.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use clerk_core::{
    AttemptKind, CallbackUrl, Clerk, ClerkOptions, HostedAuthMode, LinkOutcome, LoadOptions, RedirectOptions,
    storage::MemoryStore,
};
use clerk_emulator::{Action, Emulator, Fault};
use clerk_testkit::{
    ScriptedApp,
    app::{App, CALLBACK, config, google_params},
    client,
    device::with_sessions,
    environment,
    google::callback_link,
    join, json_response, session, text_response, wait_until,
};
use serde_json::json;
use url::Url;

use crate::support::sign_in_on;

#[tokio::test]
async fn redirect_to_sign_in_signs_in_on_the_hosted_page() {
    let app = App::start(config()).await;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.redirect_to_sign_in(&RedirectOptions::default()).await });
    let back = sign_in_on(&app.page(0).await).await;
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
    assert_eq!(app.clerk.take_redirect_outcome().unwrap().navigate_to.as_deref(), Some("/"));
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Refused);
}

#[tokio::test]
async fn start_hosted_auth_ends_only_by_its_own_state() {
    let app = App::start(config()).await;
    for (query, expected) in [
        ("state=forged&rotating_token_nonce=n&created_session_id=sess_1", None),
        ("state=STATE&state=STATE&rotating_token_nonce=n&created_session_id=sess_1", None),
        ("state=STATE&rotating_token_nonce=n&rotating_token_nonce=m&created_session_id=sess_1", None),
        ("state=STATE&created_session_id=sess_1", Some("no nonce")),
        ("state=STATE&rotating_token_nonce=n", Some("no session")),
    ] {
        let before = app.browser.0.lock().unwrap().len();
        let clerk = app.clerk.clone();
        let flow = tokio::spawn(async move { clerk.start_hosted_auth(HostedAuthMode::SignIn).await });
        app.page(before).await;
        let asked = app.emulator.requests();
        let body = asked.iter().rev().find(|entry| entry.path == "/v1/client/hosted_auth").unwrap().form.clone();
        let state = body.into_iter().find(|(key, _)| key == "state").unwrap().1;
        let link = Url::parse(&format!("{CALLBACK}?{}", query.replace("STATE", &state))).unwrap();
        let outcome = app.clerk.handle_deep_link(&link).await;
        match expected {
            None => {
                assert_eq!(outcome, LinkOutcome::Refused, "{query}");
                assert!(app.clerk.cancel_authentication().await);
                assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled", "{query}");
            }
            Some(why) => assert_eq!(join(flow).await.unwrap_err().code(), "hosted_auth_failed", "{why}"),
        }
    }
    assert!(app.clerk.session().is_none());
}

#[tokio::test]
async fn start_hosted_auth_retries_once_if_the_client_was_signed_out() {
    let app = App::start(config()).await;
    let body = json!({ "errors": [{ "code": "signed_out", "message": "out" }] }).to_string();
    let respond = Action::Respond { status: 401, content_type: "application/json".to_owned(), body };
    let fault = Fault::new("/v1/client/hosted_auth", respond);
    app.emulator.fault(fault.clone().times(1));
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.start_hosted_auth(HostedAuthMode::SignUp).await });
    app.page(0).await;
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled");
    app.emulator.fault(fault.times(2));
    let twice = app.clerk.start_hosted_auth(HostedAuthMode::SignIn).await.unwrap_err();
    assert!(twice.has_api_code("signed_out"), "{twice:?}");
}

#[tokio::test]
async fn start_hosted_auth_is_superseded_by_a_flow_of_another_kind() {
    let app = App::start(config()).await;
    let clerk = app.clerk.clone();
    let hosted = tokio::spawn(async move { clerk.start_hosted_auth(HostedAuthMode::SignIn).await });
    app.page(0).await;
    let (_, page) = app.begin(google_params(AttemptKind::SignIn)).await;
    assert!(page.contains("oauth"));
    assert_eq!(join(hosted).await.unwrap_err().code(), "oauth_flow_superseded");
}

#[tokio::test]
async fn redirect_to_sign_in_navigates_to_the_apps_own_page() {
    let app = App::on(Arc::new(Emulator::start(config()).await.unwrap()), Arc::new(MemoryStore::default()));
    let options = ClerkOptions { sign_in_url: Some("/login".into()), ..Default::default() };
    app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
    app.clerk.redirect_to_sign_in(&RedirectOptions::default()).await.unwrap();
    let to = app.clerk.take_redirect_outcome().unwrap().navigate_to.unwrap();
    assert!(to.starts_with("/login#/?redirect_url="), "{to}");
    app.clerk.redirect_to_sign_up(&RedirectOptions::default()).await.unwrap();
    let to = app.clerk.take_redirect_outcome().unwrap().navigate_to.unwrap();
    assert!(to.starts_with("/login#/create?redirect_url="), "{to}");
    assert!(app.browser.0.lock().unwrap().is_empty());
}

/// Loads an app whose hosted page creates the session `sess_1`, with a pending task if there is one.
async fn load_app_with_hosted_page(task: Option<&str>, options: ClerkOptions) -> ScriptedApp {
    let mut signed_in = session("sess_1");
    if let Some(task) = task {
        signed_in["status"] = "pending".into();
        signed_in["tasks"] = json!([{ "key": task }]);
    }
    let script = move |method: &str, path: &str| match (method, path) {
        ("GET", "/environment") => {
            json_response(200, &json!({ "display_config": { "sign_in_url": "https://portal.example.test/sign-in" } }))
        }
        ("GET", "/client") => json_response(200, &json!({ "response": null })),
        ("POST", "/client/hosted_auth") => json_response(
            200,
            &json!({ "response": { "object": "hosted_auth", "url": "https://portal.example.test/h" } }),
        ),
        ("POST", "/client") => json_response(200, &json!({ "response": client(2, &[signed_in.clone()]) })),
        ("POST", "/client/sessions/sess_1/touch") => json_response(200, &json!({ "response": signed_in })),
        ("POST", "/client/sessions/sess_1/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        other => panic!("unexpected request {other:?}"),
    };
    let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| setup.options = options);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}

/// Opens the hosted page by `begin` and comes back from it. Returns where the app navigates to, and the body of the request.
async fn complete_hosted_page<F>(app: &ScriptedApp, begin: impl FnOnce(Clerk) -> F) -> (Option<String>, String)
where
    F: Future<Output = clerk_core::Result<()>> + Send + 'static,
{
    let flow = tokio::spawn(begin(app.clerk.clone()));
    wait_until("the hosted page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
    let requests = app.fapi.requests.lock().unwrap().clone();
    let body = requests.iter().find(|(_, path, _)| path == "/client/hosted_auth").unwrap().2.clone();
    let state = url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == "state").unwrap().1.into_owned();
    let link = format!("{CALLBACK}?state={state}&rotating_token_nonce=n&created_session_id=sess_1");
    assert_eq!(app.clerk.handle_deep_link(&Url::parse(&link).unwrap()).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    (app.take_navigation(), body)
}

#[tokio::test]
async fn redirect_to_sign_up_signs_up_on_the_hosted_page() {
    let options = RedirectOptions {
        sign_up_force_redirect_url: Some("/welcome".into()),
        sign_in_force_redirect_url: Some("/never".into()),
        ..Default::default()
    };
    let app = load_app_with_hosted_page(None, ClerkOptions::default()).await;
    let (to, body) = complete_hosted_page(&app, |clerk| async move { clerk.redirect_to_sign_up(&options).await }).await;
    assert!(body.contains("&mode=sign-up"), "{body}");
    assert_eq!(to.as_deref(), Some("/welcome"));
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn redirect_to_sign_in_returns_to_redirect_url() {
    let options = RedirectOptions {
        redirect_url: Some("/notes".into()),
        sign_in_fallback_redirect_url: Some("/fallback".into()),
        ..Default::default()
    };
    let app = load_app_with_hosted_page(None, ClerkOptions::default()).await;
    let (to, body) = complete_hosted_page(&app, |clerk| async move { clerk.redirect_to_sign_in(&options).await }).await;
    assert!(body.contains("&mode=sign-in"), "{body}");
    assert_eq!(to.as_deref(), Some("/notes"));
}

/// The app's page of a task, or one below its sign-in page, comes before the redirect URL. A browser could not do the task.
#[tokio::test]
async fn redirect_to_sign_in_navigates_to_a_task_first() {
    let task_urls = [("choose-organization".to_owned(), "/choose".to_owned())].into();
    for (options, expected) in [
        (ClerkOptions::default(), None),
        (ClerkOptions { task_urls: Some(task_urls), ..Default::default() }, Some("/choose")),
    ] {
        let app = load_app_with_hosted_page(Some("choose-organization"), options).await;
        let begin = |clerk: Clerk| async move { clerk.redirect_to_sign_in(&RedirectOptions::default()).await };
        let (in_app, _) = complete_hosted_page(&app, begin).await;
        assert_eq!(in_app.as_deref(), expected);
        assert_eq!(app.browser.0.lock().unwrap().len(), 1, "only the hosted page was opened");
        assert!(app.clerk.session().is_some() && !app.clerk.is_signed_in());
    }
}

#[tokio::test]
async fn start_hosted_auth_requires_a_custom_scheme() {
    let app = ScriptedApp::with(
        |method, path| match (method, path) {
            ("GET", "/environment") => json_response(200, &environment()),
            ("GET", "/client") => json_response(200, &json!({ "response": null })),
            other => panic!("unexpected request {other:?}"),
        },
        Arc::new(MemoryStore::default()),
        |setup| setup.callback = CallbackUrl::parse("https://example.com/callback"),
    );
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let error = app.clerk.start_hosted_auth(HostedAuthMode::SignIn).await.unwrap_err();
    assert_eq!(error.code(), "redirect_url_invalid");
}

#[tokio::test(start_paused = true)]
async fn start_hosted_auth_outlasts_a_redemption_that_fails_for_a_moment() {
    for (status, body) in [
        (429, r#"{"errors":[{"code":"too_many_requests"}]}"#),
        (503, r#"{"errors":[{"code":"unavailable"}]}"#),
        (502, "<html>Bad Gateway</html>"),
        (200, "<html>Wi-Fi</html>"),
        (204, ""),
    ] {
        let tries = AtomicUsize::new(0);
        let signed_in = with_sessions(&[session("sess_1")]);
        let app = ScriptedApp::new(move |method, path| match (method, path) {
            ("GET", "/client") => json_response(200, &json!({ "response": null })),
            ("POST", "/client/hosted_auth") => {
                json_response(200, &json!({ "response": { "url": "https://accounts.example.test/sign-in" } }))
            }
            ("POST", "/client") if tries.fetch_add(1, Ordering::SeqCst) == 0 => text_response(status, body),
            _ => signed_in(method, path, None),
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let clerk = app.clerk.clone();
        let flow = tokio::spawn(async move { clerk.start_hosted_auth(HostedAuthMode::SignIn).await });
        wait_until("the page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
        let requests = app.fapi.requests.lock().unwrap().clone();
        let form = requests.iter().find(|(_, path, _)| path == "/client/hosted_auth").unwrap().2.as_bytes();
        let state = url::form_urlencoded::parse(form).find(|(key, _)| key == "state").unwrap().1;
        let link = callback_link(&format!("?state={state}&rotating_token_nonce=n&created_session_id=sess_1"));
        for expected in [LinkOutcome::Refused, LinkOutcome::Delivered] {
            assert_eq!(app.clerk.handle_deep_link(&link).await, expected, "{status} {body}");
        }
        join(flow).await.unwrap();
        assert!(app.clerk.is_signed_in());
    }
}
