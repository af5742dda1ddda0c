//! All that the instance remembers. Only data: the rules are in `ops`.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    clock::Clock,
    config::{Config, Identity},
    error::Refusal,
    faults::Faults,
    ids::Ids,
    log::Log,
};

/// The instance.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) clients: HashMap<String, Client>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) messages: Vec<Message>,
    pub(crate) round_trips: HashMap<String, RoundTrip>,
    pub(crate) nonces: HashMap<String, Nonce>,
    /// Every client token that was given out, for tests that search for them.
    pub(crate) issued_tokens: Vec<String>,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
}

/// A person with an account.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) emails: Vec<Email>,
    pub(crate) primary_email: Option<String>,
    pub(crate) external_accounts: Vec<ExternalAccount>,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) unsafe_metadata: Map<String, Value>,
    pub(crate) banned: bool,
    pub(crate) last_sign_in_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// A salted hash of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash {
    pub(crate) salt: String,
    pub(crate) hash: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Email {
    pub(crate) id: String,
    pub(crate) address: String,
    pub(crate) verification: Verification,
    pub(crate) linked_to: Vec<(String, String)>,
    pub(crate) created_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct ExternalAccount {
    pub(crate) id: String,
    pub(crate) identification_id: String,
    pub(crate) identity: Identity,
    pub(crate) created_at: i64,
}

/// A membership; organizations have no life of their own yet.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) id: String,
    pub(crate) organization_id: String,
    pub(crate) organization_name: String,
    pub(crate) organization_slug: String,
    pub(crate) created_at: i64,
}

/// The state of one verification.
#[derive(Debug, Clone)]
pub(crate) struct Verification {
    pub(crate) strategy: String,
    pub(crate) status: VerificationStatus,
    pub(crate) attempts: u32,
    pub(crate) expire_at: Option<i64>,
    pub(crate) code: Option<String>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) error: Option<Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerificationStatus {
    Unverified,
    Verified,
    Transferable,
    Failed,
    Expired,
}

/// A device.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) rotating_token: String,
    pub(crate) sessions: Vec<Session>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) sign_up: Option<SignUp>,
    pub(crate) last_active_session_id: Option<String>,
    pub(crate) last_authentication_strategy: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) status: SessionStatus,
    pub(crate) organization_id: Option<String>,
    pub(crate) expire_at: i64,
    pub(crate) last_active_at: i64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    Active,
    Ended,
    Expired,
    Replaced,
    Revoked,
}

#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    pub(crate) id: String,
    pub(crate) status: SignInStatus,
    pub(crate) identifier: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) first_factor: Option<Verification>,
    /// The address that a code or link went to.
    pub(crate) email_id: Option<String>,
    /// The identity at the provider, for a transfer.
    pub(crate) identity: Option<Identity>,
    pub(crate) created_session_id: Option<String>,
    pub(crate) abandon_at: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInStatus {
    NeedsIdentifier,
    NeedsFirstFactor,
    NeedsNewPassword,
    Complete,
}

#[derive(Debug, Clone)]
pub(crate) struct SignUp {
    pub(crate) id: String,
    pub(crate) complete: bool,
    pub(crate) email_address: Option<String>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) unsafe_metadata: Map<String, Value>,
    pub(crate) email: Option<Verification>,
    pub(crate) external_account: Option<Verification>,
    pub(crate) identity: Option<Identity>,
    pub(crate) created_session_id: Option<String>,
    pub(crate) created_user_id: Option<String>,
    pub(crate) abandon_at: i64,
}

/// A trip to a provider.
#[derive(Debug, Clone)]
pub(crate) struct RoundTrip {
    pub(crate) strategy: String,
    pub(crate) client_id: String,
    pub(crate) attempt: Attempt,
    pub(crate) redirect_url: String,
    pub(crate) complete_redirect_url: Option<String>,
    pub(crate) expire_at: i64,
    /// What the person decided on the provider's page, and the code that stands for it.
    pub(crate) answer: Option<(String, Answer)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Attempt {
    SignIn(String),
    SignUp(String),
}

/// What a person decided on the provider's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Approved(Identity),
    Denied,
    Failed(String),
}

/// A one-use handle on a rotated client token.
#[derive(Debug, Clone)]
pub(crate) struct Nonce {
    pub(crate) client_id: String,
    pub(crate) expire_at: i64,
}

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Channel {
    /// E-mail.
    Email,
}

/// A message in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// Identifier.
    pub id: String,
    /// When it was sent, in milliseconds since the Unix epoch.
    pub at: i64,
    /// How it travels.
    pub channel: Channel,
    /// Recipient.
    pub to: String,
    /// What it is for, e.g. `sign_in_code`.
    pub kind: &'static str,
    /// Subject.
    pub subject: String,
    /// The code that it carries.
    pub code: Option<String>,
    /// The sign-in or sign-up that it belongs to.
    pub attempt: String,
}

impl World {
    pub(crate) fn new(config: Config, base_url: String) -> Self {
        let mut world = Self {
            ids: Ids::new(config.seed),
            base_url,
            clock: Clock::default(),
            users: BTreeMap::new(),
            clients: HashMap::new(),
            identities: config.identities.clone(),
            messages: Vec::new(),
            round_trips: HashMap::new(),
            nonces: HashMap::new(),
            issued_tokens: Vec::new(),
            log: Log::default(),
            faults: Faults::default(),
            config,
        };
        for user in world.config.users.clone() {
            world.add_user(&user);
        }
        world
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// When something of the lifetime of codes, trips and nonces expires.
    pub(crate) fn verification_end(&self) -> i64 {
        self.now_ms() + self.config.verification_s * 1000
    }

    /// The user who owns this verified e-mail address.
    pub(crate) fn user_by_email(&self, address: &str) -> Option<&User> {
        self.users.values().find(|user| {
            user.emails.iter().any(|email| {
                email.verification.status == VerificationStatus::Verified && email.address.eq_ignore_ascii_case(address)
            })
        })
    }

    /// The user who is connected with this identity.
    pub(crate) fn user_by_identity(&self, identity: &Identity) -> Option<&User> {
        self.users.values().find(|user| {
            user.external_accounts
                .iter()
                .any(|account| account.identity.strategy == identity.strategy && account.identity.id() == identity.id())
        })
    }
}

impl User {
    pub(crate) fn full_name(&self) -> String {
        [&self.first_name, &self.last_name].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn primary_address(&self) -> Option<&str> {
        let primary = self.primary_email.as_ref();
        self.emails.iter().find(|email| Some(&email.id) == primary).map(|email| email.address.as_str())
    }
}

impl SessionStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }
}

impl Client {
    /// The signed-in session with this id.
    pub(crate) fn active_session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id && session.status == SessionStatus::Active)
    }

    pub(crate) fn any_active_session(&self) -> Option<&Session> {
        self.sessions.iter().find(|session| session.status == SessionStatus::Active)
    }
}
