//! The store of the state. All changes happen here.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::{
    events::Event,
    exchange::token_cache::TokenCache,
    setup::ClerkSetup,
    state::{
        listeners::{Callback, Interest, ListenerHandle, Listeners},
        snapshot::Snapshot,
        transition::Transition,
    },
    time::Moment,
};

/// Holds the current snapshot and notifies of changes.
pub(crate) struct Store {
    snapshots: watch::Sender<Arc<Snapshot>>,
    writer: Mutex<()>,
    pub(crate) tokens: TokenCache,
    listeners: Listeners,
}

impl Store {
    pub(crate) fn new(initial: Snapshot) -> Self {
        Self {
            snapshots: watch::Sender::new(Arc::new(initial)),
            writer: Mutex::default(),
            tokens: TokenCache::default(),
            listeners: Listeners::default(),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.subscribe()
    }

    /// Calls `callback` on every change, and immediately if there already is a client.
    pub(crate) fn on_change(&self, callback: Callback) -> ListenerHandle {
        // Added before the snapshot is read, so that no change is missed.
        let (handle, listener) = self.listeners.add(Interest::Changes, callback);
        let snapshot = self.snapshot();
        if snapshot.client.is_some() {
            listener.notify(&snapshot);
        }
        handle
    }

    /// Calls `callback` when the status changes, and immediately with `notify`.
    pub(crate) fn on_status(&self, callback: Callback, notify: bool) -> ListenerHandle {
        let (handle, listener) = self.listeners.add(Interest::Status, callback);
        if notify {
            listener.notify(&self.snapshot());
        }
        handle
    }

    /// Waits for the writer. It is the innermost lock: a holder waits for no other lock.
    pub(crate) async fn writer(&self) -> Writer<'_> {
        Writer { store: self, _turn: self.writer.lock().await }
    }
}

/// The exclusive permission to change the state.
pub(crate) struct Writer<'a> {
    store: &'a Store,
    _turn: MutexGuard<'a, ()>,
}

impl Writer<'_> {
    /// Applies `transitions` as one change, then notifies listeners and windows.
    pub(crate) fn apply(&self, setup: &ClerkSetup, transitions: impl IntoIterator<Item = Transition>) {
        let before = self.store.snapshot();
        let present = Snapshot { at: Moment::now(setup.clock.as_ref()), ..(*before).clone() };
        let next = transitions.into_iter().fold(present, |state, transition| state.after(transition));
        let next = Arc::new(next);
        self.store.tokens.seed(&next);
        let changed = before.revision != next.revision;
        self.store.snapshots.send_if_modified(|state| {
            *state = next.clone();
            changed
        });
        if !changed {
            return;
        }
        tracing::debug!(revision = next.revision, status = ?next.status, "state changed");
        setup.emit(Event::StateChanged { revision: next.revision, status: next.status });
        self.store.listeners.notify(&before, &next);
    }
}
