//! An app on Tauri's mock runtime, whose windows call the plugin's commands as real ones do.

#![allow(dead_code, reason = "not every test uses every helper")]
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
    http::HeaderName,
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
        "deny": [{ "url": "https://docs.example.com/private/*" }, { "url": "https://blocked.wide.example" }],
    });
    let broken = json!({ "identifier": "clerk:allow-open-external", "allow": [{ "url": "https://[" }] });
    let some_requests = json!({
        "identifier": "clerk:allow-frontend-api",
        "allow": [{ "method": "*", "path": "/me/email_addresses/**" }],
        "deny": [{ "method": "DELETE", "path": "/me/email_addresses/*" }],
    });
    let broken_requests = json!({ "identifier": "clerk:allow-frontend-api", "allow": [{ "path": "/me" }] });
    let broken_denial = json!({
        "identifier": "clerk:allow-frontend-api",
        "allow": [{ "method": "*", "path": "/me/**" }],
        "deny": [{ "method": "delete", "path": "/me/" }],
    });
    vec![
        json!({ "identifier": "components", "windows": ["components"], "permissions": ["clerk:components"] }),
        json!({ "identifier": "account", "windows": ["account"], "permissions": ["clerk:clerk-js", "clerk:account", "clerk:verification-pages"] }),
        json!({ "identifier": "some", "windows": ["some"], "permissions": [some_requests] }),
        json!({ "identifier": "broken-requests", "windows": ["broken-requests"], "permissions": [broken_requests] }),
        json!({ "identifier": "broken-denial", "windows": ["broken-denial"], "permissions": [broken_denial] }),
        json!({ "identifier": "broken", "windows": ["broken"], "permissions": [broken] }),
        json!({ "identifier": "main", "windows": ["main", "main-*"], "permissions": ["clerk:default"] }),
        json!({ "identifier": "reader", "windows": ["reader"], "permissions": ["clerk:read-state"] }),
        json!({ "identifier": "tokens", "windows": ["tokens"], "permissions": ["clerk:session-token"] }),
        json!({ "identifier": "fetcher", "windows": ["fetcher", "fetcher-*"], "permissions": ["clerk:fetch"] }),
        json!({ "identifier": "scoped", "windows": ["scoped-*"], "permissions": ["clerk:default", scoped] }),
    ]
}

pub(crate) fn permission_files(directory: &Path) -> Vec<PathBuf> {
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

/// A plugin that signs in at the emulator and stores nothing. It has no publishable key yet.
pub(crate) fn plugin(emulator: &Emulator) -> clerk::Builder {
    clerk::Builder::new()
        .proxy_url(emulator.base_url())
        .secret_store(MemoryStore::default())
        .keep_state(false)
        .single_instance(false)
}

/// An app with the plugin and Tauri's access control, on an emulator.
pub(crate) struct TestApp {
    pub(crate) app: App<MockRuntime>,
    pub(crate) browser: Arc<RecordingBrowser>,
    pub(crate) emulator: Arc<Emulator>,
}

impl TestApp {
    /// Starts an app on an emulator. `adjust` changes the settings of the plugin.
    pub(crate) async fn start(adjust: impl FnOnce(clerk::Builder, &Emulator) -> clerk::Builder) -> Self {
        let emulator = Arc::new(Emulator::start(config()).await.unwrap());
        let browser = Arc::<RecordingBrowser>::default();
        let builder = plugin(&emulator).redirect_url(CALLBACK).browser(SharedBrowser(browser.clone()));
        let mut context = mock_context(noop_assets());
        *context.runtime_authority_mut() = access_control();
        let app = mock_builder().plugin(adjust(builder, &emulator).build()).build(context).unwrap();
        Self { app, browser, emulator }
    }

    /// As [`start`](Self::start), with the key in the configuration and Clerk loaded.
    pub(crate) async fn loaded(options: Value) -> Self {
        let options = serde_json::from_value(options).unwrap();
        let app =
            Self::start(|builder, emulator| builder.publishable_key(emulator.publishable_key()).options(options)).await;
        wait_until("Clerk to load", || app.app.clerk().is_loaded()).await;
        app
    }

    /// Signs the user [`ADA`] in, in Rust.
    pub(crate) async fn sign_in(&self) {
        let clerk = self.app.clerk();
        let sign_in = clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
        let session = sign_in.created_session_id.unwrap();
        clerk.set_active(clerk::core::SetActiveParams::session(session)).await.unwrap();
    }

    pub(crate) fn window(&self, label: &str) -> WebviewWindow<MockRuntime> {
        tauri::WebviewWindowBuilder::new(&self.app, label, Default::default()).build().unwrap()
    }

    pub(crate) fn opened(&self) -> Vec<String> {
        std::mem::take(&mut *self.browser.0.lock().unwrap()).iter().map(ToString::to_string).collect()
    }
}

/// Sends a command of the plugin from a page of the window. Returns its response.
pub(crate) fn send(
    window: &WebviewWindow<MockRuntime>,
    command: &str,
    arguments: Value,
    headers: &[(&'static str, &str)],
) -> impl Future<Output = Result<Value, Value>> + Send + use<> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    let request = InvokeRequest {
        cmd: format!("plugin:clerk|{command}"),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::Json(arguments),
        headers: headers.collect(),
        invoke_key: INVOKE_KEY.to_owned(),
    };
    let responder = move |_, _, response, _, _| drop(sender.send(response));
    let webview: &tauri::Webview<_> = window.as_ref();
    webview.clone().on_message(request, Box::new(responder));
    async move {
        match with_timeout("a response", receiver).await.unwrap() {
            InvokeResponse::Ok(body) => Ok(body.deserialize().unwrap()),
            InvokeResponse::Err(InvokeError(error)) => Err(error),
        }
    }
}

/// Calls a command of the plugin from a page of the window, without the guest library.
pub(crate) async fn invoke(
    window: &WebviewWindow<MockRuntime>,
    command: &str,
    arguments: Value,
) -> Result<Value, Value> {
    send(window, command, arguments, &[]).await
}

pub(crate) fn code(result: Result<Value, Value>) -> String {
    result.unwrap_err()["code"].as_str().unwrap().to_owned()
}
