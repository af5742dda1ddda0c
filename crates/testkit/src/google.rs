//! A sign-in with Google on a [`ScriptedApp`].

use clerk_core::{AttemptKind, AuthenticateWithRedirectParams, LoadOptions};
use serde_json::{Value, json};
use url::Url;

use crate::{Response, ScriptedApp, app::Flow, client, environment, json_response, session, wait_until};

/// The URL of the provider's page.
pub const PROVIDER_URL: &str = "https://provider.example.test/authorize?state=s";

/// The script of a successful sign-in with Google.
pub fn google_script(method: &str, path: &str) -> Option<Response> {
    let attempt = |status: &str, session: Option<&str>| {
        json!({ "object": "sign_in_attempt", "id": "sia_1", "status": status, "created_session_id": session,
            "first_factor_verification": { "status": "unverified", "strategy": "oauth_google", "external_verification_redirect_url": PROVIDER_URL } })
    };
    let with_attempt = |updated_at: i64, sign_in: Value, sessions: &[Value]| {
        let mut client = client(updated_at, sessions);
        client["sign_in"] = sign_in;
        client
    };
    match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => json_response(200, &json!({ "response": null, "client": null })),
        ("POST", "/client/sign_ins") => {
            let sign_in = attempt("needs_identifier", None);
            json_response(200, &json!({ "response": sign_in, "client": with_attempt(1, sign_in.clone(), &[]) }))
        }
        ("GET", "/client/sign_ins/sia_1") => {
            let sign_in = attempt("complete", Some("sess_1"));
            json_response(
                200,
                &json!({ "response": sign_in, "client": with_attempt(2, sign_in.clone(), &[session("sess_1")]) }),
            )
        }
        ("POST", "/client/sessions/sess_1/touch") => {
            json_response(200, &json!({ "response": session("sess_1"), "client": client(3, &[session("sess_1")]) }))
        }
        ("POST", "/client/sessions/sess_1/tokens") => json_response(200, &json!({ "jwt": "header.payload.signature" })),
        other => panic!("unexpected request {other:?}"),
    }
}

/// Returns the parameters of a sign-in with Google.
pub fn sign_in_params() -> AuthenticateWithRedirectParams {
    AuthenticateWithRedirectParams::new(AttemptKind::SignIn, "oauth_google")
}

/// Returns the link back to the app with this query.
pub fn callback_link(query: &str) -> Url {
    Url::parse(&format!("my-app://callback{query}")).unwrap()
}

/// Starts a flow and waits until its page is open.
pub async fn start_flow(app: &ScriptedApp) -> Flow {
    let before = app.browser.0.lock().unwrap().len();
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(sign_in_params()).await });
    wait_until("the provider's page to be opened", || app.browser.0.lock().unwrap().len() > before).await;
    flow
}

/// Loads an app on [`google_script`].
pub async fn load_app() -> ScriptedApp {
    let app = ScriptedApp::new(google_script);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}
