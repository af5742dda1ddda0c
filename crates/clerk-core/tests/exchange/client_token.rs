//! The client token: when it is stored, where it is sent, and that it never leaves the core.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    JoinWaitlistParams, LoadOptions, RedirectResource, SignInCreateParams, SignOutOptions, Status,
    ports::{BoxFuture, SecretKey, SecretStore, StoreError},
    secret::StoredSecret,
    storage::MemoryStore,
};
use clerk_emulator::Decision;
use clerk_testkit::{
    KEY, Response, ScriptedApp,
    app::{App, config, google_params, grace, password_params},
    client,
    device::{Device, ROTATED_TOKEN, SlowTransport, with_sessions},
    environment, join, json_response, session,
    sessions::two_sessions,
    wait_until, with_timeout,
};
use serde_json::json;

#[tokio::test]
async fn client_token_is_replaced_after_a_refusal() {
    for replacement in [None, Some("another-client-token")] {
        let store = Arc::new(MemoryStore::default());
        let key = SecretKey::ClientToken("clerk.example.test".to_owned());
        let old = StoredSecret::new("an-old-client-token");
        SecretStore::write(&*store, &key, old).await.unwrap();
        let refusal = json!({ "errors": [{ "code": "signed_out", "message": "signed out" }] });
        let app = ScriptedApp::with_tokens(
            move |method, path, token| match (method, path, token) {
                ("GET", "/environment", _) => json_response(200, &environment()),
                (_, _, Some("an-old-client-token")) => {
                    Some(Response { status: 401, body: refusal.to_string(), token: replacement })
                }
                _ => json_response(200, &json!({ "response": null, "client": null })),
            },
            store,
            |_| {},
        );
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(app.clerk.snapshot().status, Status::Ready);
    }
}

/// If the app's configuration names the instance, a window cannot change where the client token is sent.
#[tokio::test]
async fn client_token_is_not_sent_where_a_window_says() {
    let store = Arc::new(MemoryStore::default());
    store
        .write(&SecretKey::ClientToken("clerk.example.test".to_owned()), StoredSecret::new("a-client-token"))
        .await
        .unwrap();
    for (proxy_url, domain) in [(Some("https://evil.example/"), None), (None, Some("evil.example"))] {
        let app = ScriptedApp::with(|_, _| panic!("a request was sent"), store.clone(), |_| {});
        let options = LoadOptions {
            proxy_url: proxy_url.map(str::to_owned),
            domain: domain.map(str::to_owned),
            ..LoadOptions::default()
        };
        assert_eq!(app.clerk.load(options).await.unwrap_err().code(), "publishable_key_conflict");
    }
    // If it does not, a token is sent only to the origin that issued it.
    let seen = Arc::<Mutex<Vec<Option<String>>>>::default();
    let log = seen.clone();
    let app = ScriptedApp::with_tokens(
        move |_, path, token| {
            log.lock().unwrap().push(token.map(str::to_owned));
            json_response(
                200,
                &if path.ends_with("/environment") { environment() } else { json!({ "response": null }) },
            )
        },
        store,
        |setup| setup.instance.publishable_key = None,
    );
    let options = LoadOptions {
        publishable_key: Some(KEY.to_owned()),
        proxy_url: Some("https://evil.example/".to_owned()),
        ..LoadOptions::default()
    };
    app.clerk.load(options).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [None, None]);
}

/// A failed environment request does not discard the client token of the client response.
#[tokio::test]
async fn client_token_is_stored_even_if_the_environment_fails() {
    let failing = Arc::new(AtomicBool::new(true));
    let (fails, seen) = (failing.clone(), Arc::<Mutex<Vec<Option<String>>>>::default());
    let log = seen.clone();
    let script = move |_: &str, path: &str, token: Option<&str>| {
        log.lock().unwrap().push(token.map(str::to_owned));
        if path.ends_with("/environment") {
            let status = if fails.load(Ordering::Relaxed) { 500 } else { 200 };
            return json_response(status, &environment());
        }
        let mut response = json_response(200, &json!({ "response": client(1, &[]) }))?;
        response.token = Some("a-rotated-token");
        Some(response)
    };
    let app = ScriptedApp::with_tokens(script, Arc::new(MemoryStore::default()), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap_err();
    assert_eq!(app.clerk.snapshot().client, None, "a failed load does not change the state");
    failing.store(false, Ordering::Relaxed);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(seen.lock().unwrap()[2..], [Some("a-rotated-token".to_owned()), Some("a-rotated-token".to_owned())]);
}

/// A store whose writes wait until they are released.
#[derive(Default)]
struct SlowStore {
    held: MemoryStore,
    release: tokio::sync::Notify,
    waiting: AtomicUsize,
}

impl SecretStore for SlowStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.held.read(key)
    }
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        let key = key.clone();
        Box::pin(async move {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            self.release.notified().await;
            self.held.write(&key, secret).await
        })
    }
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.held.delete(key)
    }
}

/// A caller may be cancelled while a rotated client token is being stored. Later requests use the token.
#[tokio::test]
async fn client_token_is_stored_even_if_the_caller_is_cancelled() {
    let store = Arc::new(SlowStore::default());
    let seen = Arc::<Mutex<Vec<Option<String>>>>::default();
    let log = seen.clone();
    let script = move |method: &str, path: &str, token: Option<&str>| {
        log.lock().unwrap().push(token.map(str::to_owned));
        let mut response = match path {
            "/waitlist" => json_response(200, &json!({ "id": "wait_1" })),
            _ => two_sessions(method, path),
        }?;
        response.token = (path == "/waitlist").then_some("a-rotated-token");
        Some(response)
    };
    let app = ScriptedApp::with_tokens(script, store.clone(), |_| {});
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let clerk = app.clerk.clone();
    let params = JoinWaitlistParams::new("a@example.com");
    let first = tokio::spawn(async move { clerk.join_waitlist(params).await });
    wait_until("the store to receive the token", || store.waiting.load(Ordering::Relaxed) != 0).await;
    first.abort();
    assert!(with_timeout("the aborted task to end", first).await.unwrap_err().is_cancelled());
    store.release.notify_one();
    // These wait for the cancelled request, which still completes.
    for _ in 0..2 {
        with_timeout("a request after the cancelled one", app.clerk.touch()).await.unwrap();
    }
    assert_eq!(seen.lock().unwrap().last().unwrap().as_deref(), Some("a-rotated-token"));
}

/// The client token is in nothing that leaves the core: events, the snapshot, errors.
#[tokio::test]
async fn client_token_is_not_exposed_by_events_state_or_errors() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    app.return_from(&page, Decision::Approve(grace())).await;
    let outcome = join(flow).await.unwrap();
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    app.sign_in_with_password().await;
    let mut seen = format!("{outcome:?} {:?} {:?} {:?}", app.events.0.lock().unwrap(), app.clerk, app.clerk.client());
    seen.push_str(&serde_json::to_string(&*app.clerk.snapshot()).unwrap());
    seen.push_str(&format!("{:?}", app.clerk.create_sign_in(password_params("nobody", "x")).await.unwrap_err()));
    let tokens = app.emulator.issued_client_tokens();
    assert!(tokens.len() > 3);
    for token in tokens {
        let (_, rest) = token.split_once('.').unwrap();
        let (payload, signature) = rest.split_once('.').unwrap();
        assert!(!seen.contains(payload) && !seen.contains(signature));
    }
}

/// A caller may be cancelled while FAPI handles its request, and rotates the token.
#[tokio::test(start_paused = true)]
async fn client_token_is_adopted_even_if_the_caller_is_cancelled() {
    let one = with_sessions(&[session("sess_1")]);
    let device = Device::new(move |method, path, token| match path {
        "/client/sign_ins" => {
            let mut response = json_response(200, &json!({ "response": { "id": "sia_1" } }))?;
            response.token = Some(ROTATED_TOKEN);
            Some(response)
        }
        _ => one(method, path, token),
    })
    .await;
    let app = device.start(|setup| {
        let inner = setup.transport.clone();
        setup.transport = Arc::new(SlowTransport { inner, takes: Duration::from_secs(2) });
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let sign_in = app.clerk.create_sign_in(SignInCreateParams::default());
    assert!(tokio::time::timeout(Duration::from_secs(1), sign_in).await.is_err());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(device.stored_token().await.as_deref(), Some(ROTATED_TOKEN));
}
