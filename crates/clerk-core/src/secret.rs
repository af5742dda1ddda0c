//! Types for secrets: they are not printed, not serialized, and wiped when dropped.

use zeroize::Zeroizing;

macro_rules! secret {
    ($( $(#[$meta:meta])* $name:ident ),* $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Wraps a secret.
            pub fn new(secret: impl Into<String>) -> Self {
                Self(Zeroizing::new(secret.into()))
            }

            /// Returns the secret itself. Do not log it or store it in a plain file.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
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
    /// Any other secret that a [`SecretStore`](crate::ports::SecretStore) holds.
    StoredSecret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_redacted_in_debug_output() {
        assert_eq!(format!("{:?}", ClientToken::new("hunter2")), "ClientToken([redacted])");
        assert!(!format!("{:?}", Some(SessionToken::new("hunter2"))).contains("hunter2"));
    }
}
