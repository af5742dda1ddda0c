//! The sessions of this device, and the reverification of their users.

use std::{sync::Arc, time::Duration};

use base64::Engine;
use clerk_core::{
    Clerk, ClerkOptions, Disclosure, Error, GetTokenParams, LoadOptions, PrepareFactorParams, RequiresReverification,
    Result, Reverification, SessionVerifyAttemptFirstFactorParams, SessionVerifyAttemptSecondFactorParams,
    SessionVerifyPrepareFirstFactorParams, SessionVerifyPrepareSecondFactorParams, SetActiveParams, SignOutOptions,
    models::{SessionId, SessionVerificationStatus},
    secret::SessionToken,
};
use clerk_emulator::{Action, Fault, NewPhone, NewUser, Presence};
use clerk_testkit::{
    ScriptedApp,
    app::{ADA, App, PASSWORD, config, first_error_code, password_params},
    join, json_response,
    sessions::two_sessions,
    wait_until,
};
use serde_json::{Value, json};

const GRACE: &str = "grace+clerk_test@example.com";
/// The code of every address and number for tests.
const CODE: &str = "424242";

async fn signed_in() -> (App, SessionId) {
    let app = App::start(config()).await;
    let session = app.sign_in_with_password().await;
    (app, session)
}

/// An app on which Ada and Grace are signed in; Grace's session is active.
async fn ada_and_grace() -> (App, SessionId, SessionId) {
    let mut config = config();
    config.sessions.mode = "multi".to_owned();
    config.users.push(NewUser::with_password(GRACE, PASSWORD));
    let app = App::start(config).await;
    let ada = app.sign_in_with_password().await;
    let grace = app.clerk.create_sign_in(password_params(GRACE, PASSWORD)).await.unwrap().created_session_id.unwrap();
    app.clerk.set_active(SetActiveParams::session(grace.clone())).await.unwrap();
    (app, ada, grace)
}

/// Lets the verification of the sign-in become too old for sensitive requests.
fn let_verification_age(app: &App) {
    app.emulator.advance_clock(Duration::from_secs(11 * 60));
}

fn password(password: &str) -> SessionVerifyAttemptFirstFactorParams {
    SessionVerifyAttemptFirstFactorParams {
        password: Some(password.to_owned()),
        ..SessionVerifyAttemptFirstFactorParams::new("password")
    }
}

async fn verify(clerk: &Clerk, session: &SessionId) -> Result<bool> {
    clerk.sessions().start_verification(session, "first_factor").await?;
    let done = clerk.sessions().attempt_first_factor_verification(session, password(PASSWORD)).await?;
    Ok(done.is(&SessionVerificationStatus::Complete))
}

/// Returns how many minutes ago the user was verified, according to a session token.
fn verification_age(token: &SessionToken) -> Value {
    let payload = token.expose().split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice::<Value>(&payload).unwrap()["fva"].clone()
}

/// Mints a session token, which is cached.
async fn mint(app: &App, session: &SessionId) -> SessionToken {
    let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new(session.clone()) };
    app.clerk.get_token(params).await.unwrap().unwrap()
}

fn count(app: &App, method: &str, end: &str) -> usize {
    app.emulator.requests().iter().filter(|entry| entry.method == method && entry.path.ends_with(end)).count()
}

fn param_name(error: &Error) -> Option<&str> {
    let Error::Api(error) = error else { panic!("{error:?}") };
    error.errors[0].meta.get("paramName").and_then(Value::as_str)
}

#[tokio::test]
async fn sessions_get_reads_a_session_again() {
    let (app, id) = signed_in().await;
    let before = app.clerk.session().unwrap();
    app.emulator.advance_clock(Duration::from_secs(60));
    app.clerk.sessions().touch(&id).await.unwrap();
    let read = app.clerk.sessions().get(&id).await.unwrap();
    assert_eq!((&read.id, read.user.as_ref().map(|user| &user.id)), (&id, before.user.as_ref().map(|user| &user.id)));
    assert!(read.last_active_at > before.last_active_at);
    assert_eq!(app.clerk.session().unwrap().last_active_at, read.last_active_at, "the state has it");
}

#[tokio::test]
async fn sessions_of_other_devices_are_refused_without_a_request() {
    let (app, id) = signed_in().await;
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    app.sign_in_with_password().await;
    wait_until("the first session to end on the server", || count(&app, "POST", "/remove") == 1).await;
    let before = app.emulator.requests().len();
    let sessions = app.clerk.sessions();
    for other in ["sess_unknown", id.as_str()] {
        let other = SessionId::from(other);
        let results = [
            sessions.get(&other).await.map(|_| ()),
            sessions.touch(&other).await.map(|_| ()),
            sessions.start_verification(&other, "first_factor").await.map(|_| ()),
            sessions.attempt_first_factor_verification(&other, password(PASSWORD)).await.map(|_| ()),
        ];
        for result in results {
            assert_eq!(result.unwrap_err().code(), "no_active_session", "{other}");
        }
        assert!(sessions.last_active_token(&other).is_none());
    }
    assert_eq!(sessions.remove(&"sess_unknown".into()).await.unwrap_err().code(), "no_active_session");
    assert_eq!(app.emulator.requests().len(), before);
    assert!(app.clerk.is_signed_in(), "an unknown session does not stand for the only one");
}

#[tokio::test]
async fn sessions_touch_sends_the_organization_and_switches_nothing() {
    let script = |method: &str, path: &str| {
        let mut response = two_sessions(method, path)?;
        response.body =
            response.body.replace(r#""id":"sess_2""#, r#""id":"sess_2","last_active_organization_id":"org_1""#);
        Some(response)
    };
    let app = ScriptedApp::new(script);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let revision = app.clerk.snapshot().revision;
    let touched = app.clerk.sessions().touch(&"sess_2".into()).await.unwrap();
    assert_eq!(touched.id.as_str(), "sess_2");
    assert_eq!((app.active_session_id().as_deref(), app.clerk.snapshot().revision), (Some("sess_1"), revision));
    let requests = app.fapi.requests.lock().unwrap();
    let (_, path, body) = requests.last().unwrap();
    assert_eq!((path.as_str(), body.as_str()), ("/client/sessions/sess_2/touch", "active_organization_id=org_1"));
}

#[tokio::test]
async fn sessions_end_and_remove_sign_out_of_one_session_at_once() {
    for is_end in [true, false] {
        let (app, ada, grace) = ada_and_grace().await;
        app.emulator.fault(Fault::new("*", Action::Disconnect));
        let sessions = app.clerk.sessions();
        let end = async |id: &SessionId| if is_end { sessions.end(id).await } else { sessions.remove(id).await };
        end(&ada).await.unwrap();
        assert_eq!(app.clerk.client().unwrap().sessions.iter().map(|one| &one.id).collect::<Vec<_>>(), [&grace]);
        assert_eq!(app.clerk.session().map(|session| session.id), Some(grace.clone()));
        end(&ada).await.unwrap();
        assert!(app.clerk.is_signed_in(), "the same session again");
        end(&grace).await.unwrap();
        assert!(!app.clerk.is_signed_in());
        app.emulator.clear_faults();
        app.clerk.resume();
        wait_until("the sessions to end on the server", || count(&app, "POST", "/remove") >= 2).await;
    }
}

#[tokio::test]
async fn last_active_token_is_known_without_a_request() {
    let (app, id) = signed_in().await;
    let token = app.clerk.session_token().await.unwrap();
    let before = app.emulator.requests().len();
    assert_eq!(app.clerk.sessions().last_active_token(&id), token);
    assert_eq!(app.emulator.requests().len(), before);
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    assert_eq!(app.clerk.sessions().last_active_token(&id), None);
}

#[tokio::test]
async fn verification_by_email_code_completes_and_a_wrong_code_names_its_parameter() {
    let (app, id) = signed_in().await;
    let_verification_age(&app);
    let sessions = app.clerk.sessions();
    let early = sessions.attempt_first_factor_verification(&id, password(PASSWORD)).await.unwrap_err();
    assert_eq!(first_error_code(&early), "session_reverification_missing");
    let invalid = sessions.start_verification(&id, "tenth_factor").await.unwrap_err();
    assert_eq!((first_error_code(&invalid), param_name(&invalid)), ("form_param_value_invalid", Some("level")));
    let started = sessions.start_verification(&id, "second_factor").await.unwrap();
    assert!(started.is(&SessionVerificationStatus::NeedsFirstFactor), "no second factor is enrolled");
    assert_eq!((started.level.as_str(), &started.session.id), ("second_factor", &id));
    let factors = started.supported_first_factors.unwrap();
    let factor = factors.iter().find(|factor| factor.strategy == "email_code").unwrap();
    let email_address_id = factor.email_address_id.clone();
    let prepare = SessionVerifyPrepareFirstFactorParams {
        email_address_id,
        ..SessionVerifyPrepareFirstFactorParams::new("email_code")
    };
    let prepared = sessions.prepare_first_factor_verification(&id, prepare).await.unwrap();
    assert_eq!(prepared.first_factor_verification.unwrap().strategy.as_deref(), Some("email_code"));
    let attempt = |code: &str| SessionVerifyAttemptFirstFactorParams {
        code: Some(code.to_owned()),
        ..SessionVerifyAttemptFirstFactorParams::new("email_code")
    };
    let wrong = sessions.attempt_first_factor_verification(&id, attempt("000000")).await.unwrap_err();
    assert_eq!((first_error_code(&wrong), param_name(&wrong)), ("form_code_incorrect", Some("code")));
    let done = sessions.attempt_first_factor_verification(&id, attempt(CODE)).await.unwrap();
    assert!(done.is(&SessionVerificationStatus::Complete));
    assert_eq!(done.session.factor_verification_age, Some(vec![0, -1]));
    assert_eq!(app.clerk.session().unwrap().factor_verification_age, Some(vec![0, -1]), "the state has it");
}

#[tokio::test]
async fn verification_of_both_factors_completes_with_the_second() {
    let mut config = config();
    config.identifiers.phone = Presence::Optional;
    config.mfa.phone_code = true;
    config.users[0].phone_numbers = vec![NewPhone { number: "+12015550101".to_owned(), second_factor: true }];
    let app = App::start(config).await;
    let sign_in = app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    app.clerk.prepare_sign_in_second_factor(&sign_in.id, PrepareFactorParams::new("phone_code")).await.unwrap();
    let code = clerk_core::AttemptFactorParams {
        code: Some(CODE.to_owned()),
        ..clerk_core::AttemptFactorParams::new("phone_code")
    };
    let sign_in = app.clerk.attempt_sign_in_second_factor(&sign_in.id, code).await.unwrap();
    let id = sign_in.created_session_id.unwrap();
    app.clerk.set_active(SetActiveParams::session(id.clone())).await.unwrap();
    let_verification_age(&app);

    let sessions = app.clerk.sessions();
    sessions.start_verification(&id, "multi_factor").await.unwrap();
    let first = sessions.attempt_first_factor_verification(&id, password("wrong")).await.unwrap_err();
    assert_eq!((first_error_code(&first), param_name(&first)), ("form_password_incorrect", Some("password")));
    let first = sessions.attempt_first_factor_verification(&id, password(PASSWORD)).await.unwrap();
    assert!(first.is(&SessionVerificationStatus::NeedsSecondFactor));
    let factors = first.supported_second_factors.unwrap();
    let phone_number_id = factors.iter().find_map(|factor| factor.phone_number_id.clone());
    assert!(phone_number_id.is_some());
    let prepare = SessionVerifyPrepareSecondFactorParams {
        phone_number_id,
        ..SessionVerifyPrepareSecondFactorParams::new("phone_code")
    };
    sessions.prepare_second_factor_verification(&id, prepare).await.unwrap();
    let attempt = |code: &str| SessionVerifyAttemptSecondFactorParams {
        code: Some(code.to_owned()),
        ..SessionVerifyAttemptSecondFactorParams::new("phone_code")
    };
    let wrong = sessions.attempt_second_factor_verification(&id, attempt("000000")).await.unwrap_err();
    assert_eq!((first_error_code(&wrong), param_name(&wrong)), ("form_code_incorrect", Some("code")));
    let done = sessions.attempt_second_factor_verification(&id, attempt(CODE)).await.unwrap();
    assert!(done.is(&SessionVerificationStatus::Complete));
    let token = app.clerk.session_token().await.unwrap().unwrap();
    assert_eq!(verification_age(&token), json!([0, 0]));
}

#[tokio::test]
async fn verification_by_enterprise_sso_returns_to_the_callback_url() {
    let app = ScriptedApp::new(|method, path| match path.contains("/verify/") {
        true => json_response(
            200,
            &json!({ "response": { "status": "needs_first_factor", "first_factor_verification": {
                "external_verification_redirect_url": "https://idp.example.test/saml",
            } } }),
        ),
        false => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let params = |redirect_url: Option<&str>| SessionVerifyPrepareFirstFactorParams {
        redirect_url: redirect_url.map(str::to_owned),
        ..SessionVerifyPrepareFirstFactorParams::new("enterprise_sso")
    };
    let sessions = app.clerk.sessions();
    let prepared = sessions.prepare_first_factor_verification(&"sess_1".into(), params(None)).await.unwrap();
    let page = prepared.first_factor_verification.unwrap().external_verification_redirect_url;
    assert_eq!(page.as_deref(), Some("https://idp.example.test/saml"));
    let chosen = params(Some("my-app://elsewhere"));
    sessions.prepare_first_factor_verification(&"sess_1".into(), chosen).await.unwrap();
    let requests = app.fapi.requests.lock().unwrap();
    let bodies: Vec<_> = requests.iter().rev().take(2).map(|(.., body)| body.as_str()).collect();
    assert_eq!(
        bodies,
        [
            "strategy=enterprise_sso&redirect_url=my-app%3A%2F%2Felsewhere",
            "strategy=enterprise_sso&redirect_url=my-app%3A%2F%2Fcallback",
        ]
    );
}

#[tokio::test]
async fn get_token_mints_anew_after_a_verification() {
    let (app, id) = signed_in().await;
    let_verification_age(&app);
    let old = mint(&app, &id).await;
    assert_eq!(verification_age(&old), json!([11, -1]));
    // A request that is in flight during the verification.
    let slow = GetTokenParams { skip_cache: true, ..GetTokenParams::new(id.clone()) };
    app.emulator.fault(Fault::new("/v1/client/sessions/*/tokens", Action::Hold).times(1));
    let before = count(&app, "POST", "/tokens");
    let clerk = app.clerk.clone();
    let slow = tokio::spawn(async move { clerk.get_token(slow).await });
    wait_until("the slow request to arrive", || count(&app, "POST", "/tokens") > before).await;

    assert!(verify(&app.clerk, &id).await.unwrap());
    let minted = count(&app, "POST", "/tokens");
    wait_until("the slow request to end", || {
        app.emulator.release();
        slow.is_finished()
    })
    .await;
    join(slow).await.unwrap();
    // A change of the state must not bring the token back that it has.
    let options = ClerkOptions { touch_session: Some(false), ..ClerkOptions::default() };
    let revision = app.clerk.snapshot().revision;
    app.clerk.load(LoadOptions { options, ..LoadOptions::default() }).await.unwrap();
    assert!(app.clerk.snapshot().revision > revision);
    let new = app.clerk.get_token(GetTokenParams::new(id)).await.unwrap().unwrap();
    assert_eq!(count(&app, "POST", "/tokens"), minted + 1);
    assert!(new != old && verification_age(&new) == json!([0, -1]), "{:?}", verification_age(&new));
}

#[tokio::test]
async fn get_token_mints_anew_after_a_verification_by_clerk_js() {
    let (app, id) = signed_in().await;
    let_verification_age(&app);
    let send = async |path: &str, form: &[(&str, &str)]| {
        let path = format!("/client/sessions/{id}/verify{path}");
        let request = serde_json::from_value(json!({ "method": "POST", "path": path, "form": form })).unwrap();
        let page = "tauri://localhost/".parse().unwrap();
        let response = app.clerk.frontend_api(request, &page, Disclosure::default()).await.unwrap();
        response.body.expose()["response"]["status"].as_str().map(str::to_owned)
    };
    mint(&app, &id).await;
    let minted = count(&app, "POST", "/tokens");
    send("", &[("level", "first_factor")]).await;
    app.clerk.session_token().await.unwrap();
    let done = send("/attempt_first_factor", &[("strategy", "password"), ("password", PASSWORD)]).await;
    assert_eq!((done.as_deref(), count(&app, "POST", "/tokens")), (Some("complete"), minted), "not before");
    let new = app.clerk.session_token().await.unwrap().unwrap();
    assert_eq!((count(&app, "POST", "/tokens"), verification_age(&new)), (minted + 1, json!([0, -1])));
}

#[tokio::test]
async fn reverification_is_read_from_a_refusal() {
    let (app, _) = signed_in().await;
    let_verification_age(&app);
    let refused = app.clerk.account().create_email_address("more+clerk_test@example.com").await.unwrap_err();
    assert_eq!(refused.status(), Some(403));
    let required = refused.reverification().unwrap();
    assert_eq!((required.level(), required.after_minutes()), ("second_factor", Some(10)));
    let other = app.clerk.account().email_address("idn_unknown").await.unwrap_err();
    assert_eq!(other.reverification(), None);
}

#[tokio::test]
async fn with_reverification_verifies_and_repeats_the_call() {
    let (app, id) = signed_in().await;
    let_verification_age(&app);
    let clerk = app.clerk.clone();
    // In a task of its own, as the command of an app is.
    let added = tokio::spawn(async move {
        let add = || async { clerk.account().create_email_address("more+clerk_test@example.com").await };
        let verify = |required: Reverification| {
            assert_eq!(required.level(), "second_factor");
            verify(&clerk, &id)
        };
        clerk.with_reverification(add, verify).await
    });
    assert_eq!(join(added).await.unwrap().email_address, "more+clerk_test@example.com");
    assert_eq!(count(&app, "POST", "/v1/me/email_addresses"), 2);
    let fresh = app.clerk.with_reverification(
        || async { app.clerk.account().create_email_address("another+clerk_test@example.com").await },
        |_| async { panic!("the user was verified a moment ago") },
    );
    fresh.await.unwrap();
    assert_eq!(count(&app, "POST", "/v1/me/email_addresses"), 3);
}

#[tokio::test]
async fn with_reverification_repeats_the_call_once() {
    let (app, _) = signed_in().await;
    let_verification_age(&app);
    let add = || async { app.clerk.account().create_email_address("more+clerk_test@example.com").await };
    let refused = app.clerk.with_reverification(add, |_| async { Ok(true) }).await.unwrap_err();
    assert!(refused.reverification().is_some(), "{refused:?}");
    assert_eq!(count(&app, "POST", "/v1/me/email_addresses"), 2);
    let other = || async { app.clerk.account().email_address("idn_unknown").await };
    let refused = app.clerk.with_reverification(other, |_| async { panic!("it is another error") }).await.unwrap_err();
    assert_eq!(refused.status(), Some(404));
}

#[tokio::test]
async fn with_reverification_reports_that_the_user_cancelled() {
    let (app, _) = signed_in().await;
    let_verification_age(&app);
    let add = || async { app.clerk.account().create_email_address("more+clerk_test@example.com").await };
    let cancelled = app.clerk.with_reverification(add, |_| async { Ok(false) }).await.unwrap_err();
    assert_eq!(cancelled.code(), "reverification_cancelled");
    let unknown = SessionId::from("sess_unknown");
    let failed = app.clerk.with_reverification(add, |_| verify(&app.clerk, &unknown));
    assert_eq!(failed.await.unwrap_err().code(), "no_active_session");
    assert_eq!(count(&app, "POST", "/v1/me/email_addresses"), 2, "once for each");
}

#[tokio::test]
async fn with_reverification_does_not_repeat_the_call_for_another_user() {
    let (app, ada, _) = ada_and_grace().await;
    let_verification_age(&app);
    let delete = || async { app.clerk.account().delete().await };
    let switch = |_| async {
        app.clerk.set_active(SetActiveParams::session(ada)).await?;
        Ok(true)
    };
    let refused = app.clerk.with_reverification(delete, switch).await.unwrap_err();
    assert_eq!(refused.code(), "no_active_session");
    assert_eq!(app.clerk.client().unwrap().signed_in_sessions().count(), 2);
}

/// The errors of an app whose backend uses Clerk's hints.
#[derive(Debug)]
enum AppError {
    Clerk(Error),
    Backend(Value),
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Clerk(error)
    }
}

impl RequiresReverification for AppError {
    fn reverification(&self) -> Option<Reverification> {
        match self {
            Self::Clerk(error) => error.reverification(),
            Self::Backend(body) => Reverification::from_hint(body),
        }
    }
}

/// The app's backend accepts a request if the user was verified at most five minutes ago.
#[tokio::test]
async fn with_reverification_understands_the_hints_of_a_backend() {
    let (app, id) = signed_in().await;
    let_verification_age(&app);
    mint(&app, &id).await;
    let (clerk, seen) = (app.clerk.clone(), Arc::new(std::sync::Mutex::new(Vec::new())));
    let ages = seen.clone();
    let paid = tokio::spawn(async move {
        let pay = || async {
            let age = verification_age(&clerk.session_token().await?.unwrap());
            ages.lock().unwrap().push(age.clone());
            let hint = json!({ "clerk_error": { "type": "forbidden", "reason": "reverification-error",
                "metadata": { "reverification": { "level": "first_factor", "afterMinutes": 5 } } } });
            if age[0].as_i64().unwrap() < 5 { Ok("paid") } else { Err(AppError::Backend(hint)) }
        };
        let (clerk, id) = (&clerk, &id);
        let verify = |required: Reverification| async move {
            assert_eq!((required.level(), required.after_minutes()), ("first_factor", Some(5)));
            Ok(verify(clerk, id).await?)
        };
        clerk.with_reverification(pay, verify).await
    });
    assert_eq!(join(paid).await.unwrap(), "paid");
    let seen = seen.lock().unwrap();
    assert_eq!((seen.len(), &seen[1]), (2, &json!([0, -1])));
}
