//! What an earlier run knew: the client and the environment, sealed, so that the app shows the signed-in user at once and
//! offline. What FAPI says takes its place as soon as it is there.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::snapshot::Snapshot;

/// Names the format; another one is not read.
const FORMAT: &[u8] = b"clerk-state-1\n";
const NONCE: usize = 24;
pub(super) const KEY: usize = 32;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) environment: Value,
    /// Without session tokens, which live for a minute, and without the age of verifications, which grows.
    pub(crate) client: Value,
}

/// What is true for a moment only.
const MOMENTARY: [&str; 2] = ["last_active_token", "factor_verification_age"];

fn sessions(client: &mut Value) -> Option<&mut Vec<Value>> {
    client.get_mut("sessions")?.as_array_mut()
}

impl Kept {
    /// What there is to keep of a state.
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let mut client = snapshot.raw_client.as_deref()?.clone();
        for session in sessions(&mut client).into_iter().flatten().filter_map(Value::as_object_mut) {
            session.retain(|key, _| !MOMENTARY.contains(&key.as_str()));
        }
        Some(Self { environment: snapshot.raw_environment.as_deref()?.clone(), client })
    }

    /// Leaves out the sessions that have expired meanwhile.
    pub(super) fn still_good(mut self, now_ms: i64) -> Self {
        if let Some(sessions) = sessions(&mut self.client) {
            sessions.retain(|session| session["expire_at"].as_i64().is_none_or(|at| at == 0 || at > now_ms));
        }
        self
    }

    /// Encrypts it. `name` is the instance that it belongs to; it can't be opened for another one.
    pub(super) fn seal(&self, key: &[u8; KEY], name: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let text = serde_json::to_vec(self).ok()?;
        let payload = Payload { msg: &text, aad: name.as_bytes() };
        let sealed = XChaCha20Poly1305::new(&(*key).into()).encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([FORMAT, &nonce, &sealed].concat())
    }

    /// Decrypts it; `None` when it is anything else than what was sealed with this key for this instance.
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
    fn what_is_true_for_a_moment_is_not_kept() {
        let kept = |session: Value| Kept { environment: json!({}), client: json!({ "sessions": [session] }) };
        let mut snapshot = Snapshot::initial(Default::default(), Default::default());
        snapshot.raw_environment = Some(std::sync::Arc::new(json!({})));
        let session = json!({ "id": "sess_1", "expire_at": 1_000, "last_active_token": { "jwt": "a.b.c" }, "factor_verification_age": [0, 0] });
        snapshot.raw_client = Some(std::sync::Arc::new(json!({ "sessions": [session] })));
        let expected = kept(json!({ "id": "sess_1", "expire_at": 1_000 }));
        assert_eq!(Kept::of(&snapshot), Some(expected.clone()));
        assert_eq!(expected.clone().still_good(999), expected);
        assert_eq!(expected.still_good(1_000).client, json!({ "sessions": [] }));
        assert_eq!(kept(json!({ "id": "sess_1" })).still_good(1_000), kept(json!({ "id": "sess_1" })));
    }

    #[test]
    fn what_was_sealed_is_opened_by_its_key_for_its_instance_only() {
        let kept = Kept { environment: json!({ "a": 1 }), client: json!({ "id": "client_1", "name": "hunter2" }) };
        let sealed = kept.seal(&[7; KEY], "clerk.example.test").unwrap();
        assert_eq!(Kept::open(&sealed, &[7; KEY], "clerk.example.test"), Some(kept.clone()));
        assert_ne!(sealed, kept.seal(&[7; KEY], "clerk.example.test").unwrap(), "no two are alike");
        assert!(!String::from_utf8_lossy(&sealed).contains("hunter2"));
        assert_eq!(Kept::open(&sealed, &[8; KEY], "clerk.example.test"), None);
        assert_eq!(Kept::open(&sealed, &[7; KEY], "clerk.other.test"), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(Kept::open(&changed, &[7; KEY], "clerk.example.test"), None, "byte {place}");
            assert_eq!(Kept::open(&sealed[..place], &[7; KEY], "clerk.example.test"), None, "cut at {place}");
        }
    }
}
