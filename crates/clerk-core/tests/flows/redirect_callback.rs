//! `handle_redirect_callback`: each row of the decision table, and the requests that it makes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clerk_core::{
    ClerkOptions, LoadOptions, RedirectCallbackParams, RedirectOutcome, Requirements, Result, storage::MemoryStore,
};
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
    /// An app with its own pages.
    fn with(client: Value) -> Self {
        let options = ClerkOptions {
            sign_in_url: Some("/in".to_owned()),
            sign_up_url: Some("/up".to_owned()),
            ..ClerkOptions::default()
        };
        Self { client, options, ..Self::default() }
    }

    /// An app that leaves pages to Clerk.
    fn without_pages(client: Value) -> Self {
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
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => return error.code().to_owned(),
    };
    if let Some(session) = &outcome.created_session_id {
        assert_eq!(active, session.as_str(), "the session is the active one");
    }
    let to = match (&outcome.navigate_to, &outcome.requirements) {
        (Some(url), _) => url.clone(),
        (None, Some(required)) => format!("stay: {}", describe_requirements(required)),
        (None, None) => "stay".to_owned(),
    };
    outcome.created_session_id.map_or(to.clone(), |session| format!("activate {session} → {to}"))
}

fn describe_requirements(required: &Requirements) -> String {
    let attempt = required.attempt.map(|attempt| format!("{attempt:?}"));
    let fields = [required.missing_fields.join("+"), required.unverified_fields.join("+")];
    let [missing, unverified] = fields.map(Some).map(|fields| fields.filter(|fields| !fields.is_empty()));
    let parts = [
        attempt,
        required.status.clone(),
        missing.map(|fields| format!("missing {fields}")),
        unverified.map(|fields| format!("unverified {fields}")),
        required.error_code.clone(),
        required.task.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn params(json: Value) -> RedirectCallbackParams {
    serde_json::from_value(json).unwrap()
}

/// Builds the cases of a table: `"row": client => outcome`, `client => outcome` or `client, params => outcome`, where a
/// client is a function below and the fields that it adds to its attempt.
macro_rules! cases {
    ($($row:literal: $of:ident $fields:tt => $outcome:literal;)*) => {
        [$(($row, $of(json!($fields)), $outcome)),*]
    };
    ($($of:ident $fields:tt => $outcome:literal;)*) => {
        [$(($of(json!($fields)), $outcome)),*]
    };
    ($($of:ident $fields:tt, $params:tt => $outcome:literal;)*) => {
        [$(($of(json!($fields)), json!($params), $outcome)),*]
    };
}

fn verification(status: &str, code: &str) -> Value {
    json!({ "status": status, "error": { "code": code, "meta": { "session_id": "sess_7" } } })
}

fn external(status: &str, code: &str) -> Value {
    json!({ "external_account": verification(status, code) })
}

/// The sessions that the attempts name, beside the active `sess_0`.
fn sessions() -> Value {
    json!([session("sess_0"), session("sess_7"), session("sess_1"), session("sess_2")])
}

fn merged(mut object: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("{fields} is not an object") };
    object.as_object_mut().unwrap().extend(fields);
    object
}

/// A client with nothing but these fields.
fn only(fields: Value) -> Value {
    fields
}

/// A client with a sign-in.
fn sign_in(fields: Value) -> Value {
    json!({ "sessions": sessions(), "sign_in": merged(json!({ "object": "sign_in_attempt", "id": "sia_1" }), fields) })
}

/// A client with a sign-up.
fn sign_up(fields: Value) -> Value {
    json!({ "sessions": sessions(), "sign_up": merged(json!({ "object": "sign_up_attempt", "id": "sua_1" }), fields) })
}

/// A client with a sign-up whose external account is verified and which has missing requirements.
fn incomplete(fields: Value) -> Value {
    let verified = json!({ "external_account": { "status": "verified", "error": null } });
    sign_up(merged(json!({ "status": "missing_requirements", "verifications": verified }), fields))
}

fn pending_session() -> Value {
    merged(session("sess_0"), json!({ "status": "pending", "tasks": [{ "key": "choose-organization" }] }))
}

/// The rows of the table above `decide`, by number and condition. 4 and 9 are in the tests of the transfers.
#[tokio::test]
async fn handle_redirect_callback_follows_the_decision_table() {
    let check = json!({ "status": "pending", "token": "t", "sdk_url": "https://sdk.example.test" });
    let (password, sso) = (json!({ "strategy": "password" }), json!({ "strategy": "enterprise_sso" }));
    let cases = cases! {
        "1 sign-in complete":
            sign_in { "status": "complete", "created_session_id": "sess_1" } => "activate sess_1 → /";
        "2 sign-in needs a protect check":
            sign_in { "protect_check": check } => "/in#/protect-check";
        "2 sign-in needs a protect check, by its status":
            sign_in { "status": "needs_protect_check" } => "/in#/protect-check";
        "3 sign-up needs a protect check":
            sign_up { "protect_check": check } => "/up#/protect-check";
        "5 external account of the sign-up: user locked":
            sign_up { "verifications": external("failed", "user_locked") } => "/up";
        "6 first factor of the sign-in: user locked, before row 7":
            sign_in {
                "status": "needs_first_factor",
                "first_factor_verification": verification("failed", "user_locked"),
            } => "/in";
        "7 sign-in needs a first factor other than enterprise SSO":
            sign_in { "status": "needs_first_factor", "supported_first_factors": [password, sso] }
            => "/in#/factor-one";
        "7 sign-in needs a first factor: no list":
            sign_in { "status": "needs_first_factor" } => "/in#/factor-one";
        "16, not 7: only enterprise SSO":
            sign_in { "status": "needs_first_factor", "supported_first_factors": [sso] } => "/in";
        "16, not 7: an empty list":
            sign_in { "status": "needs_first_factor", "supported_first_factors": [] } => "/in";
        "8 sign-in needs a new password":
            sign_in { "status": "needs_new_password" } => "/in#/reset-password";
        "10 sign-up complete":
            sign_up { "status": "complete", "created_session_id": "sess_2" } => "activate sess_2 → /";
        "11 sign-in needs a second factor":
            sign_in { "status": "needs_second_factor" } => "/in#/factor-two";
        "12 the user is signed in already: sign-in":
            sign_in { "first_factor_verification": verification("failed", "identifier_already_signed_in") }
            => "activate sess_7 → /";
        "12 the user is signed in already: unverified sign-up":
            sign_up { "verifications": external("unverified", "identifier_already_signed_in") }
            => "activate sess_7 → /";
        "12 the user is signed in already: failed sign-up":
            sign_up { "verifications": external("failed", "identifier_already_signed_in") } => "activate sess_7 → /";
        "13 external account of the sign-up failed otherwise: unknown code":
            sign_up { "verifications": external("unverified", "a_code_of_a_later_version") }
            => "/up";
        "13 external account of the sign-up failed otherwise, before row 14":
            sign_up {
                "status": "missing_requirements",
                "verifications": external("verified", "not_allowed_to_sign_up"),
            } => "/up";
        "14 the first missing requirement: protect check":
            incomplete { "missing_fields": ["protect_check"], "unverified_fields": ["email_address"] }
            => "/up#/protect-check";
        "14 the first missing requirement: missing before unverified fields":
            incomplete { "missing_fields": ["last_name"], "unverified_fields": ["email_address"] }
            => "/up#/continue";
        "14 the first missing requirement: e-mail address before phone number":
            incomplete { "unverified_fields": ["phone_number", "email_address"] }
            => "/up#/verify-email-address";
        "14 the first missing requirement: phone number":
            incomplete { "unverified_fields": ["phone_number"] } => "/up#/verify-phone-number";
        "14 the first missing requirement: none":
            incomplete {} => "stay: SignUp missing_requirements";
        "15 the active session has a pending task":
            only { "sessions": [pending_session()] }
            => "/in#/tasks/choose-organization?redirect_url=APP";
        "16 otherwise: no attempt":
            only {} => "/in";
        "16 otherwise: client trust":
            sign_in { "status": "needs_client_trust" } => "/in";
        "16 otherwise: unknown status":
            sign_in { "status": "needs_telepathy" } => "/in";
    };
    let app: String = url::form_urlencoded::byte_serialize(clerk_core::default_app_url().as_str().as_bytes()).collect();
    for (row, client, expected) in cases {
        let (outcome, requests) = Fapi::with(client).callback(RedirectCallbackParams::default()).await;
        assert_eq!((outcome, requests.len()), (expected.replace("APP", &app), 0), "row {row}");
    }
}

/// Clerk's hosted pages don't know the attempts and the session of this device.
#[tokio::test]
async fn handle_redirect_callback_says_what_is_missing_if_the_app_has_no_page() {
    let password = json!({ "strategy": "password" });
    let cases = cases! {
        sign_in { "status": "needs_protect_check" } => "stay: SignIn needs_protect_check";
        sign_up { "status": "missing_requirements", "protect_check": { "status": "pending" } }
            => "stay: SignUp missing_requirements";
        sign_up { "verifications": external("failed", "user_locked") } => "stay: SignUp user_locked";
        sign_in { "status": "needs_first_factor", "supported_first_factors": [password] }
            => "stay: SignIn needs_first_factor";
        sign_in { "status": "needs_new_password" } => "stay: SignIn needs_new_password";
        sign_in { "status": "needs_second_factor" } => "stay: SignIn needs_second_factor";
        sign_up { "verifications": external("unverified", "not_allowed_to_sign_up") }
            => "stay: SignUp not_allowed_to_sign_up";
        incomplete { "missing_fields": ["legal_accepted", "last_name"], "unverified_fields": ["phone_number"] }
            => "stay: SignUp missing_requirements missing legal_accepted+last_name unverified phone_number";
        incomplete { "unverified_fields": ["email_address"] }
            => "stay: SignUp missing_requirements unverified email_address";
        only { "sessions": [pending_session()] } => "stay: choose-organization";
        sign_in { "status": "needs_client_trust" } => "stay: SignIn needs_client_trust";
    };
    for (client, expected) in cases {
        let fapi = Fapi::without_pages(client.clone());
        let (outcome, _) = fapi.callback(RedirectCallbackParams::default()).await;
        assert_eq!(outcome, expected, "{client}");
    }
}

/// Row 4: external account of the sign-up exists already.
#[tokio::test]
async fn handle_redirect_callback_transfers_to_a_sign_in() {
    let client = sign_up(json!({ "verifications": external("transferable", "external_account_exists") }));
    let cases = cases! {
        only { "status": "needs_protect_check" } => "/in#/protect-check";
        only { "protect_check": { "status": "pending" } } => "/in#/protect-check";
        only { "status": "complete", "created_session_id": "sess_new" } => "activate sess_new → /";
        only { "status": "needs_first_factor" } => "/in#/factor-one";
        only { "status": "needs_second_factor" } => "/in#/factor-two";
        only { "status": "needs_new_password" } => "/in#/reset-password";
        only { "status": "needs_client_trust" } => "redirect_callback_incomplete";
        only { "status": "needs_identifier" } => "redirect_callback_incomplete";
        only { "status": "needs_telepathy" } => "redirect_callback_incomplete";
    };
    for (transferred, expected) in cases {
        let attempt = merged(json!({ "object": "sign_in_attempt" }), transferred.clone());
        let fapi = Fapi::with(client.clone()).transferring_to(attempt);
        let (outcome, requests) = fapi.callback(RedirectCallbackParams::default()).await;
        assert_eq!(outcome, expected, "{transferred}");
        assert_eq!(requests, ["POST /client/sign_ins transfer=true"]);
    }
}

/// Row 9: first factor transferable.
#[tokio::test]
async fn handle_redirect_callback_transfers_to_a_sign_up() {
    let client = sign_in(json!({
        "status": "needs_identifier",
        "first_factor_verification": verification("transferable", "external_account_not_found"),
    }));
    let cases = cases! {
        only { "status": "complete", "created_session_id": "sess_new" } => "activate sess_new → /";
        only { "status": "missing_requirements", "protect_check": { "status": "pending" } }
            => "/up#/protect-check";
        only { "status": "missing_requirements", "missing_fields": ["phone_number"] }
            => "/up#/continue";
        only { "status": "missing_requirements", "unverified_fields": ["email_address"] }
            => "/up#/verify-email-address";
        only { "status": "missing_requirements", "unverified_fields": ["phone_number"] }
            => "/up#/verify-phone-number";
        only { "status": "missing_requirements" } => "stay: SignUp missing_requirements";
        only { "status": "abandoned" } => "redirect_callback_incomplete";
    };
    for (transferred, expected) in cases {
        let attempt = merged(json!({ "object": "sign_up_attempt" }), transferred.clone());
        let fapi = Fapi::with(client.clone()).transferring_to(attempt);
        let (outcome, requests) = fapi.callback(params(json!({ "unsafeMetadata": { "theme": "dark" } }))).await;
        assert_eq!(outcome, expected, "{transferred}");
        assert_eq!(requests, ["POST /client/sign_ups transfer=true&unsafe_metadata=%7B%22theme%22%3A%22dark%22%7D"]);
    }
    let (outcome, requests) = Fapi::with(client).callback(params(json!({ "transferable": false }))).await;
    assert_eq!((outcome.as_str(), requests.len()), ("/in", 0), "not `transferable`: no sign-up");
}

/// A transfer that a protect check interrupted continues, whatever checks are left in the client.
#[tokio::test]
async fn handle_redirect_callback_continues_an_interrupted_transfer() {
    let made = json!({ "object": "sign_up_attempt", "status": "complete", "created_session_id": "sess_new" });
    let gate = json!({ "protect_check": { "status": "pending" } });
    for held in [json!({}), sign_in(gate.clone()), sign_up(gate.clone())] {
        let resume = params(json!({ "continuation": "transfer_to_sign_up" }));
        let (outcome, requests) = Fapi::with(held.clone()).transferring_to(made.clone()).callback(resume).await;
        assert_eq!(outcome, "activate sess_new → /", "{held}");
        assert_eq!(requests, ["POST /client/sign_ups transfer=true"]);
    }
    let refused = params(json!({ "continuation": "transfer_to_sign_up", "transferable": false }));
    assert_eq!(Fapi::with(json!({})).callback(refused).await, ("/in".to_owned(), vec![]));
}

#[tokio::test]
async fn handle_redirect_callback_reloads_one_resource_and_ignores_checks_of_the_other() {
    let mut both = sign_in(json!({ "protect_check": { "status": "pending" } }));
    both["sign_up"] = json!({ "id": "sua_1", "status": "complete", "created_session_id": "sess_2" });
    let (outcome, requests) = Fapi::with(both.clone()).callback(params(json!({ "reloadResource": "signUp" }))).await;
    assert_eq!(outcome, "activate sess_2 → /", "the check of the sign-in and the failed reload are ignored");
    assert_eq!(requests, ["GET /client/sign_ups/sua_1"]);
    let (outcome, _) = Fapi::with(both).callback(params(json!({ "reloadResource": "signIn" }))).await;
    assert_eq!(outcome, "/in#/protect-check");
    let mut both = sign_up(json!({ "protect_check": { "status": "pending" } }));
    both["sign_in"] = json!({ "id": "sia_1", "status": "needs_second_factor" });
    let (outcome, requests) = Fapi::with(both).callback(params(json!({ "reloadResource": "signIn" }))).await;
    assert_eq!(outcome, "/in#/factor-two");
    assert_eq!(requests, ["GET /client/sign_ins/sia_1"]);
}

#[tokio::test]
async fn handle_redirect_callback_prefers_urls_of_the_caller() {
    let cases = cases! {
        sign_in { "status": "needs_first_factor" }, { "firstFactorUrl": "/1" } => "/1";
        sign_in { "status": "needs_second_factor" }, { "secondFactorUrl": "/2" } => "/2";
        sign_in { "status": "needs_new_password" }, { "resetPasswordUrl": "/3" } => "/3";
        sign_in { "status": "needs_protect_check" }, { "signInProtectCheckUrl": "/4" } => "/4";
        only {}, { "signInUrl": "/in" } => "/in";
        sign_up { "verifications": external("failed", "x") }, { "signUpUrl": "/up" } => "/up";
        incomplete { "missing_fields": ["last_name"] }, { "continueSignUpUrl": "/5" } => "/5";
        incomplete { "unverified_fields": ["email_address"] }, { "verifyEmailAddressUrl": "/6" } => "/6";
        incomplete { "unverified_fields": ["phone_number"] }, { "verifyPhoneNumberUrl": "/7" } => "/7";
        incomplete { "missing_fields": ["protect_check"] }, { "signUpProtectCheckUrl": "/8" } => "/8";
        // Null and empty count as missing.
        sign_in { "status": "needs_second_factor" }, { "secondFactorUrl": "" } => "/in#/factor-two";
        incomplete { "missing_fields": ["x"] }, { "continueSignUpUrl": null } => "/up#/continue";
        // The default of a step is below the instance's page, not below the given `signInUrl`.
        sign_in { "status": "needs_second_factor" }, { "signInUrl": "/in" } => "/in#/factor-two";
    };
    for (client, given, expected) in cases {
        let (outcome, _) = Fapi::with(client).callback(params(given.clone())).await;
        assert_eq!(outcome, expected, "{given}");
    }
}

/// Neither the pages nor the address of the caller decide what belongs to the app.
#[tokio::test]
async fn handle_redirect_callback_ignores_pages_that_the_app_does_not_allow() {
    let complete = json!({ "status": "complete", "created_session_id": "sess_1" });
    let cases = cases! {
        sign_in { "status": "needs_first_factor" }, { "firstFactorUrl": "EVIL" } => "/in#/factor-one";
        sign_in { "status": "needs_second_factor" }, { "secondFactorUrl": "EVIL" } => "/in#/factor-two";
        sign_in { "status": "needs_new_password" }, { "resetPasswordUrl": "EVIL" } => "/in#/reset-password";
        sign_in { "status": "needs_protect_check" }, { "signInProtectCheckUrl": "EVIL" } => "/in#/protect-check";
        only {}, { "signInUrl": "EVIL" } => "/in";
        sign_up { "verifications": external("failed", "x") }, { "signUpUrl": "EVIL" } => "/up";
        incomplete { "missing_fields": ["last_name"] }, { "continueSignUpUrl": "EVIL" } => "/up#/continue";
        incomplete { "unverified_fields": ["email_address"] }, { "verifyEmailAddressUrl": "EVIL" } => "/up#/verify-email-address";
        incomplete { "unverified_fields": ["phone_number"] }, { "verifyPhoneNumberUrl": "EVIL" } => "/up#/verify-phone-number";
        incomplete { "missing_fields": ["protect_check"] }, { "signUpProtectCheckUrl": "EVIL" } => "/up#/protect-check";
        only { "sign_in": complete, "sessions": sessions() }, { "signInForceRedirectUrl": "EVIL" } => "activate sess_1 → /";
        only { "sign_in": complete, "sessions": sessions() }, { "signInFallbackRedirectUrl": "EVIL" } => "activate sess_1 → /";
    };
    for (client, given, expected) in cases {
        for evil in ["https://evil.example/x", "//evil.example/x", "http://evil.example", "javascript:alert(1)"] {
            let mut given: Value = serde_json::from_str(&given.to_string().replace("EVIL", evil)).unwrap();
            given["location"] = "https://evil.example/page".into();
            let (outcome, _) = Fapi::with(client.clone()).callback(params(given.clone())).await;
            assert_eq!(outcome, expected, "{given}");
        }
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
        (incomplete(json!({ "missing_fields": ["last_name"] })), "/up#/continue"),
        (json!({}), "/in"),
    ] {
        let fapi = Fapi { options: options.clone(), ..Fapi::with(client) };
        assert_eq!(fapi.callback(RedirectCallbackParams::default()).await.0, expected);
    }
    // One page for sign-in and sign-up.
    let options = ClerkOptions { sign_up_url: None, ..options };
    let fapi = Fapi { options, ..Fapi::with(incomplete(json!({ "missing_fields": ["last_name"] }))) };
    assert_eq!(fapi.callback(RedirectCallbackParams::default()).await.0, "/in#/create/continue");
}

#[tokio::test]
async fn handle_redirect_callback_navigates_to_the_redirect_urls() {
    let signed_in = sign_in(json!({ "status": "complete", "created_session_id": "sess_1" }));
    let signed_up = sign_up(json!({ "status": "complete", "created_session_id": "sess_2" }));
    let already = sign_up(json!({ "verifications": external("failed", "identifier_already_signed_in") }));
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
        let mut client = json!({ "sessions": [pending_session()] });
        client[attempt] = json!({ "id": "x", "status": "complete", "created_session_id": "sess_0" });
        client
    };
    for (client, options, expected) in [
        (with_task("sign_in"), json!({}), "activate sess_0 → stay: choose-organization"),
        (with_task("sign_in"), json!({ "signInUrl": "/in" }), "activate sess_0 → /in#/tasks/choose-organization"),
        (with_task("sign_up"), json!({ "signUpUrl": "/up" }), "activate sess_0 → /up#/tasks/choose-organization"),
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
