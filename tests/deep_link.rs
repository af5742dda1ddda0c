//! Links count only when they came from the operating system.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

mod support;

use std::{
    io,
    process::Command,
    sync::{Arc, Mutex},
};

use clerk::{ClerkExt, core::SignInCreateParams, models::SignInStatus};
use clerk_emulator::Emulator;
use clerk_testkit::{
    app::{ADA, CALLBACK, config},
    join, wait_until, with_timeout,
};
use serde_json::json;
use tauri::{
    Emitter,
    test::{mock_builder, mock_context, noop_assets},
};
use tauri_plugin_deep_link::DeepLinkExt;
use url::Url;

/// Tells the second process of this test what to do. It has a home of its own, because the app registers its scheme.
const IN_OWN_HOME: &str = "CLERK_TEST_IN_OWN_HOME";

#[test]
fn deep_link_from_an_event_is_ignored_and_the_one_of_the_system_signs_in() {
    if std::env::var_os(IN_OWN_HOME).is_some() {
        return tauri::async_runtime::block_on(run());
    }
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "deep_link_from_an_event_is_ignored_and_the_one_of_the_system_signs_in", "--nocapture"])
        .env(IN_OWN_HOME, "1")
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn run() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
    let mut instance = config();
    instance.identifiers.email_verification = vec!["email_link".to_owned()];
    let emulator = Arc::new(Emulator::start(instance).await.unwrap());
    let mut context = mock_context(noop_assets());
    let schemes = json!({ "desktop": { "schemes": ["my-app"] } });
    context.config_mut().plugins.0.insert("deep-link".to_owned(), schemes);
    let plugin = support::plugin(&emulator).publishable_key(emulator.publishable_key());
    let app = mock_builder().plugin(plugin.build()).build(context).unwrap();
    let clerk = app.clerk().clone();
    wait_until("Clerk to load", || app.clerk().is_loaded()).await;
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let id = clerk.create_sign_in(params).await.unwrap().id;
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    wait_until("a message to be sent", || !emulator.inbox().is_empty()).await;
    let link = approve(&emulator.latest_link(ADA).unwrap()).await;
    assert!(link.as_str().starts_with(CALLBACK));

    // What a window with `core:default` can do, even with the genuine link.
    app.emit("deep-link://new-url", vec![link.clone()]).unwrap();
    let is_refused = || {
        let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
        log.contains("ignored a deep link that the system did not hand over")
    };
    wait_until("the link to be refused", || is_refused() || flow.is_finished()).await;
    assert!(!flow.is_finished(), "the flow goes on waiting");

    app.deep_link().handle_cli_arguments(["my-app", link.as_str()].into_iter());
    let sign_in = with_timeout("the flow to end", join(flow)).await.unwrap();
    assert_eq!(sign_in.status, Some(SignInStatus::Complete));
}

/// Approves the link of the message on its page, and returns the link back to the app.
async fn approve(link: &str) -> Url {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let html = browser.post(link).send().await.unwrap().text().await.unwrap();
    let rest = html.split("href=\"my-app").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    Url::parse(&format!("my-app{}", rest.replace("&amp;", "&"))).unwrap()
}
