//! `SignedIn` and `Authorized` as arguments of an app's commands.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::sync::{Arc, OnceLock};

use clerk::{
    Authorized, ClerkExt, InstanceOptions, Requirement, SignedIn,
    core::{CheckAuthorizationParams, LoadOptions, SetActiveParams, SignOutOptions},
    storage::MemoryStore,
};
use clerk_emulator::Emulator;
use clerk_testkit::app::{App, config};
use serde_json::{Value, json};
use tauri::{
    Manager,
    ipc::{CallbackFn, InvokeBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets},
    webview::InvokeRequest,
};

struct Admin;

impl Requirement for Admin {
    fn params() -> CheckAuthorizationParams {
        CheckAuthorizationParams { role: Some("org:admin".into()), ..Default::default() }
    }
}

/// Makes the user an admin while it is asked what is required.
struct AdminMeanwhile;

static MEANWHILE: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

impl Requirement for AdminMeanwhile {
    fn params() -> CheckAuthorizationParams {
        MEANWHILE.get().unwrap()();
        Admin::params()
    }
}

#[tauri::command]
fn only_for_admins_meanwhile(admin: Authorized<AdminMeanwhile>) -> bool {
    admin.session.last_active_organization_id.is_some()
}

#[tauri::command]
fn whoami(who: SignedIn) -> String {
    who.first_name.clone().unwrap_or_default()
}

#[tauri::command]
fn only_for_admins(admin: Authorized<Admin>) -> String {
    admin.id.to_string()
}

fn invoke(webview: &tauri::WebviewWindow<MockRuntime>, command: &str) -> Result<Value, Value> {
    let request = InvokeRequest {
        cmd: command.to_owned(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::default(),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    get_ipc_response(webview, request).map(|body| body.deserialize().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_admit_only_authorized_users() {
    let app = App::start(config()).await;
    let tauri = mock_builder()
        .invoke_handler(tauri::generate_handler![whoami, only_for_admins])
        .build(mock_context(noop_assets()))
        .unwrap();
    let window = tauri::WebviewWindowBuilder::new(&tauri, "main", Default::default()).build().unwrap();
    assert_eq!(invoke(&window, "whoami").unwrap_err()["code"], "not_loaded", "without the plugin");
    tauri.manage(app.clerk.clone());
    // Every handle of Tauri gives the same Clerk.
    let (webview, plain): (&tauri::Webview<_>, tauri::Window<_>) = (window.as_ref(), window.as_ref().window());
    let handles: [&clerk::Clerk; 5] =
        [tauri.clerk(), tauri.handle().clerk(), window.clerk(), webview.clerk(), plain.clerk()];
    assert!(handles.iter().all(|clerk| clerk.publishable_key() == app.clerk.publishable_key()));
    for command in ["whoami", "only_for_admins"] {
        let refused = invoke(&window, command).unwrap_err();
        assert_eq!((&refused["kind"], &refused["code"]), (&json!("runtime"), &json!("not_signed_in")));
    }
    app.sign_in_with_password().await;
    assert_eq!(invoke(&window, "whoami").unwrap(), "Ada");
    assert_eq!(invoke(&window, "only_for_admins").unwrap_err()["code"], "not_authorized", "no active organization");
    let organization = app.clerk.user().unwrap().organization_memberships[0].organization.id.to_string();
    let switch = SetActiveParams { organization: clerk::core::Change::Set(organization), ..Default::default() };
    app.clerk.set_active(switch).await.unwrap();
    assert_eq!(invoke(&window, "only_for_admins").unwrap(), json!(app.clerk.user().unwrap().id));
    app.clerk.sign_out(SignOutOptions::default()).await.unwrap();
    assert_eq!(invoke(&window, "whoami").unwrap_err()["code"], "not_signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn authorized_checks_the_user_that_it_returns() {
    let app = App::start(config()).await;
    let tauri = mock_builder()
        .invoke_handler(tauri::generate_handler![only_for_admins_meanwhile])
        .build(mock_context(noop_assets()))
        .unwrap();
    let window = tauri::WebviewWindowBuilder::new(&tauri, "main", Default::default()).build().unwrap();
    tauri.manage(app.clerk.clone());
    app.sign_in_with_password().await;
    let organization = app.clerk.user().unwrap().organization_memberships[0].organization.id.to_string();
    let (clerk, runtime) = (app.clerk.clone(), tokio::runtime::Handle::current());
    let switch = move || {
        let switch = SetActiveParams {
            organization: clerk::core::Change::Set(organization.clone()),
            ..SetActiveParams::default()
        };
        let (clerk, runtime) = (clerk.clone(), runtime.clone());
        std::thread::spawn(move || runtime.block_on(clerk.set_active(switch)).unwrap()).join().unwrap();
    };
    assert!(MEANWHILE.set(Box::new(switch)).is_ok());
    let refused = invoke(&window, "only_for_admins_meanwhile").unwrap_err();
    assert_eq!(refused["code"], "not_authorized", "the user was no admin when they were read");
    assert_eq!(invoke(&window, "only_for_admins_meanwhile").unwrap(), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_refuse_an_instance_that_a_window_named() {
    let emulator = Arc::new(Emulator::start(config()).await.unwrap());
    let mut instance = LoadOptions::default();
    let app = App::with(emulator, Arc::new(MemoryStore::default()), |setup| {
        let InstanceOptions { publishable_key, proxy_url, .. } = std::mem::take(&mut setup.instance);
        instance = LoadOptions { publishable_key, proxy_url, ..LoadOptions::default() };
    });
    let tauri = mock_builder()
        .invoke_handler(tauri::generate_handler![whoami, only_for_admins])
        .build(mock_context(noop_assets()))
        .unwrap();
    let window = tauri::WebviewWindowBuilder::new(&tauri, "main", Default::default()).build().unwrap();
    tauri.manage(app.clerk.clone());
    // As the plugin does with what a window passes to `load`.
    app.clerk.with_options(Default::default()).load(instance.clone()).await.unwrap();
    app.sign_in_with_password().await;
    assert!(app.clerk.is_signed_in());
    for command in ["whoami", "only_for_admins"] {
        assert_eq!(invoke(&window, command).unwrap_err()["code"], "instance_not_configured");
    }
    app.clerk.load(instance).await.unwrap();
    assert_eq!(invoke(&window, "whoami").unwrap(), "Ada");
}
