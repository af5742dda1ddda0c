//! What survives the end of a process, and processes that are killed between two writes.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use clerk_core::{
    ports::{BoxFuture, CacheStore, SecretKey, SecretStore, StoreError},
    secret::StoredSecret,
    storage::MemoryStore,
};

use crate::MemoryCache;

/// A secret store and the sealed file, shared by the processes that run one after the other.
#[derive(Clone, Default)]
pub struct Disk {
    pub secrets: Arc<MemoryStore>,
    pub cache: Arc<MemoryCache>,
}

/// The stores of one process. Once it is killed, nothing that it writes arrives any more.
pub struct Process {
    disk: Disk,
    writes_left: AtomicUsize,
    is_killed: AtomicBool,
}

impl Disk {
    /// Begins a process.
    pub fn process(&self) -> Arc<Process> {
        let writes_left = AtomicUsize::new(usize::MAX);
        Arc::new(Process { disk: self.clone(), writes_left, is_killed: AtomicBool::default() })
    }
}

impl Process {
    /// Kills the process just before it writes once more after `writes` writes.
    pub fn kill_after(&self, writes: usize) {
        self.writes_left.store(writes, Ordering::SeqCst);
    }

    /// Kills the process.
    pub fn kill(&self) {
        self.is_killed.store(true, Ordering::SeqCst);
    }

    pub fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::SeqCst)
    }

    fn may_write(&self) -> bool {
        let left = self.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            self.kill();
        }
        !self.is_killed()
    }
}

impl SecretStore for Process {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.disk.secrets.read(key)
    }
    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.may_write() { self.disk.secrets.write(key, secret) } else { Box::pin(std::future::ready(Ok(()))) }
    }
    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        if self.may_write() { self.disk.secrets.delete(key) } else { Box::pin(std::future::ready(Ok(()))) }
    }
}

impl CacheStore for Process {
    fn read(&self) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
        self.disk.cache.read()
    }
    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        if self.may_write() { self.disk.cache.write(content) } else { Box::pin(std::future::ready(Ok(()))) }
    }
}
