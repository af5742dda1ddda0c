//! The control API, faults, snapshots and the request log.

#![expect(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use std::time::Duration;

use clerk_emulator::{Action, Config, Emulator, Fault};
use serde_json::{Value, json};
use support::{ADA, GRACE, Native, PASSWORD, ada, read, start, wait_until, with_timeout};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn control_api_refuses_web_origins_and_foreign_hosts() {
    let (emulator, native) = start(|_| {}).await;
    let info = read(native.raw("GET", "/__emulator/v1/info").send().await.unwrap()).await;
    assert_eq!(info.body["publishable_key"], emulator.publishable_key());
    let foreign =
        native.raw("GET", "/__emulator/v1/state").header("origin", "https://example.com").send().await.unwrap();
    assert_eq!(foreign.status().as_u16(), 403);
    let rebound = native.raw("GET", "/v1/environment").header("host", "evil.example.com").send().await.unwrap();
    assert_eq!(rebound.status().as_u16(), 403, "DNS rebinding is refused");
    let user = json!({ "email_addresses": ["new@example.com", { "email": "open@example.com", "verified": false }], "password": PASSWORD });
    let made = native.raw("POST", "/__emulator/v1/users").body(user.to_string()).send().await.unwrap();
    assert_eq!(read(made).await.body["email_addresses"][1]["verification"]["status"], "unverified");
    let wrong = native.raw("POST", "/__emulator/v1/users").body("{\"emial\": 1}").send().await.unwrap();
    let wrong = read(wrong).await;
    assert!(wrong.status == 400 && wrong.body["error"]["message"].as_str().unwrap().contains("emial"), "{wrong:?}");
    assert_eq!(native.raw("GET", "/__emulator/v1/nothing").send().await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn config_is_changed_at_runtime() {
    let (emulator, native) = start(|_| {}).await;
    let (status, environment) =
        emulator.control("PATCH", "config", &json!({ "password": { "rules": { "min_length": 12 } } }));
    assert_eq!((status, &environment["user_settings"]["password_settings"]["min_length"]), (200, &json!(12)));
    let (status, refused) = emulator.control("PATCH", "config", &json!({ "pasword": {} }));
    assert!(status == 400 && refused["error"]["message"].as_str().unwrap().contains("pasword"), "{refused}");
    emulator.control("POST", "config/preset/waitlist", &Value::Null);
    assert_eq!(native.get("/v1/environment").await.body["user_settings"]["sign_up"]["mode"], "waitlist");
    assert_eq!(emulator.control("POST", "config/preset/nothing", &Value::Null).0, 404);
}

#[tokio::test]
async fn snapshot_restores_the_whole_state() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let snapshot = emulator.snapshot();
    native.delete("/v1/me").await;
    assert_eq!(native.get("/v1/me").await.summary(), "401 signed_out");
    assert!(emulator.restore(&snapshot));
    assert_eq!(native.get("/v1/me").await.text("/first_name"), "Ada");
    assert!(!emulator.restore("nothing"));
    let newer: Vec<String> = (0..16).map(|_| emulator.snapshot()).collect();
    assert!(!emulator.restore(&snapshot), "the oldest snapshot was dropped");
    assert!(emulator.restore(&newer[0]) && emulator.restore(&newer[15]));
    assert_eq!(emulator.control("POST", "reset", &Value::Null).0, 200);
    assert_eq!(native.get("/v1/me").await.summary(), "401 signed_out");
    assert_eq!(
        native.post("/v1/client/sign_ins", &[("identifier", ADA)]).await.status,
        200,
        "the initial users exist again"
    );
}

#[tokio::test]
async fn seed_makes_runs_identical() {
    let run = async || {
        let (emulator, native) = start(|_| {}).await;
        emulator.freeze_clock();
        native.sign_in(ADA, PASSWORD).await;
        native.post("/v1/client/sign_ins", &[]).await;
        let state = emulator.state();
        let ids: Vec<String> =
            state["clients"].as_array().unwrap().iter().map(|client| client["id"].to_string()).collect();
        (
            ids,
            state["users"][0]["id"].clone(),
            emulator.requests().iter().map(|entry| entry.path.clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test]
async fn control_api_creates_and_changes_sessions() {
    let (emulator, native) = start(|_| {}).await;
    let (_, made) = emulator.control("POST", "sessions", &json!({ "user": GRACE }));
    *native.token.lock().unwrap() = made["client_token"].as_str().map(str::to_owned);
    assert_eq!(native.get("/v1/me").await.text("/first_name"), "Grace");
    assert_eq!(emulator.control("POST", "sessions", &json!({ "user": "nobody" })).0, 404);
    let session = made["session"].as_str().unwrap();
    assert_eq!(emulator.control("POST", &format!("sessions/{session}/remove"), &Value::Null).0, 200);
    assert_eq!(native.get("/v1/client").await.resource()["sessions"], json!([]), "it is no longer listed");
    let tokens = native.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await;
    assert_eq!(tokens.summary(), "404 resource_not_found");
}

#[tokio::test]
async fn request_log_counts_and_masks() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    native.get("/v1/me").await;
    native.get("/v1/no_such_thing").await;
    let (_, counts) = emulator.control("GET", "counts", &Value::Null);
    assert_eq!(counts, json!({ "createSignIn": 1, "getUser": 1, "unknown": 1 }));
    let log = serde_json::to_string(&emulator.requests()).unwrap();
    assert!(!log.contains(PASSWORD) && log.contains("identifier"), "{log}");
}

#[tokio::test]
async fn faults_change_responses() {
    let (emulator, native) = start(|_| {}).await;
    let session = native.sign_in(ADA, PASSWORD).await;
    let raw = async || {
        let token = native.token.lock().unwrap().clone().unwrap();
        native.raw("GET", "/v1/client?_is_native=1").header("authorization", token).send().await
    };
    let fault = |action: Action| emulator.fault(Fault::new("/v1/client", action).times(1));

    fault(Action::RateLimit { retry_after_s: 7 });
    let limited = read(raw().await.unwrap()).await;
    assert_eq!((limited.summary().as_str(), limited.retry_after.as_deref()), ("429 too_many_requests", Some("7")));
    fault(Action::Disconnect);
    assert!(raw().await.is_err(), "no response");
    fault(Action::Reset);
    assert!(raw().await.is_err(), "no response");
    fault(Action::Truncate { bytes: 20 });
    assert!(raw().await.unwrap().bytes().await.is_err(), "the rest is missing");
    fault(Action::Malformed);
    assert!(serde_json::from_str::<Value>(&raw().await.unwrap().text().await.unwrap()).is_err());
    fault(Action::Html);
    let html = raw().await.unwrap();
    assert_eq!(
        (html.status().as_u16(), html.headers()["content-type"].to_str().unwrap().starts_with("text/html")),
        (200, true)
    );
    fault(Action::Respond { status: 503, content_type: "application/json".to_owned(), body: "{}".to_owned() });
    assert_eq!(raw().await.unwrap().status().as_u16(), 503);
    let begun = std::time::Instant::now();
    fault(Action::Latency { ms: 120 });
    raw().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(120));

    emulator.fault(Fault::new("/v1/client/sessions/*/end", Action::LoseAnswer).method("POST").times(1));
    let path = format!("/v1/client/sessions/{session}/end?_is_native=1");
    let token = native.token.lock().unwrap().clone().unwrap();
    let lost = native.raw("POST", &path).header("authorization", token).send().await;
    assert!(lost.is_err() || lost.unwrap().bytes().await.is_err());
    assert_eq!(
        native.get(&format!("/v1/client/sessions/{session}")).await.text("/status"),
        "ended",
        "the request was carried out"
    );

    native.sign_in(ADA, PASSWORD).await;
    emulator.fault(Fault::new("/v1/me/*", Action::StaleClient).times(1));
    let stale = native.post("/v1/me/email_addresses", &[("email_address", "late@example.com")]).await;
    let addresses = |response: &support::FapiResponse| {
        let sessions = response.body["client"]["sessions"].as_array().unwrap().clone();
        sessions.last().unwrap()["user"]["email_addresses"].as_array().unwrap().len()
    };
    assert_eq!(addresses(&stale), 1, "the client before the change");
    emulator.fault(Fault::new("/v1/me/email_addresses", Action::Duplicate).method("POST").times(1));
    let twice = native.post("/v1/me/email_addresses", &[("email_address", "twice@example.com")]).await;
    assert_eq!(twice.summary(), "422 form_identifier_exists(email_address)", "the second response arrives");
}

#[tokio::test]
async fn hold_delivers_responses_out_of_order() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    emulator.fault(Fault::new("/v1/me", Action::Hold).method("GET").times(1));
    let token = native.token.lock().unwrap().clone().unwrap();
    let held = tokio::spawn(native.raw("GET", "/v1/me?_is_native=1").header("authorization", token).send());
    wait_until("the held request to be logged", || emulator.requests().iter().any(|entry| entry.path == "/v1/me"))
        .await;
    native.patch("/v1/me", &[("first_name", "Augusta")]).await;
    // A request that is in the log is released.
    emulator.release();
    let held = with_timeout("the held response", held).await;
    assert_eq!(read(held.unwrap().unwrap()).await.text("/first_name"), "Ada", "the older response arrives last");
}

#[tokio::test]
async fn pages_are_served() {
    let (_emulator, native) = start(|_| {}).await;
    for (path, words) in [
        ("/__emulator/", "CLERK_PUBLISHABLE_KEY"),
        ("/__emulator/inbox", "Nothing was sent yet"),
        ("/portal/sign-in", "Continue with Google"),
        ("/portal/sign-up", "Create an account"),
        ("/portal/waitlist", "Join the waitlist"),
        ("/portal/unauthorized-sign-in", "Not for you"),
        ("/__emulator/oauth/oauth_google?state=unknown", "oauth_callback_invalid"),
    ] {
        let page = native.raw("GET", path).send().await.unwrap();
        assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
        let html = page.text().await.unwrap();
        assert!(html.contains(words), "{path}: {html}");
    }
    assert_eq!(native.raw("HEAD", "/__emulator/").send().await.unwrap().status().as_u16(), 200);
    assert_eq!(native.raw("GET", "/portal/user").send().await.unwrap().status().as_u16(), 303);
}

#[tokio::test]
async fn emulators_run_in_parallel() {
    let mut emulators = Vec::new();
    for _ in 0..50 {
        let mut config = Config::default();
        config.users = vec![ada()];
        emulators.push(Emulator::start(config).await.unwrap());
    }
    for emulator in &emulators {
        Native::new(emulator).sign_in(ADA, PASSWORD).await;
        assert_eq!(emulator.requests().len(), 1);
    }
}

/// Sends a request over a new connection. Returns the result of reading the response.
async fn end_of_connection(emulator: &Emulator) -> std::io::Result<usize> {
    let host = emulator.base_url().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    let request = format!("GET /v1/environment?_is_native=1 HTTP/1.1\r\nhost: {host}\r\nauthorization: \r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    with_timeout("a response or the end of the connection", stream.read(&mut [0; 64])).await
}

#[tokio::test]
async fn reset_and_disconnect_end_the_connection_differently() {
    let (emulator, _) = start(|_| {}).await;
    let fault = |action: Action| emulator.fault(Fault::new("/v1/environment", action).times(1));
    fault(Action::Reset);
    assert_eq!(end_of_connection(&emulator).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    fault(Action::Disconnect);
    assert_eq!(end_of_connection(&emulator).await.unwrap(), 0, "the end of the stream");
    assert!(end_of_connection(&emulator).await.unwrap() > 0, "then a response");
}

#[tokio::test]
async fn request_log_contains_faulted_requests() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    emulator.clear_requests();
    emulator.fault(Fault::new("/v1/me", Action::Reset).times(1));
    emulator.fault(Fault::new("/v1/me", Action::RateLimit { retry_after_s: 1 }).times(1));
    emulator.fault(Fault::new("/v1/me", Action::Truncate { bytes: 3 }).times(1));
    let token = native.token.lock().unwrap().clone().unwrap();
    for _ in 0..4 {
        let sent = native.raw("GET", "/v1/me?_is_native=1").header("authorization", token.clone()).send().await;
        if let Ok(response) = sent {
            let _ = response.bytes().await;
        }
    }
    let log: Vec<_> = emulator
        .requests()
        .iter()
        .map(|entry| (entry.operation, entry.status, entry.fault, entry.client.is_some()))
        .collect();
    let expected = [(0, Some("reset")), (429, Some("rate_limit")), (200, Some("truncate")), (200, None)];
    assert_eq!(log, expected.map(|(status, fault)| (Some("getUser"), status, fault, true)));
    assert_eq!(emulator.control("GET", "counts", &Value::Null).1, json!({ "getUser": 4 }));
    let (_, faults) = emulator.control("GET", "faults", &Value::Null);
    assert_eq!((&faults[0]["action"], &faults[0]["hits"]), (&json!("reset"), &json!(1)));
}

#[tokio::test]
async fn stale_client_applies_to_reads() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    for name in ["One", "Two", "Three"] {
        native.patch("/v1/me", &[("first_name", name)]).await;
    }
    let shown = async |body: Value| {
        assert_eq!(emulator.control("POST", "faults", &body).0, 200);
        native.get("/v1/client").await.text("/sessions/0/user/first_name")
    };
    assert_eq!(shown(json!({ "path": "/v1/client", "times": 1, "action": "stale_client" })).await, "Two");
    assert_eq!(shown(json!({ "path": "/v1/client", "times": 1, "action": "stale_client", "back": 2 })).await, "One");
    assert_eq!(native.get("/v1/client").await.text("/sessions/0/user/first_name"), "Three");
}

#[tokio::test]
async fn reset_and_restore_release_held_responses() {
    let (emulator, native) = start(|_| {}).await;
    let snapshot = emulator.snapshot();
    let ends: [&dyn Fn(); 3] = [&|| emulator.clear_faults(), &|| assert!(emulator.restore(&snapshot)), &|| {
        assert_eq!(emulator.control("POST", "reset", &Value::Null).0, 200);
    }];
    for end in ends {
        emulator.clear_requests();
        emulator.fault(Fault::new("/v1/environment", Action::Hold).times(1));
        let held = tokio::spawn(native.raw("GET", "/v1/environment?_is_native=1").header("authorization", "").send());
        wait_until("the held request to be logged", || !emulator.requests().is_empty()).await;
        end();
        let response = with_timeout("the held response", held).await;
        assert_eq!(response.unwrap().unwrap().status().as_u16(), 200);
    }
}
