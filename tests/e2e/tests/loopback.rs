//! The callback URL on this computer: a sign-in that returns without a deep link, and what other programs get there.

use std::path::Path;

use clerk_e2e::{Desktop, Options, Result, until};
use clerk_emulator::Config;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const GRACE: &str = "approve-grace-hopper-example-com";

/// Starts a desktop whose instance allows one loopback URL, which is returned with its port.
async fn start() -> Result<(Desktop, String, u16)> {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let callback = format!("http://127.0.0.1:{port}/callback");
    let mut options = Options::default();
    options.instance = Config::demo(&callback);
    Ok((Desktop::start(options).await?, callback, port))
}

/// Sends a request and returns the status of its response.
async fn status(port: u16, request: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response.split(' ').nth(1).unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn google_sign_in_returns_by_loopback() -> Result<()> {
    let (mut desktop, callback, port) = start().await?;
    let window = desktop.start_app_with(&[("CLERK_REDIRECT_URL", &callback)]).await?;
    window.wait_for_text("status", "ready").await?;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nothing listens before a flow");
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    let provider = desktop.browser().window().await?;

    // Somebody else: another host, a client that never finishes its request, and a link that does not belong to the flow. OAuth with
    // Clerk has no state of its own: the nonce proves the link. Hosted sign-in has one; see the unit tests of the listener.
    let get = |query: &str, host: &str| format!("GET /callback{query} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let own = format!("127.0.0.1:{port}");
    assert_eq!(status(port, &get("?state=wrong&rotating_token_nonce=forged", &own)).await?, "400");
    assert_eq!(status(port, &get("?rotating_token_nonce=forged", "evil.example.com")).await?, "403");
    let mut slow = TcpStream::connect(("127.0.0.1", port)).await?;
    slow.write_all(b"GET /callback?rotating_token_nonce=forged HTTP/1.1\r\nHo").await?;

    // A page that the user was led to.
    desktop.browser().new_tab().await?;
    let tab = desktop.browser().windows().await?.pop().ok_or("the browser has no tab")?;
    desktop.browser().switch_to_window(tab).await?;
    desktop.browser().goto(format!("{callback}?rotating_token_nonce=forged")).await?;
    assert!(desktop.browser().source().await?.contains("still waits for the browser"));
    window.wait_for("waiting").await?;

    // The user.
    desktop.browser().switch_to_window(provider).await?;
    desktop.click_in_browser(GRACE).await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    // A second request, as long as the port still answers: nothing is passed on.
    let again = status(port, &get("?rotating_token_nonce=again", &own)).await;
    assert!(again.is_err() || again.is_ok_and(|status| status == "410" || status.is_empty()));
    until("the browser shows the end", || async {
        desktop.browser().source().await.ok().filter(|source| source.contains("You can close this tab"))
    })
    .await?;
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pictures");
    std::fs::create_dir_all(&pictures)?;
    desktop.browser().screenshot(&pictures.join("loopback.png")).await?;
    until("the port is closed", || async { TcpStream::connect(("127.0.0.1", port)).await.err() }).await?;
    let mut rest = String::new();
    // The slow client was cut off, or told that it was too slow.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(60), slow.read_to_string(&mut rest)).await?;
    assert!(!rest.contains(" 200 "), "{rest}");
    assert_eq!(desktop.app_processes(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn google_sign_in_says_that_its_port_is_taken() -> Result<()> {
    let (mut desktop, callback, port) = start().await?;
    let other = std::net::TcpListener::bind(("127.0.0.1", port))?;
    let window = desktop.start_app_with(&[("CLERK_REDIRECT_URL", &callback)]).await?;
    window.click("sign-in-oauth_google").await?;
    window.wait_for_text("error-code", "callback_port_unavailable").await?;
    drop(other);
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser(GRACE).await?;
    window.wait_for_text("user-name", "Grace Hopper").await
}

#[tokio::test(flavor = "multi_thread")]
async fn handle_callback_link_finishes_a_flow_by_a_pasted_link() -> Result<()> {
    let (mut desktop, callback, port) = start().await?;
    let window = desktop.start_app_with(&[("CLERK_REDIRECT_URL", &callback)]).await?;
    window.wait_for_text("status", "ready").await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    // Something between the browser and the app keeps the request from arriving, so that the user sees an address in the browser.
    let page = desktop.browser().current_url().await?;
    let link = desktop.emulator().decide(page.as_str(), clerk_emulator::Decision::Approve(grace()))?;
    assert!(link.as_str().starts_with(&callback), "{link} {port}");
    let paste = |text: &str| {
        format!(
            "const done = arguments[0];
             window.__TAURI_INTERNALS__.invoke('plugin:clerk|handle_callback_link', {{ link: {} }})
                 .then(done, (error) => done(error.code));",
            serde_json::Value::from(text)
        )
    };
    assert_eq!(window.run_async(&paste("see above")).await?, "option_invalid");
    assert_eq!(window.run_async(&paste("https://example.com/callback")).await?, "notOurs");
    assert_eq!(window.run_async(&paste(&format!("{callback}?rotating_token_nonce=forged&state=x"))).await?, "refused");
    assert_eq!(window.run_async(&paste(&format!("  {link}\n"))).await?, "delivered");
    window.wait_for_text("user-name", "Grace Hopper").await
}

fn grace() -> clerk_emulator::Identity {
    let mut identity = clerk_emulator::Identity::new("oauth_google", "grace.hopper@example.com");
    identity.first_name = "Grace".to_owned();
    identity.last_name = "Hopper".to_owned();
    identity
}
