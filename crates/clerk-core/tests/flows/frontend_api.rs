//! Requests of Clerk's own packages, and the pages that they open.

use clerk_core::{
    ActiveSession, Disclosure, Error, FrontendApiFile, FrontendApiPart, FrontendApiRequest, FrontendApiResponse,
    LinkOutcome, SignOutOptions, VisiblePages, secret::Secret,
};
use clerk_emulator::{Action, Decision, Fault, Identity};
use clerk_testkit::{
    app::{ADA, App, CALLBACK, PASSWORD, config, grace},
    join,
};
use serde_json::{Value, json};

const PAGE: &str = "tauri://localhost/index.html#/sign-in";
const ALL: Disclosure = Disclosure { session_tokens: true, client: true, pages: VisiblePages::ALL };

fn ada() -> Identity {
    Identity::new("oauth_google", ADA)
}

fn request(method: &str, path: &str, form: &[(&str, &str)]) -> FrontendApiRequest {
    serde_json::from_value(json!({ "method": method, "path": path, "form": form })).unwrap()
}

async fn send(app: &App, method: &str, path: &str, form: &[(&str, &str)]) -> FrontendApiResponse {
    send_with(app, request(method, path, form), ALL).await.unwrap()
}

async fn send_with(
    app: &App,
    request: FrontendApiRequest,
    disclosure: Disclosure,
) -> clerk_core::Result<FrontendApiResponse> {
    app.clerk.frontend_api(request, &PAGE.parse().unwrap(), disclosure).await
}

/// Starts an app whose window signs in by password, and makes the session active.
async fn signed_in() -> (App, String) {
    let app = App::start(config()).await;
    let created = send(&app, "POST", "/client/sign_ins", &[("identifier", ADA), ("password", PASSWORD)]).await;
    let body = created.body.expose();
    assert_eq!((created.status, body["response"]["status"].as_str()), (200, Some("complete")));
    let session = body["response"]["created_session_id"].as_str().unwrap().to_owned();
    assert!(!app.clerk.is_signed_in(), "the arrival of a session does not activate it");
    let touched = select(&app, &session, None).await;
    assert_eq!(touched.active_session, ActiveSession::Session { session_id: session.as_str().into() });
    (app, session)
}

async fn select(app: &App, session: &str, organization: Option<&str>) -> FrontendApiResponse {
    let mut form = vec![("intent", if organization.is_some() { "select_org" } else { "select_session" })];
    form.extend(organization.map(|id| ("active_organization_id", id)));
    send(app, "POST", &format!("/client/sessions/{session}/touch"), &form).await
}

#[tokio::test]
async fn frontend_api_signs_in_and_selects_the_session_for_the_whole_app() {
    let (app, session) = signed_in().await;
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
    assert_eq!(app.clerk.session().map(|active| active.id.to_string()), Some(session));
}

#[tokio::test]
async fn frontend_api_passes_refusals_on_as_fapi_sent_them() {
    let app = App::start(config()).await;
    let refused = send(&app, "POST", "/client/sign_ins", &[("identifier", "nobody@example.com")]).await;
    assert_eq!(refused.status, 422);
    let error = &refused.body.expose()["errors"][0];
    assert_eq!(error["code"], "form_identifier_not_found");
    assert_eq!(error["meta"]["param_name"], "identifier");
}

#[tokio::test]
async fn frontend_api_selects_an_organization_and_the_personal_account() {
    let (app, session) = signed_in().await;
    let organization = app.clerk.user().unwrap().organization_memberships[0].organization.id.to_string();
    let touched = select(&app, &session, Some(&organization)).await;
    assert_eq!(touched.body.expose()["response"]["last_active_organization_id"], organization);
    assert_eq!(app.clerk.organization().map(|active| active.id.to_string()), Some(organization));
    select(&app, &session, Some("")).await;
    assert_eq!(app.clerk.organization(), None);
}

#[tokio::test]
async fn frontend_api_signs_out_at_once_without_a_network() {
    for path in ["/client/sessions", "/client/sessions/ID/remove", "/client/sessions/ID/end", "/client"] {
        let (app, session) = signed_in().await;
        app.emulator.fault(Fault::new("*", Action::Disconnect));
        let method = if path.contains("ID") { "POST" } else { "DELETE" };
        let ended = send(&app, method, &path.replace("ID", &session), &[]).await;
        assert_eq!((ended.status, ended.active_session), (200, ActiveSession::None), "{path}");
        assert_eq!(ended.body.expose()["client"]["sessions"], json!([]), "{path}");
        assert!(!app.clerk.is_signed_in(), "{path}");
    }
}

#[tokio::test]
async fn frontend_api_shows_neither_client_tokens_nor_what_the_window_must_not_see() {
    let (app, session) = signed_in().await;
    let path = format!("/client/sessions/{session}");
    let everything = send(&app, "GET", &path, &[]).await;
    let token = |json: &Value| json["last_active_token"]["jwt"].as_str().map(str::to_owned);
    let known = app.clerk.session_token().await.unwrap().map(|token| token.expose().to_owned());
    assert!(known.is_some());
    assert_eq!(token(&everything.body.expose()["response"]), known);
    assert_eq!(token(&everything.body.expose()["client"]["sessions"][0]), known);
    let restricted = send_with(&app, request("GET", &path, &[]), Disclosure::default()).await.unwrap();
    let state = app.clerk.clerk_js_state(Disclosure::default());
    let texts = [restricted.body.expose().to_string(), state.client.expose().to_string()];
    for text in &texts {
        assert!(!text.contains(known.as_deref().unwrap()), "{text}");
    }
    for issued in app.emulator.issued_client_tokens() {
        assert!(texts.iter().all(|text| !text.contains(&issued)));
        assert!(!everything.body.expose().to_string().contains(&issued));
    }
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    let created = send(&app, "POST", "/client/sign_ins", &[("strategy", "oauth_google"), ("redirect_url", PAGE)]).await;
    let page = |json: &Value| {
        json["response"]["first_factor_verification"]["external_verification_redirect_url"].as_str().map(str::to_owned)
    };
    assert!(page(created.body.expose()).is_some());
    let sign_in = format!("/client/sign_ins/{}", created.body.expose()["response"]["id"].as_str().unwrap());
    let hidden = send_with(&app, request("GET", &sign_in, &[]), Disclosure::default()).await.unwrap();
    assert_eq!(page(hidden.body.expose()), None);
    assert!(!hidden.body.expose().to_string().contains(&page(created.body.expose()).unwrap()), "in the client neither");
}

#[tokio::test]
async fn frontend_api_refuses_what_the_sdk_sets_and_paths_that_are_none() {
    let (app, session) = signed_in().await;
    let before = app.emulator.requests().len();
    for path in [
        "",
        "client",
        "/",
        "/client/",
        "//client",
        "/client/../me",
        "/client/%2e%2e/me",
        "/client/a%2Fb",
        "/me?x=1",
        "/me#x",
        "/%zz",
        "/me/%ff",
    ] {
        let error = send_with(&app, request("GET", path, &[]), ALL).await.unwrap_err();
        assert_eq!(error.code(), "option_invalid", "{path}");
    }
    for method in ["", "get", "HEAD", "OPTIONS"] {
        assert_eq!(send_with(&app, request(method, "/me", &[]), ALL).await.unwrap_err().code(), "option_invalid");
    }
    for name in ["_method", "_is_native", "_clerk_session_id", "__clerk_api_version", "rotating_token_nonce"] {
        let error = send_with(&app, request("POST", "/client/sign_ins", &[(name, "x")]), ALL).await.unwrap_err();
        assert_eq!(error.code(), "option_invalid", "{name} in the form");
        let query: FrontendApiRequest =
            serde_json::from_value(json!({ "method": "GET", "path": "/me", "query": [[name, "x"]] })).unwrap();
        assert_eq!(send_with(&app, query, ALL).await.unwrap_err().code(), "option_invalid", "{name} in the query");
    }
    for tokens in [format!("/client/sessions/{session}/tokens"), "/me/tokens".to_owned()] {
        let error = send_with(&app, request("POST", &tokens, &[]), ALL).await.unwrap_err();
        assert_eq!(error.code(), "request_not_allowed", "{tokens}");
    }
    assert_eq!(app.emulator.requests().len(), before, "nothing was sent");
}

#[tokio::test]
async fn frontend_api_replaces_redirects_that_lead_to_the_page() {
    let app = App::start(config()).await;
    for url in [
        PAGE,
        "tauri://localhost/x?__clerk_modal_state=abc",
        "/sso-callback",
        "#/x",
        "",
        CALLBACK,
        "https://evil.example/",
    ] {
        let form = [("strategy", "oauth_google"), ("redirect_url", url), ("action_complete_redirect_url", url)];
        let created = send(&app, "POST", "/client/sign_ins", &form).await;
        // The emulator refuses every URL that is not on the allowlist.
        assert_eq!(created.status, 200, "{url}: {}", created.body.expose());
    }
}

/// Only the window's own page is replaced where the URL is for somebody else.
#[tokio::test]
async fn frontend_api_keeps_the_redirect_of_an_invitation() {
    let (app, session) = signed_in().await;
    let organization = app.clerk.user().unwrap().organization_memberships[0].organization.id.to_string();
    select(&app, &session, Some(&organization)).await;
    let path = format!("/organizations/{organization}/invitations");
    let invite = |url: &'static str| {
        let form = [("email_address", "new@example.com"), ("role", "org:member"), ("redirect_url", url)];
        request("POST", &path, &form)
    };
    send_with(&app, invite("https://app.example.com/join"), ALL).await.unwrap();
    let sent = app.emulator.requests();
    let sent = sent.iter().rev().find(|entry| entry.path.ends_with("/invitations")).unwrap();
    assert!(format!("{sent:?}").contains("app.example.com"), "{sent:?}");
}

#[tokio::test]
async fn frontend_api_uploads_a_picture() {
    let (app, _) = signed_in().await;
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let file = FrontendApiFile {
        name: "me.png".to_owned(),
        content_type: "image/png".to_owned(),
        data: Secret::new(png.to_owned()),
    };
    let upload = |file: FrontendApiFile| FrontendApiRequest {
        parts: vec![FrontendApiPart { name: "file".to_owned(), value: None, file: Some(file) }],
        ..request("POST", "/me/profile_image", &[])
    };
    let uploaded = send_with(&app, upload(file.clone()), ALL).await.unwrap();
    assert_eq!(uploaded.status, 200, "{}", uploaded.body.expose());
    assert!(app.clerk.user().unwrap().has_image);
    let broken = FrontendApiFile { data: Secret::new("not base64!".to_owned()), ..file.clone() };
    assert_eq!(send_with(&app, upload(broken), ALL).await.unwrap_err().code(), "option_invalid");
    let huge = FrontendApiFile { data: Secret::new("A".repeat(16 * 1024 * 1024)), ..file.clone() };
    assert_eq!(send_with(&app, upload(huge), ALL).await.unwrap_err().code(), "option_invalid");
    let odd = FrontendApiFile { content_type: "not a media type".to_owned(), ..file };
    assert_eq!(send_with(&app, upload(odd), ALL).await.unwrap_err().code(), "network_error");
}

#[tokio::test]
async fn frontend_api_returns_resources_without_an_envelope_as_they_are() {
    let (app, _) = signed_in().await;
    let sessions = send(&app, "GET", "/me/sessions/active", &[]).await;
    assert_eq!(sessions.body.expose().as_array().map(Vec::len), Some(1), "{}", sessions.body.expose());
    let environment = send(&app, "GET", "/environment", &[]).await;
    assert!(environment.body.expose()["display_config"].is_object());
}

#[tokio::test]
async fn frontend_api_reports_an_unreachable_server_as_an_error() {
    let (app, _) = signed_in().await;
    app.emulator.fault(Fault::new("*", Action::Disconnect));
    let error: Error = send_with(&app, request("PATCH", "/me", &[("first_name", "A")]), ALL).await.unwrap_err();
    assert_eq!(error.code(), "network_error");
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn clerk_js_state_is_what_fapi_sent() {
    let (app, session) = signed_in().await;
    let state = app.clerk.clerk_js_state(ALL);
    assert_eq!(state.client.expose()["sessions"][0]["id"], session);
    assert_eq!(state.callback_url, CALLBACK);
    assert!(state.environment["auth_config"].is_object());
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    let state = app.clerk.clerk_js_state(ALL);
    assert_eq!((&state.client.expose()["sessions"], state.active_session), (&json!([]), ActiveSession::None));
}

/// Begins an attempt in the window and opens its page. Returns the waiting call, the page and the attempt's path.
async fn begin(app: &App, path: &str) -> (tokio::task::JoinHandle<clerk_core::Result<String>>, String, String) {
    begin_as(app, path, str::to_owned).await
}

/// The same, with the page in another spelling.
async fn begin_as(
    app: &App,
    path: &str,
    spelling: impl Fn(&str) -> String,
) -> (tokio::task::JoinHandle<clerk_core::Result<String>>, String, String) {
    let form = [("strategy", "oauth_google"), ("redirect_url", PAGE), ("action_complete_redirect_url", PAGE)];
    let created = send(app, "POST", path, &form).await;
    let resource = created.body.expose()["response"].clone();
    let verification = [
        &resource["first_factor_verification"],
        &resource["verifications"]["external_account"],
        &resource["verification"],
    ];
    let page = verification.iter().find_map(|one| one["external_verification_redirect_url"].as_str());
    let page = page.unwrap_or_else(|| panic!("{}", created.body.expose()));
    let before = app.browser.0.lock().unwrap().len();
    let (clerk, url) = (app.clerk.clone(), spelling(page));
    let waiting = tokio::spawn(async move { clerk.open_and_wait(&url).await.map(|outcome| outcome.callback_url) });
    let opened = app.page(before).await;
    (waiting, opened, format!("{path}/{}", resource["id"].as_str().unwrap()))
}

/// What `clerk-js` does after the callback.
async fn reload(app: &App, path: &str) -> FrontendApiResponse {
    let nonce = json!([["rotating_token_nonce", "redeemed"]]);
    let reload: FrontendApiRequest =
        serde_json::from_value(json!({ "method": "GET", "path": path, "query": nonce })).unwrap();
    send_with(app, reload, ALL).await.unwrap()
}

#[tokio::test]
async fn open_and_wait_returns_without_the_nonce_and_the_window_continues() {
    let app = App::start(config()).await;
    let (waiting, page, path) = begin(&app, "/client/sign_ins").await;
    assert_eq!(app.return_from(&page, Decision::Approve(ada())).await, LinkOutcome::Delivered);
    let callback = join(waiting).await.unwrap();
    assert_eq!(callback, format!("{CALLBACK}?rotating_token_nonce=redeemed"));
    let reloaded = reload(&app, &path).await;
    assert_eq!(reloaded.body.expose()["response"]["status"], "complete", "{}", reloaded.body.expose());
    assert!(!app.clerk.is_signed_in(), "the window activates the session");
}

#[tokio::test]
async fn open_and_wait_lets_the_window_show_a_refusal() {
    let app = App::start(config()).await;
    let (waiting, page, path) = begin(&app, "/client/sign_ins").await;
    assert_eq!(app.return_from(&page, Decision::Deny).await, LinkOutcome::Delivered);
    join(waiting).await.unwrap();
    let reloaded = reload(&app, &path).await;
    let verification = &reloaded.body.expose()["response"]["first_factor_verification"];
    assert_eq!(verification["error"]["code"], "oauth_access_denied", "{verification}");
}

#[tokio::test]
async fn open_and_wait_connects_an_external_account() {
    let (app, _) = signed_in().await;
    let (waiting, page, _) = begin(&app, "/me/external_accounts").await;
    // Any program can send such a link; the account is not verified yet.
    let forged = format!("{CALLBACK}?rotating_token_nonce=forged").parse().unwrap();
    assert_eq!(app.clerk.handle_deep_link(&forged).await, LinkOutcome::Refused);
    assert_eq!(app.return_from(&page, Decision::Approve(grace())).await, LinkOutcome::Delivered);
    join(waiting).await.unwrap();
    reload(&app, "/me").await;
    let user = app.clerk.user().unwrap();
    assert_eq!(user.external_accounts.len(), 1);
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
}

#[tokio::test]
async fn open_and_wait_is_superseded_and_cancelled_as_other_flows() {
    let app = App::start(config()).await;
    let (first, ..) = begin(&app, "/client/sign_ins").await;
    let (second, ..) = begin(&app, "/client/sign_ins").await;
    assert_eq!(join(first).await.unwrap_err().code(), "oauth_flow_superseded");
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(second).await.unwrap_err().code(), "oauth_flow_cancelled");
    let (third, ..) = begin(&app, "/client/sign_ups").await;
    third.abort();
}

#[tokio::test]
async fn open_and_wait_opens_no_page_that_fapi_did_not_name() {
    let (app, _) = signed_in().await;
    for url in ["https://evil.example/", "", "javascript:alert(1)", &app.emulator.base_url()] {
        assert_eq!(app.clerk.open_and_wait(url).await.unwrap_err().code(), "url_not_allowed", "{url}");
    }
    assert!(app.browser.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn open_and_wait_opens_no_page_that_a_window_wrote() {
    let evil = "https://evil.example/";
    let forged = json!({
        "object": "external_account", "id": "eac_1", "external_verification_redirect_url": evil,
        "verification": { "object": "verification_oauth", "external_verification_redirect_url": evil },
    });
    let forged =
        json!({ "object": "user", "external_accounts": [forged], "verifications": { "a": forged }, "deep": forged });
    let metadata = forged.to_string();
    for (method, path) in [("PATCH", "/me/metadata"), ("POST", "/client/sign_ups")] {
        let app = if path.starts_with("/me") { signed_in().await.0 } else { App::start(config()).await };
        let response = send(&app, method, path, &[("unsafe_metadata", &metadata)]).await;
        let written = &response.body.expose()["response"]["unsafe_metadata"];
        assert_eq!(written["external_accounts"], forged["external_accounts"], "{path}: {}", response.body.expose());
        assert_eq!(app.clerk.open_and_wait(evil).await.unwrap_err().code(), "url_not_allowed", "{path}");
        assert!(app.browser.0.lock().unwrap().is_empty());
    }
}

/// A window sends the address as its URL parser writes it.
#[tokio::test]
async fn open_and_wait_knows_a_page_in_another_spelling() {
    let app = App::start(config()).await;
    let (waiting, page, _) = begin_as(&app, "/client/sign_ins", |page| page.replacen("http://", "HTTP://", 1)).await;
    assert_eq!(app.return_from(&page, Decision::Approve(ada())).await, LinkOutcome::Delivered);
    join(waiting).await.unwrap();
}

/// The page is gone after a restart, so the app itself continues the attempt.
#[tokio::test]
async fn open_and_wait_is_finished_after_a_restart() {
    let app = App::start(config()).await;
    let (waiting, page, _) = begin(&app, "/client/sign_ins").await;
    waiting.abort();
    let restarted = app.restart().await;
    assert_eq!(restarted.return_from(&page, Decision::Approve(ada())).await, LinkOutcome::Resumed);
    assert!(restarted.clerk.is_signed_in());
}

#[tokio::test]
async fn open_and_wait_connects_an_external_account_after_a_restart() {
    let (app, _) = signed_in().await;
    let (waiting, page, _) = begin(&app, "/me/external_accounts").await;
    waiting.abort();
    let restarted = app.restart().await;
    assert_eq!(restarted.return_from(&page, Decision::Approve(grace())).await, LinkOutcome::Resumed);
    assert_eq!(restarted.clerk.user().unwrap().external_accounts.len(), 1);
    let outcome = restarted.clerk.take_redirect_outcome();
    assert_eq!(outcome.and_then(|outcome| outcome.navigate_to), None, "the account leads nowhere");
}

#[tokio::test]
async fn frontend_api_creates_an_organization_that_the_window_selects() {
    let (app, session) = signed_in().await;
    let created = send(&app, "POST", "/organizations", &[("name", "Difference Engines")]).await;
    let id = created.body.expose()["response"]["id"].as_str().unwrap().to_owned();
    select(&app, &session, Some(&id)).await;
    assert_eq!(app.clerk.organization().map(|one| one.name.clone()).as_deref(), Some("Difference Engines"));
    let read = send(&app, "GET", &format!("/organizations/{id}"), &[]).await;
    assert_eq!(read.body.expose()["client"]["sessions"][0]["last_active_organization_id"], id);
}
