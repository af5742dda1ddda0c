//! Commands that a page sends twice, and outcomes that their page did not stay for.
//!
//! When a page is reloaded, WebKit aborts the requests of its commands, and Tauri sends them again in another way. The guest
//! library therefore gives each command an id, and a command whose id is known joins the one that runs. A flow through the
//! browser takes minutes; when its page was reloaded meanwhile, the new page gets the outcome.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::finished::Finished;
use crate::{
    core::RedirectOutcome,
    error::{ErrorPayload, Result},
};

/// How many commands of a window are known: more than can run, which are mostly requests to the app's backend.
const MOST_COMMANDS: usize = 256;

/// How many pages of a window are known.
const MOST_PAGES: usize = 8;

/// How long the result of a command is kept for a repetition.
const RESULT_LIFETIME: Duration = Duration::from_secs(60);

/// How long an outcome waits for the next page of its window.
const OUTCOME_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// How many pages may get an outcome that none of them confirms. A page that navigates to another document may have no time to.
const MOST_DELIVERIES: usize = 2;

/// A command that runs or has finished.
pub(super) type Running = Shared<BoxFuture<'static, Result<Finished, ErrorPayload>>>;

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
    outcome: Option<Stored>,
    /// The outcome that a page got. The page may be reloaded before it uses it.
    delivered: Option<Delivered>,
}

/// An outcome that waits for a page.
struct Stored {
    outcome: RedirectOutcome,
    at: Instant,
}

/// An outcome that a page got, and has not confirmed.
struct Delivered {
    stored: Stored,
    page: String,
    deliveries: usize,
}

impl Stored {
    fn is_fresh(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < OUTCOME_LIFETIME
    }
}

struct Known {
    command: &'static str,
    id: String,
    running: Running,
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

    /// Whether `page` came after `other`, which may be forgotten already.
    fn is_later(&self, page: &str, other: &str) -> bool {
        let place = |name: &str| self.pages.iter().position(|known| known == name);
        place(page) > place(other)
    }

    /// Returns the outcome that an earlier page got and did not confirm.
    fn redeliver(&mut self, page: &str, now: Instant) -> Option<RedirectOutcome> {
        let held = self.delivered.take()?;
        if held.page == page {
            // Asking again confirms it.
            return None;
        }
        if !self.is_later(page, &held.page) {
            // The earlier page sends its commands once more while it is left.
            self.delivered = Some(held);
            return None;
        }
        if held.deliveries >= MOST_DELIVERIES || !held.stored.is_fresh(now) {
            return None;
        }
        Some(self.deliver(held.stored, page, held.deliveries + 1))
    }

    fn deliver(&mut self, stored: Stored, page: &str, deliveries: usize) -> RedirectOutcome {
        let outcome = stored.outcome.clone();
        self.delivered = Some(Delivered { stored, page: page.to_owned(), deliveries });
        outcome
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

    /// Takes the outcome of a flow that an earlier page of the window began, or else the one of `other`. A `page` that asks again
    /// has got what it asked for before; if a later page asks first, that one gets it.
    pub(crate) fn take_outcome(
        &self,
        label: &str,
        page: Option<&str>,
        now: Instant,
        other: impl FnOnce() -> Option<RedirectOutcome>,
    ) -> Option<RedirectOutcome> {
        let mut all = self.all();
        let (Some(window), Some(page)) = (all.get_mut(label), page) else {
            let of_window = all.get_mut(label).and_then(|window| window.outcome.take());
            return of_window.filter(|stored| stored.is_fresh(now)).map(|stored| stored.outcome).or_else(other);
        };
        if let Some(outcome) = window.redeliver(page, now) {
            return Some(outcome);
        }
        let of_window = window.outcome.take().filter(|stored| stored.is_fresh(now));
        let stored = of_window.or_else(|| Some(Stored { outcome: other()?, at: now }))?;
        Some(window.deliver(stored, page, 1))
    }

    /// Returns the running or finished command with this id, or starts it. The second value is whether it was started.
    pub(super) fn join_or_start(
        &self,
        label: &str,
        command: &'static str,
        id: &str,
        run: BoxFuture<'static, Result<Finished, ErrorPayload>>,
    ) -> (Running, bool) {
        let mut all = self.all();
        let window = all.entry(label.to_owned()).or_default();
        window.forget_old_commands(Instant::now());
        let known = window.commands.iter().find(|known| known.command == command && known.id == id);
        if let Some(known) = known {
            return (known.running.clone(), false);
        }
        let running = run.shared();
        let known = Known { command, id: id.to_owned(), running: running.clone(), finished_at: None };
        window.make_room();
        window.commands.push_back(known);
        (running, true)
    }

    /// Records that a command has finished. Without `keep`, its result is forgotten.
    pub(super) fn finished(&self, label: &str, command: &str, id: &str, keep: bool) {
        let mut all = self.all();
        if !keep {
            if let Some(window) = all.get_mut(label) {
                window.commands.retain(|one| one.command != command || one.id != id);
            }
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
            window.outcome = Some(Stored { outcome, at: Instant::now() });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::commands::finished::Returned;

    fn start(requests: &Requests, id: &str) -> bool {
        requests.join_or_start("main", "touch", id, ready(().finished().map_err(ErrorPayload::from)).boxed()).1
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

    /// Takes an outcome on a page, or without the guest library.
    fn take(requests: &Requests, page: Option<&str>, now: Instant) -> Option<String> {
        if let Some(page) = page {
            requests.saw("main", page);
        }
        requests.take_outcome("main", page, now, || None).and_then(|outcome| outcome.navigate_to)
    }

    fn store(requests: &Requests, to: &str) {
        requests.store_outcome("main", RedirectOutcome { navigate_to: Some(to.to_owned()), ..Default::default() });
    }

    #[test]
    fn take_outcome_returns_it_once_to_its_window_for_ten_minutes() {
        for page in [Some("page"), None] {
            let requests = Requests::default();
            requests.saw("main", "page");
            let now = Instant::now();
            store(&requests, "/one");
            assert_eq!(requests.take_outcome("other", page, now, || None), None);
            assert_eq!(take(&requests, page, now).as_deref(), Some("/one"));
            assert_eq!(take(&requests, page, now), None);
            store(&requests, "/two");
            assert_eq!(take(&requests, page, now + Duration::from_secs(601)), None);
        }
    }

    #[test]
    fn take_outcome_returns_it_again_to_a_later_page_unless_it_was_confirmed() {
        let requests = Requests::default();
        requests.saw("main", "one");
        let now = Instant::now();
        store(&requests, "/one");
        assert_eq!(take(&requests, Some("one"), now).as_deref(), Some("/one"));
        // The page is reloaded, and so is the next one.
        assert_eq!(take(&requests, Some("two"), now).as_deref(), Some("/one"));
        assert_eq!(take(&requests, Some("one"), now), None, "an earlier page");
        assert_eq!(take(&requests, Some("three"), now), None, "pages could go on navigating for ever");
        assert_eq!(take(&requests, Some("four"), now), None);

        store(&requests, "/two");
        assert_eq!(take(&requests, Some("five"), now).as_deref(), Some("/two"));
        assert_eq!(take(&requests, Some("five"), now), None, "confirms it");
        assert_eq!(take(&requests, Some("six"), now), None);

        store(&requests, "/three");
        assert_eq!(take(&requests, Some("seven"), now).as_deref(), Some("/three"));
        assert_eq!(take(&requests, Some("eight"), now + Duration::from_secs(601)), None, "it is too old");

        store(&requests, "/four");
        assert_eq!(take(&requests, Some("nine"), now).as_deref(), Some("/four"));
        store(&requests, "/five");
        assert_eq!(take(&requests, Some("nine"), now).as_deref(), Some("/five"), "confirms the first one");
        assert_eq!(take(&requests, Some("ten"), now).as_deref(), Some("/five"));
        for page in 0..100 {
            requests.saw("main", &page.to_string());
        }
        store(&requests, "/six");
        assert_eq!(take(&requests, Some("ten"), now), Some("/six".to_owned()));
    }

    #[test]
    fn take_outcome_keeps_the_one_of_an_earlier_run_for_a_later_page() {
        let requests = Requests::default();
        let outcome = || Some(RedirectOutcome { navigate_to: Some("/one".to_owned()), ..Default::default() });
        let now = Instant::now();
        for page in ["one", "two"] {
            requests.saw("main", page);
            let taken = requests.take_outcome("main", Some(page), now, || outcome().filter(|_| page == "one"));
            assert_eq!(taken, outcome());
        }
        assert_eq!(requests.take_outcome("other", None, now, outcome), outcome(), "without the guest library");
    }
}
