use tauri::State;

use super::CommandResult;
use crate::{
    core::{AttemptVerificationParams, Clerk, PrepareVerificationParams, SignUpParams},
    models::{SignUp, SignUpId},
    secret::RotatingTokenNonce,
};

#[tauri::command]
#[specta::specta]
pub(crate) async fn create_sign_up(clerk: State<'_, Clerk>, params: SignUpParams) -> CommandResult<SignUp> {
    Ok(clerk.create_sign_up(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn update_sign_up(
    clerk: State<'_, Clerk>,
    sign_up_id: SignUpId,
    params: SignUpParams,
) -> CommandResult<SignUp> {
    Ok(clerk.update_sign_up(&sign_up_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn prepare_sign_up_verification(
    clerk: State<'_, Clerk>,
    sign_up_id: SignUpId,
    params: PrepareVerificationParams,
) -> CommandResult<SignUp> {
    Ok(clerk.prepare_sign_up_verification(&sign_up_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn attempt_sign_up_verification(
    clerk: State<'_, Clerk>,
    sign_up_id: SignUpId,
    params: AttemptVerificationParams,
) -> CommandResult<SignUp> {
    Ok(clerk.attempt_sign_up_verification(&sign_up_id, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn reload_sign_up(
    clerk: State<'_, Clerk>,
    sign_up_id: SignUpId,
    rotating_token_nonce: Option<String>,
) -> CommandResult<SignUp> {
    let nonce = rotating_token_nonce.map(RotatingTokenNonce::new);
    Ok(clerk.reload_sign_up(&sign_up_id, nonce.as_ref()).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn sign_up_with_email_link(clerk: State<'_, Clerk>, sign_up_id: SignUpId) -> CommandResult<SignUp> {
    Ok(clerk.sign_up_with_email_link(&sign_up_id).await?)
}
