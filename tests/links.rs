//! Links that the operating system hands over, with the real bus and a home of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failing helper fails the test")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use clerk::{
    ClerkExt,
    core::SignInCreateParams,
    models::{SignIn, SignInStatus},
    storage::MemoryStore,
};
use clerk_emulator::Emulator;
use clerk_testkit::{
    app::{ADA, CALLBACK, config},
    join, wait_until, with_timeout,
};
use serde_json::{Value, json};
use tauri::{
    App, AppHandle, Emitter, Listener,
    test::{MockRuntime, mock_builder, mock_context, noop_assets},
};
use tauri_plugin_deep_link::DeepLinkExt;
use tokio::task::JoinHandle;
use url::Url;

/// Set in the process that has a bus and a home of its own.
const INSIDE: &str = "CLERK_TEST_INSIDE";

/// Runs the test once more in a process with its own bus and home, and its body there.
fn in_own_desktop(test: &str, body: impl FnOnce(PathBuf)) {
    if let Some(home) = std::env::var_os(INSIDE) {
        return body(PathBuf::from(home));
    }
    let home = tempfile::tempdir().unwrap();
    let child = Command::new("dbus-run-session")
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, home.path())
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env_remove("XDG_CURRENT_DESKTOP")
        .stdin(Stdio::null())
        .output();
    let output = child.expect("a session bus can be started; `cargo xtask setup` installs what is needed");
    let [printed, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{printed}\n{errors}");
}

/// Builds an app with this identifier and these schemes.
fn build(identifier: &str, schemes: &[&str], plugin: clerk::Builder) -> tauri::Result<App<MockRuntime>> {
    build_on(mock_builder(), identifier, schemes, plugin)
}

/// As [`build`], with the plugins that the app registers itself.
fn build_on(
    builder: tauri::Builder<MockRuntime>,
    identifier: &str,
    schemes: &[&str],
    plugin: clerk::Builder,
) -> tauri::Result<App<MockRuntime>> {
    let mut context = mock_context(noop_assets());
    context.config_mut().identifier = identifier.to_owned();
    let deep_link = json!({ "desktop": { "schemes": schemes } });
    context.config_mut().plugins.0.insert("deep-link".to_owned(), deep_link);
    let plugin = plugin.secret_store(MemoryStore::default()).keep_state(false);
    builder.plugin(plugin.build()).build(context)
}

/// What a second process does: it hands its arguments to the first one.
fn second_process(bus_name: &str, arguments: &[&str]) {
    let path = format!("/{}", bus_name.replace('.', "/").replace('-', "_"));
    let arguments = arguments.iter().map(|argument| format!("'{argument}'")).collect::<Vec<_>>().join(", ");
    let status = Command::new("gdbus")
        .args(["call", "--session", "--dest", bus_name, "--object-path", &path])
        .args(["--method", "org.SingleInstance.DBus.ExecuteCallback", &format!("[{arguments}]"), "/"])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("gdbus is installed").success(), "{bus_name}");
}

/// Everything that windows hear about links.
fn spy(app: &App<MockRuntime>) -> Arc<Mutex<Vec<String>>> {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = heard.clone();
    app.listen_any("deep-link://new-url", move |event| listener.lock().unwrap().push(event.payload().to_owned()));
    heard
}

#[test]
fn callback_link_reaches_rust_and_no_window_and_other_links_reach_the_app() {
    in_own_desktop("callback_link_reaches_rust_and_no_window_and_other_links_reach_the_app", |_| {
        tauri::async_runtime::block_on(callback_and_other_links());
    });
}

/// Starts an emulator that sends e-mail links.
async fn emulator() -> Arc<Emulator> {
    let mut instance = config();
    instance.identifiers.email_verification = vec!["email_link".to_owned()];
    Arc::new(Emulator::start(instance).await.unwrap())
}

fn plugin_for(emulator: &Emulator) -> clerk::Builder {
    clerk::Builder::new().publishable_key(emulator.publishable_key()).proxy_url(emulator.base_url())
}

/// Signs in with an e-mail link, which a second process hands over.
async fn sign_in_with_link(app: &App<MockRuntime>, emulator: &Emulator, bus_name: &str) {
    let (flow, link) = begin_email_link(app, emulator).await;
    second_process(bus_name, &["my-app", link.as_str()]);
    let sign_in = with_timeout("the flow to end", join(flow)).await.unwrap();
    assert_eq!(sign_in.status, Some(SignInStatus::Complete));
}

/// Begins to sign in with an e-mail link. Returns the flow, and the link back to the app.
async fn begin_email_link(app: &App<MockRuntime>, emulator: &Emulator) -> (JoinHandle<clerk::Result<SignIn>>, Url) {
    let clerk = app.clerk().clone();
    wait_until("Clerk to load", || clerk.is_loaded()).await;
    let params = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
    let id = clerk.create_sign_in(params).await.unwrap().id;
    let flow = tokio::spawn(async move { clerk.sign_in_with_email_link(&id, None).await });
    wait_until("a message to be sent", || !emulator.inbox().is_empty()).await;
    let link = approve(&emulator.latest_link(ADA).unwrap()).await;
    assert!(link.as_str().starts_with(CALLBACK));
    (flow, link)
}

async fn callback_and_other_links() {
    const BUS_NAME: &str = "com.example.links.clerk.SingleInstance";
    let emulator = emulator().await;
    let app = build("com.example.links", &["My-App"], plugin_for(&emulator)).unwrap();
    let heard = spy(&app);
    let opened: Arc<Mutex<Vec<Url>>> = Arc::default();
    let listener = opened.clone();
    app.deep_link().on_open_url(move |event| listener.lock().unwrap().extend(event.urls()));
    sign_in_with_link(&app, &emulator, BUS_NAME).await;
    second_process(BUS_NAME, &["my-app", "my-app://callback?nobody=asked"]);

    let other = Url::parse("my-app://elsewhere?page=1").unwrap();
    second_process(BUS_NAME, &["my-app", other.as_str()]);
    wait_until("the app to get its link", || *opened.lock().unwrap() == [other.clone()]).await;
    assert_eq!(app.deep_link().get_current().unwrap(), Some(vec![other.clone()]));
    assert_eq!(*heard.lock().unwrap(), [json!([other]).to_string()], "windows hear of no callback link");
}

#[test]
fn callback_link_whose_scheme_is_not_in_the_configuration_signs_in() {
    in_own_desktop("callback_link_whose_scheme_is_not_in_the_configuration_signs_in", |_| {
        tauri::async_runtime::block_on(async {
            let emulator = emulator().await;
            let plugin = plugin_for(&emulator).redirect_url(CALLBACK);
            let app = build("com.example.dynamic", &["other"], plugin).unwrap();
            sign_in_with_link(&app, &emulator, "com.example.dynamic.clerk.SingleInstance").await;
        });
    });
}

/// The app's own single-instance gets the second process, and passes its link on as its feature `deep-link` does.
#[test]
fn callback_link_that_the_single_instance_of_the_app_passes_on_signs_in() {
    in_own_desktop("callback_link_that_the_single_instance_of_the_app_passes_on_signs_in", |_| {
        tauri::async_runtime::block_on(async {
            let emulator = emulator().await;
            let own = tauri_plugin_single_instance::init(|app: &AppHandle<MockRuntime>, arguments, _| {
                app.deep_link().handle_cli_arguments(arguments.iter());
            });
            let builder = mock_builder().plugin(own);
            let app = build_on(builder, "com.example.both", &["my-app"], plugin_for(&emulator)).unwrap();
            sign_in_with_link(&app, &emulator, "com.example.both.SingleInstance").await;
        });
    });
}

/// A window may emit the event of tauri-plugin-deep-link, whoever registered single-instance.
#[test]
fn callback_link_that_a_window_emits_is_ignored_whoever_registered_single_instance() {
    in_own_desktop("callback_link_that_a_window_emits_is_ignored_whoever_registered_single_instance", |_| {
        tauri::async_runtime::block_on(async {
            for (identifier, bus_name, own) in [
                ("com.example.default", "com.example.default.clerk.SingleInstance", false),
                ("com.example.own", "com.example.own.SingleInstance", true),
            ] {
                let emulator = emulator().await;
                let builder = match own {
                    true => mock_builder().plugin(tauri_plugin_single_instance::init(
                        |app: &AppHandle<MockRuntime>, arguments, _| {
                            app.deep_link().handle_cli_arguments(arguments.iter());
                        },
                    )),
                    false => mock_builder(),
                };
                let app = build_on(builder, identifier, &["my-app"], plugin_for(&emulator)).unwrap();
                let heard = spy(&app);
                let (flow, link) = begin_email_link(&app, &emulator).await;
                app.emit("deep-link://new-url", [&link]).unwrap();
                // Links that come later are handled meanwhile.
                for number in 0..3 {
                    let before = heard.lock().unwrap().len();
                    second_process(bus_name, &["my-app", &format!("my-app://elsewhere/{number}")]);
                    wait_until("the app to get its link", || heard.lock().unwrap().len() > before).await;
                }
                assert!(!flow.is_finished(), "{identifier}");
                second_process(bus_name, &["my-app", link.as_str()]);
                let sign_in = with_timeout("the flow to end", join(flow)).await.unwrap();
                assert_eq!(sign_in.status, Some(SignInStatus::Complete));
            }
        });
    });
}

/// Approves the link of the message on its page, and returns the link back to the app.
async fn approve(link: &str) -> Url {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let html = browser.post(link).send().await.unwrap().text().await.unwrap();
    let rest = html.split("href=\"my-app").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    Url::parse(&format!("my-app{}", rest.replace("&amp;", "&"))).unwrap()
}

/// The launcher entry that opens links with this scheme.
fn handler(scheme: &str) -> String {
    let query = ["query", "default", &format!("x-scheme-handler/{scheme}")];
    let output = Command::new("xdg-mime").args(query).output().expect("xdg-mime is installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn apps_of_the_same_binary_name_have_launcher_entries_of_their_own() {
    in_own_desktop("apps_of_the_same_binary_name_have_launcher_entries_of_their_own", |home| {
        tauri::async_runtime::block_on(async {
            let mut apps = Vec::new();
            for (identifier, scheme) in [("com.example.one", "One-App"), ("com.example.two", "two+app")] {
                apps.push(build(identifier, &[scheme], clerk::Builder::new()).unwrap());
                let scheme = scheme.to_lowercase();
                let wanted = format!("{identifier}.clerk.desktop");
                with_timeout("the app to be registered", async {
                    while handler(&scheme) != wanted {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                })
                .await;
                assert!(is_valid(&home.join("data/applications").join(wanted)));
            }
            assert_eq!(handler("one-app"), "com.example.one.clerk.desktop", "the second app left the first one's");
        });
    });
}

fn is_valid(entry: &Path) -> bool {
    Command::new("desktop-file-validate").arg(entry).status().expect("desktop-file-utils are installed").success()
}

#[test]
fn app_starts_with_any_identifier() {
    in_own_desktop("app_starts_with_any_identifier", |_| {
        tauri::async_runtime::block_on(async {
            for identifier in [
                "com.example.9lives",
                "9",
                "one",
                "com.Example.My-App",
                "-com.-example",
                "com..example.",
                "com.exämple.größe",
                "com.example.app with blanks",
                "",
                &"com.example.very-long".repeat(40),
            ] {
                let app = build(identifier, &["my-app"], clerk::Builder::new());
                assert!(app.is_ok(), "{identifier:?}: {:?}", app.err());
            }
        });
    });
}

#[test]
fn app_refuses_schemes_that_no_link_can_have() {
    in_own_desktop("app_refuses_schemes_that_no_link_can_have", |_| {
        for scheme in
            ["", "my app", "1app", "my_app", "größe", "my-app://", "https", "HTTP", "javascript", "tauri", "file"]
        {
            let schemes: Value = json!(["good", scheme]);
            let schemes: Vec<&str> = schemes.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let refused =
                build("com.example.schemes", &schemes, clerk::Builder::new()).err().map(|error| error.to_string());
            let refused = refused.unwrap_or_else(|| panic!("{scheme:?} was accepted"));
            assert!(
                refused.contains("plugins.deep-link.desktop.schemes") && refused.contains(&scheme.to_lowercase()),
                "{refused}"
            );
        }
    });
}
