//! The cached state of an earlier run: the client and the environment, encrypted. With it the app shows the signed-in
//! user at once and offline, until FAPI responds.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::snapshot::Snapshot;

/// The version of the format; other versions are ignored.
const FORMAT: &[u8] = b"clerk-state-1\n";
const NONCE: usize = 24;
pub(super) const KEY: usize = 32;

/// The cached state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CachedState {
    pub(crate) environment: Value,
    /// Without session tokens, which are valid for a minute, and without the age of verifications, which grows.
    pub(crate) client: Value,
}

/// Fields that are only valid for a moment, so they are not cached.
const VOLATILE_FIELDS: [&str; 2] = ["last_active_token", "factor_verification_age"];

fn sessions(client: &mut Value) -> Option<&mut Vec<Value>> {
    client.get_mut("sessions")?.as_array_mut()
}

impl CachedState {
    /// Returns the part of the state to cache; `None` before the first load.
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let mut client = snapshot.raw_client.as_deref()?.clone();
        for session in sessions(&mut client).into_iter().flatten().filter_map(Value::as_object_mut) {
            session.retain(|key, _| !VOLATILE_FIELDS.contains(&key.as_str()));
        }
        Some(Self { environment: snapshot.raw_environment.as_deref()?.clone(), client })
    }

    /// Removes the sessions that have expired since.
    pub(super) fn without_expired_sessions(mut self, now_ms: i64) -> Self {
        if let Some(sessions) = sessions(&mut self.client) {
            sessions.retain(|session| session["expire_at"].as_i64().is_none_or(|at| at == 0 || at > now_ms));
        }
        self
    }

    /// Encrypts the state. `name` is the instance that it belongs to; it can't be decrypted for another one.
    pub(super) fn seal(&self, key: &[u8; KEY], name: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let text = serde_json::to_vec(self).ok()?;
        let payload = Payload { msg: &text, aad: name.as_bytes() };
        let sealed = XChaCha20Poly1305::new(&(*key).into()).encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([FORMAT, &nonce, &sealed].concat())
    }

    /// Decrypts the state; `None` unless it was encrypted with this key for this instance.
    pub(super) fn open(sealed: &[u8], key: &[u8; KEY], name: &str) -> Option<Self> {
        let (nonce, sealed) = sealed.strip_prefix(FORMAT)?.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        let text = XChaCha20Poly1305::new(&(*key).into()).decrypt(&XNonce::from(*nonce), payload).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cached_state_omits_volatile_fields_and_expired_sessions() {
        let cached = |session: Value| CachedState { environment: json!({}), client: json!({ "sessions": [session] }) };
        let mut snapshot = Snapshot::initial(Default::default(), Default::default());
        snapshot.raw_environment = Some(std::sync::Arc::new(json!({})));
        let session = json!({ "id": "sess_1", "expire_at": 1_000, "last_active_token": { "jwt": "a.b.c" }, "factor_verification_age": [0, 0] });
        snapshot.raw_client = Some(std::sync::Arc::new(json!({ "sessions": [session] })));
        let expected = cached(json!({ "id": "sess_1", "expire_at": 1_000 }));
        assert_eq!(CachedState::of(&snapshot), Some(expected.clone()));
        assert_eq!(expected.clone().without_expired_sessions(999), expected);
        assert_eq!(expected.without_expired_sessions(1_000).client, json!({ "sessions": [] }));
        assert_eq!(
            cached(json!({ "id": "sess_1" })).without_expired_sessions(1_000),
            cached(json!({ "id": "sess_1" }))
        );
    }

    #[test]
    fn cached_state_opens_only_with_its_key_and_instance() {
        let state =
            CachedState { environment: json!({ "a": 1 }), client: json!({ "id": "client_1", "name": "hunter2" }) };
        let sealed = state.seal(&[7; KEY], "clerk.example.test").unwrap();
        assert_eq!(CachedState::open(&sealed, &[7; KEY], "clerk.example.test"), Some(state.clone()));
        assert_ne!(sealed, state.seal(&[7; KEY], "clerk.example.test").unwrap(), "each has its own nonce");
        assert!(!String::from_utf8_lossy(&sealed).contains("hunter2"));
        assert_eq!(CachedState::open(&sealed, &[8; KEY], "clerk.example.test"), None);
        assert_eq!(CachedState::open(&sealed, &[7; KEY], "clerk.other.test"), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(CachedState::open(&changed, &[7; KEY], "clerk.example.test"), None, "byte {place}");
            assert_eq!(CachedState::open(&sealed[..place], &[7; KEY], "clerk.example.test"), None, "cut at {place}");
        }
    }
}
