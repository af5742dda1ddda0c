//! The auth state: an immutable snapshot, the transitions between snapshots, and the one place that applies them.

pub(crate) mod aging;
pub(crate) mod auth_events;
pub(crate) mod authorization;
mod cache;
#[cfg(test)]
mod fuzz;
pub(crate) mod listeners;
pub(crate) mod persistence;
mod properties;
pub(crate) mod revocation_queue;
pub(crate) mod sealed;
pub(crate) mod signed_out;
pub(crate) mod snapshot;
pub(crate) mod store;
pub(crate) mod transition;
pub(crate) mod unfinished;
pub(crate) mod vault;
