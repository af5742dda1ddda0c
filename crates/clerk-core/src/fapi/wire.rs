//! Lenient reading of FAPI's JSON.
//!
//! Clerk adds fields, enum values and whole objects without a new API version, and its sources disagree on what is
//! nullable. Reading is therefore *total*: every JSON value becomes a value of the requested type. A missing, null or
//! mistyped field takes its default; an invalid element of a list is skipped. For a mistyped field the name is logged,
//! never the content. Resources are read from the text, in one pass.

use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{fapi::limits::Limits, secret::SessionToken};

/// A type that can be read from any JSON value. Each method reads one kind of value, and returns `None` if the type has another
/// shape.
pub(crate) trait Wire: Sized {
    /// Returns the value of a missing, null or mistyped field.
    fn absent() -> Self;

    fn from_null() -> Option<Self> {
        None
    }

    fn from_bool(_value: bool) -> Option<Self> {
        None
    }

    fn from_number(_number: &Number) -> Option<Self> {
        None
    }

    fn from_text(_text: &str) -> Option<Self> {
        None
    }

    /// Reads an array.
    ///
    /// # Errors
    /// Those of the deserializer, and those of `limits`.
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, _limits: &Limits) -> Result<Option<Self>, A::Error> {
        while list.next_element_seed(Skip)?.is_some() {}
        Ok(None)
    }

    /// Reads an object.
    ///
    /// # Errors
    /// Those of the deserializer, and those of `limits`.
    fn from_object<'de, A: MapAccess<'de>>(mut object: A, _limits: &Limits) -> Result<Option<Self>, A::Error> {
        while object.next_key_seed(Skip)?.is_some() {
            object.next_value_seed(Skip)?;
        }
        Ok(None)
    }

    /// Reads a tree; `None` if it has another shape.
    #[cfg(test)]
    fn read(json: &Value) -> Option<Self> {
        let text = json.to_string();
        Element::new(&Limits::new(0, 0)).deserialize(&mut serde_json::Deserializer::from_str(&text)).expect("JSON")
    }
}

/// Reads a value; `None` if it has another shape.
pub(crate) struct Element<'a, T> {
    limits: &'a Limits,
    /// The resource and the field that the value belongs to.
    field: Option<(&'static str, &'a str)>,
    read: PhantomData<T>,
}

impl<'a, T: Wire> Element<'a, T> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self { limits, field: None, read: PhantomData }
    }

    fn checked(&self, read: Option<T>) -> Option<T> {
        if let (None, Some((resource, field))) = (&read, self.field) {
            tracing::debug!(resource, field, "a field has an unexpected shape; using its default");
        }
        read
    }
}

impl<'de, T: Wire> DeserializeSeed<'de> for Element<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Wire> Visitor<'de> for Element<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(T::from_null())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<T>, E> {
        Ok(self.checked(T::from_bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<T>, E> {
        Ok(self.checked(T::from_number(&value.into())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<T>, E> {
        Ok(self.checked(T::from_number(&value.into())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<T>, E> {
        Ok(self.checked(Number::from_f64(value).and_then(|number| T::from_number(&number))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        Ok(self.checked(T::from_text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<T>, A::Error> {
        let read = T::from_list(list, self.limits)?;
        Ok(self.checked(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        let read = T::from_object(object, self.limits)?;
        Ok(self.checked(read))
    }
}

/// Reads the value of the field `name`.
///
/// # Errors
/// Those of the deserializer, and those of `limits`.
pub(crate) fn field<'de, T: Wire, A: MapAccess<'de>>(
    object: &mut A,
    limits: &Limits,
    resource: &'static str,
    name: &str,
) -> Result<T, A::Error> {
    let read = object.next_value_seed(Element { limits, field: Some((resource, name)), read: PhantomData })?;
    Ok(read.unwrap_or_else(T::absent))
}

/// Reads a value and drops it. Unlike serde's `IgnoredAny`, it does not read deeper than the deserializer allows.
pub(crate) struct Skip;

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while object.next_key_seed(Self)?.is_some() {
            object.next_value_seed(Self)?;
        }
        Ok(())
    }
}

/// Reads the name of a field, and borrows it where the text contains it as it is.
pub(crate) struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// Implements [`Wire`] for a type that contains another one, and is read like it.
macro_rules! read_like {
    ($name:ident < $inner:ident > , $wrap:expr, $absent:expr $(, $limit:expr)?) => {
        fn absent() -> Self {
            $absent
        }
        fn from_bool(value: bool) -> Option<Self> {
            $inner::from_bool(value).map($wrap)
        }
        fn from_number(number: &Number) -> Option<Self> {
            $inner::from_number(number).map($wrap)
        }
        fn from_text(text: &str) -> Option<Self> {
            $inner::from_text(text).map($wrap)
        }
        fn from_list<'de, A: SeqAccess<'de>>(list: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
            $( limits.take($limit)?; )?
            Ok($inner::from_list(list, limits)?.map($wrap))
        }
        fn from_object<'de, A: MapAccess<'de>>(object: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
            $( limits.take($limit)?; )?
            Ok($inner::from_object(object, limits)?.map($wrap))
        }
    };
}

impl<T: Wire> Wire for Arc<T> {
    read_like!(Arc<T>, Self::new, Self::new(T::absent()), size_of::<T>());
}

impl<T: Wire> Wire for Option<T> {
    read_like!(Option<T>, Some, None);
}

impl Wire for String {
    fn absent() -> Self {
        Self::new()
    }
    fn from_number(number: &Number) -> Option<Self> {
        Some(number.to_string())
    }
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Wire for SessionToken {
    fn absent() -> Self {
        Self::new(String::new())
    }
    fn from_text(text: &str) -> Option<Self> {
        Some(Self::new(text))
    }
}

impl Wire for bool {
    fn absent() -> Self {
        false
    }
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Wire for i64 {
    fn absent() -> Self {
        0
    }
    #[allow(clippy::cast_possible_truncation, reason = "a saturating cast is intended here")]
    fn from_number(number: &Number) -> Option<Self> {
        // A float appears if a service in between re-encoded the number.
        number.as_i64().or_else(|| number.as_f64().map(|float| float as Self))
    }
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Free-form JSON: metadata, actors.
impl Wire for Value {
    fn absent() -> Self {
        Self::Null
    }
    fn from_null() -> Option<Self> {
        Some(Self::Null)
    }
    fn from_bool(value: bool) -> Option<Self> {
        Some(value.into())
    }
    fn from_number(number: &Number) -> Option<Self> {
        Some(number.clone().into())
    }
    fn from_text(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn from_list<'de, A: SeqAccess<'de>>(list: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        Ok(Vec::from_list(list, limits)?.map(Self::Array))
    }
    fn from_object<'de, A: MapAccess<'de>>(object: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        Ok(Map::from_object(object, limits)?.map(Self::Object))
    }
}

impl Wire for Map<String, Value> {
    fn absent() -> Self {
        Self::new()
    }
    fn from_object<'de, A: MapAccess<'de>>(mut object: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        let mut fields = Self::new();
        while let Some(name) = object.next_key_seed(Name)? {
            // The first field makes room for others.
            limits.take(if fields.is_empty() { 3 * MAP_ENTRY } else { MAP_ENTRY })?;
            let value = object.next_value_seed(Element::new(limits))?.unwrap_or_default();
            fields.insert(name.into_owned(), value);
        }
        Ok(Some(fields))
    }
}

/// What the smallest text takes beside its `String`, in bytes.
const ALLOCATION: usize = 4 * size_of::<usize>();

/// What a field of a [`Map`] takes, in bytes: the value, the name, a hash, and its place in an index.
const MAP_ENTRY: usize = size_of::<Value>() + size_of::<String>() + 2 * size_of::<usize>() + ALLOCATION;

impl<T: Wire> Wire for Vec<T> {
    fn absent() -> Self {
        Self::new()
    }
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        let mut elements = Self::new();
        while let Some(element) = list.next_element_seed(Element::new(limits))? {
            if let Some(element) = element {
                limits.take(size_of::<T>() + ALLOCATION)?;
                elements.push(element);
            }
        }
        elements.shrink_to_fit();
        Ok(Some(elements))
    }
}

impl<T: Wire> Wire for std::collections::BTreeMap<String, T> {
    fn absent() -> Self {
        Self::new()
    }
    fn from_object<'de, A: MapAccess<'de>>(mut object: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        let mut values = Self::new();
        while let Some(key) = object.next_key_seed(Name)? {
            if let Some(value) = object.next_value_seed(Element::new(limits))? {
                limits.take(size_of::<(String, T)>() + ALLOCATION)?;
                values.insert(key.into_owned(), value);
            }
        }
        Ok(Some(values))
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
            fn from_object<'de, A: serde::de::MapAccess<'de>>(
                mut object: A,
                limits: &$crate::fapi::limits::Limits,
            ) -> Result<Option<Self>, A::Error> {
                use $crate::fapi::wire::{Name, Skip, field};
                $( let mut $field = None; )*
                while let Some(name) = object.next_key_seed(Name)? {
                    $(
                        if name == $crate::fapi::wire::key!($field $(, $key)?) {
                            $field = Some(field(&mut object, limits, stringify!($name), &name)?);
                            continue;
                        }
                    )*
                    object.next_value_seed(Skip)?;
                }
                Ok(Some(Self { $( $field: $field.unwrap_or_else($crate::fapi::wire::Wire::absent), )* }))
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
            fn absent() -> Self {
                Self::Unknown(String::new())
            }
            fn from_text(text: &str) -> Option<Self> {
                Some(Self::from(text))
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
