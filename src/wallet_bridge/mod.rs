//! A wallet in the system browser: a page on loopback asks it to sign, and returns the signature.
//!
//! Webviews of desktop apps have no browser extensions, so the wallet is in the user's browser. The page is served for one
//! sign-in, on a separate port; [`server`] says who may use it.

mod confirm;
pub(crate) mod message;
pub(crate) mod server;

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
};
use url::Url;

pub(crate) use self::confirm::{ConfirmWallet, ConfirmedWallet};
use self::{
    message::{PageMessage, PageRequest},
    server::{Bridge, Channels, last_response},
};
use crate::{
    loopback::server::serve,
    ports::{BoxFuture, Browser, Wallet, WalletConnection, WalletError},
};

/// Connects to a wallet in the system browser.
pub(crate) struct WalletBridge {
    browser: Arc<dyn Browser>,
    /// The app's name, for the page.
    app: String,
    /// Timeout of each step of the user.
    timeout: Duration,
}

impl WalletBridge {
    pub(crate) fn new(browser: Arc<dyn Browser>, app: impl Into<String>, timeout: Duration) -> Self {
        Self { browser, app: app.into(), timeout }
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
        let (bridge, Channels { requests, misuse }) = Bridge::new(host, &self.app, provider);
        let page = Url::parse(&bridge.url()).map_err(|error| WalletError::Failed(error.to_string()))?;
        let server = tokio::spawn(async move { serve(listener, Arc::new(bridge), &mut JoinSet::new()).await });
        let mut connection = Connection {
            address: String::new(),
            requests,
            misuse,
            reply: None,
            signed: false,
            server: Server(server),
            timeout: self.timeout,
        };
        self.browser.open(&page).map_err(WalletError::BrowserUnavailable)?;
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
    misuse: watch::Receiver<Option<&'static str>>,
    /// Responds to the page's last request.
    reply: Option<oneshot::Sender<serde_json::Value>>,
    /// Whether the page's last message was a signature.
    signed: bool,
    #[allow(dead_code, reason = "stops the server when dropped")]
    server: Server,
    timeout: Duration,
}

impl Connection {
    /// Waits for the next message of the page. A misuse counts more than a message, so it is looked at first.
    async fn next_message(&mut self) -> Result<PageMessage, WalletError> {
        let received = tokio::select! {
            biased;
            Ok(misuse) = self.misuse.wait_for(Option::is_some) => {
                return Err(WalletError::Misused(misuse.unwrap_or_default().to_owned()));
            }
            received = tokio::time::timeout(self.timeout, self.requests.recv()) => received,
        };
        match received {
            Ok(Some(request)) => {
                self.reply = Some(request.reply);
                Ok(request.message)
            }
            Ok(None) => Err(no_response()),
            Err(_) => Err(WalletError::Failed("the user did not respond in the browser in time; try again".to_owned())),
        }
    }

    async fn request_signature(&mut self, message: &str) -> Result<String, WalletError> {
        self.signed = false;
        loop {
            if let Some(why) = *self.misuse.borrow() {
                return Err(WalletError::Misused(why.to_owned()));
            }
            let reply = self.reply.take().ok_or_else(no_response)?;
            reply.send(serde_json::json!({ "message": message })).map_err(|_| no_response())?;
            match self.next_message().await? {
                PageMessage::Signature { signature: Some(signature), .. } if !signature.expose().is_empty() => {
                    self.signed = true;
                    return Ok(signature.expose().clone());
                }
                PageMessage::Signature { failure, .. } | PageMessage::Failure(failure) => return Err(failure.into()),
                // The page was reloaded.
                PageMessage::Address { address } if address == self.address => {}
                PageMessage::Address { .. } => return Err(no_response()),
            }
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
    /// Sends the page the last response, which ends it.
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            // The page may have been closed.
            let _ = reply.send(last_response(self.signed));
        }
    }
}

#[cfg(test)]
mod tests;
