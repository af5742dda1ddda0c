//! How parameters come in: from Rust as structs, from the webview as camelCase objects.

use serde::{Deserialize, Deserializer};

/// A value that may be kept, cleared or set. In the webview: absent, null or given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Set it to nothing.
    Clear,
    /// Set it to this.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

/// Declares the parameters of a call: `required` fields as they stand, `optional` ones wrapped in `Option`.
///
/// Parameters that this version does not know go to FAPI as they are, in `extra`; it knows best what to do with them.
/// `Debug` prints no values, because they may be passwords and codes.
macro_rules! params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            required { $( $(#[$required_meta:meta])* $required:ident : $required_type:ty ),* $(,)? }
            optional { $( $(#[$optional_meta:meta])* $optional:ident : $optional_type:ty ),* $(,)? }
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, specta::Type)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $( $(#[$required_meta])* pub $required: $required_type, )*
            $( $(#[$optional_meta])* #[serde(default)] #[specta(optional)] pub $optional: Option<$optional_type>, )*
            /// Parameters that FAPI may know and this version does not.
            #[serde(flatten)]
            #[specta(skip)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use params;
