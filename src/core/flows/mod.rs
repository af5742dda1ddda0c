//! What takes more than one call.

pub(super) mod deep_link;
pub(super) mod load;
pub(super) mod oauth;
pub(super) mod pending;
pub(super) mod redirect_callback;
pub(super) mod set_active;
pub(super) mod sign_out;
