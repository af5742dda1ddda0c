//! The callback URL on this computer: from when to when something listens at it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    AttemptKind, CallbackUrl, LinkOutcome, LoadOptions, SignInCreateParams,
    ports::{BoxFuture, CallbackListener, HandleCallback, Listening},
    storage::MemoryStore,
};
use clerk_emulator::{Decision, Emulator};
use clerk_testkit::{
    app::{ADA, App, config, google_params, grace},
    join, wait_until,
};
use url::Url;

const CALLBACK: &str = "http://127.0.0.1:45789/callback";

/// What a listener does when it is asked to listen.
#[derive(Clone, Copy)]
enum Behaviour {
    Listens,
    Refuses,
    Panics,
    NeverReturns,
}

/// Counts who listens, and keeps the newest handler.
struct Recorder {
    behaviour: Mutex<Behaviour>,
    listening: Arc<AtomicUsize>,
    asked: AtomicUsize,
    handle: Mutex<Option<HandleCallback>>,
    /// For how long it is asked to listen.
    lifetime: Duration,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl CallbackListener for Recorder {
    fn listen(&self, lifetime: Duration, handle: HandleCallback) -> BoxFuture<'_, Result<Listening, String>> {
        assert_eq!(lifetime, self.lifetime, "as long as a flow can be finished");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let behaviour = *self.behaviour.lock().unwrap();
        match behaviour {
            Behaviour::Listens => {}
            Behaviour::Refuses => {
                return Box::pin(std::future::ready(Err("another program listens on its port".to_owned())));
            }
            Behaviour::Panics => panic!("a bug of the listener"),
            Behaviour::NeverReturns => return Box::pin(std::future::pending()),
        }
        *self.handle.lock().unwrap() = Some(handle);
        self.listening.fetch_add(1, Ordering::SeqCst);
        let counted: Listening = Box::new(Counted(self.listening.clone()));
        Box::pin(std::future::ready(Ok(counted)))
    }
}

impl Recorder {
    fn count(&self) -> usize {
        self.listening.load(Ordering::SeqCst)
    }

    /// Sends a request to the callback URL.
    async fn request(&self, link: Url) -> LinkOutcome {
        let handle = self.handle.lock().unwrap().clone().unwrap();
        handle(link).await
    }
}

async fn app() -> (App, Arc<Recorder>) {
    app_that_waits(Duration::from_millis(50)).await
}

/// An app with this timeout of flows in the browser.
async fn app_that_waits(browser_timeout: Duration) -> (App, Arc<Recorder>) {
    let recorder = Arc::new(Recorder {
        behaviour: Mutex::new(Behaviour::Listens),
        listening: Arc::default(),
        asked: AtomicUsize::new(0),
        handle: Mutex::default(),
        lifetime: browser_timeout.max(Duration::from_secs(600)),
    });
    let mut instance = config();
    instance.redirect_urls = vec![CALLBACK.to_owned()];
    instance.identifiers.email_verification = vec!["email_link".to_owned()];
    let listener = recorder.clone();
    let emulator = Arc::new(Emulator::start(instance).await.unwrap());
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
        setup.callback = CallbackUrl::parse_loopback(CALLBACK);
        setup.callback_listener = Some(listener);
        setup.browser_timeout = browser_timeout;
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    (app, recorder)
}

#[tokio::test]
async fn callback_listener_listens_until_a_request_finishes_the_flow_also_after_the_wait() {
    let (app, recorder) = app().await;
    assert_eq!(recorder.count(), 0, "no flow, no port");
    let (flow, page) = app.begin(google_params(AttemptKind::SignIn)).await;
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_timed_out");
    assert_eq!(recorder.count(), 1, "the user may still return");
    let forged = Url::parse(&format!("{CALLBACK}?rotating_token_nonce=forged")).unwrap();
    assert_eq!(recorder.request(forged).await, LinkOutcome::Refused);
    assert_eq!(recorder.count(), 1);
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    assert_eq!(recorder.request(link).await, LinkOutcome::Resumed);
    assert_eq!((recorder.count(), app.user_name().as_deref()), (0, Some("Grace Hopper")));
}

#[tokio::test]
async fn callback_listener_listens_as_long_as_the_app_waits() {
    let (app, recorder) = app_that_waits(Duration::from_secs(3_600)).await;
    let (_flow, _page) = app.begin(google_params(AttemptKind::SignIn)).await;
    assert_eq!(recorder.count(), 1);
}

#[tokio::test]
async fn callback_listener_does_not_keep_the_state_of_a_dropped_app() {
    let (app, recorder) = app_that_waits(Duration::from_secs(3_600)).await;
    let (flow, page) = app.begin(google_params(AttemptKind::SignIn)).await;
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    flow.abort();
    assert!(flow.await.unwrap_err().is_cancelled());
    drop(app);
    assert_eq!(recorder.count(), 0);
    assert_eq!(recorder.request(link).await, LinkOutcome::Refused);
}

#[tokio::test]
async fn callback_listener_ends_with_a_flow_that_is_cancelled_or_superseded() {
    let (app, recorder) = app().await;
    let (first, _) = app.begin(google_params(AttemptKind::SignIn)).await;
    let (second, _) = app.begin(google_params(AttemptKind::SignUp)).await;
    drop(first);
    assert_eq!(recorder.count(), 1, "one for the newest flow");
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(recorder.count(), 0);
    drop(second);
}

#[tokio::test]
async fn callback_listener_listens_while_an_email_link_is_awaited() {
    let (app, recorder) = app().await;
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() };
    let id = app.clerk.create_sign_in(params).await.unwrap().id;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    wait_until("a link to be sent", || app.emulator.latest_link(ADA).is_some()).await;
    assert_eq!(recorder.count(), 1);
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled");
    assert_eq!(recorder.count(), 0);
}

#[tokio::test]
async fn callback_listener_listens_while_an_address_is_verified_by_a_link() {
    let (app, recorder) = app().await;
    app.sign_in_with_password().await;
    let address = app.clerk.account().create_email_address("augusta@example.com").await.unwrap();
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.verify_email_address_with_link(&address.id).await });
    wait_until("a link to be sent", || app.emulator.latest_link("augusta@example.com").is_some()).await;
    assert_eq!(recorder.count(), 1);
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(flow).await.unwrap_err().code(), "oauth_flow_cancelled");
    assert_eq!(recorder.count(), 0);
}

#[tokio::test]
async fn callback_listener_that_fails_ends_the_flow_before_a_page_is_opened() {
    let (app, recorder) = app().await;
    for (behaviour, hosted) in [
        (Behaviour::Refuses, false),
        (Behaviour::Refuses, true),
        (Behaviour::Panics, false),
        (Behaviour::NeverReturns, false),
    ] {
        *recorder.behaviour.lock().unwrap() = behaviour;
        let error = match hosted {
            false => app.clerk.authenticate_with_redirect(google_params(AttemptKind::SignIn)).await.unwrap_err(),
            true => app.clerk.start_hosted_auth(AttemptKind::SignIn).await.unwrap_err(),
        };
        assert_eq!(error.code(), "callback_port_unavailable", "{error}");
        assert!(error.to_string().contains(CALLBACK) && error.to_string().contains("redirectUrl"), "{error}");
    }
    assert_eq!((app.browser.0.lock().unwrap().len(), recorder.count()), (0, 0));
    assert_eq!(recorder.asked.load(Ordering::SeqCst), 4);
    *recorder.behaviour.lock().unwrap() = Behaviour::Listens;
    let (flow, page) = app.begin(google_params(AttemptKind::SignIn)).await;
    drop(flow);
    let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
    assert!(matches!(recorder.request(link).await, LinkOutcome::Delivered | LinkOutcome::Resumed));
    wait_until("the user to be signed in", || app.user_name().as_deref() == Some("Grace Hopper")).await;
}
