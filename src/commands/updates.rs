//! Updates: what has changed, sent to windows without being asked.
//!
//! An event would need two more messages, because windows without the permission to read the state may hear events, so an event
//! can't contain the change. An update is a script for one webview. It does something only in a document that has asked for changes
//! and whose name it knows: while it is under way, the window may have gone to another page, which must not see the user. The name is
//! random, and the script compares it before anything of that page is called.

use std::{collections::VecDeque, sync::Arc};

use serde_json::{Value, json};
use tauri::{Runtime, Webview};

use super::window_state::{NOT_KEPT, Shown, WindowChanges, WindowStates};
use crate::core::Snapshot;

/// How many documents of a window get updates.
const MOST_PAGES: usize = 4;

/// A window reads larger changes itself, in bytes of JSON.
const LARGEST_UPDATE: usize = 256 * 1024;

/// The webview of a window that follows the state.
#[derive(Clone)]
pub(super) struct Follower {
    /// The names of the documents that have asked for changes, the newest last.
    pages: VecDeque<String>,
    webview: Arc<dyn Evaluate>,
}

/// An update that was sent to a window, from one handle to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    from: u64,
    to: u64,
    /// Whether the window was told that it was sent. If it asks again, the update got lost.
    was_named: bool,
}

/// Evaluates a script in a webview.
pub(super) trait Evaluate: Send + Sync {
    /// # Errors
    /// If the webview does not exist any more.
    fn evaluate(&self, script: String) -> tauri::Result<()>;
}

impl<R: Runtime> Evaluate for Webview<R> {
    fn evaluate(&self, script: String) -> tauri::Result<()> {
        self.eval(script)
    }
}

impl WindowStates {
    /// Begins to send updates to a document of a window. It must have the permission to read the state.
    pub(super) fn follow(&self, label: &str, page: &str, webview: &Arc<dyn Evaluate>) {
        let mut all = self.all();
        let Some(window) = all.windows.get_mut(label) else { return };
        let new = || Follower { pages: VecDeque::new(), webview: webview.clone() };
        let pages = &mut window.follower.get_or_insert_with(new).pages;
        if !pages.iter().any(|known| known == page) {
            pages.push_back(page.to_owned());
            if pages.len() > MOST_PAGES {
                pages.pop_front();
            }
        }
    }

    /// Returns the handle of the update to `newest` that was sent to a window which has the state with the handle `since`. Returns it
    /// once: a window that asks again did not get the update.
    pub(super) fn sent(&self, label: &str, since: u64, newest: &Shown) -> Option<u64> {
        let mut all = self.all();
        let window = all.windows.get_mut(label)?;
        let sent = window.sent.filter(|sent| sent.from == since && !sent.was_named)?;
        window.state(sent.to).filter(|state| state.says_the_same_as(newest))?;
        window.sent = Some(Sent { was_named: true, ..sent });
        Some(sent.to)
    }

    /// Tells the windows that the state has changed.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
    }

    /// Sends updates to the windows that follow the state, as long as the app runs. `current` returns the state for a window. Changes
    /// that come meanwhile are one update.
    pub(crate) async fn send_updates(self, current: impl Fn(&str) -> Arc<Snapshot> + Send) {
        loop {
            self.changed.notified().await;
            self.send_newest(&current, LARGEST_UPDATE);
        }
    }

    fn send_newest(&self, current: impl Fn(&str) -> Arc<Snapshot>, largest: usize) {
        let all = self.all();
        let following = all.windows.iter().filter(|(_, window)| window.follower.is_some());
        let labels: Vec<String> = following.map(|(label, _)| label.clone()).collect();
        drop(all);
        for label in labels {
            let Some((follower, update)) = self.next_update(&label, current(&label), largest) else { continue };
            if let Err(error) = follower.webview.evaluate(script(&follower.pages, &update)) {
                // It is being closed.
                tracing::debug!(%error, "an update of the state could not be sent to a window");
            }
        }
    }

    /// Returns what a window gets, and where; `None` if nothing is new to it.
    fn next_update(&self, label: &str, snapshot: Arc<Snapshot>, largest: usize) -> Option<(Follower, Value)> {
        let (follower, since, old, handle) = {
            let mut all = self.all();
            let handle = all.next_handle();
            let window = all.windows.get(label)?;
            let (since, old) = window.newest()?;
            (window.follower.clone()?, *since, old.clone(), handle)
        };
        let shown = Shown { snapshot, pages: old.pages };
        if old.says_the_same_as(&shown) || old.snapshot.revision > shown.snapshot.revision {
            return None;
        }
        let WindowChanges { changes } = WindowChanges::between(&old, &shown, handle);
        if changes.to_string().len() > largest {
            return Some((follower, json!({ "since": NOT_KEPT })));
        }
        let mut all = self.all();
        let window = all.windows.get_mut(label)?;
        // Otherwise, the window has read the state meanwhile, or was reloaded.
        window.newest().filter(|(newest, _)| *newest == since)?;
        window.keep(handle, shown);
        window.sent = Some(Sent { from: since, to: handle, was_named: false });
        Some((follower, json!({ "since": since, "changes": changes })))
    }
}

/// Returns the script that gives an update to the guest library (`guest-js/updates.ts`).
fn script(pages: &VecDeque<String>, update: &Value) -> String {
    let is_page: Vec<String> = pages.iter().map(|page| format!("page==={}", literal(page))).collect();
    // As a text, because `__proto__` is not a field of an object that is written out.
    let update = literal(&update.to_string());
    format!(
        "(page=>{})(document[Symbol.for('tauri-plugin-clerk.page')])&&\
         dispatchEvent(new CustomEvent('tauri-plugin-clerk.update',{{detail:JSON.parse({update})}}))",
        is_page.join("||")
    )
}

/// Returns a text as JavaScript writes it.
fn literal(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

    use std::{
        fs,
        path::Path,
        sync::{Mutex, PoisonError},
    };

    use clerk_testkit::{
        app::{ADA, App, PASSWORD, config, password_params},
        wait_until,
    };

    use super::*;
    use crate::{
        commands::patch::patched,
        core::{Clerk, SetActiveParams, UpdateUserParams, VisiblePages},
    };

    /// A webview that keeps the updates that it gets.
    #[derive(Default)]
    struct Page(Mutex<Vec<String>>);

    impl Evaluate for Page {
        fn evaluate(&self, script: String) -> tauri::Result<()> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(script);
            Ok(())
        }
    }

    impl Page {
        fn scripts(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
        }

        /// Takes the updates.
        fn updates(&self) -> Vec<Value> {
            let update = |script: String| {
                let text = script.split_once("JSON.parse(").unwrap().1.strip_suffix(")}))").unwrap();
                serde_json::from_str(&serde_json::from_str::<String>(text).unwrap()).unwrap()
            };
            self.scripts().into_iter().map(update).collect()
        }
    }

    fn shown(clerk: &Clerk) -> Shown {
        Shown { snapshot: clerk.snapshot_for_window(), pages: VisiblePages::ALL }
    }

    /// A window that has read the state, and the handle of that.
    fn following(states: &WindowStates, clerk: &Clerk, label: &str) -> (Arc<Page>, u64) {
        let page = Arc::new(Page::default());
        states.open(label);
        let (_, handle) = states.show(label, shown(clerk), NOT_KEPT);
        states.follow(label, "page", &(page.clone() as Arc<dyn Evaluate>));
        (page, handle)
    }

    async fn signed_in() -> App {
        let app = App::start(config()).await;
        let sign_in = app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
        app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
        app
    }

    async fn rename(clerk: &Clerk, name: &str) {
        let params: UpdateUserParams = serde_json::from_value(json!({ "firstName": name })).unwrap();
        clerk.account().update(params).await.unwrap();
    }

    fn send(states: &WindowStates, clerk: &Clerk) {
        states.send_newest(|_| clerk.snapshot_for_window(), LARGEST_UPDATE);
    }

    #[tokio::test]
    async fn send_updates_sends_each_window_what_has_changed_for_it() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let (one, first) = following(&states, &app.clerk, "one");
        let old = shown(&app.clerk);
        rename(&app.clerk, "Augusta").await;
        let (two, later) = following(&states, &app.clerk, "two");
        states.open("reads only");
        states.show("reads only", old, NOT_KEPT);
        send(&states, &app.clerk);
        let [update] = one.updates().try_into().unwrap();
        assert_eq!(update["since"], first);
        let user = "/changes/in/client/in/sessions/in/0/in/user/in/firstName/set";
        assert_eq!(update.pointer(user), Some(&json!("Augusta")), "{update}");
        assert!(update.to_string().len() < 600, "{update}");
        assert!(two.updates().is_empty(), "it has read that");

        rename(&app.clerk, "Eve").await;
        rename(&app.clerk, "Grace").await;
        send(&states, &app.clerk);
        send(&states, &app.clerk);
        let next = update.pointer("/changes/in/handle/set").unwrap();
        for (page, since) in [(one, next.clone()), (two, later.into())] {
            let [update] = page.updates().try_into().unwrap();
            assert_eq!((&update["since"], update.pointer(user)), (&since, Some(&json!("Grace"))));
        }
    }

    #[tokio::test]
    async fn send_updates_sends_what_a_whole_read_shows() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let (page, mut handle) = following(&states, &app.clerk, "main");
        let state = |clerk: &Clerk| serde_json::to_value(clerk.snapshot_for_window()).unwrap();
        let mut known = state(&app.clerk);
        for number in 0..10 {
            rename(&app.clerk, &format!("Ada {number}")).await;
            send(&states, &app.clerk);
            let [update] = page.updates().try_into().unwrap();
            assert_eq!(update["since"], handle);
            known = patched(&known, &update["changes"]);
            handle = known["handle"].as_u64().unwrap();
            known.as_object_mut().unwrap().remove("handle");
            let mut whole = state(&app.clerk);
            // What is left of the time when it was read.
            for state in [&mut known, &mut whole] {
                state["entitlements"] = Value::Null;
            }
            assert_eq!(known, whole);
        }
    }

    #[tokio::test]
    async fn sent_names_an_update_once() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let (page, first) = following(&states, &app.clerk, "main");
        let sent = |since| states.sent("main", since, &shown(&app.clerk));
        assert_eq!(sent(first), None, "nothing was sent");
        rename(&app.clerk, "Augusta").await;
        assert_eq!(sent(first), None, "nothing was sent");
        send(&states, &app.clerk);
        let second = page.updates()[0].pointer("/changes/in/handle/set").unwrap().as_u64().unwrap();
        assert_eq!(sent(second), None);
        assert_eq!(sent(first), Some(second));
        assert_eq!(sent(first), None, "it was lost");
        let (old, _) = states.show("main", shown(&app.clerk), first);
        assert!(old.is_some(), "what the window has is still known");

        let (_, first) = following(&states, &app.clerk, "main");
        rename(&app.clerk, "Eve").await;
        send(&states, &app.clerk);
        rename(&app.clerk, "Grace").await;
        assert_eq!(sent(first), None, "there is something newer");
    }

    #[tokio::test]
    async fn send_updates_sends_nothing_to_a_page_that_was_left() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let pages = ["left", "closed"].map(|label| following(&states, &app.clerk, label).0);
        states.page_left("left");
        states.remove("closed");
        rename(&app.clerk, "Augusta").await;
        send(&states, &app.clerk);
        assert!(pages.iter().all(|page| page.scripts().is_empty()));
    }

    #[tokio::test]
    async fn send_updates_leaves_large_changes_to_be_read() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let (page, first) = following(&states, &app.clerk, "main");
        rename(&app.clerk, "Augusta").await;
        states.send_newest(|_| app.clerk.snapshot_for_window(), 100);
        assert_eq!(page.updates(), [json!({ "since": NOT_KEPT })]);
        assert_eq!(states.sent("main", first, &shown(&app.clerk)), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn send_updates_wakes_when_the_state_changes() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let (page, _) = following(&states, &app.clerk, "main");
        let clerk = app.clerk.clone();
        let sending = tokio::spawn(states.clone().send_updates(move |_| clerk.snapshot_for_window()));
        rename(&app.clerk, "Augusta").await;
        states.changed();
        wait_until("the update", || !page.updates().is_empty()).await;
        sending.abort();
    }

    /// `updates.test.ts` runs it.
    #[test]
    fn script_is_the_one_that_the_guest_library_is_tested_with() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/update.json");
        let vector: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let pages: VecDeque<String> = serde_json::from_value(vector["pages"].clone()).unwrap();
        let update: Value = serde_json::from_str(vector["update"].as_str().unwrap()).unwrap();
        assert_eq!(script(&pages, &update), vector["script"]);
    }

    #[tokio::test]
    async fn follow_keeps_the_newest_documents() {
        let app = App::start(config()).await;
        let states = WindowStates::default();
        let (page, _) = following(&states, &app.clerk, "main");
        for number in 0..10 {
            states.follow("main", &format!("page {number}"), &(page.clone() as Arc<dyn Evaluate>));
        }
        let all = states.all();
        let pages = &all.windows["main"].follower.as_ref().unwrap().pages;
        assert_eq!(*pages, ["page 6", "page 7", "page 8", "page 9"]);
    }
}
