//! Scripts of clients with sessions.

use clerk_core::LoadOptions;
use serde_json::json;

use crate::{Response, ScriptedApp, client, environment, json_response, session};

/// The script of a client with one active session, which sets a client token.
pub fn one_session(method: &str, path: &str) -> Option<Response> {
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

/// The script of a client with two active sessions, `sess_1` and `sess_2`.
pub fn two_sessions(method: &str, path: &str) -> Option<Response> {
    match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => {
            json_response(200, &json!({ "response": client(1, &[session("sess_1"), session("sess_2")]) }))
        }
        ("POST", "/client/sessions/sess_1/touch") => json_response(200, &json!({ "response": session("sess_1") })),
        ("POST", "/client/sessions/sess_2/touch") => json_response(200, &json!({ "response": session("sess_2") })),
        ("POST", _) if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        other => panic!("unexpected request {other:?}"),
    }
}

/// Loads an app with an active session (`sess_1`), a pending one with a task (`sess_2`) and an ended one (`sess_3`), all of a
/// member of the organization `acme` (`org_1`). `forced`: whether the instance forces an organization to be selected.
pub async fn load_app_with_every_session_status(forced: bool, touch_status: u16) -> ScriptedApp {
    let of = |id: &str, status: &str| {
        let mut session = session(id);
        session["status"] = status.into();
        session["user"]["organization_memberships"] = json!([{ "id": "m", "role": "org:admin", "organization": { "id": "org_1", "slug": "acme", "name": "Acme" } }]);
        session
    };
    let mut pending = of("sess_2", "pending");
    pending["tasks"] = json!([{ "key": "choose-organization" }]);
    let sessions = [of("sess_1", "active"), pending, of("sess_3", "ended")];
    let script = move |method: &str, path: &str| match (method, path) {
        ("GET", "/environment") => {
            let mut environment = environment();
            environment["organization_settings"] = json!({ "force_organization_selection": forced });
            json_response(200, &environment)
        }
        ("GET", "/client") => json_response(200, &json!({ "response": client(1, &sessions) })),
        ("POST", _) if path.ends_with("/touch") && touch_status != 200 => {
            json_response(touch_status, &json!({ "errors": [{ "code": "user_banned" }] }))
        }
        ("POST", "/client/sessions/sess_1/touch") => json_response(200, &json!({ "response": sessions[0] })),
        ("POST", "/client/sessions/sess_2/touch") => json_response(200, &json!({ "response": sessions[1] })),
        ("POST", _) if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        other => panic!("unexpected request {other:?}"),
    };
    let app = ScriptedApp::new(script);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}
