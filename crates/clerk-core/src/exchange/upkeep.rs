//! The handle of the task that applies what time alone changes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

/// Starts and wakes the task in `aging.rs`.
#[derive(Default)]
pub(crate) struct Upkeep {
    started: AtomicBool,
    woken: Arc<Notify>,
}

impl Upkeep {
    /// Returns true once.
    pub(super) fn start(&self) -> bool {
        !self.started.swap(true, Ordering::AcqRel)
    }

    pub(super) fn woken(&self) -> Arc<Notify> {
        self.woken.clone()
    }

    /// Lets the task look at the clock now.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }
}
