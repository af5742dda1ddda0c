//! Reading what is known allocates nothing. Allocations are counted by thread, so the runtime has one.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use allocation_counter::measure;
use clerk_core::LoadOptions;
use clerk_testkit::{ScriptedApp, client, environment, json_response, jwt, session};
use serde_json::json;

#[test]
fn reading_the_user_and_a_cached_token_allocates_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = ScriptedApp::new(|method, path| {
        let mut signed_in = session("sess_1");
        signed_in["last_active_token"] = json!({ "jwt": jwt(&json!({ "sid": "sess_1" })) });
        match (method, path) {
            ("GET", "/environment") => json_response(200, &environment()),
            ("GET", "/client") => json_response(200, &json!({ "response": client(1, &[signed_in]) })),
            other => panic!("unexpected request {other:?}"),
        }
    });
    let clerk = &app.clerk;
    runtime.block_on(clerk.load(LoadOptions::default())).unwrap();
    let counted = measure(|| {
        runtime.block_on(async {
            assert!(clerk.session_token().await.unwrap().is_some());
        });
        assert!(clerk.user().is_some() && clerk.is_signed_in() && clerk.snapshot().session().is_some());
    });
    assert_eq!(counted.count_total, 0);
}
