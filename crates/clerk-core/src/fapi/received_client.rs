//! A client as it arrived: what it says, and its text.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    fapi::json::{self, Json},
    models::{Client, SessionId},
    secret::{Secret, SessionToken, Wipe},
};

/// A client as it arrived, from FAPI or from an earlier run.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedClient {
    pub(crate) typed: Client,
    /// Its text, without session tokens.
    pub(crate) raw: Secret<Json>,
    /// The session tokens that came with the sessions.
    pub(crate) tokens: Vec<(SessionId, SessionToken)>,
    /// Whether it says which sessions it has. A missing list is not an empty one.
    pub(crate) lists_sessions: bool,
}

impl ReceivedClient {
    /// Reads a client; `None` if the text is no object, or exceeds a limit.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let typed: Client = json::read(text).ok()??;
        let found = serde_json::from_str::<ClientText<'_>>(text).ok();
        let (raw, tokens, lists_sessions) =
            found.and_then(|found| tokens_of(text, &found)).or_else(|| tokens_of_odd(text))?;
        Some(Self { typed, raw: Secret::new(raw), tokens, lists_sessions })
    }

    /// A client of which nothing is known.
    pub(crate) fn unknown() -> Self {
        Self {
            typed: Client::default(),
            raw: Secret::new(Json::empty_object()),
            tokens: Vec::new(),
            lists_sessions: false,
        }
    }

    /// A client without sessions.
    pub(super) fn without_sessions() -> Self {
        let raw = Secret::new(Json::from(serde_json::json!({ "sessions": [] })));
        Self { raw, lists_sessions: true, ..Self::unknown() }
    }

    /// Removes sessions.
    pub(crate) fn drop_sessions(&mut self, is_gone: impl Fn(&SessionId) -> bool) {
        self.tokens.retain(|(session, _)| !is_gone(session));
        drop_sessions(&mut self.typed, &mut self.raw, is_gone);
    }
}

/// Removes sessions from a client.
pub(crate) fn drop_sessions(typed: &mut Client, raw: &mut Secret<Json>, is_gone: impl Fn(&SessionId) -> bool) {
    let names_one = typed.last_active_session_id.as_ref().is_some_and(&is_gone);
    if !names_one && !typed.sessions.iter().any(|session| is_gone(&session.id)) {
        return;
    }
    typed.sessions.retain(|session| !is_gone(&session.id));
    typed.last_active_session_id.take_if(|id| is_gone(id));
    *raw = Secret::new(raw.expose().changed(|tree| {
        if let Some(sessions) = tree.get_mut("sessions").and_then(Value::as_array_mut) {
            sessions.retain(|session| !session["id"].as_str().is_some_and(|id| is_gone(&id.into())));
        }
        if tree["last_active_session_id"].as_str().is_some_and(|id| is_gone(&id.into())) {
            tree["last_active_session_id"] = Value::Null;
        }
    }));
}

/// What is left of the text of a client without its session tokens, the tokens, and whether it lists sessions.
type TextAndTokens = (Json, Vec<(SessionId, SessionToken)>, bool);

/// Takes the session tokens out of the text of a client that has the expected shape.
fn tokens_of(text: &str, found: &ClientText<'_>) -> Option<TextAndTokens> {
    let sessions = || found.sessions.iter().flatten();
    let tokens = sessions().filter_map(|session| Some(session.last_active_token?.get()));
    let raw = Json::without(text, tokens)?;
    let token = |session: &SessionText<'_>| {
        let [jwt] = json::fields(session.last_active_token?.get(), ["jwt"])?;
        let jwt: Secret<String> = serde_json::from_str(jwt?.get()).ok()?;
        token_of(session.id.as_ref()?, jwt.expose())
    };
    Some((raw, sessions().filter_map(token).collect(), found.sessions.is_some()))
}

/// Does the same for a client of which a field has another type than it should have, or occurs twice.
fn tokens_of_odd(text: &str) -> Option<TextAndTokens> {
    let mut tree = json::tree(text).ok()?;
    let sessions = tree.get_mut("sessions").and_then(Value::as_array_mut);
    let lists_sessions = sessions.is_some();
    let tokens = sessions.into_iter().flatten().filter_map(|session| {
        let token = Secret::new(session.get_mut("last_active_token")?.take());
        token_of(session["id"].as_str()?, token.expose()["jwt"].as_str()?)
    });
    let tokens = tokens.collect();
    let raw = Json::from(&tree);
    tree.wipe();
    Some((raw, tokens, lists_sessions))
}

fn token_of(session: &str, jwt: &str) -> Option<(SessionId, SessionToken)> {
    (!jwt.is_empty()).then(|| (session.into(), SessionToken::new(jwt)))
}

/// Returns the text of a client without what is valid for a moment only: session tokens, and the age of verifications.
pub(crate) fn without_volatile(raw: &Json) -> Json {
    let found = serde_json::from_str::<ClientText<'_>>(raw.text()).ok();
    let kept = found.and_then(|found| {
        let mut parts: Vec<&str> = found.sessions.iter().flatten().flat_map(SessionText::volatile).collect();
        parts.sort_by_key(|part| part.as_ptr());
        Json::without(raw.text(), parts)
    });
    kept.unwrap_or_else(|| {
        raw.changed(|tree| {
            let sessions = tree.get_mut("sessions").and_then(Value::as_array_mut).into_iter().flatten();
            for session in sessions.filter_map(Value::as_object_mut) {
                session.retain(|name, _| !VOLATILE_FIELDS.contains(&name.as_str()));
            }
        })
    })
}

const VOLATILE_FIELDS: [&str; 2] = ["last_active_token", "factor_verification_age"];

/// Where something is in the text of a client that has the expected shape.
#[derive(Deserialize)]
struct ClientText<'a> {
    #[serde(borrow)]
    sessions: Option<Vec<SessionText<'a>>>,
}

#[derive(Deserialize)]
struct SessionText<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    last_active_token: Option<&'a RawValue>,
    #[serde(borrow)]
    factor_verification_age: Option<&'a RawValue>,
}

impl<'a> SessionText<'a> {
    fn volatile(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        [self.last_active_token, self.factor_verification_age].into_iter().flatten().map(RawValue::get)
    }
}
