//! Reading of a configuration from JSON or TOML.

use serde_json::Value;

use super::{Config, ConfigError};
use crate::merge::merge;

impl Config {
    /// Reads a JSON document. Its key `preset` names the base configuration.
    ///
    /// # Errors
    /// Returns an error if the document is not valid JSON or has an unknown key; the message names the key.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        Self::from_value(serde_json::from_str(text).map_err(ConfigError::new)?)
    }

    /// Reads a TOML document. Its key `preset` names the base configuration.
    ///
    /// # Errors
    /// Returns an error if the document is not valid TOML or has an unknown key; the message names the key.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::from_value(toml::from_str(text).map_err(ConfigError::new)?)
    }

    fn from_value(mut changes: Value) -> Result<Self, ConfigError> {
        // `[[organizations]]` is a list of organizations, `[organizations]` holds their settings.
        if let Some(object) = changes.as_object_mut()
            && object.get("organizations").is_some_and(Value::is_array)
            && let Some(organizations) = object.remove("organizations")
        {
            object.insert("seed_organizations".to_owned(), organizations);
        }
        let preset = changes.as_object_mut().and_then(|object| object.remove("preset"));
        let base = match &preset {
            None => Self::default(),
            Some(Value::String(name)) => Self::preset(name)?,
            Some(_) => return Err(ConfigError::new("`preset` must be a string")),
        };
        let config = base.changed(&changes)?;
        config.check()?;
        Ok(config)
    }

    /// Returns this configuration with a JSON merge patch applied.
    pub(crate) fn changed(&self, changes: &Value) -> Result<Self, ConfigError> {
        let mut value = serde_json::to_value(self).map_err(ConfigError::new)?;
        merge(&mut value, changes);
        serde_json::from_value(value).map_err(ConfigError::new)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Lifetimes, NewEmail},
        *,
    };

    #[test]
    fn from_toml_applies_changes_to_the_preset() {
        let config =
            Config::from_toml("preset = \"waitlist\"\napplication_name = \"X\"\n[password.rules]\nmin_length = 12")
                .unwrap();
        assert_eq!((config.sign_up.mode.as_str(), config.password.rules.min_length), ("waitlist", 12));
        assert_eq!(config.application_name, "X");
        assert_eq!(config.lifetimes, Lifetimes::default());
    }

    #[test]
    fn from_toml_reads_users_and_organizations() {
        let config = Config::from_toml(
            r#"
            preset = "default"
            seed = "42"
            [[users]]
            email_addresses = ["ada@example.com", { email = "second@example.com" }]
            phone_numbers = ["+12015550100", { number = "+12015550101", second_factor = true }]
            external_accounts = [{ provider = "oauth_google", provider_user_id = "g-1", email = "ada@example.com", verified = true }]
            [[organizations]]
            name = "Acme"
            creator = "ada@example.com"
            domains = [{ name = "acme.test", verified = true, enrollment_mode = "automatic_suggestion" }]
            [[identities]]
            strategy = "oauth_github"
            email = "new.person@example.com"
            verified = true
            "#,
        )
        .unwrap();
        assert_eq!((config.seed, config.seed_organizations[0].name.as_str()), (Some(42), "Acme"));
        assert_eq!(config.users[0].external_accounts[0].strategy, "oauth_google");
        let phones = config.users[0].phone_numbers.iter().map(|phone| (phone.number.as_str(), phone.second_factor));
        assert_eq!(phones.collect::<Vec<_>>(), [("+12015550100", false), ("+12015550101", true)]);
        let second = NewEmail::Full { email: "second@example.com".to_owned(), verified: true };
        assert_eq!(config.users[0].email_addresses[1], second);
        assert!(Config::from_toml("seed = \"x\"").is_err());
        assert_eq!(Config::from_toml("seed = 7").unwrap().seed, Some(7));
    }

    #[test]
    fn from_toml_names_unknown_keys() {
        for text in ["pasword = {}", "[mfa]\ntotps = true", "preset = \"nope\""] {
            let message = Config::from_toml(text).unwrap_err().to_string();
            assert!(message.contains("pasword") || message.contains("totps") || message.contains("nope"), "{message}");
        }
    }
}
