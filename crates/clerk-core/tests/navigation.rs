//! Navigation in the app and to the system browser.

use std::sync::Arc;

use clerk_core::{LoadOptions, storage::MemoryStore};
use clerk_testkit::{
    ScriptedApp,
    app::{App, config},
    sessions::two_sessions,
};
use serde_json::json;

#[tokio::test]
async fn navigate_keeps_app_pages_and_opens_other_sites_in_the_browser() {
    let app = ScriptedApp::new(two_sessions);
    for (to, expected) in [
        ("/notes?a=1", Some("/notes?a=1")),
        ("tauri://localhost/notes", Some("/notes")),
        ("javascript:alert(1)", Some("/")),
        ("file:///etc/passwd", Some("/")),
        ("", None),
    ] {
        app.clerk.navigate(to).unwrap();
        let outcome = app.take_navigation();
        assert_eq!(outcome.as_deref(), expected, "{to}");
    }
    assert!(app.browser.0.lock().unwrap().is_empty());
    app.clerk.navigate("https://example.com/x").unwrap();
    assert_eq!(app.browser.0.lock().unwrap()[0].as_str(), "https://example.com/x");
    assert!(app.clerk.take_redirect_outcome().is_none());
    let error = app.clerk.navigate("http://example.com/x").unwrap_err();
    assert_eq!((error.code(), app.browser.0.lock().unwrap().len()), ("url_not_allowed", 1), "without https");
}

#[tokio::test]
async fn redirects_to_instance_pages_open_the_system_browser() {
    let app = App::start(config()).await;
    let base = app.emulator.base_url();
    app.clerk.redirect_to_user_profile().unwrap();
    app.clerk.redirect_to_organization_profile().unwrap();
    app.clerk.redirect_to_create_organization().unwrap();
    app.clerk.redirect_with_auth(&format!("{base}/x")).unwrap();
    let opened: Vec<_> = app.browser.0.lock().unwrap().iter().map(ToString::to_string).collect();
    let built = [
        app.clerk.build_user_profile_url(),
        app.clerk.build_organization_profile_url(),
        app.clerk.build_create_organization_url(),
        format!("{base}/x"),
    ];
    assert_eq!(opened, built);
    assert!(built.iter().all(|url| url.starts_with(&base)), "{built:?}");
    assert!(!app.clerk.build_home_url().is_empty());
}

#[tokio::test]
async fn redirects_after_flows_navigate_to_the_configured_urls() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.options = serde_json::from_value(json!({
            "signInForceRedirectUrl": "/in", "signUpForceRedirectUrl": "/up", "afterSignOutUrl": "/bye",
            "waitlistUrl": "/waitlist", "taskUrls": { "choose-organization": "/choose" },
        }))
        .unwrap();
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let navigation = || app.take_navigation();
    app.clerk.redirect_to_after_sign_in().unwrap();
    assert_eq!(navigation().as_deref(), Some("/in"));
    app.clerk.redirect_to_after_sign_up().unwrap();
    assert_eq!(navigation().as_deref(), Some("/up"));
    app.clerk.redirect_to_after_sign_out().unwrap();
    assert_eq!(navigation().as_deref(), Some("/bye"));
    app.clerk.redirect_to_waitlist().unwrap();
    assert_eq!(navigation().as_deref(), Some("/waitlist"));
    app.clerk.redirect_to_tasks(&Default::default()).unwrap();
    assert_eq!(navigation(), None, "no session has a task");
    assert!(app.clerk.build_new_subscription_redirect_url().ends_with("/in"));
}
