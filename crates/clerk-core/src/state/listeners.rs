//! Callbacks that are notified of changes.

use std::sync::{Arc, Mutex, Weak};

use crate::{outside, state::snapshot::Snapshot, sync::lock};

/// A callback with the state after the change.
pub(crate) type Callback = Arc<dyn Fn(&Snapshot) + Send + Sync>;

/// The registered listeners, in the order of registration.
#[derive(Default, Clone)]
pub(crate) struct Listeners(Arc<Mutex<Registry>>);

#[derive(Default)]
struct Registry {
    last_id: u64,
    callbacks: Vec<Listener>,
}

/// A registered callback.
#[derive(Clone)]
pub(crate) struct Listener {
    id: u64,
    interest: Interest,
    callback: Callback,
    /// The newest revision that it was notified of; locked during the call. A listener that is added during a change is
    /// notified once, and never of an older revision after a newer one.
    notified: Arc<Mutex<Option<u64>>>,
}

impl Listener {
    /// Calls it, unless it was notified of this revision or a newer one. A panicking callback must not prevent the
    /// other notifications or the change of the state.
    pub(crate) fn notify(&self, snapshot: &Snapshot) {
        let mut notified = lock(&self.notified);
        if notified.is_some_and(|revision| revision >= snapshot.revision) {
            return;
        }
        *notified = Some(snapshot.revision);
        outside::call("a listener of the auth state", || (self.callback)(snapshot));
    }
}

/// The changes that a listener is notified of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Changes of client, session, user and organization.
    Changes,
    /// Changes of the status.
    Status,
}

/// Ends a subscription of [`Clerk::add_listener`](crate::Clerk::add_listener), [`Clerk::on_status`](crate::Clerk::on_status)
/// or [`Clerk::on_auth_event`](crate::Clerk::on_auth_event). Dropping it changes nothing.
#[derive(Clone)]
pub struct ListenerHandle {
    id: u64,
    registry: Weak<dyn Remove>,
}

/// A registry of listeners.
pub(crate) trait Remove: Send + Sync {
    fn remove(&self, id: u64);
}

impl Remove for Mutex<Registry> {
    fn remove(&self, id: u64) {
        lock(self).callbacks.retain(|listener| listener.id != id);
    }
}

impl std::fmt::Debug for ListenerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ListenerHandle").field(&self.id).finish()
    }
}

impl ListenerHandle {
    pub(crate) fn new(id: u64, registry: Weak<dyn Remove>) -> Self {
        Self { id, registry }
    }

    /// Ends the subscription. Further calls do nothing.
    pub fn remove(&self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(self.id);
        }
    }
}

impl Listeners {
    /// Registers a callback.
    pub(crate) fn add(&self, interest: Interest, callback: Callback) -> (ListenerHandle, Listener) {
        let mut registry = lock(&self.0);
        registry.last_id += 1;
        let id = registry.last_id;
        let listener = Listener { id, interest, callback, notified: Arc::default() };
        registry.callbacks.push(listener.clone());
        let this: Arc<dyn Remove> = self.0.clone();
        (ListenerHandle::new(id, Arc::downgrade(&this)), listener)
    }

    /// Notifies each listener once. The list is copied first, so that callbacks may end subscriptions.
    pub(crate) fn notify(&self, before: &Snapshot, now: &Snapshot) {
        let callbacks = lock(&self.0).callbacks.clone();
        for listener in callbacks {
            let concerned = match listener.interest {
                Interest::Changes => now.client.is_some(),
                Interest::Status => before.status != now.status,
            };
            if concerned {
                listener.notify(now);
            }
        }
    }
}
