//! Sessions.

use serde_json::{Value, json};

use super::{public::public_user_data, user::user};
use crate::{
    error::Result,
    state::{Session, SessionStatus, World},
    tokens,
};

/// Returns a session with its user and a token.
pub(crate) fn session(world: &mut World, session: &Session) -> Result<Value> {
    let owner = world.users.get(&session.user_id).cloned();
    let token = match &owner {
        Some(owner) if session.status == SessionStatus::Active => {
            let jwt = tokens::session_token(world, session, owner, session.organization_id.as_deref(), None)?;
            json!({ "object": "token", "jwt": jwt })
        }
        _ => Value::Null,
    };
    let mut json = plain_session(world, session);
    json["last_active_token"] = token;
    json["user"] = json!(owner.as_ref().map(|owner| user(world, owner)));
    Ok(json)
}

/// Returns a session without its user.
pub(crate) fn plain_session(world: &World, session: &Session) -> Value {
    let owner = world.users.get(&session.user_id);
    let tasks: Vec<Value> = match session.status {
        SessionStatus::Active => world.tasks(session).into_iter().map(|task| json!({ "key": task })).collect(),
        _ => Vec::new(),
    };
    json!({
        "object": "session",
        "id": session.id,
        "status": world.session_status(session),
        "expire_at": session.expire_at,
        "abandon_at": session.abandon_at,
        "last_active_at": session.last_active_at,
        "last_active_organization_id": session.organization_id,
        "actor": session.actor,
        "tasks": (!tasks.is_empty()).then_some(tasks),
        "factor_verification_age": world.factor_ages(session),
        "public_user_data": owner.map(|owner| public_user_data(world, owner)),
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    })
}

/// Returns a session with the activity of its device.
pub(crate) fn session_with_activity(world: &World, session: &Session) -> Value {
    let mut json = plain_session(world, session);
    json["latest_activity"] = world.activity(session);
    json["user"] = Value::Null;
    json["last_active_token"] = Value::Null;
    json
}
