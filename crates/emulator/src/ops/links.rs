//! Links in e-mails: browser links and native magic links.

use serde_json::{Value, json};
use url::Url;

use crate::{
    error::{Refusal, Result},
    ops::{
        client::Caller,
        crypto::{is_pkce_challenge, pkce_challenge},
        params::Params,
        redirects::{OpenedLink, set_query},
        tickets::NewTicket,
        verification::Outgoing,
    },
    state::{Channel, Client, Kind, Link, Magic, Purpose, Verification, VerificationStatus, World},
    tokens,
};

impl World {
    /// Sends a link. With a `code_challenge` it is a native magic link, which leads to an approval page.
    pub(crate) fn send_link(
        &mut self,
        caller: &Caller,
        purpose: Purpose,
        kind: &'static str,
        to: &str,
        params: &Params,
    ) -> Result<Verification> {
        let magic = self.magic_of(params)?;
        let redirect_url = match params.given("redirect_url") {
            Some(url) => Some(self.allowed_redirect(url, "redirect_url")?),
            None => None,
        };
        let verification = self.new_verification("email_link");
        let id = self.ids.nonce();
        let link = Link {
            client_id: caller.client_id.clone().unwrap_or_default(),
            purpose: purpose.clone(),
            verification_id: verification.id.clone(),
            redirect_url,
            expire_at: self.verification_end(),
            magic: magic.clone(),
            opened: None,
        };
        let flow = flow_id(&purpose);
        let token = tokens::link_token(self, &id)?;
        let url = match &magic {
            Some(_) => format!("{}/__emulator/magic/{flow}?token={token}", self.base_url),
            None => format!("{}/v1/verify?token={token}", self.base_url),
        };
        self.links.insert(id, link);
        let subject = format!("Your link for {}", self.config.application_name);
        let outgoing = Outgoing {
            strategy: "email_link",
            kind: if magic.is_some() { "magic_link" } else { kind },
            to,
            channel: Channel::Email,
            attempt: flow,
            previous: None,
        };
        self.send_message(&outgoing, subject, None, Some(url));
        Ok(verification)
    }

    fn magic_of(&self, params: &Params) -> Result<Option<Magic>> {
        let Some(code_challenge) = params.given("code_challenge") else { return Ok(None) };
        if params.given("code_challenge_method").is_some_and(|method| method != "S256") {
            return Err(Refusal::new(422, "form_param_value_invalid").param("code_challenge_method"));
        }
        if !is_pkce_challenge(code_challenge) {
            return Err(Refusal::new(422, "form_param_format_invalid").param("code_challenge"));
        }
        let redirect_uri = self.allowed_redirect(params.required("redirect_uri")?, "redirect_uri")?;
        let code_challenge = code_challenge.to_owned();
        Ok(Some(Magic { redirect_uri, code_challenge, approval: None, consumed: false }))
    }

    /// `GET /v1/verify`: opens a link.
    pub(crate) fn open_link(&mut self, token: &str, opener: Option<&str>) -> Result<OpenedLink> {
        let found = tokens::read_link_token(token).ok().and_then(|id| Some((self.links.get(&id).cloned()?, id)));
        let Some((link, id)) = found else {
            return Ok(OpenedLink::Page("failed".to_owned(), Some("verification_link_token_invalid")));
        };
        // A native magic link can only be approved on its page and redeemed with its verifier.
        if link.magic.is_some() {
            return Ok(OpenedLink::Page("failed".to_owned(), Some("verification_link_token_invalid")));
        }
        let (outcome, code) = match link.opened.clone() {
            // Mail scanners open links twice.
            Some(outcome) => (outcome, None),
            None => self.use_link(&id, &link, opener)?,
        };
        let status = outcome.first().map(|(_, status)| status.clone()).unwrap_or_default();
        match link.redirect_url.as_deref().and_then(|url| Url::parse(url).ok()) {
            Some(mut target) => {
                let pairs: Vec<(&str, &str)> = outcome.iter().map(|(key, value)| (*key, value.as_str())).collect();
                set_query(&mut target, &pairs);
                Ok(OpenedLink::Redirect(target))
            }
            None => Ok(OpenedLink::Page(status, code)),
        }
    }

    #[expect(clippy::type_complexity, reason = "the pairs of a query, and a code")]
    fn use_link(
        &mut self,
        id: &str,
        link: &Link,
        opener: Option<&str>,
    ) -> Result<(Vec<(&'static str, String)>, Option<&'static str>)> {
        let status = |status: &str| vec![("__clerk_status", status.to_owned())];
        if link.expire_at <= self.now_ms() {
            return Ok((status("expired"), Some("verification_expired")));
        }
        if self.config.attack_protection.email_link_same_client && opener != Some(link.client_id.as_str()) {
            return Ok((status("client_mismatch"), None));
        }
        let Some(outcome) = self.verify_by_link(link, opener)? else {
            return Ok((status("failed"), Some("verification_link_token_stale")));
        };
        if let Some(link) = self.links.get_mut(id) {
            link.opened = Some(outcome.clone());
        }
        Ok((outcome, None))
    }

    /// Marks the link's verification as verified and continues its flow. `None` if the link is stale.
    fn verify_by_link(&mut self, link: &Link, opener: Option<&str>) -> Result<Option<Vec<(&'static str, String)>>> {
        let at_client = opener.unwrap_or(&link.client_id).to_owned();
        let fits = |one: &Verification| one.id == link.verification_id && one.status == VerificationStatus::Unverified;
        let mark = |one: &mut Verification| {
            one.status = VerificationStatus::Verified;
            one.verified_at_client = Some(at_client.clone());
        };
        if let Purpose::Identification { user_id, id } = &link.purpose {
            let Some(mut user) = self.users.get(user_id).cloned() else { return Ok(None) };
            let found = user.identifications.iter_mut().find(|one| one.id == *id);
            let Some(verification) = found.and_then(|one| one.verification.as_mut()).filter(|one| fits(one)) else {
                return Ok(None);
            };
            mark(verification);
            self.identification_verified(user, id);
            return Ok(Some(vec![("__clerk_status", "verified".to_owned())]));
        }
        let Some(mut client) = self.clients.get(&link.client_id).cloned() else { return Ok(None) };
        let created = match &link.purpose {
            Purpose::SignIn(id) | Purpose::SecondFactor(id) => {
                let second = matches!(link.purpose, Purpose::SecondFactor(_));
                let Some(mut attempt) = client.sign_in.clone().filter(|attempt| attempt.id == *id) else {
                    return Ok(None);
                };
                let slot = if second { &mut attempt.second_factor } else { &mut attempt.first_factor };
                let Some(verification) = slot.as_mut().filter(|one| fits(one)) else { return Ok(None) };
                mark(verification);
                if attempt.user_id.is_none() {
                    verification.status = VerificationStatus::Transferable;
                    client.sign_in = Some(attempt);
                    self.save_client(client);
                    return Ok(Some(vec![("__clerk_status", "transferable".to_owned())]));
                }
                self.sign_in_link_opened(&mut client, attempt, second)?
            }
            Purpose::SignUp(id) => {
                let Some(mut attempt) = client.sign_up.clone().filter(|attempt| attempt.id == *id) else {
                    return Ok(None);
                };
                let slot = attempt.identifiers.get_mut(&Kind::Email).and_then(|(_, one)| one.as_mut());
                let Some(verification) = slot.filter(|one| fits(one)) else { return Ok(None) };
                mark(verification);
                let caller = Caller { native: true, ..Caller::default() };
                let attempt = self.complete_sign_up(&caller, &mut client, attempt)?;
                client.sign_up = Some(attempt.clone());
                attempt.created_session_id
            }
            Purpose::Connect { .. } | Purpose::Identification { .. } => return Ok(None),
        };
        self.save_client(client);
        let mut outcome = vec![("__clerk_status", "verified".to_owned())];
        outcome.extend(created.map(|session| ("__clerk_created_session", session)));
        Ok(Some(outcome))
    }

    /// Approves a native magic link. Returns the URL for the browser.
    pub(crate) fn approve_magic(&mut self, token: &str) -> Result<Url> {
        let invalid = || Refusal::new(422, "approval_token_invalid");
        let id = tokens::read_link_token(token).map_err(|_| invalid())?;
        let approval = self.ids.nonce();
        let now = self.now_ms();
        let link = self.links.get_mut(&id).filter(|link| link.expire_at > now).ok_or_else(invalid)?;
        let flow = flow_id(&link.purpose).to_owned();
        let magic = link.magic.as_mut().ok_or_else(invalid)?;
        let approval = magic.approval.get_or_insert(approval).clone();
        let mut target = Url::parse(&magic.redirect_uri).map_err(|_| invalid())?;
        set_query(&mut target, &[("flow_id", &flow), ("approval_token", &approval)]);
        Ok(target)
    }

    /// `POST /v1/client/magic_links/complete`: redeems an approval.
    pub(crate) fn complete_magic_link(&mut self, caller: &mut Caller, params: &Params) -> Result<MagicOutcome> {
        let flow = params.required("flow_id")?;
        let approval = params.required("approval_token")?;
        let verifier = params.required("code_verifier")?;
        let of_flow = |link: &Link| link.magic.is_some() && flow_id(&link.purpose) == flow;
        if !self.links.values().any(of_flow) {
            return Err(Refusal::new(422, "form_param_value_invalid").param("flow_id"));
        }
        let approved = |magic: &Magic| magic.approval.as_deref() == Some(approval);
        let found = self
            .links
            .iter()
            .find(|(_, link)| of_flow(link) && link.magic.as_ref().is_some_and(approved))
            .map(|(id, link)| (id.clone(), link.clone()));
        let Some((id, link)) = found else {
            let never = !self
                .links
                .values()
                .any(|link| of_flow(link) && link.magic.as_ref().is_some_and(|magic| magic.approval.is_some()));
            let code = if never { "flow_not_approved" } else { "approval_token_invalid" };
            return Err(Refusal::new(422, code));
        };
        let magic = link.magic.clone().ok_or_else(|| Refusal::new(422, "approval_token_invalid"))?;
        if magic.consumed {
            return Err(Refusal::new(422, "approval_token_consumed"));
        }
        if link.expire_at <= self.now_ms() {
            return Err(Refusal::new(422, "approval_token_expired"));
        }
        // An approval is used up by its first use, valid or not.
        if let Some(magic) = self.links.get_mut(&id).and_then(|link| link.magic.as_mut()) {
            magic.consumed = true;
        }
        if pkce_challenge(verifier) != magic.code_challenge {
            return Err(Refusal::new(422, "pkce_verification_failed"));
        }
        self.redeem_magic(caller, &link, flow)
    }

    fn redeem_magic(&mut self, caller: &mut Caller, link: &Link, flow: &str) -> Result<MagicOutcome> {
        let stale = || Refusal::new(422, "form_param_value_invalid").param("flow_id");
        let client = self.clients.get(&link.client_id).cloned().ok_or_else(stale)?;
        match &link.purpose {
            Purpose::SignIn(id) | Purpose::SecondFactor(id) => {
                let attempt = client.sign_in.as_ref().filter(|attempt| attempt.id == *id).ok_or_else(stale)?;
                // A newer code or link replaces this one.
                attempt.first_factor.as_ref().filter(|one| one.id == link.verification_id).ok_or_else(stale)?;
                let user_id = attempt.user_id.clone().ok_or_else(stale)?;
                let ticket = self.new_ticket(NewTicket { user_id: Some(user_id), ..NewTicket::new("sign_in") })?;
                Ok(MagicOutcome::Ticket(json!({ "flow_id": flow, "ticket": ticket })))
            }
            Purpose::SignUp(id) => {
                let Client { sign_up, .. } = self.client_of(caller)?;
                let mut attempt = sign_up.filter(|attempt| attempt.id == *id).ok_or_else(stale)?;
                let slot = attempt.identifiers.get_mut(&Kind::Email).and_then(|(_, one)| one.as_mut());
                slot.filter(|one| one.id == link.verification_id).ok_or_else(stale)?.status =
                    VerificationStatus::Verified;
                let client = self.client_of(caller)?;
                Ok(MagicOutcome::SignUp(Box::new(self.settle_sign_up(caller, client, attempt)?)))
            }
            Purpose::Connect { .. } | Purpose::Identification { .. } => Err(stale()),
        }
    }
}

/// The result of a redeemed approval.
pub(crate) enum MagicOutcome {
    Ticket(Value),
    SignUp(Box<crate::state::SignUp>),
}

/// Returns the ID of the attempt that a link belongs to.
fn flow_id(purpose: &Purpose) -> &str {
    match purpose {
        Purpose::SignIn(id) | Purpose::SecondFactor(id) | Purpose::SignUp(id) => id,
        Purpose::Connect { account_id, .. } => account_id,
        Purpose::Identification { id, .. } => id,
    }
}
