//! The endpoints of FAPI, a file a resource. Each function builds a request; none of them sends it.

pub(crate) mod client;
pub(crate) mod environment;
pub(crate) mod organization;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod waitlist;
