//! Unmodified clerk-js in a real browser, as a native client of the emulator. Each flow ends with a check of the page's
//! problems, and of every response against the published description.

use clerk_e2e::{Result, WebPage};
use clerk_emulator::{Config, Decision, Identity, NewPhone, NewUser, Presence};
use serde_json::{Value, json};

const ADA: &str = "ada+clerk_test@example.com";
const PASSWORD: &str = "correct-horse-battery";
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
/// The callback URL of clerk-js.
const CALLBACK: &str = "my-app://callback";

/// Signs Ada in with her password and sets `done`.
const SIGN_IN: &str = "const done = await clerk.client.signIn.create({ strategy: 'password', identifier: 'ada+clerk_test@example.com', password: 'correct-horse-battery' });";

fn ada() -> NewUser {
    NewUser { first_name: Some("Ada".to_owned()), ..NewUser::with_password(ADA, PASSWORD) }
}

fn with_ada() -> Config {
    let mut config = Config::default();
    config.users = vec![ada()];
    config
}

/// Asserts that the page has only the expected problems and that the responses match the description.
async fn finish(page: WebPage, expected: &[&str]) -> Result<()> {
    let problems = page.problems().await?;
    let unexpected: Vec<_> = problems.iter().filter(|one| !expected.iter().any(|text| one.contains(text))).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    page.check_answers()?;
    page.close().await
}

async fn signed_in_page(config: Config) -> Result<WebPage> {
    let page = WebPage::open(config).await?;
    page.run(&format!("{SIGN_IN} await clerk.setActive({{ session: done.createdSessionId }});")).await?;
    Ok(page)
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_signs_in_with_an_email_code_and_keeps_the_session_after_a_reload() -> Result<()> {
    let page = WebPage::open(with_ada()).await?;
    let user = page
        .run(
            "const attempt = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com' });
             const factor = attempt.supportedFirstFactors.find((one) => one.strategy === 'email_code');
             await attempt.prepareFirstFactor({ strategy: 'email_code', emailAddressId: factor.emailAddressId });
             const done = await attempt.attemptFirstFactor({ strategy: 'email_code', code: '424242' });
             await clerk.setActive({ session: done.createdSessionId });
             return clerk.user.firstName",
        )
        .await?;
    assert_eq!(user, "Ada");
    page.load().await?;
    assert_eq!(page.run("return [clerk.session.status, clerk.user.firstName]").await?, json!(["active", "Ada"]));
    finish(page, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_signs_in_with_password_and_authenticator() -> Result<()> {
    let mut config = Config::default();
    config.users = vec![NewUser { totp_secret: Some(SECRET.to_owned()), ..ada() }];
    let page = WebPage::open(config).await?;
    let status = page.run(&format!("{SIGN_IN} return [done.status, done.supportedSecondFactors[0].strategy]")).await?;
    assert_eq!(status, json!(["needs_second_factor", "totp"]));
    let wrong = "await clerk.client.signIn.attemptSecondFactor({ strategy: 'totp', code: '000000' })";
    assert_eq!(page.refusal(wrong).await?, "form_code_incorrect");
    let user = page.emulator().state()["users"][0]["id"].as_str().unwrap_or_default().to_owned();
    let code = page.emulator().totp_code(&user).ok_or("Ada has an authenticator")?;
    let script = format!(
        "const done = await clerk.client.signIn.attemptSecondFactor({{ strategy: 'totp', code: '{code}' }});
         await clerk.setActive({{ session: done.createdSessionId }});
         return [done.status, clerk.session.factorVerificationAge]"
    );
    assert_eq!(page.run(&script).await?, json!(["complete", [0, 0]]));
    finish(page, &["422"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_signs_in_with_a_backup_code_once() -> Result<()> {
    let mut config = Config::default();
    let codes = vec!["aaaa1111".to_owned(), "bbbb2222".to_owned()];
    config.users = vec![NewUser { totp_secret: Some(SECRET.to_owned()), backup_codes: codes, ..ada() }];
    let page = WebPage::open(config).await?;
    let with_code = format!(
        "{SIGN_IN} const second = await done.attemptSecondFactor({{ strategy: 'backup_code', code: 'aaaa1111' }});
         await clerk.setActive({{ session: second.createdSessionId }}); return second.status"
    );
    assert_eq!(page.run(&with_code).await?, "complete");
    page.run("await clerk.signOut()").await?;
    assert_eq!(page.refusal(&with_code).await?, "form_code_incorrect");
    finish(page, &["422"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_resets_a_forgotten_password() -> Result<()> {
    let page = WebPage::open(with_ada()).await?;
    let status = page
        .run(
            "await clerk.client.signIn.create({ strategy: 'reset_password_email_code', identifier: 'ada+clerk_test@example.com' });
             const proven = await clerk.client.signIn.attemptFirstFactor({ strategy: 'reset_password_email_code', code: '424242' });
             return proven.status",
        )
        .await?;
    assert_eq!(status, "needs_new_password");
    let same = "await clerk.client.signIn.resetPassword({ password: 'correct-horse-battery' })";
    assert_eq!(page.refusal(same).await?, "form_new_password_matches_current");
    let done = page
        .run(
            "const done = await clerk.client.signIn.resetPassword({ password: 'staple-battery-horse' });
             await clerk.setActive({ session: done.createdSessionId });
             await clerk.signOut();
             const again = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com', password: 'staple-battery-horse' });
             return [done.status, again.status]",
        )
        .await?;
    assert_eq!(done, json!(["complete", "complete"]));
    finish(page, &["422"]).await
}

/// Starts the e-mail link flow of clerk-js, which polls until the link is opened.
const LINK_FLOW: &str = "
    const attempt = await clerk.client.signIn.create({ identifier: 'ada+clerk_test@example.com' });
    const factor = attempt.supportedFirstFactors.find((one) => one.strategy === 'email_link');
    const { startEmailLinkFlow } = attempt.createEmailLinkFlow();
    window.flow = startEmailLinkFlow({ emailAddressId: factor.emailAddressId, redirectUrl: location.href });
    while (clerk.client.signIn.firstFactorVerification.status !== 'unverified') await new Promise((next) => setTimeout(next, 50));";

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_signs_in_with_an_email_link_here_and_on_another_device() -> Result<()> {
    let mut config = Config::preset("email-link")?;
    config.users = vec![NewUser::with_email(ADA)];
    let page = WebPage::open(config).await?;
    for here in [true, false] {
        page.run(LINK_FLOW).await?;
        let link = page.emulator().latest_link(ADA).ok_or("a link was sent")?;
        if here {
            // Another tab of this browser, which is redirected to the page.
            let first = page.driver().window().await?;
            let tab = page.driver().new_tab().await?;
            page.driver().switch_to_window(tab).await?;
            page.driver().goto(&link).await?;
            let arrived = page.driver().current_url().await?;
            assert!(arrived.as_str().starts_with(page.url()), "{arrived}");
            assert!(
                arrived.query_pairs().any(|(key, value)| key == "__clerk_status" && value == "verified"),
                "{arrived}"
            );
            page.driver().close_window().await?;
            page.driver().switch_to_window(first).await?;
        } else {
            let arrived = open_elsewhere(&link).await?;
            assert!(arrived.contains("__clerk_created_session=sess_"), "{arrived}");
        }
        let status = page
            .run(
                "const done = await window.flow;
                 await clerk.setActive({ session: done.createdSessionId });
                 const status = [done.status, done.firstFactorVerification.status, clerk.session.status];
                 await clerk.signOut();
                 return status",
            )
            .await?;
        assert_eq!(status, json!(["complete", "verified", "active"]));
    }
    finish(page, &[]).await
}

/// Opens a link in another program. Returns the redirect.
async fn open_elsewhere(link: &str) -> Result<String> {
    let url = url::Url::parse(link)?;
    let authority = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or_default());
    let mut stream = tokio::net::TcpStream::connect(&authority).await?;
    let path = &url[url::Position::BeforePath..];
    let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await?;
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await?;
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    Ok(location.ok_or("the link leads somewhere")?.to_owned())
}

/// Starts OAuth like an app, decides on the provider's page, and returns the parameters of the callback.
async fn provider(page: &WebPage, resource: &str, decision: Decision) -> Result<url::Url> {
    let external = page
        .run(&format!(
            "const started = await clerk.client.{resource}.create({{ strategy: 'oauth_google', redirectUrl: '{CALLBACK}', actionCompleteRedirectUrl: '{CALLBACK}' }});
             const verification = started.firstFactorVerification ?? started.verifications.externalAccount;
             return (started.verifications?.externalAccount ?? verification).externalVerificationRedirectURL.href"
        ))
        .await?;
    Ok(page.emulator().decide(external.as_str().unwrap_or_default(), decision)?)
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_oauth_signs_up_signs_in_transfers_and_reports_denial() -> Result<()> {
    let page = WebPage::open(with_ada()).await?;
    let grace = || Identity::new("oauth_google", "grace.hopper@example.com");

    let denied = provider(&page, "signIn", Decision::Deny).await?;
    assert_eq!(parameter(&denied, "__clerk_error_code").as_deref(), Some("oauth_access_denied"));
    let error = "const attempt = await clerk.client.signIn.reload(); return attempt.firstFactorVerification.error.code";
    assert_eq!(page.run(error).await?, "oauth_access_denied");

    // The account is unknown: the sign-in becomes a sign-up.
    let unknown = provider(&page, "signIn", Decision::Approve(grace())).await?;
    assert_eq!(parameter(&unknown, "rotating_token_nonce"), None);
    let transferred = page
        .run(
            "const attempt = await clerk.client.signIn.reload();
             const status = attempt.firstFactorVerification.status;
             const made = await clerk.client.signUp.create({ transfer: true });
             await clerk.setActive({ session: made.createdSessionId });
             const result = [status, made.status, clerk.user.externalAccounts[0].provider, clerk.user.primaryEmailAddress.emailAddress];
             await clerk.signOut();
             return result",
        )
        .await?;
    assert_eq!(transferred, json!(["transferable", "complete", "google", "grace.hopper@example.com"]));

    // The account is known now.
    let known = provider(&page, "signIn", Decision::Approve(grace())).await?;
    let nonce = parameter(&known, "rotating_token_nonce").ok_or("a nonce brings the session home")?;
    let returned = page
        .run(&format!(
            "const done = await clerk.client.signIn.reload({{ rotatingTokenNonce: '{nonce}' }});
             await clerk.setActive({{ session: done.createdSessionId }});
             const result = [done.status, clerk.user.primaryEmailAddress.emailAddress];
             await clerk.signOut();
             return result"
        ))
        .await?;
    assert_eq!(returned, json!(["complete", "grace.hopper@example.com"]));

    // A sign-up with an account that exists becomes a sign-in.
    provider(&page, "signUp", Decision::Approve(grace())).await?;
    let back = page
        .run(
            "const attempt = await clerk.client.signUp.reload();
             const status = attempt.verifications.externalAccount.status;
             const done = await clerk.client.signIn.create({ transfer: true });
             return [status, done.status]",
        )
        .await?;
    assert_eq!(back, json!(["transferable", "complete"]));
    finish(page, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_sign_up_lists_missing_fields() -> Result<()> {
    let mut config = with_ada();
    config.identifiers.username = Presence::Required;
    config.sign_up.legal_consent = true;
    let page = WebPage::open(config).await?;
    let missing = page
        .run(
            "const attempt = await clerk.client.signUp.create({ emailAddress: 'grace+clerk_test@example.com', password: 'correct-horse-battery' });
             return [attempt.status, attempt.missingFields, attempt.unverifiedFields]",
        )
        .await?;
    assert_eq!(missing, json!(["missing_requirements", ["username", "legal_accepted"], ["email_address"]]));
    let taken = "await clerk.client.signUp.create({ emailAddress: 'ada+clerk_test@example.com' })";
    assert_eq!(page.refusal(taken).await?, "form_identifier_exists");
    let done = page
        .run(
            "const attempt = await clerk.client.signUp.create({ emailAddress: 'grace+clerk_test@example.com', password: 'correct-horse-battery' });
             await attempt.update({ username: 'grace', legalAccepted: true });
             await attempt.prepareEmailAddressVerification({ strategy: 'email_code' });
             const done = await attempt.attemptEmailAddressVerification({ code: '424242' });
             await clerk.setActive({ session: done.createdSessionId });
             return [done.status, clerk.user.username, clerk.user.legalAcceptedAt !== null]",
        )
        .await?;
    assert_eq!(done, json!(["complete", "grace", true]));
    finish(page, &["422"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_switches_between_sessions_and_ends_one() -> Result<()> {
    let mut config = Config::preset("multi-session")?;
    config.users = vec![ada(), NewUser::with_password("grace+clerk_test@example.com", PASSWORD)];
    let page = signed_in_page(config).await?;
    let result = page
        .run(
            "const first = clerk.session.id;
             const done = await clerk.client.signIn.create({ identifier: 'grace+clerk_test@example.com', password: 'correct-horse-battery' });
             await clerk.setActive({ session: done.createdSessionId });
             const both = clerk.client.signedInSessions.length;
             await clerk.setActive({ session: first });
             const back = clerk.user.firstName;
             await clerk.signOut({ sessionId: first });
             const left = clerk.client.signedInSessions.map((one) => one.user.primaryEmailAddress.emailAddress);
             await clerk.signOut();
             return [both, back, left, clerk.client.signedInSessions.length]",
        )
        .await?;
    assert_eq!(result, json!([2, "Ada", ["grace+clerk_test@example.com"], 0]));
    finish(page, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_creates_joins_and_activates_organizations() -> Result<()> {
    let mut config = Config::preset("multi-session")?;
    config.users = vec![ada(), NewUser::with_password("grace+clerk_test@example.com", PASSWORD)];
    let page = signed_in_page(config).await?;
    let made = page
        .run(
            "const made = await clerk.createOrganization({ name: 'Analytical Engines' });
             await clerk.setActive({ organization: made.id });
             const invited = await made.inviteMember({ emailAddress: 'grace+clerk_test@example.com', role: 'org:member' });
             const token = JSON.parse(atob((await clerk.session.getToken()).split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
             const pending = await made.getInvitations({ status: ['pending'] });
             return [clerk.organization.name, invited.status, token.o.rol, pending.total_count]",
        )
        .await?;
    assert_eq!(made, json!(["Analytical Engines", "pending", "admin", 1]));
    let joined = page
        .run(
            "const done = await clerk.client.signIn.create({ identifier: 'grace+clerk_test@example.com', password: 'correct-horse-battery' });
             await clerk.setActive({ session: done.createdSessionId });
             const invitations = await clerk.user.getOrganizationInvitations();
             await invitations.data[0].accept();
             const memberships = await clerk.user.getOrganizationMemberships();
             await clerk.setActive({ organization: memberships.data[0].organization.id });
             const members = await clerk.organization.getMemberships();
             const role = clerk.user.organizationMemberships[0].role;
             await clerk.setActive({ organization: null });
             return [role, members.total_count, clerk.organization]",
        )
        .await?;
    assert_eq!(joined, json!(["org:member", 2, null]));
    finish(page, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_changes_the_user_profile() -> Result<()> {
    let mut config = with_ada();
    config.identifiers.phone = Presence::Optional;
    config.mfa.phone_code = true;
    config.users[0].phone_numbers = vec![NewPhone { number: "+12015550100".to_owned(), second_factor: false }];
    let page = signed_in_page(config).await?;
    let names = page
        .run(
            "await clerk.user.update({ firstName: 'Augusta', lastName: 'King', unsafeMetadata: { theme: 'dark' } });
             return [clerk.user.fullName, clerk.user.unsafeMetadata]",
        )
        .await?;
    assert_eq!(names, json!(["Augusta King", { "theme": "dark" }]));
    let address = page
        .run(
            "const address = await clerk.user.createEmailAddress({ email: 'countess+clerk_test@example.com' });
             await address.prepareVerification({ strategy: 'email_code' });
             const verified = await address.attemptVerification({ code: '424242' });
             await clerk.user.update({ primaryEmailAddressId: address.id });
             return [verified.verification.status, clerk.user.primaryEmailAddress.emailAddress]",
        )
        .await?;
    assert_eq!(address, json!(["verified", "countess+clerk_test@example.com"]));
    let phone = page
        .run(
            "const phone = await clerk.user.createPhoneNumber({ phoneNumber: '+1 201 555 0111' });
             await phone.prepareVerification();
             await phone.attemptVerification({ code: '424242' });
             await phone.setReservedForSecondFactor({ reserved: true });
             const enabled = clerk.user.twoFactorEnabled;
             await phone.destroy();
             return [enabled, clerk.user.phoneNumbers.length]",
        )
        .await?;
    assert_eq!(phone, json!([true, 1]));
    let wrong = "await clerk.user.updatePassword({ currentPassword: 'wrong', newPassword: 'staple-battery-horse' })";
    assert_eq!(page.refusal(wrong).await?, "form_password_incorrect");
    page.run("await clerk.user.updatePassword({ currentPassword: 'correct-horse-battery', newPassword: 'staple-battery-horse' })")
        .await?;
    let started = page
        .run(
            "const account = await clerk.user.createExternalAccount({ strategy: 'oauth_github', redirectUrl: 'my-app://callback' });
             return account.verification.externalVerificationRedirectURL.href",
        )
        .await?;
    page.emulator().decide(
        started.as_str().unwrap_or_default(),
        Decision::Approve(Identity::new("oauth_github", "ada@example.com")),
    )?;
    let account = page
        .run(
            "await clerk.user.reload();
             const account = clerk.user.verifiedExternalAccounts[0];
             const provider = account.provider;
             await account.destroy();
             return [provider, clerk.user.externalAccounts.length]",
        )
        .await?;
    assert_eq!(account, json!(["github", 0]));
    let secret = page.run("window.totp = await clerk.user.createTOTP(); return window.totp.uri").await?;
    assert!(secret.as_str().is_some_and(|uri| uri.starts_with("otpauth://totp/")), "{secret}");
    let user = page.run("return clerk.user.id").await?;
    let code = page.emulator().totp_code(user.as_str().unwrap_or_default()).ok_or("a code")?;
    let totp = page
        .run(&format!(
            "const verified = await clerk.user.verifyTOTP({{ code: '{code}' }});
             const enabled = clerk.user.totpEnabled;
             const codes = await clerk.user.createBackupCode();
             await clerk.user.disableTOTP();
             return [verified.verified, verified.backupCodes?.length, enabled, codes.codes.length, clerk.user.totpEnabled]"
        ))
        .await?;
    assert_eq!(totp[0], true);
    assert_eq!((&totp[2], &totp[3], &totp[4]), (&json!(true), &json!(10), &json!(false)), "{totp}");
    let sessions = page.run("return (await clerk.user.getSessions()).length").await?;
    assert_eq!(sessions, 1);
    finish(page, &["422"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_joins_the_waitlist() -> Result<()> {
    let page = WebPage::open(Config::preset("waitlist")?).await?;
    let ids = page
        .run(
            "const join = () => clerk.joinWaitlist({ emailAddress: 'grace+clerk_test@example.com' });
             return [(await join()).id, (await join()).id]",
        )
        .await?;
    assert_eq!(ids[0], ids[1]);
    let closed = "await clerk.client.signUp.create({ emailAddress: 'grace+clerk_test@example.com' })";
    assert_eq!(page.refusal(closed).await?, "sign_up_restricted_waitlist");
    let id = ids[0].as_str().unwrap_or_default();
    assert_eq!(page.emulator().control("POST", &format!("waitlist/{id}/approve"), &Value::Null).0, 200);
    let invitation = page.emulator().latest_link("grace+clerk_test@example.com").ok_or("an invitation was sent")?;
    let ticket = url::Url::parse(&open_elsewhere(&invitation).await?)?;
    let ticket = parameter(&ticket, "__clerk_ticket").ok_or("the invitation carries a ticket")?;
    let made = page
        .run(&format!(
            "const made = await clerk.client.signUp.create({{ strategy: 'ticket', ticket: '{ticket}', password: 'correct-horse-battery' }}); return made.status"
        ))
        .await?;
    assert_eq!(made, "complete");
    finish(page, &["403"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clerk_js_registers_a_passkey_and_signs_in_with_it() -> Result<()> {
    let mut config = with_ada();
    config.passkeys.enabled = true;
    let page = signed_in_page(config).await?;
    // A virtual authenticator of the browser.
    let tools = page.driver().cdp();
    tools.send_raw("WebAuthn.enable", json!({})).await?;
    let options = json!({ "options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
        "isUserVerified": true, "automaticPresenceSimulation": true,
    } });
    tools.send_raw("WebAuthn.addVirtualAuthenticator", options).await?;
    let made = page
        .run(
            "const made = await clerk.user.createPasskey();
             await made.update({ name: 'Laptop' });
             return [made.verification.status, clerk.user.passkeys.map((one) => one.name)]",
        )
        .await?;
    assert_eq!(made, json!(["verified", ["Laptop"]]));
    let user = page
        .run(
            "await clerk.signOut();
             const done = await clerk.client.signIn.authenticateWithPasskey({ flow: 'discoverable' });
             await clerk.setActive({ session: done.createdSessionId });
             return [done.status, clerk.user.firstName, clerk.user.passkeys[0].lastUsedAt !== null]",
        )
        .await?;
    assert_eq!(user, json!(["complete", "Ada", true]));
    finish(page, &[]).await
}
