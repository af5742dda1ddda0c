//! The authenticator app and backup codes.

use super::handle::Account;
use crate::{
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request},
    },
    models::{BackupCodes, DeletedObject, Totp},
};

impl Account {
    /// Creates the secret of an authenticator app. It counts from [`verify_totp`](Self::verify_totp) on.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/totp`; `User.createTOTP()`.
    pub async fn create_totp(&self) -> Result<Totp> {
        self.send(Request::new(Method::Post, "/me/totp")).await
    }

    /// Verifies a code of the authenticator app, which makes it a second factor.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); a wrong code is `form_code_incorrect`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/totp/attempt_verification`; `User.verifyTOTP()`.
    pub async fn verify_totp(&self, code: &str) -> Result<Totp> {
        let form = Form::default().with("code", code);
        self.send(Request::new(Method::Post, "/me/totp/attempt_verification").form(form)).await
    }

    /// Removes the authenticator app.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/totp`; `User.disableTOTP()`.
    pub async fn disable_totp(&self) -> Result<DeletedObject> {
        self.send(Request::new(Method::Delete, "/me/totp")).await
    }

    /// Creates backup codes in place of those that the user has.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/backup_codes`; `User.createBackupCode()`.
    pub async fn create_backup_codes(&self) -> Result<BackupCodes> {
        self.send(Request::new(Method::Post, "/me/backup_codes")).await
    }
}
