//! Restores the cached state of an earlier run, and caches the current one for the next.

use base64::Engine;
use rand::RngCore;

use crate::{
    clerk::Clerk,
    ports::{CacheStore, SecretKey},
    secret::StoredSecret,
    state::sealed::{CachedState, KEY},
    store_access,
};

impl Clerk {
    /// Returns the state of this instance that an earlier run of the app cached.
    pub(crate) async fn read_cache(&self) -> Option<CachedState> {
        let cache = self.0.setup.cache.as_ref()?;
        let name = self.0.connection.secret_name()?;
        let sealed = match store_access::read_cache(cache.as_ref()).await {
            Ok(sealed) => sealed?,
            Err(error) => {
                tracing::warn!(%error, "the cached state could not be read");
                return None;
            }
        };
        let cached = CachedState::open(&sealed, &self.cache_key(&name, false).await?, &name);
        if cached.is_none() {
            tracing::debug!("the cached state belongs to another instance or was modified; it is ignored");
        }
        Some(cached?.without_expired_sessions(self.0.setup.clock.now_ms()))
    }

    /// Caches the client and the environment whenever they change, for as long as the app runs. The plugin runs this by
    /// itself. Without a keyring or without [`ClerkSetup::cache`](crate::ClerkSetup::cache), nothing is cached.
    pub async fn keep_cache(&self) {
        let Some(cache) = self.0.setup.cache.clone() else { return };
        let mut state = self.subscribe();
        // The state so far is cached too.
        state.mark_changed();
        let mut cached = None;
        while state.changed().await.is_ok() {
            let snapshot = state.borrow_and_update().clone();
            // The restored state is cached already.
            if !snapshot.restored
                && let Some(current) = CachedState::of(&snapshot)
                && cached.as_ref() != Some(&current)
                && self.write_cache(cache.as_ref(), &current).await
            {
                cached = Some(current);
            }
        }
    }

    async fn write_cache(&self, cache: &dyn CacheStore, state: &CachedState) -> bool {
        let Some(name) = self.0.connection.secret_name() else { return false };
        let Some(key) = self.cache_key(&name, true).await else { return false };
        let Some(sealed) = state.seal(&key, &name) else { return false };
        match store_access::write_cache(cache, sealed).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the state could not be cached; the next start of the app requires the network");
                false
            }
        }
    }

    /// Returns the key of the cache, and creates it if it is missing and `create` is true. `None` without a keyring,
    /// which has been reported when the client token could not be stored.
    async fn cache_key(&self, name: &str, create: bool) -> Option<[u8; KEY]> {
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
        let place = SecretKey::CacheKey(name.to_owned());
        let stored = self.read_secret(&place).await.ok()?;
        let read = stored.and_then(|text| base64.decode(text.expose()).ok()).and_then(|bytes| bytes.try_into().ok());
        if read.is_some() || !create {
            return read;
        }
        let mut key = [0; KEY];
        rand::rng().fill_bytes(&mut key);
        self.write_secret(&place, StoredSecret::new(base64.encode(key))).await.ok()?;
        Some(key)
    }
}
