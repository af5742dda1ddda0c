//! Passkeys (WebAuthn): challenges, registrations and assertions. Challenge, origin, relying party, user presence,
//! signature (ES256 only) and counter are verified; attestation statements (as with `attestation: "none"`) and
//! extensions are not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ciborium::Value as Cbor;
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, params::Params, sign_in_factors::prepared},
    state::{Passkey, SignIn, User, Verification, World},
};

/// Maximum number of passkeys per user.
const QUOTA: usize = 10;

fn invalid() -> Refusal {
    Refusal::new(422, "passkey_invalid_public_key_credential").param("public_key_credential")
}

fn failed() -> Refusal {
    Refusal::new(400, "passkey_authentication_failure")
}

impl World {
    /// Returns the relying party: the configured one, or the host of the request's origin.
    fn relying_party(&self, caller: &Caller) -> String {
        let of_origin = || {
            let origin = url::Url::parse(caller.origin.as_deref()?).ok()?;
            origin.host_str().map(str::to_owned)
        };
        self.config.passkeys.rp_id.clone().or_else(of_origin).unwrap_or_else(|| "localhost".to_owned())
    }

    /// Creates a challenge for an assertion; without a user, any passkey of the relying party is accepted.
    pub(crate) fn passkey_challenge(&mut self, caller: &Caller, user_id: Option<&str>) -> Verification {
        let challenge = self.ids.nonce();
        let user = user_id.and_then(|id| self.users.get(id));
        let allowed: Vec<Value> = user
            .into_iter()
            .flat_map(|user| user.passkeys.iter())
            .filter_map(|key| key.credential.as_ref())
            .map(|(id, _)| json!({ "type": "public-key", "id": id }))
            .collect();
        let options = json!({
            "challenge": URL_SAFE_NO_PAD.encode(&challenge), "timeout": 60_000, "rpId": self.relying_party(caller),
            "allowCredentials": allowed, "userVerification": "preferred",
        });
        Verification { nonce: Some(options.to_string()), code: Some(challenge), ..self.new_verification("passkey") }
    }

    /// Starts a sign-in with any passkey of the user.
    pub(crate) fn start_passkey_sign_in(&mut self, caller: &mut Caller, mut attempt: SignIn) -> Result<SignIn> {
        if !self.config.passkeys.enabled {
            return Err(Refusal::new(422, "form_param_value_invalid").param("strategy"));
        }
        attempt.first_factor = Some(self.passkey_challenge(caller, None));
        let client_id = caller.client_id.clone().unwrap_or_default();
        Ok(self.save_sign_in(&client_id, attempt))
    }

    /// Verifies the assertion of a sign-in, which also identifies the user.
    pub(crate) fn prove_passkey(&mut self, attempt: &mut SignIn, params: &Params) -> Result<()> {
        let user_id = attempt.user_id.clone();
        let verification = prepared(attempt.first_factor.as_mut())?;
        let owner = self.prove_passkey_of(verification, user_id.as_deref(), params)?;
        attempt.user_id = Some(owner);
        Ok(())
    }

    /// Verifies an assertion. Returns the ID of the passkey's owner.
    pub(crate) fn prove_passkey_of(
        &mut self,
        verification: &mut Verification,
        user_id: Option<&str>,
        params: &Params,
    ) -> Result<String> {
        verification.check_open("passkey", self.now_ms())?;
        let credential: Value =
            serde_json::from_str(params.required("public_key_credential")?).map_err(|_| invalid())?;
        let id = credential["id"].as_str().ok_or_else(invalid)?;
        let owner = self.users.values().find(|user| user_id.is_none_or(|id| user.id == id) && has_key(user, id));
        let Some(mut owner) = owner.cloned() else { return Err(Refusal::new(404, "passkey_not_registered")) };
        let now = self.now_ms();
        let key = owner.passkeys.iter_mut().find(|key| key_id(key) == Some(id)).ok_or_else(failed)?;
        let public_key = key.credential.as_ref().map(|(_, key)| key.clone()).ok_or_else(failed)?;
        let challenge = verification.code.clone().unwrap_or_default();
        let counter = check_assertion(&credential["response"], &challenge, verification, &public_key)?;
        // A counter that does not grow means a copied passkey; authenticators without a counter send 0.
        if (counter, key.counter) != (0, 0) && counter <= key.counter {
            return Err(failed());
        }
        key.counter = counter;
        key.last_used_at = Some(now);
        let owner_id = owner.id.clone();
        self.save_user(owner);
        verification.count(true, u32::MAX, failed())?;
        Ok(owner_id)
    }

    /// `POST /v1/me/passkeys`: creates a challenge for a registration.
    pub(crate) fn create_passkey(&mut self, caller: &mut Caller) -> Result<Passkey> {
        let (_, mut user) = self.current_verified(caller)?;
        if !self.config.passkeys.enabled {
            return Err(Refusal::new(403, "feature_not_enabled"));
        }
        user.passkeys.retain(|key| key.credential.is_some());
        if user.passkeys.len() >= QUOTA {
            return Err(Refusal::new(403, "passkey_quota_exceeded"));
        }
        let challenge = self.ids.nonce();
        let excluded: Vec<Value> =
            user.passkeys.iter().filter_map(key_id).map(|id| json!({ "type": "public-key", "id": id })).collect();
        let rp_id = self.relying_party(caller);
        let options = json!({
            "rp": { "id": rp_id, "name": self.config.application_name },
            "user": {
                "id": URL_SAFE_NO_PAD.encode(&user.id), "name": user.identifier(), "displayName": user.display_name(),
            },
            "challenge": URL_SAFE_NO_PAD.encode(&challenge),
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
            "timeout": 60_000, "excludeCredentials": excluded,
            "authenticatorSelection": { "residentKey": "required", "requireResidentKey": true, "userVerification": "preferred" },
            "attestation": "none",
        });
        let verification = Verification {
            nonce: Some(options.to_string()),
            code: Some(challenge),
            ..self.new_verification("passkey")
        };
        let now = self.now_ms();
        let passkey = Passkey {
            id: self.ids.id("idn"),
            name: "Passkey".to_owned(),
            verification,
            credential: None,
            counter: 0,
            last_used_at: None,
            created_at: now,
            updated_at: now,
        };
        user.passkeys.push(passkey.clone());
        self.save_user(user);
        Ok(passkey)
    }

    /// `POST …/attempt_verification`: completes the registration.
    pub(crate) fn register_passkey(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<Passkey> {
        let (_, mut user) = self.current_verified(caller)?;
        let now = self.now_ms();
        let passkey = user.passkeys.iter_mut().find(|key| key.id == id);
        let passkey = passkey.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        passkey.verification.check_open("passkey", now)?;
        let credential: Value =
            serde_json::from_str(params.required("public_key_credential")?).map_err(|_| invalid())?;
        let challenge = passkey.verification.code.clone().unwrap_or_default();
        let rp_id = option(&passkey.verification, "/rp/id");
        let (id, key, counter) = read_registration(&credential["response"], &challenge, &rp_id)?;
        passkey.credential = Some((id, key));
        passkey.counter = counter;
        passkey.verification.count(true, u32::MAX, failed())?;
        passkey.updated_at = now;
        let passkey = passkey.clone();
        self.save_user(user);
        Ok(passkey)
    }

    /// Renames a passkey.
    pub(crate) fn rename_passkey(&mut self, caller: &mut Caller, id: &str, name: Option<&str>) -> Result<Passkey> {
        let (_, mut user) = self.current(caller)?;
        let now = self.now_ms();
        let passkey = user.passkeys.iter_mut().find(|key| key.id == id);
        let passkey = passkey.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        if let Some(name) = name {
            crate::ops::sign_up::name("name", name)?;
            name.clone_into(&mut passkey.name);
            passkey.updated_at = now;
        }
        let passkey = passkey.clone();
        self.save_user(user);
        Ok(passkey)
    }

    /// `DELETE /v1/me/passkeys/{id}`.
    pub(crate) fn delete_passkey(&mut self, caller: &mut Caller, id: &str) -> Result<String> {
        let (_, mut user) = self.current_verified(caller)?;
        let place = user.passkeys.iter().position(|key| key.id == id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let key = user.passkeys.remove(place);
        self.save_user(user);
        Ok(key.id)
    }
}

fn key_id(key: &Passkey) -> Option<&str> {
    key.credential.as_ref().map(|(id, _)| id.as_str())
}

fn has_key(user: &User, id: &str) -> bool {
    user.passkeys.iter().any(|key| key_id(key) == Some(id))
}

fn option(verification: &Verification, pointer: &str) -> String {
    let options: Option<Value> = verification.nonce.as_deref().and_then(|nonce| serde_json::from_str(nonce).ok());
    options.and_then(|options| options.pointer(pointer)?.as_str().map(str::to_owned)).unwrap_or_default()
}

fn bytes(response: &Value, key: &str) -> Result<Vec<u8>> {
    let text = response[key].as_str().ok_or_else(invalid)?;
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| invalid())
}

/// Checks type, challenge and origin of the client data.
fn check_client_data(data: &[u8], kind: &str, challenge: &str, rp_id: &str) -> Result<()> {
    let data: Value = serde_json::from_slice(data).map_err(|_| invalid())?;
    let same = data["challenge"].as_str() == Some(URL_SAFE_NO_PAD.encode(challenge).as_str());
    let origin = data["origin"].as_str().is_some_and(|origin| is_origin_of(origin, rp_id));
    if data["type"] == kind && same && origin { Ok(()) } else { Err(failed()) }
}

/// Whether a page of this origin may use the passkeys of a relying party: its host is the ID or a subdomain of it.
fn is_origin_of(origin: &str, rp_id: &str) -> bool {
    let origin = url::Url::parse(origin).ok();
    let host = origin.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    host == rp_id || host.strip_suffix(rp_id).is_some_and(|rest| rest.ends_with('.'))
}

/// Verifies an assertion. Returns the authenticator's counter.
fn check_assertion(response: &Value, challenge: &str, verification: &Verification, public_key: &[u8]) -> Result<u32> {
    let client_data = bytes(response, "clientDataJSON")?;
    let rp_id = option(verification, "/rpId");
    check_client_data(&client_data, "webauthn.get", challenge, &rp_id)?;
    let authenticator = bytes(response, "authenticatorData")?;
    let counter = check_authenticator(&authenticator, &rp_id)?;
    let mut signed = authenticator;
    signed.extend_from_slice(&Sha256::digest(&client_data));
    let signature = Signature::from_der(&bytes(response, "signature")?).map_err(|_| failed())?;
    let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| failed())?;
    key.verify(&signed, &signature).map_err(|_| failed())?;
    Ok(counter)
}

/// Checks the relying party and user presence. Returns the counter.
fn check_authenticator(data: &[u8], rp_id: &str) -> Result<u32> {
    let right_party = data.get(..32) == Some(Sha256::digest(rp_id).as_slice());
    let present = data.get(32).is_some_and(|flags| flags & 1 == 1);
    let counter = data.get(33..37).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    counter.filter(|_| right_party && present).ok_or_else(failed)
}

/// Returns the credential's ID, its public key (an uncompressed P-256 point) and its counter.
fn read_registration(response: &Value, challenge: &str, rp_id: &str) -> Result<(String, Vec<u8>, u32)> {
    check_client_data(&bytes(response, "clientDataJSON")?, "webauthn.create", challenge, rp_id)?;
    let attestation: Cbor =
        ciborium::from_reader(bytes(response, "attestationObject")?.as_slice()).map_err(|_| invalid())?;
    let data = entry(&attestation, &Cbor::from("authData")).and_then(Cbor::as_bytes).ok_or_else(invalid)?;
    let counter = check_authenticator(data, rp_id)?;
    // After hash, flags and counter (37 bytes): AAGUID (16), length of the ID (2), the ID, the key.
    let length =
        data.get(53..55).map(|pair| usize::from(u16::from_be_bytes([pair[0], pair[1]]))).ok_or_else(invalid)?;
    let id = data.get(55..55 + length).ok_or_else(invalid)?;
    let key: Cbor = ciborium::from_reader(data.get(55 + length..).ok_or_else(invalid)?).map_err(|_| invalid())?;
    let coordinate = |label: i64| entry(&key, &Cbor::from(label)).and_then(Cbor::as_bytes).ok_or_else(invalid);
    let mut point = vec![4];
    point.extend_from_slice(coordinate(-2)?);
    point.extend_from_slice(coordinate(-3)?);
    VerifyingKey::from_sec1_bytes(&point).map_err(|_| invalid())?;
    Ok((URL_SAFE_NO_PAD.encode(id), point, counter))
}

fn entry<'a>(map: &'a Cbor, key: &Cbor) -> Option<&'a Cbor> {
    map.as_map()?.iter().find(|(one, _)| one == key).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_origin_of_accepts_the_host_and_its_subdomains() {
        for origin in ["http://localhost:5173", "tauri://localhost", "https://app.localhost"] {
            assert!(is_origin_of(origin, "localhost"), "{origin}");
        }
        for origin in ["https://example.com", "https://notlocalhost", "localhost", "", "https://localhost.example.com"]
        {
            assert!(!is_origin_of(origin, "localhost"), "{origin}");
        }
    }
}
