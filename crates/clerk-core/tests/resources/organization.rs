//! Organizations.

use clerk_core::{Change, CreateOrganizationParams, SetActiveParams, models::OrganizationId};
use clerk_testkit::app::{App, config};

#[tokio::test]
async fn create_organization_returns_an_organization_to_get_and_activate() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    let params = CreateOrganizationParams { name: "Difference Engines".into(), slug: None };
    let created = app.clerk.create_organization(params).await.unwrap();
    assert_ne!(app.clerk.organization().map(|one| one.id), Some(created.id.clone()), "it is not the active one yet");
    assert_eq!(app.clerk.get_organization(&created.id).await.unwrap().name, "Difference Engines");
    let switch = SetActiveParams { organization: Change::Set(created.id.to_string()), ..SetActiveParams::default() };
    app.clerk.set_active(switch).await.unwrap();
    assert_eq!(app.clerk.organization().unwrap().id, created.id);
    let unknown = app.clerk.get_organization(&OrganizationId::from("org_unknown")).await.unwrap_err();
    assert!(matches!(unknown.status(), Some(403 | 404)), "{unknown:?}");
}
