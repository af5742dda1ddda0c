//! Sessions.

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, params::Params},
    state::{Client, Session, SessionStatus, User, World},
    tokens,
};

impl World {
    /// Signs a user in on a client: in single-session mode the earlier session is replaced. Returns the session's id.
    pub(crate) fn start_session(&mut self, client: &mut Client, user_id: &str, strategy: &str) -> String {
        let now = self.now_ms();
        if !self.config.multi_session {
            for session in client.sessions.iter_mut().filter(|session| session.status == SessionStatus::Active) {
                session.status = SessionStatus::Replaced;
            }
        }
        let session = Session {
            id: self.ids.id("sess"),
            user_id: user_id.to_owned(),
            status: SessionStatus::Active,
            organization_id: None,
            expire_at: now + self.config.session_s * 1000,
            last_active_at: now,
            created_at: now,
            updated_at: now,
        };
        let id = session.id.clone();
        client.sessions.push(session);
        client.last_active_session_id = Some(id.clone());
        client.last_authentication_strategy = Some(strategy.to_owned());
        if let Some(user) = self.users.get_mut(user_id) {
            user.last_sign_in_at = Some(now);
        }
        id
    }

    /// The caller's session with this id.
    pub(crate) fn session_of(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, Session)> {
        let client = self.client_of(caller)?;
        match client.sessions.iter().find(|session| session.id == id) {
            Some(session) => Ok((client.clone(), session.clone())),
            None => Err(Refusal::new(404, "resource_not_found")),
        }
    }

    fn signed_in_session(&mut self, caller: &mut Caller, id: &str) -> Result<(Client, Session)> {
        let (client, session) = self.session_of(caller, id)?;
        if session.status != SessionStatus::Active {
            return Err(Refusal::new(401, "signed_out"));
        }
        self.usable_user(&session.user_id)?;
        Ok((client, session))
    }

    /// The user of the session that the caller names, or of the last active one.
    pub(crate) fn current_user(&mut self, caller: &mut Caller) -> Result<User> {
        let client = self.client_of(caller)?;
        let id = caller.session_id.clone().or(client.last_active_session_id.clone());
        let session = id.and_then(|id| client.active_session(&id).cloned());
        let session = session.ok_or_else(|| Refusal::new(401, "signed_out"))?;
        self.usable_user(&session.user_id).cloned()
    }

    /// Makes a session, and an organization, the active ones.
    pub(crate) fn touch(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<(Client, Session)> {
        let (mut client, mut session) = self.signed_in_session(caller, id)?;
        if let Some(organization) = params.get("active_organization_id") {
            session.organization_id = self.organization_of(&session, organization)?;
        }
        session.last_active_at = self.now_ms();
        session.updated_at = session.last_active_at;
        client.last_active_session_id = Some(session.id.clone());
        // A sign-in that was completed in the browser stays readable until its session is used.
        let of_this_session = |created: &Option<String>| created.as_ref() == Some(&session.id);
        client.sign_in = client.sign_in.filter(|attempt| !of_this_session(&attempt.created_session_id));
        client.sign_up = client.sign_up.filter(|attempt| !of_this_session(&attempt.created_session_id));
        replace_session(&mut client, &session);
        Ok((self.save_client(client), session))
    }

    /// The id for an organization's id or slug; none for the personal account.
    fn organization_of(&self, session: &Session, wanted: &str) -> Result<Option<String>> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let user = self.usable_user(&session.user_id)?;
        let membership = user
            .memberships
            .iter()
            .find(|membership| membership.organization_id == wanted || membership.organization_slug == wanted);
        match membership {
            Some(membership) => Ok(Some(membership.organization_id.clone())),
            None => Err(Refusal::new(404, "organization_not_found_or_unauthorized")),
        }
    }

    /// Mints a session token.
    pub(crate) fn mint(&mut self, caller: &mut Caller, id: &str, params: &Params) -> Result<String> {
        let (_, session) = self.signed_in_session(caller, id)?;
        let organization = match params.get("organization_id") {
            Some(wanted) => self.organization_of(&session, wanted)?,
            None => session.organization_id.clone(),
        };
        let user = self.usable_user(&session.user_id)?.clone();
        tokens::session_token(self, &session, &user, organization.as_deref())
    }

    /// Signs out of a session. `end` keeps it listed, `remove` does not.
    pub(crate) fn leave_session(&mut self, caller: &mut Caller, id: &str, keep: bool) -> Result<(Client, Session)> {
        let (mut client, mut session) = self.session_of(caller, id)?;
        if session.status != SessionStatus::Active {
            return Err(Refusal::new(400, "invalid_action_for_session"));
        }
        session.status = SessionStatus::Ended;
        session.updated_at = self.now_ms();
        if keep {
            replace_session(&mut client, &session);
        } else {
            client.sessions.retain(|other| other.id != session.id);
        }
        if client.last_active_session_id.as_ref() == Some(&session.id) {
            client.last_active_session_id = None;
        }
        let client = self.save_client(client);
        if client.any_active_session().is_none() {
            self.rotate(caller, &client.id)?;
        }
        Ok((client, session))
    }

    /// Ends a session from elsewhere: another device, or the application. It leaves its client.
    pub(crate) fn revoke_session(&mut self, id: &str) -> bool {
        let owner =
            self.clients.values().find(|client| client.sessions.iter().any(|session| session.id == id)).cloned();
        let Some(mut client) = owner else { return false };
        if let Some(session) = client.sessions.iter_mut().find(|session| session.id == id) {
            session.status = SessionStatus::Revoked;
        }
        self.save_client(client);
        true
    }
}

fn replace_session(client: &mut Client, session: &Session) {
    if let Some(place) = client.sessions.iter_mut().find(|other| other.id == session.id) {
        *place = session.clone();
    }
}
