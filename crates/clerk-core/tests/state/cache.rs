//! The cached state of an earlier run.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use clerk_core::{
    LoadOptions, SetActiveParams, Status,
    ports::{SecretKey, SecretStore},
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_testkit::{
    MemoryCache, Response, ScriptedApp, client,
    device::{Device, with_sessions},
    environment, json_response, session, text_response, wait_until, with_timeout,
};
use serde_json::{Value, json};

const OFFLINE: u16 = 0;
const CAPTIVE: u16 = 1;

/// The state of a machine between runs of the app, and its connection to FAPI.
#[derive(Default)]
struct Machine {
    secrets: Arc<MemoryStore>,
    cache: Arc<MemoryCache>,
    /// [`OFFLINE`], [`CAPTIVE`], or the status of every response.
    network: Arc<AtomicU16>,
    sessions: Arc<Mutex<Vec<Value>>>,
    /// `updated_at` of the client.
    updated_at: Arc<AtomicU16>,
}

impl Machine {
    /// Returns a machine where a user signed in and quit the app.
    async fn signed_in() -> Self {
        let machine = Self::default();
        machine.network.store(200, Ordering::Relaxed);
        *machine.sessions.lock().unwrap() = vec![session("sess_1"), session("sess_2")];
        let first = machine.start();
        let clerk = first.clerk.clone();
        let cache_task = tokio::spawn(async move { clerk.keep_cache().await });
        first.clerk.load(LoadOptions::default()).await.unwrap();
        first.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
        wait_until("the cache to be written", || machine.cache.0.lock().unwrap().is_some()).await;
        cache_task.abort();
        machine
    }

    fn start(&self) -> ScriptedApp {
        let (network, sessions, updated_at) = (self.network.clone(), self.sessions.clone(), self.updated_at.clone());
        let response = move |_: &str, path: &str| -> Option<Response> {
            let with_token = |body: &Value| {
                let mut response = json_response(200, body)?;
                response.token = Some("a-client-token");
                Some(response)
            };
            match (network.load(Ordering::Relaxed), path) {
                (OFFLINE, _) => None,
                (CAPTIVE, _) => clerk_testkit::text_response(200, "<!doctype html><title>Wi-Fi</title>"),
                (200, "/environment") => with_token(&environment()),
                (200, "/client") => with_token(
                    &json!({ "response": client(updated_at.load(Ordering::Relaxed).into(), &sessions.lock().unwrap()) }),
                ),
                (200, _) if path.ends_with("/touch") => json_response(
                    200,
                    &json!({ "response": session("sess_2"), "client": touched(&sessions.lock().unwrap()) }),
                ),
                (200, _) => json_response(200, &json!({ "jwt": "a.b.c" })),
                (status, _) => json_response(status, &json!({ "errors": [{ "code": "native_api_disabled" }] })),
            }
        };
        let cache = self.cache.clone();
        ScriptedApp::with(response, self.secrets.clone(), move |setup| setup.cache = Some(cache))
    }
}

fn touched(sessions: &[Value]) -> Value {
    let mut client = client(4, sessions);
    client["last_active_session_id"] = "sess_2".into();
    client
}

fn statuses(app: &ScriptedApp) -> Arc<Mutex<Vec<Status>>> {
    let heard = Arc::<Mutex<Vec<Status>>>::default();
    let log = heard.clone();
    app.clerk.on_status(move |status| log.lock().unwrap().push(status), false);
    heard
}

#[tokio::test(start_paused = true)]
async fn load_shows_the_cached_state_until_fapi_responds() {
    let machine = Machine::signed_in().await;
    for network in [OFFLINE, CAPTIVE, 503] {
        machine.network.store(network, Ordering::Relaxed);
        let app = machine.start();
        let seen = statuses(&app);
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!((app.clerk.status(), app.clerk.is_loaded()), (Status::Degraded, true));
        assert_eq!(app.clerk.session().unwrap().id.as_str(), "sess_2", "the last active session");
        assert!(app.clerk.snapshot().environment.is_some());
        assert!(app.clerk.snapshot().error.is_some(), "the reason is given");
        machine.network.store(200, Ordering::Relaxed);
        with_timeout(
            "the status to change after the response",
            app.clerk.subscribe().wait_for(|state| state.status == Status::Ready),
        )
        .await
        .unwrap();
        assert_eq!(app.clerk.session().unwrap().id.as_str(), "sess_2");
        assert!(app.clerk.snapshot().error.is_none());
        assert_eq!(*seen.lock().unwrap(), [Status::Degraded, Status::Ready]);
    }
}

#[tokio::test]
async fn load_replaces_the_cached_state_with_the_response() {
    let machine = Machine::signed_in().await;
    machine.sessions.lock().unwrap().clear();
    machine.updated_at.store(5, Ordering::Relaxed);
    let app = machine.start();
    let seen = Arc::<Mutex<Vec<bool>>>::default();
    let log = seen.clone();
    app.clerk.add_listener(move |state| log.lock().unwrap().push(state.is_signed_in()));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!((app.clerk.status(), app.clerk.is_signed_in()), (Status::Ready, false));
    let mut seen = seen.lock().unwrap().clone();
    seen.dedup();
    assert_eq!(seen, [true, false], "the cached state, then the response");
}

#[tokio::test(start_paused = true)]
async fn load_discards_the_cached_state_after_a_refusal() {
    let machine = Machine::signed_in().await;
    machine.network.store(400, Ordering::Relaxed);
    let app = machine.start();
    assert!(app.clerk.load(LoadOptions::default()).await.unwrap_err().has_api_code("native_api_disabled"));
    // The cached state alone signs no user in.
    assert_eq!((app.clerk.status(), app.clerk.session(), app.clerk.is_signed_in()), (Status::Error, None, false));
    machine.network.store(200, Ordering::Relaxed);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!((app.clerk.status(), app.clerk.is_signed_in()), (Status::Ready, true));

    machine.network.store(OFFLINE, Ordering::Relaxed);
    let app = machine.start();
    app.clerk.load(LoadOptions::default()).await.unwrap();
    machine.network.store(400, Ordering::Relaxed);
    with_timeout(
        "the status to change after the response",
        app.clerk.subscribe().wait_for(|state| state.status == Status::Error),
    )
    .await
    .unwrap();
    assert_eq!(app.clerk.session(), None, "a later refusal has the same effect");
}

/// The app may have quit before the last change was cached.
#[tokio::test]
async fn load_activates_a_session_created_after_the_last_cache_write() {
    let machine = Machine::signed_in().await;
    // The cache is older: signed out, or a session that has ended since.
    for known in [vec![], vec![session("sess_0")]] {
        *machine.sessions.lock().unwrap() = known;
        machine.updated_at.store(6, Ordering::Relaxed);
        let before = machine.start();
        let clerk = before.clerk.clone();
        let sealed = machine.cache.0.lock().unwrap().clone();
        let cache_task = tokio::spawn(async move { clerk.keep_cache().await });
        before.clerk.load(LoadOptions::default()).await.unwrap();
        wait_until("the cache to be written", || *machine.cache.0.lock().unwrap() != sealed).await;
        cache_task.abort();
        *machine.sessions.lock().unwrap() = vec![session("sess_1")];
        machine.updated_at.store(7, Ordering::Relaxed);
        let app = machine.start();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.clerk.session().map(|session| session.id.to_string()).as_deref(), Some("sess_1"));
    }
}

#[tokio::test]
async fn load_returns_the_cached_state_while_another_load_waits() {
    let machine = Machine::signed_in().await;
    let cache = machine.cache.clone();
    let app = ScriptedApp::with(
        |_, _| None,
        machine.secrets.clone(),
        move |setup| {
            setup.cache = Some(cache);
            setup.transport = Arc::new(clerk_testkit::UnresponsiveFapi);
        },
    );
    let first = app.clerk.clone();
    let waiting = tokio::spawn(async move { first.load(LoadOptions::default()).await });
    with_timeout("the cached state to be shown", app.clerk.subscribe().wait_for(|state| state.is_loaded()))
        .await
        .unwrap();
    with_timeout("a load that returns the cached state", app.clerk.load(LoadOptions::default())).await.unwrap();
    assert_eq!((app.clerk.status(), app.clerk.is_signed_in()), (Status::Degraded, true));
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test(start_paused = true)]
async fn load_ignores_a_cache_that_is_not_of_this_device() {
    let offline = |machine: &Machine| {
        machine.network.store(OFFLINE, Ordering::Relaxed);
        machine.start()
    };
    let name = || "clerk.example.test".to_owned();
    for spoil in ["cache", "key", "token", "entry", "gone"] {
        let machine = Machine::signed_in().await;
        match spoil {
            "cache" => machine.cache.0.lock().unwrap().as_mut().unwrap()[60] ^= 1,
            "entry" => machine.secrets.delete(&SecretKey::ClientToken(name())).await.unwrap(),
            "key" | "token" => {
                let key = SecretKey::ClientToken(name());
                let stored = machine.secrets.read(&key).await.unwrap().unwrap();
                let mut entry: Value = serde_json::from_str(stored.expose()).unwrap();
                match spoil {
                    "key" => entry["k"] = "A".repeat(43).into(),
                    _ => entry["t"] = Value::Null,
                }
                machine.secrets.write(&key, StoredSecret::new(entry.to_string())).await.unwrap();
            }
            _ => *machine.cache.0.lock().unwrap() = None,
        }
        let app = offline(&machine);
        assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().code(), "network_error", "{spoil}");
        assert_eq!((app.clerk.status(), app.clerk.session()), (Status::Error, None));
    }
}

#[tokio::test(start_paused = true)]
async fn select_initial_session_applies_to_the_cached_state() {
    let machine = Machine::signed_in().await;
    machine.network.store(OFFLINE, Ordering::Relaxed);
    let cache = machine.cache.clone();
    let app = ScriptedApp::with(
        |_, _| None,
        machine.secrets.clone(),
        move |setup| {
            setup.cache = Some(cache);
            setup.select_initial_session = Some(Arc::new(|_| Some("sess_1".into())));
        },
    );
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(app.clerk.session().unwrap().id.as_str(), "sess_1");
}

#[tokio::test]
async fn keep_cache_writes_only_sealed_data() {
    let machine = Machine::signed_in().await;
    let sealed = machine.cache.0.lock().unwrap().clone().unwrap();
    let text = String::from_utf8_lossy(&sealed);
    assert!(sealed.len() > 200 && !text.contains("sess_1") && !text.contains("Ada"), "{text}");
}

/// Something in between responds with JSON, or with nothing.
#[tokio::test(start_paused = true)]
async fn load_keeps_the_cached_environment_after_a_response_that_is_none() {
    for (status, body) in [
        (200, "{}"),
        (200, r#"{"message":"Please sign in to the Wi-Fi"}"#),
        (403, r#"{"errors":[{"message":"Forbidden"}]}"#),
    ] {
        let device = Device::new(with_sessions(&[session("sess_1")])).await;
        drop(device.running().await);
        let one = with_sessions(&[session("sess_1")]);
        device.follow(move |method, path, token| match path {
            "/environment" => text_response(status, body),
            _ => one(method, path, token),
        });
        let app = device.start(|_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let snapshot = app.clerk.snapshot();
        let name = &snapshot.environment.as_ref().unwrap().display_config.application_name;
        assert_eq!(name, "Test", "{status} {body}");
        assert_eq!(app.clerk.status(), Status::Degraded);
    }
}

#[tokio::test(start_paused = true)]
async fn load_shows_the_cached_state_after_a_response_that_is_no_client() {
    for (status, body) in [
        (204, ""),
        (200, "null"),
        (200, "{}"),
        (200, r#"{"message":"Please sign in to the Wi-Fi"}"#),
        (200, r#"{"response":"moved"}"#),
    ] {
        let device = Device::new(with_sessions(&[session("sess_1")])).await;
        drop(device.running().await);
        let one = with_sessions(&[session("sess_1")]);
        device.follow(move |method, path, token| match path {
            "/client" => text_response(status, body),
            _ => one(method, path, token),
        });
        let app = device.start(|_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.active_session_id().as_deref(), Some("sess_1"), "{status} {body}");
        assert_eq!(app.clerk.status(), Status::Degraded);
    }
}
