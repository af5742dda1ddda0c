//! The client token is only in Rust's memory and, encrypted, in the keyring.

use std::path::{Path, PathBuf};

use clerk_e2e::{CALLBACK, Desktop, Options, Result, Window, until};

/// Records everything that Rust sends to the webview: responses and events.
const SPY: &str = r"
    window.heard = [];
    const ask = window.fetch;
    window.fetch = async (...call) => {
        const answer = await ask(...call);
        answer.clone().text().then((text) => window.heard.push(text));
        return answer;
    };
    const { invoke, transformCallback } = window.__TAURI_INTERNALS__;
    const events = ['plugin:clerk:state-changed', 'plugin:clerk:notice', 'plugin:clerk:redirect-finished', 'deep-link://new-url'];
    for (const event of events) {
        const handler = transformCallback((message) => window.heard.push(JSON.stringify(message)));
        invoke('plugin:event|listen', { event, target: { kind: 'Any' }, handler });
    }
";

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
    window.submit_password("ada+clerk_test@example.com", "wrong-password").await?;
    window.wait_for_text("error-code", "form_password_incorrect").await?;
    window.fill("password", "correct-horse-battery").await?;
    window.click("continue-password").await?;
    window.wait_for_text("user-name", "Ada Lovelace").await
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
    let mut desktop = Desktop::start(Options::default()).await?;
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
    for expected in ["\"revision\"", "Grace", "form_password_incorrect", "eyJ"] {
        assert!(heard.contains(expected), "the script must have recorded {expected}");
    }
    assert!(!heard.contains(&format!("{CALLBACK}?")), "no window hears of a callback link");
    let log = desktop.log()?;
    assert!(log.contains("FAPI responded") && log.contains("TRACE"), "the log has the trace level");

    let mut places: Vec<(String, Vec<u8>)> = vec![
        ("what the webview was told".to_owned(), heard.into()),
        ("the webview's storage".to_owned(), kept.to_string().into()),
        ("the webview's document".to_owned(), page.to_string().into()),
    ];
    let mut files = Vec::new();
    files_below(desktop.files(), &mut files)?;
    assert!(files.iter().any(|file| file.extension().is_some_and(|extension| extension == "keyring")), "{files:?}");
    for file in files {
        // The browser may have deleted a temporary file meanwhile.
        places.push((file.display().to_string(), std::fs::read(&file).unwrap_or_default()));
    }

    let tokens = desktop.emulator().issued_client_tokens();
    assert!(tokens.len() >= 4, "the token was rotated");
    for token in tokens {
        // The header is the same for all tokens of the instance; the other parts are secret.
        for part in token.split('.').skip(1) {
            for (place, content) in &places {
                assert!(memchr::memmem::find(content, part.as_bytes()).is_none(), "a client token is in {place}");
            }
        }
    }
    Ok(())
}
