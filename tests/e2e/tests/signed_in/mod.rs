//! What the tests of Clerk's components share: the React example, a user who is signed in to it, and what must not happen there.

#![allow(dead_code, reason = "each test file uses a part of it")]

use clerk_e2e::{App, Desktop, Options, Result, Window, until};
use serde_json::Value;
use thirtyfour::WindowHandle;

pub(crate) const ADA: &str = "ada+clerk_test@example.com";
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// The code of test addresses.
pub(crate) const CODE: &str = "424242";
/// The field for a code.
pub(crate) const CODE_FIELD: &str = "[data-input-otp=true]";
/// The button that continues in a form of Clerk's.
pub(crate) const CONTINUE: &str = ".cl-formButtonPrimary";
/// A dialog over the page.
pub(crate) const DIALOG: &str = ".cl-modalContent";

/// The example on the instance of the demo, where Ada signs in with a code.
pub(crate) fn options() -> Options {
    let mut options = Options::new(App::React);
    options.instance.preferred_strategy = "otp".to_owned();
    options
}

/// Starts the app and waits for `<SignIn/>`.
pub(crate) async fn start(desktop: &mut Desktop) -> Result<Window> {
    let window = desktop.start_app().await?;
    window.wait_for_css("input[name=identifier]").await?;
    Ok(window)
}

/// Enters Ada's address and her code in `<SignIn/>`.
pub(crate) async fn enter_code_of_ada(window: &Window) -> Result<()> {
    window.type_css("input[name=identifier]", ADA).await?;
    window.click_css(CONTINUE).await?;
    window.type_keys(CODE_FIELD, CODE).await
}

/// Signs Ada in with a code in `<SignIn/>`, and waits for the home page.
pub(crate) async fn sign_in(window: &Window) -> Result<()> {
    enter_code_of_ada(window).await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await
}

/// Starts a desktop and the app, and signs Ada in with a code.
pub(crate) async fn signed_in(options: Options) -> Result<(Desktop, Window)> {
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    sign_in(&window).await?;
    Ok((desktop, window))
}

/// Makes Ada's organization the active one, as a script of the app would.
pub(crate) async fn activate_organization(window: &Window) -> Result<()> {
    let script = "const done = arguments[0];
         clerk.setActive({ organization: clerk.user.organizationMemberships[0].organization.id })
           .then(() => done(true), (error) => done(String(error)));";
    match window.run_async(script).await? {
        Value::Bool(true) => Ok(()),
        error => Err(format!("the organization was not activated: {error}").into()),
    }
}

/// Goes to a page of the app.
pub(crate) async fn go(window: &Window, page: &str) -> Result<()> {
    window.click(&format!("go-{page}")).await?;
    window.wait_for(&format!("page-{page}")).await.map(|_| ())
}

/// Goes to the tab "Security" of `<UserProfile/>`.
pub(crate) async fn go_to_security(window: &Window) -> Result<()> {
    go(window, "account").await?;
    window.click_css(".cl-navbarButton__security").await?;
    window.wait_for_css(".cl-profileSection__password").await.map(|_| ())
}

/// Switches to the inspector, which is opened first if it is not there, and returns the present window.
pub(crate) async fn to_inspector(window: &Window) -> Result<WindowHandle> {
    let here = window.driver().window().await?;
    for handle in window.handles().await? {
        window.switch_to(&handle).await?;
        if window.driver().title().await? == "Inspector" {
            return Ok(here);
        }
    }
    window.switch_to(&here).await?;
    Ok(window.open_by("open-inspector").await?.0)
}

/// Chooses the theme of the window `components`, and waits until its page was loaded again for it.
pub(crate) async fn load_with_theme(window: &Window, theme: &str) -> Result<()> {
    window.wait_for_text("status", "ready").await?;
    window.run("window.isPrevious = true").await?;
    window.choose("theme", theme).await?;
    until("the page is loaded again", || async {
        let loaded = "return !window.isPrevious && document.documentElement.dataset.theme";
        (window.run(loaded).await.ok()? == theme).then_some(())
    })
    .await?;
    window.wait_for_text("status", "ready").await
}

/// Waits until a script in the window returns a value.
pub(crate) async fn wait_for_value(window: &Window, script: &str, value: &Value) -> Result<()> {
    until(&format!("{script:?} gives {value}"), || async { (window.run(script).await.ok()? == *value).then_some(()) })
        .await
}

/// Waits until the emulator's state fulfils a condition, and returns what it gives.
pub(crate) async fn wait_for_server<T>(
    desktop: &Desktop,
    what: &str,
    condition: impl Fn(&Value) -> Option<T>,
) -> Result<T> {
    until(what, || async { condition(&desktop.emulator().state()) }).await
}

/// Returns a user of the emulator, by the name of an e-mail address.
pub(crate) fn user(state: &Value, email: &str) -> Option<Value> {
    let has = |user: &&Value| {
        let addresses = user["email_addresses"].as_array();
        addresses.is_some_and(|all| all.iter().any(|one| one["email_address"] == email))
    };
    state["users"].as_array()?.iter().find(has).cloned()
}

/// The page has requested nothing but itself and pictures, and has reported no problem.
pub(crate) async fn nothing_went_wrong(desktop: &Desktop, window: &Window) -> Result<()> {
    let emulator = desktop.emulator().base_url();
    let pictures = format!("{emulator}/__emulator/img/");
    // Shows that the page's requests are seen.
    let control = format!("{pictures}avatar?t=control");
    window
        .run_async(&format!(
            "const done = arguments[0]; const image = new Image(); image.onload = image.onerror = () => done(true);
             image.src = {control:?};"
        ))
        .await?;
    let requests = until("the page's requests are seen", || async {
        window.requests().await.ok().filter(|requests| requests.contains(&control))
    })
    .await?;
    let own = ["tauri://localhost/", "ipc://localhost/", "https://img.clerk.com/", "blob:tauri://", "data:", &pictures];
    let foreign: Vec<_> = requests.iter().filter(|url| !own.iter().any(|own| url.starts_with(own))).collect();
    assert!(foreign.is_empty(), "the page requested {foreign:#?}");
    assert_eq!(window.problems().await?, Vec::<String>::new());
    Ok(())
}
