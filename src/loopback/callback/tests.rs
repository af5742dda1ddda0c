//! Tests of the callback URL on this computer: what a browser, other programs and other sites get there.

use std::sync::{
    Mutex as StdMutex,
    atomic::{AtomicUsize, Ordering as AtomicOrdering},
};

use clerk_emulator::{Decision, Emulator};
use clerk_testkit::{
    app::{ADA, App, PASSWORD, config, google_params, grace},
    with_timeout,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::core::{AttemptKind, LoadOptions, storage::MemoryStore};

const LIFETIME: Duration = Duration::from_secs(60);

/// A listener whose links have an outcome that the test sets.
struct Callback {
    listener: LoopbackListener,
    url: Url,
    outcome: Arc<StdMutex<LinkOutcome>>,
    links: Arc<StdMutex<Vec<String>>>,
    shown: Arc<AtomicUsize>,
}

fn free_url() -> CallbackUrl {
    CallbackUrl::parse_loopback(&format!("http://127.0.0.1:{}/callback", free_port().unwrap())).unwrap()
}

impl Callback {
    fn new() -> Self {
        let (callback, shown) = (free_url(), Arc::<AtomicUsize>::default());
        let counter = shown.clone();
        let show = move || {
            counter.fetch_add(1, AtomicOrdering::SeqCst);
        };
        Self {
            url: callback.as_url().clone(),
            listener: LoopbackListener::new(callback, "Notes <&> Co", show),
            outcome: Arc::new(StdMutex::new(LinkOutcome::Delivered)),
            links: Arc::default(),
            shown,
        }
    }

    async fn listen(&self) -> Listening {
        self.try_listen(LIFETIME).await.unwrap()
    }

    async fn try_listen(&self, lifetime: Duration) -> Result<Listening, String> {
        let (outcome, links) = (self.outcome.clone(), self.links.clone());
        let handle: HandleCallback = Arc::new(move |link| {
            links.lock().unwrap().push(link.to_string());
            let outcome = *outcome.lock().unwrap();
            Box::pin(std::future::ready(outcome))
        });
        self.listener.listen(lifetime, handle).await
    }

    fn links(&self) -> Vec<String> {
        self.links.lock().unwrap().clone()
    }

    /// Sends a request as a browser does for a page that the user opens. `more` are further headers.
    async fn get(&self, path: &str, more: &[(&str, &str)]) -> reqwest::Result<reqwest::Response> {
        self.send(reqwest::Method::GET, path, more).await
    }

    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        more: &[(&str, &str)],
    ) -> reqwest::Result<reqwest::Response> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.request(method, self.url.join(path).unwrap());
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        request.send().await
    }
}

const NAVIGATION: [(&str, &str); 2] = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

#[tokio::test]
async fn callback_is_passed_on_with_its_query_and_answered_with_a_page() {
    let callback = Callback::new();
    let _listening = callback.listen().await;
    let page = callback.get("/callback?rotating_token_nonce=a%20b&x=1", &NAVIGATION).await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    let text = page.text().await.unwrap();
    assert!(text.contains("You can close this tab") && text.contains("Notes &#60;&#38;&#62; Co"), "{text}");
    assert!(!text.contains("{{") && !text.contains("nonce=a"), "{text}");
    assert_eq!(callback.links(), [format!("{}?rotating_token_nonce=a%20b&x=1", callback.url)]);
    assert_eq!(callback.shown.load(AtomicOrdering::SeqCst), 1);
}

#[tokio::test]
async fn callback_that_proves_nothing_goes_on_and_one_that_finishes_is_the_last() {
    let callback = Callback::new();
    let _listening = callback.listen().await;
    *callback.outcome.lock().unwrap() = LinkOutcome::Refused;
    for _ in 0..3 {
        let page = callback.get("/callback?state=wrong", &NAVIGATION).await.unwrap();
        assert_eq!(page.status(), 400);
        assert!(page.text().await.unwrap().contains("Return to Notes"));
    }
    assert_eq!(callback.shown.load(AtomicOrdering::SeqCst), 0);
    *callback.outcome.lock().unwrap() = LinkOutcome::Resumed;
    assert_eq!(callback.get("/callback?state=right", &[]).await.unwrap().status(), 200);
    let again = callback.get("/callback?state=right", &NAVIGATION).await.unwrap();
    assert_eq!(again.status(), 410);
    assert!(again.text().await.unwrap().contains("You can close this tab"));
    assert_eq!(callback.links().len(), 4, "nothing is passed on after the end");
}

#[tokio::test]
async fn callback_refuses_other_hosts_paths_methods_and_what_no_user_sees() {
    let callback = Callback::new();
    let _listening = callback.listen().await;
    let port = callback.url.port().unwrap();
    let hosts = [
        "evil.example.com".to_owned(),
        format!("localhost:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
    ];
    for host in &hosts {
        assert_eq!(callback.get("/callback?x=1", &[("host", host)]).await.unwrap().status(), 403, "{host}");
    }
    for path in ["/", "/favicon.ico", "/callback/", "/callback/more", "/Callback", "/%63allback", "//callback"] {
        let path = format!("http://127.0.0.1:{port}{path}");
        assert_eq!(callback.get(&path, &NAVIGATION).await.unwrap().status(), 404, "{path}");
    }
    for method in [reqwest::Method::POST, reqwest::Method::HEAD, reqwest::Method::OPTIONS, reqwest::Method::DELETE] {
        assert_eq!(callback.send(method.clone(), "/callback", &[]).await.unwrap().status(), 405, "{method}");
    }
    for hidden in [
        [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        [("sec-fetch-mode", ""), ("sec-fetch-dest", "document")],
    ] {
        assert_eq!(callback.get("/callback", &hidden).await.unwrap().status(), 403, "{hidden:?}");
    }
    assert_eq!(callback.links(), [""; 0]);
}

#[tokio::test]
async fn callback_is_answered_while_slow_clients_are_connected() {
    let callback = Callback::new();
    let _listening = callback.listen().await;
    let mut slow = Vec::new();
    for _ in 0..30 {
        let mut stream = TcpStream::connect(("127.0.0.1", callback.url.port().unwrap())).await.unwrap();
        stream.write_all(b"GET /callback?rotating_token_nonce=n HTTP/1.1\r\nHos").await.unwrap();
        slow.push(stream);
    }
    let page = with_timeout("the page", callback.get("/callback", &NAVIGATION)).await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(callback.links(), [callback.url.as_str()], "an unfinished request is not passed on");
}

/// The browser does not wait: the user closes the tab while Clerk is asked.
#[tokio::test]
async fn callback_is_handled_to_the_end_when_the_browser_closes_the_connection() {
    let callback = Callback::new();
    let (go_on, wait) = oneshot::channel::<()>();
    let (asked, began) = oneshot::channel::<()>();
    let steps = StdMutex::new(Some((asked, wait)));
    let handle: HandleCallback = Arc::new(move |_| {
        let steps = steps.lock().unwrap().take();
        Box::pin(async move {
            let (asked, wait) = steps.expect("one link");
            asked.send(()).unwrap();
            wait.await.unwrap();
            LinkOutcome::Delivered
        })
    });
    let listening = callback.listener.listen(LIFETIME, handle).await.unwrap();
    let host = format!("127.0.0.1:{}", callback.url.port().unwrap());
    let mut browser = TcpStream::connect(&host).await.unwrap();
    browser.write_all(format!("GET /callback HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    with_timeout("the link to arrive", began).await.unwrap();
    browser.shutdown().await.unwrap();
    let mut response = Vec::new();
    // Returns when the server has given up the connection.
    let _ = with_timeout("the connection to be closed", browser.read_to_end(&mut response)).await;
    assert_eq!(response, b"", "nobody waits for the response");
    // Also the end of the flow does not end what is left to do.
    drop(listening);
    go_on.send(()).expect("the link is still being handled");
    with_timeout("the app to be shown", async {
        while callback.shown.load(AtomicOrdering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn callback_says_the_same_for_a_while_after_its_flow_ended() {
    let callback = Callback::new();
    drop(callback.listen().await);
    let page = callback.get("/callback?__clerk_status=verified", &NAVIGATION).await.unwrap();
    assert_eq!(page.status(), 410);
    assert!(page.text().await.unwrap().contains("You can close this tab"));
    assert_eq!(callback.links(), [""; 0]);
}

#[tokio::test]
async fn callback_is_answered_while_many_links_are_being_judged() {
    let callback = Callback::new();
    let links = callback.links.clone();
    let handle: HandleCallback = Arc::new(move |link| {
        links.lock().unwrap().push(link.to_string());
        Box::pin(async move {
            if link.query() == Some("forged") {
                std::future::pending::<()>().await;
            }
            LinkOutcome::Delivered
        })
    });
    let _listening = callback.listener.listen(LIFETIME, handle).await.unwrap();
    let host = format!("127.0.0.1:{}", callback.url.port().unwrap());
    let mut forged = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        stream.write_all(format!("GET /callback?forged HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
        forged.push(stream);
    }
    with_timeout("the links to arrive", async {
        while callback.links().len() < 40 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(callback.get("/callback?genuine", &NAVIGATION).await.unwrap().status(), 200);
}

#[tokio::test]
async fn listen_says_that_another_program_listens_on_the_port() {
    let callback = Callback::new();
    let other = std::net::TcpListener::bind(("127.0.0.1", callback.url.port().unwrap())).unwrap();
    let refused = callback.try_listen(LIFETIME).await.err();
    assert_eq!(refused.as_deref(), Some("another program listens on its port"));
    drop(other);
    drop(callback.listen().await);
}

#[tokio::test]
async fn listen_works_at_once_after_the_flow_before_ended() {
    let callback = Callback::new();
    for round in 0..20 {
        let listening = callback.listen().await;
        // A connection that stays open.
        let mut idle = TcpStream::connect(("127.0.0.1", callback.url.port().unwrap())).await.unwrap();
        idle.write_all(b"GET ").await.unwrap();
        assert_eq!(callback.get(&format!("/callback?round={round}"), &NAVIGATION).await.unwrap().status(), 200);
        drop(listening);
    }
    assert_eq!(callback.links().len(), 20);
}

#[tokio::test]
async fn listen_ends_when_it_is_dropped_and_after_its_lifetime() {
    let callback = Callback::new();
    let address = ("127.0.0.1", callback.url.port().unwrap());
    let is_closed = async || while TcpStream::connect(address).await.is_ok() {};
    drop(callback.listen().await);
    with_timeout("the port to be closed", is_closed()).await;
    let _listening = callback.try_listen(Duration::from_millis(1)).await.unwrap();
    with_timeout("the port to be closed", is_closed()).await;
    assert_eq!(callback.links(), [""; 0]);
}

/// An app on an emulator whose allowlist has one loopback URL.
async fn app() -> (App, Url) {
    let callback = free_url();
    let url = callback.as_url().clone();
    let mut instance = config();
    instance.redirect_urls = vec![callback.as_str().to_owned()];
    let emulator = Arc::new(Emulator::start(instance).await.unwrap());
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
        setup.callback = Ok(callback.clone());
        setup.callback_listener = Some(Arc::new(LoopbackListener::new(callback, "Notes", || {})));
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    (app, url)
}

async fn open(link: &Url) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(link.clone()).send().await.map_or(0, |response| response.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn authenticate_with_redirect_returns_by_loopback_past_forged_requests() {
    let (app, url) = app().await;
    let (flow, page) = app.begin(google_params(AttemptKind::SignIn)).await;
    for forged in ["?rotating_token_nonce=forged", "?__clerk_status=failed", "", "?state=forged&rotating_token_nonce=n"]
    {
        assert_eq!(open(&with_query(&url, forged)).await, 400, "{forged}");
    }
    assert!(!flow.is_finished());
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    assert!(link.as_str().starts_with(url.as_str()), "{link}");
    assert_eq!(open(&link).await, 200);
    flow.await.unwrap().unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
    // The flow is over, so nothing listens any more.
    with_timeout("the port to be closed", async { while open(&link).await != 0 {} }).await;
}

fn with_query(url: &Url, query: &str) -> Url {
    Url::parse(&format!("{url}{query}")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn start_hosted_auth_returns_by_loopback_with_its_state_only() {
    let (app, url) = app().await;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.start_hosted_auth(AttemptKind::SignIn).await });
    let page = app.page(0).await;
    let wrong = with_query(&url, "?state=wrong&rotating_token_nonce=n&created_session_id=sess_1");
    assert_eq!(open(&wrong).await, 400);
    assert!(!flow.is_finished());
    let form = [("action", "start"), ("identifier", ADA), ("password", PASSWORD)];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let sent = reqwest::Client::builder().no_proxy().build().unwrap().post(page);
    let sent = sent.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
    // The page redirects to the callback URL, which the browser follows.
    assert!(sent.url().as_str().starts_with(url.as_str()), "{}", sent.url());
    assert!(sent.text().await.unwrap().contains("You can close this tab"));
    flow.await.unwrap().unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn authenticate_with_redirect_says_that_the_port_is_taken_and_works_once_it_is_free() {
    let (app, url) = app().await;
    let other = std::net::TcpListener::bind(("127.0.0.1", url.port().unwrap())).unwrap();
    let error = app.clerk.authenticate_with_redirect(google_params(AttemptKind::SignIn)).await.unwrap_err();
    assert_eq!(error.code(), "callback_port_unavailable");
    assert!(error.to_string().contains("redirectUrl") && error.to_string().contains(url.as_str()), "{error}");
    assert!(app.browser.0.lock().unwrap().is_empty(), "no page is opened that could not return");
    drop(other);
    let (flow, page) = app.begin(google_params(AttemptKind::SignIn)).await;
    assert_eq!(open(&app.emulator.decide(&page, Decision::Approve(grace())).unwrap()).await, 200);
    flow.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn handle_deep_link_finishes_a_loopback_flow_whose_link_is_pasted() {
    let (app, _) = app().await;
    let (flow, page) = app.begin(google_params(AttemptKind::SignIn)).await;
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    assert_eq!(app.clerk.handle_deep_link(&link).await, LinkOutcome::Delivered);
    flow.await.unwrap().unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
}

#[tokio::test(flavor = "multi_thread")]
async fn authenticate_with_redirect_listens_for_the_newest_flow() {
    let (app, _) = app().await;
    let (first, first_page) = app.begin(google_params(AttemptKind::SignIn)).await;
    let (second, second_page) = app.begin(google_params(AttemptKind::SignIn)).await;
    assert_eq!(first.await.unwrap().unwrap_err().code(), "oauth_flow_superseded");
    let link = |page: &str| app.emulator.decide(page, Decision::Approve(grace())).unwrap();
    assert_eq!(open(&link(&first_page)).await, 400);
    assert!(!second.is_finished());
    assert_eq!(open(&link(&second_page)).await, 200);
    second.await.unwrap().unwrap();
}
