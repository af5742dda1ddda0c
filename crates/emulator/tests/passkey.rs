//! Passkeys, with the software authenticator.

mod support;

use clerk_emulator::Authenticator;
use support::{ADA, Native, PASSWORD, start};

const ORIGIN: &str = "http://localhost:5173";
const EVIL: &str = "https://evil.example.com";

#[tokio::test]
async fn passkey_origin_signature_and_counter_are_checked() {
    let (emulator, native) = start(|config| {
        config.passkeys.enabled = true;
        config.passkeys.rp_id = Some("localhost".to_owned());
    })
    .await;
    let mut authenticator = Authenticator::with_key(&[7; 32], EVIL).unwrap();
    authenticator.counter = 5;
    native.sign_in(ADA, PASSWORD).await;
    let made = native.post("/v1/me/passkeys", &[]).await;
    let options = made.text("/verification/nonce");
    let path = format!("/v1/me/passkeys/{}/attempt_verification", made.text("/id"));
    for (origin, expected) in [(EVIL, "400 passkey_authentication_failure"), (ORIGIN, "200")] {
        origin.clone_into(&mut authenticator.origin);
        let credential = authenticator.create(&options).unwrap();
        let form = [("strategy", "passkey"), ("public_key_credential", credential.as_str())];
        assert_eq!(native.post(&path, &form).await.summary(), expected, "{origin}");
    }

    let device = Native::new(&emulator);
    // The counter before a signature, which has the next one.
    for (counter, origin, key, expected) in [
        (5, EVIL, 7, "400 passkey_authentication_failure"),
        (5, ORIGIN, 8, "400 passkey_authentication_failure"),
        (4, ORIGIN, 7, "400 passkey_authentication_failure"),
        (5, ORIGIN, 7, "200"),
        (5, ORIGIN, 7, "400 passkey_authentication_failure"),
        (8, ORIGIN, 7, "200"),
    ] {
        device.delete("/v1/client/sessions").await;
        let begun = device.post("/v1/client/sign_ins", &[("strategy", "passkey")]).await;
        let mut authenticator = Authenticator::with_key(&[key; 32], origin).unwrap();
        authenticator.counter = counter;
        let credential = authenticator.get(&begun.text("/first_factor_verification/nonce")).unwrap();
        let form = [("strategy", "passkey"), ("public_key_credential", credential.as_str())];
        let path = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.text("/id"));
        assert_eq!(device.post(&path, &form).await.summary(), expected, "{counter} {origin} {key}");
    }
    assert_eq!(device.get("/v1/me").await.text("/first_name"), "Ada");
}

#[test]
fn authenticator_says_what_is_missing_in_the_options() {
    let mut authenticator = Authenticator::new(ORIGIN);
    for (options, missing) in [("", "JSON"), ("{}", "rpId"), (r#"{"rpId":"localhost"}"#, "challenge")] {
        assert!(authenticator.get(options).unwrap_err().contains(missing), "{options}");
    }
    assert!(authenticator.create("{}").unwrap_err().contains("rp.id"));
}
