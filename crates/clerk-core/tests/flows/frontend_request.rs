//! Requests of Rust code to parts of FAPI that have no method of their own.

use clerk_core::{Error, FrontendRequest, Method, Picture, SignOutOptions};
use clerk_emulator::{Action, Config, Entry, Fault, OAuthApplication, Payer, Plan};
use clerk_testkit::app::{App, config, first_error_code};
use serde_json::{Value, json};

/// Starts an app on an emulator with every feature that is off by default.
async fn start() -> App {
    let mut config = config();
    with_features(&mut config);
    App::start(config).await
}

fn with_features(config: &mut Config) {
    config.billing.users = true;
    config.billing.organizations = true;
    let mut team = Plan::new("team", "Team", 0);
    team.payer = Payer::Organization;
    config.billing.plans = vec![Plan::new("free", "Free", 0), Plan::new("pro", "Pro", 999), team];
    config.api_keys.users = true;
    let application = OAuthApplication::new("client_of_the_robot", "Robot", &["profile", "email"]);
    config.oauth_applications = vec![application];
}

fn get(app: &App, path: &str) -> FrontendRequest {
    app.clerk.frontend_request(Method::Get, path)
}

fn post(app: &App, path: &str) -> FrontendRequest {
    app.clerk.frontend_request(Method::Post, path)
}

async fn refusal(request: FrontendRequest) -> String {
    match request.send_json().await.unwrap_err() {
        error @ Error::Api(_) => first_error_code(&error).to_owned(),
        error => error.code().to_owned(),
    }
}

/// Returns the newest request to this path.
fn last(app: &App, path: &str) -> Entry {
    app.emulator.requests().into_iter().rev().find(|entry| entry.path == path).expect(path)
}

fn has(pairs: &[(String, String)], name: &str, value: &str) -> bool {
    pairs.iter().any(|(own, is)| own == name && is == value)
}

#[tokio::test]
async fn frontend_request_reads_billing() {
    #[derive(serde::Deserialize)]
    struct Plans {
        data: Vec<PlanOfPage>,
        total_count: u32,
    }
    #[derive(serde::Deserialize)]
    struct PlanOfPage {
        slug: String,
    }
    #[derive(serde::Deserialize)]
    struct Subscription {
        status: String,
        subscription_items: Vec<Value>,
    }
    let app = start().await;
    let plans: Plans = get(&app, "/billing/plans").query("payer_type", "user").send().await.unwrap();
    let slugs: Vec<_> = plans.data.iter().map(|plan| plan.slug.as_str()).collect();
    assert_eq!((slugs, plans.total_count), (vec!["free", "pro"], 2), "without an envelope, and without a user");
    let before = app.emulator.requests().len();
    assert_eq!(refusal(get(&app, "/me/billing/subscription")).await, "no_active_session");
    assert_eq!(app.emulator.requests().len(), before);

    app.sign_in_with_password().await;
    let own: Subscription = get(&app, "/me/billing/subscription").send().await.unwrap();
    assert_eq!((own.status.as_str(), own.subscription_items.len()), ("active", 1), "from its envelope");
    let organization = app.clerk.user().unwrap().organization_memberships[0].organization.id.clone();
    let of_organization = get(&app, "/organizations").segment(organization.as_str()).segment("billing");
    let theirs: Subscription = of_organization.segment("subscription").send().await.unwrap();
    assert_eq!(theirs.subscription_items[0]["plan"]["slug"], "team");
    let checkout = post(&app, "/me/billing/checkouts").field("plan_id", "cplan_pro").field("plan_period", "month");
    assert_eq!(refusal(checkout).await, "emulator_not_implemented");
    assert!(has(&last(&app, "/v1/me/billing/checkouts").form, "plan_period", "month"));
}

#[tokio::test]
async fn frontend_request_manages_api_keys_with_a_session_token() {
    let app = start().await;
    assert_eq!(refusal(get(&app, "/api_keys").unversioned()).await, "no_active_session");
    app.sign_in_with_password().await;
    let user = app.clerk.user().unwrap().id.to_string();
    let list = async || {
        let list = get(&app, "/api_keys").unversioned().query("subject", &*user).query("include_invalid", "true");
        list.send_json().await.unwrap()
    };
    assert_eq!(list().await["total_count"], 0);
    let body = json!({ "name": "Build server", "subject": user });
    let created = post(&app, "/api_keys").unversioned().json(&body).unwrap().send_json().await.unwrap();
    assert!(created["secret"].as_str().is_some_and(|secret| secret.starts_with("ak_")), "{created}");
    let id = created["id"].as_str().unwrap();
    let change = app.clerk.frontend_request(Method::Patch, "/api_keys").segment(id).unversioned();
    let changed = change.json(&json!({ "description": "In the cellar" })).unwrap().send_json().await.unwrap();
    assert_eq!(changed["description"], "In the cellar");
    let revoke = post(&app, "/api_keys").segment(id).segment("revoke").unversioned().json(&json!({})).unwrap();
    assert_eq!(revoke.send_json().await.unwrap()["revoked"], true);
    let listed = list().await;
    assert_eq!((&listed["data"][0]["name"], &listed["data"][0]["revoked"]), (&json!("Build server"), &json!(true)));
    assert_eq!(listed["data"][0].get("secret"), None);

    let entry = last(&app, "/api_keys");
    assert!(!entry.query.iter().any(|(name, _)| name == "_is_native"), "it has no client token");
    assert_eq!(entry.client, None);
    assert!(app.clerk.is_signed_in());
    get(&app, "/me").send_json().await.unwrap();
}

#[tokio::test]
async fn frontend_request_reports_that_api_keys_are_off() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    assert_eq!(refusal(get(&app, "/api_keys").unversioned().query("subject", "user_1")).await, "api_keys_not_enabled");
}

#[tokio::test]
async fn frontend_request_without_a_version_is_repeated_once_with_a_new_token() {
    let app = start().await;
    app.sign_in_with_password().await;
    let user = app.clerk.user().unwrap().id.to_string();
    let refuse = |times| {
        let refused = json!({ "errors": [{ "code": "authentication_invalid", "message": "no" }] });
        let (content_type, body) = ("application/json".to_owned(), refused.to_string());
        let fault = Fault::new("/api_keys", Action::Respond { status: 401, content_type, body });
        app.emulator.clear_requests();
        app.emulator.fault(fault.times(times));
    };
    let count = |ending: &str| app.emulator.requests().iter().filter(|entry| entry.path.ends_with(ending)).count();
    let list = || get(&app, "/api_keys").unversioned().query("subject", &*user);
    refuse(1);
    assert_eq!(list().send_json().await.unwrap()["total_count"], 0);
    assert_eq!((count("/api_keys"), count("/tokens")), (2, 1));
    refuse(2);
    assert_eq!(refusal(list()).await, "authentication_invalid");
    assert_eq!(count("/api_keys"), 2);
    assert!(app.clerk.is_signed_in(), "a refused session token says nothing about the client");
}

#[tokio::test]
async fn frontend_request_reads_what_an_oauth_application_asks_for() {
    #[derive(serde::Deserialize)]
    struct Consent {
        oauth_application_name: String,
        scopes: Vec<Scope>,
    }
    #[derive(serde::Deserialize)]
    struct Scope {
        scope: String,
    }
    let app = start().await;
    app.sign_in_with_password().await;
    let consent = |client: &str| get(&app, "/me/oauth/consent").segment(client);
    let read: Consent = consent("client_of_the_robot").query("scope", "email").send().await.unwrap();
    assert_eq!((read.oauth_application_name.as_str(), read.scopes.len()), ("Robot", 1));
    assert_eq!(read.scopes[0].scope, "email");
    assert_eq!(refusal(consent("an other?x=1#y")).await, "resource_not_found", "still one segment");
    assert_eq!(refusal(consent("../me")).await, "option_invalid");
}

#[tokio::test]
async fn frontend_request_approves_devices() {
    let app = start().await;
    app.sign_in_with_password().await;
    // The emulator has no such flow, and refuses it as an instance without the feature.
    let lookup = post(&app, "/me/oauth/device/lookup").field("user_code", "WDJB-MJHT");
    assert_eq!(refusal(lookup).await, "feature_not_enabled");
    let approve = post(&app, "/me/oauth/device").field("user_code", "WDJB-MJHT").field("approved", "true");
    assert_eq!(refusal(approve).await, "feature_not_enabled");
    let entry = last(&app, "/v1/me/oauth/device");
    assert!(entry.native && entry.client.is_some(), "{entry:?}");
    assert!(has(&entry.form, "user_code", "WDJB-MJHT") && has(&entry.form, "approved", "true"), "{entry:?}");
}

#[tokio::test]
async fn frontend_request_shares_credential_state_and_session() {
    let app = start().await;
    let session = app.sign_in_with_password().await;
    let change = app.clerk.frontend_request(Method::Patch, "/me").field("first_name", "Augusta");
    assert_eq!(change.send_json().await.unwrap()["first_name"], "Augusta");
    assert_eq!(app.clerk.user().unwrap().first_name.as_deref(), Some("Augusta"), "the client in the response counts");
    let session_of = |path: &str| {
        let sent = last(&app, path).query.into_iter().find(|(name, _)| name == "_clerk_session_id");
        sent.map(|(_, value)| value)
    };
    assert_eq!(session_of("/v1/me"), Some(session.to_string()));
    let _ = get(&app, "/me/sessions").session("sess_other").send_json().await;
    assert_eq!(session_of("/v1/me/sessions").as_deref(), Some("sess_other"));

    let png = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    );
    let picture =
        |content: Vec<u8>| Picture { file_name: "me.png".to_owned(), content_type: "image/png".to_owned(), content };
    let upload = post(&app, "/me/profile_image").file("file", picture(png.unwrap()));
    assert_eq!(upload.send_json().await.unwrap()["object"], "image");
    let large = post(&app, "/me/profile_image").file("file", picture(vec![0; 10 * 1024 * 1024 + 1]));
    assert_eq!(refusal(large).await, "option_invalid");
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    assert_eq!(refusal(get(&app, "/me")).await, "no_active_session");
}

#[tokio::test]
async fn frontend_request_refuses_what_has_a_method_of_its_own() {
    let app = start().await;
    let session = app.sign_in_with_password().await;
    let before = app.emulator.requests().len();
    for (method, path) in [
        (Method::Post, format!("/client/sessions/{session}/tokens")),
        (Method::Post, format!("/client/sessions/{session}/tokens/api")),
        (Method::Post, format!("/client/sessions/{session}/%74okens")),
        (Method::Post, "/me/tokens".to_owned()),
        (Method::Post, format!("/client/sessions/{session}/remove")),
        (Method::Post, format!("/client/sessions/{session}/end")),
        (Method::Post, format!("/client/sessions/{session}/touch")),
        (Method::Delete, "/client/sessions".to_owned()),
        (Method::Delete, "/client".to_owned()),
        (Method::Put, "/client".to_owned()),
        (Method::Get, "/client".to_owned()),
        (Method::Post, "/client/hosted_auth".to_owned()),
        (Method::Post, "/client/magic_links/complete".to_owned()),
        (Method::Get, "/client/handshake".to_owned()),
        (Method::Post, "/dev_browser".to_owned()),
    ] {
        for request in
            [app.clerk.frontend_request(method, &*path), app.clerk.frontend_request(method, &*path).unversioned()]
        {
            assert_eq!(refusal(request).await, "request_not_allowed", "{path}");
        }
    }
    assert_eq!(app.emulator.requests().len(), before);
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn frontend_request_refuses_what_is_not_valid() {
    let app = start().await;
    app.sign_in_with_password().await;
    let before = app.emulator.requests().len();
    let picture = || Picture { file_name: "x".to_owned(), content_type: "image/png".to_owned(), content: vec![1] };
    for request in [
        get(&app, ""),
        get(&app, "me"),
        get(&app, "/"),
        get(&app, "/me/../client"),
        get(&app, "/me/%2e%2e/client"),
        get(&app, "/me%2Fsessions"),
        get(&app, "/me?x=1"),
        get(&app, "/me#x"),
        get(&app, "/v1/me"),
        get(&app, "/v1/client/sessions/sess_1/tokens").unversioned(),
        get(&app, "/v2/me").unversioned(),
        get(&app, "/me").segment("a/b"),
        get(&app, "/me").query("_method", "DELETE"),
        get(&app, "/me").query("rotating_token_nonce", "x"),
        get(&app, "/me").field("a", "b"),
        get(&app, "/me").file("file", picture()),
        get(&app, "/me").json(&json!({})).unwrap(),
        post(&app, "/me").field("_clerk_session_id", "x"),
        post(&app, "/me").field("_method", "DELETE").file("file", picture()),
        post(&app, "/me").file("_method", picture()),
        post(&app, "/me").field("a", "b").json(&json!({})).unwrap(),
    ] {
        let text = format!("{request:?}");
        assert_eq!(refusal(request).await, "option_invalid", "{text}");
    }
    assert_eq!(app.emulator.requests().len(), before);
}

#[tokio::test]
async fn frontend_request_reports_another_shape_without_quoting_it() {
    #[derive(Debug, serde::Deserialize)]
    struct Missing {
        #[expect(dead_code, reason = "it is never read")]
        age: u8,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Wrong {
        #[expect(dead_code, reason = "it is never read")]
        first_name: u8,
    }
    let app = start().await;
    app.sign_in_with_password().await;
    let missing = get(&app, "/me").send::<Missing>().await.unwrap_err();
    assert!(missing.to_string().contains("`age`"), "{missing}");
    let wrong = get(&app, "/me").send::<Wrong>().await.unwrap_err();
    for error in [missing, wrong] {
        assert_eq!(error.code(), "decode_error");
        assert!(!error.to_string().contains("Ada"), "{error}");
    }
}
