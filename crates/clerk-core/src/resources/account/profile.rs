//! The profile and the password.

use serde_json::{Map, Value};

use super::{handle::Account, metadata::merge_patch};
use crate::{
    error::{ErrorCode, Result},
    fapi::{
        form::Form,
        request::{Method, Request},
    },
    models::{DeletedObject, Image, User},
    resources::{params::params, picture::Picture},
};

params! {
    /// Parameters of [`Account::update`]. What is left out stays.
    ///
    /// Source: FAPI `patchUser`; `UpdateUserParams` of Clerk's documentation.
    pub struct UpdateUserParams {
        required {}
        optional {
            /// The e-mail address that becomes the primary one; it must be verified.
            primary_email_address_id: String,
            /// The phone number that becomes the primary one; it must be verified.
            primary_phone_number_id: String,
            /// The wallet that becomes the primary one; it must be verified.
            primary_web3_wallet_id: String,
            /// What `unsafe_metadata` becomes: what it does not contain is removed. To change parts of it, use
            /// [`Account::update_metadata`].
            unsafe_metadata: Map<String, Value>,
        }
        changes {
            /// Username.
            username: String,
            /// First name.
            first_name: String,
            /// Last name.
            last_name: String,
        }
    }
}

params! {
    /// Parameters of [`Account::update_password`].
    ///
    /// Source: FAPI `changePassword`; `UpdateUserPasswordParams` of Clerk's documentation.
    pub struct UpdatePasswordParams {
        required {
            /// The new password.
            new_password: String,
        }
        optional {
            /// The present password, if the user has one.
            current_password: String,
            /// Whether the user's other sessions end. Default: `false`.
            sign_out_of_other_sessions: bool,
        }
    }
}

params! {
    /// Parameters of [`Account::remove_password`].
    pub struct RemovePasswordParams {
        required {
            /// The present password.
            current_password: String,
        }
        optional {}
    }
}

impl Account {
    /// Reads the user again.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `GET /v1/me`; `User.reload()`.
    pub async fn reload(&self) -> Result<User> {
        self.send(Request::new(Method::Get, "/me").reload()).await
    }

    /// Changes names, primary identifications and `unsafe_metadata`.
    ///
    /// FAPI takes metadata in another request, as a change to what is there, which is therefore read before, unless the response
    /// to the other changes has it.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `form_identifier_exists` for a username that is taken.
    ///
    /// # Source
    /// FAPI `PATCH /v1/me` and `PATCH /v1/me/metadata`; `User.update()`.
    pub async fn update(&self, mut params: UpdateUserParams) -> Result<User> {
        // The futures are boxed, because a caller's own would contain all of them.
        let Some(desired) = params.unsafe_metadata.take() else { return Box::pin(self.update_profile(params)).await };
        let user = if params == UpdateUserParams::default() {
            Box::pin(self.reload()).await?
        } else {
            Box::pin(self.update_profile(params)).await?
        };
        let none = Map::new();
        let patch = merge_patch(user.unsafe_metadata.as_object().unwrap_or(&none), &desired);
        if patch.is_empty() {
            return Ok(user);
        }
        Box::pin(self.update_metadata(&patch)).await
    }

    async fn update_profile(&self, params: UpdateUserParams) -> Result<User> {
        self.send(Request::new(Method::Patch, "/me").params(params)?).await
    }

    /// Merges a change into `unsafe_metadata`: objects at any depth are merged, and a null deletes its key.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `PATCH /v1/me/metadata`; `User.updateMetadata()`.
    pub async fn update_metadata(&self, unsafe_metadata: &Map<String, Value>) -> Result<User> {
        let json = serde_json::to_string(unsafe_metadata)
            .map_err(|error| ErrorCode::OptionInvalid.error(format!("the metadata can't be encoded: {error}")))?;
        self.send(Request::new(Method::Patch, "/me/metadata").form(Form::default().with("unsafe_metadata", json))).await
    }

    /// Sets a password, or another one.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); the `form_password_*` codes describe problems with the passwords.
    ///
    /// # Source
    /// FAPI `POST /v1/me/change_password`; `User.updatePassword()`.
    pub async fn update_password(&self, params: UpdatePasswordParams) -> Result<User> {
        self.send(Request::new(Method::Post, "/me/change_password").params(params)?).await
    }

    /// Removes the password.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `form_password_incorrect`.
    ///
    /// # Source
    /// FAPI `POST /v1/me/remove_password`; `User.removePassword()`.
    pub async fn remove_password(&self, params: RemovePasswordParams) -> Result<User> {
        self.send(Request::new(Method::Post, "/me/remove_password").params(params)?).await
    }

    /// Replaces the picture, or removes it.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); `option_invalid` for more than 10 MB.
    ///
    /// # Source
    /// FAPI `POST` and `DELETE /v1/me/profile_image`; `User.setProfileImage()`.
    pub async fn set_profile_image(&self, picture: Option<Picture>) -> Result<Image> {
        let request = match picture {
            Some(picture) => Request::new(Method::Post, "/me/profile_image").parts(vec![picture.part()?]),
            None => Request::new(Method::Delete, "/me/profile_image"),
        };
        self.send(request).await
    }

    /// Deletes the account. The sessions end, on other devices too.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account); e.g. `user_delete_self_not_enabled`.
    ///
    /// # Source
    /// FAPI `DELETE /v1/me`; `User.delete()`.
    pub async fn delete(&self) -> Result<DeletedObject> {
        self.send(Request::new(Method::Delete, "/me")).await
    }
}
