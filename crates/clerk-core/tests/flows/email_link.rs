//! E-mail links, native and for browsers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use clerk_core::{
    ClerkOptions, EmailLinkVerificationParams, HttpTransport, LinkOutcome, LoadOptions, SetActiveParams,
    SignInCreateParams, SignUpParams,
    models::{SignInId, SignInStatus, SignUpStatus},
    ports::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError},
    storage::MemoryStore,
};
use clerk_emulator::{Action, Config, Emulator, Fault, Presence};
use clerk_testkit::{
    ScriptedApp,
    app::{ADA, App, CALLBACK, config},
    client, environment, join, json_response, session, text_response, wait_until,
};
use serde_json::{Value, json};
use tokio::sync::Notify;
use url::Url;

use crate::support::{approve, browser, link_back};

fn config_with_email_links() -> Config {
    let mut config = config();
    config.identifiers.email_verification = vec!["email_link".to_owned()];
    config
}

/// Waits for the next message and returns its link.
async fn mail(app: &App, before: usize) -> String {
    wait_until("a message to be sent", || app.emulator.inbox().len() > before).await;
    app.emulator.latest_link(ADA).expect("a message has a link")
}

async fn begin_sign_in(app: &App) -> SignInId {
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() };
    app.clerk.create_sign_in(params).await.unwrap().id
}

#[tokio::test]
async fn sign_in_with_email_link_signs_in_by_a_native_link() {
    let app = App::start(config_with_email_links()).await;
    let id = begin_sign_in(&app).await;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    let back = approve(&mail(&app, 0).await).await;
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Delivered);
    let sign_in = join(flow).await.unwrap();
    assert_eq!(sign_in.status, Some(SignInStatus::Complete));
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Refused, "a link is valid for one flow");
}

#[tokio::test]
async fn sign_up_with_email_link_signs_up_by_a_native_link() {
    let mut config = config_with_email_links();
    config.users.clear();
    config.password.mode = Presence::Off;
    let app = App::start(config).await;
    let params = SignUpParams { email_address: Some(ADA.to_owned()), ..Default::default() };
    let id = app.clerk.create_sign_up(params).await.unwrap().id;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_up_with_email_link(&id).await });
    let back = approve(&mail(&app, 0).await).await;
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Delivered);
    assert_eq!(join(flow).await.unwrap().status, Some(SignUpStatus::Complete));
}

#[tokio::test]
async fn sign_in_with_email_link_resumes_after_a_restart() {
    let app = App::start(config_with_email_links()).await;
    let id = begin_sign_in(&app).await;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    let back = approve(&mail(&app, 0).await).await;
    flow.abort();
    let again = app.restart().await;
    assert_eq!(again.clerk.handle_deep_link(&back).await, LinkOutcome::Resumed);
    assert_eq!(again.user_name().as_deref(), Some("Ada"));
    let outcome = again.clerk.take_redirect_outcome().unwrap();
    assert_eq!(outcome.navigate_to.as_deref(), Some("/"));
}

#[tokio::test]
async fn sign_in_with_email_link_rejects_a_link_of_another_sign_in() {
    let app = App::start(config_with_email_links()).await;
    let id = begin_sign_in(&app).await;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    let mailed = mail(&app, 0).await;
    let forged = Url::parse(&format!("{CALLBACK}?flow_id=sia_other&approval_token=x")).unwrap();
    assert_eq!(app.clerk.handle_deep_link(&forged).await, LinkOutcome::Refused);
    assert!(!app.emulator.requests().iter().any(|entry| entry.path.contains("magic_links")));
    assert_eq!(app.clerk.handle_deep_link(&approve(&mailed).await).await, LinkOutcome::Delivered);
    assert_eq!(join(flow).await.unwrap().status, Some(SignInStatus::Complete));
}

/// A user who asks for a second link may open the first one.
#[tokio::test]
async fn sign_in_with_email_link_outlasts_an_earlier_link_of_the_same_sign_in() {
    let app = App::start(config_with_email_links()).await;
    let id = begin_sign_in(&app).await;
    let begin = || {
        let (clerk, id) = (app.clerk.clone(), id.clone());
        tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await })
    };
    let first = begin();
    let first_back = approve(&mail(&app, 0).await).await;
    let second = begin();
    assert_eq!(join(first).await.unwrap_err().code(), "oauth_flow_superseded");
    let mailed = mail(&app, 1).await;
    assert_eq!(app.clerk.handle_deep_link(&first_back).await, LinkOutcome::Refused);
    assert_eq!(app.clerk.handle_deep_link(&approve(&mailed).await).await, LinkOutcome::Delivered);
    assert_eq!(join(second).await.unwrap().status, Some(SignInStatus::Complete));
}

/// Delays the response of `prepare_first_factor` until it is released.
struct HeldPrepare {
    http: HttpTransport,
    release: Arc<Notify>,
}

impl Transport for HeldPrepare {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let held = request.url.path().ends_with("prepare_first_factor");
            let response = self.http.send(request).await;
            if held {
                self.release.notified().await;
            }
            response
        })
    }
}

/// The link may be opened before the response to the request that sent it arrives.
#[tokio::test]
async fn sign_in_with_email_link_accepts_a_link_before_prepare_responds() {
    let release = Arc::<Notify>::default();
    let emulator = Arc::new(Emulator::start(config_with_email_links()).await.unwrap());
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
        setup.transport = Arc::new(HeldPrepare { http: HttpTransport::new(), release: release.clone() });
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let id = begin_sign_in(&app).await;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    let back = approve(&mail(&app, 0).await).await;
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Delivered);
    release.notify_one();
    assert_eq!(join(flow).await.unwrap().status, Some(SignInStatus::Complete));
}

/// The error of an instance that supports links for browsers only.
fn refuses_native_links() -> Fault {
    let body = json!({ "errors": [{ "code": "form_param_unknown", "message": "no", "meta": { "param_name": "redirect_uri" } }] });
    let respond = Action::Respond { status: 422, content_type: "application/json".to_owned(), body: body.to_string() };
    Fault::new("/v1/client/sign_ins/*/prepare_first_factor", respond).times(1)
}

#[tokio::test]
async fn sign_in_with_email_link_falls_back_to_a_browser_link() {
    let app = App::start(config_with_email_links()).await;
    let id = begin_sign_in(&app).await;
    app.emulator.fault(refuses_native_links());
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    let html = browser().get(mail(&app, 0).await).send().await.unwrap().text().await.unwrap();
    let back = link_back(&html);
    assert!(back.as_str().contains("__clerk_status=verified"), "{back}");
    app.clerk.handle_deep_link(&back).await;
    assert_eq!(join(flow).await.unwrap().status, Some(SignInStatus::Complete));
}

#[tokio::test]
async fn sign_in_with_email_link_accepts_a_browser_link_opened_on_another_device() {
    let app = App::start(config_with_email_links()).await;
    let id = begin_sign_in(&app).await;
    app.emulator.fault(refuses_native_links());
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    // The link is opened, but its redirect is not followed.
    browser().get(mail(&app, 0).await).send().await.unwrap();
    assert_eq!(join(flow).await.unwrap().status, Some(SignInStatus::Complete));
}

#[tokio::test]
async fn handle_deep_link_accepts_a_browser_link_of_an_own_attempt_after_cancellation() {
    let app = App::start(config_with_email_links()).await;
    let id = begin_sign_in(&app).await;
    app.emulator.fault(refuses_native_links());
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    let page = mail(&app, 0).await;
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled");
    let foreign = Url::parse(&format!("{CALLBACK}?__clerk_status=verified&__clerk_created_session=sess_x")).unwrap();
    assert_eq!(app.clerk.handle_deep_link(&foreign).await, LinkOutcome::Refused);
    let back = link_back(&browser().get(page).send().await.unwrap().text().await.unwrap());
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Resumed);
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
}

/// Loads an app whose client has these attempts and the session `sess_1`.
async fn load_app_with_attempts(attempts: Value) -> ScriptedApp {
    let app = ScriptedApp::new(move |method, path| match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => {
            let mut client = client(1, &[session("sess_1")]);
            for (key, attempt) in attempts.as_object().unwrap() {
                client[key] = attempt.clone();
            }
            json_response(200, &json!({ "response": client }))
        }
        ("POST", "/client/sessions/sess_1/touch") => json_response(200, &json!({ "response": session("sess_1") })),
        ("POST", "/client/sessions/sess_1/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        other => panic!("unexpected request {other:?}"),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}

/// The decision table of `handleEmailLinkVerification`, row by row.
#[tokio::test]
async fn handle_email_link_verification_follows_the_decision_table() {
    let second = json!({ "sign_in": { "id": "sia_1", "status": "needs_second_factor" } });
    let missing = json!({ "sign_up": { "id": "sua_1", "status": "missing_requirements" } });
    let params =
        EmailLinkVerificationParams { redirect_url_complete: Some("/done".into()), redirect_url: Some("/more".into()) };
    for (attempts, query, expected) in [
        (json!({}), "__clerk_status=expired&__clerk_created_session=sess_1", "email_link_expired"),
        (json!({}), "__clerk_status=client_mismatch", "email_link_client_mismatch"),
        (json!({}), "__clerk_status=transferable", "other device"),
        (json!({}), "__clerk_status=failed", "email_link_failed"),
        (json!({}), "__clerk_created_session=sess_1", "email_link_failed"),
        (json!({}), "__clerk_status=new&__clerk_created_session=sess_1", "email_link_failed"),
        (json!({}), "__clerk_status=verified&__clerk_created_session=sess_1", "sess_1 /done"),
        (second, "__clerk_status=verified", "/more"),
        (missing, "__clerk_status=verified", "/more"),
        (json!({}), "__clerk_status=verified&__clerk_created_session=sess_9", "other device"),
        (json!({}), "__clerk_status=verified", "other device"),
    ] {
        let app = load_app_with_attempts(attempts).await;
        let before = app.count("GET", "/client");
        let link = Url::parse(&format!("{CALLBACK}?{query}")).unwrap();
        let result = match app.clerk.handle_email_link_verification(&link, params.clone()).await {
            Err(error) => error.code().to_owned(),
            Ok(outcome) if outcome.verified_on_other_device => "other device".to_owned(),
            Ok(outcome) => {
                let session = outcome.created_session_id.map(|id| format!("{id} ")).unwrap_or_default();
                session + &outcome.navigate_to.unwrap_or_default()
            }
        };
        assert_eq!(result, expected, "{query}");
        let reads = app.count("GET", "/client") - before;
        let judged = !expected.starts_with("email_link") && !query.contains("transferable");
        assert_eq!(reads, usize::from(judged && !query.contains("sess_1")), "{query}");
        let touched = app.count("POST", "/client/sessions/sess_1/touch");
        assert_eq!(touched, usize::from(expected.starts_with("sess_1")), "{query}");
    }
}

/// The page of a pending task comes before `redirect_url_complete`.
#[tokio::test]
async fn handle_email_link_verification_navigates_to_a_task_first() {
    let mut pending = session("sess_1");
    pending["status"] = "pending".into();
    pending["tasks"] = json!([{ "key": "choose-organization" }]);
    let app = load_app_with_attempts(json!({ "sessions": [pending] })).await;
    let options: ClerkOptions =
        serde_json::from_value(json!({ "taskUrls": { "choose-organization": "/choose" } })).unwrap();
    app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
    let link = Url::parse(&format!("{CALLBACK}?__clerk_status=verified&__clerk_created_session=sess_1")).unwrap();
    let params = EmailLinkVerificationParams { redirect_url_complete: Some("/done".into()), redirect_url: None };
    let outcome = app.clerk.handle_email_link_verification(&link, params).await.unwrap();
    assert_eq!(outcome.navigate_to.as_deref(), Some("/choose#/?redirect_url=%2Fdone"));
}

/// Polls get through between responses that say nothing about the attempt.
#[tokio::test(start_paused = true)]
async fn sign_in_with_email_link_outlasts_polls_that_fail() {
    let attempt = |status: &str| {
        let verification = json!({ "status": status, "strategy": "email_link" });
        json!({ "response": { "id": "sia_1", "status": "needs_first_factor", "first_factor_verification": verification } })
    };
    for (status, body) in [
        (429, r#"{"errors":[{"code":"too_many_requests"}]}"#),
        (500, r#"{"errors":[{"code":"internal"}]}"#),
        (502, "<html>Bad Gateway</html>"),
        (200, "<html>Wi-Fi</html>"),
    ] {
        let polls = AtomicUsize::new(0);
        let app = ScriptedApp::new(move |method, path| match (method, path) {
            ("GET", "/environment") => json_response(200, &environment()),
            ("GET", "/client") => json_response(200, &json!({ "response": null })),
            ("GET", "/client/sign_ins/sia_1") => match polls.fetch_add(1, Ordering::SeqCst) {
                0 | 1 => text_response(status, body),
                _ => json_response(200, &attempt("verified")),
            },
            _ => json_response(200, &attempt("unverified")),
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app.clerk.sign_in_with_email_link(&"sia_1".into(), None).await.unwrap();
    }
}

/// Adds an address to Ada's account, and begins to verify it with a link.
async fn begin_address(
    app: &App,
) -> (String, tokio::task::JoinHandle<clerk_core::Result<clerk_core::models::EmailAddress>>) {
    app.sign_in_with_password().await;
    let address = app.clerk.account().create_email_address("augusta@example.com").await.unwrap();
    let before = app.emulator.inbox().len();
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.verify_email_address_with_link(&address.id).await });
    wait_until("a message to be sent", || app.emulator.inbox().len() > before).await;
    (app.emulator.latest_link("augusta@example.com").expect("a message has a link"), flow)
}

#[tokio::test]
async fn verify_email_address_with_link_waits_until_it_is_opened() {
    let app = App::start(config_with_email_links()).await;
    let (link, flow) = begin_address(&app).await;
    browser().get(&link).send().await.unwrap();
    let address = join(flow).await.unwrap();
    assert_eq!(address.verification.unwrap().status.unwrap().as_str(), "verified");
    assert!(app.clerk.user().unwrap().email_addresses.iter().any(|one| one.id == address.id));
}

#[tokio::test]
async fn verify_email_address_with_link_can_be_cancelled() {
    let app = App::start(config_with_email_links()).await;
    let (_, flow) = begin_address(&app).await;
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled");
}
