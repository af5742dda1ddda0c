use serde_json::Value;

use crate::fapi::wire::Wire;

/// A page of a list.
///
/// Source: FAPI's `{ data, total_count }`; `ClerkPaginatedResponse` of Clerk's documentation.
#[derive(Debug, Clone, PartialEq, serde::Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items of the page.
    pub data: Vec<T>,
    /// The number of items on all pages.
    #[specta(type = u32)]
    pub total_count: u64,
}

impl<T: Wire> Wire for Page<T> {
    /// Some lists come without a count.
    fn read(json: &Value) -> Option<Self> {
        let data = if json.is_array() { json } else { json.get("data")? };
        let data = Vec::read(data)?;
        let total_count = json.get("total_count").and_then(Value::as_u64);
        Some(Self { total_count: total_count.unwrap_or(data.len() as u64), data })
    }

    fn absent() -> Self {
        Self { data: Vec::new(), total_count: 0 }
    }
}
