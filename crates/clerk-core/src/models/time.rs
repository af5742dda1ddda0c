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

/// The end of the year 9999.
const END_MS: i64 = 253_402_300_800_000;

impl UnixMillis {
    /// Whether this is a time that a server may have reached: neither absent nor beyond any date.
    pub(crate) fn is_plausible(self) -> bool {
        (1..END_MS).contains(&self.0)
    }
}

impl crate::fapi::wire::Wire for UnixMillis {
    fn absent() -> Self {
        Self(0)
    }
    fn from_number(number: &serde_json::Number) -> Option<Self> {
        i64::from_number(number).map(Self)
    }
    fn from_text(text: &str) -> Option<Self> {
        i64::from_text(text).map(Self)
    }
}
