//! `Retry-After`: the core waits as it is told.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use clerk_core::{
    CheckAuthorizationParams, Clerk, ClerkSetup, GetTokenParams, InstanceOptions, LoadOptions, Status,
    ports::{BoxFuture, HttpRequest, HttpResponse, SystemClock, TokenUpdate, Transport, TransportError},
    storage::MemoryStore,
};
use clerk_testkit::{KEY, RecordingBrowser, RecordingSink, jwt, sessions::two_sessions};
use serde_json::json;

/// The ending of a path, and the response to requests for it: status, `Retry-After`, body.
type Refusal = (&'static str, u16, Option<u64>, &'static str);

/// A FAPI that refuses some requests.
#[derive(Default)]
struct Limited {
    refuses: Mutex<Option<Refusal>>,
    sent: Mutex<Vec<String>>,
}

const TOO_MANY: &str = r#"{"errors":[{"code":"too_many_requests","message":"Too many requests"}]}"#;

impl Limited {
    fn refuse(&self, ending: &'static str, status: u16, retry_after: Option<u64>, body: &'static str) {
        *self.refuses.lock().unwrap() = Some((ending, status, retry_after, body));
    }

    fn accept(&self) {
        *self.refuses.lock().unwrap() = None;
    }

    fn count(&self, ending: &str) -> usize {
        self.sent.lock().unwrap().iter().filter(|path| path.ends_with(ending)).count()
    }
}

impl Transport for Limited {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let path = request.url.path().trim_start_matches("/v1").to_owned();
        self.sent.lock().unwrap().push(path.clone());
        let refused = self.refuses.lock().unwrap().filter(|(ending, ..)| path.ends_with(ending));
        let (status, retry_after, body) = match refused {
            Some((_, status, retry_after, body)) => (status, retry_after, body.to_owned()),
            None if path.ends_with("/tokens") => {
                (200, None, json!({ "jwt": jwt(&json!({ "fea": "u:reports" })) }).to_string())
            }
            None => {
                let method = if path == "/client" || path == "/environment" { "GET" } else { "POST" };
                (200, None, two_sessions(method, &path).unwrap().body)
            }
        };
        let body = body.into_bytes();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(HttpResponse { status, token: TokenUpdate::Absent, retry_after, body })
        })
    }
}

fn app() -> (Clerk, Arc<Limited>) {
    let fapi = Arc::<Limited>::default();
    let mut setup = ClerkSetup::new(
        fapi.clone(),
        Arc::new(MemoryStore::default()),
        Arc::<RecordingBrowser>::default(),
        Arc::new(SystemClock),
        Arc::<RecordingSink>::default(),
    );
    setup.instance = InstanceOptions { publishable_key: Some(KEY.to_owned()), ..InstanceOptions::default() };
    (Clerk::new(setup), fapi)
}

async fn loaded() -> (Clerk, Arc<Limited>) {
    let (clerk, fapi) = app();
    clerk.load(LoadOptions::default()).await.unwrap();
    (clerk, fapi)
}

fn of(session: &str) -> GetTokenParams {
    GetTokenParams::new(session)
}

#[tokio::test(start_paused = true)]
async fn get_token_waits_as_told_by_retry_after() {
    for status in [429, 503] {
        let (clerk, fapi) = loaded().await;
        fapi.refuse("/tokens", status, Some(60), TOO_MANY);
        let callers = futures_util::future::join_all((0..20).map(|_| clerk.get_token(of("sess_1")))).await;
        for error in callers.into_iter().map(Result::unwrap_err) {
            assert_eq!((error.status(), error.retry_after()), (Some(status), Some(60)));
        }
        assert_eq!(fapi.count("/tokens"), 1, "concurrent callers share the request and its error");
        tokio::time::sleep(Duration::from_secs(40)).await;
        let error = clerk.get_token(of("sess_1")).await.unwrap_err();
        assert!(error.retry_after().is_some_and(|seconds| (18..=21).contains(&seconds)), "{:?}", error.retry_after());
        let skip_cache = GetTokenParams { skip_cache: true, ..of("sess_1") };
        assert!(clerk.get_token(skip_cache).await.is_err() && clerk.get_token(of("sess_2")).await.is_err());
        assert_eq!(fapi.count("/tokens"), 1, "nothing is sent before the time has passed");
        fapi.accept();
        tokio::time::sleep(Duration::from_secs(21)).await;
        clerk.get_token(of("sess_1")).await.unwrap().unwrap();
        assert_eq!(fapi.count("/tokens"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn get_token_returns_the_cached_token_while_requests_are_limited() {
    let (clerk, fapi) = loaded().await;
    let token = clerk.get_token(of("sess_1")).await.unwrap();
    fapi.refuse("/tokens", 429, Some(60), TOO_MANY);
    // It lives for ten minutes; it is refreshed ahead of time.
    tokio::time::sleep(Duration::from_secs(586)).await;
    for _ in 0..5 {
        assert_eq!(clerk.get_token(of("sess_1")).await.unwrap(), token);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(fapi.count("/tokens"), 2);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(clerk.get_token(of("sess_1")).await.unwrap_err().retry_after().is_some());
    assert_eq!(fapi.count("/tokens"), 2);
}

#[tokio::test(start_paused = true)]
async fn get_token_waits_ten_minutes_at_most() {
    for absurd in [86_400, u64::MAX] {
        let (clerk, fapi) = loaded().await;
        fapi.refuse("/tokens", 429, Some(absurd), TOO_MANY);
        assert_eq!(clerk.get_token(of("sess_1")).await.unwrap_err().retry_after(), Some(600));
        fapi.accept();
        tokio::time::sleep(Duration::from_secs(601)).await;
        clerk.get_token(of("sess_1")).await.unwrap().unwrap();
    }
}

/// A gateway says so, not FAPI itself.
#[tokio::test(start_paused = true)]
async fn unavailable_server_is_left_alone_by_background_requests() {
    let (clerk, fapi) = loaded().await;
    fapi.refuse("", 503, Some(90), "<html>");
    let error = clerk.get_token(of("sess_1")).await.unwrap_err();
    assert_eq!((error.code(), error.retry_after()), ("decode_error", Some(90)));
    let sent = fapi.count("");
    assert!(clerk.touch().await.is_err());
    assert_eq!(fapi.count(""), sent, "no background request of any kind");
    fapi.accept();
    tokio::time::sleep(Duration::from_secs(91)).await;
    clerk.touch().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn poll_waits_as_told_by_retry_after() {
    let (clerk, fapi) = loaded().await;
    let polling = clerk.clone();
    let polling = tokio::spawn(async move { polling.poll().await });
    fapi.refuse("/client", 429, Some(500), TOO_MANY);
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    assert_eq!(fapi.count("/client"), 3, "one to load, two of three polls");
    assert_eq!(clerk.status(), Status::Ready, "Clerk can be reached");
    polling.abort();
}

#[tokio::test(start_paused = true)]
async fn load_is_retried_as_told_by_retry_after() {
    let (clerk, fapi) = app();
    fapi.refuse("/client", 503, Some(120), "<html>");
    clerk.load(LoadOptions::default()).await.unwrap_err();
    let sent = fapi.count("/client");
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        clerk.resume();
        assert!(clerk.session_token().await.unwrap().is_none());
    }
    assert_eq!(fapi.count("/client"), sent);
    fapi.accept();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(clerk.status(), Status::Ready);
}

#[tokio::test(start_paused = true)]
async fn get_token_shares_one_request_between_a_thousand_callers() {
    let (clerk, fapi) = loaded().await;
    let mut callers: Vec<_> = (0..1000)
        .map(|_| {
            let clerk = clerk.clone();
            tokio::spawn(async move { clerk.get_token(of("sess_1")).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(fapi.count("/tokens"), 1, "the request is under way");
    // The caller that sent it, and many others, give up.
    callers.drain(..500).for_each(|caller| caller.abort());
    for caller in callers {
        caller.await.unwrap().unwrap().unwrap();
    }
    assert_eq!(fapi.count("/tokens"), 1);
    clerk.get_token(of("sess_1")).await.unwrap().unwrap();
    assert_eq!(fapi.count("/tokens"), 1, "the token is cached");
}

#[tokio::test(start_paused = true)]
async fn get_token_finishes_a_request_whose_callers_were_all_cancelled() {
    let (clerk, fapi) = loaded().await;
    for _ in 0..3 {
        let cancelled = tokio::time::timeout(Duration::from_millis(10), clerk.get_token(of("sess_1"))).await;
        assert!(cancelled.is_err());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let feature = CheckAuthorizationParams { feature: Some("reports".into()), ..Default::default() };
    assert!(clerk.check_authorization(&feature), "a request that was sent is finished");
    clerk.get_token(of("sess_1")).await.unwrap().unwrap();
    assert_eq!(fapi.count("/tokens"), 1);
}
