//! The resources of FAPI, one file each: parameters and requests. Their data types are in [`models`](crate::models).

pub(crate) mod account;
pub(crate) mod attempt;
pub(crate) mod organization;
pub(crate) mod params;
pub(crate) mod picture;
pub(crate) mod preparations;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod waitlist;
