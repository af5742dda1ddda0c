//! Requests to the app's own backend, with the session token.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    Backends, Change, Clerk, DEFAULT_IDLE_TIMEOUT, FetchRequest, FetchResponse, HttpBackendTransport, LoadOptions,
    Result, SignOutOptions,
    ports::{BackendRequest, BackendResponse, BackendTransport, BoxFuture, TransportError},
    storage::MemoryStore,
};
use clerk_emulator::Emulator;
use clerk_testkit::{
    ScriptedApp,
    app::{App, config},
    backend::{Backend, Part, Received, Reply},
    join, json_response, jwt,
    sessions::two_sessions,
    wait_until, with_timeout,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// Starts an app that may send session tokens to these URLs. Nobody is signed in.
async fn app(urls: &[String]) -> App {
    let emulator = Arc::new(Emulator::start(config()).await.unwrap());
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
        setup.backends = Backends::new(urls, Arc::new(HttpBackendTransport::new())).unwrap();
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}

/// Starts a backend, and an app with a signed-in user that may use the backend's paths below `/v1`.
async fn start(respond: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> (App, Backend) {
    let backend = Backend::start(respond).await;
    let app = app(&[backend.url("/v1/")]).await;
    app.sign_in_with_password().await;
    (app, backend)
}

async fn fetch(app: &App, request: FetchRequest) -> Result<FetchResponse> {
    with_timeout("the response", app.clerk.fetch(request)).await
}

async fn refusal(app: &App, request: FetchRequest) -> String {
    fetch(app, request).await.unwrap_err().code().to_owned()
}

async fn token(app: &App) -> String {
    app.clerk.session_token().await.unwrap().unwrap().expose().to_owned()
}

/// Returns the paths and queries of requests for session tokens.
fn minted(app: &App) -> Vec<(String, bool)> {
    let tokens = app.emulator.requests().into_iter().filter(|entry| entry.path.contains("/tokens"));
    tokens.map(|entry| (entry.path, entry.query.iter().any(|(name, _)| name == "debug"))).collect()
}

#[tokio::test]
async fn fetch_sends_the_session_token_and_what_the_caller_gives() {
    let (app, backend) = start(|_| Reply::text(201, "made").header("x-made", "yes")).await;
    let request =
        FetchRequest::new("patch", backend.url("/v1/notes?q=1#top")).header("X-Id", "é").json(&json!({ "a": 1 }));
    let response = fetch(&app, request.unwrap()).await.unwrap();
    assert_eq!((response.status(), response.is_success(), response.is_redirected()), (201, true, false));
    assert_eq!((response.header("X-Made"), response.url().as_str()), (Some("yes"), &*backend.url("/v1/notes?q=1")));
    assert_eq!(response.text().await.unwrap(), "made");

    let received = backend.requests().remove(0);
    assert_eq!((&*received.method, &*received.target, &*received.body), ("PATCH", "/v1/notes?q=1", &b"{\"a\":1}"[..]));
    assert_eq!(received.header("authorization"), Some(&*format!("Bearer {}", token(&app).await)));
    assert_eq!((received.header("content-type"), received.header("x-id")), (Some("application/json"), Some("é")));
    assert!(received.header("user-agent").is_some_and(|agent| agent.contains("tauri-plugin-clerk")));
    for name in ["cookie", "origin", "referer", "accept-encoding"] {
        assert_eq!(received.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn fetch_streams_the_body() {
    let more = Arc::new(Notify::new());
    let parts = vec![Part::Bytes(b"one".to_vec()), Part::Until(more.clone()), Part::Bytes(b"two".to_vec())];
    let (app, backend) = start(move |_| Reply { parts: parts.clone(), ..Reply::new(200) }).await;
    let mut response = fetch(&app, FetchRequest::get(backend.url("/v1/"))).await.unwrap();
    assert_eq!(with_timeout("a part", response.chunk()).await.unwrap().as_deref(), Some(&b"one"[..]));
    more.notify_one();
    assert_eq!(with_timeout("a part", response.chunk()).await.unwrap().as_deref(), Some(&b"two"[..]));
    assert!(response.has_body());
    assert_eq!(with_timeout("the end", response.chunk()).await.unwrap(), None);
    assert_eq!((response.has_body(), response.chunk().await.unwrap()), (false, None));
}

#[tokio::test]
async fn fetch_refuses_urls_and_headers_before_anything_is_sent() {
    let (app, backend) = start(|_| Reply::new(200)).await;
    for url in [
        backend.url("/"),
        backend.url("/v1evil"),
        backend.url("/v1/%2e%2e/admin"),
        backend.url("/v1/..%2fadmin"),
        backend.url("/v1/").replace("http://", "http://user@"),
        backend.url("/v1/").replace("127.0.0.1", "localhost"),
        "https://example.com/v1/".to_owned(),
        "/v1/".to_owned(),
    ] {
        assert_eq!(refusal(&app, FetchRequest::get(url.clone())).await, "fetch_not_allowed", "{url}");
    }
    for name in ["Authorization", "Cookie", "Host", "Origin", "Referer", "Transfer-Encoding"] {
        let error = fetch(&app, FetchRequest::get(backend.url("/v1/")).header(name, "x")).await.unwrap_err();
        assert_eq!(error.code(), "option_invalid", "{name}");
        assert!(error.to_string().contains(&name.to_lowercase()), "{error}");
    }
    assert_eq!((backend.requests().len(), minted(&app).len()), (0, 0));
}

#[tokio::test]
async fn fetch_without_configured_backends_is_refused() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    assert_eq!(refusal(&app, FetchRequest::get("http://127.0.0.1:1/")).await, "fetch_not_allowed");
}

#[tokio::test]
async fn fetch_requires_a_signed_in_user() {
    let backend = Backend::start(|_| Reply::new(200)).await;
    let unloaded =
        App::with(Arc::new(Emulator::start(config()).await.unwrap()), Arc::new(MemoryStore::default()), |setup| {
            setup.backends = Backends::new([&backend.origin], Arc::new(HttpBackendTransport::new())).unwrap();
        });
    assert_eq!(refusal(&unloaded, FetchRequest::get(&*backend.origin)).await, "not_loaded");
    let app = app(std::slice::from_ref(&backend.origin)).await;
    assert_eq!(refusal(&app, FetchRequest::get(&*backend.origin)).await, "no_active_session");
    app.sign_in_with_password().await;
    assert_eq!(fetch(&app, FetchRequest::get(&*backend.origin)).await.unwrap().status(), 200);
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    assert_eq!(refusal(&app, FetchRequest::get(&*backend.origin)).await, "no_active_session");
    assert_eq!(backend.requests().len(), 1);
}

#[tokio::test]
async fn fetch_withholds_credentials_in_headers() {
    let (app, backend) = start(|received| {
        let sent = received.header("authorization").unwrap().to_owned();
        Reply::new(200)
            .header("Set-Cookie", "id=1")
            .header("Authorization", "Bearer other")
            .header("Keep-Alive", "timeout=5")
            .header("X-Echo", sent.clone())
            .header("X-Other", format!("<{}>", sent.trim_start_matches("Bearer ")))
            .header("Link", "<a>")
            .header("Link", "<b>")
            .header("WWW-Authenticate", "Bearer")
    })
    .await;
    let response = fetch(&app, FetchRequest::get(backend.url("/v1/"))).await.unwrap();
    let headers: Vec<_> = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("link", "<a>"), ("link", "<b>"), ("www-authenticate", "Bearer")]);
}

#[tokio::test]
async fn fetch_follows_redirects_as_browsers_do() {
    let (app, backend) = start(|received| match received.target.split_once("to=") {
        Some((_, status)) => Reply::redirect(status.parse().unwrap(), "there?x=1"),
        None => Reply::text(200, "there"),
    })
    .await;
    for (method, status, expected) in [
        ("GET", "301", "GET"),
        ("POST", "301", "GET"),
        ("POST", "302", "GET"),
        ("PUT", "302", "PUT"),
        ("PUT", "303", "GET"),
        ("POST", "307", "POST"),
        ("PUT", "308", "PUT"),
        ("HEAD", "303", "HEAD"),
    ] {
        let request = FetchRequest::new(method, backend.url(&format!("/v1/a/b?to={status}"))).header("x-id", "7");
        let has_body = matches!(method, "POST" | "PUT");
        let request = if has_body { request.header("content-type", "text/plain").body("text") } else { request };
        let response = fetch(&app, request).await.unwrap();
        assert_eq!((response.status(), response.is_redirected()), (200, true), "{method} {status}");
        assert_eq!(response.url().as_str(), backend.url("/v1/a/there?x=1"));
        let last = backend.requests().pop().unwrap();
        let body = if has_body && expected == method { "text" } else { "" };
        assert_eq!((&*last.method, &*last.body), (expected, body.as_bytes()), "{method} {status}");
        assert_eq!((last.header("x-id"), last.header("content-type").is_some()), (Some("7"), !body.is_empty()));
        assert!(last.header("authorization").is_some());
    }
    let request = FetchRequest::get(backend.url("/v1/a/b?to=302")).follow_redirects(false);
    let response = fetch(&app, request).await.unwrap();
    assert_eq!((response.status(), response.header("location")), (302, Some("there?x=1")));
}

#[tokio::test]
async fn fetch_never_follows_a_redirect_with_the_token_to_elsewhere() {
    let other = Backend::start(|_| Reply::new(200)).await;
    let target = Arc::new(Mutex::new(String::new()));
    let to = target.clone();
    let backend = Backend::start(move |received| {
        let sent = received.header("authorization").unwrap().trim_start_matches("Bearer ").to_owned();
        let target = to.lock().unwrap().replace("TOKEN", &sent);
        // The first redirect is one that is followed.
        if received.target == "/v1/" { Reply::redirect(307, "/v1/x") } else { Reply::redirect(307, target) }
    })
    .await;
    // The other origin is allowed too, but it is not the one that was asked.
    let app = app(&[backend.url("/v1/"), other.origin.clone()]).await;
    app.sign_in_with_password().await;
    for place in [
        other.url("/v1/"),
        other.origin.replace("http:", ""),
        backend.url("/v1/").replace("127.0.0.1", "localhost"),
        backend.url("/v1/").replace("http:", "https:"),
        backend.url("/v1/").replace("http://", "http://user@"),
        backend.url("/v2/"),
        "/v1evil".to_owned(),
        "/v1/../admin".to_owned(),
        "/v1/..%2fadmin".to_owned(),
        "../admin".to_owned(),
        "//evil.example/v1/".to_owned(),
        "javascript:alert(1)".to_owned(),
        "http://[".to_owned(),
        "/v1/x?token=TOKEN".to_owned(),
        // In a circle.
        "/v1/x".to_owned(),
    ] {
        *target.lock().unwrap() = place.clone();
        let before = backend.requests().len();
        let error = fetch(&app, FetchRequest::get(backend.url("/v1/"))).await.unwrap_err();
        assert_eq!(error.code(), "fetch_redirect_refused", "{place}");
        assert!(!error.to_string().contains(&token(&app).await), "{error}");
        let sent = backend.requests().len() - before;
        assert_eq!(sent, if place == "/v1/x" { 11 } else { 2 }, "{place}");
    }
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn fetch_repeats_a_request_once_with_a_new_token() {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let refused = seen.clone();
    let (app, backend) = start(move |received| {
        let mut refused = refused.lock().unwrap();
        refused.push(received.header("authorization").unwrap().to_owned());
        Reply::text(if refused.len() == 1 { 401 } else { 200 }, received.body.clone())
    })
    .await;
    let response = fetch(&app, FetchRequest::post(backend.url("/v1/")).body("text")).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), "text", "the body is sent again");
    let session = app.clerk.session().unwrap().id;
    let path = format!("/v1/client/sessions/{session}/tokens");
    let minted_anew = minted(&app).into_iter().filter(|(at, skip_cache)| *at == path && *skip_cache).count();
    assert_eq!((minted_anew, backend.requests().len()), (1, 2));
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen[1], format!("Bearer {}", token(&app).await));
    wait_until("both connections to end", || backend.open() == 0).await;
}

#[tokio::test]
async fn fetch_returns_the_second_refusal_as_it_is() {
    let (app, backend) = start(|_| Reply::text(401, "go away")).await;
    let response = fetch(&app, FetchRequest::get(backend.url("/v1/"))).await.unwrap();
    assert_eq!((response.status(), backend.requests().len()), (401, 2));
    assert_eq!(response.text().await.unwrap(), "go away");
}

#[tokio::test]
async fn fetch_returns_the_refusal_if_there_is_no_new_token() {
    let (app, backend) = start(|_| Reply::text(401, "go away")).await;
    token(&app).await;
    app.emulator.revoke_session(app.clerk.session().unwrap().id.as_str());
    let response = fetch(&app, FetchRequest::get(backend.url("/v1/"))).await.unwrap();
    assert_eq!((response.status(), backend.requests().len()), (401, 1));
    assert_eq!(response.text().await.unwrap(), "go away");
}

#[tokio::test]
async fn fetch_asks_for_the_token_of_an_organization_or_template() {
    let (app, backend) = start(|_| Reply::new(200)).await;
    let organization = app.clerk.user().unwrap().organization_memberships[0].organization.id.clone();
    let get = || FetchRequest::get(backend.url("/v1/"));
    fetch(&app, get().organization_id(Change::Set(organization.clone()))).await.unwrap();
    let sent = backend.requests()[0].header("authorization").unwrap().to_owned();
    let payload = sent.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert!(claims.to_string().contains(organization.as_str()), "{claims}");
    let _ = fetch(&app, get().template("api")).await;
    assert!(minted(&app).iter().any(|(path, _)| path.ends_with("/tokens/api")));
}

#[tokio::test]
async fn fetch_reports_a_backend_that_can_not_be_reached() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let app = app(std::slice::from_ref(&closed)).await;
    app.sign_in_with_password().await;
    let error = fetch(&app, FetchRequest::get(format!("{closed}/private?q=private"))).await.unwrap_err();
    assert_eq!(error.code(), "network_error");
    assert!(!error.to_string().contains("private") && error.to_string().contains(&closed), "{error}");

    let parts = vec![Part::Bytes(b"half".to_vec()), Part::Cut];
    let (app, backend) = start(move |_| Reply { parts: parts.clone(), ..Reply::new(200) }).await;
    let mut response = fetch(&app, FetchRequest::get(backend.url("/v1/"))).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().as_deref(), Some(&b"half"[..]));
    assert_eq!(response.chunk().await.unwrap_err().code(), "network_error");
    assert_eq!(response.chunk().await.unwrap(), None, "it has ended");
}

#[tokio::test]
async fn fetch_has_no_body_where_there_is_none() {
    let (app, backend) =
        start(|received| Reply::new(received.target.trim_start_matches("/v1/").parse().unwrap())).await;
    for (method, status, expected) in
        [("GET", 204, false), ("GET", 205, false), ("GET", 304, false), ("HEAD", 200, false), ("GET", 200, true)]
    {
        let response = fetch(&app, FetchRequest::new(method, backend.url(&format!("/v1/{status}")))).await.unwrap();
        assert_eq!((response.status(), response.has_body()), (status, expected), "{method} {status}");
        assert_eq!(response.bytes().await.unwrap(), b"");
    }
}

#[tokio::test]
async fn fetch_limits_the_headers_of_a_response() {
    let (app, backend) = start(|received| {
        let length = received.target.trim_start_matches("/v1/").parse().unwrap();
        Reply::new(200).header("x-long", "x".repeat(length))
    })
    .await;
    assert!(fetch(&app, FetchRequest::get(backend.url("/v1/60000"))).await.is_ok());
    assert_eq!(refusal(&app, FetchRequest::get(backend.url("/v1/70000"))).await, "network_error");
}

#[tokio::test]
async fn dropping_a_request_or_response_ends_the_connection() {
    let (app, backend) = start(|received| match received.target.as_str() {
        "/v1/silent" => Reply { hold: Some(Arc::default()), ..Reply::new(200) },
        _ => Reply { parts: vec![Part::Bytes(b"x".to_vec()), Part::Never], ..Reply::new(200) },
    })
    .await;
    let (clerk, url) = (app.clerk.clone(), backend.url("/v1/silent"));
    let waiting = tokio::spawn(async move { clerk.fetch(FetchRequest::get(url)).await.map(|_| ()) });
    wait_until("the request", || backend.open() == 1 && backend.requests().len() == 1).await;
    waiting.abort();
    wait_until("the connection to end", || backend.open() == 0).await;

    let mut response = fetch(&app, FetchRequest::get(backend.url("/v1/endless"))).await.unwrap();
    response.chunk().await.unwrap();
    assert_eq!(backend.open(), 1);
    drop(response);
    wait_until("the connection to end", || backend.open() == 0).await;
}

/// A network in which something never arrives.
struct Silent {
    responds: bool,
}

impl BackendTransport for Silent {
    fn send(&self, _: BackendRequest) -> BoxFuture<'_, std::result::Result<BackendResponse, TransportError>> {
        let response =
            BackendResponse { status: 200, headers: Vec::new(), body: Box::pin(futures_util::stream::pending()) };
        match self.responds {
            true => Box::pin(std::future::ready(Ok(response))),
            false => Box::pin(std::future::pending()),
        }
    }
}

const URL: &str = "https://api.example.com/v1/";

/// An app without a real network, whose Clerk mints tokens or can't be reached for one.
async fn scripted(transport: impl BackendTransport + 'static, mints: bool) -> Clerk {
    let script = move |method: &str, path: &str| match path.ends_with("/tokens") {
        true if mints => json_response(200, &json!({ "jwt": jwt(&json!({})) })),
        true => None,
        false => two_sessions(method, path),
    };
    let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| {
        setup.backends = Backends::new([URL], Arc::new(transport)).unwrap();
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk
}

#[tokio::test(start_paused = true)]
async fn fetch_waits_for_the_headers_and_each_part_of_the_body_for_a_limited_time() {
    let clerk = scripted(Silent { responds: false }, true).await;
    let elapsed = async |request: FetchRequest| {
        clerk.session_token().await.unwrap();
        let started = tokio::time::Instant::now();
        assert_eq!(clerk.fetch(request).await.unwrap_err().code(), "network_error");
        started.elapsed()
    };
    let second = Duration::from_secs(1);
    let about = |elapsed: Duration, expected: Duration| elapsed >= expected && elapsed < expected + second;
    assert!(about(elapsed(FetchRequest::get(URL)).await, DEFAULT_IDLE_TIMEOUT));
    assert!(about(elapsed(FetchRequest::get(URL).idle_timeout(5 * second)).await, 5 * second));
    let upload = FetchRequest::post(URL).body(vec![0; 10 * 32 * 1024]);
    assert!(about(elapsed(upload).await, DEFAULT_IDLE_TIMEOUT + 10 * second), "a slow upload");

    let clerk = scripted(Silent { responds: true }, true).await;
    let mut response = clerk.fetch(FetchRequest::get(URL).idle_timeout(7 * second)).await.unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(response.chunk().await.unwrap_err().code(), "network_error");
    assert!(about(started.elapsed(), 7 * second));
    assert_eq!(response.chunk().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn fetch_reports_that_clerk_can_not_be_reached_for_a_token() {
    let clerk = scripted(Silent { responds: true }, false).await;
    assert_eq!(clerk.fetch(FetchRequest::get(URL)).await.unwrap_err().code(), "network_error");
}

/// Responds with the same part of a body, without end.
struct Endless {
    part: Vec<u8>,
    sent: Arc<AtomicUsize>,
}

impl BackendTransport for Endless {
    fn send(&self, _: BackendRequest) -> BoxFuture<'_, std::result::Result<BackendResponse, TransportError>> {
        let (part, sent) = (self.part.clone(), self.sent.clone());
        let body = Box::pin(futures_util::stream::repeat_with(move || {
            sent.fetch_add(1, Ordering::Relaxed);
            Ok(part.clone())
        }));
        Box::pin(std::future::ready(Ok(BackendResponse { status: 200, headers: Vec::new(), body })))
    }
}

#[tokio::test]
async fn bytes_of_a_response_are_limited() {
    let sent = Arc::<AtomicUsize>::default();
    let clerk = scripted(Endless { part: vec![0; 1024 * 1024], sent: sent.clone() }, true).await;
    let response = clerk.fetch(FetchRequest::get(URL)).await.unwrap();
    assert_eq!(response.bytes().await.unwrap_err().code(), "decode_error");
    assert_eq!(sent.load(Ordering::Relaxed), 65, "parts of a megabyte");
}

#[tokio::test]
async fn json_of_a_response_is_read_and_not_quoted_in_errors() {
    let (app, backend) = start(|_| Reply::text(200, "{ \"secret\":\n \"hunter2\" }")).await;
    let get = async || fetch(&app, FetchRequest::get(backend.url("/v1/"))).await.unwrap();
    assert_eq!(get().await.json::<Value>().await.unwrap(), json!({ "secret": "hunter2" }));
    let error = get().await.json::<std::collections::BTreeMap<String, u8>>().await.unwrap_err();
    assert_eq!(error.code(), "decode_error");
    assert!(error.to_string().contains("line 2") && !error.to_string().contains("hunter2"), "{error}");
}

/// Panics wherever it can.
struct Panicking {
    at_once: bool,
}

impl BackendTransport for Panicking {
    fn send(&self, _: BackendRequest) -> BoxFuture<'_, std::result::Result<BackendResponse, TransportError>> {
        assert!(!self.at_once, "this is a test");
        let body = Box::pin(futures_util::stream::poll_fn(|_| panic!("this is a test")));
        Box::pin(std::future::ready(Ok(BackendResponse { status: 200, headers: Vec::new(), body })))
    }
}

#[tokio::test]
async fn panic_of_a_transport_is_an_error_of_the_request() {
    let clerk = scripted(Panicking { at_once: true }, true).await;
    assert_eq!(clerk.fetch(FetchRequest::get(URL)).await.unwrap_err().code(), "network_error");
    let clerk = scripted(Panicking { at_once: false }, true).await;
    let task = tokio::spawn(async move { clerk.fetch(FetchRequest::get(URL)).await.unwrap().bytes().await });
    assert_eq!(join(task).await.unwrap_err().code(), "network_error");
}
