use std::collections::BTreeMap;

use crate::fapi::wire::resource;

resource! {
    /// The instance's settings, limited to those that this crate and its users need.
    ///
    /// Source: FAPI `Environment` (`GET /v1/environment`).
    pub struct Environment {
        /// Names, logos and URLs.
        pub display_config: DisplayConfig,
        /// Session and client settings.
        pub auth_config: AuthConfig,
        /// Identifiers, factors and providers.
        pub user_settings: UserSettings,
        /// Organizations.
        pub organization_settings: OrganizationSettings,
    }
}

resource! {
    /// Names, logos and URLs of the instance.
    pub struct DisplayConfig {
        /// The application's name.
        pub application_name: String,
        /// `development`, `production` or `staging`.
        pub instance_environment_type: String,
        /// `password` or `otp`.
        pub preferred_sign_in_strategy: String,
        /// The application's home page.
        pub home_url: String,
        /// Page with the sign-in.
        pub sign_in_url: String,
        /// Page with the sign-up.
        pub sign_up_url: String,
        /// Page with the user's profile.
        pub user_profile_url: String,
        /// Page of the waitlist.
        pub waitlist_url: String,
        /// Where to navigate after sign-in.
        pub after_sign_in_url: String,
        /// Where to navigate after sign-up.
        pub after_sign_up_url: String,
        /// Where to navigate after signing out of one of several sessions.
        pub after_sign_out_one_url: String,
        /// Where to navigate after signing out of all sessions.
        pub after_sign_out_all_url: String,
        /// Page with the organization's profile.
        pub organization_profile_url: String,
        /// Page for a new organization.
        pub create_organization_url: String,
        /// Where to navigate after leaving an organization.
        pub after_leave_organization_url: String,
        /// Where to navigate after creating an organization.
        pub after_create_organization_url: String,
        /// Logo.
        pub logo_image_url: String,
        /// Favicon.
        pub favicon_image_url: String,
        /// Support address.
        pub support_email: Option<String>,
        /// Terms of service.
        pub terms_url: Option<String>,
        /// Privacy policy.
        pub privacy_policy_url: Option<String>,
    }
}

resource! {
    /// Session and client settings of the instance.
    pub struct AuthConfig {
        /// Whether a client can have only one session.
        pub single_session_mode: bool,
        /// Whether test identifiers and their fixed codes work.
        pub test_mode: bool,
        /// Settings of native clients.
        pub native_settings: NativeSettings,
        /// Whether minting a session token requires the previous one.
        pub session_minter: bool,
    }
}

resource! {
    /// Settings of native clients.
    pub struct NativeSettings {
        /// Whether the Native API is on (a switch in Clerk's dashboard).
        pub api_enabled: bool,
    }
}

resource! {
    /// Identifiers, factors and providers of the instance.
    pub struct UserSettings {
        /// Attributes by name: `email_address`, `phone_number`, `username`, `password`, ….
        pub attributes: BTreeMap<String, Attribute>,
        /// Social providers by strategy: `oauth_google`, `oauth_custom_acme`, ….
        pub social: BTreeMap<String, SocialProvider>,
        /// Restrictions on sign-up.
        pub sign_up: SignUpSettings,
    }
}

resource! {
    /// Restrictions on sign-up.
    pub struct SignUpSettings {
        /// `public`, `restricted` or `waitlist`.
        pub mode: String,
    }
}

resource! {
    /// The settings of a user attribute.
    pub struct Attribute {
        /// Whether users may have it.
        pub enabled: bool,
        /// Whether users must have it.
        pub required: bool,
        /// Whether it identifies a user at sign-in.
        pub used_for_first_factor: bool,
        /// The first factors that it supports.
        pub first_factors: Vec<String>,
        /// The ways to verify it.
        pub verifications: Vec<String>,
    }
}

resource! {
    /// An OAuth provider.
    pub struct SocialProvider {
        /// Whether users may use it.
        pub enabled: bool,
        /// The strategy, e.g. `oauth_google`.
        pub strategy: String,
        /// Its name.
        pub name: Option<String>,
        /// Whether it signs users in (or only connects accounts).
        pub authenticatable: bool,
        /// Its logo.
        pub logo_url: Option<String>,
    }
}

resource! {
    /// Organizations in this instance.
    pub struct OrganizationSettings {
        /// Whether organizations are on.
        pub enabled: bool,
        /// Whether a user must have an active organization.
        pub force_organization_selection: bool,
    }
}
