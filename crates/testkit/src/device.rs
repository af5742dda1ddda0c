//! A device: what outlives the runs of an app, and the FAPI that it reaches.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use clerk_core::{
    ClerkSetup, LoadOptions,
    ports::{BoxFuture, HttpRequest, HttpResponse, SecretKey, SecretStore, Transport, TransportError},
    secret::StoredSecret,
    storage::MemoryStore,
};
use serde_json::{Value, json};

use crate::{MemoryCache, Response, ScriptedApp, client, clock::TestClock, environment, json_response, session};

/// The unsigned token of the client `client_1`: only its payload counts here.
pub const OWN_TOKEN: &str = "e30.eyJpZCI6ImNsaWVudF8xIn0.x";
/// A later token of the same client.
pub const ROTATED_TOKEN: &str = "e30.eyJpZCI6ImNsaWVudF8xIn0.y";
/// The token of another client.
pub const OTHER_TOKEN: &str = "e30.eyJpZCI6ImNsaWVudF9vdGhlciJ9.x";
/// What the wall clock of a device says at first.
pub const START_MS: i64 = 1_800_000_000_000;
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

type Script = Arc<dyn Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync>;

/// A device with [`OWN_TOKEN`], whose clock and network a test may change.
#[derive(Clone)]
pub struct Device {
    pub secrets: Arc<MemoryStore>,
    pub cache: Arc<MemoryCache>,
    pub clock: Arc<TestClock>,
    script: Arc<Mutex<Script>>,
}

impl Device {
    /// Creates a device that reaches a FAPI with this script of method, path and client token.
    pub async fn new(script: impl Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync + 'static) -> Self {
        let device = Self {
            secrets: Arc::default(),
            cache: Arc::default(),
            clock: Arc::new(TestClock::at(START_MS)),
            script: Arc::new(Mutex::new(Arc::new(script))),
        };
        device.secrets.write(&token_key(), StoredSecret::new(OWN_TOKEN)).await.unwrap();
        device
    }

    /// Replaces the script.
    pub fn follow(&self, script: impl Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    /// Cuts the network.
    pub fn cut(&self) {
        self.follow(|_, _, _| None);
    }

    /// Starts the app, without loading it.
    pub fn start(&self, adjust: impl FnOnce(&mut ClerkSetup)) -> ScriptedApp {
        let (script, cache, clock) = (self.script.clone(), self.cache.clone(), self.clock.clone());
        ScriptedApp::with_tokens(
            move |method, path, token| {
                let script = script.lock().unwrap().clone();
                script(method, path, token)
            },
            self.secrets.clone(),
            move |setup| {
                setup.cache = Some(cache);
                setup.clock = clock;
                adjust(setup);
            },
        )
    }

    /// Starts and loads the app, and waits until its state is stored. Needs a paused clock.
    pub async fn running(&self) -> ScriptedApp {
        let app = self.start(|_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let clerk = app.clerk.clone();
        tokio::spawn(async move { clerk.keep_cache().await });
        // The paused clock advances when every task waits: then the state is stored.
        tokio::time::sleep(Duration::from_millis(1)).await;
        app
    }

    /// Stores another client token, as another process would.
    pub async fn store_token(&self, token: &str) {
        let entry = self.secrets.read(&token_key()).await.unwrap().unwrap();
        let mut entry: Value = serde_json::from_str(entry.expose()).unwrap();
        entry["t"] = token.into();
        self.secrets.write(&token_key(), StoredSecret::new(entry.to_string())).await.unwrap();
    }

    /// Returns the stored client token.
    pub async fn stored_token(&self) -> Option<String> {
        crate::stored_token(&*self.secrets, &token_key()).await
    }
}

fn token_key() -> SecretKey {
    SecretKey::ClientToken("clerk.example.test".to_owned())
}

/// The script of a client with these sessions. FAPI can't be reached to end one.
pub fn with_sessions(
    sessions: &[Value],
) -> impl Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync + use<> {
    let sessions = sessions.to_vec();
    move |_, path, _| match path {
        "/environment" => json_response(200, &environment()),
        "/client" => json_response(200, &json!({ "response": client(1, &sessions) })),
        _ if path.ends_with("/touch") => json_response(200, &json!({ "response": session(path.split('/').nth(3)?) })),
        _ if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        _ if path.ends_with("/remove") => None,
        other => panic!("unexpected request {other}"),
    }
}

/// A transport that takes some time.
pub struct SlowTransport {
    pub inner: Arc<dyn Transport>,
    pub takes: Duration,
}

impl Transport for SlowTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            self.inner.send(request).await
        })
    }
}
