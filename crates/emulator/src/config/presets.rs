//! Presets.

use super::{Config, ConfigError, EnterpriseConnection, Identity, NewUser, Presence, SocialProvider};

/// Names of the presets.
pub const PRESETS: &[&str] = &[
    "default",
    "everything",
    "components",
    "single-session",
    "multi-session",
    "email-link",
    "email-code",
    "username-password",
    "phone-first",
    "passwordless",
    "web3",
    "whatsapp",
    "passkeys",
    "restricted",
    "waitlist",
    "legal-consent",
    "mfa-required",
    "orgs-forced",
    "tasks",
    "client-trust",
    "reverification-off",
    "enumeration",
    "enterprise",
    "native-disabled",
    "strict",
];

impl Config {
    /// Returns the preset with this name; see [`PRESETS`].
    ///
    /// # Errors
    /// Returns an error if the name is unknown; the message lists the names.
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        match name {
            "default" | "single-session" => {}
            "everything" => config.switch_everything_on(),
            "components" => {
                config.social = custom_providers();
                config.native_api.allowed_origins = vec!["loopback".to_owned()];
                config.sessions.mode = "multi".to_owned();
            }
            "multi-session" => config.sessions.mode = "multi".to_owned(),
            "email-link" => {
                config.password.mode = Presence::Off;
                config.identifiers.email_verification = vec!["email_link".to_owned()];
            }
            "email-code" | "passwordless" => {
                config.password.mode = Presence::Off;
                config.preferred_strategy = "otp".to_owned();
            }
            "username-password" => {
                config.identifiers.email = Presence::Off;
                config.identifiers.username = Presence::Required;
            }
            "phone-first" => {
                config.identifiers.email = Presence::Optional;
                config.identifiers.phone = Presence::Required;
                config.password.mode = Presence::Off;
            }
            "web3" => {
                config.identifiers.web3 =
                    ["metamask", "base", "coinbase_wallet", "okx_wallet"].map(str::to_owned).to_vec();
                config.identifiers.email = Presence::Optional;
                config.password.mode = Presence::Off;
            }
            "whatsapp" => {
                config.identifiers.phone = Presence::Required;
                config.identifiers.phone_channels = vec!["sms".to_owned(), "whatsapp".to_owned()];
                config.identifiers.email = Presence::Optional;
            }
            "passkeys" => config.passkeys.enabled = true,
            "restricted" | "waitlist" => config.sign_up.mode = name.to_owned(),
            "legal-consent" => config.sign_up.legal_consent = true,
            "mfa-required" => config.mfa.required = true,
            "orgs-forced" => config.organizations.force_selection = true,
            "tasks" => {
                config.mfa.required = true;
                config.organizations.force_selection = true;
            }
            "client-trust" => config.client_trust = true,
            "reverification-off" => config.reverification = false,
            "enumeration" => config.attack_protection.enumeration = true,
            "enterprise" => {
                let mut oidc = EnterpriseConnection::new("entconn_globex", "Globex", "globex.test");
                oidc.protocol = "oauth".to_owned();
                config.enterprise_sso.connections =
                    vec![EnterpriseConnection::new("entconn_acme", "Acme", "acme.test"), oidc];
            }
            "native-disabled" => config.native_api.enabled = false,
            "strict" => {
                config = config.strict();
                config.redirect_urls = Vec::new();
                config.rate_limits = true;
                config.attack_protection.enumeration = true;
            }
            other => {
                return Err(ConfigError::new(format!("unknown preset {other:?}; available: {}", PRESETS.join(", "))));
            }
        }
        Ok(config)
    }

    fn switch_everything_on(&mut self) {
        self.identifiers.phone = Presence::Optional;
        self.identifiers.username = Presence::Optional;
        self.identifiers.web3 =
            ["metamask", "base", "coinbase_wallet", "okx_wallet", "solana"].map(str::to_owned).to_vec();
        self.identifiers.email_verification = vec!["email_code".to_owned(), "email_link".to_owned()];
        self.passkeys.enabled = true;
        self.mfa.phone_code = true;
        self.mfa.email_code = true;
        self.sign_up.legal_consent = true;
        self.sessions.mode = "multi".to_owned();
        self.organizations.slug = true;
        self.social.extend([
            SocialProvider::new("oauth_apple", "Apple"),
            SocialProvider::new("oauth_microsoft", "Microsoft"),
            SocialProvider::new("oauth_discord", "Discord"),
        ]);
        self.social.extend(custom_providers());
        self.enterprise_sso.connections = vec![EnterpriseConnection::new("entconn_acme", "Acme", "acme.test")];
    }

    /// Returns the configuration of the demo: a few users, and the app's redirect URL.
    #[must_use]
    pub fn demo(redirect_url: &str) -> Self {
        let named = |identity: Identity, first: &str, last: &str| Identity {
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            ..identity
        };
        Self {
            application_name: "Clerk Desktop Example".to_owned(),
            redirect_urls: vec![redirect_url.to_owned()],
            users: vec![NewUser {
                first_name: Some("Ada".to_owned()),
                last_name: Some("Lovelace".to_owned()),
                ..NewUser::with_password("ada+clerk_test@example.com", "correct-horse-battery")
            }],
            identities: vec![
                named(Identity::new("oauth_google", "grace.hopper@example.com"), "Grace", "Hopper"),
                named(Identity::new("oauth_google", "ada+clerk_test@example.com"), "Ada", "Lovelace"),
                named(Identity::new("oauth_github", "linus@example.com"), "Linus", "Example"),
            ],
            ..Self::default()
        }
    }
}

/// Providers with local pictures, so that no request leaves the machine.
fn custom_providers() -> Vec<SocialProvider> {
    let mut acme = SocialProvider::new("oauth_custom_acme", "Acme");
    acme.logo_url = Some("/__emulator/img/logo?t=A".to_owned());
    vec![acme, SocialProvider::new("oauth_custom_globex", "Globex")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid() {
        for name in PRESETS {
            Config::preset(name).unwrap().check().unwrap();
        }
    }
}
