use std::sync::Arc;

use tauri::State;

use super::CommandResult;
use crate::core::{
    AuthenticateWithRedirectParams, Clerk, LoadOptions, RedirectCallbackParams, RedirectOutcome, SetActiveParams,
    SignOutOptions, Snapshot,
};

#[tauri::command]
#[specta::specta]
pub(crate) async fn load(clerk: State<'_, Clerk>, options: LoadOptions) -> CommandResult<Arc<Snapshot>> {
    clerk.load(options).await?;
    Ok(clerk.snapshot())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn snapshot(clerk: State<'_, Clerk>) -> CommandResult<Arc<Snapshot>> {
    Ok(clerk.snapshot())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn set_active(clerk: State<'_, Clerk>, params: SetActiveParams) -> CommandResult<()> {
    Ok(clerk.set_active(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn sign_out(clerk: State<'_, Clerk>, options: SignOutOptions) -> CommandResult<()> {
    Ok(clerk.sign_out(options).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn handle_redirect_callback(
    clerk: State<'_, Clerk>,
    params: RedirectCallbackParams,
) -> CommandResult<RedirectOutcome> {
    Ok(clerk.handle_redirect_callback(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn authenticate_with_redirect(
    clerk: State<'_, Clerk>,
    params: AuthenticateWithRedirectParams,
) -> CommandResult<RedirectOutcome> {
    Ok(clerk.authenticate_with_redirect(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn cancel_authentication(clerk: State<'_, Clerk>) -> CommandResult<bool> {
    Ok(clerk.cancel_authentication())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn take_redirect_outcome(clerk: State<'_, Clerk>) -> CommandResult<Option<RedirectOutcome>> {
    Ok(clerk.take_redirect_outcome())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn open_external(clerk: State<'_, Clerk>, url: String) -> CommandResult<()> {
    Ok(clerk.open_external(&url)?)
}
