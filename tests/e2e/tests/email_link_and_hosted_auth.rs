//! E-mail links and hosted pages, which lead back to the app by a deep link of the operating system.

use clerk_e2e::{CALLBACK, Desktop, Options, Result, until};
use clerk_emulator::{Config, NewUser};

const ADA: &str = "ada+clerk_test@example.com";
const PASSWORD: &str = "correct-horse-battery";

fn options(mut instance: Config) -> Options {
    instance.redirect_urls = vec![CALLBACK.to_owned()];
    instance.users = vec![NewUser {
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        ..NewUser::with_password(ADA, PASSWORD)
    }];
    let mut options = Options::default();
    options.instance = instance;
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn email_link_signs_in_through_the_deep_link() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::preset("email-link")?)).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    let begin = format!(
        "const done = arguments[0];
         clerk.client.signIn.create({{ identifier: '{ADA}' }}).then((attempt) => {{
             window.flow = attempt.createEmailLinkFlow().startEmailLinkFlow()
                 .then((verified) => clerk.setActive({{ session: verified.createdSessionId }}))
                 .then(() => 'done', (error) => error.code ?? String(error));
             done(attempt.status);
         }}, (error) => done(String(error)));"
    );
    assert_eq!(window.run_async(&begin).await?, "needs_first_factor");
    let link = until("a link is sent", || async { desktop.emulator().latest_link(ADA) }).await?;
    desktop.browser().goto(link).await?;
    desktop.page("#approve").await?;
    desktop.click_in_browser("approve").await?;
    assert_eq!(window.run_async("const done = arguments[0]; window.flow.then(done)").await?, "done");
    window.wait_for_text("user-name", "Ada Lovelace").await?;
    // A native link: only the app can redeem the approval.
    let paths: Vec<_> = desktop.emulator().requests().into_iter().map(|entry| entry.path).collect();
    assert!(paths.iter().any(|path| path == "/v1/client/magic_links/complete"), "{paths:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn redirect_to_sign_in_signs_in_on_the_hosted_page() -> Result<()> {
    let mut desktop = Desktop::start(options(Config::default())).await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("status", "ready").await?;
    let begin = "window.flow = clerk.redirectToSignIn().then(() => 'done', (error) => error.code ?? String(error)); return null";
    window.run(begin).await?;
    desktop.page("[name=identifier]").await?;
    desktop.fill_in_browser("identifier", ADA).await?;
    desktop.fill_in_browser("password", PASSWORD).await?;
    desktop.browser().find(thirtyfour::By::Css("[value=start]")).await?.click().await?;
    assert_eq!(window.run_async("const done = arguments[0]; window.flow.then(done)").await?, "done");
    window.wait_for_text("user-name", "Ada Lovelace").await
}
