//! Test doubles: a FAPI that follows a script, a browser that records URLs, a store that fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    missing_docs,
    missing_debug_implementations,
    reason = "a failing test helper fails the test"
)]

pub mod app;
pub mod backend;
pub mod clock;
pub mod device;
pub mod disk;
pub mod faults;
pub mod google;
pub mod sessions;
pub mod strict;
pub mod wallet;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use clerk_core::{
    CallbackUrl, Clerk, ClerkSetup, InstanceOptions,
    ports::{
        BoxFuture, Browser, Event, EventSink, HttpMethod, HttpRequest, HttpResponse, SecretKey, SecretStore,
        StoreError, SystemClock, TokenUpdate, Transport, TransportError,
    },
    secret::StoredSecret,
    storage::MemoryStore,
};
use serde_json::{Value, json};
use url::Url;

/// The timeout of every wait: far longer than needed on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Waits for `future`. Panics with `what` after a minute of real time, even if the test has paused its clock.
#[track_caller]
pub fn with_timeout<T>(what: &str, future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    let what = what.to_owned();
    async move {
        let (over, mut is_over) = tokio::sync::oneshot::channel::<()>();
        let (_running, ended) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            // Dropping `_running` at the end of the wait ends this thread as well.
            if ended.recv_timeout(WAIT_LIMIT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = over.send(());
            }
        });
        let limit = async {
            if (&mut is_over).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            result = future => result,
            () = limit => panic!("{caller}: waited {WAIT_LIMIT:?} for {what}"),
        }
    }
}

/// Waits until `condition` holds; see [`with_timeout`].
#[track_caller]
pub fn wait_until(what: &str, condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    with_timeout(what, async move {
        for step in 0.. {
            if condition() {
                return;
            }
            // Lets a server on another thread run. A paused clock does not delay this, but each step takes a while on some systems.
            tokio::time::sleep(Duration::from_millis(if step < 500 { 2 } else { 20 })).await;
        }
    })
}

/// Waits for a spawned task to end, and panics if it panicked; see [`with_timeout`].
#[track_caller]
pub fn join<T>(task: tokio::task::JoinHandle<T>) -> impl Future<Output = T> {
    let ended = with_timeout("a spawned task to end", task);
    async { ended.await.unwrap() }
}

/// The publishable key of a development instance, `clerk.example.test`.
pub const KEY: &str = "pk_test_Y2xlcmsuZXhhbXBsZS50ZXN0JA";

/// A scripted response.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    pub body: String,
    pub token: Option<&'static str>,
}

/// Creates a response with a JSON body.
pub fn json_response(status: u16, body: &Value) -> Option<Response> {
    Some(Response { status, body: body.to_string(), token: None })
}

/// Creates a response with `body` as it is.
pub fn text_response(status: u16, body: &str) -> Option<Response> {
    Some(Response { status, body: body.to_owned(), token: None })
}

type Script = dyn Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync;

/// A FAPI whose responses are a function of method, path and client token. `None` is a failed connection.
pub struct ScriptedFapi {
    script: Box<Script>,
    pub requests: Mutex<Vec<(String, String, String)>>,
}

impl Transport for ScriptedFapi {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let tunnelled =
            request.url.query_pairs().find(|(key, _)| key == "_method").map(|(_, value)| value.into_owned());
        let (method, body) = match request.method {
            HttpMethod::Get => ("GET".to_owned(), String::new()),
            HttpMethod::Upload(parts) => {
                let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
                (tunnelled.unwrap_or_else(|| "POST".to_owned()), names.join("&"))
            }
            HttpMethod::Post(body) | HttpMethod::Json(body) => {
                (tunnelled.unwrap_or_else(|| "POST".to_owned()), body.expose().to_owned())
            }
        };
        let path = request.url.path().trim_start_matches("/v1").to_owned();
        let token = request.authorization.as_ref().map(clerk_core::secret::ClientToken::expose);
        let response = (self.script)(&method, &path, token);
        self.requests.lock().unwrap().push((method, path, body));
        let result = match response {
            Some(response) => Ok(HttpResponse {
                status: response.status,
                token: TokenUpdate::from_header(response.token),
                retry_after: None,
                body: response.body.into_bytes(),
            }),
            None => Err(TransportError { reason: "connection refused".to_owned() }),
        };
        Box::pin(std::future::ready(result))
    }
}

/// Records the URLs to open instead of opening them.
#[derive(Default)]
pub struct RecordingBrowser(pub Mutex<Vec<Url>>);

impl Browser for RecordingBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        self.0.lock().unwrap().push(url.clone());
        Ok(())
    }
}

/// Records the events.
#[derive(Default)]
pub struct RecordingSink(pub Mutex<Vec<Event>>);

impl EventSink for RecordingSink {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl RecordingSink {
    pub fn notices(&self) -> Vec<&'static str> {
        let events = self.0.lock().unwrap();
        events
            .iter()
            .filter_map(|event| if let Event::Notice { code, .. } = event { Some(*code) } else { None })
            .collect()
    }
}

/// Returns the client token in an entry that the core wrote.
pub async fn stored_token(store: &impl SecretStore, key: &SecretKey) -> Option<String> {
    token_in(store.read(key).await.unwrap()?.expose())
}

/// Returns the client token in the content of an entry.
pub fn token_in(entry: &str) -> Option<String> {
    let entry: Value = serde_json::from_str(entry).expect("the core writes JSON");
    entry["t"].as_str().map(str::to_owned)
}

/// The store of a machine without a keyring.
pub struct UnavailableStore;

impl UnavailableStore {
    /// What it says is wrong.
    pub const REASON: &str = "no such collection: /home/ada/keys";
}

impl SecretStore for UnavailableStore {
    fn read(&self, _: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable(Self::REASON.to_owned()))))
    }
    fn write(&self, _: &SecretKey, _: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable(Self::REASON.to_owned()))))
    }
    fn delete(&self, _: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable(Self::REASON.to_owned()))))
    }
}

/// A core on a [`ScriptedFapi`], with access to its test doubles.
pub struct ScriptedApp {
    pub clerk: Clerk,
    pub fapi: Arc<ScriptedFapi>,
    pub browser: Arc<RecordingBrowser>,
    pub events: Arc<RecordingSink>,
}

impl ScriptedApp {
    /// Creates a core that follows `script`, with [`KEY`] and the callback URL `my-app://callback`.
    pub fn new(script: impl Fn(&str, &str) -> Option<Response> + Send + Sync + 'static) -> Self {
        Self::with(script, Arc::new(MemoryStore::default()), |_| {})
    }

    /// Creates a core with another store, or with a changed setup.
    pub fn with(
        script: impl Fn(&str, &str) -> Option<Response> + Send + Sync + 'static,
        store: Arc<dyn SecretStore>,
        adjust: impl FnOnce(&mut ClerkSetup),
    ) -> Self {
        Self::assemble(Box::new(move |method, path, _| script(method, path)), store, adjust)
    }

    /// Creates a core whose script also gets the client token.
    pub fn with_tokens(
        script: impl Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync + 'static,
        store: Arc<dyn SecretStore>,
        adjust: impl FnOnce(&mut ClerkSetup),
    ) -> Self {
        Self::assemble(Box::new(script), store, adjust)
    }

    fn assemble(script: Box<Script>, store: Arc<dyn SecretStore>, adjust: impl FnOnce(&mut ClerkSetup)) -> Self {
        let fapi = Arc::new(ScriptedFapi { script, requests: Mutex::default() });
        let (browser, events) = (Arc::<RecordingBrowser>::default(), Arc::<RecordingSink>::default());
        let mut setup = ClerkSetup::new(fapi.clone(), store, browser.clone(), Arc::new(SystemClock), events.clone());
        setup.instance = InstanceOptions { publishable_key: Some(KEY.to_owned()), ..InstanceOptions::default() };
        setup.callback = CallbackUrl::parse("my-app://callback");
        adjust(&mut setup);
        Self { clerk: Clerk::new(setup), fapi, browser, events }
    }

    /// Returns the ID of the active session.
    pub fn active_session_id(&self) -> Option<String> {
        self.clerk.session().map(|session| session.id.to_string())
    }

    /// Returns the URL that the app should navigate to, and clears it.
    pub fn take_navigation(&self) -> Option<String> {
        self.clerk.take_redirect_outcome().and_then(|outcome| outcome.navigate_to)
    }

    /// Returns the number of requests with this method and path.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let requests = self.fapi.requests.lock().unwrap();
        requests.iter().filter(|(sent, at, _)| sent == method && at == path).count()
    }
}

/// Returns the environment of a development instance.
pub fn environment() -> Value {
    json!({ "display_config": { "instance_environment_type": "development", "application_name": "Test" } })
}

/// Returns an active session with a user.
pub fn session(id: &str) -> Value {
    json!({ "object": "session", "id": id, "status": "active", "user": { "id": format!("user_of_{id}"), "first_name": "Ada" } })
}

/// Returns a client with these sessions.
pub fn client(updated_at: i64, sessions: &[Value]) -> Value {
    json!({ "object": "client", "id": "client_1", "sessions": sessions, "updated_at": updated_at })
}

/// Returns a session token with these claims that expires in ten minutes. Its signature is not valid.
pub fn jwt(claims: &Value) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    jwt_issued_at(i64::try_from(now).unwrap(), 600, claims)
}

/// Returns a session token with these claims, issued at `iat` (in seconds) for `lifetime` seconds.
pub fn jwt_issued_at(iat: i64, lifetime: i64, claims: &Value) -> String {
    use base64::Engine;
    let part = |json: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    let mut claims = claims.clone();
    claims["iat"] = iat.into();
    claims["exp"] = (iat + lifetime).into();
    format!("{}.{}.signature", part(&json!({})), part(&claims))
}

/// Keeps the sealed state in memory. Share it between cores to simulate a restart.
#[derive(Default)]
pub struct MemoryCache(pub Mutex<Option<Vec<u8>>>);

impl clerk_core::ports::CacheStore for MemoryCache {
    fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>> {
        Box::pin(std::future::ready(Ok(self.0.lock().unwrap().clone())))
    }
    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>> {
        *self.0.lock().unwrap() = Some(content);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A FAPI that accepts requests and never responds.
pub struct UnresponsiveFapi;

impl Transport for UnresponsiveFapi {
    fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(std::future::pending())
    }
}
