//! Who calls a command.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde_json::Value;
use tauri::{
    Manager, Runtime, Webview,
    ipc::{CommandArg, CommandItem, InvokeError},
};

use super::{
    follower::Evaluate,
    operations::AllowedOperations,
    requests::Requests,
    window_state::{Shown, WindowChanges, WindowSnapshot, WindowState, WindowStates, WindowUpdateSent},
};
use crate::{
    config::PLUGIN_NAME,
    core::{Clerk, ClerkOptions, LoadOptions, RedirectOutcome, Snapshot, VisiblePages},
    error::{ErrorCode, ErrorPayload, Result},
};

/// The options that each window gave to `load`, by the label of the window. They hold for the calls of that window and for no
/// other; see [`Clerk::with_options`].
#[derive(Debug, Clone, Default)]
pub(crate) struct WindowOptions(Arc<Mutex<AllOptions>>);

#[derive(Debug, Default)]
struct AllOptions {
    windows: HashMap<String, OptionsOfWindow>,
    /// Numbers the loads.
    loads: u64,
}

/// The options of one window, with the number of the load that gave them.
#[derive(Debug, Default)]
struct OptionsOfWindow {
    accepted: Option<(u64, ClerkOptions)>,
    /// Of loads that are not finished, the newest last.
    loading: Vec<(u64, ClerkOptions)>,
}

impl WindowOptions {
    fn all(&self) -> MutexGuard<'_, AllOptions> {
        // Every critical section leaves the map valid, also after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, label: &str) -> Option<ClerkOptions> {
        let all = self.all();
        let window = all.windows.get(label)?;
        window.loading.last().or(window.accepted.as_ref()).map(|(_, options)| options.clone())
    }

    /// Returns a state of the app as the window with this label gets it.
    pub(crate) fn shown(&self, clerk: &Clerk, snapshot: Arc<Snapshot>, label: &str) -> Arc<Snapshot> {
        match self.get(label) {
            Some(options) => clerk.with_options(options).with_own_options(snapshot),
            None => snapshot,
        }
    }

    #[cfg(test)]
    pub(super) fn accept(&self, label: &str, options: ClerkOptions) {
        let load = self.begin_load(label, options);
        self.end_load(label, load, true);
    }

    /// Records the options of a load that begins. Returns its number.
    fn begin_load(&self, label: &str, options: ClerkOptions) -> u64 {
        let mut all = self.all();
        all.loads += 1;
        let load = all.loads;
        all.windows.entry(label.to_owned()).or_default().loading.push((load, options));
        load
    }

    /// Keeps or forgets the options of a load. Does nothing if its window was closed; another one may have its label.
    fn end_load(&self, label: &str, load: u64, is_accepted: bool) {
        let mut all = self.all();
        let Some(window) = all.windows.get_mut(label) else { return };
        let Some(place) = window.loading.iter().position(|(number, _)| *number == load) else { return };
        let options = window.loading.remove(place);
        // An earlier load may end later.
        if is_accepted && window.accepted.as_ref().is_none_or(|(number, _)| *number < load) {
            window.accepted = Some(options);
        }
    }

    /// Forgets a window that was closed.
    pub(crate) fn remove(&self, label: &str) {
        self.all().windows.remove(label);
    }
}

/// The [`Clerk`] of a command, with the options of the window that calls.
pub(crate) struct Caller(Clerk);

impl Deref for Caller {
    type Target = Clerk;

    fn deref(&self) -> &Clerk {
        &self.0
    }
}

#[cfg(test)]
impl Caller {
    pub(super) fn of(clerk: Clerk) -> Self {
        Self(clerk)
    }
}

/// The window that calls.
pub(crate) struct CallerWindow {
    clerk: Clerk,
    label: String,
    /// The number of the document that the window shows.
    document: u64,
    /// The name of the calling page; `None` if the caller is not the guest library.
    page: Option<String>,
    webview: Arc<dyn Evaluate>,
    options: WindowOptions,
    states: WindowStates,
    requests: Requests,
    pages: VisiblePages,
}

/// Whether the app's capabilities let a window call a command.
pub(super) fn may_call<R: Runtime>(webview: &Webview<R>, command: &str) -> bool {
    matches!(webview.resolve_command_scope::<Value>(PLUGIN_NAME, command), Ok(Some(_)))
}

/// The pages of providers that a window may see: those of what it may begin.
pub(super) fn visible_pages<R: Runtime>(webview: &Webview<R>, allowed: &AllowedOperations) -> VisiblePages {
    let signs_in = ["authenticate_with_redirect", "create_sign_in", "create_sign_up"];
    VisiblePages {
        attempts: signs_in.iter().any(|command| may_call(webview, command))
            || allowed.contain_path("POST", "/client/sign_ins")
            || allowed.contain_path("POST", "/client/sign_ups"),
        accounts: allowed.contain_path("POST", "/me/external_accounts"),
    }
}

impl CallerWindow {
    /// Loads Clerk with the options of the window, which hold for its calls from now on. When loading is refused, the window
    /// keeps the options that it had. `since` is the handle of the state that the window has.
    pub(crate) async fn load(self, mut options: LoadOptions, since: Option<u64>) -> Result<WindowSnapshot> {
        let own = std::mem::take(&mut options.options);
        own.check()?;
        // Before the first response: the window may read the restored state while FAPI is still asked.
        let load = self.options.begin_load(&self.label, own.clone());
        let result = self.clerk.with_options(own).load(options).await;
        self.options.end_load(&self.label, load, result.is_ok());
        result.map(|()| match since {
            Some(since) => {
                self.follow();
                let shown = self.current();
                let (_, handle) = self.show(&shown, since);
                WindowSnapshot::new(shown, handle)
            }
            None => WindowSnapshot::not_kept(self.current()),
        })
    }

    /// Returns the state for this window: what has changed since the state with the handle `since`, or all of it if Rust does not
    /// have that any more; `None` if nothing has. Without `since`, the state is not kept.
    pub(crate) fn snapshot(&self, since: Option<u64>) -> Option<WindowState> {
        let Some(since) = since else { return Some(WindowState::Whole(WindowSnapshot::not_kept(self.current()))) };
        self.follow();
        let shown = self.current();
        if self.states.knows(&self.label, since, &shown) {
            return None;
        }
        if let Some(sent) = self.page.as_ref().and_then(|page| self.states.sent(&self.label, page, since, &shown)) {
            return Some(WindowState::Sent(WindowUpdateSent { sent }));
        }
        Some(match self.show(&shown, since) {
            (Some(old), handle) => WindowState::Changes(WindowChanges::between(&old, &shown, handle)),
            (None, handle) => WindowState::Whole(WindowSnapshot::new(shown, handle)),
        })
    }

    /// Has the page of the guest library follow the state. Only for callers that may read it.
    fn follow(&self) {
        if let Some(page) = &self.page {
            self.states.follow((&self.label, self.document), page, &self.webview);
        }
    }

    /// Records that the window gets this state.
    fn show(&self, shown: &Shown, since: u64) -> (Option<Shown>, u64) {
        let recorded = self.states.show((&self.label, self.document), shown.clone(), since);
        // What has changed since then was not sent to this window.
        if self.clerk.snapshot().revision != shown.snapshot.revision {
            self.states.changed();
        }
        recorded
    }

    fn current(&self) -> Shown {
        Shown {
            snapshot: self.options.shown(&self.clerk, self.clerk.snapshot_for_window(), &self.label),
            pages: self.pages,
        }
    }

    /// Takes the outcome of a flow that nobody waited for: an earlier page of this window began it, or an earlier run of the
    /// app. A page that asks again confirms that it has got what it asked for before.
    pub(crate) fn take_redirect_outcome(&self) -> Option<RedirectOutcome> {
        let (page, now) = (self.page.as_deref(), Instant::now());
        self.requests.take_outcome(&self.label, page, now, || self.clerk.take_redirect_outcome())
    }
}

fn clerk<R: Runtime>(command: &CommandItem<'_, R>) -> Result<Clerk, InvokeError> {
    let clerk = command.message.webview_ref().try_state::<Clerk>();
    clerk.map(|clerk| clerk.inner().clone()).ok_or_else(|| {
        InvokeError::from(ErrorPayload::from(
            ErrorCode::NotLoaded.error("the plugin is not registered: add clerk::init() to the app"),
        ))
    })
}

impl<'de, R: Runtime> CommandArg<'de, R> for Caller {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let clerk = clerk(&command)?;
        let webview = command.message.webview_ref();
        let options = webview.try_state::<WindowOptions>().and_then(|options| options.get(webview.label()));
        Ok(Self(match options {
            Some(options) => clerk.with_options(options),
            None => clerk,
        }))
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for CallerWindow {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let clerk = clerk(&command)?;
        let webview = command.message.webview_ref();
        let options = webview.try_state::<WindowOptions>().map(|all| all.inner().clone()).unwrap_or_default();
        let states = webview.try_state::<WindowStates>().map(|states| states.inner().clone()).unwrap_or_default();
        let document = states.open(webview.label());
        let requests = webview.try_state::<Requests>().map(|requests| requests.inner().clone()).unwrap_or_default();
        // A scope that is not valid allows nothing.
        let pages = AllowedOperations::of(webview)
            .map_or_else(|_| VisiblePages::default(), |allowed| visible_pages(webview, &allowed));
        let page = origin(&command).map(|(_, page)| page.to_owned());
        let label = webview.label().to_owned();
        Ok(Self { clerk, label, document, page, webview: Arc::new(webview.clone()), options, states, requests, pages })
    }
}

/// The header with the id of a command: `<page>.<command>`, both random.
const HEADER: &str = "clerk-request";

const LONGEST_ID: usize = 100;

/// Returns the id of a command and the name of the page that sent it; `None` if the caller is not the guest library.
pub(super) fn origin<'a, R: Runtime>(command: &CommandItem<'a, R>) -> Option<(&'a str, &'a str)> {
    let id = command.message.headers().get(HEADER)?.to_str().ok().filter(|id| id.len() <= LONGEST_ID)?;
    Some((id, id.split_once('.')?.0))
}

/// Not part of what the webview sends.
#[cfg(feature = "bindings")]
impl specta::function::FunctionArg for Caller {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}

/// Not part of what the webview sends.
#[cfg(feature = "bindings")]
impl specta::function::FunctionArg for CallerWindow {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(sign_in_url: &str) -> ClerkOptions {
        ClerkOptions { sign_in_url: Some(sign_in_url.to_owned()), ..ClerkOptions::default() }
    }

    #[test]
    fn end_load_of_a_refused_load_leaves_the_options_of_other_loads() {
        let windows = WindowOptions::default();
        let begin = |url: &str| windows.begin_load("main", options(url));
        let current = || windows.get("main").and_then(|options| options.sign_in_url);
        let accepted = begin("/accepted");
        assert_eq!(current().as_deref(), Some("/accepted"), "while it loads");
        windows.end_load("main", accepted, true);
        let refused = begin("/refused");
        windows.end_load("main", refused, false);
        assert_eq!(current().as_deref(), Some("/accepted"));

        let (refused, later) = (begin("/refused"), begin("/later"));
        windows.end_load("main", later, true);
        windows.end_load("main", refused, false);
        assert_eq!(current().as_deref(), Some("/later"), "the later one was accepted");
        let (one, two) = (begin("/refused"), begin("/refused too"));
        windows.end_load("main", one, false);
        windows.end_load("main", two, false);
        assert_eq!(current().as_deref(), Some("/later"));
        let (early, late) = (begin("/early"), begin("/late"));
        windows.end_load("main", late, true);
        windows.end_load("main", early, true);
        assert_eq!(current().as_deref(), Some("/late"), "the earlier one ended later");
    }

    #[test]
    fn end_load_changes_nothing_for_the_next_window_with_the_label() {
        let windows = WindowOptions::default();
        for is_accepted in [true, false] {
            let load = windows.begin_load("main", options("/closed"));
            windows.remove("main");
            windows.end_load("main", load, is_accepted);
            assert_eq!(windows.get("main"), None);
            let load = windows.begin_load("main", options("/closed"));
            windows.remove("main");
            let next = windows.begin_load("main", options("/next"));
            windows.end_load("main", load, is_accepted);
            windows.end_load("main", next, true);
            assert_eq!(windows.get("main"), Some(options("/next")));
            windows.remove("main");
        }
    }
}
