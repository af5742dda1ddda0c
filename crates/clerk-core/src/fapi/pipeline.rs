//! The pipeline of every request: build, send, retry, read.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use url::Url;

use crate::{
    error::{Error, ErrorCode},
    fapi::{
        API_VERSION, Instance,
        envelope::{self, Opened},
        json::{self, Json},
        received_client::ReceivedClient,
        request::{Method, Request},
    },
    models::SessionId,
    outside,
    ports::{HttpMethod, HttpRequest, HttpResponse, TokenUpdate, Transport, TransportError},
    secret::{ClientToken, SessionToken, Wipe},
};

/// How often a GET is sent if no response arrives. Other methods are never retried: they may have been executed.
const MAX_GET_ATTEMPTS: u32 = 4;
/// The delay before the first retry; the later ones wait `700 ms × 2ⁿ`.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);
const RETRY_BASE_DELAY: Duration = Duration::from_millis(700);
/// The timeout of a transport that gives no sign of life; the plugin's own has a shorter one.
const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// The maximum length of a client token, in bytes. Real ones have a few hundred; an entry of the Windows Credential Manager
/// holds 2,560.
const MAX_TOKEN: usize = 2048;
/// The maximum delay before a retry.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);
/// No retry begins after this time: a network that swallows requests makes each of them as long as its timeout.
const RETRY_TIME: Duration = Duration::from_secs(15);

/// The FAPI client of one instance.
pub(crate) struct Fapi {
    instance: Instance,
    transport: Arc<dyn Transport>,
    user_agent: String,
}

/// The credentials of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    /// The client token.
    pub(crate) client_token: Option<ClientToken>,
    /// A session token in place of the client token.
    pub(crate) session_token: Option<SessionToken>,
    /// The active session; needed outside `/client` when the client holds several.
    pub(crate) session_id: Option<SessionId>,
}

/// The result of a request.
pub(crate) struct Reply {
    /// The resource, or the error. A client is in `client` only.
    pub(crate) outcome: Result<Json, Error>,
    /// What the resource says about the attempt or the account.
    pub(crate) said: Said,
    /// The client to apply; errors may contain one too.
    pub(crate) client: Option<Box<ReceivedClient>>,
    /// The change of the client token; errors may contain one too.
    pub(crate) token: TokenUpdate,
}

/// What a resource says about the attempt or the account that the request was for.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The session that the attempt created.
    pub(crate) created_session: Option<SessionId>,
    /// Whether the attempt is complete.
    pub(crate) is_complete: bool,
    /// Whether it is deleted.
    pub(crate) is_deleted: bool,
}

impl Said {
    /// `None` if the resource can't be read.
    fn read(resource: &str) -> Option<Self> {
        let [session, status, deleted] = json::fields(resource, ["created_session_id", "status", "deleted"])?;
        Some(Self {
            created_session: session.and_then(|session| Json::from(session).read()),
            is_complete: status.is_some_and(|status| status.get() == "\"complete\""),
            is_deleted: deleted.is_some_and(|deleted| deleted.get() == "true"),
        })
    }
}

/// Prints no resource: it may be a session token.
impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let outcome = self.outcome.as_ref().map(|_| "[redacted]");
        f.debug_struct("Reply").field("outcome", &outcome).field("token", &self.token).finish_non_exhaustive()
    }
}

impl Fapi {
    pub(crate) fn new(instance: Instance, transport: Arc<dyn Transport>, user_agent: String) -> Self {
        Self { instance, transport, user_agent }
    }

    pub(crate) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Sends `request` and reads the response.
    ///
    /// # Errors
    /// `network_error` if no response arrives. An error response is returned in [`Reply::outcome`], because it may
    /// contain a client and a client token.
    pub(crate) async fn send(&self, request: &Request, credentials: &Credentials) -> Result<Reply, Error> {
        let mut response = self.send_with_retries(request, credentials).await.map_err(|error| {
            let host = self.instance.url("").host_str().unwrap_or_default().to_owned();
            ErrorCode::NetworkError.error(format!("the Frontend API at {host} can't be reached: {error}"))
        })?;
        tracing::debug!(method = ?request.method, path = request.path, status = response.status, "FAPI responded");
        let reply = self.read(&response, request);
        // It may contain session tokens.
        response.body.wipe();
        Ok(reply)
    }

    /// Reads a response.
    fn read(&self, response: &HttpResponse, request: &Request) -> Reply {
        let Opened { mut outcome, client, mut recognized, enveloped } =
            envelope::open(response, &request.path, request.raw);
        let may_bring_client = request.responds_with_client || request.method != Method::Get || request.reload;
        let brought = client.filter(|_| may_bring_client).map(ReceivedClient::read);
        // A client that exceeds a limit.
        let mut is_readable = !matches!(brought, Some(None));
        let mut client = brought.flatten();
        if request.responds_with_client {
            match outcome {
                // No client exists: use one without sessions.
                Ok("null") if recognized => client = client.or_else(|| Some(ReceivedClient::without_sessions())),
                Ok(text) => {
                    client = ReceivedClient::read(text).filter(|read| recognized && read.lists_sessions);
                    // Who is signed in is FAPI's word alone: anything else would be read as a client without sessions.
                    is_readable = client.is_some();
                    // Nobody reads it as the resource too, so an empty object is left there: `null` would mean that there is no
                    // client.
                    outcome = Ok("{}");
                }
                Err(_) => {}
            }
        }
        let said = match &outcome {
            Ok(text) if text.trim_start().starts_with('{') => Said::read(text),
            _ => Some(Said::default()),
        };
        // What is not known of an attempt could end the session that it created.
        let said = said.unwrap_or_else(|| {
            is_readable = false;
            Said::default()
        });
        if !is_readable {
            (client, recognized) = (None, false);
            outcome = Err(envelope::not_json(response, &request.path));
        }
        let token = match &response.token {
            TokenUpdate::Set(token) if !is_usable_token(token) => TokenUpdate::Absent,
            token if recognized => token.clone(),
            _ => TokenUpdate::Absent,
        };
        let outcome = outcome.map(|text| match request.raw && enveloped {
            true => Json::in_envelope(text),
            false => Json::from_valid(text),
        });
        Reply { outcome, said, client: client.map(Box::new), token }
    }

    async fn send_with_retries(
        &self,
        request: &Request,
        credentials: &Credentials,
    ) -> Result<HttpResponse, TransportError> {
        let tries = if request.method == Method::Get { MAX_GET_ATTEMPTS } else { 1 };
        let mut attempt = 0;
        let started = Instant::now();
        loop {
            let http_request = self.http_request(request, credentials, attempt);
            let sent = outside::wait("the transport", || self.transport.send(http_request));
            let failed = |reason: &str| Err(TransportError { reason: reason.to_owned() });
            let result = match tokio::time::timeout(SEND_TIMEOUT, sent).await {
                Ok(result) => result.unwrap_or_else(|| failed("the transport panicked")),
                Err(_) => failed("no response in time"),
            };
            match result {
                Ok(response) => return Ok(response),
                Err(error) if attempt + 1 >= tries || started.elapsed() >= RETRY_TIME => return Err(error),
                Err(error) => {
                    attempt += 1;
                    tracing::debug!(path = request.path, attempt, %error, "no response from FAPI; retrying");
                    tokio::time::sleep(retry_delay(attempt, rand::random_range(1.0..2.0))).await;
                }
            }
        }
    }

    fn http_request(&self, request: &Request, credentials: &Credentials, attempt: u32) -> HttpRequest {
        HttpRequest {
            method: match request.method {
                Method::Get => HttpMethod::Get,
                _ if !request.parts.is_empty() => HttpMethod::Upload(request.parts.clone()),
                _ => match &request.json {
                    Some(json) => HttpMethod::Json(json.clone()),
                    None => HttpMethod::Post(request.form.encode()),
                },
            },
            url: self.url(request, credentials, attempt),
            authorization: credentials.client_token.clone(),
            session_token: credentials.session_token.clone(),
            user_agent: self.user_agent.clone(),
        }
    }

    fn url(&self, request: &Request, credentials: &Credentials, attempt: u32) -> Url {
        let version = if request.is_versioned { "/v1" } else { "" };
        let mut url = self.instance.url(&format!("{version}{}", request.path));
        let mut query = url.query_pairs_mut();
        query.extend_pairs(request.query.iter().map(|(key, value)| (key, value.expose())));
        query.append_pair("__clerk_api_version", API_VERSION);
        // Says that `Authorization` has a client token.
        if credentials.session_token.is_none() {
            query.append_pair("_is_native", "1");
        }
        query.append_pair("_tauri_sdk_version", env!("CARGO_PKG_VERSION"));
        if let Some(nonce) = &request.nonce {
            query.append_pair("rotating_token_nonce", nonce.expose());
        }
        if let Some(method) = request.method.tunnelled() {
            query.append_pair("_method", method);
        }
        if let Some(session) = &credentials.session_id
            && !request.path.starts_with("/client")
            && !request.path.starts_with("/waitlist")
        {
            query.append_pair("_clerk_session_id", session.as_str());
        }
        if attempt > 0 {
            query.append_pair("_clerk_retry_attempt", &attempt.to_string());
        }
        drop(query);
        url
    }
}

/// Whether a client token can be sent in a header, and has a sane length.
pub(crate) fn is_usable_token(token: &ClientToken) -> bool {
    let text = token.expose();
    !text.is_empty() && text.len() <= MAX_TOKEN && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns the delay before retry number `attempt` (from 1); `jitter` is between 1 and 2.
fn retry_delay(attempt: u32, jitter: f64) -> Duration {
    let base = match attempt {
        0 | 1 => FIRST_RETRY_DELAY,
        later => RETRY_BASE_DELAY.saturating_mul(1 << (later - 2).min(8)),
    };
    base.mul_f64(jitter).min(MAX_RETRY_DELAY)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        exchange::requests::{get_client, get_environment},
        fapi::{InstanceOptions, request::path},
        ports::BoxFuture,
        secret::FormBody,
    };

    /// Returns the given responses in order and records the requests.
    struct Script {
        responses: Mutex<Vec<Result<HttpResponse, TransportError>>>,
        requests: Mutex<Vec<HttpRequest>>,
    }

    impl Transport for Script {
        fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            self.requests.lock().unwrap().push(request);
            let response = self.responses.lock().unwrap().remove(0);
            Box::pin(std::future::ready(response))
        }
    }

    fn response(status: u16, body: &str) -> Result<HttpResponse, TransportError> {
        Ok(HttpResponse { status, token: TokenUpdate::Absent, retry_after: None, body: body.as_bytes().to_vec() })
    }

    fn no_response() -> Result<HttpResponse, TransportError> {
        Err(TransportError { reason: "connection refused".into() })
    }

    fn fapi(responses: Vec<Result<HttpResponse, TransportError>>) -> (Fapi, Arc<Script>) {
        let script = Arc::new(Script { responses: Mutex::new(responses), requests: Mutex::default() });
        let instance = Instance::resolve(&InstanceOptions {
            publishable_key: Some("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
            ..InstanceOptions::default()
        })
        .unwrap();
        (Fapi::new(instance, script.clone(), "Test/1.0".into()), script)
    }

    #[tokio::test(start_paused = true)]
    async fn send_retries_get_and_counts_attempts() {
        let (fapi, script) = fapi(vec![no_response(), no_response(), response(200, "{}")]);
        fapi.send(&get_environment(), &Credentials::default()).await.unwrap();
        let attempts: Vec<_> = script
            .requests
            .lock()
            .unwrap()
            .iter()
            .map(|request| {
                request
                    .url
                    .query_pairs()
                    .find(|(key, _)| key == "_clerk_retry_attempt")
                    .map(|(_, value)| value.into_owned())
            })
            .collect();
        assert_eq!(attempts, [None, Some("1".to_owned()), Some("2".to_owned())]);
    }

    #[tokio::test(start_paused = true)]
    async fn send_stops_retrying_get_after_four_attempts() {
        let (fapi, script) = fapi((0..4).map(|_| no_response()).collect());
        let error = fapi.send(&get_client(), &Credentials::default()).await.map(|_| ()).unwrap_err();
        assert_eq!((error.code(), script.requests.lock().unwrap().len()), ("network_error", 4));
    }

    /// A network that swallows requests.
    struct Silent(std::sync::atomic::AtomicUsize);

    impl Transport for Silent {
        fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Box::pin(async {
                tokio::time::sleep(crate::fapi::DEFAULT_REQUEST_TIMEOUT).await;
                no_response()
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn send_does_not_retry_what_took_as_long_as_its_timeout() {
        let (unused, _) = fapi(Vec::new());
        let silent = Arc::new(Silent(0.into()));
        let fapi = Fapi::new(unused.instance().clone(), silent.clone(), "Test/1.0".into());
        fapi.send(&get_client(), &Credentials::default()).await.map(|_| ()).unwrap_err();
        assert_eq!(silent.0.load(std::sync::atomic::Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn send_does_not_retry_other_methods_and_error_responses() {
        let (post_fapi, script) = fapi(vec![no_response()]);
        assert!(
            post_fapi
                .send(&Request::new(Method::Patch, "/client").responds_with_client(), &Credentials::default())
                .await
                .is_err()
        );
        assert_eq!(script.requests.lock().unwrap().len(), 1);
        let (get_fapi, script) = fapi(vec![response(503, "<html>")]);
        assert!(get_fapi.send(&get_client(), &Credentials::default()).await.unwrap().outcome.is_err());
        assert_eq!(script.requests.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn send_adds_version_and_native_parameters() {
        let (fapi, script) = fapi(vec![response(200, "{}")]);
        let credentials = Credentials {
            client_token: Some(ClientToken::new("t")),
            session_id: Some("sess_1".into()),
            ..Credentials::default()
        };
        fapi.send(&Request::new(Method::Patch, "/client").responds_with_client(), &credentials).await.unwrap();
        let requests = script.requests.lock().unwrap();
        assert_eq!(
            requests[0].url.as_str(),
            format!(
                "https://clerk.example.com/v1/client?__clerk_api_version=2026-05-12&_is_native=1&_tauri_sdk_version={}&_method=PATCH",
                env!("CARGO_PKG_VERSION")
            )
        );
        assert_eq!(requests[0].method, HttpMethod::Post(FormBody::new("")));
        assert_eq!(requests[0].authorization, Some(ClientToken::new("t")));
    }

    #[tokio::test]
    async fn send_adds_session_id_outside_of_client_paths() {
        let (fapi, script) = fapi(vec![response(200, "{}"), response(200, "{}")]);
        let credentials = Credentials { session_id: Some("sess_1".into()), ..Credentials::default() };
        fapi.send(&get_environment(), &credentials).await.unwrap();
        fapi.send(&Request::new(Method::Get, path(&["client", "sessions", "sess_1"])), &credentials).await.unwrap();
        let requests = script.requests.lock().unwrap();
        assert!(requests[0].url.as_str().contains("_clerk_session_id=sess_1"));
        assert!(!requests[1].url.as_str().contains("_clerk_session_id"));
    }

    #[test]
    fn retry_delay_grows_up_to_the_maximum() {
        let waits: Vec<_> = (1..7).map(|attempt| retry_delay(attempt, 1.0).as_millis()).collect();
        assert_eq!(waits, [100, 700, 1400, 2800, 5000, 5000]);
    }
}
