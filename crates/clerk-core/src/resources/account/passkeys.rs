//! Passkeys.
//!
//! Creating one needs WebAuthn, so a page that has it, or a native API, makes the credential between the two steps.

use super::handle::Account;
use crate::{
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::{DeletedObject, Passkey},
};

impl Account {
    /// Begins to register a passkey: `verification.nonce` has the options for creating the credential, as JSON.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `passkey_quota_exceeded`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/passkeys`; `User.createPasskey()`.
    pub async fn create_passkey(&self) -> Result<Passkey> {
        self.send(Request::new(Method::Post, "/me/passkeys")).await
    }

    /// Finishes the registration of a passkey. `public_key_credential` is the credential as JSON
    /// (`PublicKeyCredential.toJSON()`).
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `passkey_invalid_public_key_credential`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/passkeys/{id}/attempt_verification`; `User.createPasskey()`.
    pub async fn attempt_passkey_verification(&self, id: &str, public_key_credential: &str) -> Result<Passkey> {
        let form = Form::default().with("strategy", "passkey").with("public_key_credential", public_key_credential);
        self.send(Request::new(Method::Post, path(&["me", "passkeys", id, "attempt_verification"])).form(form)).await
    }

    /// Renames a passkey.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `PATCH /v1/me/passkeys/{id}`; `Passkey.update()`.
    pub async fn update_passkey(&self, id: &str, name: &str) -> Result<Passkey> {
        let form = Form::default().with("name", name);
        self.send(Request::new(Method::Patch, path(&["me", "passkeys", id])).form(form)).await
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/passkeys/{id}`; `Passkey.delete()`.
    pub async fn delete_passkey(&self, id: &str) -> Result<DeletedObject> {
        self.send(Request::new(Method::Delete, path(&["me", "passkeys", id]))).await
    }
}
