//! Admission of requests, and the client token.

mod support;

use clerk_emulator::Emulator;
use support::{ADA, Native, PASSWORD, read, start};

#[tokio::test]
async fn authorization_is_parsed_like_clerk() {
    let (_emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let token = native.token.lock().unwrap().clone().unwrap();
    for (credential, expected) in [
        (token.clone(), "200"),
        (format!("Bearer {token}"), "200"),
        (format!("bearer {token}"), "200"),
        (String::new(), "401 signed_out"),
        ("Bearer".to_owned(), "401 signed_out"),
        ("nonsense".to_owned(), "401 authentication_invalid"),
        (format!("{token}x"), "401 authentication_invalid"),
    ] {
        let request = native.raw("GET", "/v1/me?_is_native=1").header("authorization", &credential);
        assert_eq!(read(request.send().await.unwrap()).await.summary(), expected, "{credential}");
    }
}

#[tokio::test]
async fn origin_with_authorization_is_refused() {
    let (emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let token = native.token.lock().unwrap().clone().unwrap();
    let ask = |origin: &'static str| {
        let request = native.raw("GET", "/v1/me?_is_native=1").header("authorization", &token).header("origin", origin);
        async { read(request.send().await.unwrap()).await.summary() }
    };
    assert_eq!(ask("tauri://localhost").await, "400 origin_authorization_headers_conflict");
    emulator.configure(|config| config.native_api.allowed_origins = vec!["loopback".to_owned()]);
    assert_eq!(ask("tauri://localhost").await, "200");
    assert_eq!(ask("https://example.com").await, "400 origin_authorization_headers_conflict");
    let foreign = native.raw("GET", "/v1/environment?_is_native=1").header("origin", "https://example.com");
    assert_eq!(read(foreign.send().await.unwrap()).await.summary(), "400 origin_invalid");
    let nothing = native.raw("GET", "/v1/client").send().await.unwrap();
    assert_eq!(read(nothing).await.summary(), "400 request_header_missing");
    let twice = native.raw("GET", "/v1/client?_is_native=1").header("authorization", "a").header("authorization", "b");
    assert_eq!(read(twice.send().await.unwrap()).await.summary(), "400 multiple_authorization_header_values_forbidden");
}

#[tokio::test]
async fn native_api_disabled_is_returned_by_every_endpoint() {
    let (_emulator, native) = start(|config| config.native_api.enabled = false).await;
    for path in ["/v1/environment", "/v1/client", "/v1/me"] {
        assert_eq!(native.get(path).await.summary(), "400 native_api_disabled", "{path}");
    }
}

#[tokio::test]
async fn client_token_is_issued_rotated_and_cleared() {
    let (emulator, native) = start(|_| {}).await;
    let first = native.get("/v1/client").await;
    assert!(first.resource().is_null() && first.token.is_some());
    // The client is created under the ID of its token.
    assert_eq!(native.get("/v1/client").await.token, None, "a device keeps its token");
    let created = native.post("/v1/client", &[]).await;
    assert_eq!(created.token, None);
    let session = native.sign_in(ADA, PASSWORD).await;
    let before = native.token.lock().unwrap().clone();
    let minted = native.post(&format!("/v1/client/sessions/{session}/tokens"), &[]).await;
    assert_eq!((minted.status, minted.token), (200, None), "minting does not rotate");
    // A superseded token of an existing client is accepted.
    let old = Native::new(&emulator);
    *old.token.lock().unwrap() = first.token;
    assert_eq!(old.get("/v1/me").await.status, 200);
    let left = native.delete("/v1/client/sessions").await;
    assert!(left.token.is_some() && left.token != before, "signing out rotates");
    assert_eq!(left.text("/id"), created.text("/id"), "the client stays");
    let dropped = native.delete("/v1/client").await;
    assert_eq!(dropped.token.as_deref(), Some(""), "an empty token clears it");
    *old.token.lock().unwrap() = before;
    assert_eq!(old.get("/v1/me").await.summary(), "401 signed_out");
    assert!(old.post("/v1/client", &[]).await.text("/id") != created.text("/id"), "a new client");
}

/// A superseded token is refused at once here, so each step must present the token that the emulator last issued.
#[tokio::test]
async fn client_is_created_with_the_token_that_was_issued_before() {
    let (_emulator, native) = start(|config| config.rotation_grace_s = Some(0)).await;
    let first = native.get("/v1/client").await;
    assert!(first.resource().is_null() && first.token.is_some());
    let created = native.post("/v1/client", &[]).await;
    assert_eq!(native.get("/v1/client").await.text("/id"), created.text("/id"), "the token belongs to the client");
    native.sign_in(ADA, PASSWORD).await;
    assert_eq!(native.get("/v1/me").await.status, 200);
}

#[tokio::test]
async fn form_bodies_are_validated_strictly() {
    let (_emulator, native) = start(|_| {}).await;
    for (form, expected) in [
        (vec![("identifer", ADA)], "422 form_param_unknown(identifer)"),
        (vec![("identifier", ADA), ("identifier", ADA)], "422 form_param_duplicate(identifier)"),
        (vec![("identifier", "")], "422 form_param_nil(identifier)"),
        (vec![("strategy", "password")], "422 form_param_missing(identifier)"),
        (vec![("strategy", "telepathy"), ("identifier", ADA)], "422 form_param_value_invalid(strategy)"),
        (vec![("password", PASSWORD)], "422 form_conditional_param_missing(identifier)"),
    ] {
        assert_eq!(native.post("/v1/client/sign_ins", &form).await.summary(), expected);
    }
    let json =
        native.raw("POST", "/v1/client/sign_ins?_is_native=1").header("content-type", "application/json").body("{}");
    assert_eq!(read(json.send().await.unwrap()).await.summary(), "415 unsupported_content_type");
    let large = native
        .raw("POST", "/v1/client/sign_ins?_is_native=1")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("a=".to_owned() + &"x".repeat(2 * 1024 * 1024));
    assert_eq!(read(large.send().await.unwrap()).await.summary(), "413 request_body_too_large");
}

#[tokio::test]
async fn operations_refuse_garbage_with_clerk_errors() {
    let (_emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    let bodies: [&[u8]; 4] =
        [b"\xff\xfe\x00garbage", b"a=%00&b=%zz&&==", b"{\"not\": \"a form\"", b"strategy=%F0%9F%92%A9"];
    for (method, path, _) in Emulator::operations() {
        let path = path.replace("{}", "..%2F%00");
        for body in bodies {
            let response = if method == "GET" {
                let token = native.token.lock().unwrap().clone().unwrap_or_default();
                native
                    .raw(method, &format!("{path}?limit=-1&token=%FF&state=x&_is_native=1"))
                    .header("authorization", token)
            } else {
                let token = native.token.lock().unwrap().clone().unwrap_or_default();
                let request = native.raw(method, &format!("{path}?_is_native=1")).header("authorization", token);
                request.header("content-type", "application/x-www-form-urlencoded").body(body.to_vec())
            };
            let response = read(response.send().await.unwrap()).await;
            assert!(
                response.status < 500 || response.refusal().1 == "emulator_not_implemented",
                "{method} {path}: {response:?}"
            );
            let is_page = response.body.is_string() || path.starts_with("/oauth");
            if response.status >= 400 && !is_page {
                assert!(!response.refusal().1.is_empty(), "{method} {path}: {response:?}");
            }
        }
    }
    for (method, path, expected) in [
        ("GET", "/v1/no_such_thing", "404 resource_not_found"),
        ("PUT", "/v1/me", "405 method_not_allowed"),
        ("GET", "/v1/client/sessions/sess_nobody", "404 resource_not_found"),
    ] {
        assert_eq!(native.send(method, path, &[]).await.summary(), expected);
    }
}

#[tokio::test]
async fn rate_limits_apply_when_enabled() {
    let (emulator, native) = start(|config| config.rate_limits = true).await;
    emulator.freeze_clock();
    for _ in 0..5 {
        assert_eq!(native.post("/v1/client/sign_ins", &[("identifier", ADA)]).await.status, 200);
    }
    let refused = native.post("/v1/client/sign_ins", &[("identifier", ADA)]).await;
    assert_eq!((refused.summary().as_str(), refused.retry_after.is_some()), ("429 too_many_requests", true));
    emulator.advance_clock(std::time::Duration::from_secs(11));
    assert_eq!(native.post("/v1/client/sign_ins", &[("identifier", ADA)]).await.status, 200);
}

#[tokio::test]
async fn operations_refuse_unknown_fields() {
    let (_emulator, native) = start(|_| {}).await;
    native.sign_in(ADA, PASSWORD).await;
    for (method, path, field) in [
        ("POST", "/v1/client/sign_ins/x/attempt_second_factor", "password"),
        ("POST", "/v1/client/sign_ins/x/prepare_second_factor", "web3_wallet_id"),
        ("PATCH", "/v1/client/sign_ups/x", "captcha_token"),
        ("PATCH", "/v1/client/sign_ups/x", "transfer"),
        ("POST", "/v1/client/sign_ups/x/prepare_verification", "email_address_id"),
        ("POST", "/v1/client/sign_ups/x/attempt_verification", "password"),
        ("POST", "/v1/client/sessions/x/verify/attempt_second_factor", "password"),
        ("POST", "/v1/me/email_addresses/x/attempt_verification", "strategy"),
        ("POST", "/v1/me/phone_numbers/x/prepare_verification", "redirect_url"),
        ("POST", "/v1/me/passkeys/x/attempt_verification", "code"),
        ("PATCH", "/v1/me/external_accounts/x/reauthorize", "strategy"),
    ] {
        let response = native.send(method, path, &[(field, "1")]).await;
        assert_eq!(response.summary(), format!("422 form_param_unknown({field})"), "{method} {path}");
    }
}

#[tokio::test]
async fn rotation_grace_limits_superseded_tokens() {
    for (grace, expected) in [(None, "200"), (Some(60), "200"), (Some(0), "401 signed_out")] {
        let (emulator, native) = start(|config| config.rotation_grace_s = grace).await;
        emulator.freeze_clock();
        native.post("/v1/client", &[]).await;
        let old = native.token.lock().unwrap().clone();
        native.sign_in(ADA, PASSWORD).await;
        assert_eq!(native.get("/v1/me").await.status, 200, "the new token");
        *native.token.lock().unwrap() = old;
        assert_eq!(native.get("/v1/me").await.summary(), expected, "{grace:?}");
    }
}

#[tokio::test]
async fn rotate_always_rotates_with_every_request_that_changes_the_client() {
    for always in [false, true] {
        let (_emulator, native) = start(|config| config.rotate_always = always).await;
        native.post("/v1/client", &[]).await;
        let session = native.sign_in(ADA, PASSWORD).await;
        let mint = format!("/v1/client/sessions/{session}/tokens");
        for _ in 0..2 {
            let before = native.token.lock().unwrap().clone();
            let response = native.post(&mint, &[]).await;
            assert_eq!((response.status, response.token.is_some()), (200, always));
            assert_eq!(*native.token.lock().unwrap() != before, always, "the token is another one");
        }
        for path in ["/v1/environment", "/v1/client", "/v1/me"] {
            assert_eq!(native.get(path).await.token, None, "{path}");
        }
        let refusal = native.post("/v1/client/sessions/unknown/tokens", &[]).await;
        assert_eq!((refusal.status, refusal.token), (404, None), "a refusal changes nothing");
    }
}

#[tokio::test]
async fn connections_counts_what_is_open() {
    let (emulator, _native) = start(|_| {}).await;
    assert_eq!(emulator.connections(), 0);
    let address = emulator.base_url().trim_start_matches("http://").to_owned();
    let open = [
        tokio::net::TcpStream::connect(&address).await.unwrap(),
        tokio::net::TcpStream::connect(&address).await.unwrap(),
    ];
    let becomes = async |count| {
        while emulator.connections() != count {
            tokio::task::yield_now().await;
        }
    };
    becomes(2).await;
    drop(open);
    becomes(0).await;
}
