//! Bad configuration and bad responses: each has its own error code in the window.

use clerk_e2e::{Desktop, Options, Result, until};
use clerk_emulator::{Action, Fault};

#[tokio::test(flavor = "multi_thread")]
async fn window_shows_the_code_of_a_bad_configuration() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    // A key for 127.0.0.1:1, which no emulator has.
    let foreign = "pk_test_MTI3LjAuMC4xOjEk";
    let live = "pk_live_Y2xlcmsuZXhhbXBsZS50ZXN0JA";
    for (changes, expected) in [
        ([("CLERK_PUBLISHABLE_KEY", ""), ("CLERK_PROXY_URL", "")], "publishable_key_missing"),
        ([("CLERK_PUBLISHABLE_KEY", "pk_test_nonsense"), ("CLERK_PROXY_URL", "")], "publishable_key_invalid"),
        ([("CLERK_PUBLISHABLE_KEY", foreign), ("RUST_BACKTRACE", "1")], "instance_mismatch"),
        ([("CLERK_PUBLISHABLE_KEY", live), ("RUST_BACKTRACE", "1")], "instance_mismatch"),
        ([("CLERK_PUBLISHABLE_KEY", foreign), ("CLERK_PROXY_URL", "http://127.0.0.1:1")], "network_error"),
        ([("CLERK_PROXY_URL", "/relative"), ("RUST_BACKTRACE", "1")], "proxy_url_invalid"),
    ] {
        let window = desktop.start_app_with(&changes).await?;
        window.wait_for_text("error-code", expected).await?;
        assert_eq!(window.text("status").await?, "error");
        assert!(desktop.log()?.contains(expected), "the log contains the code");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn window_loads_after_a_decode_or_network_error() -> Result<()> {
    let html = Action::Respond {
        status: 200,
        content_type: "text/html".to_owned(),
        body: "<!doctype html><title>Log in to the Wi-Fi</title>".to_owned(),
    };
    for (fault, expected) in [(html, "decode_error"), (Action::LoseAnswer, "network_error")] {
        // A new desktop, without the state of an earlier run.
        let mut desktop = Desktop::start(Options::default()).await?;
        desktop.emulator().fault(Fault::new("/v1/*", fault));
        let window = desktop.start_app().await?;
        window.wait_for_text("error-code", expected).await?;
        desktop.emulator().clear_faults();
        // The core retries by itself as well. If it comes first, there is no button any more.
        until("the window is ready", || async {
            window.click_if_present("retry").await;
            (window.text("status").await.ok()? == "ready").then_some(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn window_shows_the_cached_user_while_offline() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.submit_password("ada+clerk_test@example.com", "correct-horse-battery").await?;
    window.wait_for_text("user-name", "Ada Lovelace").await?;
    desktop.emulator().fault(Fault::new("/v1/*", Action::LoseAnswer));
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "degraded").await?;
    window.wait_for_text("user-name", "Ada Lovelace").await?;
    desktop.emulator().clear_faults();
    window.wait_for_text("status", "ready").await?;
    window.wait_for_text("user-name", "Ada Lovelace").await
}

#[tokio::test(flavor = "multi_thread")]
async fn window_accepts_unknown_providers_and_settings() -> Result<()> {
    let mut options = Options::default();
    options.instance.environment_patch = Some(serde_json::json!({
        "user_settings": { "social": { "oauth_telepathy": { "enabled": true, "authenticatable": true, "strategy": "oauth_telepathy", "name": "Telepathy" } } },
        "auth_config": { "single_session_mode": "sometimes" },
        "brand_new_settings": { "x": [1, { "y": null }] },
        "organization_settings": null,
    }));
    let mut desktop = Desktop::start(options).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    window.wait_for("sign-in-oauth_telepathy").await?;
    // The emulator does not know the provider, and returns Clerk's error.
    window.click("sign-in-oauth_telepathy").await?;
    window.wait_for_text("error-code", "form_param_value_invalid").await
}
