//! Hosted auth: sign-in for an app on the Account Portal (PKCE).

use url::Url;

use crate::{
    error::{Refusal, Result},
    ops::{
        client::Caller,
        crypto::{is_pkce_challenge, pkce_challenge},
        params::Params,
        redirects::set_query,
        session::NewSession,
    },
    state::{Client, Hosted, HostedSession, Session, World},
};

impl World {
    /// `POST /v1/client/hosted_auth`: returns the page to open.
    pub(crate) fn begin_hosted_auth(&mut self, caller: &mut Caller, params: &Params) -> Result<String> {
        let client = self.client_or_new(caller)?;
        let redirect_url = self.allowed_redirect(params.required("redirect_url")?, "redirect_url")?;
        let web = redirect_url.starts_with("http://") || redirect_url.starts_with("https://");
        if web && !self.config.redirect_urls.contains(&redirect_url) {
            return Err(Refusal::new(400, "resource_missmatch").param("redirect_url"));
        }
        let code_challenge = params.required("code_challenge")?;
        if !is_pkce_challenge(code_challenge) {
            return Err(Refusal::new(422, "form_param_format_invalid").param("code_challenge"));
        }
        let state = params.required("state")?.to_owned();
        let sign_up = match params.given("mode") {
            None | Some("sign-in") => false,
            Some("sign-up") => true,
            Some(_) => return Err(Refusal::new(422, "form_param_value_invalid").param("mode")),
        };
        let id = self.ids.nonce();
        let hosted = Hosted {
            client_id: client.id,
            redirect_url,
            code_challenge: code_challenge.to_owned(),
            state,
            sign_up,
            expire_at: self.verification_end(),
            done: None,
        };
        self.hosted.insert(id.clone(), hosted);
        Ok(format!("{}/portal/hosted/{id}", self.base_url))
    }

    /// Returns a hosted sign-in that is still open.
    pub(crate) fn open_hosted(&self, id: &str) -> Result<&Hosted> {
        let gone = || Refusal::new(400, "client_state_invalid");
        self.hosted.get(id).filter(|one| one.done.is_none() && one.expire_at > self.now_ms()).ok_or_else(gone)
    }

    /// Finishes a hosted sign-in. Returns the app's URL; the session is created when the app redeems its nonce.
    pub(crate) fn finish_hosted(&mut self, id: &str, session: &Session, strategy: String) -> Result<Url> {
        let hosted = self.open_hosted(id)?.clone();
        let done = HostedSession {
            id: self.ids.id("sess"),
            user_id: session.user_id.clone(),
            strategy,
            second_factor: session.second_factor_at.is_some(),
            nonce: self.ids.nonce(),
        };
        let mut target = Url::parse(&hosted.redirect_url).map_err(|_| Refusal::new(422, "invalid_redirect_url"))?;
        let pairs =
            [("state", hosted.state.as_str()), ("rotating_token_nonce", &done.nonce), ("created_session_id", &done.id)];
        set_query(&mut target, &pairs);
        if let Some(hosted) = self.hosted.get_mut(id) {
            hosted.done = Some(done);
        }
        Ok(target)
    }

    /// Cancels a hosted sign-in. Returns the app's URL.
    pub(crate) fn cancel_hosted(&mut self, id: &str) -> Result<Url> {
        let hosted = self.open_hosted(id)?.clone();
        self.hosted.remove(id);
        let mut target = Url::parse(&hosted.redirect_url).map_err(|_| Refusal::new(422, "invalid_redirect_url"))?;
        let pairs = [
            ("state", hosted.state.as_str()),
            ("__clerk_status", "failed"),
            ("__clerk_error_code", "oauth_access_denied"),
        ];
        set_query(&mut target, &pairs);
        Ok(target)
    }

    /// `POST /v1/client` with `_method=GET`: creates the session on the client that started the flow.
    pub(crate) fn redeem_hosted(&mut self, caller: &mut Caller, params: &Params) -> Result<Client> {
        let invalid = || Refusal::new(400, "client_state_invalid");
        let mut client = self.client_of(caller)?;
        let nonce = params.required("rotating_token_nonce")?;
        let verifier = params.required("code_verifier")?;
        let of_nonce = |hosted: &Hosted| hosted.done.as_ref().is_some_and(|done| done.nonce == nonce);
        let id = self.hosted.iter().find(|(_, hosted)| of_nonce(hosted)).map(|(id, _)| id.clone());
        // A nonce is used up by its first use, valid or not.
        let hosted = id.and_then(|id| self.hosted.remove(&id)).ok_or_else(invalid)?;
        if hosted.client_id != client.id || hosted.expire_at <= self.now_ms() {
            return Err(invalid());
        }
        if pkce_challenge(verifier) != hosted.code_challenge {
            return Err(Refusal::new(422, "pkce_verification_failed"));
        }
        let done = hosted.done.ok_or_else(invalid)?;
        let new = NewSession {
            id: Some(done.id),
            user_id: &done.user_id,
            strategy: &done.strategy,
            second_factor: done.second_factor,
            actor: None,
            user_agent: caller.user_agent.clone(),
        };
        self.start_session(&mut client, new);
        let client = self.save_client(client);
        self.rotate(caller, &client.id)?;
        Ok(client)
    }
}
