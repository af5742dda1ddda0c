//! API keys. Requests have a session token in `Authorization`, and bodies in JSON.

use serde_json::{Value, json};

use super::route::{ANYTHING, Call, NOTHING, Route, RouteResponse, page, route};
use crate::{error::Result, http::reply, json as resources, state::World};

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/api_keys", "getApiKeys", NOTHING, list),
    route("POST", "/api_keys", "createApiKey", ANYTHING, |world, call| {
        let (key, secret) = world.create_api_key(authorization(call), &call.incoming.body)?;
        let mut json = resources::api_key(&key, world.now_ms());
        json["secret"] = json!(secret);
        Ok(RouteResponse::Browser(reply::json(201, &json)))
    }),
    route("PATCH", "/api_keys/{}", "updateApiKey", ANYTHING, |world, call| {
        let key = world.update_api_key(authorization(call), &call.arguments[0], &call.incoming.body)?;
        Ok(RouteResponse::Bare(resources::api_key(&key, world.now_ms())))
    }),
    route("POST", "/api_keys/{}/revoke", "revokeApiKey", ANYTHING, |world, call| {
        let key = world.revoke_api_key(authorization(call), &call.arguments[0], &call.incoming.body)?;
        Ok(RouteResponse::Bare(resources::api_key(&key, world.now_ms())))
    }),
];

fn authorization<'a>(call: &Call<'a>) -> Option<&'a str> {
    call.incoming.header("authorization")
}

fn list(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let query = call.query();
    let (subject, name) = (query.get("subject").unwrap_or_default(), query.get("query").unwrap_or_default());
    let keys = world.api_keys_of(authorization(call), subject, name, query.is_true("include_invalid"))?;
    let all: Vec<Value> = keys.into_iter().map(|key| resources::api_key(key, world.now_ms())).collect();
    Ok(RouteResponse::Bare(page(call, &all)?))
}
