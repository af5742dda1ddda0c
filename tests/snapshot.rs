//! The state that windows read.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::sync::Arc;

use clerk::{ClerkExt, core::SignInCreateParams, storage::MemoryStore};
use clerk_emulator::Emulator;
use clerk_testkit::{
    app::{CALLBACK, config},
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
        let mut context = mock_context(noop_assets());
        for command in ["load", "snapshot"].iter().chain(&allowed) {
            let authority = context.runtime_authority_mut();
            authority.__allow_command(format!("plugin:clerk|{command}"), ExecutionContext::Local);
        }
        let plugin = clerk::Builder::new()
            .publishable_key(emulator.publishable_key())
            .proxy_url(emulator.base_url())
            .secret_store(MemoryStore::default())
            .keep_state(false)
            .single_instance(false);
        let app = mock_builder().plugin(plugin.build()).build(context).unwrap();
        wait_until("Clerk to load", || app.clerk().is_loaded()).await;
        let params = SignInCreateParams {
            strategy: Some("oauth_google".to_owned()),
            redirect_url: Some(CALLBACK.to_owned()),
            ..SignInCreateParams::default()
        };
        let sign_in = app.clerk().create_sign_in(params).await.unwrap();
        let page = sign_in.first_factor_verification.unwrap().external_verification_redirect_url.unwrap();
        let window = tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap();
        for (command, body) in [("snapshot", json!({})), ("load", json!({ "options": {} }))] {
            let snapshot = invoke(&window, command, body);
            assert_eq!(snapshot["client"]["signIn"]["id"], json!(sign_in.id));
            assert_eq!(snapshot.to_string().contains(&page), expected, "{command} with {allowed:?}");
        }
    }
}
