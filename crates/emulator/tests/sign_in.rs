//! Sign-in: factors, verifications, lockout, password reset, links, tickets.

#![expect(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use std::time::Duration;

use clerk_emulator::{
    Config, Decision, Emulator, EnterpriseConnection, Identity, NewEmail, NewOrganization, NewPhone, NewUser, Presence,
};
use serde_json::{Value, json};
use support::{ADA, CALLBACK, FapiResponse, GRACE, Native, PASSWORD, ada, read, start};

async fn begin(native: &Native, identifier: &str) -> (FapiResponse, String) {
    let response = native.post("/v1/client/sign_ins", &[("identifier", identifier)]).await;
    let id = response.text("/id");
    (response, id)
}

async fn attempt(native: &Native, id: &str, form: &[(&str, &str)]) -> FapiResponse {
    native.post(&format!("/v1/client/sign_ins/{id}/attempt_first_factor"), form).await
}

async fn prepare(native: &Native, id: &str, form: &[(&str, &str)]) -> FapiResponse {
    native.post(&format!("/v1/client/sign_ins/{id}/prepare_first_factor"), form).await
}

fn strategies(response: &FapiResponse, pointer: &str) -> Vec<String> {
    let factors = response.resource().pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    factors.iter().map(|factor| factor["strategy"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn sign_in_lists_the_factors_of_the_user() {
    let (_emulator, native) = start(|config| {
        config.identifiers.phone = Presence::Optional;
        config.users[0].phone_numbers = vec![NewPhone { number: "+12015550100".to_owned(), second_factor: false }];
        config.users[0].external_accounts = vec![Identity::new("oauth_google", ADA)];
    })
    .await;
    let (response, _) = begin(&native, ADA).await;
    let expected = [
        "password",
        "email_code",
        "phone_code",
        "oauth_google",
        "reset_password_email_code",
        "reset_password_phone_code",
    ];
    assert_eq!(strategies(&response, "/supported_first_factors"), expected);
    let (response, _) = begin(&native, "+1 201 555 0100").await;
    assert_eq!(response.text("/supported_first_factors/2/safe_identifier"), "**********00");
    assert_eq!(begin(&native, "nobody@example.com").await.0.summary(), "422 form_identifier_not_found(identifier)");
    assert_eq!(begin(&native, "not an identifier").await.0.summary(), "422 form_param_format_invalid(identifier)");
}

#[tokio::test]
async fn email_code_is_sent_counted_expired_and_used_up() {
    let (emulator, native) = start(|_| {}).await;
    emulator.freeze_clock();
    let (_, id) = begin(&native, ADA).await;
    let code = |code: &'static str| [("strategy", "email_code"), ("code", code)];
    assert_eq!(attempt(&native, &id, &code("424242")).await.summary(), "400 verification_missing");
    assert_eq!(prepare(&native, &id, &[("strategy", "email_code")]).await.status, 200);
    // A repeated request sends no second message.
    assert_eq!(prepare(&native, &id, &[("strategy", "email_code")]).await.status, 200);
    assert_eq!(emulator.inbox().len(), 1);
    assert_eq!(attempt(&native, &id, &[("strategy", "email_code")]).await.summary(), "422 form_param_missing(code)");
    assert_eq!(attempt(&native, &id, &code("")).await.summary(), "422 form_param_nil(code)");
    for _ in 0..4 {
        assert_eq!(attempt(&native, &id, &code("000000")).await.summary(), "422 form_code_incorrect(code)");
    }
    assert_eq!(attempt(&native, &id, &code("000000")).await.summary(), "400 verification_failed");
    assert_eq!(attempt(&native, &id, &code("424242")).await.summary(), "400 verification_failed", "for good");
    assert_eq!(prepare(&native, &id, &[("strategy", "email_code")]).await.status, 200);
    emulator.advance_clock(Duration::from_secs(600));
    assert_eq!(attempt(&native, &id, &code("424242")).await.summary(), "400 verification_expired");
    prepare(&native, &id, &[("strategy", "email_code")]).await;
    let done = attempt(&native, &id, &code("424242")).await;
    assert_eq!((done.text("/status").as_str(), done.token.is_some()), ("complete", true), "the token rotates");
    assert!(done.body["client"]["sign_in"].is_null(), "the attempt leaves the client");
    assert_eq!(attempt(&native, &id, &code("424242")).await.summary(), "400 client_state_invalid");
}

#[tokio::test]
async fn sign_in_refuses_past_and_foreign_attempts() {
    let (emulator, native) = start(|_| {}).await;
    let (_, old) = begin(&native, ADA).await;
    let (_, new) = begin(&native, ADA).await;
    let password = [("strategy", "password"), ("password", PASSWORD)];
    assert_eq!(attempt(&native, &old, &password).await.summary(), "403 resource_forbidden", "it was replaced");
    assert_eq!(attempt(&Native::new_like(&native), &new, &password).await.summary(), "401 signed_out");
    let other = Native::new(&emulator);
    begin(&other, ADA).await;
    assert_eq!(attempt(&other, &new, &password).await.summary(), "404 resource_not_found", "another client's");
    assert_eq!(attempt(&native, &new, &password).await.text("/status"), "complete");
    assert_eq!(attempt(&native, &new, &password).await.summary(), "400 client_state_invalid", "it is complete");
    assert_eq!(attempt(&native, &old, &password).await.summary(), "403 resource_forbidden");
    native.delete("/v1/client/sessions").await;
    let up = native.post("/v1/client/sign_ups", &[("email_address", "up@example.com")]).await.text("/id");
    let strategy = [("strategy", "email_code")];
    let path = format!("/v1/client/sign_ups/{up}/prepare_verification");
    assert_eq!(other.post(&path, &strategy).await.summary(), "403 resource_forbidden", "another client's");
    native.post("/v1/client/sign_ups", &[("email_address", "up@example.com")]).await;
    assert_eq!(native.post(&path, &strategy).await.summary(), "403 resource_forbidden", "it was replaced");
}

#[tokio::test]
async fn lockout_counts_wrong_secrets_only() {
    let (_emulator, native) = start(|config| config.attack_protection.lockout.max_attempts = 2).await;
    let (_, id) = begin(&native, ADA).await;
    for _ in 0..3 {
        let missing = attempt(&native, &id, &[("strategy", "password")]).await;
        assert_eq!(missing.summary(), "422 form_param_missing(password)");
        let nonsense = attempt(&native, &id, &[("strategy", "nonsense"), ("password", "x")]).await;
        assert_eq!(nonsense.summary(), "422 form_param_value_invalid(strategy)");
    }
    for expected in
        ["422 form_password_incorrect(password)", "422 form_password_incorrect(password)", "403 user_locked"]
    {
        assert_eq!(attempt(&native, &id, &[("strategy", "password"), ("password", "wrong")]).await.summary(), expected);
    }
}

#[tokio::test]
async fn email_code_is_random_for_other_recipients() {
    let (emulator, native) = start(|config| config.users.push(NewUser::with_email("real@example.com"))).await;
    let (_, id) = begin(&native, "real@example.com").await;
    prepare(&native, &id, &[("strategy", "email_code")]).await;
    let code = emulator.latest_code("real@example.com").unwrap();
    if code != "424242" {
        let wrong = attempt(&native, &id, &[("strategy", "email_code"), ("code", "424242")]).await;
        assert_eq!(wrong.summary(), "422 form_code_incorrect(code)");
    }
    assert_eq!(attempt(&native, &id, &[("strategy", "email_code"), ("code", &code)]).await.text("/status"), "complete");
}

#[tokio::test]
async fn lockout_locks_the_account_after_max_attempts() {
    let (emulator, native) = start(|config| config.attack_protection.lockout.max_attempts = 3).await;
    emulator.freeze_clock();
    let (_, id) = begin(&native, ADA).await;
    let wrong = [("strategy", "password"), ("password", "wrong-password")];
    for _ in 0..3 {
        assert_eq!(attempt(&native, &id, &wrong).await.summary(), "422 form_password_incorrect(password)");
    }
    let locked = attempt(&native, &id, &[("strategy", "password"), ("password", PASSWORD)]).await;
    assert_eq!(locked.summary(), "403 user_locked");
    assert_eq!(locked.body["errors"][0]["meta"]["lockout_expires_in_seconds"], 3600);
    emulator.advance_clock(Duration::from_secs(3600));
    native.sign_in(ADA, PASSWORD).await;
}

#[tokio::test]
async fn sign_in_distinguishes_bans_breaches_and_restrictions() {
    let (emulator, native) = start(|config| {
        config.users.push(NewUser::with_password("breached@example.com", "qwerty123"));
        config
            .users
            .push(NewUser { password_compromised: true, ..NewUser::with_password("taken@example.com", PASSWORD) });
        config.users.push(NewUser::with_email("no-password@example.com"));
        config.restrictions.blocklist = vec!["*@blocked.test".to_owned()];
        config.users.push(NewUser::with_email("someone@blocked.test"));
    })
    .await;
    let with_password = |identifier: &'static str, password: &'static str| {
        let native = Native::new(&emulator);
        async move {
            let form = [("strategy", "password"), ("identifier", identifier), ("password", password)];
            native.post("/v1/client/sign_ins", &form).await.summary()
        }
    };
    assert_eq!(with_password("breached@example.com", "qwerty123").await, "422 form_password_pwned(password)");
    assert_eq!(with_password("taken@example.com", PASSWORD).await, "422 form_password_compromised(password)");
    assert_eq!(with_password("no-password@example.com", PASSWORD).await, "400 no_password_set");
    assert_eq!(with_password("someone@blocked.test", PASSWORD).await, "403 not_allowed_access(identifier)");
    let user = emulator.state()["users"][0]["id"].as_str().unwrap().to_owned();
    emulator.set_banned(&user, true);
    let ada =
        emulator.state()["users"].as_array().unwrap().iter().find(|one| one["id"] == user.as_str()).cloned().unwrap();
    let address = ada["email_addresses"][0]["email_address"].as_str().unwrap().to_owned();
    assert_eq!(begin(&native, &address).await.0.summary(), "403 user_banned");
}

#[tokio::test]
async fn enumeration_protection_hides_unknown_identifiers() {
    let (emulator, native) = start(|config| config.attack_protection.enumeration = true).await;
    let (response, id) = begin(&native, "nobody@example.com").await;
    assert_eq!(response.text("/status"), "needs_first_factor");
    assert_eq!(prepare(&native, &id, &[("strategy", "email_code")]).await.status, 200);
    assert_eq!(emulator.inbox(), Vec::new());
    let code = attempt(&native, &id, &[("strategy", "email_code"), ("code", "424242")]).await;
    assert_eq!(code.summary(), "422 form_code_incorrect(code)");
    let password = attempt(&native, &id, &[("strategy", "password"), ("password", "wrong")]).await;
    let (_, id) = begin(&native, ADA).await;
    let known = attempt(&native, &id, &[("strategy", "password"), ("password", "wrong")]).await;
    assert_eq!(password.summary(), "422 form_password_or_identifier_incorrect(password)");
    assert_eq!(known.summary(), password.summary());
}

#[tokio::test]
async fn session_mode_refuses_or_adds_a_second_session() {
    let (emulator, native) = start(|_| {}).await;
    let session = native.sign_in(ADA, PASSWORD).await;
    let refused = begin(&native, GRACE).await.0;
    assert_eq!(refused.summary(), "400 session_exists");
    assert_eq!(refused.body["errors"][0]["meta"]["session_id"], session.as_str());
    assert_eq!(native.post("/v1/client/sign_ins", &[]).await.status, 200, "an empty create only resets");
    emulator.configure(|config| config.sessions.mode = "multi".to_owned());
    let again = begin(&native, ADA).await.0;
    assert_eq!(again.summary(), "400 identifier_already_signed_in");
    native.sign_in(GRACE, PASSWORD).await;
    let client = native.get("/v1/client").await;
    assert_eq!(client.resource()["sessions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn email_link_is_verified_reopened_expired_and_replaced() {
    let mut config = Config::preset("email-link").unwrap();
    config.users = vec![NewUser::with_email(ADA)];
    let emulator = Emulator::start(config).await.unwrap();
    emulator.freeze_clock();
    let native = Native::new(&emulator);
    let ask = async || {
        let (_, id) = begin(&native, ADA).await;
        let form = [("strategy", "email_link"), ("redirect_url", "http://localhost:3000/verify?a=1#here")];
        assert_eq!(prepare(&native, &id, &form).await.status, 200);
        (id, emulator.latest_link(ADA).unwrap().replace(&emulator.base_url(), ""))
    };
    let open = async |link: &str| read(native.raw("GET", link).send().await.unwrap()).await;

    let (id, stale) = ask().await;
    prepare(&native, &id, &[("strategy", "email_link"), ("redirect_url", "http://localhost:3000/verify")]).await;
    assert!(open(&stale).await.location.unwrap().ends_with("?a=1&__clerk_status=failed#here"));

    let (_, late) = ask().await;
    emulator.advance_clock(Duration::from_secs(600));
    assert!(open(&late).await.location.unwrap().contains("__clerk_status=expired"));

    let (id, link) = ask().await;
    let head = native.raw("HEAD", &link).send().await.unwrap();
    assert_eq!(head.status().as_u16(), 200, "a preview changes nothing");
    let location = open(&link).await.location.unwrap();
    assert!(location.contains("__clerk_status=verified&__clerk_created_session=sess_"), "{location}");
    assert_eq!(open(&link).await.location.unwrap(), location, "mail scanners open links twice");
    let polled = native.get(&format!("/v1/client/sign_ins/{id}")).await;
    assert_eq!((polled.text("/status").as_str(), polled.token), ("complete", None), "the link carries no credential");
    assert_eq!(open("/v1/verify?token=nonsense").await.status, 400);
    let head = native.raw("HEAD", "/v1/oauth_callback?state=x").send().await.unwrap();
    assert_eq!(head.status().as_u16(), 405, "HEAD is for links in e-mails only");

    native.delete("/v1/client/sessions").await;
    emulator.configure(|config| config.attack_protection.email_link_same_client = true);
    let (_, link) = ask().await;
    assert!(open(&link).await.location.unwrap().contains("__clerk_status=client_mismatch"));
}

#[tokio::test]
async fn magic_link_is_approved_and_redeemed_once() {
    let mut config = Config::preset("email-link").unwrap();
    config.users = vec![NewUser::with_email(ADA)];
    let emulator = Emulator::start(config).await.unwrap();
    let native = Native::new(&emulator);
    let (verifier, challenge) =
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let (_, id) = begin(&native, ADA).await;
    let form = |challenge: &'static str, method: &'static str| {
        [
            ("strategy", "email_link"),
            ("redirect_uri", CALLBACK),
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ]
    };
    assert_eq!(
        prepare(&native, &id, &form(challenge, "plain")).await.summary(),
        "422 form_param_value_invalid(code_challenge_method)"
    );
    assert_eq!(
        prepare(&native, &id, &form("short", "S256")).await.summary(),
        "422 form_param_format_invalid(code_challenge)"
    );
    assert_eq!(prepare(&native, &id, &form(challenge, "S256")).await.status, 200);
    let redeem = async |flow: &str, approval: &str, verifier: &str| {
        let form = [("flow_id", flow), ("approval_token", approval), ("code_verifier", verifier)];
        native.post("/v1/client/magic_links/complete", &form).await
    };
    assert_eq!(redeem(&id, "x", verifier).await.summary(), "422 flow_not_approved");
    let token = emulator.latest_link(ADA).unwrap().split("token=").nth(1).unwrap().to_owned();
    let around = read(native.raw("GET", &format!("/v1/verify?token={token}")).send().await.unwrap()).await;
    assert_eq!(around.status, 400, "the verifier can't be bypassed");
    assert_eq!(native.get("/v1/me").await.summary(), "401 signed_out");
    assert_eq!(redeem("sia_other", "x", verifier).await.summary(), "422 form_param_value_invalid(flow_id)");
    let page = emulator.latest_link(ADA).unwrap().replace(&emulator.base_url(), "");
    let approved = read(native.raw("POST", &page).send().await.unwrap()).await;
    let html = approved.body.as_str().unwrap();
    let link = html.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let link = url::Url::parse(&link).unwrap();
    let approval = link.query_pairs().find(|(key, _)| key == "approval_token").unwrap().1.into_owned();
    assert_eq!(redeem(&id, "another", verifier).await.summary(), "422 approval_token_invalid");
    let ticket = redeem(&id, &approval, verifier).await;
    assert_eq!(ticket.text("/flow_id"), id);
    assert_eq!(redeem(&id, &approval, verifier).await.summary(), "422 approval_token_consumed");
    let ticket = ticket.text("/ticket");
    let form = [("strategy", "ticket"), ("ticket", ticket.as_str())];
    assert_eq!(native.post("/v1/client/sign_ins", &form).await.text("/status"), "complete");
    native.delete("/v1/client/sessions").await;
    let again = native.post("/v1/client/sign_ins", &form).await;
    assert_eq!(again.summary(), "400 sign_in_token_already_used_code(ticket)");

    // A wrong verifier uses up the approval.
    let (_, id) = begin(&native, ADA).await;
    prepare(&native, &id, &form_of(challenge)).await;
    let page = emulator.latest_link(ADA).unwrap().replace(&emulator.base_url(), "");
    let approved = read(native.raw("POST", &page).send().await.unwrap()).await;
    let approval =
        approved.body.as_str().unwrap().split("approval_token=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(redeem(&id, &approval, "wrong").await.summary(), "422 pkce_verification_failed");
    assert_eq!(redeem(&id, &approval, verifier).await.summary(), "422 approval_token_consumed");
}

fn form_of(challenge: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("strategy", "email_link"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
    ]
}

#[tokio::test]
async fn client_trust_requires_a_code_on_new_devices_only() {
    let (_emulator, native) = start(|config| config.client_trust = true).await;
    let form = [("strategy", "password"), ("identifier", ADA), ("password", PASSWORD)];
    let response = native.post("/v1/client/sign_ins", &form).await;
    assert_eq!(
        (response.text("/status").as_str(), response.text("/client_trust_state").as_str()),
        ("needs_client_trust", "new")
    );
    let id = response.text("/id");
    native.post(&format!("/v1/client/sign_ins/{id}/prepare_second_factor"), &[("strategy", "email_code")]).await;
    let code = [("strategy", "email_code"), ("code", "424242")];
    let done = native.post(&format!("/v1/client/sign_ins/{id}/attempt_second_factor"), &code).await;
    assert_eq!(done.text("/status"), "complete");
    native.delete("/v1/client/sessions").await;
    native.sign_in(ADA, PASSWORD).await;
}

#[tokio::test]
async fn oauth_sign_in_links_proves_or_transfers_an_identity() {
    let (emulator, native) = start(|config| {
        config.users.push(NewUser {
            email_addresses: vec![NewEmail::Full { email: "unproven@example.com".to_owned(), verified: false }],
            ..NewUser::default()
        });
    })
    .await;
    let go = async |identity: Identity| {
        let form =
            [("strategy", "oauth_google"), ("redirect_url", CALLBACK), ("action_complete_redirect_url", CALLBACK)];
        let started = native.post("/v1/client/sign_ins", &form).await;
        let page = started.text("/first_factor_verification/external_verification_redirect_url");
        let link = emulator.decide(&page, Decision::Approve(identity)).unwrap();
        let read = native.get(&format!("/v1/client/sign_ins/{}", started.text("/id"))).await;
        (link.query().unwrap_or_default().to_owned(), read)
    };
    // A verified address of Ada: the account is linked.
    let (query, attempt_of) = go(Identity::new("oauth_google", ADA)).await;
    assert!(query.starts_with("rotating_token_nonce="), "{query}");
    assert_eq!(attempt_of.text("/status"), "complete");
    native.delete("/v1/client/sessions").await;
    // The provider has not verified the address: it must be proven.
    let mut unverified = Identity::new("oauth_google", GRACE);
    unverified.verified = false;
    let (_, attempt_of) = go(unverified.clone()).await;
    assert_eq!(
        (attempt_of.text("/status").as_str(), attempt_of.text("/identifier").as_str()),
        ("needs_first_factor", GRACE)
    );
    let id = attempt_of.text("/id");
    prepare(&native, &id, &[("strategy", "email_code")]).await;
    assert_eq!(
        attempt(&native, &id, &[("strategy", "email_code"), ("code", "424242")]).await.text("/status"),
        "complete"
    );
    let me = native.get("/v1/me").await;
    assert_eq!(me.text("/external_accounts/0/provider"), "oauth_google", "linked once the address was proven");
    native.delete("/v1/client/sessions").await;
    // An unknown identity.
    let (query, attempt_of) = go(Identity::new("oauth_google", "new@example.com")).await;
    assert_eq!((query.as_str(), attempt_of.text("/status").as_str()), ("", "needs_identifier"));
    assert_eq!(attempt_of.text("/first_factor_verification/status"), "transferable");
    assert_eq!(attempt_of.text("/first_factor_verification/error/code"), "external_account_not_found");
    let wrong = native.post("/v1/client/sign_ups", &[("transfer", "true"), ("password", "x")]).await;
    assert_eq!(wrong.summary(), "422 form_password_length_too_short(password)");
    let transfer = native.post("/v1/client/sign_ups", &[("transfer", "true")]).await;
    assert_eq!(transfer.text("/status"), "complete", "a refused transfer was not used up");
    native.delete("/v1/client/sessions").await;
    assert_eq!(
        native.post("/v1/client/sign_ups", &[("transfer", "true")]).await.summary(),
        "400 account_transfer_invalid",
        "once"
    );
}

#[tokio::test]
async fn oauth_sign_in_checks_the_redirect_url() {
    let (_emulator, native) = start(|config| config.redirect_urls = vec![CALLBACK.to_owned()]).await;
    for (url, expected) in [
        (CALLBACK, "200"),
        ("my-app://callback/", "400 resource_missmatch(redirect_url)"),
        ("relative/path", "422 invalid_redirect_url(redirect_url)"),
        ("javascript:alert(1)", "422 prohibited_redirect_url(redirect_url)"),
        ("", "422 form_param_nil(redirect_url)"),
    ] {
        let form = [("strategy", "oauth_google"), ("redirect_url", url)];
        assert_eq!(native.post("/v1/client/sign_ins", &form).await.summary(), expected, "{url}");
    }
    let unknown = [("strategy", "oauth_apple"), ("redirect_url", CALLBACK)];
    assert_eq!(native.post("/v1/client/sign_ins", &unknown).await.summary(), "400 oauth_provider_not_enabled");
}

#[tokio::test]
async fn enterprise_sso_signs_users_in() {
    let mut config = Config::preset("enterprise").unwrap();
    config.users = vec![ada()];
    let emulator = Emulator::start(config).await.unwrap();
    let native = Native::new(&emulator);
    let (response, _) = begin(&native, "worker@acme.test").await;
    assert_eq!(strategies(&response, "/supported_first_factors"), ["enterprise_sso"]);
    let password = [("identifier", "worker@acme.test"), ("password", PASSWORD), ("strategy", "password")];
    let refused = native.post("/v1/client/sign_ins", &password).await;
    assert_eq!(refused.summary(), "422 sign_in_must_use_enterprise_connection_identifier(identifier)");
    let form = [("strategy", "enterprise_sso"), ("identifier", "worker@acme.test"), ("redirect_url", CALLBACK)];
    let started = native.post("/v1/client/sign_ins", &form).await;
    let page = started.text("/first_factor_verification/external_verification_redirect_url");
    let identity = Identity { first_name: "Wile".to_owned(), ..Identity::new("enterprise_sso", "worker@acme.test") };
    emulator.decide(&page, Decision::Approve(identity)).unwrap();
    let me = native.get("/v1/me").await;
    assert_eq!(me.text("/first_name"), "Wile", "the account was created by the sign-in");
    assert_eq!(me.text("/enterprise_accounts/0/enterprise_connection_id"), "entconn_acme");
    assert_eq!(me.resource()["external_accounts"], json!([]), "it is not an account at an OAuth provider");
    let none = [("strategy", "enterprise_sso"), ("identifier", "someone@nowhere.test"), ("redirect_url", CALLBACK)];
    let native = Native::new(&emulator);
    assert_eq!(
        native.post("/v1/client/sign_ins", &none).await.summary(),
        "422 enterprise_sso_sign_in_connection_missing(identifier)"
    );
}

#[tokio::test]
async fn hosted_auth_creates_the_session_on_redemption() {
    let (emulator, native) = start(|_| {}).await;
    let (verifier, challenge) =
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let ask = async |challenge: &str, mode: &str| {
        let form = [("redirect_url", CALLBACK), ("code_challenge", challenge), ("state", "s-1"), ("mode", mode)];
        native.post("/v1/client/hosted_auth", &form).await
    };
    assert_eq!(ask("short", "sign-in").await.summary(), "422 form_param_format_invalid(code_challenge)");
    assert_eq!(ask(challenge, "sideways").await.summary(), "422 form_param_value_invalid(mode)");
    let run = async || {
        let page = ask(challenge, "sign-in").await.text("/url").replace(&emulator.base_url(), "");
        let form =
            format!("action=start&identifier={}&password={PASSWORD}", ADA.replace('+', "%2B").replace('@', "%40"));
        let request = native.raw("POST", &page).header("content-type", "application/x-www-form-urlencoded").body(form);
        let response = read(request.send().await.unwrap()).await;
        let html = response.body.as_str().unwrap();
        let link = html.split("href=\"my-app").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        url::Url::parse(&format!("my-app{link}")).unwrap()
    };
    let parameter = |url: &url::Url, name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let redeem = async |nonce: &str, verifier: &str| {
        let form = [("_method", "GET"), ("rotating_token_nonce", nonce), ("code_verifier", verifier)];
        native.post("/v1/client", &form).await
    };
    let link = run().await;
    assert_eq!(parameter(&link, "state"), "s-1");
    assert_eq!(native.get("/v1/client").await.resource()["sessions"], json!([]), "created on redemption");
    let nonce = parameter(&link, "rotating_token_nonce");
    assert_eq!(redeem("unknown", verifier).await.summary(), "400 client_state_invalid");
    let client = redeem(&nonce, verifier).await;
    assert_eq!(client.resource()["sessions"][0]["id"], parameter(&link, "created_session_id").as_str());
    assert!(client.token.is_some());
    assert_eq!(redeem(&nonce, verifier).await.summary(), "400 client_state_invalid", "once");
    native.delete("/v1/client/sessions").await;
    let nonce = parameter(&run().await, "rotating_token_nonce");
    assert_eq!(redeem(&nonce, "wrong").await.summary(), "422 pkce_verification_failed");
    assert_eq!(redeem(&nonce, verifier).await.summary(), "400 client_state_invalid", "a wrong verifier uses it up");
}

#[tokio::test]
async fn sign_in_accepts_odd_characters_in_identifiers() {
    let (_emulator, native) = start(|config| {
        config.identifiers.phone = Presence::Optional;
        config.identifiers.username = Presence::Optional;
    })
    .await;
    for (typed, kept) in [("+1201555010\u{3000}0", "+12015550100"), ("日本語日本語日本語", "日本語日本語日本語")]
    {
        let form = [("sign_up_if_missing", "true"), ("identifier", typed)];
        let response = native.post("/v1/client/sign_ins", &form).await;
        assert_eq!((response.status, response.text("/identifier").as_str()), (200, kept), "{response:?}");
        assert_eq!(native.get("/v1/client").await.status, 200, "the client can still be read");
    }
}

/// Runs a provider flow with an identity. Returns the query of the app's link, and the attempt.
async fn come_back(emulator: &Emulator, native: &Native, path: &str, identity: Identity) -> (String, FapiResponse) {
    let form = [("strategy", "oauth_google"), ("redirect_url", CALLBACK), ("action_complete_redirect_url", CALLBACK)];
    let started = native.post(path, &form).await;
    let verification =
        if path.ends_with("sign_ups") { "verifications/external_account" } else { "first_factor_verification" };
    let page = started.text(&format!("/{verification}/external_verification_redirect_url"));
    let link = emulator.decide(&page, Decision::Approve(identity)).unwrap();
    let read = native.get(&format!("{path}/{}", started.text("/id"))).await;
    (link.query().unwrap_or_default().to_owned(), read)
}

#[tokio::test]
async fn oauth_identity_with_unverified_address_must_be_proven() {
    let (emulator, native) = start(|_| {}).await;
    let claimed = Identity { verified: false, ..Identity::new("oauth_google", GRACE) };
    let (_, sign_up) = come_back(&emulator, &native, "/v1/client/sign_ups", claimed).await;
    assert_eq!(sign_up.text("/verifications/external_account/status"), "transferable");
    assert_eq!(sign_up.text("/verifications/external_account/error/code"), "external_account_exists");
    let transfer = native.post("/v1/client/sign_ins", &[("transfer", "true")]).await;
    assert_eq!(transfer.text("/status"), "needs_first_factor", "{transfer:?}");
    assert_eq!(strategies(&transfer, "/supported_first_factors"), ["email_code"], "only the address proves it");
    assert_eq!(native.get("/v1/me").await.summary(), "401 signed_out");
    let id = transfer.text("/id");
    let password = [("strategy", "password"), ("password", PASSWORD)];
    assert_eq!(attempt(&native, &id, &password).await.summary(), "400 strategy_for_user_invalid(strategy)");
    prepare(&native, &id, &[("strategy", "email_code")]).await;
    let done = attempt(&native, &id, &[("strategy", "email_code"), ("code", "424242")]).await;
    assert_eq!(done.text("/status"), "complete");
    assert_eq!(native.get("/v1/me").await.text("/external_accounts/0/provider"), "oauth_google");
}

#[tokio::test]
async fn oauth_identity_for_unverified_user_address_requires_new_password() {
    let open = "open+clerk_test@example.com";
    let (emulator, native) = start(|config| {
        config.users.push(NewUser {
            email_addresses: vec![
                "known@example.com".into(),
                NewEmail::Full { email: open.to_owned(), verified: false },
            ],
            ..NewUser::with_password("known@example.com", PASSWORD)
        });
    })
    .await;
    let (_, came) = come_back(&emulator, &native, "/v1/client/sign_ins", Identity::new("oauth_google", open)).await;
    assert_eq!((came.text("/status").as_str(), came.text("/identifier").as_str()), ("needs_first_factor", open));
    let id = came.text("/id");
    assert_eq!(prepare(&native, &id, &[("strategy", "email_code")]).await.status, 200);
    let proven = attempt(&native, &id, &[("strategy", "email_code"), ("code", "424242")]).await;
    assert_eq!(proven.text("/status"), "needs_new_password");
    let reset = [("password", "a-new-password-1")];
    let done = native.post(&format!("/v1/client/sign_ins/{id}/reset_password"), &reset).await;
    assert_eq!(done.text("/status"), "complete");
    let me = native.get("/v1/me").await;
    assert_eq!(me.text("/email_addresses/1/verification/status"), "verified");
    assert_eq!(me.text("/external_accounts/0/email_address"), open);
}

#[tokio::test]
async fn restrictions_apply_to_oauth_identities() {
    let (emulator, native) = start(|config| config.restrictions.blocklist = vec!["*@blocked.test".to_owned()]).await;
    for path in ["/v1/client/sign_ins", "/v1/client/sign_ups"] {
        let identity = Identity::new("oauth_google", "someone@blocked.test");
        let (query, _) = come_back(&emulator, &native, path, identity).await;
        assert!(query.contains("__clerk_error_code=not_allowed_access"), "{path}: {query}");
    }
}

#[tokio::test]
async fn attempt_first_factor_refuses_strategies_that_are_not_offered() {
    let (emulator, native) = start(|config| {
        config.enterprise_sso.connections = vec![EnterpriseConnection::new("entconn_acme", "Acme", "acme.test")];
        config.users.push(NewUser::with_password("boss@acme.test", PASSWORD));
    })
    .await;
    let (_, id) = begin(&native, "boss@acme.test").await;
    let password = [("strategy", "password"), ("password", PASSWORD)];
    assert_eq!(attempt(&native, &id, &password).await.summary(), "400 strategy_for_user_invalid(strategy)");
    emulator.configure(|config| config.password.mode = Presence::Off);
    let (_, id) = begin(&native, ADA).await;
    assert_eq!(attempt(&native, &id, &password).await.summary(), "422 form_param_value_invalid(strategy)");
    let create = [("strategy", "password"), ("identifier", ADA), ("password", PASSWORD)];
    assert_eq!(native.post("/v1/client/sign_ins", &create).await.summary(), "422 form_param_value_invalid(strategy)");
    assert_eq!(native.get("/v1/me").await.summary(), "401 signed_out");
    let link = [("strategy", "email_link"), ("identifier", ADA)];
    assert_eq!(native.post("/v1/client/sign_ins", &link).await.summary(), "422 form_param_value_invalid(strategy)");
    emulator.configure(|config| config.password.mode = Presence::Required);
    let missing = [("sign_up_if_missing", "true"), ("identifier", "nobody@example.com")];
    let id = native.post("/v1/client/sign_ins", &missing).await.text("/id");
    assert_eq!(attempt(&native, &id, &password).await.summary(), "404 sign_up_if_missing_transfer");
}

#[tokio::test]
async fn enterprise_connections_accept_their_own_domains_only() {
    let (emulator, native) = start(|config| {
        let mut closed = EnterpriseConnection::new("entconn_globex", "Globex", "globex.test");
        closed.jit = false;
        let mut acme = EnterpriseConnection::new("entconn_acme", "Acme", "acme.test");
        acme.organization = Some("Engines".to_owned());
        config.enterprise_sso.connections =
            vec![acme, closed, EnterpriseConnection::new("entconn_acme_2", "Acme Labs", "acme.test")];
        config.seed_organizations = vec![NewOrganization { name: "Engines".to_owned(), ..NewOrganization::default() }];
    })
    .await;
    let go = async |identifier: &str, connection: &str, comes_back_as: &str| {
        let form = [
            ("strategy", "enterprise_sso"),
            ("identifier", identifier),
            ("redirect_url", CALLBACK),
            ("enterprise_connection_id", connection),
        ];
        let started = native.post("/v1/client/sign_ins", &form).await;
        if started.status != 200 {
            return started.summary();
        }
        let page = started.text("/first_factor_verification/external_verification_redirect_url");
        let identity = Identity::new("enterprise_sso", comes_back_as);
        let link = emulator.decide(&page, Decision::Approve(identity)).unwrap();
        link.query().unwrap_or_default().to_owned()
    };
    assert_eq!(
        go("a@acme.test", "", "a@acme.test").await,
        "422 enterprise_connection_id_is_required_with_multiple_connections(enterprise_connection_id)"
    );
    assert_eq!(
        go("a@acme.test", "entconn_globex", "a@acme.test").await,
        "422 form_param_value_invalid(enterprise_connection_id)"
    );
    let other = go("a@acme.test", "entconn_acme", ADA).await;
    assert!(other.ends_with("__clerk_error_code=enterprise_sso_email_address_domain_mismatch"), "{other}");
    assert_eq!(native.get("/v1/me").await.summary(), "401 signed_out", "not signed in as Ada");
    let unknown = go("b@globex.test", "", "b@globex.test").await;
    assert!(unknown.ends_with("__clerk_error_code=saml_jit_provisioning_disabled"), "{unknown}");
    let (query, _) =
        come_back(&emulator, &native, "/v1/client/sign_ins", Identity::new("oauth_google", "a@acme.test")).await;
    assert!(query.contains("oauth_email_domain_reserved_by_saml"), "{query}");
    let taken = native.post("/v1/client/sign_ups", &[("email_address", "a@acme.test")]).await;
    assert_eq!(taken.summary(), "422 saml_email_address_domain_reserved(email_address)");
    let known = go("a@acme.test", "entconn_acme", "a@acme.test").await;
    assert!(known.starts_with("rotating_token_nonce="), "{known}");
    let me = native.get("/v1/me").await;
    assert_eq!(me.text("/organization_memberships/0/organization/name"), "Engines");
    let account = me.text("/enterprise_accounts/0/id");
    assert_eq!(native.delete(&format!("/v1/me/enterprise_accounts/{account}")).await.status, 200);
    assert_eq!(native.get("/v1/me").await.resource()["enterprise_accounts"], json!([]));
}

#[tokio::test]
async fn transfer_refuses_a_user_who_is_signed_in() {
    let (emulator, native) = start(|config| {
        config.sessions.mode = "multi".to_owned();
        config.users[0].external_accounts = vec![Identity::new("oauth_google", ADA)];
    })
    .await;
    let session = native.sign_in(ADA, PASSWORD).await;
    come_back(&emulator, &native, "/v1/client/sign_ups", Identity::new("oauth_google", ADA)).await;
    let transfer = native.post("/v1/client/sign_ins", &[("transfer", "true")]).await;
    assert_eq!(transfer.summary(), "400 identifier_already_signed_in");
    assert_eq!(transfer.body["errors"][0]["meta"]["session_id"], session.as_str());
    let (query, _) = come_back(&emulator, &native, "/v1/client/sign_ins", Identity::new("oauth_google", ADA)).await;
    assert!(query.contains("__clerk_error_code=identifier_already_signed_in"), "{query}");
}
