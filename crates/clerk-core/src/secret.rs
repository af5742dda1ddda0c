//! Types for secrets: they are not printed, and wiped when dropped.
//!
//! A field that may contain a secret has one of these types, so that a derived `Debug` is safe. `cargo xtask secrets` looks for
//! fields that should have one.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use zeroize::Zeroize;

/// Any secret: not printed, and wiped when dropped.
///
/// It can be serialized, unlike the named types below, because what is stored contains secrets. Only what is encrypted, or goes
/// to the secret store, may contain it.
#[doc(hidden)]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret<T: Wipe>(T);

impl<T: Wipe> Secret<T> {
    /// Wraps a secret.
    pub fn new(secret: T) -> Self {
        Self(secret)
    }

    /// Returns the secret itself.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the secret itself, to change it.
    pub fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Wipe> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

impl<T: Wipe> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T: Wipe + Serialize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Wipe + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Overwrites what it holds in memory. What has no secret does nothing.
#[doc(hidden)]
pub trait Wipe {
    /// Overwrites it. The value is useless afterwards, but valid.
    fn wipe(&mut self);
}

macro_rules! wipe_by_zeroize {
    ($($type:ty),*) => { $(
        impl Wipe for $type {
            fn wipe(&mut self) {
                self.zeroize();
            }
        }
    )* };
}

wipe_by_zeroize!(String, Vec<u8>, bool);

impl<const N: usize> Wipe for [u8; N] {
    fn wipe(&mut self) {
        self.zeroize();
    }
}

impl<T: Wipe> Wipe for Option<T> {
    fn wipe(&mut self) {
        if let Some(value) = self {
            value.wipe();
        }
    }
}

impl Wipe for Vec<String> {
    fn wipe(&mut self) {
        self.iter_mut().for_each(Wipe::wipe);
    }
}

/// JSON from outside has a limited depth.
impl Wipe for Value {
    fn wipe(&mut self) {
        match self {
            Self::String(text) => text.wipe(),
            Self::Array(elements) => elements.iter_mut().for_each(Wipe::wipe),
            Self::Object(fields) => fields.wipe(),
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

/// The names are no secrets.
impl Wipe for serde_json::Map<String, Value> {
    fn wipe(&mut self) {
        self.values_mut().for_each(Wipe::wipe);
    }
}

macro_rules! secret {
    ($( $(#[$meta:meta])* $name:ident ),* $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Arc<Secret<String>>);

        impl $name {
            /// Wraps a secret.
            pub fn new(secret: impl Into<String>) -> Self {
                Self(Arc::new(Secret::new(secret.into())))
            }

            /// Returns the secret itself. Do not log it or store it in a plain file.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )* };
}

secret! {
    /// The client token: the rotating client JWT that authenticates this device to FAPI. It is long-lived and never
    /// leaves Rust: it does not reach a webview, event, log, error or plain file.
    #[doc(alias = "device token")]
    #[doc(alias = "client JWT")]
    ClientToken,
    /// A session token: the short-lived JWT (60 seconds by default) that an app sends to its own backend.
    SessionToken,
    /// A single-use handle from a callback URL, with which the app fetches the rotated client token.
    RotatingTokenNonce,
    /// The secret half of a PKCE pair.
    CodeVerifier,
    /// The encoded body of a request, which may contain passwords and codes.
    FormBody,
    /// Any other secret that a [`SecretStore`](crate::ports::SecretStore) holds.
    StoredSecret,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_redacted_in_debug_output() {
        assert_eq!(format!("{:?}", ClientToken::new("hunter2")), "ClientToken([redacted])");
        assert!(!format!("{:?}", Some(SessionToken::new("hunter2"))).contains("hunter2"));
        assert_eq!(format!("{:#?}", Secret::new(json!({ "a": "hunter2" }))), "[redacted]");
    }

    #[test]
    fn wipe_overwrites_every_text() {
        let mut json = json!({ "a": "hunter2", "b": ["hunter2", { "c": "hunter2", "d": 1 }], "e": null });
        json.wipe();
        assert!(!json.to_string().contains("hunter2"), "{json}");
        let mut key = Some([7_u8; 32]);
        key.wipe();
        assert_eq!(key, Some([0; 32]));
        let mut texts = vec!["hunter2".to_owned()];
        texts.wipe();
        assert_eq!(texts.concat(), "");
    }
}
