use tauri::State;

use super::CommandResult;
use crate::{
    core::{AttemptFactorParams, Clerk, PrepareFactorParams, ResetPasswordParams, SignInCreateParams},
    models::{SignIn, SignInId},
    secret::RotatingTokenNonce,
};

#[tauri::command]
#[specta::specta]
pub(crate) async fn create_sign_in(clerk: State<'_, Clerk>, params: SignInCreateParams) -> CommandResult<SignIn> {
    Ok(clerk.create_sign_in(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn prepare_sign_in_first_factor(
    clerk: State<'_, Clerk>,
    sign_in_id: SignInId,
    params: PrepareFactorParams,
) -> CommandResult<SignIn> {
    Ok(clerk.prepare_sign_in_first_factor(&sign_in_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn attempt_sign_in_first_factor(
    clerk: State<'_, Clerk>,
    sign_in_id: SignInId,
    params: AttemptFactorParams,
) -> CommandResult<SignIn> {
    Ok(clerk.attempt_sign_in_first_factor(&sign_in_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn prepare_sign_in_second_factor(
    clerk: State<'_, Clerk>,
    sign_in_id: SignInId,
    params: PrepareFactorParams,
) -> CommandResult<SignIn> {
    Ok(clerk.prepare_sign_in_second_factor(&sign_in_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn attempt_sign_in_second_factor(
    clerk: State<'_, Clerk>,
    sign_in_id: SignInId,
    params: AttemptFactorParams,
) -> CommandResult<SignIn> {
    Ok(clerk.attempt_sign_in_second_factor(&sign_in_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn reset_sign_in_password(
    clerk: State<'_, Clerk>,
    sign_in_id: SignInId,
    params: ResetPasswordParams,
) -> CommandResult<SignIn> {
    Ok(clerk.reset_sign_in_password(&sign_in_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn reload_sign_in(
    clerk: State<'_, Clerk>,
    sign_in_id: SignInId,
    rotating_token_nonce: Option<String>,
) -> CommandResult<SignIn> {
    let nonce = rotating_token_nonce.map(RotatingTokenNonce::new);
    Ok(clerk.reload_sign_in(&sign_in_id, nonce.as_ref()).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn sign_in_with_email_link(
    clerk: State<'_, Clerk>,
    sign_in_id: SignInId,
    email_address_id: Option<String>,
) -> CommandResult<SignIn> {
    Ok(clerk.sign_in_with_email_link(&sign_in_id, email_address_id).await?)
}
