//! Secret stores that hang, are locked, or hold something else.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    ClerkSetup, LoadOptions, SetActiveParams, SignInCreateParams, SignOutOptions,
    ports::{BoxFuture, SecretKey, SecretLifetime, SecretStore, StoreError},
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_testkit::{
    MemoryCache, Response, ScriptedApp, client, environment, json_response, session, stored_token, token_in, wait_until,
};
use serde_json::json;

fn token_key() -> SecretKey {
    SecretKey::ClientToken("clerk.example.test".to_owned())
}

/// FAPI with a client for everybody who has the token `stored`, and a sign-in that rotates to `rotated`.
fn fapi(_: &str, path: &str, token: Option<&str>) -> Option<Response> {
    let signed_in = client(1, &[session("sess_1")]);
    match path {
        "/environment" => json_response(200, &environment()),
        "/client" if token == Some("stored") => json_response(200, &json!({ "response": signed_in })),
        "/client" => {
            let mut response = json_response(200, &json!({ "response": { "id": "client_1", "sessions": [] } }))?;
            response.token = Some("anonymous");
            Some(response)
        }
        "/client/sign_ins" => {
            let sign_in = json!({ "id": "sia_1", "status": "complete", "created_session_id": "sess_1" });
            let mut response =
                json_response(200, &json!({ "response": sign_in, "client": client(2, &[session("sess_1")]) }))?;
            response.token = Some("rotated");
            Some(response)
        }
        _ if path.ends_with("/remove") => json_response(200, &json!({ "response": {}, "client": client(3, &[]) })),
        _ if path.ends_with("/touch") => json_response(200, &json!({ "response": session("sess_1") })),
        _ if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        other => panic!("unexpected request {other}"),
    }
}

/// Which calls never return.
#[derive(Clone, Copy, PartialEq)]
enum Hangs {
    Reads,
    Writes,
    Everything,
}

/// A keyring that hangs.
struct HangingStore {
    held: MemoryStore,
    hangs: Hangs,
}

impl SecretStore for HangingStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        if self.hangs == Hangs::Writes { self.held.read(key) } else { Box::pin(std::future::pending()) }
    }
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.hangs == Hangs::Reads { self.held.write(key, secret) } else { Box::pin(std::future::pending()) }
    }
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.hangs == Hangs::Reads { self.held.delete(key) } else { Box::pin(std::future::pending()) }
    }
}

#[tokio::test(start_paused = true)]
async fn secret_store_that_hangs_is_reported_and_does_not_stop_the_app() {
    for hangs in [Hangs::Reads, Hangs::Writes, Hangs::Everything] {
        let store = Arc::new(HangingStore { held: MemoryStore::default(), hangs });
        let app = ScriptedApp::with_tokens(fapi, store, |_| {});
        let started = tokio::time::Instant::now();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let sign_in = app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
        app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
        assert!(app.clerk.is_signed_in());
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        assert!(app.clerk.session().is_none());
        assert!(app.events.notices().contains(&"storage_unavailable"));
        assert!(started.elapsed() < Duration::from_secs(60), "on a clock that only waits advance");
    }
}

/// A keyring that is locked at first.
#[derive(Default)]
struct LockedStore {
    held: MemoryStore,
    open: AtomicBool,
    writes: Mutex<Vec<String>>,
}

impl LockedStore {
    fn when_open<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce() -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        if self.open.load(Ordering::Relaxed) {
            return call();
        }
        Box::pin(std::future::ready(Err(StoreError::Unavailable("the prompt was dismissed".to_owned()))))
    }
}

impl SecretStore for LockedStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.when_open(|| self.held.read(key))
    }
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.open.load(Ordering::Relaxed) && *key == token_key() {
            self.writes.lock().unwrap().extend(token_in(secret.expose()));
        }
        self.when_open(|| self.held.write(key, secret))
    }
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.when_open(|| self.held.delete(key))
    }
}

async fn locked() -> (ScriptedApp, Arc<LockedStore>) {
    locked_with(|_| {}).await
}

async fn locked_with(adjust: impl FnOnce(&mut ClerkSetup)) -> (ScriptedApp, Arc<LockedStore>) {
    let store = Arc::new(LockedStore::default());
    store.held.write(&token_key(), StoredSecret::new("stored")).await.unwrap();
    let app = ScriptedApp::with_tokens(fapi, store.clone(), adjust);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(!app.clerk.is_signed_in());
    (app, store)
}

#[tokio::test(start_paused = true)]
async fn locked_keyring_is_read_again_and_the_user_is_back() {
    let (app, store) = locked().await;
    store.open.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(120)).await;
    wait_until("the user to be back", || app.clerk.is_signed_in()).await;
    assert_eq!(*store.writes.lock().unwrap(), Vec::<String>::new(), "the stored token was not overwritten");
}

#[tokio::test(start_paused = true)]
async fn locked_keyring_is_overwritten_only_by_a_new_sign_in() {
    let (app, store) = locked().await;
    let sign_in = app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    store.open.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(app.clerk.is_signed_in());
    assert_eq!(*store.writes.lock().unwrap(), ["rotated"]);
}

/// Storing the state comes upon the unread entry first.
#[tokio::test(start_paused = true)]
async fn locked_keyring_does_not_replace_a_user_who_signed_in_meanwhile() {
    let (app, store) = locked_with(|setup| setup.cache = Some(Arc::<MemoryCache>::default())).await;
    let sign_in = app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    store.open.store(true, Ordering::Relaxed);
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    let clerk = app.clerk.clone();
    tokio::spawn(async move { clerk.keep_cache().await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(app.clerk.is_signed_in());
    assert_eq!(stored_token(&store.held, &token_key()).await.as_deref(), Some("rotated"));
    assert!(
        app.fapi.requests.lock().unwrap().iter().filter(|(_, path, _)| path == "/client").count() == 1,
        "no reload"
    );
}

/// Whoever was signed in when the keyring was locked is on this device too.
#[tokio::test(start_paused = true)]
async fn locked_keyring_does_not_bring_a_user_back_after_a_sign_out() {
    let (app, store) = locked().await;
    let sign_in = app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    store.open.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!app.clerk.is_signed_in());
    assert_eq!(stored_token(&store.held, &token_key()).await.as_deref(), Some("rotated"));
}

#[tokio::test]
async fn stored_value_that_is_not_a_token_is_reported_and_replaced() {
    let long: &str = Box::leak("x".repeat(100_000).into_boxed_str());
    for value in ["abc\n", "a\0b", "", "ü", long] {
        let store = Arc::new(MemoryStore::default());
        store.write(&token_key(), StoredSecret::new(value)).await.unwrap();
        let script = move |method: &str, path: &str, token: Option<&str>| {
            assert_ne!(token, Some(value), "it is not sent");
            fapi(method, path, token)
        };
        let app = ScriptedApp::with_tokens(script, store.clone(), |_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.events.notices(), ["storage_corrupt"], "{:?}", &value[..value.len().min(8)]);
        assert_eq!(stored_token(&*store, &token_key()).await.as_deref(), Some("anonymous"));
    }
}

/// Every window may hear notices, and the texts of a keyring may name files and accounts.
#[tokio::test]
async fn notices_of_a_failing_store_omit_its_error_text() {
    let app = ScriptedApp::with_tokens(fapi, Arc::new(clerk_testkit::UnavailableStore), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    let notices = app.clerk.notices();
    assert_eq!(notices.len(), 1);
    assert!(!notices[0].message.contains(clerk_testkit::UnavailableStore::REASON), "{notices:?}");
}

/// A store that forgets when the user logs out of the computer.
#[derive(Default)]
struct SessionStore(MemoryStore);

impl SecretStore for SessionStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.0.read(key)
    }
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.write(key, secret)
    }
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.delete(key)
    }
    fn lifetime(&self) -> SecretLifetime {
        SecretLifetime::UntilLogOut
    }
}

#[tokio::test]
async fn store_that_forgets_at_log_out_is_reported_once_in_each_run() {
    let store = Arc::new(SessionStore::default());
    let first = ScriptedApp::with_tokens(fapi, store.clone(), |_| {});
    first.clerk.load(LoadOptions::default()).await.unwrap();
    first.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    assert_eq!(first.events.notices(), ["storage_until_log_out"]);
    // This run only reads.
    let stored = |_: &str, path: &str, _: Option<&str>| fapi("GET", path, Some("stored"));
    let second = ScriptedApp::with_tokens(stored, store, |_| {});
    second.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(second.events.notices(), ["storage_until_log_out"]);
}

/// The keyring is locked while FAPI rotates the token, and the older token is refused from then on.
#[tokio::test(start_paused = true)]
async fn client_token_that_could_not_be_stored_is_stored_later() {
    for state_changes in [false, true] {
        let store = Arc::new(LockedStore::default());
        store.open.store(true, Ordering::Relaxed);
        let app =
            ScriptedApp::with_tokens(fapi, store.clone(), |setup| setup.cache = Some(Arc::<MemoryCache>::default()));
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(stored_token(&store.held, &token_key()).await.as_deref(), Some("anonymous"));
        store.open.store(false, Ordering::Relaxed);
        app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
        assert_eq!(stored_token(&store.held, &token_key()).await.as_deref(), Some("anonymous"));
        store.open.store(true, Ordering::Relaxed);
        let caching = app.clerk.clone();
        let caching = tokio::spawn(async move { caching.keep_cache().await });
        let unlocked = tokio::time::Instant::now();
        if state_changes {
            app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
        } else {
            caching.abort();
        }
        let stored = || store.writes.lock().unwrap().last().is_some_and(|token| token == "rotated");
        wait_until("the token to be stored", stored).await;
        let limit = if state_changes { 1 } else { 6 * 60 };
        assert!(unlocked.elapsed() < Duration::from_secs(limit), "{state_changes}: {:?}", unlocked.elapsed());
        let notices = app.events.notices();
        assert_eq!(notices.iter().filter(|code| **code == "storage_unavailable").count(), 1);
        caching.abort();
    }
}
