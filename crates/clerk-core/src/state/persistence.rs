//! Reads and writes what is stored: the entry of the secret store, and the sealed file.
//!
//! Several processes of the app may share them. Each change reads first what the others left, while others are locked out
//! ([`CacheStore::lock`](crate::ports::CacheStore::lock)). No state changes here while the turn of the vault is held.

use serde_json::Value;

use crate::{
    clerk::Clerk,
    exchange::connection::is_same_client,
    fapi::pipeline::is_usable_token,
    ports::{BoxFuture, CacheLock, SecretKey, StoreError},
    secret::{ClientToken, Secret, StoredSecret},
    state::{
        revocation_queue::Revocation,
        sealed::{CachedState, Sealed},
        transition::Transition,
        unfinished::Unfinished,
        vault::{Entry, EntryText, SealKey},
    },
    store_access,
};

/// The entry as it is stored.
struct StoredEntry {
    entry: Entry,
    /// Whether the key of the file is stored too, so that the file can be read again.
    has_key: bool,
}

/// What an earlier run of the app left.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) token: Option<ClientToken>,
    pub(crate) state: Option<CachedState>,
    /// The record of a pending flow.
    pub(crate) flow: Option<Secret<Value>>,
}

impl Clerk {
    /// Reads the stored client token and state of this instance. Migrates the layout of earlier versions.
    ///
    /// # Errors
    /// Those of the secret store.
    pub(crate) fn open_stored<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Opened, StoreError>> {
        Box::pin(async move {
            let vault = &self.0.vault;
            let _turn = vault.turn.lock().await;
            let _lock = self.lock_stored().await;
            vault.set_known(None);
            let mut unusable = false;
            let (mut entry, content) = match self.read_secret(&SecretKey::ClientToken(name.to_owned())).await? {
                Some(text) => match Entry::read(&text) {
                    EntryText::Entry(entry) => {
                        let content = self.read_content(name, &entry.key).await;
                        (entry, content)
                    }
                    EntryText::Token(token) => {
                        unusable = !is_usable_token(&token);
                        self.migrate(name, Some(token).filter(is_usable_token)).await?
                    }
                    EntryText::Invalid => {
                        return Err(StoreError::Corrupt("the entry has an unknown format".to_owned()));
                    }
                },
                None => self.migrate(name, None).await?,
            };
            let mut content = match content {
                Ok(content) => content,
                Err(error) if entry.token_in_file => return Err(error),
                Err(_) => Sealed::default(),
            };
            if entry.token_in_file {
                entry.token = content.token.as_ref().map(|token| ClientToken::new(token.expose()));
            }
            unusable |= entry.token.take_if(|token| !is_usable_token(token)).is_some();
            vault.set_known(Some(entry.clone()));
            self.0.revocations.note_stored(&content.revocations);
            self.0.revocations.restore(content.revocations.clone());
            self.0.revocations.restore(entry.revocations(self.0.setup.clock.now_ms()));
            match vault.unfinished() {
                None => {}
                Some(Unfinished::Renewal) => {
                    self.write_renewed(name, entry.clone(), &mut content).await;
                }
                Some(Unfinished::Discard) => {
                    self.replace_discarded(name, Entry { token: None, ..entry }).await;
                    return Ok(Opened::default());
                }
            }
            if unusable {
                return Err(StoreError::Corrupt("it is not a client token".to_owned()));
            }
            Ok(Opened { token: entry.token, state: content.state, flow: content.flow })
        })
    }

    /// Migrates the layout of earlier versions, which had separate keyring entries for the client token, the file key and the
    /// pending flow. Returns the entry and the content of the sealed file.
    async fn migrate(
        &self,
        name: &str,
        token: Option<ClientToken>,
    ) -> Result<(Entry, Result<Sealed, StoreError>), StoreError> {
        use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
        let (old_key, old_flow) = (SecretKey::CacheKey(name.to_owned()), SecretKey::PendingFlow(name.to_owned()));
        let decoded = |stored| match stored {
            Err(StoreError::Corrupt(_)) => Ok(None),
            stored => stored,
        };
        let key = decoded(self.read_secret(&old_key).await)?;
        let flow = decoded(self.read_secret(&old_flow).await)?;
        let mut entry = Entry::new(token);
        if entry.token.is_none() && key.is_none() && flow.is_none() {
            return Ok((entry, Ok(Sealed::default())));
        }
        let state = match (&self.0.setup.cache, &key) {
            (Some(cache), Some(key)) => {
                let mut decoded = Secret::new([0; 32]);
                let has_key = STANDARD_NO_PAD.decode_slice(key.expose(), decoded.expose_mut()) == Ok(32);
                let sealed = store_access::read_cache(cache.as_ref()).await.ok().flatten().filter(|_| has_key);
                sealed.and_then(|sealed| Sealed::open_old(&sealed, &decoded, name))
            }
            _ => None,
        };
        let state = state.map(|state| CachedState { confirmed_at_ms: self.0.setup.clock.now_ms(), ..state });
        let flow = flow.and_then(|flow| serde_json::from_str::<Value>(flow.expose()).ok()).map(Secret::new);
        let mut content = Sealed { state, flow, ..Sealed::default() };
        if self.write_both(name, &mut entry, &mut content).await.is_ok() {
            for old in [old_key, old_flow] {
                if let Err(error) = self.delete_secret(&old).await {
                    tracing::debug!(%error, "an entry of an earlier version could not be deleted");
                }
            }
        }
        Ok((entry, Ok(content)))
    }

    /// Stores a new client token, if it is still the present one. Returns the token of another process that is to be used
    /// instead.
    ///
    /// # Errors
    /// Those of the secret store.
    pub(crate) fn save_token<'a>(
        &'a self,
        token: Option<&'a ClientToken>,
    ) -> BoxFuture<'a, Result<Option<ClientToken>, StoreError>> {
        Box::pin(async move {
            let vault = &self.0.vault;
            let connection = &self.0.connection;
            let Some(name) = connection.secret_name() else { return Ok(None) };
            if let Some(token) = token {
                vault.remember_own(token);
            }
            let _turn = vault.turn.lock().await;
            // Another response may have brought a newer token while this one waited.
            if connection.client_token().as_ref() != token {
                return Ok(None);
            }
            let _lock = self.lock_stored().await;
            let stored = match self.read_entry(&name).await {
                Err(StoreError::Corrupt(_)) => None,
                stored => stored?,
            };
            let was_unknown = connection.store_is_unknown();
            connection.set_store_is_unknown(false);
            let mut stored = stored.map(|stored| stored.entry);
            if was_unknown || stored.is_none() {
                self.read_unfinished().await;
            }
            // The user of the unread entry was on this device too, when somebody signed out of it.
            if vault.unfinished() == Some(Unfinished::Discard) || (was_unknown && connection.was_signed_out()) {
                let entry = stored.take().unwrap_or_else(|| Entry::new(None));
                if self.0.setup.cache.is_some() {
                    self.replace_discarded(&name, Entry { token: token.cloned(), ..entry }).await;
                    if vault.unfinished().is_some() {
                        return Err(StoreError::Unavailable("the entry could not be replaced".to_owned()));
                    }
                    connection.set_token_is_unsaved(false);
                    return Ok(None);
                }
            }
            if let Some(theirs) = stored.as_ref().and_then(|entry| entry.token.as_ref())
                && token != Some(theirs)
                && vault.is_foreign(theirs)
                && !self.prefers_own(token, theirs, was_unknown)
            {
                let theirs = theirs.clone();
                vault.set_known(stored);
                connection.set_token_is_unsaved(false);
                return Ok(Some(theirs));
            }
            let mut entry = stored.or_else(|| vault.known()).unwrap_or_else(|| Entry::new(None));
            let was_in_file = entry.token_in_file;
            entry.token = token.cloned();
            entry.token_in_file = false;
            let mut content = None;
            if self.0.setup.cache.is_some() && (was_in_file || !entry.fits()) {
                let mut read = self.read_content(&name, &entry.key).await.unwrap_or_default();
                self.0.revocations.merge(read.revocations.clone());
                self.place_token(&mut entry, &mut read);
                content = Some(read);
            }
            // A crash in between leaves an entry whose token exists: it is put into the file before the entry says so, and removed from
            // there afterwards.
            let (first, then) = if entry.token_in_file { (content, None) } else { (None, content) };
            if let Some(content) = first {
                self.write_content(&name, &entry.key, &content).await?;
            }
            self.write_secret(&SecretKey::ClientToken(name.clone()), entry.text()).await?;
            vault.set_known(Some(entry.clone()));
            vault.set_token_is_withheld(false);
            if let Some(content) = then {
                self.write_content(&name, &entry.key, &content).await?;
            }
            connection.set_token_is_unsaved(false);
            Ok(None)
        })
    }

    /// Whether the own token replaces the one of another process, or of an earlier run that could not be read until now. A token
    /// of the same client was rotated after the own one; another client gives way to a user who signed in here.
    fn prefers_own(&self, own: Option<&ClientToken>, theirs: &ClientToken, was_unknown: bool) -> bool {
        self.0.store.snapshot().session().is_some()
            && (was_unknown || !own.is_some_and(|own| is_same_client(own, theirs)))
    }

    /// Returns the stored token if another process replaced the one that this process knows, and it is to be used instead.
    pub(crate) async fn token_of_another_process(&self) -> Option<ClientToken> {
        let name = self.0.connection.secret_name()?;
        if self.0.connection.store_is_unknown() {
            return None;
        }
        let _turn = self.0.vault.turn.lock().await;
        let stored = self.read_entry(&name).await.ok()??.entry;
        let own = self.0.connection.client_token();
        let theirs = stored
            .token
            .clone()
            .filter(|token| self.0.vault.is_foreign(token) && !self.prefers_own(own.as_ref(), token, false))?;
        self.0.vault.set_known(Some(stored));
        Some(theirs)
    }

    /// Changes the content of the sealed file, together with what other processes left there. Returns whether it is stored.
    pub(crate) fn update_stored<'a>(&'a self, change: impl FnOnce(&mut Sealed) + Send + 'a) -> BoxFuture<'a, bool> {
        self.rewrite_stored(false, Box::new(change))
    }

    /// Rotates the key of the sealed file, which makes every older copy of the file unreadable, and stores the current state.
    /// Must be called before listeners are notified that a user signed out.
    pub(crate) fn renew_key(&self) -> BoxFuture<'_, bool> {
        self.rewrite_stored(true, Box::new(|_| {}))
    }

    /// As [`renew_key`](Self::renew_key), and no state is stored.
    pub(crate) fn forget_state(&self) -> BoxFuture<'_, bool> {
        self.rewrite_stored(true, Box::new(|content| content.state = None))
    }

    fn rewrite_stored<'a>(
        &'a self,
        renew: bool,
        change: Box<dyn FnOnce(&mut Sealed) + Send + 'a>,
    ) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let connection = &self.0.connection;
            let Some(name) = connection.secret_name() else { return false };
            if connection.needs_store() {
                // Finds out first who was signed in on this device, and does not keep an older token beside the newer state.
                self.store_token(connection.client_token()).await;
            }
            let (stored, theirs, is_outdated) = {
                let vault = &self.0.vault;
                let _turn = vault.turn.lock().await;
                let _lock = self.lock_stored().await;
                let known = || vault.known().unwrap_or_else(|| Entry::new(None));
                let (StoredEntry { entry, has_key }, can_renew) = match self.read_entry(&name).await {
                    Ok(Some(stored)) => (stored, true),
                    Ok(None) | Err(StoreError::Corrupt(_)) => (StoredEntry { entry: known(), has_key: false }, true),
                    // With the known key, the file can still be replaced by one that shows nobody.
                    Err(StoreError::Unavailable(_)) if renew && vault.known().is_some() => {
                        vault.set_unfinished(vault.unfinished().or(Some(Unfinished::Renewal)));
                        (StoredEntry { entry: known(), has_key: true }, false)
                    }
                    Err(StoreError::Unavailable(_)) => {
                        if renew && connection.store_is_unknown() && connection.was_signed_out() {
                            self.discard_unread_entry().await;
                        }
                        return false;
                    }
                };
                let own = connection.client_token();
                let theirs = entry.token.clone().filter(|token| {
                    vault.is_foreign(token)
                        && !connection.store_is_unknown()
                        && !self.prefers_own(own.as_ref(), token, false)
                });
                // Another process renewed the key, because somebody signed out there: what this process shows may be outdated.
                let is_outdated = has_key && vault.known().is_some_and(|known| known.key != entry.key);
                let before = match self.read_content(&name, &entry.key).await {
                    Ok(content) => content,
                    Err(_) if renew => Sealed::default(),
                    Err(_) => return false,
                };
                let mut content = before.clone();
                if renew || !is_outdated {
                    self.put_state(&mut content);
                }
                self.0.revocations.restore(entry.revocations(self.0.setup.clock.now_ms()));
                content.revocations = self.0.revocations.merge(content.revocations);
                change(&mut content);
                // What only the entry says belongs into the file.
                let renews = renew || vault.unfinished().is_some() || !entry.signed_out.is_empty();
                let stored = if can_renew && renews {
                    let stored = self.write_renewed(&name, entry, &mut content).await;
                    if !stored && self.would_restore_signed_out_user() {
                        self.forget_stored_token(&name).await;
                    }
                    stored
                } else if before == content && vault.unfinished().is_none() {
                    vault.set_known(Some(entry));
                    true
                } else {
                    self.write_stored(&name, entry, has_key, &mut content).await
                };
                if stored {
                    self.0.revocations.note_stored(&content.revocations);
                }
                (stored, theirs, is_outdated && !renew)
            };
            self.forget_signed_out().await;
            if stored && self.0.vault.token_is_withheld() {
                self.store_token(connection.client_token()).await;
            }
            if let Some(theirs) = theirs {
                self.adopt_stored_token(theirs).await;
            } else if is_outdated {
                self.doubt_identity();
            }
            stored && !is_outdated
        })
    }

    /// Writes a new key, and the content with it. If the key can't be stored, the old one remains in use.
    ///
    /// The content is written first, for both keys. So a crash leaves the content of before or this one, and no file that the
    /// stored key does not open. Once the new key is stored, older files can't be opened any more.
    fn write_renewed<'a>(&'a self, name: &'a str, entry: Entry, content: &'a mut Sealed) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let mut renewed = Entry { key: SealKey::random(), signed_out: Vec::new(), ..entry.clone() };
            self.place_token(&mut renewed, content);
            let sealed = content.seal_for_both(&renewed.key, &entry.key, name);
            // The key is replaced even if the file can't be written: the existing file may still show a signed-out user.
            let mut written = self.write_sealed(name, sealed, content).await;
            if written.is_err() {
                renewed.keep_signed_out(&content.revocations);
            }
            match self.write_secret(&SecretKey::ClientToken(name.to_owned()), renewed.text()).await {
                Ok(()) => {
                    if self.0.vault.unfinished().is_some() {
                        self.0.vault.set_unfinished(None);
                        written = self.write_content(name, &renewed.key, content).await;
                    }
                    self.remember_written(renewed, &written)
                }
                Err(error) => {
                    self.report_store_error(&error);
                    // Tried again with the next change, or at the next start.
                    self.0.vault.set_unfinished(self.0.vault.unfinished().or(Some(Unfinished::Renewal)));
                    self.write_stored(name, entry, true, content).await
                }
            }
        })
    }

    /// Whether the next start of the app would restore a signed-out user, because the sessions to end could not be stored, not even
    /// in the entry.
    pub(crate) fn would_restore_signed_out_user(&self) -> bool {
        let Some(known) = self.0.vault.known().filter(|known| known.token.is_some()) else { return false };
        let is_kept = |revocation: &Revocation| {
            revocation.session().is_some_and(|session| known.signed_out.iter().any(|(kept, _)| kept == session))
        };
        !self.0.revocations.pending().iter().all(is_kept)
    }

    /// Removes the client token from the entry. This run keeps it, and stores it again once the sessions to end are stored.
    async fn forget_stored_token(&self, name: &str) {
        let Some(known) = self.0.vault.known() else { return };
        let entry = Entry { token: None, token_in_file: false, ..known };
        match self.write_secret(&SecretKey::ClientToken(name.to_owned()), entry.text()).await {
            Ok(()) => {
                self.0.vault.set_known(Some(entry));
                self.0.vault.set_token_is_withheld(true);
                self.recover_store();
            }
            Err(error) => self.report_store_error(&error),
        }
    }

    fn write_stored<'a>(
        &'a self,
        name: &'a str,
        mut entry: Entry,
        has_key: bool,
        content: &'a mut Sealed,
    ) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let written = match has_key {
                true => self.write_content(name, &entry.key, content).await,
                false => self.write_both(name, &mut entry, content).await,
            };
            self.remember_written(entry, &written)
        })
    }

    /// Remembers the entry that was written. Returns whether its file was, too.
    fn remember_written(&self, entry: Entry, file: &Result<(), StoreError>) -> bool {
        self.0.vault.set_known(Some(entry));
        if let Err(error) = file {
            tracing::warn!(%error, "the state could not be stored; the next start of the app requires the network");
        }
        file.is_ok()
    }

    /// Writes `entry` in place of one that is to be forgotten, of which only the sessions to end are kept.
    async fn replace_discarded(&self, name: &str, entry: Entry) {
        let before = self.read_content(name, &entry.key).await.unwrap_or_default();
        let revocations = self.0.revocations.merge(before.revocations);
        self.0.vault.set_unfinished(Some(Unfinished::Discard));
        let entry = Entry { token_in_file: false, ..entry };
        self.write_renewed(name, entry, &mut Sealed { revocations, ..Sealed::default() }).await;
    }

    /// Notes in the file that the entry, which can't be read, is to be forgotten once it can: its user was on this device too,
    /// when somebody signed out of it.
    async fn discard_unread_entry(&self) {
        let Some(cache) = self.0.setup.cache.as_deref() else { return };
        let file = match store_access::read_cache(cache).await {
            Ok(file) => file.unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "the stored state could not be read");
                return;
            }
        };
        self.0.vault.set_unfinished(Some(Unfinished::Discard));
        let file = Unfinished::write(Some(Unfinished::Discard), &file);
        if let Err(error) = store_access::write_cache(cache, file).await {
            tracing::warn!(%error, "the sign-out could not be stored");
        }
    }

    /// Reads what is still to be done to the entry.
    async fn read_unfinished(&self) {
        let Some(cache) = self.0.setup.cache.as_deref() else { return };
        if let Ok(file) = store_access::read_cache(cache).await {
            self.0.vault.note_unfinished(file.as_deref().and_then(Unfinished::read));
        }
    }

    /// Reads the content of the sealed file.
    pub(crate) fn read_stored(&self) -> BoxFuture<'_, Option<Sealed>> {
        Box::pin(async move {
            let name = self.0.connection.secret_name()?;
            let _turn = self.0.vault.turn.lock().await;
            let _lock = self.lock_stored().await;
            let key = self.read_entry(&name).await.ok()??.entry.key;
            self.read_content(&name, &key).await.ok()
        })
    }

    /// Puts the present state into the content of the file.
    fn put_state(&self, content: &mut Sealed) {
        let snapshot = self.0.store.snapshot();
        if !self.0.setup.keep_state || self.0.setup.cache.is_none() {
            content.state = None;
        } else if let Some(state) = CachedState::of(&snapshot) {
            content.state = Some(state);
        }
    }

    /// Applies sign-outs that another process stored.
    pub(crate) async fn forget_signed_out(&self) {
        let pending = self.0.revocations.sessions();
        let signed_out = self.0.store.snapshot().signed_out.clone();
        let sessions: Vec<_> = pending.iter().filter(|session| !signed_out.contains(session)).cloned().collect();
        if !sessions.is_empty() {
            self.apply([Transition::SignedOut { sessions, pending }]).await;
        }
    }

    /// Excludes other processes, as far as they don't hang.
    fn lock_stored(&self) -> BoxFuture<'_, Option<CacheLock>> {
        Box::pin(async move {
            match store_access::lock_cache(self.0.setup.cache.as_deref()?).await {
                Ok(lock) => Some(lock),
                Err(error) => {
                    tracing::debug!(%error, "other processes of the app could not be excluded");
                    None
                }
            }
        })
    }

    /// Reads the entry with its token, in any form.
    fn read_entry<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<StoredEntry>, StoreError>> {
        Box::pin(async move {
            let Some(text) = self.read_secret(&SecretKey::ClientToken(name.to_owned())).await? else { return Ok(None) };
            match Entry::read(&text) {
                EntryText::Entry(mut entry) => {
                    if entry.token_in_file {
                        entry.token = self
                            .read_content(name, &entry.key)
                            .await?
                            .token
                            .as_ref()
                            .map(|token| ClientToken::new(token.expose()));
                    }
                    entry.token.take_if(|token| !is_usable_token(token));
                    Ok(Some(StoredEntry { entry, has_key: true }))
                }
                EntryText::Token(token) => {
                    let key = self.0.vault.known().map_or_else(SealKey::random, |known| known.key);
                    let token = Some(token).filter(is_usable_token);
                    let entry = Entry { token, token_in_file: false, key, signed_out: Vec::new() };
                    Ok(Some(StoredEntry { entry, has_key: false }))
                }
                EntryText::Invalid => Err(StoreError::Corrupt("the entry has an unknown format".to_owned())),
            }
        })
    }

    /// Puts the token where it fits: into the entry, or into the file.
    fn place_token(&self, entry: &mut Entry, content: &mut Sealed) {
        entry.token_in_file = false;
        entry.token_in_file = self.0.setup.cache.is_some() && !entry.fits();
        let token = entry.token.as_ref().filter(|_| entry.token_in_file);
        content.token = token.map(|token| Secret::new(token.expose().to_owned()));
    }

    /// Writes an entry with a key that is not stored yet, and the content, which comes first: it may contain the token.
    async fn write_both(&self, name: &str, entry: &mut Entry, content: &mut Sealed) -> Result<(), StoreError> {
        self.place_token(entry, content);
        let written = self.write_content(name, &entry.key, content).await;
        if written.is_ok() || !entry.token_in_file {
            self.write_secret(&SecretKey::ClientToken(name.to_owned()), entry.text()).await?;
        }
        written
    }

    /// Reads the content of the file; it is empty if there is no file, or if it was sealed for somebody else. Without a file,
    /// reads the entry that replaces it.
    fn read_content<'a>(&'a self, name: &'a str, key: &'a SealKey) -> BoxFuture<'a, Result<Sealed, StoreError>> {
        Box::pin(async move {
            let Some(cache) = self.0.setup.cache.as_ref() else {
                let text = self.read_secret(&SecretKey::Records(name.to_owned())).await?;
                return Ok(text.and_then(|text| serde_json::from_str(text.expose()).ok()).unwrap_or_default());
            };
            match store_access::read_cache(cache.as_ref()).await {
                Ok(sealed) => {
                    self.0.vault.note_unfinished(sealed.as_deref().and_then(Unfinished::read));
                    let content = sealed.as_ref().and_then(|sealed| Sealed::open(sealed, key, name));
                    if sealed.is_some() && content.is_none() {
                        tracing::debug!(
                            "the stored state is outdated, belongs to another instance or was modified; it is ignored"
                        );
                    }
                    Ok(content.unwrap_or_default())
                }
                // Something else is in its place, which the next write replaces.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    tracing::warn!(%error, "the stored state is not usable");
                    Ok(Sealed::default())
                }
                Err(error) => {
                    tracing::warn!(%error, "the stored state could not be read");
                    Err(StoreError::Unavailable(format!("the stored state could not be read: {error}")))
                }
            }
        })
    }

    async fn write_content(&self, name: &str, key: &SealKey, content: &Sealed) -> Result<(), StoreError> {
        self.write_sealed(name, content.seal(key, name), content).await
    }

    /// Writes the content of the file as it was sealed. Without a file, writes the entry that replaces it.
    fn write_sealed<'a>(
        &'a self,
        name: &'a str,
        sealed: Option<Vec<u8>>,
        content: &'a Sealed,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let failed = |why: String| StoreError::Unavailable(why);
            let Some(cache) = self.0.setup.cache.as_ref() else {
                let place = SecretKey::Records(name.to_owned());
                let content = Sealed { state: None, ..content.clone() };
                if content.is_empty() {
                    return self.delete_secret(&place).await;
                }
                let text = serde_json::to_string(&content).map_err(|error| failed(error.to_string()))?;
                return self.write_secret(&place, StoredSecret::new(text)).await;
            };
            let sealed = sealed.ok_or_else(|| failed("the state could not be encrypted".to_owned()))?;
            let sealed = Unfinished::write(self.0.vault.unfinished(), &sealed);
            store_access::write_cache(cache.as_ref(), sealed).await.map_err(|error| failed(error.to_string()))
        })
    }
}
