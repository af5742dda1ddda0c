//! A native client of the emulator, and shortcuts.

#![allow(dead_code, reason = "each test uses a part of it")]
#![expect(unreachable_pub, clippy::unwrap_used, reason = "a helper of a test ends the test")]

use std::{sync::Mutex, time::Duration};

use clerk_emulator::{Config, Emulator, NewUser};
use serde_json::Value;

pub const ADA: &str = "ada+clerk_test@example.com";
pub const GRACE: &str = "grace+clerk_test@example.com";
pub const PASSWORD: &str = "correct-horse-battery";
pub const CALLBACK: &str = "my-app://callback";

/// The timeout of every wait: far longer than needed on a busy machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// Waits for `future`. Panics with `what` after [`WAIT_LIMIT`].
pub async fn with_timeout<T>(what: &str, future: impl Future<Output = T>) -> T {
    let value = tokio::time::timeout(WAIT_LIMIT, future).await;
    value.unwrap_or_else(|_| panic!("waited {WAIT_LIMIT:?} for {what}"))
}

/// Waits until `condition` holds. Panics with `what` after [`WAIT_LIMIT`].
pub async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    with_timeout(what, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A response of FAPI.
#[derive(Debug, Clone)]
pub struct FapiResponse {
    pub status: u16,
    pub body: Value,
    pub token: Option<String>,
    pub location: Option<String>,
    pub retry_after: Option<String>,
}

impl FapiResponse {
    /// Returns `response`, or the whole body if there is no envelope.
    pub fn resource(&self) -> &Value {
        self.body.get("response").unwrap_or(&self.body)
    }

    /// Returns status and code of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["errors"][0]["code"].as_str().unwrap_or_default())
    }

    /// Returns status, code and parameter of a refusal in one string: `422 form_code_incorrect(code)`.
    pub fn summary(&self) -> String {
        if self.status < 400 {
            return self.status.to_string();
        }
        let (status, code) = self.refusal();
        match self.body["errors"][0]["meta"]["param_name"].as_str() {
            Some(param) => format!("{status} {code}({param})"),
            None => format!("{status} {code}"),
        }
    }

    pub fn text(&self, pointer: &str) -> String {
        self.resource().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// A native client that keeps its token like an app.
pub struct Native {
    http: reqwest::Client,
    base: String,
    pub token: Mutex<Option<String>>,
}

impl Native {
    pub fn new(emulator: &Emulator) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(WAIT_LIMIT)
            .build()
            .unwrap();
        Self { http, base: emulator.base_url(), token: Mutex::new(None) }
    }

    /// Creates another client that shares the connections of this one.
    pub fn new_like(other: &Self) -> Self {
        Self { http: other.http.clone(), base: other.base.clone(), token: Mutex::new(None) }
    }

    pub async fn get(&self, path: &str) -> FapiResponse {
        self.send("GET", path, &[]).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> FapiResponse {
        self.send("POST", path, form).await
    }

    pub async fn patch(&self, path: &str, form: &[(&str, &str)]) -> FapiResponse {
        self.send("PATCH", path, form).await
    }

    pub async fn delete(&self, path: &str) -> FapiResponse {
        self.send("DELETE", path, &[]).await
    }

    pub async fn send(&self, method: &str, path: &str, form: &[(&str, &str)]) -> FapiResponse {
        let glue = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}{path}{glue}_is_native=1", self.base);
        let mut request = self.http.request(method.parse().unwrap(), url);
        request = request.header("authorization", self.token.lock().unwrap().clone().unwrap_or_default());
        if method != "GET" {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let response = read(request.send().await.unwrap()).await;
        match response.token.as_deref() {
            Some("") => *self.token.lock().unwrap() = None,
            Some(token) => *self.token.lock().unwrap() = Some(token.to_owned()),
            None => {}
        }
        response
    }

    /// Creates a request without the additions of a native client.
    pub fn raw(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("{}{path}", self.base))
    }

    /// Signs in with a password and returns the session's ID.
    pub async fn sign_in(&self, identifier: &str, password: &str) -> String {
        let response = self
            .post(
                "/v1/client/sign_ins",
                &[("strategy", "password"), ("identifier", identifier), ("password", password)],
            )
            .await;
        assert_eq!(response.text("/status"), "complete", "{response:?}");
        response.text("/created_session_id")
    }
}

/// Reads the response of a raw request.
pub async fn read(response: reqwest::Response) -> FapiResponse {
    let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let (token, location, retry_after) = (header("authorization"), header("location"), header("retry-after"));
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    FapiResponse { status, body, token, location, retry_after }
}

pub fn ada() -> NewUser {
    NewUser {
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        ..NewUser::with_password(ADA, PASSWORD)
    }
}

pub fn grace() -> NewUser {
    NewUser { first_name: Some("Grace".to_owned()), ..NewUser::with_password(GRACE, PASSWORD) }
}

/// Starts an emulator with the users Ada and Grace.
pub async fn start(change: impl FnOnce(&mut Config)) -> (Emulator, Native) {
    let mut config = Config::default();
    config.seed = Some(7);
    config.users = vec![ada(), grace()];
    change(&mut config);
    let emulator = Emulator::start(config).await.unwrap();
    let native = Native::new(&emulator);
    (emulator, native)
}
