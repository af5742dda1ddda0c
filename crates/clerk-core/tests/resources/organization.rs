//! Organizations.

use std::sync::Arc;

use clerk_core::{
    Change, CreateOrganizationParams, DomainListParams, InviteMemberParams, LoadOptions, MemberListParams, PageParams,
    Picture, SetActiveParams, StatusListParams, UpdateEnrollmentModeParams, UpdateOrganizationParams,
    models::{OrganizationId, UserId},
    storage::MemoryStore,
};
use clerk_emulator::{Config, NewUser};
use clerk_testkit::app::{App, PASSWORD, config, first_error_code, password_params};

const GRACE: &str = "grace+clerk_test@example.com";
const WORKER: &str = "worker+clerk_test@acme.test";

/// Ada, who is the admin of an organization, and Grace, who is not a member.
async fn ada_and_grace(adjust: impl FnOnce(&mut Config)) -> (App, OrganizationId, UserId) {
    let mut config = config();
    config.users.push(NewUser { first_name: Some("Grace".to_owned()), ..NewUser::with_password(GRACE, PASSWORD) });
    adjust(&mut config);
    let app = App::start(config).await;
    app.sign_in_with_password().await;
    let id = app.clerk.user().unwrap().organization_memberships[0].organization.id.clone();
    let state = app.emulator.state();
    let grace = state["users"].as_array().unwrap().iter().find(|user| user["first_name"] == "Grace").unwrap();
    let grace = UserId::from(grace["id"].as_str().unwrap());
    (app, id, grace)
}

/// Another device, with another user.
async fn elsewhere(app: &App, address: &str) -> App {
    let other = App::on(app.emulator.clone(), Arc::new(MemoryStore::default()));
    other.clerk.load(LoadOptions::default()).await.unwrap();
    let sign_in = other.clerk.create_sign_in(password_params(address, PASSWORD)).await.unwrap();
    other.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    other
}

fn pending() -> StatusListParams {
    StatusListParams { status: vec!["pending".to_owned()], ..StatusListParams::default() }
}

#[tokio::test]
async fn create_organization_returns_an_organization_to_get_and_activate() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    let params = CreateOrganizationParams::new("Difference Engines");
    let created = app.clerk.create_organization(params).await.unwrap();
    assert_ne!(app.clerk.organization().map(|one| one.id), Some(created.id.clone()), "it is not the active one yet");
    assert_eq!(app.clerk.get_organization(&created.id).await.unwrap().name, "Difference Engines");
    let switch = SetActiveParams { organization: Change::Set(created.id.to_string()), ..SetActiveParams::default() };
    app.clerk.set_active(switch).await.unwrap();
    assert_eq!(app.clerk.organization().unwrap().id, created.id);
    let unknown = app.clerk.get_organization(&OrganizationId::from("org_unknown")).await.unwrap_err();
    assert!(matches!(unknown.status(), Some(403 | 404)), "{unknown:?}");
}

#[tokio::test]
async fn organizations_update_logo_and_delete() {
    let (app, id, _) = ada_and_grace(|_| {}).await;
    let organizations = app.clerk.organizations();
    let name = Some("Difference Engines".to_owned());
    let updated = organizations.update(&id, UpdateOrganizationParams { name, ..Default::default() }).await.unwrap();
    assert_eq!(updated.name, "Difference Engines");
    assert_eq!(app.clerk.user().unwrap().organization_memberships[0].organization.name, "Difference Engines");
    let logo = |content: Vec<u8>| Picture { file_name: "a.png".into(), content_type: "image/png".into(), content };
    let with_logo = organizations.set_logo(&id, logo(b"\x89PNG\r\n\x1a\nengine".to_vec())).await.unwrap();
    assert!(with_logo.has_image);
    organizations.delete_logo(&id).await.unwrap();
    assert!(!app.clerk.get_organization(&id).await.unwrap().has_image);
    let large = organizations.set_logo(&id, logo(vec![0; 11 * 1024 * 1024])).await.unwrap_err();
    assert_eq!(large.code(), "option_invalid");
    assert!(organizations.delete(&id).await.unwrap().deleted);
    assert_eq!(app.clerk.user().unwrap().organization_memberships, []);
}

#[tokio::test]
async fn organizations_add_change_and_remove_members() {
    let (app, id, grace) = ada_and_grace(|_| {}).await;
    let organizations = app.clerk.organizations();
    assert_eq!(organizations.add_member(&id, &grace, "org:member").await.unwrap().role_name, "Member");
    let again = organizations.add_member(&id, &grace, "org:member").await.unwrap_err();
    assert_eq!(first_error_code(&again), "already_a_member_in_organization");
    assert_eq!(organizations.update_member(&id, &grace, "org:admin").await.unwrap().role, "org:admin");
    let admins = MemberListParams { role: vec!["org:admin".to_owned()], ..MemberListParams::default() };
    assert_eq!(organizations.members(&id, admins).await.unwrap().total_count, 2);
    let named = MemberListParams { query: Some("grace".to_owned()), ..MemberListParams::default() };
    let found = organizations.members(&id, named).await.unwrap();
    assert_eq!(found.data[0].public_user_data.as_ref().and_then(|data| data.first_name.as_deref()), Some("Grace"));
    assert_eq!(found.total_count, 1);
    let second = PageParams { initial_page: Some(2), page_size: Some(1) };
    let second = organizations.members(&id, MemberListParams { page: second, ..Default::default() }).await.unwrap();
    assert_eq!((second.data.len(), second.total_count), (1, 2));
    assert_eq!(organizations.remove_member(&id, &grace).await.unwrap().role, "org:admin");
    let roles = organizations.roles(&id, PageParams::default()).await.unwrap();
    assert_eq!(roles.data[0].key, "org:admin");
    assert!(roles.data[0].permissions.iter().any(|one| one.key == "org:sys_memberships:manage"));
}

#[tokio::test]
async fn organizations_invite_and_revoke() {
    let (app, id, _) = ada_and_grace(|_| {}).await;
    let organizations = app.clerk.organizations();
    let invite = |address: &str| InviteMemberParams::new(address, "org:member");
    let invalid = organizations.invite_member(&id, invite("nonsense")).await.unwrap_err();
    assert_eq!(first_error_code(&invalid), "form_param_format_invalid");
    let invited = organizations.invite_member(&id, invite(GRACE)).await.unwrap();
    assert_eq!((invited.status.as_str(), invited.organization_id.as_ref()), ("pending", Some(&id)));
    let addresses = ["one@example.com".to_owned(), "two@example.com".to_owned()];
    assert_eq!(organizations.invite_members(&id, &addresses, "org:member").await.unwrap().data.len(), 2);
    assert_eq!(organizations.invitations(&id, pending()).await.unwrap().total_count, 3);
    assert_eq!(organizations.revoke_invitation(&id, &invited.id).await.unwrap().status, "revoked");
    assert_eq!(organizations.invitations(&id, pending()).await.unwrap().total_count, 2);
    let again = organizations.revoke_invitation(&id, &invited.id).await.unwrap_err();
    assert_eq!(first_error_code(&again), "organization_invitation_not_pending");
}

#[tokio::test]
async fn organizations_verify_domains_and_decide_on_requests() {
    let (app, id, _) = ada_and_grace(|config| config.users.push(NewUser::with_password(WORKER, PASSWORD))).await;
    let organizations = app.clerk.organizations();
    let domain = organizations.create_domain(&id, "acme.test", None).await.unwrap();
    assert_eq!((domain.enrollment_mode.as_str(), &domain.affiliation_verification), ("manual_invitation", &None));
    let boss = "boss+clerk_test@acme.test";
    organizations.prepare_domain_affiliation_verification(&id, &domain.id, boss).await.unwrap();
    let wrong = organizations.attempt_domain_affiliation_verification(&id, &domain.id, "000000").await.unwrap_err();
    assert_eq!(first_error_code(&wrong), "form_code_incorrect");
    organizations.attempt_domain_affiliation_verification(&id, &domain.id, "424242").await.unwrap();
    let read = organizations.domain(&id, &domain.id).await.unwrap();
    assert_eq!(read.affiliation_verification.unwrap().status.as_deref(), Some("verified"));
    let mode = |mode: &str| UpdateEnrollmentModeParams::new(mode);
    let suggesting = organizations.update_enrollment_mode(&id, &domain.id, mode("automatic_suggestion")).await.unwrap();
    assert_eq!(suggesting.total_pending_suggestions, 1);
    let filter = DomainListParams { enrollment_mode: Some("automatic_suggestion".to_owned()), ..Default::default() };
    assert_eq!(organizations.domains(&id, filter).await.unwrap().data[0].name, "acme.test");

    let worker = elsewhere(&app, WORKER).await;
    let suggestions = worker.clerk.account().organization_suggestions(pending()).await.unwrap();
    let suggestion = &suggestions.data[0];
    assert_eq!(suggestion.public_organization_data.as_ref().unwrap().id, id);
    let accepted = worker.clerk.account().accept_organization_suggestion(&suggestion.id).await.unwrap();
    assert_eq!(accepted.status, "accepted");
    let requests = organizations.membership_requests(&id, pending()).await.unwrap();
    let request = &requests.data[0];
    assert_eq!(organizations.accept_membership_request(&id, &request.id).await.unwrap().status, "accepted");
    let late = organizations.reject_membership_request(&id, &request.id).await.unwrap_err();
    assert_eq!(late.status(), Some(400));
    assert!(worker.clerk.get_organization(&id).await.is_ok());
    assert!(organizations.delete_domain(&id, &domain.id).await.unwrap().deleted);
}

#[tokio::test]
async fn organizations_of_nobody_are_refused_without_a_request() {
    let app = App::start(config()).await;
    let before = app.emulator.requests().len();
    let id = OrganizationId::from("org_1");
    let error = app.clerk.organizations().delete(&id).await.unwrap_err();
    assert_eq!((error.code(), app.emulator.requests().len()), ("no_active_session", before));
}
