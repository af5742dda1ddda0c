//! Passkeys through the app's port, which is a software authenticator here. The emulator verifies what it signs.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use clerk_core::{
    AttemptKind, Clerk, Error, LoadOptions, SetActiveParams, SignInCreateParams,
    models::SignInStatus,
    ports::{BoxFuture, PasskeyError, Passkeys},
    storage::MemoryStore,
};
use clerk_emulator::{Authenticator, Emulator};
use clerk_testkit::{
    ScriptedApp,
    app::{ADA, App, config, first_error_code, google_params},
    environment, join, json_response, wait_until,
};
use serde_json::json;

const ORIGIN: &str = "https://example.test";

/// What happens when the user is asked.
#[derive(Clone)]
enum Behaviour {
    Signs,
    Fails(PasskeyError),
    Returns(&'static str),
    Panics,
    Waits,
}

/// The operating system's dialog.
struct Dialog {
    authenticator: Mutex<Authenticator>,
    behaviour: Mutex<Behaviour>,
    asked: Mutex<Vec<&'static str>>,
}

impl Dialog {
    fn ask<'a>(
        &'a self,
        kind: &'static str,
        sign: impl FnOnce(&mut Authenticator) -> Result<String, String>,
    ) -> BoxFuture<'a, Result<String, PasskeyError>> {
        self.asked.lock().unwrap().push(kind);
        let behaviour = self.behaviour.lock().unwrap().clone();
        let answer = match behaviour {
            Behaviour::Signs => sign(&mut self.authenticator.lock().unwrap()).map_err(PasskeyError::Failed),
            Behaviour::Fails(error) => Err(error),
            Behaviour::Returns(text) => Ok(text.to_owned()),
            Behaviour::Panics => panic!("a bug of the app"),
            Behaviour::Waits => return Box::pin(std::future::pending()),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Passkeys for Dialog {
    fn get<'a>(&'a self, options: &'a str) -> BoxFuture<'a, Result<String, PasskeyError>> {
        self.ask("get", |authenticator| authenticator.get(options))
    }

    fn create<'a>(&'a self, options: &'a str) -> BoxFuture<'a, Result<String, PasskeyError>> {
        self.ask("create", |authenticator| authenticator.create(options))
    }
}

async fn app() -> (App, Arc<Dialog>) {
    let dialog = Arc::new(Dialog {
        authenticator: Mutex::new(Authenticator::new(ORIGIN)),
        behaviour: Mutex::new(Behaviour::Signs),
        asked: Mutex::default(),
    });
    let mut instance = config();
    instance.passkeys.enabled = true;
    instance.passkeys.rp_id = Some("example.test".to_owned());
    let emulator = Arc::new(Emulator::start(instance).await.unwrap());
    let passkeys = dialog.clone();
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
        setup.passkeys = Some(passkeys);
        setup.browser_timeout = Duration::from_millis(200);
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    (app, dialog)
}

/// Gives Ada a passkey, and signs her out.
async fn with_passkey() -> (App, Arc<Dialog>) {
    let (app, dialog) = app().await;
    app.sign_in_with_password().await;
    let passkey = app.clerk.register_passkey().await.unwrap();
    assert_eq!(passkey.verification.unwrap().status.unwrap().as_str(), "verified");
    assert_eq!(app.clerk.user().unwrap().passkeys.len(), 1);
    app.clerk.sign_out(Default::default()).await.unwrap();
    (app, dialog)
}

fn asked(dialog: &Dialog) -> Vec<&'static str> {
    std::mem::take(&mut dialog.asked.lock().unwrap())
}

#[tokio::test]
async fn sign_in_with_passkey_signs_in_the_owner_of_the_passkey() {
    let (app, dialog) = with_passkey().await;
    assert_eq!(asked(&dialog), ["create"]);
    let sign_in = app.clerk.sign_in_with_passkey().await.unwrap();
    assert_eq!(sign_in.status, Some(SignInStatus::Complete));
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
    assert_eq!(asked(&dialog), ["get"]);
}

#[tokio::test]
async fn sign_in_with_passkey_is_refused_by_clerk_for_another_key_or_origin() {
    let (app, dialog) = with_passkey().await;
    let own = dialog.authenticator.lock().unwrap().clone();
    let mut elsewhere = own.clone();
    elsewhere.origin = "https://evil.example.com".to_owned();
    let mut other = Authenticator::new(ORIGIN);
    other.counter = 10;
    for authenticator in [elsewhere, other] {
        *dialog.authenticator.lock().unwrap() = authenticator;
        let refused = app.clerk.sign_in_with_passkey().await.unwrap_err();
        assert_eq!(first_error_code(&refused), "passkey_authentication_failure");
    }
    assert!(!app.clerk.is_signed_in());
    *dialog.authenticator.lock().unwrap() = own;
    assert_eq!(app.clerk.sign_in_with_passkey().await.unwrap().status, Some(SignInStatus::Complete));
}

#[tokio::test]
async fn attempt_sign_in_with_passkey_completes_the_sign_in_of_an_identifier() {
    let (app, dialog) = with_passkey().await;
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() };
    let begun = app.clerk.create_sign_in(params).await.unwrap();
    asked(&dialog);
    let sign_in = app.clerk.attempt_sign_in_with_passkey(&begun.id, false).await.unwrap();
    assert_eq!((sign_in.status, asked(&dialog)), (Some(SignInStatus::Complete), vec!["get"]));
}

#[tokio::test]
async fn verify_session_with_passkey_renews_the_verification() {
    let (app, dialog) = with_passkey().await;
    let session = app.sign_in_with_password().await;
    app.clerk.sessions().start_verification(&session, "first_factor").await.unwrap();
    asked(&dialog);
    let verified = app.clerk.verify_session_with_passkey(&session).await.unwrap();
    assert_eq!((verified.status.as_str(), asked(&dialog)), ("complete", vec!["get"]));
}

/// What may happen, and the codes of signing in and of creating a passkey.
fn failures() -> Vec<(Behaviour, [&'static str; 2])> {
    let failed = ["passkey_retrieval_failed", "passkey_registration_failed"];
    let same = |code: &'static str| [code, code];
    vec![
        (Behaviour::Fails(PasskeyError::Cancelled), ["passkey_retrieval_cancelled", "passkey_registration_cancelled"]),
        (Behaviour::Fails(PasskeyError::Failed("broken".to_owned())), failed),
        (Behaviour::Panics, failed),
        (Behaviour::Returns("no JSON"), failed),
        (Behaviour::Returns("[]"), failed),
        (Behaviour::Waits, same("passkey_operation_aborted")),
        (Behaviour::Fails(PasskeyError::Aborted("timeout".to_owned())), same("passkey_operation_aborted")),
        (Behaviour::Fails(PasskeyError::InvalidRpId("x".to_owned())), same("passkey_invalid_rpID_or_domain")),
        (Behaviour::Fails(PasskeyError::NotSupported("x".to_owned())), same("passkey_not_supported")),
    ]
}

#[tokio::test]
async fn passkeys_report_why_the_user_was_not_verified() {
    let (app, dialog) = app().await;
    for (behaviour, [code, _]) in failures() {
        *dialog.behaviour.lock().unwrap() = behaviour;
        assert_eq!(app.clerk.sign_in_with_passkey().await.unwrap_err().code(), code);
    }
    app.sign_in_with_password().await;
    for (behaviour, [_, code]) in failures() {
        *dialog.behaviour.lock().unwrap() = behaviour;
        assert_eq!(app.clerk.register_passkey().await.unwrap_err().code(), code);
    }
    assert!(app.clerk.is_signed_in(), "nothing is lost");
    *dialog.behaviour.lock().unwrap() = Behaviour::Signs;
    app.clerk.register_passkey().await.unwrap();
}

#[tokio::test]
async fn passkeys_stop_waiting_when_the_flow_is_cancelled_or_superseded() {
    let (app, dialog) = with_passkey().await;
    *dialog.behaviour.lock().unwrap() = Behaviour::Waits;
    let begin = |clerk: Clerk| tokio::spawn(async move { clerk.sign_in_with_passkey().await });
    for cancel in [true, false] {
        asked(&dialog);
        let flow = begin(app.clerk.clone());
        wait_until("the user to be asked", || !dialog.asked.lock().unwrap().is_empty()).await;
        if cancel {
            assert!(app.clerk.cancel_authentication().await);
        } else {
            let _ = app.begin(google_params(AttemptKind::SignIn)).await;
        }
        assert_eq!(join(flow).await.unwrap_err().code(), "passkey_operation_aborted", "{cancel}");
    }
}

#[tokio::test]
async fn passkeys_ask_nobody_without_a_port_or_without_options() {
    let without = App::start(config()).await;
    assert!(!without.clerk.has_passkeys());
    let before = without.emulator.requests().len();
    let codes = [
        without.clerk.sign_in_with_passkey().await.map(drop).unwrap_err(),
        without.clerk.attempt_sign_in_with_passkey(&"sia_1".into(), true).await.map(drop).unwrap_err(),
        without.clerk.verify_session_with_passkey(&"sess_1".into()).await.map(drop).unwrap_err(),
        without.clerk.register_passkey().await.map(drop).unwrap_err(),
    ];
    assert!(codes.iter().all(|error: &Error| error.code() == "passkey_not_supported"), "{codes:?}");
    assert_eq!(without.emulator.requests().len(), before, "nothing was begun");

    let dialog = Arc::new(Dialog {
        authenticator: Mutex::new(Authenticator::new(ORIGIN)),
        behaviour: Mutex::new(Behaviour::Signs),
        asked: Mutex::default(),
    });
    let passkeys = dialog.clone();
    for nonce in [json!(null), json!(""), json!("no JSON"), json!("[]")] {
        let script = move |_: &str, path: &str| match path {
            "/environment" => json_response(200, &environment()),
            "/client" => json_response(200, &json!({ "response": null })),
            _ => json_response(
                200,
                &json!({ "response": { "id": "sia_1", "first_factor_verification": { "nonce": nonce } } }),
            ),
        };
        let passkeys = passkeys.clone();
        let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| setup.passkeys = Some(passkeys));
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.clerk.sign_in_with_passkey().await.unwrap_err().code(), "missing_public_key_options");
    }
    assert_eq!(asked(&dialog), [""; 0]);
}
