//! FAPI over HTTP: who may ask, which operation is meant, the envelope around the answer.

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header::AUTHORIZATION},
    response::Response,
};
use serde_json::{Value, json};

use super::{Incoming, json as json_response, redirect, text};
use crate::{
    environment,
    error::{Refusal, Result},
    faults::Action,
    handle::Shared,
    json as resources,
    log::{Entry, masked},
    ops::client::{Caller, NewToken},
    pages,
    state::{Client, Session, SignIn, SignUp, World},
    tokens,
};

/// What an operation answers with.
enum Answer {
    /// The value alone.
    Bare(Value),
    /// `{ "response": …, "client": … }`.
    Enveloped(Value, Option<Box<Client>>),
    /// A page or redirect for a browser.
    Browser(Response),
}

pub(crate) async fn serve(shared: &Shared, incoming: &Incoming) -> Response {
    if incoming.method == "OPTIONS" {
        return text(204, "text/plain", "");
    }
    let fault = shared.world().faults.take(&incoming.method, &incoming.path);
    if let Some(Action::Respond { status, content_type, body }) = &fault {
        let mut response = text(*status, "text/plain", body.clone());
        if let Ok(value) = HeaderValue::from_str(content_type) {
            response.headers_mut().insert(axum::http::header::CONTENT_TYPE, value);
        }
        return response;
    }
    let response = {
        let mut world = shared.world();
        world.expire_sessions();
        answer(&mut world, incoming)
    };
    match fault {
        Some(Action::Hold) => {
            shared.released.notified().await;
            response
        }
        Some(Action::LoseAnswer) => broken_off(),
        _ => response,
    }
}

/// An answer whose body breaks off, which ends the connection.
fn broken_off() -> Response {
    let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the answer was lost on purpose");
    let body = Body::from_stream(futures_util::stream::once(std::future::ready(Err::<Bytes, _>(error))));
    let mut response = Response::new(body);
    response.headers_mut().insert(axum::http::header::CONTENT_LENGTH, HeaderValue::from_static("1000"));
    response
}

fn answer(world: &mut World, incoming: &Incoming) -> Response {
    let mut caller = Caller::default();
    let result = admit(world, incoming).and_then(|admitted| {
        caller = admitted;
        operate(world, incoming, &mut caller)
    });
    let mut response = match result {
        Ok(Answer::Browser(response)) => response,
        Ok(Answer::Bare(body)) => json_response(200, &body),
        Ok(Answer::Enveloped(resource, client)) => enveloped(world, resource, client.as_deref()),
        Err(refusal) => refuse(world, &refusal, &caller),
    };
    if let Some(token) = &caller.new_token {
        let value = match token {
            NewToken::Set(token) => HeaderValue::from_str(token),
            NewToken::Clear => Ok(HeaderValue::from_static("")),
        };
        if let Ok(value) = value {
            response.headers_mut().insert(AUTHORIZATION, value);
        }
    }
    write_down(world, incoming, &caller, &response);
    response
}

fn enveloped(world: &mut World, resource: Value, client: Option<&Client>) -> Response {
    match client.map(|client| resources::client(world, client)).transpose() {
        Ok(client) => json_response(200, &json!({ "response": resource, "client": client })),
        Err(refusal) => refuse(world, &refusal, &Caller::default()),
    }
}

/// The error envelope; the client comes along when there is one.
fn refuse(world: &mut World, refusal: &Refusal, caller: &Caller) -> Response {
    let trace_id = world.ids.nonce().to_lowercase();
    let client = caller.client_id.as_ref().and_then(|id| world.clients.get(id)).cloned();
    let mut body = json!({ "errors": [refusal.to_json()], "clerk_trace_id": trace_id });
    if let Some(Ok(client)) = client.map(|client| resources::client(world, &client)) {
        body["meta"] = json!({ "client": client });
    }
    let mut response = json_response(refusal.status, &body);
    if let Ok(value) = HeaderValue::from_str(&trace_id) {
        response.headers_mut().insert(HeaderName::from_static("x-clerk-trace-id"), value);
    }
    response.extensions_mut().insert(ErrorCode(refusal.code.clone()));
    response
}

#[derive(Clone)]
struct ErrorCode(String);

fn write_down(world: &mut World, incoming: &Incoming, caller: &Caller, response: &Response) {
    let entry = Entry {
        seq: 0,
        at: world.now_ms(),
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        query: masked(incoming.query.iter()),
        form: masked(incoming.form.iter()),
        user_agent: incoming.header("user-agent").map(str::to_owned),
        has_origin: incoming.header("origin").is_some(),
        client: caller.client_id.clone(),
        status: response.status().as_u16(),
        error_code: response.extensions().get::<ErrorCode>().map(|code| code.0.clone()),
    };
    tracing::debug!(method = entry.method, path = entry.path, status = entry.status, error = entry.error_code);
    world.log.add(entry);
}

/// Checks the headers that a native request may and may not have, and reads its credential.
fn admit(world: &mut World, incoming: &Incoming) -> Result<Caller> {
    let browser = is_for_browsers(&incoming.path);
    let native =
        matches!(incoming.query.get("_is_native"), Some("1" | "true")) || incoming.header("authorization").is_some();
    if browser {
        return Ok(Caller::default());
    }
    for header in ["authorization", "origin"] {
        if incoming.repeats(header) {
            return Err(Refusal::new(400, &format!("multiple_{header}_header_values_forbidden")));
        }
    }
    let authorization = incoming.header("authorization");
    if let Some(origin) = incoming.header("origin")
        && authorization.is_some_and(|value| !value.trim().is_empty())
        && !world.config.allowed_origins.contains(origin)
    {
        return Err(Refusal::new(400, "origin_authorization_headers_conflict"));
    }
    if native && !world.config.native_api {
        return Err(Refusal::new(400, "native_api_disabled"));
    }
    if !native && incoming.header("origin").is_none() {
        return Err(Refusal::new(400, "request_header_missing"));
    }
    if incoming.has_other_body {
        return Err(Refusal::new(415, "unsupported_content_type"));
    }
    world.caller(authorization, incoming.query.given("_clerk_session_id").map(str::to_owned))
}

fn is_for_browsers(path: &str) -> bool {
    matches!(path, "/v1/oauth_callback" | "/v1/health") || path.starts_with("/.well-known/")
}

/// The operation that method and path mean.
fn operate(world: &mut World, incoming: &Incoming, caller: &mut Caller) -> Result<Answer> {
    let segments: Vec<&str> = incoming.path.trim_start_matches('/').split('/').collect();
    let (query, form) = (&incoming.query, &incoming.form);
    let sign_in = |world: &mut World, (client, attempt): (Client, SignIn)| {
        Ok(Answer::Enveloped(resources::sign_in(world, &attempt), Some(Box::new(client))))
    };
    let sign_up = |world: &mut World, (client, attempt): (Client, SignUp)| {
        Ok(Answer::Enveloped(resources::sign_up(world, &attempt), Some(Box::new(client))))
    };
    let session = |world: &mut World, (client, session): (Client, Session)| {
        Ok(Answer::Enveloped(resources::session(world, &session)?, Some(Box::new(client))))
    };
    match (incoming.method.as_str(), segments.as_slice()) {
        ("GET", ["v1", "health"]) => Ok(Answer::Bare(json!({ "status": "healthy" }))),
        ("GET", [".well-known", "jwks.json"]) => Ok(Answer::Bare(tokens::jwks()?)),
        ("GET" | "PATCH", ["v1", "environment"]) => Ok(Answer::Bare(environment::environment(world))),

        ("GET", ["v1", "client"]) => {
            world.redeem_nonce(caller, query.given("rotating_token_nonce"))?;
            read_client(world, caller)
        }
        ("POST" | "PUT", ["v1", "client"]) => {
            let client = world.client_or_new(caller)?;
            let json = resources::client(world, &client)?;
            Ok(Answer::Enveloped(json, Some(Box::new(client))))
        }
        ("DELETE", ["v1", "client", "sessions"]) => {
            let client = world.remove_sessions(caller)?;
            Ok(Answer::Enveloped(resources::client(world, &client)?, None))
        }
        ("DELETE", ["v1", "client"]) => {
            world.delete_client(caller)?;
            Ok(Answer::Enveloped(Value::Null, None))
        }

        ("POST", ["v1", "client", "sign_ins"]) => {
            let result = world.create_sign_in(caller, form);
            adopt_client(world, caller);
            sign_in(world, result?)
        }
        ("GET", ["v1", "client", "sign_ins", id]) => {
            world.redeem_nonce(caller, query.given("rotating_token_nonce"))?;
            let found = world.sign_in_of(caller, id)?;
            sign_in(world, found)
        }
        ("POST", ["v1", "client", "sign_ins", id, step]) => {
            let done = match *step {
                "prepare_first_factor" => world.prepare_first_factor(caller, id, form.required("strategy")?, form)?,
                "attempt_first_factor" => world.attempt_first_factor(caller, id, form.required("strategy")?, form)?,
                "reset_password" => world.reset_password(caller, id, form)?,
                _ => return Err(Refusal::new(404, "resource_not_found")),
            };
            sign_in(world, done)
        }

        ("POST", ["v1", "client", "sign_ups"]) => {
            let result = world.create_sign_up(caller, form);
            adopt_client(world, caller);
            sign_up(world, result?)
        }
        ("GET", ["v1", "client", "sign_ups", id]) => {
            world.redeem_nonce(caller, query.given("rotating_token_nonce"))?;
            let found = world.sign_up_of(caller, id)?;
            sign_up(world, found)
        }
        ("PATCH", ["v1", "client", "sign_ups", id]) => {
            let done = world.update_sign_up(caller, id, form)?;
            sign_up(world, done)
        }
        ("POST", ["v1", "client", "sign_ups", id, "prepare_verification"]) => {
            let done = world.prepare_verification(caller, id, form)?;
            sign_up(world, done)
        }
        ("POST", ["v1", "client", "sign_ups", id, "attempt_verification"]) => {
            let done = world.attempt_verification(caller, id, form)?;
            sign_up(world, done)
        }

        ("GET", ["v1", "client", "sessions", id]) => {
            let found = world.session_of(caller, id)?;
            session(world, found)
        }
        ("POST", ["v1", "client", "sessions", id, "touch"]) => {
            let done = world.touch(caller, id, form)?;
            session(world, done)
        }
        ("POST", ["v1", "client", "sessions", id, step @ ("end" | "remove")]) => {
            let done = world.leave_session(caller, id, *step == "end")?;
            session(world, done)
        }
        ("POST", ["v1", "client", "sessions", id, "tokens"]) => {
            let jwt = world.mint(caller, id, form)?;
            Ok(Answer::Bare(json!({ "object": "token", "jwt": jwt })))
        }
        ("GET", ["v1", "me"]) => {
            let user = world.current_user(caller)?;
            let client = world.client_of(caller)?;
            Ok(Answer::Enveloped(resources::user(world, &user), Some(Box::new(client))))
        }

        ("GET", ["v1", "oauth_callback"]) => Ok(Answer::Browser(match world.oauth_callback(query) {
            Ok(back) => pages::way_back(world, &back.target),
            Err(refusal) => pages::error(world, &refusal),
        })),
        ("POST", ["v1", "oauth_callback"]) => {
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.iter()).finish();
            Ok(Answer::Browser(redirect(&format!("/v1/oauth_callback?{query}"))))
        }
        _ => Err(Refusal::new(404, "resource_not_found")),
    }
}

/// A create may have made the client, also when it was refused afterwards.
fn adopt_client(world: &World, caller: &mut Caller) {
    let presented = match &caller.new_token {
        Some(NewToken::Set(token)) => tokens::read_client_token(token).ok(),
        _ => None,
    };
    if let Some(tokens::Presented::Client(id)) = presented
        && world.clients.contains_key(&id)
    {
        caller.client_id = Some(id);
    }
}

/// `GET /v1/client`: null for a device that has no client yet, which is given a token for one.
fn read_client(world: &mut World, caller: &mut Caller) -> Result<Answer> {
    let client = caller.client_id.as_ref().and_then(|id| world.clients.get(id)).cloned();
    let Some(client) = client else {
        if world.config.token_on_first_get && caller.client_id.is_none() {
            world.promise_client(caller)?;
        }
        return Ok(Answer::Enveloped(Value::Null, None));
    };
    Ok(Answer::Enveloped(resources::client(world, &client)?, None))
}
