//! Session tokens: the cache, the requests, the claims.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clerk_core::{Change, CheckAuthorizationParams, GetTokenParams, LoadOptions, SetActiveParams};
use clerk_testkit::{
    ScriptedApp,
    app::{App, config},
    json_response, jwt, jwt_issued_at,
    sessions::two_sessions,
};
use serde_json::json;

use crate::support::browser;

/// The snapshot contains no tokens, so a new one does not change it, except for what it grants, which windows show.
#[tokio::test]
async fn get_token_notifies_listeners_only_if_the_token_grants_something() {
    for (claims, is_notified) in [(json!({ "number": 1 }), false), (json!({ "fea": "u:reports" }), true)] {
        let app = ScriptedApp::new(move |method, path| match path.ends_with("/tokens") {
            true => json_response(200, &json!({ "jwt": jwt(&claims) })),
            false => two_sessions(method, path),
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let mut state = app.clerk.subscribe();
        state.mark_unchanged();
        let params = GetTokenParams { skip_cache: true, ..GetTokenParams::new("sess_1") };
        app.clerk.get_token(params).await.unwrap().unwrap();
        assert_eq!(state.has_changed().unwrap(), is_notified);
        let feature = CheckAuthorizationParams { feature: Some("reports".into()), ..Default::default() };
        assert_eq!(app.clerk.check_authorization(&feature), is_notified, "its claims apply at once");
    }
}

/// FAPI gives tokens that are due for a refresh when they arrive.
#[tokio::test(start_paused = true)]
async fn get_token_does_not_ask_again_and_again_if_tokens_are_short_lived() {
    for (lifetime, at_most) in [(16, 1), (10, 1), (3, 1), (600, 1)] {
        let minted = Arc::<AtomicUsize>::default();
        let count = minted.clone();
        let app = ScriptedApp::new(move |method, path| match path.ends_with("/tokens") {
            true => {
                let number = count.fetch_add(1, Ordering::Relaxed);
                json_response(200, &json!({ "jwt": jwt_issued_at(1_000, lifetime, &json!({ "number": number })) }))
            }
            false => two_sessions(method, path),
        });
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let call = async |pause: Duration| {
            app.clerk.get_token(GetTokenParams::new("sess_1")).await.unwrap().unwrap();
            tokio::time::sleep(pause).await;
        };
        for _ in 0..50 {
            call(Duration::from_millis(10)).await;
        }
        assert_eq!(minted.load(Ordering::Relaxed), at_most, "{lifetime} s");
        // About one in the life of a token from then on.
        for _ in 0..1_200 {
            call(Duration::from_millis(100)).await;
        }
        let lives = usize::try_from(120 / lifetime).unwrap();
        let minted = minted.load(Ordering::Relaxed);
        assert!((lives.min(1)..=lives + 4).contains(&minted), "{lifetime} s: {minted} requests in {lives} lives");
    }
}

/// A template's token contains the organization that was active when it was minted.
#[tokio::test]
async fn get_token_caches_template_tokens_per_organization() {
    let minted = Arc::new(AtomicUsize::new(0));
    let count = minted.clone();
    let app = ScriptedApp::new(move |method, path| match (method, path) {
        ("POST", "/client/sessions/sess_1/tokens/api") => {
            let number = count.fetch_add(1, Ordering::Relaxed);
            json_response(200, &json!({ "jwt": jwt(&json!({ "number": number })) }))
        }
        _ => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    for organization in [Change::Clear, Change::Clear, Change::Set("org_1".into()), Change::Set("org_1".into())] {
        let template = Some("api".to_owned());
        let params = GetTokenParams { template, organization_id: organization, ..GetTokenParams::new("sess_1") };
        app.clerk.get_token(params).await.unwrap().unwrap();
    }
    assert_eq!(minted.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn session_token_returns_clerk_offline_and_keeps_the_session() {
    let app = ScriptedApp::new(|method, path| match path.ends_with("/tokens") {
        true => None,
        false => two_sessions(method, path),
    });
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(app.clerk.session_token().await.unwrap_err().code(), "clerk_offline");
    app.clerk.set_active(SetActiveParams::session("sess_2")).await.unwrap();
    assert_eq!(app.active_session_id().as_deref(), Some("sess_2"));
}

#[tokio::test]
async fn session_token_verifies_against_the_jwks() {
    let app = App::start(config()).await;
    let session = app.sign_in_with_password().await;
    let token = app.clerk.session_token().await.unwrap().unwrap();
    let url = format!("{}/.well-known/jwks.json", app.emulator.base_url());
    let body = browser().get(url).send().await.unwrap().bytes().await.unwrap();
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_slice(&body).unwrap();
    let kid = jsonwebtoken::decode_header(token.expose()).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(jwks.find(&kid).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_issuer(&[app.emulator.base_url()]);
    let claims = jsonwebtoken::decode::<serde_json::Value>(token.expose(), &key, &validation).unwrap().claims;
    assert_eq!(
        (&claims["sid"], &claims["sub"], &claims["v"]),
        (&session.as_str().into(), &app.clerk.user().unwrap().id.as_str().into(), &2.into())
    );
}

#[tokio::test]
async fn get_token_caches_tokens_shares_requests_and_honors_skip_cache() {
    let app = App::start(config()).await;
    let session_id = app.sign_in_with_password().await;
    let minted = || app.emulator.requests().iter().filter(|entry| entry.path.ends_with("/tokens")).count();
    let params = |skip_cache: bool| GetTokenParams { skip_cache, ..GetTokenParams::new(session_id.clone()) };
    let before = minted();
    let first = app.clerk.get_token(params(false)).await.unwrap();
    assert_eq!((app.clerk.get_token(params(false)).await.unwrap(), minted()), (first.clone(), before));
    assert_ne!(app.clerk.get_token(params(true)).await.unwrap(), first);
    assert_eq!(minted(), before + 1);
    let organization = |id: &str| GetTokenParams { organization_id: Change::Set(id.into()), ..params(false) };
    let id = app.clerk.user().unwrap().organization_memberships[0].organization.id.clone();
    let together = futures_util::future::join_all((0..8).map(|_| app.clerk.get_token(organization(id.as_str())))).await;
    assert!(together.windows(2).all(|pair| pair[0].as_ref().unwrap() == pair[1].as_ref().unwrap()));
    assert_eq!(minted(), before + 2, "eight callers share one request");
}
