//! Organizations: members, invitations, requests, domains, roles.

mod support;

use clerk_emulator::{Config, Emulator, NewUser};
use serde_json::{Value, json};
use support::{ADA, GRACE, Native, PASSWORD, read, start};

async fn two(change: impl FnOnce(&mut Config)) -> (Emulator, Native, Native, String) {
    let (emulator, ada) = start(change).await;
    let grace = Native::new(&emulator);
    ada.sign_in(ADA, PASSWORD).await;
    grace.sign_in(GRACE, PASSWORD).await;
    let made = ada.post("/v1/organizations", &[("name", "Analytical Engines")]).await;
    assert_eq!(made.text("/slug"), "analytical-engines-1");
    let path = format!("/v1/organizations/{}", made.text("/id"));
    (emulator, ada, grace, path)
}

async fn user_id(native: &Native) -> String {
    native.get("/v1/me").await.text("/id")
}

#[tokio::test]
async fn organization_create_and_update_are_validated() {
    let (emulator, ada, grace, path) = two(|_| {}).await;
    for (form, expected) in [
        (vec![("name", "")], "422 form_param_nil(name)"),
        (vec![("name", " ")], "422 form_param_nil(name)"),
        (vec![], "422 form_param_missing(name)"),
        (vec![("name", "X"), ("slug", "x")], "403 organization_slugs_disabled"),
    ] {
        assert_eq!(ada.post("/v1/organizations", &form).await.summary(), expected);
    }
    emulator.configure(|config| config.organizations.slug = true);
    assert_eq!(ada.patch(&path, &[("slug", "Bad Slug")]).await.summary(), "422 form_param_format_invalid(slug)");
    assert_eq!(ada.patch(&path, &[("slug", "engines")]).await.text("/slug"), "engines");
    assert_eq!(
        grace.post("/v1/organizations", &[("name", "Y"), ("slug", "engines")]).await.summary(),
        "422 form_identifier_exists(slug)"
    );
    assert_eq!(grace.get(&path).await.summary(), "404 organization_not_found_or_unauthorized");
    assert_eq!(grace.patch(&path, &[("name", "Mine")]).await.summary(), "403 not_a_member_in_organization");
    assert_eq!(ada.get("/v1/organizations/org_nobody").await.summary(), "404 resource_not_found");
    emulator.configure(|config| config.organizations.admin_delete = false);
    assert_eq!(ada.delete(&path).await.summary(), "403 organization_admin_delete_not_enabled");
    emulator.configure(|config| config.organizations.admin_delete = true);
    assert_eq!(ada.delete(&path).await.resource()["deleted"], true);
    emulator.configure(|config| config.organizations.enabled = false);
    assert_eq!(
        ada.post("/v1/organizations", &[("name", "Z")]).await.summary(),
        "403 organization_not_enabled_in_instance"
    );
}

#[tokio::test]
async fn invitations_are_created_accepted_and_revoked() {
    let (emulator, ada, grace, path) = two(|_| {}).await;
    let invite = async |address: &str, role: &str| {
        ada.post(&format!("{path}/invitations"), &[("email_address", address), ("role", role)]).await
    };
    assert_eq!(invite("nonsense", "org:member").await.summary(), "422 form_param_format_invalid(email_address)");
    assert_eq!(invite(GRACE, "org:emperor").await.summary(), "404 resource_not_found(role)");
    assert_eq!(invite(ADA, "org:member").await.summary(), "400 already_a_member_in_organization(email_address)");
    let invitation = invite(GRACE, "org:member").await;
    assert_eq!(invitation.text("/status"), "pending");
    assert_eq!(invite(GRACE, "org:member").await.summary(), "400 organization_invitation_not_unique(email_address)");
    assert!(emulator.latest_link(GRACE).unwrap().contains("/v1/tickets/accept?ticket="));
    let mine = grace.get("/v1/me/organization_invitations?status=pending").await;
    assert_eq!(
        (mine.resource()["total_count"].clone(), mine.text("/data/0/public_organization_data/name")),
        (json!(1), "Analytical Engines".to_owned())
    );
    let id = invitation.text("/id");
    assert_eq!(
        ada.post(&format!("/v1/me/organization_invitations/{id}/accept"), &[]).await.summary(),
        "404 resource_not_found",
        "not invited"
    );
    assert_eq!(
        grace.post(&format!("/v1/me/organization_invitations/{id}/accept"), &[]).await.text("/status"),
        "accepted"
    );
    let again = grace.post(&format!("/v1/me/organization_invitations/{id}/accept"), &[]).await;
    assert_eq!(again.summary(), "400 organization_invitation_already_accepted");
    let members = ada.get(&format!("{path}/memberships?paginated=true&query=grace")).await;
    assert_eq!(members.text("/data/0/public_user_data/identifier"), GRACE);
    // A member may read, but not manage.
    assert_eq!(grace.get(&format!("{path}/memberships")).await.resource().as_array().map(Vec::len), Some(2));
    let refused =
        grace.post(&format!("{path}/invitations"), &[("email_address", "x@example.com"), ("role", "org:member")]).await;
    assert_eq!(
        (refused.summary().as_str(), &refused.body["errors"][0]["meta"]["permissions"]),
        ("403 missing_organization_permission", &json!(["org:sys_memberships:manage"]))
    );
    // Bulk creation is atomic.
    let bulk = [("email_address", "a@example.com"), ("email_address", "wrong"), ("role", "org:member")];
    let refused = ada.post(&format!("{path}/invitations/bulk"), &bulk).await;
    assert_eq!(refused.body["errors"][0]["meta"]["email_addresses"], json!(["wrong"]));
    let bulk = [("email_address", "a@example.com"), ("email_address", "b@example.com"), ("role", "org:member")];
    assert_eq!(ada.post(&format!("{path}/invitations/bulk"), &bulk).await.resource().as_array().map(Vec::len), Some(2));
    let full = [("email_address", "c@example.com"), ("email_address", "d@example.com"), ("role", "org:member")];
    assert_eq!(
        ada.post(&format!("{path}/invitations/bulk"), &full).await.summary(),
        "403 organization_membership_quota_exceeded"
    );
    let pending = ada.get(&format!("{path}/invitations?status=pending")).await.text("/data/0/id");
    let revoke = format!("{path}/invitations/{pending}/revoke");
    assert_eq!(ada.post(&revoke, &[]).await.text("/status"), "revoked");
    assert_eq!(ada.post(&revoke, &[]).await.summary(), "404 organization_invitation_not_pending");
}

#[tokio::test]
async fn organization_keeps_an_admin() {
    let (_emulator, ada, grace, path) = two(|_| {}).await;
    let (ada_id, grace_id) = (user_id(&ada).await, user_id(&grace).await);
    let member = ada.post(&format!("{path}/memberships"), &[("user_id", &grace_id), ("role", "org:member")]).await;
    assert_eq!(member.text("/role_name"), "Member");
    assert_eq!(
        ada.post(&format!("{path}/memberships"), &[("user_id", &grace_id), ("role", "org:member")]).await.summary(),
        "400 already_a_member_in_organization(user_id)"
    );
    let own = format!("{path}/memberships/{ada_id}");
    assert_eq!(
        ada.patch(&own, &[("role", "org:member")]).await.summary(),
        "400 organization_minimum_permissions_needed"
    );
    assert_eq!(ada.delete(&own).await.summary(), "400 organization_minimum_permissions_needed");
    let organization = path.rsplit('/').next().unwrap();
    let leave = format!("/v1/me/organization_memberships/{organization}");
    assert_eq!(ada.delete(&leave).await.summary(), "400 organization_minimum_permissions_needed");
    assert_eq!(
        ada.patch(&format!("{path}/memberships/{grace_id}"), &[("role", "org:admin")]).await.text("/role"),
        "org:admin"
    );
    assert_eq!(ada.delete(&leave).await.status, 200);
    assert_eq!(ada.get(&path).await.summary(), "404 organization_not_found_or_unauthorized");
    let roles = grace.get(&format!("{path}/roles")).await;
    assert_eq!(
        (roles.resource()["has_role_set_migration"].clone(), roles.text("/data/0/key")),
        (json!(false), "org:admin".to_owned())
    );
}

#[tokio::test]
async fn domains_enroll_users() {
    let (emulator, ada, _grace, path) = two(|config| {
        config.users.push(NewUser::with_password("worker+clerk_test@acme.test", PASSWORD));
    })
    .await;
    let create = async |name: &str| ada.post(&format!("{path}/domains"), &[("name", name)]).await;
    for (name, expected) in [
        ("nonsense", "422 form_param_format_invalid(name)"),
        ("gmail.com", "422 organization_domain_common(name)"),
        ("mailinator.com", "422 organization_domain_blocked(name)"),
    ] {
        assert_eq!(create(name).await.summary(), expected);
    }
    let made = create("acme.test").await;
    assert_eq!(
        (made.text("/enrollment_mode").as_str(), &made.resource()["affiliation_verification"]),
        ("manual_invitation", &Value::Null)
    );
    assert_eq!(create("acme.test").await.summary(), "422 organization_domain_already_exists_same_organization(name)");
    let domain = format!("{path}/domains/{}", made.text("/id"));
    let elsewhere = ada
        .post(&format!("{domain}/prepare_affiliation_verification"), &[("affiliation_email_address", "x@other.test")])
        .await;
    assert_eq!(elsewhere.summary(), "422 organization_domain_mismatch(affiliation_email_address)");
    ada.post(
        &format!("{domain}/prepare_affiliation_verification"),
        &[("affiliation_email_address", "boss+clerk_test@acme.test")],
    )
    .await;
    let wrong = ada.post(&format!("{domain}/attempt_affiliation_verification"), &[("code", "000000")]).await;
    assert_eq!(wrong.summary(), "422 form_code_incorrect(code)");
    let verified = ada.post(&format!("{domain}/attempt_affiliation_verification"), &[("code", "424242")]).await;
    assert_eq!(verified.text("/affiliation_verification/status"), "verified");
    let suggested =
        ada.post(&format!("{domain}/update_enrollment_mode"), &[("enrollment_mode", "automatic_suggestion")]).await;
    assert_eq!(suggested.resource()["total_pending_suggestions"], 1);
    let worker = Native::new(&emulator);
    worker.sign_in("worker+clerk_test@acme.test", PASSWORD).await;
    let suggestion = worker.get("/v1/me/organization_suggestions?status=pending").await.text("/data/0/id");
    assert_eq!(
        worker.post(&format!("/v1/me/organization_suggestions/{suggestion}/accept"), &[]).await.text("/status"),
        "accepted"
    );
    let request = ada.get(&format!("{path}/membership_requests?status=pending")).await.text("/data/0/id");
    let accepted = ada.post(&format!("{path}/membership_requests/{request}/accept"), &[]).await;
    assert_eq!((accepted.text("/status").as_str(), worker.get(&path).await.status), ("accepted", 200));
    let again = ada.post(&format!("{path}/membership_requests/{request}/reject"), &[]).await;
    assert_eq!(again.summary(), "400 bad_request");
    // With automatic invitations, later users are invited.
    ada.post(&format!("{domain}/update_enrollment_mode"), &[("enrollment_mode", "automatic_invitation")]).await;
    let late = Native::new(&emulator);
    let sign_up = late
        .post("/v1/client/sign_ups", &[("email_address", "late+clerk_test@acme.test"), ("password", PASSWORD)])
        .await
        .text("/id");
    late.post(&format!("/v1/client/sign_ups/{sign_up}/prepare_verification"), &[("strategy", "email_code")]).await;
    late.post(
        &format!("/v1/client/sign_ups/{sign_up}/attempt_verification"),
        &[("strategy", "email_code"), ("code", "424242")],
    )
    .await;
    assert_eq!(late.get("/v1/me/organization_invitations").await.resource()["total_count"], 1);
    assert_eq!(ada.delete(&domain).await.resource()["deleted"], true);
}

#[tokio::test]
async fn invitation_redirect_urls_are_checked() {
    let (emulator, native) = start(|config| config.redirect_urls = vec!["my-app://invited".to_owned()]).await;
    native.sign_in(ADA, PASSWORD).await;
    let id = native.post("/v1/organizations", &[("name", "Engines")]).await.text("/id");
    let invite = async |url: &str| {
        let form = [("email_address", "guest@example.com"), ("role", "org:member"), ("redirect_url", url)];
        native.post(&format!("/v1/organizations/{id}/invitations"), &form).await
    };
    assert_eq!(invite("javascript:alert(1)").await.summary(), "422 prohibited_redirect_url(redirect_url)");
    assert_eq!(invite("https://evil.example.com").await.summary(), "400 resource_missmatch(redirect_url)");
    assert_eq!(emulator.inbox(), Vec::new(), "no invitation was sent");
    assert_eq!(invite("my-app://invited").await.status, 200);
    for url in ["javascript:alert(1)", "https://evil.example.com"] {
        let ticket = json!({ "kind": "invitation", "email": "x@example.com", "redirect_url": url });
        assert_eq!(emulator.control("POST", "tickets", &ticket).0, 400, "{url}");
    }
    let link = emulator.latest_link("guest@example.com").unwrap().replace(&emulator.base_url(), "");
    let page = read(native.raw("GET", &link).send().await.unwrap()).await;
    assert!(page.body.as_str().unwrap().contains("href=\"my-app://invited?__clerk_ticket="), "{page:?}");
}

#[tokio::test]
async fn organization_paths_accept_slugs() {
    let (emulator, ada, _grace, _) = two(|_| {}).await;
    let path = "/v1/organizations/analytical-engines-1";
    let guest = [("email_address", "guest@example.com"), ("role", "org:member")];
    let invited = ada.post(&format!("{path}/invitations"), &guest).await;
    assert_eq!((invited.status, invited.text("/status").as_str()), (200, "pending"));
    let revoked = ada.post(&format!("{path}/invitations/{}/revoke", invited.text("/id")), &[]).await;
    assert_eq!((revoked.status, revoked.text("/status").as_str()), (200, "revoked"));
    assert_eq!(emulator.inbox().len(), 1);
}

#[tokio::test]
async fn organization_names_the_features_of_sso_that_are_off() {
    let (_emulator, ada, _grace, path) = two(|_| {}).await;
    for (method, of_organization) in [
        ("GET", "sso_bypass_allowlist_users"),
        ("POST", "sso_bypass_allowlist_users"),
        ("POST", "sso_bypass_allowlist_users/bulk"),
        ("DELETE", "sso_bypass_allowlist_users/user_1"),
        ("GET", "enterprise_connections/one/directory"),
        ("POST", "enterprise_connections/one/directory"),
        ("PATCH", "enterprise_connections/one/directory"),
        ("DELETE", "enterprise_connections/one/directory"),
        ("POST", "enterprise_connections/one/directory/rotate_api_key"),
        ("POST", "enterprise_connections/one/directory/credentials"),
        ("POST", "enterprise_connections/one/directory/sync"),
        ("GET", "enterprise_connections/one/directory/sync_status"),
        ("GET", "enterprise_connections/one/directory/groups"),
        ("GET", "enterprise_connections/one/directory/group_role_mappings"),
        ("PUT", "enterprise_connections/one/directory/group_role_mappings"),
        ("GET", "enterprise_connections/one/directory/users"),
    ] {
        let response = ada.send(method, &format!("{path}/{of_organization}"), &[]).await;
        assert_eq!(response.summary(), "403 self_serve_sso_disabled", "{method} {of_organization}");
    }
}
