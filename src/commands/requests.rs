//! Commands that a page sends twice, and outcomes that their page did not stay for.
//!
//! When a page is reloaded, WebKit aborts the requests of its commands, and Tauri sends them again in another way. The guest
//! library therefore gives each command an id, and a command whose id is known joins the one that runs. A flow through the
//! browser takes minutes; when its page was reloaded meanwhile, the new page gets the outcome.

use std::{
    any::Any,
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    core::RedirectOutcome,
    error::{ErrorPayload, Result},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

/// How many commands of a window are known.
const MOST_COMMANDS: usize = 64;

/// How many pages of a window are known.
const MOST_PAGES: usize = 8;

/// How long the result of a command is kept for a repetition.
const RESULT_LIFETIME: Duration = Duration::from_secs(60);

/// How long an outcome waits for the next page of its window.
const OUTCOME_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// A command that runs or has finished.
pub(super) type Running<T> = Shared<BoxFuture<'static, Result<T, ErrorPayload>>>;

/// The commands and pages of all windows, by the window's label.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<HashMap<String, WindowRequests>>>);

#[derive(Default)]
struct WindowRequests {
    /// The pages that sent commands, the newest last.
    pages: VecDeque<String>,
    /// How many pages the webview began to load.
    loads: u64,
    commands: VecDeque<Known>,
    outcome: Option<(RedirectOutcome, Instant)>,
}

struct Known {
    command: &'static str,
    id: String,
    /// A [`Running`] of the command's result.
    running: Box<dyn Any + Send>,
    finished_at: Option<Instant>,
}

/// A page of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    name: String,
    loads: u64,
}

impl WindowRequests {
    fn present_page(&self) -> Option<Page> {
        self.pages.back().map(|name| Page { name: name.clone(), loads: self.loads })
    }

    /// Records the page that sent a command. A page that was left may still send some.
    fn saw(&mut self, page: &str) {
        if !self.pages.iter().any(|known| known == page) {
            if self.pages.len() == MOST_PAGES {
                self.pages.pop_front();
            }
            self.pages.push_back(page.to_owned());
        }
    }

    fn forget_old_commands(&mut self, now: Instant) {
        let is_old = |at: Instant| now.saturating_duration_since(at) >= RESULT_LIFETIME;
        self.commands.retain(|known| !known.finished_at.is_some_and(is_old));
    }

    fn make_room(&mut self) {
        if self.commands.len() == MOST_COMMANDS {
            // A command that still runs is the one that may be repeated.
            let finished = self.commands.iter().position(|known| known.finished_at.is_some());
            self.commands.remove(finished.unwrap_or(0));
        }
    }
}

impl Requests {
    fn all(&self) -> MutexGuard<'_, HashMap<String, WindowRequests>> {
        // Every critical section leaves the map valid, also after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a webview left its page.
    pub(crate) fn page_left(&self, label: &str) {
        self.all().entry(label.to_owned()).or_default().loads += 1;
    }

    /// Forgets a window that was closed.
    pub(crate) fn remove(&self, label: &str) {
        self.all().remove(label);
    }

    /// Records a command of the page with this name. Returns the page.
    pub(super) fn saw(&self, label: &str, name: &str) -> Page {
        let mut all = self.all();
        let window = all.entry(label.to_owned()).or_default();
        window.saw(name);
        Page { name: name.to_owned(), loads: window.loads }
    }

    /// Takes the outcome of a flow that an earlier page of the window began.
    pub(crate) fn take_outcome(&self, label: &str, now: Instant) -> Option<RedirectOutcome> {
        let (outcome, at) = self.all().get_mut(label)?.outcome.take()?;
        (now.saturating_duration_since(at) < OUTCOME_LIFETIME).then_some(outcome)
    }

    /// Returns the running or finished command with this id, or starts it. The second value is whether it was started.
    pub(super) fn join_or_start<T: Clone + Send + Sync + 'static>(
        &self,
        label: &str,
        command: &'static str,
        id: &str,
        run: impl Future<Output = Result<T, ErrorPayload>> + Send + 'static,
    ) -> (Running<T>, bool) {
        let mut all = self.all();
        let window = all.entry(label.to_owned()).or_default();
        window.forget_old_commands(Instant::now());
        let known = window.commands.iter().find(|known| known.command == command && known.id == id);
        if let Some(running) = known.and_then(|known| known.running.downcast_ref::<Running<T>>()) {
            return (running.clone(), false);
        }
        let running = run.boxed().shared();
        let known = Known { command, id: id.to_owned(), running: Box::new(running.clone()), finished_at: None };
        window.make_room();
        window.commands.push_back(known);
        (running, true)
    }

    /// Records that a command has finished. Without `keep`, its result is forgotten.
    pub(super) fn finished(&self, label: &str, command: &str, id: &str, keep: bool) {
        let mut all = self.all();
        if !keep {
            let commands = all.get_mut(label).map(|window| &mut window.commands);
            commands.into_iter().for_each(|known| known.retain(|one| one.command != command || one.id != id));
            return;
        }
        let mut commands = all.get_mut(label).into_iter().flat_map(|window| &mut window.commands);
        if let Some(known) = commands.find(|known| known.command == command && known.id == id) {
            known.finished_at = Some(Instant::now());
        }
    }

    /// Whether the page is no longer the present one of its window.
    pub(super) fn is_left(&self, label: &str, page: &Page) -> bool {
        self.all().get(label).is_some_and(|window| window.present_page().as_ref() != Some(page))
    }

    /// Whether the window of a command was closed.
    pub(super) fn is_closed(&self, label: &str) -> bool {
        !self.all().contains_key(label)
    }

    /// Stores an outcome for the next page of the window.
    pub(super) fn store_outcome(&self, label: &str, outcome: RedirectOutcome) {
        if let Some(window) = self.all().get_mut(label) {
            window.outcome = Some((outcome, Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;

    fn start(requests: &Requests, id: &str) -> bool {
        requests.join_or_start("main", "touch", id, ready(Ok::<_, ErrorPayload>(()))).1
    }

    #[test]
    fn join_or_start_keeps_a_bounded_number_of_commands() {
        let requests = Requests::default();
        assert!(start(&requests, "page.running"));
        for number in 0..1_000 {
            let id = format!("page.{number}");
            assert!(start(&requests, &id) && !start(&requests, &id));
            requests.finished("main", "touch", &id, true);
        }
        assert_eq!(requests.all()["main"].commands.len(), MOST_COMMANDS);
        assert!(!start(&requests, "page.running"), "a command that runs is kept");
        assert!(start(&requests, "page.0"));
        for number in 0..1_000 {
            start(&requests, &format!("page.running.{number}"));
        }
        assert_eq!(requests.all()["main"].commands.len(), MOST_COMMANDS, "commands that never end are bounded too");
    }

    #[test]
    fn forget_old_commands_keeps_results_for_a_minute() {
        let requests = Requests::default();
        start(&requests, "page.1");
        requests.finished("main", "touch", "page.1", true);
        let now = Instant::now();
        let mut all = requests.all();
        let window = all.get_mut("main").unwrap();
        window.forget_old_commands(now + Duration::from_secs(59));
        assert_eq!(window.commands.len(), 1);
        window.forget_old_commands(now + Duration::from_secs(61));
        assert!(window.commands.is_empty());
    }

    #[test]
    fn is_left_once_the_webview_or_a_new_page_says_so() {
        let requests = Requests::default();
        let old = requests.saw("main", "old");
        assert!(!requests.is_left("main", &old));
        requests.page_left("other");
        assert!(!requests.is_left("main", &old));
        requests.page_left("main");
        assert!(requests.is_left("main", &old), "before the new page has sent anything");
        let new = requests.saw("main", "new");
        requests.saw("main", "old");
        assert!(!requests.is_left("main", &new), "the old page sends its commands again when it is left");
        for number in 0..100 {
            requests.saw("main", &number.to_string());
        }
        assert_eq!(requests.all()["main"].pages.len(), MOST_PAGES);
        requests.remove("main");
        assert!(!requests.is_left("main", &new), "nobody waits in a window that was closed");
    }

    #[test]
    fn take_outcome_returns_it_once_to_its_window_for_ten_minutes() {
        let requests = Requests::default();
        requests.saw("main", "page");
        let (now, outcome) = (Instant::now(), RedirectOutcome::default());
        let store = || requests.store_outcome("main", outcome.clone());
        store();
        assert_eq!(requests.take_outcome("other", now), None);
        assert_eq!(requests.take_outcome("main", now), Some(outcome.clone()));
        assert_eq!(requests.take_outcome("main", now), None);
        store();
        assert_eq!(requests.take_outcome("main", now + Duration::from_secs(601)), None);
    }
}
