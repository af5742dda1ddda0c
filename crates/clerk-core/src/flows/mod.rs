//! Operations that take more than one request.

mod address_link;
pub(crate) mod attempt;
pub(crate) mod callback_link;
pub(crate) mod callback_params;
pub(crate) mod deep_link;
pub(crate) mod email_link;
pub(crate) mod frontend_api;
pub(crate) mod frontend_request;
#[cfg(test)]
mod fuzz;
mod hosted_auth;
mod link_queue;
pub(crate) mod load;
pub(crate) mod named_pages;
mod next_step;
pub(crate) mod oauth;
pub(crate) mod outcome;
mod passkeys;
pub(crate) mod pending;
mod redirect_callback;
pub(crate) mod reverification;
pub(crate) mod round_trip;
pub(crate) mod set_active;
pub(crate) mod sign_out;
pub(crate) mod verification_page;
pub(crate) mod web3;
