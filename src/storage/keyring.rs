//! The keyring of the operating system: Keychain on macOS, Credential Manager on Windows, Secret Service on Linux; on a Linux
//! without a Secret Service, the kernel's keyring.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use keyring::Error;
use tokio::sync::Semaphore;

use crate::{
    ports::{BoxFuture, SecretKey, SecretLifetime, SecretStore, StoreError},
    secret::StoredSecret,
};

/// Stores secrets in the keyring of the operating system. The service is the app's identifier; the account names the
/// kind of secret and the instance.
///
/// On a Linux without a Secret Service, the kernel keeps the secrets in memory until the user logs out.
#[derive(Clone)]
pub struct KeyringStore {
    service: String,
    places: Arc<Places>,
    free: Arc<Semaphore>,
}

/// How many calls may be under way. A call to a keyring that hangs occupies its thread for ever.
const MAX_UNDER_WAY: usize = 4;

impl std::fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyringStore").field("service", &self.service).finish_non_exhaustive()
    }
}

/// Where secrets are stored.
struct Places {
    keyring: Box<dyn Place>,
    /// Used if there is no keyring.
    kernel: Option<Box<dyn Place>>,
    /// Whether the last secret was written to `kernel`, or read from it.
    is_in_kernel: AtomicBool,
}

/// One place where secrets are stored. Its calls may wait for the user.
trait Place: Send + Sync {
    fn read(&self, service: &str, account: &str) -> Result<String, Error>;
    fn write(&self, service: &str, account: &str, secret: &str) -> Result<(), Error>;
    fn delete(&self, service: &str, account: &str) -> Result<(), Error>;
}

impl KeyringStore {
    /// Creates a store for the app with this identifier.
    pub fn new(app_identifier: impl Into<String>) -> Self {
        #[cfg(target_os = "linux")]
        let kernel = Some(Box::new(Kernel) as Box<dyn Place>);
        #[cfg(not(target_os = "linux"))]
        let kernel = None;
        Self::with_places(app_identifier.into(), Box::new(Keyring), kernel)
    }

    fn with_places(service: String, keyring: Box<dyn Place>, kernel: Option<Box<dyn Place>>) -> Self {
        Self {
            service,
            places: Arc::new(Places { keyring, kernel, is_in_kernel: AtomicBool::default() }),
            free: Arc::new(Semaphore::new(MAX_UNDER_WAY)),
        }
    }

    /// Runs `action` on a thread where it may wait for the user to unlock the keyring.
    fn run<T: Send + 'static>(
        &self,
        key: &SecretKey,
        action: impl FnOnce(&Places, &str, &str) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let (service, account, places) = (self.service.clone(), key.account(), self.places.clone());
        let free = self.free.clone();
        Box::pin(async move {
            let failed = || StoreError::Unavailable("the keyring library failed".to_owned());
            let place = free.acquire_owned().await.map_err(|_| failed())?;
            let action = move || {
                // Kept until the call returns, also if its caller has given up.
                let _place = place;
                action(&places, &service, &account)
            };
            tokio::task::spawn_blocking(action).await.map_err(|_| failed())?.map_err(store_error)
        })
    }
}

impl Places {
    /// Secrets in the kernel are newer than those of the keyring: the keyring was missing when they were written.
    fn read(&self, service: &str, account: &str) -> Result<String, Error> {
        if let Some(kernel) = &self.kernel
            && let Ok(secret) = kernel.read(service, account)
        {
            self.is_in_kernel.store(true, Ordering::Release);
            return Ok(secret);
        }
        match (self.keyring.read(service, account), &self.kernel) {
            (Err(Error::NoDefaultStore), Some(kernel)) => or_no_keyring(kernel.read(service, account)),
            (result, _) => result,
        }
    }

    fn write(&self, service: &str, account: &str, secret: &str) -> Result<(), Error> {
        match (self.keyring.write(service, account, secret), &self.kernel) {
            (Err(Error::NoDefaultStore), Some(kernel)) => {
                or_no_keyring(kernel.write(service, account, secret))?;
                self.is_in_kernel.store(true, Ordering::Release);
                Ok(())
            }
            (Ok(()), Some(kernel)) => {
                self.is_in_kernel.store(false, Ordering::Release);
                clear(kernel.as_ref(), service, account)
            }
            (result, _) => result,
        }
    }

    fn delete(&self, service: &str, account: &str) -> Result<(), Error> {
        match (or_missing(self.keyring.delete(service, account)), &self.kernel) {
            (Err(Error::NoDefaultStore), Some(kernel)) => or_no_keyring(or_missing(kernel.delete(service, account))),
            (Ok(()), Some(kernel)) => clear(kernel.as_ref(), service, account),
            (result, _) => result,
        }
    }
}

/// Deletes the secret that an earlier run without a keyring left in the kernel. Otherwise it would be read instead of the keyring's.
/// A kernel that refuses to be read too does not matter.
fn clear(kernel: &dyn Place, service: &str, account: &str) -> Result<(), Error> {
    let deleted = or_missing(kernel.delete(service, account));
    if kernel.read(service, account).is_ok() { deleted } else { Ok(()) }
}

/// Nothing to delete is no error.
fn or_missing(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::NoEntry) => Ok(()),
        result => result,
    }
}

/// If the kernel refuses too, the missing keyring is what the user can do something about.
fn or_no_keyring<T>(result: Result<T, Error>) -> Result<T, Error> {
    match result {
        Ok(value) => Ok(value),
        Err(Error::NoEntry) => Err(Error::NoEntry),
        Err(_) => Err(Error::NoDefaultStore),
    }
}

/// The keyring of the operating system.
struct Keyring;

impl Keyring {
    fn entry(service: &str, account: &str) -> Result<keyring::Entry, Error> {
        #[cfg(target_os = "windows")]
        {
            // The default would roam with the user's profile to other computers.
            if keyring::Entry::store_status().is_err() {
                return Err(Error::NoDefaultStore);
            }
            let local = std::collections::HashMap::from([("persistence", "Local")]);
            let inner = keyring_core::Entry::new_with_modifiers(service, account, &local)?;
            Ok(keyring::Entry { inner })
        }
        #[cfg(not(target_os = "windows"))]
        keyring::Entry::new(service, account)
    }
}

impl Place for Keyring {
    fn read(&self, service: &str, account: &str) -> Result<String, Error> {
        Self::entry(service, account)?.get_password()
    }

    fn write(&self, service: &str, account: &str, secret: &str) -> Result<(), Error> {
        Self::entry(service, account)?.set_password(secret)
    }

    fn delete(&self, service: &str, account: &str) -> Result<(), Error> {
        Self::entry(service, account)?.delete_credential()
    }
}

/// The kernel's keyring of the user's session.
#[cfg(target_os = "linux")]
struct Kernel;

#[cfg(target_os = "linux")]
impl Kernel {
    fn entry(service: &str, account: &str) -> Result<keyring_core::Entry, Error> {
        use keyring_core::api::CredentialStoreApi;
        linux_keyutils_keyring_store::Store::new()?.build(service, account, None)
    }
}

#[cfg(target_os = "linux")]
impl Place for Kernel {
    fn read(&self, service: &str, account: &str) -> Result<String, Error> {
        Self::entry(service, account)?.get_password()
    }

    fn write(&self, service: &str, account: &str, secret: &str) -> Result<(), Error> {
        Self::entry(service, account)?.set_password(secret)
    }

    fn delete(&self, service: &str, account: &str) -> Result<(), Error> {
        Self::entry(service, account)?.delete_credential()
    }
}

impl SecretStore for KeyringStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.run(key, |places, service, account| match places.read(service, account) {
            Ok(secret) => Ok(Some(StoredSecret::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        self.run(key, move |places, service, account| places.write(service, account, secret.expose()))
    }

    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.run(key, |places, service, account| places.delete(service, account))
    }

    fn lifetime(&self) -> SecretLifetime {
        if self.places.is_in_kernel.load(Ordering::Acquire) {
            SecretLifetime::UntilLogOut
        } else {
            SecretLifetime::UntilDeleted
        }
    }
}

/// Converts an error without its message where that would contain stored bytes.
fn store_error(error: Error) -> StoreError {
    match error {
        Error::BadEncoding(_) => StoreError::Corrupt("the entry is not valid UTF-8".to_owned()),
        Error::BadDataFormat(_, _) | Error::BadStoreFormat(_) => {
            StoreError::Corrupt("the entry has an unknown format".to_owned())
        }
        Error::Ambiguous(_) => StoreError::Corrupt("several entries have the same name".to_owned()),
        Error::NoDefaultStore => StoreError::Unavailable(
            "no keyring was found; on Linux, start a Secret Service such as gnome-keyring or KWallet".to_owned(),
        ),
        Error::TooLong(what, limit) => {
            StoreError::Unavailable(format!("the {what} is too long: it may have at most {limit} bytes"))
        }
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => StoreError::Unavailable(cause.to_string()),
        _ => StoreError::Unavailable("the keyring rejected the request".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Mutex};

    use super::*;

    type Failure = Option<fn() -> Error>;

    /// A place in memory, or one that fails.
    #[derive(Clone, Default)]
    struct Memory {
        secrets: Arc<Mutex<HashMap<String, String>>>,
        failure: Arc<Mutex<Failure>>,
        delete_failure: Arc<Mutex<Failure>>,
    }

    impl Memory {
        fn fail(&self, failure: Failure) {
            *self.failure.lock().unwrap() = failure;
        }

        fn with<T>(&self, action: impl FnOnce(&mut HashMap<String, String>) -> Result<T, Error>) -> Result<T, Error> {
            match *self.failure.lock().unwrap() {
                Some(failure) => Err(failure()),
                None => action(&mut self.secrets.lock().unwrap()),
            }
        }
    }

    impl Place for Memory {
        fn read(&self, service: &str, account: &str) -> Result<String, Error> {
            self.with(|secrets| secrets.get(&format!("{service} {account}")).cloned().ok_or(Error::NoEntry))
        }
        fn write(&self, service: &str, account: &str, secret: &str) -> Result<(), Error> {
            self.with(|secrets| {
                secrets.insert(format!("{service} {account}"), secret.to_owned());
                Ok(())
            })
        }
        fn delete(&self, service: &str, account: &str) -> Result<(), Error> {
            if let Some(failure) = *self.delete_failure.lock().unwrap() {
                return Err(failure());
            }
            self.with(|secrets| secrets.remove(&format!("{service} {account}")).map(|_| ()).ok_or(Error::NoEntry))
        }
    }

    fn store() -> (KeyringStore, Memory, Memory) {
        let (keyring, kernel) = (Memory::default(), Memory::default());
        let places = (Box::new(keyring.clone()), Some(Box::new(kernel.clone()) as Box<dyn Place>));
        (KeyringStore::with_places("app".to_owned(), places.0, places.1), keyring, kernel)
    }

    fn key() -> SecretKey {
        SecretKey::ClientToken("clerk.example.test".to_owned())
    }

    async fn read(store: &KeyringStore) -> Option<String> {
        store.read(&key()).await.unwrap().map(|secret| secret.expose().to_owned())
    }

    const NO_KEYRING: Failure = Some(|| Error::NoDefaultStore);
    const LOCKED: Failure = Some(|| Error::NoStorageAccess("locked".into()));

    #[tokio::test]
    async fn keyring_store_uses_the_kernel_without_a_secret_service() {
        let (store, keyring, kernel) = store();
        keyring.fail(NO_KEYRING);
        assert_eq!(read(&store).await, None);
        store.write(&key(), StoredSecret::new("first")).await.unwrap();
        assert_eq!((read(&store).await.as_deref(), store.lifetime()), (Some("first"), SecretLifetime::UntilLogOut));
        let next_run =
            KeyringStore::with_places("app".to_owned(), Box::new(keyring.clone()), Some(Box::new(kernel.clone())));
        assert_eq!(
            (read(&next_run).await.as_deref(), next_run.lifetime()),
            (Some("first"), SecretLifetime::UntilLogOut)
        );

        // The Secret Service is there again; what it has is older.
        keyring.fail(None);
        keyring.write("app", "clerk:clerk.example.test", "older").unwrap();
        assert_eq!(read(&store).await.as_deref(), Some("first"));
        store.write(&key(), StoredSecret::new("second")).await.unwrap();
        assert_eq!((read(&store).await.as_deref(), store.lifetime()), (Some("second"), SecretLifetime::UntilDeleted));
        assert!(kernel.secrets.lock().unwrap().is_empty());

        keyring.fail(NO_KEYRING);
        store.write(&key(), StoredSecret::new("third")).await.unwrap();
        store.delete(&key()).await.unwrap();
        assert_eq!(read(&store).await, None);
    }

    #[tokio::test]
    async fn keyring_store_does_not_use_the_kernel_while_the_secret_service_is_locked() {
        let (store, keyring, kernel) = store();
        keyring.fail(LOCKED);
        assert!(store.read(&key()).await.is_err());
        assert!(store.write(&key(), StoredSecret::new("secret")).await.is_err());
        assert!(store.delete(&key()).await.is_err());
        assert!(kernel.secrets.lock().unwrap().is_empty());
        assert_eq!(store.lifetime(), SecretLifetime::UntilDeleted);
    }

    #[tokio::test]
    async fn keyring_store_is_unavailable_if_the_kernel_refuses_too() {
        let (store, keyring, kernel) = store();
        keyring.fail(NO_KEYRING);
        kernel.fail(LOCKED);
        let error = store.write(&key(), StoredSecret::new("secret")).await.unwrap_err();
        assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("no keyring was found")), "{error}");
        assert!(matches!(store.read(&key()).await, Err(StoreError::Unavailable(_))));
        keyring.fail(None);
        store.write(&key(), StoredSecret::new("secret")).await.unwrap();
        assert_eq!(read(&store).await.as_deref(), Some("secret"), "the kernel's refusal does not matter then");
    }

    #[tokio::test]
    async fn keyring_store_fails_if_an_older_secret_stays_in_the_kernel() {
        let (store, _keyring, kernel) = store();
        kernel.write("app", "clerk:clerk.example.test", "older").unwrap();
        *kernel.delete_failure.lock().unwrap() = LOCKED;
        assert!(store.write(&key(), StoredSecret::new("newer")).await.is_err());
        assert!(store.delete(&key()).await.is_err(), "the older secret would be restored");
        *kernel.delete_failure.lock().unwrap() = None;
        store.delete(&key()).await.unwrap();
        assert_eq!(read(&store).await, None);
    }

    /// On the kernel of this machine, which a container may not allow to be used.
    #[cfg(target_os = "linux")]
    #[test]
    fn kernel_holds_a_secret_of_the_size_of_an_entry_or_refuses_it() {
        let account = format!("test {}", std::process::id());
        let secret = "x".repeat(1_280);
        if let Err(error) = Kernel.write("clerk-test", &account, &secret) {
            assert!(!matches!(error, Error::NoEntry), "a refusal says so");
            return;
        }
        assert_eq!(Kernel.read("clerk-test", &account).unwrap(), secret);
        Kernel.delete("clerk-test", &account).unwrap();
        assert!(matches!(Kernel.read("clerk-test", "another"), Err(Error::NoEntry)));
    }

    #[test]
    fn store_error_omits_stored_bytes() {
        let errors = [
            Error::BadEncoding(b"hunter2".to_vec()),
            Error::BadDataFormat(b"hunter2".to_vec(), "hunter2".into()),
            Error::BadStoreFormat("hunter2".to_owned()),
        ];
        for error in errors {
            let text = format!("{:?}", store_error(error));
            assert!(text.starts_with("Corrupt") && !text.contains("hunter2"), "{text}");
        }
    }

    /// The Credential Manager itself. An entry takes 2,560 bytes, which are 1,280 characters of UTF-16.
    #[tokio::test]
    #[cfg(target_os = "windows")]
    async fn keyring_store_keeps_entries_in_the_credential_manager() {
        let service = format!("com.example.{}", crate::core::random_text(8));
        let store = KeyringStore::new(service.clone());
        assert_eq!(store.lifetime(), SecretLifetime::UntilDeleted);
        let keys = [key(), SecretKey::Records("clerk.example.test".to_owned())];
        for key in &keys {
            assert!(store.read(key).await.unwrap().is_none());
        }
        for length in [1, 572, 1_280] {
            let secret = "s".repeat(length);
            store.write(&keys[0], StoredSecret::new(secret.as_str())).await.unwrap();
            assert_eq!(
                store.read(&keys[0]).await.unwrap().map(|found| found.expose() == secret),
                Some(true),
                "{length}"
            );
            assert!(store.read(&keys[1]).await.unwrap().is_none());
        }
        let entry = Keyring::entry(&service, &keys[0].account()).unwrap();
        let attributes = entry.inner.get_attributes().unwrap();
        assert_eq!(attributes.get("persistence").map(String::as_str), Some("Local"), "it does not roam");
        assert!(store.write(&keys[0], StoredSecret::new("s".repeat(1_281))).await.is_err());
        for _ in 0..2 {
            store.delete(&keys[0]).await.unwrap();
            assert!(store.read(&keys[0]).await.unwrap().is_none());
        }
    }
}
