//! Sign-in attempts.

use clerk_core::{
    AttemptFactorParams, PrepareFactorParams, ResetPasswordParams, SetActiveParams, SignInCreateParams,
    models::SignInStatus,
};
use clerk_emulator::{Action, Fault};
use clerk_testkit::app::{ADA, App, PASSWORD, config, first_error_code, password_params};

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
