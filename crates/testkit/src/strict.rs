//! A model of FAPI with real client tokens: it knows one device, rotates its token, and remembers what the client was like.
//!
//! It is as strict as FAPI may be: a superseded token is refused at once, with a 401 and a client without sessions, and a nonce
//! works once. With [`replacing`](StrictFapi::replacing), a refusal brings the token of another client, as FAPI's does.
//! [`lenient`](StrictFapi::lenient) is the other extreme: superseded tokens are accepted, and with a token that it does not know,
//! a device is one without a client.

use std::collections::BTreeMap;

use clerk_core::{
    ports::{HttpMethod, HttpRequest, HttpResponse, TokenUpdate},
    secret::ClientToken,
};
use serde_json::{Value, json};

use crate::{environment, google::PROVIDER_URL, jwt_issued_at};

/// A request as FAPI reads it.
#[derive(Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    /// Query and form.
    pub params: BTreeMap<String, String>,
    pub token: Option<String>,
}

impl Call {
    pub fn read(request: &HttpRequest) -> Self {
        let mut params: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
        let tunnelled = params.get("_method").cloned();
        let method = match &request.method {
            HttpMethod::Get => "GET".to_owned(),
            HttpMethod::Upload(_) | HttpMethod::Json(_) => tunnelled.unwrap_or_else(|| "POST".to_owned()),
            HttpMethod::Post(body) => {
                let form = url::Url::parse(&format!("form:?{}", body.expose())).unwrap();
                params.extend(form.query_pairs().into_owned());
                tunnelled.unwrap_or_else(|| "POST".to_owned())
            }
        };
        Self {
            method,
            path: request.url.path().trim_start_matches("/v1").to_owned(),
            params,
            token: request.authorization.as_ref().map(|token| token.expose().to_owned()),
        }
    }
}

/// A response of FAPI.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// The new client token.
    pub token: Option<String>,
}

impl Answer {
    fn ok(body: Value) -> Self {
        Self { status: 200, body, token: None }
    }

    /// A refusal with this code.
    pub fn refusal(status: u16, code: &str) -> Self {
        let body = json!({ "errors": [{ "code": code, "message": code }], "clerk_trace_id": "trace" });
        Self { status, body, token: None }
    }

    pub fn into_response(self) -> HttpResponse {
        HttpResponse {
            status: self.status,
            token: self.token.map_or(TokenUpdate::Absent, |token| TokenUpdate::Set(ClientToken::new(token))),
            retry_after: None,
            body: self.body.to_string().into_bytes(),
        }
    }
}

/// A sign-in through the browser.
struct Attempt {
    id: String,
    /// The token with which it began; its nonce works with no other one.
    token: String,
    /// Absent until the provider's page was approved.
    nonce: Option<String>,
    session: Option<String>,
}

#[derive(Default)]
struct Client {
    id: String,
    rotations: u64,
    updated_at: i64,
    /// Sessions and their users.
    sessions: Vec<(String, String)>,
    last_active: Option<String>,
    attempt: Option<Attempt>,
    /// What the client was like before each change.
    history: Vec<Value>,
    is_deleted: bool,
    /// Whether there is only its token so far, which came with a refusal.
    is_promised: bool,
}

impl Client {
    fn token(&self, rotation: u64) -> String {
        let claims = json!({ "id": self.id, "rotating_token": rotation });
        jwt_issued_at(0, 0, &claims)
    }

    fn json(&self) -> Value {
        let sessions: Vec<_> = self.sessions.iter().map(|(id, user)| session(id, user)).collect();
        json!({ "object": "client", "id": self.id, "sessions": sessions, "updated_at": self.updated_at,
            "last_active_session_id": self.last_active })
    }

    /// Remembers what the client is like before a change.
    fn touch(&mut self) {
        self.history.push(self.json());
        self.updated_at += 10;
    }

    fn add_session(&mut self, id: String, user: &str) {
        self.touch();
        self.last_active = Some(id.clone());
        self.sessions.push((id, user.to_owned()));
        self.rotations += 1;
    }

    fn sign_in(&self, attempt: &Attempt) -> Value {
        let status = if attempt.session.is_some() { "complete" } else { "needs_identifier" };
        json!({ "object": "sign_in_attempt", "id": attempt.id, "status": status, "created_session_id": attempt.session,
            "first_factor_verification": { "strategy": "oauth_google", "external_verification_redirect_url": PROVIDER_URL,
                "status": if attempt.session.is_some() { "verified" } else { "unverified" } } })
    }
}

fn session(id: &str, user: &str) -> Value {
    json!({ "object": "session", "id": id, "status": "active", "user": { "id": format!("user_{user}"), "first_name": user } })
}

/// FAPI. Its last client is that of the device.
#[derive(Default)]
pub struct StrictFapi {
    lenient: bool,
    replacing: bool,
    clients: Vec<Client>,
    sessions: u64,
    attempts: u64,
    minted: u64,
}

impl StrictFapi {
    /// A FAPI that accepts superseded client tokens, as with a long period of grace, and takes a device with an unknown one for a
    /// new device.
    pub fn lenient() -> Self {
        Self { lenient: true, ..Self::default() }
    }

    /// A FAPI that takes the owner of an unknown client token for a new device: it refuses the token with that of a client which
    /// it makes when the device begins to sign in with it, and makes one at once for a device that begins to sign in.
    pub fn replacing() -> Self {
        Self { replacing: true, ..Self::default() }
    }

    /// Returns the present token of the device's client.
    pub fn present_token(&self) -> Option<String> {
        let client = self.present().filter(|client| !client.is_deleted)?;
        Some(client.token(client.rotations))
    }

    /// Returns the device's client.
    pub fn present_client(&self) -> Value {
        self.present().map(Client::json).unwrap_or_default()
    }

    fn present(&self) -> Option<&Client> {
        self.clients.iter().rfind(|client| !client.is_promised)
    }

    /// Whether FAPI accepts this token.
    pub fn accepts(&self, token: &str) -> bool {
        self.client_of(token).is_some()
    }

    /// Returns the users of the sessions of the client with this token.
    pub fn users(&self, token: Option<&str>) -> Vec<String> {
        let client = token.and_then(|token| self.client_of(token)).map(|at| &self.clients[at]);
        client.into_iter().flat_map(|client| &client.sessions).map(|(_, user)| user.clone()).collect()
    }

    /// Returns the users of the sessions of all clients.
    pub fn all_users(&self) -> Vec<String> {
        let clients = self.clients.iter().filter(|client| !client.is_deleted);
        clients.flat_map(|client| &client.sessions).map(|(_, user)| user.clone()).collect()
    }

    /// Whether any client has a session.
    pub fn has_sessions(&self) -> bool {
        self.clients.iter().any(|client| !client.is_deleted && !client.sessions.is_empty())
    }

    /// Deletes all clients, as FAPI does after a long time.
    pub fn delete_clients(&mut self) {
        self.clients.iter_mut().for_each(|client| client.is_deleted = true);
    }

    /// The user approves the provider's page of the device with this token. Returns the nonce for the callback link.
    pub fn approve(&mut self, user: &str, token: Option<&str>) -> String {
        let session = self.next_session();
        let has_attempt = |at: &usize| self.clients[*at].attempt.is_some();
        let own = token.and_then(|token| self.client_of(token)).filter(has_attempt);
        let at = own.or_else(|| (0..self.clients.len()).rfind(has_attempt)).expect("a flow has begun");
        let client = &mut self.clients[at];
        client.add_session(session.clone(), user);
        let attempt = client.attempt.as_mut().expect("a flow has begun");
        let nonce = format!("nonce-of-{}", attempt.id);
        (attempt.nonce, attempt.session) = (Some(nonce.clone()), Some(session));
        nonce
    }

    /// Returns the client as it was when it had other sessions than `present`.
    pub fn older_client(&self, present: &Value) -> Option<Value> {
        let client = self.clients.iter().find(|client| present["id"] == client.id.as_str())?;
        client.history.iter().rev().find(|older| older["sessions"] != present["sessions"]).cloned()
    }

    fn add_client(&mut self, is_promised: bool) -> usize {
        let id = format!("client_{}", self.clients.len() + 1);
        self.clients.push(Client { id, updated_at: 1_000, is_promised, ..Client::default() });
        self.clients.len() - 1
    }

    fn next_session(&mut self) -> String {
        self.sessions += 1;
        format!("sess_{}", self.sessions)
    }

    fn client_of(&self, token: &str) -> Option<usize> {
        self.clients.iter().position(|client| {
            let oldest = if self.lenient { 0 } else { client.rotations };
            !client.is_deleted && (oldest..=client.rotations).any(|rotation| client.token(rotation) == token)
        })
    }

    /// Redeems the nonce of a callback link.
    fn redeem(&mut self, call: &Call) -> Option<Answer> {
        let nonce = call.params.get("rotating_token_nonce")?;
        let client = self.clients.iter_mut().filter(|client| !client.is_deleted).find(|client| {
            let attempt = client.attempt.as_ref();
            attempt.is_some_and(|attempt| {
                attempt.nonce.as_ref() == Some(nonce) && call.token.as_ref() == Some(&attempt.token)
            })
        })?;
        client.touch();
        client.rotations += 1;
        client.attempt.as_mut()?.nonce = None;
        let response = client.sign_in(client.attempt.as_ref()?);
        let token = Some(client.token(client.rotations));
        Some(Answer { token, ..Answer::ok(json!({ "response": response, "client": client.json() })) })
    }

    /// Carries out a request.
    pub fn handle(&mut self, call: &Call) -> Answer {
        let segments: Vec<_> = call.path.split('/').skip(1).collect();
        if segments == ["environment"] {
            return Answer::ok(environment());
        }
        if let ["client", "sign_ins", _] = segments[..]
            && let Some(redeemed) = self.redeem(call)
        {
            return redeemed;
        }
        let at = match &call.token {
            Some(token) if self.client_of(token).is_some() || !self.lenient => match self.client_of(token) {
                Some(at) => at,
                None if self.replacing && call.method == "POST" && segments == ["client", "sign_ins"] => {
                    self.add_client(false)
                }
                None => return self.refuse_token(),
            },
            _ => match (call.method.as_str(), &segments[..]) {
                ("GET", ["client"]) => return Answer::ok(json!({ "response": null, "client": null })),
                ("POST", ["client", "sign_ins"]) => self.add_client(false),
                _ => return self.refuse_token(),
            },
        };
        if self.clients[at].is_promised {
            match (call.method.as_str(), &segments[..]) {
                ("GET", ["client"]) => return Answer::ok(json!({ "response": null, "client": null })),
                ("POST", ["client", "sign_ins"]) => self.clients[at].is_promised = false,
                _ => return self.refuse_token(),
            }
        }
        let is_known = call.token.as_deref().and_then(|token| self.client_of(token)) == Some(at);
        let before = self.clients[at].rotations;
        let answer = self.handle_for(at, call, &segments);
        let client = &self.clients[at];
        // A device with an accepted token gets another one only when it is made.
        let is_new = !is_known || client.rotations != before;
        Answer { token: is_new.then(|| client.token(client.rotations)), ..answer }
    }

    fn handle_for(&mut self, at: usize, call: &Call, segments: &[&str]) -> Answer {
        match (call.method.as_str(), segments) {
            ("GET", ["client"]) => Answer::ok(json!({ "response": self.clients[at].json() })),
            ("GET", ["client", "sign_ins", id]) => {
                let client = &self.clients[at];
                match client.attempt.as_ref().filter(|attempt| attempt.id == *id) {
                    Some(attempt) => {
                        Answer::ok(json!({ "response": client.sign_in(attempt), "client": client.json() }))
                    }
                    None => self.refuse(at, 404, "resource_not_found"),
                }
            }
            ("GET", ["organizations", _]) => self.refuse(at, 404, "resource_not_found"),
            ("POST", ["client", "sign_ins"]) => self.sign_in(at, call),
            ("POST", ["client", "sessions", id, action]) => {
                let Some(index) = self.clients[at].sessions.iter().position(|(session, _)| session == id) else {
                    return self.refuse(at, if *action == "tokens" { 401 } else { 404 }, "resource_not_found");
                };
                let client = &mut self.clients[at];
                let (id, user) = client.sessions[index].clone();
                match *action {
                    "tokens" => {
                        self.minted += 1;
                        let claims = json!({ "sub": user, "jti": self.minted });
                        Answer::ok(json!({ "jwt": jwt_issued_at(1_000, 60, &claims) }))
                    }
                    "touch" => {
                        client.touch();
                        client.last_active = Some(id.clone());
                        Answer::ok(json!({ "response": session(&id, &user), "client": client.json() }))
                    }
                    "remove" => {
                        client.touch();
                        client.sessions.remove(index);
                        client.last_active.take_if(|active| *active == id);
                        client.rotations += 1;
                        let mut ended = session(&id, &user);
                        ended["status"] = "removed".into();
                        Answer::ok(json!({ "response": ended, "client": client.json() }))
                    }
                    other => panic!("unexpected action {other}"),
                }
            }
            other => panic!("unexpected request {other:?}"),
        }
    }

    fn sign_in(&mut self, at: usize, call: &Call) -> Answer {
        let client = &self.clients[at];
        let Some(user) = call.params.get("identifier") else {
            self.attempts += 1;
            let token = client.token(client.rotations);
            let attempt = Attempt { id: format!("sia_{}", self.attempts), token, nonce: None, session: None };
            let client = &mut self.clients[at];
            client.touch();
            let response = client.sign_in(&attempt);
            client.attempt = Some(attempt);
            return Answer::ok(json!({ "response": response, "client": client.json() }));
        };
        if let Some((existing, _)) = client.sessions.iter().find(|(_, of)| of == user) {
            let meta = json!({ "session_id": existing });
            let mut refusal = self.refuse(at, 400, "identifier_already_signed_in");
            refusal.body["errors"][0]["meta"] = meta;
            return refusal;
        }
        let session = self.next_session();
        self.clients[at].add_session(session.clone(), user);
        let response = json!({ "object": "sign_in_attempt", "id": "sia_password", "status": "complete", "created_session_id": session });
        Answer::ok(json!({ "response": response, "client": self.clients[at].json() }))
    }

    /// Refuses a client token. A lenient FAPI says no more than that.
    pub fn refuse_token(&mut self) -> Answer {
        if self.lenient {
            return Answer::refusal(401, "authentication_invalid");
        }
        let mut refusal = Answer::refusal(401, "signed_out");
        let nobody = json!({ "object": "client", "id": "client_none", "sessions": [], "updated_at": 9_999_999 });
        refusal.body["meta"] = json!({ "client": nobody });
        if self.replacing {
            let promised = self.add_client(true);
            refusal.token = Some(self.clients[promised].token(0));
        }
        refusal
    }

    /// Refuses a request of a known client.
    fn refuse(&self, at: usize, status: u16, code: &str) -> Answer {
        let mut refusal = Answer::refusal(status, code);
        refusal.body["meta"] = json!({ "client": self.clients[at].json() });
        refusal
    }
}
