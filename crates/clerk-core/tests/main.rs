//! Integration tests of the core, laid out as `src`: on a scripted Frontend API and on the emulator.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing helper fails the test")]

mod class;
mod flows {
    mod away;
    mod load;
    mod oauth;
    mod redirect_callback;
    mod web3;
}
mod journeys;
mod state {
    mod cache;
}
