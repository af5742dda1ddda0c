//! What the core needs from the world: HTTP, a place for secrets, a browser, a clock, somebody to tell.
//!
//! The plugin supplies all of them; a test, or an app that keeps its credentials elsewhere, supplies its own.

use std::{future::Future, pin::Pin};

use url::Url;

pub use crate::events::Event;
use crate::secret::{ClientToken, StoredSecret};

/// A boxed future, so that the traits of this module can be objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends HTTP requests. Implementations follow no redirects, keep no cookies and add neither `Origin` nor `Referer`.
pub trait Transport: Send + Sync {
    /// Sends `request` and reads the whole answer.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}

/// A request to FAPI.
#[derive(Clone)]
pub struct HttpRequest {
    /// GET, or POST with a form body.
    pub method: HttpMethod,
    /// Address with the complete query.
    pub url: Url,
    /// Value of `Authorization`.
    pub authorization: Option<ClientToken>,
    /// Value of `User-Agent`.
    pub user_agent: String,
}

/// The two methods that go over the wire; FAPI takes the others in the query parameter `_method`.
#[derive(Clone, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST with this `application/x-www-form-urlencoded` body.
    Post(String),
}

/// Prints the name only: a body may hold codes and passwords.
impl std::fmt::Debug for HttpMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Get { "GET" } else { "POST" })
    }
}

/// Prints the method and the path only: query and body may hold codes, passwords and nonces.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.method, self.url.path())
    }
}

/// An answer of FAPI.
#[derive(Clone)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// What the `Authorization` header of the answer says.
    pub token: TokenUpdate,
    /// Value of `Retry-After`, when it is a number of seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Prints the status only: the body may hold session tokens and personal data.
impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What an answer says about the client token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenUpdate {
    /// Nothing: the token stays as it is.
    Absent,
    /// The token is to be replaced.
    Set(ClientToken),
    /// The token is to be forgotten (an empty header).
    Clear,
}

impl TokenUpdate {
    /// Reads the `Authorization` header of an answer; `None` when there is no such header.
    ///
    /// Source: fapi "native client mode": the raw token, with or without `Bearer `; an empty value clears.
    #[must_use]
    pub fn from_header(value: Option<&str>) -> Self {
        let Some(value) = value else { return Self::Absent };
        let value = value.trim();
        let is_bearer = value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
        let token = match value.get(6..) {
            Some(rest) if is_bearer && (rest.is_empty() || rest.starts_with(' ')) => rest.trim(),
            _ => value,
        };
        if token.is_empty() { Self::Clear } else { Self::Set(ClientToken::new(token)) }
    }
}

/// No usable answer arrived. Safe to offer "try again".
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct TransportError {
    /// What happened, without the URL's query.
    pub reason: String,
}

/// Keeps secrets over restarts of the app.
///
/// The plugin's default is the keyring of the operating system.
pub trait SecretStore: Send + Sync {
    /// Reads the secret under `key`; `None` when there is none.
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>>;
    /// Writes the secret under `key`.
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Deletes the secret under `key`, if there is one.
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Names a secret: what it is, and the instance that it belongs to: the host of its Frontend API, and the address that
/// requests go to where that is another one (a proxy or a domain).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretKey {
    /// The client token for this Frontend API.
    ClientToken(String),
    /// The browser flow that the user may come back from after a restart, for this Frontend API.
    PendingFlow(String),
    /// The key that seals what is kept of the state of this Frontend API.
    CacheKey(String),
}

impl SecretKey {
    /// The account name under which a keyring files the secret.
    #[must_use]
    pub fn account(&self) -> String {
        match self {
            Self::ClientToken(host) => format!("clerk:{host}"),
            Self::PendingFlow(host) => format!("clerk:{host}:pending-flow"),
            Self::CacheKey(host) => format!("clerk:{host}:cache-key"),
        }
    }
}

/// Keeps the last known state over restarts. What it is given is encrypted.
///
/// The plugin's default is a file in the app's folder for local data.
pub trait CacheStore: Send + Sync {
    /// Reads what was written last; `None` when there is nothing.
    fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>>;
    /// Writes `content` in place of what there was. An interruption leaves the old content.
    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>>;
}

/// A [`SecretStore`] failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store, it is locked, or it refused.
    #[error("the secret store is not available: {0}")]
    Unavailable(String),
    /// It holds something that can't be read.
    #[error("the stored secret can't be read: {0}")]
    Corrupt(String),
}

/// Opens pages in the system browser.
pub trait Browser: Send + Sync {
    /// Opens `url`, which is http or https.
    ///
    /// # Errors
    /// A text that says why no browser could be started.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// Signs with a crypto wallet.
///
/// The plugin's default opens a page in the system browser, where wallets live; an app that embeds a wallet gives its own.
pub trait Wallet: Send + Sync {
    /// Asks the wallet of `provider` (`metamask`, `coinbase_wallet`, `okx_wallet`, `base`, `solana`, or one that Clerk adds)
    /// for its address. `wallet_name` tells Solana's wallets apart.
    fn connect<'a>(
        &'a self,
        provider: &'a str,
        wallet_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>>;
}

/// A wallet that has shown its address. Dropping it lets go of the wallet.
pub trait WalletConnection: Send {
    /// The address, e.g. `0xAb5…`.
    fn address(&self) -> &str;
    /// Has `message` signed: the signature, e.g. `0x…`.
    fn sign<'a>(&'a mut self, message: &'a str) -> BoxFuture<'a, Result<String, WalletError>>;
}

/// A [`Wallet`] failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The user refused.
    #[error("the user refused in the wallet")]
    Rejected,
    /// There is no such wallet.
    #[error("there is no such wallet: {0}")]
    Unavailable(String),
    /// It failed.
    #[error("the wallet failed: {0}")]
    Failed(String),
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Hears what happens. Events carry neither tokens nor personal data.
pub trait EventSink: Send + Sync {
    /// Called for each event, in order. Must not block.
    fn emit(&self, event: Event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_three_things_about_the_token() {
        let set = |text: &str| TokenUpdate::Set(ClientToken::new(text));
        for (header, expected) in [
            (None, TokenUpdate::Absent),
            (Some(""), TokenUpdate::Clear),
            (Some("Bearer"), TokenUpdate::Clear),
            (Some("Bearer  "), TokenUpdate::Clear),
            (Some("abc"), set("abc")),
            (Some("Bearer abc"), set("abc")),
            (Some("bearer abc"), set("abc")),
            (Some("Bearerabc"), set("Bearerabc")),
            (Some("ééé"), set("ééé")),
        ] {
            assert_eq!(TokenUpdate::from_header(header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_request_prints_without_query_and_body() {
        let request = HttpRequest {
            method: HttpMethod::Post("password=hunter2".into()),
            url: "https://clerk.example.com/v1/client/sign_ins?rotating_token_nonce=n0nce".parse().unwrap(),
            authorization: Some(ClientToken::new("t0ken")),
            user_agent: String::new(),
        };
        assert_eq!(format!("{request:?} {:?}", request.method), "POST /v1/client/sign_ins POST");
    }
}
