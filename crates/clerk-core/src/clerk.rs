//! The handle for Rust code.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::{Stream, stream};
use tokio::sync::{MutexGuard, watch};

use crate::{
    error::{ErrorCode, Result},
    events::{Event, Notice, Status},
    exchange::{connection::Connection, contact::Contact, throttle::Throttle, upkeep::Upkeep},
    flows::pending::Flows,
    models::SessionId,
    options::ClerkOptions,
    outside,
    ports::{BoxFuture, SecretKey, SecretLifetime, StoreError},
    resources::preparations::Preparations,
    secret::StoredSecret,
    setup::ClerkSetup,
    state::{
        auth_events::{AuthEvent, NumberedAuthEvent},
        listeners::ListenerHandle,
        revocation_queue::RevocationQueue,
        snapshot::Snapshot,
        store::Store,
        transition::Transition,
        vault::Vault,
    },
    store_access::StoreAccess,
    sync::lock,
    time::Moment,
};

/// Clerk, for Rust code. Cheap to clone; all clones share one state.
///
/// In a Tauri app, the plugin manages it: take it as `tauri::State<'_, clerk::Clerk>` or from `app.clerk()`.
///
/// # Overview
///
/// - State: [`snapshot`](Self::snapshot), [`subscribe`](Self::subscribe), [`changes`](Self::changes),
///   [`add_listener`](Self::add_listener), and a method for each property of the documented class, e.g.
///   [`user`](Self::user), [`session`](Self::session), [`status`](Self::status).
/// - Life cycle: [`load`](Self::load), [`set_active`](Self::set_active), [`sign_out`](Self::sign_out).
/// - Session tokens and authorization: [`session_token`](Self::session_token), [`get_token`](Self::get_token),
///   [`check_authorization`](Self::check_authorization). Requests to the app's own backend: [`fetch`](Self::fetch).
/// - Parts of Clerk's Frontend API that have no method here: [`frontend_request`](Self::frontend_request).
/// - Flows that leave the app: [`authenticate_with_redirect`](Self::authenticate_with_redirect),
///   [`start_hosted_auth`](Self::start_hosted_auth), [`sign_in_with_email_link`](Self::sign_in_with_email_link),
///   [`authenticate_with_web3`](Self::authenticate_with_web3), and the links that end them:
///   [`handle_deep_link`](Self::handle_deep_link).
/// - Attempts, step by step: [`create_sign_in`](Self::create_sign_in), [`create_sign_up`](Self::create_sign_up) and the
///   methods beside them.
/// - What belongs to the user: [`account`](Self::account), [`organizations`](Self::organizations) and
///   [`sessions`](Self::sessions); calls that require a new verification:
///   [`with_reverification`](Self::with_reverification).
/// - Navigation: [`navigate`](Self::navigate), `build_*_url` and `redirect_to_*`.
#[derive(Clone)]
pub struct Clerk(pub(crate) Arc<Inner>, Option<Arc<ClerkOptions>>);

impl std::fmt::Debug for Clerk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Clerk").field(&self.snapshot()).finish()
    }
}

/// The parts of [`Clerk`], each with its own locks. `docs/architecture.md` describes the lock order.
pub(crate) struct Inner {
    pub(crate) setup: ClerkSetup,
    /// The connection to FAPI, and this device's identity there.
    pub(crate) connection: Connection,
    /// The state.
    pub(crate) store: Store,
    /// Flows that leave the app.
    pub(crate) flows: Flows,
    /// Operations that must not overlap.
    pub(crate) turns: Turns,
    /// What is stored for the next run.
    pub(crate) vault: Vault,
    /// Sessions that are to be ended on the server.
    pub(crate) revocations: Arc<RevocationQueue>,
    /// The way to the secret store.
    pub(crate) store_access: StoreAccess,
    /// Requests for codes and links in flight.
    pub(crate) preparations: Preparations,
    /// What FAPI asked not to be sent yet.
    pub(crate) throttle: Throttle,
    /// The task that tries to reach FAPI again.
    pub(crate) contact: Arc<Contact>,
    /// The task that applies what time alone changes.
    pub(crate) upkeep: Upkeep,
    notices: Mutex<BTreeMap<&'static str, String>>,
}

/// A handle for tasks in the background. It lets the state go with the last [`Clerk`], and the task with it.
pub(crate) struct BackgroundClerk {
    inner: Weak<Inner>,
    /// Ends with the state.
    state: watch::Receiver<Arc<Snapshot>>,
}

impl BackgroundClerk {
    /// Returns a handle after a pause, or `None` as soon as the last one is dropped.
    pub(crate) async fn after<T>(&mut self, pause: impl Future<Output = T>) -> Option<(Clerk, T)> {
        let closed = async { while self.state.changed().await.is_ok() {} };
        let over = tokio::select! {
            over = pause => over,
            () = closed => return None,
        };
        Some((Clerk::of(self.inner.upgrade()?), over))
    }
}

/// Operations that exclude each other. These are the outermost locks: a holder may wait for any other lock.
#[derive(Default)]
pub(crate) struct Turns {
    loading: tokio::sync::Mutex<()>,
    switching: tokio::sync::Mutex<()>,
    /// Whether the active session is still the one that loading chose.
    initial_session_is_default: AtomicBool,
}

/// Held during a load, so that overlapping loads share one.
pub(crate) struct LoadTurn<'a>(#[expect(dead_code, reason = "held, not read")] MutexGuard<'a, ()>);

/// Held while the active session changes, so that two calls of `set_active` do not overlap. Signing out does not wait for it.
pub(crate) struct SwitchTurn<'a>(#[expect(dead_code, reason = "held, not read")] MutexGuard<'a, ()>);

impl Turns {
    /// Waits for other loads to end.
    pub(crate) async fn load(&self) -> LoadTurn<'_> {
        LoadTurn(self.loading.lock().await)
    }

    /// Waits for other changes of the active session to end.
    pub(crate) async fn switch(&self) -> SwitchTurn<'_> {
        SwitchTurn(self.switching.lock().await)
    }

    /// Records that a session was chosen by the user, or by the app on their behalf.
    pub(crate) fn session_was_chosen(&self) {
        self.initial_session_is_default.store(false, Ordering::Relaxed);
    }

    /// Whether a session was chosen, or deliberately none.
    pub(crate) fn was_session_chosen(&self) -> bool {
        !self.initial_session_is_default.load(Ordering::Relaxed)
    }

    /// Returns true once, while the app may still choose the initial session.
    fn take_initial_choice(&self) -> bool {
        self.initial_session_is_default.swap(false, Ordering::Relaxed)
    }
}

impl Clerk {
    /// Creates the handle. It sends no request before [`load`](Self::load).
    #[must_use]
    pub fn new(setup: ClerkSetup) -> Self {
        let mut initial = Snapshot::initial(setup.sdk_metadata.clone(), setup.options.clone());
        initial.at = Moment::now(setup.clock.as_ref());
        let storage_timeout = setup.storage_timeout;
        initial.max_offline_age_ms = i64::try_from(setup.max_offline_age.as_millis()).unwrap_or(i64::MAX);
        let turns = Turns { initial_session_is_default: AtomicBool::new(true), ..Turns::default() };
        Self(
            Arc::new(Inner {
                setup,
                connection: Connection::default(),
                store: Store::new(initial),
                flows: Flows::new(),
                turns,
                vault: Vault::default(),
                revocations: Arc::default(),
                store_access: StoreAccess::new(storage_timeout),
                preparations: Preparations::default(),
                throttle: Throttle::default(),
                contact: Arc::default(),
                upkeep: Upkeep::default(),
                notices: Mutex::default(),
            }),
            None,
        )
    }

    /// Returns a handle for a task in the background.
    pub(crate) fn in_background(&self) -> BackgroundClerk {
        BackgroundClerk { inner: Arc::downgrade(&self.0), state: self.subscribe() }
    }

    /// Returns a handle to `inner`.
    pub(crate) fn of(inner: Arc<Inner>) -> Self {
        Self(inner, None)
    }

    /// Returns a handle to the same Clerk whose calls also use `options`; see [`ClerkOptions::within`]. The plugin
    /// gives each window such a handle with the options that the window passed to `load`.
    #[must_use]
    pub fn with_options(&self, options: ClerkOptions) -> Self {
        Self(self.0.clone(), Some(Arc::new(options)))
    }

    /// Returns the current state. Cheap; never blocks.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.with_own_options(self.snapshot_at(self.now()))
    }

    /// Returns a state of the app with the options of this handle.
    #[doc(hidden)]
    #[must_use]
    pub fn with_own_options(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        match &self.1 {
            Some(own) => Arc::new(snapshot.with_options(own.within(&snapshot.options))),
            None => snapshot,
        }
    }

    /// Returns the current state, without the options of a window.
    pub(crate) fn snapshot_at(&self, now: Moment) -> Arc<Snapshot> {
        let held = self.0.store.snapshot();
        if !held.has_ended(now) {
            return held;
        }
        self.0.upkeep.wake();
        held.aged(now)
    }

    /// Returns the current state as the plugin gives it to windows: with the verification ages of this moment, see
    /// [`Session::factor_verification_age`](crate::models::Session::factor_verification_age), and with what the session tokens
    /// grant, see [`Snapshot::entitlements`].
    #[must_use]
    pub fn snapshot_for_window(&self) -> Arc<Snapshot> {
        self.with_ages(self.snapshot()).with_entitlements(self.now()).without_raw()
    }

    /// Returns a state, as [`snapshot`](Self::snapshot) gives it, with the verification ages of this moment.
    #[doc(hidden)]
    #[must_use]
    pub fn with_ages(&self, snapshot: Arc<Snapshot>) -> Arc<Snapshot> {
        snapshot.with_verification_ages(self.now())
    }

    /// Returns a receiver that always holds the newest state and wakes on each change.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.store.subscribe()
    }

    /// Calls `listener` once for every change of client, session, user or organization, and immediately if there
    /// already is a client. Listeners are called one after the other, in the order of the changes, and before the call that made
    /// the change returns, unless another thread is calling them already. So a listener should not block: it may wait for changes
    /// of the state, e.g. for [`sign_out`](Self::sign_out), but not for a call that waits for the one it is notified of.
    ///
    /// # Source
    /// `Clerk.addListener()`.
    pub fn add_listener(&self, listener: impl Fn(&Snapshot) + Send + Sync + 'static) -> ListenerHandle {
        self.0.store.on_change(&self.0.setup, Arc::new(listener))
    }

    /// Calls `handler` when the status changes; with `notify`, also immediately with the current status.
    ///
    /// # Source
    /// `Clerk.on('status')`; [`ListenerHandle::remove`] is `Clerk.off`.
    pub fn on_status(&self, handler: impl Fn(Status) + Send + Sync + 'static, notify: bool) -> ListenerHandle {
        let callback = Arc::new(move |snapshot: &Snapshot| handler(snapshot.status));
        self.0.store.on_status(&self.0.setup, callback, notify)
    }

    /// Calls `listener` with each event, e.g. that a user signed in, or was signed out and why. It is called after the listeners
    /// of the state, and must not block either.
    pub fn on_auth_event(&self, listener: impl Fn(&AuthEvent) + Send + Sync + 'static) -> ListenerHandle {
        self.0.store.events.add_listener(listener)
    }

    /// Returns the last events of this run of the app, the newest last. Of refreshed tokens, only the last event of each session.
    #[must_use]
    pub fn auth_events(&self) -> Vec<NumberedAuthEvent> {
        self.0.store.events.recent()
    }

    /// Returns the current state followed by each change, as a stream. A slow consumer may skip intermediate states but
    /// never the latest.
    pub fn changes(&self) -> impl Stream<Item = Arc<Snapshot>> + Send + 'static {
        let mut receiver = self.subscribe();
        receiver.mark_changed();
        stream::unfold(receiver, |mut receiver| async move {
            receiver.changed().await.ok()?;
            let snapshot = receiver.borrow_and_update().clone();
            Some((snapshot, receiver))
        })
    }

    /// Chooses the initial session, for a window with its own `selectInitialSession`. Does nothing after the user
    /// signed in, signed out or switched sessions: then the session is no longer the initial one.
    ///
    /// # Errors
    /// `not_loaded`.
    ///
    /// # Source
    /// `ClerkOptions.selectInitialSession`.
    pub async fn choose_initial_session(&self, session: Option<SessionId>) -> Result<()> {
        let _turn = self.0.turns.switch().await;
        self.loaded_snapshot()?;
        if self.0.turns.take_initial_choice() && self.snapshot().session().map(|active| &active.id) != session.as_ref()
        {
            self.commit([Transition::Activate(session)]).await;
        }
        Ok(())
    }

    pub(crate) fn read_secret<'a>(
        &'a self,
        key: &'a SecretKey,
    ) -> BoxFuture<'a, std::result::Result<Option<StoredSecret>, StoreError>> {
        Box::pin(async move {
            let secret = self.0.store_access.read(self.0.setup.secrets.as_ref(), key).await?;
            if secret.is_some() {
                self.report_lifetime();
            }
            Ok(secret)
        })
    }

    pub(crate) fn write_secret<'a>(
        &'a self,
        key: &'a SecretKey,
        secret: StoredSecret,
    ) -> BoxFuture<'a, std::result::Result<(), StoreError>> {
        Box::pin(async move {
            self.0.store_access.write(self.0.setup.secrets.as_ref(), key, secret).await?;
            self.report_lifetime();
            Ok(())
        })
    }

    /// Gives notice, once, that the store forgets at log-out.
    fn report_lifetime(&self) {
        let code = ErrorCode::StorageUntilLogOut.as_str();
        let lifetime = outside::call("the secret store", || self.0.setup.secrets.lifetime());
        if lifetime == Some(SecretLifetime::UntilLogOut) && !lock(&self.0.notices).contains_key(code) {
            let message = "there is no keyring, so the user stays signed in only until they log out of the computer";
            self.notice(code, message.to_owned());
        }
    }

    pub(crate) fn delete_secret<'a>(
        &'a self,
        key: &'a SecretKey,
    ) -> BoxFuture<'a, std::result::Result<(), StoreError>> {
        Box::pin(async move { self.0.store_access.delete(self.0.setup.secrets.as_ref(), key).await })
    }

    /// Returns the present moment.
    pub(crate) fn now(&self) -> Moment {
        Moment::now(self.0.setup.clock.as_ref())
    }

    /// Returns the handle of the app, without the options of a window.
    pub(crate) fn of_app(&self) -> Self {
        Self(self.0.clone(), None)
    }

    /// Returns a handle of the app for its state.
    pub(crate) fn of_inner(inner: Arc<Inner>) -> Self {
        Self(inner, None)
    }

    /// Returns the options of the window that this handle belongs to.
    pub(crate) fn own_options(&self) -> Option<&ClerkOptions> {
        self.1.as_deref()
    }

    /// Returns the current state, or `not_loaded`.
    pub(crate) fn loaded_snapshot(&self) -> Result<Arc<Snapshot>> {
        let snapshot = self.snapshot();
        if snapshot.is_loaded() { Ok(snapshot) } else { Err(not_loaded()) }
    }

    /// Applies changes that do not originate from a response of FAPI. If they take a user away, what is stored does not show
    /// that user any more when this returns.
    pub(crate) async fn commit(&self, transitions: impl IntoIterator<Item = Transition>) {
        if self.apply(transitions).await {
            self.renew_key().await;
        }
    }

    /// As [`commit`](Self::commit), but what is stored stays. Returns whether the changes took a user away.
    pub(crate) async fn apply(&self, transitions: impl IntoIterator<Item = Transition>) -> bool {
        let writer = self.0.store.writer(&self.0.setup).await;
        let before = self.0.store.snapshot();
        writer.apply(transitions);
        before.shows_somebody_else_than(&self.0.store.snapshot())
    }

    /// Emits a non-fatal diagnostic and stores it for windows that open later.
    pub(crate) fn notice(&self, code: &'static str, message: String) {
        tracing::warn!(code, "{message}");
        lock(&self.0.notices).insert(code, message.clone());
        self.0.setup.emit(Event::Notice { code, message });
    }

    /// Emits the notice that a flow failed whose caller is gone. The text is fixed, because every window receives it.
    #[doc(hidden)]
    pub fn notice_redirect_failed(&self, code: &str) {
        self.notice("redirect_failed", format!("a sign-in that no caller was waiting for failed ({code})"));
    }

    /// Returns the newest diagnostic of each code, e.g. that the keyring is missing.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let notices = lock(&self.0.notices);
        notices.iter().map(|(code, message)| Notice { code: (*code).to_owned(), message: message.clone() }).collect()
    }
}

pub(crate) fn not_loaded() -> crate::error::Error {
    ErrorCode::NotLoaded.error("Clerk is not loaded: await load() before anything else")
}
