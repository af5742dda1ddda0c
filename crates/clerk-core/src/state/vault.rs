//! The credentials of this device as they are stored: one small entry of the secret store.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::{
    models::{ClientId, SessionId},
    secret::{ClientToken, Secret, StoredSecret},
    state::{
        revocation_queue::{Revocation, Target},
        unfinished::Unfinished,
    },
    sync::lock,
};

/// The maximum length of an entry in characters: the Windows Credential Manager allows 2,560 bytes of UTF-16.
const MAX_ENTRY: usize = 1_280;
/// How many tokens of this process are remembered.
const MAX_OWN_TOKENS: usize = 16;

/// Encrypts what is stored in the file. A new one makes every older file, and every copy of it, unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealKey {
    pub(crate) key: Secret<[u8; 32]>,
    /// Part of what the file is bound to.
    pub(crate) epoch: [u8; 16],
}

impl SealKey {
    pub(crate) fn random() -> Self {
        let (mut key, mut epoch) = (Secret::new([0; 32]), [0; 16]);
        rand::rng().fill_bytes(key.expose_mut());
        rand::rng().fill_bytes(&mut epoch);
        Self { key, epoch }
    }
}

/// The entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The client token.
    pub(crate) token: Option<ClientToken>,
    /// Whether the token is in the sealed file, because it is too long for an entry.
    pub(crate) token_in_file: bool,
    /// Encrypts the sealed file.
    pub(crate) key: SealKey,
    /// Sessions that were signed out, and their clients, if the file could not be written.
    pub(crate) signed_out: Vec<(SessionId, ClientId)>,
}

/// The entry as JSON, with short names because space is scarce.
#[derive(Serialize, Deserialize)]
struct Text {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    t: Option<Secret<String>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    f: bool,
    k: Secret<String>,
    e: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    s: Vec<(String, String)>,
}

/// What an entry contains.
#[derive(Debug)]
pub(crate) enum EntryText {
    /// The entry in its present form.
    Entry(Entry),
    /// Only a client token, as earlier versions stored it.
    Token(ClientToken),
    /// Neither.
    Invalid,
}

impl Entry {
    pub(crate) fn new(token: Option<ClientToken>) -> Self {
        Self { token, token_in_file: false, key: SealKey::random(), signed_out: Vec::new() }
    }

    /// Reads the content of an entry. Client tokens never begin with a brace.
    pub(crate) fn read(text: &StoredSecret) -> EntryText {
        if !text.expose().starts_with('{') {
            return EntryText::Token(ClientToken::new(text.expose()));
        }
        let Ok(Text { t, f, k, e, s }) = serde_json::from_str(text.expose()) else { return EntryText::Invalid };
        let mut key = Secret::new([0; 32]);
        let mut epoch = [0; 16];
        let decoded = BASE64.decode_slice(k.expose(), key.expose_mut()) == Ok(32)
            && BASE64.decode_slice(e.as_bytes(), &mut epoch) == Ok(16);
        if !decoded {
            return EntryText::Invalid;
        }
        let token = t.map(|token| ClientToken::new(token.expose()));
        let signed_out = s.iter().map(|(session, client)| (session.as_str().into(), client.as_str().into())).collect();
        EntryText::Entry(Self { token, token_in_file: f, key: SealKey { key, epoch }, signed_out })
    }

    /// Returns the content of the entry.
    pub(crate) fn text(&self) -> StoredSecret {
        let token = self.token.as_ref().filter(|_| !self.token_in_file);
        let text = Text {
            t: token.map(|token| Secret::new(token.expose().to_owned())),
            f: self.token_in_file,
            k: Secret::new(BASE64.encode(self.key.key.expose())),
            e: BASE64.encode(self.key.epoch),
            s: self.signed_out.iter().map(|(session, client)| (session.to_string(), client.to_string())).collect(),
        };
        // A text that grows would leave copies of its beginning in memory.
        let mut written = Vec::with_capacity(2 * MAX_ENTRY);
        // Strings and a boolean can always be written, as UTF-8.
        let _ = serde_json::to_writer(&mut written, &text);
        StoredSecret::new(String::from_utf8(written).unwrap_or_default())
    }

    /// Keeps the sessions to end, as far as there is room for all of them.
    pub(super) fn keep_signed_out(&mut self, revocations: &[Revocation]) {
        let sessions = revocations.iter().filter_map(|held| Some((held.session()?.clone(), held.client.clone())));
        self.signed_out = sessions.collect();
        if !self.fits() {
            self.signed_out.clear();
        }
    }

    /// Returns the sessions to end that only the entry says.
    pub(super) fn revocations(&self, now_ms: i64) -> Vec<Revocation> {
        let revocation = |(session, client): &(SessionId, ClientId)| Revocation {
            target: Target::Session(session.clone()),
            client: client.clone(),
            token: self.token.clone(),
            queued_at_ms: now_ms,
            refusals: 0,
        };
        self.signed_out.iter().map(revocation).collect()
    }

    /// Whether every store has room for the entry together with its token.
    pub(crate) fn fits(&self) -> bool {
        self.text().expose().encode_utf16().count() <= MAX_ENTRY
    }
}

/// What this process knows of the stored credentials. Other processes of the app may change them.
#[derive(Default)]
pub(crate) struct Vault {
    /// Held while the entry or the sealed file is read and rewritten. Its holder changes no state and sends no request.
    pub(crate) turn: tokio::sync::Mutex<()>,
    known: Mutex<Option<Entry>>,
    own_tokens: Mutex<Vec<ClientToken>>,
    unfinished: Mutex<Option<Unfinished>>,
    /// Whether the entry lacks the client token of this run, until the sessions to end are stored.
    token_is_withheld: AtomicBool,
}

impl Vault {
    /// Returns the entry as this process read or wrote it last.
    pub(crate) fn known(&self) -> Option<Entry> {
        lock(&self.known).clone()
    }

    pub(crate) fn set_known(&self, entry: Option<Entry>) {
        *lock(&self.known) = entry;
    }

    /// Returns what is still to be done to the entry.
    pub(crate) fn unfinished(&self) -> Option<Unfinished> {
        *lock(&self.unfinished)
    }

    pub(crate) fn set_unfinished(&self, unfinished: Option<Unfinished>) {
        *lock(&self.unfinished) = unfinished;
    }

    /// Notes what the file says. If it says nothing, another process may have done it, and doing it again does no harm.
    pub(crate) fn note_unfinished(&self, read: Option<Unfinished>) {
        let mut unfinished = lock(&self.unfinished);
        *unfinished = read.or(unfinished.map(|_| Unfinished::Renewal));
    }

    pub(crate) fn set_token_is_withheld(&self, withheld: bool) {
        self.token_is_withheld.store(withheld, Ordering::Release);
    }

    /// Whether the entry lacks the client token of this run, until the sessions to end are stored.
    pub(crate) fn token_is_withheld(&self) -> bool {
        self.token_is_withheld.load(Ordering::Acquire)
    }

    /// Remembers a token that this process got from FAPI. A write that seemed to fail may have succeeded.
    pub(crate) fn remember_own(&self, token: &ClientToken) {
        let mut own = lock(&self.own_tokens);
        if !own.contains(token) {
            if own.len() == MAX_OWN_TOKENS {
                own.remove(0);
            }
            own.push(token.clone());
        }
    }

    /// Whether another process stored this token.
    pub(crate) fn is_foreign(&self, token: &ClientToken) -> bool {
        lock(&self.known).as_ref().and_then(|known| known.token.as_ref()) != Some(token)
            && !lock(&self.own_tokens).contains(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Entry> {
        match Entry::read(&StoredSecret::new(text)) {
            EntryText::Entry(entry) => Some(entry),
            EntryText::Token(_) | EntryText::Invalid => None,
        }
    }

    #[test]
    fn entry_reads_what_it_wrote() {
        for token in [None, Some(ClientToken::new("a.b.c")), Some(ClientToken::new("x".repeat(2048)))] {
            let entry = Entry::new(token);
            assert!(read(entry.text().expose()) == Some(entry));
        }
        let elsewhere = Entry { token: None, token_in_file: true, ..Entry::new(None) };
        assert!(read(elsewhere.text().expose()) == Some(elsewhere));
    }

    #[test]
    fn entry_fits_with_tokens_of_the_usual_length() {
        assert!(Entry::new(Some(ClientToken::new("x".repeat(1_180)))).fits());
        assert!(!Entry::new(Some(ClientToken::new("x".repeat(1_280)))).fits());
    }

    #[test]
    fn entry_read_tells_tokens_of_earlier_versions_from_invalid_text() {
        assert!(
            matches!(Entry::read(&StoredSecret::new("a.b.c")), EntryText::Token(token) if token.expose() == "a.b.c")
        );
        let cut = Entry::new(None).text();
        for text in ["{", "{}", r#"{"k":"","e":""}"#, r#"{"k":"AAAA","e":"AAAA"}"#, r#"{"k":1}"#, &cut.expose()[..60]] {
            assert!(matches!(Entry::read(&StoredSecret::new(text)), EntryText::Invalid), "{text}");
        }
    }
}
