//! What the instance does: the rules of FAPI, without HTTP.

pub(crate) mod client;
pub(crate) mod oauth;
pub(crate) mod params;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod user;
pub(crate) mod verification;
