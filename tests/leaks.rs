//! No event and no response of any command contains a client token, a nonce or a password.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails the test")]

mod support;

use std::sync::{Arc, Mutex};

use clerk::{
    ClerkExt,
    core::{LinkOutcome, SignOutOptions},
};
use clerk_emulator::Decision;
use clerk_testkit::{
    app::{ADA, PASSWORD, grace},
    join, wait_until,
};
use serde_json::{Value, json};
use support::{TestApp, invoke};
use tauri::{Listener, Url, WebviewWindow, test::MockRuntime};

const WRONG_PASSWORD: &str = "not-the-password-of-ada";
const FORGED_NONCE: &str = "a-forged-nonce-of-a-stranger";

/// Everything that windows were told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    async fn call(&self, window: &WebviewWindow<MockRuntime>, command: &str, arguments: Value) -> Value {
        let response = invoke(window, command, arguments).await;
        self.add(format!("{command}: {response:?}"));
        response.unwrap_or_else(|error| error)
    }
}

/// The names of all commands.
fn commands() -> Vec<&'static str> {
    let rows = include_str!("../src/commands/table.rs").lines().filter(|line| line.trim_start().starts_with("[\""));
    rows.map(|row| row.split("fn ").nth(1).unwrap().split('(').next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_and_responses_contain_no_client_token() {
    let app = TestApp::loaded(json!({})).await;
    let (window, reader, tokens) = (app.window("main"), app.window("reader"), app.window("tokens"));
    let (told, clerk) = (Told::default(), app.app.clerk().clone());
    for event in ["state-changed", "notice", "redirect-finished", "auth-event"] {
        let told = told.clone();
        app.app.listen_any(format!("plugin:clerk:{event}"), move |message| {
            told.add(format!("{event}: {}", message.payload()));
        });
    }
    let everything_is_read = async || {
        for command in ["snapshot", "notices", "auth_events"] {
            told.call(&reader, command, json!({})).await;
        }
        told.call(&window, "load", json!({ "options": {} })).await;
    };

    let wrong = json!({ "params": { "identifier": ADA, "password": WRONG_PASSWORD } });
    told.call(&window, "create_sign_in", wrong).await;
    let right = json!({ "params": { "identifier": ADA, "password": PASSWORD } });
    let sign_in = told.call(&window, "create_sign_in", right).await;
    let session = sign_in["createdSessionId"].clone();
    told.call(&window, "set_active", json!({ "params": { "session": session } })).await;
    let params = json!({ "params": { "sessionId": session, "skipCache": true } });
    let token = told.call(&tokens, "get_token", params.clone()).await;
    assert_eq!(token.as_str().unwrap().split('.').count(), 3);
    told.call(&window, "get_token", params).await;
    everything_is_read().await;
    // Ended from elsewhere.
    assert!(app.emulator.revoke_session(session.as_str().unwrap()));
    told.call(&window, "handle_unauthenticated", json!({})).await;
    everything_is_read().await;

    for decision in [Decision::Deny, Decision::Approve(grace())] {
        let (begun, told) = (window.clone(), told.clone());
        let params = json!({ "params": { "resource": "signIn", "strategy": "oauth_google" } });
        let flow = tokio::spawn(async move { told.call(&begun, "authenticate_with_redirect", params).await });
        wait_until("a page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
        let page = app.opened().remove(0);
        let forged = Url::parse(&format!("my-app://callback?rotating_token_nonce={FORGED_NONCE}")).unwrap();
        assert_eq!(clerk.handle_deep_link(&forged).await, LinkOutcome::Refused);
        let link = app.emulator.decide(&page, decision).unwrap();
        assert_eq!(clerk.handle_deep_link(&link).await, LinkOutcome::Delivered);
        join(flow).await;
    }
    everything_is_read().await;
    let components = app.window("components");
    let upload = json!({ "request": { "method": "POST", "path": "/client/sign_ins",
        "form": [["identifier", ADA], ["password", PASSWORD]] } });
    told.call(&components, "frontend_api", upload).await;
    for path in ["/client", "/me", "/environment", "/me/sessions/active"] {
        told.call(&components, "frontend_api", json!({ "request": { "method": "GET", "path": path } })).await;
    }
    told.call(&components, "clerk_js_state", json!({})).await;
    // Every command, the ones that nobody thought of included.
    for command in commands() {
        told.call(&window, command, json!({})).await;
        let arguments = json!({ "params": {}, "options": {}, "mode": "signIn", "callback": {}, "id": "x", "url": "x",
            "signInId": "x", "request": { "method": "GET", "path": "/client" }, "signUpId": "x", "rotatingTokenNonce": FORGED_NONCE, "sessionId": null, "emailAddressId": null });
        // It would wait for the user.
        if command != "start_hosted_auth" {
            told.call(&window, command, arguments).await;
        }
    }
    clerk.end_sessions(SignOutOptions::default()).await.unwrap();
    everything_is_read().await;

    let told = told.0.lock().unwrap().join("\n");
    for expected in ["auth-event: ", "state-changed: ", "\"revision\"", "Grace", "form_password_incorrect", "eyJ"] {
        assert!(told.contains(expected), "{expected} is part of the test:\n{told}");
    }
    let issued = app.emulator.issued_client_tokens();
    assert!(issued.len() >= 3, "the token was rotated");
    // The header is the same for all tokens of the instance.
    let parts = issued.iter().flat_map(|token| token.split('.').skip(1));
    for secret in parts.chain([PASSWORD, WRONG_PASSWORD, FORGED_NONCE]) {
        let found = told.lines().find(|line| line.contains(secret));
        assert!(found.is_none(), "{secret} was told to a window: {found:?}");
    }
}
