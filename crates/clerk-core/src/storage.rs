//! A secret store that lasts as long as the process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    ports::{BoxFuture, SecretKey, SecretStore, StoreError},
    secret::StoredSecret,
};

/// Stores secrets in memory: the user has to sign in again after each start of the app.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<HashMap<SecretKey, StoredSecret>>);

impl MemoryStore {
    fn with<T: Send + 'static>(
        &self,
        action: impl FnOnce(&mut HashMap<SecretKey, StoredSecret>) -> T,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let result = action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(std::future::ready(Ok(result)))
    }
}

impl SecretStore for MemoryStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.with(|secrets| secrets.get(key).cloned())
    }

    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(|secrets| {
            secrets.insert(key.clone(), secret);
        })
    }

    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with(|secrets| {
            secrets.remove(key);
        })
    }
}
