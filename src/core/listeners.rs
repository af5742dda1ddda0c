//! Hearing of changes in Rust: callbacks and a stream.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, Weak},
};

use futures_util::{Stream, stream};

use super::{Clerk, Snapshot, Status, clerk::lock};

type Callback = Arc<dyn Fn(&Snapshot) + Send + Sync>;

/// Who hears of changes, in the order in which they began to.
#[derive(Default, Clone)]
pub(super) struct Listeners(Arc<Mutex<Registry>>);

#[derive(Default)]
struct Registry {
    last_id: u64,
    callbacks: Vec<(u64, Wants, Callback)>,
}

/// What a callback wants to hear of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    Changes,
    Status,
}

/// Ends a subscription of [`Clerk::add_listener`] or [`Clerk::on_status`]. Dropping it changes nothing.
#[derive(Clone)]
pub struct ListenerHandle {
    id: u64,
    registry: Weak<Mutex<Registry>>,
}

impl std::fmt::Debug for ListenerHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ListenerHandle").field(&self.id).finish()
    }
}

impl ListenerHandle {
    /// Ends the subscription. Doing so again is harmless.
    pub fn remove(&self) {
        if let Some(registry) = self.registry.upgrade() {
            lock(&registry).callbacks.retain(|(id, ..)| *id != self.id);
        }
    }
}

impl Listeners {
    fn add(&self, wants: Wants, callback: Callback) -> ListenerHandle {
        let mut registry = lock(&self.0);
        registry.last_id += 1;
        let id = registry.last_id;
        registry.callbacks.push((id, wants, callback));
        ListenerHandle { id, registry: Arc::downgrade(&self.0) }
    }

    /// Tells everybody of a change, once each. The list is copied first, so that callbacks may end subscriptions.
    pub(super) fn tell(&self, before: &Snapshot, now: &Snapshot) {
        let callbacks = lock(&self.0).callbacks.clone();
        for (_, wants, callback) in callbacks {
            let concerned = match wants {
                Wants::Changes => now.client.is_some(),
                Wants::Status => before.status != now.status,
            };
            if concerned {
                guarded(&callback, now);
            }
        }
    }
}

/// A callback that panics must not keep the others from hearing, nor the state from changing.
fn guarded(callback: &Callback, snapshot: &Snapshot) {
    if catch_unwind(AssertUnwindSafe(|| callback(snapshot))).is_err() {
        tracing::error!("a listener of the auth state panicked");
    }
}

impl Clerk {
    /// Hears of every change of client, session, user and organization, once each. When there is a client already, the
    /// listener is called at once. It runs where the change is made, so it must not block.
    ///
    /// # Source
    /// `Clerk.addListener()`.
    pub fn add_listener(&self, listener: impl Fn(&Snapshot) + Send + Sync + 'static) -> ListenerHandle {
        let listener: Callback = Arc::new(listener);
        let handle = self.0.listeners.add(Wants::Changes, listener.clone());
        let snapshot = self.snapshot();
        if snapshot.client.is_some() {
            guarded(&listener, &snapshot);
        }
        handle
    }

    /// Hears of the status; with `notify` the handler is called at once with the present one.
    ///
    /// # Source
    /// `Clerk.on('status')`; [`ListenerHandle::remove`] is `Clerk.off`.
    pub fn on_status(&self, handler: impl Fn(Status) + Send + Sync + 'static, notify: bool) -> ListenerHandle {
        let handler: Callback = Arc::new(move |snapshot: &Snapshot| handler(snapshot.status));
        let handle = self.0.listeners.add(Wants::Status, handler.clone());
        if notify {
            guarded(&handler, &self.snapshot());
        }
        handle
    }

    /// The state now and after each change, as a stream. Who is slow misses states in between, and never the newest.
    pub fn changes(&self) -> impl Stream<Item = Arc<Snapshot>> + Send + 'static {
        let mut receiver = self.subscribe();
        receiver.mark_changed();
        stream::unfold(receiver, |mut receiver| async move {
            receiver.changed().await.ok()?;
            let snapshot = receiver.borrow_and_update().clone();
            Some((snapshot, receiver))
        })
    }
}
