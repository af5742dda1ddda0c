//! Responses that change nothing: no revision, no event, nothing to read for windows, nothing to write.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    LoadOptions,
    ports::{BoxFuture, CacheStore},
    storage::MemoryStore,
};
use clerk_testkit::{
    MemoryCache, ScriptedApp, client, clock::TestClock, device::START_MS, environment, json_response, jwt,
    jwt_issued_at, session,
};
use serde_json::{Value, json};

/// A disk that counts what is written.
#[derive(Default)]
struct CountingCache {
    cache: MemoryCache,
    writes: AtomicUsize,
}

impl CacheStore for CountingCache {
    fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>> {
        self.cache.read()
    }
    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.cache.write(content)
    }
}

/// An app, and what FAPI says of its client.
struct Unchanged {
    app: ScriptedApp,
    says: Arc<Mutex<Value>>,
    clock: Arc<TestClock>,
    disk: Arc<CountingCache>,
    notified: Arc<AtomicUsize>,
}

impl Unchanged {
    async fn new(active: Value) -> Self {
        let says = Arc::new(Mutex::new(client(1, &[active])));
        let (clock, disk) = (Arc::new(TestClock::at(START_MS)), Arc::<CountingCache>::default());
        let (answer, own_clock, own_disk) = (says.clone(), clock.clone(), disk.clone());
        let script = move |_: &str, path: &str, _: Option<&str>| match path {
            "/environment" => json_response(200, &environment()),
            "/client" => {
                let response = json_response(200, &json!({ "response": *answer.lock().unwrap() }))?;
                Some(clerk_testkit::Response { token: Some("a-token"), ..response })
            }
            // A token that grants something is refreshed in the background.
            "/client/sessions/sess_1/tokens" => None,
            other => panic!("unexpected request {other}"),
        };
        let app = ScriptedApp::with_tokens(script, Arc::new(MemoryStore::default()), |setup| {
            setup.clock = own_clock;
            setup.cache = Some(own_disk);
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let clerk = app.clerk.clone();
        tokio::spawn(async move { clerk.keep_cache().await });
        let notified = Arc::<AtomicUsize>::default();
        let count = notified.clone();
        app.clerk.add_listener(move |_| _ = count.fetch_add(1, Ordering::SeqCst));
        tokio::time::sleep(Duration::from_secs(1)).await;
        Self { app, says, clock, disk, notified }
    }

    /// Reads the client from FAPI.
    async fn read(&self) {
        self.app.clerk.handle_unauthenticated().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// Revision, events, notifications of listeners, and writes so far.
    fn counts(&self) -> (u64, usize, usize, usize) {
        let events = self.app.events.0.lock().unwrap().len();
        let (notified, writes) = (self.notified.load(Ordering::SeqCst), self.disk.writes.load(Ordering::SeqCst));
        (self.app.clerk.snapshot().revision, events, notified, writes)
    }
}

#[tokio::test(start_paused = true)]
async fn equal_response_makes_no_revision_no_event_and_no_write() {
    let unchanged = Unchanged::new(session("sess_1")).await;
    let before = unchanged.counts();
    assert!(before.3 > 0, "the state was stored");
    for _ in 0..31 {
        unchanged.read().await;
    }
    assert_eq!(unchanged.app.count("GET", "/client"), 32);
    assert_eq!(unchanged.counts(), before);
}

/// Windows with clerk-js read what FAPI sent, also what the types do not know.
#[tokio::test(start_paused = true)]
async fn response_that_differs_is_a_revision() {
    let unchanged = Unchanged::new(session("sess_1")).await;
    for (name, value) in [("updated_at", json!(2)), ("something_new", json!("x"))] {
        let (revision, events, notified, writes) = unchanged.counts();
        unchanged.says.lock().unwrap()[name] = value;
        unchanged.read().await;
        assert_eq!(unchanged.counts(), (revision + 1, events + 1, notified + 1, writes + 1), "{name}");
    }
}

/// The stored state is as old as the last response.
#[tokio::test(start_paused = true)]
async fn equal_response_is_stored_once_a_day() {
    let unchanged = Unchanged::new(session("sess_1")).await;
    let (revision, .., writes) = unchanged.counts();
    for _ in 0..3 {
        unchanged.clock.jump(24 * 60 * 60 * 1000);
        unchanged.read().await;
        unchanged.read().await;
    }
    let now = unchanged.counts();
    assert_eq!((now.0, now.3), (revision + 3, writes + 3));
}

/// A window would take the session for ended, an hour after it last heard of it.
#[tokio::test(start_paused = true)]
async fn equal_response_is_a_revision_if_it_contradicts_our_clock() {
    let mut past = session("sess_1");
    past["expire_at"] = json!(START_MS - 1);
    let unchanged = Unchanged::new(past).await;
    let (revision, ..) = unchanged.counts();
    unchanged.read().await;
    assert_eq!(unchanged.counts().0, revision + 1);
}

/// A token that comes with the client is for the cache of tokens.
#[tokio::test(start_paused = true)]
async fn response_with_another_session_token_is_no_revision() {
    let with_token = |number: u64| {
        let mut active = session("sess_1");
        active["last_active_token"] = json!({ "object": "token", "jwt": jwt(&json!({ "number": number })) });
        active
    };
    let unchanged = Unchanged::new(with_token(1)).await;
    let (revision, ..) = unchanged.counts();
    *unchanged.says.lock().unwrap() = client(1, &[with_token(2)]);
    unchanged.read().await;
    assert_eq!(unchanged.counts().0, revision);
}

/// A window counts from when it last heard of the age.
#[tokio::test(start_paused = true)]
async fn equal_response_is_a_revision_if_the_user_was_verified_again() {
    let mut verified = session("sess_1");
    verified["factor_verification_age"] = json!([0, -1]);
    let unchanged = Unchanged::new(verified).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let (revision, ..) = unchanged.counts();
    unchanged.read().await;
    assert_eq!(unchanged.counts().0, revision, "within the minute");
    tokio::time::sleep(Duration::from_secs(12 * 60)).await;
    unchanged.read().await;
    assert_eq!(unchanged.counts().0, revision + 1);
}

/// Windows would show what the organization of before had.
#[tokio::test(start_paused = true)]
async fn response_with_a_token_that_grants_less_is_a_revision() {
    let with_features = |features: &str| {
        let mut active = session("sess_1");
        active["last_active_token"] =
            json!({ "object": "token", "jwt": jwt_issued_at(START_MS / 1_000, 600, &json!({ "fea": features })) });
        active
    };
    let unchanged = Unchanged::new(with_features("o:reports")).await;
    for (features, revisions) in [("", 1), ("", 0), ("u:notes", 1)] {
        let (revision, ..) = unchanged.counts();
        // FAPI issues another one.
        tokio::time::sleep(Duration::from_secs(1)).await;
        *unchanged.says.lock().unwrap() = client(1, &[with_features(features)]);
        unchanged.read().await;
        assert_eq!(unchanged.counts().0, revision + revisions, "{features:?}");
        let window = unchanged.app.clerk.snapshot_for_window();
        let shown = window.entitlements.get(&"sess_1".into()).map_or("", |granted| granted.features.as_str());
        assert_eq!(shown, features);
    }
}
