//! Integration tests of the core, laid out as `src`: on a scripted Frontend API and on the emulator.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing helper fails the test")]

mod backend;
mod exchange {
    mod client_token;
    mod fault_matrix;
    mod focus;
    mod identity;
    mod ordering;
    mod recovery;
    mod refusals;
    mod revocations;
    mod session_token;
    mod storage;
    mod throttle;
    mod time;
}
mod fapi;
mod flows {
    mod callback_listener;
    mod deep_link;
    mod email_link;
    mod forged_links;
    mod frontend_api;
    mod frontend_request;
    mod hosted_auth;
    mod load;
    mod oauth;
    mod passkeys;
    mod redirect_callback;
    mod set_active;
    mod sign_out;
    mod web3;
}
mod leaks;
#[cfg(target_os = "linux")]
mod memory;
mod navigation;
mod outside;
mod resources {
    mod account;
    mod organization;
    mod session;
    mod sign_in;
    mod sign_up;
    mod waitlist;
}
mod state {
    mod aging;
    mod auth_events;
    mod cache;
    mod kill;
    mod listeners;
    mod properties;
    mod snapshot;
    mod unchanged;
    mod vault;
}
mod support;
