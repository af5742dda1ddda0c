//! The trip to a provider and back.

use url::Url;

use crate::{
    config::Identity,
    error::{Refusal, Result},
    ops::params::Params,
    state::{Answer, Attempt, Client, RoundTrip, SignIn, SignInStatus, Verification, VerificationStatus, World},
};

/// Where the browser goes after the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WayBack {
    /// The app's redirect URL with the parameters that tell how it went.
    pub(crate) target: Url,
}

impl World {
    /// Checks the redirect URLs and the provider, and returns the address of the provider's page.
    pub(crate) fn begin_round_trip(
        &mut self,
        client_id: &str,
        attempt: Attempt,
        strategy: &str,
        params: &Params,
    ) -> Result<String> {
        if self.config.provider(strategy).is_none() {
            return Err(Refusal::new(422, "form_param_value_invalid").param("strategy"));
        }
        let redirect_url = self.allowed_redirect(params.required("redirect_url")?, "redirect_url")?;
        let complete_redirect_url = match params.given("action_complete_redirect_url") {
            Some(url) => Some(self.allowed_redirect(url, "action_complete_redirect_url")?),
            None => None,
        };
        let state = self.ids.nonce();
        let trip = RoundTrip {
            strategy: strategy.to_owned(),
            client_id: client_id.to_owned(),
            attempt,
            redirect_url,
            complete_redirect_url,
            expire_at: self.verification_end(),
            answer: None,
        };
        self.round_trips.insert(state.clone(), trip);
        Ok(format!("{}/__emulator/oauth/{strategy}?state={state}", self.base_url))
    }

    fn allowed_redirect(&self, url: &str, param: &str) -> Result<String> {
        let parsed = Url::parse(url).map_err(|_| Refusal::new(422, "invalid_redirect_url").param(param))?;
        if matches!(parsed.scheme(), "javascript" | "data" | "vbscript" | "file") {
            return Err(Refusal::new(422, "prohibited_redirect_url").param(param));
        }
        if !self.config.allows_redirect(url) {
            return Err(Refusal::new(400, "resource_missmatch").param(param));
        }
        Ok(url.to_owned())
    }

    /// The trip that waits for a decision.
    pub(crate) fn open_round_trip(&self, state: &str) -> Result<&RoundTrip> {
        let invalid = || Refusal::new(400, "oauth_callback_invalid");
        self.round_trips
            .get(state)
            .filter(|trip| trip.answer.is_none() && trip.expire_at > self.now_ms())
            .ok_or_else(invalid)
    }

    /// Takes the decision of the person at the provider. Returns where the provider sends the browser.
    pub(crate) fn decide(&mut self, state: &str, answer: Answer) -> Result<String> {
        self.open_round_trip(state)?;
        let code = self.ids.nonce();
        let query = match &answer {
            Answer::Approved(identity) => {
                if !self.identities.contains(identity) {
                    self.identities.push(identity.clone());
                }
                [("code", code.as_str())]
            }
            Answer::Denied => [("error", "access_denied")],
            Answer::Failed(error) => [("error", error.as_str())],
        };
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("state", state)
            .extend_pairs(query)
            .finish();
        if let Some(trip) = self.round_trips.get_mut(state) {
            trip.answer = Some((code, answer));
        }
        Ok(format!("{}/v1/oauth_callback?{query}", self.base_url))
    }

    /// FAPI's own callback: what the provider said becomes the state of the attempt.
    pub(crate) fn oauth_callback(&mut self, params: &Params) -> Result<WayBack> {
        let invalid = || Refusal::new(400, "oauth_callback_invalid");
        let state = params.given("state").ok_or_else(invalid)?;
        let trip = self.round_trips.remove(state).filter(|trip| trip.expire_at > self.now_ms()).ok_or_else(invalid)?;
        let (code, answer) = trip.answer.clone().ok_or_else(invalid)?;
        let answer = match answer {
            Answer::Approved(_) if params.given("code") != Some(code.as_str()) => return Err(invalid()),
            answer => answer,
        };
        let mut client = self.clients.get(&trip.client_id).cloned().ok_or_else(invalid)?;
        let outcome = match &trip.attempt {
            Attempt::SignIn(id) => self.sign_in_came_back(&mut client, id, &answer)?,
            Attempt::SignUp(id) => self.sign_up_came_back(&mut client, id, &answer)?,
        };
        let client = self.save_client(client);
        self.way_back(&trip, &client, outcome)
    }

    fn sign_in_came_back(&mut self, client: &mut Client, id: &str, answer: &Answer) -> Result<Outcome> {
        let Some(mut attempt) = client.sign_in.clone().filter(|attempt| attempt.id == id) else {
            return Ok(Outcome::Failed("client_state_invalid".to_owned()));
        };
        let mut verification =
            attempt.first_factor.take().ok_or_else(|| Refusal::new(400, "oauth_callback_invalid"))?;
        let outcome = match answer {
            Answer::Approved(identity) => self.sign_in_with(client, &mut attempt, &mut verification, identity),
            refused => fail(&mut verification, refused),
        };
        attempt.first_factor = Some(verification);
        client.sign_in = Some(attempt);
        Ok(outcome)
    }

    fn sign_in_with(
        &mut self,
        client: &mut Client,
        attempt: &mut SignIn,
        verification: &mut Verification,
        identity: &Identity,
    ) -> Outcome {
        let known = self.user_by_identity(identity).map(|user| (user.clone(), true));
        let by_address = || {
            let vouched = identity.verified && !identity.email.is_empty();
            self.user_by_email(&identity.email).filter(|_| vouched).map(|user| (user.clone(), false))
        };
        let Some((mut user, connected)) = known.or_else(by_address) else {
            attempt.identity = Some(identity.clone());
            verification.fail(VerificationStatus::Transferable, Refusal::new(404, "external_account_not_found"));
            return Outcome::Transferable;
        };
        if user.banned {
            return fail(verification, &Answer::Failed("user_banned".to_owned()));
        }
        if !connected {
            self.connect(&mut user, identity);
            self.users.insert(user.id.clone(), user.clone());
        }
        if let Some(session) = client
            .sessions
            .iter()
            .find(|session| session.user_id == user.id && client.active_session(&session.id).is_some())
        {
            let error = Refusal::new(400, "identifier_already_signed_in").meta("session_id", session.id.clone().into());
            verification.fail(VerificationStatus::Failed, error);
            return Outcome::Failed("identifier_already_signed_in".to_owned());
        }
        verification.status = VerificationStatus::Verified;
        attempt.user_id = Some(user.id.clone());
        let strategy = verification.strategy.clone();
        *attempt = self.complete_sign_in(client, attempt.clone(), &strategy);
        debug_assert_eq!(attempt.status, SignInStatus::Complete);
        Outcome::Authenticated { complete: true }
    }

    fn sign_up_came_back(&mut self, client: &mut Client, id: &str, answer: &Answer) -> Result<Outcome> {
        let Some(mut attempt) = client.sign_up.clone().filter(|attempt| attempt.id == id) else {
            return Ok(Outcome::Failed("client_state_invalid".to_owned()));
        };
        let mut verification =
            attempt.external_account.take().ok_or_else(|| Refusal::new(400, "oauth_callback_invalid"))?;
        let identity = match answer {
            Answer::Approved(identity) => identity,
            refused => {
                let outcome = fail(&mut verification, refused);
                attempt.external_account = Some(verification);
                client.sign_up = Some(attempt);
                return Ok(outcome);
            }
        };
        if self.user_by_identity(identity).is_some() || self.user_by_email(&identity.email).is_some() {
            verification.fail(VerificationStatus::Transferable, Refusal::new(400, "external_account_exists"));
            attempt.identity = Some(identity.clone());
            attempt.external_account = Some(verification);
            client.sign_up = Some(attempt);
            return Ok(Outcome::Transferable);
        }
        verification.status = VerificationStatus::Verified;
        attempt.external_account = Some(verification);
        attempt.take_identity(identity.clone());
        let attempt = self.complete_sign_up(client, attempt)?;
        let complete = attempt.complete;
        client.sign_up = Some(attempt);
        Ok(Outcome::Authenticated { complete })
    }

    /// The app's URL, with what it needs to know.
    fn way_back(&mut self, trip: &RoundTrip, client: &Client, outcome: Outcome) -> Result<WayBack> {
        let complete = matches!(outcome, Outcome::Authenticated { complete: true });
        let target = trip.complete_redirect_url.as_ref().filter(|_| complete).unwrap_or(&trip.redirect_url);
        let mut target = Url::parse(target).map_err(|_| Refusal::new(422, "invalid_redirect_url"))?;
        let nonce = match outcome {
            // A transfer has authenticated nobody yet, so there is no token to pick up.
            Outcome::Transferable => None,
            Outcome::Authenticated { .. } => Some(self.make_nonce(&client.id)),
            Outcome::Failed(code) => {
                target
                    .query_pairs_mut()
                    .append_pair("__clerk_status", "failed")
                    .append_pair("__clerk_error_code", &code);
                None
            }
        };
        if let Some(nonce) = nonce {
            target.query_pairs_mut().append_pair("rotating_token_nonce", &nonce);
        }
        Ok(WayBack { target })
    }
}

/// How a trip ended.
enum Outcome {
    Authenticated { complete: bool },
    Transferable,
    Failed(String),
}

fn fail(verification: &mut Verification, answer: &Answer) -> Outcome {
    let code = match answer {
        Answer::Failed(code) => code.as_str(),
        Answer::Denied | Answer::Approved(_) => "oauth_access_denied",
    };
    verification.fail(VerificationStatus::Failed, Refusal::new(400, code));
    Outcome::Failed(code.to_owned())
}
