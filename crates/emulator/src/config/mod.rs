//! The configuration of an instance: identifiers, factors, providers, modes, lifetimes, and the initial users.

mod access;
mod billing;
mod check;
mod error;
mod factors;
mod identifiers;
mod load;
mod organizations;
pub(crate) mod presets;
mod programs;
mod providers;
mod seed;
mod sessions;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use access::{Actions, AttackProtection, Lockout, NativeApi, Restrictions, SignUpSettings};
pub use billing::{Billing, Payer, Plan};
pub use error::ConfigError;
pub use factors::{Mfa, Passkeys, PasswordRules, Passwords, VerificationSettings};
pub use identifiers::{Identifiers, Presence, Profile};
pub use organizations::{Organizations, Role};
pub use programs::{ApiKeys, OAuthApplication};
pub use providers::{EnterpriseConnection, EnterpriseSso, SocialProvider};
pub use seed::{Identity, NewDomain, NewEmail, NewMember, NewOrganization, NewPhone, NewUser};
pub use sessions::{JwtTemplate, Lifetimes, Sessions};

/// Settings of the emulated instance. Unknown keys are errors.
///
/// Read from TOML or JSON ([`Config::from_toml`], [`Config::from_json`]) with `preset = "…"` as the base, or built in Rust
/// from [`Config::default`] or [`Config::preset`] by changing fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// Port to listen on; 0 for a free port.
    pub port: u16,
    /// Name of the application.
    pub application_name: String,
    /// `development` or `production`.
    pub environment_type: String,
    /// Seed for IDs and codes, which makes them the same in every run. A number, or a string that holds one.
    #[serde(deserialize_with = "number_or_text")]
    pub seed: Option<u64>,
    /// Identifiers of users.
    pub identifiers: Identifiers,
    /// Names.
    pub profile: Profile,
    /// Passwords.
    pub password: Passwords,
    /// `password` or `otp`: which form the prebuilt sign-in shows first.
    pub preferred_strategy: String,
    /// Passkeys.
    pub passkeys: Passkeys,
    /// Second factors.
    pub mfa: Mfa,
    /// Whether a password sign-in on a new device needs a second step.
    pub client_trust: bool,
    /// OAuth providers.
    pub social: Vec<SocialProvider>,
    /// Enterprise connections.
    pub enterprise_sso: EnterpriseSso,
    /// Who may sign up.
    pub sign_up: SignUpSettings,
    /// Which identifiers are accepted.
    pub restrictions: Restrictions,
    /// Sessions of a client.
    pub sessions: Sessions,
    /// Whether sensitive actions need reverification.
    pub reverification: bool,
    /// What users may do on their own.
    pub actions: Actions,
    /// Protection against attacks.
    pub attack_protection: AttackProtection,
    /// Organizations.
    pub organizations: Organizations,
    /// Billing.
    pub billing: Billing,
    /// API keys.
    pub api_keys: ApiKeys,
    /// Applications that users sign in to with their account of this instance.
    pub oauth_applications: Vec<OAuthApplication>,
    /// Native clients.
    pub native_api: NativeApi,
    /// Allowed redirect URLs, compared exactly; `*` allows every URL.
    pub redirect_urls: Vec<String>,
    /// Whether test addresses and numbers accept the code 424242.
    pub test_mode: bool,
    /// Whether `GET /v1/client` without a token returns one.
    pub token_on_first_get: bool,
    /// Seconds for which a superseded client token is accepted; `None` for no limit.
    pub rotation_grace_s: Option<i64>,
    /// Whether every request that changes something at a client rotates its token; otherwise only those that complete a sign-in
    /// or sign-up or end the last session do.
    pub rotate_always: bool,
    /// Lifetimes, in seconds.
    pub lifetimes: Lifetimes,
    /// Codes.
    pub verification: VerificationSettings,
    /// Whether Clerk's rate limits apply.
    pub rate_limits: bool,
    /// Whether responses omit keys that the published description does not have.
    pub strict_schema: bool,
    /// Claims added to session tokens.
    pub session_claims: Map<String, Value>,
    /// JWT templates.
    pub jwt_templates: Vec<JwtTemplate>,
    /// Whether a callback that ends in a transfer carries a nonce.
    pub nonce_on_transfer: bool,
    /// Folder with unpacked npm packages (`clerk-js`, `ui`), served under `/npm/@clerk/`.
    pub npm_dir: Option<std::path::PathBuf>,
    /// A JSON merge patch applied to the environment, so that tests can produce any response.
    pub environment_patch: Option<Value>,
    /// Initial users.
    pub users: Vec<NewUser>,
    /// Initial organizations.
    pub seed_organizations: Vec<NewOrganization>,
    /// Identities at the providers.
    pub identities: Vec<Identity>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            application_name: "Clerk Emulator".to_owned(),
            environment_type: "development".to_owned(),
            seed: None,
            identifiers: Identifiers::default(),
            profile: Profile::default(),
            password: Passwords::default(),
            preferred_strategy: "password".to_owned(),
            passkeys: Passkeys::default(),
            mfa: Mfa::default(),
            client_trust: false,
            social: vec![SocialProvider::new("oauth_google", "Google"), SocialProvider::new("oauth_github", "GitHub")],
            enterprise_sso: EnterpriseSso::default(),
            sign_up: SignUpSettings::default(),
            restrictions: Restrictions::default(),
            sessions: Sessions::default(),
            reverification: true,
            actions: Actions::default(),
            attack_protection: AttackProtection::default(),
            organizations: Organizations::default(),
            billing: Billing::default(),
            api_keys: ApiKeys::default(),
            oauth_applications: Vec::new(),
            native_api: NativeApi::default(),
            redirect_urls: vec!["*".to_owned()],
            test_mode: true,
            token_on_first_get: true,
            rotation_grace_s: None,
            rotate_always: false,
            lifetimes: Lifetimes::default(),
            verification: VerificationSettings::default(),
            rate_limits: false,
            strict_schema: false,
            session_claims: Map::new(),
            jwt_templates: Vec::new(),
            nonce_on_transfer: false,
            npm_dir: None,
            environment_patch: None,
            users: Vec::new(),
            seed_organizations: Vec::new(),
            identities: Vec::new(),
        }
    }
}

impl Config {
    /// Makes this configuration as strict as Clerk: a superseded client token is refused at once, and responses omit keys
    /// that the published description does not have.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.rotation_grace_s = Some(0);
        self.strict_schema = true;
        self
    }

    pub(crate) fn is_multi_session(&self) -> bool {
        self.sessions.mode == "multi"
    }

    pub(crate) fn provider(&self, strategy: &str) -> Option<&SocialProvider> {
        self.social.iter().find(|provider| provider.strategy == strategy)
    }

    pub(crate) fn allows_redirect(&self, url: &str) -> bool {
        self.redirect_urls.iter().any(|allowed| allowed == "*" || allowed == url)
    }

    /// Returns the connections for the domain of an e-mail address.
    pub(crate) fn connections_for<'a>(&'a self, address: &str) -> impl Iterator<Item = &'a EnterpriseConnection> {
        let found: Vec<_> = self.enterprise_sso.connections.iter().filter(|one| one.has(address)).collect();
        found.into_iter()
    }

    /// Returns the connection with this ID.
    pub(crate) fn connection(&self, id: &str) -> Option<&EnterpriseConnection> {
        self.enterprise_sso.connections.iter().find(|connection| connection.id == id)
    }

    /// Returns the wallet strategies, e.g. `web3_metamask_signature`.
    pub(crate) fn wallet_strategies(&self) -> Vec<String> {
        self.identifiers.web3.iter().map(|wallet| format!("web3_{wallet}_signature")).collect()
    }
}

fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
        Some(other) => serde_json::from_value(other).map(Some).map_err(serde::de::Error::custom),
    }
}
