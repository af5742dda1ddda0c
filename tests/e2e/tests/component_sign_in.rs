//! The authentication flows in Clerk's components, in the window of the React example: forms, the browser, links, tasks of a session.

mod signed_in;

use clerk_e2e::{App, Desktop, Options, Result, Window, until};
use clerk_emulator::{Action, Config, Fault, Identity, NewOrganization, NewUser, Presence};
use serde_json::{Value, json};
use signed_in::{ADA, CODE, CODE_FIELD, CONTINUE, PASSWORD, nothing_went_wrong, start, to_inspector, user};
use thirtyfour::Key;

const KATHERINE: &str = "katherine+clerk_test@example.com";
const NEW_PASSWORD: &str = "staple-battery-horse";
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// The buttons of the provider's page.
const APPROVE_ADA: &str = "approve-ada-clerk-test-example-com";
const APPROVE_GRACE: &str = "approve-grace-hopper-example-com";
/// The address of the account at Google that is not known yet.
const GRACE: &str = "grace.hopper@example.com";
/// An address at the company of the preset `enterprise`.
const WILE: &str = "wile@acme.test";

/// Elements of Clerk's forms.
const IDENTIFIER: &str = "input[name=identifier]";
const GOOGLE: &str = ".cl-socialButtonsBlockButton__google";
const ALERT: &str = ".cl-alert";
const PASSWORD_CARD: &str = ".cl-signIn-password input[name=password]";

/// The example on this instance, where Ada is a user.
fn options(instance: Config) -> Options {
    let mut options = Options::new(App::React);
    let demo = std::mem::replace(&mut options.instance, instance);
    options.instance.application_name = demo.application_name;
    options.instance.redirect_urls = demo.redirect_urls;
    options.instance.users = demo.users;
    options.instance.identities = demo.identities;
    options
}

/// Waits until one of the elements contains this text.
async fn wait_for_words(window: &Window, css: &str, words: &str) -> Result<()> {
    let script = format!("return [...document.querySelectorAll({css:?})].map((one) => one.innerText).join('\\n')");
    until(&format!("{css} shows {words:?}"), || async {
        window.run(&script).await.ok()?.as_str()?.contains(words).then_some(())
    })
    .await
}

/// Enters the code of a test address, as soon as it has been sent.
async fn enter_code(desktop: &Desktop, window: &Window, address: &str, code: &str) -> Result<()> {
    until("a code is sent", || async { desktop.emulator().latest_code(address) }).await?;
    window.type_keys(CODE_FIELD, code).await
}

/// Enters the address in `<SignIn/>`.
async fn enter_identifier(window: &Window, address: &str) -> Result<()> {
    window.type_css(IDENTIFIER, address).await?;
    window.click_css(CONTINUE).await
}

/// Enters address and password in `<SignIn/>`.
async fn enter_password(window: &Window, password: &str) -> Result<()> {
    enter_identifier(window, ADA).await?;
    window.type_css(PASSWORD_CARD, password).await?;
    window.click_css(CONTINUE).await
}

/// The page, Rust and the inspector have the same user and the same active session, and no form is left. Returns the session.
async fn is_signed_in_everywhere(window: &Window, name: &str, email: &str) -> Result<String> {
    window.wait_for_text("rust-user", name).await?;
    let session = window.text("session-id").await?;
    assert!(session.starts_with("sess_"), "{session}");
    window.wait_for_text("rust-session", &session).await?;
    window.wait_for_text("user-email", email).await?;
    window.wait_until_gone(&format!(".cl-card {IDENTIFIER}, {CODE_FIELD}, .cl-signIn-root, .cl-signUp-root")).await?;
    assert_eq!(window.run("return location.search + location.hash").await?, "");
    let main = to_inspector(window).await?;
    window.wait_for_text("user", email).await?;
    window.wait_for_text("session", &session).await?;
    window.wait_for_text("sessions", &format!("{session} (active)")).await?;
    window.switch_to(&main).await?;
    Ok(session)
}

/// Returns how many requests with this method and path the emulator has received.
fn count(desktop: &Desktop, method: &str, path: &str) -> usize {
    let requests = desktop.emulator().requests();
    requests.iter().filter(|entry| entry.method == method && entry.path == path).count()
}

/// Returns the ID of the user with the number `index`.
fn user_id(desktop: &Desktop, index: usize) -> String {
    desktop.emulator().state()["users"][index]["id"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_up_component_signs_up_with_an_email_code() -> Result<()> {
    let mut options = options(Config::default());
    options.instance.profile.first_name = Presence::Required;
    options.instance.profile.last_name = Presence::Required;
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    window.click_text("Sign up").await?;
    window.wait_for("page-sign-up").await?;
    window.type_css("input[name=firstName]", "Katherine").await?;
    window.type_css("input[name=lastName]", "Johnson").await?;
    window.type_css("input[name=emailAddress]", KATHERINE).await?;
    window.type_css("input[name=password]", NEW_PASSWORD).await?;
    window.picture("sign-up-form").await?;
    window.click_css(CONTINUE).await?;
    // A wrong code is refused on the card.
    enter_code(&desktop, &window, KATHERINE, "000000").await?;
    wait_for_words(&window, ".cl-card", "Incorrect code").await?;
    window.picture("sign-up-wrong-code").await?;
    window.type_keys(CODE_FIELD, CODE).await?;
    is_signed_in_everywhere(&window, "Katherine Johnson", KATHERINE).await?;
    assert_eq!(count(&desktop, "POST", "/v1/client/sign_ups"), 1);
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_takes_a_password_and_then_an_authenticator_code() -> Result<()> {
    let mut options = options(Config::default());
    options.instance.users[0].totp_secret = Some(SECRET.to_owned());
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    enter_password(&window, "not-the-password").await?;
    wait_for_words(&window, ".cl-formFieldErrorText", "incorrect").await?;
    window.picture("sign-in-wrong-password").await?;
    window.type_css(PASSWORD_CARD, PASSWORD).await?;
    window.click_css(CONTINUE).await?;
    window.wait_for_css(CODE_FIELD).await?;
    window.picture("sign-in-authenticator").await?;
    // The password alone signs nobody in.
    assert_eq!(window.run_async(WHO_AM_I).await?["session"], Value::Null);
    let code = desktop.emulator().totp_code(&user_id(&desktop, 0)).ok_or("Ada has an authenticator")?;
    window.type_keys(CODE_FIELD, &code).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    nothing_went_wrong(&desktop, &window).await
}

/// Asks Rust who is signed in.
const WHO_AM_I: &str = "const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('whoami').then(done, done)";

/// Clicks Google in the component, and waits for the provider's page.
async fn go_to_google(desktop: &Desktop, window: &Window) -> Result<()> {
    window.click_css(GOOGLE).await?;
    desktop.provider_page().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_signs_in_and_up_with_google() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::default())).await?;
    let window = start(&mut desktop).await?;
    go_to_google(&desktop, &window).await?;
    desktop.click_in_browser(APPROVE_ADA).await?;
    let session = is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    assert_eq!(count(&desktop, "POST", "/v1/client/sign_ups"), 0);
    window.click_css(".cl-userButtonTrigger").await?;
    window.click_css(".cl-userButtonPopoverActionButton__signOut").await?;
    // An account that is not known yet becomes a user: the sign-in goes on as a sign-up.
    window.wait_for_css(IDENTIFIER).await?;
    go_to_google(&desktop, &window).await?;
    desktop.click_in_browser(APPROVE_GRACE).await?;
    let of_grace = is_signed_in_everywhere(&window, "Grace Hopper", GRACE).await?;
    window.picture("google-signed-up").await?;
    assert_ne!(of_grace, session);
    assert_eq!(count(&desktop, "POST", "/v1/client/sign_ups"), 1);
    assert_eq!(desktop.app_processes(), 1);
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_shows_a_refusal_of_google_and_can_be_used_again() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::default())).await?;
    let window = start(&mut desktop).await?;
    go_to_google(&desktop, &window).await?;
    desktop.click_in_browser("deny").await?;
    window.wait_for_css(ALERT).await?;
    window.picture("google-denied").await?;
    let shown = window.run("return document.querySelector('.cl-alert').innerText").await?;
    assert!(shown.as_str().is_some_and(|text| !text.trim().is_empty()), "{shown}");
    go_to_google(&desktop, &window).await?;
    desktop.click_in_browser(APPROVE_ADA).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_is_free_again_after_google_was_cancelled() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::default())).await?;
    let window = start(&mut desktop).await?;
    // By Escape, and by the app.
    for how in ["escape", "command"] {
        go_to_google(&desktop, &window).await?;
        assert!(!window.wait_for_css(GOOGLE).await?.is_enabled().await?, "the card waits");
        if how == "escape" {
            window.driver().active_element().await?.send_keys(Key::Escape + "").await?;
        } else {
            window.run_async("const done = arguments[0]; window.__TAURI_INTERNALS__.invoke('plugin:clerk|cancel_authentication').then(done, done)").await?;
        }
        wait_for_words(&window, ALERT, "You cancelled this in the app.").await?;
        until("the card is free", || async {
            window.wait_for_css(GOOGLE).await.ok()?.is_enabled().await.ok()?.then_some(())
        })
        .await?;
        window.picture(&format!("google-cancelled-{how}")).await?;
        // The page of the cancelled flow is worth nothing any more.
        desktop.click_in_browser(APPROVE_GRACE).await?;
        until("the link of the cancelled flow arrives", || async {
            desktop.log().ok().filter(|log| log.matches("deep_link_refused").count() > usize::from(how == "command"))
        })
        .await?;
        assert_eq!(window.run_async(WHO_AM_I).await?["session"], Value::Null);
        desktop.close_tab().await?;
    }
    enter_password(&window, PASSWORD).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_is_free_again_when_another_window_signs_in_with_google() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::default())).await?;
    let window = start(&mut desktop).await?;
    go_to_google(&desktop, &window).await?;
    desktop.close_tab().await?;
    let (main, other) = window.open_by("open-components").await?;
    go_to_google(&desktop, &window).await?;
    window.switch_to(&main).await?;
    wait_for_words(&window, ALERT, "This was replaced by a newer attempt.").await?;
    window.picture("google-superseded").await?;
    assert!(window.wait_for_css(GOOGLE).await?.is_enabled().await?, "the card is free");
    desktop.click_in_browser(APPROVE_ADA).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    nothing_went_wrong(&desktop, &window).await?;
    window.switch_to(&other).await?;
    window.wait_until_gone(IDENTIFIER).await?;
    window.picture("google-superseded-other-window").await?;
    nothing_went_wrong(&desktop, &window).await
}

/// An instance where the domain of Wile's address belongs to a company.
fn company() -> Result<Options> {
    let mut options = options(Config::preset("enterprise")?);
    let mut wile = Identity::new("enterprise_sso", WILE);
    (wile.first_name, wile.last_name) = ("Wile".to_owned(), "Coyote".to_owned());
    options.instance.identities = vec![wile];
    Ok(options)
}

/// Enters Wile's address, whose domain leads to the company's page in the browser.
async fn go_to_company(desktop: &Desktop, window: &Window) -> Result<()> {
    enter_identifier(window, WILE).await?;
    desktop.provider_page().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_signs_in_with_a_company_account() -> Result<()> {
    let mut desktop = Desktop::start(company()?).await?;
    let window = start(&mut desktop).await?;
    go_to_company(&desktop, &window).await?;
    desktop.click_in_browser("approve-wile-acme-test").await?;
    is_signed_in_everywhere(&window, "Wile Coyote", WILE).await?;
    let wile = user(&desktop.emulator().state(), WILE).ok_or("the user is not at the server")?;
    assert_eq!(wile["enterprise_accounts"][0]["enterprise_connection_id"], "entconn_acme");
    assert_eq!(desktop.app_processes(), 1);
    nothing_went_wrong(&desktop, &window).await
}

/// `<SignIn/>` does not wait for the sign-in at the company, so it shows no refusal; `docs/frameworks.md` says so.
#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_can_be_used_again_after_the_company_refused() -> Result<()> {
    let mut desktop = Desktop::start(company()?).await?;
    let window = start(&mut desktop).await?;
    go_to_company(&desktop, &window).await?;
    desktop.click_in_browser("deny").await?;
    let problems =
        until("the refusal arrives", || async { window.problems().await.ok().filter(|problems| !problems.is_empty()) })
            .await?;
    assert!(matches!(problems.as_slice(), [one] if one.contains("oauth_access_denied")), "{problems:?}");
    window.wait_for_css(IDENTIFIER).await?;
    window.picture("company-refused").await?;
    assert_eq!(window.run_async(WHO_AM_I).await?["session"], Value::Null);
    desktop.close_tab().await?;
    go_to_company(&desktop, &window).await?;
    desktop.click_in_browser("approve-wile-acme-test").await?;
    is_signed_in_everywhere(&window, "Wile Coyote", WILE).await?;
    assert_eq!(window.problems().await?, problems, "nothing else went wrong");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_signs_in_by_an_email_link() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::preset("email-link")?)).await?;
    let window = start(&mut desktop).await?;
    enter_identifier(&window, ADA).await?;
    let link = until("a link is sent", || async { desktop.emulator().latest_link(ADA) }).await?;
    window.picture("email-link-sent").await?;
    assert_eq!(window.run_async(WHO_AM_I).await?["session"], Value::Null);
    desktop.browser().goto(link).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_resets_a_forgotten_password() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::default())).await?;
    let window = start(&mut desktop).await?;
    enter_identifier(&window, ADA).await?;
    window.wait_for_css(PASSWORD_CARD).await?;
    window.click_text("Forgot password?").await?;
    window.click_text("Reset your password").await?;
    enter_code(&desktop, &window, ADA, CODE).await?;
    window.type_css("input[name=password]", NEW_PASSWORD).await?;
    window.type_css("input[name=confirmPassword]", NEW_PASSWORD).await?;
    window.picture("reset-password").await?;
    window.click_css(CONTINUE).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    // The old password is of no use any more, the new one is.
    window.click_css(".cl-userButtonTrigger").await?;
    window.click_css(".cl-userButtonPopoverActionButton__signOut").await?;
    window.wait_for_css(IDENTIFIER).await?;
    enter_password(&window, PASSWORD).await?;
    wait_for_words(&window, ".cl-formFieldErrorText", "incorrect").await?;
    window.type_css(PASSWORD_CARD, NEW_PASSWORD).await?;
    window.click_css(CONTINUE).await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn waitlist_component_joins_the_waitlist() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::preset("waitlist")?)).await?;
    let window = start(&mut desktop).await?;
    window.click_text("Join waitlist").await?;
    window.wait_for("page-waitlist").await?;
    window.type_css("input[name=emailAddress]", KATHERINE).await?;
    window.picture("waitlist-form").await?;
    window.click_css(CONTINUE).await?;
    wait_for_words(&window, ".cl-card", "Thanks for joining").await?;
    window.picture("waitlist-joined").await?;
    let (_, entries) = desktop.emulator().control("GET", "waitlist", &Value::Null);
    assert!(entries.to_string().contains(KATHERINE), "{entries}");
    // Whoever waits is not signed in: not here, not in Rust, and not in another window.
    let nobody = json!({ "user": null, "session": null, "organization": null });
    assert_eq!(window.run_async(WHO_AM_I).await?, nobody);
    assert_eq!(window.run("return [clerk.user ?? null, clerk.session ?? null]").await?, json!([null, null]));
    let main = to_inspector(&window).await?;
    for part in ["user", "session", "sessions", "organization"] {
        window.wait_for_text(part, "—").await?;
    }
    window.switch_to(&main).await?;
    nothing_went_wrong(&desktop, &window).await
}

/// Waits for the page of a task. Until it is finished, the session is pending, in the other windows as well.
async fn has_task(window: &Window, task: &str) -> Result<()> {
    window.wait_for(&format!("page-{task}")).await?;
    window.wait_for_css(".cl-card").await?;
    let session = window.run("return [clerk.session.status, clerk.session.currentTask.key]").await?;
    assert_eq!(session, json!(["pending", task]));
    let main = to_inspector(window).await?;
    until("the other window has the pending session", || async {
        window.text("sessions").await.ok()?.ends_with("(pending)").then_some(())
    })
    .await?;
    window.switch_to(&main).await
}

#[tokio::test(flavor = "multi_thread")]
async fn task_choose_organization_is_finished_in_the_component() -> Result<()> {
    let mut options = options(Config::preset("orgs-forced")?);
    options.instance.seed_organizations = vec![NewOrganization {
        name: "Analytical Engines".to_owned(),
        creator: Some(ADA.to_owned()),
        ..NewOrganization::default()
    }];
    options.instance.users.push(NewUser {
        first_name: Some("Katherine".to_owned()),
        last_name: Some("Johnson".to_owned()),
        ..NewUser::with_password(KATHERINE, PASSWORD)
    });
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    // Ada chooses her organization.
    enter_password(&window, PASSWORD).await?;
    has_task(&window, "choose-organization").await?;
    window.wait_for_css(".cl-taskChooseOrganizationPreviewButton").await?;
    window.picture("task-choose-organization").await?;
    window.click_css(".cl-taskChooseOrganizationPreviewButton").await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    window.wait_for_text("rust-organization", "Analytical Engines").await?;
    window.wait_for_text("organization-name", "Analytical Engines").await?;
    window.click_css(".cl-userButtonTrigger").await?;
    window.click_css(".cl-userButtonPopoverActionButton__signOut").await?;
    // Katherine has none, and creates one.
    window.wait_for_css(IDENTIFIER).await?;
    enter_identifier(&window, KATHERINE).await?;
    window.type_css(PASSWORD_CARD, PASSWORD).await?;
    window.click_css(CONTINUE).await?;
    window.type_css("input[name=name]", "Space Task Group").await?;
    window.picture("task-create-organization").await?;
    window.click_css(CONTINUE).await?;
    window.wait_for_text("rust-organization", "Space Task Group").await?;
    is_signed_in_everywhere(&window, "Katherine Johnson", KATHERINE).await?;
    window.wait_for_text("organization-name", "Space Task Group").await?;
    let main = to_inspector(&window).await?;
    window.wait_for_text("organization", "Space Task Group").await?;
    window.switch_to(&main).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn task_setup_mfa_is_finished_in_the_component() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::preset("mfa-required")?)).await?;
    let window = start(&mut desktop).await?;
    enter_password(&window, PASSWORD).await?;
    has_task(&window, "setup-mfa").await?;
    // The only method begins at once.
    window.wait_for_css(CONTINUE).await?;
    window.picture("task-setup-mfa").await?;
    let code = until("an authenticator is made", || async { desktop.emulator().totp_code(&user_id(&desktop, 0)) });
    let code = code.await?;
    window.click_css(CONTINUE).await?;
    window.type_keys(CODE_FIELD, &code).await?;
    window.wait_until_gone(CODE_FIELD).await?;
    window.wait_for_css(CONTINUE).await?;
    window.picture("task-setup-mfa-done").await?;
    window.click_css(CONTINUE).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn task_reset_password_is_finished_in_the_component() -> Result<()> {
    let mut options = options(Config::default());
    options.instance.users[0].password_compromised = true;
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    // The password is refused, and another method offered.
    enter_password(&window, PASSWORD).await?;
    window.wait_for_css(".cl-alternativeMethodsBlockButton").await?;
    window.picture("password-compromised").await?;
    window.click_css(".cl-alternativeMethodsBlockButton").await?;
    enter_code(&desktop, &window, ADA, CODE).await?;
    has_task(&window, "reset-password").await?;
    window.type_css("input[name=newPassword]", NEW_PASSWORD).await?;
    window.type_css("input[name=confirmPassword]", NEW_PASSWORD).await?;
    window.picture("task-reset-password").await?;
    window.click_css(CONTINUE).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_component_goes_on_after_the_network_is_back() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::default())).await?;
    let window = start(&mut desktop).await?;
    let offline = || desktop.emulator().fault(Fault::new("*", Action::Disconnect));
    // The first step.
    offline();
    window.type_css(IDENTIFIER, ADA).await?;
    window.click_css(CONTINUE).await?;
    // Clerk's card shows no error of the network at this step.
    let failed = |times: u64| {
        let desktop = &desktop;
        async move {
            until("the request fails", || async {
                let (_, faults) = desktop.emulator().control("GET", "faults", &Value::Null);
                (faults[0]["hits"].as_u64()? >= times).then_some(())
            })
            .await
        }
    };
    failed(1).await?;
    until("the card is free", || async {
        window.wait_for_css(CONTINUE).await.ok()?.is_enabled().await.ok()?.then_some(())
    })
    .await?;
    window.picture("offline-identifier").await?;
    let typed = window.run("return document.querySelector('input[name=identifier]').value").await?;
    assert_eq!(typed, ADA, "what was typed stays");
    desktop.emulator().clear_faults();
    window.click_css(CONTINUE).await?;
    window.wait_for_css(PASSWORD_CARD).await?;
    // The second step.
    offline();
    window.type_css(PASSWORD_CARD, PASSWORD).await?;
    window.click_css(CONTINUE).await?;
    window.wait_for_css(ALERT).await?;
    window.picture("offline-password").await?;
    let typed = window.run("return document.querySelector('.cl-signIn-password input[name=password]').value").await?;
    assert_eq!(typed, PASSWORD, "what was typed stays");
    desktop.emulator().clear_faults();
    let attempts = count(&desktop, "POST", "/v1/client/sign_ins");
    window.click_css(CONTINUE).await?;
    is_signed_in_everywhere(&window, "Ada Lovelace", ADA).await?;
    assert_eq!(count(&desktop, "POST", "/v1/client/sign_ins"), attempts, "the attempt was not started again");
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn google_sign_in_of_the_component_is_completed_by_the_link_that_starts_the_app() -> Result<()> {
    for (approve, name, email) in [(APPROVE_ADA, "Ada Lovelace", ADA), (APPROVE_GRACE, "Grace Hopper", GRACE)] {
        let mut desktop = Desktop::start(options(Config::default())).await?;
        let window = start(&mut desktop).await?;
        go_to_google(&desktop, &window).await?;
        desktop.end_app();
        assert_eq!(desktop.app_processes(), 0);
        desktop.click_in_browser(approve).await?;
        until("the app is started by the link and signs in", || async {
            desktop.log().ok().filter(|log| log.contains("outcome=Resumed"))
        })
        .await?;
        assert_eq!(desktop.app_processes(), 1);
        assert!(desktop.is_on_the_bus());
        let window = desktop.start_app().await?;
        is_signed_in_everywhere(&window, name, email).await?;
        nothing_went_wrong(&desktop, &window).await?;
    }
    Ok(())
}
