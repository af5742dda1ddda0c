//! The running emulator, for tests and for the binary.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

use crate::{
    Config, Entry, Fault, Identity, Message, NewOrganization, NewUser,
    config::ConfigError,
    control, http,
    ops::{
        crypto::{totp_code, totp_step},
        params::Params,
    },
    shared::Shared,
    state::{Decision, World},
    tokens::publishable_key,
};

/// A running emulator. Dropping it stops the server.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl Emulator {
    /// Starts a server on loopback; its port is the configured one, or a free one.
    ///
    /// # Errors
    /// When the port is taken, or the configuration makes no sense.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        config.check().map_err(|error: ConfigError| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(World::new(config, base_url)));
        let server = tokio::spawn(http::run(listener, shared.clone()));
        Ok(Self { shared, server })
    }

    /// Where it listens, e.g. `http://127.0.0.1:4010`. Give this as `proxyUrl`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.shared.world().base_url.clone()
    }

    /// A publishable key that names this server.
    #[must_use]
    pub fn publishable_key(&self) -> String {
        publishable_key(&self.base_url())
    }

    /// Gives somebody an account, and returns the user's id.
    pub fn add_user(&self, user: NewUser) -> String {
        self.shared.world().add_user(&user)
    }

    /// Bans a user or lifts the ban. False when there is no such user.
    pub fn set_banned(&self, user_id: &str, banned: bool) -> bool {
        self.shared.world().users.get_mut(user_id).map(|user| user.banned = banned).is_some()
    }

    /// Adds an identity at a provider.
    pub fn add_identity(&self, identity: Identity) {
        self.shared.world().identities.push(identity);
    }

    /// Changes the configuration; the next request sees it.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(&mut self.shared.world().config);
    }

    /// Everything in the inbox, oldest first.
    #[must_use]
    pub fn inbox(&self) -> Vec<Message> {
        self.shared.world().messages.clone()
    }

    /// The newest code that was sent to an address.
    #[must_use]
    pub fn latest_code(&self, to: &str) -> Option<String> {
        self.shared.world().messages.iter().rev().find(|message| message.to == to)?.code.clone()
    }

    /// What was asked of FAPI, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Entry> {
        self.shared.world().log.entries().cloned().collect()
    }

    /// Forgets what was asked.
    pub fn clear_requests(&self) {
        self.shared.world().log.clear();
    }

    /// Makes requests misbehave.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.add(fault);
    }

    /// Ends all misbehaviour, and lets held answers go.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
        self.release();
    }

    /// Lets the answers go that a [`Hold`](crate::Action::Hold) holds at this moment. None that is in the log by then
    /// misses it.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Moves the clock forward.
    pub fn advance_clock(&self, by: std::time::Duration) {
        self.shared.world().clock.advance(u64::try_from(by.as_millis()).unwrap_or(u64::MAX));
    }

    /// Stops the clock where it is.
    pub fn freeze_clock(&self) {
        self.shared.world().clock.freeze();
    }

    /// Ends a session from elsewhere. False when there is no such session.
    pub fn revoke_session(&self, id: &str) -> bool {
        self.shared.world().revoke_session(id)
    }

    /// Every client token that was ever given out, for tests that search for leaks.
    #[must_use]
    pub fn issued_client_tokens(&self) -> Vec<String> {
        self.shared.world().issued_tokens.clone()
    }

    /// The whole state as JSON, for assertions and reports. It holds no tokens and no passwords.
    #[must_use]
    pub fn state(&self) -> Value {
        control::state(&self.shared.world())
    }

    /// Plays the person on the provider's page `page`, and the browser that follows to the end. Returns the URL that the
    /// app is called back with.
    ///
    /// # Errors
    /// Clerk's code, e.g. `oauth_callback_invalid` when the page was used already.
    pub fn decide(&self, page: &str, decision: Decision) -> Result<Url, String> {
        self.shared.world().play(page, decision)
    }

    /// Keeps the answers in the log from now on, for tests that look at them. They hold session tokens.
    pub fn record_answers(&self) {
        self.shared.record_answers();
    }

    /// Gives an organization its life, and returns its id.
    pub fn add_organization(&self, organization: NewOrganization) -> String {
        self.shared.world().add_organization(&organization)
    }

    /// The code that a user's authenticator app shows now.
    #[must_use]
    pub fn totp_code(&self, user_id: &str) -> Option<String> {
        let world = self.shared.world();
        let totp = world.users.get(user_id)?.totp.as_ref()?;
        totp_code(&totp.secret, totp_step(world.clock.now_s()))
    }

    /// The newest link that was sent to an address.
    #[must_use]
    pub fn latest_link(&self, to: &str) -> Option<String> {
        self.shared.world().messages.iter().rev().find(|message| message.to == to)?.link.clone()
    }

    /// Carries out a request of the control API, e.g. `control("POST", "users/user_1/ban", &json!({}))`: status and body.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = Params::parse(query.as_bytes());
        let mut world = self.shared.world();
        let body = body.to_string();
        let answer = control::handle(&self.shared, &mut world, method, path, &query, body.as_bytes());
        (answer.status, answer.body)
    }

    /// How many there are of everything that could grow, for tests that look for growth without end.
    #[must_use]
    pub fn sizes(&self) -> BTreeMap<&'static str, usize> {
        self.shared.world().sizes()
    }

    /// Keeps the whole state, and returns a name for it. The newest sixteen are kept.
    #[must_use]
    pub fn snapshot(&self) -> String {
        self.shared.keep(&self.shared.world())
    }

    /// Goes back to a state that was kept. False when there is none of this name.
    pub fn restore(&self, snapshot: &str) -> bool {
        self.shared.restore(&mut self.shared.world(), snapshot)
    }

    /// Method, path with `{}` for its arguments, and name of every operation that is played.
    pub fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        http::operations()
    }

    /// Names of the form fields that an operation accepts.
    #[must_use]
    pub fn fields(operation: &str) -> &'static [&'static str] {
        http::fields(operation)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}
