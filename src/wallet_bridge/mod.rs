//! A wallet in the system browser: a page on loopback asks it to sign, and returns the signature.
//!
//! Webviews of desktop apps have no browser extensions, so the wallet is in the user's browser. The page is served for one
//! sign-in, on a separate port. Its requests must have the `Host` and `Origin` of that port, which a page of another site
//! can't forge, and a secret that was only in the fragment of the opened URL, which browsers don't send.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use url::Url;

use crate::{
    core::random_text,
    ports::{BoxFuture, Browser, Wallet, WalletConnection, WalletError},
};

const PAGE: &str = include_str!("page.html");
/// Limit of a request body, in bytes. A signature is far smaller.
const MAX_BODY: usize = 64 * 1024;

/// Connects to a wallet in the system browser.
pub(crate) struct WalletBridge {
    browser: Arc<dyn Browser>,
    /// Timeout of each step of the user.
    timeout: Duration,
}

impl WalletBridge {
    pub(crate) fn new(browser: Arc<dyn Browser>, timeout: Duration) -> Self {
        Self { browser, timeout }
    }

    async fn open(&self, provider: &str) -> Result<Box<dyn WalletConnection>, WalletError> {
        if provider == "solana" {
            return Err(WalletError::Unavailable(
                "the wallet page supports Ethereum wallets only; for Solana, pass a wallet to clerk::Builder::wallet"
                    .into(),
            ));
        }
        let failed = |error: std::io::Error| WalletError::Failed(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let host = listener.local_addr().map_err(failed)?.to_string();
        let (sender, requests) = mpsc::channel(1);
        let bridge = Arc::new(Bridge { host: host.clone(), secret: random_text(32), requests: sender });
        let mut page = Url::parse_with_params(&format!("http://{host}/"), [("provider", provider)])
            .map_err(|error| WalletError::Failed(error.to_string()))?;
        page.set_fragment(Some(&bridge.secret));
        let server = tokio::spawn(serve(listener, bridge));
        let mut connection =
            Connection { address: String::new(), requests, reply: None, server: Server(server), timeout: self.timeout };
        self.browser.open(&page).map_err(WalletError::Failed)?;
        match connection.next_message().await? {
            PageMessage::Address { address } if !address.is_empty() => connection.address = address,
            PageMessage::Failure(failure) => return Err(failure.into()),
            PageMessage::Address { .. } | PageMessage::Signature { .. } => return Err(no_response()),
        }
        Ok(Box::new(connection))
    }
}

impl Wallet for WalletBridge {
    fn connect<'a>(
        &'a self,
        provider: &'a str,
        _wallet_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>> {
        Box::pin(self.open(provider))
    }
}

fn no_response() -> WalletError {
    WalletError::Failed("the wallet page in the browser sent no usable response; try again".to_owned())
}

/// Stops the server when dropped, after [`GRACE`], so that the page can read the last response.
struct Server(JoinHandle<()>);

/// How long the server runs after the end of the sign-in.
const GRACE: Duration = Duration::from_secs(2);

impl Drop for Server {
    fn drop(&mut self) {
        let server = self.0.abort_handle();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                tokio::time::sleep(GRACE).await;
                server.abort();
            })),
            Err(_) => server.abort(),
        }
    }
}

/// A page that has sent the wallet's address and waits for a message to sign.
struct Connection {
    address: String,
    requests: mpsc::Receiver<PageRequest>,
    /// Responds to the page's last request.
    reply: Option<oneshot::Sender<serde_json::Value>>,
    #[allow(dead_code, reason = "stops the server when dropped")]
    server: Server,
    timeout: Duration,
}

impl Connection {
    /// Waits for the next message of the page.
    async fn next_message(&mut self) -> Result<PageMessage, WalletError> {
        match tokio::time::timeout(self.timeout, self.requests.recv()).await {
            Ok(Some(request)) => {
                self.reply = Some(request.reply);
                Ok(request.message)
            }
            Ok(None) => Err(no_response()),
            Err(_) => Err(WalletError::Failed("the user did not respond in the browser in time; try again".to_owned())),
        }
    }

    async fn request_signature(&mut self, message: &str) -> Result<String, WalletError> {
        let reply = self.reply.take().ok_or_else(no_response)?;
        reply.send(json!({ "message": message })).map_err(|_| no_response())?;
        match self.next_message().await? {
            PageMessage::Signature { signature: Some(signature), .. } if !signature.is_empty() => Ok(signature),
            PageMessage::Signature { failure, .. } | PageMessage::Failure(failure) => Err(failure.into()),
            PageMessage::Address { .. } => Err(no_response()),
        }
    }
}

impl WalletConnection for Connection {
    fn address(&self) -> &str {
        &self.address
    }

    fn sign<'a>(&'a mut self, message: &'a str) -> BoxFuture<'a, Result<String, WalletError>> {
        Box::pin(self.request_signature(message))
    }
}

impl Drop for Connection {
    /// Sends the page the empty response, which ends it.
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            // The page may have been closed.
            let _ = reply.send(json!({}));
        }
    }
}

/// A message of the page.
enum PageMessage {
    Address { address: String },
    Signature { signature: Option<String>, failure: Failure },
    Failure(Failure),
}

#[derive(Deserialize)]
struct AddressBody {
    address: String,
}

#[derive(Deserialize)]
struct SignatureBody {
    signature: Option<String>,
    #[serde(flatten)]
    failure: Failure,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    rejected: bool,
    /// Whether no wallet was found in the browser.
    #[serde(default)]
    unavailable: bool,
    #[serde(default, rename = "failure")]
    reason: String,
}

impl From<Failure> for WalletError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure { rejected: true, .. } => Self::Rejected,
            Failure { unavailable: true, .. } => Self::Unavailable("no wallet was found in the browser".to_owned()),
            Failure { reason, .. } => Self::Failed(reason),
        }
    }
}

/// A request of the page, which waits for the next step.
struct PageRequest {
    message: PageMessage,
    reply: oneshot::Sender<serde_json::Value>,
}

/// The state of the server.
struct Bridge {
    host: String,
    secret: String,
    requests: mpsc::Sender<PageRequest>,
}

async fn serve(listener: TcpListener, bridge: Arc<Bridge>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let bridge = bridge.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let bridge = bridge.clone();
                async move { Ok::<_, std::convert::Infallible>(bridge.respond(request).await) }
            });
            // The browser may close the connection at any time.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Bridge {
    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let header = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        if header(header::HOST) != Some(&self.host) {
            return empty(StatusCode::FORBIDDEN);
        }
        match (request.method().clone(), request.uri().path().to_owned().as_str()) {
            (Method::GET, "/") => page(),
            (Method::POST, path) => {
                let origin = format!("http://{}", self.host);
                let secret =
                    request.headers().get("x-bridge-secret").map(|secret| secret.as_bytes() == self.secret.as_bytes());
                if header(header::ORIGIN) != Some(&origin) || secret != Some(true) {
                    return empty(StatusCode::FORBIDDEN);
                }
                let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
                let Ok(body) = body.map(http_body_util::Collected::to_bytes) else {
                    return empty(StatusCode::BAD_REQUEST);
                };
                self.forward(path, &body).await
            }
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    /// Passes on the page's message, and responds with the next step.
    async fn forward(&self, path: &str, body: &[u8]) -> Response<Full<Bytes>> {
        let message = match path {
            "/address" => serde_json::from_slice(body).map(|AddressBody { address }| PageMessage::Address { address }),
            "/signature" => serde_json::from_slice(body)
                .map(|SignatureBody { signature, failure }| PageMessage::Signature { signature, failure }),
            "/failure" => serde_json::from_slice(body).map(PageMessage::Failure),
            _ => return empty(StatusCode::NOT_FOUND),
        };
        let Ok(message) = message else { return empty(StatusCode::BAD_REQUEST) };
        let (reply, next) = oneshot::channel();
        if self.requests.send(PageRequest { message, reply }).await.is_err() {
            return empty(StatusCode::GONE);
        }
        let body = next.await.unwrap_or_else(|_| json!({})).to_string();
        let mut response = Response::new(Full::new(Bytes::from(body)));
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        response
    }
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Returns the page. Its policy allows its own script and requests to this server, and nothing else.
fn page() -> Response<Full<Bytes>> {
    let nonce = random_text(16);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = Response::new(Full::new(Bytes::from(PAGE.replace("{{nonce}}", &nonce))));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    for (name, value) in headers {
        if let Ok(value) = header::HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests;
