//! API keys. Their part of the API takes a session token in place of a client token, and JSON in place of forms.

use serde_json::{Map, Value};

use crate::{
    error::{Refusal, Result},
    ops::client::without_bearer,
    state::{ApiKey, SessionStatus, User, World},
    tokens,
};

/// Maximum number of usable keys of a user or organization.
const QUOTA: usize = 100;
/// Maximum length of a description, in characters.
const MAX_DESCRIPTION: usize = 255;
/// Maximum lifetime, in seconds: 100 years.
const LONGEST_S: f64 = 100.0 * 366.0 * 24.0 * 60.0 * 60.0;

const READ: &str = "org:sys_api_keys:read";
const MANAGE: &str = "org:sys_api_keys:manage";

fn bad_request() -> Refusal {
    Refusal::new(400, "bad_request")
}

fn keys_off() -> Refusal {
    Refusal::new(422, "api_keys_not_enabled")
}

/// Returns the text with this key; `None` if it is missing or null.
fn text<'a>(body: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad_request().param(key)),
    }
}

fn description(body: &Map<String, Value>) -> Result<Option<String>> {
    let text = text(body, "description")?.filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > MAX_DESCRIPTION) {
        return Err(bad_request().param("description"));
    }
    Ok(text.map(str::to_owned))
}

/// Returns the lifetime in milliseconds.
fn lifetime(body: &Map<String, Value>) -> Result<Option<i64>> {
    let refusal = || bad_request().param("seconds_until_expiration");
    match body.get("seconds_until_expiration") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = value.as_f64().filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_S);
            #[allow(clippy::cast_possible_truncation, reason = "it is in the range")]
            seconds.map(|seconds| Some((seconds * 1000.0) as i64)).ok_or_else(refusal)
        }
    }
}

impl World {
    fn require_api_keys(&self) -> Result<()> {
        if self.config.api_keys.is_on() { Ok(()) } else { Err(keys_off()) }
    }

    /// Reads the body of a request, if there are API keys; a key that is not in `known` is refused.
    fn read_body(&self, body: &[u8], known: &[&str]) -> Result<Map<String, Value>> {
        self.require_api_keys()?;
        let body: Map<String, Value> = serde_json::from_slice(body).map_err(|_| bad_request())?;
        match body.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(bad_request().param(key)),
            None => Ok(body),
        }
    }

    /// Returns the user whose session token is in the `Authorization` header.
    fn user_of_session_token(&self, authorization: Option<&str>) -> Result<User> {
        let refusal = || Refusal::new(401, "authentication_invalid");
        let claims = tokens::read_session_token(without_bearer(authorization.unwrap_or_default()))?;
        let claims = claims.filter(|claims| claims.exp > self.clock.now_s()).ok_or_else(refusal)?;
        let sessions = self.sessions_of_user(&claims.sub);
        let is_this = |status: SessionStatus, id: &str| status == SessionStatus::Active && id == claims.sid;
        if !sessions.iter().any(|session| is_this(session.status, &session.id)) {
            return Err(refusal());
        }
        self.usable_user(&claims.sub).cloned()
    }

    /// Returns the user of the session token, who must be allowed to do this with the keys of a user or organization.
    fn user_for_keys(&self, authorization: Option<&str>, subject: &str, permission: &str) -> Result<User> {
        let settings = self.config.api_keys;
        let user = self.user_of_session_token(authorization)?;
        if subject == user.id {
            return if settings.users { Ok(user) } else { Err(keys_off()) };
        }
        let member = self.organizations.get(subject).and_then(|one| one.member(&user.id));
        let member = member.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        if !settings.organizations {
            return Err(keys_off());
        }
        if !self.permissions_of(&member.role).iter().any(|one| one == permission) {
            return Err(Refusal::new(403, "missing_organization_permission"));
        }
        Ok(user)
    }

    /// `GET /api_keys`: the newest first; those that can't be used any more only with `invalid`.
    pub(crate) fn api_keys_of(
        &self,
        authorization: Option<&str>,
        subject: &str,
        name: &str,
        invalid: bool,
    ) -> Result<Vec<&ApiKey>> {
        self.require_api_keys()?;
        self.user_for_keys(authorization, subject, READ)?;
        let (now, name) = (self.now_ms(), name.to_lowercase());
        let matches = |key: &&ApiKey| {
            key.subject == subject && (invalid || key.is_valid(now)) && key.name.to_lowercase().contains(&name)
        };
        Ok(self.api_keys.iter().rev().filter(matches).collect())
    }

    /// `POST /api_keys`: the key, and its secret.
    pub(crate) fn create_api_key(&mut self, authorization: Option<&str>, body: &[u8]) -> Result<(ApiKey, String)> {
        let known = ["type", "name", "subject", "description", "seconds_until_expiration"];
        let body = self.read_body(body, &known)?;
        let subject = text(&body, "subject")?.unwrap_or_default();
        let user = self.user_for_keys(authorization, subject, MANAGE)?;
        let name = text(&body, "name")?.filter(|name| name.trim() == *name && name.chars().count() >= 3);
        let name = name.ok_or_else(|| bad_request().param("name"))?;
        if text(&body, "type")?.is_some_and(|kind| kind != "api_key") {
            return Err(bad_request().param("type"));
        }
        let (description, lifetime) = (description(&body)?, lifetime(&body)?);
        let now = self.now_ms();
        let usable: Vec<_> = self.api_keys.iter().filter(|key| key.subject == subject && key.is_valid(now)).collect();
        if usable.iter().any(|key| key.name == name) {
            return Err(Refusal::new(409, "token_creation_conflict"));
        }
        if usable.len() >= QUOTA {
            return Err(Refusal::new(403, "token_quota_exceeded"));
        }
        let key = ApiKey {
            id: format!("ak_{}", self.ids.hex(32)),
            subject: subject.to_owned(),
            name: name.to_owned(),
            description,
            created_by: user.id,
            revoked: false,
            revocation_reason: None,
            expire_at: lifetime.map(|lifetime| now + lifetime),
            created_at: now,
            updated_at: now,
        };
        self.api_keys.push(key.clone());
        Ok((key, format!("ak_{}", self.ids.nonce())))
    }

    /// Changes a key that the user may manage.
    fn change_api_key(
        &mut self,
        authorization: Option<&str>,
        id: &str,
        change: impl FnOnce(&mut ApiKey),
    ) -> Result<ApiKey> {
        let place = self.api_keys.iter().position(|key| key.id == id);
        let subject = place.map(|place| self.api_keys[place].subject.clone()).unwrap_or_default();
        self.user_for_keys(authorization, &subject, MANAGE)?;
        let now = self.now_ms();
        let key = place.and_then(|place| self.api_keys.get_mut(place));
        let key = key.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        change(key);
        key.updated_at = now;
        Ok(key.clone())
    }

    /// `PATCH /api_keys/{id}`.
    pub(crate) fn update_api_key(&mut self, authorization: Option<&str>, id: &str, body: &[u8]) -> Result<ApiKey> {
        let body = self.read_body(body, &["description"])?;
        let description = description(&body)?;
        self.change_api_key(authorization, id, |key| {
            if body.contains_key("description") {
                key.description = description;
            }
        })
    }

    /// `POST /api_keys/{id}/revoke`.
    pub(crate) fn revoke_api_key(&mut self, authorization: Option<&str>, id: &str, body: &[u8]) -> Result<ApiKey> {
        let body = self.read_body(body, &["revocation_reason"])?;
        let reason = text(&body, "revocation_reason")?.map(str::to_owned);
        self.change_api_key(authorization, id, |key| {
            key.revoked = true;
            key.revocation_reason = reason;
        })
    }
}
