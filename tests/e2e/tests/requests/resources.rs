//! The methods of the user and of organizations, step by step.

use clerk::{
    core::{Account, Organizations, Picture},
    models::{OrganizationId, UserId},
};
use clerk_e2e::{Result, until};
use clerk_emulator::{Config, Emulator, NewOrganization, NewPhone, NewUser, Presence};
use clerk_testkit::app::{ADA, PASSWORD};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{GRACE, Sides, taken_with_query, with_users};

/// Parameters as a window gives them.
fn params<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).expect("valid parameters")
}

fn picture() -> Picture {
    Picture {
        file_name: "a.png".to_owned(),
        content_type: "image/png".to_owned(),
        content: b"\x89PNG\r\n\x1a\na".to_vec(),
    }
}

/// The same picture in a page.
const PICTURE: &str =
    "new File([new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, 97])], 'a.png', { type: 'image/png' })";

/// Returns the ID of a user.
fn user_id(emulator: &Emulator, address: &str) -> String {
    let state = emulator.state();
    let users = state["users"].as_array().cloned().unwrap_or_default();
    let user =
        users.iter().find(|user| user["email_addresses"].to_string().contains(address)).expect("the user exists");
    user["id"].as_str().unwrap_or_default().to_owned()
}

/// Compares method by method.
struct Steps {
    sides: Sides,
    methods: Vec<&'static str>,
    differences: Vec<String>,
}

impl Steps {
    async fn start(flow: &'static str, config: Config) -> Result<Self> {
        let sides = Sides::start(flow, config).await?;
        sides.signed_in().await?;
        sides.take();
        Ok(Self { sides, methods: Vec::new(), differences: Vec::new() })
    }

    /// Runs a script with clerk-js and a method of the core, and compares what they sent.
    async fn same<T>(
        &mut self,
        method: &'static str,
        script: &str,
        ours: impl Future<Output = clerk::Result<T>>,
    ) -> Result<T> {
        let theirs = self.sides.page.run(script).await;
        theirs.map_err(|error| format!("{method} of clerk-js: {error}"))?;
        let result = ours.await.map_err(|error| format!("{method} of the core: {error}"))?;
        let theirs = taken_with_query(self.sides.page.emulator());
        let ours = taken_with_query(&self.sides.app.emulator);
        assert!(!ours.is_empty(), "{method}: something was compared");
        if theirs != ours {
            self.differences.push(format!("{method}: clerk-js {theirs:?}, the core {ours:?}"));
        }
        self.methods.push(method);
        Ok(result)
    }

    async fn finish(self, compared: usize) -> Result<()> {
        assert_eq!(self.differences, [""; 0]);
        assert_eq!(self.methods.len(), compared, "{:?}", self.methods);
        self.sides.page.close().await
    }
}

fn config() -> Config {
    let mut config = with_users(Config::default());
    config.identifiers.phone = Presence::Optional;
    config.identifiers.web3 = vec!["metamask".to_owned()];
    config.password.mode = Presence::Optional;
    config.mfa.phone_code = true;
    config.organizations.slug = true;
    config.users.push(NewUser::with_password("worker+clerk_test@acme.test", PASSWORD));
    config.seed_organizations =
        vec![NewOrganization { name: "Acme".to_owned(), creator: Some(ADA.to_owned()), ..NewOrganization::default() }];
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_the_user_match_clerk_js() -> Result<()> {
    let mut steps = Steps::start("user", config()).await?;
    let account: Account = steps.sides.app.clerk.account();
    let names = params(json!({ "firstName": "Augusta", "lastName": "King" }));
    steps
        .same(
            "User.update",
            "await clerk.user.update({ firstName: 'Augusta', lastName: 'King' })",
            account.update(names),
        )
        .await?;
    let metadata = json!({ "theme": { "dark": true }, "old": 1 });
    let map = metadata.as_object().cloned().unwrap_or_default();
    let script = format!("await clerk.user.updateMetadata({{ unsafeMetadata: {metadata} }})");
    steps.same("User.updateMetadata", &script, account.update_metadata(&map)).await?;
    let replaced = params(json!({ "unsafeMetadata": { "theme": { "dark": false } } }));
    let script = "await clerk.user.update({ unsafeMetadata: { theme: { dark: false } } })";
    steps.same("User.update of metadata", script, account.update(replaced)).await?;
    steps.same("User.reload", "await clerk.user.reload()", account.reload()).await?;

    let script = "window.email = await clerk.user.createEmailAddress({ email: 'augusta+clerk_test@example.com' })";
    let email = account.create_email_address("augusta+clerk_test@example.com");
    let email = steps.same("User.createEmailAddress", script, email).await?.id;
    let script = "await email.prepareVerification({ strategy: 'email_code' })";
    let prepare = account.prepare_email_address_verification(&email, params(json!({ "strategy": "email_code" })));
    steps.same("EmailAddress.prepareVerification", script, prepare).await?;
    let script = "await email.attemptVerification({ code: '424242' })";
    let attempt = account.attempt_email_address_verification(&email, "424242");
    steps.same("EmailAddress.attemptVerification", script, attempt).await?;
    let primary = params(json!({ "primaryEmailAddressId": email }));
    let script = "await clerk.user.update({ primaryEmailAddressId: email.id })";
    steps.same("User.update of the primary address", script, account.update(primary)).await?;
    let script = "await clerk.user.update({ primaryEmailAddressId: clerk.user.emailAddresses.find((one) => one.id !== email.id).id })";
    let user = account.reload().await?;
    let other = user.email_addresses.iter().find(|one| one.id != email).expect("the first address").id.clone();
    super::taken(&steps.sides.app.emulator);
    let back = account.update(params(json!({ "primaryEmailAddressId": other })));
    steps.same("User.update of the primary address again", script, back).await?;
    let script = "await email.destroy()";
    steps.same("EmailAddress.destroy", script, account.delete_email_address(&email)).await?;

    let script = "window.phone = await clerk.user.createPhoneNumber({ phoneNumber: '+12015550100' })";
    let phone = steps.same("User.createPhoneNumber", script, account.create_phone_number("+12015550100")).await?.id;
    let prepare = account.prepare_phone_number_verification(&phone, params(json!({ "strategy": "phone_code" })));
    steps.same("PhoneNumber.prepareVerification", "await phone.prepareVerification()", prepare).await?;
    let attempt = account.attempt_phone_number_verification(&phone, "424242");
    let script = "await phone.attemptVerification({ code: '424242' })";
    steps.same("PhoneNumber.attemptVerification", script, attempt).await?;
    let reserve = account.update_phone_number(&phone, params(json!({ "reservedForSecondFactor": true })));
    let script = "await phone.setReservedForSecondFactor({ reserved: true })";
    steps.same("PhoneNumber.setReservedForSecondFactor", script, reserve).await?;
    let default = account.update_phone_number(&phone, params(json!({ "defaultSecondFactor": true })));
    steps.same("PhoneNumber.makeDefaultSecondFactor", "await phone.makeDefaultSecondFactor()", default).await?;
    steps.same("PhoneNumber.destroy", "await phone.destroy()", account.delete_phone_number(&phone)).await?;

    let address = format!("0x{}", "ab".repeat(20));
    let script = format!("window.wallet = await clerk.user.createWeb3Wallet({{ web3Wallet: '{address}' }})");
    let wallet = steps.same("User.createWeb3Wallet", &script, account.create_web3_wallet(&address)).await?.id;
    let strategy = params(json!({ "strategy": "web3_metamask_signature" }));
    let prepare = account.prepare_web3_wallet_verification(&wallet, strategy);
    let script = "await wallet.prepareVerification({ strategy: 'web3_metamask_signature' })";
    steps.same("Web3Wallet.prepareVerification", script, prepare).await?;
    steps.same("Web3Wallet.destroy", "await wallet.destroy()", account.delete_web3_wallet(&wallet)).await?;

    steps.same("User.createTOTP", "await clerk.user.createTOTP()", account.create_totp()).await?;
    let codes = [steps.sides.page.emulator(), &steps.sides.app.emulator]
        .map(|emulator| emulator.totp_code(&user_id(emulator, ADA)).expect("there is an authenticator"));
    let script = format!("await clerk.user.verifyTOTP({{ code: '{}' }})", codes[0]);
    steps.same("User.verifyTOTP", &script, account.verify_totp(&codes[1])).await?;
    steps.same("User.createBackupCode", "await clerk.user.createBackupCode()", account.create_backup_codes()).await?;
    steps.same("User.disableTOTP", "await clerk.user.disableTOTP()", account.disable_totp()).await?;
    let change =
        json!({ "currentPassword": PASSWORD, "newPassword": "staple-battery-horse", "signOutOfOtherSessions": true });
    let script = format!("await clerk.user.updatePassword({change})");
    steps.same("User.updatePassword", &script, account.update_password(params(change))).await?;
    let current = json!({ "currentPassword": "staple-battery-horse" });
    let script = format!("await clerk.user.removePassword({current})");
    steps.same("User.removePassword", &script, account.remove_password(params(current))).await?;
    steps.same("User.getSessions", "await clerk.user.getSessions()", account.sessions()).await?;
    let script = format!("await clerk.user.setProfileImage({{ file: {PICTURE} }})");
    steps.same("User.setProfileImage", &script, account.set_profile_image(Some(picture()))).await?;
    let script = "await clerk.user.setProfileImage({ file: null })";
    steps.same("User.setProfileImage(null)", script, account.set_profile_image(None)).await?;
    let page = json!({ "initialPage": 2, "pageSize": 5 });
    let script = format!("await clerk.user.getOrganizationMemberships({page})");
    let memberships = account.organization_memberships(params(page));
    steps.same("User.getOrganizationMemberships", &script, memberships).await?;
    let script = "await clerk.user.getOrganizationInvitations({ status: 'pending' })";
    let pending = || params(json!({ "status": ["pending"] }));
    steps.same("User.getOrganizationInvitations", script, account.organization_invitations(pending())).await?;
    let script = "await clerk.user.getOrganizationSuggestions({ status: 'pending' })";
    steps.same("User.getOrganizationSuggestions", script, account.organization_suggestions(pending())).await?;
    steps.same("User.delete", "await clerk.user.delete()", account.delete()).await?;
    steps.finish(32).await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_organizations_match_clerk_js() -> Result<()> {
    let mut steps = Steps::start("organizations", config()).await?;
    let clerk = steps.sides.app.clerk.clone();
    let organizations: Organizations = clerk.organizations();
    let membership = &clerk.user().expect("signed in").organization_memberships[0];
    let id: OrganizationId = membership.organization.id.clone();
    steps.sides.page.run("window.organization = clerk.user.organizationMemberships[0].organization").await?;
    let (grace_there, grace) =
        (user_id(steps.sides.page.emulator(), GRACE), UserId::from(user_id(&steps.sides.app.emulator, GRACE)));

    let name = json!({ "name": "Ajax", "slug": "ajax" });
    let script = format!("await organization.update({name})");
    steps.same("Organization.update", &script, organizations.update(&id, params(name))).await?;
    let script = format!("await organization.setLogo({{ file: {PICTURE} }})");
    steps.same("Organization.setLogo", &script, organizations.set_logo(&id, picture())).await?;
    let script = "await organization.setLogo({ file: null })";
    steps.same("Organization.setLogo(null)", script, organizations.delete_logo(&id)).await?;
    let script = format!("await organization.addMember({{ userId: '{grace_there}', role: 'org:member' }})");
    steps.same("Organization.addMember", &script, organizations.add_member(&id, &grace, "org:member")).await?;
    let filter = json!({ "role": ["org:admin", "org:member"], "query": "ada", "pageSize": 5 });
    let script = format!("await organization.getMemberships({filter})");
    steps.same("Organization.getMemberships", &script, organizations.members(&id, params(filter))).await?;
    let script = format!("await organization.updateMember({{ userId: '{grace_there}', role: 'org:admin' }})");
    steps.same("Organization.updateMember", &script, organizations.update_member(&id, &grace, "org:admin")).await?;
    let script = format!("await organization.removeMember('{grace_there}')");
    steps.same("Organization.removeMember", &script, organizations.remove_member(&id, &grace)).await?;

    let invitation = json!({ "emailAddress": "one@example.com", "role": "org:member" });
    let script = format!("window.invitation = await organization.inviteMember({invitation})");
    let invited = organizations.invite_member(&id, params(invitation));
    let invited = steps.same("Organization.inviteMember", &script, invited).await?.id;
    let addresses = ["two@example.com".to_owned(), "three@example.com".to_owned()];
    let script =
        format!("await organization.inviteMembers({{ emailAddresses: {}, role: 'org:member' }})", json!(addresses));
    let bulk = organizations.invite_members(&id, &addresses, "org:member");
    steps.same("Organization.inviteMembers", &script, bulk).await?;
    let script = "await organization.getInvitations({ status: ['pending', 'revoked'] })";
    let filter = params(json!({ "status": ["pending", "revoked"] }));
    steps.same("Organization.getInvitations", script, organizations.invitations(&id, filter)).await?;
    let revoke = organizations.revoke_invitation(&id, &invited);
    steps.same("OrganizationInvitation.revoke", "await invitation.revoke()", revoke).await?;
    let roles = organizations.roles(&id, params(json!({})));
    steps.same("Organization.getRoles", "await organization.getRoles()", roles).await?;
    let script = "await organization.getMembershipRequests({ status: 'pending' })";
    let requests = organizations.membership_requests(&id, params(json!({ "status": ["pending"] })));
    steps.same("Organization.getMembershipRequests", script, requests).await?;

    let script = "window.domain = await organization.createDomain('acme.test')";
    let domain =
        steps.same("Organization.createDomain", script, organizations.create_domain(&id, "acme.test", None)).await?.id;
    let script = "await organization.getDomain({ domainId: domain.id })";
    steps.same("Organization.getDomain", script, organizations.domain(&id, &domain)).await?;
    let script =
        "await domain.prepareAffiliationVerification({ affiliationEmailAddress: 'boss+clerk_test@acme.test' })";
    let prepare = organizations.prepare_domain_affiliation_verification(&id, &domain, "boss+clerk_test@acme.test");
    steps.same("OrganizationDomain.prepareAffiliationVerification", script, prepare).await?;
    let script = "await domain.attemptAffiliationVerification({ code: '424242' })";
    let attempt = organizations.attempt_domain_affiliation_verification(&id, &domain, "424242");
    steps.same("OrganizationDomain.attemptAffiliationVerification", script, attempt).await?;
    let mode = json!({ "enrollmentMode": "automatic_invitation", "deletePending": true });
    let script = format!("await domain.updateEnrollmentMode({mode})");
    let update = organizations.update_enrollment_mode(&id, &domain, params(mode));
    steps.same("OrganizationDomain.updateEnrollmentMode", &script, update).await?;
    let script = "await organization.getDomains({ enrollmentMode: 'automatic_invitation' })";
    let filter = params(json!({ "enrollmentMode": "automatic_invitation" }));
    steps.same("Organization.getDomains", script, organizations.domains(&id, filter)).await?;
    steps.same("OrganizationDomain.delete", "await domain.delete()", organizations.delete_domain(&id, &domain)).await?;
    let script = "await organization.reload()";
    steps.same("Organization.reload", script, clerk.get_organization(&id)).await?;
    steps.same("Organization.destroy", "await organization.destroy()", organizations.delete(&id)).await?;
    let script = "window.other = await clerk.createOrganization({ name: 'Other' })";
    let other = clerk.create_organization(params(json!({ "name": "Other" })));
    let other = steps.same("Clerk.createOrganization", script, other).await?.id;
    let left = clerk.account().leave_organization(&other).await.unwrap_err();
    let theirs = steps.sides.page.refusal("await clerk.user.leaveOrganization(other.id)").await?;
    assert_eq!(theirs, clerk_testkit::app::first_error_code(&left), "the only admin");
    let theirs = taken_with_query(steps.sides.page.emulator());
    assert_eq!(theirs, taken_with_query(&steps.sides.app.emulator), "User.leaveOrganization");
    steps.finish(23).await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_sessions_match_clerk_js() -> Result<()> {
    let mut config = config();
    config.users[0].phone_numbers = vec![NewPhone { number: "+12015550101".to_owned(), second_factor: false }];
    let mut steps = Steps::start("sessions", config).await?;
    let clerk = steps.sides.app.clerk.clone();
    let sessions = clerk.sessions();
    let id = clerk.session().expect("signed in").id.clone();
    let user = clerk.user().expect("signed in");
    let (email, phone) = (user.email_addresses[0].id.clone(), user.phone_numbers[0].id.clone());
    let reserve = params(json!({ "reservedForSecondFactor": true }));
    clerk.account().update_phone_number(&phone, reserve).await?;
    steps.sides.page.run("await clerk.user.phoneNumbers[0].setReservedForSecondFactor({ reserved: true })").await?;
    steps.sides.take();

    steps.same("Session.touch", "await clerk.session.touch()", sessions.touch(&id)).await?;
    steps.same("Session.reload", "await clerk.session.reload()", sessions.get(&id)).await?;
    let script = "await clerk.session.startVerification({ level: 'multi_factor' })";
    steps.same("Session.startVerification", script, sessions.start_verification(&id, "multi_factor")).await?;
    let script = "await clerk.session.prepareFirstFactorVerification(
        { strategy: 'email_code', emailAddressId: clerk.user.emailAddresses[0].id })";
    let prepare = params(json!({ "strategy": "email_code", "emailAddressId": email }));
    let prepare = sessions.prepare_first_factor_verification(&id, prepare);
    steps.same("Session.prepareFirstFactorVerification", script, prepare).await?;
    let attempt = json!({ "strategy": "email_code", "code": "424242" });
    let script = format!("await clerk.session.attemptFirstFactorVerification({attempt})");
    let attempt = sessions.attempt_first_factor_verification(&id, params(attempt));
    steps.same("Session.attemptFirstFactorVerification", &script, attempt).await?;
    let script = "await clerk.session.prepareSecondFactorVerification(
        { strategy: 'phone_code', phoneNumberId: clerk.user.phoneNumbers[0].id })";
    let prepare = params(json!({ "strategy": "phone_code", "phoneNumberId": phone }));
    let prepare = sessions.prepare_second_factor_verification(&id, prepare);
    steps.same("Session.prepareSecondFactorVerification", script, prepare).await?;
    let attempt = json!({ "strategy": "phone_code", "code": "424242" });
    let script = format!("await clerk.session.attemptSecondFactorVerification({attempt})");
    let attempt = sessions.attempt_second_factor_verification(&id, params(attempt));
    steps.same("Session.attemptSecondFactorVerification", &script, attempt).await?;
    steps.finish(7).await
}

/// Has both sides sign out of the session with a method of it. The core ends it after the call has returned.
async fn session_is_gone(flow: &'static str, script: &str) -> Result<Sides> {
    let sides = Sides::start(flow, config()).await?;
    sides.signed_in().await?;
    sides.take();
    sides.page.run(script).await?;
    let id = sides.app.clerk.session().expect("signed in").id.clone();
    sides.app.clerk.sessions().remove(&id).await?;
    until("the core ends its session on the server", || async {
        (!sides.app.emulator.requests().is_empty()).then_some(())
    })
    .await?;
    Ok(sides)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_session_remove_match_clerk_js() -> Result<()> {
    let sides = session_is_gone("Session.remove", "await clerk.session.remove()").await?;
    sides.same();
    sides.page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_session_end_differ_from_clerk_js_as_documented() -> Result<()> {
    let sides = session_is_gone("Session.end", "await clerk.session.end()").await?;
    sides.differs(&["POST /v1/client/sessions/:id/end"], &["POST /v1/client/sessions/:id/remove"]);
    sides.page.close().await
}
