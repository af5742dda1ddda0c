//! The handle on a running emulator.

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
    /// Starts a server on loopback, on the configured port or a free one.
    ///
    /// # Errors
    /// Returns an error if the port is taken or the configuration is invalid.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        config.check().map_err(|error: ConfigError| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(World::new(config, base_url)));
        let server = tokio::spawn(http::run(listener, shared.clone()));
        Ok(Self { shared, server })
    }

    /// Returns the base URL, e.g. `http://127.0.0.1:4010`. Use it as `proxyUrl`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.shared.world().base_url.clone()
    }

    /// Returns a publishable key for this server.
    #[must_use]
    pub fn publishable_key(&self) -> String {
        publishable_key(&self.base_url())
    }

    /// Adds a user and returns the user's ID.
    pub fn add_user(&self, user: NewUser) -> String {
        self.shared.world().add_user(&user)
    }

    /// Bans or unbans a user. Returns `false` if the user does not exist.
    pub fn set_banned(&self, user_id: &str, banned: bool) -> bool {
        self.shared.world().users.get_mut(user_id).map(|user| user.banned = banned).is_some()
    }

    /// Adds an identity at a provider.
    pub fn add_identity(&self, identity: Identity) {
        self.shared.world().identities.push(identity);
    }

    /// Changes the configuration, starting with the next request.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        change(&mut self.shared.world().config);
    }

    /// Returns the messages in the inbox, oldest first.
    #[must_use]
    pub fn inbox(&self) -> Vec<Message> {
        self.shared.world().messages.clone()
    }

    /// Returns the newest code sent to an address.
    #[must_use]
    pub fn latest_code(&self, to: &str) -> Option<String> {
        self.shared.world().messages.iter().rev().find(|message| message.to == to)?.code.clone()
    }

    /// Returns the logged requests to FAPI, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Entry> {
        self.shared.world().log.entries().cloned().collect()
    }

    /// Returns the number of open connections. Without one, no request is being carried out.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections()
    }

    /// Clears the request log.
    pub fn clear_requests(&self) {
        self.shared.world().log.clear();
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.add(fault);
    }

    /// Removes all faults and releases held responses.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
        self.release();
    }

    /// Releases the responses that [`Hold`](crate::Action::Hold) holds now. Requests that are already in the log are
    /// included.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Advances the clock.
    pub fn advance_clock(&self, by: std::time::Duration) {
        self.shared.world().clock.advance(u64::try_from(by.as_millis()).unwrap_or(u64::MAX));
    }

    /// Freezes the clock at the current time.
    pub fn freeze_clock(&self) {
        self.shared.world().clock.freeze();
    }

    /// Revokes a session, as another device would. Returns `false` if the session does not exist.
    pub fn revoke_session(&self, id: &str) -> bool {
        self.shared.world().revoke_session(id)
    }

    /// Returns every client token issued so far, for tests that search for leaks.
    #[must_use]
    pub fn issued_client_tokens(&self) -> Vec<String> {
        self.shared.world().issued_tokens.clone()
    }

    /// Returns the state as JSON, without tokens and passwords.
    #[must_use]
    pub fn state(&self) -> Value {
        control::state(&self.shared.world())
    }

    /// Decides on the provider's page `page` and follows the redirects. Returns the app's callback URL.
    ///
    /// # Errors
    /// Returns Clerk's code, e.g. `oauth_callback_invalid` if the page was used before.
    pub fn decide(&self, page: &str, decision: Decision) -> Result<Url, String> {
        self.shared.world().decide_on_page(page, decision)
    }

    /// Records the responses in the log from now on. They contain session tokens.
    pub fn record_answers(&self) {
        self.shared.record_responses();
    }

    /// Adds an organization and returns its ID.
    pub fn add_organization(&self, organization: NewOrganization) -> String {
        self.shared.world().add_organization(&organization)
    }

    /// Returns the code that a user's authenticator app shows now.
    #[must_use]
    pub fn totp_code(&self, user_id: &str) -> Option<String> {
        let world = self.shared.world();
        let totp = world.users.get(user_id)?.totp.as_ref()?;
        totp_code(&totp.secret, totp_step(world.clock.now_s()))
    }

    /// Returns the newest link sent to an address.
    #[must_use]
    pub fn latest_link(&self, to: &str) -> Option<String> {
        self.shared.world().messages.iter().rev().find(|message| message.to == to)?.link.clone()
    }

    /// Handles a request of the control API, e.g. `control("POST", "users/user_1/ban", &json!({}))`. Returns status and
    /// body.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = Params::parse(query.as_bytes());
        let mut world = self.shared.world();
        let body = body.to_string();
        let response = control::handle(&self.shared, &mut world, method, path, &query, body.as_bytes());
        (response.status, response.body)
    }

    /// Returns the sizes of all collections, for tests that look for unbounded growth.
    #[must_use]
    pub fn sizes(&self) -> BTreeMap<&'static str, usize> {
        self.shared.world().sizes()
    }

    /// Takes a snapshot of the whole state and returns its name. The newest 16 are kept.
    #[must_use]
    pub fn snapshot(&self) -> String {
        self.shared.snapshot(&self.shared.world())
    }

    /// Restores a snapshot. Returns `false` if it does not exist.
    pub fn restore(&self, snapshot: &str) -> bool {
        self.shared.restore(&mut self.shared.world(), snapshot)
    }

    /// Returns method, path with `{}` for its arguments, and name of every operation.
    pub fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        http::operations()
    }

    /// Returns the names of the form fields that an operation accepts.
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
