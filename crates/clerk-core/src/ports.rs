//! What the core needs from its environment: HTTP, secret storage, a browser, a clock, an event sink.
//!
//! The plugin supplies all of them. A test, or an app that stores its credentials elsewhere, supplies its own.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::Stream;
use url::Url;

pub use crate::events::Event;
use crate::navigation::callback_url::LinkOutcome;
use crate::secret::{ClientToken, FormBody, Secret, SessionToken, StoredSecret};

/// A boxed future, which makes the traits of this module object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends HTTP requests. Implementations follow no redirects, store no cookies and add neither `Origin` nor `Referer`.
pub trait Transport: Send + Sync {
    /// Sends `request` and reads the whole response.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}

/// A request to FAPI.
#[derive(Clone)]
pub struct HttpRequest {
    /// GET, or POST with a form body.
    pub method: HttpMethod,
    /// The URL with the complete query.
    pub url: Url,
    /// The value of `Authorization`.
    pub authorization: Option<ClientToken>,
    /// The session token, to be sent as `Authorization: Bearer …`. Such a request has no client token.
    pub session_token: Option<SessionToken>,
    /// The value of `User-Agent`.
    pub user_agent: String,
}

/// The two methods on the wire. FAPI takes the others in the query parameter `_method`.
#[derive(Clone, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST with this `application/x-www-form-urlencoded` body.
    Post(FormBody),
    /// POST with a `multipart/form-data` body, e.g. a picture.
    Upload(Vec<UploadPart>),
    /// POST with this `application/json` body.
    Json(FormBody),
}

/// A part of a `multipart/form-data` body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPart {
    /// The name of the field.
    pub name: String,
    /// The name of the file, and its media type; `None` for a plain field.
    pub file: Option<(String, String)>,
    /// The content.
    pub content: Secret<Vec<u8>>,
}

/// Prints only the name: a body may contain codes and passwords.
impl std::fmt::Debug for HttpMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Get { "GET" } else { "POST" })
    }
}

/// Prints only the method and path: query and body may contain codes, passwords and nonces.
impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.method, self.url.path())
    }
}

/// A response of FAPI.
#[derive(Clone)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// What the `Authorization` header of the response says.
    pub token: TokenUpdate,
    /// The value of `Retry-After` in seconds. A date is converted, with the response's own `Date` if there is one.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Prints only the status: the body may contain session tokens and personal data.
impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What a response says about the client token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenUpdate {
    /// No change.
    Absent,
    /// Replace the token.
    Set(ClientToken),
    /// Delete the token (an empty header).
    Clear,
}

impl TokenUpdate {
    /// Reads the `Authorization` header of a response; `None` means that the header is missing.
    ///
    /// Source: FAPI "native client mode": the raw token, with or without `Bearer `; an empty value clears it.
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

/// Sends requests to the app's own backend, and streams the responses. Implementations follow no redirects, store no cookies and
/// add neither `Origin` nor `Referer`.
pub trait BackendTransport: Send + Sync {
    /// Sends `request`, and resolves when the headers of the response have arrived. Dropping the future, or the body of the
    /// response, ends the request.
    fn send(&self, request: BackendRequest) -> BoxFuture<'_, Result<BackendResponse, TransportError>>;
}

/// A request to the app's own backend.
#[derive(Clone)]
pub struct BackendRequest {
    /// The method, in upper case.
    pub method: String,
    /// The URL with the complete query.
    pub url: Url,
    /// Names, in lower case, and values, each character of which is a byte. `Authorization` is not among them.
    pub headers: Vec<(String, String)>,
    /// The session token, to be sent as `Authorization: Bearer …`.
    pub session_token: SessionToken,
    /// The body.
    pub body: Option<Arc<Secret<Vec<u8>>>>,
}

/// Prints only the method and host: paths, headers and bodies are the app's.
impl std::fmt::Debug for BackendRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url.host_str().unwrap_or_default())
    }
}

/// A response of the app's own backend.
pub struct BackendResponse {
    /// HTTP status.
    pub status: u16,
    /// Names, in lower case, and values, each character of which is a byte. A name may occur more than once.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: BackendBody,
}

/// Prints only the status.
impl std::fmt::Debug for BackendResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackendResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The body of a [`BackendResponse`], as it arrives. It ends after an error.
pub type BackendBody = Pin<Box<dyn Stream<Item = Result<Vec<u8>, TransportError>> + Send>>;

/// No usable response arrived. It is safe to offer a retry.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub struct TransportError {
    /// What went wrong, without the URL's query.
    pub reason: String,
}

/// Stores secrets across restarts of the app.
///
/// The plugin's default is the operating system's keyring.
pub trait SecretStore: Send + Sync {
    /// Reads the secret under `key`; `None` if there is none.
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>>;
    /// Writes the secret under `key`.
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Deletes the secret under `key`, if there is one.
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>>;
    /// For how long the store keeps what was written or read last. Default: until it is deleted.
    fn lifetime(&self) -> SecretLifetime {
        SecretLifetime::UntilDeleted
    }
}

/// For how long a [`SecretStore`] keeps secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretLifetime {
    /// Until they are deleted.
    UntilDeleted,
    /// Until the user logs out of the computer.
    UntilLogOut,
}

/// Names a secret: its kind, and the instance it belongs to. The instance is the host of its Frontend API, followed by
/// the URL that requests are sent to if that differs (a proxy or a domain).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretKey {
    /// The client token for this Frontend API, with the key of the stored state. At most 1,280 characters long, if there is a
    /// [`CacheStore`].
    ClientToken(String),
    /// The pending flow and the sessions that are still to be ended on the server, if there is no [`CacheStore`].
    Records(String),
    /// The pending browser flow, as earlier versions stored it.
    PendingFlow(String),
    /// The key that encrypts the stored state, as earlier versions stored it.
    CacheKey(String),
}

impl SecretKey {
    /// Returns the account name of the secret in a keyring.
    #[must_use]
    pub fn account(&self) -> String {
        match self {
            Self::ClientToken(host) => format!("clerk:{host}"),
            Self::Records(host) => format!("clerk:{host}:records"),
            Self::PendingFlow(host) => format!("clerk:{host}:pending-flow"),
            Self::CacheKey(host) => format!("clerk:{host}:cache-key"),
        }
    }
}

/// Stores the last known state across restarts. The content is already encrypted.
///
/// The plugin's default is a file in the app's local data directory.
pub trait CacheStore: Send + Sync {
    /// Reads the content written last; `None` if there is none.
    fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>>;
    /// Replaces the content. An interrupted write must leave the old content in place.
    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>>;
    /// Waits until no other process of the app changes the content or the credentials, and excludes others until the result is
    /// dropped. The default excludes nobody, for a store that one process uses.
    fn lock(&self) -> BoxFuture<'_, std::io::Result<CacheLock>> {
        Box::pin(std::future::ready(Ok(Box::new(()) as CacheLock)))
    }
}

/// The exclusive right to change what is stored; see [`CacheStore::lock`]. Dropping it ends the right.
pub type CacheLock = Box<dyn std::any::Any + Send>;

/// A [`SecretStore`] failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is missing or locked, or it denied access.
    #[error("the secret store is not available: {0}")]
    Unavailable(String),
    /// The stored value can't be decoded.
    #[error("the stored secret can't be read: {0}")]
    Corrupt(String),
}

/// Opens pages in the system browser.
pub trait Browser: Send + Sync {
    /// Opens `url`, an http or https URL.
    ///
    /// # Errors
    /// A message that says why no browser could be started.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// Listens at a callback URL on this computer, e.g. `http://127.0.0.1:45789/callback`: the user returns from the browser by a
/// request instead of a link of the operating system (RFC 8252, section 7.3).
pub trait CallbackListener: Send + Sync {
    /// Listens until the result is dropped, or for `lifetime`. Each request for the callback URL, with its query, is passed to
    /// `handle`, whose outcome says what the browser should show. After [`LinkOutcome::Delivered`] or [`LinkOutcome::Resumed`],
    /// nothing else is passed on.
    ///
    /// # Errors
    /// A message that says why nothing can listen there, e.g. because another program does.
    fn listen(&self, lifetime: Duration, handle: HandleCallback) -> BoxFuture<'_, Result<Listening, String>>;
}

/// Handles a callback link; see [`CallbackListener::listen`].
pub type HandleCallback = Arc<dyn Fn(Url) -> BoxFuture<'static, LinkOutcome> + Send + Sync>;

/// A callback URL that is listened at. Dropping it ends that.
pub type Listening = Box<dyn std::any::Any + Send>;

/// Connects to crypto wallets.
///
/// The plugin's default opens a page in the system browser, where wallets live. An app that embeds a wallet supplies
/// its own.
pub trait Wallet: Send + Sync {
    /// Requests the address from the wallet of `provider` (`metamask`, `coinbase_wallet`, `okx_wallet`, `base`,
    /// `solana`, or one that Clerk adds). For Solana, `wallet_name` selects the wallet.
    fn connect<'a>(
        &'a self,
        provider: &'a str,
        wallet_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>>;
}

/// A connected wallet. Dropping it disconnects.
pub trait WalletConnection: Send {
    /// The address, e.g. `0xAb5…`.
    fn address(&self) -> &str;
    /// Requests a signature of `message` and returns it, e.g. `0x…`.
    fn sign<'a>(&'a mut self, message: &'a str) -> BoxFuture<'a, Result<String, WalletError>>;
}

/// A [`Wallet`] failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalletError {
    /// The user rejected the request.
    #[error("the user rejected the request in the wallet")]
    Rejected,
    /// No such wallet is available.
    #[error("the wallet is not available: {0}")]
    Unavailable(String),
    /// The wallet failed.
    #[error("the wallet failed: {0}")]
    Failed(String),
    /// The system browser, where the wallet is, could not be opened.
    #[error("the system browser could not be opened: {0}")]
    BrowserUnavailable(String),
    /// The app did not confirm the address of the wallet.
    #[error("the app did not confirm the address of the wallet")]
    NotConfirmed,
    /// Somebody else took part in the exchange with the wallet, so nothing that it returned can be trusted.
    #[error("another program took part in the exchange with the wallet: {0}")]
    Misused(String),
}

/// Asks the user for passkeys, e.g. through the operating system. Options and credentials are WebAuthn's JSON
/// (`PublicKeyCredentialRequestOptionsJSON`, `AuthenticationResponseJSON` and their kin).
///
/// Dropping a future should close the dialog. A future must not block its thread; a blocking call of the system belongs on a thread of
/// its own, e.g. by `tokio::task::spawn_blocking`.
pub trait Passkeys: Send + Sync {
    /// Asks for an existing passkey. Returns the signed response as JSON.
    fn get<'a>(&'a self, options: &'a str) -> BoxFuture<'a, Result<String, PasskeyError>>;
    /// Offers to create a passkey. Returns it as JSON.
    fn create<'a>(&'a self, options: &'a str) -> BoxFuture<'a, Result<String, PasskeyError>>;
}

/// [`Passkeys`] failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyError {
    /// The user closed the dialog.
    #[error("the user closed the dialog")]
    Cancelled,
    /// The user did not respond in time, or something else ended the dialog.
    #[error("the dialog ended: {0}")]
    Aborted(String),
    /// The system has no passkeys.
    #[error("passkeys are not supported: {0}")]
    NotSupported(String),
    /// The system does not accept the domain of the passkey for this app.
    #[error("the domain of the passkey is not accepted: {0}")]
    InvalidRpId(String),
    /// It failed otherwise.
    #[error("the passkey could not be used: {0}")]
    Failed(String),
}

/// Returns the current time, by two clocks.
///
/// Dates are read from the wall clock, which the user or a time server may set in either direction. Durations are measured
/// with the monotonic clock, which on most systems stands still while the computer sleeps.
pub trait Clock: Send + Sync {
    /// Returns the milliseconds since the Unix epoch, by the wall clock.
    fn now_ms(&self) -> i64;

    /// Returns the present moment of the monotonic clock. Default: that of the operating system.
    fn monotonic(&self) -> Instant {
        // The clock of the timers, so that tests may pause both.
        tokio::time::Instant::now().into_std()
    }
}

/// The operating system's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Receives events. Events carry neither tokens nor personal data.
pub trait EventSink: Send + Sync {
    /// Receives one event; called in order. Must not block.
    fn emit(&self, event: Event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_update_from_header_reads_absent_set_and_clear() {
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
    fn http_request_debug_omits_query_and_body() {
        let request = HttpRequest {
            method: HttpMethod::Post(FormBody::new("password=hunter2")),
            url: "https://clerk.example.com/v1/client/sign_ins?rotating_token_nonce=n0nce".parse().unwrap(),
            authorization: Some(ClientToken::new("t0ken")),
            session_token: Some(SessionToken::new("t0ken")),
            user_agent: String::new(),
        };
        assert_eq!(format!("{request:?} {:?}", request.method), "POST /v1/client/sign_ins POST");
    }
}
