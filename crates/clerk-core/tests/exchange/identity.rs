//! Who this device is to FAPI: which responses may change the client token and end the session.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    Clerk, ClerkSetup, GetTokenParams, JoinWaitlistParams, LoadOptions, SetActiveParams, SignInCreateParams,
    SignOutOptions,
    ports::{
        BoxFuture, HttpMethod, HttpRequest, HttpResponse, SecretKey, SecretStore, SystemClock, TokenUpdate, Transport,
        TransportError,
    },
    secret::{ClientToken, StoredSecret},
    storage::MemoryStore,
};
use clerk_testkit::{
    KEY, RecordingBrowser, RecordingSink, Response, ScriptedApp, client,
    device::{Device, OTHER_TOKEN, OWN_TOKEN, ROTATED_TOKEN, with_sessions},
    environment, json_response, session, text_response, wait_until,
};
use serde_json::{Value, json};

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
}

/// What a strict FAPI knows of one client.
#[derive(Default)]
struct Server {
    token: u64,
    sessions: u64,
    signed_in: bool,
    updated_at: i64,
    /// Whether a response that carried a new token was lost: then nobody can know the present token.
    lost: bool,
}

impl Server {
    fn client(&self) -> Value {
        let id = format!("sess_{}", self.sessions);
        let session = json!({ "id": id, "status": "active", "user": { "id": "user_1" } });
        let sessions = if self.signed_in { json!([session]) } else { json!([]) };
        json!({ "object": "client", "id": "client_1", "sessions": sessions, "updated_at": self.updated_at })
    }

    fn rotate(&mut self) {
        self.token += 1;
        self.updated_at += 1;
    }

    /// Handles a request. The second value is whether the response brings a new token.
    fn handle(&mut self, method: &str, path: &str, token: Option<&str>) -> (u16, Value, bool) {
        if path == "/environment" {
            return (200, json!({ "auth_config": {}, "display_config": {} }), false);
        }
        let known = token.is_some_and(|token| token == format!("token-{}", self.token));
        if !known && self.token > 0 {
            let empty = json!({ "object": "client", "id": "client_other", "sessions": [], "updated_at": 9_999 });
            let error = json!({ "code": "signed_out", "message": "You are signed out" });
            return (401, json!({ "errors": [error], "meta": { "client": empty } }), false);
        }
        match (method, path) {
            ("GET", "/client") if self.token == 0 => (200, json!({ "response": null }), false),
            ("GET", "/client") => (200, json!({ "response": self.client() }), false),
            ("POST", "/client/sign_ins") => {
                self.sessions += 1;
                self.signed_in = true;
                self.rotate();
                let session = format!("sess_{}", self.sessions);
                let sign_in = json!({ "object": "sign_in_attempt", "id": "sia_1", "status": "complete", "created_session_id": session });
                (200, json!({ "response": sign_in, "client": self.client() }), true)
            }
            ("POST", path) if path.ends_with("/remove") => {
                if !self.signed_in || path != format!("/client/sessions/sess_{}/remove", self.sessions) {
                    return (404, json!({ "errors": [{ "code": "resource_not_found" }] }), false);
                }
                self.signed_in = false;
                self.rotate();
                (200, json!({ "response": { "object": "session" }, "client": self.client() }), true)
            }
            ("POST", path) if path.ends_with("/touch") => {
                if !self.signed_in {
                    return (404, json!({ "errors": [{ "code": "resource_not_found" }] }), false);
                }
                let session = self.client()["sessions"][0].clone();
                (200, json!({ "response": session, "client": self.client() }), false)
            }
            ("POST", path) if path.ends_with("/tokens") => (200, json!({ "jwt": "a.b.c" }), false),
            other => panic!("unexpected request {other:?}"),
        }
    }
}

/// A network that delays requests and responses, and loses some responses.
struct Network {
    server: Arc<Mutex<Server>>,
    random: Mutex<Random>,
    /// One response in this many is lost; 0 for none.
    loses: u64,
}

impl Network {
    fn draw(&self, below: u64) -> u64 {
        self.random.lock().unwrap().next(below)
    }
}

impl Transport for Network {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let tunnelled =
                request.url.query_pairs().find(|(key, _)| key == "_method").map(|(_, value)| value.into_owned());
            let method = match &request.method {
                HttpMethod::Get => "GET".to_owned(),
                HttpMethod::Post(_) => tunnelled.unwrap_or_else(|| "POST".to_owned()),
            };
            let path = request.url.path().trim_start_matches("/v1").to_owned();
            tokio::time::sleep(Duration::from_millis(self.draw(20))).await;
            let (status, body, rotated, token) = {
                let mut server = self.server.lock().unwrap();
                let (status, body, rotated) =
                    server.handle(&method, &path, request.authorization.as_ref().map(ClientToken::expose));
                (status, body, rotated, server.token)
            };
            tokio::time::sleep(Duration::from_millis(self.draw(20))).await;
            if self.loses > 0 && self.draw(self.loses) == 0 {
                self.server.lock().unwrap().lost |= rotated;
                return Err(TransportError { reason: "connection reset".to_owned() });
            }
            let token = if rotated {
                TokenUpdate::Set(ClientToken::new(format!("token-{token}")))
            } else {
                TokenUpdate::Absent
            };
            Ok(HttpResponse { status, token, retry_after: None, body: body.to_string().into_bytes() })
        })
    }
}

fn device(network: Network, store: Arc<MemoryStore>) -> Clerk {
    let mut setup = ClerkSetup::new(
        Arc::new(network),
        store,
        Arc::<RecordingBrowser>::default(),
        Arc::new(SystemClock),
        Arc::<RecordingSink>::default(),
    );
    setup.instance.publishable_key = Some(KEY.to_owned());
    Clerk::new(setup)
}

/// What happens in the background while the user signs in and out.
async fn noise(clerk: Clerk, mut random: Random) {
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(random.next(30))).await;
        match random.next(3) {
            0 => drop(clerk.touch().await),
            1 => drop(clerk.handle_unauthenticated().await),
            _ => {
                if let Some(session) = clerk.session() {
                    let params = GetTokenParams { session_id: session.id, skip_cache: true, ..Default::default() };
                    drop(clerk.get_token(params).await);
                }
            }
        }
    }
}

/// Runs one interleaving, and returns what went wrong.
async fn interleave(seed: u64, loses: u64) -> Result<(), String> {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let server = Arc::<Mutex<Server>>::default();
    let store = Arc::new(MemoryStore::default());
    let network = Network { server: server.clone(), random: Mutex::new(Random(random.next(u64::MAX) | 1)), loses };
    let clerk = device(network, store.clone());
    while clerk.load(LoadOptions::default()).await.is_err() {}
    let noise = [0, 1].map(|_| tokio::spawn(noise(clerk.clone(), Random(random.next(u64::MAX) | 1))));
    let mut wanted = false;
    for _ in 0..=random.next(3) {
        tokio::time::sleep(Duration::from_millis(random.next(40))).await;
        if clerk.session().is_none() {
            let params = SignInCreateParams { identifier: Some("ada".to_owned()), ..Default::default() };
            if let Ok(sign_in) = clerk.create_sign_in(params).await {
                let session = sign_in.created_session_id.unwrap();
                wanted = clerk.set_active(SetActiveParams::session(session)).await.is_ok();
            }
        } else if clerk.sign_out(SignOutOptions::default()).await.is_ok() {
            wanted = false;
        }
    }
    for task in noise {
        task.await.unwrap();
    }
    // Until what was begun in the background has ended.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (token, lost) = {
        let server = server.lock().unwrap();
        (server.token, server.lost)
    };
    if lost {
        // FAPI replaced the token and the response never came: no client can know the new one.
        return Ok(());
    }
    let stored = stored(&store).await.unwrap_or_default();
    let expected = if token == 0 { String::new() } else { format!("token-{token}") };
    if stored != expected {
        return Err(format!("seed {seed}: {stored:?} is stored, and {expected:?} is the token"));
    }
    if wanted && !clerk.is_signed_in() {
        return Err(format!("seed {seed}: the session is lost"));
    }
    Ok(())
}

fn run(seeds: std::ops::Range<u64>, loses: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    for seed in seeds {
        runtime.block_on(interleave(seed, loses)).unwrap();
    }
}

/// How many interleavings of each kind; `CLERK_INTERLEAVINGS` sets another number.
fn interleavings() -> u64 {
    std::env::var("CLERK_INTERLEAVINGS").ok().and_then(|number| number.parse().ok()).unwrap_or(2_000)
}

#[test]
fn identity_survives_every_interleaving_of_rotations_and_background_requests() {
    run(0..interleavings(), 0);
}

#[test]
fn identity_survives_lost_responses() {
    run(0..interleavings(), 12);
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
        let params = JoinWaitlistParams { email_address: "a@example.com".to_owned() };
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
        app.clerk.join_waitlist(JoinWaitlistParams { email_address: "a@example.com".to_owned() }).await.unwrap();
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
