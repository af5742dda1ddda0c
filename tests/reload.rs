//! Pages that are reloaded while their commands run: the same command comes twice, and another page waits for the outcome.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails the test")]

mod support;

use clerk::{ClerkExt, core::LinkOutcome};
use clerk_emulator::Decision;
use clerk_testkit::{
    app::{ADA, PASSWORD, grace},
    join, wait_until,
};
use serde_json::{Value, json};
use support::{TestApp, code, invoke, send};
use tauri::{Listener, Url, WebviewWindow, test::MockRuntime};
use tokio::task::JoinHandle;

/// Sends a command as the guest library does.
fn call(
    window: &WebviewWindow<MockRuntime>,
    id: &str,
    command: &str,
    arguments: Value,
) -> JoinHandle<Result<Value, Value>> {
    let response = send(window, command, arguments, &[("clerk-request", id)]);
    tokio::spawn(response)
}

fn google() -> Value {
    json!({ "params": { "resource": "signIn", "strategy": "oauth_google" } })
}

/// Begins a flow on the page `old`. Returns its response and the page in the browser.
async fn begin(app: &TestApp, window: &WebviewWindow<MockRuntime>) -> (JoinHandle<Result<Value, Value>>, String) {
    let flow = call(window, "old.1", "authenticate_with_redirect", google());
    wait_until("a page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
    (flow, app.opened().remove(0))
}

async fn come_back(app: &TestApp, page: &str, decision: Decision) {
    let link = app.emulator.decide(page, decision).unwrap();
    assert_eq!(app.app.clerk().handle_deep_link(&link).await, LinkOutcome::Delivered);
}

fn sign_ins(app: &TestApp) -> usize {
    app.emulator
        .requests()
        .iter()
        .filter(|entry| entry.method == "POST" && entry.path.ends_with("/client/sign_ins"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn command_that_is_sent_twice_runs_once() {
    let app = TestApp::loaded(json!({})).await;
    let (main, other) = (app.window("main"), app.window("main-2"));
    let password = json!({ "params": { "identifier": ADA, "password": PASSWORD } });
    let create = |window, id: &str| call(window, id, "create_sign_in", password.clone());
    // At once, and when the first is done.
    let (one, two) = (create(&main, "page.1"), create(&main, "page.1"));
    let (one, two) = (join(one).await.unwrap(), join(two).await.unwrap());
    assert_eq!((&one, sign_ins(&app)), (&two, 1));
    assert_eq!((join(create(&main, "page.1")).await.unwrap(), sign_ins(&app)), (one, 1));
    // Others are commands of their own, though they are equal.
    let refused = join(create(&main, "page.2")).await;
    assert_eq!(sign_ins(&app), 2);
    assert_eq!(join(create(&main, "page.2")).await, refused, "an error is repeated too");
    assert_eq!(sign_ins(&app), 2);
    let _ = join(create(&other, "page.1")).await;
    assert_eq!(sign_ins(&app), 3, "of another window");
    let _ = join(call(&main, "page.1", "create_sign_up", json!({ "params": {} }))).await;
    assert_eq!(sign_ins(&app), 3, "another command with the same id");
    for id in ["", "no-page", &"x.".repeat(100)] {
        let before = sign_ins(&app);
        let _ = join(create(&main, id)).await;
        let _ = join(create(&main, id)).await;
        assert_eq!(sign_ins(&app), before + 2, "{id:?} is no id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn result_with_a_session_token_is_not_kept() {
    let app = TestApp::loaded(json!({})).await;
    let window = app.window("tokens");
    app.sign_in().await;
    let session = app.app.clerk().session().unwrap().id;
    let ask = || call(&window, "page.1", "get_token", json!({ "params": { "sessionId": session, "skipCache": true } }));
    let (one, other) = (join(ask()).await.unwrap(), join(ask()).await.unwrap());
    assert!(one.is_string() && other.is_string());
    let minted = app.emulator.requests().iter().filter(|entry| entry.path.ends_with("/tokens")).count();
    assert_eq!(minted, 2);
}

/// What Clerk's own components request is not kept, because it may have session tokens, but it runs once.
#[tokio::test(flavor = "multi_thread")]
async fn request_of_components_that_is_sent_twice_runs_once() {
    let app = TestApp::loaded(json!({})).await;
    let window = app.window("components");
    let form = [["identifier", ADA], ["password", PASSWORD]];
    let request = json!({ "request": { "method": "POST", "path": "/client/sign_ins", "form": form } });
    let create = || call(&window, "page.1", "frontend_api", request.clone());
    let (one, two) = (create(), create());
    let (one, two) = (join(one).await.unwrap(), join(two).await.unwrap());
    assert_eq!((&one["status"], &two["status"], sign_ins(&app)), (&json!(200), &json!(200), 1));
    join(create()).await.unwrap();
    assert_eq!(sign_ins(&app), 2, "the result was not kept");
}

/// A page with Clerk's own components would continue the attempt itself.
#[tokio::test(flavor = "multi_thread")]
async fn verification_page_of_a_reloaded_page_signs_in() {
    let app = TestApp::loaded(json!({})).await;
    let window = app.window("components");
    let form = [["strategy", "oauth_google"], ["redirect_url", "tauri://localhost/"]];
    let request = json!({ "request": { "method": "POST", "path": "/client/sign_ins", "form": form } });
    let created = join(call(&window, "old.1", "frontend_api", request)).await.unwrap();
    let verification = &created["body"]["response"]["first_factor_verification"];
    let url = json!({ "url": verification["external_verification_redirect_url"] });
    let waiting = call(&window, "old.2", "open_and_wait", url);
    wait_until("a page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
    join(call(&window, "new.1", "load", json!({ "options": {} }))).await.unwrap();
    come_back(&app, &app.opened().remove(0), Decision::Approve(grace())).await;
    join(waiting).await.unwrap();
    wait_until("the user to be signed in", || app.app.clerk().is_signed_in()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_of_a_reloaded_page_goes_on_and_the_new_page_gets_its_outcome() {
    let app =
        TestApp::loaded(json!({ "signInFallbackRedirectUrl": "/notes", "signUpFallbackRedirectUrl": "/notes" })).await;
    let (main, other) = (app.window("main"), app.window("main-2"));
    let (announced, announcements) = std::sync::mpsc::channel();
    app.app.listen_any("plugin:clerk:redirect-finished", move |_| announced.send(()).unwrap());
    let (flow, page) = begin(&app, &main).await;
    // What WebKit and Tauri do at a reload: the same command once more.
    let again = call(&main, "old.1", "authenticate_with_redirect", google());
    join(call(&main, "new.1", "load", json!({ "options": {} }))).await.unwrap();
    assert_eq!(join(call(&main, "new.2", "take_redirect_outcome", json!({}))).await, Ok(Value::Null));
    come_back(&app, &page, Decision::Approve(grace())).await;
    let (outcome, again) = (join(flow).await.unwrap(), join(again).await.unwrap());
    assert_eq!((&outcome, &outcome["navigateTo"], sign_ins(&app)), (&again, &json!("/notes"), 1));
    assert_eq!(app.opened(), Vec::<String>::new(), "no second page");
    assert!(app.app.clerk().is_signed_in());
    assert_eq!(announcements.try_iter().count(), 1);
    assert_eq!(
        join(call(&other, "third.1", "take_redirect_outcome", json!({}))).await,
        Ok(Value::Null),
        "of another window"
    );
    assert_eq!(join(call(&main, "new.3", "take_redirect_outcome", json!({}))).await, Ok(outcome));
    assert_eq!(join(call(&main, "new.4", "take_redirect_outcome", json!({}))).await, Ok(Value::Null), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn outcome_of_a_page_that_is_reloaded_before_it_uses_it_reaches_the_next_page() {
    let app =
        TestApp::loaded(json!({ "signInFallbackRedirectUrl": "/notes", "signUpFallbackRedirectUrl": "/notes" })).await;
    let main = app.window("main");
    let take = async |id: &str| join(call(&main, id, "take_redirect_outcome", json!({}))).await.unwrap();
    // Of a flow of an earlier page; and one that no page began.
    let (flow, page) = begin(&app, &main).await;
    join(call(&main, "new.1", "load", json!({ "options": {} }))).await.unwrap();
    come_back(&app, &page, Decision::Approve(grace())).await;
    let outcome = join(flow).await.unwrap();
    assert_eq!(take("new.2").await, outcome);
    assert_eq!(take("newer.1").await, outcome);
    assert_eq!(take("newer.2").await, Value::Null, "confirmed");
    assert_eq!(take("newest.1").await, Value::Null);

    app.app.clerk().navigate("/welcome").unwrap();
    let outcome = take("newest.2").await;
    assert_eq!(outcome["navigateTo"], "/welcome");
    assert_eq!(take("last.1").await, outcome);
    assert_eq!(take("last.2").await, Value::Null);
    app.app.clerk().navigate("/welcome").unwrap();
    assert_eq!(invoke(&main, "take_redirect_outcome", json!({})).await.unwrap(), outcome, "without the guest library");
    assert_eq!(invoke(&main, "take_redirect_outcome", json!({})).await.unwrap(), Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_whose_page_stays_leaves_no_outcome() {
    let app = TestApp::loaded(json!({})).await;
    let main = app.window("main");
    join(call(&main, "old.0", "load", json!({ "options": {} }))).await.unwrap();
    let (flow, page) = begin(&app, &main).await;
    join(call(&main, "old.2", "touch", json!({}))).await.ok();
    come_back(&app, &page, Decision::Approve(grace())).await;
    join(flow).await.unwrap();
    assert_eq!(join(call(&main, "old.3", "take_redirect_outcome", json!({}))).await, Ok(Value::Null));
    assert_eq!(
        join(call(&main, "new.1", "take_redirect_outcome", json!({}))).await,
        Ok(Value::Null),
        "after a later reload"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_flow_of_a_reloaded_page_becomes_a_notice_with_a_fixed_text() {
    let app = TestApp::loaded(json!({})).await;
    let main = app.window("main");
    let (flow, page) = begin(&app, &main).await;
    join(call(&main, "new.1", "load", json!({ "options": {} }))).await.unwrap();
    come_back(&app, &page, Decision::Deny).await;
    assert_eq!(code(join(flow).await), "oauth_access_denied");
    let notices = invoke(&main, "notices", json!({})).await.unwrap();
    assert_eq!(notices[0]["code"], "redirect_failed");
    assert_eq!(notices[0]["message"], "a sign-in that no caller was waiting for failed (oauth_access_denied)");
    assert_eq!(join(call(&main, "new.2", "take_redirect_outcome", json!({}))).await, Ok(Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_that_the_new_page_replaces_gives_no_notice() {
    let app = TestApp::loaded(json!({})).await;
    let main = app.window("main");
    let (flow, _) = begin(&app, &main).await;
    assert_eq!(join(call(&main, "new.1", "cancel_authentication", json!({}))).await, Ok(json!(true)));
    assert_eq!(code(join(flow).await), "oauth_flow_cancelled");
    assert_eq!(invoke(&main, "notices", json!({})).await.unwrap(), json!([]));
}

/// Approves the link of a message on its page, and returns the link back to the app.
async fn approve(link: &str) -> Url {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let html = browser.post(link).send().await.unwrap().text().await.unwrap();
    let rest = html.split("href=\"my-app").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    Url::parse(&format!("my-app{}", rest.replace("&amp;", "&"))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn email_link_of_a_reloaded_page_signs_in_and_navigates_on_the_new_page() {
    let app = TestApp::loaded(json!({ "signInFallbackRedirectUrl": "/notes" })).await;
    app.emulator.configure(|config| config.identifiers.email_verification = vec!["email_link".to_owned()]);
    let main = app.window("main");
    let create = json!({ "params": { "identifier": ADA } });
    let sign_in = join(call(&main, "old.1", "create_sign_in", create)).await.unwrap();
    let wait = json!({ "signInId": sign_in["id"], "emailAddressId": null });
    let flow = call(&main, "old.2", "sign_in_with_email_link", wait);
    wait_until("a message to be sent", || !app.emulator.inbox().is_empty()).await;
    join(call(&main, "new.1", "load", json!({ "options": {} }))).await.unwrap();
    let link = approve(&app.emulator.latest_link(ADA).unwrap()).await;
    assert_eq!(app.app.clerk().handle_deep_link(&link).await, LinkOutcome::Delivered);
    let session = join(flow).await.unwrap()["createdSessionId"].clone();
    assert_eq!(json!(app.app.clerk().session().unwrap().id), session, "the page would have made it active");
    let outcome = join(call(&main, "new.2", "take_redirect_outcome", json!({}))).await.unwrap();
    assert_eq!(
        (&outcome["createdSessionId"], outcome["navigateTo"].as_str().unwrap().ends_with("/notes")),
        (&session, true)
    );
}
