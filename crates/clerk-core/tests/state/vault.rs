//! The entry of the secret store and the sealed file: size, migration, rollback, age, and two processes.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU16, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    ClerkSetup, LoadOptions, SetActiveParams, SignOutOptions, Status,
    ports::{BoxFuture, CacheStore, Clock, SecretKey, SecretStore, StoreError},
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_testkit::{
    MemoryCache, Response, ScriptedApp, client,
    device::{DAY_MS, Device, START_MS, with_sessions},
    environment, json_response, session, stored_token, wait_until,
};
use serde_json::json;

const OFFLINE: u16 = 0;

fn key() -> SecretKey {
    SecretKey::ClientToken("clerk.example.test".to_owned())
}

/// The stores of a machine, and FAPI.
#[derive(Clone)]
struct Machine {
    secrets: Arc<SmallStore>,
    cache: Arc<MemoryCache>,
    /// [`OFFLINE`], or the status of every response.
    network: Arc<AtomicU16>,
    /// The tokens that FAPI knows; the last one is sent with each response.
    tokens: Arc<Mutex<Vec<&'static str>>>,
    now_ms: Arc<AtomicI64>,
    ended: Arc<Mutex<Vec<&'static str>>>,
}

/// A store as small as that of Windows.
#[derive(Default)]
struct SmallStore {
    held: MemoryStore,
    accounts: Mutex<Vec<String>>,
    /// Stands for a keyring whose entries can't be deleted, or are locked.
    locked: Mutex<bool>,
}

impl SmallStore {
    fn check(&self) -> Result<(), StoreError> {
        if *self.locked.lock().unwrap() { Err(StoreError::Unavailable("locked".to_owned())) } else { Ok(()) }
    }
}

impl SecretStore for SmallStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        match self.check() {
            Ok(()) => self.held.read(key),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        if let Err(error) = self.check() {
            return Box::pin(std::future::ready(Err(error)));
        }
        if secret.expose().encode_utf16().count() > 1_280 {
            return Box::pin(std::future::ready(Err(StoreError::Unavailable("too long".to_owned()))));
        }
        self.accounts.lock().unwrap().push(key.account());
        self.held.write(key, secret)
    }
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        match self.check() {
            Ok(()) => self.held.delete(key),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

struct SetClock(Arc<AtomicI64>);

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Machine {
    fn new(token: &'static str) -> Self {
        Self {
            secrets: Arc::default(),
            cache: Arc::default(),
            network: Arc::new(AtomicU16::new(200)),
            tokens: Arc::new(Mutex::new(vec![token])),
            now_ms: Arc::new(AtomicI64::new(1_800_000_000_000)),
            ended: Arc::default(),
        }
    }

    fn answer(&self, path: &str, token: Option<&str>) -> Option<Response> {
        let newest = *self.tokens.lock().unwrap().last()?;
        match self.network.load(Ordering::Relaxed) {
            OFFLINE => return None,
            200 => {}
            status => return json_response(status, &json!({ "errors": [{ "code": "signed_out" }] })),
        }
        if path == "/environment" {
            return json_response(200, &environment());
        }
        let known = token.is_none_or(|token| token == newest);
        if !known {
            // A superseded token: FAPI takes the device for a new one.
            let nobody = json!({ "id": "client_new", "sessions": [], "updated_at": 999 });
            let mut refusal =
                json_response(401, &json!({ "errors": [{ "code": "signed_out" }], "meta": { "client": nobody } }))?;
            refusal.token = Some("anonymous");
            return Some(refusal);
        }
        let ended = self.ended.lock().unwrap().clone();
        let sessions = ["sess_1", "sess_2"].into_iter().filter(|id| !ended.contains(id)).map(session);
        let client = client(1 + i64::try_from(ended.len()).ok()?, &sessions.collect::<Vec<_>>());
        let mut response = match path.strip_suffix("/touch") {
            Some(touched) => {
                json_response(200, &json!({ "response": session(touched.rsplit('/').next()?), "client": client }))
            }
            None if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
            None if path.ends_with("/remove") => {
                let removed = if path.contains("sess_1") { "sess_1" } else { "sess_2" };
                self.ended.lock().unwrap().push(removed);
                json_response(200, &json!({ "response": {} }))
            }
            None => json_response(200, &json!({ "response": client })),
        }?;
        response.token = Some(newest);
        Some(response)
    }

    fn start_with(&self, adjust: impl FnOnce(&mut ClerkSetup)) -> ScriptedApp {
        let (machine, cache, clock) = (self.clone(), self.cache.clone(), SetClock(self.now_ms.clone()));
        ScriptedApp::with_tokens(
            move |_, path, token| machine.answer(path, token),
            self.secrets.clone(),
            move |setup| {
                setup.cache = Some(cache);
                setup.clock = Arc::new(clock);
                adjust(setup);
            },
        )
    }

    /// Starts an app, and waits until its state is stored.
    async fn running(&self) -> ScriptedApp {
        let app = self.start_with(|_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let clerk = app.clerk.clone();
        tokio::spawn(async move { clerk.keep_cache().await });
        // The paused clock advances when every task waits: then the state is stored.
        tokio::time::sleep(Duration::from_millis(1)).await;
        app
    }

    /// Starts an app without a network. Returns whom it shows.
    async fn offline(&self) -> Option<String> {
        let before = self.network.swap(OFFLINE, Ordering::Relaxed);
        let app = self.start_with(|_| {});
        let _ = app.clerk.load(LoadOptions::default()).await;
        self.network.store(before, Ordering::Relaxed);
        app.active_session_id()
    }

    /// Signs out offline, with a locked keyring. Returns the file from before.
    async fn sign_out_while_locked(&self) -> (ScriptedApp, Option<Vec<u8>>) {
        let app = self.running().await;
        let before = self.file();
        *self.secrets.locked.lock().unwrap() = true;
        self.network.store(OFFLINE, Ordering::Relaxed);
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        (app, before)
    }

    async fn stored_token(&self) -> Option<String> {
        stored_token(&*self.secrets, &SecretKey::ClientToken("clerk.example.test".to_owned())).await
    }

    fn file(&self) -> Option<Vec<u8>> {
        self.cache.0.lock().unwrap().clone()
    }

    fn put_back(&self, file: Option<Vec<u8>>) {
        *self.cache.0.lock().unwrap() = file;
    }
}

#[tokio::test(start_paused = true)]
async fn file_from_before_a_sign_out_shows_nobody() {
    let machine = Machine::new("a-token");
    let app = machine.running().await;
    let signed_in = machine.file();
    assert_eq!(machine.offline().await.as_deref(), Some("sess_1"));
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    machine.put_back(signed_in);
    assert_eq!(machine.offline().await, None);
}

#[tokio::test(start_paused = true)]
async fn file_from_before_the_end_of_a_session_shows_nobody() {
    // The server ends the session; or it refuses the token.
    for status in [200, 401] {
        let machine = Machine::new("a-token");
        let app = machine.running().await;
        let signed_in = machine.file();
        machine.ended.lock().unwrap().extend(["sess_1", "sess_2"]);
        machine.network.store(status, Ordering::Relaxed);
        app.clerk.handle_unauthenticated().await.unwrap();
        assert!(!app.clerk.is_signed_in());
        assert_eq!(machine.offline().await, None, "{status}: right away");
        machine.put_back(signed_in);
        assert_eq!(machine.offline().await, None, "{status}: the old file");
    }
}

#[tokio::test(start_paused = true)]
async fn file_from_before_a_refused_start_shows_nobody() {
    let machine = Machine::new("a-token");
    machine.running().await;
    let file = machine.file();
    machine.network.store(401, Ordering::Relaxed);
    let app = machine.start_with(|_| {});
    assert_eq!(app.clerk.load(LoadOptions::default()).await.unwrap_err().status(), Some(401));
    assert_eq!(machine.offline().await, None, "right away");
    machine.put_back(file);
    assert_eq!(machine.offline().await, None, "the old file");
}

#[tokio::test(start_paused = true)]
async fn file_from_before_a_change_of_the_user_shows_nobody() {
    let machine = Machine::new("a-token");
    let app = machine.running().await;
    let first_user = machine.file();
    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    machine.put_back(first_user);
    assert_eq!(machine.offline().await, None);
}

#[tokio::test(start_paused = true)]
async fn file_from_before_a_change_of_the_instance_shows_nobody() {
    const OTHER_KEY: &str = "pk_test_Y2xlcmsub3RoZXIudGVzdCQ";
    let machine = Machine::new("a-token");
    machine.running().await;
    let file = machine.file();
    assert_eq!(machine.offline().await.as_deref(), Some("sess_1"));
    let app = machine.start_with(|setup| setup.instance.publishable_key = None);
    let load = |key: &str| LoadOptions { publishable_key: Some(key.to_owned()), ..LoadOptions::default() };
    // A load that fails may be repeated for another instance.
    machine.network.store(403, Ordering::Relaxed);
    app.clerk.load(load(clerk_testkit::KEY)).await.unwrap_err();
    machine.network.store(200, Ordering::Relaxed);
    app.clerk.load(load(OTHER_KEY)).await.unwrap();
    machine.put_back(file);
    assert_eq!(machine.offline().await, None);
}

#[tokio::test(start_paused = true)]
async fn stored_state_is_not_shown_beyond_the_maximum_offline_age() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let machine = Machine::new("a-token");
    machine.running().await;
    let start = machine.now_ms.load(Ordering::Relaxed);
    for (days, shown) in [(29, Some("sess_1")), (31, None), (-2, None)] {
        machine.now_ms.store(start + days * DAY, Ordering::Relaxed);
        assert_eq!(machine.offline().await.as_deref(), shown, "{days} days later");
    }
    // Starting offline, or choosing a session there, does not make it younger.
    machine.now_ms.store(start + 20 * DAY, Ordering::Relaxed);
    machine.network.store(OFFLINE, Ordering::Relaxed);
    let app = machine.start_with(|_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let before = machine.file();
    let clerk = app.clerk.clone();
    tokio::spawn(async move { clerk.keep_cache().await });
    app.clerk.set_active(SetActiveParams { session: clerk_core::Change::Clear, ..Default::default() }).await.unwrap();
    wait_until("the state to be stored", || machine.file() != before).await;
    machine.now_ms.store(start + 31 * DAY, Ordering::Relaxed);
    assert_eq!(machine.offline().await, None);
    // Clerk's word does.
    machine.network.store(200, Ordering::Relaxed);
    let before = machine.file();
    let _app = machine.running().await;
    wait_until("the state to be stored", || machine.file() != before).await;
    machine.now_ms.store(start + 60 * DAY, Ordering::Relaxed);
    assert_eq!(machine.offline().await.as_deref(), Some("sess_1"));
}

#[tokio::test(start_paused = true)]
async fn one_entry_holds_the_secrets_and_fits_on_windows() {
    let machine = Machine::new("a-token");
    let app = machine.running().await;
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    let mut accounts = machine.secrets.accounts.lock().unwrap().clone();
    accounts.dedup();
    assert_eq!(accounts, ["clerk:clerk.example.test"]);
}

#[tokio::test(start_paused = true)]
async fn token_that_is_too_long_for_an_entry_survives_a_restart() {
    let long: &'static str = Box::leak("x".repeat(2_000).into_boxed_str());
    let machine = Machine::new(long);
    let app = machine.running().await;
    assert_eq!(app.events.notices(), Vec::<&str>::new());
    let plain = String::from_utf8_lossy(&machine.file().unwrap()).contains("xxxx");
    assert!(!plain, "the file is sealed");
    assert_eq!(machine.offline().await.as_deref(), Some("sess_1"));
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_1".into()), ..Default::default() }).await.unwrap();
    let again = machine.start_with(|_| {});
    again.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(
        again.clerk.client().unwrap().signed_in_session(&"sess_2".into()).is_some(),
        "the token outlives a new key"
    );
}

#[tokio::test(start_paused = true)]
async fn token_survives_old_entries_that_can_not_be_decoded() {
    struct Spoiled(Arc<SmallStore>);
    impl SecretStore for Spoiled {
        fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
            match key {
                SecretKey::ClientToken(_) => self.0.read(key),
                _ => Box::pin(std::future::ready(Err(StoreError::Corrupt("not UTF-8".to_owned())))),
            }
        }
        fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
            self.0.write(key, secret)
        }
        fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
            self.0.delete(key)
        }
    }
    let machine = Machine::new("a-token");
    machine.secrets.held.write(&key(), StoredSecret::new("a-token")).await.unwrap();
    let (answers, seen) = (machine.clone(), Arc::<Mutex<Vec<Option<String>>>>::default());
    let log = seen.clone();
    let script = move |_: &str, path: &str, token: Option<&str>| {
        log.lock().unwrap().push(token.map(str::to_owned));
        answers.answer(path, token)
    };
    let app = ScriptedApp::with_tokens(script, Arc::new(Spoiled(machine.secrets.clone())), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert!(seen.lock().unwrap().iter().all(|token| token.as_deref() == Some("a-token")));
    assert!(app.clerk.is_signed_in());
}

/// What versions before this one left.
#[tokio::test(start_paused = true)]
async fn entries_of_earlier_versions_are_moved_and_deleted() {
    use base64::Engine;
    use chacha20poly1305::{
        KeyInit, XChaCha20Poly1305,
        aead::{Aead, Payload},
    };
    let machine = Machine::new("a-token");
    let name = "clerk.example.test";
    let (old_key, old_flow) = (SecretKey::CacheKey(name.to_owned()), SecretKey::PendingFlow(name.to_owned()));
    let text = base64::engine::general_purpose::STANDARD_NO_PAD.encode([7; 32]);
    machine.secrets.held.write(&key(), StoredSecret::new("a-token")).await.unwrap();
    machine.secrets.held.write(&old_key, StoredSecret::new(text)).await.unwrap();
    machine.secrets.held.write(&old_flow, StoredSecret::new("{}")).await.unwrap();
    let state = json!({ "environment": environment(), "client": client(1, &[session("sess_1")]) }).to_string();
    let payload = Payload { msg: state.as_bytes(), aad: name.as_bytes() };
    let sealed = XChaCha20Poly1305::new(&[7; 32].into()).encrypt(&[9; 24].into(), payload).unwrap();
    machine.put_back(Some([b"clerk-state-1\n".as_slice(), &[9; 24], &sealed].concat()));

    assert_eq!(machine.offline().await.as_deref(), Some("sess_1"), "the state was moved");
    assert_eq!(stored_token(&*machine.secrets, &key()).await.as_deref(), Some("a-token"));
    for old in [old_key, old_flow] {
        assert_eq!(machine.secrets.read(&old).await.unwrap(), None);
    }
    assert_eq!(machine.offline().await.as_deref(), Some("sess_1"), "and can be read again");
}

#[tokio::test(start_paused = true)]
async fn process_adopts_the_token_that_another_one_rotated() {
    let machine = Machine::new("token-1");
    let behind = machine.running().await;
    // FAPI rotates the token in a response to another process.
    machine.tokens.lock().unwrap().push("token-2");
    machine.secrets.held.write(&key(), renamed(&machine, "token-2").await).await.unwrap();
    // Its next request is refused, with the token of a client without sessions.
    let _ = behind.clerk.handle_unauthenticated().await;
    assert_eq!(behind.active_session_id().as_deref(), Some("sess_1"));
    assert_eq!(stored_token(&*machine.secrets, &key()).await.as_deref(), Some("token-2"));
    behind.clerk.touch().await.unwrap();
    assert!(behind.clerk.is_signed_in());
}

/// Adopting a token is not a choice of the user.
#[tokio::test(start_paused = true)]
async fn process_that_adopts_a_token_activates_no_other_session_after_a_sign_out() {
    let machine = Machine::new("token-1");
    let app = machine.running().await;
    machine.network.store(OFFLINE, Ordering::Relaxed);
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_1".into()), ..Default::default() }).await.unwrap();
    machine.tokens.lock().unwrap().push("token-2");
    machine.secrets.held.write(&key(), renamed(&machine, "token-2").await).await.unwrap();
    machine.network.store(200, Ordering::Relaxed);
    wait_until("the session to end", || machine.ended.lock().unwrap().contains(&"sess_1")).await;
    assert_eq!(stored_token(&*machine.secrets, &key()).await.as_deref(), Some("token-2"));
    assert!(app.clerk.client().unwrap().signed_in_session(&"sess_2".into()).is_some());
    assert_eq!(app.active_session_id(), None);
}

/// The entry with another token, as another process would have written it.
async fn renamed(machine: &Machine, token: &str) -> StoredSecret {
    let entry = machine.secrets.read(&key()).await.unwrap().unwrap();
    let mut entry: serde_json::Value = serde_json::from_str(entry.expose()).unwrap();
    entry["t"] = token.into();
    StoredSecret::new(entry.to_string())
}

#[tokio::test(start_paused = true)]
async fn process_does_not_overwrite_what_another_one_stored() {
    let machine = Machine::new("a-token");
    let (one, other) = (machine.running().await, machine.running().await);
    machine.network.store(OFFLINE, Ordering::Relaxed);
    // Both queue a revocation.
    one.clerk.sign_out(SignOutOptions { session_id: Some("sess_1".into()), ..Default::default() }).await.unwrap();
    other.clerk.sign_out(SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() }).await.unwrap();
    assert!(other.clerk.client().unwrap().sessions.is_empty(), "the other's sign-out counts here too");
    assert_eq!(machine.offline().await, None);
    drop((one, other));
    machine.network.store(200, Ordering::Relaxed);
    let app = machine.start_with(|_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    wait_until("both to end", || machine.ended.lock().unwrap().len() >= 2).await;
}

#[tokio::test(start_paused = true)]
async fn sign_out_with_a_locked_keyring_replaces_the_file() {
    let machine = Machine::new("a-token");
    let app = machine.running().await;
    *machine.secrets.locked.lock().unwrap() = true;
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    *machine.secrets.locked.lock().unwrap() = false;
    assert_eq!(machine.offline().await, None);
}

#[tokio::test(start_paused = true)]
async fn file_from_before_a_sign_out_with_a_locked_keyring_shows_nobody_after_the_next_start() {
    let machine = Machine::new("a-token");
    let (app, before) = machine.sign_out_while_locked().await;
    drop(app);
    *machine.secrets.locked.lock().unwrap() = false;
    assert_eq!(machine.offline().await, None);
    machine.put_back(before);
    assert_eq!(machine.offline().await, None);
}

#[tokio::test(start_paused = true)]
async fn file_from_before_a_sign_out_with_a_locked_keyring_shows_nobody_once_it_is_unlocked() {
    let machine = Machine::new("a-token");
    let (app, before) = machine.sign_out_while_locked().await;
    *machine.secrets.locked.lock().unwrap() = false;
    let is_marked = || machine.file().is_some_and(|file| file.starts_with(b"clerk-renewal"));
    assert!(is_marked());
    app.clerk.resume();
    wait_until("the key to be replaced", || !is_marked()).await;
    machine.put_back(before);
    assert_eq!(machine.offline().await, None);
}

#[tokio::test(start_paused = true)]
async fn sign_out_that_can_not_be_stored_at_all_is_a_notice() {
    /// A disk that can be full.
    struct Disk(Arc<MemoryCache>, bool);
    impl CacheStore for Disk {
        fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>> {
            self.0.read()
        }
        fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>> {
            match self.1 {
                true => Box::pin(std::future::ready(Err(std::io::ErrorKind::StorageFull.into()))),
                false => self.0.write(content),
            }
        }
    }
    for (locked, full) in [(false, false), (true, false), (false, true), (true, true)] {
        for session_id in [None, Some("sess_2".into())] {
            let machine = Machine::new("a-token");
            drop(machine.running().await);
            let cache = machine.cache.clone();
            let app = machine.start_with(|setup| setup.cache = Some(Arc::new(Disk(cache, full))));
            app.clerk.load(LoadOptions::default()).await.unwrap();
            *machine.secrets.locked.lock().unwrap() = locked;
            machine.network.store(OFFLINE, Ordering::Relaxed);
            let options = SignOutOptions { session_id, ..Default::default() };
            app.clerk.sign_out(options.clone()).await.unwrap();
            let is_said = app.events.notices().contains(&"sign_out_not_stored");
            assert_eq!(is_said, locked && full, "{locked} {full}");
            drop(app);
            if is_said {
                continue;
            }
            *machine.secrets.locked.lock().unwrap() = false;
            machine.network.store(200, Ordering::Relaxed);
            let app = machine.start_with(|_| {});
            app.clerk.load(LoadOptions::default()).await.unwrap();
            assert!(app.clerk.client().unwrap().signed_in_session(&"sess_2".into()).is_none(), "{locked} {full}");
        }
    }
}

/// The user of the entry that could not be read was on this device too.
#[tokio::test(start_paused = true)]
async fn user_of_before_is_not_back_after_a_sign_out_in_a_run_with_a_locked_keyring() {
    for unlocked in [false, true] {
        let machine = Machine::new("a-token");
        drop(machine.running().await);
        assert_eq!(machine.stored_token().await.as_deref(), Some("a-token"));
        *machine.secrets.locked.lock().unwrap() = true;
        let app = machine.start_with(|_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert!(app.clerk.is_signed_in(), "in memory only");
        machine.network.store(OFFLINE, Ordering::Relaxed);
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        drop(app);
        // One more run does not read the entry either.
        if !unlocked {
            assert_eq!(machine.offline().await, None);
        }
        *machine.secrets.locked.lock().unwrap() = false;
        assert_eq!(machine.offline().await, None);
        assert_eq!(machine.stored_token().await, None);
        // What is stored from then on counts.
        machine.network.store(200, Ordering::Relaxed);
        machine.ended.lock().unwrap().clear();
        drop(machine.running().await);
        assert_eq!(machine.stored_token().await.as_deref(), Some("a-token"));
        assert!(machine.offline().await.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn file_from_before_the_end_of_a_session_by_our_clock_shows_nobody() {
    let mut ends = session("sess_1");
    ends["expire_at"] = (START_MS + DAY_MS).into();
    let device = Device::new(with_sessions(&[ends])).await;
    let app = device.running().await;
    let before = device.cache.0.lock().unwrap().clone();
    device.cut();
    device.clock.jump(2 * DAY_MS);
    wait_until("the session to end", || !app.clerk.is_signed_in()).await;
    // The paused clock advances when every task waits: then the key is replaced.
    tokio::time::sleep(Duration::from_millis(1)).await;
    drop(app);
    device.clock.jump(-2 * DAY_MS);
    *device.cache.0.lock().unwrap() = before;
    let app = device.start(|_| {});
    let _ = app.clerk.load(LoadOptions::default()).await;
    assert_eq!(app.active_session_id(), None);
}

/// A file that can't be read at the moment is not taken for an empty one.
#[tokio::test(start_paused = true)]
async fn file_that_can_not_be_read_is_not_overwritten() {
    struct Unreadable(Arc<MemoryCache>);
    impl CacheStore for Unreadable {
        fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>> {
            Box::pin(std::future::ready(Err(std::io::ErrorKind::PermissionDenied.into())))
        }
        fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>> {
            self.0.write(content)
        }
    }
    let machine = Machine::new("a-token");
    machine.running().await;
    let before = machine.file();
    let cache = machine.cache.clone();
    let app = machine.start_with(|setup| setup.cache = Some(Arc::new(Unreadable(cache))));
    let clerk = app.clerk.clone();
    tokio::spawn(async move { clerk.keep_cache().await });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(app.clerk.status(), Status::Ready);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(machine.file(), before);
}

/// A change offline stores the state again, which makes it no younger.
#[tokio::test(start_paused = true)]
async fn stored_state_is_as_old_as_the_last_response_of_fapi() {
    let device = Device::new(with_sessions(&[session("sess_1"), session("sess_2")])).await;
    let app = device.running().await;
    device.cut();
    device.clock.jump(20 * DAY_MS);
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() }).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_1"));
    for (days, shown) in [(9, Some("sess_1")), (2, None)] {
        device.clock.jump(days * DAY_MS);
        let app = device.start(|_| {});
        let _ = app.clerk.load(LoadOptions::default()).await;
        assert_eq!(app.active_session_id().as_deref(), shown);
    }
}
