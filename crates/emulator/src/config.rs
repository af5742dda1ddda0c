//! What an instance is like: identifiers, providers, modes, lifetimes, and the people it begins with.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Settings of the emulated instance. A key that is not listed here is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Name of the application.
    pub application_name: String,
    /// Makes ids and codes the same in every run.
    pub seed: Option<u64>,
    /// OAuth providers that are switched on.
    pub social: Vec<SocialProvider>,
    /// Whether passwords are in use.
    pub password: bool,
    /// Shortest password, in characters.
    pub password_min_length: usize,
    /// Whether a client may have several sessions.
    pub multi_session: bool,
    /// Who may sign up: `public`, `restricted` or `waitlist`.
    pub sign_up_mode: String,
    /// Whether native clients may use the instance.
    pub native_api: bool,
    /// Origins that may come together with `Authorization`.
    pub allowed_origins: BTreeSet<String>,
    /// Redirect URLs that may be used, letter by letter; `*` allows every one.
    pub redirect_urls: BTreeSet<String>,
    /// Whether `+clerk_test` addresses take the code 424242.
    pub test_mode: bool,
    /// Whether a tokenless `GET /v1/client` is given a token.
    pub token_on_first_get: bool,
    /// Lifetime of session tokens, in seconds.
    pub session_token_s: i64,
    /// Lifetime of sessions, in seconds.
    pub session_s: i64,
    /// Lifetime of codes, provider round trips and nonces, in seconds.
    pub verification_s: i64,
    /// Wrong codes until a verification fails.
    pub max_attempts: u32,
    /// A JSON merge patch that is applied to the environment, so that a test can make any body.
    pub environment_patch: Option<serde_json::Value>,
    /// People with an account.
    pub users: Vec<NewUser>,
    /// Identities at the providers.
    pub identities: Vec<Identity>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            application_name: "Clerk Emulator".to_owned(),
            seed: None,
            social: vec![SocialProvider::new("oauth_google", "Google"), SocialProvider::new("oauth_github", "GitHub")],
            password: true,
            password_min_length: 8,
            multi_session: false,
            sign_up_mode: "public".to_owned(),
            native_api: true,
            allowed_origins: BTreeSet::new(),
            redirect_urls: BTreeSet::from(["*".to_owned()]),
            test_mode: true,
            token_on_first_get: true,
            session_token_s: 60,
            session_s: 7 * 24 * 60 * 60,
            verification_s: 600,
            max_attempts: 5,
            environment_patch: None,
            users: Vec::new(),
            identities: Vec::new(),
        }
    }
}

/// A configuration that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub(crate) String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a JSON document.
    ///
    /// # Errors
    /// When it is not JSON, or has an unknown key; the text names it.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        serde_json::from_str(text).map_err(|error| ConfigError(error.to_string()))
    }

    /// The configuration of the demo: a few people, and the redirect URLs that the app may use.
    #[must_use]
    pub fn demo(redirect_url: &str) -> Self {
        Self {
            application_name: "Clerk Desktop Example".to_owned(),
            redirect_urls: BTreeSet::from([redirect_url.to_owned()]),
            users: vec![NewUser {
                first_name: Some("Ada".to_owned()),
                last_name: Some("Lovelace".to_owned()),
                ..NewUser::with_password("ada+clerk_test@example.com", "correct-horse-battery")
            }],
            identities: vec![
                Identity {
                    first_name: "Grace".to_owned(),
                    last_name: "Hopper".to_owned(),
                    ..Identity::new("oauth_google", "grace.hopper@example.com")
                },
                Identity {
                    first_name: "Ada".to_owned(),
                    last_name: "Lovelace".to_owned(),
                    ..Identity::new("oauth_google", "ada+clerk_test@example.com")
                },
                Identity {
                    first_name: "Linus".to_owned(),
                    last_name: "Example".to_owned(),
                    ..Identity::new("oauth_github", "linus@example.com")
                },
            ],
            ..Self::default()
        }
    }

    /// Checks that somebody could sign in.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !matches!(self.sign_up_mode.as_str(), "public" | "restricted" | "waitlist") {
            return Err(ConfigError(format!(
                "sign_up_mode {:?} is none of public, restricted, waitlist",
                self.sign_up_mode
            )));
        }
        match self.social.iter().find(|provider| !provider.strategy.starts_with("oauth_")) {
            Some(provider) => {
                Err(ConfigError(format!("the strategy {:?} does not begin with oauth_", provider.strategy)))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn provider(&self, strategy: &str) -> Option<&SocialProvider> {
        self.social.iter().find(|provider| provider.strategy == strategy)
    }

    pub(crate) fn allows_redirect(&self, url: &str) -> bool {
        self.redirect_urls.contains("*") || self.redirect_urls.contains(url)
    }
}

/// An OAuth provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocialProvider {
    /// The strategy, e.g. `oauth_google` or `oauth_custom_acme`.
    pub strategy: String,
    /// Its name.
    pub name: String,
}

impl SocialProvider {
    /// A provider that is switched on.
    pub fn new(strategy: impl Into<String>, name: impl Into<String>) -> Self {
        Self { strategy: strategy.into(), name: name.into() }
    }
}

/// An account at an OAuth provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// The provider's strategy.
    pub strategy: String,
    /// E-mail address; may be empty.
    pub email: String,
    /// Whether the provider vouches for the address.
    pub verified: bool,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

impl Identity {
    /// An identity with a verified e-mail address.
    pub fn new(strategy: impl Into<String>, email: impl Into<String>) -> Self {
        Self { strategy: strategy.into(), email: email.into(), verified: true, ..Self::default() }
    }

    /// Name of the identity at its provider.
    pub(crate) fn id(&self) -> String {
        let name =
            if self.email.is_empty() { format!("{} {}", self.first_name, self.last_name) } else { self.email.clone() };
        name.chars()
            .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' })
            .collect()
    }
}

/// Somebody with an account from the start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewUser {
    /// Verified e-mail address.
    pub email_address: String,
    /// Password, if any.
    pub password: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Organization to make the user an admin of.
    pub organization: Option<String>,
}

impl NewUser {
    /// Somebody who signs in with a password.
    pub fn with_password(email_address: impl Into<String>, password: impl Into<String>) -> Self {
        Self { email_address: email_address.into(), password: Some(password.into()), ..Self::default() }
    }
}
