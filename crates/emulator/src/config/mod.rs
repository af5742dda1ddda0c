//! What an instance is like: identifiers, factors, providers, modes, lifetimes, and the people it begins with.

mod presets;
mod seed;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::merge::merge;

pub use presets::PRESETS;
pub use seed::{Identity, NewDomain, NewEmail, NewMember, NewOrganization, NewPhone, NewUser};

/// Whether an attribute of a user is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::exhaustive_enums, reason = "a setting of ours, with no fourth value")]
pub enum Presence {
    /// Not in use.
    Off,
    /// May be given.
    Optional,
    /// Has to be given.
    Required,
}

impl Presence {
    /// Whether it is in use.
    #[must_use]
    pub fn is_on(self) -> bool {
        self != Self::Off
    }
}

/// Settings of the emulated instance. A key that is not listed here is an error.
///
/// Read from TOML or JSON ([`Config::from_toml`], [`Config::from_json`]) with `preset = "…"` as the base, or built in Rust
/// from [`Config::default`] or [`Config::preset`] by changing fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Config {
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Name of the application.
    pub application_name: String,
    /// `development` or `production`.
    pub environment_type: String,
    /// Makes ids and codes the same in every run: a number, which may be written as text.
    #[serde(deserialize_with = "number_or_text")]
    pub seed: Option<u64>,
    /// What people are known by.
    pub identifiers: Identifiers,
    /// Names.
    pub profile: Profile,
    /// Passwords.
    pub password: Passwords,
    /// `password` or `otp`: which card the prebuilt sign-in shows first.
    pub preferred_strategy: String,
    /// Passkeys.
    pub passkeys: Passkeys,
    /// Second factors.
    pub mfa: Mfa,
    /// Whether a password on a new device needs a second step.
    pub client_trust: bool,
    /// OAuth providers.
    pub social: Vec<SocialProvider>,
    /// Enterprise connections.
    pub enterprise_sso: EnterpriseSso,
    /// Who may sign up.
    pub sign_up: SignUpSettings,
    /// Which identifiers are let in.
    pub restrictions: Restrictions,
    /// Sessions of a client.
    pub sessions: Sessions,
    /// Whether sensitive actions need a fresh verification.
    pub reverification: bool,
    /// What users may do by themselves.
    pub actions: Actions,
    /// Lock-out and the like.
    pub attack_protection: AttackProtection,
    /// Organizations.
    pub organizations: Organizations,
    /// Native clients.
    pub native_api: NativeApi,
    /// Redirect URLs that may be used, letter by letter; `*` allows every one.
    pub redirect_urls: Vec<String>,
    /// Whether test addresses and numbers take the code 424242.
    pub test_mode: bool,
    /// Whether a tokenless `GET /v1/client` is given a token.
    pub token_on_first_get: bool,
    /// Seconds for which a superseded client token is accepted; without end when absent.
    pub rotation_grace_s: Option<i64>,
    /// Lifetimes, in seconds.
    pub lifetimes: Lifetimes,
    /// Codes.
    pub verification: VerificationSettings,
    /// Whether requests are limited as Clerk limits them.
    pub rate_limits: bool,
    /// Whether keys that the published description does not have are left out of answers.
    pub strict_schema: bool,
    /// Claims that are added to session tokens.
    pub session_claims: Map<String, Value>,
    /// JWT templates.
    pub jwt_templates: Vec<JwtTemplate>,
    /// Whether a callback that ends in a transfer carries a nonce.
    pub nonce_on_transfer: bool,
    /// Folder with unpacked npm packages (`clerk-js`, `ui`), served under `/npm/@clerk/`.
    pub npm_dir: Option<std::path::PathBuf>,
    /// A JSON merge patch that is applied to the environment, so that a test can make any body.
    pub environment_patch: Option<Value>,
    /// People with an account.
    pub users: Vec<NewUser>,
    /// Organizations.
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
            native_api: NativeApi::default(),
            redirect_urls: vec!["*".to_owned()],
            test_mode: true,
            token_on_first_get: true,
            rotation_grace_s: None,
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

/// What people are known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Identifiers {
    /// E-mail addresses.
    pub email: Presence,
    /// How an address is verified: `email_code`, `email_link`; none leaves it unverified.
    pub email_verification: Vec<String>,
    /// Whether an address alone signs in.
    pub email_first_factor: bool,
    /// Phone numbers.
    pub phone: Presence,
    /// How codes reach a phone: `sms`, `whatsapp`.
    pub phone_channels: Vec<String>,
    /// Usernames.
    pub username: Presence,
    /// Shortest username, in characters.
    pub username_min_length: usize,
    /// Longest username, in characters.
    pub username_max_length: usize,
    /// Wallets: `metamask`, `base`, `coinbase_wallet`, `okx_wallet`, `solana`.
    pub web3: Vec<String>,
    /// Attributes that users can't change.
    pub immutable: Vec<String>,
}

impl Default for Identifiers {
    fn default() -> Self {
        Self {
            email: Presence::Required,
            email_verification: vec!["email_code".to_owned()],
            email_first_factor: true,
            phone: Presence::Off,
            phone_channels: vec!["sms".to_owned()],
            username: Presence::Off,
            username_min_length: 4,
            username_max_length: 64,
            web3: Vec::new(),
            immutable: Vec::new(),
        }
    }
}

/// Names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Profile {
    /// First name.
    pub first_name: Presence,
    /// Last name.
    pub last_name: Presence,
}

impl Default for Profile {
    fn default() -> Self {
        Self { first_name: Presence::Optional, last_name: Presence::Optional }
    }
}

/// Passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Passwords {
    /// Whether passwords are in use.
    pub mode: Presence,
    /// What a password has to be like.
    pub rules: PasswordRules,
    /// Whether new passwords are looked up in `breached`.
    pub breach_check: bool,
    /// Whether passwords are looked up at sign-in as well.
    pub breach_check_on_sign_in: bool,
    /// Passwords that count as known from a breach.
    pub breached: Vec<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            mode: Presence::Required,
            rules: PasswordRules::default(),
            breach_check: true,
            breach_check_on_sign_in: true,
            breached: ["password", "12345678", "qwerty123"].map(str::to_owned).to_vec(),
        }
    }
}

/// What a password has to be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct PasswordRules {
    /// Shortest password, in characters.
    pub min_length: usize,
    /// Longest password, in characters.
    pub max_length: usize,
    /// Needs a special character.
    pub special: bool,
    /// Needs a digit.
    pub numbers: bool,
    /// Needs an upper-case letter.
    pub uppercase: bool,
    /// Needs a lower-case letter.
    pub lowercase: bool,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { min_length: 8, max_length: 72, special: false, numbers: false, uppercase: false, lowercase: false }
    }
}

/// Passkeys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Passkeys {
    /// Whether they are in use.
    pub enabled: bool,
    /// Whether the identifier field offers them.
    pub autofill: bool,
    /// Whether the sign-in card has a button for them.
    pub button: bool,
    /// Relying party; the host of the request's `Origin` when absent.
    pub rp_id: Option<String>,
}

impl Default for Passkeys {
    fn default() -> Self {
        Self { enabled: false, autofill: true, button: true, rp_id: None }
    }
}

/// Second factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent settings")]
pub struct Mfa {
    /// Authenticator apps.
    pub totp: bool,
    /// Backup codes.
    pub backup_code: bool,
    /// Codes by SMS.
    pub phone_code: bool,
    /// Codes by e-mail.
    pub email_code: bool,
    /// Whether everybody needs a second factor.
    pub required: bool,
}

impl Default for Mfa {
    fn default() -> Self {
        Self { totp: true, backup_code: true, phone_code: false, email_code: false, required: false }
    }
}

/// An OAuth provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SocialProvider {
    /// The strategy, e.g. `oauth_google` or `oauth_custom_acme`.
    pub strategy: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Whether it can be used to sign in, or only to connect.
    #[serde(default = "yes")]
    pub authenticatable: bool,
    /// Whether a sign-up needs it.
    #[serde(default)]
    pub required: bool,
    /// Picture of a custom provider.
    #[serde(default)]
    pub logo_url: Option<String>,
}

fn yes() -> bool {
    true
}

impl SocialProvider {
    /// A provider that is switched on.
    pub fn new(strategy: impl Into<String>, name: impl Into<String>) -> Self {
        Self { strategy: strategy.into(), name: name.into(), authenticatable: true, required: false, logo_url: None }
    }
}

/// Enterprise connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct EnterpriseSso {
    /// The connections.
    pub connections: Vec<EnterpriseConnection>,
}

/// A connection to a company's identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EnterpriseConnection {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Domains of the addresses that belong to it.
    pub domains: Vec<String>,
    /// `saml` or `oauth`.
    #[serde(default = "saml")]
    pub protocol: String,
    /// Whether unknown people get an account on the way in.
    #[serde(default = "yes")]
    pub jit: bool,
    /// Organization (id, slug or name) that everybody who comes in by it becomes a member of.
    #[serde(default)]
    pub organization: Option<String>,
}

fn saml() -> String {
    "saml".to_owned()
}

impl EnterpriseConnection {
    /// Whether an address belongs to it.
    pub(crate) fn has(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
        domain.is_some_and(|domain| self.domains.iter().any(|one| one.eq_ignore_ascii_case(&domain)))
    }

    /// A connection for one domain.
    pub fn new(id: impl Into<String>, name: impl Into<String>, domain: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            domains: vec![domain.into()],
            protocol: saml(),
            jit: true,
            organization: None,
        }
    }
}

/// Who may sign up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SignUpSettings {
    /// `public`, `restricted` or `waitlist`.
    pub mode: String,
    /// Whether the terms have to be accepted.
    pub legal_consent: bool,
}

impl Default for SignUpSettings {
    fn default() -> Self {
        Self { mode: "public".to_owned(), legal_consent: false }
    }
}

/// Which identifiers are let in: addresses, numbers, or `*@domain`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Restrictions {
    /// Only these, when there are any.
    pub allowlist: Vec<String>,
    /// Not these.
    pub blocklist: Vec<String>,
    /// No `+` in the local part of addresses.
    pub block_subaddresses: bool,
}

/// Sessions of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Sessions {
    /// `single` or `multi`.
    pub mode: String,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { mode: "single".to_owned() }
    }
}

/// What users may do by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Actions {
    /// Delete their account.
    pub delete_self: bool,
    /// Create organizations.
    pub create_organization: bool,
    /// How many organizations; no limit when absent.
    pub organizations_limit: Option<usize>,
}

impl Default for Actions {
    fn default() -> Self {
        Self { delete_self: true, create_organization: true, organizations_limit: None }
    }
}

/// Lock-out and the like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct AttackProtection {
    /// Lock-out.
    pub lockout: Lockout,
    /// Whether unknown identifiers look like known ones.
    pub enumeration: bool,
    /// Whether e-mail links have to be opened where they were asked for.
    pub email_link_same_client: bool,
}

/// Lock-out after failed attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Lockout {
    /// Whether it is on.
    pub enabled: bool,
    /// Failed attempts until an account is locked.
    pub max_attempts: u32,
    /// How long it stays locked; 0 is until somebody unlocks it.
    pub minutes: u32,
}

impl Default for Lockout {
    fn default() -> Self {
        Self { enabled: true, max_attempts: 10, minutes: 60 }
    }
}

/// Organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
#[allow(clippy::struct_excessive_bools, reason = "independent settings")]
pub struct Organizations {
    /// Whether they are in use.
    pub enabled: bool,
    /// Most members and pending invitations; 0 is no limit.
    pub max_memberships: usize,
    /// Whether admins may delete an organization.
    pub admin_delete: bool,
    /// Whether every session needs one.
    pub force_selection: bool,
    /// Whether slugs are in use.
    pub slug: bool,
    /// Whether verified domains are in use.
    pub domains: bool,
    /// How people of a verified domain come in.
    pub enrollment_modes: Vec<String>,
    /// Custom roles, beside `org:admin` and `org:member`.
    pub roles: Vec<Role>,
}

impl Default for Organizations {
    fn default() -> Self {
        Self {
            enabled: true,
            max_memberships: 5,
            admin_delete: true,
            force_selection: false,
            slug: false,
            domains: true,
            enrollment_modes: ["manual_invitation", "automatic_invitation", "automatic_suggestion"]
                .map(str::to_owned)
                .to_vec(),
            roles: Vec::new(),
        }
    }
}

/// A role in organizations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Role {
    /// Key, e.g. `org:billing`.
    pub key: String,
    /// Name.
    pub name: String,
    /// Permissions, e.g. `org:invoices:create`.
    #[serde(default)]
    pub permissions: Vec<String>,
}

impl Role {
    /// A role with these permissions.
    pub fn new(key: impl Into<String>, name: impl Into<String>, permissions: &[&str]) -> Self {
        let permissions = permissions.iter().map(|permission| (*permission).to_owned()).collect();
        Self { key: key.into(), name: name.into(), permissions }
    }
}

/// Native clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct NativeApi {
    /// Whether native clients may use the instance.
    pub enabled: bool,
    /// Origins that may come together with `Authorization`; `loopback` stands for every loopback origin.
    pub allowed_origins: Vec<String>,
}

impl Default for NativeApi {
    fn default() -> Self {
        Self { enabled: true, allowed_origins: Vec::new() }
    }
}

/// Lifetimes, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Lifetimes {
    /// Session tokens.
    pub session_token_s: i64,
    /// Sessions.
    pub session_s: i64,
    /// Sign-in and sign-up attempts.
    pub attempt_s: i64,
    /// Codes, links, provider round trips, nonces and approvals.
    pub verification_s: i64,
    /// Invitations and tickets.
    pub invitation_s: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: i64 = 24 * 60 * 60;
        Self { session_token_s: 60, session_s: 7 * DAY, attempt_s: DAY, verification_s: 600, invitation_s: 30 * DAY }
    }
}

/// Codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct VerificationSettings {
    /// Wrong codes until a verification fails.
    pub max_attempts: u32,
    /// Seconds until a code can be asked for again, with `rate_limits`.
    pub resend_s: i64,
    /// Seconds in which the same request is answered without a new message.
    pub dedupe_s: i64,
}

impl Default for VerificationSettings {
    fn default() -> Self {
        Self { max_attempts: 5, resend_s: 30, dedupe_s: 2 }
    }
}

/// A template for tokens with an application's own claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct JwtTemplate {
    /// Name.
    pub name: String,
    /// Claims; `{{user.id}}` and the like are filled in.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Lifetime, in seconds.
    #[serde(default = "a_minute")]
    pub lifetime_s: i64,
}

fn a_minute() -> i64 {
    60
}

impl JwtTemplate {
    /// A template with these claims.
    pub fn new(name: impl Into<String>, claims: Map<String, Value>) -> Self {
        Self { name: name.into(), claims, lifetime_s: a_minute() }
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

fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
        Some(other) => serde_json::from_value(other).map(Some).map_err(serde::de::Error::custom),
    }
}

fn wrong(message: impl std::fmt::Display) -> ConfigError {
    ConfigError(message.to_string())
}

impl Config {
    /// Reads a JSON document. Its key `preset` names what it changes.
    ///
    /// # Errors
    /// When it is not JSON, or has an unknown key; the text names it.
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        Self::from_value(serde_json::from_str(text).map_err(wrong)?)
    }

    /// Reads a TOML document. Its key `preset` names what it changes.
    ///
    /// # Errors
    /// When it is not TOML, or has an unknown key; the text names it.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::from_value(toml::from_str(text).map_err(wrong)?)
    }

    fn from_value(mut changes: Value) -> Result<Self, ConfigError> {
        // `[[organizations]]` are organizations, `[organizations]` are the settings for them.
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
            Some(_) => return Err(wrong("`preset` has to be a name")),
        };
        let config = base.changed(&changes)?;
        config.check()?;
        Ok(config)
    }

    /// This configuration with a JSON merge patch applied.
    pub(crate) fn changed(&self, changes: &Value) -> Result<Self, ConfigError> {
        let mut value = serde_json::to_value(self).map_err(wrong)?;
        merge(&mut value, changes);
        serde_json::from_value(value).map_err(wrong)
    }

    /// Checks that somebody could sign in.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let one_of = |name: &str, value: &str, values: &[&str]| match values.contains(&value) {
            true => Ok(()),
            false => Err(wrong(format!("{name} = {value:?} is none of {}", values.join(", ")))),
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
        /// A hundred years, in seconds: sums of times and lifetimes stay far from overflowing.
        const LONGEST_S: i64 = 100 * 366 * 24 * 60 * 60;
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
            return Err(wrong(format!("{name} = {value} is not between 0 and {LONGEST_S}")));
        }
        if let Some(provider) = self.social.iter().find(|provider| !provider.strategy.starts_with("oauth_")) {
            return Err(wrong(format!("the strategy {:?} does not begin with oauth_", provider.strategy)));
        }
        let identifiers = &self.identifiers;
        let identified = identifiers.email.is_on() || identifiers.phone.is_on() || identifiers.username.is_on();
        if !identified && identifiers.web3.is_empty() && self.social.is_empty() {
            return Err(wrong("there is neither an identifier nor a provider, so nobody could sign in"));
        }
        let second = self.mfa.totp || self.mfa.phone_code || self.mfa.email_code;
        if self.mfa.required && !second {
            return Err(wrong("mfa.required needs a second factor that is switched on"));
        }
        if self.organizations.force_selection && !self.organizations.enabled {
            return Err(wrong("organizations.force_selection needs organizations.enabled"));
        }
        Ok(())
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

    /// The connection for the domain of an e-mail address.
    pub(crate) fn connections_for<'a>(&'a self, address: &str) -> impl Iterator<Item = &'a EnterpriseConnection> {
        let found: Vec<_> = self.enterprise_sso.connections.iter().filter(|one| one.has(address)).collect();
        found.into_iter()
    }

    /// The connection with this id.
    pub(crate) fn connection(&self, id: &str) -> Option<&EnterpriseConnection> {
        self.enterprise_sso.connections.iter().find(|connection| connection.id == id)
    }

    /// Wallet strategies, e.g. `web3_metamask_signature`.
    pub(crate) fn wallet_strategies(&self) -> Vec<String> {
        self.identifiers.web3.iter().map(|wallet| format!("web3_{wallet}_signature")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changes_its_preset() {
        let config =
            Config::from_toml("preset = \"waitlist\"\napplication_name = \"X\"\n[password.rules]\nmin_length = 12")
                .unwrap();
        assert_eq!((config.sign_up.mode.as_str(), config.password.rules.min_length), ("waitlist", 12));
        assert_eq!(config.application_name, "X");
        assert_eq!(config.lifetimes, Lifetimes::default());
    }

    #[test]
    fn a_seed_file_is_read() {
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
    fn an_unknown_key_is_named() {
        for text in ["pasword = {}", "[mfa]\ntotps = true", "preset = \"nope\""] {
            let message = Config::from_toml(text).unwrap_err().to_string();
            assert!(message.contains("pasword") || message.contains("totps") || message.contains("nope"), "{message}");
        }
    }

    #[test]
    fn what_lets_nobody_in_is_refused() {
        for text in [
            "social = []\n[identifiers]\nemail = \"off\"",
            "[mfa]\nrequired = true\ntotp = false",
            "[organizations]\nenabled = false\nforce_selection = true",
            "[sign_up]\nmode = \"closed\"",
            "[lifetimes]\nsession_s = 9223372036854775807",
            "[verification]\nresend_s = -1",
        ] {
            assert!(Config::from_toml(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_preset_is_sound() {
        for name in PRESETS {
            Config::preset(name).unwrap().check().unwrap();
        }
    }
}
