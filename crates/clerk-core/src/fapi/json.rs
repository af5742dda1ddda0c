//! Reads JSON from outside within limits: a short text can expand to many times its size in memory.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The maximum size of a text, in bytes. A client with a thousand memberships has one megabyte.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The maximum number of objects and arrays. An object becomes a resource of up to a kilobyte, however short its text is;
/// a membership consists of up to six objects and arrays.
const MAX_CONTAINERS: usize = 12_000;
/// The maximum number of other values.
const MAX_SCALARS: usize = 120_000;

/// Reads `text`.
///
/// # Errors
/// If `text` is not JSON, is nested more than 128 levels deep, or exceeds a limit.
pub(crate) fn read(text: &[u8]) -> Result<Value, serde_json::Error> {
    if text.len() > MAX_BYTES {
        return Err(serde_json::Error::custom("the text is too large"));
    }
    let budget = Budget { containers: Cell::new(MAX_CONTAINERS), scalars: Cell::new(MAX_SCALARS) };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Limited(&budget).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// How many values may still be read.
struct Budget {
    containers: Cell<usize>,
    scalars: Cell<usize>,
}

/// Takes one from `left`.
fn take<E: serde::de::Error>(left: &Cell<usize>) -> Result<(), E> {
    let rest = left.get().checked_sub(1).ok_or_else(|| E::custom("the text has too many values"))?;
    left.set(rest);
    Ok(())
}

/// Reads a [`Value`] and counts what it contains.
#[derive(Clone, Copy)]
struct Limited<'a>(&'a Budget);

impl Limited<'_> {
    fn scalar<E: serde::de::Error>(self, value: impl Into<Value>) -> Result<Value, E> {
        take(&self.0.scalars)?;
        Ok(value.into())
    }
}

impl<'de> DeserializeSeed<'de> for Limited<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Limited<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.scalar(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.scalar(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.scalar(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        take(&self.0.containers)?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        take(&self.0.containers)?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            object.insert(name, fields.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_returns_what_serde_json_returns() {
        for text in [
            "null",
            " true ",
            "-3",
            "18446744073709551615",
            "1.5e3",
            r#""a\u00e9\n""#,
            "[]",
            "{}",
            r#"{"b":[1,{"c":null}],"a":{"x":"y"},"b":2}"#,
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text.as_bytes()).unwrap(), expected, "{text}");
        }
        for text in ["", "{", "[1,]", "{} {}", "nul", "\"\u{1}\"", &"[".repeat(200)] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\"\xff\"").is_err(), "not UTF-8");
    }

    #[test]
    fn read_limits_the_number_of_values() {
        let list = |element: &str, count: usize| format!("[{}]", vec![element; count].join(","));
        // The list itself is one of them.
        assert!(read(list("{}", MAX_CONTAINERS - 1).as_bytes()).is_ok());
        assert!(read(list("{}", MAX_CONTAINERS).as_bytes()).is_err());
        assert!(read(list("[]", MAX_CONTAINERS).as_bytes()).is_err());
        assert!(read(list("1", MAX_SCALARS).as_bytes()).is_ok());
        for scalar in ["1", "-1", "1.5", "null", "true", "\"\"", "\"\\n\""] {
            assert!(read(list(scalar, MAX_SCALARS + 1).as_bytes()).is_err(), "{scalar}");
        }
    }

    #[test]
    fn read_limits_the_size() {
        let text = format!("\"{}\"", "a".repeat(MAX_BYTES));
        assert!(read(text.as_bytes()).is_err());
    }
}
