//! The client token is only in Rust's memory and, encrypted, in the keyring. Other secrets are where they must be, and nowhere else.

use std::path::{Path, PathBuf};

use clerk_e2e::{CALLBACK, Desktop, Options, Result, SPY, Window, parameters, until};
use clerk_emulator::Config;

const PASSWORD: &str = "correct-horse-battery";
const WRONG_PASSWORD: &str = "not-the-right-password";

async fn everything_that_signs_in(desktop: &Desktop, window: &Window) -> Result<()> {
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser("deny").await?;
    window.wait_for_text("error-code", "oauth_access_denied").await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser("approve-grace-hopper-example-com").await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    window.click("show-claims").await?;
    window.click("sign-out").await?;
    // Only the link of a user who exists has a nonce.
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser("approve-grace-hopper-example-com").await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    window.click("sign-out").await?;
    window.submit_password("ada+clerk_test@example.com", WRONG_PASSWORD).await?;
    window.wait_for_text("error-code", "form_password_incorrect").await?;
    window.fill("password", PASSWORD).await?;
    window.click("continue-password").await?;
    window.wait_for_text("user-name", "Ada Lovelace").await?;
    // Ended from elsewhere.
    let session = window.text("session-id").await?;
    assert!(desktop.emulator().revoke_session(&session));
    window.run("window.__TAURI_INTERNALS__.invoke('plugin:clerk|handle_unauthenticated'); return null").await?;
    window.wait_for("sign-in-oauth_google").await?;
    window.submit_password("ada+clerk_test@example.com", PASSWORD).await?;
    window.wait_for_text("user-name", "Ada Lovelace").await
}

/// A name and a content to be searched.
type Place = (String, Vec<u8>);

/// Reads the files below `folder`, apart from those below `except`.
fn files_in(folder: &Path, except: &[PathBuf]) -> Result<Vec<Place>> {
    let mut files = Vec::new();
    files_below(folder, &mut files)?;
    files.retain(|file| !except.iter().any(|folder| file.starts_with(folder)));
    // The browser may have deleted a temporary file meanwhile.
    let read = |file: PathBuf| (file.display().to_string(), std::fs::read(&file).unwrap_or_default());
    Ok(files.into_iter().map(read).collect())
}

fn assert_absent<'a>(secret: &str, what: &str, places: impl IntoIterator<Item = &'a Place>) {
    assert!(secret.len() >= 12, "{secret} is too short to be searched");
    for (place, content) in places {
        assert!(memchr::memmem::find(content, secret.as_bytes()).is_none(), "{what} is in {place}");
    }
}

/// Returns the secret parts of the JWTs that occur in a text.
fn jwt_parts(text: &str) -> Vec<&str> {
    let tokens = text.split(|end: char| !(end.is_ascii_alphanumeric() || "-_.".contains(end)));
    let tokens = tokens.filter(|token| token.starts_with("eyJ") && token.split('.').count() == 3);
    tokens.flat_map(|token| token.split('.').skip(1)).collect()
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            files_below(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn client_token_is_only_in_rust_and_the_keyring() -> Result<()> {
    let mut options = Options::default();
    options.records_programs = true;
    let mut desktop = Desktop::start(options).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    window.run(SPY).await?;
    everything_that_signs_in(&desktop, &window).await?;
    // A link that is no callback is announced to windows, so the script would have heard callbacks too.
    desktop.open_link(&CALLBACK.replace("callback", "elsewhere?spied")).await?;
    until("the window hears of the other link", || async {
        let heard = window.run("return window.heard.join('\\n')").await.ok()?;
        heard.as_str()?.contains("elsewhere?spied").then_some(())
    })
    .await?;

    let heard = window.run("return window.heard.join('\\n')").await?;
    let kept = window.run("return JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie").await?;
    let page = window.run("return document.documentElement.outerHTML").await?;
    let heard = heard.as_str().unwrap_or_default();
    for expected in ["\"revision\"", "Grace", "form_password_incorrect", "plugin:clerk:auth-event", "eyJ"] {
        assert!(heard.contains(expected), "the script must have recorded {expected}");
    }
    assert!(!heard.contains(&format!("{CALLBACK}?")), "no window hears of a callback link");
    let log = desktop.log()?;
    assert!(log.contains("FAPI responded") && log.contains("TRACE"), "the log has the trace level");

    let window = [
        ("what the webview was told".to_owned(), heard.as_bytes().to_vec()),
        ("the webview's storage".to_owned(), kept.to_string().into()),
        ("the webview's document".to_owned(), page.to_string().into()),
    ];
    let files = files_in(desktop.files(), &[])?;
    assert!(files.iter().any(|(file, _)| file.ends_with(".keyring")));
    // Among the files are the command lines and environments of programs.
    let programs = desktop.programs()?;
    for expected in ["program: xdg-open http", "program: xdg-mime", "\nHOME="] {
        assert!(programs.contains(expected), "{expected} must have been recorded:\n{programs}");
    }

    let tokens = desktop.emulator().issued_client_tokens();
    assert!(tokens.len() >= 4, "the token was rotated");
    for token in tokens {
        // The header is the same for all tokens of the instance; the other parts are secret.
        for part in token.split('.').skip(1) {
            assert_absent(part, "a client token", window.iter().chain(&files));
        }
    }
    // The browser and the program that opens links know the link.
    let except = [desktop.files().join("browser"), desktop.files().join("programs.log")];
    let files = files_in(desktop.files(), &except)?;
    let nonces = parameters(&programs, "rotating_token_nonce");
    assert!(!nonces.is_empty(), "the browser must have opened a link: {programs}");
    for nonce in nonces {
        assert_absent(nonce, "a nonce", window.iter().chain(&files));
    }
    // The drivers of the windows log what they type.
    let files = files_in(desktop.files(), &[desktop.files().join("driver.log")])?;
    for password in [PASSWORD, WRONG_PASSWORD] {
        assert_absent(password, "a password", window.iter().chain(&files));
    }
    let session_tokens = jwt_parts(heard);
    assert!(!session_tokens.is_empty(), "the window has asked for a session token");
    for part in session_tokens {
        assert_absent(part, "a session token", &files);
    }
    Ok(())
}

/// The ticket of the wallet page is in the command line of the browser, so it must be worth nothing there.
#[tokio::test(flavor = "multi_thread")]
async fn ticket_of_the_wallet_page_is_void_once_the_browser_has_the_page() -> Result<()> {
    let mut options = Options::default();
    options.instance = Config::preset("web3")?;
    options.records_programs = true;
    let mut desktop = Desktop::start(options).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    window.run(SPY).await?;
    window
        .run("window.flow = clerk.authenticateWithMetamask().then(() => 'done', (error) => error.code ?? String(error)); return null")
        .await?;
    desktop.page("#wallets button").await?;
    let programs = desktop.programs()?;
    let opened = programs.lines().find_map(|line| line.strip_prefix("program: xdg-open http://127.0.0.1:"));
    let (port, ticket) = opened.and_then(|url| url.trim().split_once('/')).ok_or("the page was opened")?;
    let stranger = reqwest::Client::builder().no_proxy().build()?;
    let response = stranger.get(format!("http://127.0.0.1:{port}/{ticket}")).send().await?;
    assert_eq!(response.status(), 403);
    let ended = window.run_async("const done = arguments[0]; window.flow.then(done)").await?;
    assert_eq!(ended, "wallet_bridge_misused");

    let heard = window.run("return window.heard.join('\\n')").await?;
    let window = [("what the webview was told".to_owned(), heard.to_string().into_bytes())];
    assert!(heard.to_string().contains("wallet_bridge_misused"), "the script must have recorded the error");
    let except = [desktop.files().join("browser"), desktop.files().join("programs.log")];
    let files = files_in(desktop.files(), &except)?;
    assert_absent(ticket, "the ticket", window.iter().chain(&files));
    Ok(())
}
