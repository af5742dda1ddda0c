//! The Tauri side: what the core asks of the world, and what the world brings to the core.

pub(crate) mod browser;
pub(crate) mod deep_link;
pub(crate) mod events;
pub(crate) mod guard;
pub(crate) mod plugin;
pub(crate) mod single_instance;
pub(crate) mod wallet_bridge;
pub(crate) mod windows;
