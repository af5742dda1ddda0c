//! Clients.

use serde_json::{Value, json};

use super::{
    attempt::{sign_in, sign_up},
    session::session,
};
use crate::{
    error::Result,
    state::{Client, Session, SessionStatus, World},
};

/// Returns a client with its sessions and attempts. Active sessions carry a fresh session token.
pub(crate) fn client(world: &mut World, client: &Client) -> Result<Value> {
    let shown = client.sessions.iter().filter(|session| session.status != SessionStatus::Revoked).cloned();
    let sessions: Vec<Session> = shown.collect();
    let sessions = sessions.iter().map(|one| session(world, one)).collect::<Result<Vec<_>>>()?;
    Ok(json!({
        "object": "client",
        "id": client.id,
        "sessions": sessions,
        "sign_in": client.sign_in.as_ref().map(|attempt| sign_in(world, attempt)),
        "sign_up": client.sign_up.as_ref().map(|attempt| sign_up(world, attempt)),
        "last_active_session_id": client.last_active_session_id,
        "last_authentication_strategy": client.last_authentication_strategy,
        "cookie_expires_at": null,
        "captcha_bypass": client.captcha_bypass,
        "created_at": client.created_at,
        "updated_at": client.updated_at,
    }))
}
