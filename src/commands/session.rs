use tauri::State;

use super::CommandResult;
use crate::core::{Clerk, GetTokenParams};

#[tauri::command]
#[specta::specta]
pub(crate) async fn get_token(clerk: State<'_, Clerk>, params: GetTokenParams) -> CommandResult<Option<String>> {
    Ok(clerk.get_token(params).await?.map(|token| token.expose().to_owned()))
}
