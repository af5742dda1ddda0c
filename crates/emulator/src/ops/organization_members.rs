//! Members, invitations, requests and suggestions.

use serde_json::json;

use crate::{
    error::{Refusal, Result},
    ops::{client::Caller, identifiers::is_email, params::Params, tickets::NewTicket, verification::Outgoing},
    state::{
        Channel, Invitation, Kind, Member, MembershipRequest, Organization, RequestStatus, Suggestion, User, World,
    },
};

/// Maximum number of invitations per request.
const BULK: usize = 10;

const MANAGE: &str = "org:sys_memberships:manage";

impl World {
    /// Refuses to exceed the maximum number of members.
    fn refuse_full(&self, organization: &Organization, more: usize) -> Result<()> {
        let limit = self.config.organizations.max_memberships;
        let taken = organization.members.len() + organization.pending_invitations(self.now_ms());
        if limit > 0 && taken + more > limit {
            return Err(Refusal::new(403, "organization_membership_quota_exceeded"));
        }
        Ok(())
    }

    fn known_role(&self, params: &Params) -> Result<String> {
        let role = params.required("role")?;
        self.role(role).map(|role| role.key).ok_or_else(|| Refusal::new(404, "resource_not_found").param("role"))
    }

    fn add_member(&mut self, organization: &mut Organization, user_id: &str, role: &str) -> Result<Member> {
        if organization.member(user_id).is_some() {
            return Err(Refusal::new(400, "already_a_member_in_organization").param("user_id"));
        }
        let limit = self.config.organizations.max_memberships;
        if limit > 0 && organization.members.len() >= limit {
            return Err(Refusal::new(403, "organization_membership_quota_exceeded"));
        }
        let now = self.now_ms();
        let member = Member::new(self.ids.id("orgmem"), user_id.to_owned(), role, now);
        organization.members.push(member.clone());
        Ok(member)
    }

    /// `POST …/memberships`.
    pub(crate) fn create_membership(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Organization, Member)> {
        let (_, _, mut organization) = self.organization_for(caller, id, Some(MANAGE))?;
        let user_id = params.required("user_id")?;
        let role = self.known_role(params)?;
        if !self.users.contains_key(user_id) {
            return Err(Refusal::new(404, "resource_not_found").param("user_id"));
        }
        let member = self.add_member(&mut organization, user_id, &role)?;
        Ok((self.save_organization(organization), member))
    }

    /// Refuses to remove the last admin.
    fn keep_an_admin(organization: &Organization, leaving: &str) -> Result<()> {
        let admins: Vec<_> = organization.members.iter().filter(|member| member.role == "org:admin").collect();
        if admins.iter().all(|member| member.user_id == leaving) {
            return Err(Refusal::new(400, "organization_minimum_permissions_needed"));
        }
        Ok(())
    }

    /// `PATCH …/memberships/{user_id}`.
    pub(crate) fn update_membership(
        &mut self,
        caller: &mut Caller,
        id: &str,
        user_id: &str,
        params: &Params,
    ) -> Result<(Organization, Member)> {
        let (_, _, mut organization) = self.organization_for(caller, id, Some(MANAGE))?;
        let role = self.known_role(params)?;
        if role != "org:admin" {
            Self::keep_an_admin(&organization, user_id)?;
        }
        let now = self.now_ms();
        let member = organization.members.iter_mut().find(|member| member.user_id == user_id);
        let member = member.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        member.role = role;
        member.updated_at = now;
        let member = member.clone();
        Ok((self.save_organization(organization), member))
    }

    /// `DELETE …/memberships/{user_id}`.
    pub(crate) fn remove_membership(
        &mut self,
        caller: &mut Caller,
        id: &str,
        user_id: &str,
    ) -> Result<(Organization, Member)> {
        let (_, _, organization) = self.organization_for(caller, id, Some(MANAGE))?;
        self.drop_member(organization, user_id)
    }

    /// `DELETE /v1/me/organization_memberships/{id}`.
    pub(crate) fn leave_organization(&mut self, caller: &mut Caller, id: &str) -> Result<Organization> {
        let (_, user, organization) = self.organization_for(caller, id, None)?;
        self.drop_member(organization, &user.id).map(|(organization, _)| organization)
    }

    fn drop_member(&mut self, mut organization: Organization, user_id: &str) -> Result<(Organization, Member)> {
        let member = organization.member(user_id).cloned().ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        Self::keep_an_admin(&organization, user_id)?;
        organization.members.retain(|member| member.user_id != user_id);
        self.leave_in_sessions(&organization.id, Some(user_id));
        Ok((self.save_organization(organization), member))
    }

    /// `POST …/invitations` and `…/invitations/bulk`: creates all or none.
    pub(crate) fn create_invitations(
        &mut self,
        caller: &mut Caller,
        id: &str,
        params: &Params,
    ) -> Result<(Organization, Vec<Invitation>)> {
        let (_, _, organization) = self.organization_for(caller, id, Some(MANAGE))?;
        params.required("email_address")?;
        let addresses: Vec<String> = params.all("email_address").map(|one| one.trim().to_lowercase()).collect();
        let role = self.known_role(params)?;
        if addresses.len() > BULK {
            return Err(Refusal::new(400, "bulk_size_exceeded"));
        }
        let now = self.now_ms();
        let about = |code: &str, status: u16, list: Vec<&String>| {
            Refusal::new(status, code).param("email_address").meta("email_addresses", json!(list))
        };
        let malformed: Vec<_> = addresses.iter().filter(|one| !is_email(one)).collect();
        if !malformed.is_empty() {
            return Err(about("form_param_format_invalid", 422, malformed));
        }
        let is_member = |address: &&String| {
            self.owner_of(Kind::Email, address).is_some_and(|user| organization.member(&user.id).is_some())
        };
        let members: Vec<_> = addresses.iter().filter(is_member).collect();
        if !members.is_empty() {
            return Err(about("already_a_member_in_organization", 400, members));
        }
        let is_invited = |address: &&String| {
            let pending = |one: &&Invitation| one.status_at(now) == RequestStatus::Pending;
            organization.invitations.iter().filter(pending).any(|one| one.email_address == **address)
        };
        let invited: Vec<_> = addresses.iter().filter(is_invited).collect();
        if !invited.is_empty() {
            return Err(about("organization_invitation_not_unique", 400, invited));
        }
        self.refuse_full(&organization, addresses.len())?;
        let redirect_url = match params.given("redirect_url") {
            Some(url) => Some(self.allowed_redirect(url, "redirect_url")?),
            None => None,
        };
        let mut made = Vec::new();
        let id = organization.id.clone();
        for address in &addresses {
            made.push(self.invite_to(&id, address, &role, None, redirect_url.clone())?);
        }
        let organization = self.organizations.get(&id).cloned().unwrap_or(organization);
        Ok((organization, made))
    }

    /// Creates an invitation and sends its ticket.
    pub(crate) fn invite_to(
        &mut self,
        organization_id: &str,
        address: &str,
        role: &str,
        domain_id: Option<String>,
        redirect_url: Option<String>,
    ) -> Result<Invitation> {
        let mut organization =
            self.organizations.get(organization_id).cloned().ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let now = self.now_ms();
        let id = self.ids.id("orginv");
        let ticket = self.new_ticket(NewTicket {
            email: Some(address.to_owned()),
            invitation: Some((organization.id.clone(), id.clone())),
            redirect_url,
            ..NewTicket::new("organization_invitation")
        })?;
        let url = self.ticket_url(&ticket);
        let invitation = Invitation {
            id,
            email_address: address.to_owned(),
            role: role.to_owned(),
            status: RequestStatus::Pending,
            url: Some(url.clone()),
            domain_id,
            expire_at: now + self.config.lifetimes.invitation_s * 1000,
            created_at: now,
            updated_at: now,
        };
        let subject = format!("You are invited to {}", organization.name);
        let outgoing = Outgoing {
            strategy: "ticket",
            kind: "organization_invitation",
            to: address,
            channel: Channel::Email,
            attempt: &invitation.id,
            previous: None,
        };
        self.send_message(&outgoing, subject, None, Some(url));
        organization.invitations.push(invitation.clone());
        self.save_organization(organization);
        Ok(invitation)
    }

    /// `POST …/invitations/{id}/revoke`.
    pub(crate) fn revoke_invitation(
        &mut self,
        caller: &mut Caller,
        id: &str,
        invitation_id: &str,
    ) -> Result<(Organization, Invitation)> {
        let (_, _, mut organization) = self.organization_for(caller, id, Some(MANAGE))?;
        let now = self.now_ms();
        let invitation = organization.invitations.iter_mut().find(|one| one.id == invitation_id);
        let invitation = invitation.ok_or_else(|| Refusal::new(404, "organization_invitation_not_found"))?;
        if invitation.status_at(now) != RequestStatus::Pending {
            return Err(Refusal::new(404, "organization_invitation_not_pending"));
        }
        invitation.status = RequestStatus::Revoked;
        invitation.updated_at = now;
        let invitation = invitation.clone();
        let organization = self.save_organization(organization);
        self.revoke_tickets_of(&invitation.id);
        Ok((organization, invitation))
    }

    /// Makes the invited user a member.
    pub(crate) fn accept_invitation_of(
        &mut self,
        organization_id: &str,
        invitation_id: &str,
        user_id: &str,
    ) -> Result<(Organization, Invitation)> {
        let gone = || Refusal::new(400, "organization_invitation_to_deleted_organization");
        let mut organization = self.organizations.get(organization_id).cloned().ok_or_else(gone)?;
        let now = self.now_ms();
        let place = organization.invitations.iter().position(|one| one.id == invitation_id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        match organization.invitations[place].status_at(now) {
            RequestStatus::Pending => {}
            RequestStatus::Accepted => return Err(Refusal::new(400, "organization_invitation_already_accepted")),
            _ => return Err(Refusal::new(400, "organization_invitation_revoked_code")),
        }
        let role = organization.invitations[place].role.clone();
        self.add_member(&mut organization, user_id, &role)?;
        organization.invitations[place].status = RequestStatus::Accepted;
        organization.invitations[place].updated_at = now;
        let invitation = organization.invitations[place].clone();
        Ok((self.save_organization(organization), invitation))
    }

    /// Returns the invitations of a user, with their organizations.
    pub(crate) fn invitations_of(&self, user: &User) -> Vec<(&Organization, &Invitation)> {
        let addresses: Vec<String> =
            user.of_kind(Kind::Email).filter(|one| one.is_verified()).map(|one| one.value.to_lowercase()).collect();
        let all = self.organizations.values().flat_map(|one| one.invitations.iter().map(move |other| (one, other)));
        all.filter(|(_, invitation)| addresses.contains(&invitation.email_address)).collect()
    }

    /// `POST /v1/me/organization_invitations/{id}/accept`.
    pub(crate) fn accept_invitation(&mut self, caller: &mut Caller, id: &str) -> Result<(Organization, Invitation)> {
        let (_, user) = self.current(caller)?;
        let organization_id = self
            .invitations_of(&user)
            .into_iter()
            .find(|(_, invitation)| invitation.id == id)
            .map(|(organization, _)| organization.id.clone());
        let organization_id = organization_id.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        self.accept_invitation_of(&organization_id, id, &user.id)
    }

    /// Returns the suggestions for a user, with their organizations.
    pub(crate) fn suggestions_of(&self, user_id: &str) -> Vec<(&Organization, &Suggestion)> {
        let all = self.organizations.values().flat_map(|one| one.suggestions.iter().map(move |other| (one, other)));
        all.filter(|(_, suggestion)| suggestion.user_id == user_id).collect()
    }

    /// `POST /v1/me/organization_suggestions/{id}/accept`: creates a membership request.
    pub(crate) fn accept_suggestion(&mut self, caller: &mut Caller, id: &str) -> Result<(Organization, Suggestion)> {
        let (_, user) = self.current(caller)?;
        let found = self
            .suggestions_of(&user.id)
            .into_iter()
            .find(|(_, suggestion)| suggestion.id == id)
            .map(|(organization, _)| organization.clone());
        let mut organization = found.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        let now = self.now_ms();
        let request_id = self.ids.id("orgmemreq");
        let suggestion = organization.suggestions.iter_mut().find(|one| one.id == id);
        let suggestion = suggestion.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        if suggestion.status != RequestStatus::Pending {
            return Err(Refusal::new(400, "organization_suggestion_already_accepted"));
        }
        suggestion.status = RequestStatus::Accepted;
        suggestion.updated_at = now;
        let suggestion = suggestion.clone();
        organization.requests.push(MembershipRequest {
            id: request_id,
            user_id: user.id,
            status: RequestStatus::Pending,
            created_at: now,
            updated_at: now,
        });
        Ok((self.save_organization(organization), suggestion))
    }

    /// `POST …/membership_requests/{id}/accept` and `…/reject`.
    pub(crate) fn decide_request(
        &mut self,
        caller: &mut Caller,
        id: &str,
        request_id: &str,
        accept: bool,
    ) -> Result<(Organization, MembershipRequest)> {
        let (_, _, mut organization) = self.organization_for(caller, id, Some(MANAGE))?;
        let place = organization.requests.iter().position(|one| one.id == request_id);
        let place = place.ok_or_else(|| Refusal::new(404, "resource_not_found"))?;
        if organization.requests[place].status != RequestStatus::Pending {
            return Err(Refusal::new(400, "bad_request"));
        }
        if accept {
            let user_id = organization.requests[place].user_id.clone();
            self.add_member(&mut organization, &user_id, "org:member")?;
        }
        organization.requests[place].status = if accept { RequestStatus::Accepted } else { RequestStatus::Rejected };
        organization.requests[place].updated_at = self.now_ms();
        let request = organization.requests[place].clone();
        Ok((self.save_organization(organization), request))
    }
}
