//! Sign-in attempts.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clerk_core::{
    AttemptFactorParams, LoadOptions, PrepareFactorParams, ResetPasswordParams, SetActiveParams, SignInCreateParams,
    SignUpParams,
    models::{SignIn, SignInId, SignInStatus, SignUpId},
    storage::MemoryStore,
};
use clerk_emulator::{Action, Emulator, Fault};
use clerk_testkit::app::{ADA, App, PASSWORD, config, first_error_code, password_params};
use clerk_testkit::{ScriptedApp, client, environment, json_response};
use serde_json::json;

#[tokio::test]
async fn create_sign_in_with_password_survives_a_restart() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
    let again = app.restart().await;
    assert_eq!(again.user_name().as_deref(), Some("Ada"));
}

#[tokio::test]
async fn create_sign_in_rejects_wrong_password_and_unknown_identifier() {
    let app = App::start(config()).await;
    let error = app.clerk.create_sign_in(password_params(ADA, "wrong-password")).await.unwrap_err();
    assert_eq!((error.code(), first_error_code(&error)), ("api_response_error", "form_password_incorrect"));
    let error = app.clerk.create_sign_in(password_params("nobody@example.com", PASSWORD)).await.unwrap_err();
    assert_eq!(first_error_code(&error), "form_identifier_not_found");
    assert!(!app.clerk.is_signed_in());
    app.sign_in_with_password().await;
}

#[tokio::test]
async fn attempt_sign_in_first_factor_accepts_the_email_code() {
    let app = App::start(config()).await;
    let identifier = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let sign_in = app.clerk.create_sign_in(identifier).await.unwrap();
    let factors = sign_in.supported_first_factors.unwrap();
    let factor = factors.iter().find(|factor| factor.strategy == "email_code").unwrap();
    let email_address_id = factor.email_address_id.clone();
    let prepare = PrepareFactorParams { email_address_id, ..PrepareFactorParams::new("email_code") };
    app.clerk.prepare_sign_in_first_factor(&sign_in.id, prepare).await.unwrap();
    let attempt = |code: String| AttemptFactorParams { code: Some(code), ..AttemptFactorParams::new("email_code") };
    let error = app.clerk.attempt_sign_in_first_factor(&sign_in.id, attempt("000000".to_owned())).await.unwrap_err();
    assert_eq!(first_error_code(&error), "form_code_incorrect");
    let code = app.emulator.latest_code(ADA).unwrap();
    let done = app.clerk.attempt_sign_in_first_factor(&sign_in.id, attempt(code)).await.unwrap();
    assert!(done.is(&SignInStatus::Complete));
    assert!(!app.clerk.is_signed_in(), "a session becomes active by set_active");
    app.clerk.set_active(SetActiveParams::session(done.created_session_id.unwrap())).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn reset_sign_in_password_completes_the_sign_in() {
    let app = App::start(config()).await;
    let reset = SignInCreateParams {
        strategy: Some("reset_password_email_code".to_owned()),
        identifier: Some(ADA.to_owned()),
        ..SignInCreateParams::default()
    };
    let sign_in = app.clerk.create_sign_in(reset).await.unwrap();
    let code = app.emulator.latest_code(ADA);
    let attempt = AttemptFactorParams { code, ..AttemptFactorParams::new("reset_password_email_code") };
    let sign_in = app.clerk.attempt_sign_in_first_factor(&sign_in.id, attempt).await.unwrap();
    assert!(sign_in.is(&SignInStatus::NeedsNewPassword));
    let new = |password: &str| ResetPasswordParams::new(password);
    let error = app.clerk.reset_sign_in_password(&sign_in.id, new("short")).await.unwrap_err();
    assert_eq!(first_error_code(&error), "form_password_length_too_short");
    let done = app.clerk.reset_sign_in_password(&sign_in.id, new("a-new-password")).await.unwrap();
    assert!(done.is(&SignInStatus::Complete));
}

#[tokio::test]
async fn create_sign_in_can_be_retried_after_a_lost_response() {
    let app = App::start(config()).await;
    app.emulator.fault(Fault::new("/v1/client/sign_ins", Action::LoseAnswer).method("POST").times(1));
    let error =
        app.clerk.create_sign_in(SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() }).await;
    assert_eq!(error.unwrap_err().code(), "network_error");
    app.sign_in_with_password().await;
}

/// Returns the parameters that send a code to the address of the sign-in.
fn email_code(sign_in: &SignIn) -> PrepareFactorParams {
    let factors = sign_in.supported_first_factors.iter().flatten();
    let factor = factors.clone().find(|factor| factor.strategy == "email_code").unwrap();
    PrepareFactorParams { email_address_id: factor.email_address_id.clone(), ..PrepareFactorParams::new("email_code") }
}

#[tokio::test]
async fn prepare_sign_in_first_factor_shares_the_request_of_an_equal_call_in_flight() {
    let app = App::start(config()).await;
    let identifier = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let sign_in = app.clerk.create_sign_in(identifier).await.unwrap();
    let sent = || app.emulator.requests().iter().filter(|entry| entry.path.ends_with("/prepare_first_factor")).count();
    let prepare = |params| app.clerk.prepare_sign_in_first_factor(&sign_in.id, params);
    let (first, second) = tokio::join!(prepare(email_code(&sign_in)), prepare(email_code(&sign_in)));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(sent(), 1);
    prepare(email_code(&sign_in)).await.unwrap();
    assert_eq!(sent(), 2, "the first request has ended");

    app.emulator.fault(Fault::new("*/prepare_first_factor", Action::Disconnect).times(1));
    let failed = prepare(email_code(&sign_in)).await;
    assert_eq!(failed.unwrap_err().code(), "network_error");
    let (again, other) = tokio::join!(prepare(email_code(&sign_in)), prepare(PrepareFactorParams::new("unknown")),);
    again.unwrap();
    other.unwrap_err();
}

#[tokio::test]
async fn prepare_sign_in_first_factor_goes_on_when_its_first_caller_is_cancelled() {
    let app = App::start(config()).await;
    let identifier = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let sign_in = app.clerk.create_sign_in(identifier).await.unwrap();
    let prepare = || app.clerk.prepare_sign_in_first_factor(&sign_in.id, email_code(&sign_in));
    tokio::select! {
        biased;
        _ = prepare() => unreachable!("a request needs more than one turn"),
        () = std::future::ready(()) => {}
    }
    prepare().await.unwrap();
    let sent = app.emulator.requests().iter().filter(|entry| entry.path.ends_with("/prepare_first_factor")).count();
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn create_sign_in_sends_language_and_time_zone_unless_they_are_given() {
    let emulator = Arc::new(Emulator::start(config()).await.unwrap());
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
        setup.locale = Some("el-GR".to_owned());
        setup.timezone = Some("Europe/Athens".to_owned());
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let by_default = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    app.clerk.create_sign_in(by_default).await.unwrap();
    let given = SignInCreateParams {
        identifier: Some(ADA.to_owned()),
        locale: Some("de-DE".to_owned()),
        timezone: Some("Europe/Berlin".to_owned()),
        ..SignInCreateParams::default()
    };
    app.clerk.create_sign_in(given).await.unwrap();
    let sign_up = app.clerk.create_sign_up(SignUpParams::default()).await.unwrap();
    app.clerk.update_sign_up(&sign_up.id, SignUpParams::default()).await.unwrap();
    let fields = |entry: &clerk_emulator::Entry| {
        let value = |name: &str| entry.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        (value("locale"), value("timezone"))
    };
    let requests = app.emulator.requests();
    let attempts: Vec<_> = requests.iter().filter(|entry| entry.path.contains("/client/sign_")).map(fields).collect();
    let both = |locale: &str, timezone: &str| (Some(locale.to_owned()), Some(timezone.to_owned()));
    assert_eq!(
        attempts,
        [both("el-GR", "Europe/Athens"), both("de-DE", "Europe/Berlin"), both("el-GR", "Europe/Athens"), (None, None),]
    );
}

#[tokio::test]
async fn create_sign_in_leaves_the_time_zone_out_if_the_server_does_not_know_it() {
    let knows = Arc::new(AtomicBool::new(false));
    let refusal =
        json!({ "errors": [{ "code": "form_param_unknown", "message": "", "meta": { "param_name": "timezone" } }] });
    let script = move |method: &str, path: &str| match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => json_response(200, &json!({ "response": client(1, &[]) })),
        ("POST", "/client/sign_ins") if knows.swap(true, Ordering::Relaxed) => {
            json_response(200, &json!({ "response": { "id": "sia_1" } }))
        }
        ("POST", "/client/sign_ins") => json_response(422, &refusal),
        other => panic!("unexpected request {other:?}"),
    };
    let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| {
        setup.timezone = Some("Europe/Athens".to_owned());
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let sign_in = app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    assert_eq!(sign_in.id.as_str(), "sia_1");
    let requests = app.fapi.requests.lock().unwrap();
    let bodies: Vec<&str> =
        requests.iter().filter(|(method, ..)| method == "POST").map(|(_, _, body)| body.as_str()).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies[0].contains("timezone=Europe%2FAthens") && !bodies[1].contains("timezone"), "{bodies:?}");
    assert!(bodies[1].contains("password="));
}

#[tokio::test]
async fn submit_protect_check_sends_the_proof_and_returns_the_next_check() {
    let app = ScriptedApp::new(|method, path| match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => json_response(200, &json!({ "response": client(1, &[]) })),
        ("PATCH", path) if path.ends_with("/protect_check") => json_response(
            200,
            &json!({ "response": {
                "id": path.split('/').nth(3),
                "protect_check": {
                    "status": "pending", "token": "next", "sdk_url": "https://sdk.example.com/a.js",
                    "expires_at": 5, "ui_hints": { "theme": "dark" },
                },
            } }),
        ),
        other => panic!("unexpected request {other:?}"),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let sign_in = app.clerk.submit_sign_in_protect_check(&SignInId::from("sia_1"), "proof/1").await.unwrap();
    let check = sign_in.protect_check.unwrap();
    assert_eq!((check.token.as_str(), check.sdk_url.as_str()), ("next", "https://sdk.example.com/a.js"));
    assert_eq!((check.expires_at.unwrap().0, check.ui_hints.unwrap()["theme"].as_str()), (5, "dark"));
    let sign_up = app.clerk.submit_sign_up_protect_check(&SignUpId::from("sua_1"), "proof/1").await.unwrap();
    let check = sign_up.protect_check.unwrap();
    assert!(!format!("{check:?}").contains("next"), "the challenge is not printed");
    let requests = app.fapi.requests.lock().unwrap();
    let sent: Vec<_> = requests.iter().filter(|(method, ..)| method == "PATCH").collect();
    let expected = |path: &str| ("PATCH".to_owned(), path.to_owned(), "proof_token=proof%2F1".to_owned());
    assert_eq!(
        sent,
        [&expected("/client/sign_ins/sia_1/protect_check"), &expected("/client/sign_ups/sua_1/protect_check")]
    );
}

#[tokio::test]
async fn submit_protect_check_continues_a_sign_in_and_a_sign_up() {
    let mut config = config();
    config.attack_protection.protect_checks = 2;
    let app = App::start(config).await;
    let clerk = &app.clerk;
    let proof = |token: &str| format!("proof:{token}");

    let sign_in = clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    assert_eq!(sign_in.status.as_ref().unwrap().as_str(), "needs_protect_check");
    let first = sign_in.protect_check.unwrap().token;
    let wrong = clerk.submit_sign_in_protect_check(&sign_in.id, "nonsense").await.unwrap_err();
    assert_eq!(first_error_code(&wrong), "form_param_value_invalid");
    let sign_in = clerk.submit_sign_in_protect_check(&sign_in.id, &proof(&first)).await.unwrap();
    let second = sign_in.protect_check.unwrap().token;
    assert_ne!(first, second, "checks follow one another");
    let sign_in = clerk.submit_sign_in_protect_check(&sign_in.id, &proof(&second)).await.unwrap();
    assert_eq!((sign_in.status.as_ref().unwrap().as_str(), sign_in.protect_check), ("needs_first_factor", None));
    let again = clerk.submit_sign_in_protect_check(&sign_in.id, &proof(&second)).await.unwrap_err();
    assert_eq!(first_error_code(&again), "protect_check_already_resolved");

    let params = SignUpParams {
        email_address: Some("new+clerk_test@example.com".to_owned()),
        password: Some(PASSWORD.to_owned()),
        ..SignUpParams::default()
    };
    let sign_up = clerk.create_sign_up(params).await.unwrap();
    assert!(sign_up.missing_fields.contains(&"protect_check".to_owned()), "{:?}", sign_up.missing_fields);
    let first = sign_up.protect_check.unwrap().token;
    let sign_up = clerk.submit_sign_up_protect_check(&sign_up.id, &proof(&first)).await.unwrap();
    let second = sign_up.protect_check.unwrap().token;
    let sign_up = clerk.submit_sign_up_protect_check(&sign_up.id, &proof(&second)).await.unwrap();
    assert!(sign_up.protect_check.is_none() && !sign_up.missing_fields.contains(&"protect_check".to_owned()));
}
