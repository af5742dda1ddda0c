//! Links from the operating system.
//!
//! A link is genuine if it was an argument of a process (Linux, Windows) or came with `RunEvent::Opened` (macOS). The event of
//! tauri-plugin-deep-link is neither trusted, because every window with `core:default` may emit it, nor used for callback links,
//! because every window may hear it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tauri::{AppHandle, Manager, Runtime};
use tauri_plugin_deep_link::DeepLinkExt;
use url::Url;

use super::windows;
use crate::core::{Clerk, LinkOutcome};

/// Limit of the links that wait until the app is set up.
#[cfg(any(target_os = "linux", target_os = "windows"))]
const MAX_EARLY: usize = 16;

/// Brings a window to the front: the one with this label if it exists.
type Focus<R> = Box<dyn Fn(&AppHandle<R>, Option<&str>) + Send + Sync>;

/// Receives links, and decides what comes to the front.
pub(crate) struct Links<R: Runtime> {
    /// The app's schemes, in lower case.
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "the system passes on the app's links only"))]
    schemes: Vec<String>,
    state: Mutex<State>,
    focus: Focus<R>,
}

#[derive(Default)]
struct State {
    /// Whether the app is set up. Before that, the arguments of other processes wait.
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    ready: bool,
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    early: Vec<Vec<String>>,
    /// The window that began the last browser flow.
    initiator: Option<String>,
    /// The links that tauri-plugin-deep-link held when Clerk looked last.
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    held: Vec<Url>,
    /// Whether that plugin gets, and announces, the link of a second process before Clerk does.
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    is_announced_first: bool,
}

#[cfg(any(target_os = "linux", target_os = "windows"))]
impl State {
    /// Notes what tauri-plugin-deep-link holds when a second process hands over a link. Its event says less: every window may
    /// emit it. If the plugin holds the same link as before, it may be an earlier one.
    fn learn(&mut self, held: Vec<Url>, link: &Url) {
        let holds_it = held.contains(link);
        if !holds_it || held != self.held {
            self.is_announced_first = holds_it;
        }
        self.held = held;
    }
}

/// The commands that begin a flow which ends with a link.
const FLOWS: &[&str] =
    &["authenticate_with_redirect", "start_hosted_auth", "sign_in_with_email_link", "sign_up_with_email_link"];

impl<R: Runtime> Links<R> {
    pub(crate) fn new(schemes: Vec<String>) -> Arc<Self> {
        Self::with_focus(schemes, Box::new(windows::focus))
    }

    fn with_focus(schemes: Vec<String>, focus: Focus<R>) -> Arc<Self> {
        Arc::new(Self { schemes, state: Mutex::default(), focus })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every critical section is a plain assignment, so the state is valid also after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the window that calls a command which begins a flow.
    pub(crate) fn note_command(&self, command: &str, label: &str) {
        if FLOWS.contains(&command) {
            self.state().initiator = Some(label.to_owned());
        }
    }

    /// Handles a callback link in a task.
    fn spawn(self: &Arc<Self>, app: &AppHandle<R>, link: Url) {
        let (links, app) = (self.clone(), app.clone());
        tauri::async_runtime::spawn(async move { links.handle(&app, &link).await });
    }

    /// Handles a callback link, and brings the window that began the flow to the front if the link belongs to a flow.
    async fn handle(&self, app: &AppHandle<R>, link: &Url) {
        let clerk = app.state::<Clerk>().inner().clone();
        let outcome = clerk.handle_deep_link(link).await;
        tracing::debug!(?outcome, "handled a deep link");
        if matches!(outcome, LinkOutcome::Delivered | LinkOutcome::Resumed) {
            self.show_initiator(app);
        }
    }

    /// Brings the window that began the last browser flow to the front, or another one.
    pub(crate) fn show_initiator(&self, app: &AppHandle<R>) {
        let initiator = self.state().initiator.clone();
        (self.focus)(app, initiator.as_deref());
    }
}

#[cfg(any(target_os = "linux", target_os = "windows"))]
impl<R: Runtime> Links<R> {
    /// Handles the arguments of the process, and of those that were started meanwhile. The app is set up.
    ///
    /// `own_single_instance` says whether it is Clerk's single-instance that hands over the arguments of a second process.
    pub(crate) fn start(self: &Arc<Self>, app: &AppHandle<R>, arguments: &[String], own_single_instance: bool) {
        if !own_single_instance {
            self.listen(app);
        }
        let early = {
            let mut state = self.state();
            state.ready = true;
            state.held = held(app);
            std::mem::take(&mut state.early)
        };
        if let Some(link) = self.link(app, arguments).filter(|link| is_callback(app, link)) {
            self.spawn(app, link);
        }
        for arguments in &early {
            self.second_process(app, arguments);
        }
    }

    /// Handles the arguments of a second process. A link is the only argument beside the name of the program.
    pub(crate) fn second_process(self: &Arc<Self>, app: &AppHandle<R>, arguments: &[String]) {
        {
            let mut state = self.state();
            if !state.ready {
                if state.early.len() < MAX_EARLY {
                    state.early.push(arguments.to_vec());
                }
                return;
            }
        }
        let link = self.link(app, arguments);
        // The plugin holds no links with a scheme that is not in its configuration.
        if let Some(link) = link.as_ref().filter(|link| self.schemes.iter().any(|scheme| scheme == link.scheme())) {
            self.state().learn(held(app), link);
        }
        match link {
            Some(link) if is_callback(app, &link) => self.spawn(app, link),
            // tauri-plugin-deep-link passes it on to the app, unless it has done so already; see `single_instance::plugin`.
            Some(_) if self.state().is_announced_first => {}
            Some(_) => {
                app.deep_link().handle_cli_arguments(arguments.iter());
                self.state().held = held(app);
            }
            None if arguments.iter().any(|argument| self.parse(app, argument).is_some()) => {}
            // The user started the app once more.
            None => (self.focus)(app, None),
        }
    }

    fn link(&self, app: &AppHandle<R>, arguments: &[String]) -> Option<Url> {
        let [_, argument] = arguments else { return None };
        self.parse(app, argument)
    }

    /// Returns the link if it is one of the app's. The scheme of the callback may be registered at run time.
    fn parse(&self, app: &AppHandle<R>, argument: &str) -> Option<Url> {
        let is_own = |url: &Url| self.schemes.iter().any(|scheme| scheme == url.scheme()) || is_callback(app, url);
        Url::parse(argument).ok().filter(is_own)
    }

    /// Listens to the event of tauri-plugin-deep-link, for an app with a single-instance of its own. It only says when to look:
    /// the plugin itself holds the links that the system handed over.
    fn listen(self: &Arc<Self>, app: &AppHandle<R>) {
        let (links, handle) = (self.clone(), app.clone());
        app.deep_link().on_open_url(move |event| {
            let urls = event.urls();
            let (links, handle) = (links.clone(), handle.clone());
            // In a task of its own: the plugin emits the event while it holds the lock of its links.
            tauri::async_runtime::spawn(async move {
                let genuine = held(&handle);
                for url in urls {
                    if genuine.contains(&url) {
                        links.spawn(&handle, url);
                    } else {
                        tracing::warn!(
                            code = "deep_link_refused",
                            "ignored a deep link that the system did not hand over"
                        );
                    }
                }
            });
        });
    }
}

#[cfg(not(any(target_os = "linux", target_os = "windows")))]
impl<R: Runtime> Links<R> {
    /// Handles the callback links among those of `RunEvent::Opened`, and returns the others.
    pub(crate) fn opened(self: &Arc<Self>, app: &AppHandle<R>, urls: &[Url]) -> Vec<Url> {
        let (callback, others): (Vec<Url>, Vec<Url>) = urls.iter().cloned().partition(|url| is_callback(app, url));
        for link in callback {
            self.spawn(app, link);
        }
        others
    }
}

/// The links that the system handed to tauri-plugin-deep-link last.
#[cfg(any(target_os = "linux", target_os = "windows"))]
fn held<R: Runtime>(app: &AppHandle<R>) -> Vec<Url> {
    app.deep_link().get_current().ok().flatten().unwrap_or_default()
}

fn is_callback<R: Runtime>(app: &AppHandle<R>, link: &Url) -> bool {
    app.state::<Clerk>().is_callback_link(link)
}

/// Registers the app for its URL schemes.
///
/// ## Platform-specific
///
/// - **Linux**: done at each start, because there may have been no installer (AppImage, `cargo run`), and because launcher entries
///   without `%u` lose the link.
/// - **Windows**: done at a start that finds another program registered, or none.
/// - **macOS**: does nothing; the bundle declares the schemes.
pub(crate) fn register<R: Runtime>(app: &AppHandle<R>, schemes: Vec<String>) {
    if !cfg!(any(target_os = "linux", target_os = "windows")) {
        return;
    }
    let app = app.clone();
    // Registering may start a few small programs; the window should not wait for them.
    std::thread::spawn(move || {
        #[cfg(target_os = "linux")]
        let registered = super::launcher::register(&app, &schemes);
        #[cfg(not(target_os = "linux"))]
        let registered = register_missing(
            &schemes,
            |scheme| app.deep_link().is_registered(scheme).map_err(|error| error.to_string()),
            |scheme| app.deep_link().register(scheme).map_err(|error| error.to_string()),
        );
        if let Err(error) = registered {
            tracing::error!(
                error,
                "the app could not be registered for its deep-link schemes, so sign-in through the browser cannot return to it"
            );
        }
    });
}

/// Registers the schemes that do not lead to this program yet. An entry that an installer made with the same
/// command line (NSIS does) stays the only one, and is gone after its uninstaller has run. One scheme that can't be registered does not keep the others from it.
#[cfg(any(test, not(target_os = "linux")))]
fn register_missing(
    schemes: &[String],
    is_registered: impl Fn(&str) -> Result<bool, String>,
    register: impl Fn(&str) -> Result<(), String>,
) -> Result<(), String> {
    // A scheme whose entry can't be read is registered anew.
    let missing = schemes.iter().filter(|scheme| !is_registered(scheme).unwrap_or(false));
    let failures: Vec<_> =
        missing.filter_map(|scheme| Some(format!("{scheme}: {}", register(scheme).err()?))).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("; ")) }
}

#[cfg(all(test, any(target_os = "linux", target_os = "windows")))]
#[allow(clippy::unwrap_used, reason = "a failing helper fails the test")]
mod tests {
    use clerk_emulator::Decision;
    use clerk_testkit::{
        app::{App, config, google_params, grace},
        join, wait_until,
    };
    use serde_json::json;
    use tauri::{
        Emitter, Listener,
        test::{MockRuntime, mock_builder, mock_context, noop_assets},
    };

    use super::*;
    use crate::core::RedirectResource;

    #[test]
    fn register_missing_leaves_what_an_installer_registered_and_tries_every_scheme() {
        let schemes = ["installed", "refused", "unreadable", "missing"].map(str::to_owned);
        let registered = std::cell::RefCell::new(Vec::new());
        let result = register_missing(
            &schemes,
            |scheme| match scheme {
                "unreadable" => Err("access denied".to_owned()),
                scheme => Ok(scheme == "installed"),
            },
            |scheme| {
                registered.borrow_mut().push(scheme.to_owned());
                if scheme == "refused" { Err("access denied".to_owned()) } else { Ok(()) }
            },
        );
        assert_eq!(*registered.borrow(), ["refused", "unreadable", "missing"]);
        assert_eq!(result.unwrap_err(), "refused: access denied");
    }

    /// What came to the front: a window by its label, or any.
    type Focused = Arc<Mutex<Vec<Option<String>>>>;

    fn links() -> (Arc<Links<MockRuntime>>, Focused) {
        let focused = Focused::default();
        let record = focused.clone();
        let focus = move |_: &AppHandle<MockRuntime>, label: Option<&str>| {
            record.lock().unwrap().push(label.map(str::to_owned));
        };
        let links = Links::with_focus(vec!["my-app".to_owned()], Box::new(focus));
        (links, focused)
    }

    fn tauri_app(app: &App) -> tauri::App<MockRuntime> {
        let mut context = mock_context(noop_assets());
        let schemes = json!({ "desktop": { "schemes": ["my-app"] } });
        context.config_mut().plugins.0.insert("deep-link".to_owned(), schemes);
        let tauri = mock_builder().plugin(tauri_plugin_deep_link::init()).build(context).unwrap();
        tauri.manage(app.clerk.clone());
        tauri
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_a_link_of_a_flow_brings_the_window_that_began_it_to_the_front() {
        let app = App::start(config()).await;
        let tauri = tauri_app(&app);
        let (links, focused) = links();
        links.start(tauri.handle(), &["my-app".to_owned()], true);
        let nobody_asked = Url::parse("my-app://callback?rotating_token_nonce=guess").unwrap();
        links.handle(tauri.handle(), &nobody_asked).await;
        assert_eq!(*focused.lock().unwrap(), []);

        links.note_command("authenticate_with_redirect", "second");
        links.note_command("snapshot", "third");
        let (flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
        let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
        links.second_process(tauri.handle(), &["my-app".to_owned(), link.to_string()]);
        join(flow).await.unwrap();
        wait_until("the window to come to the front", || !focused.lock().unwrap().is_empty()).await;
        assert_eq!(*focused.lock().unwrap(), [Some("second".to_owned())]);
        links.handle(tauri.handle(), &link).await;
        assert_eq!(focused.lock().unwrap().len(), 1, "a link that was used");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn start_with_a_callback_link_finishes_the_flow_of_the_earlier_run() {
        let app = App::start(config()).await;
        let (_flow, page) = app.begin(google_params(RedirectResource::SignIn)).await;
        let link = app.emulator.decide(&page, Decision::Approve(grace())).unwrap();
        let app = app.restart().await;
        let tauri = tauri_app(&app);
        let (links, focused) = links();
        links.start(tauri.handle(), &["my-app".to_owned(), link.to_string()], true);
        wait_until("the window to come to the front", || !focused.lock().unwrap().is_empty()).await;
        assert_eq!(app.user_name().as_deref(), Some("Grace Hopper"));
        assert_eq!(*focused.lock().unwrap(), [None], "the window of an earlier run is not known");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn second_process_without_a_link_brings_the_app_to_the_front() {
        let app = App::start(config()).await;
        let tauri = tauri_app(&app);
        let (links, focused) = links();
        links.start(tauri.handle(), &[], true);
        assert_eq!(*focused.lock().unwrap(), [], "the first process");
        let second = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            links.second_process(tauri.handle(), &arguments);
            focused.lock().unwrap().drain(..).count()
        };
        for plain in [&["my-app"][..], &[], &["my-app", "--new"], &["my-app", "file.txt", "https://example.com"]] {
            assert_eq!(second(plain), 1, "{plain:?}");
        }
        for link in [
            &["my-app", "my-app://elsewhere"][..],
            &["my-app", "MY-APP://elsewhere"],
            &["my-app", "--flag", "my-app://callback?x=1"],
            &["my-app", "my-app://elsewhere", "my-app://other"],
        ] {
            assert_eq!(second(link), 0, "{link:?}");
        }
    }

    /// Counts the links that the app hears of.
    fn heard(tauri: &tauri::App<MockRuntime>) -> Arc<Mutex<usize>> {
        let heard: Arc<Mutex<usize>> = Arc::default();
        let count = heard.clone();
        tauri.listen_any("deep-link://new-url", move |_| *count.lock().unwrap() += 1);
        heard
    }

    fn arguments(link: &str) -> [String; 2] {
        ["my-app".to_owned(), link.to_owned()]
    }

    /// With and without the feature `deep-link` of single-instance, which another crate of the app may enable.
    #[tokio::test(flavor = "multi_thread")]
    async fn second_process_announces_each_link_once() {
        for is_announced_first in [false, true] {
            let app = App::start(config()).await;
            let tauri = tauri_app(&app);
            let (links, _) = links();
            links.start(tauri.handle(), &[], true);
            let heard = heard(&tauri);
            for (at, link) in ["my-app://one", "my-app://one", "my-app://callback?x=1", "my-app://one", "my-app://two"]
                .into_iter()
                .enumerate()
            {
                let before = *heard.lock().unwrap();
                if is_announced_first {
                    tauri.deep_link().handle_cli_arguments(arguments(link).iter());
                }
                links.second_process(tauri.handle(), &arguments(link));
                let expected = usize::from(is_announced_first || !link.contains("callback"));
                assert_eq!(*heard.lock().unwrap() - before, expected, "link {at}, {is_announced_first}");
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn second_process_announces_a_link_again_whatever_a_window_emits() {
        let app = App::start(config()).await;
        let tauri = tauri_app(&app);
        let (links, _) = links();
        links.start(tauri.handle(), &[], true);
        let heard = heard(&tauri);
        for emitted in [None, Some("my-app://one"), Some("my-app://two")] {
            if let Some(emitted) = emitted {
                // As `plugin:event|emit` does.
                tauri.emit("deep-link://new-url", [emitted]).unwrap();
            }
            let before = *heard.lock().unwrap();
            links.second_process(tauri.handle(), &arguments("my-app://one"));
            assert_eq!(*heard.lock().unwrap() - before, 1, "{emitted:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn second_process_announces_a_link_that_a_window_emitted_before() {
        let app = App::start(config()).await;
        let tauri = tauri_app(&app);
        let (links, _) = links();
        links.start(tauri.handle(), &[], true);
        // As `plugin:event|emit` does.
        tauri.emit("deep-link://new-url", ["my-app://elsewhere"]).unwrap();
        links.second_process(tauri.handle(), &["my-app".to_owned(), "my-app://elsewhere".to_owned()]);
        let held = tauri.deep_link().get_current().unwrap().unwrap_or_default();
        assert_eq!(held, [Url::parse("my-app://elsewhere").unwrap()]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn second_process_waits_until_the_app_is_set_up() {
        let app = App::start(config()).await;
        let tauri = mock_builder().build(mock_context(noop_assets())).unwrap();
        let count: Arc<Mutex<usize>> = Arc::default();
        let counter = count.clone();
        let focus = move |_: &AppHandle<MockRuntime>, _: Option<&str>| *counter.lock().unwrap() += 1;
        let links = Links::with_focus(vec!["my-app".to_owned()], Box::new(focus));
        for _ in 0..100 {
            links.second_process(tauri.handle(), &["my-app".to_owned()]);
        }
        links.second_process(tauri.handle(), &["my-app".to_owned(), "my-app://callback?x=1".to_owned()]);
        assert_eq!(*count.lock().unwrap(), 0);
        drop(tauri);
        let tauri = tauri_app(&app);
        links.start(tauri.handle(), &[], true);
        assert_eq!(*count.lock().unwrap(), MAX_EARLY, "the number of those that wait is limited");
    }

    #[test]
    fn flows_are_commands() {
        let table = include_str!("../commands/table.rs");
        assert!(FLOWS.iter().all(|name| table.contains(&format!("fn {name}("))));
    }
}
