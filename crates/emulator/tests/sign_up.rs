//! Sign-up: fields, modes, verifications, tickets, wallets.

#![expect(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use clerk_emulator::{Config, Decision, Emulator, Identity, Presence};
use k256::ecdsa::SigningKey;
use serde_json::json;
use sha3::{Digest, Keccak256};
use support::{ADA, CALLBACK, FapiResponse, Native, PASSWORD, read, start};

const NEW: &str = "new+clerk_test@example.com";

async fn create(native: &Native, form: &[(&str, &str)]) -> FapiResponse {
    native.post("/v1/client/sign_ups", form).await
}

async fn step(native: &Native, id: &str, step: &str, form: &[(&str, &str)]) -> FapiResponse {
    native.post(&format!("/v1/client/sign_ups/{id}/{step}"), form).await
}

#[tokio::test]
async fn sign_up_validates_every_field() {
    let (_emulator, native) = start(|config| {
        config.identifiers.phone = Presence::Optional;
        config.identifiers.username = Presence::Optional;
        config.password.rules.numbers = true;
        config.password.rules.uppercase = true;
        config.sign_up.legal_consent = true;
        config.restrictions.block_subaddresses = true;
    })
    .await;
    let long = "x".repeat(257);
    let cases = [
        ("email_address", "nonsense", "422 form_param_format_invalid(email_address)"),
        ("email_address", "", "422 form_param_nil(email_address)"),
        ("email_address", ADA, "422 form_identifier_exists(email_address)"),
        ("email_address", "a+b@example.com", "403 not_allowed_access(email_address)"),
        ("phone_number", "12", "422 form_param_format_invalid(phone_number)"),
        ("web3_wallet", "0x00", "422 form_param_unknown(web3_wallet)"),
        ("username", "x", "422 form_username_invalid_length(username)"),
        ("username", "12345", "422 form_username_needs_non_number_char(username)"),
        ("first_name", long.as_str(), "422 form_param_max_length_exceeded(first_name)"),
        ("unsafe_metadata", "[]", "422 form_param_value_invalid(unsafe_metadata)"),
        ("legal_accepted", "false", "422 legal_not_accepted(legal_accepted)"),
        ("legal_accepted", "perhaps", "422 form_param_type_invalid(legal_accepted)"),
        ("nickname", "Ada", "422 form_param_unknown(nickname)"),
    ];
    for (key, value, expected) in cases {
        assert_eq!(create(&native, &[(key, value)]).await.summary(), expected, "{key}={value}");
    }
    let weak = create(&native, &[("password", "short")]).await;
    let codes: Vec<_> = weak.body["errors"].as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
    let expected = ["form_password_length_too_short", "form_password_no_uppercase", "form_password_no_number"];
    assert_eq!(codes, expected, "all violated rules at once");
    let metadata =
        create(&native, &[("email_address", "plain@example.com"), ("unsafe_metadata", "{\"a\":{\"b\":1}}")]).await;
    assert_eq!(metadata.resource()["unsafe_metadata"], json!({ "a": { "b": 1 } }));
}

#[tokio::test]
async fn sign_up_completes_when_nothing_is_missing_or_unverified() {
    let (emulator, native) = start(|config| config.identifiers.phone = Presence::Required).await;
    let begun = create(&native, &[("email_address", NEW), ("password", PASSWORD)]).await;
    let id = begun.text("/id");
    let lists = |response: &FapiResponse| {
        let one = response.resource();
        (one["status"].clone(), one["missing_fields"].clone(), one["unverified_fields"].clone())
    };
    assert_eq!(lists(&begun), (json!("missing_requirements"), json!(["phone_number"]), json!(["email_address"])));
    assert_eq!(begun.text("/verifications/email_address/next_action"), "needs_prepare");
    let code = [("strategy", "phone_code"), ("code", "424242")];
    assert_eq!(step(&native, &id, "attempt_verification", &code).await.summary(), "400 verification_missing");
    let updated = native.patch(&format!("/v1/client/sign_ups/{id}"), &[("phone_number", "+1 201 555 0123")]).await;
    assert_eq!(lists(&updated).2, json!(["email_address", "phone_number"]));
    for strategy in ["email_code", "phone_code"] {
        let prepared = step(&native, &id, "prepare_verification", &[("strategy", strategy)]).await;
        assert_eq!(prepared.status, 200, "{prepared:?}");
        let wrong = step(&native, &id, "attempt_verification", &[("strategy", strategy), ("code", "1")]).await;
        assert_eq!(wrong.summary(), "422 form_code_incorrect(code)");
        step(&native, &id, "attempt_verification", &[("strategy", strategy), ("code", "424242")]).await;
    }
    let me = native.get("/v1/me").await;
    assert_eq!(
        (me.text("/primary_email_address_id").is_empty(), me.text("/phone_numbers/0/phone_number")),
        (false, "+12015550123".to_owned())
    );
    assert_eq!(native.get(&format!("/v1/client/sign_ups/{id}")).await.summary(), "404 resource_not_found");
    let kinds: Vec<_> = emulator.inbox().iter().map(|message| message.kind).collect();
    assert_eq!(kinds, ["sign_up_code", "sign_up_code"]);
}

#[tokio::test]
async fn sign_up_requires_verification_of_a_changed_address() {
    let (_emulator, native) = start(|config| config.profile.last_name = Presence::Required).await;
    let id = create(&native, &[("email_address", NEW), ("password", PASSWORD)]).await.text("/id");
    step(&native, &id, "prepare_verification", &[("strategy", "email_code")]).await;
    let done = step(&native, &id, "attempt_verification", &[("strategy", "email_code"), ("code", "424242")]).await;
    assert_eq!(done.text("/verifications/email_address/status"), "verified");
    let path = format!("/v1/client/sign_ups/{id}");
    let same = native.patch(&path, &[("email_address", NEW)]).await;
    assert_eq!(same.text("/verifications/email_address/status"), "verified");
    let again = step(&native, &id, "prepare_verification", &[("strategy", "email_code")]).await;
    assert_eq!(again.summary(), "400 verification_already_verified");
    let changed = native.patch(&path, &[("email_address", "other+clerk_test@example.com")]).await;
    assert_eq!(changed.resource()["unverified_fields"], json!(["email_address"]));
}

#[tokio::test]
async fn sign_up_with_ticket_works_in_closed_modes() {
    for (mode, code) in [("restricted", "403 sign_up_mode_restricted"), ("waitlist", "403 sign_up_restricted_waitlist")]
    {
        let emulator = Emulator::start(Config::preset(mode).unwrap()).await.unwrap();
        let native = Native::new(&emulator);
        assert_eq!(create(&native, &[("email_address", NEW)]).await.summary(), code);
        let (status, ticket) = emulator.control("POST", "tickets", &json!({ "kind": "invitation", "email": NEW }));
        assert_eq!(status, 200);
        let url = ticket["url"].as_str().unwrap().replace(&emulator.base_url(), "");
        let location = read(native.raw("GET", &url).send().await.unwrap()).await.location.unwrap();
        assert!(
            location.contains("/portal/sign-up?__clerk_ticket=") && location.ends_with("__clerk_status=sign_up"),
            "{location}"
        );
        let ticket = ticket["ticket"].as_str().unwrap();
        let form = [("strategy", "ticket"), ("ticket", ticket), ("password", PASSWORD)];
        assert_eq!(create(&native, &form).await.text("/status"), "complete", "the ticket proves the address");
        native.delete("/v1/client/sessions").await;
        assert_eq!(create(&native, &form).await.summary(), "400 invitation_already_accepted(ticket)");
        assert_eq!(create(&native, &[("ticket", "nonsense")]).await.summary(), "400 ticket_invalid_code(ticket)");
    }
}

#[tokio::test]
async fn oauth_sign_up_applies_the_provider_profile() {
    let (emulator, native) = start(|config| config.identifiers.username = Presence::Required).await;
    let form = [("strategy", "oauth_github"), ("redirect_url", CALLBACK)];
    let started = create(&native, &form).await;
    let page = started.text("/verifications/external_account/external_verification_redirect_url");
    let identity = Identity { first_name: "Linus".to_owned(), ..Identity::new("oauth_github", "linus@example.com") };
    let link = emulator.decide(&page, Decision::Approve(identity)).unwrap();
    assert!(link.as_str().contains("rotating_token_nonce="), "{link}");
    let path = format!("/v1/client/sign_ups/{}", started.text("/id"));
    let waiting = native.get(&path).await;
    assert_eq!(waiting.resource()["missing_fields"], json!(["username"]), "no password is required");
    assert_eq!(
        (waiting.text("/first_name"), waiting.text("/email_address")),
        ("Linus".to_owned(), "linus@example.com".to_owned())
    );
    assert_eq!(native.patch(&path, &[("username", "linus")]).await.text("/status"), "complete");
    // A known identity turns the sign-up into a sign-in.
    native.delete("/v1/client/sessions").await;
    let started = create(&native, &form).await;
    let page = started.text("/verifications/external_account/external_verification_redirect_url");
    emulator
        .decide(
            &page,
            Decision::Approve(Identity {
                first_name: "Linus".to_owned(),
                ..Identity::new("oauth_github", "linus@example.com")
            }),
        )
        .unwrap();
    let known = native.get(&format!("/v1/client/sign_ups/{}", started.text("/id"))).await;
    assert_eq!(known.text("/verifications/external_account/error/code"), "external_account_exists");
    assert_eq!(native.post("/v1/client/sign_ins", &[("transfer", "true")]).await.text("/status"), "complete");
}

/// A wallet that signs messages.
struct Wallet(SigningKey);

impl Wallet {
    fn address(&self) -> String {
        let point = self.0.verifying_key().to_encoded_point(false);
        hex(&Keccak256::digest(&point.as_bytes()[1..])[12..])
    }

    fn sign(&self, message: &str) -> String {
        let prefixed = format!("\u{19}Ethereum Signed Message:\n{}{message}", message.len());
        let (signature, recovery) = self.0.sign_digest_recoverable(Keccak256::new_with_prefix(prefixed)).unwrap();
        hex(&[signature.to_bytes().as_slice(), &[recovery.to_byte() + 27]].concat())
    }
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[tokio::test]
async fn web3_wallet_signs_up_and_in_with_a_real_signature() {
    let emulator = Emulator::start(Config::preset("web3").unwrap()).await.unwrap();
    let native = Native::new(&emulator);
    let (wallet, other) =
        (Wallet(SigningKey::from_slice(&[7; 32]).unwrap()), Wallet(SigningKey::from_slice(&[8; 32]).unwrap()));
    let address = wallet.address();
    let id = create(&native, &[("web3_wallet", &address)]).await.text("/id");
    let strategy = ("strategy", "web3_metamask_signature");
    let prepared = step(&native, &id, "prepare_verification", &[strategy]).await;
    let message = prepared.text("/verifications/web3_wallet/message");
    assert!(message.contains(&address), "{message}");
    let foreign = step(&native, &id, "attempt_verification", &[strategy, ("signature", &other.sign(&message))]).await;
    assert_eq!(foreign.summary(), "422 form_incorrect_signature(signature)");
    let done = step(&native, &id, "attempt_verification", &[strategy, ("signature", &wallet.sign(&message))]).await;
    assert_eq!(done.text("/status"), "complete", "{done:?}");
    native.delete("/v1/client/sessions").await;
    let begun = native.post("/v1/client/sign_ins", &[("identifier", &address)]).await;
    let id = begun.text("/id");
    let prepared = native.post(&format!("/v1/client/sign_ins/{id}/prepare_first_factor"), &[strategy]).await;
    let signature = wallet.sign(&prepared.text("/first_factor_verification/message"));
    let done = native
        .post(&format!("/v1/client/sign_ins/{id}/attempt_first_factor"), &[strategy, ("signature", &signature)])
        .await;
    assert_eq!(done.text("/status"), "complete");
}

#[tokio::test]
async fn verified_address_is_removed_from_other_users() {
    let (_emulator, native) = start(|_| {}).await;
    let other = Native::new_like(&native);
    other.sign_in(ADA, PASSWORD).await;
    assert_eq!(other.post("/v1/me/email_addresses", &[("email_address", NEW)]).await.status, 200);
    let form = [("email_address", NEW), ("password", PASSWORD), ("strategy", "email_code")];
    let id = create(&native, &form).await.text("/id");
    let code = [("strategy", "email_code"), ("code", "424242")];
    assert_eq!(step(&native, &id, "attempt_verification", &code).await.text("/status"), "complete");
    let addresses = other.get("/v1/me").await.resource()["email_addresses"].as_array().unwrap().len();
    assert_eq!(addresses, 1, "Ada never verified it");
}
