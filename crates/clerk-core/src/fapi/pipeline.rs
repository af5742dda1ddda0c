//! The way of a request: build, send, retry, read. In this order, for every call.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use url::Url;

use crate::{
    error::{Error, ErrorCode},
    fapi::{
        API_VERSION, Instance, envelope,
        request::{Method, Request},
    },
    models::SessionId,
    ports::{HttpMethod, HttpRequest, HttpResponse, TokenUpdate, Transport, TransportError},
    secret::ClientToken,
};

/// How often a GET is sent when no answer arrives. Other methods are never repeated: they may have been carried out.
const MAX_GET_TRIES: u32 = 4;
/// Delay before the first repetition; the later ones wait `700 ms × 2ⁿ`.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);
const RETRY_BASE_DELAY: Duration = Duration::from_millis(700);
/// No wait is longer than this.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);

/// The client of FAPI for one instance.
pub(crate) struct Fapi {
    instance: Instance,
    transport: Arc<dyn Transport>,
    user_agent: String,
}

/// Who is asking.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    /// The client token.
    pub(crate) client_token: Option<ClientToken>,
    /// The active session; needed outside `/client` when the client holds several.
    pub(crate) session_id: Option<SessionId>,
}

/// What came back.
pub(crate) struct Reply {
    /// The resource, or why there is none.
    pub(crate) outcome: Result<Value, Error>,
    /// The client to take over; it also comes along with errors.
    pub(crate) client: Option<Value>,
    /// What the answer says about the client token; also on errors.
    pub(crate) token: TokenUpdate,
}

impl Fapi {
    pub(crate) fn new(instance: Instance, transport: Arc<dyn Transport>, user_agent: String) -> Self {
        Self { instance, transport, user_agent }
    }

    pub(crate) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Sends `request` and reads the answer.
    ///
    /// # Errors
    /// `network_error` when no answer arrives. An answer that is no success is in [`Reply::outcome`], because it may
    /// bring a client and a client token along.
    pub(crate) async fn send(&self, request: &Request, credentials: &Credentials) -> Result<Reply, Error> {
        let response = self.send_with_retries(request, credentials).await.map_err(|error| {
            let host = self.instance.url("").host_str().unwrap_or_default().to_owned();
            ErrorCode::NetworkError.error(format!("the Frontend API at {host} can't be reached: {error}"))
        })?;
        tracing::debug!(method = ?request.method, path = request.path, status = response.status, "FAPI answered");
        let opened = envelope::open(&response, &request.path);
        let client = if request.responds_with_client {
            match &opened.outcome {
                // There is no client, or none any more: one without sessions.
                Ok(Value::Null) => Some(opened.client.unwrap_or_else(|| serde_json::json!({}))),
                Ok(json) if json.is_object() => Some(json.clone()),
                _ => opened.client,
            }
        } else {
            opened.client.filter(|_| request.method != Method::Get || request.reload)
        };
        Ok(Reply { outcome: opened.outcome, client, token: response.token })
    }

    async fn send_with_retries(
        &self,
        request: &Request,
        credentials: &Credentials,
    ) -> Result<HttpResponse, TransportError> {
        let tries = if request.method == Method::Get { MAX_GET_TRIES } else { 1 };
        let mut attempt = 0;
        loop {
            match self.transport.send(self.http_request(request, credentials, attempt)).await {
                Ok(response) => return Ok(response),
                Err(error) if attempt + 1 >= tries => return Err(error),
                Err(error) => {
                    attempt += 1;
                    tracing::debug!(path = request.path, attempt, %error, "no answer from FAPI; trying again");
                    tokio::time::sleep(retry_delay(attempt, rand::random_range(1.0..2.0))).await;
                }
            }
        }
    }

    fn http_request(&self, request: &Request, credentials: &Credentials, attempt: u32) -> HttpRequest {
        HttpRequest {
            method: match request.method {
                Method::Get => HttpMethod::Get,
                _ => HttpMethod::Post(request.form.encode()),
            },
            url: self.url(request, credentials, attempt),
            authorization: credentials.client_token.clone(),
            user_agent: self.user_agent.clone(),
        }
    }

    fn url(&self, request: &Request, credentials: &Credentials, attempt: u32) -> Url {
        let mut url = self.instance.url(&format!("/v1{}", request.path));
        let mut query = url.query_pairs_mut();
        query.extend_pairs(&request.query);
        query.append_pair("__clerk_api_version", API_VERSION);
        query.append_pair("_is_native", "1");
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

/// The wait before repetition number `attempt` (from 1); `jitter` is between 1 and 2.
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
    };

    /// Answers with what it was given, in order, and keeps what it was asked.
    struct Script {
        answers: Mutex<Vec<Result<HttpResponse, TransportError>>>,
        asked: Mutex<Vec<HttpRequest>>,
    }

    impl Transport for Script {
        fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            self.asked.lock().unwrap().push(request);
            let answer = self.answers.lock().unwrap().remove(0);
            Box::pin(std::future::ready(answer))
        }
    }

    fn answer(status: u16, body: &str) -> Result<HttpResponse, TransportError> {
        Ok(HttpResponse { status, token: TokenUpdate::Absent, retry_after: None, body: body.as_bytes().to_vec() })
    }

    fn no_answer() -> Result<HttpResponse, TransportError> {
        Err(TransportError { reason: "connection refused".into() })
    }

    fn fapi(answers: Vec<Result<HttpResponse, TransportError>>) -> (Fapi, Arc<Script>) {
        let script = Arc::new(Script { answers: Mutex::new(answers), asked: Mutex::default() });
        let instance = Instance::resolve(&InstanceOptions {
            publishable_key: Some("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
            ..InstanceOptions::default()
        })
        .unwrap();
        (Fapi::new(instance, script.clone(), "Test/1.0".into()), script)
    }

    #[tokio::test(start_paused = true)]
    async fn a_get_is_repeated_and_counted() {
        let (fapi, script) = fapi(vec![no_answer(), no_answer(), answer(200, "{}")]);
        fapi.send(&get_environment(), &Credentials::default()).await.unwrap();
        let attempts: Vec<_> = script
            .asked
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
    async fn a_get_is_given_up_after_four_tries() {
        let (fapi, script) = fapi((0..4).map(|_| no_answer()).collect());
        let error = fapi.send(&get_client(), &Credentials::default()).await.map(|_| ()).unwrap_err();
        assert_eq!((error.code(), script.asked.lock().unwrap().len()), ("network_error", 4));
    }

    #[tokio::test]
    async fn other_methods_and_refusals_are_not_repeated() {
        let (post_fapi, script) = fapi(vec![no_answer()]);
        assert!(
            post_fapi
                .send(&Request::new(Method::Delete, "/client/sessions").responds_with_client(), &Credentials::default())
                .await
                .is_err()
        );
        assert_eq!(script.asked.lock().unwrap().len(), 1);
        let (get_fapi, script) = fapi(vec![answer(503, "<html>")]);
        assert!(get_fapi.send(&get_client(), &Credentials::default()).await.unwrap().outcome.is_err());
        assert_eq!(script.asked.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn every_request_names_the_version_and_says_that_it_is_native() {
        let (fapi, script) = fapi(vec![answer(200, "{}")]);
        let credentials = Credentials { client_token: Some(ClientToken::new("t")), session_id: Some("sess_1".into()) };
        fapi.send(&Request::new(Method::Delete, "/client/sessions").responds_with_client(), &credentials)
            .await
            .unwrap();
        let asked = script.asked.lock().unwrap();
        assert_eq!(
            asked[0].url.as_str(),
            format!(
                "https://clerk.example.com/v1/client/sessions?__clerk_api_version=2026-05-12&_is_native=1&_tauri_sdk_version={}&_method=DELETE",
                env!("CARGO_PKG_VERSION")
            )
        );
        assert_eq!(asked[0].method, HttpMethod::Post(String::new()));
        assert_eq!(asked[0].authorization, Some(ClientToken::new("t")));
    }

    #[tokio::test]
    async fn the_active_session_is_named_outside_of_client() {
        let (fapi, script) = fapi(vec![answer(200, "{}"), answer(200, "{}")]);
        let credentials = Credentials { client_token: None, session_id: Some("sess_1".into()) };
        fapi.send(&get_environment(), &credentials).await.unwrap();
        fapi.send(&Request::new(Method::Get, path(&["client", "sessions", "sess_1"])), &credentials).await.unwrap();
        let asked = script.asked.lock().unwrap();
        assert!(asked[0].url.as_str().contains("_clerk_session_id=sess_1"));
        assert!(!asked[1].url.as_str().contains("_clerk_session_id"));
    }

    #[test]
    fn waits_grow_and_are_capped() {
        let waits: Vec<_> = (1..7).map(|attempt| retry_delay(attempt, 1.0).as_millis()).collect();
        assert_eq!(waits, [100, 700, 1400, 2800, 5000, 5000]);
    }
}
