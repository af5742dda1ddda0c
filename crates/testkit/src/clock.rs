//! A clock that a test sets.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use clerk_core::ports::Clock;

/// Both clocks follow tokio's, which a test may pause and advance; [`jump`](Self::jump) moves the wall clock alone.
pub struct TestClock {
    started: tokio::time::Instant,
    /// The wall clock at the start, plus all jumps.
    start_ms: AtomicI64,
}

impl TestClock {
    /// Creates a clock whose wall clock says `now_ms`.
    pub fn at(now_ms: i64) -> Self {
        Self { started: tokio::time::Instant::now(), start_ms: now_ms.into() }
    }

    /// Creates a clock with the real time, off by `ms`.
    pub fn off_by(ms: i64) -> Self {
        Self::at(clerk_core::ports::SystemClock.now_ms() + ms)
    }

    /// Moves the wall clock alone: it is set, or time passes while the computer sleeps.
    pub fn jump(&self, ms: i64) {
        self.start_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap();
        self.start_ms.load(Ordering::SeqCst) + elapsed
    }

    fn monotonic(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}
