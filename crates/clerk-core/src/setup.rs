//! The configuration and the ports of a [`Clerk`](crate::Clerk).

use std::{sync::Arc, time::Duration};

use url::Url;

use crate::{
    backend::allowed::Backends,
    error::{ErrorCode, Result},
    fapi::InstanceOptions,
    models::{Client, SessionId},
    navigation::callback_url::CallbackUrl,
    options::{ClerkOptions, SDK_NAME, SdkMetadata},
    outside,
    ports::{Browser, CacheStore, CallbackListener, Clock, Event, EventSink, Passkeys, SecretStore, Transport, Wallet},
    user_agent::user_agent,
};

/// The configuration and the ports of a [`Clerk`](crate::Clerk).
#[non_exhaustive]
pub struct ClerkSetup {
    /// The instance; [`Clerk::load`](crate::Clerk::load) may also supply the key.
    pub instance: InstanceOptions,
    /// The callback URL of browser flows, or the reason why it is not known.
    pub callback: Result<CallbackUrl>,
    /// The app's deep-link schemes, which `allowedRedirectProtocols` may list. That of the callback URL is always one.
    pub schemes: Vec<String>,
    /// Clerk's options. Those passed to [`Clerk::load`](crate::Clerk::load) take precedence, field by field.
    pub options: ClerkOptions,
    /// The URL of the app's start page; relative URLs are resolved against it.
    pub app_url: Url,
    /// Chooses the initial session. Default: the session that was active last, else the first one.
    pub select_initial_session: Option<SelectInitialSession>,
    /// The SDK that the app uses.
    pub sdk_metadata: SdkMetadata,
    /// The `User-Agent` of requests, which FAPI shows in the list of the user's devices.
    pub user_agent: String,
    /// The language of messages, e.g. `en-US`.
    pub locale: Option<String>,
    /// The user's time zone, e.g. `Europe/Athens`.
    pub timezone: Option<String>,
    /// The timeout of a browser flow.
    pub browser_timeout: Duration,
    /// The timeout of a call to the secret store: the user may have to unlock it. Default: [`DEFAULT_STORAGE_TIMEOUT`].
    pub storage_timeout: Duration,
    /// Sends requests.
    pub transport: Arc<dyn Transport>,
    /// The app's own backends, which [`Clerk::fetch`](crate::Clerk::fetch) may send session tokens to. Default: none.
    pub backends: Backends,
    /// Stores the client token.
    pub secrets: Arc<dyn SecretStore>,
    /// Stores the last known state, pending flows and sessions to be ended, encrypted with a key in `secrets`. Without it the
    /// app starts empty and requires FAPI.
    pub cache: Option<Arc<dyn CacheStore>>,
    /// Whether the last known state is stored in `cache`.
    pub keep_state: bool,
    /// How long after FAPI confirmed it the stored state is shown by an app that can't reach FAPI. Default:
    /// [`DEFAULT_MAX_OFFLINE_AGE`].
    pub max_offline_age: Duration,
    /// Listens at the callback URL while a flow is in the browser, if it is one on this computer. The user returns by a link of the
    /// operating system without it.
    pub callback_listener: Option<Arc<dyn CallbackListener>>,
    /// Opens pages.
    pub browser: Arc<dyn Browser>,
    /// Connects to wallets. Without it, web3 strategies are rejected.
    pub wallet: Option<Arc<dyn Wallet>>,
    /// Asks the user for passkeys. Without it, only webviews that have WebAuthn can.
    pub passkeys: Option<Arc<dyn Passkeys>>,
    /// Returns the current time.
    pub clock: Arc<dyn Clock>,
    /// Receives events.
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

/// Chooses the initial session; `None` starts the app signed out.
///
/// Source: `ClerkOptions.selectInitialSession`.
pub type SelectInitialSession = Arc<dyn Fn(&Client) -> Option<SessionId> + Send + Sync>;

/// Returns the URL at which Tauri serves apps.
#[must_use]
pub fn default_app_url() -> Url {
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "a valid constant, which the tests of urls.rs parse as well"
    )]
    Url::parse(if cfg!(windows) { "http://tauri.localhost/" } else { "tauri://localhost/" }).expect("a valid URL")
}

/// The default timeout of a browser flow: three minutes, as in Clerk's Electron SDK.
pub const DEFAULT_BROWSER_TIMEOUT: Duration = Duration::from_secs(180);

/// The default of [`ClerkSetup::max_offline_age`]: 30 days.
pub const DEFAULT_MAX_OFFLINE_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The default of [`ClerkSetup::storage_timeout`]: ten seconds.
pub const DEFAULT_STORAGE_TIMEOUT: Duration = Duration::from_secs(10);

impl ClerkSetup {
    /// Emits an event.
    pub(crate) fn emit(&self, event: Event) {
        outside::call("the event sink", || self.events.emit(event));
    }

    /// Returns the initial session: the app's choice, or the default if the app does not choose.
    pub(crate) fn initial_session(&self, client: &Client) -> Option<SessionId> {
        let select = self.select_initial_session.as_ref();
        let chosen = select.and_then(|select| outside::call("selectInitialSession", || select(client)));
        match chosen {
            Some(session) => session,
            None => client.default_session().map(|session| session.id.clone()),
        }
    }

    /// Creates a setup with these ports, and defaults for everything else.
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
            schemes: Vec::new(),
            options: ClerkOptions::default(),
            app_url: default_app_url(),
            select_initial_session: None,
            sdk_metadata: SdkMetadata::default(),
            user_agent: user_agent(SDK_NAME, env!("CARGO_PKG_VERSION")),
            locale: None,
            timezone: None,
            browser_timeout: DEFAULT_BROWSER_TIMEOUT,
            storage_timeout: DEFAULT_STORAGE_TIMEOUT,
            transport,
            backends: Backends::default(),
            secrets,
            cache: None,
            keep_state: true,
            max_offline_age: DEFAULT_MAX_OFFLINE_AGE,
            callback_listener: None,
            browser,
            wallet: None,
            passkeys: None,
            clock,
            events,
        }
    }
}
