//! What the connections, the control API and the handle share: the instance, its snapshots, and the held responses.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::watch;

use crate::state::World;

/// What requests and tests share.
pub(crate) struct Shared {
    world: Mutex<World>,
    /// Counts the releases of held answers.
    released: watch::Sender<u64>,
    records_answers: AtomicBool,
    snapshots: Mutex<Snapshots>,
}

/// States that were kept.
#[derive(Default)]
struct Snapshots {
    made: u64,
    kept: VecDeque<(u64, World)>,
}

/// Snapshots that are kept; an older one is forgotten.
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
            records_answers: AtomicBool::new(false),
            snapshots: Mutex::default(),
        }
    }

    /// The instance. One request is one transaction: the lock is held while it is carried out.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record_answers(&self) {
        self.records_answers.store(true, Ordering::Relaxed);
    }

    pub(crate) fn records_answers(&self) -> bool {
        self.records_answers.load(Ordering::Relaxed)
    }

    /// Lets every answer go that is held now.
    pub(crate) fn release(&self) {
        self.released.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Tells of releases from now on.
    pub(crate) fn releases(&self) -> watch::Receiver<u64> {
        self.released.subscribe()
    }

    /// Keeps the whole state, and returns a name for it.
    pub(crate) fn keep(&self, world: &World) -> String {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.made += 1;
        let name = snapshots.made;
        snapshots.kept.push_back((name, world.clone()));
        if snapshots.kept.len() > SNAPSHOTS {
            snapshots.kept.pop_front();
        }
        name.to_string()
    }

    /// Goes back to a state that was kept. False when there is none of this name.
    pub(crate) fn restore(&self, world: &mut World, id: &str) -> bool {
        let snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = id.parse::<u64>().ok();
        let kept = snapshots.kept.iter().find(|(name, _)| Some(*name) == wanted);
        let found = kept.map(|(_, kept)| *world = kept.clone()).is_some();
        if found {
            // What is held belongs to a state that is gone.
            self.release();
        }
        found
    }
}
