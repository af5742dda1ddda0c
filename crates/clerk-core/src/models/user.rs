use crate::{
    fapi::wire::resource,
    models::{OrganizationMembership, UnixMillis, UserId, Verification},
};

resource! {
    /// A user of the application.
    ///
    /// Source: FAPI `User`; the `User` object of Clerk's documentation.
    pub struct User {
        /// Identifier.
        pub id: UserId,
        /// The application's own id for the user.
        pub external_id: Option<String>,
        /// Username.
        pub username: Option<String>,
        /// First name.
        pub first_name: Option<String>,
        /// Last name.
        pub last_name: Option<String>,
        /// Avatar.
        pub image_url: String,
        /// Whether the avatar was uploaded or came from a provider.
        pub has_image: bool,
        /// Id of the primary e-mail address.
        pub primary_email_address_id: Option<String>,
        /// Id of the primary phone number.
        pub primary_phone_number_id: Option<String>,
        /// Id of the primary wallet.
        pub primary_web3_wallet_id: Option<String>,
        /// Whether a password is set.
        pub password_enabled: bool,
        /// Whether any second factor is set up.
        pub two_factor_enabled: bool,
        /// Whether an authenticator app is set up.
        pub totp_enabled: bool,
        /// Whether backup codes exist.
        pub backup_code_enabled: bool,
        /// E-mail addresses.
        pub email_addresses: Vec<EmailAddress>,
        /// Phone numbers.
        pub phone_numbers: Vec<PhoneNumber>,
        /// Wallets.
        pub web3_wallets: Vec<Web3Wallet>,
        /// Passkeys.
        pub passkeys: Vec<Passkey>,
        /// Connected accounts of OAuth providers.
        pub external_accounts: Vec<ExternalAccount>,
        /// Accounts at enterprise connections.
        pub enterprise_accounts: Vec<EnterpriseAccount>,
        /// Organizations that the user is a member of.
        pub organization_memberships: Vec<OrganizationMembership>,
        /// Metadata that only the backend writes.
        pub public_metadata: serde_json::Value,
        /// Metadata that the user may write.
        pub unsafe_metadata: serde_json::Value,
        /// Last sign-in.
        pub last_sign_in_at: Option<UnixMillis>,
        /// When the terms were accepted.
        pub legal_accepted_at: Option<UnixMillis>,
        /// Whether the user may create organizations.
        pub create_organization_enabled: bool,
        /// The maximum number of organizations the user may create; 0 or absent for no limit.
        pub create_organizations_limit: Option<i64>,
        /// Whether the user may delete the account.
        pub delete_self_enabled: bool,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

impl User {
    /// Returns the first and last name, as far as they are known.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        let names: Vec<_> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        (!names.is_empty()).then(|| names.join(" "))
    }

    /// Returns the primary e-mail address.
    #[must_use]
    pub fn primary_email_address(&self) -> Option<&EmailAddress> {
        let id = self.primary_email_address_id.as_ref()?;
        self.email_addresses.iter().find(|address| address.id == *id)
    }
}

resource! {
    /// An e-mail address of a user.
    pub struct EmailAddress {
        /// Identifier.
        pub id: String,
        /// The address.
        pub email_address: String,
        /// The verification of the address.
        pub verification: Option<Verification>,
        /// The accounts that the address came from.
        pub linked_to: Vec<LinkedTo>,
        /// Whether its domain belongs to an enterprise connection.
        pub matches_sso_connection: bool,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// An account that an identification is linked to.
    pub struct LinkedTo {
        /// The kind of account, e.g. `oauth_google`.
        pub r#type: String = "type",
        /// Its id.
        pub id: String,
    }
}

resource! {
    /// A phone number of a user.
    pub struct PhoneNumber {
        /// Identifier.
        pub id: String,
        /// The number in E.164 format.
        pub phone_number: String,
        /// Whether it is a second factor.
        pub reserved_for_second_factor: bool,
        /// Whether it is the preferred second factor.
        pub default_second_factor: bool,
        /// The verification of the number.
        pub verification: Option<Verification>,
        /// The accounts that the number came from.
        pub linked_to: Vec<LinkedTo>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// A wallet of a user.
    pub struct Web3Wallet {
        /// Identifier.
        pub id: String,
        /// The address.
        pub web3_wallet: String,
        /// The verification of the wallet.
        pub verification: Option<Verification>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// A passkey of a user.
    pub struct Passkey {
        /// Identifier.
        pub id: String,
        /// Its name.
        pub name: Option<String>,
        /// Last use.
        pub last_used_at: Option<UnixMillis>,
        /// The verification of the passkey.
        pub verification: Option<Verification>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// An account at an OAuth provider that is connected to a user.
    pub struct ExternalAccount {
        /// Identifier.
        pub id: String,
        /// The provider. Live instances send the strategy (`oauth_google`), some data contains the bare name
        /// (`google`).
        pub provider: String,
        /// Id of the identification.
        pub identification_id: String,
        /// The user's id at the provider.
        pub provider_user_id: String,
        /// The granted scopes, separated by spaces.
        pub approved_scopes: String,
        /// E-mail address at the provider; may be empty.
        pub email_address: String,
        /// First name at the provider; may be empty.
        pub first_name: String,
        /// Last name at the provider; may be empty.
        pub last_name: String,
        /// Avatar at the provider.
        pub image_url: String,
        /// Username at the provider.
        pub username: Option<String>,
        /// Phone number at the provider.
        pub phone_number: Option<String>,
        /// A label that distinguishes several accounts at one provider.
        pub label: Option<String>,
        /// Metadata that only the backend writes.
        pub public_metadata: serde_json::Value,
        /// The verification of the connection.
        pub verification: Option<Verification>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}

resource! {
    /// An account at an enterprise connection, by which a user signs in.
    pub struct EnterpriseAccount {
        /// Identifier.
        pub id: String,
        /// Whether the connection is in use.
        pub active: bool,
        /// `saml` or `oauth`.
        pub protocol: String,
        /// The provider, e.g. `saml_okta`.
        pub provider: String,
        /// The user's id at the provider.
        pub provider_user_id: Option<String>,
        /// E-mail address at the provider.
        pub email_address: String,
        /// First name at the provider.
        pub first_name: Option<String>,
        /// Last name at the provider.
        pub last_name: Option<String>,
        /// Metadata that only the backend writes.
        pub public_metadata: serde_json::Value,
        /// The verification of the account.
        pub verification: Option<Verification>,
        /// The last sign-in by it.
        pub last_authenticated_at: Option<UnixMillis>,
        /// The connection's identifier.
        pub enterprise_connection_id: Option<String>,
        /// The connection.
        pub enterprise_connection: Option<EnterpriseAccountConnection>,
    }
}

resource! {
    /// The enterprise connection of an account.
    pub struct EnterpriseAccountConnection {
        /// Identifier.
        pub id: String,
        /// Name.
        pub name: String,
        /// Whether it is in use.
        pub active: bool,
        /// `saml` or `oauth`.
        pub protocol: String,
        /// The provider, e.g. `saml_okta`.
        pub provider: String,
        /// The domain of its users.
        pub domain: String,
        /// Logo.
        pub logo_public_url: Option<String>,
        /// Whether a sign-in may begin at the provider.
        pub allow_idp_initiated: bool,
        /// Whether it is also for subdomains.
        pub allow_subdomains: bool,
        /// Whether its users may have no other identifications.
        pub disable_additional_identifications: bool,
        /// Whether the user's data is taken over from the provider at each sign-in.
        pub sync_user_attributes: bool,
        /// Whether an account may be linked to an organization's connection.
        pub allow_organization_account_linking: bool,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change.
        pub updated_at: UnixMillis,
    }
}
