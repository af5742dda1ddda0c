//! FAPI over HTTP: faults, the operation, the envelope around its response.

use std::panic::{AssertUnwindSafe, UnwindSafe};

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    admission::admit,
    reply::{Disconnect, bytes, json as json_response, text},
    request::Incoming,
    routes::{self, Call, RouteResponse},
};
use crate::{
    error::{Refusal, Result},
    faults::Action,
    json as resources,
    log::{Entry, masked, shortened},
    ops::client::{Caller, NewToken},
    shared::Shared,
    state::World,
};

pub(crate) async fn handle_request(shared: &Shared, incoming: &Incoming) -> Response {
    if incoming.method == "OPTIONS" {
        return text(204, "text/plain", "");
    }
    // Subscribed before the request is logged, so that no later release is missed.
    let mut released = shared.releases();
    let fault = shared.world().faults.take(&incoming.method, &incoming.path);
    let back = fault.as_ref().and_then(|fault| fault.back).unwrap_or(1);
    let fault = fault.map(|fault| fault.action);
    let name = fault.as_ref().map(Action::name);
    if let Some(action) = &fault
        && let Some(response) = response_of_fault(action)
    {
        log_faulted(&mut shared.world(), incoming, name, &response);
        return response;
    }
    if let Some(Action::Latency { ms }) = &fault {
        tokio::time::sleep(std::time::Duration::from_millis(*ms)).await;
    }
    let (response, before) = {
        let mut world = shared.world();
        world.sweep_periodically();
        if matches!(fault, Some(Action::StaleClient)) {
            remember_client(&mut world, incoming, false);
        }
        // Like a proxy that retries: the second response is the one that arrives.
        if matches!(fault, Some(Action::Duplicate)) {
            respond(&mut world, incoming, name);
        }
        let response = respond(&mut world, incoming, name);
        let client = response.extensions().get::<ClientId>().map(|ClientId(id)| id.clone());
        let before = client.and_then(|id| world.history.back(&id, back).cloned());
        (response, before)
    };
    match fault {
        Some(Action::Hold) => {
            // An error means that the emulator is shutting down.
            let _ = released.changed().await;
            response
        }
        Some(Action::LoseAnswer) => lost_response(),
        Some(Action::Truncate { bytes }) => truncated(response, bytes).await,
        Some(Action::StaleClient) => with_older_client(response, before).await,
        _ if shared.records_responses() => with_recording(shared, response).await,
        _ => response,
    }
}

/// Adds the caller's current client to the history.
fn remember_client(world: &mut World, incoming: &Incoming, changed: bool) {
    if let Ok(caller) = admit(world, incoming)
        && let Ok(Some(client)) = client_json(world, &caller)
    {
        world.history.remember(client, changed);
    }
}

/// ID of the caller's client.
#[derive(Clone)]
struct ClientId(String);

/// Number of a request in the log.
#[derive(Clone, Copy)]
struct LogNumber(u64);

/// Records the response in the log.
async fn with_recording(shared: &Shared, response: Response) -> Response {
    let number = response.extensions().get::<LogNumber>().copied();
    let (parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    if let (Some(LogNumber(number)), Ok(json)) = (number, serde_json::from_slice(&whole)) {
        shared.world().log.record_response(number, json);
    }
    Response::from_parts(parts, Body::from(whole))
}

/// Returns the response of a fault that prevents the operation.
fn response_of_fault(action: &Action) -> Option<Response> {
    match action {
        Action::Respond { status, content_type, body } => Some(bytes(*status, content_type, body.clone().into_bytes())),
        Action::RateLimit { retry_after_s } => {
            let refusal = Refusal::wait("too_many_requests", *retry_after_s);
            let mut response = json_response(429, &json!({ "errors": [refusal.to_json()] }));
            set_header(&mut response, "retry-after", &retry_after_s.to_string());
            Some(response)
        }
        Action::Malformed => Some(text(200, "application/json", "{\"response\": {\"object\": ")),
        Action::Html => {
            let page = "<!doctype html><title>Log in to the Wi-Fi</title><p>Please accept the terms.";
            Some(text(200, "text/html; charset=utf-8", page))
        }
        Action::Disconnect => Some(end_of_connection(Disconnect::Close)),
        Action::Reset => Some(end_of_connection(Disconnect::Reset)),
        _ => None,
    }
}

/// Returns a placeholder response that makes the server end the connection.
fn end_of_connection(end: Disconnect) -> Response {
    let mut response = text(500, "text/plain", "");
    response.extensions_mut().insert(end);
    response
}

/// Returns a response whose body breaks off, which ends the connection.
fn lost_response() -> Response {
    let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the response was lost by a fault");
    let body = Body::from_stream(futures_util::stream::once(std::future::ready(Err::<Bytes, _>(error))));
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("1000"));
    response
}

/// Cuts the body of a response; `Content-Length` stays that of the whole body.
async fn truncated(response: Response, kept: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let length = whole.len();
    let cut = whole.slice(..kept.min(length));
    let first = futures_util::stream::once(std::future::ready(Ok(cut)));
    let rest = futures_util::stream::once(async {
        // Yields, so that the first part is sent on its own.
        tokio::task::yield_now().await;
        Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "the rest was lost by a fault"))
    });
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    if let Ok(value) = HeaderValue::from_str(&length.to_string()) {
        parts.headers.insert(header::CONTENT_LENGTH, value);
    }
    Response::from_parts(parts, body)
}

/// Replaces the client in a response by an older revision.
async fn with_older_client(response: Response, before: Option<Value>) -> Response {
    let (parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut json: Value = serde_json::from_slice(&whole).unwrap_or_default();
    for place in ["client", "response"] {
        if let Some(before) = before.as_ref().filter(|_| json[place]["object"] == "client") {
            json[place] = before.clone();
        }
    }
    let mut response = Response::from_parts(parts, Body::from(json.to_string()));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
}

/// Carries a request out. A panic in a handler becomes a 500 response, and the instance continues.
fn respond(world: &mut World, incoming: &Incoming, fault: Option<&'static str>) -> Response {
    guarded(AssertUnwindSafe(|| execute(world, incoming, fault))).unwrap_or_else(|message| {
        tracing::error!(method = incoming.method, path = incoming.path, message, "a handler panicked");
        let refusal = Refusal::new(500, "internal_clerk_error");
        let mut response = refuse(world, &refusal, &Caller::default());
        let operation = routes::find(&incoming.method, &incoming.path).ok().map(|(route, _)| route.operation);
        let number = log_request(world, incoming, &Caller::default(), operation, fault, &response);
        response.extensions_mut().insert(LogNumber(number));
        response
    })
}

/// Returns the result of `work`, or the message of its panic.
pub(super) fn guarded<T>(work: impl FnOnce() -> T + UnwindSafe) -> std::result::Result<T, String> {
    std::panic::catch_unwind(work).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
    })
}

fn execute(world: &mut World, incoming: &Incoming, fault: Option<&'static str>) -> Response {
    let mut caller = Caller::default();
    let found = routes::find(&incoming.method, &incoming.path);
    let operation = found.as_ref().ok().map(|(route, _)| route.operation);
    let result = admit(world, incoming).and_then(|admitted| {
        caller = admitted;
        let (route, arguments) = found?;
        world.limit(route.operation)?;
        route.check(incoming)?;
        let mut call = Call { caller: caller.clone(), arguments, incoming };
        let result = (route.run)(world, &mut call);
        caller = call.caller;
        let resource = result?;
        let may_rotate = incoming.method != "GET" && incoming.path.starts_with("/v1/client");
        if world.config.rotate_always && may_rotate && caller.new_token.is_none() {
            let client = caller.client_id.clone().unwrap_or_default();
            world.rotate(&mut caller, &client)?;
        }
        Ok(resource)
    });
    let mut response = match result {
        Ok(RouteResponse::Browser(response)) => response,
        Ok(RouteResponse::Bare(body)) => json_response(200, &body),
        Ok(RouteResponse::Resource(resource)) => enveloped(world, resource, &caller, incoming.method != "GET"),
        Ok(RouteResponse::WithoutClient(resource)) => {
            if resource["object"] == "client" {
                world.history.remember(resource.clone(), incoming.method != "GET");
            }
            json_response(200, &json!({ "response": resource, "client": null }))
        }
        Err(refusal) => refuse(world, &refusal, &caller),
    };
    set_client_token(world, &caller, &mut response);
    if incoming.path == "/.well-known/jwks.json" {
        set_header(&mut response, "cache-control", "public, max-age=60");
    }
    if incoming.path == "/v1/clear-site-data" {
        set_header(&mut response, "clear-site-data", "\"cookies\"");
    }
    let number = log_request(world, incoming, &caller, operation, fault, &response);
    response.extensions_mut().insert(LogNumber(number));
    if let Some(id) = caller.client_id {
        response.extensions_mut().insert(ClientId(id));
    }
    response
}

/// Puts the client token where the caller expects it: `Authorization` or a cookie.
fn set_client_token(world: &World, caller: &Caller, response: &mut Response) {
    let Some(token) = &caller.new_token else { return };
    match (caller.native, token) {
        (true, NewToken::Set(token)) => set_header(response, "authorization", token),
        (true, NewToken::Clear) => set_header(response, "authorization", ""),
        (false, NewToken::Set(token)) => {
            let cookie = format!("__client={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=34560000");
            append_header(response, "set-cookie", &cookie);
            if world.config.environment_type == "production" {
                let cookie = format!("__client_uat={}; Path=/; SameSite=Strict", world.clock.now_s());
                append_header(response, "set-cookie", &cookie);
            }
        }
        (false, NewToken::Clear) => append_header(response, "set-cookie", "__client=; Path=/; HttpOnly; Max-Age=0"),
    }
}

fn set_header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

fn append_header(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(HeaderName::from_static(name), value);
    }
}

fn enveloped(world: &mut World, resource: Value, caller: &Caller, changed: bool) -> Response {
    match client_json(world, caller) {
        Ok(client) => {
            if let Some(client) = &client {
                world.history.remember(client.clone(), changed);
            }
            json_response(200, &json!({ "response": resource, "client": client }))
        }
        Err(refusal) => refuse(world, &refusal, &Caller::default()),
    }
}

/// Returns the caller's client as JSON.
fn client_json(world: &mut World, caller: &Caller) -> Result<Option<Value>> {
    let client = caller.client_id.as_ref().and_then(|id| world.clients.get(id)).cloned();
    client.map(|client| resources::client(world, &client)).transpose()
}

/// Returns the error envelope, with the client if there is one.
fn refuse(world: &mut World, refusal: &Refusal, caller: &Caller) -> Response {
    let trace_id = world.ids.hex(32);
    let mut body = json!({ "errors": refusal.all_to_json(), "clerk_trace_id": trace_id });
    if let Ok(Some(client)) = client_json(world, caller) {
        body["meta"] = json!({ "client": client });
    }
    let mut response = json_response(refusal.status, &body);
    set_header(&mut response, "x-clerk-trace-id", &trace_id);
    if let Some(seconds) = refusal.retry_after {
        set_header(&mut response, "retry-after", &seconds.to_string());
    }
    response.extensions_mut().insert(ErrorCode(refusal.code.clone()));
    response
}

#[derive(Clone)]
struct ErrorCode(String);

/// Logs a request whose fault prevented the operation.
fn log_faulted(world: &mut World, incoming: &Incoming, fault: Option<&'static str>, response: &Response) {
    let caller = admit(world, incoming).unwrap_or_default();
    let operation = routes::find(&incoming.method, &incoming.path).ok().map(|(route, _)| route.operation);
    log_request(world, incoming, &caller, operation, fault, response);
}

fn log_request(
    world: &mut World,
    incoming: &Incoming,
    caller: &Caller,
    operation: Option<&'static str>,
    fault: Option<&'static str>,
    response: &Response,
) -> u64 {
    let entry = Entry {
        seq: 0,
        at: world.now_ms(),
        method: incoming.method.clone(),
        path: shortened(&incoming.path),
        operation,
        query: masked(incoming.query.iter()),
        form: masked(incoming.form.iter()),
        user_agent: incoming.header("user-agent").map(str::to_owned),
        has_origin: incoming.header("origin").is_some(),
        native: caller.native,
        client: caller.client_id.clone(),
        rotated: caller.new_token.is_some(),
        status: match response.extensions().get::<Disconnect>() {
            Some(_) => 0,
            None => response.status().as_u16(),
        },
        error_code: response.extensions().get::<ErrorCode>().map(|code| code.0.clone()),
        fault,
        answer: None,
    };
    tracing::debug!(method = entry.method, path = entry.path, status = entry.status, error = entry.error_code);
    world.log.add(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guarded_returns_the_panic_message() {
        assert_eq!(guarded(|| 1), Ok(1));
        let name = "handler";
        assert_eq!(guarded(move || -> u8 { panic!("{name} fell") }), Err("handler fell".to_owned()));
        assert_eq!(guarded(|| -> u8 { panic!("fell") }), Err("fell".to_owned()));
    }
}
