use crate::{
    fapi::wire::{open_enum, resource},
    models::{ProtectCheck, SessionId, SignInId, UnixMillis, Verification},
};

open_enum! {
    /// The next requirement of a sign-in.
    pub enum SignInStatus {
        /// An identifier.
        NeedsIdentifier = "needs_identifier",
        /// A first factor.
        NeedsFirstFactor = "needs_first_factor",
        /// A second factor.
        NeedsSecondFactor = "needs_second_factor",
        /// A second factor, because this device is new to the user.
        NeedsClientTrust = "needs_client_trust",
        /// A new password.
        NeedsNewPassword = "needs_new_password",
        /// An anti-fraud check.
        NeedsProtectCheck = "needs_protect_check",
        /// Nothing: the session `created_session_id` is active.
        Complete = "complete",
        /// Too old to be continued.
        Abandoned = "abandoned",
    }
}

resource! {
    /// A sign-in in progress.
    ///
    /// Source: FAPI `SignIn`; the `SignIn` object of Clerk's documentation.
    pub struct SignIn {
        /// Identifier.
        pub id: SignInId,
        /// The next requirement; absent before it is created.
        pub status: Option<SignInStatus>,
        /// The identifier that the user entered.
        pub identifier: Option<String>,
        /// The supported kinds of identifier.
        pub supported_identifiers: Vec<String>,
        /// The available first factors.
        pub supported_first_factors: Option<Vec<SignInFactor>>,
        /// The available second factors.
        pub supported_second_factors: Option<Vec<SignInFactor>>,
        /// The first factors that an enterprise user may use instead of the identity provider.
        pub sso_bypass_first_factors: Option<Vec<SignInFactor>>,
        /// State of the first factor.
        pub first_factor_verification: Option<Verification>,
        /// State of the second factor.
        pub second_factor_verification: Option<Verification>,
        /// The session that the completed sign-in created.
        pub created_session_id: Option<SessionId>,
        /// The user's data that a sign-in can show.
        pub user_data: Option<UserData>,
        /// `pending`, `new` or `known`.
        pub client_trust_state: Option<String>,
        /// An anti-fraud check that must be passed first.
        pub protect_check: Option<ProtectCheck>,
        /// When the sign-in expires.
        pub abandon_at: UnixMillis,
        /// The time zone of the user, e.g. `Europe/Athens`.
        pub timezone: Option<String>,
    }
}

impl SignIn {
    /// Whether the sign-in has this status.
    #[must_use]
    pub fn is(&self, status: &SignInStatus) -> bool {
        self.status.as_ref() == Some(status)
    }
}

resource! {
    /// An available first or second factor.
    pub struct SignInFactor {
        /// The strategy, e.g. `password`, `email_code`, `totp`.
        pub strategy: String,
        /// The identifier, masked.
        pub safe_identifier: Option<String>,
        /// For `email_code`, `email_link`, `reset_password_email_code`.
        pub email_address_id: Option<String>,
        /// For `phone_code`, `reset_password_phone_code`.
        pub phone_number_id: Option<String>,
        /// For `web3_*_signature`.
        pub web3_wallet_id: Option<String>,
        /// For `passkey`.
        pub passkey_id: Option<String>,
        /// For `enterprise_sso`.
        pub enterprise_connection_id: Option<String>,
        /// For `enterprise_sso`.
        pub enterprise_connection_name: Option<String>,
        /// For `enterprise_sso`.
        pub enterprise_connection_logo_public_url: Option<String>,
        /// For `enterprise_sso`.
        pub enterprise_connection_provider: Option<String>,
        /// For `web3_solana_signature`: the name of the wallet.
        pub wallet_name: Option<String>,
        /// Whether the identifier is the primary one of its kind.
        pub primary: Option<bool>,
        /// Whether it is the preferred second factor.
        pub default: Option<bool>,
        /// `sms` or `whatsapp`.
        pub channel: Option<String>,
    }
}

resource! {
    /// The user's data that a sign-in can show.
    pub struct UserData {
        /// First name.
        pub first_name: Option<String>,
        /// Last name.
        pub last_name: Option<String>,
        /// Avatar.
        pub image_url: String,
        /// Whether the avatar was uploaded.
        pub has_image: bool,
    }
}

impl SignIn {
    /// Whether an anti-fraud check must be passed first.
    pub(crate) fn needs_protect_check(&self) -> bool {
        self.protect_check.is_some() || self.is(&SignInStatus::NeedsProtectCheck)
    }
}
