//! Windows that use the app's backend without a session token.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails the test")]

mod support;

use std::sync::Arc;

use clerk::{ClerkExt, storage::MemoryStore};
use clerk_testkit::{
    backend::{Backend, Part, Received, Reply},
    join, wait_until,
};
use serde_json::{Value, json};
use support::{TestApp, code, invoke, send};
use tauri::{
    WebviewWindow,
    test::{MockRuntime, mock_builder, mock_context, noop_assets},
};
use tokio::sync::Notify;

/// Starts a backend, and an app with a signed-in user that may use the backend's paths below `/v1`.
async fn start(respond: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> (TestApp, Backend) {
    let backend = Backend::start(respond).await;
    let url = backend.url("/v1/");
    let app =
        TestApp::start(|builder, emulator| builder.publishable_key(emulator.publishable_key()).backends([url])).await;
    wait_until("Clerk to load", || app.app.clerk().is_loaded()).await;
    app.sign_in().await;
    (app, backend)
}

fn request(id: &str, method: &str, url: &str, more: Value) -> Value {
    let mut request = json!({ "id": id, "method": method, "url": url, "headers": [], "followRedirects": true });
    request.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    json!({ "request": request })
}

fn get(id: &str, url: &str) -> Value {
    request(id, "GET", url, json!({}))
}

async fn read(window: &WebviewWindow<MockRuntime>, id: &str, offset: usize) -> Result<Vec<u8>, Value> {
    let chunk = invoke(window, "fetch_read", json!({ "id": id, "offset": offset })).await?;
    Ok(serde_json::from_value(chunk).unwrap())
}

/// Reads a body to its end.
async fn body(window: &WebviewWindow<MockRuntime>, id: &str) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let chunk = read(window, id, body.len()).await.unwrap();
        if chunk.is_empty() {
            return body;
        }
        body.extend(chunk);
    }
}

/// Responses whose bodies do not end.
fn endless(_: &Received) -> Reply {
    Reply { parts: vec![Part::Bytes(b"x".to_vec()), Part::Never], ..Reply::new(200) }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_uses_the_backend_without_a_token_in_the_window() {
    let (app, backend) = start(|received| {
        let sent = received.header("authorization").unwrap_or_default();
        let reply = Reply::text(201, received.body.clone()).header("x-made", "yes");
        reply.header("set-cookie", "id=1").header("authorization", sent).header("x-echo", sent)
    })
    .await;
    let window = app.window("fetcher");
    let more = json!({ "headers": [["Content-Type", "text/plain"]], "body": { "text": "häppy" } });
    let head = invoke(&window, "fetch", request("1", "post", &backend.url("/v1/notes?q=1#top"), more)).await.unwrap();
    assert_eq!((&head["status"], &head["redirected"], &head["hasBody"]), (&json!(201), &json!(false), &json!(true)));
    assert_eq!(head["url"], backend.url("/v1/notes?q=1"));
    assert_eq!(head["headers"], json!([["x-made", "yes"]]));
    assert_eq!(body(&window, "1").await, "häppy".as_bytes());
    assert_eq!(code(read(&window, "1", 0).await.map(|_| Value::Null)), "fetch_cancelled", "it has ended");

    let more = json!({ "body": { "base64": "AP8=" } });
    invoke(&window, "fetch", request("2", "PUT", &backend.url("/v1/"), more)).await.unwrap();
    assert_eq!(body(&window, "2").await, [0, 255]);
    let token = app.app.clerk().session_token().await.unwrap().unwrap();
    let received = backend.requests();
    assert_eq!((&*received[0].method, received[0].header("content-type")), ("POST", Some("text/plain")));
    for request in received {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {}", token.expose())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_tells_a_window_no_token_whatever_goes_wrong() {
    let (app, backend) = start(|received| {
        let token = received.header("authorization").unwrap().trim_start_matches("Bearer ").to_owned();
        match received.target.as_str() {
            "/v1/redirect" => Reply::redirect(302, format!("/v1/x?{token}")),
            "/v1/elsewhere" => Reply::redirect(302, format!("https://evil.example/{token}")),
            "/v1/cut" => Reply { parts: vec![Part::Bytes(b"x".to_vec()), Part::Cut], ..Reply::new(200) },
            _ => Reply::new(401).header("x-echo", token),
        }
    })
    .await;
    let window = app.window("fetcher");
    let mut told = String::new();
    for path in ["/v1/redirect", "/v1/elsewhere", "/v1/cut", "/v1/refused", "/v2/", "/v1/%2e%2e/"] {
        told += &format!("{:?}\n", invoke(&window, "fetch", get(path, &backend.url(path))).await);
        told += &format!("{:?}\n", invoke(&window, "fetch_read", json!({ "id": path, "offset": 0 })).await);
        told += &format!("{:?}\n", invoke(&window, "fetch_read", json!({ "id": path, "offset": 1 })).await);
    }
    for (number, name) in ["Authorization", "cookie", "Host"].into_iter().enumerate() {
        let more = json!({ "headers": [[name, "x"]] });
        let refused = invoke(&window, "fetch", request(&number.to_string(), "GET", &backend.url("/v1/"), more)).await;
        assert_eq!(code(refused.clone()), "option_invalid", "{name}");
        told += &format!("{refused:?}\n");
    }
    for expected in ["fetch_redirect_refused", "fetch_not_allowed", "network_error", "Number(401)"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    // Every JWT begins with the encoded `{"`.
    assert!(!told.contains("eyJ"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_read_streams_the_body_and_reports_that_it_broke_off() {
    let more = Arc::new(Notify::new());
    let gate = more.clone();
    let parts =
        move || vec![Part::Bytes(b"one".to_vec()), Part::Until(gate.clone()), Part::Bytes(b"two".to_vec()), Part::Cut];
    let (app, backend) = start(move |_| Reply { parts: parts(), ..Reply::new(200) }).await;
    let window = app.window("fetcher");
    invoke(&window, "fetch", get("1", &backend.url("/v1/"))).await.unwrap();
    assert_eq!(read(&window, "1", 0).await.unwrap(), b"one");
    more.notify_one();
    assert_eq!(read(&window, "1", 3).await.unwrap(), b"two");
    assert_eq!(code(read(&window, "1", 6).await.map(|_| Value::Null)), "network_error", "not its end");
    assert_eq!(code(read(&window, "1", 6).await.map(|_| Value::Null)), "fetch_cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_read_refuses_a_window_that_did_not_get_the_last_part() {
    let (app, backend) =
        start(|_| Reply { parts: vec![Part::Bytes(b"one".to_vec()), Part::Never], ..Reply::new(200) }).await;
    let window = app.window("fetcher");
    invoke(&window, "fetch", get("1", &backend.url("/v1/"))).await.unwrap();
    assert_eq!(read(&window, "1", 0).await.unwrap(), b"one");
    assert_eq!(code(read(&window, "1", 0).await.map(|_| Value::Null)), "network_error");
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_keeps_the_responses_of_windows_apart() {
    let (app, backend) = start(endless).await;
    let (one, other) = (app.window("fetcher"), app.window("fetcher-2"));
    invoke(&one, "fetch", get("1", &backend.url("/v1/"))).await.unwrap();
    assert_eq!(code(read(&other, "1", 0).await.map(|_| Value::Null)), "fetch_cancelled");
    invoke(&other, "fetch_cancel", json!({ "id": "1" })).await.unwrap();
    assert_eq!(read(&one, "1", 0).await.unwrap(), b"x");
    assert_eq!(backend.open(), 1);
    // Each has ids of its own.
    invoke(&other, "fetch", get("1", &backend.url("/v1/"))).await.unwrap();
    invoke(&one, "fetch_cancel", json!({ "id": "1" })).await.unwrap();
    wait_until("one connection to end", || backend.open() == 1).await;
    assert_eq!(read(&other, "1", 0).await.unwrap(), b"x");
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_cancel_ends_what_waits() {
    let (app, backend) = start(|received| match received.target.as_str() {
        "/v1/silent" => Reply { hold: Some(Arc::default()), ..Reply::new(200) },
        _ => endless(received),
    })
    .await;
    let window = app.window("fetcher");
    let cancel = async |id: &str| invoke(&window, "fetch_cancel", json!({ "id": id })).await;
    let waiting = tokio::spawn(send(&window, "fetch", get("1", &backend.url("/v1/silent")), &[]));
    wait_until("the request", || !backend.requests().is_empty()).await;
    cancel("1").await.unwrap();
    assert_eq!(code(join(waiting).await), "fetch_cancelled");
    wait_until("the connection to end", || backend.open() == 0).await;

    invoke(&window, "fetch", get("2", &backend.url("/v1/"))).await.unwrap();
    read(&window, "2", 0).await.unwrap();
    let reading = tokio::spawn(send(&window, "fetch_read", json!({ "id": "2", "offset": 1 }), &[]));
    cancel("2").await.unwrap();
    assert_eq!(code(join(reading).await), "fetch_cancelled");
    wait_until("the connection to end", || backend.open() == 0).await;
    cancel("of another request").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_limits_how_much_a_window_has_open() {
    let (app, backend) = start(endless).await;
    let (window, other) = (app.window("fetcher"), app.window("fetcher-2"));
    let mut opened = 0;
    let refused = loop {
        match invoke(&window, "fetch", get(&opened.to_string(), &backend.url("/v1/"))).await {
            Ok(_) => opened += 1,
            refused => break code(refused),
        }
        assert!(opened < 1000);
    };
    assert_eq!((refused.as_str(), opened), ("fetch_limit_reached", 128));
    invoke(&other, "fetch", get("1", &backend.url("/v1/"))).await.unwrap();
    invoke(&window, "fetch_cancel", json!({ "id": "0" })).await.unwrap();
    invoke(&window, "fetch", get("one more", &backend.url("/v1/"))).await.unwrap();
    for id in ["", &"x".repeat(101), "one more"] {
        assert_eq!(code(invoke(&window, "fetch", get(id, &backend.url("/v1/"))).await), "option_invalid", "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_that_a_reloaded_page_repeats_runs_once() {
    let gate = Arc::new(Notify::new());
    let hold = gate.clone();
    let (app, backend) = start(move |_| Reply { hold: Some(hold.clone()), ..Reply::new(204) }).await;
    let window = app.window("fetcher");
    let post = || {
        let arguments = request("1", "POST", &backend.url("/v1/"), json!({}));
        tokio::spawn(send(&window, "fetch", arguments, &[("clerk-request", "page.1")]))
    };
    let (one, again) = (post(), post());
    wait_until("the request", || !backend.requests().is_empty()).await;
    gate.notify_one();
    let (one, again) = (join(one).await.unwrap(), join(again).await.unwrap());
    assert_eq!((&one["status"], &one["hasBody"], &one), (&json!(204), &json!(false), &again));
    assert_eq!(code(join(post()).await), "option_invalid");
    assert_eq!(backend.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_is_limited_to_the_configured_backends() {
    let other = Backend::start(|_| Reply::new(200)).await;
    let (app, backend) = start(|_| Reply::new(200)).await;
    let window = app.window("fetcher");
    // Whatever a window passes to `load`.
    let options = json!({ "options": { "backends": [other.origin] } });
    let _ = invoke(&app.window("main"), "load", options).await;
    for (number, url) in [other.url("/v1/"), backend.url("/"), "file:///etc/passwd".to_owned()].iter().enumerate() {
        assert_eq!(code(invoke(&window, "fetch", get(&number.to_string(), url)).await), "fetch_not_allowed", "{url}");
    }
    assert_eq!((other.requests().len(), backend.requests().len()), (0, 0));
    // A refused request does not count.
    for number in 0..200 {
        let _ = invoke(&window, "fetch", get(&format!("refused {number}"), "https://evil.example/")).await;
    }
    invoke(&window, "fetch", get("allowed", &backend.url("/v1/"))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn app_refuses_backends_without_tls() {
    for url in ["http://api.example.com/v1/", "api.example.com", "https://*.example.com/"] {
        let plugin = clerk::Builder::new().backends([url]).single_instance(false).secret_store(MemoryStore::default());
        let refused = mock_builder().plugin(plugin.build()).build(mock_context(noop_assets()));
        let refused = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(refused.contains("backends") && refused.contains(url), "{refused}");
    }
}
