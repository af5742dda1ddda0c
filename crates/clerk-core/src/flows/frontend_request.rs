//! Requests of Rust code to parts of FAPI that have no method of their own.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    clerk::Clerk,
    error::{ErrorCode, Result},
    exchange::not_a_resource,
    fapi::request::{Method, path},
    flows::frontend_api::{built, mints_tokens, refuse_own_name, segments_of},
    models::SessionId,
    ports::UploadPart,
    resources::picture::Picture,
    secret::{FormBody, Secret},
};

/// A request to Clerk's Frontend API (FAPI), made by [`Clerk::frontend_request`]. It has the credential, the order and the errors of
/// every other request, and a client in its response is taken over.
///
/// Parameters have the names of FAPI, in snake_case. What FAPI responds is read with `serde`.
///
/// # Billing
///
/// The plans that users can have, also for those who are signed out, and the subscription of the signed-in user or of an
/// organization. FAPI: `GET /v1/billing/plans`, `GET /v1/me/billing/subscription`,
/// `GET /v1/organizations/{id}/billing/subscription`.
///
/// ```no_run
/// # use clerk_core::{Clerk, Method};
/// #[derive(serde::Deserialize)]
/// struct Plans {
///     data: Vec<Plan>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Plan {
///     slug: String,
///     name: String,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Subscription {
///     status: String,
/// }
///
/// # async fn example(clerk: Clerk, organization_id: &str) -> clerk_core::Result<()> {
/// let plans: Plans =
///     clerk.frontend_request(Method::Get, "/billing/plans").query("payer_type", "user").send().await?;
/// for plan in plans.data {
///     println!("{}: {}", plan.slug, plan.name);
/// }
/// let own: Subscription = clerk.frontend_request(Method::Get, "/me/billing/subscription").send().await?;
/// let theirs: Subscription = clerk
///     .frontend_request(Method::Get, "/organizations")
///     .segment(organization_id)
///     .segment("billing")
///     .segment("subscription")
///     .send()
///     .await?;
/// println!("{} {}", own.status, theirs.status);
/// # Ok(())
/// # }
/// ```
///
/// # API keys
///
/// They are not behind `/v1`, and take a session token and JSON: [`unversioned`](Self::unversioned) and [`json`](Self::json). The
/// response to the first request is the only one that has the secret of the key. FAPI: `POST /api_keys`, `GET /api_keys`,
/// `PATCH /api_keys/{id}`, `POST /api_keys/{id}/revoke`.
///
/// ```no_run
/// # use clerk_core::{Clerk, Method};
/// # use serde_json::json;
/// #[derive(serde::Deserialize)]
/// struct ApiKeys {
///     data: Vec<ApiKey>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct ApiKey {
///     id: String,
///     name: String,
///     secret: Option<String>,
/// }
///
/// # async fn example(clerk: Clerk, user_id: &str) -> clerk_core::Result<()> {
/// let created: ApiKey = clerk
///     .frontend_request(Method::Post, "/api_keys")
///     .unversioned()
///     .json(&json!({ "name": "Build server", "subject": user_id, "seconds_until_expiration": 86_400 }))?
///     .send()
///     .await?;
/// assert!(created.secret.is_some());
/// let keys: ApiKeys =
///     clerk.frontend_request(Method::Get, "/api_keys").unversioned().query("subject", user_id).send().await?;
/// for key in keys.data {
///     println!("{}: {}", key.id, key.name);
/// }
/// clerk
///     .frontend_request(Method::Post, "/api_keys")
///     .segment(&created.id)
///     .segment("revoke")
///     .unversioned()
///     .json(&json!({ "revocation_reason": "Not needed any more" }))?
///     .send_json()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Consent to OAuth applications
///
/// What an application asks for that signs in with this instance. FAPI: `GET /v1/me/oauth/consent/{client_id}`. The decision is made
/// by a form of a page in a browser, which FAPI redirects to the application; a request of this type ends with `decode_error` at
/// such a redirect.
///
/// ```no_run
/// # use clerk_core::{Clerk, Method};
/// #[derive(serde::Deserialize)]
/// struct Consent {
///     oauth_application_name: String,
///     scopes: Vec<Scope>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Scope {
///     scope: String,
///     description: Option<String>,
/// }
///
/// # async fn example(clerk: Clerk, client_id: &str) -> clerk_core::Result<()> {
/// let consent: Consent = clerk
///     .frontend_request(Method::Get, "/me/oauth/consent")
///     .segment(client_id)
///     .query("scope", "openid profile")
///     .send()
///     .await?;
/// println!("{} asks for:", consent.oauth_application_name);
/// for scope in consent.scopes {
///     println!("{}", scope.description.unwrap_or(scope.scope));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Approval of devices
///
/// A device without a browser shows a code, which the user enters in this app. FAPI: `POST /v1/me/oauth/device/lookup`,
/// `POST /v1/me/oauth/device`.
///
/// ```no_run
/// # use clerk_core::{Clerk, Method};
/// #[derive(serde::Deserialize)]
/// struct Device {
///     oauth_application_name: String,
///     status: String,
/// }
///
/// # async fn example(clerk: Clerk, user_code: &str) -> clerk_core::Result<()> {
/// let device: Device = clerk
///     .frontend_request(Method::Post, "/me/oauth/device/lookup")
///     .field("user_code", user_code)
///     .send()
///     .await?;
/// println!("{} is {}", device.oauth_application_name, device.status);
/// clerk
///     .frontend_request(Method::Post, "/me/oauth/device")
///     .field("user_code", user_code)
///     .field("approved", "true")
///     .send_json()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a request is sent by `send` or `send_json`"]
pub struct FrontendRequest {
    clerk: Clerk,
    method: Method,
    path: String,
    query: Vec<(String, Secret<String>)>,
    form: Vec<(String, Secret<String>)>,
    files: Vec<(String, Picture)>,
    json: Option<FormBody>,
    session: Option<SessionId>,
    is_versioned: bool,
}

/// Prints only the method and path: parameters may be codes and passwords.
impl std::fmt::Debug for FrontendRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.method, self.path)
    }
}

impl Clerk {
    /// Begins a request to a part of FAPI that has no method of its own, such as billing and API keys; see [`FrontendRequest`] for
    /// examples. `path` has no version, e.g. `/me/billing/subscription`.
    ///
    /// Session tokens, signing out, choosing a session, and the steps of flows that leave the app are refused, because they do more
    /// than one request: use [`get_token`](Self::get_token), [`sign_out`](Self::sign_out), [`set_active`](Self::set_active) and
    /// the methods of the flows.
    pub fn frontend_request(&self, method: Method, path: impl Into<String>) -> FrontendRequest {
        FrontendRequest {
            clerk: self.clone(),
            method,
            path: path.into(),
            query: Vec::new(),
            form: Vec::new(),
            files: Vec::new(),
            json: None,
            session: None,
            is_versioned: true,
        }
    }
}

impl FrontendRequest {
    /// Adds a segment to the path, e.g. an id. Whatever it contains, it becomes one segment, or the request is refused.
    pub fn segment(mut self, segment: impl AsRef<str>) -> Self {
        self.path.push_str(&path(&[segment.as_ref()]));
        self
    }

    /// Adds a parameter to the query. A name may occur more than once.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), Secret::new(value.into())));
        self
    }

    /// Adds a field to the form. A name may occur more than once, for a list; FAPI takes objects as JSON text.
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.form.push((name.into(), Secret::new(value.into())));
        self
    }

    /// Adds a file of at most 10 MB. The body is multipart then, also for the fields.
    pub fn file(mut self, name: impl Into<String>, file: Picture) -> Self {
        self.files.push((name.into(), file));
        self
    }

    /// Sets a JSON body in place of the form.
    ///
    /// # Errors
    /// `option_invalid` if `value` can't be serialized.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Result<Self> {
        let json = serde_json::to_string(value)
            .map_err(|_| ErrorCode::OptionInvalid.error("the body of the request can't be serialized to JSON"))?;
        self.json = Some(FormBody::new(json));
        Ok(self)
    }

    /// Makes the request on behalf of this session. Default: the active one.
    pub fn session(mut self, id: impl Into<SessionId>) -> Self {
        self.session = Some(id.into());
        self
    }

    /// Sends the request to a path that is not behind `/v1`, with a session token in place of the client token. After a 401, it is
    /// sent once more with a new token.
    pub fn unversioned(mut self) -> Self {
        self.is_versioned = false;
        self
    }

    /// Sends the request, and reads the resource in the response.
    ///
    /// # Errors
    /// As [`send_json`](Self::send_json); `decode_error` if FAPI responded with something else than a `T`.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        let json = self.send_json().await?;
        serde_json::from_value(json).map_err(|error| {
            // Other texts quote the response.
            let text = error.to_string();
            let detail = text.strip_prefix("missing field").map(|name| format!(": it has no field{name}"));
            let (name, detail) = (std::any::type_name::<T>(), detail.unwrap_or_default());
            ErrorCode::DecodeError.error(format!("the response of the Frontend API is not a {name}{detail}"))
        })
    }

    /// Sends the request, and returns the resource in the response, or `null` if there is none.
    ///
    /// # Errors
    /// `not_loaded`; `option_invalid` for a path, parameter or body that is not valid; `request_not_allowed` for a request that has
    /// a method of its own (see [`Clerk::frontend_request`]); `no_active_session` for a request about the user when no user is
    /// signed in; `network_error`, `clerk_offline`, `decode_error`, or `api_response_error` with FAPI's own codes.
    pub async fn send_json(self) -> Result<Value> {
        let segments = segments_of(&self.path)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        self.check(&segments)?;
        let active = self.clerk.loaded().await?.session().map(|session| session.id.clone());
        let session = self.session.or(active);
        let is_about_user = !self.is_versioned || matches!(segments.first(), Some(&("me" | "organizations")));
        if is_about_user && session.is_none() {
            return Err(ErrorCode::NoActiveSession.error("no user is signed in; sign in first"));
        }
        let has_files = !self.files.is_empty();
        let form = if has_files { &[] } else { self.form.as_slice() };
        let request = built(self.method, &segments, &self.query, form)?.json(self.json);
        let mut parts = Vec::new();
        for (name, value) in self.form.iter().filter(|_| has_files) {
            refuse_own_name(name)?;
            let content = Secret::new(value.expose().clone().into_bytes());
            parts.push(UploadPart { name: name.clone(), file: None, content });
        }
        for (name, file) in self.files {
            refuse_own_name(&name)?;
            parts.push(file.part_named(&name)?);
        }
        let request = request.parts(parts);
        let body = match session {
            Some(session) if !self.is_versioned => {
                self.clerk.request_with_token_of(&session, &request.unversioned()).await?
            }
            session => self.clerk.request(&request.session(session)).await?,
        };
        let mut body = Secret::new(body).expose().tree().map_err(|_| not_a_resource())?;
        // A resource without an envelope is the body itself.
        Ok(match body.get_mut("response") {
            Some(resource) => resource.take(),
            None => body,
        })
    }

    fn check(&self, segments: &[&str]) -> Result<()> {
        let invalid = |why: &str| Err(ErrorCode::OptionInvalid.error(why));
        if segments.first().is_some_and(|first| is_version(first)) {
            return invalid("the path of the request must not contain the version; use e.g. /me/billing/subscription");
        }
        if let Some(instead) = reserved(segments) {
            return Err(ErrorCode::RequestNotAllowed.error(format!("the request is not made this way; use {instead}")));
        }
        let has_form = !self.form.is_empty() || !self.files.is_empty();
        match (self.method, &self.json) {
            (Method::Get, Some(_)) => invalid("a GET request has no body; use query()"),
            (Method::Get, None) if has_form => invalid("a GET request has no fields; use query()"),
            (_, Some(_)) if has_form => invalid("a request has either fields or a JSON body"),
            _ => Ok(()),
        }
    }
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns what takes the place of requests that do more than to send something.
fn reserved(segments: &[&str]) -> Option<&'static str> {
    if mints_tokens(segments) {
        return Some("Clerk::get_token");
    }
    Some(match segments {
        ["client"] => "Clerk::client, which is always up to date",
        ["client", "sessions"] | ["client", "sessions", _, "remove" | "end"] => "Clerk::sign_out",
        ["client", "sessions", _, "touch"] => "Clerk::set_active, or Clerk::touch",
        ["client", "hosted_auth", ..] => "Clerk::start_hosted_auth",
        ["client", "magic_links", ..] => "Clerk::sign_in_with_email_link",
        ["client", "handshake" | "link" | "sync" | "touch", ..] | ["dev_browser", ..] => "a browser: it is for cookies",
        _ => return None,
    })
}
