//! What the fuzz targets share: the run, and inputs that are genuine ones with changes.
//!
//! The targets are tests in `fuzz.rs` beside what they check. As part of the test suite, each gets a few thousand inputs;
//! `cargo xtask fuzz` gives them millions. A failure prints the seed with which it can be repeated.

use std::{fmt::Debug, panic::AssertUnwindSafe};

use bolero::{TypeGenerator, ValueGenerator, produce};
use serde_json::Value;

/// The number of inputs of an ordinary test run.
const INPUTS: usize = 3_000;

/// Checks inputs of a generator. The environment variables of Bolero override the number of inputs.
pub(crate) fn run<G>(target: &str, generator: G, check: impl FnMut(&G::Output))
where
    G: ValueGenerator,
    G::Output: Debug,
{
    let mut check = AssertUnwindSafe(check);
    bolero::check!(name = target).with_generator(generator).with_iterations(INPUTS).for_each(move |input| {
        let check = &mut check;
        (check.0)(input);
    });
}

/// A change of a text. Places are fractions of its length.
#[derive(Debug, Clone, TypeGenerator)]
pub(crate) enum Edit {
    /// Inserts one of the words of the target.
    Insert { at: u16, word: u8 },
    /// Inserts a byte.
    InsertByte { at: u16, byte: u8 },
    /// Changes a bit.
    Flip { at: u16, bit: u8 },
    /// Removes a piece.
    Remove { at: u16, length: u8 },
    /// Moves a piece.
    Move { at: u16, length: u8, to: u16 },
    /// Repeats a piece.
    Repeat { at: u16, length: u8, times: u8 },
    /// Removes the rest.
    Cut { at: u16 },
}

/// Generates up to four changes.
pub(crate) fn edits() -> impl ValueGenerator<Output = Vec<Edit>> {
    produce::<Vec<Edit>>().with().len(0usize..5)
}

/// Returns a genuine text with changes.
pub(crate) fn changed(genuine: &[u8], edits: &[Edit], words: &[&str]) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    for edit in edits {
        edit.apply(&mut bytes, words);
    }
    bytes
}

/// As [`changed`], for a text that is a string.
pub(crate) fn changed_text(genuine: &str, edits: &[Edit], words: &[&str]) -> String {
    String::from_utf8_lossy(&changed(genuine.as_bytes(), edits, words)).into_owned()
}

/// Returns the element that `choice` selects.
pub(crate) fn pick<T>(choices: &[T], choice: u8) -> &T {
    &choices[usize::from(choice) % choices.len()]
}

/// As [`pick`], for texts.
pub(crate) fn pick_text<'a>(choices: &[&'a str], choice: u8) -> &'a str {
    choices[usize::from(choice) % choices.len()]
}

/// Returns a number below `count` or 0; `fraction` is a part of 65,536.
fn scaled(fraction: u16, count: usize) -> usize {
    usize::from(fraction) * count / 65_536
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>, words: &[&str]) {
        let place = |at: u16, bytes: &[u8]| scaled(at, bytes.len() + 1);
        let piece = |at: u16, length: u8, bytes: &[u8]| {
            let start = place(at, bytes);
            start..bytes.len().min(start + usize::from(length))
        };
        match *self {
            Self::Insert { at, word } => {
                let at = place(at, bytes);
                bytes.splice(at..at, pick_text(words, word).bytes());
            }
            Self::InsertByte { at, byte } => bytes.insert(place(at, bytes), byte),
            Self::Flip { at, bit } => {
                let at = scaled(at, bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Self::Remove { at, length } => {
                bytes.drain(piece(at, length, bytes));
            }
            Self::Move { at, length, to } => {
                let moved: Vec<u8> = bytes.drain(piece(at, length, bytes)).collect();
                let to = place(to, bytes);
                bytes.splice(to..to, moved);
            }
            Self::Repeat { at, length, times } => {
                let piece = piece(at, length, bytes);
                // Long inputs are rare, because they take long.
                let times = usize::from(if times < 250 { times % 8 } else { times });
                let repeated = bytes[piece.clone()].repeat(times);
                bytes.splice(piece.end..piece.end, repeated);
            }
            Self::Cut { at } => bytes.truncate(place(at, bytes)),
        }
    }
}

/// A change of one value in JSON.
#[derive(Debug, Clone, TypeGenerator)]
pub(crate) struct JsonEdit {
    /// The place of the value among all, as a fraction.
    place: u16,
    change: Change,
}

#[derive(Debug, Clone, TypeGenerator)]
enum Change {
    /// Removes it, together with its name.
    Remove,
    /// Puts one of [`LITERALS`] there.
    Replace(u8),
    /// Repeats its name, with one of [`LITERALS`].
    Duplicate { literal: u8, is_first: bool },
    /// Gives its field another name.
    Rename,
    /// Puts it into arrays.
    Nest(u8),
    /// Repeats it.
    Repeat(u16),
    /// Puts another value of the same text there.
    Copy(u16),
}

/// Values of other types, and values at the limits of what can be read.
const LITERALS: [&str; 26] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "60",
    "1.5",
    "-0.0",
    "1e3",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "9223372036854775",
    "-9223372036854775",
    "1e300",
    "1e400",
    "\"\"",
    "\"x\"",
    "\"9223372036854775807\"",
    "\"\\u0000\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[null,{\"id\":[]}]",
    "{\"id\":{},\"status\":7,\"sessions\":[{}]}",
];

/// Generates up to three changes.
pub(crate) fn json_edits() -> impl ValueGenerator<Output = Vec<JsonEdit>> {
    produce::<Vec<JsonEdit>>().with().len(0usize..4)
}

/// Returns the text of genuine JSON with changes. It may not be JSON any more.
pub(crate) fn changed_json(genuine: &Value, edits: &[JsonEdit]) -> String {
    let count = count(genuine);
    let edits = edits.iter().map(|edit| (scaled(edit.place, count), &edit.change)).collect();
    Writer { genuine, count, edits, written: 0 }.items(None, genuine).join(",")
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(elements) => Box::new(elements.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Returns the number of values, including the outermost.
fn count(value: &Value) -> usize {
    1 + children(value).map(count).sum::<usize>()
}

/// Finds the value at a place.
fn find<'a>(value: &'a Value, left: &mut usize) -> Option<&'a Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    children(value).find_map(|child| find(child, left))
}

/// Writes JSON with changes.
struct Writer<'a> {
    genuine: &'a Value,
    count: usize,
    /// The places of the changes, and the changes.
    edits: Vec<(usize, &'a Change)>,
    /// The number of values so far.
    written: usize,
}

impl Writer<'_> {
    /// Returns what is written in place of a value: usually one field or element.
    fn items(&mut self, name: Option<&str>, value: &Value) -> Vec<String> {
        let place = self.written;
        self.written += 1;
        let text = match value {
            Value::Array(elements) => {
                let items: Vec<String> = elements.iter().flat_map(|element| self.items(None, element)).collect();
                format!("[{}]", items.join(","))
            }
            Value::Object(fields) => {
                let items: Vec<String> =
                    fields.iter().flat_map(|(name, value)| self.items(Some(name), value)).collect();
                format!("{{{}}}", items.join(","))
            }
            scalar => scalar.to_string(),
        };
        let item = |name: Option<&str>, text: &str| match name {
            Some(name) => format!("{}:{text}", Value::from(name)),
            None => text.to_owned(),
        };
        let mut items = vec![item(name, &text)];
        for (_, change) in self.edits.iter().filter(|edit| edit.0 == place) {
            match **change {
                Change::Remove => items.clear(),
                Change::Replace(literal) => items = vec![item(name, pick_text(&LITERALS, literal))],
                Change::Duplicate { literal, is_first } => {
                    let at = if is_first { 0 } else { items.len() };
                    items.insert(at, item(name, pick_text(&LITERALS, literal)));
                }
                Change::Rename => items = vec![item(name.map(|name| format!("{name}_")).as_deref(), &text)],
                Change::Nest(depth) => {
                    let depth = usize::from(depth);
                    items = vec![item(name, &format!("{}{text}{}", "[".repeat(depth), "]".repeat(depth)))];
                }
                Change::Repeat(times) => {
                    // More than may be read is rare, because it takes long.
                    let times = usize::from(if times < 65_400 { times % 16 } else { times });
                    // Enough to exceed the limit of the size.
                    let times = times.min(6_000_000 / (text.len() + 1));
                    let copies = vec![text.as_str(); times].join(",");
                    items = vec![item(name, &if name.is_some() { format!("[{copies}]") } else { copies })];
                    items.retain(|item| !item.is_empty());
                }
                Change::Copy(from) => {
                    let other = find(self.genuine, &mut scaled(from, self.count));
                    items = vec![item(name, &other.map(ToString::to_string).unwrap_or_default())];
                }
            }
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changed_json_without_changes_is_genuine() {
        let genuine = json!({ "a": [1, { "b": null }], "c": "d\"" });
        assert_eq!(changed_json(&genuine, &[]), genuine.to_string());
    }

    #[test]
    fn changed_json_changes_one_value() {
        let genuine = json!({ "a": [1, { "b": null }], "c": "d" });
        // The places of `a` and of `b`, of six values.
        let (a, b) = (65_536 / 6 + 1, 4 * 65_536 / 6 + 1);
        for (place, change, expected) in [
            (a, Change::Remove, r#"{"c":"d"}"#),
            (a, Change::Replace(0), r#"{"a":null,"c":"d"}"#),
            (a, Change::Duplicate { literal: 1, is_first: true }, r#"{"a":true,"a":[1,{"b":null}],"c":"d"}"#),
            (a, Change::Rename, r#"{"a_":[1,{"b":null}],"c":"d"}"#),
            (b, Change::Nest(2), r#"{"a":[1,{"b":[[null]]}],"c":"d"}"#),
            (b, Change::Repeat(2), r#"{"a":[1,{"b":[null,null]}],"c":"d"}"#),
            (b, Change::Copy(65_535), r#"{"a":[1,{"b":"d"}],"c":"d"}"#),
        ] {
            let edit = JsonEdit { place: u16::try_from(place).unwrap(), change };
            assert_eq!(changed_json(&genuine, std::slice::from_ref(&edit)), expected, "{edit:?}");
        }
    }
}
