//! The settings that an app makes in code.

use std::{future::Future, sync::Arc, time::Duration};

use crate::{CallbackTransport, Config, core, models, plugin::Companions, ports, wallet_bridge::ConfirmWallet};

/// Builds the plugin with settings from code, which override `plugins.clerk` in `tauri.conf.json`.
pub struct Builder {
    pub(crate) config: Config,
    pub(crate) companions: Companions,
    pub(crate) secrets: Option<Arc<dyn ports::SecretStore>>,
    pub(crate) wallet: Option<Arc<dyn ports::Wallet>>,
    pub(crate) passkeys: Option<Arc<dyn ports::Passkeys>>,
    pub(crate) confirm_wallet: Option<ConfirmWallet>,
    pub(crate) browser: Option<Arc<dyn ports::Browser>>,
    pub(crate) select_initial_session: Option<core::SelectInitialSession>,
    pub(crate) load_at_start: bool,
    pub(crate) keep_state: bool,
    pub(crate) max_offline_age: Duration,
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
            passkeys: None,
            confirm_wallet: None,
            browser: None,
            select_initial_session: None,
            load_at_start: true,
            keep_state: true,
            max_offline_age: core::DEFAULT_MAX_OFFLINE_AGE,
        }
    }
}

impl Builder {
    /// Creates a builder with the defaults of [`init`](crate::init).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the publishable key.
    #[must_use]
    pub fn publishable_key(mut self, key: impl Into<String>) -> Self {
        self.config.publishable_key = Some(key.into());
        self
    }

    /// Sets the absolute http(s) URL of a proxy in front of FAPI, or of the local emulator.
    #[must_use]
    pub fn proxy_url(mut self, url: impl Into<String>) -> Self {
        self.config.proxy_url = Some(url.into());
        self
    }

    /// Sets the domain of a production instance.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.config.domain = Some(domain.into());
        self
    }

    /// Sets the callback URL of browser flows. Default: `<scheme>://callback`, or that of the [transport](Self::transport).
    #[must_use]
    pub fn redirect_url(mut self, url: impl Into<String>) -> Self {
        self.config.redirect_url = Some(url.into());
        self
    }

    /// Sets how browser flows return to the app. Default: [`CallbackTransport::Auto`].
    ///
    /// The callback URL must be on the allowlist of the instance, for [`CallbackTransport::Loopback`] too: it is
    /// [`DEFAULT_LOOPBACK_URL`](crate::DEFAULT_LOOPBACK_URL), or what [`redirect_url`](Self::redirect_url) says, e.g.
    /// `http://127.0.0.1:4711/callback`. With port 0, a free port is chosen at the start of the app, and a part that nobody can guess
    /// is added to the path: for servers that compare neither, as RFC 8252 recommends. Clerk compares whole URLs.
    ///
    /// ```
    /// let builder = clerk::Builder::new().transport(clerk::CallbackTransport::Loopback);
    /// # let _ = builder;
    /// ```
    #[must_use]
    pub fn transport(mut self, transport: CallbackTransport) -> Self {
        self.config.transport = Some(transport);
        self
    }

    /// Sets the URLs of the app's own backends, which [`Clerk::fetch`](crate::Clerk::fetch), and windows with `clerk:fetch`, may send
    /// session tokens to: there, and to everything below. They must use https; http is for this computer only.
    ///
    /// ```
    /// let builder = clerk::Builder::new().backends(["https://api.example.com/v1/"]);
    /// # let _ = builder;
    /// ```
    #[must_use]
    pub fn backends<T: Into<String>>(mut self, urls: impl IntoIterator<Item = T>) -> Self {
        self.config.backends = Some(urls.into_iter().map(Into::into).collect());
        self
    }

    /// Sets Clerk's options, e.g. `sign_in_url`; see [`core::ClerkOptions`].
    #[must_use]
    pub fn options(mut self, options: core::ClerkOptions) -> Self {
        self.config.options = self.config.options.overridden_by(options);
        self
    }

    /// Signs with the app's own wallet instead of one in the system browser.
    #[must_use]
    pub fn wallet(mut self, wallet: impl ports::Wallet + 'static) -> Self {
        self.wallet = Some(Arc::new(wallet));
        self
    }

    /// Asks the user for passkeys with something other than the webview, e.g. the operating system: webviews have no WebAuthn on
    /// Linux, and elsewhere do not accept the domain of an instance for an app. Options and credentials are WebAuthn's JSON. It is
    /// called only for a method that the user's action led to, never for the autofill of a form.
    ///
    /// This crate contains no implementation; [decision 39] says why. Without one, the sign-in page of Clerk in the system browser has
    /// passkeys ([`Clerk::start_hosted_auth`](crate::Clerk::start_hosted_auth)).
    ///
    /// [decision 39]: https://github.com/OWNER/tauri-plugin-clerk/blob/main/docs/decisions/0039-passkeys-through-a-port.md
    #[must_use]
    pub fn passkeys(mut self, passkeys: impl ports::Passkeys + 'static) -> Self {
        self.passkeys = Some(Arc::new(passkeys));
        self
    }

    /// Sets a callback that confirms the address of a wallet before the sign-in continues, e.g. by asking the user. If it returns
    /// `false`, or does not return within the [browser timeout](Self::browser_timeout), the flow ends with
    /// `web3_wallet_not_confirmed`.
    ///
    /// The wallet page is opened in the system browser, and other programs of the same user may read its URL. A program that
    /// opens the URL before the browser does could respond with a wallet of its own. The flow ends when the browser opens the URL
    /// afterwards, unless the flow has already finished. Show the address to the user if this matters to your app.
    ///
    /// ```
    /// # async fn ask(question: String) -> bool { question.is_empty() }
    /// let builder = clerk::Builder::new()
    ///     .confirm_wallet(|address| async move { ask(format!("Sign in with the wallet {address}?")).await });
    /// # let _ = builder;
    /// ```
    #[must_use]
    pub fn confirm_wallet<F>(mut self, confirm: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        self.confirm_wallet = Some(Arc::new(move |address| Box::pin(confirm(address))));
        self
    }

    /// Opens pages with something other than the default browser of the system. It is called on a thread of its own. If it takes
    /// more than ten seconds, the flow ends with `browser_unavailable`.
    #[must_use]
    pub fn browser(mut self, browser: impl ports::Browser + 'static) -> Self {
        self.browser = Some(Arc::new(browser));
        self
    }

    /// Chooses the initial session; `None` means no session. Default: the one that was active last.
    #[must_use]
    pub fn select_initial_session(
        mut self,
        select: impl Fn(&models::Client) -> Option<models::SessionId> + Send + Sync + 'static,
    ) -> Self {
        self.select_initial_session = Some(Arc::new(select));
        self
    }

    /// Sets the store for secrets. Default: the keyring of the operating system.
    #[must_use]
    pub fn secret_store(mut self, store: impl ports::SecretStore + 'static) -> Self {
        self.secrets = Some(Arc::new(store));
        self
    }

    /// Sets the timeout of flows in the system browser (OAuth, hosted sign-in), and of each step of a wallet there: one second
    /// to one hour. Default: three minutes.
    #[must_use]
    pub fn browser_timeout(mut self, timeout: Duration) -> Self {
        self.config.timeouts.browser = Some(timeout);
        self
    }

    /// Sets the timeout of a request to Clerk, from connecting to the last byte of the response: one second to one minute.
    /// Default: 30 seconds. Loading ends after 20 seconds in any case, and is retried in the background.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.config.timeouts.request = Some(timeout);
        self
    }

    /// Sets the timeout of a call to the keyring, which the user may have to unlock: one second to five minutes. Default: ten
    /// seconds. After it, the app goes on without the keyring and reads it again later.
    #[must_use]
    pub fn storage_timeout(mut self, timeout: Duration) -> Self {
        self.config.timeouts.storage = Some(timeout);
        self
    }

    /// Whether Clerk registers `tauri-plugin-deep-link`. Default: `true`. Pass `false` if the app registers it before Clerk.
    ///
    /// On macOS, the app's own registration announces every link to all windows, callback links included.
    #[must_use]
    pub fn deep_link(mut self, register: bool) -> Self {
        self.companions.deep_link = register;
        self
    }

    /// Whether Clerk registers `tauri-plugin-single-instance` (Linux, Windows). Default: `true`. Pass `false` if the app
    /// registers it. If the app's is the only one, or is registered before Clerk, it gets the second process and must pass its links
    /// on, in one of two ways:
    ///
    /// - The callback calls [`Clerk::handle_deep_link`](crate::Clerk::handle_deep_link) with the link among its arguments.
    /// - The feature `deep-link` of `tauri-plugin-single-instance` does so. It also announces every link, callback links included,
    ///   to all windows with `core:default`. Cargo unifies features: if any crate of the app enables it, it is enabled for Clerk's
    ///   registration too.
    #[must_use]
    pub fn single_instance(mut self, register: bool) -> Self {
        self.companions.single_instance = register;
        self
    }

    /// Whether Clerk loads as soon as the app starts, without waiting for a window. Default: `true`. Without a configured key,
    /// Clerk loads when a window passes one to `load`.
    #[must_use]
    pub fn load_at_start(mut self, load: bool) -> Self {
        self.load_at_start = load;
        self
    }

    /// Whether the last state is stored, encrypted, in the app's folder for local data, so that the next start shows the user
    /// at once, even offline. Default: `true`.
    #[must_use]
    pub fn keep_state(mut self, keep: bool) -> Self {
        self.keep_state = keep;
        self
    }

    /// Sets for how long the stored state is shown at the start of an app that can't reach Clerk, counted from the last time
    /// that Clerk confirmed it. Default: 30 days.
    #[must_use]
    pub fn max_offline_age(mut self, age: Duration) -> Self {
        self.max_offline_age = age;
        self
    }
}
