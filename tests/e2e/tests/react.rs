//! Clerk's React components in the React example: a real window, with every request through Rust.

mod signed_in;

use clerk_e2e::{Desktop, Options, Result, Window, until};
use clerk_emulator::{Action, Fault, NewOrganization};
use serde_json::json;
use signed_in::{
    ADA, CONTINUE, activate_organization, enter_code_of_ada, load_with_theme, nothing_went_wrong, sign_in, start,
};

/// The example on the instance of the demo, where Ada signs in with a code.
fn options() -> Options {
    let mut options = signed_in::options();
    options.instance.seed_organizations = vec![NewOrganization {
        name: "Analytical Engines".to_owned(),
        creator: Some(ADA.to_owned()),
        ..NewOrganization::default()
    }];
    options
}

/// Returns the method and path of the emulator's requests since the first `skip`.
fn requests(desktop: &Desktop, skip: usize) -> Vec<String> {
    let all = desktop.emulator().requests();
    all.iter().skip(skip).map(|entry| format!("{} {}", entry.method, entry.path)).collect()
}

/// Returns the status of a session at the emulator.
fn session_status(desktop: &Desktop, session: &str) -> Option<String> {
    let state = desktop.emulator().state();
    let clients = state["clients"].as_array()?.iter();
    let mut sessions = clients.flat_map(|client| client["sessions"].as_array().into_iter().flatten());
    Some(sessions.find(|one| one["id"] == session)?["status"].as_str()?.to_owned())
}

/// Calls a command of the plugin in the window, and returns what it rejects with.
async fn outcome(window: &Window, command: &str, arguments: &str) -> Result<String> {
    let script = format!(
        "const done = arguments[0];
         window.__TAURI_INTERNALS__.invoke('plugin:clerk|{command}', {arguments}).then(
           () => done('it is allowed'), (error) => done(typeof error === 'string' ? error : JSON.stringify(error)));"
    );
    Ok(window.run_async(&script).await?.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_signs_in_with_an_email_code_everywhere() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    sign_in(&window).await?;
    // The window and Rust have the same session, and the form is gone.
    let session = window.text("session-id").await?;
    assert!(session.starts_with("sess_"), "{session}");
    window.wait_for_text("rust-session", &session).await?;
    window.wait_until_gone("input[name=identifier], [data-input-otp=true]").await?;
    assert_eq!(window.run("return location.search + location.hash").await?, "");
    assert_eq!(window.text("user-email").await?, ADA);
    nothing_went_wrong(&desktop, &window).await?;
    // The inspector has the thin class, and no permission but to read and to switch.
    window.open_by("open-inspector").await?;
    window.wait_for_text("user", ADA).await?;
    assert_eq!(window.text("session").await?, session);
    assert_eq!(window.text("sessions").await?, format!("{session} (active)"));
    assert_eq!(window.run("return [clerk.isSignedIn, clerk.user.firstName]").await?, json!([true, "Ada"]));
    for command in ["clerk_js_state", "open_and_wait", "get_token"] {
        let refusal = outcome(&window, command, "{}").await?;
        assert!(refusal.contains("not allowed"), "{command}: {refusal}");
    }
    let sign_in =
        "{ request: { method: 'POST', path: '/client/sign_ins', query: [], form: [], parts: [], sessionId: null } }";
    let refusal = outcome(&window, "frontend_api", sign_in).await?;
    assert!(refusal.contains("request_not_allowed"), "{refusal}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_signs_in_with_google_in_the_browser() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    window.click_css(".cl-socialButtonsBlockButton__google, .cl-socialButtonsIconButton__google").await?;
    desktop.provider_page().await?;
    // The window waits where it is; the provider's page is in the browser.
    assert_eq!(window.run("return location.origin").await?, "tauri://localhost");
    desktop.click_in_browser("approve-ada-clerk-test-example-com").await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    window.wait_until_gone("input[name=identifier]").await?;
    assert_eq!(window.run("return location.search + location.hash").await?, "");
    let session = window.text("session-id").await?;
    window.wait_for_text("rust-session", &session).await?;
    nothing_went_wrong(&desktop, &window).await?;
    window.open_by("open-inspector").await?;
    window.wait_for_text("session", &session).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_component_creates_an_account_and_the_tabs_follow() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    // By the component's own link, which is a page of the app.
    window.click_css(".cl-footerActionLink").await?;
    window.wait_for("page-sign-up").await?;
    window.type_css("input[name=emailAddress]", "katherine@example.com").await?;
    window.type_css("input[name=password]", "a-good-password").await?;
    window.click_css(CONTINUE).await?;
    window.wait_for_css("[data-input-otp=true]").await?;
    let code = until("a code is sent", || async { desktop.emulator().latest_code("katherine@example.com") }).await?;
    window.type_keys("[data-input-otp=true]", &code).await?;
    window.wait_for("page-home").await?;
    window.wait_until_gone("[data-input-otp=true]").await?;
    assert_eq!(window.text("user-email").await?, "katherine@example.com");
    window.wait_for("go-account").await?;
    assert!(!window.has("go-sign-up").await);
    nothing_went_wrong(&desktop, &window).await?;
    window.open_by("open-inspector").await?;
    window.wait_for_text("user", "katherine@example.com").await
}

#[tokio::test(flavor = "multi_thread")]
async fn user_button_signs_out_everywhere() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    sign_in(&window).await?;
    let session = window.text("session-id").await?;
    let (main, inspector) = window.open_by("open-inspector").await?;
    window.wait_for_text("session", &session).await?;
    window.switch_to(&main).await?;
    let before = desktop.emulator().requests().len();
    window.click_css(".cl-userButtonTrigger").await?;
    window.click_css(".cl-userButtonPopoverActionButton__signOut").await?;
    window.wait_for("page-sign-in").await?;
    window.wait_for_css("input[name=identifier]").await?;
    let signed_out = until("the session ends at the server", || async {
        session_status(&desktop, &session).is_none_or(|status| status != "active").then_some(())
    });
    signed_out.await?;
    assert_eq!(requests(&desktop, before), [format!("POST /v1/client/sessions/{session}/remove")]);
    nothing_went_wrong(&desktop, &window).await?;
    window.switch_to(&inspector).await?;
    window.wait_for_text("user", "—").await?;
    assert_eq!(window.text("session").await?, "—");
    assert!(
        desktop.log()?.lines().rfind(|line| line.contains("auth state")).is_some_and(|line| line.contains("nobody"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn react_follows_another_window_that_signs_out_or_switches_the_organization() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    sign_in(&window).await?;
    let (main, inspector) = window.open_by("open-inspector").await?;
    window.wait_for_text("user", ADA).await?;
    // By the thin class, to an organization: the hooks and Rust follow.
    activate_organization(&window).await?;
    window.wait_for_text("organization", "Analytical Engines").await?;
    window.switch_to(&main).await?;
    window.wait_for_text("organization-name", "Analytical Engines").await?;
    window.wait_for_text("rust-organization", "Analytical Engines").await?;
    window.wait_for("admin-only").await?;
    window.switch_to(&inspector).await?;
    let before = desktop.emulator().requests().len();
    window.run("window.isSamePage = true; return null").await?;
    window.click("sign-out").await?;
    if let Err(error) = window.wait_for_text("user", "—").await {
        return Err(format!("{error}\n{:#?}\n{}", requests(&desktop, before), desktop.log()?).into());
    }
    window.switch_to(&main).await?;
    window.wait_for("page-sign-in").await?;
    window.wait_for_css("input[name=identifier]").await?;
    nothing_went_wrong(&desktop, &window).await?;
    // The inspector has no page to navigate to.
    window.switch_to(&inspector).await?;
    assert_eq!(window.run("return window.isSamePage ?? false").await?, json!(true));
    window.wait_for_text("user", "—").await
}

#[tokio::test(flavor = "multi_thread")]
async fn provider_shows_an_error_of_loading_and_tries_again() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = desktop.start_app_with(&[("CLERK_PUBLISHABLE_KEY", "pk_test_no-key")]).await?;
    let code = window.text("error-code").await?;
    assert!(!code.is_empty());
    window.click("retry").await?;
    window.wait_for_text("error-code", &code).await?;
    assert!(!window.has_css("input[name=identifier]").await);
    // It was on the console while the page loaded, which the tests of components would have noticed.
    let problems = window.problems().await?;
    assert!(problems.iter().any(|problem| problem.starts_with("console")), "{problems:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_show_the_last_user_after_a_start_without_a_network() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    sign_in(&window).await?;
    desktop.emulator().fault(Fault::new("/v1/*", Action::LoseAnswer));
    let window = desktop.start_app().await?;
    window.wait_for_text("user-email", ADA).await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    window.wait_for_css(".cl-userButtonTrigger").await?;
    assert!(!window.has("error-message").await);
    // The network is back: nothing needs to be done.
    desktop.emulator().clear_faults();
    until("the window has a session token again", || async {
        let claims = "const done = arguments[0];
             clerk.session.getToken().then((token) => done(Boolean(token)), () => done(false));";
        (window.run_async(claims).await.ok()? == true).then_some(())
    })
    .await?;
    assert_eq!(window.text("user-email").await?, ADA);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn session_tasks_are_done_before_anything_else() -> Result<()> {
    let mut options = options();
    options.instance.organizations.force_selection = true;
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    enter_code_of_ada(&window).await?;
    window.wait_for("page-choose-organization").await?;
    window.wait_until_gone("input[name=identifier], [data-input-otp=true]").await?;
    // Nowhere else to go, not even by the address.
    assert!(!window.has("go-home").await);
    window
        .run("history.pushState(null, '', '/?page=account'); dispatchEvent(new PopStateEvent('popstate')); return null")
        .await?;
    window.wait_for("page-choose-organization").await?;
    let organization = ".cl-taskChooseOrganizationPreviewButton, .cl-organizationListPreviewButton";
    window.wait_for_css(organization).await?;
    window.picture("react-choose-organization-light").await?;
    window.choose("theme", "dark").await?;
    window.picture("react-choose-organization-dark").await?;
    window.click_css(organization).await?;
    window.wait_for("page-home").await?;
    window.wait_for_text("rust-organization", "Analytical Engines").await?;
    assert_eq!(window.text("organization-name").await?, "Analytical Engines");
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn session_task_sets_up_a_second_factor() -> Result<()> {
    let mut options = options();
    options.instance.mfa.required = true;
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    enter_code_of_ada(&window).await?;
    window.wait_for("page-setup-mfa").await?;
    window.wait_for_css("[data-testid=page-setup-mfa] button").await?;
    window.picture("react-setup-mfa-light").await?;
    window.choose("theme", "dark").await?;
    window.picture("react-setup-mfa-dark").await?;
    nothing_went_wrong(&desktop, &window).await
}

/// The components that the window "components" mounts for a signed-in user, with an element of each.
const SIGNED_IN_COMPONENTS: &[(&str, &str)] = &[
    ("UserButton", ".cl-userButtonTrigger"),
    ("UserAvatar", ".cl-avatarBox, .cl-userAvatar, #area img"),
    ("UserProfile", ".cl-profileSection__profile"),
    ("CreateOrganization", "input[name=name]"),
    ("OrganizationSwitcher", ".cl-organizationSwitcherTrigger"),
    ("OrganizationList", ".cl-organizationListPreviewItem, .cl-organizationList-root button"),
    ("OrganizationProfile", ".cl-organizationProfile-root, .cl-profileSection"),
];

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_components_in_a_window_without_react() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    let (main, components) = window.open_by("open-components").await?;
    for theme in ["dark", "light"] {
        load_with_theme(&window, theme).await?;
        for (component, element) in [
            ("Waitlist", "input[name=emailAddress]"),
            ("SignUp", "input[name=emailAddress]"),
            ("SignIn", "input[name=identifier]"),
        ] {
            window.choose("component", component).await?;
            window.wait_for_css(element).await?;
            window.picture(&format!("class-{component}-{theme}")).await?;
        }
        nothing_went_wrong(&desktop, &window).await?;
    }
    // Signed in there, and in the window with React, which is on the page of its form.
    enter_code_of_ada(&window).await?;
    window.wait_until_gone("input[name=identifier], [data-input-otp=true]").await?;
    window.switch_to(&main).await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    window.wait_until_gone("input[name=identifier]").await?;
    activate_organization(&window).await?;
    window.switch_to(&components).await?;
    for theme in ["dark", "light"] {
        load_with_theme(&window, theme).await?;
        for (component, element) in SIGNED_IN_COMPONENTS {
            window.choose("component", component).await?;
            window.wait_for_css(element).await?;
            window.picture(&format!("class-{component}-{theme}")).await?;
        }
        nothing_went_wrong(&desktop, &window).await?;
    }
    Ok(())
}

/// The pages of the app, with an element that appears when the component is there.
const SIGNED_OUT: &[(&str, &str)] = &[
    ("sign-in", "input[name=identifier]"),
    ("sign-up", "input[name=emailAddress]"),
    ("waitlist", "input[name=emailAddress], .cl-waitlist-root, .cl-card"),
];
const SIGNED_IN: &[(&str, &str)] = &[
    ("home", "[data-testid=rust-session]"),
    ("account", ".cl-profileSection__profile"),
    ("organization", ".cl-organizationProfile-root, .cl-profileSection"),
    ("organizations", ".cl-organizationListPreviewItem, .cl-organizationList-root button"),
    ("new-organization", "input[name=name]"),
];

/// Chooses a theme, and takes a picture of every page.
async fn pictures(window: &Window, theme: &str, pages: &[(&str, &str)]) -> Result<()> {
    window.choose("theme", theme).await?;
    for (page, element) in pages {
        window.click(&format!("go-{page}")).await?;
        window.wait_for(&format!("page-{page}")).await?;
        window.wait_for_css(element).await?;
        window.picture(&format!("react-{page}-{theme}")).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn components_are_painted_in_light_and_dark_under_a_strict_policy() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = start(&mut desktop).await?;
    for theme in ["dark", "light"] {
        pictures(&window, theme, SIGNED_OUT).await?;
    }
    window.click("go-sign-in").await?;
    sign_in(&window).await?;
    activate_organization(&window).await?;
    window.wait_for("admin-only").await?;
    for theme in ["dark", "light"] {
        pictures(&window, theme, SIGNED_IN).await?;
        window.click("go-home").await?;
        for (name, trigger, popover) in [
            ("user-button", ".cl-userButtonTrigger", ".cl-userButtonPopoverCard"),
            ("organization-switcher", ".cl-organizationSwitcherTrigger", ".cl-organizationSwitcherPopoverCard"),
        ] {
            window.click_css(trigger).await?;
            window.wait_for_css(popover).await?;
            window.picture(&format!("react-{name}-{theme}")).await?;
            window.click_css(trigger).await?;
            window.wait_until_gone(popover).await?;
        }
        window.click_css(".cl-userButtonTrigger").await?;
        window.click_css(".cl-userButtonPopoverActionButton__manageAccount").await?;
        window.wait_for_css(".cl-modalContent .cl-profileSection__profile").await?;
        window.picture(&format!("react-modal-{theme}")).await?;
        window.click_css(".cl-modalCloseButton").await?;
        window.wait_until_gone(".cl-modalContent").await?;
    }
    // Styled although the policy forbids inline styles: they carry the nonce.
    window.click("go-account").await?;
    let styled = until("the component is styled", || async {
        let styled = "return getComputedStyle(document.querySelector('.cl-cardBox')).display";
        window.run(styled).await.ok().filter(|display| *display == "grid" || *display == "flex")
    });
    styled.await?;
    window.choose("language", "de").await?;
    until("the component speaks German", || async {
        let text =
            window.run("return document.querySelector('.cl-profileSectionTitleText')?.textContent").await.ok()?;
        (text == "Profil").then_some(())
    })
    .await?;
    window.picture("react-account-german").await?;
    window.choose("language", "en").await?;
    // The smallest size of the window: nothing is wider than it.
    window.resize(420, 520).await?;
    for (page, element) in SIGNED_IN {
        window.click(&format!("go-{page}")).await?;
        window.wait_for_css(element).await?;
        window.picture(&format!("react-{page}-small")).await?;
        let widths =
            window.run("const page = document.querySelector('main'); return [page.scrollWidth, page.clientWidth]");
        let widths = widths.await?;
        assert_eq!(widths[0], widths[1], "{page} fits");
    }
    nothing_went_wrong(&desktop, &window).await
}
