//! `handle_redirect_callback`: each row of the decision table, and the requests that it makes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clerk_core::{ClerkOptions, LoadOptions, RedirectCallbackParams, RedirectOutcome, Result, storage::MemoryStore};
use clerk_testkit::{ScriptedApp, client, json_response, session};
use serde_json::{Value, json};

/// The state of FAPI, and the options of the app.
#[derive(Clone, Default)]
struct Fapi {
    /// `sign_in`, `sign_up` and `sessions` of the client.
    client: Value,
    /// The attempt that a transfer creates.
    transferred: Value,
    options: ClerkOptions,
}

impl Fapi {
    fn with(client: Value) -> Self {
        Self { client, ..Self::default() }
    }

    fn transferring_to(self, transferred: Value) -> Self {
        Self { transferred, ..self }
    }

    async fn app(self) -> ScriptedApp {
        let Self { client: parts, transferred, options } = self;
        let with_parts = move |updated_at: i64, sessions: &[Value]| {
            let mut response = client(updated_at, sessions);
            for (key, value) in parts.as_object().unwrap() {
                response[key] = value.clone();
            }
            response
        };
        let asked = AtomicBool::new(false);
        let script = move |method: &str, path: &str| match (method, path) {
            ("GET", "/environment") => json_response(
                200,
                &json!({ "display_config": {
                    "instance_environment_type": "development",
                    "sign_in_url": "http://portal/sign-in",
                    "sign_up_url": "http://portal/sign-up",
                } }),
            ),
            ("GET", "/client") => json_response(200, &json!({ "response": with_parts(1, &[session("sess_0")]) })),
            ("POST", "/client/sign_ins" | "/client/sign_ups") => {
                assert!(!asked.swap(true, Ordering::Relaxed), "a second transfer was requested");
                let sessions = [session("sess_0"), session("sess_new")];
                json_response(200, &json!({ "response": transferred, "client": client(2, &sessions) }))
            }
            ("POST", _) if path.ends_with("/touch") => {
                let touched = path.split('/').nth(3).unwrap();
                json_response(200, &json!({ "response": session(touched) }))
            }
            ("POST", _) if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
            ("GET", "/client/sign_ins/sia_1" | "/client/sign_ups/sua_1") => json_response(500, &json!({})),
            other => panic!("unexpected request {other:?}"),
        };
        let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| setup.options = options);
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app
    }

    /// Returns the outcome (`activate <session> → <url>`, `<url>`, `stay`, or an error code) and the requests.
    async fn callback(self, params: RedirectCallbackParams) -> (String, Vec<String>) {
        let app = self.app().await;
        let before = app.fapi.requests.lock().unwrap().len();
        let outcome = app.clerk.handle_redirect_callback(params).await;
        let active = app.clerk.session().map(|session| session.id.to_string()).unwrap_or_default();
        let requests = app.fapi.requests.lock().unwrap();
        let asked = requests[before..].iter().filter(|(_, path, _)| !path.starts_with("/client/sessions/"));
        let asked = asked.map(|(method, path, body)| format!("{method} {path} {body}").trim_end().to_owned()).collect();
        (describe(outcome, &active), asked)
    }
}

fn describe(outcome: Result<RedirectOutcome>, active: &str) -> String {
    match outcome {
        Ok(RedirectOutcome { navigate_to: Some(url), created_session_id: Some(session) }) => {
            assert_eq!(active, session.as_str(), "the session is the active one");
            format!("activate {session} → {url}")
        }
        Ok(RedirectOutcome { navigate_to: Some(url), created_session_id: None }) => url,
        Ok(RedirectOutcome { navigate_to: None, .. }) => "stay".to_owned(),
        Err(error) => error.code().to_owned(),
    }
}

fn params(json: Value) -> RedirectCallbackParams {
    serde_json::from_value(json).unwrap()
}

fn first_factor(status: &str, code: Option<&str>) -> Value {
    let error = code.map(|code| json!({ "code": code, "meta": { "session_id": "sess_7" } }));
    json!({ "status": status, "error": error })
}

fn external(status: &str, code: Option<&str>) -> Value {
    json!({ "external_account": first_factor(status, code) })
}

/// The sessions that the attempts name, beside the active `sess_0`.
fn sessions() -> Value {
    json!([session("sess_0"), session("sess_7"), session("sess_1"), session("sess_2")])
}

fn sign_in(sign_in: Value) -> Value {
    let mut attempt = json!({ "object": "sign_in_attempt", "id": "sia_1" });
    attempt.as_object_mut().unwrap().extend(sign_in.as_object().unwrap().clone());
    json!({ "sessions": sessions(), "sign_in": attempt })
}

fn sign_up(sign_up: Value) -> Value {
    let mut attempt = json!({ "object": "sign_up_attempt", "id": "sua_1" });
    attempt.as_object_mut().unwrap().extend(sign_up.as_object().unwrap().clone());
    json!({ "sessions": sessions(), "sign_up": attempt })
}

fn missing(fields: Value) -> Value {
    let mut attempt = json!({ "status": "missing_requirements", "verifications": external("verified", None) });
    attempt.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    sign_up(attempt)
}

fn pending_with_task() -> Value {
    let mut pending = session("sess_0");
    pending["status"] = "pending".into();
    pending["tasks"] = json!([{ "key": "choose-organization" }]);
    json!({ "sessions": [pending] })
}

#[tokio::test]
async fn handle_redirect_callback_follows_the_decision_table() {
    let gate = json!({ "status": "pending", "token": "t", "sdk_url": "https://sdk.example.test" });
    let unlisted = Some("a_code_of_tomorrow");
    let rows: Vec<(&str, Value, &str)> = vec![
        ("1 complete", sign_in(json!({ "status": "complete", "created_session_id": "sess_1" })), "activate sess_1 → /"),
        ("2 a check of the sign-in", sign_in(json!({ "protect_check": gate })), "http://portal/sign-in#/protect-check"),
        (
            "2 by its status",
            sign_in(json!({ "status": "needs_protect_check" })),
            "http://portal/sign-in#/protect-check",
        ),
        ("3 a check of the sign-up", sign_up(json!({ "protect_check": gate })), "http://portal/sign-up#/protect-check"),
        (
            "5 locked, sign-up",
            sign_up(json!({ "verifications": external("failed", Some("user_locked")) })),
            "http://portal/sign-up",
        ),
        (
            "6 locked, sign-in, before 7",
            sign_in(
                json!({ "status": "needs_first_factor", "first_factor_verification": first_factor("failed", Some("user_locked")) }),
            ),
            "http://portal/sign-in",
        ),
        (
            "7 another factor",
            sign_in(
                json!({ "status": "needs_first_factor", "supported_first_factors": [{ "strategy": "password" }, { "strategy": "enterprise_sso" }] }),
            ),
            "http://portal/sign-in#/factor-one",
        ),
        ("7 no list", sign_in(json!({ "status": "needs_first_factor" })), "http://portal/sign-in#/factor-one"),
        (
            "7 passed by: only enterprise SSO",
            sign_in(
                json!({ "status": "needs_first_factor", "supported_first_factors": [{ "strategy": "enterprise_sso" }] }),
            ),
            "http://portal/sign-in",
        ),
        (
            "7 passed by: an empty list",
            sign_in(json!({ "status": "needs_first_factor", "supported_first_factors": [] })),
            "http://portal/sign-in",
        ),
        ("8 new password", sign_in(json!({ "status": "needs_new_password" })), "http://portal/sign-in#/reset-password"),
        (
            "10 complete sign-up",
            sign_up(json!({ "status": "complete", "created_session_id": "sess_2" })),
            "activate sess_2 → /",
        ),
        ("11 second factor", sign_in(json!({ "status": "needs_second_factor" })), "http://portal/sign-in#/factor-two"),
        (
            "12 signed in already, by sign-in",
            sign_in(
                json!({ "first_factor_verification": first_factor("failed", Some("identifier_already_signed_in")) }),
            ),
            "activate sess_7 → /",
        ),
        (
            "12 signed in already, by sign-up",
            sign_up(json!({ "verifications": external("unverified", Some("identifier_already_signed_in")) })),
            "activate sess_7 → /",
        ),
        (
            "12 signed in already, by sign-up that failed",
            sign_up(json!({ "verifications": external("failed", Some("identifier_already_signed_in")) })),
            "activate sess_7 → /",
        ),
        (
            "13 any other error",
            sign_up(json!({ "verifications": external("unverified", unlisted) })),
            "http://portal/sign-up",
        ),
        (
            "13 before 14",
            sign_up(
                json!({ "status": "missing_requirements", "verifications": external("verified", Some("not_allowed_to_sign_up")) }),
            ),
            "http://portal/sign-up",
        ),
        (
            "14a a check",
            missing(json!({ "missing_fields": ["protect_check"], "unverified_fields": ["email_address"] })),
            "http://portal/sign-up#/protect-check",
        ),
        (
            "14b missing before unverified",
            missing(json!({ "missing_fields": ["last_name"], "unverified_fields": ["email_address"] })),
            "http://portal/sign-up#/continue",
        ),
        (
            "14c e-mail before phone",
            missing(json!({ "unverified_fields": ["phone_number", "email_address"] })),
            "http://portal/sign-up#/verify-email-address",
        ),
        (
            "14d phone",
            missing(json!({ "unverified_fields": ["phone_number"] })),
            "http://portal/sign-up#/verify-phone-number",
        ),
        ("14e nothing left", missing(json!({})), "stay"),
        (
            "15 a task of the session",
            pending_with_task(),
            "http://portal/sign-in#/tasks/choose-organization?redirect_url=tauri%3A%2F%2Flocalhost%2F",
        ),
        ("16 nothing at all", json!({}), "http://portal/sign-in"),
        ("16 client trust", sign_in(json!({ "status": "needs_client_trust" })), "http://portal/sign-in"),
        ("16 a status of tomorrow", sign_in(json!({ "status": "needs_telepathy" })), "http://portal/sign-in"),
    ];
    for (row, client, expected) in rows {
        let (outcome, asked) = Fapi::with(client).callback(RedirectCallbackParams::default()).await;
        assert_eq!((outcome.as_str(), asked.len()), (expected, 0), "row {row}");
    }
}

/// Rows 4 and 4a.
#[tokio::test]
async fn handle_redirect_callback_transfers_to_a_sign_in() {
    let exists = sign_up(json!({ "verifications": external("transferable", Some("external_account_exists")) }));
    for (result, expected) in [
        (json!({ "status": "needs_protect_check" }), "http://portal/sign-in#/protect-check"),
        (json!({ "protect_check": { "status": "pending" } }), "http://portal/sign-in#/protect-check"),
        (json!({ "status": "complete", "created_session_id": "sess_new" }), "activate sess_new → /"),
        (json!({ "status": "needs_first_factor" }), "http://portal/sign-in#/factor-one"),
        (json!({ "status": "needs_second_factor" }), "http://portal/sign-in#/factor-two"),
        (json!({ "status": "needs_new_password" }), "http://portal/sign-in#/reset-password"),
        (json!({ "status": "needs_client_trust" }), "redirect_callback_incomplete"),
        (json!({ "status": "needs_identifier" }), "redirect_callback_incomplete"),
        (json!({ "status": "needs_telepathy" }), "redirect_callback_incomplete"),
    ] {
        let mut attempt = result.clone();
        attempt["object"] = "sign_in_attempt".into();
        let fapi = Fapi::with(exists.clone()).transferring_to(attempt);
        let (outcome, asked) = fapi.callback(RedirectCallbackParams::default()).await;
        assert_eq!(outcome, expected, "{result}");
        assert_eq!(asked, ["POST /client/sign_ins transfer=true"]);
    }
}

/// Rows 9 and 9a, with the steps of 14a for what comes out of it.
#[tokio::test]
async fn handle_redirect_callback_transfers_to_a_sign_up() {
    let unknown = sign_in(
        json!({ "status": "needs_identifier", "first_factor_verification": first_factor("transferable", Some("external_account_not_found")) }),
    );
    for (result, expected) in [
        (json!({ "status": "complete", "created_session_id": "sess_new" }), "activate sess_new → /"),
        (
            json!({ "status": "missing_requirements", "protect_check": { "status": "pending" } }),
            "http://portal/sign-up#/protect-check",
        ),
        (
            json!({ "status": "missing_requirements", "missing_fields": ["phone_number"] }),
            "http://portal/sign-up#/continue",
        ),
        (
            json!({ "status": "missing_requirements", "unverified_fields": ["email_address"] }),
            "http://portal/sign-up#/verify-email-address",
        ),
        (
            json!({ "status": "missing_requirements", "unverified_fields": ["phone_number"] }),
            "http://portal/sign-up#/verify-phone-number",
        ),
        (json!({ "status": "missing_requirements" }), "stay"),
        (json!({ "status": "abandoned" }), "redirect_callback_incomplete"),
    ] {
        let mut attempt = result.clone();
        attempt["object"] = "sign_up_attempt".into();
        let fapi = Fapi::with(unknown.clone()).transferring_to(attempt);
        let (outcome, asked) = fapi.callback(params(json!({ "unsafeMetadata": { "theme": "dark" } }))).await;
        assert_eq!(outcome, expected, "{result}");
        assert_eq!(asked, ["POST /client/sign_ups transfer=true&unsafe_metadata=%7B%22theme%22%3A%22dark%22%7D"]);
    }
    let (outcome, asked) = Fapi::with(unknown).callback(params(json!({ "transferable": false }))).await;
    assert_eq!((outcome.as_str(), asked.len()), ("http://portal/sign-in", 0), "9a a: no sign-up is made");
}

/// A transfer that a protect check interrupted continues, whatever checks are left in the client.
#[tokio::test]
async fn handle_redirect_callback_continues_an_interrupted_transfer() {
    let made = json!({ "object": "sign_up_attempt", "status": "complete", "created_session_id": "sess_new" });
    let gate = json!({ "protect_check": { "status": "pending" } });
    for held in [json!({}), sign_in(gate.clone()), sign_up(gate.clone())] {
        let resume = params(json!({ "continuation": "transfer_to_sign_up" }));
        let (outcome, asked) = Fapi::with(held.clone()).transferring_to(made.clone()).callback(resume).await;
        assert_eq!(outcome, "activate sess_new → /", "{held}");
        assert_eq!(asked, ["POST /client/sign_ups transfer=true"]);
    }
    let refused = params(json!({ "continuation": "transfer_to_sign_up", "transferable": false }));
    assert_eq!(Fapi::with(json!({})).callback(refused).await, ("http://portal/sign-in".to_owned(), vec![]));
}

#[tokio::test]
async fn handle_redirect_callback_reloads_one_resource_and_ignores_checks_of_the_other() {
    let mut both = sign_in(json!({ "protect_check": { "status": "pending" } }));
    both["sign_up"] = json!({ "id": "sua_1", "status": "complete", "created_session_id": "sess_2" });
    let (outcome, asked) = Fapi::with(both.clone()).callback(params(json!({ "reloadResource": "signUp" }))).await;
    assert_eq!(outcome, "activate sess_2 → /", "the check of the sign-in and the failed reload are ignored");
    assert_eq!(asked, ["GET /client/sign_ups/sua_1"]);
    let (outcome, _) = Fapi::with(both).callback(params(json!({ "reloadResource": "signIn" }))).await;
    assert_eq!(outcome, "http://portal/sign-in#/protect-check");
    let mut both = sign_up(json!({ "protect_check": { "status": "pending" } }));
    both["sign_in"] = json!({ "id": "sia_1", "status": "needs_second_factor" });
    let (outcome, asked) = Fapi::with(both).callback(params(json!({ "reloadResource": "signIn" }))).await;
    assert_eq!(outcome, "http://portal/sign-in#/factor-two");
    assert_eq!(asked, ["GET /client/sign_ins/sia_1"]);
}

#[tokio::test]
async fn handle_redirect_callback_prefers_urls_of_the_caller() {
    let step = |status: &str| sign_in(json!({ "status": status }));
    for (client, given, expected) in [
        (step("needs_first_factor"), json!({ "firstFactorUrl": "/1" }), "/1"),
        (step("needs_second_factor"), json!({ "secondFactorUrl": "/2" }), "/2"),
        (step("needs_new_password"), json!({ "resetPasswordUrl": "/3" }), "/3"),
        (step("needs_protect_check"), json!({ "signInProtectCheckUrl": "/4" }), "/4"),
        (json!({}), json!({ "signInUrl": "/in" }), "/in"),
        (sign_up(json!({ "verifications": external("failed", Some("x")) })), json!({ "signUpUrl": "/up" }), "/up"),
        (missing(json!({ "missing_fields": ["last_name"] })), json!({ "continueSignUpUrl": "/5" }), "/5"),
        (missing(json!({ "unverified_fields": ["email_address"] })), json!({ "verifyEmailAddressUrl": "/6" }), "/6"),
        (missing(json!({ "unverified_fields": ["phone_number"] })), json!({ "verifyPhoneNumberUrl": "/7" }), "/7"),
        (missing(json!({ "missing_fields": ["protect_check"] })), json!({ "signUpProtectCheckUrl": "/8" }), "/8"),
        // Null and empty count as missing.
        (step("needs_second_factor"), json!({ "secondFactorUrl": "" }), "http://portal/sign-in#/factor-two"),
        (
            missing(json!({ "missing_fields": ["x"] })),
            json!({ "continueSignUpUrl": null }),
            "http://portal/sign-up#/continue",
        ),
        // The default of a step is below the instance's page, not below the given `signInUrl`.
        (step("needs_second_factor"), json!({ "signInUrl": "/in" }), "http://portal/sign-in#/factor-two"),
    ] {
        let (outcome, _) = Fapi::with(client).callback(params(given.clone())).await;
        assert_eq!(outcome, expected, "{given}");
    }
}

/// A hosted page could not continue an attempt of this device.
#[tokio::test]
async fn handle_redirect_callback_prefers_pages_of_the_app_to_hosted_pages() {
    let options = ClerkOptions {
        sign_in_url: Some("/in".to_owned()),
        sign_up_url: Some("/up".to_owned()),
        ..ClerkOptions::default()
    };
    for (client, expected) in [
        (sign_in(json!({ "status": "needs_second_factor" })), "/in#/factor-two"),
        (missing(json!({ "missing_fields": ["last_name"] })), "/up#/continue"),
        (json!({}), "/in"),
    ] {
        let fapi = Fapi { options: options.clone(), ..Fapi::with(client) };
        assert_eq!(fapi.callback(RedirectCallbackParams::default()).await.0, expected);
    }
    // One page for sign-in and sign-up.
    let options = ClerkOptions { sign_up_url: None, ..options };
    let fapi = Fapi { options, ..Fapi::with(missing(json!({ "missing_fields": ["last_name"] }))) };
    assert_eq!(fapi.callback(RedirectCallbackParams::default()).await.0, "/in#/create/continue");
}

#[tokio::test]
async fn handle_redirect_callback_navigates_to_the_redirect_urls() {
    let signed_in = sign_in(json!({ "status": "complete", "created_session_id": "sess_1" }));
    let signed_up = sign_up(json!({ "status": "complete", "created_session_id": "sess_2" }));
    let already = sign_up(json!({ "verifications": external("failed", Some("identifier_already_signed_in")) }));
    let given = json!({
        "signInForceRedirectUrl": "/in-force", "signInFallbackRedirectUrl": "/in-fallback", "signUpForceRedirectUrl": "/up-force",
    });
    let fallback = json!({ "signInFallbackRedirectUrl": "/in-fallback" });
    let evil =
        json!({ "signInForceRedirectUrl": "https://evil.example/", "signInFallbackRedirectUrl": "//evil.example" });
    for (client, given, expected) in [
        (&signed_in, &given, "activate sess_1 → /in-force"),
        (&signed_up, &given, "activate sess_2 → /up-force"),
        (&already, &given, "activate sess_7 → /in-force"),
        (&signed_in, &fallback, "activate sess_1 → /in-fallback"),
        (&signed_up, &fallback, "activate sess_2 → /"),
        (&signed_in, &evil, "activate sess_1 → /"),
    ] {
        let (outcome, _) = Fapi::with(client.clone()).callback(params(given.clone())).await;
        assert_eq!(outcome, expected, "{given}");
    }
}

/// The page of a pending task comes before the force redirect URLs.
#[tokio::test]
async fn handle_redirect_callback_navigates_to_a_task_first() {
    let with_task = |attempt: &str| {
        let mut client = pending_with_task();
        client[attempt] = json!({ "id": "x", "status": "complete", "created_session_id": "sess_0" });
        client
    };
    for (client, options, expected) in [
        (with_task("sign_in"), json!({}), "activate sess_0 → http://portal/sign-in#/tasks/choose-organization"),
        (with_task("sign_up"), json!({}), "activate sess_0 → http://portal/sign-up#/tasks/choose-organization"),
        (
            with_task("sign_up"),
            json!({ "taskUrls": { "choose-organization": "/choose" } }),
            "activate sess_0 → /choose",
        ),
    ] {
        let fapi = Fapi { options: serde_json::from_value(options).unwrap(), ..Fapi::with(client) };
        let force = params(json!({ "signInForceRedirectUrl": "/never", "signUpForceRedirectUrl": "/never" }));
        assert_eq!(fapi.callback(force).await.0, expected);
    }
}
