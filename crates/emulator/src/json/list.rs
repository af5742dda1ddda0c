//! Lists and deleted resources.

use serde_json::{Value, json};

/// Returns a deleted resource.
pub(crate) fn deleted(object: &str, id: &str) -> Value {
    json!({ "object": object, "id": id, "deleted": true })
}

/// Returns a page of a list.
pub(crate) fn page(all: &[Value], limit: usize, offset: usize) -> Value {
    let data: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    json!({ "data": data, "total_count": all.len() })
}
