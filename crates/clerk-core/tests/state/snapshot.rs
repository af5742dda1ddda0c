//! The snapshot that the webview gets.

use clerk_core::LoadOptions;
use clerk_testkit::{ScriptedApp, client, environment, json_response, session};
use serde_json::{Value, json};

#[tokio::test]
async fn snapshot_json_contains_no_token() {
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
    let payload: Value = serde_json::to_value(&*app.clerk.snapshot_for_window()).unwrap();
    assert_eq!(payload["client"]["sessions"][0]["id"], "sess_1");
    for secret in ["a-client-token", "header.payload.signature"] {
        assert!(!payload.to_string().contains(secret));
    }
}
