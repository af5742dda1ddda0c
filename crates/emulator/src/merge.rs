//! JSON merge patches (RFC 7396).

use serde_json::{Map, Value};

/// Applies a merge patch to any value.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if let Value::Object(target) = target {
        merge_object(target, patch);
    } else {
        let mut object = Map::new();
        merge_object(&mut object, patch);
        *target = Value::Object(object);
    }
}

/// Applies a merge patch to an object; null removes a key at any depth.
pub(crate) fn merge_object(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_adds_replaces_and_removes() {
        let mut target = json!({ "a": { "b": 1, "c": 2 }, "d": 3 });
        merge(&mut target, &json!({ "a": { "b": null, "x": [1] }, "d": { "e": 4 } }));
        assert_eq!(target, json!({ "a": { "c": 2, "x": [1] }, "d": { "e": 4 } }));
    }

    #[test]
    fn merge_object_removes_null_at_any_depth() {
        let Value::Object(mut target) = json!({ "a": { "b": 1, "c": 2 }, "d": 3 }) else { unreachable!() };
        let Value::Object(patch) = json!({ "a": { "b": null }, "d": null, "e": { "f": null, "g": 1 } }) else {
            unreachable!()
        };
        merge_object(&mut target, &patch);
        assert_eq!(Value::Object(target), json!({ "a": { "c": 2 }, "e": { "g": 1 } }));
    }
}
