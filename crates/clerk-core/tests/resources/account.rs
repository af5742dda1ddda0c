//! The account of the signed-in user.

use std::sync::Arc;

use clerk_core::{
    AuthenticateWithRedirectParams, Change, ConnectExternalAccountParams, Error, IdentificationVerificationParams,
    InviteMemberParams, LoadOptions, PageParams, PhoneNumberParams, Picture, ReauthorizeExternalAccountParams,
    RedirectResource, RemovePasswordParams, Result, StatusListParams, UpdatePasswordParams, UpdateUserParams,
    models::{ExternalAccount, OrganizationId},
    storage::MemoryStore,
};
use clerk_emulator::{Action, Config, Decision, Fault, Identity, NewPhone, NewUser, Presence};
use clerk_testkit::{
    app::{App, CALLBACK, PASSWORD, config, first_error_code, grace, password_params},
    join,
};
use serde_json::{Value, json};

const GRACE: &str = "grace+clerk_test@example.com";
/// The code of every address and number for tests.
const CODE: &str = "424242";

async fn signed_in(adjust: impl FnOnce(&mut Config)) -> App {
    let mut config = config();
    adjust(&mut config);
    let app = App::start(config).await;
    app.sign_in_with_password().await;
    app
}

fn by(strategy: &str) -> IdentificationVerificationParams {
    IdentificationVerificationParams::new(strategy)
}

#[tokio::test]
async fn account_update_changes_and_clears_names() {
    let app = signed_in(|_| {}).await;
    let account = app.clerk.account();
    let set = |text: &str| Change::Set(text.to_owned());
    let params = UpdateUserParams { first_name: set("Augusta"), last_name: set("King"), ..UpdateUserParams::default() };
    let user = account.update(params).await.unwrap();
    assert_eq!(user.full_name().as_deref(), Some("Augusta King"));
    assert_eq!(app.clerk.user().unwrap().full_name(), user.full_name(), "the state has it");
    let user =
        account.update(UpdateUserParams { last_name: Change::Clear, ..UpdateUserParams::default() }).await.unwrap();
    assert_eq!((user.first_name.as_deref(), user.last_name.as_deref().unwrap_or_default()), (Some("Augusta"), ""));
    let error =
        account.update(UpdateUserParams { username: set("?"), ..UpdateUserParams::default() }).await.unwrap_err();
    let Error::Api(error) = &error else { panic!("{error:?}") };
    assert_eq!(error.errors[0].meta["paramName"], "username", "{error:?}");
}

#[tokio::test]
async fn account_update_metadata_merges() {
    let app = signed_in(|_| {}).await;
    let metadata = |json: Value| json.as_object().unwrap().clone();
    let account = app.clerk.account();
    account.update_metadata(&metadata(json!({ "theme": { "dark": true, "size": 2 }, "old": 1 }))).await.unwrap();
    let user = account.update_metadata(&metadata(json!({ "theme": { "size": 3 }, "old": null }))).await.unwrap();
    assert_eq!(user.unsafe_metadata, json!({ "theme": { "dark": true, "size": 3 } }));
    assert_eq!(app.clerk.user().unwrap().unsafe_metadata, user.unsafe_metadata);
}

#[tokio::test]
async fn account_update_replaces_metadata() {
    let app = signed_in(|_| {}).await;
    let account = app.clerk.account();
    let metadata = |json: Value| UpdateUserParams {
        unsafe_metadata: Some(json.as_object().unwrap().clone()),
        ..UpdateUserParams::default()
    };
    let requests = |from: usize| {
        let all = app.emulator.requests();
        all[from..].iter().map(|one| format!("{} {}", one.method, one.path)).collect::<Vec<_>>()
    };
    account.update(metadata(json!({ "theme": { "dark": true, "size": 2 }, "old": 1 }))).await.unwrap();
    let from = app.emulator.requests().len();
    let desired = json!({ "theme": { "size": 3 } });
    let user = account.update(metadata(desired.clone())).await.unwrap();
    assert_eq!(user.unsafe_metadata, desired);
    assert_eq!(requests(from), ["GET /v1/me", "PATCH /v1/me/metadata"]);
    let from = app.emulator.requests().len();
    let params = UpdateUserParams { first_name: Change::Set("Augusta".to_owned()), ..metadata(desired) };
    account.update(params).await.unwrap();
    assert_eq!(requests(from), ["PATCH /v1/me"], "the metadata is what it should be");
}

#[tokio::test]
async fn account_begins_renames_and_removes_passkeys() {
    let app = signed_in(|config| config.passkeys.enabled = true).await;
    let account = app.clerk.account();
    let passkey = account.create_passkey().await.unwrap();
    let options = passkey.verification.as_ref().and_then(|one| one.nonce.as_deref()).unwrap();
    assert!(serde_json::from_str::<Value>(options).unwrap()["challenge"].is_string(), "{options}");
    let error = account.attempt_passkey_verification(&passkey.id, "{}").await.unwrap_err();
    assert_eq!(first_error_code(&error), "passkey_invalid_public_key_credential");
    let named = account.update_passkey(&passkey.id, "Laptop").await.unwrap();
    assert_eq!(named.name.as_deref(), Some("Laptop"));
    assert!(account.delete_passkey(&passkey.id).await.unwrap().deleted);
    let unknown = account.update_passkey(&passkey.id, "Laptop").await.unwrap_err();
    assert_eq!(unknown.status(), Some(404), "{unknown:?}");
}

#[tokio::test]
async fn account_update_password_ends_other_sessions() {
    let app = signed_in(|config| config.password.mode = Presence::Optional).await;
    let elsewhere = App::on(app.emulator.clone(), Arc::new(MemoryStore::default()));
    elsewhere.clerk.load(LoadOptions::default()).await.unwrap();
    elsewhere.sign_in_with_password().await;
    let account = app.clerk.account();
    let params = |current: &str, new: &str| UpdatePasswordParams {
        current_password: Some(current.to_owned()),
        sign_out_of_other_sessions: Some(true),
        ..UpdatePasswordParams::new(new)
    };
    let wrong = account.update_password(params("wrong", "another-password")).await.unwrap_err();
    assert_eq!(first_error_code(&wrong), "form_password_incorrect");
    account.update_password(params(PASSWORD, "another-password")).await.unwrap();
    assert_eq!(account.sessions().await.unwrap().len(), 1);
    assert!(elsewhere.clerk.account().reload().await.is_err());
    assert!(app.clerk.is_signed_in() && !elsewhere.clerk.is_signed_in());
    let present = RemovePasswordParams::new("another-password");
    assert!(!account.remove_password(present).await.unwrap().password_enabled);
    let none = account.remove_password(RemovePasswordParams::new("another-password")).await.unwrap_err();
    assert_eq!(first_error_code(&none), "no_password_set");
}

#[tokio::test]
async fn account_adds_verifies_and_removes_email_addresses() {
    let app = signed_in(|_| {}).await;
    let account = app.clerk.account();
    let taken = account.create_email_address("nonsense").await.unwrap_err();
    assert_eq!(first_error_code(&taken), "form_param_format_invalid");
    let address = account.create_email_address("augusta+clerk_test@example.com").await.unwrap();
    assert_eq!(address.verification, None);
    let prepared = account.prepare_email_address_verification(&address.id, by("email_code")).await.unwrap();
    assert_eq!(prepared.verification.unwrap().strategy.as_deref(), Some("email_code"));
    let wrong = account.attempt_email_address_verification(&address.id, "000000").await.unwrap_err();
    assert_eq!(first_error_code(&wrong), "form_code_incorrect");
    account.attempt_email_address_verification(&address.id, CODE).await.unwrap();
    let read = account.email_address(&address.id).await.unwrap();
    assert_eq!(read.verification.unwrap().status.unwrap().as_str(), "verified");
    let primary =
        UpdateUserParams { primary_email_address_id: Some(address.id.clone()), ..UpdateUserParams::default() };
    let user = account.update(primary).await.unwrap();
    assert_eq!(user.primary_email_address().map(|one| one.id.clone()), Some(address.id.clone()));
    assert!(account.delete_email_address(&address.id).await.unwrap().deleted);
    assert_eq!(app.clerk.user().unwrap().email_addresses.len(), 1);
    let unknown = account.email_address("../../me").await.unwrap_err();
    assert_eq!(unknown.status(), Some(404), "{unknown:?}");
}

#[tokio::test]
async fn account_adds_verifies_and_removes_phone_numbers() {
    let app = signed_in(|config| {
        config.identifiers.phone = Presence::Optional;
        config.mfa.phone_code = true;
        config.users[0].phone_numbers = vec![NewPhone { number: "+12015550101".to_owned(), second_factor: false }];
    })
    .await;
    let account = app.clerk.account();
    let number = account.create_phone_number("+12015550100").await.unwrap();
    account.prepare_phone_number_verification(&number.id, by("phone_code")).await.unwrap();
    let wrong = account.attempt_phone_number_verification(&number.id, "000000").await.unwrap_err();
    assert_eq!(first_error_code(&wrong), "form_code_incorrect");
    account.attempt_phone_number_verification(&number.id, CODE).await.unwrap();
    let params = PhoneNumberParams { reserved_for_second_factor: Some(true), ..PhoneNumberParams::default() };
    assert!(account.update_phone_number(&number.id, params).await.unwrap().reserved_for_second_factor);
    let read = account.phone_number(&number.id).await.unwrap();
    assert!(read.reserved_for_second_factor && read.phone_number == "+12015550100");
    assert!(app.clerk.user().unwrap().two_factor_enabled);
    assert!(account.delete_phone_number(&number.id).await.unwrap().deleted);
}

#[tokio::test]
async fn account_adds_and_removes_wallets() {
    let app = signed_in(|config| config.identifiers.web3 = vec!["metamask".to_owned()]).await;
    let account = app.clerk.account();
    let address = format!("0x{}", "ab".repeat(20));
    let wallet = account.create_web3_wallet(&address).await.unwrap();
    let prepared = account.prepare_web3_wallet_verification(&wallet.id, by("web3_metamask_signature")).await.unwrap();
    assert!(prepared.verification.unwrap().message.is_some_and(|message| !message.is_empty()));
    let wrong = account.attempt_web3_wallet_verification(&wallet.id, "0x00").await.unwrap_err();
    assert!(matches!(wrong, Error::Api(_)), "{wrong:?}");
    assert!(account.delete_web3_wallet(&wallet.id).await.unwrap().deleted);
    assert_eq!(app.clerk.user().unwrap().web3_wallets, []);
}

#[tokio::test]
async fn account_enrols_and_removes_an_authenticator_app() {
    let app = signed_in(|_| {}).await;
    let account = app.clerk.account();
    let totp = account.create_totp().await.unwrap();
    let (secret, uri) = (totp.secret.clone().unwrap(), totp.uri.clone().unwrap());
    assert!(uri.contains(&secret) && !totp.verified);
    assert!(!format!("{totp:?}").contains(&secret), "it is not printed");
    let wrong = account.verify_totp("000000").await.unwrap_err();
    assert_eq!(first_error_code(&wrong), "form_code_incorrect");
    let code = app.emulator.totp_code(app.clerk.user().unwrap().id.as_str()).unwrap();
    let verified = account.verify_totp(&code).await.unwrap();
    let codes = verified.backup_codes.clone().unwrap();
    assert!(verified.verified && codes.len() == 10);
    assert!(!format!("{verified:?}").contains(&codes[0]), "they are not printed");
    assert!(app.clerk.user().unwrap().totp_enabled);
    let renewed = account.create_backup_codes().await.unwrap();
    assert!(!renewed.codes.contains(&codes[0]) && !format!("{renewed:?}").contains(&renewed.codes[0]));
    assert!(account.disable_totp().await.unwrap().deleted);
    assert!(!app.clerk.user().unwrap().totp_enabled);
}

#[tokio::test]
async fn account_lists_and_revokes_sessions() {
    let app = signed_in(|_| {}).await;
    let elsewhere = App::on(app.emulator.clone(), Arc::new(MemoryStore::default()));
    elsewhere.clerk.load(LoadOptions::default()).await.unwrap();
    elsewhere.sign_in_with_password().await;
    let account = app.clerk.account();
    let sessions = account.sessions().await.unwrap();
    let own = app.clerk.session().unwrap().id;
    let other = sessions.iter().find(|one| one.id != own).unwrap();
    assert!(sessions.len() == 2 && other.latest_activity.is_some() && other.status.is_signed_in());
    assert_eq!(account.revoke_session(&other.id).await.unwrap().status.as_str(), "revoked");
    assert_eq!(account.sessions().await.unwrap().len(), 1);
    elsewhere.clerk.handle_unauthenticated().await.unwrap();
    assert!(app.clerk.is_signed_in() && !elsewhere.clerk.is_signed_in());
}

#[tokio::test]
async fn account_uploads_and_removes_a_picture() {
    let app = signed_in(|_| {}).await;
    let account = app.clerk.account();
    let picture =
        |content: Vec<u8>| Picture { file_name: "ada.png".to_owned(), content_type: "image/png".to_owned(), content };
    let image = account.set_profile_image(Some(picture(b"\x89PNG\r\n\x1a\nada".to_vec()))).await.unwrap();
    assert!(image.public_url.is_some());
    assert!(account.reload().await.unwrap().has_image);
    account.set_profile_image(None).await.unwrap();
    assert!(!account.reload().await.unwrap().has_image);
    let before = app.emulator.requests().len();
    let large = account.set_profile_image(Some(picture(vec![0; 11 * 1024 * 1024]))).await.unwrap_err();
    assert_eq!((large.code(), app.emulator.requests().len()), ("option_invalid", before));
}

/// Connects an account in the browser, where the user decides.
async fn connect(app: &App, decision: Decision) -> Result<ExternalAccount> {
    let before = app.browser.0.lock().unwrap().len();
    let (account, params) = (app.clerk.account(), ConnectExternalAccountParams::with_strategy("oauth_google"));
    let waiting = tokio::spawn(async move { account.connect_external_account(params).await });
    let page = app.page(before).await;
    app.return_from(&page, decision).await;
    join(waiting).await
}

#[tokio::test]
async fn account_connects_reauthorizes_and_removes_an_external_account() {
    let app = signed_in(|_| {}).await;
    let denied = connect(&app, Decision::Deny).await.unwrap_err();
    assert_eq!(denied.code(), "oauth_access_denied");
    let connected = connect(&app, Decision::Approve(grace())).await.unwrap();
    assert_eq!(app.clerk.user().unwrap().external_accounts[0], connected);

    let before = app.browser.0.lock().unwrap().len();
    let (account, id) = (app.clerk.account(), connected.id.clone());
    let additional_scope = Some(vec!["calendar".to_owned(), "contacts".to_owned()]);
    let params = ReauthorizeExternalAccountParams { additional_scope, ..ReauthorizeExternalAccountParams::default() };
    let waiting = tokio::spawn(async move { account.reauthorize_external_account(&id, params).await });
    let page = app.page(before).await;
    app.return_from(&page, Decision::Approve(grace())).await;
    assert!(join(waiting).await.unwrap().approved_scopes.ends_with("calendar contacts"));

    assert!(app.clerk.account().delete_external_account(&connected.id).await.unwrap().deleted);
    assert_eq!(app.clerk.user().unwrap().external_accounts, []);
    let unknown = app.clerk.account().delete_enterprise_account("ent_1").await.unwrap_err();
    assert_eq!(unknown.status(), Some(404));
}

#[tokio::test]
async fn delete_enterprise_account_removes_the_account_of_a_connection() {
    let mut config = Config::preset("enterprise").unwrap();
    config.redirect_urls = vec![CALLBACK.to_owned()];
    let app = App::start(config).await;
    let clerk = app.clerk.clone();
    let params = AuthenticateWithRedirectParams {
        identifier: Some("worker@acme.test".to_owned()),
        ..AuthenticateWithRedirectParams::new(RedirectResource::SignIn, "enterprise_sso")
    };
    let waiting = tokio::spawn(async move { clerk.authenticate_with_redirect(params).await });
    let page = app.page(0).await;
    app.return_from(&page, Decision::Approve(Identity::new("enterprise_sso", "worker@acme.test"))).await;
    join(waiting).await.unwrap();
    let account = app.clerk.user().unwrap().enterprise_accounts[0].clone();
    assert!(app.clerk.account().delete_enterprise_account(&account.id).await.unwrap().deleted);
    assert_eq!(app.clerk.user().unwrap().enterprise_accounts, []);
}

#[tokio::test]
async fn account_connection_is_cancelled_like_other_flows() {
    let app = signed_in(|_| {}).await;
    let account = app.clerk.account();
    let params = ConnectExternalAccountParams::with_strategy("oauth_google");
    let waiting = tokio::spawn(async move { account.connect_external_account(params).await });
    app.page(0).await;
    assert!(app.clerk.cancel_authentication().await);
    assert_eq!(join(waiting).await.unwrap_err().code(), "oauth_flow_cancelled");
}

#[tokio::test]
async fn account_reads_accepts_and_leaves_organizations() {
    let app = signed_in(|config| {
        config.users.push(NewUser { first_name: Some("Grace".to_owned()), ..NewUser::with_password(GRACE, PASSWORD) });
    })
    .await;
    let organization = app.clerk.user().unwrap().organization_memberships[0].organization.id.clone();
    let invite = InviteMemberParams::new(GRACE, "org:member");
    app.clerk.organizations().invite_member(&organization, invite).await.unwrap();
    let grace = App::on(app.emulator.clone(), Arc::new(MemoryStore::default()));
    grace.clerk.load(LoadOptions::default()).await.unwrap();
    let sign_in = grace.clerk.create_sign_in(password_params(GRACE, PASSWORD)).await.unwrap();
    let session = clerk_core::SetActiveParams::session(sign_in.created_session_id.unwrap());
    grace.clerk.set_active(session).await.unwrap();

    let account = grace.clerk.account();
    let pending = StatusListParams { status: vec!["pending".to_owned()], ..StatusListParams::default() };
    let invitations = account.organization_invitations(pending.clone()).await.unwrap();
    assert_eq!((invitations.data.len(), invitations.total_count), (1, 1));
    let invitation = &invitations.data[0];
    assert_eq!(invitation.public_organization_data.as_ref().unwrap().id, organization);
    assert_eq!(account.accept_organization_invitation(&invitation.id).await.unwrap().status, "accepted");
    assert_eq!(account.organization_invitations(pending).await.unwrap().total_count, 0);
    let memberships = account.organization_memberships(PageParams::default()).await.unwrap();
    assert_eq!(memberships.data[0].organization.id, organization);
    let second = PageParams { initial_page: Some(2), page_size: Some(1) };
    let second = account.organization_memberships(second).await.unwrap();
    assert_eq!((second.data.len(), second.total_count), (0, 1));
    let suggestions = account.organization_suggestions(StatusListParams::default()).await.unwrap();
    assert_eq!(suggestions.data, []);
    let unknown = account.accept_organization_suggestion("sug_1").await.unwrap_err();
    assert_eq!(unknown.status(), Some(404));
    assert!(account.leave_organization(&organization).await.unwrap().deleted);
    let unknown = account.leave_organization(&OrganizationId::from("org_1")).await.unwrap_err();
    assert!(matches!(unknown.status(), Some(403 | 404)), "{unknown:?}");
}

#[tokio::test]
async fn account_delete_signs_out() {
    let app = signed_in(|_| {}).await;
    assert!(app.clerk.account().delete().await.unwrap().deleted);
    assert_eq!((app.clerk.is_signed_in(), app.clerk.user()), (false, None));
}

#[tokio::test]
async fn account_of_nobody_is_refused_without_a_request() {
    let app = App::start(config()).await;
    let before = app.emulator.requests().len();
    assert_eq!(app.clerk.account().reload().await.unwrap_err().code(), "no_active_session");
    assert_eq!(app.clerk.account().delete().await.unwrap_err().code(), "no_active_session");
    assert_eq!(app.emulator.requests().len(), before);
    app.sign_in_with_password().await;
    app.emulator.fault(Fault::new("*", Action::Disconnect));
    assert_eq!(app.clerk.account().reload().await.unwrap_err().code(), "network_error");
    assert!(app.clerk.is_signed_in());
}
