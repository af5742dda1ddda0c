//! Links from other programs while a flow waits: they end nothing, and the genuine link still signs in.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use clerk_core::{
    HostedAuthMode, LinkOutcome, RedirectResource, SetActiveParams, SignInCreateParams, models::SignInStatus,
};
use clerk_emulator::{Config, Decision, Identity};
use clerk_testkit::{
    Response, ScriptedApp,
    app::{ADA, App, CALLBACK, PASSWORD, config, google_params, grace},
    client, environment,
    google::callback_link,
    join, json_response, session, wait_until,
};
use serde_json::json;
use tokio::task::JoinHandle;
use url::Url;

use crate::support::{browser, link_back};

/// Makes the same links in every run.
struct Forger(u64);

impl Forger {
    fn number(&mut self, below: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    fn word(&mut self) -> String {
        let length = 1 + self.number(40);
        (0..length).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789_-"[self.number(38)])).collect()
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.number(choices.len())]
    }

    fn value(&mut self) -> String {
        match self.number(8) {
            0 => String::new(),
            1 => "%ff%fe%00".to_owned(),
            2 => "%F0%28%8C%28".to_owned(),
            3 => "n".repeat(2_000 + self.number(20_000)),
            4 => self.pick(&["verified", "failed", "expired", "client_mismatch", "transferable"]).to_owned(),
            5 => self.pick(&["oauth_access_denied", "external_account_not_found", "client_state_invalid"]).to_owned(),
            6 => format!("sess_{}", self.word()),
            _ => self.word(),
        }
    }

    fn parameter(&mut self) -> String {
        let name = self.pick(&[
            "rotating_token_nonce",
            "state",
            "created_session_id",
            "flow_id",
            "approval_token",
            "__clerk_status",
            "__clerk_error_code",
            "__clerk_created_session",
            "x",
        ]);
        format!("{name}={}", self.value())
    }

    fn query(&mut self) -> String {
        let word = self.word();
        match self.number(10) {
            0 => String::new(),
            1 => "?x=1".to_owned(),
            2 => format!("?rotating_token_nonce={word}"),
            3 => "?__clerk_status=failed".to_owned(),
            4 => "?__clerk_status=failed&__clerk_error_code=oauth_access_denied".to_owned(),
            5 => format!("?flow_id=sia_{word}&approval_token={word}"),
            6 => format!("?rotating_token_nonce={word}&rotating_token_nonce={word}"),
            7 => format!("?state={word}&rotating_token_nonce={word}&created_session_id=sess_{word}"),
            _ => {
                let parameters: Vec<_> = (0..=self.number(5)).map(|_| self.parameter()).collect();
                format!("?{}#{word}", parameters.join("&"))
            }
        }
    }

    fn link(&mut self) -> Url {
        let base = match self.number(12) {
            0 => "my-app://other",
            1 => "my-app://callback/deeper",
            2 => "other-app://callback",
            3 => "https://example.com/callback",
            _ => CALLBACK,
        };
        Url::parse(&format!("{base}{}", self.query())).unwrap()
    }

    fn links(seed: u64, count: usize) -> Vec<Url> {
        let mut forger = Self(seed);
        (0..count).map(|_| forger.link()).collect()
    }
}

/// The requests that create, change or replace something.
fn changes(app: &App) -> usize {
    app.emulator.requests().iter().filter(|entry| entry.method != "GET").count()
}

/// Sends 1,000 links. None may end anything, or make the app change anything on the server.
async fn send_forged_links(app: &App, seed: u64) {
    let before = changes(app);
    for link in Forger::links(seed, 1_000) {
        let outcome = app.clerk.handle_deep_link(&link).await;
        assert!(matches!(outcome, LinkOutcome::Refused | LinkOutcome::NotOurs), "{outcome:?} {link}");
    }
    assert_eq!(changes(app), before, "an attempt was created or changed");
    assert!(app.clerk.session().is_none() && app.clerk.take_redirect_outcome().is_none());
}

fn config_with_email_links() -> Config {
    let mut config = config();
    config.identifiers.email_verification = vec!["email_link".to_owned()];
    config
}

/// Returns a link from Ada's mailbox to the app, once it was sent.
async fn mailed_link(app: &App) -> Url {
    wait_until("a message to be sent", || !app.emulator.inbox().is_empty()).await;
    let page = app.emulator.latest_link(ADA).unwrap();
    link_back(&browser().post(page).send().await.unwrap().text().await.unwrap())
}

#[tokio::test]
async fn authenticate_with_redirect_outlasts_forged_links() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    send_forged_links(&app, 1).await;
    assert!(!flow.is_finished());
    assert_eq!(app.return_from(&page, Decision::Approve(grace())).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
}

#[tokio::test]
async fn sign_in_with_email_link_outlasts_forged_links() {
    let app = App::start(config_with_email_links()).await;
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() };
    let id = app.clerk.create_sign_in(params).await.unwrap().id;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    wait_until("a message to be sent", || !app.emulator.inbox().is_empty()).await;
    send_forged_links(&app, 2).await;
    assert!(!flow.is_finished());
    let back = mailed_link(&app).await;
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Delivered);
    let sign_in = join(flow).await.unwrap();
    assert_eq!(sign_in.status, Some(SignInStatus::Complete));
    app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
}

#[tokio::test]
async fn start_hosted_auth_outlasts_forged_links() {
    let app = App::start(config()).await;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.start_hosted_auth(HostedAuthMode::SignIn).await });
    let page = app.page(0).await;
    send_forged_links(&app, 3).await;
    assert!(!flow.is_finished());
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("action", "start"), ("identifier", ADA), ("password", PASSWORD)])
        .finish();
    let request = browser().post(page).header("content-type", "application/x-www-form-urlencoded").body(form);
    let back = link_back(&request.send().await.unwrap().text().await.unwrap());
    assert_eq!(app.clerk.handle_deep_link(&back).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    assert_eq!(app.user_name().as_deref(), Some("Ada"));
}

#[tokio::test]
async fn handle_deep_link_outlasts_forged_links_after_a_restart() {
    let app = App::start(config()).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    flow.abort();
    let again = app.restart().await;
    send_forged_links(&again, 4).await;
    assert_eq!(again.return_from(&page, Decision::Approve(grace())).await, LinkOutcome::Resumed);
    assert_eq!(again.user_name().as_deref(), Some("Grace Hopper"));

    let app = App::start(config_with_email_links()).await;
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..Default::default() };
    let id = app.clerk.create_sign_in(params).await.unwrap().id;
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    let back = mailed_link(&app).await;
    flow.abort();
    let again = app.restart().await;
    send_forged_links(&again, 5).await;
    assert_eq!(again.clerk.handle_deep_link(&back).await, LinkOutcome::Resumed);
    assert_eq!(again.user_name().as_deref(), Some("Ada"));
}

/// All at once, before anything is loaded and while a flow waits: the number of links that wait is bounded.
#[tokio::test]
async fn handle_deep_link_outlasts_a_flood() {
    let mut config = config();
    // After the approval, the server accepts nothing but the nonce of the genuine link.
    config.rotation_grace_s = Some(0);
    let app = App::start(config).await;
    let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
    let flood = |clerk: &clerk_core::Clerk, seed: u64| {
        let handle = |link: Url| {
            let clerk = clerk.clone();
            tokio::spawn(async move { clerk.handle_deep_link(&link).await })
        };
        Forger::links(seed, 1_000).into_iter().map(handle).collect::<Vec<_>>()
    };
    let links = flood(&app.clerk, 6);
    let ada = Identity::new("oauth_google", ADA);
    // One is handled, and 32 wait for their turn. The newest link gets a place.
    let unfinished = |links: &[JoinHandle<LinkOutcome>]| links.iter().filter(|link| !link.is_finished()).count();
    wait_until("most links to be refused", || unfinished(&links) <= 33).await;
    assert_eq!(app.return_from(&page, Decision::Approve(ada)).await, LinkOutcome::Delivered);
    join(flow).await.unwrap();
    for link in links {
        assert!(matches!(join(link).await, LinkOutcome::Refused | LinkOutcome::NotOurs));
    }
    assert_eq!(app.user_name().as_deref(), Some("Ada"));

    let unloaded = App::on(app.emulator.clone(), Arc::new(clerk_core::storage::MemoryStore::default()));
    let links = flood(&unloaded.clerk, 7);
    wait_until("most links to be refused", || unfinished(&links) <= 33).await;
    unloaded.clerk.load(clerk_core::LoadOptions::default()).await.unwrap();
    for link in links {
        assert!(matches!(join(link).await, LinkOutcome::Refused | LinkOutcome::NotOurs));
    }
    assert!(unloaded.clerk.session().is_none());
}

/// Nobody can tell which link is genuine before FAPI responds, except by the state of the flow.
#[tokio::test(start_paused = true)]
async fn handle_deep_link_keeps_the_link_with_the_state_of_an_earlier_run_among_newer_ones() {
    let online = Arc::new(AtomicBool::new(true));
    let is_online = online.clone();
    let script = move |method: &str, path: &str| {
        let response = match (method, path) {
            _ if !is_online.load(Ordering::Relaxed) => None,
            ("GET", "/environment") => json_response(200, &environment()),
            ("GET", "/client") => json_response(200, &json!({ "response": null })),
            ("POST", "/client/hosted_auth") => {
                json_response(200, &json!({ "response": { "url": "https://accounts.example.test/sign-in" } }))
            }
            ("POST", "/client") => json_response(200, &json!({ "response": client(2, &[session("sess_1")]) })),
            ("POST", path) if path.ends_with("/touch") => json_response(200, &json!({ "response": session("sess_1") })),
            ("POST", path) if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
            other => panic!("unexpected request {other:?}"),
        };
        response.map(|response| Response { token: Some("a-token"), ..response })
    };
    let store = Arc::new(clerk_core::storage::MemoryStore::default());
    let app = ScriptedApp::with(script.clone(), store.clone(), |_| {});
    app.clerk.load(clerk_core::LoadOptions::default()).await.unwrap();
    let clerk = app.clerk.clone();
    let flow = tokio::spawn(async move { clerk.start_hosted_auth(HostedAuthMode::SignIn).await });
    wait_until("the page to be opened", || !app.browser.0.lock().unwrap().is_empty()).await;
    let requests = app.fapi.requests.lock().unwrap().clone();
    let form = &requests.iter().find(|(_, path, _)| path == "/client/hosted_auth").unwrap().2;
    let state = url::form_urlencoded::parse(form.as_bytes()).find(|(key, _)| key == "state").unwrap().1.into_owned();
    flow.abort();
    drop(app);

    online.store(false, Ordering::Relaxed);
    let app = ScriptedApp::with(script, store, |_| {});
    app.clerk.load(clerk_core::LoadOptions::default()).await.unwrap_err();
    let arrive = |query: String| {
        let (clerk, link) = (app.clerk.clone(), callback_link(&query));
        tokio::spawn(async move { clerk.handle_deep_link(&link).await })
    };
    let forged = |number: u32| arrive(format!("?state=x{number}&rotating_token_nonce=n&created_session_id=sess_1"));
    let mut links: Vec<_> = (0..40).map(forged).collect();
    let genuine = arrive(format!("?state={state}&rotating_token_nonce=n&created_session_id=sess_1"));
    links.extend((40..200).map(forged));
    // One has its turn, and 32 wait for theirs.
    let unfinished = || links.iter().filter(|link| !link.is_finished()).count();
    wait_until("most links to be refused", || unfinished() <= 32).await;
    online.store(true, Ordering::Relaxed);
    assert_eq!(join(genuine).await, LinkOutcome::Resumed);
    assert!(app.clerk.is_signed_in());
}
