//! The core on the emulator: real HTTP, real tokens, whole flows.

use std::sync::Arc;

use clerk_core::{
    AttemptFactorParams, AttemptVerificationParams, Change, GetTokenParams, LinkOutcome, LoadOptions,
    PrepareFactorParams, PrepareVerificationParams, RedirectResource, ResetPasswordParams, SetActiveParams,
    SignInCreateParams, SignOutOptions, SignUpParams,
    models::{SignInStatus, SignUpStatus},
    storage::MemoryStore,
};
use clerk_emulator::{Action, Decision, Emulator, Fault, Identity, NewUser};
use clerk_testkit::{
    app::{ADA, App, PASSWORD, config, first_error_code, google_params, grace, password_params},
    join, wait_until,
};

#[tokio::test]
async fn a_password_signs_in_and_a_restart_keeps_it() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
    let again = app.restart().await;
    assert_eq!(again.user_name().as_deref(), Some("Ada"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_identifier_are_named() {
    let app = App::start(config()).await;
    let error = app.clerk.create_sign_in(password_params(ADA, "wrong-password")).await.unwrap_err();
    assert_eq!((error.code(), first_error_code(&error)), ("api_response_error", "form_password_incorrect"));
    let error = app.clerk.create_sign_in(password_params("nobody@example.com", PASSWORD)).await.unwrap_err();
    assert_eq!(first_error_code(&error), "form_identifier_not_found");
    assert!(!app.clerk.is_signed_in());
    app.sign_in_with_password().await;
}

#[tokio::test]
async fn an_email_code_signs_in() {
    let app = App::start(config()).await;
    let identifier = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let sign_in = app.clerk.create_sign_in(identifier).await.unwrap();
    let factors = sign_in.supported_first_factors.unwrap();
    let factor = factors.iter().find(|factor| factor.strategy == "email_code").unwrap();
    let prepare = PrepareFactorParams {
        strategy: "email_code".to_owned(),
        email_address_id: factor.email_address_id.clone(),
        ..PrepareFactorParams::default()
    };
    app.clerk.prepare_sign_in_first_factor(&sign_in.id, prepare).await.unwrap();
    let attempt = |code: String| AttemptFactorParams {
        strategy: "email_code".to_owned(),
        code: Some(code),
        ..AttemptFactorParams::default()
    };
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
async fn a_forgotten_password_is_reset() {
    let app = App::start(config()).await;
    let reset = SignInCreateParams {
        strategy: Some("reset_password_email_code".to_owned()),
        identifier: Some(ADA.to_owned()),
        ..SignInCreateParams::default()
    };
    let sign_in = app.clerk.create_sign_in(reset).await.unwrap();
    let attempt = AttemptFactorParams {
        strategy: "reset_password_email_code".to_owned(),
        code: app.emulator.latest_code(ADA),
        ..AttemptFactorParams::default()
    };
    let sign_in = app.clerk.attempt_sign_in_first_factor(&sign_in.id, attempt).await.unwrap();
    assert!(sign_in.is(&SignInStatus::NeedsNewPassword));
    let new = |password: &str| ResetPasswordParams { password: password.to_owned(), ..ResetPasswordParams::default() };
    let error = app.clerk.reset_sign_in_password(&sign_in.id, new("short")).await.unwrap_err();
    assert_eq!(first_error_code(&error), "form_password_length_too_short");
    let done = app.clerk.reset_sign_in_password(&sign_in.id, new("a-new-password")).await.unwrap();
    assert!(done.is(&SignInStatus::Complete));
}

#[tokio::test]
async fn a_sign_up_makes_a_user() {
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
    let prepare =
        PrepareVerificationParams { strategy: "email_code".to_owned(), ..PrepareVerificationParams::default() };
    let sign_up = app.clerk.prepare_sign_up_verification(&sign_up.id, prepare).await.unwrap();
    let attempt = AttemptVerificationParams {
        strategy: "email_code".to_owned(),
        code: app.emulator.latest_code(new),
        ..AttemptVerificationParams::default()
    };
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
async fn somebody_new_comes_in_through_google() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    assert_eq!(app.return_from(&page, Decision::Approve(grace())).await, LinkOutcome::Delivered);
    let outcome = join(flow).await.unwrap();
    assert!(outcome.created_session_id.is_some());
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
    assert_eq!(app.clerk.user().unwrap().external_accounts[0].provider, "oauth_google");
    assert!(
        app.emulator.requests().iter().any(|entry| entry.form.contains(&("transfer".to_owned(), "true".to_owned())))
    );
    assert_eq!(app.restart().await.user_name().as_deref(), Some("Grace Hopper"));
}

#[tokio::test]
async fn somebody_known_comes_in_through_google_also_by_sign_up() {
    let app = App::start(config()).await;
    for resource in [RedirectResource::SignIn, RedirectResource::SignUp] {
        let (flow, page) = app.begin(google_params(resource)).await;
        app.return_from(&page, Decision::Approve(Identity::new("oauth_google", ADA))).await;
        join(flow).await.unwrap();
        assert_eq!(app.user_name().as_deref(), Some("Ada"), "{resource:?}");
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    }
}

#[tokio::test]
async fn denying_is_named_and_the_next_attempt_works_at_once() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Deny).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_access_denied");
    let client = app.clerk.client().unwrap();
    assert!(client.sign_in.as_ref().unwrap().first_factor_verification.is_none(), "the failed attempt is reset");
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Approve(grace())).await;
    join(flow).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn other_failures_at_the_provider_are_told_apart_from_denying() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Fail("oauth_fetch_user_error".to_owned())).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_callback_failed");
}

#[tokio::test]
async fn a_callback_url_that_is_not_on_the_allowlist_is_refused() {
    let app = App::start(config()).await;
    app.emulator.configure(|config| config.redirect_urls = ["other://callback".to_owned()].into());
    let error = app.clerk.authenticate_with_redirect(google_params(RedirectResource::SignIn)).await.unwrap_err();
    assert_eq!(first_error_code(&error), "resource_missmatch");
    assert!(app.browser.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_restarted_app_finishes_the_flow_that_it_had_begun() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    flow.abort();
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    let again = app.restart().await;
    assert_eq!(again.clerk.handle_deep_link(&link).await, LinkOutcome::Resumed);
    assert_eq!(again.user_name().as_deref(), Some("Grace Hopper"));
    assert_eq!(again.clerk.handle_deep_link(&link).await, LinkOutcome::Refused);
}

#[tokio::test]
async fn a_session_token_verifies_against_the_served_keys() {
    let app = App::start(config()).await;
    let session = app.sign_in_with_password().await;
    let token = app.clerk.session_token().await.unwrap().unwrap();
    let jwks: jsonwebtoken::jwk::JwkSet = reqwest::get(format!("{}/.well-known/jwks.json", app.emulator.base_url()))
        .await
        .unwrap()
        .bytes()
        .await
        .map(|body| serde_json::from_slice(&body).unwrap())
        .unwrap();
    let kid = jsonwebtoken::decode_header(token.expose()).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(jwks.find(&kid).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_issuer(&[app.emulator.base_url()]);
    let claims = jsonwebtoken::decode::<serde_json::Value>(token.expose(), &key, &validation).unwrap().claims;
    assert_eq!(
        (&claims["sid"], &claims["sub"], &claims["v"]),
        (&session.as_str().into(), &app.clerk.user().unwrap().id.as_str().into(), &2.into())
    );
}

#[tokio::test]
async fn tokens_are_cached_shared_and_minted_anew_on_demand() {
    let app = App::start(config()).await;
    let session_id = app.sign_in_with_password().await;
    let minted = || app.emulator.requests().iter().filter(|entry| entry.path.ends_with("/tokens")).count();
    let params =
        |skip_cache: bool| GetTokenParams { session_id: session_id.clone(), skip_cache, ..GetTokenParams::default() };
    let before = minted();
    let first = app.clerk.get_token(params(false)).await.unwrap();
    assert_eq!((app.clerk.get_token(params(false)).await.unwrap(), minted()), (first.clone(), before));
    assert_ne!(app.clerk.get_token(params(true)).await.unwrap(), first);
    assert_eq!(minted(), before + 1);
    let organization = |id: &str| GetTokenParams { organization_id: Change::Set(id.into()), ..params(false) };
    let id = app.clerk.user().unwrap().organization_memberships[0].organization.id.clone();
    let together = futures_util::future::join_all((0..8).map(|_| app.clerk.get_token(organization(id.as_str())))).await;
    assert!(together.windows(2).all(|pair| pair[0].as_ref().unwrap() == pair[1].as_ref().unwrap()));
    assert_eq!(minted(), before + 2, "eight callers share one request");
}

#[tokio::test]
async fn an_organization_is_chosen_by_id_and_by_slug() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    assert_eq!(app.clerk.organization(), None);
    let choose = |organization: Change<String>| SetActiveParams { organization, ..SetActiveParams::default() };
    app.clerk.set_active(choose(Change::Set("analytical-engines".to_owned()))).await.unwrap();
    assert_eq!(app.clerk.organization().unwrap().name, "Analytical Engines");
    let token = app.clerk.session_token().await.unwrap().unwrap();
    assert!(jwt_payload(token.expose())["o"]["slg"] == "analytical-engines");
    app.clerk.set_active(choose(Change::Clear)).await.unwrap();
    assert_eq!(app.clerk.organization(), None);
}

fn jwt_payload(jwt: &str) -> serde_json::Value {
    use base64::Engine;
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn signing_out_ends_everything_and_the_device_stays_known() {
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
async fn one_of_several_sessions_can_be_left() {
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
    assert!(app.clerk.session().is_none(), "no other session takes the place of the active one");
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_signs_out_here() {
    let app = App::start(config()).await;
    let session = app.sign_in_with_password().await;
    assert!(app.emulator.revoke_session(session.as_str()));
    let params = GetTokenParams { session_id: session, skip_cache: true, ..GetTokenParams::default() };
    let error = app.clerk.get_token(params).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert!(!app.clerk.is_signed_in());
}

#[tokio::test]
async fn an_answer_that_was_overtaken_changes_nothing() {
    let app = App::start(config()).await;
    let identifier = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let sign_in = app.clerk.create_sign_in(identifier).await.unwrap();
    app.emulator.fault(Fault::new("/v1/client/sign_ins/*", Action::Hold).method("GET").times(1));
    let (clerk, id) = (app.clerk.clone(), sign_in.id.clone());
    let seen = app.emulator.requests().len();
    let slow = tokio::spawn(async move { clerk.reload_sign_in(&id, None).await });
    wait_until("the slow request to arrive", || app.emulator.requests().len() > seen).await;
    let attempt = AttemptFactorParams {
        strategy: "password".to_owned(),
        password: Some(PASSWORD.to_owned()),
        ..AttemptFactorParams::default()
    };
    let done = app.clerk.attempt_sign_in_first_factor(&sign_in.id, attempt).await.unwrap();
    app.clerk.set_active(SetActiveParams::session(done.created_session_id.unwrap())).await.unwrap();
    wait_until("the slow request to end", || {
        app.emulator.release();
        slow.is_finished()
    })
    .await;
    slow.await.unwrap().unwrap();
    assert!(app.clerk.is_signed_in(), "the old client, without the session, came last");
    assert!(app.restart().await.clerk.is_signed_in(), "and so did the old token");
}

#[tokio::test]
async fn a_lost_answer_is_an_error_that_can_be_tried_again() {
    let app = App::start(config()).await;
    app.emulator.fault(Fault::new("/v1/client/sign_ins", Action::LoseAnswer).method("POST").times(1));
    let error =
        app.clerk.create_sign_in(SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() }).await;
    assert_eq!(error.unwrap_err().code(), "network_error");
    app.sign_in_with_password().await;
}

#[tokio::test]
async fn an_instance_without_native_api_says_so() {
    let mut config = config();
    config.native_api.enabled = false;
    let emulator = Arc::new(Emulator::start(config).await.unwrap());
    let app = App::on(emulator, Arc::new(MemoryStore::default()));
    let error = app.clerk.load(LoadOptions::default()).await.unwrap_err();
    assert_eq!(first_error_code(&error), "native_api_disabled");
}

#[tokio::test]
async fn requests_have_the_native_form() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    for entry in app.emulator.requests() {
        let has = |key: &str, value: &str| entry.query.iter().any(|(name, is)| name == key && is == value);
        assert!(has("_is_native", "1") && has("__clerk_api_version", "2026-05-12"), "{}", entry.path);
        assert!(!entry.has_origin && entry.error_code.is_none(), "{}", entry.path);
    }
}

/// The client token occurs in nothing that leaves the core: not in events, not in what windows get, not in errors.
#[tokio::test]
async fn the_client_token_stays_inside() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Approve(grace())).await;
    let outcome = join(flow).await.unwrap();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    app.sign_in_with_password().await;
    let mut seen = format!("{outcome:?} {:?} {:?} {:?}", app.events.0.lock().unwrap(), app.clerk, app.clerk.client());
    seen.push_str(&serde_json::to_string(&*app.clerk.snapshot()).unwrap());
    seen.push_str(&format!("{:?}", app.clerk.create_sign_in(password_params("nobody", "x")).await.unwrap_err()));
    let tokens = app.emulator.issued_client_tokens();
    assert!(tokens.len() > 3);
    for token in tokens {
        let (_, rest) = token.split_once('.').unwrap();
        let (payload, signature) = rest.split_once('.').unwrap();
        assert!(!seen.contains(payload) && !seen.contains(signature));
    }
}
