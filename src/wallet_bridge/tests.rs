//! Tests of the bridge, which take the part of its page and of its attackers.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::loopback::server::{Accept, REQUEST_TIMEOUT, Respond, serve};

/// A browser that records the URL it should open.
#[derive(Default)]
struct RecordingBrowser(Mutex<Option<Url>>);

impl Browser for RecordingBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        *self.0.lock().unwrap() = Some(url.clone());
        Ok(())
    }
}

/// A program that knows what it was given, e.g. the browser after it loaded the page.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    /// The opened URL, which is an argument of the browser's process.
    opened: Url,
    cookie: Option<String>,
    secret: String,
}

impl Client {
    fn origin(&self) -> String {
        self.opened.origin().ascii_serialization()
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}/{path}", self.origin()));
        let request = self.cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie));
        request.send().await.unwrap()
    }

    /// Opens the URL, as the browser does, and reads the page. Returns its text.
    async fn load(&mut self) -> String {
        let page = self.get(&self.opened.path()[1..]).await;
        assert_eq!(page.status(), 200);
        let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
        self.cookie = cookie.split(';').next().map(str::to_owned);
        let html = page.text().await.unwrap();
        let secret = html.split("data-secret=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        assert!(cookie.ends_with(&format!("; Path=/{secret}; HttpOnly; SameSite=Strict")), "{cookie}");
        self.secret = secret;
        html
    }

    fn request(&self, step: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/{}/{step}", self.origin(), self.secret)).body(body.to_string());
        self.cookie.iter().fold(request, |request, cookie| request.header("cookie", cookie))
    }

    async fn post(&self, step: &str, body: Value) -> (u16, Value) {
        let response = self.request(step, &body).header("origin", self.origin()).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }
}

type Connecting = JoinHandle<Result<Box<dyn WalletConnection>, WalletError>>;

/// Begins a sign-in. Returns it and a browser that has not loaded the page yet.
async fn begin(provider: &'static str) -> (Connecting, Client) {
    let browser = Arc::new(RecordingBrowser::default());
    let bridge = WalletBridge::new(browser.clone(), "Notes & <More>", Duration::from_secs(60));
    let connecting = tokio::spawn(async move { bridge.open(provider).await });
    let opened = loop {
        if let Some(url) = browser.0.lock().unwrap().clone() {
            break url;
        }
        tokio::task::yield_now().await;
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    (connecting, Client { http, opened, cookie: None, secret: "guess".to_owned() })
}

/// Begins a sign-in and loads the page.
async fn open(provider: &'static str) -> (Connecting, Client) {
    let (connecting, mut page) = begin(provider).await;
    page.load().await;
    (connecting, page)
}

async fn misused(connecting: Connecting) -> bool {
    matches!(connecting.await.unwrap().err(), Some(WalletError::Misused(_)))
}

#[tokio::test]
async fn wallet_bridge_returns_address_and_signatures() {
    let (connecting, page) = open("metamask").await;
    let signing = async {
        let (status, next) = page.post("address", json!({ "address": "0xabc" })).await;
        assert_eq!((status, &next["message"]), (200, &json!("first")));
        let (_, next) = page.post("signature", json!({ "signature": "0x1" })).await;
        assert_eq!(next["message"], "second");
        let (_, next) = page.post("signature", json!({ "rejected": true })).await;
        assert_eq!(
            next,
            json!({ "signed": false }),
            "nothing is left to do, and the page does not say that it is done"
        );
    };
    let app = async {
        let mut connection = connecting.await.unwrap().unwrap();
        assert_eq!(connection.address(), "0xabc");
        assert_eq!(connection.sign("first").await, Ok("0x1".to_owned()));
        assert_eq!(connection.sign("second").await, Err(WalletError::Rejected));
    };
    tokio::join!(signing, app);
}

#[tokio::test]
async fn wallet_bridge_ends_the_page_as_signed_after_the_last_signature() {
    let (connecting, page) = open("metamask").await;
    let signing = async {
        page.post("address", json!({ "address": "0xabc" })).await;
        assert_eq!(page.post("signature", json!({ "signature": "0x1" })).await, (200, json!({ "signed": true })));
    };
    let app = async { connecting.await.unwrap().unwrap().sign("message").await };
    assert_eq!(tokio::join!(signing, app).1, Ok("0x1".to_owned()));
}

#[tokio::test]
async fn wallet_bridge_page_names_the_app_and_has_a_strict_policy() {
    let (connecting, mut page) = begin("okx\"><script>").await;
    let html = page.load().await;
    assert!(html.contains("<h1>Sign in to Notes &#38; &#60;More&#62;</h1>"), "{html}");
    assert!(html.contains("eip6963:requestProvider") && !html.contains("okx\">") && !html.contains("{{"), "{html}");
    let response = page.get(&format!("{}/", page.secret)).await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for response in [response, page.get("elsewhere").await] {
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    connecting.abort();
}

/// What a program knows that reads the command line of the browser.
#[tokio::test]
async fn wallet_bridge_address_is_void_after_the_page_was_loaded() {
    for after_address in [false, true] {
        let (connecting, mut page) = begin("metamask").await;
        let stranger = Client { http: reqwest::Client::builder().no_proxy().build().unwrap(), ..page.clone() };
        page.load().await;
        let mut connection = None;
        if after_address {
            let page = page.clone();
            tokio::spawn(async move { page.post("address", json!({ "address": "0xabc" })).await });
            connection = Some(connecting.await.unwrap().unwrap());
            assert_eq!(stranger.get(&stranger.opened.path()[1..]).await.status(), 403, "the ticket is void");
            let signed = connection.as_mut().unwrap().sign("message").await;
            assert!(matches!(signed, Err(WalletError::Misused(_))), "{signed:?}");
        } else {
            assert_eq!(stranger.get(&stranger.opened.path()[1..]).await.status(), 403, "the ticket is void");
            assert!(misused(connecting).await, "the second client ends the flow");
        }
        for secret in [stranger.opened.path()[1..].to_owned(), page.secret.clone()] {
            let stranger = Client { secret, ..stranger.clone() };
            assert_eq!(stranger.post("address", json!({ "address": "0xattacker" })).await.0, 403);
        }
        drop(connection);
    }
}

/// The other user opened the address before the browser did, and answers for the wallet.
#[tokio::test]
async fn wallet_bridge_ends_when_the_browser_comes_second() {
    let (connecting, mut attacker) = begin("metamask").await;
    let browser = attacker.clone();
    attacker.load().await;
    let posted = tokio::spawn(async move { attacker.post("address", json!({ "address": "0xattacker" })).await });
    let mut connection = connecting.await.unwrap().unwrap();
    assert_eq!(browser.get(&browser.opened.path()[1..]).await.status(), 403);
    assert!(matches!(connection.sign("secret message").await, Err(WalletError::Misused(_))));
    drop(connection);
    assert_eq!(posted.await.unwrap(), (409, Value::Null), "the message was not sent on");
}

#[tokio::test]
async fn wallet_bridge_ends_when_a_second_address_arrives() {
    let (connecting, page) = open("metamask").await;
    let first = page.clone();
    let first = tokio::spawn(async move { first.post("address", json!({ "address": "0xabc" })).await });
    let mut connection = connecting.await.unwrap().unwrap();
    assert_eq!(page.post("address", json!({ "address": "0xother" })).await.0, 409);
    assert!(matches!(connection.sign("message").await, Err(WalletError::Misused(_))));
    assert_eq!(first.await.unwrap().0, 409, "neither page ends as done");
    assert_eq!(page.post("signature", json!({ "signature": "0x1" })).await.0, 409);
}

#[tokio::test]
async fn wallet_bridge_ends_while_it_waits_for_a_signature() {
    let (connecting, page) = open("metamask").await;
    let stranger = Client { cookie: None, ..page.clone() };
    let signing = async {
        assert_eq!(page.post("address", json!({ "address": "0xabc" })).await.0, 200);
        assert_eq!(stranger.post("signature", json!({ "signature": "0xattacker" })).await.0, 403);
        assert_eq!(page.post("signature", json!({ "signature": "0x1" })).await.0, 409);
    };
    let app = async { connecting.await.unwrap().unwrap().sign("message").await };
    assert!(matches!(tokio::join!(signing, app).1, Err(WalletError::Misused(_))));
}

/// A reload of the page is no attack.
#[tokio::test]
async fn wallet_bridge_page_can_be_reloaded_by_its_browser() {
    let (connecting, page) = open("metamask").await;
    let signing = async {
        assert_eq!(page.post("address", json!({ "address": "0xabc" })).await.1["message"], "message");
        assert_eq!(page.get(&page.opened.path()[1..]).await.status(), 403, "the ticket is void for everybody");
        assert_eq!(page.get(&format!("{}/", page.secret)).await.status(), 200);
        assert_eq!(page.post("address", json!({ "address": "0xabc" })).await.1["message"], "message");
        page.post("signature", json!({ "signature": "0x1" })).await
    };
    let app = async { connecting.await.unwrap().unwrap().sign("message").await };
    assert_eq!(tokio::join!(signing, app), ((200, json!({ "signed": true })), Ok("0x1".to_owned())));
}

#[tokio::test]
async fn wallet_bridge_rejects_messages_of_programs_without_the_cookie() {
    for (cookie, secret, origin) in
        [(false, true, true), (true, false, true), (true, true, false), (false, false, false)]
    {
        let (connecting, page) = open("metamask").await;
        let client = Client {
            cookie: page.cookie.clone().filter(|_| cookie),
            secret: if secret { page.secret.clone() } else { "guess".to_owned() },
            ..page
        };
        let request = client.request("address", &json!({ "address": "0xevil" }));
        let request = if origin { request.header("origin", client.origin()) } else { request };
        assert_eq!(request.send().await.unwrap().status(), 403);
        assert!(misused(connecting).await, "{cookie} {secret} {origin}");
    }
}

/// Pages of other sites know nothing but may guess the port, so they can neither sign in nor disturb.
#[tokio::test]
async fn wallet_bridge_rejects_pages_of_other_sites_and_goes_on() {
    let (connecting, page) = open("metamask").await;
    let evil = json!({ "address": "0xevil" });
    for request in [
        page.request("address", &evil).header("origin", "https://evil.example"),
        page.request("address", &evil).header("origin", "null"),
        page.request("address", &evil).header("origin", page.origin()).header("host", "evil.example"),
        page.http.get(page.opened.clone()).header("host", "evil.example"),
        Client { cookie: None, ..page.clone() }.http.get(format!("{}/{}/", page.origin(), page.secret)),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    assert_eq!(page.get("favicon.ico").await.status(), 404);
    assert_eq!(page.post("address", json!({ "garbage": true })).await.0, 400);
    assert_eq!(page.post("address", json!("x".repeat(65 * 1024))).await.0, 400);
    assert_eq!(page.post("elsewhere", json!({})).await.0, 404);
    assert!(!connecting.is_finished());
    connecting.abort();
}

#[tokio::test]
async fn wallet_bridge_reports_failure_of_wallet() {
    for (body, expected) in [
        (json!({ "rejected": true }), WalletError::Rejected),
        (json!({ "unavailable": true }), WalletError::Unavailable("no wallet was found in the browser".to_owned())),
        (json!({ "failure": "it broke" }), WalletError::Failed("it broke".to_owned())),
    ] {
        let (connecting, page) = open("base").await;
        let (response, failed) = tokio::join!(page.post("failure", body), async { connecting.await.unwrap() });
        assert_eq!(response, (200, json!({ "signed": false })));
        assert_eq!(failed.err(), Some(expected));
    }
}

#[tokio::test]
async fn wallet_bridge_rejects_solana() {
    let bridge = WalletBridge::new(Arc::new(RecordingBrowser::default()), "app", Duration::from_secs(1));
    assert!(matches!(bridge.open("solana").await.err(), Some(WalletError::Unavailable(_))));
}

#[tokio::test]
async fn wallet_bridge_reports_browser_that_cannot_open() {
    struct None;
    impl Browser for None {
        fn open(&self, _: &Url) -> Result<(), String> {
            Err("no browser".to_owned())
        }
    }
    let bridge = WalletBridge::new(Arc::new(None), "app", Duration::from_secs(1));
    let failed = bridge.open("metamask").await.err();
    assert_eq!(failed, Some(WalletError::BrowserUnavailable("no browser".to_owned())));
}

fn address(page: &Client) -> SocketAddr {
    page.opened.socket_addrs(|| None).unwrap()[0]
}

#[tokio::test]
async fn wallet_bridge_loads_although_silent_connections_are_open() {
    let (connecting, mut page) = begin("metamask").await;
    let mut silent = Vec::new();
    for _ in 0..4 * Bridge::MAX_CONNECTIONS {
        silent.push(TcpStream::connect(address(&page)).await.unwrap());
    }
    page.load().await;
    connecting.abort();
}

/// The time is Tokio's, which advances while nothing else happens.
#[tokio::test(start_paused = true)]
async fn wallet_bridge_closes_connections_that_send_no_complete_request() {
    let (connecting, page) = begin("metamask").await;
    for beginning in ["", "GET / HTTP/1.1\r\nHo"] {
        let started = tokio::time::Instant::now();
        let mut connection = TcpStream::connect(address(&page)).await.unwrap();
        connection.write_all(beginning.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // hyper may say 408 first, or reset the connection.
        let ended = tokio::time::timeout(10 * REQUEST_TIMEOUT, connection.read_to_end(&mut rest)).await;
        assert!(ended.is_ok() && started.elapsed() < 2 * REQUEST_TIMEOUT, "{beginning:?}");
    }
    connecting.abort();
}

/// A listener that fails as one does when the process has no file descriptors left.
struct Exhausted {
    listener: TcpListener,
    failures: Arc<AtomicUsize>,
}

impl Accept for Exhausted {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        const EMFILE: i32 = 24;
        if self.failures.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok() {
            return Err(io::Error::from_raw_os_error(EMFILE));
        }
        self.listener.accept().await
    }
}

#[tokio::test]
async fn wallet_bridge_survives_errors_of_accept() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (bridge, _channels) = Bridge::new(listener.local_addr().unwrap().to_string(), "app", "metamask");
    let opened = Url::parse(&bridge.url()).unwrap();
    let failures = Arc::new(AtomicUsize::new(3));
    let exhausted = Exhausted { listener, failures: failures.clone() };
    let server = tokio::spawn(async move { serve(exhausted, Arc::new(bridge), &mut JoinSet::new()).await });
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Client { http, opened, cookie: None, secret: String::new() }.load().await;
    assert_eq!(failures.load(Ordering::Acquire), 0);
    server.abort();
}

/// A wallet with a fixed address.
struct Fixed;

impl Wallet for Fixed {
    fn connect<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Box<dyn WalletConnection>, WalletError>> {
        Box::pin(async { Ok(Box::new(Fixed) as Box<dyn WalletConnection>) })
    }
}

impl WalletConnection for Fixed {
    fn address(&self) -> &'static str {
        "0xabc"
    }

    fn sign<'a>(&'a mut self, _: &'a str) -> BoxFuture<'a, Result<String, WalletError>> {
        Box::pin(async { Ok("0x1".to_owned()) })
    }
}

#[tokio::test(start_paused = true)]
async fn confirm_wallet_decides_before_the_wallet_is_used() {
    let connect = |confirm: ConfirmWallet| async move {
        let wallet = ConfirmedWallet::new(Arc::new(Fixed), confirm, Duration::from_secs(60));
        wallet.connect("metamask", None).await.map(|connection| connection.address().to_owned())
    };
    let confirmed = connect(Arc::new(|address| Box::pin(async move { address == "0xabc" }))).await;
    assert_eq!(confirmed, Ok("0xabc".to_owned()));
    assert_eq!(connect(Arc::new(|_| Box::pin(async { false }))).await, Err(WalletError::NotConfirmed));
    let silent = connect(Arc::new(|_| Box::pin(std::future::pending()))).await;
    assert_eq!(silent, Err(WalletError::NotConfirmed), "the app has a limited time");
}
