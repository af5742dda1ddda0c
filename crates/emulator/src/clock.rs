//! A clock that tests can freeze and advance.

use std::time::{SystemTime, UNIX_EPOCH};

/// The end of the year 9999, so that the sum of a time and a lifetime never overflows.
const END_OF_TIME_MS: i64 = 253_402_300_799_999;

/// The clock of the instance, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    frozen_at: Option<i64>,
    offset_ms: i64,
}

impl Clock {
    pub(crate) fn now_ms(&self) -> i64 {
        self.frozen_at.unwrap_or_else(real_ms).saturating_add(self.offset_ms).min(END_OF_TIME_MS)
    }

    pub(crate) fn now_s(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    /// Advances the clock.
    pub(crate) fn advance(&mut self, ms: u64) {
        self.offset_ms = self.offset_ms.saturating_add_unsigned(ms);
    }

    /// Freezes the clock at the current time.
    pub(crate) fn freeze(&mut self) {
        self.frozen_at.get_or_insert_with(real_ms);
    }
}

fn real_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
