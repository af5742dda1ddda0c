//! API keys.

/// An API key. Its secret is shown once and not kept.
#[derive(Debug, Clone)]
pub(crate) struct ApiKey {
    pub(crate) id: String,
    /// ID of the user or organization that the key belongs to.
    pub(crate) subject: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created_by: String,
    pub(crate) revoked: bool,
    pub(crate) revocation_reason: Option<String>,
    pub(crate) expire_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl ApiKey {
    pub(crate) fn has_expired(&self, now: i64) -> bool {
        self.expire_at.is_some_and(|at| at <= now)
    }

    /// Whether the key can still be used.
    pub(crate) fn is_valid(&self, now: i64) -> bool {
        !self.revoked && !self.has_expired(now)
    }
}
