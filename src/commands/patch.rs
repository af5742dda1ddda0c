//! The difference between two JSON values, which the guest library applies (`guest-js/patch.ts`): the size of a patch is that of
//! the change. Both are tested against `tests/vectors/patches.json`.
//!
//! A patch is one of
//!
//! - `{ "set": value }`: the new value,
//! - `{ "in": { name: patch, … }, "gone": [name, …] }`: changes of an object's fields, or of a list's items by their index,
//! - `{ "splice": [start, count, [item, …]] }`: items of a list that others replace.

use std::iter::zip;

use serde_json::{Map, Value, json};

/// Assigning to this field in JavaScript would do something else.
const PROTOTYPE: &str = "__proto__";

/// Returns the patch that makes `old` equal to `new`; `None` if it is.
pub(super) fn patch(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let patch = match (old, new) {
        (Value::Object(old), Value::Object(new)) => of_objects(old, new),
        (Value::Array(old), Value::Array(new)) => of_lists(old, new),
        _ => None,
    };
    Some(patch.unwrap_or_else(|| json!({ "set": new })))
}

fn of_objects(old: &Map<String, Value>, new: &Map<String, Value>) -> Option<Value> {
    if [old, new].iter().any(|fields| fields.contains_key(PROTOTYPE)) {
        return None;
    }
    let gone: Vec<&String> = old.keys().filter(|name| !new.contains_key(*name)).collect();
    let changed = new.iter().filter_map(|(name, value)| {
        let patch = match old.get(name) {
            Some(old) => patch(old, value)?,
            None => json!({ "set": value }),
        };
        Some((name.clone(), patch))
    });
    let changed: Map<String, Value> = changed.collect();
    Some(if gone.is_empty() { json!({ "in": changed }) } else { json!({ "in": changed, "gone": gone }) })
}

fn of_lists(old: &[Value], new: &[Value]) -> Option<Value> {
    let start = zip(old, new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = zip(old_rest.iter().rev(), new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let (replaced, by) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    if replaced.len() != by.len() {
        return Some(json!({ "splice": [start, replaced.len(), by] }));
    }
    let items = zip(replaced, by).enumerate();
    let changed = items.filter_map(|(place, (old, new))| Some(((start + place).to_string(), patch(old, new)?)));
    Some(json!({ "in": changed.collect::<Map<_, _>>() }))
}

/// As `guest-js/patch.ts`.
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "this is for tests")]
pub(super) fn patched(value: &Value, patch: &Value) -> Value {
    if let Some(value) = patch.get("set") {
        return value.clone();
    }
    let mut value = value.clone();
    if let Some(splice) = patch.get("splice") {
        let Value::Array(items) = &mut value else { panic!("a list") };
        let [start, count] = [0, 1].map(|at| usize::try_from(splice[at].as_u64().unwrap()).unwrap());
        items.splice(start..start + count, splice[2].as_array().unwrap().iter().cloned());
        return value;
    }
    for (name, change) in patch["in"].as_object().unwrap() {
        match &mut value {
            Value::Object(fields) => {
                let old = fields.get(name).cloned().unwrap_or_default();
                fields.insert(name.clone(), patched(&old, change));
            }
            Value::Array(items) => {
                let item = &mut items[name.parse::<usize>().unwrap()];
                *item = patched(item, change);
            }
            _ => panic!("an object or a list"),
        }
    }
    for name in patch.get("gone").and_then(Value::as_array).into_iter().flatten() {
        value.as_object_mut().unwrap().remove(name.as_str().unwrap());
    }
    value
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

    use std::{fs, path::Path};

    use super::*;

    /// A value that depends on the numbers alone, with lists and objects that resemble each other.
    fn value(next: &mut impl FnMut(u32) -> u32, depth: u32) -> Value {
        match if depth == 0 { next(3) } else { next(6) } {
            0 => Value::Null,
            1 => json!(next(3)),
            2 => json!(format!("text {}", next(3))),
            3 | 4 => {
                let names = ["id", "name", "items", PROTOTYPE];
                (0..next(4)).map(|_| (names[next(16).min(3) as usize].to_owned(), value(next, depth - 1))).collect()
            }
            _ => (0..next(5)).map(|_| value(next, depth - 1)).collect(),
        }
    }

    #[test]
    fn patch_makes_the_old_value_the_new_one() {
        let mut state = 7_u64;
        let mut next = |below: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(state >> 33).unwrap() % below
        };
        let mut kinds = [0; 4];
        for _ in 0..20_000 {
            let (old, new) = (value(&mut next, 4), value(&mut next, 4));
            let Some(patch) = patch(&old, &new) else {
                assert_eq!(old, new);
                continue;
            };
            assert_ne!(old, new);
            assert_eq!(patched(&old, &patch), new, "{old} {new} {patch}");
            for (kind, name) in ["\"set\":", "\"in\":", "\"gone\":", "\"splice\":"].iter().enumerate() {
                kinds[kind] += u32::from(patch.to_string().contains(name));
            }
        }
        assert!(kinds.iter().all(|count| *count > 20), "{kinds:?}");
    }

    #[test]
    fn patch_is_as_small_as_the_change() {
        let member = |number: usize, role: &str| json!({ "id": format!("orgmem_{number}"), "role": role, "organization": { "name": "x".repeat(500) } });
        let members = |changed: usize| -> Vec<Value> {
            (0..1_000).map(|number| member(number, if number == changed { "admin" } else { "member" })).collect()
        };
        let old = json!({ "user": { "memberships": members(2_000) } });
        let size = |new: &[Value]| patch(&old, &json!({ "user": { "memberships": new } })).unwrap().to_string().len();
        assert!(size(&members(500)) < 100, "one field");
        let mut fewer = members(2_000);
        fewer.remove(500);
        assert!(size(&fewer) < 100, "an item that is gone");
        let mut more = members(2_000);
        more.insert(500, member(3_000, "member"));
        assert!(size(&more) < 700, "a new item");
    }

    #[test]
    fn patch_agrees_with_the_vectors() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/patches.json");
        let vectors: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert!(vectors.len() > 10);
        for vector in vectors {
            assert_eq!(patch(&vector["old"], &vector["new"]).unwrap_or_default(), vector["patch"], "{vector}");
        }
    }
}
