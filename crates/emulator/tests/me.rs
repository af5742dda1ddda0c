//! Users and their own account: `/v1/me`.

mod support;

use clerk_emulator::{Decision, Identity, NewPhone, Presence};
use serde_json::json;
use support::{ADA, CALLBACK, GRACE, Native, PASSWORD, read, start};

#[tokio::test]
async fn me_updates_names_and_metadata() {
    let (_emulator, native) = start(|config| config.identifiers.username = Presence::Optional).await;
    assert_eq!(native.patch("/v1/me", &[("first_name", "X")]).await.summary(), "401 signed_out");
    native.sign_in(ADA, PASSWORD).await;
    let changed = native.patch("/v1/me", &[("first_name", "Augusta"), ("username", "ada_l")]).await;
    assert_eq!((changed.text("/first_name"), changed.text("/username")), ("Augusta".to_owned(), "ada_l".to_owned()));
    assert_eq!(
        native.patch("/v1/me", &[("unsafe_metadata", "{}")]).await.summary(),
        "422 form_param_unknown(unsafe_metadata)"
    );
    assert_eq!(
        native.patch("/v1/me", &[("username", "a")]).await.summary(),
        "422 form_username_invalid_length(username)"
    );
    native.patch("/v1/me/metadata", &[("unsafe_metadata", "{\"a\":{\"b\":1,\"c\":2}}")]).await;
    let merged = native.patch("/v1/me/metadata", &[("unsafe_metadata", "{\"a\":{\"b\":null}}")]).await;
    assert_eq!(merged.resource()["unsafe_metadata"], json!({ "a": { "c": 2 } }));
    let wrong = native.patch("/v1/me/metadata", &[("unsafe_metadata", "[1]")]).await;
    assert_eq!(wrong.summary(), "422 form_param_value_invalid(unsafe_metadata)");
}

#[tokio::test]
async fn email_addresses_are_added_verified_and_removed() {
    let (_emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let path = "/v1/me/email_addresses";
    for (address, expected) in [
        (GRACE, "422 form_identifier_exists(email_address)"),
        (ADA, "422 form_identifier_exists(email_address)"),
        ("nonsense", "422 form_param_format_invalid(email_address)"),
    ] {
        assert_eq!(native.post(path, &[("email_address", address)]).await.summary(), expected);
    }
    let id = native.post(path, &[("email_address", "more+clerk_test@example.com")]).await.text("/id");
    let one = format!("{path}/{id}");
    assert_eq!(
        native.post(&format!("{one}/attempt_verification"), &[("code", "424242")]).await.summary(),
        "400 verification_not_sent"
    );
    let primary = native.patch("/v1/me", &[("primary_email_address_id", &id)]).await;
    assert_eq!(primary.summary(), "422 form_verification_needed(primary_email_address_id)");
    native.post(&format!("{one}/prepare_verification"), &[("strategy", "email_code")]).await;
    let verified = native.post(&format!("{one}/attempt_verification"), &[("code", "424242")]).await;
    assert_eq!(verified.text("/verification/status"), "verified");
    let again = native.post(&format!("{one}/prepare_verification"), &[("strategy", "email_code")]).await;
    assert_eq!(again.summary(), "400 verification_already_verified");
    assert_eq!(
        native.patch("/v1/me", &[("primary_email_address_id", &id)]).await.text("/primary_email_address_id"),
        id
    );
    let list = native.get(path).await;
    let first = list.body[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(native.delete(&one).await.resource()["deleted"], true);
    assert_eq!(native.get("/v1/me").await.text("/primary_email_address_id"), first, "the oldest becomes primary");
    assert_eq!(native.delete(&format!("{path}/{first}")).await.summary(), "400 identification_deletion_failed");
    assert_eq!(native.get(&format!("{path}/idn_nobody")).await.summary(), "404 resource_not_found");
    for number in 0..5 {
        assert_eq!(native.post(path, &[("email_address", &format!("n{number}@example.com"))]).await.status, 200);
    }
    let sixth = native.post(path, &[("email_address", "n5@example.com")]).await;
    assert_eq!(sixth.summary(), "400 too_many_unverified_identifications");
}

#[tokio::test]
async fn password_is_changed_and_removed() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let elsewhere = Native::new(&emulator);
    elsewhere.sign_in(ADA, PASSWORD).await;
    let change = async |current: &str, new: &str| {
        let form = [("current_password", current), ("new_password", new), ("sign_out_of_other_sessions", "true")];
        native.post("/v1/me/change_password", &form).await.summary()
    };
    assert_eq!(change("wrong", "another-password").await, "422 form_password_incorrect(current_password)");
    assert_eq!(change(PASSWORD, PASSWORD).await, "422 form_new_password_matches_current(new_password)");
    assert_eq!(change(PASSWORD, "short").await, "422 form_password_length_too_short(new_password)");
    assert_eq!(change(PASSWORD, ADA).await, "422 form_password_matches_identifier(new_password)");
    assert_eq!(change(PASSWORD, "another-password").await, "200");
    assert_eq!(elsewhere.get("/v1/me").await.summary(), "401 signed_out", "other devices are signed out");
    let remove =
        async |password: &str| native.post("/v1/me/remove_password", &[("current_password", password)]).await.summary();
    assert_eq!(remove("another-password").await, "400 password_required");
    emulator.configure(|config| config.password.mode = Presence::Optional);
    assert_eq!(remove("wrong").await, "422 form_password_incorrect(current_password)");
    assert_eq!(remove("another-password").await, "200");
    assert_eq!(remove("another-password").await, "400 no_password_set");
}

#[tokio::test]
async fn second_factors_are_enrolled_and_removed() {
    let (emulator, native) = start(|config| {
        config.identifiers.phone = Presence::Optional;
        config.mfa.phone_code = true;
        config.users[0].phone_numbers = vec![NewPhone { number: "+12015550100".to_owned(), second_factor: false }];
    })
    .await;
    native.sign_in(ADA, PASSWORD).await;
    let user = native.get("/v1/me").await.text("/id");
    assert_eq!(native.post("/v1/me/backup_codes", &[]).await.summary(), "400 backup_codes_not_available");
    let attempt = async |code: &str| native.post("/v1/me/totp/attempt_verification", &[("code", code)]).await;
    assert_eq!(attempt("123456").await.summary(), "400 verification_missing");
    let started = native.post("/v1/me/totp", &[]).await;
    assert!(started.text("/uri").contains(&started.text("/secret")));
    let code = emulator.totp_code(&user).unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(attempt(wrong).await.summary(), "422 form_code_incorrect(code)");
    let enrolled = attempt(&code).await;
    assert_eq!(
        (enrolled.resource()["verified"].clone(), enrolled.resource()["backup_codes"].as_array().map(Vec::len)),
        (json!(true), Some(10))
    );
    assert_eq!(native.post("/v1/me/totp", &[]).await.summary(), "400 totp_already_enabled");
    let me = native.get("/v1/me").await;
    assert_eq!(
        (&me.resource()["two_factor_enabled"], &me.resource()["backup_code_enabled"]),
        (&json!(true), &json!(true))
    );
    let phone = me.text("/phone_numbers/0/id");
    let path = format!("/v1/me/phone_numbers/{phone}");
    let reserved =
        native.patch(&path, &[("reserved_for_second_factor", "true"), ("default_second_factor", "true")]).await;
    assert_eq!(reserved.resource()["default_second_factor"], true);
    let unset = native.patch(&path, &[("default_second_factor", "false")]).await;
    assert_eq!(unset.summary(), "422 form_disable_default_second_factor_not_allowed(default_second_factor)");
    assert_eq!(native.delete("/v1/me/totp").await.resource()["deleted"], true);
    emulator.configure(|config| config.mfa.required = true);
    assert_eq!(native.delete(&path).await.summary(), "400 second_factor_deletion_not_allowed");
}

#[tokio::test]
async fn external_accounts_are_connected() {
    let (emulator, native) =
        start(|config| config.users[1].external_accounts = vec![Identity::new("oauth_google", GRACE)]).await;
    native.sign_in(ADA, PASSWORD).await;
    let connect = async |strategy: &str| {
        let form = [
            ("strategy", strategy),
            ("redirect_url", CALLBACK),
            ("additional_scope", "repo"),
            ("additional_scope", "gist"),
        ];
        native.post("/v1/me/external_accounts", &form).await
    };
    let begun = connect("oauth_github").await;
    assert_eq!(begun.text("/approved_scopes"), "email profile repo gist");
    let page = begun.text("/verification/external_verification_redirect_url");
    emulator.decide(&page, Decision::Approve(Identity::new("oauth_github", "ada@github.test"))).unwrap();
    let me = native.get("/v1/me").await;
    assert_eq!(me.text("/external_accounts/0/verification/status"), "verified");
    assert_eq!(me.text("/email_addresses/1/email_address"), "ada@github.test", "the provider vouches for it");
    assert_eq!(connect("oauth_github").await.summary(), "400 oauth_account_already_connected(strategy)");
    let linked = me.text("/email_addresses/1/id");
    assert_eq!(
        native.delete(&format!("/v1/me/email_addresses/{linked}")).await.summary(),
        "400 delete_linked_identification_disallowed"
    );
    // The account of another user.
    let page = connect("oauth_google").await.text("/verification/external_verification_redirect_url");
    let link = emulator.decide(&page, Decision::Approve(Identity::new("oauth_google", GRACE))).unwrap();
    assert!(link.as_str().contains("__clerk_error_code=oauth_identification_claimed"), "{link}");
    let id = me.text("/external_accounts/0/id");
    assert_eq!(native.delete(&format!("/v1/me/external_accounts/{id}")).await.resource()["deleted"], true);
}

#[tokio::test]
async fn profile_image_is_uploaded_and_served() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let upload = async |content: &'static [u8]| {
        let body = [
            b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".as_slice(),
            content,
            b"\r\n--x--\r\n",
        ]
        .concat();
        let token = native.token.lock().unwrap().clone().unwrap();
        let request = native.raw("POST", "/v1/me/profile_image?_is_native=1").header("authorization", token);
        read(request.header("content-type", "multipart/form-data; boundary=x").body(body).send().await.unwrap()).await
    };
    assert_eq!(upload(b"no picture").await.summary(), "400 request_body_invalid");
    assert_eq!(upload(b"").await.summary(), "400 form_param_missing(file)");
    let uploaded = upload(b"\x89PNG and the rest").await;
    let url = uploaded.text("/public_url").replace(&emulator.base_url(), "");
    let shown = native.raw("GET", &url).send().await.unwrap();
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(native.get("/v1/me").await.resource()["has_image"], true);
    assert_eq!(native.delete("/v1/me/profile_image").await.status, 200);
    assert_eq!(native.get("/v1/me").await.resource()["has_image"], false);
}

#[tokio::test]
async fn delete_me_removes_the_user_everywhere() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    emulator.configure(|config| config.actions.delete_self = false);
    assert_eq!(native.delete("/v1/me").await.summary(), "403 user_delete_self_not_enabled");
    emulator.configure(|config| config.actions.delete_self = true);
    let elsewhere = Native::new(&emulator);
    elsewhere.sign_in(ADA, PASSWORD).await;
    assert_eq!(native.delete("/v1/me").await.resource()["object"], "user");
    assert_eq!(elsewhere.get("/v1/me").await.summary(), "401 signed_out");
    let gone = native.post("/v1/client/sign_ins", &[("identifier", ADA)]).await;
    assert_eq!(gone.summary(), "422 form_identifier_not_found(identifier)");
}

#[tokio::test]
async fn me_limits_the_length_of_names_and_metadata() {
    let (_emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let long = "é".repeat(257);
    let name = native.patch("/v1/me", &[("first_name", long.as_str())]).await;
    assert_eq!(name.summary(), "422 form_param_max_length_exceeded(first_name)");
    for part in 0..4 {
        let metadata = serde_json::json!({ format!("part_{part}"): "x".repeat(3_000) }).to_string();
        let response = native.patch("/v1/me/metadata", &[("unsafe_metadata", metadata.as_str())]).await;
        let expected = if part < 2 { "200" } else { "422 form_param_exceeds_allowed_size(unsafe_metadata)" };
        assert_eq!(response.summary(), expected, "piece by piece: {part}");
    }
}

#[tokio::test]
async fn me_names_the_features_that_are_off() {
    let (_emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    for (method, path) in [
        ("GET", "biometric_credentials"),
        ("POST", "biometric_credentials/prepare"),
        ("POST", "biometric_credentials/attempt"),
        ("DELETE", "biometric_credentials/one"),
        ("POST", "oauth/device/lookup"),
        ("POST", "oauth/device"),
    ] {
        let response = native.send(method, &format!("/v1/me/{path}"), &[]).await;
        assert_eq!(response.summary(), "403 feature_not_enabled", "{method} {path}");
        assert!(response.body["errors"][0]["long_message"].is_string() && response.body["clerk_trace_id"].is_string());
    }
    assert_eq!(native.get("/v1/me").await.text("/first_name"), "Ada", "the session goes on");
}
