//! The organizations of the user: memberships, invitations, suggestions.

use super::handle::Account;
use crate::{
    error::Result,
    fapi::request::{Method, Request, path},
    models::{
        DeletedObject, OrganizationId, OrganizationMembership, OrganizationSuggestion, Page, UserOrganizationInvitation,
    },
    resources::params::{PageParams, StatusListParams},
};

impl Account {
    /// Reads the memberships of the user.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `GET /v1/me/organization_memberships`; `User.getOrganizationMemberships()`.
    pub async fn organization_memberships(&self, page: PageParams) -> Result<Page<OrganizationMembership>> {
        let request = Request::new(Method::Get, "/me/organization_memberships").query("paginated", "true");
        self.send(page.add_to(request)).await
    }

    /// Leaves an organization.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `DELETE /v1/me/organization_memberships/{organization_id}`; `User.leaveOrganization()`.
    pub async fn leave_organization(&self, id: &OrganizationId) -> Result<DeletedObject> {
        self.send(Request::new(Method::Delete, path(&["me", "organization_memberships", id.as_str()]))).await
    }

    /// Reads the invitations of the user to organizations.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `GET /v1/me/organization_invitations`; `User.getOrganizationInvitations()`.
    pub async fn organization_invitations(&self, params: StatusListParams) -> Result<Page<UserOrganizationInvitation>> {
        self.send(params.add_to(Request::new(Method::Get, "/me/organization_invitations"))).await
    }

    /// Accepts an invitation: the user becomes a member.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/organization_invitations/{id}/accept`; `UserOrganizationInvitation.accept()`.
    pub async fn accept_organization_invitation(&self, id: &str) -> Result<UserOrganizationInvitation> {
        self.send(Request::new(Method::Post, path(&["me", "organization_invitations", id, "accept"]))).await
    }

    /// Reads the organizations that the user may ask to join.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `GET /v1/me/organization_suggestions`; `User.getOrganizationSuggestions()`.
    pub async fn organization_suggestions(&self, params: StatusListParams) -> Result<Page<OrganizationSuggestion>> {
        self.send(params.add_to(Request::new(Method::Get, "/me/organization_suggestions"))).await
    }

    /// Accepts a suggestion: the user asks to join.
    ///
    /// # Errors
    /// See [`Clerk::account`](crate::Clerk::account).
    ///
    /// # Source
    /// FAPI `POST /v1/me/organization_suggestions/{id}/accept`; `OrganizationSuggestion.accept()`.
    pub async fn accept_organization_suggestion(&self, id: &str) -> Result<OrganizationSuggestion> {
        self.send(Request::new(Method::Post, path(&["me", "organization_suggestions", id, "accept"]))).await
    }
}
