//! Moments and the time between them.

use std::time::Instant;

use crate::ports::Clock;

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Milliseconds since the Unix epoch.
    pub(crate) wall_ms: i64,
    pub(crate) monotonic: Instant,
}

impl Moment {
    /// Returns the present moment.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self { wall_ms: clock.now_ms(), monotonic: clock.monotonic() }
    }

    /// Returns the milliseconds from this moment to `now`: the larger of what the two clocks say. The monotonic clock stands
    /// still while the computer sleeps, and the wall clock may be set back; neither may make old data look fresh.
    pub(crate) fn elapsed_ms(self, now: Self) -> i64 {
        let monotonic = now.monotonic.saturating_duration_since(self.monotonic).as_millis();
        let wall = now.wall_ms.saturating_sub(self.wall_ms);
        i64::try_from(monotonic).unwrap_or(i64::MAX).max(wall)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn elapsed_ms_is_the_larger_of_both_clocks() {
        let start = Moment { wall_ms: 1_000_000, monotonic: Instant::now() };
        for (wall_ms, monotonic_ms, expected) in [
            (5_000, 5_000, 5_000),
            // The computer slept.
            (60_000, 5_000, 60_000),
            // The wall clock was set back.
            (-600_000, 5_000, 5_000),
            (0, 0, 0),
        ] {
            let now = Moment {
                wall_ms: start.wall_ms + wall_ms,
                monotonic: start.monotonic + Duration::from_millis(monotonic_ms),
            };
            assert_eq!(start.elapsed_ms(now), expected);
        }
        let earlier = Moment { wall_ms: i64::MIN, ..start };
        assert_eq!(earlier.elapsed_ms(Moment { wall_ms: i64::MAX, ..start }), i64::MAX, "no overflow");
    }
}
