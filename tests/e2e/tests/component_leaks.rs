//! Windows with Clerk's own components: no credential, no request to Clerk, and no session token for other windows.

mod signed_in;

use clerk_e2e::{Desktop, Result, Window, until};
use serde_json::{Value, json};
use signed_in::{options, sign_in, start};

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

#[tokio::test(flavor = "multi_thread")]
async fn client_token_is_in_no_memory_of_a_window_with_components() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    sign_in(&window).await?;
    let session = window.text("session-id").await?;
    let session_token = new_session_token(&window).await?;
    let stored = window
        .run("return JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + document.documentElement.outerHTML")
        .await?
        .to_string();
    let log = desktop.log()?;
    assert!(log.contains("FAPI responded") && log.contains("TRACE"), "the log has the trace level");
    let issued = desktop.emulator().issued_client_tokens();
    assert!(issued.len() >= 2, "the token was rotated");
    // The header is the same for all tokens of the instance; the other parts are secret.
    let secrets: Vec<&str> = issued.iter().flat_map(|token| token.split('.').skip(1)).collect();
    for secret in &secrets {
        assert!(!stored.contains(secret) && !log.contains(secret), "{secret} is in the page or the log");
    }
    // What must be found shows that the search works.
    let signature = session_token.split('.').nth(2).unwrap_or_default();
    let texts: Vec<&str> = secrets.iter().copied().chain([session.as_str(), signature]).collect();
    let [in_pages, in_app] = desktop.find_in_memory(&texts)?;
    let (secrets_in_pages, known_in_pages) = in_pages.split_at(secrets.len());
    assert_eq!(known_in_pages, [true, true], "the session and its token are known to the page");
    assert!(in_app[..secrets.len()].contains(&true), "the present client token is known to the app");
    let leaked: Vec<_> = texts.iter().zip(secrets_in_pages).filter(|(_, found)| **found).collect();
    assert!(leaked.is_empty(), "client tokens are in the memory of a page: {leaked:?}");
    Ok(())
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
