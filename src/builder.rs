//! The settings that an app gives in code.

use std::{sync::Arc, time::Duration};

use crate::{Config, core, models, plugin::Companions, ports};

/// The plugin with settings from code; they win over `plugins.clerk` of `tauri.conf.json`.
pub struct Builder {
    pub(crate) config: Config,
    pub(crate) companions: Companions,
    pub(crate) secrets: Option<Arc<dyn ports::SecretStore>>,
    pub(crate) wallet: Option<Arc<dyn ports::Wallet>>,
    pub(crate) select_initial_session: Option<core::SelectInitialSession>,
    pub(crate) browser_timeout: Duration,
    pub(crate) load_at_start: bool,
    pub(crate) keep_state: bool,
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
            browser_timeout: core::DEFAULT_BROWSER_TIMEOUT,
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

    /// Timeout of the flows in the system browser (OAuth, hosted sign-in) and of each step of a wallet there. Default: three
    /// minutes.
    #[must_use]
    pub fn browser_timeout(mut self, timeout: Duration) -> Self {
        self.browser_timeout = timeout;
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
}
