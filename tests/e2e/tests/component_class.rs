//! Every component of the class `Clerk`, without React, in the window `components` of the React example.

mod signed_in;

use clerk_e2e::{Desktop, Options, Result, Window, until};
use clerk_emulator::{Config, NewOrganization, NewUser, OAuthApplication, Plan};
use serde_json::json;
use signed_in::{
    ADA, CODE, CODE_FIELD, CONTINUE, DIALOG, activate_organization, load_with_theme, nothing_went_wrong, options,
    signed_in, wait_for_value,
};

/// Opens the window with the components.
async fn open(window: &Window) -> Result<()> {
    window.open_by("open-components").await?;
    window.wait_for_text("status", "ready").await?;
    window.wait_for_css("#component option").await.map(|_| ())
}

/// Mounts each component and waits for an element of it. What was mounted before is gone.
async fn mount(window: &Window, components: &[(&str, &str)]) -> Result<()> {
    for (component, element) in components {
        window.choose("component", component).await?;
        window.wait_for_css(&format!("#area :is({element})")).await?;
        wait_for_value(window, PAINTED, &json!(true)).await?;
        window.picture(&format!("class-{component}")).await?;
        assert_eq!(window.run("return document.getElementById('area').childElementCount").await?, 1);
        assert_eq!(window.text("error").await?, "", "{component}");
        assert_eq!(window.problems().await?, Vec::<String>::new(), "{component}");
    }
    Ok(())
}

/// Whether the component has a size.
const PAINTED: &str =
    "const box = document.querySelector('#area .cl-rootBox, #area [class*=cl-]')?.getBoundingClientRect();
     return Boolean(box && box.width > 8 && box.height > 8)";

/// Opens each modal, waits for an element of it, and closes it.
async fn open_and_close(window: &Window, modals: &[(&str, &str)]) -> Result<()> {
    for (modal, element) in modals {
        window.run(&format!("clerk.open{modal}({{}})")).await?;
        window.wait_for_css(&format!("{DIALOG} :is({element})")).await?;
        window.picture(&format!("class-open-{modal}")).await?;
        window.run(&format!("clerk.close{modal}()")).await?;
        window.wait_until_gone(DIALOG).await?;
        assert_eq!(window.problems().await?, Vec::<String>::new(), "{modal}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_and_opens_the_components_for_visitors() -> Result<()> {
    let mut desktop = Desktop::start(options()).await?;
    let window = signed_in::start(&mut desktop).await?;
    open(&window).await?;
    mount(
        &window,
        &[
            ("SignUp", "input[name=emailAddress]"),
            ("Waitlist", "input[name=emailAddress]"),
            ("SignIn", "input[name=identifier]"),
        ],
    )
    .await?;
    // Unmounted, so that the dialogs are alone.
    window.run("clerk.unmountSignIn(document.querySelector('#area > div'))").await?;
    window.wait_until_gone("#area input").await?;
    open_and_close(
        &window,
        &[
            ("SignIn", "input[name=identifier]"),
            ("SignUp", "input[name=emailAddress]"),
            ("Waitlist", "input[name=emailAddress]"),
        ],
    )
    .await?;
    let warned = "const warnings = [], { warn } = console;
         console.warn = (text) => warnings.push(String(text));
         clerk.openGoogleOneTap({});
         console.warn = warn;
         return warnings";
    let warned = window.run(warned).await?.to_string();
    assert!(warned.contains("openGoogleOneTap() does nothing in an app"), "{warned}");
    assert!(!window.has_css("iframe, script[src*=google], .cl-modalContent").await);
    window.run("clerk.closeGoogleOneTap()").await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_and_opens_the_components_for_users() -> Result<()> {
    let mut options = options();
    options.instance.seed_organizations = vec![engines()];
    let (desktop, window) = signed_in(options).await?;
    activate_organization(&window).await?;
    window.wait_for("admin-only").await?;
    open(&window).await?;
    mount(
        &window,
        &[
            ("UserButton", ".cl-userButtonTrigger"),
            ("UserAvatar", ".cl-avatarImage, .cl-avatarBox"),
            ("CreateOrganization", "input[name=name]"),
            ("OrganizationSwitcher", ".cl-organizationSwitcherTrigger"),
            ("OrganizationList", "[class*=cl-organizationListPreview]"),
            ("OrganizationProfile", ".cl-profileSection__organizationProfile"),
            ("UserProfile", ".cl-profileSection__profile"),
        ],
    )
    .await?;
    window.run("clerk.unmountUserProfile(document.querySelector('#area > div'))").await?;
    window.wait_until_gone("#area .cl-profileSection__profile").await?;
    open_and_close(
        &window,
        &[
            ("UserProfile", ".cl-profileSection__profile"),
            ("OrganizationProfile", ".cl-profileSection__organizationProfile"),
            ("CreateOrganization", "input[name=name]"),
        ],
    )
    .await?;
    nothing_went_wrong(&desktop, &window).await
}

/// Ada's organization.
fn engines() -> NewOrganization {
    NewOrganization {
        name: "Analytical Engines".to_owned(),
        creator: Some(ADA.to_owned()),
        ..NewOrganization::default()
    }
}

/// Switches on billing, API keys and an application of others.
fn switch_on(instance: &mut Config) {
    let mut pro = Plan::new("pro", "Pro", 999);
    pro.description = "For those who measure every day".to_owned();
    pro.annual_monthly = Some(799);
    pro.features = vec!["Priority support".to_owned(), "Unlimited stations".to_owned()];
    instance.billing.users = true;
    instance.billing.plans = vec![Plan::new("free", "Free", 0), pro];
    instance.api_keys.users = true;
    let mut reader = OAuthApplication::new("client_reader", "Field Reader", &["profile", "email"]);
    reader.redirect_uris = vec!["https://reader.example.com/callback".to_owned()];
    instance.oauth_applications = vec![reader];
}

/// Signs Ada in and opens the window with the components, on an instance with everything switched on.
async fn with_everything() -> Result<(Desktop, Window)> {
    let mut options = options();
    switch_on(&mut options.instance);
    options.instance.seed_organizations = vec![engines()];
    let (desktop, window) = signed_in(options).await?;
    open(&window).await?;
    Ok((desktop, window))
}

/// Mounts a component in dark and in light, with a picture of each.
async fn mount_in_both_themes(window: &Window, component: &str, element: &str) -> Result<()> {
    for theme in ["dark", "light"] {
        load_with_theme(window, theme).await?;
        mount(window, &[(component, element)]).await?;
        window.picture(&format!("class-{component}-{theme}")).await?;
    }
    Ok(())
}

/// A plan's card in the pricing table.
const PRO: &str = "#area .cl-pricingTableCard__pro";

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_the_pricing_table() -> Result<()> {
    let mut options = options();
    switch_on(&mut options.instance);
    let mut desktop = Desktop::start(options).await?;
    let window = signed_in::start(&mut desktop).await?;
    open(&window).await?;
    mount_in_both_themes(&window, "PricingTable", ".cl-pricingTableCard__pro").await?;
    let price = format!("return document.querySelector('{PRO} .cl-pricingTableCardFee').innerText");
    assert_eq!(window.run(&price).await?, "$7.99");
    // Whoever is not signed in does that first.
    window.click_css(&format!("{PRO} .cl-pricingTableCardFooterButton")).await?;
    window.type_css("#area input[name=identifier]", ADA).await?;
    window.click_css(&format!("#area {CONTINUE}")).await?;
    window.type_keys(&format!("#area {CODE_FIELD}"), CODE).await?;
    // The sign-in leads to the page for users, which would otherwise replace the table.
    window.wait_for_css("#area .cl-profileSection__profile").await?;
    mount(&window, &[("PricingTable", ".cl-pricingTableCard__free .cl-badge")]).await?;
    window.click_css(&format!("{PRO} .cl-pricingTableCardPeriodToggle label")).await?;
    wait_for_value(&window, &price, &json!("$9.99")).await?;
    window.picture("class-PricingTable-signed-in").await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_the_consent_to_an_application() -> Result<()> {
    let (desktop, window) = with_everything().await?;
    mount_in_both_themes(&window, "OAuthConsent", ".cl-listGroupItem").await?;
    let shown = window.run("return document.getElementById('area').innerText").await?.to_string();
    for text in ["Field Reader", "View your profile", "View your e-mail address", "example.com"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    nothing_went_wrong(&desktop, &window).await?;
    // The answer is a form that a browser sends to Clerk with its cookie. The policy keeps the window from leaving the app for it.
    let here = window.run("return location.href").await?;
    window.click_text("Allow").await?;
    let problems = until("the policy stops the form", || async {
        window.problems().await.ok().filter(|problems| !problems.is_empty())
    })
    .await?;
    assert!(problems.iter().all(|problem| problem.starts_with("policy form-action ")), "{problems:?}");
    assert_eq!(window.run("return location.href").await?, here);
    let submitted = |entry: &clerk_emulator::Entry| entry.operation == Some("submitOAuthConsent");
    assert!(!desktop.emulator().requests().iter().any(submitted));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_the_api_keys() -> Result<()> {
    let (desktop, window) = with_everything().await?;
    mount_in_both_themes(&window, "APIKeys", ".cl-apiKeysTable").await?;
    window.click_css(".cl-apiKeysAddButton").await?;
    window.type_css("#area input[name=name]", "Reports").await?;
    window.picture("class-APIKeys-new").await?;
    window.click_css(".cl-apiKeysCreateFormSubmitButton").await?;
    // Clerk's API for keys is not the one that Rust speaks; the component says why it can't go on.
    let alert = "return document.querySelector('#area .cl-alert')?.innerText.trim()";
    wait_for_value(&window, alert, &json!("this part of Clerk's API is not available in desktop apps")).await?;
    window.picture("class-APIKeys-refused").await?;
    assert!(desktop.emulator().requests().iter().all(|entry| !entry.path.starts_with("/api_keys")));
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn class_opens_the_invitation_of_members() -> Result<()> {
    let (desktop, window) = with_everything().await?;
    for theme in ["dark", "light"] {
        load_with_theme(&window, theme).await?;
        activate_organization(&window).await?;
        window.run("clerk.openInviteMembers()").await?;
        window.wait_for_css(&format!("{DIALOG} .cl-tagInputContainer input")).await?;
        window.picture(&format!("class-open-InviteMembers-{theme}")).await?;
    }
    window.type_keys(&format!("{DIALOG} .cl-tagInputContainer input"), "guest@example.com,").await?;
    window.click_css(&format!("{DIALOG} {CONTINUE}")).await?;
    until("the guest has mail", || async {
        desktop.emulator().inbox().iter().any(|message| message.to == "guest@example.com").then_some(())
    })
    .await?;
    window.wait_until_gone(&format!("{DIALOG} .cl-tagInputContainer input")).await?;
    window.picture("class-open-InviteMembers-sent").await?;
    window.run("clerk.closeInviteMembers()").await?;
    window.wait_until_gone(DIALOG).await?;
    nothing_went_wrong(&desktop, &window).await
}

/// Signs Ada in with the component in the window, to a session with a task.
async fn task(options: Options, component: &str, element: &str) -> Result<()> {
    let mut desktop = Desktop::start(options).await?;
    let window = signed_in::start(&mut desktop).await?;
    open(&window).await?;
    window.choose("component", "SignIn").await?;
    window.type_css("#area input[name=identifier]", ADA).await?;
    window.click_css(&format!("#area {CONTINUE}")).await?;
    window.type_keys(&format!("#area {CODE_FIELD}"), CODE).await?;
    wait_for_value(&window, "return clerk.session?.status ?? null", &json!("pending")).await?;
    mount(&window, &[(component, element)]).await?;
    load_with_theme(&window, "dark").await?;
    window.wait_for_css(&format!("#area :is({element})")).await?;
    window.picture(&format!("class-{component}-dark")).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_the_task_to_choose_an_organization() -> Result<()> {
    let mut options = options();
    options.instance.organizations.force_selection = true;
    options.instance.seed_organizations = vec![engines()];
    task(options, "TaskChooseOrganization", "[class*=cl-taskChooseOrganization]").await
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_the_task_to_reset_the_password() -> Result<()> {
    let mut options = options();
    options.instance.users = vec![NewUser {
        password_compromised: true,
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        ..NewUser::with_password(ADA, signed_in::PASSWORD)
    }];
    task(options, "TaskResetPassword", "input[name=newPassword]").await
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_the_task_to_set_up_mfa() -> Result<()> {
    let mut options = options();
    options.instance.mfa.required = true;
    task(options, "TaskSetupMFA", "[class*=cl-taskSetupMfa], .cl-taskSetupMFA-root, .cl-card").await
}
