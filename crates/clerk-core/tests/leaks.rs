//! Nothing that is logged, reported, printed by a panic or stored in a plain file contains a secret.
//!
//! The secrets are not listed here: the transport notes whatever goes over the wire as one.

#![allow(clippy::print_stdout, reason = "the output is what is searched")]

use std::{
    collections::BTreeSet,
    error::Error as _,
    fmt::Debug,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use clerk_core::{
    AttemptKind, AuthenticateWithWeb3Params, GetTokenParams, HttpTransport, LoadOptions, RedirectOptions,
    SetActiveParams, SignInCreateParams, SignOutOptions, SignUpParams,
    error::{Error, ErrorPayload},
    ports::{
        BoxFuture, Browser, Event, EventSink, HttpMethod, HttpRequest, HttpResponse, SecretKey, SecretStore,
        StoreError, TokenUpdate, Transport, TransportError,
    },
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_emulator::{Action, Config, Decision, Emulator, Fault};
use clerk_testkit::{
    MemoryCache,
    app::{ADA, App, CALLBACK, PASSWORD, config, google_params, grace, password_params},
    join,
    wallet::TestWallet,
    with_timeout,
};
use serde_json::Value;
use url::Url;

use crate::support::{approve, sign_in_on};

/// Set in the process whose output is searched.
const SECOND_PROCESS: &str = "CLERK_TEST_LEAKS";
/// Marks the lines that name the secrets.
const NOTED: &str = "noted secret: ";

/// Names of parameters and fields whose values are secrets.
const SECRET_NAMES: &[&str] = &[
    "rotating_token_nonce",
    "expired_token",
    "code_verifier",
    "password",
    "ticket",
    "token",
    "jwt",
    "approval_token",
    "signature",
];

#[tokio::test]
async fn output_of_every_flow_and_failure_contains_no_secret() {
    if std::env::var_os(SECOND_PROCESS).is_some() {
        let seen = Arc::<Seen>::default();
        everything(&seen).await;
        println!();
        seen.0.lock().unwrap().iter().for_each(|secret| println!("{NOTED}{secret}"));
        return;
    }
    let mut second = Command::new(std::env::current_exe().unwrap());
    second
        .args(["--exact", "leaks::output_of_every_flow_and_failure_contains_no_secret", "--nocapture"])
        .env(SECOND_PROCESS, "1")
        .env("RUST_BACKTRACE", "full");
    let output = tokio::task::spawn_blocking(move || second.output().unwrap());
    let output = with_timeout("the second process to end", output).await.unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let (noted, printed): (Vec<&str>, Vec<&str>) =
        stdout.lines().chain(stderr.lines()).partition(|line| line.starts_with(NOTED));
    let printed = printed.join("\n");
    assert!(output.status.success(), "{printed}");
    for expected in [
        "TRACE",
        "FAPI responded",
        "form_password_incorrect",
        "oauth_access_denied",
        "deep_link_refused",
        "network_error",
        "decode_error",
        "SignedOut",
        "reason: Removed",
        "a listener of the auth state panicked",
        "the app's store fails",
        "the app's browser fails",
        "the app's event sink fails",
        "the app's choice fails",
        "Grace",
    ] {
        assert!(printed.contains(expected), "{expected} is part of the test, but was not printed:\n{printed}");
    }
    let secrets: BTreeSet<&str> = noted.iter().flat_map(|line| secret_parts(&line[NOTED.len()..])).collect();
    assert!(secrets.len() > 40, "{secrets:?}");
    for secret in secrets {
        let found = printed.lines().find(|line| line.contains(secret));
        assert!(found.is_none(), "{secret} was printed:\n{}", found.unwrap());
    }
}

/// Returns what is secret about a text. The header is the same for all JWTs of an instance. Codes are too short to be searched.
fn secret_parts(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split('.').collect();
    let parts = if parts.len() == 3 && parts[0].starts_with("eyJ") { parts[1..].to_vec() } else { vec![text] };
    parts.into_iter().filter(|part| part.len() >= 12).collect()
}

/// The secrets that went over the wire.
#[derive(Default)]
struct Seen(Mutex<BTreeSet<String>>);

impl Seen {
    fn note(&self, secret: impl Into<String>) {
        self.0.lock().unwrap().insert(secret.into());
    }

    fn note_pairs<'a>(&self, pairs: impl Iterator<Item = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>) {
        pairs.filter(|(name, _)| SECRET_NAMES.contains(&name.as_ref())).for_each(|(_, value)| self.note(value));
    }

    fn note_json(&self, json: &Value) {
        match json {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if SECRET_NAMES.contains(&name.as_str()) => self.note(text),
                        other => self.note_json(other),
                    }
                }
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.note_json(element)),
            _ => {}
        }
    }

    fn note_link(&self, link: &Url) {
        self.note_pairs(link.query_pairs());
    }
}

/// Notes the secrets of requests and responses.
struct Noting {
    http: HttpTransport,
    seen: Arc<Seen>,
    offline: Arc<AtomicBool>,
}

impl Transport for Noting {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        print("request", &request);
        self.seen.note_link(&request.url);
        if let Some(token) = &request.authorization {
            self.seen.note(token.expose());
        }
        if let HttpMethod::Post(body) = &request.method {
            self.seen.note_pairs(url::form_urlencoded::parse(body.expose().as_bytes()));
        }
        Box::pin(async move {
            if self.offline.load(Ordering::SeqCst) {
                return Err(TransportError { reason: "connection refused".to_owned() });
            }
            let response = self.http.send(request).await;
            print("response", &response);
            let response = response?;
            if let TokenUpdate::Set(token) = &response.token {
                self.seen.note(token.expose());
            }
            if let Ok(json) = serde_json::from_slice(&response.body) {
                self.seen.note_json(&json);
            }
            Ok(response)
        })
    }
}

/// A store, a browser, a sink and a choice of the app that panic when they are told to.
#[derive(Default)]
struct Fragile {
    store: MemoryStore,
    breaks: AtomicBool,
}

impl Fragile {
    fn may_break(&self, what: &str) {
        assert!(!self.breaks.load(Ordering::SeqCst), "the app's {what} fails");
    }
}

impl SecretStore for Fragile {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.store.read(key)
    }
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        print("written", &(key, &secret));
        self.may_break("store");
        self.store.write(key, secret)
    }
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.delete(key)
    }
}

struct FragileBrowser(Arc<Fragile>, Arc<dyn Browser>);

impl Browser for FragileBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        self.0.may_break("browser");
        self.1.open(url)
    }
}

struct PrintingSink(Arc<Fragile>, Arc<dyn EventSink>);

impl EventSink for PrintingSink {
    fn emit(&self, event: Event) {
        print("event", &event);
        self.1.emit(event);
        self.0.may_break("event sink");
    }
}

/// What the app consists of, apart from the emulator.
struct Parts {
    seen: Arc<Seen>,
    offline: Arc<AtomicBool>,
    cache: Arc<MemoryCache>,
    store: Arc<Fragile>,
    browser: Arc<Fragile>,
    sink: Arc<Fragile>,
    choice: Arc<Fragile>,
}

impl Parts {
    fn new(seen: &Arc<Seen>) -> Self {
        Self {
            seen: seen.clone(),
            offline: Arc::default(),
            cache: Arc::default(),
            store: Arc::default(),
            browser: Arc::default(),
            sink: Arc::default(),
            choice: Arc::default(),
        }
    }

    /// Starts the app, as after a restart if it ran before.
    async fn start(&self, emulator: &Arc<Emulator>) -> App {
        let app = App::with(emulator.clone(), self.store.clone(), |setup| {
            let (seen, offline) = (self.seen.clone(), self.offline.clone());
            setup.transport = Arc::new(Noting { http: HttpTransport::new(), seen, offline });
            setup.cache = Some(self.cache.clone());
            setup.browser = Arc::new(FragileBrowser(self.browser.clone(), setup.browser.clone()));
            setup.events = Arc::new(PrintingSink(self.sink.clone(), setup.events.clone()));
            setup.wallet = Some(Arc::new(TestWallet::new([])));
            let choice = self.choice.clone();
            setup.select_initial_session = Some(Arc::new(move |client| {
                choice.may_break("choice");
                client.sessions.first().map(|session| session.id.clone())
            }));
        });
        let clerk = app.clerk.clone();
        tokio::spawn(async move { clerk.keep_cache().await });
        report(app.clerk.load(LoadOptions::default()).await);
        app
    }
}

fn print(what: &str, value: &dyn Debug) {
    println!("{what}: {value:?} {value:#?}");
}

/// Prints a result as an app may: the whole chain of an error, and what a window gets.
fn report<T: Debug>(result: Result<T, Error>) {
    let Err(error) = result else { return print("result", &result) };
    print("error", &error);
    println!("{error} {}", serde_json::to_string(&ErrorPayload::from(&error)).unwrap());
    let mut source = error.source();
    while let Some(cause) = source {
        println!("{cause} {cause:?} {cause:#?}");
        source = cause.source();
    }
}

/// Prints everything that the handle shows, to Rust and to windows.
fn show(app: &App) {
    let clerk = &app.clerk;
    print("clerk", clerk);
    print("client", &clerk.client());
    println!("{}", serde_json::to_string(&*clerk.snapshot_for_window()).unwrap());
    println!("{}", serde_json::to_string(&clerk.notices()).unwrap());
    print("notices", &clerk.notices());
    println!("{}", serde_json::to_string(&clerk.auth_events()).unwrap());
    print("events", &clerk.auth_events());
}

async fn follow(app: &App, seen: &Seen, link: &Url) {
    seen.note_link(link);
    print("link", &app.clerk.handle_deep_link(link).await);
}

async fn sign_in(app: &App, password: &str) {
    match app.clerk.create_sign_in(password_params(ADA, password)).await {
        Ok(sign_in) => {
            print("sign-in", &sign_in);
            if let Some(session) = sign_in.created_session_id {
                report(app.clerk.set_active(SetActiveParams::session(session)).await);
            }
        }
        Err(error) => report(Err::<(), _>(error)),
    }
}

async fn everything(seen: &Arc<Seen>) {
    tracing_subscriber::fmt()
        .with_env_filter("trace,clerk_emulator=off")
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let emulator = Arc::new(Emulator::start(config()).await.unwrap());
    let parts = Parts::new(seen);
    let app = parts.start(&emulator).await;
    ordinary_flows(&app, &parts).await;
    failures(&app, &parts).await;
    drop(app);
    panics(&parts, &emulator).await;
    let config = Config::preset("web3").unwrap();
    let app = Parts::new(seen).start(&Arc::new(Emulator::start(config).await.unwrap())).await;
    let params = AuthenticateWithWeb3Params::new("web3_metamask_signature");
    report(app.clerk.authenticate_with_web3(params).await);
    show(&app);
    let sealed = parts.cache.0.lock().unwrap().clone().unwrap();
    println!("{}", String::from_utf8_lossy(&sealed));
}

async fn ordinary_flows(app: &App, parts: &Parts) {
    let (clerk, seen, emulator) = (&app.clerk, &parts.seen, &app.emulator);
    sign_in(app, "a-wrong-password").await;
    sign_in(app, PASSWORD).await;
    report(clerk.session_token().await);
    let id = clerk.session().unwrap().id;
    let token = GetTokenParams { skip_cache: true, ..GetTokenParams::new(id.clone()) };
    print("params", &token);
    report(clerk.get_token(token).await);
    report(clerk.touch().await);
    show(app);
    assert!(emulator.revoke_session(id.as_str()));
    report(clerk.handle_unauthenticated().await);
    show(app);
    // Signed out without a network; the session ends on the server later.
    sign_in(app, PASSWORD).await;
    parts.offline.store(true, Ordering::SeqCst);
    report(clerk.end_sessions(SignOutOptions::default()).await);
    parts.offline.store(false, Ordering::SeqCst);
    show(app);

    for (decision, attempt) in
        [(Decision::Deny, AttemptKind::SignIn), (Decision::Approve(grace()), AttemptKind::SignIn)]
    {
        let (flow, page) = app.begin(google_params(attempt)).await;
        let forged = Url::parse(&format!("{CALLBACK}?rotating_token_nonce=a-forged-nonce-of-a-stranger")).unwrap();
        follow(app, seen, &forged).await;
        let link = emulator.decide(&page, decision).unwrap();
        follow(app, seen, &link).await;
        report(join(flow).await);
        follow(app, seen, &link).await;
    }
    show(app);
    report(clerk.sign_out(SignOutOptions::default()).await);

    let pages = app.browser.0.lock().unwrap().len();
    let hosted = clerk.clone();
    let flow = tokio::spawn(async move { hosted.redirect_to_sign_in(&RedirectOptions::default()).await });
    let link = sign_in_on(&app.page(pages).await).await;
    follow(app, seen, &link).await;
    report(join(flow).await);
    report(clerk.sign_out(SignOutOptions::default()).await);

    emulator.configure(|config| config.identifiers.email_verification = vec!["email_link".to_owned()]);
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() };
    let id = clerk.create_sign_in(params).await.unwrap().id;
    let by_link = clerk.clone();
    let flow = tokio::spawn(async move { by_link.sign_in_with_email_link(&id, None).await });
    let mailed = with_timeout("a message", async {
        loop {
            match emulator.latest_link(ADA) {
                Some(link) => break link,
                None => tokio::time::sleep(std::time::Duration::from_millis(2)).await,
            }
        }
    });
    let link = approve(&mailed.await).await;
    follow(app, seen, &link).await;
    report(join(flow).await);
    show(app);
    report(clerk.sign_out(SignOutOptions::default()).await);
}

async fn failures(app: &App, parts: &Parts) {
    let respond = |status, body: &str| Action::Respond {
        status,
        content_type: "application/json".to_owned(),
        body: body.to_owned(),
    };
    for action in [
        respond(500, "{}"),
        respond(429, r#"{"errors":[{"code":"too_many_requests","message":"Too many"}]}"#),
        respond(302, ""),
        Action::Html,
        Action::Malformed,
        Action::Truncate { bytes: 40 },
        Action::Disconnect,
        Action::Reset,
        Action::LoseAnswer,
    ] {
        print("failure", &action);
        app.emulator.fault(Fault::new("/v1/client/*", action));
        sign_in(app, PASSWORD).await;
        let params = SignUpParams { password: Some("a-password-of-a-sign-up".to_owned()), ..Default::default() };
        print("params", &params);
        report(app.clerk.create_sign_up(params).await);
        report(app.clerk.session_token().await);
        app.emulator.clear_faults();
    }
    parts.offline.store(true, Ordering::SeqCst);
    sign_in(app, PASSWORD).await;
    parts.offline.store(false, Ordering::SeqCst);
    show(app);
}

async fn panics(parts: &Parts, emulator: &Arc<Emulator>) {
    let app = parts.start(emulator).await;
    app.clerk.add_listener(|snapshot| panic!("the app's listener fails: {snapshot:?}"));
    app.clerk.on_auth_event(|event| panic!("the app's listener of auth events fails: {event:?}"));
    for fragile in [&parts.store, &parts.sink, &parts.browser] {
        // Whoever is signed in is not sent to the browser.
        report(app.clerk.sign_out(SignOutOptions::default()).await);
        fragile.breaks.store(true, Ordering::SeqCst);
        let (clerk, browsing) = (app.clerk.clone(), app.clerk.clone());
        let pages = app.browser.0.lock().unwrap().len();
        let params = google_params(AttemptKind::SignIn);
        let mut flow = tokio::spawn(async move { browsing.authenticate_with_redirect(params).await });
        let ended = tokio::select! {
            ended = &mut flow => ended,
            _ = app.page(pages) => {
                app.clerk.cancel_authentication().await;
                flow.await
            }
        };
        print("task", &ended.map(report));
        let signing_in = tokio::spawn(async move { clerk.create_sign_in(password_params(ADA, PASSWORD)).await });
        print("task", &with_timeout("the sign-in to end", signing_in).await.map(report));
        fragile.breaks.store(false, Ordering::SeqCst);
        show(&app);
    }
    sign_in(&app, PASSWORD).await;
    if let Some(session) = app.clerk.session() {
        emulator.revoke_session(session.id.as_str());
        report(app.clerk.handle_unauthenticated().await);
    }
    sign_in(&app, PASSWORD).await;
    drop(app);
    let starting = Parts::new(&parts.seen);
    starting.choice.breaks.store(true, Ordering::SeqCst);
    let emulator = emulator.clone();
    let started = tokio::spawn(async move { show(&starting.start(&emulator).await) });
    print("task", &with_timeout("the start to end", started).await);
}
