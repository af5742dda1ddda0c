//! Provider flows: to an OAuth or enterprise provider and back.

use url::Url;

use crate::{
    config::Identity,
    error::{Refusal, Result},
    ops::{client::Caller, identifiers::normal_form, params::Params, redirects::set_query},
    state::{
        Client, Decision, Kind, ProviderFlow, Purpose, SignIn, SignInStatus, User, Verification, VerificationStatus,
        World,
    },
};

impl World {
    /// Checks redirect URLs and provider, and returns a verification that waits for the provider's page.
    pub(crate) fn begin_provider_flow(
        &mut self,
        caller: &Caller,
        purpose: Purpose,
        strategy: &str,
        params: &Params,
    ) -> Result<Verification> {
        let to_sign_in = matches!(purpose, Purpose::SignIn(_) | Purpose::SignUp(_));
        self.check_provider(strategy, to_sign_in)?;
        self.begin_flow(caller, purpose, strategy, None, params)
    }

    /// Returns the enterprise connection for an address: the one named by the parameters, or the only one.
    ///
    /// Refusals: `missing`, and `enterprise_connection_id_is_required_with_multiple_connections`.
    pub(crate) fn choose_connection(
        &self,
        address: &str,
        params: &Params,
        missing: impl Fn() -> Refusal,
    ) -> Result<String> {
        let found: Vec<_> = self.config.connections_for(address).map(|one| one.id.clone()).collect();
        match (found.as_slice(), params.given("enterprise_connection_id")) {
            ([], _) => Err(missing()),
            (found, Some(id)) if found.iter().any(|one| one == id) => Ok(id.to_owned()),
            (_, Some(_)) => Err(Refusal::new(422, "form_param_value_invalid").param("enterprise_connection_id")),
            ([only], None) => Ok(only.clone()),
            _ => {
                let code = "enterprise_connection_id_is_required_with_multiple_connections";
                Err(Refusal::new(422, code).param("enterprise_connection_id"))
            }
        }
    }

    /// Like `begin_provider_flow`, with an enterprise connection.
    pub(crate) fn begin_enterprise_flow(
        &mut self,
        caller: &Caller,
        purpose: Purpose,
        connection_id: String,
        params: &Params,
    ) -> Result<Verification> {
        self.begin_flow(caller, purpose, "enterprise_sso", Some(connection_id), params)
    }

    fn begin_flow(
        &mut self,
        caller: &Caller,
        purpose: Purpose,
        strategy: &str,
        connection_id: Option<String>,
        params: &Params,
    ) -> Result<Verification> {
        let redirect_url = self.allowed_redirect(params.required("redirect_url")?, "redirect_url")?;
        let complete_redirect_url = match params.given("action_complete_redirect_url") {
            Some(url) => Some(self.allowed_redirect(url, "action_complete_redirect_url")?),
            None => None,
        };
        let state = self.ids.nonce();
        let flow = ProviderFlow {
            strategy: strategy.to_owned(),
            client_id: caller.client_id.clone().unwrap_or_default(),
            native: caller.native,
            purpose,
            connection_id,
            redirect_url,
            complete_redirect_url,
            expire_at: self.verification_end(),
            decision: None,
        };
        self.provider_flows.insert(state.clone(), flow);
        let page = format!("{}/__emulator/oauth/{strategy}?state={state}", self.base_url);
        Ok(Verification::waiting_for_provider(strategy, page, self.verification_end()))
    }

    /// Returns the flow that waits for a decision.
    pub(crate) fn open_provider_flow(&self, state: &str) -> Result<&ProviderFlow> {
        let invalid = || Refusal::new(400, "oauth_callback_invalid");
        self.provider_flows
            .get(state)
            .filter(|flow| flow.decision.is_none() && flow.expire_at > self.now_ms())
            .ok_or_else(invalid)
    }

    /// Records the decision on the provider's page. Returns the URL of FAPI's callback.
    pub(crate) fn decide(&mut self, state: &str, decision: Decision) -> Result<String> {
        self.open_provider_flow(state)?;
        let code = self.ids.nonce();
        let query = match &decision {
            Decision::Approve(identity) => {
                if !self.identities.contains(identity) {
                    self.identities.push(identity.clone());
                }
                [("code", code.as_str())]
            }
            Decision::Deny => [("error", "access_denied")],
            Decision::Fail(error) => [("error", error.as_str())],
        };
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("state", state)
            .extend_pairs(query)
            .finish();
        if let Some(flow) = self.provider_flows.get_mut(state) {
            flow.decision = Some((code, decision));
        }
        Ok(format!("{}/v1/oauth_callback?{query}", self.base_url))
    }

    /// Decides on the provider's page and follows FAPI's callback. Returns the app's URL.
    pub(crate) fn decide_on_page(&mut self, page: &str, decision: Decision) -> std::result::Result<Url, String> {
        let state = Url::parse(page)
            .ok()
            .and_then(|url| url.query_pairs().find(|(key, _)| key == "state").map(|(_, value)| value.into_owned()))
            .ok_or("oauth_callback_invalid")?;
        let callback = self.decide(&state, decision).map_err(|refusal| refusal.code)?;
        let query = callback.split_once('?').map(|(_, query)| query).unwrap_or_default();
        self.oauth_callback(&Params::parse(query.as_bytes())).map_err(|refusal| refusal.code)
    }

    /// FAPI's callback: applies the decision to the attempt.
    pub(crate) fn oauth_callback(&mut self, params: &Params) -> Result<Url> {
        let invalid = || Refusal::new(400, "oauth_callback_invalid");
        let state = params.given("state").ok_or_else(invalid)?;
        let flow =
            self.provider_flows.remove(state).filter(|flow| flow.expire_at > self.now_ms()).ok_or_else(invalid)?;
        let (code, decision) = flow.decision.clone().ok_or_else(invalid)?;
        let decision = match decision {
            Decision::Approve(_) if params.given("code") != Some(code.as_str()) => return Err(invalid()),
            decision => decision,
        };
        let mut client = self.clients.get(&flow.client_id).cloned().ok_or_else(invalid)?;
        let outcome = match &flow.purpose {
            Purpose::SignIn(id) => self.sign_in_callback(&mut client, id, &flow, &decision)?,
            Purpose::SignUp(id) => self.sign_up_callback(&mut client, id, &flow, &decision)?,
            Purpose::Connect { user_id, account_id } => self.connect_callback(user_id, account_id, &decision)?,
            Purpose::SecondFactor(_) | Purpose::Identification { .. } => return Err(invalid()),
        };
        let client = self.save_client(client);
        self.app_redirect(&flow, &client, outcome)
    }

    fn sign_in_callback(
        &mut self,
        client: &mut Client,
        id: &str,
        flow: &ProviderFlow,
        decision: &Decision,
    ) -> Result<Outcome> {
        let Some(mut attempt) = client.sign_in.clone().filter(|attempt| attempt.id == id) else {
            return Ok(Outcome::Failed("client_state_invalid".to_owned()));
        };
        let mut verification =
            attempt.first_factor.take().ok_or_else(|| Refusal::new(400, "oauth_callback_invalid"))?;
        let outcome = match decision {
            Decision::Approve(identity) => {
                return self.sign_in_with(client, attempt, verification, flow, identity);
            }
            refused => fail(&mut verification, refused),
        };
        attempt.first_factor = Some(verification);
        client.sign_in = Some(attempt);
        Ok(outcome)
    }

    /// Determines the owner of the identity and continues the sign-in.
    fn sign_in_with(
        &mut self,
        client: &mut Client,
        mut attempt: SignIn,
        mut verification: Verification,
        flow: &ProviderFlow,
        identity: &Identity,
    ) -> Result<Outcome> {
        let keep = |client: &mut Client, mut attempt: SignIn, verification: Verification, outcome: Outcome| {
            attempt.first_factor = Some(verification);
            client.sign_in = Some(attempt);
            Ok(outcome)
        };
        // Discard the pending identity of an earlier flow: it may belong to another person.
        attempt.identity = None;
        let connection = flow.connection_id.as_deref();
        if let Err(refusal) = self.refuse_identity(identity, connection) {
            let outcome = Outcome::Failed(refusal.code.clone());
            verification.fail(VerificationStatus::Failed, refusal);
            return keep(client, attempt, verification, outcome);
        }
        let owner =
            if connection.is_some() { self.enterprise_identity_owner(identity) } else { self.identity_owner(identity) };
        let user_id = match owner.clone() {
            IdentityOwner::Connected(user_id) | IdentityOwner::Vouched(user_id) => user_id,
            IdentityOwner::Claimed(user_id) | IdentityOwner::Unproven(user_id) => {
                // The person must prove the address before the identity is linked.
                wait_for_address(&mut attempt, user_id, identity);
                return keep(client, attempt, verification, Outcome::Authenticated { complete: false });
            }
            IdentityOwner::Unknown if connection.is_some_and(|id| self.provisions(id)) => self.provision(identity),
            IdentityOwner::Unknown if connection.is_some() => {
                let error = Refusal::new(403, "saml_jit_provisioning_disabled");
                let outcome = Outcome::Failed(error.code.clone());
                verification.fail(VerificationStatus::Failed, error);
                return keep(client, attempt, verification, outcome);
            }
            IdentityOwner::Unknown => {
                attempt.identity = Some(identity.clone());
                verification.fail(VerificationStatus::Transferable, Refusal::new(404, "external_account_not_found"));
                return keep(client, attempt, verification, Outcome::Transferable);
            }
        };
        if let Err(refusal) = self.refuse_barred(&user_id) {
            let outcome = Outcome::Failed(refusal.code.clone());
            verification.fail(VerificationStatus::Failed, refusal);
            return keep(client, attempt, verification, outcome);
        }
        if let Some(session) = client.session_of_user(&user_id) {
            let error = Refusal::new(400, "identifier_already_signed_in").meta("session_id", session.id.clone().into());
            verification.fail(VerificationStatus::Failed, error);
            return keep(client, attempt, verification, Outcome::Failed("identifier_already_signed_in".to_owned()));
        }
        match connection {
            Some(connection) => {
                if let Some(mut user) = self.users.get(&user_id).cloned() {
                    self.connect_enterprise(&mut user, identity, connection);
                    self.save_user(user);
                }
            }
            None if matches!(owner, IdentityOwner::Vouched(_)) => attempt.identity = Some(identity.clone()),
            None => {}
        }
        verification.status = VerificationStatus::Verified;
        let strategy = verification.strategy.clone();
        attempt.first_factor = Some(verification);
        attempt.user_id = Some(user_id);
        attempt.skip_mfa = strategy == "enterprise_sso";
        let mut caller = Caller { native: true, client_id: Some(client.id.clone()), ..Caller::default() };
        let attempt = self.after_first_factor(&mut caller, client, attempt, &strategy)?;
        Ok(Outcome::Authenticated { complete: attempt.status == SignInStatus::Complete })
    }

    /// Determines the owner of an identity.
    pub(crate) fn identity_owner(&self, identity: &Identity) -> IdentityOwner {
        if let Some(user) = self.user_by_identity(identity) {
            return IdentityOwner::Connected(user.id.clone());
        }
        if let Some(user) = self.owner_of(Kind::Email, &identity.email) {
            let id = user.id.clone();
            return if identity.verified { IdentityOwner::Vouched(id) } else { IdentityOwner::Claimed(id) };
        }
        let address = normal_form(Kind::Email, &identity.email);
        let claims =
            |user: &&User| user.of_kind(Kind::Email).any(|one| normal_form(Kind::Email, &one.value) == address);
        // Without address verification there is no way to prove the address.
        let provable = !self.config.identifiers.email_verification.is_empty();
        match self.users.values().find(claims).filter(|_| provable) {
            Some(user) => IdentityOwner::Unproven(user.id.clone()),
            None => IdentityOwner::Unknown,
        }
    }

    /// Determines the owner of an identity of an enterprise connection.
    fn enterprise_identity_owner(&self, identity: &Identity) -> IdentityOwner {
        match self.owner_of(Kind::Email, &identity.email) {
            Some(user) => IdentityOwner::Vouched(user.id.clone()),
            None => IdentityOwner::Unknown,
        }
    }

    /// Whether unknown users get an account at their first sign-in by this connection.
    fn provisions(&self, connection_id: &str) -> bool {
        self.config.connection(connection_id).is_some_and(|one| one.jit)
    }

    /// Refuses an identity by the instance's allowlist and blocklist, or because its address belongs to another
    /// enterprise connection.
    fn refuse_identity(&self, identity: &Identity, connection_id: Option<&str>) -> Result<()> {
        match connection_id.map(|id| self.config.connection(id)) {
            Some(Some(connection)) if connection.has(&identity.email) => {}
            Some(Some(_)) => return Err(Refusal::new(400, "enterprise_sso_email_address_domain_mismatch")),
            Some(None) => return Err(Refusal::new(404, "saml_connection_active_not_found")),
            None if self.config.connections_for(&identity.email).next().is_some() => {
                return Err(Refusal::new(403, "oauth_email_domain_reserved_by_saml"));
            }
            None => {}
        }
        if identity.email.is_empty() { Ok(()) } else { self.refuse_restricted(&identity.email, "email_address") }
    }

    /// Creates an account for an identity of an enterprise connection.
    fn provision(&mut self, identity: &Identity) -> String {
        let mut user = self.empty_user();
        user.first_name = Some(identity.first_name.clone()).filter(|name| !name.is_empty());
        user.last_name = Some(identity.last_name.clone()).filter(|name| !name.is_empty());
        self.add_verified(&mut user, Kind::Email, &identity.email, "saml");
        let id = user.id.clone();
        self.save_user(user);
        id
    }

    fn sign_up_callback(
        &mut self,
        client: &mut Client,
        id: &str,
        flow: &ProviderFlow,
        decision: &Decision,
    ) -> Result<Outcome> {
        let connection = flow.connection_id.as_deref();
        let Some(mut attempt) = client.sign_up.clone().filter(|attempt| attempt.id == id) else {
            return Ok(Outcome::Failed("client_state_invalid".to_owned()));
        };
        let mut verification =
            attempt.external_account.take().ok_or_else(|| Refusal::new(400, "oauth_callback_invalid"))?;
        let (outcome, identity) = match decision {
            Decision::Approve(identity) => {
                let known =
                    !matches!(self.identity_owner(identity), IdentityOwner::Unproven(_) | IdentityOwner::Unknown);
                let refused = self.refuse_identity(identity, connection);
                let closed = !known && connection.is_some_and(|id| !self.provisions(id));
                let refused = match closed {
                    true => refused.and(Err(Refusal::new(403, "saml_jit_provisioning_disabled"))),
                    false => refused,
                };
                if let Err(refusal) = refused {
                    let outcome = Outcome::Failed(refusal.code.clone());
                    verification.fail(VerificationStatus::Failed, refusal);
                    (Some(outcome), None)
                } else if known {
                    verification.fail(VerificationStatus::Transferable, Refusal::new(400, "external_account_exists"));
                    attempt.identity = Some(identity.clone());
                    (Some(Outcome::Transferable), None)
                } else if let Err(refusal) = self.refuse_closed_sign_up() {
                    let outcome = Outcome::Failed(refusal.code.clone());
                    verification.fail(VerificationStatus::Failed, refusal);
                    (Some(outcome), None)
                } else {
                    verification.status = VerificationStatus::Verified;
                    (None, Some(identity.clone()))
                }
            }
            refused => (Some(fail(&mut verification, refused)), None),
        };
        attempt.external_account = Some(verification);
        if let Some(outcome) = outcome {
            client.sign_up = Some(attempt);
            return Ok(outcome);
        }
        if let Some(identity) = identity {
            attempt.connection_id = connection.map(str::to_owned);
            // An enterprise connection vouches for the addresses of its users.
            let verified = identity.verified || connection.is_some();
            self.take_identity(&mut attempt, Identity { verified, ..identity });
        }
        let caller = Caller { native: true, client_id: Some(client.id.clone()), ..Caller::default() };
        let attempt = self.complete_sign_up(&caller, client, attempt)?;
        let complete = attempt.complete;
        client.sign_up = Some(attempt);
        Ok(Outcome::Authenticated { complete })
    }

    fn connect_callback(&mut self, user_id: &str, account_id: &str, decision: &Decision) -> Result<Outcome> {
        let invalid = || Refusal::new(400, "oauth_callback_invalid");
        let mut user = self.users.get(user_id).cloned().ok_or_else(invalid)?;
        let place = user.external_accounts.iter().position(|one| one.id == account_id).ok_or_else(invalid)?;
        let (owner, kept_out) = match decision {
            Decision::Approve(identity) => (
                self.user_by_identity(identity).map(|owner| owner.id.clone()),
                self.refuse_identity(identity, None).err(),
            ),
            Decision::Deny | Decision::Fail(_) => (None, None),
        };
        let now = self.now_ms();
        let strategy = user.external_accounts[place].identity.strategy.clone();
        let proven = self.provider_verification(&strategy);
        let account = &mut user.external_accounts[place];
        account.updated_at = now;
        let outcome = match (decision, kept_out) {
            (_, Some(error)) => {
                let code = error.code.clone();
                account.verification.fail(VerificationStatus::Failed, error);
                Outcome::Failed(code)
            }
            (Decision::Approve(_), None) if owner.is_some_and(|owner| owner != user_id) => {
                let error = Refusal::new(400, "oauth_identification_claimed");
                account.verification.fail(VerificationStatus::Failed, error);
                Outcome::Failed("oauth_identification_claimed".to_owned())
            }
            (Decision::Approve(identity), None) => {
                account.identity = identity.clone();
                account.verification = proven;
                let account = account.clone();
                self.add_provider_address(&mut user, &account);
                Outcome::Authenticated { complete: true }
            }
            (refused, None) => fail(&mut account.verification, refused),
        };
        self.save_user(user);
        Ok(outcome)
    }

    /// Returns the app's URL with the result of the flow.
    fn app_redirect(&mut self, flow: &ProviderFlow, client: &Client, outcome: Outcome) -> Result<Url> {
        let complete = matches!(outcome, Outcome::Authenticated { complete: true });
        let target = flow.complete_redirect_url.as_ref().filter(|_| complete).unwrap_or(&flow.redirect_url);
        let mut target = Url::parse(target).map_err(|_| Refusal::new(422, "invalid_redirect_url"))?;
        let with_nonce = match &outcome {
            // A transfer has authenticated no user yet, so there is no token to fetch.
            Outcome::Transferable => self.config.nonce_on_transfer,
            Outcome::Authenticated { .. } => true,
            Outcome::Failed(code) => {
                set_query(&mut target, &[("__clerk_status", "failed"), ("__clerk_error_code", code)]);
                false
            }
        };
        if with_nonce && flow.native {
            if matches!(outcome, Outcome::Authenticated { .. }) {
                self.supersede_token(&client.id);
            }
            let nonce = self.make_nonce(&client.id);
            set_query(&mut target, &[("rotating_token_nonce", &nonce)]);
        }
        Ok(target)
    }
}

/// The owner of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdentityOwner {
    /// The identity is connected with this user.
    Connected(String),
    /// The provider has verified the address, which this user owns.
    Vouched(String),
    /// This user owns the address, but the provider has not verified it.
    Claimed(String),
    /// This user entered the address and never verified it.
    Unproven(String),
    /// No user.
    Unknown,
}

/// Keeps an identity pending until the person has proven its address.
pub(crate) fn wait_for_address(attempt: &mut SignIn, user_id: String, identity: &Identity) {
    attempt.user_id = Some(user_id);
    attempt.identifier = Some(identity.email.clone());
    attempt.identity = Some(identity.clone());
    attempt.status = SignInStatus::NeedsFirstFactor;
}

/// The result of a flow.
enum Outcome {
    Authenticated { complete: bool },
    Transferable,
    Failed(String),
}

fn fail(verification: &mut Verification, decision: &Decision) -> Outcome {
    let code = match decision {
        Decision::Fail(code) => code.as_str(),
        Decision::Deny | Decision::Approve(_) => "oauth_access_denied",
    };
    verification.fail(VerificationStatus::Failed, Refusal::new(400, code));
    Outcome::Failed(code.to_owned())
}
