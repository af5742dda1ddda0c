//! The change that turns one metadata object into another.

use serde_json::{Map, Value};

/// Returns the JSON merge patch (RFC 7396) that turns `current` into `desired`: a null deletes its key, and a list is replaced as a
/// whole. Empty if they are equal.
pub(super) fn merge_patch(current: &Map<String, Value>, desired: &Map<String, Value>) -> Map<String, Value> {
    let removed = current.keys().filter(|key| !desired.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = desired.iter().filter_map(|(key, value)| {
        let change = match (current.get(key), value) {
            (Some(current), value) if current == value => return None,
            (Some(Value::Object(current)), Value::Object(value)) => Value::Object(merge_patch(current, value)),
            (_, value) => value.clone(),
        };
        Some((key.clone(), change))
    });
    removed.chain(changed).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_patch_has_what_differs() {
        for (current, desired, expected) in [
            (json!({}), json!({}), json!({})),
            (json!({ "a": 1 }), json!({ "a": 1 }), json!({})),
            (json!({ "a": 1, "b": 2 }), json!({ "b": 3, "c": 4 }), json!({ "a": null, "b": 3, "c": 4 })),
            (json!({ "a": { "b": 1, "c": 2 } }), json!({ "a": { "c": 2 } }), json!({ "a": { "b": null } })),
            (json!({ "a": [1, 2] }), json!({ "a": [2] }), json!({ "a": [2] })),
            (json!({ "a": 1 }), json!({ "a": { "b": 1 } }), json!({ "a": { "b": 1 } })),
            (json!({ "a": { "b": 1 } }), json!({ "a": {} }), json!({ "a": { "b": null } })),
            (json!({ "a": 1 }), json!({ "a": null }), json!({ "a": null })),
        ] {
            let [from, to] = [&current, &desired].map(|json| json.as_object().unwrap());
            assert_eq!(Value::Object(merge_patch(from, to)), expected, "{current} to {desired}");
        }
    }
}
