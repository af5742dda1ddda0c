//! An operation: method, path, name, form fields and handler.

use axum::response::Response;
use serde_json::Value;

use crate::{
    error::{Refusal, Result},
    http::{reply::redirect, request::Incoming},
    json as resources,
    ops::{
        client::Caller,
        params::{Params, is_protect},
    },
    state::{Picture, World},
};

/// What a handler returns.
pub(crate) enum RouteResponse {
    /// The value without an envelope.
    Bare(Value),
    /// `{ "response": …, "client": … }` with the caller's client after the change.
    Resource(Value),
    /// `{ "response": …, "client": null }`.
    WithoutClient(Value),
    /// A page or redirect for a browser.
    Browser(Response),
}

/// An admitted request.
pub(crate) struct Call<'a> {
    pub(crate) caller: Caller,
    /// The arguments of the path, in place of its `{}`.
    pub(crate) arguments: Vec<String>,
    pub(crate) incoming: &'a Incoming,
}

impl Call<'_> {
    pub(super) fn form(&self) -> &Params {
        &self.incoming.form
    }

    pub(super) fn query(&self) -> &Params {
        &self.incoming.query
    }

    pub(super) fn argument(&self, place: usize) -> String {
        self.arguments.get(place).cloned().unwrap_or_default()
    }
}

type Run = fn(&mut World, &mut Call<'_>) -> Result<RouteResponse>;

/// One operation.
pub(crate) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Name in the published description.
    pub(crate) operation: &'static str,
    pub(super) fields: &'static [&'static str],
    pub(crate) run: Run,
}

/// Fields that may occur more than once.
const LISTS: &[&str] = &["additional_scope", "names", "organization_domain_ids", "domains"];

impl Route {
    /// Refuses another kind of body, unknown fields, and fields that occur twice.
    pub(crate) fn check(&self, incoming: &Incoming) -> Result<()> {
        if self.fields == ANYTHING {
            return Ok(());
        }
        incoming.check_body(self.fields == FILE)?;
        let mut seen: Vec<&str> = Vec::new();
        for (key, _) in incoming.form.iter() {
            let key = key.trim_end_matches("[]");
            if key == "_method" || is_protect(key) {
                continue;
            }
            if !self.fields.contains(&key) {
                return Err(Refusal::new(422, "form_param_unknown").param(key));
            }
            let repeatable = LISTS.contains(&key) || self.operation == "bulkCreateOrganizationInvitations";
            if seen.contains(&key) && !repeatable {
                return Err(Refusal::new(422, "form_param_duplicate").param(key));
            }
            seen.push(key);
        }
        Ok(())
    }
}

pub(super) const NOTHING: &[&str] = &[];
pub(super) const FILE: &[&str] = &["file"];
/// For disabled operations, which accept any body.
pub(super) const ANYTHING: &[&str] = &["*"];

pub(super) const fn route(
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    fields: &'static [&'static str],
    run: Run,
) -> Route {
    Route { method, path, operation, fields, run }
}

pub(super) fn off(status: u16, code: &str) -> Result<RouteResponse> {
    Err(Refusal::new(status, code))
}

pub(super) fn not_found(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(404, "resource_not_found")
}

pub(super) fn feature_off(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(403, "feature_not_enabled")
}

pub(super) fn not_played(_: &mut World, _: &mut Call<'_>) -> Result<RouteResponse> {
    off(501, "emulator_not_implemented")
}

/// A completed attempt can't be read any more: `GET` responds with 404, other operations name the state.
pub(super) fn gone(refusal: Refusal) -> Refusal {
    if refusal.code == "client_state_invalid" { Refusal::new(404, "resource_not_found") } else { refusal }
}

pub(super) fn deleted(object: &str, id: &str) -> Result<RouteResponse> {
    Ok(RouteResponse::Resource(resources::deleted(object, id)))
}

/// Applies `limit` and `offset`, and the page envelope if requested or `always`.
pub(super) fn paged(call: &Call<'_>, all: Vec<Value>, always: bool) -> Result<RouteResponse> {
    let in_pages = always || call.query().is_true("paginated");
    let page = page(call, &all)?;
    Ok(RouteResponse::Resource(if in_pages { page } else { Value::Array(all) }))
}

/// Returns the page that `limit` and `offset` ask for.
pub(super) fn page(call: &Call<'_>, all: &[Value]) -> Result<Value> {
    let number = |name: &str, default: usize, most: usize| match call.query().given(name) {
        None => Ok(default),
        Some(text) => match text.parse::<usize>() {
            Ok(number) if number <= most => Ok(number),
            _ => Err(Refusal::new(422, "form_param_value_invalid").param(name)),
        },
    };
    let (limit, offset) = (number("limit", 10, 500)?, number("offset", 0, usize::MAX)?);
    Ok(resources::page(all, limit, offset))
}

/// Whether a resource has one of the requested statuses.
pub(super) fn has_status(call: &Call<'_>, json: &Value) -> bool {
    let mut wanted = call.query().all("status").peekable();
    wanted.peek().is_none() || wanted.any(|status| json["status"] == status)
}

pub(super) fn picture(world: &mut World, call: &Call<'_>) -> Result<Picture> {
    let file = call.incoming.picture()?;
    Ok(Picture { id: world.ids.id("img"), content_type: file.content_type, bytes: file.bytes })
}

/// Redirects the browser to the `redirect_url` of the query.
pub(super) fn redirect_to(world: &mut World, call: &mut Call<'_>) -> Result<RouteResponse> {
    let url = call.query().required("redirect_url")?;
    match world.allowed_redirect(url, "redirect_url") {
        Ok(url) => Ok(RouteResponse::Browser(redirect(&url))),
        Err(_) => off(422, "redirect_url_domain_mismatch"),
    }
}
