//! The control API, `/__emulator/v1`: the methods of [`Emulator`](crate::Emulator) for other processes.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    Config, Fault, Identity, NewOrganization, NewUser, json as resources,
    ops::{
        crypto::{totp_code, totp_step},
        params::Params,
        session::NewSession,
        tickets::NewTicket,
    },
    shared::Shared,
    state::{Client, Decision, Kind, SessionStatus, World},
    tokens::{self, publishable_key},
};

/// A response of the control API.
pub(crate) struct ControlResponse {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

fn ok(body: Value) -> ControlResponse {
    ControlResponse { status: 200, body }
}

fn refused(status: u16, code: &str, message: impl Into<String>) -> ControlResponse {
    ControlResponse { status, body: json!({ "error": { "code": code, "message": message.into() } }) }
}

fn done(found: bool, what: &str) -> ControlResponse {
    if found { ok(json!({})) } else { refused(404, "not_found", format!("no such {what}")) }
}

/// Parses the body and passes it on.
fn with_body<T: DeserializeOwned>(body: &[u8], next: impl FnOnce(T) -> ControlResponse) -> ControlResponse {
    let body = if body.is_empty() { b"{}" } else { body };
    match serde_json::from_slice::<T>(body) {
        Ok(value) => next(value),
        Err(error) => refused(400, "invalid_body", error.to_string()),
    }
}

/// Handles a control request. `path` is the part after `/__emulator/v1/`.
pub(crate) fn handle(
    shared: &Shared,
    world: &mut World,
    method: &str,
    path: &str,
    query: &Params,
    body: &[u8],
) -> ControlResponse {
    match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["health"]) => ok(json!({ "status": "ok" })),
        ("GET", ["info"]) => ok(info(world)),
        ("GET", ["state"]) => ok(state(world)),
        ("GET", ["sizes"]) => ok(json!(world.sizes())),
        ("POST", ["reset"]) => {
            *world = World::new(world.config.clone(), world.base_url.clone());
            shared.release();
            ok(json!({}))
        }
        ("POST", ["snapshot"]) => ok(json!({ "id": shared.snapshot(world) })),
        ("POST", ["restore", id]) => done(shared.restore(world, id), "snapshot"),
        ("GET", ["config"]) => ok(serde_json::to_value(&world.config).unwrap_or_default()),
        ("PUT", ["config"]) => set_config(world, &Config::default(), body),
        ("PATCH", ["config"]) => set_config(world, &world.config.clone(), body),
        ("POST", ["config", "preset", name]) => match Config::preset(name) {
            Ok(config) => {
                world.config = config;
                ok(crate::environment::environment(world))
            }
            Err(error) => refused(404, "not_found", error.to_string()),
        },
        (_, ["users", ..]) => users(world, method, path, body),
        ("POST", ["organizations"]) => with_body(body, |new: NewOrganization| {
            let id = world.add_organization(&new);
            ok(world.organizations.get(&id).map(|one| resources::organization(world, one)).unwrap_or_default())
        }),
        ("POST", ["identities"]) => with_body(body, |identity: Identity| {
            world.identities.push(identity);
            ok(json!({}))
        }),
        ("POST", ["tickets"]) => with_body(body, |new: Value| ticket(world, &new)),
        ("GET", ["waitlist"]) => ok(json!(world.waitlist)),
        ("POST", ["waitlist", id, decision @ ("approve" | "deny")]) => {
            match world.decide_waitlist(id, *decision == "approve") {
                Ok(found) => done(found, "entry"),
                Err(refusal) => refused(refusal.status, &refusal.code, "the invitation could not be created"),
            }
        }
        ("GET", ["inbox"]) => ok(inbox(world, query)),
        ("GET", ["inbox", "latest"]) => match inbox(world, query).get(0) {
            Some(message) => ok(message.clone()),
            None => refused(404, "not_found", "no such message"),
        },
        ("DELETE", ["inbox"]) => {
            world.messages.clear();
            ok(json!({}))
        }
        ("GET", ["requests"]) => ok(json!(world.log.entries().collect::<Vec<_>>())),
        ("GET", ["counts"]) => ok(counts(world)),
        ("DELETE", ["requests"]) => {
            world.log.clear();
            ok(json!({}))
        }
        ("GET", ["client_tokens"]) => ok(json!(world.issued_tokens)),
        ("POST", ["sessions"]) => with_body(body, |new: Value| create_session(world, &new)),
        ("POST", ["sessions", id, action]) => match session_status(action) {
            Some(status) => done(world.set_session_status(id, status), "session"),
            None => refused(404, "not_found", "no such action"),
        },
        ("GET", ["clock"]) => ok(json!({ "now_ms": world.now_ms() })),
        ("POST", ["clock", "freeze"]) => {
            world.clock.freeze();
            ok(json!({ "now_ms": world.now_ms() }))
        }
        ("POST", ["clock", "advance"]) => with_body(body, |body: Value| match body["ms"].as_u64() {
            Some(ms) => {
                world.clock.advance(ms);
                ok(json!({ "now_ms": world.now_ms() }))
            }
            None => refused(400, "invalid_body", "`ms` must be a number of milliseconds"),
        }),
        ("GET", ["faults"]) => ok(json!(world.faults.list())),
        ("POST", ["faults"]) => with_body(body, |fault: Fault| {
            world.faults.add(fault);
            ok(json!({}))
        }),
        ("DELETE", ["faults"]) => {
            world.faults.clear();
            shared.release();
            ok(json!({}))
        }
        ("POST", ["faults", "release"]) => {
            shared.release();
            ok(json!({}))
        }
        ("POST", ["oauth", "decide"]) => with_body(body, |body: Value| decide(world, &body)),
        _ => refused(404, "not_found", "no such control"),
    }
}

fn set_config(world: &mut World, base: &Config, body: &[u8]) -> ControlResponse {
    with_body(body, |changes: Value| {
        let changed = base.changed(&changes).and_then(|config| config.check().map(|()| config));
        match changed {
            Ok(config) => {
                world.config = config;
                ok(crate::environment::environment(world))
            }
            Err(error) => refused(400, "invalid_config", error.to_string()),
        }
    })
}

fn users(world: &mut World, method: &str, path: &str, body: &[u8]) -> ControlResponse {
    let user_json = |world: &World, id: &str| match world.users.get(id) {
        Some(user) => ok(resources::user(world, user)),
        None => refused(404, "not_found", "no such user"),
    };
    match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["users"]) => ok(world.users.values().map(|user| resources::user(world, user)).collect()),
        ("POST", ["users"]) => with_body(body, |user: NewUser| {
            let id = world.add_user(&user);
            user_json(world, &id)
        }),
        ("GET", ["users", id]) => user_json(world, id),
        ("DELETE", ["users", id]) => done(world.delete_user(id), "user"),
        ("GET", ["users", id, "totp"]) => {
            let totp = world.users.get(*id).and_then(|user| user.totp.clone());
            match totp.and_then(|totp| Some((totp_code(&totp.secret, totp_step(world.clock.now_s()))?, totp.secret))) {
                Some((code, secret)) => ok(json!({ "code": code, "secret": secret })),
                None => refused(404, "not_found", "this user has no authenticator app"),
            }
        }
        ("POST", ["users", id, action]) => {
            let Some(mut user) = world.users.get(*id).cloned() else {
                return refused(404, "not_found", "no such user");
            };
            match *action {
                "ban" => user.banned = true,
                "unban" => user.banned = false,
                "lock" => user.locked_until = Some(i64::MAX),
                "unlock" => user.locked_until = None,
                "compromise_password" => user.password_compromised = true,
                "forget_devices" => {
                    for client in world.clients.values_mut() {
                        client.known_users.retain(|known| known != id);
                    }
                }
                _ => return refused(404, "not_found", "no such action"),
            }
            world.save_user(user);
            user_json(world, id)
        }
        _ => refused(404, "not_found", "no such control"),
    }
}

fn session_status(action: &str) -> Option<SessionStatus> {
    match action {
        "revoke" => Some(SessionStatus::Revoked),
        "expire" => Some(SessionStatus::Expired),
        "end" => Some(SessionStatus::Ended),
        "remove" => Some(SessionStatus::Removed),
        "replace" => Some(SessionStatus::Replaced),
        "abandon" => Some(SessionStatus::Abandoned),
        _ => None,
    }
}

fn ticket(world: &mut World, new: &Value) -> ControlResponse {
    let text = |key: &str| new[key].as_str().map(str::to_owned);
    let kind = match new["kind"].as_str() {
        Some("sign_in") => "sign_in",
        Some("invitation") => "invitation",
        Some("actor") => "actor",
        _ => return refused(400, "invalid_body", "`kind` must be sign_in, invitation or actor"),
    };
    let user_id = text("user").and_then(|user| world.find_user(&user).map(|user| user.id.clone()));
    if kind != "invitation" && user_id.is_none() {
        return refused(404, "not_found", "`user` must be the id or the e-mail address of a user");
    }
    let redirect_url = match text("redirect_url").map(|url| world.allowed_redirect(&url, "redirect_url")).transpose() {
        Ok(url) => url,
        Err(refusal) => return refused(400, &refusal.code, "`redirect_url` is not allowed"),
    };
    let made = world.new_ticket(NewTicket {
        user_id,
        email: text("email"),
        actor: new.get("actor").filter(|actor| actor.is_object()).cloned(),
        redirect_url,
        skip_mfa: new["skip_mfa"].as_bool().unwrap_or(false),
        ..NewTicket::new(kind)
    });
    match made {
        Ok(ticket) => {
            let url = world.ticket_url(&ticket);
            ok(json!({ "ticket": ticket, "url": url }))
        }
        Err(refusal) => refused(refusal.status, &refusal.code, "the ticket could not be created"),
    }
}

/// Signs a user in on a new client, without a flow.
fn create_session(world: &mut World, new: &Value) -> ControlResponse {
    let wanted = new["user"].as_str().unwrap_or_default();
    let Some(user_id) = world.find_user(wanted).map(|user| user.id.clone()) else {
        return refused(404, "not_found", "`user` must be the id or the e-mail address of a user");
    };
    let mut caller = crate::ops::client::Caller { native: true, ..Default::default() };
    let Ok(mut client) = world.client_or_new(&mut caller) else {
        return refused(500, "internal", "the client could not be created");
    };
    let session = NewSession {
        id: None,
        user_id: &user_id,
        strategy: "password",
        second_factor: false,
        actor: None,
        user_agent: None,
    };
    let session = world.start_session(&mut client, session);
    let Client { id, rotating_token, .. } = world.save_client(client);
    match tokens::client_token(&id, &rotating_token) {
        Ok(token) => ok(json!({ "client": id, "session": session, "client_token": token })),
        Err(_) => refused(500, "internal", "the token could not be created"),
    }
}

fn inbox(world: &World, query: &Params) -> Value {
    let (to, kind) = (query.given("to"), query.given("kind"));
    let fits = |one: &&crate::Message| to.is_none_or(|to| one.to == to) && kind.is_none_or(|kind| one.kind == kind);
    json!(world.messages.iter().rev().filter(fits).collect::<Vec<_>>())
}

/// Counts the requests per operation.
fn counts(world: &World) -> Value {
    let mut counts = Map::new();
    for entry in world.log.entries() {
        let name = entry.operation.unwrap_or("unknown").to_owned();
        let count = counts.get(&name).and_then(Value::as_u64).unwrap_or(0);
        counts.insert(name, json!(count + 1));
    }
    Value::Object(counts)
}

/// Decides on the provider's page.
fn decide(world: &mut World, body: &Value) -> ControlResponse {
    let page = body["page"].as_str().unwrap_or_default();
    let decision = match (body["decision"].as_str(), body.get("identity")) {
        (Some("deny"), _) => Decision::Deny,
        (Some("approve"), Some(identity)) => match serde_json::from_value(identity.clone()) {
            Ok(identity) => Decision::Approve(identity),
            Err(error) => return refused(400, "invalid_body", error.to_string()),
        },
        (Some(code), None) if code != "approve" => Decision::Fail(code.to_owned()),
        _ => return refused(400, "invalid_body", "`decision` must be approve with `identity`, deny, or an error code"),
    };
    match world.decide_on_page(page, decision) {
        Ok(url) => ok(json!({ "url": url })),
        Err(code) => refused(400, &code, "this page can't be used"),
    }
}

fn info(world: &World) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "api_version": crate::version::API_VERSION,
        "base_url": world.base_url,
        "proxy_url": world.base_url,
        "publishable_key": publishable_key(&world.base_url),
        "instance_id": tokens::INSTANCE_ID,
    })
}

/// Returns users, organizations and clients, without tokens and passwords.
pub(crate) fn state(world: &World) -> Value {
    json!({
        "users": world.users.values().map(|user| resources::user(world, user)).collect::<Vec<_>>(),
        "organizations": world.organizations.values().map(|one| json!({
            "organization": resources::organization(world, one),
            "members": one.members.iter().map(|member| json!({
                "user": world.users.get(&member.user_id).and_then(|user| user.primary_value(Kind::Email)), "role": member.role,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "clients": world.clients.values().map(|client| json!({
            "id": client.id,
            "last_active_session_id": client.last_active_session_id,
            "sessions": client.sessions.iter().map(|session| json!({
                "id": session.id, "user_id": session.user_id, "status": world.session_status(session),
                "last_active_organization_id": session.organization_id,
            })).collect::<Vec<_>>(),
            "sign_in": client.sign_in.as_ref().map(|attempt| resources::sign_in(world, attempt)),
            "sign_up": client.sign_up.as_ref().map(|attempt| resources::sign_up(world, attempt)),
        })).collect::<Vec<_>>(),
    })
}
