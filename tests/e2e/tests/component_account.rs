//! `<UserProfile/>` in the React example: what a signed-in user changes there, Rust and the other windows know as well.

mod signed_in;

use std::time::Duration;

use clerk_e2e::{Desktop, Result, Window, until};
use serde_json::{Value, json};
use signed_in::{
    ADA, CODE, CODE_FIELD, CONTINUE, DIALOG, PASSWORD, go, go_to_security, nothing_went_wrong, options, signed_in,
    to_inspector, user, wait_for_server, wait_for_value,
};

/// The second e-mail address of Ada.
const SECOND: &str = "countess@example.com";
const NEW_PASSWORD: &str = "a-new-staple-for-batteries";

/// The time after which a session has to be verified again.
const LONG: Duration = Duration::from_secs(15 * 60);

/// Opens the inspector, waits until a script gives a value in it, and returns to the main window.
async fn inspector_has(window: &Window, script: &str, value: &Value) -> Result<()> {
    let main = to_inspector(window).await?;
    wait_for_value(window, script, value).await?;
    window.switch_to(&main).await
}

/// Enters a new address in the section for e-mail addresses.
async fn add_email(window: &Window) -> Result<()> {
    window.click_css(".cl-profileSectionPrimaryButton__emailAddresses").await?;
    window.type_css("input[name=emailAddress]", SECOND).await?;
    window.click_css(&format!(".cl-profileSection__emailAddresses {CONTINUE}")).await
}

/// Enters the code that was sent to the new address.
async fn verify_email(desktop: &Desktop, window: &Window) -> Result<()> {
    let code = until("a code is sent to the new address", || async { desktop.emulator().latest_code(SECOND) }).await?;
    window.type_keys(&format!(".cl-profileSection__emailAddresses {CODE_FIELD}"), &code).await?;
    window.wait_until_gone(CODE_FIELD).await
}

/// Returns the status of the second address at the server.
fn second_address(state: &Value) -> Option<Value> {
    let ada = user(state, ADA)?;
    let mut addresses = ada["email_addresses"].as_array()?.iter();
    Some(addresses.find(|one| one["email_address"] == SECOND)?["verification"]["status"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn user_profile_changes_the_name_everywhere() -> Result<()> {
    let (desktop, window) = signed_in(options()).await?;
    go(&window, "account").await?;
    window.click_css(".cl-profileSectionPrimaryButton__profile").await?;
    window.type_css("input[name=firstName]", "Augusta").await?;
    window.type_css("input[name=lastName]", "King").await?;
    window.picture("account-name").await?;
    window.click_css(&format!(".cl-profileSection__profile {CONTINUE}")).await?;
    window.wait_until_gone("input[name=firstName]").await?;
    go(&window, "home").await?;
    window.wait_for_text("welcome", "Welcome, Augusta").await?;
    window.wait_for_text("rust-user", "Augusta King").await?;
    inspector_has(&window, "return clerk.user.fullName", &json!("Augusta King")).await?;
    let ada = user(&desktop.emulator().state(), ADA).ok_or("Ada is gone")?;
    assert_eq!((&ada["first_name"], &ada["last_name"]), (&json!("Augusta"), &json!("King")));
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn user_profile_adds_an_email_address_and_verifies_it_by_code() -> Result<()> {
    let (desktop, window) = signed_in(options()).await?;
    go(&window, "account").await?;
    add_email(&window).await?;
    window.picture("account-email-added").await?;
    window.wait_for_css(CODE_FIELD).await?;
    window.picture("account-email-code").await?;
    // A wrong code is refused in the form, and the right one is taken then.
    window.type_keys(CODE_FIELD, "000000").await?;
    window.wait_for_css(".cl-formFieldErrorText, .cl-otpCodeFieldErrorText").await?;
    window.picture("account-email-wrong-code").await?;
    assert_eq!(second_address(&desktop.emulator().state()), Some(json!("unverified")));
    verify_email(&desktop, &window).await?;
    wait_for_server(&desktop, "the address is verified", |state| (second_address(state)? == "verified").then_some(()))
        .await?;
    inspector_has(
        &window,
        "return clerk.user.emailAddresses.map((one) => [one.emailAddress, one.verification.status])",
        &json!([[ADA, "verified"], [SECOND, "verified"]]),
    )
    .await?;
    // It becomes the primary one, which the other window shows.
    window.click_css(".cl-profileSectionItem__emailAddresses:nth-of-type(2) .cl-menuButton").await?;
    window.picture("account-email-menu").await?;
    window.click_text("Set as primary").await?;
    go(&window, "home").await?;
    window.wait_for_text("user-email", SECOND).await?;
    inspector_has(&window, "return document.getElementById('user').textContent", &json!(SECOND)).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn user_profile_changes_the_password_for_the_next_sign_in() -> Result<()> {
    let mut options = options();
    options.instance.preferred_strategy = "password".to_owned();
    // Without reverification, the form asks for the present password.
    options.instance.reverification = false;
    let mut desktop = Desktop::start(options).await?;
    let window = signed_in::start(&mut desktop).await?;
    sign_in_with_password(&window, PASSWORD).await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    let session = window.text("session-id").await?;
    go_to_security(&window).await?;
    window.click_css(".cl-profileSectionPrimaryButton__password").await?;
    window.type_css("input[name=currentPassword]", "not-my-password").await?;
    window.type_css("input[name=newPassword]", NEW_PASSWORD).await?;
    window.type_css("input[name=confirmPassword]", NEW_PASSWORD).await?;
    window.click_css(&format!(".cl-profileSection__password {CONTINUE}")).await?;
    window.wait_for_css("#error-currentPassword").await?;
    window.picture("account-password-wrong").await?;
    window.type_css("input[name=currentPassword]", PASSWORD).await?;
    window.click_css(&format!(".cl-profileSection__password {CONTINUE}")).await?;
    window.wait_until_gone("input[name=currentPassword]").await?;
    // The session goes on everywhere, and everybody has the user since the change.
    let ada = user(&desktop.emulator().state(), ADA).ok_or("Ada is gone")?;
    inspector_has(
        &window,
        "return [clerk.session.id, clerk.session.status, clerk.user.passwordEnabled, clerk.user.updatedAt.getTime()]",
        &json!([session, "active", true, ada["updated_at"]]),
    )
    .await?;
    go(&window, "home").await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    window.wait_for_text("rust-session", &session).await?;
    assert_eq!(window.text("session-id").await?, session);
    // The new password is the one that counts.
    window.click_css(".cl-userButtonTrigger").await?;
    window.click_css(".cl-userButtonPopoverActionButton__signOut").await?;
    sign_in_with_password(&window, PASSWORD).await?;
    window.wait_for_css("#error-password").await?;
    window.type_css(SIGN_IN_PASSWORD, NEW_PASSWORD).await?;
    window.click_css(CONTINUE).await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    let new_session = window.text("session-id").await?;
    assert_ne!(new_session, session);
    inspector_has(&window, "return clerk.session?.id ?? null", &json!(new_session)).await?;
    nothing_went_wrong(&desktop, &window).await
}

/// The password field of `<SignIn/>`, but not the hidden one for password managers.
const SIGN_IN_PASSWORD: &str = "input[name=password]:not([tabindex=\"-1\"])";

async fn sign_in_with_password(window: &Window, password: &str) -> Result<()> {
    window.type_css("input[name=identifier]", ADA).await?;
    window.click_css(CONTINUE).await?;
    window.type_css(SIGN_IN_PASSWORD, password).await?;
    window.click_css(CONTINUE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn reverification_is_asked_for_by_code_and_the_action_completes() -> Result<()> {
    let mut options = options();
    options.instance.reverification = true;
    let (desktop, window) = signed_in(options).await?;
    desktop.emulator().advance_clock(LONG);
    go(&window, "account").await?;
    add_email(&window).await?;
    window.wait_for_css(&format!("{DIALOG} {CODE_FIELD}")).await?;
    // Closed: nothing is added, and the form is free.
    window.click_css(".cl-modalCloseButton").await?;
    window.wait_until_gone(DIALOG).await?;
    assert_eq!(second_address(&desktop.emulator().state()), None);
    window.click_css(&format!(".cl-profileSection__emailAddresses {CONTINUE}")).await?;
    window.type_keys(&format!("{DIALOG} {CODE_FIELD}"), CODE).await?;
    window.wait_until_gone(DIALOG).await?;
    verify_email(&desktop, &window).await?;
    let verified = json!([ADA, SECOND]);
    inspector_has(&window, "return clerk.user.emailAddresses.map((one) => one.emailAddress)", &verified).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn totp_is_set_up_in_user_profile_after_reverification_by_password() -> Result<()> {
    let mut options = options();
    options.instance.reverification = true;
    options.instance.preferred_strategy = "password".to_owned();
    let mut desktop = Desktop::start(options).await?;
    let window = signed_in::start(&mut desktop).await?;
    sign_in_with_password(&window, PASSWORD).await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    desktop.emulator().advance_clock(LONG);
    go_to_security(&window).await?;
    window.click_css(".cl-menuButton__mfa").await?;
    window.click_text("Authenticator application").await?;
    window.type_css(&format!("{DIALOG} input[name=password]"), PASSWORD).await?;
    window.picture("reverification-password").await?;
    window.click_css(&format!("{DIALOG} {CONTINUE}")).await?;
    window.wait_until_gone(DIALOG).await?;
    window.wait_for_css(".cl-profileSection__mfa svg").await?;
    window.picture("totp-qr").await?;
    window.click_text("Can’t scan QR code?").await?;
    let shown = until("the secret is shown", || async {
        let script = "return document.querySelector('.cl-profileSection__mfa input[readonly]')?.value";
        window.run(script).await.ok()?.as_str().map(str::to_owned)
    })
    .await?;
    window.picture("totp-secret").await?;
    assert!(shown.len() >= 16, "{shown}");
    window.click_css(&format!(".cl-profileSection__mfa {CONTINUE}")).await?;
    let id = user(&desktop.emulator().state(), ADA).ok_or("Ada is gone")?["id"].clone();
    let code = desktop.emulator().totp_code(id.as_str().unwrap_or_default()).ok_or("there is no secret")?;
    window.type_keys(&format!(".cl-profileSection__mfa {CODE_FIELD}"), &code).await?;
    window.wait_until_gone(CODE_FIELD).await?;
    window.picture("totp-added").await?;
    wait_for_server(&desktop, "the authenticator app is a factor", |state| {
        (user(state, ADA)?["totp_enabled"] == true).then_some(())
    })
    .await?;
    inspector_has(&window, "return [clerk.user.totpEnabled, clerk.user.twoFactorEnabled]", &json!([true, true]))
        .await?;
    nothing_went_wrong(&desktop, &window).await
}

/// The identity at GitHub.
const LINUS: &str = "approve-linus-example-com";
/// A connected account.
const CONNECTED: &str = ".cl-profileSectionItem__connectedAccounts";

/// Begins to connect an account at GitHub, and waits for the provider's page in the system browser.
async fn connect_github(desktop: &Desktop, window: &Window) -> Result<()> {
    // The menu stays open after a failure.
    if !window.has_css("[role=menuitem]").await {
        window.click_css(".cl-menuButton__connectedAccounts").await?;
    }
    window.click_text("GitHub").await?;
    desktop.provider_page().await
}

/// The external accounts, as the inspector knows them from Rust.
const ACCOUNTS: &str = "return clerk.user.externalAccounts.map((one) => [one.provider, one.verification.status])";

#[tokio::test(flavor = "multi_thread")]
async fn external_account_is_connected_through_the_system_browser() -> Result<()> {
    let (desktop, window) = signed_in(options()).await?;
    go(&window, "account").await?;
    connect_github(&desktop, &window).await?;
    desktop.click_in_browser(LINUS).await?;
    window.wait_for_css(CONNECTED).await?;
    window.picture("connect-done").await?;
    inspector_has(&window, ACCOUNTS, &json!([["github", "verified"]])).await?;
    assert!(window.run("return location.href").await?.to_string().contains("page=account"), "the page stays");
    assert_eq!(desktop.app_processes(), 1);
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn external_account_that_is_denied_or_given_up_can_be_tried_again() -> Result<()> {
    let (desktop, window) = signed_in(options()).await?;
    go(&window, "account").await?;
    connect_github(&desktop, &window).await?;
    desktop.click_in_browser("deny").await?;
    window.wait_for_css(".cl-profileSection__connectedAccounts").await?;
    window.picture("connect-denied").await?;
    desktop.close_tab().await?;
    // Given up: the tab is closed, and the user goes elsewhere and returns.
    connect_github(&desktop, &window).await?;
    desktop.close_tab().await?;
    go(&window, "home").await?;
    go(&window, "account").await?;
    connect_github(&desktop, &window).await?;
    desktop.click_in_browser(LINUS).await?;
    until("GitHub is connected", || async {
        let script = format!("return document.querySelector('{CONNECTED}')?.innerText");
        window.run(&script).await.ok()?.as_str()?.contains("linus@example.com").then_some(())
    })
    .await?;
    window.picture("connect-after-denial").await?;
    wait_for_server(&desktop, "GitHub is connected", |state| {
        let accounts = user(state, ADA)?["external_accounts"].clone();
        accounts.as_array()?.iter().any(|one| one["verification"]["status"] == "verified").then_some(())
    })
    .await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn external_account_is_connected_although_the_app_was_restarted() -> Result<()> {
    let (mut desktop, window) = signed_in(options()).await?;
    go(&window, "account").await?;
    connect_github(&desktop, &window).await?;
    desktop.end_app();
    assert_eq!(desktop.app_processes(), 0);
    desktop.click_in_browser(LINUS).await?;
    wait_for_server(&desktop, "GitHub is connected", |state| {
        (user(state, ADA)?["external_accounts"][0]["verification"]["status"] == "verified").then_some(())
    })
    .await?;
    until("the app is started by the link", || async { (desktop.app_processes() == 1).then_some(()) }).await?;
    until("the app completes the flow", || async { desktop.log().ok().filter(|log| log.contains("outcome=Resumed")) })
        .await?;
    let window = desktop.start_app().await?;
    window.wait_for_text("rust-user", "Ada Lovelace").await?;
    go(&window, "account").await?;
    window.wait_for_css(CONNECTED).await?;
    inspector_has(&window, ACCOUNTS, &json!([["github", "verified"]])).await?;
    nothing_went_wrong(&desktop, &window).await
}

/// A picture: the example's icon.
const PICTURE: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/react/src-tauri/icons/icon.png"));

#[tokio::test(flavor = "multi_thread")]
async fn profile_picture_is_uploaded_shown_and_removed() -> Result<()> {
    let (desktop, window) = signed_in(options()).await?;
    go(&window, "account").await?;
    window.click_css(".cl-profileSectionPrimaryButton__profile").await?;
    let file = desktop.files().join("me.png");
    std::fs::write(&file, PICTURE)?;
    // The file dialog is the system's; the field behind it is filled as if a file was chosen there.
    let field = window.wait_for_css(".cl-profileSection__profile input[type=file]").await?;
    field.send_keys(file.display().to_string()).await?;
    window.wait_until_gone("input[name=firstName]").await?;
    let url = wait_for_server(&desktop, "the picture is at the server", |state| {
        let ada = user(state, ADA)?;
        (ada["has_image"] == true).then(|| ada["image_url"].as_str().unwrap_or_default().to_owned())
    })
    .await?;
    let response = reqwest::get(&url).await?;
    assert_eq!(response.headers()["content-type"], "image/png");
    assert_eq!(response.bytes().await?, PICTURE, "the file arrived as it is");
    window.picture("picture-uploaded").await?;
    go(&window, "home").await?;
    // Loaded, and not only named: the policy of the page allows it.
    let shown = "return [...document.querySelectorAll('.person img, .cl-userButtonTrigger img')]
         .map((image) => [image.src.startsWith(arguments[0]), image.naturalWidth])";
    let shown = shown.replace("arguments[0]", &json!(url).to_string());
    wait_for_value(&window, &shown, &json!([[true, 512], [true, 512]])).await?;
    window.picture("picture-home").await?;
    inspector_has(&window, "return [clerk.user.hasImage, clerk.user.imageUrl]", &json!([true, url])).await?;
    go(&window, "account").await?;
    window.click_css(".cl-profileSectionPrimaryButton__profile").await?;
    window.click_css(".cl-avatarImageActionsRemove").await?;
    wait_for_server(&desktop, "the picture is gone", |state| (user(state, ADA)?["has_image"] == false).then_some(()))
        .await?;
    nothing_went_wrong(&desktop, &window).await
}
