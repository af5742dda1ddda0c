//! Signing in with a wallet, with real signatures.

use std::sync::Arc;

use clerk_core::{
    AuthenticateWithWalletParams, AuthenticateWithWeb3Params, LoadOptions, SetActiveParams, SignUpWithWeb3Params,
    models::{SignInStatus, SignUpStatus},
    ports::WalletError,
    storage::MemoryStore,
};
use clerk_emulator::{Config, Emulator, NewUser, Presence};
use clerk_testkit::wallet::TestWallet;
use clerk_testkit::{
    ScriptedApp,
    app::{App, first_error_code},
    client, environment, join, json_response,
};
use serde_json::json;

async fn app(config: Config, wallet: &TestWallet) -> App {
    let emulator = Arc::new(Emulator::start(config).await.unwrap());
    let wallet = wallet.clone();
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| setup.wallet = Some(Arc::new(wallet)));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    app
}

fn config() -> Config {
    Config::preset("web3").unwrap()
}

fn metamask() -> AuthenticateWithWeb3Params {
    AuthenticateWithWeb3Params::new("web3_metamask_signature")
}

#[tokio::test]
async fn authenticate_with_metamask_signs_in_a_known_wallet() {
    let wallet = TestWallet::new([]);
    let mut config = config();
    config.users =
        vec![NewUser { web3_wallets: vec![wallet.address()], first_name: Some("Vita".into()), ..Default::default() }];
    let app = app(config, &wallet).await;
    let params = AuthenticateWithWalletParams { redirect_url: Some("/dashboard".into()), ..Default::default() };
    let outcome = app.clerk.authenticate_with_metamask(params).await.unwrap();
    assert_eq!(outcome.navigate_to.as_deref(), Some("/dashboard"));
    assert!(outcome.created_session_id.is_some());
    assert_eq!(app.user_name().as_deref(), Some("Vita"));
    assert_eq!(*wallet.providers.lock().unwrap(), ["metamask"]);
}

#[tokio::test]
async fn authenticate_with_web3_signs_up_an_unknown_wallet_with_metadata() {
    let wallet = TestWallet::new([]);
    let app = app(config(), &wallet).await;
    let params = AuthenticateWithWeb3Params { unsafe_metadata: Some(json!({ "favourite": "red" })), ..metamask() };
    app.clerk.authenticate_with_web3(params).await.unwrap();
    let user = app.clerk.user().unwrap();
    assert_eq!(user.unsafe_metadata, json!({ "favourite": "red" }));
    assert_eq!(user.web3_wallets[0].web3_wallet.to_lowercase(), wallet.address());
}

#[tokio::test]
async fn authenticate_with_web3_navigates_to_sign_up_continue_url() {
    let wallet = TestWallet::new([]);
    let mut config = config();
    config.profile.first_name = Presence::Required;
    let app = app(config, &wallet).await;
    let nowhere = app.clerk.authenticate_with_web3(metamask()).await.unwrap();
    assert_eq!((&nowhere.navigate_to, &nowhere.created_session_id), (&None, &None));
    assert_eq!(nowhere.requirements.unwrap().missing_fields, ["first_name"]);
    let params = AuthenticateWithWeb3Params { sign_up_continue_url: Some("/more".into()), ..metamask() };
    let outcome = app.clerk.authenticate_with_web3(params).await.unwrap();
    assert_eq!((outcome.navigate_to.as_deref(), outcome.created_session_id), (Some("/more"), None));
}

#[tokio::test]
async fn authenticate_with_each_wallet_uses_its_strategy() {
    let wallet = TestWallet::new([]);
    let app = app(config(), &wallet).await;
    let params = AuthenticateWithWalletParams::default;
    for strategy in ["coinbase", "okx", "base"] {
        match strategy {
            "coinbase" => app.clerk.authenticate_with_coinbase_wallet(params()).await,
            "okx" => app.clerk.authenticate_with_okx_wallet(params()).await,
            _ => app.clerk.authenticate_with_base(params()).await,
        }
        .unwrap();
        assert!(app.clerk.is_signed_in());
        app.clerk.sign_out(Default::default()).await.unwrap();
    }
    let unnamed = app.clerk.authenticate_with_solana(params()).await.unwrap_err();
    assert_eq!(unnamed.code(), "web3_solana_wallet_name_required");
    assert_eq!(*wallet.providers.lock().unwrap(), ["coinbase_wallet", "okx_wallet", "base"]);
}

#[tokio::test]
async fn authenticate_with_coinbase_wallet_retries_a_rejected_signature() {
    let wallet = TestWallet::new([WalletError::Rejected]);
    let app = app(config(), &wallet).await;
    app.clerk.authenticate_with_coinbase_wallet(Default::default()).await.unwrap();
    assert!(app.clerk.is_signed_in());
}

#[tokio::test]
async fn authenticate_with_web3_reports_wallet_errors_and_can_be_retried() {
    for (failure, code) in [
        (WalletError::Rejected, "web3_signature_request_rejected"),
        (WalletError::Failed("locked".into()), "web3_signature_generation_failed"),
        (WalletError::Unavailable("gone".into()), "web3_wallet_unavailable"),
        (WalletError::BrowserUnavailable("no browser".into()), "browser_unavailable"),
        (WalletError::NotConfirmed, "web3_wallet_not_confirmed"),
        (WalletError::Misused("twice".into()), "wallet_bridge_misused"),
    ] {
        let app = app(config(), &TestWallet::new([failure])).await;
        assert_eq!(app.clerk.authenticate_with_web3(metamask()).await.unwrap_err().code(), code);
        assert!(app.clerk.session().is_none());
        app.clerk.authenticate_with_web3(metamask()).await.unwrap();
        assert!(app.clerk.is_signed_in(), "the next attempt succeeds");
    }
}

#[tokio::test]
async fn sign_in_with_web3_and_sign_up_with_web3_leave_the_session_to_set_active() {
    let wallet = TestWallet::new([]);
    let app = app(config(), &wallet).await;
    let strategy = "web3_metamask_signature";
    let unknown = app.clerk.sign_in_with_web3(strategy, None).await.unwrap_err();
    assert_eq!(first_error_code(&unknown), "form_identifier_not_found");

    let fields = SignUpWithWeb3Params {
        unsafe_metadata: Some(json!({ "favourite": "red" })),
        ..SignUpWithWeb3Params::new(strategy)
    };
    let sign_up = app.clerk.sign_up_with_web3(fields.clone()).await.unwrap();
    assert!(sign_up.is(&SignUpStatus::Complete) && !app.clerk.is_signed_in());
    app.clerk.set_active(SetActiveParams::session(sign_up.created_session_id.unwrap())).await.unwrap();
    assert_eq!(app.clerk.user().unwrap().unsafe_metadata, json!({ "favourite": "red" }));
    app.clerk.sign_out(Default::default()).await.unwrap();

    let known = app.clerk.sign_up_with_web3(fields).await.unwrap_err();
    assert_eq!(first_error_code(&known), "form_identifier_exists");
    let sign_in = app.clerk.sign_in_with_web3(strategy, None).await.unwrap();
    assert!(sign_in.is(&SignInStatus::Complete) && !app.clerk.is_signed_in());
    let unnamed = app.clerk.sign_in_with_web3("web3_solana_signature", Some("")).await.unwrap_err();
    assert_eq!(unnamed.code(), "web3_solana_wallet_name_required");
}

#[tokio::test]
async fn authenticate_with_web3_without_a_wallet_sends_no_request() {
    let app = ScriptedApp::new(|method, path| match (method, path) {
        ("GET", "/environment") => json_response(200, &environment()),
        ("GET", "/client") => json_response(200, &json!({ "response": client(1, &[]) })),
        other => panic!("unexpected request {other:?}"),
    });
    assert_eq!(app.clerk.authenticate_with_web3(metamask()).await.unwrap_err().code(), "not_loaded");
    app.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(app.clerk.authenticate_with_web3(metamask()).await.unwrap_err().code(), "web3_wallet_unavailable");
    let solana = AuthenticateWithWeb3Params::new("web3_solana_signature");
    let refused = app.clerk.authenticate_with_web3(solana).await.unwrap_err();
    assert_eq!(refused.code(), "web3_solana_wallet_name_required");
}

/// The next steps that only a scripted attempt reaches.
#[tokio::test]
async fn authenticate_with_web3_navigates_to_the_next_step() {
    for (status, extra, params, expected) in [
        ("needs_second_factor", json!({}), metamask(), "/sign-in#/factor-two"),
        (
            "needs_second_factor",
            json!({}),
            AuthenticateWithWeb3Params { second_factor_url: Some("/2fa".into()), ..metamask() },
            "/2fa",
        ),
        ("needs_protect_check", json!({}), metamask(), "/sign-in#/protect-check"),
        (
            "needs_second_factor",
            json!({ "protect_check": { "status": "pending" } }),
            metamask(),
            "/sign-in#/protect-check",
        ),
        ("something_new", json!({}), metamask(), ""),
    ] {
        let app = ScriptedApp::with(
            move |method, path| match (method, path) {
                ("GET", "/environment") => json_response(200, &environment()),
                ("GET", "/client") => json_response(200, &json!({ "response": client(1, &[]) })),
                ("POST", "/client/sign_ins") => json_response(
                    200,
                    &json!({ "response": {
                    "id": "sia_1", "status": "needs_first_factor",
                    "supported_first_factors": [{ "strategy": "web3_metamask_signature", "web3_wallet_id": "idn_1" }],
                } }),
                ),
                ("POST", "/client/sign_ins/sia_1/prepare_first_factor") => json_response(
                    200,
                    &json!({ "response": {
                    "id": "sia_1", "first_factor_verification": { "message": "sign this" },
                } }),
                ),
                ("POST", "/client/sign_ins/sia_1/attempt_first_factor") => {
                    let mut attempt = json!({ "id": "sia_1", "status": status });
                    for (key, value) in extra.as_object().unwrap() {
                        attempt[key] = value.clone();
                    }
                    json_response(200, &json!({ "response": attempt }))
                }
                other => panic!("unexpected request {other:?}"),
            },
            Arc::new(MemoryStore::default()),
            |setup| {
                setup.wallet = Some(Arc::new(TestWallet::new([])));
                setup.options.sign_in_url = Some("/sign-in".to_owned());
            },
        );
        app.clerk.load(LoadOptions::default()).await.unwrap();
        let outcome = app.clerk.authenticate_with_web3(params).await.unwrap();
        assert_eq!(outcome.navigate_to.unwrap_or_default(), expected, "{status}");
    }
}

/// A wallet that never connects.
struct SlowWallet;

impl clerk_core::ports::Wallet for SlowWallet {
    fn connect<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a str>,
    ) -> clerk_core::ports::BoxFuture<'a, Result<Box<dyn clerk_core::ports::WalletConnection>, WalletError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn authenticate_with_web3_can_be_cancelled_and_superseded() {
    let emulator = Arc::new(Emulator::start(config()).await.unwrap());
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| setup.wallet = Some(Arc::new(SlowWallet)));
    app.clerk.load(LoadOptions::default()).await.unwrap();
    let begin = || {
        let clerk = app.clerk.clone();
        tokio::spawn(async move { clerk.authenticate_with_web3(metamask()).await })
    };
    let first = begin();
    tokio::task::yield_now().await;
    let second = begin();
    assert_eq!(join(first).await.unwrap_err().code(), "oauth_flow_superseded");
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(second).await.unwrap_err().code(), "oauth_flow_cancelled");
}
