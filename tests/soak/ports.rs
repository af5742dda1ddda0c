//! The ports of the apps: the real ones, with faults and counts.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

use clerk::storage::FileCache;
use clerk_core::{
    HttpTransport,
    ports::{
        BoxFuture, Browser, CacheLock, CacheStore, Event, EventSink, HttpRequest, HttpResponse, SecretKey, SecretStore,
        StoreError, Transport, TransportError,
    },
    secret::StoredSecret,
};
use url::Url;

use crate::pace::Busy;

/// What is wrong with a store.
#[derive(Default)]
pub(crate) struct Trouble(AtomicU8);

impl Trouble {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const FAILS: u8 = 1;
    pub(crate) const HANGS: u8 = 2;

    pub(crate) fn set(&self, trouble: u8) {
        self.0.store(trouble, Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Real HTTP.
pub(crate) struct Network {
    pub(crate) http: HttpTransport,
    pub(crate) busy: Busy,
    pub(crate) requests: Arc<AtomicU64>,
}

impl Transport for Network {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let working = self.busy.begin();
        self.requests.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let result = self.http.send(request).await;
            drop(working);
            result
        })
    }
}

/// The real file.
pub(crate) struct File {
    pub(crate) real: FileCache,
    pub(crate) busy: Busy,
    pub(crate) trouble: Arc<Trouble>,
}

impl File {
    fn run<'a, T: Send + 'a>(&'a self, call: BoxFuture<'a, io::Result<T>>) -> BoxFuture<'a, io::Result<T>> {
        match self.trouble.get() {
            Trouble::FAILS => return Box::pin(std::future::ready(Err(io::ErrorKind::StorageFull.into()))),
            Trouble::HANGS => return Box::pin(std::future::pending()),
            _ => {}
        }
        let working = self.busy.begin();
        Box::pin(async move {
            let result = call.await;
            drop(working);
            result
        })
    }
}

impl CacheStore for File {
    fn read(&self) -> BoxFuture<'_, io::Result<Option<Vec<u8>>>> {
        self.run(self.real.read())
    }

    fn write(&self, content: Vec<u8>) -> BoxFuture<'_, io::Result<()>> {
        self.run(self.real.write(content))
    }

    fn lock(&self) -> BoxFuture<'_, io::Result<CacheLock>> {
        self.run(self.real.lock())
    }
}

/// A keyring.
#[derive(Default)]
pub(crate) struct Keyring {
    secrets: Mutex<HashMap<SecretKey, StoredSecret>>,
    pub(crate) trouble: Trouble,
}

impl Keyring {
    pub(crate) fn len(&self) -> usize {
        self.secrets.lock().unwrap().len()
    }

    /// Adds a secret that nobody deletes.
    pub(crate) fn leak(&self) {
        let key = SecretKey::Records(self.len().to_string());
        self.secrets.lock().unwrap().insert(key, StoredSecret::new("left"));
    }

    fn run<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut HashMap<SecretKey, StoredSecret>) -> T,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        match self.trouble.get() {
            Trouble::FAILS => Box::pin(std::future::ready(Err(StoreError::Unavailable("locked".to_owned())))),
            Trouble::HANGS => Box::pin(std::future::pending()),
            _ => Box::pin(std::future::ready(Ok(call(&mut self.secrets.lock().unwrap())))),
        }
    }
}

impl SecretStore for Keyring {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.run(|secrets| secrets.get(key).cloned())
    }

    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        self.run(|secrets| drop(secrets.insert(key.clone(), secret)))
    }

    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.run(|secrets| drop(secrets.remove(key)))
    }
}

/// The browser: the page that was opened last.
#[derive(Default)]
pub(crate) struct LastPage(Mutex<Option<Url>>);

impl LastPage {
    pub(crate) fn take(&self) -> Option<Url> {
        self.0.lock().unwrap().take()
    }
}

impl Browser for LastPage {
    fn open(&self, url: &Url) -> Result<(), String> {
        *self.0.lock().unwrap() = Some(url.clone());
        Ok(())
    }
}

/// The windows' events. An app holds it, so it also tells whether a closed app is gone.
#[derive(Default)]
pub(crate) struct EventCount(AtomicU64);

impl EventSink for EventCount {
    fn emit(&self, _: Event) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
