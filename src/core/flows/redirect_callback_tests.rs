//! One case or more for each row of the decision table.

use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::{
    core::{ClerkOptions, SdkMetadata, state::Transition},
    fapi::InstanceType,
    models::{Client, DisplayConfig, Environment, wire::Wire},
};

fn decide_for(client: Value, params: RedirectCallbackParams) -> Step {
    let environment = Environment::read(&json!({
        "display_config": { "sign_in_url": "http://portal/sign-in", "sign_up_url": "http://portal/sign-up" }
    }))
    .unwrap();
    let snapshot = Snapshot::initial(SdkMetadata::default(), ClerkOptions::default())
        .after(Transition::Client { typed: Box::new(Client::read(&client).unwrap()), raw: client })
        .after(Transition::Loaded);
    decide(&snapshot, &destinations(&params, &ClerkOptions::default(), &environment.display_config, &here()))
}

fn here() -> Url {
    "tauri://localhost/".parse().unwrap()
}

fn destinations<'a>(
    params: &'a RedirectCallbackParams,
    options: &'a ClerkOptions,
    display: &'a DisplayConfig,
    here: &'a Url,
) -> Destinations<'a> {
    let urls = Urls {
        here,
        options,
        display: Some(display),
        instance_type: InstanceType::Production,
        frontend_api: "clerk.example.test",
        loaded: true,
    };
    Destinations { params, urls }
}

fn navigate(url: &str) -> Step {
    Step::Navigate(url.into())
}

fn activate(session: &str, base: Base) -> Step {
    super::activate(&session.into(), base, "/".into())
}

fn external(status: &str, code: Option<&str>) -> Value {
    let error = code.map(|code| json!({ "code": code, "meta": { "session_id": "sess_7" } }));
    json!({ "external_account": { "status": status, "error": error } })
}

fn first_factor(status: &str, code: Option<&str>) -> Value {
    let error = code.map(|code| json!({ "code": code, "meta": { "session_id": "sess_7" } }));
    json!({ "status": status, "error": error })
}

#[test]
fn every_row_of_the_table() {
    let sign_in_gate = json!({ "status": "pending" });
    let rows: Vec<(&str, Value, Step)> = vec![
        (
            "1 complete",
            json!({ "sign_in": { "status": "complete", "created_session_id": "sess_1" } }),
            activate("sess_1", Base::SignIn),
        ),
        (
            "2 sign-in gate",
            json!({ "sign_in": { "protect_check": sign_in_gate } }),
            navigate("http://portal/sign-in#/protect-check"),
        ),
        (
            "2 gate status",
            json!({ "sign_in": { "status": "needs_protect_check" } }),
            navigate("http://portal/sign-in#/protect-check"),
        ),
        (
            "3 sign-up gate",
            json!({ "sign_up": { "protect_check": sign_in_gate } }),
            navigate("http://portal/sign-up#/protect-check"),
        ),
        (
            "4",
            json!({ "sign_up": { "verifications": external("transferable", Some("external_account_exists")) } }),
            Step::TransferToSignIn,
        ),
        (
            "5",
            json!({ "sign_up": { "verifications": external("failed", Some("user_locked")) } }),
            navigate("http://portal/sign-up"),
        ),
        (
            "6 before 7",
            json!({ "sign_in": { "status": "needs_first_factor", "first_factor_verification": first_factor("failed", Some("user_locked")) } }),
            navigate("http://portal/sign-in"),
        ),
        (
            "7 factors",
            json!({ "sign_in": { "status": "needs_first_factor", "supported_first_factors": [{ "strategy": "password" }, { "strategy": "enterprise_sso" }] } }),
            navigate("http://portal/sign-in#/factor-one"),
        ),
        (
            "7 no list",
            json!({ "sign_in": { "status": "needs_first_factor" } }),
            navigate("http://portal/sign-in#/factor-one"),
        ),
        (
            "not 7",
            json!({ "sign_in": { "status": "needs_first_factor", "supported_first_factors": [] } }),
            navigate("http://portal/sign-in"),
        ),
        (
            "8",
            json!({ "sign_in": { "status": "needs_new_password" } }),
            navigate("http://portal/sign-in#/reset-password"),
        ),
        (
            "9",
            json!({ "sign_in": { "status": "needs_identifier", "first_factor_verification": first_factor("transferable", Some("external_account_not_found")) } }),
            Step::TransferToSignUp,
        ),
        (
            "10",
            json!({ "sign_up": { "status": "complete", "created_session_id": "sess_2" } }),
            activate("sess_2", Base::SignUp),
        ),
        (
            "11",
            json!({ "sign_in": { "status": "needs_second_factor" } }),
            navigate("http://portal/sign-in#/factor-two"),
        ),
        (
            "12 sign-in",
            json!({ "sign_in": { "first_factor_verification": first_factor("failed", Some("identifier_already_signed_in")) } }),
            activate("sess_7", Base::SignIn),
        ),
        (
            "12 sign-up",
            json!({ "sign_up": { "verifications": external("unverified", Some("identifier_already_signed_in")) } }),
            activate("sess_7", Base::SignUp),
        ),
        (
            "13",
            json!({ "sign_up": { "verifications": external("unverified", Some("not_listed_anywhere")) } }),
            navigate("http://portal/sign-up"),
        ),
        (
            "13 before 14",
            json!({ "sign_up": { "status": "missing_requirements", "verifications": external("verified", Some("not_allowed_to_sign_up")) } }),
            navigate("http://portal/sign-up"),
        ),
        (
            "14b",
            json!({ "sign_up": { "status": "missing_requirements", "missing_fields": ["last_name"], "unverified_fields": ["email_address"], "verifications": external("verified", None) } }),
            navigate("http://portal/sign-up#/continue"),
        ),
        (
            "14a",
            json!({ "sign_up": { "status": "missing_requirements", "missing_fields": ["protect_check"], "verifications": external("verified", None) } }),
            navigate("http://portal/sign-up#/protect-check"),
        ),
        (
            "14c",
            json!({ "sign_up": { "status": "missing_requirements", "unverified_fields": ["phone_number", "email_address"], "verifications": external("verified", None) } }),
            navigate("http://portal/sign-up#/verify-email-address"),
        ),
        (
            "14d",
            json!({ "sign_up": { "status": "missing_requirements", "unverified_fields": ["phone_number"], "verifications": external("verified", None) } }),
            navigate("http://portal/sign-up#/verify-phone-number"),
        ),
        (
            "14e",
            json!({ "sign_up": { "status": "missing_requirements", "verifications": external("verified", None) } }),
            Step::Stay,
        ),
        (
            "15",
            json!({ "sessions": [{ "id": "sess_1", "status": "pending", "tasks": [{ "key": "choose-organization" }] }] }),
            navigate("http://portal/sign-in#/tasks/choose-organization"),
        ),
        ("16", json!({}), navigate("http://portal/sign-in")),
        (
            "16 client trust",
            json!({ "sign_in": { "status": "needs_client_trust" } }),
            navigate("http://portal/sign-in"),
        ),
        (
            "16 unknown status",
            json!({ "sign_in": { "status": "needs_something_new" } }),
            navigate("http://portal/sign-in"),
        ),
    ];
    for (row, client, expected) in rows {
        assert_eq!(decide_for(client, RedirectCallbackParams::default()), expected, "row {row}");
    }
}

#[test]
fn a_sign_in_that_may_not_be_transferred_goes_back() {
    let client = json!({ "sign_in": { "first_factor_verification": first_factor("transferable", None) } });
    let params =
        RedirectCallbackParams { transferable: Some(false), sign_in_url: Some("/in".into()), ..Default::default() };
    assert_eq!(decide_for(client, params), navigate("/in"));
}

#[test]
fn a_stale_gate_of_the_other_attempt_is_passed_by() {
    let client = json!({
        "sign_in": { "protect_check": { "status": "pending" } },
        "sign_up": { "status": "complete", "created_session_id": "sess_2" },
    });
    let params = RedirectCallbackParams { reload_resource: Some("signUp".into()), ..Default::default() };
    assert_eq!(decide_for(client, params), activate("sess_2", Base::SignUp));
}

#[test]
fn given_destinations_win_over_the_defaults() {
    let params = RedirectCallbackParams {
        second_factor_url: Some("/2fa".into()),
        sign_in_force_redirect_url: Some("/home".into()),
        sign_in_fallback_redirect_url: Some("/never".into()),
        ..Default::default()
    };
    let second = json!({ "sign_in": { "status": "needs_second_factor" } });
    assert_eq!(decide_for(second, params.clone()), navigate("/2fa"));
    let complete = json!({ "sign_in": { "status": "complete", "created_session_id": "sess_1" } });
    assert_eq!(decide_for(complete, params), super::activate(&"sess_1".into(), Base::SignIn, "/home".into()));
}

#[test]
fn the_rows_after_a_transfer() {
    let params = RedirectCallbackParams::default();
    let (options, here) = (ClerkOptions::default(), here());
    let display = DisplayConfig { sign_in_url: "/in".into(), sign_up_url: "/up".into(), ..DisplayConfig::default() };
    let to = destinations(&params, &options, &display, &here);
    let sign_in = |json: Value| after_transfer_to_sign_in(&SignIn::read(&json).unwrap(), &to);
    let sign_up = |json: Value| after_transfer_to_sign_up(&SignUp::read(&json).unwrap(), &to);
    for (json, expected) in [
        (json!({ "status": "complete", "created_session_id": "sess_1" }), activate("sess_1", Base::SignUp)),
        (json!({ "status": "needs_protect_check" }), navigate("/in#/protect-check")),
        (json!({ "status": "needs_first_factor" }), navigate("/in#/factor-one")),
        (json!({ "status": "needs_second_factor" }), navigate("/in#/factor-two")),
        (json!({ "status": "needs_new_password" }), navigate("/in#/reset-password")),
    ] {
        assert_eq!(sign_in(json).unwrap(), expected);
    }
    for status in ["needs_client_trust", "needs_identifier", "something_new"] {
        assert_eq!(sign_in(json!({ "status": status })).unwrap_err().code(), "redirect_callback_incomplete");
    }
    assert_eq!(
        sign_up(json!({ "status": "complete", "created_session_id": "sess_1" })).unwrap(),
        activate("sess_1", Base::SignUp)
    );
    assert_eq!(
        sign_up(json!({ "status": "missing_requirements", "missing_fields": ["phone_number"] })).unwrap(),
        navigate("/up#/continue")
    );
    assert_eq!(sign_up(json!({ "status": "abandoned" })).unwrap_err().code(), "redirect_callback_incomplete");
}
