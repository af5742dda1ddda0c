//! The tasks of a session in an app that has only the class `Clerk`.

use clerk_e2e::{App, Desktop, Options, Result, Window, until};
use clerk_emulator::{Config, NewOrganization, NewUser};
use serde_json::json;

const ADA: &str = "ada+clerk_test@example.com";
const PASSWORD: &str = "correct-horse-battery";
const KATHERINE: &str = "katherine+clerk_test@example.com";
const NEW_PASSWORD: &str = "another-horse-battery";

/// The example app on an instance with these settings, on which Ada has an account.
fn options(instance: Config) -> Options {
    let mut options = Options::new(App::Desktop);
    let demo = std::mem::replace(&mut options.instance, instance);
    options.instance.redirect_urls = demo.redirect_urls;
    options.instance.users = demo.users;
    options
}

async fn has_task(window: &Window, task: &str) -> Result<()> {
    window.wait_for(&format!("task-{task}")).await?;
    window.picture(&format!("class-task-{task}")).await?;
    let session = window.run("return [clerk.session.status, clerk.session.currentTask.key, clerk.isSignedIn]").await?;
    assert_eq!(session, json!(["pending", task, false]));
    Ok(())
}

/// Waits until the session is active, for Rust as well.
async fn is_signed_in(window: &Window, name: &str) -> Result<()> {
    window.wait_for_text("user-name", name).await?;
    let session =
        window.run("return [clerk.session.status, clerk.session.currentTask ?? null, clerk.isSignedIn]").await?;
    assert_eq!(session, json!(["active", null, true]));
    until("Rust greets the user", || async {
        let first = name.split(' ').next()?;
        window.text("greeting").await.ok().filter(|greeting| greeting.contains(first))
    })
    .await
    .map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn task_setup_mfa_is_finished_with_the_class() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::preset("mfa-required")?)).await?;
    let window = desktop.start_app().await?;
    window.submit_password(ADA, PASSWORD).await?;
    has_task(&window, "setup-mfa").await?;
    let user = window.run("return clerk.user.id").await?;
    let user = user.as_str().unwrap_or_default();
    let code = until("an authenticator is made", || async { desktop.emulator().totp_code(user) }).await?;
    // A wrong code is refused, and can be corrected.
    window.fill("code", "000000").await?;
    window.click("submit").await?;
    window.wait_for_text("error-code", "form_code_incorrect").await?;
    window.fill("code", &code).await?;
    window.click("submit").await?;
    is_signed_in(&window, "Ada Lovelace").await?;
    assert_eq!(window.run("return clerk.user.totpEnabled").await?, json!(true));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn task_choose_organization_is_finished_with_the_class() -> Result<()> {
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
    let window = desktop.start_app().await?;
    // Ada chooses hers.
    window.submit_password(ADA, PASSWORD).await?;
    has_task(&window, "choose-organization").await?;
    window.click_css("[data-testid^=choose-]").await?;
    is_signed_in(&window, "Ada Lovelace").await?;
    assert_eq!(window.run("return clerk.organization.name").await?, json!("Analytical Engines"));
    window.click("sign-out").await?;
    // Katherine has none, and creates one.
    window.submit_password(KATHERINE, PASSWORD).await?;
    has_task(&window, "choose-organization").await?;
    window.fill("organization-name", "Space Task Group").await?;
    window.click("submit").await?;
    is_signed_in(&window, "Katherine Johnson").await?;
    assert_eq!(window.run("return clerk.organization.name").await?, json!("Space Task Group"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn task_reset_password_is_finished_with_the_class() -> Result<()> {
    let mut options = options(Config::default());
    options.instance.users[0].password_compromised = true;
    let mut desktop = Desktop::start(options).await?;
    let window = desktop.start_app().await?;
    // The password is refused, so she signs in by e-mail.
    window.fill("email", ADA).await?;
    window.click("continue-email-code").await?;
    window.fill("code", "424242").await?;
    window.click("submit-code").await?;
    has_task(&window, "reset-password").await?;
    window.fill("new-password", NEW_PASSWORD).await?;
    window.click("submit").await?;
    is_signed_in(&window, "Ada Lovelace").await?;
    window.click("sign-out").await?;
    window.submit_password(ADA, NEW_PASSWORD).await?;
    is_signed_in(&window, "Ada Lovelace").await
}
