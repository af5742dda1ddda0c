//! Parameter types: structs in Rust, camelCase objects in the webview.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{fapi::request::Request, secret::Wipe};

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

/// As FAPI takes it in a form: nothing, an empty text, or the value.
impl<T: Serialize> Serialize for Change<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep => serializer.serialize_none(),
            Self::Clear => serializer.serialize_str(""),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

impl<T: Wipe> Wipe for Change<T> {
    fn wipe(&mut self) {
        if let Self::Set(value) = self {
            value.wipe();
        }
    }
}

/// Reads a value, with an error that says where in it the wrong part is, e.g. `` `callback.signInUrl`: invalid type … ``. For
/// parameters of commands, and for fields that are flattened, whose place is unknown to the struct around them.
///
/// # Errors
/// If the value is not one of this type.
#[doc(hidden)]
pub fn deserialize_located<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    serde_path_to_error::deserialize(deserializer).map_err(|error| match error.path().to_string().as_str() {
        "." => error.into_inner(),
        path => D::Error::custom(format!("`{path}`: {}", error.inner())),
    })
}

/// The part of a list that is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct PageParams {
    /// The number of the page. Default: 1.
    #[serde(default)]
    #[specta(optional)]
    pub initial_page: Option<u32>,
    /// The number of items on a page. Default: 10.
    #[serde(default)]
    #[specta(optional)]
    pub page_size: Option<u32>,
}

impl PageParams {
    /// Adds `limit` and `offset` to a request, as `clerk-js` does.
    pub(crate) fn add_to(self, request: Request) -> Request {
        let size = self.page_size.unwrap_or(10);
        let offset = u64::from(self.initial_page.unwrap_or(1).saturating_sub(1)) * u64::from(size);
        request.query("limit", size.to_string()).query("offset", offset.to_string())
    }
}

/// Parameters of lists of invitations, suggestions and requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct StatusListParams {
    /// Only those with one of these statuses, e.g. `pending`. Default: all.
    #[serde(default)]
    #[specta(optional)]
    pub status: Vec<String>,
    /// The part of the list.
    #[serde(flatten, deserialize_with = "deserialize_located")]
    #[specta(type = PageParams)]
    pub page: PageParams,
}

impl StatusListParams {
    pub(crate) fn add_to(self, request: Request) -> Request {
        let request = self.status.into_iter().fold(request, |request, status| request.query("status", status));
        self.page.add_to(request)
    }
}

/// Declares the parameters of a call. `required` fields keep their type, `optional` ones are wrapped in `Option`, and
/// `changes` in [`Change`]. With required fields, the struct has a constructor `new` that takes them in order, and no
/// `Default`, which FAPI would refuse. With `constructed_by`, FAPI requires one of several optional fields: the struct has a
/// constructor for each of these, and no `Default` either.
///
/// Parameters unknown to this version are passed on to FAPI in `extra`, which validates them. `Debug` prints no values,
/// because they may be passwords and codes; they are wiped once
/// they are sent.
macro_rules! params {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( constructed_by { $( $(#[$maker_meta:meta])* $maker:ident($made:ident : $made_type:ty) ),+ $(,)? } )?
            required { $( $(#[$required_meta:meta])* $required:ident : $required_type:ty ),* $(,)? }
            optional { $( $(#[$optional_meta:meta])* $optional:ident : $optional_type:ty ),* $(,)? }
            $( changes { $( $(#[$change_meta:meta])* $change:ident : $change_type:ty ),* $(,)? } )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize, specta::Type)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $( $(#[$required_meta])* pub $required: $required_type, )*
            $( $(#[$optional_meta])* #[serde(default)] #[specta(optional)] pub $optional: Option<$optional_type>, )*
            $( $(
                $(#[$change_meta])*
                #[serde(default)]
                #[specta(optional, type = Option<$change_type>)]
                pub $change: $crate::resources::params::Change<$change_type>,
            )* )?
            /// Parameters unknown to this version, which are passed on to FAPI.
            #[serde(flatten)]
            #[specta(skip)]
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $crate::secret::Wipe for $name {
            fn wipe(&mut self) {
                $( $crate::secret::Wipe::wipe(&mut self.$required); )*
                $( $crate::secret::Wipe::wipe(&mut self.$optional); )*
                $( $( $crate::secret::Wipe::wipe(&mut self.$change); )* )?
                $crate::secret::Wipe::wipe(&mut self.extra);
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        $crate::resources::params::params! {
            @constructor $name { $( $required: $required_type, )* } { $( $optional, )* $( $( $change, )* )? }
            $( { $( $(#[$maker_meta])* $maker($made: $made_type), )+ } )?
        }
    };
    (@constructor $name:ident {} { $( $other:ident, )* } { $( $(#[$meta:meta])* $maker:ident($made:ident : $made_type:ty), )+ }) => {
        impl $name {
            fn empty() -> Self {
                Self { $( $other: Default::default(), )* extra: serde_json::Map::new() }
            }

            $(
                $(#[$meta])*
                #[must_use]
                pub fn $maker($made: impl Into<$made_type>) -> Self {
                    Self { $made: Some($made.into()), ..Self::empty() }
                }
            )+
        }
    };
    (@constructor $name:ident {} { $( $other:ident, )* }) => {
        impl Default for $name {
            fn default() -> Self {
                Self { $( $other: Default::default(), )* extra: serde_json::Map::new() }
            }
        }
    };
    (@constructor $name:ident { $( $required:ident : $required_type:ty, )+ } { $( $other:ident, )* }) => {
        impl $name {
            /// Creates parameters that have only what is required.
            #[must_use]
            pub fn new($( $required: impl Into<$required_type> ),+) -> Self {
                Self {
                    $( $required: $required.into(), )+
                    $( $other: Default::default(), )*
                    extra: serde_json::Map::new(),
                }
            }
        }
    };
}

pub(crate) use params;
