//! The handle that Rust code holds, and the way of every call through it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use url::Url;

use super::{
    CallbackUrl, ClerkOptions,
    flows::{oauth::RedirectOutcome, pending::PendingFlows, round_trip::random_text},
    listeners::Listeners,
    ordering::{OrderGate, Stamp},
    session_token::TokenCache,
    state::{Snapshot, Transition},
};
use crate::{
    error::{Error, ErrorCode, Result},
    fapi::{self, Credentials, Fapi, InstanceOptions, Reply, Request, session::TouchIntent},
    models::{Client, SessionId, wire::Wire},
    ports::{
        Browser, CacheStore, Clock, Event, EventSink, SecretKey, SecretStore, StoreError, TokenUpdate, Transport,
        Wallet,
    },
    secret::{ClientToken, StoredSecret},
};

/// The SDK that the app uses, as `Clerk.sdkMetadata` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SdkMetadata {
    /// Name of the package.
    pub name: String,
    /// Version of the package.
    pub version: String,
    /// `development` or `production`: how the app was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[specta(optional)]
    pub environment: Option<String>,
}

impl Default for SdkMetadata {
    fn default() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: crate::VERSION.to_owned(),
            environment: Some(if cfg!(debug_assertions) { "development" } else { "production" }.to_owned()),
        }
    }
}

/// Everything that a [`Clerk`] is made of.
#[non_exhaustive]
pub struct ClerkSetup {
    /// The instance; a key may also come with [`Clerk::load`].
    pub instance: InstanceOptions,
    /// Where browser flows come back to, or why that is not known.
    pub callback: Result<CallbackUrl>,
    /// Options; those that [`Clerk::load`] and windows give win, field by field.
    pub options: ClerkOptions,
    /// Address of the app's start page; relative URLs are read against it.
    pub app_url: Url,
    /// Chooses the session that the app begins with; by default the one that was active last, else the first.
    pub select_initial_session: Option<SelectInitialSession>,
    /// The SDK that the app uses.
    pub sdk_metadata: SdkMetadata,
    /// `User-Agent` of requests; FAPI shows it in the list of the user's devices.
    pub user_agent: String,
    /// Language of messages, e.g. `en-US`.
    pub locale: Option<String>,
    /// How long a browser flow may take.
    pub oauth_timeout: Duration,
    /// Sends requests.
    pub transport: Arc<dyn Transport>,
    /// Keeps the client token.
    pub secrets: Arc<dyn SecretStore>,
    /// Keeps the last known state, sealed by a key that `secrets` holds; without one the app starts empty and needs FAPI.
    pub cache: Option<Arc<dyn CacheStore>>,
    /// Opens pages.
    pub browser: Arc<dyn Browser>,
    /// Signs with a wallet; without one, web3 strategies are refused.
    pub wallet: Option<Arc<dyn Wallet>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Hears of changes.
    pub events: Arc<dyn EventSink>,
}

impl std::fmt::Debug for ClerkSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClerkSetup")
            .field("instance", &self.instance)
            .field("callback", &self.callback)
            .finish_non_exhaustive()
    }
}

/// Chooses the session that the app begins with; `None` for nobody.
///
/// Source: `ClerkOptions.selectInitialSession`.
pub type SelectInitialSession = Arc<dyn Fn(&Client) -> Option<SessionId> + Send + Sync>;

/// Where Tauri serves apps.
pub(crate) fn default_app_url() -> Url {
    #[allow(clippy::expect_used, reason = "a constant that parses; the tests of urls.rs read it as well")]
    Url::parse(if cfg!(windows) { "http://tauri.localhost/" } else { "tauri://localhost/" }).expect("a valid URL")
}

/// Three minutes, as in Clerk's Electron SDK.
pub(crate) const DEFAULT_OAUTH_TIMEOUT: Duration = Duration::from_secs(180);

/// What Clerk's documentation says of `polling`.
const POLLING_INTERVAL: Duration = Duration::from_secs(5 * 60);

impl ClerkSetup {
    /// A setup with these ports and defaults for the rest.
    #[must_use]
    pub fn new(
        transport: Arc<dyn Transport>,
        secrets: Arc<dyn SecretStore>,
        browser: Arc<dyn Browser>,
        clock: Arc<dyn Clock>,
        events: Arc<dyn EventSink>,
    ) -> Self {
        Self {
            instance: InstanceOptions::default(),
            callback: Err(ErrorCode::RedirectUrlInvalid.error("no redirect URL is configured")),
            options: ClerkOptions::default(),
            app_url: default_app_url(),
            select_initial_session: None,
            sdk_metadata: SdkMetadata::default(),
            user_agent: format!("{}/{}", env!("CARGO_PKG_NAME"), crate::VERSION),
            locale: None,
            oauth_timeout: DEFAULT_OAUTH_TIMEOUT,
            transport,
            secrets,
            cache: None,
            browser,
            wallet: None,
            clock,
            events,
        }
    }
}

/// Clerk, for Rust code. Cheap to clone; all clones are the same.
///
/// In a Tauri app get it with [`ClerkExt::clerk`](crate::ClerkExt::clerk) or as `tauri::State<'_, clerk::Clerk>`.
#[derive(Clone)]
pub struct Clerk(pub(super) Arc<Inner>);

impl std::fmt::Debug for Clerk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Clerk").field(&self.snapshot()).finish()
    }
}

pub(super) struct Inner {
    pub(super) setup: ClerkSetup,
    fapi: Mutex<Option<Arc<Fapi>>>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    identity: Mutex<Identity>,
    /// Held while a change is made durable and visible: changes happen one after the other.
    writer: tokio::sync::Mutex<()>,
    /// Held by the request that makes FAPI create the client, so that two don't make it create two.
    first_contact: tokio::sync::Mutex<()>,
    /// Held by a load: calls that overlap share it.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// Held by `set_active` and `sign_out`, which must not overlap.
    pub(super) switching: tokio::sync::Mutex<()>,
    pub(super) tokens: TokenCache,
    pub(super) listeners: Listeners,
    pub(super) pending: PendingFlows,
    /// Held while the record of the pending flow is written or deleted.
    pub(super) record: tokio::sync::Mutex<()>,
    /// Whether the active session is still the one that loading chose.
    pub(super) begun_with_default: AtomicBool,
    /// Whether the client is being read again after a refusal: many refusals at the same time need that once.
    settling: AtomicBool,
    /// What developers were told, by code.
    notices: Mutex<BTreeMap<&'static str, String>>,
    /// Tells this run of the app from those before it.
    pub(super) run: String,
    /// The outcome of a flow that finished with nobody waiting for it.
    pub(super) unclaimed_outcome: Mutex<Option<RedirectOutcome>>,
}

/// Who this device is to FAPI.
#[derive(Default)]
struct Identity {
    gate: OrderGate,
    token: Option<ClientToken>,
}

/// A lock that a panicking thread left behind holds valid data: every critical section here is a plain assignment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clerk {
    /// Makes the handle. Nothing is sent before [`load`](Self::load).
    #[must_use]
    pub fn new(setup: ClerkSetup) -> Self {
        let initial = Arc::new(Snapshot::initial(setup.sdk_metadata.clone(), setup.options.clone()));
        Self(Arc::new(Inner {
            setup,
            fapi: Mutex::default(),
            snapshots: watch::Sender::new(initial),
            identity: Mutex::default(),
            writer: tokio::sync::Mutex::default(),
            first_contact: tokio::sync::Mutex::default(),
            loading: tokio::sync::Mutex::default(),
            switching: tokio::sync::Mutex::default(),
            tokens: TokenCache::default(),
            listeners: Listeners::default(),
            pending: PendingFlows::default(),
            record: tokio::sync::Mutex::default(),
            begun_with_default: AtomicBool::new(true),
            settling: AtomicBool::new(false),
            notices: Mutex::default(),
            run: random_text(16),
            unclaimed_outcome: Mutex::default(),
        }))
    }

    /// The state at this moment. Cheap, and never waits for anything.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshots.borrow().clone()
    }

    /// A receiver that always holds the newest state and wakes with each change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.snapshots.subscribe()
    }

    /// Chooses the session that the app begins with, for a window whose `selectInitialSession` says so. Does nothing
    /// once somebody signed in, out or switched: then it is no beginning any more.
    ///
    /// # Errors
    /// `not_loaded`.
    ///
    /// # Source
    /// `ClerkOptions.selectInitialSession`.
    pub async fn choose_initial_session(&self, session: Option<SessionId>) -> Result<()> {
        let _turn = self.0.switching.lock().await;
        self.loaded()?;
        if self.0.begun_with_default.swap(false, Ordering::Relaxed)
            && self.snapshot().session().map(|active| &active.id) != session.as_ref()
        {
            self.commit([Transition::Activate(session)]).await;
        }
        Ok(())
    }

    /// The state, once it is there.
    pub(super) fn loaded(&self) -> Result<Arc<Snapshot>> {
        let snapshot = self.snapshot();
        if snapshot.is_loaded() {
            Ok(snapshot)
        } else {
            Err(ErrorCode::NotLoaded.error("Clerk is not loaded: await load() before anything else"))
        }
    }

    /// Called when the user, or the app for them, chose a session.
    pub(super) fn session_was_chosen(&self) {
        self.0.begun_with_default.store(false, Ordering::Relaxed);
    }

    /// Reads the client again and tells the server that the user is here, as a window that gets the focus does. Nothing
    /// happens when nobody is signed in, or with the option `touchSession: false`.
    ///
    /// # Errors
    /// `network_error` or `api_response_error`.
    ///
    /// # Source
    /// FAPI `POST /v1/client/sessions/{id}/touch`; `ClerkOptions.touchSession`.
    pub async fn touch(&self) -> Result<()> {
        let snapshot = self.snapshot();
        let Some(session) = snapshot.session().filter(|_| snapshot.options.touch_session != Some(false)) else {
            return Ok(());
        };
        let organization = session.last_active_organization_id.as_ref();
        self.touch_session(&session.id, organization, TouchIntent::Focus).await.map(|_| ())
    }

    /// Asks FAPI every five minutes what has changed, e.g. that a session was revoked, for as long as the app runs. Not
    /// with the option `polling: false`. The plugin runs this by itself.
    ///
    /// # Source
    /// `ClerkOptions.polling`.
    pub async fn poll(&self) {
        loop {
            tokio::time::sleep(POLLING_INTERVAL).await;
            let snapshot = self.snapshot();
            if snapshot.is_loaded()
                && snapshot.options.polling != Some(false)
                && let Err(error) = self.exchange(&fapi::client::get()).await
            {
                tracing::debug!(code = error.code(), "the client could not be read again");
            }
        }
    }

    pub(super) fn locale(&self) -> Option<String> {
        self.0.setup.locale.clone()
    }

    pub(super) fn fapi(&self) -> Option<Arc<Fapi>> {
        lock(&self.0.fapi).clone()
    }

    pub(super) fn set_fapi(&self, fapi: Fapi) {
        *lock(&self.0.fapi) = Some(Arc::new(fapi));
    }

    /// What secrets are filed under; see [`Instance::secret_name`](crate::fapi::Instance::secret_name).
    pub(super) fn secret_name(&self) -> Option<String> {
        Some(self.fapi()?.instance().secret_name())
    }

    /// Sends a request on behalf of a caller and reads the resource that it answers with.
    pub(super) async fn call<T: Wire>(&self, request: &Request) -> Result<T> {
        let json = self.request(request).await?;
        T::read(&json).ok_or_else(|| {
            ErrorCode::DecodeError.error("the Frontend API answered with another kind of resource than was asked for")
        })
    }

    /// Sends a request on behalf of a caller. A 401 may mean that the session is gone, so the client is read again.
    pub(super) async fn request(&self, request: &Request) -> Result<Value> {
        self.loaded()?;
        let result = self.exchange(request).await;
        if let Err(error) = &result
            && error.status() == Some(401)
            // These two say nothing of the session.
            && !error.has_api_code("requires_captcha")
            && !error.has_api_code("dev_browser_unauthenticated")
        {
            self.settle_unauthenticated().await;
        }
        result
    }

    /// Reads the client again after FAPI did not recognise the session, and signs out here when it is gone. All windows
    /// see that at once. Does nothing when nobody is signed in.
    ///
    /// # Errors
    /// `network_error` or `api_response_error` when the client can't be read; then nothing is changed, unless FAPI answered
    /// with 403 or 500: that ends the session here, without an error.
    ///
    /// # Source
    /// `Clerk.handleUnauthenticated()`.
    pub async fn handle_unauthenticated(&self) -> Result<()> {
        if self.snapshot().session().is_none() {
            return Ok(());
        }
        match self.exchange(&fapi::client::get()).await {
            Err(error) if matches!(error.status(), Some(403 | 500)) => {
                self.commit([Transition::Activate(None)]).await;
                Ok(())
            }
            read => read.map(|_| ()),
        }
    }

    /// [`handle_unauthenticated`](Self::handle_unauthenticated) on the side of another error, which is the one to report.
    pub(super) async fn settle_unauthenticated(&self) {
        if self.0.settling.swap(true, Ordering::AcqRel) {
            return;
        }
        let settling = Settling(&self.0.settling);
        if let Err(error) = self.handle_unauthenticated().await {
            tracing::debug!(code = error.code(), "the client could not be read again after a refusal");
        }
        drop(settling);
    }

    /// Sends a request and takes over what the answer brings along.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Value> {
        let first_contact = request.may_create_client() && lock(&self.0.identity).token.is_none();
        let _first = if first_contact { Some(self.0.first_contact.lock().await) } else { None };
        let (reply, stamp) = self.send(request).await?;
        self.absorb(reply, stamp).await
    }

    /// Sends a request; nothing of its answer is taken over yet.
    pub(super) async fn send(&self, request: &Request) -> Result<(Reply, Stamp)> {
        let fapi = self
            .fapi()
            .ok_or_else(|| ErrorCode::NotLoaded.error("Clerk is not loaded: await load() before anything else"))?;
        let session_id = self.snapshot().session().map(|session| session.id.clone());
        let (credentials, stamp) = {
            let mut identity = lock(&self.0.identity);
            (Credentials { client_token: identity.token.clone(), session_id }, identity.gate.stamp())
        };
        Ok((fapi.send(request, &credentials).await?, stamp))
    }

    /// Takes over the client token and the client of an answer, unless a newer answer was first. Who asked may have given up
    /// meanwhile: what FAPI has issued is taken over to the end all the same.
    pub(super) async fn absorb(&self, reply: Reply, stamp: Stamp) -> Result<Value> {
        let clerk = self.clone();
        let absorbed = tokio::spawn(async move { clerk.absorb_now(reply, stamp).await }).await;
        absorbed.unwrap_or_else(|_| {
            Err(ErrorCode::DecodeError.error("the answer of the Frontend API could not be taken over"))
        })
    }

    async fn absorb_now(&self, reply: Reply, stamp: Stamp) -> Result<Value> {
        let _turn = self.0.writer.lock().await;
        if reply.token != TokenUpdate::Absent && lock(&self.0.identity).gate.admit_token(stamp) {
            self.take_token(reply.token).await;
        }
        if let Some(raw) = reply.client
            && let Some(typed) = Client::read(&raw)
        {
            let snapshot = self.snapshot();
            // What was restored says nothing of which answer is newer.
            let held = snapshot.client.as_deref().filter(|_| !snapshot.restored);
            if lock(&self.0.identity).gate.admit_client(stamp, held, &typed) {
                // The app's own choice of the session to begin with takes the place of the default one.
                let chosen = self.0.setup.select_initial_session.as_ref().filter(|_| snapshot.lets_choose(&typed));
                let chosen = chosen.map(|select| Transition::Activate(select(&typed)));
                self.apply([Transition::Client { typed: Box::new(typed), raw }].into_iter().chain(chosen));
            } else {
                tracing::debug!("an answer that was overtaken does not change the client");
            }
        }
        reply.outcome
    }

    /// Makes a new client token durable, then uses it. When it can't be stored it is kept in memory.
    async fn take_token(&self, update: TokenUpdate) {
        let token = match update {
            TokenUpdate::Set(token) => Some(token),
            TokenUpdate::Clear | TokenUpdate::Absent => None,
        };
        if lock(&self.0.identity).token == token {
            return;
        }
        if let Some(name) = self.secret_name() {
            let key = SecretKey::ClientToken(name);
            let stored = match &token {
                Some(token) => self.0.setup.secrets.write(&key, StoredSecret::new(token.expose())).await,
                None => self.0.setup.secrets.delete(&key).await,
            };
            if let Err(error) = stored {
                self.report_store_error(&error);
            }
        }
        lock(&self.0.identity).token = token;
    }

    /// Starts over with the client token of an earlier run.
    pub(super) fn restore_token(&self, token: Option<ClientToken>) {
        let mut identity = lock(&self.0.identity);
        identity.gate.begin_epoch();
        identity.token = token;
    }

    pub(super) fn has_client_token(&self) -> bool {
        lock(&self.0.identity).token.is_some()
    }

    pub(super) fn report_store_error(&self, error: &StoreError) {
        let (code, message) = match error {
            StoreError::Unavailable(why) => (
                ErrorCode::StorageUnavailable,
                format!("the keyring can't be used, so the user will have to sign in again after a restart: {why}"),
            ),
            StoreError::Corrupt(why) => {
                (ErrorCode::StorageCorrupt, format!("the keyring holds something unreadable, which is ignored: {why}"))
            }
        };
        self.notice(code.as_str(), message);
    }

    /// Tells developers of something; the app goes on. It is kept for windows that open later.
    pub(super) fn notice(&self, code: &'static str, message: String) {
        tracing::warn!(code, "{message}");
        lock(&self.0.notices).insert(code, message.clone());
        self.0.setup.events.emit(Event::Notice { code, message });
    }

    /// What there is to know of, e.g. that there is no keyring: the newest message of each code.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let notices = lock(&self.0.notices);
        notices.iter().map(|(code, message)| Notice { code: (*code).to_owned(), message: message.clone() }).collect()
    }

    /// Makes changes that do not come from an answer.
    pub(super) async fn commit(&self, transitions: impl IntoIterator<Item = Transition>) {
        let _turn = self.0.writer.lock().await;
        self.apply(transitions);
    }

    /// The one place where the state changes. The caller holds `writer`. Listeners hear of it afterwards.
    fn apply(&self, transitions: impl IntoIterator<Item = Transition>) {
        let next =
            transitions.into_iter().fold((*self.snapshot()).clone(), |state, transition| state.after(transition));
        let next = Arc::new(next);
        self.0.tokens.seed(&next, self.0.setup.clock.now_ms());
        let before = self.snapshot();
        let is_news = before.revision != next.revision;
        self.0.snapshots.send_if_modified(|state| {
            *state = next.clone();
            is_news
        });
        if !is_news {
            return;
        }
        tracing::debug!(revision = next.revision, status = ?next.status, "state changed");
        self.0.setup.events.emit(Event::StateChanged { revision: next.revision, status: next.status });
        self.0.listeners.tell(&before, &next);
    }

    /// Takes the outcome of a browser flow that finished with nobody waiting for it, e.g. because the app was started
    /// by the callback link. It is given out once.
    #[must_use]
    pub fn take_redirect_outcome(&self) -> Option<RedirectOutcome> {
        lock(&self.0.unclaimed_outcome).take()
    }
}

/// Says that settling is over, however it ends.
struct Settling<'a>(&'a AtomicBool);

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Something that stops nothing and still ought to be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// A stable code, e.g. `storage_unavailable`.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

/// An error that says that FAPI takes the session for signed out.
pub(super) fn is_signed_out(error: &Error) -> bool {
    match error.status() {
        Some(401 | 422) => true,
        Some(403) => error.has_api_code("user_banned") || error.has_api_code("user_deactivated"),
        _ => false,
    }
}
