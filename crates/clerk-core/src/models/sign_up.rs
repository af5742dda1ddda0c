use crate::{
    fapi::wire::{open_enum, resource},
    models::{ApiErrorItem, SessionId, SignUpId, UnixMillis, UserId, Verification, VerificationStatus},
};

open_enum! {
    /// What a sign-up needs next.
    pub enum SignUpStatus {
        /// Fields or verifications are missing.
        MissingRequirements = "missing_requirements",
        /// Nothing: the user and the session exist.
        Complete = "complete",
        /// Too old to go on with.
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
        /// What it needs next; absent before it was created.
        pub status: Option<SignUpStatus>,
        /// Fields that have to be given.
        pub required_fields: Vec<String>,
        /// Fields that may be given.
        pub optional_fields: Vec<String>,
        /// Required fields that are not given yet.
        pub missing_fields: Vec<String>,
        /// Given fields that are not verified yet.
        pub unverified_fields: Vec<String>,
        /// State of the verifications.
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
        /// Whether a password was given.
        pub has_password: bool = "password_enabled",
        /// Metadata that the user may write.
        pub unsafe_metadata: serde_json::Value,
        /// The session that the completed sign-up created.
        pub created_session_id: Option<SessionId>,
        /// The user that the completed sign-up created.
        pub created_user_id: Option<UserId>,
        /// An anti-fraud check that has to be passed first.
        pub protect_check: Option<serde_json::Value>,
        /// When it is given up.
        pub abandon_at: UnixMillis,
        /// When the terms were accepted.
        pub legal_accepted_at: Option<UnixMillis>,
        /// Language of the sign-up.
        pub locale: Option<String>,
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
    /// State of a sign-up's verifications.
    pub struct SignUpVerifications {
        /// Of the e-mail address.
        pub email_address: Option<SignUpVerification>,
        /// Of the phone number.
        pub phone_number: Option<SignUpVerification>,
        /// Of the wallet.
        pub web3_wallet: Option<SignUpVerification>,
        /// Of the OAuth or enterprise account.
        pub external_account: Option<Verification>,
    }
}

resource! {
    /// The verification of an identifier of a sign-up.
    pub struct SignUpVerification {
        /// `needs_prepare`, `needs_attempt`, or empty when it is done.
        pub next_action: String,
        /// Strategies to choose from.
        pub supported_strategies: Vec<String>,
        /// How far it has come.
        pub status: Option<VerificationStatus>,
        /// The strategy, e.g. `email_code`.
        pub strategy: Option<String>,
        /// Attempts so far.
        pub attempts: Option<i64>,
        /// When it expires.
        pub expire_at: Option<UnixMillis>,
        /// Why it failed.
        pub error: Option<ApiErrorItem>,
        /// Wallets: the nonce.
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

impl SignUp {
    /// Whether an anti-fraud check comes first.
    pub(crate) fn needs_protect_check(&self) -> bool {
        self.protect_check.is_some() || self.missing_fields.iter().any(|field| field == "protect_check")
    }
}
