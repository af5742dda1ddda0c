//! The store of the state. All changes happen here.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::sync::{MutexGuard, watch};

use crate::{
    events::Event,
    exchange::token_cache::TokenCache,
    setup::ClerkSetup,
    state::{
        auth_events::{AuthEvent, AuthEvents},
        listeners::{Callback, Interest, Listener, ListenerHandle, Listeners},
        snapshot::Snapshot,
        transition::Transition,
    },
    sync::lock,
    time::Moment,
};

/// How many notifications may wait for a listener that blocks. Of more changes, some are notified together.
const MAX_WAITING: usize = 256;

/// Holds the current snapshot and notifies of changes.
pub(crate) struct Store {
    snapshots: watch::Sender<Arc<Snapshot>>,
    writer: tokio::sync::Mutex<()>,
    pub(crate) tokens: TokenCache,
    listeners: Listeners,
    pub(crate) events: AuthEvents,
    notifications: Mutex<Notifications>,
}

/// The notifications that are still to be made, in the order of the changes.
#[derive(Default)]
struct Notifications {
    waiting: VecDeque<Notification>,
    /// Whether a thread makes them.
    is_running: bool,
}

enum Notification {
    Change {
        before: Arc<Snapshot>,
        now: Arc<Snapshot>,
        events: Vec<AuthEvent>,
    },
    /// To a listener that was just added.
    Added(Listener, Arc<Snapshot>),
    /// An event that the change of the state does not show.
    Event(AuthEvent),
}

impl Notifications {
    fn push(&mut self, notification: Notification) {
        self.waiting.push_back(notification);
        if self.waiting.len() <= MAX_WAITING {
            return;
        }
        // The two oldest changes become one, with the events of both.
        let mut changes = self
            .waiting
            .iter()
            .enumerate()
            .filter_map(|(place, waiting)| matches!(waiting, Notification::Change { .. }).then_some(place));
        let (Some(oldest), Some(next)) = (changes.next(), changes.next()) else {
            let oldest = self.waiting.iter().position(|waiting| matches!(waiting, Notification::Event(_)));
            oldest.and_then(|oldest| self.waiting.remove(oldest));
            return;
        };
        let Some(Notification::Change { before: first, events: mut earlier, .. }) = self.waiting.remove(oldest) else {
            return;
        };
        if let Some(Notification::Change { before, events, .. }) = self.waiting.get_mut(next - 1) {
            *before = first;
            earlier.append(events);
            earlier.drain(..earlier.len().saturating_sub(MAX_WAITING));
            *events = earlier;
        }
    }
}

impl Store {
    pub(crate) fn new(initial: Snapshot) -> Self {
        Self {
            snapshots: watch::Sender::new(Arc::new(initial)),
            writer: tokio::sync::Mutex::default(),
            tokens: TokenCache::default(),
            listeners: Listeners::default(),
            events: AuthEvents::default(),
            notifications: Mutex::default(),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// Reads the current state in place. `read` must not change the state.
    pub(crate) fn with_current<T>(&self, read: impl FnOnce(&Snapshot) -> T) -> T {
        read(&self.snapshots.borrow())
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.subscribe()
    }

    /// Calls `callback` on every change, and immediately if there already is a client.
    pub(crate) fn on_change(&self, setup: &ClerkSetup, callback: Callback) -> ListenerHandle {
        // Added before the snapshot is read, so that no change is missed.
        let (handle, listener) = self.listeners.add(Interest::Changes, callback);
        let snapshot = self.snapshot();
        if snapshot.client.is_some() {
            self.notify(setup, Some(Notification::Added(listener, snapshot)));
        }
        handle
    }

    /// Calls `callback` when the status changes, and immediately with `notify`.
    pub(crate) fn on_status(&self, setup: &ClerkSetup, callback: Callback, notify: bool) -> ListenerHandle {
        let (handle, listener) = self.listeners.add(Interest::Status, callback);
        if notify {
            self.notify(setup, Some(Notification::Added(listener, self.snapshot())));
        }
        handle
    }

    /// Emits an event that the change of the state does not show.
    pub(crate) fn emit(&self, setup: &ClerkSetup, event: AuthEvent) {
        self.notify(setup, Some(Notification::Event(event)));
    }

    fn announce(&self, setup: &ClerkSetup, event: &AuthEvent) {
        self.events.add(event);
        setup.emit(Event::AuthEvent);
    }

    /// Waits for the writer. It is the innermost lock: a holder waits for no other lock.
    pub(crate) async fn writer<'a>(&'a self, setup: &'a ClerkSetup) -> Writer<'a> {
        Writer { store: self, setup, turn: Some(self.writer.lock().await) }
    }

    /// Makes the notifications that are waiting, and this one. If a thread does that already, it makes this one too: a listener
    /// may change the state, and wait for that.
    fn notify(&self, setup: &ClerkSetup, notification: Option<Notification>) {
        {
            let mut notifications = lock(&self.notifications);
            if let Some(notification) = notification {
                notifications.push(notification);
            }
            if std::mem::replace(&mut notifications.is_running, true) {
                return;
            }
        }
        loop {
            let next = {
                let mut notifications = lock(&self.notifications);
                let next = notifications.waiting.pop_front();
                notifications.is_running = next.is_some();
                next
            };
            match next {
                None => return,
                Some(Notification::Added(listener, snapshot)) => listener.notify(&snapshot),
                Some(Notification::Event(event)) => self.announce(setup, &event),
                Some(Notification::Change { before, now, events }) => {
                    setup.emit(Event::StateChanged { revision: now.revision, status: now.status });
                    self.listeners.notify(&before, &now);
                    for event in &events {
                        self.announce(setup, event);
                    }
                }
            }
        }
    }
}

/// The exclusive permission to change the state. Listeners and windows are notified when it is dropped.
pub(crate) struct Writer<'a> {
    store: &'a Store,
    setup: &'a ClerkSetup,
    turn: Option<MutexGuard<'a, ()>>,
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // First, because a listener may wait for another change.
        self.turn = None;
        self.store.notify(self.setup, None);
    }
}

impl Writer<'_> {
    /// Applies `transitions` as one change.
    pub(crate) fn apply(&self, transitions: impl IntoIterator<Item = Transition>) {
        self.apply_all(&mut transitions.into_iter());
    }

    fn apply_all(&self, transitions: &mut dyn Iterator<Item = Transition>) {
        let before = self.store.snapshot();
        let present = Snapshot { at: Moment::now(self.setup.clock.as_ref()), ..(*before).clone() };
        let next = transitions.fold(present, |state, transition| state.after(transition));
        let next = Arc::new(next.unless_same_as(&before).into_current());
        self.store.tokens.seed(&next);
        let changed = before.revision != next.revision;
        self.store.snapshots.send_if_modified(|state| {
            *state = next.clone();
            changed
        });
        if changed {
            tracing::debug!(revision = next.revision, status = ?next.status, "state changed");
            let events = before.events_until(&next);
            lock(&self.store.notifications).push(Notification::Change { before, now: next, events });
        } else {
            let mut notifications = lock(&self.store.notifications);
            before.events_until(&next).into_iter().for_each(|event| notifications.push(Notification::Event(event)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{ClerkOptions, SdkMetadata};

    fn signed_in(number: usize) -> AuthEvent {
        AuthEvent::SignedIn { session_id: format!("sess_{number}").as_str().into(), user_id: None }
    }

    #[test]
    fn push_merges_changes_and_keeps_their_events_in_order() {
        let state = Arc::new(Snapshot::initial(SdkMetadata::default(), ClerkOptions::default()));
        let (_, added) = Listeners::default().add(Interest::Changes, Arc::new(|_| {}));
        let mut notifications = Notifications::default();
        notifications.push(Notification::Added(added, state.clone()));
        for number in 0..MAX_WAITING + 40 {
            let (before, now) = (state.clone(), state.clone());
            notifications.push(Notification::Change { before, now, events: vec![signed_in(number)] });
        }
        assert_eq!(notifications.waiting.len(), MAX_WAITING);
        assert!(matches!(notifications.waiting[0], Notification::Added(..)), "a listener is not forgotten");
        let events = notifications.waiting.iter().flat_map(|waiting| match waiting {
            Notification::Change { events, .. } => events.clone(),
            _ => Vec::new(),
        });
        assert_eq!(events.collect::<Vec<_>>(), (0..MAX_WAITING + 40).map(signed_in).collect::<Vec<_>>());
    }

    #[test]
    fn push_forgets_the_oldest_event_if_nothing_can_be_merged() {
        let mut notifications = Notifications::default();
        for number in 0..=MAX_WAITING {
            notifications.push(Notification::Event(signed_in(number)));
        }
        assert_eq!(notifications.waiting.len(), MAX_WAITING);
        assert!(matches!(&notifications.waiting[0], Notification::Event(event) if *event == signed_in(1)));
    }
}
