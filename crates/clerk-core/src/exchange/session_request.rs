//! Requests that a session token authenticates, in place of the client token.

use crate::{
    clerk::{Clerk, not_loaded},
    error::{ErrorCode, Result},
    exchange::session_token::GetTokenParams,
    fapi::{json::Json, pipeline::Credentials, request::Request},
    models::SessionId,
    secret::SessionToken,
};

impl Clerk {
    /// Sends a request with a token of this session. FAPI says nothing about this device in the response, so nothing is applied.
    /// After a 401, it is sent once more with a new token.
    pub(crate) async fn request_with_token_of(&self, session: &SessionId, request: &Request) -> Result<Json> {
        let token = self.token_of(session, false).await?;
        match self.send_with_token(session, request, token).await {
            Err(refusal) if refusal.status() == Some(401) => match self.token_of(session, true).await {
                Ok(token) => self.send_with_token(session, request, token).await,
                Err(error) => {
                    tracing::debug!(code = error.code(), "FAPI refused a session token, and there is no new one");
                    Err(refusal)
                }
            },
            result => result,
        }
    }

    async fn token_of(&self, session: &SessionId, skip_cache: bool) -> Result<SessionToken> {
        let params = GetTokenParams { skip_cache, ..GetTokenParams::new(session.clone()) };
        let token = self.get_token(params).await?;
        token.ok_or_else(|| ErrorCode::NoActiveSession.error("the session has no user; sign in first"))
    }

    async fn send_with_token(&self, session: &SessionId, request: &Request, token: SessionToken) -> Result<Json> {
        let fapi = self.0.connection.fapi().ok_or_else(not_loaded)?;
        let credentials =
            Credentials { session_token: Some(token), session_id: Some(session.clone()), ..Credentials::default() };
        fapi.send(request, &credentials).await?.outcome
    }
}
