//! Links that the system hands to the app.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    LinkOutcome, LoadOptions, RedirectResource,
    ports::{Clock, Event, SecretKey},
    storage::MemoryStore,
};
use clerk_emulator::{Decision, Identity};
use clerk_testkit::{
    MemoryCache, ScriptedApp,
    app::{ADA, App, config, google_params, grace},
    clock::TestClock,
    device::SlowTransport,
    google::{callback_link, google_script, load_app, sign_in_params, start_flow},
    join, json_response, stored_token, wait_until, with_timeout,
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

/// The caller's patience says nothing about the flow: e.g. its window was reloaded.
#[tokio::test]
async fn handle_deep_link_finishes_a_flow_whose_caller_stopped_waiting() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    flow.abort();
    assert_eq!(app.return_from(&page, Decision::Approve(grace())).await, LinkOutcome::Resumed);
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
    assert!(app.clerk.take_redirect_outcome().unwrap().created_session_id.is_some());
}

/// A clock that the test sets.
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn handle_deep_link_finishes_a_flow_for_ten_minutes_from_its_start() {
    for (minutes, expected) in [(4, LinkOutcome::Resumed), (9, LinkOutcome::Resumed), (11, LinkOutcome::Refused)] {
        let store = Arc::new(MemoryStore::default());
        let clock = Arc::new(SetClock(AtomicI64::new(1_000_000)));
        let create = || ScriptedApp::with(google_script, store.clone(), |setup| setup.clock = clock.clone());
        let app = create();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let flow = start_flow(&app).await;
        assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_timed_out");
        clock.0.fetch_add(minutes * 60_000, Ordering::Relaxed);
        let again = create();
        again.clerk.load(LoadOptions::default()).await.unwrap();
        for run in [app, again] {
            let outcome = run.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await;
            assert_eq!(outcome, expected, "after {minutes} minutes");
            assert_eq!(run.clerk.is_signed_in(), expected == LinkOutcome::Resumed);
            if expected == LinkOutcome::Resumed {
                // The first run has used the record up.
                break;
            }
        }
    }
}

/// After the provider's page was approved, a server without a grace period accepts the old client token for the redemption of
/// the nonce only. Without it, the user who signed in meanwhile would be signed out. (On an instance with one session per
/// client, Clerk itself ends the session of the user before.)
#[tokio::test]
async fn handle_deep_link_does_not_replace_a_user_who_signed_in_meanwhile() {
    for restarted in [false, true] {
        let mut config = config();
        config.sessions.mode = "multi".to_owned();
        let app = App::start(config).await;
        let (flow, page) = app.begin(google_params(RedirectResource::SignUp)).await;
        flow.abort();
        let app = if restarted { app.restart().await } else { app };
        app.sign_in_with_password().await;
        let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
        assert!(link.as_str().contains("rotating_token_nonce"), "{link}");
        assert_eq!(app.clerk.handle_deep_link(&link).await, LinkOutcome::Refused);
        assert_eq!(app.user_name().as_deref(), Some("Ada"), "restarted: {restarted}");
        assert!(app.clerk.take_redirect_outcome().is_none());
        // Ada's session still works: the nonce was redeemed.
        app.clerk.handle_unauthenticated().await.unwrap();
        assert_eq!(app.user_name().as_deref(), Some("Ada"), "restarted: {restarted}");
        assert_eq!(app.clerk.handle_deep_link(&link).await, LinkOutcome::Refused);
        assert_eq!(app.restart().await.user_name().as_deref(), Some("Ada"));
    }
}

/// The window gets the focus, or the app starts, before the link arrives. Such a server then refuses the client token.
#[tokio::test]
async fn handle_deep_link_redeems_its_nonce_after_other_requests_were_refused() {
    for (signed_in, restarted) in [(true, false), (true, true), (false, true)] {
        let mut config = config();
        config.sessions.mode = "multi".to_owned();
        let mut app = App::start(config).await;
        if signed_in {
            app.sign_in_with_password().await;
        }
        let (flow, page) = app.begin(google_params(RedirectResource::SignUp)).await;
        let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
        if restarted {
            flow.abort();
            app = app.restart().await;
        }
        assert_eq!(app.clerk.touch().await.is_err(), signed_in && !restarted);
        app.clerk.handle_unauthenticated().await.unwrap();
        let user = (signed_in && !restarted).then_some("Ada");
        assert_eq!(app.user_name().as_deref(), user, "signed in: {signed_in}, restarted: {restarted}");
        let expected = if restarted { LinkOutcome::Resumed } else { LinkOutcome::Delivered };
        assert_eq!(app.clerk.handle_deep_link(&link).await, expected, "signed in: {signed_in}");
        wait_until("Grace to be signed in", || app.user_name().as_deref() == Some("Grace Hopper")).await;
        app.clerk.handle_unauthenticated().await.unwrap();
        assert_eq!(app.restart().await.user_name().as_deref(), Some("Grace Hopper"));
    }
}

/// Forged links between the approval of the provider's page and the genuine link, on the same server.
#[tokio::test]
async fn handle_deep_link_keeps_the_client_token_for_the_genuine_link() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignUp)).await;
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    for query in ["", "?rotating_token_nonce=guess", "?__clerk_status=failed", "?x=1"] {
        assert_eq!(app.clerk.handle_deep_link(&callback_link(query)).await, LinkOutcome::Refused, "{query}");
    }
    assert_eq!(app.clerk.handle_deep_link(&link).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
}

/// The record outlives the run, and another window may use it.
#[tokio::test]
async fn handle_deep_link_after_a_restart_goes_only_to_pages_that_the_app_allows() {
    let evil = "https://evil.example/login";
    let names = [
        "signInUrl",
        "signUpUrl",
        "firstFactorUrl",
        "secondFactorUrl",
        "resetPasswordUrl",
        "continueSignUpUrl",
        "verifyEmailAddressUrl",
        "verifyPhoneNumberUrl",
        "signInProtectCheckUrl",
        "signUpProtectCheckUrl",
        "signInForceRedirectUrl",
        "signInFallbackRedirectUrl",
        "signUpForceRedirectUrl",
        "signUpFallbackRedirectUrl",
        "location",
    ];
    let callback: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), evil.into())).collect();
    let params = clerk_core::AuthenticateWithRedirectParams {
        callback: Some(serde_json::from_value(callback.into()).unwrap()),
        ..sign_in_params()
    };
    // The window's own list counts for that window only.
    let options = json!({ "allowedRedirectOrigins": ["https://evil.example"], "signInForceRedirectUrl": evil });
    let script = |method: &str, path: &str| {
        let response = google_script(method, path)?;
        let needs_more = response.body.replace("complete", "needs_second_factor").replace("\"sess_1\"", "null");
        match (method, path) {
            ("GET", "/client/sign_ins/sia_1") => Some(clerk_testkit::Response { body: needs_more, ..response }),
            _ => Some(response),
        }
    };
    let store = Arc::new(MemoryStore::default());
    let cache = Arc::<MemoryCache>::default();
    let first = ScriptedApp::with(script, store.clone(), |setup| setup.cache = Some(cache.clone()));
    first.clerk.load(LoadOptions::default()).await.unwrap();
    let clerk = first.clerk.with_options(serde_json::from_value(options).unwrap());
    let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(params).await });
    wait_until("the provider's page to be opened", || !first.browser.0.lock().unwrap().is_empty()).await;
    flow.abort();
    let second = ScriptedApp::with(script, store.clone(), |setup| {
        setup.cache = Some(cache.clone());
        setup.options = serde_json::from_value(json!({ "signInUrl": "/in" })).unwrap();
    });
    second.clerk.load(LoadOptions::default()).await.unwrap();
    let outcome = second.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await;
    assert_eq!(outcome, LinkOutcome::Resumed);
    assert_eq!(second.take_navigation().as_deref(), Some("/in#/factor-two"));
}

/// The user approved the provider's page, so FAPI says that the sign-in is complete. Only the genuine link has the nonce, with
/// which the app gets the client token that counts from now on.
#[tokio::test]
async fn handle_deep_link_waits_for_the_nonce_of_a_completed_attempt() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    let link = app.emulator.decide(&page, Decision::Approve(Identity::new("oauth_google", ADA))).unwrap();
    for query in ["", "?x=1", "?__clerk_status=failed"] {
        assert_eq!(app.clerk.handle_deep_link(&callback_link(query)).await, LinkOutcome::Refused, "{query}");
    }
    assert_eq!(app.clerk.handle_deep_link(&link).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
}

/// The tab of a flow that a newer one superseded may return first.
#[tokio::test]
async fn handle_deep_link_of_a_superseded_flow_does_not_end_the_newer_one() {
    let app = App::start(config()).await;
    let (old, old_page) = app.begin(google_params(RedirectResource::SignIn)).await;
    let (new, new_page) = app.begin(google_params(RedirectResource::SignIn)).await;
    assert_eq!(join(old).await.unwrap_err().code(), "oauth_flow_superseded");
    assert_eq!(app.return_from(&old_page, Decision::Approve(grace())).await, LinkOutcome::Refused);
    assert!(!new.is_finished());
    assert_eq!(app.return_from(&new_page, Decision::Approve(grace())).await, LinkOutcome::Delivered);
    join(new).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
}

/// The app may crash right after the cancellation.
#[tokio::test]
async fn cancel_authentication_deletes_the_record_before_it_returns() {
    let store = Arc::new(MemoryStore::default());
    let cache = Arc::<MemoryCache>::default();
    let app = ScriptedApp::with(google_script, store.clone(), |setup| setup.cache = Some(cache.clone()));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    start_flow(&app).await.abort();
    assert!(app.clerk.cancel_authentication().await);
    assert!(!app.clerk.cancel_authentication().await);
    let again = ScriptedApp::with(google_script, store, |setup| setup.cache = Some(cache));
    again.clerk.load(LoadOptions::default()).await.unwrap();
    for run in [app, again] {
        let link = callback_link("?rotating_token_nonce=n");
        assert_eq!(run.clerk.handle_deep_link(&link).await, LinkOutcome::Refused);
    }
}

#[tokio::test(start_paused = true)]
async fn handle_deep_link_redeems_a_nonce_even_if_the_caller_is_cancelled() {
    let store = Arc::new(MemoryStore::default());
    let script = |method: &str, path: &str| {
        let mut response = google_script(method, path)?;
        response.token = path.starts_with("/client/sign_ins/").then_some("rotated");
        Some(response)
    };
    let app = ScriptedApp::with(script, store.clone(), |setup| {
        let inner = setup.transport.clone();
        setup.transport = Arc::new(SlowTransport { inner, takes: Duration::from_secs(2) });
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let _flow = start_flow(&app).await;
    let link = callback_link("?rotating_token_nonce=n");
    assert!(tokio::time::timeout(Duration::from_secs(1), app.clerk.handle_deep_link(&link)).await.is_err());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let key = SecretKey::ClientToken("clerk.example.test".to_owned());
    assert_eq!(stored_token(&*store, &key).await.as_deref(), Some("rotated"));
}

#[tokio::test(start_paused = true)]
async fn handle_deep_link_finishes_a_flow_although_the_clock_was_set_back() {
    for (restarts, back_minutes) in [(false, 1), (false, 60), (true, 1), (true, 9)] {
        let clock = Arc::new(TestClock::off_by(0));
        let store = Arc::new(MemoryStore::default());
        let start = || {
            let ours = clock.clone();
            ScriptedApp::with(google_script, store.clone(), |setup| setup.clock = ours)
        };
        let mut app = start();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let flow = start_flow(&app).await;
        clock.jump(-back_minutes * 60_000);
        if restarts {
            app = start();
            app.clerk.load(LoadOptions::default()).await.unwrap();
        } else {
            assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_timed_out");
        }
        let outcome = app.clerk.handle_deep_link(&callback_link("?rotating_token_nonce=n")).await;
        assert_eq!(outcome, LinkOutcome::Resumed, "{restarts} {back_minutes}");
        assert!(app.clerk.is_signed_in());
    }
}
