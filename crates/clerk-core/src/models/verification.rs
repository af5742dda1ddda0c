use crate::{
    fapi::wire::{open_enum, resource},
    models::{ApiErrorItem, UnixMillis},
};

open_enum! {
    /// The status of a verification.
    pub enum VerificationStatus {
        /// Not verified yet.
        Unverified = "unverified",
        /// Verified.
        Verified = "verified",
        /// Verified, but the account does not exist (sign-in) or already exists (sign-up).
        Transferable = "transferable",
        /// Failed for good.
        Failed = "failed",
        /// Expired.
        Expired = "expired",
    }
}

resource! {
    /// The state of a verification: of a code, a link, a provider's response, or a signature.
    pub struct Verification {
        /// The status.
        pub status: Option<VerificationStatus>,
        /// The strategy, e.g. `email_code`, `oauth_google`.
        pub strategy: Option<String>,
        /// The number of attempts so far.
        pub attempts: Option<i64>,
        /// When it expires.
        pub expire_at: Option<UnixMillis>,
        /// Why it failed or must be transferred.
        pub error: Option<ApiErrorItem>,
        /// Passkeys: the WebAuthn options as a JSON string. Wallets: the nonce.
        pub nonce: Option<String>,
        /// The message to sign, for wallets.
        pub message: Option<String>,
        /// The page to open in the browser, for OAuth and enterprise SSO.
        pub external_verification_redirect_url: Option<String>,
        /// The client that opened an e-mail link.
        pub verified_at_client: Option<String>,
        /// `sms` or `whatsapp`.
        pub channel: Option<String>,
    }
}

impl Verification {
    /// Whether the verification has this status.
    #[must_use]
    pub fn is(&self, status: &VerificationStatus) -> bool {
        self.status.as_ref() == Some(status)
    }

    /// Returns the code of the verification's error, if it has one.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.code.as_str())
    }
}
