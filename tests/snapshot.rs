//! The state that windows read.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

mod support;

use std::sync::Arc;

use clerk::{
    ClerkExt,
    core::{SetActiveParams, SignInCreateParams},
};
use clerk_emulator::{Emulator, NewOrganization};
use clerk_testkit::{
    app::{ADA, CALLBACK, PASSWORD, config, password_params},
    wait_until,
};
use serde_json::{Value, json};
use tauri::{
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets},
    utils::acl::ExecutionContext,
    webview::InvokeRequest,
};

fn invoke(webview: &tauri::WebviewWindow<MockRuntime>, command: &str, body: Value) -> Value {
    let request = InvokeRequest {
        cmd: format!("plugin:clerk|{command}"),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::Json(body),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(webview, request).unwrap().deserialize().unwrap()
}

/// Starts an app whose only window may read the state, and call these commands.
async fn start(emulator: &Emulator, allowed: &[&str]) -> (tauri::App<MockRuntime>, tauri::WebviewWindow<MockRuntime>) {
    let mut context = mock_context(noop_assets());
    for command in ["load", "snapshot"].iter().chain(allowed) {
        let authority = context.runtime_authority_mut();
        authority.__allow_command(format!("plugin:clerk|{command}"), ExecutionContext::Local);
    }
    let plugin = support::plugin(emulator).publishable_key(emulator.publishable_key());
    let app = mock_builder().plugin(plugin.build()).build(context).unwrap();
    wait_until("Clerk to load", || app.clerk().is_loaded()).await;
    let window = tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap();
    (app, window)
}

/// Whoever knows the address can sign in there with their own account.
#[tokio::test(flavor = "multi_thread")]
async fn snapshot_has_no_verification_page_for_a_window_that_may_not_sign_in() {
    for (allowed, expected) in [
        (vec![], false),
        (vec!["get_token"], false),
        (vec!["create_sign_in"], true),
        (vec!["create_sign_up"], true),
        (vec!["authenticate_with_redirect"], true),
    ] {
        let emulator = Arc::new(Emulator::start(config()).await.unwrap());
        let (app, window) = start(&emulator, &allowed).await;
        let params = SignInCreateParams {
            strategy: Some("oauth_google".to_owned()),
            redirect_url: Some(CALLBACK.to_owned()),
            ..SignInCreateParams::default()
        };
        let sign_in = app.clerk().create_sign_in(params).await.unwrap();
        let page = sign_in.first_factor_verification.unwrap().external_verification_redirect_url.unwrap();
        for (command, body) in [("snapshot", json!({})), ("load", json!({ "options": {} }))] {
            let snapshot = invoke(&window, command, body);
            assert_eq!(snapshot["client"]["signIn"]["id"], json!(sign_in.id));
            assert_eq!(snapshot.to_string().contains(&page), expected, "{command} with {allowed:?}");
        }
    }
}

/// An app with one window, whose user has this many memberships and is not signed in yet.
async fn member_of(memberships: usize) -> (Arc<Emulator>, tauri::App<MockRuntime>, tauri::WebviewWindow<MockRuntime>) {
    let mut config = config();
    let of_ada = |number| NewOrganization {
        name: format!("Organization {number}"),
        creator: Some(ADA.to_owned()),
        ..NewOrganization::default()
    };
    config.seed_organizations = (0..memberships).map(of_ada).collect();
    let emulator = Arc::new(Emulator::start(config).await.unwrap());
    let commands = ["create_sign_in", "prepare_sign_in_first_factor", "attempt_sign_in_first_factor", "set_active"];
    let (app, window) = start(&emulator, &commands).await;
    (emulator, app, window)
}

/// Signs in to the account.
async fn sign_in(app: &tauri::App<MockRuntime>) {
    let clerk = app.clerk();
    let sign_in = clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_of_each_step_of_a_sign_in_is_small() {
    let (_emulator, _app, window) = member_of(0).await;
    let mut handle = invoke(&window, "load", json!({ "options": {}, "since": 0 }))["handle"].clone();
    let (mut bytes, mut reads) = (0, 0);
    let mut step = |command: &str, body: Value| {
        let response = invoke(&window, command, body);
        // As the guest library does: once for the event, and once after the command.
        for _ in 0..2 {
            let state = invoke(&window, "snapshot", json!({ "since": handle }));
            bytes += state.to_string().len();
            if state.is_object() {
                reads += 1;
                handle = state["changes"]["in"]["handle"]["set"].clone();
            }
        }
        bytes += response.to_string().len();
        response
    };
    let attempt = step("create_sign_in", json!({ "params": { "identifier": ADA } }));
    let (id, factor) = (&attempt["id"], &attempt["supportedFirstFactors"]);
    let email = factor.as_array().unwrap().iter().find(|factor| factor["strategy"] == "email_code").unwrap();
    let email = json!({ "strategy": "email_code", "emailAddressId": email["emailAddressId"] });
    step("prepare_sign_in_first_factor", json!({ "signInId": id, "params": email }));
    let code = json!({ "strategy": "email_code", "code": "424242" });
    let done = step("attempt_sign_in_first_factor", json!({ "signInId": id, "params": code }));
    step("set_active", json!({ "params": { "session": done["createdSessionId"] } }));
    assert_eq!(reads, 4, "one for each step");
    assert!(bytes < 15_000, "{bytes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_of_a_known_state_is_as_small_as_the_change() {
    let (_emulator, app, window) = member_of(100).await;
    sign_in(&app).await;
    let read = |since: &Value| invoke(&window, "snapshot", json!({ "since": since }));
    let whole = read(&json!(0));
    let memberships = whole["client"]["sessions"][0]["user"]["organizationMemberships"].as_array().unwrap().len();
    assert!(memberships >= 100);
    assert_eq!(read(&whole["handle"]), Value::Null, "nothing is new");

    let names = serde_json::from_value(json!({ "firstName": "Augusta" })).unwrap();
    app.clerk().account().update(names).await.unwrap();
    let changed = read(&whole["handle"]);
    assert!(changed["changes"]["in"]["revision"]["set"].as_u64() > whole["revision"].as_u64());
    let session =
        json!({ "in": { "0": { "in": { "user": changed.pointer("/changes/in/client/in/sessions/in/0/in/user") } } } });
    assert_eq!(session["in"]["0"]["in"]["user"]["in"]["firstName"], json!({ "set": "Augusta" }), "{changed}");
    assert!(changed.to_string().len() < 600, "{changed}");

    assert_eq!(read(&changed["changes"]["in"]["handle"]["set"]), Value::Null);
    assert_eq!(read(&whole["handle"])["client"]["id"], whole["client"]["id"], "a state that is not known any more");
    assert_eq!(read(&json!(12_345))["client"]["id"], whole["client"]["id"], "a state that was never given");
    let loaded = invoke(&window, "load", json!({ "options": {}, "since": 0 }));
    assert_eq!(loaded["client"]["sessions"][0]["user"]["firstName"], "Augusta");
    assert_eq!(read(&loaded["handle"]), Value::Null);
}

/// A page may contain two copies of the guest library.
#[tokio::test(flavor = "multi_thread")]
async fn snapshot_knows_the_states_of_two_copies_of_the_guest_library() {
    let (_emulator, app, window) = member_of(1).await;
    sign_in(&app).await;
    let read = |since: &Value| invoke(&window, "snapshot", json!({ "since": since }));
    let mut handles = [read(&json!(0))["handle"].clone(), read(&json!(0))["handle"].clone()];
    assert_eq!(read(&Value::Null)["handle"], 0, "for who does not ask for changes");
    for name in ["Augusta", "Eve", "Grace", "Dorothy"] {
        let names = serde_json::from_value(json!({ "firstName": name })).unwrap();
        app.clerk().account().update(names).await.unwrap();
        for handle in &mut handles {
            let changed = read(handle);
            assert!(changed["changes"].is_object(), "{changed}");
            assert!(changed.to_string().contains(name));
            *handle = changed["changes"]["in"]["handle"]["set"].clone();
        }
        handles.reverse();
    }
}
