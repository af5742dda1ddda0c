//! FAPI's errors.

use serde::Serialize;
use serde_json::Value;

use crate::{
    case::camel_case,
    fapi::wire::{Wire, field},
};

/// One of FAPI's errors.
#[derive(Debug, Clone, PartialEq, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApiErrorItem {
    /// Clerk's code, e.g. `form_password_incorrect`.
    pub code: String,
    /// A message for developers.
    pub message: String,
    /// A message for users.
    pub long_message: Option<String>,
    /// Details, e.g. `paramName`. Top-level keys are in camelCase; nested keys are unchanged.
    pub meta: serde_json::Map<String, Value>,
}

impl Wire for ApiErrorItem {
    fn read(json: &Value) -> Option<Self> {
        let object = json.as_object()?;
        let meta = object.get("meta").and_then(Value::as_object);
        Some(Self {
            code: field(object, "ClerkAPIError", "code"),
            message: field(object, "ClerkAPIError", "message"),
            long_message: field(object, "ClerkAPIError", "long_message"),
            meta: meta.into_iter().flatten().map(|(key, value)| (camel_case(key), value.clone())).collect(),
        })
    }
    fn absent() -> Self {
        Self { code: String::new(), message: String::new(), long_message: None, meta: serde_json::Map::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn api_error_item_renames_only_top_level_meta_keys() {
        let item = ApiErrorItem::read(
            &json!({ "code": "x", "meta": { "param_name": "a", "plan": { "amount_formatted": 1 } } }),
        )
        .unwrap();
        assert_eq!(item.meta["paramName"], "a");
        assert_eq!(item.meta["plan"], json!({ "amount_formatted": 1 }));
    }
}
