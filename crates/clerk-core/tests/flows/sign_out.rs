//! Signing out.

use std::sync::{Arc, Mutex};

use clerk_core::{LoadOptions, SetActiveParams, SignOutOptions, storage::MemoryStore};
use clerk_emulator::{Action, Fault, NewUser};
use clerk_testkit::{
    ScriptedApp,
    app::{ADA, App, PASSWORD, config, password_params},
    client, json_response, session,
    sessions::{one_session, two_sessions},
    wait_until,
};
use serde_json::json;

/// Signing out ends the session once, even if the response contains the client without the session.
#[tokio::test]
async fn sign_out_notifies_listeners_once() {
    let app = ScriptedApp::new(|method, path| match (method, path) {
        ("POST", "/client/sessions/sess_1/remove") => {
            json_response(200, &json!({ "response": session("sess_1"), "client": client(9, &[]) }))
        }
        ("POST", "/client/sessions/sess_2/remove") => {
            json_response(200, &json!({ "response": session("sess_2"), "client": client(8, &[session("sess_1")]) }))
        }
        _ => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let heard = Arc::<Mutex<Vec<Option<String>>>>::default();
    let log = heard.clone();
    app.clerk.add_listener(move |snapshot| {
        log.lock().unwrap().push(snapshot.session().map(|session| session.id.to_string()));
    });
    heard.lock().unwrap().clear();
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() }).await.unwrap();
    let redirect_url = Some("/bye".to_owned());
    app.clerk.sign_out(SignOutOptions { redirect_url, ..Default::default() }).await.unwrap();
    wait_until("the sessions to end on the server", || app.count("POST", "/client/sessions/sess_1/remove") == 1).await;
    let mut heard = heard.lock().unwrap().clone();
    // FAPI's confirmations are changes of the client, with the same session.
    heard.dedup();
    assert_eq!(heard, [Some("sess_1".to_owned()), None]);
    assert_eq!(app.clerk.take_redirect_outcome().unwrap().navigate_to.as_deref(), Some("/bye"));
}

/// `sign_out` navigates to `after_sign_out_url`, and nowhere without it.
#[tokio::test]
async fn sign_out_navigates_to_after_sign_out_url() {
    for configured in [Some("/goodbye"), None] {
        let script = |method: &str, path: &str| match (method, path) {
            ("POST", path) if path.ends_with("/remove") => None,
            _ => two_sessions(method, path),
        };
        let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| {
            setup.options.after_sign_out_url = configured.map(str::to_owned);
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        assert!(!app.clerk.is_signed_in());
        let navigation = app.take_navigation();
        assert_eq!(navigation.as_deref(), configured);
    }
}

#[tokio::test]
async fn sign_out_ends_all_sessions_and_keeps_the_client() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    let client = app.clerk.client().unwrap().id.clone();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    assert!(!app.clerk.is_signed_in() && app.clerk.session_token().await.unwrap().is_none());
    assert_eq!(app.clerk.client().unwrap().id, client);
    assert!(!app.restart().await.clerk.is_signed_in());
    app.sign_in_with_password().await;
    assert_eq!(app.clerk.client().unwrap().id, client);
}

#[tokio::test]
async fn sign_out_of_one_session_keeps_the_others() {
    let mut config = config();
    config.sessions.mode = "multi".to_owned();
    config.users.push(NewUser::with_password("grace@example.com", PASSWORD));
    let app = App::start(config).await;
    let ada = app.sign_in_with_password().await;
    let sign_in = app.clerk.create_sign_in(password_params("grace@example.com", PASSWORD)).await.unwrap();
    let grace = sign_in.created_session_id.unwrap();
    app.clerk.set_active(SetActiveParams::session(grace.clone())).await.unwrap();
    app.clerk.sign_out(SignOutOptions { session_id: Some(ada.clone()), ..Default::default() }).await.unwrap();
    assert_eq!(app.clerk.session().map(|session| session.id), Some(grace.clone()));
    let sign_in = app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    app.clerk.sign_out(SignOutOptions { session_id: Some(grace), ..Default::default() }).await.unwrap();
    assert!(app.clerk.session().is_none(), "no other session becomes active");
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn sign_out_of_the_same_session_twice_keeps_the_others() {
    let script = |method: &str, path: &str| if path.ends_with("/remove") { None } else { two_sessions(method, path) };
    let app = ScriptedApp::new(script);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    for _ in 0..2 {
        app.clerk.sign_out(SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() }).await.unwrap();
        assert_eq!(app.active_session_id().as_deref(), Some("sess_1"));
    }
}

#[tokio::test]
async fn destroy_client_makes_the_next_sign_in_one_of_a_new_device() {
    let app = App::start(config()).await;
    app.clerk.destroy_client().await.unwrap();
    let session = app.sign_in_with_password().await;
    let client = app.clerk.client().unwrap().id.clone();
    app.clerk.destroy_client().await.unwrap();
    assert!(!app.clerk.is_signed_in());
    assert_ne!(app.clerk.client().unwrap().id, client);
    let clients = |app: &App| app.emulator.state()["clients"].as_array().map(Vec::len);
    assert_eq!(clients(&app), Some(0), "{}", app.emulator.state());
    assert!(!app.emulator.revoke_session(session.as_str()), "its sessions have ended");
    assert!(!app.restart().await.clerk.is_signed_in());
    app.sign_in_with_password().await;
    assert_ne!(app.clerk.client().unwrap().id, client);
}

#[tokio::test]
async fn destroy_client_signs_out_without_a_network_and_can_be_retried() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    let client = app.clerk.client().unwrap().id.clone();
    app.emulator.fault(Fault::new("*", Action::Disconnect));
    assert_eq!(app.clerk.destroy_client().await.unwrap_err().code(), "network_error");
    assert!(!app.clerk.is_signed_in());
    app.emulator.clear_faults();
    app.clerk.destroy_client().await.unwrap();
    app.sign_in_with_password().await;
    assert_ne!(app.clerk.client().unwrap().id, client);
}

/// FAPI says that it deleted the client, but not that the client token is void.
#[tokio::test]
async fn destroy_client_forgets_the_client_token() {
    let tokens = Arc::<Mutex<Vec<Option<String>>>>::default();
    let seen = tokens.clone();
    let script = move |method: &str, path: &str, token: Option<&str>| match (method, path) {
        ("POST", "/client/sessions/sess_1/remove") => None,
        ("DELETE", "/client") => json_response(200, &json!({ "response": null, "client": null })),
        ("POST", "/client/sign_ins") => {
            seen.lock().unwrap().push(token.map(str::to_owned));
            json_response(200, &json!({ "response": { "id": "sia_1" }, "client": client(1, &[]) }))
        }
        _ => one_session(method, path),
    };
    let app = ScriptedApp::with_tokens(script, Arc::new(MemoryStore::default()), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk.destroy_client().await.unwrap();
    assert_eq!(app.count("DELETE", "/client"), 1);
    app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    assert_eq!(*tokens.lock().unwrap(), [None]);
}
