//! A request to FAPI before it is sent.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    error::Result,
    fapi::form::Form,
    models::SessionId,
    ports::UploadPart,
    secret::{FormBody, RotatingTokenNonce, Secret, Wipe},
};

/// The method of a request as FAPI processes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "FAPI has no others")]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or does something.
    Post,
    /// Changes.
    Patch,
    /// Replaces.
    Put,
    /// Deletes.
    Delete,
}

impl Method {
    /// Reads the name of a method.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "GET" => Self::Get,
            "POST" => Self::Post,
            "PATCH" => Self::Patch,
            "PUT" => Self::Put,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    /// Returns the value of `_method` for methods that are sent as POST.
    pub(super) fn tunnelled(self) -> Option<&'static str> {
        match self {
            Self::Get | Self::Post => None,
            Self::Patch => Some("PATCH"),
            Self::Put => Some("PUT"),
            Self::Delete => Some("DELETE"),
        }
    }
}

/// What the response to a request may do to the identity of this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A request of the core itself, beside what the user does: it never ends a session.
    Background,
    /// A request on behalf of the user.
    Foreground,
    /// A step that may lead to another client or to none: loading, the redemption of a nonce, signing out.
    ChangesClient,
}

/// A request to FAPI. Built by the methods of the resources and flows.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(super) method: Method,
    /// Path without the version, e.g. `/client/sign_ins`.
    pub(super) path: String,
    /// Some values are tokens.
    pub(super) query: Vec<(Cow<'static, str>, Secret<String>)>,
    pub(super) nonce: Option<RotatingTokenNonce>,
    pub(super) form: Form,
    /// The parts of a multipart body, which replaces the form.
    pub(super) parts: Vec<UploadPart>,
    /// A JSON body, which replaces the form.
    pub(super) json: Option<FormBody>,
    /// Whether the path is behind `/v1`.
    pub(super) is_versioned: bool,
    /// The session on whose behalf it is made. Default: the active one.
    pub(crate) session: Option<SessionId>,
    /// Whether the outcome is the whole body of the response, except for the client, and may be any JSON.
    pub(super) raw: bool,
    /// Whether the `response` of the envelope is the client.
    pub(super) responds_with_client: bool,
    /// Whether the piggybacked client of a GET is applied, as for an explicit reload.
    pub(super) reload: bool,
    /// Whether it redeems a nonce, which works once.
    redeems: bool,
    effect: Effect,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            nonce: None,
            form: Form::default(),
            parts: Vec::new(),
            json: None,
            is_versioned: true,
            session: None,
            raw: false,
            responds_with_client: false,
            reload: false,
            redeems: false,
            effect: Effect::Foreground,
        }
    }

    pub(crate) fn query(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.query.push((key.into(), Secret::new(value.into())));
        self
    }

    /// Sends a multipart body.
    pub(crate) fn parts(mut self, parts: Vec<UploadPart>) -> Self {
        self.parts = parts;
        self
    }

    /// Sends a JSON body.
    pub(crate) fn json(mut self, json: Option<FormBody>) -> Self {
        self.json = json;
        self
    }

    /// Sends the request to a path that is not behind `/v1`.
    pub(crate) fn unversioned(mut self) -> Self {
        self.is_versioned = false;
        self
    }

    /// Sends the request on behalf of this session.
    pub(crate) fn session(mut self, session: Option<SessionId>) -> Self {
        self.session = session;
        self
    }

    /// Makes the outcome the whole body of the response: `{ "response": … }`, or JSON without an envelope.
    pub(crate) fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    pub(crate) fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// Adds a field to the form.
    pub(crate) fn field(mut self, name: &str, value: impl Into<String>) -> Self {
        self.form.push(name, value);
        self
    }

    /// Sends the fields of a struct of parameters, which is wiped; see [`Form::of`].
    pub(crate) fn params(self, mut params: impl Serialize + Wipe) -> Result<Self> {
        let form = Form::of(&params);
        params.wipe();
        Ok(self.form(form?))
    }

    /// Returns the request without a field of its form.
    pub(crate) fn without(&self, name: &str) -> Self {
        Self { form: self.form.clone().without(name), ..self.clone() }
    }

    /// Whether FAPI would do the same for both.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.method == other.method && self.path == other.path && self.form == other.form
    }

    pub(crate) fn nonce(mut self, nonce: Option<&RotatingTokenNonce>) -> Self {
        self.nonce = nonce.cloned();
        if self.nonce.is_some() { self.redeems() } else { self }
    }

    /// Marks the redemption of a nonce.
    pub(crate) fn redeems(mut self) -> Self {
        self.redeems = true;
        self.changes_client()
    }

    /// Marks a request that the core makes by itself.
    pub(crate) fn background(mut self) -> Self {
        self.effect = Effect::Background;
        self
    }

    /// Marks a step that may lead to another client, or to none.
    pub(crate) fn changes_client(mut self) -> Self {
        self.effect = Effect::ChangesClient;
        self
    }

    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether the request redeems a nonce, which works once.
    pub(crate) fn redeems_nonce(&self) -> bool {
        self.redeems
    }

    /// Whether FAPI may rotate the client token when it handles this request: steps of an attempt, the redemption of a nonce
    /// and signing out. A touch and the minting of session tokens don't rotate it.
    pub(crate) fn may_rotate(&self) -> bool {
        self.redeems || (self.method != Method::Get && self.effect != Effect::Background)
    }

    /// Names the rate limit that the request counts for: its path, without the id of the session or the name of the template.
    pub(crate) fn rate_limit(&self) -> String {
        match self.path.strip_prefix("/client/sessions/").and_then(|rest| rest.split('/').nth(1)) {
            Some(action) => format!("/client/sessions/*/{action}"),
            None => self.path.clone(),
        }
    }

    pub(crate) fn is_for_client(&self) -> bool {
        self.responds_with_client
    }

    pub(crate) fn responds_with_client(mut self) -> Self {
        self.responds_with_client = true;
        self
    }

    /// Whether FAPI creates a client for this request if the device has none.
    pub(crate) fn may_create_client(&self) -> bool {
        self.method != Method::Get && self.path.starts_with("/client")
    }

    /// Whether it begins a sign-in or sign-up, which needs no earlier client.
    pub(crate) fn begins_attempt(&self) -> bool {
        self.method == Method::Post && matches!(self.path.as_str(), "/client/sign_ins" | "/client/sign_ups")
    }

    /// Whether it is a step of a reverification.
    pub(crate) fn is_reverification(&self) -> bool {
        let rest = self.path.strip_prefix("/client/sessions/");
        rest.and_then(|rest| rest.split('/').nth(1)) == Some("verify")
    }

    /// Whether it deletes the account of the user.
    pub(crate) fn deletes_account(&self) -> bool {
        self.method == Method::Delete && self.path == "/me"
    }

    pub(crate) fn reload(mut self) -> Self {
        self.reload = true;
        self
    }
}

/// Joins percent-encoded segments to a path, so that an id from outside can't add segments.
pub(crate) fn path(segments: &[&str]) -> String {
    segments.iter().flat_map(|segment| ["/".to_owned(), percent_encode(segment)]).collect()
}

fn percent_encode(segment: &str) -> String {
    // URLs treat these as relative segments even if they are encoded; no id has this form.
    if matches!(segment, "" | "." | "..") {
        return "_".to_owned();
    }
    let mut result = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.' => result.push(char::from(byte)),
            other => result.push_str(&format!("%{other:02X}")),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_encodes_ids() {
        assert_eq!(path(&["client", "sign_ins", "../../me?x=1#y"]), "/client/sign_ins/..%2F..%2Fme%3Fx%3D1%23y");
        assert_eq!(path(&["client", "..", "."]), "/client/_/_");
    }
}
