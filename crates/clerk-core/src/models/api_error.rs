//! FAPI's errors.

use serde::{Serialize, de::MapAccess};
use serde_json::Value;

use crate::{
    case::camel_case,
    fapi::{
        limits::Limits,
        wire::{Name, Skip, Wire, field},
    },
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
    fn from_object<'de, A: MapAccess<'de>>(mut object: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        let mut item = Self::absent();
        while let Some(name) = object.next_key_seed(Name)? {
            match &*name {
                "code" => item.code = field(&mut object, limits, "ClerkAPIError", &name)?,
                "message" => item.message = field(&mut object, limits, "ClerkAPIError", &name)?,
                "long_message" => item.long_message = field(&mut object, limits, "ClerkAPIError", &name)?,
                "meta" => item.meta = field(&mut object, limits, "ClerkAPIError", &name)?,
                _ => object.next_value_seed(Skip)?,
            }
        }
        item.meta = item.meta.into_iter().map(|(key, value)| (camel_case(&key), value)).collect();
        Ok(Some(item))
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
