//! Verifications.

use crate::error::Refusal;

/// A verification.
#[derive(Debug, Clone)]
pub(crate) struct Verification {
    pub(crate) id: String,
    pub(crate) strategy: String,
    pub(crate) status: VerificationStatus,
    pub(crate) attempts: u32,
    pub(crate) prepared_at: i64,
    pub(crate) expire_at: Option<i64>,
    pub(crate) code: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) verified_at_client: Option<String>,
    pub(crate) error: Option<Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerificationStatus {
    Unverified,
    Verified,
    Transferable,
    Failed,
    Expired,
}

impl Verification {
    pub(crate) fn is_verified(&self) -> bool {
        self.status == VerificationStatus::Verified
    }
}
