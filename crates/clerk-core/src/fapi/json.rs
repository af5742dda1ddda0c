//! JSON from outside, within limits: a short text can expand to many times its size in memory.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use zeroize::Zeroize;

use crate::{
    fapi::{
        limits::Limits,
        wire::{Element, Name, Wire},
    },
    secret::{Secret, Wipe},
};

/// The maximum size of a text, in bytes. A user with ten thousand memberships has eight megabytes, and a response may contain it
/// twice.
pub(crate) const MAX_BYTES: usize = 20 * 1024 * 1024;
/// How many bytes of resources a byte of a longer text may become, beside its own texts. Those of memberships become less than
/// one.
const MAX_RESOURCE_GROWTH: usize = 2;
/// The maximum number of values in a text that is read, where an object counts twice. Ten thousand memberships have 450,000. A tree
/// takes up to 250 bytes for each.
const MAX_VALUES: usize = 600_000;
/// The maximum length of texts that are compared by what they say, in bytes. Longer ones are equal if their bytes are.
const MAX_COMPARED: usize = 1024 * 1024;

/// The text of a JSON value, as it was received. Resources are read from it.
///
/// It is valid JSON, but possibly such that it can't be read: nested too deep, too large, or with a number or a text that Rust does
/// not have. What a resource was read from can be read as a tree, too.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Json(Box<str>);

impl Json {
    pub(crate) fn null() -> Self {
        Self("null".into())
    }

    pub(crate) fn empty_object() -> Self {
        Self("{}".into())
    }

    /// Copies a text that is known to be JSON, without the spaces around it.
    pub(super) fn from_valid(text: &str) -> Self {
        Self(text.trim_matches([' ', '\t', '\n', '\r']).into())
    }

    /// Puts a text that is known to be JSON into an envelope.
    pub(super) fn in_envelope(text: &str) -> Self {
        Self(["{\"response\":", text, "}"].concat().into())
    }

    /// Returns a text without some of its parts, which are replaced by `null`. `None` unless the parts are pieces of this text,
    /// from the first to the last.
    pub(super) fn without<'a>(text: &'a str, parts: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut kept = String::with_capacity(text.len());
        let mut rest = text;
        for part in parts {
            let start = (part.as_ptr() as usize).checked_sub(rest.as_ptr() as usize)?;
            let (before, after) = rest.split_at_checked(start)?;
            kept.push_str(before);
            kept.push_str("null");
            rest = after.strip_prefix(part)?;
        }
        kept.push_str(rest);
        Some(Self(kept.into()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_null(&self) -> bool {
        &*self.0 == "null"
    }

    /// Reads a resource; `None` if it has another shape, or exceeds a limit.
    pub(crate) fn read<T: Wire>(&self) -> Option<T> {
        read(&self.0).ok().flatten()
    }

    /// Reads the field `name`; `None` if it is missing, or has another shape.
    pub(crate) fn field<T: Wire>(&self, name: &str) -> Option<T> {
        let [field] = fields(&self.0, [name])?;
        read(field?.get()).ok().flatten()
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// If it can't be read.
    pub(crate) fn tree(&self) -> Result<Value, serde_json::Error> {
        tree(&self.0)
    }

    /// Returns the text after a change; an empty object if it can't be read, so that nothing stays that was to be removed.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut Value)) -> Self {
        let Ok(tree) = self.tree() else { return Self::empty_object() };
        let mut tree = Secret::new(tree);
        change(tree.expose_mut());
        Self::from(tree.expose())
    }

    /// Whether both say the same, in whatever order and with whatever spaces. Two large texts that differ count as different.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let tree = |json: &Self| json.tree().map(Secret::new);
        let is_small = self.0.len().max(other.0.len()) <= MAX_COMPARED;
        self == other || (is_small && matches!((tree(self), tree(other)), (Ok(one), Ok(other)) if one == other))
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::null()
    }
}

impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Self(raw.get().into())
    }
}

impl From<&Value> for Json {
    fn from(tree: &Value) -> Self {
        Self(tree.to_string().into())
    }
}

impl From<Value> for Json {
    fn from(tree: Value) -> Self {
        Self::from(&tree)
    }
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Wipe for Json {
    fn wipe(&mut self) {
        self.0.zeroize();
    }
}

/// Writes the text itself.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer)?.into()))
    }
}

/// Returns the text of a response.
///
/// # Errors
/// If it is larger than [`MAX_BYTES`], or not UTF-8.
pub(super) fn text(body: &[u8]) -> Result<&str, serde_json::Error> {
    if body.len() > MAX_BYTES {
        return Err(serde_json::Error::custom("the text is too large"));
    }
    std::str::from_utf8(body).map_err(serde_json::Error::custom)
}

/// Reads a resource; `None` if the text has another shape.
///
/// # Errors
/// If it is not JSON, is nested more than 128 levels deep, or would take too much memory.
pub(crate) fn read<T: Wire>(text: &str) -> Result<Option<T>, serde_json::Error> {
    check_values(text)?;
    let limits = Limits::new(text.len(), MAX_RESOURCE_GROWTH);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Element::new(&limits).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(read)
}

/// Reads all of a text; see [`Json::tree`].
pub(super) fn tree(text: &str) -> Result<Value, serde_json::Error> {
    check_values(text)?;
    serde_json::from_str(text)
}

/// Refuses a text of which a tree would take too much memory. Values are counted by what separates them; a comma in a text counts, too.
fn check_values(text: &str) -> Result<(), serde_json::Error> {
    let weight = |byte: &u8| u8::from(*byte == b',') + u8::from(*byte == b'[') + 2 * u8::from(*byte == b'{');
    // In short pieces, of which the compiler counts many bytes at once: a byte can't overflow.
    let pieces = text.as_bytes().chunks(64).map(|piece| usize::from(piece.iter().map(weight).sum::<u8>()));
    let separators: usize = pieces.sum();
    if separators > MAX_VALUES {
        return Err(serde_json::Error::custom("the text has too many values"));
    }
    Ok(())
}

/// Returns the fields of an object with these names, as they are in the text; `None` if it is no object.
pub(super) fn fields<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Option<[Option<&'a RawValue>; N]> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = deserializer.deserialize_any(Fields(names)).ok()?;
    deserializer.end().ok()?;
    Some(found)
}

/// Whether a text is JSON.
pub(super) fn is_valid(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

struct Fields<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Fields<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(name) = object.next_key_seed(Name)? {
            match self.0.iter().position(|wanted| *wanted == name) {
                Some(index) => found[index] = Some(object.next_value()?),
                None => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Client;

    fn list(element: &str, length: usize) -> String {
        let count = length / (element.len() + 1);
        format!("[{}]", vec![element; count].join(","))
    }

    #[test]
    fn read_refuses_a_text_that_takes_too_much_memory() {
        const LENGTH: usize = 4 * 1024 * 1024;
        for element in ["{}", r#"{"id":"sess_1"}"#] {
            let hostile = format!(r#"{{"sessions":{}}}"#, list(element, LENGTH));
            assert!(read::<Client>(&hostile).is_err(), "{element}");
            assert!(read::<Client>(&format!(r#"{{"sessions":{}}}"#, list(element, 10_000))).is_ok(), "{element}");
        }
        for element in ["1", "[]", "{}", r#"{"a":1}"#] {
            assert!(Json(list(element, LENGTH).into()).tree().is_err(), "{element}");
        }
        let texts = list(&format!("\"{}\"", "a".repeat(100)), LENGTH);
        assert!(Json(texts.into()).tree().is_ok());
    }

    #[test]
    fn read_accepts_ten_thousand_memberships() {
        let membership = format!(
            r#"{{"id":"orgmem_1","role":"org:admin","permissions":["{}"],"public_metadata":{{}},"organization":{{"id":"org_1","name":"{}"}}}}"#,
            "org:sys_profile:manage",
            "A".repeat(600)
        );
        let list = list(&membership, 10_000 * (membership.len() + 1));
        let client = format!(r#"{{"sessions":[{{"id":"sess_1","user":{{"organization_memberships":{list}}}}}]}}"#);
        let read = read::<Client>(&client).unwrap().unwrap();
        assert_eq!(read.sessions[0].user.as_ref().unwrap().organization_memberships.len(), 10_000);
        assert!(Json(client.into()).tree().is_ok());
    }

    #[test]
    fn read_refuses_what_is_no_json_or_too_deep() {
        for text in ["", "{", "[1,]", "{} {}", "nul", "\"\u{1}\"", &"[".repeat(200)] {
            assert!(read::<Client>(text).is_err(), "{text}");
        }
        let deep = |depth| format!(r#"{{"unknown":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(read::<Client>(&deep(100)).is_ok() && read::<Client>(&deep(200)).is_err());
        assert!(text(b"\"\xff\"").is_err(), "not UTF-8");
        assert!(text(&vec![b' '; MAX_BYTES + 1]).is_err());
    }

    #[test]
    fn says_the_same_as_compares_what_texts_mean() {
        let json = |text: &str| Json(text.into());
        assert!(json(r#"{"a":1,"b":[2]}"#).says_the_same_as(&json("{ \"b\": [2], \"a\": 1 }")));
        assert!(!json(r#"{"a":1}"#).says_the_same_as(&json(r#"{"a":2}"#)));
    }

    #[test]
    fn without_replaces_parts_of_the_text_only() {
        let text = r#"{"a":"x","b":"x","c":"x"}"#;
        let without = |parts: &[&'static str]| Json::without(text, parts.iter().copied());
        assert_eq!(without(&[&text[13..16]]).unwrap().text(), r#"{"a":"x","b":null,"c":"x"}"#);
        assert_eq!(without(&[&text[5..8], &text[13..16]]).unwrap().text(), r#"{"a":null,"b":null,"c":"x"}"#);
        assert!(without(&[&text[13..16], &text[5..8]]).is_none(), "another order");
        assert!(Json::without(text, [String::from("\"x\"").as_str()]).is_none(), "a piece of another text");
    }
}
