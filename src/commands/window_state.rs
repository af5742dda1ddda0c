//! What windows get of the state: all of it at first, and then what has changed.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{
    follower::{Follower, Sent, Updates},
    patch::patch,
};
use crate::core::{ActiveSession, Snapshot, VisiblePages};

/// How many states of a window are kept: each copy of the guest library in a page reads for itself, and an update may be under way.
const MOST_STATES: usize = 3;

/// The handle of a state that is not kept: the next read gives all of it.
pub(super) const NOT_KEPT: u64 = 0;

/// The states that the windows have, by the labels of the windows. Only a window knows which of them it has received, so it names
/// the one that it wants to know the changes of.
#[derive(Clone, Default)]
pub(crate) struct WindowStates {
    windows: Arc<Mutex<AllStates>>,
    pub(super) updates: Arc<Updates>,
}

#[derive(Default)]
pub(super) struct AllStates {
    pub(super) windows: HashMap<String, OneWindow>,
    last_handle: u64,
    /// Numbers the documents of all windows.
    last_document: u64,
}

/// What is known of a window.
#[derive(Default)]
pub(super) struct OneWindow {
    /// The states that it may have, by their handles, the newest last.
    states: VecDeque<(u64, Shown)>,
    /// Where updates are sent, once a page has asked for changes.
    pub(super) follower: Option<Follower>,
    /// The newest update.
    pub(super) sent: Option<Sent>,
    /// The state that its pages have heard of, if one has.
    pub(super) announced: Option<(u64, ActiveSession)>,
    /// The number of the document that it shows. A command may outlive the page that sent it.
    document: u64,
}

/// A state as a window got it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) pages: VisiblePages,
}

impl Shown {
    /// Whether nothing is new to a window that has this state. At one revision, a session may still have ended by time.
    pub(super) fn says_the_same_as(&self, newest: &Self) -> bool {
        self.pages == newest.pages
            && self.snapshot.revision == newest.snapshot.revision
            && self.snapshot.active_session == newest.snapshot.active_session
    }
}

impl AllStates {
    /// Returns a handle that names no state yet.
    pub(super) fn next_handle(&mut self) -> u64 {
        self.last_handle += 1;
        self.last_handle
    }

    /// Returns a window, if it still shows this document.
    pub(super) fn window_of(&mut self, label: &str, document: u64) -> Option<&mut OneWindow> {
        self.windows.get_mut(label).filter(|window| window.document == document)
    }
}

impl OneWindow {
    /// Returns the newest state. A read that took long may have brought an older one since.
    pub(super) fn newest(&self) -> Option<&(u64, Shown)> {
        self.states.iter().max_by_key(|(handle, state)| (state.snapshot.revision, *handle))
    }

    pub(super) fn state(&self, handle: u64) -> Option<&Shown> {
        self.states.iter().find(|(known, _)| *known == handle).map(|(_, state)| state)
    }

    pub(super) fn keep(&mut self, handle: u64, shown: Shown) {
        self.states.push_back((handle, shown));
        if self.states.len() > MOST_STATES {
            self.states.pop_front();
        }
    }
}

impl WindowStates {
    pub(super) fn all(&self) -> MutexGuard<'_, AllStates> {
        // Every critical section leaves the map valid, also after a panic.
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same windows, for what sends the updates: it must not own itself.
    pub(super) fn without_updates(&self) -> Self {
        Self { windows: self.windows.clone(), updates: Arc::default() }
    }

    /// Begins to keep the states of a window that calls. Returns the number of its document.
    pub(super) fn open(&self, label: &str) -> u64 {
        let mut all = self.all();
        let document = all.last_document + 1;
        let window =
            all.windows.entry(label.to_owned()).or_insert_with(|| OneWindow { document, ..OneWindow::default() });
        let opened = window.document;
        all.last_document = all.last_document.max(opened);
        opened
    }

    /// Records that a document of a window gets this state, in place of the one with the handle `instead_of`. Returns that one, if the
    /// window had the right to the same pages, and the handle of the new one. A document that was left meanwhile gets none.
    pub(super) fn show(&self, (label, document): (&str, u64), shown: Shown, instead_of: u64) -> (Option<Shown>, u64) {
        let mut all = self.all();
        let handle = all.next_handle();
        let Some(window) = all.window_of(label, document) else { return (None, NOT_KEPT) };
        let place = window.states.iter().position(|(known, _)| *known == instead_of);
        let old = place.and_then(|place| window.states.remove(place)).map(|(_, old)| old);
        let old = old.filter(|old| old.pages == shown.pages);
        window.keep(handle, shown);
        (old, handle)
    }

    /// Whether nothing is new to a window that has the state with this handle.
    pub(super) fn knows(&self, label: &str, handle: u64, newest: &Shown) -> bool {
        let all = self.all();
        let known = all.windows.get(label).and_then(|window| window.state(handle));
        known.is_some_and(|known| known.says_the_same_as(newest))
    }

    /// Forgets the states of a page that is left.
    pub(crate) fn page_left(&self, label: &str) {
        let mut all = self.all();
        all.last_document += 1;
        let document = all.last_document;
        if let Some(window) = all.windows.get_mut(label) {
            *window = OneWindow { document, ..OneWindow::default() };
        }
    }

    /// Forgets a window that was closed.
    pub(crate) fn remove(&self, label: &str) {
        self.all().windows.remove(label);
    }
}

/// What a window gets: the state, or what has changed.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[serde(untagged)]
pub(crate) enum WindowState {
    Whole(WindowSnapshot),
    Changes(WindowChanges),
    Sent(WindowUpdateSent),
}

/// What has changed was sent to the window already, see `updates.rs`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub(crate) struct WindowUpdateSent {
    /// The handle of the state that the window has after that update. If it does not arrive, the window asks again.
    #[cfg_attr(feature = "bindings", specta(type = u32))]
    pub(super) sent: u64,
}

/// The state with its handle.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowSnapshot {
    /// Names this state; see the command `snapshot`.
    #[cfg_attr(feature = "bindings", specta(type = u32))]
    handle: u64,
    #[serde(flatten)]
    snapshot: VisibleSnapshot,
}

impl WindowSnapshot {
    pub(super) fn new(Shown { snapshot, pages }: Shown, handle: u64) -> Self {
        Self { handle, snapshot: VisibleSnapshot { snapshot, pages } }
    }

    /// A state whose changes nobody will ask for.
    pub(super) fn not_kept(shown: Shown) -> Self {
        Self::new(shown, NOT_KEPT)
    }
}

/// The state as a window gets it: with the addresses of providers' pages only for what the window may begin.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[cfg_attr(feature = "bindings", specta(transparent))]
struct VisibleSnapshot {
    snapshot: Arc<Snapshot>,
    #[cfg_attr(feature = "bindings", specta(skip))]
    pages: VisiblePages,
}

impl Serialize for VisibleSnapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.pages == VisiblePages::ALL {
            return self.snapshot.serialize(serializer);
        }
        let mut json = serde_json::to_value(&self.snapshot).map_err(serde::ser::Error::custom)?;
        self.pages.hide_others(&mut json);
        json.serialize(serializer)
    }
}

/// What has changed since the state that a window has.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowChanges {
    /// The difference, with the handle of the new state; see `guest-js/patch.ts`.
    pub(super) changes: Value,
}

impl WindowChanges {
    pub(super) fn between(old: &Shown, new: &Shown, handle: u64) -> Self {
        let pages = new.pages;
        let (old, new) = Snapshot::different_parts(&old.snapshot, &new.snapshot);
        let json = |snapshot: &Snapshot, handle: u64| {
            let mut json = serde_json::json!({ "handle": handle });
            if let (Value::Object(state), Ok(Value::Object(fields))) = (&mut json, serde_json::to_value(snapshot)) {
                state.extend(fields);
            }
            pages.hide_others(&mut json);
            json
        };
        // No state has this handle.
        let changes = patch(&json(&old, NOT_KEPT), &json(&new, handle)).unwrap_or_default();
        Self { changes }
    }

    /// The same changes for another window, which has another handle.
    pub(super) fn with_handle(&self, handle: u64) -> Self {
        let mut changes = self.changes.clone();
        changes["in"]["handle"]["set"] = handle.into();
        Self { changes }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "these are tests")]

    use clerk_testkit::app::{ADA, App, PASSWORD, config, password_params};
    use serde_json::json;

    use super::*;
    use crate::{
        commands::patch::patched,
        core::{Clerk, PrepareFactorParams, SetActiveParams, SignInCreateParams, SignOutOptions, SignUpParams},
    };

    /// Changes the state at random, as an app does; `number` chooses how.
    async fn change(clerk: &Clerk, number: u64) {
        let of_ada = || SignInCreateParams { identifier: Some(ADA.to_owned()), ..SignInCreateParams::default() };
        match number % 9 {
            0 => drop(clerk.create_sign_in(of_ada()).await),
            1 => {
                let id = clerk.client().and_then(|client| client.sign_in.as_ref().map(|attempt| attempt.id.clone()));
                if let Some(id) = id {
                    let _ = clerk.prepare_sign_in_first_factor(&id, PrepareFactorParams::new("email_code")).await;
                }
            }
            2 | 3 => {
                if let Ok(sign_in) = clerk.create_sign_in(password_params(ADA, PASSWORD)).await
                    && let Some(session) = sign_in.created_session_id
                {
                    let _ = clerk.set_active(SetActiveParams::session(session)).await;
                }
            }
            4 => drop(clerk.sign_out(SignOutOptions::default()).await),
            5 => {
                let names = json!({ "firstName": format!("Ada {number}"), "unsafeMetadata": { "n": number } });
                let _ = clerk.account().update(serde_json::from_value(names).unwrap()).await;
            }
            6 => {
                let params = json!({ "name": format!("Organization {}", number % 7) });
                let _ = clerk.create_organization(serde_json::from_value(params).unwrap()).await;
            }
            7 => {
                let organization = clerk.user().and_then(|user| user.organization_memberships.first().cloned());
                if let Some(membership) = organization {
                    let _ = clerk.organizations().delete(&membership.organization.id).await;
                }
            }
            _ => {
                let address = format!("new{number}+clerk_test@example.com");
                let sign_up = SignUpParams { email_address: Some(address), ..SignUpParams::default() };
                let _ = clerk.create_sign_up(sign_up).await;
            }
        }
    }

    #[tokio::test]
    async fn show_keeps_few_states_of_a_window_that_is_open() {
        let app = App::start(config()).await;
        let shown = |pages| Shown { snapshot: app.clerk.snapshot_for_window(), pages };
        let all = VisiblePages::ALL;
        let states = WindowStates::default();
        let count =
            |states: &WindowStates| states.all().windows.values().map(|window| window.states.len()).sum::<usize>();
        assert_eq!(states.show(("main", 1), shown(all), NOT_KEPT).1, NOT_KEPT, "a window that was closed");
        let main = ("main", states.open("main"));
        let (old, first) = states.show(main, shown(all), NOT_KEPT);
        assert!(old.is_none() && states.knows("main", first, &shown(all)));
        assert!(!states.knows("main", first, &shown(VisiblePages::default())), "other pages");
        let (old, second) = states.show(main, shown(VisiblePages::default()), first);
        assert!(old.is_none() && count(&states) == 1, "other pages");
        for _ in 0..10 {
            states.show(main, shown(all), NOT_KEPT);
        }
        assert_eq!(count(&states), MOST_STATES);
        assert!(!states.knows("main", second, &shown(VisiblePages::default())));
        states.page_left("main");
        assert_eq!(count(&states), 0);
        assert_eq!(states.show(main, shown(all), first).1, NOT_KEPT, "a command of the page that was left");
        let next = ("main", states.open("main"));
        assert_ne!(main, next);
        states.remove("main");
        let last = ("main", states.open("main"));
        assert!(
            states.show(main, shown(all), first).1 == NOT_KEPT && states.show(next, shown(all), first).1 == NOT_KEPT
        );
        let (_, handle) = states.show(last, shown(all), first);
        assert!(handle > second, "no handle is given twice");
    }

    #[tokio::test]
    async fn changes_end_in_the_same_state_as_a_whole_read() {
        let app = App::start(config()).await;
        let clerk = &app.clerk;
        let of = |pages: VisiblePages, snapshot: &Arc<Snapshot>| Shown { snapshot: snapshot.clone(), pages };
        let state = |pages: VisiblePages, snapshot: &Arc<Snapshot>| {
            let mut json = serde_json::to_value(WindowSnapshot::not_kept(of(pages, snapshot))).unwrap();
            json["handle"] = Value::Null;
            json
        };
        let pages = [VisiblePages::ALL, VisiblePages::default()];
        let mut known = clerk.snapshot_for_window();
        let mut shown = pages.map(|pages| state(pages, &known));
        let (mut random, mut revisions) = (11_u64, 0);
        for _ in 0..150 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            change(clerk, random >> 33).await;
            // A window misses revisions now and then.
            if random >> 62 == 0 {
                continue;
            }
            let newest = clerk.snapshot_for_window();
            revisions += u64::from(newest.revision != known.revision);
            for (shown, pages) in shown.iter_mut().zip(pages) {
                let changes = WindowChanges::between(&of(pages, &known), &of(pages, &newest), 2).changes;
                *shown = patched(shown, &changes);
                assert_eq!(shown["handle"], 2);
                shown["handle"] = Value::Null;
                assert_eq!(*shown, state(pages, &newest), "{changes}");
            }
            known = newest;
        }
        assert!(revisions > 60, "{revisions}");
    }
}
