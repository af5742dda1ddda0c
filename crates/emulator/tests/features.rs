//! Features that are off by default: billing, API keys, and consent to OAuth applications.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

mod support;

use clerk_emulator::{ApiKeys, Config, Emulator, OAuthApplication, Payer, Plan};
use serde_json::{Value, json};
use support::{ADA, FapiResponse, GRACE, Native, PASSWORD, read, start};

fn with_plans(config: &mut Config) {
    config.billing.users = true;
    config.billing.organizations = true;
    let mut team = Plan::new("team", "Team", 2_900);
    team.payer = Payer::Organization;
    let mut pro = Plan::new("pro", "Pro", 999);
    pro.annual_monthly = Some(799);
    pro.features = vec!["Priority support".to_owned()];
    pro.free_trial_days = Some(14);
    config.billing.plans = vec![Plan::new("free", "Free", 0), pro, team];
}

#[tokio::test]
async fn billing_is_off_by_default() {
    let (_emulator, ada) = start(|_| {}).await;
    ada.sign_in(ADA, PASSWORD).await;
    for path in ["/v1/billing/plans", "/v1/billing/plans/pro", "/v1/me/billing/subscription"] {
        assert_eq!(ada.get(path).await.summary(), "403 billing_not_enabled", "{path}");
    }
    let environment = ada.get("/v1/environment").await.body;
    assert_eq!(
        environment["commerce_settings"]["billing"]["user"],
        json!({ "enabled": false, "has_paid_plans": false })
    );
    assert_eq!(environment["api_keys_settings"]["enabled"], false);
}

#[tokio::test]
async fn billing_plans_are_listed_for_everybody() {
    let (_emulator, visitor) = start(with_plans).await;
    let names = |answer: &FapiResponse| -> Vec<String> {
        let plans = answer.body["data"].as_array().unwrap().iter();
        plans.map(|plan| plan["slug"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&visitor.get("/v1/billing/plans").await), ["free", "pro", "team"]);
    assert_eq!(names(&visitor.get("/v1/billing/plans?payer_type=org").await), ["team"]);
    let page = visitor.get("/v1/billing/plans?payer_type=user&limit=1&offset=1").await;
    assert_eq!((names(&page), &page.body["total_count"]), (vec!["pro".to_owned()], &json!(2)));
    assert_eq!(
        visitor.get("/v1/billing/plans?payer_type=cat").await.summary(),
        "422 form_param_value_invalid(payer_type)"
    );
    let pro = visitor.get("/v1/billing/plans/pro").await.body;
    assert_eq!(pro["fee"]["amount_formatted"], "9.99");
    assert_eq!((&pro["annual_monthly_fee"]["amount"], &pro["annual_fee"]["amount"]), (&json!(799), &json!(9_588)));
    assert_eq!((&pro["is_default"], &pro["features"][0]["slug"]), (&json!(false), &json!("priority-support")));
    let id = pro["id"].as_str().unwrap();
    assert_eq!(visitor.get(&format!("/v1/billing/plans/{id}")).await.body, pro);
    assert_eq!(visitor.get("/v1/billing/plans/gold").await.summary(), "404 resource_not_found");
    let settings = visitor.get("/v1/environment").await.body["commerce_settings"]["billing"].clone();
    assert_eq!(settings["organization"], json!({ "enabled": true, "has_paid_plans": true }));
}

#[tokio::test]
async fn billing_gives_everybody_the_free_plan_and_sells_nothing() {
    let (_emulator, ada) = start(with_plans).await;
    assert_eq!(ada.get("/v1/me/billing/subscription").await.summary(), "401 signed_out");
    ada.sign_in(ADA, PASSWORD).await;
    let subscription = ada.get("/v1/me/billing/subscription").await;
    assert_eq!(subscription.text("/status"), "active");
    assert_eq!(subscription.text("/subscription_items/0/plan/slug"), "free");
    assert_eq!(subscription.resource()["eligible_for_free_trial"], true);
    for list in ["payment_methods", "payment_attempts", "statements"] {
        let list = ada.get(&format!("/v1/me/billing/{list}?paginated=true")).await;
        assert_eq!(list.resource(), &json!({ "data": [], "total_count": 0 }));
    }
    assert_eq!(ada.get("/v1/me/billing/statements/one").await.summary(), "404 resource_not_found");
    let checkout = ada.post("/v1/me/billing/checkouts", &[("plan_id", "cplan_pro"), ("plan_period", "month")]).await;
    assert_eq!(checkout.summary(), "501 emulator_not_implemented");
    // Organizations have no free plan here, and only their members see their billing.
    let organization = ada.post("/v1/organizations", &[("name", "Analytical Engines")]).await.text("/id");
    let path = format!("/v1/organizations/{organization}/billing/subscription");
    assert_eq!(ada.get(&path).await.resource()["subscription_items"], json!([]));
    let grace = Native::new_like(&ada);
    grace.sign_in(GRACE, PASSWORD).await;
    assert_eq!(grace.get(&path).await.summary(), "404 organization_not_found_or_unauthorized");
}

/// A user with a session token, who uses API keys.
struct KeyHolder {
    native: Native,
    token: String,
    id: String,
}

impl KeyHolder {
    async fn new(native: Native, address: &str) -> Self {
        let session = native.sign_in(address, PASSWORD).await;
        let token = native.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await.text("/jwt");
        let id = native.get("/v1/me").await.text("/id");
        Self { native, token, id }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> FapiResponse {
        let request = self.native.raw(method, path).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json");
        read(request.body(if method == "GET" { String::new() } else { body.to_string() }).send().await.unwrap()).await
    }

    async fn create(&self, body: Value) -> FapiResponse {
        self.send("POST", "/api_keys", body).await
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let list = self.send("GET", &format!("/api_keys?{query}"), Value::Null).await;
        let keys = list.body["data"].as_array().unwrap().iter();
        keys.map(|key| key["name"].as_str().unwrap().to_owned()).collect()
    }
}

async fn key_holder(keys: fn(&mut ApiKeys)) -> (Emulator, KeyHolder) {
    let (emulator, native) = start(|config| keys(&mut config.api_keys)).await;
    let ada = KeyHolder::new(native, ADA).await;
    (emulator, ada)
}

#[tokio::test]
async fn api_keys_are_off_by_default() {
    let (_emulator, ada) = key_holder(|_| {}).await;
    for (method, path) in
        [("GET", "/api_keys"), ("POST", "/api_keys"), ("PATCH", "/api_keys/ak_1"), ("POST", "/api_keys/ak_1/revoke")]
    {
        let answer = ada.send(method, path, json!({})).await;
        assert_eq!(answer.summary(), "422 api_keys_not_enabled", "{method} {path}");
    }
}

#[tokio::test]
async fn api_keys_are_created_listed_changed_and_revoked() {
    let (_emulator, ada) = key_holder(|keys| keys.users = true).await;
    let subject = format!("subject={}", ada.id);
    let made =
        ada.create(json!({ "type": "api_key", "name": "Reports", "subject": ada.id, "description": null })).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert!(made.text("/secret").starts_with("ak_") && made.text("/id").starts_with("ak_"), "{made:?}");
    let key = json!({ "name": "Backups", "subject": ada.id, "seconds_until_expiration": 3600 });
    let limited = ada.create(key).await;
    assert_eq!(limited.body["expiration"], json!(limited.body["created_at"].as_i64().unwrap() + 3_600_000));
    assert_eq!(ada.names(&subject).await, ["Backups", "Reports"], "the newest first");
    assert_eq!(ada.names(&format!("{subject}&query=rep")).await, ["Reports"]);
    let list = ada.send("GET", &format!("/api_keys?{subject}&limit=1"), Value::Null).await.body;
    assert_eq!((&list["total_count"], &list["data"][0]["secret"]), (&json!(2), &Value::Null));
    let path = format!("/api_keys/{}", made.text("/id"));
    let changed = ada.send("PATCH", &path, json!({ "description": "Nightly" })).await;
    assert_eq!(changed.text("/description"), "Nightly");
    assert_eq!(ada.send("PATCH", &path, json!({})).await.text("/description"), "Nightly");
    let revoked = ada.send("POST", &format!("{path}/revoke"), json!({ "revocation_reason": "lost" })).await;
    assert_eq!((&revoked.body["revoked"], revoked.text("/revocation_reason")), (&json!(true), "lost".to_owned()));
    assert_eq!(ada.names(&subject).await, ["Backups"]);
    assert_eq!(ada.names(&format!("{subject}&include_invalid=true")).await, ["Backups", "Reports"]);
}

#[tokio::test]
async fn api_keys_are_validated() {
    let (emulator, ada) = key_holder(|keys| keys.users = true).await;
    let with = |name: &str, value: Value| {
        let mut body = json!({ "name": "Reports", "subject": ada.id });
        body[name] = value;
        body
    };
    for (body, expected) in [
        (with("name", json!("ab")), "400 bad_request(name)"),
        (with("name", json!(" padded ")), "400 bad_request(name)"),
        (with("name", json!(7)), "400 bad_request(name)"),
        (with("colour", json!("red")), "400 bad_request(colour)"),
        (with("type", json!("oauth_token")), "400 bad_request(type)"),
        (with("description", json!("x".repeat(256))), "400 bad_request(description)"),
        (with("seconds_until_expiration", json!(0)), "400 bad_request(seconds_until_expiration)"),
        (with("seconds_until_expiration", json!(1e300)), "400 bad_request(seconds_until_expiration)"),
        (with("subject", json!("user_somebody")), "404 resource_not_found"),
        (json!([]), "400 bad_request"),
        (with("name", json!("Reports")), "201"),
        (with("name", json!("Reports")), "409 token_creation_conflict"),
    ] {
        assert_eq!(ada.create(body.clone()).await.summary(), expected, "{body}");
    }
    assert_eq!(ada.send("POST", "/api_keys/ak_1/revoke", json!({})).await.summary(), "404 resource_not_found");
    // As clerk-js asks behind a proxy.
    assert_eq!(ada.names(&format!("subject={}", ada.id)).await, ["Reports"]);
    let doubled = ada.send("GET", &format!("//api_keys?subject={}", ada.id), Value::Null).await;
    assert_eq!(doubled.body["total_count"], 1);
    // The client token is no session token, and a session token counts no longer than its session.
    let client_token = ada.native.token.lock().unwrap().clone().unwrap();
    let list =
        |token: String| ada.native.raw("GET", &format!("/api_keys?subject={}", ada.id)).bearer_auth(token).send();
    assert_eq!(read(list(client_token).await.unwrap()).await.summary(), "401 authentication_invalid");
    assert_eq!(read(list(ada.token.clone()).await.unwrap()).await.summary(), "200");
    emulator.advance_clock(std::time::Duration::from_secs(3600));
    assert_eq!(read(list(ada.token.clone()).await.unwrap()).await.summary(), "401 authentication_invalid");
}

#[tokio::test]
async fn api_keys_of_an_organization_need_its_permissions() {
    let (_emulator, ada) = key_holder(|keys| keys.organizations = true).await;
    assert_eq!(ada.create(json!({ "name": "Mine", "subject": ada.id })).await.summary(), "422 api_keys_not_enabled");
    let made = ada.native.post("/v1/organizations", &[("name", "Analytical Engines")]).await;
    let subject = made.text("/id");
    let key = json!({ "name": "Ours", "subject": subject });
    let grace = KeyHolder::new(Native::new_like(&ada.native), GRACE).await;
    assert_eq!(grace.create(key.clone()).await.summary(), "404 resource_not_found");
    let member = [("user_id", grace.id.as_str()), ("role", "org:member")];
    ada.native.post(&format!("/v1/organizations/{subject}/memberships"), &member).await;
    assert_eq!(grace.create(key.clone()).await.summary(), "403 missing_organization_permission");
    let made = ada.create(key).await;
    assert_eq!(made.summary(), "201");
    assert_eq!(ada.names(&format!("subject={subject}")).await, ["Ours"]);
    let revoke = format!("/api_keys/{}/revoke", made.text("/id"));
    assert_eq!(grace.send("POST", &revoke, json!({})).await.summary(), "403 missing_organization_permission");
}

#[tokio::test]
async fn oauth_consent_describes_the_application() {
    let (_emulator, ada) = start(|config| {
        let mut reader = OAuthApplication::new("client_reader", "Field Reader", &["profile", "email"]);
        reader.redirect_uris = vec!["https://reader.example.com/callback".to_owned()];
        config.oauth_applications = vec![reader];
    })
    .await;
    let path = "/v1/me/oauth/consent/client_reader";
    assert_eq!(ada.get(path).await.summary(), "401 signed_out");
    ada.sign_in(ADA, PASSWORD).await;
    let consent = ada.get(path).await.body;
    assert_eq!(
        (&consent["oauth_application_name"], &consent["redirect_domain"]),
        (&json!("Field Reader"), &Value::Null)
    );
    assert_eq!(consent["scopes"].as_array().map(Vec::len), Some(2));
    let asked = "?scope=email%20openid&redirect_uri=https%3A%2F%2Freader.example.com%2Fcallback";
    let consent = ada.get(&format!("{path}{asked}")).await.body;
    assert_eq!(consent["redirect_domain"], "example.com");
    assert_eq!((&consent["scopes"][0]["scope"], &consent["scopes"][1]), (&json!("email"), &Value::Null));
    let foreign = ada.get(&format!("{path}?redirect_uri=https%3A%2F%2Fevil.example")).await.body;
    assert_eq!(foreign["redirect_domain"], Value::Null);
    assert_eq!(ada.get("/v1/me/oauth/consent/client_unknown").await.summary(), "404 resource_not_found");
    assert_eq!(ada.post(path, &[("consented", "true")]).await.summary(), "501 emulator_not_implemented");
}
