//! Fuzz targets: publishable keys with the other options of an instance, and the responses of FAPI.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::*};
use bolero::{TypeGenerator, produce};
use serde_json::{Value, json};
use url::Url;

use crate::{
    ClerkOptions, SdkMetadata,
    fapi::{
        Instance, InstanceOptions, InstanceType, PublishableKey, envelope, is_loopback,
        json::{self, Json},
        received_client::{ReceivedClient, without_volatile},
        wire::Wire,
    },
    fuzz::{changed, changed_json, changed_text, edits, json_edits, pick, pick_text, run},
    models::{Environment, Organization, Session, SessionId, SignIn, SignUp, User, Waitlist},
    ports::{HttpResponse, TokenUpdate},
    secret::SessionToken,
    state::{snapshot::Snapshot, transition::Transition},
    time::Moment,
};

const KEYS: [&str; 8] = [
    "pk_test_Y2xlcmsuZXhhbXBsZS50ZXN0JA",
    "pk_live_Y2xlcmsuZXhhbXBsZS5jbyQ=",
    "  pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\n",
    "pk_test_MTI3LjAuMC4xOjQwMTAk",
    "pk_test_aGFwcHktZm94LTEyLmNsZXJrLmFjY291bnRzLmRldiQ",
    "sk_test_Y2xlcmsuZXhhbXBsZS5jb20k",
    "pk_test_",
    "",
];
const KEY_WORDS: [&str; 12] = ["pk_", "test", "live", "sk_", "_", "=", "==", "JA", "k", " ", "\u{feff}", "é"];
const PREFIXES: [&str; 4] = ["pk_test_", "pk_live_", "sk_live_", "PK_test_"];
const HOSTS: [&str; 10] = [
    "clerk.example.com",
    "happy-fox-12.clerk.accounts.dev",
    "127.0.0.1:4010",
    "127.1",
    "0x7f.0.0.1:4010",
    "xn--bcher-kva.example",
    "Clerk.EXAMPLE.com:8443",
    "happy_fox.example.com",
    "a.b",
    "localhost:4010",
];
const HOST_WORDS: [&str; 24] = [
    "clerk.", ".", "..", ":", ":80", ":443", ":65536", "$", "/", "\\", "?", "#", "@", "%2e", "%00", "[::1]", "xn--",
    "0x7f", "127.1", "１", "é", "\t", " ", "\u{ad}",
];
const PROXIES: [&str; 7] = [
    "",
    "https://example.com/__clerk",
    "https://example.com/__clerk/",
    "http://127.0.0.1:4700",
    "http://localhost:4010/",
    "http://[::1]:4010",
    "ftp://user:password@example.com/?x#y",
];
const DOMAINS: [&str; 5] = ["", "satellite.com", "https://clerk.satellite.com/", "clerk.com", "foo.clerk.accounts.dev"];

#[derive(Debug, Clone, TypeGenerator)]
struct KeyCase {
    /// Whether the key is made of a host, and not a text with changes.
    from_host: bool,
    key: u8,
    prefix: u8,
    encoding: u8,
    domain: u8,
    proxy: u8,
}

#[test]
fn publishable_keys_name_a_valid_host() {
    let generator = (produce::<KeyCase>(), edits(), edits(), edits());
    run("publishable-keys", generator, |(case, edits, domain, proxy)| {
        let text = if case.from_host {
            let host = changed([pick_text(&HOSTS, case.key), "$"].concat().as_bytes(), edits, &HOST_WORDS);
            let payload = match case.encoding % 3 {
                0 => BASE64_STANDARD.encode(host),
                1 => BASE64_STANDARD_NO_PAD.encode(host),
                _ => BASE64_URL_SAFE_NO_PAD.encode(host),
            };
            [pick_text(&PREFIXES, case.prefix), &payload].concat()
        } else {
            changed_text(pick_text(&KEYS, case.key), edits, &KEY_WORDS)
        };
        match PublishableKey::parse(&text) {
            Ok(key) => check_key(&key, &text),
            Err(error) => {
                let expected =
                    if text.trim().is_empty() { "publishable_key_missing" } else { "publishable_key_invalid" };
                assert_eq!(error.code(), expected);
            }
        }
        check_instance(&InstanceOptions {
            publishable_key: Some(text),
            proxy_url: Some(changed_text(pick_text(&PROXIES, case.proxy), proxy, &HOST_WORDS)),
            domain: Some(changed_text(pick_text(&DOMAINS, case.domain), domain, &HOST_WORDS)),
        });
    });
}

/// A key that was accepted says the same when it is taken apart otherwise.
fn check_key(key: &PublishableKey, text: &str) {
    let api = key.frontend_api();
    assert_eq!(key.as_str(), text.trim());
    let prefix = match key.instance_type() {
        InstanceType::Production => "pk_live_",
        InstanceType::Development => "pk_test_",
    };
    let payload = BASE64_STANDARD_NO_PAD.encode([api, "$"].concat());
    assert_eq!(text.trim().trim_end_matches('='), [prefix, payload.as_str()].concat());
    // A parser of URLs finds the same host, and nothing else.
    let url = Url::parse(&format!("https://{api}")).unwrap();
    let (host, port) = api.split_once(':').unwrap_or((api, "443"));
    assert!(url.host_str().is_some_and(|found| found.eq_ignore_ascii_case(host)), "{api} is read as {url}");
    assert_eq!(url.port_or_known_default(), Some(port.parse().unwrap()));
    assert_eq!((url.path(), url.query(), url.fragment(), url.username()), ("/", None, None, ""));
    assert_eq!(PublishableKey::parse(key.as_str()).unwrap(), *key);
}

/// Requests go to a server of the options, over TLS or to this computer.
fn check_instance(options: &InstanceOptions) {
    let codes = [
        "publishable_key_missing",
        "publishable_key_invalid",
        "proxy_url_invalid",
        "domain_invalid",
        "instance_mismatch",
    ];
    match Instance::resolve(options) {
        Ok(instance) => {
            let url = instance.url("/v1/client");
            assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)), "{url}");
            assert!(url.has_host() && url.path().ends_with("/v1/client"), "{url}");
            assert!(url.username().is_empty() && url.password().is_none(), "{url}");
            assert!(url.query().is_none() && url.fragment().is_none(), "{url}");
            assert!(!instance.secret_name().is_empty());
        }
        Err(error) => assert!(codes.contains(&error.code()), "{error:?}"),
    }
}

const STATUSES: [u16; 12] = [200, 200, 200, 200, 201, 204, 302, 401, 404, 422, 429, 503];
const BODY_WORDS: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "1e999",
    "\\u0000",
    "\\",
    "\u{feff}",
    "<!doctype html>",
    "\"response\":",
    "\"errors\":[{}],",
    " ",
];
const TOKENS: [&str; 6] = ["Bearer a.b.c", "a.b.c", "", "bearer", "BEARER  é", "Bearer Bearer x"];

#[derive(Debug, Clone, TypeGenerator)]
struct Reply {
    body: u8,
    status: u8,
    retry_after: Option<u64>,
    token: u8,
}

#[test]
fn envelopes_are_read_within_limits_or_reported() {
    let bodies = genuine_bodies();
    let generator = (produce::<Reply>(), json_edits(), edits());
    run("envelopes", generator, move |(reply, json_edits, text_edits)| {
        let body = changed_json(pick(&bodies, reply.body), json_edits);
        // Many of the texts stay JSON, so that more than the parser is reached.
        let body = match text_edits.len() {
            0 | 1 => body.into_bytes(),
            _ => changed(body.as_bytes(), &text_edits[1..], &BODY_WORDS),
        };
        let header = changed_text(pick_text(&TOKENS, reply.token), text_edits, &[" ", "Bearer ", "\t", "é"]);
        if let TokenUpdate::Set(token) = TokenUpdate::from_header(Some(&header)) {
            assert!(!token.expose().is_empty());
        }
        check_json(&body);
        check_envelope(&HttpResponse {
            status: *pick(&STATUSES, reply.status),
            token: TokenUpdate::Absent,
            retry_after: reply.retry_after,
            body,
        });
    });
}

/// What is read is what serde_json reads, unless a limit was exceeded, and its text says the same.
fn check_json(body: &[u8]) {
    let expected = serde_json::from_slice::<Value>(body).ok();
    let Ok(text) = json::text(body) else {
        assert!(expected.is_none() || body.len() > json::MAX_BYTES);
        return;
    };
    match json::read::<Value>(text) {
        Ok(read) => {
            assert!(json::is_valid(text) && body.len() <= json::MAX_BYTES);
            assert_eq!(read, expected);
            let fields = json::fields(text, ["response", "client"]);
            for (name, field) in ["response", "client"].iter().zip(fields.into_iter().flatten()) {
                let field = field.map(|field| serde_json::from_str::<Value>(field.get()).unwrap());
                assert_eq!(field.as_ref(), expected.as_ref().and_then(|expected| expected.get(name)));
            }
        }
        Err(_) => assert!(expected.is_none() || body.len() > 100_000, "JSON was refused"),
    }
}

fn check_envelope(response: &HttpResponse) {
    let opened = envelope::open(response, "/client", false);
    match &opened.outcome {
        Ok(text) => {
            assert!(response.status < 300, "{}", response.status);
            read_all(text);
        }
        Err(error) => {
            assert!(["decode_error", "api_response_error"].contains(&error.code()), "{error:?}");
            assert_eq!(opened.recognized, error.code() == "api_response_error");
            assert!(error.retry_after().is_none_or(|seconds| seconds <= 600));
            assert!(!error.to_string().is_empty());
        }
    }
    if let Some(client) = opened.client {
        assert!(opened.recognized && client.starts_with('{'));
        read_all(client);
    }
}

/// Reads JSON as every resource, and shows it to windows.
fn read_all(text: &str) {
    fn read<T: Wire + serde::Serialize>(text: &str) -> Option<T> {
        let resource: Option<T> = json::read(text).ok().flatten();
        assert!(serde_json::to_string(&resource).is_ok());
        resource
    }
    read::<SignIn>(text);
    read::<SignUp>(text);
    read::<Session>(text);
    read::<User>(text);
    read::<Organization>(text);
    read::<Waitlist>(text);
    let mut snapshot = Snapshot::initial(SdkMetadata::default(), ClerkOptions::default());
    if let Some(typed) = read::<Environment>(text) {
        snapshot = snapshot.after(Transition::Environment { typed: Box::new(typed), raw: Json::from_valid(text) });
    }
    if let Some(client) = ReceivedClient::read(text) {
        check_client(&client, text);
        for _ in 0..2 {
            snapshot = snapshot.after(Transition::Client(Box::new(client.clone())));
        }
    }
    let snapshot = Arc::new(snapshot);
    for wall_ms in [snapshot.at.wall_ms, 1_900_000_000_000, i64::MAX, i64::MIN] {
        let now = Moment { wall_ms, monotonic: snapshot.at.monotonic + Duration::from_secs(60) };
        let aged = snapshot.clone().aged(now).with_verification_ages(now);
        assert!(!aged.has_ended_session(now), "a session outlasts its end");
        assert!(serde_json::to_string(&*aged).is_ok());
    }
}

/// The text of a client is that of the response, but for the session tokens.
fn check_client(client: &ReceivedClient, text: &str) {
    let mut expected: Value = serde_json::from_str(text).unwrap();
    let sessions = expected.get_mut("sessions").and_then(Value::as_array_mut);
    assert_eq!(client.lists_sessions, sessions.is_some());
    let mut tokens = Vec::new();
    for session in sessions.into_iter().flatten() {
        let Some(token) = session.get_mut("last_active_token").map(Value::take) else { continue };
        if let (Some(id), Some(jwt)) = (session["id"].as_str(), token["jwt"].as_str().filter(|jwt| !jwt.is_empty())) {
            tokens.push((SessionId::from(id), SessionToken::new(jwt)));
        }
    }
    assert_eq!(client.tokens, tokens);
    assert_eq!(client.raw.expose().tree().unwrap(), expected);
    let stored = without_volatile(client.raw.expose()).tree().unwrap();
    for session in stored["sessions"].as_array().into_iter().flatten() {
        assert!(session["last_active_token"].is_null() && session["factor_verification_age"].is_null());
    }
}

fn genuine_bodies() -> Vec<Value> {
    let verification = json!({
        "object": "verification", "status": "verified", "strategy": "email_code", "attempts": 1,
        "expire_at": 1_800_000_600_000_i64, "error": { "code": "x", "message": "X.", "meta": { "param_name": "code" } },
    });
    let organization = json!({
        "object": "organization", "id": "org_1", "name": "Analytical Engines", "slug": "engines", "has_image": false,
        "members_count": 2, "max_allowed_memberships": 5, "public_metadata": {}, "created_at": 1, "updated_at": 2,
    });
    let user = json!({
        "object": "user", "id": "user_1", "username": null, "first_name": "Ada", "last_name": "Lovelace",
        "image_url": "https://img.example.test/1", "has_image": true, "primary_email_address_id": "idn_1",
        "password_enabled": true, "two_factor_enabled": false,
        "email_addresses": [{
            "id": "idn_1", "email_address": "ada@example.test", "verification": verification,
            "linked_to": [{ "type": "oauth_google", "id": "idn_2" }],
        }],
        "phone_numbers": [{ "id": "idn_3", "phone_number": "+15555550100", "reserved_for_second_factor": true }],
        "web3_wallets": [], "passkeys": [{ "id": "idn_4", "name": "Key", "last_used_at": null }],
        "external_accounts": [{ "id": "eac_1", "provider": "google", "approved_scopes": "email", "username": "" }],
        "organization_memberships": [{
            "id": "orgmem_1", "role": "org:admin", "role_name": "Admin", "permissions": ["org:invoices:create"],
            "organization": organization,
        }],
        "public_metadata": { "plan": ["a", { "b": 1.5 }] }, "unsafe_metadata": {},
        "last_sign_in_at": 1_800_000_000_000_i64, "create_organizations_limit": null,
    });
    let session = json!({
        "object": "session", "id": "sess_1", "status": "active", "expire_at": 1_800_600_000_000_i64,
        "abandon_at": 1_802_000_000_000_i64, "last_active_at": 1_800_000_000_000_i64,
        "last_active_organization_id": "org_1", "actor": null, "tasks": [{ "key": "choose-organization" }],
        "factor_verification_age": [3, -1], "user": user, "public_user_data": { "identifier": "ada@example.test" },
        "last_active_token": {
            "object": "token", "jwt": "e30.eyJpYXQiOjE4MDAwMDAwMDAsImV4cCI6MTgwMDAwMDA2MCwiZmVhIjoibzpyZXBvcnRzIn0.x",
        },
        "created_at": 1_800_000_000_000_i64, "updated_at": 1_800_000_000_000_i64,
    });
    let sign_in = json!({
        "object": "sign_in_attempt", "id": "sia_1", "status": "needs_first_factor", "identifier": "ada@example.test",
        "supported_identifiers": ["email_address"],
        "supported_first_factors": [{ "strategy": "email_link", "email_address_id": "idn_1", "primary": true }],
        "supported_second_factors": null, "first_factor_verification": verification,
        "user_data": { "first_name": "Ada", "has_image": false }, "created_session_id": null, "abandon_at": 5,
    });
    let sign_up = json!({
        "object": "sign_up_attempt", "id": "sua_1", "status": "missing_requirements", "missing_fields": ["password"],
        "required_fields": ["password"], "optional_fields": [], "unverified_fields": ["email_address"],
        "verifications": {
            "email_address": { "status": "unverified", "next_action": "needs_attempt", "supported_strategies": ["email_code"] },
            "phone_number": null, "external_account": verification,
        },
        "unsafe_metadata": { "x": [1] }, "legal_accepted_at": null,
    });
    let client = json!({
        "object": "client", "id": "client_1", "sessions": [session], "sign_in": sign_in, "sign_up": sign_up,
        "last_active_session_id": "sess_1", "captcha_bypass": false, "cookie_expires_at": null,
        "created_at": 1_800_000_000_000_i64, "updated_at": 1_800_000_000_000_i64,
    });
    let environment = json!({
        "auth_config": { "object": "auth_config", "single_session_mode": true, "native_settings": { "api_enabled": true } },
        "display_config": { "instance_environment_type": "development", "application_name": "Test", "terms_url": null },
        "user_settings": {
            "attributes": { "email_address": { "enabled": true, "required": true, "verifications": ["email_code"] } },
            "social": { "oauth_google": { "enabled": true, "strategy": "oauth_google", "name": "Google" } },
            "sign_up": { "mode": "public" },
        },
        "organization_settings": { "enabled": true, "force_organization_selection": false },
    });
    let errors = json!({
        "errors": [
            { "code": "form_password_incorrect", "message": "is incorrect", "long_message": "Password is incorrect.", "meta": { "param_name": "password" } },
            { "code": "session_exists", "message": "m", "meta": { "session_id": "sess_1" } },
        ],
        "meta": { "client": client }, "clerk_trace_id": "trace",
    });
    vec![
        json!({ "response": client, "client": null }),
        json!({ "response": sign_in, "client": client }),
        json!({ "response": sign_up, "client": client }),
        json!({ "response": user, "client": client }),
        environment,
        errors,
        json!({ "object": "token", "jwt": "e30.e30.x" }),
        json!({ "response": null, "client": null }),
        client,
    ]
}
