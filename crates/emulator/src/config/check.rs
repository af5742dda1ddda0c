//! Validation of a configuration.

use super::{Config, ConfigError};

/// 100 years in seconds, so that the sum of a time and a lifetime never overflows.
const LONGEST_S: i64 = 100 * 366 * 24 * 60 * 60;

impl Config {
    /// Checks that the settings are consistent and that sign-in is possible.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let one_of = |name: &str, value: &str, values: &[&str]| match values.contains(&value) {
            true => Ok(()),
            false => Err(ConfigError::new(format!("{name} is {value:?}, but must be one of {}", values.join(", ")))),
        };
        one_of("sign_up.mode", &self.sign_up.mode, &["public", "restricted", "waitlist"])?;
        one_of("sessions.mode", &self.sessions.mode, &["single", "multi"])?;
        one_of("environment_type", &self.environment_type, &["development", "production"])?;
        one_of("preferred_strategy", &self.preferred_strategy, &["password", "otp"])?;
        for strategy in &self.identifiers.email_verification {
            one_of("identifiers.email_verification", strategy, &["email_code", "email_link"])?;
        }
        for wallet in &self.identifiers.web3 {
            let known = ["metamask", "base", "coinbase_wallet", "okx_wallet", "solana"];
            one_of("identifiers.web3", wallet, &known)?;
        }
        let lifetimes = &self.lifetimes;
        let seconds = [
            ("lifetimes.session_token_s", lifetimes.session_token_s),
            ("lifetimes.session_s", lifetimes.session_s),
            ("lifetimes.attempt_s", lifetimes.attempt_s),
            ("lifetimes.verification_s", lifetimes.verification_s),
            ("lifetimes.invitation_s", lifetimes.invitation_s),
            ("verification.resend_s", self.verification.resend_s),
            ("verification.dedupe_s", self.verification.dedupe_s),
            ("rotation_grace_s", self.rotation_grace_s.unwrap_or_default()),
        ];
        let templates = self.jwt_templates.iter().map(|one| ("jwt_templates.lifetime_s", one.lifetime_s));
        if let Some((name, value)) = seconds.into_iter().chain(templates).find(|(_, s)| !(0..=LONGEST_S).contains(s)) {
            return Err(ConfigError::new(format!("{name} is {value}, but must be between 0 and {LONGEST_S}")));
        }
        if let Some(provider) = self.social.iter().find(|provider| !provider.strategy.starts_with("oauth_")) {
            return Err(ConfigError::new(format!("the strategy {:?} must begin with oauth_", provider.strategy)));
        }
        let identifiers = &self.identifiers;
        let identified = identifiers.email.is_on() || identifiers.phone.is_on() || identifiers.username.is_on();
        if !identified && identifiers.web3.is_empty() && self.social.is_empty() {
            return Err(ConfigError::new("sign-in is not possible: enable an identifier or configure a provider"));
        }
        let second = self.mfa.totp || self.mfa.phone_code || self.mfa.email_code;
        if self.mfa.required && !second {
            return Err(ConfigError::new("mfa.required needs an enabled second factor"));
        }
        if self.organizations.force_selection && !self.organizations.enabled {
            return Err(ConfigError::new("organizations.force_selection needs organizations.enabled"));
        }
        let mut slugs: Vec<&str> = self.billing.plans.iter().map(|plan| plan.slug.as_str()).collect();
        slugs.sort_unstable();
        if slugs.first() == Some(&"") || slugs.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ConfigError::new("billing.plans: every plan needs a slug of its own"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_rejects_inconsistent_settings() {
        for text in [
            "social = []\n[identifiers]\nemail = \"off\"",
            "[mfa]\nrequired = true\ntotp = false",
            "[organizations]\nenabled = false\nforce_selection = true",
            "[sign_up]\nmode = \"closed\"",
            "[lifetimes]\nsession_s = 9223372036854775807",
            "[verification]\nresend_s = -1",
            "[[billing.plans]]\nname = \"Pro\"",
            "[[billing.plans]]\nslug = \"pro\"\n[[billing.plans]]\nslug = \"pro\"",
        ] {
            assert!(Config::from_toml(text).is_err(), "{text}");
        }
    }
}
