//! Errors for parameters that a window got wrong.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use serde_json::{Value, json};
use tauri::{
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, get_ipc_response, mock_builder, mock_context, noop_assets},
    utils::acl::ExecutionContext,
    webview::InvokeRequest,
};

/// A command, its arguments, and what its error must name.
fn wrong_parameters() -> Vec<(&'static str, Value, &'static str)> {
    let in_params = |params: Value| json!({ "id": "org_1", "signInId": "sia_1", "params": params });
    vec![
        ("create_sign_in", in_params(json!({ "identifier": 5 })), "`identifier`"),
        ("create_sign_in", json!({ "params": "ada" }), "`params`"),
        ("create_sign_in", json!({}), "`params`"),
        ("prepare_sign_in_first_factor", in_params(json!({})), "`strategy`"),
        ("prepare_sign_in_first_factor", in_params(json!({ "strategy": ["email_code"] })), "`strategy`"),
        ("prepare_sign_in_first_factor", json!({ "signInId": 5, "params": {} }), "`signInId`"),
        ("update_user", in_params(json!({ "firstName": { "a": 1 } })), "`firstName`"),
        ("update_organization", in_params(json!({ "name": 5 })), "`name`"),
        ("invite_organization_members", json!({ "id": "org_1", "emailAddresses": ["a", 5], "role": "x" }), "`[1]`"),
        // Structs inside others.
        ("organization_members", in_params(json!({ "pageSize": "ten" })), "`pageSize`"),
        ("organization_invitations", in_params(json!({ "initialPage": -1 })), "`initialPage`"),
        ("organization_invitations", in_params(json!({ "status": ["pending", 5] })), "`status[1]`"),
        ("organization_domains", in_params(json!({ "initialPage": "one" })), "`initialPage`"),
        ("load", json!({ "options": { "publishableKey": 5 } }), "`publishableKey`"),
        ("load", json!({ "options": { "signInUrl": 5 } }), "`signInUrl`"),
        ("load", json!({ "options": { "sdkMetadata": { "name": 5 } } }), "`sdkMetadata.name`"),
        ("load", json!({ "options": { "taskUrls": { "setup-mfa": 5 } } }), "`taskUrls.setup-mfa`"),
        ("load", json!({ "options": { "allowedRedirectOrigins": ["a", 5] } }), "`allowedRedirectOrigins[1]`"),
        // Optional ones.
        ("set_profile_image", json!({ "file": { "name": 5, "contentType": "image/png", "data": "" } }), "`name`"),
        ("set_profile_image", json!({ "file": 5 }), "`file`"),
        (
            "authenticate_with_redirect",
            json!({ "params": { "strategy": "oauth_google", "resource": "signIn", "callback": { "signInUrl": 5 } } }),
            "`callback.signInUrl`",
        ),
        ("get_token", json!({ "params": { "template": 5 } }), "`template`"),
        ("sign_out", json!({ "options": { "sessionId": 5 } }), "`sessionId`"),
        ("frontend_api", json!({ "request": { "method": "GET", "path": 5 } }), "`path`"),
        ("fetch", json!({ "request": { "id": "1", "url": 5 } }), "`url`"),
    ]
}

#[test]
fn parameters_of_the_wrong_type_are_named() {
    let mut context = mock_context(noop_assets());
    for (command, ..) in wrong_parameters() {
        let authority = context.runtime_authority_mut();
        authority.__allow_command(format!("plugin:clerk|{command}"), ExecutionContext::Local);
    }
    let app = mock_builder().plugin(clerk::init()).build(context).unwrap();
    let window = tauri::WebviewWindowBuilder::new(&app, "main", Default::default()).build().unwrap();
    for (command, body, expected) in wrong_parameters() {
        let request = InvokeRequest {
            cmd: format!("plugin:clerk|{command}"),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: "tauri://localhost".parse().unwrap(),
            body: InvokeBody::Json(body.clone()),
            headers: Default::default(),
            invoke_key: INVOKE_KEY.to_owned(),
        };
        let error = get_ipc_response(&window, request).unwrap_err().to_string();
        let what = error.split_once("invalid args ").map_or("", |(_, what)| what);
        assert!(what.contains(expected), "{command} with {body}: {error}");
    }
}
