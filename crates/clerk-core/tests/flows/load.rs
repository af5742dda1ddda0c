//! Loading, and what can go wrong with it.

use std::sync::Arc;

use clerk_core::{
    InstanceOptions, LoadOptions, Status,
    ports::{SecretKey, SecretStore},
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_testkit::{
    KEY, Response, ScriptedApp, UnavailableStore, client, environment, json_response, session, text_response,
};
use serde_json::{Value, json};

fn signed_in(method: &str, path: &str) -> Option<Response> {
    match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => {
            let mut response =
                json_response(200, &json!({ "response": client(1, &[session("sess_1")]), "client": null }))?;
            response.token = Some("a-client-token");
            Some(response)
        }
        other => panic!("unexpected request {other:?}"),
    }
}

#[tokio::test]
async fn a_load_brings_client_and_environment() {
    let app = ScriptedApp::new(signed_in);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let state = app.clerk.snapshot();
    assert_eq!((state.status, state.is_signed_in()), (Status::Ready, true));
    assert_eq!(state.user().unwrap().first_name.as_deref(), Some("Ada"));
    assert_eq!(state.environment.as_ref().unwrap().display_config.application_name, "Test");
}

#[tokio::test]
async fn loads_that_overlap_share_one_request_each() {
    let app = ScriptedApp::new(signed_in);
    let loads = (0..5).map(|_| app.clerk.load(LoadOptions::default()));
    for result in futures_util::future::join_all(loads).await {
        result.unwrap();
    }
    assert_eq!((app.count("GET", "/client"), app.count("GET", "/environment")), (1, 1));
}

#[tokio::test]
async fn a_device_that_fapi_does_not_know_is_signed_out() {
    let app = ScriptedApp::new(|_, path| match path {
        "/environment" => json_response(200, &environment()),
        _ => json_response(200, &json!({ "response": null, "client": null })),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let state = app.clerk.snapshot();
    assert!(state.is_loaded() && state.client.is_some() && !state.is_signed_in());
}

#[tokio::test]
async fn unknown_values_unknown_objects_and_missing_fields_load() {
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
async fn any_json_at_all_loads() {
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
        app.clerk.load(LoadOptions::default()).await.unwrap();
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
    assert_eq!(state.error.as_ref().unwrap().code, error.code(), "the webview sees the same code");
    (error.code().to_owned(), app)
}

fn key(key: &str) -> InstanceOptions {
    InstanceOptions { publishable_key: Some(key.to_owned()), ..InstanceOptions::default() }
}

#[tokio::test]
async fn bad_configuration_has_a_code_and_sends_nothing() {
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
        let (code, app) = load_error(|_, _| panic!("nothing is sent"), instance).await;
        assert_eq!((code.as_str(), app.fapi.requests.lock().unwrap().len()), (expected, 0));
    }
}

#[tokio::test]
async fn a_fapi_of_another_instance_is_refused() {
    let live = InstanceOptions {
        publishable_key: Some("pk_live_Y2xlcmsuZXhhbXBsZS50ZXN0JA".to_owned()),
        ..InstanceOptions::default()
    };
    let (code, _) = load_error(signed_in, live).await;
    assert_eq!(code, "instance_mismatch");
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_fapi_and_an_html_page_have_codes_of_their_own() {
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
async fn a_failed_load_can_be_repeated_and_loses_nothing() {
    let down = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let switch = down.clone();
    let app =
        ScriptedApp::new(
            move |method, path| {
                if switch.load(std::sync::atomic::Ordering::SeqCst) { None } else { signed_in(method, path) }
            },
        );
    assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().code(), "network_error");
    down.store(false, std::sync::atomic::Ordering::SeqCst);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn without_a_keyring_the_app_goes_on_and_says_so() {
    let app = ScriptedApp::with(signed_in, Arc::new(UnavailableStore), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(app.clerk.is_signed_in());
    assert!(app.events.notices().contains(&"storage_unavailable"));
}

#[tokio::test]
async fn a_token_that_fapi_refuses_is_replaced() {
    for replacement in [None, Some("another-client-token")] {
        let store = Arc::new(MemoryStore::default());
        let key = clerk_core::ports::SecretKey::ClientToken("clerk.example.test".to_owned());
        let old = clerk_core::secret::StoredSecret::new("an-old-client-token");
        clerk_core::ports::SecretStore::write(&*store, &key, old).await.unwrap();
        let refusal = json!({ "errors": [{ "code": "signed_out", "message": "signed out" }] });
        let app = ScriptedApp::with_tokens(
            move |method, path, token| match (method, path, token) {
                ("GET", "/environment", _) => json_response(200, &environment()),
                (_, _, Some("an-old-client-token")) => {
                    Some(Response { status: 401, body: refusal.to_string(), token: replacement })
                }
                _ => json_response(200, &json!({ "response": null, "client": null })),
            },
            store,
            |_| {},
        );
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.clerk.snapshot().status, Status::Ready);
    }
}

#[tokio::test]
async fn a_key_from_the_webview_works_alone_and_must_not_contradict() {
    let options = |key: &str| LoadOptions { publishable_key: Some(key.to_owned()), ..LoadOptions::default() };
    let other = "pk_test_Y2xlcmsub3RoZXIudGVzdCQ";
    let alone = ScriptedApp::with(signed_in, Arc::new(MemoryStore::default()), |setup| {
        setup.instance = InstanceOptions::default()
    });
    alone.clerk.load(options(KEY)).await.unwrap();
    assert_eq!(alone.clerk.load(options(other)).await.unwrap_err().code(), "publishable_key_conflict");
    assert!(alone.clerk.is_signed_in(), "a window with bad options does not take the state away");
    let configured = ScriptedApp::new(signed_in);
    assert_eq!(configured.clerk.load(options(other)).await.unwrap_err().code(), "publishable_key_conflict");
    configured.clerk.load(options(KEY)).await.unwrap();
}

#[tokio::test]
async fn calls_before_load_are_refused() {
    let app = ScriptedApp::new(|_, _| panic!("nothing is sent"));
    assert_eq!(app.clerk.create_sign_in(Default::default()).await.unwrap_err().code(), "not_loaded");
    assert_eq!(app.clerk.sign_out(Default::default()).await.unwrap_err().code(), "not_loaded");
    assert_eq!(app.clerk.set_active(Default::default()).await.unwrap_err().code(), "not_loaded");
    assert_eq!(app.clerk.get_token(Default::default()).await.unwrap_err().code(), "not_loaded");
}

/// Reads the JSON that the webview would get.
#[tokio::test]
async fn the_webview_gets_neither_token() {
    let app = ScriptedApp::new(|method, path| match (method, path) {
        ("GET", "/client") => {
            let mut signed_in = session("sess_1");
            signed_in["last_active_token"] = json!({ "object": "token", "jwt": "header.payload.signature" });
            let mut response = json_response(200, &json!({ "response": client(1, &[signed_in]), "client": null }))?;
            response.token = Some("a-client-token");
            Some(response)
        }
        _ => json_response(200, &environment()),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let payload: Value = serde_json::to_value(&*app.clerk.snapshot()).unwrap();
    assert_eq!(payload["client"]["sessions"][0]["id"], "sess_1");
    for secret in ["a-client-token", "header.payload.signature"] {
        assert!(!payload.to_string().contains(secret));
    }
}

/// Where the app's configuration names the instance, no window can have the client token sent elsewhere.
#[tokio::test]
async fn a_window_has_no_say_in_where_the_client_token_goes() {
    let store = Arc::new(MemoryStore::default());
    store
        .write(&SecretKey::ClientToken("clerk.example.test".to_owned()), StoredSecret::new("a-client-token"))
        .await
        .unwrap();
    for (proxy_url, domain) in [(Some("https://evil.example/"), None), (None, Some("evil.example"))] {
        let app = ScriptedApp::with(|_, _| panic!("nothing is sent"), store.clone(), |_| {});
        let options = LoadOptions {
            proxy_url: proxy_url.map(str::to_owned),
            domain: domain.map(str::to_owned),
            ..LoadOptions::default()
        };
        assert_eq!(app.clerk.load(options).await.unwrap_err().code(), "publishable_key_conflict");
    }
    // Where it does not, a token stays with the place that it came from.
    let seen = Arc::<std::sync::Mutex<Vec<Option<String>>>>::default();
    let log = seen.clone();
    let app = ScriptedApp::with_tokens(
        move |_, path, token| {
            log.lock().unwrap().push(token.map(str::to_owned));
            json_response(
                200,
                &if path.ends_with("/environment") { environment() } else { json!({ "response": null }) },
            )
        },
        store,
        |setup| setup.instance.publishable_key = None,
    );
    let options = LoadOptions {
        publishable_key: Some(KEY.to_owned()),
        proxy_url: Some("https://evil.example/".to_owned()),
        ..LoadOptions::default()
    };
    app.clerk.load(options).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [None, None]);
}

/// An environment that can't be had does not lose the client token that came along with the client.
#[tokio::test]
async fn a_token_is_taken_over_whatever_became_of_the_environment() {
    let failing = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let (fails, seen) = (failing.clone(), Arc::<std::sync::Mutex<Vec<Option<String>>>>::default());
    let log = seen.clone();
    let script = move |_: &str, path: &str, token: Option<&str>| {
        log.lock().unwrap().push(token.map(str::to_owned));
        if path.ends_with("/environment") {
            let status = if fails.load(std::sync::atomic::Ordering::Relaxed) { 500 } else { 200 };
            return json_response(status, &environment());
        }
        let mut response = json_response(200, &json!({ "response": client(1, &[]) }))?;
        response.token = Some("a-rotated-token");
        Some(response)
    };
    let app = ScriptedApp::with_tokens(script, Arc::new(MemoryStore::default()), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap_err();
    assert_eq!(app.clerk.snapshot().client, None, "a load that failed shows nothing");
    failing.store(false, std::sync::atomic::Ordering::Relaxed);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(seen.lock().unwrap()[2..], [Some("a-rotated-token".to_owned()), Some("a-rotated-token".to_owned())]);
}

#[tokio::test]
async fn who_hears_of_the_client_knows_the_environment() {
    let app = ScriptedApp::new(signed_in);
    let heard = Arc::<std::sync::Mutex<Vec<bool>>>::default();
    let log = heard.clone();
    app.clerk.add_listener(move |snapshot| log.lock().unwrap().push(snapshot.environment.is_some()));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let heard = heard.lock().unwrap();
    assert!(!heard.is_empty() && heard.iter().all(|known| *known), "{heard:?}");
}

/// A Frontend API that takes connections and says nothing.
#[tokio::test(start_paused = true)]
async fn a_load_does_not_wait_for_minutes() {
    let mut setup = clerk_core::ClerkSetup::new(
        Arc::new(clerk_testkit::UnresponsiveFapi),
        Arc::new(MemoryStore::default()),
        Arc::<clerk_testkit::RecordingBrowser>::default(),
        Arc::new(clerk_core::ports::SystemClock),
        Arc::<clerk_testkit::RecordingSink>::default(),
    );
    setup.instance = key(KEY);
    let started = tokio::time::Instant::now();
    let error = clerk_core::Clerk::new(setup).load(LoadOptions::default()).await.unwrap_err();
    assert_eq!(error.code(), "network_error");
    assert!(started.elapsed() < std::time::Duration::from_secs(30), "on a clock that only waits move");
}

/// What there was to know is told to those who ask later, once each.
#[tokio::test]
async fn notices_are_kept() {
    let app = ScriptedApp::with(signed_in, Arc::new(UnavailableStore), |_| {});
    assert!(app.clerk.notices().is_empty());
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let codes: Vec<_> = app.clerk.notices().into_iter().map(|notice| notice.code).collect();
    assert_eq!(codes, ["storage_unavailable"]);
}
