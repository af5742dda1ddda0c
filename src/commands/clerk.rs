use std::sync::Arc;

use tauri::State;

use super::CommandResult;
use crate::{
    core::{
        AuthenticateWithRedirectParams, AuthenticateWithWeb3Params, Clerk, CreateOrganizationParams, EmailLinkOutcome,
        EmailLinkVerificationParams, HostedAuthMode, JoinWaitlistParams, LoadOptions, Notice, RedirectCallbackParams,
        RedirectOutcome, SetActiveParams, SignOutOptions, Snapshot,
    },
    error::ErrorCode,
    models::{Organization, OrganizationId, SessionId, Waitlist},
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
pub(crate) async fn notices(clerk: State<'_, Clerk>) -> CommandResult<Vec<Notice>> {
    Ok(clerk.notices())
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn set_active(clerk: State<'_, Clerk>, params: SetActiveParams) -> CommandResult<bool> {
    Ok(clerk.activate(&params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn sign_out(clerk: State<'_, Clerk>, options: SignOutOptions) -> CommandResult<()> {
    clerk.end_sessions(options.session_id).await?;
    Ok(())
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

#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_initial_session(
    clerk: State<'_, Clerk>,
    session_id: Option<SessionId>,
) -> CommandResult<()> {
    Ok(clerk.choose_initial_session(session_id).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn touch(clerk: State<'_, Clerk>) -> CommandResult<()> {
    Ok(clerk.touch().await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn handle_unauthenticated(clerk: State<'_, Clerk>) -> CommandResult<()> {
    Ok(clerk.handle_unauthenticated().await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn handle_email_link_verification(
    clerk: State<'_, Clerk>,
    url: String,
    params: EmailLinkVerificationParams,
) -> CommandResult<EmailLinkOutcome> {
    let url = url::Url::parse(&url)
        .map_err(|_| ErrorCode::EmailLinkFailed.error("the address that the e-mail link led to is no URL"))?;
    Ok(clerk.handle_email_link_verification(&url, params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn start_hosted_auth(
    clerk: State<'_, Clerk>,
    mode: HostedAuthMode,
    callback: RedirectCallbackParams,
) -> CommandResult<RedirectOutcome> {
    Ok(clerk.start_hosted_auth_with(mode, callback).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn authenticate_with_web3(
    clerk: State<'_, Clerk>,
    params: AuthenticateWithWeb3Params,
) -> CommandResult<RedirectOutcome> {
    Ok(clerk.authenticate_with_web3(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn join_waitlist(clerk: State<'_, Clerk>, params: JoinWaitlistParams) -> CommandResult<Waitlist> {
    Ok(clerk.join_waitlist(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn create_organization(
    clerk: State<'_, Clerk>,
    params: CreateOrganizationParams,
) -> CommandResult<Organization> {
    Ok(clerk.create_organization(params).await?)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn get_organization(clerk: State<'_, Clerk>, id: OrganizationId) -> CommandResult<Organization> {
    Ok(clerk.get_organization(&id).await?)
}
