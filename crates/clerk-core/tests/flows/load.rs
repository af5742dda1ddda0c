//! Loading and its errors.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    Clerk, ClerkOptions, ClerkSetup, InstanceOptions, LoadOptions, RedirectOrigin, SetActiveParams, Status,
    ports::SystemClock, storage::MemoryStore,
};
use clerk_emulator::Emulator;
use clerk_testkit::{
    KEY, RecordingBrowser, RecordingSink, Response, ScriptedApp, UnavailableStore, UnresponsiveFapi,
    app::{App, config, first_error_code},
    device::SlowTransport,
    environment, json_response,
    sessions::{one_session, two_sessions},
    text_response, wait_until, with_timeout,
};
use serde_json::{Value, json};

#[tokio::test]
async fn load_sets_client_and_environment() {
    let app = ScriptedApp::new(one_session);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let state = app.clerk.snapshot();
    assert_eq!((state.status, state.is_signed_in()), (Status::Ready, true));
    assert_eq!(state.user().unwrap().first_name.as_deref(), Some("Ada"));
    assert_eq!(state.environment.as_ref().unwrap().display_config.application_name, "Test");
}

#[tokio::test]
async fn load_shares_one_request_between_overlapping_calls() {
    let app = ScriptedApp::new(one_session);
    let loads = (0..5).map(|_| app.clerk.load(LoadOptions::default()));
    for result in futures_util::future::join_all(loads).await {
        result.unwrap();
    }
    assert_eq!((app.count("GET", "/client"), app.count("GET", "/environment")), (1, 1));
}

#[tokio::test]
async fn load_without_a_client_is_signed_out() {
    let app = ScriptedApp::new(|_, path| match path {
        "/environment" => json_response(200, &environment()),
        _ => json_response(200, &json!({ "response": null, "client": null })),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let state = app.clerk.snapshot();
    assert!(state.is_loaded() && state.client.is_some() && !state.is_signed_in());
}

#[tokio::test]
async fn load_accepts_unknown_values_and_missing_fields() {
    let odd_environment = json!({
        "object": "environment_of_the_future",
        "display_config": { "instance_environment_type": "quantum", "application_name": null, "theme": 7 },
        "user_settings": { "social": { "oauth_telepathy": { "enabled": true, "strategy": "oauth_telepathy" }, "broken": 3 }, "attributes": [] },
        "auth_config": "gone",
        "brand_new_settings": { "x": [1, { "y": null }] },
    });
    let odd_client = json!({
        "object": "client", "id": "client_1", "sessions": [
            { "id": "sess_1", "status": "active", "tasks": [{ "key": "dance" }], "actor": 5, "user": {
                "id": "user_1", "email_addresses": [null, 5, { "id": "idn_1" }], "external_accounts": [{ "provider": "oauth_telepathy", "verification": { "status": "pondering" } }],
                "organization_memberships": [{ "organization": null }], "two_factor_enabled": "perhaps",
            } },
            { "id": "sess_2", "status": "hovering" }, "not a session", null,
        ],
        "sign_in": { "status": "needs_blood_sample", "supported_first_factors": [{ "strategy": "blood" }] },
        "sign_up": { "verifications": { "external_account": [] } },
        "last_active_session_id": 12, "updated_at": "soon",
    });
    let app = ScriptedApp::new(move |_, path| match path {
        "/environment" => json_response(200, &odd_environment),
        _ => json_response(200, &json!({ "response": odd_client, "client": null, "extra": true })),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let state = app.clerk.snapshot();
    assert!(state.is_signed_in());
    let client = state.client.as_ref().unwrap();
    assert_eq!(client.sessions.len(), 2);
    assert_eq!(client.sessions[1].status.as_str(), "hovering");
    assert_eq!(client.sign_in.as_ref().unwrap().status.as_ref().unwrap().as_str(), "needs_blood_sample");
    assert_eq!(state.user().unwrap().email_addresses.len(), 1);
    let social = &state.environment.as_ref().unwrap().user_settings.social;
    assert_eq!(social.keys().collect::<Vec<_>>(), ["oauth_telepathy"]);
}

#[tokio::test]
async fn load_refuses_json_that_is_no_client() {
    for body in [
        json!(null),
        json!([]),
        json!({}),
        json!(7),
        json!("text"),
        json!({ "response": {} }),
        json!({ "response": 5, "client": "x" }),
        json!([[{}]]),
    ] {
        let app = ScriptedApp::new(move |_, _| json_response(200, &body));
        assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().code(), "decode_error");
        assert!(!app.clerk.is_signed_in());
    }
}

async fn load_error(
    script: impl Fn(&str, &str) -> Option<Response> + Send + Sync + 'static,
    instance: InstanceOptions,
) -> (String, ScriptedApp) {
    let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| setup.instance = instance);
    let error = app.clerk.load(LoadOptions::default()).await.unwrap_err();
    let state = app.clerk.snapshot();
    assert_eq!(state.status, Status::Error);
    assert_eq!(state.error.as_ref().unwrap().code, error.code(), "the webview gets the same code");
    (error.code().to_owned(), app)
}

fn key(key: &str) -> InstanceOptions {
    InstanceOptions { publishable_key: Some(key.to_owned()), ..InstanceOptions::default() }
}

#[tokio::test]
async fn load_rejects_bad_configuration_without_a_request() {
    let proxy = |proxy: &str| InstanceOptions { proxy_url: Some(proxy.to_owned()), ..key(KEY) };
    // A key for 127.0.0.1:4010.
    let local =
        InstanceOptions { proxy_url: Some("http://127.0.0.1:4011".to_owned()), ..key("pk_test_MTI3LjAuMC4xOjQwMTAk") };
    for (instance, expected) in [
        (InstanceOptions::default(), "publishable_key_missing"),
        (key("   "), "publishable_key_missing"),
        (key("pk_test_nonsense"), "publishable_key_invalid"),
        (key("sk_test_Y2xlcmsuZXhhbXBsZS50ZXN0JA"), "publishable_key_invalid"),
        (proxy("/relative"), "proxy_url_invalid"),
        (proxy("http://proxy.example.com/__clerk"), "proxy_url_invalid"),
        (local, "instance_mismatch"),
    ] {
        let (code, app) = load_error(|_, _| panic!("a request was sent"), instance).await;
        assert_eq!((code.as_str(), app.fapi.requests.lock().unwrap().len()), (expected, 0));
    }
}

#[tokio::test]
async fn load_rejects_the_fapi_of_another_instance() {
    let live = InstanceOptions {
        publishable_key: Some("pk_live_Y2xlcmsuZXhhbXBsZS50ZXN0JA".to_owned()),
        ..InstanceOptions::default()
    };
    let (code, _) = load_error(one_session, live).await;
    assert_eq!(code, "instance_mismatch");
}

#[tokio::test(start_paused = true)]
async fn load_distinguishes_network_decode_and_api_errors() {
    assert_eq!(load_error(|_, _| None, key(KEY)).await.0, "network_error");
    assert_eq!(
        load_error(|_, _| text_response(200, "<!doctype html><title>Wi-Fi</title>"), key(KEY)).await.0,
        "decode_error"
    );
    assert_eq!(load_error(|_, _| text_response(503, "<html>"), key(KEY)).await.0, "decode_error");
    let refusal = json!({ "errors": [{ "code": "native_api_disabled", "message": "Native API disabled" }] });
    let (code, app) = load_error(move |_, _| json_response(400, &refusal), key(KEY)).await;
    assert_eq!(code, "api_response_error");
    assert_eq!(app.clerk.snapshot().error.as_ref().unwrap().errors[0].code, "native_api_disabled");
}

#[tokio::test(start_paused = true)]
async fn load_can_be_retried_after_a_network_error() {
    let down = Arc::new(AtomicBool::new(true));
    let switch = down.clone();
    let app = ScriptedApp::new(
        move |method, path| {
            if switch.load(Ordering::SeqCst) { None } else { one_session(method, path) }
        },
    );
    assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().code(), "network_error");
    down.store(false, Ordering::SeqCst);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

/// An app whose network is down until the switch is set to false.
fn offline_app() -> (ScriptedApp, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(true));
    let switch = down.clone();
    let app = ScriptedApp::new(move |method, path| match switch.load(Ordering::SeqCst) {
        true => None,
        false => two_sessions(method, path),
    });
    (app, down)
}

#[tokio::test(start_paused = true)]
async fn load_that_failed_without_a_network_recovers_by_itself() {
    let (app, down) = offline_app();
    let heard = Arc::<Mutex<Vec<Status>>>::default();
    let log = heard.clone();
    app.clerk.on_status(move |status| log.lock().unwrap().push(status), false);
    assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().code(), "network_error");
    assert_eq!(app.clerk.status(), Status::Error);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let attempts = app.count("GET", "/client");
    assert!((40..200).contains(&attempts), "backoff: {attempts} requests in ten minutes");
    down.store(false, Ordering::SeqCst);
    let mut state = app.clerk.subscribe();
    with_timeout("Clerk to be loaded", state.wait_for(|state| state.status == Status::Ready)).await.unwrap();
    assert!(app.clerk.is_signed_in() && app.clerk.snapshot().environment.is_some());
    assert!(app.clerk.snapshot().error.is_none());
    assert_eq!(*heard.lock().unwrap(), [Status::Error, Status::Ready]);
    let requests = app.fapi.requests.lock().unwrap().len();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(app.fapi.requests.lock().unwrap().len(), requests, "the retries end");
}

#[tokio::test(start_paused = true)]
async fn load_that_failed_is_retried_at_once_when_the_user_is_back() {
    for by_touch in [false, true] {
        let (app, down) = offline_app();
        app.clerk.load(LoadOptions::default()).await.unwrap_err();
        tokio::time::sleep(Duration::from_secs(600)).await;
        // An attempt sends four requests for the client. After it, there is a pause of 15 seconds or more.
        let before = app.count("GET", "/client");
        let attempted = || app.count("GET", "/client") > before && app.count("GET", "/client").is_multiple_of(4);
        wait_until("the next attempt to fail", attempted).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        down.store(false, Ordering::SeqCst);
        let started = tokio::time::Instant::now();
        if by_touch {
            app.clerk.touch().await.unwrap();
        } else {
            app.clerk.resume();
        }
        let mut state = app.clerk.subscribe();
        with_timeout("Clerk to be loaded", state.wait_for(|state| state.is_loaded())).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(1), "of the paused clock");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_after_a_failed_load_retry_it_and_wait_for_the_outcome() {
    let (app, down) = offline_app();
    app.clerk.load(LoadOptions::default()).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let started = tokio::time::Instant::now();
    assert_eq!(app.clerk.create_sign_in(Default::default()).await.unwrap_err().code(), "network_error");
    let params = clerk_core::GetTokenParams::new("sess_1");
    assert_eq!(app.clerk.get_token(params.clone()).await.unwrap_err().code(), "network_error");
    assert!(started.elapsed() < Duration::from_secs(60), "of the paused clock");
    down.store(false, Ordering::SeqCst);
    app.clerk.get_token(params).await.unwrap().unwrap();
    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_2"));
}

#[tokio::test(start_paused = true)]
async fn calls_during_a_load_wait_for_it() {
    let app = ScriptedApp::new(two_sessions);
    let (loaded, token) = tokio::join!(app.clerk.load(LoadOptions::default()), async {
        // The load has begun.
        let mut state = app.clerk.subscribe();
        state.wait_for(|state| state.publishable_key.is_some()).await.unwrap();
        let params = clerk_core::GetTokenParams::new("sess_1");
        app.clerk.get_token(params).await
    });
    loaded.unwrap();
    token.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn load_that_clerk_refused_is_not_retried() {
    let refusal = json!({ "errors": [{ "code": "native_api_disabled", "message": "Native API disabled" }] });
    let app = ScriptedApp::new(move |_, _| json_response(400, &refusal));
    app.clerk.load(LoadOptions::default()).await.unwrap_err();
    let requests = app.fapi.requests.lock().unwrap().len();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(app.fapi.requests.lock().unwrap().len(), requests);
    assert_eq!(app.clerk.create_sign_in(Default::default()).await.unwrap_err().code(), "not_loaded");
}

#[tokio::test]
async fn load_continues_without_a_keyring_and_emits_a_notice() {
    let app = ScriptedApp::with(one_session, Arc::new(UnavailableStore), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(app.clerk.is_signed_in());
    assert!(app.events.notices().contains(&"storage_unavailable"));
}

#[tokio::test]
async fn load_accepts_a_publishable_key_unless_it_conflicts() {
    let options = |key: &str| LoadOptions { publishable_key: Some(key.to_owned()), ..LoadOptions::default() };
    let other = "pk_test_Y2xlcmsub3RoZXIudGVzdCQ";
    let alone = ScriptedApp::with(one_session, Arc::new(MemoryStore::default()), |setup| {
        setup.instance = InstanceOptions::default();
    });
    alone.clerk.load(options(KEY)).await.unwrap();
    assert_eq!(alone.clerk.load(options(other)).await.unwrap_err().code(), "publishable_key_conflict");
    assert!(alone.clerk.is_signed_in(), "bad options of a window do not change the state");
    let configured = ScriptedApp::new(one_session);
    assert_eq!(configured.clerk.load(options(other)).await.unwrap_err().code(), "publishable_key_conflict");
    configured.clerk.load(options(KEY)).await.unwrap();
}

#[tokio::test]
async fn calls_before_load_return_not_loaded() {
    let app = ScriptedApp::new(|_, _| panic!("a request was sent"));
    assert_eq!(app.clerk.create_sign_in(Default::default()).await.unwrap_err().code(), "not_loaded");
    assert_eq!(app.clerk.sign_out(Default::default()).await.unwrap_err().code(), "not_loaded");
    assert_eq!(app.clerk.set_active(Default::default()).await.unwrap_err().code(), "not_loaded");
    assert_eq!(app.clerk.get_token(clerk_core::GetTokenParams::new("sess_1")).await.unwrap_err().code(), "not_loaded");
}

#[tokio::test(start_paused = true)]
async fn load_times_out_when_fapi_does_not_respond() {
    let mut setup = ClerkSetup::new(
        Arc::new(UnresponsiveFapi),
        Arc::new(MemoryStore::default()),
        Arc::<RecordingBrowser>::default(),
        Arc::new(SystemClock),
        Arc::<RecordingSink>::default(),
    );
    setup.instance = key(KEY);
    let started = tokio::time::Instant::now();
    let error = Clerk::new(setup).load(LoadOptions::default()).await.unwrap_err();
    assert_eq!(error.code(), "network_error");
    assert!(started.elapsed() < Duration::from_secs(30), "of the paused clock");
}

#[tokio::test]
async fn notices_are_kept_once_per_code() {
    let app = ScriptedApp::with(one_session, Arc::new(UnavailableStore), |_| {});
    assert!(app.clerk.notices().is_empty());
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let codes: Vec<_> = app.clerk.notices().into_iter().map(|notice| notice.code).collect();
    assert_eq!(codes, ["storage_unavailable"]);
    let text = app.clerk.notices().remove(0).message;
    assert!(!text.contains("there is no keyring"), "the store's own words are for the log: {text}");
}

#[tokio::test]
async fn select_initial_session_chooses_the_active_session() {
    for (choice, expected) in [(Some("sess_2"), Some("sess_2")), (None, None), (Some("sess_9"), None)] {
        let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
            setup.select_initial_session = Some(Arc::new(move |_| choice.map(Into::into)));
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.active_session_id().as_deref(), expected);
    }
}

#[tokio::test]
async fn choose_initial_session_applies_until_another_choice() {
    let app = ScriptedApp::new(two_sessions);
    assert_eq!(app.clerk.choose_initial_session(None).await.unwrap_err().code(), "not_loaded");
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk.choose_initial_session(Some("sess_2".into())).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_2"));
    app.clerk.choose_initial_session(Some("sess_1".into())).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_2"), "another window has chosen a session");

    let app = ScriptedApp::new(two_sessions);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    app.clerk.choose_initial_session(Some("sess_1".into())).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_2"), "the user has chosen a session");
}

#[tokio::test]
async fn load_merges_options_field_by_field() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.options = ClerkOptions { sign_in_url: Some("/a".into()), polling: Some(false), ..Default::default() };
    });
    let load = async |sign_in_url: &str| {
        let options = ClerkOptions { sign_in_url: Some(sign_in_url.to_owned()), ..Default::default() };
        app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
        let options = app.clerk.snapshot().options.clone();
        (options.sign_in_url.clone().unwrap(), options.polling)
    };
    assert_eq!(load("/b").await, ("/b".to_owned(), Some(false)));
    let revision = app.clerk.snapshot().revision;
    assert_eq!(load("/b").await.0, "/b");
    assert_eq!(app.clerk.snapshot().revision, revision, "equal options change nothing");
    assert_eq!(load("/c").await.0, "/c");
    assert_eq!(app.count("GET", "/client"), 1);
}

#[tokio::test]
async fn load_rejects_invalid_regular_expressions() {
    let app = ScriptedApp::new(two_sessions);
    let options: ClerkOptions =
        serde_json::from_value(json!({ "allowedRedirectOrigins": [{ "regex": "(" }] })).unwrap();
    assert!(matches!(options.allowed_redirect_origins.as_deref(), Some([RedirectOrigin::Regex { .. }])));
    let error = app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap_err();
    assert_eq!(error.code(), "option_invalid");
    let options: ClerkOptions =
        serde_json::from_value(json!({ "allowedRedirectOrigins": [{ "regex": "x", "flags": "q" }] })).unwrap();
    let error = app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap_err();
    assert_eq!(error.code(), "option_invalid", "a flag that JavaScript rejects");
    app.clerk.load(LoadOptions::default()).await.unwrap();
}

#[tokio::test]
async fn load_reports_a_disabled_native_api() {
    let mut config = config();
    config.native_api.enabled = false;
    let emulator = Arc::new(Emulator::start(config).await.unwrap());
    let app = App::on(emulator, Arc::new(MemoryStore::default()));
    let error = app.clerk.load(LoadOptions::default()).await.unwrap_err();
    assert_eq!(first_error_code(&error), "native_api_disabled");
}

fn with_options(options: Value) -> LoadOptions {
    LoadOptions { options: serde_json::from_value(options).unwrap(), ..Default::default() }
}

#[tokio::test]
async fn load_that_is_refused_changes_nothing_for_others() {
    let options = |options: Value| with_options(options);
    let own_key = |key: &str| LoadOptions { publishable_key: Some(key.to_owned()), ..Default::default() };
    let refused = [
        options(json!({ "allowedRedirectOrigins": [{ "regex": "(" }] })),
        options(json!({ "allowedRedirectProtocols": ["ms-msdt:"] })),
        own_key("pk_test_nonsense"),
        own_key("pk_test_b3RoZXIuZXhhbXBsZS50ZXN0JA"),
        LoadOptions { proxy_url: Some("https://evil.example".to_owned()), ..Default::default() },
        LoadOptions { domain: Some("evil.example".to_owned()), ..Default::default() },
    ];
    let app = ScriptedApp::new(two_sessions);
    let initial = serde_json::to_value(&*app.clerk.snapshot()).unwrap();
    let window = app.clerk.with_options(ClerkOptions::default());
    for options in &refused {
        for clerk in [&window, &app.clerk] {
            clerk.load(options.clone()).await.unwrap_err();
            assert_eq!(
                serde_json::to_value(&*app.clerk.snapshot()).unwrap(),
                initial,
                "before anybody loaded: {options:?}"
            );
        }
    }
    assert!(app.events.0.lock().unwrap().is_empty());
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let loaded = serde_json::to_value(&*app.clerk.snapshot()).unwrap();
    for options in refused {
        window.load(options.clone()).await.unwrap_err();
        assert_eq!(serde_json::to_value(&*app.clerk.snapshot()).unwrap(), loaded, "{options:?}");
    }
}

#[tokio::test]
async fn load_of_a_window_without_a_configured_key_fails_for_that_window() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.instance = InstanceOptions::default();
    });
    let window = app.clerk.with_options(ClerkOptions::default());
    let key = |text: &str| LoadOptions { publishable_key: Some(text.to_owned()), ..Default::default() };
    assert_eq!(window.load(key("pk_test_nonsense")).await.unwrap_err().code(), "publishable_key_invalid");
    assert_eq!(app.clerk.status(), Status::Loading);
    window.load(key(KEY)).await.unwrap();
    assert_eq!(app.clerk.status(), Status::Ready);
    assert!(!app.clerk.is_instance_configured(), "a window named it");
    app.clerk.load(key(KEY)).await.unwrap();
    assert!(app.clerk.is_instance_configured(), "the app's own code names the same one");
}

#[tokio::test]
async fn load_of_a_window_does_not_replace_the_instance_named_in_code() {
    let key = |text: &str| LoadOptions { publishable_key: Some(text.to_owned()), ..Default::default() };
    let app = ScriptedApp::with(
        |_, _| None,
        Arc::new(MemoryStore::default()),
        |setup| {
            setup.instance = InstanceOptions::default();
        },
    );
    app.clerk.load(key(KEY)).await.unwrap_err();
    assert!(app.clerk.is_instance_configured());
    let window = app.clerk.with_options(ClerkOptions::default());
    let proxied = LoadOptions { proxy_url: Some("https://evil.example".to_owned()), ..key(KEY) };
    for options in [key("pk_test_b3RoZXIuZXhhbXBsZS50ZXN0JA"), proxied] {
        assert_eq!(window.load(options.clone()).await.unwrap_err().code(), "publishable_key_conflict", "{options:?}");
        assert!(app.clerk.is_instance_configured(), "{options:?}");
    }
}

#[tokio::test]
async fn load_accepts_only_the_apps_own_schemes_as_protocols() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.schemes = vec!["other-scheme".to_owned(), "file".to_owned()];
    });
    let protocols = |protocol: &str| with_options(json!({ "allowedRedirectProtocols": [protocol] }));
    for protocol in ["my-app:", "my-app", "MY-APP:", "other-scheme:", "http:", "https"] {
        app.clerk.load(protocols(protocol)).await.unwrap();
    }
    let long = "x".repeat(2_000);
    for protocol in [
        "about:",
        "asset:",
        "ipc:",
        "view-source:",
        "ms-msdt:",
        "file:",
        "javascript:",
        "spotify:",
        "my-app://",
        "",
        "*",
        &long,
    ] {
        let error = app.clerk.load(protocols(protocol)).await.unwrap_err();
        assert_eq!(error.code(), "option_invalid", "{protocol}");
        assert!(error.to_string().len() < 500, "{protocol}");
        let window = app.clerk.with_options(protocols(protocol).options);
        assert_eq!(window.load(LoadOptions::default()).await.unwrap_err().code(), "option_invalid", "{protocol}");
    }
}

#[tokio::test]
async fn load_checks_the_configured_options_too() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.options = with_options(json!({ "allowedRedirectProtocols": ["view-source:"] })).options;
    });
    // Before `load`, nothing has checked them.
    app.clerk.navigate("view-source:https://example.com").unwrap();
    assert_eq!(app.take_navigation().as_deref(), Some("/"));
    assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().code(), "option_invalid");
    assert_eq!(app.clerk.status(), Status::Error, "the configuration is the same for all");
}

#[tokio::test]
async fn load_rejects_long_patterns_and_lists() {
    let app = ScriptedApp::new(two_sessions);
    let many = vec!["https://example.com"; 101];
    let tasks: serde_json::Map<_, _> = (0..101).map(|key| (key.to_string(), json!("/x"))).collect();
    for options in [
        json!({ "allowedRedirectOrigins": ["*".repeat(1_000_000)] }),
        json!({ "allowedRedirectOrigins": [{ "regex": "a".repeat(1_000_000) }] }),
        json!({ "allowedRedirectOrigins": many }),
        json!({ "allowedRedirectProtocols": vec!["https:"; 101] }),
        json!({ "taskUrls": tasks }),
    ] {
        let error = app.clerk.load(with_options(options)).await.unwrap_err();
        assert_eq!(error.code(), "option_invalid");
    }
}

/// A caller may be cancelled, e.g. by a timeout of its own. Others wait for the same load.
#[tokio::test(start_paused = true)]
async fn load_goes_on_even_if_the_caller_is_cancelled() {
    let app = ScriptedApp::with(one_session, Arc::new(MemoryStore::default()), |setup| {
        let inner = setup.transport.clone();
        setup.transport = Arc::new(SlowTransport { inner, takes: Duration::from_secs(2) });
    });
    let load = app.clerk.load(LoadOptions::default());
    assert!(tokio::time::timeout(Duration::from_secs(1), load).await.is_err());
    let mut state = app.clerk.subscribe();
    with_timeout("the load", state.wait_for(|state| state.status == Status::Ready)).await.unwrap();
    assert!(app.clerk.is_signed_in());
}
