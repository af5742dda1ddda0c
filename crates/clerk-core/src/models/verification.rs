use crate::{
    fapi::wire::{open_enum, resource},
    models::{ApiErrorItem, UnixMillis},
};

open_enum! {
    /// How far a verification has come.
    pub enum VerificationStatus {
        /// Waiting for its code, link or provider.
        Unverified = "unverified",
        /// Done.
        Verified = "verified",
        /// Right, but for an account that does not exist (sign-in) or exists already (sign-up).
        Transferable = "transferable",
        /// Refused for good.
        Failed = "failed",
        /// Too late.
        Expired = "expired",
    }
}

resource! {
    /// The state of a verification: a code, a link, a provider's answer, a signature.
    pub struct Verification {
        /// How far it has come.
        pub status: Option<VerificationStatus>,
        /// The strategy, e.g. `email_code`, `oauth_google`.
        pub strategy: Option<String>,
        /// Attempts so far.
        pub attempts: Option<i64>,
        /// When it expires.
        pub expire_at: Option<UnixMillis>,
        /// Why it failed or has to be transferred.
        pub error: Option<ApiErrorItem>,
        /// Passkeys: WebAuthn options as JSON text. Wallets: the nonce.
        pub nonce: Option<String>,
        /// Wallets: the text to sign.
        pub message: Option<String>,
        /// OAuth and enterprise SSO: where the browser has to go.
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

    /// The code of the verification's error, if it has one.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.code.as_str())
    }
}
