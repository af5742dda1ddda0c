//! Requests of windows to the app's backend. The session token is added in Rust, so a window needs none.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::Engine;
use serde::{Deserialize, Serialize};
use tauri::{
    Manager, Runtime,
    ipc::{CommandArg, CommandItem, InvokeError, InvokeResponseBody, IpcResponse},
};
use tokio::sync::watch;

use super::caller::Caller;
use crate::{
    core::{Change, DEFAULT_IDLE_TIMEOUT, FetchRequest, FetchResponse},
    error::{Error, ErrorCode, Result},
    models::OrganizationId,
    secret::Secret,
};

/// How many requests and responses of a window may be open.
const MOST_OPEN: usize = 128;

/// How many ids of a window are known. A page that is left may send its commands once more.
const MOST_IDS: usize = 256;

const LONGEST_ID: usize = 100;

/// A part of a body that a window gets is at least this long, if as much arrives in a [moment](MOMENT).
const CHUNK: usize = 64 * 1024;

/// How long to wait for more of a body when a part of it has arrived: much less than what it costs to hand over each part alone.
const MOMENT: Duration = Duration::from_millis(2);

/// A request of a window to the app's backend.
#[derive(Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowFetch {
    /// Names the request and its response. The window makes it up.
    id: String,
    /// The absolute URL.
    url: String,
    /// The method.
    method: String,
    /// The names and values of the headers.
    headers: Vec<(String, String)>,
    /// The body.
    #[serde(default)]
    body: Option<WindowBody>,
    /// The organization that the session token is for. Default: the session's active one; `null` selects the personal account.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", specta(type = Option<String>, optional))]
    organization_id: Change<OrganizationId>,
    /// The name of a JWT template.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", specta(optional))]
    template: Option<String>,
    /// Whether redirects are followed.
    follow_redirects: bool,
    /// How long to wait for the headers of the response, and for each part of its body, in milliseconds.
    #[serde(default)]
    #[cfg_attr(feature = "bindings", specta(optional))]
    idle_timeout_ms: Option<u32>,
}

/// The body of a [`WindowFetch`].
#[derive(Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub(crate) enum WindowBody {
    /// As it is.
    Text(#[cfg_attr(feature = "bindings", specta(type = String))] Secret<String>),
    /// Bytes in base64.
    Base64(#[cfg_attr(feature = "bindings", specta(type = String))] Secret<String>),
}

/// The beginning of a response of the app's backend.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub(crate) struct FetchHead {
    /// The HTTP status.
    status: u16,
    /// The names, in lower case, and values of the headers, without credentials.
    headers: Vec<(String, String)>,
    /// The URL that responded.
    url: String,
    /// Whether a redirect was followed.
    redirected: bool,
    /// Whether the response has a body to read.
    has_body: bool,
}

/// A part of a body; empty at its end.
#[derive(Clone)]
pub(crate) struct Chunk(Arc<Vec<u8>>);

impl IpcResponse for Chunk {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        Ok(InvokeResponseBody::Raw(Arc::unwrap_or_clone(self.0)))
    }
}

/// What Tauri makes of bytes.
#[cfg(feature = "bindings")]
impl specta::Type for Chunk {
    fn definition(_: &mut specta::Types) -> specta::datatype::DataType {
        specta::datatype::DataType::Reference(specta_typescript::define("ArrayBuffer"))
    }
}

impl WindowFetch {
    fn read(self) -> Result<FetchRequest> {
        let request = FetchRequest::new(self.method, self.url)
            .organization_id(self.organization_id)
            .follow_redirects(self.follow_redirects)
            .idle_timeout(
                self.idle_timeout_ms.map_or(DEFAULT_IDLE_TIMEOUT, |timeout| Duration::from_millis(timeout.into())),
            );
        let request = self.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = self.template.into_iter().fold(request, FetchRequest::template);
        Ok(match self.body {
            None => request,
            Some(WindowBody::Text(text)) => request.body(text.expose().as_str()),
            Some(WindowBody::Base64(text)) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(text.expose());
                request.body(bytes.map_err(|_| invalid("the body of the request is not base64"))?)
            }
        })
    }
}

/// The open requests and responses of all windows, by the window's label.
#[derive(Clone, Default)]
pub(crate) struct Fetches(Arc<Mutex<HashMap<String, WindowFetches>>>);

#[derive(Default)]
struct WindowFetches {
    open: HashMap<String, Open>,
    /// The ids that were used, the newest last.
    used: VecDeque<String>,
}

/// A request or its response. Dropping it ends the request, and what waits for it.
struct Open {
    alive: watch::Sender<()>,
    /// `None` until the headers have arrived, and while a part is being read.
    response: Option<Reading>,
    /// How many bytes the window got.
    sent: u64,
}

/// A response whose body is read.
struct Reading {
    response: FetchResponse,
    /// What ended the body behind the part that was read last.
    failed: Option<Error>,
}

impl Reading {
    /// Waits for the next part of the body, and for what arrives with it. Returns nothing at the end.
    async fn next(&mut self) -> Result<Vec<u8>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut collected = self.response.chunk().await?.unwrap_or_default();
        while !collected.is_empty() && collected.len() < CHUNK {
            match tokio::time::timeout(MOMENT, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => collected.extend(chunk),
                Ok(Err(error)) => {
                    self.failed = Some(error);
                    break;
                }
                Ok(Ok(None)) | Err(_) => break,
            }
        }
        Ok(collected)
    }
}

impl Fetches {
    fn all(&self) -> MutexGuard<'_, HashMap<String, WindowFetches>> {
        // Every critical section leaves the map valid, also after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what the page of a window has open, because it was left.
    pub(crate) fn page_left(&self, label: &str) {
        let open = self.all().get_mut(label).map(|window| std::mem::take(&mut window.open));
        // Not under the lock.
        drop(open);
    }

    /// Forgets a window that was closed.
    pub(crate) fn remove(&self, label: &str) {
        let window = self.all().remove(label);
        drop(window);
    }

    /// Records a request that begins. The result changes when it is to end.
    fn begin(&self, label: &str, id: &str) -> Result<watch::Receiver<()>> {
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(invalid("the id of a request must have one to 100 characters"));
        }
        let mut all = self.all();
        let window = all.entry(label.to_owned()).or_default();
        if window.used.iter().any(|used| used == id) || window.open.contains_key(id) {
            return Err(invalid("the id of the request was used before"));
        }
        if window.open.len() >= MOST_OPEN {
            return Err(ErrorCode::FetchLimitReached.error(format!(
                "the window has {MOST_OPEN} open requests and responses; read or cancel the bodies of earlier responses"
            )));
        }
        if window.used.len() == MOST_IDS {
            window.used.pop_front();
        }
        window.used.push_back(id.to_owned());
        let (alive, is_alive) = watch::channel(());
        window.open.insert(id.to_owned(), Open { alive, response: None, sent: 0 });
        Ok(is_alive)
    }

    /// Ends a request, and drops its response.
    fn end(&self, label: &str, id: &str) {
        let open = self.all().get_mut(label).and_then(|window| window.open.remove(id));
        drop(open);
    }

    /// Takes a response, to read the part of its body that begins at `offset`.
    fn take(&self, label: &str, id: &str, offset: u64) -> Result<(Reading, watch::Receiver<()>)> {
        let mut all = self.all();
        let open = all.get_mut(label).and_then(|window| window.open.get_mut(id)).ok_or_else(cancelled)?;
        if open.sent != offset {
            // The window did not get what it was sent, so it must not take what follows for the rest.
            return Err(ErrorCode::NetworkError.error("a part of the response was lost on its way to the window"));
        }
        let reading = open.response.take().ok_or_else(|| invalid("the response is being read already"))?;
        Ok((reading, open.alive.subscribe()))
    }

    /// Puts a response back, of which another `sent` bytes were read. Does nothing if it was ended meanwhile.
    fn put(&self, label: &str, id: &str, reading: Reading, sent: u64) -> Result<()> {
        let mut all = self.all();
        let open = all.get_mut(label).and_then(|window| window.open.get_mut(id)).ok_or_else(cancelled)?;
        open.response = Some(reading);
        open.sent += sent;
        Ok(())
    }
}

/// A window that sends requests to the app's backend.
pub(crate) struct FetchingWindow {
    clerk: Caller,
    label: String,
    fetches: Fetches,
}

impl FetchingWindow {
    /// Sends a request, and returns the beginning of its response.
    pub(crate) async fn fetch(self, request: WindowFetch) -> Result<FetchHead> {
        let id = request.id.clone();
        let request = request.read()?;
        let alive = self.fetches.begin(&self.label, &id)?;
        let result = while_alive(alive, self.clerk.fetch(request)).await;
        let head = match result {
            Ok(response) => {
                let head = FetchHead {
                    status: response.status(),
                    headers: response.headers().to_vec(),
                    url: response.url().to_string(),
                    redirected: response.is_redirected(),
                    has_body: response.has_body(),
                };
                let reading = Reading { response, failed: None };
                self.fetches.put(&self.label, &id, reading, 0).map(|()| head)
            }
            Err(error) => Err(error),
        };
        if !head.as_ref().is_ok_and(|head| head.has_body) {
            self.fetches.end(&self.label, &id);
        }
        head
    }

    /// Reads a part of a body; see [`Chunk`].
    pub(crate) async fn read(self, id: &str, offset: u64) -> Result<Chunk> {
        let (mut reading, alive) = self.fetches.take(&self.label, id, offset)?;
        let result = while_alive(alive, reading.next()).await;
        match &result {
            Ok(chunk) if !chunk.is_empty() => self.fetches.put(&self.label, id, reading, chunk.len() as u64)?,
            _ => self.fetches.end(&self.label, id),
        }
        result.map(|chunk| Chunk(Arc::new(chunk)))
    }

    /// Ends a request, and drops its response.
    pub(crate) fn cancel(&self, id: &str) -> Result<()> {
        self.fetches.end(&self.label, id);
        Ok(())
    }
}

async fn while_alive<T>(mut alive: watch::Receiver<()>, action: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        _ = alive.changed() => Err(cancelled()),
        result = action => result,
    }
}

fn cancelled() -> Error {
    ErrorCode::FetchCancelled
        .error("the response is not open in this window: it was read, cancelled, or its page was left")
}

fn invalid(why: &str) -> Error {
    ErrorCode::OptionInvalid.error(why)
}

impl<'de, R: Runtime> CommandArg<'de, R> for FetchingWindow {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let webview = command.message.webview_ref();
        let label = webview.label().to_owned();
        let fetches = webview.try_state::<Fetches>().map(|fetches| fetches.inner().clone()).unwrap_or_default();
        Ok(Self { clerk: Caller::from_command(command)?, label, fetches })
    }
}

/// Not part of what the webview sends.
#[cfg(feature = "bindings")]
impl specta::function::FunctionArg for FetchingWindow {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clerk_testkit::{
        app::{App, config},
        backend::{Backend, Part, Reply},
        join, wait_until, with_timeout,
    };

    use super::*;
    use crate::{
        core::{Backends, HttpBackendTransport, LoadOptions},
        ports::{BackendRequest, BackendResponse, BackendTransport, BoxFuture, TransportError},
        storage::MemoryStore,
    };

    /// An app whose windows use a backend.
    struct Windows {
        app: App,
        backend: Backend,
        fetches: Fetches,
    }

    impl Windows {
        async fn start() -> Self {
            Self::with(None).await
        }

        /// As [`start`](Self::start), with another transport.
        async fn with(transport: Option<Arc<dyn BackendTransport>>) -> Self {
            let backend = Backend::start(|received| match received.target.as_str() {
                "/silent" => Reply { hold: Some(Arc::default()), ..Reply::new(200) },
                _ => Reply { parts: vec![Part::Bytes(b"x".to_vec()), Part::Never], ..Reply::new(200) },
            })
            .await;
            let emulator = Arc::new(clerk_emulator::Emulator::start(config()).await.unwrap());
            let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
                let transport = transport.unwrap_or_else(|| Arc::new(HttpBackendTransport::new()));
                setup.backends = Backends::new([&backend.origin], transport).unwrap();
            });
            app.clerk.load(LoadOptions::default()).await.unwrap();
            app.sign_in_with_password().await;
            Self { app, backend, fetches: Fetches::default() }
        }

        fn window(&self, label: &str) -> FetchingWindow {
            let clerk = Caller::of(self.app.clerk.clone());
            FetchingWindow { clerk, label: label.to_owned(), fetches: self.fetches.clone() }
        }

        async fn fetch(&self, label: &str, id: &str, path: &str) -> Result<FetchHead> {
            let (method, url) = ("GET".to_owned(), self.backend.url(path));
            let request = WindowFetch {
                id: id.to_owned(),
                url,
                method,
                headers: Vec::new(),
                body: None,
                organization_id: Change::Keep,
                template: None,
                follow_redirects: true,
                idle_timeout_ms: None,
            };
            with_timeout("the response", self.window(label).fetch(request)).await
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fetch_ends_when_its_page_is_left_or_its_window_is_closed() {
        for closes in [false, true] {
            let windows = Arc::new(Windows::start().await);
            let silent = windows.clone();
            let waiting = tokio::spawn(async move { silent.fetch("main", "silent", "/silent").await.map(|_| ()) });
            for label in ["main", "other"] {
                for id in ["open", "reading"] {
                    windows.fetch(label, id, "/").await.unwrap();
                    assert_eq!(*windows.window(label).read(id, 0).await.unwrap().0, b"x");
                }
            }
            let reading = windows.window("main");
            let reading = tokio::spawn(async move { reading.read("reading", 1).await.map(|_| ()) });
            wait_until("the requests", || windows.backend.open() == 5 && windows.backend.requests().len() == 5).await;
            if closes {
                windows.fetches.remove("main");
            } else {
                windows.fetches.page_left("main");
            }
            for ended in [join(waiting).await, join(reading).await] {
                assert_eq!(ended.unwrap_err().code(), "fetch_cancelled", "{closes}");
            }
            wait_until("the connections of the window to end", || windows.backend.open() == 2).await;
            assert_eq!(windows.window("main").read("open", 1).await.map(|_| ()).unwrap_err().code(), "fetch_cancelled");
            // A page that is left may send its commands once more; the next window with the label is another one.
            let again = windows.fetch("main", "silent", "/").await.map(|_| ());
            assert_eq!(
                again.map_err(|error| error.code().to_owned()),
                if closes { Ok(()) } else { Err("option_invalid".to_owned()) }
            );
        }
    }

    /// Responds with these parts at once.
    struct Parts(Vec<Result<Vec<u8>, TransportError>>);

    impl BackendTransport for Parts {
        fn send(&self, _: BackendRequest) -> BoxFuture<'_, Result<BackendResponse, TransportError>> {
            let body = Box::pin(futures_util::stream::iter(self.0.clone()));
            Box::pin(std::future::ready(Ok(BackendResponse { status: 200, headers: Vec::new(), body })))
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn read_collects_what_arrives_together_and_reports_what_broke_off() {
        let broken = || Err(TransportError { reason: "connection reset".to_owned() });
        for (parts, expected) in [
            (vec![Ok(vec![7; 1_000]); 100], vec![Ok(66_000), Ok(34_000), Ok(0)]),
            (vec![Ok(vec![7; 10]), broken()], vec![Ok(10), Err("network_error"), Err("fetch_cancelled")]),
            (vec![broken()], vec![Err("network_error"), Err("fetch_cancelled")]),
        ] {
            let windows = Windows::with(Some(Arc::new(Parts(parts)))).await;
            windows.fetch("main", "1", "/").await.unwrap();
            let mut offset = 0;
            for expected in expected {
                let read = windows.window("main").read("1", offset).await.map(|chunk| chunk.0.len());
                offset += read.as_ref().map_or(0, |length| *length as u64);
                assert_eq!(read.map_err(|error| error.code().to_owned()), expected.map_err(str::to_owned));
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn read_refuses_to_read_twice_at_once() {
        let windows = Windows::start().await;
        windows.fetch("main", "1", "/").await.unwrap();
        let (first, second) = (windows.window("main"), windows.window("main"));
        first.fetches.take("main", "1", 0).unwrap();
        assert_eq!(second.read("1", 0).await.map(|_| ()).unwrap_err().code(), "option_invalid");
    }

    #[test]
    fn begin_keeps_a_bounded_number_of_ids() {
        let fetches = Fetches::default();
        for number in 0..10 * MOST_IDS {
            let id = number.to_string();
            fetches.begin("main", &id).unwrap();
            fetches.end("main", &id);
            assert!(fetches.begin("main", &id).is_err(), "{id}");
        }
        assert_eq!(fetches.all()["main"].used.len(), MOST_IDS);
    }
}
