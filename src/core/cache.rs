//! What an earlier run knew: the client and the environment, sealed, so that the app shows the signed-in user at once and
//! offline. What FAPI says takes its place as soon as it is there.

use base64::Engine;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Clerk, Snapshot};
use crate::{
    ports::{CacheStore, SecretKey},
    secret::StoredSecret,
};

/// Names the format; another one is not read.
const FORMAT: &[u8] = b"clerk-state-1\n";
const NONCE: usize = 24;
const KEY: usize = 32;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) environment: Value,
    /// Without session tokens, which live for a minute, and without the age of verifications, which grows.
    pub(super) client: Value,
}

/// What is true for a moment only.
const MOMENTARY: [&str; 2] = ["last_active_token", "factor_verification_age"];

fn sessions(client: &mut Value) -> Option<&mut Vec<Value>> {
    client.get_mut("sessions")?.as_array_mut()
}

impl Kept {
    /// What there is to keep of a state.
    fn of(snapshot: &Snapshot) -> Option<Self> {
        let mut client = snapshot.raw_client.as_deref()?.clone();
        for session in sessions(&mut client).into_iter().flatten().filter_map(Value::as_object_mut) {
            session.retain(|key, _| !MOMENTARY.contains(&key.as_str()));
        }
        Some(Self { environment: snapshot.raw_environment.as_deref()?.clone(), client })
    }

    /// Leaves out the sessions that have expired meanwhile.
    fn still_good(mut self, now_ms: i64) -> Self {
        if let Some(sessions) = sessions(&mut self.client) {
            sessions.retain(|session| session["expire_at"].as_i64().is_none_or(|at| at == 0 || at > now_ms));
        }
        self
    }

    /// Encrypts it. `name` is the instance that it belongs to; it can't be opened for another one.
    fn seal(&self, key: &[u8; KEY], name: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let text = serde_json::to_vec(self).ok()?;
        let payload = Payload { msg: &text, aad: name.as_bytes() };
        let sealed = XChaCha20Poly1305::new(&(*key).into()).encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([FORMAT, &nonce, &sealed].concat())
    }

    /// Decrypts it; `None` when it is anything else than what was sealed with this key for this instance.
    fn open(sealed: &[u8], key: &[u8; KEY], name: &str) -> Option<Self> {
        let (nonce, sealed) = sealed.strip_prefix(FORMAT)?.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        let text = XChaCha20Poly1305::new(&(*key).into()).decrypt(&XNonce::from(*nonce), payload).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

impl Clerk {
    /// What an earlier run of the app kept of this instance.
    pub(super) async fn read_cache(&self) -> Option<Kept> {
        let cache = self.0.setup.cache.as_ref()?;
        let name = self.secret_name()?;
        let sealed = match cache.read().await {
            Ok(sealed) => sealed?,
            Err(error) => {
                tracing::warn!(%error, "what an earlier run kept can't be read");
                return None;
            }
        };
        let kept = Kept::open(&sealed, &self.cache_key(&name, false).await?, &name);
        if kept.is_none() {
            tracing::debug!("what an earlier run kept belongs to another instance or was changed; it is ignored");
        }
        Some(kept?.still_good(self.0.setup.clock.now_ms()))
    }

    /// Keeps the client and the environment whenever they change, for as long as the app runs. The plugin runs this by
    /// itself; without a keyring, or without [`ClerkSetup::cache`](super::ClerkSetup::cache), nothing is kept.
    pub async fn keep_cache(&self) {
        let Some(cache) = self.0.setup.cache.clone() else { return };
        let mut state = self.subscribe();
        // What was there before counts as well.
        state.mark_changed();
        let mut kept = None;
        while state.changed().await.is_ok() {
            let snapshot = state.borrow_and_update().clone();
            // What was restored is in the cache already.
            if !snapshot.restored
                && let Some(now) = Kept::of(&snapshot)
                && kept.as_ref() != Some(&now)
                && self.write_cache(cache.as_ref(), &now).await
            {
                kept = Some(now);
            }
        }
    }

    async fn write_cache(&self, cache: &dyn CacheStore, kept: &Kept) -> bool {
        let Some(name) = self.secret_name() else { return false };
        let Some(key) = self.cache_key(&name, true).await else { return false };
        let Some(sealed) = kept.seal(&key, &name) else { return false };
        match cache.write(sealed).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the state could not be kept; the app will start without it");
                false
            }
        }
    }

    /// The key of the cache, which is made when there is none and `make` says so. `None` without a keyring, which has been
    /// reported when the client token could not be stored.
    async fn cache_key(&self, name: &str, make: bool) -> Option<[u8; KEY]> {
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
        let (secrets, place) = (&self.0.setup.secrets, SecretKey::CacheKey(name.to_owned()));
        let stored = secrets.read(&place).await.ok()?;
        let read = stored.and_then(|text| base64.decode(text.expose()).ok()).and_then(|bytes| bytes.try_into().ok());
        if read.is_some() || !make {
            return read;
        }
        let mut key = [0; KEY];
        rand::rng().fill_bytes(&mut key);
        secrets.write(&place, StoredSecret::new(base64.encode(key))).await.ok()?;
        Some(key)
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
