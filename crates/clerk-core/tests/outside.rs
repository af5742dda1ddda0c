//! Code outside of the core that panics: the ports, and the callbacks of the app.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use clerk_core::{
    AuthenticateWithWeb3Params, GetTokenParams, LoadOptions, SignOutOptions, Status,
    ports::{
        BoxFuture, Browser, CacheLock, CacheStore, Event, EventSink, HttpRequest, HttpResponse, SecretKey,
        SecretLifetime, SecretStore, StoreError, Transport, TransportError, Wallet, WalletConnection, WalletError,
    },
    secret::StoredSecret,
};
use clerk_testkit::{
    ScriptedApp,
    device::{Device, ROTATED_TOKEN, with_sessions},
    session,
};
use url::Url;

/// When a call panics.
#[derive(Clone, Copy, PartialEq)]
enum Panics {
    AtOnce,
    WhileWaiting,
}

impl Panics {
    fn call<T: Send + 'static>(self) -> BoxFuture<'static, T> {
        assert!(self != Self::AtOnce, "a bug of the app");
        Box::pin(async { panic!("a bug of the app") })
    }
}

const BOTH: [Panics; 2] = [Panics::AtOnce, Panics::WhileWaiting];

impl SecretStore for Panics {
    fn read(&self, _: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.call()
    }
    fn write(&self, _: &SecretKey, _: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        self.call()
    }
    fn delete(&self, _: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.call()
    }
    fn lifetime(&self) -> SecretLifetime {
        panic!("a bug of the app")
    }
}

impl CacheStore for Panics {
    fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>> {
        self.call()
    }
    fn write(&self, _: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>> {
        self.call()
    }
    fn lock(&self) -> BoxFuture<'_, std::io::Result<CacheLock>> {
        self.call()
    }
}

impl Browser for Panics {
    fn open(&self, _: &Url) -> Result<(), String> {
        panic!("a bug of the app")
    }
}

impl EventSink for Panics {
    fn emit(&self, _: Event) {
        panic!("a bug of the app")
    }
}

impl Wallet for Panics {
    fn connect<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>> {
        self.call()
    }
}

/// Panics while the flag is set.
struct Panicking {
    inner: Arc<dyn Transport>,
    panics: Panics,
    now: Arc<AtomicBool>,
}

impl Transport for Panicking {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        if self.now.load(Ordering::SeqCst) { self.panics.call() } else { self.inner.send(request) }
    }
}

async fn device() -> Device {
    Device::new(with_sessions(&[session("sess_1")])).await
}

async fn assert_usable(app: &ScriptedApp) {
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!((app.clerk.status(), app.clerk.is_signed_in()), (Status::Ready, true));
    app.clerk.session_token().await.unwrap();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    assert!(!app.clerk.is_signed_in());
}

#[tokio::test(start_paused = true)]
async fn secret_store_that_panics_is_reported_and_does_not_stop_the_app() {
    for panics in BOTH {
        let app = device().await.start(|setup| setup.secrets = Arc::new(panics));
        assert_usable(&app).await;
        assert_eq!(app.events.notices(), ["storage_unavailable"]);
    }
}

#[tokio::test(start_paused = true)]
async fn cache_that_panics_does_not_stop_the_app() {
    for panics in BOTH {
        let app = device().await.start(|setup| setup.cache = Some(Arc::new(panics)));
        assert_usable(&app).await;
    }
}

#[tokio::test(start_paused = true)]
async fn event_sink_that_panics_does_not_stop_the_app() {
    let app = device().await.start(|setup| setup.events = Arc::new(Panics::AtOnce));
    let heard = Arc::<AtomicUsize>::default();
    let count = heard.clone();
    app.clerk.add_listener(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    assert_usable(&app).await;
    assert!(heard.load(Ordering::SeqCst) > 1);
}

#[tokio::test(start_paused = true)]
async fn transport_that_panics_is_a_network_error_of_that_request() {
    for panics in BOTH {
        let now = Arc::<AtomicBool>::default();
        let flag = now.clone();
        let app = device().await.start(|setup| {
            let inner = setup.transport.clone();
            setup.transport = Arc::new(Panicking { inner, panics, now: flag });
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let get = || app.clerk.get_token(GetTokenParams::new("sess_1"));
        now.store(true, Ordering::SeqCst);
        assert_eq!(get().await.unwrap_err().code(), "clerk_offline");
        now.store(false, Ordering::SeqCst);
        get().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn select_initial_session_that_panics_leaves_the_choice_to_clerk() {
    let device = device().await;
    let one = with_sessions(&[session("sess_1")]);
    device.follow(move |method, path, token| {
        let mut response = one(method, path, token)?;
        response.token = Some(ROTATED_TOKEN);
        Some(response)
    });
    let app = device.start(|setup| setup.select_initial_session = Some(Arc::new(|_| panic!("a bug of the app"))));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(app.clerk.is_signed_in());
    assert_eq!(device.stored_token().await.as_deref(), Some(ROTATED_TOKEN), "the response was applied");
}

#[tokio::test(start_paused = true)]
async fn browser_that_panics_is_not_available() {
    let app = device().await.start(|setup| setup.browser = Arc::new(Panics::AtOnce));
    assert_eq!(app.clerk.open_external("https://example.com").unwrap_err().code(), "browser_unavailable");
}

/// A wallet that never responds.
struct Hanging;

impl Wallet for Hanging {
    fn connect<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn wallet_that_panics_or_hangs_ends_the_flow() {
    let failing: [Arc<dyn Wallet>; 3] = [Arc::new(Panics::AtOnce), Arc::new(Panics::WhileWaiting), Arc::new(Hanging)];
    for wallet in failing {
        let app = device().await.start(|setup| setup.wallet = Some(wallet));
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let params = AuthenticateWithWeb3Params::new("web3_metamask_signature");
        assert_eq!(
            app.clerk.authenticate_with_web3(params).await.unwrap_err().code(),
            "web3_signature_generation_failed"
        );
        assert!(!app.clerk.cancel_authentication().await, "no flow is left");
    }
}
