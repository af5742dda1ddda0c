//! The auth state: an immutable snapshot, the transitions between snapshots, and the one place that applies them.

pub(crate) mod aging;
pub(crate) mod authorization;
mod cache;
pub(crate) mod listeners;
mod properties;
mod sealed;
pub(crate) mod snapshot;
pub(crate) mod store;
pub(crate) mod transition;
