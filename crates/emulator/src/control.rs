//! `/__emulator/v1`: what a test in another process needs. The same as the methods of [`Emulator`](crate::Emulator).

use serde_json::{Value, json};

use crate::{Config, Identity, NewUser, handle::publishable_key, json as resources, ops::params::Params, state::World};

/// An answer of the control API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

fn ok(body: Value) -> Answer {
    Answer { status: 200, body }
}

fn refused(status: u16, code: &str, message: impl Into<String>) -> Answer {
    Answer { status, body: json!({ "error": { "code": code, "message": message.into() } }) }
}

/// Carries out a control request. `path` is what follows `/__emulator/v1/`.
pub(crate) fn handle(world: &mut World, method: &str, path: &str, query: &Params, body: &[u8]) -> Answer {
    match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["health"]) => ok(json!({ "status": "ok" })),
        ("GET", ["info"]) => ok(info(world)),
        ("GET", ["state"]) => ok(state(world)),
        ("POST", ["reset"]) => {
            *world = World::new(world.config.clone(), world.base_url.clone());
            ok(json!({}))
        }
        ("GET", ["config"]) => ok(serde_json::to_value(&world.config).unwrap_or_default()),
        ("PUT", ["config"]) => match std::str::from_utf8(body).map_err(|error| error.to_string()).and_then(|text| {
            Config::from_json(text)
                .and_then(|config| config.check().map(|()| config))
                .map_err(|error| error.to_string())
        }) {
            Ok(config) => {
                world.config = config;
                ok(json!({}))
            }
            Err(message) => refused(400, "invalid_config", message),
        },
        ("POST", ["users"]) => match serde_json::from_slice::<NewUser>(body) {
            Ok(user) => {
                let id = world.add_user(&user);
                ok(world.users.get(&id).map(|user| resources::user(world, user)).unwrap_or_default())
            }
            Err(error) => refused(400, "invalid_body", error.to_string()),
        },
        ("POST", ["identities"]) => match serde_json::from_slice::<Identity>(body) {
            Ok(identity) => {
                world.identities.push(identity);
                ok(json!({}))
            }
            Err(error) => refused(400, "invalid_body", error.to_string()),
        },
        ("GET", ["inbox"]) => {
            let to = query.given("to");
            ok(json!(world.messages.iter().rev().filter(|one| to.is_none_or(|to| one.to == to)).collect::<Vec<_>>()))
        }
        ("GET", ["requests"]) => ok(json!(world.log.entries().collect::<Vec<_>>())),
        ("DELETE", ["requests"]) => {
            world.log.clear();
            ok(json!({}))
        }
        ("GET", ["client_tokens"]) => ok(json!(world.issued_tokens)),
        ("POST", ["sessions", id, "revoke"]) => {
            if world.revoke_session(id) {
                ok(json!({}))
            } else {
                refused(404, "not_found", "there is no such session")
            }
        }
        ("POST", ["clock", "advance"]) => {
            match serde_json::from_slice::<Value>(body).ok().and_then(|body| body["ms"].as_u64()) {
                Some(ms) => {
                    world.clock.advance(ms);
                    ok(json!({ "now_ms": world.now_ms() }))
                }
                None => refused(400, "invalid_body", "`ms` must be a number of milliseconds"),
            }
        }
        _ => refused(404, "not_found", "there is no such control"),
    }
}

fn info(world: &World) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "api_version": crate::API_VERSION,
        "base_url": world.base_url,
        "proxy_url": world.base_url,
        "publishable_key": publishable_key(&world.base_url),
    })
}

/// Users and clients, without tokens and passwords.
pub(crate) fn state(world: &World) -> Value {
    let mut clients: Vec<_> = world.clients.values().collect();
    clients.sort_by_key(|client| client.created_at);
    json!({
        "users": world.users.values().map(|user| resources::user(world, user)).collect::<Vec<_>>(),
        "clients": clients.into_iter().map(|client| json!({
            "id": client.id,
            "last_active_session_id": client.last_active_session_id,
            "sessions": client.sessions.iter().map(|session| json!({
                "id": session.id, "user_id": session.user_id, "status": session.status.as_str(),
                "last_active_organization_id": session.organization_id,
            })).collect::<Vec<_>>(),
            "sign_in": client.sign_in.as_ref().map(|attempt| resources::sign_in(world, attempt)),
            "sign_up": client.sign_up.as_ref().map(|attempt| resources::sign_up(world, attempt)),
        })).collect::<Vec<_>>(),
    })
}
