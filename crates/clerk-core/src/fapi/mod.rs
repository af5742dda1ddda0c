//! The wire: builds, sends and reads requests to Clerk's Frontend API (FAPI). Stores no state between calls.

mod envelope;
pub(crate) mod form;
#[cfg(test)]
mod fuzz;
pub(crate) mod http;
mod instance;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod pipeline;
pub(crate) mod received_client;
pub(crate) mod request;
pub(crate) mod wire;

pub use http::{DEFAULT_REQUEST_TIMEOUT, HttpTransport};
pub(crate) use instance::{Instance, is_loopback};
pub use instance::{InstanceOptions, InstanceType, PublishableKey};

/// The version of FAPI that this crate uses.
pub const API_VERSION: &str = "2026-05-12";
