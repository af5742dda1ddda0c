//! Ports for tests: a FAPI that answers by script, a browser that only remembers, a store that can fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    missing_docs,
    missing_debug_implementations,
    reason = "helpers of tests: they end the test where they fail"
)]

pub mod app;
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

/// How long a test waits for another party: far longer than it takes on a busy machine, and short enough to be read.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Waits for `future`, by the real clock also where the test has paused time, and panics with `what` when it takes too long.
#[track_caller]
pub fn within<T>(what: &str, future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    let what = what.to_owned();
    async move {
        let (over, mut is_over) = tokio::sync::oneshot::channel::<()>();
        let (_running, ended) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            // `_running` is dropped when the wait ends, which ends this thread as well.
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

/// Waits until `condition` holds; see [`within`].
#[track_caller]
pub fn until(what: &str, condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    within(what, async move {
        while !condition() {
            // Lets a server on another thread run; a runtime with paused time goes on at once.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
}

/// Waits until a spawned task ends; see [`within`].
#[track_caller]
pub fn ended<T>(task: tokio::task::JoinHandle<T>) -> impl Future<Output = T> {
    let ended = within("a spawned task to end", task);
    async { ended.await.unwrap() }
}

/// Key of the made-up instance `clerk.example.test`, development.
pub const KEY: &str = "pk_test_Y2xlcmsuZXhhbXBsZS50ZXN0JA";

/// What a script answers.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub token: Option<&'static str>,
}

/// A JSON answer.
pub fn json_answer(status: u16, body: &Value) -> Option<Answer> {
    Some(Answer { status, body: body.to_string(), token: None })
}

/// An answer with this text as its body.
pub fn text_answer(status: u16, body: &str) -> Option<Answer> {
    Some(Answer { status, body: body.to_owned(), token: None })
}

type Script = dyn Fn(&str, &str, Option<&str>) -> Option<Answer> + Send + Sync;

/// Answers by a function of method, path and client token; `None` means that no answer arrives.
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
            HttpMethod::Post(body) => (tunnelled.unwrap_or_else(|| "POST".to_owned()), body),
        };
        let path = request.url.path().trim_start_matches("/v1").to_owned();
        let token = request.authorization.as_ref().map(|token| token.expose());
        let answer = (self.script)(&method, &path, token);
        self.requests.lock().unwrap().push((method, path, body));
        let result = match answer {
            Some(answer) => Ok(HttpResponse {
                status: answer.status,
                token: TokenUpdate::from_header(answer.token),
                retry_after: None,
                body: answer.body.into_bytes(),
            }),
            None => Err(TransportError { reason: "connection refused".to_owned() }),
        };
        Box::pin(std::future::ready(result))
    }
}

/// Remembers what it was asked to open.
#[derive(Default)]
pub struct RememberingBrowser(pub Mutex<Vec<Url>>);

impl Browser for RememberingBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        self.0.lock().unwrap().push(url.clone());
        Ok(())
    }
}

/// Remembers events.
#[derive(Default)]
pub struct RememberingSink(pub Mutex<Vec<Event>>);

impl EventSink for RememberingSink {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl RememberingSink {
    pub fn notices(&self) -> Vec<&'static str> {
        let events = self.0.lock().unwrap();
        events
            .iter()
            .filter_map(|event| if let Event::Notice { code, .. } = event { Some(*code) } else { None })
            .collect()
    }
}

/// A machine without a keyring.
pub struct NoStore;

impl SecretStore for NoStore {
    fn read(&self, _: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("there is no keyring".to_owned()))))
    }
    fn write(&self, _: &SecretKey, _: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("there is no keyring".to_owned()))))
    }
    fn delete(&self, _: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("there is no keyring".to_owned()))))
    }
}

/// A core with everything around it in reach.
pub struct Bench {
    pub clerk: Clerk,
    pub fapi: Arc<ScriptedFapi>,
    pub browser: Arc<RememberingBrowser>,
    pub events: Arc<RememberingSink>,
}

impl Bench {
    /// A core on a scripted FAPI, with a key and the callback URL `my-app://callback`.
    pub fn new(script: impl Fn(&str, &str) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self::with(script, Arc::new(MemoryStore::default()), |_| {})
    }

    pub fn with(
        script: impl Fn(&str, &str) -> Option<Answer> + Send + Sync + 'static,
        store: Arc<dyn SecretStore>,
        adjust: impl FnOnce(&mut ClerkSetup),
    ) -> Self {
        Self::assemble(Box::new(move |method, path, _| script(method, path)), store, adjust)
    }

    /// A core on a FAPI that looks at the client token as well.
    pub fn with_tokens(
        script: impl Fn(&str, &str, Option<&str>) -> Option<Answer> + Send + Sync + 'static,
        store: Arc<dyn SecretStore>,
        adjust: impl FnOnce(&mut ClerkSetup),
    ) -> Self {
        Self::assemble(Box::new(script), store, adjust)
    }

    fn assemble(script: Box<Script>, store: Arc<dyn SecretStore>, adjust: impl FnOnce(&mut ClerkSetup)) -> Self {
        let fapi = Arc::new(ScriptedFapi { script, requests: Mutex::default() });
        let (browser, events) = (Arc::<RememberingBrowser>::default(), Arc::<RememberingSink>::default());
        let mut setup = ClerkSetup::new(fapi.clone(), store, browser.clone(), Arc::new(SystemClock), events.clone());
        setup.instance = InstanceOptions { publishable_key: Some(KEY.to_owned()), ..InstanceOptions::default() };
        setup.callback = CallbackUrl::parse("my-app://callback");
        adjust(&mut setup);
        Self { clerk: Clerk::new(setup), fapi, browser, events }
    }

    /// How often this was asked for.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let requests = self.fapi.requests.lock().unwrap();
        requests.iter().filter(|(asked, at, _)| asked == method && at == path).count()
    }
}

/// An environment of a development instance.
pub fn environment() -> Value {
    json!({ "display_config": { "instance_environment_type": "development", "application_name": "Test" } })
}

/// A session of a user.
pub fn session(id: &str) -> Value {
    json!({ "object": "session", "id": id, "status": "active", "user": { "id": format!("user_of_{id}"), "first_name": "Ada" } })
}

/// A client with these sessions.
pub fn client(updated_at: i64, sessions: &[Value]) -> Value {
    json!({ "object": "client", "id": "client_1", "sessions": sessions, "updated_at": updated_at })
}

/// A session token with these claims and a long life; nobody checks its signature here.
pub fn jwt(claims: &Value) -> String {
    use base64::Engine;
    let part = |json: &Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
    let mut claims = claims.clone();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    claims["iat"] = now.into();
    claims["exp"] = (now + 600).into();
    format!("{}.{}.signature", part(&json!({})), part(&claims))
}

/// Keeps the sealed state in memory, over "restarts" of the core.
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

/// A Frontend API that takes requests and says nothing.
pub struct Silence;

impl Transport for Silence {
    fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(std::future::pending())
    }
}
