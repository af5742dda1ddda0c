//! What is stored in the sealed file: the last state, with which the app shows the signed-in user at once and offline, and
//! everything else that is too large for an entry of the secret store.

use std::time::Duration;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    fapi::{json::Json, received_client::without_volatile},
    secret::Secret,
    state::{revocation_queue::Revocation, snapshot::Snapshot, unfinished::Unfinished, vault::SealKey},
};

/// The version of the format; other versions are ignored.
const FORMAT: &[u8] = b"clerk-state-2\n";
/// The format while the key is replaced: the length of the first of two contents, then both, each in the format above.
const FORMAT_OF_TWO: &[u8] = b"clerk-states-2\n";
/// The format of earlier versions.
const OLD_FORMAT: &[u8] = b"clerk-state-1\n";
const NONCE: usize = 24;
/// How far in the future the time of storing may be: clocks are set back sometimes.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// The content of the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sealed {
    /// The last state.
    pub(crate) state: Option<CachedState>,
    /// The record of the pending flow.
    pub(crate) flow: Option<Secret<Value>>,
    /// Sessions that FAPI has not ended yet.
    pub(crate) revocations: Vec<Revocation>,
    /// The client token, if it is too long for an entry of the secret store.
    pub(crate) token: Option<Secret<String>>,
}

/// The last state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CachedState {
    /// When FAPI confirmed it.
    #[serde(default)]
    pub(crate) confirmed_at_ms: i64,
    pub(crate) environment: Json,
    /// Without session tokens, which are valid for a minute, and without the age of verifications, which grows.
    pub(crate) client: Secret<Json>,
}

impl CachedState {
    /// Returns the part of the state to store; `None` before the first load.
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let client = Secret::new(without_volatile(snapshot.raw_client.as_deref()?.expose()));
        let environment = snapshot.raw_environment.as_deref()?.clone();
        let confirmed_at_ms = snapshot.confirmed_at_ms.unwrap_or(snapshot.received.wall_ms);
        Some(Self { confirmed_at_ms, environment, client })
    }

    /// Whether it describes the same state, whenever it was confirmed.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.environment, &self.client) == (&other.environment, &other.client)
    }

    /// Whether FAPI confirmed it recently enough to be shown.
    pub(crate) fn is_recent(&self, now_ms: i64, max_age: Duration) -> bool {
        let age = now_ms.saturating_sub(self.confirmed_at_ms);
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        (-millis(CLOCK_TOLERANCE)..=millis(max_age)).contains(&age)
    }

    /// Removes the sessions that have expired since.
    pub(crate) fn without_expired_sessions(self, now_ms: i64) -> Self {
        #[derive(Deserialize)]
        struct Sessions {
            sessions: Vec<End>,
        }
        #[derive(Deserialize)]
        struct End {
            expire_at: Option<i64>,
        }
        // Most often there are none, and the text stays as it is.
        let is_current = |end: &End| end.expire_at.is_none_or(|at| at == 0 || at > now_ms);
        if serde_json::from_str(self.client.expose().text())
            .is_ok_and(|client: Sessions| client.sessions.iter().all(is_current))
        {
            return self;
        }
        let client = Secret::new(self.client.expose().changed(|tree| {
            if let Some(sessions) = tree.get_mut("sessions").and_then(Value::as_array_mut) {
                sessions.retain(|session| session["expire_at"].as_i64().is_none_or(|at| at == 0 || at > now_ms));
            }
        }));
        Self { client, ..self }
    }
}

impl Sealed {
    /// Encrypts the content. `name` is the instance that it belongs to; it can't be decrypted for another one, or with the key
    /// of another epoch.
    pub(super) fn seal(&self, key: &SealKey, name: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let text = Zeroizing::new(serde_json::to_vec(self).ok()?);
        let payload = Payload { msg: &text, aad: &binding(key, name) };
        let sealed = XChaCha20Poly1305::new(key.key.expose().into()).encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([FORMAT, &nonce, &sealed].concat())
    }

    /// Encrypts the content with a new key, and with the one that it replaces: either can open it.
    pub(super) fn seal_for_both(&self, new: &SealKey, old: &SealKey, name: &str) -> Option<Vec<u8>> {
        let (new, old) = (self.seal(new, name)?, self.seal(old, name)?);
        let length = u64::try_from(new.len()).ok()?.to_le_bytes();
        Some([FORMAT_OF_TWO, &length, &new, &old].concat())
    }

    /// Decrypts the content; `None` unless it was encrypted with this key for this instance.
    pub(super) fn open(sealed: &[u8], key: &SealKey, name: &str) -> Option<Self> {
        let sealed = Unfinished::skip(sealed);
        match sealed.strip_prefix(FORMAT_OF_TWO) {
            Some(two) => {
                let (length, two) = two.split_first_chunk()?;
                let (new, old) = two.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
                Self::open_one(new, key, name).or_else(|| Self::open_one(old, key, name))
            }
            None => Self::open_one(sealed, key, name),
        }
    }

    fn open_one(sealed: &[u8], key: &SealKey, name: &str) -> Option<Self> {
        let text = decrypt(sealed.strip_prefix(FORMAT)?, key.key.expose(), &binding(key, name))?;
        serde_json::from_slice(&text).ok()
    }

    /// Decrypts the state that an earlier version stored.
    pub(super) fn open_old(sealed: &[u8], key: &Secret<[u8; 32]>, name: &str) -> Option<CachedState> {
        serde_json::from_slice(&decrypt(sealed.strip_prefix(OLD_FORMAT)?, key.expose(), name.as_bytes())?).ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn binding(key: &SealKey, name: &str) -> Vec<u8> {
    [key.epoch.as_slice(), name.as_bytes()].concat()
}

fn decrypt(sealed: &[u8], key: &[u8; 32], binding: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: sealed, aad: binding };
    let text = XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), payload).ok()?;
    Some(Zeroizing::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn state(client: Value) -> CachedState {
        CachedState { confirmed_at_ms: 0, environment: json!({}).into(), client: Secret::new(client.into()) }
    }

    #[test]
    fn cached_state_omits_volatile_fields_and_expired_sessions() {
        let mut snapshot = Snapshot::initial(Default::default(), Default::default());
        snapshot.raw_environment = Some(std::sync::Arc::new(json!({}).into()));
        let session = json!({ "id": "sess_1", "expire_at": 1_000, "last_active_token": { "jwt": "a.b.c" }, "factor_verification_age": [0, 0] });
        for (sessions, stored) in [
            (
                json!([session]),
                json!([{ "id": "sess_1", "expire_at": 1_000, "last_active_token": null, "factor_verification_age": null }]),
            ),
            // Not all are what they should be.
            (json!([session, 7]), json!([{ "id": "sess_1", "expire_at": 1_000 }, 7])),
        ] {
            snapshot.raw_client = Some(std::sync::Arc::new(Secret::new(json!({ "sessions": sessions }).into())));
            let of_snapshot = CachedState::of(&snapshot).unwrap();
            assert_eq!(of_snapshot.client.expose().tree().unwrap(), json!({ "sessions": stored }));
        }
        let expiring = state(json!({ "sessions": [{ "id": "sess_1", "expire_at": 1_000 }] }));
        assert_eq!(expiring.clone().without_expired_sessions(999).client, expiring.client);
        assert_eq!(expiring.without_expired_sessions(1_000).client, state(json!({ "sessions": [] })).client);
        let without_expiry = state(json!({ "sessions": [{ "id": "sess_1" }] }));
        assert_eq!(without_expiry.clone().without_expired_sessions(1_000).client, without_expiry.client);
    }

    #[test]
    fn cached_state_is_recent_until_the_maximum_age() {
        let mut stored = state(json!({}));
        stored.confirmed_at_ms = 1_000_000_000;
        let recent = |now_ms| stored.is_recent(now_ms, Duration::from_secs(60));
        assert!(recent(1_000_000_000) && recent(1_000_060_000));
        assert!(!recent(1_000_060_001) && !recent(i64::MAX) && !recent(i64::MIN));
        assert!(recent(1_000_000_000 - 86_400_000) && !recent(1_000_000_000 - 86_400_001), "a clock that was set back");
    }

    #[test]
    fn sealed_opens_only_with_its_key_epoch_and_instance() {
        let content = Sealed { flow: Some(Secret::new(json!("hunter2"))), ..Sealed::default() };
        let key = SealKey::random();
        let name = "clerk.example.test";
        let sealed = content.seal(&key, name).unwrap();
        assert!(Sealed::open(&sealed, &key, name) == Some(content.clone()));
        assert_ne!(sealed, content.seal(&key, name).unwrap(), "each has its own nonce");
        assert!(!String::from_utf8_lossy(&sealed).contains("hunter2"));
        let other_epoch = SealKey { epoch: SealKey::random().epoch, ..key.clone() };
        let other_key = SealKey { key: SealKey::random().key, ..key.clone() };
        assert!(Sealed::open(&sealed, &other_epoch, name).is_none());
        assert!(Sealed::open(&sealed, &other_key, name).is_none());
        assert!(Sealed::open(&sealed, &key, "clerk.other.test").is_none());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(Sealed::open(&changed, &key, name).is_none(), "byte {place}");
            assert!(Sealed::open(&sealed[..place], &key, name).is_none(), "cut at {place}");
        }
    }

    #[test]
    fn sealed_for_both_opens_with_either_key_and_no_other() {
        let content = Sealed { flow: Some(Secret::new(json!("hunter2"))), ..Sealed::default() };
        let [new, old, other] = [(); 3].map(|()| SealKey::random());
        let name = "clerk.example.test";
        let sealed = content.seal_for_both(&new, &old, name).unwrap();
        for key in [&new, &old] {
            assert!(Sealed::open(&sealed, key, name) == Some(content.clone()));
            assert!(Sealed::open(&sealed, key, "clerk.other.test").is_none());
        }
        assert!(Sealed::open(&sealed, &other, name).is_none());
        for place in 0..sealed.len() {
            assert!(Sealed::open(&sealed[..place], &old, name).is_none(), "cut at {place}");
            let mut changed = sealed.clone();
            changed[place] ^= 0xff;
            let opened = [&new, &old].map(|key| Sealed::open(&changed, key, name));
            assert!(opened.iter().flatten().all(|opened| *opened == content), "byte {place}");
            assert!(opened.iter().any(Option::is_none), "byte {place}");
        }
    }
}
