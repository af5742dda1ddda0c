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
    callbacks: Vec<Listener>,
}

#[derive(Clone)]
struct Listener {
    id: u64,
    wants: Wants,
    callback: Callback,
    /// The newest revision that it was told of; held while it is told. A listener that is added while a change is made is
    /// told of it once, and never of an older one after a newer one.
    told: Arc<Mutex<Option<u64>>>,
}

impl Listener {
    /// Calls it, unless it knows this revision or a newer one. A callback that panics must not keep the others from
    /// hearing, nor the state from changing.
    fn tell(&self, snapshot: &Snapshot) {
        let mut told = lock(&self.told);
        if told.is_some_and(|revision| revision >= snapshot.revision) {
            return;
        }
        *told = Some(snapshot.revision);
        if catch_unwind(AssertUnwindSafe(|| (self.callback)(snapshot))).is_err() {
            tracing::error!("a listener of the auth state panicked");
        }
    }
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
            lock(&registry).callbacks.retain(|listener| listener.id != self.id);
        }
    }
}

impl Listeners {
    fn add(&self, wants: Wants, callback: Callback) -> (ListenerHandle, Listener) {
        let mut registry = lock(&self.0);
        registry.last_id += 1;
        let id = registry.last_id;
        let listener = Listener { id, wants, callback, told: Arc::default() };
        registry.callbacks.push(listener.clone());
        (ListenerHandle { id, registry: Arc::downgrade(&self.0) }, listener)
    }

    /// Tells everybody of a change, once each. The list is copied first, so that callbacks may end subscriptions.
    pub(super) fn tell(&self, before: &Snapshot, now: &Snapshot) {
        let callbacks = lock(&self.0).callbacks.clone();
        for listener in callbacks {
            let concerned = match listener.wants {
                Wants::Changes => now.client.is_some(),
                Wants::Status => before.status != now.status,
            };
            if concerned {
                listener.tell(now);
            }
        }
    }
}

impl Clerk {
    /// Hears of every change of client, session, user and organization, once each. When there is a client already, the
    /// listener is called at once. It runs where the change is made, so it must not block.
    ///
    /// # Source
    /// `Clerk.addListener()`.
    pub fn add_listener(&self, listener: impl Fn(&Snapshot) + Send + Sync + 'static) -> ListenerHandle {
        let (handle, listener) = self.0.listeners.add(Wants::Changes, Arc::new(listener));
        let snapshot = self.snapshot();
        if snapshot.client.is_some() {
            listener.tell(&snapshot);
        }
        handle
    }

    /// Hears of the status; with `notify` the handler is called at once with the present one.
    ///
    /// # Source
    /// `Clerk.on('status')`; [`ListenerHandle::remove`] is `Clerk.off`.
    pub fn on_status(&self, handler: impl Fn(Status) + Send + Sync + 'static, notify: bool) -> ListenerHandle {
        let (handle, listener) =
            self.0.listeners.add(Wants::Status, Arc::new(move |snapshot: &Snapshot| handler(snapshot.status)));
        if notify {
            listener.tell(&self.snapshot());
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
