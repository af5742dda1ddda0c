//! Clerk's components for organizations in the React example: created, invited to, switched, and left.

mod signed_in;

use clerk_e2e::{Desktop, Result, Window, until};
use clerk_emulator::{Emulator, NewMember, NewOrganization, NewUser};
use serde_json::{Value, json};
use signed_in::{
    ADA, CONTINUE, PASSWORD, go, nothing_went_wrong, options, sign_in, signed_in, start, to_inspector, wait_for_server,
    wait_for_value,
};

const CHARLES: &str = "charles+clerk_test@example.com";
const ENGINES: &str = "Analytical Engines";
const GUEST: &str = "guest@example.com";

/// Returns an organization of the emulator, by its name, with its members.
fn organization(state: &Value, name: &str) -> Option<Value> {
    state["organizations"].as_array()?.iter().find(|one| one["organization"]["name"] == name).cloned()
}

/// Waits until the hooks, Rust and the inspector show this organization, or the personal account for `None`.
async fn everybody_shows(window: &Window, name: Option<&str>) -> Result<()> {
    go(window, "home").await?;
    window.wait_for_text("organization-name", name.unwrap_or("Personal account")).await?;
    window.wait_for_text("rust-organization", name.unwrap_or("—")).await?;
    let main = to_inspector(window).await?;
    window.wait_for_text("organization", name.unwrap_or("—")).await?;
    window.switch_to(&main).await
}

#[tokio::test(flavor = "multi_thread")]
async fn organization_is_created_and_a_member_is_invited() -> Result<()> {
    let (desktop, window) = signed_in(options()).await?;
    go(&window, "new-organization").await?;
    window.type_css("input[name=name]", ENGINES).await?;
    window.picture("organization-create").await?;
    window.click_css(CONTINUE).await?;
    // The second step invites; that is done in the profile later.
    window.wait_for_css(".cl-tagInputContainer input").await?;
    window.picture("organization-create-invite").await?;
    window.click_text("Skip").await?;
    window.wait_for("page-organization").await?;
    window.wait_for_css(".cl-navbarButton__members").await?;
    let members = &organization(&desktop.emulator().state(), ENGINES).ok_or("it is not at the server")?["members"];
    assert_eq!(members, &json!([{ "user": ADA, "role": "org:admin" }]));
    window.click_css(".cl-navbarButton__members").await?;
    window.click_css(".cl-membersPageInviteButton").await?;
    window.type_keys(".cl-tagInputContainer input", &format!("{GUEST},")).await?;
    window.picture("organization-invite").await?;
    window.click_css(CONTINUE).await?;
    wait_for_server(&desktop, "the invitation is at the server", |state| {
        (organization(state, ENGINES)?["organization"]["pending_invitations_count"] == 1).then_some(())
    })
    .await?;
    assert!(desktop.emulator().inbox().iter().any(|message| message.to == GUEST), "the guest has mail");
    window.wait_until_gone(".cl-tagInputContainer input").await?;
    window.click_css(".cl-tabButton:nth-of-type(2)").await?;
    let invited = format!("return document.querySelector('.cl-table')?.innerText.includes('{GUEST}') ?? false");
    wait_for_value(&window, &invited, &json!(true)).await?;
    window.picture("organization-invitations").await?;
    everybody_shows(&window, Some(ENGINES)).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn organization_switcher_switches_to_an_organization_and_back() -> Result<()> {
    let mut options = options();
    options.instance.seed_organizations =
        vec![NewOrganization { name: ENGINES.to_owned(), creator: Some(ADA.to_owned()), ..NewOrganization::default() }];
    let (desktop, window) = signed_in(options).await?;
    everybody_shows(&window, None).await?;
    switch(&window, "organization").await?;
    everybody_shows(&window, Some(ENGINES)).await?;
    window.wait_for("admin-only").await?;
    switch(&window, "personal").await?;
    everybody_shows(&window, None).await?;
    window.wait_until_gone("[data-testid=admin-only]").await?;
    // A token of the organization has its claims, and one of the personal account has not.
    let organization = "const done = arguments[0];
         clerk.session.getToken({ skipCache: true }).then(
             (token) => done(JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).o?.rol ?? null),
             (error) => done(String(error)));";
    assert_eq!(window.run_async(organization).await?, Value::Null);
    switch(&window, "organization").await?;
    everybody_shows(&window, Some(ENGINES)).await?;
    assert_eq!(window.run_async(organization).await?, "admin");
    nothing_went_wrong(&desktop, &window).await
}

/// Chooses the other account in `<OrganizationSwitcher/>`: `personal` or `organization`.
async fn switch(window: &Window, to: &str) -> Result<()> {
    window.click_css(".cl-organizationSwitcherTrigger").await?;
    let button = format!(".cl-organizationSwitcherPreviewButton__{to}");
    window.wait_for_css(&button).await?;
    window.picture(&format!("organization-switch-to-{to}")).await?;
    window.click_css(&button).await?;
    window.wait_until_gone(".cl-organizationSwitcherPopoverCard").await
}

/// Asks to leave the organization in `<OrganizationProfile/>`.
async fn leave(window: &Window) -> Result<()> {
    go(window, "organization").await?;
    window.click_css(".cl-profileSectionPrimaryButton__organizationDanger").await?;
    window.type_css("input[name=deleteOrganizationConfirmation]", ENGINES).await?;
    window.picture("organization-leave").await?;
    window.click_css(CONTINUE).await
}

/// The organization, with Ada in this role; Charles is an admin.
fn shared_organization(role: &str) -> clerk_e2e::Options {
    let mut options = options();
    options.instance.users.push(NewUser::with_email(CHARLES));
    options.instance.seed_organizations = vec![NewOrganization {
        name: ENGINES.to_owned(),
        creator: Some(CHARLES.to_owned()),
        members: vec![NewMember { user: ADA.to_owned(), role: role.to_owned() }],
        ..NewOrganization::default()
    }];
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn member_leaves_an_organization() -> Result<()> {
    let (desktop, window) = signed_in(shared_organization("org:member")).await?;
    switch(&window, "organization").await?;
    everybody_shows(&window, Some(ENGINES)).await?;
    leave(&window).await?;
    wait_for_server(&desktop, "Ada has left", |state| {
        (organization(state, ENGINES)?["members"] == json!([{ "user": CHARLES, "role": "org:admin" }])).then_some(())
    })
    .await?;
    window.wait_for("page-home").await?;
    everybody_shows(&window, None).await?;
    nothing_went_wrong(&desktop, &window).await
}

/// Invites an address to the organization, as Charles does on a device of his own.
async fn invite(emulator: &Emulator, address: &str) -> Result<()> {
    let state = emulator.state();
    let id = &organization(&state, ENGINES).ok_or("there is no organization")?["organization"]["id"];
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut token = String::new();
    for (path, form) in [
        (
            "client/sign_ins".to_owned(),
            [("strategy", "password"), ("identifier", CHARLES), ("password", PASSWORD)].as_slice(),
        ),
        (
            format!("organizations/{}/invitations", id.as_str().unwrap_or_default()),
            &[("email_address", address), ("role", "org:member")],
        ),
    ] {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = client.post(format!("{}/v1/{path}?_is_native=1", emulator.base_url()));
        let request =
            request.header("authorization", &token).header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(body).send().await?.error_for_status()?;
        if let Some(rotated) = response.headers().get("authorization") {
            rotated.to_str()?.clone_into(&mut token);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invitation_to_an_organization_is_accepted_in_the_switcher() -> Result<()> {
    let mut options = options();
    options.instance.users.push(NewUser::with_password(CHARLES, PASSWORD));
    options.instance.seed_organizations = vec![NewOrganization {
        name: ENGINES.to_owned(),
        creator: Some(CHARLES.to_owned()),
        ..NewOrganization::default()
    }];
    let mut desktop = Desktop::start(options).await?;
    let window = start(&mut desktop).await?;
    invite(desktop.emulator(), ADA).await?;
    sign_in(&window).await?;
    window.click_css(".cl-organizationSwitcherTrigger").await?;
    let accept = ".cl-organizationSwitcherInvitationAcceptButton";
    window.wait_for_css(accept).await?;
    window.picture("organization-invited").await?;
    window.click_css(accept).await?;
    let members = json!([{ "user": CHARLES, "role": "org:admin" }, { "user": ADA, "role": "org:member" }]);
    wait_for_server(&desktop, "Ada is a member", |state| {
        (organization(state, ENGINES)?["members"] == members).then_some(())
    })
    .await?;
    window.wait_until_gone(accept).await?;
    window.picture("organization-joined").await?;
    // A membership, and not yet the active organization; that it becomes by switching to it, in the row of the invitation.
    window.wait_for_text("rust-organization", "—").await?;
    window.click_css(".cl-organizationSwitcherPreviewButton").await?;
    window.wait_until_gone(".cl-organizationSwitcherPopoverCard").await?;
    everybody_shows(&window, Some(ENGINES)).await?;
    nothing_went_wrong(&desktop, &window).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admin_who_leaves_an_organization_sees_the_refusal() -> Result<()> {
    let mut options = options();
    options.instance.seed_organizations =
        vec![NewOrganization { name: ENGINES.to_owned(), creator: Some(ADA.to_owned()), ..NewOrganization::default() }];
    let (desktop, window) = signed_in(options).await?;
    switch(&window, "organization").await?;
    everybody_shows(&window, Some(ENGINES)).await?;
    leave(&window).await?;
    until("the refusal is shown", || async { window.has_css(".cl-alert, .cl-alertText").await.then_some(()) }).await?;
    window.picture("organization-leave-refused").await?;
    everybody_shows(&window, Some(ENGINES)).await?;
    assert_eq!(
        organization(&desktop.emulator().state(), ENGINES).ok_or("it is gone")?["members"],
        json!([{ "user": ADA, "role": "org:admin" }])
    );
    nothing_went_wrong(&desktop, &window).await
}
