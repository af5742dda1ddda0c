//! The operations of the instance: the rules of FAPI, without HTTP.

pub(crate) mod api_keys;
pub(crate) mod client;
pub(crate) mod crypto;
pub(crate) mod hosted;
pub(crate) mod identifiers;
pub(crate) mod limits;
pub(crate) mod links;
pub(crate) mod me;
pub(crate) mod organization;
pub(crate) mod organization_domains;
pub(crate) mod organization_members;
pub(crate) mod params;
pub(crate) mod passkey;
pub(crate) mod password;
pub(crate) mod provider_flow;
pub(crate) mod redirects;
pub(crate) mod seed;
pub(crate) mod session;
pub(crate) mod session_reverification;
pub(crate) mod sign_in;
pub(crate) mod sign_in_factors;
pub(crate) mod sign_up;
pub(crate) mod tickets;
pub(crate) mod user;
pub(crate) mod verification;
pub(crate) mod waitlist;
