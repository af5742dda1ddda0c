//! Creates the app's [`Clerk`] from its settings.

use std::sync::Arc;

use tauri::{AppHandle, Manager, Runtime, plugin};

use crate::{
    Clerk, Config, HttpTransport,
    builder::Builder,
    callback::{self, CallbackConfig},
    commands::{self, Fetches, OpenedPages, Requests, WindowOptions, WindowStates},
    config, core,
    desktop::{self, deep_link::Links},
    loopback::callback::LoopbackListener,
    plugin::ClerkPlugin,
    ports, storage, wallet_bridge,
};

impl Builder {
    /// Builds the plugin, for `tauri::Builder::plugin`.
    #[must_use]
    pub fn build<R: Runtime>(self) -> ClerkPlugin<R> {
        let companions = self.companions;
        let own = plugin::Builder::<R, Option<Config>>::new(config::PLUGIN_NAME)
            .invoke_handler(commands::invoke)
            .setup(move |app, api| start(app, self, api.config().clone().unwrap_or_default()))
            .build();
        ClerkPlugin::new(own, companions)
    }
}

/// Creates the app's [`Clerk`], and starts the tasks that run as long as the app does.
fn start<R: Runtime>(
    app: &AppHandle<R>,
    builder: Builder,
    configured: Config,
) -> Result<(), Box<dyn std::error::Error>> {
    let load_at_start = builder.load_at_start;
    let setup = clerk_setup(app, builder, configured)?;
    let has_key = setup.instance.publishable_key.is_some();
    let clerk = Clerk::new(setup);
    app.manage(clerk.clone());
    let (options, states) = (WindowOptions::default(), WindowStates::default());
    app.manage(options.clone());
    app.manage(states.clone());
    app.manage(OpenedPages::default());
    app.manage(Requests::default());
    app.manage(Fetches::default());
    let shown = clerk.clone();
    states.send_updates(clerk.clone(), move |snapshot, label| options.shown(&shown, snapshot, label));
    let polling = clerk.clone();
    tauri::async_runtime::spawn(async move { polling.poll().await });
    let caching = clerk.clone();
    tauri::async_runtime::spawn(async move { caching.keep_cache().await });
    if load_at_start && has_key {
        tauri::async_runtime::spawn(async move {
            // The state and the log have the error.
            let _ = clerk.load(core::LoadOptions::default()).await;
        });
    }
    Ok(())
}

fn clerk_setup<R: Runtime>(
    app: &AppHandle<R>,
    builder: Builder,
    configured: Config,
) -> Result<core::ClerkSetup, Box<dyn std::error::Error>> {
    let tauri = app.config();
    let config = configured.overridden_by(builder.config);
    config.timeouts.check()?;
    let browser_timeout = config.timeouts.browser();
    let schemes = config::deep_link_schemes(tauri.plugins.0.get("deep-link"));
    let package = app.package_info();
    let browser = builder.browser.unwrap_or_else(|| Arc::new(desktop::browser::SystemBrowser));
    let browser = Arc::new(desktop::browser::Bounded::new(browser));
    let mut setup = core::ClerkSetup::new(
        Arc::new(HttpTransport::with_timeout(config.timeouts.request())),
        builder.secrets.unwrap_or_else(|| Arc::new(storage::KeyringStore::new(&tauri.identifier))),
        browser.clone(),
        Arc::new(ports::SystemClock),
        Arc::new(desktop::events::WindowEvents(app.clone())),
    );
    if let Some(urls) = &config.backends {
        setup.backends = core::Backends::new(urls, Arc::new(core::HttpBackendTransport::new()))
            .map_err(|error| format!("plugins.clerk in tauri.conf.json, or clerk::Builder: {error}"))?;
    }
    setup.instance = config.instance();
    let callback = CallbackConfig {
        transport: config.transport.unwrap_or_default(),
        redirect_url: config.redirect_url.as_deref(),
        schemes: &schemes,
        deep_links_work: callback::deep_links_work(),
    };
    setup.callback = callback.url()?;
    let name = tauri.product_name.clone().unwrap_or_else(|| package.name.clone());
    if let Ok(callback) = setup.callback.as_ref()
        && callback.is_loopback()
    {
        let (links, shown) = (app.state::<Arc<Links<R>>>().inner().clone(), app.clone());
        let show = move || links.show_initiator(&shown);
        setup.callback_listener = Some(Arc::new(LoopbackListener::new(callback.clone(), name.clone(), show)));
    }
    setup.schemes = schemes;
    setup.options = config.options;
    setup.app_url = app_url(tauri);
    // Without this folder, the state is not stored.
    let folder = app.path().app_local_data_dir().ok();
    setup.keep_state = builder.keep_state;
    setup.max_offline_age = builder.max_offline_age;
    setup.cache = folder.map(|folder| Arc::new(storage::FileCache::new(folder.join("clerk-state"))) as _);
    let bridge = || Arc::new(wallet_bridge::WalletBridge::new(browser, name, browser_timeout)) as _;
    let wallet = builder.wallet.unwrap_or_else(bridge);
    setup.wallet = Some(match builder.confirm_wallet {
        Some(confirm) => Arc::new(wallet_bridge::ConfirmedWallet::new(wallet, confirm, browser_timeout)) as _,
        None => wallet,
    });
    setup.passkeys = builder.passkeys;
    setup.select_initial_session = builder.select_initial_session;
    setup.browser_timeout = browser_timeout;
    setup.storage_timeout = config.timeouts.storage();
    setup.user_agent = core::user_agent(&package.name, &package.version.to_string());
    setup.locale = sys_locale::get_locale();
    setup.timezone = iana_time_zone::get_timezone().ok();
    Ok(setup)
}

/// Returns the URL of the app's pages: the development server's, or Tauri's own.
fn app_url(config: &tauri::Config) -> tauri::Url {
    match &config.build.dev_url {
        Some(url) if tauri::is_dev() => url.clone(),
        _ => own_url(config, cfg!(windows)),
    }
}

/// Returns the URL of Tauri's own pages. On Windows, windows with `useHttpsScheme` are at an https URL; the main window counts.
fn own_url(config: &tauri::Config, is_windows: bool) -> tauri::Url {
    let windows = &config.app.windows;
    let main = windows.iter().find(|window| window.label == "main").or(windows.first());
    let is_https = is_windows && main.is_some_and(|main| main.use_https_scheme);
    let https = is_https.then(|| tauri::Url::parse("https://tauri.localhost/").ok()).flatten();
    https.unwrap_or_else(core::default_app_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_url_is_https_where_the_main_window_on_windows_has_it() {
        let mut config = tauri::Config::default();
        assert_eq!(own_url(&config, true), core::default_app_url());
        config.app.windows = vec![tauri::utils::config::WindowConfig::default(); 2];
        config.app.windows[0].label = "other".to_owned();
        config.app.windows[0].use_https_scheme = true;
        assert_eq!(own_url(&config, true), core::default_app_url());
        config.app.windows[1].use_https_scheme = true;
        assert_eq!(own_url(&config, true).as_str(), "https://tauri.localhost/");
        assert_eq!(own_url(&config, false), core::default_app_url());
    }
}
