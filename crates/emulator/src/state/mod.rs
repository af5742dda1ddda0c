//! The state of the instance. Data only: the rules are in `ops`.

mod api_key;
mod attempt;
mod client;
mod history;
mod organization;
mod recent;
mod sweep;
mod user;
mod verification;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::{
    clock::Clock,
    config::{Config, Identity},
    faults::Faults,
    ids::Ids,
    log::Log,
};

pub(crate) use api_key::ApiKey;
pub(crate) use attempt::{SignIn, SignInStatus, SignUp, protect_token};
pub(crate) use client::{Client, Reverification, Session, SessionStatus};
pub(crate) use history::History;
pub(crate) use organization::{
    Domain, Invitation, Member, MembershipRequest, Organization, RequestStatus, Suggestion, Unverifiable,
};
pub(crate) use recent::Recent;
pub(crate) use user::{
    EnterpriseAccount, ExternalAccount, Identification, Kind, Passkey, PasswordHash, Picture, Totp, User,
};
pub(crate) use verification::{Verification, VerificationStatus};

/// The instance.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) users: BTreeMap<String, User>,
    /// IDs of the owners of verified identifiers, by normal form.
    pub(crate) owners: HashMap<(Kind, String), String>,
    /// IDs of the users connected with identities, by strategy and ID at the provider.
    pub(crate) connected: HashMap<(String, String), String>,
    pub(crate) organizations: BTreeMap<String, Organization>,
    pub(crate) clients: BTreeMap<String, Client>,
    /// Deleted clients, whose tokens are invalid, and the time of their deletion.
    pub(crate) deleted_clients: HashMap<String, i64>,
    /// ID of the client of each session.
    pub(crate) session_clients: HashMap<String, String>,
    pub(crate) dev_browsers: HashMap<String, DevBrowser>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) messages: Vec<Message>,
    pub(crate) provider_flows: HashMap<String, ProviderFlow>,
    pub(crate) nonces: HashMap<String, Nonce>,
    pub(crate) links: HashMap<String, Link>,
    pub(crate) tickets: HashMap<String, Ticket>,
    pub(crate) hosted: HashMap<String, Hosted>,
    pub(crate) waitlist: Vec<WaitlistEntry>,
    /// The oldest first.
    pub(crate) api_keys: Vec<ApiKey>,
    /// The issued client tokens, for tests that search for them.
    pub(crate) issued_tokens: Vec<String>,
    pub(crate) history: History,
    /// Requests since the last sweep.
    pub(crate) requests_since_sweep: u32,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
    pub(crate) recent: Recent,
}

/// A browser of a development instance, identified by a parameter instead of a cookie.
#[derive(Debug, Clone)]
pub(crate) struct DevBrowser {
    pub(crate) client_id: Option<String>,
    pub(crate) made_at: i64,
}

/// A flow to an OAuth or enterprise provider and back.
#[derive(Debug, Clone)]
pub(crate) struct ProviderFlow {
    pub(crate) strategy: String,
    pub(crate) client_id: String,
    pub(crate) native: bool,
    pub(crate) purpose: Purpose,
    /// ID of the enterprise connection.
    pub(crate) connection_id: Option<String>,
    pub(crate) redirect_url: String,
    pub(crate) complete_redirect_url: Option<String>,
    pub(crate) expire_at: i64,
    /// The decision on the provider's page, and its code.
    pub(crate) decision: Option<(String, Decision)>,
}

/// The purpose of a provider flow or of a link in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    SignIn(String),
    SecondFactor(String),
    SignUp(String),
    /// Connecting an account: the user and the external account.
    Connect {
        user_id: String,
        account_id: String,
    },
    /// Verifying an identification of a user.
    Identification {
        user_id: String,
        id: String,
    },
}

/// A decision on the provider's page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Approves with this identity.
    Approve(Identity),
    /// Denies.
    Deny,
    /// The provider fails with this error code.
    Fail(String),
}

/// A one-time nonce for fetching a rotated client token.
#[derive(Debug, Clone)]
pub(crate) struct Nonce {
    pub(crate) client_id: String,
    pub(crate) expire_at: i64,
}

/// A link in an e-mail.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) client_id: String,
    pub(crate) purpose: Purpose,
    /// ID of the verification; a newer one makes the link stale.
    pub(crate) verification_id: String,
    pub(crate) redirect_url: Option<String>,
    pub(crate) expire_at: i64,
    /// Redirect URI and PKCE challenge of a native magic link.
    pub(crate) magic: Option<Magic>,
    /// The result of the first opening.
    pub(crate) opened: Option<Vec<(&'static str, String)>>,
}

/// The native part of a magic link.
#[derive(Debug, Clone)]
pub(crate) struct Magic {
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    /// The approval token.
    pub(crate) approval: Option<String>,
    pub(crate) consumed: bool,
}

/// A ticket: it signs in, invites, or both.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ticket {
    pub(crate) id: String,
    /// `sign_in`, `invitation`, `organization_invitation` or `actor`.
    pub(crate) kind: String,
    pub(crate) user_id: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) invitation: Option<(String, String)>,
    pub(crate) actor: Option<serde_json::Value>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) skip_mfa: bool,
    pub(crate) expire_at: i64,
    pub(crate) used: bool,
    pub(crate) revoked: bool,
}

/// A sign-in on the Account Portal for an app.
#[derive(Debug, Clone)]
pub(crate) struct Hosted {
    pub(crate) client_id: String,
    pub(crate) redirect_url: String,
    pub(crate) code_challenge: String,
    pub(crate) state: String,
    pub(crate) sign_up: bool,
    pub(crate) expire_at: i64,
    pub(crate) done: Option<HostedSession>,
}

/// A session that waits for the app to redeem it.
#[derive(Debug, Clone)]
pub(crate) struct HostedSession {
    pub(crate) id: String,
    pub(crate) user_id: String,
    /// The strategy that signed the user in.
    pub(crate) strategy: String,
    pub(crate) second_factor: bool,
    pub(crate) nonce: String,
}

/// An entry of the waitlist.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct WaitlistEntry {
    pub(crate) id: String,
    pub(crate) email_address: String,
    pub(crate) status: &'static str,
    pub(crate) created_at: i64,
}

/// The channel of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Channel {
    /// E-mail.
    Email,
    /// SMS.
    Sms,
    /// WhatsApp.
    Whatsapp,
}

/// A message in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// Identifier.
    pub id: String,
    /// Time of sending, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Channel.
    pub channel: Channel,
    /// Recipient.
    pub to: String,
    /// Kind, e.g. `sign_in_code`.
    pub kind: &'static str,
    /// Subject.
    pub subject: String,
    /// Code in the message.
    pub code: Option<String>,
    /// Link in the message.
    pub link: Option<String>,
    /// ID of the sign-in, sign-up or identification that it belongs to.
    pub attempt: String,
    /// Whether the recipient is a test identifier.
    pub test: bool,
}

impl World {
    /// Creates an instance without users.
    pub(crate) fn empty(config: Config, base_url: String) -> Self {
        Self {
            ids: Ids::new(config.seed),
            base_url,
            clock: Clock::default(),
            users: BTreeMap::new(),
            owners: HashMap::new(),
            connected: HashMap::new(),
            organizations: BTreeMap::new(),
            clients: BTreeMap::new(),
            deleted_clients: HashMap::new(),
            session_clients: HashMap::new(),
            dev_browsers: HashMap::new(),
            identities: config.identities.clone(),
            messages: Vec::new(),
            provider_flows: HashMap::new(),
            nonces: HashMap::new(),
            links: HashMap::new(),
            tickets: HashMap::new(),
            hosted: HashMap::new(),
            waitlist: Vec::new(),
            api_keys: Vec::new(),
            issued_tokens: Vec::new(),
            history: History::default(),
            requests_since_sweep: 0,
            log: Log::default(),
            faults: Faults::default(),
            recent: Recent::default(),
            config,
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Returns the expiry of a code, link, provider flow or nonce created now.
    pub(crate) fn verification_end(&self) -> i64 {
        self.now_ms() + self.config.lifetimes.verification_s * 1000
    }

    /// Returns the expiry of a sign-in or sign-up created now.
    pub(crate) fn attempt_end(&self) -> i64 {
        self.now_ms() + self.config.lifetimes.attempt_s * 1000
    }
}
