use serde::de::{MapAccess, SeqAccess};

use crate::fapi::{
    limits::Limits,
    wire::{Element, Name, Skip, Wire},
};

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
    fn absent() -> Self {
        Self { data: Vec::new(), total_count: 0 }
    }

    /// Some lists come without a count.
    fn from_list<'de, A: SeqAccess<'de>>(list: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        let data = Vec::from_list(list, limits)?;
        Ok(data.map(|data: Vec<T>| Self { total_count: data.len() as u64, data }))
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A, limits: &Limits) -> Result<Option<Self>, A::Error> {
        let (mut data, mut total_count) = (None, None);
        while let Some(name) = object.next_key_seed(Name)? {
            match &*name {
                "data" => data = object.next_value_seed(Element::<Vec<T>>::new(limits))?,
                "total_count" => total_count = object.next_value_seed(Element::<i64>::new(limits))?,
                _ => object.next_value_seed(Skip)?,
            }
        }
        let Some(data) = data else { return Ok(None) };
        let total_count = total_count.and_then(|count| u64::try_from(count).ok());
        Ok(Some(Self { total_count: total_count.unwrap_or(data.len() as u64), data }))
    }
}
