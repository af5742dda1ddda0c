//! Sign-up attempts.

use clerk_core::{
    AttemptVerificationParams, PrepareVerificationParams, SetActiveParams, SignUpParams, models::SignUpStatus,
};
use clerk_testkit::app::{App, PASSWORD, config};

#[tokio::test]
async fn attempt_sign_up_verification_creates_the_user() {
    let app = App::start(config()).await;
    let new = "new+clerk_test@example.com";
    let fields = SignUpParams {
        email_address: Some(new.to_owned()),
        password: Some(PASSWORD.to_owned()),
        first_name: Some("New".to_owned()),
        unsafe_metadata: Some(serde_json::json!({ "favColor": "red" })),
        ..SignUpParams::default()
    };
    let sign_up = app.clerk.create_sign_up(fields).await.unwrap();
    assert_eq!(sign_up.unverified_fields, ["email_address"]);
    assert_eq!(sign_up.verifications.email_address.unwrap().next_action, "needs_prepare");
    let prepare = PrepareVerificationParams::new("email_code");
    let sign_up = app.clerk.prepare_sign_up_verification(&sign_up.id, prepare).await.unwrap();
    let code = app.emulator.latest_code(new);
    let attempt = AttemptVerificationParams { code, ..AttemptVerificationParams::new("email_code") };
    let done = app.clerk.attempt_sign_up_verification(&sign_up.id, attempt).await.unwrap();
    assert!(done.is(&SignUpStatus::Complete));
    app.clerk.set_active(SetActiveParams::session(done.created_session_id.unwrap())).await.unwrap();
    let user = app.clerk.user().unwrap();
    assert_eq!(
        (user.full_name().as_deref(), &user.unsafe_metadata["favColor"]),
        (Some("New"), &serde_json::json!("red"))
    );
    assert_eq!(user.primary_email_address().unwrap().email_address, new);
}

#[tokio::test]
async fn reload_sign_up_reads_what_was_changed_elsewhere() {
    let app = App::start(config()).await;
    let fields = SignUpParams { first_name: Some("New".to_owned()), ..SignUpParams::default() };
    let sign_up = app.clerk.create_sign_up(fields).await.unwrap();
    let update = SignUpParams { first_name: Some("Newer".to_owned()), ..SignUpParams::default() };
    app.clerk.update_sign_up(&sign_up.id, update).await.unwrap();
    let reloaded = app.clerk.reload_sign_up(&sign_up.id, None).await.unwrap();
    assert_eq!((reloaded.id, reloaded.first_name.as_deref()), (sign_up.id, Some("Newer")));
    let unknown = app.clerk.reload_sign_up(&"sua_unknown".into(), None).await.unwrap_err();
    assert!(unknown.status().is_some_and(|status| status >= 400), "{unknown}");
}
