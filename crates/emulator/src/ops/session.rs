//! Sessions.

use serde_json::{Value, json};

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, params::Params},
    state::{Client, Session, SessionStatus, User, World},
    tokens,
};

/// The properties of a new session.
pub(crate) struct NewSession<'a> {
    /// The ID announced earlier, if any.
    pub(crate) id: Option<String>,
    pub(crate) user_id: &'a str,
    /// The strategy that signed the user in.
    pub(crate) strategy: &'a str,
    pub(crate) second_factor: bool,
    pub(crate) actor: Option<Value>,
    pub(crate) user_agent: Option<String>,
}

impl World {
    /// Creates a session on a client and returns its ID. In single-session mode it replaces the previous one.
    pub(crate) fn start_session(&mut self, client: &mut Client, new: NewSession<'_>) -> String {
        let now = self.now_ms();
        if !self.config.is_multi_session() {
            for session in client.sessions.iter_mut().filter(|session| session.status == SessionStatus::Active) {
                session.status = SessionStatus::Replaced;
            }
        }
        let lifetime = self.config.lifetimes.session_s * 1000;
        let session = Session {
            id: new.id.unwrap_or_else(|| self.ids.id("sess")),
            user_id: new.user_id.to_owned(),
            status: SessionStatus::Active,
            organization_id: None,
            actor: new.actor,
            first_factor_at: now,
            second_factor_at: new.second_factor.then_some(now),
            reverification: None,
            user_agent: new.user_agent,
            expire_at: now + lifetime,
            abandon_at: now + lifetime.max(30 * 24 * 60 * 60 * 1000),
            last_active_at: now,
            created_at: now,
            updated_at: now,
        };
        let id = session.id.clone();
        self.session_clients.insert(id.clone(), client.id.clone());
        client.sessions.push(session);
        client.last_active_session_id = Some(id.clone());
        client.last_authentication_strategy = Some(new.strategy.to_owned());
        if !client.known_users.iter().any(|known| known == new.user_id) {
            client.known_users.push(new.user_id.to_owned());
        }
        if let Some(user) = self.users.get_mut(new.user_id) {
            user.last_sign_in_at = Some(now);
            user.failed_attempts = 0;
        }
        id
    }

    /// Returns the caller's session with this ID.
    pub(crate) fn session_of(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, Session)> {
        let client = self.client_of(caller)?;
        match client.sessions.iter().find(|session| session.id == id) {
            Some(session) => Ok((client.clone(), session.clone())),
            None => Err(Refusal::new(404, "resource_not_found")),
        }
    }

    pub(crate) fn signed_in_session(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, Session)> {
        let (client, session) = self.session_of(caller, id)?;
        if session.status != SessionStatus::Active {
            return Err(Refusal::new(401, "signed_out"));
        }
        self.usable_user(&session.user_id)?;
        Ok((client, session))
    }

    /// Returns the session named by the caller, or the last active one, with its user.
    pub(crate) fn current(&mut self, caller: &mut Caller) -> Result<(Session, User)> {
        let client = self.client_of(caller)?;
        let id = caller.session_id.clone().or(client.last_active_session_id.clone());
        let session = id.and_then(|id| client.active_session(&id).cloned());
        let session = session.ok_or_else(|| Refusal::new(401, "signed_out"))?;
        let user = self.usable_user(&session.user_id)?.clone();
        Ok((session, user))
    }

    /// Returns the current session and user for an action that needs reverification.
    ///
    /// Refusal: `session_reverification_required`.
    pub(crate) fn current_verified(&mut self, caller: &mut Caller) -> Result<(Session, User)> {
        /// Maximum age of a verification.
        const FRESH_MS: i64 = 10 * 60 * 1000;
        let (session, user) = self.current(caller)?;
        let verified_at = match session.second_factor_at {
            Some(at) if user.has_second_factor() => at,
            _ => session.first_factor_at,
        };
        if self.config.reverification && self.now_ms() - verified_at >= FRESH_MS {
            return Err(Refusal::new(403, "session_reverification_required"));
        }
        Ok((session, user))
    }

    /// Returns the pending tasks of a session.
    pub(crate) fn tasks(&self, session: &Session) -> Vec<&'static str> {
        let Some(user) = self.users.get(&session.user_id) else { return Vec::new() };
        let member = |id: &String| self.organizations.get(id).is_some_and(|one| one.member(&user.id).is_some());
        let homeless = !session.organization_id.as_ref().is_some_and(member);
        [
            ("reset-password", user.password_compromised),
            ("choose-organization", self.config.organizations.force_selection && homeless),
            ("setup-mfa", self.config.mfa.required && !user.has_second_factor()),
        ]
        .into_iter()
        .filter_map(|(task, is_due)| is_due.then_some(task))
        .collect()
    }

    /// Returns the displayed status: an active session with tasks is `pending`.
    pub(crate) fn session_status(&self, session: &Session) -> &'static str {
        match session.status {
            SessionStatus::Active if !self.tasks(session).is_empty() => "pending",
            status => status.as_str(),
        }
    }

    /// Returns the minutes since each factor was verified; -1 for a factor that is not enrolled.
    pub(crate) fn factor_ages(&self, session: &Session) -> [i64; 2] {
        let minutes = |at: i64| (self.now_ms() - at).max(0) / 60_000;
        [minutes(session.first_factor_at), session.second_factor_at.map_or(-1, minutes)]
    }

    /// Makes a session active, and an organization within it.
    pub(crate) fn touch(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<Session> {
        let (mut client, mut session) = self.signed_in_session(caller, id)?;
        if let Some(organization) = params.get("active_organization_id") {
            let wanted = self.organization_of(&session, organization)?;
            if wanted.is_some() || !self.config.organizations.force_selection {
                session.organization_id = wanted;
            }
        }
        session.last_active_at = self.now_ms();
        session.updated_at = session.last_active_at;
        client.last_active_session_id = Some(session.id.clone());
        // A sign-in that was completed in the browser stays readable until its session is used.
        let of_this_session = |created: &Option<String>| created.as_ref() == Some(&session.id);
        client.sign_in = client.sign_in.filter(|attempt| !of_this_session(&attempt.created_session_id));
        client.sign_up = client.sign_up.filter(|attempt| !of_this_session(&attempt.created_session_id));
        replace_session(&mut client, &session);
        self.save_client(client);
        Ok(session)
    }

    /// Resolves the ID or slug of an organization; `None` for the personal account.
    fn organization_of(&self, session: &Session, wanted: &str) -> Result<Option<String>> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let found = self.organizations.values().find(|one| one.id == wanted || one.slug == wanted);
        match found.filter(|organization| organization.member(&session.user_id).is_some()) {
            Some(organization) => Ok(Some(organization.id.clone())),
            None => Err(Refusal::new(404, "organization_not_found_or_unauthorized")),
        }
    }

    /// Creates a session token.
    pub(crate) fn mint(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<String> {
        let (_, session) = self.signed_in_session(caller, id)?;
        let organization = match params.get("organization_id") {
            Some(wanted) => {
                let wanted = self.organization_of(&session, wanted)?;
                // If every session needs an organization, an empty value means the current one.
                wanted.or_else(|| session.organization_id.clone().filter(|_| self.config.organizations.force_selection))
            }
            None => session.organization_id.clone(),
        };
        let user = self.usable_user(&session.user_id)?.clone();
        let azp = caller.origin.clone().filter(|_| !caller.native);
        tokens::session_token(self, &session, &user, organization.as_deref(), azp.as_deref())
    }

    /// Creates a token from a template.
    pub(crate) fn mint_from_template(&mut self, caller: &mut Caller, id: &str, template: &str) -> Result<String> {
        let (_, session) = self.signed_in_session(caller, id)?;
        let template = self.config.jwt_templates.iter().find(|one| one.name == template).cloned();
        let template = template.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let user = self.usable_user(&session.user_id)?.clone();
        tokens::template_token(self, &session, &user, &template)
    }

    /// Signs out of a session. `end` keeps it listed, `remove` does not.
    pub(crate) fn leave_session(&mut self, caller: &mut Caller, id: &str, keep: bool) -> Result<Session> {
        let (mut client, mut session) = self.session_of(caller, id)?;
        if session.status != SessionStatus::Active {
            return Err(Refusal::new(400, "invalid_action_for_session"));
        }
        session.status = if keep { SessionStatus::Ended } else { SessionStatus::Removed };
        session.updated_at = self.now_ms();
        if keep {
            replace_session(&mut client, &session);
        } else {
            self.session_clients.remove(&session.id);
            client.sessions.retain(|other| other.id != session.id);
        }
        if client.last_active_session_id.as_ref() == Some(&session.id) {
            client.last_active_session_id = None;
        }
        let client = self.save_client(client);
        if client.any_active_session().is_none() {
            self.rotate(caller, &client.id)?;
        }
        Ok(session)
    }

    /// Revokes a session from another device or the application, and removes it from its client.
    pub(crate) fn revoke_session(&mut self, id: &str) -> bool {
        self.set_session_status(id, SessionStatus::Revoked)
    }

    /// Sets the status of any session. Returns `false` if it does not exist.
    pub(crate) fn set_session_status(&mut self, id: &str, status: SessionStatus) -> bool {
        let Some(client_id) = self.session_clients.get(id).cloned() else { return false };
        let now = self.now_ms();
        self.change_client(&client_id, |client| {
            if let Some(session) = client.session_mut(id) {
                session.status = status;
                session.updated_at = now;
            }
            // Removed sessions are not listed.
            if status == SessionStatus::Removed {
                client.sessions.retain(|session| session.id != id);
                client.last_active_session_id = client.last_active_session_id.take().filter(|active| active != id);
            }
        });
        if status == SessionStatus::Removed {
            self.session_clients.remove(id);
        }
        true
    }

    /// Returns all sessions of a user, on every client.
    pub(crate) fn sessions_of_user(&self, user_id: &str) -> Vec<Session> {
        let clients = self.clients.values().flat_map(|client| client.sessions.iter());
        clients.filter(|session| session.user_id == user_id).cloned().collect()
    }

    /// Revokes all sessions of a user except one.
    pub(crate) fn revoke_other_sessions(&mut self, user_id: &str, kept: Option<&str>) {
        for session in self.sessions_of_user(user_id) {
            if session.status == SessionStatus::Active && Some(session.id.as_str()) != kept {
                self.revoke_session(&session.id);
            }
        }
    }

    /// Revokes one of the caller's own sessions.
    pub(crate) fn revoke_own_session(&mut self, caller: &mut Caller, id: &str) -> Result<Session> {
        let (_, user) = self.current_verified(caller)?;
        let session = self.sessions_of_user(&user.id).into_iter().find(|session| session.id == id);
        let mut session = session.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        if session.status != SessionStatus::Active {
            return Err(Refusal::new(400, "invalid_action_for_session"));
        }
        self.revoke_session(id);
        session.status = SessionStatus::Revoked;
        Ok(session)
    }

    /// Returns the activity of a session's device.
    pub(crate) fn activity(&self, session: &Session) -> Value {
        let agent = session.user_agent.as_deref().unwrap_or_default();
        let browser = ["Firefox", "Edg", "Chrome", "Safari"].into_iter().find(|name| agent.contains(name));
        let mut json = json!({
            "object": "session_activity", "id": format!("sess_activity_{}", session.id.trim_start_matches("sess_")),
            "is_mobile": agent.contains("Mobile"), "ip_address": "127.0.0.1",
        });
        for (key, value) in [("device_type", device(agent)), ("browser_name", browser)] {
            if let Some(value) = value {
                json[key] = json!(value);
            }
        }
        json
    }
}

fn device(agent: &str) -> Option<&'static str> {
    let systems = [("Windows", "Windows"), ("Macintosh", "Macintosh"), ("Linux", "Linux")];
    systems.into_iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| name)
}

pub(crate) fn replace_session(client: &mut Client, session: &Session) {
    if let Some(place) = client.session_mut(&session.id) {
        *place = session.clone();
    }
}
