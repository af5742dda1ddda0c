//! Requests of Clerk's own packages (`clerk-js` and what stands on it), made by this device.
//!
//! A window names an operation of FAPI; credential, order and state are those of every other request. What the window gets
//! contains the newest client that is known here, and neither client tokens nor nonces.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::{
    clerk::Clerk,
    error::{Error, ErrorCode, Result},
    events::Status,
    exchange::not_a_resource,
    fapi::{
        form::Form,
        json::Json,
        request::{Method, Request, path},
    },
    flows::{
        named_pages::{VisiblePages, pages_in},
        set_active::SetActiveParams,
        sign_out::SignOutOptions,
    },
    models::SessionId,
    navigation::urls::origin,
    ports::UploadPart,
    resources::{params::Change, picture::FrontendApiFile},
    secret::Secret,
    state::snapshot::{ActiveSession, Snapshot},
};

/// What stands for a nonce in a window. Rust redeemed the nonce before the window hears of it.
pub const REDEEMED_NONCE: &str = "redeemed";

/// The longest multipart body, in bytes. FAPI takes pictures of up to 10 MB.
const MAX_UPLOAD: usize = 11 * 1024 * 1024;

/// A request to FAPI.
#[derive(Debug, Clone, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct FrontendApiRequest {
    /// `GET`, `POST`, `PATCH`, `PUT` or `DELETE`.
    pub method: String,
    /// The path without the version, e.g. `/client/sign_ins`.
    pub path: String,
    /// The parameters of the query, in order. A name may occur more than once.
    #[serde(default)]
    #[specta(type = Vec<(String, String)>)]
    pub query: Vec<(String, Secret<String>)>,
    /// The fields of the form, in order.
    #[serde(default)]
    #[specta(type = Vec<(String, String)>)]
    pub form: Vec<(String, Secret<String>)>,
    /// The parts of a multipart body, in place of the form.
    #[serde(default)]
    pub parts: Vec<FrontendApiPart>,
    /// The session on whose behalf it is made. Default: the active one.
    #[serde(default)]
    pub session_id: Option<SessionId>,
}

/// A part of a multipart body: a value or a file.
#[derive(Debug, Clone, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct FrontendApiPart {
    /// The name of the field.
    pub name: String,
    /// The value of a plain field.
    #[serde(default)]
    #[specta(type = Option<String>)]
    pub value: Option<Secret<String>>,
    /// The file.
    #[serde(default)]
    pub file: Option<FrontendApiFile>,
}

/// FAPI's response to a [`FrontendApiRequest`].
#[derive(Debug, Clone, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FrontendApiResponse {
    /// The HTTP status. Successful responses have 200.
    pub status: u16,
    /// Seconds to wait before a retry.
    #[specta(type = Option<u32>)]
    pub retry_after: Option<u64>,
    /// FAPI's JSON: `{ response, client }`, `{ errors, meta: { client } }`, or a resource without an envelope. The client is the
    /// newest one that is known.
    #[specta(type = serde_json::Value)]
    pub body: Secret<Value>,
    /// The revision of the state after the response.
    #[specta(type = u32)]
    pub revision: u64,
    /// The active session after the response.
    pub active_session: ActiveSession,
}

/// What `clerk-js` starts with.
#[derive(Debug, Clone, Serialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClerkJsState {
    /// The revision of the state that this was read from.
    #[specta(type = u32)]
    pub revision: u64,
    /// The loading status.
    pub status: Status,
    /// The publishable key in use; empty before the first load.
    pub publishable_key: String,
    /// The proxy in use; empty if none is configured.
    pub proxy_url: String,
    /// The domain in use; empty if none is configured.
    pub domain: String,
    /// The app's callback URL; empty if the app has none.
    pub callback_url: String,
    /// The client as FAPI sent it, or null.
    #[specta(type = serde_json::Value)]
    pub client: Secret<Value>,
    /// The environment as FAPI sent it, or null.
    #[specta(type = serde_json::Value)]
    pub environment: Value,
    /// The active session.
    pub active_session: ActiveSession,
}

/// What a window may see of FAPI's responses.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::exhaustive_structs, reason = "a caller decides about each of them")]
pub struct Disclosure {
    /// Session tokens.
    pub session_tokens: bool,
    /// The whole client: in the envelope of responses that are about something else, and after signing out of everything.
    pub client: bool,
    /// The addresses of providers' pages.
    pub pages: VisiblePages,
}

/// What a request asks for.
enum Operation {
    /// To end this session, or all.
    SignOut(Option<SessionId>),
    /// To make a session and its organization the active ones.
    Select(SetActiveParams),
    /// Anything else.
    Send(Box<Request>),
}

impl FrontendApiRequest {
    /// Returns the decoded segments of the path.
    ///
    /// # Errors
    /// `option_invalid` if the path is not valid: it must begin with a slash, and a segment must not be empty, a dot or two, and
    /// must not contain a slash.
    pub fn segments(&self) -> Result<Vec<String>> {
        segments_of(&self.path)
    }

    /// Returns the value of a field of the form that occurs once.
    fn field(&self, name: &str) -> Option<&str> {
        let mut values = self.form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.expose().as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// Returns the decoded segments of a path; see [`FrontendApiRequest::segments`].
pub(super) fn segments_of(path: &str) -> Result<Vec<String>> {
    let invalid = || ErrorCode::OptionInvalid.error("the path of the request is not valid; use e.g. /client/sign_ins");
    let rest = path.strip_prefix('/').ok_or_else(invalid)?;
    let segments: Option<Vec<String>> = rest.split('/').map(decoded).collect();
    segments.ok_or_else(invalid)
}

/// Whether session tokens are minted there.
pub(super) fn mints_tokens(segments: &[&str]) -> bool {
    matches!(segments, ["client", "sessions", _, "tokens", ..] | ["me", "tokens", ..])
}

/// Decodes a segment of a path.
fn decoded(segment: &str) -> Option<String> {
    let decoded = percent_decoded(segment)?;
    let is_plain =
        |text: &str| !text.chars().any(|character| matches!(character, '/' | '\\') || character.is_control());
    (!matches!(decoded.as_str(), "" | "." | "..") && is_plain(&decoded)).then_some(decoded)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        // The delimiters of a query or fragment are not part of a path.
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok().filter(|text| !text.starts_with('+'))?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
            }
            b'?' | b'#' => return None,
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

impl Clerk {
    /// Sends a request of Clerk's own packages. `page` is the address of the window's page: redirect URLs that lead there are
    /// replaced by the app's callback URL. An error response of FAPI is a response, not an error.
    ///
    /// Signing out and choosing a session or an organization do what [`end_sessions`](Self::end_sessions) and
    /// [`activate`](Self::activate) do, so that the whole app follows.
    ///
    /// # Errors
    /// `not_loaded`, `option_invalid` for a request that is not valid, `request_not_allowed` for session tokens (use
    /// [`get_token`](Self::get_token)), `redirect_url_invalid` if the app has no callback URL, `network_error`, `decode_error`.
    pub async fn frontend_api(
        &self,
        request: FrontendApiRequest,
        page: &Url,
        disclosure: Disclosure,
    ) -> Result<FrontendApiResponse> {
        self.loaded().await?;
        let result = match self.operation(request, page)? {
            Operation::SignOut(session) => self.sign_out_for_window(session).await,
            Operation::Select(params) => self.select_for_window(params).await,
            Operation::Send(request) => {
                let result = self.request(&request).await;
                let body = |body: Json| Secret::new(body).expose().tree().map_err(|_| not_a_resource());
                match request.is_for_client() {
                    true => result.map(|_| self.client_response()),
                    false => result.and_then(body),
                }
            }
        };
        let (status, retry_after, mut body) = match result {
            Ok(body) => (200, None, body),
            Err(Error::Api(error)) => (
                error.status,
                error.retry_after,
                json!({ "errors": *error.raw.0, "clerk_trace_id": error.clerk_trace_id, "meta": { "client": null } }),
            ),
            Err(error) => return Err(error),
        };
        self.0.flows.note_pages(pages_in(&body));
        let snapshot = self.snapshot();
        put_client(&mut body, if disclosure.client { newest_client(&snapshot) } else { Value::Null });
        self.disclose(&mut body, &snapshot, disclosure);
        let (revision, active_session) = (snapshot.revision, snapshot.active_session.clone());
        Ok(FrontendApiResponse { status, retry_after, body: Secret::new(body), revision, active_session })
    }

    /// Returns what `clerk-js` starts with: the client and the environment as FAPI sent them.
    #[must_use]
    pub fn clerk_js_state(&self, disclosure: Disclosure) -> ClerkJsState {
        let snapshot = self.snapshot();
        let mut client = newest_client(&snapshot);
        self.disclose(&mut client, &snapshot, disclosure);
        ClerkJsState {
            revision: snapshot.revision,
            status: snapshot.status,
            publishable_key: snapshot.publishable_key.clone().unwrap_or_default(),
            proxy_url: snapshot.proxy_url.clone(),
            domain: snapshot.domain.clone(),
            callback_url: self.0.setup.callback.as_ref().map(|url| url.as_str().to_owned()).unwrap_or_default(),
            client: Secret::new(client),
            environment: snapshot.raw_environment.as_deref().and_then(|raw| raw.tree().ok()).unwrap_or_default(),
            active_session: snapshot.active_session.clone(),
        }
    }

    fn operation(&self, mut request: FrontendApiRequest, page: &Url) -> Result<Operation> {
        let segments = request.segments()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let method = Method::named(&request.method).ok_or_else(|| {
            ErrorCode::OptionInvalid.error("the method of the request must be GET, POST, PATCH, PUT or DELETE")
        })?;
        let known = |id: &str| {
            let id = SessionId::from(id);
            self.snapshot().lists_session(&id).then_some(id)
        };
        let intent = request.field("intent");
        if mints_tokens(&segments) {
            return Err(ErrorCode::RequestNotAllowed
                .error("session tokens are minted by the command get_token; use getToken()"));
        }
        match (method, segments.as_slice()) {
            (Method::Delete, ["client"] | ["client", "sessions"]) => return Ok(Operation::SignOut(None)),
            (Method::Post, ["client", "sessions", id, "remove" | "end"]) if let Some(session) = known(id) => {
                return Ok(Operation::SignOut(Some(session)));
            }
            (Method::Post, ["client", "sessions", id, "touch"])
                if matches!(intent, Some("select_session" | "select_org")) && known(id).is_some() =>
            {
                let organization = match (intent, request.field("active_organization_id")) {
                    (_, Some("")) => Change::Clear,
                    (_, Some(id)) => Change::Set(id.to_owned()),
                    (Some("select_org"), None) => Change::Clear,
                    (_, None) => Change::Keep,
                };
                return Ok(Operation::Select(SetActiveParams { organization, ..SetActiveParams::session(*id) }));
            }
            _ => {}
        }
        self.replace_redirects(&mut request, segments.first().copied().unwrap_or_default(), page)?;
        let FrontendApiRequest { mut query, form, parts, session_id, .. } = request;
        query.retain(|(name, value)| name != "rotating_token_nonce" || value.expose() != REDEEMED_NONCE);
        let built = built(method, &segments, &query, &form)?.parts(uploads(parts)?).session(session_id);
        Ok(Operation::Send(Box::new(built)))
    }

    /// Replaces redirect URLs that lead to the page: only the callback URL leads back to the app. Attempts and accounts return to
    /// no other URL.
    fn replace_redirects(&self, request: &mut FrontendApiRequest, area: &str, page: &Url) -> Result<()> {
        let own = origin(page);
        let fields = request.form.iter_mut().chain(&mut request.query).map(|(name, value)| (&*name, value));
        let parts = request.parts.iter_mut().filter_map(|part| Some((&part.name, part.value.as_mut()?)));
        for (name, value) in fields.chain(parts) {
            if !matches!(name.as_str(), "redirect_url" | "action_complete_redirect_url") {
                continue;
            }
            // A relative URL leads to the page.
            let is_own = page.join(value.expose()).is_ok_and(|url| origin(&url) == own);
            if is_own || matches!(area, "client" | "me") {
                *value = Secret::new(self.0.setup.callback.clone()?.as_str().to_owned());
            }
        }
        Ok(())
    }

    async fn sign_out_for_window(&self, session: Option<SessionId>) -> Result<Value> {
        let mut removed = session.as_ref().map(|id| raw_session(&self.snapshot(), id));
        self.end_sessions(SignOutOptions { session_id: session, ..SignOutOptions::default() }).await?;
        Ok(match &mut removed {
            Some(session) => {
                session["status"] = "removed".into();
                json!({ "response": session })
            }
            None => self.client_response(),
        })
    }

    async fn select_for_window(&self, params: SetActiveParams) -> Result<Value> {
        let session = match &params.session {
            Change::Set(id) => id.clone(),
            Change::Keep | Change::Clear => return Ok(Value::Null),
        };
        self.choose(&params).await?;
        Ok(json!({ "response": raw_session(&self.snapshot(), &session) }))
    }

    /// The response to a request for the client.
    fn client_response(&self) -> Value {
        json!({ "response": newest_client(&self.snapshot()) })
    }

    /// Removes what the window must not see. Session tokens are the newest ones that are known.
    fn disclose(&self, json: &mut Value, snapshot: &Snapshot, disclosure: Disclosure) {
        let client_token = self.0.connection.client_token();
        let tokens = |id: &str| {
            let token = snapshot.last_active_token(&SessionId::from(id)).filter(|_| disclosure.session_tokens)?;
            Some(json!({ "object": "token", "jwt": token }))
        };
        let secret = client_token.as_ref().map(|token| token.expose());
        clean(json, secret, &tokens);
        disclosure.pages.hide_others(json);
    }
}

/// Puts the client into a response: into its envelope, and in place of a client. An overtaken response has an older one.
fn put_client(body: &mut Value, client: Value) {
    let Some(fields) = body.as_object_mut() else { return };
    if fields.contains_key("errors") {
        if let Some(meta) = fields.get_mut("meta").and_then(Value::as_object_mut) {
            meta.insert("client".to_owned(), client);
        }
    } else if let Some(response) = fields.get_mut("response") {
        if response["object"] == "client" {
            *response = client.clone();
        }
        fields.insert("client".to_owned(), client);
    }
}

/// Returns the client as FAPI sent it, or null.
fn newest_client(snapshot: &Snapshot) -> Value {
    let tree = snapshot.client_tree().map(|mut tree| std::mem::take(tree.expose_mut()));
    tree.filter(|client| client["id"].is_string()).unwrap_or_default()
}

/// Returns a session as FAPI sent it, or one that has only its id.
fn raw_session(snapshot: &Snapshot, id: &SessionId) -> Value {
    let client = newest_client(snapshot);
    let sessions = client["sessions"].as_array();
    let found = sessions.into_iter().flatten().find(|session| session["id"] == id.as_str());
    found.cloned().unwrap_or_else(|| json!({ "object": "session", "id": id }))
}

/// Removes secrets at any depth. JSON from FAPI has a limited depth.
fn clean(json: &mut Value, client_token: Option<&str>, token: &dyn Fn(&str) -> Option<Value>) {
    match json {
        Value::Object(fields) => {
            if fields.contains_key("last_active_token") {
                let newest = fields.get("id").and_then(Value::as_str).and_then(token);
                fields.insert("last_active_token".to_owned(), newest.unwrap_or_default());
            }
            let fields = fields.iter_mut().filter(|(name, _)| *name != "last_active_token");
            fields.for_each(|(_, value)| clean(value, client_token, token));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, client_token, token)),
        Value::String(text) if client_token.is_some_and(|secret| text.contains(secret)) => *json = Value::Null,
        _ => {}
    }
}

/// Makes a request whose outcome is the whole body of the response.
pub(super) fn built(
    method: Method,
    segments: &[&str],
    query: &[(String, Secret<String>)],
    form: &[(String, Secret<String>)],
) -> Result<Request> {
    let mut built = Request::new(method, path(segments)).raw();
    for (name, value) in query {
        refuse_own_name(name)?;
        built = built.query(name.clone(), value.expose().as_str());
    }
    let mut fields = Form::default();
    for (name, value) in form {
        refuse_own_name(name)?;
        fields.push(name, value.expose().as_str());
    }
    let built = built.form(fields);
    Ok(match (method, segments) {
        (_, ["client"]) => built.responds_with_client(),
        (Method::Get, ["client", "sign_ins" | "sign_ups", _] | ["me"]) => built.reload(),
        // Reports activity only.
        (Method::Post, ["client", "sessions", _, "touch"]) => built.background(),
        _ => built,
    })
}

/// Refuses the names of parameters that the SDK sets.
pub(super) fn refuse_own_name(name: &str) -> Result<()> {
    if name.starts_with('_') || name == "rotating_token_nonce" {
        return Err(ErrorCode::OptionInvalid
            .error(format!("the parameter {name} is set by the SDK; remove it from the request")));
    }
    Ok(())
}

fn uploads(parts: Vec<FrontendApiPart>) -> Result<Vec<UploadPart>> {
    let mut length = 0;
    let uploads = parts.into_iter().map(|FrontendApiPart { name, value, file }| {
        refuse_own_name(&name)?;
        let (file, content) = match (value, file) {
            (_, Some(file)) => {
                let content = file.content()?;
                (Some((file.name, file.content_type)), content)
            }
            (Some(value), None) => (None, value.expose().clone().into_bytes()),
            (None, None) => (None, Vec::new()),
        };
        length += content.len();
        if length > MAX_UPLOAD {
            return Err(ErrorCode::OptionInvalid.error("the request is larger than 10 MB; choose a smaller file"));
        }
        Ok(UploadPart { name, file, content: Secret::new(content) })
    });
    uploads.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_removes_client_tokens_wherever_they_are() {
        let mut json = json!({
            "response": { "id": "sia_1", "odd": ["Bearer the-client-token", "harmless"] },
            "client": { "sessions": [{ "id": "sess_1", "last_active_token": { "jwt": "old" } }, { "id": "sess_2" }] },
            "meta": { "deep": { "token": "the-client-token" } },
        });
        clean(&mut json, Some("the-client-token"), &|id| Some(json!({ "jwt": format!("new of {id}") })));
        assert_eq!(
            json,
            json!({
                "response": { "id": "sia_1", "odd": [null, "harmless"] },
                "client": {
                    "sessions": [{ "id": "sess_1", "last_active_token": { "jwt": "new of sess_1" } }, { "id": "sess_2" }],
                },
                "meta": { "deep": { "token": null } },
            })
        );
    }
}
