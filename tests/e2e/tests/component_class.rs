//! Every component of the class `Clerk`, without React, in the window `components` of the React example.

mod signed_in;

use clerk_e2e::{Desktop, Options, Result, Window};
use clerk_emulator::{NewOrganization, NewUser};
use serde_json::json;
use signed_in::{
    ADA, CODE, CODE_FIELD, CONTINUE, DIALOG, load_with_theme, nothing_went_wrong, options, signed_in, wait_for_value,
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
    assert!(warned.contains("openGoogleOneTap() does nothing in a desktop app"), "{warned}");
    assert!(!window.has_css("iframe, script[src*=google], .cl-modalContent").await);
    window.run("clerk.closeGoogleOneTap()").await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn class_mounts_and_opens_the_components_for_users() -> Result<()> {
    let mut options = options();
    options.instance.seed_organizations = vec![NewOrganization {
        name: "Analytical Engines".to_owned(),
        creator: Some(ADA.to_owned()),
        ..NewOrganization::default()
    }];
    let (desktop, window) = signed_in(options).await?;
    window
        .run_async(
            "const done = arguments[0];
             clerk.setActive({ organization: clerk.user.organizationMemberships[0].organization.id })
               .then(() => done(true), (error) => done(String(error)));",
        )
        .await?;
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
    options.instance.seed_organizations = vec![NewOrganization {
        name: "Analytical Engines".to_owned(),
        creator: Some(ADA.to_owned()),
        ..NewOrganization::default()
    }];
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
