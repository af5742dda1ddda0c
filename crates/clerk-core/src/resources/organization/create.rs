//! Requests for organizations.

use serde::Deserialize;

use crate::{
    clerk::Clerk,
    error::Result,
    fapi::{
        form::Form,
        request::{Method, Request, path},
    },
    models::{Organization, OrganizationId},
};

/// Parameters of [`Clerk::create_organization`].
#[derive(Debug, Clone, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct CreateOrganizationParams {
    /// The name.
    pub name: String,
    /// The name in URLs. Default: derived from the name.
    #[serde(default)]
    #[specta(optional)]
    pub slug: Option<String>,
}

impl CreateOrganizationParams {
    /// Creates parameters with this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), slug: None }
    }
}

impl Clerk {
    /// Creates an organization with the signed-in user as its admin. It does not become the active one; pass it to
    /// [`set_active`](Self::set_active) for that.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`, e.g. with `organization_not_enabled_in_instance`.
    ///
    /// # Source
    /// FAPI `POST /v1/organizations`; `Clerk.createOrganization()`.
    pub async fn create_organization(&self, params: CreateOrganizationParams) -> Result<Organization> {
        let form = Form::default().with("name", params.name);
        let form = if let Some(slug) = params.slug { form.with("slug", slug) } else { form };
        self.call(&Request::new(Method::Post, "/organizations").form(form)).await
    }

    /// Reads an organization that the signed-in user belongs to.
    ///
    /// # Errors
    /// `not_loaded`, `network_error`, or `api_response_error`, e.g. with `resource_not_found`.
    ///
    /// # Source
    /// FAPI `GET /v1/organizations/{id}`; `Clerk.getOrganization()`.
    pub async fn get_organization(&self, id: &OrganizationId) -> Result<Organization> {
        self.call(&Request::new(Method::Get, path(&["organizations", id.as_str()]))).await
    }
}
