//! A wallet in the system browser: a page on loopback asks it to sign, and brings the signature back.
//!
//! Webviews of desktop apps have no browser extensions, so the wallet is where the user's browser is. The page is served
//! for one sign-in, on a port of its own. What it sends needs the `Host` and `Origin` of that port, which a page of
//! another site can't forge, and a secret that only the opened address had, in its fragment, which browsers don't send.

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
/// More than a signature needs.
const MAX_BODY: usize = 64 * 1024;

/// The wallet in the system browser.
pub(crate) struct WalletBridge {
    browser: Arc<dyn Browser>,
    /// How long the user may take for each step.
    patience: Duration,
}

impl WalletBridge {
    pub(crate) fn new(browser: Arc<dyn Browser>, patience: Duration) -> Self {
        Self { browser, patience }
    }

    async fn open(&self, provider: &str) -> Result<Box<dyn WalletConnection>, WalletError> {
        if provider == "solana" {
            return Err(WalletError::Unavailable(
                "wallets in the browser are asked the way of Ethereum; give clerk::Builder::wallet one for Solana"
                    .into(),
            ));
        }
        let failed = |error: std::io::Error| WalletError::Failed(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let host = listener.local_addr().map_err(failed)?.to_string();
        let (steps, received) = mpsc::channel(1);
        let bridge = Arc::new(Bridge { host: host.clone(), secret: random_text(32), steps });
        let page = Url::parse_with_params(&format!("http://{host}/"), [("provider", provider)])
            .map_err(|error| WalletError::Failed(error.to_string()))?;
        let mut page = page;
        page.set_fragment(Some(&bridge.secret));
        let server = tokio::spawn(serve(listener, bridge));
        let mut connection = Connection {
            address: String::new(),
            steps: received,
            reply: None,
            server: Server(server),
            patience: self.patience,
        };
        self.browser.open(&page).map_err(WalletError::Failed)?;
        match connection.next().await? {
            Said::Address { address } if !address.is_empty() => connection.address = address,
            Said::Failure(failure) => return Err(failure.into()),
            Said::Address { .. } | Said::Signature { .. } => return Err(no_answer()),
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

fn no_answer() -> WalletError {
    WalletError::Failed("the page in the browser gave no answer".to_owned())
}

/// Ends the server when nobody needs it any more, a moment later: the page still has to read its last answer.
struct Server(JoinHandle<()>);

/// How long the page may still ask after the end.
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

/// A page that has shown an address and waits for something to sign.
struct Connection {
    address: String,
    steps: mpsc::Receiver<Step>,
    /// Answers the page's last request.
    reply: Option<oneshot::Sender<serde_json::Value>>,
    #[allow(dead_code, reason = "ends the server when it is dropped")]
    server: Server,
    patience: Duration,
}

impl Connection {
    /// What the page says next.
    async fn next(&mut self) -> Result<Said, WalletError> {
        match tokio::time::timeout(self.patience, self.steps.recv()).await {
            Ok(Some(step)) => {
                self.reply = Some(step.reply);
                Ok(step.said)
            }
            Ok(None) => Err(no_answer()),
            Err(_) => Err(WalletError::Failed("the user did not answer in the browser in time".to_owned())),
        }
    }

    async fn ask(&mut self, message: &str) -> Result<String, WalletError> {
        let reply = self.reply.take().ok_or_else(no_answer)?;
        reply.send(json!({ "message": message })).map_err(|_| no_answer())?;
        match self.next().await? {
            Said::Signature { signature: Some(signature), .. } if !signature.is_empty() => Ok(signature),
            Said::Signature { failure, .. } | Said::Failure(failure) => Err(failure.into()),
            Said::Address { .. } => Err(no_answer()),
        }
    }
}

impl WalletConnection for Connection {
    fn address(&self) -> &str {
        &self.address
    }

    fn sign<'a>(&'a mut self, message: &'a str) -> BoxFuture<'a, Result<String, WalletError>> {
        Box::pin(self.ask(message))
    }
}

impl Drop for Connection {
    /// Tells the page that nothing is left to do.
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            // The page may have been closed.
            let _ = reply.send(json!({}));
        }
    }
}

/// What the page says.
enum Said {
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
    /// There is no wallet in the browser.
    #[serde(default)]
    unavailable: bool,
    #[serde(default)]
    failure: String,
}

impl From<Failure> for WalletError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure { rejected: true, .. } => Self::Rejected,
            Failure { unavailable: true, .. } => Self::Unavailable("the browser has none".to_owned()),
            Failure { failure, .. } => Self::Failed(failure),
        }
    }
}

/// A request of the page that waits for what to do next.
struct Step {
    said: Said,
    reply: oneshot::Sender<serde_json::Value>,
}

/// What the server knows.
struct Bridge {
    host: String,
    secret: String,
    steps: mpsc::Sender<Step>,
}

async fn serve(listener: TcpListener, bridge: Arc<Bridge>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let bridge = bridge.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let bridge = bridge.clone();
                async move { Ok::<_, std::convert::Infallible>(bridge.answer(request).await) }
            });
            // A browser that goes away is no concern of the app's.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Bridge {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
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
                self.step(path, &body).await
            }
            _ => empty(StatusCode::NOT_FOUND),
        }
    }

    /// Hands on what the page said, and answers with what to do next.
    async fn step(&self, path: &str, body: &[u8]) -> Response<Full<Bytes>> {
        let said = match path {
            "/address" => serde_json::from_slice(body).map(|AddressBody { address }| Said::Address { address }),
            "/signature" => serde_json::from_slice(body)
                .map(|SignatureBody { signature, failure }| Said::Signature { signature, failure }),
            "/failure" => serde_json::from_slice(body).map(Said::Failure),
            _ => return empty(StatusCode::NOT_FOUND),
        };
        let Ok(said) = said else { return empty(StatusCode::BAD_REQUEST) };
        let (reply, next) = oneshot::channel();
        if self.steps.send(Step { said, reply }).await.is_err() {
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

/// The page. Its policy lets it run its own script and talk to this server, and nothing else.
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
