//! A client as it arrived: what it says, and its text.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, value::RawValue};

use crate::{
    fapi::json::{self, Json},
    models::{Client, SessionId},
    secret::{Secret, SessionToken},
};

/// The maximum number of sessions of a client. Much of what follows looks at each of them for each of them.
const MAX_SESSIONS: usize = 1_000;

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
    /// Reads a client; `None` if the text is no object, can't be read, or exceeds a limit.
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
    if found.sessions.as_ref().is_some_and(|sessions| sessions.len() > MAX_SESSIONS) {
        return None;
    }
    let sessions = || found.sessions.iter().flatten().map(|session| &session.0);
    let tokens = sessions().filter_map(|session| Some(session.last_active_token?.get()));
    let raw = Json::without(text, tokens)?;
    let token = |session: &SessionText<'_>| {
        let [jwt] = json::fields(session.last_active_token?.get(), ["jwt"])?;
        token_of(session.id.as_ref()?, json::read(jwt?.get()).ok()??)
    };
    Some((raw, sessions().filter_map(token).collect(), found.sessions.is_some()))
}

/// Does the same for a client of which a field has another type than it should have, or occurs twice.
fn tokens_of_odd(text: &str) -> Option<TextAndTokens> {
    let mut tree = Secret::new(json::tree(text).ok()?);
    let sessions = tree.expose_mut().get_mut("sessions").and_then(Value::as_array_mut);
    if sessions.as_ref().is_some_and(|sessions| sessions.len() > MAX_SESSIONS) {
        return None;
    }
    let lists_sessions = sessions.is_some();
    let tokens = sessions.into_iter().flatten().filter_map(|session| {
        let token = Secret::new(session.get_mut("last_active_token")?.take());
        token_of(session["id"].as_str()?, SessionToken::new(token.expose()["jwt"].as_str()?))
    });
    let tokens = tokens.collect();
    let raw = Json::from(tree.expose());
    Some((raw, tokens, lists_sessions))
}

fn token_of(session: &str, token: SessionToken) -> Option<(SessionId, SessionToken)> {
    (!token.expose().is_empty()).then(|| (session.into(), token))
}

/// Returns the text of a client without what is valid for a moment only: session tokens, and the age of verifications.
pub(crate) fn without_volatile(raw: &Json) -> Json {
    let found = serde_json::from_str::<ClientText<'_>>(raw.text()).ok();
    let kept = found.and_then(|found| {
        let mut parts: Vec<&str> = found.sessions.iter().flatten().flat_map(|session| session.0.volatile()).collect();
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
    sessions: Option<Vec<Session<'a>>>,
}

/// Read from an object only: a derived implementation reads an array too.
struct Session<'a>(SessionText<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Session<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfObject).map(Self)
    }
}

struct OfObject;

impl<'de> Visitor<'de> for OfObject {
    type Value = SessionText<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a session")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        SessionText::deserialize(MapAccessDeserializer::new(object))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: &Value) -> Option<ReceivedClient> {
        ReceivedClient::read(&json.to_string())
    }

    #[test]
    fn read_takes_tokens_out_of_sessions_of_any_shape() {
        let session =
            json!({ "id": "sess_1", "last_active_token": { "jwt": "a.b.c" }, "x": { "last_active_token": 1 } });
        let token = || vec![("sess_1".into(), SessionToken::new("a.b.c"))];
        for (sessions, tokens) in [
            (json!([session]), token()),
            (json!([session, 7, null, "sess_2"]), token()),
            (json!([{ "last_active_token": { "jwt": "a.b.c" } }]), Vec::new()),
            (json!([{ "id": "sess_1", "last_active_token": "a.b.c" }]), Vec::new()),
            (json!([{ "id": "sess_1", "last_active_token": { "jwt": "" } }]), Vec::new()),
        ] {
            let read = read(&json!({ "sessions": sessions })).unwrap();
            assert_eq!(read.tokens, tokens, "{sessions}");
            assert!(!read.raw.expose().text().contains("a.b.c") && read.lists_sessions, "{sessions}");
        }
        let array = json!([["sess_1", { "jwt": "a.b.c" }, null]]);
        assert_eq!(read(&json!({ "sessions": array })).unwrap().tokens, [], "no session");
        for twice in [
            r#"{"sessions":[{"id":"sess_1","last_active_token":{"jwt":"x.y.z"},"last_active_token":{"jwt":"a.b.c"}}]}"#,
            r#"{"sessions":[{"id":"sess_2","last_active_token":{"jwt":"x.y.z"}}],"sessions":[{"id":"sess_1","last_active\u005ftoken":{"jwt":"a.b.c"}}]}"#,
        ] {
            let read = ReceivedClient::read(twice).unwrap();
            assert_eq!(read.tokens, token(), "{twice}");
            assert!(!read.raw.expose().text().contains("a.b.c") && !read.raw.expose().text().contains("x.y.z"));
        }
    }

    #[test]
    fn read_refuses_what_can_not_be_kept() {
        let sessions = |count| json!({ "sessions": vec![json!({ "id": "sess_1" }); count] });
        assert!(read(&sessions(1_000)).is_some() && read(&sessions(1_001)).is_none());
        // A client that is accepted can be changed, so it has no more values than a tree may have.
        let values = |count| json!({ "sessions": [{ "id": "sess_1" }], "unknown": vec![1; count] });
        let mut large = read(&values(500_000)).unwrap();
        large.drop_sessions(|id| id.as_str() == "sess_1");
        assert!(!large.raw.expose().text().contains("sess_1") && large.raw.expose().text().contains("unknown"));
        assert!(read(&values(700_000)).is_none());
        assert!(read(&json!([])).is_none() && read(&json!("client")).is_none());
    }

    #[test]
    fn drop_sessions_removes_them_from_everything() {
        let session = |id: &str| json!({ "id": id, "last_active_token": { "jwt": format!("{id}.b.c") } });
        let mut client = read(&json!({
            "last_active_session_id": "sess_1", "unknown": 7, "sessions": [session("sess_1"), session("sess_2")],
        }))
        .unwrap();
        client.drop_sessions(|id| id.as_str() == "sess_1");
        let left = json!({
            "last_active_session_id": null, "unknown": 7, "sessions": [{ "id": "sess_2", "last_active_token": null }],
        });
        assert_eq!(client.raw.expose().tree().unwrap(), left);
        assert_eq!(client.tokens, [("sess_2".into(), SessionToken::new("sess_2.b.c"))]);
        assert!(client.typed.sessions.len() == 1 && client.typed.last_active_session_id.is_none());
    }
}
