//! Selecting the active session and organization.

use clerk_core::{Change, ClerkOptions, LoadOptions, SetActiveParams};
use clerk_testkit::{
    ScriptedApp,
    app::{App, config},
    environment, json_response,
    sessions::load_app_with_every_session_status,
};
use serde_json::json;

/// The rules of `setActive`: the active session afterwards, and the body of the touch request.
#[tokio::test]
async fn set_active_follows_the_decision_table() {
    let choose = |text: &str| Change::Set(text.to_owned());
    let (keep, none) = (Change::Keep, Change::Clear);
    let touch_of = |organization: &str, intent: &str| format!("active_organization_id={organization}&intent={intent}");
    for (forced, session, organization, expected, touch_body) in [
        (false, keep.clone(), keep.clone(), "sess_1", touch_of("", "select_session")),
        (false, choose("sess_1"), choose("org_1"), "sess_1", touch_of("org_1", "select_org")),
        (false, keep.clone(), choose("acme"), "sess_1", touch_of("org_1", "select_org")),
        (false, keep.clone(), choose("unknown-slug"), "sess_1", touch_of("", "select_org")),
        (false, keep.clone(), none.clone(), "sess_1", touch_of("", "select_org")),
        // The instance forces an organization to be selected: neither changes.
        (true, choose("sess_2"), none.clone(), "sess_1", String::new()),
        (true, choose("sess_2"), choose("unknown-slug"), "sess_1", String::new()),
        (true, choose("sess_2"), choose("acme"), "sess_2", touch_of("org_1", "select_org")),
        // An unknown session, or none, signs out without a request.
        (false, none.clone(), keep.clone(), "signed out", String::new()),
        (false, choose("sess_9"), keep.clone(), "signed out", String::new()),
    ] {
        let app = load_app_with_every_session_status(forced, 200).await;
        let params = SetActiveParams {
            session: match session.clone() {
                Change::Set(id) => Change::Set(id.into()),
                Change::Clear => Change::Clear,
                Change::Keep => Change::Keep,
            },
            organization: organization.clone(),
            redirect_url: None,
        };
        app.clerk.set_active(params).await.unwrap();
        let now = app.active_session_id().unwrap_or_else(|| "signed out".to_owned());
        let requests = app.fapi.requests.lock().unwrap();
        let touch = requests.iter().find(|(_, path, _)| path.ends_with("/touch")).map(|(.., body)| body.clone());
        assert_eq!((now.as_str(), touch.unwrap_or_default()), (expected, touch_body), "{session:?} {organization:?}");
    }
}

#[tokio::test]
async fn set_active_navigates_to_a_task_before_redirect_url() {
    let to = |session: &str, url: &str| SetActiveParams {
        redirect_url: Some(url.to_owned()),
        ..SetActiveParams::session(session)
    };
    let navigation = |app: &ScriptedApp| app.take_navigation();
    let app = load_app_with_every_session_status(false, 200).await;
    app.clerk.set_active(to("sess_1", "/notes")).await.unwrap();
    assert_eq!(navigation(&app).as_deref(), Some("/notes"));
    app.clerk.set_active(SetActiveParams::session("sess_1")).await.unwrap();
    assert_eq!(navigation(&app), None);
    let options: ClerkOptions =
        serde_json::from_value(json!({ "taskUrls": { "choose-organization": "/choose" } })).unwrap();
    app.clerk.load(LoadOptions { options, ..Default::default() }).await.unwrap();
    app.clerk.set_active(to("sess_2", "/notes")).await.unwrap();
    assert_eq!(navigation(&app).as_deref(), Some("/choose#/?redirect_url=%2Fnotes"));
    assert_eq!((app.active_session_id().as_deref(), app.clerk.is_signed_in()), (Some("sess_2"), false));
    // The instance forces an organization to be selected: nothing changes.
    let forced = load_app_with_every_session_status(true, 200).await;
    let personal = SetActiveParams { organization: Change::Clear, ..to("sess_2", "/notes") };
    forced.clerk.set_active(personal).await.unwrap();
    assert_eq!((navigation(&forced), forced.active_session_id().as_deref()), (None, Some("sess_1")));
    let signed_out = ScriptedApp::new(|_, path| match path {
        "/environment" => json_response(200, &environment()),
        _ => json_response(200, &json!({ "response": null })),
    });
    signed_out.clerk.load(LoadOptions::default()).await.unwrap();
    assert_eq!(signed_out.clerk.set_active(SetActiveParams::default()).await.unwrap_err().code(), "no_active_session");
}

#[tokio::test]
async fn set_active_selects_an_organization_by_slug_and_clears_it() {
    let app = App::start(config()).await;
    app.sign_in_with_password().await;
    assert_eq!(app.clerk.organization(), None);
    let choose = |organization: Change<String>| SetActiveParams { organization, ..SetActiveParams::default() };
    app.clerk.set_active(choose(Change::Set("analytical-engines".to_owned()))).await.unwrap();
    assert_eq!(app.clerk.organization().unwrap().name, "Analytical Engines");
    let token = app.clerk.session_token().await.unwrap().unwrap();
    assert!(jwt_payload(token.expose())["o"]["slg"] == "analytical-engines");
    app.clerk.set_active(choose(Change::Clear)).await.unwrap();
    assert_eq!(app.clerk.organization(), None);
}

fn jwt_payload(jwt: &str) -> serde_json::Value {
    use base64::Engine;
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
