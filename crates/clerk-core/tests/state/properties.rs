//! The properties of the `Clerk` class.

use std::sync::Arc;

use clerk_core::{InstanceType, LoadOptions, Status, storage::MemoryStore};
use clerk_testkit::{KEY, ScriptedApp, json_response, sessions::two_sessions};
use serde_json::json;

/// Before and after load, for a production instance, and after a failed load.
#[tokio::test]
async fn properties_reflect_the_state() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.options = serde_json::from_value(json!({ "isSatellite": true, "telemetry": { "debug": true } })).unwrap();
        setup.instance.domain = Some("example.test".to_owned());
    });
    let clerk = &app.clerk;
    assert_eq!((clerk.status(), clerk.is_loaded(), clerk.is_signed_in()), (Status::Loading, false, false));
    assert!(clerk.client().is_none() && clerk.session().is_none() && clerk.user().is_none());
    assert_eq!((clerk.publishable_key(), clerk.instance_type(), clerk.telemetry()), (None, None, None));
    assert_eq!(
        (clerk.version(), clerk.sdk_metadata().name.as_str()),
        (env!("CARGO_PKG_VERSION"), "tauri-plugin-clerk")
    );
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!((clerk.status(), clerk.is_loaded(), clerk.is_signed_in()), (Status::Ready, true, true));
    assert_eq!(clerk.client().unwrap().sessions.len(), 2);
    assert_eq!(clerk.user().unwrap().id, clerk.session().unwrap().user.unwrap().id);
    assert_eq!(clerk.organization(), None);
    assert_eq!(clerk.publishable_key().as_deref(), Some(KEY));
    assert_eq!(clerk.instance_type(), Some(InstanceType::Development));
    assert_eq!((clerk.domain(), clerk.proxy_url(), clerk.is_satellite()), ("example.test".into(), String::new(), true));
    assert!(clerk.telemetry().is_some_and(|telemetry| telemetry.disabled && telemetry.debug));

    let production = ScriptedApp::with(
        |method, path| match path {
            "/__clerk/v1/environment" => json_response(200, &json!({ "display_config": {} })),
            _ => two_sessions(method, path.trim_start_matches("/__clerk/v1")),
        },
        Arc::new(MemoryStore::default()),
        |setup| {
            setup.instance.publishable_key = Some(KEY.replace("test", "live"));
            setup.instance.domain = Some("https://example.test".to_owned());
            setup.instance.proxy_url = Some("https://example.test/__clerk".to_owned());
        },
    );
    production.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(production.clerk.instance_type(), Some(InstanceType::Production));
    assert_eq!(production.clerk.domain(), "clerk.example.test");
    assert_eq!(production.clerk.proxy_url(), "https://example.test/__clerk");

    let failed = ScriptedApp::new(|_, _| json_response(500, &json!({})));
    tokio::time::pause();
    failed.clerk.load(LoadOptions::default()).await.unwrap_err();
    assert_eq!((failed.clerk.status(), failed.clerk.is_loaded()), (Status::Error, false));
}

/// Reading costs the same for a user with many organizations: nothing is copied.
#[tokio::test]
async fn user_and_session_share_the_user_that_is_held() {
    let app = ScriptedApp::new(two_sessions);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let (user, session) = (app.clerk.user().unwrap(), app.clerk.session().unwrap());
    assert!(Arc::ptr_eq(&user, &app.clerk.user().unwrap()));
    assert!(Arc::ptr_eq(&user, session.user.as_ref().unwrap()));
    let snapshot = app.clerk.snapshot_for_window();
    assert!(Arc::ptr_eq(&user, snapshot.session().unwrap().user.as_ref().unwrap()));
}
