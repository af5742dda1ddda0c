//! Touching the session and polling the client.

use std::time::Duration;

use clerk_core::{ClerkOptions, LoadOptions, SetActiveParams};
use clerk_testkit::{ScriptedApp, sessions::two_sessions};

#[tokio::test]
async fn touch_sends_focus_unless_touch_session_is_false() {
    let app = ScriptedApp::new(two_sessions);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk.touch().await.unwrap();
    let touches = || {
        let requests = app.fapi.requests.lock().unwrap();
        requests
            .iter()
            .filter(|(_, path, _)| path.ends_with("/touch"))
            .map(|(.., body)| body.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(touches(), ["active_organization_id=&intent=focus"]);
    let options = ClerkOptions { touch_session: Some(false), ..Default::default() };
    app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
    app.clerk.touch().await.unwrap();
    assert_eq!(touches().len(), 1);
    app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
    assert_eq!(touches().len(), 2, "setActive touches regardless");
}

#[tokio::test(start_paused = true)]
async fn poll_reads_the_client_every_five_minutes_unless_polling_is_false() {
    let app = ScriptedApp::new(two_sessions);
    let clerk = app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    assert_eq!(app.count("GET", "/client"), 4);
    let options = ClerkOptions { polling: Some(false), ..Default::default() };
    app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(app.count("GET", "/client"), 4);
    polling.abort();
}
