//! What windows get of the state: all of it at first, and then what has changed.

use std::{collections::VecDeque, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::patch::patch;
use crate::core::{Snapshot, VisiblePages};

/// How many states of a window are kept: a page has one for each copy of the guest library.
const MOST_STATES: usize = 2;

/// The states that a window has, by their handles. Nobody but the window knows which of them it has received, so it names the one that
/// it wants to know the changes of.
#[derive(Debug, Default)]
pub(super) struct KnownStates {
    states: VecDeque<(u64, Arc<Snapshot>)>,
    last_handle: u64,
}

impl KnownStates {
    /// Adds a state. Returns its handle.
    pub(super) fn add(&mut self, snapshot: Arc<Snapshot>) -> u64 {
        self.last_handle += 1;
        self.states.push_back((self.last_handle, snapshot));
        if self.states.len() > MOST_STATES {
            self.states.pop_front();
        }
        self.last_handle
    }

    /// Removes a state.
    pub(super) fn take(&mut self, handle: u64) -> Option<Arc<Snapshot>> {
        let place = self.states.iter().position(|(known, _)| *known == handle)?;
        self.states.remove(place).map(|(_, snapshot)| snapshot)
    }

    /// Whether the state with this handle has this revision.
    pub(super) fn has(&self, handle: u64, revision: u64) -> bool {
        self.states.iter().any(|(known, snapshot)| *known == handle && snapshot.revision == revision)
    }
}

/// What a window gets: the state, or what has changed.
#[derive(Debug, Clone, Serialize, specta::Type)]
#[serde(untagged)]
pub(crate) enum WindowState {
    Whole(WindowSnapshot),
    Changes(WindowChanges),
}

/// The state with its handle.
#[derive(Debug, Clone, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowSnapshot {
    /// Names this state; see the command `snapshot`.
    #[specta(type = u32)]
    handle: u64,
    #[serde(flatten)]
    snapshot: VisibleSnapshot,
}

impl WindowSnapshot {
    pub(super) fn new(snapshot: Arc<Snapshot>, pages: VisiblePages, handle: u64) -> Self {
        Self { handle, snapshot: VisibleSnapshot { snapshot, pages } }
    }
}

/// The state as a window gets it: with the addresses of providers' pages only for what the window may begin.
#[derive(Debug, Clone, specta::Type)]
#[specta(transparent)]
struct VisibleSnapshot {
    snapshot: Arc<Snapshot>,
    #[specta(skip)]
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

/// What has changed since the state that a window knows.
#[derive(Debug, Clone, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WindowChanges {
    /// Names the new state.
    #[specta(type = u32)]
    handle: u64,
    /// The revision of the new state.
    #[specta(type = u32)]
    revision: u64,
    /// The difference; see `guest-js/patch.ts`.
    changes: Value,
}

impl WindowChanges {
    pub(super) fn between(old: &Arc<Snapshot>, new: &Arc<Snapshot>, pages: VisiblePages, handle: u64) -> Self {
        let (old, new) = Snapshot::different_parts(old, new);
        let json = |snapshot: &Snapshot| {
            let mut json = serde_json::to_value(snapshot).unwrap_or_default();
            pages.hide_others(&mut json);
            json
        };
        let changes = patch(&json(&old), &json(&new)).unwrap_or_else(|| serde_json::json!({ "in": {} }));
        Self { handle, revision: new.revision, changes }
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
    async fn changes_end_in_the_same_state_as_a_whole_read() {
        let app = App::start(config()).await;
        let clerk = &app.clerk;
        let state = |pages: VisiblePages, snapshot: &Arc<Snapshot>| {
            let mut json = serde_json::to_value(WindowSnapshot::new(snapshot.clone(), pages, 1)).unwrap();
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
                let changes = WindowChanges::between(&known, &newest, pages, 2).changes;
                *shown = patched(shown, &changes);
                assert_eq!(*shown, state(pages, &newest), "{changes}");
            }
            known = newest;
        }
        assert!(revisions > 60, "{revisions}");
    }
}
