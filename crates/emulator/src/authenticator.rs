//! A software authenticator: passkeys for tests, without a webview or an operating system that has them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Flags of authenticator data (WebAuthn, section 6.1): the user is present.
const PRESENT: u8 = 0x01;
/// A credential is attached.
const ATTACHED: u8 = 0x40;

/// The only passkey of an [`Authenticator`].
const CREDENTIAL: &[u8] = b"passkey";

/// An authenticator with one passkey. Options and credentials are WebAuthn's JSON, which Clerk sends as the nonce of a verification and
/// takes as `public_key_credential`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Authenticator {
    key: SigningKey,
    /// The number of the last signature. It grows with each, and Clerk refuses one that does not grow.
    pub counter: u32,
    /// The origin of the page or app that asks, e.g. `https://example.com`. Clerk refuses one that is not of the relying party.
    pub origin: String,
}

impl Authenticator {
    /// Creates an authenticator with a random key.
    #[must_use]
    pub fn new(origin: impl Into<String>) -> Self {
        let origin = origin.into();
        loop {
            // Almost every number is a key.
            if let Some(authenticator) = Self::with_key(&rand::random(), origin.clone()) {
                return authenticator;
            }
        }
    }

    /// Creates an authenticator with this private key; `None` if the number is not one.
    #[must_use]
    pub fn with_key(key: &[u8; 32], origin: impl Into<String>) -> Option<Self> {
        Some(Self { key: SigningKey::from_slice(key).ok()?, counter: 0, origin: origin.into() })
    }

    /// Creates the passkey. Returns the credential as JSON (`RegistrationResponseJSON`).
    ///
    /// # Errors
    /// Says what is missing in the options.
    pub fn create(&mut self, options: &str) -> Result<String, String> {
        let options = parse(options)?;
        let mut data = self.data(text(&options["rp"]["id"], "rp.id")?, PRESENT | ATTACHED);
        // The model, which stays unknown, and the length of the credential's id.
        data.extend([0; 16]);
        data.extend(u16::try_from(CREDENTIAL.len()).unwrap_or_default().to_be_bytes());
        data.extend(CREDENTIAL);
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate =
            |number: i64, value: Option<&[u8]>| (Cbor::from(number), Cbor::Bytes(value.unwrap_or_default().to_vec()));
        let key = Cbor::Map(vec![coordinate(-2, point.x().map(|x| &x[..])), coordinate(-3, point.y().map(|y| &y[..]))]);
        ciborium::into_writer(&key, &mut data).map_err(|error| error.to_string())?;
        let mut attestation = Vec::new();
        let attested = Cbor::Map(vec![(Cbor::from("authData"), Cbor::Bytes(data))]);
        ciborium::into_writer(&attested, &mut attestation).map_err(|error| error.to_string())?;
        let client_data = self.client_data("webauthn.create", &options)?;
        Ok(credential(&json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "attestationObject": URL_SAFE_NO_PAD.encode(attestation),
        })))
    }

    /// Signs a challenge. Returns the response as JSON (`AuthenticationResponseJSON`).
    ///
    /// # Errors
    /// Says what is missing in the options.
    pub fn get(&mut self, options: &str) -> Result<String, String> {
        let options = parse(options)?;
        self.counter = self.counter.saturating_add(1);
        let data = self.data(text(&options["rpId"], "rpId")?, PRESENT);
        let client_data = self.client_data("webauthn.get", &options)?;
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        Ok(credential(&json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.to_der()),
        })))
    }

    fn data(&self, relying_party: &str, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(relying_party).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Result<Vec<u8>, String> {
        let challenge = text(&options["challenge"], "challenge")?;
        Ok(json!({ "type": kind, "challenge": challenge, "origin": self.origin }).to_string().into_bytes())
    }
}

fn parse(options: &str) -> Result<Value, String> {
    serde_json::from_str(options).map_err(|error| format!("the options are not JSON: {error}"))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("the options have no {name}"))
}

fn credential(response: &Value) -> String {
    let id = URL_SAFE_NO_PAD.encode(CREDENTIAL);
    json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} })
        .to_string()
}
