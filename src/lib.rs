//! Sign people in to Tauri desktop apps with [Clerk](https://clerk.com).
//!
//! ```no_run
//! # fn context() -> tauri::Context { unimplemented!() }
//! tauri::Builder::default()
//!     .plugin(clerk::init())
//!     .run(context())
//!     .expect("the app failed to start");
//! ```
//!
//! The rest is configuration: the publishable key in `plugins.clerk` of `tauri.conf.json`, the app's URL scheme in
//! `plugins.deep-link`, and `clerk:default` in a capability. The README has the five-minute version.
//!
//! Rust owns everything that matters: the client token, every call to Clerk's Frontend API (FAPI), the state, token
//! refresh, deep links. Webviews get typed commands and events; the npm package `tauri-plugin-clerk-api` wraps them in
//! the `Clerk` class that Clerk's own SDKs have. Rust code uses the [`Clerk`] handle:
//!
//! ```no_run
//! use clerk::{Clerk, ClerkExt};
//!
//! #[tauri::command]
//! async fn greeting(clerk: tauri::State<'_, Clerk>) -> Result<String, String> {
//!     match clerk.user() {
//!         Some(user) => Ok(format!("Hello, {}", user.full_name().unwrap_or_default())),
//!         None => Err("nobody is signed in".to_owned()),
//!     }
//! }
//!
//! fn later(app: &tauri::AppHandle) {
//!     let signed_in = app.clerk().is_signed_in();
//!     # let _ = signed_in;
//! }
//! ```
//!
//! # Security
//!
//! The client token never leaves Rust; it is kept in the keyring of the operating system. A window may get session
//! tokens, which live for a minute, if its capability has `clerk:session-token`.

mod bindings;
mod commands;
mod config;
pub mod core;
mod desktop;
pub mod error;
mod fapi;
pub mod models;
pub mod ports;
pub mod secret;
pub mod storage;

use std::{sync::Arc, time::Duration};

use tauri::{AppHandle, Manager, Runtime, plugin};

use desktop::plugin::Companions;

#[doc(hidden)]
pub use bindings::export_bindings;
pub use config::Config;
pub use core::{Clerk, Snapshot, Status};
pub use desktop::guard::{Authorized, Requirement, SignedIn};
pub use desktop::plugin::ClerkPlugin;
pub use error::{Error, ErrorCode, Result};
pub use fapi::{API_VERSION, HttpTransport, InstanceOptions, InstanceType, PublishableKey};

/// Version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The plugin with everything from `tauri.conf.json`.
#[must_use]
pub fn init<R: Runtime>() -> ClerkPlugin<R> {
    Builder::new().build()
}

/// The plugin with settings from code; they win over `plugins.clerk` of `tauri.conf.json`.
pub struct Builder {
    config: Config,
    companions: Companions,
    secrets: Option<Arc<dyn ports::SecretStore>>,
    wallet: Option<Arc<dyn ports::Wallet>>,
    select_initial_session: Option<core::SelectInitialSession>,
    oauth_timeout: Duration,
    load_at_start: bool,
    keep_state: bool,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .field("companions", &self.companions)
            .finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            config: Config::default(),
            companions: Companions { deep_link: true, single_instance: true },
            secrets: None,
            wallet: None,
            select_initial_session: None,
            oauth_timeout: core::DEFAULT_OAUTH_TIMEOUT,
            load_at_start: true,
            keep_state: true,
        }
    }
}

impl Builder {
    /// Starts with the defaults of [`init`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The publishable key.
    #[must_use]
    pub fn publishable_key(mut self, key: impl Into<String>) -> Self {
        self.config.publishable_key = Some(key.into());
        self
    }

    /// Absolute http(s) URL of a proxy in front of FAPI, or of the local emulator.
    #[must_use]
    pub fn proxy_url(mut self, url: impl Into<String>) -> Self {
        self.config.proxy_url = Some(url.into());
        self
    }

    /// Domain of a production instance.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.config.domain = Some(domain.into());
        self
    }

    /// Where browser flows come back to, in place of `<scheme>://callback`.
    #[must_use]
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.config.redirect_url = Some(url.into());
        self
    }

    /// Clerk's options, e.g. where the app's own sign-in is; see [`core::ClerkOptions`].
    #[must_use]
    pub fn options(mut self, options: core::ClerkOptions) -> Self {
        self.config.options = self.config.options.overridden_by(options);
        self
    }

    /// Signs with the app's own wallet, in place of one in the system browser.
    #[must_use]
    pub fn wallet(mut self, wallet: impl ports::Wallet + 'static) -> Self {
        self.wallet = Some(Arc::new(wallet));
        self
    }

    /// Chooses the session that the app begins with; `None` for nobody. By default the one that was active last.
    #[must_use]
    pub fn select_initial_session(
        mut self,
        select: impl Fn(&models::Client) -> Option<models::SessionId> + Send + Sync + 'static,
    ) -> Self {
        self.select_initial_session = Some(Arc::new(select));
        self
    }

    /// Keeps secrets in another store than the keyring of the operating system.
    #[must_use]
    pub fn secret_store(mut self, store: impl ports::SecretStore + 'static) -> Self {
        self.secrets = Some(Arc::new(store));
        self
    }

    /// How long a browser flow may take; three minutes by default.
    #[must_use]
    pub fn oauth_timeout(mut self, timeout: Duration) -> Self {
        self.oauth_timeout = timeout;
        self
    }

    /// Whether Clerk registers `tauri-plugin-deep-link`. Give `false` when the app does, before Clerk.
    #[must_use]
    pub fn deep_link(mut self, bring: bool) -> Self {
        self.companions.deep_link = bring;
        self
    }

    /// Whether Clerk registers `tauri-plugin-single-instance` (Linux, Windows). Give `false` when the app does, with the
    /// feature `deep-link`, so that links reach the first process.
    #[must_use]
    pub fn single_instance(mut self, bring: bool) -> Self {
        self.companions.single_instance = bring;
        self
    }

    /// Whether Clerk loads as soon as the app starts, with no window asking for it; it does unless this says otherwise.
    /// Without a configured key it waits for a window to bring one.
    #[must_use]
    pub fn load_at_start(mut self, load: bool) -> Self {
        self.load_at_start = load;
        self
    }

    /// Whether what Clerk said last is kept, encrypted, in the app's folder for local data, so that the next start shows the
    /// user at once and offline; it is unless this says otherwise.
    #[must_use]
    pub fn keep_state(mut self, keep: bool) -> Self {
        self.keep_state = keep;
        self
    }

    /// The plugin, for `tauri::Builder::plugin`.
    #[must_use]
    pub fn build<R: Runtime>(self) -> ClerkPlugin<R> {
        let companions = self.companions;
        let bindings = bindings::builder::<R>();
        let own = plugin::Builder::<R, Option<Config>>::new(bindings::PLUGIN_NAME)
            .invoke_handler(bindings.invoke_handler())
            .setup(move |app, api| {
                bindings.mount_events(app);
                let load_at_start = self.load_at_start;
                let setup = setup(app, self, api.config().clone().unwrap_or_default())?;
                let has_key = setup.instance.publishable_key.is_some();
                let clerk = Clerk::new(setup);
                app.manage(clerk.clone());
                let polling = clerk.clone();
                tauri::async_runtime::spawn(async move { polling.poll().await });
                let keeping = clerk.clone();
                tauri::async_runtime::spawn(async move { keeping.keep_cache().await });
                if load_at_start && has_key {
                    tauri::async_runtime::spawn(async move {
                        // What went wrong is in the state and in the log.
                        let _ = clerk.load(core::LoadOptions::default()).await;
                    });
                }
                Ok(())
            })
            .build();
        ClerkPlugin::new(own, companions)
    }
}

fn setup<R: Runtime>(
    app: &AppHandle<R>,
    builder: Builder,
    configured: Config,
) -> std::result::Result<core::ClerkSetup, ports::TransportError> {
    let tauri = app.config();
    let config = configured.overridden_by(builder.config);
    let schemes = config::deep_link_schemes(tauri.plugins.0.get("deep-link"));
    let package = app.package_info();
    let browser = Arc::new(desktop::browser::SystemBrowser);
    let mut setup = core::ClerkSetup::new(
        Arc::new(HttpTransport::new()?),
        builder.secrets.unwrap_or_else(|| Arc::new(storage::KeyringStore::new(&tauri.identifier))),
        browser.clone(),
        Arc::new(ports::SystemClock),
        Arc::new(desktop::events::WindowEvents(app.clone())),
    );
    setup.instance = config.instance();
    setup.callback = config.callback(&schemes);
    setup.options = config.options;
    setup.app_url = app_url(tauri);
    // Where there is no such folder the app starts without what an earlier run knew.
    let folder = app.path().app_local_data_dir().ok().filter(|_| builder.keep_state);
    setup.cache = folder.map(|folder| Arc::new(storage::FileCache::new(folder.join("clerk-state"))) as _);
    let bridge = || Arc::new(desktop::wallet_bridge::WalletBridge::new(browser, builder.oauth_timeout)) as _;
    setup.wallet = Some(builder.wallet.unwrap_or_else(bridge));
    setup.select_initial_session = builder.select_initial_session;
    setup.oauth_timeout = builder.oauth_timeout;
    setup.user_agent = user_agent(&package.name, &package.version.to_string());
    setup.locale = sys_locale::get_locale();
    Ok(setup)
}

/// Where the app's pages are: the development server's, or Tauri's own address.
fn app_url(config: &tauri::Config) -> tauri::Url {
    match &config.build.dev_url {
        Some(url) if tauri::is_dev() => url.clone(),
        _ => core::default_app_url(),
    }
}

/// The shape that Clerk's Electron SDK uses; the user's list of devices then shows the app's name. A header takes ASCII
/// only, and a product is named by one word.
fn user_agent(name: &str, version: &str) -> String {
    let name: String =
        name.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect();
    format!("Mozilla/5.0 ({}) Gecko/20100101 {name}/{version}", std::env::consts::OS)
}

/// Gives Rust code the [`Clerk`] handle.
pub trait ClerkExt<R: Runtime> {
    /// The handle of the app's Clerk.
    ///
    /// # Panics
    /// When the plugin is not registered; that is a mistake in the app's own code.
    fn clerk(&self) -> &Clerk;
}

impl<R: Runtime, T: Manager<R>> ClerkExt<R> for T {
    fn clerk(&self) -> &Clerk {
        self.state::<Clerk>().inner()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn any_product_name_makes_a_header() {
        let agent = super::user_agent("Größe (β) – Notes", "1.0.0");
        assert!(agent.is_ascii() && agent.ends_with(" Gr--e-------Notes/1.0.0"), "{agent}");
    }
}
