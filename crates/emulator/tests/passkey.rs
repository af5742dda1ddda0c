//! Passkeys, with a software authenticator.

#![expect(clippy::unwrap_used, reason = "a helper of a test ends the test")]

mod support;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::{ADA, Native, PASSWORD, start};

const ORIGIN: &str = "http://localhost:5173";

/// An authenticator with one passkey.
struct Authenticator {
    key: SigningKey,
    counter: u32,
}

impl Authenticator {
    fn client_data(kind: &str, options: &Value, origin: &str) -> Vec<u8> {
        json!({ "type": kind, "challenge": options["challenge"], "origin": origin }).to_string().into_bytes()
    }

    fn data(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(rp_id).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn register(&self, options: &Value, origin: &str) -> String {
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), 0x41);
        data.extend([0; 16]);
        data.extend([0, 2, b'i', b'd']);
        let point = self.key.verifying_key().to_encoded_point(false);
        let number = |number: i64| Cbor::from(number);
        let key = Cbor::Map(vec![
            (number(-2), Cbor::Bytes(point.as_bytes()[1..33].to_vec())),
            (number(-3), Cbor::Bytes(point.as_bytes()[33..].to_vec())),
        ]);
        ciborium::into_writer(&key, &mut data).unwrap();
        let mut attestation = Vec::new();
        ciborium::into_writer(&Cbor::Map(vec![(Cbor::from("authData"), Cbor::Bytes(data))]), &mut attestation).unwrap();
        let client_data = Self::client_data("webauthn.create", options, origin);
        json!({ "id": URL_SAFE_NO_PAD.encode("id"), "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data), "attestationObject": URL_SAFE_NO_PAD.encode(attestation),
        } })
        .to_string()
    }

    fn sign(&self, options: &Value, origin: &str) -> String {
        let data = self.data(options["rpId"].as_str().unwrap(), 1);
        let client_data = Self::client_data("webauthn.get", options, origin);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        json!({ "id": URL_SAFE_NO_PAD.encode("id"), "response": {
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data), "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.to_der()),
        } })
        .to_string()
    }
}

fn options(nonce: &str) -> Value {
    serde_json::from_str(nonce).unwrap()
}

#[tokio::test]
async fn passkey_origin_signature_and_counter_are_checked() {
    let (emulator, native) = start(|config| {
        config.passkeys.enabled = true;
        config.passkeys.rp_id = Some("localhost".to_owned());
    })
    .await;
    let mut authenticator = Authenticator { key: SigningKey::from_slice(&[7; 32]).unwrap(), counter: 5 };
    native.sign_in(ADA, PASSWORD).await;
    let made = native.post("/v1/me/passkeys", &[]).await;
    let challenge = options(&made.text("/verification/nonce"));
    let path = format!("/v1/me/passkeys/{}/attempt_verification", made.text("/id"));
    let register = async |origin: &str| {
        let credential = authenticator.register(&challenge, origin);
        let form = [("strategy", "passkey"), ("public_key_credential", credential.as_str())];
        native.post(&path, &form).await.summary()
    };
    assert_eq!(register("https://evil.example.com").await, "400 passkey_authentication_failure");
    assert_eq!(register(ORIGIN).await, "200");

    let device = Native::new(&emulator);
    for (counter, origin, key, expected) in [
        (6, "https://evil.example.com", 7, "400 passkey_authentication_failure"),
        (6, ORIGIN, 8, "400 passkey_authentication_failure"),
        (5, ORIGIN, 7, "400 passkey_authentication_failure"),
        (6, ORIGIN, 7, "200"),
        (6, ORIGIN, 7, "400 passkey_authentication_failure"),
        (9, ORIGIN, 7, "200"),
    ] {
        device.delete("/v1/client/sessions").await;
        let begun = device.post("/v1/client/sign_ins", &[("strategy", "passkey")]).await;
        let challenge = options(&begun.text("/first_factor_verification/nonce"));
        authenticator.counter = counter;
        authenticator.key = SigningKey::from_slice(&[key; 32]).unwrap();
        let credential = authenticator.sign(&challenge, origin);
        let form = [("strategy", "passkey"), ("public_key_credential", credential.as_str())];
        let path = format!("/v1/client/sign_ins/{}/attempt_first_factor", begun.text("/id"));
        assert_eq!(device.post(&path, &form).await.summary(), expected, "{counter} {origin} {key}");
    }
    assert_eq!(device.get("/v1/me").await.text("/first_name"), "Ada");
}
