//! Organizations and the waitlist: calls that need nobody's attempt.

use serde::Deserialize;

use super::Clerk;
use crate::{
    error::Result,
    fapi,
    models::{Organization, OrganizationId, Waitlist},
};

/// Parameters of [`Clerk::create_organization`].
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct CreateOrganizationParams {
    /// Name.
    pub name: String,
    /// The part of URLs that names it; made from the name when absent.
    #[serde(default)]
    #[specta(optional)]
    pub slug: Option<String>,
}

/// Parameters of [`Clerk::join_waitlist`].
#[derive(Debug, Clone, Default, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct JoinWaitlistParams {
    /// E-mail address.
    pub email_address: String,
}

impl Clerk {
    /// Creates an organization, whose admin is the signed-in user. It does not become the active one; give it to
    /// [`set_active`](Self::set_active) for that.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`, e.g. with `organization_not_enabled_in_instance`.
    ///
    /// # Source
    /// FAPI `POST /v1/organizations`; `Clerk.createOrganization()`.
    pub async fn create_organization(&self, params: CreateOrganizationParams) -> Result<Organization> {
        self.call(&fapi::organization::create(&params.name, params.slug.as_deref())).await
    }

    /// Reads an organization that the signed-in user belongs to.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`, e.g. with `resource_not_found`.
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}`; `Clerk.getOrganization()`.
    pub async fn get_organization(&self, id: &OrganizationId) -> Result<Organization> {
        self.call(&fapi::organization::get(id)).await
    }

    /// Puts an e-mail address on the waitlist of an instance whose sign-up mode is "Waitlist".
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`, e.g. with `form_param_format_invalid`.
    ///
    /// # Source
    /// FAPI `POST /v1/waitlist`; `Clerk.joinWaitlist()`.
    pub async fn join_waitlist(&self, params: JoinWaitlistParams) -> Result<Waitlist> {
        self.call(&fapi::waitlist::join(&params.email_address)).await
    }
}
