//! Timestamps of FAPI.

/// Milliseconds since the Unix epoch. FAPI's resources use milliseconds; the claims of a JWT use seconds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    specta::Type,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl crate::fapi::wire::Wire for UnixMillis {
    fn read(json: &serde_json::Value) -> Option<Self> {
        i64::read(json).map(Self)
    }
    fn absent() -> Self {
        Self(0)
    }
}
