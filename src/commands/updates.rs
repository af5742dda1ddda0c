//! Updates: what has changed, sent to windows without being asked.
//!
//! Windows without the permission to read the state may hear events, so an event can't contain the change, and a window would have to
//! ask for it: three messages in place of one. An update is a script for one webview. While it is under way, the window may have gone to
//! another page, which must not see the user, so the script does nothing unless the document has the random name that a page which may
//! read the state has given. The name is only compared: no function of the page gets it, or the update, before.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    follower::{Evaluate, Follower, Sent},
    window_state::{NOT_KEPT, Shown, WindowChanges, WindowStates},
};
use crate::core::{Clerk, Snapshot};

/// How often an update is made anew because the window has read the state meanwhile.
const MOST_TRIES: usize = 4;

/// A window reads larger changes itself, in bytes of JSON.
const LARGEST_UPDATE: usize = 256 * 1024;

impl WindowStates {
    /// Begins to send updates to a document of a window. It must have the permission to read the state.
    pub(super) fn follow(&self, (label, document): (&str, u64), page: &str, webview: &Arc<dyn Evaluate>) {
        let mut all = self.all();
        if let Some(window) = all.window_of(label, document) {
            Follower::add(&mut window.follower, page, webview);
        }
    }

    /// Returns the handle of the update to `newest` that was sent to a page which has the state with the handle `since`. Returns it
    /// once: a page that asks again did not get the update.
    pub(super) fn sent(&self, label: &str, page: &str, since: u64, newest: &Shown) -> Option<u64> {
        let mut all = self.all();
        let window = all.windows.get_mut(label)?;
        window.follower.as_ref().filter(|follower| follower.includes(page))?;
        let sent = window.sent.filter(|sent| sent.from == since && !sent.was_named)?;
        window.state(sent.to).filter(|state| state.says_the_same_as(newest))?;
        window.sent = Some(Sent { was_named: true, ..sent });
        Some(sent.to)
    }

    /// Sends updates to the windows that follow the state from now on. `shown` returns a state as the window with a label gets it.
    pub(crate) fn send_updates(
        &self,
        clerk: Clerk,
        shown: impl Fn(Arc<Snapshot>, &str) -> Arc<Snapshot> + Send + Sync + 'static,
    ) {
        let states = self.without_updates();
        self.updates.begin(move || states.send_newest(&clerk, &shown, LARGEST_UPDATE));
    }

    /// Has updates sent, because the state has changed. Changes that come meanwhile are one update.
    pub(crate) fn changed(&self) {
        self.updates.changed();
    }

    fn send_newest(&self, clerk: &Clerk, shown: impl Fn(Arc<Snapshot>, &str) -> Arc<Snapshot>, largest: usize) {
        let all = self.all();
        let following = all.windows.iter().filter(|(_, window)| window.follower.is_some());
        let labels: Vec<String> = following.map(|(label, _)| label.clone()).collect();
        drop(all);
        let newest = clerk.snapshot_for_window();
        let mut made = None;
        for label in labels {
            let send = || {
                (0..MOST_TRIES).any(|tries| {
                    let newest = if tries == 0 { newest.clone() } else { clerk.snapshot_for_window() };
                    self.send(&label, shown(newest, &label), &mut made, largest)
                })
            };
            // A state that can't be shown to one window must not keep the others from theirs.
            let was_sent = catch_unwind(AssertUnwindSafe(send)).unwrap_or_else(|_| {
                tracing::error!("an update of the state could not be made");
                false
            });
            let follower = || self.all().windows.get(&label)?.follower.clone();
            if !was_sent && let Some(follower) = follower() {
                follower.evaluate(&read_again());
            }
        }
    }

    /// Sends a window what is new to it. `made` is the update of the window before. Returns false if what the window knows has changed
    /// meanwhile.
    fn send(&self, label: &str, snapshot: Arc<Snapshot>, made: &mut Option<SharedChanges>, largest: usize) -> bool {
        let (follower, update) = match self.next_update(label, snapshot, made, largest) {
            Next::Nothing => return true,
            Next::Again => return false,
            Next::Update(follower, update) => (follower, update),
        };
        follower.evaluate(&update);
        true
    }

    fn next_update(
        &self,
        label: &str,
        snapshot: Arc<Snapshot>,
        made: &mut Option<SharedChanges>,
        largest: usize,
    ) -> Next {
        let revision = (snapshot.revision, snapshot.active_session.clone());
        let (follower, since, old, handle) = {
            let mut all = self.all();
            let handle = all.next_handle();
            let Some(window) = all.windows.get_mut(label) else { return Next::Nothing };
            let Some(follower) = window.follower.clone() else { return Next::Nothing };
            let Some((since, old)) = window.newest().cloned() else { return Next::Update(follower, read_again()) };
            if old.snapshot.revision > revision.0 {
                return Next::Again;
            }
            if old.snapshot.revision == revision.0 && old.snapshot.active_session == revision.1 {
                // One part of a page has read it. The others may not know that there is something new.
                let was_announced = window.announced.replace(revision.clone()) == Some(revision);
                let nothing = json!({ "in": {} });
                return if was_announced { Next::Nothing } else { Next::Update(follower, update(since, &nothing)) };
            }
            (follower, since, old, handle)
        };
        let shown = Shown { snapshot, pages: old.pages };
        let made = match made.take().filter(|made| made.is_between(&old, &shown)) {
            Some(same) => made.insert(same),
            None => made.insert(SharedChanges::between(old, shown.clone())),
        };
        let mut all = self.all();
        let Some(window) = all.windows.get_mut(label) else { return Next::Nothing };
        if window.newest().is_none_or(|(newest, _)| *newest != since) {
            // It has read the state meanwhile, or was reloaded.
            return Next::Again;
        }
        window.announced = Some(revision);
        if made.size > largest {
            return Next::Update(follower, read_again());
        }
        window.keep(handle, shown);
        window.sent = Some(Sent { from: since, to: handle, was_named: false });
        Next::Update(follower, update(since, &made.changes.with_handle(handle).changes))
    }
}

/// What has changed between two states. It is the same for most windows.
struct SharedChanges {
    old: Shown,
    new: Shown,
    changes: WindowChanges,
    /// The size of the changes as JSON, in bytes.
    size: usize,
}

impl SharedChanges {
    fn between(old: Shown, new: Shown) -> Self {
        let changes = WindowChanges::between(&old, &new, NOT_KEPT);
        let size = changes.changes.to_string().len();
        Self { old, new, changes, size }
    }

    fn is_between(&self, old: &Shown, new: &Shown) -> bool {
        self.old.pages == old.pages
            && self.new.pages == new.pages
            && self.new.snapshot.is_the_same_for_windows(&new.snapshot)
            && self.old.snapshot.is_the_same_for_windows(&old.snapshot)
    }
}

/// What is to be sent to a window.
enum Next {
    Nothing,
    Update(Follower, Value),
    /// What the window knows has changed meanwhile.
    Again,
}

/// An update without the change.
fn read_again() -> Value {
    json!({ "since": NOT_KEPT })
}

fn update(since: u64, changes: &Value) -> Value {
    json!({ "since": since, "changes": changes })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

    use std::sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    };

    use clerk_testkit::{
        app::{ADA, App, PASSWORD, config, password_params},
        wait_until,
    };
    use tauri::{
        Manager,
        ipc::{CallbackFn, InvokeBody},
        test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets},
        utils::acl::ExecutionContext,
        webview::InvokeRequest,
    };

    use super::*;
    use crate::{
        commands::{WindowOptions, patch::patched},
        config::PLUGIN_NAME,
        core::{ClerkOptions, SetActiveParams, SignInCreateParams, UpdateUserParams, VisiblePages},
        desktop::events::WindowEvents,
        ports::{Event, EventSink},
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
        let window = (label, states.open(label));
        let (_, handle) = states.show(window, shown(clerk), NOT_KEPT);
        states.follow(window, "page", &(page.clone() as Arc<dyn Evaluate>));
        (page, handle)
    }

    async fn signed_in() -> App {
        let app = App::start(config()).await;
        let sign_in = app.clerk.create_sign_in(password_params(ADA, PASSWORD)).await.unwrap();
        app.clerk.set_active(SetActiveParams::session(sign_in.created_session_id.unwrap())).await.unwrap();
        app
    }

    /// A signed-in app with one window that follows the state, and the handle of what it has.
    async fn one_window() -> (App, WindowStates, Arc<Page>, u64) {
        let (app, states) = (signed_in().await, WindowStates::default());
        let (page, handle) = following(&states, &app.clerk, "main");
        (app, states, page, handle)
    }

    async fn rename(clerk: &Clerk, name: &str) {
        let params: UpdateUserParams = serde_json::from_value(json!({ "firstName": name })).unwrap();
        clerk.account().update(params).await.unwrap();
    }

    fn send(states: &WindowStates, clerk: &Clerk) {
        states.send_newest(clerk, |snapshot, _| snapshot, LARGEST_UPDATE);
    }

    #[tokio::test]
    async fn send_updates_sends_each_window_what_has_changed_for_it() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let (one, first) = following(&states, &app.clerk, "one");
        let old = shown(&app.clerk);
        rename(&app.clerk, "Augusta").await;
        let (two, later) = following(&states, &app.clerk, "two");
        states.show(("reads only", states.open("reads only")), old, NOT_KEPT);
        send(&states, &app.clerk);
        let [update] = one.updates().try_into().unwrap();
        assert_eq!(update["since"], first);
        let user = "/changes/in/client/in/sessions/in/0/in/user/in/firstName/set";
        assert_eq!(update.pointer(user), Some(&json!("Augusta")), "{update}");
        assert!(update.to_string().len() < 600, "{update}");
        let read = json!({ "since": later, "changes": { "in": {} } });
        assert_eq!(two.updates(), [read], "it has read that");

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
        let (app, states, page, mut handle) = one_window().await;
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
    async fn updates_of_a_sign_in_with_an_email_code_are_small() {
        let app = App::start(config()).await;
        let clerk = &app.clerk;
        let states = WindowStates::default();
        let (page, _) = following(&states, clerk, "main");
        let mut bytes = 0;
        let mut step = |response: &Value| {
            send(&states, clerk);
            let scripts = page.scripts();
            assert_eq!(scripts.len(), 1, "one for each step");
            bytes += scripts[0].len() + response.to_string().len();
        };
        let of_ada = SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
        let sign_in = clerk.create_sign_in(of_ada).await.unwrap();
        let response = serde_json::to_value(&sign_in).unwrap();
        step(&response);
        let factors = response["supportedFirstFactors"].as_array().unwrap();
        let email = factors.iter().find(|factor| factor["strategy"] == "email_code").unwrap();
        let params = json!({ "strategy": "email_code", "emailAddressId": email["emailAddressId"] });
        let params = serde_json::from_value(params).unwrap();
        let prepared = clerk.prepare_sign_in_first_factor(&sign_in.id, params).await.unwrap();
        step(&serde_json::to_value(prepared).unwrap());
        let params = serde_json::from_value(json!({ "strategy": "email_code", "code": "424242" })).unwrap();
        let done = clerk.attempt_sign_in_first_factor(&sign_in.id, params).await.unwrap();
        step(&serde_json::to_value(&done).unwrap());
        clerk.set_active(SetActiveParams::session(done.created_session_id.unwrap())).await.unwrap();
        step(&Value::Null);
        assert!(bytes < 15_000, "{bytes}");
    }

    #[tokio::test]
    async fn sent_names_an_update_once() {
        let (app, states, page, first) = one_window().await;
        let sent = |since| states.sent("main", "page", since, &shown(&app.clerk));
        assert_eq!(sent(first), None, "nothing was sent");
        rename(&app.clerk, "Augusta").await;
        assert_eq!(sent(first), None, "nothing was sent");
        send(&states, &app.clerk);
        let second = page.updates()[0].pointer("/changes/in/handle/set").unwrap().as_u64().unwrap();
        assert_eq!(sent(second), None);
        assert_eq!(states.sent("main", "frame-1", first, &shown(&app.clerk)), None, "it gets no updates");
        assert_eq!(sent(first), Some(second));
        assert_eq!(sent(first), None, "it was lost");
        let (old, _) = states.show(("main", states.open("main")), shown(&app.clerk), first);
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
        let (app, states, page, first) = one_window().await;
        rename(&app.clerk, "Augusta").await;
        states.send_newest(&app.clerk, |snapshot, _| snapshot, 100);
        assert_eq!(page.updates(), [json!({ "since": NOT_KEPT })]);
        assert_eq!(states.sent("main", "page", first, &shown(&app.clerk)), None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn send_updates_wakes_when_the_state_changes() {
        let (app, states, page, _) = one_window().await;
        states.send_updates(app.clerk.clone(), |snapshot, _| snapshot);
        for name in ["Augusta", "Eve"] {
            rename(&app.clerk, name).await;
            states.changed();
            wait_until("the update", || page.scripts().iter().any(|script| script.contains(name))).await;
        }
    }

    /// A command of the plugin, as the guest library of a page calls it.
    fn request(command: &str, page: Option<&str>) -> InvokeRequest {
        let id = page.map(|page| ("clerk-request".parse().unwrap(), format!("{page}.1").parse().unwrap()));
        InvokeRequest {
            cmd: format!("plugin:{PLUGIN_NAME}|{command}"),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: "tauri://localhost".parse().unwrap(),
            body: InvokeBody::Json(json!({ "since": 0, "options": {} })),
            headers: id.into_iter().collect(),
            invoke_key: INVOKE_KEY.to_owned(),
        }
    }

    /// Waits for the response. Returns whether it is one.
    fn invoke(window: &tauri::WebviewWindow<MockRuntime>, command: &str, page: Option<&str>) -> bool {
        get_ipc_response(window, request(command, page)).is_ok()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn follow_begins_when_a_page_of_the_guest_library_reads_the_state() {
        let app = signed_in().await;
        let mut context = mock_context(noop_assets());
        for command in ["load", "snapshot", "take_redirect_outcome"] {
            let authority = context.runtime_authority_mut();
            authority.__allow_command(format!("plugin:{PLUGIN_NAME}|{command}"), ExecutionContext::Local);
        }
        let plugin = tauri::plugin::Builder::<MockRuntime>::new(PLUGIN_NAME).invoke_handler(crate::commands::invoke);
        let tauri = mock_builder().plugin(plugin.build()).build(context).unwrap();
        tauri.manage(app.clerk.clone());
        let states = WindowStates::default();
        tauri.manage(states.clone());
        let window = tauri::WebviewWindowBuilder::new(&tauri, "main", Default::default()).build().unwrap();
        let pages = || {
            let all = states.all();
            let follower = all.windows.get("main").and_then(|window| window.follower.as_ref());
            follower.map(|follower| follower.pages().clone()).unwrap_or_default()
        };
        assert!(invoke(&window, "take_redirect_outcome", Some("signs-in")) && pages().is_empty());
        assert!(invoke(&window, "snapshot", None) && invoke(&window, "load", None) && pages().is_empty());
        assert!(invoke(&window, "snapshot", Some("frame-1")) && pages().is_empty());
        assert!(!invoke(&window, "get_token", Some("may-not")) && pages().is_empty());
        assert!(invoke(&window, "snapshot", Some("reads")) && pages() == ["reads"]);
        assert!(invoke(&window, "load", Some("loads")) && pages() == ["reads", "loads"]);
        assert!(invoke(&window, "snapshot", Some("reads")) && pages() == ["loads", "reads"]);

        // The document is that which sent the command, although a task runs it.
        for command in ["load", "snapshot"].repeat(20) {
            states.remove("main");
            window.as_ref().clone().on_message(request(command, Some("reads")), Box::new(|_, _, _, _, _| {}));
            assert!(states.all().windows.contains_key("main"));
        }

        assert!(invoke(&window, "snapshot", Some("reads")));
        let sent = Arc::new(AtomicUsize::new(0));
        let count = sent.clone();
        let shown = move |snapshot, _: &str| {
            count.fetch_add(1, Ordering::SeqCst);
            snapshot
        };
        states.send_updates(app.clerk.clone(), shown);
        let event = Event::StateChanged { revision: 2, status: app.clerk.snapshot().status };
        WindowEvents(tauri.handle().clone()).emit(event);
        wait_until("updates to be sent", || sent.load(Ordering::SeqCst) > 0).await;
    }

    #[tokio::test]
    async fn send_updates_tells_the_other_parts_of_a_page_what_one_has_read() {
        let (app, states, page, _) = one_window().await;
        rename(&app.clerk, "Augusta").await;
        let (_, read) = states.show(("main", states.open("main")), shown(&app.clerk), NOT_KEPT);
        send(&states, &app.clerk);
        send(&states, &app.clerk);
        assert_eq!(page.updates(), [json!({ "since": read, "changes": { "in": {} } })], "once");
    }

    #[tokio::test]
    async fn send_updates_is_relative_to_the_newest_state_of_a_window() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let older = shown(&app.clerk);
        rename(&app.clerk, "Augusta").await;
        let (page, newest) = following(&states, &app.clerk, "main");
        // A load that took long.
        states.show(("main", states.open("main")), older, NOT_KEPT);
        rename(&app.clerk, "Eve").await;
        send(&states, &app.clerk);
        assert_eq!(page.updates()[0]["since"], newest);
    }

    #[tokio::test]
    async fn send_updates_shows_each_window_its_own_options() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let options = WindowOptions::default();
        let pages = ["one", "two", "three"].map(|label| following(&states, &app.clerk, label).0);
        let own = ClerkOptions { sign_in_url: Some("/two".to_owned()), ..ClerkOptions::default() };
        options.accept("two", own);
        for name in ["Augusta", "Eve"] {
            rename(&app.clerk, name).await;
            states.send_newest(
                &app.clerk,
                |snapshot, label| options.shown(&app.clerk, snapshot, label),
                LARGEST_UPDATE,
            );
            let updates = pages.each_ref().map(|page| page.updates().remove(0)["changes"]["in"].clone());
            assert!(updates.iter().all(|update| update.to_string().contains(name)), "{updates:?}");
            let url = updates.each_ref().map(|update| update.pointer("/options/in/signInUrl/set").cloned());
            // Once: it does not change again.
            let own = (name == "Augusta").then(|| json!("/two"));
            assert_eq!(url, [None, own, None]);
            let handles = updates.each_ref().map(|update| update.pointer("/handle/set").unwrap().as_u64());
            assert!(handles[0] != handles[1] && handles[1] != handles[2] && handles[0] != handles[2]);
        }
    }

    #[tokio::test]
    async fn send_makes_the_changes_once_for_windows_that_get_the_same() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let labels = ["one", "two"];
        let pages = labels.map(|label| following(&states, &app.clerk, label).0);
        // From now on, both have the same.
        rename(&app.clerk, "Augusta").await;
        send(&states, &app.clerk);
        assert!(pages.iter().all(|page| page.updates().len() == 1));
        rename(&app.clerk, "Eve").await;
        let (mut made, newest) = (None, app.clerk.snapshot_for_window());
        assert!(states.send("one", newest.clone(), &mut made, LARGEST_UPDATE));
        made.as_mut().unwrap().changes.changes["in"]["marker"] = json!({ "set": true });
        assert!(states.send("two", newest, &mut made, LARGEST_UPDATE));
        let markers = pages.each_ref().map(|page| page.updates()[0].pointer("/changes/in/marker").is_some());
        assert_eq!(markers, [false, true]);
    }

    #[tokio::test]
    async fn send_updates_makes_a_page_read_whose_update_could_not_be_made() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let pages = ["broken", "busy", "other"].map(|label| following(&states, &app.clerk, label).0);
        rename(&app.clerk, "Augusta").await;
        let shown_to = |snapshot: Arc<Snapshot>, label: &str| {
            assert_ne!(label, "broken");
            if label == "busy" {
                // Another part of its page reads each time.
                let mut newer = Snapshot::clone(&snapshot);
                newer.revision += 1;
                let window = (label, states.open(label));
                states.show(window, Shown { snapshot: newer.into(), pages: VisiblePages::ALL }, NOT_KEPT);
            }
            snapshot
        };
        states.send_newest(&app.clerk, shown_to, LARGEST_UPDATE);
        let [broken, busy, other] = pages.map(|page| page.updates());
        assert_eq!((broken, busy), (vec![read_again()], vec![read_again()]));
        assert!(other[0]["changes"].to_string().contains("Augusta"));
    }

    #[tokio::test]
    async fn shared_changes_are_for_windows_that_had_and_get_the_same() {
        let app = signed_in().await;
        let first = shown(&app.clerk);
        rename(&app.clerk, "Augusta").await;
        let second = shown(&app.clerk);
        rename(&app.clerk, "Eve").await;
        let third = shown(&app.clerk);
        let none = |state: &Shown| Shown { pages: VisiblePages::default(), ..state.clone() };
        let made = SharedChanges::between(first.clone(), second.clone());
        assert!(made.is_between(&first, &second));
        assert!(!made.is_between(&first, &third) && !made.is_between(&third, &second));
        assert!(!made.is_between(&none(&first), &none(&second)));
        assert_eq!(made.changes.with_handle(7).changes, WindowChanges::between(&first, &second, 7).changes);
    }

    #[tokio::test]
    async fn send_updates_makes_a_page_without_a_state_read_it() {
        let app = signed_in().await;
        let states = WindowStates::default();
        let page = Arc::new(Page::default());
        states.follow(("main", states.open("main")), "page", &(page.clone() as Arc<dyn Evaluate>));
        send(&states, &app.clerk);
        assert_eq!(page.updates(), [json!({ "since": NOT_KEPT })]);
    }

    #[tokio::test]
    async fn follow_refuses_a_command_of_a_page_that_was_left() {
        let (app, states, page, _) = one_window().await;
        let left = ("main", states.open("main"));
        states.page_left("main");
        states.follow(left, "page", &(page.clone() as Arc<dyn Evaluate>));
        states.show(left, shown(&app.clerk), NOT_KEPT);
        rename(&app.clerk, "Augusta").await;
        send(&states, &app.clerk);
        assert!(page.scripts().is_empty());
        // Another webview with this label.
        let (next, _) = following(&states, &app.clerk, "main");
        states.follow(("main", states.open("main")), "page", &(page.clone() as Arc<dyn Evaluate>));
        states.follow(("main", states.open("main")), "page", &(next.clone() as Arc<dyn Evaluate>));
        rename(&app.clerk, "Eve").await;
        send(&states, &app.clerk);
        assert_eq!((page.scripts().len(), next.scripts().len()), (0, 1));
    }

    #[tokio::test]
    async fn follow_keeps_the_newest_documents() {
        let app = App::start(config()).await;
        let states = WindowStates::default();
        let (page, _) = following(&states, &app.clerk, "main");
        let main = ("main", states.open("main"));
        for number in [0, 1, 2, 3, 4, 3, 5, 6] {
            states.follow(main, &format!("page {number}"), &(page.clone() as Arc<dyn Evaluate>));
            states.follow(main, &format!("frame-{number}"), &(page.clone() as Arc<dyn Evaluate>));
        }
        let all = states.all();
        let pages = all.windows["main"].follower.as_ref().unwrap().pages();
        assert_eq!(*pages, ["page 4", "page 3", "page 5", "page 6"]);
    }
}
