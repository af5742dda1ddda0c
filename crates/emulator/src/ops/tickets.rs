//! Tickets: they sign a user in, or invite one.

use url::Url;

use crate::{
    error::{Refusal, Result},
    ops::{
        client::Caller,
        params::Params,
        redirects::{OpenedLink, set_query},
    },
    state::{Kind, RequestStatus, SignIn, SignInStatus, SignUp, Ticket, Verification, World},
    tokens,
};

/// The properties of a new ticket.
pub(crate) struct NewTicket {
    pub(crate) kind: &'static str,
    pub(crate) user_id: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) invitation: Option<(String, String)>,
    pub(crate) actor: Option<serde_json::Value>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) skip_mfa: bool,
}

impl NewTicket {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, user_id: None, email: None, invitation: None, actor: None, redirect_url: None, skip_mfa: false }
    }
}

impl World {
    /// Creates a ticket, which is a JWT.
    pub(crate) fn new_ticket(&mut self, new: NewTicket) -> Result<String> {
        let ticket = Ticket {
            id: self.ids.id("tkt"),
            kind: new.kind.to_owned(),
            user_id: new.user_id,
            email: new.email,
            invitation: new.invitation,
            actor: new.actor,
            redirect_url: new.redirect_url,
            skip_mfa: new.skip_mfa,
            expire_at: self.now_ms() + self.config.lifetimes.invitation_s * 1000,
            used: false,
            revoked: false,
        };
        let token = tokens::link_token(self, &ticket.id)?;
        self.tickets.insert(ticket.id.clone(), ticket);
        Ok(token)
    }

    /// Returns the URL that accepts a ticket.
    pub(crate) fn ticket_url(&self, ticket: &str) -> String {
        format!("{}/v1/tickets/accept?ticket={ticket}", self.base_url)
    }

    /// Returns a ticket that is still valid.
    fn usable_ticket(&self, token: &str) -> Result<Ticket> {
        let invalid = || Refusal::new(400, "ticket_invalid_code").param("ticket");
        let id = tokens::read_link_token(token).map_err(|_| invalid())?;
        let ticket = self.tickets.get(&id).ok_or_else(invalid)?;
        let code = match ticket.kind.as_str() {
            _ if ticket.expire_at <= self.now_ms() => "ticket_expired_code",
            "sign_in" if ticket.used => "sign_in_token_already_used_code",
            "sign_in" if ticket.revoked => "sign_in_token_revoked_code",
            "actor" if ticket.used => "actor_token_already_used_code",
            "actor" if ticket.revoked => "actor_token_revoked_code",
            "organization_invitation" if ticket.used => "organization_invitation_already_accepted",
            "organization_invitation" if ticket.revoked => "organization_invitation_revoked_code",
            _ if ticket.used => "invitation_already_accepted",
            _ if ticket.revoked => "revoked_invitation",
            _ => return Ok(ticket.clone()),
        };
        Err(Refusal::new(400, code).param("ticket"))
    }

    /// Returns the ID of the user whom a ticket signs in.
    fn user_of_ticket(&self, ticket: &Ticket) -> Option<String> {
        let by_email = || ticket.email.as_ref().and_then(|email| self.owner_of(Kind::Email, email));
        ticket.user_id.clone().or_else(|| by_email().map(|user| user.id.clone()))
    }

    /// `POST /v1/client/sign_ins` with `strategy=ticket`.
    pub(crate) fn sign_in_with_ticket(
        &mut self,
        caller: &mut Caller,
        mut attempt: SignIn,
        params: &Params,
    ) -> Result<SignIn> {
        let ticket = self.usable_ticket(params.required("ticket")?)?;
        let Some(user_id) = self.user_of_ticket(&ticket) else {
            return Err(Refusal::new(422, "invitation_account_not_exists").param("ticket"));
        };
        self.refuse_barred(&user_id)?;
        let mut client = self.client_of(caller)?;
        if let Some(session) = client.session_of_user(&user_id) {
            let refusal = Refusal::new(400, "identifier_already_signed_in");
            return Err(refusal.meta("session_id", session.id.clone().into()));
        }
        self.use_ticket(&ticket, &user_id);
        attempt.status = SignInStatus::NeedsFirstFactor;
        attempt.user_id = Some(user_id);
        attempt.skip_mfa = ticket.skip_mfa || ticket.kind == "actor";
        attempt.actor = ticket.actor;
        attempt.first_factor = Some(Verification::verified("ticket"));
        let attempt = self.after_first_factor(caller, &mut client, attempt, "ticket")?;
        self.settle_sign_in(caller, client, attempt)
    }

    /// `POST /v1/client/sign_ups` with `ticket`: verifies the invited address.
    pub(crate) fn sign_up_with_ticket(&mut self, attempt: &mut SignUp, token: &str) -> Result<()> {
        let ticket = self.usable_ticket(token)?;
        let Some(email) = ticket.email.clone() else {
            return Err(Refusal::new(400, "sign_in_token_not_in_sign_in_code").param("ticket"));
        };
        if self.owner_of(Kind::Email, &email).is_some() {
            return Err(Refusal::new(400, "invitation_account_exists").param("ticket"));
        }
        attempt.identifiers.insert(Kind::Email, (email, Some(Verification::verified("ticket"))));
        attempt.ticket = Some(ticket.id);
        Ok(())
    }

    /// Uses up the ticket of a completed sign-up.
    pub(crate) fn use_sign_up_ticket(&mut self, attempt: &SignUp, user_id: &str) {
        if let Some(ticket) = attempt.ticket.as_ref().and_then(|id| self.tickets.get(id)).cloned() {
            self.use_ticket(&ticket, user_id);
        }
    }

    fn use_ticket(&mut self, ticket: &Ticket, user_id: &str) {
        if let Some(ticket) = self.tickets.get_mut(&ticket.id) {
            ticket.used = true;
        }
        if let Some((organization_id, invitation_id)) = &ticket.invitation {
            // A deleted invitation must not prevent the sign-in.
            let _ = self.accept_invitation_of(organization_id, invitation_id, user_id);
        }
    }

    /// `GET /v1/tickets/accept`: opens an invitation.
    pub(crate) fn accept_ticket(&mut self, token: &str) -> Result<OpenedLink> {
        let ticket = self.usable_ticket(token)?;
        let gone = |status: RequestStatus| status == RequestStatus::Revoked;
        if let Some((organization, invitation)) = &ticket.invitation
            && let Some(invitation) = self
                .organizations
                .get(organization)
                .and_then(|one| one.invitations.iter().find(|one| one.id == *invitation))
            && gone(invitation.status)
        {
            return Err(Refusal::new(400, "organization_invitation_revoked_code"));
        }
        let status = if self.user_of_ticket(&ticket).is_some() { "sign_in" } else { "sign_up" };
        let portal = format!("{}/portal/{}", self.base_url, status.replace('_', "-"));
        let target = ticket.redirect_url.as_deref().unwrap_or(&portal);
        let mut target = Url::parse(target).map_err(|_| Refusal::new(422, "invalid_redirect_url"))?;
        set_query(&mut target, &[("__clerk_ticket", token), ("__clerk_status", status)]);
        Ok(OpenedLink::Redirect(target))
    }

    /// Revokes the tickets of an invitation.
    pub(crate) fn revoke_tickets_of(&mut self, invitation_id: &str) {
        for ticket in self.tickets.values_mut() {
            if ticket.invitation.as_ref().is_some_and(|(_, id)| id == invitation_id) {
                ticket.revoked = true;
            }
        }
    }
}
