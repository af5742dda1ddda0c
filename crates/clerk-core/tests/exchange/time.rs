//! Session tokens while the clocks are wrong, are set, or the computer sleeps.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    LoadOptions,
    ports::{Clock, SystemClock},
    storage::MemoryStore,
};
use clerk_testkit::{ScriptedApp, clock::TestClock, json_response, jwt_issued_at, sessions::two_sessions};
use serde_json::json;

const MINUTE: i64 = 60_000;

/// An app whose wall clock is `off_by` milliseconds ahead of the server's. Tokens live for a minute; each has a number.
struct Tokens {
    app: ScriptedApp,
    clock: Arc<TestClock>,
    minted: Arc<AtomicUsize>,
}

impl Tokens {
    async fn new(off_by: i64) -> Self {
        let clock = Arc::new(TestClock::off_by(off_by));
        let minted = Arc::<AtomicUsize>::default();
        let count = minted.clone();
        // The server's clock is right.
        let (started, start_ms) = (tokio::time::Instant::now(), SystemClock.now_ms());
        let script = move |method: &str, path: &str| match path.ends_with("/tokens") {
            true => {
                let now = start_ms / 1000 + i64::try_from(started.elapsed().as_secs()).unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                json_response(200, &json!({ "jwt": jwt_issued_at(now, 60, &json!({ "number": number })) }))
            }
            false => two_sessions(method, path),
        };
        let ours = clock.clone();
        let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| setup.clock = ours);
        app.clerk.load(LoadOptions::default()).await.unwrap();
        Self { app, clock, minted }
    }

    async fn get(&self) -> String {
        self.app.clerk.session_token().await.unwrap().unwrap().expose().to_owned()
    }

    fn minted(&self) -> usize {
        self.minted.load(Ordering::SeqCst)
    }
}

#[tokio::test(start_paused = true)]
async fn session_token_is_cached_whatever_the_wall_clock_says() {
    for off_by in [10 * MINUTE, -10 * MINUTE, 30 * 24 * 60 * MINUTE, 0] {
        let tokens = Tokens::new(off_by).await;
        let first = tokens.get().await;
        for _ in 0..20 {
            assert_eq!(tokens.get().await, first);
        }
        assert_eq!(tokens.minted(), 1, "off by {off_by} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn session_token_that_expired_is_not_returned_after_the_clock_was_set_back() {
    let tokens = Tokens::new(0).await;
    let first = tokens.get().await;
    tokens.clock.jump(-10 * MINUTE);
    tokio::time::advance(Duration::from_secs(70)).await;
    assert_ne!(tokens.get().await, first);
    assert_eq!(tokens.minted(), 2);
}

#[tokio::test(start_paused = true)]
async fn session_token_that_expired_is_not_returned_after_the_computer_slept() {
    for off_by in [0, 10 * MINUTE, -10 * MINUTE] {
        let tokens = Tokens::new(off_by).await;
        let first = tokens.get().await;
        tokens.clock.jump(2 * MINUTE);
        let second = tokens.get().await;
        assert_ne!(second, first);
        tokens.clock.jump(-12 * MINUTE);
        assert_eq!((tokens.get().await, tokens.minted()), (second, 2), "the newer one is still fresh");
    }
}

/// The client may come with a token that is about to expire.
#[tokio::test(start_paused = true)]
async fn session_token_of_a_client_that_is_old_already_is_not_cached_for_its_whole_lifetime() {
    let minted = Arc::<AtomicUsize>::default();
    let count = minted.clone();
    let now = SystemClock.now_ms() / 1000;
    let app = ScriptedApp::new(move |method, path| {
        let mut response = two_sessions(method, path)?;
        match path {
            "/client" => {
                let mut session = clerk_testkit::session("sess_1");
                session["last_active_token"]["jwt"] = jwt_issued_at(now - 50, 60, &json!({})).into();
                json_response(200, &json!({ "response": clerk_testkit::client(1, &[session]) }))
            }
            _ if path.ends_with("/tokens") => {
                count.fetch_add(1, Ordering::SeqCst);
                response.body = json!({ "jwt": jwt_issued_at(now, 60, &json!({})) }).to_string();
                Some(response)
            }
            _ => Some(response),
        }
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    tokio::time::advance(Duration::from_secs(6)).await;
    app.clerk.session_token().await.unwrap().unwrap();
    assert_eq!(minted.load(Ordering::SeqCst), 1);
}
