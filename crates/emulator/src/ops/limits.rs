//! Rate limits as documented by Clerk; only with `rate_limits`.

use crate::{
    error::{Refusal, Result},
    state::World,
};

/// The window in which requests are counted.
const WINDOW_MS: i64 = 10_000;

impl World {
    /// Refuses more than five creates or three attempts in ten seconds.
    pub(crate) fn limit(&mut self, operation: &str) -> Result<()> {
        let (limit, allowed) = match operation {
            "createSignIn" | "createSignUps" => ("create", 5),
            "attemptSignInFactorOne" | "attemptSignInFactorTwo" | "attemptSignUpsVerification" => ("attempt", 3),
            _ => return Ok(()),
        };
        if !self.config.rate_limits {
            return Ok(());
        }
        let now = self.now_ms();
        self.recent.forget_until(now - WINDOW_MS);
        let mut same = self.recent.times(limit);
        let oldest = same.next();
        if same.count() + usize::from(oldest.is_some()) >= allowed {
            let wait = oldest.map_or(WINDOW_MS, |at| at + WINDOW_MS - now);
            return Err(Refusal::wait("too_many_requests", wait / 1000 + 1));
        }
        self.recent.add(now, limit);
        Ok(())
    }
}
