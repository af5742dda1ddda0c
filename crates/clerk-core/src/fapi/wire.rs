//! Lenient reading of FAPI's JSON.
//!
//! Clerk adds fields, enum values and whole objects without a new API version, and its sources disagree on what is
//! nullable. Reading is therefore *total*: every JSON value becomes a value of the requested type. A missing, null or
//! mistyped field takes its default; an invalid element of a list is skipped. For a mistyped field the name is logged,
//! never the content.

use serde_json::{Map, Value};

/// A type that can be read from any JSON value.
pub(crate) trait Wire: Sized {
    /// Reads `json`; `None` if it has another shape.
    fn read(json: &Value) -> Option<Self>;

    /// Returns the value of a missing, null or mistyped field.
    fn absent() -> Self;
}

/// Reads the field `name` of `object`.
pub(crate) fn field<T: Wire>(object: &Map<String, Value>, resource: &'static str, name: &str) -> T {
    object.get(name).map_or_else(T::absent, |json| value(json, resource, name))
}

/// Reads the value of the field `name`.
pub(crate) fn value<T: Wire>(json: &Value, resource: &'static str, name: &str) -> T {
    match json {
        Value::Null => T::absent(),
        json => T::read(json).unwrap_or_else(|| {
            tracing::debug!(resource, field = name, "a field has an unexpected shape; using its default");
            T::absent()
        }),
    }
}

impl<T: Wire> Wire for std::sync::Arc<T> {
    fn read(json: &Value) -> Option<Self> {
        T::read(json).map(Self::new)
    }
    fn absent() -> Self {
        Self::new(T::absent())
    }
}

impl Wire for String {
    fn read(json: &Value) -> Option<Self> {
        match json {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
    fn absent() -> Self {
        Self::new()
    }
}

impl Wire for bool {
    fn read(json: &Value) -> Option<Self> {
        json.as_bool()
    }
    fn absent() -> Self {
        false
    }
}

impl Wire for i64 {
    fn read(json: &Value) -> Option<Self> {
        match json {
            // A float appears if a service in between re-encoded the number.
            #[allow(clippy::cast_possible_truncation, reason = "a saturating cast is intended here")]
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as Self)),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
    fn absent() -> Self {
        0
    }
}

/// Free-form JSON: metadata, actors.
impl Wire for Value {
    fn read(json: &Value) -> Option<Self> {
        Some(json.clone())
    }
    fn absent() -> Self {
        Self::Null
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(json: &Value) -> Option<Self> {
        T::read(json).map(Some)
    }
    fn absent() -> Self {
        None
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(json: &Value) -> Option<Self> {
        Some(json.as_array()?.iter().filter_map(T::read).collect())
    }
    fn absent() -> Self {
        Self::new()
    }
}

impl<T: Wire> Wire for std::collections::BTreeMap<String, T> {
    fn read(json: &Value) -> Option<Self> {
        let object = json.as_object()?;
        Some(object.iter().filter_map(|(key, json)| Some((key.clone(), T::read(json)?))).collect())
    }
    fn absent() -> Self {
        Self::new()
    }
}

/// Fields that are not printed. Whoever knows the page of a provider can sign in there with their own account; the others make
/// codes, or are codes.
const NOT_PRINTED: [&str; 7] =
    ["external_verification_redirect_url", "nonce", "secret", "token", "uri", "codes", "backup_codes"];

/// Returns what `Debug` prints for a field of a resource.
pub(crate) fn shown<'a>(field: &str, value: &'a dyn std::fmt::Debug) -> &'a dyn std::fmt::Debug {
    struct Redacted;
    impl std::fmt::Debug for Redacted {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("[redacted]")
        }
    }
    if NOT_PRINTED.contains(&field) { &Redacted } else { value }
}

/// Declares a FAPI resource: a struct with public fields, read from snake_case JSON by [`Wire`] and serialized for the
/// webview in camelCase.
///
/// `field: Type = "other_name"` reads the field from another key.
macro_rules! resource {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident : $type:ty $(= $key:literal)? ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, serde::Serialize, specta::Type)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field(stringify!($field), $crate::fapi::wire::shown(stringify!($field), &self.$field)) )*
                    .finish()
            }
        }

        impl $crate::fapi::wire::Wire for $name {
            #[allow(clippy::needless_continue, reason = "the last field has one too")]
            fn read(json: &serde_json::Value) -> Option<Self> {
                let object = json.as_object()?;
                $( let mut $field = None; )*
                // In one pass: looking up a field hashes its name.
                for (key, json) in object {
                    $(
                        if key == $crate::fapi::wire::key!($field $(, $key)?) {
                            $field = Some($crate::fapi::wire::value(json, stringify!($name), key));
                            continue;
                        }
                    )*
                }
                Some(Self { $( $field: $field.unwrap_or_else($crate::fapi::wire::Wire::absent), )* })
            }

            fn absent() -> Self {
                Self { $( $field: $crate::fapi::wire::Wire::absent(), )* }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                $crate::fapi::wire::Wire::absent()
            }
        }
    };
}

macro_rules! key {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident, $key:literal) => {
        $key
    };
}

/// Declares an enum over a set of strings that Clerk may extend. Other values become `Unknown`, which stores the
/// string.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, specta::Type)]
        #[specta(type = String)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// A value unknown to this version, as FAPI sent it.
            Unknown(String),
        }

        impl $name {
            /// Returns the value as sent on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl $crate::fapi::wire::Wire for $name {
            fn read(json: &serde_json::Value) -> Option<Self> {
                json.as_str().map(Self::from)
            }
            fn absent() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use {key, open_enum, resource};

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macros declare public items")]
mod tests {
    use super::*;
    use serde_json::json;

    open_enum! {
        /// A status.
        pub enum Colour { Red = "red", Green = "green" }
    }

    resource! {
        /// A thing.
        pub struct Thing {
            pub name: String,
            pub colour: Colour,
            pub size: i64 = "size_in_mm",
            pub parts: Vec<Thing>,
            pub note: Option<String>,
            pub is_large: bool,
        }
    }

    #[test]
    fn open_enum_stores_unknown_values() {
        let thing = Thing::read(&json!({ "colour": "mauve" })).unwrap();
        assert_eq!(thing.colour, Colour::Unknown("mauve".into()));
        assert_eq!(serde_json::to_value(&thing.colour).unwrap(), json!("mauve"));
    }

    #[test]
    fn resource_defaults_missing_null_and_mistyped_fields() {
        for json in [
            json!({}),
            json!({ "name": null, "size_in_mm": null, "parts": null, "note": null }),
            json!({ "name": [], "size_in_mm": {}, "parts": "none", "note": 7.5e300, "is_large": "yes", "colour": 3 }),
        ] {
            let thing = Thing::read(&json).unwrap();
            assert_eq!((thing.name.as_str(), thing.size, thing.parts.len(), thing.is_large), ("", 0, 0, false));
        }
    }

    #[test]
    fn vec_skips_invalid_elements() {
        let thing = Thing::read(&json!({ "parts": [{ "name": "a" }, "junk", 7, null, { "name": "b" }] })).unwrap();
        let names: Vec<_> = thing.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn resource_serializes_to_camel_case() {
        let thing = Thing::read(&json!({ "is_large": true, "size_in_mm": 4 })).unwrap();
        let json = serde_json::to_value(thing).unwrap();
        assert_eq!((&json["isLarge"], &json["size"]), (&json!(true), &json!(4)));
    }
}
