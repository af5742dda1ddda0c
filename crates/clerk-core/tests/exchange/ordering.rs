//! Responses that arrive out of order.

use clerk_core::{AttemptFactorParams, SetActiveParams, SignInCreateParams};
use clerk_emulator::{Action, Fault};
use clerk_testkit::{
    app::{ADA, App, PASSWORD, config},
    join, wait_until,
};

#[tokio::test]
async fn reload_sign_in_ignores_a_response_that_was_overtaken() {
    let app = App::start(config()).await;
    let identifier = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let sign_in = app.clerk.create_sign_in(identifier).await.unwrap();
    app.emulator.fault(Fault::new("/v1/client/sign_ins/*", Action::Hold).method("GET").times(1));
    let (clerk, id) = (app.clerk.clone(), sign_in.id.clone());
    let seen = app.emulator.requests().len();
    let slow = tokio::spawn(async move { clerk.reload_sign_in(&id, None).await });
    wait_until("the slow request to arrive", || app.emulator.requests().len() > seen).await;
    let password = Some(PASSWORD.to_owned());
    let attempt = AttemptFactorParams { password, ..AttemptFactorParams::new("password") };
    let done = app.clerk.attempt_sign_in_first_factor(&sign_in.id, attempt).await.unwrap();
    app.clerk.set_active(SetActiveParams::session(done.created_session_id.unwrap())).await.unwrap();
    wait_until("the slow request to end", || {
        app.emulator.release();
        slow.is_finished()
    })
    .await;
    join(slow).await.unwrap();
    assert!(app.clerk.is_signed_in(), "the older client without the session arrived last");
    assert!(app.restart().await.clerk.is_signed_in(), "the older token arrived last");
}
