//! The desktop: deep links, the system browser, windows, the single instance.

pub(crate) mod browser;
pub(crate) mod deep_link;
pub(crate) mod events;
mod launcher;
pub(crate) mod names;
pub(crate) mod single_instance;
pub(crate) mod windows;
