//! Typed identifiers: a session id can't be passed where a user id is expected. The strings themselves are opaque.

macro_rules! id {
    ($( $(#[$meta:meta])* $name:ident ),* $(,)?) => { $(
        $(#[$meta])*
        #[derive(
            Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, specta::Type,
        )]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Returns the identifier as a string.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<String>> From<T> for $name {
            fn from(text: T) -> Self {
                Self(text.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $crate::fapi::wire::Wire for $name {
            fn absent() -> Self {
                Self(String::new())
            }
            fn from_text(text: &str) -> Option<Self> {
                Some(Self(text.to_owned()))
            }
        }
    )* };
}

id! {
    /// Id of a [`Client`](crate::models::Client).
    ClientId,
    /// Id of a [`Session`](crate::models::Session).
    SessionId,
    /// Id of a [`User`](crate::models::User).
    UserId,
    /// Id of an [`Organization`](crate::models::Organization).
    OrganizationId,
    /// Id of a [`SignIn`](crate::models::SignIn) attempt.
    SignInId,
    /// Id of a [`SignUp`](crate::models::SignUp) attempt.
    SignUpId,
}
