//! Navigation in the app and to the system browser.

use std::sync::Arc;

use clerk_core::{LoadOptions, storage::MemoryStore};
use clerk_testkit::{
    Response, ScriptedApp,
    app::{App, config},
    json_response,
    sessions::two_sessions,
};
use serde_json::json;

#[tokio::test]
async fn navigate_keeps_app_pages_and_opens_other_sites_in_the_browser() {
    let app = ScriptedApp::new(two_sessions);
    let own_page = clerk_core::default_app_url().join("/notes").unwrap();
    for (to, expected) in [
        ("/notes?a=1", Some("/notes?a=1")),
        (own_page.as_str(), Some("/notes")),
        ("javascript:alert(1)", Some("/")),
        ("file:///etc/passwd", Some("/")),
        ("", None),
    ] {
        app.clerk.navigate(to).unwrap();
        let outcome = app.take_navigation();
        assert_eq!(outcome.as_deref(), expected, "{to}");
    }
    assert!(app.browser.0.lock().unwrap().is_empty());
    // The app's Rust code opens what it likes.
    app.clerk.open_external("https://example.com/x").unwrap();
    assert_eq!(app.browser.0.lock().unwrap()[0].as_str(), "https://example.com/x");
    assert!(app.clerk.take_redirect_outcome().is_none());
    let error = app.clerk.navigate("http://example.com/x").unwrap_err();
    assert_eq!((error.code(), app.browser.0.lock().unwrap().len()), ("url_not_allowed", 1), "without https");
}

/// An environment whose pages are on several sites.
fn pages_on_several_sites(method: &str, path: &str) -> Option<Response> {
    let display = json!({
        "instance_environment_type": "development", "application_name": "Test", "sign_in_url": "https://portal.test/sign-in",
        "home_url": "https://home.test", "terms_url": "https://documents.test/42?v=1", "privacy_policy_url": null,
    });
    match (method, path) {
        ("GET", "/environment") => json_response(200, &json!({ "display_config": display })),
        _ => two_sessions(method, path),
    }
}

#[tokio::test]
async fn navigate_opens_only_sites_that_clerk_or_the_app_names() {
    let app = ScriptedApp::with(pages_on_several_sites, Arc::new(MemoryStore::default()), |setup| {
        setup.options = serde_json::from_value(json!({
            "allowedRedirectOrigins": ["https://*.app.test", { "regex": "^https://reg[a-z]+\\.test$" }],
            "signUpUrl": "https://sign-up.test/x", "taskUrls": { "choose-organization": "https://tasks.test/o" },
        }))
        .unwrap();
    });
    let opened = || std::mem::take(&mut *app.browser.0.lock().unwrap()).first().map(ToString::to_string);
    let refuse = |url: &str| {
        let error = app.clerk.navigate(url).unwrap_err();
        assert_eq!(error.code(), "url_not_allowed", "{url}");
        assert_eq!(opened(), None, "{url}");
        error.to_string()
    };
    refuse("https://portal.test/sign-in");
    app.clerk.load(LoadOptions::default()).await.unwrap();
    for url in [
        "https://portal.test/sign-in#/?redirect_url=x",
        "https://portal.test/other",
        "https://home.test/",
        "https://documents.test/42?v=1#part",
        "https://clerk.example.test/v1/oauth",
        "https://accounts.example.test/user",
        "https://one.app.test/?a=b",
        "https://regular.test/x",
        "https://sign-up.test/y",
        "https://tasks.test/o",
    ] {
        app.clerk.navigate(url).unwrap();
        assert_eq!(opened().as_deref(), Some(url));
    }
    for url in [
        "https://evil.example/?stolen=ada@example.com",
        "https://documents.test/42",
        "https://documents.test/43?v=1",
        "http://portal.test/sign-in",
        "https://portal.test:8443/sign-in",
        "https://portal.test.evil.example/",
        "https://user:pw@portal.test/",
        "https://portal.test@evil.example/",
        "http://192.168.0.1/reboot",
        "http://localhost/router",
    ] {
        refuse(url);
    }
    let text = refuse("https://evil.example/x?secret");
    assert!(text.contains("allowedRedirectOrigins") && text.contains("clerk:allow-open-external"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    // What a window lists holds for redirects of that window, and opens nothing.
    let window = serde_json::from_value(json!({ "signInUrl": "https://evil.example/" })).unwrap();
    let window = app.clerk.with_options(window);
    assert_eq!(window.navigate("https://evil.example/x").unwrap_err().code(), "url_not_allowed");
}

#[tokio::test]
async fn open_external_accepts_https_and_http_on_this_computer() {
    let app = ScriptedApp::new(two_sessions);
    for url in ["https://example.com/x", "http://127.0.0.1:4010/x", "http://localhost/x", "http://[::1]/"] {
        app.clerk.open_external(url).unwrap();
    }
    for url in [
        "http://example.com/",
        "http://192.168.0.1/",
        "http://evil.localhost/",
        "https://u@example.com/",
        "smb://x/y",
        "/x",
        "",
    ] {
        assert_eq!(app.clerk.open_external(url).unwrap_err().code(), "url_not_allowed", "{url}");
    }
    assert_eq!(app.browser.0.lock().unwrap().len(), 4);
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
