//! Each change of the state notifies every window and Rust exactly once, with or without an open window.

use clerk_e2e::{Desktop, Options, Result, Window, until};
use serde_json::{Value, json};
use thirtyfour::WindowHandle;

const GRACE: &str = "approve-grace-hopper-example-com";

/// Records the notifications of a listener in the window.
async fn listen(window: &Window) -> Result<()> {
    window
        .run(
            "window.heard = [];
             clerk.addListener(({ user }) => window.heard.push([clerk.revision, user ? user.firstName : String(user)]), { skipInitialEmit: true });
             return null",
        )
        .await
        .map(|_| ())
}

/// Waits until the listener of a window is notified of `last`. Returns all notifications.
async fn heard(window: &Window, handle: &WindowHandle, last: &str) -> Result<Vec<(u64, String)>> {
    window.switch_to(handle).await?;
    let all = until(&format!("the window hears of {last}"), || async {
        let all = window.run("return window.heard").await.ok()?;
        (all.as_array()?.last()?[1] == last).then_some(all)
    })
    .await?;
    let entries = all.as_array().into_iter().flatten();
    let entry =
        |entry: &Value| (entry[0].as_u64().unwrap_or_default(), entry[1].as_str().unwrap_or_default().to_owned());
    Ok(entries.map(entry).collect())
}

/// Returns the states in order, without repetitions.
fn changes<'a>(heard: impl IntoIterator<Item = &'a (u64, String)>) -> Vec<&'a str> {
    let mut states: Vec<_> = heard.into_iter().map(|(_, state)| state.as_str()).collect();
    states.dedup();
    states
}

/// Returns the notifications of the app's Rust listener, from the log.
fn heard_in_rust(desktop: &Desktop) -> Result<Vec<(u64, String)>> {
    let log = desktop.log()?;
    let lines = log.lines().filter(|line| line.contains("auth state revision="));
    let read = |line: &str| {
        let revision = line.split("revision=").nth(1)?.split_whitespace().next()?.parse().ok()?;
        Some((revision, line.split("user=").nth(1)?.trim().trim_matches('"').to_owned()))
    };
    Ok(lines.filter_map(read).collect())
}

fn each_once(heard: &[(u64, String)]) {
    assert!(heard.windows(2).all(|pair| pair[0].0 < pair[1].0), "each revision is notified once: {heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_in_all_windows_and_rust_are_notified_once() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.submit_password("ada+clerk_test@example.com", "correct-horse-battery").await?;
    window.wait_for_text("user-name", "Ada Lovelace").await?;
    let main = window.handles().await?[0].clone();
    window.click("open-second-window").await?;
    let second = window.wait_for_new(std::slice::from_ref(&main)).await?;
    listen(&window).await?;
    window.switch_to(&second).await?;
    window.wait_for_text("user-name", "Ada Lovelace").await?;
    listen(&window).await?;
    let in_rust_before = heard_in_rust(&desktop)?.len();

    // The second window signs out.
    window.run("clerk.signOut(); return null").await?;
    let of_second = heard(&window, &second, "null").await?;
    let of_main = heard(&window, &main, "null").await?;
    assert_eq!(changes(&of_main), ["null"], "the other window is notified once, signed out");
    each_once(&of_main);
    // In the calling window the session is undefined until the navigation is over.
    assert_eq!(changes(&of_second), ["undefined", "null"]);
    let in_rust = heard_in_rust(&desktop)?;
    assert_eq!(changes(&in_rust[in_rust_before..]), ["nobody"]);
    assert_eq!(changes(&in_rust), ["nobody", "Ada Lovelace", "nobody"]);
    each_once(&in_rust);

    // A change by Rust notifies all.
    window.run("window.heard.length = 0; return null").await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    desktop.click_in_browser(GRACE).await?;
    let of_main = heard(&window, &main, "Grace").await?;
    let of_second = heard(&window, &second, "Grace").await?;
    assert_eq!(changes(&of_main), if of_main[0].1 == "null" { vec!["null", "Grace"] } else { vec!["Grace"] });
    assert_eq!(changes(&of_second).last(), Some(&"Grace"));
    each_once(&of_main);
    assert_eq!(changes(&heard_in_rust(&desktop)?).last(), Some(&"Grace Hopper"));
    each_once(&heard_in_rust(&desktop)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_in_rust_are_notified_without_a_window() -> Result<()> {
    let mut desktop = Desktop::start(Options::default()).await?;
    let window = desktop.start_app().await?;
    window.click("sign-in-oauth_google").await?;
    desktop.provider_page().await?;
    // Restarts the app in the background, without a window.
    let before = heard_in_rust(&desktop)?.len();
    desktop.start_in_background()?;
    until("it is loaded", || async { (heard_in_rust(&desktop).ok()?.len() > before).then_some(()) }).await?;
    desktop.click_in_browser(GRACE).await?;
    until("the link signs in", || async { (heard_in_rust(&desktop).ok()?.last()?.1 == "Grace Hopper").then_some(()) })
        .await?;
    until("the flow is over", || async { desktop.log().ok()?.contains("outcome=Resumed").then_some(()) }).await?;
    let heard = heard_in_rust(&desktop)?.split_off(before);
    assert_eq!(changes(&heard), ["nobody", "Grace Hopper"]);
    each_once(&heard);
    assert_eq!(desktop.app_processes(), 1);
    // The next start with a window finds the user signed in.
    let window = desktop.start_app().await?;
    window.wait_for_text("user-name", "Grace Hopper").await?;
    let session = window.run("return [clerk.isSignedIn, clerk.user.firstName]").await?;
    assert_eq!(session, json!([true, "Grace"]));
    Ok(())
}
