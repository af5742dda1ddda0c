//! The requests that count towards a rate limit.

/// The counted requests of an instance, with their limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent(Vec<(i64, &'static str)>);

impl Recent {
    /// Drops the requests up to `at`.
    pub(crate) fn forget_until(&mut self, at: i64) {
        self.0.retain(|(time, _)| *time > at);
    }

    /// Returns the times of the requests under a limit, oldest first.
    pub(crate) fn times(&self, limit: &'static str) -> impl Iterator<Item = i64> {
        self.0.iter().filter(move |(_, one)| *one == limit).map(|(at, _)| *at)
    }

    /// Counts a request.
    pub(crate) fn add(&mut self, at: i64, limit: &'static str) {
        self.0.push((at, limit));
    }
}
