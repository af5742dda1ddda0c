//! Servers on loopback that a browser on the same computer talks to: who may connect, how much and for how long.

pub(crate) mod callback;
pub(crate) mod page;
mod peer;
pub(crate) mod server;
