//! What time alone changes: verifications age, sessions end, tokens expire, contact is lost.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{
    AuthEvent, Change, CheckAuthorizationParams, LoadOptions, Reverification, SetActiveParams, SignOutReason, Status,
    ports::{Clock, Event},
    storage::MemoryStore,
};
use clerk_testkit::{
    ScriptedApp, client,
    clock::TestClock,
    device::{Device, with_sessions},
    environment, json_response, jwt_issued_at, session, wait_until, with_timeout,
};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const START: i64 = 1_800_000_000_000;

/// An app with one session, whose network can be cut.
struct Aging {
    app: ScriptedApp,
    clock: Arc<TestClock>,
    online: Arc<AtomicBool>,
    minted: Arc<AtomicUsize>,
}

impl Aging {
    async fn new(fields: Value) -> Self {
        Self::with_clock(fields, 0).await
    }

    /// Loads the app with the fields of its session; its clock is off by some milliseconds.
    async fn with_clock(fields: Value, off_by: i64) -> Self {
        let clock = Arc::new(TestClock::at(START + off_by));
        let (online, minted) = (Arc::new(AtomicBool::new(true)), Arc::<AtomicUsize>::default());
        let (is_online, count, ours, server) = (online.clone(), minted.clone(), clock.clone(), TestClock::at(START));
        let script = move |_: &str, path: &str| {
            let token = || jwt_issued_at(server.now_ms() / 1000, 60, &json!({ "fea": "u:reports", "pla": "u:pro" }));
            match path {
                _ if !is_online.load(Ordering::SeqCst) => None,
                "/environment" => json_response(200, &environment()),
                "/client" => {
                    let mut session = session("sess_1");
                    session["last_active_organization_id"] = "org_1".into();
                    session["user"]["organization_memberships"] =
                        json!([{ "role": "org:admin", "organization": { "id": "org_1" } }]);
                    for (key, value) in fields.as_object().unwrap() {
                        session[key] = value.clone();
                    }
                    json_response(200, &json!({ "response": client(START - HOUR, &[session]) }))
                }
                _ if path.ends_with("/tokens") => {
                    count.fetch_add(1, Ordering::SeqCst);
                    json_response(200, &json!({ "jwt": token() }))
                }
                other => panic!("unexpected request {other}"),
            }
        };
        let app = ScriptedApp::with(script, Arc::new(MemoryStore::default()), |setup| setup.clock = ours);
        app.clerk.load(LoadOptions::default()).await.unwrap();
        Self { app, clock, online, minted }
    }

    fn cut(&self) {
        self.online.store(false, Ordering::SeqCst);
    }

    fn is_verified(&self) -> bool {
        let reverification = Some(Reverification::Preset("strict_mfa".into()));
        self.app.clerk.check_authorization(&CheckAuthorizationParams { reverification, ..Default::default() })
    }

    fn is_admin(&self) -> bool {
        let role = Some("org:admin".into());
        self.app.clerk.check_authorization(&CheckAuthorizationParams { role, ..Default::default() })
    }

    fn has_feature_and_plan(&self) -> bool {
        let (feature, plan) = (Some("reports".into()), Some("pro".into()));
        let has_both =
            self.app.clerk.check_authorization(&CheckAuthorizationParams { feature, plan, ..Default::default() });
        let state = self.app.clerk.snapshot_for_window();
        let granted = state.entitlements.get(&"sess_1".into()).filter(|_| state.is_signed_in());
        assert_eq!(has_both, granted.is_some_and(|granted| granted.remaining_ms > 0), "windows see the same");
        has_both
    }

    /// Asserts that no part of the handle says that the user is signed in.
    async fn assert_ended(&self) {
        let clerk = &self.app.clerk;
        let snapshot = clerk.snapshot();
        assert!(!snapshot.is_signed_in() && snapshot.session().is_none() && snapshot.user().is_none());
        assert!(!clerk.is_signed_in() && clerk.session().is_none() && clerk.user().is_none());
        assert!(!self.is_admin() && !self.is_verified() && !self.has_feature_and_plan());
        assert_eq!(clerk.session_token().await.unwrap(), None);
        let params = clerk_core::GetTokenParams::new("sess_1");
        assert_eq!(clerk.get_token(params).await.unwrap_err().code(), "no_active_session");
    }

    async fn wait_for_the_end(&self) {
        let mut state = self.app.clerk.subscribe();
        with_timeout("the session to end", state.wait_for(|state| !state.is_signed_in())).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn reverification_ages_by_the_larger_of_both_clocks() {
    let fresh = json!({ "factor_verification_age": [0, 0], "expire_at": START + 7 * DAY });
    let aging = Aging::new(fresh.clone()).await;
    aging.cut();
    assert!(aging.is_verified());
    tokio::time::advance(Duration::from_secs(9 * 60)).await;
    assert!(aging.is_verified());
    assert_eq!(aging.app.clerk.session().unwrap().factor_verification_age, Some(vec![9, 9]));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(!aging.is_verified());

    let asleep = Aging::new(fresh.clone()).await;
    asleep.cut();
    asleep.clock.jump(DAY);
    assert!(!asleep.is_verified(), "the computer slept");
    assert!(asleep.is_admin(), "the session goes on");

    let set_back = Aging::new(fresh.clone()).await;
    set_back.cut();
    set_back.clock.jump(-DAY);
    tokio::time::advance(Duration::from_secs(11 * 60)).await;
    assert!(!set_back.is_verified(), "the clock was set back");

    let absent = Aging::new(json!({ "factor_verification_age": [0, -1] })).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    let age = absent.app.clerk.session().unwrap().factor_verification_age;
    assert_eq!(age, Some(vec![1, -1]), "a factor that is not set up has no age");
}

#[tokio::test(start_paused = true)]
async fn session_past_its_end_is_not_signed_in_whatever_the_network_says() {
    for end in ["expire_at", "abandon_at"] {
        let mut fields = json!({ "expire_at": START + 7 * DAY, "abandon_at": START + 30 * DAY });
        fields[end] = (START + HOUR).into();
        fields["factor_verification_age"] = json!([0, 0]);
        let aging = Aging::new(fields.clone()).await;
        aging.cut();
        aging.clock.jump(HOUR - 1_000);
        assert!(aging.app.clerk.is_signed_in() && aging.is_admin());
        aging.clock.jump(1_000);
        // Nothing was awaited: what a guard reads is right before the change is announced.
        aging.assert_ended().await;

        let set_back = Aging::new(fields).await;
        set_back.cut();
        set_back.clock.jump(-DAY);
        tokio::time::advance(Duration::from_secs(3600)).await;
        set_back.assert_ended().await;
    }
}

#[tokio::test(start_paused = true)]
async fn session_past_its_end_is_announced_to_windows_and_listeners() {
    let aging = Aging::new(json!({ "expire_at": START + HOUR })).await;
    aging.cut();
    let heard = Arc::<Mutex<Vec<bool>>>::default();
    let log = heard.clone();
    aging.app.clerk.add_listener(move |state| log.lock().unwrap().push(state.session().is_some()));
    let before = aging.app.clerk.snapshot().revision;
    let started = tokio::time::Instant::now();
    aging.wait_for_the_end().await;
    assert_eq!(started.elapsed().as_secs(), 3600, "of the paused clock");
    assert_eq!(*heard.lock().unwrap(), [true, false]);
    let emitted = aging.app.events.0.lock().unwrap();
    assert!(emitted.iter().any(|event| matches!(event, Event::StateChanged { revision, .. } if *revision > before)));
    let events = aging.app.clerk.auth_events();
    assert!(matches!(&events[0].event, AuthEvent::SignedOut { reason: SignOutReason::Expired, .. }), "{events:?}");
    let client = aging.app.clerk.client().unwrap();
    assert_eq!(client.sessions[0].status.as_str(), "expired");
}

#[tokio::test(start_paused = true)]
async fn session_that_ended_while_the_computer_slept_is_announced_soon() {
    let aging = Aging::new(json!({ "expire_at": START + DAY })).await;
    aging.cut();
    tokio::time::sleep(Duration::from_secs(10)).await;
    aging.clock.jump(2 * DAY);
    let started = tokio::time::Instant::now();
    aging.wait_for_the_end().await;
    assert!(started.elapsed() <= Duration::from_secs(60), "of the paused clock");
}

#[tokio::test(start_paused = true)]
async fn session_without_an_end_is_trusted_for_the_maximum_offline_age() {
    for fields in [json!({}), json!({ "expire_at": 0, "abandon_at": 0 }), json!({ "expire_at": -5 })] {
        let aging = Aging::new(fields).await;
        aging.cut();
        aging.clock.jump(30 * DAY - MINUTE);
        assert!(aging.app.clerk.is_signed_in());
        aging.clock.jump(MINUTE);
        aging.assert_ended().await;
    }
}

/// Our clock may be wrong: what Clerk has just said about the session counts.
#[tokio::test(start_paused = true)]
async fn session_that_clerk_confirms_is_signed_in_although_our_clock_is_ahead() {
    let aging = Aging::with_clock(json!({ "expire_at": START + HOUR }), 30 * DAY).await;
    assert!(aging.app.clerk.is_signed_in());
    aging.cut();
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert!(aging.app.clerk.is_signed_in());
    tokio::time::advance(Duration::from_secs(1)).await;
    aging.assert_ended().await;
}

#[tokio::test(start_paused = true)]
async fn session_that_ended_here_is_active_again_if_clerk_confirms_it() {
    let aging = Aging::new(json!({ "expire_at": START + DAY })).await;
    let heard = Arc::<Mutex<Vec<bool>>>::default();
    let log = heard.clone();
    aging.app.clerk.add_listener(move |state| log.lock().unwrap().push(state.is_signed_in()));
    aging.clock.jump(2 * DAY);
    wait_until("Clerk to be asked", || *heard.lock().unwrap() == [true, false, true]).await;
    assert_eq!(aging.app.active_session_id().as_deref(), Some("sess_1"));
}

#[tokio::test(start_paused = true)]
async fn features_of_an_expired_session_token_are_not_granted() {
    let aging = Aging::new(json!({ "expire_at": START + 7 * DAY })).await;
    aging.app.clerk.session_token().await.unwrap().unwrap();
    assert!(aging.has_feature_and_plan());
    aging.cut();
    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(aging.has_feature_and_plan());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(!aging.has_feature_and_plan() && aging.is_admin());
}

/// Without this, a feature would be granted for one minute after each `get_token` only.
#[tokio::test(start_paused = true)]
async fn session_token_with_features_is_refreshed_before_it_expires() {
    let aging = Aging::new(json!({ "expire_at": START + 7 * DAY })).await;
    let clerk = &aging.app.clerk;
    clerk.session_token().await.unwrap().unwrap();
    let refreshed = Arc::<AtomicUsize>::default();
    let count = refreshed.clone();
    clerk.on_auth_event(move |event| {
        assert!(matches!(event, AuthEvent::TokenRefreshed { .. }), "{event:?}");
        count.fetch_add(1, Ordering::SeqCst);
    });
    let before = aging.minted.load(Ordering::SeqCst);
    let read = || (tokio::time::Instant::now(), clerk.snapshot_for_window());
    let (mut at, mut window) = read();
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert!(aging.has_feature_and_plan());
        if clerk.snapshot().revision > window.revision {
            (at, window) = read();
        }
        let granted = window.entitlements[&"sess_1".into()].remaining_ms;
        assert!(
            i64::try_from(at.elapsed().as_millis()).unwrap() < granted,
            "a window that reads each revision knows it"
        );
    }
    let minted = aging.minted.load(Ordering::SeqCst);
    assert!((10..=20).contains(&minted), "one a token's lifetime");
    assert_eq!(refreshed.load(Ordering::SeqCst), minted - before);
}

#[tokio::test(start_paused = true)]
async fn status_is_degraded_after_two_failed_polls_until_one_succeeds() {
    let aging = Aging::new(json!({ "expire_at": START + 7 * DAY })).await;
    let clerk = aging.app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    aging.cut();
    tokio::time::sleep(Duration::from_secs(9 * 60)).await;
    assert_eq!(aging.app.clerk.status(), Status::Ready, "one failed poll is no outage");
    tokio::time::sleep(Duration::from_secs(3 * 60)).await;
    assert_eq!((aging.app.clerk.status(), aging.app.clerk.is_signed_in()), (Status::Degraded, true));
    assert_eq!(aging.app.clerk.snapshot().error.as_ref().unwrap().code, "network_error");
    aging.online.store(true, Ordering::SeqCst);
    let mut state = aging.app.clerk.subscribe();
    let started = tokio::time::Instant::now();
    with_timeout("the status", state.wait_for(|state| state.status == Status::Ready)).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(61), "of the paused clock");
    assert!(aging.app.clerk.snapshot().error.is_none());
    polling.abort();
}

#[tokio::test(start_paused = true)]
async fn session_that_ended_here_stays_inactive_if_the_user_chose_to_have_none() {
    let aging = Aging::new(json!({ "expire_at": START + DAY })).await;
    aging.cut();
    aging.clock.jump(2 * DAY);
    aging.wait_for_the_end().await;
    aging.app.clerk.set_active(SetActiveParams { session: Change::Clear, ..Default::default() }).await.unwrap();
    aging.online.store(true, Ordering::SeqCst);
    let before = aging.app.count("GET", "/client");
    let clerk = aging.app.clerk.clone();
    let polling = tokio::spawn(async move { clerk.poll().await });
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert!(aging.app.count("GET", "/client") > before);
    assert!(aging.app.clerk.client().unwrap().signed_in_session(&"sess_1".into()).is_some());
    assert_eq!(aging.app.active_session_id(), None);
    polling.abort();
}

/// A time beyond any date says nothing about when the client changed, or when its session ends.
#[tokio::test(start_paused = true)]
async fn impossible_time_does_not_freeze_the_state() {
    for time in [json!(i64::MAX), json!(1e300), json!("9223372036854775807")] {
        let mut odd = session("sess_1");
        for field in ["expire_at", "last_active_at"] {
            odd[field] = time.clone();
        }
        let mut odd = client(1, &[odd]);
        odd["updated_at"] = time.clone();
        let device = Device::new(move |method, path, token| match path {
            "/client" => json_response(200, &json!({ "response": odd })),
            _ => with_sessions(&[])(method, path, token),
        })
        .await;
        let app = device.running().await;
        device.clock.jump(2 * HOUR);
        assert!(app.clerk.is_signed_in(), "{time}");
        device.follow(with_sessions(&[]));
        app.clerk.handle_unauthenticated().await.unwrap();
        assert!(!app.clerk.is_signed_in(), "{time}");
    }
}
