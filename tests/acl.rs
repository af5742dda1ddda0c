//! What windows may do, through Tauri's real access control: the plugin's own permission files, and capabilities as apps write
//! them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails the test")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clerk::{ClerkExt, ports::Browser, storage::MemoryStore};
use clerk_emulator::Emulator;
use clerk_testkit::{
    RecordingBrowser,
    app::{ADA, CALLBACK, PASSWORD, config, password_params},
    wait_until, with_timeout,
};
use serde_json::{Value, json};
use tauri::{
    App, Url, WebviewWindow,
    ipc::{CallbackFn, InvokeBody, InvokeError, InvokeResponse},
    test::{INVOKE_KEY, MockRuntime, mock_builder, mock_context, noop_assets},
    utils::{
        acl::{
            capability::Capability,
            manifest::{Manifest, PermissionFile},
            resolved::Resolved,
        },
        platform::Target,
    },
    webview::InvokeRequest,
};

struct SharedBrowser(Arc<RecordingBrowser>);

impl Browser for SharedBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        self.0.open(url)
    }
}

/// The windows of the test app and their permissions.
fn capabilities() -> Vec<Value> {
    let scoped = json!({
        "identifier": "clerk:allow-open-external",
        "allow": [{ "url": "https://docs.example.com/*" }, { "url": "https://*.wide.example" }],
        "deny": [{ "url": "https://docs.example.com/private/*" }],
    });
    vec![
        json!({ "identifier": "main", "windows": ["main", "main-*"], "permissions": ["clerk:default"] }),
        json!({ "identifier": "reader", "windows": ["reader"], "permissions": ["clerk:read-state"] }),
        json!({ "identifier": "tokens", "windows": ["tokens"], "permissions": ["clerk:session-token"] }),
        json!({ "identifier": "scoped", "windows": ["scoped-*"], "permissions": ["clerk:default", scoped] }),
    ]
}

fn permission_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.chain(directories.iter().flat_map(|directory| permission_files(directory))).collect()
}

fn access_control() -> tauri::ipc::RuntimeAuthority {
    let files = permission_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("permissions"));
    let files =
        files.iter().map(|path| toml::from_str::<PermissionFile>(&std::fs::read_to_string(path).unwrap()).unwrap());
    let acl = [("clerk".to_owned(), Manifest::new(files.collect(), None))].into();
    let capabilities = capabilities().into_iter().map(|json| serde_json::from_value::<Capability>(json).unwrap());
    let capabilities = capabilities.map(|capability| (capability.identifier.clone(), capability)).collect();
    let resolved = Resolved::resolve(&acl, capabilities, Target::current()).unwrap();
    tauri::runtime_authority!(acl, resolved)
}

struct TestApp {
    app: App<MockRuntime>,
    browser: Arc<RecordingBrowser>,
    emulator: Arc<Emulator>,
}

impl TestApp {
    /// Starts an app on an emulator. `adjust` changes the settings of the plugin.
    async fn start(adjust: impl FnOnce(clerk::Builder, &Emulator) -> clerk::Builder) -> Self {
        let emulator = Arc::new(Emulator::start(config()).await.unwrap());
        let browser = Arc::<RecordingBrowser>::default();
        let builder = clerk::Builder::new()
            .proxy_url(emulator.base_url())
            .redirect_url(CALLBACK)
            .browser(SharedBrowser(browser.clone()))
            .secret_store(MemoryStore::default())
            .keep_state(false)
            .single_instance(false);
        let mut context = mock_context(noop_assets());
        *context.runtime_authority_mut() = access_control();
        let app = mock_builder().plugin(adjust(builder, &emulator).build()).build(context).unwrap();
        Self { app, browser, emulator }
    }

    /// As [`start`](Self::start), with the key in the configuration and Clerk loaded.
    async fn loaded(options: Value) -> Self {
        let options = serde_json::from_value(options).unwrap();
        let app =
            Self::start(|builder, emulator| builder.publishable_key(emulator.publishable_key()).options(options)).await;
        wait_until("Clerk to load", || app.app.clerk().is_loaded()).await;
        app
    }

    fn window(&self, label: &str) -> WebviewWindow<MockRuntime> {
        tauri::WebviewWindowBuilder::new(&self.app, label, Default::default()).build().unwrap()
    }

    fn opened(&self) -> Vec<String> {
        std::mem::take(&mut *self.browser.0.lock().unwrap()).iter().map(ToString::to_string).collect()
    }
}

/// Calls a command of the plugin from a page of the window.
async fn invoke(window: &WebviewWindow<MockRuntime>, command: &str, arguments: Value) -> Result<Value, Value> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let request = InvokeRequest {
        cmd: format!("plugin:clerk|{command}"),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::Json(arguments),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    let responder = move |_, _, response, _, _| drop(sender.send(response));
    let webview: &tauri::Webview<_> = window.as_ref();
    webview.clone().on_message(request, Box::new(responder));
    match with_timeout("a response", receiver).await.unwrap() {
        InvokeResponse::Ok(body) => Ok(body.deserialize().unwrap()),
        InvokeResponse::Err(InvokeError(error)) => Err(error),
    }
}

fn code(result: Result<Value, Value>) -> String {
    result.unwrap_err()["code"].as_str().unwrap().to_owned()
}

const READ_STATE: &[&str] = &["load", "snapshot", "notices"];
const DEFAULT: &[&str] = &[
    "set_active",
    "sign_out",
    "choose_initial_session",
    "touch",
    "handle_unauthenticated",
    "authenticate_with_redirect",
    "handle_redirect_callback",
    "handle_email_link_verification",
    "start_hosted_auth",
    "authenticate_with_web3",
    "cancel_authentication",
    "take_redirect_outcome",
    "open_external",
    "create_sign_in",
    "prepare_sign_in_first_factor",
    "attempt_sign_in_first_factor",
    "prepare_sign_in_second_factor",
    "attempt_sign_in_second_factor",
    "reset_sign_in_password",
    "reload_sign_in",
    "sign_in_with_email_link",
    "create_sign_up",
    "update_sign_up",
    "prepare_sign_up_verification",
    "attempt_sign_up_verification",
    "reload_sign_up",
    "sign_up_with_email_link",
    "join_waitlist",
    "create_organization",
    "get_organization",
];
const SESSION_TOKEN: &[&str] = &["get_token"];

#[tokio::test(flavor = "multi_thread")]
async fn permissions_allow_exactly_the_commands_of_their_sets() {
    let app = TestApp::loaded(json!({})).await;
    let commands = permission_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("permissions/autogenerated/commands"));
    let listed: Vec<&&str> = [READ_STATE, DEFAULT, SESSION_TOKEN].into_iter().flatten().collect();
    assert_eq!(listed.len(), commands.len(), "a command is missing here");
    for (label, allowed) in [
        ("main", &[READ_STATE, DEFAULT][..]),
        ("reader", &[READ_STATE]),
        ("tokens", &[SESSION_TOKEN]),
        ("stranger", &[]),
    ] {
        let window = app.window(label);
        for command in &listed {
            // Without arguments, an allowed command with parameters is rejected for that reason.
            let result = invoke(&window, command, json!({})).await;
            let refused = result.is_err_and(|error| error.as_str().is_some_and(|text| text.contains("not allowed")));
            let expected = allowed.iter().any(|set| set.contains(*command));
            assert_eq!(!refused, expected, "{label}: {command}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn load_of_a_window_that_only_reads_changes_nothing_for_others() {
    let app =
        TestApp::loaded(json!({ "allowedRedirectOrigins": ["https://app.example.test"], "signInUrl": "/in" })).await;
    let (main, reader) = (app.window("main"), app.window("reader"));
    invoke(&main, "load", json!({ "options": { "signUpUrl": "/up" } })).await.unwrap();
    let before = invoke(&main, "snapshot", json!({})).await.unwrap();
    let of_app = serde_json::to_value(&*app.app.clerk().snapshot()).unwrap();
    let hostile = json!({
        "allowedRedirectOrigins": ["*"], "signInUrl": "https://evil.example/in", "signUpUrl": "https://evil.example/up",
        "signInForceRedirectUrl": "https://evil.example/", "afterSignOutUrl": "https://evil.example/",
        "taskUrls": { "choose-organization": "https://evil.example/" }, "polling": false, "touchSession": false,
    });
    let own = invoke(&reader, "load", json!({ "options": hostile })).await.unwrap();
    assert_eq!(own["options"]["signInUrl"], "https://evil.example/in", "for the window itself");
    assert_eq!(own["options"]["allowedRedirectOrigins"], json!(["https://app.example.test"]));
    assert_eq!(invoke(&main, "snapshot", json!({})).await.unwrap(), before);
    assert_eq!(serde_json::to_value(&*app.app.clerk().snapshot()).unwrap(), of_app);
    app.app.clerk().redirect_to_sign_in(&Default::default()).await.unwrap();
    assert_eq!(app.opened(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshot_for_windows_contains_no_token() {
    let app = TestApp::loaded(json!({})).await;
    let clerk = app.app.clerk();
    let sign_in = clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
    clerk.set_active(clerk::core::SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
    assert!(clerk.session_token().await.unwrap().is_some());
    for label in ["main", "reader"] {
        let window = app.window(label);
        let text = invoke(&window, "snapshot", json!({})).await.unwrap().to_string();
        assert!(text.contains("Ada"));
        // Every JWT begins with the encoded `{"`.
        assert!(!text.contains("eyJ"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_external_of_the_default_set_opens_only_named_pages() {
    let app = TestApp::loaded(json!({ "allowedRedirectOrigins": ["https://app.example.test"] })).await;
    let base = app.emulator.base_url();
    let open = async |label: &str, url: &str| {
        // A window may open one page a second, so each has its own.
        let window = app.window(label);
        invoke(&window, "open_external", json!({ "url": url })).await
    };
    for (at, url) in [
        "https://evil.example/?stolen=ada@example.com",
        "http://192.168.0.1/reboot",
        "https://user:pw@app.example.test/",
        "http://app.example.test/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://docs.example.com/x",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(code(open(&format!("main-refused-{at}"), url).await), "url_not_allowed", "{url}");
        assert_eq!(app.opened(), Vec::<String>::new(), "{url}");
    }
    for (at, url) in [format!("{base}/sign-in"), "https://app.example.test/x".to_owned()].into_iter().enumerate() {
        open(&format!("main-opened-{at}"), &url).await.unwrap();
        assert_eq!(app.opened(), [url]);
    }
    // Whatever a window passes to `load`.
    let window = app.window("main");
    let options = json!({ "allowedRedirectOrigins": ["*"], "signInUrl": "https://evil.example/" });
    invoke(&window, "load", json!({ "options": options })).await.unwrap();
    let result = invoke(&window, "open_external", json!({ "url": "https://evil.example/" })).await;
    assert_eq!(code(result), "url_not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_external_with_a_scope_opens_what_the_scope_allows() {
    let app = TestApp::loaded(json!({})).await;
    for (at, (url, expected)) in [
        ("https://docs.example.com/guide?a=b#c", None),
        ("https://one.wide.example/x", None),
        ("https://docs.example.com/private/x", Some("url_not_allowed")),
        ("https://docs.example.com.evil.example/guide", Some("url_not_allowed")),
        ("https://evil.example/docs.example.com/", Some("url_not_allowed")),
        ("http://docs.example.com/guide", Some("url_not_allowed")),
        ("https://u:p@docs.example.com/guide", Some("url_not_allowed")),
        ("https://evil.example/.wide.example", Some("url_not_allowed")),
    ]
    .into_iter()
    .enumerate()
    {
        let window = app.window(&format!("scoped-{at}"));
        let result = invoke(&window, "open_external", json!({ "url": url })).await;
        match expected {
            None => assert_eq!((result, app.opened()), (Ok(Value::Null), vec![url.to_owned()])),
            Some(expected) => assert_eq!((code(result).as_str(), app.opened()), (expected, Vec::new()), "{url}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_external_is_limited_for_each_window() {
    let app = TestApp::loaded(json!({})).await;
    let url = format!("{}/sign-in", app.emulator.base_url());
    let window = app.window("main");
    let mut refused = None;
    for _ in 0..100 {
        if let Err(error) = invoke(&window, "open_external", json!({ "url": url })).await {
            refused = Some(error);
            break;
        }
    }
    assert_eq!(refused.unwrap()["code"], "open_external_rate_limited");
    invoke(&app.window("main-2"), "open_external", json!({ "url": url })).await.unwrap();
}
