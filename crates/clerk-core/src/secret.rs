//! Secrets have types of their own: they don't print, don't serialize, and are wiped when dropped.

use zeroize::Zeroizing;

macro_rules! secret {
    ($( $(#[$meta:meta])* $name:ident ),* $(,)?) => { $(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Wraps the secret.
            pub fn new(secret: impl Into<String>) -> Self {
                Self(Zeroizing::new(secret.into()))
            }

            /// The secret itself. Don't log it, don't store it in a plain file.
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
    /// The client token: the rotating client JWT that authenticates this device to FAPI. It lives long and never
    /// leaves Rust: not into a webview, an event, a log, an error or a plain file.
    #[doc(alias = "device token")]
    #[doc(alias = "client JWT")]
    ClientToken,
    /// A session token: the short-lived JWT (60 seconds by default) that an app sends to its own backend.
    SessionToken,
    /// A one-use handle from a callback URL, with which the app picks up the rotated client token.
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
    fn secrets_do_not_print() {
        assert_eq!(format!("{:?}", ClientToken::new("hunter2")), "ClientToken([redacted])");
        assert!(!format!("{:?}", Some(SessionToken::new("hunter2"))).contains("hunter2"));
    }
}
