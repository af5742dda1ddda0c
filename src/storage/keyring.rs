//! The keyring of the operating system: Keychain on macOS, Credential Manager on Windows, Secret Service on Linux.

use keyring::{Entry, Error};

use crate::{
    ports::{BoxFuture, SecretKey, SecretStore, StoreError},
    secret::StoredSecret,
};

/// Stores secrets in the keyring of the operating system. The service is the app's identifier; the account names the
/// kind of secret and the instance.
#[derive(Debug, Clone)]
pub struct KeyringStore {
    service: String,
}

impl KeyringStore {
    /// Creates a store for the app with this identifier.
    pub fn new(app_identifier: impl Into<String>) -> Self {
        Self { service: app_identifier.into() }
    }

    /// Runs `action` on the entry for `key`, on a thread where it may wait for the user to unlock the keyring.
    fn with_entry<T: Send + 'static>(
        &self,
        key: &SecretKey,
        action: impl FnOnce(&Entry) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let (service, account) = (self.service.clone(), key.account());
        Box::pin(async move {
            let entry = move || action(&Entry::new(&service, &account)?);
            match tokio::task::spawn_blocking(entry).await {
                Ok(result) => result.map_err(store_error),
                Err(_) => Err(StoreError::Unavailable("the keyring library failed".to_owned())),
            }
        })
    }
}

impl SecretStore for KeyringStore {
    fn read(&self, key: &SecretKey) -> BoxFuture<'_, Result<Option<StoredSecret>, StoreError>> {
        self.with_entry(key, |entry| match entry.get_password() {
            Ok(secret) => Ok(Some(StoredSecret::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn write(&self, key: &SecretKey, secret: StoredSecret) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with_entry(key, move |entry| entry.set_password(secret.expose()))
    }

    fn delete(&self, key: &SecretKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.with_entry(key, |entry| match entry.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
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
        Error::TooLong(_, limit) => StoreError::Unavailable(format!("a secret may have at most {limit} characters")),
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => StoreError::Unavailable(cause.to_string()),
        _ => StoreError::Unavailable("the keyring rejected the request".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
