//! The running emulator, for tests and for the binary.

use std::{
    collections::{BTreeMap, VecDeque},
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::Engine;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use url::Url;

use crate::{
    Config, Entry, Fault, Identity, Message, NewOrganization, NewUser,
    config::ConfigError,
    http,
    ops::{
        crypto::{totp_code, totp_step},
        params::Params,
    },
    state::{ProviderAnswer, World},
};

/// What a person does on the provider's page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Approves, as this identity.
    Approve(Identity),
    /// Denies.
    Deny,
    /// The provider breaks, with this error code.
    Fail(String),
}

/// A running emulator. Dropping it stops the server.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// What requests and tests share.
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Counts the releases of held answers.
    released: watch::Sender<u64>,
    records_answers: AtomicBool,
    snapshots: Mutex<Snapshots>,
}

/// States that were kept.
#[derive(Default)]
struct Snapshots {
    made: u64,
    kept: VecDeque<(u64, World)>,
}

/// Snapshots that are kept; an older one is forgotten.
const SNAPSHOTS: usize = 16;

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    /// The instance. One request is one transaction: the lock is held while it is carried out.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn records_answers(&self) -> bool {
        self.records_answers.load(Ordering::Relaxed)
    }

    /// Lets every answer go that is held now.
    pub(crate) fn release(&self) {
        self.released.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Tells of releases from now on.
    pub(crate) fn releases(&self) -> watch::Receiver<u64> {
        self.released.subscribe()
    }

    /// Keeps the whole state, and returns a name for it.
    pub(crate) fn keep(&self, world: &World) -> String {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.made += 1;
        let name = snapshots.made;
        snapshots.kept.push_back((name, world.clone()));
        if snapshots.kept.len() > SNAPSHOTS {
            snapshots.kept.pop_front();
        }
        name.to_string()
    }

    /// Goes back to a state that was kept. False when there is none of this name.
    pub(crate) fn restore(&self, world: &mut World, id: &str) -> bool {
        let snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = id.parse::<u64>().ok();
        let kept = snapshots.kept.iter().find(|(name, _)| Some(*name) == wanted);
        let found = kept.map(|(_, kept)| *world = kept.clone()).is_some();
        if found {
            // What is held belongs to a state that is gone.
            self.release();
        }
        found
    }
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
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(config, base_url)),
            released: watch::Sender::new(0),
            records_answers: AtomicBool::new(false),
            snapshots: Mutex::default(),
        });
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
        crate::control::state(&self.shared.world())
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
        self.shared.records_answers.store(true, Ordering::Relaxed);
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
        let answer = crate::control::handle(&self.shared, &mut world, method, path, &query, body.as_bytes());
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

impl World {
    /// What a decision on the provider's page leads to.
    pub(crate) fn play(&mut self, page: &str, decision: Decision) -> Result<Url, String> {
        let state = Url::parse(page)
            .ok()
            .and_then(|url| url.query_pairs().find(|(key, _)| key == "state").map(|(_, value)| value.into_owned()))
            .ok_or("oauth_callback_invalid")?;
        let answer = match decision {
            Decision::Approve(identity) => ProviderAnswer::Approved(identity),
            Decision::Deny => ProviderAnswer::Denied,
            Decision::Fail(code) => ProviderAnswer::Failed(code),
        };
        let callback = self.decide(&state, answer).map_err(|refusal| refusal.code)?;
        let query = callback.split_once('?').map(|(_, query)| query).unwrap_or_default();
        self.oauth_callback(&Params::parse(query.as_bytes())).map(|back| back.target).map_err(|refusal| refusal.code)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// `pk_test_` and the base64 of the host with a dollar sign behind it.
pub(crate) fn publishable_key(base_url: &str) -> String {
    let host = base_url.trim_start_matches("http://");
    format!("pk_test_{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(format!("{host}$")))
}
