use crate::{
    fapi::wire::resource,
    models::{ClientId, Session, SessionId, SignIn, SignUp, UnixMillis},
};

resource! {
    /// This device's set of sessions, with the sign-in and the sign-up in progress.
    ///
    /// Source: FAPI `Client`; the `Client` object of Clerk's documentation.
    pub struct Client {
        /// Identifier.
        pub id: ClientId,
        /// Every session that is still attached to this client, in any status.
        pub sessions: Vec<Session>,
        /// The sign-in in progress.
        pub sign_in: Option<SignIn>,
        /// The sign-up in progress.
        pub sign_up: Option<SignUp>,
        /// The session that was last active on the server.
        pub last_active_session_id: Option<SessionId>,
        /// The strategy of the last authentication, e.g. `oauth_google`.
        pub last_authentication_strategy: Option<String>,
        /// Whether bot protection is lifted (test tooling).
        pub captcha_bypass: bool,
        /// Expiry of the browser cookie; always absent for native clients.
        pub cookie_expires_at: Option<UnixMillis>,
        /// Creation time.
        pub created_at: UnixMillis,
        /// Time of the last change. Grows with each change on the server.
        pub updated_at: UnixMillis,
    }
}

impl Client {
    /// Returns the sessions that count as signed in (`active` or `pending`), in the order of `sessions`.
    pub fn signed_in_sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(|session| session.status.is_signed_in())
    }

    /// Returns the signed-in session with this id.
    #[must_use]
    pub fn signed_in_session(&self, id: &SessionId) -> Option<&Session> {
        self.signed_in_sessions().find(|session| session.id == *id)
    }

    /// Returns the newest timestamp: the server's clock had reached it when it sent this client.
    pub(crate) fn newest_timestamp(&self) -> UnixMillis {
        let sessions = self.sessions.iter().flat_map(|session| [session.updated_at, session.last_active_at]);
        sessions.chain([self.updated_at]).filter(|at| at.is_plausible()).max().unwrap_or_default()
    }

    /// Returns the default initial session: the last active one if it is signed in, else the first signed-in one.
    #[must_use]
    pub fn default_session(&self) -> Option<&Session> {
        self.last_active_session_id
            .as_ref()
            .and_then(|id| self.signed_in_session(id))
            .or_else(|| self.signed_in_sessions().next())
    }
}
