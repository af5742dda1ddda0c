//! State shared by the connections, the control API and the handle.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::sync::watch;

use crate::state::World;

/// The instance, its snapshots, and the release of held responses.
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Number of releases of held responses.
    released: watch::Sender<u64>,
    records_responses: AtomicBool,
    /// Number of open connections.
    connections: AtomicUsize,
    snapshots: Mutex<Snapshots>,
}

/// Counts a connection until it is dropped.
pub(crate) struct Connected<'a>(&'a Shared);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Snapshots of the whole state.
#[derive(Default)]
struct Snapshots {
    made: u64,
    kept: VecDeque<(u64, World)>,
}

/// Maximum number of snapshots.
const SNAPSHOTS: usize = 16;

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Mutex::new(world),
            released: watch::Sender::new(0),
            records_responses: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            snapshots: Mutex::default(),
        }
    }

    /// Locks the instance. A request holds the lock while it is carried out, so requests are transactions.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection.
    pub(crate) fn connected(&self) -> Connected<'_> {
        self.connections.fetch_add(1, Ordering::AcqRel);
        Connected(self)
    }

    /// Returns the number of open connections.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    pub(crate) fn record_responses(&self) {
        self.records_responses.store(true, Ordering::Relaxed);
    }

    pub(crate) fn records_responses(&self) -> bool {
        self.records_responses.load(Ordering::Relaxed)
    }

    /// Releases all responses that are held now.
    pub(crate) fn release(&self) {
        self.released.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Returns a receiver that is notified of releases from now on.
    pub(crate) fn releases(&self) -> watch::Receiver<u64> {
        self.released.subscribe()
    }

    /// Takes a snapshot of the whole state and returns its name.
    pub(crate) fn snapshot(&self, world: &World) -> String {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.made += 1;
        let name = snapshots.made;
        snapshots.kept.push_back((name, world.clone()));
        if snapshots.kept.len() > SNAPSHOTS {
            snapshots.kept.pop_front();
        }
        name.to_string()
    }

    /// Restores a snapshot. Returns `false` if it does not exist.
    pub(crate) fn restore(&self, world: &mut World, id: &str) -> bool {
        let snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = id.parse::<u64>().ok();
        let kept = snapshots.kept.iter().find(|(name, _)| Some(*name) == wanted);
        let found = kept.map(|(_, kept)| *world = kept.clone()).is_some();
        if found {
            // Held responses belong to the discarded state.
            self.release();
        }
        found
    }
}
