//! Signing out without a network, and how the sessions end on the server later.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    ClerkSetup, Disclosure, GetTokenParams, LoadOptions, SetActiveParams, SignInCreateParams, SignOutOptions, Status,
    models::SessionId,
    ports::{BoxFuture, CacheStore, HttpRequest, HttpResponse, SecretKey, SecretStore, Transport, TransportError},
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_testkit::{
    MemoryCache, Response, ScriptedApp, client,
    device::{DAY_MS, Device, OTHER_TOKEN, OWN_TOKEN, START_MS, with_sessions},
    environment, join, json_response, jwt, session, stored_token, text_response, wait_until, with_timeout,
};
use serde_json::{Value, json};

/// What answers requests.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Network {
    Up,
    Down,
    /// Something in between answers all requests that end a session.
    Answers(u16, &'static str),
}

/// A server with a client, and the device that talks to it.
#[derive(Clone)]
struct World {
    secrets: Arc<MemoryStore>,
    cache: Arc<MemoryCache>,
    network: Arc<Mutex<Network>>,
    sessions: Arc<Mutex<Vec<&'static str>>>,
    updated_at: Arc<Mutex<i64>>,
    /// Requests with a path that ends in one of these get no response.
    held: Arc<Mutex<Vec<&'static str>>>,
    removals: Arc<Mutex<Vec<String>>>,
}

impl World {
    async fn new(sessions: &[&'static str]) -> Self {
        let world = Self {
            secrets: Arc::default(),
            cache: Arc::default(),
            network: Arc::new(Mutex::new(Network::Up)),
            sessions: Arc::new(Mutex::new(sessions.to_vec())),
            updated_at: Arc::new(Mutex::new(1)),
            held: Arc::default(),
            removals: Arc::default(),
        };
        world.secrets.write(&token_key(), StoredSecret::new("a-token")).await.unwrap();
        world
    }

    fn set(&self, network: Network) {
        *self.network.lock().unwrap() = network;
    }

    fn client(&self) -> Value {
        let sessions: Vec<_> = self.sessions.lock().unwrap().iter().map(|id| session(id)).collect();
        client(*self.updated_at.lock().unwrap(), &sessions)
    }

    fn answer(&self, path: &str) -> Option<Response> {
        let removed = path.strip_prefix("/client/sessions/").and_then(|rest| rest.strip_suffix("/remove"));
        match *self.network.lock().unwrap() {
            Network::Down => return None,
            Network::Answers(status, body) if removed.is_some() || status != 404 => return text_response(status, body),
            _ => {}
        }
        match path {
            "/environment" => json_response(200, &environment()),
            "/client" => json_response(200, &json!({ "response": self.client() })),
            "/client/sign_ins" => {
                let exists = !self.sessions.lock().unwrap().is_empty();
                if exists {
                    return json_response(400, &json!({ "errors": [{ "code": "session_exists" }] }));
                }
                *self.sessions.lock().unwrap() = vec!["sess_new"];
                *self.updated_at.lock().unwrap() += 1;
                let sign_in = json!({ "id": "sia_1", "status": "complete", "created_session_id": "sess_new" });
                json_response(200, &json!({ "response": sign_in, "client": self.client() }))
            }
            _ if path.ends_with("/touch") => {
                let id = path.split('/').nth(3)?;
                json_response(200, &json!({ "response": session(id), "client": self.client() }))
            }
            _ if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
            _ => {
                let removed = removed.expect("a known request");
                self.removals.lock().unwrap().push(removed.to_owned());
                let mut sessions = self.sessions.lock().unwrap();
                let before = sessions.len();
                sessions.retain(|id| *id != removed);
                if sessions.len() == before {
                    return json_response(404, &json!({ "errors": [{ "code": "resource_not_found" }] }));
                }
                *self.updated_at.lock().unwrap() += 1;
                drop(sessions);
                json_response(200, &json!({ "response": { "object": "session" }, "client": self.client() }))
            }
        }
    }

    fn start(&self) -> ScriptedApp {
        self.start_with(|_| {})
    }

    fn start_with(&self, adjust: impl FnOnce(&mut ClerkSetup)) -> ScriptedApp {
        let (world, cache, held) = (self.clone(), self.cache.clone(), self.held.clone());
        ScriptedApp::with_tokens(
            move |_, path, _| world.answer(path),
            self.secrets.clone(),
            move |setup| {
                setup.cache = Some(cache);
                setup.transport = Arc::new(Holding { inner: setup.transport.clone(), held });
                adjust(setup);
            },
        )
    }

    /// Starts an app whose user is signed in.
    async fn signed_in(&self) -> ScriptedApp {
        let app = self.start();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let clerk = app.clerk.clone();
        tokio::spawn(async move { clerk.keep_cache().await });
        wait_until("the state to be stored", || self.cache.0.lock().unwrap().is_some()).await;
        assert!(app.clerk.is_signed_in());
        app
    }

    /// Returns what is on disk and in the keyring, as a process finds it that starts after this one was killed.
    async fn after_kill(&self) -> Self {
        let copy = Self { secrets: Arc::default(), cache: Arc::default(), ..self.clone() };
        *copy.cache.0.lock().unwrap() = self.cache.0.lock().unwrap().clone();
        if let Some(entry) = self.secrets.read(&token_key()).await.unwrap() {
            copy.secrets.write(&token_key(), entry).await.unwrap();
        }
        copy
    }

    fn removals(&self) -> Vec<String> {
        self.removals.lock().unwrap().clone()
    }
}

fn token_key() -> SecretKey {
    SecretKey::ClientToken("clerk.example.test".to_owned())
}

/// Gives no response to some requests.
struct Holding {
    inner: Arc<dyn Transport>,
    held: Arc<Mutex<Vec<&'static str>>>,
}

impl Transport for Holding {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let path = request.url.path().to_owned();
        let sent = self.inner.send(request);
        Box::pin(async move {
            while self.held.lock().unwrap().iter().any(|end| path.ends_with(end)) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            sent.await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn sign_out_offline_completes_and_the_session_ends_when_fapi_is_back() {
    for network in [Network::Down, Network::Answers(401, "<html>sign in to the Wi-Fi</html>")] {
        let world = World::new(&["sess_1"]).await;
        let app = world.signed_in().await;
        world.set(network);
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        assert_eq!(
            (app.clerk.session(), app.clerk.user(), app.clerk.session_token().await.unwrap()),
            (None, None, None)
        );
        assert_eq!(app.clerk.client().unwrap().sessions.len(), 0);
        world.set(Network::Up);
        wait_until("the session to end", || world.sessions.lock().unwrap().is_empty()).await;
        assert_eq!(world.removals(), ["sess_1"]);
        assert!(!app.clerk.is_signed_in());
        assert_eq!(stored_token(&*world.secrets, &token_key()).await.as_deref(), Some("a-token"), "the client stays");
    }
}

#[tokio::test(start_paused = true)]
async fn sign_out_survives_a_kill_right_after_it_returned() {
    let world = World::new(&["sess_1"]).await;
    let app = world.signed_in().await;
    world.set(Network::Down);
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    let world = world.after_kill().await;
    let offline = world.start();
    offline.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!((offline.clerk.status(), offline.clerk.is_signed_in()), (Status::Degraded, false));
    assert_eq!(offline.clerk.client().unwrap().sessions.len(), 0);

    // FAPI does not know yet, and says that the user is signed in.
    let world = world.after_kill().await;
    world.set(Network::Up);
    world.held.lock().unwrap().push("/remove");
    let online = world.start();
    online.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!((online.clerk.status(), online.clerk.is_signed_in()), (Status::Ready, false));
    world.held.lock().unwrap().clear();
    wait_until("the session to end", || world.sessions.lock().unwrap().is_empty()).await;
    wait_until("FAPI's word to be heard", || online.count("POST", "/client/sessions/sess_1/remove") == 1).await;
}

#[tokio::test(start_paused = true)]
async fn revocation_is_not_sent_again_after_fapi_confirmed_it() {
    let world = World::new(&["sess_1"]).await;
    let app = world.signed_in().await;
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    wait_until("the session to end", || world.sessions.lock().unwrap().is_empty()).await;
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    let again = world.after_kill().await.start();
    again.clerk.load(LoadOptions::default()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(world.removals(), ["sess_1"]);
}

/// A response of something in between, or one that does not name the client, does not end the queue.
#[tokio::test(start_paused = true)]
async fn revocation_is_confirmed_only_by_a_response_of_fapi_that_names_the_client() {
    for (status, body) in [
        (404, "<html>not found</html>"),
        (404, r#"{"errors":[{"code":"resource_not_found"}]}"#),
        (401, r#"{"errors":[{"code":"signed_out"}]}"#),
        (401, "{}"),
        (200, "<html>Wi-Fi</html>"),
        (200, r#"{"response":null,"client":null}"#),
        (200, r#"{"response":{"object":"session","id":"sess_1","status":"removed"},"client":null}"#),
        (200, r#"{"response":{"id":"client_2","sessions":[]},"client":{"id":"client_2","sessions":[]}}"#),
        (204, ""),
        (302, ""),
        (500, r#"{"errors":[{"code":"internal"}]}"#),
    ] {
        let world = World::new(&["sess_1"]).await;
        let app = world.signed_in().await;
        world.set(Network::Answers(status, body));
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        wait_until("an answer", || app.count("POST", "/client/sessions/sess_1/remove") > 1).await;
        assert!(!app.clerk.is_signed_in());
        let world = world.after_kill().await;
        world.set(Network::Up);
        let app = world.start();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        wait_until("the session to end", || world.sessions.lock().unwrap().is_empty()).await;
        assert!(!app.clerk.is_signed_in(), "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn sign_out_overtakes_a_set_active_and_a_token_that_hang() {
    let world = World::new(&["sess_1", "sess_2"]).await;
    let app = world.signed_in().await;
    world.held.lock().unwrap().extend(["/touch", "/tokens"]);
    let clerk = app.clerk.clone();
    let switching = tokio::spawn(async move { clerk.set_active(SetActiveParams::session("sess_2")).await });
    let clerk = app.clerk.clone();
    let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new("sess_1") };
    let minting = tokio::spawn(async move { clerk.get_token(params).await });
    wait_until("both to be sent", || {
        app.count("POST", "/client/sessions/sess_2/touch") == 1
            && app.count("POST", "/client/sessions/sess_1/tokens") == 1
    })
    .await;
    let started = tokio::time::Instant::now();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO, "on a clock that only waits advance");
    assert_eq!(join(switching).await.unwrap_err().code(), "no_active_session");
    assert_eq!(join(minting).await.unwrap_err().code(), "no_active_session");
    world.held.lock().unwrap().clear();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(!app.clerk.is_signed_in() && app.clerk.client().unwrap().sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn signed_out_session_is_not_shown_by_a_late_response_or_a_poll() {
    let world = World::new(&["sess_1"]).await;
    let app = world.signed_in().await;
    world.held.lock().unwrap().extend(["/client", "/remove"]);
    let clerk = app.clerk.clone();
    let late = tokio::spawn(async move { clerk.handle_unauthenticated().await });
    wait_until("the request to be sent", || app.count("GET", "/client") == 2).await;
    let seen = Arc::<AtomicBool>::default();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    let shown = seen.clone();
    app.clerk.add_listener(move |state| {
        if state.client.as_ref().is_some_and(|client| !client.sessions.is_empty()) {
            shown.store(true, Ordering::Relaxed);
        }
    });
    *world.updated_at.lock().unwrap() += 1;
    world.held.lock().unwrap().retain(|end| *end == "/remove");
    join(late).await.unwrap();
    let clerk = app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    wait_until("a poll", || app.count("GET", "/client") > 2).await;
    polling.abort();
    assert!(!seen.load(Ordering::Relaxed) && !app.clerk.is_signed_in());
}

#[tokio::test(start_paused = true)]
async fn sign_in_works_while_a_revocation_is_queued_and_the_new_session_stays() {
    let world = World::new(&["sess_1"]).await;
    let app = world.signed_in().await;
    world.set(Network::Down);
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    let world = world.after_kill().await;
    // The process that was killed sends nothing any more.
    let world = World { network: Arc::new(Mutex::new(Network::Up)), ..world };
    let app = world.start();
    app.clerk.load(LoadOptions::default()).await.unwrap();
    // For FAPI the old session is still there.
    let sign_in = app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(app.active_session_id().as_deref(), Some("sess_new"));
    assert_eq!(*world.sessions.lock().unwrap(), ["sess_new"]);
    assert!(world.removals().iter().all(|removed| removed == "sess_1"));
}

#[tokio::test(start_paused = true)]
async fn sign_out_of_one_session_offline_keeps_the_others() {
    let world = World::new(&["sess_1", "sess_2"]).await;
    let app = world.signed_in().await;
    world.set(Network::Down);
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() }).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_1"));
    let world = world.after_kill().await;
    let app = world.start();
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_1"), "restored");
    world.set(Network::Up);
    wait_until("the session to end", || *world.sessions.lock().unwrap() == ["sess_1"]).await;
    assert_eq!(app.active_session_id().as_deref(), Some("sess_1"));
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_unknown".into()), ..Default::default() }).await.unwrap();
    wait_until("the last session to end", || world.sessions.lock().unwrap().is_empty()).await;
}

/// The keyring alone holds the queue if the app has no file.
#[tokio::test(start_paused = true)]
async fn revocation_is_stored_without_a_file_too() {
    let world = World::new(&["sess_1"]).await;
    let app = world.start_with(|setup| setup.cache = None);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    world.set(Network::Down);
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    let again = world.start_with(|setup| setup.cache = None);
    world.set(Network::Up);
    with_timeout("a load", again.clerk.load(LoadOptions::default())).await.unwrap();
    assert!(!again.clerk.is_signed_in());
    wait_until("the session to end", || world.sessions.lock().unwrap().is_empty()).await;
}

/// A client token goes where it came from.
#[tokio::test(start_paused = true)]
async fn revocation_is_not_sent_to_another_instance() {
    const OTHER_KEY: &str = "pk_test_Y2xlcmsub3RoZXIudGVzdCQ";
    let world = World::new(&["sess_1"]).await;
    let app = world.start_with(|setup| setup.instance.publishable_key = None);
    let load = |key: &str| LoadOptions { publishable_key: Some(key.to_owned()), ..LoadOptions::default() };
    app.clerk.load(load(clerk_testkit::KEY)).await.unwrap();
    world.set(Network::Down);
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    // The next load fails, so that the app may be loaded for another instance.
    let again = world.start_with(|setup| setup.instance.publishable_key = None);
    world.set(Network::Answers(403, r#"{"errors":[{"code":"forbidden"}]}"#));
    again.clerk.load(load(clerk_testkit::KEY)).await.unwrap_err();
    let before = again.count("POST", "/client/sessions/sess_1/remove");
    world.set(Network::Up);
    again.clerk.load(load(OTHER_KEY)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(again.count("POST", "/client/sessions/sess_1/remove"), before);
}

/// Returns a script with a client whose session ends in a day, and counts the requests that end it.
fn counting(removals: Arc<AtomicUsize>) -> impl Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync {
    let mut one = session("sess_1");
    one["expire_at"] = (START_MS + DAY_MS).into();
    let signed_in = with_sessions(&[one]);
    move |method, path, token| {
        if path.ends_with("/remove") {
            removals.fetch_add(1, Ordering::SeqCst);
            return json_response(200, &json!({ "response": { "object": "session" }, "client": client(2, &[]) }));
        }
        signed_in(method, path, token)
    }
}

#[tokio::test(start_paused = true)]
async fn session_that_ended_by_a_wrong_clock_ends_on_the_server_after_a_sign_out() {
    let removals = Arc::<AtomicUsize>::default();
    let device = Device::new(counting(removals.clone())).await;
    let app = device.running().await;
    device.cut();
    device.clock.jump(2 * DAY_MS);
    wait_until("the session to end", || !app.clerk.is_signed_in()).await;
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    drop(app);
    device.clock.jump(-2 * DAY_MS);
    device.follow(counting(removals.clone()));
    let app = device.running().await;
    assert!(!app.clerk.is_signed_in(), "what was signed out is not shown again");
    wait_until("the session to end on the server", || removals.load(Ordering::SeqCst) > 0).await;
}

#[tokio::test(start_paused = true)]
async fn revocation_is_sent_although_the_clock_was_wrong_when_the_user_signed_out() {
    let removals = Arc::<AtomicUsize>::default();
    let device = Device::new(counting(removals.clone())).await;
    device.clock.jump(-400 * DAY_MS);
    let app = device.running().await;
    device.cut();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    drop(app);
    device.clock.jump(400 * DAY_MS);
    device.follow(counting(removals.clone()));
    let app = device.running().await;
    wait_until("the session to end on the server", || removals.load(Ordering::SeqCst) > 0).await;
    assert!(!app.clerk.is_signed_in());
}
/// FAPI may rotate the token with each response, and accept the newest one only.
#[tokio::test(start_paused = true)]
async fn revocation_is_sent_with_the_token_that_a_load_brings() {
    let tokens: Vec<&'static str> =
        (0..100).map(|number| &*Box::leak(format!("token-{number}").into_boxed_str())).collect();
    for held in [Some("/client"), Some("/environment"), None] {
        let world = World::new(&["sess_1"]).await;
        world.secrets.write(&token_key(), StoredSecret::new(tokens[0])).await.unwrap();
        let newest = Arc::new(Mutex::new(0));
        let start = |world: &World| {
            let (world, tokens, newest) = (world.clone(), tokens.clone(), newest.clone());
            let (cache, secrets, held) = (world.cache.clone(), world.secrets.clone(), world.held.clone());
            let script = move |_: &str, path: &str, token: Option<&str>| {
                let mut newest = newest.lock().unwrap();
                if !path.starts_with("/client") || *world.network.lock().unwrap() == Network::Down {
                    return world.answer(path);
                }
                if token != Some(tokens[*newest]) {
                    let mut refusal = json_response(401, &json!({ "errors": [{ "code": "signed_out" }] }))?;
                    refusal.token = Some("anonymous");
                    return Some(refusal);
                }
                let mut response = world.answer(path)?;
                *newest += 1;
                response.token = Some(tokens[*newest]);
                Some(response)
            };
            ScriptedApp::with_tokens(script, secrets, move |setup| {
                setup.cache = Some(cache);
                setup.transport = Arc::new(Holding { inner: setup.transport.clone(), held });
            })
        };
        let app = start(&world);
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert!(app.clerk.is_signed_in());
        world.set(Network::Down);
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();

        let world = world.after_kill().await;
        // The process that was killed sends nothing any more.
        let world = World { network: Arc::new(Mutex::new(Network::Up)), ..world };
        world.held.lock().unwrap().extend(held);
        let app = start(&world);
        let clerk = app.clerk.clone();
        let load = tokio::spawn(async move { clerk.load(LoadOptions::default()).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.held.lock().unwrap().clear();
        join(load).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(*world.sessions.lock().unwrap(), Vec::<&str>::new(), "the session has ended; held: {held:?}");
        assert!(!app.clerk.is_signed_in());
        let stored = stored_token(&*world.secrets, &token_key()).await;
        assert_eq!(stored.as_deref(), Some(tokens[*newest.lock().unwrap()]), "the client stays; held: {held:?}");
    }
}

/// A disk that is full, until there is space again.
struct FullDisk(Arc<MemoryCache>, AtomicBool);

impl FullDisk {
    fn new(device: &Device) -> Arc<Self> {
        Arc::new(Self(device.cache.clone(), AtomicBool::new(true)))
    }
}

impl CacheStore for FullDisk {
    fn read(&self) -> BoxFuture<'_, std::io::Result<Option<Vec<u8>>>> {
        self.0.read()
    }
    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, std::io::Result<()>> {
        match self.1.load(Ordering::Relaxed) {
            true => Box::pin(std::future::ready(Err(std::io::ErrorKind::StorageFull.into()))),
            false => self.0.write(content),
        }
    }
}

/// The sessions to end can't be stored, so the next run must not be the same device.
#[tokio::test(start_paused = true)]
async fn sign_out_offline_with_a_full_disk_is_final() {
    let device = Device::new(with_sessions(&[session("sess_1")])).await;
    drop(device.running().await);
    let disk = FullDisk::new(&device);
    let app = device.start(|setup| setup.cache = Some(disk));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    device.cut();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    drop(app);
    let signed_in = with_sessions(&[session("sess_1")]);
    device.follow(move |method, path, token| match (path, token) {
        ("/client", None) => json_response(200, &json!({ "response": null })),
        _ => signed_in(method, path, token),
    });
    assert_eq!(device.running().await.active_session_id(), None);
}

/// The entry of the keyring keeps what the file can't.
#[tokio::test(start_paused = true)]
async fn sign_out_of_one_session_offline_with_a_full_disk_is_final() {
    // With this token, the entry has no room for more.
    let long = format!("{OWN_TOKEN}{}", "x".repeat(1_180 - OWN_TOKEN.len()));
    for (token, stays) in [(OWN_TOKEN, Some("sess_1")), (&*long, None)] {
        let both = with_sessions(&[session("sess_1"), session("sess_2")]);
        let both = Arc::new(move |method: &str, path: &str, token: Option<&str>| match (path, token) {
            ("/client", None) => json_response(200, &json!({ "response": null })),
            _ => both(method, path, token),
        });
        let follow = |device: &Device| {
            let both = both.clone();
            device.follow(move |method, path, token| both(method, path, token));
        };
        let device = Device::new(|_, _, _| None).await;
        follow(&device);
        drop(device.running().await);
        device.store_token(token).await;
        let disk = FullDisk::new(&device);
        let app = device.start(|setup| setup.cache = Some(disk.clone()));
        app.clerk.load(LoadOptions::default()).await.unwrap();
        device.cut();
        let options = SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() };
        app.clerk.sign_out(options).await.unwrap();
        assert_eq!(app.active_session_id().as_deref(), Some("sess_1"));
        drop(app);
        follow(&device);
        // The disk is still full at first.
        for disk in [Some(disk), None, None] {
            let app = device.start(|setup| {
                if let Some(disk) = disk {
                    setup.cache = Some(disk);
                }
            });
            app.clerk.load(LoadOptions::default()).await.unwrap();
            assert_eq!(app.active_session_id().as_deref(), stays);
            assert!(app.clerk.client().unwrap().signed_in_session(&"sess_2".into()).is_none());
            // The paused clock advances when every task waits.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// The token leaves the entry while the sessions to end can't be stored. It must be back before the app ends.
#[tokio::test(start_paused = true)]
async fn sign_out_of_one_session_with_a_full_disk_keeps_the_other_once_there_is_space() {
    let long = format!("{OWN_TOKEN}{}", "x".repeat(1_180 - OWN_TOKEN.len()));
    for is_resumed in [true, false] {
        let device = Device::new(with_sessions(&[session("sess_1"), session("sess_2")])).await;
        drop(device.running().await);
        device.store_token(&long).await;
        let disk = FullDisk::new(&device);
        let app = device.start(|setup| setup.cache = Some(disk.clone()));
        app.clerk.load(LoadOptions::default()).await.unwrap();
        device.cut();
        let options = SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() };
        app.clerk.sign_out(options).await.unwrap();
        assert_eq!(device.stored_token().await, None, "it would show both users at the next start");
        disk.1.store(false, Ordering::Relaxed);
        if is_resumed {
            app.clerk.resume();
        }
        // The paused clock advances when every task waits.
        tokio::time::sleep(Duration::from_secs(if is_resumed { 1 } else { 100 })).await;
        assert!(device.stored_token().await.as_deref() == Some(&*long), "resumed: {is_resumed}");
        drop(app);
        device.follow(with_sessions(&[session("sess_1")]));
        assert_eq!(device.running().await.active_session_id().as_deref(), Some("sess_1"));
    }
}

/// What comes between an offline sign-out and the first response of FAPI.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meanwhile {
    Nothing,
    Restart,
    /// FAPI refuses to load the app once.
    Refusal,
}

/// Who signs in after that, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Next {
    Nobody,
    Class,
    /// One of Clerk's own components.
    Component,
}

impl Next {
    async fn sign_in(self, app: &ScriptedApp) -> Option<SessionId> {
        match self {
            Self::Nobody => None,
            Self::Class => app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap().created_session_id,
            Self::Component => {
                let request = json!({ "method": "POST", "path": "/client/sign_ins" });
                let request = serde_json::from_value(request).unwrap();
                let page = "tauri://localhost/".parse().unwrap();
                let created = app.clerk.frontend_api(request, &page, Disclosure::default()).await.unwrap();
                created.body.expose()["response"]["created_session_id"].as_str().map(SessionId::from)
            }
        }
    }
}

/// The response to the sign-in is the first one of FAPI, so nothing has said yet which sessions were unknown.
#[tokio::test(start_paused = true)]
async fn sign_in_before_unknown_sessions_are_known_keeps_its_session() {
    for next in [Next::Class, Next::Component] {
        let world = World::new(&["sess_1"]).await;
        drop(world.signed_in().await);
        world.sessions.lock().unwrap().clear();
        world.set(Network::Down);
        let app = world.start();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        *world.held.lock().unwrap() = vec!["/client", "/remove"];
        world.set(Network::Up);
        let created = next.sign_in(&app).await.unwrap();
        let client = app.clerk.client().unwrap();
        assert!(client.signed_in_session(&created).is_some(), "{next:?}: the new session is shown");
        world.held.lock().unwrap().clear();
        app.clerk.set_active(SetActiveParams::session(created)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
        assert_eq!(*world.sessions.lock().unwrap(), ["sess_new"], "{next:?}");
        assert_eq!(app.active_session_id().as_deref(), Some("sess_new"), "{next:?}");
    }
}

/// The app was killed before it stored the last session, and knows that of before, or none.
#[tokio::test(start_paused = true)]
async fn sign_out_of_everything_includes_sessions_that_only_fapi_knows() {
    for meanwhile in [Meanwhile::Nothing, Meanwhile::Restart, Meanwhile::Refusal] {
        for (known, next) in [
            (&["sess_1"][..], Next::Nobody),
            (&["sess_1"], Next::Class),
            (&["sess_1"], Next::Component),
            (&[], Next::Nobody),
            (&[], Next::Class),
            (&[], Next::Component),
        ] {
            let case = format!("{meanwhile:?}, {known:?}, {next:?}");
            let world = World::new(known).await;
            let app = world.start();
            app.clerk.load(LoadOptions::default()).await.unwrap();
            let clerk = app.clerk.clone();
            let caching = tokio::spawn(async move { clerk.keep_cache().await });
            // The paused clock advances when every task waits: then the state is stored.
            tokio::time::sleep(Duration::from_millis(1)).await;
            caching.abort();
            drop(app);
            world.sessions.lock().unwrap().push("sess_2");
            *world.updated_at.lock().unwrap() += 1;

            world.set(Network::Down);
            let mut app = world.start();
            app.clerk.load(LoadOptions::default()).await.unwrap();
            assert_eq!((app.clerk.status(), app.clerk.is_signed_in()), (Status::Degraded, !known.is_empty()), "{case}");
            app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
            match meanwhile {
                Meanwhile::Nothing => app.clerk.resume(),
                Meanwhile::Restart => {
                    drop(app);
                    app = world.start();
                }
                Meanwhile::Refusal => {
                    world.set(Network::Answers(403, r#"{"errors":[{"code":"forbidden"}]}"#));
                    app.clerk.resume();
                    wait_until("the refusal", || app.clerk.status() == Status::Error).await;
                }
            }
            let active = Arc::<AtomicBool>::default();
            let seen = active.clone();
            app.clerk.add_listener(move |state| {
                let is_old = |id: &str| id != "sess_new";
                seen.fetch_or(state.session().is_some_and(|session| is_old(session.id.as_str())), Ordering::SeqCst);
            });
            world.set(Network::Up);
            if meanwhile != Meanwhile::Nothing {
                app.clerk.load(LoadOptions::default()).await.unwrap();
            }
            wait_until("FAPI to respond", || app.clerk.status() == Status::Ready).await;
            let created = next.sign_in(&app).await;
            assert_eq!(created.is_some(), next != Next::Nobody, "{case}");
            if let Some(session) = created {
                app.clerk.set_active(SetActiveParams::session(session)).await.unwrap();
            }
            tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
            let left = if next == Next::Nobody { Vec::new() } else { vec!["sess_new"] };
            assert_eq!(*world.sessions.lock().unwrap(), left, "{case}");
            assert_eq!(app.active_session_id().as_deref(), left.first().copied(), "{case}");
            assert!(!active.load(Ordering::SeqCst), "{case}");
            drop(app);
            // Nothing of it is left for the next run.
            let app = world.start();
            app.clerk.load(LoadOptions::default()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
            assert_eq!(*world.sessions.lock().unwrap(), left, "{case}");
            assert_eq!(app.active_session_id().as_deref(), left.first().copied(), "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn revocation_is_given_up_when_fapi_has_forgotten_the_client() {
    // FAPI takes the device for a new one; or it does not give it another token either.
    for token in [Some(OTHER_TOKEN), None] {
        let device = Device::new(with_sessions(&[session("sess_1")])).await;
        let app = device.running().await;
        device.cut();
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        let asked = Arc::<AtomicUsize>::default();
        let count = asked.clone();
        device.follow(move |_, path, _| {
            let response = match path {
                "/environment" => return json_response(200, &environment()),
                "/client" => json_response(200, &json!({ "response": null, "client": null })),
                _ if path.ends_with("/remove") => {
                    count.fetch_add(1, Ordering::SeqCst);
                    json_response(401, &json!({ "errors": [{ "code": "signed_out" }] }))
                }
                other => panic!("unexpected request {other}"),
            };
            response.map(|response| Response { token, ..response })
        });
        wait_until("several attempts", || asked.load(Ordering::SeqCst) >= 5).await;
        tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
        let attempts = asked.load(Ordering::SeqCst);
        assert!(attempts < 10, "{attempts}");
        drop(app);
        let app = device.running().await;
        tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
        assert_eq!(asked.load(Ordering::SeqCst), attempts, "nothing is left for the next run");
        assert!(!app.clerk.is_signed_in());
    }
}

/// Returns a client token of this client. Its signature is not valid.
fn token_of(client: &str, number: u32) -> &'static str {
    jwt(&json!({ "id": client, "number": number })).leak()
}

/// A device whose session could not be ended yet, whose token was rotated, and that has become another client since.
struct Moved {
    _app: ScriptedApp,
    /// The newest token of the first client.
    newest: &'static str,
    /// The response to the next request that ends the session.
    removal: Arc<Mutex<Option<Response>>>,
    /// The tokens of the requests that ended the session, if FAPI responded.
    sent_with: Arc<Mutex<Vec<String>>>,
}

impl Moved {
    async fn new() -> Self {
        let (first, newest, other) = (token_of("client_1", 1), token_of("client_1", 2), token_of("client_2", 1));
        let (removal, sent_with) = (Arc::<Mutex<Option<Response>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (next_removal, log) = (removal.clone(), sent_with.clone());
        let sign_ins = Mutex::new([newest, other].into_iter());
        let script = move |_: &str, path: &str, token: Option<&str>| {
            let with_token =
                |body: &Value, token| json_response(200, body).map(|response| Response { token, ..response });
            match path {
                "/environment" => json_response(200, &environment()),
                "/client" if token.is_none() => {
                    with_token(&json!({ "response": client(1, &[session("sess_1")]) }), Some(first))
                }
                "/client" => None,
                "/client/sessions/sess_1/remove" => {
                    let response = next_removal.lock().unwrap().take()?;
                    log.lock().unwrap().push(token.unwrap().to_owned());
                    Some(response)
                }
                "/client/sign_ins" => {
                    let token = sign_ins.lock().unwrap().next().unwrap();
                    let id = if token == other { "client_2" } else { "client_1" };
                    let client = json!({ "object": "client", "id": id, "sessions": [], "updated_at": 2 });
                    let sign_in = json!({ "object": "sign_in_attempt", "id": "sia_1", "status": "needs_identifier" });
                    with_token(&json!({ "response": sign_in, "client": client }), Some(token))
                }
                other => panic!("unexpected request {other}"),
            }
        };
        let app = ScriptedApp::with_tokens(script, Arc::new(MemoryStore::default()), |_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        for _ in 0..2 {
            app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
        }
        Self { _app: app, newest, removal, sent_with }
    }

    /// Lets FAPI respond to the next request that ends the session. Returns the token that it was sent with.
    async fn respond(&self, response: Option<Response>) -> String {
        let before = self.sent_with.lock().unwrap().len();
        *self.removal.lock().unwrap() = response;
        wait_until("a request to end the session", || self.sent_with.lock().unwrap().len() > before).await;
        self.sent_with.lock().unwrap()[before].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn revocation_is_sent_with_the_newest_token_of_its_client() {
    let device = Moved::new().await;
    let ended = json!({ "response": session("sess_1"), "client": client(3, &[]) });
    assert_eq!(device.respond(json_response(200, &ended)).await, device.newest);
}

#[tokio::test(start_paused = true)]
async fn revocation_keeps_the_token_of_its_client_when_fapi_sends_that_of_another() {
    let device = Moved::new().await;
    let refusal = json!({ "errors": [{ "code": "signed_out", "message": "You are signed out" }] });
    for number in 0..3 {
        let refused = json_response(401, &refusal).unwrap();
        let refused = Response { token: Some(token_of("client_3", number)), ..refused };
        assert_eq!(device.respond(Some(refused)).await, device.newest);
    }
}
