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
    server::{Respond, Server},
};
use crate::{
    core::{CallbackUrl, LinkOutcome, random_text},
    ports::{BoxFuture, CallbackListener, HandleCallback, Listening},
};

const PAGE: &str = include_str!("callback.html");

/// Is called when a request finished a flow.
type Returned = Arc<dyn Fn() + Send + Sync>;

/// Listens at a callback URL on this computer.
pub(crate) struct LoopbackListener {
    callback: CallbackUrl,
    /// The app's name, for the pages.
    app: String,
    returned: Returned,
    /// Tells when the port of the flow before is closed.
    before: Mutex<Option<oneshot::Receiver<()>>>,
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
        if let Some(closed) = before.take() {
            // A flow ended, and this one began at once.
            let _ = closed.await;
        }
        let listener = bind(port).await.map_err(|error| reason(&error))?;
        let host = format!("{}:{port}", Ipv4Addr::LOCALHOST);
        let (app, returned) = (self.app.clone(), self.returned.clone());
        let page = CallbackPage { host, url, app, handle, returned, is_over: AtomicBool::new(false) };
        let (server, closed) = Server::start(listener, Arc::new(page));
        *before = Some(closed);
        let (keep, dropped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let _ = tokio::time::timeout(lifetime, dropped).await;
            drop(server);
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

/// The server of one flow.
struct CallbackPage {
    /// The value that `Host` must have. Pages of other sites, whose name leads to this computer, have another.
    host: String,
    url: Url,
    app: String,
    handle: HandleCallback,
    returned: Returned,
    /// Whether a request finished the flow.
    is_over: AtomicBool,
}

impl Respond for CallbackPage {
    const NAME: &'static str = "the callback URL";

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if let Err(status) = self.check(&request) {
            return empty(status);
        }
        if self.is_over.load(Ordering::Acquire) {
            return self.page(
                StatusCode::GONE,
                "This page was opened before",
                "The app has the answer already. You can close this tab.",
            );
        }
        let mut link = self.url.clone();
        link.set_query(request.uri().query());
        match (self.handle)(link).await {
            LinkOutcome::Delivered | LinkOutcome::Resumed => {
                self.is_over.store(true, Ordering::Release);
                (self.returned)();
                let text = format!("Return to {} to continue.", self.app);
                self.page(StatusCode::OK, "You can close this tab", &text)
            }
            LinkOutcome::Refused | LinkOutcome::NotOurs => {
                let text = format!("{0} was not waiting for it. If {0} still waits, start again there.", self.app);
                self.page(StatusCode::BAD_REQUEST, "This page finished nothing", &text)
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
