//! Clerk's unmodified prebuilt components in a real browser, on the emulator.

use clerk_e2e::{Result, WebPage};
use clerk_emulator::{Config, NewOrganization, NewUser, OAuthApplication, Plan};
use serde_json::json;

const ADA: &str = "ada+clerk_test@example.com";

async fn mount(page: &WebPage, name: &str) -> Result<()> {
    page.run(&format!(
        "const root = document.getElementById('root'); root.replaceChildren(document.createElement('div'));
         clerk.mount{name}(root.firstElementChild);"
    ))
    .await
    .map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn components_mount_when_signed_out() -> Result<()> {
    for (preset, name, element) in [
        ("components", "SignIn", "input[name=identifier]"),
        ("components", "SignUp", "input[name=emailAddress]"),
        ("waitlist", "Waitlist", "input[name=emailAddress]"),
    ] {
        let mut config = Config::preset(preset)?;
        config.social = Config::preset("components")?.social;
        let page = WebPage::open(config).await?;
        mount(&page, name).await?;
        page.wait_for(element).await?;
        assert_eq!(page.problems().await?, Vec::<String>::new(), "{name}");
        page.picture(name).await?;
        page.check_answers()?;
        page.close().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn components_mount_when_signed_in() -> Result<()> {
    let mut config = Config::preset("components")?;
    config.users = vec![NewUser {
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        ..NewUser::with_password(ADA, "correct-horse-battery")
    }];
    config.seed_organizations = vec![NewOrganization {
        name: "Analytical Engines".to_owned(),
        creator: Some(ADA.to_owned()),
        ..NewOrganization::default()
    }];
    let page = WebPage::open(config).await?;
    page.run(
        "const done = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com', password: 'correct-horse-battery' });
         await clerk.setActive({ session: done.createdSessionId });
         await clerk.setActive({ organization: clerk.user.organizationMemberships[0].organization.id });",
    )
    .await?;
    for (name, element) in [
        ("UserButton", ".cl-userButtonTrigger"),
        ("UserProfile", ".cl-profileSection__profile"),
        ("OrganizationSwitcher", ".cl-organizationSwitcherTrigger"),
        ("OrganizationProfile", ".cl-organizationProfile-root, .cl-rootBox .cl-profileSection"),
        ("OrganizationList", ".cl-organizationListPreviewItem, .cl-organizationList-root button"),
        ("CreateOrganization", "input[name=name]"),
    ] {
        mount(&page, name).await?;
        page.wait_for(element).await?;
        assert_eq!(page.problems().await?, Vec::<String>::new(), "{name}");
        page.picture(name).await?;
    }
    // Waits for late requests of the last component.
    mount(&page, "UserButton").await?;
    page.wait_for(".cl-userButtonTrigger").await?;
    assert_eq!(page.problems().await?, Vec::<String>::new());
    page.check_answers()?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn components_mount_for_billing_keys_and_consent() -> Result<()> {
    let mut config = Config::preset("components")?;
    config.users = vec![NewUser::with_password(ADA, "correct-horse-battery")];
    config.billing.users = true;
    config.billing.plans = vec![Plan::new("free", "Free", 0), Plan::new("pro", "Pro", 999)];
    config.api_keys.users = true;
    let mut reader = OAuthApplication::new("client_reader", "Field Reader", &["profile", "email"]);
    reader.redirect_uris = vec!["https://reader.example.com/callback".to_owned()];
    config.oauth_applications = vec![reader];
    let page = WebPage::open(config).await?;
    mount(&page, "PricingTable").await?;
    page.wait_for(".cl-pricingTableCard__pro").await?;
    page.run(
        "const done = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com', password: 'correct-horse-battery' });
         await clerk.setActive({ session: done.createdSessionId });",
    )
    .await?;
    mount(&page, "PricingTable").await?;
    page.wait_for(".cl-pricingTableCard__free .cl-badge").await?;
    page.run(
        "const root = document.getElementById('root'); root.replaceChildren(document.createElement('div'));
         const redirectUrl = 'https://reader.example.com/callback';
         clerk.mountOAuthConsent(root.firstElementChild, { oauthClientId: 'client_reader', redirectUrl, scope: 'email' });",
    )
    .await?;
    page.wait_for(".cl-listGroupItem").await?;
    assert_eq!(page.run("return document.querySelectorAll('.cl-listGroupItem').length").await?, 1);
    mount(&page, "APIKeys").await?;
    page.wait_for(".cl-apiKeysAddButton").await?.click().await?;
    page.wait_for("#root input[name=name]").await?.send_keys("Reports").await?;
    page.wait_for(".cl-apiKeysCreateFormSubmitButton").await?.click().await?;
    // The secret is shown once; then the key is in the list.
    page.wait_for(".cl-apiKeysCopyModal input").await?;
    let keys = page.run("return (await clerk.apiKeys.getAll()).data.map((key) => [key.name, key.revoked])").await?;
    assert_eq!(keys, json!([["Reports", false]]));
    page.run("const [key] = (await clerk.apiKeys.getAll()).data; await clerk.apiKeys.revoke({ apiKeyID: key.id })")
        .await?;
    assert_eq!(page.run("return (await clerk.apiKeys.getAll()).total_count").await?, 0);
    assert_eq!(page.problems().await?, Vec::<String>::new());
    page.check_answers()?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn components_sign_in_completes_a_sign_in() -> Result<()> {
    let mut config = Config::preset("components")?;
    config.users = vec![NewUser::with_email(ADA)];
    let page = WebPage::open(config).await?;
    mount(&page, "SignIn").await?;
    page.wait_for("input[name=identifier]").await?.send_keys(ADA).await?;
    page.wait_for(".cl-formButtonPrimary").await?.click().await?;
    page.wait_for("[data-input-otp=true]").await?;
    // The component focuses the first box.
    page.driver().action_chain().send_keys("424242").perform().await?;
    clerk_e2e::until("the person is signed in", || async {
        let status = page.run("return clerk.session?.status ?? null").await.ok()?;
        (status == "active").then_some(())
    })
    .await?;
    assert_eq!(page.problems().await?, Vec::<String>::new());
    page.check_answers()?;
    page.close().await
}
