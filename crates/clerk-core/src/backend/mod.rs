//! Requests to the app's own backend, with the session token of the signed-in user.
//!
//! The token is added here, and sent only to the URLs that the app's configuration names. Whoever makes the request gets the
//! response without it.

pub(crate) mod allowed;
pub(crate) mod fetch;
pub(crate) mod http;
pub(crate) mod request;
pub(crate) mod response;
