use crate::{
    fapi::wire::{open_enum, resource},
    models::{ApiErrorItem, ProtectCheck, SessionId, SignUpId, UnixMillis, UserId, Verification, VerificationStatus},
};

open_enum! {
    /// The next requirement of a sign-up.
    pub enum SignUpStatus {
        /// Fields or verifications are missing.
        MissingRequirements = "missing_requirements",
        /// Nothing: the user and the session exist.
        Complete = "complete",
        /// Too old to be continued.
        Abandoned = "abandoned",
    }
}

resource! {
    /// A sign-up in progress.
    ///
    /// Source: FAPI `SignUp`; the `SignUp` object of Clerk's documentation.
    pub struct SignUp {
        /// Identifier.
        pub id: SignUpId,
        /// The next requirement; absent before it is created.
        pub status: Option<SignUpStatus>,
        /// The required fields.
        pub required_fields: Vec<String>,
        /// The optional fields.
        pub optional_fields: Vec<String>,
        /// The required fields that are still missing.
        pub missing_fields: Vec<String>,
        /// The fields that are not verified yet.
        pub unverified_fields: Vec<String>,
        /// The state of the verifications.
        pub verifications: SignUpVerifications,
        /// Username.
        pub username: Option<String>,
        /// First name.
        pub first_name: Option<String>,
        /// Last name.
        pub last_name: Option<String>,
        /// E-mail address.
        pub email_address: Option<String>,
        /// Phone number.
        pub phone_number: Option<String>,
        /// Wallet address.
        pub web3_wallet: Option<String>,
        /// Whether a password is set.
        pub has_password: bool = "password_enabled",
        /// Metadata that the user may write.
        pub unsafe_metadata: serde_json::Value,
        /// The session that the completed sign-up created.
        pub created_session_id: Option<SessionId>,
        /// The user that the completed sign-up created.
        pub created_user_id: Option<UserId>,
        /// An anti-fraud check that must be passed first.
        pub protect_check: Option<ProtectCheck>,
        /// When the sign-up expires.
        pub abandon_at: UnixMillis,
        /// When the terms were accepted.
        pub legal_accepted_at: Option<UnixMillis>,
        /// The language of the sign-up.
        pub locale: Option<String>,
        /// The time zone of the user, e.g. `Europe/Athens`.
        pub timezone: Option<String>,
    }
}

impl SignUp {
    /// Whether the sign-up has this status.
    #[must_use]
    pub fn is(&self, status: &SignUpStatus) -> bool {
        self.status.as_ref() == Some(status)
    }
}

resource! {
    /// The state of a sign-up's verifications.
    pub struct SignUpVerifications {
        /// The verification of the e-mail address.
        pub email_address: Option<SignUpVerification>,
        /// The verification of the phone number.
        pub phone_number: Option<SignUpVerification>,
        /// The verification of the wallet.
        pub web3_wallet: Option<SignUpVerification>,
        /// The verification of the OAuth or enterprise account.
        pub external_account: Option<Verification>,
    }
}

resource! {
    /// The verification of an identifier of a sign-up.
    pub struct SignUpVerification {
        /// `needs_prepare`, `needs_attempt`, or empty if it is verified.
        pub next_action: String,
        /// The supported strategies.
        pub supported_strategies: Vec<String>,
        /// The status.
        pub status: Option<VerificationStatus>,
        /// The strategy, e.g. `email_code`.
        pub strategy: Option<String>,
        /// The number of attempts so far.
        pub attempts: Option<i64>,
        /// When it expires.
        pub expire_at: Option<UnixMillis>,
        /// Why it failed.
        pub error: Option<ApiErrorItem>,
        /// The nonce, for wallets.
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

impl SignUp {
    /// Whether an anti-fraud check must be passed first.
    pub(crate) fn needs_protect_check(&self) -> bool {
        self.protect_check.is_some() || self.missing_fields.iter().any(|field| field == "protect_check")
    }
}
