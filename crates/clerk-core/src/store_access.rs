//! Calls to the secret store and the cache. Each has a timeout, because a keyring may wait for the user or hang.

use std::{io, sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::{
    outside,
    ports::{BoxFuture, CacheLock, CacheStore, SecretKey, SecretStore, StoreError},
    secret::StoredSecret,
    sync::lock,
};

/// The limit of a call to the cache.
const TIMEOUT: Duration = Duration::from_secs(10);
/// After a timeout, calls fail at once for this long: each of them could occupy another thread.
const PAUSE_AFTER_TIMEOUT: Duration = Duration::from_secs(60);

/// Remembers whether the store hangs.
pub(crate) struct StoreAccess {
    /// The limit of a call.
    timeout: Duration,
    unresponsive_until: Mutex<Option<Instant>>,
}

impl StoreAccess {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, unresponsive_until: Mutex::default() }
    }

    pub(crate) async fn read(
        &self,
        store: &dyn SecretStore,
        key: &SecretKey,
    ) -> Result<Option<StoredSecret>, StoreError> {
        self.bounded(|| store.read(key)).await
    }

    pub(crate) async fn write(
        &self,
        store: &dyn SecretStore,
        key: &SecretKey,
        secret: StoredSecret,
    ) -> Result<(), StoreError> {
        self.bounded(|| store.write(key, secret)).await
    }

    pub(crate) async fn delete(&self, store: &dyn SecretStore, key: &SecretKey) -> Result<(), StoreError> {
        self.bounded(|| store.delete(key)).await
    }

    async fn bounded<'a, T>(
        &self,
        call: impl FnOnce() -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let unresponsive = || StoreError::Unavailable("the keyring does not respond".to_owned());
        let panicked = || Err(StoreError::Unavailable("the keyring library panicked".to_owned()));
        if lock(&self.unresponsive_until).is_some_and(|until| Instant::now() < until) {
            return Err(unresponsive());
        }
        let called = outside::wait("the secret store", call);
        if let Ok(result) = tokio::time::timeout(self.timeout, called).await {
            *lock(&self.unresponsive_until) = None;
            result.unwrap_or_else(panicked)
        } else {
            *lock(&self.unresponsive_until) = Some(Instant::now() + PAUSE_AFTER_TIMEOUT);
            Err(unresponsive())
        }
    }
}

/// How long other processes may keep the cache locked. They hold the lock during calls to the secret store.
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);

/// Excludes other processes from the cache.
///
/// # Errors
/// Those of the cache, or `TimedOut`.
pub(crate) async fn lock_cache(cache: &dyn CacheStore) -> io::Result<CacheLock> {
    within(LOCK_TIMEOUT, || cache.lock()).await
}

/// Reads the cache.
///
/// # Errors
/// Those of the cache, or `TimedOut`.
pub(crate) fn read_cache(cache: &dyn CacheStore) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
    Box::pin(async move { within(TIMEOUT, || cache.read()).await })
}

/// Writes the cache.
///
/// # Errors
/// Those of the cache, or `TimedOut`.
pub(crate) async fn write_cache(cache: &dyn CacheStore, content: Vec<u8>) -> io::Result<()> {
    within(TIMEOUT, || cache.write(content)).await
}

async fn within<'a, T>(limit: Duration, call: impl FnOnce() -> BoxFuture<'a, io::Result<T>>) -> io::Result<T> {
    match tokio::time::timeout(limit, outside::wait("the cache", call)).await {
        Ok(result) => result.unwrap_or_else(|| Err(io::Error::other("the cache panicked"))),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keyring that never responds.
    struct Hanging;

    impl SecretStore for Hanging {
        fn read(&self, _: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
            Box::pin(std::future::pending())
        }
        fn write(&self, _: &SecretKey, _: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
            Box::pin(std::future::pending())
        }
        fn delete(&self, _: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn call_to_the_secret_store_ends_after_the_configured_timeout() {
        for timeout in [Duration::from_secs(1), Duration::from_secs(90)] {
            let access = StoreAccess::new(timeout);
            let started = Instant::now();
            let read = access.read(&Hanging, &SecretKey::ClientToken("clerk.example.test".to_owned())).await;
            assert!(matches!(read, Err(StoreError::Unavailable(_))));
            assert_eq!(started.elapsed().as_secs(), timeout.as_secs(), "of the paused clock");
        }
    }
}
