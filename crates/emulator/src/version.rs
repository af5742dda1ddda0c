//! Versions.

/// The version of FAPI that the emulator implements.
pub const API_VERSION: &str = "2026-05-12";
