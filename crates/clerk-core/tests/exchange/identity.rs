//! Who this device is to FAPI: which responses may change the client token and end the session.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    CallbackUrl, Clerk, ClerkSetup, GetTokenParams, JoinWaitlistParams, LinkOutcome, LoadOptions, SetActiveParams,
    SignInCreateParams, SignOutOptions,
    ports::{BoxFuture, HttpRequest, HttpResponse, SecretKey, SecretStore, SystemClock, Transport, TransportError},
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_testkit::{
    KEY, RecordingBrowser, RecordingSink, Response, ScriptedApp, client,
    device::{Device, OTHER_TOKEN, OWN_TOKEN, ROTATED_TOKEN, with_sessions},
    environment,
    google::{callback_link, sign_in_params},
    json_response, session,
    strict::{Call, StrictFapi},
    text_response, wait_until,
};
use serde_json::json;

/// A small generator of pseudo-random numbers (xorshift), so that a failing interleaving can be repeated by its seed.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }

    /// Returns an independent generator.
    fn fork(&mut self) -> Self {
        Self(self.next(u64::MAX) | 1)
    }
}

/// Which FAPI, and which network.
#[derive(Clone, Copy)]
struct Conditions {
    /// One response in this many is lost; 0 for none.
    loses: u64,
    /// Whether a refusal of the client token brings the token of another client.
    replaces: bool,
}

/// A network that delays requests and responses, and loses some responses, on a FAPI that refuses superseded tokens.
struct Network {
    fapi: Mutex<StrictFapi>,
    random: Mutex<Random>,
    /// One response in this many is lost; 0 for none.
    loses: AtomicU64,
    /// Whether a response that carried a new token was lost: then nobody can know the present token.
    lost_token: AtomicBool,
}

impl Network {
    fn draw(&self, below: u64) -> u64 {
        self.random.lock().unwrap().next(below)
    }
}

impl Transport for Network {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let call = Call::read(&request);
            tokio::time::sleep(Duration::from_millis(self.draw(20))).await;
            let answer = self.fapi.lock().unwrap().handle(&call);
            // Some responses take longer than other requests wait for them.
            let delay = if self.draw(30) == 0 { 8_000 } else { self.draw(20) };
            tokio::time::sleep(Duration::from_millis(delay)).await;
            let loses = self.loses.load(Ordering::Relaxed);
            if loses > 0 && self.draw(loses) == 0 {
                self.lost_token.fetch_or(answer.token.is_some(), Ordering::Relaxed);
                return Err(TransportError { reason: "connection reset".to_owned() });
            }
            Ok(answer.into_response())
        })
    }
}

/// A device with what is needed to check it.
struct ModelDevice {
    clerk: Clerk,
    network: Arc<Network>,
    store: Arc<MemoryStore>,
    browser: Arc<RecordingBrowser>,
}

impl ModelDevice {
    fn new(random: &mut Random, conditions: Conditions) -> Self {
        let network = Arc::new(Network {
            fapi: Mutex::new(if conditions.replaces { StrictFapi::replacing() } else { StrictFapi::default() }),
            random: Mutex::new(random.fork()),
            loses: conditions.loses.into(),
            lost_token: AtomicBool::default(),
        });
        let (store, browser) = (Arc::<MemoryStore>::default(), Arc::<RecordingBrowser>::default());
        let mut setup = ClerkSetup::new(
            network.clone(),
            store.clone(),
            browser.clone(),
            Arc::new(SystemClock),
            Arc::<RecordingSink>::default(),
        );
        setup.instance.publishable_key = Some(KEY.to_owned());
        setup.callback = CallbackUrl::parse("my-app://callback");
        Self { clerk: Clerk::new(setup), network, store, browser }
    }

    fn user(&self) -> Option<String> {
        self.clerk.user().and_then(|user| user.first_name.clone())
    }

    /// Signs in with a password.
    async fn sign_in(&self, user: &str) -> clerk_core::Result<()> {
        let params = SignInCreateParams { identifier: Some(user.to_owned()), ..Default::default() };
        let sign_in = self.clerk.create_sign_in(params).await?;
        self.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await
    }

    /// Signs in through the browser: FAPI makes a new token there, which the link brings to the app.
    async fn sign_in_through_browser(&self, user: &str, random: &mut Random) -> clerk_core::Result<()> {
        let before = self.browser.0.lock().unwrap().len();
        let clerk = self.clerk.clone();
        let flow = tokio::spawn(async move { clerk.authenticate_with_redirect(sign_in_params()).await });
        while self.browser.0.lock().unwrap().len() == before {
            if flow.is_finished() {
                return flow.await.unwrap().map(|_| ());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(random.next(40))).await;
        let token = stored(&self.store).await;
        let nonce = self.network.fapi.lock().unwrap().approve(user, token.as_deref());
        tokio::time::sleep(Duration::from_millis(random.next(40))).await;
        let link = callback_link(&format!("?rotating_token_nonce={nonce}"));
        if self.clerk.handle_deep_link(&link).await != LinkOutcome::Delivered {
            // Without its response, the app does not know the token that the browser got.
            self.network.lost_token.store(true, Ordering::Relaxed);
            self.clerk.cancel_authentication().await;
        }
        flow.await.unwrap().map(|_| ())
    }

    /// Compares the device with FAPI. Returns what is wrong. After a sign-in that failed, that user may be signed in too.
    async fn check(&self, wanted: Option<&str>, attempted: &[&str]) -> Result<(), String> {
        let token = stored(&self.store).await;
        let (is_newest, users, all_users) = {
            let fapi = self.network.fapi.lock().unwrap();
            let is_newest = match &token {
                Some(token) => fapi.accepts(token),
                None => fapi.present_token().is_none(),
            };
            (is_newest, fapi.users(token.as_deref()), fapi.all_users())
        };
        if !is_newest {
            return Err("the stored token is not the newest".to_owned());
        }
        let user = self.user();
        if user.as_deref() != wanted && user.as_deref().is_none_or(|user| !attempted.contains(&user)) {
            return Err(format!("{wanted:?} is to be signed in, and {user:?} is"));
        }
        if wanted.is_none() && attempted.is_empty() && !users.is_empty() {
            return Err(format!("FAPI still has sessions of {users:?}"));
        }
        // The sessions of a client whose token was lost can't be ended.
        let lost_token = self.network.lost_token.load(Ordering::Relaxed);
        if attempted.is_empty() && !lost_token && users != all_users {
            return Err(format!("FAPI has sessions of {all_users:?}, and only those of {users:?} are of this client"));
        }
        Ok(())
    }
}

/// What happens in the background while the user signs in and out.
async fn noise(clerk: Clerk, mut random: Random) {
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(random.next(30))).await;
        match random.next(4) {
            0 => drop(clerk.touch().await),
            1 => drop(clerk.handle_unauthenticated().await),
            // That there is no such organization does not matter.
            2 => drop(clerk.get_organization(&"org_none".into()).await),
            _ => {
                if let Some(session) = clerk.session() {
                    let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new(session.id) };
                    drop(clerk.get_token(params).await);
                }
            }
        }
    }
}

/// Runs one interleaving, and returns what went wrong.
async fn interleave(seed: u64, conditions: Conditions) -> Result<(), String> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let device = ModelDevice::new(&mut random, conditions);
    let clerk = &device.clerk;
    while clerk.load(LoadOptions::default()).await.is_err() {}
    // Two polls are due while the user signs in and out.
    let polls = [random.next(150), random.next(150)].map(|offset| {
        let polled = clerk.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(offset)).await;
            polled.poll().await;
        })
    });
    tokio::time::sleep(Duration::from_secs(5 * 60)).await;
    let noise = [0, 1].map(|_| tokio::spawn(noise(clerk.clone(), random.fork())));
    let (mut wanted, mut attempted) = (None, Vec::new());
    for _ in 0..=random.next(3) {
        // Often at once.
        tokio::time::sleep(Duration::from_millis(random.next(80).saturating_sub(40))).await;
        let user = ["ada", "grace", "hedy"][usize::try_from(random.next(3)).unwrap()];
        // Sometimes beside another user.
        if clerk.session().is_none() || (device.user().as_deref() != Some(user) && random.next(3) == 0) {
            let signed_in = match random.next(2) {
                0 => device.sign_in(user).await,
                _ => device.sign_in_through_browser(user, &mut random).await,
            };
            match signed_in {
                Ok(()) => (wanted, attempted) = (Some(user), Vec::new()),
                // Somebody else may be active, while this user has a session too.
                Err(error) if conditions.loses == 0 && !error.has_api_code("identifier_already_signed_in") => {
                    return Err(format!("seed {seed}: the sign-in of {user}: {error}"));
                }
                Err(_) => attempted.push(user),
            }
        } else {
            if random.next(2) == 0 {
                let session_id = clerk.session().map(|session| session.id);
                clerk.sign_out(SignOutOptions { session_id, ..SignOutOptions::default() }).await.unwrap();
                tokio::time::sleep(Duration::from_millis(random.next(80).saturating_sub(40))).await;
            }
            clerk.sign_out(SignOutOptions::default()).await.unwrap();
            (wanted, attempted) = (None, Vec::new());
        }
    }
    for task in noise {
        task.await.unwrap();
    }
    // Until what was begun in the background has ended.
    tokio::time::sleep(Duration::from_secs(60)).await;
    device.network.loses.store(0, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(60)).await;
    for poll in polls {
        poll.abort();
    }
    if !device.network.lost_token.load(Ordering::Relaxed) {
        device.check(wanted, &attempted).await.map_err(|wrong| format!("seed {seed}: {wrong}"))?;
    }
    // Whatever was lost, the next sign-in works.
    clerk.sign_out(SignOutOptions::default()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    device.sign_in("mary").await.map_err(|error| format!("seed {seed}: the next sign-in: {error}"))?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    device.check(Some("mary"), &[]).await.map_err(|wrong| format!("seed {seed}: after the next sign-in: {wrong}"))
}

/// Runs interleavings one after the other, and reports those that fail. Returns how long it took.
fn run(seeds: std::ops::Range<u64>, conditions: Conditions) -> Duration {
    let started = std::time::Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let failures: Vec<_> =
        seeds.filter_map(|seed| runtime.block_on(interleave(seed, conditions)).err()).take(20).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    started.elapsed()
}

/// How many interleavings of each kind; `CLERK_INTERLEAVINGS` sets another number.
fn interleavings() -> u64 {
    std::env::var("CLERK_INTERLEAVINGS").ok().and_then(|number| number.parse().ok()).unwrap_or(1_000)
}

/// Runs as many interleavings as asked for. Returns how many, and how long it took.
fn run_all(loses: u64, replaces: bool) -> String {
    let took = run(0..interleavings(), Conditions { loses, replaces });
    format!("{} interleavings: {took:?}", interleavings())
}

#[test]
fn identity_survives_every_interleaving_of_rotations_and_background_requests() {
    println!("{}", run_all(0, false));
}

#[test]
fn identity_survives_lost_responses() {
    println!("{}", run_all(12, false));
}

#[test]
fn identity_survives_refusals_that_bring_the_token_of_another_client() {
    println!("{}", run_all(0, true));
}

#[test]
fn identity_survives_lost_responses_and_refusals_that_bring_the_token_of_another_client() {
    println!("{}", run_all(12, true));
}

/// A signed-in device whose token is `genuine`, on a script that sees method, path and token.
async fn signed_in(
    script: impl Fn(&str, &str, Option<&str>) -> Option<Response> + Send + Sync + 'static,
) -> (ScriptedApp, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::default());
    store.write(&token_key(), StoredSecret::new("genuine")).await.unwrap();
    let app = ScriptedApp::with_tokens(script, store.clone(), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    (app, store)
}

fn token_key() -> SecretKey {
    SecretKey::ClientToken("clerk.example.test".to_owned())
}

async fn stored(store: &MemoryStore) -> Option<String> {
    clerk_testkit::stored_token(store, &token_key()).await
}

/// FAPI with one session, for everything but waitlist requests.
fn one_session(path: &str) -> Option<Response> {
    match path {
        "/environment" => json_response(200, &environment()),
        "/client" => json_response(200, &json!({ "response": client(1, &[session("sess_1")]) })),
        _ if path.ends_with("/touch") => json_response(200, &json!({ "response": session("sess_1") })),
        other => panic!("unexpected request {other}"),
    }
}

#[tokio::test]
async fn client_token_comes_only_from_responses_of_fapi() {
    let pages = [
        (200, "<!doctype html><title>Sign in to the proxy</title>", "planted"),
        (302, "", "planted"),
        (502, "<html>Bad Gateway</html>", ""),
        (503, "", "planted"),
        (200, "[]", "planted"),
        (200, "{\"error\":\"login required\"}", "planted"),
        (200, "{\"response\":{\"id\":\"wait_1\"}}", "not a token"),
    ];
    for (status, body, token) in pages {
        let script = move |_: &str, path: &str, _: Option<&str>| match path {
            "/waitlist" => Some(Response { status, body: body.to_owned(), token: Some(token) }),
            path => one_session(path),
        };
        let (app, store) = signed_in(script).await;
        let params = JoinWaitlistParams::new("a@example.com");
        let _ = app.clerk.join_waitlist(params).await;
        assert_eq!(stored(&store).await.as_deref(), Some("genuine"), "{status} {body:?} {token:?}");
        assert!(app.clerk.is_signed_in());
    }
}

#[tokio::test]
async fn client_token_of_another_client_is_not_adopted_while_signed_in() {
    for (token, expected) in [(OTHER_TOKEN, OWN_TOKEN), ("planted", OWN_TOKEN), (OWN_TOKEN, OWN_TOKEN)] {
        let script = move |_: &str, path: &str, _: Option<&str>| match path {
            "/waitlist" => {
                let mut response = json_response(200, &json!({ "response": { "id": "wait_1" } }))?;
                response.token = Some(token);
                Some(response)
            }
            path => one_session(path),
        };
        let store = Arc::new(MemoryStore::default());
        store.write(&token_key(), StoredSecret::new(OWN_TOKEN)).await.unwrap();
        let app = ScriptedApp::with_tokens(script, store.clone(), |_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app.clerk.join_waitlist(JoinWaitlistParams::new("a@example.com")).await.unwrap();
        assert_eq!(stored(&store).await.as_deref(), Some(expected));
        assert!(app.clerk.is_signed_in());
    }
}

#[tokio::test(start_paused = true)]
async fn background_response_does_not_end_the_session_unless_fapi_confirms_it() {
    let ended = Arc::<AtomicBool>::default();
    let is_ended = ended.clone();
    let script = move |_: &str, path: &str, _: Option<&str>| match path {
        _ if path.ends_with("/touch") => {
            let nobody = json!({ "object": "client", "id": "client_2", "sessions": [], "updated_at": 9 });
            json_response(200, &json!({ "response": session("sess_1"), "client": nobody }))
        }
        "/client" if is_ended.load(Ordering::Relaxed) => json_response(200, &json!({ "response": client(9, &[]) })),
        path => one_session(path),
    };
    let (app, _) = signed_in(script).await;
    app.clerk.touch().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(app.clerk.is_signed_in(), "the client still has the session");
    assert_eq!(app.count("GET", "/client"), 2, "the load and the verification");
    ended.store(true, Ordering::Relaxed);
    app.clerk.touch().await.unwrap();
    wait_until("the session to end", || !app.clerk.is_signed_in()).await;
}

#[tokio::test]
async fn session_exists_makes_the_existing_session_active() {
    for (code, meta) in [
        ("session_exists", json!({})),
        ("identifier_already_signed_in", json!({ "session_id": "sess_2" })),
        ("identifier_already_signed_in", json!({ "session_id": "sess_unknown" })),
    ] {
        let lost = Arc::<AtomicBool>::default();
        let signed_in_on_the_server = lost.clone();
        let refusal = json!({ "errors": [{ "code": code, "message": "You're already signed in", "meta": meta }] });
        let script = move |_: &str, path: &str, _: Option<&str>| match path {
            "/environment" => json_response(200, &environment()),
            "/client" if !signed_in_on_the_server.load(Ordering::Relaxed) => {
                json_response(200, &json!({ "response": client(1, &[]) }))
            }
            "/client" => json_response(200, &json!({ "response": client(2, &[session("sess_1"), session("sess_2")]) })),
            // The first response is lost: FAPI has signed the user in, and the app does not know.
            "/client/sign_ins" if !signed_in_on_the_server.swap(true, Ordering::Relaxed) => None,
            "/client/sign_ins" => json_response(400, &refusal),
            other => panic!("unexpected request {other}"),
        };
        let app = ScriptedApp::with_tokens(script, Arc::new(MemoryStore::default()), |_| {});
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap_err().code(), "network_error");
        let error = app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap_err();
        assert!(error.has_api_code(code));
        assert!(app.clerk.is_signed_in(), "{code}");
        let expected = if meta_names(&error, "sess_2") { "sess_2" } else { "sess_1" };
        assert_eq!(app.active_session_id().as_deref(), Some(expected), "{code}");
    }
}

fn meta_names(error: &clerk_core::Error, session: &str) -> bool {
    let clerk_core::Error::Api(error) = error else { panic!("a refusal") };
    error.errors[0].meta.get("sessionId").is_some_and(|id| id == session)
}

/// FAPI refuses every request with the token of a client that it has deleted.
#[tokio::test]
async fn client_token_that_fapi_does_not_know_any_more_is_forgotten() {
    let deleted = Arc::<AtomicBool>::default();
    let is_deleted = deleted.clone();
    let script = move |_: &str, path: &str, token: Option<&str>| match (path, token) {
        (_, Some("genuine")) if is_deleted.load(Ordering::Relaxed) => json_response(
            401,
            &json!({ "errors": [{ "code": "authentication_invalid", "message": "Unable to authenticate" }] }),
        ),
        ("/client/sign_ins", _) => {
            let mut response =
                json_response(200, &json!({ "response": { "id": "sia_1", "status": "needs_identifier" } }))?;
            response.token = Some("of-a-new-client");
            Some(response)
        }
        _ => one_session(path),
    };
    let (app, store) = signed_in(script).await;
    deleted.store(true, Ordering::Relaxed);
    assert!(app.clerk.touch().await.is_err());
    wait_until("the session to end", || !app.clerk.is_signed_in()).await;
    app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    assert_eq!(stored(&store).await.as_deref(), Some("of-a-new-client"));
}

#[tokio::test]
async fn sign_out_succeeds_when_fapi_has_forgotten_the_client() {
    let forgotten = Arc::<AtomicBool>::default();
    let is_forgotten = forgotten.clone();
    let script = move |_: &str, path: &str, _: Option<&str>| {
        if is_forgotten.load(Ordering::Relaxed) {
            return json_response(
                401,
                &json!({ "errors": [{ "code": "signed_out", "message": "You are signed out" }] }),
            );
        }
        one_session(path)
    };
    let (app, _) = signed_in(script).await;
    forgotten.store(true, Ordering::Relaxed);
    let options = SignOutOptions { redirect_url: Some("/bye".to_owned()), ..SignOutOptions::default() };
    app.clerk.sign_out(options).await.unwrap();
    assert!(app.clerk.session().is_none());
    assert_eq!(app.take_navigation().as_deref(), Some("/bye"));
}

/// The session was refreshed elsewhere: the refusal brings the new token of the same client.
#[tokio::test(start_paused = true)]
async fn verification_goes_on_with_the_token_that_a_refusal_brings() {
    let one = with_sessions(&[session("sess_1")]);
    let device = Device::new(one).await;
    let app = device.running().await;
    let one = with_sessions(&[session("sess_1")]);
    device.follow(move |method, path, token| match path {
        _ if path.ends_with("/touch") => json_response(401, &json!({ "errors": [{ "code": "signed_out" }] })),
        _ if token == Some(OWN_TOKEN) => {
            let mut refusal = json_response(401, &json!({ "errors": [{ "code": "signed_out" }] }))?;
            refusal.token = Some(ROTATED_TOKEN);
            Some(refusal)
        }
        _ => one(method, path, token),
    });
    app.clerk.touch().await.unwrap_err();
    assert!(app.clerk.is_signed_in());
    assert_eq!(device.stored_token().await.as_deref(), Some(ROTATED_TOKEN));
}

/// FAPI had rotated the token for a request whose response was still on its way.
#[tokio::test(start_paused = true)]
async fn request_that_is_refused_with_a_superseded_token_is_sent_again_with_the_newest() {
    let one = with_sessions(&[session("sess_1")]);
    let device = Device::new(with_sessions(&[session("sess_1")])).await;
    let app = device.running().await;
    device.follow(move |method, path, token| match (path, token) {
        ("/client", Some(OWN_TOKEN)) => {
            let mut refusal = json_response(401, &json!({ "errors": [{ "code": "signed_out" }] }))?;
            refusal.token = Some(ROTATED_TOKEN);
            Some(refusal)
        }
        (_, Some(OWN_TOKEN)) => json_response(401, &json!({ "errors": [{ "code": "signed_out" }] })),
        ("/organizations/org_1", _) => {
            json_response(200, &json!({ "response": { "object": "organization", "id": "org_1", "name": "Acme" } }))
        }
        _ => one(method, path, token),
    });
    assert_eq!(app.clerk.get_organization(&"org_1".into()).await.unwrap().name, "Acme");
    assert_eq!(app.count("GET", "/organizations/org_1"), 2);
}

#[tokio::test(start_paused = true)]
async fn verification_asks_with_the_own_token_if_another_process_stored_that_of_another_client() {
    let one = with_sessions(&[session("sess_1")]);
    let device = Device::new(move |method, path, token| match path {
        "/client" if token == Some(OTHER_TOKEN) => {
            let other = json!({ "id": "client_other", "sessions": [session("sess_9")], "updated_at": 1 });
            json_response(200, &json!({ "response": other }))
        }
        _ if path.ends_with("/touch") => json_response(401, &json!({ "errors": [{ "code": "signed_out" }] })),
        _ => one(method, path, token),
    })
    .await;
    let app = device.running().await;
    device.store_token(OTHER_TOKEN).await;
    app.clerk.touch().await.unwrap_err();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_1"));
}

/// A response of something in between is neither a client nor the word that there is none.
#[tokio::test(start_paused = true)]
async fn session_is_not_ended_by_a_response_that_is_no_client() {
    for (status, body) in [
        (204, ""),
        (200, "null"),
        (200, "{}"),
        (200, "[]"),
        (200, r#"{"message":"Please sign in to the Wi-Fi"}"#),
        (200, r#"{"response":7}"#),
        (200, r#"{"response":{"id":"client_1","updated_at":9}}"#),
    ] {
        let device = Device::new(with_sessions(&[session("sess_1")])).await;
        let app = device.running().await;
        device.follow(move |_, _, _| text_response(status, body));
        assert_eq!(app.clerk.handle_unauthenticated().await.unwrap_err().code(), "decode_error", "{status} {body}");
        let _ = app.clerk.touch().await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(app.active_session_id().as_deref(), Some("sess_1"), "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn session_is_not_ended_by_a_client_without_a_list_of_sessions() {
    for sessions in [json!(null), json!({}), json!("none")] {
        let one = with_sessions(&[session("sess_1")]);
        let device = Device::new(move |method, path, token| match path {
            "/client/sign_ins" => {
                let client = json!({ "object": "client", "id": "client_1", "updated_at": 9, "sessions": sessions });
                json_response(200, &json!({ "response": { "id": "sia_1" }, "client": client }))
            }
            _ => one(method, path, token),
        })
        .await;
        let app = device.running().await;
        app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(app.active_session_id().as_deref(), Some("sess_1"));
    }
}

#[tokio::test(start_paused = true)]
async fn poll_that_is_refused_verifies_the_identity() {
    let device = Device::new(with_sessions(&[session("sess_1")])).await;
    let app = device.running().await;
    let clerk = app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    device.follow(|_, _, _| json_response(401, &json!({ "errors": [{ "code": "signed_out" }] })));
    wait_until("the session to end", || app.active_session_id().is_none()).await;
    assert_eq!(app.count("GET", "/client"), 3, "the load, the poll and the verification");
    polling.abort();
}

/// The response with the newest token was lost while nobody was signed in.
#[tokio::test(start_paused = true)]
async fn sign_in_with_a_token_that_fapi_refuses_makes_this_device_a_new_one() {
    let device = Device::new(with_sessions(&[])).await;
    let app = device.running().await;
    device.follow(|_, path, token| match (path, token) {
        (_, Some(OWN_TOKEN)) => json_response(401, &json!({ "errors": [{ "code": "signed_out" }] })),
        ("/client", None) => json_response(200, &json!({ "response": null })),
        ("/client/sign_ins", None) => json_response(200, &json!({ "response": { "id": "sia_1" } })),
        other => panic!("unexpected request {other:?}"),
    });
    app.clerk.create_sign_in(SignInCreateParams::default()).await.unwrap();
    assert_eq!(device.stored_token().await, None);
}
