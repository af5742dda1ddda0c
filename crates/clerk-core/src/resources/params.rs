//! Parameter types: structs in Rust, camelCase objects in the webview.

use serde::{Deserialize, Deserializer};

/// A value that is kept, cleared or set. In the webview: absent, null or a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Keeps the current value.
    #[default]
    Keep,
    /// Clears the value.
    Clear,
    /// Sets this value.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

/// Declares the parameters of a call. `required` fields keep their type, `optional` ones are wrapped in `Option`.
///
/// Parameters unknown to this version are passed on to FAPI in `extra`, which validates them. `Debug` prints no values,
/// because they may be passwords and codes; they are wiped once
/// they are sent.
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
            /// Parameters unknown to this version, which are passed on to FAPI.
            #[serde(flatten)]
            #[specta(skip)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $crate::secret::Wipe for $name {
            fn wipe(&mut self) {
                $( $crate::secret::Wipe::wipe(&mut self.$required); )*
                $( $crate::secret::Wipe::wipe(&mut self.$optional); )*
                $crate::secret::Wipe::wipe(&mut self.extra);
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use params;
