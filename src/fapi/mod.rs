//! The wire: how requests to Clerk's Frontend API (FAPI) are built, sent and read. Keeps no state between calls.

mod endpoints;
mod envelope;
mod form;
mod http;
mod instance;
mod pipeline;
mod request;

pub(crate) use endpoints::{client, environment, organization, session, sign_in, sign_up, waitlist};
pub use http::HttpTransport;
pub(crate) use instance::Instance;
pub use instance::{InstanceOptions, InstanceType, PublishableKey};
pub(crate) use pipeline::{Credentials, Fapi, Reply};
pub(crate) use request::Request;

/// The version of FAPI that this crate speaks.
pub const API_VERSION: &str = "2026-05-12";
