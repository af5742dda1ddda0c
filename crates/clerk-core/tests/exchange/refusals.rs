//! Reactions to refused requests.

use std::sync::atomic::{AtomicUsize, Ordering};

use clerk_core::{GetTokenParams, LoadOptions, SetActiveParams};
use clerk_testkit::{
    ScriptedApp,
    app::{App, config},
    client,
    device::{Device, OWN_TOKEN, with_sessions},
    environment, json_response, session,
    sessions::load_app_with_every_session_status,
};
use serde_json::json;

/// The result of `handle_unauthenticated` and the session afterwards, for each response to the read of the client.
#[tokio::test]
async fn handle_unauthenticated_follows_the_decision_table() {
    for (status, sessions, expected) in [
        (200, json!([session("sess_1")]), "ok sess_1"),
        (200, json!([]), "ok signed out"),
        // The client no longer exists.
        (204, json!(null), "ok signed out"),
        (403, json!(null), "ok signed out"),
        (500, json!(null), "ok signed out"),
        (502, json!(null), "error sess_1"),
        (0, json!(null), "network_error sess_1"),
    ] {
        let loaded = AtomicUsize::new(0);
        let app = ScriptedApp::new(move |method, path| match (method, path) {
            ("GET", "/environment") => json_response(200, &environment()),
            ("GET", "/client") if loaded.fetch_add(1, Ordering::Relaxed) == 0 => {
                json_response(200, &json!({ "response": client(1, &[session("sess_1")]) }))
            }
            ("GET", "/client") if status == 0 => None,
            ("GET", "/client") if status == 204 => json_response(200, &json!({ "response": null, "client": null })),
            ("GET", "/client") if status == 200 => {
                json_response(200, &json!({ "response": client(2, sessions.as_array().unwrap()) }))
            }
            ("GET", "/client") => json_response(status, &json!({ "errors": [{ "code": "x" }] })),
            other => panic!("unexpected request {other:?}"),
        });
        app.clerk.handle_unauthenticated().await.unwrap();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        tokio::time::pause();
        let result = match app.clerk.handle_unauthenticated().await {
            Ok(()) => "ok".to_owned(),
            Err(error) if error.status() == Some(502) => "error".to_owned(),
            Err(error) => error.code().to_owned(),
        };
        tokio::time::resume();
        let session = app.active_session_id().unwrap_or_else(|| "signed out".to_owned());
        assert_eq!(format!("{result} {session}"), expected, "{status}");
    }
}

/// The client is read again once, e.g. for a banned user.
#[tokio::test]
async fn touch_reads_the_client_again_after_a_refusal() {
    for status in [401, 403, 422] {
        let app = load_app_with_every_session_status(false, status).await;
        assert_eq!(app.clerk.touch().await.unwrap_err().status(), Some(status));
        assert_eq!(app.count("GET", "/client"), 2, "{status}");
        app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
        assert_eq!(app.count("GET", "/client"), 3, "{status}");
    }
    let app = load_app_with_every_session_status(false, 404).await;
    app.clerk.touch().await.unwrap_err();
    assert_eq!(app.count("GET", "/client"), 1);
}

#[tokio::test]
async fn get_token_signs_out_when_the_session_was_revoked() {
    let app = App::start(config()).await;
    let session = app.sign_in_with_password().await;
    assert!(app.emulator.revoke_session(session.as_str()));
    let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new(session) };
    let error = app.clerk.get_token(params).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert!(!app.clerk.is_signed_in());
}

/// FAPI has codes with the status 401 that are about the request, and not about the client token.
#[tokio::test(start_paused = true)]
async fn refusal_that_does_not_deny_the_client_signs_nobody_out() {
    for code in ["requires_captcha", "dev_browser_unauthenticated"] {
        let signed_in = || with_sessions(&[session("sess_1")]);
        let device = Device::new(signed_in()).await;
        let app = device.running().await;
        let answer = signed_in();
        device.follow(move |method, path, token| match path {
            "/environment" => answer(method, path, token),
            _ => json_response(401, &json!({ "errors": [{ "code": code }] })),
        });
        let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new("sess_1") };
        assert_eq!(app.clerk.get_token(params).await.unwrap_err().status(), Some(401));
        assert_eq!(app.clerk.handle_unauthenticated().await.unwrap_err().status(), Some(401));
        assert!(app.clerk.is_signed_in(), "{code}");
        drop(app);

        let app = device.start(|_| {});
        assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().status(), Some(401));
        assert_eq!(device.stored_token().await.as_deref(), Some(OWN_TOKEN), "{code}");
        drop(app);
        device.cut();
        let app = device.start(|_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert!(app.clerk.is_signed_in(), "{code}: the stored state is still shown offline");
    }
}
