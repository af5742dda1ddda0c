//! What takes more than one call.

pub(super) mod deep_link;
pub(super) mod email_link;
pub(super) mod hosted_auth;
pub(super) mod load;
pub(super) mod oauth;
pub(super) mod pending;
pub(super) mod redirect_callback;
pub(crate) mod round_trip;
pub(super) mod set_active;
pub(super) mod sign_out;
pub(super) mod web3;
