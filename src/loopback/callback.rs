//! The callback URL on this computer: a server that runs while a flow is in the browser (RFC 8252, section 7.3).
//!
//! What a request says is judged as any callback link is: Clerk must confirm it, so a forged one ends nothing. Requests that are not
//! a page that a browser of this user opens are not even passed on.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header,
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, oneshot},
};
use url::Url;

use super::{
    page::{empty, escape_html, html},
    server::{Respond, serve_until},
};
use crate::{
    core::{CallbackUrl, LinkOutcome, random_text},
    ports::{BoxFuture, CallbackListener, HandleCallback, Listening},
};

const PAGE: &str = include_str!("callback.html");

/// Is called when a request finished a flow.
type Returned = Arc<dyn Fn() + Send + Sync>;

/// How long after the end of a flow its port still answers, with a page that says so: the browser may come late, e.g. after an e-mail
/// link whose outcome the app has heard of otherwise.
const LINGER: Duration = Duration::from_secs(5);

/// How long requests may take that have arrived before the port was closed.
const GRACE: Duration = Duration::from_secs(60);

/// Listens at a callback URL on this computer.
pub(crate) struct LoopbackListener {
    callback: CallbackUrl,
    /// The app's name, for the pages.
    app: String,
    returned: Returned,
    before: Mutex<Option<Before>>,
}

/// The server of the flow before.
struct Before {
    /// Dropped to close its port now, if its flow is over.
    stop: oneshot::Sender<()>,
    /// Tells when its port is closed.
    closed: oneshot::Receiver<()>,
}

impl LoopbackListener {
    /// Creates a listener for `callback`. `returned` is called when a request finished a flow, e.g. to show the app.
    pub(crate) fn new(
        callback: CallbackUrl,
        app: impl Into<String>,
        returned: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self { callback, app: app.into(), returned: Arc::new(returned), before: Mutex::default() }
    }

    async fn start(&self, lifetime: Duration, handle: HandleCallback) -> Result<Listening, String> {
        let url = self.callback.as_url().clone();
        let port = url.port().unwrap_or_default();
        let mut before = self.before.lock().await;
        if let Some(Before { stop, closed }) = before.take() {
            drop(stop);
            let _ = closed.await;
        }
        let listener = bind(port).await.map_err(|error| reason(&error))?;
        let host = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let (app, returned) = (self.app.clone(), self.returned.clone());
        let flow = Arc::new(Flow { handle, returned, is_over: AtomicBool::new(false) });
        let page = CallbackPage { host, url, app, flow: flow.clone() };
        let (keep, dropped) = oneshot::channel::<()>();
        let (stop, stopped) = oneshot::channel::<()>();
        let (open, closed) = oneshot::channel::<()>();
        *before = Some(Before { stop, closed });
        let until = async move {
            let _ = tokio::time::timeout(lifetime, dropped).await;
            flow.is_over.store(true, Ordering::Release);
            let _ = tokio::time::timeout(LINGER, stopped).await;
        };
        tokio::spawn(async move {
            let mut connections = serve_until(listener, Arc::new(page), until).await;
            drop(open);
            let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
        });
        Ok(Box::new(keep))
    }
}

impl CallbackListener for LoopbackListener {
    fn listen(&self, lifetime: Duration, handle: HandleCallback) -> BoxFuture<'_, Result<Listening, String>> {
        Box::pin(self.start(lifetime, handle))
    }
}

async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// Returns a port that no program listens on.
pub(crate) fn free_port() -> io::Result<u16> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr().map(|address| address.port())
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens on its port".to_owned(),
        io::ErrorKind::PermissionDenied => "the system does not allow it".to_owned(),
        _ => error.to_string(),
    }
}

/// What becomes of the links of one flow.
struct Flow {
    handle: HandleCallback,
    returned: Returned,
    /// Whether the flow is over. Nothing is passed on any more.
    is_over: AtomicBool,
}

impl Flow {
    /// Handles a link to the end, also if the browser closes the connection: Clerk redeems a link once.
    async fn handle(self: &Arc<Self>, link: Url) -> LinkOutcome {
        let flow = self.clone();
        let handled = tokio::spawn(async move {
            let outcome = (flow.handle)(link).await;
            if matches!(outcome, LinkOutcome::Delivered | LinkOutcome::Resumed) {
                flow.is_over.store(true, Ordering::Release);
                (flow.returned)();
            }
            outcome
        });
        handled.await.unwrap_or(LinkOutcome::Refused)
    }
}

/// The server of one flow.
struct CallbackPage {
    /// The value that `Host` must have. Pages of other sites, whose name leads to this computer, have another.
    host: String,
    url: Url,
    app: String,
    flow: Arc<Flow>,
}

impl Respond for CallbackPage {
    const NAME: &'static str = "the callback URL";
    /// More than links that may wait to be judged, so that the queue decides which of them counts.
    const MAX_CONNECTIONS: usize = 64;

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if let Err(status) = self.check(&request) {
            return empty(status);
        }
        let is_over = || self.flow.is_over.load(Ordering::Acquire);
        if is_over() {
            return self.over(StatusCode::GONE);
        }
        let mut link = self.url.clone();
        link.set_query(request.uri().query());
        match self.flow.handle(link).await {
            LinkOutcome::Delivered | LinkOutcome::Resumed => self.over(StatusCode::OK),
            // Another request was faster.
            LinkOutcome::Refused | LinkOutcome::NotOurs if is_over() => self.over(StatusCode::GONE),
            LinkOutcome::Refused | LinkOutcome::NotOurs => {
                let text =
                    format!("If {} still waits for the browser, reload this page, or start again there.", self.app);
                self.page(StatusCode::BAD_REQUEST, &format!("Return to {}", self.app), &text)
            }
        }
    }
}

impl CallbackPage {
    /// Whether a request is for the callback URL, and for a page that the user sees.
    fn check(&self, request: &Request<Incoming>) -> Result<(), StatusCode> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if header(header::HOST.as_str()) != Some(&self.host) {
            return Err(StatusCode::FORBIDDEN);
        }
        if request.uri().path() != self.url.path() {
            return Err(StatusCode::NOT_FOUND);
        }
        if request.method() != Method::GET {
            return Err(StatusCode::METHOD_NOT_ALLOWED);
        }
        // Browsers say what a request is for. Scripts, images and frames of other sites could otherwise try links unseen.
        let is = |name: &str, expected: &str| header(name).is_none_or(|value| value == expected);
        match is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document") {
            true => Ok(()),
            false => Err(StatusCode::FORBIDDEN),
        }
    }

    /// The page at the end of a flow.
    fn over(&self, status: StatusCode) -> Response<Full<Bytes>> {
        self.page(status, "You can close this tab", &format!("Return to {} to continue.", self.app))
    }

    fn page(&self, status: StatusCode, title: &str, text: &str) -> Response<Full<Bytes>> {
        let nonce = random_text(16);
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let mut page = PAGE.to_owned();
        for (name, value) in [("nonce", nonce.as_str()), ("app", &self.app), ("title", title), ("text", text)] {
            page = page.replace(&format!("{{{{{name}}}}}"), &escape_html(value));
        }
        html(status, page, &policy)
    }
}

#[cfg(test)]
mod tests;
