//! Windows with Clerk's own components: no credential, no request to Clerk, and no session token for other windows.

mod signed_in;

use clerk_e2e::{Desktop, Result, SPY, Window, parameters, until};
use serde_json::{Value, json};
use signed_in::{go, options, sign_in, start};

/// Makes clerk-js fetch a new session token, and returns it.
async fn new_session_token(window: &Window) -> Result<String> {
    let token = window
        .run_async(
            "const done = arguments[0];
             clerk.session.getToken({ skipCache: true }).then(done, (error) => done({ error: String(error) }));",
        )
        .await?;
    token.as_str().map(str::to_owned).ok_or_else(|| format!("no token: {token}").into())
}

/// The client tokens so far and these nonces are in no page: neither in its memory nor in what it stores, shows or was told, and
/// not in the log. What must be there, the session and its token, shows that the search works.
async fn assert_secrets_are_only_in_rust(desktop: &Desktop, window: &Window, nonces: &[&str]) -> Result<()> {
    let session = window.text("session-id").await?;
    let session_token = new_session_token(window).await?;
    let told = window.run("return window.heard.join('\\n')").await?.to_string();
    assert!(told.contains(&session), "the page was told of the session");
    let stored = "return JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + document.documentElement.outerHTML";
    let stored = window.run(stored).await?.to_string();
    let log = desktop.log()?;
    assert!(log.contains("FAPI responded") && log.contains("TRACE"), "the log has the trace level");
    let issued = desktop.emulator().issued_client_tokens();
    assert!(issued.len() >= 2, "the token was rotated");
    // The header is the same for all tokens of the instance; the other parts are secret.
    let tokens = issued.iter().flat_map(|token| token.split('.').skip(1));
    let secrets: Vec<&str> = tokens.chain(nonces.iter().copied()).collect();
    for secret in &secrets {
        assert!(secret.len() >= 12, "{secret} is too short to be searched");
        assert!(!stored.contains(secret) && !told.contains(secret), "{secret} is in the page");
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    let signature = session_token.split('.').nth(2).unwrap_or_default();
    let texts: Vec<&str> = secrets.iter().copied().chain([session.as_str(), signature]).collect();
    let [in_pages, in_app] = desktop.find_in_memory(&texts)?;
    let (secrets_in_pages, known_in_pages) = in_pages.split_at(secrets.len());
    assert_eq!(known_in_pages, [true, true], "the session and its token are known to the page");
    assert!(in_app[..secrets.len()].contains(&true), "the present client token is known to the app");
    let leaked: Vec<_> = texts.iter().zip(secrets_in_pages).filter(|(_, found)| **found).collect();
    assert!(leaked.is_empty(), "secrets are in the memory of a page: {leaked:?}");
    Ok(())
}

/// Starts a desktop and the app, which records what the page is told, and the programs that are started.
async fn start_with_spy() -> Result<(Desktop, Window)> {
    let mut options = options();
    options.records_programs = true;
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    window.run(SPY).await?;
    Ok((desktop, window))
}

#[tokio::test(flavor = "multi_thread")]
async fn client_token_is_in_no_memory_of_a_window_with_components() -> Result<()> {
    let (desktop, window) = start_with_spy().await?;
    sign_in(&window).await?;
    assert_secrets_are_only_in_rust(&desktop, &window, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn client_token_and_nonce_are_in_no_memory_after_a_sign_in_with_google() -> Result<()> {
    let (desktop, window) = start_with_spy().await?;
    window.click_css(".cl-socialButtonsBlockButton__google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser("approve-ada-clerk-test-example-com").await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    let programs = desktop.programs()?;
    let nonces = parameters(&programs, "rotating_token_nonce");
    assert_eq!(nonces.len(), 1, "the link of the sign-in has a nonce: {programs}");
    assert_secrets_are_only_in_rust(&desktop, &window, &nonces).await
}

#[tokio::test(flavor = "multi_thread")]
async fn client_token_and_nonce_are_in_no_memory_after_an_account_was_connected() -> Result<()> {
    let (desktop, window) = start_with_spy().await?;
    sign_in(&window).await?;
    go(&window, "account").await?;
    window.click_css(".cl-menuButton__connectedAccounts").await?;
    window.click_text("GitHub").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser("approve-linus-example-com").await?;
    window.wait_for_css(".cl-profileSectionItem__connectedAccounts").await?;
    go(&window, "home").await?;
    let programs = desktop.programs()?;
    let nonces = parameters(&programs, "rotating_token_nonce");
    assert_eq!(nonces.len(), 1, "the link of the connection has a nonce: {programs}");
    assert_secrets_are_only_in_rust(&desktop, &window, &nonces).await
}

/// Listens to every channel that Clerk's packages open, and to one of this test.
const LISTEN: &str = "
    window.heard = [];
    for (const name of ['clerk:session_token', 'clerk', 'probe']) {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => window.heard.push(JSON.stringify([name, data]));
    }
    return null";

#[tokio::test(flavor = "multi_thread")]
async fn session_tokens_are_not_heard_in_other_windows() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    let (main, inspector) = window.open_by("open-inspector").await?;
    window.wait_for("sign-out").await?;
    window.run(LISTEN).await?;
    window.switch_to(&main).await?;
    sign_in(&window).await?;
    let token = new_session_token(&window).await?;
    assert_eq!(token.split('.').count(), 3);
    window.run("new BroadcastChannel('probe').postMessage('after the token'); return null").await?;
    window.switch_to(&inspector).await?;
    let heard = until("the other window hears the probe", || async {
        let heard = window.run("return window.heard").await.ok()?;
        heard.as_array().filter(|heard| !heard.is_empty()).cloned()
    })
    .await?;
    assert_eq!(heard, [Value::from(json!(["probe", "after the token"]).to_string())]);
    Ok(())
}
