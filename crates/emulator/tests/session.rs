//! Sessions, their tokens and tasks, and reverification.

#![expect(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clerk_emulator::{Config, Emulator, JwtTemplate, NewUser, Role};
use jwt_simple::prelude::{NoCustomClaims, RS256PublicKey, RSAPublicKeyLike, VerificationOptions};
use serde_json::{Value, json};
use support::{ADA, GRACE, Native, PASSWORD, ada, start};

/// Verifies a token with another library than the one that signed it, and returns its claims.
async fn verified(native: &Native, token: &str) -> Value {
    let keys = native.get("/.well-known/jwks.json").await.body;
    let part = |name: &str| URL_SAFE_NO_PAD.decode(keys["keys"][0][name].as_str().unwrap()).unwrap();
    let key = RS256PublicKey::from_components(&part("n"), &part("e")).unwrap();
    let options =
        VerificationOptions { time_tolerance: Some(jwt_simple::prelude::Duration::from_secs(5)), ..Default::default() };
    key.verify_token::<NoCustomClaims>(token, Some(options)).unwrap();
    let header: Value = decode(token.split('.').next().unwrap());
    assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &keys["keys"][0]["kid"]));
    decode(token.split('.').nth(1).unwrap())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn token(native: &Native, session: &str, form: &[(&str, &str)]) -> support::FapiResponse {
    native.post(&format!("/v1/client/sessions/{session}/tokens"), form).await
}

#[tokio::test]
async fn session_token_verifies_and_has_version_two_claims() {
    let (emulator, native) = start(|config| {
        config.users[0].organization = Some("Analytical Engines".to_owned());
        config.organizations.roles = vec![Role::new(
            "org:billing",
            "Billing",
            &["org:invoices:create", "org:invoices:read", "org:reports:read"],
        )];
        config.session_claims =
            json!({ "plan": "{{user.public_metadata.plan || 'free'}}", "sub": "forged" }).as_object().unwrap().clone();
    })
    .await;
    let session = native.sign_in(ADA, PASSWORD).await;
    let minted = token(&native, &session, &[]).await;
    let claims = verified(&native, minted.body["jwt"].as_str().unwrap()).await;
    assert_eq!(claims["iss"], emulator.base_url());
    assert_eq!(
        (&claims["v"], &claims["sts"], &claims["fva"], &claims["sid"]),
        (&json!(2), &json!("active"), &json!([0, -1]), &json!(session))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert_eq!(claims["iat"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 10);
    assert_eq!((&claims["o"], &claims["azp"], &claims["plan"]), (&Value::Null, &Value::Null, &json!("free")));
    assert_ne!(claims["sub"], "forged", "reserved claims can't be set");
    let organization = native.get("/v1/me").await.text("/organization_memberships/0/organization/id");
    let with = token(&native, &session, &[("organization_id", &organization)]).await;
    let claims = verified(&native, with.body["jwt"].as_str().unwrap()).await;
    assert_eq!((&claims["o"]["rol"], &claims["o"]["slg"]), (&json!("admin"), &json!("analytical-engines")));
    assert_eq!(
        (&claims["fea"], &claims["o"]["per"], &claims["o"]["fpm"]),
        (&json!("o:invoices,o:reports"), &json!("create,read"), &json!("3,2"))
    );
    assert_eq!(
        token(&native, &session, &[("organization_id", "org_nobody")]).await.summary(),
        "404 organization_not_found_or_unauthorized"
    );
}

#[tokio::test]
async fn jwt_template_shortcodes_are_replaced() {
    let (_emulator, native) = start(|config| {
        let claims = json!({
            "email": "{{user.primary_email_address}}", "name": "{{user.full_name}}!", "nobody": "{{user.username}}",
            "who": "{{user.username || 'anonymous'}}", "nested": { "id": ["{{user.id}}"] }, "exp": 1,
        });
        config.jwt_templates = vec![JwtTemplate::new("hasura", claims.as_object().unwrap().clone())];
    })
    .await;
    let session = native.sign_in(ADA, PASSWORD).await;
    let path = format!("/v1/client/sessions/{session}/tokens");
    assert_eq!(native.post(&format!("{path}/unknown"), &[]).await.summary(), "404 resource_not_found");
    let response = native.post(&format!("{path}/hasura"), &[]).await;
    let claims = verified(&native, response.body["jwt"].as_str().unwrap()).await;
    assert_eq!(
        (&claims["email"], &claims["name"], &claims["nobody"], &claims["who"]),
        (&json!(ADA), &json!("Ada Lovelace!"), &Value::Null, &json!("anonymous"))
    );
    assert_eq!((&claims["nested"]["id"][0], &claims["sid"]), (&claims["sub"], &Value::Null));
    assert!(claims["exp"].as_i64().unwrap() > 1, "standard claims can't be set");
}

#[tokio::test]
async fn session_status_affects_tokens_and_listing() {
    let (emulator, native) = start(|config| config.sessions.mode = "multi".to_owned()).await;
    for (action, status, minting) in [
        ("revoke", None, "401 signed_out"),
        ("expire", Some("expired"), "401 signed_out"),
        ("end", Some("ended"), "401 signed_out"),
        ("replace", Some("replaced"), "401 signed_out"),
    ] {
        let session = native.sign_in(ADA, PASSWORD).await;
        assert_eq!(emulator.control("POST", &format!("sessions/{session}/{action}"), &Value::Null).0, 200);
        assert_eq!(token(&native, &session, &[]).await.summary(), minting, "{action}");
        let client = native.get("/v1/client").await;
        let listed =
            client.resource()["sessions"].as_array().unwrap().iter().find(|one| one["id"] == session.as_str()).cloned();
        assert_eq!(listed.and_then(|one| one["status"].as_str().map(str::to_owned)).as_deref(), status, "{action}");
    }
    let session = native.sign_in(ADA, PASSWORD).await;
    let ended = native.post(&format!("/v1/client/sessions/{session}/end"), &[]).await;
    assert_eq!(ended.text("/status"), "ended");
    assert_eq!(
        native.post(&format!("/v1/client/sessions/{session}/end"), &[]).await.summary(),
        "400 invalid_action_for_session"
    );
    assert!(
        native.get("/v1/client").await.resource()["last_active_session_id"].is_null(),
        "no other session becomes active"
    );
    let session = native.sign_in(ADA, PASSWORD).await;
    emulator.advance_clock(Duration::from_secs(7 * 24 * 60 * 60));
    assert_eq!(token(&native, &session, &[]).await.summary(), "401 signed_out");
    assert_eq!(token(&native, "sess_nobody", &[]).await.summary(), "404 resource_not_found");
}

#[tokio::test]
async fn me_sessions_are_listed_and_revoked() {
    let (emulator, native) = start(|_| {}).await;
    let (here, other) = (native.sign_in(ADA, PASSWORD).await, Native::new(&emulator));
    let there = other.sign_in(ADA, PASSWORD).await;
    let list = native.get("/v1/me/sessions/active").await;
    assert_eq!(list.body.as_array().unwrap().len(), 2);
    assert_eq!(list.body[0]["latest_activity"]["object"], "session_activity");
    assert_eq!(native.post(&format!("/v1/me/sessions/{there}/revoke"), &[]).await.text("/status"), "revoked");
    assert_eq!(token(&other, &there, &[]).await.summary(), "401 signed_out");
    let stranger = Native::new(&emulator);
    stranger.sign_in(GRACE, PASSWORD).await;
    assert_eq!(stranger.post(&format!("/v1/me/sessions/{here}/revoke"), &[]).await.summary(), "404 resource_not_found");
}

#[tokio::test]
async fn session_tasks_keep_the_session_pending() {
    let mut config = Config::preset("tasks").unwrap();
    config.users = vec![NewUser { organization: Some("Engines".to_owned()), ..ada() }];
    let emulator = Emulator::start(config).await.unwrap();
    let native = Native::new(&emulator);
    let session = native.sign_in(ADA, PASSWORD).await;
    let read = async || native.get(&format!("/v1/client/sessions/{session}")).await;
    let pending = read().await;
    assert_eq!(
        (pending.text("/status").as_str(), &pending.resource()["tasks"]),
        ("pending", &json!([{ "key": "choose-organization" }, { "key": "setup-mfa" }]))
    );
    let claims = decode(token(&native, &session, &[]).await.body["jwt"].as_str().unwrap().split('.').nth(1).unwrap());
    assert_eq!(claims["sts"], "pending");
    let organization = native.get("/v1/me").await.text("/organization_memberships/0/organization/id");
    let path = format!("/v1/client/sessions/{session}/touch");
    let touched = native.post(&path, &[("active_organization_id", &organization)]).await;
    assert_eq!(touched.resource()["tasks"], json!([{ "key": "setup-mfa" }]));
    native.post("/v1/me/totp", &[]).await;
    let user = native.get("/v1/me").await.text("/id");
    let code = emulator.totp_code(&user).unwrap();
    let done = native.post("/v1/me/totp/attempt_verification", &[("code", &code)]).await;
    assert_eq!(done.body["client"]["sessions"][0]["status"], "active", "updated in the same response");
    // If every session needs an organization, an empty value means the current one.
    let kept = native.post(&path, &[("active_organization_id", "")]).await;
    assert_eq!(kept.text("/last_active_organization_id"), organization);
    emulator.control("POST", &format!("users/{user}/compromise_password"), &Value::Null);
    assert_eq!(read().await.resource()["tasks"], json!([{ "key": "reset-password" }]));
    let changed = native.post("/v1/me/change_password", &[("new_password", "a-fresh-password")]).await;
    assert_eq!(changed.status, 200, "no current password is required: {changed:?}");
    assert_eq!(read().await.text("/status"), "active");
}

#[tokio::test]
async fn reverification_is_required_for_sensitive_actions() {
    let (emulator, native) = start(|_| {}).await;
    let session = native.sign_in(ADA, PASSWORD).await;
    let change =
        async || native.post("/v1/me/email_addresses", &[("email_address", "more@example.com")]).await.summary();
    let path = format!("/v1/client/sessions/{session}/verify");
    let attempt = async |form: &[(&str, &str)]| native.post(&format!("{path}/attempt_first_factor"), form).await;
    let password = [("strategy", "password"), ("password", PASSWORD)];
    assert_eq!(attempt(&password).await.summary(), "400 session_reverification_missing");
    emulator.advance_clock(Duration::from_secs(11 * 60));
    assert_eq!(change().await, "403 session_reverification_required");
    assert_eq!(native.patch("/v1/me", &[("first_name", "Augusta")]).await.status, 200, "names are not sensitive");
    assert_eq!(native.post(&path, &[("level", "tenth_factor")]).await.summary(), "422 form_param_value_invalid(level)");
    let started = native.post(&path, &[("level", "second_factor")]).await;
    assert_eq!(
        (started.text("/object").as_str(), started.text("/status").as_str()),
        ("session_reverification", "needs_first_factor"),
        "no second factor is enrolled"
    );
    let wrong = attempt(&[("strategy", "password"), ("password", "wrong")]).await;
    assert_eq!(wrong.summary(), "422 form_password_incorrect(password)");
    assert_eq!(native.post(&format!("{path}/prepare_first_factor"), &[("strategy", "email_code")]).await.status, 200);
    let proven = attempt(&[("strategy", "email_code"), ("code", "424242")]).await;
    assert_eq!(
        (proven.text("/status").as_str(), &proven.resource()["session"]["factor_verification_age"]),
        ("complete", &json!([0, -1]))
    );
    assert_eq!(attempt(&password).await.summary(), "400 invalid_action_for_session_reverification");
    assert_eq!(change().await, "200");
    emulator.configure(|config| config.reverification = false);
    emulator.advance_clock(Duration::from_secs(60 * 60));
    assert_eq!(native.delete("/v1/me/totp").await.summary(), "404 resource_not_found", "reverified");
}

#[tokio::test]
async fn actor_ticket_impersonates_a_user() {
    let (emulator, native) = start(|_| {}).await;
    let actor = json!({ "kind": "actor", "user": ADA, "actor": { "sub": "user_support" } });
    let ticket = emulator.control("POST", "tickets", &actor).1["ticket"].as_str().unwrap().to_owned();
    let done = native.post("/v1/client/sign_ins", &[("strategy", "ticket"), ("ticket", &ticket)]).await;
    let session = done.text("/created_session_id");
    let jwt = token(&native, &session, &[]).await;
    assert_eq!(decode(jwt.body["jwt"].as_str().unwrap().split('.').nth(1).unwrap())["act"]["sub"], "user_support");
    let second = native.post("/v1/client/sign_ins", &[("identifier", GRACE)]).await;
    assert_eq!(second.summary(), "409 session_creation_not_allowed");
}

#[tokio::test]
async fn session_tasks_are_ordered() {
    let mut config = Config::preset("tasks").unwrap();
    config.users = vec![ada()];
    let emulator = Emulator::start(config).await.unwrap();
    let native = Native::new(&emulator);
    let session = native.sign_in(ADA, PASSWORD).await;
    let user = emulator.state()["users"][0]["id"].as_str().unwrap().to_owned();
    emulator.control("POST", &format!("users/{user}/compromise_password"), &Value::Null);
    let tasks = native.get(&format!("/v1/client/sessions/{session}")).await.resource()["tasks"].clone();
    assert_eq!(tasks, json!([{ "key": "reset-password" }, { "key": "choose-organization" }, { "key": "setup-mfa" }]));
}
