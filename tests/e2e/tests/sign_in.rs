//! Signing in from a real window: through the browser and a deep link, and with codes and passwords.

use clerk_e2e::{Desktop, Options, Result, Window, until};

const GRACE: &str = "approve-grace-hopper-example-com";

/// Clicks "Continue with Google" and approves in the browser.
async fn sign_in_with_google(desktop: &Desktop, window: &Window) -> Result<()> {
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser(GRACE).await?;
    window.wait_for_text("user-name", "Grace Hopper").await
}

#[tokio::test(flavor = "multi_thread")]
async fn google_sign_in_survives_a_restart_through_the_keyring() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    sign_in_with_google(&desktop, &window).await?;
    assert_eq!(window.text("user-email").await?, "grace.hopper@example.com");
    assert_eq!(desktop.app_processes(), 1, "the process that the link started has passed it on and ended");
    let session = window.text("session-id").await?;
    window.click("show-claims").await?;
    until("the claims name the session", || async {
        window.text("claims").await.ok().filter(|claims| claims.contains(&session))
    })
    .await?;

    desktop.end_app();
    assert_eq!(desktop.app_processes(), 0);
    let window = desktop.start_app().await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    assert_eq!(window.text("session-id").await?, session);
    window.click("sign-out").await?;
    window.wait_for("sign-in-oauth_google").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn google_sign_in_shows_denied_access_and_can_be_retried() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser("deny").await?;
    window.wait_for_text("error-code", "oauth_access_denied").await?;
    sign_in_with_google(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn google_sign_in_can_be_retried_after_closing_the_tab() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.close_tab().await?;
    window.wait_for("waiting").await?;
    sign_in_with_google(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_link_starts_the_app_and_completes_its_flow() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.end_app();
    assert_eq!(desktop.app_processes(), 0);
    desktop.click_in_browser(GRACE).await?;
    until("the app is started by the link and signs in", || async {
        desktop.log().ok().filter(|log| log.contains("outcome=Resumed"))
    })
    .await?;
    assert_eq!(desktop.app_processes(), 1);
    assert!(desktop.is_on_the_bus());
    let window = desktop.start_app().await?;
    window.wait_for_text("user-name", "Grace Hopper").await
}

/// Returns the sign-ins that were started.
fn sign_ins(desktop: &Desktop) -> usize {
    let requests = desktop.emulator().requests();
    requests.iter().filter(|entry| entry.method == "POST" && entry.path.ends_with("/client/sign_ins")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn google_sign_in_goes_on_while_the_window_is_reloaded() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    let tabs = desktop.browser().windows().await?.len();
    window.run("window.isOldPage = true").await?;
    window.driver().refresh().await?;
    until("the window has a new page", || async {
        (window.run("return window.isOldPage === undefined").await.ok()? == true).then_some(())
    })
    .await?;
    window.wait_for_text("status", "ready").await?;
    let navigated = "return document.getElementById('events').textContent.includes('navigate to')";
    assert_eq!(window.run(navigated).await?, false);

    desktop.click_in_browser(GRACE).await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    until("the new page navigates to where the flow leads", || async {
        (window.run(navigated).await.ok()? == true).then_some(())
    })
    .await?;
    // WebKit sends the command of the old page once more when it is reloaded.
    assert_eq!(sign_ins(&desktop), 1, "the flow under way was joined");
    assert_eq!(desktop.browser().windows().await?.len(), tabs, "no second page was opened");
    let outcome = window
        .run_async("const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('plugin:clerk|take_redirect_outcome').then(done, done)")
        .await?;
    assert!(outcome.is_null(), "the new page has taken the outcome: {outcome}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_link_without_a_flow_changes_nothing() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    let asked = desktop.emulator().requests().len();
    desktop.open_link("clerk-desktop-example://callback?rotating_token_nonce=forged").await?;
    let log = |text: &'static str| {
        let desktop = &desktop;
        async move { until(text, || async { desktop.log().ok().filter(|log| log.contains(text)) }).await }
    };
    log("deep_link_refused").await?;
    assert_eq!(desktop.emulator().requests().len(), asked, "no request was sent");
    assert!(window.has("sign-in-oauth_google").await);
    desktop.open_link("clerk-desktop-example://documents/7?x=1").await?;
    log("app deep link: clerk-desktop-example://documents/7?x=1").await?;
    desktop.open_link("clerk-desktop-example://callback/7?x=1").await?;
    log("app deep link: clerk-desktop-example://callback/7?x=1").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_with_an_email_code_allows_sign_in_by_password_and_code() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.click("mode-sign-up").await?;
    window.fill("first-name", "Katherine").await?;
    window.fill("last-name", "Johnson").await?;
    window.fill("email", "katherine@example.com").await?;
    window.fill("password", "a-good-password").await?;
    window.click("sign-up-submit").await?;
    window.fill("code", "000000").await?;
    window.click("submit-code").await?;
    window.wait_for_text("error-code", "form_code_incorrect").await?;
    let code = desktop.emulator().latest_code("katherine@example.com").ok_or("a code was sent")?;
    window.fill("code", &code).await?;
    window.click("submit-code").await?;
    window.wait_for_text("user-name", "Katherine Johnson").await?;
    window.click("sign-out").await?;

    window.submit_password("katherine@example.com", "not-the-password").await?;
    window.wait_for_text("error-code", "form_password_incorrect").await?;
    window.submit_password("katherine@example.com", "a-good-password").await?;
    window.wait_for_text("user-name", "Katherine Johnson").await?;
    window.click("sign-out").await?;

    window.fill("email", "katherine@example.com").await?;
    window.click("continue-email-code").await?;
    window.wait_for("submit-code").await?;
    let code = desktop.emulator().latest_code("katherine@example.com").ok_or("a code was sent")?;
    window.fill("code", &code).await?;
    window.click("submit-code").await?;
    window.wait_for_text("user-name", "Katherine Johnson").await
}

#[tokio::test(flavor = "multi_thread")]
async fn second_window_shows_the_state_within_its_capability() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    sign_in_with_google(&desktop, &window).await?;
    let main = window.handles().await?;
    window.click("open-second-window").await?;
    let second = window.wait_for_new(&main).await?;
    window.switch_to(&second).await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    // Its capability allows it to read the state and sign out only.
    for command in ["get_token", "create_sign_in", "take_redirect_outcome", "open_external"] {
        let refusal = window
            .run_async(&format!(
                "const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('plugin:clerk|{command}', {{}}).then(() => done('allowed'), (error) => done(String(error)));"
            ))
            .await?;
        assert!(refusal.to_string().contains("not allowed"), "{command}: {refusal}");
    }
    window.click("sign-out").await?;
    window.wait_for("signed-out").await?;
    window.switch_to(&main[0]).await?;
    window.wait_for("sign-in-oauth_google").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn app_without_a_keyring_is_signed_in_until_it_quits_or_the_user_logs_out() -> Result<()> {
    let mut options = Options::default();
    options.keyring = false;
    let mut desktop = Desktop::start(options).await?;
    let window = desktop.start_app().await?;
    sign_in_with_google(&desktop, &window).await?;
    // Containers don't allow programs to use the kernel's keyring, which keeps secrets until log-out.
    let in_kernel = desktop.log()?.contains("storage_until_log_out");
    let code = if in_kernel { "storage_until_log_out" } else { "storage_unavailable" };
    assert!(desktop.log()?.contains(code));
    until("the window is told as well", || async {
        let told = format!("return document.getElementById('events').textContent.includes('{code}')");
        (window.run(&told).await.ok()? == true).then_some(())
    })
    .await?;
    let window = desktop.start_app().await?;
    window.wait_for(if in_kernel { "sign-out" } else { "sign-in-oauth_google" }).await?;
    Ok(())
}
