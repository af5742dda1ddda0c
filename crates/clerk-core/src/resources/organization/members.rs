//! Members, invitations, membership requests, roles.

use serde::Deserialize;

use super::handle::{Organizations, of};
use crate::{
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request},
    },
    models::{
        OrganizationId, OrganizationInvitation, OrganizationMembership, OrganizationMembershipRequest, Page, Role,
        UserId,
    },
    resources::params::{PageParams, StatusListParams, params},
};

params! {
    /// Parameters of [`Organizations::invite_member`].
    pub struct InviteMemberParams {
        required {
            /// The address to invite.
            email_address: String,
            /// The role that the invitation grants, e.g. `org:member`.
            role: String,
        }
        optional {
            /// Whether Clerk sends an e-mail. Default: `true`.
            notify: bool,
        }
    }
}

/// Parameters of [`Organizations::members`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct MemberListParams {
    /// Only those with one of these roles. Default: all.
    #[serde(default)]
    #[specta(optional)]
    pub role: Vec<String>,
    /// Only those whose name or identification contains this text.
    #[serde(default)]
    #[specta(optional)]
    pub query: Option<String>,
    /// The part of the list.
    #[serde(flatten, deserialize_with = "crate::resources::params::deserialize_located")]
    #[specta(type = PageParams)]
    pub page: PageParams,
}

impl Organizations {
    /// Reads the members.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}/memberships`; `Organization.getMemberships()`.
    pub async fn members(&self, id: &OrganizationId, params: MemberListParams) -> Result<Page<OrganizationMembership>> {
        let request = of(Method::Get, id, &["memberships"]).query("paginated", "true");
        let request = params.role.into_iter().fold(request, |request, role| request.query("role", role));
        let request = params.query.into_iter().fold(request, |request, query| request.query("query", query));
        self.send(params.page.add_to(request)).await
    }

    /// Makes a user a member.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `POST /v1/organizations/{id}/memberships`; `Organization.addMember()`.
    pub async fn add_member(&self, id: &OrganizationId, user: &UserId, role: &str) -> Result<OrganizationMembership> {
        let form = Form::default().with("user_id", user.as_str()).with("role", role);
        self.send(of(Method::Post, id, &["memberships"]).form(form)).await
    }

    /// Changes the role of a member.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `PATCH /v1/organizations/{id}/memberships/{user_id}`; `Organization.updateMember()`.
    pub async fn update_member(
        &self,
        id: &OrganizationId,
        user: &UserId,
        role: &str,
    ) -> Result<OrganizationMembership> {
        let form = Form::default().with("role", role);
        self.send(of(Method::Patch, id, &["memberships", user.as_str()]).form(form)).await
    }

    /// Removes a member. Returns the membership that ended.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `DELETE /v1/organizations/{id}/memberships/{user_id}`; `Organization.removeMember()`.
    pub async fn remove_member(&self, id: &OrganizationId, user: &UserId) -> Result<OrganizationMembership> {
        self.send(of(Method::Delete, id, &["memberships", user.as_str()])).await
    }

    /// Reads the invitations.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}/invitations`; `Organization.getInvitations()`.
    pub async fn invitations(
        &self,
        id: &OrganizationId,
        params: StatusListParams,
    ) -> Result<Page<OrganizationInvitation>> {
        self.send(params.add_to(of(Method::Get, id, &["invitations"]))).await
    }

    /// Invites somebody by e-mail.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations); e.g. `already_a_member_in_organization`.
    ///
    /// # Source
    /// FAPI `POST /v1/organizations/{id}/invitations`; `Organization.inviteMember()`.
    pub async fn invite_member(
        &self,
        id: &OrganizationId,
        params: InviteMemberParams,
    ) -> Result<OrganizationInvitation> {
        self.send(of(Method::Post, id, &["invitations"]).params(params)?).await
    }

    /// Invites several people by e-mail: all, or none if one can't be invited.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `POST /v1/organizations/{id}/invitations/bulk`; `Organization.inviteMembers()`.
    pub async fn invite_members(
        &self,
        id: &OrganizationId,
        email_addresses: &[String],
        role: &str,
    ) -> Result<Page<OrganizationInvitation>> {
        let form = email_addresses.iter().fold(Form::default(), |form, one| form.with("email_address", one));
        self.send(of(Method::Post, id, &["invitations", "bulk"]).form(form.with("role", role))).await
    }

    /// Revokes an invitation.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations); e.g. `organization_invitation_not_pending`.
    ///
    /// # Source
    /// FAPI `POST /v1/organizations/{id}/invitations/{invitation}/revoke`; `OrganizationInvitation.revoke()`.
    pub async fn revoke_invitation(&self, id: &OrganizationId, invitation: &str) -> Result<OrganizationInvitation> {
        self.send(of(Method::Post, id, &["invitations", invitation, "revoke"])).await
    }

    /// Reads the requests for membership.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}/membership_requests`; `Organization.getMembershipRequests()`.
    pub async fn membership_requests(
        &self,
        id: &OrganizationId,
        params: StatusListParams,
    ) -> Result<Page<OrganizationMembershipRequest>> {
        self.send(params.add_to(of(Method::Get, id, &["membership_requests"]))).await
    }

    /// Accepts a request for membership.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `POST /v1/organizations/{id}/membership_requests/{request}/accept`; `OrganizationMembershipRequest.accept()`.
    pub async fn accept_membership_request(
        &self,
        id: &OrganizationId,
        request: &str,
    ) -> Result<OrganizationMembershipRequest> {
        self.send(of(Method::Post, id, &["membership_requests", request, "accept"])).await
    }

    /// Rejects a request for membership.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `POST /v1/organizations/{id}/membership_requests/{request}/reject`; `OrganizationMembershipRequest.reject()`.
    pub async fn reject_membership_request(
        &self,
        id: &OrganizationId,
        request: &str,
    ) -> Result<OrganizationMembershipRequest> {
        self.send(of(Method::Post, id, &["membership_requests", request, "reject"])).await
    }

    /// Reads the roles, each with its permissions.
    ///
    /// # Errors
    /// See [`Clerk::organizations`](crate::Clerk::organizations).
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}/roles`; `Organization.getRoles()`.
    pub async fn roles(&self, id: &OrganizationId, page: PageParams) -> Result<Page<Role>> {
        let request: Request = page.add_to(of(Method::Get, id, &["roles"]));
        self.send(request).await
    }
}
