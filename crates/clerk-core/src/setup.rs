//! Everything that a [`Clerk`](crate::Clerk) is made of: configuration and ports.

use std::{sync::Arc, time::Duration};

use url::Url;

use crate::{
    error::{ErrorCode, Result},
    fapi::InstanceOptions,
    models::{Client, SessionId},
    navigation::callback_url::CallbackUrl,
    options::{ClerkOptions, SdkMetadata},
    ports::{Browser, CacheStore, Clock, EventSink, SecretStore, Transport, Wallet},
};

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
    /// Timeout of a browser flow: how long to wait until the user comes back.
    pub browser_timeout: Duration,
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
#[must_use]
pub fn default_app_url() -> Url {
    #[allow(clippy::expect_used, reason = "a constant that parses; the tests of urls.rs read it as well")]
    Url::parse(if cfg!(windows) { "http://tauri.localhost/" } else { "tauri://localhost/" }).expect("a valid URL")
}

/// Three minutes, as in Clerk's Electron SDK.
pub const DEFAULT_BROWSER_TIMEOUT: Duration = Duration::from_secs(180);

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
            user_agent: concat!("tauri-plugin-clerk/", env!("CARGO_PKG_VERSION")).to_owned(),
            locale: None,
            browser_timeout: DEFAULT_BROWSER_TIMEOUT,
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
