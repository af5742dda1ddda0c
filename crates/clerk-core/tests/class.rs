//! The rest of the Clerk class in Rust: options, listeners, navigation, organizations, refusals, guards.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    Change, CheckAuthorizationParams, Clerk, ClerkOptions, CreateOrganizationParams, GetTokenParams,
    JoinWaitlistParams, LoadOptions, RedirectOrigin, SetActiveParams, SignOutOptions, Status, models::OrganizationId,
    storage::MemoryStore,
};
use clerk_emulator::Config;
use clerk_testkit::{
    ScriptedApp,
    app::{App, config, first_error_code},
    client, environment, json_response, session, wait_until,
};
use futures_util::StreamExt;
use serde_json::json;

/// A FAPI with two sessions.
fn two_sessions(method: &str, path: &str) -> Option<clerk_testkit::Response> {
    match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => {
            json_response(200, &json!({ "response": client(1, &[session("sess_1"), session("sess_2")]) }))
        }
        ("POST", "/client/sessions/sess_1/touch") => json_response(200, &json!({ "response": session("sess_1") })),
        ("POST", "/client/sessions/sess_2/touch") => json_response(200, &json!({ "response": session("sess_2") })),
        ("POST", _) if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        other => panic!("unexpected request {other:?}"),
    }
}

fn active(clerk: &Clerk) -> Option<String> {
    clerk.session().map(|session| session.id.to_string())
}

#[tokio::test]
async fn the_app_may_choose_the_session_to_begin_with() {
    for (choice, expected) in [(Some("sess_2"), Some("sess_2")), (None, None), (Some("sess_9"), None)] {
        let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
            setup.select_initial_session = Some(Arc::new(move |_| choice.map(Into::into)));
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        assert_eq!(active(&app.clerk).as_deref(), expected);
    }
}

#[tokio::test]
async fn a_window_may_choose_it_until_somebody_else_did() {
    let app = ScriptedApp::new(two_sessions);
    assert_eq!(app.clerk.choose_initial_session(None).await.unwrap_err().code(), "not_loaded");
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk.choose_initial_session(Some("sess_2".into())).await.unwrap();
    assert_eq!(active(&app.clerk).as_deref(), Some("sess_2"));
    app.clerk.choose_initial_session(Some("sess_1".into())).await.unwrap();
    assert_eq!(active(&app.clerk).as_deref(), Some("sess_2"), "another window has chosen");

    let app = ScriptedApp::new(two_sessions);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    app.clerk.choose_initial_session(Some("sess_1".into())).await.unwrap();
    assert_eq!(active(&app.clerk).as_deref(), Some("sess_2"), "the user has chosen");
}

#[tokio::test]
async fn options_of_a_load_win_field_by_field_also_later() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.options = ClerkOptions { sign_in_url: Some("/a".into()), polling: Some(false), ..Default::default() };
    });
    let load = async |sign_in_url: &str| {
        let options = ClerkOptions { sign_in_url: Some(sign_in_url.to_owned()), ..Default::default() };
        app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
        let options = app.clerk.snapshot().options.clone();
        (options.sign_in_url.clone().unwrap(), options.polling)
    };
    assert_eq!(load("/b").await, ("/b".to_owned(), Some(false)));
    let revision = app.clerk.snapshot().revision;
    assert_eq!(load("/b").await.0, "/b");
    assert_eq!(app.clerk.snapshot().revision, revision, "the same options change nothing");
    assert_eq!(load("/c").await.0, "/c");
    assert_eq!(app.count("GET", "/client"), 1);
}

#[tokio::test]
async fn an_expression_that_can_not_be_read_is_an_error() {
    let app = ScriptedApp::new(two_sessions);
    let options: ClerkOptions =
        serde_json::from_value(json!({ "allowedRedirectOrigins": [{ "regex": "(" }] })).unwrap();
    assert!(matches!(options.allowed_redirect_origins.as_deref(), Some([RedirectOrigin::Regex { .. }])));
    let error = app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap_err();
    assert_eq!(error.code(), "option_invalid");
    let options: ClerkOptions =
        serde_json::from_value(json!({ "allowedRedirectOrigins": [{ "regex": "x", "flags": "q" }] })).unwrap();
    let error = app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap_err();
    assert_eq!(error.code(), "option_invalid", "a flag that JavaScript would not take");
    app.clerk.load(LoadOptions::default()).await.unwrap();
}

#[tokio::test]
async fn listeners_hear_of_each_change_once() {
    let app = ScriptedApp::new(two_sessions);
    let (heard, statuses) = (Arc::<Mutex<Vec<Option<String>>>>::default(), Arc::<Mutex<Vec<Status>>>::default());
    app.clerk.add_listener(|_| panic!("a listener that fails keeps nobody from hearing"));
    let log = heard.clone();
    let listener = app.clerk.add_listener(move |snapshot| {
        log.lock().unwrap().push(snapshot.session().map(|session| session.id.to_string()));
    });
    let log = statuses.clone();
    app.clerk.on_status(move |status| log.lock().unwrap().push(status), true);
    assert!(heard.lock().unwrap().is_empty(), "there is no client yet");
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(*statuses.lock().unwrap(), [Status::Loading, Status::Ready]);
    heard.lock().unwrap().clear();

    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [Some("sess_2".to_owned())]);
    let late = Arc::new(AtomicUsize::new(0));
    let count = late.clone();
    app.clerk.add_listener(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(late.load(Ordering::Relaxed), 1, "it is told at once what there is");
    listener.remove();
    listener.remove();
    app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
    assert_eq!((heard.lock().unwrap().len(), late.load(Ordering::Relaxed)), (1, 2));
}

#[tokio::test]
async fn a_stream_shows_the_state_now_and_each_newest_one() {
    let app = ScriptedApp::new(two_sessions);
    let mut changes = Box::pin(app.clerk.changes());
    assert_eq!(changes.next().await.unwrap().status, Status::Loading);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(changes.next().await.unwrap().status, Status::Ready);
}

#[tokio::test]
async fn navigation_goes_where_it_belongs() {
    let app = ScriptedApp::new(two_sessions);
    for (to, expected) in [
        ("/notes?a=1", Some("/notes?a=1")),
        ("tauri://localhost/notes", Some("/notes")),
        ("javascript:alert(1)", Some("/")),
        ("file:///etc/passwd", Some("/")),
        ("", None),
    ] {
        app.clerk.navigate(to).unwrap();
        let outcome = app.clerk.take_redirect_outcome().and_then(|outcome| outcome.navigate_to);
        assert_eq!(outcome.as_deref(), expected, "{to}");
    }
    assert!(app.browser.0.lock().unwrap().is_empty());
    app.clerk.navigate("https://example.com/x").unwrap();
    assert_eq!(app.browser.0.lock().unwrap()[0].as_str(), "https://example.com/x");
    assert!(app.clerk.take_redirect_outcome().is_none());
}

#[tokio::test]
async fn the_pages_of_the_instance_open_in_the_system_browser() {
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
async fn where_flows_lead_can_be_gone_to() {
    let app = ScriptedApp::with(two_sessions, Arc::new(MemoryStore::default()), |setup| {
        setup.options = serde_json::from_value(json!({
            "signInForceRedirectUrl": "/in", "signUpForceRedirectUrl": "/up", "afterSignOutUrl": "/bye",
            "waitlistUrl": "/waitlist", "taskUrls": { "choose-organization": "/choose" },
        }))
        .unwrap();
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let went = || app.clerk.take_redirect_outcome().and_then(|outcome| outcome.navigate_to);
    app.clerk.redirect_to_after_sign_in().unwrap();
    assert_eq!(went().as_deref(), Some("/in"));
    app.clerk.redirect_to_after_sign_up().unwrap();
    assert_eq!(went().as_deref(), Some("/up"));
    app.clerk.redirect_to_after_sign_out().unwrap();
    assert_eq!(went().as_deref(), Some("/bye"));
    app.clerk.redirect_to_waitlist().unwrap();
    assert_eq!(went().as_deref(), Some("/waitlist"));
    app.clerk.redirect_to_tasks(&Default::default()).unwrap();
    assert_eq!(went(), None, "nobody has a task");
    assert!(app.clerk.build_new_subscription_redirect_url().ends_with("/in"));
}

#[tokio::test]
async fn organizations_are_created_read_and_chosen() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    let params = CreateOrganizationParams { name: "Difference Engines".into(), slug: None };
    let created = app.clerk.create_organization(params).await.unwrap();
    assert_ne!(app.clerk.organization().map(|one| one.id), Some(created.id.clone()), "it is not the active one yet");
    assert_eq!(app.clerk.get_organization(&created.id).await.unwrap().name, "Difference Engines");
    let switch =
        SetActiveParams { organization: clerk_core::Change::Set(created.id.to_string()), ..SetActiveParams::default() };
    app.clerk.set_active(switch).await.unwrap();
    assert_eq!(app.clerk.organization().unwrap().id, created.id);
    let unknown = app.clerk.get_organization(&OrganizationId::from("org_unknown")).await.unwrap_err();
    assert!(matches!(unknown.status(), Some(403 | 404)), "{unknown:?}");
}

#[tokio::test]
async fn the_waitlist_is_joined() {
    let app = App::start(Config::preset("waitlist").unwrap()).await;
    let join =
        async |address: &str| app.clerk.join_waitlist(JoinWaitlistParams { email_address: address.to_owned() }).await;
    assert!(!join("new@example.com").await.unwrap().id.is_empty());
    let refused = join("not an address").await.unwrap_err();
    assert!(first_error_code(&refused).starts_with("form_param"), "{refused:?}");
}

/// The rows of `handleUnauthenticated`.
#[tokio::test]
async fn handle_unauthenticated() {
    for (status, sessions, expected) in [
        (200, json!([session("sess_1")]), "ok sess_1"),
        (200, json!([]), "ok nobody"),
        // There is no client any more.
        (204, json!(null), "ok nobody"),
        (403, json!(null), "ok nobody"),
        (500, json!(null), "ok nobody"),
        (502, json!(null), "error sess_1"),
        (0, json!(null), "network_error sess_1"),
    ] {
        let loaded = AtomicUsize::new(0);
        let app = ScriptedApp::new(move |method, path| match (method, path) {
            ("GET", "/environment") => json_response(200, &environment()),
            ("GET", "/client") if loaded.fetch_add(1, Ordering::Relaxed) == 0 => {
                json_response(200, &json!({ "response": client(1, &[session("sess_1")]) }))
            }
            ("GET", "/client") if status == 0 => None,
            ("GET", "/client") if status == 204 => json_response(200, &json!({ "response": null, "client": null })),
            ("GET", "/client") if status == 200 => {
                json_response(200, &json!({ "response": client(2, sessions.as_array().unwrap()) }))
            }
            ("GET", "/client") => json_response(status, &json!({ "errors": [{ "code": "x" }] })),
            other => panic!("unexpected request {other:?}"),
        });
        app.clerk.handle_unauthenticated().await.unwrap();
        app.clerk.load(LoadOptions::default()).await.unwrap();
        tokio::time::pause();
        let result = match app.clerk.handle_unauthenticated().await {
            Ok(()) => "ok".to_owned(),
            Err(error) if error.status() == Some(502) => "error".to_owned(),
            Err(error) => error.code().to_owned(),
        };
        tokio::time::resume();
        let session = active(&app.clerk).unwrap_or_else(|| "nobody".to_owned());
        assert_eq!(format!("{result} {session}"), expected, "{status}");
    }
}

#[tokio::test]
async fn a_focus_touches_the_session_unless_the_option_says_no() {
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
async fn polling_asks_every_five_minutes_unless_the_option_says_no() {
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

/// The properties of the class in Rust, before and after load, signed in and with a task left to do.
#[tokio::test]
async fn properties_are_one_look_at_the_state() {
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
    assert_eq!(clerk.publishable_key().as_deref(), Some(clerk_testkit::KEY));
    assert_eq!(clerk.instance_type(), Some(clerk_core::InstanceType::Development));
    assert_eq!((clerk.domain(), clerk.proxy_url(), clerk.is_satellite()), ("example.test".into(), "".into(), true));
    assert!(clerk.telemetry().is_some_and(|telemetry| telemetry.disabled && telemetry.debug));

    let production = ScriptedApp::with(
        |method, path| match path {
            "/__clerk/v1/environment" => json_response(200, &json!({})),
            _ => two_sessions(method, path.trim_start_matches("/__clerk/v1")),
        },
        Arc::new(MemoryStore::default()),
        |setup| {
            setup.instance.publishable_key = Some(clerk_testkit::KEY.replace("test", "live"));
            setup.instance.domain = Some("https://example.test".to_owned());
            setup.instance.proxy_url = Some("https://example.test/__clerk".to_owned());
        },
    );
    production.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(production.clerk.instance_type(), Some(clerk_core::InstanceType::Production));
    assert_eq!(production.clerk.domain(), "clerk.example.test");
    assert_eq!(production.clerk.proxy_url(), "https://example.test/__clerk");

    let failed = ScriptedApp::new(|_, _| json_response(500, &json!({})));
    tokio::time::pause();
    failed.clerk.load(LoadOptions::default()).await.unwrap_err();
    assert_eq!((failed.clerk.status(), failed.clerk.is_loaded()), (Status::Error, false));
}

/// A FAPI with a session of somebody who belongs to an organization, one with a task, and one that has ended.
async fn with_every_kind_of_session(forced: bool, touch_status: u16) -> ScriptedApp {
    let of = |id: &str, status: &str| {
        let mut session = session(id);
        session["status"] = status.into();
        session["user"]["organization_memberships"] = json!([{ "id": "m", "role": "org:admin", "organization": { "id": "org_1", "slug": "acme", "name": "Acme" } }]);
        session
    };
    let mut pending = of("sess_2", "pending");
    pending["tasks"] = json!([{ "key": "choose-organization" }]);
    let sessions = [of("sess_1", "active"), pending, of("sess_3", "ended")];
    let script = move |method: &str, path: &str| match (method, path) {
        ("GET", "/environment") => {
            json_response(200, &json!({ "organization_settings": { "force_organization_selection": forced } }))
        }
        ("GET", "/client") => json_response(200, &json!({ "response": client(1, &sessions) })),
        ("POST", _) if path.ends_with("/touch") && touch_status != 200 => {
            json_response(touch_status, &json!({ "errors": [{ "code": "user_banned" }] }))
        }
        ("POST", "/client/sessions/sess_1/touch") => json_response(200, &json!({ "response": sessions[0] })),
        ("POST", "/client/sessions/sess_2/touch") => json_response(200, &json!({ "response": sessions[1] })),
        ("POST", _) if path.ends_with("/tokens") => json_response(200, &json!({ "jwt": "a.b.c" })),
        other => panic!("unexpected request {other:?}"),
    };
    let app = ScriptedApp::new(script);
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}

/// The rules of `setActive`: which session and organization, what FAPI is told, and where the app goes.
#[tokio::test]
async fn set_active_chooses_by_every_rule() {
    let choose = |text: &str| Change::Set(text.to_owned());
    let (keep, none) = (Change::Keep, Change::Clear);
    let touched = |organization: &str, intent: &str| format!("active_organization_id={organization}&intent={intent}");
    for (forced, session, organization, expected, told) in [
        (false, keep.clone(), keep.clone(), "sess_1", touched("", "select_session")),
        (false, choose("sess_1"), choose("org_1"), "sess_1", touched("org_1", "select_org")),
        (false, keep.clone(), choose("acme"), "sess_1", touched("org_1", "select_org")),
        (false, keep.clone(), choose("unknown-slug"), "sess_1", touched("", "select_org")),
        (false, keep.clone(), none.clone(), "sess_1", touched("", "select_org")),
        // An instance that forces a choice: nothing happens, not even to the session.
        (true, choose("sess_2"), none.clone(), "sess_1", String::new()),
        (true, choose("sess_2"), choose("unknown-slug"), "sess_1", String::new()),
        (true, choose("sess_2"), choose("acme"), "sess_2", touched("org_1", "select_org")),
        // A session that is not there signs out here, and Clerk is not told.
        (false, none.clone(), keep.clone(), "nobody", String::new()),
        (false, choose("sess_9"), keep.clone(), "nobody", String::new()),
    ] {
        let app = with_every_kind_of_session(forced, 200).await;
        let params = SetActiveParams {
            session: match session.clone() {
                Change::Set(id) => Change::Set(id.into()),
                Change::Clear => Change::Clear,
                Change::Keep => Change::Keep,
            },
            organization: organization.clone(),
            redirect_url: None,
        };
        app.clerk.set_active(params).await.unwrap();
        let now = active(&app.clerk).unwrap_or_else(|| "nobody".to_owned());
        let requests = app.fapi.requests.lock().unwrap();
        let touch = requests.iter().find(|(_, path, _)| path.ends_with("/touch")).map(|(.., body)| body.clone());
        assert_eq!((now.as_str(), touch.unwrap_or_default()), (expected, told), "{session:?} {organization:?}");
    }
}

#[tokio::test]
async fn set_active_goes_where_it_is_told_and_to_a_task_first() {
    let to = |session: &str, url: &str| SetActiveParams {
        redirect_url: Some(url.to_owned()),
        ..SetActiveParams::session(session)
    };
    let went = |app: &ScriptedApp| app.clerk.take_redirect_outcome().and_then(|outcome| outcome.navigate_to);
    let app = with_every_kind_of_session(false, 200).await;
    app.clerk.set_active(to("sess_1", "/notes")).await.unwrap();
    assert_eq!(went(&app).as_deref(), Some("/notes"));
    app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
    assert_eq!(went(&app), None);
    let options: ClerkOptions =
        serde_json::from_value(json!({ "taskUrls": { "choose-organization": "/choose" } })).unwrap();
    app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
    app.clerk.set_active(to("sess_2", "/notes")).await.unwrap();
    assert_eq!(went(&app).as_deref(), Some("/choose#/?redirect_url=%2Fnotes"));
    assert_eq!((active(&app.clerk).as_deref(), app.clerk.is_signed_in()), (Some("sess_2"), false));
    // An instance that forces a choice of organization leaves everything as it is.
    let forced = with_every_kind_of_session(true, 200).await;
    let personal = SetActiveParams { organization: Change::Clear, ..to("sess_2", "/notes") };
    forced.clerk.set_active(personal).await.unwrap();
    assert_eq!((went(&forced), active(&forced.clerk).as_deref()), (None, Some("sess_1")));
    let nobody = ScriptedApp::new(|_, path| match path {
        "/environment" => json_response(200, &environment()),
        _ => json_response(200, &json!({ "response": null })),
    });
    nobody.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(nobody.clerk.set_active(SetActiveParams::default()).await.unwrap_err().code(), "no_active_session");
}

/// A banned user, and a session that FAPI can't process any more: the client is read again, once.
#[tokio::test]
async fn a_refused_touch_reads_the_client_again() {
    for status in [401, 403, 422] {
        let app = with_every_kind_of_session(false, status).await;
        assert_eq!(app.clerk.touch().await.unwrap_err().status(), Some(status));
        assert_eq!(app.count("GET", "/client"), 2, "{status}");
        app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
        assert_eq!(app.count("GET", "/client"), 3, "{status}");
    }
    let app = with_every_kind_of_session(false, 404).await;
    app.clerk.touch().await.unwrap_err();
    assert_eq!(app.count("GET", "/client"), 1);
}

/// Signing out is one change, also where the response brings the emptied client along.
#[tokio::test]
async fn signing_out_is_heard_of_once() {
    let app = ScriptedApp::new(|method, path| match (method, path) {
        ("DELETE", "/client/sessions") => json_response(200, &json!({ "response": client(9, &[]) })),
        ("POST", "/client/sessions/sess_2/remove") => {
            json_response(200, &json!({ "response": session("sess_2"), "client": client(8, &[session("sess_1")]) }))
        }
        _ => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let heard = Arc::<Mutex<Vec<Option<String>>>>::default();
    let log = heard.clone();
    app.clerk.add_listener(move |snapshot| {
        log.lock().unwrap().push(snapshot.session().map(|session| session.id.to_string()));
    });
    heard.lock().unwrap().clear();
    app.clerk.sign_out(SignOutOptions { session_id: Some("sess_2".into()), ..Default::default() }).await.unwrap();
    let redirect_url = Some("/bye".to_owned());
    app.clerk.sign_out(SignOutOptions { redirect_url, ..Default::default() }).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [Some("sess_1".to_owned()), None]);
    assert_eq!(app.clerk.take_redirect_outcome().unwrap().navigate_to.as_deref(), Some("/bye"));
}

/// From Rust a sign-out goes where the option says, and nowhere without it.
#[tokio::test]
async fn signing_out_goes_where_the_option_says() {
    for configured in [Some("/goodbye"), None] {
        let script = |method: &str, path: &str| match (method, path) {
            ("DELETE", "/client/sessions") => json_response(200, &json!({ "response": null })),
            _ => two_sessions(method, path),
        };
        let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| {
            setup.options.after_sign_out_url = configured.map(str::to_owned);
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
        assert!(!app.clerk.is_signed_in());
        let went = app.clerk.take_redirect_outcome().and_then(|outcome| outcome.navigate_to);
        assert_eq!(went.as_deref(), configured);
    }
}

/// Tokens are not in what listeners are shown, so a new one is no news.
#[tokio::test]
async fn nobody_hears_of_a_minted_token() {
    let app = ScriptedApp::new(|method, path| match path.ends_with("/tokens") {
        true => json_response(200, &json!({ "jwt": clerk_testkit::jwt(&json!({ "fea": "u:reports" })) })),
        false => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let mut state = app.clerk.subscribe();
    state.mark_unchanged();
    let params = GetTokenParams { session_id: "sess_1".into(), skip_cache: true, ..Default::default() };
    app.clerk.get_token(params).await.unwrap().unwrap();
    assert!(!state.has_changed().unwrap());
    let feature = CheckAuthorizationParams { feature: Some("reports".into()), ..Default::default() };
    assert!(app.clerk.check_authorization(&feature), "its claims count at once");
}

/// A keyring that takes its time.
#[derive(Default)]
struct SlowStore {
    held: MemoryStore,
    release: tokio::sync::Notify,
    waiting: AtomicUsize,
}

impl clerk_core::ports::SecretStore for SlowStore {
    fn read(
        &self,
        key: &clerk_core::ports::SecretKey,
    ) -> clerk_core::ports::BoxFuture<'_, Result<Option<clerk_core::secret::StoredSecret>, clerk_core::ports::StoreError>>
    {
        self.held.read(key)
    }
    fn write(
        &self,
        key: &clerk_core::ports::SecretKey,
        secret: clerk_core::secret::StoredSecret,
    ) -> clerk_core::ports::BoxFuture<'_, Result<(), clerk_core::ports::StoreError>> {
        let key = key.clone();
        Box::pin(async move {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            self.release.notified().await;
            self.held.write(&key, secret).await
        })
    }
    fn delete(
        &self,
        key: &clerk_core::ports::SecretKey,
    ) -> clerk_core::ports::BoxFuture<'_, Result<(), clerk_core::ports::StoreError>> {
        self.held.delete(key)
    }
}

/// Who asked may give up while the new client token is being stored; it is used from then on all the same.
#[tokio::test]
async fn a_rotated_token_is_taken_over_to_the_end() {
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
    let params = JoinWaitlistParams { email_address: "a@example.com".into() };
    let first = tokio::spawn(async move { clerk.join_waitlist(params).await });
    wait_until("the store to be asked", || store.waiting.load(Ordering::Relaxed) != 0).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    store.release.notify_one();
    // It waits for its turn behind the one that goes on.
    app.clerk.touch().await.unwrap();
    app.clerk.touch().await.unwrap();
    assert_eq!(seen.lock().unwrap().last().unwrap().as_deref(), Some("a-rotated-token"));
}

/// A token of a template says which organization was active when it was minted.
#[tokio::test]
async fn a_token_of_a_template_is_kept_for_its_organization() {
    let minted = Arc::new(AtomicUsize::new(0));
    let count = minted.clone();
    let app = ScriptedApp::new(move |method, path| match (method, path) {
        ("POST", "/client/sessions/sess_1/tokens/api") => {
            let number = count.fetch_add(1, Ordering::Relaxed);
            json_response(200, &json!({ "jwt": clerk_testkit::jwt(&json!({ "number": number })) }))
        }
        _ => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    for organization in [Change::Clear, Change::Clear, Change::Set("org_1".into()), Change::Set("org_1".into())] {
        let params = GetTokenParams {
            session_id: "sess_1".into(),
            template: Some("api".to_owned()),
            organization_id: organization,
            skip_cache: false,
        };
        app.clerk.get_token(params).await.unwrap().unwrap();
    }
    assert_eq!(minted.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_way_to_clerk_there_is_no_token_and_the_session_stays() {
    let app = ScriptedApp::new(|method, path| match path.ends_with("/tokens") {
        true => None,
        false => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(app.clerk.session_token().await.unwrap_err().code(), "clerk_offline");
    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    assert_eq!(active(&app.clerk).as_deref(), Some("sess_2"));
}
