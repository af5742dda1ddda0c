//! Tests of the bridge, which take the part of its page.

use std::sync::Mutex;

use super::*;

/// A browser that records the URL it should open.
#[derive(Default)]
struct RecordingBrowser(Mutex<Option<Url>>);

impl Browser for RecordingBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        *self.0.lock().unwrap() = Some(url.clone());
        Ok(())
    }
}

/// Sends the requests of the page's script.
struct Page {
    http: reqwest::Client,
    origin: String,
    secret: String,
}

impl Page {
    async fn post(&self, path: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
        let request = self.http.post(format!("{}/{path}", self.origin));
        let request = request.header("origin", &self.origin).header("x-bridge-secret", &self.secret);
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
    }
}

type Connecting = JoinHandle<Result<Box<dyn WalletConnection>, WalletError>>;

async fn open(provider: &'static str) -> (Connecting, Page) {
    let browser = Arc::new(RecordingBrowser::default());
    let bridge = WalletBridge::new(browser.clone(), Duration::from_secs(60));
    let connecting = tokio::spawn(async move { bridge.open(provider).await });
    let url = loop {
        if let Some(url) = browser.0.lock().unwrap().clone() {
            break url;
        }
        tokio::task::yield_now().await;
    };
    let origin = url.origin().ascii_serialization();
    assert_eq!(url.query(), Some(format!("provider={provider}").as_str()));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    (connecting, Page { http, origin, secret: url.fragment().unwrap().to_owned() })
}

#[tokio::test]
async fn wallet_bridge_returns_address_and_signatures() {
    let (connecting, page) = open("metamask").await;
    let html = page.http.get(&page.origin).send().await.unwrap();
    let policy = html.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(html.text().await.unwrap().contains("eip6963:requestProvider"));

    let signing = async {
        let (status, next) = page.post("address", json!({ "address": "0xabc" })).await;
        assert_eq!((status, &next["message"]), (200, &json!("first")));
        let (_, next) = page.post("signature", json!({ "signature": "0x1" })).await;
        assert_eq!(next["message"], "second");
        let (_, next) = page.post("signature", json!({ "rejected": true })).await;
        assert_eq!(next, json!({}), "nothing is left to do");
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
async fn wallet_bridge_rejects_foreign_requests() {
    let (connecting, page) = open("metamask").await;
    let body = json!({ "address": "0xevil" }).to_string();
    let url = format!("{}/address", page.origin);
    for (origin, secret, host) in [
        (Some("https://evil.example"), Some(page.secret.as_str()), None),
        (None, Some(page.secret.as_str()), None),
        (Some(page.origin.as_str()), Some("guess"), None),
        (Some(page.origin.as_str()), None, None),
        (Some(page.origin.as_str()), Some(page.secret.as_str()), Some("evil.example")),
    ] {
        let headers = [("origin", origin), ("x-bridge-secret", secret), ("host", host)];
        let request = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(page.http.post(&url), |request, (name, value)| request.header(name, value));
        let status = request.body(body.clone()).send().await.unwrap().status().as_u16();
        assert_eq!(status, 403, "{origin:?} {secret:?} {host:?}");
    }
    let rebound = page.http.get(&page.origin).header("host", "evil.example").send().await.unwrap();
    assert_eq!(rebound.status().as_u16(), 403);
    assert_eq!(page.post("address", json!({ "garbage": true })).await.0, 400);
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
        assert_eq!(response.0, 200);
        assert_eq!(failed.err(), Some(expected));
    }
}

#[tokio::test]
async fn wallet_bridge_rejects_solana() {
    let bridge = WalletBridge::new(Arc::new(RecordingBrowser::default()), Duration::from_secs(1));
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
    let bridge = WalletBridge::new(Arc::new(None), Duration::from_secs(1));
    assert_eq!(bridge.open("metamask").await.err(), Some(WalletError::Failed("no browser".to_owned())));
}
