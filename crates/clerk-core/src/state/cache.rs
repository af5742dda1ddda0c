//! Restoring the state of an earlier run, and keeping the current one for the next.

use base64::Engine;
use rand::RngCore;

use crate::{
    clerk::Clerk,
    ports::{CacheStore, SecretKey},
    secret::StoredSecret,
    state::sealed::{KEY, Kept},
};

impl Clerk {
    /// What an earlier run of the app kept of this instance.
    pub(crate) async fn read_cache(&self) -> Option<Kept> {
        let cache = self.0.setup.cache.as_ref()?;
        let name = self.0.connection.secret_name()?;
        let sealed = match cache.read().await {
            Ok(sealed) => sealed?,
            Err(error) => {
                tracing::warn!(%error, "what an earlier run kept can't be read");
                return None;
            }
        };
        let kept = Kept::open(&sealed, &self.cache_key(&name, false).await?, &name);
        if kept.is_none() {
            tracing::debug!("what an earlier run kept belongs to another instance or was changed; it is ignored");
        }
        Some(kept?.still_good(self.0.setup.clock.now_ms()))
    }

    /// Keeps the client and the environment whenever they change, for as long as the app runs. The plugin runs this by
    /// itself; without a keyring, or without [`ClerkSetup::cache`](crate::ClerkSetup::cache), nothing is kept.
    pub async fn keep_cache(&self) {
        let Some(cache) = self.0.setup.cache.clone() else { return };
        let mut state = self.subscribe();
        // What was there before counts as well.
        state.mark_changed();
        let mut kept = None;
        while state.changed().await.is_ok() {
            let snapshot = state.borrow_and_update().clone();
            // What was restored is in the cache already.
            if !snapshot.restored
                && let Some(now) = Kept::of(&snapshot)
                && kept.as_ref() != Some(&now)
                && self.write_cache(cache.as_ref(), &now).await
            {
                kept = Some(now);
            }
        }
    }

    async fn write_cache(&self, cache: &dyn CacheStore, kept: &Kept) -> bool {
        let Some(name) = self.0.connection.secret_name() else { return false };
        let Some(key) = self.cache_key(&name, true).await else { return false };
        let Some(sealed) = kept.seal(&key, &name) else { return false };
        match cache.write(sealed).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the state could not be kept; the app will start without it");
                false
            }
        }
    }

    /// The key of the cache, which is made when there is none and `make` says so. `None` without a keyring, which has been
    /// reported when the client token could not be stored.
    async fn cache_key(&self, name: &str, make: bool) -> Option<[u8; KEY]> {
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
        let (secrets, place) = (&self.0.setup.secrets, SecretKey::CacheKey(name.to_owned()));
        let stored = secrets.read(&place).await.ok()?;
        let read = stored.and_then(|text| base64.decode(text.expose()).ok()).and_then(|bytes| bytes.try_into().ok());
        if read.is_some() || !make {
            return read;
        }
        let mut key = [0; KEY];
        rand::rng().fill_bytes(&mut key);
        secrets.write(&place, StoredSecret::new(base64.encode(key))).await.ok()?;
        Some(key)
    }
}
