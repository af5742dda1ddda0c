//! The core on a running emulator.

use std::{sync::Arc, time::Duration};

use clerk_core::{
    AuthenticateWithRedirectParams, CallbackUrl, Clerk, ClerkSetup, HttpTransport, InstanceOptions, LinkOutcome,
    LoadOptions, RedirectOutcome, RedirectResource, SetActiveParams, SignInCreateParams,
    models::SessionId,
    ports::{SecretStore, SystemClock},
    storage::MemoryStore,
};
use clerk_emulator::{Config, Decision, Emulator, Identity, NewUser};

use crate::{RecordingBrowser, RecordingSink, with_timeout};

/// The callback URL of [`App`].
pub const CALLBACK: &str = "my-app://callback";
pub const ADA: &str = "ada+clerk_test@example.com";
pub const PASSWORD: &str = "correct-horse-battery";

/// A core on a running emulator.
pub struct App {
    pub emulator: Arc<Emulator>,
    pub clerk: Clerk,
    pub browser: Arc<RecordingBrowser>,
    pub events: Arc<RecordingSink>,
    pub store: Arc<dyn SecretStore>,
}

/// Returns a strict configuration that allows [`CALLBACK`] and has the user [`ADA`], who belongs to an organization.
pub fn config() -> Config {
    let mut config = Config::default().strict();
    config.redirect_urls = [CALLBACK.to_owned()].into();
    config.users = vec![NewUser {
        first_name: Some("Ada".to_owned()),
        organization: Some("Analytical Engines".to_owned()),
        ..NewUser::with_password(ADA, PASSWORD)
    }];
    config
}

impl App {
    /// Starts an emulator and loads an app on it.
    pub async fn start(config: Config) -> Self {
        let emulator = Arc::new(Emulator::start(config).await.unwrap());
        let app = Self::on(emulator, Arc::new(MemoryStore::default()));
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app
    }

    /// Creates an app without loading it.
    pub fn on(emulator: Arc<Emulator>, store: Arc<dyn SecretStore>) -> Self {
        Self::with(emulator, store, |_| {})
    }

    /// Creates an app with a changed setup, without loading it.
    pub fn with(emulator: Arc<Emulator>, store: Arc<dyn SecretStore>, adjust: impl FnOnce(&mut ClerkSetup)) -> Self {
        let (browser, events) = (Arc::<RecordingBrowser>::default(), Arc::<RecordingSink>::default());
        let transport = Arc::new(HttpTransport::new());
        let mut setup =
            ClerkSetup::new(transport, store.clone(), browser.clone(), Arc::new(SystemClock), events.clone());
        setup.instance = InstanceOptions {
            publishable_key: Some(emulator.publishable_key()),
            proxy_url: Some(emulator.base_url()),
            ..InstanceOptions::default()
        };
        setup.callback = CallbackUrl::parse(CALLBACK);
        adjust(&mut setup);
        Self { clerk: Clerk::new(setup), emulator, browser, events, store }
    }

    /// Creates and loads an app on the same emulator with the same store, as after a restart.
    pub async fn restart(&self) -> Self {
        let app = Self::on(self.emulator.clone(), self.store.clone());
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app
    }

    /// Signs [`ADA`] in and makes her session active.
    pub async fn sign_in_with_password(&self) -> SessionId {
        let sign_in = self.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
        let session = sign_in.created_session_id.unwrap();
        self.clerk.set_active(SetActiveParams::session(session.clone())).await.unwrap();
        session
    }

    /// Starts a flow through the browser. Returns its task and the page that it opened.
    pub async fn begin(&self, params: AuthenticateWithRedirectParams) -> (Flow, String) {
        let before = self.browser.0.lock().unwrap().len();
        let clerk = self.clerk.clone();
        let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(params).await });
        (flow, self.page(before).await)
    }

    /// Waits for the page that is opened after `before` others.
    pub async fn page(&self, before: usize) -> String {
        let page = async {
            loop {
                if let Some(page) = self.browser.0.lock().unwrap().get(before) {
                    return page.to_string();
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        with_timeout("a page to be opened in the browser", page).await
    }

    /// Decides on the provider's page and opens the link back to the app.
    pub async fn return_from(&self, page: &str, decision: Decision) -> LinkOutcome {
        let link = self.emulator.decide(page, decision).unwrap();
        assert!(link.as_str().starts_with(CALLBACK));
        self.clerk.handle_deep_link(&link).await
    }

    pub fn user_name(&self) -> Option<String> {
        self.clerk.user().and_then(|user| user.full_name())
    }
}

pub type Flow = tokio::task::JoinHandle<clerk_core::Result<RedirectOutcome>>;

pub fn password_params(identifier: &str, password: &str) -> SignInCreateParams {
    SignInCreateParams {
        identifier: Some(identifier.to_owned()),
        password: Some(password.to_owned()),
        ..SignInCreateParams::default()
    }
}

pub fn google_params(resource: RedirectResource) -> AuthenticateWithRedirectParams {
    AuthenticateWithRedirectParams::new(resource, "oauth_google")
}

pub fn grace() -> Identity {
    let mut identity = Identity::new("oauth_google", "grace@example.com");
    identity.first_name = "Grace".to_owned();
    identity.last_name = "Hopper".to_owned();
    identity
}

/// Returns the first code of an error response.
pub fn first_error_code(error: &clerk_core::Error) -> &str {
    match error {
        clerk_core::Error::Api(error) => &error.errors[0].code,
        other => panic!("expected an error of FAPI, not {other:?}"),
    }
}
