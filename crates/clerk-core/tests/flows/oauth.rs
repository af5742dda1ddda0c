//! OAuth through the system browser.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clerk_core::{
    AuthenticateWithRedirectParams, CallbackUrl, LinkOutcome, LoadOptions, RedirectResource, SignOutOptions,
    storage::MemoryStore,
};
use clerk_emulator::{Decision, Identity};
use clerk_testkit::{
    Response, ScriptedApp,
    app::{ADA, App, config, first_error_code, google_params, grace},
    client,
    google::{PROVIDER_URL, callback_link, google_script, load_app, sign_in_params, start_flow},
    join, json_response, session, wait_until,
};
use serde_json::json;

#[tokio::test]
async fn authenticate_with_redirect_signs_in_through_the_browser() {
    let app = load_app().await;
    let flow = start_flow(&app).await;
    assert_eq!(app.browser.0.lock().unwrap()[0].as_str(), PROVIDER_URL);
    assert_eq!(app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await, LinkOutcome::Delivered);
    let outcome = join(flow).await.unwrap();
    assert_eq!(outcome.created_session_id, Some("sess_1".into()));
    assert!(app.clerk.is_signed_in());
    let created = &app.fapi.requests.lock().unwrap()[2];
    assert_eq!(
        created.2,
        "strategy=oauth_google&redirect_url=my-app%3A%2F%2Fcallback&action_complete_redirect_url=my-app%3A%2F%2Fcallback"
    );
}

/// Any program can send a link that says so.
#[tokio::test]
async fn authenticate_with_redirect_does_not_believe_a_link_that_says_failed() {
    let open = Arc::new(AtomicBool::new(true));
    let is_open = open.clone();
    let app = ScriptedApp::new(move |method, path| match (method, path) {
        ("GET", "/client/sign_ins/sia_1") if is_open.load(Ordering::Relaxed) => {
            google_script("POST", "/client/sign_ins")
        }
        _ => google_script(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let flow = start_flow(&app).await;
    let denied = callback_link("?__clerk_status=failed&__clerk_error_code=oauth_access_denied");
    assert_eq!(app.clerk.handle_deep_link(&denied).await, LinkOutcome::Refused);
    assert_eq!(app.count("GET", "/client/sign_ins/sia_1"), 1, "FAPI was asked");
    open.store(false, Ordering::Relaxed);
    assert_eq!(app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    assert!(app.clerk.is_signed_in());
    assert_eq!(app.count("POST", "/client/sign_ins"), 1, "the attempt was not replaced");
}

/// The response must be about the attempt of the flow.
#[tokio::test]
async fn authenticate_with_redirect_does_not_accept_another_attempt() {
    let other = Arc::new(AtomicBool::new(true));
    let is_other = other.clone();
    let app = ScriptedApp::new(move |method, path| {
        let response = google_script(method, path)?;
        let swapped = path == "/client/sign_ins/sia_1" && is_other.load(Ordering::Relaxed);
        let body = if swapped { response.body.replace("sia_1", "sia_2") } else { response.body };
        Some(Response { body, ..response })
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let flow = start_flow(&app).await;
    let link = callback_link("?rotating_token_nonce=n");
    assert_eq!(app.clerk.handle_deep_link(&link).await, LinkOutcome::Refused);
    other.store(false, Ordering::Relaxed);
    assert_eq!(app.clerk.handle_deep_link(&link).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
}

#[tokio::test]
async fn authenticate_with_redirect_supersedes_the_waiting_flow() {
    let app = load_app().await;
    let first = start_flow(&app).await;
    let second = start_flow(&app).await;
    assert_eq!(join(first).await.unwrap_err().code(), "oauth_flow_superseded");
    assert_eq!(app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await, LinkOutcome::Delivered);
    join(second).await.unwrap();
}

#[tokio::test]
async fn cancel_authentication_ends_the_waiting_flow() {
    let app = load_app().await;
    let flow = start_flow(&app).await;
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled");
    assert_eq!(app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await, LinkOutcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn authenticate_with_redirect_times_out() {
    let app = load_app().await;
    let flow = start_flow(&app).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_timed_out");
    assert_eq!(app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await, LinkOutcome::Resumed);
    assert!(app.clerk.is_signed_in(), "a late link completes the sign-in");
    assert_eq!(app.clerk.take_redirect_outcome().unwrap().created_session_id, Some("sess_1".into()));
    assert_eq!(app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await, LinkOutcome::Refused);
}

#[tokio::test]
async fn authenticate_with_redirect_requires_a_callback_url() {
    let app = ScriptedApp::with(google_script, Arc::new(MemoryStore::default()), |setup| {
        setup.callback = CallbackUrl::parse("");
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let error = app.clerk.authenticate_with_redirect(sign_in_params()).await.unwrap_err();
    assert_eq!((error.code(), app.browser.0.lock().unwrap().len()), ("redirect_url_invalid", 0));
}

#[tokio::test]
async fn authenticate_with_redirect_opens_only_secure_pages() {
    for (page, opens) in [
        ("file:///etc/passwd", false),
        ("http://provider.example.test/authorize", false),
        ("http://localhost.example.test/", false),
        ("http://127.0.0.1:4010/authorize", true),
        ("http://localhost:4010/authorize", true),
        ("https://provider.example.test/authorize", true),
    ] {
        let app = ScriptedApp::new(move |method, path| {
            let response = google_script(method, path)?;
            Some(Response { body: response.body.replace(PROVIDER_URL, page), ..response })
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        if opens {
            start_flow(&app).await.abort();
            assert_eq!(app.browser.0.lock().unwrap()[0].as_str(), page);
        } else {
            let error = app.clerk.authenticate_with_redirect(sign_in_params()).await.unwrap_err();
            assert_eq!((error.code(), app.browser.0.lock().unwrap().len()), ("url_not_allowed", 0), "{page}");
        }
    }
}

/// A client may no longer contain a completed attempt: the response to the reload counts.
#[tokio::test]
async fn authenticate_with_redirect_signs_in_if_the_client_no_longer_has_the_attempt() {
    let app = ScriptedApp::new(|method, path| match (method, path) {
        ("GET", "/client/sign_ins/sia_1") => {
            let sign_in = json!({ "object": "sign_in_attempt", "id": "sia_1", "status": "complete", "created_session_id": "sess_1" });
            json_response(200, &json!({ "response": sign_in, "client": client(2, &[session("sess_1")]) }))
        }
        _ => google_script(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let flow = start_flow(&app).await;
    app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await;
    assert_eq!(join(flow).await.unwrap().created_session_id, Some("sess_1".into()));
    assert!(app.clerk.is_signed_in());
}

/// Code written for the web passes its own pages; only the app's callback URL leads back to the app.
#[tokio::test]
async fn authenticate_with_redirect_ignores_redirect_urls_of_the_caller() {
    let app = load_app().await;
    let params: AuthenticateWithRedirectParams = serde_json::from_value(json!({
        "resource": "signIn", "strategy": "oauth_google", "redirectUrl": "https://example.com/sso-callback",
        "redirectUrlComplete": "/home", "actionCompleteRedirectUrl": "https://example.com/", "somethingNew": "x",
    }))
    .unwrap();
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(params).await });
    wait_until("the provider's page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
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

#[tokio::test]
async fn authenticate_with_redirect_signs_up_a_new_user() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    assert_eq!(app.return_from(&page, Decision::Approve(grace())).await, LinkOutcome::Delivered);
    let outcome = join(flow).await.unwrap();
    assert!(outcome.created_session_id.is_some());
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
    assert_eq!(app.clerk.user().unwrap().external_accounts[0].provider, "oauth_google");
    assert!(
        app.emulator.requests().iter().any(|entry| entry.form.contains(&("transfer".to_owned(), "true".to_owned())))
    );
    assert_eq!(app.restart().await.user_name().as_deref(), Some("Grace Hopper"));
}

/// A browser could not continue the sign-up, which belongs to this device.
#[tokio::test]
async fn authenticate_with_redirect_stays_in_an_app_without_pages_and_says_what_is_missing() {
    let mut config = config();
    config.sign_up.legal_consent = true;
    let app = App::start(config).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Approve(grace())).await;
    let outcome = join(flow).await.unwrap();
    assert_eq!((outcome.navigate_to, outcome.created_session_id), (None, None));
    let required = outcome.requirements.unwrap();
    assert_eq!(required.status.as_deref(), Some("missing_requirements"));
    assert_eq!(required.missing_fields, ["legal_accepted"]);
    assert_eq!(app.browser.0.lock().unwrap().len(), 1, "only the provider's page was opened");
}

#[tokio::test]
async fn authenticate_with_redirect_signs_in_a_known_user_by_sign_in_or_sign_up() {
    let app = App::start(config()).await;
    for resource in [RedirectResource::SignIn, RedirectResource::SignUp] {
        let (flow, page) = app.begin(google_params(resource)).await;
        app.return_from(&page, Decision::Approve(Identity::new("oauth_google", ADA))).await;
        join(flow).await.unwrap();
        assert_eq!(app.user_name().as_deref(), Some("Ada"), "{resource:?}");
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    }
}

#[tokio::test]
async fn authenticate_with_redirect_reports_denied_access_and_can_be_retried() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Deny).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_access_denied");
    let client = app.clerk.client().unwrap();
    assert!(client.sign_in.as_ref().unwrap().first_factor_verification.is_none(), "the failed attempt is reset");
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Approve(grace())).await;
    join(flow).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn authenticate_with_redirect_reports_other_provider_failures() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Fail("oauth_fetch_user_error".to_owned())).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_callback_failed");
}

#[tokio::test]
async fn authenticate_with_redirect_reports_a_callback_url_missing_from_the_allowlist() {
    let app = App::start(config()).await;
    app.emulator.configure(|config| config.redirect_urls = ["other://callback".to_owned()].into());
    let error = app.clerk.authenticate_with_redirect(google_params(RedirectResource::SignIn)).await.unwrap_err();
    assert_eq!(first_error_code(&error), "resource_missmatch");
    assert!(app.browser.0.lock().unwrap().is_empty());
}
